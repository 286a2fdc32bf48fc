"""Perceptual values of a film: PDQ of the frames that say something new, with their times.

Of each such frame the value as it is and, where it has borders, that of what lies within them; in
one orientation: the others are bit operations on it when it is compared (ADR 0029).
"""

import io
from collections.abc import Callable
from typing import BinaryIO, Final

import av
import numpy as np

from heroes_forensics.frames import HASHES, PERCEPTUAL_ALGORITHMS, Rows
from heroes_forensics.media import blocks, borders, tones, video
from heroes_forensics.media.metadata import Notes

_PDQ: Final = PERCEPTUAL_ALGORITHMS.index("pdq")
_SIDE: Final = 64


def examined(
    stream: BinaryIO,
    kind: str,
    profile: str,
    moved: Callable[[], object] = lambda: None,
    notes: Notes | None = None,
) -> tuple[int, str, int, int, int, int, Rows]:
    """Decode a film; return status, gap, width, height, frames, milliseconds, and `HASHES` rows.

    The rows have no id yet, and stand in the order that `HASHES` asks for.

    Args:
        stream: the bytes of the film, seekable.
        kind: a key of `video.DEMUXERS`.
        profile: a key of `video.SECONDS`.
        moved: called for each packet.
        notes: takes the metadata of the film; None: it is not looked at.

    Raises:
        OSError: ``stream`` raised it.
    """
    found = video.measured(stream, kind, profile, tones.measured, within, moved=moved, notes=notes)
    rows = np.zeros(len(found.kept.at), dtype=HASHES)
    rows["algorithm"] = _PDQ
    rows["at"], rows["view"], rows["quality"], rows["tones"] = found.kept[:4]
    rows["value"] = found.kept.value.view(HASHES["value"])[:, 0]
    sizes = (found.width, found.height, found.frames, found.milliseconds)
    return (int(found.status), found.gap, *sizes, rows)


def within(luma: borders.Luma) -> borders.Luma:
    """Return what lies within the border of a frame, bars above and below as a rule.

    Lines of the colour of the thickest bar alone are cut off: the dark sides of a scene between
    grey bars are not. Where that leaves nothing, borders of any colours are.
    """
    box = blocks.bordered(luma)
    return borders.trimmed(luma) if box is None else box.of(luma)


def sample() -> bytes:
    """Return a small film, made here: to warm up what decodes, and for tests."""
    target = io.BytesIO()
    with av.open(target, "w", format="mp4") as out:
        stream = out.add_stream("mpeg4", rate=2)
        stream.width = stream.height = _SIDE
        stream.pix_fmt = "yuv420p"
        stream.codec_context.thread_count = 1
        for _ in range(2):
            frame = av.VideoFrame(_SIDE, _SIDE, "yuv420p")
            for plane in frame.planes:
                plane.update(bytes(range(256)) * (plane.buffer_size // 256))
            out.mux(stream.encode(frame))
        out.mux(stream.encode(None))
    return target.getvalue()


def prepare() -> None:
    """Decode one film: whatever is loaded late is loaded then.

    Raises:
        RuntimeError: no film can be decoded on this machine.
    """
    found = video.measured(io.BytesIO(sample()), "mp4", "deep", tones.measured, within)
    if found.gap or not found.frames:
        raise RuntimeError("no film can be decoded on this machine")
