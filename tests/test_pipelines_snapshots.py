"""What lies in a volume and in its shadow copies: found everywhere, decoded once."""

import gzip
import json
import sqlite3
import subprocess
from collections import defaultdict
from pathlib import Path
from typing import Final

import pytest
from conftest import Tools
from corpus import evidence
from scans import scanned
from test_pipelines_likeness import encoded, listing, picture
from test_pipelines_repeats import decoded, ended

from heroes_forensics.frames import Picture
from heroes_forensics.pipelines.examining import repeats

IMAGE: Final = "images/dfvfs/vsstest.qcow2"
UNCHANGED: Final = 10_670_080
"""First byte of `$TxfLogContainer...2` in the volume: no store holds a block of it."""
CHANGED: Final = 184_320
"""Likewise of `...1`, of whose first block each store holds what was there before."""
LISTED: Final = {
    "syslog.gz": {"p0", "p0.vss2"},
    "another_file": {"p0", "p0.vss2"},
    "password.txt": {"p0"},
}
"""Files of the volume, and which of it and its copies hold them."""


@pytest.fixture
def image(tmp_path: Path, tool: Tools) -> Path:
    """Return a volume with two shadow copies, and a picture in each of two of its files."""
    root = tmp_path / "vss"
    root.mkdir()
    path = root / "vsstest.qcow2"
    path.write_bytes(gzip.decompress(evidence(f"{IMAGE}.gz").read_bytes()))
    program = tool("qemu-io")
    for offset, seed in ((UNCHANGED, 1), (CHANGED, 2)):
        part = root / f"{seed}.jpg"
        part.write_bytes(encoded(picture(seed).resize((160, 120)), quality=60))
        size = part.stat().st_size
        assert size <= 12 << 10  # up to the end of the block of 16 KiB
        command = f"write -s {part} {offset} {size}"
        subprocess.run([program, "-f", "qcow2", "-c", command, path], check=True, timeout=60)
    return path


@pytest.fixture
def known(tmp_path: Path) -> tuple[str, str]:
    """Return a list of digests and one of perceptual values."""
    root = tmp_path / "sets"
    root.mkdir()
    (only,) = json.loads(evidence(f"{IMAGE}.truth.json").read_text())["images"]
    digests = {row["path"]: row["sha256"] for row in only["partitions"][0]["files"]}
    rows = [f"{number},{digests[name]},1" for number, name in enumerate(LISTED, 1)]
    exact = root / "exact.csv"
    exact.write_text("\n".join(["id,sha256,category", *rows]) + "\n")
    return str(exact), str(listing(root / "near.csv", 1, 2))


def examined(case: Path, image: Path, known: tuple[str, str]) -> str:
    found = scanned(
        case,
        image,
        profile="deep",
        carve=False,
        names="clear",
        sets=known,
        set_options={"kind": "notable"},
    )
    return found.content_sha256


def places(case: Path) -> dict[str, set[str]]:
    """Return the volumes in which each file has a finding, by its name."""
    found = defaultdict(set)
    with sqlite3.connect(case / "case.db") as database:
        for name, key in database.execute(
            "SELECT i.path, v.key FROM match m JOIN item i ON i.id = m.item_id"
            " JOIN volume v ON v.id = i.volume_id"
        ):
            found[name.decode().rpartition("/")[2]].add(key)
    database.close()
    return dict(found)


def test_what_shadow_copies_share_is_found_in_each_and_decoded_once(
    image: Path, known: tuple[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with decoded() as given:
        result = examined(tmp_path / "once", image, known)
    assert given == {"jpeg": 2}
    assert places(tmp_path / "once") == LISTED | {
        "$TxfLogContainer00000000000000000002": {"p0", "p0.vss1", "p0.vss2"},
        "$TxfLogContainer00000000000000000001": {"p0"},
    }
    assert ended(tmp_path / "once") == {(Picture.DONE, ""): 3 + 1}
    monkeypatch.setattr(repeats.Repeats, "add", lambda self, wanted, _: self._decoding.add(wanted))
    with decoded() as given:
        assert examined(tmp_path / "each", image, known) == result
    assert given == {"jpeg": 3 + 1}
