"""What the record costs a scan: events, digests of rows, commitments, sealing, signing, verifying.

``custody_cost.py`` makes an image with many small files (``--full``: a million of them), scans it
as a user does, and prints what of the coordinator's processor time was custody, and how much memory
it needed beyond what the run had needed by then. Then it verifies the case, its record alone, and
the record with the stand-alone file.

The scan is the product's own, with a stopwatch around each function that there would be no need for
without a record; time inside another one of them is counted once. The peak of the resident set is
asked of the kernel, and set back before the run begins to commit.
"""

import argparse
import hashlib
import json
import os
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import crowded
import measure
import tables

if TYPE_CHECKING:
    from collections.abc import Callable

HERE: Final = Path(__file__).parent
FILES: Final = 50_000
MILLION: Final = 1_000_000
KINDS: Final = 1000
"""Different contents among the files; one of them is known material."""
MOST_SECONDS: Final = 15.0
MOST_BYTES: Final = 300 * 10**6
"""What custody may add for a million files (custody.md, requirement R5)."""

_STATUS: Final = Path("/proc/self/status")
RESET_PEAK: Final = "5"


class Stopwatch:
    """Processor time of this process by stage; a stage inside another is its own."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}
        self.peak_before = 0
        """Bytes, when the run began to commit; 0 before."""
        self._stack: list[str] = []
        self._since = 0.0

    def _charge(self) -> None:
        now = time.process_time()
        if self._stack:
            name = self._stack[-1]
            self.seconds[name] = self.seconds.get(name, 0.0) + now - self._since
        self._since = now

    def around(self, holder: Any, name: str, stage: str, *, commits: bool = False) -> None:  # noqa: ANN401 - a module or a class
        """Let a function of a module or class be timed."""
        inner: Callable[..., Any] = getattr(holder, name)

        def timed(*arguments: Any, **options: Any) -> Any:  # noqa: ANN401 - what it takes
            if commits and not self.peak_before:
                self.peak_before = peak()
                Path("/proc/self/clear_refs").write_text(RESET_PEAK, encoding="ascii")
            self._charge()
            self._stack.append(stage)
            try:
                found = inner(*arguments, **options)
                return list(found) if name == "findings" else found
            finally:
                self._charge()
                self._stack.pop()

        setattr(holder, name, timed)


def peak() -> int:
    """Return the largest resident set of this process since it was last set back, in bytes."""
    rows = (line.split() for line in _STATUS.read_text(encoding="ascii").splitlines())
    return next(int(row[1]) * 1024 for row in rows if row[0] == "VmHWM:")


def scan(image: Path, case: Path, known: Path) -> dict[str, Any]:
    """Scan in this process, and return what it and its record cost."""
    from heroes_forensics import cli  # noqa: PLC0415 - only the process that scans
    from heroes_forensics.custody import bundle, commitments, ledger  # noqa: PLC0415
    from heroes_forensics.pipelines.case import journal  # noqa: PLC0415
    from heroes_forensics.pipelines.runs import committing  # noqa: PLC0415
    from heroes_forensics.store import integrity, records  # noqa: PLC0415

    watch = Stopwatch()
    for name in ("rows", "table"):
        watch.around(records.RowsDigest, name, "digests of the rows of units")
    watch.around(journal.Journal, "event", "events")
    watch.around(ledger, "append", "events")
    watch.around(journal.Journal, "checkpoint", "checkpoints")
    watch.around(committing, "inventory", "inventory: leaves and root", commits=True)
    watch.around(committing, "findings", "findings: values, commitments, sealing")
    watch.around(commitments, "commit", "findings: values, commitments, sealing")
    watch.around(committing, "sealed", "findings: values, commitments, sealing")
    watch.around(integrity, "run_digest", "digest of all rows")
    watch.around(bundle.Bundle, "publish", "manifest")
    sets = ["--set", str(known), "--set-kind", "notable"]
    options = ["--case", str(case), *sets, "--verify", "off", "--quiet"]
    begun = time.process_time()
    code = cli.run(["scan", str(image), *options])
    spent = time.process_time() - begun
    if code not in {0, 3}:
        raise SystemExit(code)
    return {
        "stages": watch.seconds,
        "cpu": spent,
        "peak_before": watch.peak_before,
        "peak": peak(),
        "findings": _findings(case),
    }


def _findings(case: Path) -> int:
    for line in (case / "custody" / "ledger.jsonl").read_bytes().splitlines():
        if b'"type":"findings.committed"' in line:
            return int(json.loads(line)["body"]["count"])
    return 0


def measured(files: int, folder: Path) -> dict[str, Any]:
    """Make the image, scan it in a process of its own, and verify what came of it."""
    image, case, known = folder / "crowded.raw", folder / "case", folder / "known.txt"
    crowded.make(image, files, KINDS)
    digest = hashlib.md5(crowded.content(1))  # noqa: S324 - what such lists hold
    known.write_text(f"{digest.hexdigest()}\n", encoding="ascii")
    environment = {"HEROES_HOME": str(folder / "home")}
    ours = [
        sys.executable,
        str(HERE / "custody_cost.py"),
        "--scan",
        str(image),
        str(case),
        str(known),
    ]
    cost, said = measure.run(
        ours, environment={**environment, "PYTHONPATH": os.pathsep.join(sys.path)}
    )
    found: dict[str, Any] = json.loads(said.splitlines()[-1])
    heroes = str(Path(sys.executable).with_name("heroes"))
    alone = [sys.executable, "-I", "-S", str(case / "custody" / "verify_custody.py")]
    found["tree"] = cost.cpu
    found["verify"] = {
        name: measure.run(command, environment=environment, accepted=(7,))[0]
        for name, command in {
            "`heroes verify CASE`, the database too": [heroes, "verify", str(case)],
            "`heroes verify CASE/custody`": [heroes, "verify", str(case / "custody")],
            "`verify_custody.py`": [*alone, str(case / "custody")],
        }.items()
    }
    return found


def table(files: int, found: dict[str, Any]) -> list[str]:
    """Return the figures as Markdown."""
    stages: dict[str, float] = found["stages"]
    custody, memory = sum(stages.values()), max(0, found["peak"] - found["peak_before"])
    rest = found["cpu"] - custody
    lines = [
        f"{files:,} files, {found['findings']:,} findings.",
        "",
        "| work of the coordinator | CPU s |",
        "|---|---:|",
        f"| the scan without its record | {rest:.2f} |",
        *(f"| {name} | {seconds:.2f} |" for name, seconds in sorted(stages.items())),
        f"| **custody in all** | **{custody:.2f}** |",
        "",
        "| memory of the coordinator | MB |",
        "|---|---:|",
        f"| peak until it commits | {found['peak_before'] / 1e6:.0f} |",
        f"| peak from then on | {found['peak'] / 1e6:.0f} |",
        f"| **added by custody** | **{memory / 1e6:.0f}** |",
        "",
        "| verifying | CPU s | memory MB |",
        "|---|---:|---:|",
        *(
            f"| {name} | {cost.cpu:.2f} | {cost.memory / 1e6:.0f} |"
            for name, cost in found["verify"].items()
        ),
    ]
    if files >= MILLION:
        held = custody < MOST_SECONDS and memory < MOST_BYTES
        word = "held" if held else "MISSED"
        lines += ["", f"Aim: less than {MOST_SECONDS:.0f} s and {MOST_BYTES // 10**6} MB: {word}."]
    return lines


def main() -> None:
    """Print the figures."""
    parser = argparse.ArgumentParser(description="Measure what the record costs a scan.")
    parser.add_argument("--files", type=int, default=FILES)
    parser.add_argument("--full", action="store_true", help="a million files")
    parser.add_argument("--folder", type=Path, help="where image and case are made for a while")
    parser.add_argument("--scan", nargs=3, type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.scan:
        sys.stdout.write(json.dumps(scan(*options.scan)) + "\n")
        return
    files = MILLION if options.full else options.files
    loads = [os.getloadavg()[0]]
    measure.adopt_orphans()
    with tempfile.TemporaryDirectory(dir=options.folder, prefix="custody-") as folder:
        found = measured(files, Path(folder))
        loads.append(os.getloadavg()[0])
        lines = [*tables.machine(loads, Path(folder)), "", *table(files, found)]
    sys.stdout.write("\n".join(lines) + "\n")


if __name__ == "__main__":
    main()
