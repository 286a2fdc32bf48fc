"""What is found again of edited pictures, and what is found that is not there."""

import importlib.metadata
import json
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from io import BytesIO
from pathlib import Path
from typing import Final, Self

import imagehash
import look_alikes
import numpy as np
import numpy.typing as npt
import pool
import recall_peers
from PIL import Image
from programs import PEERS

from heroes_forensics.frames import TIER_1, Rows
from heroes_forensics.hashsets import candidates
from heroes_forensics.media.edits import layout
from heroes_forensics.media.edits.files import JPEG, PNG
from heroes_forensics.media.edits.listed import EDITS, HELD_OUT, Edit

RADII: Final = (31, 40)
PHASH_RADIUS: Final = 4
TIERS: Final = ("tier 1", "tier 2")
PHASH: Final = "imagehash phash"
THUMBNAILS: Final = "photographs, longer side 128 px"
PHOTOGRAPHS: Final = "photographs and their edits"
_SAVED: Final = 20.0
"""Seconds from one progress line to the next."""

Bits = npt.NDArray[np.uint8]


@dataclass(slots=True)
class Edited:
    """One edit of every known picture."""

    family: str
    held_out: bool
    made: int = 0
    comparable: int = 0
    """Of them, those that have a value that may be compared at all."""
    hits: dict[str, int] = field(default_factory=dict)
    """By program and radius."""

    def hit(self, name: str, distance: int, radius: int) -> None:
        """Count one that was found."""
        self.hits[name] = self.hits.get(name, 0) + (distance <= radius)


@dataclass(slots=True)
class Chance:
    """Comparisons of what is not the same picture."""

    comparisons: int = 0
    within: dict[str, int] = field(default_factory=dict)
    """Pairs within a radius."""
    pictures: dict[str, int] = field(default_factory=dict)
    """Pictures looked at that have such a pair."""
    looked_at: int = 0
    least: int = 256
    at_grade_a: int | None = None
    """Pictures looked at of which an entry is a candidate of grade A; None where none is graded."""

    def add(
        self, found: npt.NDArray[np.int64], radii: Sequence[int], rows: Rows | None = None
    ) -> None:
        """Count the distances between the values of one picture and entries of others.

        Args:
            found: of each value (down) and entry (across).
            radii: to count within.
            rows: the values as `HASHES`, where their distances are to be graded.
        """
        if rows is not None:
            self.at_grade_a = (self.at_grade_a or 0) + _reaches_a(found, rows)
        self.looked_at += 1
        self.comparisons += found.size
        self.least = min(self.least, int(found.min(initial=256)))
        for radius in radii:
            close = int((found <= radius).sum())
            name = str(radius)
            self.within[name] = self.within.get(name, 0) + close
            self.pictures[name] = self.pictures.get(name, 0) + (close > 0)


@dataclass(slots=True)
class Results:
    """All that one run gave."""

    half: str
    commit: str
    known: int = 0
    known_looked_for: int = 0
    distractors: int = 0
    fillers: int = 0
    left_out: dict[str, int] = field(default_factory=dict)
    edits: dict[str, Edited] = field(default_factory=dict)
    chances: dict[str, dict[str, Chance]] = field(default_factory=dict)
    """By kind of picture, then by program."""
    matchable: dict[str, tuple[int, int]] = field(default_factory=dict)
    """By kind: pictures that may be compared, of how many."""
    films: dict[str, Edited] = field(default_factory=dict)
    """Edits of films."""
    films_commit: str = ""
    """Where films were looked for later than pictures."""
    films_known: int = 0
    films_looked_for: int = 0
    films_listed: int = 0
    """Known ones among them."""
    film_left_out: dict[str, int] = field(default_factory=dict)
    false_films: int = 0
    """Pairs of different films that match."""
    film_pairs: int = 0
    """That were compared."""
    peers: dict[str, str] = field(default_factory=dict)
    """Versions; or why not."""
    stopped: bool = False
    """Before its end."""
    seconds: float = 0.0
    """Of processor time, without the peers."""

    def chance(self, kind: str, program: str) -> Chance:
        """Return the count of a program for a kind of picture."""
        return self.chances.setdefault(kind, {}).setdefault(program, Chance())

    def saved(self) -> str:
        """Return it as JSON."""
        return json.dumps(asdict(self), indent=1)

    @classmethod
    def read(cls, text: str) -> Self:
        """Return what `saved` wrote."""
        found = cls(**json.loads(text))
        found.edits = {name: Edited(**each) for name, each in json.loads(text)["edits"].items()}
        found.films = {name: Edited(**each) for name, each in json.loads(text)["films"].items()}
        found.chances = {
            kind: {program: Chance(**each) for program, each in row.items()}
            for kind, row in json.loads(text)["chances"].items()
        }
        return found


class Peers:
    """Other programs, in a process of their own that answers one picture after the other."""

    def __init__(self) -> None:
        python = PEERS / "near" / "bin" / "python"
        self.names: list[str] = []
        self._process: subprocess.Popen[bytes] | None = None
        if python.exists():
            self._process = subprocess.Popen(
                [str(python), str(Path(recall_peers.__file__))],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
            )
            self.names = json.loads(self._line())
            listed = subprocess.run(
                [str(python), "-m", "pip", "--disable-pip-version-check", "list", "--format=json"],
                capture_output=True,
                check=True,
            )
            every = {row["name"]: row["version"] for row in json.loads(listed.stdout)}
            self.versions = {name: every[name] for name in self.names}
        else:
            self.versions = dict.fromkeys(recall_peers.PROGRAMS, "not installed, left out")

    def __enter__(self) -> Self:
        """Nothing more to do."""
        return self

    def __exit__(self, *_: object) -> None:
        """End the process."""
        if self._process is not None:
            self._process.communicate()

    def _line(self) -> bytes:
        assert self._process is not None  # noqa: S101 - for the type checker
        assert self._process.stdout is not None  # noqa: S101 - as above
        return self._process.stdout.readline()

    def values(self, data: bytes) -> dict[str, Bits]:
        """Return (1, 32) or (0, 32) for each program: what it makes of a picture."""
        if self._process is None or self._process.stdin is None:
            return {}
        self._process.stdin.write(len(data).to_bytes(4, "big") + data)
        self._process.stdin.flush()
        found = {}
        for name, said in json.loads(self._line()).items():
            value = bytes.fromhex(said[0]) if said and said[1] >= pool.QUALITY else b""
            found[name] = np.frombuffer(value, np.uint8).reshape(-1, 32)
        return found


def phash(data: bytes) -> Bits:
    """Return what a user of imagehash gets, (1, 8)."""
    with Image.open(BytesIO(data)) as picture:
        bits = imagehash.phash(picture).hash
    return np.packbits(bits.flatten())[None, :]


class Measurement:
    """One half of the pool under measurement."""

    def __init__(self, half: pool.Pool, peers: Peers, results: Results) -> None:
        self._half = half
        self._peers = peers
        self.results = results
        self._members = (*half.known, *half.distractors)
        self._ours = np.stack([member.value for member in self._members])
        self._theirs: dict[str, list[Bits]] = {name: [] for name in (PHASH, *peers.names)}
        for member in self._members:
            for name, value in self._other_values(member.path.read_bytes()).items():
                # A picture that a program cannot tell from others is nothing like any picture.
                self._theirs[name].append(value)
        self._start = self._said = time.monotonic()
        results.known, results.distractors = len(half.known), len(half.distractors)
        results.fillers, results.left_out = len(half.fillers), half.left_out
        results.peers = {PHASH: importlib.metadata.version("imagehash"), **peers.versions}

    def _other_values(self, data: bytes) -> dict[str, Bits]:
        return {PHASH: phash(data), **self._peers.values(data)}

    def pictures(self, edits: Sequence[Edit]) -> None:
        """Look for every edit of every known picture, and for every distractor as it is."""
        fillers = [member.picture() for member in self._half.fillers]
        for edit in edits:
            held_out = edit.name in HELD_OUT
            self.results.edits[edit.name] = Edited(edit.family, held_out)
        for number, member in enumerate(self._half.known):
            picture = member.picture()
            draw = np.random.default_rng(list(member.digest))
            others = tuple(fillers[at] for at in draw.permutation(len(fillers))[:3])
            for edit in edits:
                data = edit.made(picture, member.digest, others)
                self._look(number, data, edit.save.kind, self.results.edits[edit.name])
            self.results.known_looked_for += 1
            self._progress(f"{number + 1} of {len(self._half.known)} known pictures")
        for number, member in enumerate(self._half.distractors, len(self._half.known)):
            self._look(number, member.path.read_bytes(), member.kind, None)

    def _look(self, number: int, data: bytes, kind: str, edited: Edited | None) -> None:
        values, rows = pool.looked_at(data, kind, deep=True)
        found = pool.distances(values, self._ours)
        if edited is not None:
            edited.made += 1
            edited.comparable += len(values) > 0
        for tier, chosen in tiers(rows).items():
            if edited is not None:
                own = int(found[chosen, number].min(initial=256))
                for radius in RADII:
                    edited.hit(f"{tier}, {radius}", own, radius)
            others = np.delete(found[chosen], number, axis=1)
            self.results.chance(PHOTOGRAPHS, tier).add(others, RADII, rows[chosen])
        for name, value in self._other_values(data).items():
            self._other(name, number, value, edited)

    def _other(self, name: str, number: int, value: Bits, edited: Edited | None) -> None:
        entries, radius = self._theirs[name], radius_of(name)
        own = pool.distances(value, entries[number]).min(initial=256)
        if edited is not None:
            edited.hit(f"{name}, {radius}", int(own), radius)
        others = np.concatenate([*entries[:number], *entries[number + 1 :]])
        self.results.chance(PHOTOGRAPHS, name).add(pool.distances(value, others), (radius,))

    def look_alikes(self) -> None:
        """Compare made-up pictures of each kind, and small photographs, with one another."""
        for kind in look_alikes.KINDS:
            self._kind(kind, [PNG.encoded(each) for each in look_alikes.made(kind)], "png")
            self._progress(kind)
        small = [layout.longest(member.picture(), 128) for member in self._members]
        self._kind(THUMBNAILS, [JPEG[75].encoded(each) for each in small], "jpeg")

    def _kind(self, kind: str, pictures: Sequence[bytes], saved: str) -> None:
        looks = [pool.looked_at(data, saved, deep=True) for data in pictures]
        plain = [values[(rows["view"] == 0) & (rows["orientation"] == 0)] for values, rows in looks]
        self.results.matchable[kind] = (sum(map(len, plain)), len(pictures))
        for number, (values, rows) in enumerate(looks):
            others = np.concatenate([*plain[:number], *plain[number + 1 :]])
            found = pool.distances(values, others)
            for tier, chosen in tiers(rows).items():
                self.results.chance(kind, tier).add(found[chosen], RADII, rows[chosen])

    def _progress(self, text: str) -> None:
        now = time.monotonic()
        if now - self._said >= _SAVED:
            self._said = now
            print(f"{now - self._start:5.0f} s: {text}", file=sys.stderr, flush=True)


def _reaches_a(found: npt.NDArray[np.int64], rows: Rows) -> bool:
    """Tell whether one of the values of a picture makes a candidate of grade A of an entry."""
    of_each = zip(
        found.min(axis=1, initial=256).tolist(),
        (rows["view"] >= TIER_1).tolist(),
        candidates.drawn(rows).tolist(),
        strict=True,
    )
    return any(
        candidates.grade_of("pdq", distance, found.size, deep=deep, drawn=drawn)[1] == candidates.A
        for distance, deep, drawn in of_each
        if distance <= RADII[0]
    )


def radius_of(name: str) -> int:
    """Return within how many bits a program of others calls two pictures alike."""
    return PHASH_RADIUS if name == PHASH else RADII[0]


def tiers(rows: Rows) -> Mapping[str, npt.NDArray[np.bool_]]:
    """Return which of some values each tier looks at: the second has those of the first too."""
    return dict(zip(TIERS, (rows["view"] < TIER_1, rows["view"] >= 0), strict=True))


def development(edits: Sequence[Edit] = EDITS) -> list[Edit]:
    """Return the edits that something may be developed with."""
    return [edit for edit in edits if edit.name not in HELD_OUT]
