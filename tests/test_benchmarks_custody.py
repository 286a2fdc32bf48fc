"""What the record costs is measured on a real scan, each second once."""

import time
from pathlib import Path
from types import SimpleNamespace

import custody_cost as custody
import measure
import pytest
from conftest import Tools


def busy(seconds: float) -> None:
    until = time.process_time() + seconds
    while time.process_time() < until:
        pass


def test_time_inside_another_stage_is_its_own() -> None:
    made = SimpleNamespace(inner=lambda: busy(0.05))

    def outer() -> None:
        made.inner()
        busy(0.02)

    made.outer = outer
    watch = custody.Stopwatch()
    watch.around(made, "inner", "inside")
    watch.around(made, "outer", "outside")
    begun = time.process_time()
    made.outer()
    whole = time.process_time() - begun
    assert watch.seconds["inside"] >= 0.05
    assert watch.seconds["outside"] >= 0.02
    assert sum(watch.seconds.values()) <= whole  # nothing stands in both


def test_the_peak_of_memory_is_set_back() -> None:
    filled = bytearray(64 << 20)
    high = custody.peak()
    del filled
    Path("/proc/self/clear_refs").write_text(custody.RESET_PEAK, encoding="ascii")
    assert custody.peak() <= high - (32 << 20)


def test_a_scan_is_measured(tool: Tools, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    tool("mke2fs")
    monkeypatch.setattr(measure, "LIMIT_SECONDS", 120)
    files = 2 * custody.KINDS + 2
    found = custody.measured(files, tmp_path)
    assert found["findings"] == 3  # files 1, 1001 and 2001
    text = "\n".join(custody.table(files, found))
    for stage in ("events", "manifest", "inventory: leaves and root", "digest of all rows"):
        assert found["stages"][stage] > 0
        assert f"| {stage} |" in text
    assert sum(found["stages"].values()) < found["cpu"]
    assert found["peak_before"] > 0
    assert f"{files:,} files, 3 findings." in text
    assert "held" in "\n".join(custody.table(custody.MILLION, found))
    found["stages"]["events"] = custody.MOST_SECONDS
    assert "MISSED" in "\n".join(custody.table(custody.MILLION, found))
