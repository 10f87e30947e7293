"""A player's message of the game's own."""

from __future__ import annotations

from collections.abc import Coroutine
from inspect import isawaitable
from typing import TYPE_CHECKING, Any

from msgspec import Raw
from twisted.internet.defer import succeed

from gameserver.errors import NotJSON, Refused
from gameserver.protocol import messages, values
from gameserver.room import admission, quota
from gameserver.room.effects import Requester
from gameserver.room.inputs.input import SeatRequest

if TYPE_CHECKING:
    from gameserver.room.room import Room
    from gameserver.room.seats import Player


class Message(SeatRequest[messages.Send], frozen=True):
    """A player sends a message of the game's own."""

    def apply(self, room: Room) -> Coroutine[Any, Any, None] | None:
        """Call the game's method for it, by its type."""
        requester, type = self.requester, self.message.type
        player = room.replies.asking_player(requester, self.seat)
        if player is None:
            return None
        spec = room.spec.messages.get(type)
        mark = 0  # nothing was done in this step
        try:
            if spec is None:
                result = _call_function(room, player, type, self.message.data)
            else:
                admission.admit_message(room, spec, player, type)
                room.changes.durable = spec.durable
                result = spec.call(room, player, self.message.data)
                if spec.question:
                    return room.game_calls.asked(
                        requester, player, type, mark, _take_answer(room, spec.method, player, result)
                    )
        except Exception as error:  # noqa: BLE001 - the message's door
            room.game_calls.refuse(requester, player, type, mark, error)
            return None
        return called(room, requester, player, type, result)


def called(
    room: Room, requester: Requester, player: Player, type: str, result: Any
) -> Coroutine[Any, Any, None] | None:
    """
    The game's code for a message was called, and nothing was done in this step before.

    :returns: None where it is done and answered; otherwise what is to be awaited.
    """
    mark = 0
    try:
        reply = None
        if result is not None:
            if isawaitable(result):
                return room.game_calls.asked(requester, player, type, mark, result)
            reply = values.plain(result)
        if room.journal.stale.asked or room.changes.later:
            return room.game_calls.asked(requester, player, type, mark, succeed(reply))
        if quota.may_have_grown(room):
            quota.check(room)
        elif room.changes.said:
            quota.check_said(room)
        if requester.id is not None:
            room.replies.answer(requester, player, reply)
    except Exception as error:  # noqa: BLE001 - the message's door
        room.game_calls.refuse(requester, player, type, mark, error)
    return None


async def _take_answer(room: Room, name: str, player: Player, result: Any) -> None:
    """What a question's method returned is kept, and secret."""
    if isawaitable(result):
        result = await result
    room.asking.answer(name, player, result)


def _call_function(room: Room, player: Player, type: str, data: Raw | bytes) -> Any:
    """A message of a game in the function style, which knows no schema."""
    if not room.spec.function_style:
        raise Refused(f"This game has no message {type!r}.", code="unknown_type")
    if type.isupper():
        raise Refused("Types in capitals are the framework's.", code="forbidden")
    admission.admit_while_paused(room, player)
    try:
        decoded = values.read(data)
    except NotJSON as error:
        raise Refused(str(error), code="bad_data", path="$") from None
    return room.game._gs_receive(player, type, decoded)
