"""Opening a container, inside an expander: its bytes in, its members and their digests out.

One unit is one outermost container with everything nested in it, in one fixed order: the members
of a container are listed, then read in the order in which they lie, then what is nested among them
is opened, one after the other. So the limits stop at the same member wherever and however often
it runs. Each container is a section: ``opened``, ``entries``, ``contents`` and ``stream`` frames,
and one ``containers`` row at its end. Members are numbered from 0 through all sections; ``id`` of
a content row and ``item`` of a stream are these numbers.

Nothing is written anywhere: names like ``../x`` are only names.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from importlib import import_module
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import numpy as np

from heroes_forensics.errors import EvidenceError
from heroes_forensics.filetype import TYPES, names_media, names_part
from heroes_forensics.frames import (
    CONTAINER,
    Batch,
    Container,
    Control,
    Frame,
    Unit,
    entry_batches,
)
from heroes_forensics.model import GAP_NUMBERS, HAS_CONTENT, JSON, Entry, EntryFlag, EntryKind, Gap
from heroes_forensics.parsers.base import PART
from heroes_forensics.parsers.guard import ENTRY
from heroes_forensics.parsers.openers import APPENDED, OPENED, WITH_SECRETS
from heroes_forensics.parsers.reading.readers import RangeReader
from heroes_forensics.pipelines.work import contents
from heroes_forensics.pipelines.work.within import HOSTS, PICTURES

if TYPE_CHECKING:
    from heroes_forensics.parsers.base import FileSystem, Reader
    from heroes_forensics.parsers.containers.limits import Budget, Limits
    from heroes_forensics.pipelines.work.units import Session

OPENERS: Final = {
    **OPENED,
    **dict.fromkeys(HOSTS, APPENDED),
    **dict.fromkeys(PICTURES, "heroes_forensics.parsers.containers.picture:open_picture"),
}
"""Types of `filetype` that are opened, and the function that does it."""

_REFUSED: Final = frozenset({"container.encrypted", "container.unsupported", PART})
"""Codes of containers that are whole, and not opened; all others are damaged."""

SPOOL_BYTES: Final = 64 << 20
"""A nested container up to this size is expanded into memory once, to be read anywhere."""
SPOOLED_BYTES: Final = 192 << 20
"""Bytes of nested containers in memory at the same time, one inside the other."""

_BATCH: Final = 2000
"""Members looked at before they are sent."""


def expand(session: "Session", unit: Unit) -> Iterator[Frame]:
    """Open the container that came with the unit, and what is nested in it."""
    limits = import_module("heroes_forensics.parsers.containers.limits")
    body = unit.body
    asked: Any = body["limits"]
    expansion = _Expansion(session, body, limits.Limits.of(asked), limits)
    reader = session.handed(unit)
    yield from expansion.opened(_Nest(0, str(body["kind"]), 1, reader, None, b"", ""))


class _Nest(NamedTuple):
    """A container that is to be opened."""

    id: int
    """0, or 1 + its number among the members."""
    kind: str
    depth: int
    reader: "Reader"
    around: "Budget | None"
    path: bytes
    """Path of the container within the outermost one, empty for that one."""
    locator: str


@dataclass(slots=True)
class _Section:
    """What became of one container."""

    first: int
    listed: int = 0
    directories: int = 0
    stopped: str = ""
    """Code of what ended the listing before its end."""


class _Member(NamedTuple):
    """A member that has content, as it will be read."""

    number: int
    entry: Entry
    kind: str = ""
    """Its type, where it is a container."""


class _Expansion:
    """One outermost container in progress."""

    def __init__(self, session: "Session", body: JSON, limits: "Limits", module: Any) -> None:  # noqa: ANN401 - imported in workers only
        self._session = session
        self._body = body
        self._limits = limits
        self._module = module
        skipped = body.get("skip", [])
        self._skip = frozenset(skipped if isinstance(skipped, list) else [])
        """Members over which workers ended: they are not read again."""
        self._given = 0
        self._spooled = 0
        self._secrets = session.secrets(body)

    def opened(self, nest: _Nest) -> Iterator[Frame]:
        """Yield the section of one container, then those of what is nested in it."""
        section = _Section(first=self._given)
        budget = self._module.Budget(nest.reader.size, self._limits, nest.around)
        nested: list[_Member] = []
        file_system: FileSystem | None = None
        try:
            reader = _Beating(nest.reader, self._session.progress.beat)
            given = (self._secrets,) if nest.kind in WITH_SECRETS else ()
            file_system = _opener(nest.kind)(reader, *given)
        except (EvidenceError, OSError) as error:
            code = getattr(error, "code", "")
            code = "container.unsupported" if code == "volume.unsupported" else code
            section.stopped = code if code in _REFUSED else "container.damaged"
        if file_system is not None:
            times = {name: list(rule) for name, rule in file_system.times.items()}
            yield Control("opened", {"kind": file_system.kind, "times": times})
            members: list[_Member] = []
            yield from self._listed(file_system.entries(), nest, section, members)
            yield from self._read(file_system, budget, members, nested)
            if section.stopped != "container.members":
                late: list[_Member] = []
                met = getattr(file_system, "late", tuple)  # what only reading them shows
                yield from self._listed(met(), nest, section, late)
                yield from self._read(file_system, budget, late, nested)
        code = section.stopped if section.stopped == "container.members" else ""
        code = code or budget.reached or section.stopped or getattr(file_system, "left", "")
        yield _row(nest, section, budget.spent, code)
        if file_system is not None:
            for member in nested:
                yield from self._nested(file_system, nest, budget, member)

    def _listed(
        self,
        listing: Iterable[object],
        nest: _Nest,
        section: _Section,
        members: list[_Member],
    ) -> Iterator[Frame]:
        waiting: list[Entry] = []
        try:
            for found in listing:
                if isinstance(found, Gap):
                    is_part = found.code == PART and not section.stopped
                    section.stopped = PART if is_part else "container.damaged"
                if not isinstance(found, Entry):
                    continue
                if self._given >= self._limits.members:
                    section.stopped = "container.members"
                    break
                section.listed += 1
                section.directories += found.kind == EntryKind.DIRECTORY
                entry = _within(nest, found)
                if _is_read(entry):
                    members.append(_Member(self._given, entry))
                self._given += 1
                waiting.append(entry)
                self._session.progress.beat()
                if len(waiting) >= _BATCH:
                    yield from entry_batches(waiting, names_media=names_media)
                    waiting = []
        except (EvidenceError, OSError):
            section.stopped = "container.damaged"
        yield from entry_batches(waiting, names_media=names_media)

    def _read(
        self,
        file_system: "FileSystem",
        budget: "Budget",
        members: list[_Member],
        nested: list[_Member],
    ) -> Iterator[Frame]:
        reading = contents.Reading(
            self._module.Metered(file_system, budget), self._session, self._body
        )
        # In the order in which they lie: a compressed container is read forwards.
        for member in sorted(members, key=lambda each: (each.entry.first_offset, each.number)):
            number, entry, _ = member
            self._session.progress.at(number + 1, ENTRY)
            if number in self._skip:
                reading.leave(number, "worker.died")
                continue
            task = (number, entry.kind, entry.flags, entry.size, len(entry.handle), entry.handle)
            yield from reading.one(task)
            kind = reading.last_type
            if kind >= 0 and _is_opened(TYPES[kind].name, reading):
                read = entry._replace(size=reading.last_bytes)  # not all say it themselves
                nested.append(_Member(number, read, TYPES[kind].name))
            elif kind >= 0 and names_part(entry.path):
                nested.append(_Member(number, entry, PART))
            if reading.is_full:
                yield from reading.flush()
        yield from reading.flush()

    def _nested(
        self, file_system: "FileSystem", nest: _Nest, budget: "Budget", member: _Member
    ) -> Iterator[Frame]:
        number, entry, kind = member
        depth = nest.depth + 1
        section = _Section(first=self._given)
        locator, path = entry.locator, entry.path
        inside = _Nest(number + 1, "", depth, _Nothing(), budget, path, locator)
        if depth > self._limits.nesting:
            yield _row(inside, section, 0, "container.nesting")
            return
        if kind == PART:  # cut anywhere, so that only its name tells
            yield _row(inside, section, 0, PART)
            return
        self._session.progress.at(number + 1, ENTRY)
        spooled = 0
        try:
            reader = file_system.open(entry.handle)
            if entry.size <= min(SPOOL_BYTES, SPOOLED_BYTES - self._spooled):
                # All at once: what is packed with others would be unpacked from its start again.
                spooled = entry.size
                reader = _Spooled(reader.pread(0, entry.size))
            elif reader.size < 0:
                reader = RangeReader(reader, 0, entry.size)
        except (EvidenceError, OSError):
            yield _row(inside, section, 0, "container.damaged")
            return
        self._spooled += spooled
        yield from self.opened(inside._replace(kind=kind, reader=reader))
        self._spooled -= spooled


def _opener(kind: str) -> "Callable[..., FileSystem]":
    module, _, name = OPENERS[kind].partition(":")
    found: Callable[..., FileSystem] = getattr(import_module(module), name)
    return found


def _is_opened(kind: str, reading: contents.Reading) -> bool:
    """Say whether what was read last is opened: of pictures, those in which more lies."""
    is_media = kind in PICTURES or kind in HOSTS
    return kind in OPENERS and (not is_media or reading.last_holds)


def _within(nest: _Nest, entry: Entry) -> Entry:
    """Return an entry of a nested container as one of the outermost."""
    if nest.depth == 1:
        return entry
    return entry._replace(
        locator=f"{nest.locator}/{entry.locator}", path=nest.path + b"/" + entry.path
    )


def _is_read(entry: Entry) -> bool:
    """Say whether a member has content that is read; what has none is recorded all the same."""
    sparse = entry.kind == EntryKind.METADATA and entry.flags & EntryFlag.SPARSE
    return entry.kind in HAS_CONTENT and not sparse


def _row(nest: _Nest, section: _Section, expanded: int, code: str) -> Batch:
    status = Container.GAP if code else Container.DONE
    row = (
        *(nest.id, status, GAP_NUMBERS[code], min(nest.depth, 255)),
        *(section.first, section.listed, section.directories, expanded),
    )
    return Batch("containers", np.array([row], dtype=CONTAINER))


class _Beating:
    """A container that is read: who looks long for what it holds is not hanging."""

    def __init__(self, inner: "Reader", beat: Callable[[], None]) -> None:
        self._inner = inner
        self._beat = beat

    @property
    def size(self) -> int:
        """Length, bytes."""
        return self._inner.size

    def pread(self, offset: int, length: int) -> bytes:
        """Read, and say so; beyond the end there is nothing, whatever number a container states.

        Raises:
            OSError: in front of the first byte there is nothing to be read.
        """
        self._beat()
        if offset < 0:
            raise OSError("a place in front of the container")
        return self._inner.pread(offset, length) if offset < self._inner.size else b""

    def close(self) -> None:
        """Leave it open: it is the unit's."""


class _Spooled:
    """A nested container in memory."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self.size = len(data)

    def pread(self, offset: int, length: int) -> bytes:
        return self._data[offset : offset + length] if length > 0 else b""

    def close(self) -> None:
        """Keep it until nobody needs it."""


class _Nothing(_Spooled):
    """Stands in for what is not opened."""

    def __init__(self) -> None:
        super().__init__(b"")
