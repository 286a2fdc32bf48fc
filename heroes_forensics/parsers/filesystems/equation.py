"""The block equation: each byte of a volume is one of seven things.

Content of files, the rest of their last blocks, structures of the file system, blocks in use that
nobody claims, unallocated, behind the last block, or in a part of the image that is not there. What
two things claim is the first of them; so the parts are the whole, whatever a volume says of itself,
and what contradicts is a number beside them.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from heroes_forensics.parsers.filesystems.claims import Claims
from heroes_forensics.parsers.recovery.allocation import Allocation
from heroes_forensics.parsers.recovery.free import Numbers

Mask = npt.NDArray[np.bool_]
Pair = tuple[Numbers, Numbers]


@dataclass(frozen=True, slots=True)
class Parts:
    """A volume cut at every boundary there is, and what each piece is."""

    starts: Numbers
    lengths: Numbers
    items: Mask
    slack: Mask
    unclaimed: Mask
    numbers: dict[str, int]
    """By the names of `heroes_forensics.model.BLOCKS`."""

    def ranges(self, mask: Mask) -> Pair:
        """Return what a mask holds, as starts and lengths, neighbours joined."""
        starts, lengths = self.starts[mask], self.lengths[mask]
        if not len(starts):
            return starts, lengths
        ends = starts + lengths
        new = np.concatenate([[True], starts[1:] != ends[:-1]])
        last = np.concatenate([new[1:], [True]])
        return starts[new], ends[last] - starts[new]


def parts_of(
    allocation: Allocation, claims: Claims, size: int, absent: Sequence[tuple[int, int]] = ()
) -> Parts | None:
    """Cut a volume into its parts.

    Args:
        allocation: its bitmap.
        claims: what was seen to lie where.
        size: bytes of the volume that there are.
        absent: starts and lengths of what the image does not have.

    Returns:
        The parts, or nothing when there were more claims than are kept.
    """
    if claims.unknown:
        return None
    free_starts, free_lengths = allocation.free(size)
    runs, structures = claims.columns()
    free = (free_starts, free_starts + free_lengths)
    missing = np.asarray(list(absent) or np.zeros((0, 2)), dtype=np.int64)
    lost = (missing[:, 0], missing[:, 0] + missing[:, 1])
    begin, end = min(allocation.first, size), min(max(allocation.first, allocation.end), size)
    edges = (*free, *lost, runs.reshape(-1), structures.reshape(-1), (0, begin, end, size))
    points = np.unique(np.concatenate([np.asarray(each, dtype=np.int64) for each in edges]))
    points = points[(points >= 0) & (points <= size)]
    starts, lengths = points[:-1], np.diff(points)

    def within(pair: Pair) -> Mask:
        return _covered(starts, *pair)

    unread, unused = within(lost), within(free)
    content = within((runs[:, 0], runs[:, 1]))
    inside = (starts >= begin) & (starts < end)
    used = inside & ~unused & ~unread
    items = used & content
    structure = used & ~content & within((structures[:, 0], structures[:, 1]))
    slack = used & ~content & ~structure & within((runs[:, 1], runs[:, 2]))
    unclaimed = used & ~content & ~structure & ~slack
    terms = {
        "items": items,
        "file_slack": slack,
        "metadata": structure | ((starts < begin) & ~unread),
        "unclaimed": unclaimed,
        "unallocated": inside & unused & ~unread,
        "volume_slack": (starts >= end) & ~unread,
        "unreadable": unread,
        "claimed_free": inside & unused & content & ~unread,
    }
    numbers = {name: int(lengths[mask].sum()) for name, mask in terms.items()}
    before = starts < begin
    numbers |= {
        "volume": size,
        "structures": int(lengths[before & ~unread].sum()),
        "allocated": int(lengths[used].sum()),
    }
    return Parts(starts, lengths, items, slack, unclaimed, numbers)


def _covered(points: Numbers, starts: Numbers, ends: Numbers) -> Mask:
    """Tell of each point whether a range holds it; ranges may overlap."""
    begun = np.searchsorted(np.sort(starts), points, side="right")
    over = np.searchsorted(np.sort(ends), points, side="right")
    return np.asarray(begun > over, dtype=np.bool_)
