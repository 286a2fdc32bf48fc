"""A decoder that tells metadata unasked: zygotes load this file by `HEROES_TEST_FAULTS`."""

from collections.abc import Iterator
from pathlib import Path
from typing import Final

from heroes_forensics.frames import Frame, Unit
from heroes_forensics.pipelines.work import pictures, units
from heroes_forensics.pipelines.work.units import Session

THIS: Final = Path(__file__).resolve()


def _unasked(session: Session, unit: Unit) -> Iterator[Frame]:
    unit.body["metadata"] = True
    yield from pictures.decode(session, unit)


if __name__ == "heroes_test_faults":
    units.UNITS["decode"] = _unasked
