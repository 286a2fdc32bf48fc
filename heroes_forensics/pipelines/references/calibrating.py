"""Calibrating: recall and false pairs of perceptual comparison, on the laboratory's own pictures.

Pictures are read as a scan reads a folder, by locked workers; near duplicates are grouped, and one
of each group is taken. Of some of them every edit is made in memory, inside locked editors. Values
come back, are compared here, counted, and forgotten: what is kept is the signed record of counts.
"""

import hashlib
import os
from collections import Counter
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import numpy as np

from heroes_forensics.custody import calibration, events, keys
from heroes_forensics.display import shown
from heroes_forensics.errors import DONE, GAPS, EvidenceError, UsageError
from heroes_forensics.filetype import TYPES, FileClass
from heroes_forensics.frames import (
    HAND_OVER_BYTES,
    PERCEPTUAL_ALGORITHMS,
    Made,
    Picture,
    Rows,
    Status,
)
from heroes_forensics.hashsets import candidates, measuring
from heroes_forensics.hashsets.measuring import ALIKE, RADII, TIERS, Chances, Recall
from heroes_forensics.model import GAP_CODES, JSON
from heroes_forensics.pipelines.case import clock, laboratory
from heroes_forensics.pipelines.case.environment import environment
from heroes_forensics.pipelines.case.journal import now
from heroes_forensics.pipelines.case.stated import check_text
from heroes_forensics.pipelines.case.watch import Unwatched, Watch
from heroes_forensics.pipelines.examining import decoding
from heroes_forensics.pipelines.locks import fence
from heroes_forensics.pipelines.records import calibrations
from heroes_forensics.pipelines.references import editing, reference
from heroes_forensics.pipelines.references.editing import Edited
from heroes_forensics.pipelines.references.reference import Folder, Reference, Way
from heroes_forensics.pipelines.workers.supervisor import Supervisor

PROFILES: Final = ("standard", "deep")
MOST_EDITED: Final = 100
"""Pictures that are edited unless more are asked for: some ten minutes of one core."""
COLLAGES: Final = "made-up pictures"
"""What stands beside a picture in a collage."""
_PDQ: Final = PERCEPTUAL_ALGORITHMS.index("pdq")
_CHOICE: Final = b"heroes calibrate 1:"
"""Pictures to edit are chosen by a digest: nobody can choose them, and they are the same again."""
_SALT_BYTES: Final = 16


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is to be measured."""

    folder: Path
    distractors: Path | None = None
    """Further pictures that have nothing in common with those."""
    profile: str = "standard"
    """One of `PROFILES`; ``deep`` measures tier 2 as well."""
    most_edited: int = MOST_EDITED
    examiner: str = ""
    """Who runs it: a staff identifier."""
    workers: int = 0
    """0: one for each core."""


@dataclass(slots=True)
class _Member:
    """One picture that could be compared."""

    number: int
    """Of its file."""
    type: int
    size: int
    digest: bytes
    rows: Rows
    """PDQ values of its first frame that pass the gates."""
    oriented: measuring.Bits
    """As it is, in eight orientations."""
    is_distractor: bool


@dataclass(slots=True)
class _Pool:
    """The pictures of one folder."""

    files: int
    left_out: Counter[str] = field(default_factory=Counter)
    members: list[_Member] = field(default_factory=list)

    def to_json(self) -> JSON:
        return {
            "files": self.files,
            "compared": len(self.members),
            "bytes": sum(member.size for member in self.members),
            "left_out": dict(sorted(self.left_out.items())),
        }


def calibrate(
    wanted: Wanted,
    *,
    passphrase: str | None = None,
    watch: Watch | None = None,
    own_process: bool = False,
) -> tuple[JSON, int]:
    """Measure, sign and keep; return what was kept and the exit code.

    With ``own_process``, this process can write to the laboratory's home alone from then on.

    Raises:
        UsageError: there is no laboratory, or the request makes no sense.
        EvidenceError: a folder cannot be read, or has nothing that could be compared.
        StoppedError: the disk is full, or the machine at fault; nothing was kept.
    """
    watch = watch or Unwatched()
    _check(wanted)
    ring = keys.load_ring(laboratory.home(), passphrase=passphrase)
    workers = wanted.workers or len(os.sched_getaffinity(0))
    way = Way(films=False, deep=wanted.profile == "deep", every_value=True)
    with ExitStack() as stack:
        supervisor = stack.enter_context(Supervisor(first=["evidence", "media", "edits"]))
        supervisor.isolation("parser")  # before the fence: it is tried on sockets of our own
        if own_process:
            fence.around()
        pools: list[_Pool] = []
        folder: Folder | None = None
        for path in filter(None, (wanted.folder, wanted.distractors)):
            opened = stack.enter_context(
                reference.opened(path, supervisor, workers=workers, watch=watch)
            )
            folder = folder or opened
            found = opened.read(workers, way, lambda _path: "")
            pools.append(_pool(found, is_distractor=bool(pools)))
        _group(pools)
        members = [member for pool in pools for member in pool.members]
        if folder is None or not pools[0].members:
            raise EvidenceError(
                f"no picture in {shown(str(wanted.folder))} can be compared",
                hint="name a folder of benign photographs, as your cases have them",
            )
        watch.note(f"{len(members)} pictures can be compared with one another")
        measurement = _Measurement(members)
        chosen = _chosen(pools[0].members, wanted.most_edited)
        measurement.edit(folder, chosen, wanted.profile, workers)
        isolation = supervisor.weakest.level
    body = measurement.body(wanted) | {
        "laboratory": ring.domain,
        "isolation": str(isolation),
        "pictures": pools[0].to_json() | {"edited": len(chosen), "lost": measurement.lost},
        "distractors": pools[1].to_json() if len(pools) > 1 else None,
        "commitment": _commitment(members),
    }
    record = calibration.signed(body, ring)
    calibrations.keep(record)
    damaged = any(_is_failure(code) for pool in pools for code in pool.left_out)
    code = GAPS if damaged or measurement.lost or measurement.has_failed else DONE
    return calibrations.shown_of(record), code


def _check(wanted: Wanted) -> None:
    for path in filter(None, (wanted.folder, wanted.distractors)):
        reference.check(path)
    if wanted.profile not in PROFILES:
        raise UsageError(
            f"{shown(wanted.profile)} is no profile of a calibration",
            hint=f"choose from: {', '.join(PROFILES)}",
        )
    if wanted.most_edited < 1:
        raise UsageError("at least one picture has to be edited")
    check_text({"examiner": wanted.examiner})


# ---- the pool ----------------------------------------------------------------------------


def _pool(found: Reference, *, is_distractor: bool) -> _Pool:
    """Return the pictures that can be compared, and why the other files are none of them."""
    pool = _Pool(len(found.contents))
    pool.left_out.update({events.key_for(name): count for name, count in (+found.left).items()})
    pictures = {int(row["id"]): row for row in found.pictures}
    numbers = found.hashes["id"]
    for content in found.contents:
        number = int(content["id"])
        picture = pictures.get(number)
        first, last = np.searchsorted(numbers, [number, number + 1])
        rows = found.hashes[first:last]
        rows = rows[(rows["algorithm"] == _PDQ) & (rows["at"] == 0)]
        why = _unfit(content, picture, rows)
        if why:
            pool.left_out[why] += 1
            continue
        pool.members.append(
            _Member(
                number=number,
                type=int(content["type"]),
                size=int(content["bytes_read"]),
                digest=bytes(content["sha256"]),
                rows=rows[candidates.comparable(rows)],
                oriented=measuring.bits(rows[rows["view"] == 0]),
                is_distractor=is_distractor,
            )
        )
    return pool


def _unfit(content: np.void, picture: np.void | None, rows: Rows) -> str:
    """Return why a file cannot be compared, as a plain key; empty when it can."""
    kind = TYPES[int(content["type"])]
    if content["status"] != Status.DONE:
        return "not_read"
    if not content["bytes_read"]:
        return "empty"
    if kind.file_class is not FileClass.IMAGE or picture is None:
        return "films" if kind.file_class is FileClass.VIDEO else "other_types"
    if picture["status"] != Picture.DONE:
        return events.key_for(GAP_CODES[picture["gap"]])
    if min(picture["width"], picture["height"]) < candidates.MIN_SIDE:
        return "too_small"
    return "" if rows["quality"][0] >= candidates.MIN_QUALITY else "below_quality"


_EXPECTED: Final = frozenset(
    {"empty", "films", "other_types", "links", "too_small", "below_quality", "near_duplicates"}
)
"""Why a file is not compared, where nothing went wrong."""


def _is_failure(code: str) -> bool:
    return code not in _EXPECTED and not code.startswith("policy")


def _group(pools: Sequence[_Pool]) -> None:
    """Leave one picture of each group of near duplicates; of the laboratory's own, if there is."""
    every = [member for pool in pools for member in pool.members]
    if not every:
        return
    best: dict[int, _Member] = {}
    for group, member in zip(
        measuring.groups(np.concatenate([each.oriented for each in every])), every, strict=True
    ):
        first = best.setdefault(group, member)
        best[group] = min(first, member, key=lambda each: (each.is_distractor, each.digest))
    kept = set(map(id, best.values()))
    for pool in pools:
        members = [member for member in pool.members if id(member) in kept]
        if len(members) < len(pool.members):
            pool.left_out["near_duplicates"] += len(pool.members) - len(members)
        pool.members = sorted(members, key=lambda each: each.digest)


def _chosen(members: Sequence[_Member], most: int) -> list[_Member]:
    """Choose which pictures are edited."""
    able = [
        member
        for member in members
        if editing.can_edit(member.type) and member.size <= HAND_OVER_BYTES
    ]
    able.sort(key=lambda member: hashlib.sha256(_CHOICE + member.digest).digest())
    return able[:most]


def _commitment(members: Sequence[_Member]) -> JSON:
    """Bind the record to its pictures: who has all of them can show that it was these."""
    salt = os.urandom(_SALT_BYTES)
    digests = sorted(member.digest for member in members)
    return {"salt": salt.hex(), "sha256": hashlib.sha256(salt + b"".join(digests)).hexdigest()}


# ---- the counts --------------------------------------------------------------------------


class _Measurement:
    """Counts what edits are found and which other pictures come close."""

    def __init__(self, members: Sequence[_Member]) -> None:
        from heroes_forensics.media.edits.listed import EDITS, HELD_OUT  # noqa: PLC0415 - Pillow

        self._edits = [(edit.name, edit.family, edit.name in HELD_OUT) for edit in EDITS]
        self._recall = [Recall() for _ in EDITS]
        entries = np.stack([member.oriented[0] for member in members])
        self._entries = entries
        self._chances = {kind: Chances(entries) for kind in ("as-is", "edited", "distractors")}
        self._own = {
            member.number: at for at, member in enumerate(members) if not member.is_distractor
        }
        self.lost = 0
        """Pictures of which nothing came back."""
        for at, member in enumerate(members):
            kind = "distractors" if member.is_distractor else "as-is"
            self._chances[kind].add(member.rows, at)

    @property
    def has_failed(self) -> bool:
        """Whether an edit of a picture that came back could not be made."""
        return any(recall.failed > self.lost for recall in self._recall)

    def edit(self, folder: Folder, chosen: Sequence[_Member], profile: str, workers: int) -> None:
        """Look for every edit of some pictures."""
        editing.edited(
            folder,
            [
                editing.Wanted(member.number, TYPES[member.type].name, member.digest.hex())
                for member in chosen
            ],
            self._take,
            profile=profile,
            edits=len(self._edits),
            workers=workers,
        )

    def _take(self, edited: Edited) -> None:
        if not len(edited.made):
            self.lost += 1
            for recall in self._recall:
                recall.failed += 1
            return
        own = self._own[edited.number]
        listed = self._entries[own : own + 1]
        for recall, made in zip(self._recall, edited.made, strict=True):
            if made["status"] != Made.DONE:
                recall.failed += 1
                continue
            first, last = np.searchsorted(edited.values["edit"], [made["edit"], made["edit"] + 1])
            rows = edited.values[first:last]
            side = np.full(len(rows), min(made["width"], made["height"]))
            rows = rows[measuring.passing(rows, side)]
            recall.add(rows, listed)
            self._chances["edited"].add(rows, own)

    def body(self, wanted: Wanted) -> JSON:
        """Return what the record says of method and counts."""
        tiers = TIERS if wanted.profile == "deep" else TIERS[:1]
        edits = "\n".join(f"{name}: {held_out}" for name, _, held_out in self._edits)
        return {
            "format": calibration.FORMAT,
            "time": now(),
            "examiner": wanted.examiner,
            "clock": clock.checked(),
            "environment": environment(),
            "method": {
                "profile": wanted.profile,
                "algorithm": decoding.algorithm(),
                "comparison_sha256": calibrations.comparison_sha256(),
                "edits_sha256": hashlib.sha256(edits.encode()).hexdigest(),
                "radii": list(RADII),
                "min_quality": candidates.MIN_QUALITY,
                "min_side": candidates.MIN_SIDE,
                "alike": ALIKE,
                "most_edited": wanted.most_edited,
                "collages": COLLAGES,
            },
            "edits": [
                {
                    "name": name,
                    "family": family,
                    "held_out": held_out,
                    "made": recall.made,
                    "failed": recall.failed,
                    "comparable": recall.comparable,
                    **{
                        f"tier{tier}_{radius}": recall.found[tier, radius]
                        for tier in tiers
                        for radius in RADII
                    },
                }
                for (name, family, held_out), recall in zip(self._edits, self._recall, strict=True)
            ],
            "chances": [
                _chance(kind, tier, chances)
                for kind, chances in self._chances.items()
                for tier in tiers
                if chances.tiers[tier].looked_at
            ],
        }


def _chance(kind: str, tier: int, chances: Chances) -> JSON:
    chance = chances.tiers[tier]
    return {
        "of": kind,
        "tier": tier,
        "looked_at": chance.looked_at,
        "comparisons": chance.comparisons,
        "closest": chance.closest,
        **{f"pairs_{radius}": chance.pairs[radius] for radius in RADII},
        **{f"pictures_{radius}": chance.pictures[radius] for radius in RADII},
        "grade_a": chance.grade_a,
        **{f"upper_{radius}": measuring.at_most(chance.upper[radius]) for radius in RADII},
    }
