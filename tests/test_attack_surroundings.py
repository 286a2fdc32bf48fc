"""Odd surroundings: a careless umask, a medium without writing, a pipe where a file should be."""

import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest
from scans import folder, scanned

from heroes_forensics import cli
from heroes_forensics.errors import HashSetError, UsageError
from heroes_forensics.pipelines.case import folders
from heroes_forensics.pipelines.checks import verifying, views

_MAIN = "import os; os.umask(0); from heroes_forensics.cli import main; main()"


def test_a_careless_umask_opens_nothing_to_others(tmp_path: Path) -> None:
    case = tmp_path / "case"
    evidence = folder(tmp_path / "evidence", {"a": b"a"})
    home = tmp_path / "home"
    done = subprocess.run(
        [sys.executable, "-c", _MAIN, "scan", str(evidence), "--case", str(case), "--quiet"],
        env={**os.environ, "HEROES_HOME": str(home)},
        capture_output=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    for path in (case, *case.rglob("*"), home, *home.rglob("*")):
        assert stat.S_IMODE(path.stat().st_mode) & 0o077 == 0, path


def test_a_case_on_a_medium_without_writing_is_read_and_verified(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    case = tmp_path / "case"
    scanned(case, folder(tmp_path / "evidence", {"a": b"a"}))
    code = verifying.verify(case)["exit_code"]
    monkeypatch.setattr(os, "access", lambda *_, **__: False)
    before = sorted(path.name for path in case.iterdir())
    assert verifying.verify(case)["exit_code"] == code
    assert list(views.inventory(case))
    assert sorted(path.name for path in case.iterdir()) == before
    (case / f"{folders.DATABASE}-wal").write_bytes(b"rows of a run that did not end")
    with pytest.raises(UsageError, match="did not end"):
        list(views.inventory(case))


def test_a_pipe_is_no_hash_set_and_nobody_waits_for_it(tmp_path: Path) -> None:
    pipe = tmp_path / "set.txt"
    os.mkfifo(pipe)
    evidence = folder(tmp_path / "evidence", {"a": b"a"})
    with pytest.raises(HashSetError, match="not a regular file"):
        scanned(tmp_path / "case", evidence, sets=(str(pipe),), set_options={"kind": "notable"})


@pytest.mark.parametrize("verb", ["cosigned", "import", "roots", "trust", "cosign"])
def test_a_pipe_is_no_file_of_a_person_and_nobody_waits_for_it(
    verb: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    case, pipe = tmp_path / "case", tmp_path / "pipe"
    assert cli.run(["init", "--domain", "lab.example", "--no-passphrase"]) == 0
    assert cli.run(["key", "new", "ex-031", "--no-passphrase"]) == 0
    assert cli.run(["case", "create", str(case)]) == 0
    os.mkfifo(pipe)
    line = {
        "cosigned": ["case", "cosigned", str(case), str(pipe)],
        "import": ["timestamp", "import", str(case), str(pipe)],
        "roots": ["verify", str(case), "--tsa-roots", str(pipe)],
        "trust": ["verify", str(case), "--trust", str(pipe)],
        "cosign": ["key", "cosign", str(pipe), "--as", "ex-031", "--output", str(tmp_path / "o")],
    }[verb]
    assert cli.run(line) == UsageError.exit_code
    assert "no regular file" in capsys.readouterr().err


def test_numbers_and_names_beyond_all_bounds_are_wrong_requests(tmp_path: Path) -> None:
    case = tmp_path / "case"
    scanned(case, folder(tmp_path / "evidence", {"a": b"a"}))
    long = "9" * 5000
    review = ["review", str(case), f"report {long}", "--outcome", "agree", "--reviewer", "x"]
    assert cli.run(review) == UsageError.exit_code
    assert cli.run(["verify", str(case), "--anchor", long]) == UsageError.exit_code
