"""Every importer keeps the same promises: one table of formats, one set of tests."""

import os
import re
from collections.abc import Callable, Iterator
from io import BufferedReader, RawIOBase
from pathlib import Path
from typing import Final, cast

import hashset_formats_binary as binary_formats
import hashset_formats_text as text_formats
import hashset_formats_xml as xml_formats
import pytest
from hashset_conformance import NOTHING, Row, digests_of
from hashset_samples import Read, S, Sample, add, imported, read, recognised
from hypothesis import given
from hypothesis import strategies as st

from heroes_forensics.errors import HashSetError, HeroesError, UsageError
from heroes_forensics.hashsets.describing import UnknownKindError
from heroes_forensics.hashsets.formats import IMPORTERS
from heroes_forensics.hashsets.formats.base import HEAD, Rejected, Supplied, Tally
from heroes_forensics.hashsets.formats.jsonstream import DEPTH_LIMIT
from heroes_forensics.registry import find

ROWS: Final = (*text_formats.ROWS, *xml_formats.ROWS, *binary_formats.ROWS)
TEXTS: Final = tuple(row for row in ROWS if row.text)

REFUSED: Final = frozenset({"bloom"})
"""Formats that are recognised to be refused in one sentence."""

GOOD: Final = S[:4]
KINDS: Final = ("md5", "sha1", "sha256", "sha512", "ed2k", "aich", "tth", "pdq", "vpdq", "photodna")
TRUE: Final = {getattr(sample, kind) for sample in S for kind in KINDS}

every = pytest.mark.parametrize("row", ROWS, ids=lambda row: str(row.name))
every_text = pytest.mark.parametrize("row", TEXTS, ids=lambda row: str(row.name))


def having(field: str) -> pytest.MarkDecorator:
    rows = [row for row in ROWS if getattr(row, field)]
    return pytest.mark.parametrize("row", rows, ids=lambda row: str(row.name))


def outcome(row: Row, data: bytes) -> Read | None:
    """Read with the importer of the row; None when the set is refused in one sentence."""
    try:
        return read(data, name=row.format, options=row.options)
    except HashSetError as error:
        assert re.search("[0-9a-fA-F]{16}", str(error)) is None  # noqa: PT017 - both are promised
        return None


def same(row: Row, data: bytes) -> None:
    """Say that a file reads as the one with the good samples does."""
    assert recognised(data) is find(IMPORTERS, row.format)
    result = read(data, options=row.options)
    assert len(result.records) == len(GOOD)
    assert all(row.says(*pair) for pair in zip(result.records, GOOD, strict=True))
    assert result.rejected == []


def test_every_format_has_a_row() -> None:
    assert {row.format for row in ROWS} | REFUSED == {row.name for row in IMPORTERS}
    assert len({row.name for row in ROWS}) == len(ROWS)


@every
def test_it_is_recognised_by_its_content_and_read_whole(row: Row) -> None:
    same(row, row.file(*GOOD))


@every_text
def test_a_byte_order_mark_changes_nothing(row: Row) -> None:
    same(row, b"\xef\xbb\xbf" + row.file(*GOOD))


@every_text
@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be"])
def test_utf16_is_read_where_its_mark_says_so(row: Row, encoding: str) -> None:
    same(row, ("\ufeff" + row.file(*GOOD).decode()).encode(encoding))


LINE_ENDS: Final[dict[str, Callable[[bytes], bytes]]] = {
    "LF": lambda data: data.replace(b"\r\n", b"\n"),
    "CRLF": lambda data: data.replace(b"\r\n", b"\n").replace(b"\n", b"\r\n"),
    "no last one": lambda data: data.rstrip(b"\r\n"),
    "empty lines at the end": lambda data: data + b"\n\r\n",
}


@every_text
@pytest.mark.parametrize("change", LINE_ENDS.values(), ids=LINE_ENDS)
def test_line_ends_change_nothing(row: Row, change: Callable[[bytes], bytes]) -> None:
    same(row, change(row.file(*GOOD)))


@every_text
@pytest.mark.parametrize("case", [bytes.upper, bytes.lower], ids=["upper", "lower"])
def test_the_case_of_digits_changes_nothing(row: Row, case: Callable[[bytes], bytes]) -> None:
    pattern = rb"(?<![0-9A-Za-z+/])[0-9A-Fa-f]{32,288}(?![0-9A-Za-z+/=])"
    data = row.file(*GOOD)
    assert re.search(pattern, data) or "photodna" in row.carries
    same(row, re.sub(pattern, lambda found: case(found.group()), data))


@having("bad")
def test_one_bad_record_is_named_and_the_others_are_read(row: Row) -> None:
    assert row.bad is not None
    good = [row.record(sample) for sample in GOOD]
    result = read(row.build([*good[:2], row.bad, *good[2:]]), options=row.options)
    assert all(row.says(*pair) for pair in zip(result.records, GOOD, strict=True))
    (rejected,) = result.rejected
    numbers = [record.number for record in result.records]
    assert numbers[1] < rejected.number < numbers[2]
    assert re.fullmatch("[a-z0-9-]+", rejected.reason)


@having("nothing")
def test_digests_of_the_empty_input_are_dropped_and_counted(row: Row) -> None:
    assert row.nothing is not None
    data = row.build([row.record(S[0]), row.nothing, row.record(S[1])])
    whole = imported(data, algorithm=row.options.algorithm)
    empties = {bytes.fromhex(text) for text in NOTHING.values()}
    assert not any(row[name] in empties for row in whole.rows for name in NOTHING)
    assert (len(whole.rows), bool(whole.facts["empties"])) == (2, True)


@having("repeats")
def test_repeated_records_are_each_read(row: Row) -> None:
    result = read(row.file(S[0], S[0], S[1], S[0]), options=row.options)
    wanted = [S[0], S[0], S[1], S[0]][result.tally.repeats :]
    assert result.tally.repeats in (0, 1)
    assert all(row.says(*pair) for pair in zip(result.records, wanted, strict=True))


@every
def test_what_is_cut_off_is_refused_or_gives_only_whole_records(row: Row) -> None:
    data = row.file(*GOOD)
    whole = read(data, options=row.options).records
    for length in range(0, len(data) - 1, row.step):
        result = outcome(row, data[:length])
        if row.json:
            assert result is None or length >= len(data.rstrip())
        elif result is not None:
            found = {value for record in result.records for value in digests_of(record)}
            assert found <= TRUE
            assert _said(result, data[:length]) or result.records == whole[: len(result.records)]


def _said(result: Read, data: bytes) -> bool:
    """Tell whether a reading says that the file may be cut: it ends inside a line."""
    if b"\n" not in data or data.endswith(b"\n") or not data.rsplit(b"\n", 1)[1].strip():
        return False
    assert any("cut short" in text for text in result.tally.warnings)
    return True


@every_text
def test_one_text_of_ten_megabytes_is_refused(row: Row) -> None:
    data = row.build([row.record(S[0]), row.long(b"a" * 10_000_000), row.record(S[1])])
    with pytest.raises(HashSetError, match="damaged"):
        read(data, name=row.format, options=row.options)


@having("json")
@pytest.mark.parametrize("depth", [DEPTH_LIMIT + 1, 1_000, 200_000])
def test_deep_nesting_is_refused(row: Row, depth: int) -> None:
    deep = b'{"x": ' * depth + b"1" + b"}" * depth
    with pytest.raises(HashSetError, match="nested deeper"):
        read(row.build([row.record(S[0]), deep]), name=row.format, options=row.options)


@having("extra")
def test_a_field_that_means_nothing_is_named(row: Row) -> None:
    assert row.extra is not None
    result = read(row.extra, options=row.options)
    assert result.tally.unknown_fields == {"colour"}
    assert digests_of(result.records[0])


@every
@pytest.mark.parametrize("other", IMPORTERS, ids=lambda other: str(other.name))
def test_a_file_under_another_name_is_refused_or_read_without_invention(
    row: Row, other: object
) -> None:
    name = next(item.name for item in IMPORTERS if item is other)
    for options in text_formats.OPTIONS:
        try:
            result = read(row.file(*GOOD), name=name, options=options)
        except (HashSetError, UsageError) as error:
            assert re.search("[0-9a-fA-F]{16}", str(error)) is None  # noqa: PT017 - both are promised
            continue
        exact = {data for item in result.records for data in (item.md5, item.sha1, item.sha256)}
        assert exact <= TRUE | {b""}


@every
@given(data=st.data())
def test_no_bytes_crash_an_importer(row: Row, data: st.DataObject) -> None:
    whole = bytearray(row.file(*GOOD[: data.draw(st.integers(0, 3))]))
    for _ in range(data.draw(st.integers(1, 4))):
        at = data.draw(st.integers(0, len(whole)))
        end = min(len(whole), at + data.draw(st.integers(0, 40)))
        change = data.draw(st.sampled_from(["flip", "cut", "junk", "splice", "end"]))
        if change == "flip" and at < len(whole):
            whole[at] ^= 1 << data.draw(st.integers(0, 7))
        elif change == "cut":
            del whole[at:end]
        elif change == "junk":
            whole[at:end] = data.draw(st.binary(max_size=40))
        elif change == "splice":
            other = data.draw(st.sampled_from(ROWS)).file(S[5])
            whole[at:end] = other[: data.draw(st.integers(0, len(other)))]
        else:
            del whole[at:]
    recognised(bytes(whole))
    options = data.draw(st.sampled_from((row.options, *text_formats.OPTIONS)))
    try:
        result = read(bytes(whole), name=row.format, options=options)
    except HeroesError as error:
        assert error.exit_code in (2, 30)  # noqa: PT017 - both outcomes are promised
        return
    assert all(re.fullmatch("[a-z0-9-]{1,40}", item.reason) for item in result.rejected)
    for record in result.records:
        assert {len(record.md5), len(record.sha1), len(record.sha256)} <= {0, 16, 20, 32}
        assert -1 <= record.size < 1 << 63
        assert len(record.category.encode("utf-8", "replace")) <= 256
        assert len(record.series.encode("utf-8", "replace")) <= 1024


@every
@given(junk=st.binary(max_size=500))
def test_no_junk_is_taken_for_a_set_without_a_word(row: Row, junk: bytes) -> None:
    result = outcome(row, junk)
    if result is not None:
        assert all(not row.says(record, S[0]) for record in result.records)


class _Endless(RawIOBase):
    """A file of many records that is never in memory as a whole."""

    def __init__(self, pieces: Iterator[bytes]) -> None:
        self._pieces = pieces
        self._rest = b""

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: object) -> int:
        view = memoryview(cast("bytearray", buffer)).cast("B")
        while not self._rest:
            piece = next(self._pieces, None)
            if piece is None:
                return 0
            self._rest = piece
        count = min(len(view), len(self._rest))
        view[:count] = self._rest[:count]
        self._rest = self._rest[count:]
        return count


def _pieces(row: Row, count: int) -> Iterator[bytes]:
    """Make the file of very many records piece by piece."""
    mark = b"THE RECORD"
    head, between, foot = row.build([mark, mark]).split(mark)
    yield head
    for number in range(count):
        yield between + row.record(Sample(number)) if number else row.record(Sample(0))
    yield foot


@pytest.mark.slow
@pytest.mark.parametrize(
    "row", [row for row in TEXTS if row.unbounded and not row.twice], ids=lambda row: str(row.name)
)
def test_a_million_records_need_no_more_memory_than_a_few(row: Row) -> None:
    wanted = 1_000_000
    stream = BufferedReader(_Endless(_pieces(row, wanted)), HEAD)
    head = stream.peek(HEAD)[:HEAD]
    records = rejected = 0
    before = peak = resident()
    supplied = Supplied(cast("BufferedReader", stream), head, -1, 0)
    for item in find(IMPORTERS, row.format).load().read(supplied, row.options, Tally()):
        rejected += isinstance(item, Rejected)
        records += 1
        if records % 10_000 == 0:
            peak = max(peak, resident())
    assert (records, rejected) == (wanted, 0)
    assert peak - before < 16 << 20


def resident() -> int:
    """Return the bytes of memory that this process has."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")


@every
@pytest.mark.parametrize("kind", ["notable", "known-good", "watch", "adult-intimate", "exclude"])
def test_a_set_under_the_wrong_kind_is_refused_or_said(tmp_path: Path, row: Row, kind: str) -> None:
    nature = find(IMPORTERS, row.format).load().nature
    options = {"algorithm": row.options.algorithm}
    if (nature == "adult-intimate" != kind) or (nature, kind) == ("notable", "known-good"):
        with pytest.raises(HashSetError, match=r"not imported as|refused as known-good"):
            add(tmp_path, row.file(*GOOD), kind=kind, options=options)
        return
    record = add(tmp_path, row.file(*GOOD), kind=kind, options=options)
    assert record.header.kind == kind
    said = "a set of known software is imported as notable" in str(record.report["warnings"])
    assert said == ((nature, kind) == ("known-good", "notable"))


@every
def test_a_set_of_no_stated_kind_is_asked_for_it(tmp_path: Path, row: Row) -> None:
    nature = find(IMPORTERS, row.format).load().nature
    options = {"algorithm": row.options.algorithm}
    if nature:
        assert add(tmp_path, row.file(*GOOD), options=options).header.kind == nature
        return
    with pytest.raises(UnknownKindError):
        add(tmp_path, row.file(*GOOD), options=options)
