"""From the case database to the report model: hash sets, and what was compared with them.

Sets belong to a run. What a report says of an exhibit names only those of the runs that digested
something of its sources.
"""

import json
from collections.abc import Iterator
from functools import cached_property

from heroes_forensics.model import JSON
from heroes_forensics.pipelines.report.report_evidence import word
from heroes_forensics.pipelines.sets import decided
from heroes_forensics.reports.model import AlgorithmCount, Compared, HashSet, NearCount, Probes
from heroes_forensics.store.database import Database


class SetsBuilder:
    """Builds what a report says of hash sets; an exhibit is given by its row number."""

    def __init__(self, database: Database) -> None:
        self._database = database

    @cached_property
    def _decided(self) -> dict[decided.Key, decided.Decided]:
        return decided.known(self._database)

    def _state(self, facts: JSON) -> decided.Decided:
        key = decided.Key(str(facts["name"]), str(facts["issuer"]), str(facts["edition"]))
        return self._decided.get(key, decided.Decided())

    def hash_sets(self) -> Iterator[HashSet]:
        """Yield every set that a run of the case used."""
        for number, text in self._database.rows("SELECT id, facts FROM hashset ORDER BY id"):
            facts = json.loads(text)
            plugged = self._plugged.get(number, frozenset())
            others: dict[str, int] = facts.get("not_compared", {})
            yield HashSet(
                name=facts["name"],
                issuer=facts["issuer"],
                edition=facts["edition"],
                kind=facts["kind"],
                format=word(facts["format"]),
                records=facts["records"],
                source_sha256=facts["source_sha256"],
                digests=tuple(
                    AlgorithmCount(name, count) for name, count in sorted(facts["digests"].items())
                ),
                near=tuple(
                    NearCount(
                        algorithm=kind,
                        count=near["rows"],
                        below_quality=near["low_quality"],
                        probes=Probes(near["planted"], near["planted"] - near["found"]),
                    )
                    for kind, near in sorted(facts.get("near", {}).items())
                )
                + tuple(
                    NearCount(algorithm=kind, count=others[kind])
                    for kind in sorted(plugged & others.keys())
                ),
                not_compared=tuple(
                    AlgorithmCount(kind, count)
                    for kind, count in sorted(others.items())
                    if kind not in plugged
                ),
                rejected=facts["rejected"],
                signature=word(facts["signature"]),
                key_id=facts.get("key_id", ""),
                signer=facts.get("signer", ""),
                expires=facts.get("expires", ""),
                allowed=tuple(word(each) for each in facts.get("allowed", ())),
                state=self._state(facts)[0],
                reason=self._state(facts)[1],
                profile=facts["profile"],
                profile_verified=facts["profile_verified"],
                probes=Probes(facts["probes"], facts["probes_failed"]),
            )

    @cached_property
    def _plugged(self) -> dict[int, frozenset[str]]:
        """By row number of a set, the kinds of its values that a plug-in compared in a run."""
        found: dict[int, frozenset[str]] = {}
        for number, kind in self._database.rows(
            "SELECT rh.hashset_id, json_extract(r.config, '$.plugin.kind') FROM run_hashset rh"
            " JOIN run r ON r.id = rh.run_id"
            " WHERE json_extract(r.config, '$.plugin.kind') IS NOT NULL"
        ):
            found[number] = found.get(number, frozenset()) | {str(kind)}
        return found

    def compared(self, exhibit: int) -> Iterator[Compared]:
        """Yield the sets with which a digest of the exhibit was compared, with its sources."""
        database = self._database
        labels = [
            label
            for (label,) in database.rows(
                "SELECT label FROM source WHERE exhibit_id=? ORDER BY id", (exhibit,)
            )
        ]
        digested = self._digested(exhibit) | self._later()
        used: dict[int, set[str]] = {}
        for run, number in database.rows("SELECT run_id, hashset_id FROM run_hashset"):
            used.setdefault(number, set()).update(digested.get(run, ()))
        for number, text in list(database.rows("SELECT id, facts FROM hashset ORDER BY id")):
            sources = tuple(label for label in labels if label in used.get(number, ()))
            if sources:
                facts = json.loads(text)
                yield Compared(
                    name=facts["name"],
                    issuer=facts["issuer"],
                    edition=facts["edition"],
                    kind=facts["kind"],
                    records=facts["records"],
                    rejected=facts["rejected"],
                    signature=word(facts["signature"]),
                    state=self._state(facts)[0],
                    sources=sources,
                    every_source=len(sources) == len(labels),
                )

    def _digested(self, exhibit: int) -> dict[int, set[str]]:
        """Return by run the sources of the exhibit of which it digested at least one stream."""
        found: dict[int, set[str]] = {}
        for run, label in self._database.rows(
            "SELECT rs.run_id, s.label FROM run_source rs JOIN source s ON s.id = rs.source_id"
            " WHERE s.exhibit_id=? AND EXISTS (SELECT 1 FROM volume v"
            " JOIN item i ON i.volume_id = v.id JOIN content c ON c.item_id = i.id"
            " JOIN unit u ON u.id = c.unit_id"
            " WHERE v.source_id = s.id AND u.run_id = rs.run_id AND c.sha256 IS NOT NULL)",
            (exhibit,),
        ):
            found.setdefault(run, set()).add(label)
        return found

    def _later(self) -> dict[int, set[str]]:
        """Return by run the sources whose stored digests it compared: runs of `heroes match`."""
        return {
            run: set(json.loads(compared))
            for run, compared in self._database.rows(
                "SELECT id, json_extract(config, '$.compared') FROM run"
                " WHERE json_extract(config, '$.compared') IS NOT NULL"
            )
        }

    def notable(self, exhibit: int) -> int:
        """Count the notable sets with which that source was compared that saw the fewest."""
        database = self._database
        later = self._later()
        sets: dict[int, set[int]] = {}
        for run, number in database.rows(
            "SELECT rh.run_id, h.id FROM run_hashset rh JOIN hashset h ON h.id = rh.hashset_id"
            " WHERE json_extract(h.facts, '$.kind') = 'notable'"
        ):
            sets.setdefault(run, set()).add(number)
        seen: dict[str, set[int]] = {}
        for label, run in database.rows(
            "SELECT s.label, rs.run_id FROM source s"
            " LEFT JOIN run_source rs ON rs.source_id = s.id WHERE s.exhibit_id=?",
            (exhibit,),
        ):
            seen.setdefault(label, set()).update(sets.get(run, ()))
        for run, labels in later.items():
            for label in labels & seen.keys():
                seen[label] |= sets.get(run, set())
        return min(map(len, seen.values()), default=0)
