"""
Numbers as clients write them.

Some languages have no integers, or forget them when they read JSON: their 5 is 5.0. Types are strict here, so what a
client says is first read as it stands; only what fails at a float is looked at again, by the types that are wanted.
Where a float may stand, what came stays. Others, JavaScript among them, write a large float with all its digits, as an
integer: beyond what all clients can tell apart it is read as the float that it was.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from decimal import Decimal
from enum import Enum
from typing import Any, Final

from msgspec import inspect as types

_MAX_INT: Final = 2**53
"""See `gameserver.protocol.values.MAX_INT`."""
_LISTS: Final = (types.ListType, types.VarTupleType, types.SetType, types.FrozenSetType)
_TAKE_FLOATS: Final = (types.FloatType, types.AnyType, types.RawType, types.DecimalType)


def fails_at_float(error: Exception) -> bool:
    """Whether msgspec found a float where none may stand."""
    return "got `float`" in str(error)


class Wholes:
    """
    The integers of a type.

    :param kind: any type that msgspec decodes.
    :ivar there: whether integers are meant anywhere in it.
    :ivar taken: gives for a value of JSON or MessagePack the same, with an int for each whole float within ±2**53 that
        stands where an integer is meant.
    """

    __slots__ = ("taken", "there")

    def __init__(self, kind: Any) -> None:
        found = types.type_info(kind)
        self.there = _has_integers(found)
        self.taken: Callable[[Any], Any] = _taker(found, {})


def kinds_in(kind: types.Type) -> Iterator[types.Type]:
    """:returns: a type and all types inside it, each once."""
    return _kinds_in(kind, [])


def inside(kind: types.Type) -> list[types.Type]:
    """:returns: the types that a type names."""
    named = [*getattr(kind, "types", ()), *getattr(kind, "item_types", ())]
    named += [field.type for field in getattr(kind, "fields", ())]
    return named + [getattr(kind, n) for n in ("item_type", "key_type", "value_type", "type") if hasattr(kind, n)]


def _kinds_in(kind: types.Type, seen: list[types.Type]) -> Iterator[types.Type]:
    if any(kind is known for known in seen):
        return
    seen.append(kind)
    yield kind
    for inner in inside(kind):
        yield from _kinds_in(inner, seen)


def _has_integers(kind: types.Type) -> bool:
    return any(map(_means_int, kinds_in(kind)))


def _means_int(kind: types.Type) -> bool:
    if isinstance(kind, types.LiteralType):
        return any(type(value) is int for value in kind.values)
    if isinstance(kind, types.EnumType):
        return any(type(member.value) is int for member in kind.cls if isinstance(member, Enum))
    return isinstance(kind, types.IntType)


class _Taker:
    """
    Does what `Wholes.taken` says, for values of one type.

    :ivar integers: whether a whole float is taken for an integer.
    :ivar lists: functions that make a list as the type wants it, or return None where it has no such lists.
    :ivar dicts: the same of objects.
    """

    __slots__ = ("dicts", "integers", "lists")

    def __init__(self) -> None:
        self.integers = False
        self.lists: list[Callable[[list[Any]], list[Any] | None]] = []
        self.dicts: list[Callable[[dict[str, Any]], dict[str, Any] | None]] = []

    def __call__(self, value: Any) -> Any:
        if type(value) is float:
            return int(value) if self.integers and value.is_integer() and abs(value) <= _MAX_INT else value
        makers: list[Any] = self.lists if type(value) is list else self.dicts if type(value) is dict else []
        for make in makers:
            made = make(value)
            if made is not None:
                return made
        return value


Made = dict[int, _Taker]
"""By the identity of their types, since a type may hold itself."""


def _taker(kind: types.Type, known: Made) -> _Taker:
    if id(kind) in known:
        return known[id(kind)]
    taker = known[id(kind)] = _Taker()
    choices = list(_choices(kind))
    taker.integers = any(map(_means_int, choices)) and not any(isinstance(each, _TAKE_FLOATS) for each in choices)
    for each in choices:
        if isinstance(each, types.DictType):
            taker.dicts.append(_dict_maker(_taker(each.value_type, known)))
        elif isinstance(each, _LISTS):
            taker.lists.append(_list_maker(_taker(each.item_type, known)))
        elif isinstance(each, types.TupleType):
            taker.lists.append(_row_maker([_taker(member, known) for member in each.item_types], []))
        elif isinstance(each, (types.StructType, types.NamedTupleType, types.TypedDictType, types.DataclassType)):
            _add_record(taker, each, known)
    return taker


def _choices(kind: types.Type) -> Iterator[types.Type]:
    """:returns: the types of which a value may be one."""
    if isinstance(kind, types.Metadata):
        yield from _choices(kind.type)
    elif isinstance(kind, types.UnionType):
        for each in kind.types:
            yield from _choices(each)
    else:
        yield kind


def _add_record(taker: _Taker, kind: Any, known: Made) -> None:
    """What has fields travels as an object or, in their order, as a list."""
    tag, tag_field = getattr(kind, "tag", None), getattr(kind, "tag_field", None)
    if isinstance(kind, types.NamedTupleType) or getattr(kind, "array_like", False):
        members = [_taker(field.type, known) for field in kind.fields]
        taker.lists.append(_row_maker(members, [] if tag is None else [tag]))
    else:
        fields = {f.encode_name: _taker(f.type, known) for f in kind.fields if _has_integers(f.type)}
        taker.dicts.append(_object_maker(fields, {} if tag_field is None else {tag_field: tag}))


def _dict_maker(item: _Taker) -> Callable[[dict[str, Any]], dict[str, Any] | None]:
    return lambda value: {key: item(each) for key, each in value.items()}


def _list_maker(item: _Taker) -> Callable[[list[Any]], list[Any] | None]:
    return lambda value: list(map(item, value))


def _row_maker(members: list[_Taker], head: list[Any]) -> Callable[[list[Any]], list[Any] | None]:
    """:param head: what a list begins with, if it is of this one among several types."""
    start, end = len(head), len(head) + len(members)

    def make(value: list[Any]) -> list[Any] | None:
        if value[:start] != head:
            return None
        return head + [taker(each) for taker, each in zip(members, value[start:], strict=False)] + value[end:]

    return make


def _object_maker(fields: dict[str, _Taker], tags: dict[str, Any]) -> Callable[[dict[str, Any]], dict[str, Any] | None]:
    """:param tags: what an object holds, if it is of this one among several types."""

    def make(value: dict[str, Any]) -> dict[str, Any] | None:
        if any(value.get(name) != tag for name, tag in tags.items()):
            return None
        return value | tags | {name: taker(value[name]) for name, taker in fields.items() if name in value}

    return make


def with_floats(value: Any) -> Any:
    """:returns: the same value, with a float for each integer beyond ±2**53 that is one with all its digits."""
    if isinstance(value, dict):
        return {key: with_floats(item) for key, item in value.items()}
    if isinstance(value, list):
        return [with_floats(item) for item in value]
    return _float_of(value) if type(value) is int and abs(value) > _MAX_INT else value


def _float_of(value: int) -> float:
    """:returns: the float that these digits stand for, be they all of its digits or just enough; else the integer."""
    try:
        number = float(value)
    except OverflowError:
        return value
    return number if number == value or Decimal(repr(number)) == value else value
