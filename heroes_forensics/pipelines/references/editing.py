"""Having pictures of a folder edited in all ways, by locked workers, and hearing what came of it.

Each picture is read again by a parser, which hands its bytes to an editor; that makes every edit in
memory and gives back PDQ values. A picture that ends its editor, or takes too long, is tried once
more alone and then given up: it costs itself.
"""

from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np

from heroes_forensics.filetype import TYPES
from heroes_forensics.frames import EDITED, Batch, Control, Rows, Status, Unit, tasks
from heroes_forensics.pipelines.case.watch import Progress
from heroes_forensics.pipelines.examining import decoding
from heroes_forensics.pipelines.examining.reading import ONCE_MORE
from heroes_forensics.pipelines.workers import deaths
from heroes_forensics.pipelines.workers.deaths import Death

if TYPE_CHECKING:
    from heroes_forensics.frames import Frame
    from heroes_forensics.pipelines.references.reference import Folder
    from heroes_forensics.pipelines.workers.crews import Heard, Stream

SECONDS: Final[Mapping[str, float]] = {"standard": 120.0, "deep": 480.0}
"""In which all edits of one picture have to be made; some 5 s and 10 s are usual."""
KINDS: Final = ("jpeg", "png", "gif", "webp", "bmp", "tiff", "avif", "jp2", "j2k")
"""Types that editors decode; those of `heroes_forensics.media.edits.making`, as a test says."""
_AHEAD: Final = 2
"""Pictures that wait for each editor."""


class Edited(NamedTuple):
    """What came of one picture."""

    number: int
    """Of its file."""
    made: Rows
    """`MADE` rows, one an edit; none when the picture was given up."""
    values: Rows
    """`EDITED` rows."""


class Wanted(NamedTuple):
    """One picture that is to be edited."""

    number: int
    """Of its file, from 1."""
    type: str
    """One of `KINDS`."""
    digest: str
    """SHA-256, hex."""


@dataclass(slots=True)
class _Given:
    """A unit of an editor, and what came back so far."""

    wanted: Wanted
    stream: "Stream"
    made: list[Rows] = field(default_factory=list)
    values: list[Rows] = field(default_factory=list)


class _Editing:
    """Pictures on their way from parsers to editors."""

    def __init__(
        self,
        folder: "Folder",
        wanted: Sequence[Wanted],
        profile: str,
        edits: int,
        take: Callable[[Edited], None],
    ) -> None:
        self._folder = folder
        self._profile = profile
        self._edits = edits
        self._take = take
        self._last = 0
        self._total = len(wanted)
        self._done = 0
        self._to_read = deque((each, 1) for each in wanted)
        self._reading: dict[int, tuple[Wanted, int, Stream | None, bool]] = {}
        self._to_edit = deque[tuple[_Given, int]]()
        self._editing: dict[int, _Given] = {}
        self.most = 1

    def next_read(self) -> Unit | None:
        """Return the next picture to read, unless enough wait to be edited."""
        if not self._to_read or len(self._reading) + len(self._to_edit) >= self.most:
            return None
        wanted, strain = self._to_read.popleft()
        self._last += 1
        entry = self._folder.entries[wanted.number - 1]
        row = (wanted.number, entry.kind, int(entry.flags), entry.size, entry.handle)
        body = {"volume": self._folder.volume, "hand_over": decoding.hand_over(films=False)}
        unit = Unit(
            self._last,
            "content",
            {**self._folder.evidence.body, **body},
            tasks([row]),
            strain=strain,
        )
        self._reading[unit.id] = (wanted, strain, None, False)
        return unit

    def next_edit(self) -> Unit | None:
        """Return the next picture to edit."""
        if not self._to_edit:
            return None
        given, strain = self._to_edit.popleft()
        given.made.clear()
        given.values.clear()
        self._last += 1
        self._editing[self._last] = given
        wanted, size = given.wanted, given.stream.size
        return Unit(
            self._last,
            "edit",
            {
                "type": wanted.type,
                "digest": wanted.digest,
                "profile": self._profile,
                "edits": self._edits,
            },
            tasks([(wanted.number, 0, 0, size, b"")]),
            descriptors=(given.stream.descriptor,),
            seconds=SECONDS[self._profile] + decoding.SECONDS_A_MEBIBYTE * (size / (1 << 20)),
            strain=strain,
        )

    def hear(self, heard: "Heard") -> None:
        """Take in what a worker said."""
        unit, frame, stream = heard
        if unit.id in self._editing:
            self._edited(unit, self._editing[unit.id], frame)
        elif unit.id in self._reading:
            self._read(unit, frame, stream)
        elif stream is not None:
            stream.close()
        self._folder.watch.progress(
            Progress("editing", items_done=self._done, items_total=self._total)
        )

    def _read(self, unit: Unit, frame: "Frame | Death", stream: "Stream | None") -> None:
        wanted, strain, kept, is_whole = self._reading[unit.id]
        if stream is not None:
            if kept is not None:
                kept.close()
            self._reading[unit.id] = (wanted, strain, stream, is_whole)
        elif isinstance(frame, Batch):
            is_whole = bool((frame.rows["status"] == Status.DONE).all())
            is_same = bytes(frame.rows["sha256"][0]).hex() == wanted.digest
            self._reading[unit.id] = (wanted, strain, kept, is_whole and is_same)
        elif isinstance(frame, Death) or frame.kind == "failed":
            del self._reading[unit.id]
            if kept is not None:
                kept.close()
            is_innocent = isinstance(frame, Death) and frame.cause == deaths.ZYGOTE
            if strain == 1 or is_innocent:
                self._to_read.append((wanted, strain if is_innocent else ONCE_MORE))
            else:
                self._given_up(wanted)
        elif frame.kind == "done":
            del self._reading[unit.id]
            if kept is not None and is_whole:
                self._to_edit.append((_Given(wanted, kept), 1))
            else:
                if kept is not None:
                    kept.close()
                self._given_up(wanted)

    def _edited(self, unit: Unit, given: _Given, frame: "Frame | Death") -> None:
        if isinstance(frame, Batch):
            (given.made if frame.kind == "made" else given.values).append(frame.rows)
            return
        if isinstance(frame, Control) and frame.kind not in {"failed", "done"}:
            return
        del self._editing[unit.id]
        if isinstance(frame, Control) and frame.kind == "done":
            given.stream.close()
            self._done += 1
            values = np.concatenate(given.values) if given.values else np.zeros(0, dtype=EDITED)
            self._take(Edited(given.wanted.number, np.concatenate(given.made), values))
            return
        is_innocent = isinstance(frame, Death) and frame.cause == deaths.ZYGOTE
        if unit.strain == 1 or is_innocent:
            self._to_edit.append((given, unit.strain if is_innocent else ONCE_MORE))
        else:
            given.stream.close()
            self._given_up(given.wanted)

    def _given_up(self, wanted: Wanted) -> None:
        self._done += 1
        nothing = np.zeros(0, dtype=EDITED)
        self._take(Edited(wanted.number, nothing, nothing))

    def close(self) -> None:
        """Let go of every stream."""
        held = [
            *(stream for _, _, stream, _ in self._reading.values()),
            *(given.stream for given, _ in self._to_edit),
            *(given.stream for given in self._editing.values()),
        ]
        for stream in held:
            if stream is not None:
                stream.close()


def edited(  # noqa: PLR0913 - what editing rests on
    folder: "Folder",
    wanted: Sequence[Wanted],
    take: Callable[[Edited], None],
    *,
    profile: str,
    edits: int,
    workers: int,
) -> None:
    """Edit pictures of a folder.

    Args:
        folder: held open.
        wanted: which of its files.
        take: is given what came of each, in any order.
        profile: ``standard`` or ``deep``.
        edits: how many `heroes_forensics.media.edits.listed` has.
        workers: of each kind.

    Raises:
        StoppedError: the machine is at fault.
    """
    editing = _Editing(folder, wanted, profile, edits, take)
    editing.most = _AHEAD * workers
    with folder.supervisor.crew("editor", workers=workers) as editors:
        editors.next_unit = editing.next_edit
        try:
            for heard in folder.evidence.crew.run(editing.next_read):
                editing.hear(heard)
        finally:
            editing.close()


def can_edit(kind: int) -> bool:
    """Tell whether editors decode a type, given by its position in `filetype.TYPES`."""
    return TYPES[kind].name in KINDS
