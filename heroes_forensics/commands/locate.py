"""``heroes locate``: coordinates of a finding for other tools."""

from collections.abc import Iterator
from pathlib import Path
from typing import Final

import click

from heroes_forensics.commands import options
from heroes_forensics.commands.output import Output
from heroes_forensics.commands.text import facts, records, string
from heroes_forensics.commands.verb import Verb
from heroes_forensics.errors import DONE
from heroes_forensics.model import JSON


@click.command("locate", cls=Verb)
@click.argument("finding", metavar="F-NUMBER")
@click.option(
    "--case",
    "case_dir",
    required=True,
    type=options.PATH,
    metavar="DIR",
    envvar="HEROES_CASE",
    show_envvar=True,
    help="The folder of the case.",
)
@options.json_option
def locate(*, finding: str, case_dir: Path, as_json: bool) -> int:
    """Print where a finding lies, as commands of other tools.

    Extracts nothing and shows no name. Whoever may see the content opens it with a tool of their
    own, at exactly these coordinates.

    Examples:
      heroes locate F-12 --case CASE
      heroes locate F-000012 --case CASE --json
    """
    from heroes_forensics.pipelines.checks import locating  # noqa: PLC0415 # heavy: when it runs

    Output(as_json=as_json).show(locating.locate(case_dir, finding), "location", _text)
    return DONE


_APART: Final = frozenset({"commands", "inside"})


def _text(found: JSON) -> Iterator[str]:
    yield from facts({key: value for key, value in found.items() if key not in _APART})
    for step in records(found, "inside"):
        yield f"Inside {string(step, 'container')}: the member at {string(step, 'member')}"
    for command in records(found, "commands"):
        yield ""
        yield f"{string(command, 'tool')}:"
        # As it is: the command is to be copied, and the last gate keeps the terminal safe.
        yield f"  {command.get('command', '')}"
