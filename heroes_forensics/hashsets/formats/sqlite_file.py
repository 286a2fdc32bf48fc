"""SQLite databases as hash sets: opened before the locks, read behind them.

The file is hostile input: read-only and immutable, no extension, no trusted schema, an authorizer
that allows reading and nothing else, no index made for the occasion, and a limit on the work
between two rows. SQLite opens files by path only, and a locked worker has no paths:
`open_before_locks` opens the one file that was handed in while there still are some, and reads no
more of it than its header (docs/adr/0014-sqlite-sets-under-lock.md).
"""

import os
import re
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, suppress
from pathlib import Path
from typing import Final

from heroes_forensics.errors import HashSetError
from heroes_forensics.hashsets.formats.base import Record, Rejected, Supplied, damaged

MAGIC: Final = b"SQLite format 3\0"
_PAGE_SIZE_AT: Final = 16
_PAGES_AT: Final = 28
_CHANGE_AT: Final = 24
_VALID_FOR_AT: Final = 92
_STEPS: Final = 100_000
"""Instructions of SQLite's machine between two checks of the work limit."""
_CHECKS: Final = 2_000
"""Checks that may pass without a row: 2 x 10^8 instructions, some seconds."""
_STEPS_A_BYTE: Final = 20
"""Instructions for each byte of the file, on top of those between two rows: reading a real set
takes less than one."""
BATCH: Final = 1_000
_ALLOWED: Final = frozenset({sqlite3.SQLITE_SELECT, sqlite3.SQLITE_READ})
_FUNCTIONS: Final = frozenset({"count", "upper", "lower", "hex", "coalesce", "ifnull"})
_PRAGMAS: Final = frozenset(
    {
        *("table_info", "trusted_schema", "cell_size_check", "mmap_size", "automatic_index"),
        *("ignore_check_constraints", "quick_check"),
    }
)
_SETTINGS: Final = (
    "trusted_schema = OFF",
    "cell_size_check = ON",
    "mmap_size = 0",
    "automatic_index = OFF",
    "ignore_check_constraints = ON",
)
_LIMITS: Final = {
    sqlite3.SQLITE_LIMIT_LENGTH: 1 << 20,
    sqlite3.SQLITE_LIMIT_SQL_LENGTH: 1 << 16,
    sqlite3.SQLITE_LIMIT_COLUMN: 100,
    sqlite3.SQLITE_LIMIT_EXPR_DEPTH: 20,
    sqlite3.SQLITE_LIMIT_COMPOUND_SELECT: 4,
    sqlite3.SQLITE_LIMIT_VDBE_OP: 25_000,
    sqlite3.SQLITE_LIMIT_FUNCTION_ARG: 8,
    sqlite3.SQLITE_LIMIT_ATTACHED: 0,
    sqlite3.SQLITE_LIMIT_LIKE_PATTERN_LENGTH: 50,
    sqlite3.SQLITE_LIMIT_VARIABLE_NUMBER: 10,
    sqlite3.SQLITE_LIMIT_TRIGGER_DEPTH: 1,
    sqlite3.SQLITE_LIMIT_WORKER_THREADS: 0,
}

_EARLY: Final[dict[int, sqlite3.Connection | Exception]] = {}
"""By descriptor: databases opened before this process was locked, or why they could not be."""


class Work:
    """Counts the work since the last rows, all of it, and rows; stops each beyond its limit.

    Args:
        size: bytes of the file.
    """

    def __init__(self, size: int) -> None:
        self.rows = 0
        self.spent = False
        self._most = size
        self._checks = 0
        self._between_rows = True
        self._left = _CHECKS + size * _STEPS_A_BYTE // _STEPS

    def check(self) -> int:
        """Answer SQLite, which asks every `_STEPS` instructions: 1 stops the statement."""
        self._checks += 1
        self._left -= 1
        self.spent = self._left < 0 or (self._between_rows and self._checks > _CHECKS)
        return int(self.spent)

    def judge(self, database: sqlite3.Connection) -> None:
        """Have SQLite hold the pages of the file against one another.

        It reads a page whose count of rows was altered without a word, and gives fewer.

        Raises:
            HashSetError: they do not fit.
        """
        self._between_rows = False
        if database.execute("PRAGMA quick_check(1)").fetchall() != [(b"ok",)]:
            raise damaged("SQLite finds it altered", "its pages")
        self._between_rows, self._checks = True, 0

    def moved(self, rows: int) -> None:
        """Note that rows came.

        Raises:
            HashSetError: there are more than tables of this file can hold: a view makes them up.
        """
        self.rows += rows
        self._checks = 0
        if self.rows > self._most:
            raise damaged("it gives more rows than it has bytes", f"row {self.rows}")


def names_table(head: bytes, table: str) -> bool:
    """Tell whether the first bytes are of an SQLite database that describes such a table there.

    The description of tables is text, UTF-8 or UTF-16, on the first page as far as there is room.
    """
    if not head.startswith(MAGIC):
        return False
    pattern = rb"create\s+table\s+(?:if\s+not\s+exists\s+)?[\"'`\[]?%b\b" % table.encode()
    return re.search(pattern, head.replace(b"\0", b""), re.IGNORECASE) is not None


Rows = Callable[[sqlite3.Connection, "Work"], Iterator[Record | Rejected]]


def rows(supplied: Supplied, read: Rows) -> Iterator[Record | Rejected]:
    """Yield what ``read`` makes of the database, which it is given opened and restricted.

    Raises:
        HashSetError: the file is compressed, cut short, no database, damaged, or makes SQLite work
            too long for a row.
    """
    if supplied.descriptor < 0:
        raise HashSetError(
            "a compressed SQLite database cannot be read in place", hint="unpack it first"
        )
    _check_whole(supplied)
    work = Work(supplied.size)
    try:
        with closing(_opened(supplied.descriptor)) as database:
            _restrict(database, work)
            database.execute("SELECT count(*) FROM sqlite_schema").fetchone()
            work.judge(database)
            yield from read(database, work)
    except sqlite3.Error as error:
        if work.spent:
            raise damaged("reading it took too much work", f"row {work.rows}") from error
        what = "the SQLite database is not readable"
        raise damaged(what, f"after row {work.rows}") from error
    except (UnicodeError, OverflowError) as error:
        raise damaged("a value is of the wrong type", f"after row {work.rows}") from error


def columns_of(database: sqlite3.Connection, table: str) -> frozenset[str]:
    """Return the names of the columns of a table or view, in lower case; none when it is not there.

    ``table`` is a fixed word of ours.
    """
    listed = database.execute(f'PRAGMA table_info("{table}")').fetchall()
    return frozenset(bytes(row[1]).decode("ascii", errors="replace").lower() for row in listed)


def batches(
    database: sqlite3.Connection, work: "Work", query: str
) -> Iterator[list[tuple[object, ...]]]:
    """Yield the rows of a query, some at a time; texts come as bytes."""
    cursor = database.execute(query)
    while batch := cursor.fetchmany(BATCH):
        work.moved(len(batch))
        yield batch


def _check_whole(supplied: Supplied) -> None:
    """Refuse a file that is shorter than its header says (sqlite.org/fileformat.html, 1.3)."""
    head = supplied.head
    page = int.from_bytes(head[_PAGE_SIZE_AT : _PAGE_SIZE_AT + 2], "big")
    page = 1 << 16 if page == 1 else page
    pages = int.from_bytes(head[_PAGES_AT : _PAGES_AT + 4], "big")
    valid = head[_CHANGE_AT : _CHANGE_AT + 4] == head[_VALID_FOR_AT : _VALID_FOR_AT + 4]
    if valid and page * pages > supplied.size:
        raise damaged("the file is cut short", f"byte {supplied.size} of {page * pages}")


def open_before_locks(descriptor: int) -> frozenset[int]:
    """Open a file that calls itself an SQLite database, for the `read` that comes later.

    What goes wrong now is told then: whoever calls this has no unit yet that could fail.

    Returns:
        The descriptors that SQLite made, which have to stay open.
    """
    try:
        if os.pread(descriptor, len(MAGIC), 0) != MAGIC:
            return frozenset()
    except OSError:  # a pipe, a bad medium
        return frozenset()
    try:
        _EARLY[descriptor], made = _open(descriptor)
    except (sqlite3.Error, HashSetError) as error:
        _EARLY[descriptor] = error
        return frozenset()
    return made


def _opened(descriptor: int) -> sqlite3.Connection:
    early = _EARLY.pop(descriptor, None)
    if isinstance(early, Exception):
        raise early
    return _open(descriptor)[0] if early is None else early


def _open(descriptor: int) -> tuple[sqlite3.Connection, frozenset[int]]:
    before = _descriptors_of(descriptor)
    uri = f"file:/proc/self/fd/{descriptor}?mode=ro&immutable=1"
    database = sqlite3.connect(uri, uri=True, isolation_level=None)
    made = _descriptors_of(descriptor) - before
    # SQLite follows the link in /proc to a path and opens that by name, which may be another
    # file by now: it must have opened the very one that was handed in.
    if not made:
        database.close()
        raise HashSetError("the SQLite database was replaced while it was opened")
    return database, made


def _restrict(database: sqlite3.Connection, work: Work) -> None:
    for limit, value in _LIMITS.items():
        database.setlimit(limit, value)
    for pragma in _SETTINGS:
        database.execute(f"PRAGMA {pragma}")
    database.set_authorizer(_authorize)
    database.set_progress_handler(work.check, _STEPS)
    database.text_factory = bytes


def _descriptors_of(descriptor: int) -> frozenset[int]:
    """Return the open descriptors of the file that ``descriptor`` is one of."""
    wanted = os.fstat(descriptor)
    found = set()
    for entry in Path("/proc/self/fd").iterdir():
        with suppress(OSError):  # the descriptor of this very listing is closed by now
            if os.path.samestat(os.fstat(int(entry.name)), wanted):
                found.add(int(entry.name))
    return frozenset(found)


def _authorize(
    action: int, first: str | None, second: str | None, database: str | None, source: str | None
) -> int:
    del database, source
    if action in _ALLOWED:
        return sqlite3.SQLITE_OK
    if action == sqlite3.SQLITE_FUNCTION and (second or "").lower() in _FUNCTIONS:
        return sqlite3.SQLITE_OK
    if action == sqlite3.SQLITE_PRAGMA and (first or "").lower() in _PRAGMAS:
        return sqlite3.SQLITE_OK
    return sqlite3.SQLITE_DENY
