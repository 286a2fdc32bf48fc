"""Importing, comparing, handing on, killed at any moment: nothing partial or plain is left."""

import json
import os
import random
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from hashlib import md5, sha1
from pathlib import Path

import pytest
from command_server import Commands, Ended
from scans import folder

from heroes_forensics import durable

ROWS = 6_000
FILES = {f"f{number}": b"file %d" % number for number in range(30)}
TO = ("--recipient=A. Example", "--organisation=Office", "--authority=Gs 1", "--justification=x")
POINTS = ("after rename#1", "before rename#2")
"""Between the import report and the set file, which makes an edition visible."""
LONG_KILLS = int(0.4 * float(os.environ.get("HEROES_ROUNDS", "100")))


def _listed(number: int) -> tuple[bytes, bytes]:
    text = b"listed %d" % number
    return md5(text, usedforsecurity=False).digest(), sha1(text, usedforsecurity=False).digest()


NEEDLES = [
    form[:10] if form in (md5_, sha1_) else form[:20]
    for number in range(0, ROWS, 500)
    for md5_, sha1_ in [_listed(number)]
    for form in (
        *(md5_, sha1_, md5_.hex().encode(), md5_.hex().upper().encode()),
        *(sha1_.hex().encode(), sha1_.hex().upper().encode()),
    )
]


@dataclass
class Laboratory:
    """A home of its own, a list, and a server of commands."""

    root: Path
    commands: Commands
    seconds: float = 0.0

    @property
    def home(self) -> Path:
        return self.root / "home"

    def run(self, *arguments: object, **more: object) -> Ended:
        return self.commands.run(*map(str, arguments), **more)  # type: ignore[arg-type]

    def adding(self, name: str, **more: object) -> Ended:
        return self.run(
            *("hashset", "import", self.root / "list.csv", "--kind", "notable"),
            *("--name", name, "--edition", "1"),
            **more,
        )

    def plain(self) -> list[Path]:
        """Return the files below the home, cases and temporary folder that hold a plain digest."""
        found = []
        for place in (self.home, self.root / "tmp", *self.root.glob("case*")):
            for path in place.rglob("*"):
                if path.is_file() and not path.is_symlink():
                    data = path.read_bytes()
                    if any(needle in data for needle in NEEDLES):
                        found.append(path)
        return found

    def sets(self) -> dict[str, str]:
        """Return the state of each set."""
        ended = self.run("hashset", "list", "--json")
        assert ended.code == 0
        rows = [json.loads(line) for line in ended.out.splitlines()]
        return {row["name"]: row["state"] for row in rows}


@pytest.fixture(scope="module")
def laboratory(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Laboratory]:
    root = tmp_path_factory.mktemp("laboratory")
    (root / "tmp").mkdir()
    lines = [f"{one.hex()},{two.hex()},1\n" for one, two in map(_listed, range(ROWS))]
    found = [md5(data, usedforsecurity=False).hexdigest() for data in FILES.values()]
    lines += [f"{text},,1\n" for text in found[:10]]
    (root / "list.csv").write_text("md5,sha1,category\n" + "".join(lines))
    folder(root / "evidence", FILES)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("HEROES_HOME", str(root / "home"))
        patch.setenv("TMPDIR", str(root / "tmp"))
        with Commands(root) as commands:
            made = Laboratory(root, commands)
            ended = made.adding("first")
            assert ended.code == 0, ended.err
            made.seconds = ended.seconds
            assert made.plain() == []
            shutil.copy(root / "list.csv", root / "tmp")
            assert made.plain() == [root / "tmp" / "list.csv"]  # what is looked for can be found
            (root / "tmp" / "list.csv").unlink()
            yield made


def _killed(laboratory: Laboratory, name: str, **how: object) -> bool:
    """Kill one import, look at what is left, and import again; say whether it was killed."""
    ended = laboratory.adding(name, **how)
    assert laboratory.plain() == []
    assert not ended.left
    states = laboratory.sets()
    assert set(states.values()) == {"active"}
    if name in states:  # whole, or not there
        assert laboratory.run("hashset", "verify", name).code == 0
    assert laboratory.adding(name).code == 0
    assert laboratory.sets()[name] == "active"
    assert not list((laboratory.home / "sets").glob(".staging-*"))
    return ended.code == -9


def test_an_import_killed_between_two_steps_leaves_nothing_partial(
    laboratory: Laboratory,
) -> None:
    for number, point in enumerate(POINTS):
        assert _killed(laboratory, f"point {number}", environment={durable.CRASH_AT: point})


def test_an_import_killed_half_way_leaves_nothing_partial(laboratory: Laboratory) -> None:
    _killed(laboratory, "moment", kill=0.7 * laboratory.seconds)


@pytest.mark.slow
def test_an_import_killed_at_any_moment_leaves_nothing_partial(laboratory: Laboratory) -> None:
    draw = random.Random(45)  # noqa: S311 - moments
    done = rounds = 0
    while done < LONG_KILLS:
        rounds += 1
        kill = draw.uniform(0.0, 1.1) * laboratory.seconds
        done += _killed(laboratory, f"any {rounds}", kill=kill)
        assert rounds < 4 * LONG_KILLS


@pytest.mark.slow
def test_a_comparison_and_an_export_killed_at_any_moment(laboratory: Laboratory) -> None:
    draw = random.Random(46)  # noqa: S311 - moments
    case, root = laboratory.root / "case", laboratory.root
    scan = laboratory.run("scan", root / "evidence", "--case", case, "--set", "first")
    assert scan.code == 0, scan.err
    whole = laboratory.run("match", case, "--set", "first")
    assert whole.code == 0
    told = ("export", case, *TO, "--for", "axiom", "--out")
    export = laboratory.run(*told, root / "whole")
    assert export.code == 0, export.err
    names = {path.name for path in (root / "whole").iterdir()}
    killed = 0
    for number in range(2 * LONG_KILLS):
        out = root / f"out {number}"
        verb = (*told, out) if number % 2 else ("match", case, "--set", "first")
        seconds = (export if number % 2 else whole).seconds
        killed += laboratory.run(*verb, kill=draw.uniform(0.0, 1.1) * seconds).code == -9
        assert laboratory.plain() == []
        assert laboratory.run("verify", case).code in {0, 7}
        left = {path.name for path in out.iterdir()} if out.exists() else set()
        assert left == names or "SHA256SUMS" not in left
        shutil.rmtree(out, ignore_errors=True)
    assert killed > LONG_KILLS
    assert laboratory.run("match", case, "--set", "first").code == 0
    assert laboratory.run(*told, root / "last").code == 0
    assert {path.name for path in (root / "last").iterdir()} == names
