"""Merkle trees of RFC 6962 (RFC 9162 section 2.1) over SHA-256.

``leaf = SHA-256(0x00 || data)``, ``node = SHA-256(0x01 || left || right)``, the empty tree is
SHA-256 of nothing. An odd node moves up unchanged; it is never paired with itself, so no two
lists of leaves share a root. Leaves are 32-byte hashes throughout.
"""

from collections.abc import Iterable, Sequence
from hashlib import sha256
from typing import Final

EMPTY: Final = sha256(b"").digest()
HASH_BYTES: Final = 32


def leaf(data: bytes) -> bytes:
    """Return the hash of one leaf."""
    return sha256(b"\x00" + data).digest()


def node(left: bytes, right: bytes) -> bytes:
    """Return the hash of an inner node."""
    return sha256(b"\x01" + left + right).digest()


class Tree:
    """Grows by one leaf at a time and keeps only the roots of its full subtrees."""

    def __init__(self, leaves: Iterable[bytes] = ()) -> None:
        self.size = 0
        self._peaks: list[bytes] = []
        for member in leaves:
            self.add(member)

    def add(self, leaf_hash: bytes) -> None:
        """Append a leaf hash."""
        self.size += 1
        self._push(leaf_hash, self.size)

    def extend(self, leaves: Sequence[bytes]) -> None:
        """Append leaf hashes, as many at once as make a full subtree where this one ends."""
        start = 0
        while start < len(leaves):
            most = len(leaves) - start
            height = most.bit_length() - 1
            if self.size:
                height = min(height, (self.size & -self.size).bit_length() - 1)
            level = leaves[start : start + (1 << height)]
            while len(level) > 1:
                level = [
                    sha256(b"\x01" + left + right).digest()
                    for left, right in zip(level[::2], level[1::2], strict=True)
                ]
            start += 1 << height
            self.size += 1 << height
            self._push(level[0], self.size >> height)

    def _push(self, peak: bytes, carry: int) -> None:
        """Append the root of a full subtree, ``carry`` of which there are now in all."""
        peaks = self._peaks
        peaks.append(peak)
        while not carry & 1:  # one merge for each full pair that this one completes
            right = peaks.pop()
            peaks[-1] = node(peaks[-1], right)
            carry >>= 1

    def root(self) -> bytes:
        """Return the root over the leaves so far."""
        if not self._peaks:
            return EMPTY
        result = self._peaks[-1]
        for peak in self._peaks[-2::-1]:
            result = node(peak, result)
        return result


def root(leaves: Iterable[bytes]) -> bytes:
    """Return the root over leaf hashes."""
    return Tree(leaves).root()


def _split(size: int) -> int:
    """Return the largest power of two below ``size`` (> 1)."""
    return int(1 << ((size - 1).bit_length() - 1))


def inclusion(leaves: Sequence[bytes], index: int) -> list[bytes]:
    """Return the audit path of leaf ``index``, from the leaf upwards (RFC 6962 2.1.1).

    Raises:
        IndexError: there is no such leaf.
    """
    if not 0 <= index < len(leaves):
        raise IndexError(index)
    path: list[bytes] = []
    low, high = 0, len(leaves)
    while high - low > 1:
        middle = low + _split(high - low)
        if index < middle:
            path.append(root(leaves[middle:high]))
            high = middle
        else:
            path.append(root(leaves[low:middle]))
            low = middle
    return path[::-1]


def included(leaf_hash: bytes, index: int, size: int, path: Sequence[bytes], top: bytes) -> bool:
    """Tell whether ``path`` leads from a leaf to the root ``top`` (RFC 9162 2.1.3.2)."""
    if not 0 <= index < size or any(len(step) != HASH_BYTES for step in path):
        return False
    here, last, result = index, size - 1, leaf_hash
    for step in path:
        if last == 0:
            return False
        if here & 1 or here == last:
            result = node(step, result)
            while not here & 1 and here:
                here, last = here >> 1, last >> 1
        else:
            result = node(result, step)
        here, last = here >> 1, last >> 1
    return last == 0 and result == top


def consistency(leaves: Sequence[bytes], old: int) -> list[bytes]:
    """Return the proof that the tree of the first ``old`` leaves is a prefix (RFC 6962 2.1.2).

    Raises:
        IndexError: the tree never had that size, or was empty.
    """
    if not 0 < old <= len(leaves):
        raise IndexError(old)
    proof: list[bytes] = []
    low, high, whole = 0, len(leaves), True
    while old != high:
        middle = low + _split(high - low)
        if old <= middle:
            proof.append(root(leaves[middle:high]))
            high = middle
        else:
            proof.append(root(leaves[low:middle]))
            low, whole = middle, False
    if not whole:
        proof.append(root(leaves[low:high]))
    return proof[::-1]


def consistent(
    old: int, old_root: bytes, new: int, new_root: bytes, proof: Sequence[bytes]
) -> bool:
    """Tell whether ``proof`` shows the old tree to be a prefix of the new (RFC 9162 2.1.4.2)."""
    if not 0 < old <= new or any(len(step) != HASH_BYTES for step in proof):
        return False
    if old == new:
        return not proof and old_root == new_root
    steps = list(proof)
    if old & (old - 1) == 0:
        steps.insert(0, old_root)
    if not steps:
        return False
    here, last = old - 1, new - 1
    while here & 1:
        here, last = here >> 1, last >> 1
    first = second = steps[0]
    for step in steps[1:]:
        if last == 0:
            return False
        if here & 1 or here == last:
            first, second = node(step, first), node(step, second)
            while not here & 1 and here:
                here, last = here >> 1, last >> 1
        else:
            second = node(second, step)
        here, last = here >> 1, last >> 1
    return last == 0 and first == old_root and second == new_root
