"""7z archives: every file of every block, read forwards.

Locators are ``n`` and the number of the file in the header, ``n17``: its header has no offset of
its own, and may be compressed. Blocks packed with LZMA, LZMA2, Deflate, bzip2, Zstandard or not at
all are read, each with the filters of `lzma`; other methods (PPMd, BCJ2, filters of programs in
front of LZMA) are left to libarchive where the block is not encrypted, and what nobody knows is
``stream.unsupported``; encrypted blocks that no password opens are ``stream.encrypted``. CRC-32 are
checked where they are stated.

A file that lies behind others in one block costs unpacking those; how much of that is done for
files that are not read is bounded.
"""

import lzma
import struct
from collections.abc import Callable, Iterator
from contextlib import suppress
from itertools import islice
from typing import Final

from heroes_forensics.errors import EvidenceError
from heroes_forensics.model import (
    Entry,
    EntryFlag,
    EntryKind,
    Gap,
    Listing,
    TimeBasis,
    TimeRule,
)
from heroes_forensics.parsers.base import Reader, UnsupportedError
from heroes_forensics.parsers.containers.compressed import Streams
from heroes_forensics.parsers.containers.filetime import moment
from heroes_forensics.parsers.containers.listing import counted
from heroes_forensics.parsers.containers.names import member_path
from heroes_forensics.parsers.containers.pieces import behind_zeros, unaccounted
from heroes_forensics.parsers.containers.sevenzip_encryption import Locks, closed, fits
from heroes_forensics.parsers.containers.sevenzip_header import (
    AES,
    ENCODED,
    BrokenHeaderError,
    Coder,
    File,
    Folder,
    checked,
    packed_header,
    parsed,
)
from heroes_forensics.parsers.place import place_of
from heroes_forensics.parsers.reading.decompression import (
    MEMORY,
    ZIP_METHODS,
    EngineExpander,
    ExpandedReader,
    Expander,
    StoredReader,
)
from heroes_forensics.parsers.reading.libarchive import Entries
from heroes_forensics.parsers.reading.readers import RangeReader
from heroes_forensics.parsers.secrets import Secrets

_START: Final = struct.Struct("<6sBBIQQI")
_REGION: Final = struct.Struct("<QQ")
"""Start and end of bytes that no block covers."""
_MAGIC: Final = b"7z\xbc\xaf\x27\x1c"
_MOST_HEADER: Final = 64 << 20
_MOST_PACKED: Final = 4
"""Headers packed one in the other."""
_MOST_SKIPPED: Final = 8 << 30
"""Bytes unpacked only to come to others, in one archive."""
_UNIX: Final = 0x8000
_KINDS: Final = {0o040000: EntryKind.DIRECTORY, 0o120000: EntryKind.SYMLINK}
_FILTERS: Final = {
    b"\x03\x03\x01\x03": lzma.FILTER_X86,
    b"\x03\x03\x02\x05": lzma.FILTER_POWERPC,
    b"\x03\x03\x04\x01": lzma.FILTER_IA64,
    b"\x03\x03\x05\x01": lzma.FILTER_ARM,
    b"\x03\x03\x07\x01": lzma.FILTER_ARMTHUMB,
    b"\x03\x03\x08\x05": lzma.FILTER_SPARC,
}
_COPY, _DELTA, _LZMA, _LZMA2 = b"\0", b"\x03", b"\x03\x01\x01", b"\x21"
_ZIP_METHODS: Final = {b"\x04\x01\x08": 8, b"\x04\x01\x09": 9, b"\x04\x02\x02": 12}
_ZSTD: Final = b"\x04\xf7\x11\x01"


def open_7z(reader: Reader, secrets: Secrets | None = None) -> "SevenZipFileSystem":
    """Open an archive; ``reader`` stays the caller's to close.

    Args:
        reader: the archive.
        secrets: what was given to open an encrypted one.

    Raises:
        EvidenceError: this is none, or its header cannot be read.
        UnsupportedError: ``container.encrypted``, its header is, and no password fits.
    """
    locks = Locks(reader, secrets)
    try:
        head = reader.pread(0, _START.size)
        if len(head) < _START.size or not head.startswith(_MAGIC):
            raise EvidenceError("this is no 7z archive")
        _, _, _, crc, at, size, own = _START.unpack(head)
        checked(head[12:], crc)
        if size > _MOST_HEADER:
            raise EvidenceError("the header of the archive is too long")
        data = checked(reader.pread(_START.size + at, size), own)
        taken = [(at, size)]
        for _ in range(_MOST_PACKED):
            if not data or data[0] != ENCODED:
                break
            header = packed_header(data)
            taken.append((header.at, header.packed))
            data = _unpacked(reader, header, locks)
        folders, files = parsed(data) if data else ([], [])
    except (OSError, BrokenHeaderError, UnicodeError) as error:
        raise EvidenceError("the header of the archive cannot be read") from error
    return SevenZipFileSystem(reader, folders, files, locks, taken)


def _unpacked(reader: Reader, folder: Folder, locks: Locks) -> bytes:
    if folder.size > _MOST_HEADER:
        raise BrokenHeaderError
    if not folder.is_encrypted:
        return checked(_stream(reader, folder).pread(0, folder.size), folder.crc)
    for found in _decrypted(reader, folder, locks):
        with suppress(OSError, BrokenHeaderError):
            return checked(found.pread(0, folder.size), folder.crc)
    raise UnsupportedError("the header is encrypted", code="container.encrypted")


class SevenZipFileSystem:
    """Lists and opens the files of one archive."""

    kind: Final = "7z"

    def __init__(
        self,
        reader: Reader,
        folders: list[Folder],
        files: list[File],
        locks: Locks,
        taken: list[tuple[int, int]],
    ) -> None:
        self._reader = reader
        self._taken = taken
        """Offset and bytes of its headers, from the end of the first one."""
        self._locks = locks
        self._fitting: dict[int, int] = {}
        """Which password opens an encrypted block; -1 where none does."""
        self._folders = folders
        self._files = files
        self._current: tuple[int, _Forward] | None = None
        """The block that was read last, and how far."""
        self._skipped = 0
        self._others = Entries(reader, ("7zip",))

    @property
    def times(self) -> TimeBasis:
        """Those of NTFS, where they are stated."""
        return {name: TimeRule(100, "utc") for name in "mab"}

    def entries(self) -> Iterator[Entry | Gap | Listing]:
        """Yield the files in the order of the header."""
        yield from counted(self._found(), sweep="bytes that no block covers")

    def _found(self) -> Iterator[Entry | Gap]:
        for number, file in enumerate(self._files):
            kind = _kind(file)
            path = member_path(file.name, directory=kind == EntryKind.DIRECTORY)
            stream = file.stream
            flags = EntryFlag.ALLOCATED
            if stream is not None:
                flags |= EntryFlag.COMPRESSED
            times = [moment(file.times.get(name, 0)) for name in "mab"]
            yield Entry(
                locator=f"n{number}",
                kind=kind,
                flags=flags,
                path=path or f"$file-{number}".encode(),
                size=stream.size if stream else 0,
                handle=number.to_bytes(4, "little"),
                times=(times[0], times[1], None, times[2]),
                first_offset=_START.size + self._folders[stream.folder].at if stream else 0,
                place=place_of(path, allocated=True),
            )

        try:
            for start, end in self._between():
                at = behind_zeros(self._reader, start, end)
                if at < end:
                    yield unaccounted(at, end, _REGION.pack(at, end))
        except OSError:
            yield Gap(f"r@{_START.size:#x}", "source.damaged", {"between": "blocks"})

    def _between(self) -> Iterator[tuple[int, int]]:
        """Yield the ranges that neither a block nor a header covers."""
        end = _START.size
        for at, size in sorted([*self._taken, *((each.at, each.packed) for each in self._folders)]):
            # One that is no chain has several packed streams, and the first is known.
            if _START.size + at > end and all(each.coders for each in self._folders):
                yield end, _START.size + at
            end = max(end, _START.size + at + size)
        yield end, self._reader.size

    def open(self, handle: bytes) -> Reader:
        """Open a file.

        Raises:
            OSError: it cannot be read, or this is not a handle of this parser.
            UnsupportedError: ``stream.encrypted`` or ``stream.unsupported``.
        """
        if len(handle) == _REGION.size:
            start, end = _REGION.unpack(handle)
            return RangeReader(self._reader, start, end - start)
        number = int.from_bytes(handle, "little")
        if len(handle) != 4 or number >= len(self._files):  # noqa: PLR2004 - as it is made
            raise OSError("not a handle of this parser")
        stream = self._files[number].stream
        if stream is None:
            return RangeReader(self._reader, 0, 0)
        folder = self._folders[stream.folder]
        if not folder.is_encrypted and not _is_known(folder):
            whole = RangeReader(self._reader, 0, self._reader.size)
            made = lambda _: self._others.expander(number)  # noqa: E731 - one for each pass
            return ExpandedReader(whole, made, stream.size, stream.crc)
        if self._current is None or self._current[0] != stream.folder:
            block = self._block(stream.folder, folder)
            self._current = stream.folder, _Forward(block, self._skip)
        inner = RangeReader(self._current[1], stream.offset, stream.size)
        return StoredReader(inner, stream.crc)

    def _block(self, number: int, folder: Folder) -> Reader:
        """Return what a block unpacks to, decrypted where a password fits its first file."""
        if not folder.is_encrypted:
            return _stream(self._reader, folder)
        if number not in self._fitting:
            streams = (each.stream for each in self._files)
            first = next(each for each in streams if each is not None and each.folder == number)
            tried = enumerate(_decrypted(self._reader, folder, self._locks))
            parts = ((at, RangeReader(found, 0, first.size)) for at, found in tried)
            right = (at for at, part in parts if fits(StoredReader(part, first.crc)))
            self._fitting[number] = next(right, -1)
        at = self._fitting[number]
        if at < 0:
            raise closed()
        return next(islice(_decrypted(self._reader, folder, self._locks), at, None))

    def _skip(self, count: int) -> None:
        self._skipped += count
        if self._skipped > _MOST_SKIPPED:
            raise OSError("too much would have to be unpacked to come to it")

    def close(self) -> None:
        """Let go of what unpacks; the reader stays open, it was handed in."""
        self._others.close()


class _Forward:
    """What a block unpacks to; counts what is unpacked for nothing."""

    def __init__(self, inner: Reader, skipped: Callable[[int], None]) -> None:
        self._inner = inner
        self._skipped = skipped
        self._at = 0

    @property
    def size(self) -> int:
        return self._inner.size

    def pread(self, offset: int, length: int) -> bytes:
        self._skipped(offset - self._at if offset >= self._at else offset)
        data = self._inner.pread(offset, length)
        self._at = offset + len(data)
        return data

    def close(self) -> None:
        """Keep it: the next file may lie in it."""


def _decrypted(reader: Reader, folder: Folder, locks: Locks) -> Iterator[Reader]:
    """Yield what an encrypted block unpacks to with each password.

    Raises:
        UnsupportedError: ``stream.encrypted``, or ``stream.unsupported``.
    """
    coders = folder.coders
    if not coders or coders[0].method != AES or any(each.method == AES for each in coders[1:]):
        raise closed()
    packed = RangeReader(reader, _START.size + folder.at, folder.packed)
    rest = folder._replace(coders=coders[1:] or (Coder(_COPY, b""),))
    for clear in locks.opened(packed, coders[0].properties):
        yield _chain(clear, rest)


def _stream(reader: Reader, folder: Folder) -> Reader:
    """Return what a block that is not encrypted unpacks to.

    Raises:
        UnsupportedError: ``stream.unsupported``.
    """
    return _chain(RangeReader(reader, _START.size + folder.at, folder.packed), folder)


def _chain(packed: Reader, folder: Folder) -> Reader:
    if [coder.method for coder in folder.coders] == [_COPY]:
        return RangeReader(packed, 0, min(folder.size, packed.size))
    return ExpandedReader(packed, _expander(folder), folder.size, -1)


def _is_known(folder: Folder) -> bool:
    """Tell whether a block that is not encrypted is unpacked without libarchive."""
    with suppress(UnsupportedError):
        return [each.method for each in folder.coders] == [_COPY] or bool(_expander(folder))
    return False


class _Cut:
    """So many bytes: LZMA need not say where it ends."""

    def __init__(self, inner: Expander, size: int) -> None:
        self._inner = inner
        self._left = size

    @property
    def finished(self) -> bool:
        return not self._left

    def take(self, most: int) -> bytes:
        data = self._inner.take(min(most, self._left)) if self._left else b""
        self._left -= len(data)
        return data

    def copy(self) -> None:
        """Say that there is none: what lies behind is expanded again."""


def _expander(folder: Folder) -> Callable[[Reader], Expander]:
    """Return what unpacks such a chain.

    Raises:
        UnsupportedError: ``stream.unsupported``.
    """
    coders = [coder for coder in folder.coders if coder.method != _COPY]
    methods = [coder.method for coder in coders]
    if len(methods) == 1 and methods[0] in _ZIP_METHODS:
        return ZIP_METHODS[_ZIP_METHODS[methods[0]]]
    if methods == [_ZSTD]:
        return lambda reader: Streams(reader, "zstd", lambda: None)
    filters = [_filter(coder) for coder in coders]
    is_lzma = bool(methods) and methods[0] in {_LZMA, _LZMA2}
    # Filters of programs keep their last bytes back where LZMA does not say that it ends.
    held_back = any(method in _FILTERS for method in methods) and methods[0] == _LZMA
    if not is_lzma or held_back:
        raise _unsupported()
    # As they were packed: the library takes the steps in the other order.
    chain = filters[::-1]

    def make(reader: Reader) -> Expander:
        engine = lzma.LZMADecompressor(lzma.FORMAT_RAW, filters=chain)
        return _Cut(EngineExpander(reader, engine), folder.size)

    return make


def _filter(coder: Coder) -> dict[str, int]:
    properties = coder.properties
    if coder.method == _LZMA and len(properties) == 5:  # noqa: PLR2004
        rest, lc = divmod(properties[0], 9)
        pb, lp = divmod(rest, 5)
        window = _window(int.from_bytes(properties[1:], "little"))
        return {"id": lzma.FILTER_LZMA1, "dict_size": window, "lc": lc, "lp": lp, "pb": pb}
    if coder.method == _LZMA2 and len(properties) == 1 and properties[0] < 40:  # noqa: PLR2004
        bits = properties[0]
        return {"id": lzma.FILTER_LZMA2, "dict_size": _window((2 | bits & 1) << bits // 2 + 11)}
    if coder.method == _DELTA and len(properties) == 1:
        return {"id": lzma.FILTER_DELTA, "dist": properties[0] + 1}
    if coder.method in _FILTERS:
        return {"id": _FILTERS[coder.method]}
    raise _unsupported()


def _window(size: int) -> int:
    if size > MEMORY:
        raise _unsupported()
    return max(size, 1 << 12)


def _unsupported() -> UnsupportedError:
    return UnsupportedError("the block is packed by another method", code="stream.unsupported")


def _kind(file: File) -> EntryKind:
    if file.is_anti:
        return EntryKind.OTHER
    if file.is_directory:
        return EntryKind.DIRECTORY
    if file.attributes & _UNIX:
        return _KINDS.get(file.attributes >> 16 & 0o170000, EntryKind.FILE)
    return EntryKind.FILE
