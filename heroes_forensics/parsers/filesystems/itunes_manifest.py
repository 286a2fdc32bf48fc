"""``Manifest.db`` of an iTunes or Finder backup: which file of the device each stored file is.

One table, ``Files``: ``fileID`` (SHA-1 of domain and path, in hexadecimal: the name under which the
backup stores the file), ``domain``, ``relativePath``, ``flags`` (1 file, 2 directory, 4 link) and
``file``, an ``MBFile`` archived by NSKeyedArchiver. The database is hostile: it is read from
memory, by two statements that nothing in its schema can widen, with a bound on their work.
"""

import plistlib
import sqlite3
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

from heroes_forensics.errors import EvidenceError
from heroes_forensics.model import Moment, Times

MAX_BYTES: Final = 384 << 20
"""Of a manifest: it lies in memory, twice while it is opened. 500,000 files take about 300 MiB."""
_MAX_RECORD: Final = 1 << 16
"""Bytes of one ``MBFile``; they have some 700."""
_STEPS: Final = 1_000_000
"""Instructions of SQLite's machine between two looks at the bound."""
_PER_BYTE: Final = 64
"""Instructions allowed for each byte of the database; a full pass takes less than one."""

_MAGIC: Final = b"SQLite format 3\0"
_ALLOWED: Final = frozenset(
    {sqlite3.SQLITE_SELECT, sqlite3.SQLITE_READ, sqlite3.SQLITE_TRANSACTION}
)
_DAMAGED: Final = (
    plistlib.InvalidFileException,
    struct.error,
    ValueError,
    TypeError,
    KeyError,
    IndexError,
    AttributeError,
    OverflowError,
    RecursionError,
    MemoryError,
)

FILE: Final = 1
DIRECTORY: Final = 2
LINK: Final = 4


@dataclass(frozen=True, slots=True)
class Record:
    """What the manifest says of one name."""

    row: int
    path: bytes
    """Domain and relative path, joined with ``/``."""
    domain: bytes
    flags: int
    size: int = -1
    """Bytes; -1 where it is not stated or the record is damaged."""
    owner: int = -1
    times: Times = (None, None, None, None)
    key: bytes = b""
    """Of an encrypted backup: protection class (4 bytes, little endian) and the wrapped key."""


class Manifest:
    """The names of one backup, by the file that stores each."""

    def __init__(self, data: bytes) -> None:
        """Open the database.

        Args:
            data: the whole file.

        Raises:
            EvidenceError: it is no such database, or is damaged.
        """
        if not data.startswith(_MAGIC):
            raise EvidenceError("the manifest of the backup is no SQLite database")
        self._left = len(data) * _PER_BYTE // _STEPS + 100
        self._connection = sqlite3.connect(":memory:")
        try:
            # A database in WAL mode is refused in memory; its frames lie in a file of their own.
            self._connection.deserialize(data[:18] + b"\1\1" + data[20:])
            self._connection.text_factory = bytes
            self._connection.execute("PRAGMA trusted_schema = OFF")
            self._connection.execute("PRAGMA cell_size_check = ON")
            self._connection.set_authorizer(_authorized)
            self._connection.set_progress_handler(self._bound, _STEPS)
            ((form,),) = self._connection.execute(
                "SELECT sql FROM sqlite_master WHERE type = 'table' AND name = 'Files'"
            )
            if not form.upper().startswith(b"CREATE TABLE"):
                raise EvidenceError("the manifest of the backup has no table of files")
            self._rows = self._learned()
        except (sqlite3.Error, ValueError, AttributeError, OverflowError, MemoryError) as error:
            raise EvidenceError("the manifest of the backup is damaged") from error

    def _bound(self) -> int:
        self._left -= 1
        return int(self._left < 0)

    def _learned(self) -> dict[bytes, int]:
        """Return the row of each stored file by its digest."""
        found: dict[bytes, int] = {}
        for row, name in self._connection.execute("SELECT rowid, fileID FROM Files"):
            if (digest := digest_of(name)) is not None:
                found.setdefault(digest, row)
        return found

    def of(self, digest: bytes) -> Record | None:
        """Return what the manifest says of the stored file ``digest``, or None.

        Raises:
            OSError: the row cannot be read.
        """
        row = self._rows.get(digest)
        if row is None:
            return None
        try:
            found = self._connection.execute(
                "SELECT rowid, domain, relativePath, flags, file FROM Files WHERE rowid = ?", (row,)
            ).fetchone()
        except sqlite3.Error as error:
            raise OSError("the manifest of the backup is damaged") from error
        return None if found is None else _record(found)

    def others(self, known: set[int]) -> Iterator[Record]:
        """Yield the rows that are not ``known``, in their order.

        Raises:
            OSError: the database is damaged; what came before is sound.
        """
        try:
            for row in self._connection.execute(
                "SELECT rowid, domain, relativePath, flags, file FROM Files ORDER BY rowid"
            ):
                if row[0] not in known:
                    yield _record(row)
        except sqlite3.Error as error:
            raise OSError("the manifest of the backup is damaged") from error

    def close(self) -> None:
        """Release the database."""
        self._connection.close()


def digest_of(name: object) -> bytes | None:
    """Return the 20 bytes that a ``fileID`` stands for, None when it is none."""
    if not isinstance(name, bytes) or len(name) != 40 or name != name.lower():  # noqa: PLR2004
        return None
    try:
        return bytes.fromhex(name.decode("ascii"))
    except ValueError:
        return None


def _authorized(action: int, *_: object) -> int:
    return sqlite3.SQLITE_OK if action in _ALLOWED else sqlite3.SQLITE_DENY


def _record(row: tuple[Any, ...]) -> Record:
    number, domain, relative, flags, archived = row
    domain = domain if isinstance(domain, bytes) else b""
    relative = relative if isinstance(relative, bytes) else b""
    flags = flags if isinstance(flags, int) else FILE
    path = b"/".join(part for part in (domain, relative.lstrip(b"/")) if part)
    facts = _archived(archived)
    return Record(
        row=number,
        path=path,
        domain=domain,
        flags=flags,
        size=_number(facts.get("Size")),
        owner=_number(facts.get("UserID"), most=1 << 31),
        times=(
            _moment(facts.get("LastModified")),
            None,
            _moment(facts.get("LastStatusChange")),
            _moment(facts.get("Birth")),
        ),
        key=facts.get("key", b""),
    )


def _archived(data: object) -> dict[str, Any]:
    """Return the fields of an ``MBFile``; empty when it is damaged."""
    if not isinstance(data, bytes) or len(data) > _MAX_RECORD:
        return {}
    try:
        whole: Any = plistlib.loads(data, fmt=plistlib.FMT_BINARY)
        objects = whole["$objects"]
        root = objects[whole["$top"]["root"].data]
        if not isinstance(root, dict):
            return {}
        facts: dict[str, Any] = dict(root)
        wrapped = facts.get("EncryptionKey")
        if isinstance(wrapped, plistlib.UID):
            key = objects[wrapped.data]["NS.data"]
            facts["key"] = key if isinstance(key, bytes) else b""
    except _DAMAGED:
        return {}
    return facts


def _number(value: object, most: int = 1 << 62) -> int:
    is_number = isinstance(value, int) and not isinstance(value, bool)
    return value if is_number and 0 <= value < most else -1  # type: ignore[operator, return-value]


def _moment(value: object) -> Moment | None:
    seconds = _number(value, most=1 << 40)
    return Moment(seconds, 0) if seconds > 0 else None
