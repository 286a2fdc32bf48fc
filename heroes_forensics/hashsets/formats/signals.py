"""Local signal files of ThreatExchange: ``signal_type value``, one a line.

The first blank separates the two. Types that name content are read: ``pdq``, ``video_md5``,
``sha256``, ``photodna`` and their like; the others (texts, links) are counted. A file without
types is a plain list, whose algorithm its operator says. Source: the file exchange of
python-threatexchange.
"""

import re
from collections.abc import Iterator
from typing import Final

from heroes_forensics.hashsets.formats import values, vpdq
from heroes_forensics.hashsets.formats.base import (
    WIDTHS,
    Options,
    Record,
    Rejected,
    Supplied,
    Tally,
    from_hex,
    of,
)
from heroes_forensics.hashsets.formats.text import first_line, lines

TYPES: Final[dict[str, str]] = {
    **dict.fromkeys(("video_md5", "md5", "photo_md5"), "md5"),
    "sha1": "sha1",
    "sha256": "sha256",
    "pdq": "pdq",
    "photodna": "photodna",
}
_OTHER: Final = frozenset(
    {"raw_text", "trend_query", "url", "url_md5", "text_tlsh", "tlsh_pdf", "pdq_ocr"}
)
"""Further types of the reference library: of texts and links."""
_VALUE: Final = re.compile(r"[0-9A-Za-z+/]{32,}=*")
_LINE: Final = re.compile(r"([a-z][a-z0-9_]{1,39}) (.+)", re.DOTALL)


class Signals:
    """Reads lists of typed signals."""

    nature = ""

    def recognises(self, head: bytes) -> bool:
        """Say yes when the first line starts with a type of signal."""
        found = _LINE.fullmatch(first_line(head))
        if found is None:
            return False
        kind, value = found.groups()
        if kind in TYPES:
            return _VALUE.fullmatch(value) is not None
        return kind in _OTHER or kind == vpdq.KIND

    def read(
        self, supplied: Supplied, options: Options, tally: Tally
    ) -> Iterator[Record | Rejected]:
        """Yield one record a line; signals of other types are counted and not used."""
        del options
        for number, line in lines(supplied.stream, tally):
            text = line.decode("latin-1").strip()
            if not text or text.startswith("#"):
                continue
            found = _LINE.fullmatch(text)
            if found is None:
                yield Rejected(number, "not-a-signal")
                continue
            kind, value = TYPES.get(found.group(1), ""), found.group(2).strip()
            if found.group(1) == vpdq.KIND:
                yield vpdq.signal(number, value, tally)
            elif not kind:
                tally.other(found.group(1) if found.group(1) in _OTHER else "other")
                tally.skipped["other-signal"] += 1
                yield Record(number)
            elif kind in WIDTHS:
                data = from_hex(value, WIDTHS[kind])
                yield Rejected(number, "not-a-digest") if data is None else of(number, kind, data)
            else:
                others = values.values_of(kind, value)
                yield (
                    Rejected(number, f"bad-{kind}")
                    if others is None
                    else Record(number, values=others)
                )


IMPORTER: Final = Signals()
