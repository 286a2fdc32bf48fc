"""``heroes inventory``: every item as it was examined, or what was not."""

from collections.abc import Iterator
from pathlib import Path

import click

from heroes_forensics.commands import options
from heroes_forensics.commands.output import Output
from heroes_forensics.commands.summary import gap_text
from heroes_forensics.commands.text import integer, path_of, plain, record, string
from heroes_forensics.commands.verb import Verb
from heroes_forensics.commands.words import reason
from heroes_forensics.errors import DONE, UsageError
from heroes_forensics.model import JSON, is_policy


@click.command("inventory", cls=Verb)
@options.case_argument
@click.option("--exhibit", metavar="LABEL", help="Only the items of this exhibit.")
@click.option("--gaps", is_flag=True, help="Only what was not examined, and why.")
@options.json_option
def inventory(
    *,
    case_dir: Path,
    exhibit: str | None,
    gaps: bool,
    as_json: bool,
) -> int:
    """List every item with its state, or what was not examined.

    With --json each line has locator, sizes, digests, type, place and all times as stored, for
    comparing with other tools. Names stand there only in a case with --names clear.

    Examples:
      heroes inventory CASE
      heroes inventory CASE --gaps
      heroes inventory CASE --json | jq -r 'select(.status == "done") | .sha256'
    """
    from heroes_forensics.pipelines import views  # noqa: PLC0415 # heavy: when it runs

    if gaps and exhibit is not None:
        raise UsageError("--gaps lists those of the whole case", hint="leave out --exhibit")
    out = Output(as_json=as_json)
    if gaps:
        number = out.show_all(views.gaps(case_dir), "gap", _gap)
        if not number and not as_json:
            out.line("No gap is on record. Unallocated space was not examined.")
        return DONE
    number = out.show_all(views.inventory(case_dir, exhibit=exhibit), "item", _item)
    if not number and not as_json:
        out.line("No item is on record.")
    return DONE


def where(row: JSON) -> str:
    """Return the whole locator of a row."""
    locator, volume = string(row, "locator"), string(row, "volume")
    source = string(row, "source")
    prefix = "/".join(part for part in (source, volume) if part)
    if not prefix or locator.startswith(prefix):
        return locator
    return f"{prefix}/{locator}" if locator else prefix


def _item(row: JSON) -> Iterator[str]:
    state = string(row, "status", "?")
    if state == "gap" and string(row, "gap"):
        state = f"gap: {reason(string(row, 'gap'))}"
    size = integer(row, "size")
    parts = [f"{size:,}" if size >= 0 else "-", state]
    parts.append(string(row, "content_type") or string(row, "kind") or "-")
    if row.get("allocated") is False:
        parts.append("deleted")
    parts.append(string(row, "place") or "-")
    path = path_of(row)
    yield f"{where(row)}  {'  '.join(parts)}{f'  {path}' if path else ''}"


def _gap(row: JSON) -> Iterator[str]:
    code = string(row, "code") or string(row, "gap")
    place = string(row, "where") or where(row)
    detail = record(row, "detail")
    more = f" ({plain(detail)})" if detail else ""
    yield f"{place}  {gap_text(code, policy=is_policy(code))}{more}"
