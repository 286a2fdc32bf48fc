#!/usr/bin/env python3
"""Verify a heroes-forensics custody bundle with nothing but Python's standard library.

    python3 verify_custody.py BUNDLE [--key VKEY] [--anchor CHECKPOINT] [--strict] [--json]

It checks encoding, hash chain, event forms, run rules, Merkle trees, checkpoint signatures
(Ed25519 by RFC 8032), committed findings, sealed files, reports and the manifest, and lists every
problem with a stable code. Exit codes: 0 verifies, 6 does not verify, 7 consistent but the signer
is unknown or the record incomplete, 20 cannot be read, 2 wrong usage. It only reads, follows no
link and needs no network. A copy that came inside a bundle proves nothing about that bundle: get
this file, and the key for --key, from somewhere else. Python 3.8 or later.
"""
# fmt: off - packed by hand into fewer than 500 lines, so that it can be read in one sitting
# ruff: noqa: ANN401, C901, FBT001, PLR0912, PLR2004, PTH118, PTH123, TRY301, UP017, UP031, UP035

from __future__ import annotations

import argparse
import base64
import hashlib
import json
import os
import re
import sys
from datetime import datetime, timedelta, timezone
from typing import Any, Iterable

INCOMPLETE = (
    "clock-step count-mismatch manifest-missing run-incomplete time-backwards "
    "time-future unauthorised-work unknown-signer unsigned-tail"
).split()
INFORMATION = "case-local-key extra-file sealed-absent suspicious-name unknown-type".split()
UNTRUSTED = {"manifest-missing", "unknown-signer", "unsigned-tail"}  # every other code: broken

# Events: "type[,type...] field:kind field*:kind ..."; a field with * may be missing or null.
VOCABULARY = """
ledger.opened ledger:uuid origin:str spec:heroes-custody/1 hash:sha256 keys:[str] witness_keys*:[str] case_ref:str policy_sha256*:hex64; ledger.recovered torn_sha256:hex64 torn_bytes:nat reason:str; ledger.checkpointed size:nat root:hex64 reason:str; ledger.anchored size:nat root:hex64 method:rfc3161|witness|paper|mail|other reference:str gen_time*:time token_sha256*:hex64; ledger.closed reason:str successor*:str; record.corrected seq:nat reason:str replacement*:any; clock.checked source:str offset_ms:int uncertainty_ms:nat synchronised:bool
actor.declared id:str name:str role:str organisation:str key*:str; actor.withdrawn id:str reason:str; authority.recorded kind:str reference:str issued_by:str valid_from:date valid_to*:date scope_text:str document_sha256*:hex64; key.added,key.retired,key.compromised vkey:str from_seq:nat reason:str suspect_since*:time
evidence.registered evidence:str kind:str format:str size:nat segments:[{name_ref:str size:nat sha256*:hex64}] make*:str model*:str serial*:str seal_number*:str condition*:str received_from*:str received_at*:str place*:str description*:str exhibit*:str officer*:str reference*:str; evidence.acquired evidence:str method:str program:str version:str write_blocker*:{make:str model:str serial:str firmware*:str} started:time ended:time digests:[{alg:str scope:media|segment|file computed:hex expected*:hex expected_source*:acquisition-log|container|label|operator|previous-event|none stored*:hex}] bad_sectors:nat log_sha256*:hex64; evidence.verified evidence:str status:match|mismatch|baseline|unreadable|partial digests:[{alg:str scope:media|segment|file computed:hex expected*:hex expected_source:acquisition-log|container|label|operator|previous-event|none stored*:hex}] bytes_read:nat read_errors:nat zero_bytes:nat|null ranges_unread*:[any]; evidence.opened,evidence.closed evidence:str mode:read-only opener:str versions:[{name:str version:str}]; evidence.changed evidence:str expected:any found:any; evidence.stored evidence:str location:str seal_number*:str; evidence.returned evidence:str to*:str seal_number*:str condition*:str; evidence.disposed evidence:str method:str authority:str; custody.transferred evidence:[str] from:str to:str place:str purpose:str seal_before*:str seal_after*:str condition*:str
hashset.loaded hashset:str version:str provider:str file_sha256:hex64 entries:nat algorithms:[str] licence_ref*:str signature_checked:bool|str valid_until*:str kind*:str; hashset.retired hashset:str version*:str reason*:str; method.declared method:str version:str sop_ref*:str validation_ref*:str thresholds:object decision_rule:str; config.declared config_sha256:hex64 profile:str; environment.recorded host_ref:str os:str python:str packages_sha256:hex64 program_version:str program_sha256:hex64 libraries:[{name:str version:str}] self_test:pass|fail|not-run
run.started run:uuid evidence:[str] purpose:str authority:str|null method:str hashsets:[str] config_sha256:hex64 resume_of*:uuid; run.resumed run:uuid reason*:str; run.interrupted run:uuid cause:str done_through:any; run.completed run:uuid outcome:complete|partial|failed files_seen:nat files_hashed:nat files_skipped:nat skipped_by_reason:counts errors:nat errors_by_kind:counts bytes_read:nat result_sha256:hex64|null; inventory.committed run:uuid count:nat root:hex64 tree:heroes-inventory/1; findings.committed run:uuid count:nat counts_by_kind:counts root:hex64 tree:heroes-findings/1 sealed_sha256:hex64 recipients:[str]; coverage.declared run:uuid partitions:[any] unallocated:any encrypted_areas:[any] unsupported:[any] counts*:counts; unit.completed run:uuid unit:id items:nat gaps:nat rows_sha256:hex64; attempt.ended run:uuid unit:id attempt:nat cause:str; isolation.probed run:uuid level:str refused:[str] allowed:[str]; index.tested hashset:str probes:nat failed:nat; policy.declared names:sealed|clear plugins:[any] overrides:[any] key_protection:str; case.unlocked purpose:scan|resume|match key:str
finding.classified run:uuid finding:str code:str scheme:str by_rule*:str; review.recorded object_ref:str outcome:agree|disagree|needs-work second_person:bool; quality.noted kind:deviation|nonconformity|limitation text:str; sealed.opened run:uuid findings:[str]|all justification:str legal_basis:str; data.consulted what:str justification:str; disclosure.made recipient:str organisation:str findings:[str] fields:[str] disclosure_sha256:hex64 legal_basis:str justification:str; data.combined sources:[str] purpose:str; data.erased what:str method:str retention_rule:str remaining_commitments:bool; export.made format:str recipient*:str file_sha256:hex64; report.issued report:str number:id version:id files:[{name:str sha256:hex64}] replaces*:str authorised_by:str|null; report.withdrawn report:str reason:str
"""  # noqa: E501 - a topic of the ledger in each line

MAX_LINE, MAX_DEPTH, MAX_INTEGER, MAX_NOTE, LINE = 1_048_576, 8, 2**53 - 1, 65_536, 1_048_577
MAX_MANIFEST, MAX_LEDGER, MAX_FILES, MAX_FOLDERS, SHOWN = 1 << 26, 4 << 30, 100_000, 8, 25
UUID, DAY = "[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}", "[0-9]{4}-[0-9]{2}-[0-9]{2}"
TIME = DAY + r"T[0-9]{2}:[0-9]{2}:[0-9]{2}\.[0-9]{6}Z"
SAFE_NAME = r"(?!\.\.?(?:/|$))[A-Za-z0-9._-]+(?:/(?!\.\.?(?:/|$))[A-Za-z0-9._-]+)*"
TEXTS = {
    "str": "(?s:.*)",
    "note": "(?s:.{0,1000})",
    "uuid": UUID,
    "time": TIME,
    "date": f"{DAY}|{TIME}",
    "hex": "(?:[0-9a-f]{2}){4,64}",
    "hex64": "[0-9a-f]{64}",
    "type": r"[a-z][a-z0-9_]{0,31}(?:\.[a-z][a-z0-9_]{0,31}){1,3}",
}
KINDS: dict[str, Any] = {
    "any": lambda _: True,
    "null": lambda value: value is None,
    "bool": lambda value: isinstance(value, bool),
    "int": lambda value: isinstance(value, int) and not isinstance(value, bool),
    "nat": lambda value: KINDS["int"](value) and value >= 0,
    "id": lambda value: KINDS["nat"](value) or isinstance(value, str),
    "object": lambda value: isinstance(value, dict),
    "counts": lambda value: isinstance(value, dict) and all(map(KINDS["nat"], value.values())),
}
P, Q = 2**255 - 19, 2**252 + 27742317777372353535851937790883648493  # Ed25519: field and order
D = -121665 * pow(121666, P - 2, P) % P


class UnsafeError(ValueError):
    """Input beyond the bounds."""


def plus(one: Any, two: Any) -> Any:
    """Add points in extended coordinates (RFC 8032 5.1.4)."""
    a, b = (one[1] - one[0]) * (two[1] - two[0]) % P, (one[1] + one[0]) * (two[1] + two[0]) % P
    c, d = 2 * one[3] * two[3] * D % P, 2 * one[2] * two[2] % P
    e, f, g, h = b - a, d - c, d + c, b + a
    return e * f % P, g * h % P, f * g % P, e * h % P


def decompress(data: bytes) -> Any:
    """Return the point of a canonical encoding, or None."""
    value = int.from_bytes(data, "little")
    y, sign = value & ((1 << 255) - 1), value >> 255
    square = (y * y - 1) * pow(D * y * y + 1, P - 2, P) % P
    x = pow(square, (P + 3) // 8, P)
    x = x if (x * x - square) % P == 0 else x * pow(2, (P - 1) // 4, P) % P
    if len(data) != 32 or y >= P or (x * x - square) % P or (x == 0 and sign):
        return None
    x = P - x if x & 1 != sign else x
    return x, y, 1, x * y % P


BASE = decompress((4 * pow(5, P - 2, P) % P).to_bytes(32, "little"))


def ed25519_ok(public: bytes, message: bytes, signature: bytes) -> bool:
    """Verify strictly: S below the order, canonical points, no cofactor."""
    key, s = decompress(public), int.from_bytes(signature[32:], "little")
    if len(signature) != 64 or s >= Q or key is None or decompress(signature[:32]) is None:
        return False
    digest = hashlib.sha512(signature[:32] + public + message).digest()
    k, minus = int.from_bytes(digest, "little") % Q, (P - key[0], key[1], 1, P - key[3])
    total: Any = (0, 1, 1, 0)
    for bit in range(252, -1, -1):  # s * BASE - k * key, which must be the R of the signature
        total = plus(total, total)
        total = plus(total, BASE) if s >> bit & 1 else total
        total = plus(total, minus) if k >> bit & 1 else total
    inverse = pow(total[2], P - 2, P)
    x, y = total[0] * inverse % P, total[1] * inverse % P
    return (y | (x & 1) << 255).to_bytes(32, "little") == signature[:32]


def members(pairs: Any) -> Any:
    """Make an object; refuse duplicate keys and keys that are no plain identifiers."""
    plain = all(re.fullmatch("[a-z][a-z0-9_]{0,63}", key) for key, _ in pairs)
    if len(dict(pairs)) != len(pairs) or not plain:
        raise ValueError("a key is malformed or stands twice")
    return dict(pairs)


def integer(text: str) -> int:
    """Read an integer within bounds; refuse every other number."""
    if abs(int(text)) > MAX_INTEGER:
        raise ValueError("an integer is too large")
    return int(text)


def depth(value: Any) -> int:
    """Return how many levels of lists and objects there are."""
    inner = value.values() if isinstance(value, dict) else value
    return 1 + max(map(depth, inner), default=0) if isinstance(value, (list, dict)) else 0


def parse(data: bytes) -> Any:
    """Return the value of JSON in the data model, and whether it is in its one byte form."""
    hooks: Any = {"object_pairs_hook": members, "parse_int": integer}
    try:
        value = json.loads(data.decode(), parse_float=integer, parse_constant=integer, **hooks)
        levels = depth(value)
    except RecursionError:
        levels = MAX_DEPTH + 1
    if levels > MAX_DEPTH:
        raise UnsafeError("lists and objects nest too deep")
    text = json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return value, text.encode() == data


class Tree:
    """A Merkle tree of RFC 6962 that keeps the roots of its full subtrees."""

    def __init__(self, leaves: Iterable[bytes] = ()) -> None:
        self.size, self.peaks = 0, [b""][:0]
        for leaf in leaves:
            self.add(leaf)

    def add(self, leaf: bytes) -> None:
        """Append a leaf hash; merge each pair of full subtrees that it completes."""
        self.size += 1
        for _ in range((self.size & -self.size).bit_length() - 1):
            leaf = hashlib.sha256(b"\x01" + self.peaks.pop() + leaf).digest()
        self.peaks.append(leaf)

    def root(self) -> bytes:
        """Return the root so far."""
        result = self.peaks[-1] if self.peaks else hashlib.sha256(b"").digest()
        for peak in self.peaks[-2::-1]:
            result = hashlib.sha256(b"\x01" + peak + result).digest()
        return result


def decode64(text: str) -> bytes:
    """Decode base64 in its canonical form."""
    data = base64.b64decode(text, validate=True)
    if base64.b64encode(data).decode() != text:
        raise ValueError("not canonical base64")
    return data


def name_ok(name: str) -> bool:
    """Tell whether a text can be the name of a key."""
    return bool(name) and not any(c == "+" or c.isspace() or not c.isprintable() for c in name)


def vkey(text: str) -> Any:
    """Read ``name+hex8+base64(type||key)`` into (name, type, public key, key id)."""
    name, identity, encoded = [*text.split("+", 2), "", ""][:3]
    data = decode64(encoded)
    bound = hashlib.sha256(name.encode() + b"\n" + data).digest()[:4]
    if len(data) != 33 or data[0] not in (1, 4) or bound.hex() != identity or not name_ok(name):
        raise ValueError("a verification key is malformed")
    return name, data[0], data[1:], bound


def parse_note(data: bytes) -> Any:
    """Read a checkpoint into (text, origin, size, root, [(name, key id, payload)])."""
    note = data.decode()
    text, blank, rest = note.partition("\n\n")
    (origin, size, root), lines = text.split("\n"), rest.split("\n")
    parts = [line.split(" ") for line in lines[:-1]]
    good = not any(ord(c) < 32 and c != "\n" for c in note) and not lines[-1] and len(parts) <= 64
    good = good and bool(re.fullmatch("0|[1-9][0-9]{0,15}", size)) and len(decode64(root)) == 32
    good = good and len(data) <= MAX_NOTE and blank != "" and name_ok(origin)
    good = good and all(len(p) == 3 and p[0] == "\u2014" and name_ok(p[1]) for p in parts)
    if not good or any(len(decode64(encoded)) <= 4 for _, _, encoded in parts):
        raise ValueError("it is no checkpoint")
    signatures = [(name, decode64(b)[:4], decode64(b)[4:]) for _, name, b in parts]
    return text.encode() + b"\n", origin, int(size), decode64(root), signatures


def signed_by(note: Any, key: Any) -> bool | None:
    """Return None when ``key`` did not sign, else whether all its signatures fit."""
    results = []
    for name, identity, payload in note[4]:
        if (name, identity) == (key[0], key[3]):
            text, signature = note[0], payload
            if key[1] == 4:  # a cosignature states its time
                when, signature = int.from_bytes(payload[:8], "big"), payload[8:]
                text = b"cosignature/v1\ntime %d\n" % when + text
            results.append(ed25519_ok(key[2], text, signature))
    return all(results) if results else None


def read_kinds(words: list[str]) -> Any:
    """Read ``a|b`` into a test of a value."""
    tests: list[Any] = []
    while not tests or (words[-1] == "|" and words.pop()):
        word = words.pop()
        if word == "[":
            test = read_kinds(words)
            tests.append(lambda value, t=test: isinstance(value, list) and all(map(t, value)))
            words.pop()
        elif word == "{":
            tests.append(read_fields(words))
        elif word in TEXTS:
            match = re.compile(TEXTS[word]).fullmatch
            tests.append(lambda value, m=match: isinstance(value, str) and bool(m(value)))
        else:
            tests.append(KINDS.get(word, lambda value, literal=word: value == literal))
    return lambda value: any(test(value) for test in tests)


def read_fields(words: list[str]) -> Any:
    """Read ``field:kind`` up to the closing brace into a test of an object."""
    tests, required = {}, set()
    while words[-1] != "}":
        name, star = words.pop(), words.pop() == "*" and words.pop()
        test = read_kinds(words)
        tests[name] = (lambda value, t=test: value is None or t(value)) if star else test
        required |= set() if star else {name}
    words.pop()
    return lambda value: (
        isinstance(value, dict)
        and required <= value.keys() <= tests.keys()
        and all(tests[name](member) for name, member in value.items())
    )


def read_form(text: str) -> Any:
    """Read the fields of one entry of the vocabulary."""
    return read_fields(re.findall(r"[A-Za-z0-9_./-]+|[\[\]{}:*|]", text + "}")[::-1])


ENTRIES = [entry.strip().partition(" ") for entry in re.split(";|\n", VOCABULARY.strip())]
FORMS = {
    kind: read_form(form + " note*:note") for kinds, _, form in ENTRIES for kind in kinds.split(",")
}
ENVELOPE = read_form(
    "v:nat seq:nat prev:hex64 time:time mono:nat proc:uuid type:type "
    "actor:{id:str kind:person|software} body:object"
)


class Verifier:
    """Collects every problem of one bundle."""

    def __init__(self, root: str, trust: Iterable[str] = (), anchors: Any = ()) -> None:
        self.root, self.trust, self.anchors = root, [vkey(text) for text in trust], anchors
        self.problems: list[Any] = []
        self.names: set[str] = set()
        self.roots, self.size, self.signed, self.real = {0: Tree().root()}, 0, 0, bytearray()
        self.opened, self.last, self.erased = {}, (), False  # type: Any, Any, bool
        self.keys, self.cosigners, self.named, self.authorities = ([], [], [], [])  # type: list[Any], list[Any], list[Any], list[Any]
        self.runs, self.reports = {}, {}  # type: dict[str, Any], dict[str, list[str]]
        self.registered, self.verified, self.refused = set(), set(), set()  # type: Any, Any, Any

    def need(self, good: Any, code: str, where: str, text: str) -> None:
        """Keep a problem unless all is good; what is shown is ASCII, escaped and short."""
        kind = "incomplete" if code in INCOMPLETE else "broken"
        kind = "information" if code in INFORMATION else kind
        where, text = (part.encode("unicode_escape").decode()[:150] for part in (where, text))
        if not good:
            self.problems.append({"class": kind, "code": code, "where": where, "text": text})

    def run(self) -> None:
        """Check everything."""
        self.list_files(self.root, "", 0)
        if not self.names & {"ledger.jsonl", "MANIFEST.sha256"}:
            raise OSError("there is no custody bundle in this folder")
        notes = []
        for name in sorted(self.names):
            if re.fullmatch(r"checkpoints/[^/]+\.txt|checkpoint-[0-9]+\.txt", name):
                try:
                    notes.append((name, parse_note(next(self.chunks(name, MAX_NOTE + 1), b""))))
                except ValueError:
                    self.need(False, "signature-bad", name, "it is no signed checkpoint")
        self.need("ledger.jsonl" in self.names, "missing-file", "ledger.jsonl", "it is not here")
        if "ledger.jsonl" in self.names:
            self.read_ledger({note[2] for _, note in notes} | {size for size, _ in self.anchors})
        self.check_notes(notes)
        for size, root in self.anchors:
            self.need(size <= self.size, "rollback", "ledger.jsonl", f"an anchor knows {size}")
            self.need(
                self.roots.get(size, root) == root,
                "anchor-mismatch",
                "ledger.jsonl",
                f"an anchor has another root at {size}",
            )
        for name, run in self.runs.items():
            self.check_run(name, run)
        for name, issued in sorted(self.reports.items()):
            file, digest = f"report/{name}", self.sha256(f"report/{name}")
            code = "report-superseded" if digest in issued else "report-mismatch"
            self.need(digest, "missing-file", file, "the ledger says it was issued")
            self.need(digest in (None, issued[-1]), code, file, "it is not the newest issue")
        self.check_manifest()

    def list_files(self, folder: str, prefix: str, level: int) -> None:
        """List regular files; links, special files and odd names are unsafe."""
        for member in sorted(os.scandir(folder), key=lambda member: member.name):
            name = prefix + member.name
            good = re.fullmatch(SAFE_NAME, name) and not member.is_symlink()
            if good and member.is_dir() and level < MAX_FOLDERS:
                self.list_files(member.path, name + "/", level + 1)
            elif good and member.is_file() and len(self.names) < MAX_FILES:
                self.names.add(name)
            else:
                self.need(False, "unsafe-input", name, "it is a link, special, or one too many")

    def chunks(self, name: str, size: int = 1 << 20) -> Any:
        """Yield the bytes of a listed file in pieces, without following a link."""
        flags = [getattr(os, flag, 0) for flag in ("O_NOFOLLOW", "O_NONBLOCK", "O_BINARY")]
        path = os.path.join(self.root, name)
        with os.fdopen(os.open(path, os.O_RDONLY | sum(flags)), "rb") as stream:
            yield from iter(
                lambda: stream.readline(size) if size == LINE else stream.read(size), b""
            )

    def sha256(self, name: str) -> str | None:
        """Return the SHA-256 of a file in hex; None when it is missing."""
        digest = hashlib.sha256()
        for chunk in self.chunks(name) if name in self.names else ():
            digest.update(chunk)
        return digest.hexdigest() if name in self.names else None

    def read_ledger(self, wanted: set[int]) -> None:
        """Follow the chain line by line; keep the roots at the wanted sizes."""
        tree, head, length, seen, repeated, highest = Tree(), "0" * 64, 0, {-1}, 0, -1
        for line in self.chunks("ledger.jsonl", LINE):
            where, number, event = f"ledger.jsonl line {tree.size + 1}", tree.size, None
            length, good = length + len(line), line.endswith(b"\n")
            if len(line) > MAX_LINE or length > MAX_LEDGER or not good:
                code = "unsafe-input" if good or len(line) > MAX_LINE else "torn-line"
                self.need(False, code, where, "it has no end, or is too long")
                break
            try:
                event, exact = parse(line[:-1])
                self.need(exact, "not-canonical", where, "it is not in its one byte form")
                self.need(isinstance(event, dict), "schema", where, "it is no event")
            except ValueError as error:
                code = "unsafe-input" if isinstance(error, UnsafeError) else "not-canonical"
                self.need(False, code, where, "it is no JSON of the data model")
            tree.add(hashlib.sha256(b"\0" + line).digest())
            seq, kind = number, ""
            if isinstance(event, dict):
                self.need(event.get("prev") == head, "chain-broken", where, "it does not follow")
                seq = event["seq"] if KINDS["int"](event.get("seq")) else number
                self.see(number, event, where)
                kind = str(event.get("type"))
            repeated += seq in seen
            order = seq in seen or seq >= highest
            self.need(order, "seq-order", where, "its number is out of order")
            seen.add(seq)
            highest, head = max(highest, seq), hashlib.sha256(line).hexdigest()
            self.real.append(kind not in ("ledger.checkpointed", "ledger.anchored"))
            if tree.size in wanted:
                self.roots[tree.size] = tree.root()
        self.size = tree.size
        whole = not repeated and highest + 1 == sum(number >= 0 for number in seen)
        self.need(whole, "seq-gap", "ledger.jsonl", "numbers are missing or stand twice")
        self.need(self.opened, "bad-genesis", "ledger.jsonl", "there is no sound opening")
        for run in self.runs.values():
            self.finish_run(run)

    def see(self, number: int, event: Any, where: str) -> None:
        """Check the form of one event, its clocks, and what it means beside the others."""
        try:
            good = ENVELOPE(event) and event["v"] == 1
            now = datetime.strptime(event["time"], "%Y-%m-%dT%H:%M:%S.%f%z") if good else None
        except ValueError:
            now = None
        self.need(now, "schema", where, "its envelope is malformed")
        if now is None:
            return
        kind, body, proc, mono = event["type"], event["body"], event["proc"], event["mono"]
        limit = datetime.now(timezone.utc) + timedelta(minutes=5)
        last = self.last or (now, proc, mono)
        step = (now - last[0]) // timedelta(microseconds=1) - (mono - last[2])
        steady = proc != last[1] or abs(step) <= 2_000_000
        self.need(now <= limit, "time-future", where, "it is dated after now")
        self.need(now >= last[0], "time-backwards", where, "it is dated before the one in front")
        self.need(steady, "clock-step", where, "the wall clock and the steady clock disagree")
        self.last = (now, proc, mono)
        first = (kind == "ledger.opened") == (number == 0)
        self.need(first, "bad-genesis", where, "the first event, and no other, opens the ledger")
        self.need(kind in FORMS, "unknown-type", where, "its type is not known")
        good = kind not in FORMS or FORMS[kind](body)
        if good and isinstance(body.get("digests"), list) and kind in FORMS:
            weak = {digest["alg"] for digest in body["digests"]}
            good = "sha256" in weak or not weak & {"md5", "sha1"}
        self.need(good, "schema", where, "its body does not have the form of its type")
        if good:
            self.rule(kind, body, event["time"], where)

    def rule(self, kind: str, body: Any, when: str, where: str) -> None:
        """Apply what a sound event means."""
        if kind == "ledger.opened" and not self.opened:
            self.opened, origin = body, body["origin"]
            good = origin.endswith("/custody/" + body["ledger"])
            self.need(good, "bad-genesis", where, "the origin does not end in the ledger's id")
            self.need(origin.isascii(), "suspicious-name", where, "the origin is not plain ASCII")
            for text in body["keys"]:
                self.key(text, where, self.keys)
            for text in body.get("witness_keys") or ():
                self.key(text, where, self.cosigners)
            mine = [key for key in self.keys if key[:2] == (origin, 1)]
            self.need(mine == self.keys != [], "bad-genesis", where, "no key, or a foreign one")
            self.keys = mine
        elif kind == "actor.declared" and body.get("key"):
            self.key(body["key"], where, self.cosigners)
        elif kind == "ledger.checkpointed":
            self.named.append((where, body["size"], body["root"]))
        elif kind == "authority.recorded":
            self.authorities.append(body)
        elif kind == "evidence.registered":
            self.registered.add(body["evidence"])
        elif kind in ("evidence.verified", "evidence.opened"):
            self.work(body["evidence"], when, where)
            self.verified |= {body["evidence"]} if kind == "evidence.verified" else set()
        elif kind == "report.issued":
            for file in body["files"]:
                self.reports.setdefault(file["name"], []).append(file["sha256"])
        elif kind in ("coverage.declared", "inventory.committed", "findings.committed"):
            self.run_rule(kind, body, when, where)
        elif kind.startswith("run."):
            self.run_rule(kind, body, when, where)

    def key(self, text: str, where: str, keys: Any) -> None:
        """Keep a verification key."""
        try:
            keys.append(vkey(text))
            self.need(text.isascii(), "suspicious-name", where, "a key name is not plain ASCII")
        except ValueError:
            self.need(False, "bad-genesis", where, "a verification key is malformed")

    def once(self, good: bool, reason: str, where: str, text: str) -> None:
        """Say once what was not authorised."""
        self.need(good or reason in self.refused, "unauthorised-work", where, text)
        self.refused |= set() if good else {reason}

    def work(self, item: str, when: str, where: str) -> None:
        """Ask for registration and for an authority in force."""
        spans = [(a["valid_from"], a.get("valid_to") or "9") for a in self.authorities]
        covered = any(when[: len(a)] >= a and when[: len(b)] <= b for a, b in spans)
        self.once(item in self.registered, "r" + item, where, item + " was never registered")
        self.once(covered, "a" + item, where, "no recorded authority covers work on " + item)

    def run_rule(self, kind: str, body: Any, when: str, where: str) -> None:
        """Follow one run."""
        name, fresh = body["run"], {"where": where, "state": "open", "run.started": {}}
        if kind == "run.started":
            self.runs.get(body.get("resume_of"), {})["state"] = "ended"
            self.runs[name] = fresh
            for item in body["evidence"]:
                self.work(item, when, where)
            known = body["authority"] in [None, *(a["reference"] for a in self.authorities)]
            self.need(known, "unauthorised-work", where, "it names an authority nobody recorded")
        self.need(name in self.runs, "run-incomplete", where, "its run never started")
        run = self.runs.setdefault(name, fresh)
        run[kind] = body
        states = {"run.interrupted": "stopped", "run.completed": "ended", "run.resumed": "open"}
        run["state"] = states.get(kind, run["state"])
        if kind == "run.completed":
            parts = (body["files_hashed"], body["files_skipped"], body["errors"])
            counts = [sum(body[key].values()) for key in ("skipped_by_reason", "errors_by_kind")]
            good = body["files_seen"] == sum(parts) and [*parts[1:]] == counts
            self.need(good, "count-mismatch", where, "the counts of the run do not add up")

    def finish_run(self, run: Any) -> None:
        """Say what only the end of the ledger shows."""
        where, done = run["where"], run.get("run.completed")
        counts = [run[kind] for kind in ("inventory.committed",) if kind in run and done]
        good = all(c["count"] == done["files_seen"] for c in counts)
        covered = not done or "coverage.declared" in run
        self.need(run["state"] == "ended", "run-incomplete", where, "no end, or interrupted")
        self.need(covered, "run-incomplete", where, "it does not declare its coverage")
        self.need(good, "count-mismatch", where, "the inventory has another number of files")
        for item in run["run.started"].get("evidence", ()):
            self.once(item in self.verified, "v" + item, where, item + " was never verified")

    def check_notes(self, notes: Any) -> None:
        """Compare checkpoints with the events, with their keys, and with one another."""
        origin, good = self.opened.get("origin", ""), []
        for name, note in notes:
            mine = [signed_by(note, key) for key in self.keys]
            others = [signed_by(note, key) for key in self.cosigners]
            ascii_only = all(signature[0].isascii() for signature in note[4])
            good += [(name, note)] if True in mine and False not in mine else []
            self.need({True, False} & {*mine}, "signature-missing", name, "no ledger key signed it")
            self.need(False not in mine + others, "signature-bad", name, "it does not fit its text")
            self.need(ascii_only, "suspicious-name", name, "a signer's name is not plain ASCII")
            short = note[1] == origin and note[2] > self.size
            right = short or (note[1] == origin and self.roots[note[2]] == note[3])
            self.need(not short, "truncated", name, f"it signs {note[2]} events of {self.size}")
            self.need(right, "root-mismatch", name, "its root is not that of the events")
        mine = [note for _, note in good if note[1] == origin]
        self.signed = max((n[2] for n in mine if self.roots.get(n[2]) == n[3]), default=0)
        seen: dict[int, bytes] = {}
        for name, note in good:
            one = seen.setdefault(note[2], note[3]) == note[3]
            fits = note[2] >= self.signed or self.roots.get(note[2]) == note[3]
            self.need(one, "equivocation", name, "two signed checkpoints of one size differ")
            self.need(fits, "inconsistent-checkpoints", name, "it contradicts a longer signed one")
        tail = sum(self.real[self.signed :])
        self.need(not tail, "unsigned-tail", "ledger.jsonl", f"{tail} events are signed by none")
        for where, size, root in self.named:
            here = [note[3].hex() for _, note in notes if note[2] == size]
            self.need(here or not size, "missing-file", where, f"no checkpoint of {size} events")
            self.need(root in here or not here, "root-mismatch", where, "it names another root")
        signers = [key for key in self.keys if any(signed_by(note, key) for _, note in good)]
        known = [
            any(
                t[1:3] == k[1:3] and (k[0] == t[0] or k[0].startswith(t[0] + "/custody/"))
                for t in self.trust
            )
            for k in signers
        ]
        self.need(known and all(known), "unknown-signer", "ledger.jsonl", "nobody vouches for it")
        self.need(
            not origin.startswith("case-local.invalid/"),
            "case-local-key",
            "ledger.jsonl",
            "signed by a case-local key: unsigned for outside purposes",
        )

    def check_run(self, name: str, run: Any) -> None:
        """Compare the files of a run with what the ledger promises."""

        def find(base: str) -> str:
            return base if f"runs/{name}/{base}" not in self.names else f"runs/{name}/{base}"

        config, sealed = find("config.yaml"), find("sealed.age")
        promised = run["run.started"].get("config_sha256")
        same = not promised or self.sha256(config) in (None, promised)
        self.need(same, "config-mismatch", config, "it is not the recorded configuration")
        for kind, base in (
            ("inventory", "inventory.leaves"),
            ("findings", "findings.commitments.jsonl"),
        ):
            promised = run.get(kind + ".committed")
            file = find(base)
            self.need(not promised or file in self.names, "missing-file", file, "it was committed")
            if promised and file in self.names:
                findings = kind == "findings"
                pieces = self.chunks(file, LINE if findings else 32)
                tree = Tree(hashlib.sha256(b"\0" + p).digest() if findings else p for p in pieces)
                good = (tree.size, tree.root().hex()) == (promised["count"], promised["root"])
                self.need(good, kind + "-mismatch", file, "it is not what was committed")
        digest = (run.get("findings.committed") or {}).get("sealed_sha256")
        here = self.sha256(sealed)
        self.need(not digest or here, "sealed-absent", sealed, "it cannot be opened")
        self.need(here in (None, digest) or not digest, "sealed-mismatch", sealed, "another file")

    def check_manifest(self) -> None:
        """Compare the manifest with its signature and with the files."""
        name, own = "MANIFEST.sha256", {"MANIFEST.sha256", "MANIFEST.sha256.sig"}
        self.need(name in self.names, "manifest-missing", name, "there is no manifest")
        if name not in self.names:
            return
        data = next(self.chunks(name, MAX_MANIFEST), b"")
        signature = (
            next(self.chunks(name + ".sig", 65), b"") if name + ".sig" in self.names else b""
        )
        signed = any(ed25519_ok(key[2], data, signature) for key in self.keys)
        lines = data.decode("utf-8", "replace").split("\n")
        head = re.fullmatch(f"# heroes-custody-manifest/1 ({UUID}) {TIME}", lines[0])
        rows = [re.fullmatch("([0-9a-f]{64})  (.+)", line) for line in lines[1:-1]]
        files = [(row[2], row[1]) for row in rows if row]
        listed = [file for file, _ in files]
        good = head and all(rows) and not lines[-1] and listed == sorted({*listed})
        belongs = head and head[1] == self.opened.get("ledger") and "ledger.jsonl" in listed
        self.need(good, "schema", name, "it does not have the form of a manifest")
        self.need(signed, "manifest-signature-bad", name, "no ledger key signed it")
        self.need(belongs, "manifest-mismatch", name, "it is not the manifest of this ledger")
        for file, digest in files:
            safe, here = re.fullmatch(SAFE_NAME, file), self.sha256(file)
            self.need(safe, "unsafe-input", name, "it names a path that is not plain")
            self.need(here or not safe, "missing-file", file, "it is listed, and not here")
            self.need(here in (None, digest), "manifest-mismatch", file, "it is not the one listed")
        for file in sorted(self.names - {*listed} - own):
            self.need(False, "extra-file", file, "the manifest does not list it")


def main(arguments: list[str] | None = None) -> int:
    """Verify the bundle named on the command line; return the exit code."""
    parser = argparse.ArgumentParser(description="Verify a custody bundle.")
    parser.add_argument("bundle")
    parser.add_argument("--key", action="append", default=[], help="vkey you vouch for")
    parser.add_argument("--anchor", action="append", default=[], help="an old checkpoint file")
    parser.add_argument("--strict", action="store_true", help="7 when anything is incomplete")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args(arguments)
    try:
        anchors = []
        for name in options.anchor:
            with open(name, "rb") as stream:
                anchors.append(parse_note(stream.read(MAX_NOTE + 1))[2:4])
        verifier = Verifier(options.bundle, options.key, anchors)
    except (OSError, ValueError) as error:
        parser.error(f"a key or an anchor is malformed: {ascii(str(error))}")
    try:
        verifier.run()
    except OSError as error:
        sys.stderr.write(f"cannot be read: {ascii(error.strerror or str(error))}\n")
        return 20
    found, codes = verifier.problems, {problem["code"] for problem in verifier.problems}
    classes = {problem["class"] for problem in found}
    code = 7 if codes & UNTRUSTED or (options.strict and "incomplete" in classes) else 0
    code = 6 if "broken" in classes else code
    if options.json:
        report = {"exit_code": code, "events": verifier.size, "signed_events": verifier.signed}
        sys.stdout.write(json.dumps({"type": "verification", **report, "problems": found}) + "\n")
        return code
    words = {"broken": "does not verify", "incomplete": "incomplete", "information": "note"}
    for problem in found[:1000]:
        sys.stdout.write(
            "%s: %s: %s [%s]\n"
            % (words[problem["class"]], problem["where"], problem["text"], problem["code"])
        )
    end = {0: "verifies", 6: "does not verify", 7: "consistent; signer unknown or not complete"}
    sys.stdout.write(f"{end[code]} ({verifier.size} events, {verifier.signed} of them signed)\n")
    return code


if __name__ == "__main__":
    sys.exit(main())
