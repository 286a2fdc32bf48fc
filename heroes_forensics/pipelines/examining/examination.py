"""One source from its volumes to its last digest: which unit a worker gets next.

Inventory units list volumes; a worker with nothing else to do reads what is listed so far: first
the pictures and films by their names, then the rest, each in disk order, all of a volume or the
part of it that is stored already. What comes back is taken in by `listing` and `reading`.
"""

import json
from collections import deque
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from dataclasses import replace
from typing import Final

from heroes_forensics.frames import Control, Rows, Unit
from heroes_forensics.model import JSON, Gap
from heroes_forensics.parsers.storage.volume import UNALLOCATED
from heroes_forensics.pipelines.evidence.sources import Evidence
from heroes_forensics.pipelines.examining import containers, detours, expanding, unallocated
from heroes_forensics.pipelines.examining import depth as following
from heroes_forensics.pipelines.examining.depth import Depth
from heroes_forensics.pipelines.examining.detours import Detours
from heroes_forensics.pipelines.examining.examined import Examined
from heroes_forensics.pipelines.examining.listing import ListingStore
from heroes_forensics.pipelines.examining.media_pass import KINDS, MediaPass
from heroes_forensics.pipelines.examining.reading import DEATH_GAPS, ONCE_MORE, Again, ContentStore
from heroes_forensics.pipelines.examining.relisting import Stored, StoredInAnyOrder
from heroes_forensics.pipelines.examining.run import Run
from heroes_forensics.pipelines.workers import deaths
from heroes_forensics.pipelines.workers.deaths import Death
from heroes_forensics.store import progress, queries
from heroes_forensics.store.lanes import LANES
from heroes_forensics.store.records import Records

UNIT_ITEMS: Final = 2000
UNIT_BYTES: Final = 256 << 20
"""The most items and bytes of one content unit."""
UNIT_BYTES_LEAST: Final = 32 << 20
UNITS_OF_VOLUME: Final = 16
"""A volume is cut into at least so many units, down to the least size: workers end together."""


class Examination:
    """Examines one source within a run."""

    def __init__(self, run: Run, depth: Depth, evidence: Evidence, source: int, label: str) -> None:
        self._run = run
        self._depth = depth
        self._evidence = evidence
        if run.config.get("carve"):
            unallocated.add(evidence)
        self._source = source
        self.label = label
        self._volumes: dict[int, Examined] = {}
        self._listed_by: dict[int, Examined] = {}
        """The volume of each unit that lists."""
        self._pending = deque[Unit]()
        self._again = deque[Again]()
        """Streams to read again, because the worker that read them ended."""
        self._ready: list[deque[tuple[Examined, Iterator[Rows]]]] = [deque() for _ in LANES]
        """What is stored and not read yet, by lane."""
        self._unopened = deque[tuple[Examined, Rows]]()
        """Containers that an interrupted run read and did not open."""
        self._damage = queries.gap_offsets(run.database, source, "source.damaged")
        """Offsets of the damaged ranges that are on record."""
        self._listing = ListingStore(run, source, label, self._list, self._instead)
        self._reading = ContentStore(run, depth, evidence.crew.number)

    def register(self) -> None:
        """Store the volumes and the gaps that opening the source showed, or take up what is."""
        if progress.registered(self._run.database, self._source):
            self._take_up()
            return
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
                    self._volumes[number] = Examined(number, str(volume["key"]), volume)

    def _take_up(self) -> None:
        """Go on with the volumes of an interrupted run: what is on record is not done again."""
        run = self._run
        specs = {str(volume["key"]): volume for volume in self._evidence.volumes}
        for row in progress.standing(run.database, self._source):
            if row.state == "gap":
                continue
            volume = Examined(row.id, row.key, specs[row.key], last=row.last)
            volume.unread = [row.unread] * len(LANES)
            volume.listed = row.state == "listed"
            volume.kind, volume.times = row.file_system, json.loads(row.time_basis)
            if not volume.listed:
                # Reading a folder that is in use may move its access times; an image has none.
                still = self._evidence.facts.get("format") not in {"directory", "itunes-backup"}
                ended = queries.gap_details(run.database, row.id, detours.CODE)
                volume.detours = Detours(ended)
                if ended:
                    volume.before = StoredInAnyOrder(run.database, row.id)
                else:
                    open_path = run.case.open_path
                    volume.before = Stored(run.database, row.id, open_path, access_times=still)
            self._volumes[row.id] = volume
        opener = self._depth.expanding
        for each in containers.left(run.database, opener, self._source):
            volume = self._volumes[each.volume]
            if containers.is_opened_where_it_lies(each, self._evidence):
                containers.open_where_it_lies(opener, volume, each, self._evidence)
            else:
                self._unopened.append((volume, each.task))

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

    def examine(self, *, media: MediaPass | None = None) -> None:
        """List every volume and read every stream, and go through the media meanwhile."""
        for volume in self._volumes.values():
            if not volume.listed:
                self._list(volume, "inventory")
        self._run.stage("listing")
        self._work(media, beside=True)

    def go_through(self, media: MediaPass) -> None:
        """Go through the media and do nothing else."""
        self._run.stage("verifying")
        self._work(media)

    def _work(self, media: MediaPass | None, *, beside: bool = False) -> None:
        with ExitStack() as stack:
            if media is not None:
                stack.callback(media.close)
                media.start(beside=beside)
            self._loop(media)

    def _loop(self, media: MediaPass | None) -> None:
        run = self._run
        for heard in self._evidence.crew.run(self._next):
            unit, frame = heard.unit, heard.frame
            if media is not None and unit.kind in KINDS:
                media.take(unit, frame)
            elif isinstance(frame, Control) and frame.kind == "alive":
                pass
            elif isinstance(frame, Control) and frame.kind == "damage":
                with run.journal.transaction():
                    self.damaged(frame.body["ranges"])
            elif unit.kind in following.KINDS:
                self._depth.take(heard)
            elif unit.kind == "content":
                self._again.extendleft(reversed(self._reading.take(heard)))
            elif isinstance(frame, Death):
                self._died(unit, frame)
            else:
                self._listing.take(unit, self._listed_by[unit.id], frame)
            if isinstance(frame, Control) and frame.kind == "done":
                self._still_the_same()
                run.journal.checkpoint_when_due()
            run.tick()
            if run.interrupted and not run.reading:
                break

    def _still_the_same(self) -> None:
        """Notice evidence that changes at the first unit after it, not at the end alone."""
        if not self._evidence.unchanged():
            self._run.evidence_changed(self.label)

    def _died(self, unit: Unit, death: Death) -> None:
        self._run.attempt_ended(unit.id, death.cause, unit.strain)
        volume = self._listed_by[unit.id]
        if self._listing.is_settled(unit, volume):
            return
        is_innocent = death.cause == deaths.ZYGOTE
        again, gap = (True, None)
        if not is_innocent:
            again, gap = volume.detours.after(death, f"{self.label}/{volume.key}")
        if again:
            # A search for orphans that ended, too, begins with the inventory: one comparison
            # with what is on record serves both.
            self._listing.once_more(volume)
            volume.gaps += [gap] if gap is not None else []
            self._list(volume, "inventory", strain=1 if is_innocent else ONCE_MORE)
            return
        self._listing.broke_off(volume, DEATH_GAPS.get(death.cause, "worker.died"))

    def _next(self) -> Unit | None:
        if self._run.interrupted:
            return None
        if self._again:
            again = self._again.popleft()
            return self._content_unit(again)
        if self._pending:
            return self._pending.popleft()
        for lane, ready in enumerate(self._ready):
            while ready or self._queue_stored(lane):
                volume, parts = ready[0]
                rows = next(parts, None)
                if rows is not None:
                    return self._content_unit(Again(volume, rows))
                ready.popleft()
        if self._unopened:
            volume, rows = self._unopened.popleft()
            return self._content_unit(Again(volume, rows, is_fetch=True))
        return None

    def _queue_stored(self, lane: int) -> bool:
        """Queue what one volume has stored of a lane and not queued; say whether it has any."""
        waiting = (each for each in self._volumes.values() if each.last > each.queued[lane])
        volume = next(waiting, None)
        if volume is None:
            return False
        size = min(UNIT_BYTES, max(UNIT_BYTES_LEAST, volume.unread[lane] // UNITS_OF_VOLUME))
        parts = queries.tasks(
            self._run.database,
            volume.id,
            lane=lane,
            after=volume.queued[lane],
            limit=UNIT_ITEMS,
            max_bytes=size,
        )
        volume.queued[lane], volume.unread[lane] = volume.last, 0
        self._ready[lane].append((volume, parts))
        return True

    def _content_unit(self, wanted: Again) -> Unit:
        self._run.stage("reading")
        hand_over = self._depth.hand_over
        if wanted.is_fetch:
            hand_over = {use: hand_over[use] for use in hand_over if use == expanding.USE}
        body = {**self._evidence.body, "volume": wanted.volume.spec, "hand_over": hand_over}
        body |= self._depth.expanding.within
        number, strain = self._run.next_unit(), wanted.strain
        unit = Unit(number, "content", body, wanted.tasks, strain=strain)
        self._reading.begin(unit, wanted.volume, wanted.family, is_fetch=wanted.is_fetch)
        return unit

    def _list(self, volume: Examined, kind: str, *, strain: int = 1) -> None:
        body: JSON = {"volume": volume.spec}
        if not volume.detours.guard.is_empty:
            body["around"] = volume.detours.guard.to_json()
        unit = self._evidence.unit(self._run.next_unit(), kind, body)
        unit = replace(unit, strain=strain)
        prefixes = self._run.prefixes()
        is_range = kind == "inventory" and volume.spec["kind"] == UNALLOCATED
        if prefixes is not None and (kind == "carve" or is_range):
            body = {**unit.body, "prefixes": True}
            unit = replace(unit, body=body, descriptors=(prefixes.descriptor,))
        self._listed_by[unit.id] = volume
        self._pending.append(unit)

    def _instead(self, records: Records, volume: Examined, code: str) -> None:
        """Search a volume that could not be opened as the range that it is, where that is asked.

        Inside a transaction.
        """
        if not self._run.config.get("carve"):
            return
        found = unallocated.instead_of(self._evidence, volume.spec, code)
        if found is None:
            return
        self._evidence.volumes.append(found)
        number = records.volume(self._source, found, "waiting")
        self._volumes[number] = Examined(number, str(found["key"]), found)
        self._list(self._volumes[number], "inventory")

    def damaged(self, ranges: object) -> None:
        """Record damaged ranges of the media, each once; inside a transaction.

        What is missing was recorded when the source was opened.
        """
        for detail in ranges if isinstance(ranges, list) else []:
            known = not isinstance(detail, dict) or detail.get("reason") == "missing"
            if not known and detail.get("offset") not in self._damage:
                self._damage.add(detail.get("offset"))
                self._gap(Gap(self.label, "source.damaged", detail), None)

    def _gap(self, gap: Gap, volume: int | None) -> None:
        self._run.gap(gap, source=self._source, volume=volume)
