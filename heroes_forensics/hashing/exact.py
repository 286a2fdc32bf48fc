"""One-pass digests: each stream is read once, whatever number of algorithms is asked for.

MD5 and SHA-1 are computed because sets of known material hold them, not for security, and are
asked for with ``usedforsecurity=False`` so that they also work where policy forbids them.
"""

import hashlib
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, BinaryIO, Final, NamedTuple

from heroes_forensics.hashing import algorithm
from heroes_forensics.model import Digest

if TYPE_CHECKING:
    from heroes_forensics.hashing import Hasher

CHUNK: Final = 1 << 20
"""Bytes of one read."""

HEAD: Final = 36864
"""Bytes kept for typing by content: ISO 9660 has its signature at 32,769."""

_md5 = hashlib.md5
_sha1 = hashlib.sha1
_sha256 = hashlib.sha256


class Digested(NamedTuple):
    """What one pass over a stream gave."""

    bytes_read: int
    md5: bytes
    """16 raw bytes."""
    sha1: bytes
    """20 raw bytes."""
    sha256: bytes
    """32 raw bytes."""
    head: bytes
    """The first `HEAD` bytes, fewer where the stream is shorter."""


def md5() -> "Hasher":
    """Start an MD5 computation."""
    return _md5(usedforsecurity=False)


def sha1() -> "Hasher":
    """Start a SHA-1 computation."""
    return _sha1(usedforsecurity=False)


def sha256() -> "Hasher":
    """Start a SHA-256 computation."""
    return _sha256(usedforsecurity=False)


def sha512() -> "Hasher":
    """Start a SHA-512 computation."""
    return hashlib.sha512(usedforsecurity=False)


def digest_bytes(data: bytes, *, later: Sequence[str] = ()) -> Digested:
    """Return the three digests of a stream that lies in memory.

    Args:
        data: the stream.
        later: algorithms whose digests are left empty, for `hashing.lanes.digest_many` to compute
            with those of others.
    """
    return Digested(
        len(data),
        b"" if "md5" in later else _md5(data, usedforsecurity=False).digest(),
        b"" if "sha1" in later else _sha1(data, usedforsecurity=False).digest(),
        b"" if "sha256" in later else _sha256(data, usedforsecurity=False).digest(),
        data if len(data) <= HEAD else data[:HEAD],
    )


def digest_stream(
    read: Callable[[int, int], bytes],
    size: int,
    *,
    chunk: int = CHUNK,
    on_progress: Callable[[int], None] | None = None,
) -> Digested:
    """Read a stream once, from 0 to its end, and return its three digests.

    Args:
        read: ``read(offset, length)`` returns up to ``length`` bytes at ``offset``, none at the
            end; called in rising order without gaps.
        size: bytes to expect; never more are read. -1 reads until there is nothing left.
        chunk: bytes of one read.
        on_progress: called with the number of bytes after each read.

    Returns:
        The digests of what could be read. ``bytes_read`` below ``size`` says that the stream
        ended early; the digests are then those of the shorter stream.

    Raises:
        OSError: the medium could not be read; nothing partial is returned.
    """
    end = size if size >= 0 else 1 << 63
    data = read(0, min(chunk, end)) if end else b""
    if on_progress is not None:
        on_progress(len(data))
    if len(data) == size or not data:  # most files are one read
        return digest_bytes(data)
    head = data[:HEAD]
    hashers = (
        _md5(data, usedforsecurity=False),
        _sha1(data, usedforsecurity=False),
        _sha256(data, usedforsecurity=False),
    )
    offset = len(data)
    while offset < end:
        data = read(offset, min(chunk, end - offset))
        if not data:
            break
        for hasher in hashers:
            hasher.update(data)
        offset += len(data)
        if len(head) < HEAD:
            head += data[: HEAD - len(head)]
        if on_progress is not None:
            on_progress(len(data))
    first, second, third = hashers
    return Digested(offset, first.digest(), second.digest(), third.digest(), head)


def digest(stream: BinaryIO, algorithms: Sequence[str], *, chunk: int = CHUNK) -> list[Digest]:
    """Read ``stream`` once, to its end, and return one `Digest` per algorithm.

    Args:
        stream: an open binary stream, read from where it stands; it is not closed.
        algorithms: names of rows of `heroes_forensics.hashing.ALGORITHMS`.
        chunk: bytes of one read.

    Returns:
        The digests, in the order of ``algorithms``.

    Raises:
        OSError: the medium could not be read; nothing partial is returned.
        UsageError: an algorithm is not known.
    """
    hashers = [algorithm(name).hasher() for name in algorithms]
    while data := stream.read(chunk):
        for hasher in hashers:
            hasher.update(data)
    return [Digest(name, h.digest()) for name, h in zip(algorithms, hashers, strict=True)]
