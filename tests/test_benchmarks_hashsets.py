"""The benchmark of hash sets asks every store the same, and says what it did not measure."""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import hashsets
import measure
import pytest
import suppliers
from corpus import ROOT
from hashset_samples import frames_of_file

from heroes_forensics.frames import Batch

COUNT = 3_000
SCRIPT = ROOT / "benchmarks" / "stores.py"


@pytest.mark.parametrize("name", ["hset", "hset-small", "hset-numpy", "sqlite", "hfind", "bloom"])
def test_every_store_finds_what_is_listed_and_nothing_else(
    name: str, tmp_path: Path, tool: Callable[[str], Path]
) -> None:
    if name == "hfind":
        tool("hfind")
    kind = name.partition("-")[0]
    place = tmp_path / kind
    place.mkdir()
    queries, listed = hashsets.questions(COUNT, tmp_path, 1_000)
    command = [sys.executable, str(SCRIPT)]
    subprocess.run([*command, "make", kind, str(place), str(COUNT)], check=True)
    asked = subprocess.check_output([*command, "ask", name, str(place), str(queries)])
    found = json.loads(asked)
    assert listed == 500
    assert 0 <= found["found"] - listed <= (5 if name == "bloom" else 0)
    assert found["open"] > 0
    assert found["RssAnon"] > 0


@pytest.mark.parametrize(
    ("make", "accepted"),
    [(suppliers.vics, {"md5", "sha1"}), (suppliers.nsrl, {"md5", "sha1", "sha256"})],
    ids=["vics", "nsrl"],
)
def test_made_up_files_are_read_without_a_complaint(
    make: Callable[[Path, int], None], accepted: set[str], tmp_path: Path
) -> None:
    path = tmp_path / "supplied"
    make(path, 20_000)
    *_, last = frames_of_file(path)
    assert not isinstance(last, Batch)
    facts = last.body["facts"]
    assert isinstance(facts, dict)
    assert facts["accepted"] == dict.fromkeys(accepted, 20_000)
    assert (facts["rejected"], facts["warnings"]) == (0, [])


def one(rows: int, wall: float, memory: int) -> hashsets.Import:
    cost = measure.Cost(wall, wall, memory)
    return hashsets.Import("nsrl", rows, 1, cost, memory, memory, memory, 1, 1)


def test_what_was_not_measured_is_said_and_judged() -> None:
    within = hashsets.extrapolated([one(1_000_000, 6, 100 << 20), one(10_000_000, 51, 150 << 20)])
    assert "comes to 501 s" in within
    assert "within the aim" in within
    assert within.endswith("Not measured.")
    beyond = hashsets.extrapolated([one(1_000_000, 6, 100 << 20), one(10_000_000, 66, 150 << 20)])
    assert "comes to 666 s" in beyond
    assert "beyond the aim" in beyond
    heavy = hashsets.extrapolated([one(1_000_000, 6, 1 << 27), one(10_000_000, 51, 1 << 30)])
    assert "beyond the aim" in heavy
    assert "nothing is extrapolated" in hashsets.extrapolated([one(1_000, 1, 1)])


def test_a_store_that_finds_something_else_is_left_out() -> None:
    found = hashsets.Lookups(COUNT)
    said = {"open": 1.0, "cpu": 1.0, "found": 6, "RssAnon": 1, "RssFile": 1}
    hashsets.take(found, "sqlite", said, 10, 5)
    hashsets.take(found, "bloom", said, 10, 5)
    assert found.missing == {"sqlite": "found 6 of 5"}
    assert found.answers["bloom"].wrong == 1


@pytest.mark.slow
def test_the_whole_script_runs_and_fills_its_tables(tmp_path: Path) -> None:
    command = [sys.executable, str(ROOT / "benchmarks" / "hashsets.py"), "--quick"]
    kept = hashsets.KEPT.read_text() if hashsets.KEPT.exists() else None
    try:
        done = subprocess.run(
            [*command, "--folder", str(tmp_path)], check=True, capture_output=True, text=True
        )
    finally:
        if kept is not None:
            hashsets.KEPT.write_text(kept)
    assert "| 10,000 | `.hset`, batches of 32,768 |" in done.stdout
    assert "| NSRL | 20,000 |" in done.stdout
    assert os.listdir(tmp_path) == []  # noqa: PTH208 - names alone
