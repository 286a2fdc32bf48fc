"""Reports with the signature of a person: made here, taken in from outside, verified."""

import io
import json
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path

import pytest
from cli_runner import here
from pdf_signers import PASSPHRASE, person
from scans import folder, scanned

from heroes_forensics.custody import pades
from heroes_forensics.errors import StoppedError, UsageError
from heroes_forensics.pipelines.checks import verifying
from heroes_forensics.pipelines.report import report_signing, reporting, typesetting


@pytest.fixture(scope="module")
def scanned_case(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("scan")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("HEROES_HOME", str(root / "home"))
        scanned(root / "case", folder(root / "evidence", {"a": b"a"}))
    return root


@pytest.fixture
def case(scanned_case: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name in ("case", "home"):
        shutil.copytree(scanned_case / name, tmp_path / name)
    monkeypatch.setenv("HEROES_HOME", str(tmp_path / "home"))
    return tmp_path / "case"


@pytest.fixture
def key(tmp_path: Path) -> Path:
    path = tmp_path / "key.p12"
    path.write_bytes(person().p12)
    return path


@pytest.fixture
def roots(tmp_path: Path) -> Path:
    path = tmp_path / "roots.pem"
    path.write_bytes(person().certificate)
    return path


def found(case: Path, *, rebuild: bool = False, roots: Path | None = None) -> set[str]:
    problems = verifying.verify(case, rebuild=rebuild, signer_roots=roots)["problems"]
    assert isinstance(problems, list)
    return {str(each["code"]) for each in problems} - {
        "unauthorised-work", "case-local-key", "unknown-signer",
    }  # fmt: skip


@contextmanager
def secret(text: str) -> Iterator[str]:
    """Yield the number of a descriptor from which a passphrase can be read."""
    reading, writing = os.pipe()
    os.write(writing, f"{text}\n".encode())
    os.close(writing)
    try:
        yield str(reading)
    finally:
        os.close(reading)


def paper(case: Path) -> Path:
    return case / "custody" / "report" / "report.pdf"


def outside(case: Path, target: Path, name: str = "Qualified") -> Path:
    """Sign the PDF of a case as somebody does who has nothing else of it."""
    who = pades.identity(person(name).pem, None)
    target.write_bytes(pades.sign(paper(case).read_bytes(), who))
    return target


def issues(case: Path) -> list[dict[str, object]]:
    lines = (case / "custody" / "ledger.jsonl").read_text().splitlines()
    events = [json.loads(line) for line in lines]
    return [each["body"] for each in events if each["type"] == "report.issued"]


# ---- signed here -------------------------------------------------------------------------


def test_a_report_is_signed_before_the_record_names_it(
    case: Path, key: Path, roots: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with secret(PASSPHRASE) as descriptor:
        ran = here(
            capsys, "report", str(case), "--sign-with", str(key),
            "--signer-passphrase-fd", descriptor,
        )  # fmt: skip
    assert (ran.code, ran.err) == (0, "")
    assert PASSPHRASE not in ran.out
    body = issues(case)[-1]
    files = {each["name"]: each["sha256"] for each in body["files"]}  # type: ignore[attr-defined]
    assert files["report.pdf"] == sha256(paper(case).read_bytes()).hexdigest()
    certificate = pades.identity(person().pem, None).certificate
    assert sha256(certificate).hexdigest() in str(body["note"])
    assert found(case, rebuild=True) == {"pdf-signature-unchecked"}
    assert found(case, rebuild=True, roots=roots) == set()


def test_a_summary_is_signed_and_checked_as_a_report_is(
    case: Path, key: Path, roots: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with secret(PASSPHRASE) as descriptor:
        ran = here(
            capsys, "report", str(case), "--level", "summary", "--sign-with", str(key),
            "--signer-passphrase-fd", descriptor,
        )  # fmt: skip
    assert (ran.code, ran.err) == (0, "")
    assert str(issues(case)[-1]["note"]).startswith("summary.pdf is signed (PAdES)")
    assert found(case) == {"pdf-signature-unchecked"}
    assert found(case, roots=roots) == set()
    assert here(capsys, "report", str(case), "--examiner", "ex-031").code == 2  # nobody opens names


def test_a_key_without_its_passphrase_signs_nothing(
    case: Path, key: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    before = len(issues(case))
    ran = here(capsys, "report", str(case), "--sign-with", str(key))
    assert (ran.code, ran.out) == (2, "")
    assert "--signer-passphrase-fd" in ran.err
    with secret("wrong") as descriptor:
        ran = here(
            capsys, "report", str(case), "--sign-with", str(key),
            "--signer-passphrase-fd", descriptor,
        )  # fmt: skip
    assert ran.code == 2
    assert len(issues(case)) == before


def test_an_open_key_that_others_can_read_is_refused(
    case: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "key.pem"
    path.write_bytes(person().pem)
    path.chmod(0o644)
    ran = here(capsys, "report", str(case), "--sign-with", str(path))
    assert ran.code == 2
    assert "open to others" in ran.err
    path.chmod(0o600)
    assert here(capsys, "report", str(case), "--sign-with", str(path)).code == 0


def test_without_a_pdf_there_is_nothing_to_sign(
    case: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = paper(case).read_bytes()
    pen = report_signing.Pen(lambda data: data, "note")
    monkeypatch.setattr(typesetting, "_MODULE", "nothing")
    with pytest.raises(StoppedError, match="no PDF to sign"):
        reporting.report(case, pen=pen)
    assert paper(case).read_bytes() == before
    assert found(case) <= {"manifest-missing", "unsigned-tail"}


# ---- signed elsewhere --------------------------------------------------------------------


def test_a_signed_file_is_taken_in_under_the_same_number(
    case: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = outside(case, tmp_path / "signed.pdf")
    before = issues(case)
    ran = here(capsys, "report", str(case), "--import-signed", str(path))
    assert (ran.code, ran.err) == (0, "")
    assert "Qualified" in ran.out
    after = issues(case)
    assert len(after) == len(before) + 1
    assert {name: after[-1][name] for name in ("report", "number", "version")} == {
        name: before[-1][name] for name in ("report", "number", "version")
    }
    assert paper(case).read_bytes() == path.read_bytes()
    assert found(case, rebuild=True) == {"pdf-signature-unchecked"}

    # A second signature, behind the first, and then the next report with the next number.
    again = outside(case, tmp_path / "again.pdf", "Second")
    assert here(capsys, "report", str(case), "--import-signed", str(again)).code == 0
    assert found(case) == {"pdf-signature-unchecked"}
    assert reporting.report(case)["number"] == 2
    assert str(issues(case)[-1]["number"]).endswith("-2")
    assert issues(case)[-1]["replaces"] == before[-1]["report"]
    assert found(case, rebuild=True) == set()
    assert here(capsys, "review", str(case), "report 2", "--outcome", "agree",
                "--reviewer", "ex-2").code == 0  # fmt: skip
    assert here(capsys, "review", str(case), "report 3", "--outcome", "agree",
                "--reviewer", "ex-2").code == 2  # fmt: skip


def test_what_a_cut_import_left_is_mended_by_the_next(case: Path, tmp_path: Path) -> None:
    path = outside(case, tmp_path / "signed.pdf")
    paper(case).write_bytes(path.read_bytes())  # killed between the file and its event
    assert "report-mismatch" in found(case)
    report_signing.take(case, path)
    assert found(case) == {"pdf-signature-unchecked"}


def test_a_signed_file_to_which_more_was_added_is_not_taken_in(
    case: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = outside(case, tmp_path / "signed.pdf")
    good = report_signing.check(path.read_bytes(), [], datetime.now(UTC))
    assert good is not None
    more = good._replace(only_signed=False)  # as `test_whatever_else_was_added_is_told` has it told
    monkeypatch.setattr(report_signing, "check", lambda *_: more)
    before = issues(case)
    with pytest.raises(UsageError, match="more than signatures was added"):
        report_signing.take(case, path)
    assert issues(case) == before


def with_a_place(pdf: bytes) -> bytes:
    """Return a PDF with a field for a signature that page 1 shows."""
    from pyhanko.pdf_utils.incremental_writer import (  # noqa: PLC0415 # slow to import
        IncrementalPdfFileWriter,
    )
    from pyhanko.sign import fields  # noqa: PLC0415 # likewise

    writer, out = IncrementalPdfFileWriter(io.BytesIO(pdf)), io.BytesIO()
    spec = fields.SigFieldSpec("Seen", box=(0, 0, 595, 842), on_page=0)
    fields.append_signature_field(writer, spec)
    writer.write(out)  # type: ignore[no-untyped-call] # has no types
    return out.getvalue()


@pytest.mark.parametrize("name", ["itself", "other", "tail", "flipped", "seen", "nothing", "text"])
def test_what_is_not_the_report_with_signatures_is_refused(
    case: Path, tmp_path: Path, name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "given.pdf"
    own = paper(case).read_bytes()
    signed = outside(case, tmp_path / "signed.pdf").read_bytes()
    if name == "itself":
        path.write_bytes(own)
    elif name == "other":
        path.write_bytes(signed)
        reporting.report(case)  # the newest report is another one now
    elif name == "tail":
        path.write_bytes(own + b"%%EOF\n" * 3)
    elif name == "flipped":
        at = len(own) + signed[len(own) :].index(b"/ByteRange") + 40
        path.write_bytes(signed[:at] + bytes([signed[at] ^ 1]) + signed[at + 1 :])
    elif name == "seen":
        path.write_bytes(pades.sign(with_a_place(own), pades.identity(person().pem, None)))
    elif name == "text":
        path.write_bytes(b"no report\n")
    before = issues(case)
    ran = here(capsys, "report", str(case), "--import-signed", str(path))
    assert ran.code == 2
    assert ran.err.startswith("error: ")
    assert ("invisible field" in ran.err) == (name == "seen")
    assert issues(case) == before
    assert found(case) == set()


# ---- verified ----------------------------------------------------------------------------


def test_what_was_added_before_it_was_signed_is_told(case: Path, tmp_path: Path) -> None:
    """Whoever owns the key of the record can name any file: the signature does not cover it."""
    from pyhanko.pdf_utils.incremental_writer import (  # noqa: PLC0415 # slow to import
        IncrementalPdfFileWriter,
    )

    with paper(case).open("rb") as stream, (tmp_path / "changed.pdf").open("wb") as out:
        writer = IncrementalPdfFileWriter(stream)
        del writer.root["/Names"]
        writer.update_root()  # type: ignore[no-untyped-call] # has no types
        writer.write(out)  # type: ignore[no-untyped-call] # likewise
    changed = (tmp_path / "changed.pdf").read_bytes()
    paper(case).write_bytes(pades.sign(changed, pades.identity(person().pem, None)))
    assert "pdf-signature-bad" in found(case)


def test_without_the_extra_a_signature_is_unchecked(
    case: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, key: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    path = outside(case, tmp_path / "signed.pdf")
    report_signing.take(case, path)
    monkeypatch.setattr(pades, "installed", lambda: False)
    assert found(case) == {"pdf-signature-unchecked"}
    for option, file in (("--sign-with", key), ("--import-signed", path)):
        ran = here(capsys, "report", str(case), option, str(file))
        assert ran.code == 2
        assert "heroes-forensics[sign]" in ran.err


def test_a_file_of_roots_without_one_is_refused(
    case: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "none.pem").write_text("no certificate")
    ran = here(capsys, "verify", str(case), "--signer-roots", str(tmp_path / "none.pem"))
    assert ran.code == 2
    assert "none.pem" in ran.err
