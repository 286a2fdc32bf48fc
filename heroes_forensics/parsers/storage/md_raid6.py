"""RAID 6 of Linux md: where data and both parities lie, and what one or two lost chunks held.

Layouts: ``raid5_compute_sector`` and ``raid6_d0`` of ``drivers/md/raid5.c``. Arithmetic: H. Peter
Anvin, "The mathematics of RAID-6": P is the sum of the data, Q the sum of g^i times the data, in
the field of 256 elements with the polynomial 0x11d and the generator 2.
"""

from collections.abc import Mapping
from functools import cache
from typing import Final, NamedTuple

LAYOUTS: Final = frozenset({*range(6), *range(16, 21)})
"""Those of RAID 5 with Q behind P, and those of RAID 5 with all of Q on the last member."""
_APART: Final = 16
"""Layouts from here on have Q on the last member: an array that was RAID 5 once."""
_FIRST, _LAST = 4, 5
"""Layouts with all parity on the first members, or the last."""
_POLYNOMIAL: Final = 0x11D


class Stripe(NamedTuple):
    """Which member holds what of a stripe."""

    p: int
    q: int
    data: tuple[int, ...]
    """The members of its data chunks, in the order of the array."""

    @property
    def powers(self) -> dict[int, int]:
        """By member, the power of the generator that its data count with in Q."""
        disks = len(self.data) + 2
        walked = ((self.q + 1 + step) % disks for step in range(disks))
        return {role: at for at, role in enumerate(r for r in walked if r in self.data)}


def stripe_of(layout: int, disks: int, number: int) -> Stripe:
    """Return the places of a stripe; ``layout`` is one of `LAYOUTS`."""
    if layout >= _APART:
        p, data = _rotated(layout - _APART, disks - 1, number)
        return Stripe(p, disks - 1, data)
    if layout == _LAST:
        return Stripe(disks - 2, disks - 1, tuple(range(disks - 2)))
    if layout == _FIRST:
        return Stripe(0, 1, tuple(range(2, disks)))
    p = number % disks if layout & 1 else disks - 1 - number % disks
    q = (p + 1) % disks
    others = tuple(role for role in range(disks) if role not in {p, q})
    if layout < 2:  # noqa: PLR2004 (0 and 1 are asymmetric)
        return Stripe(p, q, others)
    return Stripe(p, q, tuple((q + 1 + at) % disks for at in range(disks - 2)))


def _rotated(layout: int, disks: int, number: int) -> tuple[int, tuple[int, ...]]:
    """Return parity and data of a stripe of RAID 5, as layouts 0 to 4 of it have them."""
    if layout == _FIRST:
        return 0, tuple(range(1, disks))
    p = number % disks if layout & 1 else disks - 1 - number % disks
    if layout < 2:  # noqa: PLR2004 (0 and 1 are asymmetric)
        return p, tuple(role for role in range(disks) if role != p)
    return p, tuple((p + 1 + at) % disks for at in range(disks - 1))


def recovered(stripe: Stripe, wanted: int, have: Mapping[int, bytes], length: int) -> bytes:
    """Return the data of a member from what the others have of the same stripe.

    Args:
        stripe: who holds what.
        wanted: the member whose data are lost.
        have: what the others have, by member; two may be lost, ``wanted`` among them.
        length: bytes of each.

    Raises:
        OSError: more than two are lost.
    """
    lost = [role for role in stripe.data if role not in have and role != wanted]
    if not lost and stripe.p in have:
        return _sum(length, *(have[role] for role in (*stripe.data, stripe.p) if role in have))
    powers = stripe.powers
    if len(lost) + (stripe.p not in have) > 1 or stripe.q not in have:
        raise OSError("more members of the array are missing than parity makes good")
    known = [_times(_power(powers[role]), have[role]) for role in stripe.data if role in have]
    left = _sum(length, have[stripe.q], *known)
    own = _power(powers[wanted])
    if not lost:
        return _times(_inverse(own), left)
    other = _power(powers[lost[0]])
    both = _sum(length, have[stripe.p], *(have[role] for role in stripe.data if role in have))
    return _times(_inverse(own ^ other), _sum(length, left, _times(other, both)))


def _sum(length: int, *parts: bytes) -> bytes:
    total = 0
    for part in parts:
        total ^= int.from_bytes(part, "big")
    return total.to_bytes(length, "big")


def _times(factor: int, data: bytes) -> bytes:
    return data.translate(_table(factor))


@cache
def _table(factor: int) -> bytes:
    return bytes(_product(factor, value) for value in range(256))


def _product(one: int, other: int) -> int:
    total = 0
    while other:
        if other & 1:
            total ^= one
        one = one << 1 ^ (_POLYNOMIAL if one & 0x80 else 0)
        other >>= 1
    return total


@cache
def _power(exponent: int) -> int:
    value = 1
    for _ in range(exponent % 255):
        value = _product(value, 2)
    return value


@cache
def _inverse(value: int) -> int:
    return next(each for each in range(1, 256) if _product(value, each) == 1)
