"""Annex D: which part of a report supports which clause of the rules of the field.

The wording rule is custody.md's: a report *supports*; whether a rule is met is the laboratory's to
say. What only people can state is looked for in the model, and named where it is missing.
"""

from collections.abc import Callable, Mapping
from typing import Any, Final, Literal, NamedTuple

from heroes_forensics.model import JSON

State = Literal["given", "not_stated", "not_applicable"]

FRONT: Final = "front"
"""What stands above the first section."""


class Clause(NamedTuple):
    """One row of the annex."""

    rule: str
    """A group of the messages ``clauses``."""
    code: str
    """With the rule a message of ``clause``."""
    sections: tuple[str, ...]
    """Ids of sections, or `FRONT`."""
    state: State


def _given(_report: Mapping[str, Any]) -> State:
    return "given"


def _said(*path: str) -> Callable[[Mapping[str, Any]], State]:
    """Return what looks whether something is stated in the model."""

    def look(report: Mapping[str, Any]) -> State:
        found: Any = report
        for name in path:
            found = found.get(name) if isinstance(found, Mapping) else None
        return "given" if found else "not_stated"

    return look


def _laboratory(report: Mapping[str, Any]) -> State:
    stated = report["laboratory"] or {}
    return "given" if stated.get("name") and stated.get("address") else "not_stated"


def _place(report: Mapping[str, Any]) -> State:
    stated = (report["stated"] or {}).get("place") or (report["laboratory"] or {}).get("address")
    return "given" if stated else "not_stated"


def _examined(report: Mapping[str, Any]) -> State:
    return "given" if report["examined_from"] else "not_stated"


def _items(report: Mapping[str, Any]) -> State:
    described = [
        each["description"] or each["serial"] or each["make"] for each in report["exhibits"]
    ]
    return "given" if described and all(described) else "not_stated"


def _none(_report: Mapping[str, Any]) -> State:
    return "not_applicable"


def _custody(report: Mapping[str, Any]) -> State:
    return "given" if any(act["topic"] == "custody" for act in report["acts"]) else "not_stated"


_Row = tuple[str, str, tuple[str, ...], Callable[[Mapping[str, Any]], State]]

_CLAUSES: Final[tuple[_Row, ...]] = (
    ("iso17025", "a", (FRONT,), _given),
    ("iso17025", "b", (FRONT,), _laboratory),
    ("iso17025", "c", ("request", FRONT), _place),
    ("iso17025", "d", (FRONT, "statement"), _given),
    ("iso17025", "e", (FRONT,), _said("case", "customer")),
    ("iso17025", "f", ("method",), _given),
    ("iso17025", "g", ("exhibits", "integrity"), _items),
    ("iso17025", "h", (FRONT, "custody"), _said("stated", "received")),
    ("iso17025", "i", (FRONT, "quality"), _examined),
    ("iso17025", "j", (FRONT,), _given),
    ("iso17025", "k", (), _none),
    ("iso17025", "l", ("statement",), _given),
    ("iso17025", "m", ("result", "coverage", "findings"), _given),
    ("iso17025", "n", ("quality", "coverage"), _said("stated", "deviations")),
    ("iso17025", "o", (FRONT, "statement"), _said("stated", "authorised_by")),
    ("iso17025", "p", ("method", "quality"), _said("stated", "external")),
    ("acpo", "1", ("exhibits", "integrity"), _given),
    ("acpo", "2", (FRONT, "custody"), _said("case", "examiner")),
    ("acpo", "3", ("method", "check", "events", "environment"), _given),
    ("acpo", "4", ("request",), _said("case", "authority")),
    ("iso27037", "id", ("exhibits",), _given),
    ("iso27037", "who", ("custody", "data", "events"), _given),
    ("iso27037", "out", ("custody",), _custody),
    ("iso27037", "change", ("integrity", "quality"), _given),
    ("logging", "acts", ("data", "quality", "events"), _given),
    ("logging", "why", ("data",), _given),
)  # fmt: skip


def clauses(document: JSON) -> list[Clause]:
    """Return the rows of the annex for a report in its plain form."""
    report: Any = document
    return [Clause(rule, code, sections, state(report)) for rule, code, sections, state in _CLAUSES]
