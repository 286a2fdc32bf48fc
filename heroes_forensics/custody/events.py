"""The vocabulary of the ledger: which events there are and what their bodies hold.

The table is text, so that the stand-alone verifier can carry the same one; a JSON Schema is made
from it (`json_schema`, shipped as ``data/events.schema.json``). How to read a line::

    type[,type...] field:kind field*:kind ...

``*`` marks a field that may be missing or null. A kind is one of the words in `KINDS`, ``[kind]``
a list, ``{field:kind ...}`` an object, ``a|b`` one of several; any other word stands for itself.
No object has fields beyond those listed, and every body may carry a ``note``.
"""

import re
from collections.abc import Iterator, Mapping
from functools import cache
from typing import Final

from heroes_forensics.custody import chain
from heroes_forensics.model import JSON

VOCABULARY: Final = """
ledger.opened ledger:uuid origin:str spec:heroes-custody/1 hash:sha256 keys:[str] witness_keys*:[str] case_ref:str policy_sha256*:hex64
ledger.recovered torn_sha256:hex64 torn_bytes:nat reason:str
ledger.checkpointed size:nat root:hex64 reason:str
ledger.anchored size:nat root:hex64 method:rfc3161|witness|paper|mail|other reference:str gen_time*:time token_sha256*:hex64
ledger.closed reason:str successor*:str
record.corrected seq:nat reason:str replacement*:any
clock.checked source:str offset_ms:int uncertainty_ms:nat synchronised:bool
actor.declared id:str name:str role:str organisation:str key*:str
actor.withdrawn id:str reason:str
authority.recorded kind:str reference:str issued_by:str valid_from:date valid_to*:date scope_text:str document_sha256*:hex64
key.added,key.retired,key.compromised vkey:str from_seq:nat reason:str suspect_since*:time
recovery.drilled recipient:str run:uuid sealed_sha256:hex64 opened:bool
exhibit.described exhibit:str fields:[{name:str value:str}]
evidence.registered evidence:str kind:str format:str size:nat segments:[{name_ref:str size:nat sha256*:hex64}] make*:str model*:str serial*:str seal_number*:str condition*:str received_from*:str received_at*:str place*:str description*:str exhibit*:str officer*:str reference*:str
evidence.acquired evidence:str method:str program:str version:str write_blocker*:{make:str model:str serial:str firmware*:str} started*:time ended*:time started_local*:str ended_local*:str zone*:str finished*:bool size*:nat segments_listed*:nat agrees*:{segments:str verified:str case_number:str evidence_number:str serial:str} stated*:[{alg:str scope:media|segment|file value:hex}] digests:[{alg:str scope:media|segment|file computed:hex expected*:hex expected_source*:acquisition-log|container|label|operator|previous-event|none stored*:hex}] bad_sectors*:nat log_sha256*:hex64
evidence.verified evidence:str status:match|mismatch|baseline|unreadable|partial digests:[{alg:str scope:media|segment|file computed:hex expected*:hex expected_source:acquisition-log|container|label|operator|previous-event|none stored*:hex}] bytes_read:nat read_errors:nat zero_bytes:nat|null ranges_unread*:[any]
evidence.opened,evidence.closed evidence:str mode:read-only opener:str versions:[{name:str version:str}]
evidence.changed evidence:str expected:any found:any
evidence.stored evidence:str location:str seal_number*:str
evidence.returned evidence:str to*:str seal_number*:str condition*:str
evidence.disposed evidence:str method:str authority:str
custody.transferred evidence:[str] from:str to:str place:str purpose:str seal_before*:str seal_after*:str condition*:str
hashset.loaded hashset:str version:str provider:str file_sha256:hex64 entries:nat algorithms:[str] licence_ref*:str signature_checked:bool|str valid_until*:str kind*:str state*:str reason*:str sequence*:nat manifest_sha256*:hex64 allowed*:[str]
hashset.retired hashset:str version*:str reason*:str provider*:str state*:str
method.declared method:str version:str sop_ref*:str method_ref*:str validation_ref*:str validation*:{sha256:hex64 time:time verdict:pass|fail program_version:str same_software:bool} thresholds:object decision_rule:str
config.declared config_sha256:hex64 profile:str
environment.recorded host_ref:str os:str python:str packages_sha256:hex64 program_version:str program_sha256:hex64 libraries:[{name:str version:str}] self_test:pass|fail|not-run
run.started run:uuid evidence:[str] purpose:str authority:str|null method:str hashsets:[str] config_sha256:hex64 resume_of*:uuid calibration_sha256*:hex64
run.resumed run:uuid reason*:str
run.interrupted run:uuid cause:str done_through:any
run.completed run:uuid outcome:complete|partial|failed files_seen:nat files_hashed:nat files_skipped:nat skipped_by_reason:counts errors:nat errors_by_kind:counts bytes_read:nat result_sha256:hex64|null
inventory.committed run:uuid count:nat root:hex64 tree:heroes-inventory/1
findings.committed run:uuid count:nat counts_by_kind:counts root:hex64 tree:heroes-findings/1 sealed_sha256:hex64 recipients:[str]
coverage.declared run:uuid partitions:[any] unallocated:any encrypted_areas:[any] unsupported:[any] counts*:counts rows_sha256*:hex64
unit.completed run:uuid unit:id items:nat gaps:nat rows_sha256:hex64
attempt.ended run:uuid unit:id attempt:nat cause:str
isolation.probed run:uuid level:str refused:[str] allowed:[str] missing*:[str]
index.tested hashset:str probes:nat failed:nat
plugin.loaded run:uuid plugin:str kind:str version:str package:str threshold:nat
policy.declared names:sealed|clear plugins:[any] overrides:[any] key_protection:str
case.unlocked purpose:scan|resume|match|recipients key:str
recipients.changed recipients:[str] reason:str
finding.classified run:uuid finding:str code:str scheme:str by_rule*:str
review.recorded object_ref:str outcome:agree|disagree|needs-work second_person:bool
quality.noted kind:deviation|nonconformity|limitation text:str
sealed.opened run:uuid findings:[str]|all what*:str justification:str legal_basis:str
data.consulted what:str justification:str
disclosure.made recipient:str organisation:str findings:[str] fields:[str] disclosure_sha256:hex64 legal_basis:str justification:str
data.combined sources:[str] purpose:str
data.erased what:str method:str retention_rule:str remaining_commitments:bool runs*:[uuid] items*:nat content_sha256*:hex64 units*:[{unit:id rows_sha256:hex64}] justification*:str legal_basis*:str
export.made format:str recipient*:str file_sha256:hex64
report.issued report:str number:id version:id files:[{name:str sha256:hex64}] replaces*:str authorised_by:str|null renderer*:hex64
report.withdrawn report:str reason:str
"""  # noqa: E501 - one event a line

MAX_NOTE: Final = 1000
"""Characters of the free text a body may carry."""
WEAK: Final = frozenset({"md5", "sha1"})
"""Digests that count only beside a SHA-256."""

_HEX: Final = re.compile(r"(?:[0-9a-f]{2}){4,64}")
_DATE: Final = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)

KINDS: Final[Mapping[str, JSON]] = {
    "any": {},
    "null": {"type": "null"},
    "bool": {"type": "boolean"},
    "str": {"type": "string"},
    "int": {"type": "integer"},
    "nat": {"type": "integer", "minimum": 0},
    "id": {"anyOf": [{"type": "string"}, {"type": "integer", "minimum": 0}]},
    "uuid": {"type": "string", "pattern": f"^{chain.UUID.pattern}$"},
    "hex": {"type": "string", "pattern": f"^{_HEX.pattern}$"},
    "hex64": {"type": "string", "pattern": f"^{chain.HEX64.pattern}$"},
    "time": {"type": "string", "pattern": f"^{chain.TIME.pattern}$"},
    "date": {"type": "string", "pattern": f"^(?:{_DATE.pattern}|{chain.TIME.pattern})$"},
    "object": {"type": "object"},
    "counts": {"type": "object", "additionalProperties": {"type": "integer", "minimum": 0}},
    "note": {"type": "string", "maxLength": MAX_NOTE},
}
"""The words for kinds, as JSON Schema. ``date`` is a day or a moment; ``counts`` are numbers by
plain key; ``id`` is a name or a number."""


def key_for(code: str) -> str:
    """Return ``code`` as a plain key for ``counts``: ``policy.metadata`` -> ``policy_metadata``."""
    return re.sub(r"[^a-z0-9]+", "_", code.lower()).strip("_")


@cache
def json_schema() -> JSON:
    """Return one JSON Schema (draft 2020-12) a type, under ``$defs``."""
    defs: JSON = {}
    for line in VOCABULARY.strip().splitlines():
        types, _, fields = line.partition(" ")
        schema = _Reader(f"{fields} note*:note}}").fields()
        defs.update(dict.fromkeys(types.split(","), schema))
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", "$defs": defs}


@cache
def schema_of(fields: str) -> JSON:
    """Return the JSON Schema of an object whose fields are written as those of a body."""
    return _Reader(f"{fields} }}").fields()


def faults(body: object, fields: str) -> list[str]:
    """Return what is wrong with an object whose fields are written as those of a body."""
    return list(_faults(body, schema_of(fields), "body"))


def is_known(event_type: str) -> bool:
    """Tell whether ``event_type`` is in the vocabulary."""
    return event_type in _schemas()


def validate(event_type: str, body: object) -> list[str]:
    """Return what is wrong with a body; empty when nothing is, or the type is unknown."""
    schema = _schemas().get(event_type)
    if schema is None:
        return []
    wrong = list(_faults(body, schema, "body"))
    if not wrong and isinstance(body, dict) and "digests" in body:
        algorithms = {digest["alg"] for digest in body["digests"]}
        if algorithms & WEAK and "sha256" not in algorithms:
            wrong.append("body.digests holds MD5 or SHA-1 without SHA-256")
    return wrong


def _schemas() -> Mapping[str, JSON]:
    defs = json_schema()["$defs"]
    return defs if isinstance(defs, dict) else {}


class _Reader:
    """Reads one line of the table into JSON Schema."""

    _TOKEN: Final = re.compile(r"[a-z0-9_./-]+|[\[\]{}:*|]", re.IGNORECASE)

    def __init__(self, text: str) -> None:
        self._tokens: list[str] = self._TOKEN.findall(text)[::-1]

    def fields(self) -> JSON:
        """Read ``field:kind`` up to the closing brace."""
        properties: JSON = {}
        required: list[str] = []
        while (name := self._tokens.pop()) != "}":
            optional = self._tokens[-1] == "*"
            if optional:
                self._tokens.pop()
            else:
                required.append(name)
            self._tokens.pop()  # the colon
            kind = self._kind()
            properties[name] = {"anyOf": [kind, KINDS["null"]]} if optional else kind
        return {
            "type": "object",
            "properties": properties,
            "required": required,
            "additionalProperties": False,
        }

    def _kind(self) -> JSON:
        choices = [self._one()]
        while self._tokens and self._tokens[-1] == "|":
            self._tokens.pop()
            choices.append(self._one())
        return choices[0] if len(choices) == 1 else {"anyOf": choices}

    def _one(self) -> JSON:
        word = self._tokens.pop()
        if word.startswith("["):
            members = self._kind()
            self._tokens.pop()  # the closing bracket
            return {"type": "array", "items": members}
        if word.startswith("{"):
            return self.fields()
        return dict(KINDS[word]) if word in KINDS else {"const": word}


_TYPES: Final[Mapping[str, tuple[type, ...]]] = {
    "null": (type(None),),
    "boolean": (bool,),
    "string": (str,),
    "integer": (int,),
    "object": (dict,),
    "array": (list,),
}


def _faults(value: object, schema: JSON, where: str) -> Iterator[str]:
    """Apply the part of JSON Schema that `json_schema` uses."""
    choices = schema.get("anyOf")
    if isinstance(choices, list):
        yield from _choice_faults(value, choices, where)
    elif "const" in schema:
        if value != schema["const"]:
            yield _wrong(where)
    elif not _has_type(value, schema.get("type")):
        yield _wrong(where)
    elif isinstance(value, list):
        for number, member in enumerate(value):
            yield from _faults(member, _sub(schema, "items"), f"{where}[{number}]")
    elif isinstance(value, dict):
        yield from _object_faults(value, schema, where)
    else:
        yield from _scalar_faults(value, schema, where)


def _choice_faults(value: object, choices: list[JSON], where: str) -> Iterator[str]:
    if all(any(_faults(value, choice, where)) for choice in choices):
        first, *others = choices
        if others == [KINDS["null"]]:  # an optional field: say what is wrong inside it
            yield from _faults(value, first, where)
        else:
            yield _wrong(where)


def _scalar_faults(value: object, schema: JSON, where: str) -> Iterator[str]:
    pattern, longest, least = (schema.get(key) for key in ("pattern", "maxLength", "minimum"))
    if isinstance(value, str) and isinstance(pattern, str):
        if re.fullmatch(pattern, value, re.ASCII) is None:
            yield _wrong(where)
    elif isinstance(value, str) and isinstance(longest, int) and len(value) > longest:
        yield f"{where} is longer than {longest} characters"
    elif isinstance(value, int) and isinstance(least, int) and value < least:
        yield _wrong(where)


def _object_faults(value: JSON, schema: JSON, where: str) -> Iterator[str]:
    properties, others = _sub(schema, "properties"), schema.get("additionalProperties")
    required = schema.get("required")
    for name in required if isinstance(required, list) else ():
        if name not in value:
            yield f"{where}.{name} is missing"
    for name, member in value.items():
        inner = properties.get(name, others)
        if inner is False:
            yield f"{where} holds an unknown field"
        elif isinstance(inner, dict):
            yield from _faults(member, inner, f"{where}.{name}")


def _sub(schema: JSON, key: str) -> JSON:
    inner = schema.get(key)
    return inner if isinstance(inner, dict) else {}


def _has_type(value: object, wanted: object) -> bool:
    if not isinstance(wanted, str):
        return True
    if isinstance(value, bool):  # which Python counts among the integers
        return wanted == "boolean"
    return isinstance(value, _TYPES[wanted])


def _wrong(where: str) -> str:
    return f"{where} does not have its right form"
