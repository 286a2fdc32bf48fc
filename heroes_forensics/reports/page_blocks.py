"""The page of a report as blocks: what a typesetter needs of ``report.html``, and nothing of HTML.

The page is the only place that says what a report tells and in which words; whoever sets it on
paper takes it from there, so that a section or a chart that the page gets is on paper too. Text
stays text: a block holds strings, never markup.

Blocks are maps: ``k`` is the kind, ``c`` the classes, ``r`` runs of text, ``b`` blocks inside. A
run is a pair of text and style, letters of `STYLES`; the style ``/`` is a line break.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from html.parser import HTMLParser
from typing import Final

from heroes_forensics.model import JSON
from heroes_forensics.reports import column_widths, glyphs

STYLES: Final[Mapping[str, str]] = {
    "strong": "b", "alarm": "a", "second": "s", "why": "s", "what": "s", "code": "m", "mono": "m",
    "no": "n", "nowrap": "w",
}  # fmt: skip
"""Letter by class or tag: bold, alarm, soft, monospaced, number of a heading, not to be broken."""

BREAK: Final = "/"
"""Style of a run that is a line break."""

_VOID: Final = frozenset({"meta", "wbr", "br", "rect", "line", "circle", "path", "use", "link"})
_SKIPPED: Final = frozenset({"head", "nav", "style", "defs", "title", "script"})
_LEFT_OUT: Final = frozenset({"skip", "defs"})
_GROUPS: Final = frozenset({"alert", "always", "exhibit", "pair", "compared", "chart"})
_PATTERN: Final = re.compile(r"url\(#([a-z]+)\)")
"""A fill that is a pattern, by name as if it were a class."""
_CHART: Final = 60
"""Units of height from which a drawing is one by itself; what is lower stands in a cell."""


@dataclass(slots=True)
class Node:
    """An element of the page."""

    tag: str
    attributes: Mapping[str, str]
    children: list["Node | str"] = field(default_factory=list)

    @property
    def classes(self) -> list[str]:
        """The words of ``class``."""
        return self.attributes.get("class", "").split()

    def all(self, *tags: str) -> Iterator["Node"]:
        """Yield the nearest elements below that have one of these tags."""
        for child in self.children:
            if isinstance(child, Node):
                if child.tag in tags:
                    yield child
                else:
                    yield from child.all(*tags)


class _Reader(HTMLParser):
    """Reads our own page, which closes every element it opens."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.root = Node("", {})
        self._open = [self.root]

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        node = Node(tag, {name: value or "" for name, value in attrs})
        self._open[-1].children.append(node)
        if tag not in _VOID:
            self._open.append(node)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._open[-1].children.append(Node(tag, {name: value or "" for name, value in attrs}))

    def handle_endtag(self, tag: str) -> None:
        if tag not in _VOID:
            self._open.pop()

    def handle_data(self, data: str) -> None:
        self._open[-1].children.append(data)


def blocks(page: bytes) -> list[JSON]:
    """Return the blocks of a page that `html.page` made."""
    reader = _Reader()
    reader.feed(page.decode())
    reader.close()
    return list(_blocks(reader.root, column_widths.WHOLE))


# ---- blocks ------------------------------------------------------------------------------


def _blocks(node: Node, width: float) -> Iterator[JSON]:
    """Yield the blocks below an element; text that stands beside them is a paragraph."""
    for child in node.children:
        if not isinstance(child, Node):
            if child.strip():
                yield {"k": "p", "c": [], "r": _trimmed([[glyphs.printable(child), ""]])}
        elif child.tag not in _SKIPPED and not _LEFT_OUT & set(child.classes):
            yield from _block(child, width)


def _block(node: Node, width: float) -> Iterator[JSON]:
    made = _BLOCKS.get(node.tag)
    if made is not None:
        yield from made(node, width)
    elif "pair" in node.classes:
        cells = [child for child in node.children if isinstance(child, Node)]
        inside = [list(_blocks(cell, width / max(1, len(cells)))) for cell in cells]
        yield {"k": "pair", "c": node.classes, "cells": inside}
    elif _GROUPS & set(node.classes):
        yield {"k": "box", "c": node.classes, "b": list(_blocks(node, width))}
    else:
        yield from _blocks(node, width)


def _heading(node: Node, _: float) -> Iterator[JSON]:
    yield {"k": "h", "l": int(node.tag[1]), "r": _runs(node)}


def _paragraph(node: Node, _: float) -> Iterator[JSON]:
    if runs := _runs(node):
        yield {"k": "p", "c": node.classes, "r": runs}


def _list(node: Node, _: float) -> Iterator[JSON]:
    if items := [_runs(item) for item in node.all("li")]:
        yield {"k": "ul", "c": node.classes, "items": items}


def _shell(node: Node, _: float) -> Iterator[JSON]:
    """Lines that a reader copies: as they are, with nothing between their characters."""
    text = "".join(child for child in node.children if isinstance(child, str))
    yield {"k": "pre", "lines": [glyphs.settable(line) for line in text.split("\n")]}


def _chart(node: Node, _: float) -> Iterator[JSON]:
    yield {"k": "svg", **_drawing(node)}


def _terms(node: Node, _: float) -> Iterator[JSON]:
    rows: list[JSON] = []
    groups = [child for child in node.children if isinstance(child, Node)]
    for group in groups:
        if group.tag == "dt":
            rows.append({"wide": True, "t": _runs(group), "d": []})
        elif group.tag == "dd":
            rows[-1]["d"] = _runs(group)
        else:
            lines = [[*_runs(each), ["", BREAK]] for each in group.all("dd")]
            said = _trimmed([run for line in lines for run in line])
            terms = [run for each in group.all("dt") for run in _runs(each)]
            rows.append({"wide": "wide" in group.classes, "t": terms, "d": said})
    if rows:
        yield {"k": "dl", "c": node.classes, "rows": rows}


def _table(node: Node, width: float) -> Iterator[JSON]:
    parts: dict[str, list[list[JSON]]] = {"thead": [], "tbody": [], "tfoot": []}
    for part in node.all(*parts):
        for row in part.all("tr"):
            parts[part.tag].append([_cell(cell, row) for cell in row.all("th", "td")])
    caption = next((_runs(each) for each in node.all("caption")), [])
    every = [*parts["thead"], *parts["tbody"], *parts["tfoot"]]
    yield {
        "k": "table",
        "c": node.classes,
        "caption": caption,
        "widths": column_widths.widths(every, width),
        "head": parts["thead"],
        "body": parts["tbody"],
        "foot": parts["tfoot"],
    }


_BLOCKS: Final[Mapping[str, Callable[[Node, float], Iterator[JSON]]]] = {
    "h1": _heading,
    "h2": _heading,
    "h3": _heading,
    "h4": _heading,
    "p": _paragraph,
    "dl": _terms,
    "ul": _list,
    "ol": _list,
    "pre": _shell,
    "table": _table,
    "svg": _chart,
}


def _cell(node: Node, row: Node) -> JSON:
    classes = [*node.classes, *row.classes]
    if node.tag == "th":
        classes.append(node.attributes.get("scope", "col"))
    found: JSON = {"r": _runs(node), "c": classes, "x": _whole(node.attributes, "colspan", 1)}
    drawings = [_drawing(each) for each in node.all("svg")]
    if drawings:
        found["g"] = drawings
    return found


# ---- text --------------------------------------------------------------------------------


def _runs(node: Node) -> list[list[str]]:
    """Return the text of an element as runs, blanks collapsed as a browser does."""
    return _trimmed(list(_flowing(node, "")))


def _flowing(node: Node, style: str) -> Iterator[list[str]]:
    for child in node.children:
        if isinstance(child, str):
            yield [glyphs.printable(child), style]
        elif child.tag == "wbr":
            yield [glyphs.MAY_BREAK, style]
        elif child.tag == "br":
            yield ["", BREAK]
        elif child.tag != "svg" and child.tag not in _SKIPPED:
            letters = {STYLES[name] for name in (child.tag, *child.classes) if name in STYLES}
            inner = "".join(sorted({*style, *letters}))
            # What the style sheet sets on lines of its own.
            own_line = bool({"second", "block"} & set(child.classes)) or (
                child.tag == "code" and node.tag == "td"
            )
            own_line = own_line or child.tag in {"p", "div", "li"}
            if own_line:
                yield ["", BREAK]
            yield from _flowing(child, inner)
            if own_line:
                yield ["", BREAK]


def _trimmed(runs: list[list[str]]) -> list[list[str]]:
    """Collapse blanks and breaks, join runs of one style, and drop both at the ends."""
    result: list[list[str]] = []
    for text, style in runs:
        last = result[-1] if result else None
        if style == BREAK:
            if last is not None and last[1] != BREAK:
                last[0] = last[0].rstrip(" ")
                result.append(["", BREAK])
            continue
        words = " ".join(text.replace("\n", " ").replace("\t", " ").split(" "))
        while "  " in words:
            words = words.replace("  ", " ")
        if words.startswith(" ") and (last is None or last[1] == BREAK or last[0].endswith(" ")):
            words = words[1:]
        if not words:
            continue
        if last is not None and last[1] == style:
            last[0] += words
        else:
            result.append([words, style])
    while result and (result[-1][1] == BREAK or not result[-1][0].strip(" ")):
        result.pop()
    if result:
        result[-1][0] = result[-1][0].rstrip(" ")
    return result


# ---- drawings ----------------------------------------------------------------------------


def _drawing(node: Node) -> JSON:
    """Return an SVG of the page as shapes: kind, class, and numbers in units of its view box."""
    box = [_number(each) for each in node.attributes.get("viewbox", "0 0 1 1").split()]
    shapes: list[JSON] = []
    for shape in node.all("rect", "line", "circle", "polyline", "path", "text"):
        pattern = _PATTERN.fullmatch(shape.attributes.get("fill", ""))
        names = [*shape.classes, *([pattern[1]] if pattern else [])]
        numbers = {
            name: _number(value)
            for name, value in shape.attributes.items()
            if name in {"x", "y", "width", "height", "x1", "y1", "x2", "y2", "cx", "cy", "r"}
        }
        row: JSON = {"k": shape.tag, "c": names, **numbers}
        if shape.tag == "text":
            row |= {"r": _runs(shape), "anchor": shape.attributes.get("text-anchor", "start")}
        if shape.tag == "polyline":
            flat = [_number(each) for each in shape.attributes["points"].replace(",", " ").split()]
            row["points"] = [list(pair) for pair in zip(flat[::2], flat[1::2], strict=True)]
        shapes.append(row)
    label = node.attributes.get("aria-label", "")
    title = next((_runs(each) for each in node.all("title")), [])
    said = label or "".join(text for text, _ in title)
    return {
        "w": box[2],
        "h": box[3],
        "chart": box[3] > _CHART,
        "key": box[2] <= _CHART,
        "shapes": shapes,
        "alt": glyphs.printable(said),
    }


def _number(text: str) -> float:
    try:
        return float(text)
    except ValueError:  # a share of the whole, which this project's drawings do not use
        return 0.0


def _whole(attributes: Mapping[str, str], name: str, default: int) -> int:
    text = attributes.get(name, "")
    return int(text) if text.isdecimal() else default
