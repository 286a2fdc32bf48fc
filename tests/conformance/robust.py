"""Put every file of the corpus, and broken sets of segments, through the command line.

Usage: PYTHONPATH=tests python -m conformance.robust [--jobs N] [--results FILE] [NAME-PART ...]

Whatever a file is, ``heroes scan FILE`` has to end: with an exit code of the table, within the time
and below 1 GiB for every process, without filling the disk, without a process left behind and
without a trace of a bug; refused in one sentence, or with a case that verifies; and what a refusal
recommends has to work. The file itself has to be what it was. Every file of ``hashsets/``, and
others that are no sets, goes through ``heroes hashset import`` the same way.
"""

import argparse
import hashlib
import json
import os
import shutil
import sys
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Final

from conformance import results
from conformance.images import Corpus, Row
from conformance.programs import MEMORY, Ran, heroes, say
from conformance.run import EVIDENCE, HERE

DISK: Final = 256 << 20
"""Bytes that a case may take on disk; the largest here has some thousand entries."""
SECONDS: Final = 300.0
"""After which a scan counts as hung: room for a busy machine, not for a large file."""
SCAN_CODES: Final = frozenset({0, 3, 6, 20})
RECOMMENDED: Final = {
    ("--as", "file"): frozenset({0, 3}),  # 3: what is compressed has limits, and may be damaged
    ("--accept-damaged",): frozenset({3, 6}),
}
"""Options that a refusal may name, and how the scan has to end with them."""
_REFUSED: Final = 20
IMPORT_CODES: Final = frozenset({0, 30})
VERIFY_CODES: Final = frozenset({0, 7})
_OTHERS: Final = 30
"""Files that are no hash sets and are imported all the same."""
_LINE: Final = 300
"""Characters that a sentence has at most, with the name of a file in it."""


@dataclass(slots=True)
class Result:
    """What one file gave."""

    label: str
    counts: Counter[str] = field(default_factory=Counter)
    faults: list[str] = field(default_factory=list)
    memory: int = 0
    seconds: float = 0.0
    told: str = ""
    """The sentence with which it was refused."""
    imported: Row = field(default_factory=dict)
    """Format and digests by algorithm of a hash set that was imported."""

    def record(self) -> results.Record:
        """Return what is kept of it."""
        return {
            "counts": dict(sorted(self.counts.items())),
            "faults": len(self.faults),
            "told": self.told,
            "imported": self.imported,
        }


Task = tuple[str, Callable[[Path], list[Path]], bool]
"""A label, what writes the file (and what lies beside it) into a folder, whether it is a set."""


def tasks(corpus: Corpus) -> Iterator[Task]:
    """Yield every file alone in a folder, then broken sets, then imports."""
    for row in corpus.rows:
        yield row["file"], partial(_alone, corpus, row), False
    yield from _broken(corpus)
    others = 0
    for row in corpus.rows:
        if row["kind"] == "hashset":
            yield f"import {row['file']}", partial(_alone, corpus, row), True
        elif others < _OTHERS and row["kind"] in {"sqlite", "document", "negative", "p2p", "mail"}:
            others += 1
            yield f"import {row['file']}", partial(_alone, corpus, row), True


def _alone(corpus: Corpus, row: Row, folder: Path) -> list[Path]:
    return [corpus.write(row, folder)]


def _broken(corpus: Corpus) -> Iterator[Task]:
    """Yield sets of segments that are cut, mixed, incomplete or in the wrong order."""
    rows = {Path(row["file"]).name: row for row in corpus.rows}

    def of(*names: str, cut: str = "", rename: dict[str, str] | None = None) -> Task:
        def write(folder: Path) -> list[Path]:
            aside = folder / "aside"
            aside.mkdir()
            written = []
            for name in names:
                target = folder / (rename or {}).get(name, name)
                corpus.write(rows[name], aside).replace(target)
                if name == cut:
                    os.truncate(target, target.stat().st_size // 2)
                written.append(target)
            aside.rmdir()
            return written

        told = [f"{name} cut in half" if name == cut else name for name in names]
        told += [f"{old} as {new}" for old, new in (rename or {}).items()]
        return f"broken: {', '.join(told)}", write, False

    mail = [f"email_test.E0{number}" for number in range(1, 5)]
    swapped = {mail[1]: mail[2], mail[2]: mail[1]}
    foreign = "image-split.E02"
    yield of("ext2.E01", cut="ext2.E01")
    yield of("CFReDS001.E01", cut="CFReDS001.E01")
    for name in mail:
        yield of(*mail, cut=name)
        yield of(*[other for other in mail if other != name] or [name])
    yield of(*mail, rename=swapped)
    yield of("ext2.split.E01", foreign, rename={foreign: "ext2.split.E02"})
    yield of("email_test.E01", foreign, rename={foreign: "email_test.E02"})
    yield of("ext2.split.E02", rename={"ext2.split.E02": "ext2.split.E01"})
    yield of("ext2.splitraw.000", "ext2.splitraw.001", cut="ext2.splitraw.001")
    yield of("ext2.splitraw.000", "image.raw.001", rename={"image.raw.001": "ext2.splitraw.001"})
    yield of("ext2.splitraw.001", rename={"ext2.splitraw.001": "ext2.splitraw.000"})
    for name in ("ext2.qcow2", "ext2.vhd", "ext2.vmdk", "hfsplus_zlib.dmg", "vsstest.qcow2"):
        yield of(name, cut=name)
    for name in ("tika-quine.gz", "tika-droste.zip", "fs.vfat.xz", "vss_2003.tgz"):
        yield of(name, cut=name)


def examine(scratch: Path, task: Task) -> Result:
    """Do one task in a folder of its own."""
    label, write, is_set = task
    result = Result(label)
    folder = Path(tempfile.mkdtemp(dir=scratch))
    try:
        source, case = folder / "source", folder / "case"
        source.mkdir()
        case.mkdir()
        files = write(source)
        before = [_digest(path) for path in files]
        if is_set:
            _import(files[0], case, result)
        else:
            _scan(files[0], case, result)
        if before != [_digest(path) for path in files]:
            result.faults.append("the file was changed")
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    return result


def _scan(path: Path, folder: Path, result: Result) -> None:
    """Scan a file, and once more the way that a refusal recommends."""
    ran = _scanned(path, folder / "case", (), SCAN_CODES, result)
    for option, codes in RECOMMENDED.items():
        if ran.code == _REFUSED and " ".join(option) in ran.err:
            _scanned(path, folder / "again", option, codes, result)


def _scanned(
    path: Path, case: Path, options: tuple[str, ...], codes: frozenset[int], result: Result
) -> Ran:
    folder = case.parent
    arguments = (str(path), "--case", str(case), "--quiet", *options)
    ran = heroes("scan", *arguments, watch=folder, limit=SECONDS)
    judge(ran, codes, " ".join(["scan", *options]), result)
    if (case / "case.db").exists():
        judge(heroes("verify", str(case), watch=folder), VERIFY_CODES, "verify", result)
    return ran


def _import(path: Path, folder: Path, result: Result) -> None:
    name = hashlib.sha256(result.label.encode()).hexdigest()[:12]
    arguments = ("--name", f"c{name}", "--kind", "known-good")
    ran = heroes("hashset", "import", str(path), *arguments, "--json", watch=folder, limit=SECONDS)
    judge(ran, IMPORT_CODES, "import", result)
    for row in map(json.loads, ran.out.splitlines()):
        if row["type"] == "import":
            result.imported = {"format": row["format"], "accepted": row["accepted"]}


def judge(ran: Ran, codes: frozenset[int], verb: str, result: Result) -> None:
    """Add what is wrong with how a program ended."""
    result.counts[f"{verb} exit {ran.code}"] += 1
    result.memory = max(result.memory, ran.memory)
    result.seconds += ran.seconds
    told = ran.err.strip().splitlines()
    result.told = result.told or next((line for line in told if line.startswith("error: ")), "")
    wrong = {
        f"no end after {ran.seconds:.0f} s": ran.hung,
        f"exit {ran.code}": ran.code not in codes,
        f"a process of {ran.memory >> 20} MiB": ran.memory > MEMORY,
        f"{ran.disk >> 20} MiB on disk": ran.disk > DISK,
        "a process was left behind": ran.left,
        "a trace": "Traceback" in ran.out + ran.err or "is a bug" in ran.err,
        "not refused in a sentence": ran.code in {20, 30} and not _one_sentence(told),
    }
    result.faults += [
        f"{verb}: {fault}: {' / '.join(told)[:300]}" for fault, holds in wrong.items() if holds
    ]


def _one_sentence(told: list[str]) -> bool:
    """Tell whether the last thing said is one error of one line, and at most hints after it."""
    errors = [number for number, line in enumerate(told) if line.startswith("error: ")]
    if len(errors) != 1:
        return False
    after = told[errors[0] + 1 :]
    return len(told[errors[0]]) <= _LINE and all(line.startswith(("hint: ", " ")) for line in after)


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def main(arguments: list[str]) -> int:
    """Do all tasks; return the exit code."""
    parser = argparse.ArgumentParser(prog="conformance.robust", description=__doc__)
    parser.add_argument("wanted", nargs="*", metavar="PART-OF-A-NAME")
    parser.add_argument("--jobs", type=int, default=min(4, os.cpu_count() or 1))
    parser.add_argument("--results", type=Path, metavar="FILE", help="keep what it gave")
    chosen = parser.parse_args(arguments)
    if not EVIDENCE.is_dir():
        say(f"no corpus at {EVIDENCE}: nothing tried")
        return 0
    wanted = [
        task
        for task in tasks(Corpus(EVIDENCE))
        if not chosen.wanted or any(part in task[0] for part in chosen.wanted)
    ]
    done = []
    with (
        tempfile.TemporaryDirectory(prefix="heroes-robust-") as scratch,
        ThreadPoolExecutor(chosen.jobs) as pool,
    ):
        os.environ["HEROES_HOME"] = f"{scratch}/home"
        for result in pool.map(partial(examine, Path(scratch)), wanted):
            exits = ", ".join(result.counts)
            say(f"{'BAD ' if result.faults else 'ok  '} {result.label}: {exits}")
            done.append(result)
    if chosen.results:
        results.keep("robustness", {each.label: each.record() for each in done}, chosen.results)
    return _summary(done, whole=not chosen.wanted)


def _summary(done: list[Result], *, whole: bool) -> int:
    totals: Counter[str] = Counter()
    for result in done:
        totals.update(result.counts)
    totals["files and sets tried"] = len(done)
    largest = max(done, key=lambda result: result.memory)
    longest = max(done, key=lambda result: result.seconds)
    say(f"largest process: {largest.memory >> 20} MiB, {largest.label}")
    say(f"longest: {longest.seconds:.0f} s, {longest.label}")
    for key, count in sorted(totals.items()):
        say(f"{key}: {count}")
    faults = [f"{result.label}: {text}" for result in done for text in result.faults]
    if whole:
        floor = json.loads((HERE / "floor.json").read_text("utf-8"))
        faults += [
            f"below the floor: {key}: {totals[key]} < {least}"
            for key, least in floor["robustness"].items()
            if totals[key] < least
        ]
    for text in faults:
        say(f"fault: {text}")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
