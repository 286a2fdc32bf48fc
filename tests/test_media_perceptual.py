"""What decoding gives for real photographs, damaged ones and hostile ones."""

import io
import resource
import struct
import warnings
import zlib
from collections.abc import Iterator
from pathlib import Path

import heics
import imagehash
import numpy as np
import pytest
from corpus import MEDIA, needs_media
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image, ImageFile

from heroes_forensics import filetype
from heroes_forensics.frames import MAX_PIXELS, PICTURE_FRAMES, Picture
from heroes_forensics.media import heic, image, perceptual, plugins


def gradient(width: int = 96, height: int = 64, seed: int = 1) -> Image.Image:
    """Return a picture with something in it, the same on every machine."""
    y, x = np.mgrid[0:height, 0:width].astype(np.int64)
    planes = [(x * (3 + k) + y * y * (seed + k) // 7 + x * y // (5 + seed)) % 256 for k in range(3)]
    return Image.fromarray(np.stack(planes, axis=-1).astype(np.uint8))


def encoded(picture: Image.Image, kind: str, **options: object) -> bytes:
    stream = io.BytesIO()
    picture.save(stream, kind, **options)
    return stream.getvalue()


def encoded_as(picture: Image.Image, kind: str, **options: object) -> bytes:
    """Encode a picture as a type of ours; a raw type of a camera holds a JPEG."""
    if kind in image.PREVIEWS:
        return image.raw_of(encoded(picture, "JPEG", **options))
    if kind in heic.KINDS:
        brand = {"heic": b"heic", "heif": b"mif1"}[kind]
        return heics.encoded(np.asarray(picture.convert("L")), tile=64, brand=brand)
    if kind == "j2k":
        options |= {"no_jp2": True}
    return encoded(picture, plugins.FORMATS[kind], **options)


def examined(data: bytes, kind: str) -> tuple[Picture, str, int, int, int, list[bytes]]:
    """Return what decoding gave, and the phash of each frame that was taken."""
    status, gap, width, height, frames, rows = perceptual.examined(io.BytesIO(data), kind)
    found = [bytes(value)[:8] for value in rows["value"][rows["algorithm"] == 1]]
    return Picture(status), gap, width, height, frames, found


def chunk(name: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))


def empty_png(width: int, height: int) -> bytes:
    """Return a PNG of one bit a pixel, all of it black."""
    row = b"\0" * (1 + (width + 7) // 8)
    engine = zlib.compressobj(9)
    data = b"".join(engine.compress(row) for _ in range(height)) + engine.flush()
    head = struct.pack(">IIBBBBB", width, height, 1, 0, 0, 0, 0)
    signature = b"\x89PNG\r\n\x1a\n"
    return signature + chunk(b"IHDR", head) + chunk(b"IDAT", data) + chunk(b"IEND", b"")


def many_frames(count: int) -> bytes:
    """Return a GIF that repeats its second frame until there are ``count`` frames."""
    two = [gradient(seed=1).quantize(16), gradient(seed=5).quantize(16)]
    data = encoded(two[0], "GIF", save_all=True, append_images=two[1:], duration=50)
    second = data.index(b"!\xf9\x04", data.index(b"!\xf9\x04") + 1)
    return data[:second] + data[second:-1] * (count - 1) + b";"


def many_scans(count: int) -> bytes:
    """Return a progressive JPEG that repeats its last scan until there are ``count`` of them."""
    data = encoded(gradient(), "JPEG", progressive=True)
    last = data.rindex(b"\xff\xda")
    have = data.count(b"\xff\xda")
    return data[:last] + data[last:-2] * (1 + count - have) + b"\xff\xd9"


def photographs() -> Iterator[Path]:
    for path in sorted(MEDIA.iterdir()) if MEDIA else ():
        kind = filetype.TYPES[filetype.sniff(path.read_bytes()[:40_000])].name
        if kind in {"jpeg", "png", "gif", "webp", "bmp"}:
            yield path


@needs_media
def test_photographs_have_the_values_that_imagehash_gives() -> None:
    """But for two bits of few: only luma is decoded, and large ones are scaled in two steps."""
    distances = []
    for path in photographs():
        data = path.read_bytes()
        status, _, width, height, _, values = examined(
            data, filetype.TYPES[filetype.sniff(data[:40_000])].name
        )
        if status is not Picture.DONE:
            continue
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            with Image.open(path) as picture:
                assert (width, height) == picture.size
                if picture.mode.startswith("I;16"):
                    continue  # of which imagehash makes white
                # The whole picture, without the scaling that our decoder lets libjpeg do.
                other = int(str(imagehash.phash(picture)), 16)
                distances.append((int(values[0].hex(), 16) ^ other).bit_count())
    assert max(distances) <= 2
    assert sum(map(bool, distances)) < 0.1 * len(distances)
    assert len(distances) > 300


@pytest.mark.parametrize("kind", ["jpeg", "png", "gif"])
def test_a_picture_has_its_value_and_its_size(kind: str) -> None:
    data = encoded(gradient(), kind.upper())
    status, gap, width, height, frames, values = examined(data, kind)
    assert (status, gap, width, height, frames) == (Picture.DONE, "", 96, 64, 1)
    assert values[0].hex() == str(imagehash.phash(Image.open(io.BytesIO(data))))


def test_a_large_photograph_is_scaled_while_decoding_and_keeps_its_value_and_size() -> None:
    natural = gradient(44, 22).resize((4400, 2200), Image.Resampling.BICUBIC)
    data = encoded(natural, "JPEG")
    status, _, width, height, _, values = examined(data, "jpeg")
    assert (status, width, height) == (Picture.DONE, 4400, 2200)
    assert values[0].hex() == str(imagehash.phash(Image.open(io.BytesIO(data))))


def test_frames_are_taken_evenly_and_at_most_sixteen() -> None:
    pictures = [gradient(seed=seed).quantize(64) for seed in range(40)]
    data = encoded(pictures[0], "GIF", save_all=True, append_images=pictures[1:], disposal=1)
    status, gap, _, _, frames, values = examined(data, "gif")
    assert (status, gap, frames, len(values)) == (Picture.DONE, "", 40, PICTURE_FRAMES)
    with Image.open(io.BytesIO(data)) as picture:
        for index, value in enumerate(values):
            picture.seek(index * 40 // PICTURE_FRAMES)
            assert value.hex() == str(imagehash.phash(picture))


@pytest.mark.parametrize("share", [0.5, 0.9, 0.999])
@pytest.mark.parametrize("kind", ["jpeg", "png", "gif"])
def test_a_truncated_picture_is_decoded_as_far_as_it_goes_and_says_so(
    kind: str, share: float
) -> None:
    data = encoded(gradient(300, 200), kind.upper())
    cut = min(int(len(data) * share), len(data) - 60)  # more than the mark at the end
    status, gap, width, height, _, values = examined(data[:cut], kind)
    assert (status, gap) == (Picture.PARTIAL, "picture.partial")
    assert (width, height, len(values)) == (300, 200, 1)
    assert not ImageFile.LOAD_TRUNCATED_IMAGES


def test_a_header_without_content_has_no_value() -> None:
    head = encoded(gradient(), "PNG")[:33]
    assert examined(head + chunk(b"IDAT", b""), "png")[:2] == (Picture.GAP, "picture.undecodable")


UNDECODABLE = {
    "nothing": (b"", "jpeg"),
    "a name only": (b"GIF89a", "gif"),
    "another type": (encoded(gradient(), "PNG"), "jpeg"),
    "no JPEG behind its mark": (b"\xff\xd8\xff" + b"x" * 1000, "jpeg"),
    "a broken head": (encoded(gradient(), "PNG")[:20] + b"\0" * 100, "png"),
    "a program for another interpreter": (
        b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9",
        "png",
    ),
    "a drawing": (b"\xd7\xcd\xc6\x9a" + b"\0" * 40, "gif"),
}


@pytest.mark.parametrize("sample", UNDECODABLE.values(), ids=UNDECODABLE)
def test_what_is_no_picture_is_undecodable(sample: tuple[bytes, str]) -> None:
    assert examined(*sample) == (Picture.GAP, "picture.undecodable", 0, 0, 0, [])


BOMBS = {
    "12000 x 12000 in 18 KB": (empty_png(12_000, 12_000), "png", 40_000),
    "30000 x 30000": (empty_png(30_000, 30_000), "png", 200_000),
    "a GIF that states 65535 x 65535": (
        b"GIF89a\xff\xff\xff\xff" + encoded(gradient().quantize(8), "GIF")[10:],
        "gif",
        20_000,
    ),
    "100,000 scans": (many_scans(100_000), "jpeg", 100 << 20),
}


@pytest.mark.parametrize("bomb", BOMBS.values(), ids=BOMBS)
def test_a_bomb_is_a_limit_and_no_memory(bomb: tuple[bytes, str, int]) -> None:
    data, kind, size = bomb
    assert len(data) < size
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    status, gap, _, _, _, values = examined(data, kind)
    assert (status, gap, values) == (Picture.GAP, "picture.limit", [])
    # Kilobytes: the stream itself and the pieces of it that are looked at, and no pixels.
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 64_000


def test_a_picture_at_the_limit_of_pixels_is_decoded() -> None:
    assert MAX_PIXELS == 10_000 * 10_000
    assert examined(empty_png(10_000, 10_000), "png")[:4] == (Picture.DONE, "", 10_000, 10_000)
    assert examined(empty_png(10_001, 10_000), "png")[:2] == (Picture.GAP, "picture.limit")


def test_an_animation_of_countless_frames_is_sampled_from_its_beginning() -> None:
    status, gap, _, _, frames, values = examined(many_frames(100_000), "gif")
    assert (status, gap) == (Picture.PARTIAL, "picture.limit")
    assert (frames, len(values)) == (100_000, PICTURE_FRAMES)


def segments(marker: int, data: bytes) -> bytes:
    pieces = [data[start : start + 65_533] for start in range(0, len(data), 65_533)]
    return b"".join(struct.pack(">BBH", 255, marker, len(each) + 2) + each for each in pieces)


METADATA = {
    "EXIF that points into itself": segments(0xE1, b"Exif\0\0II*\0\x08\0\0\0" + b"\xff" * 400),
    "60 MB of EXIF": segments(0xE1, b"Exif\0\0" + b"\xff" * (60 << 20)),
    "a colour profile in countless parts": segments(0xE2, b"ICC_PROFILE\0\xff\xff" + b"x" * 900),
    "pictures beyond the end": segments(0xE2, b"MPF\0II*\0\x08\0\0\0\x01\0" + b"\xff" * 60),
    "a Photoshop block longer than it is": segments(0xED, b"Photoshop 3.0\0" + b"8BIM" * 300),
    "XMP that names an entity": segments(0xE1, b"http://ns.adobe.com/xap/1.0/\0<!DOCTYPE x SYSTEM 'file:///etc/hostname'>"),
}  # fmt: skip


@pytest.mark.parametrize("metadata", METADATA.values(), ids=METADATA)
def test_metadata_is_passed_over(metadata: bytes) -> None:
    data = encoded(gradient(), "JPEG")
    assert examined(data[:2] + metadata + data[2:], "jpeg") == examined(data, "jpeg")


CHUNKS = {
    "text that expands to 64 MiB": chunk(b"zTXt", b"a\0\0" + zlib.compress(bytes(64 << 20))),
    "a colour profile that expands to 64 MiB": chunk(
        b"iCCP", b"a\0\0" + zlib.compress(bytes(64 << 20))
    ),
    "60 MB of text": chunk(b"tEXt", b"transparency\0" + b"x" * (60 << 20)),
    "a broken time": chunk(b"eXIf", b"II*\0\xff\xff\xff\xff"),
}


@pytest.mark.parametrize("metadata", CHUNKS.values(), ids=CHUNKS)
def test_chunks_of_metadata_are_passed_over(metadata: bytes) -> None:
    data = encoded(gradient(), "PNG")
    head = 8 + 25
    assert examined(data[:head] + metadata + data[head:], "png") == examined(data, "png")


def test_what_stands_behind_a_picture_does_not_matter() -> None:
    for kind in ("jpeg", "png", "gif", "bmp", "tiff", "webp"):
        data = encoded(gradient(), kind.upper())
        assert examined(data + b"PK\x03\x04" + b"x" * 5000, kind) == examined(data, kind)


def test_only_the_decoder_of_the_type_is_tried(monkeypatch: pytest.MonkeyPatch) -> None:
    tried: list[object] = []
    real = Image.open

    def noted(stream: io.BytesIO, *, formats: list[str]) -> object:
        tried.append(formats)
        return real(stream, formats=formats)

    monkeypatch.setattr(Image, "open", noted)
    examined(encoded(gradient(), "GIF"), "gif")
    examined(b"%!PS-Adobe-3.0", "gif")
    assert tried == [["GIF"], ["GIF"], ["GIF"]]


@given(st.data(), st.sampled_from(sorted(image.KINDS)))
def test_no_bytes_on_earth_make_it_crash(data: st.DataObject, kind: str) -> None:
    good = bytearray(encoded_as(gradient(24, 16), kind))
    for _ in range(data.draw(st.integers(1, 8))):
        good[data.draw(st.integers(0, len(good) - 1))] = data.draw(st.integers(0, 255))
    end = data.draw(st.integers(0, len(good)))
    status, gap, _, _, _, values = examined(bytes(good[:end]), kind)
    assert (status in {Picture.DONE, Picture.PARTIAL}) == bool(values)
    assert (status is Picture.DONE) == (not gap)
