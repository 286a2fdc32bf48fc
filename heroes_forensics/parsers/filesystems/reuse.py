"""How sure the content of a deleted file is: whether its blocks serve other content since.

By the runs that its metadata still names, held against the allocation bitmap. FAT and exFAT keep no
runs of a deleted file: there it is the stretch from its first cluster on that is looked at, which
is what it was when it lay in one piece.
"""

from typing import Any

from heroes_forensics.model import EntryFlag
from heroes_forensics.parsers.filesystems import tsk_tables as t
from heroes_forensics.parsers.recovery.allocation import Allocation

NOT_REUSED = int(EntryFlag.NOT_REUSED)
PARTLY_REUSED = int(EntryFlag.PARTLY_REUSED)
REUSED = int(EntryFlag.REUSED)


def reuse_of(file: Any, allocation: Allocation, kind: str, block_size: int) -> int:  # noqa: ANN401
    """Return one of the three flags; 0 where nothing says it.

    Args:
        file: a `pytsk3.File` that is deleted.
        allocation: of its volume.
        kind: of the file system.
        block_size: bytes of what the runs of The Sleuth Kit count.

    Raises:
        OSError, RuntimeError: its metadata cannot be read.
    """
    whole = taken = 0
    resident = False
    for attribute in file:
        info = attribute.info
        if int(info.type) not in t.STREAMS:
            continue
        if int(info.flags) & t.ATTRIBUTE_RESIDENT:
            resident = True
            continue
        for start, length in _runs(attribute, int(info.size), allocation, kind, block_size):
            whole += length
            taken += min(length, allocation.taken(start, length))
    if not whole:
        return NOT_REUSED if resident else 0
    if not taken:
        return NOT_REUSED
    return PARTLY_REUSED if taken < whole else REUSED


def _runs(
    attribute: Any,  # noqa: ANN401
    size: int,
    allocation: Allocation,
    kind: str,
    block_size: int,
) -> list[tuple[int, int]]:
    """Return where a stream lies, as byte offsets and lengths."""
    runs = [
        (run.addr * block_size, run.len * block_size)
        for run in attribute
        if run.addr and not int(run.flags) & (t.RUN_SPARSE | t.RUN_FILLER)
    ]
    if runs and kind.startswith(("fat", "exfat")):
        cluster = allocation.block_size
        return [(runs[0][0], -(-size // cluster) * cluster)]
    return runs
