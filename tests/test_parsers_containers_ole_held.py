"""What lies in the streams of compound files: pictures of Office, packed files, objects."""

import hashlib
import io
import os
import struct
import zipfile
import zlib

import pytest
from compound_files import compound
from corpus import evidence
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image
from storage_images import Memory, opened

from heroes_forensics.model import Entry
from heroes_forensics.parsers.base import Reader, UnsupportedError
from heroes_forensics.parsers.containers import ole as module
from heroes_forensics.parsers.containers.ole import OleFileSystem, open_ole
from heroes_forensics.parsers.filesystems.tsk import open_tsk
from heroes_forensics.parsers.reading.readers import RangeReader


def listed(found: OleFileSystem) -> list[Entry]:
    return [each for each in found.entries() if isinstance(each, Entry) and "@" in each.locator]


def content(found: OleFileSystem, entry: Entry) -> bytes:
    reader = found.open(entry.handle)
    return reader.pread(0, 1 << 24)


def held(data: bytes) -> dict[str, bytes]:
    found = open_ole(Memory(data))
    entries = listed(found)
    values = {entry.locator: content(found, entry) for entry in entries}
    assert [len(value) for value in values.values()] == [entry.size for entry in entries]
    return values


def file_of(volume: Reader, name: str) -> bytes:
    """Return a file of a volume."""
    fs = open_tsk(volume)
    entries = [each for each in fs.entries() if isinstance(each, Entry)]
    (entry,) = [each for each in entries if each.path.rpartition(b"/")[2] == name.encode()]
    return fs.open(entry.handle).pread(0, entry.size)


def test_the_picture_that_the_jpeg_search_image_hides_in_a_document_is_found() -> None:
    """DFTT #8, file12.doc; the digest is also that of Foremost 1.5.7 and Apache POI 4.0.1."""
    with zipfile.ZipFile(evidence("images/dftt/8-jpeg-search.zip")) as archive:
        image = archive.read("8-jpeg-search/8-jpeg-search.dd")
    found = held(file_of(Memory(image), "file12.doc"))
    [(locator, data)] = found.items()
    assert locator == "s1@0x149"
    assert hashlib.md5(data).hexdigest() == "936d202fbedecbe64b42c5f3d03233e5"  # noqa: S324 - as published


EMAILS = "images/bulk_extractor/nps-2010-emails.E01"
REAL = {
    "doc_within_doc.doc": "9d7e64b82d66bbc4b73fcbb20f5e01c754f15bc2841722b628346f8f007382a7",
    "ppt_within_doc.doc": "21b2ec94d809c68a64da7e108441ecdd5e62e476feb6e9613d49a323207d9101",
    "xls_within_doc.doc": "cc695676ab12ccce07e126cece0cc0b8ed61747a60cc6d3e6352a0ef386d21d4",
}
"""SHA-256 of the metafile in each, as wvWare 1.2.9 and Apache POI 4.0.1 take it out."""


@pytest.mark.parametrize("name", REAL)
def test_packed_metafiles_are_what_other_tools_take_out(name: str) -> None:
    media = opened(evidence(EMAILS)).media
    assert media is not None
    [data] = held(file_of(RangeReader(media, 512, media.size - 512), name)).values()
    assert hashlib.sha256(data).hexdigest() == REAL[name]


def picture(kind: str) -> bytes:
    out = io.BytesIO()
    Image.effect_noise((61, 47), 70).convert("RGB").save(out, kind)
    return out.getvalue()


def record(number: int, instance: int, body: bytes) -> bytes:
    return struct.pack("<HHI", instance << 4, number, len(body)) + body


def blip(number: int, instance: int, data: bytes, *, digests: int = 1) -> bytes:
    return record(number, instance + digests - 1, os.urandom(16 * digests) + b"\xff" + data)


def metafile(number: int, instance: int, data: bytes, *, packed: bool = True) -> bytes:
    kept = zlib.compress(data) if packed else data
    head = struct.pack("<I24xIBB", len(data), len(kept), 0 if packed else 0xFE, 0xFE)
    return record(number, instance, os.urandom(16) + head + kept)


JPEG, PNG, GIF, TIFF, BMP = (picture(kind) for kind in ("JPEG", "PNG", "GIF", "TIFF", "BMP"))
DRAWN = b"\1\0\x09\0\0\3" + b"drawing" * 99
PICTURES = {
    "jpeg": (blip(0xF01D, 0x46A, JPEG), JPEG),
    "jpeg, CMYK, two digests": (blip(0xF02A, 0x6E2, JPEG, digests=2), JPEG),
    "png": (blip(0xF01E, 0x6E0, PNG), PNG),
    "png, two digests": (blip(0xF01E, 0x6E0, PNG, digests=2), PNG),
    "gif where a png is meant to be": (blip(0xF01E, 0x6E0, GIF), GIF),
    "tiff": (blip(0xF029, 0x6E4, TIFF), TIFF),
    "bitmap without its header": (blip(0xF01F, 0x7A8, BMP[14:]), BMP),
    "emf": (metafile(0xF01A, 0x3D4, DRAWN), DRAWN),
    "wmf, not packed": (metafile(0xF01B, 0x216, DRAWN, packed=False), DRAWN),
    "pict": (metafile(0xF01C, 0x542, DRAWN), DRAWN),
}
STREAMS = ("WordDocument", "Data", "1Table", "0Table", "Pictures", "PowerPoint Document")


@pytest.mark.parametrize("name", PICTURES)
def test_a_picture_of_office_is_a_member_with_the_bytes_of_its_file(name: str) -> None:
    kept, wanted = PICTURES[name]
    assert list(held(compound({"Data": b"x" * 77 + kept + b"x"})).values()) == [wanted]


@pytest.mark.parametrize("stream", [*STREAMS, "EscherDelayStm"])
def test_all_pictures_of_a_stream_are_found_in_their_order(stream: str) -> None:
    data = b"?".join(kept for kept, _ in PICTURES.values())
    found = held(compound({"Other": data, stream: data}))
    assert list(found.values()) == [wanted for _, wanted in PICTURES.values()]
    assert all(locator.startswith("s2@") for locator in found)
    plain = next(iter(found))
    assert data[int(plain.partition("@")[2], 16) :].startswith(JPEG)


@pytest.mark.parametrize(
    "kept",
    [
        blip(0xF01D, 0x46C, JPEG),  # no such instance
        record(0xF01D, 0x46A, bytes(17) + b"no picture"),
        record(0xF01F, 0x7A8, bytes(17) + struct.pack("<I", 41) + bytes(99)),
        record(0xF01A, 0x3D4, bytes(16) + struct.pack("<I24xIBB", 9, 9, 7, 0xFE) + bytes(9)),
        record(0xF01A, 0x3D4, bytes(16) + struct.pack("<I24xIBB", 9, 10, 0, 0xFE) + bytes(9)),
        b"\xa0\x46\x1d\xf0",
    ],
)
def test_what_only_looks_like_a_record_is_none(kept: bytes) -> None:
    assert held(compound({"Data": bytes(99) + kept})) == {}


def test_a_picture_that_is_cut_off_states_more_than_there_is() -> None:
    kept, _ = PICTURES["jpeg"]
    found = open_ole(Memory(compound({"Data": kept[:700]})))
    (entry,) = listed(found)
    assert entry.size == len(JPEG)
    assert content(found, entry) == JPEG[: 700 - 25]


def biff(number: int, body: bytes, *, at_most: int = 8224, goes_on: int = 0x3C) -> bytes:
    parts = [body[at : at + at_most] for at in range(0, len(body), at_most)]
    numbers = [number] + [goes_on] * len(parts)
    return b"".join(
        struct.pack("<HH", each, len(part)) + part
        for each, part in zip(numbers, parts, strict=False)
    )


@pytest.mark.parametrize("goes_on", [0x3C, 0xEB])
def test_the_pictures_of_a_workbook_are_put_together(goes_on: int) -> None:
    drawings = b"".join(kept for kept, _ in PICTURES.values())
    start = biff(0x809, bytes(16))
    data = start + biff(0xEB, drawings, at_most=1000, goes_on=goes_on) + biff(0x0A, b"\0")
    found = held(compound({"Workbook": data}))
    assert list(found.values()) == [wanted for _, wanted in PICTURES.values()]
    first = int(next(iter(found)).partition("@")[2], 16)
    assert data[first : first + 99] == JPEG[:99]


def test_backgrounds_and_pictures_of_headers_are_found_in_a_workbook() -> None:
    kept, wanted = PICTURES["png"]
    background = struct.pack("<HHI", 9, 1, len(BMP) - 14) + BMP[14:]
    shown = struct.pack("<HHI8x", 2, 1, 8 + len(DRAWN)) + DRAWN
    parts = [kept[at : at + 999] for at in range(0, len(kept), 999)]
    header = b"".join(biff(0x866, bytes(14) + part) for part in parts)
    data = biff(0xE9, background, at_most=500) + header + biff(0x7F, shown)
    assert list(held(compound({"Book": data})).values()) == [BMP, wanted, DRAWN]


def packaged(name: bytes, data: bytes) -> bytes:
    path = b"C:\\x\\" + name + b"\0"
    body = b"\2\0" + name + b"\0" + path + b"\0\0\3\0" + struct.pack("<I", len(path)) + path
    body += struct.pack("<I", len(data)) + data
    return struct.pack("<I", len(body)) + body


def test_a_packed_file_is_a_member_with_its_name() -> None:
    found = open_ole(Memory(compound({"\1Ole10Native": packaged(b"a b.bin", PNG)})))
    (entry,) = listed(found)
    assert entry.path == b"\1Ole10Native/a b.bin"
    assert content(found, entry) == PNG


def test_what_another_program_keeps_of_an_object_is_a_member_when_it_is_known() -> None:
    known = struct.pack("<I", len(BMP)) + BMP
    unknown = struct.pack("<I", 99) + b"\x81" * 99
    assert list(held(compound({"\1Ole10Native": known})).values()) == [BMP]
    assert held(compound({"\1Ole10Native": unknown})) == {}


def test_the_objects_of_a_presentation_are_expanded_with_and_without_an_end() -> None:
    inner = compound({"Data": PICTURES["png"][0]})
    packed = zlib.compress(inner)
    without_end = zlib.compressobj()
    cut = without_end.compress(inner) + without_end.flush(zlib.Z_SYNC_FLUSH)
    data = b"".join(
        record(0x1011, 1, struct.pack("<I", len(inner)) + each) for each in (packed, cut)
    )
    data += record(0x1011, 0, inner) + record(0x1011, 0, b"none")
    assert list(held(compound({"PowerPoint Document": data})).values())[:2] == [inner, inner]
    assert inner in held(compound({"PowerPoint Document": data})).values()


def test_what_is_shown_of_objects_and_documents_is_found() -> None:
    shown = struct.pack("<IIIIII4xIII", 0xFFFF_FFFF, 8, 4, 1, 0xFFFF_FFFF, 0, 9, 9, len(BMP) - 14)
    summary = bytes(40) + struct.pack("<IIiI", 0x47, 16 + len(DRAWN), -1, 3) + bytes(8) + DRAWN
    form = b"\x04\x52\xe3\x0b\x91\x8f\xce\x11\x9d\xe3\x00\xaa\x00\x4b\xb8\x51lt\0\0"
    streams = {
        "\2OlePres000": shown + BMP[14:],
        "\3META": bytes(8) + DRAWN,
        "\5SummaryInformation": summary,
        "o": form + struct.pack("<I", len(GIF)) + GIF,
    }
    assert list(held(compound(streams)).values()) == [BMP, DRAWN, DRAWN, GIF]


def test_a_stream_that_is_not_searched_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    kept, _ = PICTURES["jpeg"]
    data = compound({"Data": kept, "Pictures": kept})
    monkeypatch.setattr(module, "_MOST_SEARCHED", len(kept) - 1)
    found = open_ole(Memory(data))
    assert listed(found) == []
    assert found.left == "container.bytes"
    monkeypatch.undo()
    whole = open_ole(Memory(data))
    assert len(listed(whole)) == 2
    assert whole.left == ""
    monkeypatch.setattr(module, "_TIMES_SEARCHED", 0)
    found = open_ole(Memory(data))
    assert listed(found) == []
    assert found.left == "container.bytes"


MIXED = compound(
    {
        "Workbook": biff(0xEB, b"".join(kept for kept, _ in PICTURES.values())),
        "PowerPoint Document": record(0x1011, 1, struct.pack("<I", 99) + zlib.compress(bytes(99))),
        "Pictures": PICTURES["emf"][0] + PICTURES["png"][0],
        "\1Ole10Native": packaged(b"name", PNG),
        "\2OlePres000": struct.pack("<IIIIII4xIII", 0xFFFF_FFFF, 3, 4, 1, 0, 0, 9, 9, 9) + bytes(9),
    }
)


@given(st.data())
def test_no_damage_makes_it_crash(data: st.DataObject) -> None:
    damaged = bytearray(MIXED)
    for _ in range(data.draw(st.integers(1, 8))):
        at = data.draw(st.integers(512, len(damaged) - 1))
        damaged[at] = data.draw(st.sampled_from([0, 1, 0x7F, 0xFF]))
    found = open_ole(Memory(bytes(damaged)))
    for entry in listed(found):
        try:
            assert len(content(found, entry)) <= max(0, entry.size)
        except (OSError, UnsupportedError):
            continue
