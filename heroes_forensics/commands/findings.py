"""``heroes findings``: the findings of a case."""

from collections.abc import Iterator
from pathlib import Path

import click

from heroes_forensics.commands import options
from heroes_forensics.commands.output import Output
from heroes_forensics.commands.text import counted, hanging
from heroes_forensics.commands.verb import Verb
from heroes_forensics.commands.words import catalogue, finding
from heroes_forensics.errors import DONE
from heroes_forensics.model import JSON


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
    from heroes_forensics.pipelines.checks import views  # noqa: PLC0415 # heavy: when it runs

    out = Output(as_json=as_json)
    withdrawn = 0

    def shown() -> Iterator[JSON]:
        nonlocal withdrawn
        for row in views.findings(case_dir):
            withdrawn += row["status"] == "withdrawn"
            yield row

    number = out.show_all(shown(), "finding", finding)
    if not as_json:
        gone = f", {withdrawn} of them withdrawn" if withdrawn else ""
        none = catalogue().text("findings.none")
        out.line(f"{counted(number, 'finding')}{gone}." if number else none)
        if views.unfinished(case_dir):
            out.lines(hanging("", catalogue().text("scope.also_unfinished")))
        out.lines(hanging("", catalogue().text("always.unlisted")))
        out.line("What was not examined: heroes inventory CASE --gaps")
    return DONE
