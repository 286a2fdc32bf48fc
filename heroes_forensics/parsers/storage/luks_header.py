"""Headers of LUKS1 and LUKS2, read as hostile input: every number bounded before it is used.

LUKS1: one block, big endian (LUKS On-Disk Format Specification 1.2.3). LUKS2: a block of 4096 bytes
with a checksum over itself and the JSON behind it, and a second copy of both further on, which is
taken where the first is damaged or older (LUKS2 On-Disk Format Specification 1.1.2).
"""

import base64
import binascii
import hashlib
import hmac
import json
import re
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

from heroes_forensics.parsers.base import Reader
from heroes_forensics.parsers.sectors import COUNTED

HASHES: Final = ("sha1", "sha224", "sha256", "sha384", "sha512")
ARGON2: Final = ("argon2i", "argon2id")
_FIRST: Final = b"LUKS\xba\xbe"
_SECOND: Final = b"SKUL\xba\xbe"
_VERSION_2: Final = 2
_HEAD_1: Final = struct.Struct(">6sH32s32s32sII20s32sI40s")
_SLOT_1: Final = struct.Struct(">II32sII")
_SLOTS_1: Final = 8
_ENABLED: Final = 0x00AC71F3
_HEAD_2: Final = struct.Struct(">6sHQQ48s32s64s40s48sQ184s64s")
_BLOCK_2: Final = 4096
_CHECKSUM_AT: Final = _HEAD_2.size - 64
_SIZES_2: Final = tuple(1 << bits for bits in range(14, 23))
"""Of header and JSON together, bytes; the second copy begins behind the first."""
_MOST_KEY: Final = 128
_MOST_STRIPES: Final = 8000
"""cryptsetup writes 4000."""
_MOST_SLOTS: Final = 32
_MOST_SALT: Final = 1024
_LARGEST: Final = 1 << 62
_SECTORS: Final = (512, 1024, 2048, 4096)
_DECIMAL: Final = re.compile(r"[0-9]{1,19}")


class HeaderError(ValueError):
    """A header that is damaged, or is of a kind that is not read; ``reason`` is a fixed word."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


@dataclass(frozen=True, slots=True)
class Derivation:
    """How a key is made of a secret."""

    kind: str
    """``pbkdf2`` or one of `ARGON2`."""
    salt: bytes
    rounds: int
    digest: str = ""
    """Of PBKDF2."""
    memory: int = 0
    """Of Argon2, KiB."""
    lanes: int = 0


@dataclass(frozen=True, slots=True)
class Slot:
    """One place where the key of the volume lies, encrypted with what a secret gives."""

    derivation: Derivation
    cipher: str
    key_size: int
    """Of the key that encrypts the place, bytes."""
    stripes: int
    """Parts that the key was split into, each as long as the key."""
    digest: str
    """With which it was split."""
    offset: int
    """Of the place, bytes."""


@dataclass(frozen=True, slots=True)
class Header:
    """What it takes to open a volume."""

    slots: tuple[Slot, ...]
    skipped: bool
    """Whether there were others, of a kind that is not read."""
    key_size: int
    """Of the volume, bytes."""
    check: Derivation
    """What is made of the right key ..."""
    digest: bytes
    """... gives this."""
    cipher: str
    offset: int
    """Of the encrypted sectors, bytes."""
    size: int
    """Of them, bytes; -1: to the end."""
    sector: int
    first: int
    """Number of the first sector, in units of 512 bytes."""


def read_header(reader: Reader) -> Header:
    """Read the header of a volume.

    Raises:
        HeaderError: ``damaged``, or of a ``kind`` that is not read.
        OSError: it cannot be read.
    """
    head = reader.pread(0, _BLOCK_2)
    if len(head) < _BLOCK_2 or not head.startswith(_FIRST):
        raise HeaderError("damaged")
    version = int.from_bytes(head[6:8], "big")
    if version == 1:
        return _first_version(head)
    if version == _VERSION_2:
        return _second_version(_table_2(reader))
    raise HeaderError("kind")


# ---- version 1 -------------------------------------------------------------------------------


def _first_version(head: bytes) -> Header:
    fields = _HEAD_1.unpack_from(head)
    name, mode, digest = (_text(each) for each in fields[2:5])
    at, key_size, check, salt, rounds = fields[5:10]
    if digest not in HASHES:
        raise HeaderError("kind")
    if not 0 < key_size <= _MOST_KEY or not rounds:
        raise HeaderError("damaged")
    cipher = f"{name}-{mode}"
    slots = []
    for number in range(_SLOTS_1):
        row = _SLOT_1.unpack_from(head, _HEAD_1.size + number * _SLOT_1.size)
        state, slot_rounds, slot_salt, place, stripes = row
        if state == _ENABLED and slot_rounds and 0 < stripes <= _MOST_STRIPES:
            made = Derivation("pbkdf2", slot_salt, slot_rounds, digest)
            slots.append(Slot(made, cipher, key_size, stripes, digest, place * COUNTED))
    return Header(
        slots=tuple(slots),
        skipped=False,
        key_size=key_size,
        check=Derivation("pbkdf2", salt, rounds, digest),
        digest=check,
        cipher=cipher,
        offset=at * COUNTED,
        size=-1,
        sector=COUNTED,
        first=0,
    )


def _text(field: bytes) -> str:
    return field.split(b"\0", 1)[0].decode("ascii", "replace")


# ---- version 2 -------------------------------------------------------------------------------


def _table_2(reader: Reader) -> dict[str, Any]:
    """Return the JSON of the newer of the two copies that are whole."""
    copies = [_copy(reader, 0, _FIRST, _SIZES_2)]
    copies += (_copy(reader, size, _SECOND, (size,)) for size in _SIZES_2)
    whole = [one for one in copies if one is not None]
    if not whole:
        raise HeaderError("damaged")
    try:
        found = json.loads(max(whole, key=lambda one: one[0])[1])
    except (ValueError, RecursionError) as error:
        raise HeaderError("damaged") from error
    return _table(found)


def _copy(
    reader: Reader, at: int, magic: bytes, sizes: tuple[int, ...]
) -> tuple[int, bytes] | None:
    """Return number and JSON of one copy; None where it is not whole."""
    try:
        head = reader.pread(at, _BLOCK_2)
        if len(head) < _BLOCK_2 or not head.startswith(magic):
            return None
        fields = _HEAD_2.unpack_from(head)
        version, size, sequence, digest, own = fields[1], fields[2], fields[3], fields[5], fields[9]
        name = _text(digest)
        if (version, own) != (_VERSION_2, at) or size not in sizes or name not in HASHES:
            return None
        rest = reader.pread(at + _BLOCK_2, size - _BLOCK_2)
    except OSError:
        return None  # the other copy may lie elsewhere
    blank = head[:_CHECKSUM_AT] + bytes(64) + head[_HEAD_2.size :]
    made = hashlib.new(name, blank + rest).digest()
    if not hmac.compare_digest(made, fields[11][: len(made)]):
        return None
    return sequence, rest.split(b"\0", 1)[0]


def _second_version(tree: dict[str, Any]) -> Header:
    """Make a header of the JSON, whatever that is."""
    try:
        return _single_segment(tree)
    except HeaderError:
        raise
    except (KeyError, ValueError, TypeError, StopIteration) as error:
        raise HeaderError("damaged") from error


def _single_segment(tree: dict[str, Any]) -> Header:
    """Make a header of one encrypted segment, its digest and the slots of that.

    A volume on its way from one key to another has several segments and is not read.
    """
    if _table(tree.get("config", {})).get("requirements"):
        raise HeaderError("kind")
    segments = _table(tree["segments"])
    if len(segments) != 1:
        raise HeaderError("kind")
    ((number, segment),) = ((key, _table(each)) for key, each in segments.items())
    if segment["type"] != "crypt" or "integrity" in segment:
        raise HeaderError("kind")
    digests = (_table(each) for each in _table(tree["digests"]).values())
    digest = next(each for each in digests if number in _words(each["segments"]))
    if digest["type"] != "pbkdf2":
        raise HeaderError("kind")
    named = set(_words(digest["keyslots"]))
    found = _table(tree["keyslots"])
    rows = [_table(found[key]) for key in sorted(found) if key in named][:_MOST_SLOTS]
    read = [(row, slot) for row in rows if (slot := _slot(row)) is not None]
    size, sector = segment["size"], segment["sector_size"]
    check = _pbkdf2(digest)
    if sector not in _SECTORS or check is None or not read:
        raise HeaderError("kind")
    sizes = {_number(row["key_size"], _MOST_KEY) for row, _ in read}
    (key_size,) = sizes
    return Header(
        slots=tuple(slot for _, slot in read),
        skipped=len(read) < len(rows),
        key_size=key_size,
        check=check,
        digest=_bytes(digest["digest"]),
        cipher=_word(segment["encryption"]),
        offset=_number(segment["offset"]),
        size=-1 if size == "dynamic" else _number(size),
        sector=sector,
        first=_number(segment["iv_tweak"], least=0),
    )


def _slot(row: dict[str, Any]) -> Slot | None:
    """Return a slot; None when it is of a kind that is not read."""
    if row["type"] != "luks2":
        return None
    area, split, kdf = _table(row["area"]), _table(row["af"]), _table(row["kdf"])
    digest, kind = split["hash"], kdf["type"]
    if area["type"] != "raw" or split["type"] != "luks1" or digest not in HASHES:
        return None
    made: Derivation | None = None
    if kind == "pbkdf2":
        made = _pbkdf2(kdf)
    elif kind in ARGON2:
        made = Derivation(
            kind,
            _bytes(kdf["salt"]),
            _number(kdf["time"]),
            memory=_number(kdf["memory"]),
            lanes=_number(kdf["cpus"]),
        )
    if made is None:
        return None
    return Slot(
        derivation=made,
        cipher=_word(area["encryption"]),
        key_size=_number(area["key_size"], _MOST_KEY),
        stripes=_number(split["stripes"], _MOST_STRIPES),
        digest=digest,
        offset=_number(area["offset"]),
    )


def _pbkdf2(row: dict[str, Any]) -> Derivation | None:
    if row["hash"] not in HASHES:
        return None
    return Derivation("pbkdf2", _bytes(row["salt"]), _number(row["iterations"]), row["hash"])


def _table(value: object) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise HeaderError("damaged")
    return value


def _word(value: object) -> str:
    if not isinstance(value, str):
        raise HeaderError("damaged")
    return value


def _words(value: object) -> Iterator[str]:
    if not isinstance(value, list):
        raise HeaderError("damaged")
    return (_word(each) for each in value)


def _number(value: object, most: int = _LARGEST, least: int = 1) -> int:
    """Return a number; those that may be large stand as text."""
    if isinstance(value, str) and _DECIMAL.fullmatch(value):
        value = int(value)
    if not isinstance(value, int) or isinstance(value, bool) or not least <= value <= most:
        raise HeaderError("damaged")
    return value


def _bytes(value: object) -> bytes:
    try:
        found = base64.b64decode(_word(value), validate=True)
    except (binascii.Error, ValueError) as error:
        raise HeaderError("damaged") from error
    if not 0 < len(found) <= _MOST_SALT:
        raise HeaderError("damaged")
    return found
