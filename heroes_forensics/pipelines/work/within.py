"""Which pictures a worker that reads hands to an expander, too: those in which more lies.

Every photograph would be far too many: a worker of its own for each that has nothing in it costs
more than decoding it. So the worker that reads one, and has its bytes at hand, asks
`parsers.containers.within` whether it is worth opening.
"""

from dataclasses import dataclass
from importlib import import_module
from typing import TYPE_CHECKING, Final

from heroes_forensics.filetype import TYPES
from heroes_forensics.model import JSON

if TYPE_CHECKING:
    from heroes_forensics.parsers.base import Reader

USE: Final = "expand"
PICTURES: Final = (
    *("jpeg", "png", "gif", "webp", "tiff", "heic", "heif", "avif", "jp2"),
    *("cr2", "nef", "arw", "dng", "pef", "orf", "rw2"),
)
"""Types of `filetype` that are looked into; those of `parsers.containers.within.KINDS`."""
HOSTS: Final = tuple(row.name for row in TYPES if row.is_media and row.name not in PICTURES)
"""Films, and pictures of other types: an archive may stand behind their end (`endings`)."""
THUMBNAILS: Final = frozenset({"deep"})
"""Profiles under which the small pictures that a sound picture has of itself count, too."""


def asked(profile: str) -> JSON:
    """Return what the body of a unit says of pictures."""
    return {"types": list(PICTURES), "all": profile in THUMBNAILS}


@dataclass(frozen=True, slots=True)
class Within:
    """What one unit is asked to look into."""

    types: frozenset[int]
    """Positions in `TYPES`."""
    everything: bool
    is_handed_over: bool
    """False in an expander: it opens what is nested itself."""

    @classmethod
    def of(cls, body: JSON) -> "Within":
        """Take it from the body of a unit."""
        said, uses = body.get("within"), body.get("hand_over")
        if not isinstance(said, dict):
            return cls(frozenset(), everything=False, is_handed_over=False)
        types = frozenset(at for at, row in enumerate(TYPES) if row.name in said["types"])
        is_handed_over = isinstance(uses, dict) and USE in uses
        return cls(types, everything=bool(said["all"]), is_handed_over=is_handed_over)

    def holds(self, position: int, reader: "Reader") -> bool:
        """Tell whether a picture is worth opening; one that cannot be looked at is."""
        module = import_module("heroes_forensics.parsers.containers.within")
        try:
            found: bool = module.holds(reader, TYPES[position].name, all_of_it=self.everything)
        except OSError:
            return True
        return found

    def added(self, uses: tuple[str, ...]) -> tuple[str, ...]:
        """Return the uses of a picture that is opened."""
        return (USE, *uses) if self.is_handed_over else uses
