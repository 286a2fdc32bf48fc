"""Walk a JSON text of any size: the outer structure by hand, whole values by the json scanner.

A list of a billion records is read one record at a time, in a window of at most 4 MiB. Unlike an
event parser, the walk can stop at a limit before memory is spent, sees keys in whatever case and
order they come, knows where in the text it stands, and is faster because each record is one call
into the C scanner of the standard library.
"""

import json
from collections.abc import Callable, Iterator
from typing import Final, cast

from heroes_forensics.errors import HashSetError
from heroes_forensics.hashsets.formats.base import TEXT_LIMIT, damaged

RECORD_LIMIT: Final = 4 << 20
"""Characters of one value."""
DEPTH_LIMIT: Final = 32
_BLANK: Final = " \t\n\r"
_COMPACT: Final = 1 << 16
_LOOKAHEAD: Final = 16
"""Characters before the end of what is read within which an error may be a cut: an escape pair,
``-Infinity``."""

TWICE: Final = "\0twice"
"""Key of an object that `lowered` made where two keys differ in case alone, or not at all."""

Pairs = Callable[[list[tuple[str, object]]], object]
Fields = dict[str, object]


def lowered(pairs: list[tuple[str, object]]) -> Fields:
    """Make an object whose keys are in lower case; a key that comes twice is marked by `TWICE`."""
    fields = {key.lower(): value for key, value in pairs}
    if len(fields) != len(pairs):
        fields[TWICE] = True
    return fields


class JsonStream:
    """A cursor over one JSON text.

    Args:
        chunks: the text in UTF-8, in pieces.
        pairs: makes an object of its key-value pairs; duplicates are visible to it.
        text_limit: characters of one text inside a value.
    """

    def __init__(
        self, chunks: Iterator[bytes], pairs: Pairs, *, text_limit: int = TEXT_LIMIT
    ) -> None:
        self._chunks = chunks
        self._text_limit = text_limit
        self._decoder = json.JSONDecoder(
            object_pairs_hook=pairs, parse_constant=_refuse, parse_float=str
        )
        self._text = ""
        self._at = 0
        self._before = 0
        self._partial = b""
        self._ended = False

    @property
    def where(self) -> str:
        """Where the cursor stands, for messages."""
        return f"character {self.offset}"

    @property
    def offset(self) -> int:
        """Characters of the text before the cursor."""
        return self._before + self._at

    def _more(self) -> bool:
        """Read another piece of text; False at the end."""
        if self._ended:
            return False
        if self._at > _COMPACT:
            self._before += self._at
            self._text, self._at = self._text[self._at :], 0
        chunk = next(self._chunks, None)
        data = self._partial + (chunk or b"")
        cut = len(data) if chunk is None else len(data) - _incomplete(data)
        try:
            self._text += data[:cut].decode("utf-8")
        except UnicodeDecodeError as error:
            raise damaged("the text is not valid UTF-8", f"after {self.where}") from error
        self._partial = data[cut:]
        self._ended = chunk is None
        return True

    def peek(self) -> str:
        """Return the next character that is not blank, ``""`` at the end."""
        while True:
            text, at = self._text, self._at
            while at < len(text) and text[at] in _BLANK:
                at += 1
            self._at = at
            if at < len(text):
                return text[at]
            if not self._more():
                return ""

    def take(self, wanted: str) -> None:
        """Step over one character.

        Raises:
            HashSetError: another one, or the end, is there.
        """
        found = self.peek()
        if found != wanted:
            if not found:
                raise damaged("the file is cut short", self.where)
            raise damaged(f"{wanted!r} is missing", self.where)
        self._at += 1

    def value(self, depth: int = 0, *, limit: int = RECORD_LIMIT) -> object:
        """Read one whole value.

        Args:
            depth: how deep the cursor stands already.
            limit: characters that it may take.

        Raises:
            HashSetError: it is no JSON, or too long or too deep, or the text ends inside it.
        """
        found = self.attempt(depth, limit=limit)
        if found is None:
            raise damaged(f"a record is longer than {limit} characters", self.where)
        return found[0]

    def attempt(self, depth: int = 0, *, limit: int = RECORD_LIMIT) -> tuple[object] | None:
        """Read one whole value if it fits ``limit``, else leave the cursor and return None.

        Raises:
            HashSetError: as `value`, except for the length.
        """
        if not self.peek():
            raise damaged("the file is cut short", self.where)
        while True:
            try:
                value, end = self._decoder.raw_decode(self._text, self._at)
            except RecursionError as error:
                raise damaged(f"nested deeper than {DEPTH_LIMIT}", self.where) from error
            except ValueError as error:
                if not self._unfinished(error):
                    raise self._broken(error) from error
                if len(self._text) - self._at > limit:
                    return None
                if not self._grow():
                    raise self._broken(error) from error
                continue
            if end == len(self._text) and self._more():
                continue  # a number may go on in the next piece
            break
        if end - self._at > limit:
            return None
        self._check(value, depth, end)
        self._at = end
        return (value,)

    def _grow(self) -> bool:
        """Double what can be seen of the value, so that trying again stays linear."""
        wanted = 2 * max(1, len(self._text) - self._at)
        grown = False
        while len(self._text) - self._at < wanted and self._more():
            grown = True
        return grown

    def _unfinished(self, error: ValueError) -> bool:
        """Tell whether more text may mend the value: the scanner stopped at what it could see."""
        if not isinstance(error, json.JSONDecodeError):
            return False
        return error.pos >= len(self._text) - _LOOKAHEAD or "Unterminated" in error.msg

    def _broken(self, error: ValueError) -> HashSetError:
        if isinstance(error, json.JSONDecodeError):
            cut = self._ended and self._unfinished(error)
            where = f"character {self._before + error.pos}"
            return damaged("the file is cut short" if cut else "not valid JSON", where)
        return damaged("a value is not valid JSON", self.where)

    def _check(self, value: object, depth: int, end: int) -> None:
        opened = self._text.count("{", self._at, end) + self._text.count("[", self._at, end)
        if (opened + depth > DEPTH_LIMIT or end - self._at > self._text_limit) and not _fits(
            value, DEPTH_LIMIT - depth, self._text_limit
        ):
            raise damaged(
                f"nested deeper than {DEPTH_LIMIT}, or a text longer than {self._text_limit}",
                self.where,
            )

    def members(self) -> Iterator[str]:
        """Walk an object: yield each key; the caller reads the value before the next."""
        self.take("{")
        if self.peek() == "}":
            self._at += 1
            return
        while True:
            if self.peek() != '"':
                self.take('"')
            key = cast("str", self.value(limit=TEXT_LIMIT))
            self.take(":")
            yield key
            if self.peek() != ",":
                break
            self._at += 1
        self.take("}")

    def elements(self) -> Iterator[None]:
        """Walk a list: yield before each element; the caller reads it before the next."""
        self.take("[")
        if self.peek() == "]":
            self._at += 1
            return
        while True:
            yield None
            if self.peek() != ",":
                break
            self._at += 1
        self.take("]")

    def end(self) -> None:
        """Make sure that nothing follows.

        Raises:
            HashSetError: something does.
        """
        if self.peek():
            raise damaged("something follows the end of the JSON text", self.where)


def _refuse(constant: str) -> object:
    raise ValueError(constant)


def _incomplete(data: bytes) -> int:
    """Count the bytes at the end of ``data`` that begin a character and do not finish it."""
    for back in range(1, min(4, len(data)) + 1):
        byte = data[-back]
        if byte < 0x80:  # noqa: PLR2004 - the bit patterns of UTF-8, RFC 3629
            return 0
        if byte >= 0xC0:  # noqa: PLR2004
            length = 2 if byte < 0xE0 else 3 if byte < 0xF0 else 4  # noqa: PLR2004
            return back if back < length else 0
    return 0


def _fits(value: object, depth: int, text_limit: int) -> bool:
    """Tell whether a value keeps the limits of depth and of text length."""
    level: list[object] = [value]
    for _ in range(depth):
        below: list[object] = []
        for item in level:
            if isinstance(item, str):
                if len(item) > text_limit:
                    return False
            elif isinstance(item, dict):
                below.extend(item)
                below.extend(item.values())
            elif isinstance(item, list):
                below.extend(item)
        if not below:
            return True
        level = below
    return not any(
        isinstance(item, dict | list) or (isinstance(item, str) and len(item) > text_limit)
        for item in level
    )
