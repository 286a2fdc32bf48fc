"""The one writer of a case: rows and ledger lines of a unit are committed together.

The database is the journal. ``ledger.jsonl`` in the bundle is its projection: lines are appended
to the file after the transaction that holds them is on disk. A crash between the two leaves a
file that is shorter than the table; opening the case appends what is missing, byte-identically.
A file that says anything else than the table is an integrity alarm, and nothing is overwritten.
"""

import signal
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Final

from heroes_forensics import __version__
from heroes_forensics.custody import chain, ledger, notes
from heroes_forensics.custody.bundle import Bundle
from heroes_forensics.errors import CustodyError, StoppedError
from heroes_forensics.store.database import Database
from heroes_forensics.store.records import Records

if TYPE_CHECKING:
    from heroes_forensics.model import JSON

CHECKPOINT_EVENTS: Final = 1000
CHECKPOINT_SECONDS: Final = 15 * 60
"""A ledger that grows is signed at the latest after so many events, or so long."""

SIGNALS: Final = (signal.SIGINT, signal.SIGTERM)
"""What ends a run: it waits while rows and lines are being written."""

SOFTWARE: Final = {"id": f"heroes-forensics/{__version__}", "kind": "software"}


class Journal:
    """Appends events to the ledger, inside the transactions of the case database.

    Raises:
        CustodyError: what is there does not verify, or file, table and checkpoints disagree.
    """

    def __init__(self, database: Database, folder: Path, signer: notes.Signer) -> None:
        self.database = database
        self.records = Records(database)
        self.signer = signer
        self._bundle = Bundle(folder)
        self._clock = ledger.Clock()
        self._ledger = ledger.Ledger(self._lines())
        self._pending: list[bytes] = []
        self._inside = False
        self._behind = False
        """The file lacks lines that the table holds, because a disk refused them."""
        last = self._check_last()
        self._signed = (0 if last is None else last.size, time.monotonic())
        """Events up to the last checkpoint, and when this process knew of it."""
        self._project()

    def _project(self) -> None:
        with _writing():
            ledger.project(self._bundle.ledger, self._lines())
        self._behind = False

    def _lines(self) -> Iterator[bytes]:
        for seq, (number, line) in enumerate(
            self.database.rows("SELECT seq, line FROM ledger ORDER BY seq")
        ):
            if seq != number:
                raise CustodyError(f"the case database lacks event {seq} of its ledger")
            yield line

    def _check_last(self) -> notes.Checkpoint | None:
        last = self._bundle.last_checkpoint()
        if last is not None and (
            last.size > self._ledger.size or self._ledger.root_at(last.size) != last.root
        ):
            raise CustodyError(
                f"the checkpoint of {last.size} events does not fit the case database",
                hint="the database may be an older or another copy; nothing was changed",
            )
        return last

    @property
    def size(self) -> int:
        """Events in the ledger."""
        return self._ledger.size

    def continues(self, size: int, root: bytes) -> bool:
        """Say whether the ledger goes on from a state that had this size and this root."""
        return size <= self._ledger.size and self._ledger.root_at(size) == root

    @property
    def signed(self) -> int:
        """Events that the newest checkpoint is over."""
        return self._signed[0]

    @contextmanager
    def transaction(self) -> Iterator[Records]:
        """Commit rows and events together, then append the events to the file.

        An interrupt waits until both are done: a file that lacks a line in its middle would be
        an alarm for ever. Where the disk refused lines, the next transaction writes them too.
        """
        with _uninterrupted():
            self._inside = True
            try:
                with self.database.transaction():
                    yield self.records
            except BaseException:
                if self._pending:
                    self._pending = []
                    self._ledger = ledger.Ledger(self._lines())
                raise
            finally:
                self._inside = False
            lines, self._pending = self._pending, []
            if self._behind:
                self._project()
            elif lines:
                self._behind = True
                with _writing():
                    ledger.append(self._bundle.ledger, lines)
                self._behind = False

    def event(self, kind: str, body: Mapping[str, object], *, person: str = "") -> int:
        """Append one event and return its number; outside a transaction it gets its own.

        Raises:
            CustodyError: the event is not one of the vocabulary; nothing was written.
        """
        if not self._inside:
            with self.transaction():
                return self.event(kind, body, person=person)
        number = self._ledger.size
        actor = {"id": person, "kind": "person"} if person else SOFTWARE
        line = self._ledger.compose(kind, body, actor=actor, stamp=self._clock.stamp())
        self.records.ledger([(number, line)])
        self._ledger.take(line)
        self._pending.append(line)
        return number

    def checkpoint(self, reason: str) -> None:
        """Sign the ledger as it stands, then say so in the ledger."""
        note = self._ledger.checkpoint(self.signer, last=self._bundle.last_checkpoint())
        facts: JSON = {
            "size": self._ledger.size,
            "root": self._ledger.root.hex(),
            "reason": reason,
        }
        with _writing():
            self._bundle.add_checkpoint(note)
        self.event("ledger.checkpointed", facts)
        self._signed = (self._ledger.size, time.monotonic())

    def sign_with(self, signer: notes.Signer) -> None:
        """Let another key sign from now on; the ledger has to say so."""
        self.signer = signer

    def checkpoint_when_due(self) -> None:
        """Sign the ledger when much, or long, was written since the last time."""
        size, moment = self._signed
        if self._ledger.size - size >= CHECKPOINT_EVENTS:
            self.checkpoint(f"{CHECKPOINT_EVENTS} events")
        elif self._ledger.size > size and time.monotonic() - moment >= CHECKPOINT_SECONDS:
            self.checkpoint(f"{CHECKPOINT_SECONDS // 60} minutes")


@contextmanager
def _uninterrupted() -> Iterator[None]:
    """Hold signals back that end a run; what came meanwhile arrives at the end."""
    before = signal.pthread_sigmask(signal.SIG_BLOCK, SIGNALS)
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


@contextmanager
def _writing() -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise StoppedError(
            f"the custody bundle cannot be written: {error.strerror}",
            hint="nothing is lost, the case database holds it: make room, then go on",
        ) from error


def now() -> str:
    """Return the wall clock in the ledger's form."""
    return chain.timestamp(datetime.now(UTC))
