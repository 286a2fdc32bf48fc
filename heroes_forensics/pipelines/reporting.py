"""Writing the report of a case: every file from one model, then the event and the signature."""

from pathlib import Path
from typing import Final, NamedTuple
from uuid import uuid4

from heroes_forensics.model import JSON
from heroes_forensics.pipelines import decided, typesetting
from heroes_forensics.pipelines.cases import OpenCase, opened
from heroes_forensics.pipelines.environment import program_sha256
from heroes_forensics.pipelines.folders import BUNDLE
from heroes_forensics.pipelines.journal import now
from heroes_forensics.pipelines.report_items import item_blocks
from heroes_forensics.pipelines.report_model import Builder
from heroes_forensics.reports import REPORTS, TABLES
from heroes_forensics.reports.base import FILE_NAMES

FOLDER: Final = "report"
PDF: Final = "report.pdf"


class Issued(NamedTuple):
    """A report that was issued."""

    page: Path
    """``report.html``."""
    no_pdf: str
    """Why there is no ``report.pdf``; empty where there is one."""


def report(case_dir: Path, *, language: str = "en", passphrase: str | None = None) -> JSON:
    """Issue the next report of a case and sign the bundle again.

    Raises:
        UsageError: it is no case.
        CustodyError: its record does not verify.
    """
    with opened(case_dir, passphrase=passphrase) as case:
        case.begin()
        decided.record(case)
        made = issue(case, language=language)
        folder = made.page.parent
        files = sorted(str(each.name) for each in folder.iterdir())
        number = case.database.value("SELECT max(number) FROM report")
    return {
        "type": "report",
        "number": number,
        "folder": str(folder),
        "files": files,
        "no_pdf": made.no_pdf,
    }


def issue(case: OpenCase, *, language: str = "en") -> Issued:
    """Write the report files, record them, sign ledger and bundle."""
    database, journal = case.database, case.journal
    case.begin()
    number = int(database.value("SELECT coalesce(max(number), 0) FROM report")) + 1
    last = next(database.rows("SELECT number, uuid FROM report ORDER BY number DESC LIMIT 1"), None)
    uuid = str(uuid4())
    builder = Builder(database, case.bundle.root)
    model = builder.report(
        number=number, issued=now(), replaces=builder.number(last[0]) if last else ""
    )
    files: list[JSON] = []
    renderer = program_sha256()  # before: from the first file in its place to the event, be quick
    # A report that is half the new one and half the one before would not verify.
    with case.bundle.together() as write:
        made = {row.name: row.load()(model, language=language) for row in REPORTS}
        size = model.checkpoint.size if model.checkpoint else -1
        printed = typesetting.note(case.bundle.root, size)
        with typesetting.setting(made["html"], made["json"], printed) as sheet:  # meanwhile:
            for name, data in made.items():
                digest = write(f"{FOLDER}/{FILE_NAMES[name]}", [data])
                files.append({"name": FILE_NAMES[name], "sha256": digest})
            for table in TABLES:
                name = FILE_NAMES[table.name]
                pieces = table.load()(item_blocks(database), names=model.names)
                files.append({"name": name, "sha256": write(f"{FOLDER}/{name}", pieces)})
            paper = sheet.file()
        if paper is not None:
            files.append({"name": PDF, "sha256": write(f"{FOLDER}/{PDF}", [paper])})
    if paper is None:
        case.bundle.remove(f"{FOLDER}/{PDF}")  # that of an earlier report
    with journal.transaction() as records:
        records.report(number, uuid, {"files": files, "issued": model.issued})
        body: JSON = {
            "report": uuid,
            "number": model.number,
            "version": model.version,
            "files": files,
            "authorised_by": None,
            "renderer": renderer,
        }
        if last:
            body["replaces"] = last[1]
        journal.event("report.issued", body)
    journal.checkpoint("report issued")
    case.publish()
    return Issued(case.folder / BUNDLE / FOLDER / FILE_NAMES["html"], sheet.why)
