"""Erasing what is sealed, and reducing a case to its findings: nothing of it is left anywhere."""

import base64
import hashlib
import io
import json
import shutil
import sqlite3
import sys
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from cli_runner import Ran, here, process
from scans import KNOWN_GOOD, NOTABLE, demo_scan, folder, scanned

from heroes_forensics.custody import verify_custody
from heroes_forensics.errors import UsageError
from heroes_forensics.model import JSON
from heroes_forensics.pipelines.acts import erasing
from heroes_forensics.pipelines.case import cases
from heroes_forensics.pipelines.case.cases import read_only
from heroes_forensics.store import emptying, queries

WHY = ("--justification", "case closed", "--authority", "Police Act s. 77", "--rule", "10 years")
CLOSED: dict[str, str] = {"justification": "closed", "authority": "s. 77", "rule": "10 years"}


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home and a scanned case in it, copied by each test."""
    root = tmp_path_factory.mktemp("erasing")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("HEROES_HOME", str(root / "home"))
        demo_scan(root / "case")
    return root


@pytest.fixture
def case(made: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    shutil.copytree(made, tmp_path / "own")
    monkeypatch.setenv("HEROES_HOME", str(tmp_path / "own" / "home"))
    return tmp_path / "own" / "case"


def good(ran: Ran, code: int = 0) -> Ran:
    assert ran.code == code, ran.err
    return ran


def stored(case: Path, sql: str) -> list[Any]:
    connection = sqlite3.connect(f"file:{case}/case.db?mode=ro", uri=True)
    try:
        return [value for (value,) in connection.execute(sql)]
    finally:
        connection.close()


def everything(case: Path) -> Iterator[tuple[Path, bytes]]:
    """Yield every file of a case, whatever it is called."""
    for path in sorted(case.rglob("*")):
        if path.is_file():
            yield path, path.read_bytes()


def sealed_values(case: Path) -> list[bytes]:
    """Return what opens names, or is opened: wrapped keys, sealed files, sealed values."""
    wrapped = json.loads(stored(case, "SELECT value FROM case_fact WHERE name='case_key'")[0])
    values = [wrapped.encode(), base64.b64decode(wrapped)[:200]]
    values += [path.read_bytes() for path in case.rglob("sealed.age")]
    for sql in (
        "SELECT path FROM item",
        "SELECT value FROM perceptual WHERE value IS NOT NULL",
        "SELECT value FROM media_metadata WHERE value IS NOT NULL",
    ):
        values += [value for value in stored(case, sql) if value]
    return values


def left_of(case: Path, values: list[bytes]) -> list[str]:
    """Return which files hold any of these values; long ones are known by any part of them."""
    parts = {
        value[at : at + 24] for value in values for at in range(0, max(len(value) - 23, 1), 64)
    }
    return [path.name for path, data in everything(case) if any(part in data for part in parts)]


def verified(case: Path) -> list[JSON]:
    """Verify with both programs; return the problems that the first one names."""
    ran = process("verify", str(case), "--json")
    assert ran.code == 7, (ran.out, ran.err)  # nobody vouches for a case-local key
    problems = [each for each in ran.rows() if each["type"] == "problem"]
    assert not [each for each in problems if each["class"] == "broken"]
    alone = process(str(case / "custody"), program=_ALONE)
    assert alone.code == 7, alone.out
    return problems


_ALONE = (sys.executable, "-I", str(verify_custody.__file__))


def test_nothing_that_is_left_of_a_case_opens_a_name(
    case: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    values = sealed_values(case)
    assert len(values) > 30
    assert {"case.db", "sealed.age"} <= set(left_of(case, values)), "the search finds what is there"
    findings = stored(case, "SELECT count(*) FROM match WHERE finding IS NOT NULL")
    before = good(here(capsys, "status", str(case), "--json")).rows()[0]
    said = good(here(capsys, "case", "erase", str(case), "--all", *WHY, "--json")).rows()[0]
    assert left_of(case, values) == []
    assert not list(case.rglob("sealed.age"))
    assert not [name for name, data in everything(case) if b"age-encryption.org" in data
                and name.name != "verify_custody.py"]  # fmt: skip

    now = good(here(capsys, "status", str(case), "--json")).rows()[0]
    assert {name: now[name] for name in before if name != "erased"} == {
        name: before[name] for name in before if name != "erased"
    }
    erased = now["erased"]
    assert isinstance(erased, dict)
    assert erased["event"] == said["event"]
    assert "were erased on" in good(here(capsys, "status", str(case))).out
    assert any("erased on record" in str(each) for each in verified(case))
    number = int(str(said["event"]))
    event = json.loads((case / "custody" / "ledger.jsonl").read_bytes().splitlines()[number])
    assert (event["type"], event["body"]["retention_rule"]) == ("data.erased", "10 years")
    assert stored(case, "SELECT count(*) FROM match WHERE finding IS NOT NULL") == findings


@pytest.mark.parametrize(
    "verb",
    [
        ("open", "CASE", "--justification", "x", "--authority", "y"),
        ("disclose", "CASE", "F-1", "--field", "name", "--output", "OUT", "--recipient", "x",
         "--organisation", "x", "--justification", "x", "--authority", "y"),
        ("match", "CASE", "--set", str(NOTABLE)),
        ("scan", str(NOTABLE), "--case", "CASE"),
        ("case", "erase", "CASE", "--all", *WHY),
    ],
    ids=lambda verb: verb[0],
)  # fmt: skip
def test_what_needs_the_key_says_that_it_was_erased(
    case: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], verb: tuple[str, ...]
) -> None:
    erasing.erase(case, run=None, **CLOSED)
    ledger = (case / "custody" / "ledger.jsonl").read_bytes()
    places = {"CASE": str(case), "OUT": str(tmp_path / "out")}
    ran = good(here(capsys, *(places.get(word, word) for word in verb)), 2)
    assert "the sealed part of this case was erased on 20" in ran.err
    assert (case / "custody" / "ledger.jsonl").read_bytes() == ledger
    assert good(here(capsys, "report", str(case))).out


def test_one_run_is_erased_and_the_others_stay(
    case: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    source = folder(tmp_path / "more", {"x/PLANTED-NAME.txt": b"more of it"})
    scanned(case, source, sets=(str(NOTABLE),), exhibit="E-2")
    first, second = stored(case, "SELECT uuid FROM run ORDER BY id")
    kept = case / "custody" / "runs" / second / "sealed.age"
    data = kept.read_bytes()
    of_first = "SELECT i.path FROM item i JOIN unit u ON u.id = i.unit_id WHERE u.run_id = 1"
    erased = [value for value in stored(case, of_first) if value]
    good(here(capsys, "case", "erase", str(case), "--run", first, *WHY))
    assert left_of(case, erased) == []
    assert kept.read_bytes() == data
    assert len([value for value in stored(case, "SELECT path FROM item") if value]) > 0
    why = ("--justification", "x", "--authority", "y")
    refused = good(here(capsys, "open", str(case), *why), 2).err
    assert "the name of F-000001 was erased on 20" in refused
    good(here(capsys, "case", "erase", str(case), "--run", first, *WHY))
    assert good(here(capsys, "open", str(case), *why), 2).err == refused  # by the first of both
    told: Any = good(here(capsys, "status", str(case), "--json")).rows()[0]
    assert told["erased"]["runs"] == [first]
    good(here(capsys, "match", str(case), "--set", str(KNOWN_GOOD)))
    verified(case)


@pytest.mark.parametrize(
    "point",
    [
        *("after begin#1", "before commit#1", "after commit#1"),
        *("before rename#3", "before rename#4", "before removal#1"),
    ],
)
def test_a_kill_in_the_middle_is_ended_by_the_next_command(case: Path, point: str) -> None:
    values = sealed_values(case)
    cut = process("case", "erase", str(case), "--all", *WHY, environment={"HEROES_CRASH_AT": point})
    assert cut.code == -9
    assert process("verify", str(case)).code == 7
    status = good(process("status", str(case), "--json")).rows()[0]
    assert status["erased"] or not status["unsettled"]
    said = good(process("case", "erase", str(case), "--all", *WHY, "--json")).rows()[0]
    assert left_of(case, values) == []
    number = int(str(said["event"]))
    assert [b'"data.erased"' in line for line in lines(case)].index(True) == number
    assert len([line for line in lines(case) if b'"type":"data.erased"' in line]) == 1
    verified(case)


def lines(case: Path) -> list[bytes]:
    return (case / "custody" / "ledger.jsonl").read_bytes().splitlines()


def test_a_reduction_that_was_cut_off_is_ended_by_the_same_command(case: Path) -> None:
    reduce = ("case", "reduce", str(case), "--now", *WHY, "--json")
    cut = process(*reduce, environment={"HEROES_CRASH_AT": "before rename#1"})
    assert cut.code == -9
    assert good(process("status", str(case), "--json")).rows()[0]["unsettled"]
    assert "give the command again" in good(process("status", str(case))).out
    said = good(process(*reduce)).rows()[0]
    assert said["items"]
    assert not good(process("status", str(case), "--json")).rows()[0]["unsettled"]
    assert not [path for path in case.rglob(".*") if path.is_file()]
    assert not [each for each in verified(case) if each["code"] == "manifest-missing"]
    assert good(process(*reduce)).rows()[0]["items"] == 0


def test_a_reduced_case_keeps_findings_and_counts_alone(
    case: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    listed = good(here(capsys, "inventory", str(case), "--json")).rows()
    found = good(here(capsys, "findings", str(case), "--json")).rows()
    before = good(here(capsys, "status", str(case), "--json")).rows()[0]
    shown = {str(row["locator"]) for row in found}
    dropped = [row for row in listed if str(row["locator"]) not in shown]
    digests = [bytes.fromhex(str(row["sha256"])) for row in dropped if row["sha256"]]
    others = {str(row["sha256"]) for row in listed if str(row["locator"]) in shown}
    digests = [digest for digest in digests if digest.hex() not in others]
    assert len(digests) > 5
    assert left_of(case, digests)
    assert any(
        stored(case, "SELECT owner + 1 FROM item WHERE id NOT IN (SELECT item_id FROM match)")
    )
    said = good(here(capsys, "case", "reduce", str(case), "--now", *WHY, "--json")).rows()[0]
    assert said["items"]
    assert left_of(case, digests) == []
    assert said["content_sha256"] == before["content_sha256"]
    emptied = "FROM item WHERE times = X''"
    assert set(stored(case, f"SELECT owner {emptied}")) == {-1}

    now = good(here(capsys, "status", str(case), "--json")).rows()[0]
    same = set(before) - {"reduced"}
    assert {name: now[name] for name in same} == {name: before[name] for name in same}
    assert good(here(capsys, "findings", str(case), "--json")).rows() == found
    rows = good(here(capsys, "inventory", str(case), "--json")).rows()
    assert rows[-1]["type"] == "reduced"
    assert rows[-1]["items"] == len(listed) - (len(rows) - 1)
    assert shown <= {str(row["locator"]) for row in rows[:-1]}
    assert "reduced on 20" in good(here(capsys, "inventory", str(case))).out
    gaps = good(here(capsys, "inventory", str(case), "--gaps", "--json")).rows()
    assert gaps[-1]["type"] == "reduced"
    assert not [row for row in gaps if str(row.get("where", "")).endswith("/")]
    export = ("export", str(case), "--format", "dfxml", "--out", str(case.parent / "out"))
    to = ("--recipient", "x", "--organisation", "y", "--authority", "a", "--justification", "j")
    assert "the case was reduced" in good(here(capsys, *export, *to, "--items", "all"), 2).err
    good(here(capsys, *export, *to, "--items", "findings"))
    assert "Reduced on 20" in good(here(capsys, "status", str(case))).out
    verified(case)
    good(here(capsys, "report", str(case)))
    report = (case / "custody" / "report" / "report.html").read_text()
    assert "what was recorded of items without a finding" in report
    good(here(capsys, "locate", "F-1", "--case", str(case)))
    again = good(here(capsys, "case", "reduce", str(case), "--now", *WHY, "--json")).rows()[0]
    assert again["items"] == 0


def test_a_reduced_case_never_says_that_a_dropped_item_is_not_listed(
    case: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with read_only(case) as database:
        target = next(
            item for item in queries.items(database)
            if item.md5 and item.size > 0  # no list may name the digest of nothing
            and not database.value("SELECT id FROM match WHERE item_id=?", (item.id,))
        )  # fmt: skip
    known = tmp_path / "known.txt"
    assert target.md5 is not None
    known.write_text(f"{target.md5.hex()}\n")
    match = ("match", str(case), "--set", str(known), "--set-kind", "notable", "--json")
    good(here(capsys, "case", "reduce", str(case), "--now", *WHY))
    row = good(here(capsys, *match)).rows()[-1]
    assert row["new"] == []
    assert isinstance(row["reduced"], int)
    assert row["reduced"] > 5
    event = [
        json.loads(line)["body"]
        for line in (case / "custody" / "ledger.jsonl").read_bytes().splitlines()
        if b'"run.completed"' in line
    ][-1]
    assert event["errors_by_kind"]["reduced"] == row["reduced"]
    assert event["files_hashed"] + event["files_skipped"] + event["errors"] == event["files_seen"]
    verified(case)
    status = good(here(capsys, "status", str(case), "--json")).rows()[0]
    assert status["content_sha256"] == row["content_sha256"]


def test_the_database_shrinks(tmp_path: Path) -> None:
    source = folder(
        tmp_path / "many", {f"{n % 50}/file-{n:05}.bin": b"%d" % n for n in range(4000)}
    )
    case = tmp_path / "case"
    scanned(case, source, sets=(str(NOTABLE),))
    before = (case / "case.db").stat().st_size
    said = erasing.reduce(case, older_than=None, **CLOSED)
    assert said["items"] == len(stored(case, "SELECT id FROM item"))
    assert (case / "case.db").stat().st_size < before * 0.6
    assert left_of(case, [b"file-0"]) == []


def test_a_deadline_that_is_not_over_drops_nothing(
    case: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    before = (case / "custody" / "ledger.jsonl").read_bytes()
    early = ("case", "reduce", str(case), "--older-than", "90d", *WHY, "--json")
    row = good(here(capsys, *early)).rows()[0]
    assert row["items"] == 0
    assert str(row["due"]) > "2"
    assert (case / "custody" / "ledger.jsonl").read_bytes() == before
    over = ("case", "reduce", str(case), "--older-than", "0d", *WHY, "--json")
    assert good(here(capsys, *over)).rows()[0]["items"]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("erase", "CASE", *WHY), "say what is erased"),
        (("erase", "CASE", "--all", "--run", "x", *WHY), "say what is erased"),
        (("erase", "CASE", "--run", "x", *WHY), "the case has no run x"),
        (("reduce", "CASE", *WHY), "say when it is time"),
        (("reduce", "CASE", "--older-than", "3 weeks", *WHY), "number of days"),
        (("reduce", "CASE", "--now", *WHY[:4], "--rule", " "), "only for a reason"),
    ],
)
def test_what_makes_no_sense_is_refused(
    case: Path, capsys: pytest.CaptureFixture[str], arguments: tuple[str, ...], said: str
) -> None:
    before = (case / "custody" / "ledger.jsonl").read_bytes()
    ran = good(here(capsys, "case", *(str(case) if a == "CASE" else a for a in arguments)), 2)
    assert said in ran.err
    assert (case / "custody" / "ledger.jsonl").read_bytes() == before


def test_the_containers_around_a_finding_stay(tmp_path: Path) -> None:
    inside = io.BytesIO()
    with zipfile.ZipFile(inside, "w") as archive:
        archive.writestr("listed", b"listed")
    table = tmp_path / "own.txt"
    table.write_text(hashlib.md5(b"listed", usedforsecurity=False).hexdigest() + "\n")
    evidence = folder(tmp_path / "evidence", {"a.zip": inside.getvalue(), "b": b"b"})
    case = tmp_path / "case"
    scanned(case, evidence, sets=(str(table),), set_options={"kind": "notable"})
    assert erasing.reduce(case, older_than=None, **CLOSED)["items"] == 1
    (holder,) = stored(case, "SELECT parent FROM item WHERE parent IS NOT NULL")
    kept = "SELECT locator FROM item WHERE times != X''"
    assert len(stored(case, kept)) == 2
    assert stored(case, f"SELECT times FROM item WHERE id = {holder}") != [b""]  # noqa: S608 - a number


def test_every_table_of_what_is_sealed_is_emptied(case: Path) -> None:
    with cases.opened(case) as held, held.database.transaction():
        held.database.execute(
            "INSERT INTO supplied SELECT min(id), min(unit_id), 'plug-in', 1, 0, 0, 0, X'AA'"
            " FROM item"
        )
        emptying.erase(held.database, None)
        for table in ("perceptual", "supplied", "media_metadata"):
            count = f"SELECT count(*), count(value) FROM {table}"  # noqa: S608 - our own text
            ((rows, values),) = held.database.rows(count)
            assert (rows > 0, values) == (table != "media_metadata", 0)


def test_other_runs_whose_sealed_files_hold_the_same_names_are_named(
    case: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    own = tmp_path / "own.txt"
    (digest,) = stored(
        case, "SELECT lower(hex(c.md5)) FROM content c JOIN match m ON m.item_id = c.item_id"
        " WHERE m.finding = 1",
    )  # fmt: skip
    own.write_text(f"{digest}\n")
    good(here(capsys, "match", str(case), "--set", str(own), "--set-kind", "notable"))
    first, second = stored(case, "SELECT uuid FROM run ORDER BY id")
    assert erasing.erase(case, run=first, **CLOSED)["also_in"] == [second]


def test_a_run_that_could_go_on_is_ended_first(tmp_path: Path) -> None:
    case = tmp_path / "case"
    assert scanned(case, budget=1e-6).outcome == "interrupted"
    before = (case / "custody" / "ledger.jsonl").read_bytes()
    with pytest.raises(UsageError, match="a run of the case is unfinished"):
        erasing.erase(case, run=None, **CLOSED)
    assert (case / "custody" / "ledger.jsonl").read_bytes() == before


def test_a_row_that_was_changed_after_a_reduction_is_found(case: Path) -> None:
    erasing.reduce(case, older_than=None, **CLOSED)
    connection = sqlite3.connect(case / "case.db")
    with connection:
        connection.execute("UPDATE item SET size = size + 1 WHERE times = X'' AND size > 0")
    connection.close()
    assert process("verify", str(case)).code == 6
