"""What lies in no volume, or in one that nobody can open, as ranges of their own to be searched.

Such a range stands beside the volume that it lies in, whose gap stays: what is found in it by its
own structure says nothing of what else the volume held.
"""

from itertools import count
from typing import Final

from heroes_forensics.model import JSON
from heroes_forensics.parsers.storage.volume import UNALLOCATED, VOLUME, Volume
from heroes_forensics.pipelines.evidence.sources import Evidence

_SEARCHED: Final = frozenset(
    {
        *("volume.unknown", "volume.unsupported", "volume.damaged", "volume.incomplete"),
        *("policy.swap", "policy.reserved"),
    }
)
"""Gaps of a volume that is searched all the same; an encrypted one holds nothing to be found."""


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


def _key(key: str) -> str:
    """Return the key of the range that a volume is: ``u63`` for ``p63``."""
    return f"u{key.removeprefix('p')}"


def _code(volume: JSON) -> str:
    gap = volume.get("gap")
    return str(gap["code"]) if isinstance(gap, dict) else ""
