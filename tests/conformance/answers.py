"""Compare what a scan finds with published answers, by a hash set of them; and with nothing.

Usage: PYTHONPATH=tests python -m conformance.answers [--results FILE] [NAME-PART ...]

Every answer of `answers.json` goes into one hash set of MD5 values, and each image is scanned with
it, unallocated space included (``--carve``). A row::

    {"image": LABEL, "whom": WHO PUBLISHED THEM, "answers": [{"what": TEXT, "md5": HEX}, ...]}

An answer is found when an item with its MD5 is a finding. ``"ours": HEX`` and ``"why"`` in one
say what is found in its place. Findings that are answers of other images alone are a difference. A
row with ``"family"`` and ``"nothing"`` is negative: no finding at all, and no item of the sort:
``pictures``, ``deleted`` or ``items``.
"""

import argparse
import json
import os
import sys
import tempfile
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Final

from conformance import results
from conformance.images import Corpus, Image, Row
from conformance.kept import MEDIA, scan
from conformance.programs import say
from conformance.run import EVIDENCE, HERE

NOTHING: Final[dict[str, Callable[[Row], bool]]] = {
    "pictures": lambda row: row["content_type"] in MEDIA,
    "deleted": lambda row: not row["allocated"] and row["kind"] == "file",
    "items": lambda _: True,
}
"""What may not be there, by name."""


def compare(
    rows: list[Row], items: list[Row], findings: list[Row]
) -> tuple[results.Record, list[str]]:
    """Compare one image with its rows.

    Returns:
        What is kept of it, and a sentence for each difference.
    """
    by_locator = {row["locator"]: row for row in items}
    found = {by_locator[row["locator"]]["md5"] for row in findings}
    differences = []
    own: set[str] = set()
    counts: Counter[str] = Counter()
    for row in rows:
        for answer in row.get("answers", ()):
            digest = answer.get("ours", answer["md5"])
            own |= {digest, answer["md5"]}
            counts["answers"] += 1
            if digest not in found:
                differences.append(f"{answer['what']} is not found")
            elif "ours" in answer:
                counts["otherwise"] += 1
            else:
                counts["found"] += 1
        if "nothing" in row:
            there = sum(NOTHING[row["nothing"]](item) for item in items)
            counts[f"nothing: {row['nothing']}"] = there
            if there:
                differences.append(f"{there} {row['nothing']}, where there are none")
    counts["findings"] = len(findings)
    if found - own:
        differences.append(f"{len(found - own)} findings that are answers of other images")
    return {**counts, "differences": len(differences)}, differences


def main(arguments: list[str]) -> int:
    """Compare all; return the exit code."""
    parser = argparse.ArgumentParser(prog="conformance.answers", description=__doc__)
    parser.add_argument("wanted", nargs="*", metavar="NAME-PART")
    parser.add_argument("--results", type=Path, metavar="FILE", help="keep what it gave")
    chosen = parser.parse_args(arguments)
    if not EVIDENCE.is_dir():
        say(f"no corpus at {EVIDENCE}: nothing compared")
        return 0
    corpus = Corpus(EVIDENCE)
    rows: list[Row] = json.loads((HERE / "answers.json").read_text("utf-8"))
    records: results.Record = {}
    failed = []
    with tempfile.TemporaryDirectory(prefix="heroes-answers-") as name:
        scratch = Path(name)
        os.environ["HEROES_HOME"] = f"{scratch}/home"
        listed = scratch / "answers.csv"
        listed.write_text(
            "md5\n" + "".join(f"{each}\n" for each in sorted(_digests(rows))), "utf-8"
        )
        for image in corpus.images():
            mine = [row for row in rows if row["image"] == image.label]
            if not mine or (
                chosen.wanted and not any(part in image.label for part in chosen.wanted)
            ):
                continue
            records[image.label], differences = _one(corpus, image, mine, listed, scratch)
            say(f"{'DIFF' if differences else 'ok  '} {image.label}: {records[image.label]}")
            failed += [f"{image.label}: {text}" for text in differences]
    if chosen.results:
        results.keep("answers", records, chosen.results)
    for text in failed:
        say(f"difference: {text}")
    return 1 if failed else 0


def _digests(rows: list[Row]) -> set[str]:
    answers = [answer for row in rows for answer in row.get("answers", ())]
    return {answer[key] for answer in answers for key in ("md5", "ours") if key in answer}


def _one(
    corpus: Corpus, image: Image, rows: list[Row], listed: Path, scratch: Path
) -> tuple[results.Record, list[str]]:
    folder = Path(tempfile.mkdtemp(dir=scratch))
    path = corpus.unpack(image, folder)
    if path is None:
        return {"differences": 1}, ["too large to unpack"]
    options = ("--carve", "--no-perceptual", "--set", str(listed), "--set-kind", "notable")
    items, _, findings = scan(path, folder / "case", *options)
    return compare(rows, items, findings)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
