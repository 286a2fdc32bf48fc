"""A dozen images of the corpus, one of each kind, and whether the comparison can fail."""

import hashlib
import json
import sqlite3
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from conformance import members, rules, run
from conformance.exceptions import Exceptions
from conformance.images import Corpus, Image, Row
from conformance.programs import Ran
from scans import DEMO, scanned

from heroes_forensics.pipelines.checks import views

IMAGES = (
    "images/dftt/7-undel-ntfs.zip",
    "images/dfvfs/ext2.split.E01",
    "images/dfvfs/hfsplus_zlib.dmg",
    "images/dfvfs/lvm.qcow2",
    "images/dfvfs/apfs.raw",
    "images/dfvfs/iso9660.raw",
    "images/keramics/fat32.qcow2",
    "images/velociraptor/fat12.dd",
    "images/dissect/exfat4m.bin",
    "images/dissect/btrfs-subvolume.bin.gz",
    "images/dissect/jffs2.zlib.bin.gz",
    "images/dissect/squashfs-xz.sqfs",
    "images/dissect/xfs.bin.gz",
    "images/dissect/ffs.bin.gz",
    "images/tsk/image.vmdk",
)


def image_of(corpus: Corpus, name: str) -> Image:
    return next(image for image in corpus.images([name]) if image.row["file"] == name)


@pytest.mark.corpus
@pytest.mark.parametrize("name", IMAGES)
def test_an_image_holds_the_files_that_other_tools_found(
    name: str, tmp_path: Path, evidence: Path
) -> None:
    corpus = Corpus(evidence)
    image = image_of(corpus, name)
    media = tmp_path / "media"
    media.mkdir()
    path = corpus.unpack(image, media)
    assert path is not None
    case = tmp_path / "case"
    result = scanned(case, path, names="clear")
    assert result.counts["closes"]
    rows: list[Row] = [dict(row) for row in views.inventory(case)]
    parts = [part for part in image.partitions if part.get("files")]
    assert parts
    for part in parts:
        done = rules.compare(part, rules.volume_of(rows, part), rules.Ranges())
        assert done.differences == []
        assert done.equal["files"] > 0


HELLO = hashlib.sha256(b"hello").hexdigest()
OTHER = hashlib.sha256(b"other").hexdigest()
FILE: Row = {"path": "a/b", "size": 5, "sha256": HELLO}
OURS = rules.Found("a/b", "file", 5, HELLO, "done", allocated=True)
SEVEN = "7-Zip 22.01 (exit 0)"


def compared(
    file: Row, *ours: rules.Found, tool: str = "other", ranges: rules.Ranges | None = None
) -> rules.Compared:
    part = {"tool": tool, "files": [file]}
    return rules.compare(part, rules.Volume(list(ours)), ranges or rules.Ranges())


def test_an_equal_file_is_equal_once() -> None:
    assert compared(FILE, OURS).equal == {"files": 1}
    part = {"tool": "other", "files": [FILE, FILE]}
    done = rules.compare(part, rules.Volume([OURS]), rules.Ranges())
    assert (done.equal["files"], len(done.differences)) == (1, 1)


@pytest.mark.parametrize(
    "ours",
    [
        OURS._replace(path="a/c"),
        OURS._replace(size=6),
        OURS._replace(sha256=OTHER),
        OURS._replace(sha256="", status="gap"),
        OURS._replace(allocated=False),
        OURS._replace(kind="symlink", sha256="", size=7),
        OURS._replace(kind="other", sha256=""),
        OURS._replace(kind="metadata", sha256=OTHER),
    ],
)
def test_a_file_that_is_missing_or_otherwise_is_a_difference(ours: rules.Found) -> None:
    assert len(compared(FILE, ours).differences) == 1
    assert compared(FILE, ours, tool=SEVEN).differences


EMPTY: Row = {"path": "a/b", "size": 0, "sha256": rules.EMPTY}


@pytest.mark.parametrize(
    ("file", "ours", "tool", "rule"),
    [
        (EMPTY, OURS._replace(kind="other", size=0, sha256=""), "x", "device, socket, pipe"),
        (EMPTY, OURS._replace(kind="symlink", sha256=""), SEVEN, "symbolic link"),
        (FILE, OURS._replace(kind="symlink", sha256=""), SEVEN, "symbolic link"),
        (
            FILE,
            OURS._replace(kind="metadata", sha256="", status="policy"),
            "x",
            "metadata left out by policy",
        ),
        (
            FILE | {"path": "[SYSTEM]/a/b"},
            OURS._replace(kind="metadata", sha256=OTHER),
            SEVEN,
            "metadata as 7-Zip shows it",
        ),
        (
            FILE | {"path": "a/b:com.apple.decmpfs"},
            OURS._replace(flags=frozenset({"compressed"})),
            SEVEN,
            "storage of a compressed file",
        ),
        (FILE | {"inode": "9-144-11"}, OURS._replace(path="x"), "x", "index of NTFS"),
        (EMPTY | {"path": "A  (Volume Label Entry)"}, OURS, "x", "volume label"),
    ],
)
def test_what_is_listed_apart_is_so_by_what_we_list(
    file: Row, ours: rules.Found, tool: str, rule: str
) -> None:
    assert compared(file, ours, tool=tool).apart == {rule: 1}


def test_a_partition_of_7zip_is_apart_once_and_only_with_its_bytes() -> None:
    file = {"path": "0.img", "size": 5, "sha256": HELLO}
    assert compared(file, ranges=rules.Ranges({(5, HELLO): 1})).apart == {"partition": 1}
    assert compared(file, ranges=rules.Ranges({(5, OTHER): 1})).differences
    two = {"tool": SEVEN, "files": [file, file]}
    done = rules.compare(two, rules.Volume([]), rules.Ranges({(5, HELLO): 1}))
    assert (done.apart["partition"], len(done.differences)) == (1, 1)


def test_the_ranges_of_a_raw_image_are_those_of_its_bytes(tmp_path: Path) -> None:
    media = tmp_path / "disk.raw"
    media.write_bytes(b"hello" + b"other")
    tree: dict[str, Any] = {
        "format": "raw",
        "partition_table": {},
        "volumes": [{"offset": 5, "size": 50}],
        "gaps": [{"code": "source.truncated", "detail": {"declared": 99}}],
    }
    assert rules.ranges_of(media, tree) == {(5, HELLO): 1, (5, OTHER): 1, (0, rules.EMPTY): 1}
    tree["volumes"][0]["file_system"] = "ntfs"
    assert rules.ranges_of(media, tree) == {}


def test_allocated_files_that_the_manifest_lacks_are_told() -> None:
    alone = OURS._replace(path="phantom")
    deleted = OURS._replace(path="deleted", allocated=False)
    assert compared(FILE, OURS, alone, deleted).extra == [alone]


ROW: Row = {
    "image": "i",
    "volume": "p0",
    "path": "a/b",
    "why": "",
    "manifest": {"size": 0, "sha256": rules.EMPTY},
    "ours": {"size": 5, "sha256": HELLO, "status": "done"},
    "tools": [
        {"tool": "one", "command": "", "size": 5, "sha256": HELLO},
        {"tool": "two", "command": "", "size": 5, "sha256": HELLO},
    ],
}
FOUND = rules.Difference("a/b", 0, rules.EMPTY, ((5, HELLO, "done"),))


def exceptions(path: Path, **changes: object) -> Exceptions:
    path.write_text(json.dumps([ROW | changes]))
    return Exceptions(path)


def test_an_exception_holds_for_exactly_what_it_says(tmp_path: Path) -> None:
    rows = exceptions(tmp_path / "rows.json")
    assert rows.unused()
    assert not rows.allows("other", "p0", FOUND)
    assert not rows.allows("i", "p0", FOUND._replace(sha256=OTHER))
    assert not rows.allows("i", "p0", FOUND._replace(ours=((5, OTHER, "done"),)))
    assert rows.unused()
    assert rows.allows("i", "p0", FOUND)
    assert rows.unused() == []


@pytest.mark.parametrize(
    "tools",
    [
        [],
        ROW["tools"][:1],
        [ROW["tools"][0], ROW["tools"][0]],
        [ROW["tools"][0], ROW["tools"][1] | {"sha256": OTHER}],
    ],
)
def test_an_exception_needs_two_tools_that_agree_with_us(tmp_path: Path, tools: object) -> None:
    with pytest.raises(ValueError, match="two tools"):
        exceptions(tmp_path / "rows.json", tools=tools)


def test_a_file_that_two_tools_do_not_list_either_may_be_absent(tmp_path: Path) -> None:
    tools = [tool | {"size": None, "sha256": None} for tool in ROW["tools"]]
    rows = exceptions(tmp_path / "rows.json", ours=None, tools=tools)
    assert rows.allows("i", "p0", FOUND._replace(ours=()))
    assert not exceptions(tmp_path / "rows.json").allows("i", "p0", FOUND._replace(ours=()))


def again(case: Path, code: int) -> run.Result:
    """Scan the bundled image a second time, with another number of workers, and compare."""
    corpus = Corpus.__new__(Corpus)  # no corpus is needed to compare two scans
    result = run.Result("image")
    exceptions = Exceptions.__new__(Exceptions)
    comparison = run.Comparison(corpus, exceptions, case.parent, (1, 2))
    comparison._again(DEMO, case, code, 2, result)  # noqa: SLF001 - one step of the comparison
    return result


def test_another_result_with_other_workers_is_a_difference(tmp_path: Path) -> None:
    case = tmp_path / "case"
    code = run._scan(DEMO, case, 1).code  # noqa: SLF001 - one step of the comparison
    assert not again(case, code).differences
    assert "exits" in again(case, code + 1).differences[0]
    with sqlite3.connect(case / "case.db") as database:
        database.execute("UPDATE content SET bytes_read = bytes_read + 1")
    assert "content_sha256" in again(case, code).differences[0]


def test_a_scan_that_ends_badly_with_other_workers_is_a_difference(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(run, "_scan", lambda *_: Ran(1, "", "", 1.0, 0, 0, hung=False, left=False))
    assert again(tmp_path / "case", 0).differences


MEMBER: Row = {
    "volume": "p0",
    "path": "a.zip/b",
    "kind": "file",
    "size": 5,
    "sha256": HELLO,
    "status": "done",
    "parent": "EX-1/1/p0/x",
    "allocated": True,
    "flags": [],
}
UNPACKED: Row = {
    "image": "i",
    "volume": "p0",
    "archive": "a.zip",
    "tools": ["one", "two"],
    "files": [{"path": "b", "size": 5, "sha256": HELLO}],
}


def test_members_of_archives_are_compared_by_themselves() -> None:
    assert rules.volume_of([MEMBER], {"start_sector": 0}).items == []
    counts: Counter[str] = Counter()
    assert members.compare([UNPACKED], "i", [MEMBER], counts) == []
    assert counts == {"archive members": 1}


def test_a_member_that_is_a_gap_is_one_only_as_long_as_it_is_one() -> None:
    known = [UNPACKED | {"files": [UNPACKED["files"][0] | {"ours": "gap"}], "why": "shrunk"}]
    counts: Counter[str] = Counter()
    gap = MEMBER | {"sha256": None, "status": "gap"}
    assert members.compare(known, "i", [gap], counts) == []
    assert counts == {"archive members that are gaps": 1}
    assert members.compare(known, "i", [MEMBER], counts)


@pytest.mark.parametrize(
    ("known", "ours"),
    [
        ([UNPACKED], []),
        ([UNPACKED], [MEMBER, MEMBER]),
        ([UNPACKED], [MEMBER | {"size": 6}]),
        ([UNPACKED], [MEMBER | {"sha256": OTHER}]),
        ([UNPACKED], [MEMBER | {"sha256": None, "status": "gap"}]),
        ([UNPACKED], [MEMBER | {"path": "a.zip/c"}]),
        ([UNPACKED], [MEMBER | {"volume": "p1"}]),
        ([UNPACKED | {"image": "another"}], [MEMBER]),
        ([], [MEMBER]),
    ],
)
def test_a_member_that_is_missing_alone_or_otherwise_is_a_difference(
    known: list[Row], ours: list[Row]
) -> None:
    assert members.compare(known, "i", ours, Counter())


def test_what_is_in_an_archive_needs_two_tools(tmp_path: Path) -> None:
    path = tmp_path / "members.json"
    path.write_text(json.dumps([UNPACKED]))
    assert members.load(path) == [UNPACKED]
    path.write_text(json.dumps([UNPACKED | {"tools": ["one", "one"]}]))
    with pytest.raises(ValueError, match="two tools"):
        members.load(path)
    path.write_text(json.dumps([UNPACKED | {"why": "no reason is needed"}]))
    with pytest.raises(ValueError, match="reason"):
        members.load(path)
