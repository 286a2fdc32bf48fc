"""What runs gave, kept in one committed file of which the table of files is made.

``results.json`` has a part for each program of this package, and in it one record for each image
or file, by its label. A run writes the records of what it did and leaves the others as they are;
`docs/conformance-files.md` is made of it by `table`.
"""

import json
import subprocess
import sys
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any, Final

HERE: Final = Path(__file__).resolve().parent
RESULTS: Final = HERE / "results.json"
LIBRARIES: Final = ("pytsk3", "dfvfs", "libfsapfs-python", "libewf-python", "pillow")

Record = dict[str, Any]
"""What one image or file gave: JSON of counts, codes and sentences; no content."""


def load(path: Path = RESULTS) -> dict[str, Record]:
    """Return the parts of a file of results; none of one that is not there."""
    if not path.exists():
        return {}
    found: dict[str, Record] = json.loads(path.read_text("utf-8"))
    return found


def keep(part: str, records: Record, path: Path) -> None:
    """Put the records of one part in place of those with the same labels.

    Args:
        part: the program that ran.
        records: by label.
        path: the file, made when it is not there.
    """
    kept = load(path)
    kept.setdefault(part, {}).update(records)
    kept.setdefault("made", {})[part] = made()
    text = json.dumps(kept, indent=1, sort_keys=True, ensure_ascii=False)
    path.write_text(f"{text}\n", "utf-8")


def made() -> Record:
    """Say what ran: day, the last revision that changed the program, and versions."""
    told = subprocess.run(
        ["git", "log", "-1", "--format=%h", "--abbrev=8", "HEAD", "--", ":/heroes_forensics"],
        cwd=HERE,
        capture_output=True,
        text=True,
        check=False,
    )
    return {
        "day": f"{datetime.now(UTC):%Y-%m-%d}",
        "revision": told.stdout.strip(),
        "python": ".".join(map(str, sys.version_info[:3])),
        "versions": {name: version(name) for name in LIBRARIES},
    }
