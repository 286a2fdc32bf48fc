"""Set files built from records as an importer gives them."""

from collections.abc import Sequence
from pathlib import Path
from typing import Final

import numpy as np
from hashset_samples import KEY

from heroes_forensics.frames import Batch
from heroes_forensics.hashsets.building import SetBuilder
from heroes_forensics.hashsets.formats.base import Record
from heroes_forensics.hashsets.layout import Header
from heroes_forensics.hashsets.merging import Base
from heroes_forensics.hashsets.packing import Packer
from heroes_forensics.pipelines.workers import wire

SET_ID: Final = "00000000-0000-4000-8000-000000000001"


def made(number: int, width: int = 32) -> bytes:
    """Return bytes that are no filler."""
    return np.random.default_rng(number).bytes(width)


def packed(records: Sequence[Record]) -> list[Batch]:
    """Pack as an importer does, and go over the wire."""
    packer = Packer()
    batches = [batch for record in records for batch in packer.add(record)]
    batches += packer.flush()
    received = [wire.decode(wire.encode(batch)) for batch in batches]
    return [batch for batch in received if isinstance(batch, Batch)]


def built(
    folder: Path,
    records: Sequence[Record],
    *,
    memory_rows: int = 1 << 18,
    base: Base | None = None,
) -> Path:
    """Build a set file in a new folder below another; nothing but it is left there."""
    staging = folder / "staging"
    staging.mkdir(mode=0o700)
    builder = SetBuilder(staging, KEY, SET_ID, memory_rows=memory_rows, base=base)
    try:
        for batch in packed(records):
            builder.add(batch)
        path = builder.finish(Header(id="", file="", name="a", edition="1", kind="notable"))
    finally:
        builder.close()
    assert [item.name for item in staging.iterdir()] == ["set.hset"]
    return path
