"""Drawings of Windows: the bitmaps and files that they draw are members."""

import io
import struct
from itertools import pairwise

import pytest
from containers import content, split
from corpus import evidence, needs_evidence
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image
from storage_images import Memory

from heroes_forensics.errors import EvidenceError
from heroes_forensics.filetype import TYPES, sniff
from heroes_forensics.model import Entry
from heroes_forensics.parsers.containers import metafile as module
from heroes_forensics.parsers.containers.metafile import MetafileFileSystem, open_metafile
from heroes_forensics.parsers.containers.ole import open_ole


def picture(kind: str, mode: str = "RGB") -> bytes:
    out = io.BytesIO()
    Image.effect_noise((33, 21), 70).convert(mode).save(out, kind)
    return out.getvalue()


BMP, JPEG, PNG = (picture(kind) for kind in ("BMP", "JPEG", "PNG"))
GREY = picture("BMP", "L")
"""With a palette."""


def listed(found: MetafileFileSystem) -> list[Entry]:
    return [each for each in found.entries() if isinstance(each, Entry)]


def held(data: bytes) -> list[bytes]:
    found = open_metafile(Memory(data))
    entries = listed(found)
    values = [found.open(each.handle).pread(0, 1 << 24) for each in entries]
    assert [len(each) for each in values] == [each.size for each in entries]
    return values


def emf_record(number: int, body: bytes) -> bytes:
    body += bytes(-len(body) % 4)
    return struct.pack("<II", number, 8 + len(body)) + body


def emf(*records: bytes) -> bytes:
    head = emf_record(1, bytes(32) + b" EMF" + bytes(64))
    return head + b"".join(records) + emf_record(14, bytes(12))


def drawn(number: int, places: int, bmp: bytes, *, gap: int = 0) -> bytes:
    """Return a record that draws a bitmap; ``places`` is where it says where that stands."""
    at = int.from_bytes(bmp[10:14], "little")
    head, pixels = bmp[14:at], bmp[at:]
    start = places + 16 + 8
    said = struct.pack("<IIII", start, len(head), start + len(head) + gap, len(pixels))
    return emf_record(number, bytes(places - 8) + said + bytes(8) + head + bytes(gap) + pixels)


EMF_RECORDS = {76: 84, 77: 84, 78: 84, 79: 96, 80: 48, 81: 48, 93: 16, 94: 16, 114: 84, 116: 84}
WMF_RECORDS = {0x0940: 22, 0x0B41: 26, 0x0F43: 28, 0x0D33: 24, 0x0142: 10}


@pytest.mark.parametrize("number", EMF_RECORDS)
@pytest.mark.parametrize("bmp", [BMP, GREY], ids=["colours", "palette"])
def test_a_bitmap_that_an_emf_draws_is_a_file(number: int, bmp: bytes) -> None:
    data = emf(emf_record(17, bytes(4)), drawn(number, EMF_RECORDS[number], bmp, gap=4))
    assert TYPES[sniff(data)].name == "emf"
    assert held(data) == [bmp]


def wmf(*records: tuple[int, bytes], placeable: bool = False) -> bytes:
    out = b"\xd7\xcd\xc6\x9a" + bytes(18) if placeable else b""
    out += b"\1\0\x09\0\0\3" + bytes(12)
    for function, body in records:
        even = body + bytes(len(body) % 2)
        out += struct.pack("<IH", (6 + len(even)) // 2, function) + even
    return out + struct.pack("<IH", 3, 0)


@pytest.mark.parametrize("function", WMF_RECORDS)
@pytest.mark.parametrize("placeable", [False, True])
def test_a_bitmap_that_a_wmf_draws_is_a_file(function: int, *, placeable: bool) -> None:
    body = bytes(WMF_RECORDS[function] - 6) + BMP[14:]
    data = wmf((0x0102, bytes(2)), (function, body), (0x0B41, bytes(18)), placeable=placeable)
    assert TYPES[sniff(data)].name == "wmf"
    (found,) = held(data)
    assert found.startswith(BMP[14:], 14)
    with Image.open(io.BytesIO(found)) as mine, Image.open(io.BytesIO(BMP)) as theirs:
        assert mine.tobytes() == theirs.tobytes()


def test_a_bitmap_that_is_a_jpeg_is_that_file() -> None:
    head = struct.pack("<IiiHHIIiiII", 40, 33, 21, 1, 0, 4, len(JPEG), 0, 0, 0, 0)
    bmp = struct.pack("<2sIII", b"BM", 0, 0, 54) + head + JPEG
    assert held(emf(drawn(81, 48, bmp))) == [JPEG]


def plus(flags: int, body: bytes, *, total: int = 0) -> bytes:
    said = struct.pack("<I", total) if total else b""
    head = struct.pack("<HHII", 0x4008, flags, 12 + len(said) + len(body), len(said) + len(body))
    return head + said + body


def comment(*records: bytes) -> bytes:
    body = b"EMF+" + b"".join(records)
    return emf_record(70, struct.pack("<I", len(body)) + body)


def image(data: bytes, kind: int = 1) -> bytes:
    return struct.pack("<IIIIIII", 0xDBC01002, 1, 0, 0, 0, 0, kind) + data


def test_files_in_emf_plus_are_found_as_they_are() -> None:
    inner = emf()
    drawing = struct.pack("<IIII", 0xDBC01002, 2, 3, len(inner)) + inner
    data = emf(
        comment(plus(0x0500, image(PNG)), plus(0x0501, image(bytes(99), kind=0))),
        comment(plus(0x0300, b"a path"), plus(0x0502, drawing)),
    )
    assert held(data) == [PNG, inner]


def test_an_image_of_emf_plus_that_goes_on_is_put_together() -> None:
    whole = image(JPEG)
    parts = [whole[at : at + 300] for at in range(0, len(whole), 300)]
    records = [plus(0x8500, part, total=len(whole)) for part in parts[:-1]]
    data = emf(*(comment(each) for each in records), comment(plus(0x0500, parts[-1])))
    assert held(data) == [JPEG]


@pytest.mark.parametrize("flags", [0x0500, 0x8500])
def test_the_last_part_may_say_how_long_all_are_and_that_it_goes_on(flags: int) -> None:
    whole = image(JPEG)
    parts = [whole[at : at + 300] for at in range(0, len(whole), 300)]
    records = [plus(0x8500, part, total=len(whole)) for part in parts[:-1]]
    records.append(plus(flags, parts[-1], total=len(whole)))
    data = emf(*map(comment, [*records, plus(0x0501, image(PNG))]))
    assert held(data) == [JPEG, PNG]
    assert split(open_metafile(Memory(data)))[1] == []


@pytest.mark.parametrize(
    "data",
    [
        emf(emf_record(81, bytes(99))),
        emf(drawn(81, 48, BMP)[:200]),
        emf(emf_record(81, bytes(40) + b"\xff" * 60)),
        emf(comment(plus(0x0500, b""))),
        wmf((0x0B41, bytes(30))),
        emf()[:50] + bytes(9),
    ],
)
def test_what_only_looks_like_a_bitmap_is_none(data: bytes) -> None:
    assert held(data) == []


@pytest.mark.parametrize("data", [b"", bytes(99), b"\1\0\0\0" + bytes(36) + b" EMX"])
def test_what_is_no_metafile_is_refused(data: bytes) -> None:
    with pytest.raises(EvidenceError):
        open_metafile(Memory(data))


def test_what_lies_beyond_the_limit_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    data = emf(drawn(81, 48, BMP))
    assert open_metafile(Memory(data)).left == ""
    monkeypatch.setattr(module, "_MOST", len(data) - 1)
    assert open_metafile(Memory(data)).left == "container.bytes"


BOTH = (
    emf(drawn(81, 48, GREY), comment(plus(0x8500, image(PNG), total=9), plus(0x0500, PNG))),
    wmf((0x0B41, bytes(20) + GREY[14:])),
)


@given(st.data(), st.sampled_from(BOTH))
def test_no_damage_makes_it_crash(data: st.DataObject, whole: bytes) -> None:
    damaged = bytearray(whole)
    for _ in range(data.draw(st.integers(1, 8))):
        at = data.draw(st.integers(44, len(damaged) - 1))
        damaged[at] = data.draw(st.sampled_from([0, 1, 4, 0x0C, 0x28, 0x7F, 0xFF]))
    found = open_metafile(Memory(bytes(damaged)))
    for entry in listed(found):
        assert len(found.open(entry.handle).pread(0, 1 << 20)) == entry.size


def test_records_that_do_not_go_on_end_the_search_and_not_the_test() -> None:
    still = struct.pack("<II", 17, 0)
    assert held(emf(drawn(81, 48, BMP), still, drawn(81, 48, BMP)))[:-1] == [BMP]
    stuck = wmf((0x0B41, bytes(20) + BMP[14:]))[:-6]
    assert len(held(stuck + bytes(6) + wmf((0x0B41, bytes(20) + BMP[14:]))[18:])[:-1]) == 1
    empty = struct.pack("<HHII", 0x4008, 0x0600, 0, 0)
    assert held(emf(comment(plus(0x0500, image(PNG)), empty, plus(0x0501, image(PNG))))) == [PNG]


def test_a_comment_ends_where_it_says_and_a_number_of_an_object_is_its_kind() -> None:
    first, second = plus(0x0500, image(PNG)), plus(0x0501, image(JPEG))
    body = struct.pack("<I", 4 + len(first)) + b"EMF+" + first + second
    assert held(emf(emf_record(70, body))) == [PNG]
    assert held(emf(comment(plus(0x1500, image(PNG))))) == []


def test_a_header_that_is_longer_than_stated_is_none() -> None:
    at, start = int.from_bytes(BMP[10:14], "little"), 48 + 16 + 8
    said = struct.pack("<IIII", start, 39, start + at - 14, len(BMP) - at)
    assert held(emf(emf_record(81, bytes(40) + said + bytes(8) + BMP[14:]))) == []
    assert held(wmf((0x0B41, bytes(20) + struct.pack("<IHHHH", 12, 1, 1, 1, 24) + bytes(6)))) == []


def test_a_bitmap_that_is_a_png_is_that_file() -> None:
    head = struct.pack("<IiiHHIIiiII", 40, 33, 21, 1, 0, 5, len(PNG), 0, 0, 0, 0)
    assert held(emf(drawn(81, 48, struct.pack("<2sIII", b"BM", 0, 0, 54) + head + PNG))) == [PNG]


def test_the_pixels_of_a_file_follow_its_header_however_long_the_record_says_it_is() -> None:
    padded = GREY[:10] + struct.pack("<I", 54 + 1024 + 8) + GREY[14:1078] + bytes(8) + GREY[1078:]
    (found,) = held(emf(drawn(81, 48, padded)))
    assert found[10:14] == padded[10:14]
    with Image.open(io.BytesIO(found)) as mine, Image.open(io.BytesIO(GREY)) as theirs:
        assert mine.tobytes() == theirs.tobytes()


def damage(data: bytes) -> list[str]:
    """Return where damage is said to be."""
    return [each.where for each in split(open_metafile(Memory(data)))[1]]


def real(name: str, place: str) -> bytes:
    """Return a drawing that lies in a real document."""
    document = open_ole(Memory(evidence(name).read_bytes()))
    (entry,) = (each for each in split(document)[0] if each.locator == place)
    return content(document, entry)


REAL_WMF = ("mail/tika-testMSG_att_msg.msg", "s159")


def steps(data: bytes) -> list[int]:
    """Return where the records of a drawing begin, the end among them."""
    at, found = (0, [0]) if data[40:44] == b" EMF" else (18, [0, 18])
    while at < len(data):
        is_enhanced = data[40:44] == b" EMF"
        size = struct.unpack_from("<I", data, at + 4 * is_enhanced)[0]
        at += size if is_enhanced else 2 * size
        found.append(at)
    return found


MADE_EMF = emf(emf_record(17, bytes(4)), drawn(81, 48, GREY), comment(plus(0x0500, image(PNG))))


@pytest.mark.parametrize(
    "which", ["made", pytest.param("real", marks=needs_evidence)], ids=["emf", "real wmf"]
)
def test_a_drawing_that_ends_in_the_middle_is_damage_wherever_it_ends(which: str) -> None:
    data = MADE_EMF if which == "made" else real(*REAL_WMF)
    places = steps(data)
    assert places[-1] == len(data)
    assert damage(data) == []
    for start, end in pairwise(places[1:]):
        for cut in {start, start + 1, (start + end) // 2, end - 1}:
            assert damage(data[:cut]), f"cut at {cut}"


@needs_evidence
def test_a_record_of_a_real_drawing_that_makes_no_sense_is_damage() -> None:
    data = real(*REAL_WMF)
    for at in steps(data)[1:-2]:
        for words in (0, 1, 2):
            changed = data[:at] + struct.pack("<I", words) + data[at + 4 :]
            entries, gaps, _ = split(open_metafile(Memory(changed)))
            assert [each.where for each in gaps] == [f"r@{at:#x}"]
            rest = entries[-1]
            start = int(rest.locator.removeprefix("r@"), 16)
            assert at <= start < at + 6
            assert content(open_metafile(Memory(changed)), rest) == changed[start:]


@pytest.mark.parametrize("data", [MADE_EMF, wmf((0x0B41, bytes(20) + BMP[14:]))])
def test_what_stands_behind_the_last_record_is_an_entry(data: bytes) -> None:
    for padding in (b"", bytes(9)):
        found = open_metafile(Memory(data + padding + PNG))
        rest = split(found)[0][-1]
        assert rest.locator == f"r@{len(data + padding):#x}"
        assert content(found, rest) == PNG
    assert [each.locator[0] for each in split(open_metafile(Memory(data + bytes(99))))[0]] == [
        "m" for _ in held(data)
    ]


@pytest.mark.parametrize(
    ("data", "is_damaged"),
    [
        (emf(emf_record(81, bytes(99))), False),
        (emf(emf_record(81, bytes(40) + b"\xff" * 60)), True),
        (emf(emf_record(81, bytes(40))), True),
        (emf(drawn(81, 48, BMP[:14] + b"\x29" + BMP[15:])), True),
        (emf(comment(plus(0x0500, b""))), True),
        (emf(comment(plus(0x0500, image(bytes(99), kind=0)))), False),
        (emf(comment(plus(0x0500, image(PNG, kind=2)))), True),
        (emf(comment(plus(0x0500, image(PNG)[:4] + b"\3" + image(PNG)[5:]))), True),
        (emf(comment(plus(0x8500, image(PNG), total=9999))), True),
        (emf(comment(plus(0x0500, image(PNG)), bytes(16))), True),
        (emf(comment(plus(0x0500, image(PNG)), bytes(5))), True),
        (emf(comment(plus(0x0500, image(PNG))[:-1])), True),
        (emf(emf_record(70, struct.pack("<I", 4) + b"EMF+" + plus(0x0500, image(PNG)))), True),
        (wmf((0x0940, bytes(18))), False),
        (wmf((0x0B41, bytes(22))), False),
        (wmf((0x0B41, bytes(30))), True),
        (wmf((0x0F43, bytes(22))), True),
    ],
)
def test_a_bitmap_that_is_stated_and_not_there_is_damage(data: bytes, *, is_damaged: bool) -> None:
    assert bool(damage(data)) == is_damaged
