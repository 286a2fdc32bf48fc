"""Finding the run that was interrupted, and refusing to go on where anything else is not the same.

What a run found before and after an interruption is one result, so all that it rests on has to be
what it was: the evidence, the hash sets, the settings, the software.
"""

import hashlib
import json
import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from heroes_forensics.errors import DONE, GAPS, CustodyError, UsageError
from heroes_forensics.model import JSON
from heroes_forensics.pipelines.case import ledger_events
from heroes_forensics.pipelines.case.environment import SOFTWARE, environment
from heroes_forensics.pipelines.evidence import acquiring
from heroes_forensics.pipelines.evidence.sources import IDENTITY, Evidence
from heroes_forensics.pipelines.examining import unallocated
from heroes_forensics.pipelines.examining.run import Identity
from heroes_forensics.pipelines.runs.request import ScanRequest, limits_of
from heroes_forensics.pipelines.runs.starting import config_bytes
from heroes_forensics.pipelines.sets import plugins, signed_sets
from heroes_forensics.pipelines.sets.plugins import Plugged
from heroes_forensics.store.database import Database

if TYPE_CHECKING:
    from heroes_forensics.pipelines.workers.supervisor import Supervisor

NEW_RUN: Final = "examine the evidence anew in another case: heroes scan SOURCE... --case OTHER"
_SETTINGS: Final = (
    *("profile", "verify", "names", "treat_as", "accept_damaged", "perceptual"),
    "media_metadata",
    "carve",
)


@dataclass(frozen=True, slots=True)
class Source:
    """One source of an interrupted run, as it is on record."""

    number: int
    label: str
    path: Path
    identity: list[list[int]]
    facts: JSON


@dataclass(frozen=True, slots=True)
class Interrupted:
    """A run that can go on."""

    identity: Identity
    exhibit: str
    sources: tuple[Source, ...]
    facts: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Finished:
    """The last run, which came to its end."""

    uuid: str
    ended: str
    outcome: str
    facts: dict[str, Any]

    @property
    def unexpected(self) -> int:
        """Gaps that nobody announced, items that were not reached included."""
        counts = self.facts["counts"]
        return int(counts["gaps_unexpected"]) + int(counts["not_reached"])

    @property
    def exit_code(self) -> int:
        """What the scan ended with, or would have if nobody had killed it before its report."""
        if self.facts.get("alarm"):
            return CustodyError.exit_code
        return GAPS if self.unexpected else DONE


def interrupted(database: Database, *, exhibit: str = "") -> Interrupted | None:
    """Return the oldest run without an end, of one exhibit where it is given; None without one."""
    rows = list(
        database.rows(
            "SELECT id, uuid, config, facts FROM run"
            " WHERE outcome IS NULL OR outcome = 'interrupted' ORDER BY id"
        )
    )
    for number, uuid, config, facts in rows:
        sources = tuple(_sources(database, number))
        label = sources[0].label.rpartition("/")[0] if sources else ""
        if label and exhibit in {"", label}:
            identity = Identity(number, uuid, json.loads(config))
            return Interrupted(identity, label, sources, json.loads(facts))
    return None


def _sources(database: Database, run: int) -> Iterator[Source]:
    for number, label, path, identity, facts in database.rows(
        "SELECT s.id, s.label, s.path, s.identity, s.facts FROM source s"
        " JOIN run_source r ON r.source_id = s.id WHERE r.run_id=? ORDER BY s.id",
        (run,),
    ):
        yield Source(number, label, Path(path), json.loads(identity), json.loads(facts))


def finished(database: Database, *, exhibit: str = "") -> Finished | None:
    """Return the newest run that came to its end, of one exhibit where it is given."""
    for uuid, ended, outcome, facts in database.rows(
        "SELECT DISTINCT r.uuid, r.ended, r.outcome, r.facts FROM run r"
        " JOIN run_source rs ON rs.run_id = r.id JOIN source s ON s.id = rs.source_id"
        " JOIN exhibit e ON e.id = s.exhibit_id"
        " WHERE r.outcome <> 'interrupted' AND ? IN ('', e.label) ORDER BY r.id DESC LIMIT 1",
        (exhibit,),
    ):
        return Finished(uuid, ended, outcome, json.loads(facts))
    return None


def check_keys(found: Interrupted, kinds: JSON) -> None:
    """Refuse to go on without the keys that the run had, or with others than it had.

    Raises:
        UsageError: there are fewer or more, as far as kinds and numbers tell.
    """
    began = found.identity.config.get("keys", {})
    if kinds != began:
        raise UsageError(
            "the run was begun with the keys of encrypted sources"
            if began
            else "the run was begun without keys of encrypted sources",
            hint="name the same key files with --key-file"
            if began
            else f"leave --key-file out, or {NEW_RUN}",
        )


def check_request(found: Interrupted, request: ScanRequest) -> None:
    """Refuse settings that are stated and are not those of the run.

    Raises:
        UsageError: one differs; the message names it.
    """
    config = found.identity.config
    for name in _SETTINGS:
        if name in request.stated and getattr(request, name) != config.get(name):
            raise UsageError(
                f"the run was begun with {_said(name, config.get(name))}",
                hint=f"leave that option out, or {NEW_RUN}",
            )
    stated = replace(request, profile=config["profile"])
    began: Any = config.get("plugin") or {"name": ""}
    if "plugin" in request.stated and request.plugin != began["name"]:
        raise UsageError(
            f"the run was begun with the plug-in {began['name']}"
            if began["name"]
            else "the run was begun without a plug-in",
            hint=f"leave --plugin out, or {NEW_RUN}",
        )
    if "expand_limits" in request.stated and limits_of(stated) != config["expand_limits"]:
        raise UsageError(
            "the run was begun with other limits of containers",
            hint=f"leave --expand-limit out, or {NEW_RUN}",
        )
    if "expect" in request.stated and list(request.expect) != config["expect"]:
        raise UsageError(
            "the run was begun with other expected digests",
            hint=f"leave --expect out, or {NEW_RUN}",
        )
    if "acquisition_log" in request.stated:
        _check_logs(config, request.acquisition_log)
    cited = str(config.get("calibration", ""))
    if "calibration" in request.stated and not cited.startswith(request.calibration):
        raise UsageError(
            f"the run cites the calibration {cited}"
            if cited
            else "the run cites no calibration, for no set lists perceptual values",
            hint=f"leave --calibration out, or {NEW_RUN}",
        )
    if "sets" in request.stated:
        _check_sets(config["sets"], request.sets)
    if request.sources and len(request.sources) != len(found.sources):
        raise UsageError(
            f"the run has {len(found.sources)} sources, and {len(request.sources)} were named",
            hint="name none where they lie where they lay, or all of them in the same order",
        )


def logs_of(config: JSON, position: int) -> list[JSON]:
    """Return what the acquisition logs of a source state, as the run was begun with them."""
    logs: Any = config.get("acquisition_logs", [])
    return list(logs[position]) if position < len(logs) else []


def _check_logs(config: JSON, given: Sequence[str]) -> None:
    logs: Any = config.get("acquisition_logs", [])
    known = {log["sha256"] for each in logs for log in each}
    for digest in acquiring.digests_of(given):
        if digest not in known:
            raise UsageError(
                "the run was not begun with this acquisition log",
                hint=f"leave --acquisition-log out, or {NEW_RUN}",
            )


def check_plugin(began: JSON | None, supervisor: "Supervisor") -> Plugged | None:
    """Try the plug-in that a run was begun with; refuse another version of it.

    Raises:
        UsageError: it is not installed, does not keep to the interface, or is not what it was.
    """
    if began is None:
        return None
    now = plugins.tried(str(began["name"]), supervisor)
    for name, value in now.to_json().items():
        if began.get(name) != value:
            raise UsageError(
                f"the plug-in {now.name} is not the one the run was begun with: its {name} was"
                f" {began.get(name)}, and is {value}",
                hint=f"install what it was, or {NEW_RUN}",
            )
    return now


def _said(name: str, began: object) -> str:
    if name == "perceptual":
        return "pictures to be decoded" if began else "--no-perceptual"
    if name == "carve":
        return "--carve" if began else "unallocated space left alone"
    if name == "media_metadata":
        return "--media-metadata" if began else "metadata of pictures left alone"
    return f"another {name.replace('_', ' ')}: {began}"


def _check_sets(began: object, given: Sequence[str]) -> None:
    sets: list[JSON] = list(began) if isinstance(began, list) else []
    known = {str(each[key]) for each in sets for key in ("set", "name", "source_sha256")}
    for name in dict.fromkeys(given):
        path = signed_sets.content_of(Path(name))
        named = name
        if os.path.isfile(path):  # noqa: PTH113 - whatever the name
            with path.open("rb") as stream:
                named = hashlib.file_digest(stream, "sha256").hexdigest()
        if named not in known:
            raise UsageError(
                f"the run was not begun with the hash set {Path(name).name}",
                hint=f"leave --set out, or {NEW_RUN}",
            )


def check_record(database: Database, found: Interrupted) -> None:
    """Refuse settings in the database that are not those the ledger announced.

    Raises:
        CustodyError: they differ.
    """
    digest = hashlib.sha256(config_bytes(found.identity.config)).hexdigest()
    for event in ledger_events.of(database, "run.started"):
        if event.body["run"] == found.identity.uuid and event.body["config_sha256"] == digest:
            return
    raise CustodyError(
        "the settings of the run in the case database are not those its ledger announced",
        hint="nothing was changed; run `heroes verify` and compare with a copy",
    )


def check_software(found: Interrupted) -> None:
    """Refuse to go on with other software than the run was begun with.

    Raises:
        UsageError: something of it differs; the message names it.
    """
    before, now = found.facts.get("environment", {}), environment()
    for name, what in SOFTWARE.items():
        if before.get(name) != now[name]:
            raise UsageError(
                f"{what} is not the one the run was begun with{_which(before, now, name)}",
                hint=f"install what it was, or {NEW_RUN}",
            )


def _which(before: JSON, now: JSON, name: str) -> str:
    if name == "libraries":
        old, new = _versions(before.get(name)), _versions(now[name])
        named = next((each for each in sorted({*old, *new}) if old.get(each) != new.get(each)), "")
        return f": {named} {old.get(named, 'none')} then, {new.get(named, 'none')} now"
    if name.endswith("_sha256"):
        return ": its files differ"
    return f": {before.get(name)} then, {now[name]} now"


def _versions(libraries: object) -> dict[str, str]:
    rows = libraries if isinstance(libraries, list) else []
    return {str(row["name"]): str(row["version"]) for row in rows}


def check_evidence(source: Source, evidence: Evidence) -> str:
    """Refuse evidence that is not what it was; return what may differ and does, as a sentence.

    The number of the device may: it is given anew whenever a machine is started or a share is
    mounted, and inode, size and both times to the nanosecond name the file without it.

    Raises:
        CustodyError: it is another file, or it changed; the message names what.
    """
    changed = _differing(source.identity, evidence.identity)
    for what in changed:
        if what != IDENTITY[0]:
            raise CustodyError(
                f"{source.label} is not what it was when the run was interrupted: its {what}"
                " differs",
                hint=f"give the unchanged evidence, or {NEW_RUN}",
            )
    facts: JSON = json.loads(json.dumps(evidence.record()))
    for name in sorted({*source.facts, *facts}):
        if source.facts.get(name) != facts.get(name):
            raise CustodyError(
                f"{source.label} does not open as it did when the run was begun: its {name}"
                " differs",
                hint=NEW_RUN,
            )
    return f"the device of {source.label} has another number" if changed else ""


def _differing(before: list[list[int]], now: list[list[int]]) -> list[str]:
    if len(before) != len(now):
        return ["number of files"]
    differing = {
        place
        for one, other in zip(before, now, strict=True)
        for place, (old, new) in enumerate(zip(one, other, strict=True))
        if old != new
    }
    return [IDENTITY[place] for place in sorted(differing)]


def check_volumes(database: Database, source: Source, evidence: Evidence, *, carve: bool) -> None:
    """Refuse evidence in which other volumes are seen than the run has on record.

    With ``carve``, ranges that are searched are among them.

    Raises:
        CustodyError: they differ.
    """
    known = {
        key: json.loads(spec)
        for key, spec in database.rows(
            "SELECT key, spec FROM volume WHERE source_id=?", (source.number,)
        )
    }
    if carve:
        unallocated.take_up(evidence, known)
    seen = {str(volume["key"]): json.loads(json.dumps(volume)) for volume in evidence.volumes}
    if known and known != seen:
        raise CustodyError(
            f"other volumes are seen in {source.label} than when the run was begun", hint=NEW_RUN
        )
