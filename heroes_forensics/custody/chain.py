"""The ledger's byte form and its chain: ``heroes-custody/1``.

One event is one line: RFC 8785 canonical JSON in UTF-8 and one LF. Each line names the SHA-256
of the line before it, LF included. The data model is narrow enough for RFC 8785 and the
standard library to agree byte for byte: no floats, integers up to 2^53 - 1, plain keys, Unicode
scalar values only, eight levels. Everything here is the standard library, so that an auditor
can read it in one sitting; docs/custody.md is the prose.
"""

import hashlib
import json
import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Final, NamedTuple, NoReturn

from heroes_forensics.errors import CustodyError
from heroes_forensics.model import JSON

SPEC: Final = "heroes-custody/1"
VERSION: Final = 1
GENESIS: Final = "0" * 64
"""What the first line names as the line before it."""

MAX_LINE: Final = 1_048_576
"""Bytes of a line, LF included."""
MAX_DEPTH: Final = 8
"""Levels of lists and objects, the outermost included."""
MAX_INTEGER: Final = 9_007_199_254_740_991
"""2^53 - 1: the largest integer that every JSON reader keeps exact (RFC 8785, I-JSON)."""

ENVELOPE: Final = frozenset(
    {"v", "seq", "prev", "time", "mono", "proc", "type", "actor", "body"},
)
ACTOR_KINDS: Final = frozenset({"person", "software"})

KEY: Final = re.compile(r"[a-z][a-z0-9_]{0,63}")
TYPE: Final = re.compile(r"[a-z][a-z0-9_]{0,31}(?:\.[a-z][a-z0-9_]{0,31}){1,3}")
HEX64: Final = re.compile(r"[0-9a-f]{64}")
UUID: Final = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
TIME: Final = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z", re.ASCII)


class Problem(NamedTuple):
    """One thing that is not as it should be in a record."""

    code: str
    """Stable; its class is in `heroes_forensics.custody.problems`."""
    where: str
    """A file of the bundle, with the line where that helps."""
    text: str
    """One sentence fragment that completes "does not verify: ..."."""


class UnsafeError(CustodyError):
    """Input beyond the bounds a verifier keeps: too long, too deep."""


def timestamp(moment: datetime) -> str:
    """Return an aware time in the one form the ledger knows: UTC, microseconds, ``Z``.

    Raises:
        CustodyError: ``moment`` has no zone.
    """
    if moment.tzinfo is None:
        raise CustodyError("a time without a zone cannot go into the ledger")
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def is_time(text: object) -> bool:
    """Tell whether ``text`` is a real moment in the ledger's form."""
    if not isinstance(text, str) or TIME.fullmatch(text) is None:
        return False
    try:
        datetime.fromisoformat(text)
    except ValueError:
        return False
    return True


def check(value: object, *, depth: int = 1) -> None:
    """Refuse what the restricted data model does not hold.

    Raises:
        UnsafeError: lists and objects lie deeper than `MAX_DEPTH`.
        CustodyError: a float, a large integer, a lone surrogate, a key or a type out of the model.
    """
    if value is None or isinstance(value, bool):
        return
    if isinstance(value, str):
        if not value.isascii():
            _scalar_values_only(value)
    elif isinstance(value, int):
        if not -MAX_INTEGER <= value <= MAX_INTEGER:
            raise CustodyError("an integer beyond 2^53 - 1 cannot go into the ledger")
    elif isinstance(value, list | tuple | Mapping):
        if depth > MAX_DEPTH:
            raise UnsafeError(f"lists and objects nest deeper than {MAX_DEPTH} levels")
        for member in _members(value):
            check(member, depth=depth + 1)
    else:
        raise CustodyError(f"a value of type {type(value).__name__} cannot go into the ledger")


def _members(value: Sequence[object] | Mapping[object, object]) -> Iterable[object]:
    if not isinstance(value, Mapping):
        return value
    for key in value:
        if not isinstance(key, str) or KEY.fullmatch(key) is None:
            raise CustodyError("a key must be a plain lower-case identifier")
    return value.values()


def _scalar_values_only(text: str) -> None:
    try:
        text.encode()
    except UnicodeEncodeError as error:
        raise CustodyError("a lone surrogate is not text") from error


def canonical(value: object) -> bytes:
    """Return the one byte form of ``value`` (RFC 8785), without an LF.

    Raises:
        CustodyError: the value is outside the data model; see `check`.
    """
    check(value)
    return _encode(value)


def _encode(value: object) -> bytes:
    return json.dumps(
        value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False
    ).encode()


def _unique(pairs: Iterable[tuple[str, object]]) -> JSON:
    pairs = list(pairs)
    found = dict(pairs)
    if len(found) != len(pairs):
        raise CustodyError("a key stands twice in one object")
    return found


def _no_float(text: str) -> NoReturn:
    raise CustodyError(f"{text[:20]!r} is not an integer")


def parse(data: bytes) -> object:
    """Return the value of canonical bytes without their LF.

    Raises:
        UnsafeError: too deep.
        CustodyError: not JSON, not in the data model, or not in its one byte form.
    """
    value = _read(data)
    if _encode(value) != data:
        raise CustodyError("not in canonical form")
    return value


def _read(data: bytes) -> object:
    """Return the value of JSON within the data model, canonical or not."""
    try:
        value: object = json.loads(
            data.decode(),
            object_pairs_hook=_unique,
            parse_float=_no_float,
            parse_constant=_no_float,
        )
    except RecursionError as error:
        raise UnsafeError(f"lists and objects nest deeper than {MAX_DEPTH} levels") from error
    except ValueError as error:
        raise CustodyError("not JSON in UTF-8") from error
    check(value)
    return value


def envelope_faults(event: object) -> list[str]:
    """Return what is wrong with the nine keys around a body; empty when nothing is."""
    if not isinstance(event, dict) or event.keys() != ENVELOPE:
        return ["the keys of the event are not exactly the nine of the envelope"]
    actor = event["actor"]
    rules = {
        "v": _is(event["v"], int) and event["v"] == VERSION,
        "seq": _is(event["seq"], int) and event["seq"] >= 0,
        "prev": _like(event["prev"], HEX64),
        "time": is_time(event["time"]),
        "mono": _is(event["mono"], int) and event["mono"] >= 0,
        "proc": _like(event["proc"], UUID),
        "type": _like(event["type"], TYPE),
        "actor": isinstance(actor, dict)
        and actor.keys() == {"id", "kind"}
        and isinstance(actor["id"], str)
        and isinstance(actor["kind"], str)
        and actor["kind"] in ACTOR_KINDS,
        "body": isinstance(event["body"], dict),
    }
    return [f"{key!r} is missing its right form" for key, good in rules.items() if not good]


def _is(value: object, kind: type) -> bool:
    return isinstance(value, kind) and not isinstance(value, bool)


def _like(value: object, pattern: re.Pattern[str]) -> bool:
    return isinstance(value, str) and pattern.fullmatch(value) is not None


def next_line(  # noqa: PLR0913 - the nine keys of the envelope
    previous_sha256: str,
    seq: int,
    *,
    type: str,  # noqa: A002 - the envelope's own word
    actor: Mapping[str, object],
    body: Mapping[str, object],
    time: str,
    mono: int,
    proc: str,
) -> bytes:
    """Return the line, LF included, that follows the one with this SHA-256.

    Args:
        previous_sha256: lower-case hex of the line before, `GENESIS` for the first.
        seq: its number, from 0 without gaps.
        type: a row of `heroes_forensics.custody.events`.
        actor: ``{"id", "kind"}``, kind ``person`` or ``software``.
        body: by type; `heroes_forensics.custody.events.validate` knows its fields.
        time: see `timestamp`.
        mono: microseconds of the monotonic clock since the writing process started.
        proc: random UUID of the writing process.

    Raises:
        CustodyError: anything outside the envelope or the data model; nothing was written.
    """
    event = {
        "v": VERSION,
        "seq": seq,
        "prev": previous_sha256,
        "time": time,
        "mono": mono,
        "proc": proc,
        "type": type,
        "actor": dict(actor),
        "body": dict(body),
    }
    faults = envelope_faults(event)
    if faults:
        raise CustodyError(f"an event of type {type!r} cannot be written: {faults[0]}")
    line = canonical(event) + b"\n"
    if len(line) > MAX_LINE:
        raise CustodyError(f"an event of type {type!r} is longer than {MAX_LINE} bytes")
    return line


def line_sha256(line: bytes) -> str:
    """Return what the next line names as ``prev``: SHA-256 of ``line`` with its LF."""
    return hashlib.sha256(line).hexdigest()


class Walk:
    """Follows a ledger line by line and keeps every problem; nothing stops it but its bounds."""

    def __init__(self, name: str = "ledger.jsonl") -> None:
        self.name = name
        self.size = 0
        """Whole lines so far."""
        self.head = GENESIS
        """SHA-256 of the last whole line."""
        self.problems: list[Problem] = []
        self._numbers: set[int] = set()
        self._repeated = 0
        self._highest = -1

    def feed(self, line: bytes) -> JSON | None:
        """Take the next line as stored; return its event unless it is unreadable.

        An event that is not in its one byte form, or whose envelope is wrong, is returned all the
        same when it is an object, so that the rules further on see as much as there is.
        """
        where = f"{self.name} line {self.size + 1}"
        if len(line) > MAX_LINE:
            self._add("unsafe-input", where, f"the line is longer than {MAX_LINE} bytes")
            return None
        if not line.endswith(b"\n"):
            self._add("torn-line", where, "the last line has no end")
            return None
        number, previous = self.size, self.head
        self.size += 1
        self.head = line_sha256(line)
        try:
            event = _read(line[:-1])
        except UnsafeError as error:
            self._add("unsafe-input", where, str(error))
        except CustodyError as error:
            self._add("not-canonical", where, str(error))
        else:
            if _encode(event) != line[:-1]:
                self._add("not-canonical", where, "not in canonical form")
            return self._linked(event, where, number, previous)
        self._count(number, where)  # stands where it stands; its own number cannot be read
        return None

    def _linked(self, event: object, where: str, number: int, previous: str) -> JSON | None:
        for fault in envelope_faults(event):
            self._add("schema", where, fault)
        if not isinstance(event, dict):
            self._count(number, where)
            return None
        if event.get("prev") != previous:
            self._add("chain-broken", where, "it does not name the SHA-256 of the line before it")
        seq = event.get("seq")
        self._count(seq if isinstance(seq, int) and _is(seq, int) else number, where)
        return event

    def _count(self, seq: int, where: str) -> None:
        if seq in self._numbers:
            self._repeated += 1
        elif seq < self._highest:
            self._add("seq-order", where, f"number {seq} comes after number {self._highest}")
        self._numbers.add(seq)
        self._highest = max(self._highest, seq)

    def finish(self) -> None:
        """Say what only the end shows: numbers that are missing or stand twice."""
        missing = self._highest + 1 - sum(number >= 0 for number in self._numbers)
        if missing or self._repeated:
            self._add(
                "seq-gap",
                self.name,
                f"{missing} event numbers are missing and {self._repeated} stand twice",
            )

    def _add(self, code: str, where: str, text: str) -> None:
        self.problems.append(Problem(code, where, text))


def verify(lines: Iterable[bytes]) -> list[Problem]:
    """Return every problem of the encoding and the chain of ``lines``, LFs included."""
    walk = Walk()
    for line in lines:
        walk.feed(line)
    walk.finish()
    return walk.problems
