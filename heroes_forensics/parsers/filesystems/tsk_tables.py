"""What The Sleuth Kit calls things, and what each file system records.

Numbers are those of ``tsk/fs/tsk_fs.h`` of The Sleuth Kit; they are compared as integers because
its enumerations cost a call each. Resolutions are those of the formats: [MS-FSCC] 2.1.1 for NTFS,
the FAT specification (fatgen103) 6, the exFAT specification 7.4, TN1150 for HFS+, ECMA-119 9.1.5.
"""

from typing import Final

import pytsk3

from heroes_forensics.model import TimeBasis, TimeRule

NAME_ALLOCATED: Final = 1
META_ALLOCATED: Final = 1

REGULAR: Final = 1
DIRECTORY: Final = 2
SYMLINK: Final = 6
VIRTUAL: Final = 10
VIRTUAL_DIRECTORY: Final = 11
UNDEFINED: Final = 0

ATTRIBUTE_RESIDENT: Final = 4
ATTRIBUTE_ENCRYPTED: Final = 16
ATTRIBUTE_COMPRESSED: Final = 32
ATTRIBUTE_SPARSE: Final = 64

RUN_FILLER: Final = 1
RUN_SPARSE: Final = 2

TYPE: Final = 0xFFFFFFFF
"""Types of attributes have 32 bits, of which The Sleuth Kit takes the highest for a sign."""


def to_kit(kind: int) -> int:
    """Return the type of an attribute as The Sleuth Kit takes it."""
    return kind - (TYPE + 1) if kind >> 31 else kind


DEFAULT: Final = 1
NTFS_STANDARD: Final = 16
NTFS_LIST: Final = 32
NTFS_NAME: Final = 48
NTFS_SECURITY: Final = 80
NTFS_DATA: Final = 128
NTFS_INDEX_ROOT: Final = 144
NTFS_INDEX: Final = 160
NTFS_BITMAP: Final = 176
NTFS_BITMAP_FILE: Final = 6
NTFS_REPARSE: Final = 192
NTFS_FACTS: Final = frozenset({NTFS_STANDARD, NTFS_REPARSE})
NTFS_INDEXES: Final = frozenset({NTFS_INDEX_ROOT, NTFS_INDEX, NTFS_BITMAP})
NTFS_OWN: Final = NTFS_INDEXES | {NTFS_LIST, NTFS_NAME}
"""Attributes that are read for what they say, whatever their size: lists of attributes, names, and
the index of a directory, which has one name."""
INDEX: Final = b"$I30"
HFS_DATA: Final = 4352
HFS_RESOURCE: Final = 4353
HFS_ATTRIBUTE: Final = 4354
HFS_EXTRA: Final = frozenset({HFS_RESOURCE, HFS_ATTRIBUTE})
SMALL: Final = 512
"""Bytes up to which an extended attribute of HFS+ is no stream of its own: quarantine marks and
the like, which The Sleuth Kit gives without saying which. Likewise an attribute of NTFS that is no
data: security descriptors, object identifiers, tags and their like."""

STREAMS: Final = frozenset({DEFAULT, NTFS_DATA, HFS_DATA, HFS_RESOURCE})
"""Attribute types that hold content of the user."""

_KINDS: Final = {
    "NTFS": "ntfs",
    "FAT12": "fat12",
    "FAT16": "fat16",
    "FAT32": "fat32",
    "EXFAT": "exfat",
    "EXT2": "ext2",
    "EXT3": "ext3",
    "EXT4": "ext4",
    "HFS": "hfsplus",
    "ISO9660": "iso9660",
    "FFS1": "ufs1",
    "FFS1B": "ufs1",
    "FFS2": "ufs2",
}
KINDS: Final = {int(getattr(pytsk3, f"TSK_FS_TYPE_{name}")): kind for name, kind in _KINDS.items()}
"""Number of The Sleuth Kit to our word."""

_TYPES: Final = {
    "ntfs": ("NTFS",),
    "fat": ("FAT_DETECT", "FAT32"),
    "exfat": ("EXFAT",),
    "ext": ("EXT_DETECT",),
    "hfs": ("HFS_DETECT",),
    "iso": ("ISO9660_DETECT",),
    "ufs": ("FFS_DETECT",),
    "": ("DETECT", "NTFS", "FAT32"),
}
"""What to try, by the start of the kind. Detection gives up on a FAT32 of few clusters, and on
NTFS with the remains of a superblock of another file system."""


def types_of(kind: str) -> tuple[int, ...]:
    """Return the types to try when a volume is expected to be ``kind`` (or anything, if empty)."""
    names = next(row for prefix, row in _TYPES.items() if kind.startswith(prefix))
    return tuple(int(getattr(pytsk3, f"TSK_FS_TYPE_{name}")) for name in names)


_SECOND: Final = 1_000_000_000
_UTC: Final = "utc"
_LOCAL: Final = "local-unknown"
_NTFS: Final = TimeRule(100, _UTC)
_ONE_SECOND: Final = TimeRule(_SECOND, _UTC)
_ONE_NANOSECOND: Final = TimeRule(1, _UTC)
_FAT: Final[TimeBasis] = {
    "m": TimeRule(2 * _SECOND, _LOCAL),
    "a": TimeRule(86_400 * _SECOND, _LOCAL),
    "b": TimeRule(10_000_000, _LOCAL),
}

TIMES: Final[dict[str, TimeBasis]] = {
    "ntfs": dict.fromkeys("macb", _NTFS),
    "fat12": _FAT,
    "fat16": _FAT,
    "fat32": _FAT,
    "exfat": {
        "m": TimeRule(10_000_000, _LOCAL),
        "a": TimeRule(2 * _SECOND, _LOCAL),
        "b": TimeRule(10_000_000, _LOCAL),
    },
    "ext2": dict.fromkeys("mac", _ONE_SECOND),
    "ext3": dict.fromkeys("mac", _ONE_SECOND),
    "ext4": dict.fromkeys("macb", _ONE_NANOSECOND),
    "hfsplus": dict.fromkeys("macb", _ONE_SECOND),
    "iso9660": {"b": TimeRule(_SECOND, _LOCAL)},
    "ufs1": dict.fromkeys("mac", _ONE_NANOSECOND),
    "ufs2": dict.fromkeys("macb", _ONE_NANOSECOND),
}
"""How the four times of each kind are stored. exFAT may record an offset from UTC per time, which
The Sleuth Kit does not give, and ISO 9660 one per volume: both stay local here."""

LIE_IN_RUNS: Final = ("ntfs", "fat", "exfat", "ext", "hfsplus")
"""Kinds whose streams are, byte for byte, what lies in their runs, but for what the runs and the
records of the MFT say."""

DATA: Final = {"ntfs": NTFS_DATA, "hfsplus": HFS_DATA}
"""Type of the attribute that is the file itself, where it is not `DEFAULT`."""

LINK_TAGS: Final = frozenset({0xA000000C, 0xA0000003, 0xA000001D})
"""Reparse tags of symbolic links, mount points and links of the Linux subsystem; these and the
next are listed in [MS-FSCC] 2.1.2.1."""
PLAIN_TAGS: Final = frozenset({0x80000019, 0x8000001B, 0x80000023, 0x80000024, 0x80000025})
"""Tags that only mark a file whose content is where it always is: global reparse, application
execution link, Unix socket, FIFO and device. Any other tag says the content is kept by a filter:
compressed by WOF, deduplicated, or in a cloud. A file of a cloud keeps its tag when it is here."""
FILTER_TAGS: Final = frozenset(
    {0x80000006, 0x80000007, 0x80000008, 0x80000013, 0x80000017, 0xC0000004}
)
"""Tags whose filter gives other bytes than the file has: HSM, SIS, WIM, deduplication, WOF."""
AWAY: Final = 0x441000
"""Attributes of a file whose content is not here: offline, recalled when opened or read
([MS-FSCC] 2.6)."""

_NTFS_RESERVED: Final = 24
_NTFS_ROOT: Final = 5
_HFS_RESERVED: Final = 16
_EXFAT_FILES: Final = frozenset({b"$VOLUME_GUID", b"$ALLOC_BITMAP", b"$UPCASE_TABLE"})
BAD_CLUSTERS: Final = b"$Bad"
NTFS_METADATA_STREAMS: Final = frozenset(
    {BAD_CLUSTERS, b"$Config", b"$Info", b"$J", b"$Max", b"$SDS", b"$T", b"$TOPS", b"$Verify"}
)
"""Named streams NTFS itself adds to its own files."""


OWNERS: Final = frozenset({"ntfs", "hfsplus", "exfat"})
"""File systems that list files of their own."""


def is_metadata(kind: str, address: int, path: bytes, created: int) -> bool:
    """Tell whether a file belongs to the file system itself.

    NTFS keeps MFT records 0 to 23 for itself and names them with a dollar sign, HFS+ the catalog
    node IDs 3 to 15 (TN1150, reserved CNIDs); The Sleuth Kit gives the tables of exFAT names and
    no times.
    """
    if kind == "ntfs":
        return address < _NTFS_RESERVED and address != _NTFS_ROOT and path.startswith(b"$")
    if kind == "hfsplus":
        return DIRECTORY < address < _HFS_RESERVED
    return kind == "exfat" and not created and path in _EXFAT_FILES
