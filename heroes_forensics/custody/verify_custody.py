#!/usr/bin/env python3
"""Verify a heroes-forensics custody bundle with nothing but Python's standard library.

    python3 verify_custody.py BUNDLE [--key VKEY] [--anchor CHECKPOINT] [--strict] [--json]
    python3 verify_custody.py DISCLOSURE [--key VKEY] [--json]

It checks encoding, hash chain, event forms, run rules, Merkle trees, checkpoint signatures
(Ed25519 by RFC 8032), committed findings, sealed files, reports and the manifest, and lists every
problem with a stable code. Exit codes: 0 verifies, 6 does not verify, 7 consistent but the signer
is unknown or the record incomplete, 20 cannot be read, 2 wrong usage. It only reads and needs no
network. A copy that came inside a bundle proves nothing about that bundle: get this file, and the
key for --key, from somewhere else. Python 3.9 or later, any system.
"""

# fmt: off
# Packed by hand into fewer than 600 lines of code, so that it can be read in one sitting.
# ruff: noqa: ANN401, C901, D102, D103, E701, PLR2004, PTH113, PTH118, PTH123, RET503, UP017
from __future__ import annotations

import argparse
import base64
import hashlib
import json
import os
import re
import sys
from datetime import datetime, timedelta, timezone
from functools import lru_cache
from itertools import islice
from typing import Any

CODES = """clock-step count-mismatch custody-gap few-recipients manifest-missing run-incomplete
time-backwards time-future unauthorised-work unknown-signer unsigned-tail; case-local-key
environment-unchecked evidence-unchecked extra-file not-rebuilt pdf-signature-unchecked
sealed-absent suspicious-name timestamp-unchecked unknown-type"""  # incomplete; information
INCOMPLETE, INFORMATION = (set(words.split()) for words in CODES.split(";"))
TAIL = ("ledger.checkpointed", "ledger.anchored")  # these may follow the last checkpoint
UNTRUSTED = {"manifest-missing", "unknown-signer", "unsigned-tail"}  # never exit code 0

# Events: "type[,type...] field:kind field*:kind ..."; a field with * may be missing or null.
VOCABULARY = """
ledger.opened ledger:uuid origin:str spec:heroes-custody/1 hash:sha256 keys:[str] witness_keys*:[str] case_ref:str policy_sha256*:hex64; ledger.recovered torn_sha256:hex64 torn_bytes:nat reason:str; ledger.checkpointed size:nat root:hex64 reason:str; ledger.anchored size:nat root:hex64 method:rfc3161|witness|paper|mail|other reference:str gen_time*:time token_sha256*:hex64; ledger.closed reason:str successor*:str; record.corrected seq:nat reason:str replacement*:any; clock.checked source:str offset_ms:int uncertainty_ms:nat synchronised:bool
actor.declared id:str name:str role:str organisation:str key*:str; actor.withdrawn id:str reason:str; authority.recorded kind:str reference:str issued_by:str valid_from:date valid_to*:date scope_text:str document_sha256*:hex64; key.added,key.retired,key.compromised vkey:str from_seq:nat reason:str suspect_since*:time; recovery.drilled recipient:str run:uuid sealed_sha256:hex64 opened:bool
exhibit.described exhibit:str fields:[{name:str value:str}]; evidence.registered evidence:str kind:str format:str size:nat segments:[{name_ref:str size:nat sha256*:hex64}] make*:str model*:str serial*:str seal_number*:str condition*:str received_from*:str received_at*:str place*:str description*:str exhibit*:str officer*:str reference*:str; evidence.acquired evidence:str method:str program:str version:str write_blocker*:{make:str model:str serial:str firmware*:str} started*:time ended*:time started_local*:str ended_local*:str zone*:str finished*:bool size*:nat segments_listed*:nat agrees*:{segments:str verified:str case_number:str evidence_number:str serial:str} stated*:[{alg:str scope:media|segment|file value:hex}] digests:[{alg:str scope:media|segment|file computed:hex expected*:hex expected_source*:acquisition-log|container|label|operator|previous-event|none stored*:hex}] bad_sectors*:nat log_sha256*:hex64; evidence.verified evidence:str status:match|mismatch|baseline|unreadable|partial digests:[{alg:str scope:media|segment|file computed:hex expected*:hex expected_source:acquisition-log|container|label|operator|previous-event|none stored*:hex}] bytes_read:nat read_errors:nat zero_bytes:nat|null ranges_unread*:[any]; evidence.opened,evidence.closed evidence:str mode:read-only opener:str versions:[{name:str version:str}]; evidence.changed evidence:str expected:any found:any; evidence.stored evidence:str location:str seal_number*:str; evidence.returned evidence:str to*:str seal_number*:str condition*:str; evidence.disposed evidence:str method:str authority:str; custody.transferred evidence:[str] from:str to:str place:str purpose:str seal_before*:str seal_after*:str condition*:str
hashset.loaded hashset:str version:str provider:str file_sha256:hex64 entries:nat algorithms:[str] licence_ref*:str signature_checked:bool|str valid_until*:str kind*:str state*:str reason*:str sequence*:nat manifest_sha256*:hex64 allowed*:[str]; hashset.retired hashset:str version*:str reason*:str provider*:str state*:str; method.declared method:str version:str sop_ref*:str method_ref*:str validation_ref*:str validation*:{sha256:hex64 time:time verdict:pass|fail program_version:str same_software:bool} thresholds:object decision_rule:str; config.declared config_sha256:hex64 profile:str; environment.recorded host_ref:str os:str python:str packages_sha256:hex64 program_version:str program_sha256:hex64 libraries:[{name:str version:str}] self_test:pass|fail|not-run
run.started run:uuid evidence:[str] purpose:str authority:str|null method:str hashsets:[str] config_sha256:hex64 resume_of*:uuid calibration_sha256*:hex64; run.resumed run:uuid reason*:str; run.interrupted run:uuid cause:str done_through:any; run.completed run:uuid outcome:complete|partial|failed files_seen:nat files_hashed:nat files_skipped:nat skipped_by_reason:counts errors:nat errors_by_kind:counts bytes_read:nat result_sha256:hex64|null; inventory.committed run:uuid count:nat root:hex64 tree:heroes-inventory/1; findings.committed run:uuid count:nat counts_by_kind:counts root:hex64 tree:heroes-findings/1 sealed_sha256:hex64 recipients:[str]; coverage.declared run:uuid partitions:[any] unallocated:any encrypted_areas:[any] unsupported:[any] counts*:counts rows_sha256*:hex64; unit.completed run:uuid unit:id items:nat gaps:nat rows_sha256:hex64; attempt.ended run:uuid unit:id attempt:nat cause:str; isolation.probed run:uuid level:str refused:[str] allowed:[str] missing*:[str]; index.tested hashset:str probes:nat failed:nat; plugin.loaded run:uuid plugin:str kind:str version:str package:str threshold:nat; policy.declared names:sealed|clear plugins:[any] overrides:[any] key_protection:str; case.unlocked purpose:scan|resume|match|recipients key:str; recipients.changed recipients:[str] reason:str
finding.classified run:uuid finding:str code:str scheme:str by_rule*:str; review.recorded object_ref:str outcome:agree|disagree|needs-work second_person:bool; quality.noted kind:deviation|nonconformity|limitation text:str; sealed.opened run:uuid findings:[str]|all what*:str justification:str legal_basis:str; data.consulted what:str justification:str; disclosure.made recipient:str organisation:str findings:[str] fields:[str] disclosure_sha256:hex64 legal_basis:str justification:str; data.combined sources:[str] purpose:str; data.erased what:str method:str retention_rule:str remaining_commitments:bool runs*:[uuid] items*:nat content_sha256*:hex64 units*:[{unit:id rows_sha256:hex64}] justification*:str legal_basis*:str; export.made format:str recipient*:str file_sha256:hex64; report.issued report:str number:id version:id files:[{name:str sha256:hex64}] replaces*:str authorised_by:str|null renderer*:hex64; report.withdrawn report:str reason:str
"""  # noqa: E501 - a topic of the ledger in each line
MAX_LINE, MAX_DEPTH, MAX_INTEGER, MAX_NOTE, MAX_SIGNATURES = 1_048_576, 8, 2**53 - 1, 65_536, 64
MAX_MANIFEST, MAX_FILES, MAX_FOLDERS, SHOWN = 1 << 26, 100_000, 8, 1000
# Of all files; then bytes of events that are held against one another (a light one weighs 1/128).
MAX_NOTES, MAX_KEYS, MAX_BYTES, MAX_KEPT = 10_000, 256, 1 << 36, 1 << 23
LIGHT = ("unit", "attempt", "finding", "review", "sealed", "data", "quality", "export", "index")
UUID, DAY = "[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}", "[0-9]{4}-[0-9]{2}-[0-9]{2}"
TIME = DAY + r"T[0-9]{2}:[0-9]{2}:[0-9]{2}\.[0-9]{6}Z"
SAFE_NAME = r"(?!\.\.?(?:/|$))[A-Za-z0-9._-]+(?:/(?!\.\.?(?:/|$))[A-Za-z0-9._-]+)*"
TEXTS = {
    "str": "(?s:.*)", "note": "(?s:.{0,1000})", "uuid": UUID, "time": TIME, "date": f"{DAY}|{TIME}",
    "hex": "(?:[0-9a-f]{2}){4,64}", "hex64": "[0-9a-f]{64}",
    "type": r"[a-z][a-z0-9_]{0,31}(?:\.[a-z][a-z0-9_]{0,31}){1,3}",
}
KINDS: dict[str, Any] = {
    "any": lambda _: True, "null": lambda value: value is None,
    "bool": lambda value: isinstance(value, bool), "object": lambda value: isinstance(value, dict),
    "int": lambda value: isinstance(value, int) and not isinstance(value, bool),
    "nat": lambda value: KINDS["int"](value) and value >= 0,
    "id": lambda value: KINDS["nat"](value) or isinstance(value, str),
    "counts": lambda value: isinstance(value, dict) and all(map(KINDS["nat"], value.values())),
}
P, Q = 2**255 - 19, 2**252 + 27742317777372353535851937790883648493  # Ed25519: field and order
D = -121665 * pow(121666, P - 2, P) % P

class UnsafeError(ValueError): """Input beyond the bounds."""
def plus(one: Any, two: Any) -> Any:  # adds points in extended coordinates (RFC 8032 5.1.4)
    a, b = (one[1] - one[0]) * (two[1] - two[0]) % P, (one[1] + one[0]) * (two[1] + two[0]) % P
    c, d = 2 * one[3] * two[3] * D % P, 2 * one[2] * two[2] % P
    e, f, g, h = b - a, d - c, d + c, b + a
    return e * f % P, g * h % P, f * g % P, e * h % P
def decompress(data: bytes) -> Any:  # the point of a canonical encoding, or None
    value = int.from_bytes(data, "little")
    y, sign = value & ((1 << 255) - 1), value >> 255
    square = (y * y - 1) * pow(D * y * y + 1, P - 2, P) % P
    x = pow(square, (P + 3) // 8, P)
    x = x if (x * x - square) % P == 0 else x * pow(2, (P - 1) // 4, P) % P
    if len(data) != 32 or y >= P or (x * x - square) % P or (x == 0 and sign): return None
    x = P - x if x & 1 != sign else x
    return x, y, 1, x * y % P
BASE = decompress((4 * pow(5, P - 2, P) % P).to_bytes(32, "little"))
@lru_cache(1 << 16)
def ed25519_ok(public: bytes, message: bytes, signature: bytes) -> bool:  # strict, no cofactor
    key, s = decompress(public), int.from_bytes(signature[32:], "little")
    if len(signature) != 64 or s >= Q or key is None or decompress(signature[:32]) is None:
        return False
    digest = hashlib.sha512(signature[:32] + public + message).digest()
    k, minus = int.from_bytes(digest, "little") % Q, (P - key[0], key[1], 1, P - key[3])
    total: Any = (0, 1, 1, 0)
    for bit in range(252, -1, -1):  # s * BASE - k * key, which must be the R of the signature
        total = plus(total, total)
        if s >> bit & 1: total = plus(total, BASE)
        if k >> bit & 1: total = plus(total, minus)
    inverse = pow(total[2], P - 2, P)
    x, y = total[0] * inverse % P, total[1] * inverse % P
    return bool((y | (x & 1) << 255).to_bytes(32, "little") == signature[:32])

def members(pairs: Any) -> Any:  # an object; no key twice, only plain identifiers
    plain = all(re.fullmatch("[a-z][a-z0-9_]{0,63}", key) for key, _ in pairs)
    if len(dict(pairs)) != len(pairs) or not plain: raise ValueError("a key is malformed or double")
    return dict(pairs)
def read_time(text: str) -> datetime | None:
    try: return datetime.strptime(text, "%Y-%m-%dT%H:%M:%S.%f%z")
    except ValueError: return None
def integer(text: str) -> int:  # an integer within bounds, and no other number
    if abs(int(text)) > MAX_INTEGER: raise ValueError("an integer is too large")
    return int(text)
def depth(value: Any) -> int:  # levels of lists and objects
    inner = value.values() if isinstance(value, dict) else value
    return 1 + max(map(depth, inner), default=0) if isinstance(value, (list, dict)) else 0
def parse(data: bytes) -> Any:  # (JSON of the data model, whether it is in its one byte form)
    hooks: Any = {"object_pairs_hook": members, "parse_int": integer}
    try:
        value = json.loads(data.decode(), parse_float=integer, parse_constant=integer, **hooks)
        levels = depth(value)
    except RecursionError: levels = MAX_DEPTH + 1
    if levels > MAX_DEPTH: raise UnsafeError("lists and objects nest too deep")
    text = json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return value, text.encode() == data
def canonical(data: bytes) -> Any:  # JSON of the data model in its one byte form
    if not parse(data)[1]: raise ValueError("not in its one byte form")
    return parse(data)[0]
class Tree:
    """A Merkle tree of RFC 6962 that keeps the roots of its full subtrees."""

    def __init__(self, leaves: Any = ()) -> None:
        self.size, self.peaks = 0, [b""][:0]
        for leaf in leaves: self.add(leaf)
    def add(self, leaf: bytes) -> None:  # appends a leaf hash, merges pairs of full subtrees
        self.size += 1
        for _ in range((self.size & -self.size).bit_length() - 1):
            leaf = hashlib.sha256(b"\x01" + self.peaks.pop() + leaf).digest()
        self.peaks.append(leaf)
    def root(self) -> bytes:
        result = self.peaks[-1] if self.peaks else hashlib.sha256(b"").digest()
        for peak in self.peaks[-2::-1]: result = hashlib.sha256(b"\x01" + peak + result).digest()
        return result

def included(leaf: bytes, index: int, size: int, path: Any, top: bytes) -> bool:  # RFC 9162 2.1.3
    here, last, bad = index, size - 1, not 0 <= index < size
    for step in path:
        bad = bad or last == 0 or len(step) != 32
        right = here & 1 or here == last
        leaf = hashlib.sha256(b"\x01" + (step + leaf if right else leaf + step)).digest()
        while right and not here & 1 and here: here, last = here >> 1, last >> 1
        here, last = here >> 1, last >> 1
    return not bad and last == 0 and leaf == top

def decode64(text: str) -> bytes:  # base64 in its canonical form
    data = base64.b64decode(text, validate=True)
    if base64.b64encode(data).decode() != text: raise ValueError("not canonical base64")
    return data
def name_ok(name: str) -> bool:  # whether a text can be the name of a key
    return bool(name) and not any(c == "+" or c.isspace() or not c.isprintable() for c in name)
def vkey(text: str) -> Any:  # name+hex8+base64(type||key) -> (name, type, public key, key id)
    name, identity, encoded = [*text.split("+", 2), "", ""][:3]
    data = decode64(encoded)
    bound = hashlib.sha256(name.encode() + b"\n" + data).digest()[:4]
    if len(data) != 33 or data[0] not in (1, 4) or bound.hex() != identity or not name_ok(name):
        raise ValueError("a verification key is malformed")
    return name, data[0], data[1:], bound
def parse_note(data: bytes) -> Any:  # (text, origin, size, root, [(name, key id, payload)])
    note = data.decode()
    text, blank, rest = note.partition("\n\n")
    (origin, size, root), lines = text.split("\n"), rest.split("\n")
    parts = [line.split(" ") for line in lines[:-1]]
    good = not any(ord(c) < 32 and c != "\n" for c in note) and blank != "" and not lines[-1]
    good = good and bool(re.fullmatch("0|[1-9][0-9]{0,15}", size)) and len(decode64(root)) == 32
    good = good and len(parts) <= MAX_SIGNATURES and name_ok(origin)
    good = good and all(len(p) == 3 and p[0] == "\u2014" and name_ok(p[1]) for p in parts)
    if not good: raise ValueError("it is no checkpoint")
    signatures = [(name, decode64(b)[:4], decode64(b)[4:]) for _, name, b in parts]
    if not all(payload for _, _, payload in signatures): raise ValueError("a signature is empty")
    return text.encode() + b"\n", origin, int(size), decode64(root), signatures
def signed_by(note: Any, key: Any) -> bool | None:  # None: not at all; else: all its lines fit
    results = []
    for payload in [p for name, identity, p in note[4] if (name, identity) == (key[0], key[3])]:
        text, signature = note[0], payload
        if key[1] == 4:  # a cosignature, which states its time
            text = b"cosignature/v1\ntime %d\n" % int.from_bytes(payload[:8], "big") + text
            signature = payload[8:]
        results.append(ed25519_ok(key[2], text, signature))
    return all(results) if results else None

def read_kinds(words: list[str]) -> Any:  # "a|b" -> a test of a value
    tests: list[Any] = []
    while not tests or (words[-1] == "|" and words.pop()):
        word = words.pop()
        if word == "[":
            test = read_kinds(words)
            tests.append(lambda value, t=test: isinstance(value, list) and all(map(t, value)))
            words.pop()
        elif word == "{": tests.append(read_fields(words))
        elif word in TEXTS:
            match = re.compile(TEXTS[word]).fullmatch
            tests.append(lambda value, m=match: isinstance(value, str) and bool(m(value)))
        else: tests.append(KINDS.get(word, lambda value, literal=word: value == literal))
    return lambda value: any(test(value) for test in tests)
def read_fields(words: list[str]) -> Any:  # "field:kind ...}" -> a test of an object
    tests, required = {}, set()
    while words[-1] != "}":
        name, star = words.pop(), words.pop() == "*" and words.pop()
        test = read_kinds(words)
        tests[name] = (lambda value, t=test: value is None or t(value)) if star else test
        if not star: required.add(name)
    words.pop()
    return lambda value: (isinstance(value, dict) and required <= value.keys() <= tests.keys()
                          and all(tests[name](member) for name, member in value.items()))
def read_form(text: str) -> Any:  # an entry of the vocabulary -> a test of a body
    return read_fields(re.findall(r"[A-Za-z0-9_./-]+|[\[\]{}:*|]", text + "}")[::-1])
ROWS = [entry.strip().partition(" ") for entry in re.split(";|\n", VOCABULARY.strip())]
FORMS = {k: read_form(form + " note*:note") for names, _, form in ROWS for k in names.split(",")}
ENVELOPE = read_form("v:nat seq:nat prev:hex64 time:time mono:nat proc:uuid type:type "
                     "actor:{id:str kind:person|software} body:object")

class Verifier:
    """Collects every problem of one bundle."""

    def __init__(self, root: str, trust: list[str], anchors: list[Any]) -> None:
        self.root, self.trust, self.anchors = root, [vkey(text) for text in trust], anchors
        self.problems, self.transfers = list[Any](), list[Any]()
        self.listed, self.kept, self.names = 0, 0, dict[str, int]()
        self.size, self.signed, self.real, self.roots = 0, 0, bytearray(), {0: Tree().root()}
        self.last: Any = ()  # time, process and steady clock of the event before
        self.maximum: Any = None
        self.not_before: Any = None
        self.times, self.issued = dict[int, str](), dict[str, Any]()
        self.opened, self.runs, self.reports, self.people = (dict[str, Any]() for _ in range(4))
        self.holders, self.reached = dict[str, Any](), dict[int, Any]()
        self.ranges, self.cosigners, self.named, self.authorities = (list[Any]() for _ in range(4))
        self.registered, self.verified, self.said = (set[str]() for _ in range(3))

    def need(self, good: Any, code: str, where: str, text: str) -> None:  # else it is a problem
        if good or (code == "unauthorised-work" and text in self.said): return
        self.said.add(text)
        self.kept += 100
        kind = "incomplete" if code in INCOMPLETE else "broken"
        kind = "information" if code in INFORMATION else kind
        where, text = (part.encode("unicode_escape").decode()[:150] for part in (where, text))
        self.problems.append({"class": kind, "code": code, "where": where, "text": text})

    def run(self) -> None:
        self.list_files(self.root, "", 0)
        if self.listed > MAX_FILES or sum(self.names.values()) > MAX_BYTES:
            return self.need(0, "unsafe-input", "", "it is more than a bundle has")
        if not {"ledger.jsonl", "MANIFEST.sha256"} & {*self.names}: raise OSError("no bundle")
        notes: list[Any] = []
        for name in sorted(self.names):
            if not re.fullmatch(r"checkpoints/[^/]+\.txt|checkpoint-[0-9]+\.txt", name): continue
            data = self.head(name, MAX_NOTE + 1)
            good = len(data) <= MAX_NOTE and len(notes) < MAX_NOTES
            self.need(good, "unsafe-input", name, "it is too long, or one too many")
            try: notes += [(name, parse_note(data))] if good else []
            except ValueError: self.need(0, "signature-bad", name, "it is no signed checkpoint")
        self.need("ledger.jsonl" in self.names, "missing-file", "ledger.jsonl", "it is not here")
        if "ledger.jsonl" in self.names:
            self.read_ledger({note[2] for _, note in notes} | {size for size, _ in self.anchors})
        self.check_notes(notes)
        for size, root in self.anchors:
            same = self.roots.get(size, root) == root
            self.need(size <= self.size, "rollback", "ledger.jsonl", f"an anchor knows {size}")
            self.need(same, "anchor-mismatch", "ledger.jsonl", f"an anchor differs at {size}")
        for name, run in self.runs.items(): self.check_run(name, run)
        for file, past in sorted(self.reports.items()):  # before or after an issue nobody signed
            digest, before = self.sha256(file), [each for n, each in past if n < self.signed]
            fine = [*(before[-1:] or [None]), *(each for n, each in past if n >= self.signed)]
            code = "report-superseded" if (digest in dict(past).values()) else "report-mismatch"
            self.need(digest or None in fine, "missing-file", file, "it was issued")
            self.need(digest is None or digest in fine, code, file, "it is not the newest issue")
        self.check_manifest()
    def disclosure(self, data: bytes) -> None:  # one finding, opened without the rest of the record
        try: self.read_disclosure(data)
        except UnsafeError as error: self.need(0, "unsafe-input", "", str(error))
        except (AttributeError, KeyError, TypeError, ValueError):
            self.need(0, "schema", "", "it does not have the form of a disclosure")
    def read_disclosure(self, data: bytes) -> None:
        if len(data) > 1 << 22: raise UnsafeError("it is too long")
        whole = canonical(data[:-1] if data.endswith(b"\n") else data)
        finding, event, note = whole["finding"], whole["event"], whole["checkpoint"].encode()
        line, committing = finding["line"].encode(), event["line"].encode()
        public, said = canonical(line[:-1]), canonical(committing[:-1])
        body, size, index = said["body"], finding["tree_size"], finding["index"]
        shapes = [(whole, "checkpoint event finding kind openings v"), (event, "index line path"),
                  (finding, "index line path tree_size"), (public, "c id v")]
        shapes += [(opening, "name salt value") for opening in [] + whole["openings"]]
        form = all(sorted(value) == keys.split() for value, keys in shapes)
        form = form and (whole["kind"], whole["v"]) == ("heroes-disclosure/1", 1)
        form = form and ENVELOPE(said) and FORMS["findings.committed"](body)
        form = form and all(map(KINDS["nat"], (size, index, event["index"], whole["v"])))
        if not form or said["type"] != "findings.committed" or not committing.endswith(b"\n"):
            raise ValueError("malformed")
        opened = set[str]()
        for opening in whole["openings"]:
            name, salt = opening["name"], opening["salt"]
            if not re.fullmatch("[0-9a-f]{32}", salt): raise ValueError
            pair = json.dumps([name, opening["value"]], sort_keys=True, separators=(",", ":"),
                              ensure_ascii=False).encode()
            pair = hashlib.sha256(b"\x02" + bytes.fromhex(salt) + pair).digest()
            good = public["c"].get(name) == pair.hex() and name not in opened
            self.need(good, "opening-bad", "openings", "a value does not fit its commitment")
            opened.add(name)
        paths = [[decode64(step) for step in part["path"]] for part in (finding, event)]
        leaves = [hashlib.sha256(b"\0" + part).digest() for part in (line, committing)]
        self.need(body["count"] == size, "disclosure-foreign", "event", "its run has another count")
        top = bytes.fromhex(body["root"])
        good = max(map(len, paths)) <= 64 and included(leaves[0], index, size, paths[0], top)
        self.need(good, "proof-bad", "finding", "its path does not lead to the root of its run")
        _, origin, size, top, _ = parsed = parse_note(note)
        good = included(leaves[1], event["index"], size, paths[1], top)
        self.need(good, "proof-bad", "event", "its path does not lead to the checkpoint")
        keys = [(origin, 1, k[2], hashlib.sha256(origin.encode() + b"\n\1" + k[2]).digest()[:4])
                for k in self.trust if origin == k[0] or origin.startswith(k[0] + "/custody/")]
        signed = [signed_by(parsed, key) for key in keys]
        self.need({True, False} & {*signed}, "unknown-signer", "checkpoint", "its key is unknown")
        self.need(False not in signed, "signature-bad", "checkpoint", "it does not fit its text")
    def list_files(self, folder: str, prefix: str, level: int) -> None:
        for member in sorted(islice(os.scandir(folder), MAX_FILES + 2), key=lambda each: each.name):
            name, self.listed = prefix + member.name, self.listed + 1
            if self.listed > MAX_FILES: break
            good = re.fullmatch(SAFE_NAME, name) and not member.is_symlink()
            if good and member.is_dir() and level < MAX_FOLDERS:
                self.list_files(member.path, name + "/", level + 1)
            elif good and member.is_file(): self.names[name] = member.stat().st_size
            else: self.need(0, "unsafe-input", name, "it is a link, special, or too deep")
    def pieces(self, name: str, size: int, *, lines: bool = False) -> Any:  # never through a link
        flags = [getattr(os, flag, 0) for flag in ("O_NOFOLLOW", "O_NONBLOCK", "O_BINARY")]
        path = os.path.join(self.root, name)
        with os.fdopen(os.open(path, os.O_RDONLY | sum(flags)), "rb") as stream:
            take = stream.readline if lines else stream.read
            yield from iter(lambda: take(size), b"")
    def head(self, name: str, size: int) -> bytes:
        return next(self.pieces(name, size), b"") if name in self.names else b""
    def sha256(self, name: str) -> str | None:  # None when the file is missing
        digest = hashlib.sha256()
        for piece in self.pieces(name, 1 << 20) if name in self.names else (): digest.update(piece)
        return digest.hexdigest() if name in self.names else None

    def read_ledger(self, wanted: set[int]) -> None:  # keeps the roots at the wanted sizes
        tree, head, seen, repeated, highest = Tree(), "0" * 64, set[int](), 0, -1
        for line in self.pieces("ledger.jsonl", MAX_LINE + 1, lines=True):
            where, number, event = f"ledger.jsonl line {tree.size + 1}", tree.size, None
            long = len(line) > MAX_LINE or self.kept > MAX_KEPT
            self.need(not long, "unsafe-input", where, "it is too long, or says too much")
            self.need(long or line.endswith(b"\n"), "torn-line", where, "it has no end")
            if long or not line.endswith(b"\n"): break
            try:
                event, exact = parse(line[:-1])
                self.need(exact, "not-canonical", where, "it is not in its one byte form")
                self.need(isinstance(event, dict), "schema", where, "it is no event")
            except ValueError as error:
                code = "unsafe-input" if isinstance(error, UnsafeError) else "not-canonical"
                self.need(0, code, where, "it is no JSON of the data model")
            tree.add(hashlib.sha256(b"\0" + line).digest())
            seq: Any = event.get("seq") if isinstance(event, dict) else number
            seq = seq if KINDS["int"](seq) else number
            if isinstance(event, dict):
                self.kept += len(line) >> 7 * str(event.get("type")).startswith(LIGHT)
                self.need(event.get("prev") == head, "chain-broken", where, "it does not follow")
                self.see(number, event, where)
            repeated += seq in seen
            self.need(seq in seen or seq >= highest, "seq-order", where, "it is out of order")
            seen.add(seq)
            highest, head = max(highest, seq), hashlib.sha256(line).hexdigest()
            self.real.append(not isinstance(event, dict) or event.get("type") not in TAIL)
            if tree.size in wanted: self.roots[tree.size] = tree.root()
            if isinstance(event, dict): self.times[tree.size] = str(event.get("time"))
        self.size = tree.size
        whole = not repeated and highest + 1 == sum(number >= 0 for number in seen)
        self.need(whole, "seq-gap", "ledger.jsonl", "numbers are missing or stand twice")
        self.need(self.opened, "bad-genesis", "ledger.jsonl", "there is no sound opening")
        for run in self.runs.values(): self.finish_run(run)

    def see(self, number: int, event: Any, where: str) -> None:  # the form of an event, its clocks
        good = ENVELOPE(event) and event["v"] == 1
        now = read_time(event["time"]) if good else None
        if now is None: return self.need(0, "schema", where, "its envelope is malformed")
        kind, body, proc, mono = event["type"], event["body"], event["proc"], event["mono"]
        limit, last = datetime.now(timezone.utc), self.last or (now, proc, mono)
        step = (now - last[0]) // timedelta(microseconds=1) - (mono - last[2])
        steady, future = proc != last[1] or abs(step) <= 2_000_000, limit + timedelta(minutes=5)
        self.need(now <= future, "time-future", where, "it is dated after now")
        self.need(now >= last[0], "time-backwards", where, "it is dated before the one in front")
        self.need(steady, "clock-step", where, "the wall clock and the steady clock disagree")
        self.last = (now, proc, mono)
        if kind == "ledger.checkpointed": self.reached[number] = self.maximum
        late = self.not_before and now < self.not_before
        self.need(not late, "time-vs-anchor", where, "it is dated before an anchor before it")
        self.maximum, self.not_before = max(now, self.maximum or now), not late and self.not_before
        self.need((kind == "ledger.opened") == (number == 0), "bad-genesis", where, "two, or none")
        if kind not in FORMS: return self.need(0, "unknown-type", where, "its type is not known")
        good = FORMS[kind](body)
        algorithms = {digest["alg"] for digest in body.get("digests", ())} if good else set()
        good = good and ("sha256" in algorithms or not algorithms & {"md5", "sha1"})
        self.need(good, "schema", where, "its body does not have the form of its type")
        if good: self.rule(event, number, where)

    def rule(self, event: Any, number: int, where: str) -> None:  # what a sound event means
        kind, body = event["type"], event["body"]
        if kind == "ledger.opened" and not self.opened:
            self.opened, origin = body, body["origin"]
            self.need(origin.endswith("/custody/" + body["ledger"]), "bad-genesis", where, "origin")
            self.need(origin.isascii(), "suspicious-name", where, "the origin is not plain ASCII")
            keys = [self.key(text, where) for text in body["keys"]]
            self.cosigners += [self.key(t, where) for t in body.get("witness_keys") or ()]
            mine = [key for key in keys if key and key[:2] == (origin, 1)]
            self.need(mine == keys != [], "bad-genesis", where, "no key, or a foreign one")
            for key in mine: self.add_key(key, 0, 0, where)
        elif kind == "ledger.checkpointed": self.named.append((where, body["size"], body["root"]))
        elif kind == "authority.recorded": self.authorities.append(body)
        elif kind == "evidence.registered": self.registered.add(body["evidence"])
        elif kind in ("evidence.verified", "evidence.opened"):
            self.work([body["evidence"]], event, where)
            if kind == "evidence.verified": self.verified.add(body["evidence"])
        elif kind == "report.issued":
            files = {"report/" + each["name"]: each["sha256"] for each in body["files"]}
            self.gone(body.get("replaces"), number, files)
            self.issued[body["report"]] = files
            for file, one in files.items(): self.reports.setdefault(file, []).append((number, one))
        elif kind.partition(".")[0] in ("run", "coverage", "inventory", "findings"):
            self.run_rule(kind, body, event, where)
        else: self.say(kind, body, number, where)
    def say(self, kind: str, body: Any, number: int, where: str) -> None:  # of people and keys
        if kind == "actor.declared" and body.get("key"):
            self.cosigners.append(self.key(body["key"], where))
            self.people.setdefault(body["id"], []).append([self.cosigners[-1], 1 << 53])
        elif kind == "actor.withdrawn":
            for row in self.people.get(body["id"], ()): row[1] = min(row[1], number)
        elif kind.startswith("key."): self.key_rule(kind, body, number, where)
        elif kind == "ledger.anchored" and body.get("gen_time"):
            seen, step = read_time(body["gen_time"]), timedelta(minutes=5)
            if not seen: return self.need(0, "schema", where, "there is no such time")
            late = (self.reached.get(body["size"]) or seen) > seen + step
            self.need(not late, "time-vs-anchor", where, "what it covers is dated after it")
            self.not_before = max(seen - step, self.not_before or seen - step)
        elif kind == "report.withdrawn": self.gone(body["report"], number)
        elif kind == "record.corrected":
            self.need(body["seq"] < number, "schema", where, "it corrects what had not happened")
        elif kind in ("custody.transferred", "evidence.returned", "evidence.disposed"):
            giver, items = body.get("from"), body["evidence"]
            to = body["to"] if giver is not None else ""  # nobody holds what is returned
            if giver is not None: self.transfers.append((where, number, (giver, to)))
            for item in items if giver is not None else [items]:
                now, text = self.holder(item), item + " was not with whoever gave it"
                follows = giver is None or now is None or now == giver != ""
                self.need(follows, "custody-gap", where, text)
                self.holders[item] = number, to
    def gone(self, report: Any, number: int, by: Any = ()) -> None:  # replaced, or withdrawn
        for file, digest in self.issued.pop(report, {}).items():
            past = self.reports[file]
            if past[-1][1] == digest and file not in by: past.append((number, None))
    def holder(self, item: str) -> Any:  # of a source, or of its exhibit: who got it last
        return max(self.holders.get(part, (-1, None)) for part in (item, item.partition("/")[0]))[1]
    def key(self, text: str, where: str) -> Any:
        try: key = vkey(text) if len(self.cosigners) + len(self.ranges) < MAX_KEYS else None
        except ValueError: key = None
        self.need(key, "bad-genesis", where, "a verification key is malformed, or one too many")
        self.need(not key or text.isascii(), "suspicious-name", where, "it is not plain ASCII")
        return key
    def add_key(self, key: Any, since: int, number: int, where: str) -> None:
        self.ranges.append({"key": key, "after": since, "until": 1 << 53, "added": number,
                            "where": where, "suspect": ""})
    def key_rule(self, kind: str, body: Any, number: int, where: str) -> None:
        key, since, code = self.key(body["vkey"], where), body["from_seq"], "key-out-of-range"
        mine, added = [r for r in self.ranges if r["key"] == key], kind == "key.added"
        if key is None: return
        self.need(since >= number, code, where, "it would change who signs what came before")
        self.need(bool(mine) != added, code, where, "the ledger had this key, or never had it")
        good = not added or key[:2] == (self.opened.get("origin"), 1)
        self.need(good, "bad-genesis", where, "a ledger key of another name")
        if added and good and not mine: self.add_key(key, max(since, number), number, where)
        for row in [] if added else mine:
            row["until"] = min(row["until"], max(since, number))
            if kind == "key.compromised": row["suspect"] = body.get("suspect_since") or "0"
    def work(self, items: Any, event: Any, where: str) -> None:  # registered, authorised, and held
        when, actor = event["time"], event["actor"]
        spans = [(a["valid_from"], a.get("valid_to") or "9") for a in self.authorities]
        covered = any(when[:len(a)] >= a and when[:len(b)] <= b for a, b in spans)
        for item in items:
            holder, code = self.holder(item), "unauthorised-work"
            person = actor["id"] if actor["kind"] == "person" else holder
            held = holder is None or (holder == person and holder)
            self.need(held, code, where, f"{item} was not with {person}")
            self.need(item in self.registered, code, where, item + " was never registered")
            self.need(covered, code, where, "no authority covers work on " + item)

    def run_rule(self, kind: str, body: Any, event: Any, where: str) -> None:
        name, fresh = body["run"], {"where": where, "state": "open", "run.started": {}}
        if kind == "run.started":
            self.runs.get(body.get("resume_of"), {})["state"] = "ended"
            self.runs[name] = fresh
            self.work(body["evidence"], event, where)
            known = body["authority"] in [None, *(a["reference"] for a in self.authorities)]
            self.need(known, "unauthorised-work", where, "it names an authority nobody recorded")
        self.need(name in self.runs, "run-incomplete", where, "its run never started")
        run = self.runs.setdefault(name, fresh)
        run[kind] = body
        if kind == "findings.committed" and self.opened.get("origin", "")[:11] != "case-local.":
            self.need(len(body["recipients"]) > 1, "few-recipients", where, "one alone opens it")
        states = {"run.interrupted": "stopped", "run.completed": "ended", "run.resumed": "open"}
        run["state"] = states.get(kind, run["state"])
        if kind == "run.completed":
            parts = [body["files_hashed"], body["files_skipped"], body["errors"]]
            counts = [sum(body[key].values()) for key in ("skipped_by_reason", "errors_by_kind")]
            good = body["files_seen"] == sum(parts) and parts[1:] == counts
            self.need(good, "count-mismatch", where, "the counts of the run do not add up")
    def finish_run(self, run: Any) -> None:  # what only the end of the ledger shows
        where, done = run["where"], run.get("run.completed")
        listed = run.get("inventory.committed", {}).get("count") if done else None
        self.need(run["state"] == "ended", "run-incomplete", where, "no end, or interrupted")
        self.need(not done or "coverage.declared" in run, "run-incomplete", where, "no coverage")
        self.need(listed is None or listed == done["files_seen"], "count-mismatch", where, "items")
        for item in run["run.started"].get("evidence", ()):
            self.need(item in self.verified, "unauthorised-work", where, item + " was not verified")

    def check_notes(self, notes: list[Any]) -> None:  # against events, keys, and one another
        origin, good, seen = self.opened.get("origin", ""), list[Any](), dict[int, bytes]()
        for name, note in notes:
            signed = [(row, signed_by(note, row["key"])) for row in self.ranges]
            used, verdicts = [r for r, fits in signed if fits is not None], [f for _, f in signed]
            others = [signed_by(note, key) for key in self.cosigners if key]
            timely = all(row["after"] < note[2] <= row["until"] for row in used)
            if used and timely and False not in verdicts: good.append((name, note, used))
            self.need(used, "signature-missing", name, "no ledger key signed it")
            self.need(False not in verdicts + others, "signature-bad", name, "another text")
            self.need(timely, "key-out-of-range", name, "its key was not in force")
            self.need(all(s[0].isascii() for s in note[4]), "suspicious-name", name, "not ASCII")
            short = note[1] == (origin or note[1]) and note[2] > self.size
            right = short or (note[1] == (origin or note[1]) and self.roots[note[2]] == note[3])
            self.need(not short, "truncated", name, f"it signs {note[2]} events of {self.size}")
            self.need(right, "root-mismatch", name, "its root is not that of the events")
        kept = max((a for a, root in self.anchors if self.roots.get(a) == root), default=0)
        own = [n for _, n, used in good if n[1] == origin and (n[2] <= kept or not all(
            "" < row["suspect"] <= self.times.get(n[2], "") for row in used))]
        self.signed = max((n[2] for n in own if self.roots.get(n[2]) == n[3]), default=0)
        for name, note, _ in good:
            one = seen.setdefault(note[2], note[3]) == note[3]
            fits = note[2] >= self.signed or self.roots.get(note[2]) == note[3]
            self.need(one, "equivocation", name, "two signed checkpoints of one size differ")
            self.need(fits, "inconsistent-checkpoints", name, "it contradicts a longer signed one")
        tail = sum(self.real[self.signed:])
        self.need(not tail, "unsigned-tail", "ledger.jsonl", f"{tail} events are signed by none")
        for where, size, root in self.named:
            here = [note[3].hex() for _, note in notes if note[2] == size]
            self.need(here or not size, "missing-file", where, f"no checkpoint of {size} events")
            self.need(root in here or not here, "root-mismatch", where, "it names another root")
        vouched = [row for row in self.ranges if any(row in used for *_, used in good) and any(
            t[1:3] == row["key"][1:3] and (row["key"][0] == t[0] or row["key"][0].startswith(
                t[0] + "/custody/")) for t in self.trust)]
        longest = max((note[2] for _, note, _ in good), default=0)
        known = any(row in vouched or any(0 <= old["added"] < row["after"] for old in vouched)
                    for _, note, used in good if note[2] == longest for row in used)
        for row in self.ranges:
            older = [old for old in self.ranges if old["added"] < row["added"]]
            idle = not row["added"] or not any(row in rows for *_, rows in good)
            named = any(note[2] > row["added"] and any(old in rows for old in older)
                        for _, note, rows in good)
            self.need(idle or named, "key-out-of-range", row["where"], "no key before it signed it")
        for where, number, people in self.transfers:
            for person in people:
                willing = any(number < note[2] <= until and signed_by(note, key)
                              for key, until in self.people.get(person, ()) if key
                              for _, note, _ in good)
                self.need(willing, "custody-gap", where, person + " did not sign the transfer")
        self.need(known, "unknown-signer", "ledger.jsonl", "nobody vouches for it")
        self.need(not origin.startswith("case-local.invalid/"), "case-local-key", "ledger", "")

    def place(self, name: str, base: str) -> str:  # of a run's file, also in a flat folder
        path = f"runs/{name}/{base}"
        return base if path not in self.names and len(self.runs) == 1 else path
    def check_run(self, name: str, run: Any) -> None:  # its files against the ledger
        for base, key in {"config.yaml": "config", "calibration.txt": "calibration"}.items():
            file, was = self.place(name, base), run["run.started"].get(key + "_sha256")
            self.need(not was or self.sha256(file) in (None, was), "config-mismatch", file, "other")
        for kind, base in {"inventory": "leaves", "findings": "commitments.jsonl"}.items():
            lines, file = kind == "findings", self.place(name, f"{kind}.{base}")
            promised = run.get(kind + ".committed")
            if promised and file in self.names:
                pieces = self.pieces(file, MAX_LINE + 1 if lines else 32, lines=lines)
                tree = Tree(hashlib.sha256(b"\0" + p).digest() if lines else p for p in pieces)
                good = (tree.size, tree.root().hex()) == (promised["count"], promised["root"])
                self.need(good, kind + "-mismatch", file, "it is not what was committed")
            self.need(not promised or file in self.names, "missing-file", file, "it was committed")
        sealed = self.place(name, "sealed.age")
        promised, here = run.get("findings.committed", {}).get("sealed_sha256"), self.sha256(sealed)
        self.need(not promised or here, "sealed-absent", sealed, "it cannot be opened")
        self.need(not promised or here in (None, promised), "sealed-mismatch", sealed, "another")

    def check_manifest(self) -> None:  # against its signature and the files
        name, own = "MANIFEST.sha256", {"MANIFEST.sha256", "MANIFEST.sha256.sig"}
        if name not in self.names: return self.need(0, "manifest-missing", name, "it is missing")
        data, signature = self.head(name, MAX_MANIFEST + 1), self.head(name + ".sig", 65)
        keys = [row["key"] for row in self.ranges if row["until"] == 1 << 53]
        signed = any(ed25519_ok(key[2], data, signature) for key in keys)
        few = len(data) <= MAX_MANIFEST and data.count(b"\n") <= MAX_FILES
        if not few: return self.need(0, "unsafe-input", name, "it is too long")
        text = data.decode("utf-8", "replace")
        lines = text[:-1 if text.endswith("\n") else None].split("\n")
        head = re.fullmatch(f"# heroes-custody-manifest/1 ({UUID}) {TIME}", lines[0])
        rows = [re.fullmatch("([0-9a-f]{64})  (.+)", line) for line in lines[1:]]
        files = [(row[2], row[1]) for row in rows if row and re.fullmatch(SAFE_NAME, row[2])]
        listed = [file for file, _ in files]
        good = head and all(rows) and text.endswith("\n") and listed == sorted({*listed})
        belongs = head and head[1] == self.opened.get("ledger") and "ledger.jsonl" in listed
        self.need(good, "schema", name, "it does not have the form of a manifest")
        self.need(signed, "manifest-signature-bad", name, "no ledger key signed it")
        self.need(belongs, "manifest-mismatch", name, "it is not the manifest of this ledger")
        self.need(len(files) == len([*filter(None, rows)]), "unsafe-input", name, "an odd path")
        for file, digest in files:
            here = self.sha256(file)
            self.need(here, "missing-file", file, "it is listed, and not here")
            self.need(here in (None, digest), "manifest-mismatch", file, "it is not the one listed")
        for file in sorted({*self.names} - {*listed} - own): self.need(0, "extra-file", file, "")

def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description="Verify a custody bundle.")
    parser.add_argument("bundle")
    parser.add_argument("--key", action="append", default=[], help="vkey you vouch for")
    parser.add_argument("--anchor", action="append", default=[], help="an old checkpoint file")
    for flag in ("--strict", "--json"): parser.add_argument(flag, action="store_true")
    options, anchors = parser.parse_args(arguments), []
    try:
        for path in options.anchor:
            with open(path, "rb") as stream: anchors.append(parse_note(stream.read(MAX_NOTE))[2:4])
        verifier = Verifier(options.bundle, options.key, anchors)
    except (OSError, ValueError) as error:
        parser.error(f"a key or an anchor is malformed: {error!a}")
    try:
        if os.path.isfile(options.bundle):
            with open(options.bundle, "rb") as stream: verifier.disclosure(stream.read(1 << 23))
        else: verifier.run()
    except OSError as error: return sys.stderr.write(f"cannot be read: {error!a}\n") and 20
    found, size, signed = verifier.problems, verifier.size, verifier.signed
    codes, classes = {row["code"] for row in found}, {row["class"] for row in found}
    code = 7 if codes & UNTRUSTED or (options.strict and "incomplete" in classes) else 0
    code = 6 if "broken" in classes else code
    words = {"broken": "does not verify", "incomplete": "incomplete", "information": "note", 0:
             "verifies", 6: "does not verify", 7: "consistent; signer unknown or not complete"}
    lines = [f"{words[p['class']]}: {p['where']}: {p['text']} [{p['code']}]" for p in found]
    lines = [*lines[:SHOWN], f"{words[code]} ({size} events, {signed} of them signed)"]
    whole = json.dumps({"type": "verification", "exit_code": code, "events": size,
                        "signed_events": signed, "problems": found})
    sys.stdout.write((whole if options.json else "\n".join(lines)) + "\n")
    return code

if __name__ == "__main__": sys.exit(main())
