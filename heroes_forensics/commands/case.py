"""``heroes case``: making a case, showing it, describing its exhibits."""

from collections.abc import Iterator
from pathlib import Path

import click

from heroes_forensics.commands import case_log, options
from heroes_forensics.commands.output import Output
from heroes_forensics.commands.text import covered, facts, hanging, string, strings
from heroes_forensics.commands.verb import VerbGroup
from heroes_forensics.errors import DONE, UsageError
from heroes_forensics.model import JSON


@click.group("case", cls=VerbGroup, no_args_is_help=True, subcommand_metavar="WHAT ...")
def case() -> None:
    """Make a case, show it, say who and what belongs to it.

    A scan makes its case by itself; this is for facts that should stand in the record before
    the first scan, and for correcting what is said of an exhibit.

    Examples:
      heroes case create CASE --reference 2024/117 --examiner ex-031
      heroes case show CASE
      heroes case exhibit CASE E-1 --field seal="B 004 118"
      heroes case person CASE ex-031 --name "A. Example" --role examiner
    """


@case.command("create")
@options.case_argument
@click.option("--reference", default="", metavar="TEXT", help="Reference of the case.")
@click.option("--examiner", default="", metavar="ID", help="Staff identifier of the examiner.")
@click.option(
    "--names",
    type=click.Choice(options.NAMES),
    default="sealed",
    show_default=True,
    help="Whether names of files are encrypted in the case; this never changes.",
)
@click.option(
    "--authority",
    multiple=True,
    callback=options.pairs,
    metavar="FIELD=VALUE",
    help="The legal basis: kind, reference, issued_by, valid_from (YYYY-MM-DD) and scope_text, all "
    "of them; valid_to where it ends. May be repeated.",
)
@options.passphrase_option
@options.json_option
def create(  # noqa: PLR0913 # the options of a verb
    *,
    case_dir: Path,
    reference: str,
    examiner: str,
    names: str,
    authority: tuple[tuple[str, str], ...],
    passphrase_fd: int | None,
    as_json: bool,
) -> int:
    r"""Make a new case in a new or empty folder CASE.

    Examples:
      heroes case create CASE --reference 2024/117 --examiner ex-031
      heroes case create CASE --authority kind=warrant --authority reference=G-221 \
        --authority issued_by="Court X" --authority valid_from=2024-11-01 \
        --authority scope_text="all data carriers"
    """
    from heroes_forensics.pipelines.case import cases  # noqa: PLC0415 # heavy: when it runs

    made = cases.create(
        case_dir,
        reference=reference,
        examiner=examiner,
        names=names,
        authority=options.fields(authority, "--authority") or None,
        passphrase=options.passphrase(passphrase_fd),
    )
    Output(as_json=as_json).show(made, "case", _made)
    return DONE


def _made(facts_of_case: JSON) -> Iterator[str]:
    yield "The case is made."
    yield ""
    sealed = strings(facts_of_case, "wrapped")
    yield from facts({name: facts_of_case[name] for name in facts_of_case if name != "wrapped"})
    if sealed:
        yield ""
        yield "What it seals opens for:"
        yield from (f"  {each}" for each in sealed)  # a recipient stays in one piece
    yield ""
    folder = string(facts_of_case, "directory")
    yield from hanging("", f"Examine something into it: heroes scan SOURCE... --case {folder}")


@case.command("show")
@options.case_argument
@options.json_option
def show(*, case_dir: Path, as_json: bool) -> int:
    """Show the facts, exhibits, sources and runs of CASE.

    Example:
      heroes case show CASE
    """
    from heroes_forensics.pipelines.case import cases  # noqa: PLC0415 # heavy: when it runs

    Output(as_json=as_json).show(cases.show(case_dir), "case", facts)
    return DONE


@case.command("exhibit")
@options.case_argument
@click.argument("label")
@click.option(
    "--field",
    "given",
    multiple=True,
    required=True,
    callback=options.pairs,
    metavar="FIELD=VALUE",
    help="description, make, model, serial, seal, officer, lims, time_zone, or a field of your "
    "own. May be repeated.",
)
@options.passphrase_option
@options.json_option
def exhibit(
    *,
    case_dir: Path,
    label: str,
    given: tuple[tuple[str, str], ...],
    passphrase_fd: int | None,
    as_json: bool,
) -> int:
    """Describe the exhibit LABEL of CASE, or correct its description.

    A correction is an event of the record; what was said before stays readable there.

    Example:
      heroes case exhibit CASE E-1 --field make=Example --field serial=SN-4471
    """
    from heroes_forensics.pipelines.case import cases  # noqa: PLC0415 # heavy: when it runs

    fields = options.fields(given, "--field")
    secret = options.passphrase(passphrase_fd)
    now = cases.set_exhibit(case_dir, label, fields, passphrase=secret)
    Output(as_json=as_json).show(now, "exhibit", facts)
    return DONE


@case.command("person")
@options.case_argument
@click.argument("person", metavar="ID")
@click.option("--name", default="", metavar="TEXT", help="The person's name.  [default: ID]")
@click.option("--role", required=True, metavar="TEXT", help="What the person does in the case.")
@click.option("--organisation", default="", metavar="TEXT", help="Whom the person works for.")
@click.option(
    "--key",
    default="",
    metavar="VKEY",
    help="The key by which the person signs.  [default: the one made here by heroes key new]",
)
@options.passphrase_option
@options.json_option
def person_of(  # noqa: PLR0913 # the options of a verb
    *,
    case_dir: Path,
    person: str,
    name: str,
    role: str,
    organisation: str,
    key: str,
    passphrase_fd: int | None,
    as_json: bool,
) -> int:
    """Declare the person with the staff identifier ID in CASE.

    Example:
      heroes case person CASE po-007 --role officer --organisation "Police X"
    """
    from heroes_forensics.pipelines.acts import acting  # noqa: PLC0415 # heavy: when it runs

    said = acting.declare(
        case_dir,
        person,
        name=name,
        role=role,
        organisation=organisation,
        key=key,
        passphrase=options.passphrase(passphrase_fd),
    )
    Output(as_json=as_json).show(said, "act", facts)
    return DONE


@case.command("authority")
@options.case_argument
@click.option(
    "--field",
    "given",
    multiple=True,
    required=True,
    callback=options.pairs,
    metavar="FIELD=VALUE",
    help="kind, reference, issued_by, valid_from (YYYY-MM-DD) and scope_text, all of them; "
    "valid_to where it ends. May be repeated.",
)
@options.passphrase_option
@options.json_option
def authority_of(
    *,
    case_dir: Path,
    given: tuple[tuple[str, str], ...],
    passphrase_fd: int | None,
    as_json: bool,
) -> int:
    r"""Record a legal basis of CASE: a warrant, an order, a consent.

    Example:
      heroes case authority CASE --field kind=warrant --field reference=G-221 \
        --field issued_by="Court X" --field valid_from=2024-11-01 \
        --field scope_text="all media"
    """
    from heroes_forensics.pipelines.acts import acting  # noqa: PLC0415 # heavy: when it runs

    fields = options.fields(given, "--field")
    secret = options.passphrase(passphrase_fd)
    said = acting.authorise(case_dir, fields, passphrase=secret)
    Output(as_json=as_json).show(said, "act", facts)
    return DONE


@case.command("correct")
@options.case_argument
@click.argument("event", type=click.IntRange(min=0))
@click.option("--reason", required=True, metavar="TEXT", help="What is wrong.")
@click.option("--replacement", default="", metavar="TEXT", help="What it should say.")
@click.option(
    "--examiner",
    default="",
    metavar="ID",
    help="Who corrects.  [default: the examiner of the case]",
)
@options.passphrase_option
@options.json_option
def correct(  # noqa: PLR0913 # the options of a verb
    *,
    case_dir: Path,
    event: int,
    reason: str,
    replacement: str,
    examiner: str,
    passphrase_fd: int | None,
    as_json: bool,
) -> int:
    """Correct what EVENT of the record of CASE says; both stay readable.

    Example:
      heroes case correct CASE 12 --reason "wrong seal" --replacement "B 004 181"
    """
    from heroes_forensics.pipelines.acts import acting  # noqa: PLC0415 # heavy: when it runs

    said = acting.correct(
        case_dir,
        event,
        reason=reason,
        replacement=replacement,
        person=examiner,
        passphrase=options.passphrase(passphrase_fd),
    )
    Output(as_json=as_json).show(said, "act", facts)
    return DONE


def _reasons(command: options.F) -> options.F:
    """Add what a record says of an erasure."""
    examiner = "Who erases.  [default: the examiner of the case]"
    command = click.option("--examiner", default="", metavar="ID", help=examiner)(command)
    for name, text in (
        ("--rule", "The rule on retention that it follows."),
        ("--authority", "The legal basis."),
        ("--justification", "Why."),
    ):
        command = click.option(name, required=True, metavar="TEXT", help=text)(command)
    return command


@case.command("recipients")
@options.case_argument
@click.option(
    "--add",
    "added",
    multiple=True,
    callback=options.pairs,
    metavar="NAME=RECIPIENT",
    help="An age recipient (age1...) that opens the case from now on. May be repeated.",
)
@click.option("--reason", default="", metavar="TEXT", help="Why; it goes into the record.")
@click.option(
    "--examiner",
    default="",
    metavar="ID",
    help="Who does it.  [default: the examiner of the case]",
)
@options.passphrase_option
@options.json_option
def recipients_of(  # noqa: PLR0913 # the options of a verb
    *,
    case_dir: Path,
    added: tuple[tuple[str, str], ...],
    reason: str,
    examiner: str,
    passphrase_fd: int | None,
    as_json: bool,
) -> int:
    """Show who opens what CASE seals, take up new recipients of the laboratory, add others.

    The case key is wrapped anew to all of them. Sealed files of earlier runs keep the recipients
    that they had, because the record holds their digests.

    Examples:
      heroes case recipients CASE
      heroes case recipients CASE --add prosecutor=age1... --reason "order of 3 May"
    """
    from heroes_forensics.pipelines.acts import recipients  # noqa: PLC0415 # heavy: when it runs

    said = recipients.seal_to(
        case_dir,
        added=added,
        reason=reason,
        examiner=examiner,
        passphrase=options.passphrase(passphrase_fd),
    )
    Output(as_json=as_json).show(said, "recipients", facts)
    return DONE


@case.command("erase")
@options.case_argument
@click.option("--run", default=None, metavar="RUN", help="Of this run alone, by its UUID.")
@click.option("--all", "whole", is_flag=True, help="Of all runs, with the key of the case.")
@_reasons
@options.passphrase_option
@options.json_option
def erase(  # noqa: PLR0913 # the options of a verb
    *,
    case_dir: Path,
    run: str | None,
    whole: bool,
    justification: str,
    authority: str,
    rule: str,
    examiner: str,
    passphrase_fd: int | None,
    as_json: bool,
) -> int:
    r"""Destroy what CASE keeps sealed: names, paths, values, and the key to them.

    Commitments, findings, counts and reports stay, and the record verifies as before. Copies that
    were handed out are not reached.

    Example:
      heroes case erase CASE --all --justification "case closed" \
        --authority "Police Act s. 77" --rule "10 years"
    """
    from heroes_forensics.pipelines.acts import erasing  # noqa: PLC0415 # heavy: when it runs

    if whole == (run is not None):
        raise UsageError("say what is erased", hint="either --run RUN or --all")
    said = erasing.erase(
        case_dir,
        run=run,
        justification=justification,
        authority=authority,
        rule=rule,
        examiner=examiner,
        passphrase=options.passphrase(passphrase_fd),
    )
    Output(as_json=as_json).show(said, "erasure", _erased)
    return DONE


def _erased(said: JSON) -> Iterator[str]:
    yield "What was kept sealed is destroyed; that it was, and why, is on record."
    yield ""
    yield from facts({name: said[name] for name in said if name != "also_in"})
    yield ""
    if others := strings(said, "also_in"):
        text = f"names of the same findings may stand in those of {', '.join(others)}, too."
        yield from hanging("", f"Sealed files of other runs were left: {text}")
    yield from hanging("", "Copies that were handed out, and backups, are not reached.")


@case.command("reduce")
@options.case_argument
@click.option(
    "--older-than", default=None, metavar="DAYS", help="When the last run ended so long ago: 90d."
)
@click.option("--now", "at_once", is_flag=True, help="Whenever the last run ended.")
@_reasons
@options.passphrase_option
@options.json_option
def reduce(  # noqa: PLR0913 # the options of a verb
    *,
    case_dir: Path,
    older_than: str | None,
    at_once: bool,
    justification: str,
    authority: str,
    rule: str,
    examiner: str,
    passphrase_fd: int | None,
    as_json: bool,
) -> int:
    r"""Drop what CASE says of items without a finding, after a deadline.

    Locators, names, times, digests and values go; counts, gaps, findings and commitments stay. Such
    items are neither listed nor compared with other sets any more, which `heroes inventory`,
    `heroes match` and `heroes status` say.

    Example:
      heroes case reduce CASE --older-than 90d --justification "deadline over" \
        --authority "Police Act s. 75" --rule "90 days"
    """
    from heroes_forensics.pipelines.acts import erasing  # noqa: PLC0415 # heavy: when it runs

    if at_once == (older_than is not None):
        raise UsageError("say when it is time", hint="either --older-than 90d or --now")
    said = erasing.reduce(
        case_dir,
        older_than=older_than,
        justification=justification,
        authority=authority,
        rule=rule,
        examiner=examiner,
        passphrase=options.passphrase(passphrase_fd),
    )
    Output(as_json=as_json).show(said, "reduction", facts)
    return DONE


@case.command("cosigned")
@options.case_argument
@click.argument("file", type=options.PATH)
@options.passphrase_option
@options.json_option
def cosigned(*, case_dir: Path, file: Path, passphrase_fd: int | None, as_json: bool) -> int:
    """Take the signatures of FILE, a checkpoint of CASE that was signed elsewhere.

    Example:
      heroes case cosigned CASE signed.txt
    """
    from heroes_forensics.pipelines.acts import cosigning  # noqa: PLC0415 # heavy: when it runs

    taken = cosigning.take(case_dir, file, passphrase=options.passphrase(passphrase_fd))
    Output(as_json=as_json).show(taken, "cosignatures", lambda row: facts(covered(row)))
    return DONE


for each in (case_log.log, case_log.note, case_log.clock, case_log.consulted, case_log.combined):
    case.add_command(each)
