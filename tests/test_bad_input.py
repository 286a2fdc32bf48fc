"""Bad input through the command line: the exit code, one clear sentence, a hint, nothing lost."""

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from scans import DEMO, NOTABLE, demo_scan, folder

from heroes_forensics.pipelines.case import cases
from heroes_forensics.pipelines.checks import verifying, views

HEROES = str(Path(sys.executable).with_name("heroes"))


def heroes(*arguments: object) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [HEROES, *map(str, arguments)],
        capture_output=True,
        check=False,
        text=True,
        stdin=subprocess.DEVNULL,
        timeout=120,
    )


def refused(done: subprocess.CompletedProcess[str], code: int, *words: str) -> None:
    """Assert one sentence about the thing, one hint, the exit code, and no result."""
    assert done.returncode == code, done.stderr
    assert done.stdout == ""
    lines = [line for line in done.stderr.splitlines() if line.startswith(("error:", "hint:"))]
    assert [line.split(":")[0] for line in lines] == ["error", "hint"], done.stderr
    assert "Traceback" not in done.stderr
    for word in words:
        assert word in lines[0]


def test_no_such_file(tmp_path: Path) -> None:
    done = heroes("scan", tmp_path / "none.E01", "--case", tmp_path / "case")
    refused(done, 20, "none.E01")
    assert not (tmp_path / "case").exists()


def test_an_empty_file(tmp_path: Path) -> None:
    (tmp_path / "empty.dd").touch()
    refused(heroes("scan", tmp_path / "empty.dd", "--case", tmp_path / "case"), 20, "empty")
    assert not (tmp_path / "case").exists()


def test_not_an_image(tmp_path: Path) -> None:
    (tmp_path / "disk.dd").write_bytes(os.urandom(100_000))
    done = heroes("scan", tmp_path / "disk.dd", "--case", tmp_path / "case")
    refused(done, 20, "disk.dd", "not an image")
    assert "--as image" in done.stderr


def test_an_unrecognised_image_can_be_recorded_as_one_gap(tmp_path: Path) -> None:
    (tmp_path / "disk.dd").write_bytes(os.urandom(100_000))
    done = heroes("scan", tmp_path / "disk.dd", "--as", "image", "--case", tmp_path / "case")
    assert done.returncode == 3
    assert "NOT EXAMINABLE" in done.stdout


def test_a_missing_segment(tmp_path: Path) -> None:
    data = DEMO.read_bytes()
    for name in ("disk.E01", "disk.E02", "disk.E04"):
        (tmp_path / name).write_bytes(data)
    refused(heroes("scan", tmp_path / "disk.E01", "--case", tmp_path / "case"), 20, "disk", "3")


def test_a_malformed_set_names_file_and_line(tmp_path: Path) -> None:
    good = "900150983cd24fb0d6963f7d28e17f72  a\n"
    (tmp_path / "list.md5").write_text(good + "zz\n" * 20 + good)
    done = heroes("scan", DEMO, "--set", tmp_path / "list.md5", "--case", tmp_path / "case")
    refused(done, 30, "list.md5", "2")
    assert not (tmp_path / "case").exists()


def test_a_set_that_is_cut_short(tmp_path: Path) -> None:
    whole = NOTABLE.read_bytes()
    (tmp_path / "cut.json").write_bytes(whole[: len(whole) // 2])
    refused(
        heroes("scan", DEMO, "--set", tmp_path / "cut.json", "--case", tmp_path / "case"),
        30, "cut.json",
    )  # fmt: skip


def test_an_unknown_category_code_is_kept_and_said(tmp_path: Path) -> None:
    text = NOTABLE.read_text().replace('"Category":1', '"Category":77')
    text = text.replace('"Category": 1', '"Category": 77')
    assert "77" in text
    (tmp_path / "odd.json").write_text(text)
    done = heroes("scan", DEMO, "--set", tmp_path / "odd.json", "--case", tmp_path / "case")
    assert done.returncode == 0
    assert "category 77" in done.stdout
    assert "without a mapping" in done.stdout


def test_a_case_directory_that_cannot_be_written() -> None:
    refused(heroes("scan", DEMO, "--case", "/proc/heroes-case"), 2, "/proc/heroes-case")


def test_a_case_directory_with_something_else_in_it(tmp_path: Path) -> None:
    folder(tmp_path, {"thesis.txt": b"years of work"})
    refused(heroes("scan", DEMO, "--case", tmp_path), 2, "neither empty nor a case")
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.txt"]


def test_a_second_run_while_the_first_holds_the_case(tmp_path: Path) -> None:
    demo_scan(tmp_path / "case")
    other = folder(tmp_path / "other", {"a": b"1"})
    with cases.opened(tmp_path / "case"):
        refused(heroes("scan", other, "--case", tmp_path / "case"), 4, "in use by process")
    assert verifying.verify(tmp_path / "case")["exit_code"] in {0, 7}


def test_a_second_run_on_the_same_source(tmp_path: Path) -> None:
    demo_scan(tmp_path / "case")
    refused(heroes("scan", DEMO, "--case", tmp_path / "case"), 2, "EX-1/1")


def test_an_unreadable_directory_is_a_gap_and_the_rest_is_examined(
    tmp_path: Path, tool: Callable[[str], str]
) -> None:
    tree = folder(tmp_path / "tree", {"a": b"1", "locked/b": b"2", "z": b"3"})
    (tree / "locked").chmod(0)
    # Root reads everything, unless it gives that up.
    bound = [tool("setpriv"), "--bounding-set", "-dac_override,-dac_read_search"]
    try:
        scan = [HEROES, "scan", str(tree), "--case", str(tmp_path / "case")]
        done = subprocess.run(
            [*(bound if os.geteuid() == 0 else []), *scan],
            capture_output=True,
            check=False,
            text=True,
        )
    finally:
        (tree / "locked").chmod(0o700)
    assert done.returncode == 3, done.stderr
    codes = {row["code"] for row in views.gaps(tmp_path / "case")}
    assert codes == {"directory.unreadable"}
    names = sum(1 for row in views.inventory(tmp_path / "case") if row["sha256"])
    assert names == 2


def test_a_verb_on_what_is_no_case(tmp_path: Path) -> None:
    for verb in ("findings", "inventory", "status", "report"):
        refused(heroes(verb, tmp_path), 2, "case")
    refused(heroes("verify", tmp_path), 20, "bundle")


@pytest.mark.parametrize("verb", ["status", "inventory", "findings", "report", "verify", "scan"])
def test_a_name_that_no_file_can_have(verb: str, tmp_path: Path) -> None:
    evidence = [DEMO, "--case"] if verb == "scan" else []
    done = heroes(verb, *evidence, tmp_path / ("a" * 300))
    refused(done, 2, "cannot be reached")
    (tmp_path / "loop").symlink_to("loop")
    refused(heroes(verb, *evidence, tmp_path / "loop" / "x"), 2, "cannot be reached")
    refused(heroes("scan", tmp_path / ("a" * 300), "--case", tmp_path / "c"), 20, "be reached")
    refused(heroes("scan", DEMO, "--case", tmp_path / "c", "--set", "a" * 300), 2, "no such")


def test_a_folder_that_may_not_be_entered(tmp_path: Path, tool: Callable[[str], str]) -> None:
    shut = folder(tmp_path / "shut", {"case/case.db": b"", "image": b"1"})
    shut.chmod(0)
    case = tmp_path / "case"
    # Root enters every folder, unless it gives that up.
    bound = [tool("setpriv"), "--bounding-set", "-dac_override,-dac_read_search"]
    try:
        for arguments, code in (
            (["status", shut / "case"], 2),
            (["verify", shut / "case"], 2),
            (["scan", shut / "image", "--case", case], 20),
            (["scan", DEMO, "--case", shut / "case"], 2),
        ):
            done = subprocess.run(
                [*(bound if os.geteuid() == 0 else []), HEROES, *map(str, arguments)],
                capture_output=True,
                check=False,
                text=True,
            )
            refused(done, code, "cannot be reached: Permission denied")
    finally:
        shut.chmod(0o700)


def test_a_case_whose_ledger_was_edited_is_not_written_to(tmp_path: Path) -> None:
    case = tmp_path / "case"
    demo_scan(case)
    ledger = case / "custody/ledger.jsonl"
    ledger.write_bytes(ledger.read_bytes().replace(b'"sealed"', b'"clear"', 1))
    before = ledger.read_bytes()
    other = folder(tmp_path / "other", {"a": b"1"})
    done = heroes("scan", other, "--case", case)
    assert done.returncode == 6
    assert ledger.read_bytes() == before
    assert heroes("verify", case).returncode == 6


def test_a_damaged_database_is_said_in_one_sentence(tmp_path: Path) -> None:
    case = tmp_path / "case"
    demo_scan(case)
    shutil.copyfile(DEMO, case / "case.db")
    for suffix in ("-wal", "-shm"):
        (case / f"case.db{suffix}").unlink(missing_ok=True)
    done = heroes("findings", case)
    assert done.returncode == 6
    assert "Traceback" not in done.stderr


def test_whatever_the_umask_a_case_is_for_its_owner_alone(tmp_path: Path) -> None:
    before = os.umask(0)
    try:
        assert heroes("scan", DEMO, "--case", tmp_path / "case").returncode == 0
    finally:
        os.umask(before)
    open_ones = [path for path in tmp_path.rglob("*") if path.stat().st_mode & 0o077]
    assert open_ones == []
