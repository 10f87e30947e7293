"""
Data for a message: values of its schema's types, taken from what a player knows, from the game's own words, or made up.

A `ValueSource` is one of the places from which a field's value may come; which of them a game accepts is learned.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from functools import cache, partial
from typing import Annotated, Any, Final, NamedTuple, get_args, get_origin

import msgspec
from msgspec import inspect as types

from gameserver.room.seats import Player
from gameserver.testing.experience import Experience, Part
from gameserver.testing.seen import Seen

ODD: Final[tuple[Any, ...]] = (None, -1, 0, 1, 2**40, 0.5, "", "x", "\U0001f600", [], {}, [1, 2], {"a": 1}, True)
"""What a hostile or broken client might send anywhere."""
MOST_DEPTH: Final = 4
"""Values nest so deep at most."""
TOGETHER: Final = 0.5
"""How often several fields come from one object, where there is one that has them."""
SURE: Final = 0.5
"""How often a value is from where the best ones came; else draws decide, and of many bad places one may look good."""
OMITTED: Final = 0.4
"""How often a field that has a default is left out."""


class ValueSource(NamedTuple):
    """
    One place from which a value may come.

    :param hope: how likely that is a good one, as wins and losses.
    """

    origin: str
    hope: tuple[float, float]
    pick: Callable[[], Any]


class Guesses:
    """
    Makes data for messages.

    :param experience: tells which sources of values did well so far.
    """

    def __init__(self, dice: random.Random, experience: Experience) -> None:
        self._dice = dice
        self._experience = experience

    def arguments(
        self, type: str, struct: type[msgspec.Struct], seen: Seen, words: list[Any]
    ) -> tuple[dict[str, Any], list[Part]]:
        """
        :param struct: the message's fields.
        :param words: what the game's code compares with.
        :returns: its data, and what it was made of.
        """
        fields = _fields(struct)
        data: dict[str, Any] = {}
        parts: list[Part] = []
        together = self._together(type, fields, seen) if len(fields) > 1 and self._dice.random() < TOGETHER else None
        if together is not None:
            data, parts = together
        for field in fields:
            if field.encode_name in data or (not field.required and self._dice.random() < OMITTED):
                continue
            sources = list(self.sources(field.name, field.type, seen, words))
            source = self.best((type, field.name), sources)
            data[field.encode_name] = source.pick()
            parts.append((type, field.name, source.origin))
        return data, parts

    def best(self, about: Part, sources: list[ValueSource]) -> ValueSource:
        """:returns: the source that did best so far, or as often the one that seems best by a draw."""
        rate = self._experience.mean if self._dice.random() < SURE else self._experience.chance
        return max(sources, key=lambda source: rate((*about, source.origin), source.hope))

    def sources(self, name: str, kind: Any, seen: Seen, words: list[Any], depth: int = 0) -> Iterator[ValueSource]:
        """:returns: all places from which a value of a type may come; the last makes it up."""
        for origin, found in seen.fitting(kind).items():
            yield ValueSource(origin, _hope(name, origin), partial(self._dice.choice, found))
        fitting = [word for word in words if _is_of(word, kind)]
        if fitting:
            yield ValueSource("words", (1.0, 1.0), partial(self._dice.choice, fitting))
        item = item_of(kind)
        if item is not None:
            for origin, found in seen.fitting(item).items():
                yield ValueSource(f"some {origin}", _hope(name, origin), partial(self._some, found))
        yield ValueSource("made up", (1.0, 2.0), partial(self._made, kind, seen, words, depth))

    def _together(
        self, type: str, fields: tuple[msgspec.structs.FieldInfo, ...], seen: Seen
    ) -> tuple[dict[str, Any], list[Part]] | None:
        """Several fields as they stand together in an object: suit and rank of one card."""
        names = {field.encode_name: field for field in fields}
        found = [
            ValueSource(f"of {origin}", (2.0, 1.0), partial(dict, value))
            for origin, value in seen.dicts()
            if sum(name in value and _is_of(value[name], names[name].type) for name in names) > 1
        ]
        if not found:
            return None
        source = self.best((type, "*"), self._dice.sample(found, len(found)))
        value = source.pick()
        good = {name: value[name] for name in names if name in value and _is_of(value[name], names[name].type)}
        return good, [(type, "*", source.origin)]

    def _some(self, found: list[Any]) -> list[Any]:
        """A few of them, mostly one; each once, unless it is there several times."""
        most = min(len(found), self._dice.choice((1, 1, 1, 2, 2, 3, 4)))
        return self._dice.sample(found, most)

    def _made(self, kind: Any, seen: Seen, words: list[Any], depth: int) -> Any:
        """Make a value up, near the bounds of its type as well as inside them."""
        info = types.type_info(kind)
        if isinstance(info, types.UnionType):
            info = self._dice.choice(info.types)
        if isinstance(info, types.StructType) and depth < MOST_DEPTH:
            fields = _fields(info.cls)
            return {f.encode_name: self._inner(f.name, f.type, seen, words, depth) for f in fields}
        item = item_of(kind)
        if item is not None and isinstance(info, _LISTS) and depth < MOST_DEPTH:
            return [self._inner("", item, seen, words, depth) for _ in range(self._dice.randrange(4))]
        return make(info, self._dice, list(seen.values["seats"]))

    def _inner(self, name: str, kind: Any, seen: Seen, words: list[Any], depth: int) -> Any:
        return self._dice.choice(list(self.sources(name, kind, seen, words, depth + 1))).pick()


def make(kind: types.Type, dice: random.Random, seats: list[str]) -> Any:
    """:returns: a value of a type, made up without any knowledge of the game."""
    simple = _SIMPLE.get(type(kind))
    if simple is not None:
        return simple(dice, kind)
    if isinstance(kind, types.UnionType):
        return make(dice.choice(kind.types), dice, seats)
    if isinstance(kind, types.LiteralType):
        return dice.choice(kind.values)
    if isinstance(kind, types.EnumType):
        return dice.choice(list(kind.cls)).value
    if isinstance(kind, _LISTS):
        return [make(kind.item_type, dice, seats) for _ in range(dice.randrange(4))]
    if isinstance(kind, types.TupleType):
        return [make(item, dice, seats) for item in kind.item_types]
    if isinstance(kind, types.CustomType) and kind.cls is Player:
        return dice.choice([*seats, "nobody"])
    return dice.choice(ODD)


@cache
def item_of(kind: Any) -> Any:
    """:returns: the type of a list's items; None where it is no list."""
    if get_origin(kind) is Annotated:
        kind = get_args(kind)[0]
    within = [arm for arm in get_args(kind) if arm is not Ellipsis]
    if len(within) == 1 and isinstance(types.type_info(kind), _LISTS):
        return within[0]
    return None


@cache
def _fields(struct: type[msgspec.Struct]) -> tuple[msgspec.structs.FieldInfo, ...]:
    return msgspec.structs.fields(struct)


def _is_of(value: Any, kind: Any) -> bool:
    try:
        msgspec.convert(value, kind, strict=True, builtin_types=(bytes,), str_keys=True)
    except (msgspec.ValidationError, TypeError, NotImplementedError):
        return False
    return True


def _hope(name: str, origin: str) -> tuple[float, float]:
    """How much an origin promises a field of that name, before anything is known of it."""
    if name and name.rstrip("s") in origin:
        return 3.0, 1.0
    if origin.startswith(("seat/", "reply", "event")) and origin.endswith(("[]", "*", "#")):
        return 2.0, 1.0
    return (1.0, 1.0) if origin.endswith(("[]", "*", "#", "seats")) else (1.0, 3.0)


def _number(dice: random.Random, kind: Any) -> int:
    low = kind.ge if kind.ge is not None else kind.gt + 1 if kind.gt is not None else -3
    high = kind.le if kind.le is not None else kind.lt - 1 if kind.lt is not None else max(low, 0) + 12
    number = dice.randint(int(low), int(max(low, high)))
    return number - number % kind.multiple_of if kind.multiple_of else number


def _fraction(dice: random.Random, kind: Any) -> float:
    low = kind.ge if kind.ge is not None else kind.gt if kind.gt is not None else -10.0
    high = kind.le if kind.le is not None else kind.lt if kind.lt is not None else max(low, 0.0) + 10.0
    return dice.uniform(low, high)


def _text(dice: random.Random, kind: Any) -> str:
    least, most = kind.min_length or 0, kind.max_length if kind.max_length is not None else 20
    return "".join(dice.choices("abc xyzé", k=dice.randint(least, max(least, most))))


_LISTS = types.ListType | types.SetType | types.VarTupleType | types.FrozenSetType
_SIMPLE: Final[dict[type, Callable[[random.Random, Any], Any]]] = {
    types.IntType: _number,
    types.FloatType: _fraction,
    types.StrType: _text,
    types.BoolType: lambda dice, kind: dice.random() < 0.5,
    types.NoneType: lambda dice, kind: None,
    types.BytesType: lambda dice, kind: dice.randbytes(dice.choice((0, 1, 2, 3, 4, 6, 8, 12, 16))),
}
