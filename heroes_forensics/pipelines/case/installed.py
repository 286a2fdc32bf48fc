"""Which files the installed libraries consist of, and whether they are those that were installed.

A wheel brings a list of its files with the SHA-256 of each (``RECORD``, of the packaging standard
"recording installed projects"). The digest of these lists names what is installed without reading
all of it, and is the same wherever the same wheels are installed.
"""

import base64
import csv
import hashlib
import re
from collections.abc import Iterator, Sequence
from importlib import metadata
from pathlib import Path
from typing import Final, NamedTuple

ABSENT: Final = "absent"
"""Version of a library that is not installed."""

_ALGORITHM: Final = "sha256="
_VERSION: Final = re.compile(r"^Version: *(\S+) *$", re.MULTILINE)


class File(NamedTuple):
    """One file of a library, as its list has it."""

    path: str
    """From the folder of the packages, ``/`` between its parts."""
    sha256: str
    """Base64 for URLs, without padding, as such lists have it."""
    folder: str
    """Of the packages."""


def version(name: str) -> str:
    """Return the version of an installed library, or `ABSENT`."""
    try:
        library = metadata.distribution(name)
    except metadata.PackageNotFoundError:
        return ABSENT
    # Among its first lines: parsing all, the description too, takes longer than the rest of this.
    found = _VERSION.search((library.read_text("METADATA") or "").partition("\n\n")[0])
    return found[1] if found else library.version


def packages_sha256(versions: Sequence[tuple[str, str]]) -> str:
    """Digest the lists of files of libraries: names, each with its `version`.

    What an installation adds or writes for its own place (programs, notes about the installer) is
    left out, so that one set of wheels has one digest.
    """
    digest = hashlib.sha256()
    for name, number in sorted(versions):
        digest.update(f"{name} {number}\n".encode())
        for file in _files(name):
            digest.update(f"{file.path},{file.sha256}\n".encode())
    return digest.hexdigest()


def altered(names: Sequence[str]) -> Iterator[str]:
    """Read every file of these libraries; yield the names of those of which one is another.

    Libraries that bring a file of the same name overwrite one another's: what any of those that
    are installed brought is none that somebody altered.
    """
    suspects = {
        name: found for name in names if (found := [f for f in _files(name) if _found(f) != f])
    }
    if not suspects:
        return
    brought = {file for each in metadata.distributions() for file in _rows(each)}
    for name, files in suspects.items():
        if any(_found(file) not in brought for file in files):
            yield name


def _files(name: str) -> list[File]:
    """Return the files of a library in the order of their paths; none when it has no list."""
    try:
        return sorted(_rows(metadata.distribution(name)))
    except metadata.PackageNotFoundError:
        return []


def _rows(library: metadata.Distribution) -> Iterator[File]:
    rows = csv.reader((library.read_text("RECORD") or "").splitlines())
    folder = str(library.locate_file(""))
    for path, value in (row[:2] for row in rows if len(row) > 1):
        if value.startswith(_ALGORITHM) and not path.startswith("..") and ".dist-info/" not in path:
            yield File(path, value.removeprefix(_ALGORITHM), folder)


def _found(file: File) -> File:
    """Return what lies there now; no digest when nothing can be read."""
    try:
        with Path(file.folder, file.path).open("rb") as stream:
            digest = hashlib.file_digest(stream, "sha256").digest()
    except OSError:
        return file._replace(sha256="")
    return file._replace(sha256=base64.urlsafe_b64encode(digest).decode().rstrip("="))
