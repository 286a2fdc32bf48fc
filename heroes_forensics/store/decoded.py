"""Where the values of a picture stand that has the content of another one: found by SHA-256.

The table is a temporary one, in memory, and made anew from the case when a run begins or goes on:
eight bytes of a digest and the number of an item, 25 bytes a picture. What it points to is looked
at before it is believed, so that two digests that begin alike cost a look-up and nothing else.
"""

import json
from collections.abc import Callable, Iterable, Sequence
from typing import Final, NamedTuple

import numpy as np

from heroes_forensics.filetype import TYPES
from heroes_forensics.frames import HASHES, PERCEPTUAL, Picture, Rows
from heroes_forensics.store import perceptual_values
from heroes_forensics.store.database import Database
from heroes_forensics.store.records import MatchRow

_NEAR: Final = "near"
"""What the facts of a match hold that rests on perceptual values."""


class Recorded(NamedTuple):
    """What is on record of one picture."""

    row: Rows
    """`frames.PERCEPTUAL`, one row."""
    hashes: Rows
    """`frames.HASHES`: values of tier 1, which are those that are kept."""
    compared: int | None
    exact: frozenset[tuple[int, int]]
    """Row number of the set and record of each exact match of its digests."""
    near: tuple[MatchRow, ...]
    """What it looks like, as far as no exact match says more."""


def begin(database: Database, runs: Sequence[int], algorithm: str) -> None:
    """Make the table, with the pictures that these runs decoded whole.

    Args:
        database: the case.
        runs: those whose values another picture may take.
        algorithm: what the values have to be, with the versions of what makes them.
    """
    database.execute(
        "CREATE TEMP TABLE IF NOT EXISTS decoded"
        " (digest BLOB PRIMARY KEY, item INTEGER NOT NULL) WITHOUT ROWID"
    )
    database.execute("DELETE FROM temp.decoded")
    for run in runs:
        database.execute(
            "INSERT OR IGNORE INTO temp.decoded SELECT substr(c.sha256, 1, 8), p.item_id"
            " FROM perceptual p JOIN unit u ON u.id = p.unit_id"
            " JOIN content c ON c.item_id = p.item_id"
            " WHERE u.run_id = ? AND p.status = ? AND length(c.sha256) = 32"
            " AND (p.algorithm = '' OR (p.algorithm = ? AND p.value IS NOT NULL))"
            " ORDER BY p.item_id",
            (run, int(Picture.DONE), algorithm),
        )


def add(database: Database, items: Iterable[int]) -> None:
    """Remember pictures that are on record as decoded whole."""
    database.many(
        "INSERT OR IGNORE INTO temp.decoded SELECT substr(sha256, 1, 8), item_id FROM content"
        " WHERE item_id = ?",
        ((item,) for item in items),
    )


def find(
    database: Database, sha256: bytes, kind: str, open_value: Callable[[int, bytes], bytes]
) -> Recorded | None:
    """Return what is on record of a picture with this content; None where there is nothing.

    Args:
        database: the case.
        sha256: of the whole content.
        kind: name of its type; content that was taken for another type is another picture.
        open_value: opens what is sealed under the case key.

    Raises:
        EvidenceError: what is stored has a form that this version does not know.
        CustodyError: what is stored does not open with the key of this case.
    """
    found = next(
        database.rows(
            "SELECT p.item_id, p.unit_id, p.gap, p.width, p.height, p.frames, p.milliseconds,"
            " p.hashed, p.value, p.compared, c.type FROM temp.decoded d"
            " JOIN content c ON c.item_id = d.item JOIN perceptual p ON p.item_id = d.item"
            " WHERE d.digest = substr(?1, 1, 8) AND c.sha256 = ?1 AND p.status = ?2",
            (sha256, int(Picture.DONE)),
        ),
        None,
    )
    if found is None or TYPES[found[-1]].name != kind:
        return None
    item, unit, *numbers, sealed, compared, _ = found
    row = np.array([(item, int(Picture.DONE), *numbers)], dtype=PERCEPTUAL)
    hashes = np.zeros(0, dtype=HASHES)
    if sealed is not None:
        hashes = perceptual_values.unpacked(item, open_value(item, sealed))
    matches = list(_matches(database, item, unit))
    near = tuple(each for each in matches if _NEAR in each.facts)
    exact = frozenset((each.hashset_id, each.record) for each in matches if _NEAR not in each.facts)
    return Recorded(row, hashes, compared, exact, near)


def _matches(database: Database, item: int, unit: int) -> Iterable[MatchRow]:
    """Yield the matches that came of the unit that read the item: none of a later comparison."""
    for row in database.rows(
        "SELECT hashset_id, record, grade, verdict, facts, finding FROM match"
        " WHERE item_id = ? AND unit_id = ? ORDER BY id",
        (item, unit),
    ):
        hashset, record, grade, verdict, facts, finding = row
        makes_finding = finding is not None
        yield MatchRow(item, hashset, record, grade, verdict, json.loads(facts), makes_finding)
