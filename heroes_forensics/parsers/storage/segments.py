"""Which files make up a source: by names and stat alone, no byte of content is read.

This runs in the coordinator, which opens what is found read-only and hands the descriptors to
workers as `Slot`s. Naming schemes: EWF ``.E01`` to ``.E99``, then ``.EAA`` to ``.ZZZ``
(libewf documentation, "Expert Witness Compression Format", section 2); split raw ``.000``,
``.001`` or ``.aa`` as written by ``dd``/``split`` and imagers. Parents and extents of virtual
disks are taken along as companions when they lie in the same folder; nothing outside it ever is.
"""

import os
import re
import stat
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from heroes_forensics.display import shown
from heroes_forensics.errors import EvidenceError

SEGMENT: Final = "segment"
COMPANION: Final = "companion"
DIRECTORY: Final = "directory"

MAX_COMPANIONS: Final = 200
"""A split VMDK of 400 GB has 200 extents of 2 GB; more are left out, nearest names first."""

_LETTERS: Final = 26
_AFTER_DIGITS: Final = 100
"""The segment after ``.E99`` is number 100 and is named ``.EAA``."""

_USUAL_SUFFIX: Final = len(".001")
"""Without a first segment, only names of this form are taken for parts of a set."""

_EWF: Final = re.compile(r"(?P<stem>.*)\.(?P<first>[EeSsLl])(?P<number>\d\d)")
_EWF2: Final = re.compile(r"(?P<stem>.*)\.(?P<first>[EeLl][Xx])(?P<number>\d\d)")
_AD: Final = re.compile(r"(?P<stem>.*)\.[Aa][Dd](?P<number>[1-9]\d{0,3})")
_EWF_TAIL: Final = re.compile(r"[a-z](?:[0-9]{2}|[a-z]{2})")
_DIGITS: Final = re.compile(r"(?P<stem>.+)\.(?P<number>\d{2,5})")
_ALPHA: Final = re.compile(r"(?P<stem>.+)\.(?P<number>[a-z]{2,3})")

_FAMILIES: Final = (
    frozenset({".vmdk"}),
    frozenset({".vhd", ".avhd"}),
    frozenset({".aff4"}),
    frozenset({".vhdx", ".avhdx"}),
    frozenset({".qcow", ".qcow2", ".img", ".raw"}),
)
_NO_CHILDREN: Final = frozenset({".img", ".raw"})
"""May be the parent of a virtual disk, and never has one."""


@dataclass(frozen=True, slots=True)
class Part:
    """One file or folder on the examiner's machine."""

    path: Path
    name: str
    """Basename as the operator's file system has it."""
    size: int
    """Bytes by stat; 0 for a folder or a device."""
    role: str
    """``segment``, ``companion`` or ``directory``."""


class SegmentMissingError(EvidenceError):
    """A segment in the middle of a set is not there."""


@dataclass(frozen=True, slots=True)
class Found:
    """What a path stands for: its segments in order, then companions."""

    kind: str
    """``file``, ``segments``, ``device`` or ``directory``."""
    parts: tuple[Part, ...]

    @property
    def name(self) -> str:
        """Basename of the first segment."""
        return self.parts[0].name


@dataclass(frozen=True, slots=True)
class Slot:
    """An opened, read-only descriptor of one part; all that a worker ever sees of it."""

    name: str
    """Basename given by the operator; siblings are resolved by it and by nothing else."""
    fd: int
    size: int
    """Bytes; of a device its length, of a folder 0."""
    role: str = SEGMENT


def discover(path: Path, *, accept_damaged: bool = False) -> Found:
    """Find every part of the source that ``path`` names; any segment of a set will do.

    Args:
        path: as the operator gave it.
        accept_damaged: go on where a segment in the middle of an EWF set is missing.

    Raises:
        EvidenceError: there is no such file, it is empty or may not be read, or a segment in the
            middle of the set is missing.
    """
    try:
        status = path.stat()
    except (FileNotFoundError, NotADirectoryError) as error:
        raise EvidenceError(
            f"there is no file or folder at {shown(str(path))}",
            hint="check the path; quote it when it holds spaces",
        ) from error
    except (OSError, ValueError) as error:
        raise EvidenceError(
            f"{shown(str(path))} cannot be reached: {_reason(error)}",
            hint="check the path and the rights on the folders above it",
        ) from error
    path = path if path.name and path.name != ".." else path.resolve()
    if stat.S_ISDIR(status.st_mode):
        _readable(path, os.R_OK | os.X_OK)
        return Found("directory", (Part(path, path.name or "/", 0, DIRECTORY),))
    if stat.S_ISBLK(status.st_mode):
        _readable(path, os.R_OK)
        return Found("device", (Part(path, path.name, 0, SEGMENT),))
    if not stat.S_ISREG(status.st_mode):
        raise EvidenceError(
            f"{shown(path.name)} is neither a file, a folder nor a block device",
            hint="give an image, a folder or a device",
        )
    paths = _segments(path, accept_damaged=accept_damaged)
    parts = [_part(one, SEGMENT) for one in paths]
    parts += [_part(one, COMPANION) for one in _companions(path)]
    return Found("segments" if len(paths) > 1 else "file", tuple(parts))


def open_slots(found: Found) -> tuple[Slot, ...]:
    """Open every part read-only, in order; the caller closes the descriptors.

    Raises:
        EvidenceError: one cannot be opened; those already open are closed again.
    """
    slots: list[Slot] = []
    for part in found.parts:
        flags = os.O_RDONLY | os.O_CLOEXEC | os.O_NOCTTY
        if part.role == DIRECTORY:
            flags |= os.O_DIRECTORY
        try:
            descriptor = os.open(part.path, flags)
            size = 0 if part.role == DIRECTORY else os.lseek(descriptor, 0, os.SEEK_END)
        except OSError as error:
            for slot in slots:
                os.close(slot.fd)
            raise EvidenceError(
                f"{shown(part.name)} cannot be opened: {_reason(error)}",
                hint="check that you may read it and that the medium is attached",
            ) from error
        slots.append(Slot(part.name, descriptor, size, part.role))
    return tuple(slots)


def _reason(error: Exception) -> str:
    """Give the cause without the path that `str` would add."""
    return (isinstance(error, OSError) and error.strerror) or "the name is not valid"


def ewf_numbers(names: Sequence[str]) -> list[int]:
    """Return which segment of an EWF set each name stands for, from 1.

    Empty when one of them is no name of a set, or two are the same.
    """
    tails = [name[-len("e01") :].lower() for name in names]
    if not _EWF.fullmatch(names[0]) or not all(_EWF_TAIL.fullmatch(tail) for tail in tails):
        return []
    steps = [(ord(tail[0]) - ord(tails[0][0])) * _LETTERS**2 + _AFTER_DIGITS for tail in tails]
    numbers = [
        int(tail[1:]) if tail[1:].isdigit() else step + _alpha_number(tail[1:])
        for tail, step in zip(tails, steps, strict=True)
    ]
    return numbers if len(set(numbers)) == len(numbers) and min(numbers) > 0 else []


def _readable(path: Path, mode: int) -> None:
    if not os.access(path, mode):
        raise EvidenceError(
            f"{shown(path.name)} may not be read by this account",
            hint="ask for read rights; never change the rights of an original",
        )


def _part(path: Path, role: str) -> Part:
    size = path.stat().st_size
    if role == SEGMENT:
        _readable(path, os.R_OK)
        if size == 0:
            raise EvidenceError(
                f"{shown(path.name)} is empty (0 bytes)",
                hint="copy the image again and compare its digest with the acquisition record",
            )
    return Part(path, path.name, size, role)


def _segments(path: Path, *, accept_damaged: bool) -> list[Path]:
    """Return every segment of the set that ``path`` belongs to, in order."""
    for pattern in (_EWF, _EWF2):
        if found := pattern.fullmatch(path.name):
            siblings = _ewf_set(path, found["stem"], found["first"])
            if accept_damaged and siblings:
                return [siblings[number] for number in sorted(siblings)]
            return _contiguous(path, 1, siblings)
    if found := _AD.fullmatch(path.name):
        others = (_AD.fullmatch(name) for name in _names(path.parent))
        named = {
            int(other["number"]): path.with_name(other.string)
            for other in others
            if other and other["stem"] == found["stem"]
        }
        return _contiguous(path, 1, named)
    for pattern, numbered in ((_DIGITS, int), (_ALPHA, _alpha_number)):
        if found := pattern.fullmatch(path.name):
            numbers = {
                numbered(other["number"]): path.with_name(other.string)
                for name in _names(path.parent)
                if (other := pattern.fullmatch(name))
                and other["stem"] == found["stem"]
                and len(other["number"]) == len(found["number"])
            }
            return _split_set(path, numbered(found["number"]), numbers)
    return [path]


def _alpha_number(letters: str) -> int:
    """Return 0 for ``aa``, 1 for ``ab``, 26 for ``ba``."""
    number = 0
    for letter in letters:
        number = number * _LETTERS + ord(letter) - ord("a")
    return number


def _names(folder: Path) -> list[str]:
    try:
        return sorted(os.listdir(folder))  # noqa: PTH208 (names only; no Path per sibling)
    except OSError:
        return []


def _ewf_set(path: Path, stem: str, first: str) -> dict[int, Path]:
    """Collect the segments of an EWF set; case of the extension does not matter."""
    digits: dict[int, Path] = {}
    letters: dict[int, Path] = {}
    names = _names(path.parent) or [path.name]
    names.sort(key=lambda name: name[len(stem) + 1 :][: len(first)] == first)
    for name in names:
        extension = name[len(stem) + 1 :]
        if not name.startswith(stem + ".") or len(extension) != len(first) + 2:
            continue
        head, tail = extension[: len(first)], extension[len(first) :]
        if head.lower() == first.lower() and tail.isascii() and tail.isdigit():
            digits[int(tail)] = path.with_name(name)
        elif (
            extension.isascii() and extension.isalpha() and head[:-1].lower() == first[:-1].lower()
        ):
            step = ord(head[-1].lower()) - ord(first[-1].lower())
            if step >= 0:
                number = step * _LETTERS**2 + _alpha_number(tail.lower()) + _AFTER_DIGITS
                letters[number] = path.with_name(name)
    digits.pop(0, None)
    if _AFTER_DIGITS - 1 in digits:
        last_of_first_letter = _AFTER_DIGITS + _LETTERS**2
        run = _AFTER_DIGITS
        while run in letters:
            run += 1
        digits |= {n: p for n, p in letters.items() if n < max(run, last_of_first_letter)}
    return digits


def _split_set(path: Path, number: int, siblings: Mapping[int, Path]) -> list[Path]:
    """Collect the segments of a split raw image, whose first is 0 or 1."""
    siblings = dict(siblings)
    siblings[number] = path
    start = 0 if 0 in siblings else 1
    if len(siblings) == 1:
        return [path]
    if not path.suffix[1:].isdigit():
        if 0 not in siblings:
            return [path]
        # Other extensions have the same form (.gz): only near ones prove a missing segment.
        end = next(n for n in range(len(siblings) + 1) if n not in siblings)
        near = (end // _LETTERS + 1) * _LETTERS
        siblings = {n: one for n, one in siblings.items() if n < near}
    elif start not in siblings and len(path.suffix) != _USUAL_SUFFIX:
        return [path]
    return _contiguous(path, start, siblings)


def _contiguous(path: Path, start: int, siblings: Mapping[int, Path]) -> list[Path]:
    number = start
    while number in siblings:
        number += 1
    if beyond := [other for other in siblings if other > number]:
        raise SegmentMissingError(
            f"segment {number} of the set of {shown(path.name)} is missing, "
            f"though segment {min(beyond)} is there",
            hint="put all segments into one folder under the names the imager gave them",
        )
    return [siblings[one] for one in range(start, number)] or [path]


def _common(one: str, other: str) -> int:
    """Count the characters that two names begin with in common."""
    pairs = zip(one, other, strict=False)
    return next((n for n, (a, b) in enumerate(pairs) if a != b), min(len(one), len(other)))


def _companions(path: Path) -> list[Path]:
    """Return possible parents and extents of a virtual disk, nearest names first."""
    family = next((one for one in _FAMILIES if path.suffix.lower() in one), None)
    if family is None or path.suffix.lower() in _NO_CHILDREN:
        return []
    stem = path.stem.lower()
    near = [
        (-_common(stem, name.lower()), name)
        for name in _names(path.parent)
        if Path(name).suffix.lower() in family and name != path.name
    ]
    found = []
    for _, name in sorted(near):
        one = path.with_name(name)
        try:
            status = one.lstat()
        except OSError:
            continue
        if stat.S_ISREG(status.st_mode) and status.st_size and os.access(one, os.R_OK):
            found.append(one)
        if len(found) == MAX_COMPANIONS:
            break
    return found
