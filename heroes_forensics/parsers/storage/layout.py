"""What lies on the media: partitions and volumes, as rows and as a tree.

`volumes` gives rows for the pipeline, `tree` the nested picture for ``heroes inspect``. Nothing
from inside the evidence that is a name (label of a volume, name of a logical volume) goes into
either.
"""

from collections.abc import Iterator
from typing import Final, cast

from heroes_forensics.errors import EvidenceError
from heroes_forensics.model import JSON, Gap
from heroes_forensics.parsers.base import Reader
from heroes_forensics.parsers.reading.readers import RangeReader
from heroes_forensics.parsers.secrets import PASSWORD
from heroes_forensics.parsers.storage import layers, locked
from heroes_forensics.parsers.storage.assembling import assemble
from heroes_forensics.parsers.storage.inside import examine
from heroes_forensics.parsers.storage.partitions import Partition, Table, look
from heroes_forensics.parsers.storage.rows import Layout, Place, add, key_of, row_of
from heroes_forensics.parsers.storage.segments import COMPANION
from heroes_forensics.parsers.storage.signatures import Recognised, recognise
from heroes_forensics.parsers.storage.source import IMAGE, Source
from heroes_forensics.parsers.storage.volume import Volume

_IN_FIRST_SECTOR: Final = frozenset(
    {"ntfs", "exfat", "fat12", "fat16", "fat32", "bitlocker", "md-raid"}
)
"""What may be mistaken for a partition table, or lie beside one that is left over."""


def volumes(source: Source) -> Iterator[Volume | Gap]:
    """Yield every volume of the source in the order of the media, and gaps of the layers.

    A `Volume` with a ``gap`` is listed and not examined; a `Gap` beside a volume (truncated,
    overlapping) does not keep it from being examined.
    """
    yield from _layout(source).rows


def belongs(source: Source) -> list[str]:
    """Return what arrays and volume groups the source holds members of, by their identifiers."""
    return _layout(source).belongs


def tree(source: Source) -> JSON:
    """Return the stack of layers as nested JSON-able values, without names from the evidence."""
    layout = _layout(source)
    node: JSON = {
        "source": source.name,
        "kind": source.kind,
        "format": source.format,
        "reader": source.reader_name,
        "reader_version": source.reader_version,
        "size": source.size,
        "sector_size": source.sector_size,
        "segments": [
            {"name": slot.name, "size": slot.size}
            for slot in source.segments
            if slot.role != COMPANION
        ],
        "stored_digests": [str(digest) for digest in source.stored_digests],
        "health": [{"code": gap.code, "detail": gap.detail} for gap in source.health],
        "notes": list(source.notes),
        "volumes": layout.nodes,
        "unallocated": layout.unallocated,
        "gaps": [
            {"where": row.where, "code": row.code, "detail": row.detail}
            for row in layout.rows
            if isinstance(row, Gap) and row not in source.health
        ],
    }
    if source.acquisition:
        node["acquisition"] = dict(source.acquisition)
    if layout.table is not None:
        node["partition_table"] = {
            "scheme": layout.table.scheme,
            "sector_size": layout.table.sector_size,
            "partitions": len(layout.table.partitions),
            "notes": layout.table.notes,
        }
    return node


def _layout(source: Source) -> Layout:
    known = source.layers.get("layout")
    if isinstance(known, Layout):
        return known
    layouts = [_walked(each) for each in source.together]
    position = next(at for at, each in enumerate(source.together) if each is source)
    layout = layouts[position]
    assemble(source.together, layouts)
    if all(isinstance(node.get("offset"), int) for node in layout.nodes):
        layout.nodes.sort(key=lambda node: cast("int", node["offset"]))
    source.layers["layout"] = layout
    return layout


def _walked(source: Source) -> Layout:
    """Walk one source; members of arrays and of volume groups are left waiting."""
    layout = Layout()
    layout.rows.extend(source.health)
    if source.kind != IMAGE:
        size, gap = source.size, _closed(source)
        row = Volume("root", source.kind, source.format, 0, size, source.sector_size, gap=gap)
        add(layout, row, layout.nodes)
    elif source.media is not None:
        _media(source, layout, source.media)
    return layout


def _closed(source: Source) -> Gap | None:
    """Return the gap of a backup that is encrypted as a whole, where nothing given opens it."""
    if source.format != "adb-backup" or source.media is None:
        return None
    from heroes_forensics.parsers.containers.adb import open_adb  # noqa: PLC0415 (few are such)

    try:
        is_encrypted = open_adb(source.media, source.secrets).is_encrypted
    except EvidenceError:
        return None  # it is said when it is listed
    word = "secrets" if source.secrets.any_of(PASSWORD) else "none"
    return locked.gap("root", source.format, word) if is_encrypted else None


def _media(source: Source, layout: Layout, media: Reader) -> None:
    whole = Place("p0", 0, media.size, ())
    if not source.examine:
        add(layout, row_of(source, layout, whole, None, Gap("p0", "volume.unknown")), layout.nodes)
        return
    try:
        table, found = look(media, sector_size=source.sector_size)
    except OSError:
        add(layout, row_of(source, layout, whole, None, Gap("p0", "volume.damaged")), layout.nodes)
        return
    if table is not None and not _table_counts(media, table, found):
        table = None
    if table is None:
        examine(source, layout, whole, layout.nodes)
        return
    layout.table = table
    # A hybrid disc has a file system over the whole medium as well as a table.
    if found is not None and found.name == "iso9660":
        examine(source, layout, whole, layout.nodes)
        table.partitions = [one for one in table.partitions if one.start > 0]
        table.notes.append("ISO 9660 lies over the whole medium as well")
    _table(source, layout, media, table)


def _table_counts(media: Reader, table: Table, found: Recognised | None) -> bool:
    """Decide between a table and a file system that both seem to be there.

    The boot code of a FAT or NTFS volume can look like a table. Then the table counts only when
    one of its partitions begins with something known. A file system whose superblock lies behind
    the first sector may be left over from before the disk was partitioned: the table wins.
    """
    if found is None or found.name not in _IN_FIRST_SECTOR:
        return True
    for partition in table.partitions:
        if not 0 < partition.start < media.size:
            continue
        try:
            if recognise(_piece(media, partition)) is not None:
                return True
        except OSError:
            continue
    return False


def _piece(media: Reader, partition: Partition) -> Reader:
    size = max(0, min(partition.size, media.size - partition.start))
    return RangeReader(media, partition.start, size)


def _table(source: Source, layout: Layout, media: Reader, table: Table) -> None:
    """List the partitions of the medium's own table."""
    if 0 <= media.size < table.declared:
        layout.gap("source", "source.truncated", {"declared": table.declared, "real": media.size})
    for code, detail in table.faults:
        layout.gap("source", code, detail)
    previous_end, previous_key = 0, ""
    for partition in sorted(table.partitions, key=lambda one: (one.start, -one.size)):
        key = key_of(layout, f"p{partition.start // table.sector_size}")
        if partition.start < previous_end:
            layout.gap(key, "volume.overlap", {"with": previous_key})
        elif partition.start > previous_end:
            _free(layout, previous_end, partition.start)
        if partition.start + partition.size > previous_end:
            previous_end, previous_key = partition.start + partition.size, key
        steps = (layers.step("range", offset=partition.start, size=partition.size),)
        place = Place(
            key,
            partition.start,
            partition.size,
            steps,
            hint=partition.type,
            reserved=partition.reserved,
        )
        if partition.start >= media.size:
            gap = Gap(key, "volume.truncated", {"declared": partition.size, "real": 0})
            add(layout, row_of(source, layout, place, None, gap), layout.nodes, place.hint)
        else:
            examine(source, layout, place, layout.nodes)
    _free(layout, previous_end, media.size)
    if not layout.nodes and not layout.pending:
        layout.unallocated.clear()  # the medium is one range, and a volume that nobody knows
        gap = Gap("p0", "volume.unknown", {"table": table.scheme, "partitions": 0})
        add(layout, row_of(source, layout, Place("p0", 0, media.size, ()), None, gap), layout.nodes)


def _free(layout: Layout, start: int, end: int) -> None:
    if end > start:
        layout.unallocated.append({"offset": start, "size": end - start})
