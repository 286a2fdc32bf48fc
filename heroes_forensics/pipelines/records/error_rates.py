"""The known error rate that a run cites: chosen at its beginning, kept with it, told in reports.

The record itself goes into the bundle, as a file of the run whose digest the ledger holds, and into
the case database: what a report says years later rests on the case alone.
"""

import hashlib
import json
from collections.abc import Iterator
from dataclasses import replace
from importlib import resources
from typing import Any, Final, NamedTuple

from heroes_forensics.custody import bundle, calibration
from heroes_forensics.custody.bundle import Bundle
from heroes_forensics.errors import CustodyError
from heroes_forensics.hashsets.measuring import interval
from heroes_forensics.model import JSON
from heroes_forensics.pipelines.records import calibrations
from heroes_forensics.pipelines.sets.run_sets import Sets
from heroes_forensics.reports.error_rates import ErrorRate, FalsePairs, FoundAgain
from heroes_forensics.store.database import Database

SHIPPED: Final = "data/shipped-figures.json"
"""What was measured of this program before it was released; `benchmarks/recall.py` writes it."""


class Cited(NamedTuple):
    """What a run cites."""

    source: str
    """``laboratory`` or ``program``."""
    asked: str
    """``newest``, ``named`` or ``none``."""
    id: str
    """Identifier of the laboratory's record, else `calibrations.NONE`."""
    data: bytes
    """The whole record; of the laboratory, with its signature."""

    def facts(self) -> JSON:
        """Return what the case keeps."""
        return {"source": self.source, "asked": self.asked, "record": self.data.decode()}


def kept(cited: Cited | None, into: Bundle, run: str) -> tuple[JSON, JSON]:
    """Write what a run cites beside its other files.

    Returns:
        What the case keeps of it, and what ``run.started`` says of it.
    """
    if cited is None:
        return {}, {}
    digest = into.write_run(run, bundle.CALIBRATION, cited.data)
    return {"calibration": cited.facts()}, {"calibration_sha256": digest}


def chosen(sets: Sets, wanted: str, *, deep: bool) -> tuple[Cited | None, list[str]]:
    """Return what a run cites; None where no set has anything that pictures are compared with.

    Args:
        sets: of the run.
        wanted: as `calibrations.taken` has it.
        deep: whether pictures are looked at in depth.

    Returns:
        That, and a sentence for each calibration that is refused.

    Raises:
        UsageError: the calibration that is named is not there, or of another comparison.
        CustodyError: the one that is named does not verify.
    """
    if not any(sets.near()):
        if wanted not in {"", calibrations.NONE}:
            calibrations.named(wanted)
        return None, []
    record, said = calibrations.taken(wanted, deep=deep)
    asked = "none" if wanted == calibrations.NONE else "named" if wanted else "newest"
    if record is not None:
        return Cited("laboratory", asked, record.id, record.data), said
    return Cited("program", asked, calibrations.NONE, shipped()), said


def shipped() -> bytes:
    """Return the figures that come with the program, one line of canonical JSON."""
    return resources.files("heroes_forensics.custody").joinpath(SHIPPED).read_bytes()


# ---- in reports --------------------------------------------------------------------------


def rates(database: Database) -> Iterator[ErrorRate]:
    """Yield what the runs of a case cite, each once, in the order of the runs.

    Raises:
        CustodyError: a record of the case is none that this version reads.
    """
    found: dict[str, ErrorRate] = {}
    for uuid, text in database.rows("SELECT uuid, facts FROM run ORDER BY id"):
        facts = json.loads(text).get("calibration")
        if not isinstance(facts, dict):
            continue
        data = facts["record"].encode()
        rate = _rate(data, str(facts["source"]), str(facts["asked"]))
        key = f"{rate.sha256} {rate.asked}"
        runs = (*(found[key].runs if key in found else ()), str(uuid))
        found[key] = replace(rate, runs=runs)
    yield from found.values()


def _rate(data: bytes, source: str, asked: str) -> ErrorRate:
    line = data.partition(b"\n")[0] + b"\n"
    of_laboratory = source == "laboratory"
    body: Any = calibration.body_of(line) if of_laboratory else calibration.shipped_of(line)
    if asked not in {"newest", "named", "none"}:
        raise CustodyError("a run cites an error rate in a way that this version does not know")
    return ErrorRate(
        source="laboratory" if of_laboratory else "program",
        sha256=hashlib.sha256(data).hexdigest(),
        pictures=body["pictures"]["compared"],
        edited=body["pictures"]["edited"],
        edits=len(body["edits"]),
        found=tuple(_found(body["edits"], body["pictures"]["edited"])),
        false_pairs=tuple(_pairs(body["chances"])),
        name=hashlib.sha256(line).hexdigest()[: calibration.ID_DIGITS]
        if of_laboratory
        else body["commit"],
        laboratory=body["laboratory"] if of_laboratory else "",
        measured=body["time"] if of_laboratory else None,
        unfinished=not of_laboratory and body["stopped"],
        asked="none" if asked == "none" else "named" if asked == "named" else "newest",
    )


def _found(edits: list[dict[str, Any]], pictures: int) -> Iterator[FoundAgain]:
    """Yield the mean over edits, each counting as much as any other, rounded towards zero."""
    made = [edit for edit in edits if edit["made"]]
    for tier in (1, 2):
        for bits in (31, 40):
            key = f"tier{tier}_{bits}"
            if made and made[0].get(key) is not None:
                share = sum(edit[key] / edit["made"] for edit in made) / len(made)
                low, high = interval(share, pictures)
                yield FoundAgain(
                    tier,
                    bits,
                    _percent(share + 1e-12),
                    _percent(low),
                    _percent(high + 0.001 - 1e-9),
                )


def _percent(share: float) -> str:
    """Write a share with one digit, rounded towards zero."""
    tenths = min(1000, int(1000 * share))
    return f"{tenths // 10}.{tenths % 10}"


def _pairs(chances: list[dict[str, Any]]) -> Iterator[FalsePairs]:
    for chance in chances:
        for bits in (31, 40):
            yield FalsePairs(
                of=chance["of"],
                tier=chance["tier"],
                bits=bits,
                pairs=chance[f"pairs_{bits}"],
                comparisons=chance["comparisons"],
                bound=chance[f"upper_{bits}"],
                what=chance.get("what") or "",
            )
