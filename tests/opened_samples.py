"""One small sound sample of every type that is opened inside evidence, to be changed by tests.

Where a program or library writes the format it does; else the writers of the tests of its parser.
What only real files show has one of the corpus. Each is the same every time, so that a number names
a mutant.
"""

import gzip
import plistlib
import re
import sqlite3
import struct
import subprocess
import tarfile
import zlib
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from shutil import which
from typing import Final

import pytest
import test_filetype
import test_parsers_containers_archives as archives
import test_parsers_containers_chromecache as chromecache
import test_parsers_containers_compressed as compressed
import test_parsers_containers_dbx as dbx
import test_parsers_containers_firefoxcache as firefoxcache
import test_parsers_containers_mail as mail
import test_parsers_containers_metafile as metafile
import test_parsers_containers_ole_held as ole_held
import test_parsers_containers_onenote as onenote
import test_parsers_containers_packed as packed
import test_parsers_containers_pdf_inline as pdf
import test_parsers_containers_picture as picture
import test_parsers_containers_rtf as rtf
import test_parsers_containers_sqlite as sqlite
import test_parsers_containers_thumbcache as thumbcache
import test_parsers_containers_wim as wim
from compound_files import compound
from corpus import evidence
from hiding import portable
from test_media_perceptual import encoded, gradient
from test_pipelines_members import tarred, zipped

from heroes_forensics.filetype.signatures import INSIDE, START
from heroes_forensics.parsers.openers import PACKAGES
from heroes_forensics.pipelines.work.within import HOSTS, PICTURES

Made = Callable[[Path], bytes]
"""Makes a sample in an empty folder."""

TEXT: Final = b"".join(b"line %d of a text\n" % number for number in range(99))
PNG, JPEG, BMP = (encoded(gradient(40, 30, seed=6), kind) for kind in ("PNG", "JPEG", "BMP"))
FILES: Final = {"a": TEXT, "sub/b": PNG, "z": b"last"}
ZIP: Final = zipped(("a.txt", TEXT), ("d/p.png", PNG), ("in.zip", zipped(("b", b"beta" * 99))))
_INFOS: Final = {name: tarfile.TarInfo(name) for name in FILES}
TAR: Final = tarred(*((_INFOS[name], data) for name, data in FILES.items()))
SEVEN_ZIP: Final = bytes.fromhex(
    "377abcaf271c000481b612b1ee000000000000002100000000000000d749ee1900361a4a1f08a026034d069defed"
    "8ca13fc82a0ff2ffe62e8b87ab50e90caa43b77f3d7c0091552192401ecb1a200ffd47ab83cf40849ba974202727"
    "e77d57f590e080fc9cf90b9c81f6e85ad40b9aa569ba74b039a9fa4d8352ce129faef851282f5d0454ea6e1bed20"
    "f23f84e2172f17850396bd6ea77d0c8745e41fb8c8500ba6827e73730de7c84e3c50642520d1f0bce7efa319c5f6"
    "6a9a00000000813307ae0fd5304648166c291f482b413268c6c0499ae8756673511e1eeb772b8b55d959c8f0559f"
    "528b0ad2735c5181efdb771c7f1e65983c74f8943f6e1a45da263c4c3c05d39fbe4b1dbf5180cea01706809c0109"
    "5200070b01000123030101055d001000000c5e0a0130a472920000"
)
"""7z a -mx=1: two members, LZMA, a packed header."""


def _given(data: bytes) -> Made:
    return lambda _: data


def _corpus(name: str) -> Made:
    def made(_: Path) -> bytes:
        data = evidence(name).read_bytes()
        return gzip.decompress(data) if name.endswith(".gz") else data

    return made


def _squashfs(folder: Path) -> bytes:
    (folder / "in" / "d").mkdir(parents=True)
    (folder / "in" / "d" / "text").write_bytes(TEXT)
    (folder / "in" / "picture").write_bytes(PNG)
    if which("mksquashfs") is None:
        pytest.skip("no mksquashfs")
    options = ("-noappend", "-quiet", "-no-progress", "-no-exports", "-all-time", "0")
    subprocess.run(["mksquashfs", "in", "x", *options], cwd=folder, check=True, capture_output=True)
    return (folder / "x").read_bytes()


def _wim(folder: Path) -> bytes:
    if wim.WIMLIB is None:
        pytest.skip("no wimlib-imagex")
    return wim.made(folder, "--compress=XPRESS")


def _database(folder: Path) -> bytes:
    sqlite.chat(folder / "db", rows=8)
    return (folder / "db").read_bytes()


def _journal(folder: Path) -> bytes:
    sqlite.chat(folder / "db", rows=8)
    with closing(sqlite3.connect(folder / "db", isolation_level=None)) as database:
        for statement in ("PRAGMA cache_size=1", "PRAGMA cache_spill=1", "BEGIN"):
            database.execute(statement)
        database.execute("UPDATE m SET b=zeroblob(length(b))")
        journal = (folder / "db-journal").read_bytes()
        database.execute("ROLLBACK")
    return journal


_EMF: Final = metafile.emf(
    metafile.emf_record(17, bytes(4)),
    metafile.drawn(81, 48, BMP),
    metafile.comment(metafile.plus(0x0500, metafile.image(PNG))),
)
_KEPT: Final = zlib.compress(_EMF)
_DRAWING: Final = ole_held.record(
    0xF01A,
    0x3D4,
    bytes(16) + struct.pack("<I24xIBB", len(_EMF), len(_KEPT), 0, 0xFE) + _KEPT,
)
_PICTURE: Final = ole_held.record(0xF01E, 0x6E0, bytes(16) + b"\xff" + PNG)
_WORD: Final = compound(
    {
        "WordDocument": b"\xec\xa5" + bytes(600) + _PICTURE,
        "Data": _DRAWING,
        "\5SummaryInformation": bytes(99),
        "\1Ole10Native": struct.pack("<I", len(PNG)) + PNG,
    }
)
_WORKBOOK: Final = compound(
    {
        "Workbook": struct.pack("<HH", 0x809, 16)
        + bytes(16)
        + struct.pack("<HH", 0xEB, len(_PICTURE))
        + _PICTURE
    }
)
_SLIDES: Final = compound({"PowerPoint Document": bytes(700), "Pictures": _PICTURE * 3})
_MESSAGE: Final = compound(
    {
        "__properties_version1.0": bytes(32),
        "__substg1.0_10090102": struct.pack("<IIII", len(TEXT) + 12, len(TEXT), 0x414C454D, 0)
        + TEXT,
    }
)
_DOCUMENT: Final = (
    b"{\\rtf1 {\\pict\\pngblip "
    + rtf.written(PNG)
    + b"}{\\*\\objdata "
    + rtf.written(rtf.ole1(b"Package", rtf.packaged(b"a.png", PNG)))
    + b"}{\\pict\\jpegblip\\bin%d " % len(JPEG)
    + JPEG
    + b"}}"
)
_MANIFEST: Final = plistlib.dumps(
    {"IsEncrypted": False, "Version": "10.0", "Lockdown": {"a": [1, 2, 3], "b": TEXT}},
    fmt=plistlib.FMT_BINARY,
)


def _message(number: int) -> bytes:
    data = mail.message(number, PNG)
    (boundary,) = re.findall(rb'boundary="([^"]+)"', data)
    return data.replace(boundary, b"=====%d==" % number)


_MAILBOX: Final = b"\n".join(
    b"From a@b.example Thu Jan  1 00:00:00 2020\n" + _message(number) for number in (1, 2)
)

_HEADS: Final = (
    {kind: magic for magic, kind in reversed(START) if isinstance(kind, str)}
    | {kind: bytes(at) + magic for at, magic, kind in INSIDE if isinstance(kind, str)}
    | test_filetype.HEADS
    | {
        "cur": b"\0\0\2\0\1\0\x10\x10\0\0\1\0\1\0" + struct.pack("<II", 99, 22),
        "pef": b"II*\0\x08\0\0\0\1\0"
        + struct.pack("<HHII", 0x10F, 2, 7, 26)
        + bytes(4)
        + b"PENTAX\0",
        "flic": struct.pack("<IHHHHH", 999, 0xAF12, 1, 32, 32, 8),
        "mpeg4-es": b"\0\0\1\xb0\1\0\0\1\xb6",
        "dv": b"\x1f\x07\0\x3f" + bytes(76) + b"\x3f\x07\0\xbf",
        "bink": b"BIKi" + struct.pack("<I", 999),
        "h265": b"\0\0\0\1\x40\1\x0c\1",
        "mpeg-ts": (b"G" + b"\x1f" * 187) * 16,
        "ilbm": b"FORM\0\0\0\x60ILBM",
        "ani": b"RIFF\x24\0\0\0ACON",
        "amv": b"RIFF\x24\0\0\0AMV ",
        "cdxa": b"RIFF\x24\0\0\0CDXA",
    }
)
"""How types begin whose files are searched for what stands behind their end."""
_SEEN: Final = {
    "jpeg": picture.with_thumbnail(picture.JPEG, picture.SECOND) + picture.FILM + ZIP,
    "png": picture.PNG + picture.SECOND + b"and what is nothing known",
    "gif": encoded(gradient(9, 9), "GIF") + picture.SECOND,
    "webp": encoded(gradient(30, 30), "WEBP") + picture.SECOND,
    "tiff": encoded(gradient(30, 30), "TIFF"),
}

SAMPLES: Final[dict[str, Made]] = {
    **{kind: _given(_WORD) for kind in ("ole", "doc", "vsd", "pub", "msi", "thumbs-db")},
    "xls": _given(_WORKBOOK),
    "ppt": _given(_SLIDES),
    "msg": _given(_MESSAGE),
    **{kind: _given(pack(TEXT * 9)) for kind, pack in compressed.PACK.items()},
    **{kind: _given(bytes.fromhex(data)) for kind, data in packed.STREAMS.items()},
    "7z": _given(SEVEN_ZIP),
    "adb-backup": _given(b"ANDROID BACKUP\n5\n1\nnone\n" + zlib.compress(TAR)),
    "ar": _given(packed.ar(FILES | {"a name that is rather long": TEXT})),
    "deb": _given(packed.ar({"debian-binary": b"2.0\n", "data.tar": TAR})),
    "arj": _given(packed.ARJ),
    "cab": _given(archives.cab(FILES, 1)),
    "chrome-cache": _given(chromecache.blocks(PNG, zlib.compress(TEXT), TEXT)),
    "cpio": _given(archives.cpio(FILES, "newc") + archives.cpio(FILES, "odc")),
    "dbx": _given(dbx.folder(dbx.MESSAGES)),
    "eml": _given(_message(1)),
    "itunes-manifest": _given(_MANIFEST),
    "lha": _given(packed.LH5[:-1] + packed.lha(FILES, 2)),
    "firefox-cache": _given(firefoxcache.entry(PNG, b"")),
    "iso": _corpus("images/dfvfs/iso9660.raw"),
    "mbox": _given(_MAILBOX),
    "onenote": _given(onenote.section(*onenote.FILES)),
    "emf": _given(_EMF),
    "wmf": _given(metafile.wmf((0x0B41, bytes(20) + BMP[14:]))),
    "pdf": _given(
        pdf.document(
            zlib.compress(pdf.inline(b"/CS/RGB/BPC 8", pdf.RAW)),
            pdf.stream(JPEG, b"/Subtype/Image/Width 31/Height 17/Filter/DCTDecode"),
            pdf.stream(zlib.compress(PNG), b"/Type/EmbeddedFile/Filter/FlateDecode"),
            said=b"/Filter/FlateDecode",
        )
    ),
    "pst": _corpus("mail/tika-testPST_variousBodyTypes.pst"),
    "rar": _given(archives.rar_new(FILES)),
    "rtf": _given(_DOCUMENT),
    "rpm": _given(packed.rpm(gzip.compress(archives.cpio(FILES, "newc"), mtime=0))),
    "squashfs": _squashfs,
    "sqlite": _database,
    "sqlite-wal": lambda folder: sqlite.log_of(folder / "db")[1],
    "sqlite-journal": _journal,
    "tar": _given(TAR),
    "thumbcache": _given(thumbcache.store(32, PNG, b"", TEXT)),
    "wim": _wim,
    "sfx": _given(portable(resources=SEVEN_ZIP, behind=SEVEN_ZIP + ZIP)),
    **{kind: _given(_HEADS[kind] + bytes(99) + ZIP) for kind in HOSTS if kind in _HEADS},
    **{
        kind: _given(_SEEN.get(kind) or _HEADS[kind] + picture.SECOND + ZIP)
        for kind in PICTURES
        if kind in _HEADS
    },
    **dict.fromkeys(("zip", *PACKAGES), _given(ZIP)),
}
"""By type of `filetype`: makes its sample; skips where a program or the corpus is missing."""
