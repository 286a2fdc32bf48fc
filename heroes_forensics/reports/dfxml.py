"""Digital Forensics XML, version 1.2.0: one document for each source, streamed.

Elements and their order are those of the published schema
(https://github.com/dfxml-working-group/dfxml_schema). What it has no element for stands in a
namespace of our own, which its readers pass over. Times in local time of an unknown zone have no
zone in the text either, as ``xs:dateTime`` allows. There are no byte runs: where a stream lies is
known by its address, and a part of the runs would read as a shorter file.

A name that XML cannot hold, or that would not be seen as what it is, stands in display form with
``escaped="1"`` and its bytes in ``base64``; see `heroes_forensics.display`.
"""

import base64
from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache
from html import escape
from typing import Final

from heroes_forensics.display import shown
from heroes_forensics.model import GAP_TEXTS, EntryFlag, TimeRule
from heroes_forensics.reports.evidence import Source, Volume
from heroes_forensics.reports.exchange import (
    SLEUTH_KIT,
    WHICH,
    Exporter,
    Handed,
    Matter,
    address,
)
from heroes_forensics.reports.findings import Finding
from heroes_forensics.reports.items import WITHHELD
from heroes_forensics.reports.moments import NO_TIME
from heroes_forensics.reports.time_columns import column

VERSION: Final = "1.2.0"
NAMESPACE: Final = "http://www.forensicswiki.org/wiki/Category:Digital_Forensics_XML"
OURS: Final = "urn:heroes-forensics:dfxml:1"

_NAME_TYPES: Final = {
    "file": "r",
    "directory": "d",
    "symlink": "l",
    "metadata": "r",
    "virtual": "v",
}
_ELEMENTS: Final = (("m", "mtime"), ("c", "ctime"), ("a", "atime"), ("b", "crtime"))
_SECOND: Final = 10**9
_UTC: Final = TimeRule(1, "utc")
_ORPHAN: Final = int(EntryFlag.ORPHAN)
_COMPRESSED: Final = int(EntryFlag.COMPRESSED)
_NAME_LIMIT: Final = 1 << 20
_LARGEST_ADDRESS: Final = 2**64


def write(matter: Matter, blocks: Iterable[Handed]) -> Iterator[bytes]:
    """Yield the document of one source; its volumes in their order, those without an item too."""
    source = matter.source
    if source is None:
        raise ValueError("a document is of one source")
    yield _head(matter, source).encode()
    waiting = iter(enumerate(source.volumes, start=1))
    current: Volume | None = None
    ordinal = serial = 0
    for block in blocks:
        while current is None or current.key != block.items.volume:
            if current is not None:
                yield _tail(current).encode()
            ordinal, current = next(waiting)
            yield _start(current).encode()
        yield "".join(_objects(block, ordinal, serial)).encode()
        serial += len(block.items.locators)
    if current is not None:
        yield _tail(current).encode()
    for _, volume in waiting:
        yield (_start(volume) + _tail(volume)).encode()
    yield b"</dfxml>\n"


def _head(matter: Matter, source: Source) -> str:
    return (
        "<?xml version='1.0' encoding='UTF-8'?>\n"
        f"<dfxml xmlns='{NAMESPACE}' xmlns:dc='http://purl.org/dc/elements/1.1/'"
        f" xmlns:heroes='{OURS}' version='{VERSION}'>\n"
        "<metadata><dc:type>Disk Image</dc:type>"
        f"<dc:identifier>urn:uuid:{matter.ledger}</dc:identifier></metadata>\n"
        f"<creator><program>{matter.program}</program>"
        f"<version>{escape(matter.version)}</version></creator>\n"
        f"<source><image_filename>{_text(source.label)}</image_filename></source>\n"
    )


def _start(volume: Volume) -> str:
    return (
        f"<volume offset='{volume.offset}' heroes:key='{_text(volume.key)}'>"
        f"<partition_offset>{volume.offset}</partition_offset>"
        f"<ftype_str>{_text(volume.file_system)}</ftype_str>\n"
    )


def _tail(volume: Volume) -> str:
    if volume.state == "examined":
        return "</volume>\n"
    if volume.is_opened:
        return f"<error>examined in part: {_text(volume.sweep)}</error></volume>\n"
    return f"<error>not examined: {_text(volume.state)}</error></volume>\n"


def _objects(block: Handed, partition: int, serial: int) -> Iterator[str]:
    items = block.items
    times = _times(block)
    for position in range(len(items.locators)):
        yield (
            "<fileobject>"
            f"{_where(block, position, partition, serial + position + 1)}"
            f"{''.join(each[position] for each in times)}"
            f"{_digests(block, position)}{_ours(block, position)}</fileobject>\n"
        )


def _where(block: Handed, position: int, partition: int, number: int) -> str:
    items, flags = block.items, block.flags[position]
    parts = None if block.holder else address(items.locators[position])
    parent = inode = ""
    if parts is not None:
        own, above = int(parts[2]), int(parts[4])
        if above and above < _LARGEST_ADDRESS:
            parent = f"<parent_object><inode>{above}</inode></parent_object>"
        if parts[1] in SLEUTH_KIT and own < _LARGEST_ADDRESS:
            inode = f"<inode>{own}</inode>"
    size, owner, gap = items.sizes[position], block.owners[position], items.gaps[position]
    return (
        f"{parent}{_name(items.paths[position]) if items.paths else ''}"
        f"{f'<error>{_gap(gap)}</error>' if gap else ''}"
        f"<partition>{partition}</partition><id>{number}</id>"
        f"<name_type>{_NAME_TYPES.get(items.kinds[position], '-')}</name_type>"
        f"{f'<filesize>{size}</filesize>' if size >= 0 else ''}"
        f"<alloc>{1 if items.allocated[position] else 0}</alloc>"
        f"{'<orphan>1</orphan>' if flags & _ORPHAN else ''}"
        f"{'<compressed>1</compressed>' if flags & _COMPRESSED else ''}"
        f"{inode}{f'<uid>{owner}</uid>' if owner >= 0 else ''}"
    )


def _name(path: bytes) -> str:
    if not path:
        return ""
    safe = shown(path, limit=_NAME_LIMIT)
    try:
        exact = path.decode() == safe
    except UnicodeDecodeError:
        exact = False
    if exact:
        return f"<filename>{escape(safe)}</filename>"
    raw = base64.b64encode(path).decode()
    return f"<filename heroes:escaped='1' heroes:base64='{raw}'>{escape(safe)}</filename>"


def _times(block: Handed) -> list[Sequence[str]]:
    """Return the elements of the four times, each a column of the block."""
    items = block.items
    found: list[Sequence[str]] = []
    for which, element in _ELEMENTS:
        number = WHICH.index(which)
        if bool((items.seconds[:, number] == NO_TIME).all()):
            continue
        rule = items.rules.get(which, _UTC)
        prec = f" prec='{rule.resolution_ns // _SECOND}'" if rule.resolution_ns >= _SECOND else ""
        zone = "" if rule.zone == "utc" else f" heroes:zone='{_text(rule.zone)}'"
        texts = column(items.seconds[:, number], items.nanoseconds[:, number], rule)
        found.append(
            [
                f"<{element}{prec}{zone}>{text}</{element}>" if _in_calendar(text) else ""
                for text in texts
            ]
        )
    return found


def _in_calendar(text: str) -> bool:
    """Tell whether there is a time, and of one of the years 1 to 9999."""
    return text[4:5] == "-" and not text.startswith(("-", "0000"))


def _digests(block: Handed, position: int) -> str:
    items = block.items
    return "".join(
        f"<hashdigest type='{algorithm}'>{digest.hex()}</hashdigest>"
        for algorithm, digest in (
            ("md5", items.md5[position]),
            ("sha1", items.sha1[position]),
            ("sha256", items.sha256[position]),
        )
        if digest
    )


def _ours(block: Handed, position: int) -> str:
    items, first = block.items, block.first_bytes[position]
    kept_back = bool(items.matched[position])
    return (
        f"<heroes:locator>{escape(block.whole(position))}</heroes:locator>"
        f"<heroes:content_type>{_word(items.types[position])}</heroes:content_type>"
        f"<heroes:place>{_word(items.places[position])}</heroes:place>"
        f"<heroes:status>{items.statuses[position]}</heroes:status>"
        f"{f'<heroes:first_byte>{first}</heroes:first_byte>' if first >= 0 else ''}"
        f"{f'<heroes:digests>{WITHHELD}</heroes:digests>' if kept_back else ''}"
        f"{''.join(map(_finding, block.findings.get(position, ())))}"
    )


def _finding(finding: Finding) -> str:
    category = finding.category
    said = {
        "number": finding.number,
        "kind": finding.kind,
        "grade": finding.grade,
        "set": finding.set_name,
        "issuer": finding.issuer,
        "edition": finding.edition,
        "category": category.code,
        "scheme": category.scheme,
        "region": category.region,
    }
    attributes = " ".join(f"{name}='{_text(value)}'" for name, value in said.items() if value)
    return f"<heroes:finding {attributes}/>"


@lru_cache(256)
def _gap(code: str) -> str:
    return escape(f"{code}: {GAP_TEXTS.get(code, code)}")


@lru_cache(1024)
def _word(text: str) -> str:
    return _text(text)


def _text(text: str) -> str:
    """Return what a person or a supplier wrote, safe between tags and in an attribute."""
    return escape(shown(text))


EXPORT: Final = Exporter("{source}.dfxml", write, items=("all", "findings"), digests="all")
