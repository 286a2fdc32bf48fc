"""Rows of pixels and fax in PDF: written as files that hold the same pixels, or said to be none."""

import io
import shutil
import subprocess
import zlib
from pathlib import Path

import numpy as np
import pytest
from corpus import evidence
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image, TiffImagePlugin
from storage_images import Memory
from test_media_perceptual import gradient
from test_parsers_containers_pdf import listed, pdf, read

from heroes_forensics.filetype import TYPES, sniff
from heroes_forensics.parsers.base import UnsupportedError
from heroes_forensics.parsers.containers.pdf import open_pdf
from heroes_forensics.parsers.containers.pdf_objects import Name, Objects, Reference, parsed

WIDTH, HEIGHT = 45, 31
SIZE = b"/Subtype/Image/Width %d/Height %d" % (WIDTH, HEIGHT)
SCENE = gradient(WIDTH, HEIGHT, seed=4)
GREY, INK = SCENE.convert("L"), SCENE.convert("CMYK")
BILEVEL = GREY.convert("1")
PALETTE = SCENE.convert("P", palette=Image.Palette.ADAPTIVE, colors=16)
COLOURS = bytes(PALETTE.getpalette() or [])[:48]


def strip(picture: Image.Image, compression: str) -> bytes:
    """Return the one strip that libtiff makes of a picture."""
    out = io.BytesIO()
    more = {TiffImagePlugin.ROWSPERSTRIP: HEIGHT, TiffImagePlugin.PHOTOMETRIC_INTERPRETATION: 0}
    info = more if picture.mode == "1" else {TiffImagePlugin.ROWSPERSTRIP: HEIGHT}
    picture.save(out, "TIFF", compression=compression, tiffinfo=info, strip_size=1 << 20)
    with Image.open(out) as again:
        assert isinstance(again, TiffImagePlugin.TiffImageFile)
        (at,), (size,) = again.tag_v2[273], again.tag_v2[279]
    return out.getvalue()[at : at + size]


def idat(picture: Image.Image) -> bytes:
    """Return the rows of a picture predicted as PNG does, all in the Paeth way."""
    rows = np.asarray(picture).astype(int).reshape(HEIGHT, -1)
    step = rows.shape[1] // WIDTH
    padded = np.pad(rows, ((1, 0), (step, 0)))
    left, up, corner = padded[1:, :-step], padded[:-1, step:], padded[:-1, :-step]
    near = left + up - corner
    a, b, c = abs(near - left), abs(near - up), abs(near - corner)
    guess = np.where((a <= b) & (a <= c), left, np.where(b <= c, up, corner))
    return zlib.compress(b"".join(b"\x04" + row.tobytes() for row in (rows - guess).astype("u1")))


def sub(picture: Image.Image) -> bytes:
    """Return rows of differences, as TIFF predicts them."""
    rows = np.asarray(picture).astype(int)
    rows[:, 1:] -= rows[:, :-1].copy()
    return zlib.compress((rows & 255).astype("u1").tobytes())


RGB = b"/BitsPerComponent 8/ColorSpace/DeviceRGB"
GREYS = b"/BitsPerComponent 8/ColorSpace/DeviceGray"
WAYS = {
    "deflated": (SCENE, RGB + b"/Filter/FlateDecode", zlib.compress(SCENE.tobytes())),
    "not packed": (GREY, GREYS, GREY.tobytes()),
    "CMYK": (
        INK,
        b"/BitsPerComponent 8/ColorSpace[/ICCBased 50 0 R]/Filter[/FlateDecode]",
        zlib.compress(INK.tobytes()),
    ),
    "palette": (
        PALETTE,
        b"/BitsPerComponent 8/ColorSpace[/Indexed/DeviceRGB 15<%s>]/Filter/FlateDecode"
        % COLOURS.hex().encode(),
        zlib.compress(PALETTE.tobytes()),
    ),
    "palette elsewhere": (
        PALETTE,
        b"/BitsPerComponent 8/ColorSpace 51 0 R/Filter/FlateDecode",
        zlib.compress(PALETTE.tobytes()),
    ),
    "predicted as PNG": (
        SCENE,
        RGB + b"/DecodeParms<</Predictor 15/Colors 3/Columns 45>>/Filter/FlateDecode",
        idat(SCENE),
    ),
    "predicted as TIFF": (
        SCENE,
        RGB + b"/DecodeParms[<</Predictor 2/Colors 3/Columns 45>>]/Filter[/Fl]",
        sub(SCENE),
    ),
    "LZW": (GREY, GREYS + b"/Filter/LZWDecode", strip(GREY, "tiff_lzw")),
    "run lengths": (GREY, GREYS + b"/Filter/RunLengthDecode", strip(GREY, "packbits")),
    "one bit": (
        BILEVEL,
        b"/BitsPerComponent 1/ColorSpace/DeviceGray/Filter/FlateDecode",
        zlib.compress(BILEVEL.tobytes()),
    ),
    "one bit inverted": (
        GREY.point([0 if each > 99 else 255 for each in range(256)], "1"),
        b"/ImageMask true/Decode[1 0]/Filter/FlateDecode",
        zlib.compress(GREY.point([255 if each > 99 else 0 for each in range(256)], "1").tobytes()),
    ),
    "fax, group 4": (
        BILEVEL,
        b"/ColorSpace/DeviceGray/DecodeParms<</K -1/Columns 45>>/Filter/CCITTFaxDecode",
        strip(BILEVEL, "group4"),
    ),
    "fax, group 3": (
        BILEVEL,
        b"/ColorSpace/DeviceGray/DecodeParms<</K 0/Columns 45>>/Filter/CCITTFaxDecode",
        strip(BILEVEL, "group3"),
    ),
    "hexadecimal, deflated": (
        GREY,
        GREYS + b"/Filter[/ASCIIHexDecode/FlateDecode]",
        zlib.compress(GREY.tobytes()).hex().encode() + b">",
    ),
}
PACKED = b"51 0 [/Indexed /DeviceRGB 15 52 0 R]"
MORE = (
    b"50 0 obj <</N 4/Length 0>> stream\r\n\r\nendstream endobj\n"
    b"52 0 obj <</Length %d>> stream\r\n%s\r\nendstream endobj\n"
    b"53 0 obj <</Type/ObjStm/N 1/First 5/Length %d>> stream\r\n%s\r\nendstream endobj\n"
    % (len(COLOURS), COLOURS, len(PACKED), PACKED)
)


def document(way: str) -> bytes:
    _, said, data = WAYS[way]
    said = SIZE + said + b"/Length %d" % len(data)
    return pdf((said, data), end=b"\n" + MORE + b"trailer <</Size 9>>\n%%EOF")


@pytest.mark.parametrize("way", WAYS)
def test_the_pixels_are_those_of_the_document(way: str) -> None:
    expected, _, data = WAYS[way]
    found = open_pdf(Memory(document(way)))
    (entry,) = listed(found)
    written = read(found, entry)
    assert written == read(open_pdf(Memory(document(way))), entry)
    assert data in written or b"hexadecimal" in way.encode()
    assert TYPES[sniff(written)].name in {"tiff", "png"}
    with Image.open(io.BytesIO(written)) as picture:
        assert picture.size == (WIDTH, HEIGHT)
        same = np.asarray(picture.convert("RGB")) == np.asarray(expected.convert("RGB"))
    assert same.all()


NOT_WRITTEN = {
    "JBIG2": b"/BitsPerComponent 1/ColorSpace/DeviceGray/Filter/JBIG2Decode",
    "Lab": b"/BitsPerComponent 8/ColorSpace[/Lab<<>>]/Filter/FlateDecode",
    "no colour space": b"/BitsPerComponent 8/ColorSpace 99 0 R/ColorSpace[/DeviceN]",
    "early change": GREYS + b"/Filter/LZWDecode/DecodeParms<</EarlyChange 0>>",
    "no bits": b"/BitsPerComponent 9/ColorSpace/DeviceGray",
    "CMYK predicted": b"/BitsPerComponent 8/ColorSpace/DeviceCMYK/Filter/FlateDecode"
    b"/DecodeParms<</Predictor 12/Colors 4/Columns 45>>",
    "a circle": b"/BitsPerComponent 8/ColorSpace 8 0 R/Filter/FlateDecode",
    "damaged": b"/BitsPerComponent 8/ColorSpace[[[/Filter/FlateDecode",
}


@pytest.mark.parametrize("name", NOT_WRITTEN)
def test_what_is_not_written_is_a_gap_that_names_it(name: str) -> None:
    found = open_pdf(Memory(pdf((SIZE + NOT_WRITTEN[name], b"x"), end=b"\n8 0 obj 8 0 R endobj")))
    (entry,) = listed(found)
    with pytest.raises(UnsupportedError) as refused:
        read(found, entry)
    assert refused.value.code == "policy.picture-type"


def test_values_are_read_as_pdf_writes_them() -> None:
    said = rb"<</A[1 -2.5 true null]/B(a\(b\051\n)/C<4 1>/D 3 0 R/E#41/F>>"
    assert parsed(said) == {
        "A": [1, -2.5, True, None],
        "B": b"a(b)\n",
        "C": b"A",
        "D": Reference(3),
        "E#41": Name("F"),
    }


def test_a_comment_is_passed_over_in_one_way_only() -> None:
    assert parsed(b"%" * 64 + b"\n [1 % 2\n 3]") == [1, 3]
    with pytest.raises(ValueError, match="no value"):
        parsed(b"%" * 64)


def test_the_length_of_an_object_stream_is_not_looked_for_in_object_streams() -> None:
    held = b"2 0 8 4 [1] 38"
    packed = b"%d 0 obj <</Type/ObjStm/N 2/First 8/Length %d 0 R>> stream\n%s\nendstream endobj "
    objects = Objects(Memory(packed % (1, 9, held) + packed % (3, 7, held) + b"7 0 obj 14 endobj"))
    assert objects.resolved(Reference(2)) == [1]
    assert objects.resolved(Reference(9)) is None


@given(st.binary(max_size=200))
def test_no_value_on_earth_makes_it_crash(junk: bytes) -> None:
    for data in (junk, b"<<" + junk, b"[" * 99 + junk):
        try:
            parsed(data)
        except ValueError:
            continue
    objects = Objects(Memory(b"1 0 obj " + junk + b"/ObjStm 2 0 obj"))
    objects.resolved(Reference(1))
    objects.resolved(Reference(7))


@pytest.mark.skipif(shutil.which("pdfimages") is None, reason="pdfimages is not installed")
def test_a_real_document_has_the_pixels_that_pdfimages_gives_out(tmp_path: Path) -> None:
    path = evidence("documents/iped-test_pdfResumes.pdf")
    found = open_pdf(Memory(path.read_bytes()))
    (entry,) = [each for each in listed(found) if not each.path.endswith(b".jpg")]
    subprocess.run(
        ["pdfimages", "-png", "-f", "5", "-l", "5", str(path), str(tmp_path / "p")],
        check=True,
    )
    with Image.open(tmp_path / "p-001.png") as theirs:
        expected = np.asarray(theirs.convert("RGB")).astype(int)
    with Image.open(io.BytesIO(read(found, entry))) as picture:
        mine = np.asarray(picture.convert("RGB")).astype(int)
    assert mine.shape == expected.shape
    # A palette of inks: programs turn them into light a little differently.
    assert abs(mine - expected).max() <= 8
