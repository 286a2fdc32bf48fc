"""The verbs together, as processes, on the bundled evidence."""

import hashlib
import json
import shlex
import subprocess
from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest
from cli_runner import Ran, here, process
from conftest import Tools
from scans import NOTABLE, scanned

from heroes_forensics import demo
from heroes_forensics.pipelines.checks import views
from heroes_forensics.pipelines.trials.demo import hidden

TRUTH = json.loads(demo.path(demo.TRUTH).read_bytes())


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the folder of one whole demonstration run."""
    folder = tmp_path_factory.mktemp("demo") / "run"
    ran = process("demo", str(folder), environment={"HEROES_HOME": str(folder.parent / "none")})
    assert ran.code == 0, ran.err
    assert ran.out.startswith("EXHIBIT DEMO-1: MATCHES\n")
    told = ran.out.partition("As expected")[2].splitlines()
    assert [row.partition(":")[0] for row in told[1:6]] == 4 * ["  found and matched"] + [
        "  not opened"
    ]
    assert (folder / "keys.yaml").stat().st_mode & 0o077 == 0
    return folder


Run = Callable[..., Ran]


@pytest.fixture
def on(place: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    """Run a verb in this process, in the home of the demonstration."""
    monkeypatch.setenv("HEROES_HOME", str(place / "home"))
    monkeypatch.setenv("COLUMNS", "80")
    return partial(here, capsys)


VERBS = {
    "status": {"status"},
    "findings": {"finding"},
    "inventory": {"item"},
    "inventory --gaps": {"gap"},
    "case show": {"case"},
    "verify": {"problem", "verification"},
    "report": {"report"},
}


@pytest.mark.parametrize(("verb", "types"), VERBS.items(), ids=VERBS)
def test_every_verb_prints_json_lines_with_a_type(
    place: Path, verb: str, types: set[str], on: Run
) -> None:
    ran = on(*verb.split(), str(place / "case"), "--json")
    assert ran.code == (7 if verb == "verify" else 0), ran.err
    assert {row["type"] for row in ran.rows()} == types
    assert ran.out.isascii()
    text = on(*verb.split(), str(place / "case"))
    assert text.code == ran.code
    assert text.out
    assert text.err == ""


def test_nothing_sealed_is_shown(place: Path, on: Run) -> None:
    names = {
        part.encode()
        for volume in TRUTH["volumes"]
        for file in volume["files"]
        for part in file["path"].split("/")
        if len(part) > 7 and part.isascii()
    }
    assert len(names) > 10
    names |= {b"old.tar.gz", b"private.zip", b"20240611_120000.jpg"}
    case = str(place / "case")
    shown = b""
    for verb in VERBS:
        for extra in ([], ["--json"]):
            ran = on(*verb.split(), case, *extra)
            shown += (ran.out + ran.err).encode()
    assert not [name for name in names if name in shown]
    opened = on("open", case, "--justification", "test", "--authority", "test")
    assert opened.code == 0, opened.err
    assert [name for name in names if name in opened.out.encode()], "the search can find names"


def test_the_second_scan_of_a_source_is_refused(place: Path, on: Run) -> None:
    image = str(demo.path(demo.IMAGE))
    ran = on("scan", image, "--case", str(place / "case"), "--quiet")
    assert (ran.code, ran.out) == (2, "")
    assert ran.err.startswith("error: this source was scanned in this case already")


def test_coordinates_lead_another_tool_to_the_same_content(
    place: Path, tool: Tools, on: Run
) -> None:
    tool("icat")
    case = str(place / "case")
    digests = {row["locator"]: row["sha256"] for row in on("inventory", case, "--json").rows()}
    compared = 0
    for finding in on("findings", case, "--json").rows():
        row = on("locate", str(finding["number"]), "--case", case, "--json").rows()[0]
        commands = row["commands"]
        assert isinstance(commands, list)
        for command in commands:
            done = subprocess.run(
                shlex.split(command["command"]), capture_output=True, check=True, timeout=60
            )
            read = str(row["locator"]).partition("/m@")[0]  # of a member, what it lies in
            assert hashlib.sha256(done.stdout).hexdigest() == digests[read]
            compared += 1
    assert compared


def test_without_its_password_the_backup_is_a_gap_and_the_check_notices(
    tmp_path: Path,
) -> None:
    backup = demo.path(demo.BACKUP)
    result = scanned(tmp_path / "case", backup, exhibit="DEMO-1", sets=(str(NOTABLE),))
    assert (result.findings, result.unexpected_gaps, result.exit_code) == (0, 1, 3)
    assert [gap["code"] for gap in views.gaps(tmp_path / "case")] == ["volume.encrypted"]
    assert len(list(hidden(tmp_path / "case"))) == len(TRUTH["depth"]["items"]) + 1


BAD = {
    "no such source": (["scan", "/nonexistent.E01", "--case", "{new}"], 20),
    "empty source": (["scan", "{empty}", "--case", "{new}"], 20),
    "no such set": (["scan", "{image}", "--case", "{new}", "--set", "/nonexistent.json"], 2),
    "not a set": (["scan", "{image}", "--case", "{new}", "--set", "{junk}"], 30),
    "digest does not fit": (
        ["scan", "{image}", "--case", "{new}", "--expect", "md5:" + "00" * 16, "--quiet"],
        6,
    ),
    "not a case": (["status", "/nonexistent"], 2),
    "no record": (["verify", "/nonexistent"], 20),
    "no such finding": (["locate", "F-999", "--case", "{case}"], 2),
    "not a finding": (["locate", "12", "--case", "{case}"], 2),
    "case in the evidence": (["scan", "{folder}", "--case", "{folder}/case"], 2),
}


@pytest.mark.parametrize(("arguments", "code"), BAD.values(), ids=BAD)
def test_bad_input_is_one_sentence_and_a_code(
    arguments: list[str], code: int, place: Path, tmp_path: Path, on: Run
) -> None:
    folder = tmp_path / "evidence"
    folder.mkdir()
    (folder / "file").write_bytes(b"content")
    values = {
        "new": tmp_path / "new",
        "empty": tmp_path / "empty",
        "junk": tmp_path / "junk",
        "folder": folder,
        "image": demo.path(demo.IMAGE),
        "case": place / "case",
    }
    values["empty"].write_bytes(b"")
    values["junk"].write_bytes(b"\x00\x01 not a set at all \xff" * 10)
    ran = on(*(each.format(**values) for each in arguments))
    assert ran.code == code, ran.err
    if code == 6:  # done, and the alarm is the result
        assert "MISMATCH (given by the operator)" in ran.out
        return
    assert ran.out == ""
    assert ran.err.startswith("error: ")
    assert 1 <= ran.err.count("\n") <= 2
    assert "Traceback" not in ran.err
    assert not values["new"].exists()
