"""Disclosures: fields of one finding, proved to belong to a record, and nothing of the others.

``heroes-disclosure/1`` is one canonical JSON object: the finding's public line with its path to the
root of its run, the salts and values of the fields that are opened, the event that commits to that
root with its path to a checkpoint, and the checkpoint. Paths hold hashes of salted lines: all they
say of other findings is how many there are.
"""

import base64
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Final

from heroes_forensics.custody import chain, commitments, events, merkle, notes
from heroes_forensics.custody.chain import Problem
from heroes_forensics.errors import CustodyError
from heroes_forensics.model import JSON

KIND: Final = "heroes-disclosure/1"
MAX_BYTES: Final = 4 << 20
MAX_STEPS: Final = 64
"""Steps of a path: a tree with more leaves than any has."""

_SALT: Final = re.compile(rf"[0-9a-f]{{{2 * commitments.SALT_BYTES}}}")
_SHAPE: Final[Mapping[str, frozenset[str]]] = {
    "": frozenset({"kind", "v", "checkpoint", "event", "finding", "openings"}),
    "event": frozenset({"index", "line", "path"}),
    "finding": frozenset({"index", "line", "path", "tree_size"}),
}
_OPENING: Final = frozenset({"name", "salt", "value"})


def make(  # noqa: PLR0913, PLR0917 - the parts of the proof
    lines: Sequence[bytes],
    index: int,
    salts: Mapping[str, str],
    values: Mapping[str, object],
    ledger: Sequence[bytes],
    event: int,
    checkpoint: bytes,
) -> bytes:
    """Return a disclosure.

    Args:
        lines: the public commitments of a run, LFs included.
        index: of the finding among them.
        salts: hex by field, of the fields to open.
        values: of the same fields.
        ledger: the events that the checkpoint signs, LFs included.
        event: number of the ``findings.committed`` event.
        checkpoint: the signed note.
    """
    found = [merkle.leaf(line) for line in lines]
    events_of = [merkle.leaf(line) for line in ledger]
    whole: JSON = {
        "kind": KIND,
        "v": 1,
        "checkpoint": checkpoint.decode(),
        "event": {
            "index": event,
            "line": ledger[event].decode(),
            "path": _text(merkle.inclusion(events_of, event)),
        },
        "finding": {
            "index": index,
            "line": lines[index].decode(),
            "path": _text(merkle.inclusion(found, index)),
            "tree_size": len(lines),
        },
        "openings": [
            {"name": name, "salt": salts[name], "value": values[name]} for name in sorted(salts)
        ],
    }
    return chain.canonical(whole) + b"\n"


def _text(path: Sequence[bytes]) -> list[str]:
    return [base64.b64encode(step).decode() for step in path]


class Disclosure:
    """A disclosure of unknown origin, taken apart, and what is wrong with it."""

    def __init__(self, data: bytes) -> None:
        self.problems: list[Problem] = []
        self.finding = ""
        """Its number, such as F-000012; empty while it could not be read."""
        self.opened: JSON = {}
        """Fields that are proved to be opened rightly."""
        self.note: notes.Note | None = None
        self.says: notes.Checkpoint | None = None
        self.event_line = b""
        self.event_index = -1
        try:
            self._read(data)
        except chain.UnsafeError as error:
            self._add("unsafe-input", "", str(error))
        except CustodyError as error:
            self._add("schema", "", f"it does not have the form of a disclosure: {error}")

    def _add(self, code: str, where: str, text: str) -> None:
        self.problems.append(Problem(code, where, text))

    def _read(self, data: bytes) -> None:
        if len(data) > MAX_BYTES:
            raise chain.UnsafeError(f"it is longer than {MAX_BYTES} bytes")
        whole = _object(chain.parse(data.removesuffix(b"\n")), "")
        if whole["kind"] != KIND or repr(whole["v"]) != "1":  # True is a 1, too
            raise CustodyError("it is of another kind or version")
        finding, event = _object(whole["finding"], "finding"), _object(whole["event"], "event")
        line, size = _bytes(finding["line"]), _number(finding["tree_size"])
        public = chain.parse(line.removesuffix(b"\n"))
        if (
            not isinstance(public, dict)
            or public.keys() != {"c", "id", "v"}
            or not isinstance(public["c"], dict)
        ):
            raise CustodyError("its finding is none")
        self.finding = str(public["id"])
        self._openings(line, whole["openings"])
        self.event_line, self.event_index = _bytes(event["line"]), _number(event["index"])
        committed = _event(self.event_line)
        if committed["count"] != size:
            text = "the event is of a run with another number of findings"
            self._add("disclosure-foreign", "event", text)
        leaf, path = merkle.leaf(line), _path(finding["path"])
        top = bytes.fromhex(str(committed["root"]))
        if not merkle.included(leaf, _number(finding["index"]), size, path, top):
            self._add("proof-bad", "finding", "its path does not lead to the root of its run")
        self.note = notes.parse(_bytes(whole["checkpoint"]))
        self.says = notes.read_checkpoint(self.note.text)
        leaf, path = merkle.leaf(self.event_line), _path(event["path"])
        if not merkle.included(leaf, self.event_index, self.says.size, path, self.says.root):
            self._add("proof-bad", "event", "its path does not lead to the checkpoint")

    def _openings(self, line: bytes, openings: object) -> None:
        if not isinstance(openings, list):
            raise CustodyError("its openings are no list")
        for opening in openings:
            if not isinstance(opening, dict) or opening.keys() != _OPENING:
                raise CustodyError("an opening is malformed")
            name, salt = str(opening["name"]), str(opening["salt"])
            if _SALT.fullmatch(salt) is None:
                raise CustodyError("a salt is malformed")
            if not commitments.opens(line, name, bytes.fromhex(salt), opening["value"]):
                self._add("opening-bad", "openings", "a value does not fit its commitment")
            elif name in self.opened:
                self._add("opening-bad", "openings", "a field is opened twice")
            else:
                self.opened[name] = opening["value"]

    def signed_by(self, trusted: Sequence[notes.VerifierKey]) -> Iterator[Problem]:
        """Ask whether a key that the caller vouches for signed the checkpoint."""
        if self.note is None or self.says is None:
            return
        origin = self.says.origin
        keys = [
            notes.VerifierKey(origin, notes.ED25519, key.public)
            for key in trusted
            if origin == key.name or origin.startswith(f"{key.name}/custody/")
        ]
        verdicts = [notes.verdict(self.note, key) for key in keys]
        if not any(verdict.present for verdict in verdicts):
            yield Problem("unknown-signer", "checkpoint", "nobody here vouches for its key")
        elif not all(verdict.good for verdict in verdicts if verdict.present):
            yield Problem("signature-bad", "checkpoint", "a signature does not fit its text")

    def belongs_to(self, origin: str, ledger: Iterable[bytes]) -> Iterator[Problem]:
        """Ask whether it is of a ledger that is at hand.

        Args:
            origin: of the ledger.
            ledger: its lines, LFs included; taken once, and none is kept.
        """
        if self.says is None:
            return
        tree, here, root = merkle.Tree(), b"", b""
        for line in ledger:
            if tree.size == self.event_index:
                here = line
            tree.add(merkle.leaf(line))
            if tree.size == self.says.size:
                root = tree.root()
        if self.says.origin != origin or here != self.event_line:
            yield Problem("disclosure-foreign", "event", "this record has no such event")
        elif self.says.size > tree.size:
            yield Problem("rollback", "checkpoint", "it knows more events than this record has")
        elif root != self.says.root:
            yield Problem("anchor-mismatch", "checkpoint", "this record has another root")


def _object(value: object, name: str) -> JSON:
    if not isinstance(value, dict) or value.keys() != _SHAPE[name]:
        raise CustodyError(f"{name or 'it'} has other fields")
    return value


def _bytes(value: object) -> bytes:
    if not isinstance(value, str):
        raise CustodyError("a line is no text")
    return value.encode()


def _number(value: object) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or value < 0:
        raise CustodyError("a number is malformed")
    return value


def _path(value: object) -> list[bytes]:
    if not isinstance(value, list) or len(value) > MAX_STEPS:
        raise CustodyError("a path is malformed")
    return [notes.decode64(str(step)) for step in value]


def _event(line: bytes) -> JSON:
    """Return the body of the ``findings.committed`` event in a ledger line."""
    event = chain.parse(line.removesuffix(b"\n"))
    if not isinstance(event, dict) or chain.envelope_faults(event) or not line.endswith(b"\n"):
        raise CustodyError("its event is none")
    body = event["body"]
    if event["type"] != "findings.committed" or not isinstance(body, dict):
        raise CustodyError("its event commits to no findings")
    faults = events.validate("findings.committed", body)
    if faults:
        raise CustodyError(f"its event is malformed: {faults[0]}")
    return body
