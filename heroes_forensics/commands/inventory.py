"""``heroes inventory``: every item as it was examined, or what was not."""

from collections.abc import Iterator
from pathlib import Path
from typing import Final

import click

from heroes_forensics.commands import options
from heroes_forensics.commands.output import Output
from heroes_forensics.commands.summary import gap_text
from heroes_forensics.commands.text import integer, path_of, plain, record, string
from heroes_forensics.commands.verb import Verb
from heroes_forensics.commands.words import INDENT, reason
from heroes_forensics.errors import DONE, UsageError
from heroes_forensics.model import CARVED, JSON, REUSE_TEXTS, is_policy

NOT_STATED: Final = -1
"""Size of what does not say how large it is: a stream of gzip that breaks off."""


@click.command("inventory", cls=Verb)
@options.case_argument
@click.option("--exhibit", metavar="LABEL", help="Only the items of this exhibit.")
@click.option("--gaps", is_flag=True, help="Only what was not examined, and why.")
@click.option(
    "--media-metadata", is_flag=True,
    help="Also what pictures and films say of the device they were made with. It is sealed: say "
    "why it is read, and on whose authority.",
)  # fmt: skip
@click.option("--justification", default="", metavar="TEXT", help="Why metadata is read.")
@click.option("--authority", default="", metavar="TEXT", help="On whose authority.")
@click.option(
    "--examiner", default="", metavar="ID", help="Who reads.  [default: the examiner of the case]"
)
@options.passphrase_option
@options.json_option
def inventory(  # noqa: PLR0913 # the options of a verb
    *,
    case_dir: Path,
    exhibit: str | None,
    gaps: bool,
    media_metadata: bool,
    justification: str,
    authority: str,
    examiner: str,
    passphrase_fd: int | None,
    as_json: bool,
) -> int:
    r"""List every item with its state, or what was not examined.

    With --json each line has locator, sizes, digests, type, place and all times as stored, for
    comparing with other tools. Names stand there only in a case with --names clear. Of metadata
    (heroes scan --media-metadata) there are a state and a tag by which a device is known again;
    --media-metadata opens what is sealed, after the record says that it does, and why.

    Examples:
      heroes inventory CASE
      heroes inventory CASE --gaps
      heroes inventory CASE --json | jq -r 'select(.status == "done") | .sha256'
      heroes inventory CASE --media-metadata --justification "request 4" \
        --authority "Gs 221/24" --json
    """
    from heroes_forensics.pipelines.checks import views  # noqa: PLC0415 # heavy: when it runs

    if gaps and exhibit is not None:
        raise UsageError("--gaps lists those of the whole case", hint="leave out --exhibit")
    if gaps and media_metadata:
        raise UsageError("a gap has no metadata", hint="leave out --gaps, or --media-metadata")
    if (justification or authority) and not media_metadata:
        raise UsageError(
            "a reason was given, and nothing sealed is to be opened",
            hint="add --media-metadata, or leave out --justification and --authority",
        )
    out = Output(as_json=as_json)
    if gaps:
        number = out.show_counted(views.gaps(case_dir), "gap", _gap)
        if not number and not as_json:
            out.line("No gap is on record. How far unallocated space was searched is said by:")
            out.line(f"heroes status {plain(case_dir)}")
        return DONE
    if media_metadata:
        from heroes_forensics.pipelines.checks import opening  # noqa: PLC0415 # heavy: when it runs

        rows = opening.open_metadata(
            case_dir,
            justification=justification,
            authority=authority,
            exhibit=exhibit,
            examiner=examiner,
            passphrase=options.passphrase(passphrase_fd),
        )
    else:
        rows = views.inventory(case_dir, exhibit=exhibit)
    number = out.show_all(rows, "item", _item)
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


def reuse(row: JSON) -> str:
    """Say in plain words whether the blocks of a deleted file are in use again."""
    found = string(row, "reuse")
    carved = found == "unknown" and row.get("place") in CARVED
    return "" if carved or row.get("kind") != "file" else REUSE_TEXTS.get(found, "")


def _reduced(row: JSON) -> str:
    count, day = integer(row, "items"), string(row, "time")[:10]
    return f"{count:,} items without a finding are not listed: the case was reduced on {day}"


def _item(row: JSON) -> Iterator[str]:
    if row.get("type") == "reduced":
        yield _reduced(row)
        return
    state = string(row, "status", "?")
    if state == "gap" and string(row, "gap"):
        state = f"gap: {reason(string(row, 'gap'))}"
    size = integer(row, "size")
    parts = [f"{size:,}" if size >= 0 else "-", state]
    parts.append(string(row, "content_type") or string(row, "kind") or "-")
    if row.get("allocated") is False:
        blocks = reuse(row)
        parts.append(f"deleted, {blocks}" if blocks else "deleted")
    parts.append(string(row, "place") or "-")
    path = path_of(row)
    told = record(row, "media_metadata")
    tag = string(told, "device") or string(told, "model")
    parts += [tag] if tag else []
    yield f"{where(row)}  {'  '.join(parts)}{f'  {path}' if path else ''}"
    yield from metadata_lines(told)


def metadata_lines(told: JSON) -> Iterator[str]:
    """Yield what a picture or film says of its origin, where it was opened."""
    from heroes_forensics.described import TEXTS  # noqa: PLC0415 # not for --help

    values = record(told, "values")
    said = {name: string(values, name) for name in TEXTS if string(values, name)}
    dates = record(values, "dates")
    for name in dates:
        date = record(dates, name)
        said[f"date {name}"] = f"{string(date, 'local')} ({string(date, 'zone')})"
    if string(values, "position") == "yes":
        said["position"] = "stated"
    for name, value in said.items():
        yield f"{INDENT}{plain(name.replace('_', ' '))}: {plain(value)}"


def _gap(row: JSON) -> Iterator[str]:
    if row.get("type") == "reduced":
        yield f"{_reduced(row)}; how many gaps they had: heroes status CASE"
        return
    code = string(row, "code") or string(row, "gap")
    place = string(row, "where") or where(row)
    detail = record(row, "detail")
    if detail.get("size") == NOT_STATED:
        detail = {**detail, "size": "not stated"}
    more = f" ({plain(detail)})" if detail else ""
    path = path_of(row)
    text = gap_text(code, policy=is_policy(code))
    yield f"{place}  {text}{more}{f'  {path}' if path else ''}"
