"""What kinds of workers there are, what they are forked from, and when they are replaced.

A worker is forked from a zygote, an interpreter that has imported all that its workers can come to
need: once a worker is locked, no file can be opened, and an import is nothing else. Those that
decode pictures come from a zygote of their own, those that read hash sets or edit pictures from
others: what does any of it is never in the memory of a worker that parses, and costs nothing where
it is not needed.

What a role may do is in `heroes_forensics.pipelines.locks.sandbox`.
"""

from dataclasses import dataclass
from typing import Final

FAULTS_VARIABLE: Final = "HEROES_TEST_FAULTS"
"""Names a Python file that zygotes load when it is set: tests make work functions fail with it.
Nothing of the package sets or needs it, and a run under it says so in its record."""


PLUGIN_VARIABLE: Final = "HEROES_PLUGIN"
"""Names the entry point that the zygote of decoders loads; set by `launch` alone."""


@dataclass(frozen=True, slots=True)
class Needs:
    """What a kind of zygote imports before it forks anything."""

    packages: tuple[str, ...]
    """With every module they have."""
    modules: tuple[str, ...]
    warm: tuple[str, ...] = ()
    """Functions called once after the imports: what compiles or looks things up when first
    used."""
    bulk: tuple[str, ...] = ()
    """Functions called as well where much is to be read, and what they cost is soon won back."""
    alone: tuple[str, ...] = ()
    """Modules imported before all others, while this process has one processor: they ask once how
    many there are, and later start as many threads."""


_TEXT: Final = tuple(
    f"encodings.{name}"
    for name in (
        *("ascii", "cp1252", "cp437", "idna", "latin_1", "mac_roman", "unicode_escape"),
        *("utf_16", "utf_16_be", "utf_16_le", "utf_32", "utf_8_sig"),
    )
)
"""Codecs that are looked up by name, when evidence asks for them."""

_DEFERRED: Final = ("numpy.ma",)
"""What libraries import when first used: ``numpy.unique`` this one."""

ZYGOTES: Final = {
    "evidence": Needs(
        packages=(
            "heroes_forensics.parsers",
            "heroes_forensics.filetype",
            "heroes_forensics.hashing",
        ),
        modules=(
            "heroes_forensics.pipelines.work.units",
            "pybde",
            *_DEFERRED,
            *_TEXT,
        ),
        warm=("heroes_forensics.parsers.reading.libarchive:is_there",),
        bulk=("heroes_forensics.hashing.lanes:prepare",),
        alone=("cryptography.hazmat.primitives.kdf.argon2",),
    ),
    "sets": Needs(
        packages=("heroes_forensics.hashsets.formats",),
        modules=(
            "heroes_forensics.pipelines.work.units",
            "heroes_forensics.hashsets.importing",
            *_DEFERRED,
            *_TEXT,
        ),
        alone=("cryptography.hazmat.primitives.kdf.argon2",),
    ),
    "media": Needs(
        packages=("heroes_forensics.media", "heroes_forensics.filetype"),
        modules=(
            "heroes_forensics.pipelines.work.units",
            "scipy.fftpack",
            "PIL.ImageColor",
            *_TEXT,
        ),
        warm=(
            "heroes_forensics.media.perceptual:prepare",
            "heroes_forensics.media.film_values:prepare",
        ),
    ),
    "edits": Needs(
        packages=("heroes_forensics.media", "heroes_forensics.filetype"),
        modules=(
            "heroes_forensics.pipelines.work.units",
            "scipy.fftpack",
            "PIL.ImageColor",
            *_TEXT,
        ),
        warm=(
            "heroes_forensics.media.perceptual:prepare",
            "heroes_forensics.media.edits.making:prepare",
        ),
    ),
}


@dataclass(frozen=True, slots=True)
class Role:
    """How workers of one kind are kept."""

    zygote: str
    """A key of `ZYGOTES`."""
    ahead: int = 0
    """Units given to a worker while it still works on another."""
    recycle_units: int = 0
    """A worker is replaced after so many units; 0 is never."""
    recycle_seconds: float = 0
    """And after so long."""
    recycle_failed: bool = False
    """And after a unit that failed."""


ROLES: Final = {
    "parser": Role("evidence"),
    "expander": Role("evidence", ahead=1),
    "importer": Role("sets"),
    "decoder": Role("media", ahead=3, recycle_units=500, recycle_seconds=300, recycle_failed=True),
    "editor": Role("edits", recycle_units=50, recycle_failed=True),
}
"""By the names of `sandbox.ROLES`."""
