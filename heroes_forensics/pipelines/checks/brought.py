"""What somebody brings and a record is held against: hash sets, certificates, this installation.

A record names all of them by digests. Whether a file at hand is the one it names, and whether the
program that runs here is the one that made it, nobody can tell from the record alone.
"""

import hashlib
import platform
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final, NamedTuple

from heroes_forensics import __version__
from heroes_forensics.custody import disclosure, given, notes, timestamp
from heroes_forensics.custody.chain import Problem
from heroes_forensics.custody.problems import shown
from heroes_forensics.errors import UsageError
from heroes_forensics.model import JSON
from heroes_forensics.pipelines.case import environment, installed, ledger_events

PROGRAM: Final = "program"
LIBRARIES: Final = "libraries"
"""What problems call the two halves of an installation."""
_MOST_ROOTS: Final = 1 << 20


class Loaded(NamedTuple):
    """One hash set that a run used, as the ledger has it."""

    name: str
    file_sha256: str


def roots_of(path: Path) -> bytes:
    """Return a file of trusted certificates.

    Raises:
        UsageError: it cannot be read, or holds none.
    """
    pem = given.read(path, _MOST_ROOTS, "the file of trusted certificates")
    timestamp.roots_of(pem)
    return pem


def hashsets(root: Path, files: Sequence[str]) -> Iterator[Problem]:
    """Digest suppliers' files and yield those that no run of the record used.

    Args:
        root: the folder of a record, verified already.
        files: ``NAME=PATH``, or a path alone: then any set of the record may be it.

    Raises:
        UsageError: the record has no set (of that name), or a file cannot be read.
    """
    loaded = [
        Loaded(str(event.body["hashset"]), str(event.body["file_sha256"]))
        for event in ledger_events.in_bundle(root, "hashset.loaded")
    ]
    names = sorted({each.name for each in loaded})
    for text in files:
        name, sign, path = text.partition("=")
        named = bool(sign) and name in names
        wanted = [each for each in loaded if not named or each.name == name]
        if not wanted:
            raise UsageError("the record names no hash set", hint="no run of it compared with one")
        digest = _sha256(Path(path if named else text))
        if digest not in {each.file_sha256 for each in wanted}:
            what = "not the one" if named else f"none of the {len(names)} hash sets"
            where = shown(name) if named else "hash set"
            yield Problem("hashset-mismatch", where, f"the file given is {what} on record")


def disclosures(
    root: Path, origin: str, files: Sequence[Path], trusted: Sequence[notes.VerifierKey]
) -> Iterator[Problem]:
    """Check disclosures, and yield where they are not of this record.

    Args:
        root: the folder of a record, verified already.
        origin: of its ledger.
        files: that `heroes disclose` made, or that say so.
        trusted: keys that the caller vouches for.

    Raises:
        UsageError: one cannot be read.
    """
    for path in files:
        found = disclosure.Disclosure(given.read(path, disclosure.MAX_BYTES, "the disclosure"))
        lines = ledger_events.lines_of(root)
        for code, where, text in (
            *found.problems,
            *found.signed_by(trusted),
            *found.belongs_to(origin, lines),
        ):
            named = ("disclosure", shown(found.finding), where)
            yield Problem(code, " ".join(filter(None, named)), text)


def installation(root: Path) -> Iterator[Problem]:
    """Compare the program and the libraries that are installed here with those on record.

    The same version with other files is a mismatch; another version has other files by right, and
    is only said. Libraries are compared by their lists of files, and those lists with the files;
    where Python or the machine is another kind, the same version comes as other files.

    Args:
        root: the folder of a record, verified already.
    """
    now = environment.environment()
    for name in installed.altered(environment.libraries()):
        text = f"a file of {name} is not the one that was installed"
        yield Problem("environment-mismatch", LIBRARIES, text)
    seen: set[str] = set()
    for event in ledger_events.in_bundle(root, "environment.recorded"):
        for problem in (_program(event.body, now), _libraries(event.body, now)):
            if problem is not None and problem.text not in seen:
                seen.add(problem.text)
                yield problem


def _program(body: JSON, now: JSON) -> Problem | None:
    if body["program_version"] != __version__:
        text = f"version {shown(body['program_version'])} made it, and {__version__} runs here"
        return Problem("environment-unchecked", PROGRAM, text)
    if body["program_sha256"] == now["program_sha256"]:
        return None
    text = f"its version is {__version__}, as on record, and its files are others"
    return Problem("environment-mismatch", PROGRAM, text)


def _libraries(body: JSON, now: JSON) -> Problem | None:
    if body["libraries"] != now["libraries"] or not _alike(body):
        text = "other versions were used, or with another Python or kind of machine"
        return Problem("environment-unchecked", LIBRARIES, text)
    if body["packages_sha256"] == now["packages_sha256"]:
        return None
    text = "their versions are those on record, and their files are others"
    return Problem("environment-mismatch", LIBRARIES, text)


def _alike(body: JSON) -> bool:
    """Say whether the same wheels are installed for this Python on this kind of machine."""
    python = str(body["python"]).rpartition(".")[0]
    return python == platform.python_version().rpartition(".")[0] and str(body["os"]).endswith(
        f" {platform.machine()}"
    )


def _sha256(path: Path) -> str:
    with given.opened(path, "the hash set") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()
