"""What follows from reading a stream: pictures are decoded, containers are opened.

One `Depth` serves a run: it holds the crews of decoders and of expanders, and says what a worker
that reads is to hand over. No worker of either is started before there is something for it.
"""

from contextlib import ExitStack
from typing import TYPE_CHECKING, Final, Self

from heroes_forensics.model import JSON
from heroes_forensics.parsers.openers import OPENED
from heroes_forensics.pipelines.examining import decoding, expanding, repeats
from heroes_forensics.pipelines.examining.awaited import Owner, Pictures
from heroes_forensics.pipelines.examining.containers import Containers
from heroes_forensics.pipelines.examining.decoding import Decoding
from heroes_forensics.pipelines.examining.expanding import Expanding
from heroes_forensics.pipelines.sets import distances

if TYPE_CHECKING:
    from heroes_forensics.pipelines.evidence.evidence_keys import Given
    from heroes_forensics.pipelines.examining.examined import Examined
    from heroes_forensics.pipelines.examining.run import Run
    from heroes_forensics.pipelines.workers.crews import Heard
    from heroes_forensics.pipelines.workers.supervisor import Supervisor

KINDS: Final = frozenset({"decode", "expand", distances.USE})
"""Kinds of units that are taken in here."""


class Depth:
    """Decoders and expanders of one run."""

    def __init__(self, run: "Run", supervisor: "Supervisor", workers: int, keys: "Given") -> None:
        self._run = run
        self._held = ExitStack()
        self.decoding = Decoding(
            run.next_unit,
            run.attempt_ended,
            run.look,
            comparer=run.comparer,
            metadata=bool(run.config.get("media_metadata")),
            is_ending=lambda: run.interrupted,
        )
        self.repeats = repeats.of_run(run, self.decoding)
        self.expanding = Expanding(run, self.pictures, has_secrets=bool(keys))
        decoders = supervisor.crew("decoder", workers=workers)
        decoders.next_unit = self.decoding.next_unit
        secrets = [self._held.enter_context(keys.descriptor())] if keys else []
        expanders = supervisor.crew("expander", secrets, workers)
        expanders.next_unit = self.expanding.next_unit
        self._crews = (decoders, expanders)

    @property
    def hand_over(self) -> JSON:
        """What a unit that reads is asked to hand over, for its body."""
        wanted: JSON = {}
        if self._run.config["perceptual"]:
            wanted |= decoding.hand_over()
        if self.expanding.limits is not None:
            wanted[expanding.USE] = list(OPENED)
        return wanted

    def pictures(self, owner: Owner) -> Pictures:
        """Return a collection for the pictures of one unit."""
        return Pictures(self.decoding, owner, self._run.config, self.repeats)

    def containers(self, volume: "Examined") -> Containers:
        """Return a collection for the containers of one unit."""
        return Containers(self.expanding, volume)

    def take(self, heard: "Heard") -> None:
        """Take in what a decoder or an expander said."""
        unit, frame, stream = heard
        if unit.kind in {"decode", distances.USE}:
            self.decoding.take(unit, frame)
        else:
            self.expanding.take(unit, frame, stream)

    def close(self) -> None:
        """End the crews; what is not finished is given up."""
        for crew in self._crews:
            crew.close()
        self.decoding.close()
        self.repeats.close()
        self._held.close()
        self.expanding.close()

    def __enter__(self) -> Self:
        """Return itself."""
        return self

    def __exit__(self, *exception: object) -> None:
        """Close."""
        self.close()
