"""The manifest of a backup of iTunes or Finder: whether the folder around it is encrypted.

A backup in an image or in an archive is a folder of files under hashed names. They are examined as
they lie there; of an encrypted one that is no examination, and nothing in these files says so. Its
``Manifest.plist`` does: as a container it is ``container.encrypted``. That of a backup that is not
encrypted holds nothing.
"""

import plistlib
from collections.abc import Iterator
from typing import Any, Final

from heroes_forensics.errors import EvidenceError
from heroes_forensics.model import Entry, Gap
from heroes_forensics.parsers.base import Reader, UnsupportedError
from heroes_forensics.parsers.containers.pieces import Pieces, opening

KIND: Final = "itunes-manifest"
_MOST: Final = 4 << 20
"""Bytes that such a list may have; of a telephone with many programs it has some 200 KiB."""


def stated(data: bytes) -> dict[str, Any] | None:
    """Return what a property list states; None where it cannot be read."""
    try:
        facts: Any = plistlib.loads(data)
    except Exception:  # noqa: BLE001 - a hostile list may fail in any way; it then states nothing
        return None
    return facts if isinstance(facts, dict) else None


def open_itunes_plist(reader: Reader) -> Pieces:
    """Look at the manifest; ``reader`` stays the caller's to close.

    Raises:
        EvidenceError: it cannot be read.
        UnsupportedError: ``container.encrypted``, the backup around it is.
    """
    if reader.size > _MOST:
        raise EvidenceError("the manifest of the backup is too long")
    with opening("the manifest of the backup"):
        facts = stated(reader.pread(0, reader.size))
    if facts is None:
        raise EvidenceError("the manifest of the backup cannot be read")
    if facts.get("IsEncrypted") is not False:
        raise UnsupportedError("an encrypted backup lies in the folder", code="container.encrypted")

    def nothing() -> Iterator[Entry | Gap]:
        yield from ()

    return Pieces(reader, KIND, nothing, sweep="not applicable: it states what lies beside it")
