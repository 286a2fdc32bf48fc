"""``heroes timestamp``: anchors outside the laboratory."""

from collections.abc import Iterator
from pathlib import Path

import click

from heroes_forensics.commands import options
from heroes_forensics.commands.output import Output
from heroes_forensics.commands.text import covered, facts
from heroes_forensics.commands.verb import VerbGroup
from heroes_forensics.errors import DONE
from heroes_forensics.model import JSON


@click.group("timestamp", cls=VerbGroup, no_args_is_help=True, subcommand_metavar="WHAT ...")
def timestamp() -> None:
    r"""Anchor a record outside: time stamps, paper, witnesses.

    Whoever holds the key could write another history. What somebody outside has seen bounds that.
    Nothing is sent by this program: requests and replies are files.

    Examples:
      heroes timestamp request CASE --output case.tsq
      curl -H "Content-Type: application/timestamp-query" \
        --data-binary @case.tsq https://tsa.example.org > case.tsr
      heroes timestamp import CASE case.tsr --tsa-roots roots.pem
    """


@timestamp.command("request")
@options.case_argument
@click.option("--output", required=True, type=options.PATH, metavar="FILE", help="A new file.")
@options.passphrase_option
@options.json_option
def request(*, case_dir: Path, output: Path, passphrase_fd: int | None, as_json: bool) -> int:
    """Write a request (RFC 3161) to stamp the newest checkpoint of CASE.

    Example:
      heroes timestamp request CASE --output case.tsq
    """
    from heroes_forensics.pipelines.acts import anchoring  # noqa: PLC0415 # heavy: when it runs

    made = anchoring.request(case_dir, output, passphrase=options.passphrase(passphrase_fd))
    Output(as_json=as_json).show(made, "timestamp-request", _facts)
    return DONE


@timestamp.command("import")
@options.case_argument
@click.argument("reply", type=options.PATH)
@click.option(
    "--tsa-roots", "roots", type=options.PATH, metavar="FILE",
    help="Certificates (PEM) of the time-stamping authorities that you trust. Without them the "
    "reply is kept unchecked.",
)  # fmt: skip
@options.passphrase_option
@options.json_option
def take(
    *, case_dir: Path, reply: Path, roots: Path | None, passphrase_fd: int | None, as_json: bool
) -> int:
    """Take REPLY of a time-stamping authority into the record of CASE.

    Example:
      heroes timestamp import CASE case.tsr --tsa-roots roots.pem
    """
    from heroes_forensics.pipelines.acts import anchoring  # noqa: PLC0415 # heavy: when it runs

    secret = options.passphrase(passphrase_fd)
    said = anchoring.take(case_dir, reply, roots=roots, passphrase=secret)
    Output(as_json=as_json).show(said, "timestamp", _facts)
    return DONE


@timestamp.command("record")
@options.case_argument
@click.option(
    "--method",
    type=click.Choice(["witness", "paper", "mail", "other"]),
    required=True,
    help="How the newest checkpoint was handed out.",
)
@click.option("--reference", required=True, metavar="TEXT", help="Where that can be looked up.")
@click.option(
    "--examiner", default="", metavar="ID", help="Who records it.  [default: that of the case]"
)
@options.passphrase_option
@options.json_option
def record(  # noqa: PLR0913 # the options of a verb
    *,
    case_dir: Path,
    method: str,
    reference: str,
    examiner: str,
    passphrase_fd: int | None,
    as_json: bool,
) -> int:
    """Record that the newest checkpoint of CASE was handed to somebody outside.

    Example:
      heroes timestamp record CASE --method paper --reference "seizure form 12"
    """
    from heroes_forensics.pipelines.acts import anchoring  # noqa: PLC0415 # heavy: when it runs

    said = anchoring.record(
        case_dir,
        method,
        reference,
        examiner=examiner,
        passphrase=options.passphrase(passphrase_fd),
    )
    Output(as_json=as_json).show(said, "anchor", _facts)
    return DONE


def _facts(said: JSON) -> Iterator[str]:
    return facts(covered({name: said[name] for name in said if name != "why" or said[name]}))
