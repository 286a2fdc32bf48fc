"""Where a finding lies, in coordinates that other tools take; nothing is opened or extracted."""

import json
import re
from contextlib import suppress
from pathlib import Path
from typing import Final, NamedTuple

from heroes_forensics.errors import UsageError
from heroes_forensics.model import JSON, EntryFlag
from heroes_forensics.parsers.filesystems import locators
from heroes_forensics.pipelines.case.cases import read_only
from heroes_forensics.pipelines.case.telling import number_text
from heroes_forensics.store import queries
from heroes_forensics.store.database import Database

_NUMBER: Final = re.compile(r"F-0*(\d{1,9})", re.IGNORECASE)


def finding_number(text: str) -> int:
    """Return the number in a text such as ``F-12``.

    Raises:
        UsageError: it is none.
    """
    found = _NUMBER.fullmatch(text.strip())
    if found is None:
        raise UsageError(f"{text!r} is no finding", hint="findings are named like F-000012")
    return int(found[1])


def locate(case_dir: Path, finding: str) -> JSON:
    """Return where a finding lies, in the words of other tools; nothing is extracted.

    Raises:
        UsageError: there is no such finding.
    """
    number = finding_number(finding)
    with read_only(case_dir) as database:
        item_id = database.value("SELECT item_id FROM match WHERE finding=?", (number,))
        item = None if item_id is None else queries.item(database, item_id)
        if item is None:
            raise UsageError(
                f"the case has no finding {number_text(number)}", hint="see: heroes findings CASE"
            )
        place = location(database, item)
    found: JSON = {
        "type": "location",
        "finding": number_text(number),
        "exhibit": item.exhibit,
        "source": item.source,
        "source_path": place.path,
        "source_format": place.format,
        "volume": item.volume,
        "volume_offset": place.volume_offset,
        "locator": item.full_locator,
        "size": item.size,
        "allocated": bool(item.flags & EntryFlag.ALLOCATED),
        "first_byte": place.first_byte,
        "commands": [],
    }
    command = place.icat(place.path)
    if command:
        found["commands"] = [{"tool": "The Sleuth Kit", "command": command}]
    if place.inside:
        found["inside"] = place.inside
    return found


class Location(NamedTuple):
    """Where an item lies in its source."""

    path: str
    """Of the source, as it was when it was scanned."""
    format: str
    volume_offset: int | None
    first_byte: int | None
    """Offset in the media, where it is known."""
    sector: int
    """Bytes; 0 where other tools have no address for the item."""
    outermost: str
    """Locator of what the file system names: the item, or the container that holds it."""
    inside: list[dict[str, str]]

    def icat(self, path: str) -> str:
        """Return the command of The Sleuth Kit that reads it from ``path``, or nothing."""
        if not self.sector or self.volume_offset is None:
            return ""
        with suppress(UsageError):  # an archive or a folder: icat has no address there
            command = locators.icat_command(
                self.outermost, path, self.volume_offset // self.sector, sector_size=self.sector
            )
            return command or ""
        return ""


def location(database: Database, item: queries.Item) -> Location:
    """Return where an item lies."""
    path, kind, offset, spec, volume_kind = next(
        database.rows(
            "SELECT s.path, s.format, v.offset, v.spec, v.kind FROM volume v"
            " JOIN source s ON s.id = v.source_id WHERE s.label=? AND v.key=?",
            (item.source, item.volume),
        )
    )
    first = database.value("SELECT first_offset FROM item WHERE id=?", (item.id,))
    inside, outermost = _inside(database, item)
    sector = int(json.loads(spec).get("sector_size") or 512) if volume_kind == "volume" else 0
    return Location(
        path=path,
        format=kind,
        volume_offset=offset,
        first_byte=offset + first if offset is not None and first >= 0 else None,
        sector=sector,
        outermost=outermost.locator,
        inside=inside,
    )


def _inside(database: Database, item: queries.Item) -> tuple[list[dict[str, str]], queries.Item]:
    """Return the containers that hold an item, the outermost first, and that one itself.

    Each says which of its members is meant, by the offset of its header: ``m@0x1f40``.
    """
    inside: list[dict[str, str]] = []
    while item.parent is not None and (holder := queries.item(database, item.parent)) is not None:
        member = item.locator.removeprefix(f"{holder.locator}/")
        inside.insert(0, {"container": holder.full_locator, "member": member})
        item = holder
    return inside, item
