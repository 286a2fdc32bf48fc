"""The commands by which anybody checks a record without this program, with real file names.

They are run in the folder of the bundle. The first two are the whole check of a bundle: a
signature over a list of SHA-256 values, and the list. The others show that the ledger is one
chain, and that the checkpoint of this report is signed.
"""

import shlex
from typing import Final, Literal

from heroes_forensics.reports.model import Command

_POSIX: Final[tuple[Literal["linux", "macos", "windows"], ...]] = ("linux", "macos")
_ALL: Final[tuple[Literal["linux", "macos", "windows"], ...]] = ("linux", "macos", "windows")

_CHAIN: Final = (
    "p=$(printf %064d 0); while IFS= read -r line; do case $line in *'\"prev\":\"'$p'\"'*) ;; "
    "*) echo BROKEN; break;; esac; p=$(printf '%s\\n' \"$line\" | sha256sum | cut -c1-64); "
    "done < {ledger}; echo $p"
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
) -> tuple[Command, ...]:
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
    key, manifest, signature, ledger = map(shlex.quote, (key, manifest, signature, ledger))
    openssl = f"openssl pkeyutl -verify -pubin -inkey {key} -rawin"
    rows = [
        Command("fingerprint", ("linux",), f"sha256sum {key}"),
        Command("fingerprint", ("macos",), f"shasum -a 256 {key}"),
        Command("fingerprint", ("windows",), f"certutil -hashfile {key} SHA256"),
        Command("signature", _ALL, f"{openssl} -in {manifest} -sigfile {signature}"),
        Command("files", ("linux",), f"sha256sum -c --strict {manifest}"),
        Command("files", ("macos",), f"grep -v '^#' {manifest} | shasum -a 256 -c"),
        Command("chain", ("linux",), _CHAIN.replace("{ledger}", ledger)),
    ]
    if checkpoint and origin:
        note = shlex.quote(checkpoint)
        # The em dash that starts a signature line is left out: the command stays ASCII.
        pick = f"awk -v o={shlex.quote(origin)} '$2==o {{print $3; exit}}' {note}"
        rows.append(
            Command(
                "checkpoint",
                ("linux",),
                f"d=$(mktemp -d); sed '/^$/,$d' {note} > $d/text; {pick} | base64 -d | "
                f"tail -c +5 > $d/sig; {openssl} -in $d/text -sigfile $d/sig",
            )
        )
    if verifier:
        rows.append(Command("verifier", _POSIX, f"python3 {shlex.quote(verifier)} ."))
        rows.append(Command("verifier", ("windows",), f"py {shlex.quote(verifier)} ."))
    rows.append(Command("program", _ALL, "heroes verify ."))
    return tuple(rows)
