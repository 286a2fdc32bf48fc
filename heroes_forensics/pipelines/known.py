"""The hash sets of one run: chosen, opened, tested, and compared with what is read."""

import hashlib
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import numpy.typing as npt

from heroes_forensics.display import shown
from heroes_forensics.errors import HashSetError, UsageError
from heroes_forensics.frames import Rows
from heroes_forensics.hashsets import film_times
from heroes_forensics.hashsets.catalogue import OtherEditionError
from heroes_forensics.hashsets.describing import Description, UnknownKindError
from heroes_forensics.hashsets.editions import SetRecord, check_usable
from heroes_forensics.hashsets.governing import VERIFIED, described, judge_use
from heroes_forensics.hashsets.hset import HashSetFile
from heroes_forensics.hashsets.known import (
    COMPARED,
    FRAMES,
    KINDS,
    KNOWN_GOOD,
    PERCEPTUAL,
    VALUE_KINDS,
)
from heroes_forensics.hashsets.layout import Header
from heroes_forensics.hashsets.matching import Hit, Matcher
from heroes_forensics.hashsets.near_file import FRAMES_AS
from heroes_forensics.hashsets.near_set import NearSet
from heroes_forensics.hashsets.states import ACTIVE, USABLE
from heroes_forensics.model import JSON
from heroes_forensics.pipelines import laboratory, likeness, signed_sets, trusting
from heroes_forensics.pipelines.hashsets import catalogue
from heroes_forensics.pipelines.importing import import_file, import_options
from heroes_forensics.pipelines.supervisor import Supervisor
from heroes_forensics.store.records import MatchRow

if TYPE_CHECKING:
    from heroes_forensics.pipelines.run import Recorded

NO_FINDING: Final = frozenset({KNOWN_GOOD, "exclude"})
"""Kinds of sets whose matches are recorded and are no findings."""

_ALLOWED: Final = re.compile(r"--allow-[a-z-]+")
"""An option of an import in a hint."""

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

    def record(self, run: "Recorded") -> list[str]:
        """Write which sets the run uses; inside a transaction. Return their names."""
        names = []
        for position, (record, file) in enumerate(self.opened):
            facts = _facts(record, file)
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
            for name, near in self.near()[position].items():
                run.journal.event(
                    "index.tested",
                    {
                        "hashset": f"{label} {name}",
                        "probes": near.probes.planted,
                        "failed": near.probes.planted - near.probes.found,
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
        self, pictures: Rows, hashes: Rows, *, widened: bool = False
    ) -> dict[int, likeness.Looked]:
        """Return what decoded pictures look like, by item; see `likeness.look`."""
        return likeness.look(self, pictures, hashes, widened=widened)

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


def _facts(record: SetRecord, file: HashSetFile) -> JSON:
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
        "near": file.near_facts(),
        "not_compared": _not_compared(header),
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


def _not_compared(header: Header) -> dict[str, int]:
    """Return what of a set nothing is compared with, by kind; words of its supplier are one."""
    found: Counter[str] = Counter()
    for kind, count in header.values.items():
        if kind in COMPARED:
            continue
        if kind != "id":  # what the supplier calls an entry is compared with nothing anyway
            found[kind if kind in VALUE_KINDS else "other"] += count
    return dict(found)


def files_among(wanted: Sequence[str]) -> bool:
    """Tell whether any of the sets named is a file, so that it is imported first."""
    return any(signed_sets.is_set(Path(name)) for name in wanted)


def load(
    wanted: Sequence[str],
    options: Mapping[str, object],
    supervisor: Supervisor,
    *,
    passphrase: str | None = None,
) -> Sets:
    """Open the sets named; files that are not in the catalogue yet are imported first.

    Args:
        wanted: names of the catalogue, or paths of set files.
        options: ``kind`` and ``map`` for files, see `heroes hashset import`.
        supervisor: starts the importer workers.
        passphrase: of the laboratory's keys.

    Raises:
        HashSetError: a set is refused.
        UsageError: there is none of that name, or a file does not say what kind of list it is.
    """
    sets = Sets()
    allowed: Any = options.get("allow_expired") or ()
    strange = [name for name in allowed if name not in wanted]
    if strange:
        raise UsageError(
            f"--allow-expired names {shown(strange[0])}, which is none of the sets of this run",
            hint="write the name as in --set",
        )
    if not wanted:
        sets.notes.append("no hash set was given: every file is digested, nothing is compared")
        return sets
    key = laboratory.catalogue_ring(laboratory.home(), passphrase).set_key
    try:
        for name in dict.fromkeys(wanted):
            record = _chosen(name, options, supervisor, passphrase)
            record, notes = _usable(record, name, options)
            _check_comparable(record)
            if any(record.path == other.path for other, _ in sets.opened):
                continue
            sets.opened.append((record, _tested(record, key)))
            if signed_sets.is_set(Path(name)):
                content = signed_sets.content_of(Path(name)).absolute()
                digest = record.header.source_sha256
                sets.files.append({"path": str(content), "sha256": digest})
            warnings = record.report.get("warnings")
            if isinstance(warnings, list):
                notes = [*(str(text) for text in warnings), *notes]
            sets.notes += [f"{record.header.name}: {text}" for text in notes]
    except BaseException:
        sets.close()
        raise
    return sets


def again(wanted: Sequence[JSON], files: Sequence[JSON], *, passphrase: str | None = None) -> Sets:
    """Open the sets that a run was begun with.

    Args:
        wanted: as `Sets.identity` gave them.
        files: as `Sets.files` was.
        passphrase: of the laboratory's keys.

    Raises:
        HashSetError: one of them is not there any more, or is not what it was.
    """
    sets = Sets(files=list(files))
    for each in files:
        _unchanged(Path(str(each["path"])), str(each["sha256"]))
    if not wanted:
        sets.notes.append("no hash set was given: every file is digested, nothing is compared")
        return sets
    key = laboratory.catalogue_ring(laboratory.home(), passphrase).set_key
    try:
        for each in wanted:
            label = f"hash set {each['name']} {each['edition']}"
            try:
                record = catalogue().get(str(each["set"]), str(each["edition"]))
            except UsageError as error:
                raise HashSetError(
                    f"{label} is not in the catalogue any more", hint=_NEW_RUN
                ) from error
            _same(record, each, label)
            sets.opened.append((record, _tested(record, key)))
            sets.notes += [f"{record.header.name}: {text}" for text in _doubts(record)]
    except BaseException:
        sets.close()
        raise
    return sets


_NEW_RUN: Final = (
    "compare with other sets in another case: heroes scan SOURCE... --case OTHER --set NAME"
)


def _same(record: SetRecord, wanted: JSON, label: str) -> None:
    if record.state not in USABLE or record.header.source_sha256 != wanted["source_sha256"]:
        raise HashSetError(f"{label} is not the one the run was begun with", hint=_NEW_RUN)


def _unchanged(path: Path, sha256: str) -> None:
    """Refuse a set file that is not what was imported from it; one that went away is no matter.

    Raises:
        HashSetError: its content changed.
    """
    try:
        with path.open("rb") as stream:
            found = hashlib.file_digest(stream, "sha256").hexdigest()
    except OSError:  # the catalogue holds what was imported
        return
    if found != sha256:
        raise HashSetError(
            f"the hash set file {shown(path.name)} changed since the run began", hint=_NEW_RUN
        )


def _check_comparable(record: SetRecord) -> None:
    """Refuse a set that nothing could match: its name beside "no match" would say too much.

    Raises:
        HashSetError: it holds no digest that is compared.
    """
    header = record.header
    if not header.digests and not any(header.values.get(kind) for kind in COMPARED):
        kinds = ", ".join(f"{count} {kind}" for kind, count in sorted(header.values.items()))
        raise HashSetError(
            f"hash set {record.label} holds nothing that this version compares, only {kinds}",
            hint="leave it out here; it is kept in the catalogue for a version that compares it",
        )


def _tested(record: SetRecord, key: bytes) -> HashSetFile:
    file = HashSetFile.open(record.path, key)
    if not file.probes.passed:
        file.close()
        raise HashSetError(f"hash set {record.label} failed its look-up test")
    return file


def _usable(
    record: SetRecord, name: str, options: Mapping[str, object]
) -> tuple[SetRecord, list[str]]:
    """Hold an edition against time and the laboratory's policy, as they are now.

    Returns:
        The edition, with what is allowed for this run, and what is to be said of it.

    Raises:
        HashSetError: it may not be used.
    """
    check_usable(record)
    named: Any = options.get("allow_expired") or ()
    rules = trusting.rules(frozenset({"expired"} if name in named else ()))
    used = judge_use(record.header, rules)
    header = record.header
    before = list(header.provenance.get("allowed") or [])  # type: ignore[call-overload] # a list
    allowed = [*before, *(each for each in used if each not in before)]
    if allowed != before:
        record = replace(
            record, header=replace(header, provenance=header.provenance | {"allowed": allowed})
        )
    return record, _doubts(record)


def _doubts(record: SetRecord) -> list[str]:
    """Return what is to be said of an edition wherever it is used."""
    notes = []
    if record.state != ACTIVE:
        notes.append(f"{record.state}: {record.reason or 'no reason is given'}")
    key_id = record.header.provenance.get("key_id")
    if record.header.signature == VERIFIED and not any(
        key.id == key_id for key in trusting.store().keys(record.header.issuer)
    ):
        notes.append("the key that signed it is not pinned any more")
    return notes


def _chosen(
    name: str, options: Mapping[str, object], supervisor: Supervisor, passphrase: str | None
) -> SetRecord:
    path = Path(name)
    if "/" not in name and not signed_sets.is_set(path):
        return catalogue().get(name)
    mapping: Any = options.get("map") or ()
    description = Description(
        name=path.stem, kind=str(options.get("kind") or ""), source_name=path.name
    )
    told = import_options(mapping=tuple(mapping))
    try:
        return import_file(path, description, told, supervisor, passphrase=passphrase)
    except UnknownKindError as error:  # the hints name the options of an import: a scan has others
        hint = f"add --set-kind with what it is: {', '.join(KINDS)}"
        raise UnknownKindError(str(error), hint=hint) from error
    except OtherEditionError as error:
        hint = "import it with: heroes hashset import FILE --edition NAME"
        raise OtherEditionError(str(error), hint=hint) from error
    except HashSetError as error:  # what may be allowed is allowed once, when it is imported
        option = _ALLOWED.search(error.hint)
        if option is None:
            raise
        hint = f"import it first, and allow it there: heroes hashset import FILE {option[0]}"
        raise HashSetError(str(error), hint=hint) from error
