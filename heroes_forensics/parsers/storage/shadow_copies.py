"""The shadow copies of an NTFS volume, each a volume of its own."""

from contextlib import suppress
from typing import Final
from uuid import UUID

from heroes_forensics.model import JSON, Gap
from heroes_forensics.parsers.base import Reader
from heroes_forensics.parsers.storage import layers
from heroes_forensics.parsers.storage.rows import Layout, Place, add, key_of
from heroes_forensics.parsers.storage.source import Source
from heroes_forensics.parsers.storage.volume import SNAPSHOT, Volume

MAX_SNAPSHOTS: Final = 512
"""Windows keeps at most 64 shadow copies of a client volume, 512 of a server volume."""
_VSS_AT: Final = 0x1E00
_VSS: Final = UUID("3808876b-c176-4e48-b7ae-04046e6cc752").bytes_le
"""The identifier at the start of the catalog header (libvshadow, format documentation 2.1)."""


def has_shadow_copies(reader: Reader) -> bool:
    """Tell whether an NTFS volume has a catalog of shadow copies.

    Raises:
        OSError: it cannot be read.
    """
    return reader.pread(_VSS_AT, len(_VSS)) == _VSS


def list_shadow_copies(source: Source, layout: Layout, place: Place, nodes: list[JSON]) -> None:
    """List the shadow copies of an NTFS volume, oldest first."""
    try:
        catalog = layers.stack("VSHADOW", layers.follow(source, place.steps), location="/")
        opened = catalog.file_system()
        stores = opened.GetVShadowVolume()
        count = int(stores.number_of_stores)
    except Exception:  # noqa: BLE001 (whatever libvshadow says, it is one gap)
        layout.gap(place.key, "snapshot.unreadable", {"system": "vss"})
        return
    if count > MAX_SNAPSHOTS:
        layout.gap(place.key, "volume.limit", {"limit": MAX_SNAPSHOTS, "found": count})
    for index in range(min(count, MAX_SNAPSHOTS)):
        key = key_of(layout, f"{place.key}.vss{index + 1}")
        steps = (*place.steps, layers.step("vss", index=index))
        gap, size = None, place.size
        try:
            size = layers.follow(source, steps).size
        except OSError:
            detail: JSON = {"system": "vss"}
            with suppress(OSError):
                if not stores.get_store(index).has_in_volume_data():
                    detail["stored"] = "on another volume"
            gap = Gap(key, "snapshot.unreadable", detail)
        row = Volume(
            key, SNAPSHOT, "ntfs", None, size, source.sector_size, steps, gap, parent=place.key
        )
        add(layout, row, nodes)
