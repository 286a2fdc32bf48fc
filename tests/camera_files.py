"""Pictures and films that say with which device they were made; and Exif that is hostile."""

import io
import struct
import zlib
from typing import Any, Final

import av
import numpy as np
from av.video.stream import VideoStream
from PIL import Image

EXIF: Final = 0x8769
GPS: Final = 0x8825
MAKE, MODEL, SERIAL = "Marked Optics", "MK-4711 Pro", "SN-90210-ALPHA"
LENS, SOFTWARE = "LENS-5577-BETA", "Firmware 9.87"
LATITUDE: Final = (48.0, 12.0, 30.25)


def exif(**changes: Any) -> bytes:  # noqa: ANN401 - values of Exif
    """Return Exif as a camera writes it, with the mark in front; None leaves a field out."""
    said = {
        "make": MAKE,
        "model": MODEL,
        "software": SOFTWARE,
        "serial": SERIAL,
        "lens": LENS,
        "changed": "2020:02:02 02:02:02",
        "original": "2019:07:01 12:30:05",
        "offset": "+02:00",
        "fraction": "25",
        "position": LATITUDE,
        "camera": None,
    } | changes
    tags = Image.Exif()
    inside, place = tags.get_ifd(EXIF), tags.get_ifd(GPS)
    for target, tag, name in (
        *((tags, 0x010F, "make"), (tags, 0x0110, "model"), (tags, 0x0131, "software")),
        *((tags, 0x0132, "changed"), (tags, 0xC62F, "camera"), (inside, 0xA431, "serial")),
        *((inside, 0xA435, "lens"), (inside, 0x9003, "original"), (inside, 0x9011, "offset")),
        (inside, 0x9291, "fraction"),
    ):
        if said[name] is not None:
            target[tag] = said[name]
    if said["position"]:
        place[1], place[2], place[3], place[4] = "N", LATITUDE, "E", (11.0, 34.0, 12.5)
    return tags.tobytes()


def structured(seed: int = 7) -> Image.Image:
    """Return a picture with enough structure for perceptual values."""
    coarse = np.random.default_rng(seed).integers(0, 256, (16, 24), np.uint8)
    return Image.fromarray(coarse).resize((192, 128), Image.Resampling.BICUBIC)


def picture(kind: str, data: bytes, *, seed: int = 7) -> bytes:
    """Return a picture of a type with this Exif (mark in front) inside."""
    image, stream = structured(seed), io.BytesIO()
    if kind in {"png", "png-late", "png-profile"}:
        image.save(stream, "PNG")
        body = data.removeprefix(b"Exif\0\0")
        chunk = (b"eXIf", body)
        if kind == "png-profile":
            text = b"\nexif\n%8d\n" % len(data) + data.hex().encode()
            chunk = (b"zTXt", b"Raw profile type exif\0\0" + zlib.compress(text))
        return _with_chunk(stream.getvalue(), *chunk, late=kind == "png-late")
    if kind == "tiff":
        return _tiff(data.removeprefix(b"Exif\0\0"), image)
    image.convert("RGB").save(stream, kind.upper(), **({"exif": data} if data else {}))
    return stream.getvalue()


def _with_chunk(data: bytes, kind: bytes, body: bytes, *, late: bool) -> bytes:
    at = len(data) - 12 if late else 33  # before IEND, behind IHDR
    chunk = struct.pack(">I", len(body)) + kind + body
    return data[:at] + chunk + struct.pack(">I", zlib.crc32(kind + body)) + data[at:]


def _tiff(tags: bytes, image: Image.Image) -> bytes:
    """Return Exif, a TIFF by itself, with the pixels of a picture behind it."""
    exif_tags = Image.Exif()
    exif_tags.load(tags)
    stream = io.BytesIO()
    image.save(stream, "TIFF", exif=exif_tags)
    return stream.getvalue()


def film(container: str, codec: str = "mpeg4", **metadata: str) -> bytes:
    """Return a film of two seconds whose container says something."""
    target = io.BytesIO()
    options = {"movflags": "use_metadata_tags"} if container in {"mp4", "mov"} else {}
    with av.open(target, "w", format=container, options=options) as out:
        out.metadata.update(metadata)
        stream = out.add_stream(codec, rate=4)
        assert isinstance(stream, VideoStream)
        stream.width, stream.height, stream.pix_fmt = 192, 128, "yuv420p"
        stream.codec_context.thread_count = 1
        for number in range(8):
            grey = np.asarray(structured(7 + number // 4).convert("RGB"))
            out.mux(stream.encode(av.VideoFrame.from_ndarray(grey, format="rgb24")))
        out.mux(stream.encode(None))
    return target.getvalue()


# ---- hostile Exif ------------------------------------------------------------------------

_ASCII, _LONG = 2, 4
_BIG: Final = 60 << 20


def _directory(fields: list[tuple[int, int, int, int]], following: int = 0) -> bytes:
    rows = b"".join(struct.pack("<HHII", *row) for row in fields)
    return struct.pack("<H", len(fields)) + rows + struct.pack("<I", following)


def _blob(fields: list[tuple[int, int, int, int]], rest: bytes = b"", following: int = 0) -> bytes:
    head = b"Exif\0\0II*\0" + struct.pack("<I", 8)
    return head + _directory(fields, following) + rest


def hostile() -> dict[str, bytes]:
    """Return Exif that costs a careless reader its time, its memory or its life."""
    name = (0x010F, _ASCII, 4, int.from_bytes(b"abc\0", "little"))
    sound = exif()
    return {
        "a directory that follows itself": _blob([name], following=8),
        "Exif that is the first directory": _blob([name, (EXIF, _LONG, 1, 8), (GPS, _LONG, 1, 8)]),
        "an offset beyond the file": _blob([(0x010F, _ASCII, 40, 0xFFFFFFF0)]),
        "a directory beyond the file": b"Exif\0\0II*\0\xf0\xff\xff\xff",
        "Exif beyond the file": _blob([name, (EXIF, _LONG, 1, 0xFFFFFFF0)]),
        "4 GiB of text": _blob([(0x010F, _ASCII, 0xFFFFFFFF, 8)]),
        "4 GiB of rationals": _blob([(0x010F, 5, 0xFFFFFFFF, 8)]),
        "many values that overlap": _blob(
            [(tag, _ASCII, 60_000, 8) for tag in range(0x0100, 0x1000)], b"x" * 1000
        ),
        "more fields than there are": b"Exif\0\0II*\0" + struct.pack("<IH", 8, 0xFFFF),
        "a pointer that is a text": _blob([(EXIF, _ASCII, 4, 8)]),
        "a pointer of many values": _blob([(EXIF, _LONG, 200, 8)], bytes(1000)),
        "a make of numbers": _blob([(0x010F, _LONG, 1, 7)]),
        "cut off": sound[: len(sound) // 2],
        "no TIFF": b"Exif\0\0" + bytes(range(256)),
        "nothing behind the mark": b"Exif\0\0",
        "BigTIFF": b"Exif\0\0II+\0\x08\0\0\0" + b"\xff" * 100,
    }


def long_text(size: int = _BIG) -> bytes:
    """Return Exif whose make is so many bytes long."""
    return _blob([(0x010F, _ASCII, size, 26)], b"A" * size)
