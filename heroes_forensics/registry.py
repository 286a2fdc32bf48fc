"""One row of a plug-in table: text that names code, imported only when asked for."""

from collections.abc import Iterable
from dataclasses import dataclass
from importlib import import_module
from typing import Generic, TypeVar

from heroes_forensics.errors import UsageError

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Plugin(Generic[T]):
    """One row of a plug-in table; the code is imported only when asked for."""

    name: str
    target: str
    """``module:attribute``"""
    summary: str

    def load(self) -> T:
        """Import and return the object that ``target`` names."""
        module, _, attribute = self.target.partition(":")
        plugin: T = getattr(import_module(module), attribute)
        return plugin


def find(rows: Iterable[Plugin[T]], name: str) -> Plugin[T]:
    """Return the row called ``name``.

    Raises:
        UsageError: there is none; the hint lists what there is.
    """
    table = {row.name: row for row in rows}
    if name not in table:
        raise UsageError(f"nothing is called {name!r}", hint="choose from: " + ", ".join(table))
    return table[name]
