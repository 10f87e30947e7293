"""What a bot is shown: the game as its seat knows it, on a copy that nobody else has."""

from __future__ import annotations

from hashlib import blake2b
from inspect import isawaitable, iscoroutine
from typing import TYPE_CHECKING, Any

from msgspec import structs

from gameserver.room import stored
from gameserver.room.documents.document import Document
from gameserver.room.seats import Player
from gameserver.room.state import Answer, Armed, KeptRoom, RoomState, SeatState, TimersState
from gameserver.room.turns.move import Move, Some
from gameserver.room.turns.state import Level, TurnsState

if TYPE_CHECKING:
    from gameserver.room.room import Room


class View:
    """
    The copy for one seat: its documents are those that the seat sees, others are empty, and its random numbers are
    others.

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
    state = _state_for(room, seat)
    seats = [stored.decode(stored.encode(each._kept), SeatState) for each in room.seats.values()]
    timers = room.timers.armed.items()
    armed = {key: structs.replace(timer, data={}) for key, timer in timers if _knows_timer(seat, timer)}
    kept = KeptRoom(state, seats, TimersState(armed=armed, order=room.timers.state.order))
    hidden = (name for name, document in room.docs.items() if document.root and name not in seat._kept.entered)
    context = structs.replace(room.context, notified=None, bot_chose=None, lacks=next(hidden, ""))
    copied = type(room)(room.spec, kept, id=room.id, code=room.code, epoch="", now=room.now, context=context)
    copied.journal.parts.is_stored = False
    copied.moment.monotonic = room.monotonic
    for name in seat._kept.entered:
        document = room.docs.get(name)
        if document is not None:
            copied.docs[name] = Document(copied.journal, document.plain(), name=name)
            copied.docs[name].special = document.special
    copied.game._gs_restored()
    _derive(copied)
    copied.journal.commit()
    return copied


def _state_for(room: Room, seat: Player) -> RoomState:
    """:returns: the state as far as all, or this seat, know it, with a key that tells nothing of the room's own."""
    state = stored.decode(stored.encode(room.state), RoomState)
    text = f"{state.spent}/{room.timers.state.order}/{seat.id}".encode()  # an order serves one bot's thinking alone
    state.key = blake2b(text, key=room.state.key, digest_size=16, person=b"bot").digest()
    state.spent, state.password = 0, None
    state.groups = {name: one for name, one in state.groups.items() if one.public or seat.id in one.members}
    for name, asked in state.questions.items():
        hidden = {id: Answer(None, 0.0) for id in asked.answers}
        state.questions[name] = structs.replace(asked, answers=hidden)
    if state.turns is not None:
        _hide_whispers(state.turns, seat)
    return state


def _hide_whispers(turns: TurnsState, seat: Player) -> None:
    def own(level: Level) -> dict[str, Any]:
        return {id: prompt for id, prompt in level.whispers.items() if id == seat.id}

    turns.turn = structs.replace(turns.turn, whispers=own(turns.turn))
    turns.calls = tuple(structs.replace(call, whispers=own(call)) for call in turns.calls)


def _knows_timer(seat: Player, timer: Armed) -> bool:
    """Whether a seat's client is told of a timer; of clocks and deadlines all are."""
    if timer.seat is not None:
        return timer.seat == seat.id
    return timer.show or timer.kind in ("turn", "question", "phase")


def _derive(copied: Room) -> None:
    """Rebuild with ``on_load`` what the game keeps outside its documents, as far as those that the seat sees allow."""
    try:
        result = copied.game.on_load()
    except (Exception, SystemExit) as error:  # noqa: BLE001 - the game's own code, on documents that are empty
        text = "{game}: on_load failed on a bot's copy: {error!r}"
        copied.context.log.debug(text, game=copied.spec.name, error=error)
        return
    if iscoroutine(result):
        result.close()
    elif isawaitable(result):
        copied.context.log.debug("{game}: on_load waits, and a bot's copy does not", game=copied.spec.name)
