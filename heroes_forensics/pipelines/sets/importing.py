"""Importing a hash set: a worker reads the file, and the catalogue takes what it gives."""

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Final, NamedTuple

from heroes_forensics.display import shown
from heroes_forensics.errors import (
    EvidenceError,
    HashSetError,
    HeroesError,
    StoppedError,
    UsageError,
)
from heroes_forensics.frames import Unit
from heroes_forensics.hashsets import manifest, publishing
from heroes_forensics.hashsets.catalogue import Delta
from heroes_forensics.hashsets.describing import (
    Approval,
    Approve,
    Description,
    UnknownKindError,
)
from heroes_forensics.hashsets.editions import SetRecord
from heroes_forensics.hashsets.governing import judge_file
from heroes_forensics.hashsets.layout import Header
from heroes_forensics.hashsets.profiles import Profile, parse, recorded, shipped
from heroes_forensics.model import JSON
from heroes_forensics.pipelines.case import laboratory
from heroes_forensics.pipelines.case.watch import Watch
from heroes_forensics.pipelines.locks import fence
from heroes_forensics.pipelines.sets import signed_sets, trusting
from heroes_forensics.pipelines.sets.hashsets import catalogue, origin
from heroes_forensics.pipelines.workers.single import single
from heroes_forensics.pipelines.workers.supervisor import Supervisor

MAX_PROFILE: Final = 1 << 20
"""Bytes of a category profile."""


def import_file(  # noqa: PLR0913 - one for each thing that an import rests on
    path: Path,
    description: Description,
    options: JSON,
    supervisor: Supervisor,
    *,
    allowed: frozenset[str] = frozenset(),
    delta: Delta | None = None,
    passphrase: str | None = None,
) -> SetRecord:
    """Have a worker read a supplier's file, and add what it gives to the catalogue.

    Args:
        path: the file; or a manifest or its folder, which then say what the set is.
        description: what the operator says of it.
        options: of the import unit.
        supervisor: starts the importer worker.
        allowed: what the operator allows by name, see `governing.ALLOWANCES`.
        delta: the edition that the file changes.
        passphrase: of the laboratory's keys.

    Raises:
        HashSetError: the file is damaged, refused or not understood; nothing of it is kept.
        OtherEditionError: this edition is there already, and differs.
        UsageError: there is no such file, or the options make no sense.
        UnknownKindError: nobody says what kind of list it is.
    """
    description = replace(description, reading=_reading(options))
    try:
        with _supplied(path, description, allowed) as given:
            return _added(given, options, supervisor, passphrase, delta)
    except UnknownKindError:
        raise  # names the file itself
    except HeroesError as error:
        # A worker that reads a set and ends says nothing about evidence.
        kind = HashSetError if isinstance(error, EvidenceError) else type(error)
        raise kind(f"{_name_of(path)}: {error}", hint=error.hint) from error
    except OSError as error:
        raise _unwritten(error) from error


def import_list(
    descriptor: int,
    description: Description,
    supervisor: Supervisor,
    *,
    allowed: frozenset[str] = frozenset(),
    passphrase: str | None = None,
) -> SetRecord:
    """Have a worker read a list that this program wrote, and add it to the catalogue.

    Args:
        descriptor: of the list, in the form of `heroes_forensics.hashsets.publishing`.
        description: of the set; its source has the name that it has when it is handed out.
        supervisor: starts the importer worker.
        allowed: what the operator allows by name, see `governing.ALLOWANCES`.
        passphrase: of the laboratory's keys.

    Raises:
        HashSetError: the set is refused; nothing of it is kept.
        OtherEditionError: this edition is there already, and differs.
        UsageError: the description makes no sense.
    """
    rules = trusting.rules(allowed)
    installed = [record.header for record in catalogue().list()]

    def approve(header: Header, report: JSON) -> Approval:
        del report
        judgement = judge_file(header, installed, rules)
        return Approval(judgement.state, judgement.provenance(), judgement.warnings)

    given = _Given(descriptor, description, publishing.SCHEME, approve)
    try:
        return _added(given, {}, supervisor, passphrase)
    except OSError as error:
        raise _unwritten(error) from error


def _added(
    given: "_Given",
    options: JSON,
    supervisor: Supervisor,
    passphrase: str | None,
    delta: Delta | None = None,
) -> SetRecord:
    key = laboratory.catalogue_ring(laboratory.home(), passphrase).set_key
    told = options | ({"format": given.format} if given.format else {})
    with supervisor.crew("importer", [given.descriptor]) as crew:
        return single(
            crew,
            Unit(0, "import", told),
            lambda frames: catalogue().add(
                frames, given.description, key, approve=given.approve, delta=delta
            ),
        )


def _unwritten(error: OSError) -> StoppedError:
    return StoppedError(
        f"the catalogue of hash sets cannot be written: {error.strerror}",
        hint="make room, or name another home with HEROES_HOME",
    )


def _name_of(path: Path) -> str:
    """Return how messages name a file or folder; a dot is no name."""
    return shown(path.name or path.absolute().name)


class _Given(NamedTuple):
    """A file to import, opened, and who decides on it."""

    descriptor: int
    description: Description
    format: str
    approve: Approve


@contextmanager
def _supplied(path: Path, description: Description, allowed: frozenset[str]) -> Iterator[_Given]:
    rules = trusting.rules(allowed)
    installed = [record.header for record in catalogue().list()]
    if signed_sets.has_manifest(path):
        with signed_sets.accepted(path, installed, rules) as found:
            said = found.manifest
            described = replace(
                description,
                name=said.name,
                issuer=said.publisher,
                edition=description.edition or said.set_version,
                kind=said.kind,
                scheme=said.scheme,
                region=said.region,
                source_name=found.file.name,
            )
            yield _Given(found.descriptor, described, found.file.format, found.approve)
        return

    def approve(header: Header, report: JSON) -> Approval:
        del report
        judgement = judge_file(header, installed, rules)
        beside = (path.parent / manifest.NAME).exists()
        warnings = (*judgement.warnings, *([_BESIDE] if beside else []))
        return Approval(judgement.state, judgement.provenance(), warnings)

    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC)
    except OSError as error:
        raise UsageError(
            f"it cannot be read: {error.strerror}",
            hint="name a file that is there; sets of the catalogue: heroes hashset list",
        ) from error
    try:
        yield _Given(descriptor, description, "", approve)
    finally:
        os.close(descriptor)


_BESIDE: Final = (
    f"a manifest ({manifest.NAME}) lies beside the file and was not looked at: import its folder"
)


def import_set(  # noqa: PLR0913 - what an operator can say of a set
    path: Path,
    *,
    name: str = "",
    issuer: str = "",
    edition: str = "",
    kind: str = "",
    scheme: str = "",
    region: str = "",
    profile: str = "",
    algorithm: str = "",
    mapping: Sequence[str] = (),
    columns: str = "",
    no_header: bool = False,
    accept_rejects: bool = False,
    onto: str = "",
    removals: bool = False,
    allowed: Sequence[str] = (),
    passphrase: str | None = None,
    watch: Watch | None = None,
    own_process: bool = False,
) -> JSON:
    """Import a supplier's file and return the import report.

    A folder, or the manifest in it, says itself what the set is; ``allowed`` holds rows of
    `governing.ALLOWANCES`. ``onto`` names the set whose newest active edition the file changes:
    it adds records, or with ``removals`` names those that are withdrawn. With ``own_process``,
    this process can write to the laboratory's home alone from then on.

    Raises:
        HashSetError: the file is refused.
        UsageError: an option makes no sense.
    """
    if columns and not no_header:
        raise UsageError(
            "columns are named by position only in a table without a header",
            hint="add --no-header; to say what a named column means: --map SOURCE=md5",
        )
    if no_header and not columns:
        raise UsageError(
            "a table without a header needs its columns named",
            hint="for example: --no-header --columns md5,size,category",
        )
    if signed_sets.has_manifest(path) and any((name, issuer, kind, scheme, region)):
        raise UsageError(
            "a set with a manifest is what its manifest says",
            hint="leave --name, --issuer, --kind, --scheme and --region out",
        )
    delta = _delta(path, onto, removals, (name, issuer, kind, scheme, region, profile))
    description = Description(
        name=name or path.stem,
        issuer=issuer,
        edition=edition,
        kind=kind,
        scheme=scheme,
        region=region,
        profile=profile_of(profile) if profile else None,
        source_name=path.name,
    )
    if delta is not None:
        description = _of_the_set(delta.onto.header, description)
    options = import_options(
        algorithm=algorithm, mapping=mapping, columns=columns, accept_rejects=accept_rejects
    )
    if watch is not None:
        watch.note(f"reading {_name_of(path)}")
    with Supervisor(first=["sets"]) as supervisor:
        supervisor.isolation("importer")  # before the fence: it is tried on sockets of our own
        if own_process:
            fence.around()
        record = import_file(
            path,
            description,
            options,
            supervisor,
            allowed=frozenset(allowed),
            delta=delta,
            passphrase=passphrase,
        )
    return {"type": "import", "added": record.added, **record.report, **origin(record.header)}


def _delta(path: Path, onto: str, removals: bool, said: Sequence[str]) -> Delta | None:  # noqa: FBT001 - as it was given
    """Return what the file changes.

    Raises:
        UsageError: there is no such set, or more is said than its edition already says.
    """
    if not onto:
        if removals:
            raise UsageError(
                "records are withdrawn from a set that is there",
                hint="name it: heroes hashset import LIST --onto NAME --removals",
            )
        return None
    if any(said):
        raise UsageError(
            "what is imported onto a set is of its name, issuer, kind and categories",
            hint="leave --name, --issuer, --kind, --scheme, --region and --profile out",
        )
    if signed_sets.has_manifest(path):
        raise UsageError(
            "a set with a manifest is an edition of its own, and no change of another",
            hint="import it without --onto, or name the file of the change",
        )
    return Delta(catalogue().get(onto), removals)


def _of_the_set(header: Header, description: Description) -> Description:
    """Describe a change as the edition that it changes is described."""
    return replace(
        description,
        name=header.name,
        issuer=header.issuer,
        kind=header.kind,
        scheme=header.scheme,
        region=header.region,
        profile=recorded(header.profile),
    )


def import_options(
    *,
    algorithm: str = "",
    mapping: Sequence[str] = (),
    columns: str = "",
    accept_rejects: bool = False,
) -> JSON:
    """Return the options of an import unit.

    Raises:
        UsageError: a mapping is not ``SOURCE=DESTINATION``, or a source is mapped twice.
    """
    pairs: dict[str, str] = {}
    for text in mapping:
        source, equals, target = text.partition("=")
        if not equals or not source or not target:
            raise UsageError(f"{text!r} maps no column", hint="write --map SOURCE=md5")
        if source in pairs:
            raise UsageError(f"the column {shown(source)} is mapped twice")
        pairs[source] = target
    return {
        "algorithm": algorithm,
        "map": pairs,
        "columns": [part.strip() for part in columns.split(",") if part.strip()],
        "accept_rejects": 2**62 if accept_rejects else 0,
    }


def _reading(options: JSON) -> JSON:
    """Return those options of an import unit that were given and decide what is read."""
    return {name: options[name] for name in ("algorithm", "map", "columns") if options.get(name)}


def profile_of(name: str) -> Profile:
    """Return a category profile that comes with the program, or that of a file.

    Raises:
        UsageError: there is none, or it is damaged.
    """
    table = shipped()
    if name in table:
        return table[name]
    path = Path(name)
    try:
        with path.open("rb") as stream:
            data = stream.read(MAX_PROFILE + 1)
        if len(data) > MAX_PROFILE:
            raise UsageError(f"the category profile {shown(path.name)} is larger than 1 MiB")
        return parse(path.stem, data.decode())
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(
            f"no category profile is called {shown(name)}",
            hint="name a YAML file, or one of: " + ", ".join(sorted(table)),
        ) from error
