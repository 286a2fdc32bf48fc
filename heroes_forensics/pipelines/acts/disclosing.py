"""Disclosing fields of one finding to a named recipient: on record first, then written.

What is sealed is opened for it, which is an event of its own before it happens. The file holds
the values asked for, and proves that they were committed to when the run ended; see
`heroes_forensics.custody.disclosure`.
"""

import hashlib
import json
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from heroes_forensics.custody import bundle, commitments, disclosure, merkle, seal
from heroes_forensics.errors import CustodyError, UsageError
from heroes_forensics.model import JSON
from heroes_forensics.pipelines.case import ledger_events, outgoing
from heroes_forensics.pipelines.case.cases import OpenCase, opened
from heroes_forensics.pipelines.case.telling import number_text
from heroes_forensics.pipelines.checks.locating import finding_number


class _Place(NamedTuple):
    """Where a finding is committed to."""

    run: str
    event: int
    position: int
    lines: tuple[bytes, ...]


def disclose(  # noqa: PLR0913 - each is part of the record
    case_dir: Path,
    finding: str,
    fields: Sequence[str],
    *,
    output: Path,
    recipient: str,
    organisation: str,
    justification: str,
    authority: str,
    examiner: str = "",
    passphrase: str | None = None,
) -> JSON:
    """Write a disclosure of some fields of one finding.

    Args:
        case_dir: the case.
        finding: its number, such as ``F-000012``.
        fields: of `commitments.FIELDS`; nothing else of the finding is in the file.
        output: a new file.
        recipient: who gets it.
        organisation: of the recipient.
        justification: why it is handed on.
        authority: the legal basis.
        examiner: who discloses; the examiner of the case when empty.
        passphrase: of the laboratory's keys.

    Raises:
        UsageError: there is no such finding or field, or ``output`` is there already.
        CustodyError: the case does not verify, or what is sealed is not what was committed.
    """
    _check(fields, justification, authority)
    number = number_text(finding_number(finding))
    with outgoing.file(output) as write, opened(case_dir, passphrase=passphrase) as case:
        case.check_sealed()
        place = _place(case, number)
        person = examiner or case.examiner
        case.begin()
        case.journal.checkpoint("before a disclosure")
        said: JSON = {
            "run": place.run,
            "findings": [number],
            "justification": justification,
            "legal_basis": authority,
        }
        case.journal.event("sealed.opened", said, person=person)
        case.journal.checkpoint("sealed opened")
        values, salts = _sealed(case, place, number)
        last = case.bundle.last_checkpoint()
        if last is None:
            raise CustodyError("the case has no checkpoint")
        rows = case.database.rows(
            "SELECT line FROM ledger WHERE seq < ? ORDER BY seq", (last.size,)
        )
        data = disclosure.make(
            place.lines,
            place.position,
            {name: salts[name] for name in fields},
            {name: values[name] for name in fields},
            [line for (line,) in rows],
            place.event,
            case.bundle.path(bundle.checkpoint_name(last.size)).read_bytes(),
        )
        made: JSON = {
            "recipient": recipient,
            "organisation": organisation,
            "findings": [number],
            "fields": sorted(fields),
            "disclosure_sha256": hashlib.sha256(data).hexdigest(),
            "legal_basis": authority,
            "justification": justification,
        }
        case.journal.event("disclosure.made", made, person=person)
        case.journal.checkpoint("disclosure made")
        case.publish()
        write(data)
    return {"type": "disclosure", "finding": number, **made}


def _check(fields: Sequence[str], justification: str, authority: str) -> None:
    if not justification.strip() or not authority.strip():
        raise UsageError(
            "a finding is disclosed only for a reason",
            hint="say why with --justification and on which basis with --authority",
        )
    unknown = sorted(set(fields) - set(commitments.FIELDS))
    if unknown or not fields:
        raise UsageError(
            "say which fields are disclosed", hint=f"they are: {', '.join(commitments.FIELDS)}"
        )
    if len(set(fields)) != len(fields):
        raise UsageError("a field is named twice")


def _place(case: OpenCase, number: str) -> _Place:
    """Return where a finding is committed to last."""
    for event in ledger_events.of(case.database, "findings.committed", newest_first=True):
        run = str(event.body["run"])
        path = case.bundle.path(bundle.of_run(run, bundle.FINDINGS))
        if not path.exists():
            continue
        lines = tuple(path.read_bytes().splitlines(keepends=True))
        if merkle.root(map(merkle.leaf, lines)).hex() != event.body["root"]:
            raise CustodyError("the findings of a run are not those that were committed")
        for index, line in enumerate(lines):
            if json.loads(line)["id"] == number:
                return _Place(run, event.seq, index, lines)
    raise UsageError(f"no run of the case committed to {number}", hint="see: heroes findings CASE")


def _sealed(case: OpenCase, place: _Place, number: str) -> tuple[JSON, dict[str, str]]:
    """Return values and salts of a finding from the sealed file of its run."""
    path = case.bundle.path(bundle.of_run(place.run, bundle.SEALED))
    if not path.exists():
        raise UsageError(
            "the sealed part of this run is not here: nothing can be opened",
            hint="it was erased, or the bundle is a copy without it",
        )
    committed = ledger_events.at(case.database, place.event)
    data = path.read_bytes()
    if hashlib.sha256(data).hexdigest() != committed["sealed_sha256"]:
        raise CustodyError("the sealed part of the run is not the one that was committed")
    opened_lines = seal.open_sealed(data, [case.ring.identity]).splitlines()
    for line in opened_lines[1:]:
        row = json.loads(line)
        if row["finding"] == number:
            return row["values"], row["salts"]
    raise CustodyError("the sealed part of the run lacks a finding that it committed to")
