"""NIST NSRL RDS version 3, delta: an SQL script that is read and never run.

Statements are told apart by a pattern that knows strings and comments. Rows that are inserted into
``FILE`` (``METADATA`` in the full layout) become records; what the script changes or deletes is
counted and not applied, because a set of its own is made of the new rows. Source: the layout as
others report it; no script of NIST was seen.
"""

import re
from collections.abc import Iterator
from typing import Final

from heroes_forensics.hashsets.formats.base import (
    LINE_LIMIT,
    WIDTHS,
    Options,
    Record,
    Rejected,
    Supplied,
    Tally,
    damaged,
    from_decimal,
    from_hex,
)
from heroes_forensics.hashsets.formats.text import head_text, lines

_SCRIPT: Final = re.compile(
    r"\s*+(?:--[^\n]*+\s*+|PRAGMA\b[^;]*+;\s*+)*+(?:BEGIN|INSERT|UPDATE|DELETE|CREATE)\b",
    re.IGNORECASE,
)
_TABLE: Final = re.compile(
    r"\b(?:INTO|UPDATE|FROM|TABLE)\s+[\"'`\[]?(?:FILE|METADATA|PKG|OS|MFG|VERSION)\b", re.IGNORECASE
)
_STATEMENT: Final = re.compile(
    rb"(?:[^;'\"\-/]++|'[^']*+'|\"[^\"]*+\"|--[^\n]*+\n|-(?!-)|/\*(?:[^*]|\*(?!/))*+\*/|/(?!\*))*+;"
)
_VERB: Final = re.compile(rb"(?:\s++|--[^\n]*+\n|/\*(?:[^*]|\*(?!/))*+\*/)*+([A-Za-z]++)")
_INSERT: Final = re.compile(
    rb"INSERT\s+(?:OR\s+[A-Za-z]+\s+)?INTO\s+(?:main\s*\.\s*)?"
    rb"(?:\"([^\"]*)\"|`([^`]*)`|\[([^\]]*)\]|([A-Za-z_]\w*))\s*(?:\(([^()']*)\)\s*)?VALUES\s*",
    re.IGNORECASE,
)
_CHANGED: Final = re.compile(
    rb"(?:UPDATE|DELETE\s+FROM)\s+(?:OR\s+[A-Za-z]+\s+)?[\"`\[]?(?:FILE|METADATA)\b", re.IGNORECASE
)
_VALUE: Final = re.compile(rb"\s*+(?:'((?:[^']++|'')*+)'|([^,()']*+))\s*+([,)])")
_NEXT_ROW: Final = re.compile(rb"\s*+([,;])\s*+")
_ROWS: Final = frozenset({b"file", b"metadata"})
_COLUMNS: Final = {
    6: ("sha256", "sha1", "md5", "file_name", "file_size", "package_id"),
    7: ("sha256", "sha1", "md5", "crc32", "file_name", "file_size", "package_id"),
}
"""Of ``FILE`` in the minimal layout, by their number, where a statement does not name them."""
_SIZES: Final = frozenset({"file_size", "bytes", "size"})
_TRIES: Final = 200
"""Times that the end of one statement is looked for: a name may hold line ends and semicolons."""
_COLUMNS_LIMIT: Final = 100
_NULL: Final = b"null"


class NsrlDelta:
    """Reads the delta script of an RDS version 3 release."""

    nature = "known-good"

    def recognises(self, head: bytes) -> bool:
        """Say yes to SQL that begins with a change of a table of the RDS."""
        text = head_text(head)
        return _SCRIPT.match(text) is not None and _TABLE.search(text) is not None

    def read(
        self, supplied: Supplied, options: Options, tally: Tally
    ) -> Iterator[Record | Rejected]:
        """Yield one record for each row that is inserted, and for each other statement."""
        del options
        tally.version = "3"
        tally.facts["table"] = "delta"
        begun = False
        for number, statement in _statements(lines(supplied.stream, tally)):
            found = _VERB.match(statement)
            verb = found.group(1).upper() if found else b""
            body = statement[found.start(1) :] if found else statement
            if verb == b"INSERT":
                yield from _inserted(number, body, tally)
            elif verb in (b"UPDATE", b"DELETE"):
                yield _changed(number, verb.decode().lower(), body, tally)
            elif verb in (b"BEGIN", b"COMMIT", b"END"):
                begun = verb == b"BEGIN"
            elif verb == b"CREATE":  # as in a dump of a whole database
                tally.skipped["another-statement"] += 1
                yield Record(number)
            elif verb not in (b"", b"PRAGMA"):
                yield Rejected(number, "another-statement")
        if begun:
            raise damaged("the script is cut short: it does not end what it begins", "its end")


def _statements(text: Iterator[tuple[int, bytes]]) -> Iterator[tuple[int, bytes]]:
    """Yield (line on which it begins, statement with its semicolon)."""
    held = bytearray()  # grows in place: a statement may have a million lines
    begins, tries = 1, 0
    for number, line in text:
        if not held:
            begins, tries = number, 0
        held += line
        held += b"\n"
        if b";" not in line and len(held) <= LINE_LIMIT:
            continue
        rest, at = bytes(held), 0
        while found := _STATEMENT.match(rest, at):
            yield begins, found.group()
            at, begins = found.end(), number
        rest = rest[at:].lstrip()
        tries = 1 if at else tries + 1
        if len(rest) > LINE_LIMIT or tries > _TRIES:
            raise damaged("a statement does not end", f"line {begins}")
        held = bytearray(rest)
    rest = bytes(held)
    if rest.strip() and (found := _VERB.match(rest)) is not None:
        raise damaged("the script is cut short in a statement", f"line {begins}")


def _changed(number: int, verb: str, body: bytes, tally: Tally) -> Record:
    if _CHANGED.match(body):
        tally.skipped[f"{verb}-not-applied"] += 1
        tally.warn(
            "the script changes or deletes files of the edition before, which was not applied:"
            " import the whole edition as soon as it is there"
        )
    else:
        tally.skipped["another-table"] += 1
    return Record(number)


def _inserted(number: int, body: bytes, tally: Tally) -> Iterator[Record | Rejected]:
    found = _INSERT.match(body)
    if found is None:
        yield Rejected(number, "another-statement")
        return
    *names, listed = found.groups()
    if next(name for name in names if name is not None).lower() not in _ROWS:
        tally.skipped["another-table"] += 1
        yield Record(number)
        return
    columns = None
    if listed is not None:
        columns = tuple(
            name.strip(b" \t\r\n\"'`[]").decode("ascii", errors="replace").lower()
            for name in listed.split(b",")
        )
    at, more = found.end(), True
    while more:
        row, at = _row(body, at)
        end = _NEXT_ROW.match(body, at) if row is not None else None
        if row is None or end is None:
            yield Rejected(number, "not-a-row")
            return
        yield _record(number, row, columns or _COLUMNS.get(len(row), ()), tally)
        at, more = end.end(), end.group(1) == b","


def _row(body: bytes, at: int) -> tuple[list[bytes | None] | None, int]:
    """Read ``(value, value, ...)``; return its values (None is NULL) and where it ends."""
    if body[at : at + 1] != b"(":
        return None, at
    at += 1
    row: list[bytes | None] = []
    while len(row) < _COLUMNS_LIMIT and (found := _VALUE.match(body, at)) is not None:
        text, bare, end = found.groups()
        at = found.end()
        if text is None:
            bare = bare.strip()
            row.append(None if bare.lower() == _NULL else bare)
        else:
            row.append(text)
        if end == b")":
            return row, at
    return None, at


def _record(
    number: int, row: list[bytes | None], columns: tuple[str, ...], tally: Tally
) -> Record | Rejected:
    if len(row) != len(columns):
        return Rejected(number, "column-count")
    digests = dict.fromkeys(WIDTHS, b"")
    size = -1
    for name, text in zip(columns, row, strict=True):
        if not text:
            continue
        if name in digests:
            value = from_hex(text.strip(), WIDTHS[name])
            if value is None:
                return Rejected(number, "not-a-digest")
            digests[name] = value
        elif name in _SIZES:
            length = from_decimal(text)
            if length is None:
                return Rejected(number, "bad-size")
            size = length
    if size == 0:
        tally.skipped["size-zero"] += 1
        return Record(number)
    md5, sha1, sha256 = (digests[name] for name in WIDTHS)
    if not (md5 or sha1 or sha256):
        tally.skipped["no-digest"] += 1
    return Record(number, md5, sha1, sha256, size)


IMPORTER: Final = NsrlDelta()
