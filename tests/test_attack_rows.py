"""The attack table of docs/custody.md, row by row, on a record as a laboratory has it.

Each row is what an attacker does to a copy of a real record, with all the keys of the laboratory
where they help. The main verifier has to name the row's code before any other, and the stand-alone
one has to give the same codes, but for those that it says it does not cover.
"""

import base64
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import custody_bundle as other
import pytest
from corpus import ROOT
from custody_case import EXAMINER, OFFICER, World, heroes
from custody_forging import Event, Forger, inserted
from scans import KNOWN_GOOD, NOTABLE
from timestamp_authority import authority

from heroes_forensics.custody import chain, keys, merkle, notes, problems, seal, verify_custody
from heroes_forensics.pipelines.checks import verifying

ALONE: Final = Path(verify_custody.__file__)
NOT_ALONE: Final = frozenset({
    "timestamp-bad", "timestamp-unchecked",  # it prints no word of tokens, and openssl checks them
    "evidence-mismatch", "evidence-segments", "hashset-mismatch", "environment-mismatch",
})  # fmt: skip
"""What the stand-alone verifier does not cover: tokens, and what somebody brings."""


@dataclass
class Attack(Forger):
    """A copy of the record, and what the verifiers are given beside it."""

    world: World = field(kw_only=True)
    outside: dict[str, Any] = field(default_factory=dict)
    path: Path | None = None
    """What is verified instead of the record: a disclosure."""
    at_home: bool = False
    """Whether the main verifier runs in the laboratory, which remembers what it saw."""

    @property
    def origin(self) -> str:
        return self.signer.name

    def kept(self) -> Path:
        """Keep the newest checkpoint somewhere else, and give it to both verifiers."""
        path = self.root.parent / "kept.txt"
        shutil.copy(self.checkpoint(self.sizes[-1]), path)
        self.outside["anchors"] = [str(path)]
        return path


@dataclass(frozen=True)
class Row:
    """One way to attack, and what has to be said of it."""

    number: int
    code: str
    exit_code: int
    attack: Callable[[Attack], object]
    also: frozenset[str]
    """Codes that follow from the attack and may be said, too."""


ROWS: Final[dict[int, list[Row]]] = {}
BROKEN: Final = 6


def row(
    number: int, code: str, *also: str, exit_code: int = BROKEN
) -> Callable[[Callable[[Attack], object]], Callable[[Attack], object]]:
    """Put an attack into the table."""

    def take(attack: Callable[[Attack], object]) -> Callable[[Attack], object]:
        found = Row(number, code, exit_code, attack, frozenset(also))
        ROWS.setdefault(number, []).append(found)
        return attack

    return take


def note(events: list[Event], at: int) -> Event:
    return inserted(events, at, "quality.noted", {"kind": "limitation", "text": "x"})


# --- the chain ------------------------------------------------------------------------------------

UNSIGNED: Final = ("root-mismatch", "manifest-mismatch", "unsigned-tail")
"""What follows when nobody signs anew."""


@row(1, "chain-broken", *UNSIGNED)
def a_byte_of_an_event(a: Attack) -> None:
    data = (a.root / "ledger.jsonl").read_bytes()
    (a.root / "ledger.jsonl").write_bytes(data.replace(b'"Court"', b'"Kourt"'))


@row(2, "root-mismatch", "unsigned-tail")
def the_last_signed_event(a: Attack) -> None:
    lines = a.lines
    last = a.sizes[-1]
    lines[last - 1] = lines[last - 1].replace(b'"counsel"', b'"someone"')
    tail = json.loads(lines[last])
    lines[last] = chain.canonical({**tail, "prev": chain.line_sha256(lines[last - 1])}) + b"\n"
    a.put(lines)
    a.publish()


@row(3, "seq-gap")
def an_event_deleted(a: Attack) -> None:
    a.forge(lambda events: events.pop(a.index("clock.checked")), renumber=False)


@row(4, "seq-order")
def events_swapped(a: Attack) -> None:
    def swap(events: list[Event]) -> None:
        at = a.index("hashset.loaded")
        events[at], events[at + 1] = events[at + 1], events[at]
        for one, two in (("time", "time"), ("mono", "mono")):
            events[at][one], events[at + 1][two] = events[at + 1][two], events[at][one]

    a.forge(swap, renumber=False)


@row(5, "chain-broken", "seq-gap")
def an_event_inserted(a: Attack) -> None:
    at = a.index("clock.checked")
    before = a.lines[at - 1]
    a.forge(
        lambda events: note(events, at).update(prev=chain.line_sha256(before), seq=at),
        link=False,
        renumber=False,
    )


@row(6, "truncated", "missing-file")
def the_tail_dropped(a: Attack) -> None:
    a.put(a.lines[: a.sizes[-2] + 1])
    a.publish()


def shortened(a: Attack) -> None:
    """Cut the disclosure off, and every checkpoint that knows of it."""
    size = a.sizes[-3] - 1
    assert a.events[size - 1]["type"] == "report.issued"
    a.put(a.lines[: size + 1])
    for longer in a.sizes:
        if longer > size:
            a.checkpoint(longer).unlink()
    a.publish()


@row(7, "rollback")
def the_newest_checkpoints_dropped_as_well(a: Attack) -> None:
    a.kept()
    shortened(a)


@row(8, "unsigned-tail", exit_code=7)
def an_event_after_the_last_checkpoint(a: Attack) -> None:
    event = note(a.events, len(a.lines))
    event.update(seq=len(a.lines), prev=chain.line_sha256(a.lines[-1]))
    a.put([*a.lines, chain.canonical(event) + b"\n"])
    a.publish()


@row(9, "torn-line")
def a_half_written_line(a: Attack) -> None:
    a.write(a.root / "ledger.jsonl", (a.root / "ledger.jsonl").read_bytes()[:-7])


# --- signatures -----------------------------------------------------------------------------------


def scope_changed(a: Attack, **more: Any) -> None:  # noqa: ANN401 - of `Forger.forge`
    at = a.index("authority.recorded")
    a.forge(lambda events: events[at]["body"].update(scope_text="one phone"), **more)


@row(10, "inconsistent-checkpoints", "root-mismatch")
def an_old_checkpoint_is_left(a: Attack) -> None:
    size = next(each for each in a.sizes if each > a.index("run.started"))
    old = a.checkpoint(size).read_bytes()
    scope_changed(a)
    a.write(a.checkpoint(size), old)


@row(11, "anchor-mismatch")
def everything_signed_anew(a: Attack) -> None:
    a.kept()
    scope_changed(a)


@row(11, "anchor-mismatch", "database-mismatch")
def everything_signed_anew_and_the_laboratory_remembers(a: Attack) -> None:
    a.at_home = True
    scope_changed(a)


@row(12, "unknown-signer", exit_code=7)
def signed_with_another_key(a: Attack) -> None:
    stranger = keys.LedgerKey(a.origin, other.private_key("stranger"))

    def edit(events: list[Event]) -> None:
        events[0]["body"]["keys"] = [str(notes.of(stranger))]

    a.forge(edit, signer=stranger)


def relined(a: Attack, size: int, change: Callable[[list[bytes]], list[bytes]]) -> None:
    text, _, rest = a.checkpoint(size).read_bytes().partition(b"\n\n")
    lines = change(rest.splitlines(keepends=True))
    a.write(a.checkpoint(size), text + b"\n\n" + b"".join(lines))


@row(13, "signature-missing", "custody-gap")
def a_signature_removed(a: Attack) -> None:
    size = next(size for size in a.sizes if a.checkpoint(size).read_bytes().count(b"\n") > 6)
    relined(a, size, lambda lines: lines[1:])


@row(13, "signature-bad", "unsigned-tail", "unknown-signer")
def a_signature_copied(a: Attack) -> None:
    first = a.checkpoint(a.sizes[0]).read_bytes().partition(b"\n\n")[2]
    relined(a, a.sizes[-1], lambda _: [first])


@row(13, "signature-bad", "custody-gap")
def a_cosignature_of_another_time(a: Attack) -> None:
    size = next(size for size in a.sizes if a.checkpoint(size).read_bytes().count(b"\n") > 6)
    found = notes.parse(a.checkpoint(size).read_bytes())
    line = found.signatures[-1]
    later = (int.from_bytes(line.payload[:8], "big") + 1).to_bytes(8, "big") + line.payload[8:]
    relined(a, size, lambda lines: [*lines[:-1], notes.line(line._replace(payload=later))])


@row(14, "equivocation", "root-mismatch")
def two_checkpoints_of_one_size(a: Attack) -> None:
    text = notes.checkpoint_text(a.origin, a.sizes[-1], b"\1" * 32)
    path = a.root / "checkpoints" / f"{a.sizes[-1]:08d}-b.txt"
    a.write(path, notes.sign(text, [a.signer]))


@row(15, "key-out-of-range", "unsigned-tail")
def a_retired_key_signs_on(a: Attack) -> None:
    rotate(a)
    size = a.sizes[-1]
    text = notes.parse(a.checkpoint(size).read_bytes()).text
    newest, *_ = keys.load_ring(a.world.root / "rotated" / "home").former_signers(a.world.ledger)
    a.signer = keys.load_ring(a.world.root / "rotated" / "home").signer(a.world.ledger)
    a.write(a.checkpoint(size), notes.sign(text, [newest, a.signer]))


def rotate(a: Attack) -> None:
    """Replace the record by one of the same laboratory after its key was replaced."""
    root = a.world.root / "rotated"
    if not root.exists():
        root.mkdir()
        shutil.copytree(a.world.home, root / "home")
        shutil.copytree(a.world.case, root / "case")
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv("HEROES_HOME", str(root / "home"))
            heroes("key", "rotate", "--reason", "yearly")
            heroes("report", root / "case")
    shutil.rmtree(a.root)
    shutil.copytree(root / "case" / "custody", a.root)


# --- clocks ---------------------------------------------------------------------------------------


def moved(event: Event, days: int) -> None:
    event["time"] = f"{int(event['time'][:4]) + days}{event['time'][4:]}"


@row(16, "time-backwards", "clock-step", exit_code=0)
def a_clock_set_back(a: Attack) -> None:
    a.change("authority.recorded", lambda event: moved(event, -1))


@row(17, "clock-step", exit_code=0)
def a_clock_moved_while_running(a: Attack) -> None:
    a.change("clock.checked", lambda event: event.update(mono=event["mono"] + 10_000_000))


@row(18, "time-vs-anchor", "time-backwards", "clock-step")
def dated_before_the_stamp_it_comes_after(a: Attack) -> None:
    a.change("case.unlocked", lambda event: moved(event, -1))


@row(18, "time-vs-anchor")
def a_stamp_said_to_be_older_than_what_it_covers(a: Attack) -> None:
    a.change(
        "ledger.anchored",
        lambda event: event["body"].update(gen_time=chain.timestamp(other.BEGIN)),
    )


@row(19, "time-future", "time-backwards", "clock-step", exit_code=0)
def dated_ahead(a: Attack) -> None:
    a.change("report.issued", lambda event: moved(event, 900))


# --- reports, evidence, findings ------------------------------------------------------------------


@row(20, "report-mismatch")
def a_page_edited(a: Attack) -> None:
    page = a.root / "report" / "report.html"
    a.write(page, page.read_bytes().replace(b"E-1", b"E-9", 1))


@row(20, "report-mismatch")
def rows_of_a_table_dropped(a: Attack) -> None:
    table = a.root / "report" / "findings.csv"
    a.write(table, b"".join(table.read_bytes().splitlines(keepends=True)[:-1]))


@row(20, "missing-file")
def a_page_dropped(a: Attack) -> None:
    (a.root / "report" / "report.html").unlink()
    a.publish()


@row(21, "report-superseded")
def an_old_page_shown_as_current(a: Attack) -> None:
    a.write(a.root / "report" / "report.html", a.world.first_page)


@row(21, "report-superseded")
def a_withdrawn_report_shown_as_current(a: Attack) -> None:
    at = a.index("report.issued", 1)
    number = a.events[at]["body"]["report"]
    withdrawn = {"report": number, "reason": "an error"}
    a.forge(lambda events: inserted(events, at + 2, "report.withdrawn", withdrawn))


def evidence_of(a: Attack) -> list[Path]:
    """Copy the segments of the second source, and give the copy to the verifier."""
    folder = a.root.parent / "evidence"
    folder.mkdir()
    parts = sorted(a.world.second.parent.glob("second.0*"))
    copies = [Path(shutil.copy(part, folder)) for part in parts]
    a.outside["evidence"] = [f"E-2/1={copies[0]}"]
    return copies


@row(22, "evidence-mismatch")
def a_byte_of_the_image(a: Attack) -> None:
    middle = evidence_of(a)[1]
    data = bytearray(middle.read_bytes())
    data[1000] ^= 1
    middle.write_bytes(data)


@row(23, "evidence-segments", "evidence-mismatch")
def a_segment_missing(a: Attack) -> None:
    evidence_of(a)[-1].unlink()


@row(23, "evidence-segments", "evidence-mismatch")
def a_segment_renamed(a: Attack) -> None:
    middle = evidence_of(a)[1]
    middle.rename(middle.with_suffix(".007"))


def commitments_of(a: Attack) -> list[bytes]:
    return a.of_run("findings.commitments.jsonl").read_bytes().splitlines(keepends=True)


@row(24, "findings-mismatch")
def a_finding_removed(a: Attack) -> None:
    a.write(a.of_run("findings.commitments.jsonl"), b"".join(commitments_of(a)[1:]))


@row(24, "findings-mismatch")
def a_finding_added(a: Attack) -> None:
    lines = commitments_of(a)
    a.write(a.of_run("findings.commitments.jsonl"), b"".join([*lines, lines[0]]))


@row(24, "findings-mismatch")
def a_finding_edited(a: Attack) -> None:
    data = b"".join(commitments_of(a)).replace(b"F-000003", b"F-000009")
    a.write(a.of_run("findings.commitments.jsonl"), data)


@row(24, "missing-file")
def the_findings_dropped(a: Attack) -> None:
    a.of_run("findings.commitments.jsonl").unlink()
    a.publish()


@row(25, "sealed-mismatch")
def the_sealed_part_swapped(a: Attack) -> None:
    a.write(a.of_run("sealed.age"), a.of_run("sealed.age", 1).read_bytes())


# --- disclosures ----------------------------------------------------------------------------------


def disclosed(a: Attack, change: Callable[[Event], object]) -> None:
    whole = json.loads(a.world.disclosed.read_bytes())
    change(whole)
    a.path = a.root.parent / "disclosure.json"
    a.path.write_bytes(chain.canonical(whole) + b"\n")


@row(26, "opening-bad")
def another_value_opened(a: Attack) -> None:
    disclosed(a, lambda whole: whole["openings"][0].update(value="5a" * 32))


@row(26, "opening-bad")
def the_value_of_another_field_opened(a: Attack) -> None:
    disclosed(a, lambda whole: whole["openings"][0].update(name="hash_sha1"))


@row(27, "disclosure-foreign", "proof-bad")
def of_another_run(a: Attack) -> None:
    at = a.index("findings.committed", 1)
    leaves = [merkle.leaf(line) for line in a.lines[: a.sizes[-1]]]

    def change(whole: Event) -> None:
        size = notes.read_checkpoint(notes.parse(whole["checkpoint"].encode()).text).size
        path = [base64.b64encode(step).decode() for step in merkle.inclusion(leaves[:size], at)]
        whole["event"] = {"index": at, "line": a.lines[at].decode(), "path": path}

    disclosed(a, change)


@row(28, "proof-bad")
def an_inner_node_as_a_leaf(a: Attack) -> None:
    def change(whole: Event) -> None:
        finding = whole["finding"]
        finding["path"] = finding["path"][1:]
        finding["index"] >>= 1

    disclosed(a, change)


# --- what a run rested on -------------------------------------------------------------------------


@row(29, "hashset-mismatch")
def another_hash_set(a: Attack) -> None:
    entries = json.loads(NOTABLE.read_bytes())
    path = a.root.parent / "notable.json"
    path.write_text(json.dumps(entries, indent=1))
    a.outside["hashsets"] = [str(KNOWN_GOOD), f"demo-notable={path}"]


@row(30, "config-mismatch")
def other_settings(a: Attack) -> None:
    config = a.of_run("config.yaml")
    changed = config.read_bytes().replace(b"standard", b"triage")
    assert changed != config.read_bytes()
    a.write(config, changed)


@row(31, "environment-mismatch")
def another_program(a: Attack) -> None:
    a.outside["installation"] = True
    a.change("environment.recorded", lambda event: event["body"].update(program_sha256="5a" * 32))


@row(31, "environment-mismatch")
def another_library(a: Attack) -> None:
    a.outside["installation"] = True
    a.change("environment.recorded", lambda event: event["body"].update(packages_sha256="5a" * 32))


# --- the byte form --------------------------------------------------------------------------------

ODD: Final[dict[str, Callable[[bytes], bytes]]] = {
    "a key twice": lambda line: line.replace(b'"v":1}', b'"v":1,"v":1}'),
    "an odd escape": lambda line: line.replace(b'"Court"', b'"\\u0043ourt"'),
    "blanks": lambda line: line.replace(b'":"', b'": "', 1),
    "a float": lambda line: line.replace(b'"v":1}', b'"v":1.0}'),
    "CRLF": lambda line: line + b"\r",
    "a byte order mark": lambda line: b"\xef\xbb\xbf" + line,
}


def odd(change: Callable[[bytes], bytes]) -> Callable[[Attack], object]:
    def encode(event: Event) -> bytes:
        line = chain.canonical(event)
        return change(line) if event["type"] == "authority.recorded" else line

    return lambda a: a.forge(lambda _: None, encode=encode)


for _change in ODD.values():
    row(32, "not-canonical", "unauthorised-work", "seq-gap")(odd(_change))


@row(33, "chain-broken", "seq-gap", "time-vs-anchor", "time-backwards")
def an_event_of_another_ledger(a: Attack) -> None:
    other.begin(a.root.parent / "other")
    foreign = (a.root.parent / "other" / "ledger.jsonl").read_bytes().splitlines()[4]
    at = a.index("clock.checked")

    def encode(event: Event) -> bytes:
        return foreign if event["seq"] == at else chain.canonical(event)

    a.forge(lambda _: None, encode=encode)


@row(34, "bad-genesis")
def opened_twice(a: Attack) -> None:
    a.change(
        "clock.checked", lambda event: event.update(type="ledger.opened", body=a.events[0]["body"])
    )


@row(34, "bad-genesis", "signature-missing", "unsigned-tail", "unknown-signer",
     "manifest-signature-bad", "manifest-mismatch", "schema", "custody-gap")  # fmt: skip
def never_opened(a: Attack) -> None:
    a.forge(lambda events: events.pop(0))


# --- people ---------------------------------------------------------------------------------------


@row(35, "custody-gap", exit_code=0)
def a_transfer_without_the_receiver(a: Attack) -> None:
    size = a.index("custody.transferred") + 1
    name = f"lab.example/person/{EXAMINER}".encode()
    relined(a, size, lambda lines: [line for line in lines if name not in line])


@row(35, "custody-gap", exit_code=0)
def from_somebody_who_had_it_not(a: Attack) -> None:
    at = a.index("custody.transferred")
    body = a.events[at]["body"]
    a.forge(lambda events: inserted(events, at + 1, "custody.transferred", body))


@row(36, "unauthorised-work", exit_code=0)
def on_evidence_never_registered(a: Attack) -> None:
    a.change("evidence.registered", lambda event: event["body"].update(evidence="E-7/1"))


@row(36, "unauthorised-work", exit_code=0)
def after_the_authority_ended(a: Attack) -> None:
    a.change("authority.recorded", lambda event: event["body"].update(valid_to="2020-01-02"))


@row(36, "unauthorised-work", exit_code=0)
def before_the_authority_began(a: Attack) -> None:
    a.change("authority.recorded", lambda event: event["body"].update(valid_from="2990-01-01"))


@row(36, "unauthorised-work", exit_code=0)
def by_somebody_who_does_not_hold_it(a: Attack) -> None:
    actor = {"id": OFFICER, "kind": "person"}
    a.change("run.started", lambda event: event.update(actor=actor))


@row(36, "unauthorised-work", exit_code=0)
def without_verifying_it(a: Attack) -> None:
    a.change("evidence.verified", unsaid, 1)


def unsaid(event: Event) -> None:
    event.update(type="quality.noted", body={"kind": "limitation", "text": "x"})


@row(37, "run-incomplete", exit_code=0)
def a_run_without_end(a: Attack) -> None:
    a.change("run.completed", unsaid)


@row(37, "run-incomplete", exit_code=0)
def a_run_without_coverage(a: Attack) -> None:
    a.change("coverage.declared", unsaid)


@row(37, "count-mismatch", exit_code=0)
def a_file_hidden(a: Attack) -> None:
    def less(event: Event) -> None:
        event["body"]["files_seen"] -= 1
        event["body"]["files_hashed"] -= 1

    a.change("run.completed", less)


@row(37, "count-mismatch", exit_code=0)
def a_file_counted_twice(a: Attack) -> None:
    def more(event: Event) -> None:
        event["body"]["files_hashed"] += 1

    a.change("run.completed", more)


@row(38, "", exit_code=0)
def the_sealed_part_opened_without_an_event(a: Attack) -> None:
    """Nothing of it is in the record: that is said in docs/custody.md, and only keys help."""
    ring = keys.load_ring(a.world.home)
    assert seal.open_sealed(a.of_run("sealed.age").read_bytes(), [ring.identity])


# --- bounds ---------------------------------------------------------------------------------------


@row(39, "unsafe-input", "missing-file")
def a_link_out(a: Attack) -> None:
    page = a.root / "report" / "report.html"
    page.unlink()
    page.symlink_to("/etc/passwd")


@row(39, "unsafe-input", "missing-file")
def a_folder_linked_out(a: Attack) -> None:
    (a.root / "report").rename(a.root.parent / "elsewhere")
    (a.root / "report").symlink_to(a.root.parent / "elsewhere")


@row(39, "unsafe-input")
def a_pipe(a: Attack) -> None:
    os.mkfifo(a.root / "pipe")


@row(39, "unsafe-input")
def a_manifest_that_leads_out(a: Attack) -> None:
    path = a.root / "MANIFEST.sha256"
    path.write_bytes(path.read_bytes() + f"{'5a' * 32}  ../../etc/passwd\n".encode())
    (a.root / "MANIFEST.sha256.sig").write_bytes(a.signer.sign(path.read_bytes()))


@row(39, "unsafe-input", "seq-gap")
def a_huge_line(a: Attack) -> None:
    a.write(a.root / "ledger.jsonl", b"".join([*a.lines, b" " * (chain.MAX_LINE + 1) + b"\n"]))


@row(39, "unsafe-input", "unsigned-tail")
def a_deep_line(a: Attack) -> None:
    deep = b"[" * 100_000 + b"]" * 100_000 + b"\n"
    a.write(a.root / "ledger.jsonl", b"".join([*a.lines, deep]))


@row(39, "unsafe-input", "missing-file", "signature-missing")
def a_huge_checkpoint(a: Attack) -> None:
    path = a.checkpoint(a.sizes[0])
    a.write(path, path.read_bytes() + b"x" * notes.MAX_NOTE)


def reply_of(a: Attack) -> Path:
    found = next((a.root / "timestamps").glob("*.tsr"), None)
    if found is None:
        pytest.skip("openssl, which plays the authority, is not installed")
    return found


@row(40, "timestamp-bad")
def a_token_of_another_text(a: Attack) -> None:
    reply = reply_of(a)
    size = a.sizes[0]
    a.write(reply.with_name(f"{size:08d}.tsr"), reply.read_bytes())


@row(40, "timestamp-bad")
def a_token_of_another_authority(a: Attack) -> None:
    reply, foreign = reply_of(a), a.root.parent / "foreign.tsr"
    authority(a.root.parent / "stranger").reply(reply.with_suffix(".tsq"), foreign)
    a.write(reply, foreign.read_bytes())


@row(41, "suspicious-name", exit_code=0)
def a_name_that_looks_alike(a: Attack) -> None:
    line = "\u2014 l\u0430b.example/custody AAAAAAAA\n".encode()
    relined(a, a.sizes[-1], lambda lines: [*lines, line])


# --- the verifiers --------------------------------------------------------------------------------


@pytest.fixture
def attack(custody_world: World, tmp_path: Path) -> Attack:
    root = Path(shutil.copytree(custody_world.bundle, tmp_path / "bundle"))
    return Attack(root, custody_world.signer, custody_world.people, world=custody_world)


def main_verifier(a: Attack, home: Path) -> tuple[int, list[str]]:
    """Return the exit code and all codes in their order."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("HEROES_HOME", str(a.world.home if a.at_home else home))
        given = {**a.outside, "roots": a.world.roots} if a.path is None else {}
        found = verifying.verify(a.path or a.root, trusted=[a.world.vkey], **given)
    rows: Any = found["problems"]
    assert "tamper" not in json.dumps(found)
    assert [row["class"] for row in rows] == [problems.class_of(row["code"]) for row in rows]
    code = found["exit_code"]
    assert isinstance(code, int)
    return code, [row["code"] for row in rows]


def alone(a: Attack, *options: str) -> tuple[int, set[str]]:
    """Let the one file verify by itself: no packages, no environment."""
    kept = [part for path in a.outside.get("anchors", ()) for part in ("--anchor", path)]
    command = [sys.executable, "-I", "-S", ALONE, a.path or a.root, "--json"]
    done = subprocess.run(
        [*map(str, command), "--key", a.world.vkey, *kept, *options],
        capture_output=True, check=False, env={}, cwd="/", timeout=120,
    )  # fmt: skip
    assert done.stderr == b""
    return done.returncode, {row["code"] for row in json.loads(done.stdout)["problems"]}


def test_the_record_itself_verifies(attack: Attack, tmp_path: Path) -> None:
    assert main_verifier(attack, tmp_path) == (0, [])
    assert alone(attack) == (0, set())
    attack.forge(lambda _: None)  # nothing changed: written anew, it is what it was
    assert main_verifier(attack, tmp_path) == (0, [])
    assert attack.lines == Attack(attack.world.bundle, attack.signer, world=attack.world).lines


@pytest.mark.parametrize("number", sorted(ROWS), ids=str)
def test_a_row_of_the_attack_table(number: int, attack: Attack, tmp_path: Path) -> None:
    for index, way in enumerate(ROWS[number]):
        again = tmp_path / str(index)
        again.mkdir()
        root = Path(shutil.copytree(attack.root, again / "bundle"))
        one = Attack(root, attack.signer, attack.people, world=attack.world)
        way.attack(one)
        what = getattr(way.attack, "__name__", str(index))
        code, codes = main_verifier(one, again)
        assert codes[:1] == [way.code][: len(way.code)], (what, codes)
        assert set(codes) <= {way.code, *way.also}, (what, codes)
        assert code == way.exit_code, (what, codes)
        aside = NOT_ALONE | ({way.code, *way.also} if one.at_home else set())
        found = alone(one)
        assert found[1] - aside == set(codes) - aside, what
        if not set(codes) & aside:
            assert found[0] == code, what


def test_what_is_incomplete_is_refused_by_a_strict_policy(attack: Attack, tmp_path: Path) -> None:
    attack.outside["strict"] = True
    a_clock_moved_while_running(attack)
    code, codes = main_verifier(attack, tmp_path)
    assert (code, set(codes)) == (7, {"clock-step"})
    assert alone(attack, "--strict") == (7, {"clock-step"})


def test_without_outside_knowledge_a_well_made_forgery_is_consistent(
    attack: Attack, tmp_path: Path
) -> None:
    """What docs/custody.md says cannot be known: rows 7 and 11 show what anchors are for."""
    scope_changed(attack)
    assert main_verifier(attack, tmp_path) == (0, [])
    shortened(attack)
    assert main_verifier(attack, tmp_path) == (0, [])


ELSEWHERE: Final = {
    "case-local-key": "test_custody_checks",
    "database-mismatch": "test_store_integrity",
    "environment-unchecked": "test_pipelines_brought",
    "evidence-unchecked": "test_pipelines_rehashing",
    "extra-file": "test_custody_checks",
    "few-recipients": "test_custody_checks",
    "inventory-mismatch": "test_custody_checks",
    "manifest-mismatch": "test_custody_checks",
    "manifest-missing": "test_custody_checks",
    "manifest-signature-bad": "test_custody_checks",
    "not-rebuilt": "test_pipelines_rehashing",
    "pdf-signature-bad": "test_pipelines_report_signing",
    "pdf-signature-unchecked": "test_pipelines_report_signing",
    "schema": "test_custody_checks",
    "sealed-absent": "test_custody_checks",
    "timestamp-unchecked": "test_custody_timestamp",
    "unknown-type": "test_custody_checks",
}
"""Codes that belong to no row, and what reaches them."""


def test_every_code_is_reached() -> None:
    rows = {way.code for ways in ROWS.values() for way in ways} - {""}
    assert rows | ELSEWHERE.keys() == set(problems.CODES)
    assert not rows & ELSEWHERE.keys()
    for code, module in ELSEWHERE.items():
        text = (ROOT / "tests" / f"{module}.py").read_text()
        assert f'"{code}"' in text or code == "database-mismatch"


def test_the_table_has_41_rows_and_the_page_names_each() -> None:
    assert sorted(ROWS) == list(range(1, 42))
    page = (ROOT / "docs" / "custody.md").read_text()
    for number, ways in ROWS.items():
        named = f"`test_a_row_of_the_attack_table[{number}]`"
        line = next(line for line in page.splitlines() if line.startswith(f"| {number} |"))
        assert named in line
        for way in ways:
            assert not way.code or f"`{way.code}`" in line, (number, way.code)
