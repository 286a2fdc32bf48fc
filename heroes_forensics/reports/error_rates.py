"""The report model: how often perceptual comparison errs, as measured before the examination."""

from dataclasses import dataclass
from typing import Annotated, Literal

from heroes_forensics.reports.record import Count, Percent, Record, Says, Sha256, Text, Utc, Word


@dataclass(frozen=True, slots=True)
class FoundAgain(Record):
    """The share of edited pictures that was found again, on average over the edits."""

    tier: Annotated[int, Says(minimum=1, maximum=2)]
    """1: what is always looked at; 2: what is looked at in depth as well."""
    bits: Count
    """Within which they were found."""
    percent: Percent
    low: Percent
    high: Percent
    """The share is taken to lie between these, with a confidence of 95 %: all edits of one picture
    counted as one trial, which is on the safe side."""


@dataclass(frozen=True, slots=True)
class FalsePairs(Record):
    """How many other pictures came close."""

    of: Word
    """``as-is``, ``edited``, ``distractors``; ``look-alikes``: forms, screens or icons."""
    tier: Annotated[int, Says(minimum=1, maximum=2)]
    bits: Count
    pairs: Count
    comparisons: Count
    bound: Text
    """Upper bound of their rate, with a confidence of 95 %."""
    what: Text = ""
    """Which pictures that look alike."""


@dataclass(frozen=True, slots=True)
class ErrorRate(Record):
    """One measurement that runs of this case cite."""

    source: Literal["laboratory", "program"]
    """Who measured: the laboratory, by a record that it signed; or those who wrote the program."""
    sha256: Sha256
    """Of the file ``calibration.txt`` of the runs that cite it."""
    pictures: Count
    """Those compared with one another."""
    edited: Count
    edits: Count
    """Ways in which they were edited."""
    found: tuple[FoundAgain, ...]
    false_pairs: tuple[FalsePairs, ...]
    name: Text = ""
    """Identifier of the laboratory's record; the commit that was measured, of the program."""
    laboratory: Text = ""
    measured: Utc | None = None
    """When the record was made; None: it is not on record."""
    unfinished: bool = False
    """The measurement was stopped before its end."""
    asked: Literal["newest", "named", "none"] = "newest"
    """Which one the operator wanted; ``none``: not that of the laboratory."""
    runs: tuple[Text, ...] = ()
    """The runs that cite it."""
