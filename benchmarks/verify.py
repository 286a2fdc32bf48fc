"""Verifying an E01: our pass over the media against `ewfverify`, and against what is possible.

``verify.py`` makes images (or finds them in ``--folder``), runs each program in turn and prints a
table: processor time of the whole process tree, wall clock, and how many times less than
`ewfverify` each needs. Three kinds of content: half of it does not compress, as on disks with media
(``mixed``); all of it is text (``text``); nine tenths are empty (``sparse``).

Two figures bound what any program can do, both taken in the same run by `bounds.py` and by digests
of as many bytes from memory: no program needs less wall clock than MD5 over the media alone, one
byte after the other; and none less than half of inflating and digesting together on two cores.

``verify.py pass IMAGE WORKERS`` is our part alone: what `heroes scan --verify before` does before
anything else. ``verify.py digest ALGORITHM BYTES`` is a digest from memory.
"""

import argparse
import hashlib
import json
import os
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import images
import measure
import numpy as np
from programs import into_cache

HERE: Final = Path(__file__).parent
CONTENTS: Final = ("mixed", "text", "sparse")
ALGORITHMS: Final = ("md5", "sha1", "sha256")
"""What a pass computes, whatever an E01 stores."""
_PIECE: Final = 1 << 20
_CORES: Final = 2

_COLUMNS: Final = (
    *("media", "program", "CPU s", "wall s"),
    *("wall, times less", "than with all three", "CPU, times less", "than with all three"),
)
HEAD: Final = (f"| {' | '.join(_COLUMNS)} |", "|---|---|" + "---:|" * 6)


def make(content: str, size: int, folder: Path) -> Path:
    """Make the E01 of media of one kind of content, or find it.

    Raises:
        images.NotPossibleError: `ewfacquire` is not installed.
    """
    raw = folder / f"{content}-{size}.raw"
    if not raw.exists():
        draw = np.random.default_rng(size)
        words = [draw.bytes(int(draw.integers(3, 10))).hex().encode() for _ in range(4000)]
        with raw.open("wb") as stream:
            for number in range(size // _PIECE):
                if content == "sparse" and number % 10:
                    stream.write(bytes(_PIECE))
                elif content == "mixed" and number % 2:
                    stream.write(draw.bytes(_PIECE))
                else:
                    chosen = draw.zipf(1.2, _PIECE // 8) % len(words)
                    text = b" ".join(words[index] for index in chosen.tolist())
                    stream.write(text[:_PIECE].ljust(_PIECE))
    return images.acquired(raw)


@dataclass
class Row:
    """What one program needed."""

    name: str
    cpu: float = 1e9
    wall: float = 1e9

    def take(self, cost: measure.Cost, wall: float | None = None) -> None:
        """Keep the smaller figures."""
        self.cpu = min(self.cpu, cost.cpu)
        self.wall = min(self.wall, cost.wall if wall is None else wall)


@dataclass
class StandIn:
    """What `MediaPass` needs of a run; it keeps nothing."""

    config: dict[str, object]
    interrupted: bool = False
    units: int = 0
    notes: list[str] = field(default_factory=list)

    def next_unit(self) -> int:
        """Number units."""
        self.units += 1
        return self.units

    def media(self, size: int) -> None:
        """Show nothing."""

    def attempt_ended(self, *ended: object) -> None:
        """Stop: a figure of a pass that was done twice is none."""
        raise measure.FailedError(f"a worker ended: {ended}")

    def note(self, text: str) -> None:
        """Keep a sentence."""
        self.notes.append(text)


def our_pass(image: str, workers: int) -> dict[str, Any]:
    """Go through the media once; return digests and seconds of wall clock."""
    from heroes_forensics.pipelines.evidence import sources  # noqa: PLC0415 - only this part needs it
    from heroes_forensics.pipelines.examining.media_pass import KINDS, MediaPass  # noqa: PLC0415
    from heroes_forensics.pipelines.workers.supervisor import Supervisor  # noqa: PLC0415

    run: Any = StandIn({"workers": workers})
    with Supervisor() as supervisor:
        opening = sources.opened(Path(image), supervisor, workers=workers)
        with opening as evidence:
            media = MediaPass(run, evidence, "image", ALGORITHMS)
            start = time.monotonic()
            media.start(beside=False)
            for unit, frame, _ in evidence.crew.run(lambda: None):
                if unit.kind in KINDS:
                    media.take(unit, frame)
            wall = time.monotonic() - start
            result = media.result
    if result is None or result["unread"]:
        raise measure.FailedError(f"the media could not be read: {run.notes}")
    return {"wall": wall, "digests": result["digests"]}


def digest(algorithm: str, size: int) -> float:
    """Return the seconds of processor time of a digest over as many bytes."""
    hasher = hashlib.new(algorithm, usedforsecurity=False)
    data = memoryview(os.urandom(_PIECE))
    start = time.process_time()
    for _ in range(size // _PIECE):
        hasher.update(data)
    hasher.digest()
    return time.process_time() - start


def programs(image: Path, size: int, rounds: int) -> tuple[list[Row], dict[str, float]]:
    """Run each program in turn; return what it needed, and the parts of the bound."""
    verify = ["ewfverify", "-q"]
    own = [sys.executable, str(Path(__file__))]
    rows = {
        "ewfverify": [*verify, str(image)],
        "ewfverify -d sha1,sha256": [*verify, "-d", "sha1,sha256", str(image)],
        **{
            f"heroes, {count} worker{'s' * (count > 1)}": [*own, "pass", str(image), str(count)]
            for count in (1, 2)
        },
    }
    found = {name: Row(name) for name in rows}
    bound = dict.fromkeys(("inflate and MD5", *ALGORITHMS), 1e9)
    into_cache(image)
    for _ in range(rounds):
        for name, command in rows.items():
            cost, output = measure.run(command, environment={})
            inside = json.loads(output)["wall"] if "heroes" in name else None
            found[name].take(cost, inside)
        cost, _ = measure.run(
            [sys.executable, str(HERE / "bounds.py"), "inflate", str(image)], environment={}
        )
        bound["inflate and MD5"] = min(bound["inflate and MD5"], cost.cpu)
        for name in ALGORITHMS:
            digesting = [*own, "digest", name, str(size)]
            done = subprocess.run(digesting, check=True, capture_output=True)
            bound[name] = min(bound[name], float(done.stdout))
    return list(found.values()), bound


def least(bound: dict[str, float]) -> Row:
    """Return what no program goes below."""
    cpu = bound["inflate and MD5"] + bound["sha1"] + bound["sha256"]
    return Row("possible on two cores", cpu, max(bound["md5"], cpu / _CORES))


def ours(rows: list[Row]) -> Row:
    """Return our pass on both cores."""
    return next(row for row in rows if row.name == "heroes, 2 workers")


def table(content: str, size: int, rows: list[Row], bound: dict[str, float]) -> list[str]:
    """Return the figures as lines of Markdown."""
    peers = rows[0], rows[1]
    possible = least(bound)
    lines = [
        f"| {content}, {size / 1e6:,.0f} MB | {row.name} | {row.cpu:.2f} | {row.wall:.2f} | "
        + " | ".join(f"{peer.wall / row.wall:.2f}" for peer in peers)
        + " | "
        + " | ".join(f"{peer.cpu / row.cpu:.2f}" for peer in peers)
        + " |"
        for row in (*rows, possible)
    ]
    share = possible.wall / ours(rows).wall
    lines.append(f"| | reached of what is possible | | {share:.0%} | | | | |")
    return lines


def main() -> None:
    """Run from the command line."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--size", type=int, default=1024, metavar="MIB", help="of media")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--only", choices=CONTENTS)
    parser.add_argument("--folder", type=Path, help="keep images here")
    options = parser.parse_args()
    size = options.size << 20
    measure.adopt_orphans()
    print(f"Load before: {os.getloadavg()[0]:.1f}, cores: {len(os.sched_getaffinity(0))}.\n")
    print("\n".join(HEAD))
    with tempfile.TemporaryDirectory(prefix="heroes-verify-") as temporary:
        folder = options.folder or Path(temporary)
        for content in (options.only,) if options.only else CONTENTS:
            image = make(content, size, folder)
            print(
                "\n".join(table(content, size, *programs(image, size, options.rounds))), flush=True
            )
    print(f"\nLoad after: {os.getloadavg()[0]:.1f}.")


if __name__ == "__main__":
    if sys.argv[1:2] == ["pass"]:
        print(json.dumps(our_pass(sys.argv[2], int(sys.argv[3]))))
    elif sys.argv[1:2] == ["digest"]:
        print(digest(sys.argv[2], int(sys.argv[3])))
    else:
        main()
