"""
The short way of a player's message: most change nothing of the room, but say something.

Whatever is out of the ordinary goes the general way from where it is noticed (`Keeper.message_in_line`,
`Inputs.called`, `tell`); what comes of both is the same. That a step only spoke is seen in the journal: whatever
changes a room says first how to undo it.

All of it is one function, since a message that is said on costs little more than the calls on its way.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Raw
from twisted.python.failure import Failure

from gameserver.room.commits import DUE_SLACK_S
from gameserver.room.effects import Asker
from gameserver.room.saying import audience, say_event
from gameserver.room.step import Utterance
from gameserver.room.telling import tell

if TYPE_CHECKING:
    from gameserver.room.keeper import Keeper


def message(keeper: Keeper, asker: Asker, seat: str, type: str, data: Raw | bytes) -> None:
    """
    A player's message: the input that most are.

    :raises Refused: there is no room any more, or too much waits for it.
    """
    room = keeper.room
    now = keeper.clock.now()
    due = room._due
    player = room.seats.get(seat)
    spec = room.spec.messages.get(type)
    if (
        not keeper.is_plain
        or keeper.queue
        or keeper.draining
        or keeper.busy
        or keeper.over
        or keeper.store_away
        or (keeper.is_stored and keeper.commits.behind)
        or room.due_stale
        or (due is not None and due <= now + DUE_SLACK_S)
        or room.told.patches
        or room.told.slow.copies
        or room.paused_at is not None
        or spec is None
        or player is None
        or spec.open_to != player.role
        or (asker.id is not None and room.replies.came_before(asker, player))
        or not player._bucket.take(now)
    ):
        keeper.message_in_line(asker, seat, type, data)
        return
    room.now = now
    room.durable = spec.durable
    keeper.draining = True
    try:
        try:
            result = spec.call(room, player, data)
        except Exception as error:  # noqa: BLE001 - the message's door
            room.doors.refuse(asker, player, type, 0, error)
            keeper.end_message(asker, None)
        else:
            if result is not None or asker.id is not None or len(room.journal.undo) != len(room.said):
                keeper.end_message(asker, room.inputs.called(asker, player, type, result))
            else:
                said = room.said
                if len(said) == 1 and isinstance(one := said[0], Utterance) and one.but is None and not one.volatile:
                    to = room.audiences.get(one.key) or audience(room, one.key)
                    room.streams.keep((say_event(room, one, to),))
                    said.clear()
                else:
                    tell(room)
                room.journal.commit()
                if room.durable:
                    keeper.commits.must = True
                if not keeper.in_turn:
                    keeper.in_turn = True
                    keeper.on_turn(keeper)
    except Exception:  # noqa: BLE001 - a bug of ours must not stop the other rooms
        keeper._failed("message", (asker,), None, Failure())
    finally:
        keeper.draining = False
    if room.due_stale or keeper.queue:
        keeper._drain()
