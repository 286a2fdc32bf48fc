"""``report.json``: the report model itself, in one canonical byte form.

Keys sorted, no blanks, UTF-8, no floating point: for these values the same bytes as RFC 8785,
plus one line feed at the end. Its schema is `data/report.schema.json`.
"""

import json
from importlib.resources import files

from heroes_forensics.model import JSON
from heroes_forensics.reports.model import Report


def render(report: Report, *, language: str = "en") -> bytes:
    """Return ``report.json``; it is the same in every language."""
    del language
    return encode(report.to_json())


def encode(document: JSON) -> bytes:
    """Return the canonical bytes of a report in its plain form."""
    text = json.dumps(
        document, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False
    )
    return text.encode() + b"\n"


def schema() -> JSON:
    """Return the JSON Schema (2020-12) that every ``report.json`` fits."""
    source = files("heroes_forensics.reports").joinpath("data/report.schema.json")
    result: JSON = json.loads(source.read_bytes())
    return result
