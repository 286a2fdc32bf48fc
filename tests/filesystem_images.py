"""Small volumes for the tests of the file systems, made with the tools of the operating system."""

import hashlib
import os
import shutil
import subprocess
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from heroes_forensics.model import HAS_CONTENT, Entry, EntryFlag, Gap, Listing
from heroes_forensics.parsers.base import FileSystem, Reader, UnsupportedError
from heroes_forensics.parsers.reading.readers import DescriptorReader


def run(*command: str | bytes | Path, stdin: bytes = b"") -> bytes:
    """Run a program, or skip the test when it is not installed."""
    if shutil.which(os.fsdecode(command[0])) is None:
        pytest.skip(f"{os.fsdecode(command[0])} is not installed")
    return subprocess.run(command, input=stdin, check=True, capture_output=True).stdout


def reader_of(path: Path) -> DescriptorReader:
    """Open an image read-only; the descriptor lives as long as the test process."""
    return DescriptorReader(os.open(path, os.O_RDONLY))


class Bytes:
    """Bytes in memory as a `Reader`, with stretches that cannot be read."""

    def __init__(self, data: bytes, bad: Iterable[range] = ()) -> None:
        self.data = data
        self.bad = list(bad)

    @property
    def size(self) -> int:
        return len(self.data)

    def pread(self, offset: int, length: int) -> bytes:
        end = min(offset + length, len(self.data))
        if any(offset < bad.stop and bad.start < end for bad in self.bad):
            raise OSError("bad sector")
        return self.data[offset:end]

    def close(self) -> None:
        pass


@dataclass
class Listed:
    """What a walk gave, sorted by kind of row, and checked against its own counts."""

    entries: list[Entry] = field(default_factory=list)
    gaps: list[Gap] = field(default_factory=list)
    listing: Listing = field(default_factory=Listing)

    def path(self, path: bytes) -> Entry:
        """Return the one entry with that path."""
        (found,) = [entry for entry in self.entries if entry.path == path]
        return found

    @property
    def paths(self) -> set[bytes]:
        return {entry.path for entry in self.entries}


def listed(rows: Iterable[Entry | Gap | Listing]) -> Listed:
    """Collect a walk and check what must hold of every one."""
    got = Listed()
    last: object = None
    for row in rows:
        last = row
        if isinstance(row, Entry):
            got.entries.append(row)
        elif isinstance(row, Gap):
            got.gaps.append(row)
        else:
            got.listing = row
    assert isinstance(last, Listing)
    count = got.listing
    assert count.entries == len(got.entries)
    assert count.directories == sum(entry.kind == 2 for entry in got.entries)
    assert count.directories == (
        count.directories_listed + count.directories_not_listed + count.directories_met_before
    )
    locators = [entry.locator for entry in got.entries]
    assert len(set(locators)) == len(locators)
    assert all(locator.isascii() and locator.isprintable() for locator in locators)
    assert all(len(entry.handle) <= 64 for entry in got.entries)
    return got


def content(fs: FileSystem, entry: Entry, *, step: int = 1 << 20) -> bytes:
    """Read a stream whole."""
    stream = fs.open(entry.handle)
    parts = [stream.pread(at, step) for at in range(0, stream.size, step)]
    stream.close()
    return b"".join(parts)


def digests(fs: FileSystem, entries: Iterable[Entry]) -> dict[bytes, set[tuple[int, str]]]:
    """Return size and SHA-256 of everything that can be read, by path."""
    found: dict[bytes, set[tuple[int, str]]] = {}
    for entry in entries:
        if entry.kind not in HAS_CONTENT:
            continue
        try:
            data = content(fs, entry)
        except (OSError, UnsupportedError):
            continue
        digest = hashlib.sha256(data).hexdigest()
        found.setdefault(entry.path, set()).add((len(data), digest))
    return found


def in_use(entry: Entry) -> bool:
    """Tell whether an entry is allocated."""
    return bool(entry.flags & EntryFlag.ALLOCATED)


def ext_image(
    folder: Path,
    fill: Callable[[Path], object],
    *,
    kind: str = "ext4",
    size: str = "8M",
    options: tuple[str, ...] = (),
) -> Path:
    """Make an ext volume that holds what ``fill`` puts into a folder."""
    tree = folder / "tree"
    tree.mkdir()
    fill(tree)
    image = folder / "ext.raw"
    run("mke2fs", "-q", "-t", kind, *options, "-d", tree, image, size)
    return image


def fat_image(folder: Path, *, bits: int = 16, size: int = 16 << 20) -> Path:
    """Make an empty FAT volume."""
    image = folder / "fat.raw"
    image.write_bytes(b"")
    os.truncate(image, size)
    run("mkfs.vfat", "-F", str(bits), "-n", "LABEL", image)
    return image


def ntfs_image(folder: Path, *, size: int = 8 << 20) -> Path:
    """Make an empty NTFS volume."""
    image = folder / "ntfs.raw"
    image.write_bytes(b"")
    os.truncate(image, size)
    run("mkntfs", "-Q", "-F", "-q", "-L", "LABEL", image)
    return image


def ntfs_put(image: Path, folder: Path, name: str, data: bytes, *, stream: str = "") -> None:
    """Copy a file, or a named stream of it, into the root of an NTFS volume."""
    source = folder / "source"
    source.write_bytes(data)
    extra = ["-N", stream] if stream else []
    run("ntfscp", "-q", "-f", *extra, image, source, name)


def any_reader(data: bytes) -> Reader:
    """Return bytes as a reader."""
    return Bytes(data)


ODD_NAMES = {
    "Latin-1": b"caf\xe9.jpg",
    "0xFF": b"\xff\xfe\xff",
    "encoded surrogate": b"a\xed\xa0\x80b",
    "255 bytes": b"n" * 255,
    "255 bytes, not UTF-8": b"\xff" * 255,
    "newline": b"two\nlines",
    "terminal codes": b"\x1b[31mred\x07",
    "bidi override": "gpj.\u202eexe".encode(),
    "a caret": b"x^y",
    "formula": b"=1+1",
}


def odd(folder: Path) -> None:
    """Make a file of each of `ODD_NAMES`, which is its content, and one that comes last."""
    for number, name in enumerate(ODD_NAMES.values()):
        with open(os.path.join(os.fsencode(folder), b"%02d" % number + name[:253]), "wb") as file:  # noqa: PTH118, PTH123 - names that are no text
            file.write(name)
    (folder / "zz last").write_bytes(b"last")
