"""What a laboratory expects of a scan of its own evidence, in a file that people write.

``expected.yaml`` in a folder with the evidence::

    format: heroes-validation/1
    data:
      - name: reference disk 3          # stands in the record: no names of persons or of evidence
        source: disk3.E01
        profile: standard
        sets: [known.json]
        set_kind: notable
        media: [sha256:HEX]
        counts: {entries: 120, digested: 96, findings: 2}
        digests: {EX-1/1/p2048/4711-1: sha256:HEX}
        list: {file: disk3.hashdeep, only: no}

Digests of a list are those that another tool computed: hashdeep, ``sha256sum`` and its like, DFXML.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from heroes_forensics import config
from heroes_forensics.custody import validation
from heroes_forensics.errors import UsageError
from heroes_forensics.pipelines.case import settings
from heroes_forensics.pipelines.case.stated import a_list, text
from heroes_forensics.pipelines.examining.verification import LENGTHS
from heroes_forensics.pipelines.runs import request

FILE: Final = "expected.yaml"
COUNTS: Final = (
    *("entries", "directories", "digested", "without_content", "policy", "gaps", "findings"),
)
"""Counts that may be expected; entries and directories as the lister counted them."""
MAX_LIST: Final = 256 << 20
"""Bytes of a list of digests."""

_FIELDS: Final = (
    *("name", "source", "profile", "sets", "set_kind", "as", "media", "counts", "digests", "list"),
)
_LIST: Final = ("file", "only")
_YES: Final = {"yes": True, "true": True, "no": False, "false": False}
_KINDS: Final = {length: name for name, length in LENGTHS.items()}
_HEX: Final = re.compile(
    r"(?<![0-9A-Za-z])(?:[0-9a-fA-F]{64}|[0-9a-fA-F]{40}|[0-9a-fA-F]{32})(?![0-9A-Za-z])"
)
_DFXML: Final = re.compile(
    r"<hashdigest\s+type=[\"']([A-Za-z0-9-]{1,16})[\"'][^>]*>\s*([0-9a-fA-F]{32,64})\s*</hashdigest>"
)
_COLUMNS: Final = re.compile(r"^%%%% (size,.*)$", re.MULTILINE)
"""The line of a hashdeep file that names its columns."""


@dataclass(frozen=True, slots=True)
class Listed:
    """Digests of another tool."""

    algorithm: str
    """The strongest one that the list has."""
    digests: frozenset[bytes]
    sha256: str
    """Of the list itself."""
    only: bool
    """Whether nothing else may be found."""


@dataclass(frozen=True, slots=True)
class Expected:
    """One piece of evidence, and what a scan of it has to find."""

    name: str
    source: Path
    profile: str = "standard"
    sets: tuple[str, ...] = ()
    set_kind: str = ""
    treat_as: str = "auto"
    media: tuple[str, ...] = ()
    """``algorithm:hex``"""
    counts: Mapping[str, int] = field(default_factory=dict)
    digests: Mapping[str, str] = field(default_factory=dict)
    """``algorithm:hex`` by the whole locator."""
    listed: Listed | None = None


def load(folder: Path) -> tuple[list[Expected], bytes]:
    """Return what is expected in a folder, and the bytes of the file that says so.

    Raises:
        UsageError: there is no such file, or something in it makes no sense; it says where.
    """
    path = folder / FILE
    what = f"the expectations {FILE}"
    if not path.is_file():
        raise UsageError(
            f"the folder {folder.name or folder} has no {FILE}", hint="see docs/validation.md"
        )
    data = config.file_bytes(path, what=what)
    tree = settings.fields(config.read(data, what=what) or {}, ("format", "data"), what)
    if tree.get("format") != validation.FORMAT:
        raise UsageError(f"{what} are not of the format {validation.FORMAT}")
    rows = a_list(tree.get("data"), f"{what}, data")
    if not rows:
        raise UsageError(f"{what} name no evidence")
    found = [_expected(row, folder, f"{what}, data {n}") for n, row in enumerate(rows, start=1)]
    return found, data


def _expected(row: object, folder: Path, what: str) -> Expected:
    said = settings.fields(row, _FIELDS, what)
    for name in ("name", "source"):
        if name not in said:
            raise UsageError(f"{what} have no {name}", hint="see docs/validation.md")
    counts = settings.fields(said.get("counts", {}), COUNTS, f"{what}, counts")
    digests = said.get("digests", {})
    if not isinstance(digests, dict):
        raise UsageError(f"{what}, digests are no table")
    media = [_digest(each, f"{what}, media") for each in a_list(said.get("media", []), what)]
    found = Expected(
        name=text(said["name"], f"{what}, name"),
        source=folder / text(said["source"], f"{what}, source"),
        profile=_one_of(said.get("profile", "standard"), request.PROFILES, f"{what}, profile"),
        sets=tuple(
            str(folder / text(each, f"{what}, sets"))
            for each in a_list(said.get("sets", []), f"{what}, sets")
        ),
        set_kind=text(said["set_kind"], f"{what}, set_kind") if "set_kind" in said else "",
        treat_as=_one_of(said.get("as", "auto"), request.TREAT_AS, f"{what}, as"),
        media=tuple(media),
        counts={name: _count(value, f"{what}, {name}") for name, value in counts.items()},
        digests={
            text(name, f"{what}, digests"): _digest(value, f"{what}, digests")
            for name, value in digests.items()
        },
        listed=_listed(said["list"], folder, f"{what}, list") if "list" in said else None,
    )
    if not (found.media or found.counts or found.digests or found.listed):
        raise UsageError(f"{what} expect nothing", hint="a test that cannot fail is none")
    if len({each.partition(":")[0] for each in media}) != len(media):
        raise UsageError(f"{what}, media have two digests of one kind")
    return found


def _one_of(value: object, allowed: tuple[str, ...], what: str) -> str:
    if value not in allowed:
        raise UsageError(f"{what} is none of {', '.join(allowed)}")
    return str(value)


def _count(value: object, what: str) -> int:
    if not (isinstance(value, str) and value.isascii() and value.isdecimal() and len(value) < 16):  # noqa: PLR2004 - digits
        raise UsageError(f"{what} is no whole number")
    return int(value)


def _digest(value: object, what: str) -> str:
    try:
        return request.digest(text(value, what))
    except UsageError as error:
        raise UsageError(f"{what}: {error}", hint=error.hint) from error


def _listed(value: object, folder: Path, what: str) -> Listed:
    said = settings.fields(value, _LIST, what)
    if "file" not in said:
        raise UsageError(f"{what} has no file")
    word = str(said.get("only", "no")).lower()
    if word not in _YES:
        raise UsageError(f"{what}, only is neither yes nor no")
    path = folder / text(said["file"], f"{what}, file")
    try:
        with path.open("rb") as stream:
            data = stream.read(MAX_LIST + 1)
    except OSError as error:
        raise UsageError(f"{what} cannot be read: {error.strerror}") from error
    if len(data) > MAX_LIST:
        raise UsageError(f"{what} is larger than {MAX_LIST >> 20} MiB")
    import hashlib  # noqa: PLC0415 - one call

    found: dict[str, set[bytes]] = {}
    for algorithm, digest in digests_of(data.decode("utf-8", "replace")):
        found.setdefault(algorithm, set()).add(bytes.fromhex(digest))
    for algorithm in ("sha256", "sha1", "md5"):
        if algorithm in found:
            return Listed(
                algorithm,
                frozenset(found[algorithm]),
                hashlib.sha256(data).hexdigest(),
                only=_YES[word],
            )
    raise UsageError(f"{what} holds no digest", hint="hashdeep, sha256sum or DFXML")


def digests_of(data: str) -> Iterator[tuple[str, str]]:
    """Yield algorithm and value of each digest of a list of another tool.

    Of DFXML those of its elements; of a hashdeep file those of its columns; else the first of each
    line, as ``md5sum`` and its like write them.
    """
    if "<hashdigest" in data:
        for _, value in _DFXML.findall(data):
            if len(value) in _KINDS:
                yield _KINDS[len(value)], value.lower()
        return
    named = _COLUMNS.search(data[:4096])
    last = named[1].count(",") if named else 0
    for line in data.splitlines():
        if line.startswith(("#", "%")):
            continue
        # The last column is a name, and may hold anything.
        head = ",".join(line.split(",", last)[:last]) if last else line
        hits = _HEX.findall(head)
        for hit in hits if last else hits[:1]:
            yield _KINDS[len(hit)], hit.lower()
