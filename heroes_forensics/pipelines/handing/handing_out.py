"""What every export to a recipient has in common: what it needs to say, and what is recorded of it.

The record names the recipient and the reason before there is a file with a name. What is sealed is
opened for it in an event of its own, before it happens.
"""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final
from uuid import UUID

from heroes_forensics.errors import UsageError
from heroes_forensics.pipelines.case import outgoing
from heroes_forensics.pipelines.case.cases import OpenCase
from heroes_forensics.reports import vics

if TYPE_CHECKING:
    from heroes_forensics.model import JSON

SUMS: Final = "SHA256SUMS"
KINDS: Final = ("notable", "watch", "adult-intimate")
"""One kind an export: intimate pictures of adults are never handed on among other material."""

FIELDS: Final = ("size", "locator", "category", "times")
"""What every export tells of a finding."""

_MOST: Final = 50_000
"""Findings that one event names: its line has at most 1 MiB."""


@dataclass(frozen=True, slots=True)
class ExportRequest:
    """What is handed to whom, and why."""

    case_dir: Path
    folder: Path
    """A new folder, or an empty one."""
    recipient: str
    organisation: str
    authority: str
    justification: str
    product: str = ""
    """A key of `exporting.PRODUCTS`, or empty for ``format``."""
    format: str = ""
    """A key of `exporting.FORMATS`, or a row of `reports.EXPORTS`."""
    exhibit: str = ""
    """Label of the only exhibit that is handed on; empty: all."""
    kind: str = "notable"
    version: str = vics.VERSIONS[0]
    region: str = vics.DEFAULT_REGION
    with_names: bool = False
    """Whether names are opened and handed on: that is an event of its own."""
    items: str = ""
    """``all`` or ``findings``, of an interchange format; empty: as it is with this format."""
    digests: str = ""
    """``all``, ``unlisted`` or ``none``; empty likewise."""
    local_times: str = ""
    """``leave-out`` or ``label``; empty: the first."""
    case_id: str = ""
    """A GUID for the export; a fresh one when empty."""
    passphrase: str | None = None


def check(request: ExportRequest) -> None:
    """Make sure that an export has its recipient, its reason and a place of its own.

    Raises:
        UsageError: it has not.
    """
    for name, text in (
        ("--recipient", request.recipient),
        ("--organisation", request.organisation),
        ("--authority", request.authority),
        ("--justification", request.justification),
    ):
        if not text.strip() or not text.isprintable():
            raise UsageError(
                f"an export names its recipient and its reason: {name} is missing",
                hint="digests of listed material are handed to a named recipient only",
            )
    if request.kind not in KINDS:
        raise UsageError(f"findings of kind {request.kind!r} are not exported")
    if request.case_id:
        try:
            UUID(request.case_id)
        except ValueError as error:
            raise UsageError(f"{request.case_id!r} is no GUID") from error
    outgoing.check(request.folder, request.case_dir)


def open_names(
    case: OpenCase, request: ExportRequest, findings: Sequence[str], *, what: str = ""
) -> None:
    """Write that names are opened, before they are.

    Args:
        case: begun.
        request: says why.
        findings: those whose names are opened; empty with ``what``.
        what: says of which items they are, when not of findings alone.
    """
    if case.facts["names"] == "clear":
        return
    case.check_sealed()
    body: JSON = {
        "run": case.database.value("SELECT uuid FROM run ORDER BY id DESC LIMIT 1"),
        "findings": "all" if what or len(findings) > _MOST else list(findings),
        "justification": request.justification,
        "legal_basis": request.authority,
    }
    if what:
        body["what"] = what
    case.journal.event("sealed.opened", body, person=case.examiner)
    case.journal.checkpoint("sealed opened")


def record(  # noqa: PLR0913 - each is part of the record
    case: OpenCase,
    request: ExportRequest,
    *,
    made: Mapping[str, str],
    findings: Sequence[str],
    fields: Sequence[str],
    sums: bytes,
) -> None:
    """Record which files are handed to whom, and sign the record.

    Args:
        case: begun.
        request: names the recipient and the reason.
        made: what each file is, and its SHA-256.
        findings: the numbers of those that are in them.
        fields: what of them.
        sums: the list of the digests of the files.
    """
    parts = [findings[start : start + _MOST] for start in range(0, len(findings), _MOST)] or [()]
    with case.journal.transaction():
        for what, digest in made.items():
            case.journal.event(
                "export.made",
                {"format": what, "recipient": request.recipient, "file_sha256": digest},
                person=case.examiner,
            )
        for part in parts:
            case.journal.event(
                "disclosure.made",
                {
                    "recipient": request.recipient,
                    "organisation": request.organisation,
                    "findings": list(part),
                    "fields": [*fields, *(["name", "path"] if request.with_names else [])],
                    "disclosure_sha256": hashlib.sha256(sums).hexdigest(),
                    "legal_basis": request.authority,
                    "justification": request.justification,
                },
                person=case.examiner,
            )
    case.journal.checkpoint("disclosure")
    case.publish()
