"""The page in a real browser: what it asks for, what it says, and how it reads.

WCAG 2.2 AA as far as a machine can tell, with the figures that the browser itself computes.
"""

import io
import os
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any, Final

import browser
import pypdf
import pytest
from browser import Tab
from report_example import EXAMPLES, RICH
from test_reports_html import HOSTILE, poisoned

from heroes_forensics.reports import html
from heroes_forensics.reports.messages import LANGUAGES, messages

pytestmark = pytest.mark.skipif(browser.PROGRAM is None, reason="chromium is not installed")

PAGES: Final = {
    **{name: html.render(report, language=lang) for name, (report, lang) in EXAMPLES.items()},
    "hostile": html.render(poisoned(RICH, HOSTILE)),
}
PHONE: Final = 320
"""CSS pixels: the width at which a page may not have to be scrolled sideways (WCAG 1.4.10)."""
PAPER: Final = 665
"""CSS pixels of A4 between the margins of the style sheet, 176 mm."""


@pytest.fixture(scope="module")
def pages(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Tab]]:
    """Every page, opened once."""
    folder = tmp_path_factory.mktemp("pages")
    with browser.browser() as running:
        tabs = {}
        for name, data in PAGES.items():
            (folder / f"{name}.html").write_bytes(data)
            tabs[name] = running.tab()
            tabs[name].open(folder / f"{name}.html")
        yield tabs


@pytest.fixture(params=PAGES)
def page(request: pytest.FixtureRequest, pages: dict[str, Tab]) -> Tab:
    tab = pages[request.param]
    tab.size(1000, 1400)
    tab.media()
    return tab


def test_nothing_is_asked_for_and_nothing_is_complained_of(page: Tab) -> None:
    assert page.value("document.title")
    (own,) = page.requests
    assert own.startswith("file:///")
    assert page.messages == []
    assert page.value("document.scripts.length") == 0


def test_a_page_that_asks_or_breaks_its_policy_is_noticed(tmp_path: Path) -> None:
    text = PAGES["report"].decode()
    image = '<img src="http://127.0.0.1:9/x.png" alt="">'
    leaks = {
        "asks": text.replace("img-src data:", "img-src *").replace("<main>", f"<main>{image}", 1),
        "breaks": text.replace("<main>", '<main><p style="color:red">x</p>', 1),
        "speaks": text.replace("default-src 'none'", "script-src 'unsafe-inline'").replace(
            "<main>", "<main><script>console.log(1)</script>", 1
        ),
    }
    with browser.browser() as running:
        for name, leak in leaks.items():
            assert leak != text
            (tmp_path / f"{name}.html").write_text(leak)
            tab = running.tab()
            tab.open(tmp_path / f"{name}.html")
            if name == "asks":
                assert "http://127.0.0.1:9/x.png" in tab.requests
            else:
                assert tab.messages


CONTRAST: Final = """
(() => {
  const parts = text => text.match(/[\\d.]+/g).map(Number);
  const linear = c => (c /= 255) <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4;
  const light = ([r, g, b]) => 0.2126 * linear(r) + 0.7152 * linear(g) + 0.0722 * linear(b);
  const ground = node => {
    for (; node; node = node.parentElement) {
      const found = parts(getComputedStyle(node).backgroundColor);
      if (found.length === 3 || found[3] === 1) return found;
    }
    return [255, 255, 255];
  };
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  const found = [];
  let seen = 0;
  while (walker.nextNode()) {
    const node = walker.currentNode.parentElement;
    if (!walker.currentNode.textContent.trim() || node.closest('style')) continue;
    seen += 1;
    const style = getComputedStyle(node);
    const size = parseFloat(style.fontSize);
    const large = size >= 24 || (size >= 18.66 && style.fontWeight >= 700);
    const pair = [light(parts(style.color)), light(ground(node))].sort((a, b) => b - a);
    const ratio = (pair[0] + 0.05) / (pair[1] + 0.05);
    if (ratio < (large ? 3 : 4.5)) found.push(node.tagName + ' ' + ratio.toFixed(2));
  }
  return {seen, found};
})()
"""


def test_every_text_stands_out_from_its_ground(page: Tab) -> None:
    told = page.value(CONTRAST)  # WCAG 1.4.3
    assert told["seen"] > 200
    assert told["found"] == []
    faint = "const p = document.querySelector('main p'); p.style.color = '#aaaaaa'; 0"
    page.value(f"(() => {{ {faint} }})()")
    assert page.value(CONTRAST)["found"], "the control: a faint text is found"
    page.value("document.querySelector('main p').style.color = ''; 0")


def test_a_narrow_window_needs_no_scrolling_sideways(page: Tab) -> None:
    page.size(PHONE, 900, phone=True)
    assert page.value("document.scrollingElement.scrollWidth") <= PHONE
    assert page.value("document.querySelectorAll('.scroll').length") > 10


def tree(page: Tab) -> list[dict[str, Any]]:
    """Return what a screen reader is given, in its order."""
    nodes = {node["nodeId"]: node for node in page.call("Accessibility.getFullAXTree")["nodes"]}
    found, left = [], [next(iter(nodes))]
    while left:
        node = nodes[left.pop()]
        left += [each for each in reversed(node.get("childIds", [])) if each in nodes]
        found += [] if node["ignored"] else [node]
    return found


def named(nodes: list[dict[str, Any]], *roles: str) -> list[str]:
    return [node["name"]["value"] for node in nodes if node["role"]["value"] in roles]


def test_who_cannot_see_it_is_told_what_is_there(page: Tab) -> None:
    nodes = tree(page)
    assert all(named(nodes, "link", "heading", "columnheader", "rowheader"))
    regions = named(nodes, "region", "navigation")
    assert all(regions)
    if not any(
        "alert(1)" in region for region in regions
    ):  # every exhibit of the hostile report has one label
        assert len(set(regions)) == len(regions)
    told = named(nodes, "image", "img")
    assert len(told) <= 1, "drawings repeat what the table says"
    assert all("QR" in name for name in told)
    levels = [
        next(each["value"]["value"] for each in node["properties"] if each["name"] == "level")
        for node in nodes
        if node["role"]["value"] == "heading"
    ]
    assert levels[0] == 1
    assert all(after <= before + 1 for before, after in pairwise(levels))
    assert page.value("document.documentElement.lang") in LANGUAGES
    assert len([node for node in nodes if node["role"]["value"] == "main"]) == 1


AXE: Final = os.environ.get("HEROES_AXE")
"""The file ``axe.min.js`` of <https://github.com/dequelabs/axe-core>, which is not part of this."""

if AXE:

    def test_axe_finds_nothing(page: Tab) -> None:
        page.value(f"{Path(str(AXE)).read_text('utf-8')}; 0")
        run = "axe.run(document, {resultTypes: ['violations']})"
        found = page.value(f"{run}.then(r => r.violations.map(v => [v.id, v.nodes.length]))")
        # Labels of the hostile report are all alike; the test above looks at those of the others.
        assert [rule for rule, _ in found if rule != "landmark-unique"] == []


def test_the_first_key_leads_past_the_head(page: Tab) -> None:
    page.value("document.activeElement.blur(); window.scrollTo(0, 0)")
    for kind in ("keyDown", "keyUp"):
        page.call(
            "Input.dispatchKeyEvent", type=kind, key="Tab", code="Tab", windowsVirtualKeyCode=9
        )
    seen = page.value(
        "(() => { const e = document.activeElement, b = e.getBoundingClientRect(),"
        " s = getComputedStyle(e); return [e.className, b.left, b.top, s.outlineStyle,"
        " e.getAttribute('href')]; })()"
    )
    assert seen[0] == "skip"
    assert seen[1] >= 0 <= seen[2]
    assert seen[3] != "none"
    assert page.value(f"!!document.querySelector('{seen[4]}')")
    page.value("document.activeElement.blur()")


def test_who_wants_no_motion_gets_none(page: Tab) -> None:
    motion = "getComputedStyle(document.documentElement).scrollBehavior"
    page.media(prefers_reduced_motion="reduce")
    assert page.value(motion) == "auto"
    page.media(prefers_reduced_motion="no-preference")
    assert page.value(motion) == "smooth"


def test_a_bar_is_as_long_as_its_number(pages: dict[str, Tab]) -> None:
    page = pages["report"]
    page.size(1000, 1400)
    page.media()
    for name, length in (("funnel", 50_719), ("bytes", None)):
        rows = page.value(
            f"[...document.querySelectorAll('#chart-{name} .draw svg')].map(svg =>"
            " [svg.getBoundingClientRect().width, [...svg.querySelectorAll('.bar, .edge')]"
            ".map(r => r.getBoundingClientRect().width)])"
        )
        assert all(width > 150 for width, _ in rows)
        if length:
            shares = [parts[0] / width for width, parts in rows]
            assert [round(share * length, -2) for share in shares[:3]] == [50_700, 44_000, 43_800]
        else:
            assert all(sum(parts) == pytest.approx(width, abs=2) for width, parts in rows)


@pytest.mark.parametrize("name", EXAMPLES)
def test_on_paper_every_page_says_whose_it_is(pages: dict[str, Tab], name: str) -> None:
    report, language = EXAMPLES[name]
    page = pages[name]
    page.media("print")
    page.size(PAPER, 900)
    assert page.value("document.scrollingElement.scrollWidth") <= PAPER
    printed = pypdf.PdfReader(io.BytesIO(page.printed()))
    assert len(printed.pages) > 5
    footer = messages(language).text(
        "page.footer", number=report.number, version=report.version, ledger=report.case.ledger[:8]
    )
    for number, sheet in enumerate(printed.pages, start=1):
        assert [round(float(side)) for side in sheet.mediabox[2:]] in ([595, 842], [596, 842])
        text = " ".join(sheet.extract_text().split())
        assert footer in text
        assert f"{number} / {len(printed.pages)}" in text
    first, last = (printed.pages[at].extract_text() for at in (0, -1))
    assert messages(language).text("result.title") in first
    mark = messages(language).text("end.mark", number=report.number, version=report.version)
    assert mark in " ".join(last.split())
