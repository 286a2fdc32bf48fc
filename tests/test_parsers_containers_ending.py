"""Archives behind programs, scripts, films and anything else: as real tools put them there."""

import hashlib
import io
import shutil
import struct
import subprocess
import zipfile
from pathlib import Path

import films
import pytest
from corpus import evidence as corpus
from corpus import needs_evidence
from hiding import linkable, portable
from hypothesis import given, settings
from hypothesis import strategies as st
from scans import folder, scanned
from storage_images import Memory
from test_media_perceptual import encoded, gradient
from test_parsers_containers_archives import cab
from test_pipelines_expanding import PNG, containers, paths
from test_pipelines_members import zipped

from heroes_forensics.filetype import TYPES, sniff
from heroes_forensics.frames import Container
from heroes_forensics.hashing.exact import HEAD
from heroes_forensics.model import Entry, Gap
from heroes_forensics.parsers.base import UnsupportedError
from heroes_forensics.parsers.containers.appended import open_appended
from heroes_forensics.parsers.containers.ending import TAIL, Ending, has_end_record
from heroes_forensics.parsers.containers.pdf import open_pdf
from heroes_forensics.parsers.containers.picture import open_picture
from heroes_forensics.parsers.containers.within import holds
from heroes_forensics.parsers.containers.zip import open_zip
from heroes_forensics.pipelines.examining.expanding import IS_OPENED
from heroes_forensics.pipelines.work import endings

ZIP = zipped(("a.txt", b"alpha" * 40), ("p.png", PNG))
NOISE = hashlib.shake_256(b"noise").digest(90_000)


def told(data: bytes) -> tuple[str, bool]:
    """Return the type that a stream has by its first and its last bytes, and if more is there."""
    position, holds = endings.of_bytes(sniff(data[:HEAD]), data, is_opened=True)
    return TYPES[position].name, holds


def inside(data: bytes) -> list[tuple[str, str, bytes]]:
    """Return locator, type and bytes of what is listed in a file."""
    opened = open_appended(Memory(data))
    found = list(opened.entries())
    assert not [each for each in found if isinstance(each, Gap)]
    rows = []
    for each in found:
        if isinstance(each, Entry):
            body = opened.open(each.handle).pread(0, each.size)
            assert len(body) == each.size
            rows.append((each.locator, TYPES[sniff(body[:HEAD])].name, body))
    return rows


def made(*command: str | Path, at: Path) -> None:
    subprocess.run([str(each) for each in command], cwd=at, check=True, capture_output=True)


@pytest.mark.parametrize("program", [portable(), linkable()], ids=["pe", "elf"])
def test_a_zip_behind_a_program_is_found_wherever_its_offsets_count_from(program: bytes) -> None:
    adjusted = io.BytesIO(program)
    with zipfile.ZipFile(adjusted, "a") as archive:  # offsets from the start of the program
        archive.writestr("a.txt", b"alpha" * 40)
        archive.writestr("p.png", PNG)
    for data in (program + ZIP, adjusted.getvalue(), program + NOISE[:999] + ZIP):
        assert told(data) == ("sfx", False)
        *rest, (locator, kind, body) = inside(data)
        assert [row[1] for row in rest] == (["unknown"] if NOISE[:99] in data else [])
        assert (locator, kind) == (f"m@{len(data) - len(body):#x}", "zip")
        found = [each for each in open_zip(Memory(body)).entries() if isinstance(each, Entry)]
        assert [each.path for each in found] == [b"a.txt", b"p.png"]
        opened = open_zip(Memory(body)).open(found[1].handle)
        assert opened.pread(0, found[1].size) == PNG


@pytest.mark.parametrize(
    "data",
    [
        portable(),
        linkable(),
        portable(b"x" * 5000, b"\0" * 40_000),
        portable(behind=NOISE),
        portable(code=ZIP + NOISE),
        portable(code=b"7z\xbc\xaf\x27\x1c Rar!\x1a\x07\0 MSCF\0\0\0\0 " * 40),
        portable(behind=b" 7z\xbc\xaf\x27\x1c Rar!\x1a\x07Z MSCF\0\0\0\0 " * 40),
        b"#!/bin/sh\necho 'PK\x05\x06'\n" * 40,
        b"#!/bin/sh\nexit 0\n",
        b"MZ",
        b"\x7fELF\x02\x01",
        portable()[:90],
        linkable()[:70],
    ],
)
def test_a_program_alone_stays_what_it_is(data: bytes) -> None:
    assert told(data) == (TYPES[sniff(data[:HEAD])].name, False)


@needs_evidence
@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("archives/bulk_extractor-jpegs.rar", "rar"),
        ("archives/bulk_extractor-jpegs.rar5", "rar"),
        ("archives/iped-test_mock7z_2.7z", "7z"),
        ("archives/tika-test-documents.cab", "cab"),
        ("archives/tika-test-documents.zip", "zip"),
        ("archives/dfvfs/syslog.tgz", "gzip"),
    ],
)
def test_archives_of_the_corpus_are_found_behind_a_program(name: str, kind: str) -> None:
    archive = corpus(name).read_bytes()
    for data in (portable(behind=archive), linkable(archive)):
        assert told(data)[0] == "sfx"
        assert inside(data) == [(f"m@{len(data) - len(archive):#x}", kind, archive)]
    if kind in {"7z", "cab"}:  # they say how long they are
        data = portable(behind=archive + NOISE)
        assert [row[2] for row in inside(data)] == [archive, NOISE]


@needs_evidence
def test_a_cabinet_in_the_resources_of_a_program_is_found() -> None:
    cabinet = corpus("archives/tika-test-documents.cab").read_bytes()
    data = portable(NOISE[:4096] + cabinet + NOISE, behind=NOISE)
    assert told(data) == ("sfx", False)
    first, rest = inside(data)
    assert first == (f"m@{data.index(cabinet):#x}", "cab", cabinet)
    assert rest[2] == NOISE


@pytest.mark.skipif(shutil.which("7z") is None, reason="7z is not installed")
def test_what_7z_makes_of_a_program_is_found(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_bytes(NOISE)
    made("7z", "a", "-sfx7zCon.sfx", "out.exe", "a.txt", at=tmp_path)
    made("7z", "a", "plain.7z", "a.txt", at=tmp_path)
    data = (tmp_path / "out.exe").read_bytes()
    assert told(data) == ("sfx", False)
    ((_, kind, body),) = inside(data)
    assert (kind, len(body)) == ("7z", (tmp_path / "plain.7z").stat().st_size)


@pytest.mark.skipif(shutil.which("makeself") is None, reason="makeself is not installed")
@pytest.mark.parametrize(
    ("option", "kind"),
    [("--gzip", "gzip"), ("--xz", "xz"), ("--bzip2", "bzip2"), ("--nocomp", "tar")],
)
def test_what_makeself_makes_of_a_script_is_found(option: str, kind: str, tmp_path: Path) -> None:
    folder(tmp_path / "in", {"a.txt": NOISE})
    made("makeself", "--nox11", option, "in", "out.run", "label", "true", at=tmp_path)
    data = (tmp_path / "out.run").read_bytes()
    assert told(data) == ("sfx", False)
    assert [row[1] for row in inside(data)] == [kind]


@pytest.mark.skipif(shutil.which("makensis") is None, reason="makensis is not installed")
def test_an_installer_that_nobody_reads_is_named(tmp_path: Path) -> None:
    script = 'OutFile "out.exe"\nSection\nSetOutPath $TEMP\nFile a.bin\nSectionEnd\n'
    folder(tmp_path, {"a.bin": NOISE, "s.nsi": script.encode()})
    made("makensis", "s.nsi", at=tmp_path)
    data = (tmp_path / "out.exe").read_bytes()
    assert told(data) == ("installer", False)


@pytest.mark.skipif(shutil.which("msibuild") is None, reason="msibuild is not installed")
def test_a_package_in_the_resources_of_a_program_is_opened_with_its_cabinet(tmp_path: Path) -> None:
    folder(tmp_path, {"c.cab": cab({"a.txt": b"alpha", "p.png": PNG}, 1)})
    made("msibuild", "x.msi", "-s", "title", "author", at=tmp_path)
    made("msibuild", "x.msi", "-a", "c.cab", "c.cab", at=tmp_path)
    data = bytearray((tmp_path / "x.msi").read_bytes())
    (first,) = struct.unpack_from("<I", data, 48)
    root = (first + 1 << data[30]) + 80
    data[root : root + 16] = bytes.fromhex("84100c0000000000c000000000000046")  # as Windows has it
    files = {"a.msi": bytes(data), "s.exe": portable(bytes(data) + NOISE)}
    scanned(tmp_path / "case", folder(tmp_path / "e", files), names="clear")
    found = paths(tmp_path / "case")
    assert [found[name]["content_type"] for name in files] == ["msi", "sfx"]
    holding = [path for path in found if path.endswith("/p.png")]
    assert {path.partition("/")[0] for path in holding} == set(files)
    assert {found[path]["sha256"] for path in holding} == {hashlib.sha256(PNG).hexdigest()}


@pytest.mark.parametrize(
    "mark", [b"Inno Setup Setup Data (5.5.7)", b"InstallShield\0", b"MEI\x0c\x0b\x0a\x0b\x0e"]
)
def test_other_installers_are_named_by_their_marks(mark: bytes) -> None:
    assert told(portable(behind=NOISE[:777] + mark + bytes(80))) == ("installer", False)
    assert told(portable(code=mark + bytes(800))) == ("pe", False)


@pytest.mark.parametrize("form", ["mp4", "matroska", "avi", "mov"])
def test_archives_behind_films_are_found_and_the_film_stays_one(form: str) -> None:
    film = films.encoded(films.film(1, shots=1, seconds=0.5), container=form)
    kind = TYPES[sniff(film[:HEAD])].name
    assert told(film) == (kind, False)
    assert told(film + bytes(5000)) == (kind, False)
    data = film + ZIP
    assert told(data) == (kind, True)
    assert inside(data) == [(f"m@{len(film):#x}", "zip", ZIP)]
    data = film + b"Rar!\x1a\x07\0" + NOISE
    assert told(data) == (kind, True)
    assert inside(data)[0][0] == f"m@{len(film):#x}"


BODIES = (
    portable(NOISE[:3000], NOISE + b"Rar!\x1a\x07\0" + NOISE),
    linkable(NOISE + ZIP),
    films.encoded(films.film(1, shots=1, seconds=0.5)) + b"Rar!\x1a\x07\0" + NOISE + ZIP,
)


@pytest.mark.parametrize("archive", [ZIP, b"Rar!\x1a\x07\0" + NOISE], ids=["zip", "rar"])
def test_an_archive_behind_a_document_is_an_entry_of_it(archive: bytes) -> None:
    document = b"%PDF-1.4\n1 0 obj\n<<>>\nendobj\ntrailer <<>>\n%%EOF\n"
    opened = open_pdf(Memory(document + archive))
    (entry,) = (each for each in opened.entries() if isinstance(each, Entry))
    assert entry.locator == f"m@{len(document):#x}"
    assert opened.open(entry.handle).pread(0, entry.size) == archive
    assert not [
        each for each in open_pdf(Memory(document + b"\n\n")).entries() if isinstance(each, Entry)
    ]


def test_a_zip_behind_a_tiff_is_found_under_every_profile() -> None:
    tiff = encoded(gradient(80, 60, seed=3), "TIFF")
    assert holds(Memory(tiff + ZIP), "tiff", all_of_it=False)
    assert not holds(Memory(tiff), "tiff", all_of_it=False)
    (entry,) = (e for e in open_picture(Memory(tiff + ZIP)).entries() if isinstance(e, Entry))
    assert (entry.first_offset, entry.size) == (len(tiff), len(ZIP))


@given(st.sampled_from(range(len(BODIES))), st.integers(4096, 1 << 17), st.integers(1, 1 << 16))
@settings(deadline=None)
def test_a_stream_that_goes_by_in_pieces_is_seen_alike(which: int, at: int, step: int) -> None:
    whole = BODIES[which]
    kind = TYPES[sniff(whole[:HEAD])].name
    once, often = Ending(kind), Ending(kind)
    once.take(whole)
    often.take(whole[:at])
    for start in range(at, len(whole), max(step, len(whole) // 200)):
        often.take(whole[start : start + max(step, len(whole) // 200)])
    once.finish()
    often.finish()
    assert (often.begins, often.end, often.is_zip) == (once.begins, once.end, once.is_zip)
    assert once.begins or once.is_zip


@given(
    st.sampled_from(["pe", "elf", "dos", "script", "mp4", "mkv", "avi"]), st.binary(max_size=900)
)
def test_whatever_the_bytes_nothing_is_raised_and_all_lies_in_the_file(
    kind: str, junk: bytes
) -> None:
    starts = {
        "pe": portable()[:1100],
        "elf": linkable()[:100],
        "mp4": b"\0\0\0\x10ftypisom\0\0\0\0",
    }
    data = starts.get(kind, b"") + junk + ZIP[:-3]
    ending = Ending(kind)
    ending.take(data)
    ending.finish()
    assert ending.end < len(data)
    assert all(0 <= each.start < len(data) for each in ending.begins)


def test_types_whose_end_is_looked_at_are_none_that_are_opened() -> None:
    both = [
        row.name
        for row, opened, looked in zip(TYPES, IS_OPENED, endings.IS_LOOKED_AT, strict=True)
        if opened and looked
    ]
    assert both == []


def test_the_last_part_of_a_zip_behind_a_film_is_told_and_listed() -> None:
    last = ZIP[:-18] + b"\x03\0\x03\0" + ZIP[-14:]  # the directory names what begins in part 0
    film = films.encoded(films.film(1, shots=1, seconds=0.5), container="mp4")
    assert told(film + last) == ("mp4", True)
    *_, (_, _, body) = inside(film + last)
    assert told(body) == ("zip", False)
    found = list(open_zip(Memory(body)).entries())
    assert [each.code for each in found if isinstance(each, Gap)] == ["container.part"]
    entries = [each for each in found if isinstance(each, Entry)]
    assert [each.locator for each in entries] == ["p0.0", "p0.1"]
    with pytest.raises(UnsupportedError):
        open_zip(Memory(body)).open(entries[0].handle)


@pytest.mark.parametrize("size", [0, 9 << 20])
def test_what_hides_is_examined_wherever_it_stands(size: int, tmp_path: Path) -> None:
    """Of files that are read at once, and of those that are read piece by piece."""
    code = NOISE + bytes(size)
    film = films.encoded(films.film(1, shots=1, seconds=0.5), container="mp4")
    free = struct.pack(">I4s", 8 + size, b"free") + bytes(size)
    files = {
        "s.exe": portable(behind=ZIP, code=code),
        "t.txt": b"only words\n" * 50 + bytes(size) + ZIP,
        "f.mp4": film + free + ZIP,
        "n.exe": portable(behind=bytes(4) + b"\xef\xbe\xad\xdeNullsoftInst" + NOISE, code=code),
        "z.zip": zipped(("in.exe", linkable(ZIP, code))),
        "plain.exe": portable(code=code),
    }
    result = scanned(tmp_path / "case", folder(tmp_path / "e", files), names="clear")
    found = paths(tmp_path / "case")
    assert result.counts["closes"]
    digest = hashlib.sha256(PNG).hexdigest()
    holding = [path for path, row in found.items() if row["sha256"] == digest]
    tops = {path.partition("/")[0] for path in holding}
    assert tops == {"s.exe", "t.txt", "f.mp4", "z.zip"}
    assert result.counts["pictures_decoded"] == 5  # the film, and what hides
    kinds = {path: found[path]["content_type"] for path in files}
    assert kinds == {
        "s.exe": "sfx",
        "t.txt": "zip",
        "f.mp4": "mp4",
        "n.exe": "installer",
        "z.zip": "zip",
        "plain.exe": "pe",
    }
    by_locator = containers(tmp_path / "case")
    where = {path: str(found[path]["locator"]).rpartition("/")[2] for path in files}
    ended = {path: by_locator[at] for path, at in where.items() if at in by_locator}
    assert ended["n.exe"] == (Container.POLICY, "policy.container-type")
    assert ended["s.exe"] == (Container.DONE, "")
    assert ended["f.mp4"] == (Container.DONE, "")
    assert "plain.exe" not in ended


@given(
    size=st.one_of(st.integers(0, 100), st.integers(16_000, 17_000), st.integers(65_000, 70_000)),
    behind=st.one_of(st.integers(-3, 60), st.integers(0, 70_000)),
    fill=st.sampled_from([b"\0", b"P", b"K\x05", b"PK", b"PK\x05"]),
)
@settings(deadline=None)
def test_an_end_record_is_seen_wherever_it_lies(size: int, behind: int, fill: bytes) -> None:
    data = (fill * size)[:size] + b"PK\x05\x06" + (fill * max(behind, 0))[: max(behind, 0)]
    data = data[:behind] if behind < 0 else data
    at = data.rfind(b"PK\x05\x06")
    if at >= max(0, len(data) - TAIL):
        assert has_end_record(data)
    elif at < 0:
        assert not has_end_record(data)


@pytest.mark.parametrize("front", [NOISE[:900], b"\xff\xd8\xff\xe0 words in front of it"])
def test_a_member_that_is_said_to_lie_behind_its_archive_is_not_its_beginning(front: bytes) -> None:
    one = zipped(("a.txt", b"alpha" * 40))
    record = one.index(b"PK\x01\x02")
    (whole,) = inside(front + one)
    assert whole[0] == f"m@{len(front):#x}"
    said = one[: record + 42] + struct.pack("<I", 0x7FFF_0000) + one[record + 46 :]
    rows = inside(front + said)
    assert [row[0] for row in rows] == [f"m@{len(front) + record:#x}"]
