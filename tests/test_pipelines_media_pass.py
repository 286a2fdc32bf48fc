"""Going through the media: the same digests whoever reads, and whoever ends."""

import hashlib
import json
import random
import shutil
import sqlite3
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path
from typing import Final

import ewf_writer
import media_faults
import pytest
from scans import DEMO, Noted, scanned

from heroes_forensics.pipelines.evidence.sources import Evidence
from heroes_forensics.pipelines.examining import media_pass
from heroes_forensics.pipelines.examining.media_pass import MediaPass
from heroes_forensics.pipelines.workers import memory, supervisor
from heroes_forensics.pipelines.workers.credits import BUDGETS
from heroes_forensics.pipelines.workers.crews import Crew
from heroes_forensics.pipelines.workers.roles import FAULTS_VARIABLE

MEDIA: Final = random.Random(5).randbytes(3 << 20) + bytes(5 << 20) + b"end"  # noqa: S311
NAMES: Final = ("md5", "sha1", "sha256")


def digests(data: bytes, names: Sequence[str] = NAMES) -> dict[str, str]:
    return {name: hashlib.new(name, data, usedforsecurity=False).hexdigest() for name in names}


@pytest.fixture(autouse=True)
def _side_by_side(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(media_pass, "SMALL", 0)


def image(folder: Path, *, chunk_sectors: int = 64) -> Path:
    for number, data in enumerate(
        ewf_writer.write(MEDIA, segment_chunks=100, level=1, chunk_sectors=chunk_sectors), start=1
    ):
        (folder / f"x.E{number:02d}").write_bytes(data)
    return folder / "x.E01"


def verified(case: Path) -> dict[str, list[dict[str, object]]]:
    """Return what is on record of the pass over the media."""
    with closing(sqlite3.connect(case / "case.db")) as database:
        ((facts,),) = database.execute("SELECT facts FROM verification")
    found: dict[str, list[dict[str, object]]] = json.loads(facts)
    return found


def computed(case: Path) -> dict[str, object]:
    return {str(each["alg"]): each["computed"] for each in verified(case)["digests"]}


SHAPES: Final = [(1, 64, "before"), (2, 64, "before"), (5, 64, "during"), (2, 4096, "later")]


@pytest.mark.parametrize(("workers", "chunk_sectors", "verify"), SHAPES)
def test_the_digests_are_those_of_the_media(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    workers: int,
    chunk_sectors: int,
    verify: str,
) -> None:
    def fell(self: MediaPass, why: str, *, is_innocent: bool = False) -> None:
        del self, is_innocent
        pytest.fail(f"one alone had to begin again: {why}")

    monkeypatch.setattr(MediaPass, "_fell", fell)
    source = image(tmp_path, chunk_sectors=chunk_sectors)
    case = tmp_path / "case"
    result = scanned(case, source, workers=workers, verify=verify, treat_as="image")
    assert result.integrity == {"EX-1/1": "match"}
    assert computed(case) == digests(MEDIA)


@pytest.mark.parametrize("room", [2, 3])
def test_one_alone_does_it_when_memory_does_not_allow_all_that_wait_for_each_other(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, room: int
) -> None:
    least = memory.COORDINATOR + sum(BUDGETS.values()) + room * memory.CREWS * memory.LEAST
    monkeypatch.setattr(memory, "available", lambda: int(least / memory.SHARE) + 1)
    # Three are wanted: one that reads, two that digest. Who waits in vain would be ended.
    monkeypatch.setattr(supervisor, "STALL_SECONDS", 10.0)
    asked = []
    again = Evidence.again

    def counted(self: Evidence, workers: int) -> Crew:
        asked.append(workers)
        return again(self, workers)

    monkeypatch.setattr(Evidence, "again", counted)
    case = tmp_path / "case"
    watch = Noted()
    result = scanned(
        case, image(tmp_path), workers=2, verify="before", treat_as="image", watch=watch
    )
    assert result.integrity == {"EX-1/1": "match"}
    assert computed(case) == digests(MEDIA)
    assert asked == ([3] if room == 3 else [3, 1])
    assert "attempt.ended" not in (case / "custody" / "ledger.jsonl").read_text()


@pytest.mark.parametrize("workers", [1, 3])
def test_a_raw_image_has_no_digests_to_compare_with_and_gets_all_three(
    tmp_path: Path, workers: int
) -> None:
    raw = tmp_path / "disk.raw"
    raw.write_bytes(MEDIA)
    result = scanned(tmp_path / "case", raw, workers=workers, treat_as="image")
    assert result.integrity == {"EX-1/1": "baseline"}
    assert computed(tmp_path / "case") == digests(MEDIA)


@pytest.mark.parametrize("workers", [1, 3])
def test_all_three_are_computed_whatever_the_image_stores(tmp_path: Path, workers: int) -> None:
    (data,) = ewf_writer.write(MEDIA, level=1, sha1=False)
    source = tmp_path / "x.E01"
    source.write_bytes(data)
    result = scanned(tmp_path / "case", source, workers=workers, treat_as="image")
    assert result.integrity == {"EX-1/1": "match"}
    rows = verified(tmp_path / "case")["digests"]
    assert {row["alg"]: row["computed"] for row in rows} == digests(MEDIA)
    assert {row["alg"]: row["expected_source"] for row in rows} == {
        "md5": "container",
        "sha1": "none",
        "sha256": "none",
    }


@pytest.mark.parametrize("workers", [1, 2, 4])
def test_media_with_holes_has_no_digest_and_every_hole_is_named(
    tmp_path: Path, workers: int
) -> None:
    source = image(tmp_path)
    for number, at in ((1, 40_000), (2, 10)):
        path = tmp_path / f"x.E{number:02d}"
        data = bytearray(path.read_bytes())
        data[data.index(b"sectors\0") + 76 + at] ^= 1
        path.write_bytes(bytes(data))
    (tmp_path / "x.E03").unlink()
    case = tmp_path / "case"
    result = scanned(case, source, workers=workers, treat_as="image", accept_damaged=True)
    assert result.integrity == {"EX-1/1": "partial"}
    unread = verified(case)["unread"]
    assert [(each["reason"], each["segment"], each["chunk"]) for each in unread[:2]] == [
        ("damaged", 1, 1),
        ("damaged", 2, 100),
    ]
    assert [(each["reason"], each["chunk"]) for each in unread[2:]] == [("missing", 200)]
    assert computed(case) == {}


FALLS: Final = {
    "who reads": (media_faults.FILL,),
    "who digests": (media_faults.FOLLOW,),
    "all of them": (media_faults.FILL, media_faults.FOLLOW),
}


@pytest.mark.parametrize("who", FALLS.values(), ids=FALLS)
def test_when_one_of_them_ends_one_alone_does_it_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, who: tuple[str, ...]
) -> None:
    fault(tmp_path, monkeypatch, who)
    case = tmp_path / "case"
    result = scanned(case, image(tmp_path), workers=2, verify="before", treat_as="image")
    assert result.integrity == {"EX-1/1": "match"}
    assert computed(case) == digests(MEDIA)


def test_media_whose_readers_all_end_is_said_to_be_unread(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fault(tmp_path, monkeypatch, (media_faults.FOLLOW, media_faults.ALONE))
    watch = Noted()
    result = scanned(tmp_path / "case", image(tmp_path), watch=watch, treat_as="image")
    assert result.integrity == {"EX-1/1": "unreadable"}
    assert result.exit_code == 3
    assert any("EX-1/1: the media: the worker that read it ended" in note for note in watch.notes)


def fault(folder: Path, monkeypatch: pytest.MonkeyPatch, who: tuple[str, ...]) -> None:
    place = folder / "faults"
    place.mkdir()
    shutil.copy(media_faults.THIS, place)
    for name in who:
        (place / name).touch()
    monkeypatch.setenv(FAULTS_VARIABLE, str(place / media_faults.THIS.name))


def test_the_demonstration_verifies_beside_its_scan(tmp_path: Path) -> None:
    result = scanned(tmp_path / "case", DEMO, workers=4)
    assert result.integrity == {"EX-1/1": "match"}
    assert result.exit_code == 0
