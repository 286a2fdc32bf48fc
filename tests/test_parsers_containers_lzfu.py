"""Packed texts of Outlook messages."""

import struct
from contextlib import suppress

import pytest
from compound_files import compound
from corpus import evidence
from hypothesis import given
from hypothesis import strategies as st
from storage_images import Memory

from heroes_forensics.model import Entry
from heroes_forensics.parsers.containers import lzfu
from heroes_forensics.parsers.containers.ole import open_ole

EXAMPLE = bytes.fromhex(
    "2d0000002b0000004c5a4675f1c5c7a703000a007263706731323542320af3206865"
    "6c090020627705b06c647d0a800fa0"
)
TEXT = b"{\\rtf1\\ansi\\ansicpg1252\\pard hello world}\r\n"
"""The example of MS-OXRTFCP 4.1.1."""
CROSSING = bytes.fromhex("1a0000001c0000004c5a4675e2d44b51410004205758595a0d6e7d010eb0")
CROSSED = b"{\\rtf1 WXYZWXYZWXYZWXYZWXYZ}"
"""That of 4.1.2: a reference that reaches into what it writes."""
STREAM = "__substg1.0_10090102"


def packed(text: bytes) -> bytes:
    """Return a text in which nothing refers to anything."""
    body = b"".join(b"\0" + text[at : at + 8] for at in range(0, len(text), 8))
    return struct.pack("<II4sI", len(body) + 12, len(text), b"LZFu", 0) + body


@pytest.mark.parametrize(("data", "text"), [(EXAMPLE, TEXT), (CROSSING, CROSSED)])
def test_the_examples_of_the_specification_expand(data: bytes, text: bytes) -> None:
    assert lzfu.expanded(data) == text


def test_what_is_not_packed_is_given_as_it_is() -> None:
    assert lzfu.expanded(struct.pack("<II4sI", 17, 5, b"MELA", 0) + b"hello") == b"hello"


REFUSED = (
    *(b"", EXAMPLE[:15], EXAMPLE[:30], EXAMPLE[:8] + b"LZFX" + EXAMPLE[12:]),
    EXAMPLE[:4] + struct.pack("<I", lzfu.MOST + 1) + EXAMPLE[8:],
)


@pytest.mark.parametrize("data", REFUSED)
def test_what_is_damaged_or_too_long_is_refused(data: bytes) -> None:
    with pytest.raises(OSError, match="the text"):
        lzfu.expanded(data)


def test_the_text_of_a_message_is_a_member() -> None:
    text = b"{\\rtf1 " + b"x" * 5000 + b"}"
    streams = {STREAM: packed(text), "__substg1.0_1000001F": packed(text)}
    found = open_ole(Memory(compound(streams)))
    (entry,) = [e for e in found.entries() if isinstance(e, Entry) and "@" in e.locator]
    assert entry.locator == "s1@0x0"
    assert entry.size == len(text)
    assert found.open(entry.handle).pread(0, 1 << 20) == text


def test_a_text_that_is_too_long_is_listed_and_not_read() -> None:
    data = struct.pack("<II4sI", 99, lzfu.MOST + 1, b"LZFu", 0) + bytes(99)
    found = open_ole(Memory(compound({STREAM: data})))
    (entry,) = [e for e in found.entries() if isinstance(e, Entry) and "@" in e.locator]
    assert entry.size == lzfu.MOST + 1
    with pytest.raises(OSError, match="too long"):
        found.open(entry.handle)


def test_the_text_of_a_real_message_is_found() -> None:
    found = open_ole(Memory(evidence("mail/iped-test_msgSampleAttach.msg").read_bytes()))
    texts = [e for e in found.entries() if isinstance(e, Entry) and e.path.endswith(b".rtf")]
    assert texts
    for entry in texts:
        data = found.open(entry.handle).pread(0, 1 << 24)
        assert len(data) == entry.size
        assert data.startswith(b"{\\rtf1")
        assert data.rstrip(b"\r\n\0").endswith(b"}")


@given(st.binary(max_size=400))
def test_no_damage_makes_it_crash(body: bytes) -> None:
    data = struct.pack("<II4sI", len(body) + 12, 300, b"LZFu", 0) + body
    with suppress(OSError):
        assert len(lzfu.expanded(data)) == 300
