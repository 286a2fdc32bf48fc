"""Pictures that lie in several places: what a scan costs with and without decoding each once.

Two images are made of a pool of benign photographs (``--pool``, or ``HEROES_MEDIA``): one of 500
photographs, each four times, and one of 500 of which no two are alike. Each is scanned with every
copy decoded by itself, and with each content decoded once, by turns; of several rounds the least
counts. The list holds the PDQ values of every third photograph, and a hundred thousand values of
nothing. Printed are ratios, and whether the result is the same.
"""

import argparse
import json
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import measure
import numpy as np
from media_scan import LISTED, NOTHING, POOL, pool
from PIL import Image
from programs import HEROES

from heroes_forensics.media import pdq

PHOTOGRAPHS: Final = 500
COPIES: Final = 4
EACH: Final = """
import os
os.environ["OPENBLAS_NUM_THREADS"] = "1"  # numpy is there before the program counts its threads
from heroes_forensics import cli
from heroes_forensics.pipelines.examining.repeats import Repeats
if {each}:
    Repeats.add = lambda self, wanted, exact: self._decoding.add(wanted)
cli.main()
"""


def written(folder: Path, pictures: list[Path], copies: int) -> Iterator[str]:
    """Write the evidence; yield a line of the list for each photograph that is on it."""
    for number in range(PHOTOGRAPHS):
        with Image.open(pictures[number % len(pictures)]) as opened:
            picture = opened.convert("RGB")
        if number % LISTED == 0:
            values, quality = pdq.hashes(np.asarray(picture.convert("L")))
            yield f"{number},{values[0].tobytes().hex()},{quality}"
        share = 1 - 0.07 * (number // len(pictures))
        picture = picture.resize((round(picture.width * share), round(picture.height * share)))
        for copy in range(copies):
            (folder / f"{copy}").mkdir(exist_ok=True)
            path = folder / f"{copy}/p{number:04d}.jpg"
            if copy:
                shutil.copyfile(folder / f"0/p{number:04d}.jpg", path)
            else:
                picture.save(path, quality=85)


def built(work: Path, pictures: list[Path], copies: int) -> Path:
    """Return an ext4 image with so many copies of each photograph, and write its list."""
    evidence, image = work / f"evidence{copies}", work / f"image{copies}.raw"
    evidence.mkdir()
    lines = list(written(evidence, pictures, copies))
    draw = np.random.default_rng(1)
    lines += [f"{10**6 + n},{draw.bytes(32).hex()},100" for n in range(NOTHING)]
    (work / "list.csv").write_text("\n".join(["id,pdq,quality", *lines]) + "\n")
    size = sum(path.stat().st_size for path in evidence.rglob("*.jpg"))
    with image.open("wb") as stream:
        stream.truncate(size + size // 8 + (64 << 20))
    maker = shutil.which("mke2fs") or "/sbin/mke2fs"
    subprocess.run([maker, "-q", "-F", "-t", "ext4", "-d", evidence, image], check=True)
    shutil.rmtree(evidence)
    return image


def main() -> None:
    """Build, scan, print."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--pool", type=Path, default=POOL)
    parser.add_argument("--rounds", type=int, default=3)
    asked = parser.parse_args()
    if not asked.pool.is_dir():
        raise SystemExit(f"no pool of pictures in {asked.pool}: name one with --pool")
    with tempfile.TemporaryDirectory() as name:
        work = Path(name)
        pictures, _ = pool(asked.pool)
        images = {copies: built(work, pictures, copies) for copies in (COPIES, 1)}
        environment = {"HEROES_HOME": str(work / "home")}
        imported = [HEROES, "hashset", "import", work / "list.csv", "--name", "list"]
        measure.run([*map(str, imported), "--kind", "notable"], environment=environment)
        for copies, image in images.items():
            _compare(work, image, copies, asked.rounds, environment)


def _compare(
    work: Path, image: Path, copies: int, rounds: int, environment: dict[str, str]
) -> None:
    costs: dict[bool, measure.Cost] = {}
    results = set()
    for _ in range(rounds):
        for each in (True, False):
            case = work / "case"
            command = [sys.executable, "-c", EACH.format(each=each), "scan", str(image)]
            options = ["--case", str(case), "--set", "list", "--verify", "off", "--json"]
            cost, said = measure.run([*command, *options], environment=environment, accepted=(0, 3))
            costs[each] = cost.best(costs.get(each, cost))
            results.add(json.loads(said.splitlines()[-1])["content_sha256"])
            shutil.rmtree(case)
    before, now = costs[True], costs[False]
    print(
        f"{PHOTOGRAPHS} photographs, {copies} of each, {image.stat().st_size >> 20} MiB:"
        f" each by itself {before.cpu:.1f} s of processor, {before.wall:.1f} s;"
        f" each content once {now.cpu:.1f} s, {now.wall:.1f} s:"
        f" {now.cpu / before.cpu:.2f} of the processor time, {now.wall / before.wall:.2f} of the"
        f" time; coordinator {before.memory >> 20} and {now.memory >> 20} MiB;"
        f" {'the same result' if len(results) == 1 else 'OTHER RESULTS'}"
    )


if __name__ == "__main__":
    measure.adopt_orphans()
    main()
