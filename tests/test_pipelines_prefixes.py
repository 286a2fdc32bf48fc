"""Free space is searched for sectors that a set lists as the beginning of a file."""

import json
from hashlib import md5, sha256
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from carved_files import made, noise, padded, text
from filesystem_images import any_reader, fat_image, run
from hypothesis import given
from hypothesis import strategies as st
from scans import folder, scanned
from storage_images import mbr

from heroes_forensics.parsers.recovery import search as searching
from heroes_forensics.parsers.recovery.free import Extent, FreeSpace
from heroes_forensics.parsers.recovery.prefixes import KEY_BYTES, Prefixes
from heroes_forensics.parsers.recovery.search import Begun, Searched, search
from heroes_forensics.pipelines.checks import verifying, views
from heroes_forensics.pipelines.references import set_building
from heroes_forensics.pipelines.references.set_building import Wanted
from heroes_forensics.pipelines.sets import likeness

SECTOR = 512
START = 2048
"""First sector of the partition."""


def digest(data: bytes) -> bytes:
    return md5(data[:SECTOR], usedforsecurity=False).digest()


def prefixes(*files: bytes) -> Prefixes:
    keys = {int.from_bytes(digest(data)[:KEY_BYTES], "little") for data in files}
    return Prefixes(np.array(sorted(keys), np.uint64))


@given(
    st.lists(st.integers(0, 40), max_size=30),
    st.sets(st.integers(0, 40), max_size=20),
    st.integers(0, SECTOR - 1),
)
def test_what_is_found_is_what_comparing_each_sector_finds(
    sectors: list[int], listed: set[int], rest: int
) -> None:
    kinds = [bytes(SECTOR), b"\xff" * SECTOR, *(noise(SECTOR, seed) for seed in range(39))]
    data = b"".join(kinds[number] for number in sectors) + noise(rest, 99)
    known = [kinds[number] for number in listed]
    expected = [
        at * SECTOR
        for at, number in enumerate(sectors)
        if number > 1 and kinds[number] in known  # of one byte over and over nothing is said
    ]
    assert prefixes(*known).hits(data) == expected


def test_a_search_names_them_beside_what_is_carved_and_ends_at_its_limit(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    wanted = noise(5000, 7)
    data = padded(made("png")) + padded(wanted) + padded(text(2000)) + wanted
    space = FreeSpace(any_reader(data), [Extent(0, len(data))])
    starts = [len(padded(made("png"))), len(data) - len(wanted)]
    found = list(search(space, prefixes=prefixes(wanted)))
    assert [each.offset for each in found if isinstance(each, Begun)] == starts
    assert sum(not isinstance(each, Begun | Searched) for each in found) == 1
    assert not any(isinstance(each, Begun) for each in search(space, prefixes=prefixes(noise(600))))
    monkeypatch.setattr(searching, "_STEP", SECTOR)
    monkeypatch.setattr(searching, "MOST", 2)
    *_, last = search(space, prefixes=prefixes(wanted))
    assert isinstance(last, Searched)
    assert last.limit


def listing(path: Path, *files: bytes) -> str:
    """Write a list with whole digests and those of the first 512 bytes."""
    rows = [f"{sha256(data).hexdigest()},{digest(data).hex()},1" for data in files]
    path.write_text("\n".join(["sha256,md5-512,category", *rows]) + "\n")
    return str(path)


def findings(case: Path) -> list[tuple[str, str]]:
    return sorted((str(row["locator"]), str(row["grade"])) for row in views.findings(case))


@pytest.fixture
def image(tmp_path: Path) -> tuple[Path, bytes, bytes]:
    """Return an image with a deleted file, cut short by another, and one behind the partition."""
    first, second = noise(9000, 3), made("jpeg")
    volume = fat_image(tmp_path, bits=16, size=36 << 20)
    for name, data in (("a", first), ("b", noise(100, 4))):
        (tmp_path / name).write_bytes(data)
        run("mcopy", "-i", volume, tmp_path / name, f"::/{name}.bin")
    run("mdel", "-i", volume, "::/a.bin")
    disk = bytearray(volume.read_bytes())
    at = disk.index(first[:SECTOR])
    disk[at + 4096 : at + 4608] = noise(SECTOR, 5)
    path = tmp_path / "disk.raw"
    table = mbr([(6, START, len(disk) // SECTOR)]).ljust(START * SECTOR, b"\0")
    path.write_bytes(table + disk + padded(second[:600]) + bytes(1 << 20))
    return path, first, second


def test_what_begins_like_a_listed_file_is_a_lead_at_its_place(
    image: tuple[Path, bytes, bytes], tmp_path: Path
) -> None:
    path, first, second = image
    case = tmp_path / "case"
    listed = listing(tmp_path / "list.csv", first, second, noise(9000, 6))
    options: dict[str, Any] = {"sets": (listed,), "set_options": {"kind": "notable"}}
    result = scanned(case, path, carve=True, **options)
    data = path.read_bytes()
    places = findings(case)
    assert [grade for _, grade in places] == ["same-beginning"] * 2
    inside = data.index(first[:SECTOR]) - START * SECTOR
    behind = data.index(second[:SECTOR]) // SECTOR
    assert [locator for locator, _ in places] == [
        f"EX-1/1/p{START}/p@{inside:#x}",
        f"EX-1/1/u{behind}/p@0x0",
    ]
    report = json.loads((case / "custody/report/report.json").read_text())
    assert report["exhibits"][0]["verdict"]["word"] == "no-match"
    assert report["hash_sets"][0]["not_compared"] == []
    page = (case / "custody/report/report.html").read_text()
    assert "first 512 bytes" in page
    assert page.count("a sector in free space, which begins as a listed file does") == 2
    assert "deleted (" not in page
    assert result.counts["closes"]
    assert result.counts["pictures_not_decoded"] == 0
    assert verifying.verify(case)["exit_code"] in {0, 7}
    again = scanned(tmp_path / "again", path, carve=True, workers=1, **options)
    assert again.content_sha256 == result.content_sha256


def test_a_set_that_is_built_lists_beginnings_that_are_found(
    image: tuple[Path, bytes, bytes], tmp_path: Path
) -> None:
    path, first, second = image
    files = {"a.bin": first, "b.jpg": second, "short.bin": noise(SECTOR - 1, 9)}
    wanted = Wanted(
        folder=folder(tmp_path / "reference", files),
        name="made",
        issuer="Office",
        every_file=True,
        beginnings=True,
        output=tmp_path / "list",
    )
    report, code = set_building.build_set(wanted)
    made_of: Any = report["built"]
    assert (code, made_of["listed"], made_of["values"]["md5-512"]) == (0, 3, 2)
    listed = (tmp_path / "list/list.json").read_text()
    assert {digest(each).hex() in listed for each in (first, second)} == {True}
    scanned(tmp_path / "case", path, carve=True, sets=("made",))
    assert [grade for _, grade in findings(tmp_path / "case")] == ["same-beginning"] * 2


def test_a_scan_that_searches_nothing_does_not_compare_beginnings(
    image: tuple[Path, bytes, bytes], tmp_path: Path
) -> None:
    listed = listing(tmp_path / "list.csv", image[1])
    options: dict[str, Any] = {"sets": (listed,), "set_options": {"kind": "notable"}}
    result = scanned(tmp_path / "case", image[0], **options)
    report = json.loads((tmp_path / "case/custody/report/report.json").read_text())
    assert report["hash_sets"][0]["not_compared"] == [{"algorithm": "md5-512", "count": 1}]
    assert "space (--carve): 1 md5-512" in " ".join(result.notes)


def test_nothing_is_found_where_nothing_begins_so(
    image: tuple[Path, bytes, bytes], tmp_path: Path
) -> None:
    listed = listing(tmp_path / "list.csv", noise(9000, 8), bytes(4096))
    options: dict[str, Any] = {"sets": (listed,), "set_options": {"kind": "notable"}}
    scanned(tmp_path / "case", image[0], carve=True, **options)
    assert findings(tmp_path / "case") == []


def test_a_later_comparison_does_not_withdraw_it() -> None:
    assert not likeness.kept({"prefix": {"bytes": SECTOR, "entries": 1}})
