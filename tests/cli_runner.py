"""Running the command line in tests, here or as a process, and standing in for pipelines."""

import json
import os
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from importlib import import_module
from types import ModuleType
from typing import Any, NamedTuple

import pytest

from heroes_forensics import cli
from heroes_forensics.model import JSON

PROGRAM = (sys.executable, "-c", "from heroes_forensics.cli import main; main()")


class Ran(NamedTuple):
    """What one command line gave."""

    code: int
    out: str
    err: str

    def rows(self) -> list[JSON]:
        """Return standard output as JSON Lines."""
        return [json.loads(line) for line in self.out.splitlines()]


def here(capsys: pytest.CaptureFixture[str], *arguments: str) -> Ran:
    """Run a command line in this process."""
    code = cli.run(arguments)
    captured = capsys.readouterr()
    return Ran(code, captured.out, captured.err)


def process(
    *arguments: str, environment: Mapping[str, str] | None = None, program: Sequence[str] = PROGRAM
) -> Ran:
    """Run a command line in a process of its own, without a terminal."""
    done = subprocess.run(
        [*program, *arguments],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
        env={**os.environ, **(environment or {})},
    )
    return Ran(done.returncode, done.stdout, done.stderr)


def stand_in(monkeypatch: pytest.MonkeyPatch, module: str, **functions: Callable[..., Any]) -> None:
    """Put functions in the place of those of one module of pipelines, named as ``room.module``."""
    room, _, name = module.partition(".")
    package = import_module(f"heroes_forensics.pipelines.{room}")
    fake = ModuleType(f"{package.__name__}.{name}")
    for each, function in functions.items():
        setattr(fake, each, function)
    monkeypatch.setitem(sys.modules, fake.__name__, fake)
    monkeypatch.setattr(package, name, fake, raising=False)
