"""What people do to films: fifteen edits, each the same whenever it is made.

A film is decoded to frames of at most `SIDE` pixels, edited frame by frame, and encoded by FFmpeg
in memory, on one thread. Sound is left out.
"""

import io
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import partial
from typing import TYPE_CHECKING, Any, Final, NamedTuple, cast

import av
import numpy as np
from PIL import Image
from PIL.Image import Resampling, Transpose

from heroes_forensics.media.edits import layout, marks, tone

if TYPE_CHECKING:
    from av.video.stream import VideoStream

SIDE: Final = 480
"""Pixels of the longer side of the frames that are edited."""
MOST_FRAMES: Final = 900
"""Frames of a film that are edited; the known film is compared whole."""
_SPLICE: Final = 4.0
"""Seconds that are cut out and put into the middle of another film."""
_KEYS: Final = 48
"""Frames from one key frame to the next at most."""


@dataclass(frozen=True, slots=True)
class Film:
    """Frames of a film, all of one size."""

    frames: tuple[Image.Image, ...]
    rate: Fraction
    """Frames a second."""

    def part(self, start: float, end: float) -> "Film":
        """Return what lies between two times, seconds."""
        first, last = round(start * self.rate), max(1, round(end * self.rate))
        return replace(self, frames=self.frames[first:last] or self.frames[-1:])

    @property
    def seconds(self) -> float:
        """How long it is."""
        return float(len(self.frames) / self.rate)


def decoded(data: bytes) -> Film:
    """Return the frames of the first moving picture of a file."""
    frames: list[Image.Image] = []
    shown: Any  # PyAV does not say what a frame is made into
    with av.open(io.BytesIO(data), "r") as container:
        stream = container.streams.video[0]
        stream.codec_context.thread_count = 1
        rate = stream.average_rate or Fraction(25)
        for shown in container.decode(stream):
            picture: Image.Image = shown.to_image()
            picture.thumbnail((SIDE, SIDE), Resampling.BICUBIC)
            frames.append(picture)
            if len(frames) == MOST_FRAMES:
                break
    # MPEG-4 knows no finer ones.
    return Film(tuple(frames), min(rate, Fraction(60)).limit_denominator(1001))


_STEADY: Final = ("x264-params", "threads=1:weightp=0:no-mbtree=1")
"""With its other ways of looking ahead, x264 makes another file each time."""


class Encoder(NamedTuple):
    """How frames become a file."""

    kind: str = "mp4"
    """A row of `heroes_forensics.filetype.TYPES`."""
    container: str = "mp4"
    codec: str = "libx264"
    options: tuple[tuple[str, str], ...] = (("crf", "26"), ("preset", "veryfast"), _STEADY)

    def encoded(self, film: Film) -> bytes:
        """Return the bytes of a file."""
        target = io.BytesIO()
        width, height = (side - side % 2 for side in film.frames[0].size)
        options = {"fflags": "bitexact"}  # no dates, no numbers by chance
        with av.open(target, "w", format=self.container, container_options=options) as out:
            added = out.add_stream(self.codec, rate=film.rate, options=dict(self.options))
            stream = cast("VideoStream", added)
            stream.width, stream.height, stream.pix_fmt = width, height, "yuv420p"
            stream.codec_context.gop_size = _KEYS
            stream.codec_context.thread_count = 1
            for picture in film.frames:
                rows = np.asarray(picture.convert("RGB"))[:height, :width]
                frame = av.VideoFrame.from_ndarray(np.ascontiguousarray(rows), format="rgb24")
                out.mux(stream.encode(frame))
            out.mux(stream.encode(None))
        return target.getvalue()


MP4: Final = Encoder()
POOR: Final = Encoder(options=(("crf", "38"), ("preset", "veryfast"), _STEADY))
WEBM: Final = Encoder(
    "webm", "webm", "libvpx", (("b", "300k"), ("deadline", "realtime"), ("cpu-used", "8"))
)
AVI: Final = Encoder("avi", "avi", "mpeg4", (("b", "500k"),))

Change = Callable[[Film, Film], Film]
"""Makes a film of one film and of another, unrelated one."""


class FilmEdit(NamedTuple):
    """One thing done to a film."""

    name: str
    change: Change
    save: Encoder = MP4


def _frames(change: Callable[[Image.Image], Image.Image]) -> Change:
    def made(film: Film, other: Film) -> Film:
        del other
        return replace(film, frames=tuple(map(change, film.frames)))

    return made


def _same(film: Film, other: Film) -> Film:
    del other
    return film


def _rate(film: Film, other: Film, rate: int) -> Film:
    """Show fewer or more frames a second, at the same speed."""
    del other
    count = max(1, round(film.seconds * rate))
    chosen = (min(len(film.frames) - 1, int(at / rate * film.rate)) for at in range(count))
    return Film(tuple(film.frames[at] for at in chosen), Fraction(rate))


def _faster(film: Film, other: Film) -> Film:
    """Show the same frames in four fifths of the time."""
    del other
    return replace(film, rate=film.rate * Fraction(5, 4))


def _without_start(film: Film, other: Film) -> Film:
    del other
    return film.part(0.4 * film.seconds, film.seconds)


def _without_end(film: Film, other: Film) -> Film:
    del other
    return film.part(0, 0.5 * film.seconds)


def _like(film: Film, other: Film) -> Iterator[Image.Image]:
    """Yield frames of another film in size and rate of the first."""
    size = film.frames[0].size
    for frame in _rate(other, other, max(1, round(film.rate))).frames:
        yield layout.fitted(frame, size)


def _spliced(film: Film, other: Film) -> Film:
    """Put some seconds of a film into the middle of another one."""
    start = max(0.0, film.seconds - _SPLICE) / 2
    inside = film.part(start, start + _SPLICE).frames
    around = tuple(_like(film, other))
    half = len(around) // 2
    return replace(film, frames=(*around[:half], *inside, *around[half:]))


def _joined(film: Film, other: Film) -> Film:
    """Show another film first, then the whole film."""
    return replace(film, frames=(*_like(film, other), *film.frames))


FILM_EDITS: Final[tuple[FilmEdit, ...]] = (
    FilmEdit("encoded again, H.264, poor", _same, POOR),
    FilmEdit("WebM, VP8", _same, WEBM),
    FilmEdit("AVI, MPEG-4", _same, AVI),
    FilmEdit("10 frames a second", partial(_rate, rate=10)),
    FilmEdit("half size", _frames(partial(layout.resized, across=0.5, down=0.5))),
    FilmEdit("without its first 40 %", _without_start),
    FilmEdit("without its second half", _without_end),
    FilmEdit("4 s in the middle of another film", _spliced),
    FilmEdit("after another film", _joined),
    FilmEdit(
        "bars above and below, 15 %",
        _frames(partial(layout.bordered, shares=(0.15, 0.15, 0, 0), colour="black")),
    ),
    FilmEdit("mirrored", _frames(partial(layout.moved, how=Transpose.FLIP_LEFT_RIGHT))),
    FilmEdit("cropped by 5 %", _frames(partial(layout.cropped, share=0.05))),
    FilmEdit("a quarter faster", _faster),
    FilmEdit("brightness +25 %", _frames(partial(tone.brightness, factor=1.25))),
    FilmEdit("name in a corner", _frames(marks.signed)),
)
