"""What people state, and whether it can stand in a record: texts, lists, facts of an exhibit."""

from collections.abc import Mapping
from typing import Final

from heroes_forensics.errors import UsageError

MAX_TEXT: Final = 2000
"""Bytes of one free field of a case or an exhibit."""
DESCRIPTION: Final = ("description", "make", "model", "serial", "seal", "officer", "lims")
"""What may be said of an exhibit, in fields of their own."""


def check_text(fields: Mapping[str, object]) -> None:
    """Refuse what the operator typed where it cannot stand in a record.

    Raises:
        UsageError: a text is not UTF-8, or longer than a record takes.
    """
    for name, value in fields.items():
        text = str(value)
        try:
            length = len(text.encode())
        except UnicodeEncodeError as error:
            raise UsageError(
                f"the {name} holds bytes that are not text", hint="write it in UTF-8"
            ) from error
        if length > MAX_TEXT:
            raise UsageError(f"the {name} is longer than {MAX_TEXT} bytes", hint="shorten it")


def a_list(value: object, where: str) -> list[object]:
    """Return a value that is a list.

    Raises:
        UsageError: it is none.
    """
    if not isinstance(value, list):
        raise UsageError(f"{where} is no list")
    return value


def text(value: object, where: str) -> str:
    """Return a value that is text and can stand in a record.

    Raises:
        UsageError: it is something else, empty, too long, or holds control characters.
    """
    if not isinstance(value, str) or not value.strip():
        raise UsageError(f"{where} is no text")
    if len(value.encode()) > MAX_TEXT or not value.isprintable():
        raise UsageError(f"{where} is longer than {MAX_TEXT} bytes, or holds control characters")
    return value
