"""The slot for a perceptual hash that a licensed laboratory supplies, such as PhotoDNA.

We ship no such hash. A laboratory installs a package of its own with an entry point in the group
`GROUP`, whose name it then gives with ``--plugin``. What the entry point names is a `Hasher`, or a
class or function without arguments that makes one. It is imported in the process that decoders are
forked from, before there is any evidence, and called in locked decoders alone: it can open no file
then, and reach nothing.

Whatever it does, what leaves is a `SUPPLIED` row: a value of the width of its kind, or a word.
"""

import re
from collections.abc import Callable, Iterable
from importlib import metadata
from typing import TYPE_CHECKING, BinaryIO, Final, Protocol

import numpy as np
import numpy.typing as npt

from heroes_forensics.errors import UsageError
from heroes_forensics.frames import (
    DISTANCES,
    PLUGIN_KINDS,
    PLUGIN_NEAREST,
    SUPPLIED,
    Distance,
    Rows,
    Supplied,
)
from heroes_forensics.media import image

if TYPE_CHECKING:
    from PIL.Image import Image

GROUP: Final = "heroes_forensics.perceptual"
"""Of the entry points."""

Luma = npt.NDArray[np.uint8]

_MOST: Final = 1 << 30
"""The largest distance that counts as one."""
_VERSION: Final = re.compile(r"[A-Za-z0-9 ._+-]{1,64}", re.ASCII)
_SIZES: Final = ((256, 256), (480, 640), (641, 333))
"""Rows and columns of the pictures that a hasher is tried on."""


class Hasher(Protocol):
    """What a laboratory supplies."""

    kind: str
    """A key of `frames.PLUGIN_KINDS`."""
    version: str
    """Of hash and rules, a few plain characters."""
    threshold: int
    """Two values at most so far apart are of pictures that look alike."""

    def hashed(self, luma: Luma) -> bytes | None:
        """Return the value of a picture (rows, columns), None where it says too little."""
        ...

    def distances(self, value: bytes, listed: Luma) -> npt.NDArray[np.integer]:
        """Return how far a value is from each row of ``listed``: whole numbers from 0."""
        ...


class _Slot:
    """What is plugged in, in this process."""

    def __init__(self) -> None:
        self.name = ""
        self.hasher: Hasher | None = None
        self.why = "is not installed"


_slot = _Slot()


def load(name: str) -> None:
    """Plug the entry point of a name in; what goes wrong is kept for `tried`."""
    _slot.name, _slot.hasher, _slot.why = name, None, "is not installed"
    for found in metadata.entry_points(group=GROUP, name=name):
        try:
            made = found.load()
            _slot.hasher = made() if callable(made) else made
        except Exception as error:  # noqa: BLE001 - somebody else's code raises what it likes
            _slot.why = f"cannot be loaded ({type(error).__name__})"


def tried() -> tuple[str, str, int]:
    """Try what is plugged in on pictures made here; return kind, version and threshold.

    Raises:
        UsageError: there is nothing, or it does not keep to the interface.
    """
    hasher = _slot.hasher
    if hasher is None:
        raise _refused(_slot.why)
    try:
        said = _said(hasher)
        _try_values(hasher, *said)
    except UsageError:
        raise
    except Exception as error:
        raise _refused(f"fails ({type(error).__name__})") from error
    return said


def _said(hasher: Hasher) -> tuple[str, str, int]:
    """Return kind, version and threshold, whatever types they were meant to be of."""
    kind: object = hasher.kind
    version: object = hasher.version
    threshold: object = hasher.threshold
    if not isinstance(kind, str) or kind not in PLUGIN_KINDS:
        raise _refused(f"is of no kind there is a place for: {', '.join(PLUGIN_KINDS)}")
    if not isinstance(version, str) or _VERSION.fullmatch(version) is None:
        raise _refused("states no version")
    if type(threshold) is not int or not 0 <= threshold <= _MOST:
        raise _refused("states no threshold")
    return kind, version, threshold


def _try_values(hasher: Hasher, kind: str, version: str, threshold: int) -> None:
    del version
    values = []
    for number, size in enumerate(_SIZES):
        luma = _sample(number, *size)
        value = hasher.hashed(luma.copy())
        if value is not None:
            _check(value, kind)
            if hasher.hashed(luma.copy()) != value:
                raise _refused("gives one picture two values")
            values.append(value)
    if not values:
        raise _refused("gives no picture a value")
    listed = np.frombuffer(b"".join(values), np.uint8).reshape(len(values), -1)
    for number, value in enumerate(values):
        found = _distances(hasher, value, listed)
        if found[number] > threshold:
            raise _refused("finds a picture unlike itself")


def _distances(hasher: Hasher, value: bytes, listed: Luma) -> npt.NDArray[np.integer]:
    """Ask for the distances of a value from listed ones; refuse what are none."""
    found = np.asarray(hasher.distances(value, listed.copy()))
    if (
        found.shape != (len(listed),)
        or found.dtype.kind not in "iu"
        or (found < 0).any()
        or (found > _MOST).any()
    ):
        raise _refused("gives distances that are not one whole number for each value")
    return found


def near(
    queries: Luma,
    listed: Iterable[tuple[int, Luma]],
    threshold: int,
    moved: Callable[[], object] = lambda: None,
) -> Rows:
    """Compare values with listed ones; return `DISTANCES` rows, the nearest of each value first.

    Args:
        queries: a value each row.
        listed: pieces of the list: the position of the first, and a value each row.
        threshold: up to which a listed value is named, `PLUGIN_NEAREST` of one value at most.
        moved: called for each piece and value, so that others see that it goes on.
    """
    found: dict[int, Rows] = {each: np.zeros(0, DISTANCES) for each in range(len(queries))}
    for first, values in listed:
        for number in range(len(queries)):
            moved()
            before = found[number]
            if len(before) and before["status"][0] == Distance.FAILED:
                continue
            found[number] = _nearest(queries[number].tobytes(), values, first, threshold, before)
            found[number]["query"] = number
    return np.concatenate([np.zeros(0, DISTANCES), *found.values()])


def _nearest(value: bytes, listed: Luma, first: int, threshold: int, before: Rows) -> Rows:
    """Return the nearest listed values, of those before and of these."""
    hasher = _slot.hasher
    distance = None
    try:
        if hasher is not None:
            distance = _distances(hasher, value, listed)
    except Exception:  # noqa: BLE001 - its failure costs this comparison alone
        distance = None
    if distance is None:
        failed = np.zeros(1, DISTANCES)
        failed["status"] = Distance.FAILED
        return failed
    close = np.flatnonzero(distance <= threshold)
    rows = np.zeros(len(close), DISTANCES)
    rows["status"], rows["entry"], rows["distance"] = Distance.NEAR, first + close, distance[close]
    rows = np.concatenate([before, rows])
    return rows[np.argsort(rows["distance"], kind="stable")[:PLUGIN_NEAREST]]


def _sample(seed: int, rows: int, columns: int) -> Luma:
    """Return a made picture: coarse shades, unlike for each seed."""
    coarse = np.random.default_rng(seed).integers(0, 256, (9, 9), np.uint8)
    return np.ascontiguousarray(
        coarse[np.arange(rows)[:, None] * 9 // rows, np.arange(columns)[None, :] * 9 // columns]
    )


def _check(value: object, kind: str) -> None:
    if not isinstance(value, bytes) or len(value) != PLUGIN_KINDS[kind]:
        raise _refused(f"gives values that are not {PLUGIN_KINDS[kind]} bytes")


def _refused(why: str) -> UsageError:
    return UsageError(
        f"the plug-in {_slot.name} {why}",
        hint="a licensed laboratory installs its own beside this program: docs/perceptual.md",
    )


def examined(stream: BinaryIO, kind: str) -> Rows:
    """Decode one picture; return a `SUPPLIED` row of each frame taken, without an id.

    Args:
        stream: the bytes of the picture, seekable.
        kind: one of `image.KINDS`.
    """
    found = image.measured(stream, kind, _row)
    return np.concatenate(found.values) if found.values else np.zeros(0, dtype=SUPPLIED)


def _row(frame: "Image", at: int) -> Rows:
    row = np.zeros(1, dtype=SUPPLIED)
    row["at"], row["status"] = at, Supplied.FAILED
    hasher = _slot.hasher
    if hasher is None:
        return row
    try:
        value = hasher.hashed(np.array(frame, dtype=np.uint8))
        if value is None:
            row["status"] = Supplied.NOTHING
        else:
            _check(value, hasher.kind)
            row["status"], row["value"] = Supplied.VALUE, value
    except Exception:  # noqa: BLE001 - its failure costs its own value alone
        row["status"], row["value"] = Supplied.FAILED, b""
    return row
