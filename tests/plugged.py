"""A made-up plug-in of a laboratory, for tests: a hash of 144 means, which is no PhotoDNA.

As a module it is the plug-in. Zygotes load the file too when `HEROES_TEST_FAULTS` names it, and
find the package from then on that `installed` wrote beside it.
"""

import os
import time
from pathlib import Path

import numpy as np
import numpy.typing as npt

THIS = Path(__file__)
SIDE = 12
TRIED = 3
"""Listed values when it is tried."""


class Means:
    """Means of 12 x 12 parts; distance is the sum of differences."""

    kind = "photodna"
    version = "made-up 1"
    threshold = 144 * 6

    def hashed(self, luma: npt.NDArray[np.uint8]) -> bytes | None:
        if int(luma.max()) - int(luma.min()) < 8:
            return None
        rows, columns = (np.linspace(0, length, SIDE + 1).astype(int) for length in luma.shape)
        means = [
            luma[rows[y] : rows[y + 1], columns[x] : columns[x + 1]].mean()
            for y in range(SIDE)
            for x in range(SIDE)
        ]
        return bytes(int(mean) for mean in means)

    def distances(self, value: bytes, listed: npt.NDArray[np.uint8]) -> npt.NDArray[np.int64]:
        one = np.frombuffer(value, np.uint8).astype(np.int64)
        return np.asarray(np.abs(listed.astype(np.int64) - one).sum(axis=1))


class Short(Means):
    def hashed(self, luma: npt.NDArray[np.uint8]) -> bytes | None:
        value = super().hashed(luma)
        return value and value[:100]


class Raising(Means):
    def hashed(self, luma: npt.NDArray[np.uint8]) -> bytes | None:  # noqa: ARG002
        raise RuntimeError("a secret of the picture")


class Fickle(Means):
    def hashed(self, luma: npt.NDArray[np.uint8]) -> bytes | None:  # noqa: ARG002
        return np.random.default_rng().bytes(144)


class Mute(Means):
    def hashed(self, luma: npt.NDArray[np.uint8]) -> bytes | None:  # noqa: ARG002
        return None


class Fractions(Means):
    def distances(self, value: bytes, listed: npt.NDArray[np.uint8]) -> npt.NDArray[np.int64]:
        return super().distances(value, listed) / 2  # type: ignore[return-value]


class Estranged(Means):
    def distances(self, value: bytes, listed: npt.NDArray[np.uint8]) -> npt.NDArray[np.int64]:
        return super().distances(value, listed) + self.threshold + 1


class Nameless(Means):
    kind = "md5"


class Endless(Means):
    def hashed(self, luma: npt.NDArray[np.uint8]) -> bytes | None:  # noqa: ARG002
        time.sleep(1e6)
        return None


class Reading(Means):
    def hashed(self, luma: npt.NDArray[np.uint8]) -> bytes | None:
        Path("/etc/passwd").read_bytes()
        return super().hashed(luma)


class Picky(Means):
    """Fails for real pictures, and works for the small ones on which it is tried."""

    def hashed(self, luma: npt.NDArray[np.uint8]) -> bytes | None:
        if luma.shape[1] == 480:
            raise RuntimeError("a secret of the picture")
        return super().hashed(luma)


class Killing(Means):
    """Ends the decoder of one picture."""

    def hashed(self, luma: npt.NDArray[np.uint8]) -> bytes | None:
        if luma.shape[1] == 480:
            os._exit(9)
        return super().hashed(luma)


class Lying(Means):
    """Answers for more values than it was given, once they are those of a list."""

    def distances(self, value: bytes, listed: npt.NDArray[np.uint8]) -> npt.NDArray[np.int64]:
        found = super().distances(value, listed)
        return found if len(listed) == TRIED else np.zeros(len(listed) + 1, np.int64)


class Stalling(Means):
    """Never comes back with a distance from values of a list."""

    def distances(self, value: bytes, listed: npt.NDArray[np.uint8]) -> npt.NDArray[np.int64]:
        if len(listed) != TRIED:
            time.sleep(1e6)
        return super().distances(value, listed)


class Newer(Means):
    version = "made-up 2"


def broken() -> Means:
    raise ImportError("a library is missing")


NAMES = {
    "means": "Means",
    "short": "Short",
    "raising": "Raising",
    "fickle": "Fickle",
    "mute": "Mute",
    "fractions": "Fractions",
    "estranged": "Estranged",
    "nameless": "Nameless",
    "endless": "Endless",
    "reading": "Reading",
    "picky": "Picky",
    "killing": "Killing",
    "lying": "Lying",
    "stalling": "Stalling",
    "newer": "Newer",
    "broken": "broken",
}


def installed(home: Path) -> Path:
    """Write a package with all of these as entry points; return the file for zygotes to load."""
    package = home / "site"
    facts = package / "made_up_hash-3.1.dist-info"
    facts.mkdir(parents=True)
    (facts / "METADATA").write_text("Metadata-Version: 2.1\nName: made-up-hash\nVersion: 3.1\n")
    points = "".join(f"{name} = made_up_hash:{target}\n" for name, target in NAMES.items())
    (facts / "entry_points.txt").write_text(f"[heroes_forensics.perceptual]\n{points}")
    (package / "made_up_hash.py").write_text(THIS.read_text())
    loads = home / "loads.py"
    loads.write_text(f"import sys\nsys.path.insert(0, {str(package)!r})\n")
    return loads


def package_of(loads: Path) -> str:
    """Return the folder that a process has to have on its path."""
    return str(loads.with_name("site"))
