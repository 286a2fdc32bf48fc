"""AFF4 disk images: what maps them together from streams, in one volume or several.

Source: "AFF4 Standard v1.0" (B. Schatz, 2017) and its reference images; images made before the
standard are read likewise. A volume is a zip whose comment is its name. Of the disk image in it,
the map says for each range of the media in which stream it lies and where. Ranges of the streams
``UnknownData`` and ``UnreadableData`` were never on the image: they read as the filler that the
standard names, so that digests over the whole are those of other tools, and are doubts
(`heroes_forensics.parsers.storage.doubts`).
"""

from bisect import bisect_right
from collections.abc import Iterable, Mapping
from typing import Final
from urllib.parse import quote

import numpy as np

from heroes_forensics.display import shown
from heroes_forensics.errors import EvidenceError
from heroes_forensics.model import Gap
from heroes_forensics.parsers.base import Reader
from heroes_forensics.parsers.containers import zip_records
from heroes_forensics.parsers.reading.decompression import ZIP_METHODS, ExpandedReader
from heroes_forensics.parsers.reading.readers import RangeReader
from heroes_forensics.parsers.storage import aff4_facts
from heroes_forensics.parsers.storage.aff4_streams import (
    MAX_BEVY,
    MAX_CHUNK,
    METHODS,
    STORED,
    StreamReader,
    SymbolReader,
)
from heroes_forensics.parsers.storage.doubts import DAMAGED, FILLER, Doubt, Doubts
from heroes_forensics.parsers.storage.image import Image

_SCHEMA: Final = "http://aff4.org/Schema#"
_BEFORE: Final = "http://afflib.org/2009/aff4#"
_SYMBOLS: Final = (
    f"{_SCHEMA}SymbolicStream",
    "http://afflib.org/2012/SymbolicStream#",
    _BEFORE,
)
_UNKNOWN: Final = f"{_SCHEMA}UnknownData"
_UNREADABLE: Final = f"{_SCHEMA}UnreadableData"
_FILLERS: Final = {_UNKNOWN: b"UNKNOWN", _UNREADABLE: b"UNREADABLEDATA"}
_FILLED: Final = 1 << 20
"""Bytes after which the filler begins again."""
_ZEROS: Final = (f"{_SCHEMA}Zero", f"{_BEFORE}Zero")

_POINT: Final = np.dtype([("offset", "<u8"), ("length", "<u8"), ("at", "<u8"), ("target", "<u4")])
"""One line of a map; without gaps 28 bytes."""
_IMAGES: Final = frozenset(
    {"DiskImage", "ContiguousImage", "DiscontiguousImage", "VolumeImage", "Image"}
)
_MAX_MAP: Final = 256 << 20
_MAX_SIZE: Final = 1 << 60
_MAX_MEMBERS: Final = 4_000_000
_MAX_TARGETS: Final = 1 << 20
"""Lines of the list of what a map refers to."""


class Volume:
    """One zip: its members, and what it states."""

    def __init__(self, reader: Reader) -> None:
        """Read directory and metadata.

        Raises:
            EvidenceError: it is no AFF4 volume, or damaged.
        """
        try:
            directory = zip_records.find_directory(reader)
            if directory is None:
                raise EvidenceError("the AFF4 volume has no directory: it is cut off or damaged")
            comment = reader.pread(max(0, directory.after - 256), 256)
            self.members: dict[str, Reader] = {}
            self._offsets: dict[str, int] = {}
            for member in zip_records.members(reader, directory):
                if len(self.members) >= _MAX_MEMBERS:
                    raise EvidenceError("the AFF4 volume has more members than are read")
                stored = _stored(reader, member)
                if stored is not None:
                    name = member.name.decode("utf-8", "replace")
                    self.members[name] = stored
                    self._offsets[name] = member.offset
            stated = self.members.get("container.description")
            raw = stated.pread(0, 256) if stated is not None else comment[comment.rfind(b"aff4:") :]
            self.name = raw.decode("utf-8", "replace").strip()
            turtle = self.members.get("information.turtle")
            if turtle is None:
                raise EvidenceError("the AFF4 volume has no metadata that are read")
            self.facts = aff4_facts.read(turtle.pread(0, aff4_facts.MAX_BYTES + 1))
        except OSError as error:
            raise EvidenceError("the AFF4 volume cannot be read") from error

    def one(self, subject: str, *names: str) -> str:
        """Return the first object of a fact under one of its names; empty when there is none."""
        own = self.facts.get(subject, {})
        for name in names:
            for schema in (_SCHEMA, _BEFORE):
                if own.get(schema + name):
                    return own[schema + name][0]
        return ""

    def every(self, subject: str, name: str) -> list[str]:
        """Return all objects of a fact."""
        return self.facts.get(subject, {}).get(_SCHEMA + name, [])

    def number(self, subject: str, *names: str) -> int:
        """Return such a fact as a number; -1 when there is none."""
        text = self.one(subject, *names)
        return int(text) if text.isascii() and text.isdigit() and len(text) < 20 else -1  # noqa: PLR2004

    def types(self, subject: str) -> set[str]:
        """Return the last part of each type of a subject."""
        return {one.rpartition("#")[2] for one in self.facts[subject].get(aff4_facts.TYPE, ())}

    def names_of(self, urn: str) -> tuple[str, ...]:
        """Return under which names the members of a stream may begin."""
        inside = urn.removeprefix(self.name).lstrip("/") if urn.startswith(self.name) else ""
        return tuple(dict.fromkeys(filter(None, (quote(urn, safe=""), inside, quote(inside)))))

    def _of_file(self, urn: str) -> str:
        """Return the member that holds a small file; empty when it is a stream."""
        names = (urn.removeprefix(self.name), *self.names_of(urn))
        names = (*names, *(name.removeprefix("/") for name in names))
        return next((name for name in names if name in self.members), "")

    def offset_of(self, urn: str) -> int:
        """Return where the member, or the first bevy, of a file begins; -1 when nowhere."""
        bevies = [f"{name}/{0:08d}" for name in self.names_of(urn)]
        names = (self._of_file(urn), *bevies)
        return next((self._offsets[name] for name in names if name in self._offsets), -1)

    def file(self, urn: str) -> Reader:
        """Return the content of a file.

        Raises:
            EvidenceError: it is not there, or stored in a way that is not read.
        """
        name = self._of_file(urn)
        return self.members[name] if name else Volumes(self, {}).stream(urn)

    def member_of(self, urn: str, name: str) -> Reader | None:
        """Return a member that belongs to a stream."""
        for begin in self.names_of(urn):
            if (found := self.members.get(f"{begin}/{name}")) is not None:
                return found
        return None


def _stored(reader: Reader, member: zip_records.Member) -> Reader | None:
    """Return the bytes of a member; None when they are encrypted or packed in another way."""
    start = zip_records.local_end(reader, member.offset)
    stored = RangeReader(reader, start, member.compressed)
    if member.flags & zip_records.ENCRYPTED:
        return None
    if not member.method:
        return stored
    expander = ZIP_METHODS.get(member.method)
    return ExpandedReader(stored, expander, member.size, member.crc) if expander else None


def is_logical(base: Reader) -> bool:
    """Tell whether a volume holds files and no disk image.

    Raises:
        EvidenceError: it is damaged.
    """
    volume = Volume(base)
    try:
        _image_of(volume)
    except EvidenceError:
        return any("FileImage" in volume.types(subject) for subject in volume.facts)
    return False


def open_aff4(name: str, base: Reader, others: Mapping[str, Reader]) -> Image:
    """Open the disk image of a volume.

    Args:
        name: of the source, for messages.
        base: the volume.
        others: further files beside it, among which are those that hold streams it lacks.

    Raises:
        EvidenceError: there is none, it is damaged, or a volume that holds part of it is missing.
    """
    try:
        first = Volume(base)
        subject, urn, count = _image_of(first)
        volumes = Volumes(first, others)
        media = _media(first, urn, subject, volumes)
    except EvidenceError as error:
        raise EvidenceError(
            f"{shown(name)} cannot be opened: {error}",
            hint=error.hint or "copy the image again and compare its digest with the record",
        ) from error
    except OSError as error:
        raise EvidenceError(
            f"{shown(name)} cannot be read: input/output error",
            hint="check the medium; copy the image again",
        ) from error
    sector = first.number(subject, "blockSize")
    image = Image("aff4", "heroes", "", media, sector if sector in {512, 4096} else 512)
    image.health += _unread(media.doubts)
    if count > 1:
        image.health.append(Gap("source", "container.image", {"images": count - 1}))
    image.notes.append(
        "digests that AFF4 states of the whole image (block map hashes) are not checked"
    )
    return image


def _image_of(volume: Volume) -> tuple[str, str, int]:
    """Return the disk image, its map, and how many images there are."""
    found = []
    for subject in volume.facts:
        types = volume.types(subject)
        if not types & _IMAGES or "FileImage" in types:
            continue
        stream = volume.one(subject, "dataStream") or ("map" in types and subject) or ""
        if stream:
            found.append((subject, stream))
    if not found:
        raise EvidenceError(
            "the AFF4 volume holds no disk image",
            hint="use --as zip to examine what it is made of",
        )
    return *found[0], len({stream for _, stream in found})


class Volumes:
    """The volume itself, and those beside it, opened when something is found in no other."""

    def __init__(self, first: Volume, others: Mapping[str, Reader]) -> None:
        self._open = [first]
        self._others = list(others.values())

    def all(self) -> Iterable[Volume]:
        """Yield the volumes, the first one first."""
        yield from self._open
        while self._others:
            reader = self._others.pop(0)
            try:
                volume = Volume(reader)
            except EvidenceError:
                continue  # a file beside the image that is none of its volumes
            self._open.append(volume)
            yield volume

    def stream(self, urn: str) -> Reader:
        """Open an image stream, wherever it is stored.

        Raises:
            EvidenceError: no volume holds it, or it is stored in a way that is not read.
        """
        for volume in self.all():
            if urn not in volume.facts:
                continue
            size = volume.number(urn, "size")
            if size < 0:
                continue  # named here, and stored in another one
            chunk = volume.number(urn, "chunkSize", "chunk_size")
            bevy = volume.number(urn, "chunksInSegment", "chunks_in_segment")
            method = volume.one(urn, "compressionMethod", "CompressionMethod")
            if not (0 < chunk <= MAX_CHUNK and 0 < bevy <= MAX_BEVY and size <= _MAX_SIZE):
                raise EvidenceError("a stream of the AFF4 image is described by wrong numbers")
            if method not in METHODS and method not in STORED:
                raise EvidenceError("a stream of the AFF4 image is compressed in an unknown way")
            return StreamReader(volume.members, volume.names_of(urn), size, chunk, bevy, method)
        raise EvidenceError(
            "a volume that holds part of the AFF4 image is missing",
            hint="put all its files into one folder under the names the imager gave them",
        )


def _media(volume: Volume, urn: str, subject: str, volumes: Volumes) -> "MapReader | WholeReader":
    points, targets = volume.member_of(urn, "map"), volume.member_of(urn, "idx")
    if points is None or targets is None:
        return WholeReader(volumes.stream(urn))
    size = volume.number(urn, "size")
    size = size if size >= 0 else volume.number(subject, "size")
    if size < 0:
        blocks, block = volume.number(urn, "blockCount"), volume.number(urn, "blockSize")
        size = blocks * block if blocks >= 0 and block > 0 else -1
    if not 0 <= size <= _MAX_SIZE or points.size > _MAX_MAP or targets.size > _MAX_MAP:
        raise EvidenceError("the map of the AFF4 image is described by wrong numbers")
    stated = targets.pread(0, targets.size)
    if stated.count(b"\n") > _MAX_TARGETS:  # before a name is made of each
        raise EvidenceError("the map of the AFF4 image is damaged")
    names = [name.strip() for name in stated.decode("utf-8", "replace").split("\n")]
    names = [name for name in names if name]
    streams = [(_symbol(name) or volumes.stream(name), name) for name in names]
    whole = points.pread(0, points.size)
    rows = np.frombuffer(whole[: len(whole) // _POINT.itemsize * _POINT.itemsize], dtype=_POINT)
    gap = volume.one(urn, "mapGapDefaultStream")
    return MapReader(rows, streams, size, (_symbol(gap) or SymbolReader(b"\0"), gap))


def _symbol(name: str) -> Reader | None:
    if name in _ZEROS:
        return SymbolReader(b"\0")
    if name in _FILLERS:
        pattern = _FILLERS[name]
        return SymbolReader((pattern * (_FILLED // len(pattern) + 1))[:_FILLED])
    for begin in _SYMBOLS:
        rest = name.removeprefix(begin)
        if rest != name and len(rest) == 2:  # noqa: PLR2004
            try:
                return SymbolReader(bytes.fromhex(rest))
            except ValueError:
                return None
    return None


def _unread(doubts: Doubts) -> list[Gap]:
    known = doubts.within(0, _MAX_SIZE)
    if not known:
        return []
    detail: dict[str, object] = {
        "ranges": len(known),
        "bytes": sum(doubt.length for doubt in known),
    }
    return [Gap("source", "source.unread-sectors", detail)]


class WholeReader:
    """An image that is one stream, without a map."""

    def __init__(self, stream: Reader) -> None:
        self._stream = stream
        self.size = stream.size
        self.doubts = Doubts()

    def pread(self, offset: int, length: int) -> bytes:
        """Read up to ``length`` bytes at ``offset``."""
        return self._stream.pread(offset, length)

    def close(self) -> None:
        """Leave the volumes open."""


class MapReader:
    """Media that a map puts together."""

    def __init__(
        self,
        rows: "np.ndarray[tuple[int], np.dtype[np.void]]",
        streams: list[tuple[Reader, str]],
        size: int,
        gap: tuple[Reader, str],
    ) -> None:
        """Take the map.

        Args:
            rows: its lines, as `_POINT`.
            streams: what their numbers stand for, and its name.
            size: of the media, bytes.
            gap: what lies where the map says nothing.

        Raises:
            EvidenceError: lines overlap, or name streams that are not there.
        """
        self.size = size
        self.doubts = Doubts()
        self._streams = [stream for stream, _ in streams]
        rows = rows[np.argsort(rows["offset"], kind="stable")]
        rows = rows[rows["length"] > 0]
        ends = rows["offset"] + rows["length"]
        sound = (
            bool(np.all(rows["offset"] <= _MAX_SIZE))
            and bool(np.all(rows["length"] <= _MAX_SIZE))
            and bool(np.all(rows["target"] < len(streams)))
            and bool(np.all(ends[:-1] <= rows["offset"][1:]))
        )
        if not sound:
            raise EvidenceError("the map of the AFF4 image is damaged")
        self._offsets: list[int] = rows["offset"].tolist()
        self._ends: list[int] = ends.tolist()
        self._at: list[int] = rows["at"].tolist()
        self._targets: list[int] = rows["target"].tolist()
        self._gap, gap_name = gap
        fillers = {number for number, (_, name) in enumerate(streams) if name in _FILLERS}
        self._doubt(fillers, is_gap_filler=gap_name in _FILLERS)

    def _doubt(self, fillers: set[int], *, is_gap_filler: bool) -> None:
        """Say which ranges were never on the image; neighbours become one."""
        start = end = -1
        for at, until, target in zip(
            [*self._offsets, self.size],
            [*self._ends, self.size],
            [*self._targets, -1],
            strict=True,
        ):
            is_doubtful = target in fillers
            if (end >= 0 and at != end and not is_gap_filler) or (end >= 0 and not is_doubtful):
                if start < min(end, self.size):
                    self.doubts.add(Doubt(start, min(end, self.size) - start, FILLER))
                start = end = -1
            if is_doubtful:
                start = at if start < 0 else start
                end = until

    def pread(self, offset: int, length: int) -> bytes:
        """Read up to ``length`` bytes at ``offset``.

        Raises:
            OSError: part of a stream is missing or damaged; it is a doubt from then on.
        """
        length = max(0, min(length, self.size - offset))
        if not length:
            return b""
        self.doubts.touch(offset, length)
        parts: list[bytes] = []
        index = bisect_right(self._offsets, offset) - 1
        while length > 0:
            if index < 0 or offset >= self._ends[index]:
                is_last = index + 1 >= len(self._offsets)
                following = self.size if is_last else self._offsets[index + 1]
                stream, at = self._gap, offset
                wanted = min(length, max(1, following - offset))
            else:
                stream = self._streams[self._targets[index]]
                at = self._at[index] + offset - self._offsets[index]
                wanted = min(length, self._ends[index] - offset)
            try:
                data = stream.pread(at, wanted)
            except OSError as error:
                raise self._damaged(offset, wanted) from error
            if len(data) < wanted:
                raise self._damaged(offset, wanted)
            parts.append(data)
            offset += wanted
            length -= wanted
            if index + 1 < len(self._offsets) and offset >= self._offsets[index + 1]:
                index += 1
        return parts[0] if len(parts) == 1 else b"".join(parts)

    def _damaged(self, offset: int, length: int) -> OSError:
        doubt = Doubt(offset, length, DAMAGED)
        self.doubts.add(doubt)
        self.doubts.touch(offset, length)
        return OSError("a stream of the AFF4 image is damaged, or ends too early")

    def close(self) -> None:
        """Leave the volumes open."""
