"""How far an exhibit of a batch has come, as its case has it on record, and whether it is that one.

Nothing is kept beside the cases: what is finished, interrupted or new is read from them.
"""

import hashlib
import json
import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any, Final

from heroes_forensics.errors import (
    DONE,
    GAPS,
    MATCHES,
    MATCHES_AND_GAPS,
    CustodyError,
    UsageError,
)
from heroes_forensics.model import JSON
from heroes_forensics.pipelines.batches.manifest import Exhibit
from heroes_forensics.pipelines.case import folders
from heroes_forensics.pipelines.case.cases import read_only
from heroes_forensics.pipelines.evidence import acquiring
from heroes_forensics.pipelines.examining.expanding import PROFILES as EXPAND_LIMITS
from heroes_forensics.pipelines.runs.request import carves, expected_of
from heroes_forensics.pipelines.sets import signed_sets
from heroes_forensics.store.database import Database

_INTERRUPTED: Final = "interrupted"
_GRADES: Final = ("complete", "partial", _INTERRUPTED)
"""Outcomes of runs, the one that counts for all of them last."""
_ASKED: Final[tuple[tuple[str, str, object], ...]] = (
    ("profile", "profile", "standard"),
    ("verify", "verify", "during"),
    ("as", "treat_as", "auto"),
    ("accept_damaged", "accept_damaged", False),
)
"""Field of a manifest, setting of a run, and what is meant where the manifest does not say."""
_HSET: Final = ".hset"


@dataclass(frozen=True, slots=True)
class PastRun:
    """One run of the exhibit."""

    uuid: str
    outcome: str
    config: dict[str, Any]
    facts: dict[str, Any]
    sources: tuple[str, ...]
    """Their paths, in the order of the run."""


@dataclass(frozen=True, slots=True)
class Standing:
    """What is on record of an exhibit."""

    runs: tuple[PastRun, ...]
    new: tuple[int, ...]
    """Positions of the sources that no run has examined or begun to."""
    published: bool = False
    """Whether the record was closed with a report, and nothing was begun after that."""
    case: JSON = field(default_factory=dict)
    """Facts of the case; empty where there is none."""
    case_dir: Path = Path()

    @property
    def interrupted(self) -> PastRun | None:
        """The oldest run that can go on."""
        return next((run for run in self.runs if run.outcome == _INTERRUPTED), None)

    def summary(self) -> JSON:
        """Return what all runs of the exhibit came to."""
        counts = [run.facts.get("counts", {}) for run in self.runs]
        integrity: JSON = {}
        for run in self.runs:
            integrity |= run.facts.get("integrity", {})
        report = self.case_dir / folders.BUNDLE / "report" / "report.html"
        gaps = [
            int(each.get("gaps_unexpected", 0)) + int(each.get("not_reached", 0)) for each in counts
        ]
        return {
            "outcome": max((run.outcome for run in self.runs), key=_GRADES.index, default=""),
            "findings": sum(int(each.get("findings", 0)) for each in counts),
            "unexpected_gaps": sum(gaps),
            "integrity": integrity,
            "content_sha256": counts[-1].get("content_sha256", "") if counts else "",
            "report": str(report) if report.exists() else "",
        }

    def code(self, *, with_matches: bool) -> int:
        """Return the exit code that says what the runs came to."""
        if any(run.facts.get("alarm") for run in self.runs):
            return CustodyError.exit_code
        found = self.summary()
        code = GAPS if found["unexpected_gaps"] else DONE
        if with_matches and found["findings"]:
            return MATCHES_AND_GAPS if code == GAPS else MATCHES
        return code


def standing(exhibit: Exhibit) -> Standing:
    """Read how far an exhibit has come.

    Raises:
        CustodyError: the case database is damaged.
    """
    every = range(len(exhibit.sources))
    if not folders.exists(exhibit.case_dir):
        return Standing((), tuple(every))
    with read_only(exhibit.case_dir) as database:
        runs = tuple(_runs(database, exhibit.label))
        facts = database.facts()
    known = {path for run in runs for path in run.sources}
    new = tuple(number for number in every if _path(exhibit, number) not in known)
    bundle = exhibit.case_dir / folders.BUNDLE
    published = (bundle / "MANIFEST.sha256").exists() and (bundle / "report/report.html").exists()
    return Standing(runs, new, published, facts, exhibit.case_dir)


def _path(exhibit: Exhibit, number: int) -> str:
    return str(exhibit.sources[number].path.absolute())


def _runs(database: Database, label: str) -> Iterator[PastRun]:
    for number, uuid, outcome, config, facts in list(
        database.rows(
            "SELECT r.id, r.uuid, coalesce(r.outcome, 'interrupted'), r.config, r.facts FROM run r"
            " WHERE EXISTS (SELECT 1 FROM run_source rs JOIN source s ON s.id = rs.source_id"
            " JOIN exhibit e ON e.id = s.exhibit_id WHERE rs.run_id = r.id AND e.label = ?)"
            " ORDER BY r.id",
            (label,),
        )
    ):
        paths = database.rows(
            "SELECT s.path FROM source s JOIN run_source r ON r.source_id = s.id"
            " WHERE r.run_id=? ORDER BY s.id",
            (number,),
        )
        sources = tuple(path for (path,) in paths)
        yield PastRun(uuid, outcome, json.loads(config), json.loads(facts), sources)


# ---- whether what was examined is what the manifest asks for -----------------------------------


def check_same(exhibit: Exhibit, found: Standing) -> None:
    """Refuse what was examined, or begun, otherwise than the manifest says now.

    Raises:
        UsageError: a setting differs; the message names it.
    """
    for name in ("reference", "examiner", "authority", "names"):
        stated = exhibit.settings.get(name)
        if found.case and stated is not None and stated != found.case[name]:
            raise UsageError(
                f"the case was made with another {name} than the manifest says",
                hint="correct the manifest, or give the exhibit another case",
            )
    for run in found.runs:
        what = _difference(exhibit, run)
        if what:
            raise UsageError(
                f"the exhibit was examined with {what} than the manifest says now",
                hint="correct the manifest, or give the exhibit another case to examine it again",
            )


def _difference(exhibit: Exhibit, run: PastRun) -> str:
    """Return in what a run differs from what the manifest says now; empty: in nothing."""
    settings, config = exhibit.settings, run.config
    for name, key, usual in _ASKED:
        if settings.get(name, usual) != config.get(key, usual):
            return f"another {name.replace('_', ' ')} ({config[key]})"
    expected = {str(source.path.absolute()): sorted(source.expect) for source in exhibit.sources}
    other_digests = any(
        path in expected
        and expected[path] != sorted(expected_of(config["expect"], number, len(run.sources)))
        for number, path in enumerate(run.sources, start=1)
    )
    differs = {
        **dict(_of_pictures(settings, config)),
        "another choice about unallocated space": carves(config["profile"], settings.get("carve"))
        != config.get("carve", False),
        "other limits of containers": _limits(settings) != config["expand_limits"],
        "other hash sets": not _same_sets(config["sets"], settings["sets"]),
        "other expected digests": other_digests,
        "other acquisition logs": _other_logs(exhibit, run),
    }
    return next((what for what, is_so in differs.items() if is_so), "")


def _of_pictures(settings: Mapping[str, Any], config: JSON) -> Iterator[tuple[str, bool]]:
    without = settings.get("no_perceptual", False)
    yield "another choice about pictures", without == config.get("perceptual", True)
    metadata = "media_metadata"
    differs = settings.get(metadata, False) != config.get(metadata, False)
    yield "another choice about metadata of pictures", differs
    plugin = config.get("plugin")
    had = plugin["name"] if isinstance(plugin, dict) else ""
    yield "another plug-in", settings.get("plugin", "") != had
    wanted, cited = str(settings.get("calibration", "")), str(config.get("calibration", ""))
    yield "another calibration", wanted not in {"", "none"} and not cited.startswith(wanted)


def _limits(settings: Mapping[str, Any]) -> JSON | None:
    """Return how far containers are to be opened, as the settings of a run have it."""
    limits = EXPAND_LIMITS[str(settings.get("profile", "standard"))]
    changes = settings.get("expand_limits", {})
    return limits.raised(changes).to_json() if limits else None


def _other_logs(exhibit: Exhibit, run: PastRun) -> bool:
    """Say whether logs are named that the run did not read, or none where it read some."""
    logs = {str(source.path.absolute()): source.acquisition_log for source in exhibit.sources}
    for path, found in zip(run.sources, run.config.get("acquisition_logs", ()), strict=False):
        wanted = logs.get(path, ())
        known = {log["sha256"] for log in found}
        if bool(wanted) != bool(known) or not set(acquiring.digests_of(wanted)) <= known:
            return True
    return False


def _same_sets(had: Sequence[JSON], wanted: Sequence[str]) -> bool:
    """Say whether sets, by name or by the content of their files, are those of a run."""
    if any(name.endswith(_HSET) for name in wanted):  # an index does not say what file it is of
        return True
    left = list(had)
    for name in dict.fromkeys(wanted):
        content = signed_sets.content_of(Path(name))
        named = _digest(str(content)) if os.path.isfile(content) else name  # noqa: PTH113 - however long the name
        keys = ("set", "name", "source_sha256")
        match = [each for each in had if named in {str(each[key]) for key in keys}]
        if not match:
            return False
        left = [each for each in left if each not in match]
    return not left


@lru_cache(maxsize=64)
def _digest(path: str) -> str:
    with Path(path).open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()
