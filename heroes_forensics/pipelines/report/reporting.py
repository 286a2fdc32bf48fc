"""Writing the report of a case: every file from one model, then the event and the signature."""

import json
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Final, Literal, NamedTuple
from uuid import uuid4

from heroes_forensics.errors import StoppedError, UsageError
from heroes_forensics.model import JSON
from heroes_forensics.pipelines.case.cases import OpenCase, opened
from heroes_forensics.pipelines.case.environment import program_sha256
from heroes_forensics.pipelines.case.folders import BUNDLE
from heroes_forensics.pipelines.case.journal import now
from heroes_forensics.pipelines.report import details, typesetting
from heroes_forensics.pipelines.report.report_items import item_blocks
from heroes_forensics.pipelines.report.report_model import Builder
from heroes_forensics.pipelines.report.sealed_report import Handover, ordinals, sealed_report
from heroes_forensics.pipelines.sets import decided
from heroes_forensics.reports import REPORTS, TABLES
from heroes_forensics.reports.base import FILE_NAMES

if TYPE_CHECKING:
    from heroes_forensics.pipelines.report.report_signing import Pen

FOLDER: Final = "report"
PDF: Final = "report.pdf"


class Issued(NamedTuple):
    """A report that was issued."""

    page: Path
    """``report.html``."""
    no_pdf: str
    """Why there is no ``report.pdf``; empty where there is one."""


SUMMARY: Final = "summary"
"""The stem of the files of a summary: they stand beside those of the report."""


def at_level(  # noqa: PLR0913 - of a sealed report each is part of the record
    case_dir: Path,
    level: str,
    handover: Handover,
    *,
    language: str = "en",
    examiner: str = "",
    passphrase: str | None = None,
    pen: "Pen | None" = None,
) -> JSON:
    """Issue a report, a summary, or a sealed report; see `report` and `sealed_report`.

    Raises:
        UsageError: ``handover`` says something of a report that is not sealed, or not all of one
            that is.
        CustodyError: the record of the case does not verify.
    """
    if level == "sealed":
        if pen is not None:
            raise UsageError(
                "a sealed report has no PDF that could be signed",
                hint="leave out --sign-with: what is sealed is signed by the record",
            )
        return sealed_report(
            case_dir, handover, language=language, examiner=examiner, passphrase=passphrase
        )
    if examiner or not handover.is_empty:
        raise UsageError(
            f"a report of level {level} is encrypted for nobody and names no recipient",
            hint="add --level sealed, or leave out --output, --key, --recipient and what follows",
        )
    chosen: Literal["standard", "summary"] = "summary" if level == SUMMARY else "standard"
    return report(case_dir, language=language, level=chosen, passphrase=passphrase, pen=pen)


def report(
    case_dir: Path,
    *,
    language: str = "en",
    level: Literal["standard", "summary"] = "standard",
    passphrase: str | None = None,
    pen: "Pen | None" = None,
) -> JSON:
    """Issue the next report of a case and sign the bundle again.

    Args:
        case_dir: the case.
        language: one of `messages.LANGUAGES`.
        level: ``summary`` has no row of a finding and no table of items; it stands beside the
            report and takes the place of nothing but an earlier summary.
        passphrase: of the laboratory's keys.
        pen: what signs its PDF.

    Raises:
        UsageError: it is no case, or what is stated for its reports is malformed.
        CustodyError: its record does not verify.
    """
    with opened(case_dir, passphrase=passphrase) as case:
        details.read(case.folder)  # before anything is written
        case.begin()
        decided.record(case)
        made = issue(case, language=language, level=level, pen=pen)
        folder = made.page.parent
        files = sorted(
            each.name for each in folder.iterdir() if (each.stem == SUMMARY) == (level == SUMMARY)
        )
        number = ordinals(case.database)[-1]
    return {
        "type": "report",
        "number": number,
        "level": level,
        "folder": str(folder),
        "files": files,
        "no_pdf": made.no_pdf,
    }


def issue(
    case: OpenCase,
    *,
    language: str = "en",
    level: Literal["standard", "summary"] = "standard",
    pen: "Pen | None" = None,
) -> Issued:
    """Write the report files, record them, sign ledger and bundle.

    Raises:
        StoppedError: a file cannot be written, or there is no PDF to sign; nothing is changed.
    """
    database, journal = case.database, case.journal
    case.begin()
    row = int(database.value("SELECT coalesce(max(number), 0) FROM report")) + 1
    number = max(ordinals(database), default=0) + 1
    last = _last(case, level)
    uuid = str(uuid4())
    told = details.read(case.folder, strict=False)
    builder = Builder(database, case.bundle.root, told)
    model = builder.report(
        number=number, issued=now(), replaces=builder.number(last[0]) if last else ""
    )
    if level == SUMMARY:
        model = replace(model, level=level, findings=())
    files: list[JSON] = []
    on_paper = PDF if level != SUMMARY else f"{SUMMARY}.pdf"
    # The event comes before the names: a kill in between is told from a report that was altered,
    # and ended by the next command that writes (settling.py).
    with case.bundle.together() as write:
        names = {row.name: file_name(row.name, level) for row in REPORTS}
        made = {
            row.name: row.load()(model, language=language) for row in REPORTS if names[row.name]
        }
        size = model.checkpoint.size if model.checkpoint else -1
        printed = typesetting.note(case.bundle.root, size)
        with typesetting.setting(made["html"], made["json"], printed) as sheet:  # meanwhile:
            for row_name, data in made.items():
                digest = write(f"{FOLDER}/{names[row_name]}", [data])
                files.append({"name": names[row_name], "sha256": digest})
            for table in TABLES if level != SUMMARY else ():
                name = FILE_NAMES[table.name]
                pieces = table.load()(item_blocks(database), names=model.names)
                files.append({"name": name, "sha256": write(f"{FOLDER}/{name}", pieces)})
            paper = sheet.file()
        if pen is not None:
            if paper is None:
                raise StoppedError(f"there is no PDF to sign: {sheet.why}")
            paper = pen.sign(paper)
        if paper is not None:
            files.append({"name": on_paper, "sha256": write(f"{FOLDER}/{on_paper}", [paper])})
        renderer = program_sha256()
        with journal.transaction() as records:
            facts: JSON = {"files": files, "issued": model.issued, "ordinal": number}
            records.report(row, uuid, facts)
            body: JSON = {
                "report": uuid,
                "number": model.number,
                "version": model.version,
                "files": files,
                "authorised_by": (told.stated and told.stated.authorised_by) or None,
                "renderer": renderer,
            }
            if last:
                body["replaces"] = last[1]
            if pen is not None:
                body["note"] = pen.note(on_paper)
            journal.event("report.issued", body)
    if paper is None:
        case.bundle.remove(f"{FOLDER}/{on_paper}")  # that of an earlier report
    journal.checkpoint("report issued")
    case.publish()
    return Issued(case.folder / BUNDLE / FOLDER / str(names["html"]), sheet.why)


def file_name(row: str, level: str) -> str | None:
    """Return the name of a report's file; None for one that a summary does not have."""
    name = FILE_NAMES[row]
    if level != SUMMARY:
        return name
    stem, _, end = name.partition(".")
    return f"{SUMMARY}.{end}" if stem == "report" else None


def _last(case: OpenCase, level: str) -> tuple[int, str] | None:
    """Return ordinal and identifier of the report of a level that was issued last."""
    page = file_name("html", level)
    for number, uuid, facts in case.database.rows(
        "SELECT number, uuid, facts FROM report ORDER BY number DESC"
    ):
        told = json.loads(facts)
        if any(each["name"] == page for each in told["files"]):
            return told.get("ordinal", number), uuid
    return None
