"""Decoding a picture within limits. The only module that imports Pillow.

`measured` takes a seekable file object of hostile bytes, hands each sampled frame to a function
that makes a perceptual value of it, and returns numbers; no pixel leaves it. What it may decode is
said by the caller from the content (`heroes_forensics.filetype`), never by an extension, and only
the one decoder of that name is tried. Pixels are counted before anything is decoded. Warnings of
the decoder are errors. Metadata (EXIF, ICC, XMP, text, comments) is passed over unread.

A picture that is cut off or damaged is decoded again as far as its bytes go, and says so; when
that gives a single colour, nothing was decoded.
"""

import io
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from typing import Any, BinaryIO, Final, NamedTuple

from PIL import Image, ImageFile, JpegImagePlugin, PngImagePlugin

from heroes_forensics.frames import MAX_PIXELS, PICTURE_FRAMES, Picture

FORMATS: Final = {"jpeg": "JPEG", "png": "PNG", "gif": "GIF"}
"""Types of `heroes_forensics.filetype` that are decoded, and what Pillow calls them."""

DRAFT_SIDE: Final = 1024
"""Pixels that the shorter side of a JPEG keeps at least when libjpeg scales it down by 2, 4 or 8
while decoding. Above it no value of the photographs this was tried on changed (ADR 0018)."""

MAX_SCANS: Final = 500
"""Scans of a progressive JPEG; encoders make about ten."""
MAX_FRAMES: Final = 1000
"""Frames of an animation among which those to hash are chosen; one builds on the one before."""
MAX_WORK: Final = 10 * MAX_PIXELS
"""Pixels that are drawn to reach the last of these frames."""

_PIECE: Final = 1 << 20


class LimitError(Exception):
    """A picture is larger than a decoder may take."""


class Measured(NamedTuple):
    """What decoding one picture gave."""

    status: Picture
    gap: str
    """A key of `model.GAP_TEXTS`, or empty."""
    width: int = 0
    """Pixels, as the header states them, before any scaling."""
    height: int = 0
    frames: int = 0
    """Frames the picture has."""
    values: tuple[bytes, ...] = ()
    """What ``measure`` gave, one for each frame that was taken."""
    taken: tuple[int, ...] = ()
    """The positions of those frames."""


def measured(stream: BinaryIO, kind: str, measure: Callable[[Image.Image], bytes]) -> Measured:
    """Decode one picture and measure its frames.

    Args:
        stream: the bytes of the picture, seekable; it is not closed.
        kind: a key of `FORMATS`.
        measure: makes a value of one frame; it must not keep the frame.

    Raises:
        OSError: never for what the bytes are; only ``stream`` itself may raise it.
    """
    prepare()
    try:
        return _decoded(stream, kind, measure)
    except (LimitError, Image.DecompressionBombWarning, Image.DecompressionBombError) as error:
        return Measured(Picture.GAP, "picture.limit", *_size_of(error))
    except MemoryError:
        return Measured(Picture.GAP, "decoder.memory")
    except Exception:  # noqa: BLE001 - a decoder raises what it likes; it is about the picture
        return _as_far_as_it_goes(stream, kind, measure)


def _as_far_as_it_goes(
    stream: BinaryIO, kind: str, measure: Callable[[Image.Image], bytes]
) -> Measured:
    nothing = Measured(Picture.GAP, "picture.undecodable")
    try:
        with _tolerant():
            found = _decoded(stream, kind, measure, whole=False)
    except (LimitError, Image.DecompressionBombWarning, Image.DecompressionBombError) as error:
        return Measured(Picture.GAP, "picture.limit", *_size_of(error))
    except MemoryError:
        return Measured(Picture.GAP, "decoder.memory")
    except Exception:  # noqa: BLE001 - as above
        return nothing
    return found if found.values else nothing


@contextmanager
def _tolerant() -> Iterator[None]:
    ImageFile.LOAD_TRUNCATED_IMAGES = True
    try:
        yield
    finally:
        ImageFile.LOAD_TRUNCATED_IMAGES = False


def _decoded(
    stream: BinaryIO,
    kind: str,
    measure: Callable[[Image.Image], bytes],
    *,
    whole: bool = True,
) -> Measured:
    stream.seek(0)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        with Image.open(stream, formats=[FORMATS[kind]]) as picture:
            width, height = picture.size
            _check_size(width, height)
            frames = 1
            if isinstance(picture, JpegImagePlugin.JpegImageFile):
                _prepare_jpeg(picture, stream)
            else:
                frames = max(1, int(getattr(picture, "n_frames", 1)))
            reached = min(frames, MAX_FRAMES, max(1, MAX_WORK // (width * height)))
            found = tuple(_values(picture, _chosen(reached), measure, whole=whole))
    values, taken = tuple(value for _, value in found), tuple(at for at, _ in found)
    status, gap = Picture.DONE, ""
    if not whole or reached < frames:
        status, gap = Picture.PARTIAL, "picture.limit" if whole else "picture.partial"
    return Measured(status, gap, width, height, frames, values, taken)


def _chosen(frames: int) -> list[int]:
    """Return the positions of the frames to hash: all, or as many as allowed, evenly spread."""
    count = min(frames, PICTURE_FRAMES)
    return [index * frames // count for index in range(count)]


def _values(
    picture: Image.Image,
    positions: list[int],
    measure: Callable[[Image.Image], bytes],
    *,
    whole: bool,
) -> Iterator[tuple[int, bytes]]:
    for position in positions:
        try:
            if position:
                picture.seek(position)
            picture.load()
        except EOFError:
            if whole:
                raise
            return
        _check_size(*picture.size)
        # One colour all over is what a decoder makes of nothing.
        if whole or _has_content(picture):
            yield position, measure(picture)


def _has_content(picture: Image.Image) -> bool:
    low, high = picture.convert("L").getextrema()
    return low != high


def _check_size(width: int, height: int) -> None:
    if width * height > MAX_PIXELS:
        raise LimitError(width, height)


def _size_of(error: Exception) -> tuple[int, int]:
    return error.args if isinstance(error, LimitError) and len(error.args) == 2 else (0, 0)  # noqa: PLR2004


def _prepare_jpeg(picture: JpegImagePlugin.JpegImageFile, stream: BinaryIO) -> None:
    """Refuse a picture of countless scans, and let libjpeg scale a large one down."""
    width, height = picture.size
    if "progressive" in picture.info:
        position = stream.tell()
        scans = _count(stream, b"\xff\xda")
        stream.seek(position)
        if scans > MAX_SCANS:
            raise LimitError(width, height)
    scale = next((each for each in (8, 4, 2) if min(width, height) // each >= DRAFT_SIDE), 1)
    if scale > 1:
        picture.draft(None, (width // scale, height // scale))


def _count(stream: BinaryIO, mark: bytes) -> int:
    """Count two bytes in a stream; inside compressed data of a JPEG they are always a marker."""
    stream.seek(0)
    found, last = 0, b""
    while piece := stream.read(_PIECE):
        found += (last + piece).count(mark)
        last = piece[-1:]
    return found


@cache
def prepare() -> None:
    """Set Pillow's limits and take its readers of metadata away; once a process."""
    Image.preinit()
    Image.MAX_IMAGE_PIXELS = MAX_PIXELS
    for marker in (*range(0xFFE1, 0xFFEE), 0xFFEF, 0xFFFE):  # all but JFIF and Adobe
        name, text, _ = JpegImagePlugin.MARKER[marker]
        JpegImagePlugin.MARKER[marker] = (name, text, JpegImagePlugin.Skip)
    for chunk in ("tEXt", "zTXt", "iTXt", "iCCP", "eXIf"):
        setattr(PngImagePlugin.PngStream, f"chunk_{chunk}", _passed_over)


def sample(kind: str) -> bytes:
    """Return a small picture of a type, made here: to warm up its decoder, and for tests."""
    stream = io.BytesIO()
    Image.linear_gradient("L").save(stream, FORMATS[kind])
    return stream.getvalue()


def _passed_over(chunks: Any, position: int, length: int) -> bytes:  # noqa: ANN401 - Pillow's own
    """Return the bytes of a PNG chunk, for its checksum, and keep nothing of them."""
    del position
    data: bytes = ImageFile._safe_read(chunks.fp, length)  # noqa: SLF001 - as its own readers do
    return data
