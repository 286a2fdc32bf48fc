"""What a plug-in of the laboratory said of pictures: one row each, its values only sealed.

The byte form of the values of one picture: one byte of version, then for each frame with a value
its position (4 bytes, little-endian) and the value, as wide as all of its kind. Nothing follows.
"""

import struct
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final, NamedTuple

import numpy as np

from heroes_forensics.errors import EvidenceError
from heroes_forensics.frames import SUPPLIED, Rows, Supplied
from heroes_forensics.store.database import Database
from heroes_forensics.store.derived import SealValues

VERSION: Final = 1
_AT: Final = struct.Struct("<I")
_INSERT: Final = (
    "INSERT INTO supplied (item_id, unit_id, plugin, made, too_little, failed, uncompared, value)"
    " VALUES (?,?,?,?,?,?,?,?)"
)


class Kept(NamedTuple):
    """What is kept of what a plug-in said of one picture."""

    rows: Rows
    """`SUPPLIED`, those of all frames that were given to it."""
    uncompared: int
    """Values among them that could not be compared with all that is listed."""


class Made(NamedTuple):
    """By what values were made: those of another plug-in, or version, are other values."""

    plugin: str
    """Name, version and package."""
    width: int
    """Bytes of a value."""


def store(
    database: Database, unit: int, pictures: Mapping[int, Kept], made: Made, seal: SealValues
) -> list[tuple[Any, ...]]:
    """Insert pictures in the order of their items; return what was stored.

    Args:
        database: inside a transaction.
        unit: the unit they belong to.
        pictures: by item.
        made: by what.
        seal: seals values under the case key.
    """
    packed = [(number, _packed(kept.rows, made.width)) for number, kept in sorted(pictures.items())]
    sealed = iter(seal([each for each in packed if each[1]]))
    stored = []
    for number, data in packed:
        kept = pictures[number]
        counts = [int((kept.rows["status"] == each).sum()) for each in Supplied]
        value = next(sealed) if data else None
        stored.append((number, unit, made.plugin, *counts, kept.uncompared, value))
    database.many(_INSERT, stored)
    return stored


def _packed(rows: Rows, width: int) -> bytes:
    values = rows[rows["status"] == Supplied.VALUE]
    parts = [_AT.pack(at) + bytes(value)[:width] for _, at, _, value in values.tolist()]
    return bytes([VERSION]) + b"".join(parts) if parts else b""


def values_of(
    database: Database, made: Made, open_value: Callable[[int, bytes], bytes]
) -> Iterator[Rows]:
    """Yield `SUPPLIED` rows of every picture with values that were made so, in the order of items.

    Raises:
        EvidenceError: what is stored has a form that this version does not know.
    """
    for number, sealed in database.rows(
        "SELECT item_id, value FROM supplied WHERE value IS NOT NULL AND plugin = ?"
        " ORDER BY item_id",
        (made.plugin,),
    ):
        yield _unpacked(number, open_value(number, sealed), made.width)


def _unpacked(item: int, data: bytes, width: int) -> Rows:
    if data[:1] != bytes([VERSION]) or (len(data) - 1) % (_AT.size + width):
        raise EvidenceError(
            "values of a plug-in are stored in a form that is not known here",
            hint="use the version of the program that made the case, or a later one",
        )
    form = np.dtype([("at", "<u4"), ("value", f"V{width}")])
    found = np.frombuffer(data[1:], form)
    rows = np.zeros(len(found), SUPPLIED)
    rows["id"], rows["at"], rows["status"] = item, found["at"], Supplied.VALUE
    room = rows["value"].tobytes()
    view = np.frombuffer(bytearray(room), np.uint8).reshape(len(rows), -1).copy()
    plain = np.frombuffer(np.ascontiguousarray(found["value"]).tobytes(), np.uint8)
    view[:, :width] = plain.reshape(len(rows), -1)
    rows["value"] = np.frombuffer(view.tobytes(), SUPPLIED["value"])
    return rows


COUNTED: Final = ("made", "too_little", "failed", "uncompared")


def counts(database: Database, *, run: int) -> dict[str, int]:
    """Sum up what came of the frames of one run that were given to a plug-in."""
    ((*sums,),) = database.rows(
        "SELECT coalesce(sum(s.made), 0), coalesce(sum(s.too_little), 0),"
        " coalesce(sum(s.failed), 0), coalesce(sum(s.uncompared), 0)"
        " FROM supplied s JOIN unit u ON u.id = s.unit_id"
        " WHERE u.run_id = ?",
        (run,),
    )
    return dict(zip(COUNTED, map(int, sums), strict=True))


def others(database: Database, plugin: str) -> int:
    """Count the pictures with perceptual values of which there are none of this plug-in."""
    return int(
        database.value(
            "SELECT count(*) FROM perceptual p LEFT JOIN supplied s ON s.item_id = p.item_id"
            " AND s.plugin = ? AND s.value IS NOT NULL"
            " WHERE p.value IS NOT NULL AND p.milliseconds = 0 AND s.item_id IS NULL",
            (plugin,),
        )
    )
