"""Zygotes that are started before the coordinator has imported what it needs."""

import errno
import os
import subprocess
import sys
from pathlib import Path

import pytest
from scans import folder, scanned

from heroes_forensics.errors import StoppedError
from heroes_forensics.pipelines.workers import launch
from heroes_forensics.pipelines.workers.forking import Zygote

pytestmark = pytest.mark.real_start


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
    code = "import sys, heroes_forensics.pipelines.workers.launch; print('numpy' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    assert done.stdout == "False\n"


def test_there_is_much_to_read_in_large_files_together(tmp_path: Path) -> None:
    half, other = tmp_path / "half.raw", tmp_path / "other.raw"
    for path in (half, other):
        with path.open("wb") as stream:
            stream.truncate(launch.BULK_BYTES // 2)
    assert not launch.is_bulk([half])
    assert launch.is_bulk([half, other])
    assert not launch.is_bulk([tmp_path / "missing"])
    assert launch.is_bulk([])


def test_there_is_much_to_read_in_folders_of_large_files_or_of_many(tmp_path: Path) -> None:
    inside = tmp_path / "folder" / "deep" / "deeper"
    inside.mkdir(parents=True)
    half = launch.BULK_BYTES // 2
    for name in ("a", "b"):
        with (inside / name).open("wb") as stream:
            stream.truncate(half)
    outside = tmp_path / "folder"
    assert launch.is_bulk([outside])
    assert launch.is_bulk([inside])
    (inside / "b").unlink()
    (inside / "again").symlink_to(inside / "a")
    (outside / "deep" / "loop").symlink_to(outside)
    assert not launch.is_bulk([outside])
    assert launch.is_bulk([outside, inside])
    link = tmp_path / "link"
    link.symlink_to(outside)
    assert not launch.is_bulk([link])
    for number in range(launch.FEW):
        (outside / str(number)).touch()
    assert launch.is_bulk([outside])


def test_a_folder_that_cannot_be_listed_to_the_end_may_hold_much(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "inside").mkdir()
    assert not launch.is_bulk([tmp_path])
    scandir = os.scandir

    def refusing(descriptor: int) -> object:
        if Path(f"/proc/self/fd/{descriptor}").readlink().name == "inside":
            raise OSError(errno.EIO, "Input/output error")
        return scandir(descriptor)

    monkeypatch.setattr(os, "scandir", refusing)
    assert launch.is_bulk([tmp_path])


def test_looking_how_much_a_folder_holds_leaves_times_of_access(tmp_path: Path) -> None:
    (tmp_path / "inside").mkdir()
    long_ago = 1_000_000_000
    for path in (tmp_path / "inside", tmp_path):
        os.utime(path, (long_ago, long_ago))
    assert not launch.is_bulk([tmp_path])
    assert tmp_path.stat().st_atime == long_ago
    assert (tmp_path / "inside").stat().st_atime == long_ago


def test_what_is_read_after_the_costlier_start_is_the_same(
    tmp_path: Path, started: list[launch.Started], monkeypatch: pytest.MonkeyPatch
) -> None:
    source = folder(
        tmp_path / "source", {f"{size}": os.urandom(size) for size in (0, 1, 1024, 5000, 1 << 17)}
    )
    plain = scanned(tmp_path / "plain", source)
    monkeypatch.setattr(launch, "BULK_BYTES", 1)
    fast = scanned(tmp_path / "fast", source)
    assert ["bulk" in str(each.process.args) for each in started] == [False, True]
    assert plain.content_sha256 == fast.content_sha256
