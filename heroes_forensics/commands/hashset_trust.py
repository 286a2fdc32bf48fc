"""``heroes hashset trust``: whose signatures on hash sets count."""

from collections.abc import Iterator

import click

from heroes_forensics.commands import options
from heroes_forensics.commands.output import Output
from heroes_forensics.commands.text import hanging, string, strings
from heroes_forensics.commands.verb import VerbGroup
from heroes_forensics.errors import DONE
from heroes_forensics.model import JSON


@click.group("trust", cls=VerbGroup, no_args_is_help=True, subcommand_metavar="WHAT ...")
def trust() -> None:
    """Pin the keys of publishers of hash sets; list them, take them away.

    A key has to come over another way than the sets that it signs: compare its id by telephone.
    From then on, sets of that publisher and of those kinds are taken only when they verify.

    Examples:
      heroes hashset trust add "Example Office" office.pub --kind notable
      heroes hashset trust list
      heroes hashset trust remove "Example Office" 35F29F57018DF0CC
    """


@trust.command("add")
@click.argument("publisher")
@click.argument("key", metavar="KEY|FILE")
@click.option(
    "--kind",
    "kinds",
    multiple=True,
    type=click.Choice(options.SET_KINDS),
    help="It counts for sets of this kind alone. May be repeated.  [default: all]",
)
@click.option("--from", "valid_from", default="", metavar="DATE", help="It counts from this day.")
@click.option("--until", default="", metavar="DATE", help="It counts up to this day.")
@options.json_option
def add(  # noqa: PLR0913 # the options of a verb
    *,
    publisher: str,
    key: str,
    kinds: tuple[str, ...],
    valid_from: str,
    until: str,
    as_json: bool,
) -> int:
    """Pin a key for PUBLISHER, as manifests name it.

    It is a public key of minisign, or a certificate (PEM or DER): that of a signer, or of an
    authority above signers, for manifests with a CMS signature.

    Examples:
      heroes hashset trust add "Example Office" office.pub --kind notable
      heroes hashset trust add "Example Office" root.pem --until 2028-12-31
    """
    from heroes_forensics.pipelines.sets import trusting  # noqa: PLC0415 # heavy: when it runs

    made = trusting.add_key(publisher, key, valid_from=valid_from, valid_to=until, kinds=kinds)
    Output(as_json=as_json).show(made, "trusted-key", _row)
    return DONE


@trust.command("list")
@options.json_option
def list_(*, as_json: bool) -> int:
    """List the publishers and their keys.

    Example:
      heroes hashset trust list
    """
    from heroes_forensics.pipelines.sets import trusting  # noqa: PLC0415 # heavy: when it runs

    out = Output(as_json=as_json)
    number = out.show_all(trusting.list_keys(), "trusted-key", _row)
    if not number and not as_json:
        out.line("No key is pinned: heroes hashset trust add PUBLISHER KEY")
    return DONE


@trust.command("remove")
@click.argument("publisher")
@click.argument("key_id", metavar="[KEY-ID]", required=False, default="")
@options.json_option
def remove(*, publisher: str, key_id: str, as_json: bool) -> int:
    """Take a key of PUBLISHER away, or all of them.

    Sets that were imported under it keep their state; scans say that the key is gone.

    Example:
      heroes hashset trust remove "Example Office" 35F29F57018DF0CC
    """
    from heroes_forensics.pipelines.sets import trusting  # noqa: PLC0415 # heavy: when it runs

    made = trusting.remove_key(publisher, key_id)
    Output(as_json=as_json).show(made, "trust-removed", _removed)
    return DONE


def _row(row: JSON) -> Iterator[str]:
    yield string(row, "publisher", "?")
    parts = [f"key {string(row, 'key_id')} ({string(row, 'key_type')})"]
    parts.append(f"for {', '.join(strings(row, 'kinds')) or 'every kind of set'}")
    if row.get("valid_from"):
        parts.append(f"from {string(row, 'valid_from')}")
    if row.get("valid_to"):
        parts.append(f"until {string(row, 'valid_to')}")
    if row.get("counts_now") is False:
        parts.append("DOES NOT COUNT TODAY")
    yield from hanging("  ", ", ".join(parts))


def _removed(row: JSON) -> Iterator[str]:
    left = row.get("left")
    name = string(row, "publisher", "?")
    yield f"{name}: {left} keys left." if left else f"{name} has no pinned key any more."
