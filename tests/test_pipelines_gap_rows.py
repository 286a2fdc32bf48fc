"""What is said of each gap of an item."""

import gzip
from pathlib import Path

from scans import folder, scanned

from heroes_forensics.pipelines.checks import views


def test_a_gap_has_the_path_of_its_item_under_the_policy_clear_alone(tmp_path: Path) -> None:
    source = folder(
        tmp_path / "files",
        {"a/cut.gz": gzip.compress(bytes(99_999))[:-20], "b/cut.png": b"\x89PNG\r\n\x1a\n" * 9},
    )
    for policy in ("clear", "sealed"):
        scanned(tmp_path / policy, source, names=policy)
        rows = [row for row in views.gaps(tmp_path / policy) if "/root/d:" in str(row["where"])]
        paths = {row.get("path") for row in rows}
        assert paths == ({"a/cut.gz/$expanded", "b/cut.png"} if policy == "clear" else {None})
