"""``payload["room"]``: what a function is told about its room; its users are listed only where they are read."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from gameserver.game.function_step import as_user

if TYPE_CHECKING:
    from gameserver.game.game import Game


class RoomFacts(dict[str, Any]):
    """
    A dict whose ``users`` and ``host`` are made when one is first read, or when it is looked at as a whole.

    Most calls read neither, and a room may have hundreds of users.
    """

    def __init__(self, game: Game) -> None:
        super().__init__(id=game._gs_room.id, code=game.code, game=game._gs_room.spec.name)
        self._game: Game | None = game

    def __missing__(self, key: str) -> Any:
        self._make()
        if not dict.__contains__(self, key):
            raise KeyError(key)
        return dict.__getitem__(self, key)

    def __reduce__(self) -> Any:
        self._make()
        return dict, (dict(self),)

    def _make(self) -> None:
        game, self._game = self._game, None
        if game is not None:
            given = dict(dict.items(self))  # what the function has put there itself stays
            host = game.host
            dict.update(self, users=[as_user(seat) for seat in game.seats()])
            dict.update(self, host=host.user_id if host is not None else None)
            dict.update(self, given)


def _whole(name: str) -> Callable[..., Any]:
    """:returns: a method of `dict` that sees all keys."""
    method = getattr(dict, name)

    def look(self: RoomFacts, *args: Any, **kw: Any) -> Any:
        self._make()
        return method(self, *args, **kw)

    look.__name__ = name
    return look


for _name in (
    *("__contains__", "__delitem__", "__eq__", "__ne__", "__iter__", "__len__", "__or__", "__ror__", "__ior__"),
    *("__repr__", "__reversed__", "clear", "copy", "get", "items", "keys", "pop", "popitem", "setdefault", "update"),
    "values",
):
    setattr(RoomFacts, _name, _whole(_name))
