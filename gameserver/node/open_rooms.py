"""The rooms that may take somebody new, by game and role: among them one is looked for where any will do."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from itertools import count
from typing import TYPE_CHECKING

from gameserver.room import admission

if TYPE_CHECKING:
    from gameserver.node.runner import RoomRunner


class OpenRooms:
    """Of many rooms most are full or are played in: those are not walked through for each who wants a seat."""

    def __init__(self) -> None:
        self._of: dict[tuple[str, str], dict[RoomRunner, None]] = {}
        self._ages: dict[RoomRunner, int] = {}
        self._counter = count()

    def note(self, runner: RoomRunner) -> None:
        """A room is there, or another than it was."""
        if runner not in self._ages:
            self._ages[runner] = next(self._counter)
        roles = admission.open_roles(runner.room)
        for role in roles:
            self._of.setdefault((runner.room.spec.name, role), {})[runner] = None
        self._leave(runner, but=roles)

    def gone(self, runner: RoomRunner) -> None:
        """A room is there no more."""
        self._leave(runner)
        self._ages.pop(runner, None)

    def of(self, game: str, role: str) -> Iterator[RoomRunner]:
        """:returns: those of a game with a seat of that role, which was open for longest first."""
        return iter(self._of.get((game, role), ()))

    def age(self, runner: RoomRunner) -> int:
        """:returns: a number, less for a room that was there before."""
        return self._ages[runner]

    def _leave(self, runner: RoomRunner, *, but: Collection[str] = ()) -> None:
        for role in ("player", *runner.room.game_class.roles):
            if role not in but:
                self._of.get((runner.room.spec.name, role), {}).pop(runner, None)
