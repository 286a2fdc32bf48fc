"""A timeline for Timesketch: JSON Lines, one line for each time of each item.

``message``, ``datetime`` (ISO 8601) and ``timestamp_desc`` are what Timesketch asks for;
``timestamp`` is the same in microseconds since 1970, and ``tag`` is what it shows as labels
(https://timesketch.org/guides/user/import-from-json-csv/). A message holds no name, unless names
were opened for the export.
"""

import json
from collections.abc import Iterable, Iterator
from typing import Final

import numpy as np

from heroes_forensics.display import shown
from heroes_forensics.model import JSON
from heroes_forensics.reports.exchange import (
    UNKNOWN_ZONE,
    WHICH,
    Exporter,
    Handed,
    Matter,
    Times,
    told_times,
)

_DESCRIPTIONS: Final = {
    "m": "Content Modification Time",
    "a": "Last Access Time",
    "c": "Metadata Modification Time",
    "b": "Creation Time",
}
"""As plaso calls them, so that both sort together."""

_encode: Final = json.JSONEncoder(separators=(",", ":")).encode


def write(matter: Matter, blocks: Iterable[Handed]) -> Iterator[bytes]:
    """Yield the timeline; items in their order, the times of each in the order m, a, c, b."""
    for block in blocks:
        yield "".join(_lines(matter, block)).encode()


def _lines(matter: Matter, block: Handed) -> Iterator[str]:
    found: list[tuple[int, int, str]] = []
    items: dict[int, JSON] = {}
    for times in told_times(matter, block.items):
        rank = WHICH.index(times.which)
        said = _said(times)
        for position, stamp, text in zip(times.positions, *_stamps(times), strict=True):
            item = items.get(position)
            if item is None:
                item = items[position] = _item(block, position)
            line: JSON = {
                "message": f"{item['display_name']}: {said['timestamp_desc']}",
                "datetime": text,
                "timestamp": stamp,
                **said,
                **item,
            }
            found.append((position, rank, _encode(line) + "\n"))
    found.sort()
    return (line for _, _, line in found)


def _said(times: Times) -> JSON:
    label = f" ({UNKNOWN_ZONE})" if times.is_local else ""
    return {
        "timestamp_desc": _DESCRIPTIONS[times.which] + label,
        "time_zone": times.rule.zone,
        "time_resolution_ns": times.rule.resolution_ns,
    }


def _stamps(times: Times) -> tuple[list[int], list[str]]:
    """Return microseconds since 1970, and the same as text; what is finer is cut off."""
    stamps = times.seconds * 1_000_000 + times.nanoseconds // 1000
    texts = np.datetime_as_string(stamps.astype("datetime64[us]")).tolist()
    return stamps.tolist(), [f"{text}+00:00" for text in texts]


def _item(block: Handed, position: int) -> JSON:
    items = block.items
    findings = block.findings.get(position, ())
    path = items.paths[position] if items.paths else b""
    name = shown(path) if path else ""
    locator = block.whole(position)
    numbers = [each.number for each in findings]
    item: JSON = {
        "display_name": " ".join([name or locator, *(f"[{number}]" for number in numbers)]),
        "data_type": "heroes:item",
        "exhibit": shown(items.exhibit),
        "locator": locator,
        "kind": items.kinds[position],
        "is_allocated": items.allocated[position],
        "file_size": items.sizes[position],
        "content_type": items.types[position],
        "place": items.places[position],
    }
    if name:
        item["filename"] = name
    if findings:
        item["finding"] = numbers
        item["tag"] = ["heroes-finding", *sorted({each.grade for each in findings})]
    for algorithm in ("md5", "sha1", "sha256"):
        digest: bytes | None = getattr(items, algorithm)[position]
        if digest:
            item[f"{algorithm}_hash"] = digest.hex()
    return item


EXPORT: Final = Exporter("timeline.jsonl", write, items=("all", "findings"), digests="none")
