"""Killing scans at any time and going on with them, and what has to be the same in the end."""

import json
import sqlite3
from collections import Counter
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from command_server import Commands, Ended

from heroes_forensics.pipelines.checks import verifying, views

TABLES: Final[dict[str, str]] = {
    "exhibit": "SELECT label, fields FROM exhibit",
    "source": "SELECT s.label, e.label, s.format FROM source s"
    " JOIN exhibit e ON e.id = s.exhibit_id",
    "volume": "SELECT s.label, v.key, v.kind, v.file_system, v.offset, v.size, v.state, v.listing,"
    " v.time_basis FROM volume v JOIN source s ON s.id = v.source_id",
    "item": "SELECT v.key, i.locator, i.kind, i.flags, i.place, i.owner, i.size, i.first_offset,"
    " i.times, i.handle, c.status, c.gap, c.type, c.bytes_read, c.md5, c.sha1, c.sha256"
    " FROM item i JOIN volume v ON v.id = i.volume_id LEFT JOIN content c ON c.item_id = i.id",
    "match": "SELECT v.key, i.locator, h.uuid, h.edition, m.record, m.grade, m.verdict, m.facts,"
    " m.status, m.finding IS NULL FROM match m JOIN item i ON i.id = m.item_id"
    " JOIN volume v ON v.id = i.volume_id JOIN hashset h ON h.id = m.hashset_id",
    "finding": "SELECT row_number() OVER (ORDER BY finding) - finding FROM match"
    " WHERE finding IS NOT NULL",
    "picture": "SELECT v.key, i.locator, p.status, p.gap, p.width, p.height, p.frames, p.hashed"
    " FROM perceptual p JOIN item i ON i.id = p.item_id JOIN volume v ON v.id = i.volume_id",
    "container": "SELECT v.key, i.locator, o.locator, c.status, c.gap, c.kind, c.listed, c.expanded"
    " FROM container c JOIN item i ON i.id = c.item_id JOIN volume v ON v.id = i.volume_id"
    " LEFT JOIN item o ON o.id = i.parent",
    "gap": "SELECT place, code, detail FROM gap",
    "verification": "SELECT s.label, v.status FROM verification v"
    " JOIN source s ON s.id = v.source_id",
    "outcome": "SELECT outcome FROM run",
}
"""What was found, without what only says how: no numbers of units or rows, no times."""

RESULTS: Final[dict[str, tuple[str, ...]]] = {
    "coverage.declared": (
        "counts",
        "partitions",
        "encrypted_areas",
        "unsupported",
        "unallocated",
    ),
    "inventory.committed": ("count",),
    "findings.committed": ("count", "counts_by_kind"),
    "run.completed": ("outcome", "files_seen", "files_hashed", "files_skipped", "errors_by_kind"),
}
"""What the ledger says a run came to, without what is drawn by lot: roots over salted leaves."""


def tables(case: Path) -> dict[str, Counter[Any]]:
    """Return the rows of a case in a form that does not depend on how they were found."""
    with closing(sqlite3.connect(f"file:{case / 'case.db'}?mode=ro", uri=True)) as database:
        found = {name: Counter(database.execute(sql)) for name, sql in TABLES.items()}
    found["content_sha256"] = Counter([views.status(case)["content_sha256"]])
    found["ledger"] = Counter(_results(case))
    return found


def _results(case: Path) -> list[str]:
    """Return what the ledger says a run came to: its last word on each kind of thing."""
    last: dict[str, str] = {}
    for line in (case / "custody/ledger.jsonl").read_bytes().splitlines():
        event = json.loads(line)
        body = event["body"]
        kept = RESULTS.get(event["type"])
        if kept is None:
            continue
        told = {name: body.get(name) for name in kept}
        last[event["type"]] = json.dumps([event["type"], told], sort_keys=True)
    return sorted(last.values())


def units(case: Path) -> int:
    """Return how many units of a case are committed."""
    try:
        with closing(sqlite3.connect(f"file:{case / 'case.db'}?mode=ro", uri=True)) as database:
            return int(database.execute("SELECT count(*) FROM unit").fetchone()[0])
    except sqlite3.OperationalError:  # it is not there, or has no tables yet
        return 0


def begun(case: Path) -> bool:
    """Say whether a case holds a run, so that the way on is ``--resume``."""
    try:
        with closing(sqlite3.connect(f"file:{case / 'case.db'}?mode=ro", uri=True)) as database:
            return bool(database.execute("SELECT count(*) FROM run_source").fetchone()[0])
    except sqlite3.OperationalError:
        return False


@dataclass(slots=True)
class Scan:
    """One scan that is killed and taken up again until it is done."""

    commands: Commands
    case: Path
    source: Path
    options: tuple[str, ...] = ()
    kills: int = 0
    late: int = 0
    """Kills after the first committed unit."""
    faults: list[str] = field(default_factory=list)

    def attempt(
        self, *, kill: float | None = None, environment: dict[str, str] | None = None
    ) -> Ended:
        """Begin the run, or go on with it; kill it after some seconds."""
        options = ["--case", str(self.case), "--workers", "2", "--quiet"]
        what = ["--resume"] if begun(self.case) else [str(self.source), *self.options]
        ended = self.commands.run("scan", *what, *options, kill=kill, environment=environment)
        if ended.left:
            self.faults.append("a process was left behind")
        if ended.killed or ended.code < 0:
            self.kills += 1
            self.late += units(self.case) > 0
        elif ended.code not in {0, 3}:
            self.faults.append(f"exit {ended.code}: {ended.err.strip()[-400:]}")
        return ended

    def finish(self) -> None:
        """Go on until it is done; the last attempt is not disturbed."""
        for _ in range(2):
            ended = self.attempt()
            if ended.code in {0, 3}:
                break

    def differences(self, reference: dict[str, Counter[Any]]) -> list[str]:
        """Compare with a run that nobody killed, and verify the record."""
        found = list(self.faults)
        verified = verifying.verify(self.case)
        if verified["exit_code"] not in {0, 7}:
            found.append(f"does not verify: {verified['headline']}")
        if found:
            return found
        ours = tables(self.case)
        for name, rows in reference.items():
            if ours[name] != rows:
                less, more = rows - ours[name], ours[name] - rows
                found.append(f"{name}: lacks {list(less)[:2]}, has {list(more)[:2]}")
        return found
