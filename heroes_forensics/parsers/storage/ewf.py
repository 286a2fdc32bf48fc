"""E01 and SMART sets with our own reader of chunks; Ex01 images through libewf."""

import contextlib
import threading
from collections.abc import Sequence
from typing import Final

import pyewf

from heroes_forensics.display import shown
from heroes_forensics.errors import EvidenceError
from heroes_forensics.model import Digest, Gap
from heroes_forensics.parsers.base import Reader
from heroes_forensics.parsers.reading.readers import ReaderFile, in_pieces
from heroes_forensics.parsers.storage import ewf_rebuild, ewf_sections
from heroes_forensics.parsers.storage.doubts import FILLER, MISSING, Doubts
from heroes_forensics.parsers.storage.ewf_bodies import FIELDS, TECHNICAL
from heroes_forensics.parsers.storage.ewf_chunks import ChunkReader
from heroes_forensics.parsers.storage.image import Image

_FAULTS: Final[dict[str, tuple[str, str]]] = {
    "order": (
        "segment {segment} of {name} calls itself segment {written}",
        "check the names of the segments; the imager numbers them from 1",
    ),
    "missing": (
        "segment {segment} of {name} is missing",
        "put all segments into one folder under the names the imager gave them",
    ),
    "ambiguous": (
        "segment {segment} of {name} can be read in two ways: by sizes and by places of sections",
        "compare it with the original; a sound imager does not write such a file",
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
_REPAIRS: Final[dict[str, str]] = {
    "copy": "a chunk table of segment {segment} is damaged: its copy was used",
    "geometry": "the volume section of segment {segment} is damaged: a copy of it was used",
    "digest": "a stored digest in segment {segment} is damaged, and was not compared with",
}
_ALL: Final = 1 << 62
_NAMED: Final = 100
"""Ranges that the imager could not read, named one by one; the rest is one gap."""
_DIGESTS: Final = (("md5", "MD5", 16), ("sha1", "SHA1", 20))
_NOT_CHECKED: Final = "libewf does not report damaged chunks: only the stored digests show them"


class LibewfReader:
    """The media of an EWF set as libewf returns them."""

    def __init__(self, handle: "pyewf.handle") -> None:
        self._handle = handle
        self._size = int(handle.get_media_size())
        self._lock = threading.Lock()

    @property
    def size(self) -> int:
        """Length of the media, bytes."""
        return self._size

    def pread(self, offset: int, length: int) -> bytes:
        """Read, repeating after short reads."""
        return in_pieces(self._piece, offset, length, size=self._size)

    def _piece(self, offset: int, length: int) -> bytes:
        with self._lock:
            data: bytes = self._handle.read_buffer_at_offset(length, offset)
        return data

    def close(self) -> None:
        """Close the libewf handle; descriptors stay open."""
        with contextlib.suppress(OSError):
            self._handle.close()


def open_ewf(
    name: str, segments: Sequence[Reader], *, accept_damaged: bool, named: Sequence[int] = ()
) -> Image:
    """Open an EWF set from readers of its segments, in order.

    Args:
        name: basename of the first segment, for messages.
        segments: one reader each.
        named: the number that the name of each gives it; empty for 1, 2, 3 ...
        accept_damaged: go on with gaps where the set is cut or mixed.

    Raises:
        EvidenceError: it cannot be opened, or is damaged and that was not accepted.
    """
    try:
        if segments[0].pread(0, 8) != ewf_sections.SIGNATURE:
            return open_libewf(name, segments)
        sections = ewf_sections.survey(segments, named)
        found = 0
        if accept_damaged and any(table.loose for table in sections.tables):
            found = ewf_rebuild.rebuild(sections, segments)
    except OSError as error:
        raise _unreadable(name) from error
    health: list[Gap] = []
    for word, numbers in sections.faults:
        text, hint = _FAULTS[word]
        if not accept_damaged:
            rest = "; --accept-damaged examines what can still be read" * sections.readable
            raise EvidenceError(text.format(name=shown(name), **numbers), hint=hint + rest)
        health.append(Gap("source", "source.damaged", {"fault": word, **numbers}))
    if not sections.readable:
        if sections.faults:
            raise _unreadable(name)
        return open_libewf(name, segments)
    media = ChunkReader(sections, segments)
    health += _unread(media.doubts)
    stored = (Digest("md5", sections.md5), Digest("sha1", sections.sha1))
    notes = list(dict.fromkeys(_REPAIRS[word].format(**at) for word, at in sections.repairs))
    if found:
        notes.append(f"{found} chunks were found without a table, by their checksums")
    if media.tail:
        notes.append(
            f"the media is not a whole number of sectors: {media.tail} bytes at its end, which "
            "libewf leaves out"
        )
    return Image(
        format="ewf",
        reader_name="heroes",
        reader_version="",
        media=media,
        sector_size=sections.sector_size,
        stored_digests=tuple(digest for digest in stored if digest.value),
        health=health,
        notes=notes,
        acquisition={FIELDS[key]: shown(value) for key, value in sections.header.items()},
        technical=TECHNICAL,
    )


def _unread(doubts: Doubts) -> list[Gap]:
    """Return what is known to be missing or made up before anything is read."""
    known = doubts.within(0, _ALL)
    found = []
    for code, reasons in (("source.damaged", {MISSING}), ("source.unread-sectors", {FILLER})):
        ranges = [doubt for doubt in known if doubt.reason in reasons]
        found += [Gap("source", code, doubt.to_json()) for doubt in ranges[:_NAMED]]
        if rest := ranges[_NAMED:]:
            total = sum(doubt.length for doubt in rest)
            found.append(Gap("source", code, {"ranges": len(rest), "length": total}))
    return found


def open_libewf(name: str, segments: Sequence[Reader]) -> Image:
    """Open a set through libewf: Ex01, and what our own reader does not know.

    Raises:
        EvidenceError: libewf does not open it.
    """
    handle = pyewf.handle()
    try:
        handle.open_file_objects([ReaderFile(segment) for segment in segments])
        media = LibewfReader(handle)
        sector_size = int(handle.bytes_per_sector)
        digests = _stored(handle)
    except Exception as error:
        raise _unreadable(name) from error
    return Image(
        format="ewf",
        reader_name="libewf",
        reader_version=str(pyewf.get_version()),
        media=media,
        sector_size=sector_size or 512,
        stored_digests=digests,
        notes=[_NOT_CHECKED if digests else _NOT_CHECKED + ", and this set stores none"],
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
