"""What listing costs an entry, beside what The Sleuth Kit costs that does the reading.

``listing.py IMAGE`` does the listing of each volume of a raw image in this process, as a worker
does it, and walks its one volume in a bare loop: names and metadata, then all that we take of them
and of attributes and runs, read by the kit from the file itself. Prints microseconds of processor
time an entry, the smallest of some rounds.
"""

import sys
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import pytsk3
from endings import best

from heroes_forensics.frames import Batch, Control, Unit
from heroes_forensics.parsers.storage import segments
from heroes_forensics.pipelines.work.units import Session, run_unit

if TYPE_CHECKING:
    from heroes_forensics.model import JSON

ROUNDS: Final = 4
_DIRECTORY: Final = 2
_META: Final = (
    *("mtime", "atime", "ctime", "crtime", "mtime_nano", "atime_nano", "ctime_nano"),
    *("crtime_nano", "uid", "seq", "size", "nlink", "flags"),
)
_ATTRIBUTE: Final = ("type", "size", "flags", "name", "id")
_RUN: Final = ("addr", "len", "offset", "flags")


def listed(image: Path) -> int:
    """List every volume; return how many entries came."""
    slots = segments.open_slots(segments.discover(image))
    session = Session([slot.fd for slot in slots])
    body: JSON = {"slots": [{"name": s.name, "size": s.size, "role": s.role} for s in slots]}
    opened = list(run_unit(session, Unit(0, "inspect", body)))
    entries = 0
    for found in opened:
        if isinstance(found, Control) and found.kind == "volume":
            unit = Unit(1, "inventory", {**body, "volume": found.body["volume"]})
            entries += sum(len(f.rows) for f in run_unit(session, unit) if isinstance(f, Batch))
    return entries


def bare(image: Path, *, facts: bool) -> int:
    """Walk the volume with nothing but the kit; return how many names there are."""
    fs: Any = pytsk3.FS_Info(pytsk3.Img_Info(str(image)))
    waiting, met, names = [fs.info.root_inum], set(), 0
    while waiting:
        directory = waiting.pop()
        if directory in met:
            continue
        met.add(directory)
        for file in fs.open_dir(inode=directory):
            names += 1
            name, meta = file.info.name.name, file.info.meta
            if name in {b".", b".."} or meta is None:
                continue
            if int(meta.type) == _DIRECTORY:
                waiting.append(meta.addr)
            if facts:
                _take(meta, _META)
                for attribute in file:
                    _take(attribute.info, _ATTRIBUTE)
                    for run in attribute:
                        _take(run, _RUN)
    return names


def _take(thing: Any, fields: tuple[str, ...]) -> None:  # noqa: ANN401
    for field in fields:
        getattr(thing, field)


def main() -> None:
    """Run from the command line."""
    image = Path(sys.argv[1])
    entries = listed(image)
    ways = {
        "listing": partial(listed, image),
        "the kit, names and metadata": partial(bare, image, facts=False),
        "the kit, all that is taken": partial(bare, image, facts=True),
    }
    for name, work in ways.items():
        print(f"{name}: {best(ROUNDS, work) / entries * 1e6:.1f} us an entry")


if __name__ == "__main__":
    main()
