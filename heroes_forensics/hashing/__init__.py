"""Exact digests: which algorithms there are, and how a stream is read once for all of them."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, Protocol

from heroes_forensics.errors import UsageError
from heroes_forensics.registry import Plugin


class Hasher(Protocol):
    """What every algorithm offers while it runs; the objects of `hashlib` do."""

    def update(self, data: bytes, /) -> None:
        """Take the next bytes of the stream."""
        ...

    def digest(self) -> bytes:
        """Return the value over all bytes taken so far."""
        ...


@dataclass(frozen=True, slots=True)
class Algorithm:
    """One row of `ALGORITHMS`."""

    name: str
    """Lower case, as in ``algorithm:hex``."""
    digest_bytes: int
    """Length of the value."""
    plugin: Plugin[Callable[[], Hasher]]
    """Makes a new `Hasher`; imported when first asked for."""

    def hasher(self) -> Hasher:
        """Start a new computation."""
        return self.plugin.load()()


def _row(name: str, digest_bytes: int, summary: str) -> Algorithm:
    target = f"heroes_forensics.hashing.exact:{name}"
    return Algorithm(name, digest_bytes, Plugin(name, target, summary))


ALGORITHMS: Final[tuple[Algorithm, ...]] = (
    _row("md5", 16, "MD5 (RFC 1321); broken for collisions, kept because most sets hold it"),
    _row("sha1", 20, "SHA-1 (FIPS 180-4); broken for collisions, kept because sets hold it"),
    _row("sha256", 32, "SHA-256 (FIPS 180-4)"),
    _row("sha512", 64, "SHA-512 (FIPS 180-4)"),
)
"""Every exact algorithm; the first three are computed of every stream, in one pass."""


def algorithm(name: str) -> Algorithm:
    """Return the row called ``name``.

    Raises:
        UsageError: there is none; the hint lists what there is.
    """
    for row in ALGORITHMS:
        if row.name == name:
            return row
    known = ", ".join(row.name for row in ALGORITHMS)
    raise UsageError(f"no digest algorithm is called {name!r}", hint=f"choose from: {known}")
