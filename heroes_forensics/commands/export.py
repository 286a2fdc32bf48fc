"""``heroes export``: findings or items for another program, for a named recipient."""

from collections.abc import Iterator
from pathlib import Path
from typing import Final

import click

from heroes_forensics.commands import options
from heroes_forensics.commands.output import Output
from heroes_forensics.commands.text import counted, hanging, integer, plain, record, records, string
from heroes_forensics.commands.verb import Verb
from heroes_forensics.errors import DONE, UsageError
from heroes_forensics.model import JSON


@click.command("export", cls=Verb)
@options.case_argument
@click.option("--out", "--output", "folder", required=True, type=options.PATH, metavar="DIR",
    help="A new folder for the files.")  # fmt: skip
@click.option("--for", "product", type=click.Choice(["griffeye", "axiom", "autopsy", "xways"]),
    help="Write what this program imports.")  # fmt: skip
@click.option(
    "--format", "form", type=click.Choice(
        ["vics", "md5", "kdb", "places", "case", "dfxml", "timesketch", "bodyfile", "csv", "jsonl"]
    ),
    help="Write this alone.",
)  # fmt: skip
@click.option("--recipient", required=True, metavar="TEXT", help="Who gets it.")
@click.option("--organisation", required=True, metavar="TEXT", help="Of the recipient.")
@click.option("--authority", required=True, metavar="TEXT", help="On which legal basis.")
@click.option("--justification", required=True, metavar="TEXT", help="Why it is handed on.")
@click.option(
    "--kind", type=click.Choice(["notable", "watch", "adult-intimate"]), default="notable",
    show_default=True, help="Findings of sets of this kind.",
)  # fmt: skip
@click.option(
    "--items", type=click.Choice(["all", "findings"]),
    help="All items, or those with findings.  [default: of the format]",
)  # fmt: skip
@click.option(
    "--digests", type=click.Choice(["all", "unlisted", "none"]),
    help="Digests of which items.  [default: of the format]",
)  # fmt: skip
@click.option(
    "--local-times", type=click.Choice(["leave-out", "label"]),
    help="Times of an unknown zone, where a format knows UTC alone.  [default: leave-out]",
)  # fmt: skip
@click.option("--exhibit", default="", metavar="LABEL", help="Of this exhibit alone.")
@click.option("--vics-version", default="2.0", show_default=True, metavar="N", help="2.0 or 1.3.")
@click.option(
    "--region", default="Default", show_default=True, metavar="TEXT",
    help="Whose category numbers a VICS file uses; others are left out of it.",
)  # fmt: skip
@click.option("--with-names", is_flag=True, help="Hand on names and paths; recorded as an opening.")
@click.option("--export-id", default="", metavar="GUID", help="CaseID of a VICS file.")
@options.passphrase_option
@options.json_option
def export(  # noqa: PLR0913 # the options of a verb
    *,
    case_dir: Path,
    folder: Path,
    product: str | None,
    form: str | None,
    recipient: str,
    organisation: str,
    authority: str,
    justification: str,
    kind: str,
    items: str | None,
    digests: str | None,
    local_times: str | None,
    exhibit: str,
    vics_version: str,
    region: str,
    with_names: bool,
    export_id: str,
    passphrase_fd: int | None,
    as_json: bool,
) -> int:
    r"""Write findings or items for others, for a named recipient.

    Digests of listed material leave a case only here: what was handed on, to whom and why stands
    in the record. No file of the evidence is ever exported, and no name without --with-names.
    What formats there are: heroes formats.

    Examples:
      heroes export CASE --for griffeye --out HANDOVER --recipient "A. Example" \
        --organisation "Example Police" --authority "Gs 221/24" \
        --justification "case review"
      heroes export CASE --format vics --region UK --out HANDOVER \
        --recipient "A. Example" --organisation "Example Police" \
        --authority "Gs 221/24" --justification "case review"
      heroes export CASE --format dfxml --items all --out HANDOVER \
        --recipient "A. Example" --organisation "Example Police" \
        --authority "Gs 221/24" --justification "comparison of tools"
    """
    from heroes_forensics.pipelines.handing import exporting, handing_out  # noqa: PLC0415 # heavy

    if bool(product) == bool(form):
        raise UsageError("an export is either --for a program or of one --format")
    made = exporting.export(
        handing_out.ExportRequest(
            case_dir=case_dir,
            folder=folder,
            recipient=recipient,
            organisation=organisation,
            authority=authority,
            justification=justification,
            product=product or "",
            format=form or "",
            kind=kind,
            items=items or "",
            digests=digests or "",
            local_times=local_times or "",
            exhibit=exhibit,
            version=vics_version,
            region=region,
            with_names=with_names,
            case_id=export_id,
            passphrase=options.passphrase(passphrase_fd),
        )
    )
    Output(as_json=as_json).show(made, "export", _text)
    return DONE


_TOLD: Final = {
    "times_in_local_time_left_out": "in local time of an unknown zone: left out"
    " (--local-times label writes them, labelled)",
    "times_in_local_time_labelled": "in local time of an unknown zone: written as they are,"
    " and labelled",
    "times_beyond_the_calendar_left_out": "of no year from 1 to 9999: left out",
}
"""What becomes of times, by what it is called in the result."""


def _text(made: JSON) -> Iterator[str]:
    items = f"{counted(integer(made, 'items'), 'item')} with " if "items" in made else ""
    yield (
        f"{items}{counted(integer(made, 'findings'), 'finding')} for"
        f" {plain(string(made, 'recipient'))} in {plain(string(made, 'folder'))}:"
    )
    for each in records(made, "files"):
        yield f"  {string(each, 'name')}"
    left = integer(made, "left_out")
    if left:
        yield from hanging(
            "",
            f"{counted(left, 'finding')} in no list of digests: entry and item contradict"
            " each other.",
        )
    kept = integer(made, "withheld")
    if kept:
        yield from hanging("", f"{counted(kept, 'item')} without digests, which were kept back.")
    for what, count in record(made, "told").items():
        if isinstance(count, int) and count:
            yield from hanging("", f"{counted(count, 'time')} {_TOLD.get(what, plain(what))}.")
    yield "The disclosure is on record."
