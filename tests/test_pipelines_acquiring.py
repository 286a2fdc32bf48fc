"""Acquisition logs in a scan: what is compared, recorded, told, refused; never a name."""

import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

import acquisition_logs as logs
import pytest
from cli_runner import here
from corpus import ROOT

from heroes_forensics.custody import verify_custody
from heroes_forensics.parsers.acquisition.stated import MAX_BYTES
from heroes_forensics.pipelines.evidence import acquiring
from heroes_forensics.pipelines.runs import resuming

DEMO = ROOT / "heroes_forensics" / "demo" / "data" / "demo.E01"
SIZE = 16777216
needs_ewf = pytest.mark.skipif(shutil.which("ewfacquire") is None, reason="no ewfacquire")


def stored() -> tuple[str, str]:
    """Return the MD5 and SHA-1 that the demonstration image holds."""
    from storage_images import opened  # noqa: PLC0415 - imports every parser

    found = {row.algorithm: row.value.hex() for row in opened(DEMO).stored_digests}
    return found["md5"], found["sha1"]


@pytest.fixture(scope="module")
def good() -> str:
    md5, sha1 = stored()
    return logs.ftk(md5=md5, sha1=sha1, segments=("demo.E01",))


def scan(capsys: pytest.CaptureFixture[str], case: Path, *more: object) -> tuple[int, Any]:
    fixed = ("scan", DEMO, "--case", case, "--quiet", "--json")
    ran = here(capsys, *[str(each) for each in (*fixed, *more)])
    assert logs.MARKED not in ran.out + ran.err
    return ran.code, ran.rows()[-1] if ran.out else ran.err


def events(case: Path, kind: str) -> list[dict[str, Any]]:
    rows = (case / "custody" / "ledger.jsonl").read_text().splitlines()
    return [row["body"] for row in map(json.loads, rows) if row["type"] == kind]


def everything(case: Path) -> bytes:
    return b"".join(path.read_bytes() for path in case.rglob("*") if path.is_file())


def test_a_log_that_fits_is_compared_recorded_and_reported(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], good: str
) -> None:
    (tmp_path / "demo.E01.txt").write_text(good, encoding="utf-16")
    case = tmp_path / "case"
    described = ("--reference", "2026/117", "--exhibit-field", "lims=ev-9")
    code, row = scan(capsys, case, "--acquisition-log", tmp_path / "demo.E01.txt", *described)
    assert (code, row["integrity"]) == (0, {"EX-1/1": "match"})
    by_container, by_log = events(case, "evidence.acquired")
    assert (by_container["method"], by_container["version"]) == ("container", "6.19")
    assert (by_log["program"], by_log["version"]) == ("FTK Imager", "4.5.0.3")
    assert (by_log["started_local"], by_log["zone"]) == ("2026-11-07T20:20:36", "not stated")
    assert by_log["agrees"] == {
        "case_number": "same", "evidence_number": "same", "segments": "same",
        "serial": "unstated", "verified": "same",
    }  # fmt: skip
    digest = subprocess.run(
        ["sha256sum", tmp_path / "demo.E01.txt"], capture_output=True, text=True, check=True
    ).stdout.split()[0]
    assert by_log["log_sha256"] == digest
    (verified,) = events(case, "evidence.verified")
    expected = [d for d in verified["digests"] if d["expected_source"] == "acquisition-log"]
    assert {d["alg"] for d in expected} == {"md5", "sha1"}
    assert all(d["computed"] == d["expected"] for d in expected)
    report = json.loads((case / "custody/report/report.json").read_text())
    source = report["exhibits"][0]["sources"][0]
    assert [a["stated_by"] for a in source["acquisitions"]] == ["container", "acquisition-log"]
    assert source["acquisitions"][1]["log_sha256"] == digest
    page = (case / "custody/report/report.html").read_text()
    assert "How the images were made" in page
    assert "FTK Imager 4.5.0.3" in page
    assert logs.MARKED.encode() not in everything(case)
    assert here(capsys, "verify", str(case)).code == 7
    assert verify_custody.main([str(case / "custody")]) == 7


def test_a_log_with_another_digest_is_an_alarm(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], good: str
) -> None:
    log = tmp_path / "log.txt"
    log.write_text(good.replace(stored()[0], logs.MD5))
    code, row = scan(capsys, tmp_path / "case", "--acquisition-log", log)
    assert (code, row["integrity"]) == (6, {"EX-1/1": "mismatch"})
    (verified,) = events(tmp_path / "case", "evidence.verified")
    wrong = [d for d in verified["digests"] if d.get("expected") not in {None, d["computed"]}]
    assert [(d["alg"], d["expected_source"]) for d in wrong] == [("md5", "acquisition-log")]


REFUSED = {
    "another size": (logs.ftk(sectors=99), "is that of media of 50,688 bytes, and demo.E01 has"),
    "no log": ("nothing", "it is no acquisition log that is understood"),
    "two logs": (logs.ftk() + logs.ftk(md5="ee" * 16), "log of more than one acquisition"),
    "too long": ("x" * (MAX_BYTES + 1), "is larger than any acquisition log"),
}


@pytest.mark.parametrize(("text", "message"), REFUSED.values(), ids=REFUSED)
def test_what_cannot_be_its_log_is_refused_before_anything_is_written(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], text: str, message: str
) -> None:
    log = tmp_path / "log.txt"
    log.write_text(text)
    ran = here(capsys, "scan", str(DEMO), "--case", str(tmp_path / "case"), "-q",
               "--acquisition-log", str(log))  # fmt: skip
    assert ran.code == 2
    assert message in ran.err
    assert "hint:" in ran.err
    assert not (tmp_path / "case").exists()


@pytest.mark.parametrize("what", ["missing", "a folder", "a pipe"])
def test_what_is_no_file_is_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], what: str
) -> None:
    log = tmp_path / "log.txt"
    if what == "a folder":
        log.mkdir()
    elif what == "a pipe":
        subprocess.run(["mkfifo", log], check=True)
    ran = here(capsys, "scan", str(DEMO), "--case", str(tmp_path / "case"), "-q",
               "--acquisition-log", str(log))  # fmt: skip
    assert (ran.code, "the acquisition log log.txt" in ran.err) == (2, True)


def test_a_folder_has_no_acquisition_log(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "files").mkdir()
    (tmp_path / "log.txt").write_text(logs.ftk())
    ran = here(capsys, "scan", str(tmp_path / "files"), "--case", str(tmp_path / "case"), "-q",
               "--acquisition-log", str(tmp_path / "log.txt"))  # fmt: skip
    assert (ran.code, "is that of an image, and files is none" in ran.err) == (2, True)


def test_a_log_beside_the_image_is_taken_when_asked_for_and_named_when_not(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], good: str
) -> None:
    image = tmp_path / "disk.E01"
    shutil.copy(DEMO, image)
    (tmp_path / "disk.txt").write_text(good)
    fixed = ("scan", str(image), "--json", "--quiet", "--no-perceptual")
    left = here(capsys, *fixed, "--case", str(tmp_path / "left"))
    assert any("disk.txt lies beside disk.E01" in n for n in left.rows()[-1]["notes"])  # type: ignore[attr-defined]
    assert len(events(tmp_path / "left", "evidence.acquired")) == 1
    taken = here(capsys, *fixed, "--case", str(tmp_path / "taken"), "--acquisition-log", "auto")
    assert any("may have been renamed" in n for n in taken.rows()[-1]["notes"])  # type: ignore[attr-defined]
    assert len(events(tmp_path / "taken", "evidence.acquired")) == 2
    (tmp_path / "disk.txt").unlink()
    none = here(capsys, *fixed, "--case", str(tmp_path / "none"), "--acquisition-log", "auto")
    assert (none.code, "no acquisition log lies beside disk.E01" in none.out + none.err) == (
        2,
        True,
    )


@needs_ewf
def test_a_real_log_of_ewfacquire_agrees_with_its_image(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "in.raw").write_bytes(bytes(range(256)) * 4000 + b"end")
    done = subprocess.run(
        ["ewfacquire", "-u", "-l", "acquired.log", "-d", "sha1,sha256", "-t", "img", "in.raw"],
        cwd=tmp_path, capture_output=True, text=True, check=True,
    )  # fmt: skip
    (tmp_path / "printed.log").write_text(done.stdout)
    given = [f"--acquisition-log={tmp_path / name}" for name in ("acquired.log", "printed.log")]
    case = tmp_path / "case"
    ran = here(
        capsys, "scan", str(tmp_path / "img.E01"), "--case", str(case), "-q", "--json", *given
    )
    assert ran.rows()[-1]["integrity"] == {"EX-1/1": "match"}
    _, _, printed = events(case, "evidence.acquired")
    assert (printed["program"], printed["finished"], printed["bad_sectors"]) == (
        "ewfacquire",
        True,
        0,
    )
    (verified,) = events(case, "evidence.verified")
    origins = {(d["alg"], d["expected_source"]) for d in verified["digests"]}
    assert {(alg, "acquisition-log") for alg in ("md5", "sha1", "sha256")} <= origins


def test_a_run_that_was_interrupted_still_compares_with_its_logs(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], good: str
) -> None:
    log, case = tmp_path / "log.txt", tmp_path / "case"
    log.write_text(good)
    code, row = scan(capsys, case, "--acquisition-log", log, "--budget", "0.001s")
    assert (code, row["cause"]) == (3, "budget")
    log.unlink()
    other = here(
        capsys, "scan", "--case", str(case), "--resume", "-q", "--acquisition-log", str(log)
    )
    assert (other.code, "was not begun with this acquisition log" in other.err) == (2, True)
    on = here(capsys, "scan", "--case", str(case), "--resume", "-q", "--json")
    assert on.rows()[-1]["integrity"] == {"EX-1/1": "match"}
    (verified,) = events(case, "evidence.verified")
    assert "acquisition-log" in {d["expected_source"] for d in verified["digests"]}
    assert len(events(case, "evidence.acquired")) == 2


def test_a_run_goes_on_with_the_logs_it_was_begun_with(tmp_path: Path) -> None:
    log = tmp_path / "log.txt"
    log.write_text(logs.ftk())
    (digest,) = acquiring.digests_of([f"1:{log}", "auto"])
    config: dict[str, object] = {"acquisition_logs": [[{"sha256": digest}], []]}
    assert resuming.logs_of(config, 0) == [{"sha256": digest}]
    assert resuming.logs_of(config, 1) == resuming.logs_of({}, 0) == []


def test_a_batch_gives_each_source_its_log(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], good: str
) -> None:
    shutil.copy(DEMO, tmp_path / "demo.E01")
    (tmp_path / "made.txt").write_text(good)
    (tmp_path / "plan.csv").write_text("exhibit,source,acquisition_log\nE-1,demo.E01,made.txt\n")
    ran = here(capsys, "batch", str(tmp_path / "plan.csv"), "--quiet", "--json")
    assert ran.rows()[0]["integrity"] == {"E-1/1": "match"}
    assert len(events(tmp_path / "cases" / "E-1", "evidence.acquired")) == 2
    again = here(capsys, "batch", str(tmp_path / "plan.csv"), "--quiet", "--json")
    assert again.rows()[0]["did"] == "finished before"
    (tmp_path / "made.txt").write_text(good + "\n")
    other = here(capsys, "batch", str(tmp_path / "plan.csv"), "--quiet", "--json")
    assert "other acquisition logs" in other.out
