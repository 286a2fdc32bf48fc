"""What a worker can be asked to do: one generator for each kind of unit.

A work function knows nothing of processes: `run_unit(session, unit)` yields frames. It runs in a
worker that holds descriptors and nothing else: no path, no key, no hash set.
"""

import json
import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import asdict
from importlib import import_module
from typing import TYPE_CHECKING, Any, Final

from heroes_forensics.errors import EvidenceError, UsageError
from heroes_forensics.frames import PATH_LIMIT, Control, Frame, Unit, entry_batches
from heroes_forensics.hashing.exact import digest_bytes
from heroes_forensics.model import JSON, Entry, EntryKind, Gap, Listing
from heroes_forensics.parsers.base import PART
from heroes_forensics.parsers.guard import Guard
from heroes_forensics.pipelines.work import contents, media_reading, members, pictures
from heroes_forensics.pipelines.workers.handover import Allowance
from heroes_forensics.pipelines.workers.page import Progress
from heroes_forensics.pipelines.workers.proxy import reader_of

if TYPE_CHECKING:
    from heroes_forensics.parsers.base import FileSystem, Reader
    from heroes_forensics.parsers.storage.doubts import Doubt, Doubts

_MET_WHILE_READING: Final = frozenset({"damaged", "unreadable"})
"""Reasons of doubt that opening the source did not show yet."""

_RANGES_TOLD: Final = 200
"""Damaged ranges in one frame."""

_ENTRY_BATCH: Final = 4000
"""Entries looked at before a gap or the end may interrupt a batch."""


class Session:
    """What one worker holds from its first unit to its last: descriptors and opened things."""

    def __init__(
        self,
        descriptors: Sequence[int],
        *,
        progress: Progress | None = None,
        allowance: Allowance | None = None,
    ) -> None:
        self.descriptors = tuple(descriptors)
        self.progress = progress or Progress()
        self.allowance = allowance or Allowance()
        self._handed: list[Reader] = []
        self._source: Any = None
        self._volumes: dict[str, FileSystem] = {}
        self._named: set[int] = set()
        """Offsets of damaged ranges of the media that were told already."""

    def source(self, body: JSON) -> Any:  # noqa: ANN401 - parsers are imported only in workers
        """Open the source that the descriptors make up, once."""
        if self._source is None:
            start = len(_slots(body["slots"]))
            self._source = self._opened(body, body["slots"], self.descriptors[:start])
            others = []
            for slots in _lists(body.get("together")):
                held = self.descriptors[start : start + len(slots)]
                others.append(self._opened(body, slots, held))
                start += len(slots)
            at = int(str(body.get("position", 0)))
            together = (*others[:at], self._source, *others[at:])
            for each in together:
                each.together = together
        return self._source

    def _opened(self, body: JSON, slots: object, held: Sequence[int]) -> Any:  # noqa: ANN401 - likewise
        opening = import_module("heroes_forensics.parsers.storage.source")
        slot_type = import_module("heroes_forensics.parsers.storage.segments").Slot
        return opening.open_source(
            [
                slot_type(str(slot["name"]), descriptor, int(slot["size"]), slot["role"])
                for descriptor, slot in zip(held, _slots(slots), strict=True)
            ],
            treat_as=str(body.get("treat_as", "auto")),
            accept_damaged=bool(body.get("accept_damaged", False)),
            secrets=self.secrets(body),
            on_read=self.progress.beat,
        )

    def secrets(self, body: JSON) -> Any:  # noqa: ANN401 - parsers are imported only in workers
        """Return what was given to open encrypted evidence; its descriptor is the last."""
        secrets = import_module("heroes_forensics.parsers.secrets").Secrets
        if not body.get("secrets"):
            return secrets()
        held = self.descriptors[-1]
        return secrets.from_json(json.loads(os.pread(held, os.fstat(held).st_size, 0)))

    @property
    def doubts(self) -> "Doubts | None":
        """What is kept of damage in the media that is open; None where nothing keeps account."""
        found: Doubts | None = getattr(getattr(self._source, "media", None), "doubts", None)
        return found

    def damage(self, touched: "Iterable[Doubt]") -> Iterator[Frame]:
        """Name each damaged range that was not known when the source was opened, once."""
        news = [
            each
            for each in touched
            if each.reason in _MET_WHILE_READING and each.offset not in self._named
        ]
        self._named.update(each.offset for each in news)
        for start in range(0, len(news), _RANGES_TOLD):
            rows = [each.to_json() for each in news[start : start + _RANGES_TOLD]]
            yield Control("damage", {"ranges": rows})

    def file_system(self, body: JSON) -> "FileSystem":
        """Open one volume of the source, or give the one already open."""
        volumes = import_module("heroes_forensics.parsers.volumes")
        volume = volumes.Volume.from_json(body["volume"])
        if volume.key not in self._volumes:
            for opened in self._volumes.values():
                opened.close()
            self._volumes.clear()
            self._volumes[volume.key] = volumes.open_volume(self.source(body), volume)
        return self._volumes[volume.key]

    def handed(self, unit: Unit, index: int = -1) -> "Reader":
        """Return a stream that came with a unit: in memory, or read through a parser.

        It is closed when the unit ends.

        Args:
            unit: the unit in work.
            index: which of its descriptors; the last, where there is one stream.

        Raises:
            OSError: it cannot be read.
        """
        reader = reader_of(unit.descriptors[index])
        self._handed.append(reader)
        return reader

    def end_unit(self) -> None:
        """Close what came with the unit that ended."""
        while self._handed:
            self._handed.pop().close()


def _slots(slots: object) -> list[dict[str, Any]]:
    if not isinstance(slots, list):
        raise UsageError("a unit names no slots")
    return slots


def _lists(found: object) -> list[list[dict[str, Any]]]:
    """Return the slots of each further source."""
    return [_slots(one) for one in found] if isinstance(found, list) else []


def run_unit(session: Session, unit: Unit) -> Iterator[Frame]:
    """Do one unit and yield its frames.

    Raises:
        HeroesError: the unit as a whole cannot be done; what was yielded is void.
    """
    work = UNITS.get(unit.kind)
    if work is None:
        raise UsageError(f"no unit is called {unit.kind!r}")
    yield from work(session, unit)


def _gap(gap: Gap) -> Control:
    return Control("gap", {"where": gap.where, "code": gap.code, "detail": gap.detail})


def inspect(session: Session, unit: Unit) -> Iterator[Frame]:
    """Open the source and describe it: ``source``, then ``volume`` and ``gap`` frames."""
    layout = import_module("heroes_forensics.parsers.storage.layout")
    source = session.source(unit.body)
    facts = {
        "kind": source.kind,
        "format": source.format,
        "reader": f"{source.reader_name} {source.reader_version}".strip(),
        "size": source.size if source.media is not None else -1,
        "sector_size": source.sector_size,
        "chunk_size": getattr(source.media, "chunk_size", 0),
        "stored": {digest.algorithm: digest.value.hex() for digest in source.stored_digests},
        "notes": list(source.notes),
        "acquisition": {
            name: value for name, value in source.acquisition.items() if name in source.technical
        },
        "tree": layout.tree(source),
        "belongs": layout.belongs(source),
    }
    yield Control("source", {"facts": facts})
    for found in layout.volumes(source):
        if isinstance(found, Gap):
            yield _gap(found)
        else:
            yield Control("volume", {"volume": found.to_json()})


def inventory(session: Session, unit: Unit) -> Iterator[Frame]:
    """List one volume: ``opened``, batches of entries, ``gap`` frames, ``listing`` last."""
    file_system = session.file_system(unit.body)
    times = {name: list(rule) for name, rule in file_system.times.items()}
    yield Control("opened", {"kind": file_system.kind, "times": times})
    if hasattr(file_system, "prefixes"):  # a range without a file system
        file_system.prefixes = _prefixes(session, unit)
    around: Callable[[Guard], Iterator[Entry | Gap | Listing]] | None
    around = getattr(file_system, "entries_around", None)
    if around is None:
        found = file_system.entries()
    else:
        found = around(Guard.of(unit.body.get("around"), session.progress.at))
    yield from _listed(found, session.progress.beat, lambda: _touched(session))


def orphans(session: Session, unit: Unit) -> Iterator[Frame]:
    """Search a volume for entries that no directory reaches, within the time its parser allows.

    A unit of its own, because on FAT it reads every cluster: the inventory does not wait for it.
    """
    file_system: Any = session.file_system(unit.body)
    yield from _listed(file_system.orphans(), session.progress.beat, lambda: _touched(session))


def carve(session: Session, unit: Unit) -> Iterator[Frame]:
    """Search what a volume has in no use for pictures and films.

    A unit of its own, after all that lists files: nothing waits for it.
    """
    file_system: Any = session.file_system(unit.body)
    search = getattr(file_system, "carve", None)
    if search is None:
        yield _gap(Gap("", "policy.unallocated", {}))
        yield Control("listing", asdict(Listing(sweep="not applicable")))
        return
    beat = session.progress.beat
    yield from _listed(search(beat, _prefixes(session, unit)), beat, lambda: _touched(session))


def _prefixes(session: Session, unit: Unit) -> Any:  # noqa: ANN401 - of a module not imported yet
    """Return what known files begin with, where it came with the unit."""
    if not unit.body.get("prefixes"):
        return None
    prefixes = import_module("heroes_forensics.parsers.recovery.prefixes")
    listed = session.handed(unit)
    return prefixes.Prefixes.of(listed.pread(0, listed.size))


def _touched(session: Session) -> Iterator[Frame]:
    """Say what a listing read of the media that cannot be relied on."""
    doubts = session.doubts
    if doubts is not None and (touched := doubts.take()):
        yield from session.damage(touched)
        yield _gap(Gap("", "listing.unreliable", {"ranges": len(touched)}))


def _listed(
    found: Iterable[Entry | Gap | Listing],
    beat: Callable[[], None],
    before_counts: Callable[[], Iterator[Frame]] = lambda: iter(()),
) -> Iterator[Frame]:
    filetype = import_module("heroes_forensics.filetype")
    names_media: Callable[[bytes], bool] = filetype.names_media
    names_part: Callable[[bytes], bool] = filetype.names_part
    file = EntryKind.FILE
    waiting: list[Entry] = []
    last: Listing | None = None
    for each in found:
        if isinstance(each, Entry):
            path = each.path
            if len(path) > PATH_LIMIT:
                yield _gap(Gap(each.locator, "entry.name", {"bytes": len(path)}))
            if each.kind == file and names_part(path):
                yield _gap(Gap(each.locator, PART, {}))
            waiting.append(each)
            beat()
            if len(waiting) >= _ENTRY_BATCH:
                yield from entry_batches(waiting, names_media=names_media)
                waiting = []
        elif isinstance(each, Gap):
            yield _gap(each)
        else:
            last = each
    yield from entry_batches(waiting, names_media=names_media)
    yield from before_counts()
    if last is None:
        raise EvidenceError("the listing of a volume ended without its own count")
    yield Control("listing", asdict(last))


def acquisition_log(session: Session, unit: Unit) -> Iterator[Frame]:
    """Read an acquisition log whole and say what it states: one ``acquisition`` frame."""
    comparing = import_module("heroes_forensics.parsers.acquisition.comparing")
    most = import_module("heroes_forensics.parsers.acquisition.stated").MAX_BYTES
    known, names = unit.body["known"], unit.body["segments"]
    if not isinstance(known, dict) or not isinstance(names, list):
        raise UsageError("a unit names nothing to compare a log with")
    data = os.pread(session.descriptors[0], most + 1, 0)
    if len(data) > most:
        raise EvidenceError("it is larger than any acquisition log")
    yield Control("acquisition", {"facts": comparing.compared(data, known, names)})


def import_set(session: Session, unit: Unit) -> Iterator[Frame]:
    """Read one supplier's hash set: batches of known records, rejections, and the report."""
    importing = import_module("heroes_forensics.hashsets.importing")
    yield from importing.import_rows(session.descriptors[0], unit.body)


def canary(session: Session, unit: Unit) -> Iterator[Frame]:
    """Do next to nothing: touch as many ``bytes`` of memory as the unit says, digest them.

    Where this ends its worker, the machine is at fault and not the evidence.
    """
    del session
    digest_bytes(bytes(int(str(unit.body.get("bytes", 0)))))
    yield from ()


UNITS: Final[dict[str, Callable[[Session, Unit], Iterator[Frame]]]] = {
    "inspect": inspect,
    "acquisition_log": acquisition_log,
    "media_digest": media_reading.media_digest,
    "media_fill": media_reading.media_fill,
    "media_follow": media_reading.media_follow,
    "inventory": inventory,
    "orphans": orphans,
    "carve": carve,
    "content": contents.content,
    "serve": contents.serve,
    "decode": pictures.decode,
    "plugin": pictures.plugin,
    "edit": pictures.edit,
    "distances": pictures.distances,
    "expand": members.expand,
    "import": import_set,
    "canary": canary,
}
"""Kinds of units; each may answer with the frames that `wire.ANSWERS` lists for it."""
