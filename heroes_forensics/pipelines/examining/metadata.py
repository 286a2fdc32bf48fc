"""What pictures and films say of their origin: on its way into the case, and to who may read it.

Values are sealed under the case key whatever the policy for names is. What is shown without the key
are counts, and tags: keyed digests of make, model and serial number, by which a device is known
again in this case and nowhere else.
"""

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

from heroes_forensics.custody import chain, seal
from heroes_forensics.described import Description, Position, State
from heroes_forensics.model import JSON
from heroes_forensics.reports.devices import Device, Metadata
from heroes_forensics.store import metadata

if TYPE_CHECKING:
    from heroes_forensics.store.database import Database

DEVICE, MODEL = "device", "model"
_STATES: Final = {int(each): each.name.lower() for each in State}
_POSITIONS: Final = {int(each): each.name.lower() for each in Position}


def stored(
    database: "Database", unit: int, told: Mapping[int, Description], sealer: seal.NameSealer
) -> list[tuple[Any, ...]]:
    """Insert what the pictures of a unit say; return what was stored.

    Args:
        database: inside a transaction.
        unit: the unit they belong to.
        told: by item; empty where nobody asked.
        sealer: of the case.
    """
    if not told:
        return []
    in_order = sorted(told.items())
    texts = [(number, chain.canonical(each.to_json())) for number, each in in_order]
    sealed = sealer.seal_many(texts, use=seal.METADATA)
    rows = [
        metadata.Row(
            number,
            unit,
            int(each.state),
            int(each.position),
            sealer.tag(chain.canonical([DEVICE, *each.model, each.serial]))
            if each.serial
            else None,
            sealer.tag(chain.canonical([MODEL, *each.model])) if any(each.model) else None,
            value if each.texts or each.dates or each.refused else None,
        )
        for (number, each), value in zip(in_order, sealed, strict=True)
    ]
    return metadata.insert(database, rows)


def tag_text(tag: bytes | None, *, is_device: bool) -> str:
    """Return how a device (``D-...``) or a model (``M-...``) is called in this case."""
    return "" if tag is None else f"{'D' if is_device else 'M'}-{tag.hex()}"


def shown(row: metadata.Row) -> JSON:
    """Return what may be said of one item without the key."""
    return {
        "state": _STATES[row.state],
        "position": _POSITIONS[row.position],
        "device": tag_text(row.device, is_device=True) or None,
        "model": tag_text(row.model, is_device=False) or None,
    }


def opened(row: metadata.Row, sealer: seal.NameSealer) -> JSON:
    """Return everything that one item says; that it is opened is on record before.

    Raises:
        CustodyError: what is stored does not open with the key of this case.
    """
    if row.value is None:
        return shown(row)
    values: JSON = json.loads(sealer.open(row.item_id, row.value, use=seal.METADATA))
    return {**shown(row), "values": values}


def device_of(database: "Database", item: int) -> str:
    """Return what the device is called that an item names, or its model; empty without one."""
    row = metadata.of_item(database, item)
    if row is None:
        return ""
    return tag_text(row.device, is_device=True) or tag_text(row.model, is_device=False)


def summary(database: "Database", exhibit: int) -> Metadata | None:
    """Count what the pictures and films of an exhibit say; None where nobody asked."""
    counts = metadata.counts(database, exhibit)
    if not counts:
        return None

    def of(state: State) -> int:
        return sum(count for (each, _), count in counts.items() if each == state)

    return Metadata(
        read=sum(counts.values()),
        found=of(State.FOUND),
        nothing=of(State.NOTHING),
        unreadable=of(State.UNREADABLE),
        positions=sum(count for (_, each), count in counts.items() if each == Position.YES),
    )


def devices(database: "Database") -> tuple[Device, ...]:
    """Return the devices and models that pictures and films of the case name, most files first."""
    found: dict[tuple[bytes, bool], list[metadata.Group]] = {}
    for group in metadata.groups(database):
        found.setdefault((group.tag, group.is_device), []).append(group)
    rows = [
        Device(
            tag=tag_text(tag, is_device=is_device),
            by_serial=is_device,
            files=sum(each.files for each in parts),
            findings=sum(each.findings for each in parts),
            exhibits=tuple(each.exhibit for each in parts),
        )
        for (tag, is_device), parts in found.items()
    ]
    return tuple(sorted(rows, key=lambda row: (not row.by_serial, -row.files, row.tag)))
