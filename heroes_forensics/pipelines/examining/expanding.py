"""Containers on their way through expanders: opened while the bytes are in hand, then stored.

`Expanding` feeds the expander crew. A container that was read is opened at once, whatever else its
unit still waits for; what came of it is stored in one transaction as a unit of its own, as soon as
the unit that read it is committed: items, digests, matches, pictures, and one row for each
container. Until then nothing of it is on record, so that a resumed run opens it again as a whole.
"""

from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Final

import numpy as np

from heroes_forensics.filetype import TYPES, FileClass
from heroes_forensics.frames import (
    CONTAINER,
    CONTENT,
    Batch,
    Container,
    Control,
    Frame,
    Picture,
    Proxy,
    Status,
    Unit,
)
from heroes_forensics.model import GAP_NUMBERS, JSON
from heroes_forensics.parsers.containers.limits import Limits
from heroes_forensics.parsers.openers import OPENED
from heroes_forensics.pipelines.examining import awaited, decoding, metadata
from heroes_forensics.pipelines.examining.expanded import (
    TAKERS,
    Answer,
    Section,
    WrongError,
    container_row,
    member_rows,
    skips_of,
)
from heroes_forensics.pipelines.sets.likeness import in_order
from heroes_forensics.pipelines.work import within
from heroes_forensics.pipelines.workers import deaths
from heroes_forensics.pipelines.workers.deaths import Death
from heroes_forensics.store import derived
from heroes_forensics.store.records import rows_digest

if TYPE_CHECKING:
    from heroes_forensics.pipelines.examining.examined import Examined
    from heroes_forensics.pipelines.examining.run import Run
    from heroes_forensics.pipelines.workers.crews import Stream
    from heroes_forensics.store.records import MatchRow

USE: Final = "expand"
"""What a stream is handed over for; see `crews.Stream.use`."""

SECONDS: Final = 600.0
SECONDS_A_MEBIBYTE: Final = 1.0
"""Deadline of an expander: so long, and so much more for each MiB it may expand to by its ratio."""
MOST_SECONDS: Final = 7200.0
MOST_SKIPPED: Final = 3
"""So many members of one container may end an expander, one after the other."""

PROFILES: Final[dict[str, Limits | None]] = {
    "triage": None,
    "standard": Limits(),
    "deep": Limits(ratio=1000, bytes=64 << 30, members=100_000, nesting=32),
}
"""Limits by profile; None: containers are not opened."""

_DEATHS: Final = {deaths.TIMEOUT: "container.timeout", deaths.CPU: "container.timeout"}
IS_OPENED: Final = np.array([row.name in OPENED for row in TYPES])
"""By position in `TYPES`: whether expanders open it."""
IS_MANIFEST: Final = np.array([row.name == "itunes-manifest" for row in TYPES])
"""Whether it states something of the files beside it, and holds none."""
IS_PICTURE: Final = np.array([row.name in (*within.PICTURES, *within.HOSTS) for row in TYPES])
"""Whether it is a picture or film, opened where the worker that read it saw more in it."""
IS_OTHER: Final = np.array(
    [row.file_class is FileClass.ARCHIVE and row.name not in OPENED for row in TYPES]
)
"""Whether it is an archive that they do not open."""


@dataclass(slots=True, eq=False)
class Job:
    """One outermost container, from its bytes to its rows."""

    item: int
    kind: str
    size: int
    source: "Stream | Proxy | None"
    volume: "Examined"
    expanding: "Expanding"
    is_stored: bool
    """Whether the item itself is on record as read: only then may its members be."""
    unit: int = 0
    strain: int = 1
    skip: list[int] = field(default_factory=list)
    answer: Answer | None = None
    is_done: bool = False
    is_void: bool = False
    """The unit that read it is done again: nobody wants it any more."""

    def release(self) -> None:
        """Close its bytes."""
        if self.source is not None and not isinstance(self.source, Proxy):
            self.source.close()

    @property
    def descriptors(self) -> tuple[int, ...]:
        """What goes with its unit."""
        if self.source is None or isinstance(self.source, Proxy):
            return ()
        return (self.source.descriptor,)

    def found(self, candidates: Sequence["MatchRow"]) -> None:
        """Hear what a picture of its members looks like."""
        if self.answer is not None:
            self.answer.candidates += candidates

    def settled(self) -> None:
        """Hear that no picture of its members is outstanding."""
        self.expanding.store_if_ready(self)

    def leave(self) -> bool:
        """Say that its members are waited for: none of them is too large to be handed over."""
        return False


class Expanding:
    """Gives containers to expanders, and stores what they hold."""

    def __init__(
        self,
        run: "Run",
        pictures: Callable[[awaited.Owner], awaited.Pictures],
        *,
        has_secrets: bool = False,
    ) -> None:
        """Take the run, and who makes the collection of pictures of one container.

        Args:
            run: to whose record it goes.
            pictures: makes the collection.
            has_secrets: the expanders hold what was given to open encrypted members.
        """
        self._run = run
        self._has_secrets = has_secrets
        self._pictures = pictures
        limits = run.config["expand_limits"]
        self.limits = Limits.of(limits) if isinstance(limits, dict) else None
        """None: containers are not opened."""
        self._waiting = deque[Job]()
        self._jobs: dict[int, Job] = {}

    @property
    def types(self) -> list[int]:
        """Positions in `TYPES` of what this run opens."""
        return [] if self.limits is None else np.flatnonzero(IS_OPENED | IS_PICTURE).tolist()

    @property
    def within(self) -> JSON:
        """What the body of a unit that reads says of pictures in pictures."""
        if self.limits is None:
            return {}
        return {"within": within.asked(str(self._run.config["profile"]))}

    def add(self, job: Job) -> None:
        """Queue one container."""
        self._waiting.append(job)

    def next_unit(self) -> Unit | None:
        """Return the next unit for an expander; None when nothing waits."""
        while self._waiting and not self._run.interrupted:
            job = self._waiting.popleft()
            if job.is_void:
                job.release()
                continue
            return self._unit(job)
        return None

    def _unit(self, job: Job) -> Unit:
        run = self._run
        job.unit = run.next_unit()
        job.answer = Answer(self._pictures(job))
        self._jobs[job.unit] = job
        run.reading.add(job.unit)
        limits = self.limits or Limits()
        ratio_bytes = min(limits.bytes, limits.ratio * job.size)
        body: JSON = {"kind": job.kind, "limits": limits.to_json(), "skip": list(job.skip)}
        if self._has_secrets:
            body["secrets"] = True
        body |= self.within
        if run.config["perceptual"]:
            body["hand_over"] = decoding.hand_over()
        return Unit(
            job.unit,
            "expand",
            body,
            descriptors=job.descriptors,
            seconds=min(MOST_SECONDS, SECONDS + SECONDS_A_MEBIBYTE * (ratio_bytes >> 20)),
            strain=job.strain,
            proxy=job.source if isinstance(job.source, Proxy) else None,
        )

    # ---- what comes back -----------------------------------------------------------------

    def take(self, unit: Unit, frame: Frame | Death, stream: "Stream | None") -> None:
        """Take in what an expander said."""
        job = self._jobs.get(unit.id)
        if job is None:
            # This attempt was given up; the worker has not noticed yet.
            if stream is not None:
                stream.close()
            return
        if isinstance(frame, Death):
            self._died(job, frame)
            return
        if isinstance(frame, Control) and frame.kind == "failed":
            self._died(job, Death(deaths.FAILED))
            return
        if job.is_void:
            if stream is not None:
                stream.close()
            if frame.kind == "done":
                self._drop(job)
            return
        try:
            self._heard(job, frame, stream)
        except WrongError:
            self._died(job, Death(deaths.PROTOCOL))

    def _heard(self, job: Job, frame: Frame, stream: "Stream | None") -> None:
        answer = job.answer
        if answer is None:
            raise WrongError
        if isinstance(frame, Batch):
            TAKERS[frame.kind](self._run, answer, frame)
        elif frame.kind == "opened":
            times = frame.body["times"]
            answer.sections.append(Section(len(answer.sizes), str(frame.body["kind"])))
            answer.sections[-1].times = times if isinstance(times, dict) else {}
        elif frame.kind == "stream" and stream is not None:
            answer.pictures.stream(stream)
        elif frame.kind == "large":
            answer.pictures.large(int(str(frame.body["item"])), None)
        elif frame.kind == "done":
            if answer.current is not None or not answer.sections:
                raise WrongError
            job.is_done = True
            job.release()
            self.store_if_ready(job)

    def _died(self, job: Job, death: Death) -> None:
        """Open it once more alone; then without the member it was about; then give up."""
        if job.answer is not None:
            job.answer.pictures.give_up()
            job.answer = None
        if job.is_void:
            self._drop(job)
            return
        self._run.attempt_ended(job.unit, death.cause, job.strain)
        self._forget(job)
        if death.cause == deaths.ZYGOTE:
            self._waiting.append(job)
        elif job.strain == 1:
            job.strain = 2
            self._waiting.append(job)
        elif death.address and len(job.skip) < MOST_SKIPPED:
            job.skip.append(death.address - 1)
            self._waiting.append(job)
        else:
            self._give_up(job, _DEATHS.get(death.cause, "container.died"))

    def leave(self, item: int, volume: "Examined", code: str) -> None:
        """Record that a container, itself on record, could not be opened."""
        self._give_up(Job(item, "", 0, None, volume, self, is_stored=True), code)

    def _give_up(self, job: Job, code: str) -> None:
        job.unit = self._run.next_unit()
        self._jobs[job.unit] = job
        job.answer = Answer(self._pictures(job))
        section = Section(0)
        section.row = np.zeros(1, dtype=CONTAINER)
        section.row["status"], section.row["gap"] = Container.GAP, GAP_NUMBERS[code]
        section.row["depth"] = 1
        job.answer.sections.append(section)
        job.is_done = True
        job.release()
        self.store_if_ready(job)

    def close(self) -> None:
        """Let go of every stream; what is not stored is opened by the run that resumes."""
        for job in (*self._waiting, *self._jobs.values()):
            if job.answer is not None:
                job.answer.pictures.give_up()
            job.release()
        self._waiting.clear()
        self._jobs.clear()

    def _drop(self, job: Job) -> None:
        job.release()
        self._forget(job)

    def _forget(self, job: Job) -> None:
        self._jobs.pop(job.unit, None)
        self._run.reading.discard(job.unit)

    def void(self, job: Job) -> None:
        """Let go of a container whose own unit is read again."""
        job.is_void = True
        if job.answer is not None:
            job.answer.pictures.give_up()
        if job.is_done:
            self._drop(job)

    # ---- what is stored ------------------------------------------------------------------

    def stored(self, jobs: Sequence[Job]) -> None:
        """Hear that the items of these containers are on record now."""
        for job in jobs:
            job.is_stored = True
            self.store_if_ready(job)

    def store_if_ready(self, job: Job) -> None:
        """Store the members of a container once nothing is outstanding."""
        answer = job.answer
        if (
            answer is not None
            and job.is_done
            and job.is_stored
            and not job.is_void
            and answer.pictures.is_settled
        ):
            self._store(job, answer)
            self._forget(job)
            job.answer = None  # its pictures hold the job: no circle is left behind

    def _store(self, job: Job, answer: Answer) -> None:
        run = self._run
        count = len(answer.sizes)
        first = run.next_items(count)
        read = np.concatenate(answer.contents) if answer.contents else np.zeros(0, dtype=CONTENT)
        read = read.copy()
        read["id"] += np.uint64(first)
        rows, hashes = answer.pictures.rows(), answer.pictures.hashes()
        rows["id"] += np.uint64(first)
        hashes["id"] += np.uint64(first)
        compared = {first + number: count for number, count in answer.pictures.compared.items()}
        seen = derived.Seen(rows, hashes, compared)
        told = {first + number: each for number, each in answer.pictures.told.items()}
        found_in = [*answer.matches, *in_order(answer.candidates)]
        matches = [replace(match, item_id=first + match.item_id) for match in found_in]
        containers = [container_row(section, first, job.item) for section in answer.sections]
        other = read[(read["status"] == Status.DONE) & IS_OTHER[read["type"]]]
        containers += [
            derived.ContainerRow(number, Container.POLICY, GAP_NUMBERS["policy.container-type"])
            for number in other["id"].tolist()
        ]
        with run.journal.transaction() as records:
            records.unit(job.unit, run.id, "expand", job.volume.id)
            items = member_rows(run, (job.unit, job.volume.id, job.item), answer, first)
            derived.members(run.database, items)
            found = records.contents(job.unit, read)
            skips = skips_of(items, {row[0] for row in found}, str(run.config["profile"]))
            records.unread(skips)
            contents = sorted([*found, *skips])
            kept = records.matches(job.unit, matches)
            shown = derived.pictures(
                run.database, job.unit, seen, decoding.algorithm(), run.seal_values
            )
            opened = derived.containers(run.database, job.unit, containers)
            gaps = sum(1 for row in contents if row[2] == Status.GAP)
            gaps += sum(1 for row in shown if row[2] in {Picture.GAP, Picture.PARTIAL})
            gaps += sum(1 for row in opened if row[2] == Container.GAP)
            values = {first + number: each for number, each in answer.pictures.supplied.items()}
            said = run.store_supplied(job.unit, values)
            said += metadata.stored(run.database, job.unit, told, run.case.sealer())
            digest = rows_digest([*items, *contents, *kept, *shown, *opened, *said])
            records.unit_done(job.unit, items=count, gaps=gaps, rows_sha256=digest)
            run.unit_completed(job.unit, count, gaps, digest)
        answer.pictures.stored(derived.whole(shown))
        run.listed(count, len(skips), sum(max(0, row[7]) for row in items))
        run.read(len(found), int(read["bytes_read"].sum()), matches)
        numbers = [row[-2] for row in kept]
        run.committed([pair for pair in zip(numbers, matches, strict=True) if pair[0]], gaps)
