"""What `heroes init` and `heroes key` say to a person at a terminal of 80 columns."""

import re
import shlex
from pathlib import Path

import click
import pytest
from cli_runner import Ran, here

from heroes_forensics import cli
from heroes_forensics.commands import options
from heroes_forensics.pipelines.case import laboratory

Captured = pytest.CaptureFixture[str]
INIT = ("init", "--domain", "lab.example", "--organisation", "Example Laboratory")


def good(ran: Ran) -> Ran:
    assert ran.code == 0, ran.err
    return ran


@pytest.fixture
def home(monkeypatch: pytest.MonkeyPatch, capsys: Captured) -> Path:
    monkeypatch.setenv("COLUMNS", "80")
    good(here(capsys, *INIT, "--no-passphrase"))
    return laboratory.home()


def test_init_says_what_was_made_and_what_to_do_in_80_columns(
    monkeypatch: pytest.MonkeyPatch, capsys: Captured
) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    ran = good(here(capsys, *INIT, "--no-passphrase"))
    lines = ran.out.splitlines()
    path = str(laboratory.home())
    assert max(len(line) for line in lines if path not in line) <= 80
    recipients = [line.split() for line in lines if "age1" in line]
    assert [row[:-1] for row in recipients] == [["this", "laboratory"], ["recovery-1"]]
    assert all(row[-1].startswith("age1") for row in recipients)
    assert f"1. Hand {path}/recovery-identity.txt" in " ".join(ran.out.split())


def test_a_second_init_says_what_to_do_before_it_asks_for_a_passphrase(
    home: Path, capsys: Captured, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(options, "is_terminal", lambda: True)
    monkeypatch.setattr(click, "prompt", lambda *_, **__: pytest.fail("it asked"))
    ran = here(capsys, *INIT)
    assert ran.code == 2
    assert str(home) in ran.err
    for way in ("heroes key rotate", "heroes key recovery", "HEROES_HOME", ": heroes key list"):
        assert way in ran.err


@pytest.mark.usefixtures("home")
def test_the_command_that_a_new_key_names_can_be_run(capsys: Captured, tmp_path: Path) -> None:
    case = tmp_path / "case"
    good(here(capsys, "case", "create", str(case)))
    said = good(here(capsys, "key", "new", "ex-031", "--no-passphrase")).out
    (line,) = re.findall(r": heroes (.+)$", " ".join(said.split()))
    good(here(capsys, *shlex.split(line.replace("CASE", str(case)))))


@pytest.mark.usefixtures("home")
def test_a_cosignature_covers_events_and_asks_for_the_passphrases_it_needs(
    capsys: Captured, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    case = tmp_path / "case"
    good(here(capsys, "case", "create", str(case)))
    good(here(capsys, "key", "new", "ex-031", "--no-passphrase"))
    good(here(capsys, "case", "person", str(case), "ex-031", "--role", "examiner"))
    said = good(here(capsys, "key", "cosign", str(case), "--as", "ex-031")).out
    assert re.search(r"^events +\d+$", said, re.MULTILINE)
    assert "byte" not in said
    newest = max((case / "custody/checkpoints").glob("*.txt"))

    def asked(_: int | None) -> str | None:
        pytest.fail("the laboratory's keys sign nothing here")

    monkeypatch.setattr(options, "passphrase", asked)
    out = tmp_path / "signed.txt"
    what = ("key", "cosign", str(newest), "--as", "ex-031", "--output", str(out))
    said = good(here(capsys, *what)).out
    assert "was not looked at" in said


@pytest.mark.usefixtures("home")
def test_a_signature_that_the_case_could_not_count_is_refused(
    capsys: Captured, tmp_path: Path
) -> None:
    """Somebody declared before they had a key has none in the ledger."""
    case = tmp_path / "case"
    good(here(capsys, "case", "create", str(case)))
    good(here(capsys, "case", "person", str(case), "po-007", "--role", "seizing officer"))
    good(here(capsys, "key", "new", "po-007", "--no-passphrase"))
    refused = here(capsys, "key", "cosign", str(case), "--as", "po-007")
    assert refused.code == 2
    assert "this case declares no key of po-007" in refused.err
    good(here(capsys, "case", "person", str(case), "po-007", "--role", "seizing officer"))
    good(here(capsys, "key", "cosign", str(case), "--as", "po-007"))


def test_help_says_whose_passphrase_is_meant() -> None:
    group = next(row.load() for row in cli.VERBS if row.name == "key")
    assert isinstance(group, click.Group)
    said = {
        option.opts[0]: " ".join((option.help or "").split())
        for option in group.commands["cosign"].params
        if isinstance(option, click.Option)
    }
    assert "the passphrase of the laboratory's keys" in said["--passphrase-fd"]
    assert "the passphrase of the person's key" in said["--person-passphrase-fd"]


@pytest.mark.usefixtures("home")
@pytest.mark.parametrize(("stolen", "code"), [((), 0), (("--stolen-since", "2020-01-01"), 7)])
def test_a_closed_case_verifies_after_its_key_was_replaced(
    stolen: tuple[str, ...], code: int, capsys: Captured, tmp_path: Path
) -> None:
    """It takes no other key up; one that somebody else may have vouches for nothing."""
    case = tmp_path / "case"
    made = good(here(capsys, "case", "create", str(case))).out
    assert f"heroes scan SOURCE... --case {case}" in " ".join(made.split())
    assert len([line for line in made.splitlines() if line.startswith("  age1")]) == 2
    assert here(capsys, "verify", str(case)).code == 0
    said = good(here(capsys, "key", "rotate", "--reason", "yearly", *stolen)).out
    assert ("counts as unsigned" in said) == bool(stolen)
    assert here(capsys, "verify", str(case)).code == code


@pytest.mark.usefixtures("home")
def test_the_name_of_the_laboratory_stands_on_its_reports(
    capsys: Captured, tmp_path: Path, home: Path
) -> None:
    case = tmp_path / "case"
    good(here(capsys, "case", "create", str(case)))
    page = case / "custody/report/report.html"
    good(here(capsys, "report", str(case)))
    assert "<dd><bdi>Example Laboratory</bdi>" in page.read_text("utf-8")
    settings = home / "laboratory.yaml"
    settings.write_text("report:\n  name: Unit 4\n", encoding="utf-8")
    settings.chmod(0o600)
    good(here(capsys, "report", str(case)))
    assert "<dd><bdi>Unit 4</bdi>" in page.read_text("utf-8")
