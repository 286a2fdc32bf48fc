"""``heroes review``: what a second person thinks of a finding or a report."""

from pathlib import Path

import click

from heroes_forensics.commands import options
from heroes_forensics.commands.output import Output
from heroes_forensics.commands.text import facts
from heroes_forensics.commands.verb import Verb
from heroes_forensics.errors import DONE


@click.command("review", cls=Verb)
@options.case_argument
@click.argument("what", metavar="F-NUMBER|'report N'")
@click.option(
    "--outcome",
    type=click.Choice(["agree", "disagree", "needs-work"]),
    required=True,
    help="What the reviewer thinks of it.",
)
@click.option("--reviewer", required=True, metavar="ID", help="Staff identifier of the reviewer.")
@click.option(
    "--note", default="", metavar="TEXT", help="Why: nothing about content, and no names."
)
@options.passphrase_option
@options.json_option
def review(  # noqa: PLR0913 # the options of a verb
    *,
    case_dir: Path,
    what: str,
    outcome: str,
    reviewer: str,
    note: str,
    passphrase_fd: int | None,
    as_json: bool,
) -> int:
    """Record the review of a finding or of a report.

    Examples:
      heroes review CASE F-12 --outcome agree --reviewer ex-044
      heroes review CASE "report 2" --outcome needs-work --reviewer ex-044
    """
    from heroes_forensics.pipelines.acts import reviewing  # noqa: PLC0415 # heavy: when it runs

    secret = options.passphrase(passphrase_fd)
    said = reviewing.review(
        case_dir, what, outcome, reviewer=reviewer, note=note, passphrase=secret
    )
    Output(as_json=as_json).show(said, "act", facts)
    return DONE
