"""``heroes report``: a new report of a case."""

from collections.abc import Iterator
from pathlib import Path

import click

from heroes_forensics.commands import options
from heroes_forensics.commands.output import Output
from heroes_forensics.commands.summary import report_of, summary
from heroes_forensics.commands.text import plain, records, string, strings
from heroes_forensics.commands.verb import Verb
from heroes_forensics.errors import DONE, UsageError
from heroes_forensics.model import JSON


@click.command("report", cls=Verb)
@options.case_argument
@click.option(
    "--language",
    type=click.Choice(["en", "de"]),
    default="en",
    show_default=True,
    help="Language of the texts.",
)
@click.option(
    "--level",
    type=click.Choice(["summary", "standard", "sealed"]),
    default="standard",
    show_default=True,
    help="summary: without rows of findings, beside the report. sealed: with names, as an "
    "encrypted file for named recipients; it needs all of the options below.",
)
@click.option(
    "--output",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="A new file for --level sealed.",
)
@click.option(
    "--key",
    "keys",
    multiple=True,
    metavar="RECIPIENT",
    help="An age recipient (age1...) who opens it. May be repeated.",
)
@click.option("--recipient", default="", metavar="TEXT", help="Who gets it.")
@click.option("--organisation", default="", metavar="TEXT", help="Of the recipient.")
@click.option("--justification", default="", metavar="TEXT", help="Why names are handed on.")
@click.option("--authority", default="", metavar="TEXT", help="On whose authority.")
@click.option(
    "--examiner", default="", metavar="ID", help="Who hands it on.  [default: that of the case]"
)
@click.option(
    "--sign-with", "signer", type=options.PATH, metavar="FILE",
    help="Sign the PDF (PAdES) with this key and its certificate, PKCS #12 or PEM.",
)  # fmt: skip
@click.option(
    "--signer-passphrase-fd", "signer_fd", type=click.IntRange(min=0), metavar="N",
    help="Read the passphrase of that key from file descriptor N.",
)  # fmt: skip
@click.option(
    "--import-signed", "signed", type=options.PATH, metavar="FILE",
    help="Write no new report: take the PDF of the newest one back in, signed elsewhere.",
)  # fmt: skip
@options.passphrase_option
@options.json_option
def report(  # noqa: PLR0913 # the options of a verb
    *,
    case_dir: Path,
    language: str,
    level: str,
    output: Path | None,
    keys: tuple[str, ...],
    recipient: str,
    organisation: str,
    justification: str,
    authority: str,
    examiner: str,
    signer: Path | None,
    signer_fd: int | None,
    signed: Path | None,
    passphrase_fd: int | None,
    as_json: bool,
) -> int:
    r"""Write a new report of a case into its record.

    A scan writes one by itself. Each report has a number of its own and is signed. Its files take
    the place of the earlier one's, whose number and digests stay in the ledger: keep a copy of a
    report that was handed out. What laboratory and case state of themselves is taken from the
    section report of laboratory.yaml in HEROES_HOME and from report.yaml in CASE.

    A sealed report names files. It is written outside of the case, encrypted with age; that names
    are opened, why, and for whom is recorded first.

    The signature of a person in the PDF is made here, or with a qualified certificate elsewhere.

    Examples:
      heroes report CASE
      heroes report CASE --language de
      heroes report CASE --level summary
      heroes report CASE --level sealed --output court.age --key AGE1-RECIPIENT \
        --recipient "Judge A." --organisation "Court X" \
        --authority "order of 3 May" --justification "request 4"
      heroes report CASE --sign-with examiner.p12
      heroes report CASE --import-signed report-signed.pdf
    """
    from heroes_forensics.pipelines.report import report_signing, reporting, sealed_report  # noqa: PLC0415 # heavy

    out = Output(as_json=as_json)
    handover = sealed_report.Handover(
        output, keys, recipient, organisation, justification, authority
    )
    if signed is not None:
        if signer is not None or level != "standard" or not handover.is_empty:
            raise UsageError(
                "--import-signed takes a file in and writes no report: nothing else goes with it"
            )
        secret = options.passphrase(passphrase_fd)
        out.show(report_signing.take(case_dir, signed, passphrase=secret), "report-signed", _taken)
        return DONE
    pen = None
    if signer is not None:
        pen = report_signing.pen(signer, lambda: options.signer_passphrase(signer_fd))
    made = reporting.at_level(
        case_dir,
        level,
        handover,
        language=language,
        examiner=examiner,
        passphrase=options.passphrase(passphrase_fd),
        pen=pen,
    )
    out.show(made, "report", _text)
    return DONE


def _text(made: JSON) -> Iterator[str]:
    if string(made, "type") == "sealed-report":
        yield f"Sealed report {string(made, 'number')} was written to {string(made, 'file')}"
        yield f"for {string(made, 'recipient')}; SHA-256 {string(made, 'sha256')}"
        return
    folder = Path(str(made.get("folder", "")))
    found = report_of(folder) if string(made, "level") == "standard" else None
    if found is not None:
        yield from summary(found)
        yield ""
    yield f"Report {string(made, 'number')} was written to {plain(str(folder))}:"
    for name in strings(made, "files"):
        yield f"  {name}"
    if string(made, "no_pdf"):
        yield f"There is no report.pdf: {string(made, 'no_pdf')}"


def _taken(made: JSON) -> Iterator[str]:
    yield f"The signed PDF of report {string(made, 'report')} is in the record:"
    yield f"  {plain(string(made, 'file'))}"
    for each in records(made, "signatures"):
        yield f"  signed by {string(each, 'signer')}"
    yield "Who that is, certificates say that you trust: heroes verify CASE --signer-roots FILE"
