"""Reading what is kept in pieces, by the one function that does it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from storage_images import Memory

from heroes_forensics.parsers.reading.readers import exactly, in_pieces

WHOLE = bytes(range(256))


@given(st.integers(0, 300), st.integers(-9, 300), st.integers(1, 300))
def test_pieces_of_any_size_give_what_lies_there(offset: int, length: int, step: int) -> None:
    def piece(at: int, wanted: int) -> bytes:
        return WHOLE[at : min(at + wanted, (at // step + 1) * step)]

    expected = WHOLE[offset : offset + max(0, length)]
    assert in_pieces(piece, offset, length, size=len(WHOLE)) == expected


def test_an_empty_piece_is_an_error_and_not_asked_for_again() -> None:
    asked: list[int] = []

    def piece(at: int, wanted: int) -> bytes:
        asked.append(at)
        return WHOLE[:100][at : at + wanted]

    with pytest.raises(OSError, match="empty"):
        in_pieces(piece, 90, 100, size=len(WHOLE))
    assert asked == [90, 100]


def test_fewer_bytes_than_are_needed_are_an_error() -> None:
    assert exactly(Memory(WHOLE), 250, 6) == WHOLE[250:]
    for offset, length in ((250, 7), (256, 1), (300, 1)):
        with pytest.raises(OSError, match="earlier"):
            exactly(Memory(WHOLE), offset, length)
