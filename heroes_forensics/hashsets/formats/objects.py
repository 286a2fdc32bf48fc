"""A JSON list of objects: fields by their names, as the columns of a table.

The objects stand in a list at the top, or in one under ``value``, ``media``, ``hashes``,
``results`` or ``data``. Names are those of `heroes_forensics.hashsets.formats.table`, and may be
mapped. Values are texts, numbers and truths; lists and objects inside an object mean nothing here.
"""

import re
from collections.abc import Iterator
from typing import Final, cast

from heroes_forensics.errors import HashSetError
from heroes_forensics.hashsets.formats.base import (
    Options,
    Record,
    Rejected,
    Supplied,
    Tally,
    damaged,
)
from heroes_forensics.hashsets.formats.jsonstream import Fields, JsonStream, lowered
from heroes_forensics.hashsets.formats.pages import text_of, usable
from heroes_forensics.hashsets.formats.table import FIELDS, HASHES, UNUSED, from_cells, target
from heroes_forensics.hashsets.formats.text import head_text, utf8_chunks
from heroes_forensics.hashsets.formats.values import plain

LISTS: Final = ("value", "media", "hashes", "results", "data")
_START: Final = re.compile(
    r"\[\s*\{|\{[^\[\]]{0,4096}?\"(?:" + "|".join(LISTS) + r")\"\s*:\s*\[\s*\{", re.IGNORECASE
)
_KEY: Final = re.compile(r"\"([^\"\\]{1,64})\"\s*:")


class Objects:
    """Reads lists of objects whose keys are named as the columns of a table are."""

    nature = ""

    def recognises(self, head: bytes) -> bool:
        """Say yes to a list of objects, one of whose keys names a digest."""
        text = head_text(head).lstrip()
        if _START.match(text) is None:
            return False
        return any(FIELDS.get(plain(key), "") in HASHES for key in _KEY.findall(text))

    def read(
        self, supplied: Supplied, options: Options, tally: Tally
    ) -> Iterator[Record | Rejected]:
        """Yield one record for each object."""
        mapping = {plain(source): target(field) for source, field in options.mapping.items()}
        tally.numbering = "record"
        stream = JsonStream(utf8_chunks(supplied.stream), lowered)
        for number, _ in enumerate(_elements(stream), start=1):
            fields = usable(number, stream.value(2))
            if isinstance(fields, Rejected):
                yield fields
            else:
                yield _record(number, fields, mapping, tally)
        stream.end()


def _elements(stream: JsonStream) -> Iterator[None]:
    """Walk the one list of objects, at the top or inside the object that is there."""
    if stream.peek() == "[":
        yield from stream.elements()
        return
    seen = False
    for key in stream.members():
        listed = key.lower() in LISTS and stream.peek() == "["
        if listed and not seen:
            seen = True
            yield from stream.elements()
        else:
            where, value = stream.where, stream.value(1)
            if listed and any(isinstance(item, dict) for item in cast("list[object]", value)):
                raise damaged("a second list of objects", where)
    if not seen:
        raise HashSetError("the JSON text holds no list of objects that this version knows")


def _record(
    number: int, fields: Fields, mapping: dict[str, str], tally: Tally
) -> Record | Rejected:
    cells: dict[str, str] = {}
    for key, value in fields.items():
        name = plain(key)
        field = mapping.get(name) or FIELDS.get(name, "")
        if not field or field == "ignore":
            if name not in UNUSED and not field:
                tally.unknown(name)
            continue
        text = str(value).lower() if isinstance(value, bool) else text_of(fields, key)
        if not text:
            if value not in (None, "") and field in HASHES:
                return Rejected(number, "not-a-digest")
        elif cells.setdefault(field, text) != text:
            return Rejected(number, "key-twice")
    return from_cells(number, cells, tally)


IMPORTER: Final = Objects()
