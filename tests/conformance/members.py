"""Members of archives inside images: items of ours that no manifest of a file system lists.

A row of ``members.json``::

    {"image": LABEL, "volume": KEY, "archive": PATH, "tools": [NAME AND VERSION, ...],
     "files": [{"path": INSIDE THE ARCHIVE, "size": N, "sha256": HEX}, ...]}

``files`` is what each of ``tools`` unpacked from that archive, which `icat` had read from the
volume. An archive inside an archive has a row of its own. What we list and cannot unpack has
``"ours": "gap"``, and its archive a ``why``; as soon as we do unpack it, the row is wrong. Where
each tool writes a file of its own around the same pixels, ``ours`` is the type of the one we write.
The size of what a compressed stream expands to is -1: its entry states none. All that is left of a
volume of very many archives may be one row::

    {"image": LABEL, "volume": KEY, "tools": [...], "archives": N, "members": N, "sha256": HEX}

with the SHA-256 of the sorted lines ``PATH SIZE SHA-256``.
"""

import hashlib
import json
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from conformance.images import Row

TOOLS: Final = 2
"""Other tools that have to agree on what is in an archive."""
_GAP: Final = "gap"
_WRITTEN: Final = ("tiff", "png")


def load(path: Path) -> "list[Row]":
    """Read the committed rows.

    Raises:
        ValueError: fewer than `TOOLS` tools are named for an archive, or a gap has no reason.
    """
    rows: list[Row] = json.loads(path.read_text("utf-8"))
    for row in rows:
        if len(set(row["tools"])) < TOOLS:
            raise ValueError(f"{row['image']}: unpacked with two tools at least")
        if any("ours" in file for file in row.get("files", ())) != ("why" in row):
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
        for file in row.get("files", ())
    )
    written = {(volume, path) for volume, path, _, says in theirs if says in _WRITTEN}
    ours = Counter(
        (
            row["volume"],
            str(row.get("path", "")),
            row["size"],
            row["content_type"]
            if row["sha256"] and (row["volume"], row.get("path")) in written
            else row["sha256"] or row["status"],
        )
        for row in rows
        if "parent" in row and row["kind"] == "file"
    )
    for row in known:
        if row["image"] == image and "files" not in row:
            left = [each for each in (ours - theirs).elements() if each[0] == row["volume"]]
            if (len(left), _summed(left)) == (row["members"], row["sha256"]):
                theirs.update(left)
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


def _summed(members: "list[tuple[str, str, int, str]]") -> str:
    """Return one digest over all of them."""
    lines = sorted(f"{path} {size} {digest}\n" for _, path, size, digest in members)
    return hashlib.sha256("".join(lines).encode()).hexdigest()
