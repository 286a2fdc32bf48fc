"""The attributes of one file or directory: its content, its other streams, what they say of it.

What is in use claims where it lies as its attributes are read, so that none is gone through twice.
"""

import struct
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from heroes_forensics.errors import EvidenceError
from heroes_forensics.model import EntryFlag, EntryKind, Place, Times
from heroes_forensics.parsers.filesystems import tsk_stream as s
from heroes_forensics.parsers.filesystems import tsk_tables as t
from heroes_forensics.parsers.filesystems.claims import Claims
from heroes_forensics.parsers.filesystems.nodes import Node
from heroes_forensics.parsers.filesystems.ntfs_clusters import Clusters
from heroes_forensics.parsers.filesystems.ntfs_standard import Owners, times_of
from heroes_forensics.parsers.filesystems.reuse import reuse_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from heroes_forensics.parsers.recovery.allocation import Allocation

_ALLOCATED: Final = int(EntryFlag.ALLOCATED)
_REALLOCATED: Final = int(EntryFlag.REALLOCATED)
_FURTHEST: Final = 1 << 62
"""No medium goes so far."""
_RESIDENT: Final = t.ATTRIBUTE_RESIDENT
_STREAMS: Final = t.STREAMS
_FACTS: Final = t.NTFS_FACTS


@dataclass(slots=True)
class Stream:
    """One attribute that holds content."""

    type: int
    number: int
    size: int
    mark: int
    label: bytes
    first: int
    lies: bool = False
    """All of it lies on the medium from ``first`` on, as it is."""


@dataclass(slots=True)
class Thing:
    """What all streams of one name share."""

    address: int
    sequence: int
    path: bytes
    node: Node
    kind: EntryKind
    flags: int
    bits: int
    metadata: bool
    times: Times
    owner: int
    place: Place
    away: bool = False
    """Its attributes say that the content is not on the medium."""


class Attributes:
    """Reads the attributes of files and directories of one volume."""

    def __init__(self, fs: Any, kind: str) -> None:  # noqa: ANN401
        self.allocation: Callable[[], Allocation] | None = None
        """Gives which blocks are in use, to tell which deleted content is still its own."""
        self.claims = Claims(int(fs.info.block_size))
        """Where what is in use lies."""
        self.is_written: Callable[[int], bool] | None = None
        """Of NTFS: whether all streams of a metadata address were written to their ends."""
        self._kind = kind
        self._block_size = int(fs.info.block_size)
        self._ntfs = kind == "ntfs"
        self.in_runs = False
        """Whether streams are what lies in their runs."""
        self._owner = Owners(fs)
        self._clusters = Clusters(fs) if self._ntfs else None

    def of(self, file: Any, thing: Thing) -> tuple[Stream | None, list[Stream]]:  # noqa: ANN401
        """Return the streams of a file or directory, and complete what is known of it."""
        try:
            main, others, tag = self._attributes(file, thing)
            if not thing.flags & _ALLOCATED:
                thing.flags |= self._overwritten(file) | self._reuse(thing, file)
        except (OSError, RuntimeError, struct.error):
            thing.bits |= s.NO_METADATA
            return None, []
        if not tag or tag in t.PLAIN_TAGS:
            return main, others
        if tag in t.LINK_TAGS:
            # No filter stands behind a link: whatever its data stream has is stored as always.
            thing.kind = EntryKind.SYMLINK
            return main if main is not None and main.size else None, others
        if main is None or not self._is_here(file, thing, main, tag):
            thing.bits |= s.ELSEWHERE
        return main, others

    def _is_here(self, file: Any, thing: Thing, main: Stream, tag: int) -> bool:  # noqa: ANN401
        """Tell whether all bytes of a file with a reparse point are on the medium."""
        if main.size <= 0 or thing.away:
            return False
        if main.mark & t.ATTRIBUTE_RESIDENT:
            return tag not in t.FILTER_TAGS
        for attribute in file:
            info = attribute.info
            if int(info.type) & t.TYPE == main.type and info.id == main.number:
                runs = list(attribute)
                holes = any(int(run.flags) & (t.RUN_SPARSE | t.RUN_FILLER) for run in runs)
                here = sum(run.len for run in runs) * self._block_size
                return not holes and here >= main.size
        return False

    def _overwritten(self, file: Any) -> int:  # noqa: ANN401
        """Return the flag of a deleted entry whose clusters serve another, or 0."""
        if self._clusters is None:
            return 0
        return _REALLOCATED if self._clusters.taken(file) else 0

    def _reuse(self, thing: Thing, file: Any) -> int:  # noqa: ANN401
        """Return the flag that says whether the blocks of deleted content are in use, or 0."""
        known = self.allocation
        if known is None or thing.kind is not EntryKind.FILE:
            return 0
        try:
            return reuse_of(file, known(), self._kind, self._block_size)
        except (EvidenceError, OSError):
            self.allocation = None
            return 0

    def _attributes(
        self,
        file: Any,  # noqa: ANN401
        thing: Thing,
    ) -> tuple[Stream | None, list[Stream], int]:
        """Return the stream that is the file, its other streams, and its reparse tag or 0."""
        main: Stream | None = None
        others: list[Stream] = []
        tag = 0
        for attribute in file:
            info = attribute.info
            type_ = int(info.type) & t.TYPE
            size = info.size
            if type_ in _FACTS:
                tag = self._facts(file, type_, info, thing) or tag
            mark = int(info.flags) & 255
            if type_ not in _STREAMS and (
                size <= t.SMALL or not self._holds(file, type_, info, thing)
            ):
                if not mark & _RESIDENT and thing.flags & _ALLOCATED:
                    self.claims.structure(attribute)
                continue
            first, lies = -1, False
            label = info.name or b""
            if self._ntfs and type_ != t.NTFS_DATA:
                label = b"$%d" % type_ + (b"." + label if label else b"")
            if not mark & _RESIDENT:
                first, lies = self._claimed(thing, attribute, (size, mark, label))
            if label == t.BAD_CLUSTERS and first < 0:
                size = 0  # as long as the volume, and no cluster of it is bad
            stream = Stream(type_, info.id, size, mark, label, first, lies)
            if main is None and not (self._ntfs and label) and type_ not in t.HFS_EXTRA:
                main = stream
            elif type_ != t.HFS_RESOURCE or size:
                others.append(stream)
        return main, others, tag

    def _holds(self, file: Any, type_: int, info: Any, thing: Thing) -> bool:  # noqa: ANN401
        """Tell whether a large attribute, no stream by its type, holds more than its type has.

        NTFS lets every file have any attribute: an index no directory has, extended attributes,
        a stream of a service, a type that nobody knows.
        """
        if not (self._ntfs or type_ == t.HFS_ATTRIBUTE):
            return False
        if type_ == t.NTFS_SECURITY:  # that of the root is often long: revision, 0, self-relative
            head = file.read_random(0, 4, type_, info.id)  # of a type that is known
            return bool(head[:2] != b"\1\0" or not head[3] & 0x80)
        if not self._ntfs or type_ not in t.NTFS_OWN:
            return True
        if type_ not in t.NTFS_INDEXES:
            return False
        return not (thing.metadata or (thing.kind is EntryKind.DIRECTORY and info.name == t.INDEX))

    def _claimed(
        self,
        thing: Thing,
        attribute: Any,  # noqa: ANN401
        facts: tuple[int, int, bytes],
    ) -> tuple[int, bool]:
        """Return the byte offset of the first block of a stream, or -1; one in use claims all.

        And whether all of it lies there in one piece, as it is.
        """
        size, mark, label = facts
        if not thing.flags & _ALLOCATED:
            first = next((run.addr * self._block_size for run in attribute if run.addr), -1)
            return first, False
        added = self._ntfs and label
        if thing.metadata and label == t.BAD_CLUSTERS:
            return -1, False  # in use, and nobody's
        if thing.metadata:
            own = not added or label in t.NTFS_METADATA_STREAMS
        else:
            own = thing.kind is EntryKind.DIRECTORY and not added
        if own:
            return self.claims.structure(attribute), False
        first, lies = self.claims.content(attribute, size, mark)
        lies = lies and self.in_runs and size > 0 and first + size < _FURTHEST
        if lies and self._ntfs:
            lies = self.is_written is not None and self.is_written(thing.address)
        return first, lies

    def _facts(self, file: Any, type_: int, info: Any, thing: Thing) -> int:  # noqa: ANN401
        """Take what NTFS says of a file apart from its streams; return its reparse tag or 0."""
        if type_ == t.NTFS_REPARSE:
            return int.from_bytes(file.read_random(0, 4, type_, info.id), "little")
        standard = file.read_random(0, info.size, type_, info.id)
        thing.times = times_of(standard)
        thing.away = int.from_bytes(standard[32:36], "little") & t.AWAY != 0
        thing.owner = self._owner.of(standard)
        return 0
