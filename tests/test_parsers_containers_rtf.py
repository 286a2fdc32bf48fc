"""Rich Text Format: its pictures and objects are members, however they are written."""

import io
import re
import struct

import pytest
from compound_files import compound
from containers import content, split
from corpus import evidence, needs_evidence
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image
from storage_images import Memory

from heroes_forensics.errors import EvidenceError
from heroes_forensics.model import Entry
from heroes_forensics.parsers.containers import rtf as module
from heroes_forensics.parsers.containers.cpio import open_cpio
from heroes_forensics.parsers.containers.rtf import RtfFileSystem, open_rtf


def picture(kind: str) -> bytes:
    out = io.BytesIO()
    Image.effect_noise((31, 17), 70).convert("RGB").save(out, kind)
    return out.getvalue()


JPEG, PNG, BMP = (picture(kind) for kind in ("JPEG", "PNG", "BMP"))
DRAWN = b"\1\0\x09\0\0\3" + bytes(99)


def listed(found: RtfFileSystem) -> list[Entry]:
    return [each for each in found.entries() if isinstance(each, Entry)]


def held(text: bytes) -> list[bytes]:
    found = open_rtf(Memory(b"{\\rtf1\\ansi " + text + b"}"))
    values = []
    for entry in listed(found):
        reader = found.open(entry.handle)
        values.append(reader.pread(0, 1 << 24))
        assert len(values[-1]) == entry.size == reader.size
    return values


def written(data: bytes, *, width: int = 64, upper: bool = False) -> bytes:
    text = data.hex().upper() if upper else data.hex()
    return "\r\n".join(text[at : at + width] for at in range(0, len(text), width)).encode()


def ole1(name: bytes, native: bytes) -> bytes:
    names = b"".join(struct.pack("<I", len(each)) + each for each in (name + b"\0", b"", b""))
    shown = struct.pack("<II", 0x501, 5) + bytes(40)
    return struct.pack("<II", 0x501, 2) + names + struct.pack("<I", len(native)) + native + shown


def packaged(name: bytes, data: bytes) -> bytes:
    path = b"C:\\" + name + b"\0"
    body = b"\2\0" + name + b"\0" + path + b"\0\0\3\0" + struct.pack("<I", len(path)) + path
    return body + struct.pack("<I", len(data)) + data


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        (rb"{\pict\pngblip\picw10 " + written(PNG) + b"}", PNG),
        (
            rb"{\pict{\*\picprop\shplid1{\sp abcdef}}\jpegblip"
            b"\n" + written(JPEG, width=77) + b"}",
            JPEG,
        ),
        (rb"{\pict\jpegblip{\*\blipuid 00112233}" + written(JPEG, upper=True) + b"}", JPEG),
        (rb"{\pict\pngblip\bin%d " % len(PNG) + PNG + b"}", PNG),
        (rb"{\pict\wmetafile8 " + written(DRAWN) + b"}", DRAWN),
        (rb"{\pict\dibitmap0 " + written(BMP[14:]) + b"}", BMP),
        (rb"{\*\shppict{\pict\pngblip " + written(PNG) + rb"}}{\b text}", PNG),
    ],
)
def test_a_picture_is_a_member_with_the_bytes_that_are_written(text: bytes, wanted: bytes) -> None:
    assert held(rb"{\b text}" + text + rb" more \'fc text") == [wanted]


def test_a_picture_that_is_never_closed_hides_none_behind_it() -> None:
    text = rb"{\pict\pngblip " + written(PNG) + rb"{\x {\pict\jpegblip " + written(JPEG)
    found = held(text)
    assert found[0] == PNG
    assert found[1].startswith(JPEG)


def test_the_words_in_text_are_no_picture() -> None:
    assert held(rb"\\pict is a word {\picture abcdef} {\pictx 00} \pictureproperties") == []


def test_objects_are_what_was_put_in() -> None:
    inner = compound({"WordDocument": b"\xec\xa5" + bytes(40)})
    text = rb"{\object\objemb{\*\objclass X}{\*\objdata " + written(ole1(b"X", inner)) + b"}"
    text += rb"{\result{\pict\wmetafile8 " + written(DRAWN) + rb"}}}"
    text += rb"{\*\objdata " + written(ole1(b"Package", packaged(b"a.png", PNG))) + b"}"
    text += rb"{\*\objdata " + written(ole1(b"PBrush", BMP)) + b"}"
    assert held(text) == [inner, DRAWN, PNG, BMP]


def test_a_packed_file_has_its_name_and_the_place_of_its_object() -> None:
    text = b"{\\rtf1{\\*\\objdata " + written(ole1(b"Package", packaged(b"a.png", PNG))) + b"}}"
    (entry,) = listed(open_rtf(Memory(text)))
    assert entry.path == b"a.png"
    word, _, inside = entry.locator.removeprefix("m@").partition("+")
    assert text[int(word, 16) :].startswith(rb"\objdata")
    assert ole1(b"Package", packaged(b"a.png", PNG))[int(inside, 16) :].startswith(PNG)


@pytest.mark.parametrize("word", [rb"\themedata", rb"\datastore"])
def test_theme_and_data_store_are_members(word: bytes) -> None:
    assert held(
        rb"{\*" + word + b" " + written(PNG) + rb"}{\pict\pngblip " + written(PNG) + b"}"
    ) == [
        PNG,
        PNG,
    ]


def test_a_data_store_is_the_compound_file_that_its_object_holds() -> None:
    inner = compound({"Item": b"\xec\xa5" + bytes(40)})
    store = written(ole1(b"Msxml2.SAXXMLReader.6.0", inner))
    assert held(rb"{\*\datastore " + store + b"}") == [inner]


@pytest.mark.parametrize("number", [0, 2, 4])
def test_backslashes_that_are_text_hide_no_word_behind_them(number: int) -> None:
    text = b"\\" * number + rb"\pict\pngblip " + written(PNG)
    assert held(text + b"{" + text + b"}") == [PNG, PNG]
    assert held(b"\\" + text + b"{" + b"\\" + text + b"}") == []


def test_an_object_of_an_unknown_kind_is_a_member_as_a_whole() -> None:
    link = struct.pack("<II", 0x501, 1) + b"somewhere"
    assert held(rb"{\*\objdata " + written(link) + b"}") == [link]
    assert held(rb"{\*\objdata }{\pict\pngblip }") == []


@pytest.mark.parametrize("data", [b"", b"{\\rt", b"text {\\rtf1}"])
def test_what_is_no_rich_text_is_refused(data: bytes) -> None:
    with pytest.raises(EvidenceError):
        open_rtf(Memory(data))


def test_what_lies_beyond_the_limit_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    text = b"{\\rtf1 {\\pict\\pngblip " + written(PNG) + b"}}"
    assert open_rtf(Memory(text)).left == ""
    monkeypatch.setattr(module, "_MOST", 100)
    found = open_rtf(Memory(text))
    assert found.left == "container.bytes"


@given(st.data())
def test_no_damage_makes_it_crash(data: st.DataObject) -> None:
    whole = b"{\\rtf1{\\*\\objdata " + written(ole1(b"Package", packaged(b"a", b"xyz")))
    whole += rb"}{\pict\dibitmap0\bin50 " + BMP[14:64] + rb"}{\pict\pngblip 00}}"
    damaged = bytearray(whole)
    for _ in range(data.draw(st.integers(1, 8))):
        at = data.draw(st.integers(6, len(damaged) - 1))
        damaged[at] = data.draw(st.sampled_from(b"0f{}\\ \xff-"))
    found = open_rtf(Memory(bytes(damaged)))
    for entry in listed(found):
        try:
            assert len(found.open(entry.handle).pread(0, 1 << 20)) <= entry.size
        except OSError:
            continue


def damage(data: bytes) -> list[str]:
    """Return where damage is said to be."""
    return [each.where for each in split(open_rtf(Memory(data)))[1]]


def real() -> bytes:
    """Return a real document."""
    archive = open_cpio(Memory(evidence("archives/tika-test-documents.cpio").read_bytes()))
    (entry,) = (each for each in split(archive)[0] if each.locator == "m@0x1671a")
    return content(archive, entry)


@needs_evidence
def test_a_real_document_that_is_cut_off_anywhere_is_damage() -> None:
    data = real()
    assert damage(data) == []
    assert all(damage(data[:cut]) for cut in range(5, len(data), 7))
    assert damage(data[:-1]) == [f"r@{len(data) - 1:#x}"]


@needs_evidence
def test_a_bracket_of_a_real_document_that_is_gone_or_too_many_is_seen() -> None:
    data = real()
    for spot in list(re.finditer(rb"(?<!\\)[{}]", data))[1:]:
        at = spot.start()
        entries, gaps, _ = split(open_rtf(Memory(data[:at] + b" " + data[at + 1 :])))
        assert bool(gaps) == (spot[0] == b"}"), at
        assert [each.locator[:2] for each in entries] == ["r@"] * (spot[0] == b"{"), at


@pytest.mark.parametrize("between", [b"", b"\r\n", b" \0\n"])
def test_what_stands_behind_the_document_is_an_entry(between: bytes) -> None:
    text = rb"{\rtf1 a \} b \\{c} {\pict\pngblip\bin%d " % len(PNG) + PNG + b"}}" + between
    found = open_rtf(Memory(text + JPEG + b"}"))
    (picture, rest), gaps, _ = split(found)
    assert gaps == []
    assert content(found, picture) == PNG
    assert rest.locator == f"r@{len(text):#x}"
    assert content(found, rest) == JPEG + b"}"
    assert [each.locator[0] for each in split(open_rtf(Memory(text)))[0]] == ["m"]


@pytest.mark.parametrize(
    ("text", "is_damaged"),
    [
        (rb"{\pict\pngblip " + written(PNG) + b"}", False),
        (rb"{\pict\pngblip " + written(PNG)[:-1] + b"}", True),
        (rb"{\pict\pngblip " + written(PNG)[:40] + b"xyz" + written(PNG)[40:] + b"}", True),
        (rb"{\pict\pngblip {\*\picprop some words}\t " + written(PNG) + b"}", False),
        (rb"{\pict\pngblip " + rb"\'89\'50\'4e" + b"}", True),
        (rb"{\pict\pngblip\bin%d " % (9 << 20) + PNG + b"}", True),
    ],
)
def test_what_says_nothing_among_the_bytes_of_a_picture_is_damage(
    text: bytes, *, is_damaged: bool
) -> None:
    assert bool(damage(b"{\\rtf1 " + text + b"}")) == is_damaged
