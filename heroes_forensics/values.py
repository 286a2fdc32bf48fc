"""Value classes as of `dataclasses`, frozen and with slots, put together when they are first used.

The decorator of the standard library writes and compiles six functions for each class when its
module is imported: a sixth of the processor time in which a scan starts, and most of these classes
have no object in most processes. Here comparing, printing and refusing to be changed are functions
that all classes share, and the one that must be written for each class, ``__init__``, is written
when more than a few objects have been made. A class is a dataclass for everything that asks: for
`fields` and `replace` of `dataclasses`, for patterns, for type checkers.
"""

import dataclasses
from collections.abc import Callable
from operator import attrgetter
from typing import TYPE_CHECKING, Any, Final

__all__ = ("dataclass",)

if TYPE_CHECKING:
    from dataclasses import dataclass
else:

    def dataclass(*, frozen: bool = False, **options: bool) -> Callable[[type], type]:
        """Make a class a dataclass; what is not ``frozen, slots`` is left to the library."""
        if frozen and options == {"slots": True}:
            return _made
        return dataclasses.dataclass(frozen=frozen, **options)


def _made(cls: Any) -> Any:  # noqa: ANN401 - a class, and one with other methods
    own = cls.__dict__
    if own.get("__doc__") is None:
        cls.__doc__ = cls.__name__  # dataclasses would put a signature there
    made = dataclasses.dataclass(init=False, repr=False, eq=False, slots=True)(cls)
    fields = dataclasses.fields(made)
    compared = _key([field.name for field in fields if field.compare])
    hashed = _key([f.name for f in fields if (f.compare if f.hash is None else f.hash)])

    made_so_far = 0

    def __init__(self: Any, *args: Any, **named: Any) -> None:  # noqa: ANN401, N807 - any value
        nonlocal made_so_far
        made_so_far += 1
        # What is no call as it should be is left to the real function, which says so.
        if made_so_far > FEW or not _filled(self, fields, args, named):
            made.__init__ = _initial(made, fields)
            made.__init__(self, *args, **named)

    def __eq__(self: Any, other: object) -> bool:  # noqa: ANN401, N807 - likewise
        if other.__class__ is not self.__class__:
            return NotImplemented
        return bool(compared(self) == compared(other))

    def __hash__(self: Any) -> int:  # noqa: ANN401, N807 - likewise
        return hash(hashed(self))

    given = (__init__, __eq__, __hash__, _repr, _set, _delete, _state, _restore)
    for name, function in zip(_NAMES, given, strict=True):
        if name not in own or (name == "__hash__" and own[name] is None):
            setattr(made, name, function)
    return made


FEW: Final = 8
"""As many objects cost less without a function of their own."""
_NAMES: Final = (
    *("__init__", "__eq__", "__hash__", "__repr__", "__setattr__", "__delattr__"),
    *("__getstate__", "__setstate__"),
)


def _key(names: list[str]) -> Callable[[object], object]:
    """Return what gives the values of these fields as a tuple."""
    if len(names) > 1:
        return attrgetter(*names)
    if not names:
        return lambda _: ()
    one = attrgetter(*names)
    return lambda value: (one(value),)


def _filled(
    made: Any,  # noqa: ANN401 - an object of any class
    fields: tuple[dataclasses.Field[Any], ...],
    args: tuple[Any, ...],
    named: dict[str, Any],
) -> bool:
    """Do what ``__init__`` does, field by field; say whether the values are those it takes."""
    places = [field.name for field in fields if field.init and not field.kw_only]
    given = dict(zip(places, args, strict=False))
    taken = {field.name for field in fields if field.init}
    if len(args) > len(places) or not given.keys().isdisjoint(named) or not taken >= named.keys():
        return False
    given |= named
    for field in fields:
        if field.name in given:
            continue
        if field.default is not dataclasses.MISSING:
            given[field.name] = field.default
        elif field.default_factory is not dataclasses.MISSING:
            given[field.name] = field.default_factory()
        elif field.init:
            return False
    for name, value in given.items():
        object.__setattr__(made, name, value)
    if hasattr(made, "__post_init__"):
        made.__post_init__()
    return True


def _initial(cls: type, fields: tuple[dataclasses.Field[Any], ...]) -> Callable[..., None]:
    """Write ``__init__``: the parameters of `dataclasses.dataclass`, in its order."""
    known: dict[str, Any] = {"_put": object.__setattr__, "_missing": dataclasses.MISSING}
    by_place: list[str] = []
    by_name: list[str] = []
    lines: list[str] = []
    for field in fields:
        name, value = field.name, field.name
        text = name
        if field.default is not dataclasses.MISSING:
            known[f"_default_{name}"] = field.default
            text = f"{name}=_default_{name}"
        elif field.default_factory is not dataclasses.MISSING:
            known[f"_factory_{name}"] = field.default_factory
            text = f"{name}=_missing"
            value = f"_factory_{name}() if {name} is _missing else {name}"
            if not field.init:
                value = f"_factory_{name}()"
        elif not field.init:
            continue
        if field.init:
            (by_name if field.kw_only else by_place).append(text)
        elif field.default is not dataclasses.MISSING:
            value = f"_default_{name}"
        lines.append(f" _put(self, {name!r}, {value})")
    if hasattr(cls, "__post_init__"):
        lines.append(" self.__post_init__()")
    parameters = ", ".join(["self", *by_place, *(["*", *by_name] if by_name else [])])
    text = "\n".join([f"def __init__({parameters}):", *(lines or [" pass"])])
    exec(text, known)  # noqa: S102 - names of fields alone, as the standard library does it
    made: Callable[..., None] = known["__init__"]
    made.__qualname__ = f"{cls.__qualname__}.__init__"
    return made


def _repr(self: object) -> str:
    shown = (f.name for f in dataclasses.fields(self) if f.repr)  # type: ignore[arg-type] # it is
    values = ", ".join(f"{name}={getattr(self, name)!r}" for name in shown)
    return f"{self.__class__.__qualname__}({values})"


def _set(self: object, name: str, value: object) -> None:
    del self, value
    raise dataclasses.FrozenInstanceError(f"cannot assign to field {name!r}")


def _delete(self: object, name: str) -> None:
    del self
    raise dataclasses.FrozenInstanceError(f"cannot delete field {name!r}")


def _state(self: object) -> list[object]:
    return [getattr(self, field.name) for field in dataclasses.fields(self)]  # type: ignore[arg-type] # it is


def _restore(self: object, state: list[object]) -> None:
    names = (field.name for field in dataclasses.fields(self))  # type: ignore[arg-type] # it is
    for name, value in zip(names, state, strict=True):
        object.__setattr__(self, name, value)
