"""A disk that is full, fails, is interrupted or takes little at a time, at any call of a scan.

Every write, sync and rename of a record goes through `durable`, where these tests let the N-th of
them fail; what SQLite writes itself is failed in its transactions (docs/faults.md, 20).
"""

import errno
import os
import random
import sqlite3
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from filesystem_images import ext_image
from killing import begun, tables
from scans import NOTABLE, folder, resumed, scanned

from heroes_forensics import durable
from heroes_forensics.custody import keys
from heroes_forensics.errors import HeroesError, StoppedError
from heroes_forensics.pipelines.case import folders
from heroes_forensics.pipelines.checks import verifying
from heroes_forensics.pipelines.examining import examination, listing
from heroes_forensics.pipelines.runs.request import ScanResult

CALLS = ("_write", "_fsync", "_replace", "_truncate", "_link")
ERRORS = {
    "no room": errno.ENOSPC,
    "a failing disk": errno.EIO,
    "an interrupted call": errno.EINTR,
    "a quota": errno.EDQUOT,
}
STEP = max(1, int(100 / float(os.environ.get("HEROES_ROUNDS", "100"))))
"""The long suite lets every call fail, or every so many-th."""


class Disk:
    """Scans on a disk of which some calls fail."""

    def __init__(self, home: Path, image: Path, reference: dict[str, Counter[Any]]) -> None:
        self.home = home
        self.image = image
        self.reference = reference
        self.count = self.failed = 0
        self._patch = pytest.MonkeyPatch()

    def fail(self, call: str, number: int, error: int, *, on: bool = False) -> None:
        """Let the call of this number fail, and with ``on`` all after it, too."""
        real: Callable[..., Any] = getattr(durable, call)

        def faulty(*arguments: object) -> object:
            self.count += 1
            if self.count == number or (on and self.count > number):
                self.failed += 1
                raise OSError(error, os.strerror(error))
            return real(*arguments)

        self.mend()
        self._patch.setattr(durable, call, faulty)

    def fill(self, number: int) -> None:
        """Let SQLite find no room at its commit of this number."""
        real = durable.point

        def faulty(name: str) -> None:
            if name == "before commit":
                self.count += 1
                if self.count == number:
                    self.failed += 1
                    raise sqlite3.OperationalError("database or disk is full")
            real(name)

        self.mend()
        self._patch.setattr(durable, "point", faulty)

    def mend(self) -> None:
        """Let everything work again, and count from nothing."""
        self._patch.undo()
        self.count = self.failed = 0

    def move(self, name: str) -> None:
        """Give the next scan a home of its own, so that each imports the set and makes its keys."""
        os.environ["HEROES_HOME"] = str(self.home / f"home-{name}")

    def counted(self, call: str) -> int:
        """Return how often a whole scan makes a call."""
        self.move("counted")
        self.fail(call, 0, 0)
        scan(self.home / "counted", self.image)
        total = self.count
        self.mend()
        return total

    def survived(self, name: str = "case") -> list[str]:
        """Scan with the fault, then without; return what is not as if there had been none."""
        case = self.home / name
        self.move(name)
        try:
            scan(case, self.image)
        except HeroesError as error:
            if not isinstance(error, StoppedError):
                return [f"exit {error.exit_code}: {error}"]
        failed = self.failed
        self.mend()
        again = resumed(case) if begun(case) else scan(case, self.image)
        code = verifying.verify(case)["exit_code"]
        ours = tables(case)
        wrong = [name for name, rows in self.reference.items() if ours[name] != rows]
        wrong += [f"then exit {again.exit_code}"] * (again.exit_code != 0)
        wrong += [f"verify {code}"] * (code not in {0, 7})
        return wrong + ["the fault did not happen"] * (not failed)


def scan(case: Path, image: Path) -> ScanResult:
    return scanned(case, image, sets=(str(NOTABLE),), names="clear", workers=1)


@pytest.fixture(scope="module")
def image(tmp_path_factory: pytest.TempPathFactory) -> Path:
    draw = random.Random(20)  # noqa: S311 - content
    files = {f"{n}": draw.randbytes(2000) for n in range(30)}
    return ext_image(tmp_path_factory.mktemp("image"), lambda tree: folder(tree, files))


@pytest.fixture(scope="module")
def reference(image: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Counter[Any]]:
    home = tmp_path_factory.mktemp("reference")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("HEROES_HOME", str(home / "home"))
        scan(home / "case", image)
        return tables(home / "case")


@pytest.fixture
def disk(
    image: Path,
    reference: dict[str, Counter[Any]],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> Iterator[Disk]:
    monkeypatch.setattr(examination, "UNIT_ITEMS", 10)
    monkeypatch.setattr(listing, "PART_ROWS", 20)
    made = Disk(tmp_path, image, reference)
    yield made
    made.mend()


ONCE = [("_write", 9), ("_fsync", 24), ("_replace", 7), ("_fsync", 60)]


@pytest.mark.parametrize(
    ("call", "number", "error"), [(*call, error) for call, error in zip(ONCE, ERRORS, strict=True)]
)
def test_a_call_that_fails_once_stops_the_run_and_loses_nothing(
    call: str, number: int, error: str, disk: Disk
) -> None:
    disk.fail(call, number, ERRORS[error])
    assert disk.survived() == []


FULL = [("_write", 1), ("_write", 18), ("_write", 36), ("_fsync", 30), ("_fsync", 58)]


@pytest.mark.parametrize(("call", "number"), FULL)
def test_a_disk_without_room_from_then_on_stops_the_run_and_loses_nothing(
    call: str, number: int, disk: Disk
) -> None:
    disk.fail(call, number, errno.ENOSPC, on=True)
    assert disk.survived() == []


@pytest.mark.parametrize("number", [1, 5, 14])
def test_no_room_for_a_transaction_stops_the_run_and_loses_nothing(number: int, disk: Disk) -> None:
    disk.fill(number)
    assert disk.survived() == []


def test_a_disk_that_takes_a_little_at_a_time_changes_nothing(
    disk: Disk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Every write comes to a third of what was asked for, as one that is interrupted may."""

    def little(descriptor: int, data: memoryview) -> int:
        return os.write(descriptor, data[: len(data) // 3 + 1])

    monkeypatch.setattr(durable, "_write", little)
    case = disk.home / "case"
    assert scan(case, disk.image).exit_code == 0
    assert tables(case) == disk.reference
    assert verifying.verify(case)["exit_code"] == 7


@pytest.mark.parametrize("number", range(1, 9))
@pytest.mark.parametrize("call", ["_write", "_fsync", "_link"])
def test_keys_that_could_not_be_written_do_not_stand_in_the_way(
    call: str, number: int, disk: Disk
) -> None:
    home = disk.home / "laboratory"
    disk.fail(call, number, errno.ENOSPC)
    try:
        keys.create_laboratory(home, domain="lab.example", passphrase=None)
    except StoppedError:
        disk.mend()
        keys.create_laboratory(home, domain="lab.example", passphrase=None)
    else:
        assert disk.failed == 0
    assert keys.load_ring(home).domain == "lab.example"


@pytest.mark.parametrize("call", ["_replace", "_fsync"])
def test_a_case_that_cannot_be_given_its_name_is_made_the_next_time(
    call: str, disk: Disk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The rename itself, or making its folder last."""
    real = durable.rename
    named: list[Path] = []

    def rename(source: Path, target: Path, *, what: str = "") -> None:
        if target.name == folders.DATABASE and not named:
            named.append(target)
            disk.fail(call, 1, errno.ENOSPC)
        real(source, target, what=what)

    monkeypatch.setattr(durable, "rename", rename)
    assert disk.survived() == []
    assert named


# ---- every call in turn --------------------------------------------------------------------


@pytest.mark.slow
@pytest.mark.parametrize("lasting", [False, True], ids=["once", "from then on"])
@pytest.mark.parametrize("call", CALLS)
def test_every_call_in_turn_may_fail(call: str, lasting: bool, disk: Disk) -> None:  # noqa: FBT001
    total = disk.counted(call)
    assert total
    found = {}
    for number in range(1, total + 1, STEP):
        error = errno.ENOSPC if lasting else list(ERRORS.values())[number % len(ERRORS)]
        disk.fail(call, number, error, on=lasting)
        wrong = disk.survived(str(number))
        if wrong:
            found[number] = wrong
    assert found == {}


@pytest.mark.slow
def test_every_transaction_in_turn_may_find_no_room(disk: Disk) -> None:
    found, number, wrong = {}, 1, list[str]()
    while "the fault did not happen" not in wrong:
        disk.fill(number)
        wrong = disk.survived(str(number))
        if wrong:
            found[number] = wrong
        number += STEP
    last, _ = found.popitem()
    assert found == {}
    assert last > STEP
