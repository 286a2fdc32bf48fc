"""Validation records: what passes, what must fail, who signed, how scans cite the newest."""

import hashlib
import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
import wrong_hasher
from cli_runner import here
from scans import DEMO, NOTABLE, Noted

from heroes_forensics import demo
from heroes_forensics.custody import validation, verify_custody
from heroes_forensics.errors import CustodyError, UsageError
from heroes_forensics.hashing import exact
from heroes_forensics.hashing.exact import Digested, digest_bytes
from heroes_forensics.pipelines.case.environment import environment
from heroes_forensics.pipelines.records import validations
from heroes_forensics.pipelines.trials import expectations, selftest, validating
from heroes_forensics.pipelines.trials.validating import Wanted

MARKED = "Marked-File-Name"
FILES = {f"{MARKED}-{n}": bytes([n]) * (n * 1000) for n in range(1, 6)}
HEAD = "format: heroes-validation/1\ndata:\n"


def laboratory(capsys: pytest.CaptureFixture[str]) -> None:
    assert here(capsys, "init", "--domain", "lab.example", "--no-passphrase").code == 0


@pytest.fixture
def reference(tmp_path: Path) -> Path:
    """Return a folder of evidence with the list that sha256sum made of it, and expectations."""
    folder = tmp_path / "reference"
    (folder / "files").mkdir(parents=True)
    for name, data in FILES.items():
        (folder / "files" / name).write_bytes(data)
    listed = subprocess.run(
        ["sha256sum", *FILES], cwd=folder / "files", capture_output=True, check=True
    ).stdout
    (folder / "sums.txt").write_bytes(listed)
    write(folder, list="{file: sums.txt, only: yes}")
    return folder


def write(folder: Path, *more: str, **changes: str) -> None:
    fields = {
        "name": "reference files", "source": "files", "counts": "{digested: 5, findings: 0}",
        **changes,
    }  # fmt: skip
    rows = "".join(f"    {name}: {value}\n" for name, value in fields.items())
    (folder / expectations.FILE).write_text(HEAD + "  -" + rows[3:] + "".join(more))


def examined(folder: Path) -> dict[str, Any]:
    rows, _ = expectations.load(folder)
    return validating._tested(rows[0], "00" * 32, Noted())  # noqa: SLF001 - one piece, without the rest


def verdicts(row: dict[str, Any]) -> dict[str, str]:
    return {test["what"].partition(" of another")[0]: test["verdict"] for test in row["tests"]}


def test_a_record_is_signed_kept_listed_shown_and_cited(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], reference: Path
) -> None:
    laboratory(capsys)
    home = validations.SHELF.folder.parent
    (home / "laboratory.yaml").write_text(
        "report:\n  method: M-04 v3\n  procedure: SOP 4.2\n  scope: disk images\n"
    )
    (home / "laboratory.yaml").chmod(0o600)
    ran = here(capsys, "selftest", "--record", "--examiner", "ex-044", "--with", str(reference),
               "--deviation", "host not in the climate chamber", "--host", "WS-7",
               "--json", "-q")  # fmt: skip
    record: Any = ran.rows()[-1]
    assert (ran.code, record["verdict"], record["same_software"]) == (0, "pass", True)
    assert {row["result"] for row in record["checks"]} == {"pass"}
    bundled, own = record["data"]
    assert [row["verdict"] for row in record["data"]] == ["pass", "pass"]
    assert bundled["files"][0]["sha256"] == hashlib.sha256(DEMO.read_bytes()).hexdigest()
    assert (
        own["expectation_sha256"]
        == hashlib.sha256((reference / expectations.FILE).read_bytes()).hexdigest()
    )
    assert len(own["tests"]) == 5
    assert record["method"] == {
        "name": "heroes-forensics", "reference": "M-04 v3", "procedure": "SOP 4.2",
        "scope": "disk images",
    }  # fmt: skip
    assert record["environment"]["host_ref"] == "WS-7"
    assert record["environment"]["libraries"]
    assert record["deviations"] == ["host not in the climate chamber"]
    (row,) = here(capsys, "selftest", "--list", "--json").rows()
    assert (row["id"], row["verdict"]) == (record["id"], "pass")
    page = here(capsys, "selftest", "--show", record["id"][:6]).out
    kept = validations.SHELF.folder / f"{record['id']}.md"
    assert page == kept.read_text()
    assert "**Result: PASS**" in page
    assert "supports the validation" in page
    assert MARKED not in ran.out + ran.err + page
    case = tmp_path / "case"
    assert here(capsys, "scan", str(DEMO), "--case", str(case), "-q", "--no-perceptual").code == 0
    (declared,) = _events(case, "method.declared")
    assert (declared["sop_ref"], declared["method_ref"]) == ("SOP 4.2", "M-04 v3")
    assert declared["validation_ref"] == record["id"]
    assert declared["validation"] == {
        "sha256": record["sha256"], "time": record["time"], "verdict": "pass",
        "program_version": record["environment"]["program_version"], "same_software": True,
    }  # fmt: skip
    report = json.loads((case / "custody/report/report.json").read_text())
    (method,) = report["methods"]
    assert method["validation"]["id"] == record["id"]
    html = (case / "custody/report/report.html").read_text()
    assert f"Record {record['id']}" in html
    assert "All tests passed." in html
    assert here(capsys, "verify", str(case)).code == 0
    assert verify_custody.main([str(case / "custody")]) == 7
    _altered(capsys, record["id"])


def _altered(capsys: pytest.CaptureFixture[str], record: str) -> None:
    """See that a record that was changed is refused, and one of other software said to be so."""
    path = validations.SHELF.folder / f"{record}.txt"
    data = path.read_bytes()
    path.write_bytes(data.replace(b'"ex-044"', b'"ex-045"'))
    listed = here(capsys, "selftest", "--list")
    assert (listed.code, "is not cited" in listed.out) == (6, True)
    assert here(capsys, "selftest", "--show", record).code == 6
    body, said = validations.cited()
    assert "validation" not in body
    assert any("is not cited" in each for each in said)
    path.write_bytes(data)
    with pytest.MonkeyPatch.context() as patch:
        other = environment() | {"program_sha256": "00" * 32}
        patch.setattr(validations, "environment", lambda: other)
        body, said = validations.cited()
    assert body["validation"]["same_software"] is False  # type: ignore[index]
    assert any("is of other software than this" in each for each in said)


def _events(case: Path, kind: str) -> list[dict[str, Any]]:
    lines = (case / "custody" / "ledger.jsonl").read_text().splitlines()
    return [row["body"] for row in map(json.loads, lines) if row["type"] == kind]


def test_a_failed_test_fails_the_record_and_the_command(
    capsys: pytest.CaptureFixture[str], reference: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    laboratory(capsys)
    write(reference, counts="{digested: 6}")
    monkeypatch.setattr(selftest, "CHECKS", selftest.CHECKS[:2])
    ran = here(
        capsys, "selftest", "--record", "--examiner", "ex-044", "--with", str(reference), "-q"
    )
    assert ran.code == 1
    assert "**Result: FAIL**" in ran.out
    assert "| count of digested | 6 | 5 | FAIL |" in ran.out
    assert "## bundled demonstration: PASS" in ran.out
    body, said = validations.cited()
    assert body["validation"]["verdict"] == "fail"  # type: ignore[index]
    assert any("failed" in each for each in said)


def test_an_altered_library_fails_a_known_answer(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    laboratory(capsys)

    def altered(data: bytes) -> Digested:
        found = digest_bytes(data)
        return found._replace(sha1=found.md5 + found.sha1[16:])

    monkeypatch.setattr(selftest, "CHECKS", selftest.CHECKS[:2])
    monkeypatch.setattr(exact, "digest_bytes", altered)
    ran = here(capsys, "selftest", "--record", "--examiner", "ex-044", "-q", "--json")
    record: Any = ran.rows()[-1]
    assert (ran.code, record["verdict"]) == (1, "fail")
    assert record["checks"][0]["name"] == "digests"
    assert record["checks"][0]["result"] == "fail"


def test_an_altered_hasher_in_the_workers_is_found_by_another_tools_list(
    reference: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert examined(reference)["verdict"] == "pass"
    monkeypatch.setenv("HEROES_TEST_FAULTS", str(wrong_hasher.THIS))
    row = examined(reference)
    assert row["verdict"] == "fail"
    assert verdicts(row)["sha256"] == "fail"
    found = {test["what"].rpartition(", ")[2]: test["found"] for test in row["tests"]}
    assert found["found"] == "0"
    assert found["others"] != "0"


def test_digests_by_locator_name_what_differs(reference: Path) -> None:
    good = {
        f"EX-1/1/root/d:{n}": hashlib.sha256(FILES[name]).hexdigest()
        for n, name in enumerate(sorted(FILES))
    }
    rows = "".join(f"      {name}: sha256:{value}\n" for name, value in good.items())
    write(reference, "    digests:\n", rows)
    row = examined(reference)
    assert verdicts(row)["digests by locator"] == "pass", row
    wrong = rows.replace(good["EX-1/1/root/d:2"], "ab" * 32).replace("d:4:", "d:9:")
    write(reference, "    digests:\n", wrong)
    (test,) = [
        each for each in examined(reference)["tests"] if each["what"] == "digests by locator"
    ]
    assert (test["verdict"], test["expected"], test["found"]) == ("fail", "5", "3")
    assert test["differing"] == ["EX-1/1/root/d:2", "EX-1/1/root/d:9"]


def test_an_image_with_sets_and_digests_of_its_media(tmp_path: Path) -> None:
    folder = tmp_path / "disk"
    folder.mkdir()
    shutil.copy(DEMO, folder / "disk.E01")
    shutil.copy(NOTABLE, folder / "known.json")
    truth = json.loads(demo.path(demo.TRUTH).read_bytes())
    listed = {file["sha256"] for volume in truth["volumes"] for file in volume["files"]}
    xml = "".join(f"<hashdigest type='sha256'>{value}</hashdigest>\n" for value in sorted(listed))
    (folder / "disk.dfxml").write_text(f"<dfxml>{xml}</dfxml>")
    write(folder, source="disk.E01", sets="[known.json]", media="[md5:" + "ab" * 16 + "]",
          counts="{findings: 4}", list="{file: disk.dfxml}")  # fmt: skip
    row = examined(folder)
    found = verdicts(row)
    assert found["md5 of the media"] == "fail"
    assert found["sha256"] == "pass"
    assert found["the record verifies"] == "pass"
    assert row["files"] == [
        {"size": DEMO.stat().st_size, "sha256": hashlib.sha256(DEMO.read_bytes()).hexdigest()}
    ]
    assert row["sets"] == [hashlib.sha256(NOTABLE.read_bytes()).hexdigest()]


def test_evidence_that_cannot_be_opened_is_a_failed_test(reference: Path) -> None:
    write(reference, source="missing.E01")
    row = examined(reference)
    assert (row["verdict"], row["content_sha256"]) == ("fail", None)
    assert row["tests"][0]["what"] == "the scan ends"


REFUSED = {
    "no format": ("data: []", "are not of the format"),
    "another format": ("format: x\ndata: []", "are not of the format"),
    "nothing": ("format: heroes-validation/1\ndata: []", "name no evidence"),
    "an unknown key": (HEAD + "  - {name: a, source: b, size: 3}", "a field that there is not"),
    "an unknown count": (HEAD + "  - {name: a, source: b, counts: {files: 3}}", "there is not"),
    "no number": (HEAD + "  - {name: a, source: b, counts: {gaps: few}}", "is no whole number"),
    "no name": (HEAD + "  - {source: b}", "have no name"),
    "nothing expected": (HEAD + "  - {name: a, source: b}", "expect nothing"),
    "no digest": (HEAD + "  - {name: a, source: b, media: [sha256:12]}", "64 hexadecimal digits"),
    "two of a kind": (
        HEAD + f"  - {{name: a, source: b, media: [md5:{'a' * 32}, md5:{'b' * 32}]}}",
        "two digests of one kind",
    ),
    "no list": (HEAD + "  - {name: a, source: b, list: {file: none.txt}}", "cannot be read"),
    "an empty list": (HEAD + "  - {name: a, source: b, list: {file: e.txt}}", "holds no digest"),
    "a profile": (HEAD + "  - {name: a, source: b, profile: fast}", "none of triage"),
}


@pytest.mark.parametrize(("text", "message"), REFUSED.values(), ids=REFUSED)
def test_expectations_that_make_no_sense_are_refused(
    tmp_path: Path, text: str, message: str
) -> None:
    (tmp_path / "e.txt").touch()
    (tmp_path / expectations.FILE).write_text(text)
    with pytest.raises(UsageError, match=message):
        expectations.load(tmp_path)


def test_a_folder_without_expectations_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"has no expected\.yaml"):
        expectations.load(tmp_path)


LISTS = {
    "sha256sum": (f"{'ab' * 32}  {'cd' * 32}.txt\n", [("sha256", "ab" * 32)]),
    "md5sum, binary": (f"{'AB' * 16} *name\n# {'cd' * 16}\n", [("md5", "ab" * 16)]),
    "hashdeep": (
        f"%%%% HASHDEEP\n%%%% size,md5,sha256,filename\n12,{'ab' * 16},{'cd' * 32},{'ef' * 16}",
        [("md5", "ab" * 16), ("sha256", "cd" * 32)],
    ),
    "DFXML": (
        f"<filename>{'ef' * 16}</filename><hashdigest type='md5'>{'AB' * 16}</hashdigest>",
        [("md5", "ab" * 16)],
    ),
    "nothing": ("no digest here", []),
}


@pytest.mark.parametrize(("text", "found"), LISTS.values(), ids=LISTS)
def test_lists_of_other_tools_are_read(text: str, found: list[tuple[str, str]]) -> None:
    assert list(expectations.digests_of(text)) == found


def test_who_tests_and_for_which_laboratory_has_to_be_known(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert here(capsys, "selftest", "--record").code == 2
    ran = here(capsys, "selftest", "--record", "--examiner", "ex-044", "-q")
    assert (ran.code, "heroes init" in ran.err) == (2, True)
    assert here(capsys, "selftest", "--list").out.startswith("There is no validation record")


@pytest.mark.parametrize(
    "options",
    [["--sop", "x"], ["--list", "--record"], ["--show", "ab", "--list"], ["--with", "."]],
    ids=" ".join,
)
def test_options_that_do_not_go_together(
    capsys: pytest.CaptureFixture[str], options: list[str]
) -> None:
    assert here(capsys, "selftest", *options).code == 2


def test_a_text_that_cannot_stand_in_a_record_is_refused() -> None:
    with pytest.raises(UsageError, match="control characters"):
        validating.validate(Wanted("ex-1", deviations=("a\nb",)), passphrase=None, watch=Noted())


def test_a_record_of_another_form_is_none() -> None:
    with pytest.raises(CustodyError, match="no record that this version reads"):
        validation.FORM.line_of({"format": "heroes-validation/1"})
