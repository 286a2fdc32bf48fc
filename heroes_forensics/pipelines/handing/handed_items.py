"""The items of a case as an export hands them on: in blocks, without what is kept back."""

import json
from array import array
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final, NamedTuple

import numpy as np

from heroes_forensics.model import TimeRule
from heroes_forensics.pipelines.case.cases import OpenCase
from heroes_forensics.pipelines.case.folders import BUNDLE
from heroes_forensics.pipelines.checks.locating import finding_number
from heroes_forensics.pipelines.handing.handing_out import ExportRequest
from heroes_forensics.pipelines.report.report_items import as_block, time_rules
from heroes_forensics.pipelines.report.report_model import Builder
from heroes_forensics.reports.disclosed import CONFLICTS
from heroes_forensics.reports.exchange import Digests, Handed, Items
from heroes_forensics.reports.findings import Finding, SetKind
from heroes_forensics.store import columns, derived, standing

_HARMLESS: Final = "known-good"
_NO_KINDS: Final[frozenset[SetKind]] = frozenset()


class _Volume(NamedTuple):
    number: int
    exhibit: str
    source: str
    key: str
    file_system: str
    offset: int | None
    rules: dict[str, TimeRule]


class HandedItems:
    """The items of one export; they are read once for each file, and counted."""

    def __init__(
        self, case: OpenCase, request: ExportRequest, items: Items, digests: Digests
    ) -> None:
        self._case = case
        self._kind = request.kind
        self._exhibit = request.exhibit
        self._names = request.with_names
        self._items = items
        self._digests = digests
        database = case.database
        self._builder = Builder(database, case.folder / BUNDLE)
        self._volumes = [
            _Volume(
                *(number, exhibit, source, key, system or "", offset),
                time_rules(json.loads(basis) if basis else {}),
            )
            for number, exhibit, source, key, system, offset, basis in database.rows(
                "SELECT v.id, e.label, s.label, v.key, v.file_system, v.offset, v.time_basis"
                " FROM volume v JOIN source s ON s.id = v.source_id"
                " JOIN exhibit e ON e.id = s.exhibit_id ORDER BY e.id, s.id, v.id"
            )
            if request.exhibit in {"", exhibit}
        ]
        self._inside = derived.opened(database)
        # 8 bytes an item that a set lists: whether a block has any is asked for every block.
        listed = array(
            "q",
            (
                number
                for (number,) in database.rows(
                    "SELECT DISTINCT m.item_id FROM match m JOIN hashset h ON h.id = m.hashset_id"
                    " WHERE json_extract(h.facts, '$.kind') <> ? ORDER BY m.item_id",
                    (_HARMLESS,),
                )
            ),
        )
        self._listed = np.frombuffer(listed, np.int64) if listed else np.empty(0, np.int64)
        self.count = 0
        """Items handed on so far."""
        self.withheld = 0
        """Those whose digests were kept back, as a set lists them."""
        self.handed = array("q")
        """Numbers of the findings handed on so far."""

    @property
    def nothing(self) -> bool:
        """Whether there is no item at all."""
        return not any(
            self._case.database.value(
                "SELECT id FROM item WHERE volume_id=? LIMIT 1", (each.number,)
            )
            for each in self._volumes
        )

    def numbers(self) -> Iterator[int]:
        """Yield the numbers of the findings that are to be handed on."""
        for each in standing.findings(self._case.database):
            if self._is_wanted(each) and self._is_of_exhibit(each.item_id):
                yield each.finding

    def of(self, source: str | None) -> Iterator[Handed]:
        """Yield the items of a source, or of all: volume by volume, in the order of their ids."""
        for volume in self._volumes:
            if source not in {None, volume.source}:
                continue
            for found in columns.of_volume(
                self._case.database,
                volume.number,
                paths=self._names,
                with_findings=self._items == "findings",
            ):
                block = self._handed(volume, found)
                if block is not None:
                    self.count += len(block.items.locators)
                    yield block

    def _is_of_exhibit(self, item: int) -> bool:
        return not self._exhibit or self._exhibit == self._case.database.value(
            "SELECT e.label FROM item i JOIN volume v ON v.id = i.volume_id"
            " JOIN source s ON s.id = v.source_id JOIN exhibit e ON e.id = s.exhibit_id"
            " WHERE i.id=?",
            (item,),
        )

    def _is_wanted(self, each: standing.Standing) -> bool:
        return each.status == standing.CURRENT and each.set["kind"] == self._kind

    def _handed(self, volume: _Volume, found: columns.Columns) -> Handed | None:
        """Return a block without what is kept back; None where nothing of it is handed on."""
        listed = self._listed_in(found.ids)
        findings = self._findings(found.ids) if listed else {}
        if self._items == "findings":
            kept = [number for number, item in enumerate(found.ids) if item in findings]
            if not kept:
                return None
            found = _taken(found, kept)
        kinds = [listed.get(item, _NO_KINDS) for item in found.ids]
        handed = {
            number: findings[item] for number, item in enumerate(found.ids) if item in findings
        }
        for each in handed.values():
            self.handed.extend(finding_number(finding.number) for finding in each)
        # Of what only sets of another kind list, neither a digest nor a name is handed on.
        foreign = [bool(each) and self._kind not in each for each in kinds]
        back = [
            other
            or (self._digests == "unlisted" and bool(each))
            or _contradicts(handed.get(number, ()))
            for number, (each, other) in enumerate(zip(kinds, foreign, strict=True))
        ]
        if self._digests == "none":  # of no item, so that nothing is told of those that are listed
            kinds, back = [_NO_KINDS] * len(back), [True] * len(back)
        holder = None if found.parent is None else self._inside.get(found.parent)
        rules = volume.rules if found.parent is None else time_rules(holder.times if holder else {})
        items = as_block(
            _without_digests(found, back) if any(back) else found,
            where=(volume.exhibit, volume.source, volume.key),
            rules=rules,
            matched=[each if no else _NO_KINDS for each, no in zip(kinds, back, strict=True)],
            paths=self._paths(found, foreign) if self._names else (),
        )
        self.withheld += sum(map(bool, items.matched))
        offset = volume.offset if found.parent is None else None
        return Handed(
            items=items,
            file_system=volume.file_system,
            holder="" if holder is None else f"{volume.source}/{volume.key}/{holder.locator}",
            flags=found.flags,
            owners=found.owners,
            first_bytes=[
                -1 if offset is None or first < 0 else offset + first
                for first in found.first_offsets
            ],
            bytes_read=[each or 0 for each in found.bytes_read],
            findings=handed,
        )

    def _listed_in(self, ids: Sequence[int]) -> Mapping[int, frozenset[SetKind]]:
        """Return the kinds of the sets that list items, without the harmless one."""
        start, end = np.searchsorted(self._listed, [ids[0], ids[-1] + 1])
        if start == end:
            return {}
        found: dict[int, set[SetKind]] = {}
        for item, kind in self._case.database.rows(
            "SELECT m.item_id, json_extract(h.facts, '$.kind') FROM match m"
            " JOIN hashset h ON h.id = m.hashset_id WHERE m.item_id BETWEEN ? AND ?",
            (ids[0], ids[-1]),
        ):
            if kind != _HARMLESS:
                found.setdefault(item, set()).add(kind)
        return {item: frozenset(kinds) for item, kinds in found.items()}

    def _findings(self, ids: Sequence[int]) -> dict[int, tuple[Finding, ...]]:
        wanted = frozenset(ids)
        found: dict[int, tuple[Finding, ...]] = {}
        for each in standing.findings(self._case.database, items=(ids[0], ids[-1])):
            if each.item_id in wanted and self._is_wanted(each):
                finding = self._builder.finding(each)
                if finding is not None:
                    found[each.item_id] = (*found.get(each.item_id, ()), finding)
        return found

    def _paths(self, found: columns.Columns, foreign: Sequence[bool]) -> list[bytes]:
        return [
            b"" if other or not stored else self._case.open_path(item, stored)  # or was erased
            for item, stored, other in zip(found.ids, found.paths, foreign, strict=True)
        ]


def _contradicts(findings: Sequence[Finding]) -> bool:
    """Tell whether every entry contradicts its item, so that no list of digests may hold it."""
    return bool(findings) and all(each.grade in CONFLICTS for each in findings)


def _taken(found: columns.Columns, kept: Sequence[int]) -> columns.Columns:
    """Return some of the items of a block."""
    changed: dict[str, Any] = {
        name: tuple(column[number] for number in kept)
        for name, column in found._asdict().items()
        if isinstance(column, tuple) and column
    }
    return found._replace(
        **changed, seconds=found.seconds[list(kept)], nanoseconds=found.nanoseconds[list(kept)]
    )


def _without_digests(found: columns.Columns, back: Sequence[bool]) -> columns.Columns:
    """Take the digests out that are kept back."""

    def left(digests: Sequence[bytes | None]) -> tuple[bytes | None, ...]:
        return tuple(None if no else each for each, no in zip(digests, back, strict=True))

    return found._replace(md5=left(found.md5), sha1=left(found.sha1), sha256=left(found.sha256))
