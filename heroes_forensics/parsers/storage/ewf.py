"""E01 and Ex01 sets through libewf, with what libewf leaves out added or said.

libewf answers a damaged chunk with zeros and tells nobody: its Python binding has no call for
checksum errors. What is damaged shows in the comparison with the stored digests only, so a set
without stored digests carries the note that nothing was checked.
"""

import contextlib
import threading
from collections.abc import Sequence
from typing import Final

import pyewf

from heroes_forensics.display import shown
from heroes_forensics.errors import EvidenceError
from heroes_forensics.model import JSON, Digest, Gap
from heroes_forensics.parsers.base import Reader
from heroes_forensics.parsers.storage import ewf_sections
from heroes_forensics.parsers.storage.image import Image
from heroes_forensics.parsers.storage.readers import ReaderFile

_FAULTS: Final[dict[str, tuple[str, str]]] = {
    "order": (
        "segment {segment} of {name} calls itself segment {written}",
        "check the names of the segments; the imager numbers them from 1",
    ),
    "mixed": (
        "segment {segment} of {name} belongs to another acquisition",
        "put the segments of one acquisition into a folder of their own",
    ),
    "cut": (
        "segment {segment} of {name} ends too early, after {size} bytes",
        "copy it again and compare its size with the original",
    ),
    "unfinished": (
        "segment {segment} of {name} is missing: the set does not end where it should",
        "put all segments into one folder under the names the imager gave them",
    ),
    "damaged": (
        "the structure of segment {segment} of {name} is damaged",
        "copy it again and compare it with the original",
    ),
    "chunks": (
        "{name} declares {declared} chunks of media but lists {tabled}",
        "a segment may be missing or cut; compare the set with the original",
    ),
}
_DIGESTS: Final = (("md5", "MD5", 16), ("sha1", "SHA1", 20))
_NOT_CHECKED: Final = "libewf does not report damaged chunks: only the stored digests show them"


class EwfReader:
    """The media of an EWF set; the tail that libewf drops comes after what it returns."""

    def __init__(self, handle: "pyewf.handle", size: int, tail: bytes) -> None:
        self._handle = handle
        self._whole = size
        self._tail = tail
        self._lock = threading.Lock()

    @property
    def size(self) -> int:
        """Length of the media with its tail, bytes."""
        return self._whole + len(self._tail)

    def pread(self, offset: int, length: int) -> bytes:
        """Read from libewf, and the tail from memory."""
        length = max(0, min(length, self.size - offset))
        parts: list[bytes] = []
        while length and offset < self._whole:
            wanted = min(length, self._whole - offset)
            with self._lock:
                data: bytes = self._handle.read_buffer_at_offset(wanted, offset)
            if not data:
                raise OSError("the image ended before its stated size")
            if len(data) == length:
                return data if not parts else b"".join((*parts, data))
            parts.append(data)
            offset += len(data)
            length -= len(data)
        if length:
            start = offset - self._whole
            parts.append(self._tail[start : start + length])
        return b"".join(parts)

    def close(self) -> None:
        """Close the libewf handle; descriptors stay open."""
        with contextlib.suppress(OSError):
            self._handle.close()


def open_ewf(name: str, segments: Sequence[Reader], *, accept_damaged: bool) -> Image:
    """Open an EWF set from readers of its segments, in order.

    Args:
        name: basename of the first segment, for messages.
        segments: one reader each.
        accept_damaged: go on with gaps where the set is cut or mixed, if libewf still opens it.

    Raises:
        EvidenceError: it cannot be opened, or is damaged and that was not accepted.
    """
    first_version = segments[0].pread(0, 8) == ewf_sections.SIGNATURE
    health: list[Gap] = []
    notes: list[str] = []
    sections = ewf_sections.Sections()
    tail = b""
    try:
        if first_version:
            sections = ewf_sections.survey(segments)
            tail = ewf_sections.tail(sections, segments)
    except OSError as error:
        raise _unreadable(name) from error
    for word, numbers in sections.faults:
        text, hint = _FAULTS[word]
        if not accept_damaged:
            raise EvidenceError(
                text.format(name=shown(name), **numbers),
                hint=hint + "; --accept-damaged examines what can still be read",
            )
        detail: JSON = {"fault": word, **numbers}
        health.append(Gap("source", "source.damaged", detail))
    handle = pyewf.handle()
    try:
        handle.open_file_objects([ReaderFile(segment) for segment in segments])
        size = int(handle.get_media_size())
        sector_size = int(handle.bytes_per_sector)
        digests = _stored(handle)
    except Exception as error:
        raise _unreadable(name) from error
    if not first_version:
        notes.append("Ex01: sections and tail are not checked by this version")
    elif size != sections.media_size:
        health.append(
            Gap("source", "source.truncated", {"declared": sections.media_size, "read": size})
        )
        tail = b""
    if tail:
        notes.append(
            f"the media is not a whole number of sectors: {len(tail)} bytes at its end were read "
            "past libewf"
        )
    notes.append(_NOT_CHECKED if digests else _NOT_CHECKED + ", and this set stores none")
    return Image(
        format="ewf",
        reader_name="libewf",
        reader_version=str(pyewf.get_version()),
        media=EwfReader(handle, size, tail),
        sector_size=sector_size or 512,
        stored_digests=digests,
        health=health,
        notes=notes,
    )


def _unreadable(name: str) -> EvidenceError:
    return EvidenceError(
        f"{shown(name)} is an EWF image that cannot be opened: it is damaged or incomplete",
        hint="check that every segment is there and whole; ewfverify says more about the damage",
    )


def _stored(handle: "pyewf.handle") -> tuple[Digest, ...]:
    """Return the acquisition digests that the set holds."""
    found = []
    for algorithm, key, length in _DIGESTS:
        value = handle.get_hash_value(key)
        try:
            raw = bytes.fromhex(value or "")
        except ValueError:
            continue
        if len(raw) == length:
            found.append(Digest(algorithm, raw))
    return tuple(found)
