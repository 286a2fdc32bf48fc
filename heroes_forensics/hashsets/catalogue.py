"""The catalogue of imported sets: a folder of set files, each visible in one step or not at all.

``sets/<set id>/<edition>.hset`` with ``<edition>.report.json`` beside it and ``states.json`` for
what was decided since (disputed, retired, retracted). Editions are immutable; a set file says
everything about itself in its header, so the folder is the catalogue.
"""

import fcntl
import os
import shutil
import uuid
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

from heroes_forensics import durable
from heroes_forensics.display import shown
from heroes_forensics.errors import HashSetError, UsageError
from heroes_forensics.frames import Batch, Frame
from heroes_forensics.hashsets import editions, states
from heroes_forensics.hashsets.building import SetBuilder
from heroes_forensics.hashsets.describing import (
    LISTED,
    Approval,
    Approve,
    Description,
    anybody,
    check,
    describe,
)
from heroes_forensics.hashsets.editions import DAMAGED, SetRecord, check_usable
from heroes_forensics.hashsets.facts import checked, checked_rejected
from heroes_forensics.hashsets.health import Health, opened_others
from heroes_forensics.hashsets.hset import HashSetFile, read_header
from heroes_forensics.hashsets.layout import Header
from heroes_forensics.hashsets.merging import Base, built_on
from heroes_forensics.hashsets.states import ACTIVE, USABLE
from heroes_forensics.model import JSON


class OtherEditionError(HashSetError):
    """An edition of that name is there already, and is not what would be imported."""


class Delta(NamedTuple):
    """What an import does to an edition that is there."""

    onto: SetRecord
    removing: bool = False
    """The imported records are left out of the new edition; else they are added."""


class Catalogue:
    """The sets of one home directory.

    Args:
        home: ``$HEROES_HOME`` or any folder that plays its part; made when a set is added.
    """

    def __init__(self, home: Path) -> None:
        self._root = home / "sets"

    def add(
        self,
        frames: Iterable[Frame],
        description: Description,
        set_key: bytes,
        *,
        approve: Approve = anybody,
        delta: Delta | None = None,
    ) -> SetRecord:
        """Take what an importer sends and make it an edition of a set.

        Args:
            frames: as `heroes_forensics.hashsets.importing.import_rows` yields them.
            description: what the operator says of the set.
            set_key: the laboratory's set key, 32 bytes.
            approve: says where the set comes from, or refuses it; asked once its header and its
                import report are known.
            delta: what is imported changes this edition, and the new one is made of both.

        Raises:
            HashSetError: the import failed, contradicts its kind or is refused. Nothing of it is
                left behind.
            OtherEditionError: the edition is there already with other content, or read otherwise.
            UsageError: the description makes no sense, or nobody says the kind.
            OSError: the home cannot be written.
        """
        check(description)
        onto = delta.onto if delta else None
        new = str(uuid.uuid4())
        told = self._set_id(description.name, description.issuer, new)
        set_id = onto.header.id if onto else told
        with self._staging() as staging, ExitStack() as stack:
            base = None
            if onto is not None:
                base = Base(stack.enter_context(HashSetFile.open(onto.path, set_key)))
            builder = SetBuilder(staging, set_key, set_id, base=base)
            stack.callback(builder.close)
            newest = self._newest()
            before = newest.pop(set_id, None)
            health = Health(opened_others(stack, [row.path for row in newest.values()], set_key))
            away = base if delta and delta.removing else None
            facts, rejected = _consume(frames, builder, health, away)
            header, report = describe(description, facts, builder.categories)
            report["rejected_records"] = rejected
            if onto is not None and base is not None:
                header = built_on(base, onto.header, header, report)
            header = _approved(approve(header, report), header, report)
            earlier = self._same(set_id, header, description.reading)
            if earlier is not None:
                return earlier
            built = builder.finish(header)
            with HashSetFile.open(built, set_key) as opened:
                header = opened.header
                if not opened.probes.passed:
                    raise HashSetError("the set file failed its look-up test after it was built")
                near = opened.near_facts()
            report |= {
                "near": near,
                "id": header.id,
                "merged": header.merged,
                "conflicting_categories": header.conflicts,
                "distinct": header.distinct,
            }
            remarks = health.report(header, report, before.header if before else None)
            namesakes = sorted(
                shown(row.header.issuer) or "nobody named"
                for row in newest.values()
                if row.header.name == header.name and row.header.id != header.id
            )
            if namesakes:
                others = ", ".join(namesakes)
                remarks.append(
                    f"a set of the same name is there, of {others}: this is another one (a set is"
                    " its name and its issuer)"
                )
            report["warnings"] = [*_list(report["warnings"]), *remarks]
            path = self._publish(built, header, report)
        return SetRecord(path, header, ACTIVE, report, added=True)

    def _newest(self) -> dict[str, SetRecord]:
        """Return the newest edition in use of each set, by its id."""
        return {row.header.id: row for row in self.list() if row.state in USABLE}

    def list(self) -> list[SetRecord]:
        """Return every edition, by name, then oldest first; a damaged one says so by its state.

        Editions that verify are newer than others, and among themselves in the order of their
        sequence; else it is the order in which they were imported.

        Raises:
            OSError: the home cannot be read.
        """
        if not self._root.is_dir():
            return []
        records: list[SetRecord] = []
        for folder in sorted(self._root.iterdir()):
            if folder.name.startswith(".") or not folder.is_dir():
                continue
            records += editions.of_set(folder)
        return sorted(records, key=lambda record: editions.age(record.header))

    def get(self, name: str, edition: str = "") -> SetRecord:
        """Return one edition of a set, the newest one in use unless another is named.

        Args:
            name: name or id of the set.
            edition: an edition, whatever was decided on it.

        Raises:
            HashSetError: every edition of it was retired or retracted.
            UsageError: there is none, or several issuers have a set of that name.
        """
        every = self.list()
        found = [row for row in every if name in (row.header.name, row.header.id)]
        if edition:
            editions = ", ".join(row.header.edition for row in found)
            found = [row for row in found if row.header.edition == edition]
            if editions and not found:
                raise UsageError(
                    f"hash set {shown(name)} has no edition {shown(edition)}",
                    hint=f"its editions: {editions}",
                )
        elif found:
            found = [row for row in found if row.state in USABLE] or _refused(found)
        if not found:
            names = ", ".join(sorted({row.header.name for row in every})) or "none yet"
            raise UsageError(f"no such hash set: {name} {edition}".rstrip(), hint=f"sets: {names}")
        if len({row.header.id for row in found}) > 1:
            raise UsageError(
                f"several issuers have a set called {name}",
                hint="name it by its id: " + ", ".join(sorted({row.header.id for row in found})),
            )
        return found[-1]

    def decide(self, record: SetRecord, state: str, reason: str) -> None:
        """Decide on an edition; it stays where it is, with the reason beside it.

        Args:
            record: the edition.
            state: a row of `DECISIONS`.
            reason: why, for everybody who uses the set later.

        Raises:
            UsageError: there is no such state, or the reason is none.
            OSError: the home cannot be written.
        """
        decided = states.decision(state, reason)
        path = record.path.parent / "states.json"
        with _locked(self._root):
            editions.write_json(path, editions.read_json(path) | {record.header.edition: decided})

    def verify(self, record: SetRecord, set_key: bytes) -> JSON:
        """Check every byte of an edition, and look its planted rows up.

        Raises:
            HashSetError: it does not verify, or was written under another key.
            OSError: it cannot be read.
        """
        with HashSetFile.open(record.path, set_key) as opened:
            probes = opened.probes
            if not probes.passed:
                raise HashSetError(f"hash set {record.label} failed its look-up test")
            return {
                "name": opened.header.name,
                "edition": opened.header.edition,
                "records": opened.header.records,
                "digests": dict(opened.header.digests),
                "sections": len(opened.header.sections),
                "probes": probes.planted,
                "found": probes.found,
                "near": opened.near_facts(),
            }

    def _set_id(self, name: str, issuer: str, new: str) -> str:
        """Return the id of the set of that name and issuer, ``new`` when there is none."""
        for record in self.list():
            if (record.header.name, record.header.issuer) == (name, issuer):
                return record.header.id
        return new

    def _same(self, set_id: str, header: Header, reading: JSON) -> SetRecord | None:
        """Return the edition that this import would make again.

        Raises:
            OtherEditionError: an edition of that name has other content, or was read otherwise.
        """
        path = self._root / set_id / f"{header.edition}.hset"
        if not path.exists():
            return None
        there = read_header(path)
        alike = (
            "source_sha256",
            "built_on",
            "kind",
            "profile",
            "scheme",
            "region",
            "format",
            "signature",
        )
        differing = [name for name in alike if getattr(there, name) != getattr(header, name)]
        same = there.provenance.get("manifest_sha256") == header.provenance.get("manifest_sha256")
        report = editions.read_json(editions.report_path(path))
        if not same or differing or report.get("reading", {}) != reading:
            raise OtherEditionError(
                f"edition {header.edition} of hash set {header.name} is there already, and differs",
                hint="editions never change: name the new one with --edition, or the set with"
                " --name",
            )
        decided = states.read(editions.read_json(path.parent / "states.json"), there.edition)
        return SetRecord(path, there, decided.state, report, decided.reason, decided.at)

    @contextmanager
    def _staging(self) -> Iterator[Path]:
        """Make a folder that goes away; what a killed run left of its own goes as well."""
        self._root.mkdir(mode=0o700, parents=True, exist_ok=True)
        with _locked(self._root):
            for left in self._root.glob(".staging-*"):
                with suppress(BlockingIOError), _locked(left, wait=False):
                    shutil.rmtree(left, ignore_errors=True)
            path = self._root / f".staging-{uuid.uuid4()}"
            path.mkdir(mode=0o700)
            lock = ExitStack()
            lock.enter_context(_locked(path))
        with lock:
            try:
                yield path
            finally:
                shutil.rmtree(path, ignore_errors=True)

    def _publish(self, built: Path, header: Header, report: JSON) -> Path:
        folder = self._root / header.id
        path = folder / f"{header.edition}.hset"
        with _locked(self._root):
            there = self._set_id(header.name, header.issuer, header.id)
            if there != header.id and not folder.exists():
                raise HashSetError(
                    "another run made a set of that name and issuer meanwhile",
                    hint="import it again: it becomes an edition of that set",
                )
            folder.mkdir(mode=0o700, exist_ok=True)
            if path.exists():
                raise HashSetError(f"edition {header.edition} was added by another run meanwhile")
            editions.write_json(editions.report_path(path), report)
            durable.rename(built, path)
            durable.sync_folder(self._root)
        return path


def _approved(approval: Approval, header: Header, report: JSON) -> Header:
    """Write what is known of its origin into the report, and return the header that says it."""
    report |= {
        "signature": approval.signature,
        "provenance": approval.provenance,
        "warnings": [*_list(report["warnings"]), *approval.warnings],
    }
    return replace(header, signature=approval.signature, provenance=approval.provenance)


@contextmanager
def _locked(folder: Path, *, wait: bool = True) -> Iterator[None]:
    """Hold the lock of a folder; it ends with the process at the latest.

    Raises:
        BlockingIOError: another process holds it, and ``wait`` is false.
    """
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
        yield
    finally:
        os.close(descriptor)


def _refused(found: list[SetRecord]) -> list[SetRecord]:
    """Say why no edition of a set may be used; damaged ones are as good as none.

    Raises:
        HashSetError: somebody decided so.
    """
    decided = [row for row in found if row.state != DAMAGED]
    if decided:
        check_usable(decided[-1])
    return []


def _consume(
    frames: Iterable[Frame], builder: SetBuilder, health: Health, base: Base | None = None
) -> tuple[JSON, list[JSON]]:
    """Feed the builder; return the facts of the importer and the rejected records it named.

    With ``base``, what comes is taken away from it.
    """
    facts: JSON | None = None
    rejected: list[JSON] = []
    for frame in frames:
        if isinstance(frame, Batch):
            builder.add(frame, base)
            if base is None:
                health.look(frame)
        elif frame.kind == "rejected" and len(rejected) < LISTED:
            rejected.append(checked_rejected(frame.body))
        elif frame.kind == "imported":
            body = frame.body.get("facts")
            facts = checked(body) if isinstance(body, dict) else None
    if facts is None:
        raise HashSetError("the import ended without its report; nothing of it was kept")
    told = (facts.get("accepted"), facts.get("values"))
    if told != (dict(builder.accepted), dict(builder.values)):
        raise HashSetError("the import lost records on the way; nothing of it was kept")
    return facts, rejected


def _list(value: object) -> list[object]:
    return value if isinstance(value, list) else []
