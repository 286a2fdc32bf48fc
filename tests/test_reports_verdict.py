from dataclasses import replace

import pytest
from report_example import DISK_COVERAGE, LAPTOP_COVERAGE, LOCAL_MATCHES, STICK_COVERAGE

from heroes_forensics.reports.coverage import Area, Coverage, GapGroup
from heroes_forensics.reports.evidence import Equation
from heroes_forensics.reports.findings import Grade, MatchCount
from heroes_forensics.reports.model import VerdictWord
from heroes_forensics.reports.verdict import CANDIDATES_ONLY, counts_as_match, decide, meaning

HIT = MatchCount("notable", "same-sha1", "baseline_illegal", "X", "1", "VICS", "US", 1)

CASES: dict[str, tuple[Coverage, tuple[MatchCount, ...], bool, int, VerdictWord]] = {
    "a match": (LAPTOP_COVERAGE, (HIT,), True, 1, "matches"),
    "a match in an unfinished run": (LAPTOP_COVERAGE, (HIT,), False, 1, "matches"),
    "a match without a category": (
        LAPTOP_COVERAGE, (replace(HIT, verdict="uncategorised", code=""),), True, 1, "matches",
    ),
    "a size conflict": (
        LAPTOP_COVERAGE, (replace(HIT, grade="size-conflict"),), True, 1, "matches",
    ),
    "nothing found": (STICK_COVERAGE, (), True, 1, "no-match"),
    "a digest conflict alone": (
        STICK_COVERAGE, (replace(HIT, grade="digest-conflict"),), True, 1, "no-match",
    ),
    "a candidate alone": (
        LAPTOP_COVERAGE, (replace(HIT, grade="candidate-b"),), True, 1, "matches",
    ),
    "a lead alone": (STICK_COVERAGE, (replace(HIT, grade="lead"),), True, 1, "no-match"),
    "listed as not pertinent": (
        STICK_COVERAGE, (replace(HIT, verdict="non_pertinent"),), True, 1, "no-match",
    ),
    "a watch list alone": (STICK_COVERAGE, (replace(HIT, kind="watch"),), True, 1, "no-match"),
    "adults alone": (STICK_COVERAGE, (replace(HIT, kind="adult-intimate"),), True, 1, "no-match"),
    "encrypted as a whole": (DISK_COVERAGE, (), True, 1, "not-examinable"),
    "empty": (Coverage(), (), True, 1, "not-examinable"),
    "not finished": (STICK_COVERAGE, (), False, 1, "unfinished"),
    "nothing to compare with": (STICK_COVERAGE, (), True, 0, "unfinished"),
}  # fmt: skip


@pytest.mark.parametrize(
    ("coverage", "matches", "finished", "sets", "word"), CASES.values(), ids=CASES
)
def test_the_word_of_page_one(
    coverage: Coverage,
    matches: tuple[MatchCount, ...],
    finished: bool,  # noqa: FBT001 # a column of the table
    sets: int,
    word: VerdictWord,
) -> None:
    verdict = decide(coverage, matches, finished=finished, notable_sets=sets)
    assert verdict.word == word
    assert verdict.unfinished is not finished
    assert verdict.percent_of_bytes == coverage.percent_of_bytes


@pytest.mark.parametrize(
    ("grades", "reasons"),
    [
        (("candidate-a",), (CANDIDATES_ONLY,)),
        (("candidate-b", "lead", "digest-conflict"), (CANDIDATES_ONLY,)),
        (("candidate-a", "same-md5"), ()),
        (("same-content",), ()),
    ],
)
def test_candidates_alone_are_said_to_be_that(
    grades: tuple[Grade, ...], reasons: tuple[str, ...]
) -> None:
    found = [replace(HIT, grade=grade) for grade in grades]
    verdict = decide(LAPTOP_COVERAGE, found, finished=True, notable_sets=1)
    assert (verdict.word, verdict.reasons) == ("matches", reasons)
    assert meaning(verdict.word, verdict.reasons) == ("candidates" if reasons else "matches")


def test_every_reason_is_said_once() -> None:
    gaps = (GapGroup("stream.short", 2, policy=False), GapGroup("policy.metadata", 9, policy=True))
    skipped = Area("1/p0.vss1", "policy.snapshots", 1, policy=True)
    coverage = replace(DISK_COVERAGE, areas=(*DISK_COVERAGE.areas * 2, skipped), gaps=gaps)
    verdict = decide(coverage, (), finished=True, notable_sets=1)
    assert verdict.reasons == ("volume.encrypted", "stream.short")


def test_a_reason_is_what_kept_the_exhibit_from_being_examined() -> None:
    beside = GapGroup("container.beside", 1, policy=False)
    short = GapGroup("volume.truncated", 1, policy=False)
    for gaps, areas, reasons in (
        ((beside,), (), ("no-entries",)),
        ((beside, short), (), ("volume.truncated",)),
        ((beside, short), DISK_COVERAGE.areas, ("volume.encrypted",)),
    ):
        coverage = Coverage(gaps=gaps, areas=areas)
        assert decide(coverage, (), finished=True, notable_sets=1).reasons == reasons


def test_an_image_with_entries_and_no_content_was_not_examined() -> None:
    coverage = Coverage(equation=Equation(listed=1, recorded=1, without_content=1))
    assert decide(coverage, (), finished=True, notable_sets=1).reasons == ("no-entries",)


def test_the_example_counts_what_it_should() -> None:
    assert [counts_as_match(match) for match in LOCAL_MATCHES] == [
        True, True, True, True, True, False, False, False,
    ]  # fmt: skip
