"""``heroes disclose``: fields of one finding, proved, for a named recipient."""

from collections.abc import Iterator
from pathlib import Path

import click

from heroes_forensics.commands import options
from heroes_forensics.commands.output import Output
from heroes_forensics.commands.text import facts, hanging
from heroes_forensics.commands.verb import Verb
from heroes_forensics.errors import DONE
from heroes_forensics.model import JSON


@click.command("disclose", cls=Verb)
@options.case_argument
@click.argument("finding", metavar="F-NUMBER")
@click.option(
    "--field",
    "fields",
    multiple=True,
    required=True,
    metavar="NAME",
    help="A field to disclose: category, evidence, hash_md5, hash_sha1, hash_sha256, hashset, "
    "locator, match_kind, name, path, perceptual or size. May be repeated.",
)
@click.option(
    "--output", required=True, type=options.PATH, metavar="FILE", help="A new file for it."
)
@click.option("--recipient", required=True, metavar="TEXT", help="Who gets it.")
@click.option("--organisation", required=True, metavar="TEXT", help="Of the recipient.")
@click.option("--authority", required=True, metavar="TEXT", help="On which legal basis.")
@click.option("--justification", required=True, metavar="TEXT", help="Why it is handed on.")
@click.option(
    "--examiner", default="", metavar="ID", help="Who discloses.  [default: that of the case]"
)
@options.passphrase_option
@options.json_option
def disclose(  # noqa: PLR0913 # the options of a verb
    *,
    case_dir: Path,
    finding: str,
    fields: tuple[str, ...],
    output: Path,
    recipient: str,
    organisation: str,
    authority: str,
    justification: str,
    examiner: str,
    passphrase_fd: int | None,
    as_json: bool,
) -> int:
    r"""Disclose fields of one finding, proved, to a recipient.

    The file holds the values asked for and nothing of other findings, except how many there are.
    Whoever gets it checks it alone: heroes verify FILE --key VKEY, or python3 verify_custody.py
    FILE --key VKEY. That it was made, of what and for whom, is in the record.

    Example:
      heroes disclose CASE F-12 --field hash_sha256 --output f12.json \
        --recipient "defence counsel" --organisation "Chambers X" \
        --authority "order of 3 May" --justification "request 4"
    """
    from heroes_forensics.pipelines.acts import disclosing  # noqa: PLC0415 # heavy: when it runs

    made = disclosing.disclose(
        case_dir,
        finding,
        fields,
        output=output,
        recipient=recipient,
        organisation=organisation,
        justification=justification,
        authority=authority,
        examiner=examiner,
        passphrase=options.passphrase(passphrase_fd),
    )
    Output(as_json=as_json).show(made, "disclosure", _text)
    return DONE


def _text(made: JSON) -> Iterator[str]:
    yield "The disclosure is written, and on record."
    yield ""
    yield from facts(made)
    yield ""
    yield from hanging("", "Give the vkey of the laboratory by another way (heroes key list).")
