import base64
import hashlib
import json
import os
import re
import shutil
import sqlite3
from pathlib import Path

import pytest
from cli_runner import here
from filesystem_images import ext_image
from filesystem_images import run as ran
from scans import Noted, folder, scanned

from heroes_forensics import durable
from heroes_forensics.errors import CustodyError, HashSetError, UsageError
from heroes_forensics.model import JSON
from heroes_forensics.pipelines.checks import verifying, views
from heroes_forensics.pipelines.report import reporting
from heroes_forensics.pipelines.runs import rematching
from heroes_forensics.pipelines.runs.rematching import MatchRequest
from heroes_forensics.pipelines.sets import hashsets, importing

FILES = {name: f"content of {name}\n".encode() for name in ("a", "b", "c", "d")}


def listing(path: Path, rows: dict[str, tuple[int, int]]) -> Path:
    """Write a list: name of a file of the evidence -> number of the entry, category."""
    lines = ["id,md5,sha1,size,category"]
    for name, (entry, category) in rows.items():
        data = FILES[name]
        md5 = hashlib.md5(data, usedforsecurity=False).hexdigest()
        sha1 = hashlib.sha1(data, usedforsecurity=False).hexdigest()
        lines.append(f"{entry},{md5},{sha1},{len(data)},{category}")
    path.write_text("\n".join(lines) + "\n")
    return path


@pytest.fixture
def case(tmp_path: Path) -> Path:
    """Return a case of four files, compared with nothing."""
    made = tmp_path / "case"
    scanned(made, folder(tmp_path / "evidence", FILES))
    return made


def edition(path: Path, rows: dict[str, tuple[int, int]], number: int) -> None:
    importing.import_set(
        listing(path, rows), name="national", issuer="Office", edition=str(number), kind="notable"
    )


def matched(case: Path, *sets: str) -> JSON:
    return rematching.match(MatchRequest(case, sets or ("national",)), Noted())


def findings(case: Path) -> dict[str, tuple[object, ...]]:
    return {
        str(row["number"]): (row["status"], row["edition"], row["not_in"], row["category"]["code"])  # type: ignore[index]
        for row in views.findings(case)
    }


def test_a_newer_edition_adds_changes_and_withdraws_and_numbers_stay(
    case: Path, tmp_path: Path
) -> None:
    path = tmp_path / "list.csv"
    edition(path, {"a": (1, 1), "b": (2, 1), "c": (3, 1)}, 1)
    first = matched(case)
    assert (first["exact"], first["near"], first["needs_evidence"]) == (4, 0, 0)
    assert first["new"] == ["F-000001", "F-000002", "F-000003"]
    edition(path, {"b": (2, 1), "c": (3, 2), "d": (4, 1)}, 2)
    second = matched(case)
    assert (second["new"], second["changed"]) == (["F-000004"], [_number(case, "c")])
    assert (second["withdrawn"], second["still_listed"]) == ([_number(case, "a")], 1)
    stand = findings(case)
    assert stand[_number(case, "a")] == ("withdrawn", "1", "2", "1")
    assert stand[_number(case, "b")] == ("current", "2", "", "1")
    assert stand[_number(case, "c")] == ("current", "2", "", "2")
    edition(path, {"a": (1, 1)}, 3)
    third = matched(case)
    assert third["new"] == []
    assert third["changed"] == [_number(case, "a")]
    assert findings(case)[_number(case, "a")] == ("current", "3", "", "1")
    assert {number for number, row in findings(case).items() if row[0] == "withdrawn"} == {
        _number(case, name) for name in "bcd"
    }
    assert verifying.verify(case)["exit_code"] == 7


def _number(case: Path, name: str) -> str:
    wanted = hashlib.sha256(FILES[name]).digest()
    with sqlite3.connect(case / "case.db") as database:
        (number,) = database.execute(
            "SELECT finding FROM match m JOIN content c USING (item_id) WHERE c.sha256=?", (wanted,)
        ).fetchone()
    return f"F-{number:06d}"


def test_the_same_again_changes_nothing(case: Path, tmp_path: Path) -> None:
    edition(tmp_path / "list.csv", {"a": (1, 1), "b": (2, 1)}, 1)
    first = matched(case)
    before = findings(case)
    again = matched(case)
    assert [again[name] for name in ("new", "changed", "withdrawn")] == [[], [], []]
    assert (again["still_listed"], findings(case)) == (2, before)
    assert again["content_sha256"] == first["content_sha256"]


def test_it_comes_to_what_a_scan_with_that_set_comes_to(case: Path, tmp_path: Path) -> None:
    edition(tmp_path / "list.csv", {"a": (1, 1), "d": (2, 1)}, 1)
    other = scanned(tmp_path / "other", tmp_path / "evidence", sets=("national",))
    assert matched(case)["content_sha256"] == other.content_sha256


def test_entries_without_numbers_are_the_same_by_their_digest(case: Path, tmp_path: Path) -> None:
    def bare(name: str, files: str) -> None:
        text = "".join(
            f"{hashlib.md5(FILES[each], usedforsecurity=False).hexdigest()}\n" for each in files
        )
        path = tmp_path / "bare.txt"
        path.write_text(text)
        importing.import_set(path, name="bare", edition=name, kind="notable")

    bare("1", "ab")
    matched(case, "bare")
    bare("2", "cb")
    made = matched(case, "bare")
    assert (made["new"], made["still_listed"]) == (["F-000003"], 1)
    assert made["withdrawn"] == [_number(case, "a")]


@pytest.mark.skipif(shutil.which("debugfs") is None, reason="needs debugfs (e2fsprogs)")
def test_what_has_no_digest_needs_the_evidence_and_nothing_is_said_of_it(
    tmp_path: Path,
) -> None:
    def fill(tree: Path) -> None:
        folder(tree, FILES)
        (tree / "broken").write_bytes(os.urandom(100_000))

    image = ext_image(tmp_path, fill, kind="ext2", options=("-b", "1024"))
    shown = ran("debugfs", "-R", "stat /broken", image).decode()
    (table,) = re.findall(r"\(IND\):(\d+)", shown)
    with image.open("r+b") as stream:
        stream.seek(int(table) * 1024 + 40)
        stream.write(bytes(12))
    case = tmp_path / "case"
    assert scanned(case, image).unexpected_gaps == 2  # the file, and its blocks that nothing claims
    edition(tmp_path / "list.csv", {"a": (1, 1)}, 1)
    found = matched(case)
    assert (found["exact"], found["near"], found["needs_evidence"]) == (len(FILES), 0, 1)
    assert verifying.verify(case)["exit_code"] == 7
    lines = (case / "custody" / "ledger.jsonl").read_text().splitlines()
    (done,) = [event for line in lines if (event := json.loads(line))["type"] == "run.completed"][
        1:
    ]
    assert done["body"]["errors_by_kind"] == {"needs_evidence": 1}


def test_entries_of_unidentified_victims_are_listed_apart(case: Path, tmp_path: Path) -> None:
    entries = [
        {"MediaID": number, "Category": 1, "MD5": hashlib.md5(FILES[name]).hexdigest(), **said}  # noqa: S324
        for number, (name, said) in enumerate(
            {"a": {"VictimIdentified": True}, "b": {"VictimIdentified": False}, "c": {}}.items()
        )
    ]
    context = "http://github.com/ICMEC/ProjectVic/DataModels/1.3.xml#Media"
    path = tmp_path / "vics.json"
    path.write_text(json.dumps({"odata.metadata": context, "value": entries}))
    importing.import_set(path, name="vics", edition="2026-01", kind="notable")
    found = matched(case, "vics")
    assert len(found["new"]) == 3  # type: ignore[arg-type]
    assert found["not_identified"] == {"vics 2026-01": sorted(_number(case, name) for name in "bc")}


def test_a_list_that_says_nothing_of_victims_is_not_asked_about_them(
    case: Path, tmp_path: Path
) -> None:
    path = tmp_path / "list.csv"
    edition(path, {"a": (1, 1), "b": (2, 1)}, 1)
    found = matched(case)
    assert len(found["new"]) == 2  # type: ignore[arg-type]
    assert found["not_identified"] == {}


def test_a_row_changed_afterwards_shows(case: Path, tmp_path: Path) -> None:
    path = tmp_path / "list.csv"
    edition(path, {"a": (1, 1)}, 1)
    matched(case)
    edition(path, {"b": (1, 1)}, 2)
    matched(case)
    with sqlite3.connect(case / "case.db") as database:
        database.execute("UPDATE restated SET status='current'")
    assert verifying.verify(case)["exit_code"] == 6
    with pytest.raises(CustodyError, match="changed after it was closed"):
        matched(case)


def test_a_report_after_it_says_what_stands(case: Path, tmp_path: Path) -> None:
    path = tmp_path / "list.csv"
    edition(path, {"a": (1, 1)}, 1)
    matched(case)
    edition(path, {"b": (2, 1)}, 2)
    report = Path(str(matched(case)["report"]))
    model = json.loads((report.parent / "report.json").read_bytes())
    assert [run["purpose"] for run in model["runs"]] == ["scan", "match", "match"]
    assert model["examined_to"] == model["runs"][0]["ended"]
    (exhibit,) = model["exhibits"]
    assert exhibit["verdict"]["word"] == "matches"
    assert sum(row["count"] for row in exhibit["matches"]) == 1
    assert {each["edition"] for each in exhibit["compared"]} == {"1", "2"}
    page = report.read_text()
    assert "not listed in edition 2 any more" in page
    assert "Compared what is on record with hash sets" in page


def test_what_cannot_be_done_is_said_and_leaves_nothing(case: Path, tmp_path: Path) -> None:
    before = (case / "custody" / "ledger.jsonl").read_bytes()
    with pytest.raises(UsageError, match="no such hash set"):
        matched(case, "nobody")
    bad = tmp_path / "bad.txt"
    bad.write_text("not a digest\n")
    with pytest.raises(HashSetError):
        matched(case, str(bad))
    with pytest.raises(UsageError, match="no hash set is named"):
        rematching.match(MatchRequest(case, ()), Noted())
    assert (case / "custody" / "ledger.jsonl").read_bytes() == before


def test_the_verb_speaks_to_people_and_programs(
    case: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    edition(tmp_path / "list.csv", {"a": (1, 1)}, 1)
    done = here(capsys, "match", str(case), "--set", "national", "--exit-code", "--quiet")
    assert done.code == 10
    assert "re-matched exact 4, near 0, needs evidence 0" in done.out
    assert "New: F-000001." in done.out
    done = here(capsys, "match", str(case), "--set", "national", "--exit-code", "--json", "--quiet")
    assert done.code == 0
    assert json.loads(done.out.splitlines()[-1])["still_listed"] == 1
    done = here(capsys, "match", str(case), "--set", "national", "--quiet")
    assert "In the 4 items compared nothing is listed otherwise than before." in done.out
    done = here(capsys, "status", str(case))
    assert "compared what is on record with hash sets; read no evidence" in done.out


@pytest.mark.parametrize("point", ["after begin", "before commit", "after commit"])
def test_a_comparison_that_is_cut_off_never_was_or_is_whole(
    point: str, case: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    edition(tmp_path / "list.csv", {"a": (1, 1)}, 1)
    begun: list[str] = []
    passing = durable.point

    def cut(name: str) -> None:
        begun.append(name)
        # The transaction that matters is the second: the first one unlocks the case key.
        if name == point and begun.count(point) == 2:
            raise KeyboardInterrupt
        passing(name)

    with monkeypatch.context() as patched:
        patched.setattr(durable, "point", cut)
        with pytest.raises(KeyboardInterrupt):
            matched(case)
    whole = point == "after commit"
    assert len(findings(case)) == whole
    again = matched(case)
    assert len(again["new"]) == (not whole)  # type: ignore[arg-type]
    assert len(findings(case)) == 1
    assert verifying.verify(case)["exit_code"] == 7


def test_values_that_are_compared_with_nothing_are_said_in_the_report(
    case: Path, tmp_path: Path
) -> None:
    entry = {
        "MediaID": 1,
        "Category": 1,
        "MD5": hashlib.md5(FILES["a"], usedforsecurity=False).hexdigest(),
        "PhotoDNA": base64.b64encode(bytes(range(144))).decode(),
        "AlternativeHashes": [{"HashName": "Own\x1b[31m word", "HashValue": "0a"}],
    }
    context = "http://github.com/ICMEC/ProjectVic/DataModels/1.3.xml#Media"
    path = tmp_path / "vics.json"
    path.write_text(json.dumps({"odata.metadata": context, "value": [entry]}))
    importing.import_set(path, name="vics", edition="1", kind="notable")
    report = Path(str(matched(case, "vics")["report"]))
    model = json.loads((report.parent / "report.json").read_bytes())
    (known,) = model["hash_sets"]
    assert known["not_compared"] == [
        {"algorithm": "other", "count": 1},
        {"algorithm": "photodna", "count": 1},
    ]
    page = report.read_text()
    assert "PhotoDNA 1: not compared" in page
    assert "Own" not in page


def test_findings_that_rest_on_an_edition_taken_back_are_named(case: Path, tmp_path: Path) -> None:
    path = tmp_path / "list.csv"
    edition(path, {"a": (1, 1), "b": (2, 1)}, 1)
    matched(case)
    other = tmp_path / "other.csv"
    importing.import_set(listing(other, {"c": (1, 1)}), name="other", edition="1", kind="notable")
    hashsets.decide("national", "1", "retracted", "entries of 2023 were wrong")
    found = matched(case, "other")
    assert found["taken_back"] == [
        {
            "set": "national",
            "edition": "1",
            "state": "retracted",
            "reason": "entries of 2023 were wrong",
            "findings": [_number(case, "a"), _number(case, "b")],
        }
    ]
    page = Path(str(found["report"])).read_text()
    assert "taken back by its issuer" in page
    assert "entries of 2023 were wrong" in page
    events = (case / "custody" / "ledger.jsonl").read_text().count('"hashset.retired"')
    assert matched(case, "other")["taken_back"] == found["taken_back"]
    assert (case / "custody" / "ledger.jsonl").read_text().count('"hashset.retired"') == events == 1
    assert verifying.verify(case)["exit_code"] == 7


def test_a_new_report_says_what_was_decided_since(case: Path, tmp_path: Path) -> None:
    edition(tmp_path / "list.csv", {"a": (1, 1)}, 1)
    matched(case)
    hashsets.decide("national", "1", "retired", "replaced")
    reporting.report(case)
    model = json.loads((case / "custody" / "report" / "report.json").read_bytes())
    (known,) = model["hash_sets"]
    assert (known["state"], known["reason"]) == ("retired", "replaced")
