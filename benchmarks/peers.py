"""What our scan is compared with, each in a process of its own: a dfVFS loop, digests alone.

``peers.py dfvfs IMAGE`` walks an image with dfVFS and its own choice of back-ends and reads each
file once, 1 MiB at a time. ``peers.py digests FILE`` digests streams of the sizes that FILE lists
(JSON), from memory: what no program that computes the same digests can go below. Both print the
number of files and bytes as JSON.
"""

import hashlib
import json
import sys
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from typing import Any, Final

CHUNK: Final = 1 << 20


def _digested(pieces: Iterator[bytes]) -> int:
    hashers = (
        hashlib.md5(usedforsecurity=False),
        hashlib.sha1(usedforsecurity=False),
        hashlib.sha256(),
    )
    size = 0
    for piece in pieces:
        for hasher in hashers:
            hasher.update(piece)
        size += len(piece)
    for hasher in hashers:
        hasher.hexdigest()
    return size


def dfvfs_loop(image: str) -> tuple[int, int]:
    """Digest every file of an image; return how many there were and their bytes together."""
    scanner = import_module("dfvfs.helpers.volume_scanner")
    resolver = import_module("dfvfs.resolver.resolver").Resolver
    options = scanner.VolumeScannerOptions()
    options.partitions = options.volumes = ["all"]
    options.snapshots = ["none"]
    files = size = 0
    for base in scanner.VolumeScanner().GetBasePathSpecs(image, options=options):
        waiting = [resolver.OpenFileEntry(base)]
        while waiting:
            entry = waiting.pop()
            if entry.IsDirectory():
                waiting.extend(entry.sub_file_entries)
            elif entry.IsFile():
                files += 1
                size += _digested(_pieces(entry))
    return files, size


def _pieces(entry: Any) -> Iterator[bytes]:  # noqa: ANN401 - dfVFS has no types
    stream = entry.GetFileObject()
    if stream is not None:
        while piece := stream.read(CHUNK):
            yield piece


def digests(listed: str) -> tuple[int, int]:
    """Digest as many bytes in as many streams as listed."""
    sizes: list[int] = json.loads(Path(listed).read_text(encoding="ascii"))
    data = memoryview(bytes(CHUNK))
    for size in sizes:
        whole, rest = divmod(size, CHUNK)
        _digested(iter([*[data] * whole, data[:rest]]))  # type: ignore[list-item] # buffers
    return len(sizes), sum(sizes)


if __name__ == "__main__":
    work = {"dfvfs": dfvfs_loop, "digests": digests}[sys.argv[1]]
    count, total = work(sys.argv[2])
    print(json.dumps({"files": count, "bytes": total}))
