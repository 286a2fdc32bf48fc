"""Saved pages of an interface: one JSON object with a list of records, and some facts beside it."""

from collections.abc import Iterator
from typing import Final

from heroes_forensics.hashsets.formats.base import Rejected, Tally, damaged
from heroes_forensics.hashsets.formats.jsonstream import TWICE, Fields, JsonStream

_FACTS: Final = frozenset({"hasmorerecords", "next"})
"""Keys beside the list that somebody asks for."""
_WORDS: Final = {"true": True, "1": True, "false": False, "0": False}


class Page:
    """Walks one page, one record at a time."""

    def __init__(self, stream: JsonStream, key: str, tally: Tally) -> None:
        self._stream = stream
        self._key = key
        self._tally = tally
        self.facts: Fields = {}
        """What stands beside the list, by key in lower case; complete after `records`."""

    def records(self) -> Iterator[tuple[int, Fields | Rejected]]:
        """Yield (number from 1, record with its keys in lower case), or why it is none.

        Raises:
            HashSetError: the page is damaged, or has no list of that name, or two.
        """
        seen = False
        number = 0
        for key in self._stream.members():
            low = key.lower()
            if low == self._key and self._stream.peek() == "[":
                if seen:
                    raise damaged("a second list of records", self._stream.where)
                seen = True
                for _ in self._stream.elements():
                    number += 1
                    yield number, usable(number, self._stream.value(2))
            else:
                value = self._stream.value(1)
                if low in _FACTS:
                    self.facts[low] = value
        self._stream.end()
        if not seen:
            raise damaged(f"there is no list called {self._key}", self._stream.where)

    def note(self, known: frozenset[str], fields: Fields) -> None:
        """Name the fields of a record that mean nothing here."""
        for name in fields.keys() - known:
            self._tally.unknown(name)


def usable(number: int, value: object) -> Fields | Rejected:
    """Return a record that is an object whose keys differ, else why it is not used."""
    if not isinstance(value, dict):
        return Rejected(number, "not-an-object")
    return Rejected(number, "key-twice") if TWICE in value else value


def text_of(fields: Fields, name: str) -> str:
    """Return a text field, ``""`` when it is absent or something else; numbers count as text."""
    value = fields.get(name)
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    return value.strip() if isinstance(value, str) else ""


def tri_state(value: object) -> bool | None:
    """Return true, false or, for anything that is neither, absent: ``bool("false")`` is true."""
    if isinstance(value, str):
        return _WORDS.get(value.strip().lower())
    if isinstance(value, bool):
        return value
    return bool(value) if isinstance(value, int) and value in (0, 1) else None
