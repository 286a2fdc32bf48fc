"""Tables of the case database, described once for every kind of database.

`fixtures/schema.py` writes from them what a case is made with (``data/tables.sql``), so that
making and opening one needs the standard library alone; a test compares the two.

Names and paths stand here only sealed (AES-256-GCM under the case key) unless the case's policy
is ``clear``. Text columns never hold anything that a file system of the evidence named.
"""

from typing import Final

from sqlalchemy import (
    Column,
    ForeignKey,
    Integer,
    LargeBinary,
    MetaData,
    Table,
    Text,
    UniqueConstraint,
)

METADATA: Final = MetaData()

CASE: Final = Table(
    "case_fact",
    METADATA,
    Column("name", Text, primary_key=True),
    Column("value", Text, nullable=False),
)

EXHIBIT: Final = Table(
    "exhibit",
    METADATA,
    Column("id", Integer, primary_key=True),
    Column("label", Text, nullable=False, unique=True),
    Column("fields", Text, nullable=False),
)

SOURCE: Final = Table(
    "source",
    METADATA,
    Column("id", Integer, primary_key=True),
    Column("exhibit_id", Integer, ForeignKey("exhibit.id"), nullable=False),
    Column("label", Text, nullable=False, unique=True),
    Column("path", Text, nullable=False),
    Column("identity", Text, nullable=False),
    Column("format", Text, nullable=False),
    Column("facts", Text, nullable=False),
)

RUN: Final = Table(
    "run",
    METADATA,
    Column("id", Integer, primary_key=True),
    Column("uuid", Text, nullable=False, unique=True),
    Column("started", Text, nullable=False),
    Column("ended", Text),
    Column("outcome", Text),
    Column("config", Text, nullable=False),
    Column("facts", Text, nullable=False),
)

RUN_SOURCE: Final = Table(
    "run_source",
    METADATA,
    Column("run_id", Integer, ForeignKey("run.id"), primary_key=True),
    Column("source_id", Integer, ForeignKey("source.id"), primary_key=True),
)
"""Which sources a run examined: what it counts, commits to and answers for."""

VOLUME: Final = Table(
    "volume",
    METADATA,
    Column("id", Integer, primary_key=True),
    Column("source_id", Integer, ForeignKey("source.id"), nullable=False),
    Column("key", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("file_system", Text),
    Column("offset", Integer),
    Column("size", Integer),
    Column("spec", Text, nullable=False),
    Column("time_basis", Text),
    Column("state", Text, nullable=False),
    Column("listing", Text),
    UniqueConstraint("source_id", "key"),
)

UNIT: Final = Table(
    "unit",
    METADATA,
    Column("id", Integer, primary_key=True),
    Column("run_id", Integer, ForeignKey("run.id"), nullable=False),
    Column("kind", Text, nullable=False),
    Column("volume_id", Integer, ForeignKey("volume.id")),
    Column("items", Integer, nullable=False),
    Column("gaps", Integer, nullable=False),
    Column("rows_sha256", LargeBinary, nullable=False),
)

ITEM: Final = Table(
    "item",
    METADATA,
    Column("id", Integer, primary_key=True),
    Column("volume_id", Integer, ForeignKey("volume.id"), nullable=False),
    Column("unit_id", Integer, ForeignKey("unit.id"), nullable=False),
    Column("kind", Integer, nullable=False),
    Column("flags", Integer, nullable=False),
    Column("place", Integer, nullable=False),
    Column("owner", Integer, nullable=False),
    Column("size", Integer, nullable=False),
    Column("first_offset", Integer, nullable=False),
    Column("times", LargeBinary, nullable=False),
    Column("locator", Text, nullable=False),
    Column("handle", LargeBinary, nullable=False),
    Column("path", LargeBinary, nullable=False),
    Column("parent", Integer, ForeignKey("item.id")),
)
"""``parent``: the container that holds the item; null for what a file system names."""

CONTENT: Final = Table(
    "content",
    METADATA,
    Column("item_id", Integer, ForeignKey("item.id"), primary_key=True),
    Column("unit_id", Integer, ForeignKey("unit.id"), nullable=False),
    Column("status", Integer, nullable=False),
    Column("gap", Integer, nullable=False),
    Column("type", Integer, nullable=False),
    Column("bytes_read", Integer, nullable=False),
    Column("md5", LargeBinary),
    Column("sha1", LargeBinary),
    Column("sha256", LargeBinary),
)

PERCEPTUAL: Final = Table(
    "perceptual",
    METADATA,
    Column("item_id", Integer, ForeignKey("item.id"), primary_key=True),
    Column("unit_id", Integer, ForeignKey("unit.id"), nullable=False),
    Column("status", Integer, nullable=False),
    Column("gap", Integer, nullable=False),
    Column("width", Integer, nullable=False),
    Column("height", Integer, nullable=False),
    Column("frames", Integer, nullable=False),
    Column("milliseconds", Integer, nullable=False),
    Column("hashed", Integer, nullable=False),
    Column("algorithm", Text, nullable=False),
    Column("quality", Integer),
    Column("value", LargeBinary),
    Column("compared", Integer),
)
"""One row a picture or film. ``value`` holds its values of tier 1 (`perceptual_values`), sealed
under the case key whatever the policy for names: they are picture-like. ``hashed`` counts all that
were computed. ``algorithm`` says with its version what the values are; empty without any.
``quality`` is the best of them, null without any. ``compared`` counts those that were compared
with the sets of the run; null where these held nothing to compare with."""

SUPPLIED: Final = Table(
    "supplied",
    METADATA,
    Column("item_id", Integer, ForeignKey("item.id"), primary_key=True),
    Column("unit_id", Integer, ForeignKey("unit.id"), nullable=False),
    Column("plugin", Text, nullable=False),
    Column("made", Integer, nullable=False),
    Column("too_little", Integer, nullable=False),
    Column("failed", Integer, nullable=False),
    Column("uncompared", Integer, nullable=False),
    Column("value", LargeBinary),
)
"""One row a picture that was given to a plug-in of the laboratory. ``plugin`` says which it was,
with its version; then how many of its frames have a value, say too little, or made it fail, and how
many values could not be compared. ``value`` holds the values (`supplied_values`), sealed."""

MEDIA_METADATA: Final = Table(
    "media_metadata",
    METADATA,
    Column("item_id", Integer, ForeignKey("item.id"), primary_key=True),
    Column("unit_id", Integer, ForeignKey("unit.id"), nullable=False),
    Column("state", Integer, nullable=False),
    Column("position", Integer, nullable=False),
    Column("device", LargeBinary),
    Column("model", LargeBinary),
    Column("value", LargeBinary),
)
"""One row a picture or film of which somebody asked what it says of its origin. ``value`` holds
what it says, sealed under the case key whatever the policy for names; null when that is nothing.
``device`` and ``model`` are keyed tags, by which the same device (make, model, serial number) or
model is known again and nothing else; null where the picture does not name it."""

CONTAINER: Final = Table(
    "container",
    METADATA,
    Column("item_id", Integer, ForeignKey("item.id"), primary_key=True),
    Column("unit_id", Integer, ForeignKey("unit.id"), nullable=False),
    Column("status", Integer, nullable=False),
    Column("gap", Integer, nullable=False),
    Column("kind", Text, nullable=False),
    Column("depth", Integer, nullable=False),
    Column("listed", Integer, nullable=False),
    Column("directories", Integer, nullable=False),
    Column("expanded", Integer, nullable=False),
    Column("time_basis", Text, nullable=False),
)
"""One row a container found inside evidence. ``listed`` is what its own lister counted, which adds
to the left side of the entry equation; ``time_basis`` says how times of its members are stored."""

GAP: Final = Table(
    "gap",
    METADATA,
    Column("id", Integer, primary_key=True),
    Column("run_id", Integer, ForeignKey("run.id"), nullable=False),
    Column("source_id", Integer, ForeignKey("source.id")),
    Column("volume_id", Integer, ForeignKey("volume.id")),
    Column("place", Text, nullable=False),
    Column("code", Text, nullable=False),
    Column("detail", Text, nullable=False),
)

VERIFICATION: Final = Table(
    "verification",
    METADATA,
    Column("id", Integer, primary_key=True),
    Column("run_id", Integer, ForeignKey("run.id"), nullable=False),
    Column("source_id", Integer, ForeignKey("source.id"), nullable=False),
    Column("status", Text, nullable=False),
    Column("facts", Text, nullable=False),
)

HASHSET: Final = Table(
    "hashset",
    METADATA,
    Column("id", Integer, primary_key=True),
    Column("uuid", Text, nullable=False),
    Column("edition", Text, nullable=False),
    Column("facts", Text, nullable=False),
    UniqueConstraint("uuid", "edition"),
)

RUN_HASHSET: Final = Table(
    "run_hashset",
    METADATA,
    Column("run_id", Integer, ForeignKey("run.id"), primary_key=True),
    Column("hashset_id", Integer, ForeignKey("hashset.id"), primary_key=True),
)

MATCH: Final = Table(
    "match",
    METADATA,
    Column("id", Integer, primary_key=True),
    Column("item_id", Integer, ForeignKey("item.id"), nullable=False),
    Column("hashset_id", Integer, ForeignKey("hashset.id"), nullable=False),
    Column("unit_id", Integer, ForeignKey("unit.id"), nullable=False),
    Column("record", Integer, nullable=False),
    Column("grade", Text, nullable=False),
    Column("verdict", Text, nullable=False),
    Column("facts", Text, nullable=False),
    Column("finding", Integer, unique=True),
    Column("status", Text, nullable=False),
    UniqueConstraint("item_id", "hashset_id", "record"),
)
"""One match of one item with one record. ``finding`` is the number in F-000123, given once to
matches with sets that make findings (not known-good) and never changed."""

RESTATED: Final = Table(
    "restated",
    METADATA,
    Column("id", Integer, primary_key=True),
    Column("unit_id", Integer, ForeignKey("unit.id"), nullable=False),
    Column("finding", Integer, ForeignKey("match.finding"), nullable=False),
    Column("hashset_id", Integer, ForeignKey("hashset.id"), nullable=False),
    Column("record", Integer, nullable=False),
    Column("grade", Text, nullable=False),
    Column("verdict", Text, nullable=False),
    Column("facts", Text, nullable=False),
    Column("status", Text, nullable=False),
)
"""What a later edition of its set says of a finding: still listed, perhaps otherwise, or not."""

REPORT: Final = Table(
    "report",
    METADATA,
    Column("number", Integer, primary_key=True),
    Column("uuid", Text, nullable=False),
    Column("facts", Text, nullable=False),
)

LEDGER: Final = Table(
    "ledger",
    METADATA,
    Column("seq", Integer, primary_key=True, autoincrement=False),
    Column("line", LargeBinary, nullable=False),
)
