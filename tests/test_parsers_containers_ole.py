"""Compound files: their streams are members, and pictures in them are found."""

import io
import struct
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
            data = reader.pread(0, reader.size)
        except OSError:
            continue
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
                reader = found.open(each.handle)
                assert len(reader.pread(0, 1 << 20)) <= max(0, reader.size)
                reader.close()
            except OSError:
                continue


_END, _FREE, _TABLE = 0xFFFF_FFFE, 0xFFFF_FFFF, 0xFFFF_FFFD


def _header(fats: int, difats: int, first: list[int]) -> bytes:
    """Return the header of a file of sectors of 512 bytes, with the directory in sector 1."""
    start = (
        b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(16) + struct.pack("<5H", 62, 3, 0xFFFE, 9, 6)
    )
    start += bytes(6) + struct.pack(
        "<9I", 0, fats, 1, 0, 4096, _END, 0, 0 if difats else _END, difats
    )
    return start + struct.pack("<109I", *first, *[_FREE] * (109 - len(first)))


def _row(name: str, kind: int, links: tuple[int, int], start: int, size: int) -> bytes:
    """Return a row of the directory; ``links`` are what is to its right, and below it."""
    raw = (name + "\0").encode("utf-16-le") if name else b""
    row = raw.ljust(64, b"\0") + struct.pack("<HBBIII", len(raw), kind, 1, _FREE, *links)
    return row + bytes(36) + struct.pack("<III", start, size, 0)


def _in_a_circle(*sizes: int, root: int = 0) -> bytes:
    """Return a file whose streams all begin in a sector that says it is followed by itself."""
    rows = [_row("Root Entry", 5, (_FREE, 1), 0, root)]
    for number, size in enumerate(sizes, 1):
        right = number + 1 if number < len(sizes) else _FREE
        rows.append(_row(f"s{number}", 2, (right, _FREE), 0, size))
    table = struct.pack("<128I", 0, _END, _TABLE, *[_FREE] * 125)
    head = _header(1, 0, [2])
    return head + b"A" * 512 + b"".join(rows).ljust(512, b"\0") + table


def _counted(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Return a list that gets the length of everything that is read."""
    read: list[int] = []
    pread = Memory.pread

    def counted(self: Memory, offset: int, length: int) -> bytes:
        read.append(length)
        return pread(self, offset, length)

    monkeypatch.setattr(Memory, "pread", counted)
    return read


def test_tables_that_cannot_lie_in_the_file_are_not_gone_through(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    loops = 80  # 1,536 bytes cost 7 s with these, and the time by their square
    data = _header(109 + 127 * loops, loops, [1] * 109)
    data += struct.pack("<128I", *[1] * 127, 0) + struct.pack("<128I", *[_END] * 128)
    read = _counted(monkeypatch)
    with pytest.raises(EvidenceError):
        open_ole(Memory(data))
    assert sum(read) <= 2 * len(data)


def test_a_stream_longer_than_its_file_is_listed_and_not_read() -> None:
    found = open_ole(Memory(_in_a_circle(2_000_000_000)))
    [entry] = [each for each in listed(found).values() if each.kind == EntryKind.FILE]
    assert entry.size == 2_000_000_000
    with pytest.raises(OSError, match="longer than the file"):
        found.open(entry.handle)


def test_streams_that_share_their_sectors_are_read_only_when_somebody_wants_them(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    data = _in_a_circle(*[2 << 20] * 3) + bytes(3 << 20)
    found = open_ole(Memory(data))
    read: list[object] = []

    def noted(_self: OleFileSystem, path: tuple[str, ...], _most: int = -1) -> bytes:
        read.append(path)
        return b""

    monkeypatch.setattr(OleFileSystem, "_read", noted)
    entries = [each for each in listed(found).values() if each.kind == EntryKind.FILE]
    assert len(entries) == 3
    readers = [found.open(each.handle) for each in entries]
    assert [reader.size for reader in readers] == [2 << 20] * 3
    assert read == [("Catalog",)]


def test_the_small_streams_are_not_longer_than_the_file_whatever_it_says(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    data = _in_a_circle(100, root=1 << 24)
    read = _counted(monkeypatch)
    found = open_ole(Memory(data))
    [entry] = [each for each in listed(found).values() if each.kind == EntryKind.FILE]
    assert len(found.open(entry.handle).pread(0, 100)) <= 100
    assert sum(read) <= 10 * len(data)
