"""Erasing what a case keeps: everything sealed, or all that is said of items without a finding.

The event is on record before anything is destroyed, together with what rows remain. Commitments
stay: the record verifies as before, and what was handed out of it can still be proved.
"""

import re
from collections.abc import Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final

from heroes_forensics.custody import bundle, chain
from heroes_forensics.errors import UsageError
from heroes_forensics.model import JSON
from heroes_forensics.pipelines.case import settling
from heroes_forensics.pipelines.case.cases import OpenCase, opened
from heroes_forensics.pipelines.case.journal import now
from heroes_forensics.store import emptying, progress, queries

_UNITS: Final = 4000
"""Units whose rows one event digests: a line of the ledger is shorter than a MiB."""
_AGE: Final = re.compile(r"(\d{1,5})d", re.ASCII)
_METHOD: Final = "overwritten and removed; case database written anew"
_ERASURE: Final[JSON] = {"type": "erasure", "also_in": []}


def erase(  # noqa: PLR0913 - each is part of the record
    case_dir: Path,
    *,
    run: str | None,
    justification: str,
    authority: str,
    rule: str,
    examiner: str = "",
    passphrase: str | None = None,
) -> JSON:
    """Destroy what is sealed of one run, or of the case with its key.

    One of the case that was cut off is ended by the same call, under the event that it has.

    Args:
        case_dir: the case.
        run: its UUID; None: of all runs, and the case key, so that nothing is ever sealed again.
        justification: why.
        authority: the legal basis.
        rule: the rule on retention that it follows.
        examiner: who erases; the examiner of the case when empty.
        passphrase: of the laboratory's keys.

    Raises:
        UsageError: no reason is given, there is no such run, or a run is unfinished.
        CustodyError: the case does not verify.
        StoppedError: a disk refused; the next command that writes to the case ends it.
    """
    _check(justification, authority, rule)
    with opened(case_dir, passphrase=passphrase) as case:
        done = settling.erased(case.facts)
        if run is None and done is not None and _cut_off(case):
            _end(case, "data erased")
            return {**_ERASURE, "event": done["event"], "runs": done["runs"], "rule": rule}
        case.check_sealed()
        runs = [uuid for (uuid,) in case.database.rows("SELECT uuid FROM run ORDER BY id")]
        if run is not None and run not in runs:
            raise UsageError(f"the case has no run {run}", hint=f"see: heroes status {case_dir}")
        number = (
            None
            if run is None
            else int(case.database.value("SELECT id FROM run WHERE uuid=?", (run,)))
        )
        _begin(case)
        which = runs if run is None else [run]
        files = [bundle.of_run(each, bundle.SEALED) for each in which]
        what = "the sealed part of the case" if run is None else "the sealed part of a run"
        body: JSON = {
            "what": what,
            "method": _METHOD,
            "runs": which,
            "justification": justification,
            "legal_basis": authority,
        }
        with case.journal.transaction():
            changed = emptying.erase(case.database, number)
            seq = _record(case, body, rule, changed, examiner)
            if run is None:
                case.database.set_fact("case_key", "")
            before = case.facts.get(emptying.ERASED) or {"runs": []}
            said: JSON = {
                "all": run is None,
                "runs": list(dict.fromkeys([*before["runs"], *which])),
                "time": now(),
                "event": seq,
            }
            case.database.set_fact(emptying.ERASED, said)
            case.database.set_fact(emptying.UNSETTLED, {"files": files})
        _end(case, "data erased")
        also = [] if number is None else _also_in(case, number, runs)
    return {**_ERASURE, "event": seq, "runs": which, "also_in": also, "rule": rule}


def reduce(  # noqa: PLR0913 - each is part of the record
    case_dir: Path,
    *,
    older_than: str | None,
    justification: str,
    authority: str,
    rule: str,
    examiner: str = "",
    passphrase: str | None = None,
) -> JSON:
    """Drop what the case says of items without a finding: locators, names, times, digests, values.

    Args:
        case_dir: the case.
        older_than: ``90d``: only when the last run ended so long ago; None: now.
        justification: why.
        authority: the legal basis.
        rule: the rule on retention that it follows.
        examiner: who does it; the examiner of the case when empty.
        passphrase: of the laboratory's keys.

    Returns:
        ``items`` that were reduced: 0 when it is not yet time (``due``), or nothing was left to do.

    Raises:
        UsageError: no reason is given, nothing was examined, or a run is unfinished.
        CustodyError: the case does not verify.
        StoppedError: a disk refused; the next command that writes to the case ends it.
    """
    _check(justification, authority, rule)
    age = None if older_than is None else _days(older_than)
    with opened(case_dir, passphrase=passphrase) as case:
        ended = case.database.value("SELECT max(ended) FROM run")
        if ended is None:
            raise UsageError("nothing was examined in this case that could be reduced")
        due = None if age is None else chain.timestamp(datetime.fromisoformat(ended) + age)
        said: JSON = {"type": "reduction", "items": 0, "due": due, "rule": rule}
        if due is not None and due > now():
            return said
        items = emptying.droppable(case.database)
        done = case.facts.get(emptying.REDUCED)
        if not items and done and _cut_off(case):
            _end(case, "data reduced")
            return {**said, **{name: done[name] for name in ("items", "event", "content_sha256")}}
        if not items:
            return said
        _begin(case)
        content = queries.content_sha256(case.database)
        last = int(case.database.value("SELECT max(id) FROM run"))
        body: JSON = {
            "what": "what was recorded of items without a finding",
            "method": "emptied; case database written anew",
            "items": items,
            "content_sha256": content,
            "justification": justification,
            "legal_basis": authority,
        }
        with case.journal.transaction():
            changed = emptying.reduce(case.database)
            seq = _record(case, body, rule, changed, examiner)
            before = case.facts.get(emptying.REDUCED) or {"items": 0}
            fact: JSON = {
                "items": int(before["items"]) + items,
                "time": now(),
                "event": seq,
                "content_sha256": content,
                "last_run": last,
            }
            case.database.set_fact(emptying.REDUCED, fact)
            case.database.set_fact(emptying.UNSETTLED, {"files": []})
        _end(case, "data reduced")
    return {**said, "items": items, "event": seq, "content_sha256": content}


def _check(justification: str, authority: str, rule: str) -> None:
    if not (justification.strip() and authority.strip() and rule.strip()):
        raise UsageError(
            "data is erased only for a reason",
            hint="say why with --justification, on which basis with --authority, by which --rule",
        )


def _days(text: str) -> timedelta:
    found = _AGE.fullmatch(text)
    if found is None:
        raise UsageError("an age is a number of days: --older-than 90d")
    return timedelta(days=int(found[1]))


def _begin(case: OpenCase) -> None:
    """Take the case up; what goes on cannot be taken from under its feet.

    Raises:
        UsageError: a run is unfinished.
    """
    unfinished = case.database.value(
        "SELECT count(*) FROM run WHERE outcome IS NULL OR outcome = 'interrupted'"
    )
    if unfinished or progress.runs_without_end(case.database):
        raise UsageError(
            "a run of the case is unfinished, and could not go on afterwards",
            hint=f"end it first: heroes scan --case {case.folder} --resume",
        )
    emptying.prepare(case.database)
    case.begin()


def _record(
    case: OpenCase,
    body: JSON,
    rule: str,
    changed: Sequence[tuple[int, bytes]],
    examiner: str,
) -> int:
    """Write what is erased, and which rows remain; return the number of the first event."""
    person = examiner or case.examiner
    first = case.journal.size
    always: JSON = {"retention_rule": rule, "remaining_commitments": True}
    for start in range(0, max(len(changed), 1), _UNITS):
        units: list[JSON] = [
            {"unit": unit, "rows_sha256": digest.hex()}
            for unit, digest in changed[start : start + _UNITS]
        ]
        more: JSON = {"what": f"{body['what']}, continued", "method": body["method"]}
        case.journal.event(
            "data.erased", {**(more if start else body), **always, "units": units}, person=person
        )
    return first


def _cut_off(case: OpenCase) -> bool:
    """Take the case up where an erasure was killed before its end; say whether one was."""
    if case.facts.get(emptying.UNSETTLED) is None and case.bundle.path(bundle.MANIFEST).exists():
        return False
    case.begin()
    return True


def _end(case: OpenCase, reason: str) -> None:
    case.journal.checkpoint(reason)
    settling.settle(case.database, case.bundle.root)
    case.publish()


def _also_in(case: OpenCase, run: int, runs: Sequence[str]) -> list[str]:
    """Return other runs whose sealed files may hold names of the same findings."""
    found = {
        uuid
        for (uuid,) in case.database.rows(
            "SELECT DISTINCT r.uuid FROM restated s JOIN unit u ON u.id = s.unit_id"
            " JOIN run r ON r.id = u.run_id JOIN match m ON m.finding = s.finding"
            " JOIN item i ON i.id = m.item_id JOIN unit w ON w.id = i.unit_id"
            " WHERE w.run_id = ?1 AND r.id != ?1"
            " UNION SELECT DISTINCT r.uuid FROM match m JOIN unit u ON u.id = m.unit_id"
            " JOIN run r ON r.id = u.run_id JOIN item i ON i.id = m.item_id"
            " JOIN unit w ON w.id = i.unit_id WHERE w.run_id = ?1 AND r.id != ?1",
            (run,),
        )
    }
    here = {each for each in found if case.bundle.path(bundle.of_run(each, bundle.SEALED)).exists()}
    return [each for each in runs if each in here]
