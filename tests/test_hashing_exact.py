"""Exact digests: published answers, one pass, and what an early end or a failed read gives."""

import hashlib
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from heroes_forensics.errors import UsageError
from heroes_forensics.hashing import ALGORITHMS, algorithm
from heroes_forensics.hashing.exact import HEAD, digest, digest_bytes, digest_stream

KNOWN = {
    "RFC 1321 A.5: abc": ("md5", b"abc", "900150983cd24fb0d6963f7d28e17f72"),
    "RFC 1321 A.5: empty": ("md5", b"", "d41d8cd98f00b204e9800998ecf8427e"),
    "FIPS 180-4 SHA-1: abc": ("sha1", b"abc", "a9993e364706816aba3e25717850c26c9cd0d89d"),
    "FIPS 180-4 SHA-1: two blocks": (
        "sha1",
        b"abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
        "84983e441c3bd26ebaae4aa1f95129e5e54670f1",
    ),
    "FIPS 180-4 SHA-256: abc": (
        "sha256",
        b"abc",
        "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
    ),
    "FIPS 180-4 SHA-512: abc": (
        "sha512",
        b"abc",
        (
            "ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a"
            "2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f"
        ),
    ),
}


class Stream:
    """Bytes that remember how they were read."""

    def __init__(self, data: bytes, *, fails_at: int = -1) -> None:
        self.data = data
        self.fails_at = fails_at
        self.calls: list[tuple[int, int]] = []

    def read(self, offset: int, length: int) -> bytes:
        self.calls.append((offset, length))
        if 0 <= self.fails_at < offset + length:
            raise OSError("bad sector")
        return self.data[offset : offset + length]


@pytest.mark.parametrize(("name", "data", "expected"), KNOWN.values(), ids=KNOWN)
def test_published_answers(name: str, data: bytes, expected: str) -> None:
    assert [str(d) for d in digest(io.BytesIO(data), [name])] == [f"{name}:{expected}"]


@pytest.mark.parametrize("row", ALGORITHMS, ids=lambda row: row.name)
def test_every_row_states_its_length_and_has_a_summary(row: object) -> None:
    assert row in ALGORITHMS
    found = algorithm(getattr(row, "name"))  # noqa: B009 - the parameter is typed as object
    assert len(found.hasher().digest()) == found.digest_bytes
    assert found.plugin.summary


def test_an_unknown_algorithm_is_refused_with_what_there_is() -> None:
    with pytest.raises(UsageError) as caught:
        digest(io.BytesIO(b""), ["md4"])
    assert "sha256" in caught.value.hint


@given(st.binary(max_size=300), st.integers(1, 64), st.booleans())
def test_one_pass_equals_three_single_ones(data: bytes, chunk: int, known: bool) -> None:  # noqa: FBT001
    stream = Stream(data)
    size = len(data) if known else -1
    found = digest_stream(stream.read, size, chunk=chunk)
    assert found == digest_bytes(data)
    assert found.md5 == hashlib.md5(data).digest()  # noqa: S324
    assert found.sha1 == hashlib.sha1(data).digest()  # noqa: S324
    assert found.sha256 == hashlib.sha256(data).digest()
    offsets = [offset for offset, _ in stream.calls]
    assert offsets == sorted(set(offsets)), "each byte is asked for once, in order"


@given(st.binary(min_size=1, max_size=200), st.integers(1, 100), st.integers(1, 64))
def test_a_stream_that_ends_early_says_so(data: bytes, missing: int, chunk: int) -> None:
    found = digest_stream(Stream(data).read, len(data) + missing, chunk=chunk)
    assert found.bytes_read == len(data)
    assert found.sha256 == hashlib.sha256(data).digest()


def test_nothing_beyond_the_stated_size_is_read() -> None:
    stream = Stream(b"x" * 100)
    found = digest_stream(stream.read, 70, chunk=32)
    assert found.bytes_read == 70
    assert max(offset + length for offset, length in stream.calls) == 70


def test_an_empty_stream_is_not_even_read() -> None:
    stream = Stream(b"")
    assert digest_stream(stream.read, 0).md5.hex() == "d41d8cd98f00b204e9800998ecf8427e"
    assert stream.calls == []


def test_a_failed_read_gives_nothing_partial() -> None:
    stream = Stream(b"x" * 100, fails_at=64)
    with pytest.raises(OSError, match="bad sector"):
        digest_stream(stream.read, 100, chunk=32)


@pytest.mark.parametrize("chunk", [1000, HEAD - 1, HEAD, HEAD + 1, 1 << 20])
def test_the_head_is_the_first_bytes_whatever_the_chunk(chunk: int) -> None:
    data = bytes(range(256)) * 400
    assert digest_stream(Stream(data).read, len(data), chunk=chunk).head == data[:HEAD]


def test_progress_adds_up_to_the_size() -> None:
    steps: list[int] = []
    digest_stream(Stream(b"x" * 100).read, 100, chunk=32, on_progress=steps.append)
    assert steps == [32, 32, 32, 4]
