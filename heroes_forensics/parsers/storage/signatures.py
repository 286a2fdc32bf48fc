"""File systems, encryption and volume managers by their signature, supported or not.

Everything is decided from a few reads at fixed places; nothing is parsed. Sources of the values:
the file-system headers of the Linux kernel (``include/uapi/linux/magic.h`` and each file system's
on-disk header), util-linux ``libblkid``, and the libyal format documentation.
"""

import contextlib
import struct
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Final

from heroes_forensics.parsers.base import Reader
from heroes_forensics.parsers.storage.md_superblock import superblock

SUPPORTED: Final = frozenset(
    {
        "btrfs",
        "ntfs",
        "fat12",
        "fat16",
        "fat32",
        "exfat",
        "ext2",
        "ext3",
        "ext4",
        "hfs+",
        "iso9660",
        "jffs2",
        "squashfs",
        "ufs",
        "xfs",
    }
)
"""File systems that `heroes_forensics.parsers.volumes` opens."""

ENCRYPTED: Final = frozenset({"bitlocker", "luks1", "luks2", "corestorage"})
MANAGERS: Final = frozenset({"lvm2", "apfs", "md-raid"})

HEAD: Final = 0x11000
"""Bytes read at the start: up to and with the superblocks at 64 KiB."""

_SECTOR: Final = 512
_BOOT_MARK: Final = b"\x55\xaa"

_AT: Final[tuple[tuple[int, bytes, str], ...]] = (
    (0, b"\x45\x3d\xcd\x28", "cramfs"),
    (0, b"\x28\xcd\x3d\x45", "cramfs"),
    (0, b"-rom1fs-", "romfs"),
    (0, b"UBI#", "ubi"),
    (0, b"\x31\x18\x10\x06", "ubifs"),
    (3, b"ReFS\0\0\0\0", "refs"),
    (512 + 32, b"1SFB", "befs"),
    (1024 + 16, b"\x7f\x13", "minix"),
    (1024 + 16, b"\x8f\x13", "minix"),
    (1024 + 16, b"\x68\x24", "minix"),
    (1024 + 16, b"\x78\x24", "minix"),
    (1024 + 24, b"\x5a\x4d", "minix"),
    (1024, b"\xe2\xe1\xf5\xe0", "erofs"),
    (1024, b"\x10\x20\xf5\xf2", "f2fs"),
    (1024 + 6, b"\x34\x34", "nilfs2"),
    (4096 + 24, bytes.fromhex("c68573f64e1a45ca8265f57f48ba6d81"), "bcache"),
    (4096 + 24, bytes.fromhex("c68573f666ce90a9d96a60cf803df7ef"), "bcachefs"),
    (8192, b"\x22\x11\x19\x68", "qnx6"),
    (8192, b"\x68\x19\x11\x22", "qnx6"),
    (0, b"\x22\x11\x19\x68", "qnx6"),
    (0, b"\x68\x19\x11\x22", "qnx6"),
    (16 * 512, b"\x49\xe8\x95\xf9", "hpfs"),
    (8192 + 52, b"ReIsEr", "reiserfs"),
    (65536 + 52, b"ReIsEr", "reiserfs"),
    (65536, b"ReIsEr4", "reiser4"),
    (32768, b"JFS1", "jfs"),
    (65536, b"\x01\x16\x19\x70", "gfs2"),
    (4086, b"SWAPSPACE2", "swap"),
    (4086, b"SWAP-SPACE", "swap"),
    (4086, b"S1SUSPEND", "swap"),
    (16384 - 10, b"SWAPSPACE2", "swap"),
    (65536 - 10, b"SWAPSPACE2", "swap"),
    (0, b"\xfc\x4e\x2b\xa9", "md-raid"),
    (4096, b"\xfc\x4e\x2b\xa9", "md-raid"),
    (0, b"PRIVHEAD", "ldm"),
    (6 * 512, b"PRIVHEAD", "ldm"),
)
"""Recognised and not opened: (offset, bytes, name). Offsets lie inside `HEAD`."""

_FAR: Final[tuple[tuple[int, bytes, str], ...]] = (
    (0x100000, b"\x0d\xd0\x01\xc0", "vmfs"),
    (0x200000, b"\x5e\xf1\xab\x2f", "vmfs"),
)

_JFFS2: Final = (
    (b"\x85\x19", frozenset({b"\x01\xe0", b"\x02\xe0", b"\x03\x20", b"\x04\x20", b"\x06\x20"})),
    (b"\x19\x85", frozenset({b"\xe0\x01", b"\xe0\x02", b"\x20\x03", b"\x20\x04", b"\x20\x06"})),
)
_SQUASHED: Final = {1: "gzip", 2: "lzma", 3: "lzo", 4: "xz", 5: "lz4", 6: "zstd"}
"""Kernel documentation, ``squashfs_fs.h``."""
_MOST_DEVICES: Final = 1 << 20
"""A btrfs that says it has more says nothing."""
_MINIX3: Final = 0x4D5A
_MINIX2: Final = 0x24
_AMIGA_FLAVOURS: Final = 7
_UFS_SUPERBLOCKS: Final = (8192, 65536, 262144)
_UFS_MAGIC_AT: Final = 1372
_UFS_MAGICS: Final = frozenset(
    {b"\x54\x19\x01\x00", b"\x00\x01\x19\x54", b"\x19\x01\x54\x19", b"\x19\x54\x01\x19"}
)
_ZFS_UBERBLOCKS: Final = (128 * 1024, 256 * 1024 + 128 * 1024)
_ZFS_MAGICS: Final = frozenset({b"\x0c\xb1\xba\x00\0\0\0\0", b"\0\0\0\0\x00\xba\xb1\x0c"})
_MD_MAGIC: Final = b"\xfc\x4e\x2b\xa9"
_BITLOCKER_TO_GO: Final = bytes.fromhex("3bd66749292ed84a8399f6a339e3d001")
_BITLOCKER_TO_GO_AT: Final = 424


@dataclass(frozen=True, slots=True)
class Recognised:
    """What the signature says."""

    name: str
    size: int = -1
    """Bytes that the file system says it occupies; -1 when it was not read."""
    also: tuple[str, ...] = ()
    """Further file systems on the same bytes: UDF beside ISO 9660."""
    detail: Mapping[str, int | str] = field(default_factory=dict)
    """Version and the like of what is not read: what another tool has to be able to do."""
    closed: bool = False
    """Whether it is not read though others of its name are."""

    @property
    def family(self) -> str:
        """``file-system``, ``encrypted``, ``manager`` or ``unsupported``."""
        if self.name in SUPPORTED and not self.closed:
            return "file-system"
        if self.name in ENCRYPTED:
            return "encrypted"
        return "manager" if self.name in MANAGERS else "unsupported"


def recognise(reader: Reader, *, members: bool = True) -> Recognised | None:
    """Name what lies at the start of ``reader``, or None.

    A sound superblock of Linux md is looked for first: what else is there may be what it was
    before, or the first bytes of the array. With ``members`` False it is not.

    Bad sectors hide only what lies in them: the rest of the start is looked at all the same.

    Raises:
        OSError: part of the start could not be read, and the rest says nothing.
    """
    if members and superblock(reader) is not None:
        return Recognised("md-raid")
    failure: OSError | None = None
    try:
        head = reader.pread(0, HEAD)
    except OSError as error:
        head, failure = _around(reader), error
    found = _of(head)
    if found is None:
        # A bad sector there leaves the answer that the head gave: nothing known.
        with contextlib.suppress(OSError):
            found = _far(reader)
    if found is None and failure is not None:
        raise failure
    return found


def _around(reader: Reader) -> bytes:
    """Read the start sector by sector; what cannot be read counts as zeros, here and only here."""
    parts = []
    for at in range(0, min(HEAD, reader.size), _SECTOR):
        try:
            parts.append(reader.pread(at, _SECTOR))
        except OSError:
            parts.append(bytes(_SECTOR))
    return b"".join(parts)


def _of(head: bytes) -> Recognised | None:
    for check in _CHECKS:
        if (found := check(head)) is not None:
            return found
    for offset, magic, name in _AT:
        if head.startswith(magic, offset):
            return Recognised(name, detail=_detail(name, head))
    return _jffs2(head) or _amiga(head)


def _u(form: str, data: bytes, offset: int) -> int:
    """Unpack one integer; 0 beyond the end."""
    size = struct.calcsize(form)
    piece = data[offset : offset + size]
    return int(struct.unpack(form, piece)[0]) if len(piece) == size else 0


def _encrypted(head: bytes) -> Recognised | None:
    if head.startswith(b"LUKS\xba\xbe"):
        return Recognised("luks2" if _u(">H", head, 6) > 1 else "luks1")
    if head.startswith(b"-FVE-FS-", 3) or head.startswith(_BITLOCKER_TO_GO, _BITLOCKER_TO_GO_AT):
        return Recognised("bitlocker")
    if head.startswith(b"CS", 88) and _u("<H", head, 10) == 0x10:  # noqa: PLR2004 (block type)
        return Recognised("corestorage")
    return None


def _ntfs(head: bytes) -> Recognised | None:
    if not head.startswith(b"NTFS    ", 3):
        return None
    # The last sector, a copy of the first, is not part of the count.
    return Recognised("ntfs", (_u("<Q", head, 40) + 1) * _u("<H", head, 11))


def _exfat(head: bytes) -> Recognised | None:
    shift = _u("<B", head, 108)
    if not head.startswith(b"EXFAT   ", 3) or not 9 <= shift <= 12:  # noqa: PLR2004 (512 to 4096)
        return None
    return Recognised("exfat", _u("<Q", head, 72) << shift)


def _fat(head: bytes) -> Recognised | None:
    """Check a BIOS parameter block (Microsoft FAT specification 1.03, sections 3.1 and 3.5)."""
    sector, cluster = _u("<H", head, 11), _u("<B", head, 13)
    reserved, tables, roots = _u("<H", head, 14), _u("<B", head, 16), _u("<H", head, 17)
    sectors = _u("<H", head, 19) or _u("<I", head, 32)
    table = _u("<H", head, 22) or _u("<I", head, 36)
    if sector not in {512, 1024, 2048, 4096} or cluster == 0 or cluster & (cluster - 1):
        return None
    if not reserved or tables not in {1, 2, 3, 4} or not sectors or not table:
        return None
    media = _u("<B", head, 21)
    jump = head[:1] == b"\xe9" or (head[:1] == b"\xeb" and head[2:3] == b"\x90")
    mark = head[510:512] == _BOOT_MARK
    if media not in {0xF0, *range(0xF8, 0x100)} or not (jump or mark):
        return None
    data = sectors - reserved - tables * table - (roots * 32 + sector - 1) // sector
    if data <= 0:
        return None
    clusters = data // cluster
    if not _u("<H", head, 22) and not roots:
        name = "fat32"
    else:
        name = "fat12" if clusters < 4085 else "fat16"  # noqa: PLR2004 (specification 3.5)
    return Recognised(name, sectors * sector)


def _apfs(head: bytes) -> Recognised | None:
    if not head.startswith(b"NXSB", 32):
        return None
    return Recognised("apfs", _u("<I", head, 36) * _u("<Q", head, 40))


def _xfs(head: bytes) -> Recognised | None:
    if not head.startswith(b"XFSB"):
        return None
    return Recognised("xfs", _u(">I", head, 4) * _u(">Q", head, 8))


def _lvm(head: bytes) -> Recognised | None:
    for offset in range(0, 4 * _SECTOR, _SECTOR):
        if head.startswith(b"LABELONE", offset) and head.startswith(b"LVM2 001", offset + 24):
            return Recognised("lvm2")
    return None


def _ext(head: bytes) -> Recognised | None:
    """Tell ext2, 3 and 4 apart as blkid does, by feature words of the superblock."""
    if not head.startswith(b"\x53\xef", 1024 + 56):
        return None
    compatible, incompatible, read_only = struct.unpack_from("<III", head, 1024 + 92)
    shift = _u("<I", head, 1024 + 24)
    if shift > 6:  # noqa: PLR2004 (64 KiB blocks are the largest)
        return None
    blocks = _u("<I", head, 1024 + 4)
    if incompatible & 0x80:
        blocks |= _u("<I", head, 1024 + 0x150) << 32
    size = blocks << (10 + shift)
    if incompatible & 0x8:
        return Recognised("ext-journal", size)
    if incompatible & ~0x16 or read_only & ~0x7:
        return Recognised("ext4", size)
    return Recognised("ext3" if compatible & 0x4 else "ext2", size)


def _hfs(head: bytes) -> Recognised | None:
    mark = head[1024:1026]
    if mark in {b"H+", b"HX"} and _u(">H", head, 1026) in {4, 5}:
        return Recognised("hfs+", _u(">I", head, 1024 + 40) * _u(">I", head, 1024 + 44))
    if mark == b"BD" and _u(">I", head, 1024 + 20) % _SECTOR == 0 and _u(">I", head, 1024 + 20):
        wrapped = head[1024 + 0x7C : 1024 + 0x7E] in {b"H+", b"HX"}
        return Recognised("hfs+" if wrapped else "hfs")
    return None


def _iso(head: bytes) -> Recognised | None:
    """Look for ISO 9660 and UDF descriptors (ECMA-119 section 8, ECMA-167 part 2 section 9)."""
    names = {head[at + 1 : at + 6] for at in range(32768, len(head) - 6, 2048)}
    udf = bool(names & {b"NSR02", b"NSR03"})
    if b"CD001" in names:
        size = _u("<I", head, 32768 + 80) * _u("<H", head, 32768 + 128)
        return Recognised("iso9660", size, ("udf",) if udf else ())
    return Recognised("udf") if udf else None


def _btrfs(head: bytes) -> Recognised | None:
    if not head.startswith(b"_BHRfS_M", 65536 + 64):
        return None
    devices = min(_u("<Q", head, 65536 + 0x88), _MOST_DEVICES)
    return Recognised("btrfs", _u("<Q", head, 65536 + 0xC9 + 8), detail={"devices": devices})


def _squashfs(head: bytes) -> Recognised | None:
    if not head.startswith((b"hsqs", b"sqsh")):
        return None
    order = "<" if head.startswith(b"hsqs") else ">"
    version = _version(_u(f"{order}H", head, 28), _u(f"{order}H", head, 30))
    compression = _SQUASHED.get(_u(f"{order}H", head, 20), "other")
    detail = {"version": version, "compression": compression}
    if order == ">" or version != "4.0" or compression == "other":
        return Recognised("squashfs", detail=detail, closed=True)
    return Recognised("squashfs", _u("<Q", head, 40), detail=detail)


def _ufs(head: bytes) -> Recognised | None:
    for start in _UFS_SUPERBLOCKS[:2]:
        if head[start + _UFS_MAGIC_AT :][:4] in _UFS_MAGICS:
            return Recognised("ufs")
    return None


def _detail(name: str, head: bytes) -> dict[str, int | str]:
    """Return what the superblock says of its own version; nothing where that is not looked at."""
    if name == "f2fs":
        return {"version": _version(_u("<H", head, 1028), _u("<H", head, 1030))}
    if name == "refs":
        return {"version": _version(_u("<B", head, 40), _u("<B", head, 41))}
    if name == "minix":
        found = _u("<H", head, 1024 + 24)
        return {"version": 3 if found == _MINIX3 else 1 + (head[1041] == _MINIX2)}
    return {}


def _version(major: int, minor: int) -> str:
    return f"{major}.{minor}"


def _jffs2(head: bytes) -> Recognised | None:
    for magic, kinds in _JFFS2:
        if head.startswith(magic) and head[2:4] in kinds:
            return Recognised("jffs2")
    return None


def _amiga(head: bytes) -> Recognised | None:
    if head.startswith(b"DOS") and len(head) > _SECTOR and head[3] <= _AMIGA_FLAVOURS:
        return Recognised("affs")
    return None


def _far(reader: Reader) -> Recognised | None:
    """Look at the places outside the head: VMFS, ZFS, UFS at 256 KiB, md at the end."""
    size = reader.size
    for offset, magic, name in _FAR:
        if offset + len(magic) <= size and reader.pread(offset, len(magic)) == magic:
            return Recognised(name)
    for offset in _ZFS_UBERBLOCKS:
        ring = reader.pread(offset, 128 * 1024) if offset < size else b""
        if any(ring[at : at + 8] in _ZFS_MAGICS for at in range(0, len(ring), 1024)):
            return Recognised("zfs")
    start = _UFS_SUPERBLOCKS[2] + _UFS_MAGIC_AT
    if start < size and reader.pread(start, 4) in _UFS_MAGICS:
        return Recognised("ufs")
    # md: version 1.0 keeps its superblock 8 KiB, version 0.90 64 to 128 KiB before the end.
    for offset in ((size // _SECTOR - 16) // 8 * 8 * _SECTOR, size // 65536 * 65536 - 65536):
        if offset > 0 and reader.pread(offset, 4) == _MD_MAGIC:
            return Recognised("md-raid")
    return None


_CHECKS: Final[tuple[Callable[[bytes], Recognised | None], ...]] = (
    _encrypted,
    _ntfs,
    _exfat,
    _apfs,
    _xfs,
    _squashfs,
    _fat,
    _lvm,
    _iso,
    _ext,
    _hfs,
    _ufs,
    _btrfs,
)
