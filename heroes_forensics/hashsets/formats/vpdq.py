"""Films as lists of their frames: what vPDQ programs print, one frame a line.

``frame,quality,hash,seconds`` is how the reference program writes a film to a file of its own, and
``frame,hash,quality,seconds`` how its Python binding shows one. A film is one record; where the
number of the frame does not rise, another one begins. Each frame becomes a value of the kind
``vpdq``: 32 bytes of PDQ and its time in milliseconds, four bytes, the lowest first. Source: vPDQ
of facebook/ThreatExchange.
"""

import json
import re
from collections.abc import Iterator
from typing import Final

from heroes_forensics.hashsets.formats.base import (
    Options,
    Record,
    Rejected,
    Supplied,
    Tally,
    Value,
    from_hex,
)
from heroes_forensics.hashsets.formats.text import first_line, lines
from heroes_forensics.hashsets.known import MAX_VALUES

KIND: Final = "vpdq"
_WIDTH: Final = 32
_BEST: Final = 100
_MOST_SECONDS: Final = 4_000_000
"""What four bytes of milliseconds hold."""
_TIME: Final = r"([0-9]{1,10}(?:\.[0-9]{1,20})?(?:e[+-]?[0-9]{1,2})?)"
_LINE: Final = re.compile(
    r"([0-9]{1,9}), ?(?:([0-9]{1,3}), ?([0-9A-Fa-f]{64})|([0-9A-Fa-f]{64}), ?([0-9]{1,3})), ?"
    + _TIME
)
_FEATURE: Final = re.compile(r"([0-9A-Fa-f]{64}),([0-9]{1,3})," + _TIME)


class _Film:
    """The frames of one film, at most `MAX_VALUES`, evenly spread."""

    def __init__(self, number: int, tally: Tally) -> None:
        self.number = number
        self._tally = tally
        self._values: list[Value] = []
        self._every = 1
        self._seen = 0

    def add(self, value: Value) -> None:
        self._seen += 1
        if (self._seen - 1) % self._every:
            self._tally.skipped["frames-of-a-long-film"] += 1
            return
        self._values.append(value)
        if len(self._values) > MAX_VALUES:
            self._tally.skipped["frames-of-a-long-film"] += len(self._values) // 2
            del self._values[1::2]
            self._every *= 2

    def record(self) -> Record:
        return Record(self.number, values=tuple(self._values))


def value_of(digits: str, quality: str, seconds: str) -> Value | None:
    """Return one frame as it is kept, None when a part of it is impossible."""
    data, best, at = from_hex(digits, _WIDTH), int(quality), float(seconds)
    if data is None or best > _BEST or at > _MOST_SECONDS:
        return None
    return Value(KIND, data + round(1000 * at).to_bytes(4, "little"), best)


def signal(number: int, text: str, tally: Tally) -> Record | Rejected:
    """Read one film as ThreatExchange passes it on: a JSON list of ``hash,quality,seconds``.

    Earlier versions gave an object of objects with ``hash``, ``quality`` and ``timestamp``.
    """
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        return Rejected(number, "bad-vpdq")
    film = _Film(number, tally)
    rows = found if isinstance(found, list) else None
    if isinstance(found, dict):
        rows = [_feature(each) for each in found.values()]
    for row in rows or [""]:
        match = _FEATURE.fullmatch(row) if isinstance(row, str) else None
        value = value_of(*match.groups()) if match else None
        if value is None:
            return Rejected(number, "bad-vpdq")
        film.add(value)
    return film.record()


def _feature(fields: object) -> str:
    if not isinstance(fields, dict):
        return ""
    return ",".join(str(fields.get(name, "")) for name in ("hash", "quality", "timestamp"))


class Vpdq:
    """Reads frames of films, one a line."""

    nature = ""

    def recognises(self, head: bytes) -> bool:
        """Say yes to a number, a hash with its quality, and seconds."""
        return _LINE.fullmatch(first_line(head)) is not None

    def read(
        self, supplied: Supplied, options: Options, tally: Tally
    ) -> Iterator[Record | Rejected]:
        """Yield one record a film."""
        del options
        film: _Film | None = None
        last = -1
        for number, line in lines(supplied.stream, tally):
            text = line.decode("latin-1").strip()
            if not text or text.startswith("#"):
                continue
            found = _LINE.fullmatch(text)
            frame, best, digits, other, other_best, seconds = found.groups() if found else [""] * 6
            value = value_of(digits or other, best or other_best, seconds) if found else None
            if value is None:
                yield Rejected(number, "bad-vpdq")
                continue
            if film is None or int(frame) <= last:
                if film is not None:
                    yield film.record()
                film = _Film(number, tally)
            last = int(frame)
            film.add(value)
        if film is not None:
            yield film.record()


IMPORTER: Final = Vpdq()
