"""Types by content: one head per format, real pictures and films, and names that lie."""

import hashlib
import struct
import subprocess
from pathlib import Path
from shutil import which

import pytest
from corpus import MEDIA, needs_media
from hypothesis import given
from hypothesis import strategies as st

from heroes_forensics import filetype
from heroes_forensics.filetype import (
    EMPTY,
    TYPES,
    UNKNOWN,
    FileClass,
    extension_mismatch,
    signatures,
    sniff,
)

FIRST_EDITION = 211
"""Rows of the table when the first case was written."""


def kind_of(head: bytes) -> str:
    return TYPES[sniff(head)].name


def _ifd(*tags: tuple[int, int, bytes]) -> bytes:
    """A little-endian TIFF head: (tag, type, value of ASCII or up to four bytes)."""
    rows, area = b"", b""
    start = 8 + 2 + 12 * len(tags) + 4
    for tag, kind, value in tags:
        inline = len(value) <= 4
        place = value.ljust(4, b"\0") if inline else struct.pack("<I", start + len(area))
        rows += struct.pack("<HHI", tag, kind, len(value)) + place
        area += b"" if inline else value
    return b"II*\0\x08\0\0\0" + struct.pack("<H", len(tags)) + rows + b"\0" * 4 + area


def _box(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I", 8 + len(body)) + kind + body


def _member(name: bytes, content: bytes = b"") -> bytes:
    fields = (20, 0, 0, 0, 0, 0, len(content), len(content), len(name), 0)
    return b"PK\x03\x04" + struct.pack("<HHHHHIIIHH", *fields) + name + content


def _ole(*names: str) -> bytes:
    head = bytearray(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1".ljust(512, b"\0"))
    struct.pack_into("<H", head, 30, 9)
    struct.pack_into("<I", head, 48, 1)
    struct.pack_into("<I", head, 76, 0)
    chain = bytearray(b"\xff" * 512)
    sectors = -(-len(names) // 4)
    for index in range(sectors - 1):
        struct.pack_into("<I", chain, 4 * (index + 1), index + 2)
    rows = b""
    for name in names:
        encoded = name.encode("utf-16-le") + b"\0\0"
        rows += encoded.ljust(64, b"\0") + struct.pack("<HB", len(encoded), 2) + b"\0" * 61
    return bytes(head + chain) + rows.ljust(512 * sectors, b"\0")


def _tar_of_old() -> bytes:
    block = bytearray(512)
    block[:5] = b"a.txt"
    block[100:108] = b"0000644\0"
    block[148:156] = b" " * 8
    block[148:156] = b"%06o\0 " % sum(block)
    return bytes(block)


FRAME = b"\xff\xfb\x90\x00".ljust(417, b"\0")  # MPEG-1 layer 3, 128 kbit/s, 44.1 kHz
EBML = b"\x1a\x45\xdf\xa3\x93\x42\x86\x81\x01\x42\x82"
ASF = bytes.fromhex("3026b2758e66cf11a6d900aa0062ce6c")
ASF_AUDIO = bytes.fromhex("409e69f84d5bcf11a8fd00805f5c442b")
ASF_VIDEO = bytes.fromhex("c0ef19bc4d5bcf11a8fd00805f5c442b")

HEADS = {
    "jpeg": b"\xff\xd8\xff\xe0\0\x10JFIF\0",
    "png": b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR",
    "gif": b"GIF89a\x01\0\x01\0",
    "webp": b"RIFF\x24\0\0\0WEBPVP8 ",
    "bmp": b"BM" + struct.pack("<IHHII", 70, 0, 0, 54, 40),
    "tiff": _ifd((0x0100, 3, b"\x01\0")),
    "tiff big-endian": b"MM\0*\0\0\0\x08\0\0",
    "tiff BigTIFF": b"II+\0\x08\0\0\0",
    "tiff of a Nikon scanner": _ifd((0x010F, 2, b"NIKON CORPORATION\0")),
    "cr2": b"II*\0\x10\0\0\0CR\x02\0",
    "nef": _ifd((0x010F, 2, b"NIKON CORPORATION\0"), (0x014A, 4, b"\0\0\0\0")),
    "arw": _ifd((0x010F, 2, b"SONY \0"), (0x014A, 4, b"\0\0\0\0")),
    "dng": _ifd((0x010F, 2, b"Google\0"), (0xC612, 1, b"\1\4\0\0")),
    "raf": b"FUJIFILMCCD-RAW 0201",
    "orf": b"IIRO\x08\0\0\0",
    "rw2": b"IIU\0\x18\0\0\0",
    "cr3": _box(b"ftyp", b"crx \0\0\0\1crx isom"),
    "heic": _box(b"ftyp", b"heic\0\0\0\0mif1heic"),
    "heic by compatible brand": _box(b"ftyp", b"mif1\0\0\0\0mif1heic"),
    "heif": _box(b"ftyp", b"mif1\0\0\0\0mif1miaf"),
    "avif": _box(b"ftyp", b"avif\0\0\0\0mif1miaf"),
    "avif by compatible brand": _box(b"ftyp", b"mif1\0\0\0\0mif1avif"),
    "jp2": b"\0\0\0\x0cjP  \r\n\x87\n\0\0\0\x14ftypjp2 ",
    "mj2": b"\0\0\0\x0cjP  \r\n\x87\n\0\0\0\x14ftypmjp2",
    "j2k": b"\xff\x4f\xff\x51\0\x2f\0\0",
    "jxl": b"\0\0\0\x0cJXL \r\n\x87\n",
    "jxl codestream": b"\xff\x0a\xfa\x1f\x41\x91\x08\x06\x01\x00\x68\x00",
    "psd": b"8BPS\0\x01\0\0\0\0\0\0",
    "ico": b"\0\0\1\0\1\0\x10\x10\0\0\1\0\x20\0" + struct.pack("<II", 1128, 22),
    "emf": b"\x01\0\0\0\x6c\0\0\0".ljust(40, b"\0") + b" EMF",
    "svg": b'<?xml version="1.0"?>\n<svg xmlns="http://www.w3.org/2000/svg">',
    "pnm": b"P6\n# made by hand\n16 16\n255\n",
    "mp4": _box(b"ftyp", b"isom\0\0\2\0isomiso2avc1mp41"),
    "m4v": _box(b"ftyp", b"M4V \0\0\0\1M4V mp42"),
    "3gp": _box(b"ftyp", b"3gp5\0\0\0\0isom3gp5"),
    "3g2": _box(b"ftyp", b"3g2a\0\0\0\0isom3g2a"),
    "m4a": _box(b"ftyp", b"M4A \0\0\0\0M4A mp42"),
    "mov": _box(b"ftyp", b"qt  \0\0\0\0qt  "),
    "mov without ftyp: moov": b"\0\0\x10\0moov\0\0\0\x6cmvhd",
    "mov without ftyp: mdat": b"\0\x10\0\0mdat\0\0\0\0",
    "mov without ftyp: wide": b"\0\0\0\x08wide\0\0\x10\0mdat",
    "mov without ftyp: free": b"\0\0\0\x10free" + b"\0" * 8 + b"\0\0\x10\0moov",
    "avi": b"RIFF\0\0\1\0AVI LIST",
    "mkv": EBML + b"\x88matroska",
    "webm": EBML + b"\x84webm",
    "mpeg-ps": b"\0\0\1\xba\x44\0\4\0",
    "mpeg-es": b"\0\0\1\xb3\x16\0\xf0\x15",
    "mpeg-ts": (b"G" + b"\x1f" * 187) * 4,
    "mpeg-ts of a camcorder": (b"\0\0\0\0G" + b"\x1f" * 187) * 4,
    "h264": b"\0\0\0\1\x67\x64\0\x1f",
    "wmv": ASF + struct.pack("<Q", 200) + ASF_AUDIO + ASF_VIDEO + b"\0" * 150,
    "wma": ASF + struct.pack("<Q", 100) + ASF_AUDIO + b"\0" * 150,
    "wmv whose header is longer": ASF + struct.pack("<Q", 9000) + ASF_AUDIO,
    "flv": b"FLV\x01\x05\0\0\0\x09",
    "ogv": b"OggS\0\2" + b"\0" * 22 + b"\x80theora\3",
    "ogg": b"OggS\0\2" + b"\0" * 22 + b"\1vorbis",
    "realmedia": b".RMF\0\0\0\x12",
    "mp3": FRAME * 2,
    "mp3 with tag": b"ID3\x03\0\0\0\0\0\0",
    "wav": b"RIFF\x24\0\0\0WAVEfmt ",
    "flac": b"fLaC\0\0\0\x22",
    "zip": _member(b"holiday/one.jpg", b"\xff\xd8\xff"),
    "docx": _member(b"[Content_Types].xml", b"x") + _member(b"word/document.xml"),
    "xlsx": _member(b"[Content_Types].xml", b"x") + _member(b"xl/workbook.xml"),
    "pptx": _member(b"_rels/.rels", b"x") + _member(b"ppt/presentation.xml"),
    "odt": _member(b"mimetype", b"application/vnd.oasis.opendocument.text"),
    "ods": _member(b"mimetype", b"application/vnd.oasis.opendocument.spreadsheet"),
    "epub": _member(b"mimetype", b"application/epub+zip"),
    "apk": _member(b"AndroidManifest.xml"),
    "jar": _member(b"META-INF/MANIFEST.MF"),
    "rar": b"Rar!\x1a\x07\x01\0",
    "7z": b"7z\xbc\xaf\x27\x1c\0\4",
    "gzip": b"\x1f\x8b\x08\0\0\0\0\0",
    "bzip2": b"BZh91AY&SY",
    "xz": b"\xfd7zXZ\0\0\4",
    "zstd": b"\x28\xb5\x2f\xfd\x24\0",
    "tar": b"a.txt".ljust(257, b"\0") + b"ustar\x0000",
    "tar of old": _tar_of_old(),
    "cab": b"MSCF\0\0\0\0\x10\0\0\0",
    "iso": b"\0" * 32769 + b"CD001\1",
    "ewf": b"EVF\x09\x0d\x0a\xff\0\1\1\0\0\0",
    "pdf": b"%PDF-1.7\n",
    "pdf behind junk": b"\0\1\2\3 junk %PDF-1.4",
    "rtf": b"{\\rtf1\\ansi",
    "ole": _ole("Root Entry", "something"),
    "doc": _ole("Root Entry", "1Table", "CompObj", "Data", "WordDocument"),
    "xls": _ole("Root Entry", "Workbook"),
    "ppt": _ole("Root Entry", "PowerPoint Document"),
    "msg": _ole("Root Entry", "__nameid_version1.0"),
    "thumbs-db": _ole("Root Entry", "1", "2", "3", "4", "Catalog"),
    "thumbs-db of Vista": _ole("Root Entry", "256_267ac1efabfe4df"),
    "sqlite": b"SQLite format 3\0\x10\0",
    "registry": b"regf\1\0\0\0",
    "evtx": b"ElfFile\0\0",
    "thumbcache": b"CMMM\x20\0\0\0",
    "thumbcache-index": b"IMMM\x20\0\0\0",
    "thumbcache-index of Windows 10": b"\x0c\0\x30\x20IMMM",
    "plist": b"bplist00\xd1",
    "itunes-manifest": b"bplist00\xd2\1\2\3\4\x5cBackupKeyBag\x5bIsEncrypted" + bytes(9),
    "dar": bytes.fromhex("0000007b1d351965000000007e795454"),
    "dar of an old edition": bytes.fromhex("0000007b23911f5700000000591b544e303300794e2f4100"),
    "unknown: as DAR begins": bytes.fromhex("0000007b1d351965000000007e790054"),
    "lnk": bytes.fromhex("4c0000000114020000000000c000000000000046"),
    "prefetch": b"\x1e\0\0\0SCCA\x11\0\0\0",
    "prefetch of Windows 10": b"MAM\x04\0\x10\0\0",
    "mft": b"FILE0\0\3\0",
    "pe": b"MZ".ljust(60, b"\0") + struct.pack("<I", 64) + b"PE\0\0",
    "elf": b"\x7fELF\2\1\1",
    "mach-o": b"\xcf\xfa\xed\xfe\7\0\0\1",
    "mach-o universal": b"\xca\xfe\xba\xbe\0\0\0\2",
    "java-class": b"\xca\xfe\xba\xbe\0\0\0\x34",
    "script": b"#!/bin/sh\nexit 0\n",
    "eml": b"Received: from a by b\r\nSubject: hello\r\n\r\nbody",
    "eml of Apple": b"1234\nFrom: a@example.org\nTo: b@example.org\n\nbody",
    "mbox": b"From a@example.org Thu Jan  1 00:00:01 2009\nSubject: x\n\n",
    "pst": b"!BDN\0\0\0\0SM",
    "dbx": b"\xcf\xad\x12\xfe\xc5\xfd\x74\x6f",
    "text": b"It was a dark and stormy night.\n",
    "text in Latin-1": b"Gr\xfc\xdfe aus M\xfcnchen, wo es regnet",
    "text cut inside a character": "Grüße ü".encode()[:-1],
    "text with a mark": b"\xef\xbb\xbfhello",
    "text-utf16": b"\xff\xfeh\0e\0l\0l\0o\0",
    "text-utf16 without a mark": b"h\0e\0l\0l\0o\0",
    "xml": b'<?xml version="1.0"?><note/>',
    "xml in UTF-16": '<?xml version="1.0"?><note/>'.encode("utf-16"),
    "html": b"\n<!DOCTYPE html>\n<title>x</title>",
    "json": b'{"a": [1, 2]}',
    "font": b"\0\1\0\0\0\x0f\0\x80\0\3\0\x70FFTM",
    "unknown": b"\x13\x37\x00\x01\xfe\xed\x99",
    "unknown: zeros": b"\0" * 4096,
    "text of one letter": b"G" * 4096,
    "unknown: NTFS case table": b"".join(struct.pack("<H", i) for i in range(2048)),
}


@pytest.mark.parametrize(("case", "head"), HEADS.items(), ids=HEADS)
def test_a_head_has_its_type(case: str, head: bytes) -> None:
    expected = next(
        row.name
        for row in sorted(TYPES, key=lambda row: -len(row.name))
        if case == row.name or case.startswith((row.name + " ", row.name + ":"))
    )
    assert kind_of(head) == expected


WORDS = {
    "BM as a word": b"BMW drivers of the world",
    "MZ as a word": b"MZ is a motorcycle made in Zschopau",
    "GIF as a word": b"GIF is how you say it",
    "P6 as words": b"P6 is a group of nine nations",
    "GG as a word": b"GG well played",
    "From as a word": b"From here to there",
    "a colon is no mail": b"Subject: to change\nand nothing else",
    "less than": b"<3 this",
    "ftyp as a word": b"    ftyp is a box",
    "free as a word": b"set free by the king",
}


@pytest.mark.parametrize("words", WORDS.values(), ids=WORDS)
def test_words_stay_words(words: bytes) -> None:
    assert kind_of(words) == "text"


def test_no_bytes_are_their_own_type() -> None:
    assert sniff(b"") == EMPTY == 1
    assert UNKNOWN == 0
    assert TYPES[UNKNOWN].name == "unknown"


def test_positions_are_pinned() -> None:
    """Rows may only be added at the end: these are what old cases hold."""
    names = " ".join(row.name for row in TYPES[:FIRST_EDITION])
    assert hashlib.sha256(names.encode()).hexdigest()[:16] == "36c8c431227b3ebd"


def test_the_table_is_consistent() -> None:
    names = [row.name for row in TYPES]
    assert len(set(names)) == len(names)
    for row in TYPES:
        assert "/" in row.mime
        assert row.extensions == row.extensions.lower()
        if row.is_media:
            assert row.file_class in {FileClass.IMAGE, FileClass.VIDEO}


def test_every_answer_is_a_row() -> None:
    names = {row.name for row in TYPES}
    rows = [answer for _, answer in signatures.START]
    rows += signatures.AT_4.values()
    rows += [answer for _, _, answer in signatures.INSIDE]
    assert {answer for answer in rows if isinstance(answer, str)} <= names


@given(st.binary(max_size=600))
def test_no_bytes_make_it_crash(junk: bytes) -> None:
    assert 0 <= sniff(junk) < len(TYPES)


@given(st.sampled_from(sorted(HEADS)), st.integers(0, 600), st.binary(max_size=40))
def test_no_cut_or_spoilt_head_makes_it_crash(case: str, cut: int, junk: bytes) -> None:
    head = HEADS[case]
    assert 0 <= sniff(head[:cut] + junk) < len(TYPES)
    assert 0 <= sniff(head[:cut] + junk + head[cut + len(junk) :]) < len(TYPES)


@pytest.mark.parametrize("magic", [magic for magic, _ in signatures.START])
@given(junk=st.binary(max_size=200))
def test_no_bytes_behind_a_signature_make_it_crash(magic: bytes, junk: bytes) -> None:
    assert 0 <= sniff(magic + junk) < len(TYPES)


LIES = {
    "picture as program": (b"a/b/setup.dll", "jpeg", True),
    "picture as text": (b"notes.TXT", "heic", True),
    "film as document": (b"thesis.docx", "mp4", True),
    "program as picture": (b"img.jpg", "pe", True),
    "archive as film": (b"film.mkv", "rar", True),
    "page saved as picture": (b"img.jpg", "html", True),
    "alternate data stream": (b"notes.txt:img.txt", "png", True),
    "picture as other picture": (b"img.png", "jpeg", False),
    "film as picture": (b"img.png", "mp4", False),
    "picture without extension": (b"f_0001a2", "jpeg", False),
    "picture with an unknown extension": (b"a.tmp", "jpeg", False),
    "hidden file without extension": (b".txt", "jpeg", False),
    "unknown content": (b"img.jpg", "unknown", False),
    "empty content": (b"img.jpg", "empty", False),
    "source text with a film's extension": (b"main.ts", "text", False),
    "sound": (b"film.mp4", "m4a", False),
    "an honest picture": (b"DSC\xff\xfe.JPG", "jpeg", False),
    "an honest document": (b"a.pdf", "pdf", False),
    "a stream name without extension": (b"img.jpg:Zone", "text", False),
}


@pytest.mark.parametrize(("name", "kind", "expected"), LIES.values(), ids=LIES)
def test_names_that_lie(name: bytes, kind: str, expected: bool) -> None:  # noqa: FBT001
    position = next(i for i, row in enumerate(TYPES) if row.name == kind)
    assert extension_mismatch(name, position) is expected


@given(st.binary(max_size=60), st.integers(0, len(TYPES) - 1))
def test_no_name_makes_it_crash(name: bytes, position: int) -> None:
    assert extension_mismatch(name, position) in {True, False}


def pictures_and_films() -> list[Path]:
    assert MEDIA is not None
    return sorted(p for p in MEDIA.glob("*") if p.suffix not in {".md", ".json"})


@needs_media
def test_every_published_picture_and_film_is_recognised() -> None:
    """The folder holds pictures and films only, of many cameras and programs."""
    files = pictures_and_films()
    missed = [p.name for p in files if not TYPES[sniff(p.read_bytes()[:36864])].is_media]
    assert len(files) > 300
    assert missed == []


@needs_media
def test_libmagic_says_the_same_of_published_pictures_and_films() -> None:
    if which("file") is None:
        pytest.skip("file is not installed")
    files = pictures_and_films()
    out = subprocess.run(
        ["file", "-b", "--mime-type", "--", *files], capture_output=True, text=True, check=True
    )
    pairs = zip(files, out.stdout.splitlines(), strict=True)
    differ = {
        (theirs, TYPES[sniff(path.read_bytes()[:36864])].mime)
        for path, theirs in pairs
        if theirs != TYPES[sniff(path.read_bytes()[:36864])].mime
    }
    assert differ <= {
        ("application/octet-stream", "image/x-panasonic-rw2"),  # libmagic does not know it
        ("image/heif", "image/heic"),  # mif1 with the compatible brand heic: we say the codec
    }


def test_endings_that_are_made_up_do_not_fill_the_memory() -> None:
    assert filetype.names_media(b"a.JpG")
    for number in range(5000):
        assert not filetype.names_media(b"a.x%d" % number)
        assert filetype.names_media(b"a.JpG")
    assert len(filetype._endings) <= 1024  # noqa: SLF001 - what it keeps
