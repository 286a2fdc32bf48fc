"""The hash sets of one run, opened: compared with what is read, and with what it looks like."""

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

import numpy as np
import numpy.typing as npt

from heroes_forensics.errors import HashSetError
from heroes_forensics.frames import Rows
from heroes_forensics.hashsets import film_times
from heroes_forensics.hashsets.editions import SetRecord
from heroes_forensics.hashsets.governing import described
from heroes_forensics.hashsets.hset import HashSetFile
from heroes_forensics.hashsets.known import (
    BEGINNING,
    COMPARED,
    FRAMES,
    KNOWN_GOOD,
    PERCEPTUAL,
    VALUE_KINDS,
)
from heroes_forensics.hashsets.layout import Header
from heroes_forensics.hashsets.matching import Hit, Matcher
from heroes_forensics.hashsets.near_file import FRAMES_AS
from heroes_forensics.hashsets.near_set import NearSet
from heroes_forensics.model import JSON
from heroes_forensics.pipelines.sets import likeness
from heroes_forensics.pipelines.sets.prefixes import Prefixes
from heroes_forensics.store.records import MatchRow

if TYPE_CHECKING:
    from heroes_forensics.pipelines.case.cases import OnRecord

NO_FINDING: Final = frozenset({KNOWN_GOOD, "exclude"})
"""Kinds of sets whose matches are recorded and are no findings."""

GRADES: Final = {
    "same-content": "same-content",
    "sha1+size": "same-sha1-and-size",
    "sha1": "same-sha1",
    "md5+size": "same-md5-and-size",
    "md5": "same-md5",
    "size-conflict": "size-conflict",
    "digest-conflict": "digest-conflict",
}
"""How the report words what `matching` grades."""


@dataclass(slots=True)
class Sets:
    """Opened sets of a run, in the order in which they were named."""

    opened: list[tuple[SetRecord, HashSetFile]] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    files: list[JSON] = field(default_factory=list)
    """Set files that were named by path: what a run that goes on looks at again."""
    _matcher: Matcher | None = None
    _ids: list[int] = field(default_factory=list)
    _near: list[dict[str, NearSet]] | None = None
    _prefixes: Prefixes | None = None

    def identity(self) -> list[JSON]:
        """Return what the result of a run rests on: each set, its edition, its content."""
        return [
            {
                "set": record.header.id,
                "name": record.header.name,
                "edition": record.header.edition,
                "source_sha256": record.header.source_sha256,
            }
            for record, _ in self.opened
        ]

    def record(self, run: "OnRecord", *, carves: bool = False) -> list[str]:
        """Write which sets the run uses; inside a transaction.

        Args:
            run: the run.
            carves: it searches space, and so for beginnings of files, too.

        Returns:
            Their names.
        """
        names = []
        for position, (record, file) in enumerate(self.opened):
            near = self.near()[position]
            shown: JSON = {name: each.facts() for name, each in near.items()}
            facts = _facts(record, file, shown, compared={BEGINNING} if carves else set())
            header = record.header
            number = run.journal.records.hashset(run.id, header.id, header.edition, facts)
            self._ids.append(number)
            label = f"{header.name} {header.edition}"
            names.append(label)
            run.journal.event(
                "hashset.loaded",
                {
                    "hashset": header.name,
                    "version": header.edition,
                    "provider": header.issuer,
                    "file_sha256": header.source_sha256,
                    "entries": header.records,
                    "algorithms": sorted(header.digests),
                    "kind": header.kind,
                    **_said(record),
                },
            )
            run.journal.event(
                "index.tested",
                {
                    "hashset": label,
                    "probes": file.probes.planted,
                    "failed": file.probes.planted - file.probes.found,
                },
            )
            for name, each in near.items():
                run.journal.event(
                    "index.tested",
                    {
                        "hashset": f"{label} {name}",
                        "probes": each.probes.planted,
                        "failed": each.probes.planted - each.probes.found,
                    },
                )
        return names

    def numbers(self) -> list[tuple[int, str, str]]:
        """Return row number, UUID and edition of each set, once `record` has written them."""
        return [
            (number, record.header.id, record.header.edition)
            for number, (record, _) in zip(self._ids, self.opened, strict=True)
        ]

    def match(self, rows: Rows, sizes: npt.NDArray[np.int64]) -> list[MatchRow]:
        """Return the matches of `CONTENT` rows; those without digests match nothing."""
        return [self.row(hit, item) for hit, item in self.hits(rows, sizes)]

    def hits(self, rows: Rows, sizes: npt.NDArray[np.int64]) -> list[tuple[Hit, int]]:
        """Return what `CONTENT` rows agree with, each with the number of its item."""
        if not self.opened:
            return []
        digested = rows[rows["digested"] == 1]
        size = np.asarray(sizes, dtype=np.int64)[rows["digested"] == 1]
        hits = self._matching().match(digested["md5"], digested["sha1"], digested["sha256"], size)
        return [(hit, int(digested["id"][hit.query])) for hit in hits]

    def prefixes(self) -> Prefixes:
        """Return what is listed of the beginnings of files; unsealed at the first call."""
        if self._prefixes is None:
            self._prefixes = Prefixes(self, NO_FINDING)
        return self._prefixes

    def only_exact(self) -> None:
        """Compare digests alone, for no picture is decoded in this run.

        Raises:
            HashSetError: a set holds nothing else to compare with.
        """
        for record, _ in self.opened:
            if not record.header.digests:
                raise HashSetError(
                    f"hash set {record.label} holds only perceptual values,"
                    " and no picture is decoded",
                    hint="leave it out, or leave out --no-perceptual",
                )
        self._near = [{} for _ in self.opened]

    def near(self) -> list[dict[str, NearSet]]:
        """Return of each set what pictures are compared with, by algorithm."""
        if self._near is None:
            found = [[(name, file.near(name)) for name in PERCEPTUAL] for _, file in self.opened]
            self._near = [{name: near for name, near in each if near is not None} for each in found]
        return self._near

    def shown(
        self, number: int, record: npt.NDArray[np.int64], entry: npt.NDArray[np.int64]
    ) -> npt.NDArray[np.int64]:
        """Return when listed frames of a set are shown, milliseconds, -1 for unknown.

        Args:
            number: position of the set.
            record: of each frame.
            entry: which PDQ value of the set each is.
        """
        values = self.opened[number][1].values(FRAMES)
        return film_times.shown(values, self.near()[number][FRAMES_AS], record, entry)

    def look(
        self, pictures: Rows, hashes: Rows, *, widened: bool = False, every: bool = False
    ) -> dict[int, likeness.Looked]:
        """Return what decoded pictures look like, by item; see `likeness.look`."""
        return likeness.look(self, pictures, hashes, widened=widened, every=every)

    def kind(self, number: int) -> str:
        """Return what kind of list a set is."""
        return self.opened[number][0].header.kind

    def listed(self, number: int, record: int, item: int) -> MatchRow:
        """Return a record as it is stored of an item that looks like it; the grade is not set."""
        return self.row(self._matching().listed(number, record), item)

    def _matching(self) -> Matcher:
        if self._matcher is None:
            self._matcher = Matcher([file for _, file in self.opened])
        return self._matcher

    def row(self, hit: Hit, item: int) -> MatchRow:
        """Return a hit as it is stored, once `record` has written which sets there are."""
        record, _ = self.opened[hit.set_index]
        states = hit.tri_states
        facts: JSON = {
            "set": record.header.name,
            "kind": hit.kind,
            "category": hit.category,
            "label": hit.label,
            **({"tags": list(hit.tags)} if hit.tags else {}),
            "entry": hit.entry,
            "series_stated": bool(hit.series),
            "algorithms": list(hit.algorithms),
            "size_state": hit.size_state,
            "listed_size": hit.listed_size if hit.size_state == "conflict" else None,
            "victim_identified": states.get("victim_identified"),
            "offender_identified": states.get("offender_identified"),
            "disputed": states.get("disputed"),
        }
        verdict = hit.verdict or "uncategorised"
        if hit.kind == KNOWN_GOOD:
            verdict = "known_good" if hit.skips_work else "uncategorised"
        return MatchRow(
            item_id=item,
            hashset_id=self._ids[hit.set_index],
            record=hit.record,
            grade=GRADES[hit.grade],
            verdict=verdict,
            facts=facts,
            makes_finding=hit.kind not in NO_FINDING,
        )

    def close(self) -> None:
        """Let go of the set files."""
        self._matcher, self._near = None, None
        if self._prefixes is not None:
            self._prefixes.close()
            self._prefixes = None
        for _, file in self.opened:
            file.close()
        self.opened.clear()


def _said(record: SetRecord) -> JSON:
    """Return what the ledger says of where a set comes from and what was decided on it."""
    known = record.header.provenance
    said: JSON = {
        "signature_checked": described(record.header.signature, known),
        "state": record.state,
    }
    for name, field_ in (
        ("expires", "valid_until"),
        ("sequence", "sequence"),
        ("manifest_sha256", "manifest_sha256"),
        ("allowed", "allowed"),
    ):
        if known.get(name) not in (None, "", []):
            said[field_] = known[name]
    if record.reason:
        said["reason"] = record.reason
    return said


def _facts(record: SetRecord, file: HashSetFile, near: JSON, *, compared: set[str]) -> JSON:
    header = record.header
    rejected = record.report.get("rejected")
    return {
        "name": header.name,
        "issuer": header.issuer,
        "edition": header.edition,
        "kind": header.kind,
        "format": header.format,
        "records": header.records,
        "digests": dict(header.digests),
        "near": near,
        "not_compared": _not_compared(header, compared | (set(COMPARED) if near else set())),
        "source_sha256": header.source_sha256,
        "rejected": rejected if isinstance(rejected, int) else 0,
        "signature": header.signature,
        "key_id": header.provenance.get("key_id", ""),
        "signer": header.provenance.get("subject", ""),
        "expires": header.provenance.get("expires", ""),
        "allowed": header.provenance.get("allowed", []),
        "built_on": dict(header.built_on),
        "scheme": header.scheme,
        "region": header.region,
        "profile": str(header.profile.get("name", "")),
        "profile_verified": bool(header.profile) and not header.profile.get("unverified", True),
        "probes": file.probes.planted,
        "probes_failed": file.probes.planted - file.probes.found,
    }


def _not_compared(header: Header, compared: set[str]) -> dict[str, int]:
    """Return what of a set nothing is compared with, by kind; words of its supplier are one."""
    found: Counter[str] = Counter()
    for kind, count in header.values.items():
        if kind in compared:
            continue
        if kind != "id":  # what the supplier calls an entry is compared with nothing anyway
            found[kind if kind in VALUE_KINDS else "other"] += count
    return dict(found)
