"""``heroes scan``: the main job."""

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Final

import click

from heroes_forensics.commands import options
from heroes_forensics.commands.output import Output
from heroes_forensics.commands.progress import watching
from heroes_forensics.commands.summary import report_of, summary
from heroes_forensics.commands.text import counted, facts, hanging, plain
from heroes_forensics.commands.verb import Verb
from heroes_forensics.errors import CustodyError
from heroes_forensics.model import JSON

if TYPE_CHECKING:
    from heroes_forensics.pipelines.runs.request import ScanResult


STATED: Final = (
    *("profile", "verify", "names", "treat_as", "accept_damaged", "expect", "sets", "exhibit"),
    *("no_perceptual", "plugin", "expand_limits", "calibration", "media_metadata"),
    "carve",
    "acquisition_log",
)
"""Options that a run that goes on was begun with."""


@click.command("scan", cls=Verb)
@click.argument("sources", metavar="SOURCE...", nargs=-1, type=options.SOURCE)
@click.option(
    "--case", "case_dir", required=True, type=options.PATH, metavar="DIR",
    help="The folder of the case: a new one, an empty one, or a case.",
)  # fmt: skip
@click.option(
    "--set", "sets", multiple=True, metavar="NAME|FILE",
    help="Compare with this hash set: a name of the catalogue, or a file. May be repeated.",
)  # fmt: skip
@click.option(
    "--exhibit", default="EX-1", show_default=True, metavar="LABEL",
    help="The exhibit that the sources belong to.",
)  # fmt: skip
@click.option(
    "--exhibit-field", multiple=True, callback=options.pairs, metavar="FIELD=VALUE",
    help="A fact about the exhibit: description, make, model, serial, seal, officer, lims, "
    "time_zone ... May be repeated.",
)  # fmt: skip
@click.option("--reference", default="", metavar="TEXT", help="Reference of a new case.")
@click.option("--examiner", default="", metavar="ID", help="Staff identifier of the examiner.")
@click.option(
    "--authority", multiple=True, callback=options.pairs, metavar="FIELD=VALUE",
    help="The legal basis of a new case: kind, reference, issued_by, valid_from (YYYY-MM-DD) and "
    "scope_text, all of them; valid_to where it ends. May be repeated.",
)  # fmt: skip
@click.option(
    "--profile", type=click.Choice(["triage", "standard", "deep"]), default="standard",
    show_default=True, help="How much is examined; what is left out is listed as such.",
)  # fmt: skip
@click.option(
    "--verify", type=click.Choice(["before", "during", "later", "off"]), default="during",
    show_default=True, help="When the digests of the image are computed and compared.",
)  # fmt: skip
@click.option(
    "--expect", multiple=True, callback=options.digests, metavar="ALG:HEX",
    help="A digest that the media must have, for example from a label; ALG is md5, sha1 or "
    "sha256. With several sources, the number of the source in front: 2:md5:HEX. May be repeated.",
)  # fmt: skip
@click.option(
    "--acquisition-log", multiple=True, metavar="FILE|auto",
    help="What the program wrote that made the image: a log of FTK Imager, Guymager or ewfacquire, "
    "whose digests the media must have; auto: what lies beside it under its name. With several "
    "sources, the number of the source in front: 2:FILE. May be repeated.",
)  # fmt: skip
@click.option(
    "--names", type=click.Choice(options.NAMES),
    help="Whether names of files are encrypted in a new case.  [default: sealed]",
)  # fmt: skip
@click.option(
    "--as", "treat_as", type=click.Choice(options.TREAT_AS), default="auto", show_default=True,
    help="What the sources are, when their content could be read in two ways.",
)  # fmt: skip
@click.option(
    "--accept-damaged", is_flag=True,
    help="Examine what is left of an image with damaged or missing parts.",
)  # fmt: skip
@options.key_files
@click.option(
    "--set-kind", type=click.Choice(options.SET_KINDS),
    help="What the set files are; needed where the format does not say.",
)  # fmt: skip
@options.expired_sets
@click.option(
    "--map", "mapping", multiple=True, metavar="SRC=DST", callback=options.pairs,
    help="Name a column of a CSV set file: SRC in the file means DST (md5, sha1, sha256, size, "
    "category, id ...). May be repeated.",
)  # fmt: skip
@click.option(
    "--workers", type=click.IntRange(0, 512), default=0, metavar="N",
    help="Worker processes.  [default: one for each core]",
)  # fmt: skip
@click.option(
    "--require-isolation", type=click.Choice(["A1", "A2", "A3", "A4"]), metavar="LEVEL",
    help="Do not start unless workers are locked at least this well: A4, A3, A2 or A1.",
)  # fmt: skip
@click.option(
    "--no-perceptual", is_flag=True,
    help="Decode no picture: only digests are taken and compared.",
)  # fmt: skip
@options.plugin_option
@options.calibration_option
@click.option(
    "--media-metadata", is_flag=True,
    help="Keep, sealed, what pictures and films say of the device they were made with: make, "
    "model, serial numbers, dates, and whether there is a position.",
)  # fmt: skip
@options.carve_option
@click.option(
    "--expand-limit", "expand_limits", multiple=True, callback=options.limits,
    metavar="LIMIT=NUMBER",
    help="Open containers found inside the evidence further than the profile does. LIMIT is ratio "
    "(times the size of the container), bytes (K, M, G or T may follow), members or nesting. "
    "May be repeated.",
)  # fmt: skip
@click.option(
    "--budget", callback=options.duration, metavar="TIME",
    help="End in order after this time (15m, 1h30m, 90s), with a report of what was reached.",
)  # fmt: skip
@click.option(
    "--resume", is_flag=True,
    help="Go on with the run of the case that was interrupted, under its own settings.",
)  # fmt: skip
@click.option(
    "--exit-code", "with_matches", is_flag=True,
    help="Exit with 10 for matches, 11 for matches and unexpected gaps.",
)  # fmt: skip
@options.passphrase_option
@options.quiet_option
@options.json_option
def scan(  # noqa: PLR0913 # the options of a verb
    *,
    sources: tuple[Path, ...],
    case_dir: Path,
    sets: tuple[str, ...],
    exhibit: str,
    exhibit_field: tuple[tuple[str, str], ...],
    reference: str,
    examiner: str,
    authority: tuple[tuple[str, str], ...],
    profile: str,
    verify: str,
    expect: tuple[str, ...],
    acquisition_log: tuple[str, ...],
    names: str | None,
    treat_as: str,
    accept_damaged: bool,
    key_files: tuple[Path, ...],
    set_kind: str | None,
    allow_expired: tuple[str, ...],
    mapping: tuple[tuple[str, str], ...],
    workers: int,
    require_isolation: str | None,
    no_perceptual: bool,
    calibration: str,
    plugin: str,
    media_metadata: bool,
    carve: bool | None,
    budget: float | None,
    resume: bool,
    expand_limits: dict[str, int],
    with_matches: bool,
    passphrase_fd: int | None,
    quiet: bool,
    as_json: bool,
) -> int:
    """Examine evidence, compare it with hash sets, and report.

    Opens each SOURCE read-only, lists every file (deleted ones too), digests every stream once,
    compares, and writes a signed record and a report into the case. No content and, unless asked
    for, no name is shown to anybody. Interrupted with Ctrl-C, it finishes what is being read and
    closes the record; twice, it ends at once. Closing the terminal does not end it. Whatever
    ended it, --resume goes on where it stopped, and comes to the same result.

    Examples:
      heroes scan image.E01 --set known.json --case CASE
      heroes scan disk.001 --case CASE --verify before --expect md5:HEX
      heroes scan disk.E01 --case CASE --acquisition-log disk.E01.txt
      heroes scan phone.zip --case CASE --set notable --set nsrl --exit-code
      heroes scan disk.E01 --case CASE --set notable --budget 15m
      heroes scan --case CASE --resume

    Exit codes:
      0   done                             5    stopped unasked: disk, machine
      3   done, with unexpected gaps,      6    evidence or record does not verify
          or the budget was used up
      4   the case is in use               20   a source cannot be opened
      10  matches (--exit-code)            30   a hash set is refused
      11  matches and unexpected gaps      130  interrupted
    """
    from heroes_forensics.pipelines.workers import launch  # noqa: PLC0415 # not for --help

    early = launch.ahead("evidence", bulk=launch.is_bulk(sources))
    click.get_current_context().with_resource(early)
    from heroes_forensics.pipelines.runs.request import ScanRequest, outcome_code  # noqa: PLC0415 # heavy
    from heroes_forensics.pipelines.runs.scan import scan as run  # noqa: PLC0415 # heavy

    set_options: JSON = {}
    if set_kind:
        set_options["kind"] = set_kind
    if allow_expired:
        set_options["allow_expired"] = list(allow_expired)
    if mapping:
        set_options["map"] = [f"{source}={target}" for source, target in mapping]
    request = ScanRequest(
        case_dir=case_dir,
        sources=sources,
        exhibit=exhibit,
        exhibit_fields=options.fields(exhibit_field, "--exhibit-field"),
        sets=sets,
        set_options=set_options,
        profile=profile,
        verify=verify,
        names=names or "",
        expect=expect,
        acquisition_log=acquisition_log,
        workers=workers,
        treat_as=treat_as,
        accept_damaged=accept_damaged,
        key_files=key_files,
        perceptual=not no_perceptual,
        calibration=calibration,
        plugin=plugin,
        media_metadata=media_metadata,
        carve=carve,
        expand_limits=expand_limits,
        reference=reference,
        examiner=examiner,
        authority=options.fields(authority, "--authority"),
        passphrase=options.passphrase(passphrase_fd),
        require_isolation=require_isolation or "",
        own_process=options.own_process(),
        budget=budget,
        resume=resume,
        stated=_stated() if resume else frozenset(),
    )
    out = Output(as_json=as_json)
    with watching(out, quiet=quiet) as watch:
        result = run(request, watch)
    code = outcome_code(result, with_matches=with_matches)
    if as_json:
        out.row(_row(result, code), "scan")
    else:
        out.lines(text(result))
    return code


def _stated() -> frozenset[str]:
    """Return the fields of a request that were given on the command line."""
    given = options.stated(STATED)
    return frozenset("perceptual" if name == "no_perceptual" else name for name in given)


def _row(result: "ScanResult", code: int) -> JSON:
    return {
        "case": result.case,
        "case_dir": str(result.case_dir),
        "run": result.run,
        "outcome": result.outcome,
        "cause": result.cause,
        "exit_code": code,
        "findings": result.findings,
        "unexpected_gaps": result.unexpected_gaps,
        "counts": result.counts,
        "integrity": result.integrity,
        "content_sha256": result.content_sha256,
        "isolation": result.isolation,
        "report": str(result.report) if result.report else None,
        "notes": list(result.notes),
    }


def text(result: "ScanResult") -> Iterator[str]:
    """Yield the summary of a scan: the result, what was not examined, where the report lies."""
    report = report_of(result.report) if result.report else None
    if report is not None:
        yield from summary(report)
    else:
        yield "There is no report of this run. What was counted:"
        yield from facts(result.counts, indent=2)
    yield ""
    if result.cause:
        what = "THE TIME IS USED UP" if result.cause == "budget" else "INTERRUPTED"
        yield f"{what}: the examination was not finished; the record was closed."
        yield f"Go on:   heroes scan --case {plain(result.case_dir)} --resume"
    if result.exit_code == CustodyError.exit_code:
        yield "THE EVIDENCE DOES NOT VERIFY: see the sources above."
    for note in result.notes:
        yield from hanging("Note: ", plain(note))
    yield from hanging(
        "Run:     ",
        f"{result.outcome}; {counted(result.findings, 'finding')}, "
        f"{counted(result.unexpected_gaps, 'unexpected gap')}",
    )
    if result.report:
        yield f"Report:  {plain(result.report)}"
    yield f"Check:   heroes verify {plain(result.case_dir)}"
