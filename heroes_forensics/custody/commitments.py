"""Salted commitments: findings and inventory as trees that show nothing but their roots.

A finding's line holds one commitment a field, ``SHA-256(0x02 || salt || canonical([field,
value]))`` with a salt of its own, so that one field of one finding can be opened to a court
without a word about the others (``heroes-findings/1``). The inventory tree has one leaf a file
seen, salted by a key that stays sealed (``heroes-inventory/1``).
"""

import hashlib
import hmac
import os
import secrets
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from heroes_forensics.custody import chain, merkle
from heroes_forensics.errors import CustodyError

FINDINGS: Final = "heroes-findings/1"
INVENTORY: Final = "heroes-inventory/1"
FIELDS: Final = (
    "category",
    "evidence",
    "hash_md5",
    "hash_sha1",
    "hash_sha256",
    "hashset",
    "locator",
    "match_kind",
    "name",
    "path",
    "perceptual",
    "size",
)
"""All of them are committed in every finding, null ones too: presence tells nothing."""
SALT_BYTES: Final = 16
INVENTORY_KEY_BYTES: Final = 32
_HMAC_BLOCK: Final = 64
"""Bytes of a block of SHA-256, to which HMAC fills up its key."""
GUESSABLE: Final = 16
"""With fewer findings their joint digest could be found by guessing; it then stays sealed."""


def commitment(field: str, salt: bytes, value: object) -> str:
    """Return the hex commitment to one field of one finding."""
    return hashlib.sha256(b"\x02" + salt + chain.canonical([field, value])).hexdigest()


@dataclass(frozen=True, slots=True)
class Committed:
    """What a run publishes about its findings, and what it seals."""

    lines: tuple[bytes, ...]
    """``findings.commitments.jsonl``, in an order that tells nothing."""
    root: bytes
    sealed: tuple[bytes, ...]
    """The same order: number, values and salts, as canonical lines."""
    result_sha256: str
    """Digest of all values, the same for every run over the same input."""

    @property
    def published_result(self) -> str | None:
        """``result_sha256``, unless the findings are few enough to be guessed from it."""
        return self.result_sha256 if len(self.lines) >= GUESSABLE else None


def commit(findings: Iterable[tuple[str, Mapping[str, object]]]) -> Committed:
    """Commit to (number such as ``F-000001``, values) pairs.

    Args:
        findings: values by name; a name that is missing of `FIELDS` is committed as null.

    Raises:
        CustodyError: a field outside the list, or a value outside the data model.
    """
    rows = []
    results = []
    for number, values in findings:
        if not values.keys() <= set(FIELDS):
            raise CustodyError(f"finding {number} has a field that cannot be committed")
        whole = {field: values.get(field) for field in FIELDS}
        salts = {field: os.urandom(SALT_BYTES) for field in FIELDS}
        hidden = {field: commitment(field, salts[field], whole[field]) for field in FIELDS}
        public = chain.canonical({"v": 1, "id": number, "c": hidden}) + b"\n"
        opened = {field: salt.hex() for field, salt in salts.items()}
        secret = chain.canonical({"finding": number, "values": whole, "salts": opened}) + b"\n"
        rows.append((public, secret))
        results.append(chain.canonical(whole) + b"\n")
    secrets.SystemRandom().shuffle(rows)
    lines = tuple(public for public, _ in rows)
    return Committed(
        lines,
        merkle.root(map(merkle.leaf, lines)),
        tuple(secret for _, secret in rows),
        result_sha256(results),
    )


def result_sha256(lines: Sequence[bytes]) -> str:
    """Return the digest of canonical lines, whatever their order."""
    return hashlib.sha256(b"".join(sorted(lines))).hexdigest()


def opens(line: bytes, field: str, salt: bytes, value: object) -> bool:
    """Tell whether ``salt`` and ``value`` open the commitment to ``field`` in a finding's line.

    Raises:
        CustodyError: the line is not canonical.
    """
    finding = chain.parse(line.removesuffix(b"\n"))
    hidden = finding.get("c") if isinstance(finding, dict) else None
    return isinstance(hidden, dict) and hidden.get(field) == commitment(field, salt, value)


def new_inventory_key() -> bytes:
    """Return the random key from which the salts of an inventory tree are made."""
    return os.urandom(INVENTORY_KEY_BYTES)


def inventory_salt(key: bytes, index: int) -> bytes:
    """Return the salt of leaf ``index``."""
    return hmac.digest(key, index.to_bytes(8, "big"), "sha256")[:SALT_BYTES]


def inventory_leaf(key: bytes, index: int, row: bytes) -> bytes:
    """Return the leaf hash of one file seen; ``row`` is a canonical object and an LF."""
    return hashlib.sha256(b"\x00" + inventory_salt(key, index) + row).digest()


def inventory_leaves(key: bytes, first: int, rows: Iterable[bytes]) -> list[bytes]:
    """Do what `inventory_leaf` does, for the rows of leaf ``first`` and those that follow.

    The salt is an HMAC (RFC 2104) of one block, and the two halves of it that depend on the key
    alone are computed once: there is one leaf for each item of a case.
    """
    sha256 = hashlib.sha256
    padded = key.ljust(_HMAC_BLOCK, b"\0")
    inner = sha256(bytes(byte ^ 0x36 for byte in padded))
    outer = sha256(bytes(byte ^ 0x5C for byte in padded))
    leaves = []
    for index, row in enumerate(rows, start=first):
        once = inner.copy()
        once.update(index.to_bytes(8, "big"))
        twice = outer.copy()
        twice.update(once.digest())
        leaves.append(sha256(b"\x00" + twice.digest()[:SALT_BYTES] + row).digest())
    return leaves
