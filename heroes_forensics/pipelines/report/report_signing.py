"""Signatures of people in the PDF of a report: made here, taken in from outside, checked.

A signed file holds its signature, and the ledger the digest of the signed file: the event is
written after the signature. A file that was signed elsewhere comes back by `take`: it has to be the
one on record with signatures behind it. What others wrote is read in a process of its own.
"""

import base64
import datetime as dt
import hashlib
import json
import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from importlib import import_module
from pathlib import Path
from typing import Any, Final, NamedTuple

from cryptography import x509
from cryptography.hazmat.primitives import serialization

from heroes_forensics.custody import given, pades
from heroes_forensics.custody.chain import Problem
from heroes_forensics.custody.problems import shown
from heroes_forensics.errors import UsageError
from heroes_forensics.model import JSON
from heroes_forensics.pipelines.case import ledger_events
from heroes_forensics.pipelines.case.cases import OpenCase, opened
from heroes_forensics.pipelines.report import apart
from heroes_forensics.reports import pdf
from heroes_forensics.store.database import Database

FOLDER: Final = "report"
NAME: Final = "report.pdf"
FILE: Final = f"{FOLDER}/{NAME}"
SUMMARY: Final = "summary.pdf"
_PAGE: Final = "report.html"

NOT_INSTALLED: Final = "install the extra heroes-forensics[sign]"
_MODULE: Final = "report_signing"
_SHOWN: Final = 16
"""Signatures of one file that are listed."""
_OTHERS: Final = 0o077
_END: Final = re.compile(rb"%%EOF\r?\n?")


class Pen(NamedTuple):
    """What signs the PDF of a report that is being issued."""

    sign: Callable[[bytes], bytes]
    certificate: str
    """SHA-256 in hex."""

    def note(self, name: str) -> str:
        """Return what the event says of the file of this name."""
        return _note(name, [self.certificate])


def pen(path: Path, passphrase: Callable[[], str | None]) -> Pen:
    """Return what signs with the key in a file.

    Args:
        path: PKCS #12, or PEM with key and certificate.
        passphrase: asked when the file wants one.

    Raises:
        UsageError: nothing can be signed with it, or there would be no PDF to sign.
    """
    if not pades.installed():
        raise UsageError("the report cannot be signed here", hint=NOT_INSTALLED)
    if pdf.missing():
        raise UsageError(
            "there would be no PDF to sign", hint="install the extra heroes-forensics[pdf]"
        )
    data = given.read(path, pades.MAX_IDENTITY, "the key to sign with")
    protected = pades.protected(data)
    if not protected and path.stat().st_mode & _OTHERS:
        raise UsageError(
            f"the key to sign with {shown(path)} has no passphrase and is open to others",
            hint="make it yours alone (chmod 600), and ask who could have read it",
        )
    secret = passphrase() if protected else None
    if protected and secret is None:
        raise UsageError(
            f"the key to sign with {shown(path)} cannot be read without a passphrase",
            hint="give it through --signer-passphrase-fd N; a file without a private key says the "
            "same",
        )
    who = pades.identity(data, secret)
    return Pen(lambda made: pades.sign(made, who), hashlib.sha256(who.certificate).hexdigest())


def _note(name: str, certificates: Sequence[str]) -> str:
    return f"{name} is signed (PAdES); SHA-256 of the certificate: {', '.join(certificates)}"


# ---- from outside ------------------------------------------------------------------------


def take(case_dir: Path, path: Path, *, passphrase: str | None = None) -> JSON:
    """Take a PDF into the record that was signed elsewhere, as the PDF of the newest report.

    Raises:
        UsageError: it is not the one on record with signatures behind it.
        CustodyError: the case does not verify.
    """
    if not pades.installed():
        raise UsageError("a signed report cannot be checked here", hint=NOT_INSTALLED)
    data = given.read(path, apart.LARGEST, "the signed report")
    with opened(case_dir, passphrase=passphrase) as case:
        issued, digest = _newest(case.database)
        if not _begins_with(data, digest):
            raise UsageError(
                "the signed file is not the PDF of the newest report with something behind it",
                hint="it may be of an earlier report, or the program that signed wrote the file "
                "anew: sign report.pdf by an incremental update (PAdES)",
            )
        found = check(data, [], dt.datetime.now(dt.UTC))
        if found is None or not found.signatures:
            raise UsageError("the file holds no signature that can be read")
        if not all(each.good for each in found.signatures):
            raise UsageError("a signature in the file does not verify: it was changed since")
        if not found.only_signed:
            raise UsageError(
                "more than signatures was added to the report",
                hint="sign report.pdf as it is in the record, and change nothing else",
            )
        if found.seen:
            raise UsageError(
                "a signature in the file is seen on a page, where it could cover what the report "
                "says",
                hint="sign report.pdf with an invisible field, which has no picture on a page",
            )
        certificates = [each.certificate for each in found.signatures]
        _record(case, issued, data, _note(NAME, certificates))
    return {
        "type": "report-signed",
        "report": issued["number"],
        "file": str(case_dir / "custody" / FILE),
        "sha256": hashlib.sha256(data).hexdigest(),
        "signatures": [_as_json(each) for each in found.signatures],
    }


def _newest(database: Database) -> tuple[dict[str, Any], str]:
    """Return the newest report that is not a summary, and the digest of its PDF."""
    for event in ledger_events.of(database, "report.issued", newest_first=True):
        files = {each["name"]: str(each["sha256"]) for each in event.body["files"]}
        if NAME in files:
            return event.body, files[NAME]
        if _PAGE in files:
            break
    raise UsageError(
        "the newest report of the case has no PDF", hint="make one: heroes report CASE"
    )


def _begins_with(data: bytes, digest: str) -> bool:
    """Say whether a revision of a PDF, and not the last, has this digest."""
    running, at = hashlib.sha256(), 0
    for end in _END.finditer(data):
        # A reader of the first revision may have ended before or after the line end.
        for cut in {end.start() + 5, end.end()}:
            if at < cut < len(data):
                part = running.copy()
                part.update(data[at:cut])
                if part.hexdigest() == digest:
                    return True
        running.update(data[at : end.end()])
        at = end.end()
    return False


def _record(case: OpenCase, issued: dict[str, Any], data: bytes, note: str) -> None:
    """Put the file in its place and issue the same report again, with its new digest."""
    case.begin()
    database, journal = case.database, case.journal
    number, text = next(
        database.rows(
            "SELECT number, facts FROM report WHERE uuid = ? ORDER BY number DESC LIMIT 1",
            (issued["report"],),
        )
    )
    row = int(database.value("SELECT max(number) FROM report")) + 1
    with case.bundle.together() as write:
        digest = write(FILE, [data])
        files: list[JSON] = [
            {"name": NAME, "sha256": digest} if each["name"] == NAME else dict(each)
            for each in issued["files"]
        ]
        facts = json.loads(text)
        facts |= {"files": files, "ordinal": facts.get("ordinal", number)}
        with journal.transaction() as records:  # before the file has its name; see `issue`
            records.report(row, str(issued["report"]), facts)
            body = {name: value for name, value in issued.items() if name != "replaces"}
            journal.event("report.issued", {**body, "files": files, "note": note})
    journal.checkpoint("signed report taken in")
    case.publish()


# ---- checking ----------------------------------------------------------------------------


def check(data: bytes, roots: Sequence[bytes], moment: dt.datetime) -> pades.Checked | None:
    """Check the signatures of a PDF in a process of its own; None when it cannot be read."""
    asked = {
        "pdf": base64.b64encode(data).decode(),
        "roots": [base64.b64encode(each).decode() for each in roots],
        "moment": moment.isoformat(),
    }
    with apart.running(_MODULE, json.dumps(asked).encode()) as running:
        answer = running.result()
    if answer is None:
        return None
    told = json.loads(answer)
    found = tuple(
        pades.Found(str(signer), str(certificate), good=bool(good), trusted=bool(trusted))
        for signer, certificate, good, trusted in told["signatures"]
    )
    return pades.Checked(found, only_signed=bool(told["only_signed"]), seen=bool(told["seen"]))


def problems(bundle: Path, roots: Path | None) -> Iterator[Problem]:
    """Yield what is to be said of the signatures in the PDFs of a record; nothing without one.

    Args:
        bundle: the folder of a record.
        roots: a file of certificates (PEM) that are trusted to say who signed.

    Raises:
        UsageError: there is no certificate in the file.
    """
    trusted = [] if roots is None else _certificates(roots)
    for name in (NAME, SUMMARY):
        yield from _problems(bundle, name, trusted)


def _problems(bundle: Path, name: str, trusted: Sequence[bytes]) -> Iterator[Problem]:
    where = f"{FOLDER}/{name}"
    path = bundle / where
    try:
        data = given.read(path, apart.LARGEST, "the report")
    except UsageError:
        return  # that it is missing, or no file, is said already
    if path.is_symlink() or pades.MARK not in data:
        return
    if not pades.installed():
        yield Problem("pdf-signature-unchecked", where, NOT_INSTALLED)
        return
    found = check(data, trusted, _issued(bundle, name))
    if found is None:
        yield Problem("pdf-signature-unchecked", where, "its signatures cannot be read")
        return
    if not found.only_signed:
        yield Problem("pdf-signature-bad", where, "more than signatures was added to it")
    elif found.seen:
        text = "a signature is seen on a page and may cover what the report says"
        yield Problem("pdf-signature-bad", where, text)
    for each in found.signatures[:_SHOWN]:
        if not each.good:
            yield Problem("pdf-signature-bad", where, f"that of {shown(each.signer)}")
        elif not each.trusted:
            text = f"intact; nobody here vouches for its signer, {shown(each.signer)}"
            yield Problem("pdf-signature-unchecked", where, text)


def _issued(bundle: Path, name: str) -> dt.datetime:
    """Return when a report with this file was issued last, after the ledger; else now."""
    found = dt.datetime.now(dt.UTC)
    with suppress(OSError):
        for event in ledger_events.in_bundle(bundle, "report.issued"):
            if any(each["name"] == name for each in event.body["files"]):
                with suppress(ValueError):
                    found = dt.datetime.fromisoformat(event.time)
    return found


def _certificates(path: Path) -> list[bytes]:
    pem = given.read(path, pades.MAX_IDENTITY, "the file of trusted certificates")
    try:
        found = x509.load_pem_x509_certificates(pem)
    except ValueError as error:
        raise UsageError(
            f"the trusted certificates in {shown(path)} are not in PEM form"
        ) from error
    return [each.public_bytes(serialization.Encoding.DER) for each in found]


def _as_json(found: pades.Found) -> JSON:
    return {"signer": shown(found.signer), "certificate": found.certificate}


def main() -> None:
    """Check what is given; for `apart.running`."""
    asked = json.loads(apart.begun())
    import_module("pyhanko.sign.validation")
    apart.lock(reads=True)
    checked = pades.check(
        base64.b64decode(asked["pdf"]),
        [base64.b64decode(each) for each in asked["roots"]],
        dt.datetime.fromisoformat(asked["moment"]),
    )
    answer = {"signatures": [list(each) for each in checked.signatures],
              "only_signed": checked.only_signed, "seen": checked.seen}  # fmt: skip
    apart.done(json.dumps(answer).encode())
