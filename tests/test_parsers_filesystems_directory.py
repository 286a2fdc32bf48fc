"""Folders as sources: every name, no link followed, and changes noticed."""

import hashlib
import os
import socket
import stat
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Self

import pytest
from corpus import EVIDENCE, needs_evidence
from hypothesis import given
from hypothesis import strategies as st

from heroes_forensics.errors import EvidenceError
from heroes_forensics.model import Entry, EntryFlag, EntryKind, Gap, Listing
from heroes_forensics.parsers.base import UnsupportedError
from heroes_forensics.parsers.filesystems import directory_index, directory_tree
from heroes_forensics.parsers.filesystems.directory import DirectoryFileSystem, open_directory

NAMES = {
    "Latin-1": b"Gr\xfc\xdfe.jpg",
    "0xFF": b"\xff\xff",
    "255 bytes": b"n" * 255,
    "newline": b"a\nb",
    "escape": b"\x1b[31mred\x1b[0m",
    "right to left": "\u202egpj.exe".encode(),
    "encoded surrogate": b"\xed\xa0\x80",
    "formula": b"=1+1",
    "markup": b"<script>",
    "dots": b"...",
    "backslash": b"..\\..\\x",
    "composed": "\u00e9".encode(),
    "decomposed": "e\u0301".encode(),
    "lower": b"case",
    "upper": b"CASE",
}


@pytest.fixture
def opened(tmp_path: Path) -> Iterator[DirectoryFileSystem]:
    descriptor = os.open(tmp_path, os.O_RDONLY | os.O_DIRECTORY)
    system = open_directory(descriptor)
    yield system
    system.close()
    os.close(descriptor)


def split(system: DirectoryFileSystem) -> tuple[list[Entry], list[Gap], Listing]:
    found = list(system.entries())
    listing = found.pop()
    assert isinstance(listing, Listing)
    assert not any(isinstance(row, Listing) for row in found), "the count comes once, last"
    entries = [row for row in found if isinstance(row, Entry)]
    assert listing.entries == len(entries)
    assert listing.directories == sum(e.kind == EntryKind.DIRECTORY for e in entries)
    assert listing.directories == (
        listing.directories_listed + listing.directories_not_listed + listing.directories_met_before
    )
    assert len({e.locator for e in entries}) == len(entries), "a locator names one entry"
    assert len({e.handle for e in entries}) == len(entries)
    assert all(len(e.handle) <= 64 for e in entries)
    assert all(e.locator.isascii() and e.locator.isprintable() for e in entries)
    return entries, [row for row in found if isinstance(row, Gap)], listing


def content(system: DirectoryFileSystem, entry: Entry) -> bytes:
    reader = system.open(entry.handle)
    try:
        return reader.pread(0, reader.size)
    finally:
        reader.close()


def resolve(root: Path, locator: str) -> bytes:
    """Follow a locator by hand: what its documentation promises anybody can do."""
    at = os.fsencode(root)
    for index in locator.removeprefix("d:").split("/"):
        at = os.path.join(at, sorted(os.listdir(at))[int(index)])  # noqa: PTH118, PTH208 - bytes
    return at


def test_every_name_is_listed_and_read_whatever_its_bytes(
    tmp_path: Path, opened: DirectoryFileSystem
) -> None:
    (tmp_path / "sub").mkdir()
    for name in NAMES.values():
        for folder in (b"", b"sub/"):
            Path(os.fsdecode(os.fsencode(tmp_path) + b"/" + folder + name)).write_bytes(name)
    entries, gaps, _ = split(opened)
    assert gaps == []
    files = {e.path: e for e in entries if e.kind == EntryKind.FILE}
    assert set(files) == {folder + name for name in NAMES.values() for folder in (b"", b"sub/")}
    for path, entry in files.items():
        assert content(opened, entry) == path.rpartition(b"/")[2]
        assert resolve(tmp_path, entry.locator) == os.fsencode(tmp_path) + b"/" + path


def test_the_order_is_that_of_bytes(tmp_path: Path, opened: DirectoryFileSystem) -> None:
    for name in ("b", "B", "a", "é", "Z"):
        (tmp_path / name).touch()
    entries, _, _ = split(opened)
    assert [e.path for e in entries] == sorted(e.path for e in entries)
    assert [e.locator for e in entries] == ["d:0", "d:1", "d:2", "d:3", "d:4"]


def test_another_process_resolves_a_handle_alone(tmp_path: Path) -> None:
    (tmp_path / "a/b/c").mkdir(parents=True)
    (tmp_path / "a/b/c/file").write_bytes(b"found")
    with_own = [os.open(tmp_path, os.O_RDONLY) for _ in range(2)]
    lister, reader = (open_directory(descriptor) for descriptor in with_own)
    entry = split(lister)[0][-1]
    assert content(reader, entry) == b"found"
    for system, descriptor in zip((lister, reader), with_own, strict=True):
        system.close()
        os.close(descriptor)


def test_no_link_is_followed_and_nothing_but_files_is_opened(
    tmp_path: Path, opened: DirectoryFileSystem
) -> None:
    (tmp_path / "target").mkdir()
    (tmp_path / "target/inside").write_bytes(b"x")
    for name, target in {
        "absolute": "/etc/passwd",
        "up": "../../../etc/passwd",
        "itself": "itself",
        "folder": "target",
        "root": "/",
    }.items():
        (tmp_path / name).symlink_to(target)
    os.mkfifo(tmp_path / "pipe")
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(tmp_path / "s"))
        entries, gaps, listing = split(opened)
    kinds = {e.path: e.kind for e in entries}
    assert kinds.pop(b"target/inside") == EntryKind.FILE
    assert kinds.pop(b"target") == EntryKind.DIRECTORY
    assert kinds.pop(b"pipe") == kinds.pop(b"s") == EntryKind.OTHER
    assert len(kinds) == 5
    assert set(kinds.values()) == {EntryKind.SYMLINK}
    assert (gaps, listing.directories) == ([], 1)
    for entry in entries:
        if entry.kind != EntryKind.FILE:
            with pytest.raises(OSError, match="not a regular file"):
                opened.open(entry.handle)


def test_a_file_replaced_by_a_link_after_listing_is_not_followed(
    tmp_path: Path, opened: DirectoryFileSystem
) -> None:
    (tmp_path / "victim").write_bytes(b"x")
    (entry,), _, _ = split(opened)
    (tmp_path / "victim").unlink()
    (tmp_path / "victim").symlink_to("/etc/passwd")
    with pytest.raises((OSError, UnsupportedError)):
        opened.open(entry.handle)


def test_a_folder_replaced_by_a_link_after_listing_is_not_followed(tmp_path: Path) -> None:
    inside, outside = tmp_path / "in", tmp_path / "out"
    (inside / "sub").mkdir(parents=True)
    outside.mkdir()
    for folder in (inside / "sub", outside):
        (folder / "file").write_bytes(b"x")
        os.utime(folder / "file", ns=(0, 0))
    descriptor = os.open(inside, os.O_RDONLY)
    system = open_directory(descriptor)
    entry = split(system)[0][-1]
    system.close()
    (inside / "sub/file").unlink()
    (inside / "sub").rmdir()
    (inside / "sub").symlink_to(outside)
    fresh = open_directory(descriptor)
    with pytest.raises(OSError, match=r"."):
        fresh.open(entry.handle)
    fresh.close()
    os.close(descriptor)


def _grow(path: Path) -> None:
    path.write_bytes(b"longer than before")


def _touch(path: Path) -> None:
    os.utime(path, ns=(5, 5))


def _shift(path: Path) -> None:
    (path.parent / "aaa").write_bytes(b"one more, sorted before")


def _remove(path: Path) -> None:
    path.unlink()


@pytest.mark.parametrize("change", [_grow, _touch, _shift, _remove])
def test_a_change_between_listing_and_reading_is_noticed(
    tmp_path: Path, change: Callable[[Path], None]
) -> None:
    (tmp_path / "file").write_bytes(b"as listed")
    descriptor = os.open(tmp_path, os.O_RDONLY)
    lister = open_directory(descriptor)
    (entry,), _, _ = split(lister)
    lister.close()
    change(tmp_path / "file")
    reader = open_directory(descriptor)
    with pytest.raises(UnsupportedError) as caught:
        reader.open(entry.handle)
    assert caught.value.code == "stream.changed"
    reader.close()
    os.close(descriptor)


def test_a_sibling_that_moved_up_is_not_taken_for_the_file(tmp_path: Path) -> None:
    """Same size, same time, and now at the same position: unpacked archives are full of these."""
    for name in ("a", "b"):
        (tmp_path / name).write_bytes(name.encode())
        os.utime(tmp_path / name, ns=(0, 0))
    descriptor = os.open(tmp_path, os.O_RDONLY)
    lister = open_directory(descriptor)
    first, _ = split(lister)[0]
    lister.close()
    (tmp_path / "a").unlink()
    reader = open_directory(descriptor)
    with pytest.raises(UnsupportedError) as caught:
        reader.open(first.handle)
    assert caught.value.code == "stream.changed"
    reader.close()
    os.close(descriptor)


def test_a_link_put_there_between_looking_and_opening_is_not_followed(
    tmp_path: Path, opened: DirectoryFileSystem, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "in").mkdir()
    victim = tmp_path / "victim"
    victim.write_bytes(b"x")
    entry = next(e for e in split(opened)[0] if e.path == b"victim")
    before = victim.lstat()
    victim.rename(tmp_path / "in/victim")
    victim.symlink_to("in/victim")
    monkeypatch.setattr(directory_tree.DirectoryTree, "status", lambda *_: before)
    with pytest.raises(OSError, match="symbolic links"):
        opened.open(entry.handle)


def test_a_change_while_reading_is_noticed(tmp_path: Path, opened: DirectoryFileSystem) -> None:
    path = tmp_path / "file"
    path.write_bytes(b"as listed")
    (entry,), _, _ = split(opened)
    reader = opened.open(entry.handle)
    assert reader.pread(0, 2) == b"as"
    os.utime(path, ns=(5, 5))
    with pytest.raises(UnsupportedError) as caught:
        reader.pread(2, 100)
    assert caught.value.code == "stream.changed"
    reader.close()


def test_access_times_stay(tmp_path: Path, opened: DirectoryFileSystem) -> None:
    path = tmp_path / "file"
    path.write_bytes(b"x")
    os.utime(path, ns=(10**9, 2 * 10**9))
    (entry,), _, _ = split(opened)
    content(opened, entry)
    assert path.stat().st_atime_ns == 10**9
    assert [t and t.seconds for t in entry.times[:2]] == [2, 1]


def test_links_and_holes_are_flagged(tmp_path: Path, opened: DirectoryFileSystem) -> None:
    (tmp_path / "a").write_bytes(b"x")
    (tmp_path / "b").hardlink_to(tmp_path / "a")
    (tmp_path / "c").hardlink_to(tmp_path / "a")
    with (tmp_path / "hole").open("wb") as stream:
        stream.truncate(1 << 33)
        stream.seek(1 << 20)
        stream.write(b"end of data")
    entries, _, _ = split(opened)
    flags = {e.path: e.flags for e in entries}
    assert [bool(flags[name] & EntryFlag.HARD_LINK) for name in (b"a", b"b", b"c")] == [
        False,
        True,
        True,
    ]
    assert flags[b"hole"] & EntryFlag.SPARSE
    hole = next(e for e in entries if e.path == b"hole")
    assert hole.size == 1 << 33
    reader = opened.open(hole.handle)
    assert reader.pread((1 << 20), 11) == b"end of data"
    assert reader.pread((1 << 33) - 2, 100) == b"\0\0"
    reader.close()


def test_a_hole_of_many_terabytes_is_not_read(tmp_path: Path, opened: DirectoryFileSystem) -> None:
    with (tmp_path / "hole").open("wb") as stream:
        stream.truncate(1 << 43)
    (entry,), _, _ = split(opened)
    assert entry.size == 1 << 43
    with pytest.raises(UnsupportedError) as caught:
        opened.open(entry.handle)
    assert caught.value.code == "stream.limit"


def test_a_folder_that_cannot_be_listed_is_a_gap_and_its_siblings_are_not_lost(
    tmp_path: Path, opened: DirectoryFileSystem, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("a", "b", "c"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "file").touch()
    real = directory_tree.DirectoryTree.names

    def names(tree: directory_tree.DirectoryTree, path: bytes) -> tuple[list[bytes], bool]:
        if path == b"b":
            raise PermissionError(13, "Permission denied", "secret-name")
        return real(tree, path)

    monkeypatch.setattr(directory_tree.DirectoryTree, "names", names)
    entries, gaps, listing = split(opened)
    assert [e.path for e in entries if e.kind == EntryKind.FILE] == [b"a/file", b"c/file"]
    assert gaps == [Gap("d:1", "directory.unreadable", {"error": "EACCES"})]
    assert (listing.directories_listed, listing.directories_not_listed) == (2, 1)


@pytest.fixture
def nobody() -> Iterator[None]:
    """Root may read everything: be somebody else for a while."""
    if os.geteuid() != 0:
        yield
        return
    os.seteuid(65534)
    try:
        yield
    finally:
        os.seteuid(0)


def test_a_locked_folder_and_a_locked_file(
    tmp_path: Path, opened: DirectoryFileSystem, request: pytest.FixtureRequest
) -> None:
    for name in ("folder", "open"):
        (tmp_path / name).mkdir()
    for name in ("locked", "readable", "open/inside"):
        (tmp_path / name).write_bytes(b"x")
    (tmp_path / "folder").chmod(0)
    (tmp_path / "locked").chmod(0)
    tmp_path.chmod(0o755)
    request.getfixturevalue("nobody")
    entries, gaps, listing = split(opened)
    assert gaps == [Gap("d:0", "directory.unreadable", {"error": "EACCES"})]
    assert (listing.directories_listed, listing.directories_not_listed) == (1, 1)
    files = {e.path: e for e in entries if e.kind == EntryKind.FILE}
    with pytest.raises(PermissionError):
        opened.open(files[b"locked"].handle)
    assert content(opened, files[b"readable"]) == content(opened, files[b"open/inside"]) == b"x"


def test_a_listing_that_breaks_off_keeps_what_it_had(
    tmp_path: Path, opened: DirectoryFileSystem, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("a", "b", "c"):
        (tmp_path / name).write_bytes(b"x")
    real = os.scandir

    class Broken:
        def __init__(self, descriptor: int) -> None:
            self.inner = real(descriptor)

        def __enter__(self) -> Self:
            return self

        def __exit__(self, *_: object) -> None:
            self.inner.close()

        def __iter__(self) -> Iterator[os.DirEntry[str]]:
            yield next(self.inner)
            yield next(self.inner)
            raise OSError(5, "Input/output error")

    monkeypatch.setattr("os.scandir", Broken)
    entries, gaps, _ = split(opened)
    assert len(entries) == 2
    assert gaps == [Gap("d:", "directory.unreadable", {"names": 2})]


def test_a_name_whose_metadata_cannot_be_read_is_kept(
    tmp_path: Path, opened: DirectoryFileSystem, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("a", "b"):
        (tmp_path / name).write_bytes(b"x")
    real = directory_tree.DirectoryTree.status

    def status(tree: directory_tree.DirectoryTree, path: bytes, name: bytes) -> os.stat_result:
        if name == b"a":
            raise OSError(5, "Input/output error")
        return real(tree, path, name)

    monkeypatch.setattr(directory_tree.DirectoryTree, "status", status)
    entries, _, _ = split(opened)
    assert [(e.path, e.size) for e in entries] == [(b"a", -1), (b"b", 1)]
    with pytest.raises(OSError, match="Input/output"):
        opened.open(entries[0].handle)


def _deep(root: Path, depth: int) -> None:
    """Make a chain of folders deeper than a path may be long, and a file at its end."""
    at = os.open(root, os.O_RDONLY)
    for _ in range(depth):
        os.mkdir("dd", dir_fd=at)
        below = os.open("dd", os.O_RDONLY, dir_fd=at)
        os.close(at)
        at = below
    last = os.open("file", os.O_WRONLY | os.O_CREAT, 0o600, dir_fd=at)
    os.write(last, b"at the bottom")
    os.close(last)
    os.close(at)


@pytest.mark.parametrize("depth", [30, 60, 512])
def test_a_deep_file_is_listed_and_read(tmp_path: Path, depth: int) -> None:
    _deep(tmp_path, depth)
    descriptor = os.open(tmp_path, os.O_RDONLY)
    lister = open_directory(descriptor)
    entries, gaps, _ = split(lister)
    assert (gaps, len(entries)) == ([], depth + 1)
    assert entries[-1].path == b"dd/" * depth + b"file"
    reader = open_directory(descriptor)
    assert content(reader, entries[-1]) == b"at the bottom"
    for system in (lister, reader):
        system.close()
    os.close(descriptor)


def test_what_is_deeper_than_the_limit_is_a_gap(tmp_path: Path) -> None:
    _deep(tmp_path, 520)
    descriptor = os.open(tmp_path, os.O_RDONLY)
    system = open_directory(descriptor)
    entries, gaps, listing = split(system)
    assert [gap.code for gap in gaps] == ["directory.depth"]
    assert len(entries) == 513
    assert listing.directories_not_listed == 1
    system.close()
    os.close(descriptor)


def test_few_descriptors_are_held(tmp_path: Path, opened: DirectoryFileSystem) -> None:
    _deep(tmp_path, 200)
    before = len(os.listdir("/proc/self/fd"))  # noqa: PTH208
    most = 0
    for _ in opened.entries():
        most = max(most, len(os.listdir("/proc/self/fd")))  # noqa: PTH208
    assert most - before <= 18
    opened.close()
    assert len(os.listdir("/proc/self/fd")) < before  # noqa: PTH208


def test_what_is_no_folder_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    descriptor = os.open(tmp_path / "file", os.O_RDONLY)
    with pytest.raises(EvidenceError):
        open_directory(descriptor)
    os.close(descriptor)
    with pytest.raises(EvidenceError):
        open_directory(descriptor)


def test_two_listers_of_one_description_do_not_disturb_each_other(tmp_path: Path) -> None:
    for number in range(500):
        (tmp_path / f"{number}").touch()
    descriptor = os.open(tmp_path, os.O_RDONLY)
    one, two = open_directory(descriptor), open_directory(os.dup(descriptor))
    rows = list(zip(one.entries(), two.entries(), strict=True))
    assert len(rows) == 501
    assert all(first == second for first, second in rows)


@given(st.binary(max_size=64))
def test_no_handle_makes_it_crash(handle: bytes) -> None:
    try:
        parts = directory_index.unpack(handle)
    except OSError:
        return
    assert len(parts.key.value) < 64


@given(
    st.lists(st.integers(0, 1 << 34), max_size=60),
    st.integers(0, 1 << 34),
    st.integers(0, (1 << 64) - 1),
    st.integers(0, (1 << 32) - 1),
)
def test_handles_fit_and_say_what_was_put_in(
    path: list[int], index: int, inode: int, check: int
) -> None:
    key = directory_index.ROOT
    for step in path:
        key = key.child(step)
    handle = directory_index.pack(key, index, inode, check, 7)
    assert len(handle) <= 64
    assert directory_index.unpack(handle) == (key, index, inode, check, 7)


@needs_evidence
def test_a_real_phone_backup(tmp_path: Path) -> None:
    del tmp_path
    assert EVIDENCE is not None
    root = EVIDENCE / "mobile" / "ios_backup"
    descriptor = os.open(root, os.O_RDONLY)
    system = open_directory(descriptor)
    entries, gaps, _ = split(system)
    assert gaps == []
    ours = {
        e.path: hashlib.sha256(content(system, e)).hexdigest()
        for e in entries
        if e.kind == EntryKind.FILE
    }
    truth = {
        os.fsencode(p.relative_to(root)): hashlib.sha256(p.read_bytes()).hexdigest()
        for p in root.rglob("*")
        if stat.S_ISREG(p.lstat().st_mode)
    }
    assert ours == truth
    assert len(ours) > 10
    system.close()
    os.close(descriptor)
