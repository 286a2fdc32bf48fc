"""The fields of a manifest: what may stand in each, and what it means.

The one place that says which fields there are; the JSON Schema that ships with the package is made
of it. Whatever a field means for one exhibit it may mean for all.
"""

from collections.abc import Callable, Mapping
from typing import Final, NamedTuple

from heroes_forensics.errors import UsageError
from heroes_forensics.model import JSON
from heroes_forensics.pipelines.case import cases
from heroes_forensics.pipelines.case.stated import DESCRIPTION, a_list, text
from heroes_forensics.pipelines.runs.request import (
    LIMITS,
    PROFILES,
    TREAT_AS,
    VERIFY,
    digest,
    duration,
    limits,
)
from heroes_forensics.pipelines.workers.isolation import LEVELS

FORMAT: Final = "heroes-batch/1"
OF_A_CASE: Final = ("reference", "examiner", "authority", "names")
"""Fields that are facts of the case an exhibit is examined in."""
MAX_WORKERS: Final = 512


class Field(NamedTuple):
    """One field of a manifest."""

    schema: JSON
    says: str
    read: Callable[[object, str], object]
    """Makes a value of what stands there; the second argument is the place, for messages."""


def _list_of_texts(value: object, where: str) -> list[str]:
    found = [value] if isinstance(value, str) else a_list(value, where)
    return [text(each, f"{where} {number}") for number, each in enumerate(found, start=1)]


def _object_of_texts(value: object, where: str) -> dict[str, str]:
    if not isinstance(value, dict):
        raise UsageError(f"{where} is no object")
    found = {text(name, where): text(each, f"{where}: {name}") for name, each in value.items()}
    if any("=" in name for name in found):
        raise UsageError(f"{where} has a name with an equals sign in it")
    return found


def _flag(value: object, where: str) -> bool:
    found = str(value).lower()  # spreadsheets write TRUE
    if found not in {"true", "false"}:
        raise UsageError(f"{where} is neither true nor false")
    return found == "true"


def _workers(value: object, where: str) -> int:
    found = str(value)
    sound = found.isascii() and found.isdecimal() and len(found) <= len(str(MAX_WORKERS))
    if not sound or int(found) > MAX_WORKERS:
        raise UsageError(f"{where} is no whole number up to {MAX_WORKERS}")
    return int(found)


def _choice(*allowed: str) -> Callable[[object, str], str]:
    def read(value: object, where: str) -> str:
        if value not in allowed:
            raise UsageError(f"{where} is none of {', '.join(allowed)}")
        return str(value)

    return read


def _authority(value: object, where: str) -> dict[str, str]:
    found = _object_of_texts(value, where)
    try:
        cases.check_authority(found)
    except UsageError as error:
        raise UsageError(f"{where}: {error}", hint=error.hint) from error
    return found


def _budget(value: object, where: str) -> str:
    found = text(value, where)
    try:
        duration(found)
    except UsageError as error:
        raise UsageError(f"{where}: {error}", hint=error.hint) from error
    return found


def _limits(value: object, where: str) -> dict[str, int]:
    if not isinstance(value, dict):
        raise UsageError(f"{where} is no object")
    try:
        return limits({text(name, where): str(told) for name, told in value.items()})
    except UsageError as error:
        raise UsageError(f"{where}: {error}", hint=error.hint) from error


def _digests(value: object, where: str) -> list[str]:
    try:
        found = [digest(each) for each in _list_of_texts(value, where)]
    except UsageError as error:
        raise UsageError(f"{where}: {error}", hint=error.hint) from error
    if any(each[0].isdigit() for each in found):
        raise UsageError(f"{where} has the number of a source", hint="write it at that source")
    return found


_TEXT: Final[JSON] = {"type": ["string", "number", "boolean"]}
_TEXTS: Final[JSON] = {
    "anyOf": [{"type": "string"}, {"type": "array", "items": {"type": "string"}}]
}
_OBJECT: Final[JSON] = {"type": "object", "additionalProperties": _TEXT}


def _chosen(says: str, *allowed: str) -> Field:
    return Field({"enum": list(allowed)}, says, _choice(*allowed))


COMMON: Final[dict[str, Field]] = {
    "reference": Field(_TEXT, "Reference of the case.", text),
    "examiner": Field(_TEXT, "Staff identifier of the examiner.", text),
    "authority": Field(
        {
            "type": "object",
            "properties": {
                name: {"type": "string"}
                for name in (
                    *("kind", "reference", "issued_by", "valid_from", "valid_to", "scope_text"),
                )
            },
            "required": ["kind", "reference", "issued_by", "valid_from", "scope_text"],
            "additionalProperties": False,
        },
        "The legal basis, recorded when the case is made.",
        _authority,
    ),
    "names": _chosen("Whether names of files are encrypted in a new case.", *cases.POLICIES),
    "sets": Field(_TEXTS, "Hash sets: names of the catalogue, or files.", _list_of_texts),
    "set_kind": _chosen(
        "What set files are, where their format does not say.",
        *("notable", "known-good", "watch", "adult-intimate", "exclude"),
    ),
    "profile": _chosen("How much is examined.", *PROFILES),
    "verify": _chosen("When the digests of the image are computed and compared.", *VERIFY),
    "budget": Field(
        {"type": "string", "pattern": "^([0-9]+(\\.[0-9]+)?[smhd])+$"},
        "Time after which the examination of one exhibit ends in order: 15m, 1h30m.",
        _budget,
    ),
    "workers": Field(
        {"type": "integer", "minimum": 0, "maximum": MAX_WORKERS}, "Worker processes.", _workers
    ),
    "require_isolation": _chosen("How well workers have to be locked, at least.", *LEVELS),
    "as": _chosen("What the sources are, when unclear.", *TREAT_AS),
    "accept_damaged": Field({"type": "boolean"}, "Examine what is left of damaged images.", _flag),
    "no_perceptual": Field({"type": "boolean"}, "Decode no picture.", _flag),
    "media_metadata": Field(
        {"type": "boolean"},
        "Keep, sealed, what pictures and films say of the device they were made with.",
        _flag,
    ),
    "carve": Field({"type": "boolean"}, "Search unallocated space, or leave it alone.", _flag),
    "plugin": Field(_TEXT, "A plug-in of a licensed laboratory that compares pictures, too.", text),
    "calibration": Field(_TEXT, "The calibration that reports cite, or none.", text),
    "allow_expired": Field(
        _TEXTS, "Hash sets that are used although their time is over.", _list_of_texts
    ),
    "expand_limits": Field(
        {
            "type": "object",
            "properties": {name: {"type": ["integer", "string"]} for name in LIMITS},
            "additionalProperties": False,
        },
        "Open containers inside evidence further than the profile does: ratio, bytes, ...",
        _limits,
    ),
    "zone": Field(_TEXT, "Time zone of the clock of the device, as known.", text),
    "key_file": Field(_TEXT, "A file with passwords of encrypted sources.", text),
}
TOP: Final[dict[str, Field]] = {
    "format": Field({"const": FORMAT}, "The version of this form.", text),
    "cases": Field(_TEXT, "Folder in which each exhibit gets a case of its own.", text),
    **COMMON,
}
EXHIBIT: Final[dict[str, Field]] = {
    "label": Field(
        {**_TEXT, "pattern": f"^{cases.LABEL.pattern}$"}, "The label of the exhibit.", text
    ),
    "case": Field(
        _TEXT, "The folder of its case; several exhibits may share one by naming the same.", text
    ),
    **{name: Field(_TEXT, f"The {name} of the exhibit.", text) for name in DESCRIPTION},
    "fields": Field(_OBJECT, "Further facts about the exhibit.", _object_of_texts),
    **COMMON,
}
SOURCE: Final[dict[str, Field]] = {
    "path": Field(_TEXT, "An image (its first segment), a folder, or a device dump.", text),
    "expect": Field(_TEXTS, "Digests that the media must have: sha256:HEX.", _digests),
    "acquisition_log": Field(
        _TEXTS, "Logs of the program that made the image, or auto: those beside it.", _list_of_texts
    ),
    "key_file": COMMON["key_file"],
}


def schema() -> JSON:
    """Return the JSON Schema (draft 2020-12) of a manifest in YAML or JSON."""
    source = {"anyOf": [{"type": "string"}, _described_object(SOURCE, ["path"])]}
    exhibit = _described_object(
        EXHIBIT, ["label", "sources"], sources={"type": "array", "minItems": 1, "items": source}
    )
    exhibits: JSON = {"type": "array", "minItems": 1, "items": exhibit}
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "A manifest of heroes batch",
        **_described_object(TOP, ["exhibits"], exhibits=exhibits),
    }


def _described_object(fields: Mapping[str, Field], required: list[str], **more: JSON) -> JSON:
    properties: JSON = {
        name: {"description": each.says, **each.schema} for name, each in fields.items()
    }
    return {
        "type": "object",
        "properties": properties | more,
        "required": required,
        "additionalProperties": False,
    }
