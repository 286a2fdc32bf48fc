"""``heroes transfer``: who has the evidence."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, TypeVar

import click

from heroes_forensics.commands import options
from heroes_forensics.commands.output import Output
from heroes_forensics.commands.text import facts, hanging, strings
from heroes_forensics.commands.verb import VerbGroup
from heroes_forensics.errors import DONE
from heroes_forensics.model import JSON

F = TypeVar("F", bound=Callable[..., Any])


@click.group("transfer", cls=VerbGroup, no_args_is_help=True, subcommand_metavar="WHAT ...")
def transfer() -> None:
    r"""Record who has the evidence: given, stored, returned, destroyed.

    Giver and receiver sign a transfer by cosigning the checkpoint after it (heroes key cosign).
    Until both have, `heroes verify` calls it incomplete.

    Examples:
      heroes transfer hand-over CASE --exhibit E-1 --from po-007 --to ex-031 \
        --place "store room" --purpose examination
      heroes key cosign CASE --as po-007
    """


def _shared(command: F) -> F:
    for option in (
        options.json_option,
        options.passphrase_option,
        click.option(
            "--examiner",
            default="",
            metavar="ID",
            help="Who records it.  [default: the examiner of the case]",
        ),
    ):
        command = option(command)
    return command


@transfer.command("hand-over")
@options.case_argument
@click.option(
    "--exhibit", "exhibits", multiple=True, required=True, metavar="LABEL",
    help="The exhibit, or a source of it (E-1/1). May be repeated.",
)  # fmt: skip
@click.option("--from", "giver", required=True, metavar="ID", help="Who gives.")
@click.option("--to", "receiver", required=True, metavar="ID", help="Who receives.")
@click.option("--place", required=True, metavar="TEXT", help="Where.")
@click.option("--purpose", required=True, metavar="TEXT", help="What for.")
@click.option("--seal-before", default="", metavar="TEXT", help="Number of the seal it came with.")
@click.option("--seal-after", default="", metavar="TEXT", help="Number of the seal it goes with.")
@click.option("--condition", default="", metavar="TEXT", help="In which condition it is.")
@click.option(
    "--nevertheless",
    default="",
    metavar="REASON",
    help="Record it though it does not follow from the record, and why.",
)
@_shared
def hand_over(  # noqa: PLR0913 # the options of a verb
    *,
    case_dir: Path,
    exhibits: tuple[str, ...],
    giver: str,
    receiver: str,
    place: str,
    purpose: str,
    seal_before: str,
    seal_after: str,
    condition: str,
    nevertheless: str,
    examiner: str,
    passphrase_fd: int | None,
    as_json: bool,
) -> int:
    r"""Record that exhibits of CASE went from one person to another.

    Both have to be declared (heroes case person), and who gives has to be who has it by the
    record. What happened otherwise is recorded with --nevertheless; verification calls it
    incomplete.

    Example:
      heroes transfer hand-over CASE --exhibit E-1 --from po-007 --to ex-031 \
        --place "store room" --purpose examination --seal-before "B 004 118"
    """
    from heroes_forensics.pipelines.acts import transferring  # noqa: PLC0415 # heavy: when it runs

    said = transferring.hand_over(
        case_dir,
        exhibits,
        {
            "from": giver,
            "to": receiver,
            "place": place,
            "purpose": purpose,
            "seal_before": seal_before,
            "seal_after": seal_after,
            "condition": condition,
        },
        nevertheless=nevertheless,
        person=examiner,
        passphrase=options.passphrase(passphrase_fd),
    )
    Output(as_json=as_json).show(said, "act", _handed_over)
    return DONE


def _handed_over(said: JSON) -> Iterator[str]:
    yield "The transfer is on record."
    yield ""
    yield from facts({name: value for name, value in said.items() if name != "does_not_follow"})
    yield ""
    for text in strings(said, "does_not_follow"):
        yield from hanging("It does not follow: ", f"{text}.")
    yield from hanging("", "Now both sign it: heroes key cosign CASE --as ID")


def _record(  # noqa: PLR0913 # an act and its options
    case_dir: Path,
    kind: str,
    body: JSON,
    *,
    examiner: str,
    passphrase_fd: int | None,
    as_json: bool,
) -> int:
    from heroes_forensics.pipelines.acts import acting  # noqa: PLC0415 # heavy: when it runs

    secret = options.passphrase(passphrase_fd)
    said = acting.act(case_dir, kind, body, person=examiner, before=True, passphrase=secret)
    Output(as_json=as_json).show(said, "act", facts)
    return DONE


@transfer.command("store")
@options.case_argument
@click.option("--exhibit", required=True, metavar="LABEL", help="The exhibit, or a source of it.")
@click.option("--location", required=True, metavar="TEXT", help="Where it is kept.")
@click.option("--seal", default="", metavar="TEXT", help="Number of its seal.")
@_shared
def store(  # noqa: PLR0913 # the options of a verb
    *,
    case_dir: Path,
    exhibit: str,
    location: str,
    seal: str,
    examiner: str,
    passphrase_fd: int | None,
    as_json: bool,
) -> int:
    """Record where an exhibit of CASE is kept.

    Example:
      heroes transfer store CASE --exhibit E-1 --location "safe 3" --seal "B 119"
    """
    body: JSON = {"evidence": exhibit, "location": location, "seal_number": seal}
    return _record(
        case_dir,
        "evidence.stored",
        body,
        examiner=examiner,
        passphrase_fd=passphrase_fd,
        as_json=as_json,
    )


@transfer.command("return")
@options.case_argument
@click.option("--exhibit", required=True, metavar="LABEL", help="The exhibit, or a source of it.")
@click.option("--to", "receiver", default="", metavar="TEXT", help="Who has it now.")
@click.option("--seal", default="", metavar="TEXT", help="Number of its seal.")
@click.option("--condition", default="", metavar="TEXT", help="In which condition it is.")
@_shared
def give_back(  # noqa: PLR0913 # the options of a verb
    *,
    case_dir: Path,
    exhibit: str,
    receiver: str,
    seal: str,
    condition: str,
    examiner: str,
    passphrase_fd: int | None,
    as_json: bool,
) -> int:
    """Record that an exhibit of CASE went back; from then on nobody here may work on it.

    Example:
      heroes transfer return CASE --exhibit E-1 --to "its owner"
    """
    body: JSON = {
        "evidence": exhibit,
        "to": receiver,
        "seal_number": seal,
        "condition": condition,
    }
    return _record(
        case_dir,
        "evidence.returned",
        body,
        examiner=examiner,
        passphrase_fd=passphrase_fd,
        as_json=as_json,
    )


@transfer.command("dispose")
@options.case_argument
@click.option("--exhibit", required=True, metavar="LABEL", help="The exhibit, or a source of it.")
@click.option("--method", required=True, metavar="TEXT", help="How it was disposed of.")
@click.option("--authority", required=True, metavar="TEXT", help="On whose authority.")
@_shared
def dispose(  # noqa: PLR0913 # the options of a verb
    *,
    case_dir: Path,
    exhibit: str,
    method: str,
    authority: str,
    examiner: str,
    passphrase_fd: int | None,
    as_json: bool,
) -> int:
    r"""Record that an exhibit of CASE was destroyed, or otherwise disposed of.

    Example:
      heroes transfer dispose CASE --exhibit E-1 --method shredded \
        --authority "court X, 12/26"
    """
    body: JSON = {"evidence": exhibit, "method": method, "authority": authority}
    return _record(
        case_dir,
        "evidence.disposed",
        body,
        examiner=examiner,
        passphrase_fd=passphrase_fd,
        as_json=as_json,
    )
