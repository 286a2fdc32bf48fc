"""What a running pipeline tells whoever watches it: counts and findings, never names."""

from dataclasses import dataclass
from typing import Protocol

from heroes_forensics.model import JSON


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a run is."""

    stage: str
    """``opening``, ``listing``, ``reading``, ``verifying``, ``closing``."""
    items_done: int = 0
    items_total: int = 0
    """Listed so far; final once the stage is past ``listing``."""
    bytes_done: int = 0
    bytes_total: int = 0
    media_done: int = 0
    """Bytes of the image digested for its verification."""
    media_total: int = 0
    findings: int = 0
    gaps: int = 0


class Watch(Protocol):
    """Somebody who looks on: a terminal, a log, nobody."""

    def progress(self, progress: Progress) -> None:
        """Show how far the run is; called at most a few times a second."""
        ...

    def finding(self, finding: JSON) -> None:
        """Show one finding: ``type`` is ``finding``, ``state`` provisional or confirmed."""
        ...

    def note(self, text: str) -> None:
        """Say one sentence."""
        ...


class Unwatched:
    """Nobody looks on."""

    def progress(self, progress: Progress) -> None:
        """Show nothing."""

    def finding(self, finding: JSON) -> None:
        """Show nothing."""

    def note(self, text: str) -> None:
        """Say nothing."""
