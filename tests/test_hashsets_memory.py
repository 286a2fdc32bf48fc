"""Building and merging a set takes memory that does not grow with the set."""

import subprocess
import sys
from pathlib import Path
from typing import Final

import pytest

ROWS: Final = 2_000_000
"""Some 240 MB of records as they wait to be written."""
CAP: Final = 160 << 20
"""Bytes beyond what the interpreter and its libraries hold already: a 64th of the rows several
times over, what is gathered and held back, and nothing of the rest."""

SCRIPT: Final = """
import resource, sys
from pathlib import Path
import numpy as np
from heroes_forensics.frames import KNOWN, Batch
from heroes_forensics.hashsets.building import SetBuilder
from heroes_forensics.hashsets.hset import HashSetFile
from heroes_forensics.hashsets.layout import Header
from heroes_forensics.hashsets.merging import Base

folder, count, cap, memory_rows = Path(sys.argv[1]), *map(int, sys.argv[2:])
key, set_id = bytes(32), "00000000-0000-4000-8000-000000000001"


def fed(builder, start, count):
    draw = np.random.default_rng(start)
    for first in range(start, start + count, 500):
        rows = np.zeros(500, KNOWN)
        rows["has"], rows["entry"], rows["size"] = 5, -1, -1
        rows["md5"] = draw.integers(0, 256, (500, 16), dtype=np.uint8).view("V16").ravel()
        rows["sha256"] = draw.integers(0, 256, (500, 32), dtype=np.uint8).view("V32").ravel()
        rows["record"] = np.arange(first + 1, first + 501)
        builder.add(Batch("known", rows))


def built(name, start, count, **options):
    place = folder / name
    place.mkdir()
    builder = SetBuilder(place, key, set_id, **options)
    fed(builder, start, count)
    return builder.finish(Header(id="", file="", name="a", edition="1", kind="watch"))


built("small", 0, 1000)  # what is allocated once
status = Path("/proc/self/status").read_text()
data = int(status.split("VmData:")[1].split()[0]) * 1024
resource.setrlimit(resource.RLIMIT_DATA, (data + cap, data + cap))
first = built("first", 0, count, memory_rows=memory_rows)
with HashSetFile.open(first, key) as file:
    base = Base(file)
    base.settle()
    built("second", count, 10_000, base=base)
with HashSetFile.open(folder / "second" / "set.hset", key) as file:
    print(file.header.records, file.probes.passed)
"""


def run(folder: Path, memory_rows: int) -> subprocess.CompletedProcess[str]:
    numbers = map(str, (ROWS, CAP, memory_rows))
    return subprocess.run(
        [sys.executable, "-c", SCRIPT, str(folder), *numbers],
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )


@pytest.mark.slow
def test_a_large_set_is_built_and_merged_in_little_memory(tmp_path: Path) -> None:
    done = run(tmp_path, 1 << 18)
    assert done.stdout == f"{ROWS + 10_000} True\n", done.stderr[-500:]


@pytest.mark.slow
def test_the_cap_is_less_than_holding_all_of_it_takes(tmp_path: Path) -> None:
    done = run(tmp_path, 1 << 40)
    assert done.returncode == 1
    assert "MemoryError" in done.stderr
