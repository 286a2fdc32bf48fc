"""The byte form of the perceptual values of one picture or film, as they are sealed in a case.

One byte of version, then groups. A group is what one view of one frame gave: ``at`` (4 bytes,
little-endian), algorithm, view, quality, tones, one byte each, then one byte whose bit ``n`` is set
when there is a value of orientation ``n``, then those values in their order, each as long as its
algorithm makes it (`frames.ALGORITHM_BYTES`). Nothing follows the last group. A picture takes 300
bytes, and with all views of tier 1 1,095.

Version 1 had no tones. Its values are read as those of a photograph: as they were graded.
"""

import struct
from typing import Final

import numpy as np

from heroes_forensics.errors import EvidenceError
from heroes_forensics.frames import ALGORITHM_BYTES, HASHES, ORIENTATIONS, VIEWS, Rows

VERSION: Final = 2
_GROUP: Final = struct.Struct("<IBBBBB")
_FORMS: Final = {b"\1": (struct.Struct("<IBBBB"), (100,)), bytes([VERSION]): (_GROUP, ())}
"""Of each version what a group begins with, and what is taken for what it has not: all tones."""


def packed(rows: Rows) -> bytes:
    """Return the byte form of `HASHES` rows of one item, which are in their order."""
    parts = [bytes([VERSION])]
    group: tuple[int, ...] = ()
    orientations, values = 0, b""
    for _, at, algorithm, view, orientation, quality, tones, value in rows.tolist():
        if (at, algorithm, view, quality, tones) != group:
            if group:
                parts.append(_GROUP.pack(*group, orientations) + values)
            group, orientations, values = (at, algorithm, view, quality, tones), 0, b""
        orientations |= 1 << orientation
        values += bytes(value)[: ALGORITHM_BYTES[algorithm]]
    if group:
        parts.append(_GROUP.pack(*group, orientations) + values)
    return b"".join(parts)


def unpacked(item: int, data: bytes) -> Rows:
    """Return the `HASHES` rows of an item, as they were before `packed`.

    Raises:
        EvidenceError: the bytes are of another version, or damaged.
    """
    if data[:1] not in _FORMS:
        raise EvidenceError(
            "the perceptual values of a picture are stored in a form that is not known here",
            hint="use the version of the program that made the case, or a later one",
        )
    group, absent = _FORMS[data[:1]]
    found = []
    position = 1
    while position < len(data):
        if position + group.size > len(data):
            raise _damaged()
        head: tuple[int, ...] = group.unpack_from(data, position)
        at, algorithm, view, quality, tones = (*head[:-1], *absent)
        orientations = head[-1]
        position += group.size
        if algorithm >= len(ALGORITHM_BYTES) or view >= len(VIEWS) or not orientations:
            raise _damaged()
        width = ALGORITHM_BYTES[algorithm]
        for orientation in range(ORIENTATIONS):
            if not orientations >> orientation & 1:
                continue
            value = data[position : position + width]
            if len(value) < width:
                raise _damaged()
            position += width
            found.append((item, at, algorithm, view, orientation, quality, tones, value))
    return np.array(found, dtype=HASHES)


def _damaged() -> EvidenceError:
    return EvidenceError(
        "the perceptual values of a picture are damaged in the case",
        hint="run heroes verify on the case",
    )
