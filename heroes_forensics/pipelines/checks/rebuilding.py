"""Making page and PDF of a report again from its model, and comparing them with those in a record.

Only the program that made them makes the same bytes, so that another one's are not compared; for
the PDF the version of the typesetter counts, too. A PDF that was signed begins with the one made.
"""

import json
import os
import re
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from heroes_forensics.custody.chain import Problem
from heroes_forensics.errors import CustodyError
from heroes_forensics.pipelines.case import ledger_events
from heroes_forensics.pipelines.case.environment import program_sha256
from heroes_forensics.pipelines.report import typesetting
from heroes_forensics.reports import html
from heroes_forensics.reports import json as report_json
from heroes_forensics.reports.messages import LANGUAGES

PAGE: Final = "report/report.html"
SUMMARY: Final = "report/summary.html"
MOST: Final = 512 << 20
"""Bytes of a report that is made again."""

_LANGUAGE: Final = re.compile(rb'<html lang="([a-z]{2})"')
_HEAD: Final = 4096
_FLAGS: Final = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC
_TYPESETTER: Final = re.compile(rb"<xmp:CreatorTool>([^<]{1,64})</xmp:CreatorTool>")


def problems(bundle: Path) -> Iterator[Problem]:
    """Make the pages again and yield where one is another, or why it was not made.

    Args:
        bundle: the folder of a record, verified already.
    """
    yield from _problems(bundle, PAGE)
    if (bundle / SUMMARY).exists():
        yield from _problems(bundle, SUMMARY)


def _problems(bundle: Path, name: str) -> Iterator[Problem]:
    try:
        page, model = _read(bundle / name), _read((bundle / name).with_suffix(".json"))
    except OSError:
        yield Problem("not-rebuilt", name, "page and model of a report are not both here")
        return
    language = _LANGUAGE.search(page[:_HEAD])
    if language is None or language[1].decode() not in LANGUAGES:
        yield Problem("report-mismatch", name, "no language of this program is its own")
        return
    if _renderer(bundle, name) != program_sha256():
        yield Problem("not-rebuilt", name, "another version of the program made it")
        return
    try:
        document = json.loads(model)
        made = html.page(document, language=language[1].decode())
        same = made == page and report_json.encode(document) == model
    except Exception:  # noqa: BLE001 # whoever wrote the model decides what a template meets in it
        same = False
    if not same:
        yield Problem("report-mismatch", name, "the model of the report gives another page")
    elif (bundle / name).with_suffix(".pdf").exists():
        yield from _pdf(bundle, name.replace(".html", ".pdf"), page, model)


def _pdf(bundle: Path, name: str, page: bytes, model: bytes) -> Iterator[Problem]:
    """Set a report again and compare; page and model are those that this program makes."""
    try:
        stored = _read(bundle / name)
        checkpoint = json.loads(model)["checkpoint"]
        note = typesetting.note(bundle, checkpoint["size"]) if checkpoint else None
    except (OSError, CustodyError, ValueError, TypeError, LookupError):
        yield Problem("not-rebuilt", name, "the file, or the checkpoint in it, cannot be read")
        return
    made, why = typesetting.typeset(page, model, note)
    if made is None:
        yield Problem("not-rebuilt", name, why)
    elif not stored.startswith(made):
        theirs, ours = (_TYPESETTER.findall(each) for each in (stored, made))
        if theirs == ours:
            yield Problem("report-mismatch", name, "the model of the report gives another file")
        else:
            yield Problem("not-rebuilt", name, "another version of the typesetter set it")


def _read(path: Path) -> bytes:
    """Return a file of the bundle; a link, a pipe or a device is none of it.

    Raises:
        OSError: it is missing, or no regular file.
    """
    with os.fdopen(os.open(path, _FLAGS), "rb") as stream:
        if not stat.S_ISREG(os.fstat(stream.fileno()).st_mode):
            raise OSError
        return stream.read(MOST)


def _renderer(bundle: Path, name: str) -> str:
    """Return the digest of the program that made a page last, as the ledger has it."""
    found = ""
    for event in ledger_events.in_bundle(bundle, "report.issued"):
        if any(f"report/{each['name']}" == name for each in event.body["files"]):
            found = str(event.body.get("renderer") or found)
    return found
