from pathlib import Path
from typing import Any

import pytest
from cli_runner import here
from hashset_samples import S, add
from publishing import listed

from heroes_forensics.hashsets import health
from heroes_forensics.hashsets.catalogue import Catalogue
from heroes_forensics.pipelines.sets import importing


def found(home: Path, data: bytes, name: str = "new", **said: object) -> tuple[dict[str, Any], str]:
    """Import a set; return its health, and its warnings as one text."""
    report = add(home, data, name, **{"kind": "notable", **said}).report
    body = report["health"]
    assert isinstance(body, dict)
    return body, str(report["warnings"])


def test_a_set_of_which_there_is_nothing_to_say(tmp_path: Path) -> None:
    body, warnings = found(tmp_path, listed(10))
    assert body == {
        "degenerate_digests": 0,
        "conflicting_categories": 0,
        "equal_records": 0,
        "size": {"records": 10},
        "compared": 0,
        "in_other_sets": [],
    }
    assert warnings == "['bare values of 32 digits were taken as md5']"


def test_digests_of_nothing_doubles_and_conflicts_are_counted(tmp_path: Path) -> None:
    one, two, three = listed(3).decode().split()
    rows = [f"{one},1", f"{one},2", f"{two},1", f"{three},1", f"{two},1"]
    rows += ["0" * 32 + ",1", "d41d8cd98f00b204e9800998ecf8427e,1"]
    body, warnings = found(tmp_path, "\n".join(["md5,category", *rows]).encode())
    assert body["degenerate_digests"] == 2
    assert (body["conflicting_categories"], body["equal_records"]) == (1, 1)
    assert "1 digests are listed under more than one category" in warnings
    assert "digests of nothing, or of one value all over, were dropped: 2" in warnings


@pytest.mark.parametrize(
    ("kind", "other", "said"),
    [
        ("notable", "known-good", True),
        ("known-good", "notable", True),
        ("notable", "notable", False),
        ("watch", "known-good", False),
    ],
)
def test_what_another_set_lists_too_is_counted_and_a_contradiction_is_said(
    kind: str, other: str, tmp_path: Path, *, said: bool
) -> None:
    add(tmp_path, listed(10), "other", kind=other, edition="1")
    add(tmp_path, listed(6), "other", kind=other, edition="2")
    add(tmp_path, listed(20, 40), "apart", kind=other)
    body, warnings = found(tmp_path, listed(10, 3), kind=kind)
    (row,) = body["in_other_sets"]
    assert (row["name"], row["edition"], row["kind"], row["records"]) == ("other", "2", other, 3)
    assert row.get("numbers") == ([1, 2, 3] if said else None)
    assert (f"3 records are in the {other} set other 2 too" in warnings) is said
    assert body["compared"] == 10


def test_a_record_is_counted_once_whichever_of_its_digests_is_known(tmp_path: Path) -> None:
    rows = [f"{each.md5.hex()},{each.sha1.hex()},{each.sha256.hex()}" for each in S[:4]]
    data = "\n".join(["md5,sha1,sha256", *rows]).encode()
    add(tmp_path, data, "other", kind="known-good")
    assert found(tmp_path, data)[0]["in_other_sets"][0]["records"] == 4


def test_a_retired_edition_and_an_unreadable_one_are_not_compared_with(tmp_path: Path) -> None:
    retired = add(tmp_path, listed(10), "retired", kind="known-good")
    Catalogue(tmp_path).decide(retired, "retired", "old")
    damaged = add(tmp_path, listed(10), "damaged", kind="known-good")
    damaged.path.write_bytes(damaged.path.read_bytes()[:70_000])
    assert found(tmp_path, listed(10))[0]["in_other_sets"] == []


@pytest.mark.parametrize(
    ("before", "now", "jump"),
    [(200, 400, True), (400, 200, True), (200, 250, False), (10, 60, False), (1000, 1100, False)],
)
def test_a_jump_in_size_is_said(before: int, now: int, tmp_path: Path, *, jump: bool) -> None:
    add(tmp_path, listed(before), "new", kind="notable", edition="1")
    body, warnings = found(tmp_path, listed(now), edition="2")
    assert body["size"] == {"records": now, "before": before, "edition_before": "1"}
    assert (f"it has {now} records, and edition 1 has {before}" in warnings) is jump


def test_of_a_large_set_the_first_records_are_compared(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(health, "COMPARED", 1)
    monkeypatch.setattr(health, "_AT_ONCE", 1)
    add(tmp_path, listed(5_000), "other", kind="known-good")
    body, _ = found(tmp_path, listed(5_000))
    assert 0 < body["compared"] < 5_000
    assert body["in_other_sets"][0]["records"] == body["compared"]
    assert len(body["in_other_sets"][0]["numbers"]) == health.NAMED


def test_show_prints_it_and_no_digest(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for name, kind in (("good", "known-good"), ("bad", "notable")):
        path = tmp_path / f"{name}.txt"
        path.write_bytes(listed(3))
        importing.import_set(path, kind=kind)
    ran = here(capsys, "hashset", "show", "bad")
    assert "in other sets" in ran.out
    assert "degenerate digests" in ran.out
    assert not any(value in ran.out for value in listed(3).decode().split())
