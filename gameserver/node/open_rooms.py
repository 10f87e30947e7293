"""An index of the rooms that may take somebody new, by game, role and options, for those whom any room will do."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import count
from typing import TYPE_CHECKING, Any

from gameserver.room import admission

if TYPE_CHECKING:
    from gameserver.node.runner import RoomRunner
    from gameserver.node.shown_rooms import RoomWindow
    from gameserver.room.room import Room

Key = tuple[object, ...]
Rooms = dict["RoomRunner", None]


class OpenRooms:
    """
    The index. Most of many rooms are full, in the middle of a game, or have other options: with it these need not be
    looked at for each user who wants a seat.

    :ivar window: shows other nodes what changed; None: there are no other nodes.
    """

    def __init__(self) -> None:
        self._by_key: dict[Key, Rooms] = {}
        self._keys: dict[RoomRunner, list[Key]] = {}
        self._ages: dict[RoomRunner, int] = {}
        self._counter = count()
        self.window: RoomWindow | None = None

    def note(self, runner: RoomRunner) -> None:
        """Take a room into the index, or update it there."""
        if runner not in self._ages:
            self._ages[runner] = next(self._counter)
        self._file(runner, _keys_of(runner.room))
        if self.window is not None:
            self.window.note(runner)

    def gone(self, runner: RoomRunner) -> None:
        """Drop a room from the index."""
        self._file(runner, [])
        self._keys.pop(runner, None)
        self._ages.pop(runner, None)
        if self.window is not None:
            self.window.gone(runner)

    def of(self, game: str, role: str, match: Mapping[str, Any]) -> Iterator[RoomRunner]:
        """
        :returns: all rooms of a game with a free seat of this role whose options hold ``match``, and perhaps some with
            other options; those whose game is not over first, and of them those first that were open for longest.
        """
        for over in (False, True):
            about = (game, role, over)
            keys = [about, *(about + option for option in _indexed(match))]
            yield from min((self._by_key.get(key, {}) for key in keys), key=len)

    def age(self, runner: RoomRunner) -> int:
        """:returns: a number that is smaller for older rooms."""
        return self._ages[runner]

    def _file(self, runner: RoomRunner, keys: list[Key]) -> None:
        before = self._keys.get(runner, [])
        if keys == before:
            return
        for key in before:
            if key not in keys:
                del self._by_key[key][runner]
                if not self._by_key[key]:
                    del self._by_key[key]
        for key in keys:
            self._by_key.setdefault(key, {}).setdefault(runner)
        self._keys[runner] = keys


def _keys_of(room: Room) -> list[Key]:
    options = _indexed(room.state.options)
    keys: list[Key] = []
    for role in admission.open_roles(room):
        about = (room.spec.name, role, room.state.status == "over")
        keys += [about, *(about + option for option in options)]
    return keys


def _indexed(options: Mapping[str, Any]) -> list[Key]:
    """:returns: a key for each option with a plain value; values that are the same in JSON have the same key."""
    simple = ((name, value) for name, value in options.items() if value is None or isinstance(value, str | int | float))
    return [(name, isinstance(value, bool), value) for name, value in simple]
