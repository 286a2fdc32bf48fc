"""Whole runs as the kernel sees them: every process that holds evidence is locked."""

import os
import shutil
import signal
import subprocess
import sys
import sysconfig
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest
from cli_runner import PROGRAM
from conftest import Tools
from scans import DEMO

import heroes_forensics
from heroes_forensics.pipelines.locks import syscalls

pytestmark = pytest.mark.real_start

ACCOUNT = 54_321
"""A number that no account here has: an ordinary user's."""

SECONDS = 60.0
BUSY_TICKS = 10
"""Processor time, in clock ticks, that shows a worker at its work."""


def installed() -> Sequence[str]:
    """Return the program as it was installed beside this interpreter, else its module."""
    program = Path(sysconfig.get_path("scripts")) / "heroes"
    return [str(program)] if program.exists() else PROGRAM


# ---- what the kernel says of the processes of a run --------------------------------------


def children(pid: int) -> list[int]:
    try:
        text = Path(f"/proc/{pid}/task/{pid}/children").read_text("ascii")
    except OSError:
        return []
    return [int(each) for each in text.split()]


def status(pid: int) -> dict[str, str]:
    lines = Path(f"/proc/{pid}/status").read_text("utf-8").splitlines()
    return {name: value.strip() for name, _, value in (line.partition(":") for line in lines)}


def ticks(pid: int) -> int:
    fields = Path(f"/proc/{pid}/stat").read_text("ascii").rpartition(")")[2].split()
    return int(fields[11]) + int(fields[12])  # utime and stime (proc(5))


def reading(program: int) -> list[int]:
    """Wait until a worker of the run is at work; return all its processes from the top down."""
    deadline = time.monotonic() + SECONDS
    while time.monotonic() < deadline:
        starters = children(program)
        workers = [worker for starter in starters for worker in children(starter)]
        try:
            if any(ticks(worker) >= BUSY_TICKS for worker in workers):
                return [program, *starters, *workers]
        except OSError:
            continue
        time.sleep(0.05)
    pytest.fail("no worker came to work")


@pytest.mark.parametrize("kind", ["folder", "file"])
def test_every_process_that_touches_evidence_is_locked(tmp_path: Path, kind: str) -> None:
    evidence = tmp_path / "evidence"
    large = evidence / "large" if kind == "folder" else evidence
    large.parent.mkdir(exist_ok=True)
    large.touch()
    os.truncate(large, 8 << 30)  # zeros that take some seconds to digest and no room
    how = [] if kind == "folder" else ["--as", "file"]
    scan = ["scan", str(evidence), "--case", str(tmp_path / "case"), "--verify", "off", *how]
    with subprocess.Popen(
        [*installed(), *scan], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    ) as run:
        try:
            found = {pid: status(pid) for pid in reading(run.pid)}
        finally:
            run.kill()
    assert len(found) >= 3  # the program, what starts workers, a worker
    for facts in found.values():
        locks = {name: facts[name] for name in ("Seccomp", "NoNewPrivs", "Threads")}
        assert locks == {"Seccomp": "2", "NoNewPrivs": "1", "Threads": "1"}
    *_, worker = found.values()
    assert int(worker["CapEff"], 16) & ~(1 << 2) == 0  # a folder's may search, and no more
    if kind != "folder":
        assert int(worker["CapEff"], 16) == int(worker["CapPrm"], 16) == 0


def test_workers_end_with_the_program_that_is_killed(tmp_path: Path) -> None:
    """Leaving an account makes the kernel forget who the parent was; it is told again."""
    evidence = tmp_path / "large"
    evidence.touch()
    os.truncate(evidence, 8 << 30)
    scan = ["scan", str(evidence), "--case", str(tmp_path / "case"), "--as", "file"]
    with subprocess.Popen(
        [*installed(), *scan], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    ) as run:
        try:
            _, *below = reading(run.pid)
        finally:
            run.send_signal(signal.SIGKILL)
    deadline = time.monotonic() + SECONDS
    while any(Path(f"/proc/{pid}").exists() for pid in below):
        assert time.monotonic() < deadline
        time.sleep(0.05)


# ---- an ordinary account -----------------------------------------------------------------


@pytest.fixture(scope="module")
def ordinary() -> Iterator["Ordinary"]:
    """Return a way to run the program as an ordinary account; for root it makes one."""
    if os.geteuid() != 0:
        yield Ordinary(None, sys.executable, os.environ)
        return
    # Where no path is closed to others: the usual temporary folders are the owner's alone.
    folder = Path("/var/tmp") / f"heroes-test-{os.getpid()}"  # noqa: S108 - made and checked
    before = os.umask(0o022)
    folder.mkdir()
    try:
        yield Ordinary(ACCOUNT, interpreter(folder), {"HOME": str(folder / "home")}, folder)
    finally:
        os.umask(before)
        shutil.rmtree(folder)


def interpreter(folder: Path) -> str:
    """Make a copy of the environment that runs the tests, for an account that may not see it."""
    base = next(
        (
            path
            for path in (sys._base_executable, f"/usr/bin/python{version()}")  # type: ignore[attr-defined] # noqa: SLF001
            if seen_by_others(Path(path))
        ),
        None,
    )
    if base is None:
        pytest.skip("no Python of this version that an ordinary account may run")
    made = folder / "venv"
    subprocess.run([base, "-m", "venv", "--without-pip", str(made)], check=True)
    site = made / f"lib/python{version()}/site-packages"
    shutil.copytree(
        sysconfig.get_path("purelib"),
        site,
        dirs_exist_ok=True,
        ignore=shutil.ignore_patterns("__pycache__", "*editable*", "heroes_forensics"),
    )
    shutil.copytree(Path(heroes_forensics.__file__).parent, site / "heroes_forensics")
    for path in folder.rglob("*"):
        if not path.is_symlink():
            path.chmod(path.stat().st_mode | (0o555 if path.is_dir() else 0o444))
    (folder / "home").mkdir()
    os.chown(folder / "home", ACCOUNT, ACCOUNT)
    return str(made / "bin" / "python")


def version() -> str:
    return f"{sys.version_info.major}.{sys.version_info.minor}"


def seen_by_others(path: Path) -> bool:
    try:
        whole = path.resolve(strict=True)
    except OSError:
        return False
    return all(each.stat().st_mode & 0o001 for each in (whole, *whole.parents))


class Ordinary:
    """Runs Python as an ordinary account."""

    def __init__(
        self,
        account: int | None,
        python: str,
        environment: Mapping[str, str],
        folder: Path | None = None,
    ) -> None:
        self.account = account
        self.python = python
        self.environment = dict(environment)
        self.folder = folder

    def place(self, tmp_path: Path) -> Path:
        """Return a folder that the account owns."""
        if self.folder is None:
            return tmp_path
        found = self.folder / "home" / tmp_path.name
        found.mkdir()
        os.chown(found, ACCOUNT, ACCOUNT)
        return found

    def run(self, *arguments: str) -> "subprocess.CompletedProcess[str]":
        """Run Python."""
        rights: dict[str, Any] = {}
        if self.account is not None:
            rights = {"user": self.account, "group": self.account, "extra_groups": []}
        return subprocess.run(
            [self.python, *arguments],
            capture_output=True,
            text=True,
            check=False,
            timeout=120,
            cwd="/",
            env=self.environment,
            **rights,
        )


TABLE = """
import os
from heroes_forensics.pipelines.workers.supervisor import Supervisor
with Supervisor() as supervisor:
    found = supervisor.isolation("parser")
print(os.geteuid() != 0, found.level, found.allowed, found.missing)
"""


def test_the_probe_is_at_a4_as_an_ordinary_account(ordinary: Ordinary) -> None:
    done = ordinary.run("-c", TABLE)
    assert done.stdout == "True A4 () []\n", done.stderr


def test_an_ordinary_account_scans_images_and_folders(ordinary: Ordinary, tmp_path: Path) -> None:
    place = ordinary.place(tmp_path)
    image, folder = place / "demo.E01", place / "folder"
    shutil.copy(DEMO, image)
    (folder / "below").mkdir(parents=True)
    (folder / "below" / "f").write_bytes(b"x")
    for path in (image, folder, folder / "below", folder / "below" / "f"):
        path.chmod(0o755)
    for number, evidence in enumerate((image, folder)):
        case = str(place / f"case-{number}")
        code = "from heroes_forensics.cli import main; main()"
        scan = ("scan", str(evidence), "--case", case, "--require-isolation", "A4")
        done = ordinary.run("-c", code, *scan)
        assert done.returncode == 0, done.stderr
        assert "isolation of workers A4" in done.stderr
        assert "missing" not in done.stderr


@pytest.mark.skipif(os.geteuid() != 0, reason="only root reads what is not its own")
def test_root_reads_a_folder_that_is_somebody_elses_alone(tmp_path: Path) -> None:
    """Workers leave the account of root and keep one right of it: to read."""
    evidence = tmp_path / "evidence"
    evidence.mkdir()
    (evidence / "f").write_bytes(b"x")
    for path in (evidence / "f", evidence):
        os.chown(path, ACCOUNT, ACCOUNT)
        path.chmod(0o700 if path.is_dir() else 0o400)
    before = (evidence / "f").stat()
    scan = ["scan", str(evidence), "--case", str(tmp_path / "case")]
    done = subprocess.run([*PROGRAM, *scan], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    after = (evidence / "f").stat()
    assert (before.st_atime_ns, before.st_ctime_ns) == (after.st_atime_ns, after.st_ctime_ns)


@pytest.mark.skipif(os.geteuid() != 0, reason="an ordinary account stays what it is")
def test_root_reads_a_folder_that_answers_root_alone(tool: Tools, tmp_path: Path) -> None:
    """A FUSE mount: its workers stay root, with one right of it left, and that is A3."""
    mount = tmp_path / "mount"
    mount.mkdir()
    subprocess.run([tool("ewfmount"), str(DEMO), str(mount)], check=True, capture_output=True)
    try:
        case = tmp_path / "case"
        scan = ["scan", str(mount), "--case", str(case)]
        done = subprocess.run([*PROGRAM, *scan], capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        assert "isolation of workers A3" in done.stderr
        assert "missing: account: EXDEV" in done.stderr
        refused = subprocess.run(
            [*PROGRAM, *scan[:-1], f"{case}2", "--require-isolation", "A4"],
            capture_output=True,
            text=True,
            check=False,
        )
        assert refused.returncode == 2
        assert "(account: EXDEV)" in refused.stderr
    finally:
        subprocess.run([tool("fusermount"), "-u", str(mount)], check=True)


# ---- the table of system calls -----------------------------------------------------------


def test_numbers_of_system_calls_are_those_of_the_headers() -> None:
    headers = [
        Path("/usr/include/x86_64-linux-gnu/asm/unistd_64.h"),
        Path("/usr/include/asm-generic/unistd.h"),
    ]
    if not all(path.exists() for path in headers):
        pytest.skip("the headers of the kernel are not installed")
    for machine, path in zip(("x86_64", "aarch64"), headers, strict=True):
        listed = {}
        for line in path.read_text("utf-8").splitlines():
            match line.split():
                case ["#define", name, number] if name.startswith("__NR") and number.isdigit():
                    plain = name.removeprefix("__NR3264_").removeprefix("__NR_")
                    listed[plain] = int(number)
        # Numbered by 64-bit words on the processors here; the generic header leaves that open.
        ours = syscalls.PROCESSORS[machine].numbers
        assert len(ours) > 100
        differing = {
            name: (number, listed[name])
            for name, number in ours.items()
            if name in listed and listed[name] != number
        }
        assert differing == {}
        assert set(ours) - set(listed) <= NEWER


NEWER = {"setxattrat", "removexattrat", "landlock_create_ruleset", "landlock_add_rule",
         "landlock_restrict_self", "mount_setattr", "newfstatat"}  # fmt: skip
"""Calls that the headers of an older kernel may not have yet, or name in another way."""
