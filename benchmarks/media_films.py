"""What looking at films costs, by profile, beside decoding them alone.

Films of a folder that last three seconds and longer, those of the corpus of evidence if it is
there, and one made here of a photograph at 1920 x 1080. Processor time in one process, one thread;
the fastest of some rounds. ``python benchmarks/media.py`` runs it and keeps the figures.
"""

import io
import time
from collections.abc import Callable, Sequence
from fractions import Fraction
from pathlib import Path
from typing import Final, NamedTuple

import av
import numpy as np
from av.video.stream import VideoStream
from PIL import Image

from heroes_forensics import filetype
from heroes_forensics.media import film_values, video

LEAST_SECONDS: Final = 3.0
"""Of a film that is measured: opening a shorter one costs more than looking at it."""
SIZE: Final = (1920, 1080)
RATE: Final = 24
MADE_SECONDS: Final = 10
_ROOM: Final = 1.25
"""Times larger than the film is the photograph over which it wanders."""
CLASSES: Final = ((0, 480, "up to 480 lines"), (480, 1000, "to 1000 lines"), (1000, 9999, "1080"))
NAMES: Final = {
    "every frame": "PyAV alone, every frame",
    "key frames": "PyAV alone, key frames",
    **{profile: f"heroes, {profile}" for profile in video.SECONDS},
}


class Film(NamedTuple):
    """One film to measure."""

    data: bytes
    kind: str
    seconds: float
    lines: int
    """The shorter side, pixels."""


def films(folders: Sequence[Path], photograph: bytes) -> list[Film]:
    """Return the films of folders that are long enough, and one made of a photograph."""
    paths = [path for folder in folders if folder.is_dir() for path in sorted(folder.iterdir())]
    found = [_film(path.read_bytes()) for path in paths if path.is_file()]
    found.append(_film(made(photograph)))
    return [each for each in found if each is not None]


def _film(data: bytes) -> Film | None:
    kind = filetype.TYPES[filetype.sniff(data[: 1 << 16])].name
    if kind not in video.DEMUXERS:
        return None
    _, gap, width, height, _, length, _ = film_values.examined(io.BytesIO(data), kind, "triage")
    if gap or length < 1000 * LEAST_SECONDS or not width:
        return None
    return Film(data, kind, length / 1000, min(width, height))


def made(photograph: bytes) -> bytes:
    """Return a film in H.264 that wanders over a photograph."""
    width, height = SIZE
    room = round(width * _ROOM), round(height * _ROOM)
    with Image.open(io.BytesIO(photograph)) as picture:
        whole = np.asarray(picture.convert("RGB").resize(room, Image.Resampling.BICUBIC))
    target = io.BytesIO()
    with av.open(target, "w", format="mp4") as out:
        stream = out.add_stream("libx264", rate=RATE, options={"crf": "23"})
        assert isinstance(stream, VideoStream)  # noqa: S101 - of this encoder
        stream.width, stream.height = SIZE
        stream.pix_fmt = "yuv420p"
        count = MADE_SECONDS * RATE
        for index in range(count):
            top = (room[1] - height) * index // count
            left = (room[0] - width) * index // count
            window = np.ascontiguousarray(whole[top : top + height, left : left + width])
            frame = av.VideoFrame.from_ndarray(window, format="rgb24")
            frame.pts, frame.time_base = index, Fraction(1, RATE)
            out.mux(stream.encode(frame))
        out.mux(stream.encode(None))
    return target.getvalue()


def _decoded(film: Film, skip: str) -> None:
    """Decode a film and look at nothing."""
    with av.open(io.BytesIO(film.data), "r") as container:
        stream = container.streams.video[0]
        stream.codec_context.thread_count = 1
        if skip == "NONKEY":
            stream.codec_context.skip_frame = "NONKEY"
        for _ in container.decode(stream):
            pass


def _way(name: str) -> Callable[[Film], object]:
    if name in video.SECONDS:
        return lambda film: film_values.examined(io.BytesIO(film.data), film.kind, name)
    skip = "NONKEY" if name == "key frames" else "DEFAULT"
    return lambda film: _decoded(film, skip)


def spent(film: Film, name: str, rounds: int) -> float:
    """Return the processor time that one way of looking at a film takes, seconds."""
    way, best = _way(name), float("inf")
    for _ in range(rounds):
        start = time.process_time()
        way(film)
        best = min(best, time.process_time() - start)
    return best


def table(found: Sequence[Film], rounds: int) -> list[str]:
    """Return the figures of each class of size."""
    lines = [
        "| films | number | seconds of film | way | times real time, a core |",
        "|---|---:|---:|---|---:|",
    ]
    for least, most, label in CLASSES:
        mine = [film for film in found if least < film.lines <= most]
        length = sum(film.seconds for film in mine)
        for name, words in NAMES.items() if mine else ():
            total = sum(spent(film, name, rounds) for film in mine)
            lines.append(
                f"| {label} | {len(mine)} | {length:.0f} | {words} | {length / total:,.0f} |"
            )
    return lines
