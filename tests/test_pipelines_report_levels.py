"""Levels of a report, and what laboratory and case state for it."""

import hashlib
import json
import re
import shutil
from collections.abc import Iterator
from importlib.resources import files
from pathlib import Path
from typing import Any, Final

import jsonschema
import pyrage
import pytest
from cli_runner import Ran, here
from corpus import ROOT
from custody_bundle import alone

from heroes_forensics import cli, config
from heroes_forensics.custody import seal
from heroes_forensics.model import JSON
from heroes_forensics.pipelines.case import settings
from heroes_forensics.pipelines.checks import opening, rebuilding, verifying
from heroes_forensics.pipelines.report import details, report_events
from heroes_forensics.reports.messages import messages

DEMO: Final = ROOT / "heroes_forensics" / "demo" / "data"
IDENTITY, RECIPIENT = seal.new_identity()
LABORATORY: Final = """\
report:
  name: Example Forensic Laboratory
  address: "Example Street 4, 12345 Example"
  accreditation: D-PL-00000
  method_in_scope: no
  procedure: SOP 14, edition 3
"""
STATED: Final = """\
customer: Example Prosecutor
received: 2024-05-03
questions:
  - Is there listed material?
limitations:
  - The seal of the exhibit was torn.
authorised_by: ex-002
"""
WHY: Final = (
    "--recipient", "Judge A.", "--organisation", "Court X", "--authority", "order of 3 May",
    "--justification", "request 4",
)  # fmt: skip


def scan(case: Path) -> int:
    made = (
        "scan",
        DEMO / "demo.E01",
        "--case",
        case,
        "--quiet",
        "--set",
        DEMO / "demo-notable.json",
    )
    more = ("--examiner", "ex-031", "--exhibit-field", "condition=sealed, a corner torn")
    return cli.run([str(each) for each in (*made, *more)])


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A laboratory that describes itself, and a scanned case."""
    folder = tmp_path_factory.mktemp("levels")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("HEROES_HOME", str(folder / "home"))
        assert cli.run(["init", "--domain", "lab.example", "--no-passphrase"]) == 0
        written(folder / "home" / "laboratory.yaml", LABORATORY)
        assert scan(folder / "case") == 0
        yield folder


@pytest.fixture
def case(world: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of the scanned case with a home of its own."""
    shutil.copytree(world / "home", tmp_path / "home")
    monkeypatch.setenv("HEROES_HOME", str(tmp_path / "home"))
    return Path(shutil.copytree(world / "case", tmp_path / "case"))


def written(path: Path, text: str) -> Path:
    path.write_text(text)
    path.chmod(0o600)
    return path


def document(case: Path, name: str = "report.json") -> Any:  # noqa: ANN401 # JSON
    return json.loads((case / "custody" / "report" / name).read_bytes())


def events(case: Path, kind: str) -> list[JSON]:
    lines = (case / "custody" / "ledger.jsonl").read_bytes().splitlines()
    return [event for event in map(json.loads, lines) if event["type"] == kind]


def names(case: Path) -> list[str]:
    """Return the names of the findings, as a person who may reads them; the case is a copy."""
    rows = opening.open_names(case, findings=(), justification="a test", authority="none")
    return [str(row["path"]).rsplit("/", 1)[-1] for row in rows]


def verifies(case: Path) -> None:
    found: Any = verifying.verify(case / "custody")["problems"]
    assert [row for row in found if row["class"] == "broken"] == []
    code, text = alone([str(case / "custody"), "--json"])
    broken = [row for row in json.loads(text)["problems"] if row["class"] == "broken"]
    assert (code, broken) == (7, [])
    assert list(rebuilding.problems(case / "custody")) == []


def test_what_laboratory_and_case_state_stands_in_the_report(
    case: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    written(case / "report.yaml", STATED)
    assert here(capsys, "report", str(case)).code == 0
    report = document(case)
    assert report["laboratory"]["name"] == "Example Forensic Laboratory"
    assert report["laboratory"]["method_in_scope"] is False
    assert report["case"]["customer"] == "Example Prosecutor"
    assert report["stated"]["questions"] == ["Is there listed material?"]
    assert report["limitations"] == ["The seal of the exhibit was torn."]
    assert events(case, "report.issued")[-1]["body"]["authorised_by"] == "ex-002"  # type: ignore[index]
    page = (case / "custody/report/report.html").read_text()
    assert "this method lies OUTSIDE its scope" in page
    verifies(case)


def test_the_first_report_has_what_the_laboratory_states(world: Path) -> None:
    report = document(world / "case")
    assert report["laboratory"]["procedure"] == "SOP 14, edition 3"
    assert report["stated"] is None
    assert report["level"] == "standard"
    (reading,) = report["exhibits"][0]["sources"][0]["readings"]
    assert reading["bytes_read"] == report["exhibits"][0]["sources"][0]["size"]
    assert reading["read_errors"] == 0
    assert reading["zero_bytes"] > 0


def test_an_exhibit_has_fields_of_the_laboratorys_own(world: Path) -> None:
    (exhibit,) = document(world / "case")["exhibits"]
    assert exhibit["further"] == [{"name": "condition", "value": "sealed, a corner torn"}]
    page = (world / "case/custody/report/report.html").read_text()
    assert "<bdi>sealed, a corner torn</bdi>" in page


def test_each_event_is_told_in_short(world: Path) -> None:
    told = {each["type"]: each["summary"] for each in document(world / "case")["events"]}
    assert told["run.completed"] == "complete"
    assert told["evidence.verified"] == "EX-1/1, match"
    assert told["policy.declared"] == "sealed"
    assert told["hashset.loaded"].startswith("demo-notable, ")
    schema = json.loads(
        files("heroes_forensics.custody").joinpath("data/events.schema.json").read_text()
    )["$defs"]
    for kind, names in report_events.TOLD.items():
        assert set(names) <= set(schema[kind]["properties"]), kind


def test_what_is_stated_has_schemas_and_the_documentation_fits_them() -> None:
    blocks = re.findall(r"```\n(.*?)```", (ROOT / "docs/reports.md").read_text(), re.DOTALL)
    examples: list[Any] = [
        config.read(block.encode(), what="x") for block in blocks if re.match(r"[a-z_]+:", block)
    ]
    schemas = details.schemas()
    assert set(schemas["laboratory.yaml"]["properties"]) == set(settings.SECTIONS)  # type: ignore[call-overload]
    assert len(examples) == len(schemas) == 2
    for example, (name, schema) in zip(examples, schemas.items(), strict=True):
        jsonschema.validate(example, schema)
        properties = schema["properties"]
        if name == "laboratory.yaml":
            example, properties = example["report"], properties["report"]["properties"]  # type: ignore[index] # noqa: PLW2901
        assert set(example) == set(properties), "the documentation names every field"  # type: ignore[call-overload]
        with pytest.raises(jsonschema.ValidationError):
            jsonschema.validate({"verdict": "x"}, schema)


def test_the_front_says_how_the_record_is_anchored(
    case: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert document(case)["checkpoint"]["anchoring"] == 0
    anchor = ("timestamp", "record", str(case), "--method", "paper", "--reference", "form 12")
    assert here(capsys, *anchor).code == 0
    assert here(capsys, "report", str(case)).code == 0
    assert document(case)["checkpoint"]["anchoring"] == 2
    page = (case / "custody/report/report.html").read_text().split('<h2 id="result">')[0]
    assert "with a witness or on paper, as recorded" in page


BAD: Final = {
    "an unknown field": ("verdict: clean\n", "a field that there is not: verdict"),
    "no list": ("questions: one\n", "questions is no list"),
    "control characters": ('purpose: "a\\x1b[2Jb"\n', "holds control characters"),
    "an empty text": ('purpose: ""\n', "purpose is no text"),
    "no YAML": ("a: b: c\n", "is not YAML in line 1"),
    "a list": ("- a\n", "this is no table of fields"),
}


@pytest.mark.parametrize(("text", "says"), BAD.values(), ids=BAD)
def test_a_malformed_statement_is_refused_before_anything_is_written(
    case: Path, capsys: pytest.CaptureFixture[str], text: str, says: str
) -> None:
    before = (case / "custody" / "ledger.jsonl").read_bytes()
    written(case / "report.yaml", text)
    ran = here(capsys, "report", str(case))
    assert ran.code == 2
    assert says in ran.err
    assert (case / "custody" / "ledger.jsonl").read_bytes() == before


def test_a_statement_that_others_may_write_is_refused(
    case: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    written(case / "report.yaml", STATED).chmod(0o666)
    assert "can be written by others" in here(capsys, "report", str(case)).err


def test_a_scan_keeps_its_report_when_a_statement_is_malformed(
    case: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    written(case / "report.yaml", "verdict: clean\n")
    again = ("match", str(case), "--set", str(DEMO / "demo-known-good.txt"), "--quiet")
    assert here(capsys, *again).code == 0
    (text,) = document(case)["limitations"]
    assert text.startswith("What is stated for reports was left out: the details report.yaml")


def test_a_summary_counts_and_names_no_finding(
    case: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    report = case / "custody" / "report"
    before = {path.name: path.read_bytes() for path in report.iterdir()}
    ran = here(capsys, "report", str(case), "--level", "summary", "--json")
    assert ran.code == 0
    (row,) = ran.rows()
    assert (row["level"], row["files"]) == (
        "summary",
        [f"summary.{end}" for end in ("html", "json", "pdf")],
    )
    assert {name: (report / name).read_bytes() for name in before} == before
    full, short = document(case), document(case, "summary.json")
    assert full["findings"]
    assert short["findings"] == []
    for one, other in zip(full["exhibits"], short["exhibits"], strict=True):
        assert one["matches"] == other["matches"]
        assert one["verdict"] == other["verdict"]
    page = (report / "summary.html").read_text()
    assert "has no rows of findings" in page
    assert not re.search(r"\bF-\d{6}\b", page)
    assert 'id="chart-categories"' in page
    verifies(case)
    assert here(capsys, "report", str(case), "--level", "summary").code == 0
    issued = [event["body"] for event in events(case, "report.issued")]
    assert [body.get("replaces") for body in issued] == [None, None, issued[1]["report"]]  # type: ignore[attr-defined,index]
    verifies(case)


def sealed(capsys: pytest.CaptureFixture[str], case: Path, output: Path, *more: str) -> Ran:
    what = ("report", str(case), "--level", "sealed", "--output", str(output))
    return here(capsys, *what, *WHY, *more)


def test_a_sealed_report_names_files_to_its_recipient_alone(
    case: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    output = tmp_path / "court.html.age"
    ran = sealed(capsys, case, output, "--key", RECIPIENT, "--language", "de")
    assert (ran.code, ran.err) == (0, "")
    data = output.read_bytes()
    assert output.stat().st_mode & 0o777 == 0o600
    page = pyrage.decrypt(data, [pyrage.x25519.Identity.from_str(IDENTITY)]).decode()
    assert r"caf\xe9 \xfcber.jpg" in page, "a name that is no UTF-8"
    known = [name for name in names(case) if name.isascii() and "." in name]
    assert len(known) > 3
    assert all(name in page for name in known), "the control: the names are there"
    assert "VERSIEGELT: mit Namen, für Judge A." in page
    assert '<html lang="de">' in page
    assert messages("de").text("names.opened") in page
    assert messages("de").text("names.sealed") not in page, "that would not be true"
    front = page.split('<h2 id="result">')[0]
    assert messages("de").text("statement.sealed", recipient="Judge A.") in front
    (made,) = events(case, "disclosure.made")
    body: Any = made["body"]
    assert body["disclosure_sha256"] == hashlib.sha256(data).hexdigest()
    assert (body["recipient"], body["legal_basis"]) == ("Judge A.", "order of 3 May")
    assert {"name", "path"} <= set(body["fields"])
    opened = events(case, "sealed.opened")[0]
    assert opened["seq"] < made["seq"]  # type: ignore[operator]
    assert opened["body"]["justification"] == "request 4"  # type: ignore[index]
    for path in [*case.rglob("*"), *tmp_path.glob("*")]:
        if path.is_file() and path.suffix != ".db":
            left = path.read_bytes()
            assert not any(name.encode() in left for name in known), path.name
    assert not any(name in ran.out for name in known)
    verifies(case)


def test_a_sealed_report_of_a_case_that_keeps_names_in_clear_is_on_record_too(
    case: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    del case
    clear = tmp_path / "clear"
    made = ("--names", "clear", "--set", str(DEMO / "demo-notable.json"), "--quiet")
    assert cli.run(["scan", str(DEMO / "demo.E01"), "--case", str(clear), *made]) == 0
    assert sealed(capsys, clear, tmp_path / "x.age", "--key", RECIPIENT).code == 0
    assert events(clear, "sealed.opened")


MISSING: Final = {
    "no key": ((), "no key of a recipient is given"),
    "a wrong key": (("--key", "age1nonsense"), "not an age X25519 public key"),
    "no recipient": (("--key", RECIPIENT, "--recipient", ""), "--recipient is missing"),
    "no reason": (("--key", RECIPIENT, "--justification", " "), "--justification is missing"),
    "no authority": (("--key", RECIPIENT, "--authority", ""), "--authority is missing"),
}


@pytest.mark.parametrize(("more", "says"), MISSING.values(), ids=MISSING)
def test_nothing_is_opened_without_a_whole_reason(
    case: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], more: tuple[str, ...], says: str
) -> None:
    before = (case / "custody" / "ledger.jsonl").read_bytes()
    ran = sealed(capsys, case, tmp_path / "court.age", *more)
    assert (ran.code, ran.out) == (2, "")
    assert says in ran.err
    assert not (tmp_path / "court.age").exists()
    assert (case / "custody" / "ledger.jsonl").read_bytes() == before


def test_a_sealed_report_lies_outside_of_the_case_and_replaces_nothing(
    case: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    before = (case / "custody" / "ledger.jsonl").read_bytes()
    inside = sealed(capsys, case, case / "custody" / "x.age", "--key", RECIPIENT)
    assert "does not lie in the folder of the case" in inside.err
    taken = written(tmp_path / "taken.age", "here")
    assert "is there already" in sealed(capsys, case, taken, "--key", RECIPIENT).err
    assert taken.read_text() == "here"
    nowhere = here(capsys, "report", str(case), "--level", "sealed", *WHY, "--key", RECIPIENT)
    assert "--output is missing" in nowhere.err
    assert (case / "custody" / "ledger.jsonl").read_bytes() == before


def test_a_report_that_is_not_sealed_has_no_recipient(
    case: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    ran = here(capsys, "report", str(case), "--recipient", "Judge A.")
    assert ran.code == 2
    assert "is encrypted for nobody" in ran.err


def test_a_case_without_findings_has_no_sealed_report(
    world: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    del world
    monkeypatch.setenv("HEROES_HOME", str(tmp_path / "home"))
    (tmp_path / "data").mkdir()
    written(tmp_path / "data" / "a.txt", "text")
    case = tmp_path / "empty"
    assert cli.run(["scan", str(tmp_path / "data"), "--case", str(case), "--quiet"]) == 0
    capsys.readouterr()
    ran = sealed(capsys, case, tmp_path / "x.age", "--key", RECIPIENT)
    assert "no finding whose name could be opened" in ran.err
    assert not (tmp_path / "x.age").exists()
