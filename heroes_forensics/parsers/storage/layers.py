"""From the media of a source to the bytes of a volume, step by step.

A step is plain JSON, so that a worker that only got descriptors and a volume row builds the same
stack again. Opened layers are kept in the source: their libraries are slow to open.
"""

import json
from collections.abc import Sequence
from typing import TYPE_CHECKING, cast

from heroes_forensics.model import JSON
from heroes_forensics.parsers.base import Reader
from heroes_forensics.parsers.reading.readers import FileObjectReader, RangeReader
from heroes_forensics.parsers.storage import lvm, md
from heroes_forensics.parsers.storage.apfs_snapshots import without_snapshots
from heroes_forensics.parsers.storage.doubts import Reliable
from heroes_forensics.parsers.storage.source import Source

if TYPE_CHECKING:
    from heroes_forensics.parsers.storage.vfs import Stack

_BASE = "volume"
"""The name under which a stack knows the reader below it."""


def step(layer: str, **numbers: int) -> JSON:
    """Make one step."""
    return {"layer": layer, **numbers}


def follow(source: Source, steps: Sequence[JSON]) -> Reader:
    """Return a reader over what ``steps`` lead to.

    Raises:
        OSError: a layer could not be opened.
    """
    if source.media is None:
        raise OSError("a folder has no media")
    reader = source.media
    for number, one in enumerate(steps, start=1):
        key = json.dumps(steps[:number], sort_keys=True)
        known = source.layers.get(key)
        reader = cast("Reader", known) if known is not None else _open(source, reader, one, key)
        source.layers[key] = reader
    return reader


def _open(source: Source, inner: Reader, one: JSON, key: str) -> Reader:
    layer = one["layer"]
    if layer == "range":
        return RangeReader(inner, _int(one, "offset"), _int(one, "size"))
    if layer in {"lvm", "md"}:
        members = _members(source, one) if "members" in one else [inner]
        return md.opened(members) if layer == "md" else lvm.opened(members, _int(one, "index"))
    if layer == "vss":
        return _kept(source, key, vss(inner, _int(one, "index")))
    if layer == "bitlocker":
        return _suspended(inner)
    if layer in {"unlocked", "luks"}:
        return _unlocked(source, inner, is_luks=layer == "luks")
    if layer == "apfs":
        # The container is opened by the parser of APFS; the index tells it which volume.
        return without_snapshots(inner)[0]
    raise OSError("the volume was described by a step that this version does not know")


def _suspended(inner: Reader) -> Reader:
    """Open a BitLocker volume whose key lies in the clear in it (protection suspended)."""
    from heroes_forensics.parsers.storage.unlocking import suspended  # noqa: PLC0415

    return suspended(inner)


def _unlocked(source: Source, inner: Reader, *, is_luks: bool) -> Reader:
    """Open an encrypted volume with what was given."""
    if is_luks:
        from heroes_forensics.parsers.storage.luks import opened  # noqa: PLC0415

        return opened(inner, source.secrets)
    from heroes_forensics.parsers.storage.unlocking import unlocked  # noqa: PLC0415

    return unlocked(inner, source.secrets)


def _members(source: Source, one: JSON) -> list[Reader]:
    """Open what an array or a group lies on: steps, each from one of the sources together."""
    found = []
    rows = one.get("members")
    for row in rows if isinstance(rows, list) else ():
        number, steps = row.get("source"), row.get("steps")
        if not isinstance(number, int) or not isinstance(steps, list):
            raise OSError("a member of the volume is described wrongly")
        if not 0 <= number < len(source.together):
            raise OSError("a source that the volume lies on is not there")
        other = source.together[number]
        reader = follow(other, steps)
        # Of damage in other media nobody keeps account here: what touches it is not read.
        found.append(reader if other is source else Reliable(reader))
    return found


def _int(one: JSON, name: str) -> int:
    value = one.get(name)
    if not isinstance(value, int):
        raise OSError("a step of the volume lacks a number")
    return value


def _kept(source: Source, key: str, made: "tuple[Stack, FileObjectReader]") -> Reader:
    """Keep the stack alive as long as the source: dfVFS itself caches by weak references."""
    stack, reader = made
    source.layers[key + "#stack"] = stack
    return reader


def stack(layer: str, inner: Reader, **properties: object) -> "Stack":
    """Make a dfVFS layer on a reader; dfVFS is imported only now."""
    from heroes_forensics.parsers.storage.vfs import Stack  # noqa: PLC0415

    return Stack(layer, _BASE, {_BASE: inner}, **properties)


def vss(inner: Reader, index: int) -> "tuple[Stack, FileObjectReader]":
    """Open the shadow copy ``index`` (from 0, oldest first) of an NTFS volume.

    Raises:
        OSError: it could not be opened.
    """
    made = stack("VSHADOW", inner, store_index=index)
    return made, made.reader()
