"""The same answer, however a run goes about it: rows 58 and 59 of docs/faults.md."""

import os
import random
import resource
import stat
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from cli_runner import PROGRAM
from filesystem_images import ext_image
from scans import DEMO, KNOWN_GOOD, NOTABLE, demo_scan, folder, scanned

from heroes_forensics.frames import Unit
from heroes_forensics.pipelines.checks import views
from heroes_forensics.pipelines.examining import examination, listing
from heroes_forensics.pipelines.workers.crews import Crew, Heard

FILES = {f"d{n % 7}/{n:03}": random.Random(n).randbytes(n * 41) for n in range(150)}  # noqa: S311 - content


@pytest.fixture(scope="module")
def image(tmp_path_factory: pytest.TempPathFactory) -> Path:
    def fill(tree: Path) -> None:
        folder(tree, FILES)

    return ext_image(tmp_path_factory.mktemp("image"), fill)


@pytest.fixture(scope="module")
def reference(image: Path, tmp_path_factory: pytest.TempPathFactory) -> str:
    """Return the digest of a plain run with one worker over both pieces of evidence."""
    home = tmp_path_factory.mktemp("reference")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("HEROES_HOME", str(home / "home"))
        return both(home / "case", image, workers=1)


def both(case: Path, image: Path, *, workers: int = 2) -> str:
    sets = (str(NOTABLE), str(KNOWN_GOOD))
    return scanned(case, DEMO, image, sets=sets, workers=workers).content_sha256


# ---- 58 ------------------------------------------------------------------------------------


@pytest.mark.parametrize("workers", [2, 8, 64])
def test_any_number_of_workers_gives_the_same(
    workers: int, image: Path, reference: str, tmp_path: Path
) -> None:
    assert both(tmp_path / "case", image, workers=workers) == reference


@pytest.mark.parametrize("size", [1, 7, 1000])
def test_any_size_of_units_and_parts_gives_the_same(
    size: int, image: Path, reference: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(examination, "UNIT_ITEMS", size)
    monkeypatch.setattr(listing, "PART_ROWS", size)
    assert both(tmp_path / "case", image) == reference


def shuffled(monkeypatch: pytest.MonkeyPatch, seed: int) -> list[int]:
    """Let every pool do what it is given in another order; return the units in that order."""
    draw, real, order = random.Random(seed), Crew.run, list[int]()  # noqa: S311 - an order

    def run(self: Crew, next_unit: Callable[[], Unit | None]) -> Iterator[Heard]:
        waiting: list[Unit] = []

        def any_unit() -> Unit | None:
            while (unit := next_unit()) is not None:
                waiting.append(unit)
            if not waiting:
                return None
            unit = waiting.pop(draw.randrange(len(waiting)))
            order.append(unit.id)
            return unit

        return real(self, any_unit)

    monkeypatch.setattr(Crew, "run", run)
    return order


@pytest.mark.parametrize("seed", [1, 2])
def test_any_order_of_units_gives_the_same(
    seed: int, image: Path, reference: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(examination, "UNIT_ITEMS", 10)
    order = shuffled(monkeypatch, seed)
    assert both(tmp_path / "case", image) == reference
    assert order != sorted(order)


def test_another_content_does_not_give_the_same(
    image: Path, reference: str, tmp_path: Path
) -> None:
    other = tmp_path / "other.raw"
    data = image.read_bytes()
    spot = data.index(FILES["d3/003"])
    other.write_bytes(data[:spot] + b"X" + data[spot + 1 :])
    assert both(tmp_path / "case", other) != reference


# ---- 59 ------------------------------------------------------------------------------------

FEW = 80
"""Descriptors: some for the interpreter, the case and four workers."""


def few_descriptors() -> None:
    resource.setrlimit(resource.RLIMIT_NOFILE, (FEW, FEW))


def no_umask() -> None:
    os.umask(0)


SURROUNDINGS: dict[str, tuple[list[str], dict[str, str], Callable[[], None] | None]] = {
    "-O": (["-O"], {}, None),
    "-OO and no bytecode": (["-OO", "-B"], {}, None),
    "locale C": ([], {"LC_ALL": "C", "LANG": "C", "PYTHONUTF8": "0"}, None),
    "a locale that is not there": ([], {"LC_ALL": "xx_YY.ISO-8859-7"}, None),
    "an odd zone": ([], {"TZ": "Pacific/Apia"}, None),
    "a zone of nonsense": ([], {"TZ": "%&/()"}, None),
    "another hash seed": ([], {"PYTHONHASHSEED": "4711"}, None),
    "umask 000": ([], {}, no_umask),
    "few descriptors": ([], {}, few_descriptors),
}


@pytest.fixture(scope="module")
def demo_digest(tmp_path_factory: pytest.TempPathFactory) -> str:
    home = tmp_path_factory.mktemp("demo")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("HEROES_HOME", str(home / "home"))
        return demo_scan(home / "case").content_sha256


@pytest.mark.parametrize("odd", SURROUNDINGS)
def test_odd_surroundings_change_nothing(odd: str, demo_digest: str, tmp_path: Path) -> None:
    options, environment, before = SURROUNDINGS[odd]
    case = tmp_path / "case"
    arguments = ["scan", str(DEMO), "--case", str(case), "--workers", "4", "--quiet"]
    arguments += ["--set", str(NOTABLE), "--set", str(KNOWN_GOOD)]
    done = subprocess.run(
        [sys.executable, *options, *PROGRAM[1:], *arguments],
        env={**os.environ, **environment},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        check=False,
        timeout=120,
        preexec_fn=before,
    )
    assert done.returncode == 0, done.stderr
    assert views.status(case)["content_sha256"] == demo_digest
    for path in (case, *case.rglob("*")):
        mode = stat.S_IMODE(path.stat().st_mode)
        assert mode & 0o077 == 0, path.name
