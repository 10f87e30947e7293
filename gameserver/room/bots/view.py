"""What a bot is shown: the game as its seat knows it, on a copy that nobody else has."""

from __future__ import annotations

from hashlib import blake2b
from typing import TYPE_CHECKING, Any

from msgspec import structs

from gameserver.room import stored
from gameserver.room.documents.document import Document
from gameserver.room.seats import Player
from gameserver.room.state import Answer, KeptRoom, RoomState, SeatState, TimersState
from gameserver.room.turns.move import Move, Some

if TYPE_CHECKING:
    from gameserver.room.room import Room


class View:
    """
    The copy for one seat: its documents are those that the seat sees, others are empty; chance is another.

    :ivar game: the author's object, on the copy.
    :ivar player: the seat, on the copy.
    """

    def __init__(self, room: Room, seat: Player) -> None:
        self.room = _copy_for(room, seat)
        self.game: Any = self.room.game
        self.player = self.room.seats[seat.id]

    def move(self, move: Move) -> Move:
        """:returns: the same, with the players of the copy."""
        choices = {name: self._shown(choice) for name, choice in move.choices.items()} if move.choices else None
        data = self._shown(move.data) if move.data is not None else None
        return structs.replace(move, data=data, choices=choices)

    def _shown(self, value: Any) -> Any:
        if isinstance(value, Player):
            return self.room.seats.get(value.id)
        if isinstance(value, dict):
            return {key: self._shown(item) for key, item in value.items()}
        if isinstance(value, Some):
            return Some(self._shown(list(value.of)), value.least, value.most)
        if isinstance(value, list | tuple):
            return [self._shown(item) for item in value]
        return value


def _copy_for(room: Room, seat: Player) -> Room:
    state = stored.decode(stored.encode(room.state), RoomState)
    state.key = blake2b(f"{state.spent}/{seat.id}".encode(), key=room.state.key, digest_size=16, person=b"bot").digest()
    state.password = None
    for name, asked in state.questions.items():
        hidden = {id: Answer(None, 0.0) for id in asked.answers}
        state.questions[name] = structs.replace(asked, answers=hidden)
    seats = [stored.decode(stored.encode(each._kept), SeatState) for each in room.seats.values()]
    own = (None, seat.id)
    armed = {key: structs.replace(timer, data={}) for key, timer in room.timers.armed.items() if key[0] in own}
    kept = KeptRoom(state, seats, TimersState(armed=armed, order=room.timers.state.order))
    context = structs.replace(room.context, notified=None, post=None)
    copied = type(room)(room.spec, kept, id=room.id, code=room.code, epoch="", now=room.now, context=context)
    copied.journal.parts.is_stored = False
    copied.moment.monotonic = room.monotonic
    for name in seat._kept.entered:
        document = room.docs.get(name)
        if document is not None:
            copied.docs[name] = Document(copied.journal, document.plain(), name=name)
            copied.docs[name].special = document.special
    copied.game._gs_restored()
    copied.journal.commit()
    return copied
