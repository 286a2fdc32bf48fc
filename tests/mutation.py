"""Changing a few bytes of an image or a picture in every way that has hurt somebody.

A mutant is a base and a list of edits, so that one that failed can be kept as a line of text and
be made again. Everything follows from the name of the base and a number; nothing is drawn from
the machine.
"""

import json
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from random import Random
from typing import Final, NamedTuple

import numpy as np

_BLOCK: Final = 512
_EDITS: Final = 10
_EDGES: Final = (0, 1, 2, 0x7F, 0x80, 0xFF, 0x7FFF, 0x8000, 0xFFFF, (1 << 31) - 1, 1 << 31)
_WIDE: Final = ((1 << 32) - 1, 1 << 40, (1 << 63) - 1, 1 << 63, (1 << 64) - 1)


class Edit(NamedTuple):
    """Bytes that stand somewhere else in the base."""

    offset: int
    data: bytes


@dataclass(frozen=True, slots=True)
class Mutant:
    """A base with a few edits."""

    base: str
    edits: tuple[Edit, ...]
    size: int | None = None
    """Bytes it is cut to; None for all."""

    def apply(self, data: bytes) -> bytes:
        """Return the bytes of the mutant."""
        changed = bytearray(data)
        for edit in self.edits:
            room = max(0, len(changed) - edit.offset)
            changed[edit.offset : edit.offset + len(edit.data)] = edit.data[:room]
        return bytes(changed if self.size is None else changed[: self.size])

    def row(self, found: str) -> dict[str, object]:
        """Return it as a row of ``mutants.json``."""
        edits = [[edit.offset, edit.data.hex()] for edit in self.edits]
        return {"base": self.base, "edits": edits, "size": self.size, "found": found}

    @classmethod
    def of(cls, row: dict[str, object]) -> "Mutant":
        """Read a row of ``mutants.json``."""
        edits = row["edits"]
        assert isinstance(edits, list)
        size = row["size"]
        return cls(
            str(row["base"]),
            tuple(Edit(offset, bytes.fromhex(text)) for offset, text in edits),
            size if isinstance(size, int) else None,
        )


def mutant(base: str, data: bytes, number: int) -> Mutant:
    """Return the mutant of this number: one to ten edits, most of them where something lies."""
    draw = Random(f"{base}:{number}")  # noqa: S311 - what is changed, no secret
    used = _used(data)
    edits = []
    for _ in range(draw.randint(1, _EDITS)):
        block = (
            draw.choice(used) if draw.random() < 0.85 else draw.randrange(-(-len(data) // _BLOCK))
        )
        # What describes the rest stands at the beginning more often than not.
        if draw.random() < 0.3:
            block = used[min(len(used) - 1, int(draw.expovariate(1 / 8)))]
        at = min(block * _BLOCK + draw.randrange(_BLOCK), len(data) - 1)
        edits.append(_edit(draw, data, at, used))
    cut = draw.randrange(len(data)) if draw.random() < 0.05 else None
    return Mutant(base, tuple(edits), cut)


@cache
def _used(data: bytes) -> list[int]:
    """Return the numbers of the blocks that do not hold one byte over and over."""
    rows = np.frombuffer(data[: len(data) // _BLOCK * _BLOCK], "u1").reshape(-1, _BLOCK)
    found = np.flatnonzero((rows != rows[:, :1]).any(axis=1)).tolist()
    return found or [0]


def _edit(draw: Random, data: bytes, at: int, used: list[int]) -> Edit:
    kind = draw.randrange(7)
    if kind == 0:
        return Edit(at, bytes([data[at] ^ 1 << draw.randrange(8)]))
    if kind == 1:
        return Edit(at, draw.randbytes(draw.choice((1, 2, 4, 8, 16))))
    if kind in {2, 3}:
        width = draw.choice((1, 2, 4, 8))
        value = draw.choice(_EDGES if width < 8 else _EDGES + _WIDE)
        value &= (1 << 8 * width) - 1
        order = draw.choice(("little", "little", "big"))
        return Edit(at & -width, value.to_bytes(width, "big" if order == "big" else "little"))
    if kind == 4:
        return Edit(at & -_BLOCK, bytes([draw.choice((0, 0, 0xFF))]) * _BLOCK)
    other = draw.choice(used) * _BLOCK
    if kind == 5:
        return Edit(at & -_BLOCK, data[other : other + _BLOCK])
    length = draw.choice((2, 4, 8, 32))
    return Edit(at, data[other : other + length])


def smaller(found: Mutant, fails: Callable[[Mutant], bool]) -> Mutant:
    """Leave out edits, then bytes of edits, as long as it still fails."""
    best = found
    if best.size is not None and fails(whole := Mutant(best.base, best.edits)):
        best = whole
    for edit in found.edits:
        less = Mutant(best.base, tuple(each for each in best.edits if each != edit), best.size)
        if (less.edits or less.size is not None) and fails(less):
            best = less
    for edit in best.edits:
        while len(edit.data) > 1:
            half = len(edit.data) // 2
            parts = (
                Edit(edit.offset, edit.data[:half]),
                Edit(edit.offset + half, edit.data[half:]),
            )
            for part in parts:
                edits = tuple(part if each == edit else each for each in best.edits)
                if fails(less := Mutant(best.base, edits, best.size)):
                    best, edit = less, part  # noqa: PLW2901 - it goes on with the half
                    break
            else:
                break
    return best


ROWS: Final = Path(__file__).with_name("mutants.json")


def kept() -> list[dict[str, object]]:
    """Return the mutants that once failed, with what failed."""
    rows: list[dict[str, object]] = json.loads(ROWS.read_text(encoding="utf-8"))
    return rows
