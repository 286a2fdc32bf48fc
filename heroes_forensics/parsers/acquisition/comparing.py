"""What leaves the worker that reads an acquisition log: no text of it, but whether it fits."""

from collections.abc import Mapping, Sequence
from typing import Final

from heroes_forensics.errors import EvidenceError
from heroes_forensics.model import JSON
from heroes_forensics.parsers import acquisition
from heroes_forensics.parsers.acquisition.stated import MAX_LINES, Stated, base_name, decoded

SAME: Final = "same"
OTHER: Final = "other"
UNSTATED: Final = "unstated"
MOST: Final = (1 << 53) - 1
"""Bytes or sectors of any media: what a record can hold."""


def compared(data: bytes, known: Mapping[str, str], segments: Sequence[str]) -> JSON:
    """Read a log and return numbers, digests, times and fixed words.

    Args:
        data: the whole log.
        known: what the operator said of case and exhibit: ``case_number``, ``evidence_number``,
            ``serial``; an empty text where nothing was said.
        segments: names of the files of the image, in their order.

    Raises:
        EvidenceError: it is no log that is understood, or one of several acquisitions.
    """
    lines = decoded(data)
    if len(lines) > MAX_LINES:
        raise EvidenceError("it has more lines than any acquisition log")
    name, stated = acquisition.read(lines)
    if max(stated.size, stated.sector_size, stated.bad_sectors) > MOST:
        raise EvidenceError("it states a size, or a count of sectors, that no media has")
    digests = dict(stated.digests)
    if set(stated.digests) != set(digests.items()):
        raise EvidenceError(
            "it states two digests of one kind: it is the log of more than one acquisition",
            hint="cut it in parts, one for each image",
        )
    verified = {pair for pair in stated.verified if pair[0] in digests}
    return {
        "format": name,
        "version": stated.version,
        "digests": [{"alg": alg, "value": value} for alg, value in sorted(digests.items())],
        "verified": _verdict(verified, set(digests.items())),
        "size": stated.size,
        "sector_size": stated.sector_size,
        "started": stated.started,
        "ended": stated.ended,
        "bad_sectors": stated.bad_sectors,
        "finished": stated.finished or UNSTATED,
        "segments": _segments(stated, segments),
        "segments_listed": len(stated.segments),
        **{key: _agrees(getattr(stated, key), text) for key, text in known.items()},
    }


def _verdict(verified: set[tuple[str, str]], computed: set[tuple[str, str]]) -> str:
    if not verified:
        return UNSTATED
    return SAME if verified <= computed else OTHER


def _segments(stated: Stated, have: Sequence[str]) -> str:
    names = [base_name(each).lower() for each in have]
    if stated.segments and (len(stated.segments) > 1 or "." in stated.segments[0]):
        return SAME if [each.lower() for each in stated.segments] == names else OTHER
    base = (stated.base or "".join(stated.segments)).lower()
    if not base:
        return UNSTATED
    return SAME if all(each.rpartition(".")[0] == base for each in names) else OTHER


def _agrees(stated: str, known: str) -> str:
    """Compare what two people typed: neither case nor blanks count."""
    if not stated or not known:
        return UNSTATED
    return SAME if "".join(stated.lower().split()) == "".join(known.lower().split()) else OTHER
