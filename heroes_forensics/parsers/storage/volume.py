"""One volume of a source, as plain values that another process can rebuild it from."""

from dataclasses import dataclass
from typing import Final, cast

from heroes_forensics.model import JSON, Gap

VOLUME: Final = "volume"
SNAPSHOT: Final = "snapshot"
ARCHIVE: Final = "archive"
DIRECTORY: Final = "directory"
FILE: Final = "file"
UNALLOCATED: Final = "unallocated"

Steps = tuple[JSON, ...]
"""How to get from the media to the volume: each step has ``layer`` and its numbers."""


@dataclass(frozen=True, slots=True)
class Volume:
    """Something that holds entries, or that should and cannot be examined (``gap``)."""

    key: str
    """``p<start sector>``, with ``.lv<n>``, ``.apfs<n>``, ``.vss<n>``; ``root`` for a folder, an
    archive or a single file."""
    kind: str
    """``volume``, ``snapshot``, ``archive``, ``directory``, ``file``, or ``unallocated``: a range
    of the medium without a file system, where it is searched."""
    file_system: str | None
    """Name as in `heroes_forensics.parsers.storage.signatures`; None when nothing is known."""
    offset: int | None
    """Byte offset of its first byte in the media; None when it is not one range of the media."""
    size: int
    """Bytes, by the partition table or the layer; 0 for a directory."""
    sector_size: int
    spec: Steps = ()
    gap: Gap | None = None
    """Why it is not examined; None when it can be."""
    parent: str | None = None
    """Key of the volume that it lies in: the base volume of a shadow copy."""

    def to_json(self) -> JSON:
        """Return it as JSON-able values."""
        gap = None if self.gap is None else {"code": self.gap.code, "detail": self.gap.detail}
        return {
            "key": self.key,
            "kind": self.kind,
            "file_system": self.file_system,
            "offset": self.offset,
            "size": self.size,
            "sector_size": self.sector_size,
            "spec": [dict(step) for step in self.spec],
            "gap": gap,
            "parent": self.parent,
        }

    @classmethod
    def from_json(cls, row: JSON) -> "Volume":
        """Rebuild what `to_json` gave.

        Raises:
            KeyError: a field is missing.
            TypeError: a field is of another kind.
        """
        key, gap = _text(row["key"]), row["gap"]
        found = None
        if gap is not None:
            parts = _table(gap)
            found = Gap(key, _text(parts["code"]), _table(parts["detail"]))
        spec = row["spec"]
        if not isinstance(spec, list):
            raise TypeError("the steps of a volume are a list")
        return cls(
            key=key,
            kind=_text(row["kind"]),
            file_system=None if row["file_system"] is None else _text(row["file_system"]),
            offset=None if row["offset"] is None else _number(row["offset"]),
            size=_number(row["size"]),
            sector_size=_number(row["sector_size"]),
            spec=tuple(_table(step) for step in spec),
            gap=found,
            parent=None if row["parent"] is None else _text(row["parent"]),
        )


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise TypeError("a text was expected")
    return value


def _number(value: object) -> int:
    if not isinstance(value, int) or isinstance(value, bool):
        raise TypeError("a number was expected")
    return value


def _table(value: object) -> JSON:
    if not isinstance(value, dict):
        raise TypeError("an object was expected")
    return cast("JSON", value)
