import mmap
import os
import socket
import threading
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from heroes_forensics.pipelines.work import window

ROOM = 64


class Room:
    """A window of one test: its memory, and a socket for each pair of workers."""

    def __init__(self, stack: ExitStack, fillers: int, followers: int) -> None:
        self.writable, self.readable = window.made(fillers, ROOM)
        stack.callback(os.close, self.writable)
        stack.callback(os.close, self.readable)
        self.pairs = [
            [socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET) for _ in range(followers)]
            for _ in range(fillers)
        ]
        for row in self.pairs:
            for ends in row:
                for end in ends:
                    stack.enter_context(closing(end))

    def filler(self, part: int) -> window.Filler:
        return window.Filler(
            self.writable, [ours.fileno() for ours, _ in self.pairs[part]], part, ROOM
        )

    def followed(self, number: int) -> Iterator[window.Piece]:
        ends = [row[number][1].fileno() for row in self.pairs]
        return window.followed(self.readable, ends, ROOM)


@contextmanager
def room(fillers: int = 1, followers: int = 1) -> Iterator[Room]:
    with ExitStack() as stack:
        yield Room(stack, fillers, followers)


@settings(max_examples=20)
@given(
    st.lists(st.tuples(st.binary(max_size=ROOM), st.booleans()), max_size=60),
    st.integers(1, 2),
    st.integers(1, 3),
)
def test_everyone_who_follows_sees_every_piece_in_order(
    pieces: list[tuple[bytes, bool]], fillers: int, followers: int
) -> None:
    with room(fillers, followers) as place:
        seen: list[list[tuple[bytes, bool]]] = [[] for _ in range(followers)]

        def fill(part: int) -> None:
            with place.filler(part) as filler:
                for data, hole in pieces[part::fillers]:
                    half = len(data) // 2
                    assert filler.put([data[:half], data[half:]], hole=hole) == data
                filler.end()

        def follow(number: int) -> None:
            for piece in place.followed(number):
                seen[number].append((bytes(piece.data), piece.hole))

        work = [threading.Thread(target=fill, args=(part,)) for part in range(fillers)]
        work += [threading.Thread(target=follow, args=(number,)) for number in range(followers)]
        for thread in work:
            thread.start()
        for thread in work:
            thread.join(20)
        assert seen == [pieces] * followers


def test_a_slot_is_not_filled_again_before_all_have_read_it() -> None:
    with room(followers=2) as place, place.filler(0) as filler:
        for number in range(window.SLOTS):
            filler.put([bytes([number])], hole=False)
        first, second = place.followed(0), place.followed(1)
        for _ in range(3):
            next(first)
        late = threading.Thread(
            target=filler.put, args=([b"late"],), kwargs={"hole": False}, daemon=True
        )
        late.start()
        assert bytes(next(second).data) == b"\0"
        assert late.is_alive()
        next(second)  # asking for the next one gives the first one back
        late.join(20)
        assert not late.is_alive()


def test_who_fills_waits_until_all_is_taken_before_it_says_the_end() -> None:
    """A socket closed with tokens unread is reset, and takes along what was not read yet."""
    with room() as place:

        def fill() -> None:
            with place.filler(0) as filler:
                for number in range(3):
                    filler.put([bytes([number])], hole=False)
                filler.end()
            place.pairs[0][0][0].close()  # the last copy of its end

        work = threading.Thread(target=fill, daemon=True)
        work.start()
        pieces = place.followed(0)
        assert bytes(next(pieces).data) == b"\0"
        work.join(0.2)  # time to do it wrong
        assert [bytes(piece.data) for piece in pieces] == [b"\1", b"\2"]
        work.join(20)
        assert not work.is_alive()


def test_who_follows_notices_that_who_fills_is_gone() -> None:
    with room() as place:
        with place.filler(0) as filler:
            filler.put([b"one"], hole=False)
        place.pairs[0][0][0].close()
        pieces = place.followed(0)
        assert bytes(next(pieces).data) == b"one"
        with pytest.raises(window.WindowError, match="gone"):
            next(pieces)


def test_who_fills_notices_that_who_follows_is_gone() -> None:
    with room() as place, place.filler(0) as filler:
        place.pairs[0][0][1].close()
        with pytest.raises(window.WindowError, match="gone"):
            filler.put([b"one"], hole=False)
        filler.end()


@pytest.mark.parametrize(("slot", "length"), [(0, ROOM + 1), (window.SLOTS, 1), (1 << 31, 5)])
def test_a_token_that_names_no_place_in_the_window_is_refused(slot: int, length: int) -> None:
    with room() as place:
        place.pairs[0][0][0].send(window.TOKEN.pack(slot, length, 0))
        with pytest.raises(window.WindowError, match="rules"):
            next(place.followed(0))


@pytest.mark.parametrize("message", [b"x", bytes(60)])
def test_what_is_no_token_is_refused(message: bytes) -> None:
    with room() as place:
        place.pairs[0][0][0].send(message)
        with pytest.raises(window.WindowError):
            next(place.followed(0))


def test_who_follows_can_neither_write_nor_shrink_the_window() -> None:
    with room() as place:
        with pytest.raises(PermissionError):
            mmap.mmap(place.readable, ROOM, prot=mmap.PROT_READ | mmap.PROT_WRITE)
        for descriptor in (place.readable, place.writable):
            with pytest.raises(OSError, match=r"not permitted|Invalid argument"):
                os.ftruncate(descriptor, 1)
