"""A supplier's file as it was received: a descriptor, read in place, also when compressed.

A bare ``.gz`` and a ``.zip`` with one usable member are read without unpacking to disk; what
expands more than 200 times is refused.
"""

import gzip
import io
import os
import stat
import struct
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from hashlib import sha256
from typing import BinaryIO, Final, cast

from heroes_forensics.errors import HashSetError
from heroes_forensics.hashsets.beside import Check, Stated, stated
from heroes_forensics.hashsets.formats.base import HEAD, Supplied, damaged

RATIO_LIMIT: Final = 200
FREE: Final = 1 << 20
"""Bytes that any file may expand to, whatever its ratio."""
MEMBERS_LIMIT: Final = 1_000
_BLOCK: Final = 1 << 20
_GZIP: Final = b"\x1f\x8b"
_ZIP: Final = b"PK\x03\x04"
_ONE_OF_MANY: Final = (b"PK00", b"PK\x07\x08")
"""Before the first member of an archive that was made as one of several parts and needed one."""
_LOCAL: Final = struct.Struct("<4sHHHHHIIIHH")
_SIZES_FOLLOW: Final = 1 << 3
"""Flag of a member whose sizes stand behind it, and may be 0 before it."""
_IN_EXTRA: Final = 0xFFFFFFFF
"""A size that stands in the extra field, as in archives of more than 4 GiB."""
_NSRL: Final = "nsrlfile.txt"
"""The member of an NSRL distribution that holds the digests."""
_BROKEN: Final = (
    EOFError,
    zlib.error,
    gzip.BadGzipFile,
    zipfile.BadZipFile,
    NotImplementedError,
    RuntimeError,
    ValueError,
    OverflowError,
    struct.error,
)
"""What the standard library raises on broken or encrypted archives."""


class DescriptorFile(io.RawIOBase):
    """A seekable file on a descriptor that others share: it never moves their position."""

    def __init__(self, descriptor: int, size: int) -> None:
        super().__init__()
        self._descriptor = descriptor
        self._size = size
        self._at = 0

    def readable(self) -> bool:
        """Say that it can be read."""
        return True

    def seekable(self) -> bool:
        """Say that it can be positioned."""
        return True

    def readinto(self, buffer: object) -> int:
        """Fill ``buffer`` from the current position."""
        view = memoryview(cast("bytearray", buffer)).cast("B")
        data = os.pread(self._descriptor, len(view), self._at)
        view[: len(data)] = data
        self._at += len(data)
        return len(data)

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        """Move the position."""
        base = {os.SEEK_SET: 0, os.SEEK_CUR: self._at, os.SEEK_END: self._size}[whence]
        if base + offset < 0:
            raise ValueError("a negative position")
        self._at = base + offset
        return self._at


class Bounded(io.RawIOBase):
    """A decompressed stream that refuses to expand beyond the ratio."""

    def __init__(self, inner: BinaryIO, compressed: int, check: Check | None) -> None:
        super().__init__()
        self._inner = inner
        self._check = check
        self._limit = FREE + RATIO_LIMIT * compressed
        self._at = 0

    def readable(self) -> bool:
        """Say that it can be read."""
        return True

    def seekable(self) -> bool:
        """Say that it can be read from its start again."""
        return True

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        """Return to the start, or say where it stands; nothing else."""
        if (offset, whence) == (0, os.SEEK_SET):
            self._inner.seek(0)
            self._at = 0
            self._check = None  # it has seen what comes now
        elif (offset, whence) != (0, os.SEEK_CUR):
            raise io.UnsupportedOperation("a compressed hash set is read from its start")
        return self._at

    def readinto(self, buffer: object) -> int:
        """Fill ``buffer``; errors of the decompressor become `HashSetError`."""
        view = memoryview(cast("bytearray", buffer)).cast("B")
        try:
            data = self._inner.read(len(view))
        except _BROKEN as error:
            raise HashSetError(
                "the compressed hash set is damaged, encrypted or cut short",
                hint="nothing of it was imported; unpack it with another tool to see why",
            ) from error
        self._at += len(data)
        if self._at > self._limit:
            raise HashSetError(f"the compressed hash set expands more than {RATIO_LIMIT} times")
        if self._check is not None:
            self._check.update(data)
        view[: len(data)] = data
        return len(data)


def fingerprint(descriptor: int) -> tuple[str, int]:
    """Return SHA-256 in hex and size of the file as received.

    Raises:
        HashSetError: it is empty or no regular file.
        OSError: it cannot be read.
    """
    state = os.fstat(descriptor)
    if not stat.S_ISREG(state.st_mode):
        raise HashSetError("the hash set is not a regular file")
    if state.st_size == 0:
        raise HashSetError("the hash set is an empty file")
    digest = sha256()
    at = 0
    while block := os.pread(descriptor, _BLOCK, at):
        digest.update(block)
        at += len(block)
    return digest.hexdigest(), at


@contextmanager
def opened(descriptor: int, size: int) -> Iterator[Supplied]:
    """Open the file for an importer, through one layer of compression.

    Raises:
        HashSetError: the compression is damaged, encrypted, or holds no single hash set.
        OSError: it cannot be read.
    """
    raw = io.BufferedReader(DescriptorFile(descriptor, size), _BLOCK)
    start = raw.peek(2 * len(_ZIP))[: 2 * len(_ZIP)]
    if start.startswith(_ONE_OF_MANY) and start.endswith(_ZIP):
        start = _ZIP
    if start.startswith(_GZIP):
        with gzip.GzipFile(fileobj=raw) as inner:
            yield _wrapped(cast("BinaryIO", inner), size)
    elif start.startswith(_ZIP):
        with _archive(cast("BinaryIO", raw)) as archive:
            member = _member(archive)
            with _open_member(archive, member) as inner:
                _check_told_alike(descriptor, member)
                compressed = max(1, min(member.compress_size, size))
                yield _wrapped(inner, compressed, stated(archive, member))
    else:
        head = os.pread(descriptor, HEAD, 0)
        yield Supplied(cast("BinaryIO", raw), head, descriptor, size)


def _wrapped(inner: BinaryIO, compressed: int, told: Stated | None = None) -> Supplied:
    check = Check(told) if told else None
    stream = io.BufferedReader(Bounded(inner, compressed, check), HEAD)
    head = stream.peek(HEAD)[:HEAD]
    return Supplied(stream, head, -1, compressed, check.judge if check else None)


def _archive(raw: BinaryIO) -> zipfile.ZipFile:
    try:
        return zipfile.ZipFile(raw)
    except _BROKEN as error:
        raise damaged("the zip archive cannot be opened", "central directory") from error


def _member(archive: zipfile.ZipFile) -> zipfile.ZipInfo:
    members = [member for member in archive.infolist() if not member.is_dir()]
    if len(members) > MEMBERS_LIMIT:
        raise HashSetError(f"the zip archive has more than {MEMBERS_LIMIT} members")
    nsrl = [member for member in members if member.filename.lower().rpartition("/")[2] == _NSRL]
    scripts = [member for member in members if member.filename.lower().endswith(".sql")]
    kinds = (nsrl, _files_of_hashkeeper(members), scripts)
    chosen = next((found for found in kinds if len(found) == 1), members)
    if len(chosen) != 1:
        raise HashSetError(
            f"the zip archive has {len(members)} members, and which is the hash set is not told",
            hint="unpack it and import the file that holds the digests",
        )
    return chosen[0]


def _files_of_hashkeeper(members: list[zipfile.ZipInfo]) -> list[zipfile.ZipInfo]:
    """Return the one ``.hsh`` of a HashKeeper distribution beside the ``.hke`` of its sets."""
    ends = sorted(member.filename.lower()[-4:] for member in members)
    if ends != [".hke", ".hsh"]:
        return []
    return [member for member in members if member.filename.lower().endswith(".hsh")]


def _check_told_alike(descriptor: int, member: zipfile.ZipInfo) -> None:
    """Refuse a member of which its two headers tell different things.

    The directory of an archive and the header before a member both say how long it is (APPNOTE.TXT
    4.3.7 and 4.3.12). Programs differ in which they believe, so one of them would read less.

    Raises:
        HashSetError: they differ.
    """
    header = os.pread(descriptor, _LOCAL.size, member.header_offset)
    if len(header) < _LOCAL.size:
        raise _differing()
    flags, told = _LOCAL.unpack(header)[2], _LOCAL.unpack(header)[6:9]
    if flags & _SIZES_FOLLOW and not any(told):
        return
    known = (member.CRC, member.compress_size, member.file_size)
    if any(here not in (there, _IN_EXTRA) for here, there in zip(told, known, strict=True)):
        raise _differing()


def _differing() -> HashSetError:
    return damaged("the zip archive says two things of its member", "header of the member")


def _open_member(archive: zipfile.ZipFile, member: zipfile.ZipInfo) -> BinaryIO:
    refusal = HashSetError(
        "the member of the zip archive is damaged, encrypted or of an unknown method",
        hint="unpack it with another tool and import the file",
    )
    if member.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        raise refusal
    try:
        return cast("BinaryIO", archive.open(member))
    except _BROKEN as error:
        raise refusal from error
