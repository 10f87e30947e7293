"""
How a piece of a room's state becomes a part of its row, and is made of one again.

The stored form is the struct as msgspec has it. A field that has another shape in memory names its `StoredForm` where
it is declared; types that hold such fields, however deep, are converted accordingly.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from operator import attrgetter
from types import UnionType
from typing import Annotated, Any, Final, NamedTuple, TypeVar, Union, get_args, get_origin, get_type_hints

import msgspec
from msgspec import UNSET, Struct, UnsetType

from gameserver.protocol import values

S = TypeVar("S", bound=Struct)
Way = Callable[[Any], Any]


class StoredForm(NamedTuple):
    """
    How a field is stored.

    :ivar write: makes the stored value.
    :ivar read: the reverse; what is inside is still plain then.
    """

    write: Way
    read: Way


PLAIN: Final = StoredForm(values.to_wire, values.from_wire)
"""A value of the game's, in which there may be bytes."""
NAMES: Final = StoredForm(list, dict.fromkeys)
"""A dict of which only the keys and their order matter: a list."""


def listed(key: Callable[[dict[str, Any]], Any]) -> StoredForm:
    """
    :param key: finds the key of a stored value.
    :returns: the form of a dict that is stored as a list of its values.
    """
    return StoredForm(lambda items: list(items.values()), lambda stored: {key(item): item for item in stored})


def encode(state: Struct) -> bytes:
    """:returns: a part, as it is stored."""
    return msgspec.json.encode(_ways(type(state)).write(state))


def decode(content: bytes, cls: type[S]) -> S:
    """
    The reverse of `encode`.

    :raises MsgspecError: it is no such part.
    """
    stored = msgspec.json.decode(content)
    try:
        return msgspec.convert(_ways(cls).read(stored), cls)
    except (AttributeError, TypeError) as error:
        raise msgspec.ValidationError(f"not a {cls.__name__}: {error}") from error


def tree(state: Struct) -> dict[str, Any]:
    """:returns: what is stored, as plain dicts and lists."""
    plain: dict[str, Any] = msgspec.to_builtins(_ways(type(state)).write(state))
    return plain


def _same(value: Any) -> Any:
    return value


_SAME: Final = StoredForm(_same, _same)


@cache
def _ways(hint: Any) -> StoredForm:
    """:returns: how a value of this type is stored."""
    origin, args = get_origin(hint), get_args(hint)
    if origin is Annotated:
        inner = _ways(args[0])
        return next((_both(inner, note) for note in args[1:] if isinstance(note, StoredForm)), inner)
    if origin in (Union, UnionType):
        inner = next((form for form in map(_ways, args) if form is not _SAME), _SAME)
        return inner if inner is _SAME else StoredForm(_unless_none(inner.write), _unless_none(inner.read))
    if origin is dict:
        inner = _ways(args[1])
        return inner if inner is _SAME else StoredForm(_each(inner.write), _each(inner.read))
    cls = origin or hint
    return _of_struct(cls) if isinstance(cls, type) and issubclass(cls, Struct) else _SAME


def _both(inner: StoredForm, outer: StoredForm) -> StoredForm:
    """What is in a container is written before it, and read after it."""
    if inner is _SAME:
        return outer
    return StoredForm(lambda value: outer.write(inner.write(value)), lambda stored: inner.read(outer.read(stored)))


def _unless_none(way: Way) -> Way:
    return lambda value: None if value is None else way(value)


def _each(way: Way) -> Way:
    return lambda items: {key: way(value) for key, value in items.items()}


def _of_struct(cls: type[Struct]) -> StoredForm:
    hints = get_type_hints(cls, include_extras=True)
    forms = [(name, _ways(hints[name])) for name in cls.__struct_fields__]
    others = [(name, form) for name, form in forms if form is not _SAME]
    if not others:
        return _SAME

    names = cls.__struct_fields__
    values_of = attrgetter(*names) if len(names) > 1 else lambda state: (getattr(state, names[0]),)
    may_be_unset = any(UnsetType in get_args(_bare(hints[name])) for name in names)

    def write(state: Struct) -> dict[str, Any]:
        stored = dict(zip(names, values_of(state), strict=True))  # at once: a room's state has dozens of fields
        if may_be_unset:
            stored = {name: value for name, value in stored.items() if value is not UNSET}
        for name, form in others:
            if name in stored:
                stored[name] = form.write(stored[name])
        return stored

    def read(stored: dict[str, Any]) -> dict[str, Any]:
        return {**stored, **{name: form.read(stored[name]) for name, form in others if name in stored}}

    return StoredForm(write, read)


def _bare(hint: Any) -> Any:
    """:returns: a type without what it is annotated with."""
    return get_args(hint)[0] if get_origin(hint) is Annotated else hint
