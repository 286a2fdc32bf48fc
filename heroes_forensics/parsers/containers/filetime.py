"""FILETIME of Windows: a count of 100 ns since 1601, in UTC."""

from typing import Final

from heroes_forensics.model import Moment

_EPOCH: Final = 116_444_736_000_000_000
"""FILETIME of 1970."""


def moment(filetime: int) -> Moment | None:
    """Return a FILETIME as a time; None where nothing is stated."""
    if not 0 < filetime < 1 << 63:
        return None
    seconds, rest = divmod(filetime - _EPOCH, 10_000_000)
    return Moment(seconds, 100 * rest)
