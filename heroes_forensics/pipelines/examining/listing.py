"""Taking in what a lister says of a volume, and storing it part by part.

A part is one transaction: rows of the inventory, what the profile leaves out of them, gaps, and
the ledger event of the unit. What a broken listing gave is kept, with a gap that says it is not
all.
"""

from collections.abc import Callable
from dataclasses import replace
from typing import Any, Final, cast

import numpy as np

from heroes_forensics.errors import EvidenceError
from heroes_forensics.frames import Batch, Control, Frame, Status, Unit
from heroes_forensics.model import (
    BROKE_OFF,
    GAP_NUMBERS,
    HAS_CONTENT,
    JSON,
    EntryFlag,
    EntryKind,
    Gap,
    Listing,
    blocks_close,
)
from heroes_forensics.pipelines.evidence.sources import gap_of
from heroes_forensics.pipelines.examining import detours
from heroes_forensics.pipelines.examining.examined import Examined
from heroes_forensics.pipelines.examining.relisting import NondeterminismError, StoredInAnyOrder
from heroes_forensics.pipelines.examining.run import Run
from heroes_forensics.store import progress
from heroes_forensics.store.records import Records, RowsDigest

PART_ROWS: Final = 20_000
"""Entries of one committed part of an inventory."""
FIRST_ROWS: Final = 2_000
"""And of its first: what is on record can be read while the rest is listed. From then on a part is
as large as all before it, up to the most."""
NO_CONTENT: Final = frozenset(set(EntryKind) - HAS_CONTENT)

LISTERS: Final = frozenset({"inventory", "orphans", "carve"})
"""Kinds of units that list; those of one volume one after the other, in this order."""
SEARCHED_APART: Final = ("fat", "exfat")
"""File systems whose search for orphans reads every cluster and is a unit of its own."""

_FILE: Final = int(EntryKind.FILE)
_POLICY_METADATA: Final = GAP_NUMBERS["policy.metadata"]


class ListingStore:
    """Stores what the listers of one source say."""

    def __init__(
        self,
        run: Run,
        source: int,
        label: str,
        go_on: Callable[[Examined, str], None],
        instead: Callable[[Records, Examined, str], None],
    ) -> None:
        """Take how the listing of a volume goes on.

        Args:
            run: the run.
            source: number of the source.
            label: of the source.
            go_on: is asked for another unit that lists a volume, by its kind.
            instead: is told, in the transaction that says so, that a volume could not be opened.
        """
        self._run = run
        self._source = source
        self._label = label
        self._go_on = go_on
        self._instead = instead
        self._counted: set[int] = set()
        """Units whose lister has given its own count."""
        self._void: set[int] = set()
        """Units of which nothing more is believed."""

    def take(self, unit: Unit, volume: Examined, frame: Frame) -> None:
        """Take in one frame of a lister."""
        if unit.id in self._void:
            return
        try:
            self._take(unit, volume, frame)
        except NondeterminismError as error:
            self._void.add(unit.id)
            self._differs(volume, str(error))

    def _take(self, unit: Unit, volume: Examined, frame: Frame) -> None:
        if isinstance(frame, Batch):
            self._entries(volume, frame)
        elif frame.kind == "opened":
            volume.kind = str(frame.body["kind"])
            times = frame.body["times"]
            volume.times = times if isinstance(times, dict) else {}
        elif frame.kind == "gap":
            gap = gap_of(frame)
            where = f"{self._label}/{volume.key}/{gap.where}".rstrip("/")
            placed = Gap(where, gap.code, gap.detail)
            self._gap(volume, placed)
        elif frame.kind == "listing":
            self._counts(unit, volume, frame)
        elif frame.kind == "failed":
            # What is not the fault of the evidence is a defect of ours, or its memory limit.
            own = frame.body["exit_code"] != EvidenceError.exit_code
            self._run.note(f"{self._label}/{volume.key}: {frame.body['message']}")
            self.broke_off(volume, "worker.died" if own else _why(volume, frame))
        elif frame.kind == "done" and (unit.id not in self._counted or volume.waiting):
            self.broke_off(volume, "worker.died")

    @staticmethod
    def _gap(volume: Examined, gap: Gap) -> None:
        """Keep a gap, unless an earlier attempt stored it."""
        if volume.before is None or not volume.before.gap(gap):
            volume.gaps.append(gap)

    def _entries(self, volume: Examined, batch: Batch) -> None:
        """Keep what is new of a batch; what an earlier attempt stored is only compared."""
        fresh = range(len(batch.rows)) if volume.before is None else volume.before.fresh(batch)
        if len(fresh) < len(batch.rows):
            known = np.delete(batch.rows, fresh)
            volume.stored += len(known)
            volume.directories += _directories([Batch(batch.kind, known, batch.area)])
            batch = Batch(batch.kind, batch.rows[list(fresh)], batch.area)
        if len(batch.rows):
            volume.waiting.append(batch)
            volume.waiting_rows += len(batch.rows)
        if volume.waiting_rows >= min(PART_ROWS, max(FIRST_ROWS, volume.stored)):
            self._store_part(volume)

    def _differs(self, volume: Examined, text: str) -> None:
        """Stop listing a volume that is not what it was; what was stored of it stays."""
        run = self._run
        run.alarm = True
        run.note(f"{self._label}/{volume.key}: {text}")
        volume.waiting, volume.waiting_rows = [], 0
        run.journal.event(
            "quality.noted",
            {"kind": "nonconformity", "text": f"{self._label}/{volume.key}: {text}"},
        )
        self.broke_off(volume, "listing.differs")

    def _counts(self, unit: Unit, volume: Examined, frame: Control) -> None:
        body = frame.body
        words = ("sweep", "blocks")
        counts = {name: int(str(value)) for name, value in body.items() if name not in words}
        self._counted.add(unit.id)
        following = self._following(unit.kind, volume)
        listing = Listing(**counts, sweep=str(body["sweep"]), blocks=_numbers(body["blocks"]))
        if unit.kind == "inventory" and not blocks_close(listing.blocks):
            self._gap(volume, Gap(f"{self._label}/{volume.key}", "blocks.open"))
        if unit.kind == "carve" and volume.listing is not None:
            listing = replace(listing, sweep=volume.listing.sweep)
        volume.listing = _sum(volume.listing, listing)
        if volume.before is not None and not following:
            left = replace(volume.before.finish(), sweep=listing.sweep)
            volume.listing = _sum(volume.listing, left)
        volume.listed = not following
        self._store_part(volume, volume.listing)
        if following:
            self._go_on(volume, following)

    def _following(self, kind: str, volume: Examined) -> str:
        """Return what kind of unit lists a volume after one of this kind; empty: none does."""
        if kind == "inventory" and volume.kind.startswith(SEARCHED_APART):
            return "orphans"
        if kind == "carve" or not self._run.config.get("carve") or not volume.may_be_carved:
            return ""
        return "carve"

    def is_settled(self, unit: Unit, volume: Examined) -> bool:
        """Say whether nothing is missing of a unit whose lister ended.

        It may have said everything but that it was done, or be believed no more in any case.
        """
        return unit.id in self._void or (unit.id in self._counted and not volume.waiting)

    def once_more(self, volume: Examined) -> None:
        """Be ready for a new listing of a volume whose lister ended; what is stored stays."""
        volume.waiting, volume.waiting_rows = [], 0
        volume.gaps = [gap for gap in volume.gaps if gap.code == detours.CODE]
        volume.stored = volume.directories = 0
        volume.listing = None
        volume.before = StoredInAnyOrder(self._run.database, volume.id)

    def broke_off(self, volume: Examined, code: str) -> None:
        """Keep what a listing gave before it broke off, and say that it is not all."""
        system = volume.encryption if code == "volume.damaged" else ""
        if system:
            code = "volume.inner"
        detail: JSON = {"system": system} if system else {}
        volume.gaps.append(Gap(f"{self._label}/{volume.key}", code, detail))
        earlier = volume.listing or Listing()
        if volume.before is not None:  # it may not have come to the end of what is stored
            volume.stored, volume.directories = progress.stored(self._run.database, volume.id)
            volume.before = None
        directories = volume.directories + _directories(volume.waiting)
        walked = earlier.directories_listed + earlier.directories_met_before
        volume.listing = replace(
            earlier,
            entries=volume.stored + volume.waiting_rows,
            directories=directories,
            directories_not_listed=directories - walked,
            sweep=BROKE_OFF,
        )
        volume.listed = True
        nothing = not volume.stored and not volume.waiting_rows
        self._store_part(volume, volume.listing, closed=code if nothing else "")

    def _store_part(
        self, volume: Examined, listing: Listing | None = None, *, closed: str = ""
    ) -> None:
        run, profile = self._run, str(self._run.config["profile"])
        number = run.next_unit()
        stored: list[tuple[Any, ...]] = []
        skips: list[tuple[Any, ...]] = []
        with run.journal.transaction() as records:
            records.unit(number, run.id, "inventory", volume.id)
            for batch in volume.waiting:
                first = run.next_items(len(batch.rows))
                stored += records.items(first, volume.id, number, batch, run.seal)
            for row in stored:
                skip = None if row[3] == _FILE else left_out(row[3], row[4], profile)
                if skip is not None:
                    skips.append((row[0], number, *skip, 0, 0, None, None, None))
            records.unread(skips)
            for gap in volume.gaps:
                run.gap(gap, source=self._source, volume=volume.id)
            rows = RowsDigest()
            rows.table(stored)
            rows.table(skips)
            digest = rows.value()
            records.unit_done(number, items=len(stored), gaps=len(volume.gaps), rows_sha256=digest)
            if listing is not None:
                records.volume_listed(
                    volume.id,
                    file_system=volume.kind,
                    times=volume.times,
                    listing=listing,
                    state="listed" if volume.listed else "listing",
                )
            run.unit_completed(number, len(stored), len(volume.gaps), digest)
            if closed:
                self._instead(records, volume, closed)
        size = sum([row[7] for row in stored if row[7] > 0])
        run.listed(len(stored), len(skips), size)
        if stored:
            volume.last = stored[-1][0]
        volume.unread = [bytes_ + size for bytes_ in volume.unread]
        volume.stored += len(stored)
        volume.directories += _directories(volume.waiting)
        volume.waiting, volume.waiting_rows, volume.gaps = [], 0, []


def left_out(kind: int, flags: int, profile: str) -> tuple[int, int] | None:
    """Return status and gap of a row that is not read, or None when it is."""
    if kind in NO_CONTENT:
        return Status.NO_CONTENT, 0
    if kind == EntryKind.METADATA and (profile == "triage" or flags & EntryFlag.SPARSE):
        return Status.POLICY, _POLICY_METADATA
    return None


def _why(volume: Examined, frame: Control) -> str:
    """Return the gap of a volume whose lister the evidence did not let come to its end."""
    if volume.stored or volume.waiting_rows:
        return "listing.broken"
    return str(frame.body["code"]) or "volume.damaged"


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
        blocks={**one.blocks, **other.blocks},
    )


def _numbers(value: object) -> dict[str, int]:
    """Return the counts of a checked frame."""
    return {str(name): int(number) for name, number in cast("dict[str, int]", value).items()}


def _directories(batches: list[Batch]) -> int:
    return sum(int((batch.rows["kind"] == EntryKind.DIRECTORY).sum()) for batch in batches)
