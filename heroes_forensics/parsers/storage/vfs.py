"""dfVFS over open descriptors: a path-spec type whose files are readers that we hold.

dfVFS resolves everything by location in a file system. Workers have no paths, so the lowest
layer of every dfVFS stack here is a `SlotPathSpec`, and its "folder" is the table of readers in
the resolver context. A location that is not in the table does not exist, whatever an image says.

Of its back-ends those in `BACK_ENDS` are loaded. All of them, with what they read of their own (a
grammar of cpio in YAML, the dates of each file system), take a fifth of the time in which workers
are made ready, and what is not loaded opens nothing that evidence asks for.
"""

import os
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from importlib import import_module
from importlib.machinery import ModuleSpec
from importlib.util import find_spec, module_from_spec
from typing import Final

from dfvfs.file_io import file_io
from dfvfs.path import factory, location_path_spec, path_spec
from dfvfs.resolver import context, resolver
from dfvfs.vfs import file_system

from heroes_forensics.parsers.base import Reader
from heroes_forensics.parsers.reading.readers import FileObjectReader

TYPE_INDICATOR = "HEROES_SLOT"
BACK_ENDS: Final = ("apfs_container", "modi", "qcow", "vhdi", "vmdk", "vshadow")
"""By the names of their modules in ``dfvfs.resolver_helpers``, without ``_resolver_helper``."""

_HELPERS: Final = "dfvfs.resolver_helpers"


@contextmanager
def _bare(name: str) -> Iterator[None]:
    """Let modules of a package be imported without the package's own, which imports them all."""
    if name in sys.modules:
        yield
        return
    found = find_spec(name)
    if found is None:
        raise ImportError(name)
    spec = ModuleSpec(name, None, is_package=True)
    spec.submodule_search_locations = found.submodule_search_locations
    sys.modules[name] = module_from_spec(spec)
    try:
        yield
    finally:
        del sys.modules[name]  # who wants all of it still gets it


with _bare(_HELPERS):
    from dfvfs.resolver_helpers import manager, resolver_helper

    for _name in BACK_ENDS:
        import_module(f"{_HELPERS}.{_name}_resolver_helper")


class SlotContext(context.Context):  # type: ignore[misc] # dfVFS ships no types
    """A resolver context that carries the readers; one for each stack."""

    def __init__(self, readers: Mapping[str, Reader]) -> None:
        super().__init__()
        self.readers = dict(readers)


class SlotPathSpec(location_path_spec.LocationPathSpec):  # type: ignore[misc] # likewise
    """``location`` is ``/`` and the key of a reader in the `SlotContext`."""

    _IS_SYSTEM_LEVEL = True
    TYPE_INDICATOR = TYPE_INDICATOR


class SlotFile(file_io.FileIO):  # type: ignore[misc] # likewise
    """A reader in the form that libyal wants."""

    def __init__(self, resolver_context: SlotContext, path_spec: SlotPathSpec) -> None:
        super().__init__(resolver_context, path_spec)
        self._reader = resolver_context.readers[path_spec.location[1:]]
        self._position = 0

    def _Open(self) -> None:  # noqa: N802 (the interface of dfVFS)
        """Do nothing: the reader is open."""

    def _Close(self) -> None:  # noqa: N802 (likewise)
        """Leave the reader open: it was handed in."""

    def read(self, size: int | None = None) -> bytes:
        """Read from the current position on; all that is left without a size."""
        if size is None or size < 0:
            size = max(0, self._reader.size - self._position)
        data = self._reader.pread(self._position, size)
        self._position += len(data)
        return data

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> None:
        """Move the current position."""
        if whence == os.SEEK_CUR:
            offset += self._position
        elif whence == os.SEEK_END:
            offset += self._reader.size
        if offset < 0:
            raise OSError("seek before the start")
        self._position = offset

    def get_offset(self) -> int:
        """Return the current position."""
        return self._position

    def get_size(self) -> int:
        """Return the length in bytes."""
        return self._reader.size


class SlotFileSystem(file_system.FileSystem):  # type: ignore[misc] # likewise
    """The flat folder of readers; only what resolving a sibling needs."""

    TYPE_INDICATOR = TYPE_INDICATOR

    def _Open(self, mode: str = "rb") -> None:  # noqa: N802 (the interface of dfVFS)
        """Do nothing: the readers are open."""

    def _Close(self) -> None:  # noqa: N802 (likewise)
        """Do nothing."""

    def FileEntryExistsByPathSpec(self, path_spec: SlotPathSpec) -> bool:  # noqa: N802 (likewise)
        """Tell whether the table holds this location."""
        return path_spec.location[1:] in self._resolver_context.readers

    def JoinPath(self, path_segments: list[str]) -> str:  # noqa: N802 (likewise)
        """Keep the last component: the folder is flat, and so are the names an image may use."""
        return "/" + basename(path_segments[-1]) if path_segments else "/"


class SlotResolverHelper(resolver_helper.ResolverHelper):  # type: ignore[misc] # likewise
    """Tells the resolver of dfVFS about the classes above."""

    TYPE_INDICATOR = TYPE_INDICATOR

    def NewFileObject(  # noqa: N802 (the interface of dfVFS)
        self, resolver_context: SlotContext, path_spec: SlotPathSpec
    ) -> SlotFile:
        """Make a file object."""
        return SlotFile(resolver_context, path_spec)

    def NewFileSystem(  # noqa: N802 (likewise)
        self, resolver_context: SlotContext, path_spec: SlotPathSpec
    ) -> SlotFileSystem:
        """Make the flat folder."""
        return SlotFileSystem(resolver_context, path_spec)


factory.Factory.RegisterPathSpec(SlotPathSpec)
manager.ResolverHelperManager.RegisterHelper(SlotResolverHelper())
with _bare(_HELPERS):
    # The resolver imports its table of back-ends when it is first asked: a locked worker cannot.
    resolver.Resolver.OpenFileSystem(SlotPathSpec(location="/"), resolver_context=SlotContext({}))


def basename(name: str) -> str:
    """Return the last component of a name in the manner of any operating system."""
    return name.replace("\\", "/").rpartition("/")[2]


class Stack:
    """One dfVFS layer on top of a reader of ours, kept open as long as the stack is."""

    def __init__(
        self, indicator: str, name: str, readers: Mapping[str, Reader], **properties: object
    ) -> None:
        """Name the layer.

        Args:
            indicator: a type indicator of dfVFS, such as ``QCOW``.
            name: key in ``readers`` of the file that the layer lies on.
            readers: every file that the layer may open, by name.
            properties: further properties of the path specification.
        """
        self.context = SlotContext(readers)
        base = SlotPathSpec(location="/" + name)
        self._spec = factory.Factory.NewPathSpec(indicator, parent=base, **properties)

    @property
    def spec(self) -> path_spec.PathSpec:
        """The path specification of the layer."""
        return self._spec

    def reader(self) -> FileObjectReader:
        """Open the layer as a stream.

        Raises:
            OSError: dfVFS or the library below it could not, for whatever reason.
        """
        try:
            opened = resolver.Resolver.OpenFileObject(self._spec, resolver_context=self.context)
            return FileObjectReader(opened, int(opened.get_size()))
        except Exception as error:
            raise OSError(f"the layer could not be opened ({type(error).__name__})") from error

    def file_system(self) -> file_system.FileSystem:
        """Open the layer as a volume system.

        Raises:
            OSError: as `reader`.
        """
        try:
            return resolver.Resolver.OpenFileSystem(self._spec, resolver_context=self.context)
        except Exception as error:
            raise OSError(f"the layer could not be opened ({type(error).__name__})") from error
