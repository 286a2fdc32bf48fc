"""``heroes match``: what is on record, compared with other sets."""

from collections.abc import Iterator
from pathlib import Path

import click

from heroes_forensics.commands import options
from heroes_forensics.commands.output import Output
from heroes_forensics.commands.progress import watching
from heroes_forensics.commands.text import (
    counted,
    hanging,
    integer,
    plain,
    records,
    string,
    strings,
)
from heroes_forensics.commands.verb import Verb
from heroes_forensics.commands.words import INDENT, word
from heroes_forensics.errors import DONE, MATCHES
from heroes_forensics.model import JSON


@click.command("match", cls=Verb)
@options.case_argument
@click.option(
    "--set", "sets", multiple=True, required=True, metavar="NAME|FILE",
    help="Compare with this hash set: a name of the catalogue, or a file. May be repeated.",
)  # fmt: skip
@click.option(
    "--set-kind", type=click.Choice(options.SET_KINDS),
    help="What set files are that do not say it themselves.",
)  # fmt: skip
@options.expired_sets
@options.plugin_option
@options.calibration_option
@click.option(
    "--exit-code", "with_matches", is_flag=True, help="Exit with 10 when something new matches."
)
@options.passphrase_option
@options.quiet_option
@options.json_option
def match(  # noqa: PLR0913 # the options of a verb
    *,
    case_dir: Path,
    sets: tuple[str, ...],
    set_kind: str | None,
    allow_expired: tuple[str, ...],
    plugin: str,
    calibration: str,
    with_matches: bool,
    passphrase_fd: int | None,
    quiet: bool,
    as_json: bool,
) -> int:
    """Compare the digests of a case with other sets, or newer editions.

    The evidence is not needed. Kept values of pictures and films are compared as well, which those
    of views that --profile deep adds are not. Findings keep their numbers: what a newer edition
    says otherwise is recorded beside them, and what it does not list any more is withdrawn and
    stays listed. Items without a digest on record need the evidence: nothing is said of them.

    Examples:
      heroes match CASE --set national
      heroes match CASE --set new-edition.json --set-kind notable
    """
    from heroes_forensics.pipelines.runs import rematching  # noqa: PLC0415 # heavy: when it runs

    request = rematching.MatchRequest(
        case_dir=case_dir,
        sets=sets,
        set_options={"kind": set_kind, "allow_expired": list(allow_expired)},
        plugin=plugin,
        calibration=calibration,
        passphrase=options.passphrase(passphrase_fd),
        own_process=options.own_process(),
    )
    out = Output(as_json=as_json)
    with watching(out, quiet=quiet) as watch:
        made = rematching.match(request, watch)
    out.show(made, "match", _text)
    return MATCHES if with_matches and made["new"] else DONE


def _compared(made: JSON) -> Iterator[str]:
    """Yield how much was compared, by what, and how much was not."""
    yield (
        f"re-matched exact {integer(made, 'exact')}, near {integer(made, 'near')},"
        f" needs evidence {integer(made, 'needs_evidence')}"
    )
    reduced = integer(made, "reduced")
    if reduced > 0:
        yield f"{counted(reduced, 'item')} not compared: the case was reduced (heroes case reduce)."
    plugin = made.get("plugin")
    if isinstance(plugin, dict):
        compared = counted(integer(made, "supplied"), "picture")
        lacking = counted(integer(made, "supplied_needs_evidence"), "picture")
        name = f"{plain(string(plugin, 'name'))} {plain(string(plugin, 'version'))}"
        yield f"compared by the plug-in {name}: {compared}; {lacking} without a value of it"
    without = integer(made, "near_needs_evidence")
    if without:
        what = counted(without, "picture or film", "pictures or films")
        yield f"{what} not decoded: to be compared, they need the evidence."


def _text(made: JSON) -> Iterator[str]:
    yield from _compared(made)
    yield ""
    for name, says in (
        ("new", "New"),
        ("changed", "Listed otherwise"),
        ("withdrawn", "Withdrawn: not listed any more"),
        ("unknown", "Cannot be told here (found in depth, by a plug-in, or among too many)"),
    ):
        numbers = strings(made, name)
        if numbers:
            yield from hanging(f"{says}: ", f"{', '.join(numbers)}.")
    still = integer(made, "still_listed")
    if still:
        yield f"{counted(still, 'finding')} listed as before."
    if not any(strings(made, name) for name in ("new", "changed", "withdrawn")):
        scope = f"the {counted(integer(made, 'exact'), 'item')} compared"
        yield f"In {scope} nothing is listed otherwise than before."
    for each in records(made, "taken_back"):
        label = f"{string(each, 'set')} {string(each, 'edition')}"
        state = word("set_state", string(each, "state"))
        yield ""
        yield from hanging("", f"Edition {label} is {state}: {plain(string(each, 'reason'))}")
        numbers = strings(each, "findings")
        if numbers:
            yield from hanging(INDENT, f"Findings that rest on it: {', '.join(numbers)}.")
    unmarked = made.get("not_identified")
    for label, numbers in unmarked.items() if isinstance(unmarked, dict) else ():
        yield ""
        yield from hanging(
            "",
            f"Victim not marked identified in edition {label}; confirm with the issuer:",
        )
        yield from hanging(INDENT, f"{', '.join(numbers)}.")
    for note in strings(made, "notes"):
        yield from hanging("", plain(note))
    yield ""
    yield f"Report:  {plain(string(made, 'report'))}"
