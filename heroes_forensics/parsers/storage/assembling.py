"""Arrays and volume groups whose members lie in several places: of one source, or of several.

Every source that takes part is walked in the same way, and what is put together belongs to the
first of them, in the order in which they were named, that holds a member. So each worker, whatever
source it reads, comes to the same volumes.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from heroes_forensics.model import JSON, Gap
from heroes_forensics.parsers.storage import layers, lvm, md
from heroes_forensics.parsers.storage.inside import examine, examine_plain, logical_volumes
from heroes_forensics.parsers.storage.lvm_metadata import Group, Label, label
from heroes_forensics.parsers.storage.md_superblock import MAX_MEMBERS, Superblock, superblock
from heroes_forensics.parsers.storage.rows import Layout, Pending, Place, add, key_of, row_of
from heroes_forensics.parsers.storage.source import Source

_ROUNDS: Final = 6
"""LVM on LUKS on md, and that again inside a logical volume."""
_MOST_NAMES: Final = 512
"""Arrays and physical volumes that a source names; what is beyond is not put together."""
_MD: Final = "md-raid"
_LVM: Final = "lvm2"


@dataclass(frozen=True, slots=True)
class _Member:
    """One place that waits, and what it says of what it belongs to."""

    source: int
    """Its position among the sources that take part."""
    waiting: Pending
    block: Superblock | Label

    @property
    def step(self) -> JSON:
        """How a worker comes to it."""
        return {"source": self.source, "steps": [dict(one) for one in self.waiting.place.steps]}


def assemble(sources: Sequence[Source], layouts: Sequence[Layout]) -> None:
    """Put together whatever waits in ``layouts``, of the sources at the same positions."""
    for _ in range(_ROUNDS):
        waiting = [(number, one) for number, each in enumerate(layouts) for one in each.pending]
        arrays = [row for row in waiting if row[1].name == _MD]
        for each in layouts:
            # A physical volume may lie on an array, so groups come when no array waits.
            each.pending = [one for one in each.pending if arrays and one.name != _MD]
        work = _Work(sources, layouts)
        if arrays:
            work.arrays(arrays)
        elif waiting:
            work.groups(waiting)
        else:
            return
    for source, layout in zip(sources, layouts, strict=True):
        for one in layout.pending:
            gap = Gap(one.place.key, "volume.limit", {"limit": _ROUNDS})
            add(layout, row_of(source, layout, one.place, one.name, gap), one.nodes)
        layout.pending = []


def _read(source: Source, one: Pending) -> Superblock | Label | None:
    try:
        reader = layers.follow(source, one.place.steps)
        return superblock(reader) if one.name == _MD else label(reader)
    except OSError:
        return None


class _Work:
    """One round over all sources."""

    def __init__(self, sources: Sequence[Source], layouts: Sequence[Layout]) -> None:
        self._sources = sources
        self._layouts = layouts

    def _members(self, waiting: Iterable[tuple[int, Pending]]) -> list[_Member]:
        """Read what each says; one that says nothing sound is a gap at once."""
        found = []
        for number, one in waiting:
            block = _read(self._sources[number], one)
            if block is None:
                self._row(number, one, Gap(one.place.key, "volume.damaged", {"layer": one.name}))
            else:
                found.append(_Member(number, one, block))
                belongs = self._layouts[number].belongs
                news = [name for name in _belongs_to(block) if name not in belongs]
                belongs += news[: _MOST_NAMES - len(belongs)]
        return found

    def _row(self, number: int, one: Pending, gap: Gap) -> None:
        source, layout = self._sources[number], self._layouts[number]
        row = row_of(source, layout, one.place, one.name, gap)
        add(layout, row, one.nodes, one.place.hint)

    def _part(self, member: _Member, host: _Member, key: str) -> None:
        """Say of a member that it is examined as part of something."""
        detail: JSON = {"layer": member.waiting.name, "with": key}
        if host.source != member.source:
            detail["source"] = host.source + 1
        if isinstance(member.block, Superblock) and member.block.level == 1:
            detail["mirror"] = "read only where the first one fails"
        gap = Gap(member.waiting.place.key, "policy.member", detail)
        self._row(member.source, member.waiting, gap)

    # --- md ------------------------------------------------------------------------------------

    def arrays(self, waiting: Iterable[tuple[int, Pending]]) -> None:
        """Put the arrays together."""
        by_array: dict[str, list[_Member]] = {}
        for member in self._members(waiting):
            if isinstance(member.block, Superblock):
                by_array.setdefault(member.block.array, []).append(member)
        for members in by_array.values():
            left = members
            while left:
                left = self._array(left)

    def _array(self, members: list[_Member]) -> list[_Member]:
        """Put one array together; return the members of which another, older state is left."""
        blocks = [one.block for one in members if isinstance(one.block, Superblock)]
        places = md.current(blocks)
        newest = max(blocks, key=lambda one: one.events)
        used = [members[position] for position in sorted(places.values())]
        others = [one for one in members if one not in used]
        facts: JSON = {"layer": _MD, "level": md.NAMES.get(newest.level, "other")}
        facts |= {"members": newest.disks, "array": newest.array}
        missing = [role for role in range(min(newest.disks, MAX_MEMBERS)) if role not in places]
        why = md.hindrance(blocks, places)
        if why or not md.is_complete(newest, places):
            code = "volume.unsupported" if why else "volume.incomplete"
            facts |= {"why": why} if why else {"missing": _listed(missing)}
            for one in used:
                self._alone(one, Gap(one.waiting.place.key, code, facts))
        else:
            self._whole(used, facts, missing, clean=newest.clean)
        if not used or newest.level != 1:
            for one in others:
                detail = {**facts, "state": _state(one, newest)}
                self._alone(one, Gap(one.waiting.place.key, "volume.incomplete", detail))
            return []
        return others

    def _alone(self, member: _Member, gap: Gap) -> None:
        """Leave a member out; a file system that fits into it is not the array's, and is read."""
        source, layout = self._sources[member.source], self._layouts[member.source]
        one = member.waiting
        if examine_plain(source, layout, one.place, one.nodes):
            layout.gap(gap.where, gap.code, gap.detail)
        else:
            self._row(member.source, one, gap)

    def _whole(
        self, used: list[_Member], facts: JSON, missing: Sequence[int], *, clean: bool
    ) -> None:
        host = used[0]
        source, layout = self._sources[host.source], self._layouts[host.source]
        place = host.waiting.place
        key = key_of(layout, f"{place.key}.md1")
        step: JSON = {"layer": "md", "members": [one.step for one in used]}
        try:
            size = layers.follow(source, (step,)).size
        except OSError:
            gap = Gap(place.key, "volume.damaged", {"layer": _MD})
            self._row(host.source, host.waiting, gap)
            return
        node: JSON = {"key": place.key, "layer": _MD, "offset": place.offset, "size": place.size}
        children: list[JSON] = []
        node |= {"note": f"{facts['level']} of {facts['members']}", "volumes": children}
        host.waiting.nodes.append(node)
        if missing:
            detail = {**facts, "missing": _listed(missing)}
            if not clean:
                detail["parity"] = "may not agree"
            layout.gap(key, "volume.degraded", detail)
        for one in used[1:]:
            self._part(one, host, key)
        inside = Place(key, None, size, (step,), place.depth + 1, place.key)
        examine(source, layout, inside, children)

    # --- LVM -----------------------------------------------------------------------------------

    def groups(self, waiting: Iterable[tuple[int, Pending]]) -> None:
        """Put the volume groups together."""
        left = self._members(waiting)
        while left:
            labels = [one.block for one in left if isinstance(one.block, Label)]
            group = lvm.newest(labels)
            mine = [one for one in left if group and _name(one) in group.physical]
            if group is None or not mine:
                break
            left = [one for one in left if one not in mine]
            self._group(group, mine)
        for one in left:
            detail: JSON = {"layer": _LVM, "missing": "the description of its group"}
            gap = Gap(one.waiting.place.key, "volume.incomplete", detail)
            self._row(one.source, one.waiting, gap)

    def _group(self, group: Group, members: list[_Member]) -> None:
        by_name: dict[str, _Member] = {}
        for one in members:
            by_name.setdefault(_name(one), one)
        used = list(by_name.values())[:MAX_MEMBERS]
        host = used[0]
        source, layout = self._sources[host.source], self._layouts[host.source]
        place = host.waiting.place
        node: JSON = {"key": place.key, "layer": _LVM, "offset": place.offset, "size": place.size}
        children: list[JSON] = []
        node["volumes"] = children
        host.waiting.nodes.append(node)
        for one in members:
            if one in used[1:]:
                self._part(one, host, place.key)
            elif one is not host:
                detail: JSON = {"layer": _LVM, "state": "another copy"}
                gap = Gap(one.waiting.place.key, "volume.incomplete", detail)
                self._row(one.source, one.waiting, gap)
        step: JSON = {"layer": "lvm", "members": [one.step for one in used]}
        logical_volumes(source, layout, place, (group, set(by_name)), step, children)


def _belongs_to(block: Superblock | Label) -> list[str]:
    """Name the array, or every physical volume that the description of the group counts."""
    if isinstance(block, Superblock):
        return [f"{_MD}:{block.array}"]
    group = lvm.newest([block])
    names = (block.identifier, *(group.physical if group else ()))
    return [f"{_LVM}:{name}" for name in names[:MAX_MEMBERS]]


def _name(member: _Member) -> str:
    return member.block.identifier if isinstance(member.block, Label) else ""


def _listed(places: Sequence[int]) -> str:
    return ", ".join(map(str, places))


def _state(member: _Member, newest: Superblock) -> str:
    """Say why a member is not one of those that the array is read from."""
    block = member.block
    if not isinstance(block, Superblock) or block.role < 0:
        return "spare or failed"
    if not block.rebuilt:
        return "being rebuilt"
    return "left behind" if block.events + 1 < newest.events else "another copy"
