"""The containers of one unit that reads: handed over, decided, opened.

A stream is kept until the digests of its item are known and compared; then it is opened, or there
is a row that says why not.
"""

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Final

from heroes_forensics.filetype import TYPES
from heroes_forensics.frames import HAND_OVER_BYTES, Container, Proxy, Rows, Status
from heroes_forensics.model import GAP_NUMBERS
from heroes_forensics.pipelines.examining import awaited
from heroes_forensics.pipelines.examining.expanding import (
    IS_MANIFEST,
    IS_OPENED,
    IS_OTHER,
    IS_PICTURE,
    Expanding,
    Job,
)
from heroes_forensics.store import derived

if TYPE_CHECKING:
    from heroes_forensics.pipelines.evidence.sources import Evidence
    from heroes_forensics.pipelines.examining.examined import Examined
    from heroes_forensics.pipelines.workers.crews import Stream
    from heroes_forensics.store.database import Database
    from heroes_forensics.store.records import MatchRow


_BACKUP: Final = "itunes-backup"
"""The kind of a volume that is itself the backup of a telephone."""


def _opened_in(kind: str) -> "Rows":
    """Return by position in `TYPES` what is opened in a volume of a kind, whatever it holds."""
    # A backup was opened with its manifest, or says why not.
    return IS_OPENED & ~IS_MANIFEST if kind == _BACKUP else IS_OPENED


def left(database: "Database", expanding: Expanding, source: int) -> Iterator[derived.Unopened]:
    """Yield what an interrupted run read of a source and still has to open."""
    for each in derived.unopened(database, source, expanding.types):
        if IS_PICTURE[each.type] or _opened_in(each.file_system)[each.type]:
            yield each


def is_opened_where_it_lies(each: derived.Unopened, evidence: "Evidence") -> bool:
    """Say whether an expander can read it through a proxy, without its being read again before.

    What is handed over has to be read for its bytes anyway. Whether a file of a folder is still
    what was digested shows by its digest alone; an image is known by its identity.
    """
    return each.size > HAND_OVER_BYTES and evidence.facts.get("kind") != "directory"


def open_where_it_lies(
    expanding: Expanding, volume: "Examined", each: derived.Unopened, evidence: "Evidence"
) -> None:
    """Queue what is too large to be handed over, as the unit that read it did."""
    proxy = Proxy(evidence.crew.number, {**evidence.body, "volume": volume.spec}, each.task)
    item, kind = int(each.task["id"][0]), TYPES[each.type].name
    expanding.add(Job(item, kind, each.size, proxy, volume, expanding, is_stored=True))


class Containers:
    """The containers of one unit that reads: handed over, decided, opened."""

    def __init__(self, expanding: Expanding, volume: "Examined") -> None:
        self._expanding = expanding
        self._volume = volume
        self._streams: dict[int, Stream] = {}
        self._large: dict[int, Proxy] = {}
        self.jobs: list[Job] = []
        """Those that are being opened."""
        self.rows: list[derived.ContainerRow] = []
        """Those that are not opened, and why."""

    def stream(self, stream: "Stream") -> None:
        """Keep a stream until the digests of its item are known."""
        self._streams[stream.item] = stream

    def large(self, item: int, proxy: Proxy) -> None:
        """Remember a container too large to be handed over."""
        self._large[item] = proxy

    def read(self, rows: Rows, matches: Sequence["MatchRow"], *, stored: bool = False) -> None:
        """Decide what becomes of the containers among `CONTENT` rows that were just compared."""
        done = rows["status"] == Status.DONE
        for row in rows[done & IS_OTHER[rows["type"]]]:
            self._leave(int(row["id"]), Container.POLICY, "policy.container-type")
        known = awaited.known(matches)
        opened = _opened_in(self._volume.kind)
        for row in rows[done & opened[rows["type"]]]:
            item, size = int(row["id"]), int(row["bytes_read"])
            if self._expanding.limits is None:
                self._leave(item, Container.POLICY, "policy.container")
            elif item in known:
                self._leave(item, Container.KNOWN_GOOD, "")
            else:
                self._open(item, TYPES[int(row["type"])].name, size, stored=stored)
        for row in rows[done & IS_PICTURE[rows["type"]]] if self._expanding.limits else ():
            item = int(row["id"])
            if item not in self._streams and item not in self._large:
                self.rows.append(derived.ContainerRow(item, Container.DONE, 0, derived.PICTURE))
            elif item in known:
                self._forget(item)
                known_good = derived.ContainerRow(item, Container.KNOWN_GOOD, 0, derived.PICTURE)
                self.rows.append(known_good)
            else:
                self._open(
                    item, TYPES[int(row["type"])].name, int(row["bytes_read"]), stored=stored
                )
        for item in rows["id"].tolist():
            self._forget(item)

    def _open(self, item: int, kind: str, size: int, *, stored: bool) -> None:
        source: Stream | Proxy | None = self._streams.pop(item, None) or self._large.pop(item, None)
        if source is None:  # a sound worker hands over every container it was asked for
            self._leave(item, Container.GAP, "container.died")
            return
        job = Job(item, kind, size, source, self._volume, self._expanding, stored)
        self.jobs.append(job)
        self._expanding.add(job)

    def _leave(self, item: int, status: Container, code: str) -> None:
        self._forget(item)
        self.rows.append(derived.ContainerRow(item, status, GAP_NUMBERS[code]))

    def _forget(self, item: int) -> None:
        self._large.pop(item, None)
        stream = self._streams.pop(item, None)
        if stream is not None:
            stream.close()

    def drop(self) -> None:
        """Let go of what was handed over and is not opened."""
        for stream in self._streams.values():
            stream.close()
        self._streams.clear()
        self._large.clear()

    def give_up(self) -> None:
        """Let go of everything: the unit is read again."""
        self.drop()
        for job in self.jobs:
            self._expanding.void(job)
        self.jobs.clear()
        self.rows.clear()
