"""Headers of tar archives: ustar, GNU and pax, and the tar before them.

Sources: POSIX.1-2017 (pax, "ustar Interchange Format" and "pax Header Block"), the GNU tar manual
("Basic Tar Format", "Storing Sparse Files") and libarchive's tar(5). Names stay raw bytes.
Nothing is kept from one member to the next but the global pax header.
"""

import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final, NamedTuple

from heroes_forensics.model import Moment
from heroes_forensics.parsers.base import Reader

BLOCK: Final = 512
ZEROS: Final = bytes(BLOCK)

_HEADER: Final = struct.Struct("<100s8s8s8s12s12s8sc100s8s32s32s8s8s155s12x")
_MAX_EXTENSION: Final = 16 << 20
"""Bytes of a pax header or of a GNU long name that are believed."""
_MAX_CHAIN: Final = 64
"""Extension headers before one member."""
_SPARSE_ENTRY: Final = 24
_OLD_SPARSE: Final = 4
_NEXT_SPARSE: Final = 21
"""Pairs in an old GNU header, and in each block that continues it."""
MAX_PAIRS: Final = 1 << 20
"""Pieces of a sparse member that are believed."""
_ADLER: Final = 65521

KEPT: Final = frozenset(
    {
        b"path",
        b"linkpath",
        b"size",
        b"mtime",
        b"atime",
        b"ctime",
        b"uid",
        b"LIBARCHIVE.creationtime",
        b"GNU.sparse.name",
        b"GNU.sparse.major",
        b"GNU.sparse.minor",
        b"GNU.sparse.size",
        b"GNU.sparse.realsize",
        b"GNU.sparse.map",
    }
)
"""Keywords that matter here."""


class DamagedError(Exception):
    """What stands here is no header, or one that cannot be believed."""


class Block(NamedTuple):
    """One header block as it stands."""

    name: bytes
    size: int
    mtime: int | None
    uid: int
    kind: bytes
    """Type flag."""
    continued: bool
    """Old GNU sparse: further blocks of pairs follow."""
    real_size: int
    """Old GNU sparse: length with its holes."""


@dataclass(slots=True)
class Member:
    """One member with all that its extension headers say."""

    start: int
    """Offset of its first header block, extension headers included."""
    data: int
    """Offset of its stored bytes."""
    stored: int
    """Bytes stored."""
    end: int
    """Offset of the header block after it."""
    name: bytes
    kind: bytes
    size: int
    """Length as a file, holes included."""
    uid: int = -1
    mtime: Moment | None = None
    atime: Moment | None = None
    ctime: Moment | None = None
    born: Moment | None = None
    is_pax: bool = False
    sparse: str = ""
    """``old``, ``0`` (pax 0.0 and 0.1) or ``1`` (pax 1.0); where the map is differs."""
    pairs: list[tuple[int, int]] = field(default_factory=list)
    """(offset, bytes) of what is stored, for the versions that have the map in a header."""


def is_header(block: bytes) -> bool:
    """Tell whether the checksum of a block is right: that of all bytes, its own as blanks.

    Some old programs added signed bytes; both are right.
    """
    if len(block) < BLOCK:
        return False
    stored = _octal(block[148:156])
    if stored is None:
        return False
    own = sum(block[148:156]) - 256
    # Adler-32's lower half is 1 + the sum modulo 65,521: ten times faster than adding here.
    if (1 + stored + own) % _ADLER == zlib.adler32(block) & 0xFFFF:
        return any(block)
    return stored == sum(b - 256 if b > 127 else b for b in block) - _signed(block[148:156]) + 256  # noqa: PLR2004


def _signed(data: bytes) -> int:
    return sum(b - 256 if b > 127 else b for b in data)  # noqa: PLR2004


def _octal(data: bytes) -> int | None:
    text = data.strip(b" \0").partition(b"\0")[0]
    if not text or text.strip(b"01234567"):
        return None
    return int(text, 8)


def _number(data: bytes) -> int:
    """Read octal digits or GNU base 256; an empty field is 0.

    Raises:
        DamagedError: it is neither.
    """
    if data[0] in {0x80, 0xFF}:
        value = int.from_bytes(data[1:], "big")
        return value - (1 << 8 * (len(data) - 1)) if data[0] == 0xFF else value  # noqa: PLR2004
    if data[0] & 0x80:
        raise DamagedError
    if not data.strip(b" \0"):
        return 0
    found = _octal(data)
    if found is None:
        raise DamagedError
    return found


def _lenient(data: bytes) -> int | None:
    try:
        return _number(data)
    except DamagedError:
        return None


def read_block(block: bytes) -> Block:
    """Read one header block.

    Raises:
        DamagedError: its checksum or its size is wrong.
    """
    if not is_header(block):
        raise DamagedError
    (name, _, uid, _, size, mtime, _, kind, _, magic, _, _, _, _, prefix) = _HEADER.unpack(block)
    name = name.partition(b"\0")[0]
    if magic.startswith(b"ustar\0") and kind not in b"LKxXg":
        prefix = prefix.partition(b"\0")[0]
        if prefix:
            name = prefix + b"/" + name
    length = _number(size)
    if length < 0:
        raise DamagedError
    is_sparse = kind == b"S"
    owner, real_size = _lenient(uid), _lenient(block[483:495]) if is_sparse else length
    return Block(
        name,
        length,
        _lenient(mtime),
        -1 if owner is None else owner,
        kind,
        is_sparse and bool(block[482]),
        length if real_size is None else real_size,
    )


def padded(size: int) -> int:
    """Round up to whole blocks."""
    return -(-size // BLOCK) * BLOCK


def _records(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    """Yield the (keyword, value) records of a pax header as far as they are sound."""
    at = 0
    while at < len(data):
        space = data.find(b" ", at, at + 12)
        if space < 0 or not data[at:space].isdigit():
            return
        end = at + int(data[at:space])
        key, sign, value = data[space + 1 : end - 1].partition(b"=")
        if end <= space or end > len(data) or not sign:
            return
        yield key, value
        at = end


def _decimal(value: bytes | None, otherwise: int) -> int:
    if value is None or not value.isdigit() or len(value) > 20:  # noqa: PLR2004
        return otherwise
    return int(value)


def _moment(value: bytes | None) -> Moment | None:
    """Read a pax time: decimal seconds with a fraction, possibly negative."""
    if value is None:
        return None
    negative = value.startswith(b"-")
    whole, _, fraction = value.removeprefix(b"-").partition(b".")
    if not whole.isdigit() or len(whole) > 15 or not (fraction or b"0").isdigit():  # noqa: PLR2004
        return None
    seconds, nanoseconds = int(whole), int(fraction[:9].ljust(9, b"0"))
    if not negative:
        return Moment(seconds, nanoseconds)
    if nanoseconds:
        return Moment(-seconds - 1, 10**9 - nanoseconds)
    return Moment(-seconds, 0)


def read_member(reader: Reader, start: int, defaults: dict[bytes, bytes]) -> Member | None:
    """Read the headers of the member at ``start``.

    Args:
        reader: the archive.
        start: offset of its first header block.
        defaults: the global pax header so far; changed when another one stands here.

    Returns:
        The member; None where only extension headers stand before the end.

    Raises:
        DamagedError: no sound header stands here.
        OSError: the archive cannot be read.
    """
    at = start
    long_name: bytes | None = None
    own: dict[bytes, bytes] = {}
    pairs: list[tuple[int, int]] = []
    for _ in range(_MAX_CHAIN):
        raw = reader.pread(at, BLOCK)
        if raw == ZEROS or not raw:
            return None
        block = read_block(raw)
        if block.kind not in b"LKxXg":
            return _member(reader, start, at, raw, block, long_name, {**defaults, **own}, pairs)
        if block.size > _MAX_EXTENSION:
            raise DamagedError
        data = reader.pread(at + BLOCK, block.size)
        if len(data) < block.size:
            raise DamagedError
        if block.kind == b"L":
            long_name = data.partition(b"\0")[0]
        elif block.kind in b"xXg":
            _take(data, defaults if block.kind == b"g" else own, pairs)
        at += BLOCK + padded(block.size)
    raise DamagedError


def _take(data: bytes, target: dict[bytes, bytes], pairs: list[tuple[int, int]]) -> None:
    """Keep the records that matter; pairs of pax 0.0 come one number a record."""
    offset = 0
    for key, value in _records(data):
        if key in KEPT:
            target[key] = value
        elif key == b"GNU.sparse.offset":
            offset = _decimal(value, 0)
        elif key == b"GNU.sparse.numbytes":
            pairs.append((offset, _decimal(value, 0)))


def _member(  # noqa: PLR0913, PLR0917 - the one place where all the headers come together
    reader: Reader,
    start: int,
    at: int,
    raw: bytes,
    block: Block,
    long_name: bytes | None,
    pax: dict[bytes, bytes],
    pairs: list[tuple[int, int]],
) -> Member:
    stored = _decimal(pax.get(b"size"), block.size)
    plain = None if block.mtime is None else Moment(block.mtime, 0)
    member = Member(
        start=start,
        data=at + BLOCK,
        stored=stored,
        end=0,
        name=pax.get(b"path") or long_name or block.name,
        kind=block.kind,
        size=stored,
        uid=_decimal(pax.get(b"uid"), block.uid),
        mtime=_moment(pax.get(b"mtime")) or plain,
        atime=_moment(pax.get(b"atime")),
        ctime=_moment(pax.get(b"ctime")),
        born=_moment(pax.get(b"LIBARCHIVE.creationtime")),
        is_pax=b"mtime" in pax,
        pairs=pairs,
    )
    if block.kind == b"S":
        member.sparse, member.size = "old", block.real_size
        member.pairs = _old_pairs(raw, 386, _OLD_SPARSE)
        more = block.continued
        while more:
            following = reader.pread(member.data, BLOCK)
            if len(following) < BLOCK or len(member.pairs) > MAX_PAIRS:
                raise DamagedError
            member.data += BLOCK
            member.pairs += _old_pairs(following, 0, _NEXT_SPARSE)
            more = bool(following[504])
    elif b"GNU.sparse.major" in pax or b"GNU.sparse.size" in pax or b"GNU.sparse.map" in pax:
        member.sparse = "1" if pax.get(b"GNU.sparse.major") == b"1" else "0"
        real = pax.get(b"GNU.sparse.realsize") or pax.get(b"GNU.sparse.size")
        member.size = _decimal(real, stored)
        member.name = pax.get(b"GNU.sparse.name") or member.name
        numbers = [_decimal(n, 0) for n in pax.get(b"GNU.sparse.map", b"").split(b",") if n]
        member.pairs += list(zip(numbers[::2], numbers[1::2], strict=False))
    _without_data(reader, member)
    member.end = member.data + padded(member.stored)
    return member


def _old_pairs(block: bytes, at: int, count: int) -> list[tuple[int, int]]:
    found = []
    for index in range(count):
        entry = block[at + index * _SPARSE_ENTRY : at + (index + 1) * _SPARSE_ENTRY]
        if entry[0] == 0:
            break
        found.append((_number(entry[:12]), _number(entry[12:])))
    return found


def _without_data(reader: Reader, member: Member) -> None:
    """Links, devices and directories state sizes that are not stored.

    A hard link is the exception: some pax archives store its bytes again. Where the next block
    is a header, they did not.
    """
    if member.kind in b"23456":
        member.stored = member.size = 0
    elif member.kind == b"1" and member.stored:
        following = reader.pread(member.data, BLOCK)
        if is_header(following) or following == ZEROS:
            member.stored = member.size = 0
