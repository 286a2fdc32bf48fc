"""Key files: passwords of encrypted sources, from a file of their own to the workers.

A key file is YAML, read by the safe reader, and private: nobody else may read it. What stands in
it goes to the workers that open sources, as an anonymous file behind a descriptor, and nowhere
else: not to a command line, not into a case, a ledger, a log or a message. Of it the record has
how many secrets of which kind there were. A secret that is a file itself (a startup key, a key file
of cryptsetup) is named by its path, relative to the key file.
"""

import fcntl
import json
import os
import stat
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from heroes_forensics import config
from heroes_forensics.custody import private
from heroes_forensics.display import shown
from heroes_forensics.errors import CustodyError, UsageError
from heroes_forensics.model import JSON
from heroes_forensics.parsers.secrets import FILES, KINDS
from heroes_forensics.pipelines.workers.handover import SEALS

FORMAT: Final = "heroes-keys/1"
_FIELDS: Final = frozenset({"format", "secrets"})
_MOST: Final = 1000
_LONGEST: Final = 4096
_EXAMPLE: Final = "see docs/device-dumps.md for an example"

SCHEMA: Final[JSON] = {
    "$schema": "https://json-schema.org/draft/2020-12/schema",
    "title": "A key file of heroes",
    "type": "object",
    "properties": {
        "format": {"const": FORMAT},
        "secrets": {
            "type": "array",
            "minItems": 1,
            "maxItems": _MOST,
            "items": {
                "type": "object",
                "properties": {
                    kind: {"type": "string", "minLength": 1, "maxLength": _LONGEST}
                    for kind in KINDS
                },
                "minProperties": 1,
                "maxProperties": 1,
                "additionalProperties": False,
            },
        },
    },
    "required": ["format", "secrets"],
    "additionalProperties": False,
}
"""JSON Schema (draft 2020-12) of a key file."""


class Given:
    """Secrets that were given for a run; their values never show."""

    def __init__(self, found: Sequence[tuple[str, bytes]] = ()) -> None:
        self._found = tuple(found)

    def __bool__(self) -> bool:
        """Say whether there are any."""
        return bool(self._found)

    def __repr__(self) -> str:
        """Say of which kinds they are."""
        return f"<secrets: {self.kinds()}>"

    def kinds(self) -> JSON:
        """Return how many there are of each kind: all that is ever written of them."""
        return dict(sorted(Counter(kind for kind, _ in self._found).items()))

    @contextmanager
    def descriptor(self) -> Iterator[int]:
        """Give them as a sealed anonymous file, which is closed afterwards."""
        rows = [(kind, value.hex()) for kind, value in self._found]
        held = os.memfd_create("heroes-secrets", os.MFD_CLOEXEC | os.MFD_ALLOW_SEALING)
        try:
            view = memoryview(json.dumps({"secrets": rows}).encode())
            while view:
                view = view[os.write(held, view) :]
            fcntl.fcntl(held, fcntl.F_ADD_SEALS, SEALS)
            yield held
        finally:
            os.close(held)


def load(paths: Sequence[Path]) -> Given:
    """Read key files.

    Raises:
        UsageError: one is missing, open to others, or not of the form. The message names the file
            and nothing that stands in it.
    """
    return Given([each for path in paths for each in _read(path)])


def _read(path: Path) -> Iterator[tuple[str, bytes]]:
    what = f"the key file {shown(str(path))}"
    try:
        data = private.read(path)
    except (UsageError, CustodyError) as error:
        hint = getattr(error, "hint", "") or "check the path"
        raise UsageError(f"{what} cannot be used: {error}", hint=hint) from error
    try:
        tree = config.read(data, what=what)
    except UsageError:
        # What a reader says of a line may quote it.
        raise UsageError(f"{what} is not YAML of the form {FORMAT}", hint=_EXAMPLE) from None
    if not isinstance(tree, dict) or set(tree) != _FIELDS or tree["format"] != FORMAT:
        raise UsageError(f"{what} has not the fields format ({FORMAT}) and secrets", hint=_EXAMPLE)
    rows = tree["secrets"]
    if not isinstance(rows, list) or not 0 < len(rows) <= _MOST:
        raise UsageError(f"{what} has no list of secrets, or one too long", hint=_EXAMPLE)
    for number, row in enumerate(rows, start=1):
        if not isinstance(row, dict) or len(row) != 1 or not set(row) <= set(KINDS):
            raise UsageError(
                f"{what}: secret {number} is not one field of {', '.join(KINDS)}", hint=_EXAMPLE
            )
        ((kind, value),) = row.items()
        if not isinstance(value, str) or not 0 < len(value) <= _LONGEST:
            raise UsageError(
                f"{what}: secret {number} is no text, empty, or too long",
                hint="put it in quotation marks",
            )
        if kind in FILES:
            yield str(kind), _file(path.parent / value, f"{what}: secret {number}", FILES[kind])
        else:
            yield str(kind), value.encode()


def _file(path: Path, what: str, most: int) -> bytes:
    """Read a secret that is a file; where it lies says nothing of it, and its name may."""
    try:
        held = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK | os.O_NOCTTY)
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or "it is no path"
        raise UsageError(
            f"{what} names a file that cannot be opened: {reason}",
            hint="paths are relative to the folder of the key file",
        ) from None
    try:
        status = os.fstat(held)
        if not stat.S_ISREG(status.st_mode) or not 0 < status.st_size <= most:
            raise UsageError(
                f"{what} names what is no file, is empty, or has more than {most} bytes",
                hint="name the file of the key itself",
            )
        return os.pread(held, most, 0)
    except OSError as error:
        raise UsageError(
            f"{what} names a file that cannot be read: {error.strerror}", hint="check its medium"
        ) from None
    finally:
        os.close(held)
