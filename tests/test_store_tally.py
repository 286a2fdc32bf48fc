"""The counts of items are those of each of them, told apart by all that decides."""

from collections import defaultdict
from pathlib import Path
from random import Random

from heroes_forensics.filetype import TYPES
from heroes_forensics.frames import Status
from heroes_forensics.model import GAP_CODES, EntryFlag, EntryKind, Place
from heroes_forensics.store.database import Database
from heroes_forensics.store.lanes import lanes
from heroes_forensics.store.records import ITEM, Records
from heroes_forensics.store.tally import Cell, cells

NAMED = EntryFlag.ALLOCATED | EntryFlag.MEDIA_NAME
ITEMS = 400


def _database(folder: Path) -> Database:
    """Return a case of one exhibit with two empty volumes."""
    made = Database.create(folder / "case.db", {})
    records = Records(made)
    with made.transaction():
        run = records.run("u", "2024-01-01T00:00:00Z", {}, {})
        source = records.source(records.exhibit("EX-1", {}), "EX-1/1", "p", "i", {})
        for key in ("one", "two"):
            records.volume(source, {"key": key, "kind": "volume"}, "listed")
        records.unit(1, run, "inventory", 1)
    return made


def test_a_case_may_have_a_million_volumes(tmp_path: Path) -> None:
    database = _database(tmp_path)
    with database.transaction():
        database.execute("UPDATE volume SET id=? WHERE id=2", (1 << 25,))
        row = (1, 1 << 25, 1, EntryKind.FILE.value, 0, 0, -1, 7, 0, b"", "", b"", b"", None)
        database.append(ITEM, [row])
    (cell,) = cells(database)
    assert (cell.volume, cell.kind, cell.items, cell.size) == (1 << 25, EntryKind.FILE, 1, 7)


def test_cells_count_every_item_once(tmp_path: Path) -> None:
    random = Random(7)  # noqa: S311 - the same rows every time
    database = _database(tmp_path)
    items, contents = [], []
    found: dict[tuple[object, ...], list[float]] = defaultdict(lambda: [0, 0, 0])
    for number in range(1, ITEMS + 1):
        volume = random.choice([1, 2])
        kind = random.choice([EntryKind.FILE, EntryKind.DIRECTORY, EntryKind.VIRTUAL])
        flags = random.choice([EntryFlag(0), EntryFlag.MEDIA_NAME, NAMED, ~EntryFlag(0)])
        place = random.choice([Place.USER_FOLDER, Place.SYSTEM])
        size = random.choice([-1, 0, 7, 1 << 40])
        parent = random.choice([None, None, 1]) if number > 1 else None
        row = (number, volume, 1, kind, flags, place, -1, size, 0, b"", "", b"", b"", parent)
        items.append(tuple(int(each) if isinstance(each, int) else each for each in row))
        status = random.choice([0, *Status])
        gap = len(GAP_CODES) - 1 if status == Status.GAP else 0
        position = random.choice([0, len(TYPES) - 1]) if status else 0
        read = random.choice([0, 5]) if status else 0
        if status:
            contents.append((number, 1, int(status), gap, position, read, None, None, None))
        is_named = EntryFlag.MEDIA_NAME in flags
        is_first = kind == EntryKind.FILE and NAMED in flags and place != Place.SYSTEM
        alike = (volume, kind, status, gap, position, is_first, is_named, parent is not None)
        counts = found[alike]
        counts[:] = counts[0] + 1, counts[1] + max(0, size), counts[2] + (read > 0)
    with database.transaction():
        database.append(ITEM, items)
        Records(database).unread(contents)
    told = cells(database)
    assert sorted(told) == sorted(Cell(*key, *counts) for key, counts in found.items())  # type: ignore[arg-type]
    both = lanes(database, told)
    files = [row for row in items if row[3] == EntryKind.FILE]
    assert sum(lane.items for lane in both) == len(files)
    ended = {row[0] for row in contents}
    assert sum(lane.ended for lane in both) == sum(row[0] in ended for row in files)
    database.close()
