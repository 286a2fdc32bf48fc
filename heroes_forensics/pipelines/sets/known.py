"""The hash sets of one run: chosen, held against time and policy, opened and tested."""

import hashlib
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

from heroes_forensics.display import shown
from heroes_forensics.errors import HashSetError, UsageError
from heroes_forensics.frames import PLUGIN_KINDS
from heroes_forensics.hashsets import describing
from heroes_forensics.hashsets.catalogue import OtherEditionError
from heroes_forensics.hashsets.describing import Description, UnknownKindError
from heroes_forensics.hashsets.editions import SetRecord, check_usable
from heroes_forensics.hashsets.governing import VERIFIED, judge_use
from heroes_forensics.hashsets.hset import HashSetFile
from heroes_forensics.hashsets.known import (
    COMPARED,
    KINDS,
)
from heroes_forensics.hashsets.states import ACTIVE, USABLE
from heroes_forensics.model import JSON
from heroes_forensics.pipelines.case import laboratory
from heroes_forensics.pipelines.sets import signed_sets, trusting
from heroes_forensics.pipelines.sets.hashsets import catalogue
from heroes_forensics.pipelines.sets.importing import import_file, import_options
from heroes_forensics.pipelines.sets.plugins import Plugged
from heroes_forensics.pipelines.sets.run_sets import Sets
from heroes_forensics.pipelines.workers.supervisor import Supervisor

_ALLOWED: Final = re.compile(r"--allow-[a-z-]+")
"""An option of an import in a hint."""


def files_among(wanted: Sequence[str]) -> bool:
    """Tell whether any of the sets named is a file, so that it is imported first."""
    return any(signed_sets.is_set(Path(name)) for name in wanted)


def load(
    wanted: Sequence[str],
    options: Mapping[str, object],
    supervisor: Supervisor,
    *,
    passphrase: str | None = None,
    plugged: Plugged | None = None,
) -> Sets:
    """Open the sets named; files that are not in the catalogue yet are imported first.

    Args:
        wanted: names of the catalogue, or paths of set files.
        options: ``kind`` and ``map`` for files, see `heroes hashset import`.
        supervisor: starts the importer workers.
        passphrase: of the laboratory's keys.
        plugged: a plug-in that compares values of its kind.

    Raises:
        HashSetError: a set is refused.
        UsageError: there is none of that name, or a file does not say what kind of list it is.
    """
    sets = Sets()
    allowed: Any = options.get("allow_expired") or ()
    strange = [name for name in allowed if name not in wanted]
    if strange:
        raise UsageError(
            f"--allow-expired names {shown(strange[0])}, which is none of the sets of this run",
            hint="write the name as in --set",
        )
    if not wanted:
        sets.notes.append("no hash set was given: every file is digested, nothing is compared")
        return sets
    key = laboratory.catalogue_ring(laboratory.home(), passphrase).set_key
    try:
        for name in dict.fromkeys(wanted):
            record = _chosen(name, options, supervisor, passphrase)
            record, notes = _usable(record, name, options)
            _check_comparable(record, plugged)
            if any(record.path == other.path for other, _ in sets.opened):
                continue
            sets.opened.append((record, _tested(record, key)))
            if signed_sets.is_set(Path(name)):
                content = signed_sets.content_of(Path(name)).absolute()
                digest = record.header.source_sha256
                sets.files.append({"path": str(content), "sha256": digest})
            warnings = record.report.get("warnings")
            if isinstance(warnings, list):
                notes = [*_warnings(record, map(str, warnings), plugged), *notes]
            sets.notes += [f"{record.header.name}: {text}" for text in notes]
    except BaseException:
        sets.close()
        raise
    return sets


def _warnings(record: SetRecord, warnings: Iterable[str], plugged: Plugged | None) -> list[str]:
    """Return the notes of an import; what a plug-in compares is not said to be compared by none."""
    if plugged is None:
        return list(warnings)
    left = {kind: n for kind, n in record.header.values.items() if kind != plugged.kind}
    said = set(describing.not_compared(dict(record.header.values)))
    return [*(text for text in warnings if text not in said), *describing.not_compared(left)]


def again(
    wanted: Sequence[JSON],
    files: Sequence[JSON],
    *,
    passphrase: str | None = None,
    plugged: Plugged | None = None,
) -> Sets:
    """Open the sets that a run was begun with.

    Args:
        wanted: as `Sets.identity` gave them.
        files: as `Sets.files` was.
        passphrase: of the laboratory's keys.
        plugged: the plug-in that the run was begun with.

    Raises:
        HashSetError: one of them is not there any more, or is not what it was.
    """
    sets = Sets(files=list(files))
    for each in files:
        _unchanged(Path(str(each["path"])), str(each["sha256"]))
    if not wanted:
        sets.notes.append("no hash set was given: every file is digested, nothing is compared")
        return sets
    key = laboratory.catalogue_ring(laboratory.home(), passphrase).set_key
    try:
        for each in wanted:
            label = f"hash set {each['name']} {each['edition']}"
            try:
                record = catalogue().get(str(each["set"]), str(each["edition"]))
            except UsageError as error:
                raise HashSetError(
                    f"{label} is not in the catalogue any more", hint=_NEW_RUN
                ) from error
            _same(record, each, label)
            _check_comparable(record, plugged)
            sets.opened.append((record, _tested(record, key)))
            sets.notes += [f"{record.header.name}: {text}" for text in _doubts(record)]
    except BaseException:
        sets.close()
        raise
    return sets


_NEW_RUN: Final = (
    "compare with other sets in another case: heroes scan SOURCE... --case OTHER --set NAME"
)


def _same(record: SetRecord, wanted: JSON, label: str) -> None:
    if record.state not in USABLE or record.header.source_sha256 != wanted["source_sha256"]:
        raise HashSetError(f"{label} is not the one the run was begun with", hint=_NEW_RUN)


def _unchanged(path: Path, sha256: str) -> None:
    """Refuse a set file that is not what was imported from it; one that went away is no matter.

    Raises:
        HashSetError: its content changed.
    """
    try:
        with path.open("rb") as stream:
            found = hashlib.file_digest(stream, "sha256").hexdigest()
    except OSError:  # the catalogue holds what was imported
        return
    if found != sha256:
        raise HashSetError(
            f"the hash set file {shown(path.name)} changed since the run began", hint=_NEW_RUN
        )


def _check_comparable(record: SetRecord, plugged: Plugged | None) -> None:
    """Refuse a set that nothing could match: its name beside "no match" would say too much.

    Raises:
        HashSetError: it holds no digest that is compared.
    """
    header = record.header
    compared = COMPARED if plugged is None else COMPARED | {plugged.kind}
    if not header.digests and not any(header.values.get(kind) for kind in compared):
        kinds = ", ".join(f"{count} {kind}" for kind, count in sorted(header.values.items()))
        raise HashSetError(
            f"hash set {record.label} holds nothing that this version compares, only {kinds}",
            hint="a plug-in of a licensed laboratory compares its values: --plugin NAME"
            if plugged is None and set(header.values) & set(PLUGIN_KINDS)
            else "leave it out here; it is kept in the catalogue for a version that compares it",
        )


def _tested(record: SetRecord, key: bytes) -> HashSetFile:
    file = HashSetFile.open(record.path, key)
    if not file.probes.passed:
        file.close()
        raise HashSetError(f"hash set {record.label} failed its look-up test")
    return file


def _usable(
    record: SetRecord, name: str, options: Mapping[str, object]
) -> tuple[SetRecord, list[str]]:
    """Hold an edition against time and the laboratory's policy, as they are now.

    Returns:
        The edition, with what is allowed for this run, and what is to be said of it.

    Raises:
        HashSetError: it may not be used.
    """
    check_usable(record)
    named: Any = options.get("allow_expired") or ()
    rules = trusting.rules(frozenset({"expired"} if name in named else ()))
    used = judge_use(record.header, rules)
    header = record.header
    before = list(header.provenance.get("allowed") or [])  # type: ignore[call-overload] # a list
    allowed = [*before, *(each for each in used if each not in before)]
    if allowed != before:
        record = replace(
            record, header=replace(header, provenance=header.provenance | {"allowed": allowed})
        )
    return record, _doubts(record)


def _doubts(record: SetRecord) -> list[str]:
    """Return what is to be said of an edition wherever it is used."""
    notes = []
    if record.state != ACTIVE:
        notes.append(f"{record.state}: {record.reason or 'no reason is given'}")
    key_id = record.header.provenance.get("key_id")
    if record.header.signature == VERIFIED and not any(
        key.id == key_id for key in trusting.store().keys(record.header.issuer)
    ):
        notes.append("the key that signed it is not pinned any more")
    return notes


def _chosen(
    name: str, options: Mapping[str, object], supervisor: Supervisor, passphrase: str | None
) -> SetRecord:
    path = Path(name)
    if "/" not in name and not signed_sets.is_set(path):
        return catalogue().get(name)
    mapping: Any = options.get("map") or ()
    description = Description(
        name=path.stem, kind=str(options.get("kind") or ""), source_name=path.name
    )
    told = import_options(mapping=tuple(mapping))
    try:
        return import_file(path, description, told, supervisor, passphrase=passphrase)
    except UnknownKindError as error:  # the hints name the options of an import: a scan has others
        hint = f"add --set-kind with what it is: {', '.join(KINDS)}"
        raise UnknownKindError(str(error), hint=hint) from error
    except OtherEditionError as error:
        hint = "import it with: heroes hashset import FILE --edition NAME"
        raise OtherEditionError(str(error), hint=hint) from error
    except HashSetError as error:  # what may be allowed is allowed once, when it is imported
        option = _ALLOWED.search(error.hint)
        if option is None:
            raise
        hint = f"import it first, and allow it there: heroes hashset import FILE {option[0]}"
        raise HashSetError(str(error), hint=hint) from error
