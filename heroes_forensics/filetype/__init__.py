"""Type by content: a table of types and a look at the first bytes. No decoder, no extension.

`sniff` answers the position of a row of `TYPES`, which is what item rows hold. It never raises,
whatever bytes it is given. Formats without a signature of their own (TGA, headerless MP3 and the
like) stay ``unknown``: a wrong answer is worse than none.
"""

import re
from functools import cache
from typing import Final

from heroes_forensics.filetype import signatures, structure
from heroes_forensics.filetype.table import EMPTY, TYPES, UNKNOWN, FileClass, FileType

__all__ = [
    "EMPTY",
    "TYPES",
    "UNKNOWN",
    "FileClass",
    "FileType",
    "extension_mismatch",
    "names_media",
    "names_part",
    "sniff",
]

_MAX_EXTENSION: Final = 16
"""Bytes of the longest extension looked up."""

_AMBIGUOUS: Final = frozenset({b"ts", b"mts", b"mod", b"cmp", b"rgb", b"bw", b"dif", b"key", b"z"})
"""Extensions that picture or film formats share with others: they prove nothing."""


@cache
def _positions() -> dict[str, int]:
    return {row.name: position for position, row in enumerate(TYPES)}


@cache
def _by_first_byte() -> tuple[tuple[tuple[bytes, signatures.Answer], ...], ...]:
    """Return, for each first byte, the signatures that begin with it, longest first."""
    rows = sorted(signatures.START, key=lambda row: -len(row[0]))
    return tuple(tuple(row for row in rows if row[0][0] == byte) for byte in range(256))


def sniff(head: bytes) -> int:
    """Return the position in `TYPES` of the type that a stream with this head has.

    Args:
        head: the first bytes of the stream, all of it where it is short. 4 KiB decide nearly
            everything; ISO 9660 needs 32,774.

    Returns:
        A position; `UNKNOWN` when nothing fits, `EMPTY` when there are no bytes.
    """
    if not head:
        return EMPTY
    positions = _positions()
    for magic, answer in _by_first_byte()[head[0]]:
        if head.startswith(magic):
            name = answer if isinstance(answer, str) else answer(head)
            if name:
                return positions[name]
    found = signatures.AT_4.get(head[4:8])
    if found is not None:
        name = found if isinstance(found, str) else found(head)
        if name:
            return positions[name]
    for offset, magic, answer in signatures.INSIDE:
        if head.startswith(magic, offset):
            name = answer if isinstance(answer, str) else answer(head)
            if name:
                return positions[name]
    name = structure.last_resort(head)
    return positions[name] if name else UNKNOWN


@cache
def _extensions(*, media: bool) -> frozenset[bytes]:
    """Return the extensions that only media types have, or only the other known types."""
    ours: set[bytes] = set()
    theirs: set[bytes] = set()
    for row in TYPES:
        is_ours = (row.file_class in _MEDIA_CLASSES) == media
        (ours if is_ours else theirs).update(row.extensions.encode().split())
    return frozenset(ours - theirs - _AMBIGUOUS)


@cache
def _of_pictures_and_films() -> frozenset[bytes]:
    """Return the extensions of pictures and films that no other known type has."""
    ours: set[bytes] = set()
    theirs: set[bytes] = set()
    for row in TYPES:
        (ours if row.is_media else theirs).update(row.extensions.encode().split())
    return frozenset(ours - theirs - _AMBIGUOUS)


def names_media(name: bytes) -> bool:
    """Tell whether a name or path ends as those of pictures and films do; it proves nothing."""
    at = name.rfind(b".")
    if at < 0:
        return False
    ending = name[at + 1 : at + _MAX_EXTENSION]
    found = _endings.get(ending)
    if found is None:
        if len(_endings) >= _MOST_ENDINGS:
            _endings.clear()  # names can be made up without end
        found = _endings[ending] = ending.lower() in _of_pictures_and_films()
    return found


_MOST_ENDINGS: Final = 1024
_endings: dict[bytes, bool] = {}
"""What was said of endings as they are written."""
_LAST_OF_PART: Final = frozenset(b"0123456789\n")
_PART: Final = re.compile(
    rb"\.(?:z(?:0[2-9]|[1-9][0-9])|(?:7z|zip|rar|tar|tgz|gz|bz2|xz|zst|cab|arj|iso|exe)\.[0-9]{3})$",
    re.IGNORECASE,
)


def names_part(name: bytes) -> bool:
    """Tell whether a name or path ends as parts of archives do that no content tells.

    They are cut anywhere: ``x.z02`` of zip, ``x.7z.002`` of 7-Zip. Parts of RAR, ARJ and cabinets
    say themselves what they are.
    """
    return name != b"" and name[-1] in _LAST_OF_PART and _PART.search(name) is not None


_MEDIA_CLASSES: Final = frozenset({FileClass.IMAGE, FileClass.VIDEO, FileClass.AUDIO})
_NOT_TELLING: Final = frozenset({UNKNOWN, EMPTY})


def extension_mismatch(name: bytes, position: int) -> bool:
    """Tell whether a name hides what the content is: media as something else, or the reverse.

    Only the strong case counts: the content has a known type, the extension is a known one, and
    one is media while the other is not. A picture with another picture's extension, no
    extension, an unknown one, or content of unknown type is no mismatch.

    Args:
        name: raw bytes of a name or path; a part after the last ``:`` names a stream.
        position: what `sniff` answered for the content.
    """
    base = name[name.rfind(b"/") + 1 :]
    base = base[base.rfind(b":") + 1 :]
    stem, dot, extension = base.rpartition(b".")
    if not dot or not stem or len(extension) > _MAX_EXTENSION or position in _NOT_TELLING:
        return False
    row = TYPES[position]
    if row.is_media:
        return extension.lower() in _extensions(media=False)
    if row.file_class in _MEDIA_CLASSES:
        return False
    return extension.lower() in _extensions(media=True)
