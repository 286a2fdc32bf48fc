"""Where results go: lines of text or of JSON on standard output, and nothing else.

A reader may close the pipe early (``| head``): then writing stops quietly, and the verb still
returns the exit code of what it did.
"""

import json
import os
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import closing, suppress
from itertools import groupby

from heroes_forensics.commands.text import inert
from heroes_forensics.errors import StoppedError
from heroes_forensics.model import JSON


def discard_stdout() -> None:
    """Let everything that is still to be written to standard output vanish."""
    with suppress(OSError, ValueError):
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, sys.stdout.fileno())
        os.close(nowhere)


class Output:
    """Standard output as one verb uses it."""

    def __init__(self, *, as_json: bool) -> None:
        self.as_json = as_json
        self.closed = False
        """Nobody reads any more; go on without writing, or stop."""

    def line(self, text: str = "") -> None:
        """Write one line; whatever would act on a terminal is escaped."""
        self._write(inert(text))

    def lines(self, texts: Iterable[str]) -> None:
        """Write several lines."""
        for text in texts:
            self.line(text)

    def row(self, row: Mapping[str, object], kind: str) -> None:
        """Write one line of JSON in ASCII, ``type`` first; ``kind`` unless the row has its own."""
        self._write(json.dumps({"type": row.get("type", kind), **row}))

    def show(self, row: JSON, kind: str, text: Callable[[JSON], Iterable[str]]) -> None:
        """Write one result in the form that was asked for."""
        if self.as_json:
            self.row(row, kind)
        else:
            self.lines(text(row))

    def show_all(
        self, rows: Iterator[JSON], kind: str, text: Callable[[JSON], Iterable[str]]
    ) -> int:
        """Write results as they come, until there are no more or nobody reads; return how many."""
        number = 0
        with closing(_Closable(rows)) as source:
            for row in source:
                self.show(row, kind, text)
                number += 1
                if self.closed:
                    break
        return number

    def show_counted(
        self, rows: Iterator[JSON], kind: str, text: Callable[[JSON], Iterable[str]]
    ) -> int:
        """Write results as `show_all` does; as text, what is the same over and over once."""
        if self.as_json:
            return self.show_all(rows, kind, text)
        number = 0
        with closing(_Closable(rows)) as source:
            for lines, alike in groupby(source, key=lambda row: tuple(text(row))):
                count = sum(1 for _ in alike)
                number += count
                for line in lines[:-1]:
                    self.line(line)
                self.line(lines[-1] + (f"  ({count:,} times)" if count > 1 else ""))
                if self.closed:
                    break
        return number

    def flush(self) -> None:
        """Hand over what was written so far."""
        if not self.closed:
            self._guarded(sys.stdout.flush)

    def _write(self, text: str) -> None:
        if not self.closed:
            self._guarded(lambda: sys.stdout.write(text + "\n"))

    def _guarded(self, action: Callable[[], object]) -> None:
        try:
            action()
        except BrokenPipeError:
            self.closed = True
            discard_stdout()
        except OSError as error:
            reason = error.strerror or "unknown reason"
            discard_stdout()
            raise StoppedError(
                f"the result cannot be written to standard output: {reason}",
                hint="what was recorded in the case stays; send the output somewhere else",
            ) from error


class _Closable:
    """Rows whose generator, if they come from one, is closed when the reader goes away."""

    def __init__(self, rows: Iterator[JSON]) -> None:
        self._rows = rows

    def __iter__(self) -> Iterator[JSON]:
        return self._rows

    def close(self) -> None:
        close = getattr(self._rows, "close", None)
        if close is not None:
            close()
