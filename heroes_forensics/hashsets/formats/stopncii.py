"""A page of StopNCII: JSON with ``hashRecords``, intimate pictures of adults.

A record replaces the earlier one of the same type and value; ``Withdrawn`` and ``Deleted`` remove
it. So nothing is known until the page ends, and a page is bounded. Pages are not merged: one that
removes what an earlier page brought says so in the report. The set is of a kind of its own and
never becomes a verdict on other material. Source: the StopNCII exchange of python-threatexchange.
"""

import re
from collections.abc import Iterator
from typing import Final, NamedTuple

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
    from_hex,
)
from heroes_forensics.hashsets.formats.jsonstream import Fields, JsonStream, lowered
from heroes_forensics.hashsets.formats.pages import Page, text_of, tri_state
from heroes_forensics.hashsets.formats.text import head_text, utf8_chunks
from heroes_forensics.hashsets.known import ADULT_INTIMATE

PAGE_LIMIT: Final = 1 << 18
"""Different values of one page."""
_HELD: Final = 64 << 20
"""Bytes of all values of one page."""
_KEY: Final = re.compile(r'"hashRecords"\s*:\s*\[', re.IGNORECASE)
_KINDS: Final = {"imagepdq": "pdq", "videomd5": "md5", "videotmk": "tmk"}
_OTHER: Final = frozenset({"text", "url", "unknown"})
_REMOVED: Final = frozenset({"withdrawn", "deleted"})
_FIELDS: Final = frozenset(
    {"lastmodtimestamp", "signaltype", "hashvalue", "hashstatus", "casenumbers", "cspfeedbacks"}
)


class _Last(NamedTuple):
    number: int
    removed: bool


class StopNcii:
    """Reads one page of StopNCII."""

    nature = ADULT_INTIMATE

    def recognises(self, head: bytes) -> bool:
        """Say yes to an object with a list called ``hashRecords``."""
        text = head_text(head).lstrip()
        return text.startswith("{") and _KEY.search(text) is not None

    def read(
        self, supplied: Supplied, options: Options, tally: Tally
    ) -> Iterator[Record | Rejected]:
        """Yield what the page leaves standing, after its end."""
        del options
        tally.numbering = "record"
        page = Page(JsonStream(utf8_chunks(supplied.stream), lowered), "hashrecords", tally)
        standing: dict[Value, _Last] = {}
        held = 0
        for number, fields in page.records():
            if isinstance(fields, Rejected):
                yield fields
                continue
            page.note(_FIELDS, fields)
            found = _value(fields, tally)
            if isinstance(found, str):
                if found:
                    yield Rejected(number, found)
                else:
                    yield Record(number)
                continue
            if standing.pop(found, None) is not None:
                tally.skipped["replaced"] += 1
            else:
                held += len(found.data)
            if len(standing) >= PAGE_LIMIT or held > _HELD:
                raise HashSetError(
                    f"the page has more than {PAGE_LIMIT} different values, or very long ones",
                    hint="import it in pages, as the interface delivers them",
                )
            removed = text_of(fields, "hashstatus").lower() in _REMOVED
            standing[found] = _Last(number, removed)
        yield from _left(standing, tally)
        if tri_state(page.facts.get("hasmorerecords")):
            tally.warn("the page says that more records follow on another one")


def _left(standing: dict[Value, _Last], tally: Tally) -> Iterator[Record | Rejected]:
    for value, last in standing.items():
        if last.removed:
            tally.skipped["withdrawn-or-deleted"] += 1
            tally.warn("what is withdrawn or deleted stays in editions made of earlier pages")
        elif value.kind in WIDTHS:
            yield Record(last.number, md5=value.data)
        else:
            yield Record(last.number, values=(value,))


def _value(fields: Fields, tally: Tally) -> Value | str:
    """Return the value of one record, or why it is none; ``""`` when it is of no content."""
    kind = text_of(fields, "signaltype").lower()
    text = text_of(fields, "hashvalue")
    if kind not in _KINDS:
        tally.other(kind if kind in _OTHER else "other")
        tally.skipped["other-signal"] += 1
        return ""
    if _KINDS[kind] == "md5":
        data = from_hex(text, WIDTHS["md5"])
        return "not-a-digest" if data is None else Value("md5", data)
    found = values.values_of(_KINDS[kind], text) if text else None
    return f"bad-{_KINDS[kind]}" if not found else found[0]


IMPORTER: Final = StopNcii()
