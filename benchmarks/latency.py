"""How long it takes until a match is on screen, and until ``heroes --help`` is.

Files of a generated image are made known material, one in each of several sets. Their pages are
dropped from the page cache; the moment the kernel has them again is the moment a worker read them,
which `mincore` tells from outside, without slowing the worker as tracing would. What the screen
shows is ``heroes status CASE --follow``. Reading ahead can bring a page in a little too early, so
that the times are rather too long than too short.
"""

import ctypes
import hashlib
import json
import mmap
import os
import shutil
import subprocess
import threading
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import images
import measure
from bounds import planned
from programs import HEROES, Programs

PLACES: Final = (0.1, 0.5, 0.9)
"""Where the planted files lie, as shares of the files in disk order."""

_LOOK_SECONDS: Final = 0.002
_HELP_RUNS: Final = 10
_WAIT_SECONDS: Final = 600


@dataclass(frozen=True, slots=True)
class Shown:
    """When one planted file was on screen."""

    after_read: float
    """Seconds from the first byte read."""
    after_start: float
    """Seconds from the start of the scan."""


class Residence:
    """Tells which pages of a file the kernel holds in memory.

    Raises:
        NotPossibleError: pages of this file system cannot be dropped.
    """

    def __init__(self, image: Path, starts: list[int]) -> None:
        self._library = ctypes.CDLL(None, use_errno=True)
        self._page = mmap.PAGESIZE
        self._starts = [start - start % self._page for start in starts]
        descriptor = os.open(image, os.O_RDONLY)
        try:
            self._map = mmap.mmap(descriptor, 0, access=mmap.ACCESS_COPY)
            self._first = (ctypes.c_char * self._page).from_buffer(self._map)
            os.fsync(descriptor)
            os.posix_fadvise(descriptor, 0, 0, os.POSIX_FADV_DONTNEED)
            os.posix_fadvise(descriptor, 0, 0, os.POSIX_FADV_RANDOM)  # no reading ahead of us
            self._warm(descriptor, image.stat().st_size)
        finally:
            os.close(descriptor)
        if any(self.holds(number) for number in range(len(starts))):
            raise images.NotPossibleError("pages of the image cannot be dropped from memory")

    def _warm(self, descriptor: int, size: int) -> None:
        """Read everything but what lies within 1 MiB of a planted file."""
        step = 1 << 20
        cold = {start // step for start in self._starts}
        for block in range(-(-size // step)):
            if block not in cold:
                os.pread(descriptor, step, block * step)

    def holds(self, number: int) -> bool:
        """Return whether the first page of a planted file is in memory."""
        answer = ctypes.c_ubyte()
        address = ctypes.addressof(self._first) + self._starts[number]
        length = ctypes.c_size_t(self._page)
        if self._library.mincore(ctypes.c_void_p(address), length, ctypes.byref(answer)):
            raise OSError(ctypes.get_errno(), "mincore")
        return bool(answer.value & 1)


def findings(programs: Programs, shape: images.Shape, raw: Path, plan: Path) -> list[Shown]:
    """Scan an image with planted files and return when each was shown.

    Raises:
        NotPossibleError: it cannot be measured on this machine.
        FailedError: a planted file was not found.
    """
    starts = _planted(programs, shape, raw, plan)
    residence = Residence(raw, starts)
    case = programs.folder / "case"
    sets = [word for number in range(len(starts)) for word in ("--set", _name(shape, number))]
    command = [str(HEROES), "scan", str(raw), "--case", str(case), *sets, "--verify", "off", "-q"]
    environment = {**os.environ, **measure.COMPILING, **programs.environment}
    read: dict[int, float] = {}
    shown: dict[int, float] = {}
    begun = time.monotonic()
    with subprocess.Popen(
        command, env=environment, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL
    ) as scan:
        watching = threading.Thread(target=_follow, args=(case, environment, scan, shown))
        watching.start()
        try:
            while scan.poll() is None and time.monotonic() - begun < _WAIT_SECONDS:
                for number in range(len(starts)):
                    if number not in read and residence.holds(number):
                        read[number] = time.monotonic()
                time.sleep(_LOOK_SECONDS)
        finally:
            scan.kill()
            watching.join()
            shutil.rmtree(case, ignore_errors=True)
    if len(shown) < len(starts) or len(read) < len(starts):
        raise measure.FailedError(f"{len(shown)} of {len(starts)} planted files were shown")
    return [Shown(shown[each] - read[each], shown[each] - begun) for each in sorted(shown)]


def _planted(programs: Programs, shape: images.Shape, raw: Path, plan: Path) -> list[int]:
    """Make sets of one file each; return where these files start, in disk order."""
    files = [extents for _, extents in planned(str(plan)) if extents]
    starts = []
    with raw.open("rb") as stream:
        for number, place in enumerate(PLACES):
            extents = files[int(len(files) * place)]
            digest = hashlib.md5(usedforsecurity=False)
            for start, length, _, _ in extents:
                stream.seek(start)
                digest.update(stream.read(length))
            path = programs.folder / f"{_name(shape, number)}.txt"
            path.write_text(f"{digest.hexdigest()}\n", encoding="ascii")
            programs.import_set(path, _name(shape, number))
            starts.append(extents[0][0])
    return starts


def _name(shape: images.Shape, number: int) -> str:
    return f"{shape.files}-files-planted-{number}"


def _follow(
    case: Path,
    environment: dict[str, str],
    scan: "subprocess.Popen[bytes]",
    shown: dict[int, float],
) -> None:
    """Note when each planted file appears on ``status --follow``."""
    while not (case / "case.db").exists() and scan.poll() is None:
        time.sleep(_LOOK_SECONDS)
    command = [str(HEROES), "status", str(case), "--follow", "--json"]
    with subprocess.Popen(
        command, env=environment, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True
    ) as status:
        ending = threading.Thread(target=_end_with, args=(scan, status))
        ending.start()
        for line in status.stdout or ():
            with suppress(ValueError, KeyError, TypeError):
                row = json.loads(line)
                name = str(row["set"])
                if row["type"] == "finding" and "planted-" in name:
                    shown.setdefault(int(name.rpartition("planted-")[2][:1]), time.monotonic())
            if len(shown) == len(PLACES):
                break
        status.kill()
        ending.join()


def _end_with(scan: "subprocess.Popen[bytes]", status: "subprocess.Popen[str]") -> None:
    """End the watcher soon after the scan: it would follow for ever."""
    with suppress(subprocess.TimeoutExpired):
        scan.wait(_WAIT_SECONDS)
    with suppress(subprocess.TimeoutExpired):
        status.wait(2)
    status.kill()


def help_seconds(programs: Programs) -> float:
    """Return the wall clock of ``heroes --help``, the shortest of several."""
    runs = [
        measure.run([str(HEROES), "--help"], environment=programs.environment)[0].wall
        for _ in range(_HELP_RUNS)
    ]
    return min(runs)
