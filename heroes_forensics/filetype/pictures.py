"""Pictures whose first bytes are not enough: what is inside, or whether the rest fits.

Every function takes the head of a stream (at least one byte, up to 36 KiB), never raises, and
returns the name of a row of `heroes_forensics.filetype.table.TYPES` or ``""``.
"""

# ruff: noqa: PLR2004 - the numbers are those of the formats

import re
from collections.abc import Iterator
from typing import Final

from heroes_forensics.filetype import films


def _u16(head: bytes, offset: int) -> int:
    return int.from_bytes(head[offset : offset + 2], "little")


def _u32(head: bytes, offset: int) -> int:
    return int.from_bytes(head[offset : offset + 4], "little")


_DIB_HEADERS: Final = frozenset({12, 16, 40, 52, 56, 64, 108, 124})
"""Lengths of the second header of a bitmap, bytes (OS/2 1 and 2, Windows 3 to 5)."""


def riff(head: bytes) -> str:
    """RIFF (Microsoft, IBM 1991): the form type is at offset 8."""
    form = head[8:12]
    names = {
        b"WEBP": "webp",
        b"AVI ": "avi",
        b"AVIX": "avi",
        b"WAVE": "wav",
        b"ACON": "ani",
        b"AMV ": "amv",
        b"CDXA": "cdxa",
        b"RMID": "midi",
    }
    return names.get(form, "riff" if len(form) == 4 and form.isascii() else "")


def iff(head: bytes) -> str:
    """EA IFF 85: the form type is at offset 8."""
    names = {b"ILBM": "ilbm", b"PBM ": "ilbm", b"ANIM": "ilbm", b"AIFF": "aiff", b"AIFC": "aiff"}
    return names.get(head[8:12], "")


def bmp(head: bytes) -> str:
    """Windows or OS/2 bitmap: ``BM`` alone also begins words, so look at the header's length."""
    return "bmp" if _u32(head, 14) in _DIB_HEADERS and not head[15:18].strip(b"\0") else ""


def _tiff_tags(head: bytes) -> Iterator[tuple[int, bytes]]:
    """Yield (tag, first bytes of an ASCII value) of the first directory, as far as it is here."""
    order: Final = "little" if head[:2] == b"II" else "big"

    def number(offset: int, length: int) -> int:
        return int.from_bytes(head[offset : offset + length], order)

    start = number(4, 4)
    for index in range(min(number(start, 2), 256)):
        offset = start + 2 + 12 * index
        if offset + 12 > len(head):
            return
        inline = number(offset + 4, 4) <= 4  # a value of four bytes lies here
        where = offset + 8 if inline else number(offset + 8, 4)
        is_text = number(offset + 2, 2) == 2  # type 2 is ASCII
        yield number(offset, 2), head[where : where + 16] if is_text else b""


def tiff(head: bytes) -> str:
    """TIFF 6.0, and the raw formats of cameras that are TIFF inside."""
    if head[8:10] == b"CR":
        return "cr2"
    tags = dict(_tiff_tags(head))
    if 0xC612 in tags:  # DNGVersion, Adobe DNG specification
        return "dng"
    make = tags.get(0x010F, b"").upper()
    if 0x014A in tags or 0x8769 in tags:  # SubIFDs, Exif
        for maker, name in ((b"NIKON", "nef"), (b"SONY", "arw"), (b"PENTAX", "pef")):
            if make.startswith(maker) and 0x014A in tags:
                return name
    return "tiff"


def jpeg_2000(head: bytes) -> str:
    """JP2 family (ISO 15444-1 annex I): the brand tells a film from a picture."""
    return "mj2" if head[20:24] in {b"mjp2", b"mj2s"} else "jp2"


def jxl_codestream(head: bytes) -> str:
    """Bare JPEG XL code stream: two bytes are too few, so text and MPEG sound are left out."""
    return "" if len(head) < 12 or films.mpeg_audio(head) else "jxl"


def icon(head: bytes) -> str:
    """Windows icon or cursor: the directory must point behind itself."""
    count, planes, bits = _u16(head, 4), _u16(head, 10), _u16(head, 12)
    size, offset = _u32(head, 14), _u32(head, 18)
    if not 0 < count < 256 or head[9:10] != b"\0" or not 0 < size < 1 << 24:
        return ""
    if not 6 + 16 * count <= offset < 1 << 24:
        return ""
    if head[2] == 1 and (planes > 1 or bits not in {0, 1, 4, 8, 16, 24, 32}):
        return ""  # a cursor keeps its hot spot here
    return "ico" if head[2] == 1 else "cur"


def pcx(head: bytes) -> str:
    """ZSoft PCX: version, encoding and depth must be known ones."""
    fits = head[1:2] in {b"\0", b"\2", b"\3", b"\4", b"\5"} and head[2:3] == b"\1"
    return "pcx" if fits and head[3:4] in {b"\1", b"\2", b"\4", b"\x08"} else ""


_PNM: Final = re.compile(rb"P(?:[1-6]\s(?:\s*#[^\n]{0,200}\n)*\s*\d{1,6}\s+\d{1,6}\s|7\nWIDTH )")


def pnm(head: bytes) -> str:
    """Netpbm: a letter, a digit and two numbers."""
    return "pnm" if _PNM.match(head) else ""


def emf(head: bytes) -> str:
    """Enhanced metafile: `` EMF`` at offset 40."""
    return "emf" if head[40:44] == b" EMF" else ""
