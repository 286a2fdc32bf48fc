import copy
import json
from importlib import resources

import jsonschema
import pytest
from custody_bundle import COMPLETED, EARLY, RUN, digest, opened
from hypothesis import given
from hypothesis import strategies as st

from heroes_forensics.custody import events, verify_custody
from heroes_forensics.model import JSON

GOOD: list[tuple[str, JSON]] = [
    ("ledger.opened", opened()),
    *EARLY,
    ("evidence.verified", digest()),
    ("run.completed", COMPLETED),
    ("sealed.opened", {"run": RUN, "findings": "all", "justification": "j", "legal_basis": "l"}),
    (
        "sealed.opened",
        {"run": RUN, "findings": ["F-000001"], "justification": "j", "legal_basis": "l"},
    ),
    ("data.consulted", {"what": "the inventory", "justification": "j"}),
    ("export.made", {"format": "csv", "recipient": None, "file_sha256": "5a" * 32}),
    ("record.corrected", {"seq": 3, "reason": "wrong seal", "replacement": {"seal_number": "7"}}),
    ("evidence.changed", {"evidence": "A", "expected": {"mtime": 1}, "found": "gone"}),
    ("attempt.ended", {"run": RUN, "unit": 3, "attempt": 1, "cause": "timeout"}),
    ("isolation.probed", {"run": RUN, "level": "full", "refused": ["open"], "allowed": []}),
    ("index.tested", {"hashset": "demo", "probes": 10, "failed": 0}),
    ("run.interrupted", {"run": RUN, "cause": "signal", "done_through": 17}),
]
NAMES = [f"{number} {kind}" for number, (kind, _) in enumerate(GOOD)]


def standalone_accepts(kind: str, body: JSON) -> bool:
    form = verify_custody.FORMS[kind]
    return bool(form(body))


@pytest.mark.parametrize(("kind", "body"), GOOD, ids=NAMES)
def test_a_sound_body_is_accepted(kind: str, body: JSON) -> None:
    assert events.validate(kind, body) == []
    assert events.validate(kind, {**body, "note": "n" * 1000}) == []
    assert standalone_accepts(kind, body)


@pytest.mark.parametrize(("kind", "body"), GOOD, ids=NAMES)
def test_a_field_missing_unknown_or_wrongly_typed_is_a_fault(kind: str, body: JSON) -> None:
    assert events.validate(kind, {**body, "unknown": 1}) == ["body holds an unknown field"]
    assert events.validate(kind, {**body, "note": "n" * 1001})
    assert events.validate(kind, [])
    schema = events.json_schema()["$defs"]
    assert isinstance(schema, dict)
    for name in schema[kind]["required"]:
        short = {key: value for key, value in body.items() if key != name}
        assert events.validate(kind, short) == [f"body.{name} is missing"]
        assert not standalone_accepts(kind, short)


WRONG: dict[str, tuple[str, JSON]] = {
    "a UUID in capitals": (
        "ledger.opened",
        {**opened(), "ledger": opened()["ledger"].__str__().upper().replace("1", "A")},
    ),
    "another spec": ("ledger.opened", {**opened(), "spec": "heroes-custody/2"}),
    "keys that are no texts": ("ledger.opened", {**opened(), "keys": [1]}),
    "a boolean for a number": ("run.completed", {**COMPLETED, "errors": True}),
    "a negative number": ("run.completed", {**COMPLETED, "errors": -1}),
    "a count that is text": ("run.completed", {**COMPLETED, "errors_by_kind": {"a": "1"}}),
    "an outcome nobody knows": ("run.completed", {**COMPLETED, "outcome": "fine"}),
    "a digest with a line end": ("run.completed", {**COMPLETED, "result_sha256": "5a" * 32 + "\n"}),
    "a digest in capitals": ("run.completed", {**COMPLETED, "result_sha256": "5A" * 32}),
    "null where a value must be": ("evidence.verified", {**digest(), "status": None}),
    "MD5 alone": ("evidence.verified", {**digest(), "digests": digest()["digests"][1:]}),  # type: ignore[index]
    "an unknown field inside": (
        "environment.recorded",
        {
            **dict(EARLY)["environment.recorded"],
            "libraries": [{"name": "a", "version": "1", "x": 1}],
        },
    ),
}


@pytest.mark.parametrize(("kind", "body"), WRONG.values(), ids=WRONG)
def test_a_wrong_value_is_a_fault(kind: str, body: JSON) -> None:
    assert events.validate(kind, body)


@given(st.sampled_from(GOOD), st.data())
def test_the_shipped_schema_judges_as_we_do(good: tuple[str, JSON], data: st.DataObject) -> None:
    kind, body = good[0], copy.deepcopy(good[1])
    name = data.draw(st.sampled_from(sorted(body)))
    junk = (
        st.none() | st.booleans() | st.integers(-2, 2) | st.sampled_from(["", "all", "x", [], {}])
    )
    body[name] = data.draw(junk)
    schema = json.loads(_shipped())
    validator = jsonschema.Draft202012Validator(schema["$defs"][kind])
    ours = events.validate(kind, body)
    if ours != ["body.digests holds MD5 or SHA-1 without SHA-256"]:  # no schema can say it
        assert validator.is_valid(body) == (not ours)
        assert standalone_accepts(kind, body) == (not ours)


def _shipped() -> str:
    return (
        resources.files("heroes_forensics.custody").joinpath("data/events.schema.json").read_text()
    )


def test_the_shipped_schema_is_the_vocabulary() -> None:
    assert _shipped() == json.dumps(events.json_schema(), indent=1) + "\n"
    for schema in json.loads(_shipped())["$defs"].values():
        jsonschema.Draft202012Validator.check_schema(schema)


def test_the_stand_alone_verifier_carries_the_same_vocabulary() -> None:
    carried = verify_custody.VOCABULARY.strip().replace("\n", "; ").split("; ")
    assert sorted(carried) == sorted(events.VOCABULARY.strip().splitlines())


def test_an_unknown_type_has_no_faults_but_is_not_known() -> None:
    assert events.validate("weather.observed", {"rain": True}) == []
    assert not events.is_known("weather.observed")


def test_codes_become_plain_keys() -> None:
    assert events.key_for("policy.metadata") == "policy_metadata"
    assert events.key_for("stream.unallocated-tail") == "stream_unallocated_tail"
