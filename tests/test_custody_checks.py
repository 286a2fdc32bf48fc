"""Bundles that are altered or incomplete; the two verifiers must agree on each.

The table of attacks itself, on a record of real scans: test_attack_rows.
"""

import json
import os
import shutil
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import custody_bundle as made
import pytest
from conftest import Tools
from custody_bundle import both
from hypothesis import given
from hypothesis import strategies as st

from heroes_forensics.custody import chain, checks, keys, merkle, notes, problems
from heroes_forensics.custody.bundle import Bundle
from heroes_forensics.custody.highwater import Mark
from heroes_forensics.errors import EvidenceError, UsageError
from heroes_forensics.model import JSON

RUN = f"runs/{made.RUN}"
ORIGIN = made.SIGNER.name


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Make the bundle once; tests work on copies."""
    folder = tmp_path_factory.mktemp("custody") / "bundle"
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(os, "fsync", lambda _: None)
        made.scanned(folder)
        yield folder


@pytest.fixture
def bundle(whole: Path, tmp_path: Path) -> Path:
    """Return a copy that a test may spoil."""
    return Path(shutil.copytree(whole, tmp_path / "bundle", symlinks=True))


def lines_of(folder: Path) -> list[bytes]:
    return (folder / "ledger.jsonl").read_bytes().splitlines(keepends=True)


def put(folder: Path, lines: list[bytes]) -> None:
    (folder / "ledger.jsonl").write_bytes(b"".join(lines))


def find(folder: Path, kind: str) -> int:
    return next(
        number for number, line in enumerate(lines_of(folder)) if json.loads(line)["type"] == kind
    )


def change(folder: Path, kind: str, edit: Callable[[JSON], object]) -> None:
    """Edit the first event of a type, link and sign everything anew, as the key's owner can."""

    def apply(events: list[JSON]) -> list[JSON]:
        event = next(event for event in events if event["type"] == kind)
        edit(event)
        return _roots(events)

    lines = made.rewritten(folder, apply)
    made.resign(folder, lines)
    made.republish(folder)


def _roots(events: list[JSON]) -> list[JSON]:
    """Let the events that name checkpoints name the new ones."""
    previous = chain.GENESIS
    leaves: list[bytes] = []
    for number, event in enumerate(events):
        body = event["body"]
        if event["type"] == "ledger.checkpointed" and isinstance(body, dict):
            body["root"] = merkle.root(leaves[: int(str(body["size"]))]).hex()
        line = chain.canonical({**event, "seq": number, "prev": previous}) + b"\n"
        previous = chain.line_sha256(line)
        leaves.append(merkle.leaf(line))
    return events


def body_of(event: JSON) -> JSON:
    body = event["body"]
    assert isinstance(body, dict)
    return body


# --- a good bundle -----------------------------------------------------------------------------


def test_a_bundle_of_a_whole_scan_verifies(bundle: Path) -> None:
    seen = both(bundle)
    assert (set(seen.codes), seen.exit_code) == (set(), 0)
    assert both(bundle, strict=True).exit_code == 0


def test_without_knowing_the_key_it_is_consistent_only(bundle: Path) -> None:
    seen = both(bundle, trust=None)
    assert (set(seen.codes), seen.exit_code) == ({"unknown-signer"}, 7)
    stranger = keys.LedgerKey(made.DOMAIN, made.private_key("stranger"))
    assert both(bundle, trust=str(notes.of(stranger))).exit_code == 7


@pytest.mark.parametrize("name", ["lab.example/custody", "lab", "lab.example.org", ORIGIN + "x"])
def test_a_key_is_trusted_under_its_own_name_alone(bundle: Path, name: str) -> None:
    other = keys.LedgerKey(name, made.private_key("ledger"))
    assert both(bundle, trust=str(notes.of(other))).codes == {"unknown-signer"}
    assert both(bundle, trust=str(notes.of(made.SIGNER))).exit_code == 0


def test_what_it_found_is_told_in_words_and_in_json(bundle: Path) -> None:
    found = checks.verify_bundle(bundle, trust=[made.LAB])
    assert found.text() == found.headline == "verifies"
    facts = found.as_json()
    assert facts["events"] == 23
    assert facts["signed_events"] == 22
    assert facts["signers"] == [str(notes.of(made.SIGNER))]
    (bundle / "keys" / "ledger.pem").unlink()
    found = checks.verify_bundle(bundle, trust=[made.LAB])
    assert found.headline.startswith("does not verify: keys/ledger.pem")
    assert json.dumps(found.as_json())


def test_a_case_local_key_is_said_to_be_one(tmp_path: Path) -> None:
    signer = keys.LedgerKey(
        keys.origin(keys.CASE_LOCAL_DOMAIN, made.LEDGER_ID), made.private_key("case")
    )
    made.scanned(tmp_path / "b", signer)
    seen = both(tmp_path / "b", trust=None)
    assert (set(seen.codes), seen.exit_code) == ({"case-local-key", "unknown-signer"}, 7)


def test_a_run_that_was_killed_is_incomplete_and_not_broken(tmp_path: Path) -> None:
    writer = made.begin(tmp_path / "b")
    made.start_run(writer)
    seen = both(tmp_path / "b")
    assert seen.codes == {
        "manifest-missing",
        "run-incomplete",
        "unauthorised-work",
        "unsigned-tail",
    }
    assert seen.exit_code == 7


def test_a_run_that_was_taken_up_again_is_complete(tmp_path: Path) -> None:
    for number, how in enumerate(("resumed", "resume_of")):
        folder = tmp_path / str(number)
        writer = made.begin(folder)
        made.start_run(writer)
        body: JSON = {"run": made.RUN, "cause": "signal", "done_through": 3}
        writer.event("run.interrupted", body)
        writer.checkpoint("interrupted")
        writer.publish()
        seen = both(folder)
        assert seen.codes == {"run-incomplete", "unauthorised-work"}
        assert seen.exit_code == 0
        assert both(folder, strict=True).exit_code == 7
        writer.bundle.unpublish()
        if how == "resumed":
            writer.event("run.resumed", {"run": made.RUN})
            made.end_run(writer)
        else:
            again = made.RUN.replace("2", "9", 1)
            made.start_run(writer, again, resume_of=made.RUN)
            made.end_run(writer, again)
        writer.publish()
        assert both(folder).codes == set()


def test_a_second_report_takes_the_place_of_the_first(tmp_path: Path) -> None:
    folder = tmp_path / "b"
    writer = made.scanned(folder)
    old = (folder / "report/report.html").read_bytes()
    writer.bundle.unpublish()
    made.report(writer, version=2)
    writer.publish()
    assert both(folder).codes == set()
    (folder / "report/report.html").write_bytes(old)
    made.republish(folder)
    seen = both(folder)
    assert (set(seen.codes), seen.exit_code) == ({"report-superseded"}, 6)


# --- further ways to alter a record; those of the table stand in test_attack_rows -----------------


def edit_byte(folder: Path) -> None:
    data = (folder / "ledger.jsonl").read_bytes()
    (folder / "ledger.jsonl").write_bytes(data.replace(b'"warrant"', b'"Warrant"'))


def foreign_checkpoint(folder: Path) -> None:
    text = notes.checkpoint_text("lab.example/custody/other", 1, b"\1" * 32)
    (folder / "checkpoints/00000001.txt").write_bytes(notes.sign(text, [made.SIGNER]))


def malformed_checkpoint(folder: Path) -> None:
    (folder / "checkpoints/00000001.txt").write_bytes(b"signed, believe me\n")


def drop_named_checkpoint(folder: Path) -> None:
    (folder / "checkpoints/00000001.txt").unlink()
    made.republish(folder)


def move_clock(folder: Path) -> None:
    change(folder, "run.started", lambda event: event.update(mono=int(str(event["mono"])) + 1))
    assert both(folder).codes == set()  # a drift is no step
    change(folder, "run.started", lambda event: event.update(mono=8_999_999))


def drop_sealed(folder: Path) -> None:
    (folder / RUN / "sealed.age").unlink()
    made.republish(folder)


def cut_inventory(folder: Path) -> None:
    path = folder / RUN / "inventory.leaves"
    path.write_bytes(path.read_bytes()[:-32])
    made.republish(folder)


def ragged_inventory(folder: Path) -> None:
    path = folder / RUN / "inventory.leaves"
    path.write_bytes(path.read_bytes() + b"x")
    made.republish(folder)


def foreign_key(folder: Path) -> None:
    other = keys.LedgerKey("lab.example/custody/other", made.private_key("ledger"))
    change(
        folder, "ledger.opened", lambda event: body_of(event).update(keys=[str(notes.of(other))])
    )


def malformed_key(folder: Path) -> None:
    change(folder, "ledger.opened", lambda event: body_of(event)["keys"].append("x+00000000+AA=="))  # type: ignore[attr-defined]


def foreign_origin(folder: Path) -> None:
    change(folder, "ledger.opened", lambda event: body_of(event).update(ledger=made.RUN))


def unknown_authority(folder: Path) -> None:
    change(folder, "run.started", lambda event: body_of(event).update(authority="GS 99/26"))


def no_start(folder: Path) -> None:
    change(
        folder,
        "run.started",
        lambda event: event.update(type="quality.noted", body={"kind": "limitation", "text": "x"}),
    )


def hide_a_reason(folder: Path) -> None:
    change(folder, "run.completed", lambda event: body_of(event).update(errors_by_kind={}))


def other_manifest(folder: Path) -> None:
    Bundle(folder).publish(made.SIGNER, ledger=made.RUN, time="2026-03-04T05:06:07.000000Z")


def short_manifest(folder: Path) -> None:
    path = folder / "MANIFEST.sha256"
    rows = path.read_bytes().splitlines(keepends=True)
    data = b"".join(row for row in rows if b"ledger.jsonl" not in row)
    path.write_bytes(data)
    (folder / "MANIFEST.sha256.sig").write_bytes(made.SIGNER.sign(data))


def unsigned_manifest(folder: Path) -> None:
    (folder / "MANIFEST.sha256.sig").unlink()


def no_manifest(folder: Path) -> None:
    Bundle(folder).unpublish()


def drop_listed(folder: Path) -> None:
    (folder / "keys/witness-1.pem").unlink()


def drop_ledger(folder: Path) -> None:
    (folder / "ledger.jsonl").unlink()


def extra(folder: Path) -> None:
    (folder / "notes.txt").write_bytes(b"x")


def more_than_the_inventory(folder: Path) -> None:
    """The sums of the run agree with one another, and not with the inventory."""
    counts = {"files_seen": 13, "files_hashed": 10}
    change(folder, "run.completed", lambda event: body_of(event).update(counts))


def seal_to_one(folder: Path) -> None:
    change(
        folder, "findings.committed", lambda event: body_of(event).update(recipients=["working"])
    )


def unknown_type(folder: Path) -> None:
    change(folder, "policy.declared", lambda event: event.update(type="weather.observed"))


def wrong_body(folder: Path) -> None:
    change(folder, "policy.declared", lambda event: body_of(event).update(names="open"))


def wrong_named_root(folder: Path) -> None:
    def edit(events: list[JSON]) -> list[JSON]:
        body_of(events[1])["root"] = "ab" * 32
        return events

    made.resign(folder, made.rewritten(folder, edit))
    made.republish(folder)


Attack = Callable[[Path], None]
ATTACKS: dict[str, tuple[Attack, set[str], int]] = {
    "14 a checkpoint of another ledger": (foreign_checkpoint, {"root-mismatch"}, 6),
    "13 a checkpoint that is none": (malformed_checkpoint, {"signature-bad", "missing-file"}, 6),
    "7 a checkpoint dropped that an event names": (drop_named_checkpoint, {"missing-file"}, 6),
    "17 a clock moved": (move_clock, {"clock-step"}, 0),
    "25 sealed to one recipient": (seal_to_one, {"few-recipients"}, 0),
    "25 the sealed part dropped": (drop_sealed, {"sealed-absent"}, 0),
    "the inventory cut": (cut_inventory, {"inventory-mismatch"}, 6),
    "the inventory with a rest": (ragged_inventory, {"inventory-mismatch"}, 6),
    "34 a ledger key of another name": (foreign_key, {"bad-genesis"}, 6),
    "34 a malformed key": (malformed_key, {"bad-genesis"}, 6),
    "34 an origin of another ledger": (foreign_origin, {"bad-genesis"}, 6),
    "36 an authority nobody recorded": (unknown_authority, {"unauthorised-work"}, 0),
    "37 a run without start": (no_start, {"run-incomplete"}, 0),
    "37 a reason hidden": (hide_a_reason, {"count-mismatch"}, 0),
    "37 files that no inventory holds": (more_than_the_inventory, {"count-mismatch"}, 0),
    "a manifest of another ledger": (other_manifest, {"manifest-mismatch"}, 6),
    "a manifest without the ledger": (short_manifest, {"manifest-mismatch", "extra-file"}, 6),
    "a manifest without signature": (unsigned_manifest, {"manifest-signature-bad"}, 6),
    "no manifest": (no_manifest, {"manifest-missing"}, 7),
    "a listed file dropped": (drop_listed, {"missing-file"}, 6),
    "the ledger dropped": (drop_ledger, {"missing-file"}, 6),
    "a file too many": (extra, {"extra-file"}, 0),
    "an event type nobody knows": (unknown_type, {"unknown-type"}, 0),
    "a body of another form": (wrong_body, {"schema"}, 6),
    "another root named": (wrong_named_root, {"root-mismatch"}, 6),
}


@pytest.mark.parametrize(("attack", "codes", "exit_code"), ATTACKS.values(), ids=ATTACKS)
def test_an_attack_is_reported(
    attack: Attack, codes: set[str], exit_code: int, bundle: Path
) -> None:
    attack(bundle)
    seen = both(bundle)
    assert codes <= seen.codes
    assert seen.exit_code == exit_code
    classes = {problems.class_of(code) for code in seen.codes}
    if exit_code == 6:
        assert problems.BROKEN in classes
    elif problems.INCOMPLETE in classes:
        assert both(bundle, strict=True).exit_code == 7


def test_tail_and_newest_checkpoints_dropped_are_found_by_whoever_saw_more(bundle: Path) -> None:
    kept = bundle.parent / "kept.txt"
    shutil.copy(bundle / "checkpoints/00000022.txt", kept)
    newest = notes.read_checkpoint(notes.parse(kept.read_bytes()).text)
    put(bundle, lines_of(bundle)[:21])
    (bundle / "checkpoints/00000022.txt").unlink()
    shutil.rmtree(bundle / "report")
    made.republish(bundle)
    assert both(bundle).codes == set()
    mark = {ORIGIN: Mark(newest.size, newest.root.hex())}
    found = checks.verify_bundle(bundle, trust=[made.LAB], high_water=mark)
    assert (set(found.codes), found.exit_code) == ({"rollback"}, 6)
    anchors = [checks.Anchor(newest.size, newest.root)]
    assert checks.verify_bundle(bundle, trust=[made.LAB], anchors=anchors).codes == {"rollback"}
    code, text = made.alone([str(bundle), "--key", made.LAB, "--anchor", str(kept), "--json"])
    assert (code, {row["code"] for row in json.loads(text)["problems"]}) == (6, {"rollback"})
    assert checks.verify_bundle(bundle, high_water={"other": mark[ORIGIN]}).exit_code == 7


def test_a_high_water_mark_of_another_history_is_found(bundle: Path) -> None:
    mark = {ORIGIN: Mark(20, "ab" * 32)}
    found = checks.verify_bundle(bundle, trust=[made.LAB], high_water=mark)
    assert found.codes == {"anchor-mismatch"}


@given(st.integers(0, 9_000))
def test_a_ledger_cut_anywhere_is_broken(whole: Path, length: int) -> None:
    path = whole / "ledger.jsonl"
    good = path.read_bytes()
    path.write_bytes(good[:length])
    try:
        seen = both(whole)
        assert seen.exit_code == 6
        assert "truncated" in seen.codes
        assert ("torn-line" in seen.codes) == (length > 0 and good[length - 1 : length] != b"\n")
    finally:
        path.write_bytes(good)


@given(
    st.sampled_from(["ledger.jsonl", "MANIFEST.sha256", "checkpoints/00000022.txt"]),
    st.sampled_from([0, 100, 200, -1, None]),
    st.binary(max_size=400),
)
def test_no_bytes_make_a_verifier_crash(
    whole: Path, name: str, keep: int | None, junk: bytes
) -> None:
    path = whole / name
    good = path.read_bytes()
    try:
        path.write_bytes(good[:keep] + junk)
        both(whole)
    finally:
        path.write_bytes(good)


def test_verification_changes_nothing(bundle: Path) -> None:
    def state() -> list[tuple[str, int, bytes]]:
        return [
            (name, (bundle / name).stat().st_mtime_ns, (bundle / name).read_bytes())
            for name in sorted(made.files(bundle))
        ]

    before = state()
    for path in [bundle, *bundle.rglob("*")]:
        path.chmod(0o500 if path.is_dir() else 0o400)
    both(bundle)
    assert state() == before


def test_what_is_no_bundle_cannot_be_read(tmp_path: Path) -> None:
    for path in (tmp_path, tmp_path / "missing", Path("/dev/null")):
        with pytest.raises(EvidenceError):
            checks.verify_bundle(path)
        assert made.alone([str(path)])[0] == 20


def test_a_malformed_key_to_trust_is_a_wrong_request(bundle: Path) -> None:
    with pytest.raises(UsageError):
        checks.verify_bundle(bundle, trust=["nonsense"])


def test_many_problems_of_one_kind_are_counted(bundle: Path) -> None:
    for number in range(40):
        (bundle / f"x{number}").write_bytes(b"")
    found = checks.verify_bundle(bundle)
    rows = [problem for problem in found.problems if problem.code == "extra-file"]
    assert len(rows) == problems.SHOWN + 1
    assert rows[-1].text == "and 15 more of the same kind"


def test_a_verifier_has_its_own_clock(bundle: Path) -> None:
    early = made.BEGIN - timedelta(days=1)
    assert "time-future" in checks.verify_bundle(bundle, now=early).codes
    assert "time-future" not in checks.verify_bundle(bundle, now=datetime.now(UTC)).codes


def test_names_that_are_not_plain_are_shown_escaped(tmp_path: Path) -> None:
    name = f"lаb.example/custody/{made.LEDGER_ID}"  # noqa: RUF001 - the second letter is Cyrillic
    made.scanned(tmp_path / "b", replace(made.SIGNER, name=name))
    found = checks.verify_bundle(tmp_path / "b")
    assert "suspicious-name" in both(tmp_path / "b").codes
    assert found.text().isascii()
    assert "\\u0430" in found.text()


# --- without this program ----------------------------------------------------------------------


def test_two_commands_of_an_auditor(bundle: Path, tool: Tools) -> None:
    signature = [tool("openssl"), "pkeyutl", "-verify", "-pubin", "-inkey", "keys/ledger.pem"]
    signature += ["-rawin", "-in", "MANIFEST.sha256", "-sigfile", "MANIFEST.sha256.sig"]
    sums = [tool("sha256sum"), "--check", "--strict", "MANIFEST.sha256"]
    for command in (signature, sums):
        subprocess.run(command, cwd=bundle, check=True, capture_output=True)
    (bundle / "report/report.html").write_bytes(b"x")
    assert subprocess.run(sums, cwd=bundle, check=False, capture_output=True).returncode
    with (bundle / "MANIFEST.sha256").open("ab") as stream:
        stream.write(b"#\n")
    assert subprocess.run(signature, cwd=bundle, check=False, capture_output=True).returncode


def test_the_chain_by_shell(bundle: Path, tool: Tools) -> None:
    script = """
    p=0000000000000000000000000000000000000000000000000000000000000000
    while IFS= read -r line; do
        case $line in *'"prev":"'$p'"'*) ;; *) exit 1 ;; esac
        p=$(printf '%s\\n' "$line" | sha256sum | cut -d' ' -f1)
    done < ledger.jsonl
    """
    tool("sha256sum")
    assert subprocess.run(["sh", "-c", script], cwd=bundle, check=False).returncode == 0
    edit_byte(bundle)
    assert subprocess.run(["sh", "-c", script], cwd=bundle, check=False).returncode == 1


def test_a_checkpoint_by_shell(bundle: Path, tool: Tools) -> None:
    openssl = tool("openssl")
    script = f"""
    sed '/^$/,$d' checkpoints/00000022.txt > text
    grep '^— {ORIGIN} ' checkpoints/00000022.txt | cut -d' ' -f3 | base64 -d | tail -c 64 > sig
    {openssl} pkeyutl -verify -pubin -inkey keys/ledger.pem -rawin -in text -sigfile sig
    """
    assert (
        subprocess.run(
            ["sh", "-ec", script], cwd=bundle, check=False, capture_output=True
        ).returncode
        == 0
    )
