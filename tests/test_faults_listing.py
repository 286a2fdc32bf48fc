"""A lister that hostile metadata ends costs that metadata, and not its volume: row 2."""

import json
import os
from collections import Counter
from pathlib import Path

import lister_faults
import pytest
from filesystem_images import ext_image, ntfs_image, ntfs_put
from scans import resumed, scanned

from heroes_forensics import durable
from heroes_forensics.parsers import guard
from heroes_forensics.pipelines.checks import verifying, views
from heroes_forensics.pipelines.examining import listing
from heroes_forensics.pipelines.examining.detours import MOST, Detours
from heroes_forensics.pipelines.workers.deaths import Death


@pytest.fixture
def faulty(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HEROES_TEST_FAULTS", str(lister_faults.THIS))


def image(home: Path, poison: dict[str, bytes]) -> Path:
    """Make an ext4 volume of some directories and files, one of which ends listers."""

    def fill(tree: Path) -> None:
        for directory in ("a", "b/inner", "c"):
            (tree / directory).mkdir(parents=True)
            for number in range(40):
                name = f"{number:03}"
                (tree / directory / name).write_bytes(f"{directory}{number}".encode())
        for name, data in poison.items():
            (tree / name).write_bytes(data)

    home.mkdir()
    return ext_image(home, fill)


def paths(case: Path) -> set[str]:
    return {str(row["path"]) for row in views.inventory(case)}


def gaps(case: Path) -> Counter[str]:
    return Counter(str(row["code"]) for row in views.gaps(case))


@pytest.mark.usefixtures("faulty")
@pytest.mark.parametrize("where", ["b/FAULT-open", "FAULT-open", "c/FAULT-open-too"])
@pytest.mark.parametrize("part", [10, 20_000])
def test_the_entry_is_found_and_the_rest_of_the_volume_is_complete(
    where: str, part: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(listing, "PART_ROWS", part)
    evidence = image(tmp_path / "made", {where: b"poison"})
    case = tmp_path / "case"
    result = scanned(case, evidence, names="clear")
    assert result.exit_code == 3
    assert result.counts["closes"]
    assert gaps(case) == {"listing.died": 2, "entry.unreadable": 1, "blocks.unclaimed": 1}
    expected = {f"{each}/{n:03}" for each in ("a", "b/inner", "c") for n in range(40)} | {where}
    assert expected <= paths(case)
    assert verifying.verify(case)["exit_code"] == 7
    rows = [row for row in views.inventory(case) if row["path"] == where]
    assert [row["status"] for row in rows] == ["gap"]


@pytest.mark.usefixtures("faulty")
def test_names_that_end_the_first_lister_are_listed_by_the_second(tmp_path: Path) -> None:
    evidence = image(tmp_path / "made", {"b/FAULT-names": b"harmless", "b/other": b"2"})
    case = tmp_path / "case"
    result = scanned(case, evidence, names="clear")
    assert result.counts["closes"]
    assert gaps(case) == {"listing.died": 1}
    assert {"b/FAULT-names", "b/other", "b/inner/039"} <= paths(case)
    (row,) = [row for row in views.inventory(case) if row["path"] == "b/FAULT-names"]
    assert row["status"] == "done"


@pytest.mark.usefixtures("faulty")
def test_names_that_end_both_listers_cost_their_directory(tmp_path: Path) -> None:
    """What lies below it is found by the sweep of the inodes."""
    evidence = image(tmp_path / "made", {"b/FAULT-any": b"1"})
    case = tmp_path / "case"
    result = scanned(case, evidence, names="clear")
    assert result.counts["closes"]
    assert gaps(case) == {"listing.died": 2, "directory.unreadable": 1}
    assert {"a/000", "c/039"} <= paths(case)
    orphans = [path for path in paths(case) if path.startswith("$orphan/")]
    assert any(path.endswith("/039") for path in orphans)
    assert result.counts["digested"] == 3 * 40 + 1


@pytest.mark.usefixtures("faulty")
def test_an_ntfs_record_that_ends_listers_is_the_only_loss(tmp_path: Path) -> None:
    evidence = ntfs_image(tmp_path)
    for name in ("before", "FAULT-open", "zz after"):
        ntfs_put(evidence, tmp_path, name, name.encode() * 300)
    case = tmp_path / "case"
    result = scanned(case, evidence, names="clear")
    assert result.counts["closes"]
    assert gaps(case) == {"listing.died": 2, "entry.unreadable": 1, "blocks.unclaimed": 1}
    assert {"before", "FAULT-open", "zz after"} <= paths(case)
    assert not [path for path in paths(case) if path.startswith("$orphan/")]


@pytest.mark.usefixtures("faulty")
@pytest.mark.parametrize("commit", [10, 13, 16])
def test_an_interrupted_run_goes_on_around_what_ended_its_listers(
    commit: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Killed while the volume is listed for the second or third time, and after it."""
    monkeypatch.setattr(listing, "PART_ROWS", 10)
    evidence = image(tmp_path / "made", {"b/FAULT-names": b"harmless", "b/other": b"2"})
    whole = scanned(tmp_path / "whole", evidence)
    case = tmp_path / "case"
    child = os.fork()
    if not child:
        monkeypatch.setenv(durable.CRASH_AT, f"after commit#{commit}")
        scanned(case, evidence)
        os._exit(0)
    _, status = os.waitpid(child, 0)
    assert os.WIFSIGNALED(status)
    result = resumed(case)
    assert result.counts["closes"]
    assert result.content_sha256 == whole.content_sha256


# ---- what is decided after each death ------------------------------------------------------


def entry(address: int) -> Death:
    return Death("signal-sigsegv", address=address, phase=guard.ENTRY)


def directory(address: int) -> Death:
    return Death("signal-sigsegv", address=address, phase=guard.DIRECTORY)


def test_a_place_is_gone_around_at_its_second_death() -> None:
    detours = Detours()
    assert detours.after(entry(5), "EX-1/1/p1") == (True, None)
    assert detours.guard.is_empty
    again, gap = detours.after(entry(5), "EX-1/1/p1")
    assert again
    assert gap is not None
    assert (gap.code, gap.where, gap.detail["address"]) == ("listing.died", "EX-1/1/p1/i5", 5)
    assert detours.guard.entries == {5}


def test_a_directory_gets_the_second_lister_and_then_none() -> None:
    detours = Detours()
    found = [detours.after(directory(7), "EX-1/1/p1") for _ in range(4)]
    assert [again for again, _ in found] == [True, True, True, False]
    assert detours.guard.second == detours.guard.closed == frozenset({7})


def test_a_place_that_is_gone_around_cannot_end_it_again_and_again() -> None:
    """A page that lies would have it go on for ever."""
    detours = Detours()
    again = [detours.after(entry(5), "EX-1/1/p1")[0] for _ in range(3)]
    assert again == [True, True, False]


def test_ever_new_places_are_given_up() -> None:
    detours = Detours()
    tries = 0
    while detours.after(entry(tries), "EX-1/1/p1")[0]:
        tries += 1
    assert tries == MOST - 1


def test_an_unknown_place_is_tried_once_more() -> None:
    detours = Detours()
    assert detours.after(Death("timeout"), "EX-1/1/p1") == (True, None)
    assert detours.after(Death("timeout"), "EX-1/1/p1") == (False, None)


def test_what_is_on_record_is_gone_around_from_the_start() -> None:
    first = Detours()
    details = []
    for death in [entry(5), entry(5), directory(7), directory(7), directory(7)]:
        _, gap = first.after(death, "EX-1/1/p1")
        details += [] if gap is None else [json.loads(json.dumps(gap.detail))]
    second = Detours(details)
    assert second.guard == first.guard
    assert guard.Guard.of(second.guard.to_json(), second.guard.at) == first.guard
