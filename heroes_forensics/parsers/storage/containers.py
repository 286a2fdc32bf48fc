"""Which container a file is, by signature: images that are read, images that are not, archives.

Sources of the signatures: the format documentation of the libyal project, QEMU ``docs/interop``,
the Virtual Hard Disk and VHDX specifications, the AFF4 standard, POSIX.1-2017 (ustar), and
PKWARE APPNOTE.TXT 6.3.
"""

from typing import Final

from heroes_forensics.parsers.base import Reader

_BLOCK: Final = 512
_TYPE_HEAD: Final = 65536

UNREAD: Final[dict[str, str]] = {
    "ewf-logical": "a logical evidence file (L01, Lx01)",
    "aff": "an AFF image (version 1 to 3)",
    "ad1-encrypted": "an encrypted AD1 logical image",
    "vdi": "a VirtualBox disk (VDI)",
    "asif": "an Apple sparse image (ASIF)",
    "parallels": "a Parallels disk",
    "vmdk-sesparse": "a VMDK in SE sparse format",
    "dmg-encrypted": "an encrypted DMG",
    "vma": "a Proxmox backup (VMA)",
    "wim": "a Windows image (WIM)",
    "partclone": "a partclone image",
}
"""Recognised and not read, with words for the message."""

OF_FILES: Final = frozenset({"ewf-logical", "ad1-encrypted"})
"""Those of them that hold files: no disk image can be made of one."""

LOGICAL: Final = frozenset({"ad1"})
"""Containers of files: each is one volume, opened by the parser of its name."""

_HEADS: Final[tuple[tuple[int, bytes, str], ...]] = (
    (0, b"EVF\x09\x0d\x0a\xff\x00", "ewf"),
    (0, b"EVF2\x0d\x0a\x81\x00", "ewf"),
    (0, b"LVF\x09\x0d\x0a\xff\x00", "ewf-logical"),
    (0, b"LEF2\x0d\x0a\x81\x00", "ewf-logical"),
    (0, b"vhdxfile", "vhdx"),
    (0, b"KDMV", "vmdk"),
    (0, b"COWD", "vmdk"),
    (0, b"# Disk DescriptorFile", "vmdk"),
    (0, b"\xbe\xba\xfe\xca\x00\x00\x00\x00", "vmdk-sesparse"),
    (0, b"sprs", "dmg"),
    (0, b"encrcdsa", "dmg-encrypted"),
    (64, b"\x7f\x10\xda\xbe", "vdi"),
    (0, b"shdw", "asif"),
    (0, b"WithoutFreeSpace", "parallels"),
    (0, b"WithouFreSpacExt", "parallels"),
    (0, b"AFF10\r\n\0", "aff"),
    (0, b"ADSEGMENTEDFILE", "ad1"),
    (0, b"ADCRYPT\0", "ad1-encrypted"),
    (0, b"VMA\0", "vma"),
    (0, b"MSWIM\0\0\0", "wim"),
    (0, b"partclone-image", "partclone"),
)
_ENDS: Final = (
    (b"koly", "dmg"),
    (b"conectix", "vhd"),
)
_ZIPS: Final = (b"PK\x03\x04", b"PK\x05\x06", b"PK\x07\x08PK\x03\x04", b"PK00PK\x03\x04")
_AFF4_MEMBERS: Final = (b"container.description", b"version.txt", b"information.turtle")
_FIRST_NAME_AT: Final = 30
_END_RECORD: Final = 22
"""Bytes of the end record of a zip before its comment."""


def container_of(base: Reader) -> str | None:
    """Name the image container, or None when it is raw or nothing known.

    Where the start or the end cannot be read, it holds no signature: a device with bad sectors
    is raw.
    """
    head = _soft(base, 0)
    for offset, magic, name in _HEADS:
        if head.startswith(magic, offset):
            return name
    if head.startswith(b"QFI\xfb"):
        return "qcow" if head[4:8] == b"\0\0\0\x01" else "qcow2"
    end = _soft(base, max(0, base.size - _BLOCK))
    if head.startswith(b"conectix"):
        return "vhd"
    if head.startswith(b"PK\x03\x04"):
        return "aff4" if _is_aff4(base, end) else None
    return next((name for magic, name in _ENDS if end.startswith(magic)), None)


def _soft(base: Reader, offset: int) -> bytes:
    try:
        return base.pread(offset, _BLOCK)
    except OSError:
        return b""


def _is_aff4(base: Reader, end: bytes) -> bool:
    """AFF4 is a zip whose comment is the name of the volume, or whose first member is fixed."""
    head = _soft(base, 0)
    length = int.from_bytes(head[26:28], "little")
    first = head[_FIRST_NAME_AT : _FIRST_NAME_AT + length]
    record = end.rfind(b"PK\x05\x06")
    return (
        first in _AFF4_MEMBERS
        or first.startswith(b"aff4%3A")
        or (record >= 0 and end.startswith(b"aff4://", record + _END_RECORD))
    )


def content_of(base: Reader) -> tuple[str, str]:
    """Say what kind of source a file is that is no image, and of which type.

    Returns:
        (kind, type): ``archive`` (``tar`` or ``zip``), ``packed`` (something that has to be
        unpacked first), ``file`` (a known type of single file, documents that are a zip inside
        among them) or ``unknown``.

    Raises:
        OSError: the file could not be read.
    """
    from heroes_forensics import filetype  # noqa: PLC0415 (a large table, seldom needed)

    head = base.pread(0, _TYPE_HEAD)
    found = filetype.TYPES[filetype.sniff(head)]
    if found.file_class == filetype.FileClass.ARCHIVE or found.name == "unknown":
        if head.startswith(_ZIPS):
            return "archive", "zip"
        if _is_tar(head[:_BLOCK]):
            return "archive", "tar"
        return ("unknown", "") if found.name == "unknown" else ("packed", found.name)
    return "file", found.name


def _is_tar(head: bytes) -> bool:
    """Check the header checksum, which the oldest tar has too (POSIX.1-2017 pax, ustar)."""
    if len(head) < _BLOCK or not head[0]:
        return False
    field = head[148:156].strip(b" \0")
    try:
        stored = int(field, 8)
    except ValueError:
        return False
    blanked = head[:148] + b" " * 8 + head[156:]
    signed = sum(byte - 256 if byte > 127 else byte for byte in blanked)  # noqa: PLR2004
    return stored in {sum(blanked), signed} and stored > 8 * ord(" ")
