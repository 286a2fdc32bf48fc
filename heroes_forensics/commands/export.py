"""``heroes export``: findings for another program, handed to a named recipient."""

from collections.abc import Iterator
from pathlib import Path

import click

from heroes_forensics.commands import options
from heroes_forensics.commands.output import Output
from heroes_forensics.commands.text import counted, hanging, integer, plain, records, string
from heroes_forensics.commands.verb import Verb
from heroes_forensics.errors import DONE, UsageError
from heroes_forensics.model import JSON


@click.command("export", cls=Verb)
@options.case_argument
@click.option("--out", "folder", required=True, type=options.PATH, metavar="DIR",
    help="A new folder for the files.")  # fmt: skip
@click.option("--for", "product", type=click.Choice(["griffeye", "axiom", "autopsy", "xways"]),
    help="Write what this program imports.")  # fmt: skip
@click.option("--format", "form", type=click.Choice(["vics", "md5", "kdb", "places"]),
    help="Write this alone.")  # fmt: skip
@click.option("--recipient", required=True, metavar="TEXT", help="Who gets it.")
@click.option("--organisation", required=True, metavar="TEXT", help="Of the recipient.")
@click.option("--authority", required=True, metavar="TEXT", help="On which legal basis.")
@click.option("--justification", required=True, metavar="TEXT", help="Why it is handed on.")
@click.option(
    "--kind", type=click.Choice(["notable", "watch", "adult-intimate"]), default="notable",
    show_default=True, help="Findings of sets of this kind.",
)  # fmt: skip
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
    vics_version: str,
    region: str,
    with_names: bool,
    export_id: str,
    passphrase_fd: int | None,
    as_json: bool,
) -> int:
    r"""Write findings for another program, for a named recipient.

    Digests of listed material leave a case only here: what was handed on, to whom and why stands
    in the record. No file of the evidence is ever exported.

    Examples:
      heroes export CASE --for griffeye --out HANDOVER --recipient "A. Example" \
        --organisation "Example Police" --authority "Gs 221/24" \
        --justification "case review"
      heroes export CASE --format vics --region UK --out HANDOVER \
        --recipient "A. Example" --organisation "Example Police" \
        --authority "Gs 221/24" --justification "case review"
    """
    from heroes_forensics.pipelines import exporting  # noqa: PLC0415 # heavy: when it runs

    if bool(product) == bool(form):
        raise UsageError("an export is either --for a program or of one --format")
    made = exporting.export(
        exporting.ExportRequest(
            case_dir=case_dir,
            folder=folder,
            recipient=recipient,
            organisation=organisation,
            authority=authority,
            justification=justification,
            product=product or "",
            format=form or "",
            kind=kind,
            version=vics_version,
            region=region,
            with_names=with_names,
            case_id=export_id,
            passphrase=options.passphrase(passphrase_fd),
        )
    )
    Output(as_json=as_json).show(made, "export", _text)
    return DONE


def _text(made: JSON) -> Iterator[str]:
    yield (
        f"{counted(integer(made, 'findings'), 'finding')} for {plain(string(made, 'recipient'))}"
        f" in {plain(string(made, 'folder'))}:"
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
    yield "The disclosure is on record."
