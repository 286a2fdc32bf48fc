"""Scans and later comparisons by a plug-in of a laboratory: whole, with real locked decoders."""

import json
import sqlite3
from pathlib import Path
from typing import Any

import numpy as np
import pictures
import plugged
import pytest
from PIL import Image
from scans import Noted, folder, resumed, scanned

from heroes_forensics.commands import words
from heroes_forensics.errors import HashSetError, UsageError
from heroes_forensics.frames import DISTANCES, Batch, Distance, Unit
from heroes_forensics.hashsets import candidates
from heroes_forensics.media import slot
from heroes_forensics.pipelines.case import cases
from heroes_forensics.pipelines.checks import verifying, views
from heroes_forensics.pipelines.runs import rematching
from heroes_forensics.pipelines.runs.rematching import MatchRequest
from heroes_forensics.pipelines.sets import distances, importing, supplied
from heroes_forensics.pipelines.workers import wire
from heroes_forensics.pipelines.workers.answers import Answers
from heroes_forensics.pipelines.workers.roles import FAULTS_VARIABLE
from heroes_forensics.store import integrity

KNOWN = pictures.landscape(5, 480, 360)
OTHER = pictures.stone(6, 400, 300)
SMALLER = np.asarray(Image.fromarray(KNOWN).resize((240, 180)))
FILES = {
    "0": pictures.png(SMALLER),
    "1": pictures.png(OTHER),
    "2": pictures.png(np.full((300, 300, 3), 90, np.uint8)),
    "3": b"no picture",
    "4": pictures.png(KNOWN),
}


@pytest.fixture(autouse=True)
def _installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    loads = plugged.installed(tmp_path / "plug-in")
    monkeypatch.setenv(FAULTS_VARIABLE, str(loads))
    monkeypatch.syspath_prepend(plugged.package_of(loads))


def value(picture: np.ndarray, by: int = 0) -> str:
    """Return the value of a picture; each mean moved by so much, within what there is."""
    made = plugged.Means().hashed(np.asarray(Image.fromarray(picture).convert("L")))
    assert made is not None
    moved = np.frombuffer(made, np.uint8).astype(int)
    return bytes(np.where(moved > 128, moved - by, moved + by).astype(np.uint8)).hex()


def listing(path: Path, *values: str) -> Path:
    rows = [f"{number},{each},1" for number, each in enumerate(values, 1)]
    path.write_text("\n".join(["id,photodna,category", *rows]) + "\n")
    return path


def scan(tmp_path: Path, listed: Path, plugin: str = "means", **more: Any) -> Path:  # noqa: ANN401
    case = tmp_path / "case"
    options = {"sets": (str(listed),), "set_options": {"kind": "notable"}, "plugin": plugin, **more}
    scanned(case, folder(tmp_path / "evidence", FILES), names="clear", **options)
    return case


def found(case: Path) -> dict[str, Any]:
    return {str(row["locator"]).rpartition(":")[2]: row for row in views.findings(case)}


def model(case: Path) -> Any:  # noqa: ANN401 - plain JSON
    return json.loads((case / "custody/report/report.json").read_text())


def stored(case: Path) -> list[tuple[Any, ...]]:
    with sqlite3.connect(case / "case.db") as database:
        return database.execute(
            "SELECT i.locator, made, too_little, failed, uncompared, length(value) FROM supplied s"
            " JOIN item i ON i.id = s.item_id ORDER BY i.locator"
        ).fetchall()


def whole(case: Path) -> None:
    with cases.opened(case) as opened:
        ledger = (case / "custody/ledger.jsonl").read_bytes()
        assert not list(integrity.problems(opened.database, ledger))
    assert verifying.verify(case)["exit_code"] in (0, 7)


def test_a_scan_compares_by_the_plug_in_and_says_so(tmp_path: Path) -> None:
    listed = listing(tmp_path / "list.csv", value(KNOWN), value(pictures.stone(9, 300, 300)))
    case = scan(tmp_path, listed)
    rows = found(case)
    assert set(rows) == {"0", "4"}
    for row in rows.values():
        near = row["near"]
        assert (row["grade"], near["algorithm"], near["radius"]) == (
            candidates.B,
            "photodna",
            plugged.Means.threshold,
        )
        assert near["plugin"] == {
            "name": "means",
            "version": "made-up 1",
            "package": "made-up-hash 3.1",
        }
        assert (near["expected"], near["quality"], near["comparisons"]) == ("", None, 2)
    assert rows["4"]["near"]["distance"] == 0 < rows["0"]["near"]["distance"]
    assert [row[:5] for row in stored(case)] == [
        ("d:0", 1, 0, 0, 0),
        ("d:1", 1, 0, 0, 0),
        ("d:2", 0, 1, 0, 0),
        ("d:4", 1, 0, 0, 0),
    ]
    report = model(case)
    assert report["runs"][0]["plugin"] == {
        "name": "means",
        "kind": "photodna",
        "version": "made-up 1",
        "package": "made-up-hash 3.1",
        "threshold": 864,
        "made": 3,
        "too_little": 1,
        "failed": 0,
        "uncompared": 0,
    }
    (known,) = report["hash_sets"]
    assert (known["not_compared"], known["near"][0]["algorithm"]) == ([], "photodna")
    ledger = [
        json.loads(line) for line in (case / "custody/ledger.jsonl").read_bytes().splitlines()
    ]
    (loaded,) = (event["body"] for event in ledger if event["type"] == "plugin.loaded")
    assert (loaded["plugin"], loaded["version"], loaded["threshold"]) == ("means", "made-up 1", 864)
    page = (case / "custody/report/report.html").read_text()
    assert "by the plug-in means made-up 1: distance 0, 864 is allowed" in page
    assert "not compared by this version" not in page
    text = " ".join("\n".join(words.finding(rows["4"])).split())
    assert "PhotoDNA, by the plug-in means made-up 1: distance 0" in text
    whole(case)


def test_its_values_leave_the_case_sealed_alone(tmp_path: Path) -> None:
    case = scan(tmp_path, listing(tmp_path / "list.csv", value(KNOWN)))
    secret = bytes.fromhex(value(KNOWN))
    for path in case.rglob("*"):
        if path.is_file():
            data = path.read_bytes()
            assert secret[:16] not in data, path.name
            assert secret[:16].hex().encode() not in data, path.name
    assert {row[5] for row in stored(case)} == {None, 1 + 4 + 144 + 28}


def test_without_a_plug_in_nothing_is_compared_and_that_is_said(tmp_path: Path) -> None:
    listed = listing(tmp_path / "list.csv", value(KNOWN))
    with pytest.raises(HashSetError, match="nothing that this version compares, only 1 photodna"):
        scan(tmp_path, listed, plugin="")
    case = scan(tmp_path, listed)
    made = rematching.match(MatchRequest(case, ("list",), plugin="means"), Noted())
    assert (made["plugin"], made["supplied"]) == (made["plugin"], 3)
    mixed = tmp_path / "mixed.csv"
    mixed.write_text(f"id,md5,photodna,category\n1,{'ab' * 16},{value(KNOWN)},1\n")
    (tmp_path / "second").mkdir()
    case = scan(tmp_path / "second", mixed, plugin="")
    assert not found(case)
    assert model(case)["hash_sets"][0]["not_compared"] == [{"algorithm": "photodna", "count": 1}]
    assert model(case)["runs"][0]["plugin"] is None


FAILING = {
    # name: findings by item, (made, too_little, failed, uncompared) of the run
    "picky": ({"0"}, [2, 1, 1, 0]),
    "killing": ({"0"}, [2, 1, 1, 0]),
    "lying": (set(), [3, 1, 0, 3]),
    "stalling": (set(), [3, 1, 0, 3]),
}


@pytest.mark.parametrize("name", FAILING)
def test_what_a_plug_in_fails_at_costs_its_own_values_and_is_counted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    """Picky and killing fail for the larger one of the two copies."""
    monkeypatch.setattr(distances, "SECONDS", 0.5)
    case = scan(tmp_path, listing(tmp_path / "list.csv", value(KNOWN)), name)
    wanted, counts = FAILING[name]
    assert set(found(case)) == wanted
    use = model(case)["runs"][0]["plugin"]
    assert [use[each] for each in ("made", "too_little", "failed", "uncompared")] == counts
    covered = model(case)["coverage"]["pictures"]
    assert (covered["seen"], covered["decoded"]) == (4, 4)
    assert not [row for row in views.gaps(case) if str(row["where"]).rpartition(":")[2] in "0124"]
    whole(case)


def test_a_plug_in_that_keeps_ending_decoders_is_left_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(supplied, "MOST_DEATHS", 1)
    monkeypatch.setattr(distances, "SECONDS", 0.5)
    case = scan(tmp_path, listing(tmp_path / "list.csv", value(KNOWN)), "stalling", workers=1)
    use = model(case)["runs"][0]["plugin"]
    assert use["made"] + use["failed"] == 3
    assert use["uncompared"] == use["made"]
    assert model(case)["coverage"]["pictures"]["decoded"] == 4


def test_a_later_comparison_needs_the_same_plug_in(tmp_path: Path) -> None:
    path = tmp_path / "list.csv"

    def edition(number: int, *values: str) -> None:
        importing.import_set(
            listing(path, *values),
            name="national",
            issuer="Office",
            edition=str(number),
            kind="notable",
        )

    def matched(plugin: str) -> dict[str, Any]:
        made: dict[str, Any] = rematching.match(
            MatchRequest(case, ("national",), plugin=plugin), Noted()
        )
        return {name: made[name] for name in ("new", "withdrawn", "unknown")}

    edition(1, value(OTHER))
    case = scan(tmp_path, path, sets=("national",))
    assert set(found(case)) == {"1"}
    edition(2, value(KNOWN))
    assert matched("means") == {
        "new": ["F-000002", "F-000003"],
        "withdrawn": ["F-000001"],
        "unknown": [],
    }
    whole(case)
    edition(3, value(OTHER))
    again = matched("newer")  # other values: nothing is said by them
    assert again == {
        "new": [],
        "withdrawn": [],
        "unknown": ["F-000001", "F-000002", "F-000003"],
    }
    # Entries that crowd in before one that is listed withdraw nothing.
    edition(
        4, value(KNOWN, 3), *(value(KNOWN, by)[:286] + f"{n:02x}" for n, by in enumerate([1] * 40))
    )
    crowded = matched("means")
    assert crowded["withdrawn"] == []
    assert {str(row["status"]) for row in found(case).values()} == {"withdrawn", "current"}
    whole(case)


def test_a_run_goes_on_with_the_plug_in_it_was_begun_with_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    listed = listing(tmp_path / "list.csv", value(KNOWN))
    case = scan(tmp_path, listed, budget=1e-6)
    with pytest.raises(UsageError, match="the run was begun with the plug-in means"):
        resumed(case, plugin="newer", stated=frozenset({"plugin"}))
    with monkeypatch.context() as other:
        home = tmp_path / "other"
        loads = plugged.installed(home)
        text = (home / "site/made_up_hash.py").read_text()
        (home / "site/made_up_hash.py").write_text(text.replace("made-up 1", "made-up 7"))
        other.setenv(FAULTS_VARIABLE, str(loads))
        with pytest.raises(UsageError, match="its version was made-up 1, and is made-up 7"):
            resumed(case)
    resumed(case)
    assert set(found(case)) == {"0", "4"}
    whole(case)


def test_a_plug_in_and_no_pictures_make_no_sense(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="none is decoded"):
        scan(tmp_path, listing(tmp_path / "list.csv", value(KNOWN)), perceptual=False)


def test_nearest_values_are_named_over_all_pieces(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(slot._slot, "hasher", plugged.Means())  # noqa: SLF001 - as a decoder has it
    listed = np.full((300, 144), 100, np.uint8)
    listed[:, 0] += np.arange(300, dtype=np.uint8) % 150
    queries = np.full((2, 144), 100, np.uint8)
    queries[1] = 250
    pieces = [(at, listed[at : at + 70]) for at in range(0, 300, 70)]
    rows = slot.near(queries, pieces, 40)
    assert (rows["query"] == 0).all()
    wanted = np.abs(listed.astype(int) - 100).sum(axis=1)
    order = np.argsort(wanted, kind="stable")[:64]
    assert rows["entry"].tolist() == order.tolist()
    assert rows["distance"].tolist() == wanted[order].tolist()


def said(*rows: tuple[int, int, int, int]) -> Batch:
    found = np.zeros(len(rows), DISTANCES)
    for at, row in enumerate(rows):
        found[at] = row
    return Batch("distances", found)


NEAR, FAILED = int(Distance.NEAR), int(Distance.FAILED)
WRONG = {
    "a status that is none": said((0, 9, 0, 0)),
    "a distance of what was not compared": said((0, FAILED, 0, 3)),
    "of a value nobody asked for": said((2, NEAR, 0, 0)),
    "of an entry that is not there": said((0, NEAR, 9, 0)),
    "too far": said((0, NEAR, 0, 41)),
    "twice": said((0, NEAR, 1, 3), (0, NEAR, 1, 4)),
}


def asked(listed: int = 9) -> Answers:
    body = {"plugin": "means", "width": 144, "threshold": 40, "queries": 2, "listed": listed}
    return Answers(Unit(1, distances.USE, body))


@pytest.mark.parametrize("case", WRONG)
def test_distances_that_nobody_can_mean_are_refused(case: str) -> None:
    with pytest.raises(wire.ProtocolViolationError):
        asked().take(wire.decode(wire.encode(WRONG[case])))


def test_more_than_the_nearest_are_refused_and_sound_ones_taken() -> None:
    asked().take(wire.decode(wire.encode(said((0, NEAR, 8, 40), (1, FAILED, 0, 0)))))
    many = said(*((0, NEAR, each, 1) for each in range(65)))
    with pytest.raises(wire.ProtocolViolationError):
        asked(100).take(wire.decode(wire.encode(many)))
