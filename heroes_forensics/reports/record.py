"""The base of the report model: frozen values that turn themselves into plain JSON.

Field types carry what the shipped JSON Schema says about them (`Annotated` with `Says`), so that
the schema is derived from the code and cannot drift from it.
"""

from dataclasses import dataclass, fields
from functools import cache
from typing import Annotated, ClassVar, Final, get_args, get_type_hints

from heroes_forensics.display import shown
from heroes_forensics.model import JSON

FREE_TEXT_LIMIT: Final = 2048
"""Characters of one free text in a report."""


@dataclass(frozen=True, slots=True)
class Free:
    """Marks text that a person or a supplier wrote: it enters a report in display form only."""


@dataclass(frozen=True, slots=True)
class Says:
    """What the JSON Schema says about a field."""

    pattern: str | None = None
    minimum: int | None = None
    maximum: int | None = None
    max_length: int | None = None

    def keywords(self) -> JSON:
        """Return the keywords of JSON Schema 2020-12."""
        said = {
            "pattern": self.pattern,
            "minimum": self.minimum,
            "maximum": self.maximum,
            "maxLength": self.max_length,
        }
        return {word: value for word, value in said.items() if value is not None}


Text = Annotated[str, Free(), Says(max_length=FREE_TEXT_LIMIT)]
"""Free text of an operator or a supplier; see `heroes_forensics.display`. Empty: not stated."""

Word = Annotated[str, Says(r"^[a-z0-9][a-z0-9_.+/-]*$")]
"""A fixed word or code of this program; the message catalogue says it in a language."""

Utc = Annotated[str, Says(r"^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:]{8}(\.[0-9]{1,9})?Z$")]
"""``YYYY-MM-DDThh:mm:ss[.ffffff]Z``"""

Hex = Annotated[str, Says(r"^([0-9a-f]{2})+$")]
Sha256 = Annotated[str, Says(r"^[0-9a-f]{64}$")]
Uuid = Annotated[str, Says(r"^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$")]
FindingNumber = Annotated[str, Says(r"^F-[0-9]{6,}$")]
Percent = Annotated[str, Says(r"^(100|[0-9]{1,2})(\.[0-9])?$")]
"""Of a hundred, rounded towards zero to one decimal: never 100 while anything is missing."""

Count = Annotated[int, Says(minimum=0, maximum=2**53 - 1)]
"""A number of things or of bytes."""


class Record:
    """A part of the report model; every public field is what the schema calls it."""

    __slots__ = ()

    COMPUTED: ClassVar[tuple[str, ...]] = ()
    """Properties that the JSON form holds beside the fields."""

    def to_json(self) -> JSON:
        """Return the plain form: dicts, lists, strings, integers, booleans and None.

        Free text is in display form, hence inert wherever it is printed.
        """
        plan = _plan(type(self))  # type: ignore[arg-type] # a class is hashable
        result: JSON = {name: _plain(getattr(self, name), free=free) for name, free in plan}
        result.update((name, _plain(getattr(self, name), free=False)) for name in self.COMPUTED)
        return result


@cache
def _plan(record: type) -> tuple[tuple[str, bool], ...]:
    """Return the fields of a record and whether each holds free text."""
    hints = get_type_hints(record, include_extras=True)
    return tuple((field.name, _is_free(hints[field.name])) for field in fields(record))


def _is_free(hint: object) -> bool:
    if any(isinstance(mark, Free) for mark in getattr(hint, "__metadata__", ())):
        return True
    return any(_is_free(part) for part in get_args(hint))


def _plain(value: object, *, free: bool) -> object:
    if isinstance(value, Record):
        return value.to_json()
    if isinstance(value, tuple):
        return [_plain(part, free=free) for part in value]
    if isinstance(value, str):
        # Our own words are printable ASCII; what is not did not come from us.
        if free or not (value.isascii() and value.isprintable()):
            return shown(value, limit=FREE_TEXT_LIMIT)
        return value
    if value is None or isinstance(value, bool | int):
        return value
    raise TypeError(f"a report holds no {type(value).__name__}")


def percent(part: int, whole: int) -> str:
    """Return ``part`` of ``whole`` in a hundred with one decimal, rounded towards zero.

    Nothing of nothing is ``"0.0"``: what was not there was not examined.
    """
    if whole <= 0:
        return "0.0"
    tenths = max(0, min(part, whole)) * 1000 // whole
    return f"{tenths // 10}.{tenths % 10}"
