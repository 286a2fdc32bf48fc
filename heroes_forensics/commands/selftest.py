"""``heroes selftest``: does the installed copy do what it promises?"""

from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import click

from heroes_forensics.commands import options
from heroes_forensics.commands.output import Output
from heroes_forensics.commands.progress import watching
from heroes_forensics.commands.text import counted, hanging, integer, string
from heroes_forensics.commands.verb import Verb
from heroes_forensics.errors import DONE, CustodyError, HeroesError, UsageError
from heroes_forensics.model import JSON

if TYPE_CHECKING:
    from heroes_forensics.custody.statements import Record


@click.command("selftest", cls=Verb)
@click.argument("sources", metavar="[SOURCE]...", nargs=-1, type=options.SOURCE)
@click.option(
    "--preflight", "case_dir", type=options.PATH, metavar="CASE",
    help="Check instead whether a scan of the sources into CASE can begin: room, rights, clock.",
)  # fmt: skip
@click.option(
    "--record", "wants_record", is_flag=True,
    help="Keep a validation record, signed with the laboratory's key: what was tested on which "
    "data, expected, found.",
)  # fmt: skip
@click.option(
    "--with", "folders", multiple=True, type=options.SOURCE, metavar="FOLDER",
    help="Test on the evidence in FOLDER, too, as its expected.yaml says. May be repeated.",
)  # fmt: skip
@click.option("--examiner", default="", metavar="ID", help="Staff identifier of who tests.")
@click.option(
    "--method", default="", metavar="TEXT",
    help="The laboratory's method, with its version.  [default: of laboratory.yaml]",
)  # fmt: skip
@click.option(
    "--sop", default="", metavar="TEXT",
    help="The laboratory's procedure, with its version.  [default: of laboratory.yaml]",
)  # fmt: skip
@click.option(
    "--deviation", "deviations", multiple=True, metavar="TEXT",
    help="What was done otherwise than the procedure says. May be repeated.",
)  # fmt: skip
@click.option("--host", default="", metavar="TEXT", help="The laboratory's name of this machine.")
@click.option("--list", "wants_list", is_flag=True, help="List the validation records there are.")
@click.option("--show", default="", metavar="ID", help="Show a validation record whole.")
@options.passphrase_option
@options.quiet_option
@options.json_option
def selftest(  # noqa: PLR0913 # the options of a verb
    *,
    sources: tuple[Path, ...],
    case_dir: Path | None,
    wants_record: bool,
    folders: tuple[Path, ...],
    examiner: str,
    method: str,
    sop: str,
    deviations: tuple[str, ...],
    host: str,
    wants_list: bool,
    show: str,
    passphrase_fd: int | None,
    quiet: bool,
    as_json: bool,
) -> int:
    r"""Check the installed copy, or whether a scan can begin.

    Supports the validation of a laboratory; it does not replace it. Exit code 0 when nothing
    failed, 1 when a check failed. Scans cite the newest record in ledger and report.

    Examples:
      heroes selftest
      heroes selftest --preflight CASE image.E01
      heroes selftest --record --examiner ex-031 --with reference/ --sop "SOP 4.2"
      heroes selftest --list
      heroes selftest --show 3fa94c
    """
    if sources and case_dir is None:
        raise UsageError(
            "sources are checked only before a scan", hint="say --preflight CASE SOURCE..."
        )
    if sum((case_dir is not None, wants_record, wants_list, bool(show))) > 1:
        raise UsageError("--preflight, --record, --list and --show go one at a time")
    if not wants_record and (folders or examiner or method or sop or deviations or host):
        raise UsageError("this is said of a record", hint="say --record, too")
    out = Output(as_json=as_json)
    if wants_list or show:
        return _kept(out, show)
    if wants_record:
        from heroes_forensics.pipelines.trials import validating  # noqa: PLC0415 # heavy

        wanted = validating.Wanted(examiner, folders, method, sop, deviations, host)
        secret = options.passphrase(passphrase_fd)
        with watching(out, quiet=quiet) as watch:
            record = validating.validate(wanted, passphrase=secret, watch=watch)
        return _shown(out, record)
    from heroes_forensics.pipelines.trials import selftest as checks  # noqa: PLC0415 # heavy

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


def _kept(out: Output, show: str) -> int:
    from heroes_forensics.pipelines.records import validations  # noqa: PLC0415 # heavy

    if show:
        return _shown(out, validations.SHELF.named(show))
    rows = list(validations.listed())
    for row in rows:
        out.show(row, "validation", _line)
    if not rows and not out.as_json:
        out.line("There is no validation record: heroes selftest --record --examiner ID")
    return CustodyError.exit_code if any("refused" in row for row in rows) else DONE


def _shown(out: Output, record: "Record") -> int:
    """Show a record whole; the exit code is its verdict."""
    from heroes_forensics.pipelines.records import validations  # noqa: PLC0415 # heavy

    if out.as_json:
        out.row(validations.shown_of(record), "validation")
    else:
        out.lines(validations.page(record))
    return DONE if record.body["verdict"] == "pass" else HeroesError.exit_code


def _line(row: JSON) -> Iterator[str]:
    if "refused" in row:
        yield from hanging("! ", f"{string(row, 'id')} is not cited: {string(row, 'refused')}")
        return
    usable = "" if row["same_software"] else "; of other software than this"
    yield (
        f"{string(row, 'id')}  {string(row, 'time')[:16].replace('T', ' ')} UTC  "
        f"{string(row, 'verdict').upper()}  by {string(row, 'examiner')}, "
        f"{counted(integer(row, 'data'), 'piece')} of evidence, "
        f"version {string(row, 'program_version')}{usable}"
    )


def _counted(rows: Iterator[JSON], counts: Counter[str]) -> Iterator[JSON]:
    for row in rows:
        counts[string(row, "result", "fail")] += 1
        yield row


def _text(row: JSON) -> Iterator[str]:
    result = string(row, "result", "fail")
    mark = {"pass": "pass", "fail": "FAIL", "skip": "skip"}.get(result, result)
    detail = string(row, "detail")
    yield from hanging(f"{mark:<6}", string(row, "name") + (f": {detail}" if detail else ""))
