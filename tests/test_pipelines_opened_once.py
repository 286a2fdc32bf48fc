"""What was looked into before an interruption is not read again, also where it held nothing."""

import io
import plistlib
import signal
import sqlite3
import tarfile
import zipfile
from collections.abc import Iterator
from contextlib import closing as closed
from pathlib import Path
from typing import Any

import pytest
from carved_files import made
from command_server import Commands
from device_backups import Stored, encrypted_itunes
from filesystem_images import ext_image
from hiding import portable
from killing import tables
from scans import folder, resumed, scanned
from test_pipelines_likeness import encoded, picture
from test_pipelines_resuming import spoiled, stop_before

from heroes_forensics import durable
from heroes_forensics.frames import HAND_OVER_BYTES, Frame, Unit
from heroes_forensics.pipelines.checks import verifying, views
from heroes_forensics.pipelines.examining import decoding, expanding, verification
from heroes_forensics.pipelines.examining.media_pass import KINDS
from heroes_forensics.pipelines.runs import closing

PHOTOGRAPHS = 40
HOLDING = 8
"""Every so many of them hold something behind their end."""
SMALL = {"examining__examination__UNIT_ITEMS": 6}
_OPENED = "SELECT i.locator FROM container c JOIN item i ON i.id = c.item_id WHERE i.parent IS NULL"
_READ = "SELECT i.locator FROM content c JOIN item i ON i.id = c.item_id WHERE i.parent IS NULL"
_LISTED = "SELECT locator FROM item WHERE parent IS NULL"


def archive(*members: tuple[str, bytes]) -> bytes:
    written = io.BytesIO()
    with zipfile.ZipFile(written, "w") as writer:
        for name, data in members:
            writer.writestr(name, data)
    return written.getvalue()


def photographs() -> dict[str, bytes]:
    """Return photographs, some of them with a picture or an archive behind their end."""
    files = {}
    for number in range(PHOTOGRAPHS):
        behind = b""
        if number % HOLDING == 0:
            behind = encoded(picture(number + 100, 64, 48))
        elif number % HOLDING == HOLDING // 2:
            behind = archive(("a.jpg", encoded(picture(number + 200, 64, 48))))
        files[f"{number % 3}/{number}.jpg"] = encoded(picture(number, 96, 72)) + behind
    return files


def mixed() -> dict[str, bytes]:
    """Return files of types that may hold more: such as do, and such as do not."""
    inner = archive(("a.txt", b"alpha"), ("b.zip", archive(("c.txt", b"gamma"))))
    return {
        "plain.jpg": encoded(picture(1, 96, 72)),
        "holding.jpg": encoded(picture(2, 96, 72)) + encoded(picture(3, 64, 48)),
        "plain.tif": made("tiff"),
        "plain.mp4": made("mp4"),
        "holding.mp4": made("mp4") + inner,
        "plain.exe": portable(),
        "holding.exe": portable(behind=inner),
        "archive.zip": inner,
        "broken.zip": inner[:-30],
        "unread.sit": b"SIT!\0\x01",
        "plain.txt": b"nothing",
    }


def rows(case: Path, sql: str) -> set[str]:
    with closed(sqlite3.connect(case / "case.db")) as database:
        return {locator for (locator,) in database.execute(sql)}


def cut_before_its_end(
    case: Path, *sources: Path, workers: int = 1, is_opened: bool = True
) -> None:
    """End a run at once, as a second Ctrl-C does, when all is on record but its end.

    Or, where that is asked, all but its end and what containers hold.
    """

    def stop(*_: object) -> None:
        raise KeyboardInterrupt

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(closing, "finish", stop)
        if not is_opened:
            patch.setattr(expanding.Expanding, "stored", lambda *_: None)
        with pytest.raises(KeyboardInterrupt):
            scanned(case, *sources, workers=workers)


@pytest.fixture
def given(monkeypatch: pytest.MonkeyPatch) -> dict[int, list[int]]:
    """Note the streams of each unit that reads, by the number of the unit."""
    seen: dict[int, list[int]] = {}

    def note(unit: Unit, frame: Frame) -> Frame:
        if unit.kind == "content" and unit.tasks is not None:
            seen[unit.id] = unit.tasks["id"].tolist()
        return frame

    spoiled(monkeypatch, note)
    return seen


def same(case: Path, whole: Path) -> None:
    assert tables(case) == tables(whole)
    assert verifying.verify(case)["exit_code"] in {0, 7}


@pytest.mark.parametrize("workers", [1, 4])
def test_nothing_is_read_again_once_everything_was_opened(
    workers: int, tmp_path: Path, given: dict[int, list[int]]
) -> None:
    evidence = folder(tmp_path / "evidence", mixed())
    scanned(tmp_path / "whole", evidence)
    assert sum(map(len, given.values())) == len(mixed())  # the notes are taken
    cut_before_its_end(tmp_path / "case", evidence, workers=workers)
    given.clear()
    resumed(tmp_path / "case", workers=workers)
    assert not given
    same(tmp_path / "case", tmp_path / "whole")


@pytest.mark.parametrize("kind", ["an archive", "a folder"])
def test_a_large_container_is_read_by_who_opens_it_alone(
    kind: str, tmp_path: Path, given: dict[int, list[int]]
) -> None:
    """But for a file of a folder, of which nothing but its digest says that it is the same."""
    large = archive(("a.bin", bytes(HAND_OVER_BYTES)), ("b.jpg", encoded(picture(1, 96, 72))))
    film = made("mp4") + bytes(HAND_OVER_BYTES) + archive(("c.txt", b"gamma"))
    source = folder(tmp_path / "evidence", {"o.zip": large, "f.mp4": film, "s.zip": archive()})
    if kind == "an archive":
        with tarfile.open(tmp_path / "evidence.tar", "w") as tar:
            tar.add(source, ".")
        source = tmp_path / "evidence.tar"
    scanned(tmp_path / "whole", source)
    case = tmp_path / "case"
    cut_before_its_end(case, source, is_opened=False)
    given.clear()
    resumed(case)
    with closed(sqlite3.connect(case / "case.db")) as database:
        sizes = dict(database.execute("SELECT id, size FROM item"))
    read = sorted(sizes[item] for items in given.values() for item in items)
    small = [len(archive())]
    assert read == (small if kind == "an archive" else sorted([*small, len(large), len(film)]))
    same(case, tmp_path / "whole")


def test_media_that_were_gone_through_are_not_gone_through_again(
    tmp_path: Path, medium: "Photographs", monkeypatch: pytest.MonkeyPatch
) -> None:
    """Their digests are on record before pictures are decoded that take longer."""
    monkeypatch.setenv("HEROES_HOME", str(tmp_path / "home"))
    kinds: list[str] = []

    def until(unit: Unit, frame: Frame) -> Frame:
        kinds.append(unit.kind)
        return stop_before(unit, frame, "decode") if passed else frame

    passed: set[str] = set()
    real, given = verification.record, decoding.Decoding.next_unit

    def record(*arguments: Any) -> str:  # noqa: ANN401 - as the real one
        passed.add("media")
        return real(*arguments)

    monkeypatch.setattr(verification, "record", record)
    with pytest.MonkeyPatch.context() as patch:
        spoiled(patch, until)
        patch.setattr(decoding.Decoding, "next_unit", lambda self: given(self) if passed else None)
        with pytest.raises(KeyboardInterrupt):
            scanned(tmp_path / "case", medium.image)
    kinds.clear()
    passed.clear()
    spoiled(monkeypatch, until)
    result = resumed(tmp_path / "case")
    assert result.integrity == {"EX-1/1": "baseline"}
    assert "decode" in kinds
    assert not set(kinds) & KINDS
    assert not passed
    same(tmp_path / "case", medium.whole)


def test_the_manifest_of_a_backup_is_no_container_that_was_left(
    tmp_path: Path, given: dict[int, list[int]]
) -> None:
    """It was opened with the backup, so nothing else says what is in it."""
    file = [Stored("CameraRollDomain", "Media/DCIM/a.jpg", content=encoded(picture(1, 96, 72)))]
    source = encrypted_itunes(tmp_path / "backup", file, b"correct horse")
    facts = plistlib.loads((source / "Manifest.plist").read_bytes())
    (source / "Manifest.plist").write_bytes(plistlib.dumps(facts, fmt=plistlib.FMT_BINARY))
    scanned(tmp_path / "whole", source)
    cut_before_its_end(tmp_path / "case", source)
    given.clear()
    result = resumed(tmp_path / "case")
    assert not given
    assert result.content_sha256 == views.status(tmp_path / "whole")["content_sha256"]
    same(tmp_path / "case", tmp_path / "whole")


def test_pictures_that_hold_nothing_are_not_counted_among_the_archives(tmp_path: Path) -> None:
    result = scanned(tmp_path / "case", folder(tmp_path / "evidence", mixed()))
    counted = {name: result.counts[name] for name in ("containers_opened", "containers_in_part")}
    # Two zip archives lie in the archive, behind the film and behind the program, which counts
    # itself; one lies in the archive that is cut short.
    assert counted == {"containers_opened": 2 + 2 + 3 + 1, "containers_in_part": 1}
    assert views.status(tmp_path / "case")["inside"]["containers_opened"] == 8  # type: ignore[index]


class Photographs:
    """A medium of photographs, the run nobody disturbed, and a server of commands."""

    def __init__(self, home: Path, commands: Commands) -> None:
        self.home, self.commands = home, commands
        self.image = ext_image(home, lambda tree: folder(tree, photographs()))
        self.whole = home / "whole"
        scanned(self.whole, self.image)

    def killed(self, name: str, point: str, workers: int) -> Path:
        case = self.home / name
        options = ("--case", str(case), "--quiet", "--workers", str(workers))
        ended = self.commands.run(
            "scan", str(self.image), *options, environment={durable.CRASH_AT: point}
        )
        assert ended.code == -signal.SIGKILL
        return case


@pytest.fixture(scope="module")
def medium(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Photographs]:
    home = tmp_path_factory.mktemp("photographs")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("HEROES_HOME", str(home / "home"))
        with Commands(home, **SMALL) as commands:
            yield Photographs(home, commands)


@pytest.mark.parametrize("workers", [1, 4])
@pytest.mark.parametrize("commit", [10, 12, 14, 17, 20])
def test_a_killed_run_reads_what_was_not_read_and_what_was_not_opened(
    commit: int,
    workers: int,
    medium: Photographs,
    given: dict[int, list[int]],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("HEROES_HOME", str(medium.home / "home"))
    case = medium.killed(f"{commit}-{workers}", f"after commit#{commit}", workers)
    read, opened = rows(case, _READ), rows(case, _OPENED)
    assert read
    left = (rows(medium.whole, _OPENED) & read) - opened
    expected = sorted([*(rows(case, _LISTED) - read), *left])
    resumed(case, workers=workers)
    with closed(sqlite3.connect(case / "case.db")) as database:
        locators = dict(database.execute("SELECT id, locator FROM item"))
    assert sorted(locators[item] for items in given.values() for item in items) == expected
    assert len(expected) < PHOTOGRAPHS
    same(case, medium.whole)
