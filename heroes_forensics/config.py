"""YAML that people write: safely read, bounded, and held to one plain form.

Every scalar is text, as it stands: a label such as ``007`` or ``no`` keeps its form, and a reader
says what it takes a text for. There are no tags, no anchors and no duplicate keys, so that a file
of a kilobyte cannot stand for a gigabyte, and nothing is ever made but lists, objects and texts.
"""

from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from heroes_forensics.errors import UsageError

if TYPE_CHECKING:  # most scans read nothing that a person wrote, and start sooner without
    from collections.abc import Iterator

    import yaml

MAX_BYTES: Final = 8 << 20
MAX_DEPTH: Final = 16
MAX_NODES: Final = 500_000


def file_bytes(path: Path, *, what: str) -> bytes:
    """Return the bytes of a file that a person wrote.

    Raises:
        UsageError: it cannot be read, is no file, or is larger than `MAX_BYTES`.
    """
    try:
        if not path.is_file() and path.exists():  # reading a pipe or a device may never end
            raise UsageError(f"{what} is no file", hint="give a YAML or CSV file")
        with path.open("rb") as stream:
            data = stream.read(MAX_BYTES + 1)
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or "it is no path"
        raise UsageError(f"{what} cannot be read: {reason}") from error
    _check_size(data, what)
    return data


def _check_size(data: bytes, what: str) -> None:
    if len(data) > MAX_BYTES:
        raise UsageError(f"{what} is larger than {MAX_BYTES >> 20} MiB", hint="cut it in parts")


def read(data: bytes, *, what: str) -> object:
    """Return what a YAML file holds: objects, lists and texts; None where it says nothing.

    Args:
        data: the bytes of the file; JSON is YAML.
        what: how messages name it.

    Raises:
        UsageError: it is no YAML of this form; the message names the line.
    """
    import yaml  # noqa: PLC0415 # likewise here and below

    _check_size(data, what)
    try:
        return _built(_checked(data.decode("utf-8-sig"), what), what)
    except UnicodeDecodeError as error:
        raise UsageError(
            f"{what} is not UTF-8: byte {error.start}", hint="write it in UTF-8"
        ) from error
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark
        line = f" in line {mark.line + 1}" if mark else ""
        raise UsageError(
            f"{what} is not YAML{line}: {error.problem or 'malformed'}",
            hint="check the indentation, and quote what holds a colon or a hash sign",
        ) from error
    except yaml.YAMLError as error:
        raise UsageError(f"{what} is not YAML") from error


def _checked(text: str, what: str) -> "Iterator[yaml.Event]":
    """Yield the events of a YAML file.

    Raises:
        UsageError: there is an anchor, a tag, a second document or too much of something.
    """
    import yaml  # noqa: PLC0415

    depth = nodes = documents = 0
    # Its parser alone is used; the one in C is twenty times faster, where it was built.
    loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    for event in yaml.parse(text, loader):
        line = _line(event)
        documents += isinstance(event, yaml.DocumentStartEvent)
        if isinstance(event, yaml.AliasEvent) or getattr(event, "anchor", None) is not None:
            raise UsageError(
                f"{what} has an anchor or an alias in line {line}", hint="write it out instead"
            )
        if isinstance(event, yaml.NodeEvent):
            nodes += 1
            if getattr(event, "tag", None) not in {None, "!"}:
                raise UsageError(f"{what} has a tag in line {line}", hint="leave the tag out")
        depth += isinstance(event, yaml.CollectionStartEvent)
        depth -= isinstance(event, yaml.CollectionEndEvent)
        if depth > MAX_DEPTH or nodes > MAX_NODES or documents > 1:
            raise UsageError(
                f"{what} is nested too deep, too long, or more than one document (line {line})"
            )
        yield event


def _line(event: "yaml.Event") -> int:
    return event.start_mark.line + 1 if event.start_mark else 0


def _built(events: "Iterator[yaml.Event]", what: str) -> object:
    """Make objects, lists and texts of events.

    Raises:
        UsageError: a key is no text, or stands there twice.
    """
    import yaml  # noqa: PLC0415

    root: list[object] = []
    around: list[list[object] | dict[str, object]] = [root]
    keys: list[str | None] = [None]
    """For each of ``around`` the key whose value comes next; None where a key does."""
    for event in events:
        if isinstance(event, yaml.CollectionEndEvent):
            around.pop()
            keys.pop()
            continue
        if not isinstance(event, yaml.NodeEvent):
            continue
        made: Any
        if isinstance(event, yaml.ScalarEvent):
            made = event.value
        else:
            made = {} if isinstance(event, yaml.MappingStartEvent) else []
        here, key = around[-1], keys[-1]
        if isinstance(here, list):
            here.append(made)
        elif key is not None:
            here[key], keys[-1] = made, None
        elif not isinstance(made, str):
            raise UsageError(f"{what} is not YAML in line {_line(event)}: a key is no text")
        elif made in here:
            raise UsageError(
                f"{what} is not YAML in line {_line(event)}: the same key stands there twice"
            )
        else:
            keys[-1] = made
        if not isinstance(made, str):
            around.append(made)
            keys.append(None)
    return root[0] if root else None
