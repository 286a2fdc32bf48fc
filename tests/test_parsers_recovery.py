"""Carving: pictures and films found by their own structure, to the byte, and nothing else."""

import pytest
from carved_files import MAKERS, found_in, made, noise, padded, picture, text
from corpus import MEDIA, needs_media
from filesystem_images import Bytes, any_reader
from hypothesis import given
from hypothesis import strategies as st

from heroes_forensics.model import EntryFlag, Place
from heroes_forensics.parsers.recovery import carved, unallocated
from heroes_forensics.parsers.recovery.free import Extent, FreeSpace
from heroes_forensics.parsers.recovery.search import Carved, Searched, search
from heroes_forensics.parsers.recovery.table import SIGNATURES
from heroes_forensics.parsers.recovery.window import SECTOR, Budget, Found, SpentError, Window

BY_HEADER = {"bmp", "webp", "webp, animated", "tiff", "avif"}
"""Formats whose structure says how long a file is, and cannot be followed through its last part."""


@pytest.mark.parametrize("name", MAKERS)
def test_each_format_is_found_to_the_byte(name: str) -> None:
    data = made(name)
    between = noise(3 * SECTOR)
    assert found_in(between + padded(data) + between) == [(data, True)]


@pytest.mark.parametrize("name", MAKERS)
def test_what_is_cut_off_is_a_fragment_and_never_whole(name: str) -> None:
    data = made(name)
    half = data[: len(data) // 2 // SECTOR * SECTOR]
    for behind in (b"", noise(8 * SECTOR), text(8 * SECTOR), bytes(8 * SECTOR)):
        for found, whole in found_in(half + behind):
            assert not whole or name in BY_HEADER
            assert found != data


@pytest.mark.parametrize("name", ["jpeg", "png", "gif, animated", "mp4", "avi", "mkv"])
def test_the_beginning_of_a_picture_is_kept_as_a_fragment(name: str) -> None:
    data = made(name)
    ((found, whole),) = found_in(data[: len(data) * 3 // 4 // SECTOR * SECTOR] + text(8 * SECTOR))
    assert not whole
    assert found[: len(data) // 2] == data[: len(data) // 2]


def test_neighbours_are_told_apart() -> None:
    files = [made(name) for name in MAKERS]
    assert found_in(b"".join(map(padded, files))) == [(data, True) for data in files]


def test_a_picture_around_files_in_use_is_one_picture() -> None:
    data = padded(made("jpeg"))
    cut = len(data) // 2 // SECTOR * SECTOR
    whole = data[:cut] + noise(5 * SECTOR) + data[cut:]
    assert (made("jpeg"), True) not in found_in(whole)
    around = [(0, cut), (cut + 5 * SECTOR, len(data) - cut)]
    assert found_in(whole, around) == [(made("jpeg"), True)]


def test_a_header_alone_does_not_vouch_for_what_lies_around_files_in_use() -> None:
    data = padded(made("bmp"))
    volume = data[: 4 * SECTOR] + noise(SECTOR) + data[4 * SECTOR :]
    extents = [Extent(0, 4 * SECTOR), Extent(5 * SECTOR, len(data) - 4 * SECTOR)]
    entry, listing = unallocated.carve(any_reader(volume), extents)
    assert entry.flags == EntryFlag.FRAGMENT  # type: ignore[union-attr] # the first is an entry
    assert listing.entries == 1  # type: ignore[union-attr] # the last is the count


@pytest.mark.parametrize("data", [noise(1 << 20), text(1 << 20), bytes(1 << 20)])
def test_nothing_is_found_where_nothing_is(data: bytes) -> None:
    assert found_in(data) == []


def test_a_picture_that_begins_inside_a_fragment_is_found() -> None:
    broken = padded(made("jpeg"))[: 4 * SECTOR]
    assert found_in(broken + padded(made("png")))[-1] == (made("png"), True)


def test_an_entry_says_where_it_lies_and_leads_back_to_its_bytes() -> None:
    data = made("png")
    volume = noise(7 * SECTOR) + padded(data)
    entry, listing = unallocated.carve(any_reader(volume), [Extent(0, len(volume))])
    assert entry.locator == "c@0xe00"  # type: ignore[union-attr] # the first is an entry
    assert entry.first_offset == 7 * SECTOR  # type: ignore[union-attr]
    assert entry.place is Place.UNALLOCATED  # type: ignore[union-attr]
    assert entry.flags == EntryFlag(0)  # type: ignore[union-attr]
    stream = carved.CarvedStream(any_reader(volume), entry.handle)  # type: ignore[union-attr]
    assert stream.pread(0, stream.size) == data
    assert listing.blocks == {"searched": len(volume), "unread": 0}  # type: ignore[union-attr]


@given(
    st.lists(st.tuples(st.integers(1, 1 << 40), st.integers(1, 1 << 40)), min_size=1, max_size=30)
)
def test_handles_hold_what_fits_and_say_so(pieces: list[tuple[int, int]]) -> None:
    extents, at = [], 0
    for gap, sectors in pieces:
        extents.append(Extent((at + gap) * SECTOR, sectors * SECTOR))
        at += gap + sectors
    size = sum(extent.length for extent in extents)
    entry = carved.entry(extents, Found(size, whole=True))
    assert carved.is_carved(entry.handle)
    assert len(entry.handle) <= 64
    stream = carved.CarvedStream(any_reader(b""), entry.handle)
    assert stream.size == entry.size <= size
    assert (entry.size == size) == (EntryFlag.FRAGMENT not in entry.flags)


@pytest.mark.parametrize("handle", [b"\xca", b"\xca\x80", b"\xca\x01", b"\xca\x01\x00"])
def test_a_handle_that_is_none_is_refused(handle: bytes) -> None:
    with pytest.raises(OSError, match="handle"):
        carved.CarvedStream(any_reader(b""), handle)


def test_sectors_that_cannot_be_read_are_counted_and_gone_around() -> None:
    data = made("png")
    volume = Bytes(noise(SECTOR) + padded(data) + bytes(8 * SECTOR), [range(SECTOR)])
    entry, gap, listing = unallocated.carve(volume, [Extent(0, volume.size)])
    assert entry.size == len(data)  # type: ignore[union-attr] # the first is an entry
    assert (gap.code, gap.detail) == ("unallocated.unreadable", {"bytes": SECTOR})  # type: ignore[union-attr]
    assert listing.blocks["unread"] == SECTOR  # type: ignore[union-attr] # the last is the count


def test_the_walkers_may_not_read_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("heroes_forensics.parsers.recovery.search._LEAST_BUDGET", 0)
    monkeypatch.setattr("heroes_forensics.parsers.recovery.search._BUDGET", 1)
    start = made("jpeg")[: 4 * SECTOR]
    hostile = start * 2000
    *_, last = search(FreeSpace(any_reader(hostile), [Extent(0, len(hostile))]))
    assert isinstance(last, Searched)
    assert last.limit
    *_, gap, _ = unallocated.carve(any_reader(hostile), [Extent(0, len(hostile))])
    assert gap.code == "unallocated.limit"  # type: ignore[union-attr] # a gap


@given(st.sampled_from(sorted(MAKERS)), st.data())
def test_whatever_the_bytes_a_walker_ends_inside_its_window(name: str, data: st.DataObject) -> None:
    content = bytearray(made(name))
    head = min(len(content), 4096)
    for _ in range(data.draw(st.integers(1, 12))):
        at = data.draw(st.integers(8, (head if data.draw(st.booleans()) else len(content)) - 1))
        content[at] = data.draw(st.integers(0, 255))
    if data.draw(st.booleans()):
        del content[data.draw(st.integers(SECTOR, len(content))) :]
    space = FreeSpace(any_reader(bytes(content)), [Extent(0, len(content))])
    for signature in SIGNATURES:
        budget = Budget(64 << 20)
        try:
            found = signature.walk(Window(space, 0, budget, 1 << 24))
        except SpentError:
            continue
        assert found is None or 0 < found.size <= len(content)


@needs_media
def test_pictures_of_other_programs_are_found_to_the_byte() -> None:
    assert MEDIA is not None
    endings = {".jpg", ".jpeg", ".png", ".gif", ".bmp", ".webp", ".heic", ".avif", ".mp4", ".mov"}
    files = [
        path.read_bytes()
        for path in sorted(MEDIA.iterdir())
        if path.suffix.lower() in endings and path.stat().st_size < 200_000
    ]
    data = b"".join(map(padded, files))
    space = FreeSpace(any_reader(data), [Extent(0, len(data))])
    found = {
        space.read(each.offset, each.found.size)
        for each in search(space)
        if isinstance(each, Carved) and each.found.whole
    }
    missing = [content for content in files if content not in found]
    # What other programs made to be refused: cut off, or with something behind its end.
    assert len(missing) <= ODD
    assert len(files) >= FILES


FILES = 200
ODD = 12


def test_a_thumbnail_is_not_the_end_of_its_picture() -> None:
    data = made("jpeg, thumbnail inside")
    assert b"\xff\xd9" in data[:-2]
    assert found_in(padded(data)) == [(data, True)]


def test_restart_markers_out_of_order_break_a_picture_off() -> None:
    data = made("jpeg, restart markers")
    at = data.index(b"\xff\xd2")
    ((found, whole),) = found_in(padded(data[:at] + b"\xff\xd5" + data[at + 2 :]))
    assert (len(found), whole) == (at, False)


def test_a_picture_of_another_size_than_it_states_is_none() -> None:
    data = bytearray(picture(6, "BMP"))
    data[2:6] = (1 << 30).to_bytes(4, "little")
    assert found_in(padded(bytes(data))) == []
