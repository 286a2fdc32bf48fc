"""Small scans for tests: bundled evidence, folders made on the fly, a watcher that notes."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from heroes_forensics import demo
from heroes_forensics.model import JSON
from heroes_forensics.pipelines.case.watch import Progress
from heroes_forensics.pipelines.runs.request import ScanRequest, ScanResult
from heroes_forensics.pipelines.runs.scan import scan

DEMO = demo.path(demo.IMAGE)
NOTABLE = demo.path(demo.NOTABLE)
KNOWN_GOOD = demo.path(demo.KNOWN_GOOD)


class Noted:
    """A watcher that keeps what it hears, and may do something at a moment."""

    def __init__(self, on_progress: Callable[[Progress], None] | None = None) -> None:
        self.findings: list[JSON] = []
        self.notes: list[str] = []
        self.stages: list[str] = []
        self.on_progress = on_progress

    def progress(self, progress: Progress) -> None:
        if not self.stages or self.stages[-1] != progress.stage:
            self.stages.append(progress.stage)
        if self.on_progress is not None:
            self.on_progress(progress)

    def finding(self, finding: JSON) -> None:
        self.findings.append(finding)

    def note(self, text: str) -> None:
        self.notes.append(text)


def scanned(
    case: Path,
    *sources: Path,
    watch: Noted | None = None,
    **changes: Any,  # noqa: ANN401 - the fields of `ScanRequest`
) -> ScanResult:
    """Scan into ``case``; fields of `ScanRequest` by keyword."""
    request = ScanRequest(case_dir=case, sources=sources or (DEMO,), **changes)
    return scan(request, watch or Noted())


def demo_scan(
    case: Path,
    *,
    watch: Noted | None = None,
    **changes: Any,  # noqa: ANN401 - the fields of `ScanRequest`
) -> ScanResult:
    """Scan the bundled evidence against the bundled sets."""
    sets = (str(NOTABLE), str(KNOWN_GOOD))
    return scanned(case, DEMO, watch=watch, sets=sets, **changes)


def resumed(
    case: Path,
    *sources: Path,
    watch: Noted | None = None,
    **changes: Any,  # noqa: ANN401 - the fields of `ScanRequest`
) -> ScanResult:
    """Go on with the run of ``case`` that was interrupted."""
    request = ScanRequest(case_dir=case, sources=sources, resume=True, **changes)
    return scan(request, watch or Noted())


def folder(root: Path, files: dict[str, bytes]) -> Path:
    """Make a folder with these files."""
    for name, data in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
    return root
