"""
An input: one thing that happens to a room, as data, with what it does.

Applied between `Room.begin` and `gameserver.room.publish.broadcast.finish` it is one step. Plain ones are done when
`Input.apply` returns; those in which game code may wait return a coroutine, to be finished before the next input.
"""

from __future__ import annotations

from collections.abc import Coroutine
from typing import TYPE_CHECKING, Any, ClassVar, Generic, TypeVar

from msgspec import Struct

from gameserver.protocol.messages import FromClient
from gameserver.room.effects import Requester

if TYPE_CHECKING:
    from gameserver.room.room import Room
    from gameserver.room.seats import Player

M = TypeVar("M", bound=FromClient)


class Input(Struct, frozen=True):
    """
    One thing that happens to a room.

    :cvar recurs: nobody sends it: undone, it would come by itself again at once, and fail again.
    :cvar arrives: somebody comes, who must be told everything about the room, and of whom all others must be told.
    """

    recurs: ClassVar[bool] = False
    arrives: ClassVar[bool] = False

    @property
    def what(self) -> str:
        """How logs call it."""
        return type(self).__name__

    @property
    def asked_by(self) -> Requester | None:
        """Who is to be told if it comes to nothing: the requester of an input that has one."""
        requester: Requester | None = getattr(self, "requester", None)
        return requester

    def apply(self, room: Room) -> Coroutine[Any, Any, None] | None:
        """
        Do it.

        :returns: None where it is done; otherwise what is to be awaited.
        :raises Refused: it may not be; the caller undoes what it has changed.
        """
        raise NotImplementedError


class SeatRequest(Input, Generic[M], frozen=True):
    """
    What a seat of the room asks for.

    :ivar seat: which, by its id.
    :ivar message: what the client sent.
    """

    requester: Requester
    seat: str
    message: M

    @property
    def what(self) -> str:
        """The message's ``op``."""
        return str(self.message.__struct_config__.tag)

    def apply(self, room: Room) -> Coroutine[Any, Any, None] | None:
        """Do what was asked and answer it, unless it was done before, or that player asks too often."""
        player = room.replies.asking_player(self.requester, self.seat)
        return self.ask(room, player) if player is not None else None

    def ask(self, room: Room, player: Player) -> Coroutine[Any, Any, None]:
        """:returns: the request and its answer, still to be awaited."""
        return room.game_calls.asked(self.requester, player, self.what, room.journal.mark(), self.do(room, player))

    async def do(self, room: Room, player: Player) -> Any:
        """
        Do what was asked.

        :returns: the answer's data.
        :raises Refused: that player may not; what was changed will be undone.
        """
        raise NotImplementedError
