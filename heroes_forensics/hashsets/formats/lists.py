r"""Lists of digests: bare, GNU ``md5sum``/``sha*sum``, ``md5deep`` with sizes, VirusShare.

``<hex>`` alone, or followed by blanks, an optional ``*`` and a name; md5deep puts a right-aligned
size before it. ``#`` and ``;`` start comments. A leading backslash says that the name is escaped;
``-z`` ends records with NUL. Source: the manual pages of GNU coreutils and of md5deep; VirusShare
lists are bare lists under ``#`` lines.
"""

import re
from collections.abc import Iterator
from typing import Final

from heroes_forensics.display import shown
from heroes_forensics.errors import HashSetError, UsageError
from heroes_forensics.hashsets.formats import values
from heroes_forensics.hashsets.formats.base import (
    MAX_SIZE,
    WIDTHS,
    Options,
    Record,
    Rejected,
    Supplied,
    Tally,
    from_hex,
    of,
)
from heroes_forensics.hashsets.formats.text import encoding_of, head_lines, lines
from heroes_forensics.hashsets.known import VALUE_KINDS

_LINE: Final = re.compile(
    rb"\\?[ \t]*(?:([0-9]{1,19})[ \t]+)?"
    rb"([0-9A-Fa-f]{32}(?:[0-9A-Fa-f]{8}(?:[0-9A-Fa-f]{24}(?:[0-9A-Fa-f]{64})?)?)?)"
    rb"(?:[ \t]+(.*))?",
    re.DOTALL,
)
_BY_LENGTH: Final = {32: "md5", 40: "sha1", 64: "sha256", 128: "sha512"}
_COMMENT: Final = (b"#", b";")
_LOOKED_AT: Final = 200
"""Lines of comment before the first value that recognition tolerates."""


class Lists:
    """Reads lists of digests in their plain forms."""

    nature = ""

    def recognises(self, head: bytes) -> bool:
        """Say yes when the first line that is no comment starts with a digest."""
        first = _first(head)
        return first is not None and _LINE.fullmatch(first) is not None

    def read(
        self, supplied: Supplied, options: Options, tally: Tally
    ) -> Iterator[Record | Rejected]:
        """Yield one record a line."""
        separator = b"\0" if _zero_ended(supplied.head) else b"\n"
        kind, before = _said(options), 0
        for number, line in lines(supplied.stream, tally, separator=separator):
            text = line.strip(b" \t")
            if not text or text.startswith(_COMMENT):
                continue
            if kind:
                yield _value(number, kind, text)
                continue
            found = _LINE.fullmatch(text)
            if found is None:
                yield Rejected(number, "not-a-digest")
                continue
            size, digits, name = found.groups()
            algorithm = _algorithm(digits, number, options, tally, named=bool(name))
            if tally.unended and len(digits) < before:
                yield Rejected(number, "cut-short")  # the beginning of a longer digest
                continue
            before = len(digits)
            if algorithm == "sha512":
                yield _value(number, algorithm, digits)
                continue
            value = from_hex(digits, WIDTHS[algorithm])
            if value is None:
                yield Rejected(number, "wrong-length")
                continue
            length = -1 if size is None else int(size)
            if length > MAX_SIZE:
                yield Rejected(number, "bad-size")
                continue
            yield of(number, algorithm, value, size=length)


def _said(options: Options) -> str:
    """Return the kind of value that the operator says the list is of, ``""`` for a digest.

    Raises:
        UsageError: it is none.
    """
    kind = values.kind_of(options.algorithm)
    if not options.algorithm or options.algorithm in WIDTHS:
        return ""
    if not VALUE_KINDS.get(kind):
        kinds = (name for name, width in VALUE_KINDS.items() if width)
        raise UsageError(
            f"there is no algorithm called {shown(options.algorithm)}",
            hint="choose from: " + ", ".join((*WIDTHS, *kinds)),
        )
    return kind


def _value(number: int, kind: str, text: bytes) -> Record | Rejected:
    """Read a line that starts with a value of another kind, up to the first blank."""
    found = values.values_of(kind, b"".join(text.split(maxsplit=1)[:1]).decode("latin-1"))
    return Rejected(number, f"bad-{kind}") if found is None else Record(number, values=found)


def _algorithm(digits: bytes, number: int, options: Options, tally: Tally, *, named: bool) -> str:
    """Name the algorithm of a value: what was said, else what its length usually is."""
    if options.algorithm:
        return options.algorithm
    algorithm = _BY_LENGTH[len(digits)]
    if named:
        return algorithm
    if algorithm == "sha256":
        raise HashSetError(
            f"line {number} is a bare value of 64 digits, which may be SHA-256 or PDQ",
            hint="say sha256 or pdq: heroes hashset import FILE --algorithm sha256",
        )
    if algorithm in WIDTHS:
        tally.warn(f"bare values of {len(digits)} digits were taken as {algorithm}")
    return algorithm


def _zero_ended(head: bytes) -> bool:
    """Tell whether records end with NUL (``-z``): the first of them must be one whole value."""
    if encoding_of(head)[0] != "utf-8" or b"\0" not in head:
        return False
    first = head.split(b"\0", 1)[0]
    found = _LINE.fullmatch(first)
    return found is not None and found.group(3) is not None and b"\n" not in first


def _first(head: bytes) -> bytes | None:
    if _zero_ended(head):
        return head.split(b"\0", 1)[0]
    seen = 0
    for line in head_lines(head):
        text = line.strip(" \t\r")
        if text and not text.startswith(("#", ";")):
            return text.encode("utf-8", errors="replace")
        seen += bool(text)
        if seen > _LOOKED_AT:
            break
    return None


IMPORTER: Final = Lists()
