"""The table of verbs, and the one place where errors become exit codes. No logic."""

import gc
import os
import sys
import traceback
from collections.abc import Sequence
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Final

import click
from click.shell_completion import CompletionItem, shell_complete

from heroes_forensics import __version__
from heroes_forensics.commands.completion import VARIABLE
from heroes_forensics.commands.output import Output, discard_stdout
from heroes_forensics.commands.text import inert
from heroes_forensics.errors import DONE, INTERRUPTED, HeroesError
from heroes_forensics.registry import Plugin

BUG: Final = HeroesError.exit_code


def _row(name: str, summary: str, function: str = "") -> Plugin[click.Command]:
    return Plugin(name, f"heroes_forensics.commands.{name}:{function or name}", summary)


GROUPS: Final[tuple[tuple[str, tuple[Plugin[click.Command], ...]], ...]] = (
    (
        "Examine",
        (
            _row("inspect", "Show volumes, file systems, encryption and health of a source."),
            _row("scan", "Examine evidence, compare it with hash sets, and report."),
            _row("batch", "Examine the exhibits of a manifest, one after the other."),
            _row("match", "Compare the digests of a case with other sets, or newer editions."),
            _row("status", "Show the runs of a case, its counts and its result value."),
        ),
    ),
    (
        "Results",
        (
            _row(
                "findings",
                "List the findings: what agrees, who lists it, where it lies.",
            ),
            _row("inventory", "List every item with its state, or what was not examined."),
            _row("locate", "Print where a finding lies, as commands of other tools."),
            _row("export", "Write findings or items for others, for a named recipient."),
            _row("report", "Write a new report of a case into its record."),
            _row(
                "open",
                "Read sealed names, with a reason that is recorded first.",
                "open_names",
            ),
            _row("review", "Record the review of a finding or of a report."),
            _row("disclose", "Disclose fields of one finding, proved, to a recipient."),
            _row("timestamp", "Anchor a record outside: time stamps, paper, witnesses."),
            _row("transfer", "Record who has the evidence: given, stored, returned, destroyed."),
        ),
    ),
    (
        "Check",
        (
            _row("verify", "Check a record: chain, signatures, files, coverage, rules."),
            _row(
                "selftest",
                "Check the installed copy, or whether a scan can begin.",
            ),
        ),
    ),
    (
        "Set up",
        (
            _row("demo", "Scan the bundled demonstration evidence and verify the record."),
            _row("init", "Make the keys of a laboratory."),
            _row("key", "Make, list and replace keys, and sign with the key of a person."),
            _row("case", "Make a case, show it, say who and what belongs to it."),
            _row(
                "hashset",
                "Import hash sets into the catalogue, build, list and verify them.",
            ),
            _row(
                "calibrate",
                "Measure with pictures of your own what scans find and miss.",
            ),
            _row(
                "formats",
                "List the formats of evidence, hash sets, reports and exports.",
            ),
            _row("completion", "Print the completion script for a shell."),
        ),
    ),
)
"""The verbs by what a person wants; each is imported when it runs."""

VERBS: Final = tuple(row for _, rows in GROUPS for row in rows)


class LazyGroup(click.Group):
    """Imports a verb only when it runs; ``--help`` is printed from the table."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Name every verb without importing one."""
        del ctx
        return [row.name for row in VERBS]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import the verb called ``cmd_name``, or say that there is none."""
        del ctx
        return next((row.load() for row in VERBS if row.name == cmd_name), None)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """List the verbs with the summaries of the table."""
        del ctx
        column = max(len(row.name) for row in VERBS)
        for title, rows in GROUPS:
            with formatter.section(title):
                formatter.write_dl([(f"{row.name:<{column}}", row.summary) for row in rows])

    def format_epilog(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Show how to begin."""
        del ctx
        formatter.write_paragraph()
        formatter.write(
            "Begin with:\n"
            "  heroes demo\n"
            "  heroes inspect image.E01\n"
            "  heroes scan image.E01 --set known.json --case CASE\n"
            "\n"
            "Each verb has its own help: heroes scan --help\n"
        )

    def shell_complete(self, ctx: click.Context, incomplete: str) -> list[CompletionItem]:
        """Complete verbs from the table."""
        rows = [
            CompletionItem(row.name, help=row.summary)
            for row in VERBS
            if row.name.startswith(incomplete)
        ]
        # Options of the program itself are what the base class of commands knows.
        return rows + click.Command.shell_complete(self, ctx, incomplete)


@click.group(
    cls=LazyGroup,
    context_settings={"help_option_names": ["-h", "--help"]},
    subcommand_metavar="VERB ...",
    no_args_is_help=True,
)
@click.version_option(__version__, prog_name="heroes", message="%(prog)s %(version)s")
def heroes() -> None:
    """Content-blind forensic triage of disk images and device dumps.

    Lists every file of seized media, digests all of it once, compares it with hash sets of
    authorised bodies, and writes a signed record. Nothing is shown to anybody, and what was not
    examined is said.
    """


def run(arguments: Sequence[str], *, own_process: bool = False, aloud: bool = True) -> int:
    """Run one command line and return its exit code; nothing is raised.

    Args:
        arguments: what follows the name of the program.
        own_process: whether the process exists for this alone, and may be locked for ever.
        aloud: whether an error that is a row of JSON is said to a person, too.

    A verb returns its exit code, an error carries its own. What is no error of ours is a bug: it
    is named by type and place alone, because its text may hold names from evidence.
    """
    complain = partial(_complain, as_json="--json" in arguments, aloud=aloud)
    try:
        return _run(arguments, own_process=own_process)
    except click.ClickException as error:
        return complain(_sentence(error.format_message()), _usage_hint(error), error.exit_code)
    except (click.Abort, KeyboardInterrupt, EOFError):
        return complain("interrupted", "", INTERRUPTED)
    except HeroesError as error:
        return complain(str(error), error.hint, error.exit_code)
    except BrokenPipeError:
        discard_stdout()
        return DONE
    except Exception as error:  # noqa: BLE001 # the last line of defence
        if os.environ.get("HEROES_DEBUG") == "1":
            traceback.print_exc()
        return complain(
            f"this is a bug: {type(error).__name__} at {_place(error)}",
            "what was recorded stays; HEROES_DEBUG=1 shows the whole trace, which may hold names",
            BUG,
        )


def _run(arguments: Sequence[str], *, own_process: bool) -> int:
    instruction = os.environ.get(VARIABLE)
    if instruction:
        return shell_complete(heroes, {}, "heroes", VARIABLE, instruction)
    try:
        with heroes.make_context("heroes", list(arguments), obj=own_process) as context:
            code = heroes.invoke(context)
    except click.exceptions.Exit as done:
        code = done.exit_code
    except click.exceptions.NoArgsIsHelpError as error:
        sys.stderr.write(f"{error.format_message()}\n")  # help: its lines stay lines
        code = error.exit_code
    Output(as_json=False).flush()
    return code if isinstance(code, int) else DONE


def _sentence(text: str) -> str:
    """Give a message of click the form of ours: lower case, no full stop."""
    text = text.strip().removesuffix(".")
    return text[:1].lower() + text[1:]


def _usage_hint(error: click.ClickException) -> str:
    context = error.ctx if isinstance(error, click.UsageError) else None
    return f"see: {context.command_path if context else 'heroes'} --help"


def _place(error: BaseException) -> str:
    """Return file and line of the innermost frame of this package."""
    package = Path(__file__).parent
    place = "unknown place"
    for frame in traceback.extract_tb(error.__traceback__):
        with suppress(ValueError):
            inside = Path(frame.filename).relative_to(package.parent)
            if inside.parts[0] == package.name:
                place = f"{inside}:{frame.lineno}"
    return place


def _complain(message: str, hint: str, code: int, *, as_json: bool, aloud: bool) -> int:
    """Say one sentence on standard error, and as a line of JSON where those were asked for."""
    if aloud or not as_json:
        with suppress(OSError, ValueError):
            sys.stderr.write(f"error: {inert(message)}\n")
            if hint:
                sys.stderr.write(f"hint:  {inert(hint)}\n")
            sys.stderr.flush()
    if as_json:
        with suppress(HeroesError):
            out = Output(as_json=True)
            out.row({"message": message, "hint": hint, "exit_code": code}, "error")
            out.flush()
    return code


def _hold_standard_streams() -> None:
    """Open what the caller closed of descriptors 0, 1 and 2 on nothing.

    Otherwise the next file that is opened, evidence or case database, would get that number, and
    messages would be written into it.
    """
    for descriptor in range(3):
        try:
            os.fstat(descriptor)
        except OSError:
            os.open(os.devnull, os.O_RDWR)
    if sys.stdout is None:
        sys.stdout = open(os.devnull, "w", encoding="utf-8")  # noqa: SIM115, PTH123 # to the end
    if sys.stderr is None:
        sys.stderr = open(os.devnull, "w", encoding="utf-8")  # noqa: SIM115, PTH123 # to the end


def main(*, aloud: bool = True) -> None:
    """Run the command line of this process, which is locked for ever by some verbs.

    Args:
        aloud: as for `run`.
    """
    _hold_standard_streams()
    os.umask(0o077)  # whatever is written is for its owner alone, whoever set the umask
    # Almost nothing here makes cycles; looking for them took a fifth of the time of importing.
    gc.set_threshold(100_000, 50, 50)
    # NumPy brings a library for linear algebra, which nobody here calls; its threads would spin.
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    for stream in (sys.stdout, sys.stderr):
        with suppress(AttributeError, ValueError):
            # A terminal of another encoding must not turn a result into a crash.
            stream.reconfigure(errors="backslashreplace")  # type: ignore[union-attr] # checked above
    code = run(sys.argv[1:], own_process=True, aloud=aloud)
    with suppress(OSError, ValueError):
        sys.stdout.flush()
    # The interpreter looks for cycles among all that it loaded several times while it ends: a tenth
    # of what a scan of an empty volume costs. What is frozen it leaves to the kernel.
    gc.freeze()
    sys.exit(code)
