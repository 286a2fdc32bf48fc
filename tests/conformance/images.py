"""The images of the corpus and their truth manifests; unpacking, bounded.

A manifest describes one file of the corpus and the images inside it: ``inner_path`` names the
members to unpack on the way. Siblings that belong to an image (segments, the parent of a
differencing disk) are written beside it.
"""

import gzip
import json
import lzma
import shutil
import tarfile
import zipfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

Row = dict[str, Any]
"""A row of ``index.json``, a manifest or a part of one."""

MAX_UNPACKED: Final = 1200 << 20
"""Bytes an unpacked image may have; the manifests stop at the same size."""
_CHUNK: Final = 1 << 20
_MARK: Final = "not expanded"


@dataclass(frozen=True, slots=True)
class Image:
    """One image of the corpus with what other tools say of it."""

    row: Row
    """Its row of the index: the file it lies in."""
    truth: Row
    """Its part of the manifest."""

    @property
    def label(self) -> str:
        """The name of the file, and after each ``!`` a member of it."""
        return "!".join([self.row["file"], *self.inner])

    @property
    def inner(self) -> list[str]:
        """Members to unpack, outermost first."""
        return [str(member) for member in self.truth.get("inner_path") or []]

    @property
    def partitions(self) -> list[Row]:
        """Partitions that the manifest lists, with or without files."""
        return list(self.truth.get("partitions") or [])

    @property
    def expandable(self) -> bool:
        """Whether the manifest was made of an unpacked image, not of one left packed."""
        return not any(_MARK in member for member in self.inner)


class Corpus:
    """The folder of evidence and its index."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.rows: list[Row] = json.loads((folder / "index.json").read_text("utf-8"))["files"]

    def listed(self) -> Row:
        """Return what the table of files says of each file: bytes, kind, and what it is part of."""
        found: Row = {}
        for row in self.rows:
            found[row["file"]] = {"size": row["size"], "kind": row["kind"]}
        for row in self.rows:
            if row["kind"] == "image":
                for other in self._companions(row):
                    if other["kind"] == "segment":
                        found[other["file"]]["part"] = row["file"]
        return found

    def secret(self, row: Row, folder: Path) -> Row:
        """Return what opens an image by the index, as a key file has it; writes what is a file."""
        if "key_file" in row:
            beside = f"{Path(row['file']).parent}/{row['key_file']}"
            self.write(next(each for each in self.rows if each["file"] == beside), folder)
            return {"startup_key": row["key_file"]}
        return {kind: row[kind] for kind in ("password", "recovery_password") if kind in row}

    def images(self, wanted: Iterable[str] = ()) -> Iterator[Image]:
        """Yield the images with a manifest; of those only the ``wanted``, by parts of names."""
        parts = tuple(wanted)
        for row in self.rows:
            if "truth" not in row or (parts and not any(part in row["file"] for part in parts)):
                continue
            manifest = json.loads((self.folder / row["truth"]).read_text("utf-8"))
            for truth in manifest["images"]:
                yield Image(row, truth)

    def write(self, row: Row, folder: Path) -> Path:
        """Write the original bytes of one file of the corpus into ``folder``."""
        target = folder / Path(row["file"]).name
        if "stored" in row:
            with gzip.open(self.folder / row["stored"]) as source, target.open("wb") as out:
                shutil.copyfileobj(source, out)
        else:
            shutil.copyfile(self.folder / row["file"], target)
        return target

    def unpack(self, image: Image, folder: Path) -> Path | None:
        """Write an image and what belongs to it into ``folder``; None when it is too large."""
        path = self.write(image.row, folder)
        for other in self._companions(image.row):
            self.write(other, folder)
        for member in image.inner:
            unpacked = _member(path, member, folder)
            if unpacked is None:
                return None
            path = unpacked
        return path

    def _companions(self, row: Row) -> Iterator[Row]:
        home = Path(row["file"]).parent
        for other in self.rows:
            if other is row or Path(other["file"]).parent != home:
                continue
            if other["kind"] == "segment":
                of_this = str(other.get("note", "")).endswith(f" of {Path(row['file']).name}")
                if of_this or Path(other["file"]).stem == Path(row["file"]).stem:
                    yield other
            elif row["file"].endswith("differential.vhd") and other["file"].endswith(".vhd"):
                yield other


def _member(path: Path, member: str, folder: Path) -> Path | None:
    """Unpack one member, at most `MAX_UNPACKED` bytes of it."""
    target = folder / "inner" / Path(member).name
    target.parent.mkdir(exist_ok=True)
    with target.open("wb") as out:
        for chunk in _stream(path, member):
            if out.tell() + len(chunk) > MAX_UNPACKED:
                return None
            out.write(chunk)
    return target


def _stream(path: Path, member: str) -> Iterator[bytes]:
    """Yield the bytes of one member of an archive, whatever the archive is."""
    if path.name.endswith((".tgz", ".tar.gz", ".tar")):
        with tarfile.open(path) as archive:
            found = next(each for each in archive if each.name.removeprefix("./") == member)
            content = archive.extractfile(found)
            if content is not None:
                yield from iter(lambda: content.read(_CHUNK), b"")
    elif path.name.endswith(".zip"):
        with zipfile.ZipFile(path) as packed, packed.open(member) as entry:
            yield from iter(lambda: entry.read(_CHUNK), b"")
    else:
        opener = lzma.open if path.name.endswith(".xz") else gzip.open
        with opener(path) as whole:
            yield from iter(lambda: whole.read(_CHUNK), b"")
