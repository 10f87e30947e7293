"""
The short way of a player's message: most change nothing of the room, but say something.

Whatever is out of the ordinary goes the general way from where it is noticed (`RoomRunner.message`, `called`, `tell`);
what comes of both is the same. That a step only spoke is seen in the journal: whatever changes a room says first how to
undo it.

All of it is one function, since a message that is said on costs little more than the calls on its way.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final

from msgspec import DecodeError, Raw, ValidationError
from twisted.python.failure import Failure

from gameserver.node.commits import DUE_SLACK_S
from gameserver.room.effects import Requester
from gameserver.room.inputs.message import Message, called
from gameserver.room.marks import LOOK
from gameserver.room.publish.audience import audience, say_event
from gameserver.room.publish.broadcast import tell
from gameserver.room.quota import check_said

if TYPE_CHECKING:
    from gameserver.node.runner import RoomRunner
    from gameserver.protocol.messages import Send

UNFIT: Final = (ValidationError, DecodeError, UnicodeDecodeError, RecursionError)
"""What a decoder raises at data that is not of its type."""


class FastPath:
    """
    A session in a seat, as long as both are what they are.

    :param requester: who sends what has no id.
    :param read: makes a message of what the client sent; raises of `UNFIT` where that must look closer.
    :param is_flat: whether what was sent nests no deeper than may be; asked where its type does not tell.
    """

    __slots__ = ("code", "is_flat", "player", "reactor_pass", "read", "requester", "room", "runner", "seat", "specs")

    def __init__(
        self,
        runner: RoomRunner,
        seat: str,
        requester: Requester,
        read: Callable[[bytes], Send],
        is_flat: Callable[[bytes], bool],
    ) -> None:
        self.runner = runner
        self.seat = seat
        self.requester = requester
        self.read = read
        self.is_flat = is_flat
        self.reactor_pass = runner.reactor_pass
        self.room = room = runner.room
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
        runner, room, player = self.runner, self.room, self.player
        spec = self.specs.get(message.type)
        now = began_s = self.reactor_pass.began_s
        if began_s:
            monotonic = self.reactor_pass.monotonic_s
        else:
            now, monotonic = runner.clock.now(), runner.clock.monotonic()
        if (
            spec is None
            or (message.room is not None and message.room != self.code)
            or spec.open_to != player.role
            or not runner.free
            or room.journal.stale.due_at <= now + DUE_SLACK_S
            or runner.commits.late_at <= monotonic
        ):
            return False
        requester = self.requester
        if message.id is not None:
            requester = Requester(requester.session, requester.user, message.id, requester.room)
            if room.replies.came_before(requester, player):
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
        moment, changes = room.moment, room.changes
        moment.now, moment.monotonic = now, monotonic
        changes.durable = spec.durable
        runner.draining = True
        try:
            try:
                if decode is None:
                    result = spec.call(room, player, data)
                else:
                    call = spec.call_read
                    result = call(room.game, player, data)
            except Exception as error:  # noqa: BLE001 - the message's door
                runner.free = False
                room.game_calls.refuse(requester, player, message.type, 0, error)
                runner.end_message(Message(requester, self.seat, message), None)
            else:
                if result is None and room.journal.undo == changes.only_said:
                    publisher = room.publisher
                    one: Any = changes.said[-1]
                    key = one.key
                    publisher.streams.keep_one(
                        key, say_event(room, one, publisher.audiences.get(key) or audience(room, key))
                    )
                    changes.said.clear()
                    room.journal.undo.clear()
                    if message.id is not None:
                        done = room.replies.done(requester, message.id, player)
                        publisher.outbox.append(((requester.session,), done, None))
                    if changes.durable:
                        runner.commits.must = True
                    if not runner.in_batch:
                        runner.in_batch = True
                        runner.waiting[runner] = None
                        if not began_s:
                            self.reactor_pass.ask()
                else:
                    self._end(message, requester, result)
        except Exception:  # noqa: BLE001 - a bug of ours must not stop the other rooms
            runner._failed(Message(requester, self.seat, message), None, Failure())
        finally:
            runner.draining = False
        if room.journal.stale.due_at == LOOK or runner.queue:
            runner._drain()
        elif not runner.free:
            runner.look_around()
        return True

    def _end(self, message: Send, requester: Requester, result: Any) -> None:
        """The game's code was called: end a step that did something else than to say one thing."""
        runner, room = self.runner, self.room
        if result is None and message.id is None and len(room.journal.undo) == len(room.changes.said):
            check_said(room)
            tell(room)
            room.journal.commit()
            if room.changes.durable:
                runner.commits.must = True
            runner.join_batch()
        else:
            runner.free = False
            asked = Message(requester, self.seat, message)
            runner.end_message(asked, called(room, requester, self.player, message.type, result))
