"""How a run is followed on standard error: a bar on a terminal, a line now and then elsewhere.

Whoever looks on must never stop a run: a terminal that went away makes this quiet, nothing else.
No threads: the display moves when the run says how far it is.
"""

import os
import sys
import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Final

from heroes_forensics.commands.output import Output
from heroes_forensics.commands.text import clock, counted, human, inert
from heroes_forensics.commands.words import finding_line
from heroes_forensics.errors import StoppedError
from heroes_forensics.model import JSON
from heroes_forensics.pipelines.case.watch import Progress, Unwatched, Watch

LINE_SECONDS: Final = 30.0
"""Between two lines where there is no terminal."""

PACE_SECONDS: Final = 20.0
"""Over how long speeds are averaged."""


class Pace:
    """Speeds over the last seconds of one stage."""

    def __init__(self, now: Callable[[], float]) -> None:
        self._now = now
        self._stage = ""
        self._samples: deque[tuple[float, int, int, int]] = deque()

    def take(self, progress: Progress) -> None:
        """Take note of how far the run is; a new stage begins anew."""
        if progress.stage != self._stage:
            self._stage = progress.stage
            self._samples.clear()
        at = self._now()
        self._samples.append((at, progress.bytes_done, progress.items_done, progress.media_done))
        while len(self._samples) > 2 and at - self._samples[0][0] > PACE_SECONDS:  # noqa: PLR2004 # a pair
            self._samples.popleft()

    def _rate(self, column: int) -> float:
        if not self._samples:
            return 0.0
        first, last = self._samples[0], self._samples[-1]
        seconds = last[0] - first[0]
        return (last[column] - first[column]) / seconds if seconds > 0 else 0.0

    def bytes_rate(self) -> float:
        """Return bytes a second, of items or of the image, whichever moves faster."""
        return max(self._rate(1), self._rate(3))

    def items_rate(self) -> float:
        """Return items a second."""
        return self._rate(2)

    def left(self, progress: Progress) -> float | None:
        """Return the seconds still to go, by what is slowest; None when nobody can know."""
        waits = []
        for done, total, column in (
            (progress.bytes_done, progress.bytes_total, 1),
            (progress.media_done, progress.media_total, 3),
        ):
            if total > done:
                rate = self._rate(column)
                if rate <= 0:
                    return None
                waits.append((total - done) / rate)
        return max(waits, default=None)


def share(done: int, total: int) -> str:
    """Return ``12.3 of 25.6 GB``, or only what is done while the whole is not known."""
    if total <= 0:
        return human(done)
    first, second = human(done), human(total)
    same = first.rpartition(" ")[2] == second.rpartition(" ")[2]
    return f"{first.rpartition(' ')[0] if same else first} of {second}"


def so_far(progress: Progress) -> str:
    """Return how much is known while the inventory grows."""
    entries = counted(progress.items_total, "entry", "entries")
    return f"{entries} so far, {human(progress.bytes_total)}"


def counts(progress: Progress, pace: Pace) -> Iterator[str]:
    """Yield items, speed, findings, gaps and the time left."""
    listing = progress.stage == "listing"
    if not listing and (progress.items_done or progress.items_total):
        whole = f" of {progress.items_total:,}" if progress.items_total else ""
        yield f"{progress.items_done:,}{whole} items"
        if pace.items_rate() >= 1:
            yield f"{pace.items_rate():,.0f}/s"
    yield counted(progress.findings, "finding")
    yield counted(progress.gaps, "gap")
    left = None if listing else pace.left(progress)
    if left is not None:
        yield f"{clock(left)} left"


def one_line(progress: Progress, pace: Pace) -> str:
    """Return how far a run is, in one line without anything that moves."""
    parts = []
    if progress.stage == "listing":
        parts.append(so_far(progress))
    elif progress.bytes_done or progress.bytes_total:
        parts.append(share(progress.bytes_done, progress.bytes_total))
    if progress.media_total:
        parts.append(f"image {share(progress.media_done, progress.media_total)}")
    if pace.bytes_rate() >= 1:
        parts.append(f"{human(int(pace.bytes_rate()))}/s")
    return f"{progress.stage}: {', '.join([*parts, *counts(progress, pace)])}"


class LineWatch:
    """Plain lines: for logs, for ``TERM=dumb`` and for everything that is no terminal."""

    def __init__(
        self, say: Callable[[str], None], *, now: Callable[[], float] = time.monotonic
    ) -> None:
        self._say = say
        self._now = now
        self._pace = Pace(now)
        self._stage = ""
        self._said = 0.0

    def progress(self, progress: Progress) -> None:
        """Say a line when a stage begins, and then one every `LINE_SECONDS`."""
        self._pace.take(progress)
        if progress.stage != self._stage or self._now() - self._said >= LINE_SECONDS:
            self._stage, self._said = progress.stage, self._now()
            self._say(one_line(progress, self._pace))

    def finding(self, finding: JSON) -> None:
        """Say a finding at once."""
        self._say(finding_line(finding))

    def note(self, text: str) -> None:
        """Say a sentence."""
        self._say(text)


class RecordingWatch:
    """Writes findings and notes as JSON Lines while another one shows progress.

    What cannot be written stops no run: it is said when the run has come to its end.
    """

    def __init__(self, out: Output, watch: Watch) -> None:
        self._out = out
        self._watch = watch
        self.lost: StoppedError | None = None
        """Why lines could not be written; None while all could."""

    def progress(self, progress: Progress) -> None:
        """Pass it on: progress is no result."""
        self._watch.progress(progress)

    def finding(self, finding: JSON) -> None:
        """Write the finding at once."""
        self._row(finding, "finding")
        self._watch.finding(finding)

    def note(self, text: str) -> None:
        """Write the sentence."""
        self._row({"text": text}, "note")
        self._watch.note(text)

    def _row(self, row: JSON, kind: str) -> None:
        try:
            self._out.row(row, kind)
            self._out.flush()
        except StoppedError as error:
            self.lost = error


def _say(text: str) -> None:
    with suppress(OSError, ValueError):
        sys.stderr.write(inert(text) + "\n")
        sys.stderr.flush()


def _is_terminal() -> bool:
    """Tell whether standard error is a terminal that can move its cursor."""
    return os.environ.get("TERM", "dumb") not in ("dumb", "unknown") and sys.stderr.isatty()


@contextmanager
def watching(out: Output, *, quiet: bool = False) -> Iterator[Watch]:
    """Give something that shows how a run goes, in the way that fits where we are."""
    watch: Watch = Unwatched() if quiet else LineWatch(_say)
    # JSON lines and a moving bar on the same terminal would tear one another.
    if quiet or not _is_terminal() or (out.as_json and sys.stdout.isatty()):
        with _recording(out, watch) as recording:
            yield recording
        return
    from heroes_forensics.commands.bar import BarWatch  # noqa: PLC0415 # on a terminal only

    with BarWatch(sys.stderr) as bar, _recording(out, bar) as recording:
        yield recording


@contextmanager
def _recording(out: Output, watch: Watch) -> Iterator[Watch]:
    """Write what is watched as JSON, too, where that was asked for.

    Raises:
        StoppedError: afterwards, when some of it could not be written.
    """
    if not out.as_json:
        yield watch
        return
    recording = RecordingWatch(out, watch)
    yield recording
    if recording.lost is not None:
        raise recording.lost
