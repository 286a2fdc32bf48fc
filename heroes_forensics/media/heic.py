"""Decoding the primary picture of a HEIC, luma alone, with FFmpeg's HEVC decoder.

Telephones store a picture as a grid of tiles. Each tile is decoded by itself, on this thread, and
put in its place. libheif is not used: its HEVC decoder starts a thread for each picture, and who
decodes here may not have one. A turn that the file asks for (``irot``, ``imir``) is not done.
"""

from typing import TYPE_CHECKING, BinaryIO, Final

import av
import numpy as np
import numpy.typing as npt

from heroes_forensics.frames import MAX_PIXELS
from heroes_forensics.media import heif

if TYPE_CHECKING:
    from av.video.codeccontext import VideoCodecContext

KINDS: Final = ("heic", "heif")
"""Types of `heroes_forensics.filetype`; of a ``heif`` that holds no HEVC nothing is decoded."""

Luma = npt.NDArray[np.uint8]


def luma(stream: BinaryIO, picture: heif.Coded, *, whole: bool = True) -> Luma:
    """Decode a picture.

    Args:
        stream: the bytes of the file.
        picture: as `heif.coded` found it.
        whole: an error where a tile is missing or damaged; else it stays black.

    Raises:
        ValueError: no tile is decoded, or with ``whole`` one is not.
        av.error.FFmpegError: likewise.
    """
    # A tile of a grid may reach beyond the picture; what does is cut off.
    canvas = np.zeros((picture.height, picture.width), dtype=np.uint8)
    across = down = 0
    decoder = _decoder(picture.setup, whole=whole)
    for index, parts in enumerate(picture.tiles):
        try:
            tile = _tile(decoder, heif.read(stream, parts))
        except (ValueError, av.error.FFmpegError):
            if whole:
                raise
            decoder = _decoder(picture.setup, whole=whole)
            continue
        down, across = (down, across) if down else tile.shape
        if tile.shape != (down, across) or down * across * len(picture.tiles) > 2 * MAX_PIXELS:
            raise ValueError("tiles of different sizes")
        row, column = divmod(index, picture.columns)
        place = canvas[row * down : (row + 1) * down, column * across : (column + 1) * across]
        place[:] = tile[: place.shape[0], : place.shape[1]]
    if down * picture.rows < picture.height or across * picture.columns < picture.width:
        raise ValueError("the tiles do not fill the picture")
    return canvas


def _decoder(setup: bytes, *, whole: bool) -> "VideoCodecContext":
    decoder = av.CodecContext.create("hevc", "r")
    decoder.extradata = setup
    decoder.thread_count = 1
    decoder.options = {"max_pixels": str(MAX_PIXELS)}
    if whole:
        decoder.options |= {"err_detect": "explode"}
    return decoder


def _tile(decoder: "VideoCodecContext", data: bytes) -> Luma:
    frames = [*decoder.decode(av.Packet(data)), *decoder.decode(None)]
    decoder.flush_buffers()
    if len(frames) != 1:
        raise ValueError("a tile is no picture")
    grey = frames[0].reformat(format="gray", dst_color_range="JPEG", threads=1)
    return np.asarray(grey.to_ndarray(), dtype=np.uint8)
