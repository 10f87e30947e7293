"""Answers to requests; the same request gets the same answer again."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from gameserver.errors import PASSING, Refused
from gameserver.protocol import messages, msgpack
from gameserver.protocol.messages import Form
from gameserver.room.answers import DONE, Answers
from gameserver.room.bounds import check_message
from gameserver.room.effects import Requester
from gameserver.room.hosts import is_host
from gameserver.store import keys

if TYPE_CHECKING:
    from gameserver.room.core import RoomCore
    from gameserver.room.seats import Player


def error_for(requester: Requester, error: Refused) -> bytes:
    """:returns: what a requester is told, in its form."""
    message = messages.Error(requester.id, error.code, error.text, error.path, requester.room, error.retry_ms)
    return msgpack.encode_for(requester.session.form, message)


class Replies:
    """
    The replies of one room.

    :ivar answers: those that were given before.
    """

    __slots__ = ("_room", "answers")

    def __init__(self, room: RoomCore) -> None:
        self._room = room
        self.answers = Answers(room.code)

    def answer(self, requester: Requester, player: Player, data: Any) -> None:
        """
        Answer a request, and remember the answer.

        :raises Refused: ``too_large``: it fits no message; nothing was done.
        """
        if requester.id is None:
            return
        if data is None:
            # Remembered when the step is told, which may fail.
            self._room.changes.done.append((requester, player.id, None))
            return
        room = self._room.code
        frame = messages.encode(messages.Ok(requester.id, messages.payload(data), room))
        if frame[self._room.spec.message_bytes :]:  # a slice costs no call
            check_message(len(frame), self._room.spec.message_bytes)
        own = frame if requester.session.form is Form.JSON else msgpack.pack(messages.Ok(requester.id, data, room))
        self._remember(requester, player, frame, own)

    def confirm(self, requester: Requester) -> None:
        """Answer a request that does no harm if it comes twice; the answer is not remembered."""
        if requester.id is not None:
            done = messages.Ok(requester.id, room=self._room.code)
            self._room.changes.replies.append((requester.session, msgpack.encode_for(requester.session.form, done)))

    def error(self, requester: Requester, error: Refused, player: Player | None = None) -> None:
        """Answer with an error; one for a player's request that was applied is remembered."""
        message = messages.Error(requester.id, error.code, error.text, error.path, requester.room, error.retry_ms)
        own = error_for(requester, error)
        if player is not None and requester.id is not None and error.code not in PASSING:
            self._remember(
                requester, player, own if requester.session.form is Form.JSON else messages.encode(message), own
            )
        else:
            self._room.changes.replies.append((requester.session, own))

    def tell_hosts(self, error: Refused) -> None:
        """Tell whoever has the host's rights of an error that answers nobody's request."""
        message = messages.Error(None, error.code, error.text, error.path, self._room.code, error.retry_ms)
        for seat in self._room.seats.values():
            sessions = self._room.publisher.listeners(seat.id)
            if sessions and is_host(self._room, seat):
                frames = [(session, msgpack.encode_for(session.form, message)) for session in sessions]
                self._room.changes.replies.extend(frames)

    def _remember(self, requester: Requester, player: Player, frame: bytes, own: bytes) -> None:
        """
        :param frame: the answer as JSON, in which it is kept.
        :param own: the same in the requester's form.
        """
        self._room.changes.replies.append((requester.session, own))
        if player.id not in self._room.seats or requester.id is None:
            return
        key = requester.session.key
        forgotten = self.answers.keep(player.id, key, requester.id, frame)
        self._room.journal.parts.keep(keys.answer(player.id, key, requester.id), lambda: frame)
        self._room.journal.parts.drop(forgotten)

    def asking_player(self, requester: Requester, seat_id: str, *, counts: bool = True) -> Player | None:
        """
        :param counts: whether it counts among the messages that a seat may send in a second.
        :returns: the player, if this request is to be applied; if not, it has been answered.
        """
        player = self._room.seats.get(seat_id)
        if player is None or player._kept.has_left:
            self.error(requester, Refused(code="not_found"))
        elif requester.id is not None and self.came_before(requester, player):
            self._answer_again(requester, player)
        elif counts and not player._bucket.take(self._room.moment.monotonic):
            self._error_too_fast(requester)
        else:
            return player
        return None

    def came_before(self, requester: Requester, player: Player) -> bool:
        """Whether a request's id is not new."""
        memories = self.answers.by_seat.get(player.id)
        memory = memories.get(requester.session.key) if memories is not None else None
        return memory is not None and requester.id is not None and requester.id <= memory.last_id

    def _answer_again(self, requester: Requester, player: Player) -> None:
        """A request came before; its answer is repeated."""
        # A client would take "too fast" for "not done", so whoever repeats a whole burst gets all of its answers.
        if player._bucket.level(self._room.moment.monotonic) < 1.0 - player._bucket.burst:
            self._error_too_fast(requester)
            return
        player._bucket.charge(self._room.moment.monotonic, 1.0)
        memory = self.answers.find(player.id, requester.session.key)
        frame = memory.answer(requester.id) if memory is not None else None
        if frame is None:
            self.error(requester, Refused(code="stale_id"))
        elif frame is DONE:
            self.confirm(requester)
        else:
            self._room.changes.replies.append(
                (requester.session, msgpack.in_form(requester.session.form, self._with_room(frame)))
            )

    def _error_too_fast(self, requester: Requester) -> None:
        requester.session.refused()
        self.error(requester, Refused(code="rate_limited"))

    def _with_room(self, frame: bytes) -> bytes:
        """Add the room to an answer that an older release stored without it."""
        end = b',"room":"%b"}' % self._room.code.encode()
        of_error = end[:-1] + b',"retry_ms":null}'
        return frame if frame.endswith((end, of_error)) else frame[:-1] + end
