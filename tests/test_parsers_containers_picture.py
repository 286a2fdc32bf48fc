"""Pictures in pictures: in the header, behind the end, as exiftool gives them, and bounded."""

import shutil
import struct
import subprocess
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from storage_images import Memory
from test_media_perceptual import encoded, gradient

from heroes_forensics.errors import EvidenceError
from heroes_forensics.filetype import TYPES, sniff
from heroes_forensics.model import Entry, Gap
from heroes_forensics.parsers.containers import within
from heroes_forensics.parsers.containers.picture import open_picture
from heroes_forensics.parsers.containers.within import KINDS, holds

MEDIA = Path(__file__).parent.parent.parent / "shared/media"
JPEG = encoded(gradient(80, 60, seed=3), "JPEG")
SECOND = encoded(gradient(64, 64, seed=5), "JPEG")
PNG = encoded(gradient(40, 30, seed=6), "PNG")
FILM = b"".join(
    struct.pack(">I4s", 8 + len(body), kind) + body
    for kind, body in (
        (b"ftyp", b"isom\0\0\0\0isom"),
        (b"moov", struct.pack(">I4s", 108, b"mvhd") + bytes(100)),
        (b"mdat", bytes(range(256))),
    )
)
ZIP = b"PK\x03\x04" + bytes(range(200))


def with_thumbnail(picture: bytes, thumbnail: bytes, padding: int = 0) -> bytes:
    """Put a thumbnail into the Exif of a JPEG, as cameras do; its length is stated padded."""
    fields = [(0x0201, 4, 1, 56), (0x0202, 4, 1, len(thumbnail) + padding)]
    first = struct.pack("<HHHIHHI", 1, 0x0112, 3, 1, 1, 0, 26)
    second = struct.pack("<H", 2) + b"".join(struct.pack("<HHII", *each) for each in fields)
    tiff = b"II*\0\x08\0\0\0" + first + second + struct.pack("<I", 0)
    body = b"Exif\0\0" + tiff + thumbnail + bytes(padding)
    return picture[:2] + b"\xff\xe1" + struct.pack(">H", len(body) + 2) + body + picture[2:]


def entries(data: bytes) -> list[Entry]:
    found = list(open_picture(Memory(data)).entries())
    assert not [each for each in found if isinstance(each, Gap)]
    return [each for each in found if isinstance(each, Entry)]


def contents(data: bytes) -> list[bytes]:
    opened = open_picture(Memory(data))
    return [opened.open(each.handle).pread(0, each.size) for each in entries(data)]


def looked(data: bytes, *, all_of_it: bool) -> bool:
    return holds(Memory(data), TYPES[sniff(data[:40000])].name, all_of_it=all_of_it)


BEHIND = {
    "a picture": (JPEG + SECOND, [SECOND]),
    "three": (JPEG + bytes(70) + SECOND + PNG + SECOND, [SECOND, PNG, SECOND]),
    "a film": (JPEG + FILM, [FILM]),
    "an archive behind words": (PNG + b"some hidden words" + ZIP, [b"some hidden words", ZIP]),
    "a picture behind an animation": (encoded(gradient(9, 9), "GIF") + SECOND, [SECOND]),
    "behind WebP": (encoded(gradient(30, 30), "WEBP") + SECOND, [SECOND]),
    "no known thing": (JPEG + b"\0" * 9 + b"who knows what this is", None),
    "a picture behind a broken one": (JPEG[:-40] + b"\xff\x01" + b"z" * 30 + SECOND, [SECOND]),
}


@pytest.mark.parametrize("name", BEHIND)
def test_what_lies_behind_the_end_is_found_under_every_profile(name: str) -> None:
    data, expected = BEHIND[name]
    assert looked(data, all_of_it=False)
    found = contents(data)
    assert found == ([data[len(JPEG) :]] if expected is None else expected)
    assert [data[int(each.locator[2:], 0) :][: each.size] for each in entries(data)] == found


@pytest.mark.parametrize("data", [JPEG, PNG, JPEG + bytes(5000), PNG + b"\xff" * 700, JPEG + b"\n"])
def test_a_picture_with_nothing_or_padding_behind_it_is_not_opened(data: bytes) -> None:
    assert not looked(data, all_of_it=True)
    assert contents(data) == []


@pytest.mark.parametrize("padding", [0, 40])
def test_a_thumbnail_is_as_long_as_its_directory_says_and_opened_when_asked_for(
    padding: int,
) -> None:
    data = with_thumbnail(JPEG, SECOND, padding)
    assert contents(data) == [SECOND + bytes(padding)]
    assert looked(data, all_of_it=True)
    assert not looked(data, all_of_it=False)


def test_an_end_mark_inside_a_thumbnail_is_not_the_end_of_the_picture() -> None:
    data = with_thumbnail(JPEG, SECOND) + PNG
    assert looked(data, all_of_it=False)
    assert contents(data) == [SECOND, PNG]


def test_what_is_no_picture_is_refused() -> None:
    with pytest.raises(EvidenceError, match="no picture"):
        open_picture(Memory(b"%PDF-1.4"))


HOSTILE = {
    "many beginnings": JPEG + b"\xff\xd8\xff\xe0\x00\x10" * 4_000,
    "beginnings in the header": with_thumbnail(JPEG, b"\xff\xd8\xff\xdb\x00\x02" * 10_000),
    "films without end": PNG + b"\0\0\0\x18ftypisom\0\0\0\0isom" * 50_000,
    "one directory for ever": b"II*\0\x08\0\0\0\x01\0\x4a\x01\x04\0\x01\0\0\0\x08\0\0\0\x08\0\0\0",
    "zips": JPEG + ZIP * 10_000,
    "boxes of no length": b"\0\0\0\x10ftypheic\0\0\0\0" + b"\0\0\0\x08mpvd" * 50_000,
}


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_pictures_end(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(within, "_LEAST_BUDGET", 1 << 20)
    looked(HOSTILE[name], all_of_it=True)
    picture = Memory(HOSTILE[name])
    found = list(open_picture(picture).entries())
    assert len(found) < 5
    assert picture.reads < 1000


@given(st.sampled_from([JPEG, PNG, FILM, b"II*\0"]), st.binary(max_size=99), st.integers(0, 400))
def test_whatever_the_bytes_every_piece_lies_in_the_file(
    start: bytes, junk: bytes, at: int
) -> None:
    data = start[:at] + junk + start[at:] + SECOND
    kind = TYPES[sniff(data[:40000])].name
    if kind not in KINDS:
        return
    holds(Memory(data), kind, all_of_it=True)
    end = 0
    for each in open_picture(Memory(data)).entries():
        if isinstance(each, Entry):
            assert 0 <= each.first_offset < each.first_offset + each.size <= len(data)
            end = max(end, each.first_offset)


ASKED = ("ThumbnailImage", "PreviewImage", "PhotoshopThumbnail")


@pytest.mark.skipif(not MEDIA.is_dir(), reason="the shared media are not here")
@pytest.mark.skipif(shutil.which("exiftool") is None, reason="exiftool is not installed")
@pytest.mark.parametrize(
    "name",
    [
        *("exif-DSCN0010.jpg", "exif-nikon-e950.jpg", "mei-FLIR_iPhone_device.jpg"),
        *("pil-hopper.Lab.tif", "mei-Nikon_Coolpix_P7000.webp", "mei-Issue_649.avif"),
        *("pil-flower2.jpg", "tika-testJPEG.jp2", "exif-Canon_PowerShot_S40.jpg"),
    ],
)
def test_all_that_exiftool_gives_out_is_found(name: str) -> None:
    data = (MEDIA / name).read_bytes()
    found = contents(data)
    given_out = [
        subprocess.run(
            ["exiftool", "-b", f"-{tag}", str(MEDIA / name)],
            capture_output=True,
            check=True,
        ).stdout
        for tag in ASKED
    ]
    assert any(given_out)
    assert [each for each in given_out if each and each not in found] == []
