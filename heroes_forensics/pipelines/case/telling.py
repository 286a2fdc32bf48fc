"""What a run tells while it works: to whoever watches it, and in ``events.jsonl`` to all others.

The file is no record, only what `heroes status --follow` shows: findings as soon as they are read
(``provisional``, then ``confirmed`` under their number, or ``withdrawn``), how far the run is, and
that it began, went on or ended. It never holds a name.
"""

import json
import os
import time
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path
from typing import Final

from heroes_forensics.model import JSON
from heroes_forensics.pipelines.case.journal import now
from heroes_forensics.pipelines.case.watch import Progress, Watch
from heroes_forensics.store import queries
from heroes_forensics.store.database import Database
from heroes_forensics.store.records import MatchRow

PROVISIONAL: Final = "provisional"
CONFIRMED: Final = "confirmed"
WITHDRAWN: Final = "withdrawn"

PROGRESS_SECONDS: Final = 5.0
"""How far the run is goes into the file at most this often."""


class Teller:
    """Tells what happens in one run."""

    def __init__(self, database: Database, path: Path, watch: Watch) -> None:
        self._database = database
        self._path = path
        self._watch = watch
        self._told = 0.0

    def run(self, run: str, state: str, cause: str = "") -> None:
        """Say that a run began, went on or ended."""
        self._write([{"type": "run", "time": now(), "run": run, "state": state, "cause": cause}])

    def progress(self, progress: Progress, *, force: bool) -> None:
        """Say how far the run is."""
        self._watch.progress(progress)
        moment = time.monotonic()
        if force or moment - self._told >= PROGRESS_SECONDS:
            self._told = moment
            self._write([{"type": "progress", "time": now(), **asdict(progress)}])

    def findings(self, found: Sequence[tuple[MatchRow, int | None]], state: str) -> None:
        """Show findings; with their numbers once they have one."""
        if not found:
            return
        rows = [self._finding(match, number, state) for match, number in found]
        for row in rows:
            self._watch.finding(row)
        self._write(rows)

    def _finding(self, match: MatchRow, number: int | None, state: str) -> JSON:
        item = queries.item(self._database, match.item_id)
        return {
            "type": "finding",
            "time": now(),
            "state": state,
            "finding": None if number is None else number_text(number),
            "locator": item.full_locator if item else "",
            "grade": match.grade,
            "verdict": match.verdict,
            "set": match.facts.get("set"),
            "category": match.facts.get("category"),
        }

    def note(self, text: str) -> None:
        """Say one sentence to the watcher."""
        self._watch.note(text)

    def withdraw_left(self) -> None:
        """Take back what a process showed and did not live to confirm."""
        with suppress(OSError, ValueError, KeyError, TypeError):
            self._end_line()
            self._write(list(left(parsed(whole_lines(self._path)))))

    def _end_line(self) -> None:
        """End a line that a process was killed over, so that the next one is whole."""
        with self._path.open("rb+") as stream:
            if stream.seek(0, os.SEEK_END) and stream.seek(-1, os.SEEK_END) >= 0:
                last = stream.read(1)
                stream.write(b"" if last == b"\n" else b"\n")

    def _write(self, rows: Iterable[JSON]) -> None:
        # Only a convenience: a full disk ends the run where it touches the record.
        text = "".join(json.dumps(row, sort_keys=True) + "\n" for row in rows)
        with suppress(OSError), self._path.open("a", encoding="utf-8") as stream:
            stream.write(text)


def parsed(lines: Iterable[bytes]) -> Iterator[JSON]:
    """Yield what stands in lines; one that a process was killed over is left out."""
    for line in lines:
        with suppress(ValueError):
            found = json.loads(line)
            if isinstance(found, dict):
                yield found


def whole_lines(path: Path, position: int = 0) -> Iterator[bytes]:
    """Yield the lines of the file from ``position`` on; one that is still written is left out."""
    if not path.exists():
        return
    with path.open("rb") as stream:
        stream.seek(position)
        for line in stream:
            if line.endswith(b"\n"):
                yield line


def left(rows: Iterable[JSON]) -> Iterator[JSON]:
    """Yield a withdrawal for each finding that is provisional at the end of ``rows``."""
    key = ("locator", "grade", "verdict", "set", "category")
    open_ones: Counter[tuple[object, ...]] = Counter()
    for row in rows:
        if row.get("type") == "finding":
            open_ones[tuple(row[name] for name in key)] += 1 if row["state"] == PROVISIONAL else -1
    for values, count in open_ones.items():
        row = dict(zip(key, values, strict=True))
        for _ in range(count):
            yield {"type": "finding", "time": now(), "state": WITHDRAWN, "finding": None, **row}


def number_text(number: int) -> str:
    """Return the one text form of a finding number."""
    return f"F-{number:06d}"
