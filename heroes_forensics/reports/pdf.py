"""``report.pdf``: the report on paper, as PDF/A-3a and PDF/UA-1, the same bytes every time.

It is set from the page (`page_blocks`), so that both say the same in the same words, and carries
``report.json`` and the checkpoint as attachments. What it prints reaches the typesetter as one JSON
text and is never part of its markup. No font of the machine, no package, no clock and no network
is used: the date is that of the report.

The typesetter is an optional package (extra ``pdf``), large, and takes memory by the row: whoever
calls `typeset` does it in a process of its own.
"""

import datetime as dt
import json
import re
from collections.abc import Mapping
from importlib.resources import files
from importlib.util import find_spec
from typing import Any, Final, NamedTuple

from heroes_forensics.model import JSON
from heroes_forensics.reports import checking, glyphs, page_blocks, qr
from heroes_forensics.reports.base import FILE_NAMES
from heroes_forensics.reports.messages import Messages, messages

STANDARDS: Final = ("a-3a", "ua-1")
NEEDED: Final = ("typst",)
"""Packages of the extra ``pdf``."""

_NOWHERE: Final = "/proc/self/no-packages"
"""Where the typesetter looks for packages: a place that nobody can make."""

_TIME: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}")
_PAGE, _PAGES = "\u0001", "\u0002"


class Printed(NamedTuple):
    """What is printed, ready for the typesetter."""

    template: bytes
    """Our own markup; nothing of a report is in it."""

    inputs: Mapping[str, str]
    """``report``: what is printed, as JSON; the others are attachments, byte for byte."""
    issued: int
    """Seconds since 1970 (UTC)."""


def missing() -> list[str]:
    """Return which packages of the extra are not installed."""
    return [name for name in NEEDED if find_spec(name) is None]


def prepared(page: bytes, model: bytes, note: bytes | None, code: str = "") -> Printed:
    """Return what is to be printed.

    Args:
        page: ``report.html``, as `html.page` makes it of ``model``.
        model: ``report.json``.
        note: the checkpoint on page 1 with the signature of the ledger alone; None: there is none.
        code: what `qr.drawn` made of ``note``; empty: it is made here.

    Raises:
        ValueError: the report has no time that a file could be dated with.
    """
    document: Any = json.loads(model)
    language = document_language(page)
    catalogue = messages(language)
    blocks = page_blocks.blocks(page)
    starts = [at for at, block in enumerate(blocks) if block["k"] == "h" and block["l"] == 2]  # noqa: PLR2004 - <h2>
    first, second = (*starts, len(blocks), len(blocks))[:2]
    number, version = str(document["number"]), str(document["version"])
    ledger = str(document["case"]["ledger"])[:8]
    reference = str(document["case"]["reference"] or "")
    title = catalogue.text("front.title", number=number)
    text = catalogue.text
    attached = [
        _attached("model", "report.json", "application/json", "source", text("pdf.attached_model"))
    ]
    check = checking.script(number, document["commands"], language).decode()
    said = text("pdf.attached_check")
    attached.append(
        _attached("check", FILE_NAMES["check"], "text/x-shellscript", "supplement", said)
    )
    inputs = {"model": model.decode(), "check": check}
    if note is not None:
        name = f"checkpoint-{document['checkpoint']['size']:08d}.txt"
        said = text("pdf.attached_note")
        attached.append(_attached("note", name, "text/plain", "supplement", said))
        inputs["note"] = note.decode()
    printed: JSON = {
        "language": language,
        "title": glyphs.printable(f"{title} · {reference}" if reference else title),
        "author": glyphs.printable(str(document["case"]["signer"]["laboratory"])),
        "description": catalogue.text("pdf.description"),
        "running": glyphs.printable(f"{title} · {reference}" if reference else title),
        "footer": glyphs.printable(
            catalogue.text("page.footer", number=number, version=version, ledger=ledger)
        ),
        "page": catalogue.text("pdf.page", page=_PAGE, pages=_PAGES),
        "contents": catalogue.text("front.contents"),
        "checkpoint": _checkpoint(document["checkpoint"], note, code, catalogue),
        "front": blocks[:first],
        "result": blocks[first:second],
        "rest": blocks[second:],
        "attached": attached,
    }
    inputs["report"] = json.dumps(printed, ensure_ascii=False, sort_keys=True)
    template = files("heroes_forensics.reports").joinpath("data/report.typ").read_bytes()
    return Printed(template, inputs, _seconds(str(document["issued"])))


def typeset(printed: Printed) -> bytes:
    """Return the file.

    Raises:
        ImportError: the extra ``pdf`` is not installed.
        RuntimeError: the typesetter refuses; it says why.
    """
    import typst  # noqa: PLC0415 # 80 MB, and an extra: when it is used

    return typst.compile(
        printed.template,
        format="pdf",
        font_paths=typst.Fonts(include_system_fonts=False),
        ignore_system_fonts=True,
        package_path=_NOWHERE,
        package_cache_path=_NOWHERE,
        sys_inputs=dict(printed.inputs),
        pdf_standards=list(STANDARDS),
        timestamp=printed.issued,
    )


def document_language(page: bytes) -> str:
    """Return the language that a page says it is in; English where it says nothing."""
    found = re.search(rb'<html lang="([a-z]{2})"', page[:4096])
    return found[1].decode() if found else "en"


def _seconds(issued: str) -> int:
    found = _TIME.match(issued)
    if found is None:
        raise ValueError(issued)
    return int(dt.datetime.fromisoformat(f"{found[0]}+00:00").timestamp())


def _attached(key: str, name: str, kind: str, relationship: str, said: str) -> JSON:
    return {
        "key": key,
        "name": name,
        "type": kind,
        "relationship": relationship,
        "description": said,
    }


def _checkpoint(
    checkpoint: Any,  # noqa: ANN401 - JSON
    note: bytes | None,
    code: str,
    catalogue: Messages,
) -> JSON | None:
    if checkpoint is None or note is None:
        return None
    size, root = catalogue.number(checkpoint["size"]), str(checkpoint["root"])
    anchoring = catalogue.text(f"anchoring.{checkpoint['anchoring']}")
    return {
        "title": catalogue.text("pdf.checkpoint", size=size),
        "root": " ".join(root[at : at + 4] for at in range(0, len(root), 4)),
        "anchoring": f"{catalogue.text('front.anchoring')}: {anchoring}",
        "keep": catalogue.text("pdf.keep"),
        "qr": code or qr.drawn(note),
        "alt": catalogue.text("pdf.qr", size=size),
    }
