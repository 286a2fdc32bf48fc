"""Which of the four words stands on page 1 about an exhibit: decided here and nowhere else."""

from collections.abc import Iterable
from typing import Final

from heroes_forensics.reports.coverage import Coverage
from heroes_forensics.reports.findings import CANDIDATES, MatchCount
from heroes_forensics.reports.model import Verdict, VerdictWord

NO_SET: Final = "no-hash-set"
"""Reason: nothing of kind ``notable`` was compared with."""
NOT_FINISHED: Final = "run-not-finished"
"""Reason: a run has no end on record, or ended early."""
NO_ENTRIES: Final = "no-entries"
"""Reason: the source opened, and there was nothing in it that could be compared."""

_BESIDE: Final[frozenset[str]] = frozenset(
    {
        *("container.beside", "blocks.unclaimed", "blocks.open", "blocks.undivided"),
        *("unallocated.unreadable", "unallocated.limit", "slack.unreadable", "slack.limit"),
        "embedded.limit",
    }
)
"""Gaps that keep nothing of what is there from being examined: never the reason of a word."""
_LESSER: Final = "volume.truncated"
"""A reason where there is no other: what lacks is not what keeps the rest from being opened."""

CANDIDATES_ONLY: Final = "candidates-only"
"""Reason: every match is one by appearance, which somebody has to confirm."""

NO_MATCH: Final[frozenset[str]] = frozenset({"digest-conflict", "lead", "same-beginning"})
"""Grades of findings that stand beside the word of page 1, never inside it."""
_NO_CONCERN: Final[frozenset[str]] = frozenset({"non_pertinent", "known_good"})


def counts_as_match(match: MatchCount) -> bool:
    """Tell whether findings of this sort make the word MATCHES.

    Only sets of kind ``notable`` do: a case's own watch list carries no verdict, and a set of
    adults' intimate material is never merged with one for child protection. An entry whose other
    digest contradicts is no match of content; it is shown beside the word, never inside it. Nor is
    a lead, which chance may explain, nor a beginning, which files of one program share.
    """
    return makes_word(match.kind, match.grade, match.verdict) and match.count > 0


def makes_word(kind: str, grade: str, verdict: str) -> bool:
    """Tell whether findings of this kind, grade and verdict count; see `counts_as_match`."""
    return kind == "notable" and grade not in NO_MATCH and verdict not in _NO_CONCERN


def decide(
    coverage: Coverage,
    matches: Iterable[MatchCount],
    *,
    finished: bool,
    notable_sets: int,
) -> Verdict:
    """Say what may be said of an exhibit.

    A match is said even of an examination that was not finished (and the verdict says both), a
    gap never hides one; "no match" is said only of what was examined to its end with something
    to compare it with.

    Args:
        coverage: of the exhibit.
        matches: the counts of its current and provisional findings.
        finished: every run on it came to its end.
        notable_sets: how many sets of kind ``notable`` it was compared with.
    """
    comparable, seen = coverage.media()
    reasons: tuple[str, ...] = ()
    word: VerdictWord
    unfinished = () if finished else (NOT_FINISHED,)
    counted = [match for match in matches if counts_as_match(match)]
    if counted:
        exact = any(match.grade not in CANDIDATES for match in counted)
        word, reasons = "matches", (*(() if exact else (CANDIDATES_ONLY,)), *unfinished)
    elif not finished:
        word, reasons = "unfinished", unfinished
    elif coverage.equation.digested == 0:
        found = [area.code for area in coverage.areas if not area.policy]
        found += [group.code for group in coverage.gaps if not group.policy]
        word, reasons = "not-examinable", _why(found) or (NO_ENTRIES,)
    elif notable_sets == 0:
        word, reasons = "unfinished", (NO_SET,)
    else:
        word = "no-match"
    return Verdict(
        word=word,
        percent_of_bytes=coverage.percent_of_bytes,
        media_comparable=comparable,
        media_seen=seen,
        unfinished=not finished,
        reasons=reasons,
    )


def _why(codes: Iterable[str]) -> tuple[str, ...]:
    """Return the gaps, each once, that kept an exhibit from being examined."""
    found = tuple(dict.fromkeys(code for code in codes if code not in _BESIDE))
    return tuple(code for code in found if code != _LESSER) or found


def meaning(word: str, reasons: Iterable[str]) -> str:
    """Return under which key of ``means`` and ``means_not`` a verdict is explained.

    An exhibit that was examined to its end and compared with nothing is as unfinished as one
    whose run broke off, but what is missing is another thing.
    """
    if NO_SET in reasons:
        return "not-compared"
    return "candidates" if CANDIDATES_ONLY in reasons else word
