"""A run that ends before it is finished, because it was told to or because its time is up."""

import json
import signal
from pathlib import Path

import pytest
from carved_files import made
from killing import tables
from scans import DEMO, NOTABLE, Noted, demo_scan, folder, resumed, scanned

from heroes_forensics.errors import UsageError
from heroes_forensics.frames import HAND_OVER_BYTES, Proxy, Unit
from heroes_forensics.pipelines.case.watch import Progress
from heroes_forensics.pipelines.checks import verifying, views
from heroes_forensics.pipelines.examining import decoding, listing, run, stopping
from heroes_forensics.pipelines.examining.stopping import Stop
from heroes_forensics.pipelines.runs.request import outcome_code


class Watched:
    """A clock that goes only when told."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Watched:
    found = Watched()
    monkeypatch.setattr(stopping, "_now", found)
    return found


def test_the_first_cause_stays(clock: Watched) -> None:
    stop = Stop(10)
    assert (stop.cause, stop.limited) == ("", True)
    clock.now = 9.9
    assert stop.cause == ""
    clock.now = 10.0
    assert stop.cause == stopping.BUDGET
    stop.ask(stopping.SIGNAL)
    assert stop.cause == stopping.BUDGET


def test_what_was_finished_was_not_interrupted(clock: Watched) -> None:
    for finished, cause in ((True, ""), (False, stopping.SIGNAL)):
        stop = Stop()
        stop.ask(stopping.SIGNAL)
        stop.settle(finished=finished)
        assert stop.cause == cause
    stop = Stop(10)
    stop.settle(finished=False)
    clock.now = 99
    assert stop.cause == ""  # closing takes its time


def files(root: Path) -> Path:
    pictures = {f"home/{n:04}.jpg": b"%d" % n for n in range(1500)}
    return folder(root, {**pictures, **{f"etc/{n:04}": b"#%d" % n for n in range(1500)}})


def test_a_budget_ends_a_run_in_order_and_says_how_far_it_came(
    clock: Watched, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(listing, "PART_ROWS", 100)  # less is on its way when time is up
    monkeypatch.setattr(run, "TICK_SECONDS", 0.0)
    evidence = files(tmp_path / "evidence")
    whole = scanned(tmp_path / "whole", evidence, sets=(str(NOTABLE),))
    case = tmp_path / "case"

    def look(progress: Progress) -> None:
        if progress.stage == "reading" and progress.items_done > 100:
            clock.now = 900.0

    result = scanned(
        case, evidence, sets=(str(NOTABLE),), budget=900.0, workers=1, watch=Noted(look)
    )
    assert (result.outcome, result.cause, result.exit_code) == ("interrupted", "budget", 3)
    assert outcome_code(result, with_matches=True) == 3
    lanes = views.status(case)["lanes"]
    assert isinstance(lanes, list)
    first, rest = lanes
    assert first["ended"] > 0
    assert rest["ended"] < rest["items"]
    report = json.loads((case / "custody/report/report.json").read_bytes())
    (exhibit,) = report["exhibits"]
    assert exhibit["verdict"]["word"] == "unfinished"
    assert [lane["examined"] for lane in exhibit["coverage"]["lanes"]] == [
        first["examined"],
        rest["examined"],
    ]
    page = (case / "custody/report/report.html").read_text()
    assert "UNFINISHED" in page
    assert f"(read first): {first['examined']:,} of {first['items']:,}" in page
    assert report["runs"][0]["breaks"][0]["cause"] == "budget"
    assert verifying.verify(case)["exit_code"] == 7
    again = resumed(case)
    assert (again.exit_code, again.content_sha256) == (0, whole.content_sha256)


def test_large_films_that_wait_to_be_decoded_are_not_waited_for(
    clock: Watched, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """They are read much faster: decoding all that were read would take hours."""
    evidence = folder(tmp_path / "evidence", {"a.txt": b"alpha", "b.png": b"no picture"})
    film = made("mp4")
    for number, more in enumerate((1, 1, 2, 3, 4)):  # two of them are the same
        path = evidence / f"{number}.mp4"
        path.write_bytes(film)
        with path.open("r+b") as stream:
            stream.truncate(len(film) + HAND_OVER_BYTES + more)
    whole = scanned(tmp_path / "whole", evidence)
    real = decoding.Decoding.next_unit
    begun: list[int] = []

    def next_unit(work: decoding.Decoding) -> Unit | None:
        waiting = [each for each in work._waiting if isinstance(each.source, Proxy)]  # noqa: SLF001
        if not begun and len(waiting) < 4:
            return None
        unit = real(work)
        if unit is not None and unit.proxy is not None:
            begun.append(unit.id)
            clock.now = 900.0
        return unit

    with monkeypatch.context() as patch:
        patch.setattr(decoding.Decoding, "next_unit", next_unit)
        result = scanned(tmp_path / "case", evidence, budget=900.0, workers=1)
    assert (result.outcome, result.cause, result.exit_code) == ("interrupted", "budget", 3)
    assert len(begun) == 1
    assert 1 <= int(str(result.counts["digested"])) <= 4  # the one, its copy, what is no film
    assert verifying.verify(tmp_path / "case")["exit_code"] == 7
    again = resumed(tmp_path / "case")
    assert (again.exit_code, again.content_sha256) == (whole.exit_code, whole.content_sha256)
    assert tables(tmp_path / "case") == tables(tmp_path / "whole")


def test_a_budget_that_is_enough_changes_nothing(tmp_path: Path) -> None:
    result = demo_scan(tmp_path / "case", budget=3600.0)
    assert (result.outcome, result.cause, result.exit_code) == ("complete", "", 0)
    assert result.integrity == {"EX-1/1": "match"}
    assert outcome_code(result, with_matches=True) == 10


def test_within_a_budget_the_image_is_verified_after_what_finds_something(
    tmp_path: Path,
) -> None:
    case = tmp_path / "case"
    demo_scan(case, budget=3600.0)
    lines = (case / "custody/ledger.jsonl").read_bytes().splitlines()
    kinds = [json.loads(line)["type"] for line in lines]
    assert kinds.index("evidence.verified") > len(kinds) - 1 - kinds[::-1].index("unit.completed")


def test_a_budget_that_is_over_at_once_gives_a_report_all_the_same(tmp_path: Path) -> None:
    case = tmp_path / "case"
    result = scanned(case, DEMO, budget=1e-6)
    assert (result.cause, result.exit_code) == ("budget", 3)
    report = json.loads((case / "custody/report/report.json").read_bytes())
    assert report["exhibits"][0]["verdict"]["word"] == "unfinished"
    assert resumed(case).exit_code == 0


@pytest.mark.parametrize("budget", [0.0, -1.0])
def test_a_budget_is_a_time(budget: float, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="budget"):
        scanned(tmp_path / "case", DEMO, budget=budget)


def test_signals_are_heard_by_whoever_heard_them_before(tmp_path: Path) -> None:
    before = signal.getsignal(signal.SIGINT)
    scanned(tmp_path / "case", folder(tmp_path / "e", {"a": b"a"}))
    assert signal.getsignal(signal.SIGINT) is before
