"""STIX 2.1 bundles: ``file`` objects with hashes, and indicators that list them.

Of indicators only patterns are read that are a plain OR of ``[file:hashes.'ALG' = 'value']``:
whatever else a pattern says would be lost, and with it what it means. The alternatives of a
pattern may be of different files, so each is a record of its own. Revoked objects are not used.
Hash names are compared without case and punctuation, as the reference library lets them pass.
Source: STIX 2.1, OASIS standard.
"""

import re
from collections.abc import Iterator
from typing import Final

from heroes_forensics.hashsets.formats import values
from heroes_forensics.hashsets.formats.base import (
    WIDTHS,
    Options,
    Record,
    Rejected,
    Supplied,
    Tally,
    Value,
    from_decimal,
    from_hex,
)
from heroes_forensics.hashsets.formats.jsonstream import Fields, JsonStream, lowered
from heroes_forensics.hashsets.formats.pages import Page, text_of, tri_state
from heroes_forensics.hashsets.formats.text import head_text, utf8_chunks
from heroes_forensics.hashsets.formats.values import plain
from heroes_forensics.hashsets.known import VALUE_LIMIT

_TYPE: Final = re.compile(r'"type"\s*:\s*"bundle"')
_TERM: Final = re.compile(
    r"(?P<open>\[ ?)?file:hashes\.(?:'(?P<quoted>[^'\\]{1,32})'|(?P<bare>[A-Za-z0-9_]{1,32}))"
    r" ?= ?'(?P<value>[^'\\]{1,1024})'(?P<close> ?\])?(?: ?(?P<join>OR) ?(?=[\[f])|$)"
)
_PATTERN_TERMS: Final = 10_000


class Stix:
    """Reads bundles of STIX 2."""

    nature = ""

    def recognises(self, head: bytes) -> bool:
        """Say yes to an object of type ``bundle``."""
        text = head_text(head).lstrip()
        return text.startswith("{") and _TYPE.search(text) is not None

    def read(
        self, supplied: Supplied, options: Options, tally: Tally
    ) -> Iterator[Record | Rejected]:
        """Yield one record for each file object and for each alternative of a pattern."""
        del options
        tally.numbering = "record"
        page = Page(JsonStream(utf8_chunks(supplied.stream), lowered), "objects", tally)
        for number, fields in page.records():
            if isinstance(fields, Rejected):
                yield fields
                continue
            tally.version = tally.version or text_of(fields, "spec_version")
            kind = text_of(fields, "type")
            if tri_state(fields.get("revoked")):
                tally.skipped["revoked"] += 1
            elif kind == "file":
                yield _file(number, fields, tally)
                continue
            elif kind == "indicator":
                yield from _indicator(number, fields, tally)
                continue
            else:
                tally.skipped["other-object"] += 1
            yield Record(number)


def _file(number: int, fields: Fields, tally: Tally) -> Record | Rejected:
    hashes = fields.get("hashes")
    if not isinstance(hashes, dict):
        tally.skipped["no-digest"] += 1
        return Record(number)
    digests: dict[str, bytes] = {}
    others: tuple[Value, ...] = ()
    for name, text in hashes.items():
        algorithm = plain(name)
        if not isinstance(text, str):
            return Rejected(number, "not-a-digest")
        if algorithm not in WIDTHS:
            if len(others) < values.RECORD_VALUES:
                others += values.read(name, text, tally)
            continue
        data = from_hex(text.strip(), WIDTHS[algorithm])
        if data is None:
            return Rejected(number, "not-a-digest")
        if digests.setdefault(algorithm, data) != data:
            return Rejected(number, "digests-contradict")
    if not digests and not others:
        tally.skipped["no-digest"] += 1
    size = from_decimal(text_of(fields, "size"))
    return Record(
        number,
        md5=digests.get("md5", b""),
        sha1=digests.get("sha1", b""),
        sha256=digests.get("sha256", b""),
        size=-1 if size is None else size,
        values=others + _named(fields),
    )


def _indicator(number: int, fields: Fields, tally: Tally) -> Iterator[Record | Rejected]:
    terms = alternatives(text_of(fields, "pattern"))
    if terms is None or text_of(fields, "pattern_type").lower() not in ("", "stix"):
        tally.skipped["other-pattern"] += 1
        yield Record(number)
        return
    named = _named(fields)
    for name, text in terms:
        yield values.record_of(number, name, text, named=named)


def alternatives(pattern: str) -> list[tuple[str, str]] | None:
    """Return (algorithm, value) of each alternative, None when the pattern says anything else."""
    pattern = " ".join(pattern.split())
    found: list[tuple[str, str]] = []
    at, inside = 0, False
    while len(found) < _PATTERN_TERMS:
        term = _TERM.match(pattern, at)
        if term is None or bool(term["open"]) == inside:
            return None
        inside = not term["close"]
        found.append((term["quoted"] or term["bare"], term["value"]))
        at = term.end()
        if not term["join"]:
            return None if inside else found
    return None


def _named(fields: Fields) -> tuple[Value, ...]:
    data = text_of(fields, "id").encode("utf-8", errors="replace")
    return (Value("id", data),) if 0 < len(data) <= VALUE_LIMIT else ()


IMPORTER: Final = Stix()
