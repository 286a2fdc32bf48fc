"""The form of a set file (``.hset``), version 3: one immutable file for one edition of a set.

    magic 8 | version u32 | header length u32 | SHA-256 of the header 32 | HMAC of it 32
    header: canonical JSON, within the first 64 KiB
    sections, each at a multiple of 4096: ``records``; for each algorithm ``radix``, ``key``,
    ``rest``, ``meta``; for each kind of other values ``value.KIND.rows`` and ``value.KIND.data``
    (`heroes_forensics.hashsets.values`); for each kind of which near ones are found the sections
    ``near.KIND.*`` (`heroes_forensics.hashsets.near_file`); ``texts``

Version 2 is the same without near sections, version 1 also without other values; both are read.

All numbers are little-endian. ``key`` holds the first 8 bytes of each encrypted digest as u64,
sorted; ``rest`` the bytes after them; ``meta`` the row of ``records`` as u32; ``radix`` the first
row of each bucket, a bucket being the rows that share the first bits of the key.
"""

import json
import struct
from dataclasses import asdict, dataclass, field, fields
from typing import Any, Final

import numpy as np

from heroes_forensics.errors import HashSetError
from heroes_forensics.hashsets.known import KINDS
from heroes_forensics.model import JSON

MAGIC: Final = b"HRSHSET\n"
VERSION: Final = 3
VERSIONS: Final = (1, 2, 3)
"""Those that are read."""
PREAMBLE: Final = struct.Struct("<8sII32s32s")
HEADER_AREA: Final = 1 << 16
"""Bytes before the first section; a header has to fit."""
ALIGN: Final = 4096
BUCKET: Final = 8
"""Rows of a bucket on average: a look-up then takes three or four steps."""
SAME_DIGEST: Final = 1024
"""Different records that may share one digest; a list with more of them is damaged or crafted."""

RECORD: Final = np.dtype(
    [
        ("size", "<i8"),
        ("entry", "<i8"),
        ("record", "<u4"),
        ("series", "<u4"),
        ("category", "<u2"),
        ("flags", "<u2"),
        ("has", "u1"),
        ("unused", "u1", (3,)),
    ]
)
"""What is kept of one record: 32 bytes. ``series`` and ``category`` are positions in the lists
of ``texts``, 0 being absent."""


@dataclass(frozen=True, slots=True)
class Section:
    """Where one section lies, and the SHA-256 of its bytes."""

    offset: int
    length: int
    sha256: str


@dataclass(frozen=True, slots=True)
class NearCounts:
    """What became of the values of one kind of which near ones are found."""

    rows: int
    """Those that are compared."""
    low_quality: int
    """Those whose quality is stated and below the gate."""
    unfit: int
    """Those of another width, from an edition of a time when the kind was not known."""


@dataclass(frozen=True, slots=True)
class Header:
    """Everything that is said of one edition of a set."""

    id: str
    """UUID of the set; its editions share it."""
    file: str
    """Hex of 16 random bytes, new for each file: what keys of this file are derived with."""
    name: str
    edition: str
    kind: str
    issuer: str = ""
    kind_stated: bool = True
    """False when nobody said the kind: such a format is always of this kind."""
    signature: str = "unsigned"
    """A row of `heroes_forensics.hashsets.governing.STATES`."""
    provenance: JSON = field(default_factory=dict)
    """What is known of where it came from: publisher, sequence, expiry, key, what was allowed; see
    `heroes_forensics.hashsets.governing.Judgement.provenance`."""
    built_on: JSON = field(default_factory=dict)
    """Of an edition that was made of an earlier one and a delta: its edition, file and source, what
    was removed, and after which number of a record those of the delta begin; else empty."""
    format: str = ""
    format_version: str = ""
    scheme: str = ""
    region: str = ""
    numbering: str = "record"
    profile: JSON = field(default_factory=dict)
    """The category profile used, whole; empty when there is none."""
    categorised: bool = False
    """Whether any record has a category, or the scheme gives every record one."""
    source_sha256: str = ""
    source_size: int = 0
    imported_at: str = ""
    """UTC, ISO 8601 with ``Z``."""
    records: int = 0
    digests: dict[str, int] = field(default_factory=dict)
    """Rows of each algorithm."""
    distinct: dict[str, int] = field(default_factory=dict)
    values: dict[str, int] = field(default_factory=dict)
    """Other values that are kept beside the digests, by kind."""
    near: dict[str, NearCounts] = field(default_factory=dict)
    """Of those, what is compared with the values of pictures, by kind."""
    merged: int = 0
    """Records equal to another in every respect, kept once."""
    conflicts: int = 0
    """Digests listed under more than one category."""
    byte_order: str = "little"
    key_check: str = ""
    sections: dict[str, Section] = field(default_factory=dict)

    def encode(self) -> bytes:
        """Return the one byte form of this header.

        Raises:
            HashSetError: it does not fit before the first section.
        """
        text = json.dumps(asdict(self), sort_keys=True, separators=(",", ":"), ensure_ascii=True)
        if len(text) > HEADER_AREA - PREAMBLE.size:
            raise HashSetError("the description of the set is too long for the header of its file")
        return text.encode("ascii")


def decode(data: bytes) -> Header:
    """Read a header.

    Raises:
        HashSetError: it is not one that this version writes.
    """
    try:
        body = json.loads(data)
        if isinstance(body, dict):
            body.setdefault("values", {})  # version 1 has none
            body.setdefault("near", {})  # nor has version 2
            body.setdefault("built_on", {})
            body.setdefault("provenance", {})  # files that were written before it was kept
        body = _exactly(body, {item.name for item in fields(Header)})
        body["sections"] = {
            str(name): Section(int(row["offset"]), int(row["length"]), str(row["sha256"]))
            for name, row in body["sections"].items()
        }
        for name in ("digests", "distinct", "values"):
            body[name] = {str(key): int(value) for key, value in body[name].items()}
        names = {item.name for item in fields(NearCounts)}
        body["near"] = {
            str(kind): NearCounts(**{name: int(_exactly(row, names)[name]) for name in names})
            for kind, row in body["near"].items()
        }
        header = Header(**body)
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
        raise HashSetError("the set file has a header that this version does not read") from error
    plain = all(
        type(getattr(header, item.name)) is (item.type if item.type in (str, int, bool) else dict)
        for item in fields(Header)
    )
    if not plain or header.kind not in KINDS:
        raise HashSetError("the set file has a header that this version does not read")
    return header


def _exactly(body: object, names: set[str]) -> dict[str, Any]:
    if not isinstance(body, dict) or set(body) != names:
        raise ValueError("other fields than a header has")
    return body


def align(offset: int) -> int:
    """Return the next place where a section may start."""
    return -(-offset // ALIGN) * ALIGN


def radix_bits(rows: int) -> int:
    """Return how many first bits of a key choose its bucket."""
    return max(1, (max(1, rows // BUCKET) - 1).bit_length())
