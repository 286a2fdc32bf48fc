"""``heroes hashset build``: a set made of reference files that a body holds lawfully."""

from collections.abc import Iterator
from pathlib import Path
from typing import Final

import click

from heroes_forensics.commands import options
from heroes_forensics.commands.output import Output
from heroes_forensics.commands.progress import watching
from heroes_forensics.commands.text import facts, hanging, integer, record, string, strings
from heroes_forensics.commands.verb import Verb
from heroes_forensics.model import JSON

_KINDS: Final = ("notable", "watch", "adult-intimate")
"""As `heroes_forensics.pipelines.references.set_building.KINDS`; a test compares them."""
_SAID: Final = ("name", "issuer", "edition", "kind", "region", "accepted", "signature", "profile")


@click.command("build", cls=Verb)
@click.argument("folder", metavar="FOLDER", type=options.SOURCE)
@click.option("--name", required=True, metavar="NAME", help="Name of the set.")
@click.option("--issuer", required=True, metavar="TEXT", help="Who stands for the set.")
@click.option("--edition", default="", metavar="TEXT", help="Edition or date of the set.")
@click.option(
    "--kind",
    type=click.Choice(_KINDS),
    default="notable",
    show_default=True,
    help="What the set is.",
)
@click.option(
    "--category", default="", metavar="CODE", help="Category of the files: a number of VICS."
)
@click.option(
    "--category-of",
    multiple=True,
    callback=options.pairs,
    metavar="SUBFOLDER=CODE",
    help="Category of the files in a folder below FOLDER; the innermost counts. May be repeated.",
)
@click.option(
    "--region",
    default="Default",
    metavar="TEXT",
    show_default=True,
    help="Region whose numbering the categories are of.",
)
@click.option(
    "--profile", default="", metavar="NAME|FILE", help="What the category codes mean (YAML)."
)
@click.option(
    "--every-file", is_flag=True, help="List files that are no pictures and no films, too."
)
@click.option(
    "--beginnings",
    is_flag=True,
    help="List MD5 of the first 512 bytes, too: for what is carved.",
)
@click.option(
    "--plugin",
    default="",
    metavar="NAME",
    help="Ask this plug-in of a licensed laboratory for values, too (PhotoDNA).",
)
@click.option(
    "--output",
    type=options.PATH,
    metavar="DIR",
    help="Write the list for others into this new folder, with a manifest to be signed.",
)
@options.allowances
@options.passphrase_option
@options.quiet_option
@options.json_option
def build(  # noqa: PLR0913 # the options of a verb
    *,
    folder: Path,
    name: str,
    issuer: str,
    edition: str,
    kind: str,
    category: str,
    category_of: tuple[tuple[str, str], ...],
    region: str,
    profile: str,
    every_file: bool,
    beginnings: bool,
    plugin: str,
    output: Path | None,
    passphrase_fd: int | None,
    quiet: bool,
    as_json: bool,
    **allowances: bool,
) -> int:
    r"""Make an edition of a set of the reference files in FOLDER, which the issuer lawfully holds.

    Each picture and film is digested and hashed as in a scan, by locked workers: PDQ of pictures
    and of 20 crops of each, phash and dhash. FOLDER is only read; no picture is written, and no
    name is shown or kept. Files that could not be read or decoded are named by their number, in
    the order of the bytes of their paths; then the exit code is 3.

    Examples:
      heroes hashset build reference/ --name national --issuer "Example Office" \
        --category 1
      heroes hashset build reference/ --name national --issuer "Example Office" \
        --category-of series/one=1 --category-of other=2 \
        --output national-2026-01/
    """
    from heroes_forensics.pipelines.references import set_building  # noqa: PLC0415 # heavy: when it runs

    secret = options.passphrase(passphrase_fd)
    out = Output(as_json=as_json)
    categories = options.fields(category_of, "--category-of")
    with watching(out, quiet=quiet) as watch:
        made, code = set_building.build_set(
            set_building.Wanted(
                folder=folder,
                name=name,
                issuer=issuer,
                edition=edition,
                kind=kind,
                category=category,
                categories={folder: str(code) for folder, code in categories.items()},
                region=region,
                profile=profile,
                every_file=every_file,
                beginnings=beginnings,
                plugin=plugin,
                output=output,
            ),
            allowed=options.allowed(allowances),
            passphrase=secret,
            watch=watch,
            own_process=options.own_process(),
        )
    out.show(made, "build", _built)
    return code


def _built(made: JSON) -> Iterator[str]:
    name, built = string(made, "name", "?"), record(made, "built")
    yield (
        f"The set {name} was built."
        if made.get("added")
        else f"The set {name} was there already, as it was built."
    )
    yield ""
    yield from facts({key: made[key] for key in _SAID if key in made})
    yield from facts({key: value for key, value in built.items() if key != "gap_files"})
    named = built.get("gap_files")
    for each in named if isinstance(named, list) else []:
        yield f"  - file {integer(each, 'file'):,}: {string(each, 'gap')}"
    for warning in strings(made, "warnings"):
        yield from hanging("! ", warning)
    yield ""
    yield f"All that is known of it: heroes hashset show {name}"
