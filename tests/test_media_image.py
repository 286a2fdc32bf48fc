"""Types of pictures: every one decoded, limited, and its metadata passed over."""

import io
import struct
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import heics
import numpy as np
import pictures
import pytest
from corpus import MEDIA, needs_media
from PIL import Image, ImageCms
from test_media_perceptual import encoded, encoded_as, gradient

from heroes_forensics.filetype import TYPES, sniff
from heroes_forensics.filetype import directories as tiff
from heroes_forensics.frames import PERCEPTUAL_ALGORITHMS, PICTURE_FRAMES, Picture, Rows
from heroes_forensics.media import heic, image, jpeg, pdq, perceptual

SCENE = Image.fromarray(pictures.landscape(5, 400, 300))
LUMA = np.asarray(SCENE.convert("L"))
CLOSE = 10
"""Bits between the values of a picture and of the same picture in another encoding."""


def examined(data: bytes, kind: str) -> tuple[Picture, str, int, int, int, Rows]:
    status, gap, width, height, frames, rows = perceptual.examined(io.BytesIO(data), kind)
    return Picture(status), gap, width, height, frames, rows


def values(rows: Rows, at: int = 0) -> list[int]:
    """Return PDQ of a frame as it is, in its eight orientations."""
    mine = rows[(rows["at"] == at) & (rows["algorithm"] == 0) & (rows["view"] == 0)]
    return [int.from_bytes(bytes(value), "big") for value in mine["value"]]


def expected(picture: Image.Image) -> list[int]:
    found, _ = pdq.hashes(np.asarray(picture.convert("L")), exact=True)
    return [int.from_bytes(value.tobytes(), "big") for value in found]


def is_close(rows: Rows, picture: Image.Image, at: int = 0) -> bool:
    pairs = zip(values(rows, at), expected(picture), strict=True)
    return all((one ^ other).bit_count() <= CLOSE for one, other in pairs)


def other_scene(seed: int) -> Image.Image:
    return Image.fromarray(pictures.landscape(seed, 400, 300))


@pytest.mark.parametrize("kind", image.KINDS)
def test_every_type_gives_the_values_of_the_picture(kind: str) -> None:
    data = encoded_as(SCENE, kind)
    status, gap, width, height, frames, rows = examined(data, kind)
    assert (status, gap, width, height, frames) == (Picture.DONE, "", 400, 300, 1)
    assert is_close(rows, SCENE)
    assert len(rows) == 10
    assert rows["quality"].min() >= 50
    assert [PERCEPTUAL_ALGORITHMS[each] for each in rows["algorithm"][-2:]] == [
        "phash-64",
        "dhash-64",
    ]


@pytest.mark.parametrize("kind", sorted({*image.KINDS} - {*image.PREVIEWS}))
def test_the_type_is_told_by_content(kind: str) -> None:
    assert TYPES[sniff(encoded_as(SCENE, kind)[:40_000])].name == kind


@pytest.mark.parametrize("kind", image.KINDS)
@pytest.mark.parametrize("share", [0.3, 0.8])
def test_what_is_cut_off_is_partly_decoded_or_a_gap(kind: str, share: float) -> None:
    data = encoded_as(SCENE, kind)
    status, gap, width, height, _, rows = examined(data[: int(len(data) * share)], kind)
    if status is Picture.PARTIAL:
        assert (gap, width, height, bool(len(rows))) == ("picture.partial", 400, 300, True)
    else:
        assert (status, gap, len(rows)) == (Picture.GAP, "picture.undecodable", 0)
    if kind in {"jpeg", "png", "gif", "bmp"}:
        assert status is Picture.PARTIAL


# ---- what a pixel may be -----------------------------------------------------------------

SHADES: dict[str, Callable[[], tuple[Image.Image, str]]] = {
    "grey": lambda: (SCENE.convert("L"), "png"),
    "grey and alpha": lambda: (with_alpha(SCENE.convert("L")), "png"),
    "colour and alpha": lambda: (with_alpha(SCENE), "png"),
    "a palette": lambda: (SCENE.quantize(256), "png"),
    "16 bits": lambda: (Image.fromarray(LUMA.astype(np.uint16) * 257), "png"),
    "CMYK": lambda: (SCENE.convert("CMYK"), "jpeg"),
    "CMYK in TIFF": lambda: (SCENE.convert("CMYK"), "tiff"),
    "LAB": lambda: (Image.merge("LAB", [SCENE.convert("L")] * 3), "tiff"),
    "YCbCr": lambda: (SCENE.convert("YCbCr"), "tiff"),
    "alpha in WebP": lambda: (with_alpha(SCENE), "webp"),
    "alpha in AVIF": lambda: (with_alpha(SCENE), "avif"),
    "alpha in JPEG 2000": lambda: (with_alpha(SCENE), "jp2"),
}


def with_alpha(picture: Image.Image) -> Image.Image:
    """Return a picture whose lower half cannot be seen."""
    alpha = Image.new("L", picture.size, 255)
    alpha.paste(0, (0, 150, 400, 300))
    picture = picture.copy()
    picture.putalpha(alpha)
    return picture


@pytest.mark.parametrize("name", SHADES)
def test_luma_is_that_of_the_colours_whatever_a_pixel_is(name: str) -> None:
    picture, kind = SHADES[name]()
    options = {"exact": True, "lossless": True} if kind == "webp" else {}
    status, _, _, _, _, rows = examined(encoded_as(picture, kind, **options), kind)
    assert status is Picture.DONE
    assert is_close(rows, SCENE)


def test_one_bit_a_pixel_is_black_and_white() -> None:
    picture = SCENE.convert("1")
    *_, rows = examined(encoded(picture, "PNG"), "png")
    assert is_close(rows, picture)


def test_a_palette_with_transparent_colours_is_decoded() -> None:
    picture = SCENE.quantize(64)
    data = encoded(picture, "PNG", transparency=bytes(range(64)))
    status, _, _, _, _, rows = examined(data, "png")
    assert status is Picture.DONE
    assert is_close(rows, picture)


# ---- several pictures in one file --------------------------------------------------------


@pytest.mark.parametrize("kind", ["gif", "png", "webp", "tiff", "avif"])
def test_frames_and_pages_are_hashed_one_by_one(kind: str) -> None:
    scenes = [other_scene(seed) for seed in (1, 2, 3)]
    options: dict[str, object] = {"lossless": True} if kind == "webp" else {}
    options |= {"quality": 90} if kind == "avif" else {}
    data = encoded_as(scenes[0], kind, save_all=True, append_images=scenes[1:], **options)
    status, gap, _, _, frames, rows = examined(data, kind)
    assert (status, gap, frames) == (Picture.DONE, "", 3)
    assert sorted(set(rows["at"].tolist())) == [0, 1, 2]
    for at, scene in enumerate(scenes):
        assert is_close(rows, scene, at)


def multi_picture(*scenes: Image.Image) -> bytes:
    return encoded(scenes[0], "MPO", save_all=True, append_images=scenes[1:])


def test_all_pictures_of_an_mpo_are_hashed() -> None:
    scenes = [other_scene(seed) for seed in (1, 2, 3)]
    data = multi_picture(*scenes)
    assert TYPES[sniff(data[:40_000])].name == "jpeg"
    status, gap, width, height, frames, rows = examined(data, "jpeg")
    assert (status, gap, width, height, frames) == (Picture.DONE, "", 400, 300, 3)
    for at, scene in enumerate(scenes):
        assert is_close(rows, scene, at)


def test_an_mpo_that_is_cut_off_gives_its_first_pictures() -> None:
    data = multi_picture(other_scene(1), other_scene(2))
    second = jpeg.others(io.BytesIO(data))[0][0]
    status, gap, _, _, frames, rows = examined(data[: second + 700], "jpeg")
    assert (status, gap, frames) == (Picture.PARTIAL, "picture.partial", 2)
    assert is_close(rows, other_scene(1))


def mpo_entries(*places: tuple[int, int]) -> bytes:
    """Return a picture whose index names these places, counted from the index itself."""
    entries = b"".join(struct.pack("<IIIHH", 0, length, at, 0, 0) for at, length in places)
    index = b"II*\0\x08\0\0\0" + struct.pack("<H", 1)
    index += struct.pack("<HHII", 0xB002, 7, len(entries), 26) + bytes(4) + entries
    segment = b"MPF\0" + index
    data = encoded(SCENE, "JPEG")
    return data[:2] + b"\xff\xe2" + struct.pack(">H", len(segment) + 2) + segment + data[2:]


HOSTILE_INDEXES = {
    "no place": (),
    "itself": ((0, 4000),) * 40,
    "behind the end": ((1 << 31, 4000),),
    "no picture": ((9, 4000),),
    "of no length": ((100, 0),),
    "longer than any": ((100, 0xFFFFFFFF),),
}


@pytest.mark.parametrize("name", HOSTILE_INDEXES)
def test_an_index_of_pictures_that_lies_is_passed_over(name: str) -> None:
    status, gap, _, _, frames, rows = examined(mpo_entries(*HOSTILE_INDEXES[name]), "jpeg")
    assert (status, gap, frames) == (Picture.DONE, "", 1)
    assert is_close(rows, SCENE)


def test_an_index_of_countless_pictures_is_cut() -> None:
    inside = encoded(other_scene(2), "JPEG")
    plain = mpo_entries(*[(1, len(inside))] * 60)
    start = plain.index(b"MPF\0") + 4
    places = [(len(plain) - start + n * len(inside), len(inside)) for n in range(60)]
    data = mpo_entries(*places) + inside * 60
    assert len(jpeg.others(io.BytesIO(data))) == PICTURE_FRAMES - 1
    status, _, _, _, frames, rows = examined(data, "jpeg")
    assert (status, frames) == (Picture.DONE, PICTURE_FRAMES)
    assert is_close(rows, other_scene(2), PICTURE_FRAMES - 1)


# ---- HEIC --------------------------------------------------------------------------------


def tiled(**changes: bytes) -> bytes:
    """Return a HEIC of 7 x 5 tiles, some of its bytes changed for others of the same length."""
    data = heics.encoded(LUMA, tile=64)
    for find, replace in changes.items():
        data = data.replace(HEIC_PLACES[find], replace, 1)
    return data


def test_one_piece_and_a_grid_of_tiles_give_the_same() -> None:
    one, grid = (examined(heics.encoded(LUMA, tile=tile), "heic") for tile in (0, 128))
    assert one[:5] == grid[:5] == (Picture.DONE, "", 400, 300, 1)
    assert is_close(one[5], SCENE)
    assert is_close(grid[5], SCENE)


def test_of_a_grid_that_is_cut_off_the_first_tiles_are_taken() -> None:
    data = tiled()
    status, gap, width, height, _, rows = examined(data[: len(data) * 9 // 10], "heic")
    assert (status, gap, width, height) == (Picture.PARTIAL, "picture.partial", 400, 300)
    assert len(rows)


HEIC_PLACES = {
    "grid": struct.pack(">BBBBHH", 0, 0, 4, 6, 400, 300),
    "made of": struct.pack(">I4sHH", 8 + 4 + 70, b"dimg", 36, 35),
    "tile": struct.pack(">4sIII", b"ispe", 0, 64, 64),
    "primary": struct.pack(">I4sIH", 14, b"pitm", 0, 36),
    "kind": struct.pack(">HH4s", 1, 0, b"hvc1"),
    "setup": b"hvcC\1",
}
HOSTILE_HEICS = {
    "no tiles": {"grid": struct.pack(">BBBBHH", 0, 0, 0, 0, 400, 300)},
    "more tiles than there are": {"grid": struct.pack(">BBBBHH", 0, 0, 255, 255, 400, 300)},
    "tiles that do not fill it": {"grid": struct.pack(">BBBBHH", 0, 0, 4, 6, 900, 300)},
    "no pixels": {"grid": struct.pack(">BBBBHH", 0, 0, 4, 6, 0, 300)},
    "made of one": {"made of": struct.pack(">I4sHH", 8 + 4 + 70, b"dimg", 36, 1)},
    "giant tiles": {"tile": struct.pack(">4sIII", b"ispe", 0, 1 << 30, 1 << 30)},
    "a primary item that is not there": {"primary": struct.pack(">I4sIH", 14, b"pitm", 0, 99)},
    "another coding": {"kind": struct.pack(">HH4s", 1, 0, b"av01")},
    "a setup that is none": {"setup": b"hvcX\1"},
}


@pytest.mark.parametrize("name", HOSTILE_HEICS)
def test_a_heic_whose_parts_do_not_fit_is_undecodable(name: str) -> None:
    for find in HOSTILE_HEICS[name]:
        assert tiled().count(HEIC_PLACES[find]) == 1
    status, gap, *_ = examined(tiled(**HOSTILE_HEICS[name]), "heic")
    assert (status, gap) == (Picture.GAP, "picture.undecodable")


@needs_media
def test_pictures_of_telephones_are_decoded() -> None:
    ended: Counter[Picture] = Counter()
    for path in sorted(MEDIA.iterdir()) if MEDIA else ():
        data = path.read_bytes()
        kind = TYPES[sniff(data[:40_000])].name
        if kind in heic.KINDS:
            status, _, _, _, _, rows = examined(data, kind)
            ended[status] += 1
            assert status is not Picture.DONE or rows["quality"].max() >= 50
    assert ended[Picture.DONE] >= 6  # the others are damaged on purpose


# ---- raw files of cameras ----------------------------------------------------------------


def directory(*fields: tuple[int, int], below: int = 0, order: str = "<") -> bytes:
    rows = [*fields, *(((tiff.SUB_DIRECTORIES, below),) if below else ())]
    data = struct.pack(order + "H", len(rows))
    for tag, value in sorted(rows):
        data += struct.pack(order + "HHII", tag, 4, 1, value)
    return data + bytes(4)


def test_the_largest_preview_is_taken_and_lossless_data_is_not() -> None:
    small, large = encoded(other_scene(1).resize((80, 60)), "JPEG"), encoded(SCENE, "JPEG")
    lossless = b"\xff\xd8\xff\xc3\0\x0b\x08\0\x10\0\x10\1\1\x11\0" + bytes(len(large))
    at = 1000
    data = b"II*\0\x08\0\0\0" + directory(
        (tiff.JPEG_OFFSET, at), (tiff.JPEG_BYTES, len(small)), below=200
    )
    data = data.ljust(200, b"\0") + directory(
        (tiff.STRIP_OFFSETS, at + len(small)), (tiff.STRIP_BYTES, len(large)), below=400
    )
    data = data.ljust(400, b"\0") + directory(
        (tiff.STRIP_OFFSETS, at + len(small) + len(large)), (tiff.STRIP_BYTES, len(lossless))
    )
    data = data.ljust(at, b"\0") + small + large + lossless
    assert len(tiff.previews(io.BytesIO(data))) == 3
    status, _, width, height, frames, rows = examined(data, "nef")
    assert (status, width, height, frames) == (Picture.DONE, 400, 300, 1)
    assert is_close(rows, SCENE)


def test_previews_are_found_in_either_byte_order_and_as_a_value() -> None:
    inside = encoded(SCENE, "JPEG")
    fields = ((tiff.JPEG_OFFSET, 100), (tiff.JPEG_BYTES, len(inside)))
    data = b"MM\0*\0\0\0\x08" + directory(*fields, order=">")
    assert is_close(examined(data.ljust(100, b"\0") + inside, "cr2")[5], SCENE)
    value = struct.pack("<HHHII", 1, tiff.JPEG_FROM_RAW, 7, len(inside), 100) + bytes(4)
    data = b"II\x55\0\x08\0\0\0" + value
    assert is_close(examined(data.ljust(100, b"\0") + inside, "rw2")[5], SCENE)


LOOPS = {
    "a directory after itself": b"II*\0\x08\0\0\0\1\0" + bytes(12) + b"\x08\0\0\0",
    "a directory below itself": b"II*\0\x08\0\0\0"
    + struct.pack("<HHHII", 1, tiff.SUB_DIRECTORIES, 4, 1, 8)
    + bytes(4),
    "countless directories below": b"II*\0\x08\0\0\0"
    + struct.pack("<HHHII", 1, tiff.SUB_DIRECTORIES, 4, 0xFFFFFFFF, 8)
    + bytes(4),
    "countless fields": b"II*\0\x08\0\0\0\xff\xff" + bytes(100),
    "behind the end": b"II*\0\xff\xff\xff\xff",
    "a long way of directories": b"II*\0"
    + b"".join(struct.pack("<IH", 8 + 18 * n, 1) + bytes(12) for n in range(9000)),
}


@pytest.mark.parametrize("name", LOOPS)
def test_directories_that_lead_nowhere_are_left(name: str) -> None:
    for kind in ("tiff", *image.PREVIEWS):
        status, gap, *_ = examined(LOOPS[name], kind)
        assert (status, gap) == (Picture.GAP, "picture.undecodable")


def pages(count: int) -> bytes:
    """Return a TIFF whose pages all show the same rows of pixels."""
    fields = {0x100: 8, 0x101: 8, 0x102: 8, 0x103: 1, 0x106: 1, 0x111: 8, 0x116: 8, 0x117: 64}
    data = b"II*\0" + struct.pack("<I", 72) + bytes(range(64))
    for number in range(count):
        data += struct.pack("<H", len(fields))
        data += b"".join(struct.pack("<HHII", tag, 4, 1, value) for tag, value in fields.items())
        data += struct.pack("<I", len(data) + 4 if number + 1 < count else 0)
    return data


def test_countless_pages_are_a_limit() -> None:
    assert examined(pages(40), "tiff")[:5] == (Picture.DONE, "", 8, 8, 40)
    status, gap, _, _, frames, rows = examined(pages(4000), "tiff")
    assert (status, gap) == (Picture.PARTIAL, "picture.limit")
    assert frames == image.MAX_FRAMES + 1
    assert len(set(rows["at"].tolist())) == PICTURE_FRAMES


# ---- limits and metadata -----------------------------------------------------------------


def patched(kind: str, find: bytes, replace: bytes) -> bytes:
    data = encoded_as(gradient(), kind)
    assert data.count(find) >= 1
    return data.replace(find, replace, 1)


def webp_canvas() -> bytes:
    """Return a WebP whose header says that it is 16384 x 16384."""
    data = encoded_as(gradient(), "webp")
    extended = b"VP8X\x0a\0\0\0" + bytes(4) + b"\xff\x3f\0" * 2
    body = b"WEBP" + extended + data[12:]
    return b"RIFF" + struct.pack("<I", len(body)) + body


BOMBS: dict[str, Callable[[], bytes]] = {
    "bmp": lambda: patched("bmp", struct.pack("<ii", 96, 64), struct.pack("<ii", 30000, 30000)),
    "tiff": lambda: (
        patched("tiff", *(struct.pack("<HHII", 0x100, 4, 1, n) for n in (96, 1 << 24)))
        if struct.pack("<HHII", 0x100, 4, 1, 96) in encoded_as(gradient(), "tiff")
        else patched(
            "tiff", *(struct.pack("<HHIHH", 0x100, 3, 1, n, 0) for n in (96, 65_000))
        ).replace(
            struct.pack("<HHIHH", 0x101, 3, 1, 64, 0), struct.pack("<HHIHH", 0x101, 3, 1, 65_000, 0)
        )
    ),
    "webp": webp_canvas,
    "jp2": lambda: patched(
        "jp2", struct.pack(">II", 64, 96), struct.pack(">II", 1 << 20, 1 << 20)
    ).replace(struct.pack(">II", 96, 64), struct.pack(">II", 1 << 20, 1 << 20)),
    "j2k": lambda: patched("j2k", struct.pack(">II", 96, 64), struct.pack(">II", 1 << 20, 1 << 20)),
    "heic": lambda: patched(
        "heic", *(struct.pack(">HH", *size) for size in ((96, 64), (65000, 65000)))
    ),
    "avif": lambda: patched(
        "avif",
        b"ispe" + struct.pack(">III", 0, 96, 64),
        b"ispe" + struct.pack(">III", 0, 1 << 15, 1 << 15),
    ),
}


@pytest.mark.parametrize("kind", BOMBS)
def test_a_header_that_states_too_many_pixels_is_a_limit(kind: str) -> None:
    status, gap, _, _, _, rows = examined(BOMBS[kind](), kind)
    assert status is Picture.GAP
    assert not len(rows)
    assert gap == ("picture.undecodable" if kind == "avif" else "picture.limit")


def turned() -> bytes:
    tags = Image.Exif()
    tags[0x0112] = 6
    data: bytes = tags.tobytes()
    return data


XMP = b"<!DOCTYPE x SYSTEM 'file:///etc/hostname'>"
METADATA: dict[str, dict[str, object]] = {
    "webp": {"exif": turned(), "xmp": XMP, "icc_profile": b"x" * 900},
    "tiff": {"icc_profile": b"x" * 900, "description": "x" * 9000},
    "avif": {
        "exif": turned(),
        "xmp": XMP,
        "icc_profile": ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes(),
    },
}


@pytest.mark.parametrize("kind", METADATA)
def test_metadata_is_passed_over(kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(*_: object, **__: object) -> None:
        raise AssertionError("EXIF is read")

    plain = examined(encoded_as(SCENE, kind), kind)
    data = encoded_as(SCENE, kind, **METADATA[kind])
    monkeypatch.setattr(Image.Exif, "load", refused)
    monkeypatch.setattr(Image.Exif, "load_from_fp", refused)
    found = examined(data, kind)
    assert found[:5] == plain[:5]
    assert values(found[5]) == values(plain[5])


def test_an_orientation_is_not_applied() -> None:
    for kind in ("jpeg", "tiff", "webp"):
        for scene in (SCENE, SCENE.convert("L")):
            data = encoded_as(scene, kind, exif=turned())
            status, _, width, height, _, rows = examined(data, kind)
            assert (status, width, height) == (Picture.DONE, 400, 300)
            assert is_close(rows, SCENE)


def test_no_decoder_starts_a_thread() -> None:
    before = sum(1 for _ in Path("/proc/self/task").iterdir())
    for kind in image.KINDS:
        examined(image.sample(kind), kind)
    assert sum(1 for _ in Path("/proc/self/task").iterdir()) == before
