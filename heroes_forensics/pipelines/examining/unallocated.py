"""What lies in no volume, or in one that nobody can open, as ranges of their own to be searched.

Such a range stands beside the volume that it lies in, whose gap stays: what is found in it by its
own structure says nothing of what else the volume held.
"""

from collections.abc import Mapping
from itertools import count
from typing import Final

from heroes_forensics.model import JSON
from heroes_forensics.parsers.storage.volume import UNALLOCATED, VOLUME, Volume
from heroes_forensics.pipelines.evidence.sources import Evidence

_SEARCHED: Final = frozenset(
    {
        *("volume.unknown", "volume.unsupported", "volume.damaged", "volume.incomplete"),
        "volume.inner",
        *("policy.swap", "policy.reserved"),
    }
)
"""Gaps of a volume that is searched all the same; an encrypted one holds nothing to be found."""
_INSTEAD: Final = "instead_of"
"""Of a range: the key of the volume that it is, which was found not to open when it was listed."""


_SHARED: Final = "apfs"
"""A volume of a container that holds others, too: what lies there is not known to be its own."""


def add(evidence: Evidence) -> None:
    """Add the ranges of a source that are searched to its volumes, once."""
    if any(volume["kind"] == UNALLOCATED for volume in evidence.volumes):
        return
    found = [
        {**volume, "key": _key(str(volume["key"])), "kind": UNALLOCATED, "gap": None}
        for volume in evidence.volumes
        if volume["kind"] == VOLUME
        and _code(volume) in _SEARCHED
        and volume["size"]
        # A logical volume that is not whole has no bytes; a member of an array has its own.
        and (_code(volume) != "volume.incomplete" or volume["offset"] is not None)
    ]
    tree = evidence.facts.get("tree")
    free = tree.get("unallocated") if isinstance(tree, dict) else None
    sector = int(str(evidence.facts.get("sector_size") or 512))
    for row in free if isinstance(free, list) else []:
        offset, size = int(row["offset"]), int(row["size"])
        step: JSON = {"layer": "range", "offset": offset, "size": size}
        key = f"u{offset // sector}"
        volume = Volume(key, UNALLOCATED, None, offset, size, sector, (step,))
        found.append(volume.to_json())
    taken = {str(volume["key"]) for volume in evidence.volumes}
    for row in found:
        # A table may count in sectors of another size than the medium: two keys may be the same.
        key, copies = str(row["key"]), count(2)
        while key in taken:
            key = f"{row['key']}-{next(copies)}"
        taken.add(key)
        evidence.volumes.append({**row, "key": key})


def instead_of(evidence: Evidence, volume: JSON, code: str) -> JSON | None:
    """Return the range that a volume is which turned out not to open; None: it is not searched.

    It is the same whenever it is asked for: a run that goes on looks for it again.

    Args:
        evidence: the source, with the ranges that `add` gave it.
        volume: a volume of it.
        code: why its file system could not be opened.
    """
    may_be = volume["kind"] == VOLUME and volume["gap"] is None and volume["size"]
    if not may_be or code not in _SEARCHED or volume["file_system"] == _SHARED:
        return None
    wanted = _key(str(volume["key"]))
    taken = {str(each["key"]) for each in evidence.volumes if each.get(_INSTEAD) is None}
    key, copies = wanted, count(2)
    while key in taken:
        key = f"{wanted}-{next(copies)}"
    return {**volume, "key": key, "kind": UNALLOCATED, _INSTEAD: volume["key"]}


def take_up(evidence: Evidence, record: Mapping[str, JSON]) -> None:
    """Add the ranges of a source, those too that an interrupted run searches instead of a volume.

    Args:
        evidence: the source, as it was opened again.
        record: its volumes on record, by their keys.
    """
    add(evidence)
    for volume in tuple(evidence.volumes):
        found = instead_of(evidence, volume, "volume.damaged")
        if found is not None and record.get(str(found["key"])) == found:
            evidence.volumes.append(found)


def _key(key: str) -> str:
    """Return the key of the range that a volume is: ``u63`` for ``p63``."""
    return f"u{key.removeprefix('p')}"


def _code(volume: JSON) -> str:
    gap = volume.get("gap")
    return str(gap["code"]) if isinstance(gap, dict) else ""
