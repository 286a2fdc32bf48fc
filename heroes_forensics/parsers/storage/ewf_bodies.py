"""What single sections of an EWF segment hold: geometry, tables, digests, read errors, header.

Every one is checked by its own Adler-32; one that does not fit is None. Format: "Expert Witness
Compression Format" (libewf documentation), section 3.
"""

import re
import struct
from array import array
from dataclasses import dataclass
from typing import Final

import numpy as np

from heroes_forensics.parsers.storage.inflate import adler32, inflate

VOLUME: Final = 1052
"""Bytes of the volume data as EnCase, FTK and linen write them."""
SHORT_VOLUME: Final = 94
"""Bytes of it as the first specification has them and SMART writes them."""
TABLE_HEAD: Final = 24
"""Bytes before the entries of a table."""

_ERROR_HEAD: Final = 520
_ERROR_ENTRY: Final = 8
MAX_ERRORS: Final = 1 << 20
"""Read errors that are looked at; an imager that met so many gave up on the medium."""
_MAX_HEADER: Final = 1 << 20
"""Bytes of header text, inflated; EnCase limits each value to 3,000 characters."""
_MAX_VALUE: Final = 3000
CHECKSUM: Final = 4
"""Bytes of an Adler-32."""

PACKED: Final = 0x80000000
"""Set in an entry when its chunk is compressed; the rest is an offset."""

_XMD5: Final = re.compile(rb"<MD5>([0-9A-Fa-f]{32})</MD5>")
_XSHA1: Final = re.compile(rb"<SHA1>([0-9A-Fa-f]{40})</SHA1>")

FIELDS: Final = {
    "c": "case number",
    "n": "evidence number",
    "a": "description",
    "e": "examiner",
    "t": "notes",
    "md": "model",
    "sn": "serial number",
    "l": "device label",
    "av": "software version",
    "ov": "platform",
    "m": "acquired",
    "u": "system date",
}
"""Identifiers of header values that are kept; the hash of a password is not."""
TECHNICAL: Final = frozenset({FIELDS[key] for key in ("md", "sn", "av", "ov", "m", "u")})
"""Names of the values that say nothing of persons or the matter: these may stand in a case."""


@dataclass(frozen=True, slots=True)
class Geometry:
    """How the media is cut into chunks."""

    chunks: int
    chunk_sectors: int
    sector_size: int
    sectors: int
    identifier: bytes = b""
    """Equal in every segment of one acquisition; empty when not written."""


def sealed(data: bytes) -> bool:
    """Tell whether the last four bytes are the checksum of those before."""
    body, stored = data[:-CHECKSUM], data[-CHECKSUM:]
    return bool(body) and adler32(body) == int.from_bytes(stored, "little")


def geometry(data: bytes) -> Geometry | None:
    """Read the data of a ``volume``, ``disk`` or ``data`` section; without looking at its seal."""
    if len(data) >= VOLUME:
        chunks, per_chunk, sector, sectors = struct.unpack_from("<IIIQ", data, 4)
        identifier = data[64:80]
        return Geometry(chunks, per_chunk, sector, sectors, identifier if any(identifier) else b"")
    if len(data) >= SHORT_VOLUME:
        chunks, per_chunk, sector, sectors = struct.unpack_from("<IIII", data, 4)
        return Geometry(chunks, per_chunk, sector, sectors)
    return None


def table_head(data: bytes) -> tuple[int, int] | None:
    """Return how many entries a table has and what is added to each; None when damaged."""
    if len(data) < TABLE_HEAD or not sealed(data[:TABLE_HEAD]):
        return None
    count, base = struct.unpack_from("<I4xQ", data)
    return int(count), int(base)


def first_offset(entries: bytes) -> int:
    """Return the offset of the first chunk of a table, without the base."""
    return int.from_bytes(entries[:4], "little") & ~PACKED


def entries_sound(raw: bytes, count: int, place: int) -> bool:
    """Tell whether the entries of a table are whole and fit their checksum.

    Args:
        raw: the entries and the four bytes behind them.
        count: how many there are.
        place: offset of the first one, counted as the entries count.
    """
    body, stored = raw[: 4 * count], raw[4 * count :]
    if len(body) < 4 * count:
        return False
    # The oldest imagers write no checksum: nothing, or at once the first chunk.
    if len(stored) < CHECKSUM or not any(stored) or first_offset(raw) == place + len(body):
        return True
    return adler32(body) == int.from_bytes(stored, "little")


def places(raw: bytes, base: int, end: int) -> "array[int]":
    """Return where the chunks of a table lie: offset times two, plus one when compressed.

    One more follows for the end of the last chunk. EnCase 6.7.1 wrote more than 2 GiB before a
    table, and the bit of the compression is part of the offset from there on.

    Args:
        raw: the entries.
        base: is added to each.
        end: offset at which the last chunk ends.
    """
    entries = np.frombuffer(raw, dtype="<u4").astype(np.uint64)
    offsets = entries & np.uint64(PACKED - 1)
    packed = entries >> np.uint64(31)
    falls = np.flatnonzero(offsets[1:] < offsets[:-1])
    if len(falls):
        turn = int(falls[0]) + 1
        whole = np.concatenate([offsets[:turn], entries[turn:]])
        if np.all(whole[1:] > whole[:-1]):
            offsets, packed[turn:] = whole, 0
    found = array("Q")
    found.frombytes(((offsets + np.uint64(base)) * np.uint64(2) + packed).tobytes())
    found.append(end * 2)
    return found


def errors(data: bytes) -> list[tuple[int, int]] | None:
    """Return (first sector, sectors) of each range the imager could not read; None when damaged."""
    if len(data) < _ERROR_HEAD or not sealed(data[:_ERROR_HEAD]):
        return None
    count = int.from_bytes(data[:4], "little")
    end = _ERROR_HEAD + count * _ERROR_ENTRY
    if count > MAX_ERRORS or len(data) < end + CHECKSUM:
        return None
    if count and not sealed(data[_ERROR_HEAD : end + CHECKSUM]):
        return None
    return [(first, length) for first, length in struct.iter_unpack("<II", data[_ERROR_HEAD:end])]


def digests(kind: bytes, data: bytes) -> tuple[bytes, bytes] | None:
    """Return MD5 and SHA-1 of a digest section, each empty when it is not stored.

    None when the section is damaged. ``xhash`` is the form of EWF-X: packed XML.
    """
    if kind == b"xhash":
        try:
            text = inflate(data, _MAX_HEADER)
        except OSError:
            return None
        found = (_XMD5.search(text), _XSHA1.search(text))
        md5, sha1 = (bytes.fromhex(each[1].decode()) if each else b"" for each in found)
        return md5, sha1
    length = 36 if kind == b"hash" else 80
    if len(data) < length or not sealed(data[:length]):
        return None
    md5, sha1 = data[:16], data[16:36] if kind == b"digest" else b""
    return (md5 if any(md5) else b"", sha1 if any(sha1) else b"")


def header(data: bytes) -> dict[str, str]:
    """Return the values of a ``header`` or ``header2`` section by identifier; empty when damaged.

    They are text that somebody typed: shown escaped, never acted on.
    """
    try:
        raw = inflate(data, _MAX_HEADER)
    except OSError:
        return {}
    if raw[:2] in {b"\xff\xfe", b"\xfe\xff"}:
        text = raw.decode("utf-16", errors="replace")
    else:
        text = raw.decode("latin-1")
    lines = [line.rstrip("\r") for line in text.split("\n")]
    try:
        at = lines.index("main")
        names, values = lines[at + 1].split("\t"), lines[at + 2].split("\t")
    except (ValueError, IndexError):
        return {}
    return {
        name: value.strip()[:_MAX_VALUE]
        for name, value in zip(names, values, strict=False)
        if name in FIELDS and value.strip()
    }
