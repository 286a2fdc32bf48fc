"""``heroes verify``: does a record verify?"""

from collections.abc import Iterator
from pathlib import Path
from typing import Final

import click

from heroes_forensics.commands import options
from heroes_forensics.commands.output import Output
from heroes_forensics.commands.text import (
    covered,
    facts,
    hanging,
    integer,
    records,
    string,
    strings,
)
from heroes_forensics.commands.verb import Verb
from heroes_forensics.errors import DONE, CustodyError, EvidenceError, UntrustedError, UsageError
from heroes_forensics.model import JSON

CLASSES: Final = {
    "broken": "DOES NOT VERIFY: bytes or signatures do not fit",
    "incomplete": "INCOMPLETE: nothing contradicts it, something is missing",
    "information": "FOR INFORMATION",
}

COMPARED: Final = {
    "evidence": "the evidence",
    "hashsets": "files of hash sets",
    "disclosures": "disclosures",
    "environment": "program and libraries",
    "report": "the newest report, where this program can make it again",
}
ANCHORING: Final = {
    0: "0: nothing that was checked here bounds it from outside",
    1: "1: a time stamp",
    2: "2: an independent witness, or a state that somebody else kept",
    3: "3: a time stamp, and a witness or a state that somebody else kept",
}

_KEYS_LIMIT: Final = 1 << 20
"""Bytes of a file of keys."""

_RESULTS: Final = {
    DONE: "verifies",
    CustodyError.exit_code: "does not verify",
    UntrustedError.exit_code: "is consistent, but its signer is not known or it is incomplete for "
    "the policy asked",
    EvidenceError.exit_code: "cannot be read",
}


@click.command("verify", cls=Verb)
@click.argument("path", type=options.PATH)
@click.option(
    "--key", "keys", multiple=True, metavar="VKEY",
    help="A verification key received from the laboratory by another way. May be repeated.",
)  # fmt: skip
@click.option("--trust", type=options.PATH, metavar="FILE", help="A file of such keys, one a line.")
@click.option(
    "--policy", type=click.Choice(["standard", "strict"]), default="standard", show_default=True,
    help="strict: an incomplete record is not accepted (exit code 7).",
)  # fmt: skip
@click.option(
    "--anchor", "anchors", multiple=True, metavar="FILE|SIZE:ROOT",
    help="An older checkpoint kept by somebody else: a file, or its size and root as printed. "
    "May be repeated.",
)  # fmt: skip
@click.option(
    "--tsa-roots", "roots", type=options.PATH, metavar="FILE",
    help="Certificates (PEM) of the time-stamping authorities that you trust.",
)  # fmt: skip
@click.option(
    "--evidence", "evidence", multiple=True, metavar="[LABEL=]PATH",
    help="Read this evidence again and compare it with its digests and segments on record. LABEL "
    "is the source (E-1/1), or an exhibit with one source. May be repeated.",
)  # fmt: skip
@click.option(
    "--hashset", "hashsets", multiple=True, metavar="[NAME=]FILE",
    help="Compare a supplier's file with the digest on record of the set that was made of it. "
    "NAME is the set. May be repeated.",
)  # fmt: skip
@click.option(
    "--disclosure", "disclosures", multiple=True, type=options.PATH, metavar="FILE",
    help="Check a disclosure, and that it is of this record. May be repeated.",
)  # fmt: skip
@click.option(
    "--environment", "installation", is_flag=True,
    help="Compare the program and the libraries installed here with those on record.",
)  # fmt: skip
@click.option(
    "--rebuild-report", "rebuild", is_flag=True,
    help="Make page and PDF of the newest report again from its model, and compare.",
)  # fmt: skip
@click.option(
    "--signer-roots", "signer_roots", type=options.PATH, metavar="FILE",
    help="Certificates (PEM) that you trust to say who signed a PDF report.",
)  # fmt: skip
@options.json_option
def verify(  # noqa: PLR0913 # the options of a verb
    *,
    path: Path,
    keys: tuple[str, ...],
    trust: Path | None,
    policy: str,
    anchors: tuple[str, ...],
    roots: Path | None,
    evidence: tuple[str, ...],
    hashsets: tuple[str, ...],
    disclosures: tuple[Path, ...],
    installation: bool,
    rebuild: bool,
    signer_roots: Path | None,
    as_json: bool,
) -> int:
    """Check a record: chain, signatures, files, coverage, rules.

    PATH is a case, the record inside it (a folder with ledger.jsonl), or a disclosure (a file).
    Nothing is written, and the evidence is not needed. All problems are listed, not the first one.

    Examples:
      heroes verify CASE
      heroes verify CASE/custody --policy strict --key lab.example.org+1a2b+...
      heroes verify CASE --evidence E-1/1=image.E01
      heroes verify CASE --hashset list.json --disclosure f12.json --environment

    Exit codes:
      0  verifies           7   consistent; the signer is not known, or incomplete
      6  does not verify    20  cannot be read
      4  a run is writing the case
    """
    from heroes_forensics.pipelines.checks import verifying  # noqa: PLC0415 # heavy: when it runs

    trusted = [*keys, *(_keys_of(trust) if trust else ())]
    result = verifying.verify(
        path,
        trusted=trusted,
        anchors=anchors,
        roots=roots,
        evidence=evidence,
        hashsets=hashsets,
        disclosures=disclosures,
        installation=installation,
        rebuild=rebuild,
        signer_roots=signer_roots,
        strict=policy == "strict",
    )
    out = Output(as_json=as_json)
    if as_json:
        for problem in records(result, "problems"):
            out.row(problem, "problem")
        rest = {name: value for name, value in result.items() if name != "problems"}
        out.row({**rest, "problems": len(records(result, "problems"))}, "verification")
    else:
        out.lines(text(result))
    return integer(result, "exit_code")


def _keys_of(path: Path) -> list[str]:
    from heroes_forensics.custody import given  # noqa: PLC0415 # heavy: when it runs

    try:
        text = given.read(path, _KEYS_LIMIT, "the file of keys").decode()
    except UnicodeDecodeError as error:
        raise UsageError("the file of keys is no text in UTF-8") from error
    lines = [line.strip() for line in text.splitlines()]
    return [line for line in lines if line and not line.startswith("#")]


def text(result: JSON) -> Iterator[str]:
    """Yield the result first, then every problem by its class, then the facts."""
    problems = records(result, "problems")
    said = string(result, "headline") or _RESULTS.get(integer(result, "exit_code"), "not known")
    yield from hanging("Result: ", said)
    known = list(CLASSES)
    classes = [string(each, "class", "information") for each in problems]
    for name in sorted(
        dict.fromkeys(classes), key=lambda each: known.index(each) if each in known else len(known)
    ):
        yield ""
        yield CLASSES.get(name, name.upper())
        for problem, of in zip(problems, classes, strict=True):
            if of == name:
                where = string(problem, "where")
                head = f"{where}: " if where else ""
                yield from hanging(
                    "  - ", f"{head}{string(problem, 'text')} [{string(problem, 'code')}]"
                )
    compared = [COMPARED.get(each, each) for each in strings(result, "compared")]
    if compared:
        yield ""
        yield from hanging("Looked at besides: ", "; ".join(compared))
    shown = {"problems", "headline", "exit_code", "compared"}
    yield ""
    level = integer(result, "anchoring")
    told: JSON = {"anchoring": ANCHORING.get(level, str(level))} if "anchoring" in result else {}
    if stamps := records(result, "stamped"):
        told["stamped"] = [covered(each) for each in stamps]
    yield from facts({key: told.get(key, result[key]) for key in result if key not in shown})
