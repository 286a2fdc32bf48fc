"""An ext4 volume with a million files in one directory, made in seconds.

`mke2fs` and `debugfs` would look through the whole directory for each name. Here tables are written
as they lie on the disk: inode after inode, directory entry after directory entry. All files share
one block of content, which no honest volume has and no reader minds.
"""

import os
import struct
import subprocess
from pathlib import Path
from typing import BinaryIO, Final

import numpy as np

CONTENT: Final = b"the same in every file"
"""What files begin with; with several kinds, blanks follow."""
_BLOCK: Final = 4096
_A_GROUP: Final = 32768
"""Blocks, and inodes, of one group: what one block of bitmap says."""
_INODE: Final = 128
_FIRST: Final = 12
"""The first inode that a volume does not keep for itself; 11 is lost+found."""
_TAKEN: Final = 1_718_000_000
_ENTRY: Final = np.dtype(
    [("inode", "<u4"), ("length", "<u2"), ("name_length", "u1"), ("kind", "u1"), ("name", "S12")]
)


def content(kind: int) -> bytes:
    """Return what the file with this number has in it, if there are more kinds than that."""
    return CONTENT + b" " * kind


def make(path: Path, files: int, kinds: int = 1) -> None:
    """Write a volume with ``files`` files in its root directory, some GiB of it holes.

    Args:
        path: of the volume.
        files: how many.
        kinds: of content; file ``n`` has the one of number ``n % kinds``.

    Raises:
        OSError: `mke2fs` is not installed.
    """
    groups = -(-(files + _FIRST) // _A_GROUP)
    a_block = _BLOCK // _ENTRY.itemsize
    blocks = 1 + -(-files // a_block)
    program = ["mke2fs", "-q", "-t", "ext4", "-b", str(_BLOCK), "-I", str(_INODE), "-i", "4096"]
    options = ["-O", "none,extent,filetype,large_file", "-E", "lazy_itable_init=0", "-m", "0"]
    with path.open("wb") as volume:
        volume.truncate(groups * _A_GROUP * _BLOCK)
    subprocess.run([*program, *options, str(path)], check=True, capture_output=True)
    # What lies here is in use by nothing: the last group holds little beside its own tables.
    start = groups * _A_GROUP - blocks - 2
    with path.open("r+b") as volume:
        volume.seek(_BLOCK)
        spots = list(struct.iter_unpack("<III20x", volume.read(32 * groups)))
        for number, (_, bitmap, table) in enumerate(spots):
            _inodes(volume, number, bitmap, table, files, start + blocks, kinds)
        volume.seek((start + blocks) * _BLOCK)
        volume.write(content(kinds - 1))
        _directory(volume, start, files, a_block)
        volume.seek(spots[0][2] * _BLOCK + _INODE)  # inode 2 is the root
        (before,) = struct.unpack_from("<I", volume.read(_INODE), 60)
        volume.seek(-_INODE, os.SEEK_CUR)
        volume.write(_inode(0o40755, blocks * _BLOCK, start, blocks))
        bitmaps = [bitmap for bitmap, _, _ in spots]
        _mark(volume, bitmaps, range(before, before + 1), in_use=False)
        _mark(volume, bitmaps, range(start, start + blocks + 1), in_use=True)


def _inode(mode: int, size: int, start: int, blocks: int) -> bytes:
    head = struct.pack("<HHI4IHHII4x", mode, 0, size, _TAKEN, _TAKEN, _TAKEN, 0, 0, 1,
                       blocks * _BLOCK // 512, 0x80000)  # fmt: skip
    extent = struct.pack("<HHHHIIHHI", 0xF30A, 1, 4, 0, 0, 0, blocks, 0, start)
    return (head + extent).ljust(_INODE, b"\0")


def _inodes(  # noqa: PLR0913, PLR0917 - where a group has what
    volume: BinaryIO, group: int, bitmap: int, table: int, files: int, place: int, kinds: int
) -> None:
    """Write the inodes of one group, and that they are in use."""
    first = max(0, _FIRST - 1 - group * _A_GROUP)
    last = min(_A_GROUP, _FIRST - 1 + files - group * _A_GROUP)
    volume.seek(table * _BLOCK + first * _INODE)
    inodes = [_inode(0o100644, len(content(kind)), place, 1) for kind in range(kinds)]
    number = group * _A_GROUP + first - (_FIRST - 1)
    volume.writelines(inodes[each % kinds] for each in range(number, number + last - first))
    volume.seek(bitmap * _BLOCK)
    bits = np.unpackbits(np.frombuffer(volume.read(_BLOCK), "u1"), bitorder="little")
    bits[first:last] = 1
    volume.seek(bitmap * _BLOCK)
    volume.write(np.packbits(bits, bitorder="little").tobytes())


def _mark(volume: BinaryIO, bitmaps: list[int], run: range, *, in_use: bool) -> None:
    """Say of the blocks of a run, which may reach over groups, whether they are in use."""
    for group in range(run.start // _A_GROUP, (run.stop - 1) // _A_GROUP + 1):
        volume.seek(bitmaps[group] * _BLOCK)
        bits = np.unpackbits(np.frombuffer(volume.read(_BLOCK), "u1"), bitorder="little")
        first = group * _A_GROUP
        bits[max(run.start - first, 0) : max(run.stop - first, 0)] = in_use
        volume.seek(bitmaps[group] * _BLOCK)
        volume.write(np.packbits(bits, bitorder="little").tobytes())


def _directory(volume: BinaryIO, start: int, files: int, a_block: int) -> None:
    """Write the blocks of the root directory: what every volume has, then the files."""
    usual = ((2, 12, b"."), (2, 12, b".."), (11, _BLOCK - 24, b"lost+found"))
    volume.seek(start * _BLOCK)
    for inode, length, name in usual:
        volume.write(struct.pack("<IHBB", inode, length, len(name), 2) + name)
        volume.write(bytes(length - 8 - len(name)))
    rows = np.zeros(-(-files // a_block) * a_block, _ENTRY)
    rows["inode"][:files] = np.arange(_FIRST, _FIRST + files)
    rows["length"] = _ENTRY.itemsize
    rows["length"][a_block - 1 :: a_block] = _BLOCK - (a_block - 1) * _ENTRY.itemsize
    rows["name_length"][:files] = 12
    rows["kind"][:files] = 1
    rows["name"][:files] = np.char.mod("f%011d", np.arange(files)).astype("S12")
    volume.writelines(block.tobytes().ljust(_BLOCK, b"\0") for block in rows.reshape(-1, a_block))
