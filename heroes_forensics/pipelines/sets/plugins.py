"""Plug-ins of licensed laboratories: whether one is there, and what it is.

The coordinator never loads one; it asks a locked decoder that did. See
`heroes_forensics.media.slot`.
"""

from importlib import metadata
from typing import TYPE_CHECKING, Final, NamedTuple

from heroes_forensics.display import shown
from heroes_forensics.errors import UsageError
from heroes_forensics.frames import Control, Unit
from heroes_forensics.pipelines.workers.single import EndedError, single

if TYPE_CHECKING:
    from heroes_forensics.model import JSON
    from heroes_forensics.pipelines.workers.supervisor import Supervisor

GROUP: Final = "heroes_forensics.perceptual"
"""As `heroes_forensics.media.slot.GROUP`; a test compares them."""
SECONDS: Final = 30.0
"""In which a plug-in makes some values and compares them."""


class Plugged(NamedTuple):
    """A plug-in that was tried."""

    name: str
    kind: str
    """A key of `frames.PLUGIN_KINDS`."""
    version: str
    package: str
    """Name and version of the package that it came with."""
    threshold: int

    def to_json(self) -> "JSON":
        """Return what a report says of it."""
        return self._asdict()


def package_of(name: str) -> str:
    """Return name and version of the package that a plug-in comes with.

    Raises:
        UsageError: none of that name is installed, or several are.
    """
    found = [each.dist for each in metadata.entry_points(group=GROUP, name=name)]
    if not found:
        there = sorted({each.name for each in metadata.entry_points(group=GROUP)})
        raise UsageError(
            f"the plug-in {shown(name)} is not installed",
            hint=f"installed: {shown(', '.join(there))}"
            if there
            else "a licensed laboratory installs its own beside this program; none comes with it",
        )
    if len(found) > 1:
        raise UsageError(
            f"the plug-in {shown(name)} is installed more than once",
            hint="leave one of the packages that have it",
        )
    (package,) = found
    return "" if package is None else shown(f"{package.name} {package.version}")


def tried(name: str, supervisor: "Supervisor", *, seconds: float = SECONDS) -> Plugged:
    """Have a locked decoder try a plug-in; return what it is.

    Args:
        name: of the entry point; the supervisor was made with it.
        supervisor: starts the decoder.
        seconds: in which it has to be done.

    Raises:
        UsageError: it is not installed, or does not keep to the interface.
    """
    package = package_of(name)
    with supervisor.crew("decoder") as crew:
        try:
            frames = single(crew, Unit(0, "plugin", seconds=seconds), list)
        except EndedError as error:
            raise UsageError(
                f"the plug-in {shown(name)} ended its worker, or took longer than {seconds:.0f} s"
                f" ({error.cause})",
                hint="ask who supplied it",
            ) from error
    (frame,) = (each for each in frames if isinstance(each, Control))
    body = frame.body
    return Plugged(
        name, str(body["kind"]), str(body["version"]), package, int(str(body["threshold"]))
    )
