"""Acquisition logs: what the program that made an image wrote beside it.

A log is hostile input like evidence, and full of names of people: it is read in a locked worker,
and what leaves the worker is numbers, digests, times and fixed words (`comparing.compared`).
"""

from typing import Final, Protocol

from heroes_forensics.errors import EvidenceError
from heroes_forensics.parsers.acquisition.stated import Stated
from heroes_forensics.registry import Plugin


class LogFormat(Protocol):
    """One program's form of a log."""

    def recognises(self, lines: list[str]) -> bool:
        """Tell whether these lines are such a log; whatever they are, nothing is raised."""

    def read(self, lines: list[str]) -> Stated:
        """Return what the log states; whatever the lines are, nothing is raised."""


LOGS: Final[tuple[Plugin[type[LogFormat]], ...]] = (
    Plugin(
        "ftk-imager",
        "heroes_forensics.parsers.acquisition.ftk:FtkImager",
        "FTK Imager: the .txt beside the image.",
    ),
    Plugin(
        "guymager",
        "heroes_forensics.parsers.acquisition.guymager:Guymager",
        "Guymager: the .info beside the image.",
    ),
    Plugin(
        "ewfacquire",
        "heroes_forensics.parsers.acquisition.ewfacquire:Ewfacquire",
        "ewfacquire and ewfacquirestream: the log of -l, or what they printed.",
    ),
)
"""Logs that are read; the first that recognises one reads it."""


def read(lines: list[str]) -> tuple[str, Stated]:
    """Return the name of the row of `LOGS` that reads a log, and what it states.

    Raises:
        EvidenceError: no row recognises it.
    """
    for row in LOGS:
        log = row.load()()
        if log.recognises(lines):
            return row.name, log.read(lines)
    raise EvidenceError(
        "it is no acquisition log that is understood",
        hint="read are logs of " + ", ".join(row.name for row in LOGS),
    )
