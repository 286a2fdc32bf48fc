"""When the frames of listed films are shown: read from the values of the set they stand in.

What is compared has no time beside it; the value of the frame, kept among the others of its
record, has. Both stand in one order, in which the pictures of a record come before its frames.
"""

from collections.abc import Iterable

import numpy as np

from heroes_forensics.hashsets.known import QUALITY_GATE, VALUE_KINDS
from heroes_forensics.hashsets.near_file import FRAMES_AS
from heroes_forensics.hashsets.near_rows import Indexes
from heroes_forensics.hashsets.near_set import NearSet
from heroes_forensics.hashsets.values import Values


def shown(values: Iterable[Values], near: NearSet, record: Indexes, entry: Indexes) -> Indexes:
    """Return when listed frames are shown, milliseconds; -1 for what has no time.

    Args:
        values: of the kind `heroes_forensics.hashsets.known.FRAMES` of the set, in their order.
        near: in which the entries were found.
        record: of each entry.
        entry: as ``near.search`` named them.
    """
    wanted = np.unique(record)
    times = _times(values, wanted)
    found = np.full(len(entry), -1, np.int64)
    for each in wanted.tolist():
        mine = record == each
        entries = near.entries_of(each)
        place = np.searchsorted(entries, entry[mine]) - (len(entries) - len(times[each]))
        has = place >= 0
        at = np.full(len(place), -1, np.int64)
        at[has] = times[each][place[has]]
        found[mine] = at
    return found


def _times(values: Iterable[Values], wanted: Indexes) -> dict[int, Indexes]:
    """Return the times of the frames of each record that are compared, in their order."""
    width = VALUE_KINDS[FRAMES_AS]
    parts: dict[int, list[Indexes]] = {each: [] for each in wanted.tolist()}
    for piece in values:
        compared = (piece.quality < 0) | (piece.quality >= QUALITY_GATE)
        here = np.flatnonzero(compared & np.isin(piece.record, wanted))
        if not len(here):
            continue
        data = np.frombuffer(piece.data, np.uint8).reshape(len(piece.record), -1)[here, width:]
        at = np.ascontiguousarray(data).view("<u4")[:, 0].astype(np.int64)
        for each in np.unique(piece.record[here]).tolist():
            parts[each].append(at[piece.record[here] == each])
    empty = np.zeros(0, np.int64)
    return {each: np.concatenate([empty, *found]) for each, found in parts.items()}
