"""Where a laboratory keeps its signed records of one kind: which are in order, which one is meant.

Each is one signed file in a folder of the laboratory's home, written whole or not at all. One that
does not verify is never used, and is said by name.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Final, NamedTuple

from heroes_forensics.custody import keys, notes, private
from heroes_forensics.custody.statements import Form, Record
from heroes_forensics.display import shown
from heroes_forensics.errors import CustodyError, HeroesError, UsageError
from heroes_forensics.pipelines.case import laboratory

SUFFIX: Final = ".txt"


class Refused(NamedTuple):
    """A file that is no record of this laboratory."""

    id: str
    why: str


class Shelf(NamedTuple):
    """The records of one kind."""

    form: Form
    name: str
    """Of the folder below the home."""
    listing: str
    """The command that lists them."""
    again: str
    """What to do when one is damaged and there is no backup."""

    @property
    def folder(self) -> Path:
        """Where they lie."""
        return laboratory.home() / self.name

    def keep(self, record: Record) -> Path:
        """Write a record into the laboratory's home.

        Raises:
            UsageError: it must not be written there.
            StoppedError: the disk is full or failing; there is no file.
        """
        path = private.folder(self.folder) / f"{record.id}{SUFFIX}"
        private.write_new(path, record.data)
        return path

    def found(self) -> Iterator[Record | Refused]:
        """Yield what lies in the laboratory's home, the newest first, what is refused last."""
        paths = self._paths()
        if not paths:
            return
        try:
            key = self._key()
        except HeroesError as error:  # nobody's key: nothing can be checked
            yield from (Refused(shown(path.stem, limit=64), str(error)) for path in paths)
            return
        good: list[Record] = []
        bad: list[Refused] = []
        for path in paths:
            try:
                good.append(self._read(path, key))
            except HeroesError as error:
                bad.append(Refused(shown(path.stem, limit=64), str(error)))
        good.sort(key=lambda each: (str(each.body["time"]), each.id), reverse=True)
        yield from good
        yield from bad

    def named(self, text: str) -> Record:
        """Return the record whose identifier begins with a text.

        Raises:
            UsageError: there is none, or more than one.
            CustodyError: it does not verify.
        """
        kind = self.form.kind
        if not text or not set(text) <= set("0123456789abcdef"):
            raise UsageError(
                f"{shown(text, limit=64)} is no identifier of a {kind}",
                hint=f"see: {self.listing}",
            )
        paths = self._paths(text)
        if len(paths) != 1:
            raise UsageError(
                f"no {kind} is called {text}"
                if not paths
                else f"{len(paths)} {kind}s begin with {text}",
                hint=f"see: {self.listing}",
            )
        try:
            return self._read(paths[0], self._key())
        except CustodyError as error:
            raise CustodyError(
                f"the {kind} {text} is not used: {error}",
                hint=f"restore it from a backup, or take it out of the home and {self.again}",
            ) from error

    def _paths(self, prefix: str = "") -> list[Path]:
        return sorted(self.folder.glob(f"{prefix}*{SUFFIX}")) if self.folder.is_dir() else []

    def _key(self) -> notes.VerifierKey:
        return self.form.key_of(str(keys.laboratory(laboratory.home())["vkey"]))

    def _read(self, path: Path, key: notes.VerifierKey) -> Record:
        record = self.form.read(private.read(path), key)
        if record.id != path.stem:
            raise CustodyError("it has the name of another record")
        return record
