"""The demonstration that ships: rebuilt byte for byte, and as its truth file says."""

import base64
import csv
import hashlib
import io
import json
import subprocess
import tarfile
import zipfile
from pathlib import Path
from typing import Any

import build
import pytest
from conftest import Tools

from heroes_forensics import demo

NAMES = [
    *(demo.IMAGE, demo.CARD, demo.BACKUP, demo.KEYS),
    *(demo.NOTABLE, demo.KNOWN_GOOD, demo.TRUTH),
]
PLANTED_NOTABLE = 5


@pytest.fixture(scope="module")
def truth() -> dict[str, Any]:
    loaded: dict[str, Any] = json.loads(demo.path(demo.TRUTH).read_bytes())
    return loaded


def rows(truth: dict[str, Any]) -> list[dict[str, Any]]:
    return [row for volume in truth["volumes"] for row in volume["files"]]


def test_every_file_is_in_the_package_and_small() -> None:
    assert demo.path(demo.IMAGE).stat().st_size <= 3_000_000
    assert sum(demo.path(name).stat().st_size for name in NAMES) < 4_000_000


def test_a_missing_file_is_said_by_name() -> None:
    with pytest.raises(FileNotFoundError, match="absent"):
        demo.path("absent")


def test_building_again_gives_the_same_bytes(truth: dict[str, Any]) -> None:
    made_with = build.versions()
    if made_with != truth["made_with"]:
        pytest.skip(f"other versions of the tools than {truth['made_with']}")
    for name, data in build.build().items():
        assert data == demo.path(name).read_bytes(), name


def test_the_image_holds_what_it_should(truth: dict[str, Any]) -> None:
    found = rows(truth)
    assert {volume["file_system"] for volume in truth["volumes"]} == {"ntfs", "ext4"}
    notable = [row for row in found if row["expected"] == "notable"]
    assert any(not row["allocated"] for row in notable)
    assert any(":" in row["path"] for row in notable)
    assert any(row["path"].endswith(".pdf") and row["type"] == "jpeg" for row in notable)
    assert any(row["known_good"] for row in notable)
    strange = [row for row in found if "path_b64" in row]
    for row in strange:
        with pytest.raises(UnicodeDecodeError):
            base64.b64decode(row["path_b64"]).decode()
    assert len(strange) == 2


def test_the_notable_set_lists_what_is_expected(truth: dict[str, Any]) -> None:
    records = json.loads(demo.path(demo.NOTABLE).read_bytes())["value"]
    listed = {record["MD5"].lower(): record for record in records}
    expected = {row["md5"]: row for row in rows(truth) if row["expected"] == "notable"}
    assert set(expected) <= set(listed)
    assert {md5: row["category"] for md5, row in expected.items()} == {
        md5: listed[md5]["Category"] for md5 in expected
    }
    assert len(expected) == PLANTED_NOTABLE
    assert not {row["md5"] for row in rows(truth) if row["expected"] != "notable"} & set(listed)


def test_the_known_good_list_lists_what_is_expected(truth: dict[str, Any]) -> None:
    text = demo.path(demo.KNOWN_GOOD).read_bytes()
    assert text.count(b"\r\n") == text.count(b"\n")
    listed = {row["SHA-1"].lower() for row in csv.DictReader(io.StringIO(text.decode()))}
    known = {row["sha1"] for row in rows(truth) if row["known_good"]}
    assert known
    assert known < listed
    assert not {row["sha1"] for row in rows(truth) if not row["known_good"]} & listed


def test_an_independent_reader_agrees_about_the_media(tool: Tools, truth: dict[str, Any]) -> None:
    said = subprocess.run(
        [tool("ewfverify"), "-q", "-d", "sha1", str(demo.path(demo.IMAGE))],
        check=True,
        capture_output=True,
        text=True,
    ).stdout
    assert truth["media"]["md5"] in said
    assert said.count(truth["media"]["sha1"]) == 2


def test_an_independent_reader_finds_every_stream(
    tool: Tools, truth: dict[str, Any], tmp_path: Path
) -> None:
    (image,) = (demo.path(demo.IMAGE),)
    for volume in truth["volumes"]:
        start = str(volume["offset"] // 512)
        listing = subprocess.run(
            [tool("fls"), "-i", "ewf", "-o", start, "-r", "-p", str(image)],
            check=True,
            capture_output=True,
        ).stdout
        found: dict[str, bool] = {}
        for line in listing.splitlines():
            kind, _, rest = line.partition(b" ")
            if b"r" not in kind or b"Orphan" in rest or (b"\t$" in rest and b"RECYCLE" not in rest):
                continue
            deleted = rest.startswith(b"* ")
            address = rest.removeprefix(b"* ").partition(b":")[0]
            content = subprocess.run(
                [tool("icat"), "-i", "ewf", "-o", start, str(image), address.decode()],
                check=True,
                capture_output=True,
            ).stdout
            (tmp_path / "last").write_bytes(content)
            found[hashlib.sha256(content).hexdigest()] = not deleted
        assert found == {row["sha256"]: row["allocated"] for row in volume["files"]}


def test_independent_readers_find_what_does_not_lie_open(
    tool: Tools, truth: dict[str, Any]
) -> None:
    wanted = {row["how"]: row["sha256"] for row in truth["depth"]["items"]}
    card = str(demo.path(demo.CARD))

    def said(*command: str) -> bytes:
        return subprocess.run([*command], check=True, capture_output=True).stdout

    nested = said(tool("icat"), "-i", "ewf", card, "12")
    with tarfile.open(fileobj=io.BytesIO(nested)) as archive:
        (member,) = archive
        inner = archive.extractfile(member)
        assert inner is not None
        with zipfile.ZipFile(io.BytesIO(inner.read())) as second:
            assert hashlib.sha256(second.read("b.jpg")).hexdigest() == wanted["nested"]
    with zipfile.ZipFile(io.BytesIO(said(tool("icat"), "-i", "ewf", card, "13"))) as locked:
        with pytest.raises(RuntimeError, match="password required"):
            locked.read("c.jpg")
        content = locked.read("c.jpg", b"nobody knows it")
    assert hashlib.sha256(content).hexdigest() == wanted["decrypted"]
    carved = said(tool("blkls"), "-i", "ewf", card).partition(b"\xff\xd8")
    size = next(row["size"] for row in rows(truth) if row["sha256"] == wanted["carved"])
    assert hashlib.sha256(b"".join(carved[1:])[:size]).hexdigest() == wanted["carved"]
