"""Opening what is sealed for a person: the event and the justification come first."""

import json
from collections.abc import Iterator, Sequence
from pathlib import Path

from heroes_forensics.custody import seal
from heroes_forensics.errors import UsageError
from heroes_forensics.model import JSON
from heroes_forensics.pipelines.case import ledger_events
from heroes_forensics.pipelines.case.cases import OpenCase, opened
from heroes_forensics.pipelines.case.telling import number_text
from heroes_forensics.pipelines.checks import views
from heroes_forensics.pipelines.checks.locating import finding_number
from heroes_forensics.pipelines.checks.views import path_fields
from heroes_forensics.pipelines.examining import metadata
from heroes_forensics.store import emptying, queries
from heroes_forensics.store.metadata import of_item


def open_names(  # noqa: PLR0913 - each is part of the record
    case_dir: Path,
    *,
    findings: Sequence[str],
    justification: str,
    authority: str,
    examiner: str = "",
    passphrase: str | None = None,
) -> Iterator[JSON]:
    """Yield name and path of findings; what was opened, and why, is in the ledger before.

    Args:
        case_dir: the case.
        findings: numbers such as ``F-000001``; empty for all of them.
        justification: why a person needs to read the names.
        authority: the legal basis it rests on.
        examiner: who reads; the examiner of the case when empty.
        passphrase: of the laboratory's keys.

    Raises:
        UsageError: a finding does not exist, or no reason is given.
        CustodyError: the case does not verify, or a sealed name does not open.
    """
    _check_reason("names are", justification, authority)
    wanted = [finding_number(text) for text in findings]
    with opened(case_dir, passphrase=passphrase) as case:
        case.check_sealed()
        rows = _rows(case, wanted)
        run = case.database.value("SELECT uuid FROM run ORDER BY id DESC LIMIT 1")
        if run is None or not rows:
            raise UsageError("the case has no finding whose name could be opened")
        case.begin()
        person = examiner or case.examiner
        body: JSON = {
            "run": run,
            "findings": [number_text(number) for number, _, _ in rows] if wanted else "all",
            "justification": justification,
            "legal_basis": authority,
        }
        _record(case, body, person)
        sealer = case.sealer() if case.facts["names"] == "sealed" else None
        found = [_opened(case, sealer, row) for row in rows]
    yield from found


def open_metadata(  # noqa: PLR0913 - each is part of the record
    case_dir: Path,
    *,
    justification: str,
    authority: str,
    exhibit: str | None = None,
    examiner: str = "",
    passphrase: str | None = None,
) -> Iterator[JSON]:
    """Yield the rows of the inventory with what pictures and films say of their origin.

    Args:
        case_dir: the case.
        justification: why a person needs to read it.
        authority: the legal basis it rests on.
        exhibit: only its items.
        examiner: who reads; the examiner of the case when empty.
        passphrase: of the laboratory's keys.

    Raises:
        UsageError: no reason is given, nothing of it is on record, or there is no such exhibit.
        CustodyError: the case does not verify, or what is sealed does not open.
    """
    _check_reason("metadata is", justification, authority)
    with opened(case_dir, passphrase=passphrase) as case:
        case.check_sealed()
        run = case.database.value(
            "SELECT r.uuid FROM media_metadata m JOIN unit u ON u.id = m.unit_id"
            " JOIN run r ON r.id = u.run_id ORDER BY r.id DESC LIMIT 1"
        )
        if run is None:
            raise UsageError(
                "no metadata of pictures or films is on record in this case",
                hint="it is read by: heroes scan SOURCE... --case DIR --media-metadata",
            )
        views.check_exhibit(case.database, exhibit)
        case.begin()
        body: JSON = {
            "run": run,
            "findings": "all",
            "what": "metadata of pictures and films" + (f" of {exhibit}" if exhibit else ""),
            "justification": justification,
            "legal_basis": authority,
        }
        _record(case, body, examiner or case.examiner)
        sealer = case.sealer()
    yield from views.inventory(
        case_dir, exhibit=exhibit, describe=lambda row: metadata.opened(row, sealer)
    )


def _check_reason(what: str, justification: str, authority: str) -> None:
    if not justification.strip() or not authority.strip():
        raise UsageError(
            f"{what} opened only for a reason",
            hint="say why with --justification and on which basis with --authority",
        )


def _record(case: OpenCase, body: JSON, person: str) -> None:
    """Write that something sealed is opened, before it is."""
    case.journal.event("sealed.opened", body, person=person)
    case.journal.checkpoint("sealed opened")
    case.publish()


def _rows(case: OpenCase, wanted: Sequence[int]) -> list[tuple[int, int, str]]:
    rows = [
        (number, item, facts)
        for number, item, facts in case.database.rows(
            "SELECT finding, item_id, facts FROM match WHERE finding IS NOT NULL ORDER BY finding"
        )
        if not wanted or number in wanted
    ]
    for number, item, _ in rows if case.facts.get(emptying.ERASED) else ():
        if not case.database.value("SELECT path FROM item WHERE id=?", (item,)):
            raise UsageError(
                f"the name of {number_text(number)} was erased{_when(case, item)}",
                hint="name the findings of other runs with --finding",
            )
    missing = set(wanted) - {number for number, _, _ in rows}
    if missing:
        raise UsageError(
            f"the case has no finding {number_text(min(missing))}", hint="see: heroes findings CASE"
        )
    return rows


def _when(case: OpenCase, item: int) -> str:
    """Return day and event of the erasure that took the name of an item."""
    run = case.database.value(
        "SELECT r.uuid FROM item i JOIN unit u ON u.id = i.unit_id JOIN run r ON r.id = u.run_id"
        " WHERE i.id=?",
        (item,),
    )
    for event in ledger_events.of(case.database, "data.erased"):
        if run in (event.body.get("runs") or ()):
            return f" on {event.time[:10]} (event {event.seq} of the ledger)"
    return ""


def _opened(case: OpenCase, sealer: seal.NameSealer | None, row: tuple[int, int, str]) -> JSON:
    number, item_id, facts = row
    item = queries.item(case.database, item_id)
    if item is None:
        raise UsageError(f"finding {number_text(number)} has lost its item")
    path = item.path if sealer is None else sealer.open(item.id, item.path)
    told = of_item(case.database, item_id)
    return {
        "type": "name",
        "finding": number_text(number),
        "locator": item.full_locator,
        **path_fields(path),
        "category": json.loads(facts).get("category"),
        **({"media_metadata": metadata.opened(told, case.sealer())} if told else {}),
    }
