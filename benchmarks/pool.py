"""The benign pictures that recall is measured on, and what each of them is for.

Near duplicates are grouped first: pictures of one source name, and pictures whose PDQ values lie
within `ALIKE` bits of one another in any orientation. Of each group one picture is taken, and a
digest of it decides in which half it is (`DEVELOPMENT`) and whether it is known (its value is on
the list and its edits are looked for), a distractor (its value is on the list, and it is looked for
as it is), or filler (what collages hold beside the picture in question).
"""

import hashlib
import io
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal

import numpy as np
import numpy.typing as npt
from PIL import Image

from heroes_forensics import filetype
from heroes_forensics.frames import ORIENTATIONS, PERCEPTUAL_ALGORITHMS, VALUE_BYTES, Picture, Rows
from heroes_forensics.media import perceptual

KINDS: Final = ("jpeg", "png", "gif", "webp", "bmp", "tiff", "avif", "jp2")
"""Types that Pillow decodes too."""
ALIKE: Final = 60
"""Bits; unrelated pictures lie about 128 apart, and 2.5e-9 of them within 60."""
QUALITY: Final = 50
LEAST_SIDE: Final = 64
"""Pixels of the shorter side of what may be compared."""
SIDE: Final = 128
"""Pixels of the shorter side of a picture of the pool."""
MOST_PIXELS: Final = 10_000_000
EDITED_SIDE: Final = 1280
"""Pixels to which the longer side of a picture is brought before it is edited."""
DEVELOPMENT: Final = 77
"""Of 256 groups, for development; the others are held out."""
FILLERS: Final = 16
"""Of 256 groups, fillers."""
KNOWN: Final = 80
"""Up to here of 256 groups, known pictures; the rest are distractors."""
_SALT: Final = b"heroes recall 1:"

Bits = npt.NDArray[np.uint8]
Role = Literal["filler", "known", "distractor"]


@dataclass(frozen=True, slots=True)
class Member:
    """One picture of the pool."""

    path: Path
    kind: str
    """A row of `filetype.TYPES`."""
    digest: bytes
    """SHA-256."""
    values: Bits
    """PDQ in eight orientations, as it is."""
    quality: int

    @property
    def value(self) -> Bits:
        """What a list holds of it."""
        first: Bits = self.values[0]
        return first

    def picture(self) -> Image.Image:
        """Decode it as a viewer does, ready to be edited."""
        with Image.open(self.path) as opened:
            opened.load()
            picture = opened.convert("RGB")
        picture.info.pop("transparency", None)  # a colour that no writer of GIF takes
        share = EDITED_SIDE / max(picture.size)
        if share < 1:
            size = max(1, round(picture.width * share)), max(1, round(picture.height * share))
            picture = picture.resize(size, Image.Resampling.LANCZOS)
        return picture


@dataclass(frozen=True, slots=True)
class Pool:
    """One half of the pool."""

    known: tuple[Member, ...]
    distractors: tuple[Member, ...]
    fillers: tuple[Member, ...]
    left_out: dict[str, int]
    """Why files are in neither half, and how many."""


def looked_at(data: bytes, kind: str, *, deep: bool = False) -> tuple[Bits, Rows]:
    """Return the PDQ values (n, 32) of the first frame that may be compared, and their rows."""
    _, _, width, height, _, rows = perceptual.examined(io.BytesIO(data), kind, deep=deep)
    if min(width, height) < LEAST_SIDE:
        rows = rows[:0]
    return pdq_of(rows[rows["quality"] >= QUALITY])


def pdq_of(rows: Rows) -> tuple[Bits, Rows]:
    """Return the PDQ values (n, 32) among `HASHES` rows of the first frame, and their rows."""
    chosen = rows[(rows["algorithm"] == PERCEPTUAL_ALGORITHMS.index("pdq")) & (rows["at"] == 0)]
    values = np.frombuffer(np.ascontiguousarray(chosen["value"]).tobytes(), np.uint8)
    return values.reshape(-1, VALUE_BYTES), chosen


def distances(some: Bits, others: Bits) -> npt.NDArray[np.int64]:
    """Return in how many bits each of some values differs from each of others."""
    left = np.ascontiguousarray(some).view(np.uint64)[:, None, :]
    right = np.ascontiguousarray(others).view(np.uint64)[None, :, :]
    found: npt.NDArray[np.int64] = np.bitwise_count(left ^ right).sum(axis=2, dtype=np.int64)
    return found


def pool(folder: Path, *, held_out: bool) -> Pool:
    """Return one half of the pictures of a folder."""
    left_out: dict[str, int] = {}
    members = list(_members(folder, left_out))
    groups = _groups(members)
    left_out["near duplicates of another one"] = len(members) - len(groups)
    roles: dict[Role, list[Member]] = {"filler": [], "known": [], "distractor": []}
    for group in groups:
        half, role, *_ = hashlib.sha256(_SALT + group.digest).digest()
        if (half >= DEVELOPMENT) == held_out:
            name: Role = "filler" if role < FILLERS else "known" if role < KNOWN else "distractor"
            roles[name].append(group)
    left_out["in the other half"] = len(groups) - sum(map(len, roles.values()))
    known, distractors, fillers = (
        tuple(sorted(roles[role], key=lambda member: member.digest))
        for role in ("known", "distractor", "filler")
    )
    return Pool(known, distractors, fillers, left_out)


def _members(folder: Path, left_out: dict[str, int]) -> Iterable[Member]:
    """Yield the pictures that can be compared at all."""
    for path in sorted(folder.iterdir()):
        data = path.read_bytes()
        kind = filetype.TYPES[filetype.sniff(data)].name
        why = "no pictures that Pillow decodes"
        if kind in KINDS:
            status, _, width, height, _, rows = perceptual.examined(io.BytesIO(data), kind)
            why = _unfit(status, width, height, rows)
            if not why:
                values, chosen = pdq_of(rows[rows["view"] == 0])
                digest = hashlib.sha256(data).digest()
                yield Member(path, kind, digest, values, int(chosen["quality"][0]))
                continue
        left_out[why] = left_out.get(why, 0) + 1


def _unfit(status: int, width: int, height: int, rows: Rows) -> str:
    if status != Picture.DONE:
        return "damaged, or not decoded"
    if min(width, height) < SIDE:
        return f"shorter side below {SIDE} px"
    if width * height > MOST_PIXELS:
        return f"more than {MOST_PIXELS:,} pixels (for the time it takes)"
    return "" if rows["quality"][0] >= QUALITY else f"quality below {QUALITY}"


def _groups(members: Sequence[Member]) -> list[Member]:
    """Return one member of each group of near duplicates: that of the smallest digest."""
    parent = list(range(len(members)))

    def root(number: int) -> int:
        while parent[number] != number:
            number = parent[number]
        return number

    every = np.concatenate([member.values for member in members])
    plain = np.stack([member.value for member in members])
    close = distances(every, plain).reshape(len(members), ORIENTATIONS, len(members)).min(axis=1)
    names = [member.path.stem.lower() for member in members]
    for one in range(len(members)):
        for other in range(one):
            if min(close[one, other], close[other, one]) <= ALIKE or names[one] == names[other]:
                parent[root(one)] = root(other)
    best: dict[int, Member] = {}
    for number, member in enumerate(members):
        first = best.setdefault(root(number), member)
        best[root(number)] = min(first, member, key=lambda each: each.digest)
    return list(best.values())
