"""Verification of a custody bundle: every problem, its class, and an exit code.

Order: bounds and encoding, chain, schema, rules, trees, checkpoints and their consistency,
trust, files, manifest. It only reads, never follows a link out, never needs the network, and
does not stop at the first problem. The stand-alone ``verify_custody.py`` reports the same codes
without a line of this code.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Final, NamedTuple

from heroes_forensics.custody import anchors as outside
from heroes_forensics.custody import bundle, chain, keys, manifest, merkle, notes, signing
from heroes_forensics.custody.chain import Problem
from heroes_forensics.custody.highwater import Mark
from heroes_forensics.custody.ledger import TAIL_TYPES
from heroes_forensics.custody.problems import (
    BROKEN,
    INCOMPLETE,
    class_of,
    condensed,
    exit_code,
    shown,
)
from heroes_forensics.custody.rules import Rules, Run
from heroes_forensics.custody.signing import Signed
from heroes_forensics.errors import CustodyError, EvidenceError, UsageError
from heroes_forensics.model import JSON

MAX_NOTES: Final = 10_000
"""Checkpoints of a record."""
MAX_KEPT: Final = 8 << 20
"""Bytes of events that are held against one another; one that is not weighs 1/128 of its own, and
each problem `_PROBLEM`: what a verifier keeps and compares has bounds, whoever wrote the ledger."""
LIGHT: Final = (
    *("unit", "attempt", "finding", "review", "sealed", "data", "quality", "export", "index"),
)
"""Topics of events that are read once and not kept."""
_PROBLEM: Final = 100


class Anchor(NamedTuple):
    """A state of the ledger that somebody outside kept: an old checkpoint, a printed root."""

    size: int
    root: bytes


@dataclass(frozen=True, slots=True)
class Verification:
    """What was found, and what it means."""

    problems: tuple[Problem, ...]
    exit_code: int
    facts: JSON
    """Ledger, origin, number of events, signed size and root, signers, last checkpoint."""

    @property
    def codes(self) -> frozenset[str]:
        """The codes that were found."""
        return frozenset(problem.code for problem in self.problems)

    @property
    def headline(self) -> str:
        """One sentence for a person."""
        broken = [problem for problem in self.problems if class_of(problem.code) == BROKEN]
        if broken:
            return f"does not verify: {_sentence(broken[0])}"
        if "unknown-signer" in self.codes:
            return "consistent in itself; the signer is not known here"
        if self.exit_code:
            return "consistent, but not as complete as was asked"
        return "verifies"

    def text(self) -> str:
        """Return every problem as lines for a person, the headline last."""
        words = {BROKEN: "does not verify", INCOMPLETE: "incomplete"}
        lines = [
            f"{words.get(class_of(problem.code), 'note')}: {_sentence(problem)} [{problem.code}]"
            for problem in self.problems
        ]
        return "\n".join([*lines, self.headline])

    def as_json(self) -> JSON:
        """Return the same as one JSON object."""
        return {
            "type": "verification",
            "headline": self.headline,
            "exit_code": self.exit_code,
            "problems": [
                {"class": class_of(problem.code), **problem._asdict()} for problem in self.problems
            ],
            **self.facts,
        }


def _sentence(problem: Problem) -> str:
    return f"{problem.where}: {problem.text}" if problem.where else problem.text


def verify_bundle(  # noqa: PLR0913 - each is a separate piece of outside knowledge
    path: Path,
    *,
    trust: Sequence[str] | None = None,
    anchors: Sequence[Anchor] = (),
    high_water: Mapping[str, Mark] | None = None,
    roots: bytes | None = None,
    strict: bool = False,
    now: datetime | None = None,
) -> Verification:
    """Verify the bundle in the folder ``path``.

    Args:
        path: a bundle, or a flat folder with the same files.
        trust: vkeys the caller vouches for: one of a ledger, or one of a laboratory (its name is
            the domain), which counts for all ledgers of that domain. None: nobody is known.
        anchors: states of the ledger kept elsewhere.
        high_water: newest state seen here of each origin.
        roots: certificates of time-stamping authorities that the caller trusts, PEM.
        strict: whether incompleteness alone gives exit code 7.
        now: the verifier's clock; the system's when missing.

    Raises:
        EvidenceError: there is no bundle, or it cannot be read.
        UsageError: a vkey in ``trust`` is malformed.
    """
    try:
        trusted = [notes.vkey(text) for text in trust or ()]
    except CustodyError as error:
        raise UsageError("a key to trust is malformed", hint=str(error)) from error
    try:
        reader = bundle.Reader(path)
        if not reader.over and not reader.names & {bundle.LEDGER, bundle.MANIFEST}:
            raise EvidenceError("there is no custody bundle in this folder")
        check = _Check(reader, anchors, high_water or {}, roots)
        return check.verification(trusted, now, strict=strict)
    except OSError as error:
        raise EvidenceError("the custody bundle cannot be read") from error


class _Check:
    def __init__(
        self,
        reader: bundle.Reader,
        anchors: Sequence[Anchor],
        high_water: Mapping[str, Mark],
        roots: bytes | None = None,
    ) -> None:
        self.reader = reader
        self.anchors = anchors
        self.high_water = high_water
        self.roots_of_authorities = roots
        self.stamps = outside.Stamps()
        self.problems: list[Problem] = []
        self.size = 0
        self.roots: dict[int, bytes] = {0: merkle.EMPTY}
        """Root by size, for the sizes that anything asks for."""
        self.times: dict[int, str] = {}
        """Time of the last event at those sizes."""
        self.real = bytearray()
        """For each event: 1 unless it may stand after the last checkpoint."""
        self.signed_size = 0

    def verification(
        self, trusted: Sequence[notes.VerifierKey], now: datetime | None, *, strict: bool
    ) -> Verification:
        if self.reader.over:
            return Verification(tuple(self.reader.problems), CustodyError.exit_code, {})
        checkpoints = list(self._read_checkpoints())
        rules = Rules(now or datetime.now(UTC))
        if bundle.LEDGER in self.reader.names:
            self._read_ledger(rules, checkpoints)
        else:
            self._add("missing-file", bundle.LEDGER, "there is no ledger")
        origin = str(rules.opened.get("origin", ""))
        self.problems += self.stamps.check(self.reader, checkpoints, self.roots_of_authorities)
        self.problems += self.stamps.contradicted(self.times)
        good = self._check_checkpoints(rules, checkpoints, origin)
        self._check_outside(origin)
        self.problems += signing.introduced(rules, good)
        self.problems += signing.transfers(rules, good)
        signers = signing.signers(rules, good)
        if not signing.known(rules, good, trusted):
            self._add("unknown-signer", bundle.LEDGER, "nobody here vouches for its key")
        if origin.startswith(f"{keys.CASE_LOCAL_DOMAIN}/"):
            text = "signed by a case-local key: unsigned for outside purposes"
            self._add("case-local-key", bundle.LEDGER, text)
        for name, run in rules.runs.items():
            self._check_run(rules, name, run)
        self._check_reports(rules)
        ledger = str(rules.opened.get("ledger", ""))
        self.problems += manifest.check(self.reader, ledger, rules.ranges.newest)
        found = tuple(condensed([*self.reader.problems, *self.problems]))
        facts: JSON = {
            "ledger": shown(ledger),
            "origin": shown(origin),
            "events": self.size,
            "checkpoints": len(checkpoints),
            "signed_events": self.signed_size,
            "signed_root": self.roots[self.signed_size].hex() if self.signed_size else None,
            "signers": [shown(str(key)) for key in signers],
            "anchoring": outside.level(rules, good, self.stamps, self._kept(), origin),
            "stamped": [stamp._asdict() for stamp in self.stamps.good],
        }
        return Verification(found, exit_code(found, strict=strict), facts)

    def _add(self, code: str, where: str, text: str) -> None:
        self.problems.append(Problem(code, where, text))

    def _read_checkpoints(self) -> Iterator[Signed]:
        for number, name in enumerate(self.reader.checkpoints()):
            if number >= MAX_NOTES:
                self._add("unsafe-input", name, f"there are more than {MAX_NOTES} checkpoints")
                break
            data = self.reader.read(name, notes.MAX_NOTE)
            if data is None:
                continue
            try:
                note = notes.parse(data)
                yield Signed(name, note, notes.read_checkpoint(note.text))
            except CustodyError as error:
                self._add("signature-bad", name, f"it is no signed checkpoint: {error}")

    def _read_ledger(self, rules: Rules, checkpoints: Sequence[Signed]) -> None:
        wanted = {checkpoint.says.size for checkpoint in checkpoints}
        wanted |= {anchor.size for anchor in self.anchors}
        wanted |= {mark.size for mark in self.high_water.values()}
        walk, tree = chain.Walk(bundle.LEDGER), merkle.Tree()
        kept = 0
        for line in self.reader.lines(bundle.LEDGER, chain.MAX_LINE):
            if kept + _PROBLEM * (len(walk.problems) + len(rules.problems)) > MAX_KEPT:
                self._add("unsafe-input", bundle.LEDGER, "it says more than a verifier keeps")
                break
            event = walk.feed(line)
            if walk.size == tree.size:  # torn or too long: no event, and nothing comes after it
                break
            tree.add(merkle.leaf(line))
            self.real.append(event is None or event.get("type") not in TAIL_TYPES)
            if event is not None:
                light = str(event.get("type")).startswith(LIGHT)
                kept += len(line) >> 7 if light else len(line)
                rules.see(tree.size - 1, event, f"{bundle.LEDGER} line {tree.size}")
            if tree.size in wanted:
                self.roots[tree.size] = tree.root()
                self.times[tree.size] = str(event.get("time", "")) if event else ""
        walk.finish()
        rules.finish(bundle.LEDGER)
        self.size = tree.size
        self.problems += walk.problems + rules.problems

    def _check_checkpoints(
        self, rules: Rules, checkpoints: Sequence[Signed], origin: str
    ) -> list[Signed]:
        """Return the checkpoints that a ledger key signed, right or wrong about the events."""
        good = [checkpoint for checkpoint in checkpoints if self._signed(checkpoint, rules)]
        fitting = [
            checkpoint.says
            for checkpoint in good
            if checkpoint.says.origin == origin
            and self._fits(checkpoint.says)
            and not signing.suspect(
                rules, checkpoint, self.times.get(checkpoint.says.size, ""), self._kept_before
            )
        ]
        self.signed_size = max((says.size for says in fitting), default=0)
        self._check_consistency(good)  # says more than that one of them does not fit the events
        for name, _, says in checkpoints:
            if rules.opened and says.origin != origin:
                self._add("root-mismatch", name, "it is a checkpoint of another ledger")
            elif says.size > self.size:
                text = f"it signs {says.size} events, and there are {self.size}"
                self._add("truncated", name, text)
            elif not self._fits(says):
                self._add("root-mismatch", name, "its root is not that of the events")
        tail = sum(self.real[self.signed_size :])
        if tail:
            text = f"{tail} events stand after the last checkpoint that signs them"
            self._add("unsigned-tail", bundle.LEDGER, text)
        self._check_named(rules, checkpoints)
        return good

    def _kept(self) -> dict[int, bytes]:
        """Return the states that the verifier brought and that fit, by size."""
        fitting = [anchor for anchor in self.anchors if self.roots.get(anchor.size) == anchor.root]
        return {anchor.size: anchor.root for anchor in fitting}

    def _kept_before(self, time: str) -> int:
        """Return how many events are vouched for outside: a kept state is taken for old enough."""
        return max(self.stamps.kept(time), *self._kept(), 0)

    def _fits(self, says: notes.Checkpoint) -> bool:
        return self.roots.get(says.size) == says.root

    def _signed(self, checkpoint: Signed, rules: Rules) -> bool:
        name, note, says = checkpoint
        keys_here = signing.present(note, rules.ranges.keys)
        mine = [notes.verdict(note, key) for key in keys_here]
        if not mine:
            self._add("signature-missing", name, "no ledger key signed it")
        others = [notes.verdict(note, key) for key in rules.cosigners]
        if not all(verdict.good for verdict in mine + others if verdict.present):
            self._add("signature-bad", name, "a signature does not fit its text")
        for signature in note.signatures:
            if not signature.name.isascii():
                text = f"the name {shown(signature.name)} is not plain ASCII"
                self._add("suspicious-name", name, text)
        in_force = all(rules.ranges.of(key).holds(says.size) for key in keys_here)
        if not in_force:
            text = "it is signed by a key that was not in force"
            self._add("key-out-of-range", name, text)
        return bool(mine) and in_force and all(verdict.good for verdict in mine)

    def _check_consistency(self, good: Sequence[Signed]) -> None:
        roots: dict[int, bytes] = {}
        for name, _, says in good:
            if roots.setdefault(says.size, says.root) != says.root:
                text = f"two signed checkpoints of {says.size} events differ"
                self._add("equivocation", name, text)
            if says.size < self.signed_size and not self._fits(says):
                text = f"it contradicts the signed checkpoint of {self.signed_size} events"
                self._add("inconsistent-checkpoints", name, text)

    def _check_named(self, rules: Rules, checkpoints: Sequence[Signed]) -> None:
        """Compare checkpoints that events name with those that are here."""
        roots: dict[int, set[str]] = {}
        for checkpoint in checkpoints:
            roots.setdefault(checkpoint.says.size, set()).add(checkpoint.says.root.hex())
        for where, size, root in rules.checkpoints:
            if size in roots and root not in roots[size]:
                self._add("root-mismatch", where, "it names another root than the checkpoint")
            elif size and size not in roots:
                self._add("missing-file", where, f"the checkpoint of {size} events is not here")

    def _check_outside(self, origin: str) -> None:
        kept = [("an anchor", anchor.size, anchor.root) for anchor in self.anchors]
        mark = self.high_water.get(origin)
        if mark:
            kept.append(("the high-water mark", mark.size, bytes.fromhex(mark.root)))
        for who, size, root in kept:
            if size > self.size:
                text = f"{who} knows {size} events, and there are {self.size}"
                self._add("rollback", bundle.LEDGER, text)
            elif self.roots.get(size) != root:
                self._add("anchor-mismatch", bundle.LEDGER, f"{who} has another root at {size}")

    def _check_run(self, rules: Rules, name: str, run: Run) -> None:
        config = self._of_run(rules, name, bundle.CONFIG)
        if config and run.config and self.reader.sha256(config) != run.config:
            self._add("config-mismatch", config, "it is not the configuration the run recorded")
        rate = self._of_run(rules, name, bundle.CALIBRATION)
        if rate and run.calibration and self.reader.sha256(rate) != run.calibration:
            self._add("config-mismatch", rate, "it is not the calibration the run recorded")
        if run.inventory is not None:
            self._check_leaves(rules, name, run.inventory)
        if run.findings is not None:
            self._check_findings(rules, name, run.findings)
            self._check_sealed(rules, name, run.findings)

    def _of_run(self, rules: Rules, run: str, name: str) -> str | None:
        return self.reader.of_run(run, name, alone=len(rules.runs) == 1)

    def _check_leaves(self, rules: Rules, name: str, promised: JSON) -> None:
        file = self._of_run(rules, name, bundle.INVENTORY)
        if file is None:
            self._add("missing-file", f"runs/{name}/{bundle.INVENTORY}", "it was committed")
            return
        tree, rest = merkle.Tree(), b""
        with self.reader.open(file) as stream:
            while rest := stream.read(merkle.HASH_BYTES):
                if len(rest) < merkle.HASH_BYTES:
                    break
                tree.add(rest)
        if rest or tree.size != promised["count"] or tree.root().hex() != promised["root"]:
            self._add("inventory-mismatch", file, "it is not the inventory that was committed")

    def _check_findings(self, rules: Rules, name: str, promised: JSON) -> None:
        file = self._of_run(rules, name, bundle.FINDINGS)
        if file is None:
            self._add("missing-file", f"runs/{name}/{bundle.FINDINGS}", "it was committed")
            return
        tree = merkle.Tree(merkle.leaf(line) for line in self.reader.lines(file, chain.MAX_LINE))
        if tree.size != promised["count"] or tree.root().hex() != promised["root"]:
            self._add("findings-mismatch", file, "they are not the findings that were committed")

    def _check_sealed(self, rules: Rules, name: str, promised: JSON) -> None:
        file = self._of_run(rules, name, bundle.SEALED)
        if file is None:
            why = "it was erased on record" if rules.erased else "names and values cannot be opened"
            self._add("sealed-absent", f"runs/{name}/{bundle.SEALED}", why)
        elif self.reader.sha256(file) != promised["sealed_sha256"]:
            self._add("sealed-mismatch", file, "it is not the file that was committed")

    def _check_reports(self, rules: Rules) -> None:
        for name, past in sorted(rules.reports.items()):
            file = f"report/{name}"
            here = self.reader.sha256(file) if file in self.reader.names else ""
            # An issue that nobody signed yet may stand in the ledger with some of its files still
            # to get their names: then each is that of before, or its own.
            signed = [digest for number, digest in past if number < self.signed_size]
            unsigned = [digest for number, digest in past if number >= self.signed_size]
            if here in {*(signed[-1:] or [""]), *unsigned}:
                continue
            if not here:
                self._add("missing-file", shown(file), "the ledger says it was issued")
            elif any(here == digest for _, digest in past):
                text = "it was withdrawn, or a newer one was issued"
                self._add("report-superseded", shown(file), text)
            else:
                self._add("report-mismatch", shown(file), "it is not the report that was issued")
