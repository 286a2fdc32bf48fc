"""The report on paper: what independent programs read in it, and that it is what the page says."""

import hashlib
import io
import json
import os
import re
import subprocess
import sys
import unicodedata
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path
from typing import Any, Final

import pytest
from conftest import Tools
from hypothesis import given
from hypothesis import strategies as st
from pypdf import PdfReader
from report_example import EXAMPLES

from heroes_forensics.pipelines.report import typesetting
from heroes_forensics.reports import checking, column_widths, glyphs, html, page_blocks, pdf
from heroes_forensics.reports import json as report_json
from heroes_forensics.reports.messages import messages
from heroes_forensics.reports.model import Report

MARKUP = '#panic("x") $x^2$ *b* _i_ `r` @l <l> [ ] #read("/etc/passwd") // /* = #{'


def note_of(report: Report) -> bytes:
    """Return a note of the form that a ledger signs; nobody verifies it here."""
    assert report.checkpoint is not None
    origin = report.checkpoint.origin
    return f"{origin}\n{report.checkpoint.size}\n{'A' * 44}\n\n— {origin} {'A' * 92}\n".encode()


class Made:
    """A report, its page, and the file made of both."""

    def __init__(self, report: Report, language: str) -> None:
        self.report = report
        self.model = report_json.render(report)
        self.page = html.page(json.loads(self.model), language=language)
        self.note = note_of(report) if report.checkpoint else None
        made, why = typesetting.typeset(self.page, self.model, self.note)
        assert made is not None, why
        self.file = made
        self.reader = PdfReader(io.BytesIO(made))
        self.pages = [page.extract_text() for page in self.reader.pages]


@pytest.fixture(scope="module", params=sorted(EXAMPLES))
def made(request: pytest.FixtureRequest) -> Made:
    report, language = EXAMPLES[request.param]
    return Made(report, language)


@pytest.fixture(scope="module")
def whole() -> Made:
    return Made(EXAMPLES["report"][0], "en")


def bare(text: str) -> str:
    """Return text without blanks, line ends and dashes, which typesetting moves or adds."""
    return re.sub(r"[\s-]", "", unicodedata.normalize("NFC", text))


# ---- what others read in it --------------------------------------------------------------


def test_the_attachments_are_the_data_and_the_checkpoint_byte_for_byte(made: Made) -> None:
    attached = {name: list(data) for name, data in made.reader.attachments.items()}
    assert attached.pop("report.json") == [made.model]
    language = pdf.document_language(made.page)
    assert attached.pop("check.sh") == [checking.render(made.report, language=language)]
    assert [data for each in attached.values() for data in each] == (
        [made.note] if made.note else []
    )


def test_it_is_dated_titled_and_tagged(made: Made) -> None:
    said = made.reader.metadata
    assert said is not None
    assert said.creation_date is not None
    assert said.creation_date.strftime("%Y-%m-%dT%H:%M:%S") == made.report.issued[:19]
    assert made.report.number in str(said.title)
    root: Any = made.reader.trailer["/Root"]
    assert root["/MarkInfo"]["/Marked"]
    assert (
        root["/Lang"]
        == json.loads(pdf.prepared(made.page, made.model, None).inputs["report"])["language"]
    )
    xmp = made.file
    for mark in (b"<pdfaid:part>3", b"<pdfaid:conformance>A", b"<pdfuaid:part>1"):
        assert mark in xmp


def test_every_font_is_in_the_file(made: Made) -> None:
    seen = 0
    for page in made.reader.pages:
        fonts: Any = page["/Resources"].get("/Font", {})  # type: ignore[attr-defined]
        for font in fonts.values():
            inner = font.get_object()["/DescendantFonts"][0].get_object()
            descriptor = inner["/FontDescriptor"].get_object()
            assert {"/FontFile", "/FontFile2", "/FontFile3"} & set(descriptor)
            assert re.search(r"Libertinus|DejaVuSansMono", str(descriptor["/FontName"]))
            seen += 1
    assert seen


def test_every_page_says_which_report_it_is_of(made: Made) -> None:
    assert len(made.pages) > 1
    ledger = made.report.case.ledger[:8]
    for number, text in enumerate(made.pages, start=1):
        assert made.report.number in text
        assert ledger in text
        assert re.search(rf"\b{number}\b\D+\b{len(made.pages)}\b", text)
    assert "—" in made.pages[-1]


def test_the_pictures_are_told_in_words(whole: Made) -> None:
    """The code on page 1 is a figure with a text in its place."""
    size = whole.report.checkpoint.size if whole.report.checkpoint else 0
    wanted = messages("en").text("pdf.qr", size=str(size))
    assert wanted in whole_structure(whole.reader)


def whole_structure(reader: PdfReader) -> list[str]:
    """Return the alternative texts of a structure tree."""
    found: list[str] = []
    seen: set[int] = set()

    def walk(node: Any) -> None:  # noqa: ANN401 - whatever a PDF holds
        node = node.get_object() if hasattr(node, "get_object") else node
        if isinstance(node, list):
            for each in node:
                walk(each)
        elif isinstance(node, dict) and id(node) not in seen:
            seen.add(id(node))
            if "/Alt" in node:
                found.append(str(node["/Alt"]))
            if "/K" in node:
                walk(node["/K"])

    root: Any = reader.trailer["/Root"]
    walk(root["/StructTreeRoot"])
    return found


def test_the_checkpoint_stands_on_page_1_in_groups_of_four(whole: Made) -> None:
    assert whole.report.checkpoint is not None
    root = whole.report.checkpoint.root
    grouped = " ".join(root[at : at + 4] for at in range(0, len(root), 4))
    assert bare(grouped) in bare(whole.pages[0])


def test_qpdf_finds_nothing_wrong(made: Made, tool: Tools, tmp_path: Path) -> None:
    (tmp_path / "r.pdf").write_bytes(made.file)
    program = tool("qpdf")
    done = subprocess.run(
        [program, "--check", tmp_path / "r.pdf"], capture_output=True, check=False
    )
    assert done.returncode == 0, done.stdout
    cut = tmp_path / "cut.pdf"  # and it can find something
    cut.write_bytes(made.file[:-2000])
    assert subprocess.run([program, "--check", cut], capture_output=True, check=False).returncode


def test_poppler_reads_the_verdicts(made: Made, tool: Tools, tmp_path: Path) -> None:
    (tmp_path / "r.pdf").write_bytes(made.file)
    done = subprocess.run(
        [tool("pdftotext"), "-raw", tmp_path / "r.pdf", "-"], capture_output=True, check=True
    )
    text = bare(done.stdout.decode())
    language = pdf.document_language(made.page)
    for exhibit in made.report.exhibits:
        assert bare(messages(language).text(f"verdict.{exhibit.verdict.word}")) in text
    assert bare(messages(language).text("always.unlisted")) in text


_INVISIBLE: Final = re.compile("[\u00ad\u200b-\u200f\u2061-\u206f\ufeff]")
"""Characters that nobody sees and that are copied along."""
_DIGEST: Final = re.compile(r"\b[0-9a-f]{8}(?: [0-9a-f]{8}){3,}\b")


def test_what_is_copied_from_paper_is_what_stands_there(
    made: Made, tool: Tools, tmp_path: Path
) -> None:
    """Digests have blanks between groups, which a reader sees, and nothing that nobody sees."""
    (tmp_path / "r.pdf").write_bytes(made.file)
    done = subprocess.run(
        [tool("pdftotext"), "-raw", tmp_path / "r.pdf", "-"], capture_output=True, check=True
    )
    poppler = done.stdout.decode()
    read = _Text()
    read.feed(made.page.decode())
    digests = {bare(each) for each in _DIGEST.findall("".join(read.found))}
    assert len(digests) >= (14 if made.report.checkpoint else 1)
    for text in (poppler, "\n".join(made.pages)):
        assert _INVISIBLE.findall(text) == []
        assert {each for each in digests if each not in bare(text)} == set()
        lines = {line.strip() for line in text.splitlines()}
        for row in made.report.commands:
            assert {*row.lines} <= lines


# ---- the same everywhere -----------------------------------------------------------------

_AGAIN = """
import sys
from heroes_forensics.pipelines.report import typesetting
page, model, note = (open(name, "rb").read() for name in sys.argv[1:4])
made, why = typesetting.typeset(page, model, note)
import hashlib
print(hashlib.sha256(made).hexdigest())
"""


def test_another_process_makes_the_same_bytes(whole: Made, tmp_path: Path) -> None:
    assert whole.note is not None
    for name, data in (("page", whole.page), ("model", whole.model), ("note", whole.note)):
        (tmp_path / name).write_bytes(data)
    done = subprocess.run(
        [sys.executable, "-c", _AGAIN, "page", "model", "note"],
        cwd=tmp_path,
        env={"PATH": os.defpath, "LC_ALL": "C", "TZ": "Pacific/Auckland", "SOURCE_DATE_EPOCH": "1"},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.strip() == hashlib.sha256(whole.file).hexdigest()


def test_no_package_can_be_fetched(whole: Made) -> None:
    """What the markup could ask for is not there, whatever the network is."""
    printed = pdf.prepared(whole.page, whole.model, whole.note)
    asking = printed._replace(template=b'#import "@preview/cetz:0.3.4": canvas\n= T')
    code = (
        "import sys, typst; from heroes_forensics.pipelines.report import apart;"
        "from heroes_forensics.reports import pdf;"
        f"apart.lock(reads=False); pdf.typeset(pdf.Printed({asking.template!r}, {{}}, 0))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert "cetz" in done.stderr
    assert b"@" not in re.sub(rb"//.*", b"", printed.template)  # ours asks for none


# ---- it says what the page says ----------------------------------------------------------


class _Text(HTMLParser):
    """The text of a page but for what a printed one has another way."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []
        self._without = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        skipped = tag in {"head", "nav", "svg"} or dict(attrs).get("class") == "skip"
        self._without += bool(self._without or skipped) and tag not in {
            "wbr", "br", "rect", "meta", "path", "line",
        }  # fmt: skip

    def handle_endtag(self, tag: str) -> None:
        del tag
        self._without -= bool(self._without)

    def handle_data(self, data: str) -> None:
        if not self._without:
            self.found.append(data)


def texts(value: Any) -> list[str]:  # noqa: ANN401 - JSON
    """Return the text of blocks in their order."""
    if isinstance(value, list):
        if len(value) == 2 and all(isinstance(each, str) for each in value):
            return [value[0]]
        return [text for each in value for text in texts(each)]
    if isinstance(value, dict):
        if value.get("k") == "pre":
            return ["\n".join(value["lines"])]
        order = ("caption", "head", "r", "t", "d", "rows", "items", "body", "foot", "cells", "b")
        return [text for name in order if name in value for text in texts(value[name])]
    return []


def test_blocks_hold_every_word_of_the_page_in_its_order(made: Made) -> None:
    read = _Text()
    read.feed(made.page.decode())
    blocks = page_blocks.blocks(made.page)
    assert bare("".join(texts(blocks)).replace(glyphs.MAY_BREAK, "")) == bare("".join(read.found))


def test_the_paper_holds_every_word_of_the_page(made: Made) -> None:
    printed = bare("".join(made.pages))
    words = {
        bare(word)
        for text in texts(page_blocks.blocks(made.page))
        for word in text.replace(glyphs.MAY_BREAK, " ").split()
    }
    assert len(words) > 200
    language = pdf.document_language(made.page)
    own = messages(language).text("front.code")  # the paper has a code of its own, with its words
    missing = {word for word in words if word not in printed}
    assert missing <= set(map(bare, own.split()))


def test_what_is_printed_is_never_markup() -> None:
    report = EXAMPLES["report"][0]
    case = replace(
        report.case, reference=MARKUP, customer=MARKUP, examiner="\u4e2d\u6587 \U0001f600"
    )
    hostile = Made(replace(report, case=case), "en")
    assert bare(MARKUP) in bare("".join(hostile.pages))
    assert "[U+4E2D]" in "".join(hostile.pages)


def test_rows_beyond_the_limit_are_attached_and_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(html, "ROWS", 3)
    few = Made(EXAMPLES["report"][0], "en")
    current = [each for each in few.report.findings if each.status != "withdrawn"]
    said = messages("en").text("findings.shown", shown="3", count=str(len(current)))
    text = "".join(few.pages)
    assert bare(said) in bare(text)
    assert current[2].number in text
    assert current[3].number not in text
    attached = json.loads(next(iter(few.reader.attachments["report.json"])))
    assert len(attached["findings"]) == len(few.report.findings)


# ---- letters and columns -----------------------------------------------------------------


def test_every_letter_that_is_let_through_has_a_glyph_in_every_style(whole: Made) -> None:
    letters = "".join(
        chr(code) for code in range(32, 0x2700) if glyphs.printable(chr(code)) == chr(code)
    )
    assert len(letters) > 1700
    rows = [[" ".join(letters[at : at + 16]), style] for at in range(0, len(letters), 16)
            for style in ("", "b", "m", "a")]  # fmt: skip
    printed = pdf.prepared(whole.page, whole.model, whole.note)
    document = json.loads(printed.inputs["report"])
    document["rest"] = [{"k": "p", "c": [], "r": rows}]
    inputs = {**printed.inputs, "report": json.dumps(document)}
    assert pdf.typeset(printed._replace(inputs=inputs)).startswith(b"%PDF-1.7")


@given(st.text())
def test_letters_without_a_glyph_are_told_by_number(text: str) -> None:
    said = glyphs.settable(text)
    assert glyphs.settable(said) == said
    assert glyphs.MAY_BREAK not in said
    said = glyphs.printable(text)
    assert not re.search(r"[\ud800-\udfff\u4e00-\u9fff\ue000-\uf8ff\x00-\x08\u202a-\u202e]", said)
    assert max((len(word) for word in re.split(r"[\s\u200b]", said)), default=0) <= glyphs.LONGEST


cells = st.fixed_dictionaries(
    {"r": st.lists(st.tuples(st.text("ab 1\u200b", max_size=60), st.sampled_from(["", "b", "/"]))),
     "c": st.sampled_from([[], ["row"]]), "x": st.just(1)}
)  # fmt: skip


@given(st.integers(1, 6).flatmap(
    lambda count: st.lists(st.lists(cells, min_size=count, max_size=count), min_size=1, max_size=6)
))  # fmt: skip
def test_columns_fill_the_width_and_none_vanishes(rows: list[list[dict[str, Any]]]) -> None:
    found = column_widths.widths(rows, 100.0)
    assert len(found) == len(rows[0])
    assert sum(found) == pytest.approx(100.0, abs=0.1)
    assert min(found) > 0


def test_page_1_holds_the_word_its_limit_and_the_checkpoint(whole: Made) -> None:
    """Also where there is no overview, and the exhibit has more to tell than a page holds."""
    for exhibit in whole.report.exhibits:
        only = Made(replace(whole.report, exhibits=(exhibit,)), "en")
        first = bare(only.pages[0])
        catalogue = messages("en")
        assert bare(catalogue.text(f"verdict.{exhibit.verdict.word}")) in first
        assert bare(catalogue.text("always.unlisted")) in first
        assert whole.report.checkpoint is not None
        assert whole.report.checkpoint.root in first
    assert whole.report.exhibits


def test_the_code_on_page_1_is_the_signed_checkpoint(
    whole: Made, tool: Tools, tmp_path: Path
) -> None:
    """As another program reads it from the page."""
    (tmp_path / "r.pdf").write_bytes(whole.file)
    subprocess.run(
        [tool("pdftoppm"), "-r", "200", "-l", "1", "-singlefile", "-png", "r.pdf", "page"],
        cwd=tmp_path,
        check=True,
    )
    command = [tool("zbarimg"), "--raw", "-q", "-Sdisable", "-Sqrcode.enable", "page.png"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, check=True)
    assert whole.note is not None
    assert done.stdout.rstrip(b"\n") == whole.note.rstrip(b"\n")
