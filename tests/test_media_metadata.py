"""What pictures and films say of their origin; what is hostile costs that and nothing else."""

import csv
import io
import json
import re
import shutil
import struct
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from camera_files import (
    LENS,
    MAKE,
    MODEL,
    SERIAL,
    SOFTWARE,
    exif,
    film,
    hostile,
    long_text,
    picture,
    structured,
)
from corpus import MEDIA, needs_media
from hypothesis import given, settings
from hypothesis import strategies as st

from heroes_forensics.described import Basis, Date, Description, Position, State
from heroes_forensics.filetype import TYPES, sniff
from heroes_forensics.media import borders, ebml, image, metadata, perceptual, plugins, tones, video
from heroes_forensics.media.metadata import Notes
from heroes_forensics.media.pdq import hashes as pdq

SOUND = Description(
    State.FOUND,
    {"make": MAKE, "model": MODEL, "serial": SERIAL, "lens_serial": LENS, "software": SOFTWARE},
    {
        "original": Date(1_561_984_205, Basis.OFFSET, 250_000_000, 120),
        "changed": Date(1_580_608_922, Basis.LOCAL),
    },
    Position.YES,
)
KINDS = ("jpeg", "png", "png-late", "png-profile", "webp", "avif", "tiff")


def read(data: bytes, kind: str) -> tuple[Description, tuple[Any, ...]]:
    """Return what a picture says, and what its decoder gives beside that."""
    notes = Notes()
    found = perceptual.examined(io.BytesIO(data), kind.partition("-")[0], notes=notes)
    return notes.told(), found


@pytest.mark.parametrize("kind", KINDS)
def test_a_picture_says_with_what_it_was_made(kind: str) -> None:
    told, found = read(picture(kind, exif()), kind)
    assert told == SOUND
    assert found[1] == ""


@pytest.mark.parametrize("kind", KINDS)
def test_what_is_read_of_metadata_changes_no_value(kind: str) -> None:
    with_notes = read(picture(kind, exif()), kind)[1]
    alone = perceptual.examined(io.BytesIO(picture(kind, exif())), kind.partition("-")[0])
    assert with_notes[:5] == alone[:5]
    assert np.array_equal(with_notes[5], alone[5])


@pytest.mark.parametrize("kind", ["gif", "bmp", "jp2"])
def test_a_picture_without_a_place_for_metadata_says_nothing(kind: str) -> None:
    plugins.prepare()
    told, _ = read(image.sample(kind), kind)
    assert told == Description(State.NOTHING, position=Position.NO)


def test_a_raw_file_says_it_in_its_own_directories_or_in_its_preview() -> None:
    body = picture("jpeg", exif())
    assert read(image.raw_of(body), "nef")[0] == SOUND
    panasonic = b"IIU\0" + image.raw_of(body)[4:]
    assert read(panasonic, "rw2")[0] == SOUND


def test_what_is_damaged_still_says_with_what_it_was_made() -> None:
    data = picture("jpeg", exif())
    told, found = read(data[: len(data) * 2 // 3], "jpeg")
    assert (told, found[1]) == (SOUND, "picture.partial")
    told, found = read(data[: data.index(b"\xff\xda")], "jpeg")
    assert (told, found[1]) == (SOUND, "picture.undecodable")


def test_what_cannot_be_opened_was_not_looked_at() -> None:
    assert read(b"\xff\xd8\xff", "jpeg")[0] == Description(State.UNREADABLE)


def test_a_serial_number_of_the_maker_stands_beside_the_other() -> None:
    told, _ = read(picture("jpeg", exif(serial=None, camera="DNG-1")), "jpeg")
    assert told.texts["camera_serial"] == told.serial == "DNG-1"


def test_the_position_itself_is_nowhere() -> None:
    told, _ = read(picture("jpeg", exif()), "jpeg")
    assert told.position is Position.YES
    assert "48" not in json.dumps(told.to_json())
    assert read(picture("jpeg", exif(position=None)), "jpeg")[0].position is Position.NO


# ---- hostile -----------------------------------------------------------------------------


SURVIVED = {
    "a directory that follows itself": {"make": "abc"},
    "Exif that is the first directory": {"make": "abc"},
    "a make of numbers": {},
    "a pointer that is a text": {},
}
"""Hostile Exif that is read all the same, and what it says."""


@pytest.mark.parametrize("kind", ["jpeg", "png", "webp"])
@pytest.mark.parametrize("name", hostile())
def test_hostile_metadata_costs_nothing_but_itself(name: str, kind: str) -> None:
    data = picture(kind, hostile()[name])
    plain = read(picture(kind, b""), kind)[1]
    told, found = read(data, kind)
    assert found[:5] == plain[:5]
    assert np.array_equal(found[5], plain[5])
    if name in SURVIVED:
        assert told.state in {State.FOUND, State.NOTHING}
        assert told.texts == SURVIVED[name]
    elif name != "nothing behind the mark":
        assert told.state is State.UNREADABLE
        assert set(told.texts.values()) <= {"abc", MAKE, MODEL, SOFTWARE}


@pytest.mark.parametrize("name", hostile())
def test_hostile_metadata_of_an_avif_costs_nothing_but_itself(name: str) -> None:
    # Pillow reads the Exif that it is to write, so that it is put in afterwards.
    sound, body = exif().removeprefix(b"Exif\0\0"), hostile()[name].removeprefix(b"Exif\0\0")
    written = picture("avif", exif())
    assert sound in written
    data = written.replace(sound, body[: len(sound)].ljust(len(sound), b"\0"))
    plain = read(written, "avif")[1]
    told, found = read(data, "avif")
    assert found[:5] == plain[:5]
    assert np.array_equal(found[5], plain[5])
    assert set(told.texts.values()) <= {"abc", MAKE, MODEL, SOFTWARE}
    if name == "no TIFF":  # libavif gives up the whole file for it
        assert told.state is State.UNREADABLE


@pytest.mark.parametrize("kind", ["png", "webp", "jpeg"])
def test_a_text_of_many_megabytes_is_refused_unread(
    kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    size = 30_000 if kind == "jpeg" else 900_000
    data = picture(kind, long_text(size))
    counted: list[int] = []
    plain = metadata.Window.read

    def counting(window: metadata.Window, size: int) -> bytes:
        counted.append(size)
        return plain(window, size)

    monkeypatch.setattr(metadata.Window, "read", counting)
    told, found = read(data, kind)
    assert found[1] == ""
    assert counted  # it was looked at, by this reader
    assert told == Description(State.FOUND, position=Position.NO, refused=frozenset({"make"}))


def test_a_raw_file_of_one_text_of_60_mebibytes_is_passed_over() -> None:
    stream = io.BytesIO(long_text()[6:])
    notes = Notes()
    notes.picture("tiff", stream, {})
    assert notes.told().state is State.UNREADABLE
    assert not notes.told().texts


def test_reads_are_counted() -> None:
    window = metadata.Window(io.BytesIO(bytes(8 << 20)))
    for _ in range(metadata.READS // metadata.SMALL):
        window.seek(0)
        assert len(window.read(metadata.SMALL)) == metadata.SMALL
    window.seek(0)
    with pytest.raises(OSError, match="without end"):
        window.read(1)
    assert metadata.Window(io.BytesIO(b"x" * 10_000)).read(9_000) == bytes(9_000)


@settings(max_examples=200)
@given(st.data())
def test_whatever_exif_holds_the_picture_is_compared(data: st.DataObject) -> None:
    body = bytearray(exif())
    for _ in range(data.draw(st.integers(1, 12))):
        body[data.draw(st.integers(6, len(body) - 1))] = data.draw(st.integers(0, 255))
    told, found = read(picture("jpeg", bytes(body)), "jpeg")
    assert found[1] == ""
    assert all(text.isprintable() for text in told.texts.values())


# ---- films -------------------------------------------------------------------------------

APPLE = {
    "com.apple.quicktime.make": "Marked Optics",
    "com.apple.quicktime.model": "MK-4711 Pro",
    "com.apple.quicktime.creationdate": "2018-09-08T08:08:08+0200",
    "com.apple.quicktime.location.ISO6709": "+48.2085+011.5701/",
    "creation_time": "2018-09-08T06:08:10.000000Z",
}


def told_of(data: bytes, kind: str) -> Description:
    notes = Notes()
    found = video.measured(
        io.BytesIO(data), kind, "triage", tones.measured, borders.trimmed, notes=notes
    )
    assert found.gap == ""
    return notes.told()


@pytest.mark.parametrize("kind", ["mp4", "mov"])
def test_a_film_of_a_telephone_says_with_what_it_was_made(kind: str) -> None:
    told = told_of(film(kind, **APPLE), kind)
    assert {**told.texts, "software": ""} == {"make": MAKE, "model": MODEL, "software": ""}
    assert told.dates == {
        "creation": Date(1_536_394_088, Basis.OFFSET, offset=120),
        "container": Date(1_536_386_890, Basis.UTC),
    }
    assert told.position is Position.YES
    assert "48.2" not in json.dumps(told.to_json())


def test_a_matroska_says_when_it_was_made() -> None:
    told = told_of(film("matroska", creation_time="2018-09-08T06:08:10Z", make=MAKE), "mkv")
    assert told.dates["container"] == Date(1_536_386_890, Basis.UTC)
    assert told.texts["make"] == MAKE
    assert told.position is Position.NO


def test_an_avi_says_the_day() -> None:
    told = told_of(film("avi", date="2010-03-04"), "avi")
    assert told.dates == {"creation": Date(1_267_660_800, Basis.DAY)}


def test_of_a_wmv_no_date_is_known() -> None:
    told = told_of(film("asf", "wmv2", creation_time="2018-09-08T06:08:10Z", make=MAKE), "wmv")
    assert (told.texts["make"], told.dates) == (MAKE, {})  # FFmpeg reads it and does not tell


def test_a_text_of_the_type_of_exif_3_is_not_seen() -> None:
    field = struct.pack("<HHI4s", 0x010F, 129, 4, b"abc\0")
    notes = Notes()
    notes.picture("tiff", io.BytesIO(b"II*\0" + struct.pack("<IH", 8, 1) + field + bytes(4)), {})
    assert notes.told().state is State.NOTHING


@pytest.mark.parametrize(("container", "kind"), [("matroska", "mkv"), ("webm", "webm")])
def test_a_matroska_that_is_cut_off_says_so(container: str, kind: str) -> None:
    data = film(container, "libvpx" if container == "webm" else "mpeg4")

    def gap(part: bytes) -> str:
        stream = io.BytesIO(part)
        return video.measured(stream, kind, "deep", tones.measured, borders.trimmed).gap

    assert gap(data) == ""
    assert {gap(data[:-lost]) for lost in (1, 50, len(data) // 8)} == {"film.partial"}


@given(st.binary(max_size=60))
def test_any_head_of_a_matroska_is_looked_at(data: bytes) -> None:
    for head in (b"", b"\x1a\x45\xdf\xa3", b"\x1a\x45\xdf\xa3\x80\x18\x53\x80\x67"):
        assert ebml.ends_early(io.BytesIO(head + data)) in {True, False}
    unknown = b"\x1a\x45\xdf\xa3\x80\x18\x53\x80\x67\x01" + b"\xff" * 7
    assert not ebml.ends_early(io.BytesIO(unknown + data))


def test_a_film_whose_text_is_no_utf_8_keeps_its_bytes() -> None:
    data = film("matroska", make="Marked").replace(b"Marked", b"Mark\xe9d")
    assert told_of(data, "mkv").texts["make"] == r"Mark\xe9d"


def test_a_broken_film_was_not_looked_at() -> None:
    notes = Notes()
    video.measured(
        io.BytesIO(b"junk"), "mp4", "triage", tones.measured, borders.trimmed, notes=notes
    )
    assert notes.told().state is State.UNREADABLE


# ---- real files, and two other programs --------------------------------------------------

TAGS = {
    "make": "IFD0:Make",
    "model": "IFD0:Model",
    "software": "IFD0:Software",
    "camera_serial": "IFD0:CameraSerialNumber",
    "serial": "ExifIFD:SerialNumber",
    "lens_serial": "ExifIFD:LensSerialNumber",
}
MOMENTS = {
    "original": ("ExifIFD:DateTimeOriginal", "ExifIFD:OffsetTimeOriginal"),
    "digitized": ("ExifIFD:CreateDate", "ExifIFD:OffsetTimeDigitized"),
    "changed": ("IFD0:ModifyDate", "ExifIFD:OffsetTime"),
}
"""What exiftool calls what Exif calls so."""
PLACE = ("GPS:GPSLatitude", "GPS:GPSLongitude")
EXCEPTIONS = {
    ("tika-testJPEG.jp2", "software"): "Exif in JPEG 2000 is not looked at",
    ("tika-testJPEG.jp2", "changed"): "Exif in JPEG 2000 is not looked at",
}
"""Where we say something else than exiftool, and why."""


def described(path: Path) -> tuple[str, Description] | None:
    """Return type and metadata of a picture or film; None of anything else."""
    notes = Notes()
    with path.open("rb") as stream:
        kind = TYPES[sniff(stream.read(8192))].name
        if kind in image.KINDS:
            image.measured(stream, kind, lambda *_: 0, notes)
        elif kind in video.DEMUXERS:
            video.measured(stream, kind, "triage", tones.measured, borders.trimmed, notes=notes)
        else:
            return None
    return kind, notes.told()


def _files() -> list[Path]:
    assert MEDIA is not None
    return sorted(path for path in MEDIA.iterdir() if path.is_file())


@needs_media
def test_exiftool_says_the_same_of_real_pictures(tool: Callable[[str], str]) -> None:
    names = [*TAGS.values(), *(tag for pair in MOMENTS.values() for tag in pair), *PLACE]
    files = [str(path) for path in _files()]
    command = [tool("exiftool"), "-q", "-q", "-csv", "-G1", "-n", *(f"-{name}" for name in names)]
    output = subprocess.run([*command, *files], capture_output=True, check=False).stdout
    theirs = {row["SourceFile"]: row for row in csv.DictReader(output.decode().splitlines())}
    differing, agreeing = {}, dict.fromkeys([*TAGS, *MOMENTS, "position"], 0)
    for path in _files():
        found = described(path)
        if found is None or found[0] in video.DEMUXERS:
            continue
        told, row = found[1], theirs.get(str(path), {})
        ours: dict[str, str] = {name: told.texts.get(name, "") for name in TAGS}
        wanted = {name: row.get(tag, "").strip() for name, tag in TAGS.items()}
        for name, (tag, zone) in MOMENTS.items():
            date = told.dates.get(name)
            shown = date.to_json() if date else {"local": "", "zone": "not-stated"}
            ours[name] = f"{shown['local']}"[:19] + (
                f"{shown['zone']}" if shown["zone"] != "not-stated" else ""
            )
            text = re.sub(r"^(....):(..):(..) ", r"\1-\2-\3T", row.get(tag, ""))
            beside = row.get(zone, "")
            wanted[name] = text + (beside if text[19:] == "" else "") if text.strip(" -:0T") else ""
        ours["position"] = str(told.position is Position.YES)
        wanted["position"] = str(all(row.get(tag) for tag in PLACE))
        for name, value in wanted.items():
            if ours[name] != value:
                differing[path.name, name] = (ours[name], value, told.state.name)
            elif value not in {"", "False"}:
                agreeing[name] += 1
    assert {key: value for key, value in differing.items() if key not in EXCEPTIONS} == {}
    assert set(differing) == set(EXCEPTIONS)  # one that is gone is taken out
    assert agreeing["make"] >= 100
    assert agreeing["original"] >= 90
    assert agreeing["position"] >= 25
    assert agreeing["serial"] >= 1


@needs_media
def test_ffprobe_says_the_same_of_real_films(tool: Callable[[str], str]) -> None:
    ffprobe, compared = tool("ffprobe"), 0
    for path in _files():
        found = described(path)
        if found is None or found[0] not in video.DEMUXERS:
            continue
        told = found[1]
        command = [ffprobe, "-v", "quiet", "-show_format", "-of", "json", str(path)]
        output = subprocess.run(command, capture_output=True, check=True).stdout
        tags = json.loads(output)["format"].get("tags", {})
        said = {name.lower(): value for name, value in tags.items()}
        for name in ("make", "model"):
            wanted = said.get(f"com.apple.quicktime.{name}") or said.get(name, "")
            assert told.texts.get(name, "") == wanted, path.name
        software = said.get("com.apple.quicktime.software") or said.get("software")
        assert told.texts.get("software", "") == (software or said.get("encoder", "")), path.name
        moment = said.get("creation_time", "").partition(".")[0]
        date = told.dates.get("container")
        shown = str(date.to_json()["local"]) if date else ""
        assert shown == ("" if moment.startswith("1970-01-01T00:00:00") else moment), path.name
        has_place = any("location" in name for name in said)
        assert (told.position is Position.YES) == has_place, path.name
        compared += 1
    assert compared >= 15


def test_the_survey_compares_something(tmp_path: Path, tool: Callable[[str], str]) -> None:
    """A difference is seen: exiftool and we read different pictures differently."""
    one = tmp_path / "one.jpg"
    one.write_bytes(picture("jpeg", exif()))
    command = [tool("exiftool"), "-q", "-csv", "-G1", "-n", "-IFD0:Make", "-ExifIFD:SerialNumber"]
    other = tmp_path / "other.jpg"
    shutil.copy(one, other)
    other.write_bytes(picture("jpeg", exif(make="Another", serial="X")))
    output = subprocess.run([*command, str(other)], capture_output=True, check=True).stdout
    (row,) = csv.DictReader(output.decode().splitlines())
    found = described(one)
    assert found is not None
    assert row["IFD0:Make"] != found[1].texts["make"]
    assert row["ExifIFD:SerialNumber"] == "X" != found[1].texts["serial"]


def test_structure_is_there() -> None:
    assert pdq(np.asarray(structured()))[1] >= 50
