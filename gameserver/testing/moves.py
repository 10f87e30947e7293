"""Random inputs for a game: messages made from its signatures, and people who come, go, drop and chat."""

from __future__ import annotations

import random
from collections.abc import Callable
from types import CodeType
from typing import TYPE_CHECKING, Any, Final

import msgspec
from msgspec import inspect as types

from gameserver.errors import Refused
from gameserver.room.seats import Player

if TYPE_CHECKING:
    from gameserver.game.spec import Spec
    from gameserver.testing.table import Table
    from gameserver.testing.visitor import Visitor

Move = tuple[str, str, Any]
"""Who, what and with which data."""

ODD: Final[tuple[Any, ...]] = (None, -1, 0, 1, 2**40, 0.5, "", "x", "\U0001f600", [], {}, [1, 2], {"a": 1}, True)
"""What a hostile or broken client might send anywhere."""
NAMES: Final = ("Cleo", "Dan", "Eve", "Finn", "Gil")


def play_random(
    table: Table, steps: int, seed: int, moves: list[tuple[str, Any]], *, restarts: bool = False
) -> list[Move]:
    """See `Table.play_random`."""
    dice = random.Random(seed)
    done: list[Move] = []
    wild = Wild(table, dice, moves)
    with table.failures.raised():
        for _ in range(steps):
            if table.status == "closed":
                break
            move = wild.move()
            done.append(move)
            if restarts and table.status != "closed":
                table.restart()
    return done


class Wild:
    """
    Makes one random move after another.

    :param moves: messages to try besides those that signatures tell.
    """

    def __init__(self, table: Table, dice: random.Random, moves: list[tuple[str, Any]]) -> None:
        self._table = table
        self._dice = dice
        self._moves = moves
        self._words = words(table.game_class.__dict__.get("handler"))

    def move(self) -> Move:
        """Make one. :raises AssertionError: the game failed at it."""
        kind = self._dice.choices(
            (self._message, self._wait, self._come, self._go, self._drop, self._chat, self._start),
            weights=(60, 12, 6, 2, 6, 4, 10),
        )[0]
        return self._try(kind)

    def _try(self, kind: Callable[[], Move]) -> Move:
        before = len(self._table.visitors)
        try:
            return kind()
        except Refused as refused:
            if refused.code == "game_error":
                raise AssertionError(f"the game failed at a random move: {refused.__cause__!r}") from refused
            who = self._table.visitors[-1].name if len(self._table.visitors) > before else ""
            return who, kind.__name__, refused.code
        except Exception as error:
            raise AssertionError(f"the game failed after a random move: {error!r}") from error

    def _message(self) -> Move:
        visitor = self._somebody()
        if visitor is None:
            return self._come()
        type, data = self._something(self._table.room.spec)
        visitor.send(type, data)
        return visitor.name, type, data

    def _wait(self) -> Move:
        s = self._dice.choice((0.1, 1, 3, 10, 30))
        self._table.advance(s)
        return "", "advance", s

    def _come(self) -> Move:
        away = [v for v in self._table.visitors if not v.online and v.id in self._table.room.seats]
        if away and self._dice.random() < 0.7:
            visitor = self._dice.choice(away)
            visitor.resume()
            return visitor.name, "resume", None
        if len(self._table.room.seats) >= 8:
            return "", "nothing", None
        role = self._dice.choice(("player", "player", "player", *self._table.game_class.roles))
        visitor = self._table.join(self._dice.choice(NAMES), role)
        return visitor.name, "join", role

    def _go(self) -> Move:
        visitor = self._somebody()
        if visitor is not None:
            visitor.leave()
        return visitor.name if visitor else "", "leave", None

    def _drop(self) -> Move:
        visitor = self._somebody()
        if visitor is not None:
            visitor.drop()
        return visitor.name if visitor else "", "drop", None

    def _chat(self) -> Move:
        visitor = self._somebody()
        text = self._dice.choice(("hello", "gg", "\U0001f600", "x" * 500))
        if visitor is not None:
            visitor.say(text)
        return visitor.name if visitor else "", "chat", text

    def _start(self) -> Move:
        visitor = self._somebody()
        if visitor is not None:
            visitor.start()
        return visitor.name if visitor else "", "start", None

    def _somebody(self) -> Visitor | None:
        seats = self._table.room.seats
        here = [visitor for visitor in self._table.visitors if visitor.online and visitor.id in seats]
        return self._dice.choice(here) if here else None

    def _something(self, spec: Spec) -> tuple[str, Any]:
        """A message's type and data: mostly as the game wants it, now and then not."""
        dice = self._dice
        if self._moves and dice.random() < 0.7:
            return dice.choice(self._moves)
        if not spec.messages:
            word = dice.choice(self._words or ["x"])
            return word, dice.choice((*self._words, *ODD, {dice.choice(self._words or ["x"]): dice.choice(ODD)}))
        type = dice.choice(sorted(spec.messages))
        if dice.random() < 0.15:
            return type, {field: dice.choice(ODD) for field in spec.messages[type].schema.fields}
        return type, self._arguments(spec.messages[type].schema.struct)

    def _arguments(self, struct: type[msgspec.Struct]) -> dict[str, Any]:
        info = types.type_info(struct)
        fields = info.fields if isinstance(info, types.StructType) else ()
        return {f.encode_name: self._value(f.type) for f in fields if f.required or self._dice.random() < 0.8}

    def _value(self, kind: types.Type, depth: int = 0) -> Any:
        """A value of a type, near its bounds as well as inside them."""
        dice = self._dice
        simple = _SIMPLE.get(type(kind))
        if simple is not None:
            return simple(dice, kind)
        if isinstance(kind, types.UnionType):
            return self._value(dice.choice(kind.types), depth)
        if isinstance(kind, types.LiteralType):
            return dice.choice(kind.values)
        if isinstance(kind, types.EnumType):
            return dice.choice(list(kind.cls)).value
        if isinstance(kind, types.ListType | types.SetType | types.VarTupleType | types.FrozenSetType):
            return [self._value(kind.item_type, depth + 1) for _ in range(dice.randrange(4))]
        if isinstance(kind, types.TupleType):
            return [self._value(item, depth + 1) for item in kind.item_types]
        if isinstance(kind, types.StructType):
            return {f.encode_name: self._value(f.type, depth + 1) for f in kind.fields}
        if isinstance(kind, types.CustomType) and kind.cls is Player:
            return dice.choice([*self._table.room.seats, "nobody"])
        return dice.choice(ODD)


def _number(dice: random.Random, kind: Any) -> int:
    low = kind.ge if kind.ge is not None else kind.gt + 1 if kind.gt is not None else -3
    high = kind.le if kind.le is not None else kind.lt - 1 if kind.lt is not None else max(low, 0) + 12
    return dice.randint(int(low), int(max(low, high)))


def _fraction(dice: random.Random, kind: Any) -> float:
    low = kind.ge if kind.ge is not None else kind.gt if kind.gt is not None else -10.0
    high = kind.le if kind.le is not None else kind.lt if kind.lt is not None else max(low, 0.0) + 10.0
    return dice.uniform(low, high)


def _text(dice: random.Random, kind: Any) -> str:
    least, most = kind.min_length or 0, kind.max_length if kind.max_length is not None else 20
    return "".join(dice.choices("abc xyzé", k=dice.randint(least, max(least, most))))


_SIMPLE: Final[dict[type, Callable[[random.Random, Any], Any]]] = {
    types.IntType: _number,
    types.FloatType: _fraction,
    types.StrType: _text,
    types.BoolType: lambda dice, kind: dice.random() < 0.5,
    types.NoneType: lambda dice, kind: None,
    types.BytesType: lambda dice, kind: dice.randbytes(4),
}


def words(function: Any) -> list[str]:
    """:returns: the words in lower case that a ``payload_handler`` compares with: its messages, most likely."""
    code = getattr(getattr(function, "__func__", function), "__code__", None)
    found: set[str] = set()
    todo = [code] if code is not None else []
    while todo:
        for constant in todo.pop().co_consts:
            if isinstance(constant, CodeType):
                todo.append(constant)
            else:
                found.update(w for w in _strings(constant) if w.isidentifier() and w.islower())
    return sorted(found)


def _strings(constant: Any) -> list[str]:
    if isinstance(constant, str):
        return [constant]
    return [s for item in constant for s in _strings(item)] if isinstance(constant, tuple | frozenset) else []
