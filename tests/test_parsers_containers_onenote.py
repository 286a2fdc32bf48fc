"""Sections of OneNote: the files that were put into them are members."""

import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st
from storage_images import Memory

from heroes_forensics.errors import EvidenceError
from heroes_forensics.filetype import TYPES, sniff
from heroes_forensics.model import Entry, Gap
from heroes_forensics.parsers.base import UnsupportedError
from heroes_forensics.parsers.containers.onenote import open_onenote

TYPE = bytes.fromhex("e4525c7b8cd8a74daeb15378d02996d3")
FORMAT = bytes.fromhex("3fdd9a101b91f549a5d01791edc8aed8")
WEB = bytes.fromhex("2fe98d63d4a6c14b9a36b3fc2511a5b7")
BEGIN = bytes.fromhex("e716e3bd65261145a4c48d4d0b7a9eac")
END = bytes.fromhex("22a7fb71790f0b4abb13899256426b24")


def section(*files: bytes, form: bytes = FORMAT) -> bytes:
    """Return a section as MS-ONESTORE has it, as far as it matters: header and file objects."""
    out = TYPE + bytes(32) + form + bytes(960)
    for data in files:
        out += bytes(40) + BEGIN + struct.pack("<QIQ", len(data), 0, 0) + data
        out += bytes(-len(data) % 8) + END
    return out + bytes(24)


FILES = (b"\x89PNG\r\n\x1a\n" + bytes(999), b"", BEGIN * 3, b"last")


def test_each_file_of_a_section_is_a_member() -> None:
    data = section(*FILES)
    assert TYPES[sniff(data)].name == "onenote"
    found = open_onenote(Memory(data))
    entries = [each for each in found.entries() if isinstance(each, Entry)]
    assert [found.open(each.handle).pread(0, 1 << 20) for each in entries] == list(FILES)
    assert [each.size for each in entries] == [len(each) for each in FILES]
    first = int(entries[0].locator.removeprefix("m@"), 16)
    assert data[first:].startswith(FILES[0])


def test_a_section_of_the_web_is_not_read() -> None:
    with pytest.raises(UnsupportedError) as caught:
        open_onenote(Memory(section(*FILES, form=WEB)))
    assert caught.value.code == "container.unsupported"


@pytest.mark.parametrize("data", [b"", TYPE, bytes(99)])
def test_what_is_no_section_is_refused(data: bytes) -> None:
    with pytest.raises(EvidenceError):
        open_onenote(Memory(data))


def test_a_file_that_states_more_than_there_is_hides_none_behind_it() -> None:
    data = section(b"first" * 9, b"second")
    at = data.index(BEGIN) + len(BEGIN)
    found = open_onenote(Memory(data[:at] + b"\xff" * 8 + data[at + 8 :]))
    first, second = (each for each in found.entries() if isinstance(each, Entry))
    assert first.size > len(data)
    assert found.open(second.handle).pread(0, 99) == b"second"


def test_an_object_that_is_cut_off_is_a_gap() -> None:
    data = section(b"first")
    found = list(open_onenote(Memory(data[: data.index(BEGIN) + 20])).entries())
    assert any(isinstance(each, Gap) and each.code == "source.damaged" for each in found)


@given(st.data())
def test_no_damage_makes_it_crash(data: st.DataObject) -> None:
    damaged = bytearray(section(*FILES))
    for _ in range(data.draw(st.integers(1, 8))):
        damaged[data.draw(st.integers(64, len(damaged) - 1))] = data.draw(st.integers(0, 255))
    found = open_onenote(Memory(bytes(damaged)))
    for each in found.entries():
        if isinstance(each, Entry):
            assert len(found.open(each.handle).pread(0, 1 << 20)) <= each.size
