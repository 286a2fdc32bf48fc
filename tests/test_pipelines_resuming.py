"""A run that was cut off goes on, and ends as if nothing had happened; or says why it cannot."""

import json
import os
import shutil
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scans import DEMO, KNOWN_GOOD, NOTABLE, Noted, demo_scan, folder, resumed, scanned

from heroes_forensics import durable
from heroes_forensics.errors import CustodyError, HashSetError, HeroesError, UsageError
from heroes_forensics.frames import Batch, Control, Frame, Unit
from heroes_forensics.pipelines.case import cases, environment
from heroes_forensics.pipelines.case.watch import Progress
from heroes_forensics.pipelines.checks import verifying, views
from heroes_forensics.pipelines.examining import listing
from heroes_forensics.pipelines.runs import resuming
from heroes_forensics.pipelines.workers.crews import Heard
from heroes_forensics.pipelines.workers.supervisor import Supervisor

SETS = (str(NOTABLE), str(KNOWN_GOOD))
HEROES = str(Path(sys.executable).with_name("heroes"))


def ledger(case: Path) -> list[dict[str, Any]]:
    lines = (case / "custody/ledger.jsonl").read_bytes().splitlines()
    return [json.loads(line) for line in lines]


def tables(case: Path) -> dict[str, list[Any]]:
    """Return what a case found, without the numbers that depend on when it found it."""
    with sqlite3.connect(f"file:{case / 'case.db'}?mode=ro", uri=True) as database:
        place = "s.label || '/' || v.key || '/' || i.locator"
        items = (
            "FROM item i JOIN volume v ON v.id = i.volume_id JOIN source s ON s.id = v.source_id"
        )
        found = {
            "item": f"SELECT {place}, i.kind, i.flags, i.place, i.owner, i.size, i.first_offset,"
            f" i.handle {items}",
            "content": f"SELECT {place}, c.status, c.gap, c.type, c.bytes_read, c.md5, c.sha1,"
            f" c.sha256 {items} JOIN content c ON c.item_id = i.id",
            "match": f"SELECT {place}, m.record, m.grade, m.verdict, m.facts, m.status,"
            f" m.finding IS NULL {items} JOIN match m ON m.item_id = i.id",
            "gap": "SELECT place, code, detail FROM gap",
            "volume": "SELECT s.label, v.key, v.file_system, v.state, v.listing, v.time_basis"
            " FROM volume v JOIN source s ON s.id = v.source_id",
            "verification": "SELECT source_id, status, facts FROM verification",
        }
        return {
            name: sorted(database.execute(statement).fetchall(), key=repr)
            for name, statement in found.items()
        }


def killed_at(point: str, case: Path, *arguments: str) -> int:
    """Run a scan that a test hook kills at a moment, as a power cut would."""
    done = subprocess.run(
        [HEROES, "scan", "--case", str(case), "--quiet", *arguments],
        env={**os.environ, durable.CRASH_AT: point},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        timeout=120,
        check=False,
    )
    return done.returncode


def demo_killed(case: Path, point: str) -> None:
    """Kill a scan of the demonstration at a moment."""
    code = killed_at(point, case, str(DEMO), "--set", SETS[0], "--set", SETS[1])
    assert code == -signal.SIGKILL


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a case of the demonstration that was never interrupted."""
    case = tmp_path_factory.mktemp("whole") / "case"
    home = tmp_path_factory.mktemp("whole-home")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("HEROES_HOME", str(home))
        demo_scan(case)
    return case


# ---- as if nothing had happened --------------------------------------------------------------


@pytest.mark.parametrize("commit", [6, 8, 9, 11, 14, 16, 17])
def test_a_run_killed_after_any_commit_ends_as_if_it_was_not(
    commit: int, whole: Path, tmp_path: Path
) -> None:
    case = tmp_path / "case"
    demo_killed(case, f"after commit#{commit}")
    assert verifying.verify(case)["exit_code"] == 7
    before = {row["number"]: row["locator"] for row in views.findings(case)}
    result = resumed(case)
    assert result.exit_code == 0
    assert result.content_sha256 == views.status(whole)["content_sha256"]
    assert tables(case) == tables(whole)
    after = {row["number"]: row["locator"] for row in views.findings(case)}
    assert before.items() <= after.items()
    assert sorted(after, key=str) == [f"F-{number:06}" for number in range(1, 7)]
    checked = verifying.verify(case)
    assert checked["exit_code"] == 7, checked
    assert not views.unfinished(case)


def stopped_at(items: int) -> Noted:
    """Interrupt a run, as Ctrl-C does, once so many entries are on record."""

    def look(progress: Progress) -> None:
        if progress.items_total >= items:
            watch.on_progress = None
            signal.raise_signal(signal.SIGINT)

    watch = Noted(look)
    return watch


def cut_after(
    frames: int,
    case: Path,
    *sources: Path,
    **changes: Any,  # noqa: ANN401 - the fields of `ScanRequest`
) -> None:
    """End a run at once, as a second Ctrl-C does, when so many frames of entries have come."""
    seen = []

    def count(unit: Unit, frame: Frame) -> Frame:
        if unit.kind == "inventory" and isinstance(frame, Batch):
            seen.append(unit.id)
            if len(seen) == frames:
                raise KeyboardInterrupt
        return frame

    with pytest.MonkeyPatch.context() as patch:
        spoiled(patch, count)
        with pytest.raises(KeyboardInterrupt):
            scanned(case, *sources, **changes)


def many(root: Path, count: int = 900) -> Path:
    """Make a folder of files, some of them in folders."""
    return folder(root, {f"d{n % 7}/{n:04}.jpg": b"%d" % n * (n % 50) for n in range(count)})


@pytest.mark.parametrize("names", ["sealed", "clear"])
def test_a_listing_that_was_cut_is_taken_up_where_it_was(
    names: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is on record comes again, is the same and stays; the rest is added."""
    monkeypatch.setattr(listing, "PART_ROWS", 100)
    evidence = many(tmp_path / "evidence")
    whole = scanned(tmp_path / "whole", evidence, names=names)
    case = tmp_path / "case"
    cut_after(2, case, evidence, names=names)
    before = list(views.inventory(case))
    assert 100 <= len(before) < 900
    assert views.status(case)["volumes"][0]["state"] == "waiting"  # type: ignore[index]
    result = resumed(case)
    assert (result.outcome, result.exit_code) == ("complete", 0)
    assert result.content_sha256 == whole.content_sha256
    assert tables(case) == tables(tmp_path / "whole")
    assert list(views.inventory(case))[: len(before)] != before  # they are read now
    assert verifying.verify(case)["exit_code"] == 7
    assert "listing.differs" not in {row["code"] for row in views.gaps(case)}


def test_the_first_part_of_a_listing_is_small_and_the_following_grow(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """So that reading begins while most is still to be listed, and few transactions are made."""
    monkeypatch.setattr(listing, "FIRST_ROWS", 50)
    monkeypatch.setattr(listing, "PART_ROWS", 1000)
    scanned(tmp_path / "case", many(tmp_path / "evidence", 9000))
    with sqlite3.connect(tmp_path / "case" / "case.db") as database:
        asked = "SELECT items FROM unit WHERE kind='inventory' AND items ORDER BY id"
        first, *further, last = [items for (items,) in database.execute(asked)]
    assert first + sum(further) + last == len(list(views.inventory(tmp_path / "case")))
    assert 50 <= first < 1000 <= max(further)
    assert len(further) < 12  # in parts of 50 they would be a hundred and eighty


def test_a_drained_run_is_read_to_its_end(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # In one part: nothing is read before all is listed, so that something is left when it is cut.
    monkeypatch.setattr(listing, "FIRST_ROWS", listing.PART_ROWS)
    evidence = many(tmp_path / "evidence", 6000)
    whole = scanned(tmp_path / "whole", evidence, sets=SETS)
    case = tmp_path / "case"
    cut = scanned(case, evidence, sets=SETS, watch=stopped_at(6000))
    assert cut.outcome == "interrupted"
    again = resumed(case, watch=stopped_at(1))
    assert again.outcome == "interrupted"
    result = resumed(case, workers=5)
    assert result.content_sha256 == whole.content_sha256
    kinds = [event["type"] for event in ledger(case)]
    assert kinds.count("run.started") == 1
    assert kinds.count("run.interrupted") == kinds.count("run.resumed") == 2
    assert kinds.count("run.completed") == 1
    assert verifying.verify(case, strict=True)["exit_code"] == 7
    checked = verifying.verify(case)["problems"]
    assert isinstance(checked, list)
    assert not {"run-incomplete", "count-mismatch"} & {problem["code"] for problem in checked}


def test_orphans_that_were_being_searched_are_searched_again(
    tmp_path: Path, tool: Callable[[str], str]
) -> None:
    image = tmp_path / "stick.img"
    with image.open("wb") as stream:
        stream.truncate(16 << 20)
    program = [tool("mkfs.vfat"), "-F", "16", "-s", "1", str(image)]
    subprocess.run(program, check=True, capture_output=True)
    tree = folder(tmp_path / "tree", {"gone/kept.bin": b"kept" * 5000, "stays": b"stays"})
    for name in ("gone", "stays"):
        subprocess.run([tool("mcopy"), "-s", "-i", str(image), str(tree / name), "::"], check=True)
    subprocess.run([tool("mdeltree"), "-i", str(image), "::gone"], check=True)
    whole = scanned(tmp_path / "whole", image)
    case = tmp_path / "case"
    with pytest.MonkeyPatch.context() as patch:
        spoiled(patch, lambda unit, frame: stop_before(unit, frame, "orphans"))
        with pytest.raises(KeyboardInterrupt):
            scanned(case, image)
    assert views.status(case)["volumes"][0]["state"] == "listing"  # type: ignore[index]
    result = resumed(case)
    assert result.content_sha256 == whole.content_sha256
    assert tables(case) == tables(tmp_path / "whole")


def stop_before(unit: Unit, frame: Frame, kind: str) -> Frame:
    """End the run at once when the first frame of a unit of this kind comes."""
    if unit.kind == kind:
        raise KeyboardInterrupt
    return frame


def spoiled(monkeypatch: pytest.MonkeyPatch, spoil: Callable[[Unit, Frame], Frame]) -> None:
    """Let every frame pass through ``spoil`` on its way to the pipeline."""
    real = Supervisor.run

    def run(self: Supervisor) -> Iterator[Heard]:
        for heard in real(self):
            if isinstance(heard.frame, Batch | Control):
                yield heard._replace(frame=spoil(heard.unit, heard.frame))
            else:
                yield heard

    monkeypatch.setattr(Supervisor, "run", run)


def test_a_run_of_two_sources_goes_on_with_the_one_that_was_cut(tmp_path: Path) -> None:
    one, two = many(tmp_path / "one", 300), many(tmp_path / "two", 500)
    expected = scanned(tmp_path / "whole", DEMO, one, two)
    case = tmp_path / "case"
    cut_after(4, case, DEMO, one, two)
    result = resumed(case)
    assert result.content_sha256 == expected.content_sha256
    assert result.integrity == {"EX-1/1": "match"}
    assert [event["type"] for event in ledger(case)].count("evidence.verified") == 1


def test_a_run_that_was_finished_says_so(tmp_path: Path) -> None:
    case = tmp_path / "case"
    first = demo_scan(case)
    before = (case / "custody/ledger.jsonl").read_bytes()
    again = resumed(case)
    assert again.exit_code == 0
    assert "nothing is left to do" in again.notes[-1]
    assert (again.run, again.content_sha256) == (first.run, first.content_sha256)
    assert (case / "custody/ledger.jsonl").read_bytes() == before


def test_a_run_that_was_finished_ends_as_it_did(tmp_path: Path) -> None:
    """A kill between the end of a run and its report masks neither gaps nor an alarm."""
    case = tmp_path / "case"
    first = scanned(case, folder(tmp_path / "source", {"a.gz": b"\x1f\x8b\x08\0broken"}))
    assert first.exit_code == 3
    assert resumed(case).exit_code == 3
    with cases.read_only(case) as database:
        done = resuming.finished(database)
    assert done is not None
    assert replace(done, facts={**done.facts, "alarm": True}).exit_code == 6


def test_a_report_that_was_not_issued_any_more_is_issued(whole: Path, tmp_path: Path) -> None:
    case = tmp_path / "case"
    demo_killed(case, "before report rename#2")
    assert (
        not (case / "custody/report/report.json").exists()
        or not (case / "custody/MANIFEST.sha256").exists()
    )
    result = resumed(case)
    assert result.exit_code == 0
    assert (case / "custody/MANIFEST.sha256").exists()
    assert tables(case) == tables(whole)
    assert verifying.verify(case)["exit_code"] == 7


def test_what_was_left_is_said(tmp_path: Path) -> None:
    """The take-over of the lock, and the interruption of the run, are on record."""
    case = tmp_path / "case"
    demo_killed(case, "after commit#8")
    resumed(case)
    events = ledger(case)
    (note,) = [event for event in events if event["type"] == "quality.noted"]
    assert "was taken over from process" in note["body"]["text"]
    assert "ended without closing the case" in note["body"]["text"]
    (cut,) = [event for event in events if event["type"] == "run.interrupted"]
    assert cut["body"]["cause"] == "crash"
    report = json.loads((case / "custody/report/report.json").read_bytes())
    (run,) = report["runs"]
    assert (run["outcome"], run["interruptions"]) == ("complete", 1)
    assert [(row["cause"], bool(row["resumed"])) for row in run["breaks"]] == [("crash", True)]
    assert report["exhibits"][0]["verdict"]["word"] == "matches"
    assert not report["exhibits"][0]["verdict"]["unfinished"]


def test_a_case_without_a_run_has_nothing_to_resume(tmp_path: Path) -> None:
    case = tmp_path / "case"
    demo_killed(case, "after commit#4")
    with pytest.raises(UsageError, match="no run was begun"):
        resumed(case)
    demo_scan(case)


# ---- what differs is refused -----------------------------------------------------------------


def changed(case: Path, evidence: Path, how: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Change one thing that the result of a run rests on."""
    match how:
        case "touched":
            os.utime(evidence)
        case "grown":
            with evidence.open("ab") as stream:
                stream.write(b"more")
        case "replaced":
            shutil.copyfile(evidence, evidence.with_suffix(".new"))
            evidence.with_suffix(".new").replace(evidence)
        case "gone":
            evidence.unlink()
        case "library":
            real = environment.environment

            def other() -> Any:  # noqa: ANN401 - as the real one
                facts = json.loads(json.dumps(real()))
                next(row for row in facts["libraries"] if row["name"] == "numpy")["version"] = "9"
                return facts

            monkeypatch.setattr(resuming, "environment", other)
        case "set":
            with (case.parent / "known.json").open("ab") as stream:
                stream.write(b"\n")
        case "settings":
            with sqlite3.connect(case / "case.db") as database:
                database.execute("UPDATE run SET config=json_set(config, '$.profile', 'deep')")


CHANGES: dict[str, tuple[type[HeroesError], str]] = {
    "touched": (CustodyError, "EX-1/1 is not what it was .* its time of modification"),
    "grown": (CustodyError, "EX-1/1 is not what it was .* its size"),
    "replaced": (CustodyError, "EX-1/1 is not what it was .* its inode"),
    "gone": (HeroesError, "no file"),
    "library": (UsageError, "the libraries .* numpy .* then, 9 now"),
    "set": (HashSetError, "known.json changed"),
    "settings": (CustodyError, "settings"),
}


@pytest.mark.parametrize("how", CHANGES)
def test_a_run_whose_ground_shifted_does_not_go_on(
    how: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    case, evidence, known = tmp_path / "case", tmp_path / "demo.E01", tmp_path / "known.json"
    shutil.copyfile(DEMO, evidence)
    shutil.copyfile(NOTABLE, known)
    assert killed_at("after commit#9", case, str(evidence), "--set", str(known)) < 0
    changed(case, evidence, how, monkeypatch)
    lines = len(ledger(case))
    kind, text = CHANGES[how]
    with pytest.raises(kind, match=text) as caught:
        resumed(case)
    assert "\n" not in str(caught.value)
    assert len(ledger(case)) - lines in {0, 1}  # the line that the file lacked
    assert views.unfinished(case)


STATED: dict[str, dict[str, Any]] = {
    "profile": {"profile": "deep"},
    "verify": {"verify": "later"},
    "perceptual": {"perceptual": False},
    "media_metadata": {"media_metadata": True},
    "expand_limits": {"expand_limits": {"ratio": 7}},
    "sets": {"sets": (str(KNOWN_GOOD),)},
    "expect": {"expect": ("md5:" + "0" * 32,)},
    "calibration": {"calibration": "3fa9"},
}


@pytest.mark.parametrize("name", STATED)
def test_other_settings_than_those_of_the_run_are_refused(name: str, tmp_path: Path) -> None:
    case = tmp_path / "case"
    assert killed_at("after commit#9", case, str(DEMO), "--set", SETS[0]) < 0
    with pytest.raises(UsageError, match=r"begun with|the run cites"):
        resumed(case, stated=frozenset(STATED[name]), **STATED[name])
    with pytest.raises(UsageError, match="1 sources, and 2 were named"):
        resumed(case, DEMO, DEMO)
    stated: dict[str, Any] = {"profile": "standard", "sets": SETS[:1]}
    assert resumed(case, DEMO, stated=frozenset(stated), **stated).exit_code == 0


def test_a_source_that_was_moved_is_known_again(tmp_path: Path) -> None:
    """Its folder has another name now; the file is the same to the kernel."""
    case, place = tmp_path / "case", tmp_path / "place"
    place.mkdir()
    shutil.copyfile(DEMO, place / "demo.E01")
    assert killed_at("after commit#9", case, str(place / "demo.E01")) < 0
    place.rename(tmp_path / "elsewhere")
    with pytest.raises(HeroesError):
        resumed(case)
    assert resumed(case, tmp_path / "elsewhere/demo.E01").exit_code == 0


def test_another_number_of_the_device_is_written_down_and_no_matter(tmp_path: Path) -> None:
    case = tmp_path / "case"
    assert killed_at("after commit#9", case, str(DEMO)) < 0
    with sqlite3.connect(case / "case.db") as database:
        (text,) = database.execute("SELECT identity FROM source").fetchone()
        identity = json.loads(text)
        identity[0][0] += 1
        database.execute("UPDATE source SET identity=?", (str(identity),))
    assert resumed(case).exit_code == 0
    (event,) = [event for event in ledger(case) if event["type"] == "run.resumed"]
    assert event["body"]["reason"] == "the device of EX-1/1 has another number"


def test_a_source_of_an_interrupted_run_is_not_begun_anew(tmp_path: Path) -> None:
    case = tmp_path / "case"
    assert killed_at("after commit#9", case, str(DEMO)) < 0
    with pytest.raises(UsageError, match="was interrupted") as caught:
        demo_scan(case)
    assert "--resume" in caught.value.hint


# ---- a listing that is not what it was ---------------------------------------------------------

DIFFERENCES: dict[str, Callable[[Batch], Batch]] = {}


def difference(function: Callable[[Batch], Batch]) -> Callable[[Batch], Batch]:
    DIFFERENCES[function.__name__.replace("_", " ")] = function
    return function


@difference
def another_size(batch: Batch) -> Batch:
    rows = batch.rows.copy()
    rows["size"][1] += 1
    return Batch(batch.kind, rows, batch.area)


@difference
def an_entry_less(batch: Batch) -> Batch:
    return Batch(batch.kind, batch.rows[1:], batch.area)


@difference
def another_name(batch: Batch) -> Batch:
    return Batch(batch.kind, batch.rows, batch.area.replace(b"0000.jpg", b"0001.jpg"))


@difference
def another_order(batch: Batch) -> Batch:
    return Batch(batch.kind, batch.rows[np.arange(len(batch.rows))[::-1]], batch.area)


@difference
def all_that_was_there_is_gone(batch: Batch) -> Batch:
    return Batch(batch.kind, batch.rows[:0], batch.area)


@pytest.mark.parametrize("name", DIFFERENCES)
def test_a_listing_that_differs_is_an_alarm_and_stops_there(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(listing, "PART_ROWS", 100)
    case, evidence = tmp_path / "case", many(tmp_path / "evidence", 600)
    cut_after(2, case, evidence)
    kept = [row["locator"] for row in views.inventory(case)]
    first = [True]

    def differ(unit: Unit, frame: Frame) -> Frame:
        del unit
        if isinstance(frame, Batch) and frame.kind == "entries" and first:
            first.clear()
            return DIFFERENCES[name](frame)
        return frame

    spoiled(monkeypatch, differ)
    result = resumed(case)
    assert result.exit_code == 6
    assert [row["locator"] for row in views.inventory(case)] == kept
    gaps = [row for row in views.gaps(case) if row["code"] == "listing.differs"]
    assert [row["where"] for row in gaps] == ["EX-1/1/root"]
    assert result.counts["closes"] is False or result.counts["listed"] == len(kept)
    noted = [event for event in ledger(case) if event["type"] == "quality.noted"]
    assert [event["body"]["kind"] for event in noted] == ["nonconformity"]
    assert verifying.verify(case)["exit_code"] == 7
