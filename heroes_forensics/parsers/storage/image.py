"""What opening a container gives, whatever library did it."""

from dataclasses import dataclass, field

from heroes_forensics.model import Digest, Gap
from heroes_forensics.parsers.base import Reader


@dataclass(slots=True)
class Image:
    """The media inside a container and what the container says about it."""

    format: str
    """``raw``, ``split-raw``, ``ewf``, ``qcow2`` ...: the words of `Source.format`."""
    reader_name: str
    """The library that reads it, as the ledger names it."""
    reader_version: str
    media: Reader
    sector_size: int = 512
    stored_digests: tuple[Digest, ...] = ()
    """Digests of the media that the container itself holds."""
    health: list[Gap] = field(default_factory=list)
    """What is missing or damaged; becomes gaps of the source."""
    notes: list[str] = field(default_factory=list)
    """Facts for the tree and the report that leave nothing unexamined."""
    acquisition: dict[str, str] = field(default_factory=dict)
    """What the container says about its making, as somebody typed it, escaped: shown to the
    examiner, never acted on."""
    technical: frozenset[str] = frozenset()
    """Keys of it that say nothing of persons or the matter."""
