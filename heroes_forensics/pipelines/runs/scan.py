"""The main job: open sources, list and read everything, match, sign, report; or go on with it.

Nothing is written before the sources open and the hash sets load: a request that cannot be done
leaves no half-made case behind, and a run that cannot go on is as it was.
"""

import os
from collections.abc import Sequence
from contextlib import ExitStack
from typing import TYPE_CHECKING

from heroes_forensics.display import shown
from heroes_forensics.errors import UsageError
from heroes_forensics.model import JSON
from heroes_forensics.pipelines.case import cases, folders
from heroes_forensics.pipelines.case.folders import BUNDLE
from heroes_forensics.pipelines.case.watch import Watch
from heroes_forensics.pipelines.evidence import acquiring, evidence_keys, joining, sources
from heroes_forensics.pipelines.evidence.sources import Evidence
from heroes_forensics.pipelines.examining import verification as verify
from heroes_forensics.pipelines.examining.stopping import Stop
from heroes_forensics.pipelines.locks import fence
from heroes_forensics.pipelines.locks.sandbox import Layers
from heroes_forensics.pipelines.records import error_rates, validations
from heroes_forensics.pipelines.report import reporting
from heroes_forensics.pipelines.runs import resuming, starting
from heroes_forensics.pipelines.runs.request import (
    ScanRequest,
    ScanResult,
    carves,
    check,
    expected_of,
    limits_of,
)
from heroes_forensics.pipelines.runs.scanning import Scanning
from heroes_forensics.pipelines.runs.starting import Exhibit, Registered
from heroes_forensics.pipelines.sets import known, plugins
from heroes_forensics.pipelines.sets.plugins import Plugged
from heroes_forensics.pipelines.sets.run_sets import Sets
from heroes_forensics.pipelines.sets.supplied import Comparer
from heroes_forensics.pipelines.workers import acquired, forking, launch
from heroes_forensics.pipelines.workers.isolation import Isolation
from heroes_forensics.pipelines.workers.supervisor import Supervisor

if TYPE_CHECKING:
    from pathlib import Path


def scan(request: ScanRequest, watch: Watch) -> ScanResult:
    """Scan the sources of one exhibit into a case, new or existing, or go on where it stopped.

    Raises:
        UsageError: the request makes no sense, or a run cannot go on; nothing was written.
        EvidenceError: a source cannot be opened; nothing was written.
        HashSetError: a set is refused, or is not the one it was; nothing was written.
        CaseBusyError: another run holds the case.
        CustodyError: the case's record does not verify, or evidence is not what it was.
        StoppedError: the disk is full or the machine at fault; what was committed stays.
        KeyboardInterrupt: it was told twice to stop; what was committed stays.
    """
    check(request)
    return (_resume if request.resume else _begin)(request, Stop(request.budget), watch)


def _begin(request: ScanRequest, stop: Stop, watch: Watch) -> ScanResult:
    keys = evidence_keys.load(request.key_files)
    with ExitStack() as stack:
        supervisor, fenced = _started(request, stack, request.plugin)

        def locked() -> Isolation:
            return supervisor.weakest.beside(fenced)

        plugged = plugins.tried(request.plugin, supervisor) if request.plugin else None
        sets = known.load(
            request.sets,
            request.set_options,
            supervisor,
            passphrase=request.passphrase,
            plugged=plugged,
        )
        stack.callback(sets.close)
        if not request.perceptual:
            sets.only_exact()
        cited, said = error_rates.chosen(sets, request.calibration, deep=request.profile == "deep")
        validation, more = validations.cited()
        said += more
        comparer = _comparer(sets, plugged, stack)
        workers = request.workers or _cores()
        evidence = [
            stack.enter_context(
                sources.opened(
                    path,
                    supervisor,
                    workers=workers,
                    treat_as=request.treat_as,
                    accept_damaged=request.accept_damaged,
                    keys=keys,
                )
            )
            for path in request.sources
        ]
        joining.join(evidence, stack)
        watch.note(locked().sentence())
        _refuse_twice(evidence)
        remarks = _logs(request, evidence, supervisor)
        wanted = _wanted(evidence, request.expect)
        if not folders.exists(request.case_dir):
            cases.create(
                request.case_dir,
                reference=request.reference,
                examiner=request.examiner,
                authority=request.authority or None,
                names=request.names or "sealed",
                passphrase=request.passphrase,
            )
        case = stack.enter_context(cases.opened(request.case_dir, passphrase=request.passphrase))
        if request.names and case.facts["names"] != request.names:
            raise UsageError(
                f"the case keeps names {case.facts['names']}, and its policy cannot change",
                hint="leave out --names, or use another case",
            )
        if request.authority and case.facts["authority"] != request.authority:
            raise UsageError(
                "the case was made with another authority, or without one",
                hint="leave out --authority, or use another case",
            )
        _refuse_known_sources(case, evidence)
        fence.narrowed(fenced, request.case_dir)
        stack.enter_context(folders.reserved(case.folder))
        config: JSON = {
            "profile": request.profile,
            "verify": request.verify,
            "names": case.facts["names"],
            "workers": workers,
            "treat_as": request.treat_as,
            "accept_damaged": request.accept_damaged,
            "perceptual": request.perceptual,
            "media_metadata": request.media_metadata,
            "carve": carves(request.profile, request.carve),
            "expand_limits": limits_of(request),
            "expect": list(request.expect),
            "acquisition_logs": [each.logs for each in evidence],
            "sets": sets.identity(),
            "calibration": cited.id if cited else "",
        }
        if keys:
            config["keys"] = keys.kinds()
        if plugged is not None:
            config["plugin"] = plugged.to_json()
        if forking.faults():
            config["test_faults"] = True
        exhibit = Exhibit(request.exhibit, request.exhibit_fields)
        run, registered = starting.begin(
            case,
            config,
            exhibit,
            evidence,
            isolation=locked(),
            sets=sets,
            cited=cited,
            stop=stop,
            watch=watch,
            comparer=comparer,
            validation=validation,
        )
        return Scanning(
            run, supervisor, registered, wanted, locked, (*sets.notes, *said, *remarks)
        ).run()


def _comparer(sets: Sets, plugged: Plugged | None, stack: ExitStack) -> Comparer | None:
    """Make what compares values of a plug-in with the sets, where there is one."""
    if plugged is None:
        return None
    comparer = Comparer(sets, plugged)
    stack.callback(comparer.close)
    return comparer


def _started(request: ScanRequest, stack: ExitStack, plugin: str) -> tuple[Supervisor, Layers]:
    """Start the workers, try their locks, and fence this process in, before anything hostile.

    Raises:
        UsageError: the plug-in is not installed, or the locks do not reach what is required.
    """
    if plugin:
        plugins.package_of(plugin)
    supervisor = stack.enter_context(
        Supervisor(
            require=request.require_isolation,
            bulk=launch.is_bulk(request.sources),
            first=[
                "evidence",
                *(["sets"] if known.files_among(request.sets) else []),
                *(["media"] if plugin else []),
            ],
            plugin=plugin,
        )
    )
    supervisor.isolation("parser")
    return supervisor, fence.around(request.case_dir) if request.own_process else fence.NOT_OURS


def _resume(request: ScanRequest, stop: Stop, watch: Watch) -> ScanResult:
    with ExitStack() as stack:
        case = stack.enter_context(cases.opened(request.case_dir, passphrase=request.passphrase))
        exhibit = request.exhibit if "exhibit" in request.stated else ""
        found = resuming.interrupted(case.database, exhibit=exhibit)
        if found is None:
            return _nothing_to_resume(case, exhibit)
        resuming.check_record(case.database, found)
        resuming.check_request(found, request)
        resuming.check_software(found)
        keys = evidence_keys.load(request.key_files)
        resuming.check_keys(found, keys.kinds())
        config = found.identity.config
        began = config.get("plugin")
        supervisor, fenced = _started(request, stack, str(began["name"]) if began else "")

        def locked() -> Isolation:
            return supervisor.weakest.beside(fenced)

        plugged = resuming.check_plugin(began, supervisor)
        sets = known.again(
            config["sets"],
            found.facts.get("set_files", []),
            passphrase=request.passphrase,
            plugged=plugged,
        )
        stack.callback(sets.close)
        if not config["perceptual"]:
            sets.only_exact()
        comparer = _comparer(sets, plugged, stack)
        registered: list[Registered] = []
        reasons: list[str] = []
        for source, path in zip(
            found.sources, request.sources or [each.path for each in found.sources], strict=True
        ):
            evidence = stack.enter_context(
                sources.opened(
                    path,
                    supervisor,
                    workers=request.workers or _cores(),
                    treat_as=config["treat_as"],
                    accept_damaged=config["accept_damaged"],
                    keys=keys,
                )
            )
            reasons.append(resuming.check_evidence(source, evidence))
            evidence.logs = resuming.logs_of(config, len(registered))
            registered.append(Registered(source.number, source.label, evidence))
        joining.join([each.evidence for each in registered], stack)
        for source, each in zip(found.sources, registered, strict=True):
            carve = bool(config["carve"])
            resuming.check_volumes(case.database, source, each.evidence, carve=carve)
        watch.note(locked().sentence())
        wanted = _wanted([each.evidence for each in registered], config["expect"])
        stack.enter_context(folders.reserved(case.folder))
        run = starting.resume(
            case,
            found.identity,
            registered,
            isolation=locked(),
            sets=sets,
            stop=stop,
            watch=watch,
            reason="; ".join(filter(None, reasons)) or "asked for",
            comparer=comparer,
        )
        return Scanning(run, supervisor, registered, wanted, locked, sets.notes).run()


def _nothing_to_resume(case: cases.OpenCase, exhibit: str) -> ScanResult:
    """Say that the run was finished; issue its report, if that is what was still to be done."""
    done = resuming.finished(case.database, exhibit=exhibit)
    if done is None:
        raise UsageError(
            f"no run of {exhibit} was begun in this case"
            if exhibit
            else "no run was begun in this case",
            hint="begin one: heroes scan SOURCE... --case DIR",
        )
    note = f"the run was finished on {done.ended[:16].replace('T', ' ')} UTC: nothing is left to do"
    report = case.folder / BUNDLE / "report" / "report.html"
    if not (case.bundle.root / "MANIFEST.sha256").exists() or not report.exists():
        report = reporting.issue(case).page
        note += "; its report was still to be issued, and is now"
    counts = done.facts["counts"]
    return ScanResult(
        case_dir=case.folder,
        case=str(case.facts["uuid"]),
        run=done.uuid,
        outcome=done.outcome,
        counts=counts,
        findings=int(counts["findings"]),
        unexpected_gaps=done.unexpected,
        integrity=done.facts.get("integrity", {}),
        report=report,
        isolation=str(done.facts.get("isolation", {}).get("level", "")),
        content_sha256=str(counts["content_sha256"]),
        exit_code=done.exit_code,
        notes=(note,),
    )


def _wanted(evidence: Sequence[Evidence], expect: Sequence[str]) -> list[list[JSON]]:
    """Return, for each source, the digests its media is compared with."""
    return [
        verify.expectations(each, expected_of(expect, number, len(evidence)))
        for number, each in enumerate(evidence, start=1)
    ]


def _logs(request: ScanRequest, evidence: Sequence[Evidence], supervisor: Supervisor) -> list[str]:
    """Read the acquisition logs of all sources; return what is to be said of them."""
    said: list[str] = []
    described = request.exhibit_fields
    reference = request.reference
    if not reference and folders.exists(request.case_dir):
        with cases.read_only(request.case_dir) as database:
            reference = str(database.facts()["reference"])
    known = {
        "case_number": reference,
        "evidence_number": str(described.get("lims") or ""),
        "serial": str(described.get("serial") or ""),
    }
    for number, each in enumerate(evidence, start=1):
        given = acquiring.given_for(request.acquisition_log, number, len(evidence))
        image = shown(each.path.name)
        for log, name in acquiring.read(each, given, known, supervisor):
            each.logs.append(log)
            said += acquired.remarks(log, image, name)
        if not given and (found := acquiring.beside(each.path)):
            said.append(
                f"{shown(found[0].name)} lies beside {image} and was not read; if it is the log of"
                " its acquisition, --acquisition-log compares its digests"
            )
    return said


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
        found = next(
            case.database.rows(
                "SELECT s.label, coalesce(r.outcome, 'interrupted') FROM source s"
                " JOIN run_source rs ON rs.source_id = s.id JOIN run r ON r.id = rs.run_id"
                " WHERE s.identity=?",
                (str(each.identity),),
            ),
            None,
        )
        if found is None:
            continue
        label, outcome = found
        if outcome == "interrupted":
            raise UsageError(
                f"the examination of this source in this case, as {label}, was interrupted",
                hint="go on with it: heroes scan --case DIR --resume",
            )
        raise UsageError(
            f"this source was scanned in this case already, as {label}",
            hint="compare it with new sets in a new case, or give --case another directory",
        )
