"""What an importer is: it recognises a format by its first bytes and yields plain records.

An importer runs inside a worker on hostile input. It is a generator with bounded memory, names
no digest and no content in what it says, and lets out only `HashSetError` (structural damage
refuses the whole set) or `OSError` (the medium failed). A bad record is a `Rejected`.
"""

from binascii import Error, unhexlify
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import BinaryIO, Final, NamedTuple, Protocol

from heroes_forensics.errors import HashSetError
from heroes_forensics.hashsets.known import ALGORITHMS, like_a_digest
from heroes_forensics.model import JSON

HEAD: Final = 1 << 16
"""Bytes of a file that recognition may look at."""

LINE_LIMIT: Final = 1 << 20
TEXT_LIMIT: Final = 1 << 16
"""Characters of one text value."""
CATEGORY_LIMIT: Final = 256
SERIES_LIMIT: Final = 1024
"""Bytes kept; what is longer counts as absent and is counted."""
NAMES_LIMIT: Final = 100
"""Unknown field names that a report lists."""
NAME_LENGTH: Final = 64
MAX_SIZE: Final = (1 << 63) - 1
_MAX_DIGITS: Final = len(str(MAX_SIZE))

WIDTHS: Final = {algorithm.name: algorithm.width for algorithm in ALGORITHMS}


class Value(NamedTuple):
    """Something else that a record says of its file: kept, compared only where its kind is."""

    kind: str
    """A key of `VALUE_KINDS`, or the supplier's own word for it."""
    data: bytes
    """Raw bytes of a kind of the table, else the text as it came, in UTF-8."""
    quality: int = -1
    """Of a perceptual value, 0 to 100; -1 when not said."""


class Record(NamedTuple):
    """One record as supplied; ``b""`` is a digest that it does not carry."""

    number: int
    """Line or ordinal in the supplied file, from 1."""
    md5: bytes = b""
    sha1: bytes = b""
    sha256: bytes = b""
    size: int = -1
    entry: int = -1
    flags: int = 0
    category: str = ""
    series: str = ""
    values: tuple[Value, ...] = ()


def of(number: int, algorithm: str, value: bytes, *, size: int = -1) -> Record:
    """Make a record of one digest; ``algorithm`` is a key of `WIDTHS`."""
    if algorithm == "md5":
        return Record(number, md5=value, size=size)
    if algorithm == "sha1":
        return Record(number, sha1=value, size=size)
    return Record(number, sha256=value, size=size)


class Rejected(NamedTuple):
    """A record that cannot be used; never repaired."""

    number: int
    reason: str
    """A fixed word, never a piece of the record."""


@dataclass(frozen=True, slots=True)
class Options:
    """What the operator said about a set, as far as importers need to know."""

    algorithm: str = ""
    """Which algorithm bare values are, where their length does not tell."""
    columns: tuple[str, ...] = ()
    """Columns of a table without a header."""
    mapping: dict[str, str] = field(default_factory=dict)
    """Source column to field, for a table."""


@dataclass(slots=True)
class Tally:
    """What an importer counts beside its records; it becomes the import report."""

    version: str = ""
    scheme: str = ""
    region: str = ""
    numbering: str = "line"
    """What `Record.number` counts: ``line`` or ``record``."""
    repeats: int = 0
    """Records equal to the one before, which an importer did not yield again."""
    skipped: Counter[str] = field(default_factory=Counter)
    """Records without fault that are not used, by reason."""
    other_hashes: Counter[str] = field(default_factory=Counter)
    """Kinds of hash that this version does not match, by name."""
    unknown_fields: set[str] = field(default_factory=set)
    unended: bool = False
    """Whether the line that was read last is the last of several and has no end: it may be cut."""
    warnings: list[str] = field(default_factory=list)
    facts: JSON = field(default_factory=dict)

    def unknown(self, name: str) -> None:
        """Note the name of a field that means nothing here."""
        if name not in self.unknown_fields and len(self.unknown_fields) < NAMES_LIMIT:
            self.unknown_fields.add(name if showable(name) else "other")

    def other(self, name: str) -> None:
        """Count a hash of a kind that is not matched here."""
        known = name in self.other_hashes or len(self.other_hashes) < NAMES_LIMIT
        self.other_hashes[name if known and showable(name) else "other"] += 1

    def warn(self, text: str) -> None:
        """Say something once."""
        if text not in self.warnings and len(self.warnings) < NAMES_LIMIT:
            self.warnings.append(text)


def showable(name: str) -> bool:
    """Tell whether a name of the file may stand in a report: a plain word, and no digest."""
    plain = len(name) <= NAME_LENGTH and name.isascii() and name.isprintable()
    return plain and not like_a_digest(name)


class Supplied(NamedTuple):
    """The file as received, opened for an importer."""

    stream: BinaryIO
    """At its start; decompressed when it came compressed."""
    head: bytes
    """Its first `HEAD` bytes."""
    descriptor: int
    """The file itself, -1 when the stream is decompressed from it."""
    size: int
    """Bytes of the file as received."""
    check: Callable[[Tally], None] | None = None
    """To be called when all is read: what a file beside it states of its digest."""


class Importer(Protocol):
    """Reads one supplier format."""

    @property
    def nature(self) -> str:
        """The kind that such a set always has, or nothing when its operator must say."""
        ...

    def recognises(self, head: bytes) -> bool:
        """Say whether the first bytes of a file are of this format. Never raises."""
        ...

    def read(
        self, supplied: Supplied, options: Options, tally: Tally
    ) -> Iterator[Record | Rejected]:
        """Yield every record once, in the order of the file.

        Raises:
            HashSetError: the file is damaged in structure, or beyond a limit.
            OSError: it could not be read.
        """
        ...


def from_hex(text: str | bytes, width: int) -> bytes | None:
    """Return ``width`` bytes from hex digits of either case, or None when it is not that.

    Blanks inside, separators and ``0x`` are refused: they are signs of another format.
    """
    if len(text) != 2 * width:
        return None
    try:
        return unhexlify(text)
    except (Error, ValueError):
        return None


def from_decimal(text: str | bytes) -> int | None:
    """Return a whole number from 0 to 2^63 - 1 written in ASCII digits, or None."""
    if not text or len(text) > _MAX_DIGITS or not text.isdigit() or not text.isascii():
        return None
    value = int(text)
    return value if value <= MAX_SIZE else None


def damaged(what: str, where: str) -> HashSetError:
    """Make the error for structural damage: it refuses the whole set."""
    return HashSetError(
        f"the hash set is damaged: {where}: {what}",
        hint="nothing of it was imported; ask the issuer for the file again",
    )
