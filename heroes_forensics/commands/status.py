"""``heroes status``: how far a case is."""

from collections.abc import Iterator
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Final

import click

from heroes_forensics.commands import options
from heroes_forensics.commands.output import Output
from heroes_forensics.commands.progress import share
from heroes_forensics.commands.summary import gap_text
from heroes_forensics.commands.text import counted, hanging, integer, plain, record, records, string
from heroes_forensics.commands.verb import Verb
from heroes_forensics.commands.words import finding_line, word
from heroes_forensics.errors import DONE
from heroes_forensics.model import BLOCKS, JSON, blocks_close


@click.command("status", cls=Verb)
@options.case_argument
@click.option(
    "--follow", is_flag=True, help="Go on showing what happens, until nobody works on the case."
)
@options.json_option
def status(*, case_dir: Path, follow: bool, as_json: bool) -> int:
    """Show the runs of a case, its counts and its result value.

    Works while a scan runs; with --follow, findings show within seconds of being read, as
    provisional until the unit they were found in is on record; it ends some seconds after the run,
    however that ended. Two examinations of the same
    evidence with the same sets have the same content_sha256, on any machine, with any number of
    workers, interrupted or not.

    Examples:
      heroes status CASE
      heroes status CASE --follow
      heroes status CASE --json
    """
    from heroes_forensics.pipelines.checks import views  # noqa: PLC0415 # heavy: when it runs

    out = Output(as_json=as_json)
    if follow:
        with suppress(KeyboardInterrupt):  # the way to end it, hence no failure
            out.show_all(_flushed(out, views.events(case_dir, follow=True)), "event", _event)
    else:
        out.show(views.status(case_dir), "status", partial(_text, case_dir=case_dir))
    return DONE


def _flushed(out: Output, rows: Iterator[JSON]) -> Iterator[JSON]:
    for row in rows:
        yield row
        out.flush()


def _event(row: JSON) -> Iterator[str]:
    time = string(row, "time")
    match row.get("type"):
        case "finding":
            yield f"{time}  {finding_line(row)}".strip()
        case "progress":
            yield f"{time}  {_progress(row)}"
        case "run":
            cause = string(row, "cause")
            why = f" ({word('cause', cause)})" if cause else ""
            yield f"{time}  run {string(row, 'run')}: {string(row, 'state')}{why}"
        case _:
            yield from _other(row)


def _progress(row: JSON) -> str:
    parts = [
        f"{integer(row, 'items_done'):,} of {integer(row, 'items_total'):,} items",
        share(integer(row, "bytes_done"), integer(row, "bytes_total")),
        counted(integer(row, "findings"), "finding"),
        counted(integer(row, "gaps"), "gap"),
    ]
    if integer(row, "media_total"):
        media = share(integer(row, "media_done"), integer(row, "media_total"))
        parts.insert(2, f"image {media}")
    return f"{string(row, 'stage')}: {', '.join(parts)}"


def _other(row: JSON) -> Iterator[str]:
    rest = {key: value for key, value in row.items() if key not in ("type", "time")}
    yield f"{string(row, 'time')}  {string(row, 'type', 'event')}: {plain(rest)}".strip()


def _lessened(row: JSON) -> Iterator[str]:
    reduced, erased = record(row, "reduced"), record(row, "erased")
    if reduced:
        yield from hanging(
            "",
            f"Reduced on {string(reduced, 'time')[:10]}: of {integer(reduced, 'items'):,} items"
            " without a finding only counts are left; they are compared with no further set.",
        )
    if erased:
        yield from hanging(
            "", f"Sealed names and values were erased on {string(erased, 'time')[:10]}."
        )
    if row.get("unsettled") is True:
        yield from hanging(
            "", "That was cut off, and is on record but not on the disk: give the command again."
        )


def _text(row: JSON, *, case_dir: Path) -> Iterator[str]:
    resume = f"heroes scan --case {plain(str(case_dir))} --resume"
    reference = string(row, "reference")
    yield f"Case {string(row, 'case')}{f', reference {reference}' if reference else ''}"
    yield f"Names are {string(row, 'names', 'sealed')}."
    yield from _lessened(row)
    yield ""
    for run in records(row, "runs"):
        ended = string(run, "ended", "no end on record")
        state = string(run, "state") or string(run, "outcome", "open")
        yield f"Run {string(run, 'run')}: {state}"
        yield f"  {string(run, 'started')} to {ended}"
        for each in records(run, "interruptions"):
            again = string(each, "resumed")
            after = f"taken up again {again}" if again else f"go on with: {resume}"
            cause = word("cause", string(each, "cause"))
            yield from hanging(
                "  ", f"interrupted, noted {string(each, 'noted')}: {cause}; {after}"
            )
        if string(run, "purpose") == "match":
            yield "  compared what is on record with hash sets; read no evidence"
        else:
            yield from hanging("  ", _isolation(record(run, "isolation")))
    yield ""
    holder = record(row, "holder")
    if holder:
        yield f"Held by process {integer(holder, 'pid')} since {string(holder, 'since')}."
        yield ""
    yield "LANES"
    for lane in records(row, "lanes"):
        yield from hanging("  ", _lane(lane))
    yield ""
    yield from _inside(record(row, "inside"))
    yield "ENTRIES"
    for volume in records(row, "volumes"):
        yield from hanging(f"  {string(volume, 'volume')}: ", _equation(volume))
    yield from hanging("  all: ", _equation(record(row, "equation")))
    yield ""
    yield from _unallocated(records(row, "volumes"))
    yield "NOT EXAMINED"
    gaps = records(row, "gaps")
    for gap in gaps:
        text = gap_text(string(gap, "code"), policy=bool(gap.get("policy")))
        yield from hanging(f"  {integer(gap, 'count'):>8,}  ", text)
    left = integer(record(row, "equation"), "not_reached")
    if left:
        yield f"  {left:>8,}  not reached: the run was interrupted, or goes on"
    if not gaps and not left:
        yield "         0  no gap is on record"
    yield ""
    gone = integer(row, "findings_withdrawn")
    of_them = f", {gone} of them withdrawn" if gone else ""
    yield counted(integer(row, "findings"), "finding") + of_them
    yield f"content_sha256 {string(row, 'content_sha256')}"


_PICTURES: Final = (
    ("pictures_decoded", "decoded"),
    ("pictures_in_part", "in part"),
    ("pictures_not_decoded", "not decodable or over a limit"),
    ("pictures_known", "on a list already, not decoded"),
    ("pictures_left_out", "of a type that is not decoded"),
)
_CONTAINERS: Final = (
    ("containers_opened", "opened to their end"),
    ("containers_in_part", "not, or not to their end"),
    ("containers_known", "on a list already, not opened"),
    ("containers_left_out", "left out"),
)


def _inside(sums: JSON) -> Iterator[str]:
    """Say what was done beyond the digests of files; nothing when nothing was."""
    pictures = [f"{integer(sums, key):,} {text}" for key, text in _PICTURES if integer(sums, key)]
    opened = [f"{integer(sums, key):,} {text}" for key, text in _CONTAINERS if integer(sums, key)]
    if not pictures and not opened:
        return
    yield "INSIDE FILES"
    if pictures:
        yield from hanging("  pictures: ", f"{', '.join(pictures)}; values compared with nothing")
    if opened:
        members = counted(integer(sums, "members"), "entry", "entries")
        yield from hanging("  archives: ", f"{', '.join(opened)}; {members} listed in them")
    yield ""


def _unallocated(volumes: list[JSON]) -> Iterator[str]:
    """Say of each volume where its bytes are, and how far what is in no use was searched."""
    yield "BYTES OF VOLUMES"
    for volume in volumes:
        yield from hanging(f"  {string(volume, 'volume')}: ", _blocks(record(volume, "blocks")))
    yield ""


_DIVIDED: Final = (
    ("items", "content of files"),
    ("file_slack", "file slack"),
    ("metadata", "metadata"),
    ("unclaimed", "in use by nothing listed"),
)
_UNDIVIDED: Final = (("structures", "before the first block"), ("allocated", "in use"))
_OTHERS: Final = (("unallocated", "unallocated"), ("volume_slack", "volume slack"))


def _blocks(blocks: JSON) -> str:
    """Say where the bytes of a volume are, and how far what is in no use was searched."""
    if not blocks:
        return "not available: its allocation is not read, or was not yet"
    terms = {name: integer(blocks, name) for name in BLOCKS}
    used = _DIVIDED if "items" in blocks else _UNDIVIDED
    sums = [f"{terms[name]:,} {text}" for name, text in (*used, *_OTHERS)]
    sums += [f"{terms['unreadable']:,} unreadable"] if terms["unreadable"] else []
    known = {name: size for name, size in terms.items() if name in blocks}
    closes = "" if blocks_close(known) else "; the parts are not the whole"
    lost = terms["claimed_free"]
    return (
        f"{terms['volume']:,} bytes = {' + '.join(sums)}{closes}; "
        + (f"{lost:,} bytes free by the bitmap and content of files; " if lost else "")
        + (f"{terms['searched']:,} bytes searched" if terms["searched"] else "not searched")
        + (f", and {terms['slack_searched']:,} of file slack" if terms["slack_searched"] else "")
    )


def _lane(lane: JSON) -> str:
    name = word("lane", string(lane, "name"))
    done = f"{integer(lane, 'ended'):,} of {integer(lane, 'items'):,} ended"
    return f"{name}: {done}, {share(integer(lane, 'bytes_examined'), integer(lane, 'bytes'))} read"


def _isolation(facts: JSON) -> str:
    """Say how the workers of a run were locked, and what was weaker than it can be."""
    parts = [f"isolation of workers: {string(facts, 'level', 'not measured')}"]
    for key, said in (("missing", "missing"), ("allowed", "not refused")):
        names = facts.get(key)
        if isinstance(names, list) and names:
            parts.append(f"{said}: {', '.join(plain(name) for name in names)}")
    return "; ".join(parts)


def _equation(terms: JSON) -> str:
    state = string(terms, "file_system") or string(terms, "state")
    said = (
        ("digested", "digested"),
        ("no_content", "without content"),
        ("policy", "left out by the profile"),
        ("gaps", "not examined"),
        ("not_reached", "not reached"),
    )
    sums = " + ".join(f"{integer(terms, key):,} {text}" for key, text in said if terms.get(key))
    closes = "" if terms.get("closes") else "; NOT YET CLOSED"
    head = f"{state}, " if state else ""
    return f"{head}{integer(terms, 'listed'):,} listed = {sums or '0'}{closes}"
