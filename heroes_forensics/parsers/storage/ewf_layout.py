"""What the sections of an EWF set say together: geometry, tables, digests, faults."""

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from heroes_forensics.model import JSON
from heroes_forensics.parsers.storage.ewf_bodies import Geometry

if TYPE_CHECKING:
    from array import array

_MAX_CHUNK: Final = 64 << 20
"""Bytes; the largest chunk that common imagers offer is 32 MiB."""


@dataclass(frozen=True, slots=True)
class Table:
    """One chunk table; its entries are read when they are needed."""

    segment: int
    """Index of the segment file, from 0."""
    first: int
    """Number of its first chunk in the media; -1 when a lost table before it hides that."""
    count: int
    entries: int
    """Offset of the entries in the segment file; -1 when neither copy of them can be used."""
    base: int
    """Is added to every entry."""
    end: int
    """Offset in the segment file at which the data of its last chunk ends."""
    loose: tuple[int, int] | None = None
    """Where chunks without a usable table lie in the segment file: start and end."""
    places: "array[int] | None" = None
    """As `ewf_bodies.places`, for chunks that were found without a table."""

    @property
    def usable(self) -> bool:
        """Whether it is known where its chunks lie."""
        return self.entries >= 0 or self.places is not None


@dataclass(slots=True)
class Sections:
    """What the sections of all segments say together."""

    breaks: set[int] = field(default_factory=set)
    """Where in the list of tables some may be missing."""
    geometry: Geometry | None = None
    """How the media is cut, as the volume section states it."""
    unsealed: tuple[Geometry, JSON] | None = None
    """The same from a section that does not fit its checksum, and where that lies."""
    tables: list[Table] = field(default_factory=list)
    md5: bytes = b""
    """Digest of the media that the set holds; empty without one."""
    sha1: bytes = b""
    identifier: bytes = b""
    """Set identifier: equal in every segment of one acquisition; empty when not written."""
    errors: list[tuple[int, int]] = field(default_factory=list)
    """First sector and sectors of what the imager could not read."""
    header: dict[str, str] = field(default_factory=dict)
    """Values of the header by the identifiers of `ewf_bodies.FIELDS`."""
    faults: list[tuple[str, JSON]] = field(default_factory=list)
    """(fixed word, numbers): ``order``, ``missing``, ``mixed``, ``cut``, ``unfinished``,
    ``damaged``, ``ambiguous``, ``chunks``."""
    repairs: list[tuple[str, JSON]] = field(default_factory=list)
    """(fixed word, numbers) of damage that costs no media: ``copy`` (of a table, used in its
    place), ``geometry`` (likewise), ``digest`` (a stored one, left aside)."""

    @property
    def chunks(self) -> int:
        """Chunks of the media."""
        return self.geometry.chunks if self.geometry else 0

    @property
    def sector_size(self) -> int:
        """Bytes of a sector."""
        return self.geometry.sector_size if self.geometry else 0

    @property
    def chunk_size(self) -> int:
        """Bytes of media in one chunk."""
        return self.geometry.chunk_sectors * self.sector_size if self.geometry else 0

    @property
    def media_size(self) -> int:
        """Bytes by the count of sectors: what libewf returns."""
        return self.geometry.sectors * self.sector_size if self.geometry else 0

    @property
    def tabled(self) -> int:
        """Chunks that the tables of all segments hold."""
        return sum(table.count for table in self.tables)

    @property
    def readable(self) -> bool:
        """Tell whether numbers are there from which chunks can be read."""
        return bool(
            self.chunks
            and self.tables
            and 0 < self.chunk_size <= _MAX_CHUNK
            and (self.chunks - 1) * self.chunk_size <= self.media_size
            and self.media_size <= self.chunks * self.chunk_size
        )
