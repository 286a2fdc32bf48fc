"""The main job: open sources, list and read everything, match, sign, report.

Nothing is written before the sources open and the hash sets load: a request that cannot be done
leaves no half-made case behind.
"""

import os
import signal
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from heroes_forensics.display import shown
from heroes_forensics.errors import (
    DONE,
    GAPS,
    INTERRUPTED,
    CustodyError,
    UsageError,
)
from heroes_forensics.model import JSON
from heroes_forensics.pipelines import (
    cases,
    closing,
    forking,
    known,
    reporting,
    sources,
    verification,
)
from heroes_forensics.pipelines.examination import Examination
from heroes_forensics.pipelines.isolation import LEVELS, Isolation
from heroes_forensics.pipelines.run import Run
from heroes_forensics.pipelines.sources import Evidence
from heroes_forensics.pipelines.supervisor import Supervisor
from heroes_forensics.pipelines.watch import Watch

PROFILES: Final = ("triage", "standard", "deep")
VERIFY: Final = ("before", "during", "later", "off")
MAX_TEXT: Final = 2000
"""Bytes of one free field of a case or an exhibit."""


@dataclass(frozen=True, slots=True)
class ScanRequest:
    """What is to be scanned, into which case, against which sets."""

    case_dir: Path
    sources: tuple[Path, ...]
    exhibit: str = "EX-1"
    exhibit_fields: JSON = field(default_factory=dict)
    sets: tuple[str, ...] = ()
    """Names of the catalogue, or paths of set files."""
    set_options: JSON = field(default_factory=dict)
    profile: str = "standard"
    verify: str = "during"
    names: str = ""
    """``sealed`` or ``clear``; empty keeps the policy of the case, ``sealed`` for a new one."""
    expect: tuple[str, ...] = ()
    """``algorithm:hex`` of the media, given by the operator."""
    workers: int = 0
    """0: one for each core."""
    treat_as: str = "auto"
    accept_damaged: bool = False
    reference: str = ""
    examiner: str = ""
    passphrase: str | None = None
    require_isolation: str = ""
    """Level below which nothing is read, ``A1`` to ``A4``; empty: whatever the machine gives."""


@dataclass(frozen=True, slots=True)
class ScanResult:
    """What a scan came to."""

    case_dir: Path
    case: str
    run: str
    outcome: str
    """``complete``, ``partial`` (unexpected gaps) or ``interrupted``."""
    counts: JSON
    findings: int
    unexpected_gaps: int
    integrity: JSON
    """Verification status by source label."""
    report: Path | None
    content_sha256: str
    exit_code: int
    notes: tuple[str, ...] = ()
    isolation: str = ""
    """Level that the workers' locks reach, as tried: ``A4`` ... ``A1``."""


def scan(request: ScanRequest, watch: Watch) -> ScanResult:
    """Scan the sources of one exhibit into a case, new or existing.

    Raises:
        UsageError: the request makes no sense; nothing was written.
        EvidenceError: a source cannot be opened; nothing was written.
        HashSetError: a set is refused; nothing was written.
        CaseBusyError: another run holds the case.
        CustodyError: the case's record does not verify.
        StoppedError: the disk is full or the machine at fault; what was committed stays.
    """
    _check(request)
    workers = request.workers or _cores()
    with ExitStack() as stack:
        supervisor = stack.enter_context(Supervisor(require=request.require_isolation))
        sets = known.load(
            request.sets, request.set_options, supervisor, passphrase=request.passphrase
        )
        stack.callback(sets.close)
        evidence = [
            stack.enter_context(
                sources.opened(
                    path,
                    supervisor,
                    workers=workers,
                    treat_as=request.treat_as,
                    accept_damaged=request.accept_damaged,
                )
            )
            for path in request.sources
        ]
        watch.note(supervisor.weakest.sentence())
        _refuse_twice(evidence)
        expected = [verification.expectations(each, request.expect) for each in evidence]
        if not cases.exists(request.case_dir):
            cases.create(
                request.case_dir,
                reference=request.reference,
                examiner=request.examiner,
                names=request.names or "sealed",
                passphrase=request.passphrase,
            )
        case = stack.enter_context(cases.opened(request.case_dir, passphrase=request.passphrase))
        if request.names and case.facts["names"] != request.names:
            raise UsageError(
                f"the case keeps names {case.facts['names']}, and its policy cannot change",
                hint="leave out --names, or use another case",
            )
        _refuse_known_sources(case, evidence)
        return _Scan(request, case, sets, watch, supervisor.weakest).run(
            evidence, expected, workers
        )


def _check(request: ScanRequest) -> None:
    if not request.sources:
        raise UsageError("no source was given", hint="name an image, a folder or a device dump")
    for value, allowed, what in (
        (request.profile, PROFILES, "profile"),
        (request.verify, VERIFY, "time of verification"),
        (request.names or "sealed", cases.POLICIES, "policy for names"),
        (request.require_isolation or LEVELS[0], LEVELS, "level of isolation"),
    ):
        if value not in allowed:
            raise UsageError(f"{value!r} is no {what}", hint=f"choose from: {', '.join(allowed)}")
    if request.expect and len(request.sources) > 1:
        raise UsageError(
            "an expected digest is that of one source, and several were given",
            hint="scan them one by one into the same case",
        )
    cases.check_label(request.exhibit)
    check_text({"reference": request.reference, "examiner": request.examiner})
    check_text(request.exhibit_fields)
    cases.check_place(request.case_dir)
    resolved = request.case_dir.resolve()
    for path in request.sources:
        if path.is_dir() and (resolved == path.resolve() or path.resolve() in resolved.parents):
            raise UsageError(
                f"the case directory {request.case_dir} lies inside the evidence",
                hint="put the case somewhere else: evidence is never written to",
            )


def check_text(fields: Mapping[str, object]) -> None:
    """Refuse what the operator typed where it cannot stand in a record.

    Raises:
        UsageError: a text is not UTF-8, or longer than a record takes.
    """
    for name, value in fields.items():
        text = str(value)
        try:
            length = len(text.encode())
        except UnicodeEncodeError as error:
            raise UsageError(
                f"the {name} holds bytes that are not text", hint="write it in UTF-8"
            ) from error
        if length > MAX_TEXT:
            raise UsageError(f"the {name} is longer than {MAX_TEXT} bytes", hint="shorten it")


def _cores() -> int:
    return len(os.sched_getaffinity(0))


def _refuse_twice(evidence: Sequence[Evidence]) -> None:
    seen: dict[str, Path] = {}
    for each in evidence:
        if str(each.identity) in seen:
            raise UsageError(
                f"{shown(each.path.name)} was given twice, and would be counted twice",
                hint="name each source once",
            )
        seen[str(each.identity)] = each.path


def _refuse_known_sources(case: cases.OpenCase, evidence: Sequence[Evidence]) -> None:
    for each in evidence:
        label = case.database.value(
            "SELECT label FROM source WHERE identity=?", (str(each.identity),)
        )
        if label is not None:
            raise UsageError(
                f"this source was scanned in this case already, as {label}",
                hint="compare it with new sets in a new case, or give --case another directory",
            )


STOPS: Final = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
"""Ctrl-C, a plain kill, and a terminal that is closed: each drains the run."""


@contextmanager
def _first_interrupt(run: Run) -> Iterator[None]:
    """Turn the first signal into a drained stop; a second one ends at once."""

    def stop(number: int, frame: object) -> None:
        del number, frame
        if run.interrupted:
            raise KeyboardInterrupt
        run.interrupted = True
        run.note("stopping: what is being read now is finished first (again to stop at once)")

    try:
        # Who ignores a signal, as nohup does, wants the run to go on.
        heard = [each for each in STOPS if signal.getsignal(each) is not signal.SIG_IGN]
        before = {each: signal.signal(each, stop) for each in heard}
    except ValueError:  # not the main thread: nobody can interrupt us this way
        yield
        return
    try:
        yield
    except KeyboardInterrupt:
        run.interrupted = True
    finally:
        for each, handler in before.items():
            signal.signal(each, handler)


class _Scan:
    """One scan in progress."""

    def __init__(
        self,
        request: ScanRequest,
        case: cases.OpenCase,
        sets: known.Sets,
        watch: Watch,
        isolation: Isolation,
    ) -> None:
        self._isolation = isolation
        self._request = request
        self._case = case
        self._sets = sets
        self._watch = watch
        self._integrity: JSON = {}
        self._alarm = False

    def run(
        self,
        evidence: Sequence[Evidence],
        expected: Sequence[list[JSON]],
        workers: int,
    ) -> ScanResult:
        case, request = self._case, self._request
        config: JSON = {
            "profile": request.profile,
            "verify": request.verify,
            "names": case.facts["names"],
            "workers": workers,
            "treat_as": request.treat_as,
            "accept_damaged": request.accept_damaged,
            "perceptual": False,
        }
        if forking.faults():
            config["test_faults"] = True
        case.bundle.unpublish()  # before the first event: a manifest is of a record at rest
        run = Run(case, config, self._sets, self._watch)
        labels = self._register(run, evidence)
        closing.start(run, self._sets, [label for _, label in labels], self._isolation)
        case.journal.checkpoint("run started")
        with _first_interrupt(run):
            for each, (source, label), wanted in zip(evidence, labels, expected, strict=True):
                self._examine(run, each, source, label, wanted)
                if run.interrupted:
                    break
        return self._close(run, evidence, [label for _, label in labels])

    def _register(self, run: Run, evidence: Sequence[Evidence]) -> list[tuple[int, str]]:
        request, journal = self._request, self._case.journal
        found = []
        with journal.transaction() as records:
            exhibit = records.exhibit(request.exhibit, dict(request.exhibit_fields))
            have = self._case.database.value(
                "SELECT count(*) FROM source WHERE exhibit_id=?", (exhibit,)
            )
            for ordinal, each in enumerate(evidence, start=int(have) + 1):
                label = f"{request.exhibit}/{ordinal}"
                facts = {name: value for name, value in each.facts.items() if name != "tree"}
                facts["segments"] = [
                    {"name": slot.name, "size": slot.size}
                    for slot in each.slots
                    if slot.role == "segment"
                ]
                source = records.source(
                    exhibit, label, str(each.path.absolute()), str(each.identity), facts
                )
                records.run_source(run.id, source)
                closing.register(run, each, label, dict(request.exhibit_fields))
                found.append((source, label))
        return found

    def _examine(
        self, run: Run, evidence: Evidence, source: int, label: str, wanted: list[JSON]
    ) -> None:
        verify = self._request.verify if verification.applies(evidence) else "off"
        examination = Examination(run, evidence, source, label)
        examination.register()
        if verify != "off":
            run.expect_media(verification.media_size(evidence))
        if verify == "before":
            examination.digest_media()
            self._verified(run, examination, evidence, source, wanted)
            if self._alarm and not self._request.accept_damaged:
                run.note(f"{label}: the image does not verify and was not examined")
                examination.leave_out("source.mismatch")
                return
        examination.examine(digest_media=verify == "during")
        if verify == "later" and not run.interrupted:
            examination.digest_media()
        if verify in {"during", "later"}:
            self._verified(run, examination, evidence, source, wanted)

    def _verified(
        self,
        run: Run,
        examination: Examination,
        evidence: Evidence,
        source: int,
        wanted: list[JSON],
    ) -> None:
        if run.interrupted and examination.digests is None:
            return
        status = verification.record(run, examination, evidence, source, wanted)
        self._integrity[examination.label] = status
        if status == "mismatch":
            self._alarm = True
            run.note(f"{examination.label}: the digests of the image differ from the expected ones")

    def _close(self, run: Run, evidence: Sequence[Evidence], labels: Sequence[str]) -> ScanResult:
        case = self._case
        run.stage("closing")
        for each, label in zip(evidence, labels, strict=True):
            if not each.unchanged():
                self._alarm = True
                case.journal.event(
                    "evidence.changed",
                    {"evidence": label, "expected": "unchanged", "found": "changed"},
                )
                run.note(f"{label}: the evidence changed while it was examined")
            closing.release(run, label)
        outcome, counts = closing.finish(run)
        report = reporting.issue(case)
        unexpected = int(str(counts["gaps_unexpected"])) + int(str(counts["not_reached"]))
        code = DONE
        if unexpected:
            code = GAPS
        if self._alarm:
            code = CustodyError.exit_code
        if run.interrupted:
            code = INTERRUPTED
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
            exit_code=code,
            notes=tuple(self._sets.notes),
            isolation=self._isolation.level,
        )


def outcome_code(result: ScanResult, *, with_matches: bool) -> int:
    """Return the exit code of a scan, with 10 and 11 for matches when asked for."""
    if not with_matches or not result.findings or result.exit_code not in {DONE, GAPS}:
        return result.exit_code
    return 11 if result.exit_code == GAPS else 10
