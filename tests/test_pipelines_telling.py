"""What a run tells while it works, and what others see of it."""

import hashlib
import json
import os
import signal
import subprocess
import sys
import time
from contextlib import ExitStack
from pathlib import Path

import pytest
from scans import demo_scan, resumed
from test_pipelines_resuming import demo_killed

from heroes_forensics.pipelines.case import locking
from heroes_forensics.pipelines.case.telling import left, parsed, whole_lines
from heroes_forensics.pipelines.checks import views
from heroes_forensics.pipelines.examining import stopping

HEROES = str(Path(sys.executable).with_name("heroes"))


def told(case: Path) -> list[dict[str, object]]:
    return list(parsed(whole_lines(case / "events.jsonl")))


def finding(state: str, locator: str = "a") -> dict[str, object]:
    names = ("grade", "verdict", "set", "category")
    return {"type": "finding", "state": state, "locator": locator, **dict.fromkeys(names, "x")}


def test_a_run_tells_how_it_begins_goes_on_and_ends(tmp_path: Path) -> None:
    case = tmp_path / "case"
    demo_killed(case, "after commit#10")
    resumed(case)
    states = [row["state"] for row in told(case) if row["type"] == "run"]
    assert states == ["started", "resumed", "complete"]
    progress = [row for row in told(case) if row["type"] == "progress"]
    assert progress
    assert progress[-1]["stage"] == "closing"
    assert progress[-1]["items_done"] == progress[-1]["items_total"]


def test_what_a_killed_process_showed_is_taken_back(tmp_path: Path) -> None:
    case = tmp_path / "case"
    demo_killed(case, "after commit#10")
    with (case / "events.jsonl").open("a", encoding="utf-8") as stream:
        stream.write(json.dumps(finding("provisional", "EX-1/1/p0/9")) + "\n")
        stream.write('{"type":"finding","sta')  # the kill came here
    resumed(case)
    states = [row["state"] for row in told(case) if row.get("locator") == "EX-1/1/p0/9"]
    assert states in (["provisional", "withdrawn"], ["provisional"])
    lines = (case / "events.jsonl").read_bytes().splitlines()
    assert len(told(case)) == len(lines) - 1
    assert len(list(views.events(case))) == len(lines) - 1


def test_only_what_is_open_is_taken_back() -> None:
    rows = [finding("provisional"), finding("confirmed"), finding("provisional", "b")]
    assert [row["locator"] for row in left(rows)] == ["b"]
    assert list(left([*rows, finding("withdrawn", "b")])) == []


def test_a_follower_hears_of_findings_before_the_run_has_ended(tmp_path: Path) -> None:
    case = tmp_path / "case"
    evidence = tmp_path / "evidence"
    evidence.mkdir()
    (evidence / "first.jpg").write_bytes(b"listed")
    known = tmp_path / "known.txt"
    known.write_text(f"{hashlib.md5(b'listed', usedforsecurity=False).hexdigest()}\n" * 2)
    for number in range(1500):
        (evidence / f"{number:04}").write_bytes(os.urandom(1) * 400_000)
    scan = subprocess.Popen(
        [
            *(HEROES, "scan", str(evidence), "--case", str(case), "--quiet"),
            *("--set", str(known), "--set-kind", "notable"),
        ],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        stdin=subprocess.DEVNULL,
    )
    try:
        events = case / "events.jsonl"
        while scan.poll() is None and not (
            events.exists() and b"provisional" in events.read_bytes()
        ):
            time.sleep(0.005)
        scan.send_signal(signal.SIGSTOP)  # however fast it is, and however slow the follower
        follow = subprocess.Popen(
            [HEROES, "status", str(case), "--follow", "--json"],
            stdout=subprocess.PIPE,
            stdin=subprocess.DEVNULL,
        )
        try:
            assert follow.stdout is not None
            for line in follow.stdout:
                row = json.loads(line)
                if row["type"] == "finding":
                    break
            assert row["state"] == "provisional"
            assert scan.poll() is None
            running = views.status(case)
            assert [run["state"] for run in running["runs"]] == ["running"]  # type: ignore[attr-defined]  # a list
            assert running["holder"]["pid"] == scan.pid  # type: ignore[index]  # an object
        finally:
            follow.kill()
            follow.communicate()
    finally:
        scan.kill()
        scan.wait()
    cut = views.status(case)
    assert [run["state"] for run in cut["runs"]] == ["broken off"]  # type: ignore[attr-defined]  # a list
    assert cut["holder"] is None


def test_status_names_interruptions_and_lanes(tmp_path: Path) -> None:
    case = tmp_path / "case"
    demo_killed(case, "after commit#10")
    resumed(case)
    status = views.status(case)
    runs = status["runs"]
    assert isinstance(runs, list)
    (run,) = runs
    assert run["state"] == "complete"
    assert [each["cause"] for each in run["interruptions"]] == [stopping.CRASH]
    lanes = status["lanes"]
    assert isinstance(lanes, list)
    assert [lane["name"] for lane in lanes] == ["media", "rest"]
    assert all(lane["items"] == lane["ended"] for lane in lanes)


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    monkeypatch.setattr(views, "FOLLOW_GRACE_SECONDS", 0.0)
    monkeypatch.setattr(views, "_FOLLOW_SECONDS", 0.01)
    return monkeypatch


@pytest.mark.usefixtures("impatient")
def test_following_ends_after_the_run(tmp_path: Path) -> None:
    case = tmp_path / "case"
    demo_scan(case)
    rows = list(views.events(case, follow=True))
    assert rows == list(views.events(case))
    assert [row["state"] for row in rows if row["type"] == "run"] == ["started", "complete"]


@pytest.mark.usefixtures("impatient")
def test_following_ends_after_a_run_that_was_killed_and_says_so(tmp_path: Path) -> None:
    case = tmp_path / "case"
    demo_killed(case, "after commit#10")
    *rows, last = views.events(case, follow=True)
    assert rows == list(views.events(case))
    assert (last["type"], last["state"], last["cause"]) == ("run", "interrupted", "crash")
    assert last["run"] == rows[0]["run"]


def test_following_goes_on_while_somebody_holds_the_case(
    tmp_path: Path, impatient: pytest.MonkeyPatch
) -> None:
    case = tmp_path / "case"
    demo_scan(case)
    looks: list[int] = []
    with ExitStack() as stack:
        stack.enter_context(locking.locked(case))

        def slept(seconds: float) -> None:
            del seconds
            looks.append(len(looks))
            if len(looks) == 3:
                with (case / "events.jsonl").open("a", encoding="utf-8") as stream:
                    stream.write(json.dumps(finding("provisional", "late")) + "\n")
            if len(looks) == 5:
                stack.close()

        impatient.setattr(time, "sleep", slept)
        rows = list(views.events(case, follow=True))
    assert rows[-1]["locator"] == "late"
    assert len(looks) >= 5
