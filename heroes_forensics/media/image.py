"""Decoding a picture within limits.

`measured` takes a seekable file object of hostile bytes, hands the luma of each sampled frame to a
function that makes perceptual values of it, and returns numbers; no pixel leaves it. What it may
decode is said by the caller from the content (`heroes_forensics.filetype`), never by an extension,
and only the one decoder of that name is tried. Pixels are counted before anything is decoded.
Warnings of the decoder are errors. Metadata (EXIF, ICC, XMP, text, comments) is passed over unread,
but for what `metadata.Notes` take where somebody asks for it.

A picture that is cut off or damaged is decoded again as far as its bytes go, and says so; when
that gives a single colour, nothing was decoded.

Luma is what Pillow makes of a picture in RGB (ITU-R BT.601, full range), and of a JPEG what libjpeg
decodes as such. Transparency is left out: the colour that a pixel has counts, seen or not. Of 16
bits a pixel the upper eight are taken, where Pillow alone would call everything white.
"""

import io
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import BinaryIO, Final, Generic, NamedTuple, TypeVar

import numpy as np
from PIL import Image, ImageFile, JpegImagePlugin

from heroes_forensics.filetype import directories as tiff
from heroes_forensics.frames import MAX_PIXELS, PICTURE_FRAMES, Picture
from heroes_forensics.media import heic, heif, jpeg, plugins
from heroes_forensics.media.metadata import Notes
from heroes_forensics.media.plugins import FORMATS

PREVIEWS: Final = ("cr2", "nef", "arw", "dng", "pef", "orf", "rw2")
"""Raw types of cameras of which the embedded JPEG is decoded, the largest there is."""
KINDS: Final = (*FORMATS, *PREVIEWS, *heic.KINDS)
"""Types of `heroes_forensics.filetype` that are decoded."""

DRAFT_SIDE: Final = 1024
"""Pixels that the shorter side of a JPEG keeps at least when libjpeg scales it down by 2, 4 or 8
while decoding. Values move by few bits above it, and by up to 30 below (ADR 0030)."""

MAX_SCANS: Final = 500
"""Scans of a progressive JPEG; encoders make about ten."""
MAX_FRAMES: Final = 1000
"""Frames of an animation or pages among which those to hash are chosen."""
MAX_WORK: Final = 10 * MAX_PIXELS
"""Pixels that are drawn to reach the last of these frames."""

_PIECE: Final = 1 << 20

Value = TypeVar("Value")
Measure = Callable[[Image.Image, int], Value]
"""Makes a value of the luma of a frame and its position; it must not keep the frame."""


class LimitError(Exception):
    """A picture is larger than a decoder may take."""


class Measured(NamedTuple, Generic[Value]):
    """What decoding one picture gave."""

    status: Picture
    gap: str
    """A key of `model.GAP_TEXTS`, or empty."""
    width: int = 0
    """Pixels, as the header states them, before any scaling."""
    height: int = 0
    frames: int = 0
    """Frames, pages or pictures there are."""
    values: tuple[Value, ...] = ()
    """What ``measure`` gave, one for each frame that was taken."""


def measured(
    stream: BinaryIO, kind: str, measure: Measure[Value], notes: Notes | None = None
) -> Measured[Value]:
    """Decode one picture and measure its frames.

    Args:
        stream: the bytes of the picture, seekable; it is not closed.
        kind: one of `KINDS`.
        measure: makes a value of one frame.
        notes: takes the metadata of the picture; None: it is not looked at.

    Raises:
        OSError: never for what the bytes are; only ``stream`` itself may raise it.
    """
    plugins.prepare()
    try:
        return _decoded(stream, kind, measure, notes)
    except (LimitError, Image.DecompressionBombWarning, Image.DecompressionBombError) as error:
        return Measured(Picture.GAP, "picture.limit", *_size_of(error))
    except MemoryError:
        return Measured(Picture.GAP, "decoder.memory")
    except Exception:  # noqa: BLE001 - a decoder raises what it likes; it is about the picture
        return _as_far_as_it_goes(stream, kind, measure, notes)


def _as_far_as_it_goes(
    stream: BinaryIO, kind: str, measure: Measure[Value], notes: Notes | None
) -> Measured[Value]:
    nothing: Measured[Value] = Measured(Picture.GAP, "picture.undecodable")
    try:
        with _tolerant():
            found = _decoded(stream, kind, measure, notes, whole=False)
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


@dataclass(frozen=True, slots=True)
class _Opened:
    """A picture whose header was read."""

    width: int
    height: int
    frames: int
    luma: Callable[[int], Image.Image]
    """Decodes one frame."""


def _decoded(
    stream: BinaryIO,
    kind: str,
    measure: Measure[Value],
    notes: Notes | None,
    *,
    whole: bool = True,
) -> Measured[Value]:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        with _opened(stream, kind, notes, whole=whole) as picture:
            width, height, frames = picture.width, picture.height, picture.frames
            reached = min(frames, MAX_FRAMES, max(1, MAX_WORK // (width * height)))
            values = tuple(_values(picture, _chosen(reached), measure, whole=whole))
    status, gap = Picture.DONE, ""
    if not whole or reached < frames:
        status, gap = Picture.PARTIAL, "picture.limit" if whole else "picture.partial"
    return Measured(status, gap, width, height, frames, values)


def _chosen(frames: int) -> list[int]:
    """Return the positions of the frames to hash: all, or as many as allowed, evenly spread."""
    count = min(frames, PICTURE_FRAMES)
    return [index * frames // count for index in range(count)]


def _values(
    picture: _Opened, positions: list[int], measure: Measure[Value], *, whole: bool
) -> Iterator[Value]:
    """Measure frames; of a damaged picture those in front of the damage."""
    drawn = 0
    for position in positions:
        try:
            luma = picture.luma(position)
        except Exception:
            if whole or not position:
                raise
            return
        drawn += luma.width * luma.height
        if drawn > MAX_WORK:
            raise LimitError(picture.width, picture.height)
        # One colour all over is what a decoder makes of nothing.
        if whole or _has_content(luma):
            yield measure(luma, position)


def _has_content(luma: Image.Image) -> bool:
    low, high = luma.getextrema()
    return low != high


def _check_size(width: int, height: int) -> None:
    if width * height > MAX_PIXELS:
        raise LimitError(width, height)


def _size_of(error: Exception) -> tuple[int, int]:
    return error.args if isinstance(error, LimitError) and len(error.args) == 2 else (0, 0)  # noqa: PLR2004


@contextmanager
def _opened(stream: BinaryIO, kind: str, notes: Notes | None, *, whole: bool) -> Iterator[_Opened]:
    """Read the header of a picture, and no more than its limits allow."""
    if kind in PREVIEWS:
        with _preview(stream, notes, whole=whole) as found:
            yield found
        return
    if kind in heic.KINDS:
        yield _heic(stream, notes, whole=whole)
        return
    others = jpeg.others(stream) if kind == "jpeg" else []
    pages = tiff.pages(stream, MAX_FRAMES + 1) if kind == "tiff" else 0
    stream.seek(0)
    with Image.open(stream, formats=[FORMATS[kind]]) as picture:
        if notes is not None:
            notes.picture(kind, stream, picture.info)
        width, height = picture.size
        _check_size(width, height)
        if isinstance(picture, JpegImagePlugin.JpegImageFile):
            _prepare_jpeg(picture, stream)
        frames = pages or 1 + len(others)
        if not others and kind != "tiff":
            frames = max(1, int(getattr(picture, "n_frames", 1)))

        def luma(position: int) -> Image.Image:
            if position and others:
                return _embedded(stream, others[position - 1])
            if position != picture.tell():
                picture.seek(position)
            _check_size(*picture.size)  # pages of a TIFF differ
            picture.load()
            _check_size(*picture.size)
            return luma_of(picture)

        yield _Opened(width, height, frames, luma)


@contextmanager
def _preview(stream: BinaryIO, notes: Notes | None, *, whole: bool) -> Iterator[_Opened]:
    """Open the largest JPEG inside a raw file."""
    if notes is not None:
        notes.picture("tiff", stream, {})
    for offset, length in tiff.previews(stream):
        stream.seek(offset)
        data = io.BytesIO(stream.read(length))
        if jpeg.is_decodable(data):
            with _opened(data, "jpeg", notes, whole=whole) as found:
                yield _Opened(found.width, found.height, 1, found.luma)
            return
    raise ValueError("no picture inside")


def _heic(stream: BinaryIO, notes: Notes | None, *, whole: bool) -> _Opened:
    """Read where the primary picture of a HEIC lies."""
    found = heif.coded(stream)
    if notes is not None:
        notes.item(stream, found.exif)
    _check_size(found.width, found.height)

    def luma(position: int) -> Image.Image:
        del position
        return Image.fromarray(heic.luma(stream, found, whole=whole))

    return _Opened(found.width, found.height, 1, luma)


def _embedded(stream: BinaryIO, place: tuple[int, int]) -> Image.Image:
    """Decode one of the further pictures of a JPEG."""
    offset, length = place
    stream.seek(offset)
    data = io.BytesIO(stream.read(length))
    with Image.open(data, formats=["JPEG"]) as picture:
        _check_size(*picture.size)
        if isinstance(picture, JpegImagePlugin.JpegImageFile):
            _prepare_jpeg(picture, data)
        picture.load()
        return luma_of(picture)


def luma_of(picture: Image.Image) -> Image.Image:
    """Return the luma of a picture that was decoded, 8 bits a pixel."""
    if picture.mode == "L":
        return picture
    if picture.mode.startswith("I;16"):
        upper = np.asarray(picture) >> 8
        return Image.fromarray(upper.astype(np.uint8))
    if picture.mode == "LAB":
        return picture.getchannel(0)
    # Pillow warns of a palette whose colours are transparent to different degrees.
    picture.info.pop("transparency", None)
    return picture.convert("L")


def _prepare_jpeg(picture: JpegImagePlugin.JpegImageFile, stream: BinaryIO) -> None:
    """Refuse a picture of countless scans; have libjpeg decode luma alone, and scale it down."""
    width, height = picture.size
    if "progressive" in picture.info:
        position = stream.tell()
        scans = _count(stream, b"\xff\xda")
        stream.seek(position)
        if scans > MAX_SCANS:
            raise LimitError(width, height)
    scale = next((each for each in (8, 4, 2) if min(width, height) // each >= DRAFT_SIDE), 1)
    picture.draft("L", (width // scale, height // scale))


def _count(stream: BinaryIO, mark: bytes) -> int:
    """Count two bytes in a stream; inside compressed data of a JPEG they are always a marker."""
    stream.seek(0)
    found, last = 0, b""
    while piece := stream.read(_PIECE):
        found += (last + piece).count(mark)
        last = piece[-1:]
    return found


def sample(kind: str) -> bytes:
    """Return a small picture of a type, made here: to warm up its decoder, and for tests."""
    return raw_of(plugins.sample("jpeg")) if kind in PREVIEWS else plugins.sample(kind)


def raw_of(inside: bytes) -> bytes:
    """Return a raw file of a camera that holds nothing but one JPEG."""
    entries = ((tiff.JPEG_OFFSET, 38), (tiff.JPEG_BYTES, len(inside)))
    fields = b"".join(
        tag.to_bytes(2, "little") + b"\4\0\1\0\0\0" + value.to_bytes(4, "little")
        for tag, value in entries
    )
    head = b"II*\0" + (8).to_bytes(4, "little") + len(entries).to_bytes(2, "little")
    return head + fields + b"\0\0\0\0" + inside
