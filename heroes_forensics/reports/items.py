"""``items.csv``: every item, as `csv` writes findings, but by columns and a block at a time.

What may stand in a cell is said there. No cell holds a digest of listed material, whatever the
policy for names is.
"""

from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache
from string import ascii_letters, digits
from typing import Final, Literal

import numpy as np

from heroes_forensics.model import REUSE_TEXTS, TimeRule
from heroes_forensics.reports.base import ItemBlock
from heroes_forensics.reports.csv import cell, time_basis
from heroes_forensics.reports.moments import NO_TIME
from heroes_forensics.reports.time_columns import column

WITHHELD: Final = "withheld"
"""Stands where a digest would be one of listed material."""

COLUMNS: Final = (
    "exhibit", "source", "volume", "locator", "allocated", "kind", "size", "bytes_read", "type",
    "place", "status", "gap", "md5", "sha1", "sha256", "modified", "accessed", "changed", "born",
    "time_basis", "misnamed", "reuse",
)  # fmt: skip

_TIMES: Final = ("m", "a", "c", "b")
_YES: Final = {None: "", True: "yes", False: "no"}
_UTC: Final = TimeRule(1, "utc")
"""What a time is taken for whose rule is not on record."""
_HARMLESS: Final = frozenset({"known-good"})
_PLAIN: Final = (ascii_letters + digits + "./:_$~@+=-\n").encode()
_FORMULAS: Final = ("\n-", "\n+", "\n=", "\n@")
"""What a locator may hold, or begin with, though nearly none does, is no such byte, or is such a
beginning: then a cell cannot hold it as it stands."""


def items(
    blocks: Iterable[ItemBlock], *, names: Literal["sealed", "clear"] = "sealed"
) -> Iterator[bytes]:
    """Yield ``items.csv`` in pieces, one a block.

    Args:
        blocks: items in the order in which they shall stand; taken one by one.
        names: the case's policy. Under ``sealed`` a path is not written even when a block has it.
            Under ``clear`` two columns more: ``path`` in display form and ``path_hex``, its bytes.
    """
    clear = names == "clear"
    columns = (*COLUMNS, "path", "path_hex") if clear else COLUMNS
    yield (",".join(columns) + "\r\n").encode()
    for block in blocks:
        ends = _paths(block.paths) if clear else ["\r\n"] * len(block.locators)
        yield "".join(lines(block, ends)).encode()


def lines(block: ItemBlock, ends: Sequence[str], *, kept_back: bool = False) -> list[str]:
    """Return the row of each item, closed by what stands in ``ends`` for it.

    Args:
        block: the items.
        ends: one text an item.
        kept_back: whether digests that are not told are not in the block at all.
    """
    head = ",".join([cell(block.exhibit), cell(block.source), cell(block.volume)])
    withheld = [n for n, kinds in enumerate(block.matched) if kinds and kinds - _HARMLESS]
    times = (
        column(block.seconds[:, n], block.nanoseconds[:, n], block.rules.get(which, _UTC))
        for n, which in enumerate(_TIMES)
    )
    rows = zip(
        [f"{head},{locator}" for locator in _locators(block.locators)],
        ["yes" if each else "no" for each in block.allocated],
        [_word(each) for each in block.kinds],
        _numbers(block.sizes),
        _numbers(block.bytes_read),
        [_word(each) for each in block.types],
        [_word(each) for each in block.places],
        block.statuses,
        [_word(each) for each in block.gaps],
        _digests(block.md5, withheld, kept_back=kept_back),
        _digests(block.sha1, withheld, kept_back=kept_back),
        _digests(block.sha256, withheld, kept_back=kept_back),
        *times,
        _bases(block),
        [_YES[each] for each in block.misnamed],
        [REUSE_TEXTS.get(each, "") + end for each, end in zip(block.reuse, ends, strict=True)],
        strict=True,
    )
    return list(map(",".join, rows))


@lru_cache(1024)
def _word(text: str) -> str:
    """Do what `cell` does, for texts of which there are few in a million items."""
    return cell(text)


def _locators(locators: Sequence[str]) -> Sequence[str]:
    joined = "\n" + "\n".join(locators)
    plain = joined.isascii() and not joined.encode().translate(None, _PLAIN)
    if plain and joined.count("\n") == len(locators) and not any(map(joined.count, _FORMULAS)):
        return locators
    return [cell(each) for each in locators]


def _numbers(values: Sequence[int]) -> list[str]:
    return ["" if value < 0 else str(value) for value in values]


def _digests(
    values: Sequence[bytes | None], withheld: Sequence[int], *, kept_back: bool
) -> list[str]:
    texts = [value.hex() if value else "" for value in values]
    for position in withheld:
        if texts[position] or kept_back:
            texts[position] = WITHHELD
    return texts


def _bases(block: ItemBlock) -> list[str]:
    """Return how the times of each item are stored: of those it has."""
    rules = [block.rules.get(which, _UTC) for which in _TIMES]
    texts = [
        time_basis(w, rule.zone, rule.resolution_ns) for w, rule in zip(_TIMES, rules, strict=True)
    ]
    of_mask = [
        " ".join(text for bit, text in enumerate(texts) if mask >> bit & 1) for mask in range(16)
    ]
    masks: list[int] = ((block.seconds != NO_TIME) @ np.array([1, 2, 4, 8])).tolist()
    return [of_mask[mask] for mask in masks]


def _paths(paths: Sequence[bytes]) -> list[str]:
    return [f",{cell(path)},{path.hex()}\r\n" for path in paths]
