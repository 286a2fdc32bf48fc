"""Figures as Markdown, and what they depend on."""

import importlib.metadata
import os
import platform
import textwrap
from collections.abc import Sequence
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import images
import stages as stage_names
from programs import KNOWN_RECORDS, OURS, Measured

_WIDTH: Final = 100
_PACKAGES: Final = (
    "heroes-forensics",
    "dfvfs",
    "libewf-python",
    "pytsk3",
    "numpy",
    "deflate",
    "isal",
    "llvmlite",
)
_PAIRS: Final = (("6,000 mixed", "50,000 mixed"), ("6,000 mixed, NTFS", "50,000 mixed, NTFS"))
_HEAD: Final = ("image", "format", "program", "CPU s", "wall s", "MB/s", "files/s", "CPU", "wall")


def conditions(loads: Sequence[float], repeat: int, peers: Sequence[str], where: Path) -> list[str]:
    """Return what the figures of scans depend on, as lines of text."""
    lines = (
        f"{_machine(loads)} images on {_file_system(where)}, in the page cache.",
        f"Versions: {', '.join([*_versions(), *peers])}.",
        f"Each program up to {repeat} times in turn, the smallest figure of each;",
        "what takes more than 20 s runs once;",
        f"ours compares with one set of {KNOWN_RECORDS:,} MD5.",
    )
    return textwrap.wrap(" ".join(lines), _WIDTH, break_on_hyphens=False, break_long_words=False)


def machine(loads: Sequence[float], where: Path) -> list[str]:
    """Return what other figures depend on, as lines of text."""
    lines = (
        f"{_machine(loads)} files on {_file_system(where)}.",
        f"Versions: {', '.join(_versions())}.",
    )
    return textwrap.wrap(" ".join(lines), _WIDTH, break_on_hyphens=False, break_long_words=False)


def _versions() -> list[str]:
    versions = []
    for name in _PACKAGES:
        with suppress(importlib.metadata.PackageNotFoundError):
            versions.append(f"{name} {importlib.metadata.version(name)}")
    return versions


def _machine(loads: Sequence[float]) -> str:
    """Return the machine and how busy it was, up to a semicolon."""
    model = platform.processor() or "unknown"
    with suppress(OSError):
        for line in Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines():
            if line.startswith("model name"):
                model = line.partition(":")[2].strip()
                break
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / (1 << 30)
    return " ".join(
        (
            f"Date: {datetime.now(UTC):%Y-%m-%d}. Python {platform.python_version()},",
            f"{platform.system()} {platform.release()}.",
            f"Machine: {model}, {len(os.sched_getaffinity(0))} cores, {memory:.0f} GiB;",
            f"load average before each round {min(loads):.1f} to {max(loads):.1f},",
            f"nice {os.nice(0)};",
        )
    )


def _file_system(place: Path) -> str:
    """Return the type of the file system a folder lies on."""
    best = ("", "an unknown file system")
    with suppress(OSError):
        for line in Path("/proc/self/mounts").read_text(encoding="utf-8").splitlines():
            _, point, kind, *_ = line.split(" ")
            if place.resolve().is_relative_to(point) and len(point) >= len(best[0]):
                best = (point, kind)
    return best[1]


def scans(results: Sequence[Measured]) -> list[str]:
    """Return the figures: seconds, then how many times less ours needs."""
    if not results:
        return []
    lines = [f"| {' | '.join(_HEAD)} |", "|---|---|---|" + "---:|" * 6]
    for each in results:
        lines += rows(each)
    memory = [
        cost.memory
        for each in results
        for name, cost in each.costs.items()
        if name.startswith("heroes")
    ]
    lines += [
        "",
        *textwrap.wrap(
            "CPU is user and system time of the whole process tree. The last two columns say how "
            f"many times the figure of `{OURS}` the figure is: what a peer needs more. Largest "
            f"resident set of our coordinator: {max(memory, default=0) / 1e6:.0f} MB.",
            _WIDTH,
        ),
    ]
    return lines


def rows(each: Measured) -> list[str]:
    """Return the rows of one image in one format."""
    lines = []
    total = sum(each.shape.all_sizes)
    plain = each.costs.get(OURS)
    title = f"{each.shape.name} ({total / 1e6:,.0f} MB)"
    for name, cost in each.costs.items():
        cells = (
            title,
            each.kind,
            name,
            f"{cost.cpu:.2f}",
            f"{cost.wall:.2f}",
            f"{total / 1e6 / cost.wall:,.0f}",
            f"{each.shape.files / cost.wall:,.0f}",
            f"{cost.cpu / plain.cpu:.1f}" if plain else "",
            f"{cost.wall / plain.wall:.1f}" if plain else "",
        )
        lines.append(f"| {' | '.join(cells)} |")
    lines += [
        f"| {title} | {each.kind} | {name}: {why} |{' |' * 6}" for name, why in each.missing.items()
    ]
    return lines


def stages(results: Sequence[Measured]) -> list[str]:
    """Return the share of each stage of our scan in its processor time."""
    names = [name for name in stage_names.ORDER if any(each.stages.get(name) for each in results)]
    if not names:
        return []
    lines = [
        f"| stages of `{OURS}` | CPU s | {' | '.join(names)} |",
        "|---|" + "---:|" * (len(names) + 1),
    ]
    for each in results:
        whole = sum(each.stages.values())
        if whole:
            shares = [f"{each.stages.get(name, 0.0) / whole:.0%}" for name in names]
            lines.append(f"| {each.name} | {whole:.2f} | {' | '.join(shares)} |")
    return lines


def margins(results: Sequence[Measured]) -> list[str]:
    """Return what the files of a larger image cost beyond a smaller one's: no fixed cost."""
    found = {(each.shape.name, each.kind): each for each in results}
    lines = []
    for small, large in _PAIRS:
        for kind in ("raw", "E01"):
            less, more = found.get((small, kind)), found.get((large, kind))
            if less is None or more is None or not {OURS} <= less.costs.keys() & more.costs.keys():
                continue
            ours = more.costs[OURS].cpu - less.costs[OURS].cpu
            for name in ("digests", "minimal", "minimal, lanes", *images.PEERS):
                if name in less.costs and name in more.costs and ours > 0:
                    cpu = more.costs[name].cpu - less.costs[name].cpu
                    cells = (
                        f"{large} less {small}, {kind}",
                        name,
                        f"{cpu:.2f}",
                        f"{cpu / ours:.1f}",
                    )
                    lines.append(f"| {' | '.join(cells)} |")
    if not lines:
        return []
    head = ("without the fixed cost", "program", "CPU s", f"times that of `{OURS}`")
    return [f"| {' | '.join(head)} |", "|---|---|---:|---:|", *lines]
