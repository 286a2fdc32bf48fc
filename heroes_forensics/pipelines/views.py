"""Reading a case: status, inventory, findings, gaps, events, coordinates for other tools."""

import base64
import json
import re
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, Final, NamedTuple

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
)
from heroes_forensics.parsers.filesystems import locators
from heroes_forensics.pipelines import locking
from heroes_forensics.pipelines.folders import BUNDLE, DATABASE, EVENTS
from heroes_forensics.pipelines.interruptions import breaks as breaks_of_runs
from heroes_forensics.pipelines.journal import now
from heroes_forensics.pipelines.report_evidence import word
from heroes_forensics.pipelines.report_model import Builder
from heroes_forensics.pipelines.telling import number_text, parsed, whole_lines
from heroes_forensics.store import derived, queries, standing
from heroes_forensics.store.database import Database
from heroes_forensics.store.lanes import lanes

STATUS_WORDS: Final = ("not-reached", "done", "gap", "no-content", "policy")
_NUMBER: Final = re.compile(r"F-0*(\d{1,9})", re.IGNORECASE)
_FOLLOW_SECONDS: Final = 0.5
FOLLOW_GRACE_SECONDS: Final = 5.0
"""How long a case that nobody holds is followed: a batch may begin the next run of it."""


@contextmanager
def _reading(case_dir: Path) -> Iterator[Database]:
    database = Database.open(case_dir / DATABASE, read_only=True)
    try:
        yield database
    finally:
        database.close()


def status(case_dir: Path) -> JSON:
    """Return how a case stands: its runs, both sides of the entry equation, its digest."""
    with _reading(case_dir) as database:
        facts = database.facts()
        volumes = []
        equations = []
        for number, label, key, system, state in database.rows(
            "SELECT v.id, s.label, v.key, v.file_system, v.state FROM volume v"
            " JOIN source s ON s.id = v.source_id ORDER BY v.id"
        ):
            found = queries.equation(database, number)
            equations.append(found)
            volumes.append(
                {"volume": f"{label}/{key}", "file_system": system, "state": state} | _terms(found)
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
            "lanes": [lane._asdict() for lane in lanes(database)],
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
        }


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


def inventory(case_dir: Path, *, exhibit: str | None = None) -> Iterator[JSON]:
    """Yield one row for each item; ``path`` only under the policy ``clear``.

    Raises:
        UsageError: the case has no such exhibit.
    """
    with _reading(case_dir) as database:
        labels = [label for (label,) in database.rows("SELECT label FROM exhibit ORDER BY id")]
        if exhibit is not None and exhibit not in labels:
            raise UsageError(
                f"the case has no exhibit {exhibit!r}",
                hint="it has: " + (", ".join(labels) or "none"),
            )
        clear = database.facts()["names"] == "clear"
        bases: dict[tuple[str, str], Mapping[str, Any]] = {
            (label, key): json.loads(basis) if basis else {}
            for label, key, basis in database.rows(
                "SELECT s.label, v.key, v.time_basis FROM volume v"
                " JOIN source s ON s.id = v.source_id"
            )
        }
        containers = derived.opened(database)
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
                "size": item.size,
                "bytes_read": item.bytes_read,
                "md5": item.md5.hex() if item.md5 else None,
                "sha1": item.sha1.hex() if item.sha1 else None,
                "sha256": item.sha256.hex() if item.sha256 else None,
                "content_type": TYPES[item.type].name,
                "place": word(Place(item.place).name),
                "owner": item.owner if item.owner >= 0 else None,
                "times": _times(item, basis),
                "status": STATUS_WORDS[item.status],
                "gap": item.gap or None,
            }
            if holder is not None:
                row["parent"] = f"{item.source}/{item.volume}/{holder.locator}"
            if clear:
                row |= path_fields(item.path)
            yield row


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
    with _reading(case_dir) as database:
        report = Builder(database, case_dir / BUNDLE).findings()
        for finding in report:
            row = finding.to_json()
            yield {**row, "type": "finding", "content_type": row["type"]}


def unfinished(case_dir: Path) -> bool:
    """Say whether a run of the case goes on or broke off, so that more may follow."""
    with _reading(case_dir) as database:
        return bool(
            database.value(
                "SELECT count(*) FROM run WHERE outcome IS NULL OR outcome = 'interrupted'"
            )
        )


def gaps(case_dir: Path) -> Iterator[JSON]:
    """Yield every gap: limits that can be raised, then volumes and directories, then items."""
    with _reading(case_dir) as database:
        rest = []
        for locator, code, detail in derived.gaps(database):
            row = _gap(locator, code, detail)
            if code in LIMITS:
                yield row
            else:
                rest.append(row)
        for place, code, detail in database.rows("SELECT place, code, detail FROM gap ORDER BY id"):
            yield _gap(place, code, json.loads(detail))
        for item in queries.items(database):
            if item.gap:
                detail = {"size": item.size, "bytes_read": item.bytes_read}
                yield _gap(item.full_locator, item.gap, detail)
        yield from rest


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


def finding_number(text: str) -> int:
    """Return the number in a text such as ``F-12``.

    Raises:
        UsageError: it is none.
    """
    found = _NUMBER.fullmatch(text.strip())
    if found is None:
        raise UsageError(f"{text!r} is no finding", hint="findings are named like F-000012")
    return int(found[1])


def locate(case_dir: Path, finding: str) -> JSON:
    """Return where a finding lies, in the words of other tools; nothing is extracted.

    Raises:
        UsageError: there is no such finding.
    """
    number = finding_number(finding)
    with _reading(case_dir) as database:
        item_id = database.value("SELECT item_id FROM match WHERE finding=?", (number,))
        item = None if item_id is None else queries.item(database, item_id)
        if item is None:
            raise UsageError(
                f"the case has no finding {number_text(number)}", hint="see: heroes findings CASE"
            )
        place = location(database, item)
    found: JSON = {
        "type": "location",
        "finding": number_text(number),
        "exhibit": item.exhibit,
        "source": item.source,
        "source_path": place.path,
        "source_format": place.format,
        "volume": item.volume,
        "volume_offset": place.volume_offset,
        "locator": item.full_locator,
        "size": item.size,
        "allocated": bool(item.flags & EntryFlag.ALLOCATED),
        "first_byte": place.first_byte,
        "commands": [],
    }
    command = place.icat(place.path)
    if command:
        found["commands"] = [{"tool": "The Sleuth Kit", "command": command}]
    if place.inside:
        found["inside"] = place.inside
    return found


class Location(NamedTuple):
    """Where an item lies in its source."""

    path: str
    """Of the source, as it was when it was scanned."""
    format: str
    volume_offset: int | None
    first_byte: int | None
    """Offset in the media, where it is known."""
    sector: int
    """Bytes; 0 where other tools have no address for the item."""
    outermost: str
    """Locator of what the file system names: the item, or the container that holds it."""
    inside: list[dict[str, str]]

    def icat(self, path: str) -> str:
        """Return the command of The Sleuth Kit that reads it from ``path``, or nothing."""
        if not self.sector or self.volume_offset is None:
            return ""
        with suppress(UsageError):  # an archive or a folder: icat has no address there
            command = locators.icat_command(
                self.outermost, path, self.volume_offset // self.sector, sector_size=self.sector
            )
            return command or ""
        return ""


def location(database: Database, item: queries.Item) -> Location:
    """Return where an item lies."""
    path, kind, offset, spec, volume_kind = next(
        database.rows(
            "SELECT s.path, s.format, v.offset, v.spec, v.kind FROM volume v"
            " JOIN source s ON s.id = v.source_id WHERE s.label=? AND v.key=?",
            (item.source, item.volume),
        )
    )
    first = database.value("SELECT first_offset FROM item WHERE id=?", (item.id,))
    inside, outermost = _inside(database, item)
    sector = int(json.loads(spec).get("sector_size") or 512) if volume_kind == "volume" else 0
    return Location(
        path=path,
        format=kind,
        volume_offset=offset,
        first_byte=offset + first if offset is not None and first >= 0 else None,
        sector=sector,
        outermost=outermost.locator,
        inside=inside,
    )


def _inside(database: Database, item: queries.Item) -> tuple[list[dict[str, str]], queries.Item]:
    """Return the containers that hold an item, the outermost first, and that one itself.

    Each says which of its members is meant, by the offset of its header: ``m@0x1f40``.
    """
    inside: list[dict[str, str]] = []
    while item.parent is not None and (holder := queries.item(database, item.parent)) is not None:
        member = item.locator.removeprefix(f"{holder.locator}/")
        inside.insert(0, {"container": holder.full_locator, "member": member})
        item = holder
    return inside, item
