"""The one writer of a case: rows and ledger lines of a unit are committed together.

The database is the journal. ``ledger.jsonl`` in the bundle is its projection: lines are appended
to the file after the transaction that holds them is on disk. A crash between the two leaves a
file that is shorter than the table; opening the case appends what is missing, byte-identically.
A file that says anything else than the table is an integrity alarm, and nothing is overwritten.
"""

import copy
import os
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Final
from uuid import uuid4

from heroes_forensics import __version__
from heroes_forensics.custody import chain, events, merkle, notes
from heroes_forensics.custody.bundle import Bundle
from heroes_forensics.errors import CustodyError, StoppedError
from heroes_forensics.model import JSON
from heroes_forensics.store.database import Database
from heroes_forensics.store.records import Records

SOFTWARE: Final = {"id": f"heroes-forensics/{__version__}", "kind": "software"}


class Journal:
    """Appends events to the ledger, inside the transactions of the case database."""

    def __init__(self, database: Database, folder: Path, signer: notes.Signer) -> None:
        self.database = database
        self.records = Records(database)
        self.folder = folder
        self.signer = signer
        self._proc = str(uuid4())
        self._started = time.monotonic_ns()
        self._seq = 0
        self._head = chain.GENESIS
        self._tree = merkle.Tree()
        self._pending: list[bytes] = []
        self._inside = False
        self._recover()

    @property
    def size(self) -> int:
        """Events in the ledger."""
        return self._seq

    def _ledger(self) -> Path:
        return self.folder / "ledger.jsonl"

    def _recover(self) -> None:
        """Verify the table's chain and the checkpoints, then complete the projection."""
        roots = self._checkpoint_roots()
        written = self._ledger().read_bytes() if self._ledger().exists() else b""
        at = 0
        walk = chain.Walk()
        missing: list[bytes] = []
        for seq, line in self.database.rows("SELECT seq, line FROM ledger ORDER BY seq"):
            if seq != self._seq:
                raise CustodyError(f"the case database lacks ledger event {self._seq}")
            walk.feed(line)
            self._tree.add(merkle.leaf(line))
            self._seq += 1
            expected = roots.pop(self._seq, None)
            if expected is not None and expected != self._tree.root():
                raise CustodyError(f"the ledger differs from its checkpoint of size {self._seq}")
            part = written[at : at + len(line)]
            if part == line:
                at += len(line)
            elif missing or line.startswith(part):
                # The end of the file: a torn or unwritten line, to be appended again.
                if not missing:
                    self._cut(at, len(written))
                    written = written[:at]
                missing.append(line)
            else:
                raise CustodyError(
                    f"ledger.jsonl and the case database differ in event {seq}",
                    hint="nothing was changed; run `heroes verify` and compare with a copy",
                )
        walk.finish()
        if walk.problems:
            problem = walk.problems[0]
            raise CustodyError(f"the ledger does not verify: {problem.where}: {problem.text}")
        if roots or len(written) > at:
            raise CustodyError(
                "ledger.jsonl or a checkpoint holds more events than the case database",
                hint="the database may be an older copy; nothing was changed",
            )
        self._head = walk.head
        self._append(missing)

    def _checkpoint_roots(self) -> dict[int, bytes]:
        found = {0: merkle.EMPTY}
        for path in sorted((self.folder / "checkpoints").glob("*.txt")):
            checkpoint = notes.read_checkpoint(notes.parse(path.read_bytes()).text)
            found[checkpoint.size] = checkpoint.root
        found.pop(0)
        return found

    def _cut(self, size: int, present: int) -> None:
        if present > size:
            with self._ledger().open("rb+") as stream:
                stream.truncate(size)
                os.fsync(stream.fileno())

    def _append(self, lines: list[bytes]) -> None:
        if not lines:
            return
        try:
            descriptor = os.open(
                self._ledger(), os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o600
            )
            try:
                data = memoryview(b"".join(lines))
                while data:
                    data = data[os.write(descriptor, data) :]
                os.fsync(descriptor)
            finally:
                os.close(descriptor)
        except OSError as error:
            raise StoppedError(
                f"ledger.jsonl cannot be written: {error.strerror}",
                hint="nothing is lost: the case database holds the events; make room and go on",
            ) from error

    @contextmanager
    def transaction(self) -> Iterator[Records]:
        """Commit rows and events together, then append the events to the file."""
        before = (self._seq, self._head, copy.deepcopy(self._tree))
        self._inside = True
        try:
            with self.database.transaction():
                yield self.records
        except BaseException:
            self._seq, self._head, self._tree = before
            self._pending = []
            raise
        finally:
            self._inside = False
        lines, self._pending = self._pending, []
        self._append(lines)

    def event(self, kind: str, body: Mapping[str, object], *, person: str = "") -> int:
        """Append one event and return its number; outside a transaction it gets its own.

        Raises:
            CustodyError: the event is not one of the vocabulary; nothing was written.
        """
        if not self._inside:
            with self.transaction():
                return self.event(kind, body, person=person)
        faults = events.validate(kind, body)
        if faults:
            raise CustodyError(f"the event {kind} cannot be written: {faults[0]}")
        line = chain.next_line(
            self._head,
            self._seq,
            type=kind,
            actor={"id": person, "kind": "person"} if person else SOFTWARE,
            body=body,
            time=now(),
            mono=(time.monotonic_ns() - self._started) // 1000,
            proc=self._proc,
        )
        number = self._seq
        self.records.ledger([(number, line)])
        self._seq += 1
        self._head = chain.line_sha256(line)
        self._tree.add(merkle.leaf(line))
        self._pending.append(line)
        return number

    def checkpoint(self, reason: str) -> JSON:
        """Sign the ledger as it stands, then say so in the ledger."""
        size, root = self._seq, self._tree.root()
        text = notes.checkpoint_text(self.signer.name, size, root)
        try:
            Bundle(self.folder).add_checkpoint(notes.sign(text, [self.signer]))
        except OSError as error:
            raise StoppedError(
                f"a checkpoint cannot be written: {error.strerror}",
                hint="make room on the disk of the case, then start the same command again",
            ) from error
        facts: JSON = {"size": size, "root": root.hex(), "reason": reason}
        self.event("ledger.checkpointed", facts)
        return facts


def now() -> str:
    """Return the wall clock in the ledger's form."""
    return chain.timestamp(datetime.now(UTC))
