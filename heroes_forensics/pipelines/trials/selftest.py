"""Known-answer tests on the installed copy, and what a scan needs before it begins.

Supports the validation a laboratory does; it does not replace it.
"""

import hashlib
import os
import shutil
import stat
import tempfile
import time
from collections.abc import Callable, Collection, Iterator, Sequence
from pathlib import Path
from typing import Final, NamedTuple

from heroes_forensics.custody import chain, keys, merkle, notes, seal
from heroes_forensics.errors import HeroesError
from heroes_forensics.filetype import TYPES, sniff
from heroes_forensics.frames import Control
from heroes_forensics.hashing import exact
from heroes_forensics.model import JSON
from heroes_forensics.parsers.storage import segments
from heroes_forensics.pipelines.case import cases, folders, laboratory
from heroes_forensics.pipelines.case.watch import Unwatched
from heroes_forensics.pipelines.trials import demo
from heroes_forensics.pipelines.workers import wire
from heroes_forensics.pipelines.workers.forking import Zygote
from heroes_forensics.pipelines.workers.roles import ROLES
from heroes_forensics.pipelines.workers.supervisor import Supervisor

ABC: Final = {
    "md5": "900150983cd24fb0d6963f7d28e17f72",  # RFC 1321, A.5
    "sha1": "a9993e364706816aba3e25717850c26c9cd0d89d",  # FIPS 180-4 examples
    "sha256": "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
}
RFC6962_ROOT: Final = "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328"
"""Root over the eight leaves of the reference test of RFC 6962 implementations."""

RFC6962_LEAVES: Final = (
    "", "00", "10", "2021", "3031", "40414243", "5051525354555657",
    "606162636465666768696a6b6c6d6e6f",
)  # fmt: skip
MIN_FREE: Final = 1 << 30
"""Bytes a case's disk should have free before a scan."""
OLDEST_CLOCK: Final = 1_767_225_600
"""2026-01-01: a clock before this version was written is wrong."""


BUNDLED: Final = "bundled evidence, end to end"
"""The check that scans what comes with the program."""


class FailedError(Exception):
    """A check that did not give the known answer; its text says which."""


def selftest(*, but: Collection[str] = ()) -> Iterator[JSON]:
    """Run every check and yield one row each; a check that cannot run has failed.

    Args:
        but: names of checks to leave out.
    """
    for name, check in CHECKS:
        if name not in but:
            yield _row(name, check)


class Detailed(NamedTuple):
    """What a check says beside its one line; for JSON."""

    line: str
    more: JSON


Check = Callable[[], str | Detailed]


def _row(name: str, check: Check) -> JSON:
    try:
        said = check()
    except (FailedError, HeroesError) as error:
        return {"type": "check", "name": name, "result": "fail", "detail": str(error)}
    except Exception as error:  # noqa: BLE001 - whatever it is, the check did not pass
        detail = f"{type(error).__name__}"
        return {"type": "check", "name": name, "result": "fail", "detail": detail}
    line, more = said if isinstance(said, Detailed) else (said, {})
    return {"type": "check", "name": name, "result": "pass", "detail": line, **more}


def _expect(found: object, wanted: object, what: str) -> None:
    if found != wanted:
        raise FailedError(f"{what} gives another value than the published one")


def _digests() -> str:
    found = exact.digest_bytes(b"abc")
    for name, wanted in ABC.items():
        _expect(getattr(found, name).hex(), wanted, name)
    data = bytes(range(256)) * 8192
    pieces = exact.digest_stream(lambda at, n: data[at : at + n], len(data), chunk=65536)
    _expect(pieces.sha256, hashlib.sha256(data).digest(), "SHA-256 in pieces")
    return f"{len(ABC)} algorithms"


def _canonical() -> str:
    _expect(chain.canonical({"b": 1, "a": None}), b'{"a":null,"b":1}', "canonical JSON")
    for bad in ({"a": 0.5}, {"A": 1}, {"a": 2**53}, {"a": "\ud800"}):
        try:
            chain.canonical(bad)
        except HeroesError:
            continue
        raise FailedError("canonical JSON accepts what it must refuse")
    return "1 value, 4 refusals"


def _trees() -> str:
    leaves = [merkle.leaf(bytes.fromhex(text)) for text in RFC6962_LEAVES]
    _expect(merkle.root(leaves).hex(), RFC6962_ROOT, "the Merkle tree")
    for index in range(len(leaves)):
        path = merkle.inclusion(leaves, index)
        if not merkle.included(leaves[index], index, len(leaves), path, merkle.root(leaves)):
            raise FailedError("an inclusion proof does not verify")
    return f"{len(leaves)} leaves"


def _signatures() -> str:
    with tempfile.TemporaryDirectory() as folder:
        ring = keys.create_case_ring(Path(folder), "00000000-0000-4000-8000-000000000001")
    signer = ring.signer("00000000-0000-4000-8000-000000000002")
    note = notes.sign(notes.checkpoint_text(signer.name, 1, bytes(32)), [signer])
    verdict = notes.verdict(notes.parse(note), notes.of(signer))
    if not (verdict.present and verdict.good):
        raise FailedError("a fresh signature does not verify")
    broken = note.replace(b"\n1\n", b"\n2\n", 1)
    if notes.verdict(notes.parse(broken), notes.of(signer)).good:
        raise FailedError("a changed note verifies")
    return "sign, verify, refuse"


def _sealing() -> str:
    identity, recipient = seal.new_identity()
    _expect(seal.open_sealed(seal.seal(b"abc", [recipient]), [identity]), b"abc", "sealing")
    sealer = seal.NameSealer(seal.new_case_key())
    blob = sealer.seal(7, b"abc")
    _expect(sealer.open(7, blob), b"abc", "sealing of names")
    try:
        sealer.open(8, blob)
    except HeroesError:
        return "files and names"
    raise FailedError("a name sealed to one item opens for another")


def _types() -> str:
    samples = {b"\xff\xd8\xff\xe0\x00\x10JFIF\0": "jpeg", b"\x89PNG\r\n\x1a\n": "png"}
    for head, wanted in samples.items():
        _expect(TYPES[sniff(head.ljust(64, b"\0"))].name, wanted, "the type by content")
    return f"{len(TYPES)} types"


def _frames() -> str:
    ours, theirs = wire.pair()
    with ours, theirs:
        wire.send(ours, Control("forked", {"pid": 1}))
        received = wire.receive(theirs)
        if received is None or received.frame != Control("forked", {"pid": 1}):
            raise FailedError("a frame arrives changed")
        ours.send(b"\x80\x04N.")
        try:
            wire.receive(theirs)
        except wire.ProtocolViolationError:
            return "sent, received, refused"
    raise FailedError("a foreign message is accepted")


def _workers() -> str:
    with Zygote() as zygote:
        forked = zygote.fork("parser")
        with forked.channel as channel:
            wire.send(channel, Control("stop"))
        status = zygote.status(forked.pid)
        forked.close()
    if status != 0:
        raise FailedError("a worker does not start and stop")
    return "started and stopped"


def _isolation() -> Detailed:
    """Say how well workers are locked here; less than the best is weaker, not wrong."""
    with Supervisor() as supervisor:
        for role in ROLES:
            supervisor.isolation(role)
        found = supervisor.weakest
    more: JSON = {"attempts": dict(found.outcomes), "layers": dict(found.layers)}
    return Detailed(found.summary(), more)


def _whole() -> str:
    with tempfile.TemporaryDirectory(prefix="heroes-selftest-") as folder:
        facts = demo.demo(Path(folder) / "demo", Unwatched())
    if facts["exit_code"] != 0 or not facts["as_expected"]:
        raise FailedError("a scan of the bundled evidence differs from what is in it")
    return f"{facts['findings']} findings, all files as known"


CHECKS: Final[tuple[tuple[str, Check], ...]] = (
    ("digests", _digests),
    ("canonical form", _canonical),
    ("trees", _trees),
    ("signatures", _signatures),
    ("sealing", _sealing),
    ("types by content", _types),
    ("frames", _frames),
    ("workers", _workers),
    ("isolation of workers", _isolation),
    (BUNDLED, _whole),
)


def preflight(case_dir: Path, sources: Sequence[Path] = ()) -> Iterator[JSON]:
    """Check what a scan needs: room, rights, sources, clock; nothing is written but a probe."""
    yield _row("case directory", lambda: _case(case_dir))
    yield _row("room on its disk", lambda: _room(case_dir))
    for path in sources:
        yield _row(f"source {path.name}", lambda path=path: _source(path))  # type: ignore[misc]
    yield _row("keys", lambda: _keys(case_dir))
    yield _row("clock", _clock)
    yield _row("workers", _workers)
    yield _row("isolation of workers", _isolation)


def _case(case_dir: Path) -> str:
    folders.check_place(case_dir)
    return "is a case" if folders.exists(case_dir) else "can be made"


def _room(case_dir: Path) -> str:
    folder = case_dir
    while not folder.exists():
        folder = folder.parent
    free = shutil.disk_usage(folder).free
    if free < MIN_FREE:
        raise FailedError(f"only {free >> 20} MiB are free")
    return f"{free >> 30} GiB free"


def _source(path: Path) -> str:
    found = segments.discover(path)
    slots = segments.open_slots(found)
    writable = False
    for slot in slots:
        status = os.fstat(slot.fd)
        writable |= status.st_uid == os.geteuid() and bool(status.st_mode & stat.S_IWUSR)
        os.close(slot.fd)
    said = f"{len(slots)} part{'s' if len(slots) != 1 else ''} can be read"
    return said + ("; warning: this account could write to it" if writable else "")


def _keys(case_dir: Path) -> str:
    if folders.exists(case_dir):
        protection = laboratory.key_protection(cases.show(case_dir))
        return "the case's own" if protection == "case-local" else f"laboratory, {protection}"
    found = keys.protection(laboratory.home())
    return f"laboratory, {found}" if found else "none yet: the case gets its own"


def _clock() -> str:
    if time.time() < OLDEST_CLOCK:
        raise FailedError("the clock shows a time before this program was written")
    return "plausible"
