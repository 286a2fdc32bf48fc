"""Check what an importer reports: it comes from a process that read hostile bytes.

The SHA-256 of a file names an edition that nobody named, and so a file of the catalogue; the rest
is kept in the import report and shown. A report of another form than importers write is refused.
"""

import re
from collections.abc import Callable
from typing import Final

from heroes_forensics.errors import HashSetError
from heroes_forensics.hashsets.known import KINDS, like_a_digest
from heroes_forensics.model import JSON

_TEXT: Final = 1 << 12
"""Characters of one text of a report, more than any importer writes."""
_MOST: Final = 1_000
"""Entries of one list or table of a report; importers name up to a hundred of most things."""
_WORD: Final = re.compile(r"[a-z0-9][a-z0-9_-]{0,63}")
_HEX64: Final = re.compile(r"[0-9a-f]{64}")
_LARGEST: Final = (1 << 63) - 1


def _text(value: object) -> bool:
    plain = isinstance(value, str) and len(value) <= _TEXT and value.isprintable()
    return plain and not like_a_digest(str(value))


def _word(value: object) -> bool:
    return _text(value) and _WORD.fullmatch(str(value)) is not None


def _digest(value: object) -> bool:
    return isinstance(value, str) and _HEX64.fullmatch(value) is not None


def _kind(value: object) -> bool:
    return isinstance(value, str) and (not value or value in KINDS)


def _count(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= _LARGEST


def _texts(value: object) -> bool:
    return isinstance(value, list) and len(value) <= _MOST and all(map(_text, value))


def _counts(value: object) -> bool:
    return (
        isinstance(value, dict)
        and len(value) <= _MOST
        and all(_text(name) and _count(number) for name, number in value.items())
    )


_FORMS: Final[dict[str, Callable[[object], bool]]] = {
    "sha256": _digest,
    "nature": _kind,
    **dict.fromkeys(("format", "numbering"), _word),
    **dict.fromkeys(("version", "scheme", "region"), _text),
    **dict.fromkeys(("records", "rejected", "empties", "constants", "repeats", "size"), _count),
    **dict.fromkeys(
        ("accepted", "values", "skipped", "rejected_by_reason", "other_hashes"), _counts
    ),
    **dict.fromkeys(("unknown_fields", "warnings"), _texts),
}
"""What every report has."""
_MORE: Final[dict[str, Callable[[object], bool]]] = {
    **dict.fromkeys(("table", "shape", "index_of", "same_as_stated_in"), _text),
    **dict.fromkeys(("disputed", "unreliable"), _count),
}
"""What some formats add to it."""


def checked(facts: JSON) -> JSON:
    """Return the facts of an ``imported`` frame.

    Raises:
        HashSetError: one is missing, unknown, or not of its form.
    """
    forms = _FORMS | _MORE
    if not set(_FORMS) <= set(facts) <= set(forms) or not all(
        forms[name](value) for name, value in facts.items()
    ):
        raise _refused()
    return dict(facts)


def checked_rejected(body: JSON) -> JSON:
    """Return what a ``rejected`` frame says of one bad record.

    Raises:
        HashSetError: it is not a number and a fixed word.
    """
    if set(body) != {"line", "reason"} or not _count(body["line"]) or not _word(body["reason"]):
        raise _refused()
    return dict(body)


def _refused() -> HashSetError:
    return HashSetError(
        "the importer sent a report of another form than importers write; nothing of it was kept",
        hint="ask the issuer for the file again, and report this if it stays so",
    )
