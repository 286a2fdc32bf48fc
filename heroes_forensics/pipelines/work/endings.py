"""What the end of a stream adds to its type by its first bytes: archives that hide behind others.

A program with an archive in it is ``sfx``, one that unpacks itself in a way that nobody reads
here ``installer``; whatever else ends as a zip archive does is ``zip``, but for pictures and films,
which stay what they are. Nothing is read for it: the bytes are those that are digested (ADR 0055).
"""

from typing import Final

import numpy as np

from heroes_forensics.filetype import EMPTY, TYPES, FileClass
from heroes_forensics.parsers.containers.cachemetadata import LONGEST, metadata_in
from heroes_forensics.parsers.containers.ending import PROGRAMS, Ending, has_end_record
from heroes_forensics.pipelines.work.within import HOSTS

_POSITIONS: Final = {row.name: position for position, row in enumerate(TYPES)}
_ZIP, _SFX, _INSTALLER = (_POSITIONS[name] for name in ("zip", "sfx", "installer"))
_FIREFOX: Final = _POSITIONS["firefox-cache"]
_OWN_END: Final = frozenset(
    {
        *(
            "firefox-cache",
            "sqlite",
            "sqlite-wal",
            "sqlite-journal",
            "thumbcache",
            "thumbs-db",
            "chrome-cache",
        ),
        *("ole", "doc", "xls", "ppt", "vsd", "pub", "msi", "pdf", "rtf", "onenote"),
        *("itunes-manifest", "wmf", "emf"),
        *("docx", "xlsx", "pptx", "ooxml", "odt", "ods", "odp", "odf", "epub", "xps", "iwork"),
    }
)
"""Types that are opened, or that are zip archives themselves."""
_NONE, _TAIL, _PROGRAM, _HOST = range(4)


def _look(position: int) -> int:
    row = TYPES[position]
    if row.name in PROGRAMS:
        return _PROGRAM
    if row.name in HOSTS:
        return _HOST
    closed = row.file_class in {FileClass.ARCHIVE, FileClass.EMAIL} or row.name in _OWN_END
    return _NONE if position == EMPTY or closed or row.is_media else _TAIL


_LOOKS: Final = tuple(_look(position) for position in range(len(TYPES)))
IS_LOOKED_AT: Final = np.array([look != _NONE for look in _LOOKS])
"""By position in `TYPES`: whether the end says more."""


def begun(position: int, *, is_opened: bool) -> Ending | None:
    """Return what watches a stream whose first bytes have a type; None where nothing need.

    Args:
        position: that of the type in `TYPES`.
        is_opened: containers are, so that those count that hold one content and what is known of
            it: otherwise such a content is looked at as it is.
    """
    return Ending(TYPES[position].name) if _LOOKS[position] or is_opened else None


def ended(position: int, ending: Ending, *, is_opened: bool) -> tuple[int, bool]:
    """Return the type of a stream that went by, and whether a picture or film holds more."""
    ending.finish()
    if is_opened and metadata_in(ending.tail, ending.size) is not None:
        return _FIREFOX, False
    if _LOOKS[position] == _NONE:
        return position, False
    if _LOOKS[position] == _HOST:
        return position, bool(ending.begins) or ending.is_zip
    if _LOOKS[position] == _TAIL:
        return _ZIP if ending.is_zip else position, False
    if ending.begins or ending.is_zip:
        return _SFX, False
    return _INSTALLER if ending.is_installer else position, False


def of_bytes(position: int, data: bytes, *, is_opened: bool) -> tuple[int, bool]:
    """Return the same of a stream that lies in memory."""
    look = _LOOKS[position]
    if is_opened and 0 <= len(data) - int.from_bytes(data[-4:], "big") <= LONGEST:
        found = metadata_in(data[-LONGEST:], len(data)) if data else None
        if found is not None:
            return _FIREFOX, False
    if look == _NONE:
        return position, False
    if look == _TAIL and not has_end_record(data):
        return position, False
    ending = Ending(TYPES[position].name)
    ending.take(data)
    return ended(position, ending, is_opened=False)
