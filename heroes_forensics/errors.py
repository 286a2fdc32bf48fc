"""Every error this package raises on purpose.

HeroesError              1  something is wrong (a bug, if nothing more exact is said)
├── UsageError           2  the request makes no sense
├── CaseBusyError        4  another run holds the case
├── StoppedError         5  stopped unasked and resumable: disk full, breaker
├── CustodyError         6  a record does not verify, or evidence changed
├── UntrustedError       7  consistent, but not as trusted as was asked
├── EvidenceError       20  the evidence cannot be opened
└── HashSetError        30  a hash set is damaged, refused or not understood

The number is the exit code of the command line, and never changes. A message is one sentence
about *this* thing; the hint says what to do. Neither ever holds content, a digest of listed
material, or a name that comes from inside evidence.
"""

from collections.abc import Iterable
from typing import ClassVar, Final

DONE: Final = 0
GAPS: Final = 3
MATCHES: Final = 10
MATCHES_AND_GAPS: Final = 11
INTERRUPTED: Final = 130


class HeroesError(Exception):
    """Something is wrong; the exit code and the hint travel with it."""

    exit_code: ClassVar[int] = 1

    def __init__(self, message: str, *, hint: str = "") -> None:
        super().__init__(message)
        self.hint = hint


class UsageError(HeroesError):
    """The request makes no sense as it was made."""

    exit_code = 2


class CaseBusyError(HeroesError):
    """Another run holds the case."""

    exit_code = 4


class StoppedError(HeroesError):
    """The run stopped unasked; what was committed stays and the run can go on."""

    exit_code = 5


class CustodyError(HeroesError):
    """A record does not verify, or evidence changed under our hands."""

    exit_code = 6


class UntrustedError(HeroesError):
    """The record is consistent, but not as trusted as the policy asks."""

    exit_code = 7


class EvidenceError(HeroesError):
    """The evidence cannot be opened at all."""

    exit_code = 20


class HashSetError(HeroesError):
    """A hash set is damaged, refused or not understood."""

    exit_code = 30


PRECEDENCE: Final = (
    INTERRUPTED,
    CustodyError.exit_code,
    HeroesError.exit_code,
    EvidenceError.exit_code,
    HashSetError.exit_code,
    UsageError.exit_code,
    StoppedError.exit_code,
    CaseBusyError.exit_code,
    MATCHES_AND_GAPS,
    MATCHES,
    UntrustedError.exit_code,
    GAPS,
)
"""Which exit code counts where one number stands for several, the gravest first."""


def gravest(codes: Iterable[int]) -> int:
    """Return the one exit code of what ended with several; an unknown one is a failure."""
    found = set(codes) - {DONE}
    if found >= {GAPS, MATCHES}:
        found.add(MATCHES_AND_GAPS)  # a gap never masks a match, nor the reverse
    if found - set(PRECEDENCE):
        found.add(HeroesError.exit_code)
    return next((code for code in PRECEDENCE if code in found), DONE)
