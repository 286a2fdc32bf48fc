from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from report_example import DISK, LAPTOP, LAPTOP_COVERAGE, LOCKED, STICK, STICK_COVERAGE, SYSTEM

from heroes_forensics.model import Listing, Moment, TimeRule
from heroes_forensics.reports.coverage import Coverage, GapGroup
from heroes_forensics.reports.evidence import Equation, FileTime

TERMS = ("recorded", "digested", "without_content", "policy", "gaps", "listed")
DIRECTORY_TERMS = (
    "directories",
    "directories_listed",
    "directories_not_listed",
    "directories_met_before",
)


def test_the_equation_of_the_example_closes() -> None:
    assert SYSTEM.equation.closes


@pytest.mark.parametrize("term", TERMS + DIRECTORY_TERMS)
def test_one_row_more_breaks_it(term: str) -> None:
    equation = SYSTEM.equation
    assert not replace(equation, **{term: getattr(equation, term) + 1}).closes


def test_it_is_made_of_two_counts_that_do_not_know_of_each_other() -> None:
    listing = Listing(entries=10, directories=3, directories_listed=2, directories_met_before=1)
    found = Equation.of(listing, recorded=10, digested=6, without_content=3, policy=1, gaps=0)
    assert found.closes
    assert not replace(found, recorded=9).closes


def test_a_loss_here_and_a_surplus_there_do_not_make_up_for_each_other() -> None:
    less = replace(SYSTEM, equation=replace(SYSTEM.equation, digested=41_376))
    more = replace(SYSTEM, equation=replace(SYSTEM.equation, digested=41_378))
    source = replace(LAPTOP, volumes=(less, more))
    found = Coverage.of((source,), item_bytes=1, item_bytes_examined=1)
    assert found.equation.closes
    assert not found.closes


def test_volumes_that_were_not_opened_count_against_the_share() -> None:
    assert STICK_COVERAGE.percent_of_bytes == "100.0"
    assert LAPTOP_COVERAGE.volume_bytes_not_opened == LOCKED.size
    assert LAPTOP_COVERAGE.percent_of_bytes == "81.8"
    locked = Coverage.of((DISK,), item_bytes=0, item_bytes_examined=0)
    assert locked.percent_of_bytes == "0.0"


def test_pictures_and_films_are_counted_and_nothing_else() -> None:
    assert LAPTOP_COVERAGE.media() == (18_608, 18_616)


def test_a_total_merges_gaps_and_types_by_code() -> None:
    total = Coverage.total([LAPTOP_COVERAGE, LAPTOP_COVERAGE, STICK_COVERAGE])
    assert [gap.code for gap in total.gaps] == [gap.code for gap in LAPTOP_COVERAGE.gaps]
    assert total.gaps[0].count == 2 * LAPTOP_COVERAGE.gaps[0].count
    assert total.types[0].seen == 2 * 18_204 + 640
    assert total.unexpected == 2 * LAPTOP_COVERAGE.unexpected == 150
    assert [area.policy for area in total.areas] == [False, True, True] * 2
    assert total.closes


def test_a_total_keeps_few_examples() -> None:
    gap = GapGroup("stream.short", 4, policy=False, examples=("a", "b", "c", "d"))
    part = Coverage(gaps=(gap,))
    assert len(Coverage.total([part, part, part]).gaps[0].examples) == 5


def test_a_total_of_nothing_says_nothing_was_examined() -> None:
    assert Coverage.total([]).percent_of_bytes == "0.0"


def test_sources_of_other_exhibits_do_not_leak_in() -> None:
    assert Coverage.of((STICK,), item_bytes=0, item_bytes_examined=0).equation.listed == 902


SECONDS = TimeRule(10**9, "utc")
FAT_BORN = TimeRule(10**7, "local-unknown")
FAT_WRITTEN = TimeRule(2 * 10**9, "local-unknown")
NTFS = TimeRule(100, "utc")

KNOWN_TIMES = {
    "NTFS": (Moment(1_709_571_906, 123_456_700), NTFS, "2024-03-04T17:05:06.1234567Z"),
    "ext4": (Moment(0, 1), TimeRule(1, "utc"), "1970-01-01T00:00:00.000000001Z"),
    "FAT write": (Moment(1_700_000_000, 0), FAT_WRITTEN, "2023-11-14T22:13:20"),
    "FAT creation": (Moment(315_532_800, 990_000_000), FAT_BORN, "1980-01-01T00:00:00.99"),
    "HFS+ before the epoch": (Moment(-2_082_844_800, 0), SECONDS, "1904-01-01T00:00:00Z"),
    "leap day": (Moment(951_782_400, 0), SECONDS, "2000-02-29T00:00:00Z"),
    "year 0": (Moment(-62_167_219_200, 0), SECONDS, "0000-01-01T00:00:00Z"),
    "largest": (Moment(2**63 - 1, 0), SECONDS, "292277026596-12-04T15:30:07Z"),
    "smallest": (Moment(-(2**63), 0), SECONDS, "-292277022657-01-27T08:29:52Z"),
}


@pytest.mark.parametrize(("moment", "rule", "expected"), KNOWN_TIMES.values(), ids=KNOWN_TIMES)
def test_a_file_time_is_written_as_stored(moment: Moment, rule: TimeRule, expected: str) -> None:
    assert FileTime.of("m", moment, rule).text == expected


@given(st.integers(-62_135_596_800, 253_402_300_799))
def test_the_calendar_is_that_of_the_standard_library(seconds: int) -> None:
    found = FileTime.of("b", Moment(seconds, 0), SECONDS).text
    expected = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(seconds=seconds)
    assert found == expected.strftime(f"{expected.year:04d}-%m-%dT%H:%M:%SZ")
