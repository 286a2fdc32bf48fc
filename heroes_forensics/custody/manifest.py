"""The bundle manifest: a plain ``sha256sum`` file with a raw Ed25519 signature beside it.

The first line, which ``sha256sum`` takes for a comment, says what the file is, for which ledger
and when. It also keeps manifests and notes apart, so that no signature of one fits the other.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from heroes_forensics.custody import chain, notes
from heroes_forensics.custody.bundle import (
    LEDGER,
    MANIFEST,
    MANIFEST_SIGNATURE,
    MAX_FILES,
    SAFE_NAME,
    Reader,
)
from heroes_forensics.custody.chain import Problem
from heroes_forensics.custody.problems import shown

MAX_MANIFEST: Final = 1 << 26
OWN: Final = frozenset({MANIFEST, MANIFEST_SIGNATURE})

_HEADER: Final = re.compile(
    rf"# heroes-custody-manifest/1 ({chain.UUID.pattern}) ({chain.TIME.pattern})", re.ASCII
)
_LINE: Final = re.compile(r"([0-9a-f]{64})  (.+)")


@dataclass(frozen=True, slots=True)
class Manifest:
    """A manifest taken apart."""

    ledger: str
    time: str
    files: tuple[tuple[str, str], ...]
    """(name, SHA-256 in hex), in the order of the file."""
    problems: tuple[Problem, ...]


def parse(data: bytes) -> Manifest:
    """Take a manifest apart and keep what is wrong with its form."""
    problems: list[Problem] = []
    files: list[tuple[str, str]] = []
    text = data.decode(errors="replace")  # a replaced byte fits no line that follows
    header, _, rest = text.partition("\n")
    opening = _HEADER.fullmatch(header)
    if opening is None or not text.endswith("\n"):
        problems.append(Problem("schema", MANIFEST, "it does not begin or end as a manifest does"))
    for number, line in enumerate(rest.removesuffix("\n").split("\n") if rest else (), start=2):
        found = _LINE.fullmatch(line)
        where = f"{MANIFEST} line {number}"
        if found is None:
            problems.append(Problem("schema", where, "it is no line of sha256sum"))
        elif SAFE_NAME.fullmatch(found[2]) is None:
            problems.append(Problem("unsafe-input", where, "it names a path that is not plain"))
        else:
            files.append((found[2], found[1]))
    names = [name for name, _ in files]
    if names != sorted(set(names)):
        problems.append(Problem("schema", MANIFEST, "its names are not sorted, each once"))
    ledger, time = (opening[1], opening[2]) if opening else ("", "")
    return Manifest(ledger, time, tuple(files), tuple(problems))


def check(reader: Reader, ledger: str, keys: Sequence[notes.VerifierKey]) -> Iterator[Problem]:
    """Yield what does not fit between the manifest and the files.

    Args:
        reader: the bundle.
        ledger: UUID that the ledger itself states; empty when it could not be read.
        keys: the ledger keys.
    """
    if MANIFEST not in reader.names:
        yield Problem("manifest-missing", MANIFEST, "there is no manifest")
        return
    data = reader.read(MANIFEST, MAX_MANIFEST)
    if data is None:
        return
    if data.count(b"\n") > MAX_FILES:
        yield Problem("unsafe-input", MANIFEST, f"it lists more than {MAX_FILES} files")
        return
    found = parse(data)
    yield from found.problems
    yield from _signature(reader, data, keys)
    if not found.ledger or found.ledger != ledger:
        yield Problem("manifest-mismatch", MANIFEST, "it belongs to another ledger")
    listed = dict(found.files)
    if LEDGER not in listed:
        yield Problem("manifest-mismatch", MANIFEST, "it does not list the ledger")
    for name, digest in found.files:
        if name not in reader.names:
            yield Problem("missing-file", shown(name), "the manifest lists it, and it is not here")
        elif reader.sha256(name) != digest:
            yield Problem("manifest-mismatch", shown(name), "its SHA-256 is not the listed one")
    for name in sorted(reader.names - listed.keys() - OWN):
        yield Problem("extra-file", shown(name), "the manifest does not list it")


def _signature(reader: Reader, data: bytes, keys: Sequence[notes.VerifierKey]) -> Iterator[Problem]:
    signature = b""
    if MANIFEST_SIGNATURE in reader.names:
        with reader.open(MANIFEST_SIGNATURE) as stream:
            signature = stream.read(notes.SIGNATURE_BYTES + 1)
    if not any(notes.ed25519_ok(key.public, data, signature) for key in keys):
        yield Problem("manifest-signature-bad", MANIFEST, "no ledger key signed it")
