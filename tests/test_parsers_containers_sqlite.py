"""SQLite: the BLOBs that SQLite itself gives, those of logs and journals, what damage leaves."""

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from corpus import evidence, needs_evidence
from hypothesis import given, settings
from hypothesis import strategies as st
from storage_images import Memory

from heroes_forensics.errors import EvidenceError
from heroes_forensics.model import Entry, EntryFlag, EntryKind, Gap, Listing
from heroes_forensics.parsers.containers.sqlite import SqliteFileSystem, open_sqlite
from heroes_forensics.parsers.containers.sqlite_log import (
    SqliteLogFileSystem,
    open_journal,
    open_wal,
)

Opened = SqliteFileSystem | SqliteLogFileSystem
HEAD = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR"


def picture(number: int, size: int) -> bytes:
    """Return what begins like a PNG, and is no other's content."""
    return HEAD + b"".join(f"{number}/{n};".encode() for n in range(size // 4 + 1))[:size]


def listed(found: Opened) -> tuple[list[Entry], list[Gap]]:
    every = list(found.entries())
    entries = [each for each in every if isinstance(each, Entry)]
    counts = [each for each in every if isinstance(each, Listing)]
    assert [each.entries for each in counts] == [len(entries)]
    assert len({each.locator for each in entries}) == len(entries)
    return entries, [each for each in every if isinstance(each, Gap)]


def contents(found: Opened, entries: list[Entry]) -> list[bytes]:
    return [found.open(each.handle).pread(0, each.size) for each in entries]


def made(path: Path, *statements: str, page: int = 1024) -> sqlite3.Connection:
    database = sqlite3.connect(path, isolation_level=None)
    database.execute("PRAGMA synchronous=OFF")
    database.execute(f"PRAGMA page_size={page}")
    for statement in statements:
        database.execute(statement)
    return database


def chat(path: Path, rows: int = 60, page: int = 1024, vacuum: int = 0) -> list[bytes]:
    """Write a database of three tables; return its pictures, table by table and row by row."""
    pictures = [picture(n, 40 + 37 * n * (n % 5 + 1)) for n in range(rows)]
    with closing(
        made(
            path,
            f"PRAGMA auto_vacuum={vacuum}",
            "CREATE TABLE m (id INTEGER PRIMARY KEY, t TEXT, b BLOB, n INT, s)",
            "CREATE TABLE k (k TEXT PRIMARY KEY, b BLOB) WITHOUT ROWID",
            "CREATE INDEX i ON m (t, b)",
            page=page,
        )
    ) as database:
        database.execute("BEGIN")
        for n, each in enumerate(pictures):
            database.execute(
                "INSERT INTO m VALUES (?,?,?,?,?)", (7 * n - 9, "x" * n, each, n, b"z")
            )
        key = picture(999, 5000)
        database.execute("INSERT INTO k VALUES ('a', ?)", (key,))
        database.execute("INSERT INTO k VALUES ('b', 'GIF89a is no picture as text, however long')")
        database.execute("CREATE TABLE e (b)")
        database.execute("INSERT INTO e VALUES (CAST(? AS TEXT))", (picture(5, 90),))
        database.execute("COMMIT")
    return [*pictures, key, picture(5, 90)]


@pytest.mark.parametrize(("page", "vacuum"), [(512, 0), (1024, 2), (65536, 0)])
def test_every_blob_that_sqlite_gives_is_a_member_once(
    page: int, vacuum: int, tmp_path: Path
) -> None:
    wanted = chat(tmp_path / "db", page=page, vacuum=vacuum)
    found = open_sqlite(Memory((tmp_path / "db").read_bytes()))
    entries, gaps = listed(found)
    assert not gaps
    assert contents(found, entries) == wanted
    assert [entry.path for entry in entries[:2]] == [b"m/-9/2", b"m/-2/2"]
    assert [entry.locator.partition(".")[2] for entry in entries[:2]] == ["-9.2", "-2.2"]
    assert entries[-2].locator.startswith("c@")
    assert all(entry.flags & EntryFlag.ALLOCATED for entry in entries)


def test_rows_of_a_table_that_was_dropped_are_deleted_entries(tmp_path: Path) -> None:
    wanted = chat(tmp_path / "db")
    with closing(sqlite3.connect(tmp_path / "db", isolation_level=None)) as database:
        database.execute("PRAGMA secure_delete=0")
        database.execute("DROP TABLE m")
    found = open_sqlite(Memory((tmp_path / "db").read_bytes()))
    entries, gaps = listed(found)
    deleted = [entry for entry in entries if not entry.flags & EntryFlag.ALLOCATED]
    assert not gaps
    assert len(entries) - len(deleted) == 2
    read = contents(found, [each for each in deleted if not each.flags & EntryFlag.REALLOCATED])
    assert len(read) > 30
    whole = {each for each in wanted[:-2] if each in read}
    assert len(whole) > 25  # of the others a page became part of the list of free pages


def log_of(path: Path) -> tuple[bytes, bytes, list[bytes]]:
    """Return a database, the log beside it, and the pictures that only the log has."""
    chat(path, rows=8)
    late = [picture(100 + n, 3000 * (n + 1)) for n in range(3)]
    with closing(sqlite3.connect(path, isolation_level=None)) as database:
        database.execute("PRAGMA journal_mode=WAL")
        database.execute("PRAGMA wal_autocheckpoint=0")
        database.execute("INSERT INTO m VALUES (1000, '', ?, 0, 0)", (late[0],))
        database.execute("INSERT INTO m VALUES (1001, '', ?, 0, 0)", (late[1],))
        database.execute("UPDATE m SET b=? WHERE id=1001", (late[2],))
        return path.read_bytes(), path.with_name("db-wal").read_bytes(), late


def test_a_log_gives_what_was_written_since_and_what_was_written_over(tmp_path: Path) -> None:
    database, log, late = log_of(tmp_path / "db")
    before = open_sqlite(Memory(database))
    assert not {*late} & {*contents(before, listed(before)[0])}
    found = open_wal(Memory(log))
    entries, gaps = listed(found)
    assert not gaps
    assert {*late} <= {*contents(found, entries)}
    # A row in many states is listed once, and once in the index over it.
    assert len(entries) <= 2 * len({*contents(found, entries)})


def test_what_a_log_has_of_the_one_before_it_is_deleted(tmp_path: Path) -> None:
    _, log, late = log_of(tmp_path / "db")
    again = bytearray(log)
    again[16:24] = b"newersal"
    found = open_wal(Memory(bytes(again)))
    entries, _ = listed(found)
    assert {*late} <= {*contents(found, entries)}
    assert not any(entry.flags & EntryFlag.ALLOCATED for entry in entries)


def test_a_journal_gives_what_was_before(tmp_path: Path) -> None:
    path = tmp_path / "db"
    wanted = chat(path, rows=8)
    with closing(sqlite3.connect(path, isolation_level=None)) as database:
        database.execute("PRAGMA secure_delete=1")
        database.execute("PRAGMA cache_size=1")
        database.execute("PRAGMA cache_spill=1")
        database.execute("BEGIN")
        database.execute("UPDATE m SET b=zeroblob(length(b))")
        database.execute("UPDATE k SET b=zeroblob(length(b)) WHERE k='a'")
        journal = path.with_name("db-journal").read_bytes()
        database.execute("ROLLBACK")
    found = open_journal(Memory(journal))
    entries, gaps = listed(found)
    assert not gaps
    read = set()
    for entry in entries:
        try:
            read.add(found.open(entry.handle).pread(0, entry.size))
        except OSError:
            continue  # what was written over in place stands here only in part
    assert len(read & {*wanted}) >= 5


def test_what_is_none_of_them_is_refused() -> None:
    for data in (b"", b"SQLite format 3\0", b"SQLite format 3\0\x03\x01" + bytes(90)):
        with pytest.raises(EvidenceError):
            open_sqlite(Memory(data))
    for data in (b"", b"\x37\x7f\x06\x82" + bytes(40)):
        with pytest.raises(EvidenceError):
            open_wal(Memory(data))
        with pytest.raises(EvidenceError):
            open_journal(Memory(data))


def test_what_stands_behind_the_last_page_is_an_entry(tmp_path: Path) -> None:
    chat(tmp_path / "x.db")
    data = (tmp_path / "x.db").read_bytes()
    hidden = picture(9, 5000)
    found = open_sqlite(Memory(data + hidden))
    entries, gaps = listed(found)
    rests = [each for each in entries if each.locator.startswith("r@")]
    assert [(each.locator, each.kind) for each in rests] == [
        (f"r@{len(data):#x}", EntryKind.METADATA)
    ]
    assert contents(found, rests) == [hidden]
    assert not gaps
    before, _ = listed(open_sqlite(Memory(data)))
    assert [each for each in entries if each not in rests] == before
    assert listed(open_sqlite(Memory(data + bytes(4096))))[0] == before
    old = bytearray(data + hidden)
    old[92:96] = b"\0\0\0\1"  # counted by an SQLite that did not keep the count
    assert not any(e.locator.startswith("r@") for e in listed(open_sqlite(Memory(bytes(old))))[0])


def test_a_page_that_is_damaged_is_a_gap_and_costs_its_rows(tmp_path: Path) -> None:
    wanted = chat(tmp_path / "db", page=512)
    data = bytearray((tmp_path / "db").read_bytes())
    leaf = next(n for n in range(8, len(data) // 512) if data[n * 512] == 0x0D)
    data[leaf * 512 : leaf * 512 + 8] = b"\xff" * 8
    found = open_sqlite(Memory(bytes(data)))
    entries, gaps = listed(found)
    assert [gap.detail for gap in gaps] == [{"page": leaf + 1}]
    lost = len(wanted) - len(entries)
    assert 0 < lost < 20
    assert set(contents(found, entries)) <= set(wanted)


@pytest.fixture(scope="module")
def bases(tmp_path_factory: pytest.TempPathFactory) -> tuple[bytes, bytes]:
    database, log, _ = log_of(tmp_path_factory.mktemp("base") / "db")
    return database, log


@settings(max_examples=25, deadline=None)
@given(st.data())
def test_whatever_is_changed_the_listing_ends_and_its_entries_open(
    bases: tuple[bytes, bytes], data: st.DataObject
) -> None:
    is_log = data.draw(st.booleans())
    changed = bytearray(bases[is_log])
    for _ in range(data.draw(st.integers(1, 12))):
        at = data.draw(st.integers(0, 12_000)) % len(changed)
        edge = data.draw(st.sampled_from([0, 1, 2, 5, 0x0D, 0x7F, 0x80, 0xFF]))
        changed[at] = edge
    try:
        memory = Memory(bytes(changed))
        found: Opened = open_wal(memory) if is_log else open_sqlite(memory)
    except EvidenceError:
        return
    for entry in listed(found)[0]:
        try:
            found.open(entry.handle).pread(0, min(entry.size, 1 << 16))
        except OSError:
            continue


@needs_evidence
def test_databases_of_the_corpus_give_what_sqlite_gives() -> None:
    notes = evidence("databases/plaso-ios-NoteStore.sqlite").read_bytes()
    found = open_sqlite(Memory(notes))
    entries, gaps = listed(found)
    image = bytearray(notes)
    image[18] = image[19] = 1  # SQLite refuses to take a database with a log from memory
    with closing(sqlite3.connect(":memory:")) as database:
        database.deserialize(bytes(image))
        rows = database.execute("SELECT zdata FROM zicnotedata WHERE zdata IS NOT NULL").fetchall()
    assert not gaps
    packed = [row[0] for row in rows if row[0].startswith(b"\x1f\x8b\x08")]
    assert sorted(contents(found, entries)) == sorted(packed) != []
    held = open_sqlite(Memory(evidence("databases/blob.db").read_bytes()))
    (inside,) = contents(held, listed(held)[0])
    assert inside.startswith(b"SQLite format 3\0")


def test_a_picture_behind_one_zero_byte_is_a_member_without_it(tmp_path: Path) -> None:
    other = b"\0" + bytes(range(200))
    with closing(sqlite3.connect(tmp_path / "db", isolation_level=None)) as database:
        database.execute("CREATE TABLE m (b)")
        for value in (b"\0" + picture(1, 900), other, b"\0\0" + picture(2, 900)):
            database.execute("INSERT INTO m VALUES (?)", (value,))
    found = open_sqlite(Memory((tmp_path / "db").read_bytes()))
    entries, gaps = listed(found)
    assert not gaps
    assert [entry.locator.partition(".")[2] for entry in entries] == ["1.0@0x1"]
    assert contents(found, entries) == [picture(1, 900)]


@pytest.mark.parametrize(
    ("name", "pictures"), [("plaso-skype_main", 2), ("iped-test_skypeMain", 4)]
)
def test_pictures_of_contacts_of_skype_are_members(name: str, pictures: int) -> None:
    found = open_sqlite(Memory(evidence(f"databases/{name}.db").read_bytes()))
    entries, gaps = listed(found)
    assert not gaps
    read = contents(found, entries)
    assert len(read) == pictures
    assert all(each.startswith(b"\xff\xd8\xff") and each.endswith(b"\xff\xd9") for each in read)
