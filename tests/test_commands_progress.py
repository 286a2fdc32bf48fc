import io
import os
import sys
from collections.abc import Iterator

import pytest

from heroes_forensics.commands import bar as bar_module
from heroes_forensics.commands.bar import BarWatch
from heroes_forensics.commands.output import Output
from heroes_forensics.commands.progress import LineWatch, Pace, share, watching
from heroes_forensics.model import JSON
from heroes_forensics.pipelines.case.watch import Progress, Unwatched

FINDING: JSON = {
    "type": "finding",
    "state": "provisional",
    "finding": None,
    "locator": "EX-1/1/p2048/64-128-1",
    "grade": "same-content",
    "set": "Example set",
    "category": "1",
}


class Clock:
    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


def at(items: int, size: int, *, stage: str = "reading") -> Progress:
    return Progress(
        stage, items_done=items, items_total=1000, bytes_done=size, bytes_total=10_000_000
    )


SHARES = {
    (0, 0): "0 bytes",
    (5_000_000, 0): "5.0 MB",
    (5_000_000, 10_000_000): "5.0 of 10.0 MB",
    (500, 10_000_000): "500 bytes of 10.0 MB",
}


@pytest.mark.parametrize(("values", "expected"), SHARES.items())
def test_shares(values: tuple[int, int], expected: str) -> None:
    assert share(*values) == expected


def test_speeds_are_those_of_the_last_seconds_of_this_stage() -> None:
    clock = Clock()
    pace = Pace(clock)
    pace.take(at(0, 0, stage="listing"))
    clock.now += 1000
    pace.take(at(0, 0))
    assert pace.left(at(0, 0)) is None
    clock.now += 2
    pace.take(at(100, 2_000_000))
    assert pace.items_rate() == 50
    assert pace.bytes_rate() == 1_000_000
    assert pace.left(at(100, 2_000_000)) == 8
    for _ in range(100):
        clock.now += 1
        pace.take(at(200, 3_000_000))
    assert pace.bytes_rate() == 0
    assert pace.left(at(200, 3_000_000)) is None


def test_the_slower_of_reading_and_image_decides() -> None:
    clock = Clock()
    pace = Pace(clock)
    pace.take(Progress("reading", bytes_total=100, media_total=1000))
    clock.now += 10
    now = Progress("reading", bytes_done=50, bytes_total=100, media_done=100, media_total=1000)
    pace.take(now)
    assert pace.left(now) == 90


def test_without_a_terminal_a_line_comes_every_half_minute() -> None:
    clock = Clock()
    said: list[str] = []
    watch = LineWatch(said.append, now=clock)
    for second in range(95):
        watch.progress(at(second, second * 1000))
        clock.now += 1
    assert len(said) == 4
    assert said[0] == "reading: 0 bytes of 10.0 MB, 0 of 1,000 items, 0 findings, 0 gaps"
    assert said[1].startswith("reading: 30.0 kB of 10.0 MB, 1.0 kB/s, 30 of 1,000 items, 1/s")
    watch.progress(at(95, 95_000, stage="closing"))
    assert said[-1].startswith("closing: ")


def test_findings_and_notes_are_said_at_once() -> None:
    said: list[str] = []
    watch = LineWatch(said.append)
    watch.finding(FINDING)
    watch.note("a sentence")
    assert said == [
        (
            "provisional finding: EX-1/1/p2048/64-128-1: same content (SHA-256 agrees): "
            "listed in Example set as category 1"
        ),
        "a sentence",
    ]


def bar(width: int, encoding: str = "utf-8") -> tuple[BarWatch, io.BytesIO]:
    raw = io.BytesIO()
    file = io.TextIOWrapper(raw, encoding=encoding, write_through=True)
    return BarWatch(file, now=Clock(), width=width), raw


@pytest.mark.parametrize("encoding", ["utf-8", "ascii"])
def test_bars_fit_80_columns(encoding: str) -> None:
    watch, _ = bar(80, encoding)
    now = Progress(
        "verifying",
        999_999,
        9_999_999,
        99 * 10**10,
        99 * 10**11,
        99 * 10**10,
        99 * 10**11,
        9999,
        99,
    )
    lines = list(watch.lines(now))
    assert all(len(line) <= 80 for line in lines)
    assert " 10 %" in lines[0]
    assert "9,999 findings, 99 gaps" in lines[2]
    "\n".join(lines).encode(encoding)


def test_nothing_unfinished_is_a_hundred_percent() -> None:
    watch, _ = bar(80)
    line = next(watch.lines(Progress("reading", bytes_done=999, bytes_total=1000)))
    assert " 99 %" in line
    assert "─" in line


def test_findings_run_above_the_bar_and_cannot_act() -> None:
    watch, raw = bar(200)
    with watch:
        watch.progress(at(1, 1000))
        watch.finding({**FINDING, "locator": "a\x1b[31mb[bold]c[/bold]"})
        watch.note("x\x07y")
    text = raw.getvalue().decode()
    assert r"a\x1b[31mb[bold]c[/bold]" in text
    assert r"x\x07y" in text
    assert "\x1b[32m" not in text


class Broken(io.StringIO):
    def write(self, text: str) -> int:
        del text
        raise BrokenPipeError

    def isatty(self) -> bool:
        return False


def test_a_watcher_that_went_away_stops_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stderr", Broken())
    with watching(Output(as_json=False)) as watch:
        watch.progress(at(1, 1))
        watch.finding(FINDING)
        watch.note("a sentence")


def test_a_terminal_that_went_away_stops_nothing() -> None:
    with BarWatch(Broken(), width=80) as watch:
        watch.progress(at(1, 1))
        watch.finding(FINDING)
        watch.note("a sentence")


@pytest.fixture
def terminal() -> Iterator[io.TextIOWrapper]:
    master, slave = os.openpty()
    with os.fdopen(slave, "w") as stream:
        yield stream
    os.close(master)


@pytest.mark.parametrize(("name", "kind"), [("xterm", BarWatch), ("dumb", LineWatch)])
def test_a_bar_only_where_the_cursor_moves(
    name: str, kind: type, terminal: io.TextIOWrapper, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TERM", name)
    monkeypatch.setattr(sys, "stderr", terminal)
    with watching(Output(as_json=False)) as watch:
        assert type(watch) is kind


def test_json_and_a_bar_never_share_a_terminal(
    terminal: io.TextIOWrapper, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setattr(sys, "stderr", terminal)
    shown: list[object] = []

    def noted(file: object) -> Nobody:
        shown.append(file)
        return Nobody()

    for stdout in (io.StringIO(), terminal):
        monkeypatch.setattr(sys, "stdout", stdout)
        monkeypatch.setattr(bar_module, "BarWatch", noted)
        with watching(Output(as_json=True)):
            pass
    assert shown == [terminal]


class Nobody(Unwatched):
    def __enter__(self) -> Unwatched:
        return self

    def __exit__(self, *error: object) -> None:
        del error


def test_quiet_is_quiet(capsys: pytest.CaptureFixture[str]) -> None:
    with watching(Output(as_json=False), quiet=True) as watch:
        assert isinstance(watch, Unwatched)
        watch.note("x")
    assert capsys.readouterr() == ("", "")


def test_json_gets_findings_and_notes_but_no_progress(capsys: pytest.CaptureFixture[str]) -> None:
    with watching(Output(as_json=True), quiet=True) as watch:
        watch.progress(at(1, 1))
        watch.finding(FINDING)
        watch.note("a sentence")
    out, err = capsys.readouterr()
    assert [line[:18] for line in out.splitlines()] == ['{"type": "finding"', '{"type": "note", "']
    assert err == ""
