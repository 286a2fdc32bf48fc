"""The report of a case whose metadata lies, and of one whose exhibits were compared apart."""

import json
import os
import shutil
import sqlite3
from pathlib import Path

import pytest
from scans import DEMO, KNOWN_GOOD, NOTABLE, Noted, demo_scan, folder, scanned
from test_pipelines_resuming import killed_at

from heroes_forensics.errors import UsageError
from heroes_forensics.model import MAX_SIZE
from heroes_forensics.pipelines.checks import views
from heroes_forensics.pipelines.report.report_model import Builder
from heroes_forensics.pipelines.report.reporting import report as issue_report
from heroes_forensics.reports import html
from heroes_forensics.reports.messages import messages
from heroes_forensics.reports.model import Exhibit, Report
from heroes_forensics.store.database import Database


def reported(case: Path) -> Report:
    database = Database.open(case / "case.db", read_only=True)
    try:
        return Builder(database, case / "custody").report(number=2, issued="2026-01-01T00:00:00Z")
    finally:
        database.close()


def changed(case: Path, sql: str, row: tuple[object, ...] = ()) -> None:
    with sqlite3.connect(case / "case.db") as connection:
        connection.execute(sql, row)
    connection.close()


def sets_of(exhibit: Exhibit) -> dict[str, tuple[str, ...]]:
    return {each.name: each.sources for each in exhibit.compared}


def test_sizes_whose_sum_no_integer_holds_are_reported(tmp_path: Path) -> None:
    case = tmp_path / "case"
    demo_scan(case)
    changed(case, "UPDATE item SET size=?", (2**63 - 1,))
    assert reported(case).exhibits[0].coverage.item_bytes == MAX_SIZE


@pytest.fixture(scope="module")
def apart(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a case of three exhibits, whose runs used different sets; the last holds nothing."""
    root = tmp_path_factory.mktemp("apart")
    case = root / "case"
    one, two = (folder(root / name, {"a.txt": b"text"}) for name in ("one", "two"))
    scanned(case, DEMO, exhibit="A", sets=(str(NOTABLE),))
    scanned(case, one, exhibit="B", sets=(str(KNOWN_GOOD),))
    scanned(case, two, exhibit="B", sets=(str(NOTABLE), str(KNOWN_GOOD)))
    (root / "empty").mkdir()
    scanned(case, root / "empty", exhibit="C", sets=(str(NOTABLE),))
    return case


def test_an_exhibit_names_only_the_sets_that_were_used_on_it(apart: Path) -> None:
    report = reported(apart)
    assert len(report.hash_sets) == 2
    notable, known_good = (each.name for each in report.hash_sets)
    assert [sets_of(each) for each in report.exhibits] == [
        {notable: ("A/1",)},
        {notable: ("B/2",), known_good: ("B/1", "B/2")},
        {},
    ]
    assert [[row.every_source for row in each.compared] for each in report.exhibits] == [
        [True], [False, True], [],
    ]  # fmt: skip


def test_the_page_of_an_exhibit_names_them_too(apart: Path) -> None:
    page = (apart / "custody/report/report.html").read_text()
    cards = page.split('id="request"')[0].split("<article")[1:]
    notable, known_good = (each.name for each in reported(apart).hash_sets)
    assert [notable in card for card in cards] == [True, True, False]
    assert [known_good in card for card in cards] == [False, True, False]
    assert "only <bdi>B/2</bdi>" in cards[1]
    assert "Compared with no hash set: nothing of it could be compared." in cards[2]


def test_a_report_names_the_number_of_the_one_before(tmp_path: Path) -> None:
    case = tmp_path / "case"
    scanned(case, folder(tmp_path / "files", {"a.txt": b"text"}))
    before = json.loads((case / "custody/report/report.json").read_bytes())
    issue_report(case)
    after = json.loads((case / "custody/report/report.json").read_bytes())
    assert after["replaces"] == before["number"] != after["number"]
    assert (
        "It replaces report " + before["number"]
        in (case / "custody/report/report.html").read_text()
    )


def test_an_exhibit_that_is_not_in_the_case_is_refused(apart: Path) -> None:
    assert {row["exhibit"] for row in views.inventory(apart, exhibit="A")} == {"A"}
    with pytest.raises(UsageError, match="no exhibit 'nope'") as caught:
        list(views.inventory(apart, exhibit="nope"))
    assert caught.value.hint == "it has: A, B, C"


def first_card(case: Path) -> str:
    page = (case / "custody/report/report.html").read_text()
    return page.split("<article")[1].split('<p class="word">')[0]


def test_a_wrong_digest_stands_above_the_result(tmp_path: Path) -> None:
    case = tmp_path / "case"
    demo_scan(case, expect=("sha256:" + "0" * 64,))
    assert reported(case).exhibits[0].sources[0].alarms == ("mismatch",)
    assert "DIFFER from the expected ones" in first_card(case)
    page = (case / "custody/report/report.html").read_text()
    section = page.split('<h2 id="exhibits">')[1].split("<h2")[0]
    assert "DIGEST MISMATCH" in section
    assert "nothing noted" not in section


def test_evidence_that_changed_stands_above_the_result(tmp_path: Path) -> None:
    image, case = tmp_path / "demo.E01", tmp_path / "case"
    shutil.copyfile(DEMO, image)
    scanned(case, image, watch=Noted(lambda _: os.utime(image)))
    assert reported(case).exhibits[0].sources[0].alarms == ("changed",)
    assert "CHANGED while it was examined" in first_card(case)


@pytest.mark.parametrize("status", ["unreadable", "partial", "match", "baseline"])
def test_what_could_not_be_verified_is_an_alarm(status: str, tmp_path: Path) -> None:
    case = tmp_path / "case"
    scanned(case, DEMO)
    assert "alert" not in first_card(case)
    changed(case, "UPDATE verification SET status=?", (status,))
    expected = () if status in {"match", "baseline"} else (status,)
    assert reported(case).exhibits[0].sources[0].alarms == expected


def test_a_whole_area_is_in_no_group_of_gaps(tmp_path: Path) -> None:
    case = tmp_path / "case"
    scanned(case, DEMO)
    before = reported(case).exhibits[0].coverage
    for volume, code in ((1, "volume.encrypted"), (2, "policy.snapshots"), (1, "sweep.unreadable")):
        changed(
            case,
            "INSERT INTO gap (run_id, source_id, volume_id, place, code, detail)"
            " VALUES (1, 1, ?, 'EX-1/1/p0', ?, '{\"system\": \"bitlocker\"}')",
            (volume, code),
        )
    exhibit = reported(case).exhibits[0]
    after = exhibit.coverage
    assert [volume.encryption for volume in exhibit.sources[0].volumes[:2]] == ["bitlocker", "none"]
    assert [(each.code, each.policy) for each in after.areas] == [
        ("volume.encrypted", False),
        ("policy.snapshots", True),
    ]
    assert {each.code for each in after.gaps} - {each.code for each in before.gaps} == {
        "sweep.unreadable"
    }
    assert after.unexpected == before.unexpected + 2


@pytest.fixture(scope="module")
def broken_off(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a case whose run was ended after some of its units."""
    case = tmp_path_factory.mktemp("broken") / "case"
    assert killed_at("after commit#9", case, str(DEMO), "--set", str(NOTABLE)) < 0
    issue_report(case)
    return case


def test_what_was_not_reached_is_a_term_of_the_sum_and_no_alarm(broken_off: Path) -> None:
    (exhibit,) = reported(broken_off).exhibits
    sums = exhibit.coverage.equation
    assert exhibit.verdict.unfinished
    assert sums.not_reached > 0
    assert exhibit.coverage.closes
    (group,) = (row for row in exhibit.coverage.gaps if row.code == "run.interrupted")
    assert (group.count, group.size > 0) == (sums.not_reached, True)
    page = (broken_off / "custody/report/report.html").read_text()
    assert messages("en").text("coverage.does_not_close") not in page
    assert messages("en").text("coverage.not_reached") in page


def test_what_was_not_listed_is_said_to_be_unknown(broken_off: Path, tmp_path: Path) -> None:
    case = tmp_path / "case"
    shutil.copytree(broken_off, case)
    changed(case, "UPDATE volume SET state='listing', listing=NULL WHERE state='listed'")
    (exhibit,) = reported(case).exhibits
    assert exhibit.coverage.listings_open > 0
    assert exhibit.coverage.closes
    card = html.render(reported(case)).decode().split("<article")[1]
    said = messages("en").text("scope.listings_open", count=str(exhibit.coverage.listings_open))
    assert said in card


def test_a_row_that_is_missing_from_a_finished_run_stays_an_alarm(tmp_path: Path) -> None:
    case = tmp_path / "case"
    demo_scan(case)
    changed(case, "DELETE FROM content WHERE item_id = (SELECT max(item_id) FROM content)")
    (exhibit,) = reported(case).exhibits
    assert exhibit.coverage.equation.not_reached == 0
    assert not exhibit.coverage.closes
    page = html.render(reported(case)).decode().split('<h2 id="result">')[0]
    assert messages("en").text("coverage.does_not_close") in page


@pytest.mark.parametrize("level", ["A1", "A2", "A3", "A4"])
def test_a_weak_lock_is_a_limitation(level: str, tmp_path: Path) -> None:
    case = tmp_path / "case"
    scanned(case, folder(tmp_path / "files", {"a.txt": b"text"}))
    changed(case, "UPDATE run SET facts = json_set(facts, '$.isolation.level', ?)", (level,))
    page = html.render(reported(case)).decode()
    assert (messages("en").text("limitations.isolation") in page) is (level < "A3")
    assert messages("en").text(f"isolation.{level.lower()}") in page
