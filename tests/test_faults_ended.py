"""Workers and zygotes that the system ends in the middle of a unit change nothing: row 12."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

import holding
import pytest
from filesystem_images import ext_image, fat_image, run
from holding import WORKER, ZYGOTE, Held
from scans import KNOWN_GOOD, NOTABLE, folder, scanned
from test_media_perceptual import encoded, gradient
from test_pipelines_members import zipped

from heroes_forensics.pipelines.checks import views
from heroes_forensics.pipelines.examining import listing, media_pass
from heroes_forensics.pipelines.runs.request import ScanResult
from heroes_forensics.pipelines.workers.link import MOST_FRAMES
from heroes_forensics.pipelines.workers.supervisor import Supervisor
from heroes_forensics.store.database import Database

Point = tuple[str, str, int]

POINTS: list[Point] = [
    ("inspect", "volume", 1),
    ("inventory", "", 0),
    ("inventory", "entries", 3),
    ("inventory", "listing", 1),
    ("content", "", 0),
    ("content", "contents", 2),
    ("content", "stream", 1),
    ("decode", "", 0),
    ("decode", "perceptual", 1),
    ("expand", "", 0),
    ("expand", "entries", 1),
    ("expand", "stream", 1),
    ("expand", "containers", 1),
    ("media_digest", "", 0),
    ("media_digest", "media", 1),
    ("media_digest", "digests", 1),
    ("import", "known", 1),
]
"""Kind of the unit, and the frame after which its worker ends."""
ORPHANS: list[Point] = [("orphans", "", 0), ("orphans", "entries", 1), ("orphans", "listing", 1)]
BESIDE: list[Point] = [("media_fill", "", 0), ("media_follow", "", 0), ("media_fill", "media", 1)]


def _name(point: object) -> str:
    return "-".join(str(part) or "begun" for part in point) if isinstance(point, tuple) else ""


def _fill(tree: Path) -> None:
    picture = encoded(gradient(seed=1), "JPEG")
    for directory in ("a", "b"):
        (tree / directory).mkdir()
        for number in range(15):
            (tree / directory / f"{number:03}").write_bytes(f"{directory}{number}".encode())
        (tree / directory / "seen.jpg").write_bytes(picture + directory.encode())
    members = [(f"{number:03}", b"%d" % number) for number in range(20)]
    (tree / "c.zip").write_bytes(zipped(("first.jpg", picture + b"c"), *members))


class Undisturbed(NamedTuple):
    """An image, and what a scan of it gives when nothing ends."""

    image: Path
    result: ScanResult


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> Undisturbed:
    home = tmp_path_factory.mktemp("undisturbed")
    image = ext_image(home, _fill)
    with pytest.MonkeyPatch.context() as monkeypatch:
        holding.plain(home / "faults.py", monkeypatch)
        return Undisturbed(image, _scan(home / "case", image))


@pytest.fixture(autouse=True)
def small_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let parts of a listing be committed before it ends."""
    monkeypatch.setattr(listing, "PART_ROWS", 10)


def _scan(case: Path, source: Path, workers: int = 1) -> ScanResult:
    sets = (str(NOTABLE), str(KNOWN_GOOD))
    return scanned(case, source, sets=sets, workers=workers, verify="before")


def same(result: ScanResult, reference: ScanResult, case: Path) -> None:
    assert list(views.gaps(case)) == []
    assert (result.counts, result.exit_code) == (reference.counts, 0)
    assert result.content_sha256 == reference.content_sha256
    assert set(result.integrity.values()) == set(reference.integrity.values())


@pytest.mark.parametrize("victim", [WORKER, ZYGOTE])
@pytest.mark.parametrize("point", POINTS, ids=_name)
def test_what_ends_in_the_middle_of_a_unit_changes_nothing(
    point: Point,
    victim: str,
    undisturbed: Undisturbed,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    held = Held(tmp_path / "faults.py", *point, victim)
    held.install(monkeypatch)
    result = _scan(tmp_path / "case", undisturbed.image)
    assert held.ended
    same(result, undisturbed.result, tmp_path / "case")


@pytest.mark.parametrize("victim", [WORKER, ZYGOTE])
@pytest.mark.parametrize("point", BESIDE, ids=_name)
def test_what_ends_while_several_go_through_the_media_changes_nothing(
    point: Point,
    victim: str,
    undisturbed: Undisturbed,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(media_pass, "SMALL", 0)
    held = Held(tmp_path / "faults.py", *point, victim)
    held.install(monkeypatch)
    result = _scan(tmp_path / "case", undisturbed.image, workers=2)
    assert held.ended
    same(result, undisturbed.result, tmp_path / "case")


@pytest.mark.parametrize("victim", [WORKER, ZYGOTE])
@pytest.mark.parametrize("point", ORPHANS, ids=_name)
def test_what_ends_while_orphans_are_searched_changes_nothing(
    point: Point, victim: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = _with_orphans(tmp_path)
    holding.plain(tmp_path / "faults.py", monkeypatch)
    reference = _scan(tmp_path / "reference", source)
    held = Held(tmp_path / "faults.py", *point, victim)
    held.install(monkeypatch)
    result = _scan(tmp_path / "case", source)
    assert held.ended
    same(result, reference, tmp_path / "case")


def _with_orphans(home: Path) -> Path:
    """Make a FAT volume with files of a deleted folder whose own entry is overwritten."""
    source = fat_image(home)
    (home / "file").write_bytes(bytes(range(256)))
    run("mmd", "-i", source, "::folder")
    for number in range(20):
        run("mcopy", "-i", source, home / "file", f"::folder/lost{number}.bin")
        run("mcopy", "-i", source, home / "file", f"::kept{number}.bin")
    run("mdeltree", "-i", source, "::folder")
    data = bytearray(source.read_bytes())
    at = data.index(b"\xe5OLDER     ")
    data[at : at + 32] = bytes(32)
    source.write_bytes(data)
    return source


def test_a_coordinator_that_stores_slowly_keeps_its_workers_waiting(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What a worker has said and nobody has taken in stays with the worker, not in our memory."""
    source = folder(tmp_path / "in", {f"{number:04}": b"%d" % number for number in range(1200)})
    holding.plain(tmp_path / "faults.py", monkeypatch)
    queues: list[tuple[int, int]] = []
    slow, listened = Database.transaction, Supervisor._listen  # noqa: SLF001 - what it takes at once

    @contextmanager
    def transaction(self: Database) -> Iterator[None]:
        time.sleep(0.01)
        with slow(self):
            yield

    def listen(self: Supervisor) -> None:
        listened(self)
        links = sum(len(crew.links) for crew in self._crews.values())
        queues.append((len(self._heard), links))

    monkeypatch.setattr(Database, "transaction", transaction)
    monkeypatch.setattr(Supervisor, "_listen", listen)
    result = scanned(tmp_path / "case", source, workers=1)
    assert result.counts["digested"] == 1200
    # 172 batches of the lister alone: more than are ever taken at once, however long they wait.
    assert max(length for length, _ in queues) > 4
    assert all(length <= MOST_FRAMES * max(1, links) for length, links in queues)
