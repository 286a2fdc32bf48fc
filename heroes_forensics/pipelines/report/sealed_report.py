"""The sealed report: the page with the names of findings, encrypted for those who may read them.

It never lies in the record and never on a disk in plain: a bundle is handed on as a whole, and
what only some may read is written elsewhere, as an age file to recipients who are named. That
names are opened, why, and on which basis stands in the ledger before; that they were handed on,
to whom, and the digest of the file, before the file has its name.
"""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Final

from heroes_forensics.custody import seal
from heroes_forensics.errors import UsageError
from heroes_forensics.model import JSON
from heroes_forensics.pipelines.case import outgoing
from heroes_forensics.pipelines.case.cases import OpenCase, opened
from heroes_forensics.pipelines.case.folders import BUNDLE
from heroes_forensics.pipelines.case.journal import now
from heroes_forensics.pipelines.case.telling import number_text
from heroes_forensics.pipelines.report import details
from heroes_forensics.pipelines.report.report_model import Builder
from heroes_forensics.reports import html
from heroes_forensics.store import queries, standing
from heroes_forensics.store.database import Database

FIELDS: Final = ("locator", "match_kind", "name", "path", "size", "times")
"""What of a finding stands in the page, in the words of a disclosure."""


@dataclass(frozen=True, slots=True)
class Handover:
    """To whom a sealed report goes, and why."""

    output: Path | None = None
    """A new file."""
    keys: Sequence[str] = ()
    """age recipients (``age1...``); each of them alone opens the file."""
    recipient: str = ""
    organisation: str = ""
    justification: str = ""
    authority: str = ""

    @property
    def is_empty(self) -> bool:
        """Whether nothing of it was said."""
        return not any(getattr(self, field.name) for field in fields(self))


def sealed_report(
    case_dir: Path,
    handover: Handover,
    *,
    language: str = "en",
    examiner: str = "",
    passphrase: str | None = None,
) -> JSON:
    """Write the sealed report of a case.

    Args:
        case_dir: the case.
        handover: to whom it goes, and why; all of it.
        language: one of `messages.LANGUAGES`.
        examiner: who hands it on; the examiner of the case when empty.
        passphrase: of the laboratory's keys.

    Raises:
        UsageError: something of ``handover`` is missing, the file is there already, or the case
            has no finding.
        CustodyError: the case does not verify, or a sealed name does not open.
    """
    output = _checked(handover, case_dir)
    with outgoing.file(output) as write, opened(case_dir, passphrase=passphrase) as case:
        items = {
            number_text(each.finding): each.item_id
            for each in standing.findings(case.database)
            if each.status != standing.WITHDRAWN
        }
        if not items:
            raise UsageError(
                "the case has no finding whose name could be opened",
                hint=f"the report without names says so: heroes report {case_dir}",
            )
        told = details.read(case.folder)
        case.begin()
        person = examiner or case.examiner
        case.journal.checkpoint("before a disclosure")
        said: JSON = {
            "run": case.database.value("SELECT uuid FROM run ORDER BY id DESC LIMIT 1"),
            "findings": "all",
            "what": "names, for a sealed report",
            "justification": handover.justification,
            "legal_basis": handover.authority,
        }
        event = case.journal.event("sealed.opened", said, person=person)
        case.journal.checkpoint("sealed opened")
        builder = Builder(case.database, case.folder / BUNDLE, told)
        issued = max(ordinals(case.database), default=0)
        number = f"{builder.number(issued)}-S{event}"
        model = replace(
            builder.report(number=issued, issued=now()),
            number=number, level="sealed", recipient=handover.recipient,
        )  # fmt: skip
        page = html.page(model.to_json(), language=language, names=_names(case, items))
        data = seal.seal(page, handover.keys)
        made: JSON = {
            "recipient": handover.recipient,
            "organisation": handover.organisation,
            "findings": sorted(items),
            "fields": list(FIELDS),
            "disclosure_sha256": hashlib.sha256(data).hexdigest(),
            "legal_basis": handover.authority,
            "justification": handover.justification,
        }
        case.journal.event("disclosure.made", made, person=person)
        case.journal.checkpoint("disclosure made")
        case.publish()
        write(data)
    return {
        "type": "sealed-report",
        "number": number,
        "file": str(output),
        "sha256": made["disclosure_sha256"],
        "findings": len(items),
        "recipient": handover.recipient,
    }


def _checked(handover: Handover, case_dir: Path) -> Path:
    for option, text in (
        ("--recipient", handover.recipient),
        ("--organisation", handover.organisation),
        ("--justification", handover.justification),
        ("--authority", handover.authority),
    ):
        if not text.strip() or not text.isprintable():
            raise UsageError(
                f"a sealed report names its recipient and its reason: {option} is missing",
                hint="names are handed to a named recipient only",
            )
    if not handover.keys:
        raise UsageError(
            "a sealed report is encrypted: no key of a recipient is given",
            hint="give the recipient's age key with --key age1...; more keys with more --key",
        )
    for key in handover.keys:
        seal.check_recipient(key)
    if handover.output is None:
        raise UsageError(
            "a sealed report is a file of its own: --output is missing",
            hint="name a new file outside of the case with --output",
        )
    if handover.output.resolve().is_relative_to(case_dir.resolve()):
        raise UsageError(
            "a sealed report does not lie in the folder of the case",
            hint="the case is handed on as a whole: name a file elsewhere with --output",
        )
    return handover.output


def _names(case: OpenCase, items: Mapping[str, int]) -> dict[str, bytes]:
    names = {}
    for number, item_id in items.items():
        item = queries.item(case.database, item_id)
        if item is None:
            raise UsageError(f"finding {number} has lost its item")
        names[number] = case.open_path(item.id, item.path)
    return names


def ordinals(database: Database) -> list[int]:
    """Return which report of the case each row of the table is: a signed one is there twice."""
    return [
        json.loads(facts).get("ordinal", number)
        for number, facts in database.rows("SELECT number, facts FROM report ORDER BY number")
    ]
