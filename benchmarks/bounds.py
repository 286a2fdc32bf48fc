"""Minimal programs: what a scan cannot go below on this machine, whoever writes it.

``bounds.py read IMAGE PLAN`` reads the files of a raw image with ``pread`` in disk order, from
where `plan.py` found them to lie, and computes MD5, SHA-1 and SHA-256 of each, one process a core.
It does nothing else: it lists nothing, stores nothing, checks nothing. Of an E01 it inflates the
chunks that the files touch and checks them, as every reader has to. ``bounds.py lanes IMAGE PLAN``
does the same with several files side by side, where that is installed.
``bounds.py inflate IMAGE`` inflates and checks every chunk of an E01 and computes one MD5 over
all, in one process: the bound of the CPU of verifying it.

Each prints what it did as JSON; ``check`` is the same for every program that read the same bytes.
"""

import hashlib
import json
import mmap
import os
import struct
import sys
import zlib
from array import array
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from importlib import import_module
from pathlib import Path
from typing import Final

CHUNK: Final = 32_768
"""Bytes of one chunk of an E01, as every acquiring program writes it by default."""
RECORD: Final = 1024
"""Bytes of one record of an NTFS master file table."""
PREFIX: Final = b"file"
"""Generated files, and nothing else on an image, are called so."""
BUFFER: Final = 1 << 20
GROUP: Final = 96 << 20
"""Bytes of files whose digests are computed side by side."""
LANES: Final = "heroes_forensics.hashing.lanes"

_SMALL_FILE: Final = 8192
"""Opening and ending three digests costs as much as digesting so many bytes."""

try:
    _inflate: Callable[[bytes, int], bytes] = import_module("deflate").zlib_decompress
    _adler: Callable[[bytes], int] = import_module("isal.isal_zlib").adler32
    InflateError: type[Exception] = import_module("deflate").DeflateError
    INFLATER = "libdeflate"
except ImportError:
    InflateError = zlib.error
    _adler, INFLATER = zlib.adler32, "zlib"

    def _inflate(data: bytes, limit: int) -> bytes:
        return zlib.decompress(data, bufsize=limit)


_SECTION: Final = struct.Struct("<16sQQ")
_SECTION_BYTES: Final = 76
_TABLE_HEAD: Final = struct.Struct("<IIQ")
_TABLE_BYTES: Final = 24
_FIRST_SECTION: Final = 13

File = tuple[int, list[tuple[int, int, int, int]]]
"""Bytes of a file, and its extents (see `plan.py`)."""


def chunk_table(data: bytes | mmap.mmap) -> list[tuple[int, int, bool]]:
    """Return start, size and compression of each chunk of a one-segment E01, in order.

    Source: J. Metz, "Expert Witness Compression Format (EWF)", sections ``sectors``, ``table``.
    """
    rows: list[tuple[int, int, bool]] = []
    at, end = _FIRST_SECTION, 0
    while at + _SECTION_BYTES <= len(data):
        kind, following, size = _SECTION.unpack_from(data, at)
        if kind.startswith(b"sectors\0"):
            end = at + size
        elif kind.startswith(b"table\0"):
            count, _, base = _TABLE_HEAD.unpack_from(data, at + _SECTION_BYTES)
            offset = at + _SECTION_BYTES + _TABLE_BYTES
            entries = struct.unpack_from(f"<{count}I", data, offset)
            starts = [base + (entry & 0x7FFF_FFFF) for entry in entries]
            ends = [*starts[1:], end]
            rows += [
                (start, stop - start, entry >> 31 == 1)
                for start, stop, entry in zip(starts, ends, entries, strict=True)
            ]
        if following <= at:
            break
        at = following
    return rows


def mended(record: bytes, words: int) -> bytes:
    """Put back what NTFS replaced at the end of both sectors of a record."""
    whole = bytearray(record)
    whole[510:512], whole[1022:1024] = whole[words + 2 : words + 4], whole[words + 4 : words + 6]
    return bytes(whole)


# ---- reading --------------------------------------------------------------------------------


class Raw:
    """The bytes of a raw image."""

    def __init__(self, path: str) -> None:
        self._descriptor = os.open(path, os.O_RDONLY)
        self._buffer = memoryview(bytearray(BUFFER))

    def pieces(self, start: int, size: int) -> Iterator[bytes | memoryview]:
        """Yield a range, piece by piece; a piece is valid until the next one."""
        if size <= CHUNK:
            yield os.pread(self._descriptor, size, start)
            return
        while size:
            wanted = min(size, BUFFER)
            have = os.preadv(self._descriptor, [self._buffer[:wanted]], start)
            yield self._buffer[:have]
            start, size = start + have, size - have


class Ewf:
    """The bytes of the media in an E01 of one segment."""

    def __init__(self, path: str) -> None:
        self._descriptor = os.open(path, os.O_RDONLY)
        with mmap.mmap(self._descriptor, 0, prot=mmap.PROT_READ) as whole:
            self._table = chunk_table(whole)
        self._last = (-1, b"")
        self.count = len(self._table)

    def pieces(self, start: int, size: int) -> Iterator[bytes | memoryview]:
        """Yield a range, chunk by chunk."""
        while size:
            number, inside = divmod(start, CHUNK)
            whole = self.chunk(number)
            piece = whole if inside == 0 and size >= len(whole) else whole[inside : inside + size]
            yield piece
            start, size = start + len(piece), size - len(piece)

    def chunk(self, number: int) -> bytes:
        """Return one chunk, checked; the last one asked for is kept.

        Raises:
            ValueError: it is stored as it is, and its checksum does not fit.
            InflateError: it cannot be inflated, or its checksum does not fit.
        """
        if self._last[0] == number:
            return self._last[1]
        start, size, compressed = self._table[number]
        data = os.pread(self._descriptor, size, start)
        if compressed:
            data = _inflate(data, CHUNK)  # checks the Adler-32 at its end
        else:
            stored, data = data[-4:], data[:-4]
            if _adler(data) != int.from_bytes(stored, "little"):
                raise ValueError(f"chunk {number}")
        self._last = (number, data)
        return data


def opened(path: str) -> Raw | Ewf:
    """Open an image by its name."""
    return Ewf(path) if path.endswith(".E01") else Raw(path)


def planned(path: str) -> list[File]:
    """Return the files of a plan, in disk order."""
    numbers = array("Q")
    with Path(path).open("rb") as stream:
        numbers.frombytes(stream.read())
    files = []
    at = 0
    while at < len(numbers):
        size, count = numbers[at], numbers[at + 1]
        at += 2
        extents = [
            (numbers[each], numbers[each + 1], numbers[each + 2], numbers[each + 3])
            for each in range(at, at + 4 * count, 4)
        ]
        files.append((size, extents))
        at += 4 * count
    return files


def _part(image: str, files: list[File]) -> dict[str, int]:
    """Digest some files; return how many there were, their bytes, and the check."""
    pieces = opened(image).pieces
    md5, sha1, sha256 = hashlib.md5, hashlib.sha1, hashlib.sha256
    total = check = 0
    for size, extents in files:
        hashers = (md5(usedforsecurity=False), sha1(usedforsecurity=False), sha256())
        for piece in _content(pieces, extents):
            for hasher in hashers:
                hasher.update(piece)
        for hasher in hashers[:2]:
            hasher.digest()
        check ^= int.from_bytes(hashers[2].digest()[:8], "big")
        total += size
    return {"files": len(files), "bytes": total, "check": check}


def _content(
    pieces: Callable[[int, int], Iterator[bytes | memoryview]],
    extents: list[tuple[int, int, int, int]],
) -> Iterator[bytes | memoryview]:
    for start, length, words, inside in extents:
        if words:
            yield mended(b"".join(pieces(start, RECORD)), words)[inside : inside + length]
        else:
            yield from pieces(start, length)


def _part_in_lanes(image: str, files: list[File]) -> dict[str, int]:
    """Do the same with many files side by side, as the product's extra ``fast`` does."""
    pieces = opened(image).pieces
    many: Callable[[list[bytes]], list[tuple[bytes, ...]]] = import_module(LANES).digest_many
    large = [each for each in files if each[0] > GROUP // 4]
    done = _part(image, large)
    check = done["check"]
    group: list[bytes] = []
    filled = 0
    for size, extents in [*(each for each in files if each[0] <= GROUP // 4), (GROUP, [])]:
        if filled + size > GROUP:
            for each, digests in zip(group, many(group), strict=True):
                if len(digests) > 1:
                    check ^= int.from_bytes(digests[-1][:8], "big")
                else:  # MD5 alone
                    hashlib.sha1(each, usedforsecurity=False).digest()
                    check ^= int.from_bytes(hashlib.sha256(each).digest()[:8], "big")
            group, filled = [], 0
        if not extents and size:
            break  # the end
        # What a reader gives is valid until it gives the next.
        data = b"".join([bytes(piece) for piece in _content(pieces, extents)])
        group.append(data)
        filled += size
    return {"files": len(files), "bytes": sum(size for size, _ in files), "check": check}


def _shared(files: list[File], cores: int) -> list[list[File]]:
    """Cut files in disk order into as many parts of about the same cost."""
    cost = [size + _SMALL_FILE for size, _ in files]
    each = sum(cost) / cores
    parts: list[list[File]] = [[]]
    filled = 0.0
    for file, own in zip(files, cost, strict=True):
        if filled >= each and len(parts) < cores:
            parts.append([])
            filled = 0.0
        parts[-1].append(file)
        filled += own
    return parts


def read(image: str, plan: str, *, lanes: bool = False) -> dict[str, object]:
    """Digest the files of the plan, one process a core.

    Raises:
        ImportError: ``lanes``, and what compiles them is not installed.
    """
    if lanes and not import_module(LANES).prepare():
        raise ImportError("llvmlite is not installed")
    parts = _shared(planned(plan), len(os.sched_getaffinity(0)))
    work = _part_in_lanes if lanes else _part
    results = _together([partial(work, image, part) for part in parts])
    check = 0
    for each in results:
        check ^= each["check"]
    return {
        "files": sum(each["files"] for each in results),
        "bytes": sum(each["bytes"] for each in results),
        "check": check,
        "inflater": INFLATER,
    }


def inflate(image: str) -> dict[str, object]:
    """Inflate and check every chunk, and digest the media, in one process."""
    source = Ewf(image)
    digest = hashlib.md5(usedforsecurity=False)
    for number in range(source.count):
        digest.update(source.chunk(number))
    return {"files": source.count, "bytes": 0, "check": digest.hexdigest(), "inflater": INFLATER}


def _together(works: Sequence[Callable[[], dict[str, int]]]) -> list[dict[str, int]]:
    """Run each in a process of its own."""
    pipes = []
    for work in works:
        ours, theirs = os.pipe()
        if os.fork() == 0:
            os.close(ours)
            os.write(theirs, json.dumps(work()).encode())
            os._exit(0)
        os.close(theirs)
        pipes.append(ours)
    results = []
    for pipe in pipes:
        with os.fdopen(pipe, "rb") as stream:
            results.append(json.loads(stream.read()))
        os.wait()
    return results


if __name__ == "__main__":
    work, *given = sys.argv[1:]
    if work == "inflate":
        print(json.dumps(inflate(given[0])))
    else:
        print(json.dumps(read(given[0], given[1], lanes=work == "lanes")))
