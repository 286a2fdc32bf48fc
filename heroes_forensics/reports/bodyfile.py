r"""The body file of The Sleuth Kit, version 3, from which ``mactime`` makes a timeline.

``MD5|name|inode|mode_as_string|UID|GID|size|atime|mtime|ctime|crtime``, times in whole seconds of
UTC, 0 where there is none (https://wiki.sleuthkit.org/index.php?title=Body_file). The format has
no escapes: in a name, the separator and all that is no plain text stand as ``\xNN``.
"""

from collections.abc import Iterable, Iterator
from typing import Final

from heroes_forensics.display import shown
from heroes_forensics.model import EntryFlag
from heroes_forensics.reports.exchange import (
    SLEUTH_KIT,
    UNKNOWN_ZONE,
    Exporter,
    Handed,
    Matter,
    address,
    told_times,
)

_LETTERS: Final = {"file": "r", "directory": "d", "symlink": "l", "metadata": "r", "virtual": "v"}
_ORDER: Final = "amcb"
_NAME_LIMIT: Final = 65536
_REALLOCATED: Final = int(EntryFlag.REALLOCATED)


def write(matter: Matter, blocks: Iterable[Handed]) -> Iterator[bytes]:
    """Yield the body file, one line an item."""
    for block in blocks:
        yield "".join(_lines(matter, block)).encode()


def _lines(matter: Matter, block: Handed) -> Iterator[str]:
    items = block.items
    times = [dict.fromkeys(_ORDER, 0) for _ in items.locators]
    local = False
    for each in told_times(matter, items):
        local = local or (each.is_local and bool(each.positions))
        for position, second in zip(each.positions, each.seconds.tolist(), strict=True):
            times[position][each.which] = second
    label = f" ({UNKNOWN_ZONE})" if local else ""
    for position, locator in enumerate(items.locators):
        letter = _LETTERS.get(items.kinds[position], "-")
        md5 = items.md5[position]
        owner = block.owners[position]
        found = times[position]
        yield (
            f"{md5.hex() if md5 else 0}|{_name(block, position)}{label}"
            f"|{'0' if block.holder else _inode(locator)}|{letter}/{letter}---------"
            f"|{max(0, owner)}|0|{max(0, items.sizes[position])}"
            f"|{found['a']}|{found['m']}|{found['c']}|{found['b']}\n"
        )


def _name(block: Handed, position: int) -> str:
    items = block.items
    whole = block.whole(position)
    path = items.paths[position] if items.paths else b""
    text = shown(path, limit=_NAME_LIMIT) if path else ""
    # A path alone says neither of which volume it is nor which of several of that name.
    name = (f"{items.source}/{items.volume}/{text}" if text else whole).replace("|", "\\x7c")
    findings = "".join(f" [{each.number}]" for each in block.findings.get(position, ()))
    deleted = ""
    if not items.allocated[position]:
        deleted = " (deleted-realloc)" if block.flags[position] & _REALLOCATED else " (deleted)"
    return f"{name}{findings}{deleted}"


def _inode(locator: str) -> str:
    parts = address(locator)
    if parts is None:
        return "0"
    kind, number, _, _, type_, id_ = parts.groups()
    return f"{number}-{type_}-{id_}" if kind in SLEUTH_KIT and type_ != "0" else str(number)


EXPORT: Final = Exporter("items.body", write, items=("all", "findings"), digests="none")
