"""The coordinator killed at any time, or at a named point: row 13 of docs/faults.md.

What it may be about at that moment includes the report on paper, its PDF.
"""

import os
import random
from collections.abc import Iterator
from pathlib import Path

import pytest
from command_server import Commands
from filesystem_images import ext_image
from killing import Scan, tables
from scans import NOTABLE, folder

from heroes_forensics import durable

KILLS = 40
LONG_KILLS = int(5 * float(os.environ.get("HEROES_ROUNDS", "100")))
SMALL = {"examining__examination__UNIT_ITEMS": 20, "examining__listing__PART_ROWS": 50}
"""So that a run of two seconds has dozens of units."""
FILES = 400


class Kills:
    """What all rounds share: evidence, a server of commands, and the run nobody disturbed."""

    def __init__(self, home: Path, commands: Commands) -> None:
        draw = random.Random(13)  # noqa: S311 - content
        files = {f"{n % 9}/{n}": draw.randbytes(draw.randrange(9000)) for n in range(FILES)}
        self.image = ext_image(home, lambda tree: folder(tree, files))
        self.home = home
        self.commands = commands
        plain = self.scan("reference")
        ended = plain.attempt()
        assert not plain.faults, plain.faults
        self.seconds = ended.seconds
        self.reference = tables(plain.case)

    def scan(self, name: str) -> Scan:
        options = ("--set", str(NOTABLE), "--names", "clear")
        return Scan(self.commands, self.home / name, self.image, options)


@pytest.fixture(scope="module")
def kills(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Kills]:
    home = tmp_path_factory.mktemp("kills")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("HEROES_HOME", str(home / "home"))
        with Commands(home, **SMALL) as commands:
            yield Kills(home, commands)


def harness(kills: Kills, wanted: int, seed: int) -> tuple[int, int]:
    """Kill runs at random until there were so many kills; return how many, and how many late."""
    draw = random.Random(seed)  # noqa: S311 - moments
    done = late = rounds = 0
    while done < wanted or late * 4 < wanted * 3:
        scan = kills.scan(f"{seed}-{rounds}")
        for attempt in range(6):
            ended = scan.attempt(kill=draw.uniform(0.0, kills.seconds))
            if not ended.killed:
                if attempt == 0:
                    kills.seconds = ended.seconds
                break
            # How long a run takes changes with what else the machine does: too long a guess is
            # put right by the first run that ends before its kill, too short a one grows.
            kills.seconds *= 1.02
        scan.finish()
        assert scan.differences(kills.reference) == [], f"round {rounds} of seed {seed}"
        done, late, rounds = done + scan.kills, late + scan.late, rounds + 1
        assert rounds <= wanted, "the runs end before they are killed"
    return done, late


PASSED = sorted(durable.POINTS - {"before removal"})
"""Points that a scan passes; nothing is removed by one, but by an erasure, which has tests of its
own (`test_pipelines_erasing`)."""


def test_forty_kills_change_nothing(kills: Kills) -> None:
    done, late = harness(kills, KILLS, 1)
    assert done >= KILLS
    assert late >= KILLS * 3 // 4


@pytest.mark.slow
def test_five_hundred_kills_change_nothing(kills: Kills) -> None:
    done, late = harness(kills, LONG_KILLS, 2)
    assert done >= LONG_KILLS
    assert late >= LONG_KILLS * 3 // 4


@pytest.mark.parametrize("point", PASSED)
@pytest.mark.parametrize("number", [1, 2, 9])
def test_the_end_at_a_named_point_changes_nothing(point: str, number: int, kills: Kills) -> None:
    scan = kills.scan(f"{point}-{number}")
    ended = scan.attempt(environment={durable.CRASH_AT: f"{point}#{number}"})
    scan.finish()
    assert scan.differences(kills.reference) == []
    # A report has few files; every other point is passed more often than that.
    assert ended.code == -9 or "report" in point


@pytest.mark.slow
@pytest.mark.parametrize("point", PASSED)
def test_the_end_at_every_passing_of_a_point_changes_nothing(point: str, kills: Kills) -> None:
    number = code = 0
    while code in {0, -9} and number < LONG_KILLS:
        number += 1
        scan = kills.scan(f"every-{point}-{number}")
        code = scan.attempt(environment={durable.CRASH_AT: f"{point}#{number}"}).code
        if code == 0:
            break
        scan.finish()
        assert scan.differences(kills.reference) == [], f"{point}#{number}"
    assert number > 1


def test_what_differs_is_found(kills: Kills, tmp_path: Path) -> None:
    """One file that another evidence has, and every table would show it."""
    image = ext_image(tmp_path, lambda tree: folder(tree, {"a": b"a"}))
    scan = Scan(kills.commands, tmp_path / "case", image, ("--names", "clear"))
    scan.attempt()
    assert not scan.faults
    found = {text.partition(":")[0] for text in scan.differences(kills.reference)}
    assert {"item", "content_sha256", "ledger", "volume"} <= found
