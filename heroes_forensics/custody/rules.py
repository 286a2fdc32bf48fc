"""What events mean together: opening, clocks, authority, runs, counts, and what they promise.

`Rules` sees every event once, in order, and keeps only what later checks need. An event whose
body does not have its form is reported and otherwise left out, so that hostile input meets no
rule that trusts a field.
"""

from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

from heroes_forensics.custody import chain, events, notes
from heroes_forensics.custody.chain import Problem
from heroes_forensics.custody.holders import NOBODY, Holders
from heroes_forensics.custody.problems import shown
from heroes_forensics.custody.ranges import Ranges
from heroes_forensics.errors import CustodyError
from heroes_forensics.model import JSON

CLOCK_TOLERANCE_US: Final = 2_000_000
"""A wall clock may drift this far from the monotonic one between two events."""
FUTURE: Final = timedelta(minutes=5)
"""How far a verifier's own clock may be behind."""
MAX_KEYS: Final = 256
"""Of a record: those of its ledger, its witnesses and its people."""
DAY: Final = 10
"""Characters of the date in a time."""

CASE_LOCAL: Final = "case-local."
"""Begins the names of ledgers that no laboratory stands for."""
WORK: Final = frozenset({"verified", "opened"})
"""Acts on evidence that need its registration and an authority in force."""


@dataclass(slots=True)
class Person:
    """A key by which a declared person signs."""

    key: notes.VerifierKey
    until: int | None = None
    """Checkpoints of more events than this do not count: the person was withdrawn."""


@dataclass(slots=True)
class Run:
    """What the ledger says of one run."""

    where: str
    state: str
    """``open``, ``interrupted`` or ``ended``."""
    evidence: list[str] = field(default_factory=list)
    covered: bool = False
    completed: bool = False
    config: str = ""
    calibration: str = ""
    seen: int = -1
    inventory: JSON | None = None
    findings: JSON | None = None


class Rules:
    """Follows the events of one ledger."""

    def __init__(self, now: datetime) -> None:
        self.problems: list[Problem] = []
        self.opened: JSON = {}
        """The body of ``ledger.opened``; empty until a sound one was seen."""
        self.ranges = Ranges()
        """Ledger keys, and for which part of the ledger each signs."""
        self.cosigners: list[notes.VerifierKey] = []
        """Keys of witnesses and persons."""
        self.people: dict[str, list[Person]] = {}
        """Keys of each declared person."""
        self.holders = Holders()
        self.runs: dict[str, Run] = {}
        self.checkpoints: list[tuple[str, int, str]] = []
        """(where, size, root in hex) of each checkpoint an event names."""
        self.reports: dict[str, list[tuple[int, str]]] = {}
        """Of each report file (event, SHA-256 in hex): what was current from that event on.

        Empty where its report was withdrawn, or replaced by one without such a file.
        """
        self._issued: dict[str, dict[str, str]] = {}
        """Files of each report that no other replaced, and nobody withdrew, by its identifier."""
        self.erased = False
        self._latest = chain.timestamp(now + FUTURE)
        self._reached: dict[int, str] = {}
        """The latest time before each size that an event signs at once."""
        self._maximum = ""
        self._not_before = ""
        """What is dated before it contradicts an anchor in front of it."""
        self._last_time = ""
        self._last_stamp: tuple[str, str, int] | None = None
        self._authorities: list[JSON] = []
        self._registered: set[str] = set()
        self._verified: set[str] = set()
        self._unauthorised: set[str] = set()

    def see(self, number: int, event: JSON, where: str) -> None:
        """Take the event that stands at ``number`` (from 0)."""
        if chain.envelope_faults(event):
            return
        if event["type"] == "ledger.checkpointed":
            self._reached[number] = self._maximum
        self._clocks(event, where)
        event_type, body = str(event["type"]), event["body"]
        if not isinstance(body, dict):
            return
        if not events.is_known(event_type):
            self._add("unknown-type", where, f"the type {shown(event_type)} is not known")
        faults = events.validate(event_type, body)
        for fault in faults:
            self._add("schema", where, fault)
        if (event_type == "ledger.opened") != (number == 0):
            self._add("bad-genesis", where, "the first event, and no other, opens the ledger")
        if not faults:
            self._dispatch(event, body, number, where)

    def _dispatch(self, event: JSON, body: JSON, number: int, where: str) -> None:
        event_type, time = str(event["type"]), str(event["time"])
        topic, _, act = event_type.partition(".")
        if topic == "evidence":
            self._evidence(act, body, time, where)
            if act in WORK:
                self._held(str(body["evidence"]), event, where)
        elif topic in {"run", "coverage", "inventory", "findings"}:
            self._run(event_type, body, time, where)
            if event_type == "run.started":
                for item in _strings(body["evidence"]):
                    self._held(item, event, where)
        elif event_type == "ledger.opened" and not self.opened:
            self._open(body, where)
        elif event_type == "ledger.checkpointed":
            self.checkpoints.append((where, _number(body["size"]), str(body["root"])))
        elif topic in {"actor", "key"}:
            self._people(event_type, body, number, where)
        else:
            self._say(event_type, body, number, where)
        if event_type in {"custody.transferred", "evidence.returned", "evidence.disposed"}:
            self.problems += self.holders.see(event_type, body, number, where)

    def _people(self, event_type: str, body: JSON, number: int, where: str) -> None:
        """Take who acts, and with which keys."""
        if event_type == "actor.declared":
            self._person(body, where)
        elif event_type == "actor.withdrawn":
            for person in self.people.get(str(body["id"]), ()):
                person.until = number if person.until is None else person.until
        else:
            key = self._key(str(body["vkey"]), where)
            if key:
                origin = str(self.opened.get("origin", ""))
                self.problems += self.ranges.see(event_type, body, key, number, where, origin)

    def _say(self, event_type: str, body: JSON, number: int, where: str) -> None:
        """Take what corrects, permits, or was issued."""
        if event_type == "record.corrected" and _number(body["seq"]) >= number:
            self._add("schema", where, "it corrects an event that had not happened")
        elif event_type == "authority.recorded":
            self._authorities.append(body)
        elif event_type == "report.issued":
            files = {str(file["name"]): str(file["sha256"]) for file in _objects(body["files"])}
            # And no other: a summary leaves the report alone.
            self._gone(str(body.get("replaces")), number, files)
            self._issued[str(body["report"])] = files
            for name, digest in files.items():
                self.reports.setdefault(name, []).append((number, digest))
        elif event_type == "report.withdrawn":
            self._gone(str(body["report"]), number)
        elif event_type == "data.erased":
            self.erased = True
        elif event_type == "ledger.anchored" and body.get("gen_time"):
            self._anchored(body, where)

    def _gone(self, report: str, number: int, by: Collection[str] = ()) -> None:
        """Take the files of a report that was replaced or withdrawn for no longer current.

        Args:
            report: its identifier.
            number: of the event.
            by: files that are issued anew in the same event.
        """
        for name, digest in self._issued.pop(report, {}).items():
            past = self.reports[name]
            if past[-1][1] == digest and name not in by:
                past.append((number, ""))

    def _anchored(self, body: JSON, where: str) -> None:
        """Compare the dates of what an anchor covers, and of what follows, with its time."""
        try:
            seen = datetime.fromisoformat(str(body["gen_time"]))
        except ValueError:  # of the form of a time, and none: the 31st of February
            self._add("schema", where, "body.gen_time: no such time")
            return
        covered = self._reached.get(_number(body["size"]), "")
        if covered > chain.timestamp(seen + FUTURE):
            self._add("time-vs-anchor", where, "what it covers is dated after it")
        self._not_before = max(self._not_before, chain.timestamp(seen - FUTURE))

    def _evidence(self, act: str, body: JSON, time: str, where: str) -> None:
        evidence = str(body["evidence"])
        if act == "registered":
            self._registered.add(evidence)
        elif act in WORK:
            self._work(evidence, where, covered=self._covered(time))
        if act == "verified":
            self._verified.add(evidence)

    def _open(self, body: JSON, where: str) -> None:
        self.opened = body
        origin, ledger = str(body["origin"]), str(body["ledger"])
        self._name(origin, where)
        if not origin.endswith(f"/custody/{ledger}"):
            self._add("bad-genesis", where, "the origin does not end in the ledger's own id")
        for text in _strings(body["keys"]):
            key = self._key(text, where)
            if key and (key.key_type != notes.ED25519 or key.name != origin):
                self._add("bad-genesis", where, "a ledger key does not bear the ledger's name")
            elif key:
                self.ranges.open(key)
        if not self.ranges.keys:
            self._add("bad-genesis", where, "there is no usable ledger key")
        for text in _strings(body.get("witness_keys")):
            self._cosigner(text, where)

    def _cosigner(self, text: str, where: str) -> notes.VerifierKey | None:
        key = self._key(text, where)
        if key:
            self.cosigners.append(key)
        return key

    def _person(self, body: JSON, where: str) -> None:
        key = self._cosigner(str(body["key"]), where) if body.get("key") else None
        if key:
            self.people.setdefault(str(body["id"]), []).append(Person(key))

    def _key(self, text: str, where: str) -> notes.VerifierKey | None:
        if len(self.cosigners) + len(self.ranges.keys) >= MAX_KEYS:
            self._add("bad-genesis", where, f"there are more than {MAX_KEYS} keys")
            return None
        try:
            key = notes.vkey(text)
        except CustodyError as error:
            self._add("bad-genesis", where, str(error))
            return None
        self._name(key.name, where)
        return key

    def _name(self, name: str, where: str) -> None:
        if not name.isascii() or not name.isprintable():
            self._add("suspicious-name", where, f"the name {shown(name)} is not plain ASCII")

    def _clocks(self, event: JSON, where: str) -> None:
        time, proc, mono = str(event["time"]), str(event["proc"]), _number(event["mono"])
        if time < self._last_time:
            self._add("time-backwards", where, "it is dated before the event in front of it")
        if time > self._latest:
            self._add("time-future", where, "it is dated after now")
        if time < self._not_before:
            self._add("time-vs-anchor", where, "it is dated before an anchor in front of it")
            self._not_before = ""  # once is enough
        self._last_time, self._maximum = time, max(time, self._maximum)
        if self._last_stamp and self._last_stamp[1] == proc:
            before, _, earlier = self._last_stamp
            wall = datetime.fromisoformat(time) - datetime.fromisoformat(before)
            step = wall // timedelta(microseconds=1) - (mono - earlier)
            if abs(step) > CLOCK_TOLERANCE_US:
                self._add("clock-step", where, "the wall clock and the steady clock disagree")
        self._last_stamp = (time, proc, mono)

    def _covered(self, time: str) -> bool:
        return any(_in_force(authority, time) for authority in self._authorities)

    def _work(self, evidence: str, where: str, *, covered: bool) -> None:
        if evidence not in self._registered:
            self._refuse(f"r{evidence}", where, f"{shown(evidence)} was never registered")
        if not covered:
            text = f"no recorded authority covers work on {shown(evidence)}"
            self._refuse(f"a{evidence}", where, text)

    def _held(self, evidence: str, event: JSON, where: str) -> None:
        """Compare who works on evidence with who holds it, as far as the record names both."""
        holder, actor = self.holders.of(evidence), event["actor"]
        if holder == NOBODY:
            text = f"{shown(evidence)} had been returned or disposed of"
            self._refuse(f"g{evidence}", where, text)
        elif holder and isinstance(actor, dict) and actor["kind"] == "person":
            worker = str(actor["id"])
            if worker != holder:
                text = f"{shown(worker)} works on {shown(evidence)}, which {shown(holder)} holds"
                self._refuse(f"h{evidence}{worker}", where, text)

    def _refuse(self, reason: str, where: str, text: str) -> None:
        if reason not in self._unauthorised:  # once for each exhibit is enough
            self._unauthorised.add(reason)
            self._add("unauthorised-work", where, text)

    def _run(self, event_type: str, body: JSON, time: str, where: str) -> None:
        name = str(body["run"])
        if event_type == "run.started":
            self._start(name, body, time, where)
            return
        if name not in self.runs:
            self._add("run-incomplete", where, "it belongs to a run that never started")
            self.runs[name] = Run(where, "open")
        run = self.runs[name]
        if event_type == "run.resumed":
            run.state = "open"
        elif event_type == "run.interrupted":
            run.state = "interrupted"
        elif event_type == "run.completed":
            run.state, run.completed, run.seen = "ended", True, _number(body["files_seen"])
            self._counts(body, where)
        elif event_type == "coverage.declared":
            run.covered = True
        elif event_type == "inventory.committed":
            run.inventory = body
        elif event_type == "findings.committed":
            run.findings = body
            local = str(self.opened.get("origin", "")).startswith(CASE_LOCAL)
            if not local and len(_strings(body["recipients"])) <= 1:
                text = "what it sealed opens for one recipient alone"
                self._add("few-recipients", where, text)

    def _start(self, name: str, body: JSON, time: str, where: str) -> None:
        evidence = _strings(body["evidence"])
        earlier = self.runs.get(str(body.get("resume_of")))
        if earlier:
            earlier.state = "ended"  # carried on by this one
        self.runs[name] = Run(
            where,
            "open",
            evidence,
            config=str(body["config_sha256"]),
            calibration=str(body.get("calibration_sha256") or ""),
        )
        covered = self._covered(time)
        for item in evidence:
            self._work(item, where, covered=covered)
        known = {authority["reference"] for authority in self._authorities}
        if body["authority"] is not None and body["authority"] not in known:
            self._add("unauthorised-work", where, "the run names an authority nobody recorded")

    def _counts(self, body: JSON, where: str) -> None:
        seen, hashed, skipped, errors = (
            _number(body[key]) for key in ("files_seen", "files_hashed", "files_skipped", "errors")
        )
        if seen != hashed + skipped + errors:
            self._add("count-mismatch", where, "files seen are not hashed + skipped + errors")
        for total, parts in ((skipped, "skipped_by_reason"), (errors, "errors_by_kind")):
            counts = body[parts]
            if isinstance(counts, dict) and sum(counts.values()) != total:
                self._add("count-mismatch", where, f"{parts} does not add up to its total")

    def finish(self, name: str) -> None:
        """Say what only the end shows."""
        if not self.opened:
            self._add("bad-genesis", name, "there is no sound opening")
        for run in self.runs.values():
            if run.state == "open":
                self._add("run-incomplete", run.where, "the run has no end")
            elif run.state == "interrupted":
                self._add("run-incomplete", run.where, "the run was interrupted and not resumed")
            if run.completed and not run.covered:
                self._add("run-incomplete", run.where, "the run does not declare its coverage")
            if run.inventory and run.seen not in {-1, run.inventory["count"]}:
                self._add("count-mismatch", run.where, "the inventory has another number of files")
            for item in run.evidence:
                if item not in self._verified:
                    self._refuse(f"v{item}", run.where, f"{shown(item)} was never verified")

    def _add(self, code: str, where: str, text: str) -> None:
        self.problems.append(Problem(code, where, text))


def _in_force(authority: JSON, time: str) -> bool:
    begin, end = str(authority["valid_from"]), authority.get("valid_to")
    if time[: len(begin)] < begin:
        return False
    return not isinstance(end, str) or time[: len(end)] <= end


def _number(value: object) -> int:
    return value if isinstance(value, int) else -1


def _strings(value: object) -> list[str]:
    return [str(member) for member in value] if isinstance(value, list) else []


def _objects(value: object) -> list[JSON]:
    return (
        [member for member in value if isinstance(member, dict)] if isinstance(value, list) else []
    )
