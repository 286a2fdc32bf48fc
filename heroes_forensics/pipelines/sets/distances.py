"""Asking a plug-in how far the values of pictures are from listed ones, in locked decoders.

Listed values go there in sealed memory, some at a time, and numbers of entries come back. A unit
that ended its decoder is asked again, each value alone; what fails then is told and left out.
"""

import fcntl
import os
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np
import numpy.typing as npt

from heroes_forensics.errors import StoppedError
from heroes_forensics.frames import DISTANCES, PLUGIN_KINDS, Distance, Rows, Unit
from heroes_forensics.pipelines.sets.plugins import Plugged
from heroes_forensics.pipelines.workers.handover import SEALS

if TYPE_CHECKING:
    from heroes_forensics.pipelines.sets.run_sets import Sets

USE: Final = "distances"
"""The kind of unit."""
ENTRIES: Final = 1 << 17
"""Listed values that go to a decoder at once: 18 MiB."""
QUERIES: Final = 64
"""Values that are compared with them at once."""
SECONDS: Final = 30.0
SECONDS_A_MILLION: Final = 30.0
"""Deadline of a decoder: so long, and so much more for each million of comparisons."""

Pairs = npt.NDArray[np.int64]


class Part(NamedTuple):
    """Listed values of one set, in memory that decoders read."""

    set_index: int
    first: int
    """Position of its first value among those of the set."""
    size: int
    """How many there are."""
    descriptor: int


class Listed:
    """The values of one kind in the sets of a run."""

    def __init__(self, sets: "Sets", kind: str) -> None:
        """Unseal them into memory.

        Raises:
            HashSetError: they are not what was written.
            StoppedError: there is no memory for them.
        """
        self.parts: list[Part] = []
        self.record: dict[int, Pairs] = {}
        """By position of the set, the record of each of its values."""
        try:
            for index, (_, file) in enumerate(sets.opened):
                width = PLUGIN_KINDS[kind]
                records = [np.zeros(0, np.int64)]
                data = bytearray()
                first = 0
                for piece in file.values(kind):
                    fits = piece.length == width
                    whole = np.frombuffer(piece.data, np.uint8)[np.repeat(fits, piece.length)]
                    records.append(piece.record[fits])
                    data += whole.tobytes()
                    while len(data) >= ENTRIES * width:
                        first = self._add(index, first, data[: ENTRIES * width], width)
                        del data[: ENTRIES * width]
                if data:
                    self._add(index, first, data, width)
                self.record[index] = np.concatenate(records)
        except BaseException:
            self.close()
            raise

    def _add(self, index: int, first: int, data: bytes | bytearray, width: int) -> int:
        count = len(data) // width
        self.parts.append(Part(index, first, count, sealed(bytes(data))))
        return first + count

    def close(self) -> None:
        """Let go of the memory."""
        for part in self.parts:
            os.close(part.descriptor)
        self.parts.clear()


def sealed(data: bytes) -> int:
    """Return a descriptor of memory with these bytes that nobody can change.

    Raises:
        StoppedError: there is no memory for it.
    """
    descriptor = os.memfd_create("heroes-values", os.MFD_CLOEXEC | os.MFD_ALLOW_SEALING)
    try:
        with open(descriptor, "wb", closefd=False) as stream:
            stream.write(data)
        fcntl.fcntl(descriptor, fcntl.F_ADD_SEALS, SEALS)
    except OSError as error:
        os.close(descriptor)
        raise StoppedError(
            f"listed values do not fit into memory: {error.strerror}",
            hint="compare with fewer sets at a time",
        ) from error
    return descriptor


@dataclass(slots=True, eq=False)
class _Ask:
    """Some values on their way through one part of a list."""

    part: Part
    queries: tuple[int, ...]
    """Positions among the values of the comparison."""
    strain: int = 1
    descriptor: int = -1
    rows: tuple[Rows, ...] = ()

    def close(self) -> None:
        if self.descriptor >= 0:
            os.close(self.descriptor)
            self.descriptor = -1


class Comparison:
    """The values of some pictures, compared with all that is listed."""

    def __init__(self, values: Rows, parts: Sequence[Part], plugged: Plugged) -> None:
        """Take `SUPPLIED` rows that have values."""
        self.values = values
        self._plugged = plugged
        self._waiting = deque(
            _Ask(part, tuple(range(start, min(start + QUERIES, len(values)))))
            for part in parts
            for start in range(0, len(values), QUERIES)
        )
        self._asked: dict[int, _Ask] = {}
        self.close_by: list[tuple[Part, Rows]] = []
        """`DISTANCES` rows, their queries as positions among ``values``."""
        self.failed: set[int] = set()
        """Positions of values that could not be compared with all that is listed."""

    @property
    def is_done(self) -> bool:
        """Whether nothing waits and nothing is in work."""
        return not self._waiting and not self._asked

    def next_unit(self, number: Callable[[], int]) -> Unit | None:
        """Return the next unit for a decoder; None when nothing waits."""
        if not self._waiting:
            return None
        ask = self._waiting.popleft()
        width = PLUGIN_KINDS[self._plugged.kind]
        chosen = self.values["value"][list(ask.queries)]
        data = np.frombuffer(np.ascontiguousarray(chosen).tobytes(), np.uint8)
        ask.descriptor = sealed(data.reshape(len(chosen), -1)[:, :width].tobytes())
        unit = Unit(
            number(),
            USE,
            {
                "plugin": self._plugged.name,
                "width": width,
                "threshold": self._plugged.threshold,
                "queries": len(chosen),
                "listed": ask.part.size,
            },
            descriptors=(ask.descriptor, ask.part.descriptor),
            seconds=SECONDS + SECONDS_A_MILLION * len(chosen) * ask.part.size / 1e6,
            strain=ask.strain,
        )
        self._asked[unit.id] = ask
        return unit

    def take(self, unit: int, rows: Rows) -> None:
        """Keep `DISTANCES` rows until their unit has ended as it should."""
        self._asked[unit].rows += (rows,)

    def done(self, unit: int) -> None:
        """Take in what a unit gave."""
        ask = self._asked.pop(unit)
        ask.close()
        rows = np.concatenate([np.zeros(0, DISTANCES), *ask.rows])
        rows["query"] = np.array(ask.queries, np.uint32)[rows["query"]]
        failed = rows["status"] == Distance.FAILED
        self.failed.update(rows["query"][failed].tolist())
        self.close_by.append((ask.part, rows[~failed]))

    def died(self, unit: int, *, is_innocent: bool) -> None:
        """Ask again, each value alone; give up on one that was."""
        ask = self._asked.pop(unit)
        ask.close()
        if is_innocent:
            self._waiting.append(_Ask(ask.part, ask.queries, ask.strain))
        elif ask.strain == 1:
            self._waiting.extend(_Ask(ask.part, (each,), 2) for each in ask.queries)
        else:
            self.failed.update(ask.queries)

    def touched(self) -> set[int]:
        """Return the items of which something is close, or was not compared."""
        positions = set(self.failed)
        for _, rows in self.close_by:
            positions.update(rows["query"].tolist())
        return set(self.values["id"][sorted(positions)].tolist())

    def leave(self) -> None:
        """Ask for nothing more, and say so of every value that waits."""
        self.failed.update(each for ask in self._waiting for each in ask.queries)
        self._waiting.clear()

    def give_up(self) -> None:
        """Ask for nothing more."""
        self._waiting.clear()

    def close(self) -> None:
        """Let go of everything."""
        self._waiting.clear()
        for ask in self._asked.values():
            ask.close()
        self._asked.clear()
