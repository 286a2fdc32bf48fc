"""The benchmarks measure what they say: the same bytes for all, and verdicts that can be bad."""

import hashlib
import importlib.util
import json
import os
import struct
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import aims
import bounds
import ewf_writer
import images
import measure
import peers
import plan
import pytest
import stages
import verify
from corpus import ROOT

from heroes_forensics.frames import Unit
from heroes_forensics.pipelines.examining import media_pass

SHAPE = images.Shape("12 mixed", 12, "mixed")
SCRIPTS = ROOT / "benchmarks"


@pytest.fixture
def image(tool: Callable[[str], Path], tmp_path: Path) -> Path:
    tool("mke2fs")
    return images.make(SHAPE, tmp_path / "image")


def truth() -> int:
    check = 0
    for _, pieces in images.file_bytes(SHAPE):
        value = hashlib.sha256(b"".join(pieces)).digest()
        check ^= int.from_bytes(value[:8], "big")
    return check


def read(image: Path, how: str = "read") -> dict[str, object]:
    planned = image.with_name("plan")
    plan.plan(str(image.with_suffix(".raw")), str(planned))
    command = [sys.executable, str(SCRIPTS / "bounds.py"), how, str(image), str(planned)]
    found: dict[str, object] = json.loads(subprocess.check_output(command))
    return found


def test_the_minimal_program_and_the_loop_read_what_was_generated(image: Path) -> None:
    found = read(image)
    assert (found["files"], found["bytes"]) == (SHAPE.files, sum(SHAPE.all_sizes))
    assert found["check"] == truth()
    if importlib.util.find_spec("llvmlite") is not None:
        assert read(image, "lanes") == found
    done = peers.Done()
    peers.dfvfs_loop(str(image), done)
    assert (done.bytes, done.check) == (sum(SHAPE.all_sizes), truth())


def test_a_changed_byte_shows_in_the_check(image: Path, tmp_path: Path) -> None:
    other = tmp_path / "image.raw"
    other.write_bytes(image.read_bytes())
    planned = tmp_path / "plan"
    plan.plan(str(other), str(planned))
    start = next(extents[0][0] for _, extents in bounds.planned(str(planned)) if extents)
    with other.open("r+b") as stream:
        stream.seek(start)
        first = stream.read(1)[0]
        stream.seek(start)
        stream.write(bytes([first ^ 1]))
    assert read(other)["check"] != truth()


def test_the_minimal_program_reads_an_e01_and_checks_it(
    image: Path, tool: Callable[[str], Path]
) -> None:
    tool("ewfacquire")
    acquired = images.acquired(image)
    assert read(acquired)["check"] == truth()
    media = hashlib.md5(image.read_bytes(), usedforsecurity=False).hexdigest()
    assert bounds.inflate(str(acquired))["check"] == media
    data = bytearray(acquired.read_bytes())
    start, size, _ = max(bounds.chunk_table(bytes(data)), key=lambda row: row[1])
    data[start + size // 2] ^= 1
    damaged = acquired.with_name("damaged.E01")
    damaged.write_bytes(data)
    with pytest.raises((ValueError, OSError, bounds.InflateError)):
        bounds.inflate(str(damaged))


def test_the_words_that_ntfs_replaced_are_put_back() -> None:
    record = bytearray(range(256)) * 4
    words = 48
    record[words : words + 6] = struct.pack("<3H", 7, 0x1111, 0x2222)
    mended = bounds.mended(bytes(record), words)
    assert mended[510:512] == b"\x11\x11"
    assert mended[1022:1024] == b"\x22\x22"
    assert mended[:510] == record[:510]


def test_the_time_of_a_scan_is_split_into_known_stages(
    tool: Callable[[str], Path], tmp_path: Path
) -> None:
    tool("mke2fs")
    image = images.make(images.Shape("", 40, str(1 << 20)), tmp_path / "image")
    command = [sys.executable, str(SCRIPTS / "stages.py"), str(image), str(tmp_path / "case")]
    environment = {**os.environ, "HEROES_HOME": str(tmp_path / "home")}
    found = json.loads(subprocess.check_output([*command, "--verify", "off"], env=environment))
    assert set(found) <= set(stages.ORDER)
    # Long enough to be sampled for certain.
    assert {"imports", "digests", stages.START} <= set(found)


def test_work_that_is_described_twice_is_repeated_once() -> None:
    with stages.kept(Unit) as units:
        replace(Unit(1, "inventory", {}), strain=2)
        Unit(2, "content", {})
    Unit(3, "content", {})
    assert [(number, each.strain) for number, each in units.items()] == [(1, 2), (2, 1)]


def test_what_is_measured_is_compiled(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    package, beside = tmp_path / "package", tmp_path / "beside.py"
    package.mkdir()
    (package / "__init__.py").touch()
    beside.touch()
    monkeypatch.setattr(measure, "PROGRAM", package)
    monkeypatch.setattr(measure, "compiled", measure.compiled.__wrapped__)
    monkeypatch.setenv("PYTHONDONTWRITEBYTECODE", "1")
    command = [sys.executable, "-c", "import beside"]
    measure.run(command, environment={"PYTHONPATH": str(tmp_path)})
    found = {each.name.partition(".")[0] for each in tmp_path.rglob("*.pyc")}
    assert found == {"__init__", "beside"}


def test_an_installation_is_compiled() -> None:
    command = ["make", "--dry-run", "--always-make", "-C", str(ROOT), ".venv/.installed"]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    assert "python -m compileall -q heroes_forensics" in done.stdout


VERDICTS = {
    "reached, more is better": (aims.Aim("", 4, 4.1, 5), "reached"),
    "missed, though it could be": (aims.Aim("", 4, 3.9, 5), "not reached"),
    "missed, and no program reaches it": (aims.Aim("", 4, 2, 3.9), "not reachable here"),
    "missed, with no bound known": (aims.Aim("", 4, 2), "not reached"),
    "reached, less is better": (aims.Aim("", 1.3, 1.2, 1.05, at_most=True), "reached"),
    "missed, less is better": (aims.Aim("", 1.3, 1.4, 1.05, at_most=True), "not reached"),
    "out of reach, less is better": (
        aims.Aim("", 1.3, 1.6, 1.4, at_most=True),
        "not reachable here",
    ),
}


@pytest.mark.parametrize(("aim", "verdict"), VERDICTS.values(), ids=VERDICTS)
def test_an_aim_is_judged_beside_its_bound(aim: aims.Aim, verdict: str) -> None:
    assert aim.verdict() == verdict


def test_a_share_of_an_aim_is_more_the_better_it_is() -> None:
    assert aims.Aim("", 4, 3).share(4) == pytest.approx(0.75)
    assert aims.Aim("", 1.3, 2.6, at_most=True).share(1.3) == pytest.approx(0.5)


@pytest.mark.slow
def test_the_whole_script_runs_and_fills_its_tables(tmp_path: Path) -> None:
    command = [sys.executable, str(SCRIPTS / "scan.py"), "--quick", "--folder", str(tmp_path)]
    done = subprocess.run(
        [*command, "--only", "60 of 1 MiB"], check=True, capture_output=True, text=True
    )
    assert "| 60 of 1 MiB (63 MB) | raw | minimal |" in done.stdout
    assert "60 of 1 MiB, raw: CPU, times that of the digests alone" in done.stdout
    assert list(tmp_path.iterdir()) == []


def test_the_pass_that_is_measured_digests_the_media(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(media_pass, "SMALL", 0)
    media = bytes(range(256)) * 9000
    image = tmp_path / "x.E01"
    image.write_bytes(ewf_writer.write(media, level=1)[0])
    for workers in (1, 2):
        found = verify.our_pass(str(image), workers)
        assert found["wall"] > 0
        assert found["digests"] == [
            {"alg": name, "computed": hashlib.new(name, media, usedforsecurity=False).hexdigest()}
            for name in verify.ALGORITHMS
        ]
