"""``heroes calibrate``: what perceptual comparison finds again, measured by the laboratory."""

from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import click

from heroes_forensics.commands import options
from heroes_forensics.commands.output import Output
from heroes_forensics.commands.progress import watching
from heroes_forensics.commands.text import counted, facts, hanging, integer, record, records, string
from heroes_forensics.commands.verb import Verb
from heroes_forensics.errors import DONE, CustodyError
from heroes_forensics.model import JSON

_RADII: Final = (31, 40)
_OF: Final = {
    "as-is": "pictures as they are",
    "edited": "their edits",
    "distractors": "distractors as they are",
    "look-alikes": "pictures that look alike",
}


@click.command("calibrate", cls=Verb)
@click.argument("folder", metavar="[DIR]", required=False, type=options.SOURCE)
@click.option(
    "--distractors",
    type=options.SOURCE,
    metavar="DIR",
    help="Further pictures, of other things, that those of DIR are compared with.",
)
@click.option(
    "--profile",
    type=click.Choice(["standard", "deep"]),
    default="standard",
    show_default=True,
    help="What is measured: what scans always look at, or what they look at in depth as well.",
)
@click.option(
    "--edited",
    "most_edited",
    type=click.IntRange(1, 100_000),
    default=100,
    show_default=True,
    metavar="N",
    help="How many pictures are edited at most; each takes some seconds.",
)
@click.option("--examiner", default="", metavar="ID", help="Staff identifier of who runs it.")
@click.option(
    "--workers",
    type=click.IntRange(0, 512),
    default=0,
    metavar="N",
    help="Worker processes.  [default: one for each core]",
)
@click.option("--list", "wants_list", is_flag=True, help="List the calibrations there are.")
@click.option("--show", metavar="ID", help="Show a calibration whole.")
@options.passphrase_option
@options.quiet_option
@options.json_option
def calibrate(  # noqa: PLR0913 # the options of a verb
    *,
    folder: Path | None,
    distractors: Path | None,
    profile: str,
    most_edited: int,
    examiner: str,
    workers: int,
    wants_list: bool,
    show: str | None,
    passphrase_fd: int | None,
    quiet: bool,
    as_json: bool,
) -> int:
    """Measure with pictures of your own what scans find and miss.

    Reads the benign pictures in DIR, edits some of them in memory (resized, saved again, cropped,
    turned, with borders, letters, as screenshots), and looks for the edits among all of them: how
    many are found, and how often another picture comes close. The counts are kept as a record
    signed with the laboratory's key, which scans from then on cite as the known error rate. No
    picture, name or digest of a single picture is in it; nothing is written but the record.

    Give pictures of the kinds that your cases have, a hundred at least, and of different things.
    Near duplicates are left out by themselves.

    Examples:
      heroes calibrate benign/ --examiner E-17
      heroes calibrate benign/ --distractors more/ --profile deep
      heroes calibrate --list
      heroes calibrate --show 3fa94c

    Exit codes:
      0   done
      3   done, and some pictures could not be read, decoded or edited
      6   a calibration does not verify
    """
    from heroes_forensics.pipelines.records import calibrations  # noqa: PLC0415 # heavy: when it runs

    if sum((folder is not None, wants_list, show is not None)) != 1:
        raise click.UsageError("name a folder of pictures, or --list, or --show ID")
    out = Output(as_json=as_json)
    if wants_list:
        rows = list(calibrations.listed())
        for row in rows:
            out.show(row, "calibration", _row)
        if not rows and not as_json:
            out.line("There is no calibration: heroes calibrate DIR")
        return CustodyError.exit_code if any("refused" in row for row in rows) else DONE
    if show is not None:
        out.show(calibrations.shown_of(calibrations.named(show)), "calibration", text)
        return DONE
    from heroes_forensics.pipelines.references import calibrating  # noqa: PLC0415 # as above

    secret = options.passphrase(passphrase_fd)
    with watching(out, quiet=quiet) as watch:
        made, code = calibrating.calibrate(
            calibrating.Wanted(
                folder=folder or Path(),
                distractors=distractors,
                profile=profile,
                most_edited=most_edited,
                examiner=examiner,
                workers=workers,
            ),
            passphrase=secret,
            watch=watch,
            own_process=options.own_process(),
        )
    out.show(made, "calibration", text)
    return code


def _row(row: JSON) -> Iterator[str]:
    if "refused" in row:
        yield from hanging("! ", f"{string(row, 'id')} is not used: {string(row, 'refused')}")
        return
    usable = "" if row["fits"] else "; of another version of the comparison"
    yield (
        f"{string(row, 'id')}  {string(row, 'time')[:16].replace('T', ' ')} UTC  "
        f"{string(row, 'profile')}, {counted(integer(row, 'pictures'), 'picture')}, "
        f"{integer(row, 'edited'):,} edited{usable}"
    )


def text(made: JSON) -> Iterator[str]:
    """Yield a calibration whole: what it was, every edit, every count of false pairs."""
    pictures, method = record(made, "pictures"), record(made, "method")
    yield f"Calibration {string(made, 'id')} of {string(made, 'time')[:16].replace('T', ' ')} UTC"
    yield ""
    yield from facts(
        {
            "laboratory": made["laboratory"],
            "examiner": string(made, "examiner") or "not stated",
            "isolation": made["isolation"],
            "sha256": made["sha256"],
            "method": {name: method[name] for name in ("profile", "algorithm", "collages")},
            "pictures": pictures,
            "distractors": made["distractors"] or "none given",
        }
    )
    yield ""
    columns = [(tier, radius) for tier in (1, 2) for radius in _RADII]
    columns = [each for each in columns if _key(*each) in records(made, "edits")[0]]
    yield "Found again, of those made, within 31 and 40 bits:"
    yield "  " + " ".join(
        [
            f"{'':<46}",
            f"{'made':>6}",
            f"{'failed':>6}",
            *(f"{f'tier {tier}, {radius}':>11}" for tier, radius in columns),
        ]
    )
    families: dict[str, list[JSON]] = defaultdict(list)
    for edit in records(made, "edits"):
        families[string(edit, "family")].append(edit)
    yield _means("mean over edits", [*records(made, "edits")], columns)
    yield _intervals([*records(made, "edits")], columns, integer(pictures, "edited"))
    for family, edits in families.items():
        yield _means(family, edits, columns)
        for edit in edits:
            yield _line(f"  {string(edit, 'name')}", edit, columns)
    yield ""
    yield "Other pictures that came close (false pairs):"
    for chance in records(made, "chances"):
        yield from _chance(chance)


def _key(tier: int, radius: int) -> str:
    return f"tier{tier}_{radius}"


def _line(name: str, edit: JSON, columns: list[tuple[int, int]]) -> str:
    shares = [f"{edit[_key(*each)]}" for each in columns]
    cells = [f"{integer(edit, 'made'):>6}", f"{integer(edit, 'failed'):>6}"]
    return "  " + " ".join([f"{name:<46}", *cells, *(f"{share:>11}" for share in shares)])


def _means(name: str, edits: list[JSON], columns: list[tuple[int, int]]) -> str:
    """Return the average over edits, each counting as much as any other."""
    made = [edit for edit in edits if edit["made"]]
    cells = [
        f"{sum(_share(edit, _key(*each)) for edit in made) / max(1, len(made)):.1%}"
        for each in columns
    ]
    return "  " + " ".join([f"{name:<46}", " " * 13, *(f"{cell:>11}" for cell in cells)])


def _intervals(edits: list[JSON], columns: list[tuple[int, int]], pictures: int) -> str:
    """Return between what the averages lie: few pictures leave much open."""
    from heroes_forensics.hashsets.measuring import interval  # noqa: PLC0415 # heavy: when it runs

    made = [edit for edit in edits if edit["made"]]
    cells = []
    for each in columns:
        share = sum(_share(edit, _key(*each)) for edit in made) / max(1, len(made))
        low, high = interval(share, pictures)
        cells.append(f"{low:.0%}-{high:.0%}")
    name = f"95 % interval, {counted(pictures, 'picture')}"
    return "  " + " ".join([f"{name:<46}", " " * 13, *(f"{cell:>11}" for cell in cells)])


def _share(edit: JSON, key: str) -> float:
    found: Any = edit[key]
    made: Any = edit["made"]
    return float(found) / float(made)


def _chance(chance: JSON) -> Iterator[str]:
    comparisons = integer(chance, "comparisons")
    what = string(chance, "what") or _OF[string(chance, "of")]
    closest = integer(chance, "closest")
    yield f"  {what}, tier {chance['tier']}: {comparisons:,} comparisons, closest {closest} bits"
    for radius in _RADII:
        pairs = integer(chance, f"pairs_{radius}")
        yield (
            f"    within {radius} bits: {pairs or 'none'}; 95 % upper bound of the rate "
            f"{chance[f'upper_{radius}']}"
        )
    if "grade_a" in chance:
        yield f"    grade A: {chance['grade_a'] or 'none'}"
