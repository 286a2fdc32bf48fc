"""Building a hash set from reference files, for a body that holds them lawfully.

What the files gave (`pipelines.references.reference`) is written as a list into memory that
no disk stands behind, and that list is imported as any other: by a locked worker, with the same
report, rules and protection. So what a body publishes and what it uses itself are one and the same.
Nothing of a file but numbers is kept, and none is ever named.
"""

import fcntl
import os
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

import numpy as np

from heroes_forensics.display import shown
from heroes_forensics.errors import DONE, GAPS, HashSetError, StoppedError, UsageError
from heroes_forensics.filetype import TYPES
from heroes_forensics.frames import (
    ALGORITHM_BYTES,
    PERCEPTUAL_ALGORITHMS,
    PLUGIN_KINDS,
    Picture,
    Status,
    Supplied,
)
from heroes_forensics.hashsets import publishing
from heroes_forensics.hashsets.describing import Description
from heroes_forensics.hashsets.editions import SetRecord
from heroes_forensics.hashsets.formats.base import Value
from heroes_forensics.hashsets.known import BEGINNING, MAX_VALUES, NOTABLE
from heroes_forensics.hashsets.manifest import NAME as MANIFEST
from heroes_forensics.hashsets.publishing import LIST, Listed, Written
from heroes_forensics.model import GAP_CODES, JSON
from heroes_forensics.pipelines.case import outgoing
from heroes_forensics.pipelines.case.watch import Unwatched, Watch
from heroes_forensics.pipelines.examining import decoding
from heroes_forensics.pipelines.locks import fence
from heroes_forensics.pipelines.references import reference
from heroes_forensics.pipelines.references.reference import Reference
from heroes_forensics.pipelines.sets import importing, plugins
from heroes_forensics.pipelines.sets.hashsets import origin
from heroes_forensics.pipelines.sets.plugins import Plugged
from heroes_forensics.pipelines.workers.supervisor import Supervisor
from heroes_forensics.reports.vics import DEFAULT_REGION, REGIONS

KINDS: Final = ("notable", "watch", "adult-intimate")
"""Kinds of sets that can be built; what is known to be good comes as digests of software."""
NAMED: Final = 1_000
"""Files with a gap that are named by number; the others are counted."""
_SEALS: Final = fcntl.F_SEAL_WRITE | fcntl.F_SEAL_SHRINK | fcntl.F_SEAL_GROW | fcntl.F_SEAL_SEAL


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is to be built, and how it is called."""

    folder: Path
    name: str
    issuer: str
    edition: str = ""
    """Empty: the first digits of the list's SHA-256."""
    kind: str = NOTABLE
    category: str = ""
    """Of files in no folder of ``categories``: a whole number, or empty."""
    categories: Mapping[str, str] | None = None
    """By folder below ``folder``; the innermost counts."""
    region: str = DEFAULT_REGION
    """Whose numbering the categories are of."""
    profile: str = ""
    """What they mean: the name of a profile, or its file."""
    every_file: bool = False
    """List files that are no pictures and no films, too."""
    beginnings: bool = False
    """List MD5 of the first 512 bytes of each file, too."""
    plugin: str = ""
    """Of a licensed laboratory, asked for values of the pictures, too."""
    output: Path | None = None
    """A new folder for the list and its manifest."""


def build_set(
    wanted: Wanted,
    *,
    allowed: Sequence[str] = (),
    passphrase: str | None = None,
    watch: Watch | None = None,
    own_process: bool = False,
) -> tuple[JSON, int]:
    """Build a set and make it an edition of the catalogue; return the report and the exit code.

    With ``own_process``, this process can write to the laboratory's home, and where the output
    goes, from then on.

    Raises:
        EvidenceError: the folder cannot be read.
        HashSetError: nothing of it can be listed, or the set is refused.
        StoppedError: the disk is full, or the machine at fault.
        UsageError: the request makes no sense.
    """
    watch = watch or Unwatched()
    folders = _check(wanted)
    if wanted.plugin:
        plugins.package_of(wanted.plugin)
    description = Description(
        name=wanted.name,
        issuer=wanted.issuer,
        edition=wanted.edition,
        kind=wanted.kind,
        profile=importing.profile_of(wanted.profile) if wanted.profile else None,
        source_name=publishing.LIST,
    )
    with Supervisor(first=["evidence", "media"], plugin=wanted.plugin) as supervisor:
        supervisor.isolation("parser")  # before the fence: it is tried on sockets of our own
        if own_process:
            fence.around(wanted.output)
        plugged = plugins.tried(wanted.plugin, supervisor) if wanted.plugin else None
        found = reference.read(
            wanted.folder,
            supervisor,
            workers=len(os.sched_getaffinity(0)),
            category_of=folders.category,
            watch=watch,
            plugin=wanted.plugin,
            beginnings=wanted.beginnings,
        )
        folders.check_used()
        with _listed(found, wanted, plugged) as (descriptor, written, built):
            watch.note("making the edition")
            record = importing.import_list(
                descriptor,
                replace(description, built=built),
                supervisor,
                allowed=frozenset(allowed),
                passphrase=passphrase,
            )
            if wanted.output is not None:
                _hand_out(wanted, wanted.output, record, descriptor, written)
    code = GAPS if built["gaps"] else DONE
    report = {"type": "build", "added": record.added, **record.report, "built": built}
    return report | origin(record.header), code


class _Folders:
    """Which folder below the reference folder is of which category."""

    def __init__(self, categories: Mapping[str, str], other: str) -> None:
        self._other = other
        self._by_path = {os.fsencode(name): code for name, code in categories.items()}
        self._unused = set(self._by_path)

    def category(self, path: bytes) -> str:
        """Return the category of a file: that of the innermost folder named."""
        folder = path
        while b"/" in folder:
            folder = folder.rpartition(b"/")[0]
            if folder in self._by_path:
                self._unused.discard(folder)
                return self._by_path[folder]
        return self._other

    def check_used(self) -> None:
        """Make sure that every folder that was named holds files.

        Raises:
            UsageError: one holds none, so that its files would get another category.
        """
        for name in sorted(self._unused):
            raise UsageError(
                f"no file lies in the folder {shown(os.fsdecode(name))}",
                hint="name folders below the reference folder as they are written there",
            )


def _check(wanted: Wanted) -> _Folders:
    """Look at what can be wrong before anything is read.

    Raises:
        UsageError: something is.
    """
    reference.check(wanted.folder)
    if wanted.kind not in KINDS:
        raise UsageError(
            f"a set of kind {shown(wanted.kind)} is not built from files",
            hint=f"kinds: {', '.join(KINDS)}; lists of digests: heroes hashset import FILE",
        )
    if REGIONS.fullmatch(wanted.region) is None:
        raise UsageError("a region is a word of up to 32 letters, digits, '_' or '-'")
    folders: dict[str, str] = {}
    for name, code in (wanted.categories or {}).items():
        path = os.path.normpath(name)
        if path in {".", ".."} or path.startswith(("/", "../")):
            raise UsageError(
                f"{shown(name)} is no folder below the reference folder",
                hint="write its path from there: --category-of series/one=1",
            )
        folders[path] = _code(code)
    if wanted.output is not None:
        _check_output(wanted.output, wanted.folder)
        # A name that a manifest cannot have is refused now, and not after hours.
        _manifest(wanted, wanted.edition or "0", Written(0, "0" * 64), {})
    return _Folders(folders, _code(wanted.category) if wanted.category else "")


def _code(text: str) -> str:
    if not text.isascii() or not text.isdigit() or len(text) > _CODE_DIGITS:
        raise UsageError(
            f"the category {shown(text)} is no whole number",
            hint="categories are those of VICS, in the numbering of --region",
        )
    return str(int(text))


_CODE_DIGITS: Final = 9


def _check_output(output: Path, folder: Path) -> None:
    if output.resolve().is_relative_to(folder.resolve()):
        raise UsageError(
            "the output lies in the reference folder, to which nothing is ever written",
            hint="name a new folder elsewhere with --output",
        )
    if output.is_symlink() or (output.exists() and (not output.is_dir() or any(output.iterdir()))):
        raise UsageError(
            f"{shown(str(output))} is there already, and is not an empty folder",
            hint="the list gets a folder of its own: name a new one with --output",
        )


@contextmanager
def _listed(
    found: Reference, wanted: Wanted, plugged: Plugged | None
) -> Iterator[tuple[int, Written, JSON]]:
    """Write the list into memory; yield a descriptor of it, what it is, and what was built.

    Raises:
        HashSetError: there is nothing to list.
    """
    listing = _Listing(found, plugged, every_file=wanted.every_file)
    descriptor = os.memfd_create("heroes-list", os.MFD_CLOEXEC | os.MFD_ALLOW_SEALING)
    try:
        try:
            with open(descriptor, "wb", closefd=False) as stream:
                written = publishing.write(listing.entries(), wanted.region, stream)
        except OSError as error:
            raise StoppedError(
                f"the list does not fit into memory: {error.strerror}",
                hint="build sets of fewer files",
            ) from error
        fcntl.fcntl(descriptor, fcntl.F_ADD_SEALS, _SEALS)
        built = listing.report()
        if not built["listed"]:
            raise HashSetError(
                "no file of the folder can be listed",
                hint="pictures and films are listed; other files with --every-file",
            )
        yield descriptor, written, built
    finally:
        os.close(descriptor)


class _Listing:
    """Makes entries of what was read, each file once, and counts what becomes of the others."""

    def __init__(self, found: Reference, plugged: Plugged | None, *, every_file: bool) -> None:
        self._found = found
        self._plugged = plugged
        self._every_file = every_file
        self._listed = 0
        self._left: Counter[str] = Counter(found.left)
        self._values: Counter[str] = Counter()
        self._without = 0

    def entries(self) -> Iterator[Listed]:
        """Yield what is to be listed, by number."""
        found = self._found
        values = _Values(found, self._plugged.kind if self._plugged else "")
        seen: set[tuple[bytes, str]] = set()
        pictures = set(found.pictures["id"].tolist())
        for row in found.contents[found.contents["status"] == Status.DONE]:
            number, digest = int(row["id"]), bytes(row["sha256"])
            category = found.categories[number - 1]
            if not row["bytes_read"]:
                self._left["empty"] += 1
            elif not TYPES[int(row["type"])].is_media and not self._every_file:
                self._left["other-types"] += 1
            elif (digest, category) in seen:
                self._left["equal-files"] += 1
            else:
                seen.add((digest, category))
                mine = values.of(number)
                self._listed += 1
                self._values.update(value.kind for value in mine)
                seen_as = [value for value in mine if value.kind != BEGINNING]
                self._without += number in pictures and not seen_as
                yield Listed(
                    number=number,
                    md5=bytes(row["md5"]),
                    sha1=bytes(row["sha1"]),
                    sha256=digest,
                    size=int(row["bytes_read"]),
                    category=int(category) if category else None,
                    values=mine,
                )

    def report(self) -> JSON:
        """Return what became of the files, in numbers."""
        contents, pictures = self._found.contents, self._found.pictures
        gaps = [
            (int(row["id"]), GAP_CODES[row["gap"]])
            for rows in (
                contents[contents["status"] == Status.GAP],
                pictures[np.isin(pictures["status"], _GAPS)],
            )
            for row in rows
        ]
        named = sorted(gaps)[:NAMED]
        return {
            "files": len(contents),
            "listed": self._listed,
            "left_out": dict(sorted((+self._left).items())),
            "decoded": int(np.isin(pictures["status"], (Picture.DONE, Picture.PARTIAL)).sum()),
            "without_values": self._without,
            "values": dict(sorted(self._values.items())),
            "algorithm": decoding.algorithm(),
            **({"plugin": self._of_plugin(self._plugged)} if self._plugged else {}),
            "gaps": dict(sorted(Counter(code for _, code in gaps).items())),
            "gap_files": [{"file": number, "gap": code} for number, code in named],
        }

    def _of_plugin(self, plugged: Plugged) -> JSON:
        """Return which plug-in it was, and what came of the frames it was given."""
        status = self._found.supplied["status"]
        counts = {each.name.lower(): int((status == each).sum()) for each in Supplied}
        return {**plugged.to_json(), "frames": counts}


_GAPS: Final = (Picture.GAP, Picture.PARTIAL, Picture.POLICY)


class _Values:
    """The perceptual values of files, as they are listed."""

    def __init__(self, found: Reference, plugin_kind: str) -> None:
        self._plugin_kind = plugin_kind
        self._supplied = found.supplied[found.supplied["status"] == Supplied.VALUE]
        begun = found.beginnings[found.beginnings["status"] == Status.DONE]
        self._begun = {int(row["id"]): bytes(row["md5"]) for row in begun}
        self._hashes = found.hashes
        self._numbers = found.hashes["id"]

    def of(self, number: int) -> tuple[Value, ...]:
        """Return the values of one file: PDQ of all views, phash and dhash of the first frame.

        Of a film of too many frames those are taken that lie evenly in it. Values of the plug-in
        come first.
        """
        kept: dict[tuple[str, bytes], Value] = {}
        first, last = np.searchsorted(self._supplied["id"], [number, number + 1])
        for row in self._supplied[first:last]:
            data = bytes(row["value"])[: PLUGIN_KINDS[self._plugin_kind]]
            kept.setdefault((self._plugin_kind, data), Value(self._plugin_kind, data))
        if number in self._begun:
            kept[BEGINNING, b""] = Value(BEGINNING, self._begun[number])
        supplied = tuple(kept.values())
        kept.clear()
        first, last = np.searchsorted(self._numbers, [number, number + 1])
        rows = self._hashes[first:last]
        for row in rows[(rows["algorithm"] == _PDQ) | (rows["at"] == 0)]:
            algorithm = int(row["algorithm"])
            kind = PERCEPTUAL_ALGORITHMS[algorithm]
            data = bytes(row["value"])[: ALGORITHM_BYTES[algorithm]]
            kept.setdefault((kind, data), Value(kind, data, int(row["quality"])))
        found = list(kept.values())
        most = min(len(found), MAX_VALUES - len(supplied))
        return supplied + tuple(found[index * len(found) // most] for index in range(most))


_PDQ: Final = PERCEPTUAL_ALGORITHMS.index("pdq")


def _hand_out(
    wanted: Wanted, output: Path, record: SetRecord, descriptor: int, written: Written
) -> None:
    """Write the list and its manifest into a folder for the owner alone.

    Raises:
        StoppedError: it cannot be written; nothing of it is left there.
    """
    counts = record.report.get("accepted")
    manifest = _manifest(
        wanted, record.header.edition, written, counts if isinstance(counts, dict) else {}
    )
    try:
        with outgoing.held(output) as folder, open(descriptor, "rb", closefd=False) as stream:
            stream.seek(0)
            outgoing.write(folder, {LIST: stream.read(), MANIFEST: manifest})
    except StoppedError as error:
        raise StoppedError(
            "the set is in the catalogue, but the folder of its list cannot be written",
            hint="make room, or name another folder with --output, and build it again",
        ) from error


def _manifest(wanted: Wanted, edition: str, written: Written, counts: JSON) -> bytes:
    return publishing.described(
        written,
        name=wanted.name,
        publisher=wanted.issuer,
        edition=edition,
        kind=wanted.kind,
        region=wanted.region,
        counts=counts,
    )
