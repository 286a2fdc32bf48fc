"""Kinds of units for tests: zygotes load this file when `HEROES_TEST_FAULTS` names it.

They stand in for what decodes, so that moving streams between workers is tested apart from any
decoder. No part of the package.
"""

import mmap
import os
import signal
import time
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path

from heroes_forensics.frames import Control, Frame, Unit
from heroes_forensics.pipelines.work import units
from heroes_forensics.pipelines.work.units import Session

THIS = Path(__file__)
PIECE = 1 << 20


def whole(session: Session, unit: Unit) -> Iterator[Frame]:
    """Read the stream that came along from end to end: its CRC-32 and its size."""
    reader = session.handed(unit)
    crc = 0
    for offset in range(0, reader.size, PIECE):
        crc = zlib.crc32(reader.pread(offset, PIECE), crc)
    yield Control("served", {"reads": crc, "bytes": reader.size})


def ends(session: Session, unit: Unit) -> Iterator[Frame]:
    """Read the first and the last 4 KiB of the stream that came along."""
    reader = session.handed(unit)
    crc = zlib.crc32(reader.pread(0, 4096))
    crc = zlib.crc32(reader.pread(reader.size - 4096, 8192), crc)
    yield Control("served", {"reads": crc, "bytes": reader.size})


def empty(session: Session, unit: Unit) -> Iterator[Frame]:
    """Do nothing."""
    del session, unit
    yield from ()


def who(session: Session, unit: Unit) -> Iterator[Frame]:
    """Say which process this is and, as ``bytes``, its limit of private memory in MiB."""
    del session
    if unit.body.get("fail"):
        raise ValueError
    yield Control("served", {"reads": os.getpid(), "bytes": _private_limit() >> 20})


def _private_limit() -> int:
    """Return how much private memory this process gets, found by asking for it."""
    low, high = 0, 1 << 36
    while high - low > 1 << 20:
        middle = (low + high) // 2
        try:
            mmap.mmap(-1, middle, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS).close()
        except OSError:
            high = middle
        else:
            low = middle
    return low


def linger(session: Session, unit: Unit) -> Iterator[Frame]:
    """Do nothing for the seconds that the unit says."""
    del session
    time.sleep(float(str(unit.body["for"])))
    yield from ()


def die(session: Session, unit: Unit) -> Iterator[Frame]:
    """End the worker after it has read half of the stream that came along."""
    reader = session.handed(unit)
    reader.pread(0, reader.size // 2)
    os.kill(os.getpid(), signal.SIGABRT)
    yield from ()


KINDS: dict[str, Callable[[Session, Unit], Iterator[Frame]]] = {
    "test-whole": whole,
    "test-ends": ends,
    "test-empty": empty,
    "test-who": who,
    "test-linger": linger,
    "test-die": die,
}
ANSWERS = {kind: frozenset({"served"}) for kind in KINDS}
"""For `wire.ANSWERS` of the coordinator."""

if __name__ == "heroes_test_faults":
    units.UNITS.update(KINDS)
