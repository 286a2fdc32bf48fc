"""The programs that are compared, each run on one image, and what each of them cost.

All compute MD5, SHA-1 and SHA-256 of every file unless the table of docs/performance.md says
otherwise. A program that is missing, fails, or read other bytes than the rest is left out and
said so: one peer that fails does not end a run of an hour.
"""

import json
import os
import random
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Final

import images
import measure
from measure import Cost

HERE: Final = Path(__file__).resolve().parent
ROOT: Final = HERE.parent
HEROES: Final = Path(sys.executable).with_name("heroes")
PEERS: Final = HERE.parent / "build" / "peers"
"""Where `peers-setup.sh` puts the environments of peers."""

KNOWN_RECORDS: Final = 100_000
"""Digests of the set that is compared with; none of them is in an image."""

PICTURES: Final = "heroes, perceptual"
"""The same, with pictures decoded and compared perceptually."""

OURS: Final = "heroes, verify off"
"""The scan that peers are compared with: none of them digests the image itself."""

_GAPS_ARE_FINE: Final = (0, 3)
_ONCE_SECONDS: Final = 20
"""A program that took longer is not run again."""


FAILURES: Final = (
    *(measure.FailedError, images.NotPossibleError, subprocess.SubprocessError),
    *(OSError, ValueError, LookupError, sqlite3.Error),
)


@dataclass(slots=True)
class Measured:
    """The costs of one image in one format."""

    shape: images.Shape
    kind: str
    """``raw`` or ``E01``."""
    costs: dict[str, Cost] = field(default_factory=dict)
    runs: dict[str, int] = field(default_factory=dict)
    stages: dict[str, float] = field(default_factory=dict)
    """Seconds of processor time of each stage of our scan."""
    missing: dict[str, str] = field(default_factory=dict)
    """Programs that could not be run, or went wrong, and how."""
    check: int | None = None
    """What the minimal program found the digests of the files to come to."""

    @property
    def name(self) -> str:
        """How the image is called in the tables."""
        return f"{self.shape.name}, {self.kind}"

    def least(self) -> Cost:
        """Return what the better of the minimal programs needed."""
        plain = self.costs["minimal"]
        return plain.best(self.costs.get("minimal, lanes", plain))

    def take(self, name: str, cost: Cost) -> None:
        """Keep the smaller figures."""
        self.costs[name] = self.costs[name].best(cost) if name in self.costs else cost
        self.runs[name] = self.runs.get(name, 0) + 1


class Programs:
    """Runs programs, with all they write below one folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.environment = {"HEROES_HOME": str(folder / "home"), "TZ": "UTC"}

    def prepare(self) -> None:
        """Import the set of known material, once, as a laboratory does."""
        drawn = random.Random(1)  # noqa: S311 - not for security
        lines = "".join(f"{drawn.getrandbits(128):032x}\n" for _ in range(KNOWN_RECORDS))
        path = self.folder / "known.txt"
        path.write_text(lines, encoding="ascii")
        self.import_set(path, "known")

    def import_set(self, path: Path, name: str) -> None:
        """Import a list of MD5 into the catalogue."""
        command = [str(HEROES), "hashset", "import", str(path), "--kind", "notable"]
        measure.run([*command, "--name", name], environment=self.environment)

    def round(self, measured: Measured, image: Path, plan: Path) -> None:
        """Run every program once on one image, in turn."""
        shape = measured.shape
        works = {
            "digests": lambda: self._digests(measured),
            "minimal": lambda: self._minimal(measured, image, plan),
            "minimal, lanes": lambda: self._lanes(measured, image, plan),
            "heroes": lambda: self._heroes(measured, "heroes", image),
            OURS: lambda: self._heroes(measured, OURS, image, "--verify", "off"),
            PICTURES: lambda: self._heroes(measured, PICTURES, image, "--verify", "off"),
            "dfVFS loop": lambda: self._loop(measured, "dfVFS loop", "dfvfs", image),
            "hashdeep": lambda: self._hashdeep(measured, image),
            "tsk_loaddb": lambda: self._tsk_loaddb(measured, image),
            "dissect": lambda: self._loop(measured, "dissect", "dissect", image),
            "plaso": lambda: self._plaso(measured, image),
        }
        wanted = ["digests", "minimal", "minimal, lanes", OURS, *shape.peers]
        if shape.peers:
            wanted.insert(3, "heroes")
        if shape.sizes == "pictures":
            wanted.append(PICTURES)
        for name in wanted:
            done = measured.costs.get(name)
            if name in measured.missing or (done is not None and done.wall > _ONCE_SECONDS):
                continue
            try:
                works[name]()
            except FAILURES as error:
                measured.missing[name] = _short(error)

    # ---- ours and the bounds ---------------------------------------------------------------

    def heroes(
        self, image: Path, *options: str, known: str = "known"
    ) -> tuple[Cost, dict[str, int]]:
        """Scan an image into a new case, which is removed; return the cost and the counts."""
        case = self.folder / "case"
        command = [str(HEROES), "scan", str(image), "--case", str(case), "--set", known, "-q"]
        try:
            cost, output = measure.run(
                [*command, "--json", *options],
                environment=self.environment,
                accepted=_GAPS_ARE_FINE,
            )
        finally:
            shutil.rmtree(case, ignore_errors=True)
        lines = [json.loads(line) for line in output.splitlines()]
        return cost, [line["counts"] for line in lines if line["type"] == "scan"][-1]

    def _heroes(self, measured: Measured, name: str, image: Path, *options: str) -> None:
        if name != PICTURES:
            options = ("--no-perceptual", *options)
        cost, counts = self.heroes(image, *options)
        if counts["digested"] < measured.shape.files:
            found = f"digested {counts['digested']} of {measured.shape.files} files"
            raise measure.FailedError(found)
        measured.take(name, cost)

    def stages(self, measured: Measured, image: Path) -> None:
        """Find out where the time of our scan goes, in one further run."""
        case = self.folder / "case"
        command = [sys.executable, str(HERE / "stages.py"), str(image), str(case)]
        options = ["--set", "known", "--verify", "off", "--no-perceptual"]
        try:
            _, found = self._ran([*command, *options])
            measured.stages = {name: float(str(value)) for name, value in found.items()}
        except FAILURES as error:
            measured.missing["stages"] = _short(error)
        finally:
            shutil.rmtree(case, ignore_errors=True)

    def _python(self, script: str, *arguments: str, python: str = sys.executable) -> Cost:
        return self._ran([python, str(HERE / script), *arguments])[0]

    def _ran(self, command: Sequence[str]) -> tuple[Cost, dict[str, object]]:
        cost, output = measure.run(command, environment=self.environment)
        found: dict[str, object] = json.loads(output)
        return cost, found

    def _digests(self, measured: Measured) -> None:
        sizes = self.folder / "sizes.json"
        sizes.write_text(json.dumps(measured.shape.all_sizes), encoding="ascii")
        measured.take("digests", self._python("peers.py", "digests", str(sizes)))

    def plan(self, raw: Path) -> Path:
        """Write down where the files of a raw image lie, and return the file that says so."""
        plan = raw.with_name("image.plan")
        if not plan.exists():
            command = [sys.executable, str(HERE / "plan.py"), str(raw), str(plan)]
            measure.run(command, environment=self.environment)
        return plan

    def _minimal(self, measured: Measured, image: Path, plan: Path) -> None:
        command = [sys.executable, str(HERE / "bounds.py"), "read", str(image), str(plan)]
        cost, found = self._ran(command)
        measured.check = int(str(found["check"]))
        measured.take("minimal", cost)

    def _lanes(self, measured: Measured, image: Path, plan: Path) -> None:
        command = [sys.executable, str(HERE / "bounds.py"), "lanes", str(image), str(plan)]
        cost, found = self._ran(command)
        if found["check"] != measured.check:
            raise measure.FailedError("read other bytes than the minimal program")
        measured.take("minimal, lanes", cost)

    # ---- peers -----------------------------------------------------------------------------

    def _loop(self, measured: Measured, name: str, which: str, image: Path) -> None:
        python = sys.executable if which == "dfvfs" else self._peer("dissect", "python")
        cost, found = self._ran([python, str(HERE / "peers.py"), which, str(image)])
        if found["check"] != measured.check:
            raise measure.FailedError("read other bytes than the minimal program")
        measured.take(name, cost)

    def _peer(self, environment: str, program: str) -> str:
        path = PEERS / environment / "bin" / program
        if not path.exists():
            raise images.NotPossibleError("not installed: benchmarks/peers-setup.sh does it")
        return str(path)

    def _hashdeep(self, measured: Measured, image: Path) -> None:
        if measured.kind != "raw":
            return  # an E01 cannot be mounted without a further program
        _installed("hashdeep")
        before = measure.spent()
        with images.mounted(image, measured.shape.file_system) as place:
            command = ["hashdeep", "-c", "md5,sha1,sha256", "-r", str(place)]
            cost, _ = measure.run(command, environment={})
        # With the driver, which for NTFS is a process of its own.
        measured.take("hashdeep", replace(cost, cpu=measure.spent() - before))

    def _tsk_loaddb(self, measured: Measured, image: Path) -> None:
        _installed("tsk_loaddb")
        database = self.folder / "tsk.db"
        try:
            command = ["tsk_loaddb", "-h", "-d", str(database), str(image)]
            cost, _ = measure.run(command, environment={"TZ": "UTC"})
        finally:
            database.unlink(missing_ok=True)
        measured.take("tsk_loaddb", cost)

    def _plaso(self, measured: Measured, image: Path) -> None:
        place = self.folder / "plaso"
        place.mkdir(exist_ok=True)
        command = [
            *(self._peer("plaso", "log2timeline"), "--hashers", "md5,sha1,sha256"),
            *("--parsers", "filestat", "--unattended", "--status-view", "none"),
            *("--partitions", "all", "--vss-stores", "none"),
            *("--logfile", str(place / "log.gz"), "--storage-file", str(place / "timeline.plaso")),
            str(image),
        ]
        try:
            cost, _ = measure.run(command, environment={"TZ": "UTC", "HOME": str(place)})
            _all_hashed(place / "timeline.plaso", measured.shape.files)
        finally:
            shutil.rmtree(place)
        measured.take("plaso", cost)

    def versions(self) -> list[str]:
        """Return name and version of each peer that is there."""
        found = []
        for name, command in (
            ("hashdeep", ["hashdeep", "-V"]),
            ("sleuthkit", ["tsk_loaddb", "-V"]),
            ("ewf-tools", ["ewfacquire", "-V"]),
            ("e2fsprogs", ["mke2fs", "-V"]),
            ("ntfs-3g", ["ntfs-3g", "--version"]),
        ):
            with suppress(measure.FailedError, OSError):
                text = measure.text([*command])
                version = next(word for word in text.split() if word[:1].isdigit())
                found.append(f"{name} {version.rstrip(',')}")
        for environment, package in (("plaso", "plaso"), ("dissect", "dissect.target")):
            with suppress(images.NotPossibleError, measure.FailedError):
                code = f"import importlib.metadata as m; print(m.version({package!r}))"
                python = self._peer(environment, "python")
                found.append(f"{package} {measure.text([python, '-c', code]).strip()}")
        return found


def _short(error: Exception) -> str:
    return " ".join(str(error).replace("|", "/").split())[-200:]


def _installed(program: str) -> None:
    if shutil.which(program) is None:
        raise images.NotPossibleError("not installed")


def _all_hashed(storage: Path, files: int) -> None:
    """Check that plaso digested every file: it goes on after errors and ends well."""
    question = "SELECT count(*) FROM event_data_stream WHERE sha256_hash IS NOT NULL"
    with sqlite3.connect(storage) as database:
        (hashed,) = database.execute(question).fetchone()
    database.close()
    if hashed < files:
        raise measure.FailedError(f"digested {hashed} of {files} files")


def into_cache(image: Path) -> None:
    """Read a file once, so that it is in the page cache for all programs alike."""
    with image.open("rb", buffering=0) as stream:
        buffer = bytearray(8 << 20)
        while stream.readinto(buffer):
            pass


def load() -> float:
    """Return the load average of the last minute."""
    return os.getloadavg()[0]
