"""What a walk over the layers makes: rows for the pipeline, and nodes for the tree."""

from dataclasses import dataclass, field
from typing import Final

from heroes_forensics.model import JSON, Gap
from heroes_forensics.parsers.storage.partitions import Table
from heroes_forensics.parsers.storage.source import Source
from heroes_forensics.parsers.storage.volume import VOLUME, Steps, Volume

MAX_VOLUMES: Final = 1000


@dataclass(slots=True)
class Layout:
    """The result of one walk over the layers."""

    rows: list[Volume | Gap] = field(default_factory=list)
    nodes: list[JSON] = field(default_factory=list)
    table: Table | None = None
    unallocated: list[JSON] = field(default_factory=list)
    keys: set[str] = field(default_factory=set)
    pending: list["Pending"] = field(default_factory=list)
    """Members that wait for others; `assembling` puts them together."""
    belongs: list[str] = field(default_factory=list)
    """Identifiers of what the members that were met belong to."""

    def gap(self, where: str, code: str, detail: JSON) -> None:
        """Record one more gap."""
        self.rows.append(Gap(where, code, detail))


@dataclass(frozen=True, slots=True)
class Place:
    """Where a volume lies, while it is being looked at."""

    key: str
    offset: int | None
    size: int
    steps: Steps
    depth: int = 0
    parent: str | None = None
    hint: str = ""
    """Type by the partition table."""
    reserved: bool = False


@dataclass(frozen=True, slots=True)
class Pending:
    """A member of an array or of a volume group, where it was met."""

    place: Place
    name: str
    """``md-raid`` or ``lvm2``."""
    nodes: list[JSON]
    """Of the tree, where it belongs."""


def key_of(layout: Layout, wanted: str) -> str:
    """Make a key unique: two partitions may begin at the same sector."""
    key, number = wanted, 1
    while key in layout.keys:
        number += 1
        key = f"{wanted}-{number}"
    layout.keys.add(key)
    return key


def row_of(
    source: Source, layout: Layout, place: Place, name: str | None, gap: Gap | None
) -> Volume:
    """Make the row of a volume."""
    return Volume(
        key=place.key,
        kind=VOLUME,
        file_system=name,
        offset=place.offset,
        size=place.size,
        sector_size=layout.table.sector_size if layout.table else source.sector_size,
        spec=place.steps,
        gap=gap,
        parent=place.parent,
    )


def add(layout: Layout, row: Volume, nodes: list[JSON], hint: str = "") -> JSON | None:
    """Add a volume to the rows and to the tree, as long as there are not too many."""
    if sum(isinstance(one, Volume) for one in layout.rows) >= MAX_VOLUMES:
        if not any(isinstance(one, Gap) and one.code == "volume.limit" for one in layout.rows):
            layout.gap("source", "volume.limit", {"limit": MAX_VOLUMES})
        return None
    layout.rows.append(row)
    node: JSON = {
        "key": row.key,
        "kind": row.kind,
        "file_system": row.file_system,
        "offset": row.offset,
        "size": row.size,
    }
    if hint:
        node["type"] = hint
    if row.gap is not None:
        node["gap"] = {"code": row.gap.code, "detail": row.gap.detail}
    nodes.append(node)
    return node
