"""Acts of people on a real case: declared, handed over, corrected, signed, keys replaced."""

import json
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path
from subprocess import run

import pytest
from corpus import ROOT
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from heroes_forensics import cli
from heroes_forensics.custody import keys, notes, persons, private, verify_custody
from heroes_forensics.pipelines.case import cases, journal, key_change, laboratory

DEMO = ROOT / "heroes_forensics" / "demo" / "data"
HAND_OVER = [
    "--from", "po-007", "--to", "ex-031", "--place", "store room", "--purpose", "examination",
]  # fmt: skip
"""Options of a transfer."""


def heroes(*arguments: object) -> int:
    return cli.run([str(each) for each in arguments])


@pytest.fixture
def case(tmp_path: Path) -> Path:
    assert heroes("init", "--domain", "lab.example", "--no-passphrase") == 0
    for person in ("po-007", "ex-031"):
        assert heroes("key", "new", person, "--no-passphrase") == 0
    folder = tmp_path / "case"
    assert heroes("case", "create", folder, "--examiner", "ex-031") == 0
    for person in ("po-007", "ex-031"):
        assert heroes("case", "person", folder, person, "--role", "officer") == 0
    return folder


def verified(case: Path, capsys: pytest.CaptureFixture[str], *options: str) -> tuple[int, set[str]]:
    capsys.readouterr()
    code = heroes("verify", case, "--json", *options)
    rows = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    return code, {row["code"] for row in rows if row["type"] == "problem"}


def scan(case: Path, exhibit: str = "E-1") -> int:
    return heroes("scan", DEMO / "demo.E01", "--case", case, "--exhibit", exhibit, "--quiet")


def events(case: Path) -> Iterator[dict[str, object]]:
    for line in (case / "custody" / "ledger.jsonl").read_bytes().splitlines():
        yield json.loads(line)


def test_a_transfer_is_complete_when_both_signed(
    case: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert heroes("transfer", "hand-over", case, "--exhibit", "E-1", *HAND_OVER) == 0
    assert verified(case, capsys) == (0, {"custody-gap"})
    assert heroes("key", "cosign", case, "--as", "po-007") == 0
    assert verified(case, capsys) == (0, {"custody-gap"})
    assert heroes("key", "cosign", case, "--as", "ex-031") == 0
    assert verified(case, capsys) == (0, set())
    assert verified(case, capsys, "--policy", "strict") == (0, set())
    kinds = [event["type"] for event in events(case)]
    at = kinds.index("custody.transferred")
    assert kinds[at - 1] == kinds[at + 1] == "ledger.checkpointed"


DOES_NOT_FOLLOW = {
    "a giver nobody declared": (("po-099", "ex-031"), "po-099 is not declared"),
    "a receiver nobody declared": (("ex-031", "courier"), "courier is not declared"),
    "a giver who has it no longer": (("po-007", "ex-031"), "E-1 is with ex-031 by the record"),
    "what was returned": (("ex-031", "po-007"), "E-2 was returned or disposed of"),
}


def test_a_transfer_that_does_not_follow_is_refused_and_recorded_for_a_reason(
    case: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert heroes("transfer", "hand-over", case, "--exhibit", "E-1", *HAND_OVER) == 0
    assert heroes("transfer", "return", case, "--exhibit", "E-2", "--to", "its owner") == 0
    ledger = (case / "custody" / "ledger.jsonl").read_bytes()
    capsys.readouterr()
    for (giver, receiver), said in DOES_NOT_FOLLOW.values():
        item = "E-2/1" if said.startswith("E-2") else "E-1"
        what = ["--exhibit", item, "--from", giver, "--to", receiver, "--place", "x"]
        code = heroes("transfer", "hand-over", case, *what, "--purpose", "y")
        error = capsys.readouterr().err
        assert (code, said.replace("E-2", item) in error) == (2, True), error
        assert "--nevertheless REASON" in error
        assert heroes("transfer", "hand-over", case, *what, "--purpose", "y",
                      "--nevertheless", " ") == 2  # fmt: skip
        capsys.readouterr()
    assert (case / "custody" / "ledger.jsonl").read_bytes() == ledger
    again = ["--from", "po-007", "--to", "courier", "--place", "desk", "--purpose", "court"]
    assert heroes("transfer", "hand-over", case, "--exhibit", "E-1", *again,
                  "--nevertheless", "the courier came before the form", "--json") == 0  # fmt: skip
    said = json.loads(capsys.readouterr().out)
    assert len(said["does_not_follow"]) == 2
    body = [event for event in events(case) if event["type"] == "custody.transferred"][-1]["body"]
    assert body["note"] == "the courier came before the form"  # type: ignore[index] # an object
    assert verified(case, capsys) == (0, {"custody-gap"})
    assert heroes("verify", case) == 0
    assert "po-007 gave E-1, which ex-031 held" in " ".join(capsys.readouterr().out.split())
    assert heroes("report", case) == 0
    page = (case / "custody/report/report.html").read_text("utf-8")
    assert "although it does not follow from the record: <bdi>the courier came" in page
    # from then on the record says that the courier has it
    assert heroes("transfer", "hand-over", case, "--exhibit", "E-1", *again) == 2


def test_work_by_somebody_else_is_said(case: Path, capsys: pytest.CaptureFixture[str]) -> None:
    authority = ["kind=warrant", "reference=G-1", "issued_by=Court", "scope_text=all"]
    fields = [f"--field={field}" for field in [*authority, "valid_from=2020-01-01"]]
    assert heroes("case", "authority", case, *fields) == 0
    assert heroes("transfer", "hand-over", case, "--exhibit", "E-1", "--from", "ex-031", "--to",
                  "po-007", "--place", "desk", "--purpose", "court") == 0  # fmt: skip
    for person in ("po-007", "ex-031"):
        assert heroes("key", "cosign", case, "--as", person) == 0
    assert verified(case, capsys) == (0, set())
    assert scan(case) == 0
    started = next(event for event in events(case) if event["type"] == "run.started")
    assert started["actor"] == {"id": "ex-031", "kind": "person"}
    assert started["body"]["authority"] == "G-1"  # type: ignore[index] # an object
    assert verified(case, capsys) == (0, {"unauthorised-work"})
    assert heroes("verify", case) == 0
    said = " ".join(capsys.readouterr().out.split())
    assert "ex-031 works on E-1/1, which po-007 holds" in said


def test_a_second_signature_of_a_person_changes_nothing(case: Path) -> None:
    newest = max((case / "custody" / "checkpoints").glob("*.txt"))
    assert heroes("key", "cosign", case, "--as", "po-007") == 0
    once = newest.read_bytes()
    assert heroes("key", "cosign", case, "--as", "po-007") == 0
    assert newest.read_bytes() == once


def test_a_checkpoint_is_signed_elsewhere_and_carried_back(
    case: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    at_home = laboratory.home()
    newest = max((case / "custody" / "checkpoints").glob("*.txt"))
    copy, signed = tmp_path / "copy.txt", tmp_path / "signed.txt"
    shutil.copy(newest, copy)
    monkeypatch.setenv("HEROES_HOME", str(tmp_path / "court"))
    assert heroes("key", "new", "clerk-2", "--no-passphrase") == 0
    capsys.readouterr()
    assert heroes("key", "list", "--json") == 0
    vkey = json.loads(capsys.readouterr().out)["vkey"]
    assert heroes("key", "cosign", copy, "--as", "clerk-2") == 2  # where to?
    assert heroes("key", "cosign", copy, "--as", "clerk-2", "--output", signed) == 0
    monkeypatch.setenv("HEROES_HOME", str(at_home))
    assert heroes("case", "cosigned", case, signed) == 2  # not declared
    assert heroes("case", "person", case, "clerk-2", "--role", "witness", "--key", vkey) == 0
    assert heroes("case", "cosigned", case, signed) == 0
    assert newest.read_bytes() == signed.read_bytes()
    assert heroes("case", "cosigned", case, signed) == 2  # nothing new
    assert verified(case, capsys) == (0, set())


def test_a_witness_refuses_what_contradicts_what_was_seen(
    case: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    bundle = tmp_path / "bundle"
    shutil.copytree(case / "custody", bundle)
    monkeypatch.setenv("HEROES_HOME", str(tmp_path / "court"))
    assert heroes("key", "new", "clerk-2", "--no-passphrase") == 0
    assert heroes("key", "cosign", bundle, "--as", "clerk-2", "--output", tmp_path / "1.txt") == 0
    old = min((bundle / "checkpoints").glob("*.txt"))
    assert heroes("key", "cosign", old, "--as", "clerk-2", "--output", tmp_path / "2.txt") == 6
    newest = max((bundle / "checkpoints").glob("*.txt"))
    newest.write_bytes(newest.read_bytes().replace(b"\n\n", b"=\n\n", 1))
    assert heroes("key", "cosign", bundle, "--as", "clerk-2", "--output", tmp_path / "3.txt") == 6
    assert not (tmp_path / "2.txt").exists()
    assert not (tmp_path / "3.txt").exists()


def test_a_correction_names_the_event(case: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert heroes("case", "correct", case, 2, "--reason", "a typing error") == 0
    last = [event for event in events(case) if event["type"] == "record.corrected"]
    assert last[0]["body"] == {"seq": 2, "reason": "a typing error"}
    assert last[0]["actor"] == {"id": "ex-031", "kind": "person"}
    assert heroes("case", "correct", case, 9999, "--reason", "x") == 2
    assert heroes("case", "correct", case, 2, "--reason", " ") == 2
    assert verified(case, capsys) == (0, set())


def test_what_an_event_cannot_say_is_refused_and_nothing_is_written(case: Path) -> None:
    before = (case / "custody" / "ledger.jsonl").read_bytes()
    long = "x" * 2_000_000
    assert heroes("transfer", "store", case, "--exhibit", "E-1", "--location", long) != 0
    assert heroes("case", "person", case, "p/1", "--role", "x") == 2
    assert heroes("case", "person", case, "p-1", "--role", "x", "--key", "nonsense") == 2
    assert heroes("case", "authority", case, "--field", "kind=warrant") == 2
    assert (case / "custody" / "ledger.jsonl").read_bytes() == before


def test_returned_evidence_is_not_examined_in_silence(
    case: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert heroes("transfer", "return", case, "--exhibit", "E-1", "--to", "owner") == 0
    assert scan(case) == 0
    capsys.readouterr()
    heroes("verify", case)
    assert "had been returned" in capsys.readouterr().out


@pytest.mark.parametrize("stolen", [False, True])
def test_a_key_is_replaced_in_a_real_case(
    stolen: bool,  # noqa: FBT001 - a parameter of the test
    case: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert scan(case) == 0
    old = json.loads((laboratory.home() / "laboratory.json").read_text())["vkey"]
    since = ["--stolen-since", "2020-01-01"] if stolen else []
    assert heroes("key", "rotate", "--reason", "yearly", *since) == 0
    new = json.loads((laboratory.home() / "laboratory.json").read_text())["vkey"]
    assert new != old
    # The case does not know of the new key yet; the laboratory knows the one that it replaced.
    assert verified(case, capsys)[0] == (7 if stolen else 0)
    assert heroes("case", "exhibit", case, "E-1", "--field", "make=Example") == 0
    code, codes = verified(case, capsys)
    assert (code, codes) == (0, {"unauthorised-work"})
    kinds = [event["type"] for event in events(case)]
    assert kinds.count("key.added") == 1
    assert kinds.count("key.compromised" if stolen else "key.retired") == 1
    for key in (old, new):
        found = [str(case / "custody"), "--key", key]
        capsys.readouterr()
        assert verify_custody.main(found) == 0
    assert heroes("case", "exhibit", case, "E-1", "--field", "make=Other") == 0
    assert [event["type"] for event in events(case)].count("key.added") == 1


@pytest.mark.skipif(shutil.which("openssl") is None, reason="openssl is not installed")
def test_the_manifest_is_checked_by_openssl_after_a_rotation(case: Path) -> None:
    assert heroes("key", "rotate", "--reason", "yearly") == 0
    assert heroes("case", "exhibit", case, "E-1", "--field", "make=Example") == 0
    command = "openssl pkeyutl -verify -pubin -inkey keys/ledger.pem -rawin -in MANIFEST.sha256"
    done = run(
        [*command.split(), "-sigfile", "MANIFEST.sha256.sig"],
        cwd=case / "custody",
        capture_output=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout
    assert (case / "custody" / "keys" / "ledger-former-1.pem").exists()


def test_a_rotation_that_was_cut_off_is_ended_and_not_made_twice(case: Path) -> None:
    described = laboratory.home() / "laboratory.json"
    before = described.read_bytes()
    assert heroes("key", "rotate", "--reason", "yearly") == 0
    described.write_bytes(before)  # the ring was written, the description was not
    assert heroes("case", "exhibit", case, "E-1", "--field", "make=Example") == 6
    assert heroes("key", "rotate", "--reason", "yearly") == 0
    assert heroes("case", "exhibit", case, "E-1", "--field", "make=Example") == 0
    with cases.opened(case) as held:
        assert len(held.ring.former) == 1
        assert len(key_change.in_force(held.database)) == 1


@pytest.mark.parametrize(("cut", "rotated"), [(1, 1), (1, 2), (2, 1)])
def test_a_case_cut_off_between_the_two_keys_goes_on(
    cut: int,
    rotated: int,
    case: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    rotate = ("key", "rotate", "--reason", "yearly")
    assert heroes(*rotate) == 0
    signed, begun = journal.Journal.checkpoint, 0

    def checkpoint(self: journal.Journal, reason: str) -> None:
        nonlocal begun
        begun += 1
        if begun == cut:  # the event is on record, and nobody signed it
            sys.exit(99)
        signed(self, reason)

    with monkeypatch.context() as patch:
        patch.setattr(journal.Journal, "checkpoint", checkpoint)
        with pytest.raises(SystemExit):
            cases.set_exhibit(case, "E-1", {"make": "Example"})
    if rotated > 1:
        assert heroes(*rotate) == 0
    assert heroes("case", "exhibit", case, "E-1", "--field", "make=Example") == 0
    kinds = [event["type"] for event in events(case)]
    assert kinds.count("key.added") == kinds.count("key.retired") == rotated
    assert verified(case, capsys) == (0, set())
    present = json.loads((laboratory.home() / "laboratory.json").read_text())["vkey"]
    policy = json.loads((case / "custody" / "keys" / "policy.json").read_text())
    assert policy["ledger"][0].endswith(present[-44:])
    assert len(list((case / "custody" / "keys").glob("ledger-former-*.pem"))) == rotated
    assert verify_custody.main([str(case / "custody"), "--key", policy["ledger"][0]]) == 0


def test_what_was_said_of_an_exhibit_stays_readable(
    case: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for serial in ("SN-4471", "SN-4417"):
        given = ("--field", f"serial={serial}", "--field", "Own field=x")
        assert heroes("case", "exhibit", case, "E-1", *given) == 0
    said = [event["body"] for event in events(case) if event["type"] == "exhibit.described"]
    assert said == [
        {
            "exhibit": "E-1",
            "fields": [{"name": "Own field", "value": "x"}, {"name": "serial", "value": serial}],
        }
        for serial in ("SN-4471", "SN-4417")
    ]
    assert verified(case, capsys) == (0, set())
    assert heroes("case", "exhibit", case, "E 1", "--field", "serial=1") == 2
    assert verified(case, capsys) == (0, set())


def test_an_argument_that_is_no_text_is_a_wrong_request(
    case: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """It is refused before the record is touched: no alarm, and its manifest stays."""
    odd = "x\udcff"  # a byte of an argument that is no UTF-8
    why = ("--authority", "a", "--rule", "r")
    for arguments in (
        ("timestamp", "record", case, "--method", "paper", "--reference", odd),
        ("case", "exhibit", case, "E-1", "--field", f"make={odd}"),
        ("case", "exhibit", case, "E-1", "--field", f"{odd}=make"),
        ("case", "erase", case, "--all", "--justification", odd, *why),
        ("transfer", "hand-over", case, "--exhibit", odd, *HAND_OVER),
        ("case", "create", case.parent / "other", "--reference", odd),
    ):
        assert heroes(*arguments) == 2
        assert "bytes that are not text" in capsys.readouterr().err
    assert not (case.parent / "other").exists()
    assert verified(case, capsys) == (0, set())


def test_an_older_copy_of_a_case_is_not_signed_again(
    case: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Else one key would sign two histories, and the newer mark would hide the older one."""
    shutil.copytree(case, case.parent / "older")
    said = ("--quality", "limitation", "--text")
    assert heroes("case", "note", case, *said, "here") == 0
    older = case.parent / "older"
    assert heroes("case", "note", older, *said, "and otherwise there") == 6
    assert "does not go on from the" in capsys.readouterr().err
    assert verified(older, capsys) == (6, {"rollback"})
    (laboratory.home() / "high-water.json").unlink()
    assert verified(older, capsys) == (0, set())  # nothing was changed
    for text in ("1", "2"):
        assert heroes("case", "note", older, *said, text) == 0
    assert heroes("case", "note", case, *said, "a longer one on the other side") == 6


def test_a_checkpoint_that_others_made_in_our_name_is_not_signed(
    case: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """It would be remembered, and the case would stand still for ever."""
    newest = max((case / "custody" / "checkpoints").glob("*.txt"))
    origin = notes.read_checkpoint(notes.parse(newest.read_bytes()).text).origin
    thief = keys.LedgerKey(origin, Ed25519PrivateKey.generate())
    forged = case.parent / "forged.txt"
    forged.write_bytes(notes.sign(notes.checkpoint_text(origin, 9999, bytes(32)), [thief]))
    out = ("--as", "ex-031", "--output", case.parent / "signed.txt")
    assert heroes("key", "cosign", forged, *out) == 6
    assert "whose key did not sign it" in capsys.readouterr().err
    assert heroes("key", "rotate", "--reason", "yearly") == 0
    assert heroes("key", "cosign", newest, *out) == 0  # of a former key of ours
    assert heroes("case", "note", case, "--quality", "limitation", "--text", "x") == 0


def test_a_key_that_was_cut_off_stands_in_the_way_of_none(
    case: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    del case
    with monkeypatch.context() as patch:
        patch.setattr(private, "write_new", lambda *_: sys.exit(99))
        with pytest.raises(SystemExit):
            persons.create(laboratory.home(), "ex-040", passphrase=None)
    assert "ex-040" not in dict(persons.listed(laboratory.home()))
    made = persons.create(laboratory.home(), "ex-040", passphrase=None)
    assert dict(persons.listed(laboratory.home()))["ex-040"] == made


def test_keys_of_persons_are_private(case: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = laboratory.home() / "keys" / "persons"
    assert folder.stat().st_mode & 0o777 == 0o700
    assert all(path.stat().st_mode & 0o777 == 0o600 for path in folder.iterdir())
    assert heroes("key", "new", "po-007", "--no-passphrase") == 2
    assert heroes("key", "new", "../x", "--no-passphrase") == 2
    (folder / "po-007.pem").chmod(0o644)
    assert heroes("key", "cosign", case, "--as", "po-007") == 2
    assert "open to others" in capsys.readouterr().err
    secret = (folder / "ex-031.pem").read_text().splitlines()[1].encode()
    for path in case.rglob("*"):
        assert not path.is_file() or secret not in path.read_bytes()


def test_a_time_or_an_anchor_that_there_is_not_is_a_wrong_request(
    case: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    before = (laboratory.home() / "laboratory.json").read_bytes()
    for time in ("2026-02-31", "2026-03-01T25:00Z", "yesterday", "٢٠٢٦-03-01"):
        assert heroes("key", "rotate", "--reason", "stolen", "--stolen-since", time) == 2
        assert "a time is written as" in capsys.readouterr().err
    assert (laboratory.home() / "laboratory.json").read_bytes() == before
    for anchor in ("7", f"-7:{'00' * 32}", f"1_0:{'00' * 32}", "7:00", "x:y"):
        assert heroes("verify", case, "--anchor", anchor) == 2
