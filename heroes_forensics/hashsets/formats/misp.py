"""MISP events: JSON with ``Event``, its attributes and those of its objects.

Attributes of type md5, sha1, sha256 and the like, alone or after ``filename|``, name files; the
others are counted. Deleted attributes are not used. Attributes may carry attachments, so a text
may be as long as a record. A feed has two files beside its events that look like what they are
not: ``hashes.csv`` holds MD5 digests of the *text* of attributes, so importing it would match
files that nobody listed, and ``manifest.json`` lists events. Both are refused by name. Source: the
feed generator of PyMISP.
"""

import re
from collections.abc import Iterator
from typing import Final

from heroes_forensics.errors import HashSetError
from heroes_forensics.hashsets.formats import values
from heroes_forensics.hashsets.formats.base import (
    WIDTHS,
    Options,
    Record,
    Rejected,
    Supplied,
    Tally,
    Value,
    damaged,
)
from heroes_forensics.hashsets.formats.jsonstream import RECORD_LIMIT, Fields, JsonStream, lowered
from heroes_forensics.hashsets.formats.pages import text_of, tri_state, usable
from heroes_forensics.hashsets.formats.text import first_line, head_text, utf8_chunks
from heroes_forensics.hashsets.known import VALUE_KINDS, VALUE_LIMIT

_UUID: Final = r"[0-9A-Fa-f]{8}(?:-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}"
_EVENT: Final = re.compile(r'^\{\s*(?:"response"\s*:\s*\[\s*\{\s*)?"Event"\s*:\s*\{')
_HASHES: Final = re.compile(rf"[0-9A-Fa-f]{{32}},{_UUID}")
_MANIFEST: Final = re.compile(rf'^\{{\s*"{_UUID}"\s*:\s*\{{')
_OTHER_HASHES: Final = frozenset({"ssdeep", "tlsh", "imphash", "sha384", "sha3-256", "vhash"})


class Misp:
    """Reads one event of a MISP feed, or an export of several."""

    nature = ""

    def recognises(self, head: bytes) -> bool:
        """Say yes to an event, and to the two files of a feed that hold no digests of files."""
        text = head_text(head).lstrip()
        return bool(_EVENT.match(text)) or bool(_trap(text, head))

    def read(
        self, supplied: Supplied, options: Options, tally: Tally
    ) -> Iterator[Record | Rejected]:
        """Yield one record for each attribute that names a file."""
        del options
        trap = _trap(head_text(supplied.head).lstrip(), supplied.head)
        if trap:
            raise HashSetError(
                trap, hint="import the events: the files of the feed whose name is a UUID"
            )
        tally.numbering = "record"
        chunks = utf8_chunks(supplied.stream)
        walk = _Walk(JsonStream(chunks, lowered, text_limit=RECORD_LIMIT), tally)
        yield from walk.top()


def _trap(text: str, head: bytes) -> str:
    if _HASHES.fullmatch(first_line(head)):
        return "this is hashes.csv of a MISP feed: digests of texts, not of files"
    if _MANIFEST.match(text):
        return "this is manifest.json of a MISP feed: a list of events, without digests of files"
    return ""


class _Walk:
    """One pass over one file."""

    def __init__(self, stream: JsonStream, tally: Tally) -> None:
        self._stream = stream
        self._tally = tally
        self._number = 0

    def top(self) -> Iterator[Record | Rejected]:
        seen = False
        for key in self._stream.members():
            if key.lower() == "event" and self._stream.peek() == "{":
                seen = True
                yield from self._event(1)
            elif key.lower() == "response" and self._stream.peek() == "[":
                for _ in self._stream.elements():
                    for inner in self._stream.members():
                        if inner.lower() == "event" and self._stream.peek() == "{":
                            seen = True
                            yield from self._event(3)
                        else:
                            self._stream.value(3)
            else:
                self._stream.value(1)
        self._stream.end()
        if not seen:
            raise damaged("there is no event", self._stream.where)

    def _event(self, depth: int) -> Iterator[Record | Rejected]:
        for key in self._stream.members():
            low = key.lower()
            if low in ("attribute", "object") and self._stream.peek() == "[":
                for _ in self._stream.elements():
                    value = self._stream.value(depth + 2)
                    if low == "attribute":
                        yield self._attribute(value)
                    else:
                        yield from self._object(value)
                continue
            where, value = self._stream.where, self._stream.value(depth + 1)
            if value and low in ("attribute", "object"):
                raise damaged(f"what is called {low} is no list", where)

    def _object(self, value: object) -> Iterator[Record | Rejected]:
        fields = usable(self._number + 1, value)
        if isinstance(fields, Rejected):
            self._number += 1
            yield fields
            return
        attributes = fields.get("attribute")
        if not isinstance(attributes, list):
            if attributes:
                self._number += 1
                yield Rejected(self._number, "not-a-list")
            return
        if tri_state(fields.get("deleted")):
            self._tally.skipped["deleted"] += len(attributes)
            return
        for attribute in attributes:
            yield self._attribute(attribute)

    def _attribute(self, value: object) -> Record | Rejected:
        self._number += 1
        fields = usable(self._number, value)
        if isinstance(fields, Rejected):
            return fields
        if tri_state(fields.get("deleted")):
            self._tally.skipped["deleted"] += 1
            return Record(self._number)
        kind = text_of(fields, "type").lower().removeprefix("filename|")
        if kind not in WIDTHS and kind not in _OTHER_HASHES and not VALUE_KINDS.get(kind):
            self._tally.skipped["other-attribute"] += 1
            return Record(self._number)
        return self._hash(kind, fields)

    def _hash(self, kind: str, fields: Fields) -> Record | Rejected:
        text = text_of(fields, "value").rpartition("|")[2].strip()
        if not text and kind not in WIDTHS:
            return Rejected(self._number, "no-value")
        return values.record_of(self._number, kind, text, named=_named(fields))


def _named(fields: Fields) -> tuple[Value, ...]:
    data = text_of(fields, "uuid").encode("utf-8", errors="replace")
    return (Value("id", data),) if 0 < len(data) <= VALUE_LIMIT else ()


IMPORTER: Final = Misp()
