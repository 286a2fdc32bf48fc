"""The findings of a case as they stand: each as it was compared last.

A finding is a row of ``match`` for ever. What a later edition of its set says of it stands in
``restated``, a row for each comparison that says something else, so that nothing on record is
changed by another look.
"""

import json
from collections.abc import Iterator, Sequence
from typing import Any, Final, Literal, NamedTuple

from heroes_forensics.store.database import Database
from heroes_forensics.store.records import MatchRow

Status = Literal["current", "withdrawn"]
CURRENT: Final = "current"
WITHDRAWN: Final = "withdrawn"


class Standing(NamedTuple):
    """One finding as it stands."""

    finding: int
    item_id: int
    record: int
    """In the edition that listed it last."""
    grade: Any
    """As `records` stored it: a word of the report model, like the verdict."""
    verdict: Any
    facts: dict[str, Any]
    set: dict[str, Any]
    """Facts of the edition that listed it last."""
    status: Status
    not_in: str
    """The edition that does not list it any more; empty while it is current."""


_LAST: Final = (
    "SELECT m.finding, m.item_id, coalesce(r.record, m.record), coalesce(r.grade, m.grade),"
    " coalesce(r.verdict, m.verdict), coalesce(r.facts, m.facts), h.facts, w.id IS NOT NULL,"
    " coalesce(json_extract(n.facts, '$.edition'), '')"
    " FROM match m"
    " LEFT JOIN restated r ON r.id = (SELECT max(id) FROM restated"
    "  WHERE finding = m.finding AND status = 'current')"
    " LEFT JOIN restated w ON w.id = (SELECT max(id) FROM restated WHERE finding = m.finding)"
    "  AND w.status = 'withdrawn'"
    " JOIN hashset h ON h.id = coalesce(r.hashset_id, m.hashset_id)"
    " LEFT JOIN hashset n ON n.id = w.hashset_id"
    " WHERE m.finding IS NOT NULL{where} ORDER BY m.finding"
)
_OF_ITEMS: Final = " AND m.item_id BETWEEN ? AND ?"


def findings(
    database: Database, *, uuid: str = "", items: tuple[int, int] | None = None
) -> Iterator[Standing]:
    """Yield findings in the order of their numbers.

    Args:
        database: the case.
        uuid: those of one hash set; empty for all.
        items: those of items from one id to another, both included; None for all.
    """
    where = (" AND h.uuid = ?" if uuid else "") + (_OF_ITEMS if items else "")
    values = (*((uuid,) if uuid else ()), *(items or ()))
    for number, item, record, grade, verdict, facts, known, withdrawn, edition in database.rows(
        _LAST.format(where=where), values
    ):
        yield Standing(
            *(number, item, record, grade, verdict, json.loads(facts), json.loads(known)),
            *(WITHDRAWN if withdrawn else CURRENT, edition),
        )


def restate(
    database: Database, unit: int, rows: Sequence[tuple[int, Status, MatchRow]]
) -> list[tuple[Any, ...]]:
    """Insert what a later comparison says of findings; return what was stored.

    Args:
        database: inside a transaction.
        unit: the unit they belong to.
        rows: number of the finding, `CURRENT` or `WITHDRAWN`, and the match in the edition that
            was compared; of a withdrawn one, what it was before.
    """
    stored: list[tuple[Any, ...]] = [
        (
            unit,
            number,
            row.hashset_id,
            row.record,
            row.grade,
            row.verdict,
            json.dumps(row.facts, sort_keys=True, separators=(",", ":")),
            status,
        )
        for number, status, row in rows
    ]
    database.many(
        "INSERT INTO restated (unit_id, finding, hashset_id, record, grade, verdict, facts, status)"
        " VALUES (?,?,?,?,?,?,?,?)",
        stored,
    )
    return stored
