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


def survey(segments: Sequence[Reader], named: Sequence[int] = ()) -> Sections:
    """Walk the section list of every segment.

    Args:
        segments: one reader each.
        named: the number that the name of each gives it; empty for 1, 2, 3 ...

    Raises:
        OSError: a segment could not be read.
    """
    found = Sections()
    breaks = found.breaks
    order, doubtful = _in_order(found, segments, named or range(1, len(segments) + 1))
    expected = 1
    for at, (number, index) in enumerate(order):
        if number > expected:
            lost = [each for each in range(expected, number)[:_NAMED] if each not in doubtful]
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
    end = len(found.tables)
    first = last = end
    if missing and found.breaks:
        first, last = min(found.breaks), max(found.breaks)
    elif missing > 0:
        first = 0  # chunks are missing, and nothing says where
    numbered: list[Table] = []
    at = 0
    for index, table in enumerate(found.tables):
        start = at
        if index >= first:
            start = at + missing if index >= last and missing > 0 else -1
        numbered.append(replace(table, first=start))
        at += table.count
    found.tables = numbered


def _in_order(
    found: Sections, segments: Sequence[Reader], named: Sequence[int]
) -> tuple[list[tuple[int, int]], set[int]]:
    """Say which segments to walk, in which order.

    A segment says in two bytes, without a checksum, which one it is, and its name says so too.
    Where the two differ, either files were renamed, and the numbers inside are those of the names
    in another order; or a number is damaged, and what is in that segment could be of any place.

    Returns:
        (number, index) of each segment to walk, and the numbers of those that are left aside.
    """
    inside = [_number_inside(segment) for segment in segments]
    found.faults += [
        ("damaged", {"segment": index + 1, "offset": 0})
        for index, number in enumerate(inside)
        if number is None
    ]
    if inside == list(range(1, len(inside) + 1)):
        named = list(range(1, len(inside) + 1))  # whatever the files are called
    pairs = list(enumerate(zip(inside, named, strict=True)))
    if all(own in {None, name} for _, (own, name) in pairs):
        return sorted((name, index) for index, (_, name) in pairs), set()
    found.faults += [
        ("order", {"segment": index + 1, "written": own})
        for index, (own, name) in pairs
        if own not in {None, name}
    ]
    numbers = [number for number in inside if number is not None]
    if sorted(numbers) == sorted(named):
        return sorted((number, index) for index, number in enumerate(numbers)), set()
    agreed = sorted((name, index) for index, (own, name) in pairs if own == name)
    return agreed, {name for _, (own, name) in pairs if own != name}


def _number_inside(segment: Reader) -> int | None:
    """Return the number that a segment gives itself; None when its header is damaged."""
    head = segment.pread(0, FILE_HEADER)
    if len(head) < FILE_HEADER or not head.startswith(SIGNATURE):
        return None
    return int.from_bytes(head[9:11], "little")
