"""HashKeeper sets: a table of files whose header starts with ``file_id`` and ``hashset_id``.

The digest is an MD5. In the published sets the file with the digests is called ``.hsh`` and its
companion ``.hke`` describes the sets; public descriptions have it the other way round, so neither
name decides. The companion holds no digests and is refused by name. Names may hold commas and
quotation marks. Source: the readers of The Sleuth Kit and md5deep, and a real set.
"""

from collections.abc import Iterator
from typing import Final

from heroes_forensics.errors import HashSetError
from heroes_forensics.hashsets.formats.base import (
    Options,
    Record,
    Rejected,
    Supplied,
    Tally,
    from_decimal,
    from_hex,
)
from heroes_forensics.hashsets.formats.table import rows
from heroes_forensics.hashsets.formats.text import first_line, lines
from heroes_forensics.hashsets.formats.values import plain

_FILES: Final = ["fileid", "hashsetid", "filename", "directory", "hash"]
_MEANT: Final = frozenset(
    {
        *(*_FILES, "filesize", "datemodified", "timemodified", "timezone", "comments"),
        *("dateaccessed", "timeaccessed", ""),
    }
)
_SETS: Final = ["hashsetid", "name", "vendor"]


class HashKeeper:
    """Reads the files of HashKeeper sets."""

    nature = ""

    def recognises(self, head: bytes) -> bool:
        """Say yes to the header of the files, and to that of the sets, to say what is wrong."""
        names = _names(first_line(head).split(","))
        return names[: len(_FILES)] == _FILES or names[: len(_SETS)] == _SETS

    def read(
        self, supplied: Supplied, options: Options, tally: Tally
    ) -> Iterator[Record | Rejected]:
        """Yield one record a row."""
        del options
        names: list[str] = []
        for number, row in rows(lines(supplied.stream, tally), ","):
            if not names:
                if row:
                    names = _names(list(row))
                    _check(names)
                    for name in set(names) - _MEANT:
                        tally.unknown(name)
            elif isinstance(row, str):
                yield Rejected(number, row)
            elif row:
                yield _record(number, names, row, tally)


def _names(cells: list[str]) -> list[str]:
    return [plain(cell) for cell in cells]


def _check(names: list[str]) -> None:
    if names[: len(_SETS)] == _SETS:
        raise HashSetError(
            "this file of a HashKeeper set describes the sets and holds no digests",
            hint="import its companion, whose header starts with file_id",
        )
    if names[: len(_FILES)] != _FILES:
        raise HashSetError("the first line is no header of a HashKeeper set")


def _record(number: int, names: list[str], row: list[str], tally: Tally) -> Record | Rejected:
    if len(row) != len(names):
        return Rejected(number, "column-count")
    text = row[names.index("hash")].strip()
    if not text:
        tally.skipped["no-digest"] += 1
        return Record(number)
    value = from_hex(text, 16)
    if value is None:
        return Rejected(number, "not-a-digest")
    said = row[names.index("filesize")].strip() if "filesize" in names else ""
    size = from_decimal(said) if said else -1
    return Rejected(number, "bad-size") if size is None else Record(number, md5=value, size=size)


IMPORTER: Final = HashKeeper()
