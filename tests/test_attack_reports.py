"""A report that ends half-way: the one before stays whole, and the record goes on verifying."""

import errno
import json
import os
import sys
from hashlib import sha256
from pathlib import Path

import pytest
from cli_runner import process
from scans import folder, scanned

from heroes_forensics import durable
from heroes_forensics.custody import verify_custody
from heroes_forensics.errors import StoppedError
from heroes_forensics.pipelines.case import cases
from heroes_forensics.pipelines.checks import verifying
from heroes_forensics.pipelines.report import reporting


def _files(case: Path) -> dict[str, str]:
    return {
        path.name: sha256(path.read_bytes()).hexdigest()
        for path in sorted((case / "custody" / "report").iterdir())
        if not path.name.startswith(".")
    }


@pytest.fixture
def case(tmp_path: Path) -> Path:
    scanned(tmp_path / "case", folder(tmp_path / "evidence", {"a": b"a", "b": b"b"}))
    return tmp_path / "case"


def test_a_report_on_a_full_disk_leaves_the_one_before(
    case: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = _files(case)
    assert len(before) > 2
    real = durable._write  # noqa: SLF001 - the hook of faults
    issued = 0
    for call in range(1, 60, 3):
        left = call

        def full(descriptor: int, data: bytes) -> int:
            nonlocal left
            name = Path(f"/proc/self/fd/{descriptor}").readlink()
            left -= name.parent.name == "report"
            if left < 0:
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
            return real(descriptor, data)

        with monkeypatch.context() as patch:
            patch.setattr(durable, "_write", full)
            try:
                reporting.report(case)
            except StoppedError:
                assert _files(case) == before
            else:
                issued = call
        assert verifying.verify(case)["exit_code"] in {0, 7}
        if issued:
            break
    assert issued > 1
    assert _files(case) != before


def test_a_report_that_cannot_be_made_leaves_the_one_before(
    case: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = _files(case)

    def ended(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(reporting, "item_blocks", ended)  # what the last files are made of
        with pytest.raises(KeyboardInterrupt):
            reporting.report(case)
    assert _files(case) == before
    assert verifying.verify(case)["exit_code"] in {0, 7}
    reporting.report(case)
    assert verifying.verify(case)["exit_code"] in {0, 7}
    assert _files(case) != before


def _codes(case: Path) -> set[str]:
    """Return what both verifiers say of a record, which is the same."""
    assert verifying.verify(case)["exit_code"] == 7  # nobody vouches for the key
    alone = process(str(case / "custody"), program=_ALONE)
    assert alone.code == 7, alone.out
    told = _told(case)
    assert all(code in alone.out for code in told & {"unsigned-tail", "manifest-missing"})
    return told


def _told(case: Path) -> set[str]:
    problems = verifying.verify(case)["problems"]
    assert isinstance(problems, list)
    return {str(row["code"]) for row in problems if isinstance(row, dict)}


MODELS = ("case.jsonld", "report.html", "report.json")
"""Files that differ from report to report, whatever was found."""
_ALONE = (sys.executable, "-I", str(verify_custody.__file__))


@pytest.mark.parametrize("point", ["before report rename#1", "before report rename#5"])
def test_a_kill_between_event_and_names_is_no_alarm_and_is_made_good(
    case: Path, point: str
) -> None:
    before = _files(case)
    cut = process("report", str(case), environment={durable.CRASH_AT: point})
    assert cut.code == -9
    between = _files(case)
    named = [name for name in MODELS if between[name] != before[name]]
    assert bool(named) == point.endswith("5")
    assert len(named) < len(MODELS)
    assert {"unsigned-tail", "manifest-missing"} <= _codes(case)
    page = case / "custody" / "report" / "report.html"
    page.write_bytes(page.read_bytes() + b" ")  # of neither issue
    assert "report-mismatch" in _told(case)
    page.write_bytes(page.read_bytes()[:-1])
    cases.set_exhibit(case, "E-1", {"make": "Example"})
    events = [
        json.loads(line) for line in (case / "custody/ledger.jsonl").read_bytes().splitlines()
    ]
    issued = [event["body"]["files"] for event in events if event["type"] == "report.issued"][-1]
    assert _files(case) == {each["name"]: each["sha256"] for each in issued}
    assert not _codes(case) & {"unsigned-tail", "manifest-missing"}
