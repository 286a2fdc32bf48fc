"""Verifying a bundle, and a case with its database when that is at hand."""

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from heroes_forensics.custody import checks, disclosure, given, highwater, keys, notes
from heroes_forensics.custody.chain import Problem
from heroes_forensics.custody.notes import parse, read_checkpoint
from heroes_forensics.custody.problems import exit_code, shown
from heroes_forensics.errors import CustodyError, EvidenceError, HeroesError, UsageError
from heroes_forensics.model import JSON
from heroes_forensics.pipelines.case import laboratory, ledger_events
from heroes_forensics.pipelines.case.folders import BUNDLE, DATABASE, UNBORN
from heroes_forensics.pipelines.case.locking import check_idle
from heroes_forensics.pipelines.checks import brought, rebuilding, rehashing
from heroes_forensics.pipelines.report import report_signing
from heroes_forensics.store import integrity
from heroes_forensics.store.database import Database

_PRINTED: Final = re.compile(r"([0-9]{1,16}):([0-9a-fA-F]{64})", re.ASCII)
"""Size and root of a checkpoint, as a report prints them; blanks part groups of digits."""


def verify(  # noqa: PLR0913 - each is a separate piece of outside knowledge
    path: Path,
    *,
    trusted: Sequence[str] = (),
    anchors: Sequence[str] = (),
    roots: Path | None = None,
    evidence: Sequence[str] = (),
    hashsets: Sequence[str] = (),
    disclosures: Sequence[Path] = (),
    installation: bool = False,
    rebuild: bool = False,
    signer_roots: Path | None = None,
    strict: bool = False,
) -> JSON:
    """Verify a case directory, a bundle alone, or a disclosure.

    Args:
        path: what `heroes scan --case` made, the ``custody`` folder of it, or a file that
            `heroes disclose` made.
        trusted: vkeys the caller vouches for; the laboratory of this home is always known.
        anchors: files of old checkpoints, or ``size:root`` as printed.
        roots: a file of certificates (PEM) of time-stamping authorities that are trusted.
        evidence: sources to read again and to compare; see `rehashing.problems`.
        hashsets: suppliers' files to compare; see `brought.hashsets`.
        disclosures: files that should be of this record; see `brought.disclosures`.
        installation: whether program and libraries that run here are compared.
        rebuild: whether page and PDF of the report are made again and compared.
        signer_roots: a file of certificates (PEM) of which signatures in a report are trusted.
        strict: whether incompleteness alone gives exit code 7.

    Raises:
        EvidenceError: there is no bundle, or it cannot be read.
        UsageError: an anchor is malformed, a file that was brought cannot be read, or a newer
            program made the case.
        CaseBusyError: a run is writing the case.
    """
    if path.is_file():
        return _disclosure(path, trusted, anchors)
    check_idle(path)
    bundle = path / BUNDLE if (path / BUNDLE).is_dir() else path
    if (path / UNBORN).is_file() and not (path / DATABASE).exists():
        raise EvidenceError(
            f"the case in {path} was never finished being made",
            hint="nothing was recorded in it: use the folder for a new case, or remove it",
        )
    if not any((bundle / name).exists() for name in ("ledger.jsonl", "MANIFEST.sha256")):
        raise EvidenceError(
            f"there is no custody bundle in {path}",
            hint="give a case directory, or the folder `custody` of one",
        )
    home = laboratory.home()
    known = _known(trusted)
    found = checks.verify_bundle(
        bundle,
        trust=known,
        anchors=[_anchor(text) for text in anchors],
        high_water=highwater.load(home),
        roots=None if roots is None else brought.roots_of(roots),
        strict=strict,
    )
    extra = _database(path / DATABASE, bundle) if (path / DATABASE).is_file() else []
    check_idle(path)  # a run that began meanwhile would have changed what was compared
    if evidence:
        extra += rehashing.problems(bundle, evidence)
    if hashsets:
        extra += brought.hashsets(bundle, hashsets)
    if disclosures:
        keys_known = _keys(known)
        extra += brought.disclosures(bundle, str(found.facts["origin"]), disclosures, keys_known)
    if installation:
        extra += brought.installation(bundle)
    if rebuild:
        extra += rebuilding.problems(bundle)
    extra += report_signing.problems(bundle, signer_roots)
    whole = (*found.problems, *extra)
    asked = {
        "evidence": evidence, "hashsets": hashsets, "disclosures": disclosures,
        "environment": installation, "report": rebuild,
    }  # fmt: skip
    facts: JSON = {**found.facts, "compared": [name for name, given in asked.items() if given]}
    if evidence:
        facts["evidence_read_again"] = len(evidence)
    return checks.Verification(whole, exit_code(whole, strict=strict), facts).as_json()


def _known(trusted: Sequence[str]) -> list[str]:
    """Return the vkeys that count: those of the caller, and of the laboratory of this home.

    Those that it replaced count, too: a closed case was signed by the key of its day, and takes no
    other up any more. One that may have been stolen does not.
    """
    home = laboratory.home()
    if keys.protection(home) is None:
        return [*trusted]
    described = keys.laboratory(home)
    former = described.get("former")
    rows = [each for each in former if isinstance(each, dict)] if isinstance(former, list) else []
    kept = [str(each["vkey"]) for each in rows if each.get("vkey") and not each["suspect_since"]]
    return [*trusted, str(described["vkey"]), *kept]


def _keys(trusted: Sequence[str]) -> list[notes.VerifierKey]:
    try:
        return [notes.vkey(text) for text in trusted]
    except CustodyError as error:
        raise UsageError("a key to trust is malformed", hint=str(error)) from error


def _disclosure(path: Path, trusted: Sequence[str], anchors: Sequence[str]) -> JSON:
    """Verify a disclosure; the record it is from need not be at hand."""
    if anchors:
        raise UsageError(
            "a disclosure is not compared with an anchor", hint="verify the record it is from"
        )
    try:
        with path.open("rb") as stream:
            found = disclosure.Disclosure(stream.read(disclosure.MAX_BYTES + 1))
    except OSError as error:
        raise EvidenceError(f"the disclosure cannot be read: {error.strerror}") from error
    problems = [*found.problems, *found.signed_by(_keys(_known(trusted)))]
    return checks.Verification(
        tuple(problems),
        exit_code(problems),
        {
            "disclosure": shown(found.finding),
            "origin": shown(found.says.origin) if found.says else "",
            "signed_events": found.says.size if found.says else 0,
            "opened": {name: found.opened[name] for name in sorted(found.opened)},
        },
    ).as_json()


def _database(path: Path, bundle: Path) -> list[Problem]:
    """Compare the case database with its ledger: units, rows, lines."""
    try:
        database = Database.open(path, read_only=True, still=True)
    except CustodyError as error:
        return [Problem("database-mismatch", DATABASE, str(error))]
    try:
        ledger = b"".join(ledger_events.lines_of(bundle))
        return [
            Problem("database-mismatch", DATABASE, text)
            for text in integrity.problems(database, ledger)
        ]
    except OSError:
        return []  # that there is no ledger is said already
    except (*integrity.ALTERED, HeroesError):
        return [Problem("database-mismatch", DATABASE, integrity.FORM)]
    finally:
        database.close()


def _anchor(text: str) -> checks.Anchor:
    if _is_file(text):
        try:
            data = given.read(Path(text), notes.MAX_NOTE, "the anchor")
            checkpoint = read_checkpoint(parse(data).text)
        except CustodyError as error:
            raise UsageError("the anchor is no checkpoint", hint=str(error)) from error
        return checks.Anchor(checkpoint.size, checkpoint.root)
    printed = _PRINTED.fullmatch(text.replace(" ", ""))
    if printed is None:
        raise UsageError(
            "the anchor is neither a file nor a checkpoint as printed",
            hint="write it as SIZE:ROOT with the 64 hexadecimal digits of the root",
        )
    return checks.Anchor(int(printed[1]), bytes.fromhex(printed[2]))


def _is_file(text: str) -> bool:
    try:
        return Path(text).is_file()
    except OSError:  # no name that a file could have
        return False
