"""The header of a 7z archive: blocks of compressed bytes, and which file is which part of which.

As 7-Zip's ``7zFormat.txt`` describes it. Every count is checked against the bytes that would have
to hold what is counted.
"""

import struct
import zlib
from typing import Final, NamedTuple

MOST_CODERS: Final = 32
_END, _HEADER, _ARCHIVE, _ADDITIONAL, _MAIN, _FILES = 0, 1, 2, 3, 4, 5
_PACK, _UNPACK, _SUB, _SIZE, _CRC, _FOLDER, _UNPACK_SIZE, _COUNT = 6, 7, 8, 9, 10, 11, 12, 13
_EMPTY_STREAM, _EMPTY_FILE, _ANTI, _NAMES, _BORN, _ACCESSED, _MODIFIED, _ATTRIBUTES = range(14, 22)
ENCODED: Final = 0x17
"""First byte of a header that is compressed itself."""
_TIMES: Final = {_BORN: "b", _ACCESSED: "a", _MODIFIED: "m"}


class BrokenHeaderError(Exception):
    """The header is not what it says."""


class Coder(NamedTuple):
    """One step of how a block is packed."""

    method: bytes
    properties: bytes


class Folder(NamedTuple):
    """One block: what is unpacked as one stream."""

    coders: tuple[Coder, ...]
    """From the packed bytes to the unpacked ones; none where that is no simple chain."""
    is_encrypted: bool
    at: int
    """Offset of the packed bytes, from the end of the first header."""
    packed: int
    """Bytes of them."""
    size: int
    """Bytes when unpacked."""
    crc: int
    """-1 when not stated."""


class Stream(NamedTuple):
    """Content of one file: a part of what a block unpacks to."""

    folder: int
    offset: int
    size: int
    crc: int


class File(NamedTuple):
    """One file or directory of the archive."""

    name: bytes
    """UTF-8."""
    stream: Stream | None
    is_directory: bool
    is_anti: bool
    """Says that a file was deleted; it has no content."""
    attributes: int
    times: dict[str, int]
    """FILETIME by `Entry.times`' letter."""


class _Bytes:
    """A header from its start to its end."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._at = 0

    @property
    def left(self) -> int:
        return len(self._data) - self._at

    def take(self, count: int) -> bytes:
        if not 0 <= count <= self.left:
            raise BrokenHeaderError
        self._at += count
        return self._data[self._at - count : self._at]

    def byte(self) -> int:
        return self.take(1)[0]

    def number(self) -> int:
        """Return a number of 1 to 9 bytes: leading ones of the first say how many follow."""
        first = self.byte()
        value = 0
        for index in range(8):
            if not first & (0x80 >> index):
                return value | (first & ((0x80 >> index) - 1)) << 8 * index
            value |= self.byte() << 8 * index
        return value

    def count(self, each: int = 1) -> int:
        """Return a number of things that take so many bytes at least, of which eight may be one."""
        value = self.number()
        if value * each > 8 * self.left + 8:
            raise BrokenHeaderError
        return value

    def bits(self, count: int) -> list[bool]:
        data = self.take(-(-count // 8))
        return [bool(data[index >> 3] & 0x80 >> (index & 7)) for index in range(count)]

    def defined(self, count: int) -> list[bool]:
        return [True] * count if self.byte() else self.bits(count)

    def digests(self, count: int) -> list[int]:
        return [
            int.from_bytes(self.take(4), "little") if is_there else -1
            for is_there in self.defined(count)
        ]


def checked(data: bytes, crc: int) -> bytes:
    """Return a header whose checksum fits.

    Raises:
        BrokenHeaderError: it does not.
    """
    if zlib.crc32(data) != crc:
        raise BrokenHeaderError
    return data


def parsed(data: bytes) -> tuple[list[Folder], list[File]]:
    """Read a header that is not packed.

    Raises:
        BrokenHeaderError: it cannot be right.
    """
    read = _Bytes(data)
    if read.byte() != _HEADER:
        raise BrokenHeaderError
    kind = read.byte()
    folders: list[Folder] = []
    streams: list[Stream] = []
    while kind != _END:
        if kind == _ARCHIVE:
            while read.byte() != _END:
                read.take(read.number())
        elif kind == _ADDITIONAL:
            _streams(read)
        elif kind == _MAIN:
            folders, streams = _streams(read)
        elif kind == _FILES:
            return folders, _files(read, streams)
        else:
            raise BrokenHeaderError
        kind = read.byte()
    return folders, []


def packed_header(data: bytes) -> Folder:
    """Return the block that holds the header itself; ``data`` begins with `ENCODED`.

    Raises:
        BrokenHeaderError: it cannot be right.
    """
    read = _Bytes(data[1:])
    folders, _ = _streams(read)
    if not folders:
        raise BrokenHeaderError
    return folders[0]


class _Plan(NamedTuple):
    """A block whose place is not known yet."""

    coders: tuple[Coder, ...]
    is_encrypted: bool
    outputs: int
    main: int
    """Which output is what the block unpacks to."""
    inputs: int
    """How many packed streams it takes."""


def _streams(read: _Bytes) -> tuple[list[Folder], list[Stream]]:
    at, sizes = 0, list[int]()
    folders: list[Folder] = []
    streams: list[Stream] | None = None
    while (kind := read.byte()) != _END:
        if kind == _PACK:
            at, sizes = _packed(read)
        elif kind == _UNPACK:
            folders = _unpacked(read, at, sizes)
        elif kind == _SUB:
            streams = _parts(read, folders)
        else:
            raise BrokenHeaderError
    if streams is None:
        streams = [Stream(number, 0, each.size, each.crc) for number, each in enumerate(folders)]
    return folders, streams


def _packed(read: _Bytes) -> tuple[int, list[int]]:
    at, count = read.number(), read.count()
    sizes = [0] * count
    while (kind := read.byte()) != _END:
        if kind == _SIZE:
            sizes = [read.number() for _ in range(count)]
        elif kind == _CRC:
            read.digests(count)
        else:
            raise BrokenHeaderError
    return at, sizes


def _unpacked(read: _Bytes, at: int, sizes: list[int]) -> list[Folder]:
    if read.byte() != _FOLDER:
        raise BrokenHeaderError
    count = read.count(2)
    if read.byte():
        raise BrokenHeaderError  # kept elsewhere: nothing writes that
    plans = [_plan(read) for _ in range(count)]
    if read.byte() != _UNPACK_SIZE:
        raise BrokenHeaderError
    outputs = [[read.number() for _ in range(plan.outputs)] for plan in plans]
    crcs = [-1] * count
    while (kind := read.byte()) != _END:
        if kind != _CRC:
            raise BrokenHeaderError
        crcs = read.digests(count)
    folders: list[Folder] = []
    used = 0
    for plan, unpacked, crc in zip(plans, outputs, crcs, strict=True):
        own = sizes[used : used + plan.inputs]
        if len(own) < plan.inputs:
            raise BrokenHeaderError
        used += plan.inputs
        packed = sum(own)
        folders.append(Folder(plan.coders, plan.is_encrypted, at, packed, unpacked[plan.main], crc))
        at += packed
    return folders


def _plan(read: _Bytes) -> _Plan:
    count = read.number()
    if not 0 < count <= MOST_CODERS:
        raise BrokenHeaderError
    found = [_coder(read) for _ in range(count)]
    coders = [coder for coder, _, _ in found]
    inputs, outputs = (sum(each) for each in list(zip(*found, strict=True))[1:])
    into = {read.number(): read.number() for _ in range(outputs - 1)}
    packed = inputs - len(into)
    if packed < 1:
        raise BrokenHeaderError
    if packed > 1:
        for _ in range(packed):
            read.number()
    main = next((each for each in range(outputs) if each not in into.values()), -1)
    if main < 0:
        raise BrokenHeaderError
    chain: list[Coder] = []
    at: int | None = main if inputs == outputs == count else None
    while at is not None and at < count and len(chain) < count:
        chain.append(coders[at])
        at = into.get(at)
    return _Plan(
        tuple(reversed(chain)) if len(chain) == count else (),
        any(coder.method == AES for coder in coders),
        outputs,
        main,
        packed,
    )


def _coder(read: _Bytes) -> tuple[Coder, int, int]:
    """Return a step, and how many streams it takes and gives."""
    flags = read.byte()
    method = read.take(flags & 15)
    ins, outs = (read.number(), read.number()) if flags & 16 else (1, 1)
    properties = read.take(read.number()) if flags & 32 else b""
    if flags & 0x80 or not 0 < ins <= MOST_CODERS or not 0 < outs <= MOST_CODERS:
        raise BrokenHeaderError
    return Coder(method, properties), ins, outs


AES: Final = bytes.fromhex("06f10701")


def _parts(read: _Bytes, folders: list[Folder]) -> list[Stream]:
    counts = [1] * len(folders)
    kind = read.byte()
    if kind == _COUNT:
        counts = [read.number() for _ in folders]
        kind = read.byte()
    if sum(counts) > 8 * read.left + 8 + len(folders):
        raise BrokenHeaderError
    spans = list(zip(folders, counts, strict=True))
    is_stated = kind == _SIZE
    if not is_stated and any(count > 1 for count in counts):
        raise BrokenHeaderError
    sizes = [size for each in spans for size in _sizes(read, *each)]
    kind = read.byte() if is_stated else kind
    missing = [count != 1 or folder.crc < 0 for folder, count in spans for _ in range(count)]
    crcs = [-1] * sum(missing)
    while kind != _END:
        if kind != _CRC:
            raise BrokenHeaderError
        crcs = read.digests(sum(missing))
        kind = read.byte()
    streams: list[Stream] = []
    left = iter(crcs)
    for number, (folder, count) in enumerate(spans):
        offset = 0
        for _ in range(count):
            index = len(streams)
            crc = next(left) if missing[index] else folder.crc
            streams.append(Stream(number, offset, sizes[index], crc))
            offset += sizes[index]
    return streams


def _sizes(read: _Bytes, folder: Folder, count: int) -> list[int]:
    """Return how long each part of a block is; that of the last one is what the others leave."""
    if not count:
        return []
    own = [read.number() for _ in range(count - 1)]
    if sum(own) > folder.size:
        raise BrokenHeaderError
    return [*own, folder.size - sum(own)]


class _Properties:
    """What a header says of its files, one property of all of them after the other."""

    def __init__(self, read: _Bytes, count: int) -> None:
        self.names = [b""] * count
        self.empty, self.attributes = [False] * count, [0] * count
        self.files: list[bool] = []
        self.anti: list[bool] = []
        self.times: dict[str, list[int]] = {}
        while (kind := read.number()) != _END:
            self._take(kind, _Bytes(read.take(read.number())), count)

    def _take(self, kind: int, part: _Bytes, count: int) -> None:
        if kind == _EMPTY_STREAM:
            self.empty = part.bits(count)
        elif kind == _EMPTY_FILE:
            self.files = part.bits(sum(self.empty))
        elif kind == _ANTI:
            self.anti = part.bits(sum(self.empty))
        elif kind == _NAMES:
            self.names = _names(part, count)
        elif kind in _TIMES:
            self.times[_TIMES[kind]] = _values(part, count, 8)
        elif kind == _ATTRIBUTES:
            self.attributes = _values(part, count, 4)


def _files(read: _Bytes, streams: list[Stream]) -> list[File]:
    count = read.count()
    said = _Properties(read, count)
    if count - sum(said.empty) > len(streams):
        raise BrokenHeaderError
    given, among = iter(streams), 0
    found: list[File] = []
    for index in range(count):
        is_directory = is_anti = False
        if said.empty[index]:
            is_directory = not (among < len(said.files) and said.files[among])
            is_anti = among < len(said.anti) and said.anti[among]
            among += 1
        stream = None if said.empty[index] else next(given)
        times = {name: values[index] for name, values in said.times.items() if values[index]}
        attributes = said.attributes[index]
        found.append(File(said.names[index], stream, is_directory, is_anti, attributes, times))
    return found


def _names(part: _Bytes, count: int) -> list[bytes]:
    if part.byte():
        raise BrokenHeaderError
    text = part.take(part.left)
    names = text[: len(text) & ~1].decode("utf-16-le", "surrogatepass").split("\0")
    if len(names) < count:
        raise BrokenHeaderError
    return [name.encode("utf-8", "surrogatepass") for name in names[:count]]


def _values(part: _Bytes, count: int, width: int) -> list[int]:
    is_there = part.defined(count)
    if part.byte():
        raise BrokenHeaderError
    return [
        struct.unpack("<Q" if width == 8 else "<I", part.take(width))[0] if each else 0  # noqa: PLR2004
        for each in is_there
    ]
