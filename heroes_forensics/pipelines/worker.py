"""The loop of one worker process: a unit in, its frames out, a heartbeat while it reads."""

import signal
import socket
import traceback
from contextlib import suppress
from importlib import import_module
from pathlib import PurePath
from typing import Final

import numpy as np

from heroes_forensics.errors import HeroesError
from heroes_forensics.frames import TASK, Batch, Control, Unit
from heroes_forensics.pipelines import wire

EXIT_BUG: Final = 70
EXIT_MEMORY: Final = 71
EXIT_UNLOCKED: Final = 72
"""A lock that the probe found in place could not be applied; no unit was taken."""
HEARTBEAT_SECONDS: Final = 5
MESSAGE_LIMIT: Final = 500


def serve(channel: socket.socket, descriptors: tuple[int, ...]) -> None:
    """Run units until the coordinator says ``stop`` or closes its end."""
    units = import_module("heroes_forensics.pipelines.units")
    session = units.Session(descriptors)
    beats = 0

    def beat(number: int, frame: object) -> None:
        # Python runs this between two of its own instructions: inside one long call of a C
        # library it runs only when that call reads through us, which is what progress means.
        nonlocal beats
        del number, frame
        beats += 1
        with suppress(OSError):
            wire.send(channel, Control("alive", {"reads": beats}))

    signal.signal(signal.SIGALRM, beat)
    while (unit := _next_unit(channel)) is not None:
        signal.setitimer(signal.ITIMER_REAL, HEARTBEAT_SECONDS, HEARTBEAT_SECONDS)
        sent = 0
        try:
            for frame in units.run_unit(session, unit):
                wire.send(channel, frame)
                sent += 1
            last = Control("done", {"unit": unit.id, "frames": sent})
        except BrokenPipeError:
            return
        except HeroesError as error:
            last = _failed(unit, error.exit_code, str(error), error.hint)
        except MemoryError:
            last = _failed(unit, 1, "the worker reached its memory limit", "")
        except Exception as error:  # noqa: BLE001 - a bug in one unit must not end the run
            last = _failed(unit, 1, _where(error), "this is a bug: please report it")
        finally:
            signal.setitimer(signal.ITIMER_REAL, 0)
        wire.send(channel, last)


def _failed(unit: Unit, exit_code: int, message: str, hint: str) -> Control:
    body = {
        "unit": unit.id,
        "exit_code": exit_code,
        "message": message[:MESSAGE_LIMIT],
        "hint": hint[:MESSAGE_LIMIT],
    }
    return Control("failed", body)


def _where(error: Exception) -> str:
    """Name the kind and place of an unforeseen error, never its text: that may hold a name."""
    last = traceback.extract_tb(error.__traceback__)[-1]
    return f"{type(error).__name__} at {PurePath(last.filename).name}:{last.lineno}"


def _next_unit(channel: socket.socket) -> Unit | None:
    received = wire.receive(channel)
    if received is None or not isinstance(received.frame, Control):
        return None
    head = received.frame
    if head.kind != "unit":
        return None
    body = head.body
    wanted = int(str(body["tasks"]))
    parts = []
    have = 0
    while have < wanted:
        received = wire.receive(channel)
        if received is None or not isinstance(received.frame, Batch):
            return None
        parts.append(received.frame.rows)
        have += len(received.frame.rows)
    tasks = np.concatenate(parts) if parts else np.zeros(0, dtype=TASK)
    detail = body["body"]
    if not isinstance(detail, dict):
        return None
    return Unit(id=int(str(body["id"])), kind=str(body["kind"]), body=detail, tasks=tasks)
