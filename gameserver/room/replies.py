"""What those who asked are answered, and that the same request is answered the same again."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from gameserver.errors import PASSING, Refused
from gameserver.room.answers import DONE
from gameserver.room.bounds import check_message
from gameserver.room.effects import Asker
from gameserver.store import keys
from gameserver.wire import messages, packed
from gameserver.wire.messages import Form

if TYPE_CHECKING:
    from gameserver.interfaces import ISession
    from gameserver.room.room import Room
    from gameserver.room.seats import Player


class Replies:
    """
    The replies of one room.

    :ivar frames: those of this step, each in its session's form, told last.
    """

    __slots__ = ("_done", "_room", "frames")

    def __init__(self, room: Room) -> None:
        self._room = room
        self._done = messages.encode(messages.Ok(0, room=room.code)).replace(b'"id":0', b'"id":%d')
        self.frames: list[tuple[ISession, bytes]] = []

    def answer(self, asker: Asker, player: Player, data: Any) -> None:
        """
        Answer a request, and remember the answer.

        :raises Refused: ``too_large``: it fits no message; nothing was done.
        """
        if asker.id is None:
            return
        if data is None:
            self.frames.append((asker.session, self.done(asker, asker.id, player)))
            return
        room = self._room.code
        frame = messages.encode(messages.Ok(asker.id, messages.payload(data), room))
        if frame[self._room.spec.message_bytes :]:  # a slice costs no call
            check_message(self._room, len(frame))
        own = frame if asker.session.form is Form.JSON else packed.pack(messages.Ok(asker.id, data, room))
        self._remember(asker, player, frame, own)

    def done(self, asker: Asker, id: int, player: Player) -> bytes:
        """
        A request was applied, and there is no more to say of it: that is remembered.

        :returns: the answer, which is still to be told.
        """
        room, session = self._room, asker.session
        if player.id in room.seats:
            key = session.key
            forgotten = room.answers.keep(player.id, key, id)
            if room.is_stored:
                room.dirty.add(keys.done(player.id, key))
                if forgotten:
                    room.drop_parts(forgotten)
        return self._done % id if session.form is Form.JSON else packed.pack(messages.Ok(id, room=room.code))

    def confirm(self, asker: Asker) -> None:
        """Answer a request that does no harm twice."""
        if asker.id is not None:
            done = messages.Ok(asker.id, room=self._room.code)
            self.frames.append((asker.session, packed.encode_for(asker.session.form, done)))

    def error(self, asker: Asker, error: Refused, player: Player | None = None) -> None:
        """Answer with an error; one for a player's request that was applied is remembered."""
        message = messages.Error(asker.id, error.code, error.text, error.path, asker.room)
        own = packed.encode_for(asker.session.form, message)
        if player is not None and asker.id is not None and error.code not in PASSING:
            self._remember(asker, player, own if asker.session.form is Form.JSON else messages.encode(message), own)
        else:
            self.frames.append((asker.session, own))

    def _remember(self, asker: Asker, player: Player, frame: bytes, own: bytes) -> None:
        """
        :param frame: the answer as JSON, in which it is kept.
        :param own: the same in the asker's form.
        """
        self.frames.append((asker.session, own))
        if player.id not in self._room.seats or asker.id is None:
            return
        key = asker.session.key
        forgotten = self._room.answers.keep(player.id, key, asker.id, frame)
        self._room.keep_part(keys.answer(player.id, key, asker.id), lambda: frame)
        self._room.drop_parts(forgotten)

    def asking_player(self, asker: Asker, seat_id: str, *, counts: bool = True) -> Player | None:
        """
        :param counts: it is one of the messages that a seat may send in a second.
        :returns: the player, if this request is to be applied; if not, it has been answered.
        """
        player = self._room.seats.get(seat_id)
        if player is None:
            self.error(asker, Refused(code="not_found"))
        elif self.came_before(asker, player):
            self._answer_again(asker, player)
        elif counts and not player._bucket.take(self._room.monotonic):
            self._error_too_fast(asker)
        else:
            return player
        return None

    def came_before(self, asker: Asker, player: Player) -> bool:
        """Whether a request's id is no new one."""
        memory = self._room.answers.find(player.id, asker.session.key)
        return memory is not None and asker.id is not None and asker.id <= memory.last_id

    def _answer_again(self, asker: Asker, player: Player) -> None:
        """A request came before; its answer is repeated."""
        # "Too fast" would be taken for "not done": whoever says again all of a burst gets all of its answers.
        if player._bucket.level(self._room.monotonic) < 1.0 - player._bucket.burst:
            self._error_too_fast(asker)
            return
        player._bucket.charge(self._room.monotonic, 1.0)
        memory = self._room.answers.find(player.id, asker.session.key)
        frame = memory.answers.get(asker.id) if memory is not None and asker.id is not None else None
        if frame is None:
            self.error(asker, Refused(code="stale_id"))
        elif frame is DONE:
            self.confirm(asker)
        else:
            self.frames.append((asker.session, packed.in_form(asker.session.form, self._with_room(frame))))

    def _error_too_fast(self, asker: Asker) -> None:
        asker.session.refused()
        self.error(asker, Refused(code="rate_limited"))

    def _with_room(self, frame: bytes) -> bytes:
        """Answers that were stored before they named the room get it now."""
        end = b',"room":"%b"}' % self._room.code.encode()
        return frame if frame.endswith(end) else frame[:-1] + end
