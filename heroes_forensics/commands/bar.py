"""Progress as bars at the bottom of a terminal; imported only where there is one."""

import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import Final, Self, TextIO

from rich.console import Console
from rich.live import Live
from rich.text import Text

from heroes_forensics.commands.progress import Pace, counts, share, so_far
from heroes_forensics.commands.text import human, inert
from heroes_forensics.commands.words import finding_line
from heroes_forensics.model import JSON
from heroes_forensics.pipelines.case.watch import Progress

_BAR: Final = 24
_HEAD: Final = 11


class SteadyConsole(Console):
    """A console that goes quiet when its terminal went away; the usual one ends the process."""

    def on_broken_pipe(self) -> None:
        """Say nothing more."""
        self.quiet = True


class BarWatch:
    """Bars that move at the bottom of a terminal; findings and notes run above them.

    Without colour, and without a thread: the bars move when the run says how far it is.
    """

    def __init__(
        self,
        file: TextIO,
        *,
        now: Callable[[], float] = time.monotonic,
        width: int | None = None,
    ) -> None:
        self._console = SteadyConsole(
            file=file, width=width, force_terminal=True, no_color=True, highlight=False, emoji=False
        )
        self._live = Live(
            console=self._console,
            auto_refresh=False,
            transient=True,
            redirect_stdout=False,
            redirect_stderr=False,
        )
        self._pace = Pace(now)
        encoding = getattr(file, "encoding", None) or "ascii"
        self._full, self._empty = ("━", "─") if _can_write("━─", encoding) else ("#", "-")

    def __enter__(self) -> Self:
        """Begin to show."""
        with suppress(OSError, ValueError):
            self._live.start()
        self.progress(Progress("opening"))
        return self

    def __exit__(self, *error: object) -> None:
        """Take the bars away."""
        with suppress(OSError, ValueError):
            self._live.stop()

    def progress(self, progress: Progress) -> None:
        """Move the bars."""
        self._pace.take(progress)
        lines = "\n".join(self.lines(progress))
        with suppress(OSError, ValueError):
            self._live.update(Text(lines, no_wrap=True, overflow="crop"), refresh=True)

    def lines(self, progress: Progress) -> Iterator[str]:
        """Yield the bars as text: what is read, the image, and the counts."""
        speed = self._pace.bytes_rate()
        rate = f"  {human(int(speed))}/s" if speed >= 1 else ""
        if progress.stage == "listing":  # what there is to do is not known yet
            yield f"{progress.stage:<{_HEAD}}{so_far(progress)}{rate}"
        else:
            yield self._line(progress.stage, progress.bytes_done, progress.bytes_total) + rate
        if progress.media_total:
            yield self._line("image", progress.media_done, progress.media_total)
        yield " " * _HEAD + ", ".join(counts(progress, self._pace))

    def _line(self, name: str, done: int, total: int) -> str:
        if total <= 0:
            return f"{name:<{_HEAD}}{human(done) if done else ''}".rstrip()
        part = min(done / total, 1.0)
        full = int(part * _BAR)
        bar = self._full * full + self._empty * (_BAR - full)
        # Rounded down: 100 % is said of nothing that is not done.
        return f"{name:<{_HEAD}}{bar} {int(part * 100):>3} %  {share(done, total)}"

    def finding(self, finding: JSON) -> None:
        """Print a finding above the bars."""
        self.note(finding_line(finding))

    def note(self, text: str) -> None:
        """Print a sentence above the bars."""
        with suppress(OSError, ValueError):
            self._console.print(inert(text), markup=False, highlight=False, emoji=False)


def _can_write(text: str, encoding: str) -> bool:
    try:
        text.encode(encoding)
    except (UnicodeEncodeError, LookupError):
        return False
    return True
