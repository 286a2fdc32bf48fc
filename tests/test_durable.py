"""The few calls that reach the disk: whole or an error, and nothing beside them writes."""

import ast
import errno
import os
import subprocess
import sys
from pathlib import Path

import pytest
from corpus import ROOT

from heroes_forensics import durable

PACKAGE = ROOT / "heroes_forensics"
CALLS = {
    "write",
    "pwrite",
    "writev",
    "fsync",
    "fdatasync",
    "rename",
    "replace",
    "ftruncate",
    "link",
}
"""Functions of ``os`` that only `durable` calls."""
ELSEWHERE = {
    # The lock says who holds it; it is worth nothing after a crash.
    "pipelines/case/cases.py": {"ftruncate", "pwrite"},
    "pipelines/locks/sandbox.py": {"write"},  # to the kernel
    "custody/signing_process.py": {"write"},  # to a signer
    "commands/verb.py": {"write_text"},  # of click: help on a terminal
}
WRITERS = {"write_bytes", "write_text", "rename"}
"""Methods of a path that only `durable` may stand for; ``replace`` is one of texts as well."""


def called(tree: ast.AST) -> set[str]:
    """Return the functions of ``os`` and the writing methods of paths that a module calls."""
    found = set()
    for node in ast.walk(tree):
        if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)):
            continue
        name, owner = node.func.attr, node.func.value
        if isinstance(owner, ast.Name) and owner.id == "os" and name in CALLS:
            found.add(name)
        if name in WRITERS and not (isinstance(owner, ast.Name) and owner.id == "durable"):
            found.add(name)
        # One argument: a path takes the place of another. Two: letters of a text.
        if name == "replace" and len(node.args) == 1 and not node.keywords:
            found.add(name)
    return found


def test_nothing_else_writes_syncs_or_renames() -> None:
    for path in PACKAGE.rglob("*.py"):
        name = str(path.relative_to(PACKAGE))
        text = path.read_text()
        # Memory that has a descriptor is no file, and lasts no longer than its processes.
        memory = {"ftruncate", "pwrite", "write"} if "memfd_create" in text else set()
        if name != "durable.py":
            assert called(ast.parse(text)) <= ELSEWHERE.get(name, set()) | memory, name


def test_the_search_for_other_writers_can_fail() -> None:
    for line in ("os.fsync(3)", "path.write_bytes(b'')", "aside.replace(path)", "a.rename(b)"):
        assert called(ast.parse(line)), line
    for line in ("text.replace('a', 'b')", "durable.rename(a, b)", "replace(row, size=1)"):
        assert not called(ast.parse(line)), line


def short(descriptor: int, data: memoryview, *more: int) -> int:
    """Take one byte, as a disk may that is nearly full or interrupted."""
    real = os.pwrite if more else os.write
    return real(descriptor, data[:1], *more)


def test_a_disk_that_takes_little_at_a_time_gets_everything(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(durable, "_write", short)
    monkeypatch.setattr(durable, "_pwrite", short)
    with durable.replacing(tmp_path / "file") as stream:
        stream.write(b"every byte")
        stream.write(b" of it")
        durable.write_at(stream.fileno(), b"EVERY", 0)
    assert (tmp_path / "file").read_bytes() == b"every byte of it"
    assert [path.name for path in tmp_path.iterdir()] == ["file"]


@pytest.mark.parametrize("call", ["_write", "_fsync", "_replace"])
def test_what_fails_leaves_the_old_file(
    call: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    target = tmp_path / "file"
    target.write_bytes(b"old")

    def fail(*arguments: object) -> int:
        del arguments
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(durable, call, fail)
    with pytest.raises(OSError, match="No space"), durable.replacing(target) as stream:
        stream.write(b"new")
    assert target.read_bytes() == b"old"


def test_a_file_written_aside_is_for_its_owner_and_follows_no_link(tmp_path: Path) -> None:
    victim = tmp_path / "victim"
    victim.write_bytes(b"kept")
    (tmp_path / ".file.new").symlink_to(victim)
    with pytest.raises(OSError, match=r"link|levels"), durable.replacing(tmp_path / "file"):
        pass
    (tmp_path / ".file.new").unlink()
    before = os.umask(0)
    try:
        with durable.replacing(tmp_path / "file") as stream:
            stream.write(b"x")
    finally:
        os.umask(before)
    assert (tmp_path / "file").stat().st_mode & 0o777 == 0o600
    assert victim.read_bytes() == b"kept"


_POINTS = """
import sys
from heroes_forensics import durable
for name in sys.argv[1:]:
    durable.point(name)
"""


def ended(wanted: str | None, *points: str) -> int:
    """Return how a process ended that passed these points."""
    environment = dict(os.environ)
    environment.pop(durable.CRASH_AT, None)
    if wanted is not None:
        environment[durable.CRASH_AT] = wanted
    command = [sys.executable, "-c", _POINTS, *points]
    return subprocess.run(command, check=False, env=environment).returncode


def test_a_process_ends_at_the_named_point_and_at_no_other() -> None:
    twice = ("before commit", "after commit") * 2
    assert ended(None, *twice) == 0
    assert ended("before commit#2", *twice) == -9
    assert ended("before commit#3", *twice) == 0
    assert ended("after begin#1", *twice) == 0


def test_every_named_point_is_passed_somewhere() -> None:
    texts = "".join(path.read_text() for path in PACKAGE.rglob("*.py"))
    in_rename = {"before rename", "after rename", "before report rename", "before removal"}
    assert {
        name for name in durable.POINTS if f'durable.point("{name}")' in texts
    } == durable.POINTS - in_rename
