import base64
import hashlib
import json
import re
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import fields, replace
from html.parser import HTMLParser
from importlib.resources import files
from itertools import pairwise
from pathlib import Path
from typing import TypeVar

import pytest
from report_example import EXAMPLES, FINDINGS, POOR, RICH

from heroes_forensics.model import GAP_TEXTS
from heroes_forensics.reports import charts, html
from heroes_forensics.reports import csv as report_csv
from heroes_forensics.reports import json as report_json
from heroes_forensics.reports.coverage import Coverage, GapGroup
from heroes_forensics.reports.findings import ItemVerdict
from heroes_forensics.reports.messages import LANGUAGES, messages
from heroes_forensics.reports.model import Report
from heroes_forensics.reports.record import Record, _plan
from heroes_forensics.reports.verdict import meaning

VOID = {"meta", "br", "wbr", "rect", "path", "line"}
PAGES = {
    name: html.render(report, language=language) for name, (report, language) in EXAMPLES.items()
}
HOSTILE = (
    "<script>alert(1)</script><img src=http://x.test/>\x1b[2J\u202egpj\x00'\" =cmd|' /C calc'!A0 é"
)


class Page(HTMLParser):
    """Reads a page strictly: every element is closed in its order."""

    def __init__(self, source: bytes) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self.feed(source.decode())
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        assert len(dict(attrs)) == len(attrs), f"{tag}: an attribute twice"
        self.tags.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self.open, f"{tag} was never opened"
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if "style" not in self.open:
            self.text += data


@pytest.fixture(params=PAGES)
def page(request: pytest.FixtureRequest) -> Page:
    return Page(PAGES[request.param])


def test_it_is_well_formed(page: Page) -> None:
    assert page.open == []


def test_nothing_runs_and_nothing_is_fetched(page: Page) -> None:
    for tag, attributes in page.tags:
        assert tag not in {"script", "link", "img", "iframe", "object", "form", "base", "use"}
        for name, value in attributes.items():
            assert not name.startswith("on")
            assert name not in {"style", "src", "srcset", "action", "xlink:href"}
            assert name != "href" or str(value).startswith("#")


@pytest.mark.parametrize("name", PAGES)
def test_the_policy_allows_this_style_sheet_alone(name: str) -> None:
    text = PAGES[name].decode()
    assert text.count("<style>") == 1
    style = text.split("<style>")[1].split("</style>")[0]
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    policy = (
        f"default-src 'none'; style-src 'sha256-{digest}'; img-src data:; "
        "base-uri 'none'; form-action 'none'"
    )
    assert f'<meta http-equiv="Content-Security-Policy" content="{policy}">' in text
    assert not re.search(r"url\(|@import|expression", style)
    assert "&" not in style
    assert "<" not in style


def test_it_reads_well_without_eyes(page: Page) -> None:
    tags = page.tags
    assert next(attributes for tag, attributes in tags if tag == "html")["lang"] in LANGUAGES
    levels = [int(tag[1]) for tag, _ in tags if re.fullmatch("h[1-6]", tag)]
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(after <= before + 1 for before, after in pairwise(levels))
    assert all(
        attributes.get("scope") in {"row", "col", "rowgroup"}
        for tag, attributes in tags
        if tag == "th"
    )
    ids = [attributes["id"] for _, attributes in tags if "id" in attributes]
    assert len(ids) == len(set(ids))
    targets = {str(attributes["href"])[1:] for tag, attributes in tags if tag == "a"}
    assert targets <= set(ids)
    assert tags[[tag for tag, _ in tags].index("body") + 1][1]["class"] == "skip"
    charts = [attributes for tag, attributes in tags if tag == "svg"]
    told = [a for a in charts if a.get("aria-hidden") != "true"]
    assert [(a["role"], bool(a["aria-label"])) for a in told] == [("img", True)] * len(told)
    assert len(told) <= 1, "the code of the checkpoint alone"


def test_every_section_is_there_in_its_order(page: Page) -> None:
    found = [attributes.get("id") for tag, attributes in page.tags if tag == "h2"]
    assert tuple(found) == html.SECTIONS


@pytest.mark.parametrize("name", PAGES)
def test_every_exhibit_has_its_word_and_the_sentence_before_the_second_section(name: str) -> None:
    report, language = EXAMPLES[name]
    catalogue = messages(language)
    first = PAGES[name].decode().split('<h2 id="request">')[0]
    assert catalogue.text("always.unlisted") in first
    assert catalogue.text(f"perceptual.{report.perceptual}") in first
    cards = first.split("<article")[1:]
    assert len(cards) == len(report.exhibits)
    for exhibit, card in zip(report.exhibits, cards, strict=True):
        word = exhibit.verdict.word
        assert catalogue.text(f"verdict.{word}") in card
        key = meaning(word, exhibit.verdict.reasons)
        assert catalogue.text(f"means_not.{key}") in card
        assert catalogue.text(f"unallocated_result.{exhibit.coverage.unallocated}") in card
        assert catalogue.text("always.unlisted") in card
        for gap in exhibit.coverage.gaps:
            assert catalogue.text(f"gap.{gap.code}") in card


def cards(report: Report, language: str = "en") -> list[str]:
    first = html.render(report, language=language).decode().split('<h2 id="request">')[0]
    return first.split("<article")[1:]


def test_what_is_wrong_with_a_source_stands_above_the_result() -> None:
    for language in LANGUAGES:
        catalogue = messages(language)
        shown = cards(RICH, language)
        for code in ("mismatch", "changed"):
            assert catalogue.text(f"alarm.{code}") in shown[2].split('<p class="word">')[0]
        assert [catalogue.text("alarm.title") in card for card in shown] == [
            False, False, True, False,
        ]  # fmt: skip


def test_an_exhibit_says_what_it_was_compared_with_and_nothing_else() -> None:
    shown = cards(RICH)
    assert "National reference set" in shown[0]
    assert "Case list 7" not in shown[0]
    assert "<bdi>Case list 7</bdi>, issuer not stated, edition not stated" in shown[1]
    assert "only <bdi>stick.raw</bdi>" in shown[1]
    for card in shown[2:]:
        assert "National reference set" not in card
    assert "Compared with no hash set: nothing of it could be compared." in shown[2]
    assert all("Compared with no hash set." in card for card in shown[3:])


def test_the_format_of_a_source_is_named_in_the_language_of_the_report() -> None:
    first = RICH.exhibits[0]
    for format_, words in {"directory": ("folder", "Ordner"), "ewf": ("ewf", "ewf")}.items():
        source = replace(first.sources[0], format=format_)
        report = replace(RICH, exhibits=(replace(first, sources=(source,)),))
        for language, word in zip(LANGUAGES, words, strict=True):
            assert f"<td>{word}<br" in html.render(report, language=language).decode()


def test_a_candidate_says_how_close_it_is_and_what_chance_gives() -> None:
    text = PAGES["report"].decode()
    assert "PDQ, without its border: 14 bits differ, 31 are allowed" in text
    assert "by chance, at most 1 in 5,800 such items has a false candidate" in text
    assert "how many false candidates to expect was not measured" in text
    assert "22 of 120 frames come close to 21 of 30 listed ones, at" in text
    assert "0:01:01\u20130:01:12</span>, <span" in text
    assert "1:00:00\u20131:00:01" in text


def test_the_overview_tells_gaps_from_what_the_profile_leaves_out() -> None:
    table = PAGES["report"].decode().split("<article")[0].split("<tbody>")[1]
    row = table.split("<tr>")[1]
    assert re.findall(r'<td class="num">([^<]*)', row) == ["81.8 %", "6", "74", "1", "556"]
    assert "whole areas: 2" in row
    assert "DIGEST MISMATCH" in table.split("<tr>")[3]


def test_page_one_counts_no_gaps_only_of_what_was_read() -> None:
    exhibit = next(each for each in RICH.exhibits if each.verdict.word == "no-match")
    undecoded = GapGroup("picture.undecodable", 3, policy=False, about="picture")
    for gaps, says in (
        ((), "unexpected gaps"),
        ((undecoded,), "unexpected gaps in reading; those in decoding stand apart"),
        ((replace(undecoded, code="picture.partial", policy=True),), "unexpected gaps"),
    ):
        one = replace(exhibit, coverage=replace(exhibit.coverage, gaps=gaps, areas=()))
        page = html.render(replace(RICH, exhibits=(one,))).decode()
        assert f'<td class="num strong">0</td><td>{says}</td>' in page


def test_each_gap_is_shown_once() -> None:
    card = cards(RICH)[0]
    assert card.count(GAP_TEXTS["volume.encrypted"]) == 1
    assert card.count(GAP_TEXTS["policy.snapshots"]) == 1
    assert '<td class="num">2</td><td>' + GAP_TEXTS["policy.snapshots"] in card


@pytest.mark.parametrize("verdict", ["uncategorised", "notable_other"])
def test_no_category_is_said_once(verdict: ItemVerdict) -> None:
    match = replace(RICH.exhibits[0].matches[0], code="", scheme="", region="", verdict=verdict)
    exhibit = replace(RICH.exhibits[0], matches=(match,))
    card = cards(replace(RICH, exhibits=(exhibit,)))[0]
    assert "listed by Example Central Office</bdi> without a category</td>" in card
    assert messages("en").text(f"item_verdict.{verdict}") not in card


def test_the_annex_says_which_events_it_leaves_out() -> None:
    annex = PAGES["report"].decode().split('<h2 id="events">')[1]
    assert messages("en").text("events.units") in annex


def test_limits_come_first_then_the_largest() -> None:
    gaps = (
        GapGroup("stream.short", 9, policy=False),
        GapGroup("policy.metadata", 99, policy=True),
        GapGroup("stream.limit", 1, policy=False),
        GapGroup("container.members", 2, policy=False, about="container"),
        GapGroup("stream.checksum", 10, policy=False),
    )
    exhibit = replace(POOR.exhibits[0], coverage=Coverage(gaps=gaps))
    text = html.render(replace(POOR, exhibits=(exhibit,))).decode().split('id="request"')[0]
    order = [
        "container.members",
        "stream.limit",
        "stream.checksum",
        "stream.short",
        "policy.metadata",
    ]
    order.append("policy.metadata")
    places = [text.index(GAP_TEXTS[code]) for code in order]
    assert places == sorted(places)


def test_a_sum_that_does_not_close_is_said_on_the_first_page() -> None:
    source = RICH.exhibits[1].sources[0]
    volume = replace(source.volumes[0], equation=replace(source.volumes[0].equation, listed=903))
    coverage = Coverage.of(
        (replace(source, volumes=(volume,)),), item_bytes=1, item_bytes_examined=1
    )
    broken = replace(RICH, exhibits=(replace(RICH.exhibits[1], coverage=coverage),))
    sign = messages("en").text("coverage.does_not_close")
    assert sign in html.render(broken).decode().split('<h2 id="result">')[0]
    assert sign not in PAGES["report"].decode()


def test_a_key_of_the_case_alone_is_said_on_the_first_page() -> None:
    sign = messages("de").text("signer.unsigned")
    assert sign in PAGES["bericht"].decode().split('<h2 id="result">')[0]
    assert messages("en").text("signer.unsigned") not in PAGES["report"].decode()


def test_a_page_can_be_made_again_from_the_json_alone() -> None:
    document = json.loads(report_json.render(RICH))
    assert html.page(document) == PAGES["report"]


def test_many_findings_are_cut_and_it_says_where_all_are() -> None:
    many = tuple(replace(FINDINGS[0], number=f"F-{n:06d}") for n in range(html.ROWS + 5))
    text = html.render(replace(RICH, findings=many)).decode()
    assert f"F-{html.ROWS - 1:06d}" in text
    assert f"F-{html.ROWS:06d}" not in text
    assert "The first 2,000 of 2,005 findings" in text


def test_no_digest_of_listed_material_and_no_place_for_one() -> None:
    ours = {check.computed for x in RICH.exhibits for s in x.sources for check in s.digests}
    ours |= {check.expected for x in RICH.exhibits for s in x.sources for check in s.digests}
    made = [a for x in RICH.exhibits for s in x.sources for a in s.acquisitions]
    ours |= {each.log_sha256 for each in made}
    ours |= {row.source_sha256 for row in RICH.hash_sets}
    ours |= {row.sha256 for row in RICH.error_rates}
    ours |= {row.validation.sha256 for row in RICH.methods if row.validation}
    ours |= {RICH.content_sha256, RICH.case.signer.key_sha256}
    ours |= {RICH.checkpoint.root if RICH.checkpoint else None}
    found = set(
        re.findall(rb"\b(?:[0-9a-f]{64}|[0-9a-f]{40}|[0-9a-f]{32})\b", report_json.render(RICH))
    )
    assert found
    assert {value.decode() for value in found} <= ours


R = TypeVar("R", bound=Record)


def poisoned(record: R, text: str) -> R:
    """Write ``text`` into every free text of a report, however deep it stands."""
    changes: dict[str, object] = {}
    free = dict(_plan(type(record)))  # type: ignore[arg-type] # a class is hashable
    for field in fields(record):  # type: ignore[arg-type] # every record is a dataclass
        value = getattr(record, field.name)
        if isinstance(value, Record):
            changes[field.name] = poisoned(value, text)
        elif isinstance(value, str) and free[field.name]:
            changes[field.name] = text
        elif isinstance(value, tuple):
            changes[field.name] = tuple(
                _poisoned_part(part, text, free=free[field.name]) for part in value
            )
    made: R = replace(record, **changes)  # type: ignore[type-var] # every record is a dataclass
    return made


def _poisoned_part(part: object, text: str, *, free: bool) -> object:
    if isinstance(part, Record):
        return poisoned(part, text)
    return text if free and isinstance(part, str) else part


def outputs(report: Report) -> Iterator[bytes]:
    yield html.render(report)
    yield html.render(report, language="de")
    yield report_json.render(report)
    yield report_csv.findings(report)


def test_hostile_text_in_every_field_comes_out_inert() -> None:
    hostile = poisoned(RICH, HOSTILE)
    for data in outputs(hostile):
        text = data.decode()
        assert text.count("alert(1)") > 5, "the control: the text did get there"
        assert not re.search(
            "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]", text
        )
        assert r"\x1b[2J" in text.replace("\\\\", "\\")
    for language in LANGUAGES:
        source = html.render(hostile, language=language)
        page = Page(source)
        assert page.open == []
        test_nothing_runs_and_nothing_is_fetched(page)
        assert b"alert(1)" not in source.split(b"<style>")[1].split(b"</style>")[0]


@pytest.mark.parametrize("text", ["</style><script>", '"; } body { display: none', "\\27 x", "*/"])
def test_the_printed_footer_cannot_leave_its_string(text: str) -> None:
    source = html.render(replace(RICH, number=text)).decode()
    style = source.split("<style>")[1].split("</style>")[0]
    footer = re.search(r'@bottom-left \{ content: "([^"]*)"; font', style)
    assert footer
    assert not set(footer[1]) & set("\\<>{}*'\"")
    assert style.count("{") == style.count("}")


def _luminance(colour: str) -> float:
    channels = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


@pytest.mark.parametrize(
    "ink", ["ink", "soft", "matches", "no-match", "not-examinable", "unfinished"]
)
@pytest.mark.parametrize("ground", ["paper", "wash"])
def test_text_is_dark_enough(ink: str, ground: str) -> None:
    style = files("heroes_forensics.reports").joinpath("data/report.css").read_text("utf-8")
    colours = dict(re.findall(r"--([a-z-]+): (#[0-9a-f]{6});", style))
    one, other = sorted((_luminance(colours[ink]), _luminance(colours[ground])))
    assert (other + 0.05) / (one + 0.05) >= 4.5  # WCAG 2.2, 1.4.3
    red, green, blue = (int(colours[ink][at : at + 2], 16) for at in (1, 3, 5))
    assert green <= max(red, blue), "no verdict is green"


@pytest.mark.skipif(shutil.which("w3m") is None, reason="w3m is not installed")
def test_a_text_browser_shows_the_result(tmp_path: Path) -> None:
    path = tmp_path / "report.html"
    path.write_bytes(PAGES["report"])
    shown = subprocess.run(
        ["w3m", "-dump", "-cols", "120", str(path)], check=True, capture_output=True, text=True
    ).stdout
    assert "NO MATCH IN THE EXAMINED PART" in shown
    assert "End of report" in shown
    words = " ".join(shown.split())
    for section in html.SECTIONS:
        assert messages("en").text(f"{section}.title") in words
    for chart in charts.charts(RICH.to_json(), messages("en")):
        assert chart.title in words
        assert all(row.values[-1] in shown for row in chart.rows)
    for glued in ("Unit 4Example", "US)listed", "A-1laptop", "sizenational", "ewfRead"):
        assert glued not in shown
