"""``heroes init``: the keys of a laboratory."""

from collections.abc import Iterator
from pathlib import Path
from typing import Final

import click

from heroes_forensics.commands import options
from heroes_forensics.commands.output import Output
from heroes_forensics.commands.text import facts, hanging, plain, string
from heroes_forensics.commands.verb import Verb
from heroes_forensics.errors import DONE, UsageError
from heroes_forensics.model import JSON

PROTECTED: Final = {
    "file": "without a passphrase: readable for whoever has this account",
    "passphrase": "protected by the passphrase",
}
SIGNERS: Final = {
    "file": "a key in the home",
    "command": "a command outside",
    "token": "a token",
}


@click.command("init", cls=Verb)
@click.option(
    "--domain", required=True, metavar="NAME", help="A DNS name that the laboratory owns."
)
@click.option("--organisation", default="", metavar="TEXT", help="The laboratory's name.")
@click.option(
    "--recovery",
    multiple=True,
    metavar="RECIPIENT",
    help="An age recipient (age1...) that also opens what cases seal. May be repeated.",
)
@click.option(
    "--recovery-file",
    type=options.PATH,
    metavar="FILE",
    help="A new file for a new recovery identity.  [default: without --recovery, "
    "recovery-identity.txt in HEROES_HOME]",
)
@click.option(
    "--no-recovery", is_flag=True, help="Nobody else opens what cases seal; reports say so."
)
@click.option(
    "--no-passphrase", is_flag=True, help="Leave the keys readable for whoever has this account."
)
@options.signer_option
@options.passphrase_option
@options.json_option
def init(  # noqa: PLR0913 # the options of a verb
    *,
    domain: str,
    organisation: str,
    recovery: tuple[str, ...],
    recovery_file: Path | None,
    no_recovery: bool,
    no_passphrase: bool,
    signer: Path | None,
    passphrase_fd: int | None,
    as_json: bool,
) -> int:
    """Make the keys of a laboratory.

    The keys lie in HEROES_HOME (by default $XDG_DATA_HOME/heroes): one that signs the records of
    all cases, one that opens what is sealed, one that protects hash sets. A scan works without
    them; its record is then signed by a key of that case alone. Sets imported before stay usable:
    their key moves into the laboratory's ring and is protected as that is.

    What cases seal opens for this laboratory and for a recovery recipient, whose secret half
    another person keeps elsewhere: theirs (--recovery), or a file made here that you hand over.

    Examples:
      heroes init --domain lab.example.org --organisation "Example Laboratory"
      heroes init --domain lab.example.org --passphrase-fd 3 3< FILE
      heroes init --domain lab.example.org --signer token.yaml --pin-fd 4 4< PIN
    """
    from heroes_forensics.custody import keys  # noqa: PLC0415 # heavy: when it runs
    from heroes_forensics.pipelines.case import laboratory, settings  # noqa: PLC0415 # likewise

    keys.none_yet(laboratory.home())  # before somebody types a passphrase
    if no_recovery and (recovery or recovery_file):
        raise UsageError("--no-recovery excludes --recovery and --recovery-file")
    if not (no_recovery or recovery or recovery_file):
        recovery_file = laboratory.home() / "recovery-identity.txt"
    signer = signer or settings.signer()
    options.token_pin(signer)
    made = laboratory.init(
        laboratory.home(),
        domain=domain,
        organisation=organisation,
        passphrase=options.new_passphrase(passphrase_fd, none=no_passphrase),
        recovery=recovery,
        recovery_file=recovery_file,
        signer=signer,
    )
    if recovery_file:
        made = {**made, "recovery_file": str(recovery_file)}
    Output(as_json=as_json).show(made, "laboratory", _text)
    return DONE


def _text(made: JSON) -> Iterator[str]:
    yield f"The keys of the laboratory {string(made, 'domain')} are made."
    yield ""
    yield from facts(
        {
            **{name: made[name] for name in ("home", "organisation") if made.get(name)},
            "keys": PROTECTED.get(string(made, "protection"), string(made, "protection")),
            "records are signed by": SIGNERS.get(string(made, "signer"), string(made, "signer")),
        }
    )
    yield ""
    yield "Its public line, which checks its records (heroes verify --key):"
    yield f"  {string(made, 'vkey')}"
    yield ""
    yield "What its cases seal opens for:"
    rows = made.get("recipients")
    for name, recipient in rows if isinstance(rows, list) else ():
        who = "this laboratory" if name == "working" else plain(name)
        yield f"  {who:<15} {plain(recipient)}"  # a recipient has 62 characters, a terminal 80
    yield ""
    steps = []
    if string(made, "recovery_file"):
        steps.append(
            f"Hand {string(made, 'recovery_file')} to another person, who keeps it elsewhere, and"
            " remove it here: it opens all that is sealed."
        )
    steps.append(
        "Keep a copy of the home in a safe place: without it nothing sealed can be opened but by"
        " a recovery recipient, and nothing can be signed."
    )
    steps.append("Give the public line to whoever will check your records, by another way.")
    steps.append("Make a key for each person who signs: heroes key new ID")
    yield "Now:"
    for number, step in enumerate(steps, start=1):
        yield from hanging(f"  {number}. ", step)
