"""``heroes hashset dispute|retire|retract|reinstate``: what a laboratory decides on an edition."""

from collections.abc import Callable, Iterator
from typing import Any, TypeVar

import click

from heroes_forensics.commands import options
from heroes_forensics.commands.output import Output
from heroes_forensics.commands.text import hanging, string
from heroes_forensics.commands.verb import Verb
from heroes_forensics.errors import DONE
from heroes_forensics.model import JSON

F = TypeVar("F", bound=Callable[..., Any])


def _named(command: F) -> F:
    """Add which edition is meant, and why."""
    for add in (
        options.json_option,
        click.option("--reason", required=True, metavar="TEXT", help="Why; it is kept and shown."),
        click.argument("edition"),
        click.argument("name"),
    ):
        command = add(command)
    return command


@click.command("dispute", cls=Verb)
@_named
def dispute(*, name: str, edition: str, reason: str, as_json: bool) -> int:
    """Mark EDITION of the set NAME as in doubt.

    It can be used still; every scan, ledger and report that uses it says so.

    Example:
      heroes hashset dispute national 2026-01 --reason "under review"
    """
    return _decide(name, edition, "disputed", reason, as_json=as_json)


@click.command("retire", cls=Verb)
@_named
def retire(*, name: str, edition: str, reason: str, as_json: bool) -> int:
    """Use EDITION of the set NAME no more.

    No scan takes it; it stays in the catalogue, for cases that used it.

    Example:
      heroes hashset retire national 2026-01 --reason "see 2026-02"
    """
    return _decide(name, edition, "retired", reason, as_json=as_json)


@click.command("retract", cls=Verb)
@_named
def retract(*, name: str, edition: str, reason: str, as_json: bool) -> int:
    """Record that its issuer took EDITION of the set NAME back.

    No scan takes it, nor does one that goes on.

    Example:
      heroes hashset retract national 2026-01 --reason "notice of 3 March"
    """
    return _decide(name, edition, "retracted", reason, as_json=as_json)


@click.command("reinstate", cls=Verb)
@_named
def reinstate(*, name: str, edition: str, reason: str, as_json: bool) -> int:
    """Take a decision on EDITION of the set NAME back.

    Example:
      heroes hashset reinstate national 2026-01 --reason "the review is over"
    """
    return _decide(name, edition, "active", reason, as_json=as_json)


def _decide(name: str, edition: str, state: str, reason: str, *, as_json: bool) -> int:
    from heroes_forensics.pipelines.sets import hashsets  # noqa: PLC0415 # heavy: when it runs

    made = hashsets.decide(name, edition, state, reason)
    Output(as_json=as_json).show(made, "set", _row)
    return DONE


def _row(row: JSON) -> Iterator[str]:
    name, edition = string(row, "name", "?"), string(row, "edition")
    yield from hanging("", f"{name} {edition} is {string(row, 'state')} now.")
