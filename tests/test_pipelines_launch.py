"""Zygotes that are started before the coordinator has imported what it needs."""

import subprocess
import sys
from pathlib import Path

import pytest

from heroes_forensics.errors import StoppedError
from heroes_forensics.pipelines import launch
from heroes_forensics.pipelines.forking import Zygote


@pytest.fixture
def started(monkeypatch: pytest.MonkeyPatch) -> list[launch.Started]:
    found: list[launch.Started] = []
    start = launch.start

    def counted(kind: str, *, bulk: bool) -> launch.Started:
        found.append(start(kind, bulk=bulk))
        return found[-1]

    monkeypatch.setattr(launch, "start", counted)
    return found


def test_one_that_was_started_ahead_is_the_one_that_forks(started: list[launch.Started]) -> None:
    with launch.ahead("evidence", bulk=False), Zygote() as zygote:
        forked = zygote.fork("parser")
        parent = Path(f"/proc/{forked.pid}/stat").read_text().rsplit(")", 1)[1].split()[1]
        forked.close()
    assert [int(parent)] == [each.process.pid for each in started]


@pytest.mark.parametrize("bulk", [False, True])
def test_one_that_nobody_took_is_ended(started: list[launch.Started], bulk: bool) -> None:  # noqa: FBT001
    with launch.ahead("evidence", bulk=not bulk), Zygote(bulk=bulk):
        ahead, other = started
        assert (ahead.process.poll(), other.process.poll()) == (None, None)
    assert ahead.process.returncode is not None


def test_it_is_ended_when_the_verb_fails(started: list[launch.Started]) -> None:
    with pytest.raises(ValueError, match="verb"), launch.ahead("evidence", bulk=False):
        raise ValueError("verb")
    assert started[0].process.returncode is not None


def test_a_machine_that_starts_no_process_is_said_in_one_sentence(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def refused(*_: object, **__: object) -> None:
        raise PermissionError(13, "Permission denied", "/dev/null")

    monkeypatch.setattr(subprocess, "Popen", refused)
    with pytest.raises(StoppedError, match="/dev/null: Permission denied") as caught:
        launch.start("evidence", bulk=False)
    assert "not the evidence" in caught.value.hint


def test_starting_one_imports_next_to_nothing() -> None:
    code = "import sys, heroes_forensics.pipelines.launch; print('numpy' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    assert done.stdout == "False\n"


def test_there_is_much_to_read_in_large_files_together_and_in_folders(tmp_path: Path) -> None:
    half, other = tmp_path / "half.raw", tmp_path / "other.raw"
    for path in (half, other):
        with path.open("wb") as stream:
            stream.truncate(launch.BULK_BYTES // 2)
    assert not launch.is_bulk([half])
    assert launch.is_bulk([half, other])
    assert launch.is_bulk([tmp_path])
    assert not launch.is_bulk([tmp_path / "missing"])
    assert launch.is_bulk([])
