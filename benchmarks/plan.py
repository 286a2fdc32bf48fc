"""Where the generated files of a raw image lie: what the minimal program is told beforehand.

``plan.py IMAGE FILE`` walks the image with pytsk3 and writes for each file, in disk order, its
size and its extents. It is not measured.
"""

import sys
from array import array
from collections.abc import Callable, Iterator
from importlib import import_module
from pathlib import Path
from typing import Any, Final

from bounds import PREFIX, RECORD, mended

Extent = tuple[int, int, int, int]
"""First byte on the image, bytes; for content inside an NTFS record the place of its array of
replaced words, and of the content, in it; 0 and 0 otherwise."""

_NTFS_DATA: Final = 0x80


def plan(image: str, target: str) -> None:
    """Write where each generated file of a raw image lies, in disk order."""
    tsk: Any = import_module("pytsk3")
    system = tsk.FS_Info(tsk.Img_Info(image))
    block = int(system.info.block_size)
    ntfs = system.info.ftype == tsk.TSK_FS_TYPE_NTFS
    records = _records(system, block) if ntfs else None
    files: list[tuple[int, list[Extent]]] = []
    with Path(image).open("rb") as stream:
        for found in _generated(tsk, system.open_dir("/")):
            size = int(found.info.meta.size)
            runs = [run for each in _data(tsk, found) for run in each]
            extents: list[Extent] = [(run.addr * block, run.len * block, 0, 0) for run in runs]
            if size and not extents and records is not None:
                place = records(int(found.info.meta.addr))
                stream.seek(place)
                extents = [_resident(place, stream.read(RECORD), found.read_random(0, size))]
            cut = _cut(extents, size)
            if sum(each[1] for each in cut) != size:
                raise ValueError("a file whose place is not known")
            files.append((size, cut))
    files.sort(key=lambda each: each[1][0][0] if each[1] else 0)
    # Size and number of extents of each file, then its extents: see `bounds.planned`.
    numbers = array("Q")
    for size, extents in files:
        numbers.extend((size, len(extents)))
        for extent in extents:
            numbers.extend(extent)
    with Path(target).open("wb") as stream:
        numbers.tofile(stream)


def _generated(tsk: Any, folder: Any) -> Iterator[Any]:  # noqa: ANN401 - pytsk3 has no types
    for entry in folder:
        name, meta = entry.info.name.name, entry.info.meta
        if name in {b".", b".."} or meta is None:
            continue
        if meta.type == tsk.TSK_FS_META_TYPE_DIR:
            if name.startswith(b"d"):
                yield from _generated(tsk, entry.as_directory())
        elif name.startswith(PREFIX):
            yield entry


def _data(tsk: Any, found: Any) -> list[Any]:  # noqa: ANN401
    kinds = {tsk.TSK_FS_ATTR_TYPE_DEFAULT, tsk.TSK_FS_ATTR_TYPE_NTFS_DATA}
    return [each for each in found if each.info.type in kinds]


def _records(system: Any, block: int) -> Callable[[int], int]:  # noqa: ANN401
    """Return where on the volume the record of an NTFS file lies, by its number."""
    runs = [
        (int(run.addr) * block, int(run.len) * block)
        for each in system.open_meta(0)
        if int(each.info.type) == _NTFS_DATA
        for run in each
    ]

    def place(number: int) -> int:
        at = number * RECORD
        for start, length in runs:
            if at < length:
                return start + at
            at -= length
        raise ValueError(number)

    return place


def _resident(start: int, record: bytes, data: bytes) -> Extent:
    words = int.from_bytes(record[4:6], "little")
    inside = mended(record, words).find(data)
    if inside < 0:
        raise ValueError("a resident stream is not in its record")
    return start, len(data), words, inside


def _cut(extents: list[Extent], size: int) -> list[Extent]:
    """Cut the last extents down to the size of the file."""
    cut = []
    for start, length, words, inside in extents:
        cut.append((start, min(length, size), words, inside))
        size -= cut[-1][1]
    return [each for each in cut if each[1]]


if __name__ == "__main__":
    plan(*sys.argv[1:])
