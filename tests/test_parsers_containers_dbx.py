"""Folders of Outlook Express: the messages that another program takes out; what damage leaves."""

import gzip
import hashlib
import struct

import pytest
from corpus import evidence
from hypothesis import given, settings
from hypothesis import strategies as st
from storage_images import Memory

from heroes_forensics.errors import EvidenceError
from heroes_forensics.model import Entry, Gap
from heroes_forensics.parsers.containers.dbx import DbxFileSystem, open_dbx

MESSAGES = [b"From: a\r\n\r\n" + b"alpha" * 300, b"From: b\r\n\r\nbeta"]


def folder(messages: list[bytes]) -> bytes:
    """Write a folder: header, one node, indexes, and segments of 512 bytes."""
    out = bytearray(0x24BC)
    out[:8] = bytes.fromhex("cfad12fec5fd746f")
    root = len(out)
    struct.pack_into("<I", out, 0xE4, root)
    out += struct.pack("<IIIIBBHI", root, 0, 0, 0, 0, len(messages), 0, 0)
    slots = len(out)
    out += bytes(12 * len(messages))
    for number, message in enumerate(messages):
        index = len(out)
        struct.pack_into("<III", out, slots + 12 * number, index, 0, 0)
        kind, value = (0x84, index + 20) if number % 2 else (0x04, 0)
        out += struct.pack("<IIHBB", index, 8, 0, 1, 0) + struct.pack("<I", kind | value << 8)
        out += struct.pack("<I", index + 20)
        pieces = [message[at : at + 512] for at in range(0, len(message), 512)]
        for piece in pieces:
            at = len(out)
            following = 0 if piece is pieces[-1] else at + 16 + 512
            out += struct.pack("<IIII", at, 512, len(piece), following) + piece.ljust(512, b"\0")
    return bytes(out)


def listed(found: DbxFileSystem) -> tuple[list[Entry], list[Gap]]:
    every = list(found.entries())
    entries = [each for each in every if isinstance(each, Entry)]
    assert len({entry.locator for entry in entries}) == len(entries)
    return entries, [each for each in every if isinstance(each, Gap)]


def contents(found: DbxFileSystem, entries: list[Entry]) -> list[bytes]:
    readers = [found.open(entry.handle) for entry in entries]
    return [reader.pread(0, reader.size) for reader in readers]


def test_messages_are_those_that_another_program_takes_out() -> None:
    data = gzip.decompress(evidence("mail/iped-test_OutlookDBX.dbx.gz").read_bytes())
    found = open_dbx(Memory(data))
    entries, gaps = listed(found)
    digests = sorted(hashlib.sha256(each).hexdigest() for each in contents(found, entries))
    assert not gaps
    assert len(digests) == 28
    # As UnDBX 0.21 takes them out, sorted.
    assert hashlib.sha256("".join(digests).encode()).hexdigest() == (
        "967f257237aa472aa6d054a02384f1556c236c60efd71f87343f80a5a65d6d71"
    )


def test_messages_in_segments_are_put_together() -> None:
    found = open_dbx(Memory(folder(MESSAGES)))
    entries, gaps = listed(found)
    assert not gaps
    assert contents(found, entries) == MESSAGES


def test_segments_that_lead_in_a_circle_are_refused() -> None:
    data = bytearray(folder(MESSAGES))
    first = data.index(b"From: a") - 16
    struct.pack_into("<I", data, first + 12, first)
    found = open_dbx(Memory(bytes(data)))
    entries, _ = listed(found)
    with pytest.raises(OSError, match="damaged"):
        found.open(entries[0].handle)


def test_what_is_no_folder_of_messages_is_refused_or_empty() -> None:
    for data in (b"", b"\xcf\xad\x12\xfe", b"x" * 300):
        with pytest.raises(EvidenceError):
            open_dbx(Memory(data))
    folders = bytes.fromhex("cfad12fec6fd746f") + bytes(300)
    assert listed(open_dbx(Memory(folders))) == ([], [])


@settings(max_examples=25, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 900), st.integers(0, 255)), max_size=8))
def test_whatever_is_changed_the_listing_ends(changes: list[tuple[int, int]]) -> None:
    data = bytearray(folder(MESSAGES))
    for at, value in changes:
        data[0x24BC + at % (len(data) - 0x24BC)] = value
    found = open_dbx(Memory(bytes(data)))
    for entry in listed(found)[0]:
        try:
            found.open(entry.handle).pread(0, 1 << 12)
        except OSError:
            continue
