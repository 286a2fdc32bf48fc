"""Comparing what a case says of itself and of its runs with what its ledger states.

Reports are written from these rows, which belong to no unit: the facts of the case, settings and
outcome of each run, the error rates it cites, the reports there were. What a ledger event holds of
them is compared, by value or by digest.
"""

import hashlib
import json
from collections.abc import Iterator, Mapping
from typing import Any

from heroes_forensics.store.database import Database

_Events = list[tuple[str, dict[str, Any]]]


def problems(database: Database, ledger: bytes) -> Iterator[str]:
    """Yield each fact of the case database that is not the one its ledger states.

    Args:
        database: the case database.
        ledger: lines of the ledger, as the database holds them.
    """
    events = list(_events(ledger))
    yield from _of_case(database.facts(), events)
    for uuid, outcome, config, facts in database.rows(
        "SELECT uuid, outcome, config, facts FROM run ORDER BY id"
    ):
        of_run = [(kind, body) for kind, body in events if body.get("run") == uuid]
        if fault := _of_run(dict(of_run), json.loads(config), json.loads(facts)):
            yield f"{fault} of a run was changed after it was recorded"
        if outcome != _outcome(of_run):
            yield "the outcome of a run was changed after it was recorded"
    yield from _of_exhibits(database, events)
    issued = [body for kind, body in events if kind == "report.issued"]
    reports = list(database.rows("SELECT uuid, facts FROM report ORDER BY number"))
    if [(body["report"], body["files"]) for body in issued] != [
        (uuid, json.loads(facts)["files"]) for uuid, facts in reports
    ]:
        yield "the reports are not those that the ledger states"


def _events(ledger: bytes) -> Iterator[tuple[str, dict[str, Any]]]:
    for line in ledger.splitlines():
        try:
            event = json.loads(line)
        except ValueError:
            continue  # said by the verification itself
        if isinstance(event, dict) and isinstance(event.get("body"), dict):
            yield str(event.get("type")), event["body"]


def _of_case(facts: Mapping[str, object], events: _Events) -> Iterator[str]:
    """Compare with the events that every case begins with, up to its first checkpoint."""
    begin: dict[str, dict[str, Any]] = {}
    for kind, body in events:
        if kind == "ledger.checkpointed":
            break
        begin[kind] = body
    opened, policy = begin.get("ledger.opened"), begin.get("policy.declared")
    if opened is None or policy is None:
        return  # said by the verification itself
    stated = {
        "ledger": opened["ledger"],
        "reference": "" if opened["case_ref"] == facts["uuid"] else opened["case_ref"],
        "examiner": begin.get("actor.declared", {}).get("id", ""),
        "names": policy["names"],
        "key_protection": policy["key_protection"],
        "authority": begin.get("authority.recorded"),
    }
    for name, value in stated.items():
        if facts[name] != value:
            yield f"the fact {name} of the case is not the one that the ledger states"


def _of_exhibits(database: Database, events: _Events) -> Iterator[str]:
    """Compare what is said of each exhibit with what was said of it last, field by field."""
    stated: dict[str, dict[str, str]] = {}
    for kind, body in events:
        if kind == "exhibit.described":
            known = stated.setdefault(body["exhibit"], {})
            known |= {field["name"]: field["value"] for field in body["fields"]}
    for label, fields in database.rows("SELECT label, fields FROM exhibit ORDER BY id"):
        here = {name: str(value) for name, value in json.loads(fields).items()}
        if here != stated.pop(label, {}):
            yield f"the description of exhibit {label} is not the one that the ledger states"
    if stated:
        yield f"{len(stated)} exhibits that the ledger describes are missing"


def _of_run(
    stated: Mapping[str, Mapping[str, object]], config: object, facts: dict[str, Any]
) -> str:
    """Return what of a run is not as stated; empty when all is."""
    started = stated.get("run.started")
    if started is None:
        return ""
    if _digest(json.dumps(config, sort_keys=True, indent=1) + "\n") != started["config_sha256"]:
        return "the settings"
    cited = facts.get("calibration")
    digest = None if cited is None else _digest(cited["record"])
    if digest != started.get("calibration_sha256"):
        return "the known error rate"
    probed = stated.get("isolation.probed")
    if probed and facts.get("isolation") != {key: probed[key] for key in probed if key != "run"}:
        return "the isolation"
    return ""


def _outcome(of_run: _Events) -> str | None:
    """Return how a run ended by its last event that says so."""
    found: str | None = None
    for kind, body in of_run:
        if kind == "run.completed":
            found = str(body["outcome"])
        elif kind == "run.interrupted":
            found = "interrupted"
        elif kind == "run.resumed":
            found = None
    return found


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
