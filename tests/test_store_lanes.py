"""What is read first: pictures and films by their names, where people keep them, still there."""

import json
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from scans import DEMO, folder, scanned

from heroes_forensics.filetype import names_media
from heroes_forensics.frames import Control
from heroes_forensics.model import EntryFlag
from heroes_forensics.pipelines.checks import views
from heroes_forensics.pipelines.examining import listing
from heroes_forensics.pipelines.workers.crews import Heard
from heroes_forensics.pipelines.workers.supervisor import Supervisor
from heroes_forensics.store.database import Database
from heroes_forensics.store.lanes import LANES, lanes

NAMED = {
    b"a/b/c.jpg": True,
    b"IMG.JPEG": True,
    b"x.HeIc": True,
    b"film.mp4": True,
    b"film.mkv": True,
    b"a.jpg/readme": False,
    b"notes.txt": False,
    b"jpg": False,
    b"archive.zip": False,
    b"": False,
    b"picture.jpg:zone.identifier": False,
    b"picture.\xff\xfe": False,
    b"x." + b"j" * 400: False,
    b"song.mp3": False,
}


@pytest.mark.parametrize("name", NAMED)
def test_a_name_says_what_it_claims_to_be(name: bytes) -> None:
    assert names_media(name) is NAMED[name]


FILES = {
    "home/ex/pictures/1.jpg": b"1",
    "home/ex/notes.txt": b"22",
    "home/ex/film.mp4": b"333",
    "usr/share/icons/logo.png": b"4444",
    "zz/last.heic": b"55555",
}
FIRST = {1, 3, 5}
"""Sizes of those that come first; a picture of the system does not."""


def read_in_order(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Note the items of content units in the order in which workers finish them."""
    order: list[int] = []
    real = Supervisor.run

    def run(self: Supervisor) -> Iterator[Heard]:
        for heard in real(self):
            done = isinstance(heard.frame, Control) and heard.frame.kind == "done"
            if done and heard.unit.kind == "content" and heard.unit.tasks is not None:
                order.extend(heard.unit.tasks["id"].tolist())
            yield heard

    monkeypatch.setattr(Supervisor, "run", run)
    return order


def test_the_first_lane_is_read_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    order = read_in_order(monkeypatch)
    case = tmp_path / "case"
    scanned(case, folder(tmp_path / "evidence", FILES), workers=1)
    database = Database.open(case / "case.db", read_only=True)
    sizes = dict(database.rows("SELECT id, size FROM item"))
    database.close()
    assert {sizes[number] for number in order[: len(FIRST)]} == FIRST
    assert len(order) == len(FILES)


def test_both_lanes_are_in_disk_order(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    order = read_in_order(monkeypatch)
    case = tmp_path / "case"
    scanned(case, DEMO, workers=1, verify="off")
    database = Database.open(case / "case.db", read_only=True)
    rows = {
        number: (volume, flags, place, first)
        for number, volume, flags, place, first in database.rows(
            "SELECT id, volume_id, flags, place, first_offset FROM item"
        )
    }
    database.close()
    wanted = EntryFlag.ALLOCATED | EntryFlag.MEDIA_NAME
    seen = [(rows[number], number) for number in order]
    for volume in {row[0] for row, _ in seen}:
        of_volume = [
            ((row[1] & wanted != wanted) or row[2] in {10, 11}, row[3], number)
            for row, number in seen
            if row[0] == volume
        ]
        assert of_volume == sorted(of_volume)
        assert {lane for lane, _, _ in of_volume} == {False, True}


def test_what_a_lister_finds_late_is_read_in_its_lane(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Parts come while others are read: nothing is left out, nothing is read twice."""
    monkeypatch.setattr(listing, "PART_ROWS", 50)
    order = read_in_order(monkeypatch)
    files = {f"{n:04}.{'jpg' if n % 3 else 'txt'}": b"%d" % n for n in range(3000)}
    result = scanned(tmp_path / "case", folder(tmp_path / "evidence", files))
    assert result.counts["closes"]
    assert len(order) == len(set(order)) == len(files)
    assert np.all(np.array(order) > 0)


def test_how_far_each_lane_has_come(tmp_path: Path) -> None:
    case = tmp_path / "case"
    scanned(case, folder(tmp_path / "evidence", FILES))
    database = Database.open(case / "case.db", read_only=True)
    first, rest = lanes(database)
    database.close()
    assert (first.name, rest.name) == LANES
    assert (first.items, first.ended, first.examined, first.bytes) == (3, 3, 3, 9)
    assert (rest.items, rest.ended, rest.examined, rest.bytes_examined) == (2, 2, 2, 6)
    flags = {row["size"]: row["flags"] for row in views.inventory(case) if row["kind"] == "file"}
    assert {size for size, names in flags.items() if "media_name" in names} == FIRST | {4}  # type: ignore[operator]  # a list
    report = json.loads((case / "custody/report/report.json").read_bytes())
    assert report["coverage"]["lanes"][0] == {
        "name": "media",
        "streams": 3,
        "examined": 3,
        "size": 9,
        "size_examined": 9,
        "percent_of_bytes": "100.0",
    }
