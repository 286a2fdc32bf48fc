"""C4All XML ("C4P" for pictures, "C4M" for films): ``ReportIndex`` with MD5 and category.

Written in UTF-16 with a byte-order mark; met in other encodings too. Paths, names, notes and dates
in it are not kept. Source: the public code of X-Ways-Clees4All, which writes it.
"""

from collections.abc import Iterator
from typing import Final

from heroes_forensics.hashsets.formats.base import (
    CATEGORY_LIMIT,
    WIDTHS,
    Options,
    Record,
    Rejected,
    Supplied,
    Tally,
    from_decimal,
    from_hex,
)
from heroes_forensics.hashsets.formats.xmlstream import Node, elements, root_of

_ROOT: Final = "reportindex"
_WANTED: Final = frozenset({"image", "movie"})
_UNUSED: Final = frozenset(
    {
        *("path", "picture", "movie", "fileoffset", "fullpath", "created", "accessed", "written"),
        *("deleted", "encasehash", "myunique", "tagged", "subcat", "notes", "mydescription"),
        *("bitdepth", "aspectratio", "physicallocation"),
    }
)
_USED: Final = frozenset({"hash", "category", "filesize", "id"})


class C4All:
    """Reads C4All indexes."""

    nature = ""

    def recognises(self, head: bytes) -> bool:
        """Say yes to the root element ``ReportIndex``."""
        root = root_of(head)
        return root is not None and root.name == _ROOT

    def read(
        self, supplied: Supplied, options: Options, tally: Tally
    ) -> Iterator[Record | Rejected]:
        """Yield one record for each picture and film."""
        del options
        tally.numbering = "record"
        tally.scheme = "c4all"
        around: set[str] = set()
        found = elements(supplied.stream, _WANTED, around=around)
        for number, element in enumerate(found, start=1):
            if number == 1 and element.above:
                version = element.above[0].attributes.get("version", "")
                tally.version = version if version.replace(".", "").isdecimal() else ""
            yield _record(number, element.node, tally)
        for name in around - {_ROOT}:
            tally.unknown(name)


def _record(number: int, node: Node, tally: Tally) -> Record | Rejected:
    for field in node.children:
        if field.name not in _USED | _UNUSED:
            tally.unknown(field.name)
    text = node.value("hash")
    md5 = from_hex(text, WIDTHS["md5"]) if text else b""
    if md5 is None:
        return Rejected(number, "bad-md5")
    size, category, own = node.value("filesize"), node.value("category"), node.value("id")
    length = from_decimal(size) if size else -1
    if length is None:
        return Rejected(number, "bad-size")
    if len(category.encode()) > CATEGORY_LIMIT:
        return Rejected(number, "bad-category")
    entry = from_decimal(own) if own else -1
    if entry is None:
        tally.skipped["entry-number"] += 1
    if not md5:
        tally.skipped["no-digest"] += 1
    return Record(
        number,
        md5=md5,
        size=length,
        entry=-1 if entry is None else entry,
        category="" if category == "0" else category,
    )


IMPORTER: Final = C4All()
