"""Archives, documents and programs whose first bytes are not enough.

Every function takes the head of a stream (at least one byte, up to 36 KiB), never raises, and
returns the name of a row of `heroes_forensics.filetype.table.TYPES` or ``""``.
"""

# ruff: noqa: PLR2004 - the numbers are those of the formats

import re
from collections.abc import Iterator
from typing import Final

from heroes_forensics.filetype import text


def _u16(head: bytes, offset: int) -> int:
    return int.from_bytes(head[offset : offset + 2], "little")


def _u32(head: bytes, offset: int) -> int:
    return int.from_bytes(head[offset : offset + 4], "little")


_BY_MEMBER: Final = (
    (b"word/", "docx"),
    (b"xl/", "xlsx"),
    (b"ppt/", "pptx"),
    (b"AndroidManifest.xml", "apk"),
    (b"classes.dex", "apk"),
    (b"Payload/", "ipa"),
    (b"FixedDocumentSequence.fdseq", "xps"),
    (b"FixedDocSeq.fdseq", "xps"),
    (b"Index/Document.iwa", "iwork"),
    (b"buildVersionHistory.plist", "iwork"),
    (b"index.apxl", "iwork"),
)
_BY_MIMETYPE: Final = (
    (b"application/epub+zip", "epub"),
    (b"application/vnd.oasis.opendocument.text", "odt"),
    (b"application/vnd.oasis.opendocument.spreadsheet", "ods"),
    (b"application/vnd.oasis.opendocument.presentation", "odp"),
    (b"application/vnd.oasis.opendocument.", "odf"),
    (b"application/vnd.sun.xml.", "odf"),
)
_OOXML_FIRST: Final = (b"[Content_Types].xml", b"_rels/.rels", b"docProps/", b"customXml/")
_MAX_MEMBERS: Final = 64
"""Local headers looked at to tell one kind of zip from another."""


def _members(head: bytes) -> Iterator[tuple[bytes, int]]:
    """Yield (name, offset of the content) of the local headers in ``head``."""
    start = 0
    for _ in range(_MAX_MEMBERS):
        length = _u16(head, start + 26)
        name = start + 30
        yield head[name : name + length], name + length + _u16(head, start + 28)
        start = head.find(b"PK\x03\x04", name + length)
        if start < 0:
            return


def zip_member(head: bytes) -> str:
    """Zip, told apart by the names of its first members (OPC, ODF, EPUB, APK, JAR)."""
    found = "zip"
    for index, (name, content) in enumerate(_members(head)):
        if index == 0 and name == b"mimetype":
            declared = head[content : content + 64]
            return next((kind for mime, kind in _BY_MIMETYPE if declared.startswith(mime)), "zip")
        for member, kind in _BY_MEMBER:
            if name.startswith(member):
                return kind
        if index == 0 and name.startswith(b"META-INF/"):
            found = "jar"
        if name.startswith(_OOXML_FIRST):
            found = "ooxml"
    return found


_DIGITS: Final = frozenset({b"1", b"2", b"3", b"4", b"5", b"6", b"7", b"8", b"9"})


def bzip2(head: bytes) -> str:
    """Bzip2: a digit, then the magic of a block or of the end."""
    magics = {bytes.fromhex("314159265359"), bytes.fromhex("177245385090")}
    return "bzip2" if head[3:4] in _DIGITS and head[4:10] in magics else ""


def lzma(head: bytes) -> str:
    """Legacy LZMA: a dictionary of a usual size and a length that is unknown or plausible."""
    dictionary, length = _u32(head, 1), head[5:13]
    usual = dictionary & (dictionary - 1) == 0 and dictionary >= 1 << 12
    plausible = length == b"\xff" * 8 or (len(length) == 8 and length[5:] == b"\0\0\0")
    return "lzma" if usual and plausible else ""


def dar(head: bytes) -> str:
    """Slice of DAR (``header.hpp`` of libdar): label, whether one follows, what comes next."""
    return "dar" if head[14:15] in {b"N", b"T", b"E"} and head[15:16] in {b"N", b"S", b"T"} else ""


def plist(head: bytes) -> str:
    """Binary property list; that of a backup of iTunes or Finder has these keys, at its start."""
    is_manifest = b"BackupKeyBag" in head and b"IsEncrypted" in head
    return "itunes-manifest" if is_manifest else "plist"


def binary_cpio(head: bytes) -> str:
    """Old binary cpio: the length of the first name ends with a zero byte where it says."""
    length = _u16(head, 20)
    return "cpio" if 1 < length < 4096 and head[26 + length - 1 : 26 + length] == b"\0" else ""


def arj(head: bytes) -> str:
    """ARJ: the first header has a plausible length and is the archive's own (file type 2)."""
    return "arj" if 0 < _u16(head, 2) <= 2600 and head[10:11] == b"\2" else ""


def lha(head: bytes) -> str:
    """LHA: ``-lh?-`` with a known method."""
    return "lha" if head[5:7] in {b"0-", b"1-", b"4-", b"5-", b"6-", b"7-", b"d-"} else ""


def skippable(head: bytes) -> str:
    """Zstandard or LZ4 behind frames to be skipped (RFC 8878 3.1.2): as the first other one is."""
    at = 0
    while head[at : at + 1] and head[at] >> 4 == 5 and head[at + 1 : at + 4] == b"\x2a\x4d\x18":
        at += 8 + int.from_bytes(head[at + 4 : at + 8], "little")
    if at + 4 > len(head):
        return "zstd"  # how it goes on is farther behind: whoever opens it sees
    lz4 = (b"\x04\x22\x4d\x18", b"\x02\x21\x4c\x18")
    kinds = {b"\x28\xb5\x2f\xfd": "zstd", **dict.fromkeys(lz4, "lz4")}
    return kinds.get(head[at : at + 4], "") if at else ""


def bitlocker_to_go(head: bytes) -> str:
    """BitLocker To Go: a FAT boot sector with the BitLocker identifier at 424."""
    known = bytes.fromhex("3bd66749292ed84a8399f6a339e3d001")
    return "bitlocker" if head[424:440] == known else ""


_OLE_NAMES: Final = (
    ("WordDocument", "doc"),
    ("Workbook", "xls"),
    ("Book", "xls"),
    ("PowerPoint Document", "ppt"),
    ("VisioDocument", "vsd"),
    ("Quill", "pub"),
    ("Catalog", "thumbs-db"),
)
_VISTA_THUMB: Final = re.compile(r"[0-9]{2,4}_[0-9a-f]{8,16}")
"""Streams of a ``Thumbs.db`` since Vista: size and hash; older ones hold a ``Catalog``."""
_OLE_ROOT: Final = 5
"""Object type of the root entry."""
_OLE_SECTORS: Final = 32
"""Directory sectors looked at."""
_MSI_CLASS: Final = bytes.fromhex("84100c0000000000c000000000000046")


def ole(head: bytes) -> str:
    """Compound file (MS-CFB): told apart by its directory, where that lies in ``head``."""
    names = set()
    for entry in _ole_directory(head):
        name = entry[: max(0, _u16(entry, 64) - 2)].decode("utf-16-le", "replace")
        if name.startswith("__"):  # __nameid_version1.0, __substg1.0_...: MS-OXMSG
            return "msg"
        if entry[66] == _OLE_ROOT and entry[80:96] == _MSI_CLASS:
            return "msi"
        if _VISTA_THUMB.fullmatch(name):
            return "thumbs-db"
        names.add(name)
    found = next((kind for name, kind in _OLE_NAMES if name in names), "ole")
    return "doc" if found == "ole" and head[512:514] == b"\xec\xa5" else found  # FIB of Word


def _ole_directory(head: bytes) -> Iterator[bytes]:
    """Yield the directory entries that lie in ``head``, 128 bytes each, following the FAT."""
    shift = _u16(head, 30)
    if shift not in {9, 12}:
        return
    fat = (_u32(head, 76) + 1) << shift
    sector = _u32(head, 48)
    for _ in range(_OLE_SECTORS):
        start = (sector + 1) << shift
        for offset in range(start, start + (1 << shift), 128):
            entry = head[offset : offset + 128]
            if len(entry) == 128:
                yield entry
        link = fat + 4 * sector
        if sector >= 1 << (shift - 2) or link + 4 > len(head):
            return  # the next link stands in another sector of the FAT
        sector = _u32(head, link)


def dos_program(head: bytes) -> str:
    """``MZ``: a portable executable where the pointer at 60 leads to ``PE``."""
    pointer = _u32(head, 60)
    if head[pointer : pointer + 4] == b"PE\0\0":
        return "pe"
    pages, paragraphs = _u16(head, 4), _u16(head, 8)
    if 64 <= pointer < 1 << 16 and pointer + 4 > len(head):  # beyond the head
        return "pe"
    return "dos" if pages and paragraphs and paragraphs < 4096 else ""


def cafe_babe(head: bytes) -> str:
    """Java class or universal Mach-O: a count of architectures is small, a version is not."""
    number = int.from_bytes(head[4:8], "big")
    return "mach-o" if 0 < number < 30 else "java-class"


def font(head: bytes) -> str:
    """TrueType: a plausible number of tables and a first tag in letters."""
    count = int.from_bytes(head[4:6], "big")
    tag = head[12:16]
    letters = len(tag) == 4 and tag.isascii() and tag.replace(b"/", b"x").strip().isalnum()
    return "font" if 3 < count < 64 and letters else ""


def old_tar(head: bytes) -> str:
    """Tar before POSIX has no signature; the checksum of its first header must be right."""
    block = head[:512]
    if len(block) < 512 or not block[0]:
        return ""
    stored = block[148:156].strip(b"\0 ")
    if not stored or stored.strip(b"01234567"):
        return ""
    return "tar" if int(stored, 8) == sum(block) - sum(block[148:156]) + 256 else ""


def last_resort(head: bytes) -> str:
    """What has no signature at the start: a tar of old, a PDF behind junk, text."""
    if head.find(b"%PDF-", 0, 1024) >= 0:
        return "pdf"
    return old_tar(head) or text.sniff_text(head)
