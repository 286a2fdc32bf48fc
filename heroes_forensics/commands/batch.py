"""``heroes batch``: many exhibits, one after the other."""

import sys
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import click

from heroes_forensics.commands import options
from heroes_forensics.commands.output import Output
from heroes_forensics.commands.text import (
    clock,
    counted,
    hanging,
    inert,
    integer,
    plain,
    record,
    string,
)
from heroes_forensics.commands.verb import Verb
from heroes_forensics.commands.words import word
from heroes_forensics.errors import DONE, StoppedError
from heroes_forensics.model import JSON


@click.command("batch", cls=Verb)
@click.argument("manifest", type=options.PATH)
@click.option(
    "--cases", "cases_dir", type=options.PATH, metavar="DIR",
    help="The folder in which each exhibit gets a case of its own.  [default: cases, beside the "
    "manifest]",
)  # fmt: skip
@click.option(
    "--budget", metavar="TIME", callback=options.checked_duration,
    help="End the examination of each exhibit in order after this time: 15m, 1h30m.",
)  # fmt: skip
@click.option(
    "--workers", type=click.IntRange(0, 512), default=0, metavar="N",
    help="Worker processes.  [default: one for each core]",
)  # fmt: skip
@click.option(
    "--check", is_flag=True, help="Read the manifest and say what it means; examine nothing."
)
@click.option(
    "--exit-code", "with_matches", is_flag=True,
    help="Exit with 10 for matches, 11 for matches and unexpected gaps.",
)  # fmt: skip
@options.passphrase_option
@options.quiet_option
@options.json_option
def batch(  # noqa: PLR0913 # the options of a verb
    *,
    manifest: Path,
    cases_dir: Path | None,
    budget: str | None,
    workers: int,
    check: bool,
    with_matches: bool,
    passphrase_fd: int | None,
    quiet: bool,
    as_json: bool,
) -> int:
    """Examine the exhibits of a manifest, one after the other.

    MANIFEST is YAML, or a table when its name ends in .csv: exhibits with their sources, expected
    digests, hash sets, legal basis (docs/batch.md has examples; its JSON Schema comes with the
    package). What fails with one exhibit stops no other. The same manifest again leaves out what
    is finished, goes on with what was interrupted, and begins the rest. Ctrl-C finishes what is
    being read, and ends the batch.

    Examples:
      heroes batch exhibits.yaml
      heroes batch exhibits.yaml --budget 15m --json
      heroes batch seizure.csv --cases /cases/2024-117 --exit-code

    Exit codes:
      2   the manifest makes no sense, and nothing was begun; else the first
          that ended an exhibit, of 130, 6, 1, 20, 30, 2, 5, 4, 11, 10, 7, 3, 0
    """
    from heroes_forensics.pipelines.batches import batch as pipeline  # noqa: PLC0415 # heavy: when it runs
    from heroes_forensics.pipelines.batches.batch_exhibit import Manner  # noqa: PLC0415 # likewise
    from heroes_forensics.pipelines.batches.manifest import load  # noqa: PLC0415 # likewise

    plan = load(manifest, cases_dir=cases_dir)
    out = Output(as_json=as_json)
    if check:
        out.show_all(iter(plan.to_json()), "exhibit", _planned)
        return DONE
    overrides: JSON = {}
    if budget is not None:
        overrides["budget"] = budget
    if workers:
        overrides["workers"] = workers
    manner = Manner(
        tell=_hear if quiet else _say,
        overrides=overrides,
        passphrase=options.passphrase(passphrase_fd),
        with_matches=with_matches,
        quiet=quiet,
    )
    outcomes = []
    lost: StoppedError | None = None
    for outcome in pipeline.run(plan, manner):
        outcomes.append(outcome)
        try:
            out.show(outcome.to_json(), "exhibit", _text)
            out.flush()
        except StoppedError as error:  # the cases hold the results: nothing ends for it
            lost, out.closed = error, True
    whole = pipeline.total(plan, outcomes)
    out.show(whole, "batch", _total)
    if lost is not None:
        raise lost
    return integer(whole, "exit_code")


def _say(text: str) -> None:
    with suppress(OSError, ValueError):
        sys.stderr.write(inert(text) + "\n")
        sys.stderr.flush()


def _hear(text: str) -> None:
    """Hear it, and say nothing."""


def _text(row: JSON) -> Iterator[str]:
    did = string(row, "did")
    code = row.get("exit_code")
    parts = [f"{string(row, 'exhibit'):<16} {did:<15} {'-' if code is None else code!s:>4}"]
    if did not in {"failed", "not begun"}:
        parts += [string(row, "outcome"), *_figures(row)]
    yield "  ".join(parts)
    if row.get("message"):
        yield from hanging("    ", string(row, "message"))
    if row.get("hint"):
        yield from hanging("    ", string(row, "hint"))
    if did == "not begun":
        return
    for label, status in record(row, "integrity").items():
        if status == "mismatch":
            yield f"    {plain(label)}: the digests of the image differ from the expected ones"
    cause = string(row, "cause")
    if cause:
        yield f"    not finished: {word('cause', cause)}"
    yield f"    {plain(row.get('report') or row.get('case_dir'))}"


def _figures(row: JSON) -> Iterator[str]:
    yield counted(integer(row, "findings"), "finding")
    yield counted(integer(row, "unexpected_gaps"), "unexpected gap")
    yield clock(integer(row, "seconds"))


def _total(row: JSON) -> Iterator[str]:
    did = (
        ("examined", "examined"),
        ("finished_before", "finished before"),
        ("failed", "failed"),
        ("not_begun", "not begun"),
    )
    parts = [f"{integer(row, key):,} {text}" for key, text in did if row.get(key)]
    yield ""
    yield f"{counted(integer(row, 'exhibits'), 'exhibit')}: {', '.join(parts)}"
    yield f"{', '.join(_figures(row))}; exit code {integer(row, 'exit_code')}"


def _planned(row: JSON) -> Iterator[str]:
    yield f"{string(row, 'exhibit')}: {plain(row.get('case_dir'))}"
    sources = row.get("sources")
    for source in sources if isinstance(sources, list) else ():
        yield f"  {plain(source.get('path'))}"
