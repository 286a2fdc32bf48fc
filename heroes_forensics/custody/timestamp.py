"""Time stamps of RFC 3161 over checkpoints: asked for, checked, and never fetched by this program.

A request is a file that somebody carries to a time-stamping authority, and so is its reply. Which
authorities are trusted is the verifier's to say, never the bundle's. ``rfc3161-client`` (the extra
``timestamp``) checks a reply at the time it states. It refuses replies whose certificates are not
in DER order, as ``openssl ts`` writes them with a chain; those, and all of them without the extra,
are given to ``openssl`` where it is installed. What neither can check is unchecked, not bad.
"""

import hashlib
import os
import re
import shutil
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime
from importlib import import_module
from typing import Any, Final, NamedTuple

from cryptography import x509

from heroes_forensics.custody import chain
from heroes_forensics.errors import UsageError

MAX_REPLY: Final = 1 << 18
"""Bytes of a reply; one with a long chain has some thousand."""
GOOD: Final = "good"
BAD: Final = "bad"
UNCHECKED: Final = "unchecked"

_SECONDS: Final = 30
_STAMP: Final = re.compile(
    rb"^Time stamp: (\w{3} +\d+ \d\d:\d\d:\d\d)(?:\.\d+)? (\d{4}) GMT", re.MULTILINE
)
_DUMP: Final = re.compile(rb"^    [0-9a-f]{4} - ((?:[0-9a-f]{2}[ -]){16})", re.MULTILINE)
"""16 bytes of what openssl prints of a digest."""
_DIGESTS: Final = {
    "2.16.840.1.101.3.4.2.1": "sha256",
    "2.16.840.1.101.3.4.2.2": "sha384",
    "2.16.840.1.101.3.4.2.3": "sha512",
}
"""Digests of a text, by the numbers replies name them with (NIST)."""


class Stamp(NamedTuple):
    """What a reply says, and whether it could be checked."""

    state: str
    """`GOOD`, `BAD` or `UNCHECKED`."""
    time: str = ""
    """When the authority saw the text, in the ledger's form; empty when it could not be read."""
    why: str = ""
    """What is wrong, or what was missing for a check."""


def request(text: bytes) -> bytes:
    """Return a request (DER) to stamp ``text``: SHA-256, a nonce, the certificate asked for.

    Raises:
        UsageError: the extra is not installed.
    """
    client = _client()
    if client is None:
        raise UsageError(
            "time stamps need a package that is not installed: rfc3161-client",
            hint="install it: pip install 'heroes-forensics[timestamp]'",
        )
    builder = client.TimestampRequestBuilder().data(text)
    builder = builder.hash_algorithm(client.HashAlgorithm.SHA256)
    made: bytes = builder.nonce(nonce=True).cert_request(cert_request=True).build().as_bytes()
    return made


def roots_of(pem: bytes) -> list[x509.Certificate]:
    """Return the certificates of a PEM file.

    Raises:
        UsageError: there is none, or one is malformed.
    """
    try:
        return x509.load_pem_x509_certificates(pem)
    except ValueError as error:
        raise UsageError("the trusted roots are no certificates in PEM form") from error


def check(reply: bytes, text: bytes, roots: bytes | None = None) -> Stamp:
    """Check a reply against the text it should be of.

    Args:
        reply: DER.
        text: of the checkpoint.
        roots: certificates of the authorities that the caller trusts, PEM; None: nobody said.

    Raises:
        UsageError: the roots are malformed.
    """
    certificates = roots_of(roots) if roots is not None else []
    if len(reply) > MAX_REPLY:
        return Stamp(BAD, why=f"it is longer than {MAX_REPLY} bytes")
    client = _client()
    if client is not None:
        try:
            parsed = client.decode_timestamp_response(reply)
        except ValueError:
            parsed = None  # it asks for strict DER; openssl is less strict
        if parsed is not None:
            return _judged(client, parsed, text, certificates)
    return _by_openssl(reply, text, roots)


def _client() -> Any:  # noqa: ANN401 - a module, when there is one
    try:
        return import_module("rfc3161_client")
    except ImportError:
        return None


def _judged(client: Any, parsed: Any, text: bytes, roots: list[x509.Certificate]) -> Stamp:  # noqa: ANN401
    try:
        time = chain.timestamp(parsed.tst_info.gen_time)
    except (ValueError, OverflowError):  # of a refusal, or without a time that there is
        return Stamp(BAD, why="it holds no time stamp")
    verifier = client.VerifierBuilder(roots=roots) if roots else None
    try:
        if verifier is None:
            _same_text(client, parsed, text)
            return Stamp(UNCHECKED, time, "nobody here vouches for its authority")
        verifier.build().verify_message(parsed, text)
    except (client.VerificationError, ValueError) as error:
        return Stamp(BAD, time, f"it does not verify: {_plain(str(error))}")
    return Stamp(GOOD, time)


def _same_text(client: Any, parsed: Any, text: bytes) -> None:  # noqa: ANN401 - of the library
    imprint = parsed.tst_info.message_imprint
    name = _DIGESTS.get(imprint.hash_algorithm.dotted_string)
    if name is None or hashlib.new(name, text).digest() != imprint.message:
        raise client.VerificationError("Mismatch between messages")


def _plain(text: str) -> str:
    return "".join(char if char.isascii() and char.isprintable() else "?" for char in text)[:120]


def _by_openssl(reply: bytes, text: bytes, roots: bytes | None) -> Stamp:
    tool = shutil.which("openssl")
    if tool is None:
        return Stamp(UNCHECKED, why="no program that could check it is installed")
    with ExitStack() as files:
        given = {
            name: files.enter_context(_memory(data))
            for name, data in {"reply": reply, "text": text, "roots": roots or b""}.items()
        }
        # What stands around the token is signed by nobody, and openssl prints its text as it is.
        given["token"] = files.enter_context(
            _memory(_run(tool, given, "-reply", "-in", "reply", "-token_out").output)
        )
        shown = _run(tool, given, "-reply", "-in", "token", "-token_in", "-text").output
        time = _time_of(shown)
        if time is None:
            return Stamp(BAD, why="it is no reply of a time-stamping authority")
        stamp = chain.timestamp(time)
        if roots is None:
            dump = shown.partition(b"Message data:\n")[2].partition(b"Serial number")[0]
            imprint = bytes.fromhex(b" ".join(_DUMP.findall(dump)).decode().replace("-", " "))
            if imprint not in {hashlib.new(each, text).digest() for each in _DIGESTS.values()}:
                return Stamp(BAD, stamp, "it is of another text")
            return Stamp(UNCHECKED, stamp, "nobody here vouches for its authority")
        at = ("-attime", str(int(time.timestamp())))
        command = ("-verify", "-data", "text", "-in", "reply", "-CAfile", "roots", *at)
        if _run(tool, given, *command).good:
            return Stamp(GOOD, stamp)
        return Stamp(BAD, stamp, "it does not verify, says openssl")


def _time_of(shown: bytes) -> datetime | None:
    """Return when a token says that it was made, as openssl prints it; None: there is no such."""
    found = _STAMP.search(shown)
    if found is None:
        return None
    said = b" ".join(found.groups()).decode(errors="replace")
    try:
        return datetime.strptime(said, "%b %d %H:%M:%S %Y").replace(tzinfo=UTC)
    except ValueError:  # of a year that there was not
        return None


@contextmanager
def _memory(data: bytes) -> Iterator[int]:
    """Yield a descriptor of memory that holds ``data``: nothing is written to a disk."""
    descriptor = os.memfd_create("heroes-timestamp")
    try:
        os.write(descriptor, data)  # far less than one call takes
        yield descriptor
    finally:
        os.close(descriptor)


class _Ran(NamedTuple):
    """What became of a program."""

    good: bool
    """It ended by itself, and without a complaint."""
    output: bytes


def _run(tool: str, given: Mapping[str, int], *arguments: str) -> _Ran:
    """Run ``openssl ts``; an argument that names something given becomes its descriptor."""
    named = [f"/proc/self/fd/{given[each]}" if each in given else each for each in arguments]
    try:
        done = subprocess.run(  # noqa: S603 - a program of the system, on memory of ours
            [tool, "ts", *named],
            pass_fds=list(given.values()),
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            check=False,
            timeout=_SECONDS,
            env={"LC_ALL": "C", "OPENSSL_CONF": "/dev/null"},
        )
    except subprocess.TimeoutExpired:
        return _Ran(good=False, output=b"")  # nothing it could have said of such a reply is good
    return _Ran(done.returncode == 0, done.stdout)
