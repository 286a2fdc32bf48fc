"""PDF: its pictures and attached files, however they are written; what damage leaves."""

import base64
import io
import subprocess
import zlib
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from storage_images import Memory
from test_media_perceptual import encoded, gradient

from heroes_forensics.errors import EvidenceError
from heroes_forensics.model import Entry, Gap, Listing
from heroes_forensics.parsers.base import UnsupportedError
from heroes_forensics.parsers.containers.pdf import PdfFileSystem, open_pdf
from heroes_forensics.parsers.secrets import PASSWORD, Secrets

JPEG = encoded(gradient(40, 30, seed=3), "JPEG")


def pdf(*streams: tuple[bytes, bytes], end: bytes = b"\ntrailer <</Size 9>>\n%%EOF") -> bytes:
    """Write a document of such streams, each with its dictionary."""
    out = io.BytesIO()
    out.write(b"%PDF-1.5\n1 0 obj <</Type/Catalog>> endobj\n")
    for number, (said, data) in enumerate(streams, start=7):
        out.write(b"%d 0 obj\n<<%s>>\nstream\r\n%s\nendstream\nendobj\n" % (number, said, data))
    out.write(end)
    return out.getvalue()


def listed(found: PdfFileSystem) -> list[Entry]:
    every = list(found.entries())
    entries = [each for each in every if isinstance(each, Entry)]
    assert not [each for each in every if isinstance(each, Gap)]
    assert [each.entries for each in every if isinstance(each, Listing)] == [len(entries)]
    return entries


def read(found: PdfFileSystem, entry: Entry) -> bytes:
    return found.open(entry.handle).pread(0, entry.size if entry.size >= 0 else 1 << 20)


HEX = JPEG.hex().encode() + b">"
A85 = base64.a85encode(zlib.compress(JPEG)) + b"~>"
PICTURE = b"/Type/XObject/Subtype/Image/Width 40/Height 30"
WAYS = {
    "as it is": (PICTURE + b"/Filter/DCTDecode/Length %d" % len(JPEG), JPEG),
    "length elsewhere": (PICTURE + b"/Filter /DCTDecode /Length 12 0 R", JPEG),
    "wrong length": (PICTURE + b"/Filter[/DCTDecode]/Length 5", JPEG),
    "escaped name": (b"/Subtype/Im#61ge/Filter/DCT#44ecode", JPEG),
    "parameters": (b"/DecodeParms<</K 1>>/Subtype /Image/Filter [ /DCTDecode ]", JPEG),
    "deflated": (PICTURE + b"/Filter[/FlateDecode/DCTDecode]", zlib.compress(JPEG)),
    "hexadecimal": (PICTURE + b"/Filter[/ASCIIHexDecode/DCTDecode]", HEX),
    "base 85": (PICTURE + b"/Filter[/A85/Fl/DCT]", A85),
    "attached": (b"/Type/EmbeddedFile/Filter/FlateDecode", zlib.compress(JPEG)),
}


@pytest.mark.parametrize("way", WAYS)
def test_a_picture_is_found_however_it_is_written(way: str) -> None:
    said, data = WAYS[way]
    noise = (b"/Filter/FlateDecode", zlib.compress(b"BT (stream\n of text) Tj ET"))
    found = open_pdf(Memory(pdf(noise, (said, data), noise)))
    (entry,) = listed(found)
    assert read(found, entry) == JPEG
    assert entry.path.partition(b".")[0] in {b"$picture-8", b"$file-8"}


def test_all_pictures_are_listed_and_those_in_another_form_are_said_to_be() -> None:
    unknown = (PICTURE + b"/Filter/JBIG2Decode", b"\0\1\2")
    found = open_pdf(Memory(pdf(*WAYS.values(), unknown)))
    entries = listed(found)
    assert [read(found, each) for each in entries[:-1]] == [JPEG] * len(WAYS)
    with pytest.raises(UnsupportedError) as refused:
        read(found, entries[-1])
    assert refused.value.code == "policy.picture-type"


def test_what_is_encrypted_is_a_gap_and_what_is_not_is_read() -> None:
    end = b"\ntrailer <</Size 9/Encrypt 5 0 R>>\n"
    plain, locked = WAYS["as it is"], (WAYS["as it is"][0], JPEG[::-1])
    found = open_pdf(Memory(pdf(plain, locked, WAYS["attached"], end=end)))
    first, *others = listed(found)
    assert read(found, first) == JPEG
    for entry in others:
        with pytest.raises(UnsupportedError) as refused:
            read(found, entry)
        assert refused.value.code == "stream.encrypted"


def document(folder: Path, program: str, *options: str) -> bytes:
    """Let qpdf encrypt a page with one picture."""
    said = b"/Type/XObject/Width 1/Height 1/ColorSpace/DeviceGray/BitsPerComponent 8"
    said += PICTURE + b"/Filter/DCTDecode/Length %d" % len(JPEG)
    objects = (
        b"<</Type/Catalog/Pages 2 0 R>>",
        b"<</Type/Pages/Kids[3 0 R]/Count 1>>",
        b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 9 9]/Resources<</XObject<</a 4 0 R>>>>>>",
        b"<<" + said + b">>stream\n" + JPEG + b"\nendstream",
    )
    parts = [b"%d 0 obj\n" % at + each + b"\nendobj\n" for at, each in enumerate(objects, start=1)]
    (folder / "in").write_bytes(b"%PDF-1.7\n" + b"".join(parts) + b"trailer<</Root 1 0 R>>\n%%EOF")
    weak = () if "256" in options else ("--allow-weak-crypto",)
    command = [program, *weak, "--stream-data=preserve", "--encrypt", *options, "--"]
    done = subprocess.run([*command, folder / "in", folder / "out"], check=False, timeout=60)
    assert done.returncode in {0, 3}, "3: it made the table that was not there"
    return (folder / "out").read_bytes()


ENCRYPTED = {
    "RC4, 40 bits": ("40",),
    "RC4, 128 bits": ("128", "--use-aes=n"),
    "AES, 128 bits": ("128", "--use-aes=y", "--cleartext-metadata"),
    "AES, 256 bits": ("256",),
    "AES, 256 bits, revision 5": ("256", "--force-R5"),
}


@pytest.mark.parametrize("options", ENCRYPTED.values(), ids=ENCRYPTED)
def test_a_document_that_qpdf_encrypted_opens_with_either_password(
    options: tuple[str, ...], tool: Callable[[str], str], tmp_path: Path
) -> None:
    data = document(tmp_path, tool("qpdf"), "reader", "owner", *options)
    assert JPEG not in data
    for text in ("reader", "owner"):
        secrets = Secrets([(PASSWORD, b"wrong"), (PASSWORD, text.encode())])
        found = open_pdf(Memory(data), secrets)
        (entry,) = listed(found)
        assert read(found, entry) == JPEG
    for other in (None, Secrets([(PASSWORD, b"Reader")])):
        found = open_pdf(Memory(data), other)
        with pytest.raises(UnsupportedError) as refused:
            read(found, listed(found)[0])
        assert refused.value.code == "stream.encrypted"
    empty = open_pdf(Memory(document(tmp_path, tool("qpdf"), "", "owner", *options)))
    assert read(empty, listed(empty)[0]) == JPEG, "everybody may read it"


def test_a_document_that_is_cut_off_gives_what_is_there() -> None:
    data = pdf(WAYS["as it is"], WAYS["length elsewhere"])
    cut = data[: data.rindex(b"endstream") - 40]
    found = open_pdf(Memory(cut))
    one, two = listed(found)
    assert read(found, one) == JPEG
    assert JPEG.startswith(read(found, two)[:100])


def test_what_is_no_pdf_is_refused() -> None:
    for data in (b"", b"%PD", b"x" * 3000 + b"%PDF-1.4"):
        with pytest.raises(EvidenceError):
            open_pdf(Memory(data))


@settings(max_examples=12, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 1 << 16), st.binary(min_size=1, max_size=9)), max_size=9))
def test_whatever_is_changed_the_listing_ends(changes: list[tuple[int, bytes]]) -> None:
    base = bytearray(pdf(*WAYS.values()))
    for at, data in changes:
        spot = 9 + at % (len(base) - 9)
        base[spot : spot + len(data)] = data
    found = open_pdf(Memory(bytes(base)))
    last = 0
    for entry in listed(found):
        assert entry.first_offset > last
        last = entry.first_offset
        try:
            read(found, entry)
        except (OSError, EvidenceError):
            continue
