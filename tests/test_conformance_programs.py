"""Whether the conformance suite measures what it says: memory, disk, hanging, what is left."""

import resource
import sys
import time
from pathlib import Path

import pytest
from conformance import programs, robust

LARGE = 200 << 20


def python(code: str, watch: Path, *, limit: float = 60) -> programs.Ran:
    return programs.run([sys.executable, "-c", code], watch=watch, limit=limit)


def test_a_program_is_run_to_its_end(tmp_path: Path) -> None:
    code = (
        "import sys, time; print('out'); print('err', file=sys.stderr); time.sleep(1); sys.exit(7)"
    )
    ran = python(code, tmp_path)  # it lives long enough to be looked at, whatever else runs
    assert (ran.code, ran.out, ran.err) == (7, "out\n", "err\n")
    assert not ran.hung
    assert not ran.left
    # A child begins with the size of the process that it was forked from.
    ours = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss << 10
    assert 0 < ran.memory < LARGE + ours


@pytest.mark.parametrize("waited", [True, False])
def test_the_memory_of_a_grandchild_counts(tmp_path: Path, waited: bool) -> None:  # noqa: FBT001
    inner = f"import time; data = b'x' * {LARGE}; time.sleep(1)"
    end = "wait()" if waited else "poll(); time.sleep(3)"
    code = (
        f"import subprocess, sys, time; subprocess.Popen([sys.executable, '-c', {inner!r}]).{end}"
    )
    assert python(code, tmp_path).memory > LARGE


def test_what_does_not_end_is_ended(tmp_path: Path) -> None:
    ran = python("import time; time.sleep(600)", tmp_path, limit=1)
    assert ran.hung
    assert ran.code < 0


def test_what_is_left_behind_is_noticed_and_ended(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(programs, "_GRACE", 0.2)
    code = "import subprocess; print(subprocess.Popen(['sleep', '600']).pid)"
    ran = python(code, tmp_path)
    assert ran.left
    sleeper = int(ran.out)
    deadline = time.monotonic() + 10
    while state(sleeper) not in {"", "Z"} and time.monotonic() < deadline:
        time.sleep(0.05)
    assert state(sleeper) in {"", "Z"}


def state(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return ""


def test_the_most_that_lay_on_disk_counts(tmp_path: Path) -> None:
    target = tmp_path / "large"
    code = (
        f"import pathlib, time; p = pathlib.Path({str(target)!r});"
        f" p.write_bytes(b'x' * {8 << 20}); time.sleep(1); p.unlink()"
    )
    assert python(code, tmp_path).disk >= 8 << 20
    assert not target.exists()


FINE = programs.Ran(
    20, "", "error: it is no image\nhint:  use another\n", 1.0, 50 << 20, 0, hung=False, left=False
)


@pytest.mark.parametrize(
    ("ran", "fault"),
    [
        (FINE._replace(hung=True), "no end"),
        (FINE._replace(code=1), "exit 1"),
        (FINE._replace(code=-9), "exit -9"),
        (FINE._replace(memory=programs.MEMORY + 1), "a process of 1024 MiB"),
        (FINE._replace(disk=robust.DISK + (1 << 20)), "257 MiB on disk"),
        (FINE._replace(left=True), "left behind"),
        (FINE._replace(out="Traceback (most recent call last)"), "a trace"),
        (FINE._replace(err="error: this is a bug: KeyError"), "a trace"),
        (FINE._replace(err=""), "not refused in a sentence"),
        (FINE._replace(err="error: one\nerror: two"), "not refused in a sentence"),
        (FINE._replace(err="error: one\nand more"), "not refused in a sentence"),
        (FINE._replace(err="error: " + "x" * 400), "not refused in a sentence"),
    ],
)
def test_each_bad_end_is_a_fault(ran: programs.Ran, fault: str) -> None:
    result = robust.Result("x")
    robust.judge(ran, robust.SCAN_CODES, "scan", result)
    assert any(fault in text for text in result.faults)


def test_a_refusal_in_a_sentence_is_none() -> None:
    result = robust.Result("x")
    robust.judge(FINE, robust.SCAN_CODES, "scan", result)
    robust.judge(FINE._replace(err="reading x\n" + FINE.err), robust.SCAN_CODES, "scan", result)
    assert result.faults == []
    assert result.counts == {"scan exit 20": 2}
