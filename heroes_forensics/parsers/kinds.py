"""What the kind of an entry says of its size."""

from typing import Final

from heroes_forensics.model import EntryKind

_MOST: Final = {EntryKind.SYMLINK: 4096, EntryKind.OTHER: 0}
"""Bytes that what is no file has at most: a link its target and a zero (``PATH_MAX``)."""


def hides_content(kind: EntryKind, size: int) -> bool:
    """Tell whether a link, pipe, socket or device states more bytes than its kind has.

    Nothing but a mode makes it one: whoever writes the medium can hide a file so.
    """
    return size > _MOST.get(kind, size)
