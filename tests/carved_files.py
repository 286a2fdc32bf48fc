"""What tests of carving look for, and volumes in which it lies."""

import io
from collections.abc import Callable, Iterable
from functools import cache

import films
import numpy as np
import pictures
from filesystem_images import any_reader
from PIL import Image

from heroes_forensics.parsers.recovery.free import Extent, FreeSpace
from heroes_forensics.parsers.recovery.search import Carved, search
from heroes_forensics.parsers.recovery.window import SECTOR


@cache
def shown(seed: int, wide: int = 160, high: int = 120) -> Image.Image:
    """Return a made picture."""
    return Image.fromarray(pictures.landscape(seed, wide, high))


def picture(seed: int, kind: str, **options: object) -> bytes:
    """Return a picture as a file of that format."""
    out = io.BytesIO()
    shown(seed).save(out, kind, **options)
    return out.getvalue()


def _animated(kind: str) -> bytes:
    out = io.BytesIO()
    frames = [shown(seed).convert("P" if kind == "GIF" else "RGB") for seed in (1, 2, 3)]
    frames[0].save(out, kind, save_all=True, append_images=frames[1:], duration=80)
    return out.getvalue()


def _with_thumbnail() -> bytes:
    """Return a JPEG with one in its Exif segment, as cameras write it."""
    small = io.BytesIO()
    shown(9).resize((48, 36)).save(small, "JPEG")
    exif = b"Exif\0\0MM\0*\0\0\0\x08\0\0\0\0\0\0" + small.getvalue()
    whole = picture(4, "JPEG", quality=90)
    return whole[:2] + b"\xff\xe1" + (len(exif) + 2).to_bytes(2, "big") + exif + whole[2:]


def _film(container: str, codec: str, **more: object) -> bytes:
    return films.encoded(films.shot(5, 0.5), container=container, codec=codec, **more)  # type: ignore[arg-type] # passed on


MAKERS: dict[str, Callable[[], bytes]] = {
    "jpeg": lambda: picture(1, "JPEG", quality=85),
    "jpeg, progressive": lambda: picture(2, "JPEG", progressive=True, quality=80),
    "jpeg, restart markers": lambda: picture(3, "JPEG", restart_marker_rows=1),
    "jpeg, thumbnail inside": _with_thumbnail,
    "png": lambda: picture(5, "PNG"),
    "gif, animated": lambda: _animated("GIF"),
    "bmp": lambda: picture(6, "BMP"),
    "webp": lambda: picture(7, "WEBP"),
    "webp, animated": lambda: _animated("WEBP"),
    "tiff": lambda: picture(8, "TIFF", compression="tiff_lzw"),
    "avif": lambda: picture(9, "AVIF"),
    "mp4": lambda: _film("mp4", "mpeg4"),
    "mov": lambda: _film("mov", "mjpeg", pixels="yuvj420p"),
    "3gp": lambda: _film("3gp", "mpeg4"),
    "avi": lambda: _film("avi", "mpeg4"),
    "mkv": lambda: _film("matroska", "mpeg4"),
    "webm": lambda: _film("webm", "libvpx"),
}
"""One file of each format, by its name."""


@cache
def made(name: str) -> bytes:
    """Return the file of one row of `MAKERS`."""
    return MAKERS[name]()


def noise(size: int, seed: int = 1) -> bytes:
    """Return bytes that are nothing."""
    return np.random.default_rng(seed).bytes(size)


def text(size: int) -> bytes:
    """Return sectors of text, each of which begins like a picture or a film."""
    starts = [b"\xff\xd8\xff\xe0\0\x10JFIF\0", b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR", b"GIF89a", b"BM"]
    starts += [b"RIFF\0\1\0\0WEBPVP8 ", b"RIFF\0\1\0\0AVI LIST", b"II*\0\x08\0\0\0", b"MM\0*"]
    starts += [b"\0\0\0\x18ftypmp42\0\0\0\0mp42isom", b"\0\0\0\x08moov", b"\0\0\1\0mdat"]
    starts += [b"\x1aE\xdf\xa3\x9fB\x86\x81\x01B\x82\x88matroska", b"\0\0\0\x08wide\0\0\1\0mdat"]
    words = b"what begins like a picture is not one for that; "
    sectors = [(start + words * 12)[:SECTOR] for start in starts]
    return b"".join(sectors[number % len(sectors)] for number in range(size // SECTOR))


def padded(data: bytes) -> bytes:
    """Fill the last sector up with zeros, as file systems do."""
    return data + bytes(-len(data) % SECTOR)


def found_in(data: bytes, extents: Iterable[tuple[int, int]] = ()) -> list[tuple[bytes, bool]]:
    """Carve bytes, or ranges of them; return what was found, and whether each is whole."""
    ranges = [Extent(*each) for each in extents] or [Extent(0, len(data))]
    space = FreeSpace(any_reader(data), ranges)
    return [
        (space.read(each.offset, each.found.size), each.found.whole)
        for each in search(space)
        if isinstance(each, Carved)
    ]
