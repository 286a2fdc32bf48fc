"""Several runs in one case: each answers for its own sources."""

import json
import signal
from pathlib import Path

from scans import NOTABLE, Noted, demo_scan, folder, scanned

from heroes_forensics.pipelines.case.watch import Progress
from heroes_forensics.pipelines.checks import verifying, views


def test_no_match_is_said_only_of_exhibits_compared_with_a_notable_set(tmp_path: Path) -> None:
    case = tmp_path / "case"
    scanned(case, folder(tmp_path / "one", {"a": b"1"}))
    scanned(case, folder(tmp_path / "two", {"a": b"2"}), exhibit="EX-2", sets=(str(NOTABLE),))
    report = json.loads((case / "custody/report/report.json").read_bytes())
    words = {each["label"]: each["verdict"]["word"] for each in report["exhibits"]}
    assert words == {"EX-1": "unfinished", "EX-2": "no-match"}


def test_a_run_counts_what_it_examined_and_nothing_of_earlier_runs(tmp_path: Path) -> None:
    case = tmp_path / "case"
    first = demo_scan(case)
    second = scanned(
        case, folder(tmp_path / "two", {"a": b"2"}), exhibit="EX-2", sets=(str(NOTABLE),)
    )
    assert (first.findings, second.findings) == (6, 0)
    assert [row["type"] for row in views.findings(case)] == ["finding"] * 6
    assert (second.counts["listed"], second.counts["digested"], second.counts["bytes"]) == (1, 1, 1)
    leaves = case / "custody/runs" / second.run / "inventory.leaves"
    assert leaves.stat().st_size == 32
    assert verifying.verify(case)["problems"] == verifying.verify(case, strict=True)["problems"]


def test_an_interrupted_run_leaves_later_runs_whole(tmp_path: Path) -> None:
    case = tmp_path / "case"

    def interrupt(progress: Progress) -> None:
        if progress.items_total:
            signal.raise_signal(signal.SIGINT)
            watch.on_progress = None

    watch = Noted(interrupt)
    files = {f"{n}": b"%d" % n for n in range(3000)}
    assert scanned(case, folder(tmp_path / "one", files), watch=watch).outcome == "interrupted"
    second = scanned(
        case, folder(tmp_path / "two", {"a": b"2"}), exhibit="EX-2", sets=(str(NOTABLE),)
    )
    assert (second.outcome, second.exit_code) == ("complete", 0)
    report = json.loads((case / "custody/report/report.json").read_bytes())
    words = {each["label"]: each["verdict"]["word"] for each in report["exhibits"]}
    assert words == {"EX-1": "unfinished", "EX-2": "no-match"}
    listed = verifying.verify(case)["problems"]
    assert isinstance(listed, list)
    assert "count-mismatch" not in {each["code"] for each in listed}
