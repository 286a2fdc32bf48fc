"""What the ledger records of machine and software."""

import hashlib
import os
import platform
import re
from collections.abc import Iterator
from importlib import metadata
from pathlib import Path
from typing import Final

import heroes_forensics
from heroes_forensics import __version__
from heroes_forensics.model import JSON
from heroes_forensics.pipelines.case import installed

PROGRAM: Final = "heroes-forensics"
SOFTWARE: Final = {
    "program_version": "the version of heroes",
    "program_sha256": "the program",
    "python": "the version of Python",
    "libraries": "the libraries",
}
"""What of the environment a result rests on; a new kernel is none of it."""
_NAME: Final = re.compile(r"[A-Za-z0-9._-]+")


def libraries() -> tuple[str, ...]:
    """Return every library that the program needs, extras left out, as its metadata has them."""
    try:
        rows = metadata.requires(PROGRAM) or []
    except metadata.PackageNotFoundError:
        return ()
    names = [_NAME.match(row) for row in rows if "extra ==" not in row]
    return tuple(sorted(name[0].lower() for name in names if name is not None))


def environment() -> JSON:
    """Return versions and digests; no host name.

    ``packages_sha256`` is that of the libraries' own lists of files (`installed.packages_sha256`).
    """
    names = libraries()
    versions = [(name, installed.version(name)) for name in names]
    return {
        "host_ref": "this-host",
        "os": f"{platform.system()} {platform.release()} {platform.machine()}",
        "python": platform.python_version(),
        "packages_sha256": installed.packages_sha256(versions),
        "program_version": __version__,
        "program_sha256": program_sha256(),
        "libraries": [{"name": name, "version": version} for name, version in versions],
        "self_test": "not-run",
    }


def program_sha256() -> str:
    """Digest the files of the installed package: path and content of each, in order."""
    digest = hashlib.sha256()
    for name, path in _files(str(Path(heroes_forensics.__file__).parent), ""):
        content = hashlib.sha256(Path(path).read_bytes()).hexdigest()
        digest.update(f"{content}  {name}\n".encode())
    return digest.hexdigest()


def _files(folder: str, prefix: str) -> Iterator[tuple[str, str]]:
    """Yield name and path of each file; what a member is, its folder says."""
    with os.scandir(folder) as members:
        found = sorted(members, key=lambda each: each.name)
    for member in found:
        if member.is_dir():
            if member.name != "__pycache__":
                yield from _files(member.path, f"{prefix}{member.name}/")
        elif member.is_file() and not member.name.endswith(".pyc"):
            yield prefix + member.name, member.path
