"""A clock that nobody keeps right, or that is set in mid-run: row 23 of docs/faults.md."""

import json
from datetime import UTC, datetime, timedelta, tzinfo
from pathlib import Path

import pytest
from scans import Noted, folder, resumed, scanned

from heroes_forensics.custody import ledger
from heroes_forensics.pipelines.case import clock
from heroes_forensics.pipelines.case.watch import Progress
from heroes_forensics.pipelines.checks import verifying
from heroes_forensics.pipelines.report import report_clock

RIGHT = {"source": "adjtimex", "offset_ms": 0, "uncertainty_ms": 5, "synchronised": True}


class Set:
    """Lets the clock show another time from some moment on."""

    def __init__(self, patch: pytest.MonkeyPatch, days: float) -> None:
        self.step = timedelta()
        self.wanted = timedelta(days=days)

        class Shown(datetime):
            @classmethod
            def now(cls, tz: tzinfo | None = None) -> "Shown":
                shown = datetime.now(tz) + step()
                return cls.fromtimestamp(shown.timestamp(), tz)

        def step() -> timedelta:
            return self.step

        patch.setattr(ledger, "datetime", Shown)

    def __call__(self, progress: Progress) -> None:
        """Set it once the run is reading."""
        if progress.stage == "reading":
            self.step = self.wanted


def codes(case: Path) -> set[str]:
    report = json.loads((case / "custody/report/report.json").read_bytes())
    return {note["code"] for run in report["runs"] for note in run["notes"]}


@pytest.fixture
def evidence(tmp_path: Path) -> Path:
    return folder(tmp_path / "evidence", {f"{n}": b"%d" % n for n in range(50)})


@pytest.mark.parametrize(("days", "code"), [(-1, "clock-set-back"), (1, "clock-set-forward")])
def test_a_clock_that_is_set_in_mid_run_is_said_and_changes_nothing(
    days: float, code: str, evidence: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(clock, "checked", lambda: dict(RIGHT))
    plain = scanned(tmp_path / "plain", evidence)
    assert codes(tmp_path / "plain") == set()
    case = tmp_path / "case"
    result = scanned(case, evidence, watch=Noted(Set(monkeypatch, days)))
    assert result.exit_code == 0
    assert result.content_sha256 == plain.content_sha256
    assert codes(case) == {code}
    assert "was set" in (case / "custody/report/report.html").read_text("utf-8")
    found = verifying.verify(case)
    assert found["exit_code"] == 7
    told = {row["code"] for row in found["problems"]}  # type: ignore[attr-defined]
    assert {"clock-step", "time-backwards" if days < 0 else "time-future"} <= told


def test_a_clock_that_nobody_keeps_right_is_said(
    evidence: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(clock, "checked", lambda: RIGHT | {"synchronised": False})
    case = tmp_path / "case"
    assert scanned(case, evidence).exit_code == 0
    assert codes(case) == {"clock-not-synchronised"}
    assert "no time service" in (case / "custody/report/report.html").read_text("utf-8")


def test_the_clock_is_asked_again_when_a_run_goes_on(
    evidence: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """On another day, and set back meanwhile: two processes share no steady clock."""
    monkeypatch.setattr(clock, "checked", lambda: dict(RIGHT))
    case = tmp_path / "case"
    first = scanned(case, evidence, budget=0.000001)
    assert first.exit_code != 0
    set_back = Set(monkeypatch, -1)
    set_back.step = set_back.wanted
    assert resumed(case).exit_code == 0
    assert codes(case) == {"clock-set-back"}
    text = (case / "custody/ledger.jsonl").read_text()
    assert text.count('"type":"clock.checked"') == 2


def test_the_kernel_is_asked_and_nothing_is_set() -> None:
    before = datetime.now(UTC)
    body = clock.checked()
    assert body.keys() == RIGHT.keys()
    assert body["source"] in {"adjtimex", "none"}
    assert datetime.now(UTC) - before < timedelta(seconds=30)


def line(kind: str, second: float, steady: float, proc: str = "p") -> bytes:
    body = {"run": "r", "synchronised": False}
    time = datetime(2026, 1, 1, tzinfo=UTC) + timedelta(seconds=second)
    return json.dumps({
        "type": kind, "time": time.isoformat(), "mono": int(steady * 1e6), "proc": proc,
        "body": body,
    }).encode()  # fmt: skip


def test_what_happens_between_runs_is_said_of_the_next() -> None:
    between = [line("run.started", 0, 0), line("run.completed", 1, 1), line("x", -90, 2)]
    assert report_clock.notes(between) == {}
    again = line("run.resumed", -80, 12).replace(b'"r"', b'"s"')
    assert report_clock.notes([*between, again]) == {"s": (report_clock.SET_BACK,)}
    assert report_clock.notes([line("run.started", 0, 0), line("x", 1.5, 3)]) == {}
    assert report_clock.notes([line("run.started", 0, 0), line("x", 9, 3)]) == {
        "r": (report_clock.SET_FORWARD,)
    }
    assert report_clock.notes([line("x", 9, 9), line("run.resumed", 0, 0, "q")]) == {
        "r": (report_clock.SET_BACK,)
    }
