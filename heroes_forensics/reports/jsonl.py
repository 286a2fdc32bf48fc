"""JSON Lines: each item with all that a case holds of it and may be handed on.

The keys are those of ``heroes inventory --json``, with the findings of the item beside them. Times
are the raw values with their resolution and their zone. Everything but ASCII is escaped.
"""

import base64
import json
from collections.abc import Iterable, Iterator
from typing import Final

from heroes_forensics.model import JSON, EntryFlag, reuse_word
from heroes_forensics.reports.exchange import WHICH, Exporter, Handed, Matter
from heroes_forensics.reports.findings import Finding
from heroes_forensics.reports.items import WITHHELD
from heroes_forensics.reports.moments import NO_TIME

_TIMES: Final = "macb"
_FLAGS: Final = tuple(
    (int(flag), str(flag.name).lower()) for flag in EntryFlag if flag is not EntryFlag.ALLOCATED
)
_encode: Final = json.JSONEncoder(separators=(",", ":")).encode


def write(matter: Matter, blocks: Iterable[Handed]) -> Iterator[bytes]:
    """Yield the file, one line an item."""
    del matter
    for block in blocks:
        yield "".join([_encode(row) + "\n" for row in _rows(block)]).encode()


def _rows(block: Handed) -> Iterator[JSON]:
    items = block.items
    rules = [items.rules.get(which) for which in WHICH]
    zones = [
        {"resolution_ns": rule.resolution_ns, "zone": rule.zone}
        if rule
        else {"resolution_ns": 1, "zone": "utc"}
        for rule in rules
    ]
    seconds, nanoseconds = items.seconds.tolist(), items.nanoseconds.tolist()
    for position, locator in enumerate(items.locators):
        flags = block.flags[position]
        row: JSON = {
            "type": "item",
            "exhibit": items.exhibit,
            "source": items.source,
            "volume": items.volume,
            "locator": f"{items.source}/{items.volume}/{locator}",
            "allocated": items.allocated[position],
            "kind": items.kinds[position],
            "flags": [name for bit, name in _FLAGS if flags & bit],
            "reuse": reuse_word(flags) or None,
            "size": items.sizes[position],
            "bytes_read": block.bytes_read[position],
            **_digests(block, position),
            "content_type": items.types[position],
            "misnamed": items.misnamed[position],
            "place": items.places[position],
            "owner": block.owners[position] if block.owners[position] >= 0 else None,
            "times": {
                which: {"seconds": second, "nanoseconds": nanosecond, **zone}
                for which, second, nanosecond, zone in zip(
                    _TIMES, seconds[position], nanoseconds[position], zones, strict=True
                )
                if second != NO_TIME
            },
            "status": items.statuses[position],
            "gap": items.gaps[position] or None,
            "first_byte": block.first_bytes[position] if block.first_bytes[position] >= 0 else None,
            "findings": [_finding(each) for each in block.findings.get(position, ())],
        }
        if block.holder:
            row["parent"] = block.holder
        if items.paths:
            row |= _path(items.paths[position])
        yield row


def _digests(block: Handed, position: int) -> JSON:
    items = block.items
    found: JSON = {}
    for algorithm in ("md5", "sha1", "sha256"):
        digest: bytes | None = getattr(items, algorithm)[position]
        kept_back = WITHHELD if items.matched[position] else None
        found[algorithm] = digest.hex() if digest else kept_back
    return found


def _finding(finding: Finding) -> JSON:
    category = finding.category
    return {
        "finding": finding.number,
        "status": finding.status,
        "kind": finding.kind,
        "grade": finding.grade,
        "set": finding.set_name,
        "issuer": finding.issuer,
        "edition": finding.edition,
        "category": category.code,
        "scheme": category.scheme,
        "region": category.region,
        "verdict": category.verdict,
    }


def _path(path: bytes) -> JSON:
    try:
        return {"path": path.decode()}
    except UnicodeDecodeError:
        return {
            "path": path.decode(errors="replace"),
            "path_b64": base64.b64encode(path).decode(),
        }


EXPORT: Final = Exporter("items.jsonl", write, items=("all", "findings"), digests="all")
