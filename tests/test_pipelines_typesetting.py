"""The PDF of a case: recorded, verified, made again, left out where it cannot be made."""

import json
import shutil
import subprocess
import sys
from hashlib import sha256
from pathlib import Path

import pytest
from pypdf import PdfReader
from scans import folder, scanned

from heroes_forensics.pipelines.checks import verifying
from heroes_forensics.pipelines.report import apart, reporting, typesetting
from heroes_forensics.reports import pdf


@pytest.fixture(scope="module")
def scanned_case(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("scan")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("HEROES_HOME", str(root / "home"))
        scanned(root / "case", folder(root / "evidence", {"a": b"a", "planted-name.jpg": b"b"}))
    return root


@pytest.fixture
def case(scanned_case: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name in ("case", "home"):
        shutil.copytree(scanned_case / name, tmp_path / name)
    monkeypatch.setenv("HEROES_HOME", str(tmp_path / "home"))
    return tmp_path / "case"


def found(case: Path, *, rebuild: bool = False) -> set[str]:
    problems = verifying.verify(case, rebuild=rebuild)["problems"]
    assert isinstance(problems, list)
    return {str(each["code"]) for each in problems} - {
        "unauthorised-work", "case-local-key", "unknown-signer",
    }  # fmt: skip


def alone(case: Path) -> str:
    """Return what the verifier in the bundle says of it."""
    bundle = case / "custody"
    done = subprocess.run(
        [sys.executable, "-I", bundle / "verify_custody.py", bundle],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    return done.stdout + done.stderr


def last_issue(case: Path) -> dict[str, str]:
    lines = (case / "custody" / "ledger.jsonl").read_text().splitlines()
    events = [json.loads(line) for line in lines]
    body = [each["body"] for each in events if each["type"] == "report.issued"][-1]
    return {each["name"]: each["sha256"] for each in body["files"]}


def test_a_scan_writes_it_and_the_record_names_it(case: Path) -> None:
    file = case / "custody" / "report" / "report.pdf"
    assert last_issue(case)["report.pdf"] == sha256(file.read_bytes()).hexdigest()
    reader = PdfReader(file)
    inside = [data for each in reader.attachments.values() for data in each]
    shown = "".join(page.extract_text() for page in reader.pages)
    assert "no match does not lower the priority" in " ".join(shown.split())
    assert "planted" not in shown
    assert not any(b"planted" in data for data in inside)
    assert found(case, rebuild=True) == set()


def test_a_changed_one_is_no_report_that_was_issued(case: Path) -> None:
    file = case / "custody" / "report" / "report.pdf"
    data = bytearray(file.read_bytes())
    data[len(data) // 2] ^= 1
    file.write_bytes(data)
    assert found(case) == {"report-mismatch", "manifest-mismatch"}
    assert "report-mismatch" in alone(case)


def test_one_that_does_not_follow_from_the_data_is_told(
    case: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = typesetting.typeset

    def other(page: bytes, model: bytes, note: bytes | None) -> tuple[bytes | None, str]:
        return real(page.replace(b"</h1>", b"?</h1>"), model, note)

    monkeypatch.setattr(typesetting, "typeset", other)
    assert found(case, rebuild=True) == {"report-mismatch"}


def test_one_by_another_typesetter_is_not_compared(
    case: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = typesetting.typeset

    def other(page: bytes, model: bytes, note: bytes | None) -> tuple[bytes | None, str]:
        made, why = real(page, model, note)
        return None if made is None else made.replace(b"Typst 0", b"Typst 9"), why

    monkeypatch.setattr(typesetting, "typeset", other)
    assert found(case, rebuild=True) == {"not-rebuilt"}


def test_without_the_extra_the_report_is_page_and_data(
    case: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = case / "custody" / "report" / "report.pdf"
    before = file.read_bytes()
    monkeypatch.setattr(pdf, "missing", lambda: ["typst"])
    made = reporting.report(case)
    assert made["no_pdf"] == typesetting.NOT_INSTALLED
    assert "report.pdf" not in last_issue(case)
    assert not file.exists()  # that of the report before is no part of this one
    assert {"report.html", "report.json"} <= set(last_issue(case))
    assert found(case, rebuild=True) == set()
    assert "missing-file" not in alone(case)
    file.write_bytes(before)
    assert "report-superseded" in found(case)
    assert "report-superseded" in alone(case)
    file.write_bytes(before[:-1])
    assert "report-mismatch" in found(case)
    assert "report-mismatch" in alone(case)


def test_a_typesetter_that_fails_costs_no_report(
    case: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(typesetting, "_MODULE", "nothing")
    made = reporting.report(case)
    assert made["no_pdf"] == typesetting.FAILED
    assert found(case) == set()


def test_one_that_hangs_is_ended(case: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(apart, "_start", lambda _: "import time; time.sleep(3600)")
    monkeypatch.setattr(apart, "SECONDS", 0.1)
    assert reporting.report(case)["no_pdf"] == typesetting.FAILED


def test_the_typesetter_is_no_part_of_the_coordinator() -> None:
    code = (
        "import sys; import heroes_forensics.pipelines.runs.scan;"
        "import heroes_forensics.pipelines.report.reporting;"
        "print(sorted({'typst', 'segno'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_only_the_ledger_own_signature_is_printed(case: Path) -> None:
    """Whoever signs a checkpoint later changes no report."""
    bundle = case / "custody"
    model = json.loads((bundle / "report" / "report.json").read_bytes())
    size = model["checkpoint"]["size"]
    path = bundle / "checkpoints" / f"{size:08d}.txt"
    own = path.read_bytes()
    assert typesetting.note(bundle, size) == own
    text, _, lines = own.partition(b"\n\n")
    other = lines.replace(model["checkpoint"]["origin"].encode(), b"witness.example")
    path.write_bytes(text + b"\n\n" + other + lines + other)
    assert typesetting.note(bundle, size) == own
    assert typesetting.note(bundle, size + 1) is None


def test_the_process_that_sets_it_imports_little() -> None:
    code = (
        "import sys; from heroes_forensics.pipelines.report import typesetting;"
        "from heroes_forensics.reports import pdf; print(*sys.modules)"
    )
    done = subprocess.run([sys.executable, "-I", "-c", code], capture_output=True, check=True)
    found = set(done.stdout.decode().split())
    assert "heroes_forensics.reports.page_blocks" in found
    assert not found & {
        "cryptography", "jinja2", "numpy", "segno", "sqlite3",
        "heroes_forensics.reports.model", "heroes_forensics.custody",
    }  # fmt: skip
