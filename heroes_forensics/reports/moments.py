"""File times as text, in the calendar and not otherwise changed."""

from functools import lru_cache
from typing import Final

from heroes_forensics.model import Moment, TimeRule

NO_TIME: Final = -(2**63)
"""Seconds that stand where there is no time: the same number as in the rows of a case."""

_DAY: Final = 86_400


def calendar(moment: Moment, rule: TimeRule) -> str:
    """Write a moment in the proleptic Gregorian calendar, years before 1 and after 9999 too."""
    days, second = divmod(moment.seconds, _DAY)
    digits = fraction_digits(rule.resolution_ns)
    fraction = f".{moment.nanoseconds:09d}"[: digits + 1] if digits else ""
    zone = "Z" if rule.zone == "utc" else ""
    minute = second // 60
    return f"{_date(days)}T{minute // 60:02d}:{minute % 60:02d}:{second % 60:02d}{fraction}{zone}"


@lru_cache
def fraction_digits(resolution: int) -> int:
    """Return how many digits of a second a resolution of so many nanoseconds fills."""
    return max(0, min(9, 9 - len(str(resolution)) + 1)) if resolution else 9


@lru_cache(4096)
def _date(days: int) -> str:
    """Write the date so many days after 1970-01-01.

    After the public algorithm ``civil_from_days`` (Howard Hinnant, "chrono-Compatible
    Low-Level Date Algorithms").
    """
    days += 719_468
    era, day = divmod(days, 146_097)
    year_of_era = (day - day // 1_460 + day // 36_524 - day // 146_096) // 365
    day -= 365 * year_of_era + year_of_era // 4 - year_of_era // 100
    month = (5 * day + 2) // 153
    date = day - (153 * month + 2) // 5 + 1
    month = month + 3 if month < 10 else month - 9  # noqa: PLR2004 # March is month 0
    year = year_of_era + era * 400 + (month <= 2)  # noqa: PLR2004 # January and February
    sign, year = ("-", -year) if year < 0 else ("", year)
    return f"{sign}{year:04d}-{month:02d}-{date:02d}"
