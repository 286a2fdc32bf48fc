"""Pictures among the operators of a page: found where other tools find them, and nowhere else."""

import base64
import io
import struct
import subprocess
import zlib
from collections.abc import Callable
from pathlib import Path
from random import Random

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image
from storage_images import Memory
from test_media_perceptual import encoded
from test_parsers_containers_pdf import JPEG, listed, read
from test_parsers_containers_pdf import pdf as loose
from test_parsers_containers_pdf_raster import BILEVEL, GREY, HEIGHT, SCENE, WIDTH, strip

from heroes_forensics.model import Entry
from heroes_forensics.parsers.base import UnsupportedError
from heroes_forensics.parsers.containers.pdf import open_pdf
from heroes_forensics.parsers.containers.pdf_inline import Effort, pictures
from heroes_forensics.parsers.secrets import PASSWORD, Secrets

SIDES = b"/W %d /H %d" % (WIDTH, HEIGHT)
RAW = SCENE.tobytes()
PREDICTED = zlib.compress(
    b"".join(b"\0" + RAW[at : at + 3 * WIDTH] for at in range(0, len(RAW), 3 * WIDTH))
)
PALETTE = SCENE.convert("P", palette=Image.Palette.ADAPTIVE, colors=16)
COLOURS = bytes(PALETTE.getpalette() or [])[:48].hex().encode()
WAYS = {
    "rows": (SCENE, b"/BPC 8/CS/RGB", RAW),
    "deflated": (SCENE, b"/BPC 8/CS/RGB/F/Fl", zlib.compress(RAW)),
    "long names": (
        SCENE,
        b"/BitsPerComponent 8/ColorSpace/DeviceRGB/Filter/FlateDecode",
        zlib.compress(RAW),
    ),
    "predicted": (
        SCENE,
        b"/BPC 8/CS/RGB/F[/Fl]/DP[<</Predictor 15/Colors 3/Columns 45>>]",
        PREDICTED,
    ),
    "base 85": (
        GREY,
        b"/BPC 8/CS/G/F[/A85/Fl]",
        base64.a85encode(zlib.compress(GREY.tobytes())) + b"~>",
    ),
    "hexadecimal": (GREY, b"/BPC 8/CS/G/F/AHx", GREY.tobytes().hex().encode() + b">"),
    "run lengths": (GREY, b"/BPC 8/CS/G/F/RL", strip(GREY, "packbits") + b"\x80"),
    "LZW": (GREY, b"/BPC 8/CS/G/F/LZW", strip(GREY, "tiff_lzw")),
    "fax": (BILEVEL, b"/BPC 1/CS/G/F/CCF/DP<</K -1/Columns 45>>", strip(BILEVEL, "group4")),
    "palette": (PALETTE, b"/BPC 8/CS[/I/RGB 15<%s>]" % COLOURS, PALETTE.tobytes()),
    "JPEG": (SCENE, b"/BPC 8/CS/RGB/F/DCT", encoded(SCENE, "JPEG")),
}
NOISE = (
    b"% BI /W 9 /H 9 ID in a comment\n"
    b"BT (BI /W 99 /H 99 ID \\) (nested) BI /W 99 /H 99 ID x EI ) Tj <42> Tj ET\n"
)


def inline(said: bytes, data: bytes) -> bytes:
    return b"q BI %s\nID %s\nEI Q\n" % (SIDES + said, data)


def document(content: bytes, *more: bytes, said: bytes = b"") -> bytes:
    """Write a page that draws so, and further objects from number 5 on."""
    objects = (
        b"<</Type/Catalog/Pages 2 0 R>>",
        b"<</Type/Pages/Kids[3 0 R]/Count 1>>",
        (
            b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 99 99]/Contents 4 0 R"
            b"/Resources<</XObject<</X 5 0 R>>/Pattern<</P 6 0 R>>/Font<</F 7 0 R>>>>>>"
        ),
        stream(content, said),
        *more,
    )
    out, places = bytearray(b"%PDF-1.7\n"), []
    for number, each in enumerate(objects, start=1):
        places.append(len(out))
        out += b"%d 0 obj\n%s\nendobj\n" % (number, each)
    table = b"".join(b"%010d 00000 n \n" % place for place in places)
    count = len(objects) + 1
    end = (
        b"xref\n0 %d\n0000000000 65535 f \n%strailer<</Root 1 0 R/Size %d>>\nstartxref\n%d\n%%%%EOF"
    )
    return bytes(out) + end % (count, table, count, len(out))


def stream(data: bytes, said: bytes = b"") -> bytes:
    return b"<</Length %d%s>>stream\n%s\nendstream" % (len(data), said, data)


def pixels(data: bytes) -> np.ndarray:
    with Image.open(io.BytesIO(data)) as picture:
        return np.asarray(picture.convert("RGB")).astype(int)


def given_out(data: bytes, program: str, folder: Path) -> list[np.ndarray]:
    """Return the pictures that pdfimages finds."""
    (folder / "in.pdf").write_bytes(data)
    command = [program, "-png", str(folder / "in.pdf"), str(folder / "p")]
    subprocess.run(command, check=True, timeout=60)
    return [pixels(path.read_bytes()) for path in sorted(folder.glob("p-*.png"))]


@pytest.mark.parametrize("way", WAYS)
def test_it_has_the_pixels_of_the_document_and_of_pdfimages(
    way: str, tool: Callable[[str], str], tmp_path: Path
) -> None:
    expected, said, data = WAYS[way]
    whole = document(NOISE + inline(said, data) + NOISE)
    found = open_pdf(Memory(whole))
    (entry,) = listed(found)
    mine = read(found, entry)
    assert found.left == ""
    if way == "JPEG":
        assert mine == data
        assert entry.size == len(data)
    else:
        assert (pixels(mine) == np.asarray(expected.convert("RGB"))).all()
    (theirs,) = given_out(whole, tool("pdfimages"), tmp_path)
    assert abs(pixels(mine) - theirs).max() <= 8, "decoders of JPEG differ a little"


def test_each_is_found_wherever_operators_stand(tool: Callable[[str], str], tmp_path: Path) -> None:
    """A page, a form, a pattern and a glyph; packed by qpdf into streams of objects, too."""
    shades = [SCENE.point(lambda each, by=by: each // by) for by in (1, 2, 3, 4)]
    page, form, pattern, glyph = (inline(b"/BPC 8/CS/RGB", each.tobytes()) for each in shades)
    box = b"/BBox[0 0 99 99]"
    more = (
        stream(form, b"/Type/XObject/Subtype/Form" + box),
        stream(pattern, b"/PatternType 1/PaintType 1/TilingType 1/XStep 9/YStep 9" + box),
        (
            b"<</Type/Font/Subtype/Type3/FontBBox[0 0 9 9]/FontMatrix[1 0 0 1 0 0]/FirstChar 65"
            b"/LastChar 65/Widths[9]/CharProcs<</a 8 0 R>>/Encoding<</Differences[65/a]>>>>"
        ),
        stream(b"9 0 d0 " + glyph),
        stream(JPEG, b"/Subtype/Image/Width 40/Height 30/Filter/DCTDecode"),
    )
    draw = b"/X Do /Pattern cs /P scn 0 0 9 9 re f BT /F 9 Tf (A) Tj ET\n"
    (tmp_path / "plain").write_bytes(document(page + draw, *more))
    command = [tool("qpdf"), "--object-streams=generate", "--compress-streams=y"]
    files = (str(tmp_path / "plain"), str(tmp_path / "packed"))
    subprocess.run([*command, "--preserve-unreferenced", *files], check=True, timeout=60)
    assert b"/ObjStm" in (tmp_path / "packed").read_bytes()
    for name in ("plain", "packed"):
        found = open_pdf(Memory((tmp_path / name).read_bytes()))
        entries = listed(found)
        drawn = [pixels(read(found, each)) for each in entries if each.locator.count("@") == 2]
        assert len(drawn) == len(shades)
        for shade in shades:
            assert any((each == np.asarray(shade)).all() for each in drawn)
        assert [read(found, each) for each in entries if each.locator.count("@") == 1] == [JPEG]


def test_a_form_and_a_file_are_told_from_each_other_however_the_operators_are_packed() -> None:
    content = inline(b"/BPC 8/CS/RGB", RAW)
    packed = base64.a85encode(zlib.compress(content)) + b"~>"
    ways = ((b"", content), (b"/Filter[/A85/Fl]", packed), (b"/Filter/Fl", zlib.compress(content)))
    for said, data in ways:
        found = open_pdf(Memory(document(data, said=said)))
        (entry,) = listed(found)
        assert (pixels(read(found, entry)) == np.asarray(SCENE)).all()


def test_a_picture_that_expands_to_much_ends_where_its_filter_does() -> None:
    engine, text = zlib.compressobj(), b"\nEI q 1 0 0 1 0 0 cm f\n"
    packed = engine.compress(bytes(1 << 20)) + engine.flush(zlib.Z_FULL_FLUSH)
    packed += b"\x01" + struct.pack("<HH", len(text), len(text) ^ 0xFFFF) + text  # as it is
    packed += struct.pack(">I", zlib.adler32(bytes(1 << 20) + text))
    assert zlib.decompress(packed).endswith(text)
    content = b"BI /W 1000/H 1000/BPC 8/CS/G/F/Fl ID " + packed + b" EI"
    (entry,) = pictures(content, _unknown, Effort(9999, 1 << 30))
    assert entry.end - entry.start == len(packed)


def test_bytes_that_look_like_the_end_are_not_the_end() -> None:
    rows = bytearray(RAW)
    rows[99:120] = b"\nEI Q q 1 0 0 1 0 0 c"
    jpeg = JPEG[:-2] + b"\nEI Q q 1 0 0 1 0 0 cm 0 0 9 9 re f " + JPEG[-2:]
    for said, data in ((b"/BPC 8/CS/RGB", bytes(rows)), (b"/F/DCT", jpeg)):
        (entry,) = pictures(inline(said, data), lambda _: len(RAW), Effort(9999, 9999))
        assert entry.end - entry.start == len(data)
    stated = inline(b"/BPC 8/CS/Other/L %d" % len(rows), bytes(rows))
    (entry,) = pictures(stated, _unknown, Effort(9999, 9999))
    assert entry.end - entry.start == len(rows)
    lzw = inline(b"/BPC 8/CS/G/F/LZW", b"\x80\nEI \x81")
    (entry,) = pictures(lzw, _unknown, Effort(9999, 9999))
    assert lzw[entry.end :] == b"\nEI Q\n"


def _unknown(_: object) -> int:
    raise ValueError


def test_letters_and_specks_are_none_and_a_colour_space_of_the_page_is_a_gap() -> None:
    small = (
        b"BI /W 7/H 99/BPC 8/CS/G ID " + bytes(693) + b" EI\n",
        b"BI /W 96/H 127/IM true/BPC 1 ID " + bytes(12 * 127) + b" EI\n",
    )
    assert listed(open_pdf(Memory(document(b"".join(small))))) == []
    large = b"BI /W 128/H 9/IM true ID " + bytes(144) + b" EI\n"
    whole = document(b"".join(small) + large + inline(b"/BPC 8/CS/Named", RAW))
    mask, named = listed(found := open_pdf(Memory(whole)))
    assert pixels(read(found, mask)).shape == (9, 128, 3)
    with pytest.raises(UnsupportedError) as refused:
        read(found, named)
    assert refused.value.code == "policy.picture-type"


def left(whole: bytes) -> tuple[list[Entry], str]:
    found = open_pdf(Memory(whole))
    return listed(found), found.left


def test_operators_that_cannot_be_searched_are_said_to_be() -> None:
    content = inline(b"/BPC 8/CS/RGB", RAW)
    packed = zlib.compress(content * 3)
    assert left(document(b"x", said=b"/Filter/LZWDecode")) == ([], "container.unsupported")
    predicted = b"/Filter/FlateDecode/DecodeParms<</Predictor 12>>"
    assert left(document(packed, said=predicted)) == ([], "container.unsupported")
    assert left(document(packed[:-3], said=b"/Filter/FlateDecode"))[1] == ""
    noise = Random(5).randbytes(len(RAW))  # noqa: S311 - bytes that do not shrink
    packed = zlib.compress(content + inline(b"/BPC 8/CS/RGB", noise))
    for broken in (packed[:-3000] + b"\xff" * 3000, packed[:-3000]):
        found, code = left(document(broken, said=b"/Filter/FlateDecode"))
        assert (len(found), code) == (2, "container.damaged")
    locked = loose((b"/Filter/FlateDecode", packed), end=b"trailer <</Encrypt 5 0 R>>")
    assert left(locked) == ([], "container.encrypted")
    bomb = zlib.compress(bytes(65 << 20))
    assert left(document(bomb, said=b"/Filter/FlateDecode")) == ([], "container.bytes")


def test_an_encrypted_page_is_searched_with_its_password(
    tool: Callable[[str], str], tmp_path: Path
) -> None:
    (tmp_path / "in").write_bytes(document(inline(b"/BPC 8/CS/RGB", RAW)))
    command = [tool("qpdf"), "--object-streams=generate", "--encrypt", "word", "owner", "256", "--"]
    files = (str(tmp_path / "in"), str(tmp_path / "out"))
    subprocess.run([*command, *files], check=True, timeout=60)
    data = (tmp_path / "out").read_bytes()
    found = open_pdf(Memory(data), Secrets([(PASSWORD, b"word")]))
    (entry,) = listed(found)
    assert (pixels(read(found, entry)) == np.asarray(SCENE)).all()
    assert found.left == ""
    assert left(data) == ([], "container.encrypted")


HOSTILE = {
    "brackets": b"(" * 1_000_000,
    "pairs of brackets": b"()" * 500_000,
    "beginnings": b"BI " * 50_000,
    "beginnings in lists": b"BI [1 " * 200_000,
    "pictures without end": b"BI/W 9/H 9/F/DCT ID \nEI " * 50_000,
    "text without end": b"BI/W 9/H 9/F/AHx ID EI " * 50_000,
    "deflated without end": b"BI/W 9/H 9/F/Fl ID " + zlib.compress(bytes(9 << 20))[:-9],
    "ends": b"BI/W 9/H 9/CS/x ID " + b"\nEI \xff" * 200_000,
    "spaces": b"BI/W 9/H 9/L 9 ID " * 10_000 + b" " * 500_000,
}


@pytest.mark.parametrize("name", HOSTILE)
def test_what_is_made_to_take_for_ever_ends_with_the_effort(name: str) -> None:
    effort = Effort(100_000, 1 << 20)
    found = sum(1 for _ in pictures(HOSTILE[name], _unknown, effort))
    assert found <= 100_000 // 64 + 1
    assert effort.steps > -2_000_000
    assert effort.is_spent() or name in {"pairs of brackets", "spaces"}


@settings(max_examples=200)
@given(st.binary(max_size=120), st.binary(max_size=60))
def test_no_operators_on_earth_make_it_crash(said: bytes, junk: bytes) -> None:
    for content in (junk, b"BI" + said + b"ID " + junk + b" EI", inline(said, junk)):
        found = open_pdf(Memory(document(content)))
        for entry in listed(found):
            try:
                read(found, entry)
            except OSError:
                continue
