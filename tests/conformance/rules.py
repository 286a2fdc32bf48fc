"""What is compared, and what is listed apart because it is no file of a volume.

A file of the manifest is *equal* when an allocated item of ours has its path, size and SHA-256;
each item counts once. A file that is not equal is *apart* when one of the rules below says why,
and each rule asks our own inventory for that very path, or the bytes of the image: none goes by
the look of a name alone, so that none can hide a file that was missed. All else is a difference.
"""

import hashlib
import re
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from typing import Final, NamedTuple

from conformance.images import Row

OUT_OF_SCOPE: Final = frozenset({"qnx4", "qnx6", "minix", "vmfs"})
"""File systems that this version does not read."""
EMPTY: Final = hashlib.sha256().hexdigest()
_LABEL: Final = " (Volume Label Entry)"
_SEVEN: Final = "7-Zip"
_SYSTEM: Final = "[SYSTEM]/"
_CHUNK: Final = 1 << 20


class Found(NamedTuple):
    """One row of our inventory, as far as it is compared."""

    path: str
    kind: str
    size: int
    sha256: str
    status: str
    allocated: bool
    flags: frozenset[str] = frozenset()


@dataclass(slots=True)
class Volume:
    """What we found in one volume, to be used up by a comparison."""

    items: list[Found]
    left: Counter[tuple[str, int, str]] = field(init=False)
    by_path: dict[str, list[Found]] = field(init=False)

    def __post_init__(self) -> None:
        """Index the items by what they are compared on."""
        self.left = Counter(
            (item.path, item.size, item.sha256)
            for item in self.items
            if item.sha256 and item.allocated
        )
        self.by_path = {}
        for item in self.items:
            self.by_path.setdefault(item.path, []).append(item)

    def take(self, paths: list[str], size: int, sha256: str) -> str:
        """Use up one item of this size and digest under one of the paths; return its kind."""
        for path in paths:
            if self.left[path, size, sha256] > 0:
                self.left[path, size, sha256] -= 1
                return next(
                    item.kind
                    for item in self.by_path[path]
                    if (item.size, item.sha256) == (size, sha256)
                )
        return ""

    def at(self, paths: list[str]) -> list[Found]:
        """Return the items under any of the paths."""
        return [item for path in paths for item in self.by_path.get(path, ())]

    def extra(self) -> list[Found]:
        """Return the allocated files with a digest that nothing of the manifest used up."""
        rest = Counter(self.left)
        found = []
        for item in self.items:
            key = item.path, item.size, item.sha256
            if item.kind == "file" and rest[key] > 0:
                rest[key] -= 1
                found.append(item)
        return found


def volume_of(rows: list[Row], part: Row) -> Volume:
    """Return our items of one partition of the manifest, snapshots left out.

    Members of archives are none of them: manifests list file systems (see `members`).

    Args:
        rows: items of ``inventory --json``.
        part: the partition; that of a ``whole`` medium has every volume of ours.
    """
    key = f"p{part.get('start_sector', 0)}"
    whole = part.get("slot") == "whole"
    return Volume(
        [
            Found(
                str(row.get("path", "")),
                row["kind"],
                row["size"],
                row["sha256"] or "",
                row["status"],
                row["allocated"],
                frozenset(row["flags"]),
            )
            for row in rows
            if "parent" not in row
            and (whole or row["volume"] == key or row["volume"].startswith(f"{key}."))
            and not any(mark in row["volume"] for mark in (".vss", ".snap"))
        ]
    )


def paths_of(file: Row, tool: str) -> list[str]:
    """Return the paths under which we may list what another tool calls ``file["path"]``.

    7-Zip puts the files of NTFS itself under ``[SYSTEM]`` and, where a volume has a name or there
    are several, that before each path.
    """
    path = str(file["path"])
    paths = [path]
    if _SEVEN in tool:
        paths.append(path.removeprefix(_SYSTEM))
        if "/" in path:
            paths.append(path.split("/", 1)[1])
    return list(dict.fromkeys(paths))


Ranges = Counter[tuple[int, str]]
"""Sizes and SHA-256 of ranges of an image."""


class Case(NamedTuple):
    """One file that is not equal, and what a rule may look at."""

    file: Row
    tool: str
    ours: list[Found]
    """Our items at that path."""
    parents: list[Found]
    """Our items at that path without what follows its last colon."""
    ranges: Ranges
    """What is left of the ranges that may be partitions, see `ranges_of`."""


def _label(case: Case) -> bool:
    """The volume label of FAT or exFAT, which The Sleuth Kit lists as a file of no bytes."""
    return str(case.file["path"]).endswith(_LABEL) and case.file["size"] == 0


def _own_metadata(case: Case) -> bool:
    """Metadata of the file system that we list at that path as such, and left unread by policy."""
    return any(item.kind == "metadata" and item.status == "policy" for item in case.ours)


def _system_by_7zip(case: Case) -> bool:
    """7-Zip's version of a file of NTFS itself: it cuts or fills some, unlike the others.

    We list that path as metadata, digested or left out by policy.
    """
    return case.file["path"].startswith(_SYSTEM) and any(
        item.kind == "metadata" for item in case.ours
    )


def _link(case: Case) -> bool:
    """A symbolic link, which 7-Zip lists as an empty file or with the target as its content."""
    return any(item.kind == "symlink" and case.file["size"] in {0, item.size} for item in case.ours)


def _device(case: Case) -> bool:
    """A device, socket or pipe that is listed as an empty file: ours has no content either."""
    return case.file["size"] == 0 and any(item.kind == "other" for item in case.ours)


def _packed(case: Case) -> bool:
    """How APFS stores a compressed file, which 7-Zip lists beside it as two attributes.

    We list the file at that path, flagged compressed: the digest of what it holds is compared.
    """
    name = str(case.file["path"]).rpartition(":")[2]
    return name in {"com.apple.decmpfs", "com.apple.ResourceFork"} and any(
        item.kind == "file" and "compressed" in item.flags for item in case.parents
    )


def _index(case: Case) -> bool:
    """An index attribute of NTFS (type 144): a list that NTFS keeps for itself, not content.

    The manifest of The Sleuth Kit gives the type in the address; that of content is 128.
    """
    return re.fullmatch(r"\d+-144-\d+", str(case.file.get("inode"))) is not None


def _partition(case: Case) -> bool:
    """A partition or what lies between two, which 7-Zip lists as a file: the same bytes.

    Each range counts once.
    """
    key = case.file["size"], case.file["sha256"]
    if "/" in case.file["path"] or case.ranges[key] <= 0:
        return False
    case.ranges[key] -= 1
    return True


APART: Final[dict[str, Callable[[Case], bool]]] = {
    "volume label": _label,
    "metadata left out by policy": _own_metadata,
    "metadata as 7-Zip shows it": _system_by_7zip,
    "symbolic link": _link,
    "device, socket, pipe": _device,
    "storage of a compressed file": _packed,
    "index of NTFS": _index,
    "partition": _partition,
}


_WORDS: Final = {"file": "files", "metadata": "metadata files"}


class Difference(NamedTuple):
    """A file of the manifest that we do not find, or find otherwise."""

    path: str
    size: int
    sha256: str
    ours: tuple[tuple[int, str, str], ...]
    """Size, SHA-256 and status of each item of ours under that path."""


@dataclass(slots=True)
class Compared:
    """What a comparison of one volume gave."""

    equal: Counter[str] = field(default_factory=Counter)
    """Equal files by kind; alternate data streams and forks apart from other files."""
    apart: Counter[str] = field(default_factory=Counter)
    differences: list[Difference] = field(default_factory=list)
    extra: list[Found] = field(default_factory=list)


def compare(part: Row, volume: Volume, ranges: Ranges) -> Compared:
    """Compare the files of one partition of the manifest with our items of it."""
    done = Compared()
    tool = str(part.get("tool"))
    for file in part["files"]:
        paths = paths_of(file, tool)
        kind = volume.take(paths, file["size"], file["sha256"])
        if kind:
            named = kind == "file" and ":" in file["path"]
            done.equal["streams" if named else _WORDS[kind]] += 1
            continue
        parents = [path.rpartition(":")[0] for path in paths if ":" in path]
        case = Case(file, tool, volume.at(paths), volume.at(parents), ranges)
        rule = next((name for name, holds in APART.items() if holds(case)), None)
        if rule is not None:
            done.apart[rule] += 1
        else:
            ours = tuple((item.size, item.sha256, item.status) for item in case.ours)
            done.differences.append(Difference(file["path"], file["size"], file["sha256"], ours))
    done.extra = volume.extra()
    return done


def ranges_of(media: Path, tree: Row) -> Ranges:
    """Return size and SHA-256 of each partition of a raw image, and of the space between.

    Args:
        media: the image.
        tree: what ``inspect --json`` says of it; nothing is returned unless the image is raw,
            has a partition table and no file system that we read.
    """
    volumes = tree.get("volumes", [])
    if (
        tree.get("format") != "raw"
        or "partition_table" not in tree
        or any(row.get("file_system") for row in volumes)
    ):
        return Counter()
    areas = {
        (int(row["offset"]), int(row["offset"]) + int(row["size"]))
        for row in [*volumes, *tree.get("unallocated", ())]
        if "offset" in row
    }
    declared = [
        gap["detail"]["declared"] for gap in tree["gaps"] if gap["code"] == "source.truncated"
    ]
    edges = sorted({0, *declared, *(edge for area in areas for edge in area)})
    found: Ranges = Counter()
    with media.open("rb") as file:
        for start, end in areas | set(pairwise(edges)):
            file.seek(start)
            digest, size = hashlib.sha256(), 0
            while chunk := file.read(min(_CHUNK, end - start - size)):
                digest.update(chunk)
                size += len(chunk)
            found[size, digest.hexdigest()] += 1
    return found
