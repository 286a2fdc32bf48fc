"""What lies inside one volume: file systems, encryption, volume managers, shadow copies.

Each function adds rows for the pipeline and nodes for the tree to a `Layout` (`rows`). All of it
is bounded: depth, number of volumes, bytes read. No name from inside the evidence is kept.
"""

from collections.abc import Iterator
from typing import Final

from heroes_forensics.model import JSON, Gap
from heroes_forensics.parsers.base import Reader
from heroes_forensics.parsers.secrets import (
    KEY_FILE,
    PASSWORD,
    RECOVERY_PASSWORD,
    STARTUP_KEY,
)
from heroes_forensics.parsers.storage import layers, locked
from heroes_forensics.parsers.storage.apfs_keys import unlock
from heroes_forensics.parsers.storage.apfs_snapshots import without_snapshots
from heroes_forensics.parsers.storage.bitlocker_key import declared
from heroes_forensics.parsers.storage.lvm import hindrance, newest
from heroes_forensics.parsers.storage.lvm_metadata import Group, label
from heroes_forensics.parsers.storage.partitions import Table, read_table
from heroes_forensics.parsers.storage.rows import (
    MAX_VOLUMES,
    Layout,
    Pending,
    Place,
    add,
    key_of,
    row_of,
)
from heroes_forensics.parsers.storage.shadow_copies import has_shadow_copies, list_shadow_copies
from heroes_forensics.parsers.storage.signatures import Recognised, recognise
from heroes_forensics.parsers.storage.source import Source

MAX_DEPTH: Final = 3
"""A partition table inside a logical volume inside a partition is as deep as it goes."""
_NAMED: Final = 16
"""Missing physical volumes that a gap names."""
_OPENED: Final = frozenset({"bitlocker", "unlocked", "luks"})
"""Layers of encryption: what is encrypted twice is opened once."""

_UNLOCKED: Final = "opened with a secret of a key file"
_LUKS: Final = ("luks", (PASSWORD, KEY_FILE))
_WAYS: Final = {
    "bitlocker": ("unlocked", (PASSWORD, RECOVERY_PASSWORD, STARTUP_KEY)),
    "luks1": _LUKS,
    "luks2": _LUKS,
}
"""By what encrypted a volume: the layer that opens it with a secret, and of which kinds."""


def examine(source: Source, layout: Layout, place: Place, nodes: list[JSON]) -> None:
    """Look at one volume and at what lies inside it."""
    try:
        reader = layers.follow(source, place.steps)
        found = recognise(reader)
        nested = None
        if found is None and place.depth < MAX_DEPTH and place.depth:
            nested = read_table(reader)
    except OSError:
        gap = Gap(place.key, "volume.damaged", {})
        add(layout, row_of(source, layout, place, None, gap), nodes, place.hint)
        return
    if nested is not None:
        _nested(source, layout, place, nested, nodes)
    elif found is None:
        add(layout, row_of(source, layout, place, None, _unknown(place, reader)), nodes, place.hint)
    elif found.name == "md-raid":
        layout.pending.append(Pending(place, found.name, nodes))
    elif found.family == "manager":
        _manager(source, layout, place, found, nodes)
    elif found.family == "encrypted" and not any(one["layer"] in _OPENED for one in place.steps):
        _encrypted(source, layout, place, found.name, nodes)
    elif found.family == "encrypted":
        gap = locked.gap(place.key, found.name, "twice")
        add(layout, row_of(source, layout, place, None, gap), nodes, place.hint)
    elif found.family == "unsupported":
        # Swap holds no files: left out as unallocated space is, and said as openly.
        code = "policy.swap" if found.name == "swap" else "volume.unsupported"
        gap = Gap(place.key, code, {"file_system": found.name, **found.detail})
        add(layout, row_of(source, layout, place, found.name, gap), nodes, place.hint)
    else:
        _file_system(source, layout, place, found, nodes)


def examine_plain(source: Source, layout: Layout, place: Place, nodes: list[JSON]) -> bool:
    """Examine the file system that a member begins with, when all of it lies in the member.

    A disk that was given a file system after it had been in an array may keep the superblock of
    that array. False where there is none that fits.
    """
    try:
        reader = layers.follow(source, place.steps)
        found = recognise(reader, members=False)
    except OSError:
        return False
    if found is None or found.family != "file-system" or not 0 < found.size <= reader.size:
        return False
    _file_system(source, layout, place, found, nodes)
    return True


def _unknown(place: Place, reader: Reader) -> Gap:
    if place.reserved:
        return Gap(place.key, "policy.reserved", {"type": place.hint})
    head = reader.pread(0, 1 << 16)
    detail: JSON = {"start": "zeros"} if not head.strip(b"\0") else {}
    return Gap(place.key, "volume.unknown", detail)


def _file_system(
    source: Source, layout: Layout, place: Place, found: Recognised, nodes: list[JSON]
) -> None:
    node = add(layout, row_of(source, layout, place, found.name, None), nodes, place.hint)
    if node is None:
        return
    reader = layers.follow(source, place.steps)
    _cut_off(source, layout, place, reader, max(found.size, place.size))
    for other in found.also:
        layout.gap(place.key, "volume.unsupported", {"file_system": other})
    if found.name == "ntfs" and has_shadow_copies(reader):
        children: list[JSON] = []
        node["volumes"] = children
        list_shadow_copies(source, layout, place, children)


def _encrypted(
    source: Source, layout: Layout, place: Place, system: str, nodes: list[JSON]
) -> None:
    """Open the volume when its key lies in the clear, or a secret was given; else it is a gap.

    What lies in it may be anything that lies in a volume: often volumes of LVM lie in LUKS.
    """
    if system == "bitlocker":
        reader = layers.follow(source, place.steps)
        _cut_off(source, layout, place, reader, declared(reader))
    word = "none" if system in _WAYS else "system"
    for layer, note in _ways(source, system):
        steps = (*place.steps, layers.step(layer))
        try:
            reader = layers.follow(source, steps)
        except OSError as error:
            word = getattr(error, "word", "unreadable")
            if word == "damaged":
                break
            continue
        children: list[JSON] = []
        nodes.append({"key": place.key, "layer": system, "note": note, "volumes": children})
        inside = Place(place.key, None, reader.size, steps, place.depth + 1, hint=place.hint)
        examine(source, layout, inside, children)
        return
    gap = locked.gap(place.key, system, word)
    add(layout, row_of(source, layout, place, None, gap), nodes, place.hint)


def _cut_off(source: Source, layout: Layout, place: Place, reader: Reader, stated: int) -> None:
    """Say it when the image ends before the volume does, by what the volume states of itself."""
    real = reader.size
    if place.offset is not None:
        real = min(real, source.size - place.offset)
    if stated > real:
        layout.gap(place.key, "volume.truncated", {"declared": stated, "real": real})


def _ways(source: Source, system: str) -> Iterator[tuple[str, str]]:
    """Yield the layers that may open an encrypted volume, and what is said of each."""
    if system == "bitlocker":
        yield "bitlocker", "its key is stored in the clear"
    layer, kinds = _WAYS.get(system, ("", ()))
    if source.secrets.any_of(*kinds):
        yield layer, _UNLOCKED


def _manager(
    source: Source, layout: Layout, place: Place, found: Recognised, nodes: list[JSON]
) -> None:
    """List what a volume manager or an APFS container holds."""
    if found.name == "lvm2":
        _lvm(source, layout, place, layers.follow(source, place.steps), nodes)
        return
    children: list[JSON] = []
    nodes.append(_layer_node(place, found.name, children))
    try:
        _apfs(source, layout, place, layers.follow(source, place.steps), children)
    except Exception:  # noqa: BLE001 (whatever the library says, it is one gap)
        gap = Gap(place.key, "volume.damaged", {"layer": found.name})
        add(layout, row_of(source, layout, place, found.name, gap), children)


def _layer_node(place: Place, name: str, children: list[JSON]) -> JSON:
    node: JSON = {
        "key": place.key,
        "layer": name,
        "offset": place.offset,
        "size": place.size,
        "volumes": children,
    }
    if place.hint:
        node["type"] = place.hint
    return node


def _lvm(source: Source, layout: Layout, place: Place, reader: Reader, nodes: list[JSON]) -> None:
    """List a group of one physical volume; one of several waits for the others."""
    found = label(reader)
    if found is None:
        gap = Gap(place.key, "volume.damaged", {"layer": "lvm2"})
        add(layout, row_of(source, layout, place, "lvm2", gap), nodes, place.hint)
        return
    group = newest([found])
    if group is None or group.physical != (found.identifier,):
        layout.pending.append(Pending(place, "lvm2", nodes))
        return
    children: list[JSON] = []
    nodes.append(_layer_node(place, "lvm2", children))
    step = layers.step("lvm")
    logical_volumes(source, layout, place, (group, {found.identifier}), step, children)


def logical_volumes(  # noqa: PLR0913, PLR0917 (a place, what was found there, and how to come to it)
    source: Source,
    layout: Layout,
    place: Place,
    group: tuple[Group, set[str]],
    step: JSON,
    nodes: list[JSON],
) -> None:
    """List the logical volumes of a group.

    Args:
        source: that they belong to.
        layout: gets their rows.
        place: of the first physical volume.
        group: as it is described, and which of its physical volumes are there.
        step: from ``place``, or with ``members`` from several, to a volume; without its index.
        nodes: of the tree, gets theirs.
    """
    described, present = group
    base = () if "members" in step else place.steps
    # What a hidden one holds shows through the volumes that it serves.
    visible = [(index, one) for index, one in enumerate(described.logical) if one.visible]
    if len(visible) > MAX_VOLUMES:
        layout.gap(place.key, "volume.limit", {"limit": MAX_VOLUMES, "found": len(visible)})
    for index, volume in visible[:MAX_VOLUMES]:
        key = key_of(layout, f"{place.key}.lv{index + 1}")
        steps = (*base, {**step, "index": index})
        inside = Place(key, None, volume.size, steps, place.depth + 1, place.key)
        why, missing = hindrance(volume, present)
        facts: JSON = {"layer": "lvm2", "physical_volumes": len(described.physical)}
        if why:
            gap = Gap(key, "volume.unsupported", {**facts, "segments": why})
        elif missing:
            facts["missing"] = ", ".join(missing[:_NAMED])
            gap = Gap(key, "volume.incomplete", {**facts, "missing_count": len(missing)})
        else:
            examine(source, layout, inside, nodes)
            continue
        add(layout, row_of(source, layout, inside, None, gap), nodes)


def _apfs(source: Source, layout: Layout, place: Place, reader: Reader, nodes: list[JSON]) -> None:
    view, snapshots = without_snapshots(reader)
    opened = layers.stack("APFS_CONTAINER", view, location="/").file_system()
    container = opened.GetAPFSContainer()
    whole = int(container.size)
    _cut_off(source, layout, place, reader, whole)
    for index in range(min(int(container.number_of_volumes), MAX_VOLUMES)):
        key = key_of(layout, f"{place.key}.apfs{index + 1}")
        steps = (*place.steps, layers.step("apfs", index=index))
        inside = Place(key, None, whole, steps, place.depth + 1, place.key)
        gap = None
        try:
            unlock(container.get_volume(index), reader, source.secrets)
        except locked.LockedError as error:
            gap = locked.gap(key, "apfs", error.word)
        except OSError:
            gap = Gap(key, "volume.damaged", {"layer": "apfs"})
        add(layout, row_of(source, layout, inside, "apfs", gap), nodes)
        if snapshots.get(index):
            counted: JSON = {"system": "apfs", "count": snapshots[index]}
            layout.gap(key, "snapshot.unreadable", counted)


def _nested(source: Source, layout: Layout, place: Place, table: Table, nodes: list[JSON]) -> None:
    """List a partition table inside a volume: the disk of a virtual machine in a logical volume."""
    children: list[JSON] = []
    nodes.append({"key": place.key, "layer": table.scheme, "size": place.size, "volumes": children})
    for code, detail in table.faults:
        layout.gap(place.key, code, detail)
    for partition in table.partitions:
        key = key_of(layout, f"{place.key}.p{partition.start // table.sector_size}")
        one = layers.step("range", offset=partition.start, size=partition.size)
        inside = Place(
            key,
            None,
            partition.size,
            (*place.steps, one),
            place.depth + 1,
            place.key,
            partition.type,
            partition.reserved,
        )
        examine(source, layout, inside, children)
