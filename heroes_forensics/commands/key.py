"""``heroes key``: keys of the laboratory and of persons, and signing with them."""

from collections.abc import Iterator
from pathlib import Path

import click

from heroes_forensics.commands import options
from heroes_forensics.commands.output import Output
from heroes_forensics.commands.text import covered, facts, hanging, string
from heroes_forensics.commands.verb import VerbGroup
from heroes_forensics.errors import DONE
from heroes_forensics.model import JSON


@click.group("key", cls=VerbGroup, no_args_is_help=True, subcommand_metavar="WHAT ...")
def key() -> None:
    """Make, list and replace keys, and sign with the key of a person.

    The keys of the laboratory are made by `heroes init`. A person's key signs the state of a whole
    record, with the time: so transfers are signed, and reports authorised.

    Examples:
      heroes key new ex-031
      heroes key cosign CASE --as ex-031
      heroes key rotate --reason "yearly"
    """


@key.command("new")
@click.argument("person", metavar="ID")
@click.option(
    "--no-passphrase", is_flag=True, help="Leave the key readable for whoever has this account."
)
@options.signer_option
@options.new_passphrase_option
@options.json_option
def new(
    *,
    person: str,
    no_passphrase: bool,
    signer: Path | None,
    passphrase_fd: int | None,
    as_json: bool,
) -> int:
    """Make the key of the person with the staff identifier ID.

    With --signer the passphrase is that of the file, or the PIN of the token; a command needs
    none (--no-passphrase).

    Examples:
      heroes key new ex-031
      heroes key new ex-031 --passphrase-fd 3 3< FILE
      heroes key new ex-031 --signer card.yaml
    """
    from heroes_forensics.pipelines.acts import keyring  # noqa: PLC0415 # heavy: when it runs

    secret = options.new_passphrase(passphrase_fd, none=no_passphrase)
    made = keyring.new_person(person, passphrase=secret, signer=signer)
    Output(as_json=as_json).show(made, "key", _made)
    return DONE


def _made(made: JSON) -> Iterator[str]:
    yield "The key is made."
    yield ""
    yield from facts(made)
    yield ""
    yield from hanging(
        "",
        "In each case, declare who it belongs to:"
        f" heroes case person CASE {string(made, 'id')} --role ROLE",
    )


@key.command("list")
@options.json_option
def list_keys(*, as_json: bool) -> int:
    """List the keys that lie in HEROES_HOME, by their public side.

    Example:
      heroes key list --json
    """
    from heroes_forensics.pipelines.acts import keyring  # noqa: PLC0415 # heavy: when it runs

    Output(as_json=as_json).show_all(keyring.listed(), "key", _row)
    return DONE


def _row(row: JSON) -> Iterator[str]:
    yield f"{string(row, 'kind'):<22} {string(row, 'id')}".rstrip()
    yield f"    {string(row, 'vkey')}"


@key.command("rotate")
@click.option("--reason", required=True, metavar="TEXT", help="Why; it goes into each record.")
@click.option(
    "--stolen-since",
    default="",
    metavar="TIME",
    help="Somebody else may have the old key since then (YYYY-MM-DD or with a time in UTC).",
)
@options.signer_option
@options.passphrase_option
@options.json_option
def rotate(
    *,
    reason: str,
    stolen_since: str,
    signer: Path | None,
    passphrase_fd: int | None,
    as_json: bool,
) -> int:
    """Replace the key by which the laboratory signs its records.

    Each case takes the new key up when it is next written; its record then says so, signed by the
    old key and by the new one. Give the new vkey to whoever verifies your records.

    Examples:
      heroes key rotate --reason "yearly"
      heroes key rotate --reason "laptop stolen" --stolen-since 2026-03-01
      heroes key rotate --reason module --signer token.yaml --pin-fd 3 3< FILE
    """
    from heroes_forensics.pipelines.acts import keyring  # noqa: PLC0415 # heavy: when it runs

    secret = options.passphrase(passphrase_fd)
    options.token_pin(signer)
    made = keyring.rotate(
        reason=reason, stolen_since=stolen_since, passphrase=secret, signer=signer
    )
    Output(as_json=as_json).show(made, "laboratory", _rotated)
    return DONE


def _rotated(made: JSON) -> Iterator[str]:
    stolen = string(made, "suspect_since")
    yield "The laboratory signs with another key from now on."
    yield ""
    yield from facts(
        {
            "domain": made.get("domain"),
            "public line": made.get("vkey"),
            "keys before it": made.get("former"),
            **({"stolen since": stolen} if stolen else {}),
        }
    )
    yield ""
    yield from hanging(
        "",
        "Each case takes it up when it is next written; a case that is closed stays as it was"
        " signed. Give the public line to whoever checks your records, by another way.",
    )
    if stolen:
        yield from hanging(
            "",
            "What the old key alone signed since then counts as unsigned: hand the state of each"
            " case to somebody outside (heroes timestamp), and tell who verifies your records.",
        )


@key.command("recovery")
@click.argument("recipient", metavar="RECIPIENT")
@options.json_option
def recovery(*, recipient: str, as_json: bool) -> int:
    """Let the age RECIPIENT (age1...) open what cases of the laboratory seal from now on.

    Cases that there are take it up by: heroes case recipients CASE

    Example:
      heroes key recovery age1...
    """
    from heroes_forensics.pipelines.case import laboratory  # noqa: PLC0415 # heavy: when it runs

    Output(as_json=as_json).show(laboratory.add_recovery(recipient), "laboratory", facts)
    return DONE


@key.command("drill")
@options.case_argument
@click.option(
    "--identity-fd",
    type=click.IntRange(min=0),
    required=True,
    metavar="N",
    help="Read the age identity of a recovery recipient from file descriptor N.",
)
@click.option(
    "--examiner", default="", metavar="ID", help="Who drills.  [default: that of the case]"
)
@options.passphrase_option
@options.json_option
def drill(
    *, case_dir: Path, identity_fd: int, examiner: str, passphrase_fd: int | None, as_json: bool
) -> int:
    """Prove that a recovery recipient alone opens what CASE sealed, and record it.

    Nothing of what is opened is shown.

    Example:
      heroes key drill CASE --identity-fd 3 3< recovery.txt
    """
    from heroes_forensics.pipelines.acts import drilling  # noqa: PLC0415 # heavy: when it runs

    identity = options.identity_from(identity_fd)
    secret = options.passphrase(passphrase_fd)
    said = drilling.drill(case_dir, identity, examiner=examiner, passphrase=secret)
    Output(as_json=as_json).show(said, "drill", _drilled)
    return DONE


def _drilled(said: JSON) -> Iterator[str]:
    yield "The recovery recipient alone opens what the case sealed; that is on record."
    yield ""
    yield from facts(said)


@key.command("cosign")
@click.argument("path", type=options.PATH)
@click.option("--as", "person", required=True, metavar="ID", help="Whose key signs.")
@click.option(
    "--output",
    type=options.PATH,
    metavar="FILE",
    help="Where the signed checkpoint goes, when PATH is no case.",
)
@click.option(
    "--person-passphrase-fd",
    type=click.IntRange(min=0),
    metavar="N",
    help="Read the passphrase of the person's key from file descriptor N.",
)
@options.passphrase_option
@options.json_option
def cosign(  # noqa: PLR0913 # the options of a verb
    *,
    path: Path,
    person: str,
    output: Path | None,
    person_passphrase_fd: int | None,
    passphrase_fd: int | None,
    as_json: bool,
) -> int:
    """Sign the newest checkpoint of a case, of a record, or a checkpoint in a file.

    A case is verified first, and takes the signature. A record alone, or one checkpoint, is signed
    into --output, to be carried back (heroes case cosigned): so a witness elsewhere signs, who
    refuses what contradicts a state seen before.

    The passphrase of the person's key is asked for, or read from --person-passphrase-fd. For a
    case that of the laboratory's keys is, too (--passphrase-fd): they sign the list of its files
    anew.

    Examples:
      heroes key cosign CASE --as ex-031
      heroes key cosign 00000042.txt --as clerk-2 --output signed.txt
    """
    from heroes_forensics.pipelines.acts import cosigning  # noqa: PLC0415 # when it runs
    from heroes_forensics.pipelines.case import folders  # noqa: PLC0415 # when it runs

    signed = cosigning.cosign(
        path,
        person,
        output=output,
        person_passphrase=options.person_passphrase(person, person_passphrase_fd),
        passphrase=options.passphrase(passphrase_fd) if folders.exists(path) else None,
    )
    Output(as_json=as_json).show(signed, "cosignature", _cosigned)
    return DONE


def _cosigned(signed: JSON) -> Iterator[str]:
    yield "The state of the record is signed."
    yield ""
    yield from facts(covered({name: signed[name] for name in signed if name != "whole"}))
    yield ""
    yield from hanging(
        "",
        "The record was verified first."
        if signed.get("whole")
        else "Only the checkpoint was at hand: that the record fits it was not looked at.",
    )
