"""Every type that is opened, with its bytes changed: it ends in rows, and never ends its worker.

A sound sample of each is changed in ways that have hurt parsers: bits, what is cut off, what stands
twice, and numbers too large for what they count. Each is opened as an expander does, in a fork with
the memory of a worker and an end to its patience.
"""

import json
import os
import resource
import signal
import traceback
from collections.abc import Callable
from pathlib import Path, PurePath
from random import Random
from typing import TYPE_CHECKING

import pytest
from opened_samples import SAMPLES
from test_pipelines_members import Found, collected

from heroes_forensics.errors import HeroesError
from heroes_forensics.frames import Unit
from heroes_forensics.parsers.containers.limits import Limits
from heroes_forensics.pipelines.work import members, units, within
from heroes_forensics.pipelines.workers import wire

if TYPE_CHECKING:
    from heroes_forensics.model import JSON

MUTANTS = 24
"""Of each type; more with the variable ``HEROES_MUTANTS``."""
MEMORY = 1 << 30
PATIENCE = 20
"""Seconds of the processor for all mutants of a type; they take less than one."""
READS = 50_000
"""Reads of one container and all that is nested in it, at most."""
KEPT = {"arw": (285,), "wim": (172,)}
"""Numbers of mutants beyond these over which workers once ended."""
LIMITS = Limits(ratio=20, bytes=64 << 20, members=2_000, nesting=6)
EDGES = (0, 1, 0x7F, 0x80, 0xFF, 0x7FFF, 0xFFFF, 0x7FFF_FFFF, 0xFFFF_FFFF, (1 << 63) - 1, -1)


def changed(kind: str, data: bytes, number: int) -> bytes:
    """Return the mutant of this number of a sample."""
    draw = Random(f"{kind}:{number}")  # noqa: S311 - what is changed, no secret
    out = bytearray(data)
    for _ in range(draw.choice((1, 1, 2, 4, 9))):
        # What describes the rest stands at the beginning, or at the end, more often than not.
        spots = (draw.randrange(len(out)), draw.randrange(min(len(out), 96)))
        at = draw.choice((*spots, len(out) - 1 - spots[1]))
        length = draw.choice((1, 4, 16, 100, 700))
        way = draw.randrange(8)
        if way == 0:
            out[at] ^= 1 << draw.randrange(8)
        elif way == 1:
            out[at] = draw.randrange(256)
        elif way == 2:
            out[at : at + length] = out[at : at + length] * draw.choice((2, 2, 40))
        elif way == 3:
            other = draw.randrange(len(out))
            out[at : at + length] = out[other : other + length]
        elif way == 4 and draw.random() < 0.5:
            del out[max(1, at) :]
        elif way == 4:
            del out[max(1, at) : at + length]
        else:
            width = draw.choice((1, 2, 4, 4, 8))
            value = draw.choice((*EDGES, len(out), len(out) - at)) % (1 << 8 * width)
            out[at : at + width] = value.to_bytes(width, draw.choice(("little", "little", "big")))
    return bytes(out)


def opened(data: bytes, kind: str) -> Found:
    """Open a container as an expander does, through the checks of the coordinator."""
    descriptor = os.memfd_create("container")
    session = units.Session(())
    try:
        os.write(descriptor, data)
        asked: JSON = {"kind": kind, "limits": LIMITS.to_json(), "within": within.asked("deep")}
        frames = units.run_unit(session, Unit(7, "expand", asked, descriptors=(descriptor,)))
        return collected(wire.decode(wire.encode(frame)) for frame in frames)
    finally:
        session.end_unit()
        os.close(descriptor)


def fault(data: bytes, kind: str) -> str:
    """Return what is wrong when these bytes are opened; empty when nothing is."""
    try:
        found = opened(data, kind)
    except (HeroesError, OSError) as error:
        return f"{type(error).__name__} came out"
    except BaseException as error:  # noqa: BLE001 - which is what is looked for
        spot = traceback.extract_tb(error.__traceback__)[-1]
        return f"{type(error).__name__} at {PurePath(spot.filename).name}:{spot.lineno}: {error}"
    listed = sum(row[4] for row in found.containers.values())
    if 0 not in found.containers or listed != len(found.entries):
        return f"{listed} members are said to be listed, {len(found.entries)} came"
    return ""


class NoEndError(BaseException):
    """It does not come to an end; no parser takes it for an error of a read."""


def _late(*_: object) -> None:
    raise NoEndError("too long")


class _Counting(members._Beating):  # noqa: SLF001 - where all reads of a container pass
    """Counts reads, and ends where there are too many."""

    left = 0

    def pread(self, offset: int, length: int) -> bytes:
        _Counting.left -= 1
        if _Counting.left < 0:
            raise NoEndError("too many reads")
        return super().pread(offset, length)


def examine(mutants: list[bytes], kind: str, writing: int) -> None:
    """Write what is wrong with each of these, one line for each."""
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_DATA, (MEMORY, MEMORY))
    resource.setrlimit(resource.RLIMIT_CPU, (PATIENCE, PATIENCE + 5))
    signal.signal(signal.SIGXCPU, _late)
    members._Beating = _Counting  # type: ignore[misc] # noqa: SLF001 - as above
    for each in mutants:
        _Counting.left = READS
        os.write(writing, json.dumps(fault(each, kind)).encode() + b"\n")


def faults(mutants: list[bytes], kind: str) -> dict[int, str]:
    """Return what is wrong with which of these, opened one after the other in a fork."""
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            os.close(reading)
            examine(mutants, kind, writing)
        finally:
            os._exit(0)
    os.close(writing)
    with os.fdopen(reading, "rb") as lines:
        texts = [json.loads(line) for line in lines]
    code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    found = {number: text for number, text in enumerate(texts) if text}
    return found | ({len(texts): f"ended with {code}"} if len(texts) < len(mutants) else {})


def test_every_type_that_is_opened_has_a_sample() -> None:
    assert set(SAMPLES) == set(members.OPENERS)


WHOLE = sorted(set(members.OPENERS) - {"itunes-manifest", "pst", "tiff"})
"""Types whose samples have members."""


@pytest.mark.parametrize("kind", WHOLE)
def test_a_sample_as_it_is_has_members_and_nothing_that_is_damaged(
    kind: str, tmp_path: Path
) -> None:
    found = opened(SAMPLES[kind](tmp_path), kind)
    assert found.entries
    assert {row[1] for row in found.containers.values()} == {""}


def test_what_no_parser_may_do_is_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    def failing(how: str) -> Callable[..., object]:
        def opener(*_: object) -> object:
            if how == "memory":
                return bytearray(MEMORY * 2)
            if how == "worker":
                os.kill(os.getpid(), signal.SIGKILL)
            while how == "end":
                pass
            raise ValueError(how)

        return opener

    monkeypatch.setattr(f"{__name__}.PATIENCE", 2)
    for how, text in (
        ("raises", "ValueError"),
        ("memory", "MemoryError"),
        ("end", "NoEndError"),
        ("worker", "ended with -9"),
    ):
        monkeypatch.setattr(members, "_opener", lambda _, how=how: failing(how))
        (found,) = faults([b"any"], "zip").values()
        assert found.startswith(text)


UNSEEN = {
    **dict.fromkeys(("compress", "eml", "mbox"), "the format does not say where it ends"),
    **dict.fromkeys(("sqlite-journal", "sqlite-wal"), "states of pages, as many as there are"),
    **dict.fromkeys(("iso", "squashfs", "pst"), "what is cut off belongs to nothing"),
    "onenote": "objects are searched for",
    "pdf": "objects are searched for",
    "sfx": "a program of which nothing but its own part is there has no archive",
    "tar": "it may end without its mark, where a member does",
}
"""Types of which something may be cut off and nothing said; of pictures decoders say so."""


@pytest.mark.parametrize(
    "kind", sorted(set(members.OPENERS) - {*UNSEEN, *within.HOSTS, *within.PICTURES})
)
def test_what_is_cut_off_is_a_gap_or_a_member_that_cannot_be_read(
    kind: str, tmp_path: Path
) -> None:
    data = SAMPLES[kind](tmp_path)
    for part in range(1, 8):
        found = opened(data[: max(9, len(data) * part // 8)], kind)
        codes = {*(row[1] for row in found.containers.values()), *found.gaps().values()}
        assert any(codes), f"{part} of 8 parts"


@pytest.mark.parametrize("kind", sorted(members.OPENERS))
def test_whatever_is_changed_it_ends_in_rows(kind: str, tmp_path: Path) -> None:
    data = SAMPLES[kind](tmp_path)
    many = range(int(os.environ.get("HEROES_MUTANTS", MUTANTS)))
    mutants = [data, *(changed(kind, data, number) for number in (*many, *KEPT.get(kind, ())))]
    assert faults(mutants, kind) == {}
