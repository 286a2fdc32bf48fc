"""Reading a case: status, inventory, findings, gaps, events."""

import base64
import json
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, Final

from heroes_forensics.errors import UsageError
from heroes_forensics.filetype import TYPES
from heroes_forensics.model import (
    GAP_TEXTS,
    JSON,
    LIMITS,
    EntryFlag,
    EntryKind,
    Place,
    TimeRule,
    is_limit,
    is_policy,
    reuse_word,
)
from heroes_forensics.pipelines.case import locking
from heroes_forensics.pipelines.case.cases import read_only
from heroes_forensics.pipelines.case.folders import BUNDLE, DATABASE, EVENTS
from heroes_forensics.pipelines.case.interruptions import breaks as breaks_of_runs
from heroes_forensics.pipelines.case.journal import now
from heroes_forensics.pipelines.case.telling import parsed, whole_lines
from heroes_forensics.pipelines.examining import metadata
from heroes_forensics.pipelines.report.report_evidence import word
from heroes_forensics.pipelines.report.report_items import misnamed
from heroes_forensics.pipelines.report.report_model import Builder
from heroes_forensics.store import derived, emptying, queries, standing, tally
from heroes_forensics.store import metadata as stored
from heroes_forensics.store.database import Database
from heroes_forensics.store.lanes import lanes

STATUS_WORDS: Final = ("not-reached", "done", "gap", "no-content", "policy")
_FOLLOW_SECONDS: Final = 0.5
FOLLOW_GRACE_SECONDS: Final = 5.0
"""How long a case that nobody holds is followed: a batch may begin the next run of it."""


def status(case_dir: Path) -> JSON:
    """Return how a case stands: its runs, both sides of the entry equation, its digest."""
    with read_only(case_dir) as database:
        facts = database.facts()
        cells = tally.cells(database)
        volumes = []
        equations = []
        for number, label, key, system, state, listing in database.rows(
            "SELECT v.id, s.label, v.key, v.file_system, v.state, v.listing FROM volume v"
            " JOIN source s ON s.id = v.source_id ORDER BY v.id"
        ):
            found = queries.equation(database, number, cells)
            equations.append(found)
            volumes.append(
                {"volume": f"{label}/{key}", "file_system": system, "state": state}
                | _terms(found)
                | {"blocks": json.loads(listing).get("blocks", {}) if listing else {}}
            )
        gaps = queries.gap_counts(database)
        breaks = breaks_of_runs(database)
        holder = locking.holder(case_dir)
        return {
            "type": "status",
            "case": facts["uuid"],
            "reference": facts["reference"],
            "names": facts["names"],
            "runs": [
                {
                    "run": uuid,
                    "started": started,
                    "ended": ended,
                    "outcome": outcome or "open",
                    "state": outcome or ("running" if holder else "broken off"),
                    "interruptions": [each.to_json() for each in breaks.get(uuid, ())],
                    "isolation": json.loads(run_facts).get("isolation"),
                    "purpose": json.loads(config).get("purpose", "scan"),
                }
                for uuid, started, ended, outcome, config, run_facts in database.rows(
                    "SELECT uuid, started, ended, outcome, config, facts FROM run ORDER BY id"
                )
            ],
            "holder": None if holder is None else {"pid": holder.pid, "since": holder.since},
            "lanes": [lane._asdict() for lane in lanes(database, cells)],
            "inside": derived.totals(database),
            "equation": _terms(queries.total(equations))
            | {"closes": all(each.closes for each in equations)},
            "volumes": volumes,
            "gaps": [
                {"code": code, "count": count, "policy": is_policy(code), "text": GAP_TEXTS[code]}
                for code, count in sorted(
                    gaps.items(), key=lambda row: (not is_limit(row[0]), row[0])
                )
            ],
            "findings": database.value("SELECT count(finding) FROM match"),
            "findings_withdrawn": sum(
                each.status == standing.WITHDRAWN for each in standing.findings(database)
            ),
            "content_sha256": queries.content_sha256(database),
            "reduced": _lessened(facts.get(emptying.REDUCED), "items"),
            "erased": _lessened(facts.get(emptying.ERASED), "runs"),
            "unsettled": facts.get(emptying.UNSETTLED) is not None,
        }


def _lessened(fact: object, what: str) -> JSON | None:
    """Return what is told of a reduction or an erasure; None when there was none."""
    if not isinstance(fact, dict):
        return None
    return {what: fact[what], "time": fact["time"], "event": fact["event"]}


def _terms(found: queries.Equation) -> JSON:
    ended = found.digested + found.no_content + found.policy + found.gaps
    return {
        "listed": found.listed,
        "stored": found.stored,
        "digested": found.digested,
        "no_content": found.no_content,
        "policy": found.policy,
        "gaps": found.gaps,
        "not_reached": found.stored - ended,
        "directories": found.directories,
        "directories_listed": found.directories_listed,
        "directories_not_listed": found.directories_not_listed,
        "directories_met_before": found.directories_met_before,
        "closes": found.closes,
    }


def inventory(
    case_dir: Path,
    *,
    exhibit: str | None = None,
    describe: Callable[[stored.Row], JSON] = metadata.shown,
) -> Iterator[JSON]:
    """Yield one row for each item; ``path`` only under the policy ``clear``.

    Args:
        case_dir: the case.
        exhibit: only its items.
        describe: says what is shown of metadata; without the key that is state and tags.

    Raises:
        UsageError: the case has no such exhibit.
    """
    with read_only(case_dir) as database:
        check_exhibit(database, exhibit)
        clear = database.facts()["names"] == "clear"
        bases: dict[tuple[str, str], Mapping[str, Any]] = {
            (label, key): json.loads(basis) if basis else {}
            for label, key, basis in database.rows(
                "SELECT s.label, v.key, v.time_basis FROM volume v"
                " JOIN source s ON s.id = v.source_id"
            )
        }
        containers = derived.opened(database)
        has_metadata = next(stored.all_rows(database), None) is not None
        for item in queries.items(database, exhibit=exhibit):
            holder = None if item.parent is None else containers[item.parent]
            basis = bases.get((item.source, item.volume), {}) if holder is None else holder.times
            row: JSON = {
                "type": "item",
                "exhibit": item.exhibit,
                "source": item.source,
                "volume": item.volume,
                "locator": item.full_locator,
                "allocated": bool(item.flags & EntryFlag.ALLOCATED),
                "kind": EntryKind(item.kind).name.lower(),
                "flags": [
                    str(flag.name).lower()
                    for flag in EntryFlag
                    if item.flags & flag and flag is not EntryFlag.ALLOCATED
                ],
                "reuse": reuse_word(item.flags) or None,
                "size": item.size,
                "bytes_read": item.bytes_read,
                "md5": item.md5.hex() if item.md5 else None,
                "sha1": item.sha1.hex() if item.sha1 else None,
                "sha256": item.sha256.hex() if item.sha256 else None,
                "content_type": TYPES[item.type].name,
                "misnamed": misnamed(item.kind, item.flags, item.type, item.bytes_read),
                "place": word(Place(item.place).name),
                "owner": item.owner if item.owner >= 0 else None,
                "times": _times(item, basis),
                "status": STATUS_WORDS[item.status],
                "gap": item.gap or None,
            }
            if holder is not None:
                row["parent"] = f"{item.source}/{item.volume}/{holder.locator}"
            told = stored.of_item(database, item.id) if has_metadata else None
            if told is not None:
                row["media_metadata"] = describe(told)
            if clear:
                row |= path_fields(item.path)
            yield row
        yield from _reduced(database)


def check_exhibit(database: Database, exhibit: str | None) -> None:
    """Refuse the label of an exhibit that the case does not have.

    Raises:
        UsageError: it has not; the message names those it has.
    """
    labels = [label for (label,) in database.rows("SELECT label FROM exhibit ORDER BY id")]
    if exhibit is not None and exhibit not in labels:
        raise UsageError(
            f"the case has no exhibit {exhibit!r}",
            hint="it has: " + (", ".join(labels) or "none"),
        )


def path_fields(path: bytes) -> JSON:
    """Return a path as text, and its bytes too where the text is not exact."""
    try:
        return {"path": path.decode()}
    except UnicodeDecodeError:
        return {
            "path": path.decode(errors="replace"),
            "path_b64": base64.b64encode(path).decode(),
        }


def _times(item: queries.Item, basis: Mapping[str, Any]) -> JSON:
    found: JSON = {}
    for name, moment in zip("macb", item.times, strict=True):
        if moment is not None:
            rule = TimeRule(*basis.get(name, (1, "utc")))
            found[name] = {
                "seconds": moment.seconds,
                "nanoseconds": moment.nanoseconds,
                "resolution_ns": rule.resolution_ns,
                "zone": rule.zone,
            }
    return found


def findings(case_dir: Path) -> Iterator[JSON]:
    """Yield every finding as the report states it, withdrawn ones too."""
    with read_only(case_dir) as database:
        report = Builder(database, case_dir / BUNDLE).findings()
        for finding in report:
            row = finding.to_json()
            yield {**row, "type": "finding", "content_type": row["type"]}


def unfinished(case_dir: Path) -> bool:
    """Say whether a run of the case goes on or broke off, so that more may follow."""
    with read_only(case_dir) as database:
        return bool(
            database.value(
                "SELECT count(*) FROM run WHERE outcome IS NULL OR outcome = 'interrupted'"
            )
        )


def gaps(case_dir: Path) -> Iterator[JSON]:
    """Yield every gap: limits that can be raised, then volumes and directories, then items.

    Of items with their ``path``, under the policy ``clear`` alone.
    """
    with read_only(case_dir) as database:
        rest = []
        clear = database.facts()["names"] == "clear"
        for locator, code, detail, path in derived.gaps(database):
            row = _gap(locator, code, detail) | (path_fields(path) if clear else {})
            if code in LIMITS:
                yield row
            else:
                rest.append(row)
        for place, code, detail in database.rows("SELECT place, code, detail FROM gap ORDER BY id"):
            yield _gap(place, code, json.loads(detail))
        for item in queries.items(database):
            if item.gap:
                detail = {"size": item.size, "bytes_read": item.bytes_read}
                row = _gap(item.full_locator, item.gap, detail)
                yield row | (path_fields(item.path) if clear else {})
        yield from rest
        yield from _reduced(database)


def _reduced(database: Database) -> Iterator[JSON]:
    """Yield one row in the place of all items that were reduced; none when none was."""
    reduced = _lessened(database.facts().get(emptying.REDUCED), "items")
    if reduced is not None:
        yield {"type": "reduced", **reduced}


def _gap(where: str, code: str, detail: JSON) -> JSON:
    return {
        "type": "gap",
        "where": where,
        "code": code,
        "policy": is_policy(code),
        "text": GAP_TEXTS[code],
        "detail": detail,
    }


def events(case_dir: Path, *, follow: bool = False) -> Iterator[JSON]:
    """Yield what runs told while they ran; with ``follow``, go on while somebody holds the case.

    A run that was killed told nobody: then the last row, of ``follow`` alone, says it.
    """
    path = case_dir / EVENTS
    if not (case_dir / DATABASE).exists():
        raise UsageError(
            f"{case_dir} is not a case", hint="give the directory that `heroes scan --case` made"
        )
    position, alone = 0, 0.0
    last: JSON = {}
    while True:
        held = locking.holder(case_dir) is not None  # asked first: what was told before is read
        for line in whole_lines(path, position):
            position += len(line)
            for row in parsed([line]):
                last = row if row.get("type") == "run" else last
                yield row
        if not follow:
            return
        if held:
            alone = 0.0
        elif not alone:
            alone = time.monotonic()
        if alone and time.monotonic() - alone >= FOLLOW_GRACE_SECONDS:
            break
        time.sleep(_FOLLOW_SECONDS)
    if last.get("state") in _BEGUN:
        yield {**last, "time": now(), "state": "interrupted", "cause": "crash"}


_BEGUN: Final = frozenset({"started", "resumed"})
