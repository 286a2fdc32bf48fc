"""The process that speaks to a signing key outside this program: a command, or a token.

It is started before the coordinator gives up writing and the network, which cards and services may
need (`pipelines.locks.fence`), and it can do one thing: hand a message to the signer that it was
started for, and its answer back. A module of a vendor is loaded here and nowhere else, so that
what it does to its own process costs no run.

On standard input come requests, a letter and a length of eight bytes in front of each: ``C`` the
settings (JSON; once, first), ``S`` a message to sign, ``P`` the question for the public key. Each
but the first is answered with a letter and a length: ``=`` and bytes, or ``!`` and a word of
`outside.FAULTS`, which an argument may follow. It ends when its input does. Standard library only,
but for the module of the extra ``hsm``.
"""

import ctypes
import json
import os
import resource
import selectors
import signal
import subprocess
import sys
import time
from contextlib import suppress
from importlib import import_module
from typing import Any, BinaryIO, Final, Protocol

SIGNATURE_BYTES: Final = 64
"""Of Ed25519 (RFC 8032)."""
POINT_BYTES: Final = 32
"""Of a public key, at the end of what a token calls ``EC_POINT``."""
PIECE: Final = 65536
_PR_SET_DUMPABLE: Final = 4


class Fault(Exception):  # noqa: N818 - no error of the program: what is answered
    """Why there is no signature; a word of `outside.FAULTS`, and what belongs to it."""


class Back(Protocol):
    """What signs."""

    def sign(self, message: bytes) -> bytes:
        """Return what the signer answers."""
        ...

    def public(self) -> bytes:
        """Return the public key that the signer says it has."""
        ...


class Command:
    """A program that reads a message on standard input and writes a raw signature."""

    def __init__(self, settings: dict[str, Any]) -> None:
        self._arguments: list[str] = settings["command"]
        self._seconds = float(settings["seconds"])

    def public(self) -> bytes:
        """Refuse: a command is asked for signatures only."""
        raise Fault("public")

    def sign(self, message: bytes) -> bytes:
        """Run the command once; what it writes to standard error is not read."""
        try:
            process = subprocess.Popen(  # noqa: S603 - what the laboratory configured
                self._arguments,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                start_new_session=True,
                cwd="/",
            )
        except (OSError, ValueError) as error:
            raise Fault(f"start {getattr(error, 'strerror', '') or 'no such program'}") from error
        try:
            answer = self._answer(process, message)
            code = process.wait(timeout=self._seconds)
        except subprocess.TimeoutExpired:
            raise Fault("time") from None
        finally:
            with suppress(OSError):  # and what it started
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()
            for stream in (process.stdin, process.stdout):
                if stream is not None:
                    with suppress(OSError):
                        stream.close()
        if code:
            raise Fault(f"exit {code}")
        return answer

    def _answer(self, process: "subprocess.Popen[bytes]", message: bytes) -> bytes:
        """Give the message and take the answer at once: neither side waits for the other."""
        entry, out = process.stdin, process.stdout
        assert entry is not None  # noqa: S101 - as started
        assert out is not None  # noqa: S101
        os.set_blocking(entry.fileno(), False)
        left, answer = memoryview(message), b""
        end = time.monotonic() + self._seconds
        with selectors.DefaultSelector() as waiting:
            waiting.register(entry, selectors.EVENT_WRITE)
            waiting.register(out, selectors.EVENT_READ)
            while out in waiting.get_map():
                ready = waiting.select(max(end - time.monotonic(), 0))
                if not ready:
                    raise Fault("time")
                for key, _ in ready:
                    if key.fileobj is out:
                        piece = os.read(out.fileno(), PIECE)
                        answer += piece
                        if len(answer) > SIGNATURE_BYTES:
                            raise Fault("flood")
                        if not piece:
                            waiting.unregister(out)
                        continue
                    try:
                        left = left[os.write(entry.fileno(), left[:PIECE]) :]
                    except BrokenPipeError:  # it may sign what it has read; that is checked
                        left = left[:0]
                    if not left:
                        waiting.unregister(entry)
                        with suppress(OSError):
                            entry.close()
        return answer


class Token:
    """A key in a token or security module, through its PKCS#11 module."""

    def __init__(self, settings: dict[str, Any]) -> None:
        self._settings = settings
        self._pin: str | None = settings.get("pin")
        self._session: Any = None

    def public(self) -> bytes:
        """Return the public key of the pair; ``EC_POINT`` ends in it."""
        pkcs11 = _pkcs11()
        key = self._key(pkcs11.ObjectClass.PUBLIC_KEY)
        return bytes(key[pkcs11.Attribute.EC_POINT])[-POINT_BYTES:]

    def sign(self, message: bytes) -> bytes:
        """Sign in the token; a session that ended is opened once more."""
        try:
            return self._signed(message)
        except Fault:
            raise
        except Exception:  # noqa: BLE001 - a token that was pulled and put back
            self._session = None
            try:
                return self._signed(message)
            except Fault:
                raise
            except Exception as error:
                raise Fault(f"token {type(error).__name__}") from error

    def _signed(self, message: bytes) -> bytes:
        pkcs11 = _pkcs11()
        key = self._key(pkcs11.ObjectClass.PRIVATE_KEY)
        return bytes(key.sign(message, mechanism=pkcs11.Mechanism.EDDSA))

    def _key(self, kind: object) -> Any:  # noqa: ANN401 - of a library without types
        pkcs11 = _pkcs11()
        exceptions = pkcs11.exceptions
        try:
            if self._session is None:
                self._session = self._opened()
            return self._session.get_key(
                object_class=kind,
                key_type=pkcs11.KeyType.EC_EDWARDS,
                label=self._settings["key"],
            )
        except exceptions.NoSuchKey:
            raise Fault("key") from None
        except exceptions.MultipleObjectsReturned:
            raise Fault("keys") from None

    def _opened(self) -> Any:  # noqa: ANN401 - of a library without types
        pkcs11 = _pkcs11()
        exceptions = pkcs11.exceptions
        if self._pin is None:
            raise Fault("pin-missing")
        try:
            library = pkcs11.lib(self._settings["module"])
        except Exception as error:
            raise Fault("module") from error
        try:
            library.reinitialize()  # a token that was put back is seen only so
            token = library.get_token(token_label=self._settings["token"])
            return token.open(user_pin=self._pin)
        except exceptions.NoSuchToken:
            raise Fault("no-token") from None
        except (exceptions.PinIncorrect, exceptions.PinInvalid, exceptions.PinLenRange):
            self._pin = None  # a token that is asked again locks itself
            raise Fault("pin-wrong") from None
        except exceptions.PinLocked:
            raise Fault("pin-locked") from None
        except exceptions.PKCS11Error as error:
            raise Fault(f"token {type(error).__name__}") from error


def _pkcs11() -> Any:  # noqa: ANN401 - of a library without types
    try:
        return import_module("pkcs11")
    except ImportError:
        raise Fault("extra") from None


def main() -> None:
    """Serve requests until there are no more."""
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    ctypes.CDLL(None).prctl(_PR_SET_DUMPABLE, 0, 0, 0, 0)  # it may be given a PIN
    entry, out = sys.stdin.buffer, os.fdopen(os.dup(sys.stdout.fileno()), "wb")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())  # what a module prints is no answer
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # an interrupted run signs that it was
    back: Back | None = None
    while (request := _request(entry)) is not None:
        kind, data = request
        if kind == b"C":
            settings = json.loads(data)
            back = Command(settings) if "command" in settings else Token(settings)
            continue
        assert back is not None  # noqa: S101 - the settings come first
        try:
            answer, letter = (back.sign(data) if kind == b"S" else back.public()), b"="
        except Fault as fault:
            answer, letter = str(fault).encode(errors="replace"), b"!"
        except Exception as error:  # noqa: BLE001 - whatever a module raises is an answer
            answer, letter = f"token {type(error).__name__}".encode(), b"!"
        out.write(letter + len(answer).to_bytes(8, "big") + answer)
        out.flush()


def _request(entry: BinaryIO) -> tuple[bytes, bytes] | None:
    head = entry.read(9)
    if len(head) < 9:  # noqa: PLR2004 - a letter and eight bytes
        return None
    data = entry.read(int.from_bytes(head[1:], "big"))
    return head[:1], data


if __name__ == "__main__":
    main()
