"""Benign films for tests: shots that wander over made pictures, encoded by PyAV."""

import io
import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from fractions import Fraction
from functools import cache

import av
import numpy as np
import numpy.typing as npt
import pictures
from av.video.stream import VideoStream

Frame = npt.NDArray[np.uint8]
"""Rows, columns, (red, green, blue)."""

RATE = 12
"""Frames a second."""
WIDTH, HEIGHT = 320, 180
SHOT = 2
"""Seconds."""
_ROOM = 64
"""Pixels that a shot wanders at most."""

MADE = (pictures.landscape, pictures.stone, pictures.flower)


@cache
def scene(seed: int) -> Frame:
    """Return the picture over which one shot wanders; stones and flowers among landscapes."""
    made = pictures.landscape(seed, WIDTH + _ROOM, HEIGHT + _ROOM)
    made.setflags(write=False)
    return made


def shot(seed: int, seconds: float = SHOT, rate: int = RATE) -> Iterator[Frame]:
    """Yield the frames of one shot: a window that moves over a picture."""
    whole = scene(seed)
    count = int(seconds * rate)
    across, down = 1 + seed % 3, 1 + seed // 3 % 3
    for index in range(count):
        step = index * _ROOM // max(1, 3 * count)
        top, left = step * down // 2, step * across
        yield whole[top : top + HEIGHT, min(left, _ROOM) :][:, :WIDTH]


def film(seed: int, shots: int = 4, seconds: float = SHOT, rate: int = RATE) -> list[Frame]:
    """Return the frames of a film of several shots; no two seeds share one."""
    return [frame for number in range(shots) for frame in shot(100 * seed + number, seconds, rate)]


@contextmanager
def as_scheduled() -> Iterator[None]:
    """Keep how the process is scheduled: SVT-AV1 4.1 puts that of root before everything else."""
    policy, parameters = os.sched_getscheduler(0), os.sched_getparam(0)
    try:
        yield
    finally:
        os.sched_setscheduler(0, policy, parameters)


def encoded(  # noqa: PLR0913 - what an encoder has to be told
    frames: Iterable[Frame],
    *,
    container: str = "mp4",
    codec: str = "mpeg4",
    rate: int = RATE,
    pixels: str = "yuv420p",
    options: dict[str, str] | None = None,
    bit_rate: int = 2_000_000,
) -> bytes:
    """Return a film file."""
    target = io.BytesIO()
    with as_scheduled(), av.open(target, "w", format=container) as out:
        stream: VideoStream | None = None
        for index, picture in enumerate(frames):
            if stream is None:
                made = out.add_stream(codec, rate=rate, options=options or {})
                assert isinstance(made, VideoStream)
                stream = made
                stream.height, stream.width = picture.shape[:2]
                stream.pix_fmt = pixels
                stream.bit_rate = bit_rate
                stream.codec_context.thread_count = 1
            frame = av.VideoFrame.from_ndarray(np.ascontiguousarray(picture), format="rgb24")
            frame.pts, frame.time_base = index, Fraction(1, rate)
            out.mux(stream.encode(frame))
        if stream is not None:
            out.mux(stream.encode(None))
    return target.getvalue()
