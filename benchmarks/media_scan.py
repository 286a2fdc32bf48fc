"""A whole scan of an image with a thousand photographs and twenty films: are both cores busy?

Photographs and films are those of a pool of benign ones (``--pool``, or ``HEROES_MEDIA``), each
taken several times: photographs scaled and saved anew, films with bytes behind their end, so that
no two files are alike. The list holds the PDQ values of every third photograph as it is, and a
hundred thousand values of nothing. Printed are processor seconds a second of the wall clock, how
many decoders there were, and what was found.
"""

import argparse
import io
import json
import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import measure
import numpy as np
from PIL import Image
from programs import HEROES

from heroes_forensics import filetype
from heroes_forensics.filetype import FileClass
from heroes_forensics.media import pdq

ROOT: Final = Path(__file__).resolve().parent.parent
POOL: Final = Path(os.environ.get("HEROES_MEDIA") or ROOT.parent / "shared" / "media")
PHOTOGRAPHS: Final = 1000
FILMS: Final = 20
LISTED: Final = 3
"""Every so many-th photograph is on the list."""
NOTHING: Final = 100_000
"""Values on the list that no picture has."""
LEAST_SIDE: Final = 480
_HEAD: Final = 1 << 16


def pool(folder: Path) -> tuple[list[Path], list[Path]]:
    """Return photographs of some size, and films."""
    pictures, films = [], []
    for path in sorted(folder.iterdir()):
        data = path.read_bytes()
        kind = filetype.TYPES[filetype.sniff(data[:_HEAD])]
        if kind.file_class is FileClass.VIDEO:
            films.append(path)
        elif kind.name == "jpeg":
            try:
                with Image.open(io.BytesIO(data)) as picture:
                    picture.load()
                    if min(picture.size) >= LEAST_SIDE:
                        pictures.append(path)
            except (OSError, Image.DecompressionBombError):
                continue
    return pictures, films


def written(folder: Path, pictures: list[Path], films: list[Path]) -> Iterator[str]:
    """Write the evidence; yield a line of the list for each photograph that is on it."""
    for number in range(PHOTOGRAPHS):
        which, turn = number % len(pictures), number // len(pictures)
        with Image.open(pictures[which]) as opened:
            picture = opened.convert("RGB")
        if turn == 0 and which % LISTED == 0:
            values, quality = pdq.hashes(np.asarray(picture.convert("L")))
            yield f"{number},{values[0].tobytes().hex()},{quality}"
        share = 1 - 0.07 * (turn % 8)
        size = round(picture.width * share), round(picture.height * share)
        picture.resize(size).save(folder / f"p{number:04d}.jpg", quality=92 - 3 * (turn % 10))
    for number in range(FILMS):
        data = films[number % len(films)].read_bytes()
        (folder / f"f{number:02d}").write_bytes(data + bytes([number]) * (number // len(films)))


def main() -> None:
    """Build, scan, print."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--pool", type=Path, default=POOL)
    parser.add_argument("--profile", default="standard", choices=("triage", "standard", "deep"))
    asked = parser.parse_args()
    if not asked.pool.is_dir():
        raise SystemExit(f"no pool of pictures in {asked.pool}: name one with --pool")
    with tempfile.TemporaryDirectory() as name:
        work = Path(name)
        (work / "evidence").mkdir()
        lines = list(written(work / "evidence", *pool(asked.pool)))
        draw = np.random.default_rng(1)
        lines += [f"{10**6 + n},{draw.bytes(32).hex()},100" for n in range(NOTHING)]
        (work / "list.csv").write_text("\n".join(["id,pdq,quality", *lines]) + "\n")
        size = sum(path.stat().st_size for path in (work / "evidence").iterdir())
        image = work / "image.raw"
        with image.open("wb") as stream:
            stream.truncate(size + size // 8 + (64 << 20))
        maker = shutil.which("mke2fs") or "/sbin/mke2fs"
        subprocess.run(
            [maker, "-q", "-F", "-t", "ext4", "-d", work / "evidence", image], check=True
        )
        shutil.rmtree(work / "evidence")
        _scan(work, image, size, asked.profile)


def _scan(work: Path, image: Path, size: int, profile: str) -> None:
    environment = {"HEROES_HOME": str(work / "home")}
    common = ["--profile", profile, "--verify", "off", "--quiet"]
    imported = [HEROES, "hashset", "import", work / "list.csv", "--name", "list"]
    measure.run([*map(str, imported), "--kind", "notable"], environment=environment)
    found = {}
    for label, more in (
        ("digests alone", ["--no-perceptual"]),
        ("with pictures and films", ["--set", "list"]),
    ):
        case = work / label.partition(" ")[0]
        cost, _ = measure.run(
            [*map(str, [HEROES, "scan", image, "--case", case]), *common, *more],
            environment=environment,
            accepted=(0, 3),
        )
        found[label] = cost
        print(
            f"{label}: {cost.wall:.1f} s, {cost.cpu:.1f} s of processor,"
            f" {cost.cpu / cost.wall:.2f} of {os.cpu_count()} cores busy,"
            f" coordinator {cost.memory >> 20} MiB"
        )
    report = json.loads((work / "with/custody/report/report.json").read_text())
    pictures = report["coverage"]["pictures"]
    candidates = [row for row in report["findings"] if row["near"]]
    cost = found["with pictures and films"]
    media = cost.cpu - found["digests alone"].cpu
    units = sum(1 for row in report["events"] if row["type"] == "attempt.ended")
    print(f"{pictures['seen']} pictures and films, {size >> 20} MiB: {json.dumps(pictures)}")
    print(
        f"{len({row['locator'] for row in candidates})} are candidates;"
        f" {pictures['decoded'] / media:.1f} decoded a second of processor;"
        f" {units} attempts ended before their time"
    )


if __name__ == "__main__":
    measure.adopt_orphans()
    main()
