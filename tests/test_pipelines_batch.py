"""Many exhibits: each has its row, whatever happens to the others; the same again does the rest."""

import json
import signal
import sqlite3
from pathlib import Path
from typing import Any

import pytest
from batches import begun, rows, written
from corpus import evidence
from scans import DEMO, KNOWN_GOOD, NOTABLE, demo_scan, folder, scanned

from heroes_forensics.errors import DONE, gravest
from heroes_forensics.pipelines.batches import batch_exhibit, batch_standing
from heroes_forensics.pipelines.batches.batch import run, total
from heroes_forensics.pipelines.batches.batch_exhibit import Manner, in_a_manifest
from heroes_forensics.pipelines.batches.manifest import load
from heroes_forensics.pipelines.case import locking
from heroes_forensics.pipelines.checks import verifying, views

AUTHORITY = {
    "kind": "warrant",
    "reference": "G-221",
    "issued_by": "Court X",
    "valid_from": "2024-11-01",
    "scope_text": "all",
}
SETS = [str(NOTABLE), str(KNOWN_GOOD)]
WRONG = f"sha256:{'00' * 32}"


def ledger(case: Path) -> list[dict[str, Any]]:
    lines = (case / "custody/ledger.jsonl").read_bytes().splitlines()
    return [json.loads(line) for line in lines]


def several(root: Path) -> Path:
    """Write a manifest of exhibits that end in every way."""
    broken = root / "broken.E01"
    broken.write_bytes(b"EVF\x09\x0d\x0a\xff\x00\x01\x01\x00\x00\x00" + bytes(500))
    return written(
        root,
        [
            {"label": "good", "sources": [str(DEMO)], "seal": "B 1", "zone": "Europe/Berlin"},
            {"label": "broken", "sources": ["broken.E01"]},
            {"label": "absent", "sources": ["absent.dd"]},
            {"label": "other", "sources": [{"path": str(make(root / "o")), "expect": []}]},
            {"label": "set", "sources": [str(make(root / "s"))], "sets": ["no-such-set"]},
            {"label": "wrong", "sources": [{"path": str(copy(root)), "expect": WRONG}]},
            {"label": "last", "sources": [str(make(root / "l"))]},
        ],
        sets=SETS,
        authority=AUTHORITY,
        reference="2024/117",
    )


def make(root: Path) -> Path:
    return folder(root, {f"{root.name}/{n}.bin": root.name.encode() * n for n in range(20)})


def copy(root: Path) -> Path:
    path = root / "copy.E01"
    path.write_bytes(DEMO.read_bytes())
    return path


def test_each_exhibit_has_its_row_and_what_fails_stops_nothing(tmp_path: Path) -> None:
    manifest = several(tmp_path)
    whole = demo_scan(tmp_path / "whole")
    code, first = rows(manifest, "--exit-code")
    did = {name: (row["did"], row["exit_code"]) for name, row in first.items() if name}
    assert did == {
        "good": ("scanned", 10),
        "broken": ("failed", 20),
        "absent": ("failed", 20),
        "other": ("scanned", 0),
        "set": ("failed", 2),
        "wrong": ("scanned", 6),
        "last": ("scanned", 0),
    }
    assert list(first) == [*did, ""]
    assert code == first[""]["exit_code"] == 6
    assert {name: first[""][name] for name in ("exhibits", "examined", "failed")} == {
        "exhibits": 7,
        "examined": 4,
        "failed": 3,
    }
    good = first["good"]
    assert good["findings"] == whole.findings == 6
    assert good["integrity"] == {"good/1": "match"}
    assert first["wrong"]["integrity"] == {"wrong/1": "mismatch"}
    assert "absent.dd" in first["absent"]["message"]
    cases = tmp_path / "cases"
    assert sorted(each.name for each in cases.iterdir()) == ["good", "last", "other", "wrong"]
    for name in ("good", "other", "last"):
        assert verifying.verify(cases / name)["exit_code"] == 7
    events = {event["type"]: event["body"] for event in ledger(cases / "good")}
    assert events["run.started"]["authority"] == "G-221"
    assert events["evidence.registered"]["seal_number"] == "B 1"
    # The same again examines nothing twice, and says the same of it.
    counts = {name: len(ledger(cases / name)) for name in ("good", "other", "wrong", "last")}
    code, again = rows(manifest, "--exit-code")
    assert code == 6
    for name, count in counts.items():
        assert again[name]["did"] == "finished before"
        for same in ("exit_code", "outcome", "findings", "content_sha256", "integrity", "report"):
            assert again[name][same] == first[name][same]
        assert len(ledger(cases / name)) == count
    assert again["absent"]["exit_code"] == 20
    # What was wrong is put right, and is done.
    make(tmp_path / "absent.dd")
    code, then = rows(manifest)
    assert then["absent"]["did"] == "scanned"
    assert then["good"]["exit_code"] == 0


def test_real_evidence(tmp_path: Path) -> None:
    names = ("dfvfs/ext2.E01", "velociraptor/fat_very_small.dd", "velociraptor/test.ntfs.dd.E01")
    images = [evidence(f"images/{name}") for name in names]
    cut = tmp_path / "cut.E01"
    cut.write_bytes(images[0].read_bytes()[:3000])
    manifest = tmp_path / "batch.csv"
    lines = [
        "exhibit,source,expect,seal",
        f"E-1,{images[0]},,B 1",
        f"E-1,{images[1]},,",
        "E-2,cut.E01,,",
        "E-3,not-there.dd,,",
        f"E-4,{images[2]},md5:{'0' * 32},",
    ]
    manifest.write_text("\n".join(lines))
    code, found = rows(manifest)
    assert code == 6
    assert {name: row["exit_code"] for name, row in found.items() if name} == {
        "E-1": 0,
        "E-2": 20,
        "E-3": 20,
        "E-4": 6,
    }
    assert found["E-1"]["integrity"] == {"E-1/1": "match", "E-1/2": "baseline"}
    alone = scanned(tmp_path / "alone", *images[:2], exhibit="E-1")
    assert found["E-1"]["content_sha256"] == alone.content_sha256


def test_limits_plug_ins_and_calibrations_reach_the_scan(tmp_path: Path) -> None:
    make(tmp_path / "evidence")
    make(tmp_path / "other")
    manifest = tmp_path / "batch.csv"
    lines = [
        "exhibit,source,sets,calibration,plugin,expand_limits.bytes",
        f"E-1,evidence,{NOTABLE},none,,5G",
        f"E-2,other,{NOTABLE},,no-such-plug-in,",
    ]
    manifest.write_text("\n".join(lines))
    code, found = rows(manifest)
    assert code == 2
    assert found["E-1"]["did"] == "scanned"
    with sqlite3.connect(tmp_path / "cases/E-1/case.db") as database:
        ((config,),) = database.execute("SELECT config FROM run")
    assert json.loads(config)["expand_limits"]["bytes"] == 5 << 30
    assert "no-such-plug-in" in found["E-2"]["message"]
    code, again = rows(manifest)
    assert again["E-1"]["did"] == "finished before"


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"profile": "triage"}, "another profile (standard)"),
        ({"verify": "off"}, "another verify (during)"),
        ({"sets": SETS[:1]}, "other hash sets"),
        ({"no_perceptual": "true"}, "another choice about pictures"),
        ({"media_metadata": "true"}, "another choice about metadata of pictures"),
        ({"plugin": "fake"}, "another plug-in"),
        ({"calibration": "0123456789abcdef"}, "another calibration"),
        ({"expand_limits": {"ratio": 7}}, "other limits of containers"),
        ({"sources": [{"path": "evidence", "expect": WRONG}]}, "other expected digests"),
        ({"reference": "2024/118"}, "another reference"),
        ({"authority": AUTHORITY | {"reference": "G-222"}}, "another authority"),
    ],
)
def test_what_was_examined_otherwise_is_not_passed_over(
    changes: dict[str, object], said: str, tmp_path: Path
) -> None:
    make(tmp_path / "evidence")
    plain: dict[str, object] = {
        "label": "E-1",
        "sources": ["evidence"],
        "sets": SETS,
        "reference": "2024/117",
        "authority": AUTHORITY,
    }
    assert rows(written(tmp_path, [plain]))[0] == 0
    code, found = rows(written(tmp_path, [plain | changes]))
    assert (code, found["E-1"]["did"]) == (2, "failed")
    assert said in found["E-1"]["message"]
    assert rows(written(tmp_path, [plain]))[1]["E-1"]["did"] == "finished before"


def test_a_set_whose_content_changed_is_another_set(tmp_path: Path) -> None:
    make(tmp_path / "evidence")
    (tmp_path / "list.txt").write_text(f"{1:040}" + "\n")
    exhibit: dict[str, object] = {"label": "E-1", "sources": ["evidence"], "sets": ["list.txt"]}
    manifest = written(tmp_path, [exhibit], set_kind="notable")
    assert rows(manifest)[0] == 0
    assert rows(manifest)[1]["E-1"]["did"] == "finished before"
    (tmp_path / "list.txt").write_text(f"{2:040}" + "\n")
    assert "other hash sets" in rows(manifest)[1]["E-1"]["message"]


def test_a_source_that_is_added_is_examined_alone(tmp_path: Path) -> None:
    one, two = make(tmp_path / "one"), make(tmp_path / "two")
    both: list[dict[str, object]] = [{"label": "E-1", "sources": [str(one)]}]
    assert rows(written(tmp_path, both))[0] == 0
    both[0]["sources"] = [str(two), str(one)]
    _, found = rows(written(tmp_path, both))
    assert found["E-1"]["did"] == "scanned"
    assert rows(written(tmp_path, both))[1]["E-1"]["did"] == "finished before"
    case = tmp_path / "cases/E-1"
    assert [event["type"] for event in ledger(case)].count("run.started") == 2
    assert verifying.verify(case)["exit_code"] == 7


def test_exhibits_that_share_a_case(tmp_path: Path) -> None:
    exhibits: list[dict[str, object]] = [
        {"label": f"E-{n}", "sources": [str(make(tmp_path / f"e{n}"))], "case": "one"}
        for n in (1, 2)
    ]
    manifest = written(tmp_path, exhibits, authority=AUTHORITY)
    assert rows(manifest)[0] == 0
    assert {row["did"] for name, row in rows(manifest)[1].items() if name} == {"finished before"}
    assert verifying.verify(tmp_path / "one")["exit_code"] == 7


def test_a_budget_ends_each_exhibit_in_order_and_the_next_batch_goes_on(tmp_path: Path) -> None:
    exhibits: list[dict[str, object]] = [
        {"label": f"E-{n}", "sources": [str(make(tmp_path / f"e{n}"))]} for n in (1, 2)
    ]
    manifest = written(tmp_path, exhibits)
    code, found = rows(manifest, "--budget", "0.001s")
    assert code == 3
    for name in ("E-1", "E-2"):
        assert (found[name]["outcome"], found[name]["cause"]) == ("interrupted", "budget")
    code, found = rows(manifest)
    assert code == 0
    assert {row["did"] for name, row in found.items() if name} == {"resumed"}
    assert {row["outcome"] for name, row in found.items() if name} == {"complete"}


def test_ctrl_c_ends_the_batch_and_says_what_was_not_begun(tmp_path: Path) -> None:
    exhibits: list[dict[str, object]] = [
        {"label": f"E-{n}", "sources": [str(make(tmp_path / f"e{n}"))]} for n in range(4)
    ]
    manifest = written(tmp_path, exhibits)
    with begun(manifest) as process:
        assert process.stdout is not None
        first = json.loads(process.stdout.readline())
        process.send_signal(signal.SIGINT)
        rest = [json.loads(line) for line in process.stdout.read().splitlines()]
        assert process.wait(timeout=60) == 130
    assert first["did"] == "scanned"
    assert [row["did"] for row in rest[1:-1]] == ["not begun", "not begun"]
    assert [row["exit_code"] for row in rest[1:-1]] == [None, None]
    assert rest[0]["did"] in {"scanned", "failed", "not begun"}
    assert rest[-1]["exit_code"] == 130
    code, found = rows(manifest)
    assert code == 0
    assert found["E-0"]["did"] == "finished before"
    assert {found[f"E-{n}"]["did"] for n in (2, 3)} == {"scanned"}


def test_an_exhibit_whose_case_is_in_use_comes_last(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(batch_exhibit, "PATIENCE_SECONDS", 0.5)
    exhibits: list[dict[str, object]] = [
        {"label": f"E-{n}", "sources": [str(make(tmp_path / f"e{n}"))]} for n in (1, 2)
    ]
    manifest = load(written(tmp_path, exhibits))
    scanned(tmp_path / "cases/E-1", tmp_path / "e1", exhibit="E-1")
    told: list[str] = []
    manner = Manner(tell=told.append, quiet=True)
    with locking.locked(tmp_path / "cases/E-1"):
        found = list(run(manifest, manner))
    assert [(each.exhibit, each.exit_code) for each in found] == [("E-2", 0), ("E-1", 4)]
    assert any("waiting for process" in text for text in told)
    assert total(manifest, found)["exit_code"] == 4
    assert [each.did for each in run(manifest, manner)] == ["finished before"] * 2


def test_whatever_happens_to_one_the_rest_is_examined(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    exhibits: list[dict[str, object]] = [
        {"label": f"E-{n}", "sources": [str(make(tmp_path / f"e{n}"))]} for n in (1, 2)
    ]
    real = batch_standing.standing

    def spoiled(exhibit: Any) -> batch_standing.Standing:  # noqa: ANN401 - passed on
        if exhibit.label == "E-1":
            raise ZeroDivisionError("secret")
        return real(exhibit)

    monkeypatch.setattr(batch_exhibit, "standing", spoiled)
    found = list(run(load(written(tmp_path, exhibits)), Manner(tell=print, quiet=True)))
    assert [each.exit_code for each in found] == [1, 0]
    assert "ZeroDivisionError" in found[0].message
    assert "secret" not in found[0].message


def test_a_case_that_cannot_be_reached_is_a_row(tmp_path: Path) -> None:
    (tmp_path / "loop").symlink_to("loop")
    exhibits: list[dict[str, object]] = [
        {"label": f"E-{n}", "sources": [str(make(tmp_path / f"e{n}"))], "case": case}
        for n, case in enumerate(("loop/x", "a" * 300, "sound"))
    ]
    code, found = rows(written(tmp_path, exhibits))
    assert code == 2
    assert [found[f"E-{n}"]["exit_code"] for n in range(3)] == [2, 2, 0]
    assert "cannot be reached" in found["E-0"]["message"]
    assert "cannot be reached" in found["E-1"]["message"]


def test_a_case_that_is_damaged_is_a_row(tmp_path: Path) -> None:
    make(tmp_path / "evidence")
    exhibits: list[dict[str, object]] = [
        {"label": "E-1", "sources": ["evidence"]},
        {"label": "E-2", "sources": [str(make(tmp_path / "two"))]},
    ]
    manifest = written(tmp_path, exhibits)
    case = tmp_path / "cases/E-1"
    case.mkdir(parents=True)
    (case / "case.db").write_bytes(b"no database" * 1000)
    (tmp_path / "cases/E-2").mkdir()
    (tmp_path / "cases/E-2/somebody.txt").write_text("else's")
    code, found = rows(manifest)
    assert code == 6
    assert (found["E-1"]["exit_code"], found["E-2"]["exit_code"]) == (6, 2)
    assert (tmp_path / "cases/E-2/somebody.txt").read_text() == "else's"


@pytest.mark.parametrize(
    ("codes", "one"),
    [
        ([], DONE),
        ([0, 0], 0),
        ([0, 3], 3),
        ([10, 3], 11),
        ([3, 20, 10], 20),
        ([6, 20, 1], 6),
        ([6, 130], 130),
        ([1, 20], 1),
        ([77, 0], 1),
        ([77, 6], 6),
        ([5, 30, 4], 30),
    ],
)
def test_one_number_stands_for_many(codes: list[int], one: int) -> None:
    assert gravest(codes) == one


def test_what_a_batch_did_shows_in_the_case(tmp_path: Path) -> None:
    exhibit: dict[str, object] = {"label": "E-1", "sources": [str(make(tmp_path / "e"))]}
    _, found = rows(written(tmp_path, [exhibit]))
    assert found["E-1"]["content_sha256"] == views.status(tmp_path / "cases/E-1")["content_sha256"]


@pytest.mark.parametrize(
    ("hint", "said"),
    [
        ("use --as file to hash it", "use as: file to hash it"),
        (
            "; --accept-damaged examines what is left",
            "; accept_damaged: true examines what is left",
        ),
        ("add --set-kind notable", "add set_kind: notable"),
        ("heroes scan --case DIR --resume", "heroes scan --case DIR --resume"),
    ],
)
def test_a_hint_names_the_fields_of_a_manifest(hint: str, said: str) -> None:
    assert in_a_manifest(hint) == said
