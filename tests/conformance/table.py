"""Make ``docs/conformance-files.md``: one row for each file of the corpus, of `results.json` alone.

Usage: PYTHONPATH=tests python -m conformance.table

Nothing is typed by hand but the words: what was expected, and from whom, is what the runs read from
manifests and committed expectations; what was found is what they counted.
"""

import sys
from collections import Counter
from collections.abc import Iterator
from typing import Final

from conformance import verdicts
from conformance.results import HERE, Record, load

PAGE: Final = HERE.parent.parent / "docs/conformance-files.md"
FAMILIES: Final = (
    ("DFTT: search, undelete and JPEG search", ("images/dftt/",)),
    ("NPS", ("images/nps-", "images/bulk_extractor/nps-")),
    ("CFReDS", ("images/bulk_extractor/CFReDS",)),
    ("forensics-samples: deleted photographs and videos", ("images/forensics-samples/",)),
    ("AFF4", ("images/aff4/",)),
    ("AD1", ("images/ad1/",)),
    ("Disk images and volumes", ("images/",)),
    ("Encrypted volumes", ("encrypted/",)),
    ("Archives and hostile containers", ("archives/",)),
    ("Documents", ("documents/",)),
    ("Mail: PST, DBX, msg, eml, mbox", ("mail/",)),
    ("Databases", ("databases/",)),
    ("Thumbnail stores", ("thumbs/",)),
    ("Backups of devices: adb, iTunes", ("mobile/",)),
    ("Caches and records of the recycle bin", ("artifacts/",)),
    ("Records of file-sharing programs", ("p2p/",)),
    ("Hash sets", ("hashsets/",)),
    ("Perceptual hashes", ("perceptual/",)),
)
"""Headings, and how the names of their files begin; the first that fits holds."""
_HEAD: Final = """# Conformance, file by file

This page is made by `tests/conformance/table.py` of `tests/conformance/results.json`, which the
programs of `tests/conformance` wrote from runs over the corpus; [conformance.md](conformance.md)
says how they compare. A test holds it against the results. Names are those of the public corpus.

{made}

| verdict | files | it says |
|---|---|---|
{words}

*Negative* marks files in which nothing may be found: no finding of any digest that is expected
elsewhere, and nothing of the sort that is looked for.
"""


def family(name: str) -> str:
    """Return the heading under which a file stands."""
    return next(head for head, starts in FAMILIES if name.startswith(starts))


def page(results: dict[str, Record]) -> str:
    """Return the page as text."""
    rows = {name: verdicts.row(name, results) for name in sorted(results["files"])}
    counts = Counter(row.verdict for row in rows.values())
    words = "\n".join(
        f"| {word} | {counts[word]} | {meaning} |" for word, meaning in verdicts.WORDS.items()
    )
    parts = [_HEAD.format(made=_made(results["made"]), words=words)]
    for head, _ in FAMILIES:
        mine = [(name, row) for name, row in rows.items() if family(name) == head]
        parts.append("\n".join(_family(head, mine, results)))
    return "\n".join(parts)


def _family(
    head: str, rows: list[tuple[str, verdicts.Row]], results: dict[str, Record]
) -> Iterator[str]:
    yield f"## {head}\n"
    if negative := verdicts.negatives(head):
        yield f"Negative images of the family: {', '.join(negative)}.\n"
    yield "| file | bytes | expected, and from whom | found | verdict |"
    yield "|---|---|---|---|---|"
    for name, row in rows:
        size = f"{results['files'][name]['size']:,}"
        verdict = f"**{row.verdict}**{': ' if row.why else ''}{row.why}"
        cells = (f"`{name}`", size, row.expected, row.found, verdict)
        yield f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in cells)} |"
    yield ""


def _made(made: Record) -> str:
    """Say with what the results were made, each combination once."""
    told: dict[str, list[str]] = {}
    for part, record in sorted(made.items()):
        libraries = ", ".join(f"{name} {each}" for name, each in record["versions"].items())
        text = f"{record['day']}, revision {record['revision']}, Python {record['python']}"
        text = f"{text}, {libraries}"
        told.setdefault(text, []).append(part)
    return "\n".join(f"* {', '.join(parts)}: {text}" for text, parts in told.items())


def main() -> int:
    """Write the page; return the exit code."""
    results = load()
    PAGE.write_text(page(results), "utf-8")
    sys.stdout.write(f"{len(results['files'])} files\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
