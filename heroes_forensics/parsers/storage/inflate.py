"""Inflating one zlib stream of bounded length: with libdeflate, else with ISA-L or zlib.

All three check the stream's own Adler-32, and refuse a stream that is cut or too long. libdeflate
takes three quarters of the time of ISA-L. It has one word for whatever is wrong, so that a stream
it refuses is given to the next, which says what.

ISA-L also takes two kinds of stream that zlib refuses although the damaged bit changes no byte of
what comes out: a set of distance codes that is not complete, and a window size that no encoder
writes. The second is refused here; the first is not, and the checksum has shown that the bytes are
right.
"""

import zlib
from collections.abc import Callable
from typing import Final

try:
    import deflate
except ImportError:  # there are wheels for every platform that scanning is for
    _LIBDEFLATE = False
else:
    _LIBDEFLATE = True
try:
    from isal import igzip_lib, isal_zlib
except ImportError:  # likewise
    _ISAL = False
else:
    _ISAL = True

_MOST: Final = 1 << 31
"""Bytes that libdeflate's binding counts."""
_LARGEST_WINDOW: Final = 0x7F
"""The first byte of a stream (RFC 1950): the upper half is the window size, at most 7."""

DAMAGED: Final = "a compressed stream is damaged"
CUT: Final = "a compressed stream is cut off or longer than stated"


def with_zlib(raw: bytes, limit: int) -> bytes:
    """Inflate with zlib; as `inflate`."""
    unpacker = zlib.decompressobj()
    try:
        data = unpacker.decompress(raw, limit + 1)
    except zlib.error as error:
        raise OSError(DAMAGED) from error
    if not unpacker.eof or len(data) > limit:
        raise OSError(CUT)
    return data


def with_isal(raw: bytes, limit: int) -> bytes:
    """Inflate with ISA-L; as `inflate`."""
    unpacker = igzip_lib.IgzipDecompressor(igzip_lib.DECOMP_ZLIB)
    try:
        data = unpacker.decompress(raw, limit + 1)
    except igzip_lib.IsalError as error:  # type: ignore[misc]  # its stub calls a class an object
        raise OSError(DAMAGED) from error
    if not unpacker.eof or len(data) > limit:
        raise OSError(CUT)
    if raw[0] > _LARGEST_WINDOW:
        raise OSError(DAMAGED)
    return data


_second: Final = with_isal if _ISAL else with_zlib


def with_libdeflate(raw: bytes, limit: int) -> bytes:
    """Inflate with libdeflate, which is told how long the stream may be; as `inflate`."""
    if not 0 < limit <= _MOST:  # to libdeflate's binding 0 is no limit
        return _second(raw, limit)
    try:
        return bytes(deflate.zlib_decompress(raw, limit))
    except deflate.DeflateError:
        return _second(raw, limit)


inflate: Final[Callable[[bytes, int], bytes]] = with_libdeflate if _LIBDEFLATE else _second
"""Return what the zlib stream at the start of ``raw`` holds, at most ``limit`` bytes.

What follows the stream is ignored. `OSError` where it is damaged, cut off, does not fit its
checksum, or holds more.
"""

adler32: Final[Callable[[bytes], int]] = isal_zlib.adler32 if _ISAL else zlib.adler32
"""Return the Adler-32 (RFC 1950) of some bytes."""
