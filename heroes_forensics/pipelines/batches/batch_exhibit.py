"""One exhibit of a batch: what is left to be done with it, and the scan that does it."""

import ctypes
import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from heroes_forensics.custody import outside
from heroes_forensics.errors import (
    DONE,
    GAPS,
    INTERRUPTED,
    MATCHES,
    MATCHES_AND_GAPS,
    HeroesError,
    StoppedError,
    gravest,
)
from heroes_forensics.model import JSON
from heroes_forensics.pipelines.batches.batch_standing import Standing, check_same, standing
from heroes_forensics.pipelines.batches.manifest import Exhibit
from heroes_forensics.pipelines.case import folders, locking

PATIENCE_SECONDS: Final = 60.0
"""How long a case in use is waited for: the scan of a batch that was killed ends in order first."""

_LOOK_SECONDS: Final = 0.2
_MAIN: Final = "from heroes_forensics.cli import main; main(aloud=False)"
_PROGRAM: Final = (sys.executable, "-I", "-c", _MAIN)
"""This very program; what ends a scan is said in the row of its exhibit, and not before it."""
_PR_SET_PDEATHSIG: Final = 1
_ENDED: Final = frozenset({DONE, GAPS, MATCHES, MATCHES_AND_GAPS})
"""Exit codes of scans after which there may be more to do with an exhibit."""
_FLAGS: Final = {
    "accept_damaged": "--accept-damaged",
    "no_perceptual": "--no-perceptual",
    "media_metadata": "--media-metadata",
    "carve": "--carve",
}
_OPTIONS: Final = {
    "reference": "--reference",
    "examiner": "--examiner",
    "names": "--names",
    "profile": "--profile",
    "verify": "--verify",
    "as": "--as",
    "set_kind": "--set-kind",
    "plugin": "--plugin",
    "calibration": "--calibration",
}
_EVERY_TIME: Final = {
    "workers": "--workers",
    "require_isolation": "--require-isolation",
    "budget": "--budget",
}
"""Options of a scan by the fields of a manifest; these three also when a run goes on."""
_OPTION: Final = re.compile(r"--([a-z]+(?:-[a-z]+)*)(?:[ =]([a-z]+(?![a-z:])))?")
_GO_ON: Final = "start the same batch again: it goes on with what was interrupted"

FAILED: Final = "failed"
NOT_BEGUN: Final = "not begun"
FINISHED_BEFORE: Final = "finished before"


@dataclass(slots=True)
class Outcome:
    """What came of one exhibit."""

    exhibit: str
    case_dir: Path
    did: str = NOT_BEGUN
    """``scanned``, ``resumed``, ``finished before``, ``failed`` or ``not begun``."""
    exit_code: int | None = None
    outcome: str = ""
    cause: str = ""
    findings: int = 0
    unexpected_gaps: int = 0
    integrity: JSON = field(default_factory=dict)
    content_sha256: str = ""
    report: str = ""
    message: str = ""
    hint: str = ""
    seconds: int = 0

    def to_json(self) -> JSON:
        """Return its row."""
        names = ("did", "exit_code", "outcome", "cause", "findings", "unexpected_gaps")
        more = ("integrity", "content_sha256", "report", "message", "hint", "seconds")
        return {
            "type": "exhibit",
            "exhibit": self.exhibit,
            "case_dir": str(self.case_dir),
            **{name: getattr(self, name) for name in (*names, *more)},
        }


@dataclass(slots=True)
class Stop:
    """Signals that came; they go to the scan that works, and end the batch after it."""

    process: "subprocess.Popen[bytes] | None" = None
    asked: int = 0
    """The number of the last signal; 0: none came."""

    def was_asked(self) -> bool:
        """Say whether one came; it may come at any time."""
        return self.asked != 0


@dataclass(frozen=True, slots=True)
class Manner:
    """How scans of a batch are done, beside what the manifest says."""

    tell: Callable[[str], None]
    """Hears which exhibit is begun, and what is waited for."""
    overrides: JSON = field(default_factory=dict)
    """Fields that go before those of the manifest."""
    passphrase: str | None = None
    """Of the laboratory's keys."""
    with_matches: bool = False
    """Whether matches change exit codes, as ``--exit-code`` does."""
    quiet: bool = False
    """Whether scans show no progress."""


class Examining:
    """The way of one exhibit: finish what is there, begin what is not."""

    def __init__(self, exhibit: Exhibit, manner: Manner, stop: Stop) -> None:
        self._exhibit = exhibit
        self._manner = manner
        self._settings: dict[str, Any] = {**exhibit.settings, **manner.overrides}
        self._stop = stop
        self._codes: list[int] = []
        self._outcome = Outcome(exhibit.label, exhibit.case_dir)

    def failed(self, code: int, message: str, hint: str) -> Outcome:
        """Return that the exhibit could not be examined, and why."""
        outcome = self._outcome
        outcome.did, outcome.exit_code = FAILED, code
        outcome.message, outcome.hint = message, in_a_manifest(hint)
        return outcome

    def wait(self) -> None:
        """Wait for whoever holds the case, but not for ever."""
        folder = self._exhibit.case_dir
        deadline = time.monotonic() + PATIENCE_SECONDS
        owner = locking.holder(folder)
        if owner is not None:
            self._manner.tell(f"exhibit {self._exhibit.label}: waiting for {owner} to end")
        while locking.holder(folder) is not None and time.monotonic() < deadline:
            if self._stop.was_asked():
                return
            time.sleep(_LOOK_SECONDS)

    def examine(self) -> Outcome:
        """Do what is left to be done.

        Raises:
            HeroesError: something could not even be begun.
        """
        exhibit, outcome = self._exhibit, self._outcome
        folders.check_place(exhibit.case_dir)
        locking.check_idle(exhibit.case_dir)
        found = standing(exhibit)
        check_same(exhibit, found)
        again = ["--resume", "--exhibit", exhibit.label]
        tried: set[str] = set()
        while (run := found.interrupted) is not None and run.uuid not in tried:
            tried.add(run.uuid)
            if not self._scan([*again, *self._limits()], "resumed"):
                return self._ended(found)
            found = standing(exhibit)
        if found.interrupted is None and found.new:
            if not self._scan(self._beginning(found.new), "scanned"):
                return self._ended(found)
        elif found.runs and not found.published and found.interrupted is None:
            # It was killed between its end and its report.
            self._scan(again, "resumed")
        elif not tried:
            outcome.did = FINISHED_BEFORE
        return self._ended(found)

    def _ended(self, found: Standing) -> Outcome:
        """Take what the case has on record now into the row."""
        outcome = self._outcome
        if outcome.did in {FAILED, NOT_BEGUN}:
            return outcome
        with suppress(HeroesError, OSError):  # another process may hold it by now
            found = standing(self._exhibit)
        for name, value in found.summary().items():
            setattr(outcome, name, value)
        self._codes.append(found.code(with_matches=self._manner.with_matches))
        outcome.exit_code = gravest(self._codes)
        return outcome

    def _beginning(self, sources: Sequence[int]) -> list[str]:
        settings, exhibit = self._settings, self._exhibit
        arguments = [f"--exhibit={exhibit.label}", *self._limits()]
        for name, value in settings["exhibit_fields"].items():
            arguments.append(f"--exhibit-field={name}={value}")
        for name, value in settings.get("authority", {}).items():
            arguments.append(f"--authority={name}={value}")
        arguments += [f"--set={name}" for name in settings["sets"]]
        arguments += [f"--allow-expired={name}" for name in settings.get("allow_expired", ())]
        for name, value in settings.get("expand_limits", {}).items():
            arguments.append(f"--expand-limit={name}={value}")
        arguments += [f"{_OPTIONS[name]}={settings[name]}" for name in _OPTIONS if name in settings]
        arguments += [_FLAGS[name] for name in _FLAGS if settings.get(name)]
        if settings.get("carve") is False:
            arguments.append("--no-carve")
        for position, number in enumerate(sources, start=1):
            for digest in exhibit.sources[number].expect:
                arguments.append(f"--expect={position}:{digest}")
            for log in exhibit.sources[number].acquisition_log:
                arguments.append(f"--acquisition-log={position}:{log}")
        return [*arguments, "--", *(str(exhibit.sources[each].path.absolute()) for each in sources)]

    def _limits(self) -> list[str]:
        names = [name for name in _EVERY_TIME if self._settings.get(name)]
        keys = [f"--key-file={path}" for path in self._exhibit.key_files]
        return [f"{_EVERY_TIME[name]}={self._settings[name]}" for name in names] + keys

    def _scan(self, arguments: Sequence[str], did: str) -> bool:
        """Run one scan to its end; say whether there may be more to do after it."""
        if self._stop.was_asked():
            return False
        outcome = self._outcome
        code, row = self._run(arguments)
        outcome.did = did
        if self._stop.was_asked() and row.get("type") != "scan":  # before it could hear a signal
            self.failed(INTERRUPTED, "interrupted", _GO_ON)
        elif code < 0:
            name = signal.Signals(-code).name
            self.failed(StoppedError.exit_code, f"the scan was ended by {name}", _GO_ON)
        elif row.get("type") != "scan":
            message = str(row.get("message", "the scan ended without a result"))
            self.failed(code or HeroesError.exit_code, message, str(row.get("hint", "")))
        else:
            self._codes.append(code)
            outcome.cause = str(row.get("cause") or "")
        return outcome.did != FAILED and code in _ENDED and not outcome.cause

    def _run(self, arguments: Sequence[str]) -> tuple[int, JSON]:
        """Run this program once more; return how it ended, and the last thing that it said."""
        row: JSON = {}
        manner, stop = self._manner, self._stop
        options = [f"--case={self._exhibit.case_dir.absolute()}", "--json"]
        options += ["--exit-code"] * manner.with_matches + ["--quiet"] * manner.quiet
        with _secret(manner.passphrase) as (descriptors, secret):
            process = subprocess.Popen(  # noqa: S603 - ourselves
                [*_PROGRAM, "scan", *options, *secret, *arguments],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                pass_fds=descriptors,
                # Ctrl-C reaches this process alone, which hands it on.
                process_group=0,
                preexec_fn=_end_with(os.getpid()),  # noqa: PLW1509 - there are no threads
            )
            with process:
                stop.process = process
                if stop.asked:  # while it was started
                    process.send_signal(stop.asked)
                for line in process.stdout or ():
                    with suppress(ValueError):
                        found = json.loads(line)
                        if isinstance(found, dict) and found.get("type") in {"scan", "error"}:
                            row = found
            stop.process = None
        return process.returncode, row


def in_a_manifest(hint: str) -> str:
    """Say with the fields of a manifest what a scan says with its options."""

    def field(found: re.Match[str]) -> str:
        option, value = f"--{found[1]}", found[2]
        for name, known in _FLAGS.items():
            if option == known:
                return f"{name}: true" + (f" {value}" if value else "")
        for name, known in _OPTIONS.items():
            if option == known and value:
                return f"{name}: {value}"
        return found[0]

    return _OPTION.sub(field, hint)


@contextmanager
def _secret(passphrase: str | None) -> Iterator[tuple[tuple[int, ...], list[str]]]:
    """Give passphrase and PIN to a process through pipes; never on its command line."""
    secrets = {"--passphrase-fd": passphrase, "--pin-fd": outside.PIN.get()}
    descriptors: dict[str, int] = {}
    try:
        for option, secret in secrets.items():
            if secret is not None:
                descriptors[option], writing = os.pipe()
                with os.fdopen(writing, "wb") as stream:
                    stream.write(secret.encode() + b"\n")  # far less than a pipe holds
        arguments = [f"{option}={descriptor}" for option, descriptor in descriptors.items()]
        yield tuple(descriptors.values()), arguments
    finally:
        for descriptor in descriptors.values():
            os.close(descriptor)


def _end_with(parent: int) -> Callable[[], None]:
    """Have a scan end in order when the batch is gone: nobody would hear of it otherwise."""
    library = ctypes.CDLL(None)

    def prepare() -> None:
        library.prctl(_PR_SET_PDEATHSIG, signal.SIGTERM, 0, 0, 0)
        if os.getppid() != parent:
            os._exit(StoppedError.exit_code)
        # In a group of its own it may not be stopped for writing to the terminal.
        signal.signal(signal.SIGTTOU, signal.SIG_IGN)

    return prepare
