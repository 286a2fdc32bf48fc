"""The files of a custody bundle: where they lie, how they are written, how they are read safely.

Writing is atomic file by file. Reading never follows a link, never leaves the folder, and keeps
bounds, because a bundle may come from anybody.
"""

import hashlib
import os
import re
import shutil
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from importlib import resources
from io import BufferedReader
from itertools import islice
from pathlib import Path
from typing import Final

from heroes_forensics import durable
from heroes_forensics.custody import chain, keys, notes
from heroes_forensics.custody.chain import Problem
from heroes_forensics.custody.problems import shown
from heroes_forensics.errors import CustodyError, StoppedError

LEDGER: Final = "ledger.jsonl"
MANIFEST: Final = "MANIFEST.sha256"
MANIFEST_SIGNATURE: Final = "MANIFEST.sha256.sig"
VERIFIER: Final = "verify_custody.py"
FINDINGS: Final = "findings.commitments.jsonl"
INVENTORY: Final = "inventory.leaves"
SEALED: Final = "sealed.age"
CONFIG: Final = "config.yaml"
CALIBRATION: Final = "calibration.txt"
"""The known error rate that a run cites."""

MAX_FILES: Final = 100_000
"""Files and folders of a bundle; with more of them nothing else is looked at."""
MAX_BYTES: Final = 64 << 30
"""Bytes of all files together, as they would be read: files may have holes."""
MAX_FOLDERS: Final = 8
"""Levels of folders below the bundle."""

SAFE_NAME: Final = re.compile(
    r"(?!\.\.?(?:/|$))[A-Za-z0-9._-]+(?:/(?!\.\.?(?:/|$))[A-Za-z0-9._-]+)*"
)
"""A name inside a bundle: ``/`` between plain parts, never absolute, never upwards."""

_CHECKPOINT: Final = re.compile(r"checkpoints/[^/]+\.txt|checkpoint-[0-9]+\.txt")
_CHUNK: Final = 1 << 20


def checkpoint_name(size: int) -> str:
    """Return the name in a bundle of the checkpoint of so many events."""
    return f"checkpoints/{size:08d}.txt"


def of_run(run: str, name: str) -> str:
    """Return the name in a bundle of a file of one run."""
    return f"runs/{run}/{name}"


class Bundle:
    """A bundle that this program writes."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def create(self) -> None:
        """Make the folders and put the stand-alone verifier in."""
        for folder in ("checkpoints", "keys", "runs", "report"):
            (self.root / folder).mkdir(mode=0o700, parents=True, exist_ok=True)
        verifier = resources.files("heroes_forensics.custody").joinpath(VERIFIER).read_bytes()
        self.write(VERIFIER, verifier)

    @property
    def ledger(self) -> Path:
        """The ledger file."""
        return self.root / LEDGER

    def path(self, name: str) -> Path:
        """Return where a name such as ``report/report.html`` lies.

        Raises:
            CustodyError: the name is not a plain one.
        """
        if SAFE_NAME.fullmatch(name) is None:
            raise CustodyError(f"{shown(name)} cannot be the name of a file in a bundle")
        return self.root / name

    def write(self, name: str, data: bytes) -> str:
        """Write a file as a whole and return its SHA-256 in hex.

        Raises:
            CustodyError: the name is not a plain one.
            StoppedError: it cannot be written; the old file, if any, is still there.
        """
        return self.write_pieces(name, [data])

    def write_pieces(self, name: str, pieces: Iterable[bytes]) -> str:
        """Like `write`, for what does not fit in memory; the pieces are taken once."""
        target = self.path(name)
        digest = hashlib.sha256()
        try:
            target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            with durable.replacing(target, what=_moment(name)) as stream:
                for piece in pieces:
                    digest.update(piece)
                    stream.write(piece)
        except OSError as error:
            raise StoppedError(
                f"{name} of the custody bundle cannot be written: {error.strerror}",
                hint="nothing is lost, the case database holds it: make room, then report again",
            ) from error
        return digest.hexdigest()

    @contextmanager
    def together(self) -> Iterator[Callable[[str, Iterable[bytes]], str]]:
        """Write several files that belong together: they get their names at the end, or none does.

        Yields:
            A function that writes one file, as `write_pieces` does; it takes the pieces at once.

        Raises:
            StoppedError: one cannot be written.
        """
        files = ExitStack()

        def write(name: str, pieces: Iterable[bytes]) -> str:
            target = self.path(name)
            digest = hashlib.sha256()
            target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            stream = files.enter_context(durable.replacing(target, what=_moment(name)))
            for piece in pieces:
                digest.update(piece)
                stream.write(piece)
            stream.flush()
            durable.sync(stream.fileno())  # what takes long is done before the first rename
            return digest.hexdigest()

        try:
            with files:  # to leave it writes, too, whatever it is left with
                yield write
        except OSError as error:
            raise StoppedError(
                f"files of the custody bundle cannot be written: {error.strerror}",
                hint="nothing is lost, the case database holds it: make room, then report again",
            ) from error

    def remove(self, name: str) -> None:
        """Take away a file that what is recorded next no longer names, if it is there."""
        self.path(name).unlink(missing_ok=True)

    def write_run(self, run: str, name: str, data: bytes) -> str:
        """Write a file of one run; see `write`."""
        return self.write(of_run(run, name), data)

    def write_keys(
        self,
        signer: notes.Signer,
        witnesses: Sequence[str] = (),
        former: Sequence[notes.Signer] = (),
    ) -> None:
        """Write the public keys, as PEM for ``openssl`` and as ``keys/policy.json``.

        The policy says what each key is for. It is not trust: that comes from whoever verifies.
        A file that says so already is left as it is.

        Args:
            signer: the key that signs from now on.
            witnesses: vkeys of others that cosign.
            former: keys that signed earlier parts of the ledger, newest first.
        """
        files = {"keys/ledger.pem": keys.public_pem(signer.public_key_bytes)}
        for number, each in enumerate(reversed(former), start=1):
            files[f"keys/ledger-former-{number}.pem"] = keys.public_pem(each.public_key_bytes)
        for number, text in enumerate(witnesses, start=1):
            files[f"keys/witness-{number}.pem"] = keys.public_pem(notes.vkey(text).public)
        ledger = [str(notes.of(each)) for each in (signer, *former)]
        policy: dict[str, object] = {"v": 1, "ledger": ledger, "witness": list(witnesses)}
        files["keys/policy.json"] = chain.canonical(policy) + b"\n"
        for name, data in files.items():
            path = self.path(name)
            if not (path.is_file() and path.read_bytes() == data):
                self.write(name, data)

    def add_checkpoint(self, note: bytes) -> str:
        """Keep a checkpoint for ever; return its name in the bundle.

        One that is there already may only get further signature lines.

        Raises:
            CustodyError: another checkpoint of this size is there.
        """
        size = notes.read_checkpoint(notes.parse(note).text).size
        name = checkpoint_name(size)
        target = self.path(name)
        if target.exists() and not note.startswith(target.read_bytes()):
            raise CustodyError(f"there is another checkpoint of {size} events")
        self.write(name, note)
        return name

    def last_checkpoint(self) -> notes.Checkpoint | None:
        """Return what the largest checkpoint says, unverified; None when there is none."""
        found = []
        for path in (self.root / "checkpoints").glob("*.txt"):
            with path.open("rb") as stream:
                note = notes.parse(stream.read(notes.MAX_NOTE + 1))
            found.append(notes.read_checkpoint(note.text))
        return max(found, key=lambda checkpoint: checkpoint.size, default=None)

    def publish(self, signer: notes.Signer, *, ledger: str, time: str) -> str:
        """Write the signed manifest over every file; return its SHA-256 in hex.

        Args:
            signer: the ledger key.
            ledger: UUID of the ledger.
            time: in the ledger's form.
        """
        self.unpublish()
        reader = Reader(self.root)
        if reader.problems:
            raise CustodyError(f"the bundle cannot be listed: {reader.problems[0].text}")
        lines = [f"# heroes-custody-manifest/1 {ledger} {time}\n"]
        lines += [f"{reader.sha256(name)}  {name}\n" for name in sorted(reader.names)]
        data = "".join(lines).encode()
        # The signature first: a manifest without one would look broken after a crash.
        self.write(MANIFEST_SIGNATURE, signer.sign(data))
        return self.write(MANIFEST, data)

    def unpublish(self, issued: Mapping[str, str | None] | None = None) -> None:
        """Take the manifest away; done before anything that it lists changes.

        Args:
            issued: SHA-256 in hex of files that the ledger names by now, None for one that it no
                longer does: what `together` wrote and gave no name, because it was killed, gets it.
        """
        for name in (MANIFEST, MANIFEST_SIGNATURE):
            (self.root / name).unlink(missing_ok=True)
        for name, digest in (issued or {}).items():
            target = self.path(name)
            aside = durable.beside(target)
            if digest is None:
                target.unlink(missing_ok=True)
            elif aside.is_file() and hashlib.sha256(aside.read_bytes()).hexdigest() == digest:
                durable.rename(aside, target)
        for stale in self.root.rglob(".*.new"):  # half-written when a process was killed
            stale.unlink()

    def copy(self, target: Path) -> None:
        """Copy the bundle to a folder that must not exist yet; links are not followed."""
        shutil.copytree(self.root, target, symlinks=True)


def _moment(name: str) -> str:
    """Return what `durable` calls the moment before a file gets its name."""
    return "report" if name.startswith("report/") else ""


def check_regular(root: Path) -> None:
    """Refuse to write to a bundle that holds links, pipes, or names that no bundle uses.

    What is read of it afterwards is never waited for, and lies in it.

    Raises:
        CustodyError: it does.
    """
    try:
        found = Reader(root).problems
    except OSError:
        return  # it is missing: said by whoever reads its ledger
    if found:
        what = f"{found[0].where}: {found[0].text}" if found[0].where else found[0].text
        raise CustodyError(
            f"the custody bundle cannot be written to: {what}",
            hint="nothing was changed; take it away, or compare with a copy",
        )


class Reader:
    """A bundle of unknown origin: its regular files by name, and what is unsafe about it."""

    def __init__(self, root: Path) -> None:
        """List the folder.

        Raises:
            OSError: it is no folder, or cannot be read.
        """
        self.root = root
        self.names: set[str] = set()
        self.problems: list[Problem] = []
        self._digests: dict[str, str] = {}
        self._listed = self._bytes = 0
        self._list(root, "", 0)
        self.over = self._listed > MAX_FILES or self._bytes > MAX_BYTES
        """It is beyond the bounds as a whole, so that none of it is read."""
        if self.over:
            self.problems = [Problem("unsafe-input", "", "it is more than a bundle has")]

    def _list(self, folder: Path, prefix: str, depth: int) -> None:
        with os.scandir(folder) as found:
            members = sorted(islice(found, MAX_FILES + 2), key=lambda member: member.name)
        for member in members:
            name = prefix + member.name
            self._listed += 1
            if self._listed > MAX_FILES:
                return
            if SAFE_NAME.fullmatch(name) is None:
                self._unsafe(name, "a file has a name that no bundle uses")
            elif member.is_symlink():
                self._unsafe(name, "it is a link")
            elif member.is_dir(follow_symlinks=False):
                if depth >= MAX_FOLDERS:
                    self._unsafe(name, f"folders lie deeper than {MAX_FOLDERS} levels")
                else:
                    self._list(Path(member.path), f"{name}/", depth + 1)
            elif member.is_file(follow_symlinks=False):
                self.names.add(name)
                self._bytes += member.stat(follow_symlinks=False).st_size
            else:
                self._unsafe(name, "it is no regular file")

    def _unsafe(self, name: str, text: str) -> None:
        self.problems.append(Problem("unsafe-input", shown(name), text))

    def open(self, name: str) -> BufferedReader:
        """Open a listed file."""
        flags = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
        return os.fdopen(os.open(self.root / name, flags), "rb")

    def read(self, name: str, limit: int) -> bytes | None:
        """Return the bytes of a listed file; None, and a problem, when it exceeds ``limit``."""
        with self.open(name) as stream:
            data = stream.read(limit + 1)
        if len(data) > limit:
            self._unsafe(name, f"it is longer than {limit} bytes")
            return None
        return data

    def lines(self, name: str, longest: int) -> Iterator[bytes]:
        """Yield the lines of a listed file; one that is too long is the last, cut."""
        with self.open(name) as stream:
            while line := stream.readline(longest + 1):
                yield line
                if len(line) > longest:
                    return

    def sha256(self, name: str) -> str:
        """Return the SHA-256 of a listed file in hex; read once."""
        if name not in self._digests:
            with self.open(name) as stream:
                self._digests[name] = hashlib.file_digest(stream, "sha256").hexdigest()
        return self._digests[name]

    def checkpoints(self) -> list[str]:
        """Return the names of all checkpoints, in a bundle or in a flat folder."""
        return sorted(name for name in self.names if _CHECKPOINT.fullmatch(name))

    def of_run(self, run: str, name: str, *, alone: bool) -> str | None:
        """Return the name of a run's file; None if missing.

        Args:
            run: its UUID.
            name: of the file.
            alone: whether it is the only run: its files may lie in a flat folder.
        """
        places = (of_run(run, name), *([name] if alone else []))
        return next((path for path in places if path in self.names), None)
