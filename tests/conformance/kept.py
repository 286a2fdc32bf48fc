"""Compare what we find in the files of the corpus that are no images with what other tools find.

Usage: PYTHONPATH=tests python -m conformance.kept [--results FILE]

All of them are written into one folder, which is scanned once with ``--names clear`` and with a
hash set of every digest that `kept.json` expects. Each file has to be there with the digests of
the index. A row of ``kept.json``::

    {"file": NAME, "what": WHAT IS COMPARED, "tools": [NAME AND VERSION, ...],
     "digests": [SHA-256, ...], "missing": N, "gap": {CODE: COUNT}, "why": TEXT, "short": TEXT}

``digests`` are those of everything with content that the tools take out of the file; where there
are two, both take out the same. Each has to be that of an item of ours inside the file, and a
finding of the scan has to say so, but for as many as ``missing`` says. ``gap`` is every gap in the
file, exactly, and ``why`` says what they are; ``short`` says why something is missing for which
there is no gap. A file without digests is negative: there may be no finding in it, and no picture
where other tools find none.

A row with ``source`` in place of ``file`` is a file or folder that is scanned by itself; ``files``
are its paths with the SHA-256 of each, all of them and no others, ``password`` its secret, and
``sha1`` that of its media, when nothing else is known. A row with ``hashset`` says how many
different MD5 values other tools find in a hash set, for `table`.
Published PDQ values are made a hash set with which the pictures of their authors are scanned.
"""

import argparse
import csv
import json
import os
import sys
import tempfile
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from conformance import results
from conformance.images import Corpus, Row
from conformance.programs import heroes, say
from conformance.run import EVIDENCE, HERE
from heroes_forensics.filetype import TYPES

ELSEWHERE: Final = ("images/", "encrypted/")
"""Folders of the corpus that `run` compares."""
PDQ: Final = "perceptual/pdq/"
UNLIKE: Final = ("perceptual/pdq/reg-test-input/labelme-subset/",)
"""Pictures that are none of those whose values are published."""
WITHIN: Final = 10
"""Bits by which a PDQ value may differ from the published one; its note names the number."""
NO_VALUE: Final = {
    "misc-images/small.jpg": "quality below 50: neither side counts",
    "misc-images/wee.jpg": "quality below 50: neither side counts",
}
"""Pictures that are compared with no value, and why."""
MEDIA: Final = frozenset(row.name for row in TYPES if row.is_media)
_SCANNED: Final = frozenset({0, 3})


@dataclass(slots=True)
class Inside:
    """What a scan found in one file."""

    own: Row = field(default_factory=dict)
    digests: set[str] = field(default_factory=set)
    members: int = 0
    pictures: int = 0
    """Members that are pictures or films."""
    gaps: Counter[str] = field(default_factory=Counter)
    findings: int = 0
    listed: int = 0
    """Items of which the hash set holds the digest."""


def scan(source: Path, case: Path, *more: str) -> tuple[list[Row], list[Row], list[Row]]:
    """Scan, and return items, gaps and findings.

    Raises:
        RuntimeError: the scan did not end well.
    """
    ran = heroes(
        "scan", str(source), "--case", str(case), "--names", "clear", "-q", *more, watch=case
    )
    if ran.code not in _SCANNED:
        raise RuntimeError(f"scan exits {ran.code}: {ran.err.strip()[-300:]}")
    told = (("inventory",), ("inventory", "--gaps"), ("findings",))
    items, gaps, findings = (
        [
            json.loads(line)
            for line in heroes(*verb, str(case), "--json", watch=case).out.splitlines()
        ]
        for verb in told
    )
    return items, gaps, findings


def inside(items: list[Row], gaps: list[Row], findings: list[Row]) -> dict[str, Inside]:
    """Return what lies in each file of a scanned folder, by its path there."""
    found: defaultdict[str, Inside] = defaultdict(Inside)
    files: dict[str, str] = {row["locator"]: row["path"] for row in items if "parent" not in row}

    def file_of(locator: str) -> str:
        while locator and locator not in files:
            locator = locator.rpartition("/")[0]
        return files.get(locator, "")

    for row in items:
        here = found[file_of(row["locator"])]
        if "parent" not in row:
            here.own = row
            continue
        here.members += row["kind"] == "file"
        here.pictures += row["content_type"] in MEDIA
        if row["sha256"] and row["size"]:
            here.digests.add(row["sha256"])
    for row in gaps:
        if row["type"] == "gap":
            found[file_of(row["where"])].gaps[row["code"]] += 1
    for row in findings:
        found[file_of(row["locator"])].findings += 1
    return found


def judge(rows: list[Row], here: Inside) -> tuple[results.Record, list[str]]:
    """Compare one file with its rows of ``kept.json``.

    Returns:
        What is kept of it, and a sentence for each difference.
    """
    record: results.Record = {"members": here.members, "gaps": dict(sorted(here.gaps.items()))}
    differences = []
    expected_gaps: Counter[str] = Counter()
    record["compared"] = []
    for row in rows:
        theirs = set(row["digests"])
        missing = len(theirs - here.digests)
        said = row.get("missing", 0)
        expected_gaps.update(row.get("gap", {}))
        record["compared"].append({"expected": len(theirs), "found": len(theirs) - missing})
        if row["what"] == "pictures" and not theirs and here.pictures:
            differences.append(f"{here.pictures} pictures, where there are none")
        if missing != said:
            told = f"{missing} of {len(theirs)} {row['what']} are not found, not {said}"
            differences.append(told)
    if rows and expected_gaps != here.gaps:
        differences.append(f"gaps {dict(here.gaps)}, not {dict(expected_gaps)}")
    wanted = set().union(*(row["digests"] for row in rows)) & here.digests
    record["findings"] = here.findings
    if here.findings < len(wanted) or (here.findings and not wanted and not here.listed):
        differences.append(f"{here.findings} findings of {len(wanted)} digests")
    return record, differences


def compare_folder(
    corpus: Corpus, rows: list[Row], scratch: Path
) -> tuple[results.Record, list[str]]:
    """Scan the folder of all files and compare each."""
    folder = scratch / "corpus"
    here = [row for row in corpus.rows if not row["file"].startswith(ELSEWHERE)]
    for row in here:
        target = folder / Path(row["file"]).parent
        target.mkdir(parents=True, exist_ok=True)
        corpus.write(row, target)
    listed = {digest for row in rows for digest in row.get("digests", ())}
    values = scratch / "expected.csv"
    values.write_text("sha256\n" + "".join(f"{digest}\n" for digest in sorted(listed)), "utf-8")
    items, gaps, findings = scan(
        folder, scratch / "case", "--no-perceptual", "--set", str(values), "--set-kind", "notable"
    )
    found = inside(items, gaps, findings)
    records, differences = {}, []
    for row in here:
        name = row["file"]
        one = found[name]
        one.listed = len(one.digests & listed) + (one.own.get("sha256") in listed)
        record, told = judge([each for each in rows if each.get("file") == name], one)
        record["own"] = all(
            one.own.get(key) == row[key] for key in ("size", "md5", "sha1", "sha256")
        )
        if not record["own"]:
            told.append("its own size or digests are others than the index has")
        record["differences"] = len(told)
        records[name] = record
        differences += [f"{name}: {text}" for text in told]
    return records, differences


def compare_source(corpus: Corpus, row: Row, scratch: Path) -> tuple[results.Record, list[str]]:
    """Scan one file or folder by itself and compare its files, by path and SHA-256."""
    name = row["source"]
    home = Path(tempfile.mkdtemp(dir=scratch))
    for each in corpus.rows:
        if each["file"] == name or each["file"].startswith(f"{name}/"):
            target = home / Path(each["file"]).parent
            target.mkdir(parents=True, exist_ok=True)
            corpus.write(each, target)
    more = ["--no-perceptual"]
    if "password" in row:
        keys = home / "keys.yaml"
        secrets = [{"password": row["password"]}]
        keys.write_text(json.dumps({"format": "heroes-keys/1", "secrets": secrets}), "utf-8")
        keys.chmod(0o600)
        more += ["--key-file", str(keys)]
    items, gaps, _ = scan(home / name, home / "case", *more)
    if "sha1" in row:
        return _media(name, row["sha1"], home / "case")
    ours = Counter(
        (each["path"], each["sha256"])
        for each in items
        if "parent" not in each and each["kind"] == "file" and each["sha256"] and each["allocated"]
    )
    theirs = Counter(row.get("files", {}).items())
    codes = Counter(each["code"] for each in gaps if each["type"] == "gap")
    record = {
        "expected": theirs.total(),
        "found": (ours & theirs).total(),
        "gaps": dict(sorted(codes.items())),
    }
    differences = [
        f"{name}: {path!r} {told}"
        for told, rest in (("is not found", theirs - ours), ("is ours alone", ours - theirs))
        for path, _ in rest
    ]
    if codes != Counter(row.get("gap", {})):
        differences.append(f"{name}: gaps {dict(codes)}, not {row.get('gap', {})}")
    record["differences"] = len(differences)
    return record, differences


def _media(name: str, sha1: str, case: Path) -> tuple[results.Record, list[str]]:
    """Compare the SHA-1 of media of which nothing else is stated."""
    report: Row = json.loads((case / "custody/report/report.json").read_text("utf-8"))
    (source,) = report["exhibits"][0]["sources"]
    ours = {row["computed"] for row in source["digests"] if row["scope"] == "media"}
    differences = [] if sha1 in ours else [f"{name}: the SHA-1 of the media is another"]
    found = len(ours & {sha1})
    return {"expected": 1, "found": found, "gaps": {}, "differences": len(differences)}, differences


def published(folder: Path) -> dict[str, str]:
    """Return the PDQ values that the authors of the pictures state, by file under ``pdq/``."""
    known: dict[str, Any] = json.loads((folder / "known_hashes.json").read_text("utf-8"))
    values: dict[str, str] = {}
    for part in known.values():
        if isinstance(part, dict):
            values |= part
    with (folder / "PDQMD5TestData.csv").open(encoding="utf-8") as lines:
        for row in csv.DictReader(lines):
            values[row["FilePath"].rsplit("data/", 1)[-1]] = row["Hash"]
    return values


def compare_pdq(corpus: Corpus, scratch: Path) -> tuple[results.Record, list[str]]:
    """Scan pictures with a hash set of the values published of them."""
    folder = scratch / "pictures"
    for row in corpus.rows:
        if row["file"].startswith(PDQ):
            target = folder / Path(row["file"]).parent
            target.mkdir(parents=True, exist_ok=True)
            corpus.write(row, target)
    values = published(corpus.folder / PDQ)
    listed = scratch / "pdq.csv"
    listed.write_text("".join(f"{value},100\n" for value in sorted(set(values.values()))), "utf-8")
    given = ("--name", "published", "--kind", "notable", "--algorithm", "pdq", "--json")
    ran = heroes("hashset", "import", str(listed), *given, watch=scratch)
    if ran.code:
        return {}, [f"the published PDQ values are not imported: {ran.err.strip()[-200:]}"]
    items, _, findings = scan(folder, scratch / "alike", "--set", "published")
    paths = {row["locator"]: row["path"] for row in items}
    return judge_pdq(values, set(paths.values()), nearest_of(paths, findings))


def nearest_of(paths: dict[str, str], findings: list[Row]) -> dict[str, int]:
    """Return how many bits each picture is from the nearest listed value, where one is near."""
    nearest: dict[str, int] = {}
    for row in findings:
        if row["near"]:
            name = paths[row["locator"]]
            nearest[name] = min(row["near"]["distance"], nearest.get(name, 256))
    return nearest


def judge_pdq(
    values: dict[str, str], scanned: set[str], nearest: dict[str, int]
) -> tuple[results.Record, list[str]]:
    """Compare distances with what is published: near where a value is, far where none is."""
    records: results.Record = {}
    differences = []
    for name in values:
        label = f"{PDQ}{name}"
        if label in scanned:
            records[label] = {"distance": nearest.get(label)}
            if (nearest.get(label, 256) <= WITHIN) == (name in NO_VALUE):
                differences.append(f"{label}: nearest published value: {nearest.get(label)} bits")
    for name, distance in nearest.items():
        records.setdefault(name, {"distance": distance})
        if name.startswith(UNLIKE):
            differences.append(f"{name}: {distance} bits from a value that is not its own")
    return records, differences


def main(arguments: list[str]) -> int:
    """Compare all; return the exit code."""
    parser = argparse.ArgumentParser(prog="conformance.kept", description=__doc__)
    parser.add_argument("--results", type=Path, metavar="FILE", help="keep what it gave")
    chosen, _ = parser.parse_known_args(arguments)
    if not EVIDENCE.is_dir():
        say(f"no corpus at {EVIDENCE}: nothing compared")
        return 0
    corpus = Corpus(EVIDENCE)
    rows: list[Row] = json.loads((HERE / "kept.json").read_text("utf-8"))
    with tempfile.TemporaryDirectory(prefix="heroes-kept-") as name:
        scratch = Path(name)
        os.environ["HEROES_HOME"] = f"{scratch}/home"
        files, differences = compare_folder(corpus, rows, scratch)
        sources = {}
        for row in rows:
            if "source" in row:
                sources[row["source"]], told = compare_source(corpus, row, scratch)
                differences += told
        pictures, told = compare_pdq(corpus, scratch)
        differences += told
    if chosen.results:
        results.keep("kept", files, chosen.results)
        results.keep("sources", sources, chosen.results)
        results.keep("pictures", pictures, chosen.results)
    say(f"files: {len(files)}, sources: {len(sources)}, pictures: {len(pictures)}")
    for text in differences:
        say(f"difference: {text}")
    return 1 if differences else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
