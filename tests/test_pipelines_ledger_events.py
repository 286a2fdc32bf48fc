"""Reading events again: those of a type and no others, and never a line that is none."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from heroes_forensics.custody import chain
from heroes_forensics.errors import CustodyError
from heroes_forensics.pipelines.case import ledger_events
from heroes_forensics.store.database import Database


def line(kind: str, body: object) -> bytes:
    return chain.canonical({"type": kind, "time": "2026-01-01T00:00:00Z", "body": body}) + b"\n"


LINES = (
    line("ledger.opened", {"case_ref": "A"}),
    line("quality.noted", {"text": '"type":"report.issued"'}),
    line("quality.noted", {"object": {"type": "report.issued"}}),
    line("report.issued", {"number": 1}),
    line("record.corrected", {"seq": 3}),
    line("report.issued", {"number": 2}),
)


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    made = Database.create(tmp_path / "case.db", {})
    with made.transaction():
        made.many("INSERT INTO ledger VALUES (?, ?)", enumerate(LINES))
    yield made
    made.close()


def test_events_of_a_type_come_in_either_order_and_nothing_that_only_names_it(
    database: Database,
) -> None:
    found = list(ledger_events.of(database, "report.issued"))
    assert [(event.seq, event.kind, event.body) for event in found] == [
        (3, "report.issued", {"number": 1}),
        (5, "report.issued", {"number": 2}),
    ]
    assert list(ledger_events.of(database, "report.issued", newest_first=True)) == found[::-1]


def test_several_types_come_in_the_order_of_the_ledger(database: Database) -> None:
    found = ledger_events.of(database, "record.corrected", "ledger.opened")
    assert [event.seq for event in found] == [0, 4]


def test_one_event_is_read_by_its_number(database: Database) -> None:
    assert ledger_events.at(database, 4) == {"seq": 3}
    with pytest.raises(CustodyError, match="has no event 6"):
        ledger_events.at(database, 6)


NO_EVENTS = {
    "cut off": LINES[3][:-2],
    "not canonical": LINES[3].replace(b":", b": ", 1) + b'"type":"report.issued"',
    "a list": b'["type",{"type":"report.issued"}]\n',
    "without a body": b'{"type":"report.issued"}\n',
    "a body that says nothing": line("report.issued", 7),
}


@pytest.mark.parametrize("bad", NO_EVENTS.values(), ids=NO_EVENTS)
def test_a_line_that_is_no_event_is_a_fault_of_the_record(database: Database, bad: bytes) -> None:
    with database.transaction():
        database.execute("INSERT INTO ledger VALUES (?, ?)", (len(LINES), bad))
    with pytest.raises(CustodyError):
        list(ledger_events.of(database, "report.issued"))
