"""The main job, end to end, on the bundled evidence and on folders made on the fly."""

import json
import os
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import worker_faults
from scans import DEMO, KNOWN_GOOD, NOTABLE, Noted, demo_scan, folder, scanned

from heroes_forensics import demo as bundled
from heroes_forensics.errors import (
    CustodyError,
    EvidenceError,
    HashSetError,
    HeroesError,
    UsageError,
)
from heroes_forensics.frames import Batch, Control, Frame
from heroes_forensics.pipelines.case import cases
from heroes_forensics.pipelines.checks import locating, verifying, views
from heroes_forensics.pipelines.checks.opening import open_names
from heroes_forensics.pipelines.report import reporting
from heroes_forensics.pipelines.trials.demo import compared
from heroes_forensics.pipelines.workers.crews import Heard
from heroes_forensics.pipelines.workers.forking import Zygote
from heroes_forensics.pipelines.workers.roles import FAULTS_VARIABLE
from heroes_forensics.pipelines.workers.supervisor import Supervisor

pytestmark = pytest.mark.real_start

TRUTH = json.loads(bundled.path(bundled.TRUTH).read_bytes())


def test_every_file_of_the_bundled_image_is_found_and_matched(tmp_path: Path) -> None:
    result = demo_scan(tmp_path / "case", names="clear", carve=True)
    rows = {
        (row["volume"], row["path"]): row
        for row in views.inventory(tmp_path / "case")
        if row["kind"] == "file"
    }
    for volume in TRUTH["volumes"]:
        for file in volume["files"]:
            row = next(
                row
                for (key, _), row in rows.items()
                if key == volume["key"] and row["sha256"] == file["sha256"]
            )
            assert row["size"] == row["bytes_read"] == file["size"]
            assert (row["md5"], row["sha1"]) == (file["md5"], file["sha1"])
            assert row["allocated"] == file["allocated"]
    assert list(compared(tmp_path / "case")) == []
    assert result.exit_code == 0
    assert result.integrity == {"EX-1/1": "match"}
    assert result.counts["closes"]


def test_the_result_is_the_same_whatever_the_workers(tmp_path: Path) -> None:
    results = {
        demo_scan(tmp_path / str(workers), workers=workers).content_sha256 for workers in (1, 2, 5)
    }
    assert len(results) == 1


def test_names_are_sealed_until_they_are_opened_for_a_reason(tmp_path: Path) -> None:
    case = tmp_path / "case"
    demo_scan(case)
    assert all("path" not in row for row in views.inventory(case))
    before = len((case / "custody/ledger.jsonl").read_bytes().splitlines())
    rows = list(
        open_names(case, findings=["F-1"], justification="court asked", authority="order 7")
    )
    assert [row["finding"] for row in rows] == ["F-000001"]
    names = {file["path"] for volume in TRUTH["volumes"] for file in volume["files"]}
    assert rows[0]["path"] in names
    events = [
        json.loads(line)
        for line in (case / "custody/ledger.jsonl").read_bytes().splitlines()[before:]
    ]
    assert events[0]["type"] == "sealed.opened"
    assert verifying.verify(case)["exit_code"] == 7


def test_a_finding_is_where_locate_says(tmp_path: Path, tool: Callable[[str], str]) -> None:
    icat = tool("icat")
    case = tmp_path / "case"
    demo_scan(case)
    import hashlib  # noqa: PLC0415 - one test needs it

    wanted = {
        file["sha256"]
        for volume in TRUTH["volumes"]
        for file in volume["files"]
        if file["expected"] == "notable"
    }
    found = set()
    for finding in views.findings(case):
        location = locating.locate(case, str(finding["number"]))
        commands = location["commands"]
        assert isinstance(commands, list)
        assert commands
        words = str(commands[0]["command"]).split()
        data = subprocess.run([icat, *words[1:]], capture_output=True, check=True).stdout
        found.add(hashlib.sha256(data).hexdigest())
    assert found == wanted


def test_provisional_findings_come_before_confirmed_ones(tmp_path: Path) -> None:
    watch = Noted()
    demo_scan(tmp_path / "case", watch=watch)
    states = [finding["state"] for finding in watch.findings]
    assert states.count("provisional") == states.count("confirmed") == 6
    for finding in watch.findings:
        if finding["state"] == "confirmed":
            assert finding["finding"]


def test_a_second_source_goes_into_the_same_case(tmp_path: Path) -> None:
    case = tmp_path / "case"
    demo_scan(case)
    other = folder(tmp_path / "folder", {"a.txt": b"a", "b/c.txt": b"c"})
    result = scanned(case, other, exhibit="EX-2")
    assert result.exit_code == 0
    sources = {row["source"] for row in views.inventory(case)}
    assert sources == {"EX-1/1", "EX-2/1"}
    assert verifying.verify(case)["exit_code"] in {0, 7}


def test_the_same_source_twice_is_refused(tmp_path: Path) -> None:
    case = tmp_path / "case"
    demo_scan(case)
    with pytest.raises(UsageError, match="scanned in this case already, as EX-1/1"):
        demo_scan(case)
    assert verifying.verify(case)["exit_code"] in {0, 7}


# ---- the entry equation ------------------------------------------------------------------


def tampered(monkeypatch: pytest.MonkeyPatch, spoil: Callable[[Frame], Frame | None]) -> None:
    """Let every frame pass through ``spoil`` on its way to the pipeline; None drops it."""
    real = Supervisor.run

    def run(self: Supervisor) -> Iterator[Heard]:
        for heard in real(self):
            frame = heard.frame
            changed = spoil(frame) if isinstance(frame, Batch | Control) else frame
            if changed is not None:
                yield heard._replace(frame=changed)

    monkeypatch.setattr(Supervisor, "run", run)


def once(change: Callable[[Batch], Frame | None]) -> Callable[[Frame], Frame | None]:
    """Apply ``change`` to the first batch of entries and to nothing else."""
    done: list[bool] = []

    def spoil(frame: Frame) -> Frame | None:
        if isinstance(frame, Batch) and frame.kind == "entries" and not done:
            done.append(True)
            return change(frame)
        return frame

    return spoil


def without_a_row(batch: Batch) -> Batch:
    return Batch(batch.kind, batch.rows[1:], batch.area)


def nothing(batch: Batch) -> None:
    del batch


def without_a_directory(frame: Frame) -> Frame | None:
    if isinstance(frame, Control) and frame.kind == "listing":
        body = dict(frame.body)
        body["directories_listed"] = int(str(body["directories_listed"])) - 1
        return Control("listing", body)
    return frame


LOSSES = {
    "one row": once(without_a_row),
    "one frame": once(nothing),
    "one directory": without_a_directory,
}


@pytest.mark.parametrize("loss", LOSSES)
def test_what_is_lost_on_the_way_breaks_the_equation(
    loss: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    evidence = folder(tmp_path / "evidence", {"a": b"1", "b": b"2", "c/d": b"3"})
    tampered(monkeypatch, LOSSES[loss])
    result = scanned(tmp_path / "case", evidence)
    assert result.counts["closes"] is False
    assert views.status(tmp_path / "case")["equation"]["closes"] is False  # type: ignore[index]
    assert result.exit_code == 3
    codes = {row["code"] for row in views.gaps(tmp_path / "case")}
    assert "listing.unaccounted" in codes


def test_the_untouched_folder_closes_the_equation(tmp_path: Path) -> None:
    evidence = folder(tmp_path / "evidence", {"a": b"1", "b": b"2", "c/d": b"3"})
    result = scanned(tmp_path / "case", evidence)
    assert result.counts["closes"] is True
    assert result.exit_code == 0


def test_answers_for_other_items_are_not_believed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def foreign(frame: Frame) -> Frame | None:
        if isinstance(frame, Batch) and frame.kind == "contents":
            rows = frame.rows.copy()
            rows["id"] += np.uint64(1)
            return Batch(frame.kind, rows, frame.area)
        return frame

    evidence = folder(tmp_path / "evidence", {"a": b"1", "b": b"2"})
    tampered(monkeypatch, foreign)
    result = scanned(tmp_path / "case", evidence)
    assert result.counts["digested"] == 0
    assert result.counts["gaps"] == 2
    assert result.exit_code == 3


# ---- what goes wrong -----------------------------------------------------------------------


@pytest.fixture
def faulty_workers(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let streams that ask for it end the workers that read them."""
    monkeypatch.setenv(FAULTS_VARIABLE, str(worker_faults.THIS))


@pytest.mark.usefixtures("faulty_workers")
def test_the_one_stream_that_kills_workers_is_the_only_loss(tmp_path: Path) -> None:
    files = {f"{n:03}": b"%d" % n for n in range(60)}
    files["031"] = worker_faults.stream("segv")
    result = scanned(tmp_path / "case", folder(tmp_path / "evidence", files))
    assert result.exit_code == 3
    assert result.counts["gaps"] == 1
    assert result.counts["digested"] == 59
    assert result.counts["closes"]
    (gap,) = [row for row in views.gaps(tmp_path / "case") if row["code"] == "worker.died"]
    assert str(gap["where"]).startswith("EX-1/1/root/d:")
    assert verifying.verify(tmp_path / "case")["exit_code"] == 7


def test_evidence_that_changes_is_an_alarm(tmp_path: Path) -> None:
    image = tmp_path / "demo.E01"
    shutil.copyfile(DEMO, image)

    def touch(progress: object) -> None:
        del progress
        os.utime(image)

    result = scanned(tmp_path / "case", image, watch=Noted(touch))
    assert result.exit_code == 6
    lines = (tmp_path / "case/custody/ledger.jsonl").read_bytes().splitlines()
    kinds = [json.loads(line)["type"] for line in lines]
    assert kinds.count("evidence.changed") == 1
    # It is said at the first unit after the change, and what comes is examined all the same.
    assert kinds.index("evidence.changed") < len(kinds) - 1 - kinds[::-1].index("unit.completed")


def test_a_wrong_expected_digest_is_an_alarm(tmp_path: Path) -> None:
    result = demo_scan(tmp_path / "case", expect=("sha256:" + "0" * 64,))
    assert result.integrity == {"EX-1/1": "mismatch"}
    assert result.exit_code == 6


@pytest.mark.parametrize("when", ["before", "during", "later"])
def test_the_image_is_verified_when_asked(when: str, tmp_path: Path) -> None:
    assert demo_scan(tmp_path / "case", verify=when).integrity == {"EX-1/1": "match"}


def test_an_image_that_does_not_verify_before_is_not_examined(tmp_path: Path) -> None:
    result = demo_scan(tmp_path / "case", verify="before", expect=("sha256:" + "0" * 64,))
    assert result.counts["digested"] == 0
    assert result.exit_code == 6
    codes = {row["code"] for row in views.gaps(tmp_path / "case")}
    assert codes == {"source.mismatch"}


BAD_REQUESTS: dict[str, tuple[dict[str, Any], type[HeroesError]]] = {
    "no such source": ({"sources": ("/nowhere/image.E01",)}, EvidenceError),
    "no source": ({"sources": ()}, UsageError),
    "no such profile": ({"profile": "thorough"}, UsageError),
    "no such set": ({"sets": ("no-such-set",)}, UsageError),
    "no such set file": ({"sets": ("/nowhere/set.json",)}, UsageError),
    "a label with a slash": ({"exhibit": "a/b"}, UsageError),
    "a malformed digest": ({"expect": ("sha256:xyz",)}, UsageError),
    "one digest for two sources": (
        {"expect": ("md5:" + "0" * 32,), "sources": (DEMO, DEMO)},
        UsageError,
    ),
}


@pytest.mark.parametrize("name", BAD_REQUESTS)
def test_a_request_that_cannot_be_done_leaves_nothing_behind(name: str, tmp_path: Path) -> None:
    from heroes_forensics.pipelines.runs.request import ScanRequest  # noqa: PLC0415 - one test
    from heroes_forensics.pipelines.runs.scan import scan  # noqa: PLC0415 - one test

    changes, kind = BAD_REQUESTS[name]
    case = tmp_path / "case"
    fields: dict[str, Any] = {"case_dir": case, "sources": (DEMO,), **changes}
    fields["sources"] = tuple(Path(path) for path in fields["sources"])
    with pytest.raises(kind) as caught:
        scan(ScanRequest(**fields), Noted())
    assert str(caught.value)
    assert "\n" not in str(caught.value)
    assert not case.exists()


def test_a_bad_set_names_its_file_and_line_and_leaves_nothing(tmp_path: Path) -> None:
    bad = tmp_path / "bad.txt"
    good = "900150983cd24fb0d6963f7d28e17f72  a\n"
    bad.write_text(good + "not a digest at all\n" * 30 + good)
    with pytest.raises(HashSetError, match=r"bad\.txt") as caught:
        scanned(tmp_path / "case", DEMO, sets=(str(bad),))
    assert "2" in str(caught.value)
    assert not (tmp_path / "case").exists()


def test_evidence_inside_its_own_case_is_refused(tmp_path: Path) -> None:
    evidence = folder(tmp_path / "evidence", {"a": b"1"})
    with pytest.raises(UsageError, match="inside the evidence"):
        scanned(evidence / "case", evidence)


def test_an_interrupt_drains_and_leaves_a_record_that_verifies(tmp_path: Path) -> None:
    evidence = folder(
        tmp_path / "evidence", {f"d{n % 40}/{n}": os.urandom(3000) for n in range(9000)}
    )
    program = [str(Path(sys.executable).with_name("heroes")), "scan", str(evidence)]
    case = tmp_path / "case"
    process = subprocess.Popen(
        [*program, "--case", str(case), "--set", str(NOTABLE)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        stdin=subprocess.DEVNULL,
    )
    ledger = case / "custody/ledger.jsonl"
    for _ in range(600):
        if ledger.exists() and b"unit.completed" in ledger.read_bytes():
            break
        time.sleep(0.02)
    process.send_signal(signal.SIGINT)
    process.communicate(timeout=60)
    assert process.returncode == 130
    checked = verifying.verify(case)
    assert checked["exit_code"] == 7, checked
    equation = views.status(case)["equation"]
    assert isinstance(equation, dict)
    report = json.loads((case / "custody/report/report.json").read_bytes())
    assert report["exhibits"][0]["verdict"]["word"] == "unfinished"
    assert views.unfinished(case)


def test_without_sets_nothing_is_said_to_be_without_match(tmp_path: Path) -> None:
    evidence = folder(tmp_path / "evidence", {"a": b"1"})
    result = scanned(tmp_path / "case", evidence)
    report = json.loads((tmp_path / "case/custody/report/report.json").read_bytes())
    assert report["exhibits"][0]["verdict"]["word"] == "unfinished"
    assert any("nothing is compared" in note for note in result.notes)


def test_zygote_starts_in_an_empty_environment() -> None:
    with Zygote() as zygote:
        forked = zygote.fork("parser")
        environment = Path(f"/proc/{forked.pid}/environ").read_bytes()
        forked.close()
    names = {part.split(b"=")[0] for part in environment.split(b"\0") if part}
    assert names <= {
        b"PATH", b"LC_ALL", b"TZ", b"OPENBLAS_NUM_THREADS", b"OMP_NUM_THREADS",
        b"MKL_NUM_THREADS", b"MALLOC_MMAP_THRESHOLD_", b"MALLOC_TRIM_THRESHOLD_",
    }  # fmt: skip


def test_known_good_is_recorded_and_is_no_finding(tmp_path: Path) -> None:
    result = scanned(tmp_path / "case", DEMO, sets=(str(KNOWN_GOOD),))
    assert result.findings == 0
    assert int(str(result.counts["known_good"])) > 0


def test_orphans_of_fat_are_searched_in_a_unit_of_their_own(
    tmp_path: Path, tool: Callable[[str], str]
) -> None:
    """A file whose directory entry's own directory was overwritten is found, and counted."""
    image = tmp_path / "stick.img"
    with image.open("wb") as stream:
        stream.truncate(16 << 20)
    subprocess.run(
        [tool("mkfs.vfat"), "-F", "16", "-s", "1", str(image)], check=True, capture_output=True
    )
    inner = folder(tmp_path / "tree", {"gone/kept.bin": b"kept" * 5000, "stays": b"stays"})
    for name in ("gone", "stays"):
        subprocess.run([tool("mcopy"), "-s", "-i", str(image), str(inner / name), "::"], check=True)
    subprocess.run([tool("mdeltree"), "-i", str(image), "::gone"], check=True)
    data = bytearray(image.read_bytes())
    at = data.index(b"\xe5ONE       \x10")
    data[at + 26 : at + 28] = bytes(2)  # nothing leads to its cluster any more
    image.write_bytes(data)
    scanned(tmp_path / "case", image, names="clear")
    rows = [row for row in views.inventory(tmp_path / "case") if row["kind"] == "file"]
    found = {row["size"] for row in rows if "orphan" in row["flags"]}  # type: ignore[operator]
    assert 20_000 in found
    equation = views.status(tmp_path / "case")["equation"]
    assert isinstance(equation, dict)
    assert equation["closes"]
    report = json.loads((tmp_path / "case/custody/report/report.json").read_bytes())
    assert report["exhibits"][0]["sources"][0]["volumes"][0]["sweep"] == "free clusters"


def test_one_source_given_twice_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="given twice"):
        scanned(tmp_path / "case", DEMO, DEMO)
    assert not (tmp_path / "case").exists()


def test_text_that_no_record_takes_is_refused_first(tmp_path: Path) -> None:
    for changes in ({"examiner": "\udcff"}, {"exhibit_fields": {"serial": "x" * 5000}}):
        with pytest.raises(UsageError):
            scanned(tmp_path / "case", DEMO, **changes)
    assert not (tmp_path / "case").exists()


def test_an_authority_is_checked_before_a_case_is_made(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"issued_by.*scope_text"):
        cases.create(tmp_path / "case", authority={"kind": "warrant", "reference": "G-1",
                     "valid_from": "2026-01-01"})  # fmt: skip
    assert not (tmp_path / "case").exists()


def test_no_report_is_signed_of_rows_that_are_not_those_on_record(tmp_path: Path) -> None:
    case = tmp_path / "case"
    demo_scan(case)
    with sqlite3.connect(case / "case.db") as database:
        database.execute("DELETE FROM match")
    with pytest.raises(CustodyError, match="does not fit its ledger"):
        reporting.report(case)
    assert json.loads((case / "custody/report/report.json").read_bytes())["findings"]


def test_a_kill_drains_as_an_interrupt_does(tmp_path: Path) -> None:
    evidence = folder(tmp_path / "evidence", {f"{n}": os.urandom(3000) for n in range(6000)})
    case = tmp_path / "case"
    program = [str(Path(sys.executable).with_name("heroes")), "scan", str(evidence)]
    process = subprocess.Popen(
        [*program, "--case", str(case)],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        stdin=subprocess.DEVNULL,
    )
    ledger = case / "custody/ledger.jsonl"
    for _ in range(600):
        if ledger.exists() and b"unit.completed" in ledger.read_bytes():
            break
        time.sleep(0.02)
    process.send_signal(signal.SIGTERM)
    assert process.wait(timeout=60) == 130
    assert verifying.verify(case)["exit_code"] == 7


def test_a_size_that_the_set_states_otherwise_is_shown(tmp_path: Path) -> None:
    evidence = folder(tmp_path / "evidence", {"a": b"abc"})
    table = tmp_path / "sizes.csv"
    table.write_text("md5,size\n900150983cd24fb0d6963f7d28e17f72,77\n")
    case = tmp_path / "case"
    scanned(case, evidence, sets=(str(table),), set_options={"kind": "notable"})
    (finding,) = views.findings(case)
    assert finding["grade"] == "size-conflict"
    assert (finding["size"], finding["listed_size"]) == (3, 77)


def test_what_is_wrong_with_a_source_is_said_once_and_by_its_label(
    tmp_path: Path, tool: Callable[[str], str]
) -> None:
    image = tmp_path / "cut.img"
    with image.open("wb") as stream:
        stream.truncate(16 << 20)
    program = [tool("mkfs.vfat"), "-F", "16", "-s", "1", str(image)]
    subprocess.run(program, check=True, capture_output=True)
    os.truncate(image, 12 << 20)
    result = scanned(tmp_path / "case", image)
    assert result.exit_code == 3
    rows = [row for row in views.gaps(tmp_path / "case") if "truncated" in str(row["code"])]
    assert len(rows) == len({(row["code"], row["where"]) for row in rows}) == 1
    assert str(rows[0]["where"]).startswith("EX-1/1")
