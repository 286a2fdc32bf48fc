"""Reading evidence again and comparing it with what a record says of it (`heroes verify`).

The record alone says what the evidence was; whether the file at hand is still that takes reading
all of it once. That is done by a locked worker, as in a scan.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from heroes_forensics.custody.chain import Problem
from heroes_forensics.custody.problems import shown
from heroes_forensics.errors import EvidenceError, UsageError
from heroes_forensics.frames import Control
from heroes_forensics.parsers.storage import segments
from heroes_forensics.pipelines.case import ledger_events
from heroes_forensics.pipelines.evidence import sources
from heroes_forensics.pipelines.examining.verification import LENGTHS
from heroes_forensics.pipelines.workers.single import single
from heroes_forensics.pipelines.workers.supervisor import Supervisor


@dataclass(slots=True)
class Recorded:
    """What a ledger says of one source."""

    segments: list[int] = field(default_factory=list)
    """Their sizes in bytes, in order."""
    digests: dict[str, str] = field(default_factory=dict)
    """Those of the media, hex by algorithm, as they were computed last."""


def problems(bundle: Path, given: Sequence[str]) -> Iterator[Problem]:
    """Read sources again and yield where they differ from the record.

    Args:
        bundle: the folder of a record, verified already.
        given: ``LABEL=PATH``, LABEL being a source, or an exhibit with one source; or a path alone
            when the record has one source.

    Raises:
        UsageError: the record has no such source.
        EvidenceError: a source cannot be opened.
    """
    known = _recorded(bundle)
    for text in given:
        label, path = _named(text, known)
        yield from _compared(label, path, known[label])


def _recorded(bundle: Path) -> dict[str, Recorded]:
    found: dict[str, Recorded] = {}
    for event in ledger_events.in_bundle(bundle, "evidence.registered", "evidence.verified"):
        evidence = str(event.body["evidence"])
        if event.kind == "evidence.registered":
            sizes = [int(segment["size"]) for segment in event.body["segments"]]
            found[evidence] = Recorded(sizes)
        elif evidence in found:
            rows = {row["alg"]: row["computed"] for row in event.body["digests"]}
            found[evidence].digests.update(rows)
    return found


def _named(text: str, known: dict[str, Recorded]) -> tuple[str, Path]:
    label, sign, path = text.partition("=")
    # An exhibit with one source stands for it.
    of = [each for each in known if sign and label in {each, each.partition("/")[0]}]
    if label in of or len(of) == 1:
        return label if label in of else of[0], Path(path)
    if len(known) == 1 and (not sign or Path(text).exists()):
        return next(iter(known)), Path(text)
    raise UsageError(
        "the record has several sources, or none of that name",
        hint=f"write LABEL=PATH; its sources: {', '.join(map(shown, sorted(known)[:9])) or 'none'}",
    )


def _compared(label: str, path: Path, recorded: Recorded) -> Iterator[Problem]:
    where = shown(label)
    try:
        sizes, frames = _read(path, recorded)
    except EvidenceError:
        sizes = _segments(path)
        if sizes == recorded.segments:
            raise
        frames = []
    if sizes != recorded.segments:
        text = f"it has {len(sizes)} segments of other sizes than the recorded ones"
        if len(sizes) != len(recorded.segments):
            text = f"it has {len(sizes)} segments, and {len(recorded.segments)} on record"
        yield Problem("evidence-segments", where, text)
    if not recorded.digests:
        text = "no digest of its media is on record, as of a folder"
        yield Problem("evidence-unchecked", where, text)
        return
    unread = sum(_count(frame.body["unread_ranges"]) for frame in frames if frame.kind == "media")
    if unread:
        yield Problem("evidence-mismatch", where, f"{unread} ranges of it cannot be read")
    computed = {
        str(row["alg"]): str(row["computed"])
        for frame in frames
        if frame.kind == "digests" and isinstance(frame.body["digests"], list)
        for row in frame.body["digests"]
        if isinstance(row, dict)
    }
    for algorithm, value in sorted(recorded.digests.items()):
        if computed.get(algorithm) != value:
            text = f"its {algorithm} is not the recorded one"
            yield Problem("evidence-mismatch", where, text)


def _read(path: Path, recorded: Recorded) -> tuple[list[int], list[Control]]:
    """Open a source and digest its media; return the sizes of its segments, and what was found.

    Raises:
        EvidenceError: it cannot be opened.
    """
    with Supervisor() as supervisor:
        supervisor.isolation("parser")
        with sources.opened(path, supervisor, workers=1) as evidence:
            sizes = [slot.size for slot in evidence.slots]
            algorithms = [name for name in LENGTHS if name in recorded.digests]
            unit = evidence.unit(0, "media_digest", {"algorithms": algorithms})
            return sizes, single(evidence.crew, unit, _controls) if algorithms else []


def _segments(path: Path) -> list[int]:
    """Return the sizes of the segments of what cannot be opened; none when one is missing.

    Raises:
        EvidenceError: there is no such file.
    """
    try:
        return [part.size for part in segments.discover(path).parts]
    except segments.SegmentMissingError:
        return []


def _controls(frames: Iterator[object]) -> list[Control]:
    return [frame for frame in frames if isinstance(frame, Control)]


def _count(value: object) -> int:
    return value if isinstance(value, int) else 0
