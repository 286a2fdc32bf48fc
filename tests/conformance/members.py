"""Members of archives inside images: items of ours that no manifest of a file system lists.

A row of ``members.json``::

    {"image": LABEL, "volume": KEY, "archive": PATH, "tools": [NAME AND VERSION, ...],
     "files": [{"path": INSIDE THE ARCHIVE, "size": N, "sha256": HEX}, ...]}

``files`` is what each of ``tools`` unpacked from that archive, which `icat` had read from the
volume. An archive inside an archive has a row of its own. What we list and cannot unpack has
``"ours": "gap"``, and its archive a ``why``; as soon as we do unpack it, the row is wrong.
"""

import json
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from conformance.images import Row

TOOLS: Final = 2
"""Other tools that have to agree on what is in an archive."""
_GAP: Final = "gap"


def load(path: Path) -> "list[Row]":
    """Read the committed rows.

    Raises:
        ValueError: fewer than `TOOLS` tools are named for an archive, or a gap has no reason.
    """
    rows: list[Row] = json.loads(path.read_text("utf-8"))
    for row in rows:
        if len(set(row["tools"])) < TOOLS:
            raise ValueError(f"{row['image']}: {row['archive']}: unpacked with two tools at least")
        if any("ours" in file for file in row["files"]) != ("why" in row):
            raise ValueError(f"{row['image']}: {row['archive']}: a gap needs its reason")
    return rows


def compare(known: "list[Row]", image: str, rows: "list[Row]", counts: Counter[str]) -> list[str]:
    """Compare the members that we list with those that other tools unpacked, both ways.

    Args:
        known: of all images, as `load` gave them.
        image: the label of the image.
        rows: its items of ``inventory --json``.
        counts: gets ``archive members``, how many are equal in path, size and SHA-256, and
            ``archive members that are gaps``.
    """
    theirs = Counter(
        (
            row["volume"],
            f"{row['archive']}/{file['path']}",
            file["size"],
            file.get("ours", file["sha256"]),
        )
        for row in known
        if row["image"] == image
        for file in row["files"]
    )
    ours = Counter(
        (row["volume"], str(row.get("path", "")), row["size"], row["sha256"] or row["status"])
        for row in rows
        if "parent" in row and row["kind"] == "file"
    )
    for *_, digest in (ours & theirs).elements():
        counts["archive members that are gaps" if digest == _GAP else "archive members"] += 1
    differences = [
        *(("not found", member) for member in theirs - ours),
        *(("of ours alone", member) for member in ours - theirs),
    ]
    return [
        f"{volume} member {path!r}: {size} bytes {digest[:16]}, {what}"
        for what, (volume, path, size, digest) in differences
    ]
