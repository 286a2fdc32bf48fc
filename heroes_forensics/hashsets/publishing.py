"""Writing a list of one's own: a VICS 2.0 set, and the manifest that says what it is.

Whoever may hold reference files makes lists of them that others read: the format is the one that
most programs of the field take. One Media for each file, with MD5, SHA-1, SHA-256, size, number and
category; perceptual values stand among its alternative hashes. Their quality is an annotation of
OData (``HashValue@heroes.quality``), which a reader that does not know it passes over.

The same entries always give the same bytes.
"""

import json
from collections.abc import Iterable
from datetime import UTC, datetime
from hashlib import sha256
from typing import BinaryIO, Final, NamedTuple

from heroes_forensics.hashsets import manifest
from heroes_forensics.hashsets.formats.base import Value
from heroes_forensics.hashsets.formats.vics import QUALITY
from heroes_forensics.model import JSON

LIST: Final = "list.json"
"""Name of the list beside its manifest."""
SCHEME: Final = "vics"
_CONTEXT: Final = (
    "http://github.com/VICSDATAMODEL/ProjectVic/DataModels/2.0.xml/{region}/$metadata#Media"
)
_NAMES: Final = {
    "pdq": "PDQ",
    "phash-64": "phash-64",
    "dhash-64": "dhash-64",
    "photodna": "PhotoDNA",
    "md5-512": "MD5-512",
}
"""Kinds of values, and what they are called in the list."""


class Listed(NamedTuple):
    """One file to list."""

    number: int
    md5: bytes
    sha1: bytes
    sha256: bytes
    size: int
    """Bytes."""
    category: int | None
    values: tuple[Value, ...] = ()
    """Of kinds that `write` has a name for."""


class Written(NamedTuple):
    """A list that was written."""

    size: int
    """Bytes."""
    sha256: str
    """Hex."""


def write(entries: Iterable[Listed], region: str, target: BinaryIO) -> Written:
    """Write a list.

    Args:
        entries: in the order of the list.
        region: whose numbering of categories it uses, a word.
        target: takes the bytes.

    Raises:
        OSError: it cannot be written.
    """
    digest, size = sha256(), 0

    def out(text: str) -> None:
        nonlocal size
        data = text.encode("ascii")
        digest.update(data)
        size += len(data)
        target.write(data)

    context = json.dumps(_CONTEXT.format(region=region))
    out(f'{{"@odata.context": {context}, "value": [')
    for index, entry in enumerate(entries):
        out((",\n" if index else "\n") + json.dumps(_media(entry)))
    out("\n]}\n")
    return Written(size, digest.hexdigest())


def _media(entry: Listed) -> JSON:
    found: JSON = {
        "MediaID": entry.number,
        "MD5": entry.md5.hex().upper(),
        "SHA1": entry.sha1.hex().upper(),
        "SHA256": entry.sha256.hex().upper(),
        "MediaSize": entry.size,
    }
    if entry.category is not None:
        found["Category"] = entry.category
    if entry.values:
        found["AlternativeHashes"] = [
            {
                "HashName": _NAMES[value.kind],
                "HashValue": value.data.hex(),
                **({f"HashValue@{QUALITY}": value.quality} if value.quality >= 0 else {}),
            }
            for value in entry.values
        ]
    return found


def described(  # noqa: PLR0913 - what a manifest says of a set
    written: Written,
    *,
    name: str,
    publisher: str,
    edition: str,
    kind: str,
    region: str,
    counts: JSON,
    now: datetime | None = None,
) -> bytes:
    """Return the manifest of a list, in the form that is signed.

    Its sequence is the time in whole minutes, so that a later edition has a higher one.

    Args:
        written: the list.
        name: of the set.
        publisher: who stands for it.
        edition: of the set.
        kind: a row of `known.KINDS`.
        region: as in `write`.
        counts: digests by algorithm.
        now: an aware time; the machine's clock when missing.

    Raises:
        HashSetError: a field is not what manifests allow.
    """
    moment = (now or datetime.now(UTC)).astimezone(UTC)
    body: JSON = {
        "format": manifest.FORMAT,
        "name": name,
        "publisher": publisher,
        "set_version": edition,
        "sequence": int(moment.strftime("%Y%m%d%H%M")),
        "issued": moment.strftime("%Y-%m-%dT%H:%M:%SZ"),
        "kind": kind,
        "scheme": SCHEME,
        "region": region,
        "counts": counts,
        "files": [{"name": LIST, "size": written.size, "sha256": written.sha256, "format": SCHEME}],
    }
    data = manifest.canonical(body)
    manifest.parse(data)
    return data
