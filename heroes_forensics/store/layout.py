"""What makes a file a case database: its marks, its tables, its late indexes."""

from importlib.resources import files
from typing import Final

APPLICATION_ID: Final = 0x48455246
"""``HERF``: marks the SQLite file as a heroes case."""

SCHEMA_VERSION: Final = 6

LATE_INDEXES: Final = (
    "CREATE INDEX IF NOT EXISTS item_place ON item (volume_id, locator, size)",
    "CREATE INDEX IF NOT EXISTS restated_finding ON restated (finding, status)",
    "CREATE INDEX IF NOT EXISTS gap_place ON gap (run_id, code)",
)
"""Made when a run ends: rows go in two to three times faster without them."""


def tables() -> list[str]:
    """Return the statements that make the tables; ``fixtures/schema.py`` wrote them."""
    text = files("heroes_forensics.store").joinpath("data/tables.sql").read_text(encoding="utf-8")
    return [each.strip() for each in text.split(";") if each.strip()]
