"""``heroes batch`` as a person sees it: the rows, the check, what is refused, who stops reading."""

import subprocess
from pathlib import Path

import pytest
from batches import written
from cli_runner import PROGRAM, here
from scans import folder


def manifest(root: Path) -> Path:
    exhibits: list[dict[str, object]] = [
        {"label": "E-1", "sources": [str(folder(root / "one", {"a": b"a"}))]},
        {"label": "E-2", "sources": ["absent.dd"]},
        {"label": "E-3", "sources": [str(folder(root / "three", {"b": b"b"}))]},
    ]
    return written(root, exhibits)


def test_the_rows_are_read_by_people(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    ran = here(capfd, "batch", str(manifest(tmp_path)))
    lines = ran.out.splitlines()
    assert lines[0].split()[:4] == ["E-1", "scanned", "0", "complete"]
    assert lines[1].strip() == str(tmp_path / "cases/E-1/custody/report/report.html")
    assert lines[2].split() == ["E-2", "failed", "20"]
    assert "3 exhibits: 2 examined, 1 failed" in lines
    assert lines[-1].endswith("exit code 20")
    assert ran.code == 20
    assert "exhibit E-3 (3 of 3)" in ran.err


def test_what_ends_a_scan_is_said_once(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    exhibit: dict[str, object] = {"label": "E-1", "sources": ["absent.dd"]}
    ran = here(capfd, "batch", str(written(tmp_path, [exhibit])), "--quiet")
    assert (ran.code, ran.err) == (20, "")
    assert ran.out.count("absent.dd") == 1


def test_a_check_examines_nothing(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    ran = here(capsys, "batch", str(manifest(tmp_path)), "--check")
    assert (ran.code, ran.err) == (0, "")
    assert ran.out.splitlines()[0] == f"E-1: {tmp_path / 'cases/E-1'}"
    assert not (tmp_path / "cases").exists()
    rows = here(capsys, "batch", str(manifest(tmp_path)), "--check", "--json").rows()
    assert [row["exhibit"] for row in rows] == ["E-1", "E-2", "E-3"]


def test_a_manifest_that_makes_no_sense_begins_nothing(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "b.yaml"
    path.write_text("exhibits:\n  - label: E-1\n    sources: [a]\n    sorces: [b]\n")
    ran = here(capsys, "batch", str(path))
    assert (ran.code, ran.out) == (2, "")
    assert ran.err.startswith("error: the manifest b.yaml: exhibit 1: there is no field sorces\n")
    assert list(tmp_path.iterdir()) == [path]


def test_a_full_disk_behind_standard_output_ends_no_batch(tmp_path: Path) -> None:
    with Path("/dev/full").open("wb") as full:
        done = subprocess.run(
            [*PROGRAM, "batch", str(manifest(tmp_path)), "--quiet"],
            stdin=subprocess.DEVNULL,
            stdout=full,
            stderr=subprocess.PIPE,
            timeout=120,
            check=False,
        )
    assert done.returncode == 5
    assert b"cannot be written to standard output" in done.stderr
    assert (tmp_path / "cases/E-3/custody/report/report.html").exists()
