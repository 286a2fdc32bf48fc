"""Where an export goes, under attack: links, swapped folders, full disks, names that collide."""

import errno
import os
import subprocess
from dataclasses import replace
from hashlib import md5
from pathlib import Path
from typing import Any, Final

import pytest
from report_example import FINDINGS
from scans import folder, scanned

from heroes_forensics import durable
from heroes_forensics.custody import private
from heroes_forensics.errors import StoppedError, UsageError
from heroes_forensics.pipelines.case import outgoing
from heroes_forensics.pipelines.handing import exporting
from heroes_forensics.pipelines.handing.exporting import export
from heroes_forensics.pipelines.handing.handing_out import ExportRequest
from heroes_forensics.pipelines.sets import importing
from heroes_forensics.reports import hashlists
from heroes_forensics.reports.disclosed import Disclosed
from heroes_forensics.reports.findings import Category

FILES: Final = {name: f"content of {name}\n".encode() for name in ("a", "b", "c")}


@pytest.fixture(scope="module")
def case(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("made")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("HEROES_HOME", str(made / "home"))
        table = made / "set.csv"
        digests = [md5(data, usedforsecurity=False).hexdigest() for data in FILES.values()]
        table.write_text("md5,category\n" + "".join(f"{text},1\n" for text in digests))
        importing.import_set(table, name="set", edition="1", kind="notable")
        scanned(made / "case", folder(made / "evidence", FILES), sets=("set",))
    return made / "case"


@pytest.fixture(autouse=True)
def home(case: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HEROES_HOME", str(case.parent / "home"))


def request(case: Path, out: Path, **changes: Any) -> ExportRequest:  # noqa: ANN401
    told = {"recipient": "A. Example", "organisation": "Office", "authority": "Gs 1"}
    return ExportRequest(case, out, justification="review", product="axiom", **(told | changes))


def ledger(case: Path) -> bytes:
    return (case / "custody" / "ledger.jsonl").read_bytes()


def _link(at: Path) -> None:
    (at.parent / "empty").mkdir(mode=0o755)
    at.symlink_to(at.parent / "empty")


PLACES: Final = {
    "a link to an empty folder": _link,
    "a link to nothing": lambda at: at.symlink_to(at.parent / "nowhere"),
    "a fifo": os.mkfifo,
    "a file": lambda at: at.write_text("mine"),
    "a folder with a hidden file": lambda at: (at.mkdir(), (at / ".mine").write_text("x")),
}


@pytest.mark.parametrize("make", PLACES.values(), ids=PLACES)
def test_a_destination_that_is_no_empty_folder_is_refused_before_the_record(
    make: Any,  # noqa: ANN401
    case: Path,
    tmp_path: Path,
) -> None:
    make(tmp_path / "out")
    before = ledger(case)
    with pytest.raises(UsageError, match="not an empty folder"):
        export(request(case, tmp_path / "out"))
    assert ledger(case) == before
    if (tmp_path / "empty").exists():
        assert (tmp_path / "empty").stat().st_mode & 0o777 == 0o755
        assert not list((tmp_path / "empty").iterdir())


def test_an_empty_folder_becomes_its_owners_alone(case: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    out.mkdir()
    out.chmod(0o755)
    export(request(case, out))
    assert out.stat().st_mode & 0o777 == 0o700


@pytest.mark.parametrize("below", ["out", "custody/out", "."])
def test_no_export_lies_in_the_folder_of_the_case(case: Path, below: str) -> None:
    before = ledger(case)
    with pytest.raises(UsageError, match=r"folder of the case|not an empty folder"):
        export(request(case, case / below))
    assert ledger(case) == before
    assert not (case / "custody" / "out").exists()


@pytest.mark.parametrize("how", ["link", "other"])
def test_a_folder_swapped_after_the_check_gets_nothing(
    case: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, how: str
) -> None:
    out, victim = tmp_path / "out", tmp_path / "victim"
    victim.mkdir()
    (victim / "SHA256SUMS").write_text("mine")
    record = exporting._record  # noqa: SLF001 - the moment between check and writing

    def swapped(*arguments: Any) -> None:  # noqa: ANN401
        record(*arguments)
        out.rename(tmp_path / "moved")
        if how == "link":
            out.symlink_to(victim)
        else:
            out.mkdir()

    monkeypatch.setattr(exporting, "_record", swapped)
    export(request(case, out))
    assert (victim / "SHA256SUMS").read_text() == "mine"
    assert [path.name for path in victim.iterdir()] == ["SHA256SUMS"]
    assert how == "link" or not list(out.iterdir())
    assert (tmp_path / "moved" / "SHA256SUMS").exists()


def test_a_folder_filled_after_the_check_gets_nothing(
    case: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = exporting._rows  # noqa: SLF001 - the moment between the two checks
    out = tmp_path / "out"

    def filled(*arguments: Any, **more: Any) -> Any:  # noqa: ANN401
        out.mkdir()
        (out / "mine").write_text("x")
        return rows(*arguments, **more)

    monkeypatch.setattr(exporting, "_rows", filled)
    before = ledger(case)
    with pytest.raises(UsageError, match="not an empty folder"):
        export(request(case, out))
    assert ledger(case) == before
    assert [path.name for path in out.iterdir()] == ["mine"]


def test_a_disk_that_fails_at_any_call_leaves_nothing_of_an_export(
    case: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real, write = durable._write, outgoing.write  # noqa: SLF001 - the hooks of faults
    reached = False
    for call in range(1, 20):
        left = call

        def full(descriptor: int, data: bytes) -> int:
            nonlocal left
            left -= 1
            if left == 0:
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
            return real(descriptor, data)

        def failing(descriptor: int, files: dict[str, bytes]) -> None:
            with pytest.MonkeyPatch.context() as patch:
                patch.setattr(durable, "_write", full)
                write(descriptor, files)

        monkeypatch.setattr(outgoing, "write", failing)
        out = tmp_path / f"out {call}"
        try:
            export(request(case, out))
        except StoppedError as error:
            assert error.exit_code == 5  # noqa: PT017 - and nothing is left
            assert not out.exists()
        else:
            reached = True
            break
    assert reached
    assert call > 2


@pytest.mark.parametrize("text", ["", " ", "A\nB", "A\x1b[31m", "A\u202eB", "A\x00"])
@pytest.mark.parametrize("name", ["recipient", "organisation", "authority"])
def test_a_recipient_is_one_line_of_plain_text(
    case: Path, tmp_path: Path, name: str, text: str
) -> None:
    before = ledger(case)
    with pytest.raises(UsageError, match=f"--{name} is missing"):
        export(request(case, tmp_path / "out", **{name: text}))
    assert ledger(case) == before


def _row(number: int, scheme: str, code: str) -> Disclosed:
    finding = replace(
        FINDINGS[0],
        number=f"F-{number:06d}",
        category=replace(_category(), scheme=scheme, code=code),
    )
    return Disclosed(finding, bytes(16), bytes(20), bytes(32), "image/png", 0, ("md5",), "", "")


def _category() -> Category:
    return FINDINGS[0].category


def test_categories_never_share_a_file() -> None:
    codes = [
        *(("vics", "1"), ("VICS", "1"), ("a", "b-c"), ("a-b", "c"), ("", ""), ("", "none")),
        *(("", "other-1"), ("", "../x"), ("", "=1"), ("", "\x1b"), ("", "a\nb"), ("", "NONE")),
    ]
    groups = hashlists.by_category(
        [_row(number, scheme, code) for number, (scheme, code) in enumerate(codes)]
    )
    assert len(groups) == len(codes)
    assert len({name.lower() for name in groups}) == len(codes)
    assert all(len(rows) == 1 for rows in groups.values())
    assert groups["none"][0].finding.category.code == ""


def test_the_list_of_files_gets_its_name_last(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever finds ``SHA256SUMS`` after a kill finds every file that it lists."""
    order: list[str] = []
    real = durable.rename

    def rename(source: Path, target: Path, *, what: str = "") -> None:
        order.append(target.name)
        real(source, target, what=what)

    monkeypatch.setattr(durable, "rename", rename)
    with outgoing.held(tmp_path / "out") as folder, outgoing.streamed(folder) as write:
        for name in ("items.csv", "more.csv", "SHA256SUMS"):
            write(name, [b"x"])
        assert not order
    assert order == ["items.csv", "more.csv", "SHA256SUMS"]


def test_what_a_killed_process_left_beside_a_file_goes(tmp_path: Path) -> None:
    with subprocess.Popen(["true"]) as ended:
        pass
    left, another = (tmp_path / f".one.json.{pid}.new" for pid in (ended.pid, os.getppid()))
    for path in (left, another):
        path.write_bytes(b"AGE-SECRET-KEY or a name")
    with outgoing.file(tmp_path / "one.json") as write:
        assert not left.exists()
        write(b"whole")
    assert {path.name for path in tmp_path.iterdir()} == {"one.json", another.name}
    left.write_bytes(b"AGE-SECRET-KEY")
    private.replace(tmp_path / "one.json", b"{}")
    assert {path.name for path in tmp_path.iterdir()} == {"one.json", another.name}
