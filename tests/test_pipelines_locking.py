"""Who holds a case: told to whoever comes second, and taken over from the dead."""

import json
import os
import socket
from dataclasses import asdict
from pathlib import Path

import pytest

from heroes_forensics.errors import CaseBusyError
from heroes_forensics.pipelines.case import cases, locking
from heroes_forensics.pipelines.case.locking import LOCK, Owner
from heroes_forensics.pipelines.checks import verifying


@pytest.fixture
def case(tmp_path: Path) -> Path:
    folder = tmp_path / "case"
    cases.create(folder)
    return folder


def left_by(case: Path, owner: Owner | bytes) -> None:
    """Leave a row in the lock, as a process that was killed does."""
    text = owner if isinstance(owner, bytes) else json.dumps(asdict(owner)).encode()
    (case / LOCK).write_bytes(text)


def here(**changes: object) -> Owner:
    """Return the row of a process of this machine that is no more."""
    boot = Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
    facts = {"host": socket.gethostname(), "boot": boot, "pid": 4711, "start": 99, "since": "T"}
    return Owner(**{**facts, **changes})  # type: ignore[arg-type]  # by name


def test_a_second_run_is_told_who_holds_the_case(case: Path) -> None:
    pattern = rf"in use by process {os.getpid()} on {socket.gethostname()}, since 20\d\d-"
    with cases.opened(case), pytest.raises(CaseBusyError, match=pattern), cases.opened(case):
        pass
    with cases.opened(case), pytest.raises(CaseBusyError, match=pattern):
        verifying.verify(case)


def test_the_owner_is_named_exactly_and_only_while_it_holds(case: Path) -> None:
    assert locking.holder(case) is None
    with cases.opened(case):
        owner = locking.holder(case)
        assert owner is not None
        assert owner.pid == os.getpid()
        assert owner.boot == here().boot
        fields = Path("/proc/self/stat").read_text(encoding="ascii").rpartition(") ")[2].split()
        assert owner.start == int(fields[19])
    assert locking.holder(case) is None
    assert (case / LOCK).read_bytes() == b""


LEFT = {
    "killed": (here(), "process 4711, which ended without closing the case"),
    "before a restart": (here(boot="x"), "ended before the machine was started again"),
    "on another machine": (here(host="else\x1b[2J"), "process 4711, which was on another machine"),
}


@pytest.mark.parametrize("name", LEFT)
def test_what_a_dead_process_left_is_taken_over_and_said(name: str, case: Path) -> None:
    owner, text = LEFT[name]
    left_by(case, owner)
    with cases.opened(case) as held:
        held.begin()
        held.begin()
    lines = (case / "custody/ledger.jsonl").read_bytes().splitlines()
    (noted,) = [event for event in map(json.loads, lines) if event["type"] == "quality.noted"]
    assert text in noted["body"]["text"]
    assert noted["body"]["kind"] == "deviation"
    assert "else" not in noted["body"]["text"]


@pytest.mark.parametrize(
    "junk", [b"", b"\0" * 60, b"{}", b"[1]", b'{"pid":true}', b"\xff", b'{"host":1,"boot":2}' * 9]
)
def test_junk_in_the_lock_is_no_owner(junk: bytes, case: Path) -> None:
    left_by(case, junk)
    with cases.opened(case) as held:
        before = held.journal.size
        held.begin()
        assert held.journal.size == before


def test_a_lock_that_is_a_link_is_not_followed(case: Path, tmp_path: Path) -> None:
    (case / LOCK).unlink()
    (tmp_path / "precious").write_bytes(b"precious")
    (case / LOCK).symlink_to(tmp_path / "precious")
    with pytest.raises(Exception, match="cannot be written"), cases.opened(case):
        pass
    assert (tmp_path / "precious").read_bytes() == b"precious"
