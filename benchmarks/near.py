"""Near PDQ values in lists of a hundred thousand to ten million: ours against others.

``python benchmarks/near.py`` makes lists of two shapes, asks every index the same 512 values in
batches, each in a process of its own on one core, and compares all answers with those of
comparing every value: an index whose answer differs is named with what it missed. The figures
are kept in build/near.md; ``--insert`` puts those of the last run into docs/performance.md.
Nothing here is a test.
"""

import argparse
import json
import signal
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import measure
import near_stores
import numpy as np
import tables
from hashsets import DOCUMENT, python
from near_stores import BATCHES, KINDS, RADIUS, WIDTH, Values
from programs import FAILURES, ROOT, load

KEPT: Final = ROOT / "build" / "near.md"
MARKS: Final = ("<!-- near values: begin -->", "<!-- near values: end -->")
STORES: Final = Path(near_stores.__file__)
QUERIES: Final = 512
PART: Final = 1 << 18
"""Values made at once."""
SHAPES: Final = ("real-like", "uniform")
_FILES: Final = ("hset", "hset-fast")
_OURS: Final = frozenset({*_FILES, "all"})
_TOO_LARGE: Final = {"threatexchange": 5_000_000}
"""What would take some 8 GB at ten million, by its memory at one million."""
_COPIES: Final = 48
"""Bits by which members of one group of copies are off at most."""
_MB: Final = 1e6
NAMES: Final = {
    "hset": "`.hset`",
    "hset-fast": "`.hset`, with the extra `fast`",
    "all": "ours, comparing every value",
    "faiss-flat": "faiss `IndexBinaryFlat`",
    "faiss-multi": "faiss `IndexBinaryMultiHash`",
    "threatexchange": "python-threatexchange `PDQIndex`",
}


@dataclass(slots=True)
class Lists:
    """What all indexes gave for one list."""

    count: int
    shape: str
    truth: dict[str, Any] = field(default_factory=dict)
    said: dict[str, dict[str, Any]] = field(default_factory=dict)
    missing: dict[str, str] = field(default_factory=dict)


def alone(draw: np.random.Generator, count: int) -> Values:
    """Return values of unrelated pictures.

    Bits beside one another agree a little more often than not, so that values share a chunk 1.2
    times as often as random ones do: what was measured with 258 photographs.
    """
    words = draw.integers(0, 1 << 16, (count, WIDTH // 2), dtype=np.uint16)
    one, two, three = draw.integers(0, 1 << 16, (3, *words.shape), dtype=np.uint16)
    mask = one & two & three
    mixed: Values = ((words & ~mask) | (words << np.uint16(1) & mask)).view(np.uint8)
    return mixed


def beside(draw: np.random.Generator, rows: Values, most: int) -> Values:
    """Return values up to so many bits off, every distance being as frequent."""
    share = draw.integers(0, most + 1, len(rows))[:, None] / (8 * WIDTH) * 256
    flips = draw.integers(0, 256, (len(rows), 8 * WIDTH), dtype=np.uint8) < share
    found: Values = rows ^ np.packbits(flips, axis=1)
    return found


def listed(count: int, shape: str) -> Iterator[Values]:
    """Yield a made-up list, the same one every time.

    ``uniform`` values are random. Of ``real-like`` ones half are alone and half are in groups:
    copies of one picture and frames of one film, of which a few have thousands.
    """
    draw = np.random.Generator(np.random.Philox(key=count))
    for start in range(0, count, PART):
        size = min(PART, count - start)
        if shape == "uniform":
            yield draw.integers(0, 256, (size, WIDTH), dtype=np.uint8)
            continue
        rows = alone(draw, size)
        members = np.minimum(draw.zipf(1.7, size), 4096)
        group = np.repeat(np.arange(size), members)[: size // 2]
        rows[: len(group)] = beside(draw, rows[size // 2 :][group % (size - size // 2)], _COPIES)
        draw.shuffle(rows)
        yield rows


def made(folder: Path, count: int, shape: str) -> None:
    """Write a list and its queries: half of them altered copies of listed values."""
    draw = np.random.default_rng(count + len(shape))
    wanted = draw.choice(count, min(QUERIES // 2, count), replace=False)
    taken = []
    start = 0
    with (folder / "values").open("wb") as stream:
        for part in listed(count, shape):
            here = wanted[(wanted >= start) & (wanted < start + len(part))]
            taken.append(part[here - start])
            start += len(part)
            stream.write(part.tobytes())
    near = beside(draw, np.concatenate(taken), RADIUS + 5)
    queries = np.concatenate([near, alone(draw, QUERIES - len(near))])
    draw.shuffle(queries)
    queries.tofile(folder / "queries")


def asked(count: int, shape: str, work: Path) -> Lists:
    """Ask every index about one list."""
    found = Lists(count, shape)
    with tempfile.TemporaryDirectory(dir=work) as name:
        folder = Path(name)
        made(folder, count, shape)
        built = 0.0
        for kind in ("all", *(kind for kind in KINDS if kind != "all")):
            if count > _TOO_LARGE.get(kind, count):
                found.missing[kind] = "its memory, some 0.8 kB a value"
                continue
            command = [sys.executable if kind in _OURS else python("near"), str(STORES)]
            try:
                if kind in _FILES and not built:
                    _, output = measure.run([*command, "make", name], environment={})
                    built = json.loads(output)["made"]
                _, output = measure.run([*command, kind, name], environment={})
            except FAILURES as error:
                found.missing[kind] = str(error)
                continue
            said = json.loads(output) | {"built": built}
            if kind == "all":
                found.truth = said
            found.said[kind] = said
            print(f"{count:,} {shape}, {kind}: done", file=sys.stderr, flush=True)
    return found


def table(every: Sequence[Lists]) -> list[str]:
    """Return the figures, each beside ours."""
    head = (
        *("values", "list", "index", "made, CPU s", "opened, CPU s", "memory MB"),
        *(f"us a query, batches of {size}" for size in BATCHES),
        *("ours, times faster", "with `fast`", "found", "complete"),
    )
    lines = [f"| {' | '.join(head)} |", "|---:|---|---|" + "---:|" * 9 + "---|"]
    for found in every:
        for kind, said in found.said.items():
            ours = kind.startswith("hset")
            ratios = ["" if ours else ratio(found.said.get(name), said) for name in _FILES]
            cells = (
                *(f"{found.count:,}", found.shape, NAMES[kind]),
                f"{said['built' if ours else 'made']:.1f}",
                f"{said['made']:.2f}" if ours else "",
                f"{said['RssAnon'] / _MB:,.0f}",
                *(f"{said['seconds'][str(size)] / QUERIES * 1e6:,.0f}" for size in BATCHES),
                *(*ratios, f"{said['found']:,}", complete(found.truth, said)),
            )
            lines.append(f"| {' | '.join(cells)} |")
    for found in every:
        lines += [
            f"\n{found.count:,} {found.shape}, {NAMES[kind]}: left out, {why}"
            for kind, why in found.missing.items()
        ]
    return lines


def ratio(ours: dict[str, Any] | None, said: dict[str, Any]) -> str:
    """Say how many times as fast ours is, in batches of the size where that is least."""
    if ours is None:
        return ""
    each = (said["seconds"][str(size)] / ours["seconds"][str(size)] for size in BATCHES)
    return f"{min(each):.1f}"


def complete(truth: dict[str, Any], said: dict[str, Any]) -> str:
    """Say whether an answer is that of comparing every value."""
    if not truth:
        return "not known"
    if said["answer"] == truth["answer"]:
        return "yes"
    return f"no: {truth['found'] - said['found']:,} fewer of {truth['found']:,}"


def write(text: str) -> None:
    """Put the figures between the marks of the document."""
    before, _, rest = DOCUMENT.read_text(encoding="utf-8").partition(MARKS[0])
    _, _, after = rest.partition(MARKS[1])
    DOCUMENT.write_text(f"{before}{MARKS[0]}\n\n{text}\n{MARKS[1]}{after}", encoding="utf-8")


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--quick", action="store_true", help="small numbers: does it run?")
    parser.add_argument("--full", action="store_true", help="ten million values, too (6 GB)")
    parser.add_argument("--folder", type=Path, metavar="DIR", help="work in DIR (3 GB of disk)")
    parser.add_argument("--insert", action="store_true", help="only write the last run's figures")
    return parser.parse_args()


def main() -> None:
    """Run from the command line."""
    options = _options()
    if options.insert:
        write(KEPT.read_text(encoding="utf-8"))
        return
    counts = [20_000] if options.quick else [100_000, 1_000_000]
    counts += [10_000_000] if options.full else []
    measure.adopt_orphans()
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    loads = [load()]
    every: list[Lists] = []
    left_out: list[str] = []
    start = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="heroes-bench-", dir=options.folder) as name:
        try:
            for count in counts:
                for shape in SHAPES:
                    every.append(asked(count, shape, Path(name)))
                    loads.append(load())
        except KeyboardInterrupt:
            left_out.append("The run was stopped before its end.")
        lines = [
            *tables.machine(loads, Path(name)),
            *("", *table(every)),
            *("", f"The whole run took {time.monotonic() - start:,.0f} s.", *left_out, ""),
        ]
    text = "\n".join(lines)
    print(text)
    KEPT.parent.mkdir(exist_ok=True)
    KEPT.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
