"""File times as text, a whole column of them at once."""

from typing import Final

import numpy as np
import numpy.typing as npt

from heroes_forensics.model import Moment, TimeRule
from heroes_forensics.reports.moments import NO_TIME, calendar, fraction_digits

_SECOND: Final = 10**9
_FOUR_DIGITS: Final = (-62_135_596_800, 253_402_300_799)
"""Seconds from the year 1 to the end of the year 9999."""
_IN_NANOSECONDS: Final = (-9_223_372_036, 9_223_372_035)
"""Seconds whose nanoseconds a signed 64-bit number holds: the years 1677 to 2262."""


def column(
    seconds: npt.NDArray[np.int64], nanoseconds: npt.NDArray[np.uint32], rule: TimeRule
) -> list[str]:
    """Do what `calendar` does, for many moments of one rule: in NumPy, where it can.

    Args:
        seconds: since 1970; `NO_TIME` where there is no time, which gives an empty text.
        nanoseconds: of the same length; below one second each.
        rule: how the times are stored.
    """
    there = seconds != NO_TIME
    digits = fraction_digits(rule.resolution_ns)
    first, last = _IN_NANOSECONDS if digits else _FOUR_DIGITS
    usual = there & (seconds > first) & (seconds < last) & (nanoseconds < _SECOND)
    if bool(usual.all()):
        return _usual(seconds, nanoseconds, rule, digits)
    texts = [""] * len(seconds)
    found = _usual(seconds[usual], nanoseconds[usual], rule, digits)
    for position, text in zip(np.flatnonzero(usual).tolist(), found, strict=True):
        texts[position] = text
    for position in np.flatnonzero(there & ~usual).tolist():
        moment = Moment(int(seconds[position]), int(nanoseconds[position]))
        texts[position] = calendar(moment, rule)
    return texts


def _usual(
    seconds: npt.NDArray[np.int64],
    nanoseconds: npt.NDArray[np.uint32],
    rule: TimeRule,
    digits: int,
) -> list[str]:
    if digits:
        whole = (seconds * _SECOND + nanoseconds).astype("datetime64[ns]")
    else:
        whole = seconds.astype("datetime64[s]")
    distinct, positions = np.unique(whole, return_inverse=True)  # in many volumes there are few
    texts = np.datetime_as_string(distinct)
    if digits and digits < 9:  # noqa: PLR2004 # digits of a nanosecond
        texts = texts.astype(f"U{len('2000-01-01T00:00:00.') + digits}")
    found: list[str] = texts.tolist()
    if rule.zone == "utc":
        found = [f"{text}Z" for text in found]
    return [found[position] for position in positions.tolist()]
