"""hashdeep 1.0: two header lines, then ``size,md5,sha1,sha256,...,filename``.

The first column is the size, the last the name; commas in a name are not quoted, so a line is
split at most as often as there are columns. Source: the manual page of hashdeep.
"""

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
    from_decimal,
    from_hex,
)
from heroes_forensics.hashsets.formats.text import head_lines, lines

_MAGIC: Final = "%%%% HASHDEEP-"
_ENDS: Final = ("size", "filename")
_COLUMNS: Final = 64
_MARK: Final = b"%%%%"


class Hashdeep:
    """Reads the output of hashdeep."""

    nature = ""

    def recognises(self, head: bytes) -> bool:
        """Say yes when the first line is the header of hashdeep."""
        return head_lines(head)[0].startswith(_MAGIC)

    def read(
        self, supplied: Supplied, options: Options, tally: Tally
    ) -> Iterator[Record | Rejected]:
        """Yield one record a line; a further header (lists joined by hand) starts over."""
        del options
        columns: list[str] = []
        for number, line in lines(supplied.stream, tally):
            if line.startswith(_MARK):
                columns = self._header(number, line, columns, tally)
            elif not line.strip() or line.startswith(b"#"):
                continue
            elif not columns:
                raise HashSetError(f"line {number} stands before the header that names columns")
            else:
                yield _row(number, line, columns, tally)

    def _header(self, number: int, line: bytes, columns: list[str], tally: Tally) -> list[str]:
        text = line.decode("utf-8", errors="replace").strip()
        if text.startswith(_MAGIC):
            tally.version = text.removeprefix(_MAGIC)
            if tally.version != "1.0":
                raise HashSetError(
                    f"line {number}: this version of hashdeep lists is not supported",
                    hint="version 1.0 is",
                )
            return []
        found = [name.strip().lower().replace("-", "") for name in text[len(_MARK) :].split(",")]
        if len(found) > _COLUMNS:
            raise HashSetError(f"line {number}: more than {_COLUMNS} columns")
        if found[0] != "size" or found[-1] != "filename":
            raise HashSetError(f"line {number}: the columns do not start with size and end in name")
        if not set(found) & set(WIDTHS):
            raise HashSetError(f"line {number}: none of the columns is MD5, SHA-1 or SHA-256")
        return found or columns


def _row(number: int, line: bytes, columns: list[str], tally: Tally) -> Record | Rejected:
    cells = line.split(b",", len(columns) - 1)
    if len(cells) != len(columns):
        return Rejected(number, "column-count")
    size = from_decimal(cells[0].strip())
    if size is None:
        return Rejected(number, "bad-size")
    digests: dict[str, bytes] = {}
    others: tuple[Value, ...] = ()
    for name, cell in zip(columns, cells, strict=True):
        text = cell.strip()
        if name in WIDTHS and text:
            value = from_hex(text, WIDTHS[name])
            if value is None:
                return Rejected(number, "not-a-digest")
            digests[name] = value
        elif name not in _ENDS:
            others += values.read(name, text.decode("latin-1"), tally)
    if not digests:
        tally.skipped["no-digest"] += 1
    return Record(number, size=size, values=others, **digests)  # type: ignore[arg-type]  # keys are WIDTHS


IMPORTER: Final = Hashdeep()
