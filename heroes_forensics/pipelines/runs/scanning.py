"""One run, from its first source to its report: examine, verify, close, whatever comes between."""

import sqlite3
from collections.abc import Callable, Sequence
from contextlib import suppress
from functools import partial
from typing import Final

from heroes_forensics.errors import (
    DONE,
    GAPS,
    INTERRUPTED,
    CustodyError,
    HeroesError,
    StoppedError,
)
from heroes_forensics.model import JSON
from heroes_forensics.pipelines.case import folders
from heroes_forensics.pipelines.examining import containers, stopping, verification
from heroes_forensics.pipelines.examining.depth import Depth
from heroes_forensics.pipelines.examining.examination import Examination
from heroes_forensics.pipelines.examining.media_pass import MediaPass
from heroes_forensics.pipelines.examining.run import Run
from heroes_forensics.pipelines.report import reporting
from heroes_forensics.pipelines.runs import closing, starting
from heroes_forensics.pipelines.runs.request import ScanResult
from heroes_forensics.pipelines.runs.starting import Registered
from heroes_forensics.pipelines.workers.isolation import Isolation
from heroes_forensics.pipelines.workers.supervisor import Supervisor
from heroes_forensics.store import progress

MISMATCH: Final = "mismatch"


class Scanning:
    """A run in progress.

    Args:
        run: begun, or taken up again.
        supervisor: of all its workers.
        sources: what it examines.
        wanted: for each source, the digests to compare its media with.
        isolation: tells how the workers that were started so far are locked.
        notes: what the result says beside its figures.
    """

    def __init__(  # noqa: PLR0913, PLR0917 - what a run has in hand
        self,
        run: Run,
        supervisor: Supervisor,
        sources: Sequence[Registered],
        wanted: Sequence[list[JSON]],
        isolation: Callable[[], Isolation],
        notes: Sequence[str],
    ) -> None:
        self._run = run
        self._supervisor = supervisor
        self._sources = sources
        self._wanted = wanted
        self._isolation = isolation
        self._locked = isolation()
        self._notes = notes
        self._integrity: JSON = {}

    def run(self) -> ScanResult:
        """Examine all of it, close the run and issue the report.

        Raises:
            StoppedError: the disk is full or the machine at fault; the run can go on.
            KeyboardInterrupt: somebody wanted it to end at once; the run can go on.
        """
        run = self._run
        try:
            keys = self._sources[0].evidence.keys
            depth = Depth(run, self._supervisor, int(run.config["workers"]), keys)
            with depth, stopping.heard(run.stop, run.note):
                for each, wanted in zip(self._sources, self._wanted, strict=True):
                    self._examine(depth, each, wanted)
                    if run.interrupted:
                        break
                return self._close(depth)
        except StoppedError:
            self._break_off(stopping.DISK)
            raise
        except KeyboardInterrupt:
            self._break_off(stopping.SIGNAL)
            raise

    def _break_off(self, cause: str) -> None:
        """Write the one record that a run has broken off, into the room that was kept for it."""
        run = self._run
        folders.give_up_reserve(run.case.folder)
        with suppress(HeroesError, OSError, sqlite3.Error):
            if not closing.ended(run):
                closing.break_off(run, cause)

    def _examine(self, depth: Depth, source: Registered, wanted: list[JSON]) -> None:
        run, config, evidence = self._run, self._run.config, source.evidence
        verify = config["verify"] if verification.applies(evidence) else "off"
        examination = Examination(run, depth, evidence, source.number, source.label)
        examination.register()
        status = progress.verified(run.database, run.id, source.number)
        if status is not None:  # before an interruption
            self._verified(source, status)
        pending = verify != "off" and status is None
        media = MediaPass(run, evidence, source.label, verification.LENGTHS)
        if pending:
            run.expect_media(verification.media_size(evidence))
        if pending and verify == "before":
            examination.go_through(media)
            status = self._verify(examination, source, wanted, media.result)
        if verify == "before" and status == MISMATCH and not config["accept_damaged"]:
            run.note(f"{source.label}: the image does not verify and was not examined")
            examination.leave_out("source.mismatch")
            return
        # Within a budget, what finds something goes first.
        meanwhile = verify == "during" and not run.stop.limited
        if pending and meanwhile:
            media.ended = partial(self._verify_early, examination, source, wanted)
        examination.examine(media=media if pending and meanwhile else None)
        if pending and verify in {"during", "later"} and not meanwhile and not run.interrupted:
            examination.go_through(media)
        if pending and verify in {"during", "later"} and source.label not in self._integrity:
            self._verify(examination, source, wanted, media.result)

    def _verify_early(
        self, examination: Examination, source: Registered, wanted: list[JSON], found: JSON
    ) -> None:
        """Record what the media come to while pictures are still decoded, for hours perhaps.

        An interruption then does not cost all of the media a second pass. Where ranges could not be
        read, those that streams touched are recorded first, as they always were.
        """
        if not found["unread"]:
            self._verify(examination, source, wanted, found)

    def _verify(
        self, examination: Examination, source: Registered, wanted: list[JSON], found: JSON | None
    ) -> str | None:
        run = self._run
        if run.interrupted and found is None:
            return None
        verified = (source.evidence, source.number, found)
        status = verification.record(run, examination, verified, wanted)
        self._verified(source, status)
        return status

    def _verified(self, source: Registered, status: str) -> None:
        self._integrity[source.label] = status
        if status == MISMATCH:
            self._run.alarm = True
            self._run.note(
                f"{source.label}: the digests of the image differ from the expected ones"
            )

    def _close(self, depth: Depth) -> ScanResult:
        run, case = self._run, self._run.case
        run.stage("closing")
        for each in self._sources:
            if not each.evidence.unchanged():
                run.evidence_changed(each.label)
            starting.release(run, each.label)
        self._tell_isolation()
        run.stop.settle(finished=self._finished(depth))
        outcome, counts = closing.finish(run, self._integrity)
        report = reporting.issue(case).page
        unexpected = int(str(counts["gaps_unexpected"])) + int(str(counts["not_reached"]))
        return ScanResult(
            case_dir=case.folder,
            case=str(case.facts["uuid"]),
            run=run.uuid,
            outcome=outcome,
            counts=counts,
            findings=int(str(counts["findings"])),
            unexpected_gaps=unexpected,
            integrity=self._integrity,
            report=report,
            content_sha256=str(counts["content_sha256"]),
            exit_code=self._code(unexpected),
            cause=run.stop.cause,
            notes=tuple(self._notes),
            isolation=self._locked.level,
        )

    def _tell_isolation(self) -> None:
        """Record how workers that came later are locked, such as decoders with the first picture.

        The record of the run began with what was known then.
        """
        found = self._isolation()
        if found.facts() == self._locked.facts():
            return
        self._locked = found
        self._run.note(found.sentence())
        with self._run.journal.transaction() as records:
            starting.isolated(self._run, records, found)

    def _finished(self, depth: Depth) -> bool:
        """Say whether a run that was asked to end had nothing left to do."""
        run = self._run
        if not run.interrupted:
            return True
        for each in self._sources:
            verify = run.config["verify"] if verification.applies(each.evidence) else "off"
            if verify != "off" and each.label not in self._integrity:
                return False
            if progress.not_reached(run.database, each.number):
                return False
            if next(containers.left(run.database, depth.expanding, each.number), None) is not None:
                return False
        return True

    def _code(self, unexpected: int) -> int:
        run = self._run
        if run.stop.cause == stopping.SIGNAL:
            return INTERRUPTED
        if run.alarm:
            return CustodyError.exit_code
        # A budget was asked for, so its end is no failure; but what was not reached is a gap.
        return GAPS if unexpected or run.interrupted else DONE
