"""Signing keys that never enter this program: a command of the laboratory, or a token (PKCS#11).

A description says how to reach one, written by a person as YAML and kept beside the keys::

    signer: [/usr/local/bin/sign-ledger, --slot, "2"]    # message in, 64 raw bytes out
    public_key: MCowBQYDK2VwAyEA...                       # of `openssl pkey -pubout`
    seconds: 60

    signer:
      module: /usr/lib/softhsm/libsofthsm2.so
      token: laboratory
      key: ledger

What speaks to it is a process of its own (`signing_process`). Every answer is verified with the
public key before anything is done with it.
"""

import atexit
import base64
import binascii
import json
import os
import re
import select
import subprocess
import sys
import time
from contextlib import suppress
from contextvars import ContextVar
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Final

from heroes_forensics import config
from heroes_forensics.custody import notes, private
from heroes_forensics.display import shown
from heroes_forensics.errors import CustodyError, StoppedError, UsageError

if TYPE_CHECKING:
    from heroes_forensics.model import JSON

FOLDER: Final = "signers"
FIELDS: Final = ("signer", "public_key", "seconds")
"""Of a description, which may stand among a laboratory's settings."""
SECONDS: Final = 60
"""How long a signer may take, when its description does not say otherwise."""
MOST_SECONDS: Final = 600
PIN: ContextVar[str | None] = ContextVar("PIN", default=None)
"""What opens the token of the laboratory, from a prompt or a descriptor; never written."""

_SPKI: Final = bytes.fromhex("302a300506032b6570032100")  # RFC 8410
_PEM: Final = re.compile(r"-----(?:BEGIN|END) PUBLIC KEY-----|\s")
_GRACE: Final = 5
_LONGEST: Final = 4096
"""Bytes of an answer that is no signature."""

FAULTS: Final = {
    "start": "the signer cannot be started: {}",
    "exit": "the signer ended with code {} and without a signature",
    "time": "the signer did not answer within {} seconds",
    "flood": "the signer answered more than a signature of 64 bytes",
    "public": "the signer cannot be asked for its public key",
    "extra": "keys in a token need the package python-pkcs11, which is not installed",
    "module": "the PKCS#11 module of the signer cannot be loaded",
    "no-token": "the token of the signer is not there",
    "key": "the token of the signer holds no such Ed25519 key",
    "keys": "the token of the signer holds more than one key of this name",
    "pin-missing": "the token of the signer needs its PIN",
    "pin-wrong": "the PIN does not open the token of the signer",
    "pin-locked": "the token of the signer is locked: its PIN was wrong too often",
    "token": "the token of the signer refuses to sign ({})",
    "gone": "the process that speaks to the signer has ended",
}
_USAGE: Final = {
    "extra": "install it: pip install 'heroes-forensics[hsm]'",
    "public": "say public_key: in its description",
    "pin-missing": "give it at the prompt or through --pin-fd",
    "pin-wrong": "check the PIN; it is not tried a second time",
}
_HINT: Final = "nothing on record is lost: mend the signer, then --resume the scan or report again"


@dataclass(frozen=True, slots=True)
class Outside:
    """An Ed25519 key that is somewhere else."""

    public_key_bytes: bytes
    command: tuple[str, ...] = ()
    module: str = ""
    token: str = ""
    key: str = ""
    seconds: int = SECONDS
    pin: str | None = field(default=None, repr=False, compare=False)
    """Of a person's token; None: that of the laboratory, `PIN`."""

    @property
    def needs_pin(self) -> bool:
        """Whether it is in a token."""
        return bool(self.module)

    @property
    def kind(self) -> str:
        """``token`` or ``command``."""
        return "token" if self.module else "command"

    def start(self) -> None:
        """Start what speaks to it, before this process gives up what a signer may need.

        Raises:
            StoppedError: no process can be started.
        """
        _helper(self)

    def sign(self, message: bytes) -> bytes:
        """Return the signature of ``message``, verified.

        Raises:
            StoppedError: there is none; nothing on record is lost.
            UsageError: the PIN is missing or wrong, or a package is not installed.
        """
        answer = _helper(self).ask(b"S", message)
        if len(answer) != notes.SIGNATURE_BYTES:
            raise StoppedError(
                f"the signer answered {len(answer)} bytes instead of a signature of 64", hint=_HINT
            )
        if not notes.ed25519_ok(self.public_key_bytes, message, answer):
            raise StoppedError(
                "the signer answered a signature that its public key does not verify", hint=_HINT
            )
        return answer

    def description(self) -> bytes:
        """Return what `read` reads; JSON is YAML."""
        signer: object = list(self.command)
        if self.module:
            signer = {"module": self.module, "token": self.token, "key": self.key}
        public = base64.b64encode(self.public_key_bytes).decode()
        said: JSON = {"signer": signer, "public_key": public, "seconds": self.seconds}
        return json.dumps(said, indent=1).encode() + b"\n"


def is_description(data: bytes) -> bool:
    """Say whether a file describes a key outside, and is none itself."""
    return b"PRIVATE KEY-----" not in data


def among(settings: object) -> bytes:
    """Return the description that stands among a laboratory's settings."""
    said = settings if isinstance(settings, dict) else {}
    return json.dumps({name: said[name] for name in FIELDS if name in said}).encode()


def is_token(data: bytes) -> bool:
    """Say whether a file describes a key in a token, which needs its PIN.

    Raises:
        UsageError: it is malformed.
    """
    if not is_description(data):
        return False
    said = config.read(data, what="the description of the signer")
    return isinstance(said, dict) and isinstance(said.get("signer"), dict)


def read(data: bytes, *, pin: str | None = None) -> Outside:
    """Return the key that a description is of; a token without ``public_key`` is asked for it.

    Raises:
        UsageError: it is malformed, or the PIN is missing or wrong.
        StoppedError: the token does not answer.
    """
    said = config.read(data, what="the description of the signer")
    if not isinstance(said, dict) or not said.keys() <= {*FIELDS}:
        raise UsageError(
            "the description of a signer holds 'signer', 'public_key' and 'seconds' alone",
            hint='for example: signer: [/usr/local/bin/sign, "--slot", "2"]',
        )
    public = _public(said["public_key"]) if said.get("public_key") else b""
    seconds = str(said.get("seconds", SECONDS))
    if not (seconds.isascii() and seconds.isdigit() and 0 < int(seconds) <= MOST_SECONDS):
        raise UsageError(f"a signer may take a whole number of seconds, up to {MOST_SECONDS}")
    signer = said.get("signer")
    if isinstance(signer, list):
        command = tuple(str(part) for part in signer)
        if not command or not command[0].startswith("/"):
            raise UsageError("the command of a signer begins with the whole path of a program")
        if not public:
            raise UsageError(
                "the description of the signer lacks its public key",
                hint="add public_key: with the text of: openssl pkey -pubout",
            )
        return Outside(public, command, seconds=int(seconds))
    return _token(signer, public, int(seconds), pin)


def _token(signer: object, public: bytes, seconds: int, pin: str | None) -> Outside:
    names = {"module", "token", "key"}
    if (
        not isinstance(signer, dict)
        or signer.keys() != names
        or not all(isinstance(each, str) and each for each in signer.values())
    ):
        raise UsageError("a signer is a list (a command), or names 'module', 'token' and 'key'")
    if not signer["module"].startswith("/"):
        raise UsageError("the module of a signer is named by its whole path")
    found = Outside(public, (), **signer, seconds=seconds, pin=pin)
    if public:
        return found
    public = _helper(found).ask(b"P", b"")
    if len(public) != notes.PUBLIC_KEY_BYTES:
        raise StoppedError("the token of the signer holds no Ed25519 public key of this name")
    return Outside(public, (), **signer, seconds=seconds, pin=pin)


def _public(text: object) -> bytes:
    try:
        data = base64.b64decode(_PEM.sub("", str(text)), validate=True)
    except (ValueError, binascii.Error):
        data = b""
    public = data.removeprefix(_SPKI)
    if len(public) != notes.PUBLIC_KEY_BYTES or len(data) not in {len(public), len(_SPKI + public)}:
        raise UsageError(
            "the public key of the signer is no Ed25519 key", hint="see: openssl pkey -pubout"
        )
    return public


def keep(home: Path, key: Outside) -> None:
    """Keep the description of a key of the laboratory beside its keys.

    Raises:
        UsageError: it cannot be written.
    """
    folder = private.folder(private.folder(private.folder(home) / "keys") / FOLDER)
    private.replace(_path(folder, key.public_key_bytes), key.description())


def find(home: Path, public: bytes) -> Outside:
    """Return the key of the laboratory with this public key, as it is described now.

    Raises:
        UsageError: its description is missing, malformed, or open to others.
        CustodyError: it describes another key.
    """
    folder = private.check_folder(home / "keys" / FOLDER)
    found = read(private.read(_path(folder, public)))
    if found.public_key_bytes != public:
        raise CustodyError("the description of a signer is that of another key")
    return found


def kept(home: Path) -> list[Outside]:
    """Return the keys of the laboratory that lie outside."""
    folder = home / "keys" / FOLDER
    if not folder.is_dir():
        return []
    return [read(private.read(path)) for path in sorted(folder.glob("*.json"))]


def _path(folder: Path, public: bytes) -> Path:
    return folder / f"{public.hex()}.json"


class _Helper:
    """Our end of a process that speaks to a signer."""

    def __init__(self, key: Outside) -> None:
        self._seconds = key.seconds
        try:
            self._process = subprocess.Popen(
                [sys.executable, "-I", "-m", "heroes_forensics.custody.signing_process"],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                cwd="/",
            )
        except OSError as error:
            raise StoppedError(f"no process can be started for the signer: {error}") from error
        settings: JSON = {"seconds": key.seconds, "command": list(key.command)}
        if key.needs_pin:
            pin = PIN.get() if key.pin is None else key.pin
            settings = {"module": key.module, "token": key.token, "key": key.key, "pin": pin}
        self._send(b"C", json.dumps(settings).encode())

    def ask(self, letter: bytes, data: bytes) -> bytes:
        """Return the answer to one request.

        Raises:
            StoppedError: there is none.
            UsageError: what a person gave or installed does not do.
        """
        self._send(letter, data)
        # A command has its time twice: to answer, and to end.
        end = time.monotonic() + 2 * self._seconds + _GRACE
        head = self._receive(9, end)
        length = int.from_bytes(head[1:], "big")
        if length > _LONGEST:
            raise self._fault("flood", "")
        answer = self._receive(length, end)
        if head[:1] == b"=":
            return answer
        word, _, detail = answer.decode(errors="replace").partition(" ")
        raise self._fault(word, detail)

    def _fault(self, word: str, detail: str) -> StoppedError | UsageError:
        text = FAULTS.get(word, FAULTS["token"]).format(
            self._seconds if word == "time" else shown(detail or "no reason given")
        )
        if word.startswith("pin"):
            self.end()  # the next one is given the PIN anew
        if word in _USAGE:
            return UsageError(text, hint=_USAGE[word])
        return StoppedError(text, hint=_HINT)

    def _send(self, letter: bytes, data: bytes) -> None:
        entry = self._process.stdin
        assert entry is not None  # noqa: S101 - as started
        try:
            entry.write(letter + len(data).to_bytes(8, "big") + data)
            entry.flush()
        except (OSError, ValueError):
            self.end()
            raise self._fault("gone", "") from None

    def _receive(self, size: int, end: float) -> bytes:
        out = self._process.stdout
        assert out is not None  # noqa: S101 - as started
        data = b""
        while len(data) < size:
            ready, _, _ = select.select([out], [], [], max(end - time.monotonic(), 0))
            if not ready:
                self.end()
                raise self._fault("time", "")
            piece = os.read(out.fileno(), size - len(data))
            if not piece:
                self.end()
                raise self._fault("gone", "")
            data += piece
        return data

    def end(self) -> None:
        """End the process; the next request starts another."""
        for key in [key for key, each in _RUNNING.items() if each is self]:
            del _RUNNING[key]
        self._process.kill()
        self._process.wait()
        for stream in (self._process.stdin, self._process.stdout):
            if stream is not None:
                with suppress(OSError):
                    stream.close()


_RUNNING: Final[dict[tuple[object, ...], _Helper]] = {}
"""One process a key: a token is opened once, and before the fence."""


def _helper(key: Outside) -> _Helper:
    name = (key.command, key.module, key.token, key.key, key.seconds)
    if name not in _RUNNING:
        _RUNNING[name] = _Helper(key)
    return _RUNNING[name]


@atexit.register
def end_all() -> None:
    """End all processes that speak to signers; the PIN that they were given goes with them."""
    for helper in list(_RUNNING.values()):
        helper.end()
