"""What a room is to those who are in it: players, groups and teams know no more of it than this."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from gameserver.game.settings import GameSettings
    from gameserver.room.contract import Contract, RunningGame
    from gameserver.room.documents.document import Document
    from gameserver.room.groups import Groups
    from gameserver.room.journal import Journal
    from gameserver.room.seat_index import Seats
    from gameserver.room.seats import Player
    from gameserver.room.state import RoomState
    from gameserver.room.teams import Teams
    from gameserver.room.timers import Timers


class PlayersRoom(Protocol):
    """
    The room that somebody is in.

    :ivar id: unique for all time.
    :ivar spec: what was read from the game's class.
    :ivar game_class: the class, for its settings.
    :ivar game: the author's object.
    :ivar state: what the room keeps.
    :ivar journal: how each change of it is undone.
    :ivar timers: what is due when.
    :ivar seats: all seats of the room, by id.
    """

    id: str
    spec: Contract
    game_class: type[GameSettings]
    game: RunningGame
    state: RoomState
    journal: Journal[Document]
    timers: Timers
    seats: Seats

    @property
    def now(self) -> float:
        """Wall clock, seconds since 1970; the same for all of a step."""

    @property
    def players(self) -> list[Player]:
        """Seats of players, by number."""

    @property
    def groups(self) -> Groups:
        """By name."""

    @property
    def teams(self) -> Teams:
        """By name, in the order in which they were declared."""

    def doc(self, name: str) -> Document:
        """:returns: the document of that name; the first use makes it."""

    def say_event(self, key: str, type: str, data: Any, but: Player | None, volatile: bool) -> None:
        """Tell a stream's audience, at the end of the step, that something happened."""
