"""Setting a report on paper, in a process of its own that can do nothing else.

The typesetter is large, takes memory by the row, and would end the process it runs in if it ran out
of it. So it runs beside the coordinator, without files, network or programs, while that writes the
other files. A report is never lost to it: where it fails, the report is the page and the data, and
says so. 2,000 findings and as many events take three seconds of a core and 0.6 GB.
"""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path
from typing import Final

from heroes_forensics.pipelines.report import apart

NOT_INSTALLED: Final = "not installed: the extra heroes-forensics[pdf] is needed"
FAILED: Final = "the typesetter could not set it; page and data are complete"

_MODULE: Final = "typesetting"


class Sheet:
    """A report that is being set."""

    def __init__(self, running: apart.Running | None) -> None:
        self._running = running
        self.why = "" if running else NOT_INSTALLED
        """Why there is no file; empty while that is not known, and when there is one."""

    def file(self) -> bytes | None:
        """Wait for the file and return it; None when there is none."""
        if self._running is None:
            return None
        made = self._running.result()
        if made is None:
            self.why = FAILED
        return made


@contextmanager
def setting(page: bytes, model: bytes, note: bytes | None) -> Iterator[Sheet]:
    """Begin to set a report and yield it; it is ended with the context.

    Args:
        page: ``report.html``.
        model: ``report.json``.
        note: the checkpoint printed on page 1; see `pdf.prepared`.
    """
    from heroes_forensics.reports import pdf, qr  # noqa: PLC0415 # when used: a scan starts sooner

    if pdf.missing():
        yield Sheet(None)
        return
    given = {
        "page": page.decode(),
        "model": model.decode(),
        "note": None if note is None else note.decode(),
        # The page has a code, too: what draws them is loaded here, and need not be over there.
        "code": "" if note is None else qr.drawn(note),
    }
    with apart.running(_MODULE, json.dumps(given, ensure_ascii=False).encode()) as running:
        yield Sheet(running)


def typeset(page: bytes, model: bytes, note: bytes | None) -> tuple[bytes | None, str]:
    """Return the file, or None and why there is none."""
    with setting(page, model, note) as sheet:
        return sheet.file(), sheet.why


def note(root: Path, size: int) -> bytes | None:
    """Return the checkpoint of ``size`` events with the ledger's own signature alone.

    Others may sign it later; what is printed stays as it was. None: there is no such checkpoint.

    Raises:
        CustodyError: it is no note.
    """
    # Not at the top: the process that sets the report has no use for them, and starts sooner.
    from heroes_forensics.custody import bundle, notes  # noqa: PLC0415

    try:
        with (root / bundle.checkpoint_name(size)).open("rb") as stream:
            found = notes.parse(stream.read(notes.MAX_NOTE + 1))
    except OSError:
        return None
    origin = notes.read_checkpoint(found.text).origin
    own = next((each for each in found.signatures if each.name == origin), None)
    return None if own is None else found.text + b"\n" + notes.line(own)


def main() -> None:
    """Set what is given; for `apart.running`."""
    from heroes_forensics.reports import pdf  # noqa: PLC0415 # likewise

    given = json.loads(apart.begun())
    note = given["note"]
    printed = pdf.prepared(
        given["page"].encode(),
        given["model"].encode(),
        None if note is None else note.encode(),
        given["code"],
    )
    import_module("typst")  # before files are out of reach
    apart.lock(reads=False)
    apart.done(pdf.typeset(printed))
