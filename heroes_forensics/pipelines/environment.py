"""What the ledger records of machine and software."""

import hashlib
import platform
from collections.abc import Iterable
from importlib import resources
from typing import Any, Final

from heroes_forensics import __version__
from heroes_forensics.model import JSON
from heroes_forensics.pipelines import installed

LIBRARIES: Final = (
    "av",
    "backports.zstd",
    "click",
    "cryptography",
    "dfvfs",
    "imagehash",
    "isal",
    "jinja2",
    "libbde-python",
    "libewf-python",
    "libfsapfs-python",
    "libfsxfs-python",
    "libqcow-python",
    "libvhdi-python",
    "libvmdk-python",
    "markupsafe",
    "numpy",
    "pillow",
    "pyrage",
    "pytsk3",
    "pyyaml",
    "rich",
    "scipy",
    "sqlalchemy",
)
"""Every library that the program needs (the dependencies of ``pyproject.toml``)."""


def environment() -> JSON:
    """Return versions and digests; no host name.

    ``packages_sha256`` is that of the libraries' own lists of files (`installed.packages_sha256`).
    """
    libraries = [{"name": name, "version": installed.version(name)} for name in LIBRARIES]
    return {
        "host_ref": "this-host",
        "os": f"{platform.system()} {platform.release()} {platform.machine()}",
        "python": platform.python_version(),
        "packages_sha256": installed.packages_sha256(LIBRARIES),
        "program_version": __version__,
        "program_sha256": program_sha256(),
        "libraries": libraries,
        "self_test": "not-run",
    }


def program_sha256() -> str:
    """Digest the files of the installed package: path and content of each, in order."""
    digest = hashlib.sha256()
    root = resources.files("heroes_forensics")

    def walk(folder: Any, prefix: str) -> Iterable[tuple[str, bytes]]:  # noqa: ANN401
        for member in sorted(folder.iterdir(), key=lambda each: str(each.name)):
            if member.is_dir() and member.name != "__pycache__":
                yield from walk(member, f"{prefix}{member.name}/")
            elif member.is_file() and not member.name.endswith(".pyc"):
                yield prefix + member.name, member.read_bytes()

    for name, data in walk(root, ""):
        digest.update(f"{hashlib.sha256(data).hexdigest()}  {name}\n".encode())
    return digest.hexdigest()
