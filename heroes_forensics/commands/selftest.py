"""``heroes selftest``: does the installed copy do what it promises?"""

from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import click

from heroes_forensics.commands import options
from heroes_forensics.commands.output import Output
from heroes_forensics.commands.text import hanging, string
from heroes_forensics.commands.verb import Verb
from heroes_forensics.errors import DONE, HeroesError, UsageError
from heroes_forensics.model import JSON


@click.command("selftest", cls=Verb)
@click.argument("sources", metavar="[SOURCE]...", nargs=-1, type=options.SOURCE)
@click.option(
    "--preflight", "case_dir", type=options.PATH, metavar="CASE",
    help="Check instead whether a scan of the sources into CASE can begin: room, rights, clock.",
)  # fmt: skip
@options.json_option
def selftest(*, sources: tuple[Path, ...], case_dir: Path | None, as_json: bool) -> int:
    """Check the installed copy, or whether a scan can begin.

    Supports the validation of a laboratory; it does not replace it. Exit code 0 when nothing
    failed, 1 when a check failed.

    Examples:
      heroes selftest
      heroes selftest --preflight CASE image.E01
    """
    if sources and case_dir is None:
        raise UsageError(
            "sources are checked only before a scan", hint="say --preflight CASE SOURCE..."
        )
    from heroes_forensics.pipelines import selftest as checks  # noqa: PLC0415 # heavy

    out = Output(as_json=as_json)
    counts: Counter[str] = Counter()
    rows = checks.preflight(case_dir, sources) if case_dir is not None else checks.selftest()
    out.show_all(_counted(rows, counts), "check", _text)
    if as_json:
        total: JSON = {"pass": counts["pass"], "fail": counts["fail"], "skip": counts["skip"]}
        out.row(total, "selftest")
    else:
        out.line()
        out.line(f"{counts['pass']} passed, {counts['fail']} failed, {counts['skip']} skipped")
    return HeroesError.exit_code if counts["fail"] else DONE


def _counted(rows: Iterator[JSON], counts: Counter[str]) -> Iterator[JSON]:
    for row in rows:
        counts[string(row, "result", "fail")] += 1
        yield row


def _text(row: JSON) -> Iterator[str]:
    result = string(row, "result", "fail")
    mark = {"pass": "pass", "fail": "FAIL", "skip": "skip"}.get(result, result)
    detail = string(row, "detail")
    yield from hanging(f"{mark:<6}", string(row, "name") + (f": {detail}" if detail else ""))
