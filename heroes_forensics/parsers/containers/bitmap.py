"""Bitmaps of Windows that are kept without the header of a file (DIB), made files again.

Documents and metafiles keep the header of the bitmap (MS-WMF 2.2.2.9, ``BITMAPINFOHEADER`` and its
like), its palette and its pixels. What a ``.bmp`` has in front of them follows from these. Whoever
made the file may have written there something else: it is a **reconstruction**.
"""

# ruff: noqa: PLR2004 - the numbers are those of the format

import struct
from typing import Final

FILE_HEADER: Final = 14
"""Bytes in front of a bitmap that is a file."""
_CORE: Final = 12
HEADERS: Final = (_CORE, 40, 52, 56, 64, 108, 124)
"""Bytes of the header of a bitmap, in its versions."""
_FIELDS: Final = struct.Struct("<I4x4xHHI12xI")
"""Of the header: its bytes, planes, bits of a pixel, how it is packed, colours of the palette."""
_BITFIELDS: Final = {3: 12, 6: 16}
"""Bytes of the masks behind a header of 40 bytes, by how the pixels are packed."""


def file_header(head: bytes, size: int, before: int = 0) -> bytes:
    """Return what goes before a bitmap to make it a file.

    Args:
        head: its first 40 bytes, or all of it.
        size: its length, bytes.
        before: bytes before its pixels, where that is known; else the header says so.

    Raises:
        ValueError: it has no header of a bitmap.
    """
    length = int.from_bytes(head[:4], "little")
    if length not in HEADERS or len(head) < min(length, _FIELDS.size):
        raise ValueError("no header of a bitmap")
    if length == _CORE:
        bits = int.from_bytes(head[10:12], "little")
        pixels = length + (3 << bits if bits <= 8 else 0)
    else:
        _, _, bits, packed, colours = _FIELDS.unpack_from(head)
        if not colours and bits <= 8:
            colours = 1 << bits
        masks = _BITFIELDS.get(packed, 0) if length == 40 else 0
        pixels = length + masks + 4 * colours
    offset = min(FILE_HEADER + (before or pixels), 0xFFFF_FFFF)
    return struct.pack("<2sIII", b"BM", min(FILE_HEADER + size, 0xFFFF_FFFF), 0, offset)
