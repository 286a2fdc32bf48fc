"""``heroes open``: the names of findings, for a person who may read them."""

from collections.abc import Iterator
from pathlib import Path

import click

from heroes_forensics.commands import options
from heroes_forensics.commands.inventory import metadata_lines
from heroes_forensics.commands.output import Output
from heroes_forensics.commands.text import path_of, plain, record, string
from heroes_forensics.commands.verb import Verb
from heroes_forensics.commands.words import INDENT
from heroes_forensics.errors import DONE
from heroes_forensics.model import JSON


@click.command("open", cls=Verb)
@options.case_argument
@click.option(
    "--finding",
    "numbers",
    multiple=True,
    metavar="F-NUMBER",
    help="Only this finding. May be repeated; all findings without it.",
)
@click.option("--justification", required=True, metavar="TEXT", help="Why the names are read.")
@click.option("--authority", required=True, metavar="TEXT", help="On whose authority.")
@click.option(
    "--examiner", default="", metavar="ID", help="Who reads.  [default: the examiner of the case]"
)
@options.passphrase_option
@options.json_option
def open_names(  # noqa: PLR0913 # the options of a verb
    *,
    case_dir: Path,
    numbers: tuple[str, ...],
    justification: str,
    authority: str,
    examiner: str,
    passphrase_fd: int | None,
    as_json: bool,
) -> int:
    r"""Read sealed names, with a reason that is recorded first.

    The event with justification and authority stands in the record before anything is decrypted.
    No content is shown. What a picture or film says of the device it was made with stands beside
    its name, where the scan kept it (--media-metadata).

    Example:
      heroes open CASE --finding F-12 --justification "request 4 of the court" \
        --authority "Gs 221/24"
    """
    from heroes_forensics.pipelines.checks import opening  # noqa: PLC0415 # heavy: when it runs

    rows = opening.open_names(
        case_dir,
        findings=numbers,
        justification=justification,
        authority=authority,
        examiner=examiner,
        passphrase=options.passphrase(passphrase_fd),
    )
    Output(as_json=as_json).show_all(rows, "name", _text)
    return DONE


def _text(row: JSON) -> Iterator[str]:
    number = string(row, "finding") or string(row, "number")
    path = path_of(row)
    if number or path:
        yield f"{number}  {string(row, 'locator')}".rstrip()
        yield f"{INDENT}{path}"
        yield from metadata_lines(record(row, "media_metadata"))
        return
    rest = {key: value for key, value in row.items() if key != "type"}
    yield f"{string(row, 'type', 'event')}: {plain(rest)}"
