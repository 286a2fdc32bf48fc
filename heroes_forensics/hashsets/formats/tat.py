"""A page of Tech Against Terrorism: JSON with ``results`` of ``hash_digest`` and ``algorithm``.

Entries marked as deleted are counted and not used. What kind of list it is, its operator says: it
is not about the material that notable sets are about. Source: the Tech Against Terrorism exchange
of python-threatexchange.
"""

import re
from collections.abc import Iterator
from typing import Final

from heroes_forensics.hashsets.formats import values
from heroes_forensics.hashsets.formats.base import Options, Record, Rejected, Supplied, Tally
from heroes_forensics.hashsets.formats.jsonstream import Fields, JsonStream, lowered
from heroes_forensics.hashsets.formats.pages import Page, text_of, tri_state
from heroes_forensics.hashsets.formats.text import head_text, utf8_chunks

_KEY: Final = re.compile(r'"results"\s*:\s*\[')
_FIELDS: Final = frozenset(
    {
        *("hash_digest", "algorithm", "ideology", "file_type", "deleted"),
        *("updated_on", "created_on", "id"),
    }
)


class TechAgainstTerrorism:
    """Reads one page of the hash list."""

    nature = ""

    def recognises(self, head: bytes) -> bool:
        """Say yes to an object with results that have a digest and an algorithm."""
        text = head_text(head).lstrip()
        found = _KEY.search(text) if text.startswith("{") else None
        return found is not None and '"hash_digest"' in text and '"algorithm"' in text

    def read(
        self, supplied: Supplied, options: Options, tally: Tally
    ) -> Iterator[Record | Rejected]:
        """Yield one record for each entry."""
        del options
        tally.numbering = "record"
        page = Page(JsonStream(utf8_chunks(supplied.stream), lowered), "results", tally)
        for number, fields in page.records():
            if isinstance(fields, Rejected):
                yield fields
                continue
            page.note(_FIELDS, fields)
            yield _record(number, fields, tally)
        if text_of(page.facts, "next"):
            tally.warn("the page says that more records follow on another one")


def _record(number: int, fields: Fields, tally: Tally) -> Record | Rejected:
    if tri_state(fields.get("deleted")):
        tally.skipped["deleted"] += 1
        tally.warn("what is deleted stays in editions made of earlier pages")
        return Record(number)
    text = text_of(fields, "hash_digest")
    algorithm = values.plain(text_of(fields, "algorithm"))
    if not algorithm or not text:
        return Rejected(number, "no-value" if algorithm else "no-algorithm")
    entry, named = values.entry(text_of(fields, "id"))
    return values.record_of(number, algorithm, text, entry=entry, named=named)


IMPORTER: Final = TechAgainstTerrorism()
