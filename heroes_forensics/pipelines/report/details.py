"""What laboratory and case state of themselves for a report, from files that people write.

``report:`` in ``laboratory.yaml`` of the laboratory's home, and ``report.yaml`` in the folder of a
case; every field is optional. Its text stands in the report as it was written.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Final, NamedTuple

from heroes_forensics.custody import outside
from heroes_forensics.errors import UsageError
from heroes_forensics.model import JSON
from heroes_forensics.pipelines.case import laboratory, settings
from heroes_forensics.pipelines.case.stated import a_list, text
from heroes_forensics.reports.stated import Laboratory, Stated

FILE: Final = "report.yaml"

LABORATORY: Final[Mapping[str, str]] = {
    "name": "Its name.",
    "address": "Its address, in one line.",
    "contact": "How it is reached.",
    "accreditation": "Number and body of its accreditation.",
    "scope": "What the accreditation covers.",
    "method_in_scope": "Whether the method of this program lies within that scope: yes or no.",
    "method": "Its own identifier of this method, with its version.",
    "procedure": "Its own procedure for this method, with its version.",
    "validation": "Reference of its validation of this method.",
    "fingerprint": "Where the fingerprint of the signing key can be had, other than in a record.",
}
"""Fields of ``report:`` in the laboratory's settings, and what each says."""

CASE: Final[Mapping[str, str]] = {
    "customer": "Who ordered the examination.",
    "purpose": "What it is for.",
    "questions": "What was asked.",
    "received": "When the items were received.",
    "place": "Where it was done, where that is not the laboratory's address.",
    "classification": "Who may read the report.",
    "reviewer": "Staff identifier of who reviewed it.",
    "authorised_by": "Staff identifier of who authorised it.",
    "deviations": "Additions to the procedure, deviations and exclusions from it.",
    "controls": "Control samples, and what came of them.",
    "external": "Results that others provided.",
    "limitations": "What is special in this case.",
}
"""Fields of ``report.yaml`` of a case, and what each says."""

_LISTS: Final = frozenset({"questions", "deviations", "controls", "external", "limitations"})
_YES: Final = {"yes": True, "true": True, "no": False, "false": False}


class Details(NamedTuple):
    """What was stated, ready for the report model."""

    laboratory: Laboratory | None = None
    stated: Stated | None = None
    customer: str = ""
    limitations: tuple[str, ...] = ()


def read(case: Path, *, strict: bool = True) -> Details:
    """Return what is stated for a report of the case in the folder ``case``.

    Args:
        case: the folder of the case.
        strict: whether a fault is an error. A scan must not lose its report for one: then the
            report has none of the details and says so among its limitations.

    Raises:
        UsageError: a file is no YAML, has an unknown or malformed field, or others may write it.
    """
    try:
        return _read(case)
    except UsageError as error:
        if strict:
            raise
        return Details(limitations=(f"What is stated for reports was left out: {error}.",))


def _read(case: Path) -> Details:
    what = f"the settings {settings.SETTINGS} of the laboratory, report"
    about = settings.fields(settings.section("report"), LABORATORY, what)
    if "method_in_scope" in about:
        word = text(about["method_in_scope"], f"{what}, method_in_scope").lower()
        if word not in _YES:
            raise UsageError(f"{what}, method_in_scope is neither yes nor no")
        about["method_in_scope"] = _YES[word]
    described = {
        name: value if isinstance(value, bool) else text(value, f"{what}, {name}")
        for name, value in about.items()
    }
    if name := laboratory.organisation(laboratory.home()):
        described = {"name": name, **described}
    what = f"the details {FILE} of the case"
    said = settings.fields(settings.table(case / FILE, what), CASE, what)
    stated = {name: _value(name, value, what) for name, value in said.items()}
    customer, limitations = stated.pop("customer", ""), stated.pop("limitations", ())
    return Details(
        Laboratory(**described) if described else None,  # type: ignore[arg-type] # checked above
        Stated(**stated) if stated else None,  # type: ignore[arg-type] # likewise
        str(customer),
        tuple(limitations),
    )


def schemas() -> dict[str, JSON]:
    """Return the JSON Schema of both files, by their names."""
    signer: JSON = {"description": "See docs/custody.md, keys that lie outside."}
    sections: JSON = {
        "hash_sets": {"description": "See docs/hashsets.md."},
        "report": _schema("What reports say of it", _fields(LABORATORY)),
        **dict.fromkeys(outside.FIELDS, signer),
    }
    return {
        settings.SETTINGS: _schema("Settings of a laboratory", sections),
        FILE: _schema("What is stated of a case for its reports", _fields(CASE)),
    }


def _schema(title: str, properties: JSON) -> JSON:
    return {
        "title": title,
        "type": "object",
        "additionalProperties": False,
        "properties": properties,
    }


def _fields(says: Mapping[str, str]) -> JSON:
    one: JSON = {"type": "string", "minLength": 1}
    return {
        name: {"description": text}
        | (
            {"type": "array", "items": one}
            if name in _LISTS
            else {"type": ["string", "boolean"]}
            if name == "method_in_scope"
            else one
        )
        for name, text in says.items()
    }


def _value(name: str, value: object, what: str) -> str | tuple[str, ...]:
    where = f"{what}, {name}"
    if name in _LISTS:
        return tuple(text(each, where) for each in a_list(value, where))
    return text(value, where)
