r"""The commands by which anybody checks a record without this program, with real file names.

They are run in the folder of the bundle. The first two are the whole check of a bundle: a
signature over a list of SHA-256 values, and the list. The others show that the ledger is one
chain, and that the checkpoint of this report is signed.

A reader copies them from a page or from paper. So no line is wider than paper, where a line end in
its midst would be copied along; and lines run the same with line ends between them or blanks, since
what takes text from a PDF may put either. ``check.sh`` holds the same lines as a file.
"""

import re
import shlex
from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any, Final, Literal

from heroes_forensics.reports.messages import messages

if TYPE_CHECKING:
    from heroes_forensics.reports.model import Command, Report

WIDEST: Final = 110
"""Characters of a line that fit beside one another on paper."""

SCRIPTED: Final = frozenset({"fingerprint", "signature", "files", "chain", "checkpoint"})
"""What the script does: sha256sum and openssl are all it needs."""

_PIECE: Final = WIDEST - len("o=${o}'';")
_POSIX: Final[tuple[Literal["linux", "macos", "windows"], ...]] = ("linux", "macos")
_ALL: Final[tuple[Literal["linux", "macos", "windows"], ...]] = ("linux", "macos", "windows")

_CHAIN: Final = (
    "p=$(printf %064d 0); while IFS= read -r line; do",
    "case $line in *'\"prev\":\"'$p'\"'*) ;; *) p=BROKEN; break;; esac;",
    "p=$(printf '%s\\n' \"$line\" | sha256sum | cut -c1-64);",
    'done < {ledger}; echo "$p"; test "$p" != BROKEN',
)


def commands(  # noqa: PLR0913 # the files of a bundle
    *,
    key: str,
    manifest: str = "MANIFEST.sha256",
    signature: str = "MANIFEST.sha256.sig",
    ledger: str = "ledger.jsonl",
    checkpoint: str | None = None,
    origin: str | None = None,
    verifier: str | None = "verify_custody.py",
) -> tuple["Command", ...]:
    """Return the commands for a bundle whose files have these names, relative to it.

    Args:
        key: the laboratory's public key (SPKI PEM) in the bundle. A reader compares its
            fingerprint with one received from elsewhere; the report says so.
        manifest: the list of SHA-256 values.
        signature: the raw Ed25519 signature over the manifest.
        ledger: the ledger.
        checkpoint: the signed note of the last checkpoint before the report, if there is one.
        origin: the first line of that note.
        verifier: the stand-alone verifier in the bundle, if it is there.
    """
    from heroes_forensics.reports.model import Command  # noqa: PLC0415 # a typesetter has none

    key, manifest, signature, ledger = map(shlex.quote, (key, manifest, signature, ledger))
    openssl = f"openssl pkeyutl -verify -pubin -inkey {key} -rawin"
    rows = [
        Command("fingerprint", ("linux",), (f"sha256sum {key}",)),
        Command("fingerprint", ("macos",), (f"shasum -a 256 {key}",)),
        Command("fingerprint", ("windows",), (f"certutil -hashfile {key} SHA256",)),
        Command("signature", _ALL, (f"{openssl} -in {manifest} -sigfile {signature}",)),
        Command("files", ("linux",), (f"sha256sum -c --strict {manifest}",)),
        Command("files", ("macos",), (f"grep -v '^#' {manifest} | shasum -a 256 -c",)),
        Command("chain", ("linux",), tuple(each.replace("{ledger}", ledger) for each in _CHAIN)),
    ]
    if checkpoint and origin:
        lines = (
            *_assigned("o", origin),
            f'n={shlex.quote(checkpoint)}; d=$(mktemp -d); sed \'/^$/,$d\' "$n" > "$d/text";',
            # The em dash that starts a signature line is left out: the command stays ASCII.
            'awk -v o="$o" \'$2==o {print $3; exit}\' "$n" | base64 -d | tail -c +5 > "$d/sig";',
            f'{openssl} -in "$d/text" -sigfile "$d/sig"',
        )
        rows.append(Command("checkpoint", ("linux",), lines))
    if verifier:
        rows.append(Command("verifier", _POSIX, (f"python3 {shlex.quote(verifier)} .",)))
        rows.append(Command("verifier", ("windows",), (f"py {shlex.quote(verifier)} .",)))
    rows.append(Command("program", _ALL, ("heroes verify .",)))
    return tuple(rows)


def _assigned(name: str, value: str) -> Iterator[str]:
    """Yield lines that give a variable a value, however long that is."""
    before = ""
    for piece in re.findall(f".{{1,{_PIECE}}}", value):
        yield f"{name}={before}{shlex.quote(piece)};"
        before = f"${{{name}}}"


def render(report: "Report", *, language: str = "en") -> bytes:
    """Return ``check.sh`` of a report."""
    return script(report.number, [each.to_json() for each in report.commands], language)


def script(number: str, rows: Iterable[Mapping[str, Any]], language: str) -> bytes:
    """Return the commands for a POSIX shell as a file: it ends with the first one that fails.

    Args:
        number: of the report.
        rows: ``commands`` of ``report.json``.
        language: in which the steps are named, as in the report.
    """
    text = messages(language).text
    what, how = text("script.what", number=number), text("script.how")
    lines = ["#!/bin/sh", f"# {what}", f"# {how}", "set -e"]
    for row in rows:
        if row["purpose"] in SCRIPTED and "linux" in row["systems"]:
            lines += ["", "# " + text("command." + row["purpose"]), *row["lines"]]
    return ("\n".join(lines) + "\n").encode()
