"""``heroes findings``: the findings of a case."""

from pathlib import Path

import click

from heroes_forensics.commands import options
from heroes_forensics.commands.output import Output
from heroes_forensics.commands.text import counted, hanging
from heroes_forensics.commands.verb import Verb
from heroes_forensics.commands.words import catalogue, finding
from heroes_forensics.errors import DONE


@click.command("findings", cls=Verb)
@options.case_argument
@options.json_option
def findings(*, case_dir: Path, as_json: bool) -> int:
    """List the findings: what agrees, who lists it, where it lies.

    The number of a finding never changes for the life of the case; withdrawn ones stay listed.
    No name and no digest is shown.

    Examples:
      heroes findings CASE
      heroes findings CASE --json
    """
    from heroes_forensics.pipelines import views  # noqa: PLC0415 # heavy: when it runs

    out = Output(as_json=as_json)
    number = out.show_all(views.findings(case_dir), "finding", finding)
    if not as_json:
        out.line(f"{counted(number, 'finding')}." if number else catalogue().text("findings.none"))
        if views.unfinished(case_dir):
            out.lines(hanging("", catalogue().text("scope.also_unfinished")))
        out.lines(hanging("", catalogue().text("always.unlisted")))
        out.line("What was not examined: heroes inventory CASE --gaps")
    return DONE
