"""Faults for listers: zygotes load this file when `HEROES_TEST_FAULTS` names it.

Names that begin with ``FAULT-`` stand in for metadata that ends whoever opens it: ``FAULT-open``
where its streams are looked at, ``FAULT-names`` only in the names as The Sleuth Kit gives them,
``FAULT-any`` in the names of either lister. No part of the package.
"""

import os
import signal
from pathlib import Path
from typing import Any

from heroes_forensics.parsers.filesystems.nodes import Node
from heroes_forensics.parsers.filesystems.tsk_entries import Entries
from heroes_forensics.parsers.filesystems.tsk_walk import Walk

THIS = Path(__file__)


def _die() -> None:
    os.kill(os.getpid(), signal.SIGSEGV)


def _name(path: bytes) -> bytes:
    return path.rpartition(b"/")[2]


def _install() -> None:
    streams, name, under = Entries.streams, Walk._name, Node.under  # noqa: SLF001 - where the parsers work

    def opened(self: Entries, file: Any, meta: Any, path: bytes, *rest: Any, **more: Any) -> None:  # noqa: ANN401
        if _name(path).startswith(b"FAULT-open"):
            _die()
        streams(self, file, meta, path, *rest, **more)

    def named(self: Walk, file: Any, text: bytes, *rest: Any) -> None:  # noqa: ANN401
        if text.startswith(b"FAULT-names"):
            _die()
        name(self, file, text, *rest)

    def both(self: Node, text: bytes) -> bytes:
        if text.startswith(b"FAULT-any"):
            _die()
        return under(self, text)

    Entries.streams = opened  # type: ignore[method-assign]
    Walk._name = named  # type: ignore[assignment]  # noqa: SLF001
    Node.under = both  # type: ignore[method-assign,assignment]


if __name__ == "heroes_test_faults":
    _install()
