"""A batch, or the scan it works with, killed at any time: row 13 of docs/faults.md."""

import os
import random
import re
import time
from collections import Counter
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from batches import begun, children, kill, rows, written
from command_server import end
from killing import tables
from scans import DEMO, KNOWN_GOOD, NOTABLE, folder

from heroes_forensics import durable
from heroes_forensics.pipelines.checks import verifying

KILLS = 5
LONG_KILLS = int(float(os.environ.get("HEROES_ROUNDS", "100")) / 4)
LABELS = ("E-1", "E-2", "E-3")
DONE = {"scanned", "resumed", "finished before"}


class Batch:
    """Evidence of three exhibits, and what a batch that nobody disturbed found in them."""

    def __init__(self, home: Path) -> None:
        draw = random.Random(29)  # noqa: S311 - content
        self.home = home
        self.environment = {"HEROES_HOME": str(home / "home")}
        self.trees = [
            folder(home / f"e{n}", {f"{k % 9}/{k}": draw.randbytes(k * 40) for k in range(120)})
            for n in range(2)
        ]
        for tree in self.trees:
            keep_access_times(tree)
        began = time.monotonic()
        code, found = rows(self.manifest("reference"), environment=self.environment)
        self.seconds = time.monotonic() - began
        assert code == 0, found
        self.reference = self.tables("reference")

    def manifest(self, name: str) -> Path:
        root = self.home / name
        root.mkdir()
        sources = [self.trees[0], DEMO, self.trees[1]]
        exhibits: list[dict[str, object]] = [
            {"label": label, "sources": [str(source)]}
            for label, source in zip(LABELS, sources, strict=True)
        ]
        return written(root, exhibits, sets=[str(NOTABLE), str(KNOWN_GOOD)], names="clear")

    def tables(self, name: str) -> list[dict[str, Counter[Any]]]:
        return [tables(self.home / name / "cases" / label) for label in LABELS]

    def finish(self, manifest: Path) -> dict[str, dict[str, Any]]:
        """Do what is left, compare with what was found undisturbed, and verify the records."""
        code, found = rows(manifest, environment=self.environment)
        assert code == 0, found
        assert {found[label]["did"] for label in LABELS} <= DONE
        for ours, theirs in zip(self.tables(manifest.parent.name), self.reference, strict=True):
            for name, there in theirs.items():
                assert (ours[name] - there, there - ours[name]) == (Counter(), Counter()), name
        for label in LABELS:
            assert verifying.verify(manifest.parent / "cases" / label)["exit_code"] == 7
        return found


@pytest.fixture(scope="module")
def batch(tmp_path_factory: pytest.TempPathFactory) -> Batch:
    return Batch(tmp_path_factory.mktemp("batch"))


def keep_access_times(tree: Path) -> None:
    """Give folders an access time ahead of their changes: nobody who looks into them moves it.

    Scans do not, but whatever else runs on the machine may (``relatime`` of mount(8)).
    """
    for path, _, _ in os.walk(tree):
        info = Path(path).stat()
        os.utime(path, ns=(time.time_ns() + 3600 * 10**9, info.st_mtime_ns))


def disturbed(batch: Batch, manifest: Path, seconds: float, *, scan: bool) -> bool:
    """Begin a batch, or go on with it, and kill it or its scan after a while; say if it was."""
    with begun(manifest, environment=batch.environment) as process:
        with suppress(Exception):
            process.wait(timeout=seconds)
        there = process.poll() is None
        victims = [process.pid]
        if there and scan:
            victims = children(process.pid)
            while not victims and process.poll() is None:  # it is between two scans
                time.sleep(0.01)
                victims = children(process.pid)
            there = bool(victims)
        for each in victims if there else ():
            with suppress(ProcessLookupError):
                kill(each)
        process.communicate(timeout=120)
        assert scan or process.returncode in {-9, 0}
        # What a batch that was killed leaves ends by itself: nothing is left to be killed here.
        assert scan or not end(process.pid)
    return there and bool(victims)


def harness(batch: Batch, wanted: int, seed: int, *, scan: bool) -> None:
    """Kill at random moments until there were so many kills; the result is always the same."""
    draw = random.Random(seed)  # noqa: S311 - moments
    done = rounds = 0
    longest = batch.seconds
    while done < wanted:
        manifest = batch.manifest(f"{'scan' if scan else 'batch'}-{seed}-{rounds}")
        for _ in range(3):
            killed = disturbed(batch, manifest, draw.uniform(0.0, longest), scan=scan)
            done += killed
            if not killed:  # a machine that others use less than when it was measured
                longest *= 0.8
                break
        batch.finish(manifest)
        rounds += 1
        assert rounds <= 2 * wanted + 3, "batches end before they are killed"


@pytest.mark.parametrize("scan", [False, True], ids=["the batch", "its scan"])
def test_kills_at_any_time_change_nothing(scan: bool, batch: Batch) -> None:  # noqa: FBT001 - of a table
    harness(batch, KILLS, 1, scan=scan)


@pytest.mark.slow
@pytest.mark.parametrize("scan", [False, True], ids=["the batch", "its scan"])
def test_many_kills_at_any_time_change_nothing(scan: bool, batch: Batch) -> None:  # noqa: FBT001 - of a table
    harness(batch, LONG_KILLS, 2, scan=scan)


@pytest.mark.parametrize("label", LABELS)
def test_a_batch_killed_after_an_exhibit_does_not_examine_it_again(
    label: str, batch: Batch
) -> None:
    manifest = batch.manifest(f"after-{label}")
    number = LABELS.index(label) + 1
    with begun(manifest, environment=batch.environment) as process:
        assert process.stdout is not None
        for _ in range(number):
            process.stdout.readline()
        kill(process.pid)
    found = batch.finish(manifest)
    did = [found[each]["did"] for each in LABELS]
    assert did[:number] == ["finished before"] * number
    assert set(did[number + 1 :]) <= {"scanned"}


@pytest.mark.parametrize(
    "point",
    [
        *("after commit#7", "before commit#9", "before report rename#3"),
    ],
)
def test_scans_that_end_at_a_named_point_stop_no_other_and_go_on(point: str, batch: Batch) -> None:
    """Each of the three scans ends there; each is a row; the next batch does the rest."""
    manifest = batch.manifest("point-" + re.sub("[ #]", "-", point))
    code, found = rows(manifest, environment={**batch.environment, durable.CRASH_AT: point})
    assert code == 5
    assert [found[label]["exit_code"] for label in LABELS] == [5, 5, 5]
    assert all("ended by SIGKILL" in found[label]["message"] for label in LABELS)
    batch.finish(manifest)
