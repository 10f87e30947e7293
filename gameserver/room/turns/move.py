"""What a player may do now, as a game says it."""

from __future__ import annotations

from collections.abc import Sequence
from random import Random
from types import EllipsisType
from typing import Any

from msgspec import Struct, structs

from gameserver.protocol.values import same


class Some(Struct, frozen=True, tag=True):
    """
    So many of some items, in any order: a field of a `Move` that is left open.

    :ivar of: the items, each as often as it may be taken.
    :ivar least: at least so many.
    :ivar most: at most so many; by default as many as ``least``.

    >>> Some(["C2", "D5", "HK"], 2).most
    2
    """

    of: Sequence[Any]
    least: int
    most: int = -1

    def __post_init__(self) -> None:
        if self.most == -1:
            structs.force_setattr(self, "most", self.least)
        if not 0 <= self.least <= self.most:
            raise ValueError(f"Some: from {self.least} to {self.most} items is no number of items")


Choice = Sequence[Any] | range | Some | EllipsisType
"""What a field may be: one of a list, a number of a range, some items, or with ``...`` whatever its type allows."""


class Move(Struct, frozen=True, array_like=True, omit_defaults=True):  # encoded as an array, in half the time
    """
    What a player may do now: a message of the game, with its data.

    :ivar type: the name of the message.
    :ivar data: its fields; a `Player` stands for a seat. None: it has none.
    :ivar label: what a button says; ``{field}`` is filled in from the data.
    :ivar group: buttons of one group stand together.
    :ivar choices: fields that are left open, and what each may be: a list, a ``range``, `Some`, or ``...``, which is
        whatever the type allows.

    >>> Move("attack", {"a": 3}, choices={"b": [4, 9], "dice": range(1, 4)}).fill(b=4, dice=2).data
    {'a': 3, 'b': 4, 'dice': 2}
    """

    type: str
    data: dict[str, Any] | None = None
    label: str | None = None
    group: str | None = None
    choices: dict[str, Choice] | None = None

    def fill(self, **fields: Any) -> Move:
        """
        Fill in fields that are left open.

        :returns: the move, with these in its data.
        :raises ValueError: a field is not open, or may not be that.
        """
        choices = dict(self.choices or {})
        for name, value in fields.items():
            if name not in choices:
                raise ValueError(f"the move {self.type!r} leaves {', '.join(choices) or 'nothing'} open, not {name!r}")
            if not allows(choices.pop(name), value):
                raise ValueError(f"{name} of the move {self.type!r} may not be {value!r}")
        return structs.replace(self, data={**(self.data or {}), **fields}, choices=choices or None)

    def pick(self, random: Random) -> Move:
        """
        Fill in all open fields by chance.

        :param random: such as ``self.random`` of a game.
        :raises ValueError: a field may be anything (``...``), or has nothing to choose from.
        """
        return self.fill(**{name: picked(name, choice, random) for name, choice in (self.choices or {}).items()})


def allows(choice: Choice, value: Any) -> bool:
    """Whether an open field may be this; ``True`` is not 1."""
    if choice is ...:
        return True
    if isinstance(choice, Some):
        if not isinstance(value, list | tuple) or not choice.least <= len(value) <= choice.most:
            return False
        left = list(choice.of)
        for item in value:
            place = next((i for i, one in enumerate(left) if same(one, item)), None)
            if place is None:
                return False
            del left[place]
        return True
    if isinstance(choice, range):
        return type(value) is int and value in choice
    return any(same(one, value) for one in choice)


def can_pick(choice: Choice) -> bool:
    """Whether an open field can be filled in by chance: not if it may be anything, or has nothing to choose from."""
    if isinstance(choice, Some):
        return len(choice.of) >= choice.least
    return not isinstance(choice, EllipsisType) and len(choice) > 0


def picked(name: str, choice: Choice, random: Random) -> Any:
    """:raises ValueError: it may be anything, or nothing. :returns: one of what an open field may be, by chance."""
    if choice is ...:
        raise ValueError(f"{name} may be anything: that cannot be chosen by chance")
    if not can_pick(choice):
        raise ValueError(f"{name} has nothing to choose from")
    if isinstance(choice, Some):
        return random.sample(list(choice.of), random.randint(choice.least, min(choice.most, len(choice.of))))
    return random.choice(choice)
