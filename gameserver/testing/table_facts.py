"""What a test sees of its table: the part of `gameserver.testing.table.Table` that only looks."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from gameserver.room import row
from gameserver.testing.mirrors import as_told

if TYPE_CHECKING:
    from gameserver.clock import Clock
    from gameserver.game.game import Game
    from gameserver.node.rooms import RoomRegistry
    from gameserver.node.runner import RoomRunner
    from gameserver.room.room import Room
    from gameserver.room.turns.turns import Turns
    from gameserver.testing.visitor import Visitor


class TableFacts:
    """The room of a table, as it is now."""

    visitors: list[Visitor]
    _registry: RoomRegistry
    _clock: Clock

    @property
    def code(self) -> str:
        """The code that people type to come in."""
        raise NotImplementedError

    @property
    def turns(self) -> Turns:
        """Whose turn it is, and who is waited for: ``self.turns`` of the game."""
        return self.room.turns

    @property
    def state(self) -> Any:
        """The document that everybody in the room sees, as clients have it."""
        for visitor in self.visitors:
            if visitor.online and "room" in visitor.docs:
                return visitor.docs["room"]
        return as_told(self.room, "room")

    @property
    def row(self) -> dict[str, Any]:
        """The room as one JSON tree: documents, seats, groups, timers, questions, chance, options."""
        return row.read(self.room)

    @property
    def game(self) -> Game:
        """The game's object; another after a restart."""
        return cast("Game", self.room.game)

    @property
    def status(self) -> str:
        """``lobby``, ``playing`` or ``over``; ``closed`` once the room is gone."""
        runner = self._registry.get(self.code)
        return "closed" if runner is None else runner.room.state.status

    @property
    def phase(self) -> str | None:
        """The phase that the game entered last, or None."""
        return self.room.state.phase

    @property
    def result(self) -> Any:
        """What the game gave to ``over``: a dict, or None before."""
        return self.room.state.result

    @property
    def now(self) -> float:
        """The time in seconds since 1970, by the table's clock."""
        return self._clock.now()

    @property
    def room(self) -> Room:
        """
        The server's room.

        :raises LookupError: it has closed.
        """
        runner: RoomRunner | None = self._registry.get(self.code)
        if runner is None:
            raise LookupError("the room has closed")
        return runner.room
