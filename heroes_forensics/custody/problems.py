"""The codes of verification: stable, each in one class, and what they make of the exit code.

``broken``: bytes or signatures do not fit. ``incomplete``: nothing contradicts the record, but
something that a laboratory's policy may ask for is missing. ``information``: worth knowing.
"""

from collections.abc import Iterable, Iterator
from typing import Final

from heroes_forensics.custody.chain import Problem
from heroes_forensics.errors import DONE, CustodyError, UntrustedError

BROKEN: Final = "broken"
INCOMPLETE: Final = "incomplete"
INFORMATION: Final = "information"

CODES: Final[dict[str, tuple[str, str]]] = {
    "anchor-mismatch": (BROKEN, "an outside anchor has another root at the same size"),
    "bad-genesis": (BROKEN, "the record does not begin with exactly one sound opening"),
    "chain-broken": (BROKEN, "a line does not follow from the one before it"),
    "config-mismatch": (BROKEN, "the settings are not those that were recorded"),
    "database-mismatch": (BROKEN, "the case database is not the one the ledger describes"),
    "disclosure-foreign": (BROKEN, "a disclosure is of another run or record"),
    "equivocation": (BROKEN, "two signed checkpoints of one size differ"),
    "environment-mismatch": (BROKEN, "the program or a library is not the one that was recorded"),
    "evidence-mismatch": (BROKEN, "the evidence is not what was recorded of it"),
    "evidence-segments": (BROKEN, "the evidence has other segments than were recorded"),
    "findings-mismatch": (BROKEN, "the findings are not those that were committed"),
    "hashset-mismatch": (BROKEN, "a hash set is not the one that was recorded"),
    "inconsistent-checkpoints": (BROKEN, "signed checkpoints cannot belong to one record"),
    "inventory-mismatch": (BROKEN, "the inventory is not the one that was committed"),
    "key-out-of-range": (BROKEN, "a key signed, or was changed, outside its time"),
    "manifest-mismatch": (BROKEN, "a file is not the one that the manifest lists"),
    "manifest-signature-bad": (BROKEN, "the manifest is not signed by the ledger key"),
    "missing-file": (BROKEN, "a file that the record names is missing"),
    "not-canonical": (BROKEN, "a line is not in its one byte form"),
    "opening-bad": (BROKEN, "a disclosed value is not the one that was committed"),
    "pdf-signature-bad": (BROKEN, "a signature in a report, or what lies behind it, is wrong"),
    "proof-bad": (BROKEN, "a proof does not lead to its root"),
    "report-mismatch": (BROKEN, "a report is not one that was issued"),
    "report-superseded": (BROKEN, "a report is not the newest one issued"),
    "rollback": (BROKEN, "a longer record was seen before"),
    "root-mismatch": (BROKEN, "a checkpoint signs other events"),
    "schema": (BROKEN, "a record does not have the form of its type"),
    "sealed-mismatch": (BROKEN, "the sealed file is not the one that was committed"),
    "seq-gap": (BROKEN, "event numbers are missing or stand twice"),
    "seq-order": (BROKEN, "events do not stand in their order"),
    "signature-bad": (BROKEN, "a signature does not verify"),
    "signature-missing": (BROKEN, "a checkpoint is not signed by the ledger key"),
    "time-vs-anchor": (BROKEN, "dates contradict a time stamp or another anchor on record"),
    "timestamp-bad": (BROKEN, "a time stamp is not of its checkpoint, or does not verify"),
    "torn-line": (BROKEN, "the last line is only half there"),
    "truncated": (BROKEN, "a checkpoint signs more events than there are"),
    "unsafe-input": (BROKEN, "a file is beyond the bounds a verifier keeps"),
    "clock-step": (INCOMPLETE, "the clock was moved while a process ran"),
    "count-mismatch": (INCOMPLETE, "counts do not add up"),
    "custody-gap": (INCOMPLETE, "a transfer is not signed by both, or does not follow the last"),
    "few-recipients": (INCOMPLETE, "what is sealed opens for one recipient alone"),
    "manifest-missing": (INCOMPLETE, "there is no manifest: files outside the ledger are unsigned"),
    "run-incomplete": (INCOMPLETE, "a run has no start, no end or no coverage"),
    "time-backwards": (INCOMPLETE, "an event is dated before the one in front of it"),
    "time-future": (INCOMPLETE, "an event is dated after now"),
    "unauthorised-work": (INCOMPLETE, "work on evidence without registration or authority"),
    "unknown-signer": (INCOMPLETE, "nobody vouches for the key that signed"),
    "unsigned-tail": (INCOMPLETE, "events stand after the last signed checkpoint"),
    "case-local-key": (INFORMATION, "signed by a key made for this case alone"),
    "environment-unchecked": (INFORMATION, "another version of program or library is installed"),
    "evidence-unchecked": (INFORMATION, "the record has no digest of the evidence to compare with"),
    "extra-file": (INFORMATION, "a file is not listed in the manifest"),
    "not-rebuilt": (INFORMATION, "a report was not made again, so that it is not compared"),
    "pdf-signature-unchecked": (INFORMATION, "a signature in a report was not checked here"),
    "sealed-absent": (INFORMATION, "the sealed file is not here"),
    "suspicious-name": (INFORMATION, "a name holds characters that can be mistaken"),
    "timestamp-unchecked": (INFORMATION, "a time stamp could not be checked here"),
    "unknown-type": (INFORMATION, "an event of a type this program does not know"),
}
"""Class and meaning by code. The codes shared with docs/custody.md never change."""

UNTRUSTED: Final = frozenset({"manifest-missing", "unknown-signer", "unsigned-tail"})
"""Incomplete in a way that leaves something unsigned: never exit code 0."""

SHOWN: Final = 25
"""Problems of one code that are listed; the rest are counted."""
_MAX_NAME: Final = 120


def shown(text: object) -> str:
    """Return text from a bundle so that it can be printed: ASCII, escaped, and cut."""
    escaped = str(text).encode("unicode_escape").decode()
    return escaped if len(escaped) <= _MAX_NAME else escaped[:_MAX_NAME] + "..."


def class_of(code: str) -> str:
    """Return the class of a code."""
    return CODES[code][0]


def exit_code(found: Iterable[Problem], *, strict: bool = False) -> int:
    """Return 6 when anything is broken, 7 when trust or, under ``strict``, completeness lacks."""
    codes = {problem.code for problem in found}
    classes = {class_of(code) for code in codes}
    if BROKEN in classes:
        return CustodyError.exit_code
    if codes & UNTRUSTED or (strict and INCOMPLETE in classes):
        return UntrustedError.exit_code
    return DONE


def condensed(found: Iterable[Problem]) -> Iterator[Problem]:
    """Keep the first `SHOWN` of each code and count the rest, worst classes first."""
    by_code: dict[str, list[Problem]] = {}
    for problem in found:
        by_code.setdefault(problem.code, []).append(problem)
    order = [BROKEN, INCOMPLETE, INFORMATION]
    for code, problems in sorted(by_code.items(), key=lambda row: order.index(class_of(row[0]))):
        yield from problems[:SHOWN]
        if len(problems) > SHOWN:
            yield Problem(code, "", f"and {len(problems) - SHOWN} more of the same kind")
