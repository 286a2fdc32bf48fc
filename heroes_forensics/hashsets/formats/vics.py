"""VICS (Video Image Classification Standard) 1.0 to 2.0: sets and cases, as JSON.

The specification is not public. What is read here was observed in public programs that read and
write such files (IPED, GLEAPP, X-Ways-Clees4All); it is not certified by Project VIC. A set is a
list of Media objects under ``value``; a case holds its Media in Case objects. Keys come in any
order and case; ``Category`` alone says whether there is a verdict. NIST publishes known software
in the same shape: a set whose every record has category 8 is of no stated kind, and is asked for.
"""

import re
from collections.abc import Iterator
from typing import Final

from heroes_forensics.hashsets.formats import values
from heroes_forensics.hashsets.formats.base import (
    CATEGORY_LIMIT,
    MAX_SIZE,
    NAMES_LIMIT,
    SERIES_LIMIT,
    WIDTHS,
    Options,
    Record,
    Rejected,
    Supplied,
    Tally,
    Value,
    damaged,
    from_decimal,
    from_hex,
)
from heroes_forensics.hashsets.formats.jsonstream import (
    RECORD_LIMIT,
    TWICE,
    Fields,
    JsonStream,
    lowered,
)
from heroes_forensics.hashsets.formats.pages import tri_state
from heroes_forensics.hashsets.formats.text import head_text, utf8_chunks
from heroes_forensics.hashsets.known import FLAGS, MAX_VALUES

_CONTEXT: Final = re.compile(
    r"ProjectVic/DataModels/(\d{1,3}\.\d{1,3})\.xml(?:/([A-Za-z0-9_-]{1,32})/\$metadata)?#(\w{1,16})",
    re.IGNORECASE,
)
_CONTEXT_KEY: Final = re.compile(
    r'"@?odata\.(?:metadata|context)"\s*:\s*"[^"]*ProjectVic', re.IGNORECASE
)
_VALUE_KEY: Final = re.compile(r'"value"\s*:\s*\[\s*\{', re.IGNORECASE)
_MEDIA_KEY: Final = re.compile(r'"Media"\s*:\s*\[', re.IGNORECASE)

_FLAG_FIELDS: Final = {
    "victimidentified": "victim_identified",
    "offenderidentified": "offender_identified",
    "isdistributed": "is_distributed",
    "issuspected": "is_suspected",
    "selfgenerated": "self_generated",
    "isprecategorized": "is_precategorized",
}
_SHIFTS: Final = tuple((name, 2 * FLAGS.index(flag)) for name, flag in _FLAG_FIELDS.items())
_FIELDS: Final = frozenset(
    {
        *_FLAG_FIELDS,
        *(
            "md5",
            "sha1",
            "sha256",
            "sha512",
            "pdq",
            "photodna",
            "mediaid",
            "category",
            "mediasize",
            "mimetype",
        ),
        *("relativefilepath", "precategorizationsource", "series", "tags", "comments", "name"),
        *("dateupdated", "mediafiles", "exifs", "alternativehashes", "mediametadata", "segments"),
    }
)
_OTHER_FIELDS: Final = ("photodna", "sha512", "pdq")
QUALITY: Final = "heroes.quality"
"""Annotation of the value of an alternative hash that we write: its quality, 0 to 100."""
_QUALITY_KEY: Final = f"hashvalue@{QUALITY}"
_MEDIA_FILES_LIMIT: Final = 10_000
_RECORD_LIMIT: Final = 2 * RECORD_LIMIT
"""Characters of all that is used of one Media."""
_NIST_CATEGORY: Final = "8"
_CASE_WINDOW: Final = 1 << 18
"""Characters within which an element is tried as a whole before it is walked key by key."""


class Vics:
    """Reads VICS hash sets and cases."""

    nature = "notable"

    def recognises(self, head: bytes) -> bool:
        """Say yes to the context line of Project VIC, or to a list of Media without one."""
        text = head_text(head).lstrip()
        if not text.startswith("{"):
            return False
        if _CONTEXT_KEY.search(text):
            return True
        if _VALUE_KEY.search(text) is None:
            return False
        low = text.lower()
        return ('"md5"' in low and '"mediaid"' in low) or _MEDIA_KEY.search(text) is not None

    def read(
        self, supplied: Supplied, options: Options, tally: Tally
    ) -> Iterator[Record | Rejected]:
        """Yield one record for each Media object."""
        del options
        tally.numbering = "record"
        tally.scheme = "vics"
        walk = _Walk(JsonStream(utf8_chunks(supplied.stream), lowered), tally)
        yield from walk.top()


class _Walk:
    """One pass over one file."""

    def __init__(self, stream: JsonStream, tally: Tally) -> None:
        self._stream = stream
        self._tally = tally
        self._number = 0
        self._shapes: set[str] = set()
        self._listed = 0
        self._software = 0

    def top(self) -> Iterator[Record | Rejected]:
        seen = False
        for key in self._stream.members():
            low = key.lower()
            if low == "value" and self._stream.peek() == "[":
                if seen:
                    raise damaged("a second list of values", self._stream.where)
                seen = True
                yield from self._values()
            elif low in ("odata.metadata", "@odata.context"):
                self._context(self._stream.value(1))
            else:
                self._stream.value(1)
                self._tally.unknown(key)
        self._stream.end()
        if not seen:
            raise damaged("there is no list called value", self._stream.where)
        if not self._tally.version:
            self._tally.warn("no context line: neither version nor region are stated")
        self._tally.facts["shape"] = "+".join(sorted(self._shapes)) or "empty"
        if self._listed and self._software == self._listed:
            self._tally.facts["nature"] = ""
            self._tally.warn(
                "every record has category 8, as in the sets of known software of NIST"
            )

    def _context(self, value: object) -> None:
        found = _CONTEXT.search(value) if isinstance(value, str) else None
        if found is None:
            self._tally.warn("the context line is of no known form")
            return
        self._tally.version = found.group(1)
        self._tally.region = found.group(2) or ""

    def _values(self) -> Iterator[Record | Rejected]:
        for _ in self._stream.elements():
            whole = self._stream.attempt(2, limit=_CASE_WINDOW)
            if whole is None:
                if self._stream.peek() != "{":
                    raise damaged("an element of value is no object", self._stream.where)
                yield from self._large()
            else:
                yield from self._element(whole[0])

    def _element(self, element: object) -> Iterator[Record | Rejected]:
        media = element.get("media") if isinstance(element, dict) else None
        if isinstance(media, list) and isinstance(element, dict) and "md5" not in element:
            if TWICE in element:
                raise damaged("a case with a key twice", self._stream.where)
            self._shapes.add("cases")
            for item in media:
                yield self._media(item)
        else:
            self._shapes.add("media")
            yield self._media(element)

    def _large(self) -> Iterator[Record | Rejected]:
        """Walk an element too large for the window: a Case, or one Media with many files."""
        fields: Fields = {}
        unknown: set[str] = set()
        case, kept = False, 0
        for key in self._stream.members():
            low = key.lower()
            if low == "media" and self._stream.peek() == "[":
                if case:
                    raise damaged("a case with two lists of media", self._stream.where)
                case = True
                self._shapes.add("cases")
                for _ in self._stream.elements():
                    yield self._media(self._stream.value(4))
                continue
            start = self._stream.offset
            value = self._stream.value(3)
            if low in fields:
                fields[TWICE] = True
            elif low in _FIELDS:
                fields[low] = value
                kept += self._stream.offset - start
            elif len(unknown) < NAMES_LIMIT:
                unknown.add(key)
            if kept > _RECORD_LIMIT:
                raise damaged(
                    f"a record is longer than {_RECORD_LIMIT} characters", self._stream.where
                )
        if not case:
            self._shapes.add("media")
            fields.update(dict.fromkeys(unknown))
            yield self._media(fields)

    def _media(self, fields: object) -> Record | Rejected:
        self._number += 1
        number = self._number
        if not isinstance(fields, dict):
            return Rejected(number, "not-an-object")
        if TWICE in fields:
            return Rejected(number, "key-twice")
        files = fields.get("mediafiles")
        if isinstance(files, list) and len(files) > _MEDIA_FILES_LIMIT:
            raise damaged(f"more than {_MEDIA_FILES_LIMIT} media files", f"record {number}")
        if not fields.keys() <= _FIELDS:
            for name in fields.keys() - _FIELDS:
                if "odata." not in name:
                    self._tally.unknown(name)
        return self._record(number, fields)

    def _record(self, number: int, fields: Fields) -> Record | Rejected:
        digests, others, reason = _digests(fields, self._tally)
        if reason:
            return Rejected(number, reason)
        size = _number(fields.get("mediasize"))
        if size is None:
            return Rejected(number, "bad-size")
        category = _category(fields.get("category"))
        if category is None:
            return Rejected(number, "bad-category")
        entry = _number(fields.get("mediaid"))
        if entry is None:
            self._tally.skipped["entry-number"] += 1
        if not digests and not others:
            self._tally.skipped["no-digest"] += 1
        self._listed += 1
        self._software += category == _NIST_CATEGORY
        return Record(
            number,
            size=size,
            entry=-1 if entry is None else entry,
            flags=_flags(fields),
            category=category,
            series=self._series(fields.get("series")),
            values=others,
            **digests,
        )

    def _series(self, value: object) -> str:
        if isinstance(value, dict):
            value = value.get("name")
        if isinstance(value, list):
            value = ", ".join(item for item in value if isinstance(item, str))
        if not value or not isinstance(value, str):
            return ""
        text = value.strip()
        if 4 * len(text) > SERIES_LIMIT and _bytes(text) > SERIES_LIMIT:
            self._tally.skipped["series-too-long"] += 1
            return ""
        return text


def _flags(fields: Fields) -> int:
    """Pack the tri-states of one Media: the bits of `pack_flags`, without its detour."""
    bits = 0
    for name, shift in _SHIFTS:
        value = fields.get(name)
        if value is False:
            bits |= 1 << shift
        elif value is not None:
            state = tri_state(value)
            if state is not None:
                bits |= (1 + state) << shift
    return bits


def _number(value: object) -> int | None:
    """Return a count that may come as number or text; -1 when absent, None when it is neither."""
    if type(value) is int and 0 <= value <= MAX_SIZE:
        return value
    if value is None or value == "":
        return -1
    if isinstance(value, bool) or not isinstance(value, int | str):
        return None
    return from_decimal(str(value).strip())


def _bytes(text: str) -> int:
    return len(text.encode("utf-8", errors="replace"))


def _category(value: object) -> str | None:
    """Return the raw code as text; empty when absent, None when it is no code."""
    if value is None:
        return ""
    if isinstance(value, bool) or not isinstance(value, int | str):
        return None
    text = value.strip() if isinstance(value, str) else str(value)
    return text if 4 * len(text) <= CATEGORY_LIMIT or _bytes(text) <= CATEGORY_LIMIT else None


def _digests(fields: Fields, tally: Tally) -> tuple[dict[str, bytes], tuple[Value, ...], str]:
    """Collect the digests of one Media, its other values, and what is wrong with a digest."""
    digests: dict[str, bytes] = {}
    for name, width in WIDTHS.items():
        value = fields.get(name)
        if value is None or value == "":
            continue
        digest = from_hex(value, width) if isinstance(value, str) else None
        if digest is None and isinstance(value, str):
            digest = from_hex(value.strip(), width)
        if digest is None:
            return digests, (), f"bad-{name}"
        digests[name] = digest
    others = _others(fields, tally)
    alternatives = fields.get("alternativehashes")
    if not isinstance(alternatives, list):
        return digests, tuple(others) if others else (), ""
    for item in alternatives:
        reason = _alternative(item, digests, others, tally)
        if reason:
            return digests, (), reason
    if len(others) > MAX_VALUES:
        tally.skipped["too-many-values"] += 1
    return digests, tuple(others)[:MAX_VALUES], ""


def _others(fields: Fields, tally: Tally) -> dict[Value, None]:
    """Collect the hashes of other kinds that have a field of their own, each once."""
    others: dict[Value, None] = {}
    if fields.keys().isdisjoint(_OTHER_FIELDS):
        return others
    for name in _OTHER_FIELDS:
        value = fields.get(name)
        if isinstance(value, str):
            others |= dict.fromkeys(values.read(name, value, tally))
        elif value:
            tally.skipped[f"bad-{name}"] += 1
    return others


def _alternative(
    item: object, digests: dict[str, bytes], others: dict[Value, None], tally: Tally
) -> str:
    """Add one alternative hash; return what is wrong with it, empty when nothing is."""
    name = item.get("hashname") if isinstance(item, dict) else None
    value = item.get("hashvalue") if isinstance(item, dict) else None
    if not isinstance(name, str) or not isinstance(value, str):
        return "" if name is None or value is None else "bad-alternative-hash"
    low = name.strip().lower().replace("-", "").replace("_", "")
    if low not in WIDTHS:
        if len(others) <= MAX_VALUES:
            quality = item.get(_QUALITY_KEY) if isinstance(item, dict) else None
            if type(quality) is not int or not 0 <= quality <= values.MAX_QUALITY:
                quality = -1
            found = values.read(low, value, tally)
            others |= dict.fromkeys(each._replace(quality=quality) for each in found)
        return ""
    digest = from_hex(value.strip(), WIDTHS[low])
    if digest is None:
        return f"bad-{low}"
    if digests.setdefault(low, digest) != digest:
        return "digests-contradict"
    return ""


IMPORTER: Final = Vics()
