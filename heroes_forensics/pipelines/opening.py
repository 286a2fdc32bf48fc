"""Opening sealed names for a person: the event and the justification come first."""

import json
from collections.abc import Iterator, Sequence
from pathlib import Path

from heroes_forensics.custody import seal
from heroes_forensics.errors import UsageError
from heroes_forensics.model import JSON
from heroes_forensics.pipelines.cases import OpenCase, opened
from heroes_forensics.pipelines.locating import finding_number
from heroes_forensics.pipelines.telling import number_text
from heroes_forensics.pipelines.views import path_fields
from heroes_forensics.store import queries


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
    if not justification.strip() or not authority.strip():
        raise UsageError(
            "names are opened only for a reason",
            hint="say why with --justification and on which basis with --authority",
        )
    wanted = [finding_number(text) for text in findings]
    with opened(case_dir, passphrase=passphrase) as case:
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
        case.journal.event("sealed.opened", body, person=person)
        case.journal.checkpoint("sealed opened")
        case.publish()
        sealer = case.sealer() if case.facts["names"] == "sealed" else None
        found = [_opened(case, sealer, row) for row in rows]
    yield from found


def _rows(case: OpenCase, wanted: Sequence[int]) -> list[tuple[int, int, str]]:
    rows = [
        (number, item, facts)
        for number, item, facts in case.database.rows(
            "SELECT finding, item_id, facts FROM match WHERE finding IS NOT NULL ORDER BY finding"
        )
        if not wanted or number in wanted
    ]
    missing = set(wanted) - {number for number, _, _ in rows}
    if missing:
        raise UsageError(
            f"the case has no finding {number_text(min(missing))}", hint="see: heroes findings CASE"
        )
    return rows


def _opened(case: OpenCase, sealer: seal.NameSealer | None, row: tuple[int, int, str]) -> JSON:
    number, item_id, facts = row
    item = queries.item(case.database, item_id)
    if item is None:
        raise UsageError(f"finding {number_text(number)} has lost its item")
    path = item.path if sealer is None else sealer.open(item.id, item.path)
    return {
        "type": "name",
        "finding": number_text(number),
        "locator": item.full_locator,
        **path_fields(path),
        "category": json.loads(facts).get("category"),
    }
