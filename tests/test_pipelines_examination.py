"""What a worker says that no sound worker says, and what the examination makes of it."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from scans import DEMO, Noted, folder, scanned
from test_pipelines_report_model import reported

from heroes_forensics.frames import Control, Frame
from heroes_forensics.pipelines.checks import views
from heroes_forensics.pipelines.workers.crews import Heard
from heroes_forensics.pipelines.workers.supervisor import Supervisor
from heroes_forensics.reports import html


def spoiled(monkeypatch: pytest.MonkeyPatch, spoil: Callable[[Frame], Frame | None]) -> None:
    """Let control frames pass through ``spoil`` on their way to the pipeline; None drops one."""
    real = Supervisor.run

    def run(self: Supervisor) -> Iterator[Heard]:
        for heard in real(self):
            changed = spoil(heard.frame) if isinstance(heard.frame, Control) else heard.frame
            if changed is not None:
                yield heard._replace(frame=changed)

    monkeypatch.setattr(Supervisor, "run", run)


def fails(monkeypatch: pytest.MonkeyPatch, at: str, failed: Control) -> None:
    """Let the unit that answers with a frame of the kind ``at`` fail there instead."""
    real, ended = Supervisor.run, set()

    def run(self: Supervisor) -> Iterator[Heard]:
        for heard in real(self):
            if heard.unit.id in ended:
                continue
            if isinstance(heard.frame, Control) and heard.frame.kind == at:
                ended.add(heard.unit.id)
                heard = heard._replace(frame=failed)  # noqa: PLW2901 # what it says instead
            yield heard

    monkeypatch.setattr(Supervisor, "run", run)


def test_a_lister_that_ends_without_its_count_leaves_a_gap_and_no_row_behind(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    spoiled(monkeypatch, lambda frame: None if _kind(frame) == "listing" else frame)
    result = scanned(tmp_path / "case", folder(tmp_path / "evidence", {"a": b"1", "b": b"2"}))
    assert (result.counts["listed"], result.counts["digested"]) == (2, 2)
    assert [row["code"] for row in views.gaps(tmp_path / "case")] == ["worker.died"]
    assert result.exit_code == 3


FAILURES = {
    "the evidence": (20, "", "volume.damaged"),
    "the evidence, in its own word": (20, "volume.encrypted", "volume.encrypted"),
    "our own code": (1, "", "worker.died"),
}


def failure(exit_code: int, code: str) -> Control:
    body = {"unit": 1, "exit_code": exit_code, "message": "it does not work", "hint": ""}
    return Control("failed", {**body, "code": code, "task": -1})


@pytest.mark.parametrize("fault", FAILURES)
def test_a_listing_that_fails_says_whose_fault_it_is(
    fault: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    exit_code, said, code = FAILURES[fault]
    fails(monkeypatch, "opened", failure(exit_code, said))
    watch = Noted()
    scanned(tmp_path / "case", folder(tmp_path / "evidence", {"a": b"1"}), watch=watch)
    assert code in [row["code"] for row in views.gaps(tmp_path / "case")]
    assert "EX-1/1/root: it does not work" in watch.notes
    (volume,) = reported(tmp_path / "case").exhibits[0].sources[0].volumes
    assert volume.state == STATES[code]


STATES = {
    "volume.damaged": "damaged",
    "volume.encrypted": "encrypted",
    "worker.died": "not-examined",
}
"""Of a volume of which nothing was listed."""


def test_a_volume_whose_listing_broke_off_is_not_called_examined(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fails(monkeypatch, "listing", failure(20, "volume.damaged"))
    case = tmp_path / "case"
    assert scanned(case, folder(tmp_path / "evidence", {"a": b"1", "b": b"2"})).exit_code == 3
    assert [row["code"] for row in views.gaps(case)] == ["listing.broken"]
    report = reported(case)
    (volume,) = report.exhibits[0].sources[0].volumes
    assert (volume.state, volume.equation.listed, volume.equation.closes) == ("in-part", 2, True)
    for language, words in IN_PART.items():
        page = html.render(report, language=language).decode()
        assert [page.count(each) for each in words] == [2, 1], language


IN_PART = {
    "en": ("examined in part", "the listing broke off"),
    "de": ("teilweise untersucht", "die Auflistung brach ab"),
}


def test_volumes_that_were_left_out_are_not_said_to_wait(tmp_path: Path) -> None:
    scanned(tmp_path / "case", DEMO, verify="before", expect=("md5:" + "0" * 32,))
    volumes = views.status(tmp_path / "case")["volumes"]
    assert isinstance(volumes, list)
    assert {volume["state"] for volume in volumes} == {"gap"}


def _kind(frame: Frame) -> str:
    return frame.kind
