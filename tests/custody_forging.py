"""What an attacker does to a record, as well as it can be done: relinked, renumbered, signed anew.

A `Forger` has the keys of the laboratory (of its ledger and of its people), not those of a court or
of a time-stamping authority: where a checkpoint changes, their marks on it are left out, as if they
had never been asked for.
"""

import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from heroes_forensics.custody import chain, merkle, notes
from heroes_forensics.custody.bundle import Bundle

Event = dict[str, Any]
Edit = Callable[[list[Event]], object]

PUBLISHED: Final = "2026-01-01T00:00:00.000000Z"
_WAS: Final = "_was"
"""Where an event stood before it was edited, or before what was inserted."""


@dataclass
class Forger:
    """A copy of a bundle, and the keys to write it anew."""

    root: Path
    signer: notes.Signer
    people: Mapping[str, notes.Signer] = field(default_factory=dict)

    # --- looking -------------------------------------------------------------------------------

    @property
    def lines(self) -> list[bytes]:
        """The lines of the ledger."""
        return (self.root / "ledger.jsonl").read_bytes().splitlines(keepends=True)

    @property
    def events(self) -> list[Event]:
        """The events of the ledger."""
        return [json.loads(line) for line in self.lines]

    def index(self, kind: str, nth: int = 0) -> int:
        """Return where the ``nth`` event of a type stands."""
        return [n for n, event in enumerate(self.events) if event["type"] == kind][nth]

    def checkpoint(self, size: int) -> Path:
        """Return the file of a checkpoint."""
        return self.root / "checkpoints" / f"{size:08d}.txt"

    @property
    def sizes(self) -> list[int]:
        """Sizes of all checkpoints, in order."""
        return sorted(int(path.stem) for path in (self.root / "checkpoints").glob("*.txt"))

    def of_run(self, name: str, nth: int = 0) -> Path:
        """Return a file of the ``nth`` run."""
        run = self.events[self.index("run.started", nth)]["body"]["run"]
        return self.root / "runs" / str(run) / name

    # --- writing -------------------------------------------------------------------------------

    def put(self, lines: list[bytes]) -> None:
        """Write the ledger as it is given."""
        (self.root / "ledger.jsonl").write_bytes(b"".join(lines))

    def publish(self, signer: notes.Signer | None = None) -> None:
        """Write the manifest anew, signed."""
        ledger = json.loads(self.lines[0].removeprefix(b"\xef\xbb\xbf"))["body"].get("ledger")
        Bundle(self.root).publish(signer or self.signer, ledger=ledger, time=PUBLISHED)

    def write(self, path: Path, data: bytes) -> None:
        """Swap a file, and write the manifest anew."""
        path.write_bytes(data)
        self.publish()

    def change(self, kind: str, edit: Callable[[Event], object], nth: int = 0) -> None:
        """Edit one event of a type and sign everything anew."""
        self.forge(lambda events: edit(events[self.index(kind, nth)]))

    def forge(
        self,
        edit: Edit,
        *,
        renumber: bool = True,
        link: bool = True,
        signer: notes.Signer | None = None,
        encode: Callable[[Event], bytes] = chain.canonical,
    ) -> None:
        """Edit the list of events, and write everything that follows from them anew.

        Args:
            edit: changes the list in its place.
            renumber: whether events get the numbers of their places.
            link: whether each names the line before it.
            signer: another one than the laboratory's.
            encode: the byte form of an event.
        """
        events = self.events
        for number, event in enumerate(events):
            event[_WAS] = number
        edit(events)
        here = self._places(events)
        signer = signer or self.signer
        lines: list[bytes] = []
        tree, previous = merkle.Tree(), chain.GENESIS
        texts: dict[int, bytes] = {}
        unstamped = self._unstamped(events, here, other=encode is not chain.canonical)
        for event in list(events):
            event.pop(_WAS, None)
            if unstamped and event["type"] == "ledger.anchored":
                event.update(type="quality.noted", body={"kind": "deviation", "text": "none"})
            self._name_roots(event, here, texts)
            number = len(lines)
            event.update({"seq": number} if renumber else {})
            event.update({"prev": previous} if link else {})
            line = encode(event) + b"\n"
            previous = chain.line_sha256(line)
            lines.append(line)
            tree.add(merkle.leaf(line))
            texts[tree.size] = notes.checkpoint_text(signer.name, tree.size, tree.root())
        self.put(lines)
        self._sign(here, texts, signer)
        self.publish(signer)

    def _places(self, events: list[Event]) -> dict[int, int]:
        """Return, for each checkpoint by its size, how many events it signs now."""
        found = {}
        for size in self.sizes:
            kept = [n for n, event in enumerate(events, start=1) if event.get(_WAS, 1e9) < size]
            found[size] = max(kept, default=0)
        return found

    def _unstamped(self, events: list[Event], here: Mapping[int, int], *, other: bool) -> bool:
        """Drop time stamps whose checkpoint will have another text; say whether one was."""
        old = self.events
        for reply in (self.root / "timestamps").glob("*.tsr"):
            size = int(reply.stem)
            same = [{**each, _WAS: n} for n, each in enumerate(old[:size])] == events[:size]
            if other or not same or here[size] != size:
                for path in (self.root / "timestamps").iterdir():
                    path.unlink()
                return True
        return False

    def _name_roots(
        self, event: Event, here: Mapping[int, int], texts: Mapping[int, bytes]
    ) -> None:
        """Let an event that names a checkpoint name the new one."""
        body = event["body"]
        if event["type"] in {"ledger.checkpointed", "ledger.anchored"} and body["size"] in here:
            body["size"] = here[body["size"]]
            if body["size"] in texts:
                body["root"] = notes.read_checkpoint(texts[body["size"]]).root.hex()

    def _sign(
        self, here: Mapping[int, int], texts: Mapping[int, bytes], signer: notes.Signer
    ) -> None:
        before = {size: notes.parse(self.checkpoint(size).read_bytes()) for size in here}
        data = {size: self.checkpoint(size).read_bytes() for size in here}
        for size in here:
            self.checkpoint(size).unlink()
        for size, place in here.items():
            text, note = texts.get(place, b""), before[size]
            if not place or (place == size and note.text == text):
                if place:
                    self.checkpoint(place).write_bytes(data[size])
                continue
            made = notes.sign(text, [signer])
            for line in note.signatures[1:]:
                if line.name in self.people:
                    time = int.from_bytes(line.payload[:8], "big")
                    made += notes.signature_line(text, self.people[line.name], time=time)
            self.checkpoint(place).write_bytes(made)


def inserted(events: list[Event], at: int, kind: str, body: Event, **more: object) -> Event:
    """Put an event in, at the time of the one before it."""
    before = events[at - 1]
    event = {**before, "type": kind, "body": body, "actor": {"id": "ex-031", "kind": "person"}}
    event.pop(_WAS, None)
    event.update(more)
    events.insert(at, event)
    return event


def sha256(path: Path) -> str:
    """Return the digest of a file in hex."""
    return hashlib.sha256(path.read_bytes()).hexdigest()
