"""The ledger as it grows: what the next line needs, what a checkpoint signs, and its file.

The case database holds the lines; ``ledger.jsonl`` is their projection. A line that was only
half written when the power went is cut and written again, byte for byte, without an event. A
file that says anything else than the database is never overwritten: that is an alarm.
"""

import os
import time
import uuid
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Final, NamedTuple

from heroes_forensics import durable
from heroes_forensics.custody import chain, events, merkle, notes
from heroes_forensics.errors import CustodyError

TAIL_TYPES: Final = frozenset({"ledger.checkpointed", "ledger.anchored"})
"""What may stand after the last checkpoint without being an unsigned tail."""


class Stamp(NamedTuple):
    """When an event is written, and by which process."""

    time: str
    """Wall clock, UTC; see `chain.timestamp`."""
    mono: int
    """Microseconds since the process began to write."""
    proc: str
    """Random UUID of the process."""


class Clock:
    """Stamps the events of one process.

    The second clock keeps counting while the machine sleeps, so that a suspended laptop does not
    look like a clock that was moved.
    """

    def __init__(self) -> None:
        self.proc = str(uuid.uuid4())
        self._start = time.clock_gettime_ns(time.CLOCK_BOOTTIME)

    def stamp(self) -> Stamp:
        """Return the present moment."""
        elapsed = time.clock_gettime_ns(time.CLOCK_BOOTTIME) - self._start
        return Stamp(chain.timestamp(datetime.now(UTC)), elapsed // 1000, self.proc)


class Ledger:
    """Where a ledger stands. It holds 32 bytes an event, and writes nothing itself."""

    def __init__(self, lines: Iterable[bytes] = ()) -> None:
        """Take up what is there.

        Args:
            lines: every line so far, LFs included.

        Raises:
            CustodyError: they do not verify; the message says what.
        """
        self._walk = chain.Walk()
        self._leaves: list[bytes] = []
        self._tree = merkle.Tree()
        for line in lines:
            self.take(line)

    @property
    def size(self) -> int:
        """Events so far."""
        return len(self._leaves)

    @property
    def root(self) -> bytes:
        """The root over them."""
        return self._tree.root()

    def root_at(self, size: int) -> bytes:
        """Return the root over the first ``size`` events."""
        return merkle.root(self._leaves[:size])

    def take(self, line: bytes) -> None:
        """Take up a line that is recorded already.

        Raises:
            CustodyError: it does not follow the one before.
        """
        event = self._walk.feed(line)
        if self._walk.problems or event is None or event["seq"] != self.size:
            found = self._walk.problems
            text = found[0].text if found else "its number is not the next"
            raise CustodyError(f"the ledger does not verify: line {self.size + 1}: {text}")
        leaf = merkle.leaf(line)
        self._leaves.append(leaf)
        self._tree.add(leaf)

    def compose(
        self,
        event_type: str,
        body: Mapping[str, object],
        *,
        actor: Mapping[str, object],
        stamp: Stamp,
    ) -> bytes:
        """Return the line that would come next, checked against the vocabulary, without taking it.

        Once it is recorded, `take` it.

        Raises:
            CustodyError: the type is unknown, or the body does not have its form.
        """
        faults = events.validate(event_type, dict(body))
        if not events.is_known(event_type):
            faults = ["the vocabulary does not know it"]
        if faults:
            raise CustodyError(f"an event of type {event_type!r} cannot be written: {faults[0]}")
        return chain.next_line(
            self._walk.head,
            self.size,
            type=event_type,
            actor=actor,
            body=body,
            time=stamp.time,
            mono=stamp.mono,
            proc=stamp.proc,
        )

    def checkpoint(self, signer: notes.Signer, *, last: notes.Checkpoint | None = None) -> bytes:
        """Return a signed checkpoint over the events so far.

        Args:
            signer: the ledger key; its name is the origin.
            last: the newest checkpoint known, from the bundle or the high-water mark.

        Raises:
            CustodyError: this ledger is not a continuation of the one that ``last`` signed.
        """
        if last is not None and (
            last.origin != signer.name
            or last.size > self.size
            or self.root_at(last.size) != last.root
        ):
            raise CustodyError("the ledger is not a continuation of its last checkpoint")
        return notes.sign(notes.checkpoint_text(signer.name, self.size, self.root), [signer])


class Projection(NamedTuple):
    """What `project` did to the file."""

    cut: int
    """Bytes of a torn last line that were cut."""
    appended: int
    """Lines that were written."""


def project(path: Path, lines: Iterable[bytes]) -> Projection:
    """Make the file at ``path`` hold exactly ``lines``, by appending only.

    Args:
        path: ``ledger.jsonl``; made when it is missing.
        lines: every line the database holds, LFs included.

    Raises:
        CustodyError: the file disagrees with the database or is longer; it is left as it is.
        OSError: the file cannot be written.
    """
    created = not path.exists()
    flags = os.O_RDWR | os.O_APPEND | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC
    descriptor = os.open(path, flags, 0o600)
    with os.fdopen(descriptor, "r+b", buffering=0):
        torn, missing = _compare(descriptor, lines)
        if torn:
            durable.truncate(descriptor, os.fstat(descriptor).st_size - torn)
        _append(descriptor, missing)
    if created:
        durable.sync_folder(path.parent)
    return Projection(torn, len(missing))


def append(path: Path, lines: Iterable[bytes]) -> None:
    """Append whole lines that the database holds already, in one write, and make them last.

    Raises:
        OSError: they could not be written; `project` repairs a torn line later.
    """
    descriptor = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_NOFOLLOW | os.O_CLOEXEC)
    try:
        _append(descriptor, lines)
    finally:
        os.close(descriptor)


def _append(descriptor: int, lines: Iterable[bytes]) -> None:
    durable.write(descriptor, b"".join(lines))
    durable.point("before ledger fsync")
    durable.sync(descriptor)
    durable.point("after ledger fsync")


def _compare(descriptor: int, lines: Iterable[bytes]) -> tuple[int, list[bytes]]:
    """Return how many bytes of a torn line the file ends with, and which lines it lacks."""
    torn = 0
    missing: list[bytes] = []
    with os.fdopen(os.dup(descriptor), "rb") as stored:
        stored.seek(0)
        for line in lines:
            if missing:
                missing.append(line)
                continue
            found = stored.read(len(line))
            if found == line:
                continue
            # Some file systems pad the torn end with zeros when the power goes.
            if not line.startswith(found.rstrip(b"\0")):
                raise CustodyError("ledger.jsonl does not hold what the case database recorded")
            torn = len(found)
            missing.append(line)
        if stored.read(1):
            raise CustodyError("ledger.jsonl is longer than what the case database recorded")
    return torn, missing
