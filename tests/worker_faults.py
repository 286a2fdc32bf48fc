"""Faults for worker processes: zygotes load this file when `HEROES_TEST_FAULTS` names it.

A stream that begins with ``HEROES FAULT `` and a word ends or stops the worker that digests it, in
the way the word says. No part of the package.
"""

import ctypes
import os
import signal
import time
from collections.abc import Callable
from pathlib import Path

from heroes_forensics.hashing.exact import Digested, digest_bytes
from heroes_forensics.pipelines import contents

THIS = Path(__file__)
MARK = b"HEROES FAULT "


def stream(word: str, more: str = "") -> bytes:
    """Return the bytes of a stream that has this fault; ``more`` makes it differ from others."""
    return MARK + word.encode() + b" " + more.encode()


def _memory() -> None:
    bytearray(8 << 30)


def _spin() -> None:
    """Keep the interpreter lock for hours, in one call."""
    pow(3, 1 << 34)


FAULTS: dict[str, Callable[[], object]] = {
    "segv": lambda: ctypes.string_at(0),
    "abort": os.abort,
    "sleep": lambda: time.sleep(1e6),
    "spin": _spin,
    "memory": _memory,
    "exit": lambda: os._exit(3),
    "kill": lambda: os.kill(os.getpid(), signal.SIGKILL),
    "bug": lambda: 1 // 0,
}


def _install() -> None:

    def faulty(data: bytes) -> Digested:
        if data.startswith(MARK):
            FAULTS[data[len(MARK) :].split(b" ")[0].decode()]()
        return digest_bytes(data)

    contents.__dict__["digest_bytes"] = faulty


if __name__ == "heroes_test_faults":
    _install()
