"""How values are written for people: sizes, counts, facts, and fields of rows read safely.

Rows come as plain JSON whose fields may grow; what is missing is shown as missing, never an error.
"""

import base64
import shutil
import textwrap
from collections.abc import Iterator, Mapping
from typing import Final

from heroes_forensics.display import shown
from heroes_forensics.model import JSON

SIZE_WORDS: Final = ("size", "bytes", "offset")
"""Words that mark an integer as a number of bytes."""

_UNITS: Final = ((10**15, "PB"), (10**12, "TB"), (10**9, "GB"), (10**6, "MB"), (10**3, "kB"))
"""Decimal, as in the reports and on the labels of devices."""
_NARROW: Final = 60
_WIDE: Final = 100


def width() -> int:
    """Return how many columns text may fill: those of the terminal, within reason."""
    return max(_NARROW, min(_WIDE, shutil.get_terminal_size().columns))


def inert(text: str) -> str:
    r"""Return ``text`` without anything that acts on a terminal, backslashes left as they are.

    The last gate before a terminal: values that a person may copy have been through
    `heroes_forensics.display.shown`, whose escapes must not be escaped again.
    """
    return "\\".join(shown(part, limit=1 << 20) for part in text.split("\\"))


def human(size: int) -> str:
    """Return a number of bytes in its decimal unit, rounded towards zero to one decimal."""
    for factor, unit in _UNITS:
        if size >= factor:
            whole, tenth = divmod(size * 10 // factor, 10)
            return f"{whole:,}.{tenth} {unit}"
    return counted(size, "byte")


def exact(size: int) -> str:
    """Return a number of bytes as people read it and exactly."""
    return f"{human(size)} ({size:,} bytes)" if size >= _UNITS[-1][0] else human(size)


def counted(number: int, noun: str, plural: str = "") -> str:
    """Return ``3 gaps`` or ``1 gap``."""
    return f"{number:,} {noun if number == 1 else plural or noun + 's'}"


def clock(seconds: float) -> str:
    """Return a duration as ``h:mm:ss``."""
    whole = int(seconds)
    return f"{whole // 3600}:{whole // 60 % 60:02d}:{whole % 60:02d}"


def string(row: Mapping[str, object], key: str, default: str = "") -> str:
    """Return one field as text that is safe to show; ``default`` when it is missing."""
    value = row.get(key)
    return default if value is None or value == "" else plain(value)


def integer(row: Mapping[str, object], key: str) -> int:
    """Return one field as a number; 0 when it is missing or something else."""
    value = row.get(key)
    return value if isinstance(value, int) else 0


def record(row: Mapping[str, object], key: str) -> JSON:
    """Return one field as an object; empty when it is missing or something else."""
    value = row.get(key)
    return value if isinstance(value, dict) else {}


def records(row: Mapping[str, object], key: str) -> list[JSON]:
    """Return one field as a list of objects; what is something else is left out."""
    value = row.get(key)
    return [each for each in value if isinstance(each, dict)] if isinstance(value, list) else []


def strings(row: Mapping[str, object], key: str) -> list[str]:
    """Return one field as a list of texts that are safe to show."""
    value = row.get(key)
    return [plain(each) for each in value] if isinstance(value, list) else []


def path_of(row: Mapping[str, object]) -> str:
    """Return the path of a row in a form that gives back its bytes; empty when there is none."""
    encoded = row.get("path_b64")
    if isinstance(encoded, str):
        return shown(base64.b64decode(encoded))
    return string(row, "path")


def plain(value: object) -> str:
    """Return one JSON value as text that is safe to show."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if value is None or value == "":
        return "not recorded"
    if isinstance(value, int):
        return f"{value:,}"
    if isinstance(value, list):
        return ", ".join(plain(each) for each in value) or "none"
    if isinstance(value, dict):
        return ", ".join(f"{shown(key)} {plain(each)}" for key, each in value.items()) or "none"
    return shown(str(value))


def _is_size(key: str, value: object) -> bool:
    is_number = isinstance(value, int) and not isinstance(value, bool)
    return is_number and key.rsplit("_", 1)[-1] in SIZE_WORDS


def fact(key: str, value: object) -> str:
    """Return one value; a number of bytes by its key in both forms."""
    return exact(value) if isinstance(value, int) and _is_size(key, value) else plain(value)


def facts(row: Mapping[str, object], *, indent: int = 0) -> Iterator[str]:
    """Yield ``key   value`` lines, objects and lists of objects below their key."""
    simple = {
        key: value
        for key, value in row.items()
        if key != "type" and not (isinstance(value, dict) and value) and not _is_table(value)
    }
    names = {key: shown(key).replace("_", " ") or "(empty)" for key in row}
    column = max((len(names[key]) for key in simple), default=0) + 2
    for key, value in row.items():
        name = names[key]
        if key in simple:
            head = f"{' ' * indent}{name:<{column}}"
            yield from hanging(head, fact(key, value))
        elif isinstance(value, dict):
            yield f"{' ' * indent}{name}"
            yield from facts(value, indent=indent + 2)
        elif isinstance(value, list):
            for number, each in enumerate(value, start=1):
                yield f"{' ' * indent}{name} {number}"
                yield from facts(each, indent=indent + 2)


def covered(row: Mapping[str, object]) -> JSON:
    """Return a row about a checkpoint for `facts`: its size is a number of events, not of bytes."""
    return {"events" if key == "size" else key: value for key, value in row.items()}


def _is_table(value: object) -> bool:
    return isinstance(value, list) and bool(value) and all(isinstance(each, dict) for each in value)


def hanging(head: str, text: str, *, beside: int = 0) -> Iterator[str]:
    """Yield ``head`` and ``text`` in lines of `width`, the further lines below the text.

    A word is never cut: digests, paths and commands stay in one piece to be copied.

    Args:
        head: what stands before the text.
        text: words.
        beside: columns that the caller puts before each line.
    """
    yield from textwrap.wrap(
        text,
        max(width() - beside, len(head) + 24),
        initial_indent=head,
        subsequent_indent=" " * len(head),
        break_long_words=False,
        break_on_hyphens=False,
    ) or [head.rstrip()]
