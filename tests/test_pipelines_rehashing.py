"""Evidence read again against its record: the same, altered, cut, of other segments, a folder."""

import json
import shutil
import subprocess
from pathlib import Path

import pytest
from corpus import ROOT

from heroes_forensics import cli
from heroes_forensics.pipelines.checks import rebuilding

DEMO = ROOT / "heroes_forensics" / "demo" / "data"


def heroes(*arguments: object) -> int:
    return cli.run([str(each) for each in arguments])


def codes(
    case: Path, capsys: pytest.CaptureFixture[str], *evidence: object
) -> tuple[int, set[str]]:
    capsys.readouterr()
    options = [part for each in evidence for part in ("--evidence", each)]
    code = heroes("verify", case, "--json", *options)
    rows = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    found = {row["code"] for row in rows if row["type"] == "problem"}
    return code, found - {"unauthorised-work", "case-local-key", "unknown-signer"}


@pytest.fixture
def case(tmp_path: Path) -> Path:
    shutil.copy(DEMO / "demo.E01", tmp_path / "image.E01")
    scan = ("scan", tmp_path / "image.E01", "--case", tmp_path / "case", "--quiet")
    assert heroes(*scan, "--exhibit", "E-1") == 0
    return tmp_path / "case"


def test_the_same_evidence_agrees(case: Path, capsys: pytest.CaptureFixture[str]) -> None:
    image = case.parent / "image.E01"
    assert codes(case, capsys, image) == (7, set())
    assert codes(case, capsys, f"E-1/1={image}") == (7, set())
    assert codes(case, capsys, f"E-1={image}") == (7, set())  # it has one source
    assert heroes("verify", case, "--evidence", f"E-2={image}") == 2
    assert heroes("verify", case, "--evidence", image, "--rebuild-report") == 7
    said = " ".join(capsys.readouterr().out.split())
    assert "Looked at besides: the evidence; the newest report" in said
    assert "anchoring 0: nothing" in said
    assert codes(case / "custody", capsys, image) == (7, set())


def test_altered_evidence_does_not_agree(case: Path, capsys: pytest.CaptureFixture[str]) -> None:
    image = case.parent / "image.E01"
    data = bytearray(image.read_bytes())
    data[len(data) // 2] ^= 1
    image.write_bytes(data)
    code, found = codes(case, capsys, image)
    assert code in {6, 20}
    assert code == 20 or "evidence-mismatch" in found


@pytest.mark.skipif(shutil.which("ewfacquire") is None, reason="ewfacquire is not installed")
def test_other_segments_of_the_same_media_are_said(
    case: Path, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    """The media has the same digests; the files are others."""
    raw = tmp_path / "raw"
    subprocess.run(
        ["ewfexport", "-q", "-u", "-f", "raw", "-t", raw, case.parent / "image.E01"],
        check=True, capture_output=True,
    )  # fmt: skip
    subprocess.run(
        ["ewfacquire", "-q", "-u", "-S", "1048576", "-t", tmp_path / "again", f"{raw}.raw"],
        check=True, capture_output=True,
    )  # fmt: skip
    code, found = codes(case, capsys, tmp_path / "again.E01")
    assert (code, found) == (6, {"evidence-segments"})


@pytest.mark.skipif(shutil.which("ewfexport") is None, reason="ewfexport is not installed")
def test_another_image_has_other_digests(
    case: Path, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    """The media was written out, and one byte of it changed."""
    raw = tmp_path / "raw"
    subprocess.run(
        ["ewfexport", "-q", "-u", "-f", "raw", "-t", raw, case.parent / "image.E01"],
        check=True, capture_output=True,
    )  # fmt: skip
    data = bytearray((tmp_path / "raw.raw").read_bytes())
    data[-1] ^= 1
    (tmp_path / "raw.raw").write_bytes(data)
    code, found = codes(case, capsys, tmp_path / "raw.raw")
    assert code == 6
    assert found == {"evidence-mismatch", "evidence-segments"}


def test_a_folder_has_nothing_to_compare(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "files").mkdir()
    (tmp_path / "files" / "one").write_bytes(b"1")
    case = tmp_path / "case"
    assert heroes("scan", tmp_path / "files", "--case", case, "--quiet") == 0
    assert codes(case, capsys, tmp_path / "files") == (7, {"evidence-unchecked"})


def test_a_source_that_the_record_lacks_is_a_wrong_request(case: Path) -> None:
    card = case.parent / "card.raw"
    card.write_bytes(bytes(100_000))
    more = ("--case", case, "--exhibit", "E-2", "--as", "file", "--quiet")
    assert heroes("scan", card, *more) == 0
    assert heroes("verify", case, "--evidence", card) == 2
    assert heroes("verify", case, "--evidence", f"E-9/1={card}") == 2
    assert heroes("verify", case, "--evidence", f"E-1/1={case.parent / 'missing'}") == 20


def rebuilt(case: Path, capsys: pytest.CaptureFixture[str]) -> tuple[int, set[str]]:
    capsys.readouterr()
    code = heroes("verify", case / "custody", "--json", "--rebuild-report")
    rows = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    found = {row["code"] for row in rows if row["type"] == "problem"}
    return code, found - {"unauthorised-work", "case-local-key", "unknown-signer"}


@pytest.mark.parametrize("language", ["en", "de"])
def test_a_page_is_made_again_to_the_byte(
    language: str, case: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert heroes("report", case, "--language", language) == 0
    assert rebuilt(case, capsys) == (7, set())


def test_an_altered_page_or_model_is_another_one(
    case: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = case / "custody" / "report"
    for name in ("report.html", "report.json"):
        before = (folder / name).read_bytes()
        (folder / name).write_bytes(before.replace(b"E-1", b"E-2", 1))
        code, found = rebuilt(case, capsys)
        assert code == 6
        assert "report-mismatch" in found
        (folder / name).write_bytes(before)
    for model in (b"{}", b"[]", b"[" * 100_000, b"nonsense", b"null"):
        (folder / "report.json").write_bytes(model)
        assert "report-mismatch" in rebuilt(case, capsys)[1]


def test_the_page_of_another_version_is_not_compared(
    case: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rebuilding, "program_sha256", lambda: "5a" * 32)
    assert rebuilt(case, capsys) == (7, {"not-rebuilt"})
    (case / "custody" / "report" / "report.json").unlink()
    assert "not-rebuilt" in rebuilt(case, capsys)[1]
