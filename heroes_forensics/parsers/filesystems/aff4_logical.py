"""AFF4-L: files that were copied into an AFF4 volume, with what was known of them.

Source: B. Schatz, "AFF4-L: A Scalable Open Logical Evidence Container" (2019), and its reference
image. A small file is a member of the zip, a large one an image stream; both are listed under the
name that the volume states. Locators are ``m@`` and the offset of the member, for a stream that of
its first bevy. The MD5 or SHA-1 stated of a file is compared when its last byte was read in order.
"""

import calendar
import hashlib
import re
import struct
from collections.abc import Iterator
from typing import Final

from heroes_forensics.errors import EvidenceError
from heroes_forensics.model import (
    Entry,
    EntryFlag,
    EntryKind,
    Gap,
    Listing,
    Moment,
    TimeBasis,
    TimeRule,
)
from heroes_forensics.parsers.base import Reader, UnsupportedError
from heroes_forensics.parsers.containers.checked import CheckedReader
from heroes_forensics.parsers.containers.listing import counted
from heroes_forensics.parsers.containers.names import member_path
from heroes_forensics.parsers.place import place_of
from heroes_forensics.parsers.storage.aff4 import Volume

_HANDLE: Final = struct.Struct("<BQ")
_FORM: Final = 1
_TIMES: Final = {"m": "lastWritten", "a": "lastAccessed", "c": "recordChanged", "b": "birthTime"}
_TIME: Final = re.compile(
    r"(\d{4})-(\d\d)-(\d\d)T(\d\d):(\d\d):(\d\d)(?:\.(\d{1,9}))?(Z|[+-]\d\d:\d\d)"
)
_DIGITS: Final = ((32, hashlib.md5), (40, hashlib.sha1))


def open_aff4_logical(reader: Reader) -> "Aff4Files":
    """Open a volume; ``reader`` stays the caller's to close.

    Raises:
        EvidenceError: it is none, is damaged, or holds no files.
    """
    volume = Volume(reader)
    files = sorted(subject for subject in volume.facts if "FileImage" in volume.types(subject))
    if not files:
        raise EvidenceError("the AFF4 volume holds neither a disk image nor files")
    return Aff4Files(volume, files)


class Aff4Files:
    """Lists and opens the files of one volume."""

    kind: Final = "aff4-logical"

    def __init__(self, volume: Volume, files: list[str]) -> None:
        self._volume = volume
        self._files = files

    @property
    def times(self) -> TimeBasis:
        """As stated, with a zone; kept to the nanosecond."""
        return {name: TimeRule(1, "utc") for name in _TIMES}

    def entries(self) -> Iterator[Entry | Gap | Listing]:
        """Yield the files, by their names in the volume."""
        yield from counted(self._found(), sweep="not available")

    def _found(self) -> Iterator[Entry]:
        volume = self._volume
        for number, urn in enumerate(self._files):
            named = volume.one(urn, "originalFileName") or urn.removeprefix(volume.name)
            path = member_path(named.replace("\\", "/").encode(), directory=False)
            found = {name: _moment(volume.one(urn, fact)) for name, fact in _TIMES.items()}
            first = volume.offset_of(urn)
            yield Entry(
                locator=f"m@{first:#x}" if first >= 0 else f"n@{number}",
                kind=EntryKind.FILE,
                flags=EntryFlag.ALLOCATED,
                path=path,
                size=volume.number(urn, "size"),
                handle=_HANDLE.pack(_FORM, number),
                times=(found["m"], found["a"], found["c"], found["b"]),
                first_offset=first,
                place=place_of(path, allocated=True),
            )

    def open(self, handle: bytes) -> Reader:
        """Open the content of a file.

        Raises:
            OSError: it cannot be read.
            UnsupportedError: ``stream.unsupported``, it is stored in a way that is not read.
        """
        if len(handle) != _HANDLE.size or handle[0] != _FORM:
            raise OSError("not a handle of this parser")
        number = _HANDLE.unpack(handle)[1]
        if number >= len(self._files):
            raise OSError("not a handle of this parser")
        urn = self._files[number]
        try:
            stream = self._volume.file(urn)
        except EvidenceError as error:
            raise UnsupportedError(
                "the file is stored in a way that is not read", code="stream.unsupported"
            ) from error
        for text in self._volume.every(urn, "hash"):
            for length, make in _DIGITS:
                if len(text) == length:
                    return CheckedReader(stream, make(), text.lower())
        return stream

    def close(self) -> None:
        """Leave the reader open: it was handed in."""


def _moment(text: str) -> Moment | None:
    """Read ``2018-09-17T13:42:20+10:00``."""
    found = _TIME.fullmatch(text)
    if found is None:
        return None
    year, month, day, hour, minute, second = (int(found[number]) for number in range(1, 7))
    if not (year and 0 < month <= 12 and 0 < day <= 31 and hour < 24):  # noqa: PLR2004
        return None
    seconds = calendar.timegm((year, month, day, hour, minute, second))
    if found[8] != "Z":
        zone = int(found[8][1:3]) * 3600 + int(found[8][4:6]) * 60
        seconds -= zone if found[8][0] == "+" else -zone
    return Moment(seconds, int((found[7] or "").ljust(9, "0")))
