"""What an archive says of the digests of its own members, held against what was read of them.

NSRL 1.5 and 2 have ``hashes.txt`` beside their files, one SHA-1 a line (checked against releases of
NIST); of version 3 ``signatures.txt`` is reported by others, with SHA-256, so it may warn and not
refuse. Neither is a signature: it shows damage, and nothing about who made the files.
"""

import re
import zipfile
from hashlib import sha1, sha256
from typing import Final, NamedTuple

from heroes_forensics.hashsets.formats.base import Tally, damaged

_FILES: Final = {"hashes.txt": True, "signatures.txt": False}
"""Name to whether a difference refuses the set."""
_LIMIT: Final = 1 << 16
"""Bytes of such a file that are looked at."""
_DIGEST: Final = re.compile(rb"(?<![0-9A-Fa-f])(?:[0-9A-Fa-f]{40}|[0-9A-Fa-f]{64})(?![0-9A-Fa-f])")


class Stated(NamedTuple):
    """What is said of the digest of one member."""

    name: str
    """Of the file that says it."""
    digests: frozenset[bytes]
    refuses: bool


def stated(archive: zipfile.ZipFile, member: zipfile.ZipInfo) -> Stated | None:
    """Return what a file in the folder of a member says of it; None when there is none.

    A line that names the member counts alone; where no line does, any line may mean it.
    """
    folder, _, own = member.filename.rpartition("/")
    for other in archive.infolist():
        above, _, name = other.filename.rpartition("/")
        if above != folder or name.lower() not in _FILES:
            continue
        try:
            with archive.open(other) as file:
                lines = file.read(_LIMIT).splitlines()
        except (zipfile.BadZipFile, NotImplementedError, RuntimeError, ValueError, OSError):
            return None
        naming = [line for line in lines if own.encode() in line]
        found = [
            bytes.fromhex(text.decode()) for line in naming or lines for text in _digests(line)
        ]
        return Stated(name.lower(), frozenset(found), _FILES[name.lower()]) if found else None
    return None


def _digests(line: bytes) -> list[bytes]:
    return _DIGEST.findall(line)


class Check:
    """Digests one member while it is read, and says at its end whether it is what was stated."""

    def __init__(self, told: Stated) -> None:
        self._told = told
        self._sha1 = sha1(usedforsecurity=False)
        self._sha256 = sha256()
        self._wide = any(len(value) == self._sha256.digest_size for value in told.digests)
        self._narrow = any(len(value) == self._sha1.digest_size for value in told.digests)

    def update(self, data: bytes) -> None:
        """Take the next bytes of the member."""
        if self._narrow:
            self._sha1.update(data)
        if self._wide:
            self._sha256.update(data)

    def judge(self, tally: Tally) -> None:
        """Compare; the member was read to its end.

        Raises:
            HashSetError: it is not what a file says that is known to be right about such members.
        """
        if {self._sha1.digest(), self._sha256.digest()} & self._told.digests:
            tally.facts["same_as_stated_in"] = self._told.name
            return
        what = f"the file is not the one that {self._told.name} beside it states"
        if self._told.refuses:
            raise damaged(what, "its digest differs")
        tally.warn(what)
