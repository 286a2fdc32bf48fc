"""What a worker says that no sound worker says, and what the examination makes of it."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from scans import DEMO, Noted, folder, scanned

from heroes_forensics.frames import Control, Frame
from heroes_forensics.pipelines.checks import views
from heroes_forensics.pipelines.workers.crews import Heard
from heroes_forensics.pipelines.workers.supervisor import Supervisor


def spoiled(monkeypatch: pytest.MonkeyPatch, spoil: Callable[[Frame], Frame | None]) -> None:
    """Let control frames pass through ``spoil`` on their way to the pipeline; None drops one."""
    real = Supervisor.run

    def run(self: Supervisor) -> Iterator[Heard]:
        for heard in real(self):
            changed = spoil(heard.frame) if isinstance(heard.frame, Control) else heard.frame
            if changed is not None:
                yield heard._replace(frame=changed)

    monkeypatch.setattr(Supervisor, "run", run)


def test_a_lister_that_ends_without_its_count_leaves_a_gap_and_no_row_behind(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    spoiled(monkeypatch, lambda frame: None if _kind(frame) == "listing" else frame)
    result = scanned(tmp_path / "case", folder(tmp_path / "evidence", {"a": b"1", "b": b"2"}))
    assert (result.counts["listed"], result.counts["digested"]) == (2, 2)
    assert [row["code"] for row in views.gaps(tmp_path / "case")] == ["worker.died"]
    assert result.exit_code == 3


FAILURES = {"the evidence": (20, "volume.damaged"), "our own code": (1, "worker.died")}


@pytest.mark.parametrize("fault", FAILURES)
def test_a_listing_that_fails_says_whose_fault_it_is(
    fault: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    exit_code, code = FAILURES[fault]

    def fail(frame: Frame) -> Frame:
        if _kind(frame) == "opened":
            body = {
                "unit": 1,
                "exit_code": exit_code,
                "message": "it does not work",
                "hint": "",
                "task": -1,
            }
            return Control("failed", body)
        return frame

    spoiled(monkeypatch, fail)
    watch = Noted()
    scanned(tmp_path / "case", folder(tmp_path / "evidence", {"a": b"1"}), watch=watch)
    assert code in [row["code"] for row in views.gaps(tmp_path / "case")]
    assert "EX-1/1/root: it does not work" in watch.notes


def test_volumes_that_were_left_out_are_not_said_to_wait(tmp_path: Path) -> None:
    scanned(tmp_path / "case", DEMO, verify="before", expect=("md5:" + "0" * 32,))
    volumes = views.status(tmp_path / "case")["volumes"]
    assert isinstance(volumes, list)
    assert {volume["state"] for volume in volumes} == {"gap"}


def _kind(frame: Frame) -> str:
    return frame.kind
