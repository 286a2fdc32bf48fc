"""Scanning mutants and judging how that ended.

Usage: PYTHONPATH=tests:fixtures python -m fuzzing [--seconds N] [--start N] [--only NAME] [--keep]

A crash of a worker is no fault: it costs an entry, which is a gap. A fault is whatever a run must
not do, however hostile the evidence: crash or hang the coordinator, leave a process behind, lose
an entry without a word, leave a record that does not verify; or a defect of a parser, which shows
as an error that no parser may let out. Volumes are put on one disk, some at a time, so that one
scan reads many; one that fails is looked for alone, and made as small as it can be.
"""

import argparse
import json
import os
import re
import shutil
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import mutation_bases
from command_server import Commands, Ended
from mutation import ROWS, Mutant, kept, mutant, smaller

from heroes_forensics.pipelines.checks import verifying, views

TOGETHER: Final = 10
"""Volumes of one disk."""
IMAGES: Final = 4
FILES: Final = 40
"""Images and files of one round."""
ROOM: Final = 12 << 20
"""Bytes of them together, beside the first."""
CODES: Final = frozenset({0, 3, 20})
LIMIT: Final = 240.0
"""Seconds after which a scan counts as hung; one takes about one."""
_BUG: Final = re.compile(r"Traceback|this is a bug|\b[A-Z]\w+ at \w+\.py:\d+")
_DEFECT: Final = '"cause":"failed"'
"""In the ledger: a worker ended a unit on an error that no parser lets out."""


@dataclass(slots=True)
class Tally:
    """What was done."""

    mutants: int = 0
    scans: int = 0
    deaths: int = 0
    codes: dict[int, int] = field(default_factory=dict)
    faults: list[tuple[Mutant, str]] = field(default_factory=list)


class Fuzz:
    """Scans mutants of one set of bases, in a folder of its own."""

    def __init__(self, commands: Commands, folder: Path) -> None:
        self._commands = commands
        self._folder = folder
        self.volumes = mutation_bases.volumes(_made(folder / "volumes"))
        self.images = mutation_bases.images(_made(folder / "images"))
        self.files = mutation_bases.shown() | {name: self.images[name] for name in ("zip", "tar")}
        self.tally = Tally()

    def round(self, number: int, *, only: str = "") -> list[tuple[Mutant, str]]:
        """Scan one group of mutants; return those that fail, alone and small, with what fails."""
        found = []
        for group in self._groups(number, only):
            fault = self._scan(group) if group else ""
            self.tally.mutants += len(group)
            if not fault:
                continue
            alone = [(each, text) for each in group if (text := self._scan([each]))]
            for each, text in alone or [(group[0], f"only together with others: {fault}")]:
                least = smaller(each, lambda less: bool(self._scan([less]))) if alone else each
                found.append((least, text))
        self.tally.faults += found
        return found

    def fault_of(self, one: Mutant) -> str:
        """Scan a mutant alone; say what is wrong with how it ended, or nothing."""
        return self._scan([one])

    def _groups(self, number: int, only: str) -> Iterator[list[Mutant]]:
        """Yield what the round of this number scans: a disk of volumes, images, a folder."""
        disk = self._mutants(self.volumes, number, TOGETHER, only)
        room = ROOM
        for count, each in enumerate(disk):
            room -= len(self.volumes[each.base])
            if count and room < 0:
                disk = disk[:count]
                break
        yield disk
        for each in self._mutants(self.images, number, IMAGES, only):
            yield [each]
        yield self._mutants(self.files, number, FILES, only)

    def _mutants(self, table: dict[str, bytes], number: int, many: int, only: str) -> list[Mutant]:
        names = [name for name in table if only in name]
        first = number * many
        return [
            mutant(names[each % len(names)], table[names[each % len(names)]], each)
            for each in range(first, first + (many if names else 0))
        ]

    def has(self, base: str) -> bool:
        """Say whether a base is there: those of the corpus need not be."""
        return any(base in table for table in (self.volumes, self.images, self.files))

    def _base(self, name: str) -> bytes:
        tables = (self.volumes, self.images, self.files)
        return next(table[name] for table in tables if name in table)

    def _scan(self, group: list[Mutant]) -> str:
        home = Path(tempfile.mkdtemp(dir=self._folder))
        try:
            source = self._source(group, home)
            case = home / "case"
            return self.judged(self.scan(source, case), case)
        finally:
            shutil.rmtree(home, ignore_errors=True)

    def scan(self, source: Path, case: Path) -> Ended:
        """Scan one source into a new case."""
        options = ["--case", str(case), "--verify", "off", "--workers", "2", "--quiet"]
        ended = self._commands.run("scan", str(source), *options, limit=LIMIT)
        self.tally.scans += 1
        self.tally.codes[ended.code] = self.tally.codes.get(ended.code, 0) + 1
        return ended

    def _source(self, group: list[Mutant], home: Path) -> Path:
        datas = [each.apply(self._base(each.base)) for each in group]
        name = group[0].base
        if name in self.volumes:
            source = home / "disk.raw"
            source.write_bytes(mutation_bases.disk([data or b"\0" for data in datas]))
        elif name in self.images and len(group) == 1 and name not in self.files:
            source = home / f"image{SUFFIXES.get(name.split(' ', maxsplit=1)[0], '.raw')}"
            source.write_bytes(datas[0] or b"\0")
        else:
            source = home / "folder"
            source.mkdir()
            for number, data in enumerate(datas):
                (source / f"{number}").write_bytes(data)
        return source

    def judged(self, ended: Ended, case: Path) -> str:
        """Say what is wrong with how a scan ended, or nothing."""
        if ended.hung:
            return "no end"
        if ended.code not in CODES:
            return f"exit {ended.code}: {ended.err.strip()[-400:]}"
        if ended.left:
            return "a process was left behind"
        if _BUG.search(ended.err):
            return ended.err.strip()[-400:]
        if not (case / "case.db").exists():
            return "" if ended.code == 20 else "no case"
        return self._record(case)

    def _record(self, case: Path) -> str:
        equation = views.status(case)["equation"]
        if not (isinstance(equation, dict) and equation["closes"]):
            return f"the equation does not close: {equation}"
        ledger = (case / "custody/ledger.jsonl").read_text(encoding="utf-8")
        self.tally.deaths += ledger.count('"cause":"signal-')
        if _DEFECT in ledger:
            return "a parser let an error out"
        verified = verifying.verify(case)
        if verified["exit_code"] not in {0, 7}:
            return f"does not verify: {verified['headline']}"
        return ""


SUFFIXES: Final = {
    "E01": ".E01", "qcow2": ".qcow2", "vhd": ".vhd", "vmdk": ".vmdk", "dmg": ".dmg",
    "vhdx": ".vhdx", "lvm": ".qcow2", "gpt": ".raw",
}  # fmt: skip


def _made(folder: Path) -> Path:
    folder.mkdir()
    return folder


def main() -> int:
    """Scan mutants for some time; write those that fail, made small, into ``mutants.json``."""
    parser = argparse.ArgumentParser(prog="fuzzing", description=__doc__)
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--start", type=int, default=0)
    parser.add_argument("--only", default="")
    parser.add_argument("--keep", action="store_true", help="add what fails to mutants.json")
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory(dir="/dev/shm") as folder:
        os.environ["HEROES_HOME"] = f"{folder}/home"
        with Commands(Path(folder)) as commands:
            fuzz = Fuzz(commands, _made(Path(folder) / "fuzz"))
            deadline, number = time.monotonic() + chosen.seconds, chosen.start
            while time.monotonic() < deadline:
                for least, fault in fuzz.round(number, only=chosen.only):
                    row = least.row(" ".join(fault.split())[:300])
                    sys.stdout.write(json.dumps(row) + "\n")
                    sys.stdout.flush()
                    if chosen.keep:
                        rows = [*kept(), row]
                        ROWS.write_text(json.dumps(rows, indent=1) + "\n", encoding="utf-8")
                number += 1
    done = fuzz.tally
    sys.stdout.write(
        f"rounds {chosen.start} to {number - 1}: {done.mutants} mutants, {done.scans} scans,"
        f" {done.deaths} workers ended, exit codes {done.codes}, {len(done.faults)} faults\n"
    )
    return 1 if done.faults else 0


if __name__ == "__main__":
    sys.exit(main())
