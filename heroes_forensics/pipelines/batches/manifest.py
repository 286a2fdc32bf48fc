"""A manifest: many exhibits to be examined one after the other, as YAML or as a table (CSV).

An exhibit takes from the top what it does not say itself. Paths are relative to the folder of the
manifest. What contradicts itself is refused as a whole, before anything is begun.
"""

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from heroes_forensics import config
from heroes_forensics.display import shown
from heroes_forensics.errors import UsageError
from heroes_forensics.model import JSON
from heroes_forensics.pipelines.batches import manifest_table
from heroes_forensics.pipelines.batches.manifest_fields import (
    COMMON,
    EXHIBIT,
    FORMAT,
    OF_A_CASE,
    SOURCE,
    TOP,
    Field,
)
from heroes_forensics.pipelines.case import cases
from heroes_forensics.pipelines.case.stated import DESCRIPTION, a_list, text
from heroes_forensics.pipelines.evidence.acquiring import AUTO
from heroes_forensics.pipelines.sets import signed_sets

CASES: Final = "cases"
"""Folder, beside the manifest, in which each exhibit gets a case of its own."""
MAX_SOURCES: Final = 1000
"""Of one exhibit: they are examined in one run."""
_EXAMPLE: Final = "see docs/batch.md for an example"
_NAME_LIMIT: Final = 64


@dataclass(frozen=True, slots=True)
class Source:
    """One source of an exhibit."""

    path: Path
    expect: tuple[str, ...] = ()
    """``algorithm:hex``, in small letters."""
    acquisition_log: tuple[str, ...] = ()
    """Paths, and `acquiring.AUTO`."""
    key_file: str = ""
    """Path of a file with its passwords; empty for none."""


@dataclass(frozen=True, slots=True)
class Exhibit:
    """One exhibit of a manifest, with everything that is to be done with it."""

    label: str
    case_dir: Path
    sources: tuple[Source, ...]
    settings: Mapping[str, Any] = field(default_factory=dict)
    """Other fields, by name, in the form that `manifest_fields` gives them."""

    @property
    def key_files(self) -> tuple[str, ...]:
        """Paths of the files with passwords: of the exhibit, and of its sources; each once.

        The sources of an exhibit are examined in one run, where every key is tried on each.
        """
        named = [str(self.settings.get("key_file", "")), *(each.key_file for each in self.sources)]
        return tuple(dict.fromkeys(filter(None, named)))


@dataclass(frozen=True, slots=True)
class Manifest:
    """What is to be examined."""

    path: Path
    exhibits: tuple[Exhibit, ...]

    def to_json(self) -> list[JSON]:
        """Return what is to be done, one row an exhibit; no digests."""
        return [
            {
                "type": "exhibit",
                "exhibit": each.label,
                "case_dir": str(each.case_dir),
                "sources": [
                    {"path": str(source.path), "expected": len(source.expect)}
                    for source in each.sources
                ],
                "sets": each.settings["sets"],
            }
            for each in self.exhibits
        ]


def load(path: Path, *, cases_dir: Path | None = None) -> Manifest:
    """Read a manifest; ``cases_dir`` goes before the folder it names itself.

    Raises:
        UsageError: it cannot be read, or something in it makes no sense; the message says where.
    """
    what = f"the manifest {path.name}"
    data = config.file_bytes(path, what=what)
    is_table = path.suffix.lower() == ".csv"
    tree = manifest_table.tree(data, what) if is_table else config.read(data, what=what)
    if not isinstance(tree, dict):
        raise UsageError(f"{what} is no object", hint=_EXAMPLE)
    found = tuple(_exhibits(tree, path.parent, what, cases_dir))
    _check_once(found, what)
    _check_places(found, what)
    _check_shared(found, what)
    return Manifest(path, found)


def _exhibits(
    tree: Mapping[str, object], folder: Path, what: str, cases_dir: Path | None
) -> list[Exhibit]:
    top = _fields(tree, TOP, what, lists="exhibits")
    if top.get("format", FORMAT) != FORMAT:
        raise UsageError(f"{what} is of another format than {FORMAT}")
    root = cases_dir or folder / str(top.get("cases", CASES))
    common = {name: value for name, value in top.items() if name in COMMON}
    found = []
    for number, each in enumerate(a_list(tree.get("exhibits"), f"{what}: exhibits"), start=1):
        where = f"{what}: exhibit {number}"
        if not isinstance(each, dict):
            raise UsageError(f"{where} is no object", hint=_EXAMPLE)
        found.append(_exhibit(each, common, folder, root, where))
    if not found:
        raise UsageError(f"{what} names no exhibit", hint=_EXAMPLE)
    return found


def _exhibit(
    each: Mapping[str, object], common: Mapping[str, object], folder: Path, root: Path, where: str
) -> Exhibit:
    own = _fields(each, EXHIBIT, where, lists="sources")
    if "label" not in own:
        raise UsageError(f"{where} has no label", hint=_EXAMPLE)
    try:
        label = cases.check_label(str(own["label"]))
    except UsageError as error:
        raise UsageError(f"{where}: {error}", hint="put longer names into a field") from error
    where = f"{where} ({label})"
    sources = tuple(
        _source(source, folder, f"{where}: source {number}")
        for number, source in enumerate(a_list(each.get("sources"), f"{where}: sources"), start=1)
    )
    if not sources or len(sources) > MAX_SOURCES:
        many = f"more than {MAX_SOURCES} sources" if sources else "no source"
        raise UsageError(f"{where} has {many}")
    settings = {**common, **own}
    settings["exhibit_fields"] = {**_described(common), **_described(own)}
    if "key_file" in settings:
        settings["key_file"] = str((folder / str(settings["key_file"])).absolute())
    settings["sets"] = [_set(name, folder) for name in settings.get("sets", ())]
    case = own.get("case")
    return Exhibit(label, folder / str(case) if case else root / label, sources, settings)


def _described(fields: Mapping[str, Any]) -> dict[str, str]:
    found = {name: str(fields[name]) for name in DESCRIPTION if name in fields}
    if "zone" in fields:
        found["time_zone"] = str(fields["zone"])
    more: dict[str, str] = fields.get("fields", {})
    return found | more


def _set(name: str, folder: Path) -> str:
    """Return a set as a scan takes it: a path where there is such a file, else a name."""
    path = folder / name
    return str(path.absolute()) if "/" in name or signed_sets.is_set(path) else name


def _source(value: object, folder: Path, where: str) -> Source:
    if isinstance(value, str):
        return Source(folder / text(value, where))
    if not isinstance(value, dict):
        raise UsageError(f"{where} is neither a path nor an object")
    fields = _fields(value, SOURCE, where)
    if "path" not in fields:
        raise UsageError(f"{where} has no path")
    logs = fields.get("acquisition_log", ())
    return Source(
        folder / str(fields["path"]),
        tuple(fields.get("expect", ())),
        tuple(each if each == AUTO else str((folder / each).absolute()) for each in logs),
        str((folder / fields["key_file"]).absolute()) if "key_file" in fields else "",
    )


def _fields(
    tree: Mapping[str, object], known: Mapping[str, Field], where: str, *, lists: str = ""
) -> dict[str, Any]:
    """Read the fields of an object; the list that may stand in it is left to others."""
    for name in tree:
        if name not in known and name != lists:
            fields = sorted({*known, lists} - {""})
            raise UsageError(
                f"{where}: there is no field {shown(name, limit=_NAME_LIMIT)}",
                hint=f"known are: {', '.join(fields)}",
            )
    return {
        name: known[name].read(value, f"{where}: {name}")
        for name, value in tree.items()
        if name in known
    }


# ---- what contradicts itself -----------------------------------------------------------------


def _check_once(exhibits: Sequence[Exhibit], what: str) -> None:
    """Refuse an exhibit or a source that is there twice: it would be counted twice."""
    labels: set[tuple[str, str]] = set()
    sources: dict[str, str] = {}
    for each in exhibits:
        if (named := (os.path.realpath(each.case_dir), each.label)) in labels:
            raise UsageError(
                f"{what} names the exhibit {each.label} twice", hint="put its sources together"
            )
        labels.add(named)
        for number, source in enumerate(each.sources, start=1):
            place = f"source {number} of exhibit {each.label}"
            before = sources.setdefault(os.path.realpath(source.path), place)
            if before != place:
                raise UsageError(
                    f"{what}: {place} is the same file as {before}", hint="name each source once"
                )


def _check_places(exhibits: Sequence[Exhibit], what: str) -> None:
    """Refuse a case inside evidence, which is never written to, or inside another case."""
    cases_of = {os.path.realpath(each.case_dir): each.label for each in exhibits}
    sources = {
        os.path.realpath(source.path): each.label for each in exhibits for source in each.sources
    }
    for place, label in cases_of.items():
        above = [place, *map(str, Path(place).parents)]
        inside = next((path for path in above if path in sources), None)
        if inside is not None:
            raise UsageError(
                f"{what}: the case of exhibit {label} lies inside a source of exhibit"
                f" {sources[inside]}",
                hint="put the cases somewhere else: evidence is never written to",
            )
        inside = next((path for path in above[1:] if path in cases_of), None)
        if inside is not None:
            raise UsageError(
                f"{what}: the case of exhibit {label} lies inside that of exhibit"
                f" {cases_of[inside]}",
                hint="give each case a folder of its own, or let both share one",
            )


def _check_shared(exhibits: Sequence[Exhibit], what: str) -> None:
    """Refuse exhibits that share a case and say different things of it."""
    first: dict[str, Exhibit] = {}
    for each in exhibits:
        other = first.setdefault(os.path.realpath(each.case_dir), each)
        for name in OF_A_CASE:
            if each.settings.get(name) != other.settings.get(name):
                raise UsageError(
                    f"{what}: exhibits {other.label} and {each.label} share a case, and say another"
                    f" {name} of it",
                    hint="say it once, at the top",
                )
