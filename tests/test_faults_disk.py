"""The disk of a case is full, read-only or gone (docs/faults.md, 20 and 21)."""

import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import pytest
from scans import NOTABLE, folder, resumed, scanned

from heroes_forensics.errors import StoppedError
from heroes_forensics.pipelines.checks import verifying, views

HEROES = str(Path(sys.executable).with_name("heroes"))
RESERVE_MIB = 64


def mount(*arguments: str) -> None:
    subprocess.run(["mount", *arguments], check=True, capture_output=True)


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    """Return a small disk in memory; only root may make one."""
    if os.geteuid() != 0:
        pytest.skip("only root can mount")
    place = tmp_path / "disk"
    place.mkdir()
    try:
        mount("-t", "tmpfs", "-o", "size=80m,mode=700", "tmpfs", str(place))
    except (OSError, subprocess.CalledProcessError):
        pytest.skip("nothing can be mounted here")
    try:
        yield place
    finally:
        subprocess.run(["umount", "-l", str(place)], check=False)


def size(disk: Path, mib: float) -> None:
    mount("-o", f"remount,size={int(mib * 1024)}k", str(disk))


@pytest.fixture(scope="module")
def evidence(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("disk-evidence") / "evidence"
    return folder(root, {f"{n // 100}/{n}": b"%d" % n * (n % 90) for n in range(4000)})


@pytest.fixture(scope="module")
def whole(evidence: Path, tmp_path_factory: pytest.TempPathFactory) -> str:
    """Return the content_sha256 of a run on a disk with room."""
    root = tmp_path_factory.mktemp("disk-whole")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("HEROES_HOME", str(root / "home"))
        return scanned(root / "case", evidence, sets=(str(NOTABLE),)).content_sha256


def types(case: Path) -> list[str]:
    lines = (case / "custody/ledger.jsonl").read_bytes().splitlines()
    return [json.loads(line)["type"] for line in lines]


ROOM = (0.1, 0.4, 0.9, 1.3, 1.8, 2.8)
"""MiB beside the reserve: too little to begin, for the first rows, for the log of the database, for
what is committed to at the end, for the tables of the report, for its event."""


@pytest.mark.parametrize("room", ROOM)
def test_a_full_disk_stops_a_run_that_goes_on_when_there_is_room(
    room: float, disk: Path, evidence: Path, whole: str
) -> None:
    """The smaller the disk, the earlier: in the database, its log, the ledger, the report."""
    size(disk, RESERVE_MIB + room)
    case = disk / "case"
    with pytest.raises(StoppedError) as caught:
        scanned(case, evidence, sets=(str(NOTABLE),))
    assert caught.value.exit_code == 5
    assert "\n" not in str(caught.value)
    assert not (case / "reserve").exists()
    cut = types(case)
    if "run.started" in cut and "run.completed" not in cut:
        assert cut[-1] == "run.interrupted"
        assert b'"cause":"stopped"' in (case / "custody/ledger.jsonl").read_bytes()
    assert verifying.verify(case)["exit_code"] == 7
    size(disk, 256)
    if "run.started" in cut:
        result = resumed(case)
    else:
        result = scanned(case, evidence, sets=(str(NOTABLE),))
    assert result.exit_code == 0
    assert result.content_sha256 == whole
    assert verifying.verify(case)["exit_code"] == 7
    assert not views.unfinished(case)


def scanning(case: Path, evidence: Path) -> "subprocess.Popen[bytes]":
    """Start a scan, and return once its first unit is on record."""
    process = subprocess.Popen(
        [HEROES, "scan", str(evidence), "--case", str(case), "--quiet", "--set", str(NOTABLE)],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    ledger = case / "custody/ledger.jsonl"
    for _ in range(3000):
        if ledger.exists() and b"unit.completed" in ledger.read_bytes():
            return process
        time.sleep(0.02)
    process.kill()
    raise AssertionError(process.communicate())


@pytest.fixture
def long(tmp_path: Path) -> Path:
    """Return evidence that takes a moment to read."""
    return folder(tmp_path / "long", {f"{n}": os.urandom(1) * 400_000 for n in range(1500)})


def test_a_case_directory_that_is_removed_stops_the_run(tmp_path: Path, long: Path) -> None:
    case = tmp_path / "case"
    process = scanning(case, long)
    while case.exists():  # the run may make a file while the folder is being emptied
        with suppress(OSError):
            shutil.rmtree(case)
    _, stderr = process.communicate(timeout=120)
    assert process.returncode == 5, stderr
    message, hint = stderr.decode().splitlines()
    assert message.startswith("error: the custody bundle cannot be written: No such file")
    assert hint.startswith("hint:")
    assert not case.exists()


@pytest.fixture
def failing(tmp_path: Path, tool: Callable[[str], str]) -> Iterator[Path]:
    """Return a file system that its kernel will make read-only when told of an error."""
    if os.geteuid() != 0:
        pytest.skip("only root can mount")
    place, image = tmp_path / "failing", tmp_path / "failing.img"
    place.mkdir()
    image.write_bytes(b"")
    os.truncate(image, 256 << 20)
    make = [tool("mke2fs"), "-q", "-F", "-t", "ext4", str(image)]
    subprocess.run(make, check=True, capture_output=True)
    try:
        mount("-o", "loop,errors=remount-ro", str(image), str(place))
    except subprocess.CalledProcessError:
        pytest.skip("no loop device here")
    try:
        yield place
    finally:
        subprocess.run(["umount", "-l", str(place)], check=False)


def fail(place: Path, tool: Callable[[str], str]) -> None:
    """Have the kernel meet an error in a file system: it is read-only from now on."""
    shown = [tool("findmnt"), "-n", "-o", "SOURCE", str(place)]
    device = subprocess.run(shown, check=True, capture_output=True, text=True).stdout.strip()
    trigger = Path("/sys/fs/ext4", Path(device).name, "trigger_fs_error")
    trigger.write_text("1", encoding="ascii")


def test_a_disk_that_fails_and_becomes_read_only_stops_the_run(
    failing: Path, long: Path, tmp_path: Path, tool: Callable[[str], str]
) -> None:
    whole = scanned(tmp_path / "whole", long, sets=(str(NOTABLE),))
    case = failing / "case"
    process = scanning(case, long)
    fail(failing, tool)
    _, stderr = process.communicate(timeout=120)
    assert process.returncode == 5, stderr
    message, hint = stderr.decode().splitlines()
    assert message.startswith("error: ")
    assert "cannot be written" in message
    assert hint.startswith("hint:")
    subprocess.run(["umount", "-l", str(failing)], check=True)
    # A copy: a process of anybody's that began meanwhile may still hold the failed one.
    shutil.copyfile(tmp_path / "failing.img", tmp_path / "mended.img")
    check = [tool("e2fsck"), "-f", "-y", str(tmp_path / "mended.img")]
    assert subprocess.run(check, check=False, capture_output=True).returncode in {0, 1}
    mount("-o", "loop", str(tmp_path / "mended.img"), str(failing))
    result = resumed(case)
    assert (result.exit_code, result.content_sha256) == (0, whole.content_sha256)
    assert verifying.verify(case)["exit_code"] == 7
