"""Disclosures: one finding proved without the others, checked by program and stand-alone file."""

import base64
import hashlib
import json
import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Final

import pytest
from corpus import ROOT
from custody_bundle import alone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from heroes_forensics import cli
from heroes_forensics.custody import chain, commitments, disclosure, merkle, notes, seal
from heroes_forensics.pipelines.case import cases, laboratory
from heroes_forensics.pipelines.checks import verifying

DEMO: Final = ROOT / "heroes_forensics" / "demo" / "data"
FIELDS: Final = ("hash_sha256", "match_kind", "path")


def heroes(*arguments: object) -> int:
    return cli.run([str(each) for each in arguments])


def disclosed(case: Path, number: str, output: Path, *fields: str) -> int:
    chosen = [f"--field={field}" for field in fields]
    why = ["--authority", "order 3", "--justification", "request 4"]
    whom = ["--recipient", "counsel", "--organisation", "Chambers X"]
    return heroes("disclose", case, number, *chosen, "--output", output, *whom, *why)


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A laboratory, a scanned case with findings, and a disclosure of one of them."""
    folder = tmp_path_factory.mktemp("disclosure")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("HEROES_HOME", str(folder / "home"))
        assert heroes("init", "--domain", "lab.example", "--no-passphrase") == 0
        scan = ["scan", DEMO / "demo.E01", "--case", folder / "case", "--quiet"]
        assert heroes(*scan, "--set", DEMO / "demo-notable.json", "--examiner", "ex-031") == 0
        assert disclosed(folder / "case", "F-2", folder / "f2.json", *FIELDS) == 0
        yield folder


@pytest.fixture(autouse=True)
def _home(world: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HEROES_HOME", str(world / "home"))


@pytest.fixture
def case(world: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of the case to write to, with a home of its own: one remembers only one history."""
    for name in ("case", "home"):
        shutil.copytree(world / name, tmp_path / name)
    monkeypatch.setenv("HEROES_HOME", str(tmp_path / "home"))
    return tmp_path / "case"


def vkey() -> str:
    text = (laboratory.home() / "laboratory.json").read_text()
    return str(json.loads(text)["vkey"])


def both(data: bytes, folder: Path, *, known: bool = True) -> tuple[int, set[str]]:
    """Verify with the main program and with the stand-alone file; they must agree."""
    path = folder / "given.json"
    path.write_bytes(data)
    code, text = alone([str(path), "--json", *(["--key", vkey()] if known else [])])
    codes = {row["code"] for row in json.loads(text)["problems"]}
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("HEROES_HOME", str(folder / "nowhere"))
        found = verifying.verify(path, trusted=[vkey_of(folder)] if known else [])
    problems: Any = found["problems"]
    assert {row["code"] for row in problems} == codes
    assert found["exit_code"] == code
    return code, codes


def vkey_of(folder: Path) -> str:
    del folder
    return _KNOWN[0]


_KNOWN: list[str] = []


@pytest.fixture(autouse=True)
def _known(_home: None) -> None:
    _KNOWN[:] = [vkey()]


def test_a_disclosure_verifies_alone(world: Path, tmp_path: Path) -> None:
    data = (world / "f2.json").read_bytes()
    assert both(data, tmp_path) == (0, set())
    assert both(data, tmp_path, known=False) == (7, {"unknown-signer"})
    found = verifying.verify(world / "f2.json")
    assert found["disclosure"] == "F-000002"
    opened: Any = found["opened"]
    assert set(opened) == set(FIELDS)
    assert opened["match_kind"].startswith("same-")


def test_it_is_on_record_before_it_is_handed_on(world: Path) -> None:
    lines = (world / "case" / "custody" / "ledger.jsonl").read_bytes().splitlines()
    events = [json.loads(line) for line in lines]
    kinds = [event["type"] for event in events]
    opened, made = kinds.index("sealed.opened"), kinds.index("disclosure.made")
    assert kinds[opened - 1] == kinds[opened + 1] == kinds[made + 1] == "ledger.checkpointed"
    assert events[opened]["body"]["findings"] == ["F-000002"]
    body = events[made]["body"]
    assert body["fields"] == sorted(FIELDS)
    assert body["recipient"] == "counsel"
    digest = hashlib.sha256((world / "f2.json").read_bytes()).hexdigest()
    assert body["disclosure_sha256"] == digest
    assert events[made]["actor"] == {"id": "ex-031", "kind": "person"}
    assert heroes("verify", world / "case") == 0


def test_it_holds_nothing_of_other_findings_or_fields(world: Path) -> None:
    """R10: no value and no salt of another finding, nor of a field that was not asked for."""
    data = (world / "f2.json").read_bytes()
    with cases.opened(world / "case") as case:
        sealed = next((world / "case" / "custody" / "runs").glob("*/sealed.age")).read_bytes()
        head, *rows = seal.open_sealed(sealed, [case.ring.identity]).splitlines()
    assert json.loads(head)["inventory_key"].encode() not in data
    own = next(row for row in map(json.loads, rows) if row["finding"] == "F-000002")["values"]
    others = 0
    for row in map(json.loads, rows):
        mine = row["finding"] == "F-000002"
        for field in commitments.FIELDS:
            if mine and field in FIELDS:
                assert row["salts"][field].encode() in data
                continue
            assert row["salts"][field].encode() not in data
            value = row["values"][field]
            same = value == own[field]  # two findings on one item
            if not same and isinstance(value, str) and field in {"path", "hash_sha256", "locator"}:
                assert value.encode() not in data
                others += 1
    assert others > 3


def altered(data: bytes, change: Callable[[dict[str, Any]], object]) -> bytes:
    whole = json.loads(data)
    change(whole)
    return chain.canonical(whole) + b"\n"


def another_value(whole: dict[str, Any]) -> None:
    whole["openings"][0]["value"] = "5a" * 32


def another_field(whole: dict[str, Any]) -> None:
    whole["openings"][0]["name"] = "hash_sha1"


def another_salt(whole: dict[str, Any]) -> None:
    whole["openings"][0]["salt"] = "5a" * 16


def twice(whole: dict[str, Any]) -> None:
    whole["openings"].append(whole["openings"][0])


def another_count(whole: dict[str, Any]) -> None:
    whole["finding"]["tree_size"] += 1


def another_place(whole: dict[str, Any]) -> None:
    whole["finding"]["index"] ^= 1


def path_cut(whole: dict[str, Any]) -> None:
    whole["finding"]["path"].pop()


def event_moved(whole: dict[str, Any]) -> None:
    whole["event"]["index"] += 1


def an_inner_node(whole: dict[str, Any]) -> None:
    """The second preimage: the parent of the leaf is given out as a leaf of a smaller tree."""
    finding = whole["finding"]
    finding["path"] = finding["path"][1:]
    finding["index"] >>= 1


def not_signed(whole: dict[str, Any]) -> None:
    text, _, _ = whole["checkpoint"].partition("\n\n")
    other = base64.b64encode(b"\0" * 68).decode()
    whole["checkpoint"] = f"{text}\n\n\u2014 {text.partition(chr(10))[0]} {other}\n"


def other_root(whole: dict[str, Any]) -> None:
    lines = whole["checkpoint"].split("\n")
    lines[2] = base64.b64encode(b"\1" * 32).decode()
    whole["checkpoint"] = "\n".join(lines)


def other_event(whole: dict[str, Any]) -> None:
    event = json.loads(whole["event"]["line"])
    event["type"] = "inventory.committed"
    whole["event"]["line"] = chain.canonical(event).decode() + "\n"


def more(whole: dict[str, Any]) -> None:
    whole["more"] = 1


def true_for_one(whole: dict[str, Any]) -> None:
    whole["v"] = True


def openings_of_no_list(whole: dict[str, Any]) -> None:
    whole["openings"] = {}


ATTACKS: Final[dict[Callable[[dict[str, Any]], object], set[str]]] = {
    another_value: {"opening-bad"},
    another_field: {"opening-bad"},
    another_salt: {"opening-bad"},
    twice: {"opening-bad"},
    another_count: {"disclosure-foreign"},
    another_place: {"proof-bad"},
    path_cut: {"proof-bad"},
    event_moved: {"proof-bad"},
    an_inner_node: {"proof-bad"},
    not_signed: {"unknown-signer"},
    other_root: {"proof-bad", "signature-bad"},
    other_event: {"schema"},
    more: {"schema"},
    true_for_one: {"schema"},
    openings_of_no_list: {"schema"},
}


@pytest.mark.parametrize(("change", "codes"), ATTACKS.items())
def test_an_altered_disclosure_does_not_verify(
    change: Callable[[dict[str, Any]], object], codes: set[str], world: Path, tmp_path: Path
) -> None:
    code, found = both(altered((world / "f2.json").read_bytes(), change), tmp_path)
    assert codes <= found
    assert code == (7 if codes == {"unknown-signer"} else 6)


def test_the_event_of_another_run_does_not_serve(case: Path, world: Path, tmp_path: Path) -> None:
    """A finding of one run under the committing event of another, both true by themselves."""
    card = tmp_path / "card.raw"
    card.write_bytes(os.urandom(70_000))
    options = ["--set", DEMO / "demo-notable.json", "--exhibit", "E-2", "--as", "file"]
    assert heroes("scan", card, "--case", case, "--quiet", *options) == 0
    lines = (case / "custody" / "ledger.jsonl").read_bytes().splitlines(keepends=True)
    committed = [
        number for number, line in enumerate(lines) if b'"type":"findings.committed"' in line
    ]
    note = max((case / "custody" / "checkpoints").glob("*.txt")).read_bytes()
    size = notes.read_checkpoint(notes.parse(note).text).size
    leaves = [merkle.leaf(line) for line in lines[:size]]
    whole = json.loads((world / "f2.json").read_bytes())
    whole["event"] = {
        "index": committed[-1],
        "line": lines[committed[-1]].decode(),
        "path": [
            base64.b64encode(step).decode() for step in merkle.inclusion(leaves, committed[-1])
        ],
    }
    whole["checkpoint"] = note.decode()
    assert both(chain.canonical(whole) + b"\n", tmp_path) == (
        6,
        {"disclosure-foreign", "proof-bad"},
    )


def test_it_is_compared_with_the_record_it_should_be_of(world: Path, tmp_path: Path) -> None:
    lines = (world / "case" / "custody" / "ledger.jsonl").read_bytes().splitlines(keepends=True)
    given_one = disclosure.Disclosure((world / "f2.json").read_bytes())
    assert given_one.says is not None
    origin = given_one.says.origin
    assert list(given_one.belongs_to(origin, lines)) == []
    assert [each.code for each in given_one.belongs_to("other", lines)] == ["disclosure-foreign"]
    swapped = [lines[1], lines[0], *lines[2:]]
    assert [each.code for each in given_one.belongs_to(origin, swapped)] == ["anchor-mismatch"]
    assert [each.code for each in given_one.belongs_to(origin, lines[:-5])] == ["rollback"]
    del tmp_path


@settings(
    max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(data=st.data())
def test_no_byte_of_it_can_change(world: Path, tmp_path: Path, data: st.DataObject) -> None:
    whole = bytearray((world / "f2.json").read_bytes())
    at = data.draw(st.integers(0, len(whole) - 2))
    whole[at] ^= data.draw(st.integers(1, 255))
    code, _ = both(bytes(whole), tmp_path)
    # A cosignature or a key nobody here knows may change without harm; there is none in this note.
    assert code in {6, 7}


@settings(
    max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(junk=st.binary(max_size=300))
def test_no_bytes_make_a_verifier_crash(tmp_path: Path, junk: bytes) -> None:
    assert both(junk, tmp_path)[0] == 6


def test_what_cannot_be_disclosed_is_refused_and_not_on_record(world: Path, tmp_path: Path) -> None:
    ledger = world / "case" / "custody" / "ledger.jsonl"
    before = ledger.read_bytes()
    there = tmp_path / "there.json"
    there.touch()
    link = tmp_path / "link.json"
    link.symlink_to(tmp_path / "nowhere")
    for place in (there, link, tmp_path / "no folder" / "1.json", there / "1.json", tmp_path):
        assert disclosed(world / "case", "F-2", place, "path") == 2
    assert disclosed(world / "case", "F-2", tmp_path / "1.json", "nonsense") == 2
    assert disclosed(world / "case", "F-2", tmp_path / "1.json", "path", "path") == 2
    assert disclosed(world / "case", "F-999", tmp_path / "1.json", "path") == 2
    assert ledger.read_bytes() == before
    assert {path.name for path in tmp_path.iterdir()} <= {"there.json", "link.json", "home"}


def test_a_finding_and_a_report_are_reviewed(case: Path) -> None:
    review = ("review", case)
    assert heroes(*review, "F-2", "--outcome", "agree", "--reviewer", "ex-044") == 0
    assert heroes(*review, "report 1", "--outcome", "needs-work", "--reviewer", "ex-031") == 0
    assert heroes(*review, "F-999", "--outcome", "agree", "--reviewer", "ex-044") == 2
    assert heroes(*review, "report 2", "--outcome", "agree", "--reviewer", "ex-044") == 2
    lines = (case / "custody" / "ledger.jsonl").read_bytes().splitlines()
    events = [json.loads(line) for line in lines]
    reviews = [event["body"] for event in events if event["type"] == "review.recorded"]
    assert reviews == [
        {"object_ref": "F-000002", "outcome": "agree", "second_person": True},
        {"object_ref": "report 1", "outcome": "needs-work", "second_person": False},
    ]
    assert heroes("verify", case) == 0


def drilled(case: Path, identity: str, folder: Path) -> int:
    secret = folder / "identity.txt"
    secret.write_text(f"{identity}\n")
    with secret.open("rb") as stream:
        return heroes("key", "drill", case, "--identity-fd", stream.fileno())


def test_the_recovery_recipient_alone_opens_what_was_sealed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("HEROES_HOME", str(tmp_path / "home"))
    identity, recipient = seal.new_identity()
    stranger, _ = seal.new_identity()
    lab = ("init", "--domain", "lab.example", "--no-passphrase", "--recovery", recipient)
    assert heroes(*lab) == 0
    case = tmp_path / "case"
    scan = ("scan", DEMO / "demo.E01", "--case", case, "--quiet")
    assert heroes(*scan, "--set", DEMO / "demo-notable.json") == 0
    capsys.readouterr()
    assert drilled(case, identity, tmp_path) == 0
    said = capsys.readouterr()
    assert identity not in said.out + said.err
    assert "DCIM" not in said.out + said.err
    assert drilled(case, stranger, tmp_path) == 2
    assert drilled(case, "nonsense", tmp_path) == 2
    ledger = (case / "custody" / "ledger.jsonl").read_text()
    assert ledger.count('"type":"recovery.drilled"') == 1
    assert '"opened":true' in ledger
    assert heroes("verify", case) == 0


@pytest.mark.parametrize("data", [b"nonsense\n", b'{"id":"F-000002"}\n', b""])
@pytest.mark.parametrize("name", ["findings.commitments.jsonl", "sealed.age"])
def test_of_what_is_not_what_was_committed_nothing_is_disclosed(
    name: str, data: bytes, case: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (file,) = (case / "custody" / "runs").glob(f"*/{name}")
    file.write_bytes(data)
    assert disclosed(case, "F-2", tmp_path / "1.json", "path") == 6
    assert "committed" in capsys.readouterr().err
    assert not (tmp_path / "1.json").exists()


def test_without_the_sealed_part_nothing_is_opened(case: Path, tmp_path: Path) -> None:
    for sealed in (case / "custody" / "runs").glob("*/sealed.age"):
        sealed.unlink()
    assert disclosed(case, "F-2", tmp_path / "1.json", "path") == 2
    assert not (tmp_path / "1.json").exists()
