"""The data protection log of a case, read from its ledger: who did what with data, when and why.

Which events are which act is the table here. Texts are those that operators gave; none is from
evidence. Who reads this log reads no personal data from evidence.
"""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final, NamedTuple

from heroes_forensics.pipelines.case import ledger_events
from heroes_forensics.pipelines.case.cases import read_only
from heroes_forensics.pipelines.case.ledger_events import Recorded
from heroes_forensics.reports import csv
from heroes_forensics.reports.processing import Action, Processing
from heroes_forensics.store.database import Database


class _Rule(NamedTuple):
    """How an event is told; fields of its body, the first that says something."""

    action: Action
    of: tuple[str, ...] = ()
    reason: tuple[str, ...] = ()
    recipient: tuple[str, ...] = ()
    legal_basis: tuple[str, ...] = ()


RULES: Final[Mapping[str, _Rule]] = {
    "run.started": _Rule("collection", ("evidence",), ("purpose",), legal_basis=("authority",)),
    "record.corrected": _Rule("alteration", ("seq",), ("reason",)),
    "finding.classified": _Rule("alteration", ("finding",), ("by_rule", "scheme")),
    "case.unlocked": _Rule("consultation", (), ("purpose",)),
    "sealed.opened": _Rule(
        "consultation", ("findings", "what"), ("justification",), legal_basis=("legal_basis",)
    ),
    "data.consulted": _Rule("consultation", ("what",), ("justification",)),
    "recovery.drilled": _Rule("consultation", ("run",), (), ("recipient",)),
    "disclosure.made": _Rule(
        "disclosure",
        ("fields", "findings"),
        ("justification",),
        ("recipient", "organisation"),
        ("legal_basis",),
    ),
    "export.made": _Rule("disclosure", ("format",), (), ("recipient",)),
    "data.combined": _Rule("combination", ("sources",), ("purpose",)),
    "data.erased": _Rule(
        "erasure", ("what",), ("justification", "retention_rule"), legal_basis=("legal_basis",)
    ),
    "evidence.disposed": _Rule("erasure", ("evidence",), ("method",), legal_basis=("authority",)),
}
"""Which events are acts of processing. A run that names hash sets is a combination besides."""

_AUTHORITY: Final = "authority.recorded"
_MOST: Final = 50
"""Things of one act that are named; more are counted."""
_RANGE: Final = 3
"""Findings from which on a row of them is written as a range."""


def log(database: Database) -> Iterator[Processing]:
    """Yield every act of processing of a case, in order."""
    basis = ""
    for event in ledger_events.of(database, *RULES, _AUTHORITY):
        if event.kind == _AUTHORITY:
            basis = str(event.body["reference"])
            continue
        rule = RULES[event.kind]
        sets = event.body.get("hashsets") or []
        if event.kind != "run.started" or event.body["evidence"]:
            yield _act(event, rule, basis)
        if sets:
            yield _act(event, rule._replace(action="combination", of=("hashsets",)), basis)


def _act(event: Recorded, rule: _Rule, basis: str) -> Processing:
    said = event.body
    stated = ", ".join(_texts(said, rule.legal_basis))
    return Processing(
        seq=event.seq,
        time=event.time,
        action=rule.action,
        type=event.kind,
        who=event.actor,
        who_is="person" if event.actor_kind == "person" else "software",
        of=tuple(_texts(said, rule.of)),
        recipient=", ".join(_texts(said, rule.recipient)),
        reason=", ".join(_texts(said, rule.reason[:1]) or _texts(said, rule.reason)),
        legal_basis=stated or basis,
        legal_basis_from="act" if stated else "authority" if basis else "none",
    )


def _texts(said: Mapping[str, Any], names: tuple[str, ...]) -> list[str]:
    found = []
    for name in names:
        value = said.get(name)
        if value is None or value == "":
            continue
        each = value if isinstance(value, list) else [value]
        if name == "findings":
            each = _ranges(each)
        found += [str(one) for one in each[:_MOST]]
        if len(each) > _MOST:
            found.append(f"+ {len(each) - _MOST}")
    return found


def _ranges(numbers: Sequence[str]) -> list[str]:
    """Write three and more findings that follow one another as first, last and how many."""
    groups: list[list[str]] = []
    for number in numbers:
        digits = number.removeprefix("F-")
        last = groups[-1][-1].removeprefix("F-") if groups else ""
        if last.isdecimal() and digits.isdecimal() and int(digits) == int(last) + 1:
            groups[-1].append(number)
        else:
            groups.append([number])
    return [
        each
        for group in groups
        for each in (
            group if len(group) < _RANGE else [f"{group[0]}\u2013{group[-1]} ({len(group)})"]
        )
    ]


def of_case(case_dir: Path) -> list[Processing]:
    """Return the log of a case.

    Raises:
        UsageError: it is no case.
        CustodyError: its ledger cannot be read.
    """
    with read_only(case_dir) as database:
        return list(log(database))


def table(rows: list[Processing]) -> bytes:
    """Return the log as CSV."""
    return csv.processing(rows)
