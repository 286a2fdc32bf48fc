"""One pass over the media of a source: which workers read, which digest, and what they said.

It has a crew of its own, side by side with whatever the source's own crew does. With one worker, or
memory for no more, it is one unit. With more, one or two workers read (and inflate, and check), one
computes MD5 and one the other algorithms. When one of them ends before it is done, all of it is
done again by one worker alone; when it ends again and again, the media counts as unreadable.
"""

import os
import socket
from collections.abc import Callable, Collection
from typing import TYPE_CHECKING, Final

from heroes_forensics.frames import Control, Frame, Unit
from heroes_forensics.model import JSON
from heroes_forensics.pipelines.evidence.sources import Evidence
from heroes_forensics.pipelines.examining.run import Run
from heroes_forensics.pipelines.work import window
from heroes_forensics.pipelines.work.media_reading import HASHERS, ROOM
from heroes_forensics.pipelines.workers.deaths import ZYGOTE, Death

if TYPE_CHECKING:
    from heroes_forensics.pipelines.workers.crews import Crew

KINDS: Final = frozenset({"media_digest", "media_fill", "media_follow"})
"""Kinds of units that belong to a pass."""

SMALL: Final = 64 << 20
"""Bytes of media below which more workers cost more than they bring."""
ATTEMPTS: Final = 3
"""Workers end for reasons that are none of the media's, too; so often it is tried."""
MANY: Final = 4
"""With so many workers two of them read: inflating is slower than MD5."""


class MediaPass:
    """Digests the media of one source, once."""

    def __init__(
        self, run: Run, evidence: Evidence, label: str, algorithms: Collection[str]
    ) -> None:
        """Plan it; nothing is started yet.

        Args:
            run: the run it is part of.
            evidence: the source.
            label: of the source, for notes.
            algorithms: what to compute; keys of `HASHERS`.
        """
        self._run = run
        self._evidence = evidence
        self._label = label
        self._algorithms = [name for name in HASHERS if name in algorithms]
        self._workers = int(str(run.config["workers"]))
        self._crew: Crew | None = None
        self._units: list[Unit] = []
        self._open: list[int] = []
        """Descriptors to close once every unit has been given."""
        self._active: set[int] = set()
        self._progress: dict[int, int] = {}
        self._media: list[JSON] = []
        self._digests: list[JSON] = []
        self._fallen = 0
        self.ended: Callable[[JSON], None] = _nobody
        """Called with the result as soon as there is one."""

    def start(self, *, beside: bool) -> None:
        """Give the pass its own crew, which the supervisor runs beside all others.

        Args:
            beside: other workers read the same source meanwhile. Few cores are busy then anyway,
                and one worker alone takes the least time of theirs.
        """
        size = self._evidence.facts.get("size")
        least = MANY if beside else 2
        apart = self._workers >= least and isinstance(size, int) and size > SMALL
        self._begin(self._side_by_side() if apart else [self._alone()])

    def _begin(self, units: list[Unit]) -> None:
        crew = self._evidence.again(len(units))
        if crew.wanted < len(units):
            # Memory allows fewer. They wait for each other: all of them work at once, or none.
            crew.close()
            self._close_descriptors()
            units = [self._alone()]
            crew = self._evidence.again(len(units))
        self._units = units
        self._active = {unit.id for unit in units}
        self._media, self._digests, self._progress = [], [], {}
        self._crew = crew
        crew.next_unit = self._next

    def _next(self) -> Unit | None:
        return self._units.pop(0) if self._units else None

    def _alone(self, strain: int = 1) -> Unit:
        body: JSON = {**self._evidence.body, "algorithms": self._algorithms}
        return Unit(self._run.next_unit(), "media_digest", body, strain=strain)

    def _side_by_side(self) -> list[Unit]:
        slow = [name for name in self._algorithms if name == "md5"]
        groups = [group for group in (slow, [n for n in self._algorithms if n != "md5"]) if group]
        chunk = self._evidence.facts.get("chunk_size")
        chunk = chunk if isinstance(chunk, int) else 0
        parts = 2 if chunk and self._workers >= MANY else 1
        room = max(ROOM, chunk)
        writable, readable = window.made(parts, room)
        self._open += [writable, readable]
        pairs = [[self._pair() for _ in groups] for _ in range(parts)]
        units = []
        for part, row in enumerate(pairs):
            body: JSON = {**self._evidence.body, "part": part, "parts": parts, "room": room}
            ends = (writable, *(ours for ours, _ in row))
            units.append(Unit(self._run.next_unit(), "media_fill", body, descriptors=ends))
        for number, group in enumerate(groups):
            body = {"algorithms": group, "room": room}
            ends = (readable, *(row[number][1] for row in pairs))
            units.append(Unit(self._run.next_unit(), "media_follow", body, descriptors=ends))
        return units

    def _pair(self) -> tuple[int, int]:
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        ends = ours.detach(), theirs.detach()
        self._open += ends
        return ends

    def take(self, unit: Unit, frame: Frame | Death) -> None:
        """Take in what came back for one of the units of the pass."""
        if unit.id not in self._active:
            return
        if not self._units:
            # Each worker has its copies: from now on, an end that is closed is a worker gone.
            self._close_descriptors()
        if isinstance(frame, Death):
            self._run.attempt_ended(unit.id, frame.cause, unit.strain)
            why = f"the worker that read it ended ({frame.cause})"
            self._fell(why, is_innocent=frame.cause == ZYGOTE)
        elif isinstance(frame, Control):
            self._told(unit, frame)

    def _told(self, unit: Unit, frame: Control) -> None:
        if frame.kind == "failed":
            self._fell(str(frame.body["message"]))
        elif frame.kind == "progress":
            self._progress[unit.id] = int(str(frame.body["bytes"]))
            self._run.media(sum(self._progress.values()))
        elif frame.kind == "media":
            self._media.append(frame.body)
        elif frame.kind == "digests":
            rows = frame.body["digests"]
            self._digests += rows if isinstance(rows, list) else []
        elif frame.kind == "done":
            self._active.discard(unit.id)
            if not self._active:
                self.close()
                self._run.media(sum(int(str(each["bytes_read"])) for each in self._media))
                if self.result is not None:
                    self.ended(self.result)

    def _fell(self, why: str, *, is_innocent: bool = False) -> None:
        """Begin again with one worker alone, or give up."""
        self._fallen += not is_innocent
        self._active = set()
        self.close()
        if self._fallen < ATTEMPTS and not self._run.interrupted:
            self._begin([self._alone(strain=2)])
        else:
            self._media = []
            self._run.note(f"{self._label}: the media: {why}")

    @property
    def result(self) -> JSON | None:
        """Digests and counts; None while it is not done, or could not be.

        ``digests`` (rows of ``alg`` and ``computed``), ``bytes_read``, ``zero_bytes``,
        ``unread`` (ranges in the order of the media), ``unread_ranges`` (how many there are).
        """
        if self._active or not self._media:
            return None
        ranges = [row for each in self._media for row in _list(each["unread"])]
        return {
            "digests": sorted(self._digests, key=lambda row: str(row["alg"])),
            "unread": sorted(ranges, key=_offset),
            **{
                name: sum(int(str(each[name])) for each in self._media)
                for name in ("bytes_read", "zero_bytes", "unread_ranges")
            },
        }

    def close(self) -> None:
        """End its workers and let go of its descriptors."""
        self._close_descriptors()
        if self._crew is not None:
            self._crew.close()
            self._crew = None

    def _close_descriptors(self) -> None:
        for descriptor in self._open:
            os.close(descriptor)
        self._open = []


def _nobody(result: JSON) -> None:
    """Hear what came of a pass that nobody waits for before all else has ended."""


def _list(value: object) -> list[JSON]:
    return [row for row in value if isinstance(row, dict)] if isinstance(value, list) else []


def _offset(row: JSON) -> int:
    offset = row.get("offset")
    return offset if isinstance(offset, int) else 0
