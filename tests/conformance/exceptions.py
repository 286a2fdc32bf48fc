"""Files that we read otherwise than the manifest, each with what two other tools say of it.

A row of ``exceptions.json``::

    {"image": LABEL, "volume": KEY, "path": PATH, "why": ONE SENTENCE,
     "manifest": {"size": N, "sha256": HEX},
     "ours": {"size": N, "sha256": HEX, "status": "done"} or null: not listed,
     "tools": [{"tool": NAME AND VERSION, "command": TEXT, "size": N, "sha256": HEX}, ...]}

``size`` and ``sha256`` of a tool are null when it does not list the path. For the media as a whole
the volume is ``media`` and the path ``(media)``. A row holds only while ours and the manifest are
exactly these, and only when at least two tools agree with ours. What is a gap with us has an empty
digest, and at least two tools that agree with each other. A row that a whole run did not need
fails the run.
"""

import json
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Final

from conformance.rules import Difference

if TYPE_CHECKING:
    from conformance.images import Row

TOOLS: Final = 2
"""Other tools that have to agree with what we read."""


class Exceptions:
    """The committed rows, and which of them were needed."""

    def __init__(self, path: Path) -> None:
        rows: list[Row] = json.loads(path.read_text("utf-8"))
        self._rows = {(row["image"], row["volume"], row["path"]): row for row in rows}
        self._used: set[tuple[str, str, str]] = set()
        for key, row in self._rows.items():
            tools = {(tool["tool"], tool["size"], tool["sha256"]) for tool in row["tools"]}
            agreed = Counter((size, sha256) for _, size, sha256 in tools)
            ours = row["ours"] or {"size": None, "sha256": None, "status": "absent"}
            wanted = max(agreed, key=agreed.__getitem__) if ours["status"] == "gap" else None
            if agreed[wanted or (ours["size"], ours["sha256"])] < TOOLS:
                raise ValueError(f"exception {key}: two tools have to agree with what we read")

    def allows(self, image: str, volume: str, found: Difference) -> bool:
        """Say whether a row explains exactly this difference."""
        key = image, volume, found.path
        row = self._rows.get(key)
        if row is None:
            return False
        manifest, ours = row["manifest"], row["ours"]
        expected = () if ours is None else ((ours["size"], ours["sha256"], ours["status"]),)
        fits = (found.size, found.sha256) == (manifest["size"], manifest["sha256"])
        if fits and found.ours == expected:
            self._used.add(key)
            return True
        return False

    def unused(self) -> list[str]:
        """Return a sentence for each row that nothing needed."""
        return [
            f"{': '.join(key)}: an exception that is not needed any more"
            for key in self._rows
            if key not in self._used
        ]
