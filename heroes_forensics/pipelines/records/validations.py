"""The validation records of a laboratory: where they lie, which one a run cites, how one is read.

A record is cited as it is, passed or failed, with whether it was made of this very program: what
was validated with other software says less of this one, and the citation says so.
"""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Final

from heroes_forensics.custody import private, validation
from heroes_forensics.custody.statements import Record
from heroes_forensics.display import shown
from heroes_forensics.errors import HeroesError
from heroes_forensics.model import JSON
from heroes_forensics.pipelines.case import settings
from heroes_forensics.pipelines.case.environment import environment
from heroes_forensics.pipelines.records.shelf import Refused, Shelf

SHELF: Final = Shelf(validation.FORM, "validations", "heroes selftest --list", "test again")
STATED: Final = ("method", "procedure", "scope")
"""Of the section ``report`` of the laboratory's settings."""
_SOFTWARE: Final = ("program_sha256", "python", "packages_sha256")
"""What of an environment a result rests on."""


def keep(record: Record) -> Path:
    """Write a record and its page into the laboratory's home; return the page."""
    path = SHELF.keep(record).with_suffix(".md")
    private.write_new(path, "".join(f"{line}\n" for line in page(record)).encode())
    return path


def stated() -> dict[str, str]:
    """Return what the laboratory's settings say of its method; empty texts where nothing.

    Raises:
        UsageError: the settings make no sense.
    """
    section = settings.section("report")
    said = section if isinstance(section, dict) else {}
    return {name: str(said.get(name, "")) for name in STATED}


def cited() -> tuple[JSON, list[str]]:
    """Return what ``method.declared`` says of procedure and validation, and what is to be said.

    Nothing here keeps a scan from beginning.
    """
    said: list[str] = []
    body: JSON = {}
    try:
        mine = stated()
    except HeroesError as error:
        said.append(f"the laboratory's procedure is not cited: {error}")
    else:
        body |= {
            key: mine[name]
            for key, name in (("sop_ref", "procedure"), ("method_ref", "method"))
            if mine[name]
        }
    record = None
    for each in SHELF.found():
        if isinstance(each, Refused):
            said.append(f"the validation {each.id} is not cited: {each.why}")
        elif record is None:
            record = each
    if record is not None:
        row = citation(record)
        body |= {"validation_ref": record.id, "validation": row}
        if row["verdict"] != "pass":
            said.append(f"the newest validation, {record.id}, failed")
        elif not row["same_software"]:
            said.append(f"the newest validation, {record.id}, is of other software than this")
    return body, said


def citation(record: Record) -> JSON:
    """Return what a run says of a record."""
    body: Any = record.body
    return {
        "sha256": record.sha256,
        "time": body["time"],
        "verdict": body["verdict"],
        "program_version": body["environment"]["program_version"],
        "same_software": is_same(record),
    }


def is_same(record: Record) -> bool:
    """Tell whether a record was made with the software that runs now."""
    then: Any = record.body["environment"]
    here = environment()
    return all(then.get(name) == here[name] for name in _SOFTWARE)


def shown_of(record: Record) -> JSON:
    """Return all of a record, with its identifier."""
    return {
        "type": "validation",
        "id": record.id,
        "sha256": record.sha256,
        "same_software": is_same(record),
        **record.body,
    }


def listed() -> Iterator[JSON]:
    """Yield one row for each record in the home, those that are refused last."""
    for each in SHELF.found():
        if isinstance(each, Refused):
            yield {"type": "validation", "id": each.id, "refused": each.why}
        else:
            body: Any = each.body
            yield {
                "type": "validation",
                "id": each.id,
                "time": body["time"],
                "examiner": body["examiner"],
                "verdict": body["verdict"],
                "data": len(body["data"]),
                "program_version": body["environment"]["program_version"],
                "same_software": is_same(each),
            }


# ---- the page ----------------------------------------------------------------------------


def page(record: Record) -> Iterator[str]:
    """Yield the lines of a record as Markdown: everything that it says, in the same words."""
    body: Any = record.body
    method, machine = body["method"], body["environment"]
    yield f"# Validation record {record.id}"
    yield ""
    yield (
        "What this program found was compared with what was expected. The record supports the"
        " validation of a method (ISO/IEC 17025:2017, 7.2.2); that the method is fit for its"
        " purpose is the laboratory's to say."
    )
    yield ""
    yield f"**Result: {body['verdict'].upper()}**"
    yield ""
    yield from _table(
        ("", ""),
        [
            ("laboratory", body["laboratory"]),
            ("tested by", body["examiner"]),
            ("time (UTC)", body["time"]),
            ("method", method["reference"] or "not stated"),
            ("procedure (SOP)", method["procedure"] or "not stated"),
            ("accreditation scope", method["scope"] or "not stated"),
            ("program", f"{method['name']} {machine['program_version']}"),
            ("program, SHA-256 of its files", machine["program_sha256"]),
            ("machine", machine["host_ref"]),
            ("operating system", machine["os"]),
            ("Python", machine["python"]),
            ("isolation of workers", body["isolation"] or "not measured"),
            ("SHA-256 of this record", record.sha256),
        ],
    )
    yield "## Deviations"
    yield ""
    yield from [f"- {_cell(each)}" for each in body["deviations"]] or ["None was stated."]
    yield ""
    yield "## Known answers"
    yield ""
    yield from _table(
        ("check", "result", "detail"),
        [(row["name"], row["result"].upper(), row["detail"]) for row in body["checks"]],
    )
    for data in body["data"]:
        yield f"## {_cell(data['name'])}: {data['verdict'].upper()}"
        yield ""
        rows = [("profile", data["profile"])]
        rows += [(f"file {n}", f"{f['size']:,} bytes, SHA-256 {f['sha256']}")
                 for n, f in enumerate(data["files"], start=1)]  # fmt: skip
        rows += [("hash set, SHA-256", each) for each in data["sets"]]
        rows.append(("expectation, SHA-256", data["expectation_sha256"] or "none"))
        rows.append(("content_sha256 of the result", data["content_sha256"] or "no result"))
        yield from _table(("", ""), rows)
        yield from _table(
            ("test", "expected", "found", "verdict"),
            [(t["what"], t["expected"], t["found"], t["verdict"].upper()) for t in data["tests"]],
        )
        for test in data["tests"]:
            if test["differing"]:
                yield f"{_cell(test['what'])}, differing: " + ", ".join(
                    map(_cell, test["differing"])
                )
                yield ""
    yield "## Libraries"
    yield ""
    yield from _table(
        ("library", "version"), [(row["name"], row["version"]) for row in machine["libraries"]]
    )


def _table(head: tuple[str, ...], rows: Sequence[tuple[str, ...]]) -> Iterator[str]:
    for row in (head, ("---",) * len(head), *rows):
        yield "| " + " | ".join(_cell(cell) for cell in row) + " |"
    yield ""


def _cell(text: str) -> str:
    """Return free text so that it stays in its cell and means nothing."""
    inert = shown(str(text), limit=2048)
    for mark in "|<>*_`[]#":
        inert = inert.replace(mark, f"&#{ord(mark)};" if mark in "|<>" else f"\\{mark}")
    return inert
