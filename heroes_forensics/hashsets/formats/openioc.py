"""OpenIOC 1.0 and 1.1: the digests of files among its indicators.

Only an item that is sufficient by itself is imported: every ``Indicator`` that it lies in joins its
items with OR, it says ``is``, and it is not negated. What stands under AND says something only
together with other items, and is counted. The layout is general knowledge; no file of a supplier
was seen.
"""

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
    from_hex,
    of,
)
from heroes_forensics.hashsets.formats.xmlstream import Element, elements, root_of

_ROOTS: Final = frozenset({"ioc", "openioc", "iocs"})
_WANTED: Final = frozenset({"indicatoritem"})
_SUBJECT: Final = "fileitem/"
_SUFFIX: Final = "sum"
_TRUE: Final = frozenset({"true", "1", "yes"})


class OpenIoc:
    """Reads OpenIOC documents."""

    nature = ""

    def recognises(self, head: bytes) -> bool:
        """Say yes to the root elements ``ioc`` and ``OpenIOC``."""
        root = root_of(head)
        return root is not None and root.name in _ROOTS

    def read(
        self, supplied: Supplied, options: Options, tally: Tally
    ) -> Iterator[Record | Rejected]:
        """Yield one record for each item that is sufficient by itself."""
        del options
        tally.numbering = "record"
        tally.version = "1.0" if (root := root_of(supplied.head)) and root.name == "ioc" else "1.1"
        found = elements(supplied.stream, _WANTED, documents=True)
        for number, element in enumerate(found, start=1):
            yield _item(number, element, tally)


def _item(number: int, element: Element, tally: Tally) -> Record | Rejected:
    node = element.node
    context, content = node.child("context"), node.value("content")
    subject = context.attributes.get("search", "").lower() if context else ""
    condition = node.attributes.get("condition", "is").lower()
    reason = ""
    if not subject.startswith(_SUBJECT) or not subject.endswith(_SUFFIX):
        reason = "another-subject"
    elif condition != "is" or node.attributes.get("negate", "").lower() in _TRUE:
        reason = "not-plain"
    elif any(
        outer.name == "indicator" and outer.attributes.get("operator", "").upper() != "OR"
        for outer in element.above
    ):
        reason = "under-and"
    elif not content:
        reason = "no-digest"
    if reason:
        tally.skipped[reason] += 1
        return Record(number)
    algorithm = subject.removeprefix(_SUBJECT).removesuffix(_SUFFIX)
    if algorithm in WIDTHS:
        value = from_hex(content, WIDTHS[algorithm])
        return Rejected(number, "not-a-digest") if value is None else of(number, algorithm, value)
    tally.skipped["algorithm"] += 1
    return Record(number, values=values.read(algorithm, content, tally))


IMPORTER: Final = OpenIoc()
