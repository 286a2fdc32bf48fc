"""Opening and creating the case database, and the one transaction at a time it allows."""

import hashlib
import json
import os
import sqlite3
import stat
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from itertools import chain
from pathlib import Path
from typing import Any, Final

from heroes_forensics import durable
from heroes_forensics.errors import CaseBusyError, CustodyError, StoppedError, UsageError
from heroes_forensics.model import JSON
from heroes_forensics.store.layout import APPLICATION_ID, LATE_INDEXES, SCHEMA_VERSION, tables

_PRAGMAS: Final = (
    "PRAGMA journal_mode=WAL",
    "PRAGMA synchronous=FULL",
    "PRAGMA foreign_keys=ON",
    "PRAGMA trusted_schema=OFF",
    "PRAGMA cell_size_check=ON",
    "PRAGMA temp_store=MEMORY",
    "PRAGMA busy_timeout=5000",
)


_AT_ONCE: Final = 16
"""Rows that one execution of a statement inserts where there are many: it costs what a row does."""

# For each value that is no number and no text sqlite3 looks for an adapter, then for two attributes
# in vain, which takes longer than storing the value. These adapters return what they are given.
sqlite3.register_adapter(bytes, bytes)
sqlite3.register_adapter(type(None), dict[None, None]().get)


def _connect(path: Path, *, read_only: bool, still: bool) -> sqlite3.Connection:
    mode = "rw"
    if read_only:
        quiet = _unwritable(path) or (still and not _has_log(path))
        mode = "ro&immutable=1" if quiet else "ro"
    connection = sqlite3.connect(
        f"file:{_quoted(path)}?mode={mode}", uri=True, isolation_level=None
    )
    try:
        for pragma in _PRAGMAS:
            if not (read_only and "journal_mode" in pragma):
                connection.execute(pragma)
    except sqlite3.Error:
        connection.close()
        raise
    return connection


def _unwritable(path: Path) -> bool:
    """Say whether SQLite must not look for its log beside the database: a medium without writing.

    Raises:
        UsageError: there is a log that holds rows, and no way to read it there.
    """
    if os.access(path.parent, os.W_OK):
        return False
    if _has_log(path):
        raise UsageError(
            f"{path.parent} cannot be written, and its last run did not end",
            hint="copy the case to a disk that can be written, and look at the copy",
        )
    return True


def _has_log(path: Path) -> bool:
    log = path.with_name(f"{path.name}-wal")
    return log.exists() and log.stat().st_size > 0


def _quoted(path: Path) -> str:
    return str(path.absolute()).replace("%", "%25").replace("?", "%3f").replace("#", "%23")


def _bound(sql: str, row: tuple[Any, ...]) -> tuple[Any, ...] | dict[str, Any]:
    """Return values in the form a statement takes them: Python 3.14 gives ``?1`` none by place."""
    return {str(number): value for number, value in enumerate(row, 1)} if "?1" in sql else row


class Database:
    """One case database. Everything written goes through `transaction`."""

    def __init__(self, path: Path, connection: sqlite3.Connection) -> None:
        self.path = path
        self._connection = connection
        self._inside = False

    @classmethod
    def create(cls, path: Path, facts: JSON) -> "Database":
        """Make a new, empty database with mode 0600.

        Raises:
            UsageError: the folder cannot be written, or the file exists.
        """
        try:
            os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600))
        except FileExistsError as error:
            raise UsageError(f"{path} exists already") from error
        except OSError as error:
            raise UsageError(
                f"the case directory {path.parent} cannot be written: {error.strerror}",
                hint="choose a directory on a local disk that you may write to",
            ) from error
        database = cls(path, _connect(path, read_only=False, still=False))
        with database.transaction():
            for statement in tables():
                database.execute(statement)
            database.execute(f"PRAGMA application_id={APPLICATION_ID}")
            database.execute(f"PRAGMA user_version={SCHEMA_VERSION}")
            database.many(
                "INSERT INTO case_fact (name, value) VALUES (?, ?)",
                [(name, json.dumps(value)) for name, value in facts.items()],
            )
        return database

    @classmethod
    def open(cls, path: Path, *, read_only: bool = False, still: bool = False) -> "Database":
        """Open an existing database and check that it is one of ours, whole and unaltered.

        Args:
            path: of the file.
            read_only: whether nothing in it may change.
            still: nobody writes it meanwhile. Then nothing is written beside it either, unless
                the last process that wrote it died and its log has to be read.

        Raises:
            UsageError: there is none, or a newer program made it.
            CustodyError: SQLite finds damage, or the schema is not the one we make.
        """
        if not path.is_file():
            raise UsageError(
                f"{path.parent} is not a case: it has no {path.name}",
                hint="give the directory that `heroes scan --case` made",
            )
        if stat.S_IMODE(path.stat().st_mode) & 0o077 and not read_only:
            path.chmod(0o600)
        try:
            database = cls(path, _connect(path, read_only=read_only, still=still))
        except sqlite3.DatabaseError as error:
            raise CustodyError(f"{path} cannot be read as a case database") from error
        try:
            database._check()
        except BaseException:
            database.close()
            raise
        return database

    def _check(self) -> None:
        path = self.path
        try:
            version = self.value("PRAGMA user_version")
            application = self.value("PRAGMA application_id")
            if application != APPLICATION_ID:
                raise CustodyError(f"{path} is not a heroes case database")
            if version != SCHEMA_VERSION:
                raise UsageError(
                    f"{path} has schema {version}, this program reads {SCHEMA_VERSION}",
                    hint="use the version of heroes that made the case, or a newer one",
                )
            if self.value("PRAGMA quick_check") != "ok":
                raise CustodyError(f"{path} is damaged: SQLite's own check fails")
            if self.schema_digest() != _expected_schema():
                raise CustodyError(f"{path} does not have the tables heroes makes")
        except sqlite3.DatabaseError as error:
            raise CustodyError(f"{path} cannot be read as a case database") from error

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """Commit everything inside, or nothing.

        Raises:
            StoppedError: the disk is full or failing; nothing of the transaction was kept.
            CaseBusyError: another program holds the database.
        """
        if self._inside:
            raise AssertionError("transactions do not nest")
        self._inside = True
        try:
            self._connection.execute("BEGIN IMMEDIATE")
            try:
                durable.point("after begin")
                yield
                durable.point("before commit")
            except BaseException:
                self._rollback()
                raise
            self._connection.execute("COMMIT")
            durable.point("after commit")
        except sqlite3.OperationalError as error:
            self._rollback()
            text = str(error)
            if "locked" in text or "busy" in text:
                raise CaseBusyError(f"{self.path} is in use by another program") from error
            raise StoppedError(
                f"the case database cannot be written: {text}",
                hint="make room on its disk, then start the same command again",
            ) from error
        finally:
            self._inside = False

    def _rollback(self) -> None:
        if self._connection.in_transaction:
            self._connection.execute("ROLLBACK")

    def execute(self, sql: str, row: tuple[Any, ...] = ()) -> None:
        """Run one statement for its effect."""
        self._connection.execute(sql, _bound(sql, row))

    def many(self, sql: str, rows: Iterable[tuple[Any, ...]]) -> None:
        """Run one statement for many rows."""
        self._connection.executemany(sql, rows)

    def append(self, sql: str, rows: Sequence[tuple[Any, ...]]) -> None:
        """Insert many rows, `_AT_ONCE` with each execution of a statement.

        Args:
            sql: ends in ``VALUES`` and one pair of parentheses with a question mark a value.
            rows: of so many values each.
        """
        head, _, marks = sql.rpartition(" VALUES ")
        end = len(rows) // _AT_ONCE * _AT_ONCE
        self._connection.executemany(
            f"{head} VALUES {','.join([marks] * _AT_ONCE)}",
            [
                tuple(chain.from_iterable(rows[start : start + _AT_ONCE]))
                for start in range(0, end, _AT_ONCE)
            ],
        )
        self._connection.executemany(sql, rows[end:])

    def insert(self, sql: str, row: tuple[Any, ...]) -> int:
        """Insert one row and return its id."""
        return int(self._connection.execute(sql, _bound(sql, row)).lastrowid or 0)

    def value(self, sql: str, row: tuple[Any, ...] = ()) -> Any:  # noqa: ANN401 - SQL decides
        """Return the first column of the first row, or None."""
        cursor = self._connection.execute(sql, _bound(sql, row))
        found = cursor.fetchone()
        cursor.close()
        return None if found is None else found[0]

    def rows(self, sql: str, row: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
        """Stream rows as plain tuples; safe while the same connection writes elsewhere."""
        cursor = self._connection.cursor()
        cursor.arraysize = 2000
        # Not "yield from": that would close the cursor when a reader stops early, which raises
        # where the case was closed before.
        for found in cursor.execute(sql, _bound(sql, row)):  # noqa: UP028
            yield found

    def parts(
        self, sql: str, row: tuple[Any, ...] = (), *, size: int
    ) -> Iterator[list[tuple[Any, ...]]]:
        """Stream rows like `rows`, ``size`` of them at a time."""
        cursor = self._connection.execute(sql, _bound(sql, row))
        while part := cursor.fetchmany(size):
            yield part

    def facts(self) -> dict[str, Any]:
        """Return the facts given at creation and set since."""
        return {name: json.loads(value) for name, value in self.rows("SELECT * FROM case_fact")}

    def set_fact(self, name: str, value: object) -> None:
        """Set one fact of the case."""
        self.execute(
            "INSERT OR REPLACE INTO case_fact (name, value) VALUES (?, ?)",
            (name, json.dumps(value)),
        )

    def make_indexes(self) -> None:
        """Make the indexes that reports and look-ups want."""
        for statement in LATE_INDEXES:
            self.execute(statement)

    def schema_digest(self) -> bytes:
        """Digest of every table, trigger and view there is; late indexes are left out."""
        late = {statement.split()[5] for statement in LATE_INDEXES}
        texts = sorted(
            " ".join(str(sql).split())
            for name, sql in self.rows("SELECT name, sql FROM sqlite_schema WHERE sql NOT NULL")
            if name not in late
        )
        return hashlib.sha256("\n".join(texts).encode()).digest()

    def close(self) -> None:
        """Close the connection; the write-ahead log is folded in by SQLite."""
        self._connection.close()


def _expected_schema() -> bytes:
    texts = sorted(" ".join(statement.split()) for statement in tables())
    return hashlib.sha256("\n".join(texts).encode()).digest()
