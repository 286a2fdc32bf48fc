"""Signatures in a PDF: made, read by another program, and everything else that could be added."""

# mypy: disable-error-code="no-untyped-call"
# (the library that makes what should not be added has no types)

import datetime as dt
import io
import re
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from conftest import Tools
from pdf_signers import PASSPHRASE, person
from pyhanko.pdf_utils import generic
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.sign import fields
from pypdf import PdfReader, PdfWriter
from report_example import EXAMPLES

from heroes_forensics.custody import pades
from heroes_forensics.errors import UsageError
from heroes_forensics.pipelines.report import typesetting
from heroes_forensics.reports import html
from heroes_forensics.reports import json as report_json

NOW = dt.datetime.now(dt.UTC)


@pytest.fixture(scope="module")
def paper() -> bytes:
    model = report_json.render(EXAMPLES["bericht"][0])
    page = html.page(EXAMPLES["bericht"][0].to_json(), language="de")
    made, why = typesetting.typeset(page, model, None)
    assert made is not None, why
    return made


@pytest.fixture(scope="module")
def signed(paper: bytes) -> bytes:
    return pades.sign(paper, pades.identity(person().pem, None))


# ---- who signs ---------------------------------------------------------------------------


def test_a_key_is_read_from_pkcs12_and_from_pem() -> None:
    somebody = person()
    assert pades.protected(somebody.p12)
    assert not pades.protected(somebody.pem)
    assert pades.identity(somebody.p12, PASSPHRASE) == pades.identity(somebody.pem, None)


@pytest.mark.parametrize(
    ("data", "secret"),
    [
        (person().p12, None),
        (person().p12, "wrong"),
        (person().certificate, None),
        (person().pem.split(b"-----BEGIN CERT")[0], None),
        (person().pem.split(b"-----BEGIN CERT")[0] + person("Other").certificate, None),
        (b"", None),
        (b"\x30\x82" + bytes(100), None),
    ],
)
def test_what_cannot_sign_is_refused_in_a_sentence(data: bytes, secret: str | None) -> None:
    with pytest.raises(UsageError, match="key to sign with"):
        pades.identity(data, secret)


def test_a_certificate_that_has_ended_signs_nothing() -> None:
    with pytest.raises(UsageError, match="not valid today"):
        pades.identity(person(days=-1).pem, None)


# ---- signatures --------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["rsa", "ed25519"])
def test_a_signature_lies_behind_the_bytes_it_signs(paper: bytes, kind: str) -> None:
    who = pades.identity(person(kind=kind).pem, None)
    once = pades.sign(paper, who)
    twice = pades.sign(once, who)
    assert once.startswith(paper)
    assert twice.startswith(once)
    found = pades.check(twice, [who.certificate], NOW)
    assert found.only_signed
    assert [(each.good, each.trusted) for each in found.signatures] == [(True, True)] * 2
    assert "Examiner 31" in found.signatures[0].signer
    assert pades.check(paper, [], NOW) == pades.Checked((), only_signed=True, seen=False)


def test_attachments_and_marks_stay(paper: bytes, signed: bytes) -> None:
    before, after = (PdfReader(io.BytesIO(each)) for each in (paper, signed))
    assert {n: list(d) for n, d in before.attachments.items()} == {
        n: list(d) for n, d in after.attachments.items()
    }
    assert b"<pdfaid:part>3" in signed


def test_trust_is_for_who_verifies(paper: bytes) -> None:
    made = pades.sign(paper, pades.identity(person("Clerk", authority="Authority").pem, None))
    stranger, authority = (
        pades.identity(person(name).pem, None).certificate for name in ("Stranger", "Authority")
    )
    later = NOW + dt.timedelta(days=3650)
    for roots, moment, trusted in (
        ([], NOW, False),
        ([stranger], NOW, False),
        ([authority], NOW, True),
        ([authority], later, False),  # the certificate was not valid then
    ):
        (found,) = pades.check(made, roots, moment).signatures
        assert (found.good, found.trusted) == (True, trusted)


def test_poppler_agrees(paper: bytes, signed: bytes, tool: Tools, tmp_path: Path) -> None:
    def said(data: bytes) -> str:
        (tmp_path / "r.pdf").write_bytes(data)
        done = subprocess.run(
            [tool("pdfsig"), tmp_path / "r.pdf"], capture_output=True, text=True, check=False
        )
        return done.stdout

    assert "Signature is Valid" in said(signed)
    assert "Total document signed" in said(signed)
    changed = bytearray(signed)
    changed[len(paper) // 2] ^= 1
    assert "Signature is Valid" not in said(bytes(changed))
    assert "Signature #1" not in said(paper)


def test_a_changed_byte_spoils_it(paper: bytes, signed: bytes) -> None:
    """In what was signed, and in the signature itself."""
    contents = re.search(rb"/Contents\s*<([0-9a-fA-F]+)>", signed[len(paper) :])
    assert contents is not None
    for at in (200, len(paper) + contents.start(1) + 1000):
        changed = bytearray(signed)
        changed[at] = changed[at] ^ 1 if at == 200 else ord("0") + (changed[at] == ord("0"))
        try:
            found = pades.check(bytes(changed), [], NOW)
        except Exception:  # noqa: BLE001, S112 # no PDF any more
            continue
        assert not all(each.good for each in found.signatures)


# ---- what else can be added --------------------------------------------------------------

Change = Callable[[IncrementalPdfFileWriter], None]


def _page(writer: IncrementalPdfFileWriter) -> Any:  # noqa: ANN401 - an object of a PDF
    return writer.find_page_for_modification(0)[0].get_object()


def other_content(writer: IncrementalPdfFileWriter) -> None:
    stream = generic.StreamObject(stream_data=b"BT ET")
    _page(writer)["/Contents"] = writer.add_object(stream)
    writer.update_container(_page(writer))


def changed_stream(writer: IncrementalPdfFileWriter) -> None:
    contents = _page(writer).raw_get("/Contents")
    stream = contents.get_object()
    stream._data = b"BT ET"  # noqa: SLF001 # what a writer of files would do
    stream._encoded_data = None  # noqa: SLF001 # likewise
    writer.mark_update(contents.reference)


def a_note_on_the_page(writer: IncrementalPdfFileWriter) -> None:
    box = generic.ArrayObject(generic.FloatObject(each) for each in (0, 0, 600, 800))
    note = generic.DictionaryObject(
        {
            generic.pdf_name("/Type"): generic.pdf_name("/Annot"),
            generic.pdf_name("/Subtype"): generic.pdf_name("/Square"),
            generic.pdf_name("/Rect"): box,
        }
    )
    page = _page(writer)
    found = page.get("/Annots", generic.ArrayObject())
    page["/Annots"] = generic.ArrayObject([*found, writer.add_object(note)])
    writer.update_container(page)


def an_action(writer: IncrementalPdfFileWriter) -> None:
    action = {
        generic.pdf_name("/S"): generic.pdf_name("/URI"),
        generic.pdf_name("/URI"): generic.pdf_string("https://example.org"),
    }
    writer.root["/OpenAction"] = generic.DictionaryObject(action)
    writer.update_root()


def other_attachments(writer: IncrementalPdfFileWriter) -> None:
    del writer.root["/Names"]
    writer.update_root()


@pytest.mark.parametrize(
    "change", [other_content, changed_stream, a_note_on_the_page, an_action, other_attachments]
)
@pytest.mark.parametrize("when", ["before", "after"])
def test_whatever_else_was_added_is_told(
    paper: bytes, signed: bytes, change: Change, when: str
) -> None:
    """Before it was signed the signature is good, and still it is another report."""
    writer = IncrementalPdfFileWriter(io.BytesIO(paper if when == "before" else signed))
    change(writer)
    out = io.BytesIO()
    writer.write(out)
    made = out.getvalue()
    if when == "before":
        made = pades.sign(made, pades.identity(person().pem, None))
    found = pades.check(made, [], NOW)
    assert found.signatures
    assert not found.only_signed


def _signed_with(paper: bytes, add: Change) -> pades.Checked:
    """Return what is found in a file that got a field for signatures, and then a signature."""
    return pades.check(_with(paper, add), [], NOW)


def _with(paper: bytes, add: Change) -> bytes:
    writer, out = IncrementalPdfFileWriter(io.BytesIO(paper)), io.BytesIO()
    add(writer)
    writer.write(out)
    return pades.sign(out.getvalue(), pades.identity(person().pem, None))


def _field(box: tuple[int, int, int, int] | None, **entries: object) -> Change:
    """Return what adds an empty field for a signature to page 1, with further entries."""

    def add(writer: IncrementalPdfFileWriter) -> None:
        spec = fields.SigFieldSpec("Other", box=box, on_page=0)
        fields.append_signature_field(writer, spec)
        field = writer.root["/AcroForm"]["/Fields"][0].get_object()
        for name, value in entries.items():
            field[generic.pdf_name(f"/{name}")] = value or generic.DictionaryObject(
                {generic.pdf_name("/N"): _painting(writer)}
            )
        writer.update_container(field)

    return add


def _painting(writer: IncrementalPdfFileWriter) -> Any:  # noqa: ANN401 - an object of a PDF
    """Return an appearance that paints the whole of a page and writes another result on it."""
    stream = generic.StreamObject(
        stream_data=b"0.9 0.2 0.2 rg 0 0 595 842 re f BT 0 g /F1 40 Tf 60 600 Td (CLEARED) Tj ET"
    )
    box = generic.ArrayObject(generic.NumberObject(each) for each in (0, 0, 595, 842))
    stream[generic.pdf_name("/Type")] = generic.pdf_name("/XObject")
    stream[generic.pdf_name("/Subtype")] = generic.pdf_name("/Form")
    stream[generic.pdf_name("/BBox")] = box
    return writer.add_object(stream)


def _first_page(pdf: bytes, tool: Tools, folder: Path) -> bytes:
    (folder / "f.pdf").write_bytes(pdf)
    command = [tool("pdftoppm"), "-r", "30", "-l", "1", "-singlefile", "f.pdf", "f"]
    subprocess.run(command, cwd=folder, check=True, capture_output=True)
    return (folder / "f.ppm").read_bytes()


WHOLE = (0, 0, 595, 842)
SEEN: dict[str, Change] = {
    "a place on the page": _field((20, 20, 200, 60)),
    "another page over page 1": _field(WHOLE, AP=None),
    "another page, said to be hidden": _field(WHOLE, AP=None, F=generic.NumberObject(2)),
    "a picture without a place": _field(None, AP=None),
    "an action": _field(
        None, AA=generic.DictionaryObject({generic.pdf_name("/D"): generic.NullObject()})
    ),
}


def test_a_field_may_show_another_page(paper: bytes, tool: Tools, tmp_path: Path) -> None:
    """Its signature is good, no object of the report is another, and the reader sees red."""
    made = _with(paper, SEEN["another page over page 1"])
    assert _first_page(made, tool, tmp_path) != _first_page(paper, tool, tmp_path)
    found = pades.check(made, [], NOW)
    assert all(each.good for each in found.signatures)
    assert found.only_signed
    assert found.seen


@pytest.mark.parametrize("what", SEEN)
def test_a_field_that_could_cover_the_report_is_told(paper: bytes, what: str) -> None:
    found = _signed_with(paper, SEEN[what])
    assert (found.only_signed, found.seen) == (True, True)


def test_a_field_that_nobody_sees_may_be_added(
    paper: bytes, signed: bytes, tool: Tools, tmp_path: Path
) -> None:
    made = _with(paper, _field(None))
    found = pades.check(made, [], NOW)
    assert (found.only_signed, found.seen) == (True, False)
    assert not pades.check(signed, [], NOW).seen
    assert _first_page(made, tool, tmp_path) == _first_page(paper, tool, tmp_path)


FORMS: dict[str, dict[str, object]] = {
    "a form that stands for the pages": {"XFA": generic.pdf_string("<xdp/>")},
    "an order of calculations": {"CO": generic.ArrayObject()},
}


@pytest.mark.parametrize("what", FORMS)
def test_a_form_holds_fields_of_signatures_alone(paper: bytes, what: str) -> None:
    def add(writer: IncrementalPdfFileWriter) -> None:
        _field(None)(writer)
        form = writer.root["/AcroForm"]
        for name, value in FORMS[what].items():
            form[generic.pdf_name(f"/{name}")] = value
        writer.update_container(form)
        writer.update_root()

    assert not _signed_with(paper, add).only_signed


def test_a_field_of_another_kind_is_told(paper: bytes) -> None:
    add = _field(None, FT=generic.pdf_name("/Tx"))
    assert not _signed_with(paper, add).only_signed


def test_a_file_written_anew_does_not_begin_with_the_old_one(paper: bytes) -> None:
    writer, out = PdfWriter(clone_from=io.BytesIO(paper)), io.BytesIO()
    writer.write(out)
    assert not out.getvalue().startswith(paper)


def _moved(pdf: bytes, by: int) -> bytes:
    """Return a PDF as it has to be to stand behind so many bytes of something else."""
    body, table = pdf[: pdf.rindex(b"xref\n0 ")], pdf[pdf.rindex(b"xref\n0 ") :]
    if body.endswith(b"start"):  # the table is what is meant, not where it starts
        start = body.rindex(b"xref\n0 ")
        body, table = pdf[:start], pdf[start:]
    table = re.sub(
        rb"^(\d{10}) (\d{5}) n", lambda row: b"%010d %b n" % (int(row[1]) + by, row[2]), table,
        flags=re.MULTILINE,
    )  # fmt: skip
    return body + re.sub(
        rb"startxref\s+(\d+)", lambda row: b"startxref\n%d" % (int(row[1]) + by), table
    )


def test_another_report_behind_the_old_one_is_told(paper: bytes) -> None:
    """A table that names no earlier one makes readers pass over all that stands before it."""
    writer, out = PdfWriter(), io.BytesIO()
    writer.add_blank_page(width=200, height=200)
    writer.write(out)
    both = paper + b"\n" + _moved(out.getvalue(), len(paper) + 1)
    assert len(PdfReader(io.BytesIO(both)).pages) == 1
    made = pades.sign(both, pades.identity(person().pem, None))
    found = pades.check(made, [], NOW)
    assert [each.good for each in found.signatures] == [True]
    assert not found.only_signed
