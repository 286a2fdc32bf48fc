"""What the bindings for APFS and XFS have in common: one walk, one way to read.

The libyal bindings are used directly. dfVFS would put a path specification and a resolver around
each file, address entries by path where the binding takes an identifier, and translate errors
twice; it reads through the same binding.

Every extended attribute is a stream of its own, under its own name, but for the few that macOS
gives to most files and that hold no content, and for the two that are how a compressed file is
stored. A name that the binding cannot decode is replaced by its position, with a gap: the entry
itself is examined like any other.
"""

import stat
import struct
from collections.abc import Iterator
from typing import Any, Final, Protocol

from heroes_forensics.model import (
    Entry,
    EntryFlag,
    EntryKind,
    Gap,
    Listing,
    Moment,
    TimeBasis,
    Times,
)
from heroes_forensics.parsers.base import UnsupportedError
from heroes_forensics.parsers.filesystems.nodes import (
    Counts,
    Node,
    is_system_attribute,
)
from heroes_forensics.parsers.filesystems.tsk_walk import DEPTH_LIMIT
from heroes_forensics.parsers.kinds import hides_content
from heroes_forensics.parsers.place import place_of

NANOSECONDS: Final = 1_000_000_000
RESOURCE_FORK: Final = "com.apple.ResourceFork"
_COMPRESSED: Final = "com.apple.decmpfs"
_NO_CONTENT: Final = 0
_DATA: Final = 1
_ATTRIBUTE: Final = 2
_FORM: Final = struct.Struct("<BIQq")
_LARGEST: Final = (1 << 63) - 1
"""A size that is stated to be larger is no size; the content ends before it either way."""
_ERRORS: Final = (OSError, RuntimeError, MemoryError, ValueError, TypeError, SystemError)
"""What the bindings raise. A name that is not Unicode is a `ValueError`."""

_KINDS: Final = {
    stat.S_IFREG: EntryKind.FILE,
    stat.S_IFDIR: EntryKind.DIRECTORY,
    stat.S_IFLNK: EntryKind.SYMLINK,
}


class Binding(Protocol):
    """The calls in which the two bindings differ."""

    kind: str
    times: TimeBasis
    sweep: str

    def root(self) -> Any:  # noqa: ANN401
        """Return the root directory."""
        ...

    def address(self, file: Any) -> int:  # noqa: ANN401
        """Return the identifier or inode number."""
        ...

    def by_address(self, address: int) -> Any:  # noqa: ANN401
        """Return the file entry with that number, or None."""
        ...

    def addresses(self) -> Iterator[int]:
        """Yield every number the volume may have given out, for the sweep."""
        ...

    def close(self) -> None:
        """Release the volume."""
        ...


class LibyalStream:
    """A file or extended attribute as a `Reader`."""

    def __init__(self, inner: Any, size: int) -> None:  # noqa: ANN401
        self._inner = inner
        self._size = size

    @property
    def size(self) -> int:
        """Length by the metadata, bytes."""
        return self._size

    def pread(self, offset: int, length: int) -> bytes:
        """Read through the binding.

        Raises:
            OSError: the bytes cannot be read, or there are fewer than the metadata states.
        """
        length = max(0, min(length, self._size - offset))
        if not length:
            return b""
        try:
            data: bytes = self._inner.read_buffer_at_offset(length, offset)
        except _ERRORS as error:
            raise OSError("the content cannot be read") from error
        if len(data) != length:
            raise OSError("the content ends before its stated size")
        return data

    def close(self) -> None:
        """Release the file."""
        self._inner = None


class LibyalFileSystem:
    """A volume opened with a libyal binding; satisfies `FileSystem`."""

    def __init__(self, binding: Binding) -> None:
        self._binding = binding
        try:
            self._root = binding.root()
            binding.address(self._root)
        except _ERRORS as error:
            raise UnsupportedError(
                "the root directory cannot be read", code="volume.damaged"
            ) from error
        self._counts = Counts()
        self._visited: set[int] = set()
        self._seen: set[int] = set()
        self._linked: set[int] = set()
        self._pending: list[Node] = []

    @property
    def kind(self) -> str:
        """``apfs`` or ``xfs``."""
        return self._binding.kind

    @property
    def times(self) -> TimeBasis:
        """How its four times are stored."""
        return self._binding.times

    def entries(self) -> Iterator[Entry | Gap | Listing]:
        """Yield the tree, then what a sweep of the identifiers adds, then the counts."""
        self._counts = Counts()
        self._visited, self._seen, self._linked = set(), set(), set()
        found: list[Entry | Gap] = []
        root = self._root
        address = self._binding.address(root)
        self._entry(root, b"", Node(address, 0, b"", -1, ""), found)
        yield from found
        yield from self._drain()
        for address in self._binding.addresses():
            if address not in self._seen:
                yield from self._orphan(address)
                yield from self._drain()
        yield self._counts.listing(self._binding.sweep)

    def open(self, handle: bytes) -> LibyalStream:
        """Open the stream of an entry.

        Raises:
            OSError: the stream cannot be read.
            UnsupportedError: its metadata cannot be read, or has changed.
        """
        try:
            type_, number, address, size = _FORM.unpack(handle)
        except struct.error as error:
            raise OSError("not a handle of this parser") from error
        if size < 0:
            raise UnsupportedError("the metadata cannot be read", code="entry.unreadable")
        try:
            file = self._binding.by_address(address)
            inner = file.get_extended_attribute(number) if type_ == _ATTRIBUTE else file
            found = min(inner.size, _LARGEST)
        except (*_ERRORS, AttributeError) as error:
            raise OSError("the content cannot be opened") from error
        if found != size:
            raise UnsupportedError("the size has changed", code="stream.changed")
        return LibyalStream(inner, size)

    def close(self) -> None:
        """Release the volume; the reader stays open."""
        self._binding.close()

    def _orphan(self, address: int) -> list[Entry | Gap]:
        found: list[Entry | Gap] = []
        try:
            file = self._binding.by_address(address)
        except _ERRORS:
            return found
        if file is not None:
            nowhere = Node(0, 0, b"$orphan", 0, "")
            self._entry(file, b"$orphan/%d" % address, nowhere, found, EntryFlag.ORPHAN)
        return found

    def _drain(self) -> Iterator[Entry | Gap]:
        while self._pending:
            node = self._pending.pop()
            if node.address in self._visited:
                self._counts.met_before += 1
            elif node.depth > DEPTH_LIMIT:
                self._counts.not_listed += 1
                yield Gap(node.locator, "directory.depth", {"limit": DEPTH_LIMIT})
            else:
                self._visited.add(node.address)
                yield from self._directory(node)

    def _directory(self, node: Node) -> Iterator[Entry | Gap]:
        whole = True
        try:
            directory = self._binding.by_address(node.address)
            count = directory.number_of_sub_file_entries
        except (*_ERRORS, AttributeError):
            count = 0
            whole = False
        for index in range(count):
            found: list[Entry | Gap] = []
            try:
                file = directory.get_sub_file_entry(index)
            except _ERRORS:
                whole = False
                continue
            name = _name(file)
            shown = b"$name-%d" % index if name is None else name
            path = node.under(shown)
            self._entry(file, path, node, found)
            if name is None:
                found.append(Gap(_locator_of(found), "entry.name", {}))
            yield from found
        if whole:
            self._counts.listed += 1
        else:
            self._counts.not_listed += 1
            yield Gap(node.locator, "directory.unreadable", {})

    def _entry(
        self,
        file: Any,  # noqa: ANN401
        path: bytes,
        node: Node,
        found: list[Entry | Gap],
        flags: EntryFlag = EntryFlag(0),  # noqa: B008 - a constant
    ) -> None:
        """Append the entries of one name: the thing itself, then its other streams."""
        self._counts.entries += 1
        flags |= EntryFlag.ALLOCATED
        place = place_of(path, allocated=True)
        try:
            address = self._binding.address(file)
            kind = _KINDS.get(stat.S_IFMT(file.file_mode), EntryKind.OTHER)
            size = min(file.size, _LARGEST)
            owner = file.owner_identifier
            links = file.number_of_links
            times = _times(file)
        except _ERRORS:
            found.append(
                Entry(
                    locator=self._locator(node, 0, _NO_CONTENT, 0),
                    kind=EntryKind.FILE,
                    flags=flags,
                    path=path,
                    size=-1,
                    handle=_FORM.pack(_NO_CONTENT, 0, 0, -1),
                    place=place,
                )
            )
            return
        self._seen.add(address)
        others, compressed, whole = _attributes(file)
        if kind is EntryKind.FILE:
            flags |= EntryFlag.COMPRESSED if compressed else EntryFlag(0)
            if links > 1 and address in self._linked:
                flags |= EntryFlag.HARD_LINK
            self._linked.add(address)
        type_ = _DATA if kind is EntryKind.FILE else _NO_CONTENT
        locator = self._locator(node, address, type_, 0)
        if kind is EntryKind.DIRECTORY:
            self._counts.directories += 1
            if address in self._visited:
                flags |= EntryFlag.CYCLE
            self._pending.append(Node(address, 0, path, node.depth + 1, locator))
        found.append(
            Entry(
                locator,
                kind,
                flags,
                path,
                size,
                _FORM.pack(_DATA, 0, address, size) if type_ else b"",
                times,
                owner,
                _first_offset(file) if type_ else -1,
                place,
            )
        )
        if not whole:
            found.append(Gap(locator, "entry.unreadable", {"what": "extended attributes"}))
        if hides_content(kind, size):
            self._counts.entries += 1
            found.append(
                Entry(
                    self._locator(node, address, _DATA, 0),
                    EntryKind.FILE,
                    flags | EntryFlag.STREAM,
                    path + b":",
                    size,
                    _FORM.pack(_DATA, 0, address, size),
                    times,
                    owner,
                    _first_offset(file),
                    place,
                )
            )
        for number, name, length in others:
            self._counts.entries += 1
            fork = name == RESOURCE_FORK
            found.append(
                Entry(
                    self._locator(node, address, _ATTRIBUTE, number),
                    EntryKind.FILE,
                    flags | (EntryFlag.FORK if fork else EntryFlag.STREAM),
                    path + b":" + name.encode("utf-8", "surrogatepass"),
                    length,
                    _FORM.pack(_ATTRIBUTE, number, address, length),
                    times,
                    owner,
                    -1,
                    place,
                )
            )

    def _locator(self, node: Node, address: int, type_: int, number: int) -> str:
        ordinal = node.ordinal(address, 0, type_, number)
        return f"{self.kind}/i{address}/u{node.address}/a{type_}-{number}/n{ordinal}"


def _locator_of(found: list[Entry | Gap]) -> str:
    return next(row.locator for row in found if isinstance(row, Entry))


def _name(file: Any) -> bytes | None:  # noqa: ANN401
    try:
        name = file.name
    except _ERRORS:
        return None
    return None if name is None else str(name).encode("utf-8", "surrogateescape")


def _attributes(file: Any) -> tuple[list[tuple[int, str, int]], bool, bool]:  # noqa: ANN401
    """Return the extended attributes that are streams, whether one says compressed, and if all."""
    found: list[tuple[int, str, int]] = []
    compressed = False
    whole = True
    try:
        count = file.number_of_extended_attributes
    except _ERRORS:
        return found, compressed, False
    for number in range(count):
        try:
            attribute = file.get_extended_attribute(number)
            name = attribute.name
            size = min(attribute.size, _LARGEST)
        except _ERRORS:
            whole = False
            continue
        if name == _COMPRESSED:
            compressed = True
        elif size and not is_system_attribute(name.encode("utf-8", "surrogatepass"), size):
            found.append((number, name, size))
    if compressed:  # its resource fork is how the content is stored, no stream of its own
        found = [row for row in found if row[1] != RESOURCE_FORK]
    return found, compressed, whole


def _first_offset(file: Any) -> int:  # noqa: ANN401
    try:
        if file.number_of_extents:
            offset, _, flags = file.get_extent(0)
            return -1 if flags else int(offset)
    except _ERRORS:
        pass
    return -1


def _times(file: Any) -> Times:  # noqa: ANN401
    return (
        _moment(file.get_modification_time_as_integer()),
        _moment(file.get_access_time_as_integer()),
        _moment(file.get_inode_change_time_as_integer()),
        _moment(file.get_creation_time_as_integer()),
    )


def _moment(value: int | None) -> Moment | None:
    return Moment(*divmod(value, NANOSECONDS)) if value else None
