"""Evidence in hand: descriptors opened read-only, the workers that read them, what they said."""

import os
import resource
from collections.abc import Iterable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from heroes_forensics.frames import Control, Unit
from heroes_forensics.model import JSON, Gap
from heroes_forensics.parsers.storage import segments
from heroes_forensics.pipelines.evidence.evidence_keys import Given
from heroes_forensics.pipelines.workers.crews import Crew
from heroes_forensics.pipelines.workers.memory import KEYS
from heroes_forensics.pipelines.workers.single import single
from heroes_forensics.pipelines.workers.supervisor import Supervisor


@dataclass(slots=True)
class Evidence:
    """One source, opened: nothing here is content of it."""

    path: Path
    slots: tuple[segments.Slot, ...]
    crew: Crew
    """The workers that hold its descriptors."""
    body: JSON
    """What each unit on this source carries: slots and how to treat them."""
    identity: list[list[int]]
    """Device, inode, size, mtime and ctime (ns) of each descriptor when it was opened."""
    facts: dict[str, object] = field(default_factory=dict)
    volumes: list[JSON] = field(default_factory=list)
    gaps: list[Gap] = field(default_factory=list)
    supervisor: Supervisor | None = None
    logs: list[JSON] = field(default_factory=list)
    """What its acquisition logs state; see `acquired`."""
    keys: Given = field(default_factory=Given)
    """What was given to open encrypted evidence."""
    belongs: list[str] = field(default_factory=list)
    """Identifiers of the arrays and volume groups that it holds members of."""

    def again(self, workers: int) -> Crew:
        """Make a further crew that holds the same descriptors; the caller closes it."""
        if self.supervisor is None:
            raise ValueError("this source has no supervisor")
        each = KEYS if self.keys else 0
        return self.supervisor.crew("parser", self.crew.descriptors, workers, each=each)

    def unit(self, number: int, kind: str, body: Mapping[str, object]) -> Unit:
        """Make a unit on this source."""
        return Unit(number, kind, {**self.body, **body})

    def record(self) -> JSON:
        """Return what the case keeps of the source: what opening it showed, and its segments."""
        facts: JSON = {name: value for name, value in self.facts.items() if name != "tree"}
        facts["segments"] = [
            {"name": slot.name, "size": slot.size} for slot in self.slots if slot.role == "segment"
        ]
        held = [slot.fd for slot in self.slots]
        facts["mount_read_only"] = all(os.fstatvfs(each).f_flag & os.ST_RDONLY for each in held)
        facts["account_may_write"] = any(_may_write(each) for each in held)
        return facts

    def unchanged(self) -> bool:
        """Say whether every descriptor still shows the identity it had when it was opened."""
        return self.identity == [_identity(slot.fd) for slot in self.slots]


IDENTITY: Final = ("device", "inode", "size", "time of modification", "time of change")
"""What the numbers of an identity are."""


def _identity(descriptor: int) -> list[int]:
    status = os.fstat(descriptor)
    return [
        status.st_dev,
        status.st_ino,
        status.st_size,
        status.st_mtime_ns,
        status.st_ctime_ns,
    ]


def _may_write(descriptor: int) -> bool:
    """Say whether this account could open what it holds for writing, were it not for the fence."""
    return os.access(f"/proc/self/fd/{descriptor}", os.W_OK, effective_ids=True)


def described(slots: Iterable[segments.Slot]) -> list[JSON]:
    """Return what a worker is told of slots; their descriptors come beside."""
    return [{"name": slot.name, "size": slot.size, "role": slot.role} for slot in slots]


def gap_of(frame: Control) -> Gap:
    """Read a ``gap`` frame."""
    detail = frame.body["detail"]
    return Gap(
        str(frame.body["where"]),
        str(frame.body["code"]),
        detail if isinstance(detail, dict) else {},
    )


def look(evidence: Evidence) -> None:
    """Have a worker describe the source: facts, volumes and gaps, in place of what was known.

    Raises:
        EvidenceError: it is nothing we recognise.
    """
    evidence.volumes, evidence.gaps = [], []
    for frame in single(evidence.crew, evidence.unit(0, "inspect", {}), list):
        if not isinstance(frame, Control):
            continue
        if frame.kind == "source" and isinstance(frame.body["facts"], dict):
            evidence.facts = dict(frame.body["facts"])
            found = evidence.facts.pop("belongs", [])
            evidence.belongs = [str(each) for each in found] if isinstance(found, list) else []
        elif frame.kind == "volume" and isinstance(frame.body["volume"], dict):
            evidence.volumes.append(frame.body["volume"])
        elif frame.kind == "gap":
            evidence.gaps.append(gap_of(frame))


@contextmanager
def opened(  # noqa: PLR0913 - how to treat a source
    path: Path,
    supervisor: Supervisor,
    *,
    workers: int,
    treat_as: str = "auto",
    accept_damaged: bool = False,
    keys: Given | None = None,
) -> Iterator[Evidence]:
    """Open a source read-only, have a worker look at it, and keep both for the run.

    Args:
        path: where it lies.
        supervisor: of the workers.
        workers: how many may read it.
        treat_as: what it is; see `open_source` of the parsers.
        accept_damaged: go on with gaps where it is cut or mixed.
        keys: what was given to open encrypted sources.

    Raises:
        EvidenceError: it does not exist, cannot be read, or is nothing we recognise.
    """
    found = segments.discover(path, accept_damaged=accept_damaged)
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))  # one descriptor a segment
    slots = segments.open_slots(found)
    try:
        with ExitStack() as stack:
            held = [slot.fd for slot in slots]
            if keys:
                held.append(stack.enter_context(keys.descriptor()))
            each = KEYS if keys else 0
            crew = stack.enter_context(supervisor.crew("parser", held, workers, each=each))
            body: JSON = {
                "slots": described(slots),
                "treat_as": treat_as,
                "accept_damaged": accept_damaged,
                **({"secrets": True} if keys else {}),
            }
            identity = [_identity(slot.fd) for slot in slots]
            evidence = Evidence(path, slots, crew, body, identity, supervisor=supervisor)
            evidence.keys = keys or evidence.keys
            look(evidence)
            yield evidence
    finally:
        for slot in slots:
            os.close(slot.fd)
