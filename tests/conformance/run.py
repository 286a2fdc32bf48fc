"""Compare what we find in real images with what other tools found.

Usage: PYTHONPATH=tests python -m conformance.run [--workers N,M] [--results FILE] [NAME-PART ...]

Each image with a truth manifest is unpacked (bounded), scanned through the command line with
``--names clear``, and compared: the digests of its media, the starts of its partitions, and every
file of every volume whose file system is in scope, on path, size and SHA-256. `rules` says what
is listed apart. Any other difference has to have a row in ``exceptions.json``, allocated files that
no manifest lists one in ``extra.json``; ``deleted.json`` holds the deleted files that other tools
recover, ``members.json`` what they unpack from the archives in images. Each image is scanned once
for each number of ``--workers``; all must come to the same ``content_sha256``. Else, or when less
was compared than ``floor.json`` says, this exits with 1.
"""

import argparse
import json
import os
import shutil
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from conformance import members, results, rules
from conformance.exceptions import Exceptions
from conformance.images import Corpus, Image, Row
from conformance.programs import MEMORY, Ran, heroes, say

HERE: Final = Path(__file__).resolve().parent
ROOT: Final = HERE.parent.parent
EVIDENCE: Final = Path(os.environ.get("HEROES_EVIDENCE", ROOT.parent / "shared" / "evidence"))
_ENDED: Final = frozenset({0, 3, 6})
"""Exit codes after which there is an inventory: done, gaps, and digests that do not fit."""
_REFUSED: Final = 20


@dataclass(slots=True)
class Result:
    """What the comparison of one image gave."""

    label: str
    counts: Counter[str] = field(default_factory=Counter)
    differences: list[str] = field(default_factory=list)
    memory: int = 0
    remark: str = ""
    """Why it was refused, after a colon."""
    expected: Counter[str] = field(default_factory=Counter)
    """Files in scope of the manifest by the tool that listed them, and ``media``, ``deleted``."""
    also: list[str] = field(default_factory=list)
    """Further tools that list the same files."""
    gaps: Counter[str] = field(default_factory=Counter)
    keyed: Counter[str] = field(default_factory=Counter)
    """Items by status and gaps by code of a scan with the secret of an encrypted image."""

    def record(self) -> results.Record:
        """Return what is kept of it."""
        return {
            "counts": dict(sorted(self.counts.items())),
            "differences": len(self.differences),
            "remark": self.remark.removeprefix(": "),
            "expected": dict(sorted(self.expected.items())),
            "also": sorted(set(self.also)),
            "gaps": dict(sorted(self.gaps.items())),
            "with its key": dict(sorted(self.keyed.items())),
        }


class Comparison:
    """The corpus, the exceptions, and what both are compared with."""

    def __init__(
        self, corpus: Corpus, exceptions: Exceptions, scratch: Path, workers: tuple[int, ...]
    ) -> None:
        self.corpus = corpus
        self.workers = workers
        self.exceptions = exceptions
        self.scratch = scratch
        self.deleted: list[Row] = json.loads((HERE / "deleted.json").read_text("utf-8"))
        extra: list[Row] = json.loads((HERE / "extra.json").read_text("utf-8"))
        self.members = members.load(HERE / "members.json")
        self.extra = {(row["image"], row["volume"]): row for row in extra}

    def compare(self, image: Image) -> Result:
        """Scan one image and compare it with its manifest."""
        result = Result(image.label)
        folder = Path(tempfile.mkdtemp(dir=self.scratch))
        try:
            self._compare(image, folder, result)
        finally:
            shutil.rmtree(folder, ignore_errors=True)
        return result

    def _compare(self, image: Image, folder: Path, result: Result) -> None:
        path = self.corpus.unpack(image, folder) if image.expandable else None
        if path is None:
            result.counts["images too large to unpack"] += 1
            return
        first, *others = self.workers
        case = folder / "case"
        _expect(image, result)
        ran = _scan(path, case, first)
        result.memory = ran.memory
        result.counts[f"exit {ran.code}"] += 1
        in_scope = list(self._in_scope(image, result))
        if _unwell(ran):
            result.differences.append(f"{_unwell(ran)}: {ran.err.strip()[-300:]}")
        elif ran.code == _REFUSED:
            result.counts["images refused"] += 1
            result.remark = f": {ran.err.strip().splitlines()[0]}"
            if in_scope:
                result.differences.append(f"not opened: {ran.err.strip()[:300]}")
        else:
            self._inventory(image, path, case, in_scope, result)
            for number in others:
                self._again(path, case, ran.code, number, result)
            if image.row["kind"] == "encrypted":
                told = self.corpus.secret(image.row, folder)
                if told:
                    result.differences += _with_its_key(told, path, folder, result.keyed)

    def _again(self, path: Path, case: Path, code: int, workers: int, result: Result) -> None:
        """Scan once more with another number of workers; all of the result has to be the same."""
        other = case.with_name(f"case-{workers}")
        ran = _scan(path, other, workers)
        result.memory = max(result.memory, ran.memory)
        if _unwell(ran) or ran.code != code:
            result.differences.append(f"exits {ran.code} with {workers} workers, else {code}")
        elif _content(case) == _content(other):
            result.counts["images equal with any workers"] += 1
        else:
            result.differences.append(f"another content_sha256 with {workers} workers")
        shutil.rmtree(other, ignore_errors=True)

    def _in_scope(self, image: Image, result: Result) -> Iterator[Row]:
        for part in image.partitions:
            files = part.get("files")
            if not files:
                continue
            if image.row["kind"] == "encrypted" or part["file_system"] in rules.OUT_OF_SCOPE:
                result.counts["files out of scope"] += len(files)
            else:
                yield part
        if files := image.truth.get("files"):  # an image of files: it has no partition
            yield {"slot": "whole", "file_system": image.truth["container"], "files": files}

    def _inventory(
        self, image: Image, path: Path, case: Path, in_scope: list[Row], result: Result
    ) -> None:
        listed = heroes("inventory", str(case), "--json", watch=case)
        shown = heroes("inspect", str(path), "--json", watch=case)
        if listed.code or shown.code:
            result.differences.append(f"inventory exits {listed.code}, inspect {shown.code}")
            return
        rows: list[Row] = [json.loads(line) for line in listed.out.splitlines()]
        tree: Row = json.loads(shown.out)
        report: Row = json.loads((case / "custody/report/report.json").read_text("utf-8"))
        result.counts["images"] += 1
        result.gaps.update(row["gap"] for row in rows if row["gap"])
        result.gaps.update(_gaps_elsewhere(case, rows))
        if not report["coverage"]["closes"]:
            result.differences.append("the entry equation does not close")
        if image.row["kind"] != "encrypted":
            self._judge(image, "media", _media(image, report, result.counts), result)
        result.differences += _partitions(image, tree, result.counts)
        ranges = rules.ranges_of(path, tree)
        for part in in_scope:
            self._volume(image, part, rules.volume_of(rows, part), ranges, result)
        result.differences += self._deleted(image, rows, result.counts)
        result.differences += members.compare(self.members, image.label, rows, result.counts)

    def _volume(
        self, image: Image, part: Row, volume: rules.Volume, ranges: rules.Ranges, result: Result
    ) -> None:
        done = rules.compare(part, volume, ranges)
        key = f"p{part.get('start_sector', 0)}"
        result.counts["volumes"] += 1
        result.counts.update(done.equal)
        for name, count in done.apart.items():
            result.counts[f"apart: {name}"] += count
        for difference in done.differences:
            self._judge(image, key, difference, result)
        told = {difference.path for difference in done.differences}
        extra = [item.path for item in done.extra if item.path not in told]
        result.counts["files of ours alone"] += len(extra)
        row = self.extra.pop((image.label, key), {"files": 0, "why": ""})
        if len(extra) != row["files"]:
            text = f"{key} {len(extra)} files that are not in the manifest, not {row['files']}"
            result.differences.append(f"{text}: {sorted(extra)[:3]}")

    def _judge(
        self, image: Image, key: str, difference: rules.Difference | None, result: Result
    ) -> None:
        """Count a difference as an exception if there is a row for it."""
        if difference is None:
            return
        if self.exceptions.allows(image.label, key, difference):
            result.counts["exceptions"] += 1
        else:
            result.differences.append(f"{key} {_told(difference)}")

    def _deleted(self, image: Image, rows: list[Row], counts: Counter[str]) -> list[str]:
        """Compare with the deleted files that another tool recovers, on size and SHA-256."""
        differences = []
        for table in self.deleted:
            if table["image"] != image.label:
                continue
            ours = Counter(
                (row["size"], row["sha256"])
                for row in rows
                if not row["allocated"] and row["volume"] == table["volume"]
            )
            found = 0
            for file in table["files"]:
                if ours[file["size"], file["sha256"]] > 0:
                    ours[file["size"], file["sha256"]] -= 1
                    found += 1
            counts["deleted files"] += found
            if found < table["at_least"]:
                text = f"{found} of {len(table['files'])} deleted files, not {table['at_least']}"
                differences.append(f"{table['volume']}: {text}")
        return differences


def _expect(image: Image, result: Result) -> None:
    """Note what other tools say there is in an image, and who they are."""
    if image.truth.get("media"):
        is_locked = image.row["kind"] == "encrypted"
        result.expected["decrypted media" if is_locked else "media"] += 1
    for part in [*image.partitions, image.truth]:
        if files := part.get("files"):
            result.expected[str(part.get("tool", "")).partition(" (")[0]] += len(files)
        for tool, seen in (part.get("other_tools") or {}).items():
            if files and seen.get("agrees"):
                result.also.append(tool.partition(" (")[0])


def _gaps_elsewhere(case: Path, rows: list[Row]) -> Iterator[str]:
    """Yield the codes of gaps that are none of an item: of media, volumes and containers."""
    listed = heroes("inventory", str(case), "--gaps", "--json", watch=case)
    items = {(row["locator"], row["gap"]) for row in rows}
    for line in listed.out.splitlines():
        gap = json.loads(line)
        if gap["type"] == "gap" and (gap["where"], gap["code"]) not in items:
            yield gap["code"]


def _scan(path: Path, case: Path, workers: int, *more: str) -> Ran:
    options = ("--names", "clear", "--workers", str(workers), "-q", *more)
    return heroes("scan", str(path), "--case", str(case), *options, watch=case.parent)


def _with_its_key(told: Row, path: Path, folder: Path, keyed: Counter[str]) -> list[str]:
    """Scan with a secret, as a key file states it, and count what there is."""
    secrets = folder / "keys.yaml"
    secrets.write_text(json.dumps({"format": "heroes-keys/1", "secrets": [told]}), "utf-8")
    secrets.chmod(0o600)
    case = folder / "case-with-key"
    ran = _scan(path, case, 1, "--key-file", str(secrets))
    if ran.hung or ran.left or ran.code not in _ENDED:  # deriving a key may take much memory
        return [f"with its key: exit {ran.code}: {ran.err.strip()[-300:]}"]
    listed = heroes("inventory", str(case), "--json", watch=case)
    rows = [json.loads(line) for line in listed.out.splitlines()]
    keyed.update(f"items {each['status']}" for each in rows)
    keyed.update(_gaps_elsewhere(case, rows))
    return []


def _content(case: Path) -> str:
    shown = heroes("status", str(case), "--json", watch=case)
    return str(json.loads(shown.out.splitlines()[-1])["content_sha256"])


def _unwell(ran: Ran) -> str:
    """Return what is wrong with how a scan ended, or nothing."""
    if ran.hung:
        return f"no end after {ran.seconds:.0f} s"
    if ran.memory > MEMORY:
        return f"a process of {ran.memory >> 20} MiB"
    if ran.left:
        return "a process was left behind"
    if ran.code not in _ENDED | {_REFUSED}:
        return f"exit {ran.code}"
    return ""


def _told(found: rules.Difference) -> str:
    wanted = f"{found.path!r}: {found.size} bytes {found.sha256[:16]}"
    if not found.ours:
        return f"{wanted}, not found"
    ours = ", ".join(f"{size} bytes {sha[:16]} {status}" for size, sha, status in found.ours)
    return f"{wanted}, ours: {ours}"


def _media(image: Image, report: Row, counts: Counter[str]) -> rules.Difference | None:
    """Compare size and digests of the decoded media."""
    media = image.truth.get("media")
    stated = [name for name in ("md5", "sha1", "sha256") if name in (media or {})]
    if not media or not stated:
        return None
    if "partition only" in str(image.truth.get("container_info")):
        counts["media of which the manifest has one partition"] += 1
        return None
    source = report["exhibits"][0]["sources"][0]
    ours = {
        row["algorithm"]: row["computed"] for row in source["digests"] if row["scope"] == "media"
    }
    if source["size"] == media["size"] and all(ours.get(name) == media[name] for name in stated):
        counts["media"] += 1
        return None
    found = source["size"], str(ours.get("sha256")), "done"
    return rules.Difference("(media)", media["size"], media.get("sha256", ""), (found,))


def _partitions(image: Image, tree: Row, counts: Counter[str]) -> list[str]:
    """Compare where partitions start; one that ours lacks is a difference.

    mmls takes every sector for 512 bytes: where our table has larger ones, its numbers are those
    of such sectors, and a protective entry before a GPT that it does not find is none of ours.
    """
    table = tree.get("partition_table", {})
    sector = table.get("sector_size", 512)
    ours = {row.get("offset") for row in tree["volumes"]}
    differences = []
    for part in image.partitions:
        if part.get("slot") == "whole":
            continue
        if part["start_sector"] * sector in ours:
            counts["partitions"] += 1
        elif table.get("scheme") == "gpt" and part["description"].endswith("(0xee)"):
            counts["apart: protective partition"] += 1
        else:
            differences.append(f"no partition at byte {part['start_sector'] * sector}")
    return differences


def _summary(done: list[Result], exceptions: Exceptions, *, whole: bool) -> int:
    """Print what came out; return the exit code."""
    totals: Counter[str] = Counter()
    for result in done:
        totals.update(result.counts)
    totals["images without a difference"] = sum(not result.differences for result in done)
    say(f"largest process: {max((r.memory for r in done), default=0) >> 20} MiB")
    for key, count in sorted(totals.items()):
        say(f"{key}: {count}")
    failed = [f"{result.label}: {text}" for result in done for text in result.differences]
    if whole:
        failed += exceptions.unused()
        floor = json.loads((HERE / "floor.json").read_text("utf-8"))
        failed += [
            f"below the floor: {key}: {totals[key]} < {least}"
            for key, least in floor["comparison"].items()
            if totals[key] < least
        ]
    for text in failed:
        say(f"difference: {text}")
    return 1 if failed else 0


def main(arguments: list[str]) -> int:
    """Compare; return the exit code."""
    parser = argparse.ArgumentParser(prog="conformance.run", description=__doc__)
    parser.add_argument("wanted", nargs="*", metavar="PART-OF-A-NAME")
    parser.add_argument("--jobs", type=int, default=min(4, os.cpu_count() or 1))
    parser.add_argument("--workers", type=_numbers, default=(1, 4), metavar="N,M")
    parser.add_argument("--results", type=Path, metavar="FILE", help="keep what it gave")
    chosen = parser.parse_args(arguments)
    if not EVIDENCE.is_dir():
        say(f"no corpus at {EVIDENCE}: nothing compared")
        return 0
    corpus = Corpus(EVIDENCE)
    exceptions = Exceptions(HERE / "exceptions.json")
    done = []
    with (
        tempfile.TemporaryDirectory(prefix="heroes-conformance-") as scratch,
        ThreadPoolExecutor(chosen.jobs) as pool,
    ):
        os.environ["HEROES_HOME"] = f"{scratch}/home"
        comparison = Comparison(corpus, exceptions, Path(scratch), chosen.workers)
        for result in pool.map(comparison.compare, corpus.images(chosen.wanted)):
            say(f"{'DIFF' if result.differences else 'ok  '} {result.label}{result.remark}")
            done.append(result)
    if chosen.results:
        results.keep("files", corpus.listed(), chosen.results)
        results.keep("comparison", {each.label: each.record() for each in done}, chosen.results)
    return _summary(done, exceptions, whole=not chosen.wanted and len(chosen.workers) > 1)


def _numbers(text: str) -> tuple[int, ...]:
    return tuple(int(part) for part in text.split(","))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
