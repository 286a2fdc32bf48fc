"""A directory of more files than anybody keeps in one: row 39 of docs/faults.md."""

import sys
from pathlib import Path

import crowded
import pytest
from conformance import programs

from heroes_forensics.pipelines.checks import views

HEROES = str(Path(sys.executable).with_name("heroes"))
MEMORY = 1 << 30
"""Bytes of any process of a scan; the coordinator itself needs far less."""


def scan(folder: Path, files: int) -> programs.Ran:
    image, case = folder / "crowded.raw", folder / "case"
    crowded.make(image, files)
    options = ["--case", str(case), "--verify", "off", "--quiet"]
    ran = programs.run([HEROES, "scan", str(image), *options], watch=folder, limit=3600)
    equation = views.status(case)["equation"]
    assert isinstance(equation, dict)
    assert equation["closes"]
    assert equation["digested"] >= files
    return ran


def test_twenty_thousand_files_in_one_directory_are_all_examined(tmp_path: Path) -> None:
    ran = scan(tmp_path, 20_000)
    assert (ran.code, ran.left, ran.hung) == (0, False, False)


@pytest.mark.slow
def test_a_million_files_in_one_directory_are_examined_in_bounded_memory(tmp_path: Path) -> None:
    ran = scan(tmp_path, 1_000_000)
    assert (ran.code, ran.left, ran.hung) == (0, False, False)
    assert ran.memory < MEMORY
