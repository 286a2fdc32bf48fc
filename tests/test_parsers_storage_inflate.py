import random
import zlib
from collections.abc import Callable
from typing import Final

import deflate
import pytest
from hypothesis import given
from hypothesis import strategies as st

from heroes_forensics.parsers.storage import inflate as inflating
from heroes_forensics.parsers.storage.inflate import (
    adler32,
    inflate,
    with_isal,
    with_libdeflate,
    with_zlib,
)

TEXT: Final = b"".join(
    b"%d bottles of %x on the wall\n" % (number, number * 7919) for number in range(2000)
)
NOISE: Final = random.Random(5).randbytes(4000)  # noqa: S311
ALL: Final = (with_libdeflate, with_isal, with_zlib)


def packed(size: int, level: int, window: int, strategy: int) -> tuple[bytes, bytes]:
    data = TEXT[:size] if size % 3 else NOISE[: size // 2] + TEXT[: size // 2]
    packer = zlib.compressobj(level, zlib.DEFLATED, window, 8, strategy)
    return data, packer.compress(data) + packer.flush()


def result(read: Callable[[bytes, int], bytes], raw: bytes, limit: int) -> bytes | None:
    try:
        return read(raw, limit)
    except OSError:
        return None


def deflated(raw: bytes, limit: int) -> bytes | None:
    """Return what libdeflate makes of a stream, without anybody behind it."""
    try:
        return bytes(deflate.zlib_decompress(raw, limit))
    except deflate.DeflateError:
        return None


streams = st.builds(
    packed,
    st.sampled_from([1, 40, 300, 3000, 32768]),
    st.sampled_from([1, 6, 9]),
    st.sampled_from([9, 12, 15]),
    st.sampled_from(
        [zlib.Z_DEFAULT_STRATEGY, zlib.Z_HUFFMAN_ONLY, zlib.Z_RLE, zlib.Z_FIXED, zlib.Z_FILTERED]
    ),
)
edits = st.lists(st.tuples(st.integers(0, 60_000), st.integers(1, 255)), min_size=1, max_size=3)


def test_libdeflate_is_what_chunks_are_inflated_with() -> None:
    assert inflate is with_libdeflate


def test_what_libdeflate_takes_is_not_inflated_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(inflating, "_second", None)
    assert inflate(zlib.compress(TEXT[:500]), 500) == TEXT[:500]
    assert inflate(zlib.compress(TEXT[:500]), 32768) == TEXT[:500]


@given(streams, st.binary(max_size=9))
def test_a_sound_stream_gives_its_bytes_and_what_follows_does_not_matter(
    stream: tuple[bytes, bytes], rest: bytes
) -> None:
    data, raw = stream
    for read in ALL:
        assert read(raw + rest, len(data)) == data
        assert result(read, raw, len(data) - 1) is None


@given(stream=streams, damage=edits, near=st.booleans())
def test_a_damaged_stream_gives_its_bytes_or_nothing(
    stream: tuple[bytes, bytes], damage: list[tuple[int, int]], *, near: bool
) -> None:
    """The others take all that zlib takes; what they take beyond is right all the same."""
    data, raw = stream
    broken = bytearray(raw)
    for at, bits in damage:
        broken[at % (min(len(raw), 80) if near else len(raw))] ^= bits
    alone = deflated(bytes(broken), len(data))
    theirs, isal, ours = (
        result(read, bytes(broken), len(data)) for read in (with_zlib, with_isal, with_libdeflate)
    )
    assert alone in {None, data}
    for found in (isal, ours):
        if theirs is not None or found is None:
            assert found == theirs
        else:
            assert found == data


@given(streams, st.floats(0, 1, exclude_max=True))
def test_a_cut_stream_gives_nothing(stream: tuple[bytes, bytes], part: float) -> None:
    data, raw = stream
    for read in ALL:
        assert result(read, raw[: int(len(raw) * part)], len(data)) is None


@given(st.binary(max_size=200))
def test_no_bytes_give_more_than_an_error(junk: bytes) -> None:
    found = [result(read, start + junk, 1000) for read in ALL for start in (b"", b"\x78\x9c")]
    assert found[::2] == [None] * len(ALL)
    assert len(set(found[1::2])) == 1


@pytest.mark.parametrize("read", ALL)
def test_a_stream_cannot_grow_beyond_its_limit(read: Callable[[bytes, int], bytes]) -> None:
    bomb = zlib.compress(bytes(50 << 20))
    with pytest.raises(OSError, match="longer than stated"):
        read(bomb, 32768)


@pytest.mark.parametrize("read", ALL)
def test_a_window_that_no_encoder_writes_is_refused(read: Callable[[bytes, int], bytes]) -> None:
    raw = zlib.compress(TEXT[:500])
    head = 0x88
    check = -(head * 256) % 31
    with pytest.raises(OSError, match="damaged"):
        read(bytes([head, check]) + raw[2:], 500)


@given(st.binary(max_size=2000))
def test_the_checksum_is_that_of_zlib(data: bytes) -> None:
    assert adler32(data) == zlib.adler32(data)
