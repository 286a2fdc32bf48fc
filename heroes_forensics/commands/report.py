"""``heroes report``: a new report of a case."""

from collections.abc import Iterator
from pathlib import Path

import click

from heroes_forensics.commands import options
from heroes_forensics.commands.output import Output
from heroes_forensics.commands.summary import report_of, summary
from heroes_forensics.commands.text import plain, string, strings
from heroes_forensics.commands.verb import Verb
from heroes_forensics.errors import DONE
from heroes_forensics.model import JSON


@click.command("report", cls=Verb)
@options.case_argument
@click.option(
    "--language",
    type=click.Choice(["en", "de"]),
    default="en",
    show_default=True,
    help="Language of the texts.",
)
@options.passphrase_option
@options.json_option
def report(*, case_dir: Path, language: str, passphrase_fd: int | None, as_json: bool) -> int:
    """Write a new report of a case into its record.

    A scan writes one by itself. Each report has a number of its own and is signed. Its files take
    the place of the earlier one's, whose number and digests stay in the ledger: keep a copy of a
    report that was handed out.

    Examples:
      heroes report CASE
      heroes report CASE --language de
    """
    from heroes_forensics.pipelines import reporting  # noqa: PLC0415 # heavy: when it runs

    made = reporting.report(
        case_dir, language=language, passphrase=options.passphrase(passphrase_fd)
    )
    Output(as_json=as_json).show(made, "report", _text)
    return DONE


def _text(made: JSON) -> Iterator[str]:
    folder = Path(str(made.get("folder", "")))
    found = report_of(folder)
    if found is not None:
        yield from summary(found)
        yield ""
    yield f"Report {string(made, 'number')} was written to {plain(str(folder))}:"
    for name in strings(made, "files"):
        yield f"  {name}"
    if string(made, "no_pdf"):
        yield f"There is no report.pdf: {string(made, 'no_pdf')}"
