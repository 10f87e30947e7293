"""
The short way of a player's message: most change nothing of the room, but say something.

Whatever is out of the ordinary goes the general way from where it is noticed (`Keeper.message`, `Inputs.called`,
`tell`); what comes of both is the same. That a step only spoke is seen in the journal: whatever changes a room says
first how to undo it.

All of it is one function, since a message that is said on costs little more than the calls on its way.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final

from msgspec import DecodeError, Raw, ValidationError
from twisted.python.failure import Failure

from gameserver.room.commits import DUE_SLACK_S
from gameserver.room.effects import Asker
from gameserver.room.saying import audience, say_event
from gameserver.room.space import check_said
from gameserver.room.telling import tell
from gameserver.room.timers import LOOK

if TYPE_CHECKING:
    from gameserver.room.keeper import Keeper
    from gameserver.wire.messages import Send

UNFIT: Final = (ValidationError, DecodeError, UnicodeDecodeError, RecursionError)
"""What a decoder raises at data that is not of its type."""


class Speaker:
    """
    A session in a seat, as long as both are what they are.

    :param asker: who sends what has no id.
    :param read: makes a message of what the client sent; raises of `UNFIT` where that must look closer.
    :param is_flat: whether what was sent nests no deeper than may be; asked where its type does not tell.
    """

    __slots__ = ("asker", "code", "is_flat", "keeper", "passes", "player", "read", "room", "seat", "specs")

    def __init__(
        self,
        keeper: Keeper,
        seat: str,
        asker: Asker,
        read: Callable[[bytes], Send],
        is_flat: Callable[[bytes], bool],
    ) -> None:
        self.keeper = keeper
        self.seat = seat
        self.asker = asker
        self.read = read
        self.is_flat = is_flat
        self.passes = keeper.passes
        self.room = room = keeper.room
        self.code = room.code
        self.specs = room.spec.messages
        self.player = room.seats[seat]

    def says(self, frame: bytes) -> bool:
        """
        The client sent something: if it is a message that may go the short way, it goes.

        :returns: whether that was all; if not, nothing was done.
        """
        # What is called is a local first: of an attribute that is none of its class Python looks for a method before.
        read = self.read
        try:
            message = read(frame)
        except UNFIT:
            return False
        keeper, room, player = self.keeper, self.room, self.player
        spec = self.specs.get(message.type)
        now = began_s = self.passes.began_s
        if began_s:
            monotonic = self.passes.monotonic_s
        else:
            now, monotonic = keeper.clock.now(), keeper.clock.monotonic()
        if (
            spec is None
            or (message.room is not None and message.room != self.code)
            or spec.open_to != player.role
            or not keeper.free
            or room.due_at <= now + DUE_SLACK_S
            or keeper.commits.late_at <= monotonic
        ):
            return False
        asker = self.asker
        if message.id is not None:
            asker = Asker(asker.session, asker.user, message.id, asker.room)
            if room.replies.came_before(asker, player):
                return False
        data = message.data
        decode = spec.decode
        if decode is None or type(data) is not Raw:
            if not self.is_flat(frame):
                return False
            decode = None
        else:
            try:
                data = decode(data)
            except Exception:  # noqa: BLE001 - a type of the game's may raise anything; the general way answers
                return False
        bucket = player._bucket
        if bucket.spare:
            bucket.spare -= 1
        elif not bucket.take(monotonic):
            return False
        room.now, room.monotonic = now, monotonic
        room.durable = spec.durable
        keeper.draining = True
        try:
            try:
                if decode is None:
                    result = spec.call(room, player, data)
                else:
                    call = spec.call_read
                    result = call(room.game, player, data)
            except Exception as error:  # noqa: BLE001 - the message's door
                keeper.free = False
                room.doors.refuse(asker, player, message.type, 0, error)
                keeper.end_message(asker, None)
            else:
                if result is None and room.journal.undo == room.only_said:
                    one: Any = room.said[-1]
                    key = one.key
                    room.streams.keep_one(key, say_event(room, one, room.audiences.get(key) or audience(room, key)))
                    room.said.clear()
                    room.journal.undo.clear()
                    if message.id is not None:
                        done = room.replies.done(asker, message.id, player)
                        room.outbox.append(((asker.session,), done, None))
                    if room.durable:
                        keeper.commits.must = True
                    if not keeper.in_turn:
                        keeper.in_turn = True
                        keeper.waiting[keeper] = None
                        if not began_s:
                            self.passes.ask()
                else:
                    self._end(message, asker, result)
        except Exception:  # noqa: BLE001 - a bug of ours must not stop the other rooms
            keeper._failed("message", (asker,), None, Failure())
        finally:
            keeper.draining = False
        if room.due_at == LOOK or keeper.queue:
            keeper._drain()
        elif not keeper.free:
            keeper.look_around()
        return True

    def _end(self, message: Send, asker: Asker, result: Any) -> None:
        """The game's code was called: end a step that did something else than to say one thing."""
        keeper, room = self.keeper, self.room
        if result is None and message.id is None and len(room.journal.undo) == len(room.said):
            check_said(room)
            tell(room)
            room.journal.commit()
            if room.durable:
                keeper.commits.must = True
            keeper.turn()
        else:
            keeper.free = False
            keeper.end_message(asker, room.inputs.called(asker, self.player, message.type, result))
