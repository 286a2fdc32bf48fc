from hypothesis import given
from hypothesis import strategies as st

from heroes_forensics.parsers.reading.readers import RangeReader
from heroes_forensics.parsers.storage.doubts import DAMAGED, FILLER, Doubt, Doubts, doubts_below

ranges = st.tuples(st.integers(0, 60), st.integers(1, 20))


class Media:
    def __init__(self, doubts: Doubts) -> None:
        self.doubts = doubts

    @property
    def size(self) -> int:
        return 1000

    def pread(self, offset: int, length: int) -> bytes:
        self.doubts.touch(offset, length)
        return bytes(length)

    def close(self) -> None:
        pass


@given(st.lists(ranges, max_size=12), ranges)
def test_ranges_cover_what_was_added_once_and_what_was_said_first_stays(
    added: list[tuple[int, int]], asked: tuple[int, int]
) -> None:
    doubts = Doubts()
    plain: dict[int, int] = {}
    for number, (offset, length) in enumerate(added):
        doubts.add(Doubt(offset, length, DAMAGED, segment=number + 1))
        for byte in range(offset, offset + length):
            plain.setdefault(byte, number + 1)
    everything = doubts.within(0, 1000)
    assert len(everything) == len(doubts)
    covered: dict[int, int] = {}
    for doubt in everything:
        for byte in range(doubt.offset, doubt.offset + doubt.length):
            assert byte not in covered
            covered[byte] = doubt.segment
    assert covered == plain
    offset, length = asked
    overlapping = {
        doubt
        for doubt in everything
        if doubt.offset < offset + length and offset < doubt.offset + doubt.length
    }
    assert set(doubts.within(offset, length)) == overlapping


def test_what_was_touched_is_told_once_in_the_order_of_the_media() -> None:
    doubts = Doubts()
    for at in (500, 100, 300):
        doubts.add(Doubt(at, 10, FILLER))
    media = Media(doubts)
    media.pread(299, 300)
    media.pread(110, 5)
    media.pread(105, 1)
    assert [doubt.offset for doubt in doubts.take()] == [100, 300, 500]
    assert doubts.take() == []


def test_doubts_are_found_below_ranges_of_ranges() -> None:
    doubts = Doubts()
    inner = RangeReader(RangeReader(Media(doubts), 100, 500), 20, 300)
    assert doubts_below(inner) == (doubts, 120)
    assert doubts_below(RangeReader(RangeReader(inner, 1, 10), 2, 5)) == (doubts, 123)


def test_a_doubt_is_told_in_numbers_and_one_word() -> None:
    doubt = Doubt(32768, 512, DAMAGED, segment=2, chunk=1)
    assert doubt.to_json() == {
        "offset": 32768,
        "length": 512,
        "reason": "damaged",
        "segment": 2,
        "chunk": 1,
    }
    assert Doubt(0, 512, FILLER).to_json() == {"offset": 0, "length": 512, "reason": "filler"}
