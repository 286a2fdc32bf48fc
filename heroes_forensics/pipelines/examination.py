"""One source from its volumes to its last digest: units out, rows and gaps in.

Inventory units list volumes; a worker with nothing else to do reads what is listed so far, in
disk order: all of a volume, or the part of it that is stored already. What a unit gave is
committed in one transaction together with its ledger event, and only when the unit is whole: a
worker that dies in the middle leaves nothing half-trusted. Its unit is then cut in halves until
the one stream that kills workers is alone and becomes a gap.
"""

from collections import deque
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Final

import numpy as np

from heroes_forensics.errors import EvidenceError
from heroes_forensics.frames import CONTENT, Batch, Control, Frame, Rows, Status, Unit
from heroes_forensics.model import GAP_TEXTS, HAS_CONTENT, JSON, EntryFlag, EntryKind, Gap, Listing
from heroes_forensics.pipelines.run import Run
from heroes_forensics.pipelines.sources import Evidence, gap_of
from heroes_forensics.pipelines.supervisor import Death
from heroes_forensics.store import queries
from heroes_forensics.store.records import MatchRow, rows_digest

PART_ROWS: Final = 20_000
"""Entries of one committed part of an inventory."""
UNIT_ITEMS: Final = 2000
UNIT_BYTES: Final = 256 << 20
"""The most items and bytes of one content unit."""
UNIT_BYTES_LEAST: Final = 32 << 20
UNITS_OF_VOLUME: Final = 16
"""A volume is cut into at least so many units, down to the least size: workers end together."""
NO_CONTENT: Final = frozenset(set(EntryKind) - HAS_CONTENT)

LISTERS: Final = frozenset({"inventory", "orphans"})
SEARCHED_APART: Final = ("fat", "exfat")
"""File systems whose search for orphans reads every cluster and is a unit of its own."""

_GAP_NUMBERS: Final = {code: number for number, code in enumerate(GAP_TEXTS, start=1)}
_DEATH_GAPS: Final = {"timeout": "worker.timeout"}


@dataclass(slots=True)
class _Volume:
    """What is known of one volume while it is examined."""

    id: int
    key: str
    spec: JSON
    kind: str = ""
    times: JSON = field(default_factory=dict)
    waiting: list[Batch] = field(default_factory=list)
    waiting_rows: int = 0
    stored: int = 0
    directories: int = 0
    gaps: list[Gap] = field(default_factory=list)
    listing: Listing | None = None
    """What its listers counted so far; None before the first has finished."""
    queued: int = 0
    """The last item that went into content units; no later one did."""
    unread: int = 0
    """Bytes of the items stored after that one."""
    last: int = 0
    """The last item stored."""


class Examination:
    """Examines one source within a run."""

    def __init__(self, run: Run, evidence: Evidence, source: int, label: str) -> None:
        self._run = run
        self._evidence = evidence
        self._source = source
        self.label = label
        self.digests: JSON | None = None
        """The ``digests`` frame of the media, once it has arrived."""
        self._volumes: dict[int, _Volume] = {}
        self._pending = deque[Unit]()
        self._ready = deque[tuple[_Volume, Iterator[Rows]]]()
        self._of_unit: dict[int, _Volume] = {}
        self._contents: dict[int, list[Rows]] = {}
        self._matches: dict[int, list[MatchRow]] = {}
        self._void: set[int] = set()
        self._counted: set[int] = set()
        """Units whose lister has given its own count."""

    def register(self) -> None:
        """Store the volumes and the gaps that opening the source showed."""
        run = self._run
        with run.journal.transaction() as records:
            for gap in self._evidence.gaps:
                inside = "" if gap.where == "source" else f"/{gap.where}"
                self._gap(replace(gap, where=f"{self.label}{inside}"), None)
            for volume in self._evidence.volumes:
                code = self._left_out(volume)
                state = "gap" if code else "waiting"
                number = records.volume(self._source, volume, state)
                if code:
                    detail = volume.get("gap")
                    found = detail.get("detail") if isinstance(detail, dict) else None
                    where = f"{self.label}/{volume['key']}"
                    known = found if isinstance(found, dict) else {}
                    run.gap(Gap(where, code, known), source=self._source, volume=number)
                else:
                    self._volumes[number] = _Volume(number, str(volume["key"]), volume)

    def _left_out(self, volume: Mapping[str, object]) -> str:
        """Return the code of the gap a whole volume is, or an empty text."""
        gap = volume.get("gap")
        if isinstance(gap, dict):
            return str(gap["code"])
        if volume.get("kind") == "snapshot" and self._run.config["profile"] != "deep":
            return "policy.snapshots"
        return ""

    def leave_out(self, code: str) -> None:
        """Record every volume as a gap instead of examining it."""
        with self._run.journal.transaction() as records:
            for volume in self._volumes.values():
                records.volume_left_out(volume.id)
                self._gap(Gap(f"{self.label}/{volume.key}", code), volume.id)
        self._volumes.clear()

    def examine(self, *, digest_media: bool) -> None:
        """List every volume and read every stream; also digest the media when asked to."""
        for volume in self._volumes.values():
            unit = self._evidence.unit(self._run.next_unit(), "inventory", {"volume": volume.spec})
            self._of_unit[unit.id] = volume
            self._pending.append(unit)
        if digest_media:
            self.start_media_digest()
        self._run.stage("listing")
        self._work()

    def digest_media(self) -> None:
        """Digest the media and nothing else."""
        self.start_media_digest()
        self._run.stage("verifying")
        self._work()

    def start_media_digest(self) -> None:
        """Queue the pass over the media."""
        self._pending.append(self._evidence.unit(self._run.next_unit(), "media_digest", {}))

    def _work(self) -> None:
        run = self._run
        for unit, frame in self._evidence.pool.run(self._next):
            if isinstance(frame, Death):
                self._died(unit, _DEATH_GAPS.get(frame.cause, "worker.died"), frame.cause)
            elif unit.kind == "media_digest":
                self._media(frame)
            elif unit.kind in LISTERS:
                self._listing(unit, frame)
            else:
                self._reading(unit, frame)
            run.tick()
            if run.interrupted and not run.reading:
                break

    def _next(self) -> Unit | None:
        if self._run.interrupted:
            return None
        if self._pending:
            unit = self._pending.popleft()
            if unit.kind == "content":
                self._run.reading.add(unit.id)
            return unit
        while self._ready or self._queue_stored():
            volume, parts = self._ready[0]
            rows = next(parts, None)
            if rows is None:
                self._ready.popleft()
                continue
            return self._content_unit(volume, rows)
        return None

    def _queue_stored(self) -> bool:
        """Queue what one volume has stored and not queued; say whether there was any."""
        volume = next((each for each in self._volumes.values() if each.last > each.queued), None)
        if volume is None:
            return False
        size = min(UNIT_BYTES, max(UNIT_BYTES_LEAST, volume.unread // UNITS_OF_VOLUME))
        parts = queries.tasks(
            self._run.database, volume.id, after=volume.queued, limit=UNIT_ITEMS, max_bytes=size
        )
        volume.queued, volume.unread = volume.last, 0
        self._ready.append((volume, parts))
        return True

    def _content_unit(self, volume: _Volume, rows: Rows) -> Unit:
        number = self._run.next_unit()
        self._of_unit[number] = volume
        self._run.reading.add(number)
        self._run.stage("reading")
        body = {**self._evidence.body, "volume": volume.spec}
        return Unit(number, "content", body, rows)

    # ---- media -------------------------------------------------------------------------

    def _media(self, frame: Frame) -> None:
        if not isinstance(frame, Control):
            return
        if frame.kind == "progress":
            self._run.media(int(str(frame.body["bytes"])))
        elif frame.kind == "digests":
            self.digests = frame.body
            self._run.media(int(str(frame.body["bytes_read"])))
        elif frame.kind == "failed":
            self._run.note(f"{self.label}: the media: {frame.body['message']}")

    # ---- listing -----------------------------------------------------------------------

    def _listing(self, unit: Unit, frame: Frame) -> None:
        volume = self._of_unit[unit.id]
        if isinstance(frame, Batch):
            volume.waiting.append(frame)
            volume.waiting_rows += len(frame.rows)
            if volume.waiting_rows >= PART_ROWS:
                self._store_part(volume)
        elif frame.kind == "opened":
            volume.kind = str(frame.body["kind"])
            times = frame.body["times"]
            volume.times = times if isinstance(times, dict) else {}
        elif frame.kind == "gap":
            gap = gap_of(frame)
            where = f"{self.label}/{volume.key}/{gap.where}".rstrip("/")
            volume.gaps.append(Gap(where, gap.code, gap.detail))
        elif frame.kind == "listing":
            body = frame.body
            counts = {name: int(str(value)) for name, value in body.items() if name != "sweep"}
            self._counted.add(unit.id)
            volume.listing = _sum(volume.listing, Listing(**counts, sweep=str(body["sweep"])))
            self._store_part(volume, volume.listing)
            if unit.kind == "inventory" and volume.kind.startswith(SEARCHED_APART):
                self._search_orphans(volume)
        elif frame.kind == "failed":
            # What is not the fault of the evidence is a defect of ours, or its memory limit.
            own = frame.body["exit_code"] != EvidenceError.exit_code
            self._run.note(f"{self.label}/{volume.key}: {frame.body['message']}")
            self._not_listed(volume, "worker.died" if own else "volume.damaged")
        elif frame.kind == "done":
            del self._of_unit[unit.id]
            if unit.id not in self._counted or volume.waiting:
                self._not_listed(volume, "worker.died")

    def _search_orphans(self, volume: _Volume) -> None:
        body = {"volume": volume.spec}
        unit = self._evidence.unit(self._run.next_unit(), "orphans", body)
        self._of_unit[unit.id] = volume
        self._pending.append(unit)

    def _not_listed(self, volume: _Volume, code: str) -> None:
        """Keep what a listing gave before it broke off, and say that it is not all."""
        volume.gaps.append(Gap(f"{self.label}/{volume.key}", code))
        earlier = volume.listing or Listing()
        directories = volume.directories + _directories(volume.waiting)
        walked = earlier.directories_listed + earlier.directories_met_before
        volume.listing = replace(
            earlier,
            entries=volume.stored + volume.waiting_rows,
            directories=directories,
            directories_not_listed=directories - walked,
            sweep="the listing broke off",
        )
        self._store_part(volume, volume.listing)

    def _store_part(self, volume: _Volume, listing: Listing | None = None) -> None:
        run = self._run
        number = run.next_unit()
        stored: list[tuple[Any, ...]] = []
        skips: list[tuple[Any, ...]] = []
        with run.journal.transaction() as records:
            records.unit(number, run.id, "inventory", volume.id)
            for batch in volume.waiting:
                first = run.next_items(len(batch.rows))
                stored += records.items(first, volume.id, number, batch, run.seal)
            for item, _, _, kind, flags, *_ in stored:
                skip = self._skip(kind, flags)
                if skip is not None:
                    skips.append((item, number, *skip, 0, 0, None, None, None))
            records.unread(skips)
            for gap in volume.gaps:
                self._gap(gap, volume.id)
            digest = rows_digest([*stored, *skips])
            records.unit_done(number, items=len(stored), gaps=len(volume.gaps), rows_sha256=digest)
            if listing is not None:
                records.volume_listed(
                    volume.id,
                    file_system=volume.kind,
                    times=volume.times,
                    listing=listing,
                    state="listed",
                )
            run.unit_completed(number, len(stored), len(volume.gaps), digest)
        size = sum(max(0, row[7]) for row in stored)
        run.listed(len(stored), len(skips), size)
        if stored:
            volume.last = stored[-1][0]
        volume.unread += size
        volume.stored += len(stored)
        volume.directories += _directories(volume.waiting)
        volume.waiting, volume.waiting_rows, volume.gaps = [], 0, []

    def _skip(self, kind: int, flags: int) -> tuple[int, int] | None:
        """Return status and gap of a row that is not read, or None when it is."""
        if kind in NO_CONTENT:
            return Status.NO_CONTENT, 0
        if kind == EntryKind.METADATA and (
            self._run.config["profile"] == "triage" or flags & EntryFlag.SPARSE
        ):
            return Status.POLICY, _GAP_NUMBERS["policy.metadata"]
        return None

    # ---- reading -----------------------------------------------------------------------

    def _reading(self, unit: Unit, frame: Frame) -> None:
        if isinstance(frame, Batch):
            self._take(unit, frame.rows)
        elif frame.kind == "failed":
            self._died(unit, "stream.unreadable", "failed")
        elif frame.kind == "done":
            self._finish_reading(unit)

    def _take(self, unit: Unit, rows: Rows) -> None:
        have = self._contents.setdefault(unit.id, [])
        start = sum(len(part) for part in have)
        asked = unit.tasks if unit.tasks is not None else np.zeros(0, dtype=CONTENT)
        if not np.array_equal(rows["id"], asked["id"][start : start + len(rows)]):
            self._void.add(unit.id)
            return
        have.append(rows)
        matches = self._run.match(rows, asked["size"][start : start + len(rows)])
        self._matches.setdefault(unit.id, []).extend(matches)
        self._run.read(len(rows), int(rows["bytes_read"].sum()), matches)

    def _finish_reading(self, unit: Unit) -> None:
        parts = self._contents.pop(unit.id, [])
        rows = np.concatenate(parts) if parts else np.zeros(0, dtype=CONTENT)
        asked = 0 if unit.tasks is None else len(unit.tasks)
        if unit.id in self._void or len(rows) != asked:
            self._died(unit, "worker.died", "protocol")
            return
        self._store_contents(unit, rows, self._matches.pop(unit.id, []))

    def _store_contents(self, unit: Unit, rows: Rows, matches: list[MatchRow]) -> None:
        run = self._run
        gaps = int((rows["status"] == Status.GAP).sum())
        volume = self._of_unit.pop(unit.id)
        with run.journal.transaction() as records:
            records.unit(unit.id, run.id, "content", volume.id)
            contents = sorted(records.contents(unit.id, rows))
            stored = records.matches(unit.id, matches)
            digest = rows_digest([*contents, *stored])
            records.unit_done(unit.id, items=len(rows), gaps=gaps, rows_sha256=digest)
            run.unit_completed(unit.id, len(rows), gaps, digest)
        run.reading.discard(unit.id)
        numbers = [row[-2] for row in stored]
        run.committed([pair for pair in zip(numbers, matches, strict=True) if pair[0]], gaps)

    def _died(self, unit: Unit, code: str, cause: str) -> None:
        """Halve the unit whose worker ended, or give up on the one stream it was about."""
        run = self._run
        run.attempt_ended(unit.id, cause)
        self._contents.pop(unit.id, None)
        run.withdrawn(self._matches.pop(unit.id, []))
        self._void.discard(unit.id)
        run.reading.discard(unit.id)
        if unit.kind == "media_digest":
            run.note(f"{self.label}: the worker that read the media ended ({cause})")
            return
        if unit.kind in LISTERS:
            self._not_listed(self._of_unit.pop(unit.id), code)
            return
        volume = self._of_unit[unit.id]
        tasks = unit.tasks
        if tasks is None or len(tasks) == 0:
            return
        if len(tasks) == 1:
            row = np.zeros(1, dtype=CONTENT)
            row["id"], row["status"], row["gap"] = tasks["id"], Status.GAP, _GAP_NUMBERS[code]
            self._store_contents(unit, row, [])
            return
        del self._of_unit[unit.id]
        middle = len(tasks) // 2
        for part in (tasks[middle:], tasks[:middle]):
            self._pending.appendleft(self._half(volume, part))

    def _half(self, volume: _Volume, rows: Rows) -> Unit:
        number = self._run.next_unit()
        self._of_unit[number] = volume
        return Unit(number, "content", {**self._evidence.body, "volume": volume.spec}, rows)

    def _gap(self, gap: Gap, volume: int | None) -> None:
        self._run.gap(gap, source=self._source, volume=volume)


def _sum(one: Listing | None, other: Listing) -> Listing:
    """Add what two listers of one volume counted."""
    if one is None:
        return other
    return Listing(
        entries=one.entries + other.entries,
        directories=one.directories + other.directories,
        directories_listed=one.directories_listed + other.directories_listed,
        directories_not_listed=one.directories_not_listed + other.directories_not_listed,
        directories_met_before=one.directories_met_before + other.directories_met_before,
        sweep=other.sweep,
    )


def _directories(batches: list[Batch]) -> int:
    return sum(int((batch.rows["kind"] == EntryKind.DIRECTORY).sum()) for batch in batches)
