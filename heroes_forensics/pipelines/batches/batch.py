"""Many exhibits, one after the other: what failed never keeps the rest from being examined.

Each exhibit is examined by a process of its own, the very `heroes scan` that a person would start,
so that nothing which happens to one (not even a crash of the program) reaches another. The same
manifest again leaves out what is finished, goes on with what was interrupted, and begins the rest.
"""

import signal
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any, Final

from heroes_forensics.errors import INTERRUPTED, CaseBusyError, HeroesError, gravest
from heroes_forensics.model import JSON
from heroes_forensics.pipelines.batches.batch_exhibit import (
    FAILED,
    FINISHED_BEFORE,
    NOT_BEGUN,
    Examining,
    Manner,
    Outcome,
    Stop,
)
from heroes_forensics.pipelines.batches.manifest import Exhibit, Manifest
from heroes_forensics.pipelines.case.journal import SIGNALS

_BUG: Final = "its row, and no other, is that of a bug; what was recorded stays"


def run(manifest: Manifest, manner: Manner) -> Iterator[Outcome]:
    """Examine the exhibits of a manifest in its order; yield what came of each, as it comes.

    An exhibit whose case is in use comes once more after all others.
    """
    with _heard() as stop:
        busy: list[tuple[int, Exhibit]] = []
        for number, exhibit in enumerate(manifest.exhibits, start=1):
            outcome = _examined(manifest, number, exhibit, manner, stop)
            if outcome.exit_code == CaseBusyError.exit_code:
                busy.append((number, exhibit))
            else:
                yield outcome
        for number, exhibit in busy:
            yield _examined(manifest, number, exhibit, manner, stop, patient=True)


def _examined(  # noqa: PLR0913 - one exhibit, and all that surrounds it
    manifest: Manifest,
    number: int,
    exhibit: Exhibit,
    manner: Manner,
    stop: Stop,
    *,
    patient: bool = False,
) -> Outcome:
    if stop.asked:
        return Outcome(exhibit.label, exhibit.case_dir)
    manner.tell(f"exhibit {exhibit.label} ({number} of {len(manifest.exhibits)})")
    began = time.monotonic()
    one = Examining(exhibit, manner, stop)
    try:
        if patient:
            one.wait()
        outcome = one.examine()
    except HeroesError as error:
        outcome = one.failed(error.exit_code, str(error), error.hint)
    except OSError as error:
        outcome = one.failed(HeroesError.exit_code, f"it failed: {error.strerror}", "")
    except Exception as error:  # noqa: BLE001 # whatever it is, the rest is examined
        name = type(error).__name__
        outcome = one.failed(HeroesError.exit_code, f"this is a bug: {name}", _BUG)
    outcome.seconds = int(time.monotonic() - began)
    return outcome


def total(manifest: Manifest, outcomes: Sequence[Outcome]) -> JSON:
    """Return the row of the whole."""
    codes = [each.exit_code for each in outcomes if each.exit_code is not None]
    if any(each.did == NOT_BEGUN for each in outcomes):
        codes.append(INTERRUPTED)
    return {
        "type": "batch",
        "exhibits": len(manifest.exhibits),
        "examined": sum(each.did in {"scanned", "resumed"} for each in outcomes),
        "finished_before": sum(each.did == FINISHED_BEFORE for each in outcomes),
        "failed": sum(each.did == FAILED for each in outcomes),
        "not_begun": sum(each.did == NOT_BEGUN for each in outcomes),
        "findings": sum(each.findings for each in outcomes),
        "unexpected_gaps": sum(each.unexpected_gaps for each in outcomes),
        "seconds": sum(each.seconds for each in outcomes),
        "exit_code": gravest(codes),
    }


@contextmanager
def _heard() -> Iterator[Stop]:
    """Hand signals on to the scan that works; no further one is begun then."""
    stop = Stop()

    def hear(number: int, frame: object) -> None:
        del frame
        stop.asked = number
        if stop.process is not None and stop.process.returncode is None:
            stop.process.send_signal(number)

    before: dict[signal.Signals, Any] = {}
    try:
        # Who ignores a signal, as nohup does, wants the batch to go on.
        for each in SIGNALS:
            if signal.getsignal(each) is not signal.SIG_IGN:
                before[each] = signal.signal(each, hear)
        before[signal.SIGHUP] = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    except ValueError:  # not the main thread
        yield stop
        return
    try:
        yield stop
    finally:
        for each, handler in before.items():
            signal.signal(each, handler)
