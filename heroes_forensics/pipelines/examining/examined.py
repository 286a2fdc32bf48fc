"""What is known of one volume while a source is examined: shared by listing and reading."""

from dataclasses import dataclass, field
from typing import Final

from heroes_forensics.frames import Batch
from heroes_forensics.model import JSON, Gap, Listing
from heroes_forensics.pipelines.examining.detours import Detours
from heroes_forensics.pipelines.examining.relisting import Stored, StoredInAnyOrder
from heroes_forensics.store.lanes import LANES

_ENCRYPTED: Final = {"bitlocker": "bitlocker", "unlocked": "bitlocker", "luks": "luks"}
"""What a volume was encrypted by, by the step that opens it; see `parsers.storage.inside`."""


@dataclass(slots=True)
class Examined:
    """One volume, from the moment it is planned to its last digest."""

    id: int
    key: str
    spec: JSON
    """As the parser describes it: `parsers.volumes.Volume.to_json`."""
    kind: str = ""
    """The file system, as its lister names it."""
    times: JSON = field(default_factory=dict)
    waiting: list[Batch] = field(default_factory=list)
    """Entries listed and not stored yet."""
    waiting_rows: int = 0
    stored: int = 0
    """Entries stored."""
    directories: int = 0
    """Directories among them."""
    gaps: list[Gap] = field(default_factory=list)
    """Gaps met and not stored yet."""
    listing: Listing | None = None
    """What its listers counted so far; None before the first has finished."""
    queued: list[int] = field(default_factory=lambda: [0] * len(LANES))
    """By lane, the item up to which everything went into content units."""
    unread: list[int] = field(default_factory=lambda: [0] * len(LANES))
    """By lane, bytes of the items stored since it was queued last."""
    last: int = 0
    """The last item stored."""
    detours: Detours = field(default_factory=Detours)
    """What it is listed around."""
    listed: bool = False
    """All its listers have finished, now or before an interruption."""
    before: Stored | StoredInAnyOrder | None = None
    """What a listing that was interrupted had stored, as long as it is compared with."""

    @property
    def encryption(self) -> str:
        """What encrypted the volume that this one was found in, and was opened; or empty."""
        steps = self.spec.get("spec")
        layers = [str(one["layer"]) for one in steps] if isinstance(steps, list) else []
        return next((_ENCRYPTED[each] for each in layers if each in _ENCRYPTED), "")

    @property
    def may_be_carved(self) -> bool:
        """Whether it is a file system on a medium, which may have space in no use.

        Of a snapshot, that is the space of its live volume.
        """
        return self.spec.get("kind") == "volume"
