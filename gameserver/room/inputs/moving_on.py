"""The host goes on with everybody in another room; see `gameserver.room.moving_on`."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from gameserver.errors import Refused
from gameserver.protocol import messages, msgpack
from gameserver.room import quota
from gameserver.room.effects import Requester
from gameserver.room.hosts import is_host
from gameserver.room.inputs.input import Input, SeatRequest
from gameserver.room.moving_on import go
from gameserver.room.state import Successor

if TYPE_CHECKING:
    from gameserver.room.room import Room
    from gameserver.room.seats import Player


class AskNext(SeatRequest[messages.NextMessage], frozen=True):
    """
    The host asks for another room. What is refused is answered, as is what came before.

    :ivar check: raises `Refused` where there can be no such room.
    :ivar agree: called where there can be.
    """

    check: Callable[[], None]
    agree: Callable[[], None]

    def apply(self, room: Room) -> None:
        """Look whether it may be."""
        player = room.replies.asking_player(self.requester, self.seat)
        if player is None:
            return
        try:
            check_host(room, player)
            self.check()
        except Refused as refused:
            room.replies.error(self.requester, refused, player)
        else:
            self.agree()


class PlanNext(Input, frozen=True):
    """It is settled what the other room is to be; whatever happens from now on, it will be made."""

    requester: Requester
    successor: Successor

    def apply(self, room: Room) -> None:
        """Keep it; refused, where the host is host no longer."""
        check_host(room, room.seats.get(self.successor.seat))
        room.journal.set(room.state, "next", self.successor)


class GiveUpNext(Input, frozen=True):
    """
    The game refuses to make that room: all stay.

    :ivar requester: who asked; None: that was before this process.
    """

    requester: Requester | None
    refused: Refused

    def apply(self, room: Room) -> None:
        """Forget it, and answer."""
        successor = room.state.next
        if successor is None or successor.is_made:
            return
        room.journal.set(room.state, "next", None)
        if self.requester is not None:
            room.replies.error(self.requester, self.refused, room.seats.get(successor.seat))


class GoOn(Input, frozen=True):
    """
    The other room is there and stored: all leave for it.

    :ivar requester: who asked; None: that was before this process.
    """

    requester: Requester | None

    async def apply(self, room: Room) -> None:
        """Call ``on_close``, let everybody go, and answer."""
        successor = room.state.next
        if successor is None or successor.is_made:
            return
        await room.game_calls.alone("on_close", room.game.on_close)
        go(room, successor)
        quota.measure(room)  # there is hardly anything of it any more
        quota.count(room)
        asked = self.requester
        if asked is not None and asked.id is not None:
            done = messages.Ok(asked.id, answer_of(successor), room.code)
            room.changes.replies.append((asked.session, msgpack.encode_for(asked.session.form, done)))


def check_host(room: Room, player: Player | None) -> None:
    """
    :raises Refused: ``forbidden``: this is not the host; ``busy``: another room is made already; ``room_over``: this
        one ends.
    """
    if player is None or not is_host(room, player):
        raise Refused("Only the host may go on with another game.", code="forbidden")
    if room.state.next is not None:
        raise Refused("The next room is being made.", code="busy")
    if room.moment.closing is not None:
        raise Refused(code="room_over")


def answer_of(successor: Successor) -> dict[str, str]:
    """:returns: the answer to ``next``."""
    return {"room": successor.code}
