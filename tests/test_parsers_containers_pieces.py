"""What containers have in common."""

import struct
from collections.abc import Iterator
from functools import partial

import pytest

from heroes_forensics.errors import EvidenceError
from heroes_forensics.model import Entry, EntryFlag, EntryKind, Gap, Listing
from heroes_forensics.parsers.containers.pieces import Pieces, fields_of, opening, piece
from heroes_forensics.parsers.reading.memory import BytesReader


def found(kinds: list[EntryKind]) -> Iterator[Entry | Gap]:
    for number, kind in enumerate(kinds):
        yield Entry(
            locator=f"m@{number:#x}",
            kind=kind,
            flags=EntryFlag.ALLOCATED,
            path=b"x",
            size=2,
            handle=piece(2 * number, 2),
        )
    yield Gap("m@0x9", "source.damaged", {})


def test_entries_are_counted_and_opened() -> None:
    kinds = [EntryKind.FILE, EntryKind.DIRECTORY]
    pieces = Pieces(BytesReader(b"abcdef"), "made", partial(found, kinds), sweep="none")
    first, second, gap, listing = pieces.entries()
    assert isinstance(first, Entry)
    assert isinstance(second, Entry)
    assert pieces.open(second.handle).pread(0, 9) == b"cd"
    assert isinstance(gap, Gap)
    assert listing == Listing(entries=2, directories=1, directories_listed=1, sweep="none")
    assert pieces.times == {}
    assert next(iter(pieces.entries())) == first  # as often as it is asked


@pytest.mark.parametrize("handle", [b"", b"x" * 15, b"x" * 17])
def test_a_handle_of_another_parser_is_refused(handle: bytes) -> None:
    pieces = Pieces(BytesReader(b""), "made", partial(found, []), sweep="none")
    with pytest.raises(OSError, match="not a handle"):
        pieces.open(handle)
    with pytest.raises(OSError, match="not a handle"):
        fields_of(struct.Struct("<QQ"), handle)


def test_a_failed_read_is_a_container_that_cannot_be_opened() -> None:
    with (
        pytest.raises(EvidenceError, match=r"^the archive cannot"),
        opening("the archive"),
    ):
        raise OSError(5, "name of evidence")
    with pytest.raises(ValueError, match="else"), opening("the archive"):
        raise ValueError("else")
