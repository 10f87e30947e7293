"""What those who asked are answered, and that the same request is answered the same again."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from gameserver.errors import Refused
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

    __slots__ = ("_room", "frames")

    def __init__(self, room: Room) -> None:
        self._room = room
        self.frames: list[tuple[ISession, bytes]] = []

    def answer(self, asker: Asker, player: Player, data: Any) -> None:
        """Answer a request, and remember the answer."""
        if asker.id is not None:
            frame = messages.encode(messages.Ok(asker.id, messages.payload(data)))
            own = frame if asker.session.form is Form.JSON else packed.pack(messages.Ok(asker.id, data))
            self._remember(asker, player, frame, own)

    def error(self, asker: Asker, error: Refused, player: Player | None = None) -> None:
        """Answer with an error; one for a player's request that was applied is remembered."""
        message = messages.Error(asker.id, error.code, error.text, error.path)
        own = packed.encode_for(asker.session.form, message)
        if player is not None and asker.id is not None:
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
        self._room.drop_parts(keys.answer(*old) for old in forgotten)

    def asking_player(self, asker: Asker, seat_id: str) -> Player | None:
        """:returns: the player, if this request is to be applied; if not, it has been answered."""
        player = self._room.seats.get(seat_id)
        if player is None:
            self.error(asker, Refused(code="not_found"))
        elif not player._bucket.take(self._room.monotonic):
            self.error(asker, Refused(code="rate_limited"))
        elif asker.id is None or not self._answer_again(asker, player):
            return player
        return None

    def came_before(self, asker: Asker, player: Player) -> bool:
        """Whether a request's id is no new one."""
        memory = self._room.answers.find(player.id, asker.session.key)
        return memory is not None and asker.id is not None and asker.id <= memory.last_id

    def _answer_again(self, asker: Asker, player: Player) -> bool:
        """Whether this request came before; then its answer is repeated."""
        memory = self._room.answers.find(player.id, asker.session.key)
        if memory is None or asker.id is None or asker.id > memory.last_id:
            return False
        frame = memory.answers.get(asker.id)
        if frame is None:
            self.error(asker, Refused(code="stale_id"))
        else:
            self.frames.append((asker.session, packed.in_form(asker.session.form, frame)))
        return True
