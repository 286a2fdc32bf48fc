"""Compound files: their streams are members, and pictures in them are found."""

import io
from pathlib import Path

import olefile
import pytest
from corpus import evidence
from filesystem_images import run as ran
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image
from storage_images import Memory

from heroes_forensics.errors import EvidenceError
from heroes_forensics.model import Entry, EntryKind, Gap
from heroes_forensics.parsers.containers.ole import OleFileSystem, open_ole

THUMBS = {"Thumbs-1.db": 4, "Thumbs-2.db": 9, "Thumbs-3.db": 2, "Thumbs-4.db": 3}
MESSAGES = ("tika-testMSG_att_msg.msg", "iped-test_msgSampleAttach.msg")


def listed(found: OleFileSystem) -> dict[str, Entry]:
    return {entry.locator: entry for entry in found.entries() if isinstance(entry, Entry)}


def content(found: OleFileSystem, entry: Entry) -> bytes:
    reader = found.open(entry.handle)
    assert reader.size == entry.size
    return reader.pread(0, reader.size)


@pytest.mark.parametrize("name", THUMBS)
def test_every_thumbnail_is_a_picture(name: str) -> None:
    found = open_ole(Memory(evidence(f"thumbs/{name}").read_bytes()))
    entries = listed(found)
    pictures = [entry for locator, entry in entries.items() if "@" in locator]
    streams = [entry for entry in entries.values() if entry not in pictures]
    assert len(streams) == THUMBS[name]
    for entry in pictures:
        with Image.open(io.BytesIO(content(found, entry))) as picture:
            picture.load()
            assert max(picture.size) in {96, 256}
    # All but catalogues and what is no picture: each stream is a header and a JPEG.
    assert len(pictures) >= len(streams) - 1


@pytest.mark.parametrize(
    "name", [*(f"thumbs/{n}" for n in THUMBS), *(f"mail/{n}" for n in MESSAGES)]
)
def test_every_stream_is_listed_with_its_bytes_as_7_zip_has_them(name: str, tmp_path: Path) -> None:
    path = evidence(name)
    found = open_ole(Memory(path.read_bytes()))
    mine = {
        entry.path: content(found, entry)
        for locator, entry in listed(found).items()
        if entry.kind == EntryKind.FILE and "@" not in locator
    }
    library = olefile.OleFileIO(path)
    assert len(mine) == len(library.listdir())
    library.close()
    ran("7z", "x", f"-o{tmp_path}", path)
    theirs = sorted(each.read_bytes() for each in tmp_path.rglob("*") if each.is_file())
    assert sorted(mine.values()) == theirs


def test_what_a_message_has_attached_is_a_member() -> None:
    found = open_ole(Memory(evidence("mail/iped-test_msgSampleAttach.msg").read_bytes()))
    attached = [
        content(found, entry)
        for entry in listed(found).values()
        if entry.path.endswith(b"__substg1.0_37010102")
    ]
    assert any(data for data in attached)


@pytest.mark.parametrize("cut", [0, 8, 511, 600, 5000, 12_000])
def test_nothing_of_a_file_cut_short_is_taken_for_whole(cut: int) -> None:
    whole = evidence("thumbs/Thumbs-1.db").read_bytes()
    sound = open_ole(Memory(whole))
    wanted = {entry.locator: content(sound, entry) for entry in listed(sound).values()}
    try:
        found = open_ole(Memory(whole[:cut]))
    except EvidenceError:
        return
    for locator, entry in listed(found).items():
        try:
            reader = found.open(entry.handle)
        except OSError:
            continue
        data = reader.pread(0, reader.size)
        assert len(data) < entry.size or data == wanted[locator]


@given(st.data())
def test_no_damage_makes_it_crash(data: st.DataObject) -> None:
    whole = bytearray(evidence("thumbs/Thumbs-3.db").read_bytes())
    for _ in range(data.draw(st.integers(1, 6))):
        at = data.draw(st.one_of(st.integers(0, 2000), st.integers(0, len(whole) - 1)))
        whole[at] = data.draw(st.integers(0, 255))
    try:
        found = open_ole(Memory(bytes(whole)))
    except EvidenceError:
        return
    for each in found.entries():
        if isinstance(each, Gap) or (isinstance(each, Entry) and each.kind != EntryKind.FILE):
            continue
        if isinstance(each, Entry):
            try:
                found.open(each.handle).close()
            except OSError:
                continue
