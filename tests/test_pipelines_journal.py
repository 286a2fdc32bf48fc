import signal
import sqlite3
import time
from pathlib import Path

import pytest
from cli_runner import process

from heroes_forensics.custody import ledger
from heroes_forensics.errors import CaseBusyError, CustodyError, StoppedError, UsageError
from heroes_forensics.pipelines.case import cases, journal
from heroes_forensics.pipelines.checks import verifying

LEDGER = "custody/ledger.jsonl"


@pytest.fixture
def case(tmp_path: Path) -> Path:
    folder = tmp_path / "case"
    cases.create(folder, reference="R-1", examiner="ex-1")
    return folder


def note(case: Path, text: str = "a test was here") -> None:
    with cases.opened(case) as held:
        held.journal.event("quality.noted", {"kind": "limitation", "text": text})


def test_a_torn_tail_is_written_again_byte_for_byte(case: Path) -> None:
    note(case)
    whole = (case / LEDGER).read_bytes()
    last = len(whole.splitlines(keepends=True)[-1])
    for cut in (1, 2, last // 2, last - 1, last, last + 7):
        (case / LEDGER).write_bytes(whole[:-cut])
        with cases.opened(case):
            pass
        assert (case / LEDGER).read_bytes() == whole


def test_a_changed_ledger_is_an_alarm_and_is_left_alone(case: Path) -> None:
    whole = (case / LEDGER).read_bytes()
    broken = whole.replace(b'"names":"sealed"', b'"names":"clear"', 1)
    assert broken != whole
    (case / LEDGER).write_bytes(broken)
    with pytest.raises(CustodyError), cases.opened(case):
        pass
    assert (case / LEDGER).read_bytes() == broken


def test_a_ledger_longer_than_the_table_is_an_alarm(case: Path) -> None:
    with (case / LEDGER).open("ab") as stream:
        stream.write(b'{"v":1}\n')
    with pytest.raises(CustodyError), cases.opened(case):
        pass


def test_an_older_database_does_not_fit_its_checkpoint(case: Path) -> None:
    with sqlite3.connect(case / "case.db") as database:
        database.execute("DELETE FROM ledger WHERE seq > 0")
    (case / LEDGER).write_bytes((case / LEDGER).read_bytes().splitlines(keepends=True)[0])
    with pytest.raises(CustodyError, match="checkpoint"), cases.opened(case):
        pass


def spoiled_transaction(held: cases.OpenCase) -> None:
    with held.journal.transaction() as records:
        records.exhibit("X", {})
        held.journal.event("quality.noted", {"kind": "limitation", "text": "kept?"})
        held.journal.event("quality.noted", {"kind": "no such kind"})


def test_an_event_that_fails_takes_its_rows_with_it(case: Path) -> None:
    with cases.opened(case) as held:
        before = held.journal.size
        with pytest.raises(CustodyError):
            spoiled_transaction(held)
        assert held.journal.size == before
        assert held.database.value("SELECT count(*) FROM exhibit") == 0
        held.journal.event("quality.noted", {"kind": "limitation", "text": "and on"})
    with cases.opened(case) as held:
        assert held.journal.size == before + 1


def interrupted_transaction(held: cases.OpenCase) -> None:
    with held.journal.transaction() as records:
        signal.raise_signal(signal.SIGINT)
        records.exhibit("X", {})
        held.journal.event("quality.noted", {"kind": "limitation", "text": "kept"})


def test_an_interrupt_never_parts_the_table_from_the_file(case: Path) -> None:
    with cases.opened(case) as held:
        with pytest.raises(KeyboardInterrupt):
            interrupted_transaction(held)
        assert held.database.value("SELECT count(*) FROM exhibit") == 1
        held.journal.event("quality.noted", {"kind": "limitation", "text": "and on"})
        rows = held.database.rows("SELECT line FROM ledger ORDER BY seq")
        assert (case / LEDGER).read_bytes() == b"".join(line for (line,) in rows)


def test_two_runs_cannot_hold_one_case(case: Path) -> None:
    with cases.opened(case), pytest.raises(CaseBusyError, match="process"), cases.opened(case):
        pass


def test_two_processes_cannot_write_one_case(case: Path) -> None:
    note_of_another = ("case", "note", str(case), "--quality", "limitation", "--text", "x")
    with cases.opened(case) as held:
        before = held.journal.size
        ran = process(*note_of_another)
        assert (ran.code, held.journal.size) == (4, before), ran.err
    assert process(*note_of_another).code == 0


def test_a_trigger_in_the_database_is_refused(case: Path) -> None:
    with sqlite3.connect(case / "case.db") as database:
        database.execute("CREATE VIEW extra AS SELECT 1")
    with pytest.raises(CustodyError, match="tables"), cases.opened(case):
        pass


def test_files_of_a_case_are_for_their_owner_only(case: Path) -> None:
    assert case.stat().st_mode & 0o077 == 0
    assert (case / "case.db").stat().st_mode & 0o077 == 0
    assert (case / LEDGER).stat().st_mode & 0o077 == 0


def test_a_folder_with_something_else_is_no_place_for_a_case(tmp_path: Path) -> None:
    (tmp_path / "thesis.txt").write_text("years of work")
    with pytest.raises(UsageError, match="neither empty nor a case"):
        cases.create(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.txt"]


def checkpoints(case: Path) -> int:
    return len(list((case / "custody/checkpoints").iterdir()))


def test_a_growing_ledger_is_signed_after_so_many_events_or_so_long(
    case: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(journal, "CHECKPOINT_EVENTS", 10)
    with cases.opened(case) as held:
        held.begin()
        before = checkpoints(case)
        for count in range(1, 30):
            held.journal.event("quality.noted", {"kind": "limitation", "text": f"{count}"})
            held.journal.checkpoint_when_due()
        assert checkpoints(case) == before + 3
        later = time.monotonic() + journal.CHECKPOINT_SECONDS
        monkeypatch.setattr(time, "monotonic", lambda: later)
        held.journal.checkpoint_when_due()
        assert checkpoints(case) == before + 3  # nothing was written since
        held.journal.event("quality.noted", {"kind": "limitation", "text": "late"})
        held.journal.checkpoint_when_due()
        assert checkpoints(case) == before + 4
    assert verifying.verify(case)["exit_code"] == 7


def test_lines_that_the_disk_refused_are_written_with_the_next(
    case: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with cases.opened(case) as held:
        held.begin()

        def full(path: Path, lines: list[bytes]) -> None:
            with path.open("ab") as stream:
                stream.write(b"".join(lines)[:40])
            raise OSError(28, "No space left on device")

        with monkeypatch.context() as patch:
            patch.setattr(ledger, "append", full)
            with pytest.raises(StoppedError, match="No space left"):
                held.journal.event("quality.noted", {"kind": "limitation", "text": "kept"})
        held.journal.event("quality.noted", {"kind": "limitation", "text": "and on"})
        rows = held.database.rows("SELECT line FROM ledger ORDER BY seq")
        assert (case / LEDGER).read_bytes() == b"".join(line for (line,) in rows)
    assert verifying.verify(case)["exit_code"] == 7
