"""A player's message of the game's own."""

from __future__ import annotations

from collections.abc import Coroutine
from inspect import isawaitable
from typing import TYPE_CHECKING, Any, Final

from msgspec import Raw
from twisted.internet.defer import succeed

from gameserver.errors import NotJSON, Refused
from gameserver.protocol import messages, values
from gameserver.room import absence, permission, quota
from gameserver.room.effects import Requester
from gameserver.room.inputs.input import SeatRequest
from gameserver.room.turns import legal

if TYPE_CHECKING:
    from gameserver.room.answers import Memory
    from gameserver.room.contract import MessageContract
    from gameserver.room.room import Room
    from gameserver.room.seats import Player


UNREAD: Final = object()
"""Data that nobody has read yet."""


class Message(SeatRequest[messages.Send], frozen=True):
    """
    A player sends a message of the game's own.

    :ivar read: its data, as `MessageSpec.decode` reads it, or `UNREAD`.
    """

    read: Any = UNREAD

    def apply(self, room: Room) -> Coroutine[Any, Any, None] | None:
        """Call the game's method for it, by its type."""
        return apply_message(room, self.requester, self.seat, self.message, self.read)


def apply_message(
    room: Room, requester: Requester, seat: str, message: messages.Send, read: Any
) -> Coroutine[Any, Any, None] | None:
    """
    Do what a `Message` does, without making one: most inputs are such, and most of them do little but send something.

    :returns: None where it is done and answered; otherwise what is to be awaited.
    """
    player = room.seats.get(seat)
    replies = room.replies
    id = requester.id
    memory: Memory | None = None
    if id is not None and (memories := replies.answers.by_seat.get(seat)) is not None:
        memory = memories.get(requester.session.key)
    if player is None or not player._bucket.spare or (memory is not None and id is not None and id <= memory.last_id):
        player = replies.asking_player(requester, seat)
        if player is None:
            return None
    else:
        player._bucket.spare -= 1
    type, contract, journal = message.type, room.spec, room.journal
    spec = contract.messages.get(type)
    try:
        if message.turn is not None and message.turn != room.turns.number:
            raise Refused("That was meant for another turn.", code="not_your_turn")
        if spec is None:
            result = _call_function(room, player, type, message.data)
        else:
            if spec.open_to != player.role or room.state.paused_at is not None:
                permission.admit_message(room, spec, player, type)
                if player._kept.late and (spec.turn or spec.question):
                    absence.moved(room, player)
            room.changes.durable = spec.durable
            if contract.undoes:
                room.undoing.begin(player)
            if read is UNREAD:
                result = spec.call(room, player, message.data)
            else:
                call_read = spec.call_read  # a local: Python takes longer to call an instance's attribute
                result = call_read(room.game, player, read)
            if spec.question:
                return room.game_calls.asked(
                    requester, player, type, 0, _take_answer(room, spec.method, player, result)
                )
        if result is not None:
            if isawaitable(result):
                return room.game_calls.asked(requester, player, type, 0, result)
            result = values.plain(result)
        if journal.undo != room.changes.only_said:  # else only the size must be checked, when it is told
            if player._kept.late and not contract.waits_for_turns:  # what changes something is a move there
                absence.moved(room, player)
            if journal.stale.asked or contract.looks_ahead:
                return room.game_calls.asked(requester, player, type, 0, succeed(result))
            quota.check(room)
        if id is not None:
            if result is None:
                room.changes.done.append((requester, seat, memory))
            else:
                replies.answer(requester, player, result)
    except (Exception, SystemExit) as error:  # noqa: BLE001 - the message's door
        room.game_calls.refuse(requester, player, type, 0, error)
        if player._kept.late:
            return _be_back(room, player, spec)
    return None


async def _be_back(room: Room, player: Player, spec: MessageContract | None) -> None:
    """A move of one who was too slow is refused, as that turn was passed over: from the next on, theirs are not."""
    if absence.is_late(player) and (spec is None or spec.turn):
        await room.game_calls.alone("turn", absence.be_back, room, player)


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
    permission.admit_while_paused(room, player)
    try:
        decoded = values.read(data)
    except NotJSON as error:
        raise Refused(str(error), code="bad_data", path="$") from None
    if room.spec.turn_types:
        _begin_turn_type(room, player, type, decoded)
    return room.game._gs_receive(player, type, decoded)


def _begin_turn_type(room: Room, player: Player, type: str, data: Any) -> None:
    """Check and note a message of a game in the function style that takes turns."""
    legal.admit_untyped(room, player, type, data)
    found = room.spec.turn_types.get(type)
    if player._kept.late and found is not None:
        absence.moved(room, player)
    if room.spec.undoes:
        room.undoing.begin(player)
        if found is not None and found.undo:
            room.undoing.copy(player)
