"""``report.html``: one page to read, print and keep; no script, no request, nothing to fetch.

The page is rendered from the plain form of the report (what ``report.json`` holds), so that it
can be made again from that file alone. Every value is escaped by the template engine; free text
arrives in display form already. The style sheet is allowed by its own digest and nothing else is.
"""

import base64
import hashlib
import re
from collections.abc import Container, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from importlib.util import find_spec, module_from_spec
from types import MappingProxyType
from typing import Any, Final

import jinja2
from jinja2 import Environment, FunctionLoader, StrictUndefined, Template
from markupsafe import Markup, escape

from heroes_forensics.display import shown
from heroes_forensics.model import JSON, is_limit
from heroes_forensics.reports import charts, clauses, compiled_page, qr
from heroes_forensics.reports.findings import CANDIDATES, one_in
from heroes_forensics.reports.messages import Messages, messages
from heroes_forensics.reports.model import Report
from heroes_forensics.reports.record import FREE_TEXT_LIMIT, percent
from heroes_forensics.reports.stated import Laboratory, Stated
from heroes_forensics.reports.verdict import makes_word, meaning

ROWS: Final = 2000
"""Findings shown on the page; all of them are in ``findings.csv`` and ``report.json``."""

TEMPLATE: Final = "report.html.j2"

EVENTS: Final = 2000
"""Ledger events shown; all of them are in the ledger itself."""

SECTIONS: Final = (
    "result", "request", "exhibits", "integrity", "custody", "method", "coverage", "findings",
    "limitations", "data", "quality", "check", "statement",
    "events", "environment", "glossary", "clauses",
)  # fmt: skip
"""Sections in their order; the last `ANNEXES` are annexes and have letters, not numbers."""

ANNEXES: Final = 4

WORDS: Final = (
    "anchor", "candidate", "checkpoint", "digest", "entry", "exhibit", "finding", "gap",
    "hash_set", "item", "ledger", "locator", "perceptual", "sealed",
)  # fmt: skip
"""Of the glossary; they stand there in the order of the language's own words."""

_TIME: Final = re.compile(r"^([0-9]{4}-[0-9]{2}-[0-9]{2})T([0-9]{2}:[0-9]{2}:[0-9]{2})")
_NOT_IN_CSS: Final = re.compile(r"[^A-Za-z0-9 ./_,·-]")


def render(report: Report, *, language: str = "en") -> bytes:
    """Return ``report.html`` in ``language`` (`messages.LANGUAGES`)."""
    return page(report.to_json(), language=language)


def page(
    document: JSON, *, language: str = "en", names: Mapping[str, bytes] = MappingProxyType({})
) -> bytes:
    """Return the page for a report in its plain form, as read back from ``report.json``.

    Args:
        document: the report.
        language: one of `messages.LANGUAGES`.
        names: by the number of a finding what was opened of its name, for a ``sealed`` page: the
            model has no place for one.
    """
    catalogue = messages(language)
    style = _style(document, catalogue)
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    text = template(language).render(
        r=document,
        lab=document["laboratory"] or Laboratory().to_json(),
        said=document["stated"] or Stated().to_json(),
        names={number: shown(name, limit=FREE_TEXT_LIMIT) for number, name in names.items()},
        style=Markup(style),  # noqa: S704 # our own file and characters that _style lets through
        style_digest=digest,
        language=language,
        sections=SECTIONS,
        numbered=len(SECTIONS) - ANNEXES,
        words=sorted(WORDS, key=lambda word: catalogue.text(f"glossary.{word}").lower()),
        clauses=clauses.clauses(document),
        rows=ROWS,
        events=EVENTS,
        charts=charts.charts(document, catalogue),
        code=_code(document, catalogue),
        reviewed_findings=len(charts.reviewed(document)),
        current=[f for f in _findings(document) if f["status"] != "withdrawn"],
        withdrawn=[f for f in _findings(document) if f["status"] == "withdrawn"],
    )
    return text.encode()


def _findings(document: JSON) -> list[Mapping[str, Any]]:
    found = document["findings"]
    return found if isinstance(found, list) else []


def _code(document: JSON, catalogue: Messages) -> Markup:
    """Return the state of the record as QR code: what ``heroes verify --anchor`` takes."""
    checkpoint: Any = document["checkpoint"]
    if checkpoint is None:
        return Markup()
    size, root = int(checkpoint["size"]), str(checkpoint["root"])
    label = str(escape(catalogue.text("front.code_label", size=catalogue.number(size))))
    return Markup(qr.drawn(f"{size}:{root}".encode(), label=label))  # noqa: S704 # drawn by us


def _style(document: JSON, catalogue: Messages) -> str:
    """Return the style sheet with the footer of printed pages.

    The footer is a CSS string, where HTML escaping means nothing: only letters, digits and a few
    signs pass into it.
    """
    case = document["case"]
    ledger = str(case["ledger"])[:8] if isinstance(case, dict) else ""
    footer = catalogue.text(
        "page.footer", number=str(document["number"]), version=str(document["version"]),
        ledger=ledger,
    )  # fmt: skip
    return _file("report.css").replace("@FOOTER@", _NOT_IN_CSS.sub("?", footer))


@cache
def template(language: str) -> Template:
    """Return the template as ``fixtures/golden.py`` compiled it: doing so takes 0.1 s.

    Code that one version of the engine wrote is not run by another, which compiles it here.
    """
    environment = _environment(language)
    if jinja2.__version__ != compiled_page.ENGINE:
        return environment.get_template(TEMPLATE)
    # Loaded anew for each language: a template writes its environment into its module.
    spec = find_spec(compiled_page.__name__)
    if spec is None or spec.loader is None:
        raise ImportError(compiled_page.__name__)
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    return Template.from_module_dict(environment, vars(module), environment.globals)


def compiled() -> str:
    """Return the template as Python, with the version of the engine: ``compiled_page.py``."""
    source = _environment("en").compile(_file(TEMPLATE), TEMPLATE, raw=True, defer_init=True)
    head = f'"""Written by fixtures/golden.py from data/{TEMPLATE}."""\n\n'
    return f'{head}ENGINE = "{jinja2.__version__}"\n\n{source}'.rstrip() + "\n"


@cache
def _file(name: str) -> str:
    source = files("heroes_forensics.reports").joinpath(f"data/{name}")
    return source.read_text(encoding="utf-8")


@cache
def _environment(language: str) -> Environment:
    catalogue = messages(language)
    environment = Environment(
        loader=FunctionLoader(_file),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.globals.update(
        meaning=lambda verdict: meaning(verdict["word"], verdict["reasons"]),
        candidates=sorted(CANDIDATES),
        t=catalogue.text,
        w=catalogue.word,
        match_total=_match_total,
        share=percent,
        gap_rows=_gap_rows,
        area_rows=_area_rows,
    )
    environment.filters.update(
        n=catalogue.number,
        size=catalogue.size,
        percent=catalogue.decimal,
        when=_when(catalogue),
        resolution=_resolution,
        section=_section(catalogue),
        grouped=_grouped,
        located=_located,
        position=_position,
        one_in=one_in,
    )
    return environment


@dataclass(frozen=True, slots=True)
class _when:  # noqa: N801 # a filter, used as a function
    """Writes a time of the record as date, time and UTC."""

    catalogue: Messages

    def __call__(self, time: str) -> str:
        found = _TIME.match(time)
        if found is None:
            return time
        return self.catalogue.text("format.utc", date=found[1], time=found[2])


@dataclass(frozen=True, slots=True)
class _section:  # noqa: N801 # a filter, used as a function
    """Says where a section stands: its number, its letter, or that it is the front."""

    catalogue: Messages

    def __call__(self, name: str) -> str:
        if name == clauses.FRONT:
            return self.catalogue.text("clauses.front")
        at = SECTIONS.index(name) - (len(SECTIONS) - ANNEXES)
        if at >= 0:
            return self.catalogue.text("clauses.annex", letter="ABCD"[at])
        return self.catalogue.text("clauses.section", number=SECTIONS.index(name) + 1)


def _resolution(nanoseconds: int) -> str:
    """Write a resolution in the largest unit that holds it whole."""
    for factor, unit in ((86_400 * 10**9, "d"), (10**9, "s"), (10**6, "ms"), (10**3, "µs")):
        if nanoseconds >= factor and nanoseconds % factor == 0:
            return f"{nanoseconds // factor} {unit}"
    return f"{nanoseconds} ns"


def _position(milliseconds: int) -> str:
    """Write a position in a film as hours, minutes and seconds, rounded down."""
    seconds = milliseconds // 1000
    return f"{seconds // 3600}:{seconds // 60 % 60:02d}:{seconds % 60:02d}"


def _grouped(digest: str) -> str:
    """Write hexadecimal digits in groups of eight, to be compared by eye and broken at a line."""
    return " ".join(digest[at : at + 8] for at in range(0, len(digest), 8))


def _located(locator: str) -> Markup:
    """Let a locator break after a slash and nowhere else before."""
    return Markup("/<wbr>").join(locator.split("/"))


def _match_total(exhibit: Mapping[str, Any]) -> int:
    """Count the findings that make the word of page 1."""
    return sum(
        match["count"]
        for match in exhibit["matches"]
        if makes_word(match["kind"], match["grade"], match["verdict"])
    )


def _gap_rows(
    coverage: Mapping[str, Any], *, policy: bool, about: Container[str] | None = None
) -> list[Mapping[str, Any]]:
    """Return groups of gaps: limits first, for an option raises them, then the largest first."""
    rows = [
        row
        for row in coverage["gaps"]
        if row["policy"] == policy and (about is None or row["about"] in about)
    ]
    rows.sort(key=lambda row: (not is_limit(row["code"]), -row["count"], row["code"]))
    return rows


def _area_rows(coverage: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """Return the areas that the profile leaves out by their reason: a disk has many snapshots."""
    rows: dict[str, dict[str, Any]] = {}
    for area in coverage["areas"]:
        if area["policy"]:
            row = rows.setdefault(area["code"], {**area, "count": 0, "size": 0})
            row["count"] += 1
            row["size"] += area["size"]
    return list(rows.values())
