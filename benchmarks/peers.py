"""What our scan is compared with, each in a process of its own: loops and digests alone.

``peers.py dfvfs IMAGE`` walks an image with dfVFS and its own choice of back-ends and reads each
file once, 1 MiB at a time; ``peers.py dissect IMAGE`` does the same with dissect, in an
environment of its own (`peers-setup.sh`). ``peers.py digests FILE`` digests streams of the sizes
that FILE lists (JSON), from memory: what no program that computes the same digests can go below.
Each prints what it did as JSON; ``check`` is the same for every program that read the same bytes.
"""

import hashlib
import json
import sys
from collections.abc import Callable, Iterator
from importlib import import_module
from pathlib import Path
from typing import Any, Final

CHUNK: Final = 1 << 20
PREFIX: Final = "file"
"""Generated files are called so; an image holds others, of the file system itself."""


class Done:
    """Counts and digests what a loop finds."""

    def __init__(self) -> None:
        self.files = self.bytes = self.check = 0

    def file(self, name: str, read: Callable[[int], bytes]) -> None:
        """Digest one file."""
        self.digest(iter(lambda: read(CHUNK), b""), generated=name.startswith(PREFIX))

    def digest(self, pieces: Iterator[bytes], *, generated: bool = True) -> None:
        """Digest one stream."""
        hashers = (
            hashlib.md5(usedforsecurity=False),
            hashlib.sha1(usedforsecurity=False),
            hashlib.sha256(),
        )
        for piece in pieces:
            for hasher in hashers:
                hasher.update(piece)
            self.bytes += len(piece)
        values = [hasher.digest() for hasher in hashers]
        self.files += 1
        if generated:
            self.check ^= int.from_bytes(values[2][:8], "big")


def dfvfs_loop(image: str, done: Done) -> None:
    """Digest every file of an image."""
    scanner = import_module("dfvfs.helpers.volume_scanner")
    resolver = import_module("dfvfs.resolver.resolver").Resolver
    options = scanner.VolumeScannerOptions()
    options.partitions = options.volumes = ["all"]
    options.snapshots = ["none"]
    for base in scanner.VolumeScanner().GetBasePathSpecs(image, options=options):
        waiting = [resolver.OpenFileEntry(base)]
        while waiting:
            entry = waiting.pop()
            if entry.IsDirectory():
                waiting.extend(entry.sub_file_entries)
            elif entry.IsFile():
                stream: Any = entry.GetFileObject()
                if stream is not None:
                    done.file(entry.name, stream.read)


def dissect_loop(image: str, done: Done) -> None:
    """Digest every file of an image that holds one file system."""
    target: Any = import_module("dissect.target")
    system = target.filesystem.open(target.container.open(image))
    for entry in system.recurse("/"):
        # NTFS has files of its own without a stream.
        if entry.is_file(follow_symlinks=False) and entry.name.startswith(PREFIX):
            with entry.open() as stream:
                done.file(entry.name, stream.read)


def digests(listed: str, done: Done) -> None:
    """Digest as many bytes in as many streams as listed."""
    sizes: list[int] = json.loads(Path(listed).read_text(encoding="ascii"))
    data = bytes(CHUNK)
    for size in sizes:
        whole, rest = divmod(size, CHUNK)
        done.digest(iter([*[data] * whole, data[:rest]]))


if __name__ == "__main__":
    result = Done()
    {"dfvfs": dfvfs_loop, "dissect": dissect_loop, "digests": digests}[sys.argv[1]](
        sys.argv[2], result
    )
    print(json.dumps({"files": result.files, "bytes": result.bytes, "check": result.check}))
