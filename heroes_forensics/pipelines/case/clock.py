"""What the kernel says of its own clock: whether somebody keeps it right, and how far off it is.

Times of a record come from the wall clock, and nothing in a record can show that it was right. The
kernel knows at least whether a time service disciplines it (adjtimex(2)); that is written down.
"""

import ctypes
from typing import Final

from heroes_forensics.model import JSON

_UNSYNCHRONISED: Final = 0x0040
"""STA_UNSYNC of ``<sys/timex.h>``."""
_NANOSECONDS: Final = 0x2000
"""STA_NANO: the offset is in nanoseconds, else in microseconds."""
_ERROR: Final = 5
"""TIME_ERROR: the clock is not synchronised."""
_LIMIT: Final = 1 << 31
"""Milliseconds: 24 days, more than any service would call an offset."""


class _Timex(ctypes.Structure):
    """``struct timex`` as glibc and musl have it on 64-bit Linux, with room to spare."""

    _fields_ = (
        ("modes", ctypes.c_uint),
        ("offset", ctypes.c_long),
        ("freq", ctypes.c_long),
        ("maxerror", ctypes.c_long),
        ("esterror", ctypes.c_long),
        ("status", ctypes.c_int),
        ("rest", ctypes.c_long * 64),
    )


def checked() -> JSON:
    """Return the body of a ``clock.checked`` event; nothing is set.

    Where the kernel does not answer (no Linux, a filter of system calls), the source is ``none``
    and the clock counts as not synchronised.
    """
    body: JSON = {"source": "none", "offset_ms": 0, "uncertainty_ms": 0, "synchronised": False}
    try:
        adjtimex = ctypes.CDLL(None, use_errno=True).adjtimex
    except (OSError, AttributeError):
        return body
    found = _Timex()
    state = int(adjtimex(ctypes.byref(found)))
    if state < 0:
        return body
    unit = 1_000_000 if found.status & _NANOSECONDS else 1_000
    return {
        "source": "adjtimex",
        "offset_ms": max(-_LIMIT, min(_LIMIT, int(found.offset) // unit)),
        "uncertainty_ms": max(0, min(_LIMIT, int(found.maxerror) // 1_000)),
        "synchronised": state != _ERROR and not found.status & _UNSYNCHRONISED,
    }
