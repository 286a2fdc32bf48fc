"""``heroes hashset``: bringing known material into the catalogue, and looking at it."""

from collections.abc import Iterator
from pathlib import Path
from typing import Final

import click

from heroes_forensics.commands import options
from heroes_forensics.commands.hashset_build import build
from heroes_forensics.commands.hashset_states import dispute, reinstate, retire, retract
from heroes_forensics.commands.hashset_trust import trust
from heroes_forensics.commands.output import Output
from heroes_forensics.commands.progress import watching
from heroes_forensics.commands.text import (
    counted,
    facts,
    hanging,
    integer,
    plain,
    records,
    string,
    strings,
)
from heroes_forensics.commands.verb import VerbGroup
from heroes_forensics.errors import DONE, HashSetError
from heroes_forensics.model import JSON

REJECTED: Final = 10
"""Rejected records shown after an import; all of them are in ``hashset show``."""

_SAID: Final = (
    *(
        "format",
        "kind",
        "issuer",
        "edition",
        "records",
        "accepted",
        "values",
        "skipped",
        "rejected",
    ),
    *(
        "rejected_by_reason",
        "signature",
        "profile",
        "profile_unverified",
        "unknown_codes",
        "built_on",
    ),
)


_FIRST: Final = (
    *("name", "issuer", "edition", "state", "reason", "decided_at", "signature", "provenance"),
    *("kind", "format", "records", "digests", "values", "imported_at", "health", "warnings"),
)


@click.group("hashset", cls=VerbGroup, no_args_is_help=True, subcommand_metavar="WHAT ...")
def hashset() -> None:
    """Import hash sets into the catalogue, build, list and verify them.

    A scan takes a set file directly as well: heroes scan ... --set FILE.

    Examples:
      heroes hashset import known.json --name national --issuer "Example Office"
      heroes hashset list
      heroes hashset verify
    """


@hashset.command("import")
@click.argument("path", metavar="FILE|FOLDER", type=options.PATH)
@click.option("--name", metavar="NAME", help="Name in the catalogue.  [default: from the file]")
@click.option("--issuer", default="", metavar="TEXT", help="Who supplied the set.")
@click.option("--edition", default="", metavar="TEXT", help="Edition or date of the set.")
@click.option(
    "--kind",
    type=click.Choice(options.SET_KINDS),
    help="What the set is; needed where the format does not say.",
)
@click.option("--scheme", default="", metavar="TEXT", help="Scheme of its categories.")
@click.option("--region", default="", metavar="TEXT", help="Region whose categories it uses.")
@click.option(
    "--profile", default="", metavar="NAME|FILE", help="What the category codes mean (YAML)."
)
@click.option(
    "--algorithm", default="", metavar="ALG", help="Algorithm of a list that does not say it."
)
@click.option(
    "--map",
    "mapping",
    multiple=True,
    callback=options.pairs,
    metavar="SRC=DST",
    help="Name a column of a CSV file: SRC in the file means DST (md5, sha1, sha256, size, "
    "category, id ...). May be repeated.",
)
@click.option(
    "--columns",
    default="",
    metavar="A,B,...",
    help="The columns of a CSV file without a header, in their order.",
)
@click.option("--no-header", is_flag=True, help="The first line of the CSV file is data.")
@click.option(
    "--accept-rejects",
    is_flag=True,
    help="Import although records cannot be used; they are listed.",
)
@click.option(
    "--onto", default="", metavar="NAME", help="FILE changes this set: make its next edition."
)
@click.option(
    "--removals", is_flag=True, help="With --onto: FILE lists what is withdrawn, not added."
)
@options.allowances
@options.passphrase_option
@options.quiet_option
@options.json_option
def import_(  # noqa: PLR0913 # the options of a verb
    *,
    path: Path,
    name: str | None,
    issuer: str,
    edition: str,
    kind: str | None,
    scheme: str,
    region: str,
    profile: str,
    algorithm: str,
    mapping: tuple[tuple[str, str], ...],
    columns: str,
    no_header: bool,
    accept_rejects: bool,
    onto: str,
    removals: bool,
    passphrase_fd: int | None,
    quiet: bool,
    as_json: bool,
    **allowances: bool,
) -> int:
    """Import FILE into the catalogue, or the set whose manifest is in FOLDER.

    A manifest (heroes-hashset.json, signed in heroes-hashset.json.minisig) says itself what the
    set is; its signature has to be by a key pinned with heroes hashset trust add, and every file
    has to be as it says.

    The format is recognised by content. Records that cannot be used are counted and listed by
    line; a set of which too little is usable is refused as a whole.

    Examples:
      heroes hashset import known.json --name national --issuer "Example Office"
      heroes hashset import list.csv --kind watch --map Checksum=md5
      heroes hashset import national-2026-01/
      heroes hashset import new.csv --onto national --edition 2026-02
    """
    from heroes_forensics.pipelines.sets import importing  # noqa: PLC0415 # heavy: when it runs

    secret = options.passphrase(passphrase_fd)
    out = Output(as_json=as_json)
    with watching(out, quiet=quiet) as watch:
        made = importing.import_set(
            path,
            name=name or "",
            issuer=issuer,
            edition=edition,
            kind=kind or "",
            scheme=scheme,
            region=region,
            profile=profile,
            algorithm=algorithm,
            mapping=[f"{source}={target}" for source, target in mapping],
            columns=columns,
            no_header=no_header,
            accept_rejects=accept_rejects,
            onto=onto,
            removals=removals,
            allowed=options.allowed(allowances),
            passphrase=secret,
            watch=watch,
            own_process=options.own_process(),
        )
    out.show(made, "import", _imported)
    return DONE


def _imported(made: JSON) -> Iterator[str]:
    name = string(made, "name", "?")
    yield (
        f"The set {name} was imported."
        if made.get("added")
        else f"The set {name} was there already."
    )
    yield ""
    yield from facts({key: made[key] for key in _SAID if key in made})
    rejected = records(made, "rejected_records")
    for each in rejected[:REJECTED]:
        yield from hanging("  - ", plain(each))
    if len(rejected) > REJECTED:
        yield f"  - and {len(rejected) - REJECTED:,} more"
    for warning in strings(made, "warnings"):
        yield from hanging("! ", warning)
    yield ""
    yield f"All that is known of it: heroes hashset show {name}"


@hashset.command("list")
@options.json_option
def list_(*, as_json: bool) -> int:
    """List the sets of the catalogue.

    Example:
      heroes hashset list
    """
    from heroes_forensics.pipelines.sets import hashsets  # noqa: PLC0415 # heavy: when it runs

    out = Output(as_json=as_json)
    number = out.show_all(hashsets.list_sets(), "set", _listed)
    if not number and not as_json:
        out.line("The catalogue is empty: heroes hashset import FILE")
    return DONE


def _listed(row: JSON) -> Iterator[str]:
    yield string(row, "name", "?")
    parts = [string(row, "kind"), string(row, "state"), counted(integer(row, "records"), "record")]
    issuer, edition = string(row, "issuer"), string(row, "edition")
    parts.append(f"of {issuer}" if issuer else "issuer not stated")
    if edition:
        parts.append(f"edition {edition}")
    parts.append(string(row, "signature"))
    parts.append(string(row, "reason"))
    yield from hanging("  ", ", ".join(part for part in parts if part))


@hashset.command("show")
@click.argument("name")
@click.argument("edition", required=False, default="")
@options.json_option
def show(*, name: str, edition: str, as_json: bool) -> int:
    """Show what is known of the set NAME: of EDITION, else of the newest one in use.

    Examples:
      heroes hashset show national
      heroes hashset show national 2026-01
    """
    from heroes_forensics.pipelines.sets import hashsets  # noqa: PLC0415 # heavy: when it runs

    Output(as_json=as_json).show(hashsets.show_set(name, edition), "set", _shown)
    return DONE


def _shown(row: JSON) -> Iterator[str]:
    """Yield all that is known of a set, what decides whether it is used first."""
    yield from facts({key: row[key] for key in _FIRST if key in row} | row)


@hashset.command("verify")
@click.argument("name", required=False)
@options.passphrase_option
@options.json_option
def verify(*, name: str | None, passphrase_fd: int | None, as_json: bool) -> int:
    """Read the set NAME, or every set, and compare it with its checksums.

    Exits with 30 when one does not fit.

    Examples:
      heroes hashset verify
      heroes hashset verify national
    """
    from heroes_forensics.pipelines.sets import hashsets  # noqa: PLC0415 # heavy: when it runs

    rows = hashsets.verify_set(name, passphrase=options.passphrase(passphrase_fd))
    out = Output(as_json=as_json)
    bad: list[str] = []
    number = out.show_all(_noted(rows, bad), "check", _checked)
    if not number and not as_json:
        out.line("The catalogue is empty: there is nothing to verify.")
    return HashSetError.exit_code if bad else DONE


@hashset.command("diff")
@click.argument("name")
@click.argument("before")
@click.argument("after")
@options.passphrase_option
@options.json_option
def diff(*, name: str, before: str, after: str, passphrase_fd: int | None, as_json: bool) -> int:
    """Count what changed from edition BEFORE of the set NAME to edition AFTER.

    No digest is shown: how many came, went, and are listed under another category.

    Example:
      heroes hashset diff national 2026-01 2026-02
    """
    from heroes_forensics.pipelines.sets import hashsets  # noqa: PLC0415 # heavy: when it runs

    made = hashsets.diff(name, before, after, passphrase=options.passphrase(passphrase_fd))
    Output(as_json=as_json).show(made, "diff", facts)
    return DONE


def _noted(rows: Iterator[JSON], bad: list[str]) -> Iterator[JSON]:
    for row in rows:
        if row.get("result") != "pass":
            bad.append(string(row, "name"))
        yield row


def _checked(row: JSON) -> Iterator[str]:
    detail = string(row, "detail")
    result = "verifies" if row.get("result") == "pass" else "DOES NOT VERIFY"
    name = f"{string(row, 'name')} {string(row, 'edition')}".rstrip()
    yield from hanging("", f"{name}: {result}{f': {detail}' if detail else ''}")


hashset.add_command(build)
hashset.add_command(trust)
for each in (dispute, retire, retract, reinstate):
    hashset.add_command(each)
