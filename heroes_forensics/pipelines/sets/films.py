"""Films among pictures: which types are decoded, how long one may take, and when one matches.

A film matches a listed record by its frames: at least three different listed frames come close, or
all that the record has, and to as many different frames of the film, or all that it has. Never a
share of the film decides: what is spliced into a long film is a small part of it. Nothing here
knows of processes.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt

from heroes_forensics.frames import ORIENTATIONS, PERCEPTUAL_ALGORITHMS, TIER_1, Rows
from heroes_forensics.hashsets import candidates
from heroes_forensics.hashsets.candidates import Candidate, NearSet
from heroes_forensics.model import JSON

DECODED: Final = (
    *("mp4", "m4v", "mov", "3gp", "3g2", "mj2", "mkv", "webm", "avi", "amv", "mpeg-ps", "mpeg-ts"),
    *("mpeg-es", "mpeg4-es", "h264", "h265", "wmv", "flv", "ogv", "realmedia", "dv", "mxf", "ivf"),
    *("wtv", "nut", "y4m"),
)
"""Types of `filetype` that decoders take; those of `media.video.DEMUXERS`."""

SECONDS: Final = {"triage": 60.0, "standard": 1200.0, "deep": 3600.0}
"""How long a decoder looks at one film, by profile; `media.video.SECONDS`."""

NEEDED: Final = 3
"""Different frames on each side that have to come close; all, where there are fewer."""
APART: Final = 5_000
"""Milliseconds without a frame that comes close, after which a new time range begins."""
MOST_RANGES: Final = 16
"""Time ranges told of one film and record; of more, the last one reaches to the end."""

MOST_STILL: Final = 1 << 13
"""Frames of a listed film of which it is looked at whether nothing moves in it: of more it is
taken that something does."""

PDQ: Final = PERCEPTUAL_ALGORITHMS.index("pdq")

_AT_ONCE: Final = 1 << 12
"""Values that are turned at once: 8 MiB of bits."""
_BITS: Final = 256
_SIDE: Final = 16

Pairs = npt.NDArray[np.int64]


def _moves() -> tuple[npt.NDArray[np.int64], npt.NDArray[np.uint8]]:
    """Return for each orientation where its bits come from, and which are turned.

    A value is 16 x 16 bits, the last bit of the hexadecimal form first: rows are frequencies down,
    columns across, from 1. Mirroring an axis changes the sign of odd frequencies along it, and a
    bit says whether a coefficient is above the median, which is close to nothing.
    """
    index = np.arange(_BITS).reshape(_SIDE, _SIDE)
    odd = (np.arange(_SIDE) % 2 == 0).astype(np.uint8)
    across = np.broadcast_to(odd[None, :], index.shape)
    down = np.broadcast_to(odd[:, None], index.shape)
    plain = np.zeros_like(across)
    both = across ^ down
    # In the order of `media.pdq`: as it is, by 90, 180, 270 degrees, upside down, left to right,
    # at either diagonal.
    turned = (
        (index, plain),
        (index.T, across.T),
        (index, both),
        (index.T, down.T),
        (index, down),
        (index, across),
        (index.T, plain),
        (index.T, both.T),
    )
    sources = np.stack([source.reshape(-1) for source, _ in turned])
    flips = np.stack([flip.reshape(-1) for _, flip in turned])
    return sources, flips


_SOURCES, _FLIPS = _moves()


def oriented(hashes: Rows) -> Rows:
    """Return `HASHES` rows of films in all eight orientations, those of a row one after the other.

    Args:
        hashes: PDQ values as they are: what is kept of a film.
    """
    if not len(hashes):
        return hashes
    rows = np.repeat(hashes, ORIENTATIONS)
    rows["orientation"] = np.tile(np.arange(ORIENTATIONS), len(hashes))
    for start in range(0, len(hashes), _AT_ONCE):
        part = hashes["value"][start : start + _AT_ONCE]
        values = np.frombuffer(np.ascontiguousarray(part).tobytes(), np.uint8)
        bits = np.unpackbits(values.reshape(len(part), -1), axis=1)[:, ::-1]
        turned = bits[:, _SOURCES] ^ _FLIPS
        packed = np.packbits(turned[:, :, ::-1], axis=2)
        here = slice(ORIENTATIONS * start, ORIENTATIONS * (start + len(part)))
        rows["value"][here] = np.frombuffer(packed.tobytes(), rows["value"].dtype)
    return rows


class Close(NamedTuple):
    """Frames of films that came close to entries of near sets: arrays of one length."""

    film: Pairs
    """Number of the item."""
    at: Pairs
    """Milliseconds."""
    hashset: Pairs
    """Position of the set."""
    record: Pairs
    """Row among its records."""
    entry: Pairs
    """Which of the listed frames of that record."""
    shown: Pairs
    """When that frame is shown in the listed film, milliseconds; -1 when the list does not say."""


class FilmMatch(NamedTuple):
    """A film and a record that match by their frames."""

    film: int
    hashset: int
    record: int
    frames: int
    """Frames of the film that came close."""
    frames_of: int
    """That were compared."""
    listed: int
    """Different frames of the record that came close."""
    listed_of: int
    """That the record has."""
    ranges: tuple[tuple[int, int], ...]
    """Where in the film, milliseconds: first and last frame of each range."""
    listed_ranges: tuple[tuple[int, int], ...]
    """Where in the listed film; empty when the list gives no times."""

    def to_json(self) -> JSON:
        """Return what a finding says of it."""
        return {
            "frames": self.frames,
            "frames_of": self.frames_of,
            "listed": self.listed,
            "listed_of": self.listed_of,
            "ranges": [list(each) for each in self.ranges],
            "listed_ranges": [list(each) for each in self.listed_ranges],
        }


FilmMatches = Mapping[tuple[int, int, int], FilmMatch]
"""By item, set and record."""


def matches(
    close: Close,
    compared: Mapping[int, int],
    listed: Mapping[tuple[int, int], int],
    whole: Collection[tuple[int, int, int]] = (),
) -> list[FilmMatch]:
    """Return which films match which records, in the order of film, set and record.

    A list of every frame has neighbours that one frame of another film can be close to, all of
    them; so pairs count in which no frame occurs twice. All frames of a record may come close to
    one frame of the film: then nothing moves in what is listed, and it is worth one picture.

    Args:
        close: pairs within their radius, of sufficient quality on both sides; in any order, and a
            pair of frames may come several times, in other views and orientations.
        compared: by film, how many of its frames were compared.
        listed: by set and record, how many frames of it may be compared.
        whole: film, set and record, where all listed frames came close, more than ``close`` tells.
    """
    found: list[FilmMatch] = []
    count = len(close.film)
    if not count:
        return found
    order = np.lexsort((close.entry, close.at, close.record, close.hashset, close.film))
    sorted_ = Close(*(column[order] for column in close))
    keys = np.stack([sorted_.film, sorted_.hashset, sorted_.record])
    starts = np.flatnonzero(np.r_[True, (np.diff(keys, axis=1) != 0).any(axis=0)])
    for start, end in zip(starts, [*starts[1:], count], strict=True):
        film, hashset, record = keys[:, start].tolist()
        here = slice(start, end)
        entries = np.unique(sorted_.entry[here])
        there = listed[hashset, record]
        at = np.unique(sorted_.at[here])
        few = min(NEEDED, compared[film])
        if (
            len(entries) < there
            and (film, hashset, record) not in whole
            and (
                len(entries) < NEEDED
                or not are_different(sorted_.at[here], sorted_.entry[here], few)
            )
        ):
            continue
        shown = sorted_.shown[here]
        found.append(
            FilmMatch(
                *(film, hashset, record, len(at), compared[film], len(entries), there),
                ranges(at),
                ranges(np.unique(shown)) if (shown >= 0).all() else (),
            )
        )
    return found


def are_different(at: Pairs, entry: Pairs, needed: int) -> bool:
    """Tell whether so many pairs can be chosen in which no frame of either side occurs twice.

    Args:
        at: frames of the film, in order.
        entry: the listed frames they come close to.
        needed: a few.
    """
    if needed <= 0:
        return True
    if len(np.unique(at)) < needed or len(np.unique(entry)) < needed:
        return False
    starts = np.flatnonzero(np.r_[True, np.diff(at) != 0])
    near = [set(part.tolist()) for part in np.split(entry, starts[1:])]
    taken: dict[int, int] = {}

    def placed(frame: int, tried: set[int]) -> bool:
        """Give a frame a listed one of its own; others may have to take another one for it."""
        for one in near[frame] - tried:
            tried.add(one)
            if one not in taken or placed(taken[one], tried):
                taken[one] = frame
                return True
        return False

    for frame in range(len(near)):
        placed(frame, set())
        if len(taken) >= needed:
            return True
    return False


Shown = Callable[[int, Pairs, Pairs], Pairs]
"""Position of a set, records and entries of it in; when each entry is shown out, -1 for unknown."""


def judged(
    hashes: Rows,
    found: Rows,
    near: Sequence[Mapping[str, NearSet]],
    pictures: int,
    shown: Shown,
) -> tuple[Rows, FilmMatches]:
    """Leave of what came close to a film only what belongs to a match of the film.

    Args:
        hashes: `HASHES` rows that were compared, those of films last and in all orientations.
        found: `candidates.FOUND` rows.
        near: of each set its near sets, by algorithm.
        pictures: how many of the rows are of pictures.
        shown: asked once a set, of what belongs to a match.

    Returns:
        Rows of pictures as they were, those of films that match, and how they match.
    """
    is_film = found["hash"] >= pictures
    mine = found[is_film & (found["algorithm"] == PDQ)]
    if not len(mine):
        return found[~is_film], {}
    rows = hashes[mine["hash"]]
    record = np.zeros(len(mine), np.int64)
    listed: dict[tuple[int, int], int] = {}
    for number in np.unique(mine["set"]).tolist():
        here, of = mine["set"] == number, near[number][PERCEPTUAL_ALGORITHMS[PDQ]]
        record[here] = of.record(mine["entry"][here].astype(np.int64))
        records = np.unique(record[here])
        counts = of.entries(records).tolist()
        listed |= {
            (number, one): count for one, count in zip(records.tolist(), counts, strict=True)
        }
    frames = np.unique(hashes[pictures:][["id", "at"]])
    films, counts = np.unique(frames["id"], return_counts=True)
    compared = dict(zip(films.tolist(), counts.tolist(), strict=True))
    close = Close(
        film=rows["id"].astype(np.int64),
        at=rows["at"].astype(np.int64),
        hashset=mine["set"].astype(np.int64),
        record=record,
        entry=mine["entry"].astype(np.int64),
        shown=np.full(len(mine), -1, np.int64),
    )
    whole = _whole(close, hashes[mine["hash"]], near, listed)
    wanted = {each[:3] for each in matches(close, compared, listed, whole)}
    keys = zip(close.film.tolist(), close.hashset.tolist(), record.tolist(), strict=True)
    keep = np.array([key in wanted for key in keys], np.bool_)
    close = Close(*(column[keep] for column in close))
    for number in np.unique(close.hashset).tolist():
        here = close.hashset == number
        close.shown[here] = shown(number, close.record[here], close.entry[here])
    matched = {each[:3]: each for each in matches(close, compared, listed, whole)}
    return np.concatenate([found[~is_film], mine[keep]]), matched


def _whole(
    close: Close,
    hashes: Rows,
    near: Sequence[Mapping[str, NearSet]],
    listed: Mapping[tuple[int, int], int],
) -> set[tuple[int, int, int]]:
    """Return films, sets and records where all listed frames come close, and many of them do.

    A search ends at the nearest entries; whether the others are close, too, has to be seen.
    """
    keys = np.stack([close.film, close.hashset, close.record, close.entry])
    pairs, counts = np.unique(np.unique(keys, axis=1)[:3], axis=1, return_counts=True)
    found = set()
    for film, hashset, record in pairs[:, counts >= candidates.NEAREST].T.tolist():
        mine = (close.film == film) & (close.hashset == hashset) & (close.record == record)
        if len(np.unique(close.at[mine])) >= NEEDED or listed[hashset, record] > MOST_STILL:
            continue
        queries = np.frombuffer(np.unique(hashes["value"][mine]).tobytes(), np.uint8).reshape(
            -1, _BITS // 8
        )
        values = near[hashset][PERCEPTUAL_ALGORITHMS[PDQ]].values_of(record)
        radius = candidates.MEASURES[PERCEPTUAL_ALGORITHMS[PDQ]].radius
        distance = np.bitwise_count(values[:, None] ^ queries[None]).sum(axis=2, dtype=np.int64)
        if (distance.min(axis=1) <= radius).all():
            found.add((film, hashset, record))
    return found


def graded(candidate: Candidate, matched: FilmMatches) -> Candidate:
    """Return a candidate with what is to be expected of chance when several frames agree.

    Of three frames or more on both sides two are taken to be independent of one another, since
    neighbours look alike: the second one comes close by chance as often as the frames of that
    record let it. One frame that comes close to three neighbours of a dense list is worth one.
    """
    match = matched.get((candidate.item, candidate.set_index, candidate.record))
    if match is None or min(match.listed, match.frames) < NEEDED or candidate.expected is None:
        return candidate
    again = candidate.expected * match.listed_of * candidate.tried / max(1, candidate.comparisons)
    alike = max(1, round(candidate.comparisons * min(1.0, again)))
    expected, grade = candidates.grade_of(
        *(candidate.algorithm, candidate.distance, alike),
        deep=candidate.view >= TIER_1,
        drawn=candidate.drawn,
    )
    return candidate._replace(expected=expected, grade=grade)


def ranges(times: Pairs) -> tuple[tuple[int, int], ...]:
    """Join times that are not far apart to ranges.

    Args:
        times: milliseconds, rising.
    """
    if not len(times):
        return ()
    breaks = np.flatnonzero(np.diff(times) > APART)[: MOST_RANGES - 1]
    starts = [0, *(breaks + 1).tolist()]
    ends = [*breaks.tolist(), len(times) - 1]
    return tuple((int(times[a]), int(times[b])) for a, b in zip(starts, ends, strict=True))
