"""Who opens what a case seals: the laboratory, a recovery recipient, and whoever is added."""

import base64
import json
import shutil
import stat
from pathlib import Path
from typing import Any

import pytest
from cli_runner import Ran, here, process
from custody_bundle import both
from scans import KNOWN_GOOD, demo_scan

from heroes_forensics.custody import keys, seal
from heroes_forensics.pipelines.case import laboratory
from heroes_forensics.pipelines.case.cases import read_only

DOMAIN = ("init", "--domain", "lab.example", "--no-passphrase")


def good(ran: Ran, code: int = 0) -> Ran:
    assert ran.code == code, ran.err
    return ran


def identity_of(path: Path) -> str:
    return next(line for line in path.read_text().splitlines() if line.startswith("AGE-SECRET"))


def opens(case: Path, identity: str) -> set[str]:
    """Return what of a case an identity opens: its key, the sealed files of its runs."""
    with read_only(case) as database:
        wrapped = base64.b64decode(database.facts()["case_key"])
    things = {"key": wrapped} | {
        path.parent.name: path.read_bytes() for path in case.rglob("sealed.age")
    }
    found = set()
    for name, data in things.items():
        try:
            seal.open_sealed(data, [identity])
        except Exception:  # noqa: BLE001, S112 - whatever the library says, it did not open
            continue
        found.add(name)
    return found


def codes(case: Path, *more: str) -> tuple[int, set[str]]:
    """Verify with both programs, which have to find the same."""
    ran = process("verify", str(case), "--json", *more)
    found = {str(row["code"]) for row in ran.rows() if row["type"] == "problem"}
    both(case / "custody", trust=str(keys.laboratory(laboratory.home())["vkey"]))
    return ran.code, found


def test_a_laboratory_begins_with_two_recipients(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    made = good(here(capsys, *DOMAIN, "--json")).rows()[0]
    file = Path(str(made["recovery_file"]))
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    case = tmp_path / "case"
    demo_scan(case)
    (run,) = (path.name for path in (case / "custody" / "runs").iterdir())
    assert opens(case, identity_of(file)) == {"key", run}
    code, found = codes(case)
    assert code == 0
    assert "few-recipients" not in found
    assert "Sealed to one recipient" not in (case / "custody/report/report.html").read_text()
    with file.open() as stream:
        drill = ("key", "drill", str(case), "--identity-fd", str(stream.fileno()))
        good(here(capsys, *drill))


def test_one_recipient_alone_is_said_everywhere(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    good(here(capsys, *DOMAIN, "--no-recovery"))
    case = tmp_path / "case"
    demo_scan(case)
    assert codes(case)[0] == 0
    code, found = codes(case, "--policy", "strict")
    assert code == 7
    assert "few-recipients" in found
    assert "one recipient alone" in (case / "custody" / "ledger.jsonl").read_text()
    assert "Sealed to one recipient" in (case / "custody/report/report.html").read_text()

    (run,) = (path.name for path in (case / "custody" / "runs").iterdir())
    secret, recipient = seal.new_identity()
    other, witness = seal.new_identity()
    assert opens(case, secret) == set()
    good(here(capsys, "key", "recovery", recipient))
    assert "already" in good(here(capsys, "key", "recovery", recipient), 2).err
    add = ("case", "recipients", str(case), "--add", f"prosecutor={witness}", "--reason", "order")
    row = good(here(capsys, *add, "--json")).rows()[0]
    names: Any = row["recipients"]
    assert [name for name, _ in names] == ["working", "recovery-1", "prosecutor"]
    assert opens(case, secret) == opens(case, other) == {"key"}, "the earlier file stays as it is"
    again = good(here(capsys, "case", "recipients", str(case), "--json")).rows()[0]
    assert (again["changed"], again["recipients"]) == (False, names)
    good(here(capsys, "open", str(case), "--justification", "x", "--authority", "y"))
    event = [
        json.loads(line)
        for line in (case / "custody" / "ledger.jsonl").read_bytes().splitlines()
        if b'"recipients.changed"' in line
    ][-1]
    assert event["body"] == {"recipients": [name for name, _ in names], "reason": "order"}

    good(here(capsys, "match", str(case), "--set", str(KNOWN_GOOD)))
    later = opens(case, other) - {"key"}
    assert later
    assert run not in later
    assert codes(case)[0] == 0
    report = (case / "custody/report/report.html").read_text()
    assert "Sealed to one recipient" not in report
    assert "working, recovery-1, prosecutor" in report


def test_a_case_with_its_own_key_can_have_another_recipient(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    case = tmp_path / "case"
    demo_scan(case)
    ran = process("verify", str(case), "--json", "--policy", "strict")
    assert "few-recipients" not in ran.out, "the key of the case says more than that"
    secret, recipient = seal.new_identity()
    good(here(capsys, "case", "recipients", str(case), "--add", f"archive={recipient}"))
    assert opens(case, secret) == {"key"}


@pytest.mark.parametrize(
    ("added", "said"),
    [
        ("archive=age1nonsense", "not an age X25519 public key"),
        ("working={}", "called working already"),
        ("a b={}", "1 to 64 letters"),
        ("archive", "not of the form NAME=VALUE"),
    ],
)
def test_who_cannot_be_a_recipient(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], added: str, said: str
) -> None:
    case = tmp_path / "case"
    good(here(capsys, "case", "create", str(case)))
    before = (case / "custody" / "ledger.jsonl").read_bytes()
    text = added.format(seal.new_identity()[1])
    ran = good(here(capsys, "case", "recipients", str(case), "--add", text), 2)
    assert said in ran.err
    assert (case / "custody" / "ledger.jsonl").read_bytes() == before


def test_recovery_is_asked_for_in_one_way(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    _, recipient = seal.new_identity()
    ran = good(here(capsys, *DOMAIN, "--no-recovery", "--recovery", recipient), 2)
    assert "excludes" in ran.err
    file = tmp_path / "theirs.txt"
    good(here(capsys, *DOMAIN, "--recovery-file", str(file), "--recovery", recipient))
    listed: Any = keys.laboratory(laboratory.home())["recovery"]
    assert listed == [recipient, seal.recipient_of(identity_of(file))]
    good(here(capsys, *DOMAIN, "--recovery-file", str(tmp_path / "second.txt")), 2)
    assert not (tmp_path / "second.txt").exists()
    shutil.rmtree(laboratory.home())
    assert "never overwritten" in good(here(capsys, *DOMAIN, "--recovery-file", str(file)), 2).err
