"""Planted queries: whether an index finds what it must, tried each time it is opened.

An index with a damaged table would miss pictures and look as if nothing were listed. So hashes
some bits beside rows of its own are looked up, among them such as no table but one can find, and a
part of the answers is compared with what comparing every row gives.
"""

import secrets
from typing import Final, NamedTuple

import numpy as np

from heroes_forensics.hashsets import near_tables
from heroes_forensics.hashsets.near import SHORT_RADIUS, NearIndex
from heroes_forensics.hashsets.near_rows import Indexes
from heroes_forensics.hashsets.near_tables import WIDTH

SPREAD: Final = 64
"""Queries with bits off anywhere, two for each distance from 0 to 31."""
COMPARED: Final = 16
"""Of them, and as many unlike all rows, those that are compared in full."""
_MOST: Final = 1024
"""Rows of one query that are looked at: a crafted list has millions."""


class NearProbes(NamedTuple):
    """What planted queries gave; anything but all found and none differing means damage."""

    planted: int
    found: int
    compared: int
    """Queries whose answer was compared with that of every row."""
    differing: int

    @property
    def passed(self) -> bool:
        """Tell whether the index can be relied on."""
        return self.found == self.planted and not self.differing


def tried(index: NearIndex, seed: int | None = None) -> NearProbes:
    """Look planted queries up.

    Args:
        index: of any number of rows.
        seed: chooses rows and bits; None for others each time.
    """
    draw = np.random.default_rng(secrets.randbits(64) if seed is None else seed)
    radius = near_tables.RADIUS if index.rows.shape[1] == WIDTH else SHORT_RADIUS
    if not index.count:
        return NearProbes(0, 0, 0, 0)
    masks = near_tables.anywhere(8 * index.rows.shape[1], np.arange(SPREAD) % (radius + 1), draw)
    if radius == near_tables.RADIUS:
        masks = np.concatenate([masks, near_tables.through_one(draw)])
    count = len(masks)
    row = draw.integers(0, index.count, count)
    distance = masks.sum(axis=1)
    queries = index.rows[row] ^ np.packbits(masks, axis=1, bitorder="little")
    found = index.search(queries, radius, _MOST)
    hit = (found.row == row[found.query]) & (found.distance == distance[found.query])
    done = np.zeros(count, np.bool_)
    done[found.query[hit]] = True
    # A row can be crowded out by as many that are as near: then the query proves nothing.
    crowded = np.bincount(found.query, minlength=count) == _MOST
    planted = done | ~crowded
    chosen = queries[draw.permutation(count)[:COMPARED]]
    strangers = draw.integers(0, 256, chosen.shape, dtype=np.uint8)
    asked = np.concatenate([chosen, strangers])
    mine = index.search(asked, radius, _MOST)
    theirs = index.compared(asked, radius, _MOST)
    differing = _differing(mine.query, mine.row, theirs.query, theirs.row)
    return NearProbes(
        int(np.count_nonzero(planted)), int(np.count_nonzero(done)), len(asked), differing
    )


def _differing(query: Indexes, row: Indexes, other_query: Indexes, other_row: Indexes) -> int:
    """Return how many queries have another answer."""
    mine = set(zip(query.tolist(), row.tolist(), strict=True))
    theirs = set(zip(other_query.tolist(), other_row.tolist(), strict=True))
    return len({number for number, _ in mine ^ theirs})
