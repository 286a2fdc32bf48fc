"""Making the page of a report again from its model, and comparing it with the one in a record.

Only the program that made a page makes the same bytes, so that another one's is not compared.
"""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from heroes_forensics.custody.chain import Problem
from heroes_forensics.pipelines.environment import program_sha256
from heroes_forensics.reports import html
from heroes_forensics.reports import json as report_json
from heroes_forensics.reports.messages import LANGUAGES

PAGE: Final = "report/report.html"
MODEL: Final = "report/report.json"
MOST: Final = 512 << 20
"""Bytes of a report that is made again."""

_LANGUAGE: Final = re.compile(rb'<html lang="([a-z]{2})"')
_HEAD: Final = 4096


def problems(bundle: Path) -> Iterator[Problem]:
    """Make the page again and yield where it is another one, or why it was not made.

    Args:
        bundle: the folder of a record, verified already.
    """
    try:
        page, model = _read(bundle / PAGE), _read(bundle / MODEL)
    except OSError:
        yield Problem("not-rebuilt", PAGE, "page and model of a report are not both here")
        return
    language = _LANGUAGE.search(page[:_HEAD])
    if language is None or language[1].decode() not in LANGUAGES:
        yield Problem("report-mismatch", PAGE, "no language of this program is its own")
        return
    if _renderer(bundle) != program_sha256():
        yield Problem("not-rebuilt", PAGE, "another version of the program made it")
        return
    try:
        document = json.loads(model)
        made = html.page(document, language=language[1].decode())
        same = made == page and report_json.encode(document) == model
    except Exception:  # noqa: BLE001 # whoever wrote the model decides what a template meets in it
        same = False
    if not same:
        yield Problem("report-mismatch", PAGE, "the model of the report gives another page")


def _read(path: Path) -> bytes:
    if path.is_symlink():
        raise OSError
    with path.open("rb") as stream:
        return stream.read(MOST)


def _renderer(bundle: Path) -> str:
    """Return the digest of the program that made the newest report, as the ledger has it."""
    found = ""
    for line in _read(bundle / "ledger.jsonl").splitlines():
        if b'"type":"report.issued"' in line:
            try:
                found = str(json.loads(line)["body"]["renderer"])
            except (ValueError, LookupError, TypeError):
                continue
    return found
