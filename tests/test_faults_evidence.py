"""Faults of evidence, through whole scans: rows 25, 27 and 32 to 40 of docs/faults.md."""

import base64
import csv
import json
import os
import random
import struct
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path

import pytest
from cli_runner import process
from filesystem_images import (
    ODD_NAMES,
    Bytes,
    ext_image,
    listed,
    ntfs_image,
    ntfs_put,
    odd,
    run,
)
from scans import Noted, folder, scanned

from heroes_forensics.model import JSON
from heroes_forensics.parsers.filesystems.locators import parse_locator
from heroes_forensics.parsers.filesystems.tsk import open_tsk
from heroes_forensics.pipelines.case.watch import Progress
from heroes_forensics.pipelines.checks import verifying, views

SIZE = 3000


def codes(case: Path) -> set[str]:
    return {str(row["code"]) for row in views.gaps(case)}


def paths(case: Path) -> dict[bytes, JSON]:
    """Return the files and links of a case by the bytes of their paths."""
    found = {}
    for row in views.inventory(case):
        text = row.get("path_b64")
        path = base64.b64decode(str(text)) if text else str(row["path"]).encode()
        found[path] = row
    return found


def closes(case: Path) -> bool:
    equation = views.status(case)["equation"]
    assert isinstance(equation, dict)
    return bool(equation["closes"])


# ---- 25: evidence that changes ---------------------------------------------------------------


def overwritten(image: Path) -> None:
    with image.open("r+b") as stream:
        stream.seek(-512, os.SEEK_END)
        stream.write(bytes(512))


def cut(image: Path) -> None:
    os.truncate(image, image.stat().st_size // 2)


def replaced(image: Path) -> None:
    other = image.with_suffix(".other")
    other.write_bytes(image.read_bytes())
    other.replace(image)


CHANGES: dict[str, Callable[[Path], None]] = {
    "overwritten": overwritten,
    "cut": cut,
    "replaced": replaced,
    "touched": os.utime,
}


@pytest.mark.parametrize("change", CHANGES)
def test_evidence_that_changes_while_it_is_read_is_an_alarm(change: str, tmp_path: Path) -> None:
    files = {f"{n:03}": random.Random(n).randbytes(SIZE) for n in range(200)}  # noqa: S311 - content
    image = ext_image(tmp_path, lambda tree: folder(tree, files))
    done: list[str] = []

    def disturb(progress: Progress) -> None:
        if not done and progress.stage == "reading":
            done.append(progress.stage)
            CHANGES[change](image)

    case = tmp_path / "case"
    result = scanned(case, image, watch=Noted(disturb))
    assert done
    assert result.exit_code == 6
    assert result.report is not None
    assert '"type":"evidence.changed"' in (case / "custody/ledger.jsonl").read_text()
    assert len(list(views.inventory(case))) >= len(files)
    assert verifying.verify(case)["exit_code"] == 7
    page = json.loads((case / "custody/report/report.json").read_bytes())
    assert "changed" in json.dumps(page["exhibits"][0]["sources"])


# ---- 27: cut ---------------------------------------------------------------------------------


def test_an_image_cut_to_40_percent_keeps_what_is_there(tmp_path: Path) -> None:
    files = {f"{n:03}": random.Random(n).randbytes(100_000) for n in range(40)}  # noqa: S311 - content
    image = ext_image(tmp_path, lambda tree: folder(tree, files))
    os.truncate(image, image.stat().st_size * 2 // 5)
    case = tmp_path / "case"
    result = scanned(case, image, names="clear")
    assert result.exit_code == 3
    assert "volume.truncated" in codes(case)
    assert closes(case)
    rows = paths(case)
    whole = {name for name, data in files.items() if _is(rows[name.encode()], data)}
    lost = {name for name in files if rows[name.encode()]["status"] == "gap"}
    assert whole
    assert lost
    assert whole | lost == set(files)


def _is(row: JSON, data: bytes) -> bool:
    return row["sha256"] == sha256(data).hexdigest() and row["status"] == "done"


# ---- 32: encrypted ---------------------------------------------------------------------------


@pytest.mark.parametrize("head", [b"LUKS\xba\xbe\x00\x01", b"\xeb\x58\x90-FVE-FS-\0\2\x08\0\0"])
def test_an_encrypted_volume_is_one_gap_and_said_on_the_first_page(
    head: bytes, tmp_path: Path
) -> None:
    image = tmp_path / "image.raw"
    image.write_bytes(head.ljust(1 << 20, b"\0"))
    case = tmp_path / "case"
    result = scanned(case, image)
    assert result.exit_code == 3
    assert codes(case) == {"volume.encrypted"}
    report = json.loads((case / "custody/report/report.json").read_bytes())
    assert report["exhibits"][0]["verdict"]["word"] == "not-examinable"


# ---- 33: loops and depth ---------------------------------------------------------------------


DEPTH = 5000


def deep_image(home: Path) -> Path:
    """Make an ext volume of one directory in another; no path on this machine is so long."""
    image = home / "deep.raw"
    run("mke2fs", "-q", "-t", "ext4", "-b", "1024", "-N", str(DEPTH + 500), image, "24M")
    (home / "deepest").write_bytes(b"deep")
    words = "mkdir d\ncd d\n" * DEPTH + f"write {home / 'deepest'} deepest\n"
    run("debugfs", "-w", "-f", "/dev/stdin", image, stdin=words.encode())
    return image


def deep_folder(home: Path, depth: int) -> None:
    inner = os.open(home, os.O_RDONLY)
    for _ in range(depth):
        os.mkdir("d", dir_fd=inner)
        deeper = os.open("d", os.O_RDONLY, dir_fd=inner)
        os.close(inner)
        inner = deeper
    file = os.open("deepest", os.O_CREAT | os.O_WRONLY, dir_fd=inner)
    os.write(file, b"deep")
    os.close(file)
    os.close(inner)


def test_a_directory_linked_into_itself_is_noted_and_entered_once(tmp_path: Path) -> None:
    image = ext_image(tmp_path, lambda tree: folder(tree, {"d/a": b"a", "z": b"z"}))
    run("debugfs", "-w", "-R", "ln d d/again", image)
    case = tmp_path / "case"
    result = scanned(case, image, names="clear")
    rows = paths(case)
    assert "cycle" in rows[b"d/again"]["flags"]  # type: ignore[operator]
    assert b"d/again/a" not in rows
    assert {row["status"] for path, row in rows.items() if path in {b"d/a", b"z"}} == {"done"}
    assert result.exit_code == 0
    assert closes(case)


def test_a_tree_5000_deep_ends_with_a_gap_and_its_last_file_is_examined(tmp_path: Path) -> None:
    """Below the limit the sweep of the inode table finds what no walk reaches."""
    case = tmp_path / "case"
    result = scanned(case, deep_image(tmp_path))
    assert result.exit_code == 3
    assert "directory.depth" in codes(case)
    assert closes(case)
    rows = list(views.inventory(case))
    assert sum(row["kind"] == "directory" for row in rows) >= DEPTH
    assert sha256(b"deep").hexdigest() in {row["sha256"] for row in rows}


def test_a_folder_deeper_than_the_limit_ends_with_a_gap(tmp_path: Path) -> None:
    home = tmp_path / "tree"
    home.mkdir()
    deep_folder(home, 600)
    (home / "zz").write_bytes(b"z")
    case = tmp_path / "case"
    result = scanned(case, home)
    assert result.exit_code == 3
    assert "directory.depth" in codes(case)
    assert closes(case)
    assert sha256(b"z").hexdigest() in {row["sha256"] for row in views.inventory(case)}


# ---- 34: links -------------------------------------------------------------------------------


def test_links_are_on_record_and_lead_nowhere(tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_bytes(b"outside of the evidence")

    def fill(tree: Path) -> None:
        folder(tree, {"d/a": b"inside"})
        for name, target in {
            "absolute": str(secret),
            "up": "../../../../../../etc/passwd",
            "self": "self",
            "folder": "/",
        }.items():
            (tree / name).symlink_to(target)

    image = ext_image(tmp_path, fill)
    outside = {sha256(path.read_bytes()).hexdigest() for path in (secret, Path("/etc/passwd"))}
    for number, source in enumerate((image, tmp_path / "tree")):
        case = tmp_path / f"case{number}"
        result = scanned(case, source, names="clear")
        rows = paths(case)
        for name in (b"absolute", b"up", b"self", b"folder"):
            assert rows[name]["kind"] == "symlink"
            assert rows[name]["sha256"] is None
        assert not outside & {str(row["sha256"]) for row in rows.values()}
        assert result.exit_code == 0


# ---- 35 to 38: names -------------------------------------------------------------------------

FORMULAS = [b"=1+1", b"+1", b"-1", b"@SUM(A1)", b"\tx", b'"quoted",\r', b"<script>alert(1)<", b"'x"]
TWINS = [
    "é".encode(),
    "e\u0301".encode(),
    b"NAME.JPG",
    b"name.jpg",
    "ﬁ".encode(),
    b"fi",
    "ß".encode(),
    b"ss",
]


def many_names(tree: Path) -> None:
    odd(tree)
    home = os.fsencode(tree)
    for number, name in enumerate([*FORMULAS, *TWINS, b"a\xe2\x80\x8bb", "\u05d0.jpg".encode()]):
        Path(os.fsdecode(home + b"/" + name)).write_bytes(b"%d of the others" % number)


@pytest.fixture(scope="module")
def named(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a case in clear of an image full of hostile names, all of which a set lists."""
    home = tmp_path_factory.mktemp("named")
    image = ext_image(home, many_names)
    contents = [*ODD_NAMES.values(), b"last"]
    contents += [b"%d of the others" % number for number in range(18)]
    known = home / "set.csv"
    known.write_text("sha256\n" + "".join(f"{sha256(each).hexdigest()}\n" for each in contents))
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("HEROES_HOME", str(home / "home"))
        scanned(
            home / "case", image, names="clear", sets=(str(known),), set_options={"kind": "notable"}
        )
    return home / "case"


def wanted() -> dict[bytes, bytes]:
    """Return path and content of every file there is."""
    found = {b"%02d" % n + name[:253]: name for n, name in enumerate(ODD_NAMES.values())}
    found[b"zz last"] = b"last"
    others = [*FORMULAS, *TWINS, b"a\xe2\x80\x8bb", "\u05d0.jpg".encode()]
    return found | {name: b"%d of the others" % n for n, name in enumerate(others)}


def test_every_name_is_there_byte_for_byte_and_twins_are_two(named: Path) -> None:
    rows = paths(named)
    for path, data in wanted().items():
        assert rows[path]["sha256"] == sha256(data).hexdigest(), path
    assert len({rows[name]["locator"] for name in TWINS}) == len(TWINS)


@pytest.mark.parametrize("verb", ["inventory", "findings", "status", "report", "verify"])
@pytest.mark.parametrize("form", [(), ("--json",)])
def test_no_name_acts_on_a_terminal(named: Path, verb: str, form: tuple[str, ...]) -> None:
    environment = {"HEROES_HOME": str(named.parent / "home")}
    done = process(verb, str(named), *form, environment=environment)
    assert done.code in {0, 7}, done.err
    for text in (done.out, done.err):
        assert not [sign for sign in text if acts(sign)], verb


def acts(sign: str) -> bool:
    """Say whether a character moves a cursor, turns the order of text, or is not seen."""
    number = ord(sign)
    control = number < 0x20 and sign != "\n"
    turned = 0x200B <= number <= 0x200F or 0x202A <= number <= 0x202E or 0x2066 <= number <= 0x2069
    return control or 0x7F <= number <= 0x9F or turned or 0xD800 <= number <= 0xDFFF


def test_the_search_for_acting_characters_can_fail() -> None:
    assert [acts(sign) for sign in "\x1b\u202e\u200b\x7f\x9b\td"] == [True] * 6 + [False]


def test_no_name_acts_in_a_table_or_a_page(named: Path) -> None:
    report = named / "custody/report"
    page = (report / "report.html").read_text("utf-8")
    assert "<script" not in page
    tables = [path for path in report.iterdir() if path.suffix == ".csv"]
    assert tables
    for path in tables:
        text = path.read_text("utf-8")
        assert not [sign for sign in text.replace("\r\n", "") if acts(sign)], path.name
        for row in csv.reader(text.splitlines()):
            assert not [cell for cell in row if cell[:1] in set("=+-@\t\r") and not number(cell)]


def number(text: str) -> bool:
    """Say whether a cell is a plain number, which no table takes for a formula."""
    return text.lstrip("-").isdecimal()


def test_the_bytes_of_every_name_stand_in_the_table_of_items(named: Path) -> None:
    (path,) = (named / "custody/report").glob("items*.csv")
    rows = list(csv.DictReader(path.read_text("utf-8").splitlines()))
    column = next(name for name in rows[0] if name.endswith("_hex"))
    there = {bytes.fromhex(row[column]) for row in rows if row[column]}
    assert wanted().keys() <= there


# ---- 40: sizes that lie ----------------------------------------------------------------------


def attribute(data: bytes, name: bytes, kind: int) -> int:
    """Return where an attribute of a file starts in an NTFS image, and refuse to find none."""
    got = listed(open_tsk(Bytes(data), "ntfs").entries())
    record = got.path(b"$MFT").first_offset
    record += parse_locator(got.path(name).locator).address * 1024
    (at,) = struct.unpack_from("<H", data, record + 20)
    while True:
        found, length = struct.unpack_from("<II", data, record + at)
        if found == kind:
            return record + int(at)
        assert found != 0xFFFFFFFF
        at += length


LIES = {
    "8 EiB": ((0x30, "<Q", (1 << 63) - 1),),
    "8 EiB allocated": ((0x28, "<Q", (1 << 63) - 1),),
    "8 EiB initialised": ((0x38, "<Q", (1 << 63) - 1),),
    "a negative size": ((0x30, "<q", -1),),
    "a compression that shifts too far": ((0x0C, "<H", 1), (0x22, "<H", 0xFFFF)),
    "a last cluster far away": ((0x18, "<Q", (1 << 62) - 1),),
}
"""Fields of the header of a stream outside its record: offset, form, value."""


@pytest.mark.parametrize("lie", LIES)
def test_a_size_that_lies_costs_its_own_file_and_no_other(lie: str, tmp_path: Path) -> None:
    image = ntfs_image(tmp_path)
    whole = random.Random(40).randbytes(200_000)  # noqa: S311 - content
    ntfs_put(image, tmp_path, "big.bin", whole)
    ntfs_put(image, tmp_path, "zz last", b"last" * 2000)
    data = bytearray(image.read_bytes())
    at = attribute(bytes(data), b"big.bin", 0x80)
    for offset, form, value in LIES[lie]:
        struct.pack_into(form, data, at + offset, value)
    image.write_bytes(data)
    case = tmp_path / "case"
    result = scanned(case, image, names="clear")
    rows = paths(case)
    assert _is(rows[b"zz last"], b"last" * 2000)
    big = rows[b"big.bin"]
    assert big["status"] == "gap" or _is(big, whole)
    assert result.exit_code == (3 if big["status"] == "gap" else 0)
    assert closes(case)


@pytest.mark.parametrize("tag", [0xA0000003, 0xA000000C], ids=["mount point", "link"])
def test_a_reparse_point_is_on_record_and_not_followed(tag: int, tmp_path: Path) -> None:
    image = ntfs_image(tmp_path)
    ntfs_put(image, tmp_path, "leads", b"elsewhere")
    ntfs_put(image, tmp_path, "zz last", b"last")
    data = bytearray(image.read_bytes())
    at = attribute(bytes(data), b"leads", 0x50)  # its security descriptor is of no use here
    (value,) = struct.unpack_from("<H", data, at + 20)
    struct.pack_into("<I", data, at, 0xC0)
    struct.pack_into("<I", data, at + value, tag)
    image.write_bytes(data)
    case = tmp_path / "case"
    scanned(case, image, names="clear")
    rows = paths(case)
    assert rows[b"leads"]["kind"] == "symlink"
    assert rows[b"zz last"]["status"] == "done"


def test_a_slash_in_a_name_hides_nothing(tmp_path: Path) -> None:
    """What NTFS keeps as one name is one entry, and the file it might be taken for another."""
    image = ntfs_image(tmp_path)
    ntfs_put(image, tmp_path, "slaXsh", b"of one name")
    ntfs_put(image, tmp_path, "zz last", b"last")
    data = image.read_bytes()
    image.write_bytes(data.replace("slaXsh".encode("utf-16-le"), "sla/sh".encode("utf-16-le")))
    case = tmp_path / "case"
    result = scanned(case, image, names="clear")
    digests = {row["sha256"]: row for row in views.inventory(case)}
    assert digests[sha256(b"of one name").hexdigest()]["status"] == "done"
    assert digests[sha256(b"last").hexdigest()]["status"] == "done"
    assert closes(case)
    assert result.exit_code in {0, 3}
