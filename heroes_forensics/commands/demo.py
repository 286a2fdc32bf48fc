"""``heroes demo``: the whole way once, with generated evidence."""

from collections.abc import Iterator
from pathlib import Path
from typing import Final

import click

from heroes_forensics.commands import options
from heroes_forensics.commands.output import Output
from heroes_forensics.commands.progress import watching
from heroes_forensics.commands.summary import report_of, summary
from heroes_forensics.commands.text import plain, string
from heroes_forensics.commands.verb import Verb
from heroes_forensics.errors import DONE
from heroes_forensics.model import JSON

_HIDDEN: Final = {
    "deleted": "found and matched: a deleted picture, whose blocks nothing has used since",
    "carved": "found and matched: a picture that no file leads to (--carve)",
    "nested": "found and matched: a picture in an archive in an archive",
    "decrypted": "found and matched: a picture in an encrypted backup (--key-file)",
}


@click.command("demo", cls=Verb)
@click.argument("directory", type=options.PATH, default=Path("heroes-demo"))
@options.quiet_option
@options.json_option
def demo(*, directory: Path, quiet: bool, as_json: bool) -> int:
    """Scan the bundled demonstration evidence and verify the record.

    Evidence and hash sets are generated and show nothing but patterns: a disk, a memory card
    and an encrypted backup with its key file. DIRECTORY is a new or empty folder (heroes-demo
    without one).

    Example:
      heroes demo
    """
    from heroes_forensics.pipelines.trials import demo as pipeline  # noqa: PLC0415 # heavy

    out = Output(as_json=as_json)
    with watching(out, quiet=quiet) as watch:
        made = pipeline.demo(directory, watch, own_process=options.own_process())
    out.show(made, "demo", _text)
    code = made.get("exit_code")
    return code if isinstance(code, int) else DONE


def _text(made: JSON) -> Iterator[str]:
    report = report_of(Path(str(made["report"]))) if made.get("report") else None
    if report is not None:
        yield from summary(report)
        yield ""
    told = made.get("hidden")
    hidden = told if isinstance(told, list) else []
    if made.get("as_expected"):
        yield "As expected: every file of the evidence was found, and matched as it should be."
        yield from (f"  {_HIDDEN[how]}" for how in _HIDDEN if how in hidden)
        if made.get("expected_gaps"):
            yield f"  not opened: an archive with a password, {made['expected_gaps']} gap"
    else:
        yield f"NOT AS EXPECTED: {plain(made.get('differences'))} differences from what is in it."
    case = string(made, "case_dir")
    yield f"Record: {string(made, 'verify')}"
    yield ""
    yield f"Report:  {string(made, 'report')}"
    yield f"Check:   heroes verify {case}"
    yield f"Look:    heroes findings {case}"
    yield f"         heroes locate F-1 --case {case}"
