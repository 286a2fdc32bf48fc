"""``heroes inspect``: the stack of a source as a tree."""

import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final

import click

from heroes_forensics.commands import options
from heroes_forensics.commands.output import Output
from heroes_forensics.commands.text import (
    counted,
    exact,
    facts,
    hanging,
    human,
    inert,
    integer,
    plain,
    record,
    records,
    string,
    strings,
)
from heroes_forensics.commands.verb import Verb
from heroes_forensics.commands.words import reason
from heroes_forensics.errors import DONE
from heroes_forensics.model import JSON

_LINES: Final = ("├─ ", "└─ ", "│  ", "   ")
_ASCII: Final = ("|- ", "`- ", "|  ", "   ")

_BESIDE: Final = 3
"""Columns of the lines of the tree."""

_SAID: Final = frozenset(
    {
        *("type", "source", "label", "kind", "format", "reader", "reader_version", "size"),
        *("sector_size", "segments", "stored_digests", "health", "notes", "volumes", "children"),
        *("unallocated", "gaps", "partition_table", "facts"),
    }
)
"""Fields of the top that have a line of their own."""

_SAID_OF_VOLUME: Final = frozenset(
    {
        *("key", "kind", "label", "file_system", "offset", "size", "type", "gap", "volumes"),
        *("children", "notes", "facts"),
    }
)


@click.command("inspect", cls=Verb)
@click.argument("source", type=options.SOURCE)
@click.option(
    "--as",
    "treat_as",
    type=click.Choice(options.TREAT_AS),
    default="auto",
    show_default=True,
    help="What the source is, when its content could be read in two ways.",
)
@click.option(
    "--accept-damaged", is_flag=True, help="Open an image with damaged or missing parts as well."
)
@options.key_files
@options.json_option
def inspect(
    *,
    source: Path,
    treat_as: str,
    accept_damaged: bool,
    key_files: tuple[Path, ...],
    as_json: bool,
) -> int:
    """Show volumes, file systems, encryption and health of a source.

    Reads structures only, no content of files, and writes nothing. SOURCE is an image (of a set
    of segments: the first one), a folder, or an archive of a device.

    Examples:
      heroes inspect image.E01
      heroes inspect phone.zip --json
      heroes inspect disk.E01 --key-file keys.yaml
    """
    from heroes_forensics.pipelines.evidence import inspecting  # noqa: PLC0415 # heavy: when it runs

    tree = inspecting.inspect(
        source,
        treat_as=treat_as,
        accept_damaged=accept_damaged,
        key_files=key_files,
        own_process=options.own_process(),
    )
    Output(as_json=as_json).show(tree, "source", text)
    return DONE


def text(tree: JSON) -> Iterator[str]:
    """Yield the lines of the tree."""
    lines = _LINES if _unicode() else _ASCII
    yield string(tree, "source") or string(tree, "label", "source")
    children = records(tree, "volumes") or records(tree, "children")
    free = records(tree, "unallocated")
    bar = lines[2] if children or free else lines[3]
    for line in _top(tree):
        yield bar + line
    last = len(children) + bool(free) - 1
    for number, child in enumerate(children):
        yield from _volume(child, lines, "", last=number == last)
    if free:
        total = sum(integer(each, "size") for each in free)
        where = counted(len(free), "range")
        yield f"{lines[1]}in no volume: {exact(total)} in {where}, not examined"


def _unicode() -> bool:
    encoding = getattr(sys.stdout, "encoding", None) or "ascii"
    try:
        _LINES[0].encode(encoding)
    except (UnicodeEncodeError, LookupError):
        return False
    return True


def _top(tree: JSON) -> Iterator[str]:
    kind = string(tree, "format") or string(tree, "kind")
    reader = " ".join(
        part for part in (string(tree, "reader"), string(tree, "reader_version")) if part
    )
    yield from hanging(
        "format     ", f"{kind}{f', read by {reader}' if reader else ''}", beside=_BESIDE
    )
    if "size" in tree:
        sector = integer(tree, "sector_size")
        sectors = f", sectors of {sector:,} bytes" if sector else ""
        yield from hanging("size       ", exact(integer(tree, "size")) + sectors, beside=_BESIDE)
    segments = records(tree, "segments")
    if len(segments) == 1:
        yield from hanging("file       ", _segment(segments[0]), beside=_BESIDE)
    elif segments:
        yield f"files      {len(segments):,}"
        for segment in segments:
            yield f"           {_segment(segment)}"
    table = record(tree, "partition_table")
    if table:
        size = integer(table, "sector_size")
        parts = counted(integer(table, "partitions"), "partition")
        yield f"table      {string(table, 'scheme')}, {parts}, sectors of {size:,} bytes"
    if "stored_digests" in tree:
        digests = strings(tree, "stored_digests")
        yield from hanging("stored     ", ", ".join(digests) or "no digests", beside=_BESIDE)
    for note in strings(table, "notes") + strings(tree, "notes"):
        yield from hanging("note       ", note, beside=_BESIDE)
    for gap in records(tree, "health") + records(tree, "gaps"):
        yield from hanging("! ", _gap(gap), beside=_BESIDE)
    if "health" in tree and not records(tree, "health"):
        yield "health     nothing wrong with the container was noticed"
    rest = {key: value for key, value in tree.items() if key not in _SAID}
    yield from facts({**record(tree, "facts"), **rest})


def _segment(segment: Mapping[str, object]) -> str:
    return f"{string(segment, 'name')}, {exact(integer(segment, 'size'))}"


def _gap(gap: JSON) -> str:
    where = string(gap, "where")
    detail = record(gap, "detail")
    words = ", ".join(
        f"{key.replace('_', ' ')} {_detail(key, value)}" for key, value in detail.items()
    )
    code = string(gap, "code")
    head = f"{where}: " if where and where != "source" else ""
    return f"{head}{reason(code)}{f' ({words})' if words else ''}"


def _detail(key: str, value: object) -> str:
    if key in ("declared", "real", "size") and isinstance(value, int):
        return human(value)
    return plain(value)


def _volume(node: JSON, lines: tuple[str, ...], above: str, *, last: bool) -> Iterator[str]:
    tee, corner, down, gone = lines
    key = string(node, "key") or string(node, "label", "?")
    parts = [string(node, "file_system") or string(node, "kind", "volume")]
    if integer(node, "size") > 0:
        parts.append(exact(integer(node, "size")))
    if isinstance(node.get("offset"), int):
        parts.append(f"at byte {integer(node, 'offset'):,}")
    yield f"{above}{corner if last else tee}{key}  {', '.join(parts)}"
    children = records(node, "volumes") or records(node, "children")
    below = above + (gone if last else down)
    bar = below + (down if children else gone)
    gap = record(node, "gap")
    if gap:
        for line in hanging("! ", f"not examined: {_gap(gap)}", beside=len(bar)):
            yield bar + line
    if string(node, "type"):
        yield f"{bar}partition type {string(node, 'type')}"
    rest = {key: value for key, value in node.items() if key not in _SAID_OF_VOLUME}
    for line in facts({**record(node, "facts"), **rest}):
        yield bar + line
    for note in strings(node, "notes"):
        yield bar + inert(note)
    for number, child in enumerate(children):
        yield from _volume(child, lines, below, last=number == len(children) - 1)
