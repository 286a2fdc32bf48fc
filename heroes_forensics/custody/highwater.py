"""The high-water mark: the newest state this home has seen of each ledger.

A bundle whose tail and newest checkpoints were both removed is consistent in itself; only
somebody who remembers more can tell. This small file remembers. Losing it is a warning.
"""

import json
from pathlib import Path
from typing import Final, NamedTuple

from heroes_forensics.custody import chain, private
from heroes_forensics.errors import CustodyError

NAME: Final = "high-water.json"
_LOCK: Final = "high-water.lock"


class Mark(NamedTuple):
    """The newest signed state of one ledger."""

    size: int
    root: str
    """Lower-case hex."""


def load(home: Path) -> dict[str, Mark]:
    """Return the marks by origin; empty when there is no file.

    Raises:
        UsageError: the file is open to others.
        CustodyError: it is damaged.
    """
    path = home / NAME
    if not path.exists():
        return {}
    try:
        found: object = json.loads(private.read(path))
    except ValueError as error:
        raise CustodyError("the high-water mark is damaged") from error
    if not isinstance(found, dict) or not all(_is_mark(mark) for mark in found.values()):
        raise CustodyError("the high-water mark is damaged")
    return {origin: Mark(mark["size"], mark["root"]) for origin, mark in found.items()}


def _is_mark(mark: object) -> bool:
    return (
        isinstance(mark, dict)
        and isinstance(mark.get("size"), int)
        and isinstance(mark.get("root"), str)
        and chain.HEX64.fullmatch(mark["root"]) is not None
    )


def advance(home: Path, origin: str, mark: Mark) -> None:
    """Remember ``mark``, unless a larger one is known already.

    Raises:
        UsageError: the file cannot be written.
        CustodyError: it is damaged.
    """
    with private.alone(private.folder(home) / _LOCK):
        marks = load(home)
        if origin in marks and marks[origin].size > mark.size:
            return
        marks[origin] = mark
        text = json.dumps(
            {name: known._asdict() for name, known in sorted(marks.items())}, indent=2
        )
        private.replace(home / NAME, text.encode() + b"\n")
