"""All processes of a run together stay below four fifths of the memory there is."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from heroes_forensics.pipelines.locks.sandbox import MEMORY_LIMIT
from heroes_forensics.pipelines.workers import memory
from heroes_forensics.pipelines.workers.credits import BUDGETS

GIB = 1 << 30


@given(st.integers(1, 512), st.integers(GIB // 4, 2048 * GIB))
def test_workers_and_coordinator_fit(asked: int, available: int) -> None:
    workers, each = memory.plan(asked, available)
    assert 1 <= workers <= asked
    assert memory.LEAST <= each <= MEMORY_LIMIT
    all_of_it = memory.CREWS * workers * each + memory.COORDINATOR + sum(BUDGETS.values())
    assert all_of_it <= available * memory.SHARE or (workers, each) == (1, memory.LEAST)


# cores asked for, GiB -> workers, MiB of each
MACHINES = {
    "laptop": (8, 16, 8, 755),
    "small laptop": (8, 8, 7, 384),
    "workstation": (32, 128, 32, 1024),
    "tiny": (4, 1, 1, 384),
}


@pytest.mark.parametrize("name", MACHINES)
def test_limits_shrink_before_workers_do(name: str) -> None:
    asked, gib, workers, mib = MACHINES[name]
    found = memory.plan(asked, gib * GIB)
    assert (found.workers, found.memory >> 20) == (workers, mib)


@given(st.integers(1, 64), st.integers(GIB // 4, 256 * GIB))
def test_workers_that_derive_keys_have_enough_and_are_rather_fewer(
    asked: int, available: int
) -> None:
    usual = memory.plan(asked, available)
    found = memory.wider(usual, memory.KEYS, available)
    assert 1 <= found.workers <= usual.workers
    if found == usual:
        return
    assert found.memory == memory.KEYS > GIB
    others = memory.COORDINATOR + sum(BUDGETS.values()) + usual.workers * usual.memory
    assert others + found.workers * found.memory <= available * memory.SHARE


def test_a_machine_of_8_gib_derives_what_cryptsetup_asks_for_by_default() -> None:
    for asked in (1, 2, 4, 8):
        found = memory.wider(memory.plan(asked, 8 * GIB), memory.KEYS, 8 * GIB)
        assert found.memory == memory.KEYS
        assert found.workers >= 1


def control_group(root: Path, version: int) -> tuple[Path, Path]:
    """Make /proc and /sys/fs/cgroup of a process two groups deep, of which the outer has a
    limit."""
    controller = "memory" if version == 1 else ""
    (root / "proc/self").mkdir(parents=True)
    (root / "proc/self/cgroup").write_text(f"1:cpu:/x\n0:{controller}:/outer/inner\n")
    (root / "proc/vmstat").write_text("pgfault 5\noom_kill 7\n")
    top = root / "groups" / controller
    (top / "outer/inner").mkdir(parents=True)
    name = "memory.max" if version == 2 else "memory.limit_in_bytes"
    (top / "outer/inner" / name).write_text("max\n")
    (top / "outer" / name).write_text(f"{GIB}\n")
    return root / "proc", root / "groups"


@pytest.mark.parametrize("version", [1, 2])
def test_the_limit_of_a_control_group_counts_also_further_up(version: int, tmp_path: Path) -> None:
    assert memory.available(*control_group(tmp_path, version)) == GIB


def test_without_a_control_group_the_machine_counts(tmp_path: Path) -> None:
    assert memory.available(tmp_path, tmp_path) > GIB // 4


def test_what_the_kernel_ended_is_counted_in_the_group_where_it_says_so(tmp_path: Path) -> None:
    proc, groups = control_group(tmp_path, 2)
    assert memory.killed_for_memory(proc, groups) == 7
    (groups / "outer/memory.events").write_text("max 4\noom 2\noom_kill 3\n")
    assert memory.killed_for_memory(proc, groups) == 3
    assert memory.killed_for_memory(tmp_path, tmp_path) == 0
