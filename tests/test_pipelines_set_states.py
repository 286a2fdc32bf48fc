"""Where a set comes from and what was decided on it, through whole scans."""

import json
from hashlib import md5
from pathlib import Path
from signal import SIGKILL
from typing import Any

import pytest
from cli_runner import here
from publishing import PUBLISHER, Signer, publish
from scans import folder, resumed, scanned
from test_pipelines_report_model import reported
from test_pipelines_resuming import killed_at

from heroes_forensics.errors import HashSetError, UsageError
from heroes_forensics.hashsets import governing, manifest
from heroes_forensics.hashsets.editions import check_usable
from heroes_forensics.hashsets.states import DECISIONS
from heroes_forensics.pipelines.batches import manifest as batch
from heroes_forensics.pipelines.case import laboratory, settings
from heroes_forensics.pipelines.sets import hashsets, importing, trusting
from heroes_forensics.reports.messages import messages
from heroes_forensics.store.database import Database

SIGNER = Signer()
CONTENT = b"listed"
DIGEST = md5(CONTENT, usedforsecurity=False).hexdigest().encode() + b"\n"


@pytest.fixture
def evidence(tmp_path: Path) -> Path:
    return folder(tmp_path / "evidence", {"a": CONTENT, "b": b"not listed"})


def signed(path: Path, **other: object) -> Path:
    trusting.add_key(PUBLISHER, SIGNER.public)
    return publish(path, DIGEST, signer=SIGNER, **other)


def loaded(case: Path) -> dict[str, Any]:
    """Return the last event of a set that was loaded."""
    database = Database.open(case / "case.db", read_only=True)
    try:
        lines = [json.loads(line) for (line,) in database.rows("SELECT line FROM ledger")]
    finally:
        database.close()
    body: dict[str, Any] = [line for line in lines if line["type"] == "hashset.loaded"][-1]["body"]
    return body


def page(case: Path) -> str:
    return (case / "custody" / "report" / "report.html").read_text(encoding="utf-8")


def test_a_signed_set_named_by_its_folder_is_verified_in_ledger_and_report(
    tmp_path: Path, evidence: Path
) -> None:
    path = signed(tmp_path / "set", expires="2999-12-31", sequence=7)
    result = scanned(tmp_path / "case", evidence, sets=(str(path),))
    assert result.findings == 1
    body = loaded(tmp_path / "case")
    assert body["signature_checked"] == f"verified({SIGNER.key_id}, {PUBLISHER})"
    assert (body["valid_until"], body["sequence"], body["state"]) == ("2999-12-31", 7, "active")
    said = (path / manifest.NAME).read_bytes()
    assert body["manifest_sha256"] == manifest.parse(said).sha256
    assert "allowed" not in body
    (found,) = reported(tmp_path / "case").hash_sets
    assert (found.signature, found.key_id, found.signer) == ("verified", SIGNER.key_id, PUBLISHER)
    assert (found.expires, found.state, found.allowed) == ("2999-12-31", "active", ())
    assert f"by key {SIGNER.key_id} of {PUBLISHER}" in page(tmp_path / "case")


def test_a_plain_file_is_unsigned_in_ledger_and_report(tmp_path: Path, evidence: Path) -> None:
    (tmp_path / "list.txt").write_bytes(DIGEST)
    options = {"kind": "notable"}
    scanned(tmp_path / "case", evidence, sets=(str(tmp_path / "list.txt"),), set_options=options)
    assert loaded(tmp_path / "case")["signature_checked"] == "unsigned"
    assert reported(tmp_path / "case").hash_sets[0].signature == "unsigned"


def test_a_set_that_does_not_verify_stops_the_scan_before_there_is_a_case(
    tmp_path: Path, evidence: Path
) -> None:
    path = signed(tmp_path / "set")
    (path / "list.txt").write_bytes(b"0" * 32 + b"\n")
    with pytest.raises(HashSetError, match="is not the one of its manifest"):
        scanned(tmp_path / "case", evidence, sets=(str(path),))
    assert not (tmp_path / "case").exists()


def test_a_disputed_edition_is_used_and_every_use_says_so(tmp_path: Path, evidence: Path) -> None:
    importing.import_set(signed(tmp_path / "set"))
    made = hashsets.decide("national", "2026-01", "disputed", "under review")
    assert (made["state"], made["reason"], made["before"]) == ("disputed", "under review", "active")
    result = scanned(tmp_path / "case", evidence, sets=("national",))
    assert result.findings == 1
    assert "national: disputed: under review" in result.notes
    body = loaded(tmp_path / "case")
    assert (body["state"], body["reason"]) == ("disputed", "under review")
    report = reported(tmp_path / "case")
    assert (report.hash_sets[0].state, report.hash_sets[0].reason) == ("disputed", "under review")
    assert report.exhibits[0].compared[0].state == "disputed"
    assert "disputed: <bdi>under review</bdi>" in page(tmp_path / "case")


def test_what_was_decided_since_stands_in_the_report_of_the_next_run(
    tmp_path: Path, evidence: Path
) -> None:
    importing.import_set(signed(tmp_path / "set"))
    scanned(tmp_path / "case", evidence, sets=("national",))
    assert reported(tmp_path / "case").hash_sets[0].state == "active"
    hashsets.decide("national", "2026-01", "disputed", "under review")
    other = folder(tmp_path / "other", {"c": b"another"})
    scanned(tmp_path / "case", other, sets=("national",), exhibit="EX-2")
    assert [each.state for each in reported(tmp_path / "case").hash_sets] == ["disputed"]


@pytest.mark.parametrize("state", ["retired", "retracted"])
def test_a_retired_or_retracted_edition_is_used_by_nobody(
    state: str, tmp_path: Path, evidence: Path
) -> None:
    importing.import_set(signed(tmp_path / "set"))
    hashsets.decide("national", "2026-01", state, "notice of 3 March")
    with pytest.raises(HashSetError, match=rf"2026-01 is {state} .*notice of 3 March") as caught:
        scanned(tmp_path / "case", evidence, sets=("national",))
    assert "reinstate" in caught.value.hint
    assert not (tmp_path / "case").exists()
    hashsets.decide("national", "2026-01", "active", "a mistake")
    assert scanned(tmp_path / "case", evidence, sets=("national",)).findings == 1


@pytest.mark.parametrize("state", ["retired", "retracted"])
def test_a_file_of_a_retired_edition_does_not_bring_it_back(
    state: str, tmp_path: Path, evidence: Path
) -> None:
    path = signed(tmp_path / "set")
    importing.import_set(path)
    hashsets.decide("national", "2026-01", state, "notice of 3 March")
    with pytest.raises(HashSetError, match=rf"2026-01 is {state}"):
        scanned(tmp_path / "case", evidence, sets=(str(path),))
    (row,) = hashsets.list_sets()
    assert (row["state"], row["reason"]) == (state, "notice of 3 March")


def test_an_older_edition_takes_the_place_of_a_retracted_one(
    tmp_path: Path, evidence: Path
) -> None:
    for number in (1, 2):
        importing.import_set(
            signed(tmp_path / str(number), sequence=number, set_version=f"v{number}")
        )
    hashsets.decide("national", "v2", "retracted", "wrong entries")
    scanned(tmp_path / "case", evidence, sets=("national",))
    assert loaded(tmp_path / "case")["version"] == "v1"


def test_an_expired_edition_is_used_where_it_is_allowed_by_name(
    tmp_path: Path, evidence: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = signed(tmp_path / "set", expires="2026-01-31")
    with pytest.raises(HashSetError, match="expired"):
        importing.import_set(path)
    with monkeypatch.context() as before:  # imported while it was current
        before.setattr(manifest.Manifest, "expired", lambda *_: False)
        importing.import_set(path)
    with pytest.raises(HashSetError, match="2026-01 expired") as caught:
        scanned(tmp_path / "case", evidence, sets=("national",))
    assert "--allow-expired national" in caught.value.hint
    options = {"allow_expired": ["national"]}
    scanned(tmp_path / "case", evidence, sets=("national",), set_options=options)
    assert loaded(tmp_path / "case")["allowed"] == ["expired"]
    assert reported(tmp_path / "case").hash_sets[0].allowed == ("expired",)
    assert "an operator allowed it" in page(tmp_path / "case")


def test_what_was_allowed_at_the_import_travels_into_every_case(
    tmp_path: Path, evidence: Path
) -> None:
    importing.import_set(signed(tmp_path / "set", expires="2026-01-31"), allowed=["expired"])
    result = scanned(tmp_path / "case", evidence, sets=("national",))
    assert loaded(tmp_path / "case")["allowed"] == ["expired"]
    assert any("allowed by option" in note for note in result.notes)


def test_a_key_that_was_taken_away_is_said(tmp_path: Path, evidence: Path) -> None:
    importing.import_set(signed(tmp_path / "set"))
    trusting.remove_key(PUBLISHER)
    result = scanned(tmp_path / "case", evidence, sets=("national",))
    assert "national: the key that signed it is not pinned any more" in result.notes


def test_a_policy_of_today_holds_for_a_set_of_yesterday(tmp_path: Path, evidence: Path) -> None:
    (tmp_path / "list.txt").write_bytes(DIGEST)
    made = importing.import_set(tmp_path / "list.txt", kind="notable")
    home = laboratory.home()
    (home / settings.SETTINGS).write_text("hash_sets: {signatures: require}")
    with pytest.raises(HashSetError, match="is unsigned, and the laboratory's policy"):
        scanned(tmp_path / "case", evidence, sets=(str(made["name"]),))


@pytest.mark.parametrize(("state", "goes_on"), [("disputed", True), ("retracted", False)])
def test_a_run_goes_on_with_a_disputed_edition_and_not_with_a_retracted_one(
    state: str, *, goes_on: bool, tmp_path: Path, evidence: Path
) -> None:
    importing.import_set(signed(tmp_path / "set"))
    case = tmp_path / "case"
    assert killed_at("after commit#9", case, str(evidence), "--set", "national") == -SIGKILL
    hashsets.decide("national", "2026-01", state, "notice of 3 March")
    if goes_on:
        assert "national: disputed: notice of 3 March" in resumed(case).notes
    else:
        with pytest.raises(HashSetError, match="not the one the run was begun with"):
            resumed(case)


@pytest.mark.parametrize("named", ["", manifest.NAME], ids=["folder", "manifest"])
@pytest.mark.parametrize("changed", [False, True])
def test_a_run_with_a_signed_set_goes_on_while_its_file_is_what_it_was(
    named: str, *, changed: bool, tmp_path: Path, evidence: Path
) -> None:
    path = signed(tmp_path / "set") / named
    case = tmp_path / "case"
    assert killed_at("after commit#9", case, str(evidence), "--set", str(path)) == -SIGKILL
    if changed:
        (tmp_path / "set" / "list.txt").write_bytes(b"0" * 32 + b"\n")
        with pytest.raises(HashSetError, match="changed since the run began"):
            resumed(case)
    else:
        result = resumed(case, sets=(str(path),), stated=frozenset({"sets"}))
        assert result.findings == 1


def test_a_batch_takes_a_folder_as_a_set(tmp_path: Path, evidence: Path) -> None:
    signed(tmp_path / "signed")
    rows = f"exhibit,source,sets\nEX-1,{evidence.name},signed\n"
    (tmp_path / "batch.csv").write_text(rows)
    (each,) = batch.load(tmp_path / "batch.csv").exhibits
    assert each.settings["sets"] == [str(tmp_path / "signed")]


@pytest.mark.parametrize(
    ("name", "edition", "state", "reason"),
    [
        ("nosuch", "2026-01", "retired", "x"),
        ("national", "nosuch", "retired", "x"),
        ("national", "2026-01", "evil", "x"),
        ("national", "2026-01", "retired", " "),
        ("national", "2026-01", "retired", "x" * 501),
        ("national", "2026-01", "retired", "a\x1b[2J"),
    ],
)
def test_a_decision_that_makes_no_sense_is_refused(
    name: str, edition: str, state: str, reason: str, tmp_path: Path
) -> None:
    importing.import_set(signed(tmp_path / "set"))
    with pytest.raises(UsageError):
        hashsets.decide(name, edition, state, reason)
    assert [row["state"] for row in hashsets.list_sets()] == ["active"]


def test_a_person_decides_and_sees_it(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    importing.import_set(signed(tmp_path / "set"))
    for verb, state in {
        "dispute": "disputed",
        "retire": "retired",
        "retract": "retracted",
        "reinstate": "active",
    }.items():
        ran = here(capsys, "hashset", verb, "national", "2026-01", "--reason", f"because of {verb}")
        assert ran.out == f"national 2026-01 is {state} now.\n"
        listed = here(capsys, "hashset", "list").out
        assert state in listed
        assert f"because of {verb}" in listed
        assert state in here(capsys, "hashset", "show", "national", "2026-01").out
        assert state in DECISIONS
    assert here(capsys, "hashset", "retire", "national", "2026-01").code == 2


@pytest.mark.parametrize("language", ["en", "de"])
def test_the_report_words_every_state_and_allowance(language: str) -> None:
    words = messages(language)
    for group, codes in (
        ("allowance", governing.ALLOWANCES),
        ("signature", governing.STATES),
        ("set_state", ["active", "disputed"]),
    ):
        assert all(words.text(f"{group}.{code}") for code in codes)


def test_decisions_that_cannot_be_read_leave_other_sets_in_use(tmp_path: Path) -> None:
    """What was taken back must not come into use again because somebody broke a file."""
    for name in ("one", "two"):
        path = tmp_path / f"{name}.txt"
        path.write_text(f"{md5(name.encode(), usedforsecurity=False).hexdigest()}\n")
        importing.import_set(path, name=name, edition="1", kind="notable")
    hashsets.decide("one", "1", "retracted", "wrong")
    record = hashsets.catalogue().get("one", "1")
    (record.path.parent / "states.json").write_text("x")
    listed = {str(row["name"]): row["state"] for row in hashsets.list_sets()}
    assert listed == {"one": "damaged", "two": "active"}
    with pytest.raises(HashSetError, match="damaged"):
        check_usable(hashsets.catalogue().get("one", "1"))
    with pytest.raises(UsageError):
        hashsets.catalogue().get("one")
    assert hashsets.catalogue().get("two").header.name == "two"
