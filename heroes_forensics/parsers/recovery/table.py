"""What is looked for: the first bytes of each format, and who follows it from there.

One row a signature. A candidate that no walker follows to something is none.
"""

from collections.abc import Callable
from typing import Final, NamedTuple

from heroes_forensics.parsers.recovery.boxes import boxes
from heroes_forensics.parsers.recovery.jpeg import jpeg
from heroes_forensics.parsers.recovery.matroska import matroska
from heroes_forensics.parsers.recovery.pictures import bmp, gif, png
from heroes_forensics.parsers.recovery.riff import riff
from heroes_forensics.parsers.recovery.tiff import tiff
from heroes_forensics.parsers.recovery.window import Found, Window

_PICTURE: Final = 512 << 20
_FILM: Final = 64 << 30


class Signature(NamedTuple):
    """One way in which files of a format begin."""

    offset: int
    """0 or 4: where in the first sector."""
    magic: bytes
    """2 to 4 bytes."""
    walk: Callable[[Window], Found | None]
    limit: int
    """Bytes of one file at most."""


SIGNATURES: Final = (
    Signature(0, b"\xff\xd8\xff", jpeg, _PICTURE),
    Signature(0, b"\x89PNG", png, _PICTURE),
    Signature(0, b"GIF8", gif, _PICTURE),
    Signature(0, b"BM", bmp, _PICTURE),
    Signature(0, b"RIFF", riff, _FILM),
    Signature(0, b"II*\0", tiff, _PICTURE),
    Signature(0, b"MM\0*", tiff, _PICTURE),
    Signature(4, b"ftyp", boxes, _FILM),
    Signature(4, b"moov", boxes, _FILM),
    Signature(4, b"mdat", boxes, _FILM),
    Signature(4, b"wide", boxes, _FILM),
    Signature(4, b"free", boxes, _FILM),
    Signature(4, b"skip", boxes, _FILM),
    Signature(4, b"pnot", boxes, _FILM),
    Signature(0, b"\x1aE\xdf\xa3", matroska, _FILM),
)
