"""A second lister of directories: names straight from the blocks The Sleuth Kit reads for us.

It serves where the kit's own lister falls short: it gives nothing of a directory with one damaged
index block, refuses directories of a million names, compares every name with every other one, and
replaces what is not Unicode in NTFS and HFS+ names. Names come as UTF-8; an unpaired surrogate
becomes the three bytes that UTF-8 would give it, so that no two names become one. Deleted names
are not looked for here.

Formats: the ext4 disk layout of the Linux kernel documentation (linear directory entries; hash
tree blocks look like empty ones), NTFS index records as in [MS-FSA] and the Linux-NTFS
documentation, the HFS+ catalog of TN1150.
"""

import struct
from collections.abc import Iterable, Iterator
from typing import Any, Final, NamedTuple

from heroes_forensics.parsers.base import Reader
from heroes_forensics.parsers.filesystems import tsk_tables as t

_HIGH: Final = "\ud800"
_LOW: Final = "\udc00"
_LAST: Final = "\udfff"
_CHUNK: Final = 1 << 20
_LARGEST_DIRECTORY: Final = 2 << 30
"""Bytes: what the size of a directory can state without its upper half."""
_SECTOR: Final = 512
_EXT_HEAD: Final = struct.Struct("<IHBB")
_INDEX_ENTRY: Final = struct.Struct("<QHHH")
_ENTRY_HEAD: Final = 16
_KEY_HEAD: Final = 66
_FAT_LONG: Final = 15
_DOS_NAME: Final = 2
_LAST_ENTRY: Final = 2
_HFS_CATALOG: Final = 4
_HFS_LEAF: Final = 0xFF
_HFS_FOLDER: Final = 1
_HFS_FILE: Final = 2
_HFS_FILE_SIZE: Final = 248
_HFS_ROOT: Final = 2
_HFS_LINKS: Final = {b"hlnkhfs+": b"iNode", b"fdrpMACS": b"dir_"}
"""Type and creator of a hard link, to how the names of what such links lead to begin."""
_HFS_PRIVATE: Final = {
    b"\0\0\0\0HFS+ Private Data": b"iNode",
    b".HFS+ Private Directory Data\r": b"dir_",
}
"""The folders of the root that hold those."""


class RawName(NamedTuple):
    """One name in use."""

    address: int
    sequence: int
    parent: int
    name: bytes
    target: bytes = b""
    """HFS+: the name of the indirect node this hard link stands for; else empty."""


def text_of(raw: bytes, encoding: str) -> bytes:
    """Return UTF-16 as UTF-8 that keeps unpaired surrogates apart."""
    return raw.decode(encoding, "surrogatepass").encode("utf-8", "surrogatepass")


def lenient(name: bytes) -> bytes:
    """Return a name as The Sleuth Kit gives it.

    It shows a caret for an unpaired surrogate, swallows the letter after an unpaired high one,
    and ends at a zero.
    """
    shown: list[str] = []
    letters = iter(name.decode("utf-8", "surrogatepass"))
    for letter in letters:
        if _HIGH <= letter <= _LAST:
            shown.append("^")
            if letter < _LOW:
                next(letters, None)
        else:
            shown.append(letter)
    return "".join(shown).encode().partition(b"\0")[0]


def _chunks(file: Any, size: int, kind: int, number: int) -> Iterator[bytes]:  # noqa: ANN401
    for offset in range(0, size, _CHUNK):
        length = min(_CHUNK, size - offset)
        try:
            chunk: bytes = file.read_random(offset, length, kind, number)
        except (OSError, RuntimeError) as error:
            raise OSError("a directory cannot be read to its end") from error
        if len(chunk) != length:
            raise OSError("a directory cannot be read to its end")
        yield chunk


def ext_names(fs: Any, address: int) -> Iterator[RawName]:  # noqa: ANN401
    """Yield the names of an ext directory.

    Raises:
        OSError: it cannot be read to its end; the names before that were given.
    """
    try:
        file = fs.open_meta(address)
        size = file.info.meta.size
    except (OSError, RuntimeError, AttributeError) as error:
        raise OSError("a directory cannot be opened") from error
    chunks = _chunks(file, size, t.DEFAULT, 0)
    yield from _ext_blocks(chunks, int(fs.info.block_size), address)


def mapped_names(stream: Reader, block_size: int, address: int) -> Iterator[RawName]:
    """Yield the names of an ext directory that is read by us.

    Args:
        stream: its content.
        block_size: bytes of a block.
        address: its inode number.

    Raises:
        OSError: it cannot be read to its end, or is larger than any directory.
    """
    if stream.size > _LARGEST_DIRECTORY:
        raise OSError("a directory is larger than any can be")
    chunks = (stream.pread(offset, _CHUNK) for offset in range(0, stream.size, _CHUNK))
    yield from _ext_blocks(chunks, block_size, address)


def _ext_blocks(chunks: Iterable[bytes], block_size: int, address: int) -> Iterator[RawName]:
    damaged = False
    for chunk in chunks:
        for start in range(0, len(chunk), block_size):
            block = chunk[start : start + block_size]
            at = 0
            while at + 8 <= len(block):
                inode, length, name_length, _ = _EXT_HEAD.unpack_from(block, at)
                length = length or 65536
                if length < 8 + name_length or length % 4 or at + length > len(block):
                    damaged = True
                    break
                name = block[at + 8 : at + 8 + name_length]
                if inode and name_length and name not in {b".", b".."}:
                    yield RawName(inode, 0, address, name)
                at += length
    if damaged:
        raise OSError("a directory block is damaged")


def fat_names(fs: Any, address: int) -> Iterator[RawName]:  # noqa: ANN401
    """Yield the long names of a FAT directory; without addresses, which only the kit counts.

    Source: the FAT specification (fatgen103) 7, long directory entries.

    Raises:
        OSError: it cannot be read to its end.
    """
    try:
        file = fs.open_meta(address)
        size = file.info.meta.size
    except (OSError, RuntimeError, AttributeError) as error:
        raise OSError("a directory cannot be opened") from error
    parts: list[bytes] = []
    for chunk in _chunks(file, size, t.DEFAULT, 0):
        for at in range(0, len(chunk) - 31, 32):
            entry = chunk[at : at + 32]
            if entry[11] == _FAT_LONG:
                parts.append(entry[1:11] + entry[14:26] + entry[28:32])
            elif parts:
                raw = b"".join(reversed(parts))
                parts = []
                units = [raw[i : i + 2] for i in range(0, len(raw), 2)]
                end = units.index(b"\0\0") if b"\0\0" in units else len(units)
                yield RawName(0, 0, address, text_of(b"".join(units[:end]), "utf-16-le"))


def ntfs_names(fs: Any, address: int) -> Iterator[RawName]:  # noqa: ANN401
    """Yield the names of an NTFS directory, short names of files that have a long one left out.

    Raises:
        OSError: an index record is damaged or unreadable; the names of the others were given.
    """
    try:
        file = fs.open_meta(address)
        found = [
            (int(a.info.type), a.info.id, a.info.size)
            for a in file
            if int(a.info.type) in {t.NTFS_INDEX_ROOT, t.NTFS_INDEX} and a.info.name == b"$I30"
        ]
        root = next(
            file.read_random(0, size, k, n) for k, n, size in found if k == t.NTFS_INDEX_ROOT
        )
    except (OSError, RuntimeError, StopIteration) as error:
        raise OSError("a directory cannot be opened") from error
    record = int.from_bytes(root[8:12], "little")
    yield from _index_entries(root, 16, address)
    damaged = record < _SECTOR or record % _SECTOR != 0 or _CHUNK % record != 0
    for kind, number, size in found:
        if kind != t.NTFS_INDEX or damaged:
            continue
        bits = _bitmap(file)
        seen = 0
        for chunk in _chunks(file, size, kind, number):
            for start in range(0, len(chunk), record):
                used = bits is None or (seen >> 3 < len(bits) and bits[seen >> 3] >> (seen & 7) & 1)
                seen += 1
                if used:
                    block = _fixed(chunk[start : start + record])
                    if block is None:
                        damaged = True
                    else:
                        yield from _index_entries(block, 24, address)
    if damaged:
        raise OSError("an index record is damaged")


def _bitmap(file: Any) -> bytes | None:  # noqa: ANN401
    for attribute in file:
        info = attribute.info
        if int(info.type) == t.NTFS_BITMAP and info.name == b"$I30":
            bits: bytes = file.read_random(0, info.size, t.NTFS_BITMAP, info.id)
            return bits
    return None


def _fixed(record: bytes) -> bytes | None:
    """Put the last two bytes of each sector back; None when they do not belong together."""
    if record[:4] != b"INDX":
        return None
    offset, count = struct.unpack_from("<HH", record, 4)
    if (count - 1) * _SECTOR != len(record) or offset + 2 * count > _SECTOR:
        return None
    data = bytearray(record)
    mark = record[offset : offset + 2]
    for index in range(1, count):
        end = index * _SECTOR
        if record[end - 2 : end] != mark:
            return None
        data[end - 2 : end] = record[offset + 2 * index : offset + 2 * index + 2]
    return bytes(data)


def _index_entries(block: bytes, header: int, parent: int) -> Iterator[RawName]:
    if len(block) < header + 16:
        return
    first, used = struct.unpack_from("<II", block, header)
    at = header + first
    end = min(len(block), header + used)
    while at + _ENTRY_HEAD <= end:
        reference, length, key_length, flags = _INDEX_ENTRY.unpack_from(block, at)
        if length < _ENTRY_HEAD or flags & _LAST_ENTRY:
            return
        key = block[at + 16 : at + 16 + key_length]
        if len(key) > _KEY_HEAD and key[65] != _DOS_NAME:
            name = text_of(key[66 : 66 + 2 * key[64]], "utf-16-le")
            if name != b".":
                yield RawName(reference & 0xFFFFFFFFFFFF, reference >> 48, parent, name)
        at += length


def hfs_names(fs: Any, directory: int | None = None) -> Iterator[RawName]:  # noqa: ANN401
    """Yield the folders and files of the catalog of an HFS+ volume, from its leaf nodes.

    Args:
        fs: an open `pytsk3.FS_Info`.
        directory: only what lies in this one; everything when None.

    Raises:
        OSError: the catalog cannot be read to its end, or its chain of leaves is damaged.
    """
    try:
        file = fs.open_meta(_HFS_CATALOG)
        size = file.info.meta.size
        head = file.read_random(0, 512)
        node_size = struct.unpack_from(">H", head, 32)[0]
        node = struct.unpack_from(">I", head, 24)[0]
        left = size // node_size
        while node:
            if left <= 0:
                raise OSError("the chain of catalog leaves has a loop")
            left -= 1
            data = file.read_random(node * node_size, node_size)
            if len(data) != node_size or data[8] != _HFS_LEAF:
                raise OSError("a catalog leaf is damaged")
            for name in _leaf(data):
                if directory in {None, name.parent}:
                    yield name
            node = struct.unpack_from(">I", data, 0)[0]
    except (RuntimeError, AttributeError, struct.error, ZeroDivisionError) as error:
        raise OSError("the catalog cannot be read") from error


def hfs_targets(fs: Any) -> dict[bytes, int]:  # noqa: ANN401
    """Return what the hard links of an HFS+ volume lead to: the name, and its catalog node ID.

    Raises:
        OSError: the catalog cannot be read to its end.
    """
    folders: dict[int, bytes] = {}
    targets: dict[bytes, int] = {}
    for name in hfs_names(fs):  # sorted by parent: the folders come before what they hold
        start = folders.get(name.parent)
        if start is not None and name.name.startswith(start):
            targets[name.name] = name.address
        elif name.parent == _HFS_ROOT and name.name in _HFS_PRIVATE:
            folders[name.address] = _HFS_PRIVATE[name.name]
    return targets


def _target(record: bytes) -> bytes:
    """Return the name of what a file record is a hard link to; empty when it is none.

    A link has no content of its own, but for the small resource fork that makes one to a folder
    an alias for older systems. With more than that it is no mere link.
    """
    start = _HFS_LINKS.get(record[48:56])
    if start is None or len(record) < _HFS_FILE_SIZE:
        return b""
    (number,) = struct.unpack_from(">I", record, 44)
    (data,) = struct.unpack_from(">Q", record, 88)
    (resource,) = struct.unpack_from(">Q", record, 168)
    if data or resource > (t.SMALL if start == b"dir_" else 0):
        return b""
    return b"%s%d" % (start, number)


def _leaf(data: bytes) -> Iterator[RawName]:
    (count,) = struct.unpack_from(">H", data, 10)
    for index in range(count):
        (at,) = struct.unpack_from(">H", data, len(data) - 2 * (index + 1))
        key_length, parent, letters = struct.unpack_from(">HIH", data, at)
        name = data[at + 8 : at + 8 + 2 * letters]
        at += 2 + key_length
        (kind,) = struct.unpack_from(">h", data, at)
        if kind in {_HFS_FOLDER, _HFS_FILE}:
            (address,) = struct.unpack_from(">I", data, at + 8)
            target = _target(data[at : at + _HFS_FILE_SIZE]) if kind == _HFS_FILE else b""
            yield RawName(address, 0, parent, text_of(name, "utf-16-be"), target)
