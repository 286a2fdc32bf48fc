"""``heroes case log``, ``note``, ``clock``, ``consulted``, ``combined``: what stands on record."""

from collections.abc import Iterator
from pathlib import Path
from typing import Final

import click

from heroes_forensics.commands import options
from heroes_forensics.commands.output import Output
from heroes_forensics.commands.text import counted, facts, hanging, string, strings
from heroes_forensics.commands.verb import Verb
from heroes_forensics.errors import DONE, UsageError
from heroes_forensics.model import JSON

_ACTIONS: Final = (
    *("collection", "alteration", "consultation", "disclosure", "combination", "erasure"),
)
WARNING: Final = (
    "What is recorded stays for ever: no names of victims, and nothing about what material shows."
)


@click.command("log", cls=Verb)
@options.case_argument
@click.option(
    "--action", "actions", multiple=True, type=click.Choice(_ACTIONS),
    help="Only acts of this kind. May be repeated.",
)  # fmt: skip
@click.option("--csv", "as_csv", is_flag=True, help="Print a table for a spreadsheet.")
@options.json_option
def log(*, case_dir: Path, actions: tuple[str, ...], as_csv: bool, as_json: bool) -> int:
    """Print the data protection log of CASE: who did what with data, and why.

    Collected, altered, consulted, disclosed, combined, erased: each act with its time, person,
    reason and legal basis, as the record has them. It holds no name and no digest from evidence.
    Reports have it, too.

    Examples:
      heroes case log CASE
      heroes case log CASE --action disclosure --csv
    """
    if as_csv and as_json:
        raise UsageError("the log is printed as CSV or as JSON, not as both")
    from heroes_forensics.pipelines.report import processing  # noqa: PLC0415 # heavy: when it runs

    rows = [row for row in processing.of_case(case_dir) if not actions or row.action in actions]
    out = Output(as_json=as_json)
    if as_csv:
        out.lines(processing.table(rows).decode().splitlines())
        return DONE
    for row in rows:
        out.show({"type": "processing", **_renamed(row.to_json())}, "processing", _act)
    if not as_json:
        out.line(f"{counted(len(rows), 'act')} on record")
    return DONE


def _renamed(row: JSON) -> JSON:
    """Return a row whose ``type`` is free for the type of the line."""
    return {("event_type" if name == "type" else name): value for name, value in row.items()}


def _act(row: JSON) -> Iterator[str]:
    when = string(row, "time")[:19].replace("T", " ")
    yield f"{when} UTC  {string(row, 'action')}  {string(row, 'who')}"
    for name, value in (
        ("event", f"{row['seq']} ({string(row, 'event_type')})"),
        ("of", ", ".join(strings(row, "of"))),
        ("recipient", string(row, "recipient")),
        ("reason", string(row, "reason")),
        ("legal basis", string(row, "legal_basis")),
    ):
        if value:
            yield from hanging(f"  {name + ':':<13}", value)


@click.command("note", cls=Verb)
@options.case_argument
@click.option(
    "--quality", "kind", required=True,
    type=click.Choice(["deviation", "nonconformity", "limitation"]),
    help="What it is: a step done otherwise than laid down, a fault of the work, or a limit of "
    "what can be said.",
)  # fmt: skip
@click.option("--text", required=True, metavar="TEXT", help=WARNING)
@click.option(
    "--examiner", default="", metavar="ID", help="Who notes it.  [default: examiner of the case]"
)
@options.passphrase_option
@options.json_option
def note(  # noqa: PLR0913 # the options of a verb
    *,
    case_dir: Path,
    kind: str,
    text: str,
    examiner: str,
    passphrase_fd: int | None,
    as_json: bool,
) -> int:
    r"""Note a deviation, a nonconformity or a limitation in the record of CASE.

    The report lists it. What is recorded stays for ever: no names of victims, and nothing about
    what material shows.

    Example:
      heroes case note CASE --quality deviation \
        --text "image verified after the examination, not before (SOP 4.2)"
    """
    body: JSON = {"kind": kind, "text": text}
    return _recorded(case_dir, "quality.noted", body, examiner, passphrase_fd, as_json=as_json)


@click.command("clock", cls=Verb)
@options.case_argument
@click.option("--source", required=True, metavar="TEXT", help="What it was compared with.")
@click.option(
    "--offset-ms", required=True, type=click.IntRange(-(2**40), 2**40), metavar="N",
    help="Milliseconds by which this machine's clock is ahead; behind: below zero.",
)  # fmt: skip
@click.option(
    "--uncertainty-ms", required=True, type=click.IntRange(0, 2**40), metavar="N",
    help="How far that may be wrong.",
)  # fmt: skip
@click.option(
    "--examiner", default="", metavar="ID", help="Who compared.  [default: examiner of the case]"
)
@options.passphrase_option
@options.json_option
def clock(  # noqa: PLR0913 # the options of a verb
    *,
    case_dir: Path,
    source: str,
    offset_ms: int,
    uncertainty_ms: int,
    examiner: str,
    passphrase_fd: int | None,
    as_json: bool,
) -> int:
    r"""Record how far the clock of this machine is from a better one.

    Each run records by itself what the system says of its clock. This is for a comparison that a
    person made, with a radio clock or the time of an authority.

    Example:
      heroes case clock CASE --source "radio clock DCF77" --offset-ms -350 \
        --uncertainty-ms 500
    """
    body: JSON = {
        "source": source,
        "offset_ms": offset_ms,
        "uncertainty_ms": uncertainty_ms,
        "synchronised": abs(offset_ms) <= uncertainty_ms,
    }
    return _recorded(case_dir, "clock.checked", body, examiner, passphrase_fd, as_json=as_json)


@click.command("consulted", cls=Verb)
@options.case_argument
@click.option("--what", required=True, metavar="TEXT", help=f"What was looked at. {WARNING}")
@click.option("--justification", required=True, metavar="TEXT", help="Why.")
@click.option(
    "--examiner", default="", metavar="ID", help="Who did.  [default: examiner of the case]"
)
@options.passphrase_option
@options.json_option
def consulted(  # noqa: PLR0913 # the options of a verb
    *,
    case_dir: Path,
    what: str,
    justification: str,
    examiner: str,
    passphrase_fd: int | None,
    as_json: bool,
) -> int:
    r"""Record that data of CASE was consulted outside this program.

    What this program opens, it records by itself. What is recorded stays for ever: no names of
    victims, and nothing about what material shows.

    Example:
      heroes case consulted CASE --what "F-000012 in the review room" \
        --justification "categorisation by an authorised person"
    """
    body: JSON = {"what": what, "justification": justification}
    return _recorded(case_dir, "data.consulted", body, examiner, passphrase_fd, as_json=as_json)


@click.command("combined", cls=Verb)
@options.case_argument
@click.option(
    "--source", "sources", multiple=True, required=True, metavar="TEXT",
    help="What it was combined with. May be repeated.",
)  # fmt: skip
@click.option("--purpose", required=True, metavar="TEXT", help=f"What for. {WARNING}")
@click.option(
    "--examiner", default="", metavar="ID", help="Who did.  [default: examiner of the case]"
)
@options.passphrase_option
@options.json_option
def combined(  # noqa: PLR0913 # the options of a verb
    *,
    case_dir: Path,
    sources: tuple[str, ...],
    purpose: str,
    examiner: str,
    passphrase_fd: int | None,
    as_json: bool,
) -> int:
    r"""Record that data of CASE was combined with other data outside this program.

    Comparisons with hash sets are recorded by the runs that make them. What is recorded stays for
    ever: no names of victims, and nothing about what material shows.

    Example:
      heroes case combined CASE --source "case 2024/118" \
        --purpose "same device in both"
    """
    body: JSON = {"sources": list(sources), "purpose": purpose}
    return _recorded(case_dir, "data.combined", body, examiner, passphrase_fd, as_json=as_json)


def _recorded(  # noqa: PLR0913 - what is recorded, by whom, and how it is shown
    case_dir: Path,
    kind: str,
    body: JSON,
    person: str,
    passphrase_fd: int | None,
    *,
    as_json: bool,
) -> int:
    from heroes_forensics.pipelines.acts import acting  # noqa: PLC0415 # heavy: when it runs

    for name, value in body.items():
        if isinstance(value, str) and not value.strip():
            raise UsageError(f"{name} says nothing", hint="an empty entry stays for ever, too")
    secret = options.passphrase(passphrase_fd)
    said = acting.act(case_dir, kind, body, person=person, passphrase=secret)
    Output(as_json=as_json).show(said, "act", facts)
    return DONE
