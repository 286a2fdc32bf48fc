"""Skipped tests are counted where nothing is missing: more than allowed, and the run fails."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from conftest import allowed_skips
from corpus import ROOT

SUITE = """
import pytest

@pytest.mark.parametrize("n", range({count}))
def test_skipped(n: int) -> None:
    pytest.skip("nothing here")

def test_passes() -> None:
    pass
"""


def run(
    folder: Path, count: int, allowed: int, *options: str, strict: bool = True
) -> subprocess.CompletedProcess[str]:
    for name in ("conftest.py", "corpus.py", "nursery.py"):
        (folder / name).write_text((ROOT / "tests" / name).read_text())
    (folder / "skips.txt").write_text(f"# a comment\n{allowed}\n")
    (folder / "test_it.py").write_text(SUITE.format(count=count))
    environment = {name: value for name, value in os.environ.items() if name != "HEROES_SKIPS"}
    if strict:
        environment["HEROES_SKIPS"] = "strict"
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *options, "."]
    return subprocess.run(
        command, check=False, capture_output=True, text=True, cwd=folder, env=environment
    )


def test_the_committed_number_can_be_read() -> None:
    assert allowed_skips() >= 0


@pytest.mark.parametrize("options", [(), ("-n", "2")], ids=["one process", "two processes"])
def test_one_skip_too_many_fails_the_run_and_is_named(
    tmp_path: Path, options: tuple[str, ...]
) -> None:
    result = run(tmp_path, 3, 2, *options)
    assert result.returncode == 1
    assert "3 tests were skipped, tests/skips.txt allows 2" in result.stdout
    assert "nothing here" in result.stdout


def test_as_many_as_allowed_pass(tmp_path: Path) -> None:
    assert run(tmp_path, 2, 2).returncode == 0


def test_elsewhere_nothing_is_bound(tmp_path: Path) -> None:
    assert run(tmp_path, 2, 0, strict=False).returncode == 0
