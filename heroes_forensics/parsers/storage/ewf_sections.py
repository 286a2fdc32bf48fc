"""The section list of an EWF (E01) set: is it whole, in order, and where do its chunks lie?

Section descriptors, small sections and chunk tables are read here; no media. Format: "Expert
Witness Compression Format" (libewf documentation), sections 2 and 3.
"""

from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from heroes_forensics.parsers.base import Reader
from heroes_forensics.parsers.storage.ewf_layout import Sections, Table
from heroes_forensics.parsers.storage.ewf_walk import FILE_HEADER, Walk

SIGNATURE: Final = b"EVF\x09\x0d\x0a\xff\x00"
_NAMED: Final = 100
"""Missing segments in a row that are named one by one."""


def survey(segments: Sequence[Reader]) -> Sections:
    """Walk the section list of every segment.

    Raises:
        OSError: a segment could not be read.
    """
    found = Sections()
    breaks = found.breaks
    order = _in_order(found, segments)
    expected = 1
    for at, (number, index) in enumerate(order):
        if number > expected:
            lost = range(expected, min(number, expected + _NAMED))
            found.faults += [("missing", {"segment": each}) for each in lost]
            breaks.add(len(found.tables))
        expected = number + 1
        start = len(found.tables)
        walk = Walk(found, segments[index], index)
        walk.run()
        if walk.foreign:
            # Its chunks are sound, and belong somewhere else: they must not be read here.
            found.faults.append(("mixed", {"segment": index + 1}))
            del found.tables[start:]
            breaks.add(start)
            continue
        breaks |= walk.breaks
        if walk.last_of_set and order[at + 1 :]:
            found.faults += [("mixed", {"segment": other + 1}) for _, other in order[at + 1 :]]
            break
        if not walk.last_of_set and at + 1 == len(order):
            if walk.ended:
                found.faults.append(("unfinished", {"segment": number + 1}))
            breaks.add(len(found.tables))
    if found.unsealed is not None:
        if found.geometry is None:
            found.geometry, where = found.unsealed
            found.faults.append(("damaged", where))
        else:
            found.repairs.append(("geometry", found.unsealed[1]))
    renumber(found)
    return found


def renumber(found: Sections) -> None:
    """Number the tables, and note a fault where they do not hold all of the media.

    A table does not hold the number of its first chunk: it follows from the tables before. Where
    some were lost in one place, those after it are counted from the end; between two such places
    they stay without a number.
    """
    found.faults = [fault for fault in found.faults if fault[0] != "chunks"]
    missing = found.chunks - found.tabled
    if found.chunks and missing:
        found.faults.append(("chunks", {"declared": found.chunks, "tabled": found.tabled}))
    places = found.breaks if missing else set()
    first, last = min(places, default=len(found.tables)), max(places, default=0)
    numbered: list[Table] = []
    at = 0
    for index, table in enumerate(found.tables):
        start = at
        if index >= first:
            start = at + missing if index >= last and missing > 0 else -1
        numbered.append(replace(table, first=start))
        at += table.count
    found.tables = numbered


def _in_order(found: Sections, segments: Sequence[Reader]) -> list[tuple[int, int]]:
    """Return (number it gives itself, index) of the segments to walk, by that number."""
    numbered: dict[int, int] = {}
    before = 0
    increasing = True
    for index, segment in enumerate(segments):
        head = segment.pread(0, FILE_HEADER)
        number = before + 1
        if head.startswith(SIGNATURE) and len(head) == FILE_HEADER:
            number = int.from_bytes(head[9:11], "little")
        else:
            found.faults.append(("damaged", {"segment": index + 1, "offset": 0}))
        if number <= before or (index == 0 and number != 1):
            increasing = False
        before = number
        numbered.setdefault(number, index)
    if not increasing:
        found.faults += [
            ("order", {"segment": index + 1, "written": number})
            for number, index in sorted(numbered.items(), key=lambda pair: pair[1])
            if number != index + 1
        ]
    return sorted(numbered.items())
