"""What the conformance test of importers needs to know of a format: one row of a table.

A row builds files of made-up records in its format. `hashset_formats_text` holds the rows of text
and JSON formats; other modules may hold more. The test itself is `test_hashsets_formats_all`.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Final

from hashset_samples import Sample

from heroes_forensics.hashsets.formats.base import Options, Record, Value
from heroes_forensics.hashsets.known import EMPTY_INPUT

DIGESTS: Final = ("md5", "sha1", "sha256")
NOTHING: Final = {
    "md5": "d41d8cd98f00b204e9800998ecf8427e",
    "sha1": "da39a3ee5e6b4b0d3255bfef95601890afd80709",
    "sha256": "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
}
"""Digests of the empty input."""


@dataclass(frozen=True, kw_only=True)
class Row:
    """One layout of one format.

    A record is bytes: a line, an object, or whatever ``build`` makes a file of.
    """

    format: str
    """Row of `IMPORTERS` that has to recognise the file."""
    build: Callable[[Sequence[bytes]], bytes]
    record: Callable[[Sample], bytes]
    carries: tuple[str, ...]
    """Fields of `Record` and kinds of `VALUE_KINDS` that each record carries; attributes of
    `Sample` (``-`` is ``_``)."""
    layout: str = ""
    """Tells apart rows of one format."""
    options: Options = field(default_factory=Options)
    text: bool = True
    """Whether the file is text, so that BOM, UTF-16 and line ends may vary."""
    byte_order_mark: bool = True
    """Whether a text may come with one."""
    twice: bool = False
    """Whether the file is read from its start again."""
    json: bool = False
    """Whether every cut is seen, and nesting is bounded."""
    step: int = 1
    """Bytes between two lengths at which it is cut off in the test."""
    repeats: bool = True
    """Whether a record that comes twice is yielded twice."""
    unbounded: bool = True
    """Whether a file may be of any length; a page may not."""
    bad: bytes | None = None
    """A record that is rejected, where the format has such; whatever stands around it is read."""
    nothing: bytes | None = None
    """A record that holds digests of the empty input alone."""
    extra: bytes | None = None
    """A file of the record of sample 0 with a field ``colour``, which means nothing."""
    long: Callable[[bytes], bytes] = lambda text: text
    """Makes a record of one long text."""

    @property
    def name(self) -> str:
        """Say which row it is."""
        return f"{self.format} {self.layout}".strip()

    def file(self, *samples: Sample) -> bytes:
        """Make a file of these records."""
        return self.build([self.record(sample) for sample in samples])

    def says(self, record: Record, sample: Sample) -> bool:
        """Tell whether a record says of the sample what the format carries, and nothing else."""
        for name in ("md5", "sha1", "sha256"):
            if getattr(record, name) != (getattr(sample, name) if name in self.carries else b""):
                return False
        if "size" in self.carries and record.size != sample.size:
            return False
        kinds = [name for name in self.carries if name not in (*DIGESTS, "size")]
        return [(value.kind, value.data) for value in record.values if value.kind != "id"] == [
            (kind, getattr(sample, kind.replace("-", "_"))) for kind in kinds
        ]


def digests_of(record: Record) -> list[bytes]:
    """List all that identifies content in a record, the empty input left out."""
    found = [record.md5, record.sha1, record.sha256]
    found += [value.data for value in record.values if identifies(value)]
    return [value for value in found if value and value not in EMPTY_INPUT]


def identifies(value: Value) -> bool:
    """Tell whether a value is of content, not a name or a free text."""
    return value.kind not in ("id", "tmk")


def lines(*head: str, end: str = "\n") -> Callable[[Sequence[bytes]], bytes]:
    """Build a file of lines under some head lines."""
    start = "".join(line + end for line in head).encode()
    return lambda records: start + b"".join(record + end.encode() for record in records)


def listed(head: str, foot: str) -> Callable[[Sequence[bytes]], bytes]:
    """Build a JSON text with the records in a list between ``head`` and ``foot``."""
    return lambda records: head.encode() + b",\n".join(records) + foot.encode()


def quoted(text: bytes) -> bytes:
    """Make a JSON string."""
    return b'"' + text + b'"'
