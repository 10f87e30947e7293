"""
When a bot thinks, and which moves it has to choose from.

A seat that a bot plays and that is waited for has a timer; when that is due, the bot moves
(`gameserver.room.bots.moving`).
"""

from __future__ import annotations

from hashlib import blake2b
from random import Random
from typing import TYPE_CHECKING, Final

from gameserver.room.seats import Player
from gameserver.room.turns import legal
from gameserver.room.turns.move import Move, can_pick
from gameserver.room.turns.waiting import all_absent, waited_for

if TYPE_CHECKING:
    from gameserver.room.core import RoomCore

KIND: Final = "bot"
"""The kind of the timers that say when a bot moves."""
NAME: Final = " bot"
"""The name of such a timer; the space keeps it apart from those of games."""


def level_of(seat: Player) -> str | None:
    """:returns: the level that plays this seat now; None: its owner does."""
    return seat._kept.bot or seat._kept.stand_in or None


def arm(room: RoomCore) -> None:
    """As a step is about to end, let those bots think that are to move, and no others."""
    thinking = room.moment.thinking
    for id in [id for id in thinking if (id, NAME) not in room.timers.armed]:  # its seat is gone, or the round over
        thinking.pop(id).cancel()
    if not room.spec.bots:
        return
    played = [seat for seat in room.seats.values() if level_of(seat) is not None]
    if not played:
        return
    wanted = to_move(room)
    for seat in played:
        thinks = (seat.id, NAME) in room.timers.armed
        if seat.id in wanted and not thinks:
            room.timers.arm(NAME, room.time + _thinking_s(room, seat), seat=seat.id, kind=KIND)
        elif thinks and seat.id not in wanted:
            stop(room, seat)


def stop(room: RoomCore, seat: Player) -> None:
    """No bot thinks for this seat any more."""
    room.timers.cancel(NAME, seat.id)
    thought = room.moment.thinking.pop(seat.id, None)
    if thought is not None:
        thought.cancel()


def stop_all(room: RoomCore) -> None:
    """The room is not run here any more: nobody waits for its bots."""
    while room.moment.thinking:
        room.moment.thinking.popitem()[1].cancel()


def answers(room: RoomCore, seat: Player, question: str) -> bool:
    """Whether the bot of a seat has an answer to a question: one of its moves is one."""
    level = room.spec.bots.get(level_of(seat) or "")
    if level is None or room.spec.moves is None:
        return False
    listed = [move for move in moves_of(room, seat) if move.type == question]
    return bool(listed if level.choose is not None else list(filter(can_pick_all, listed)))


def to_move(room: RoomCore) -> dict[str, None]:
    """:returns: the seats that are waited for, and bots' seats that are asked what one of their moves answers."""
    if room.state.status != "playing" or all_absent(room):
        return {}
    seats = dict.fromkeys(waited(room))
    for name, asked in room.state.questions.items():
        for id in asked.of:
            seat = room.seats.get(id)
            if seat is not None and id not in asked.answers and level_of(seat) and answers(room, seat, name):
                seats[id] = None
    return seats


def waited(room: RoomCore) -> list[str]:
    """:returns: the seats that are waited for now, be they bots' or people's."""
    state = room.state.turns
    return waited_for(room, state) if state is not None else []


def moves_of(room: RoomCore, seat: Player) -> list[Move]:
    """
    :returns: the moves of a seat. Empty where the game fails at them, for example since somebody has left: the step
        before has logged that.
    """
    found = legal.found_before(room, seat)
    if found is not None:
        return list(found.moves)
    before = room.journal.mark()
    try:
        return list(legal.known(room, seat).moves)
    except (Exception, SystemExit):  # noqa: BLE001 - the game's own code
        room.journal.rollback(before)
        return []


def can_pick_all(move: Move) -> bool:
    """Whether chance can choose all that a move leaves open."""
    return all(map(can_pick, (move.choices or {}).values()))


def _thinking_s(room: RoomCore, seat: Player) -> float:
    least, most = room.spec.bot_s
    return chance(room, seat).uniform(least, most)


def think_anew(room: RoomCore) -> None:
    """Give bots other random numbers from now on in this step."""
    timers = room.timers.state
    room.journal.set(timers, "order", timers.order + 1)


def chance(room: RoomCore, seat: Player) -> Random:
    """
    :returns: random numbers of a bot's own, apart from the game's, and the same where the same is played again. They
        are others each time that a bot thinks, that is, after a timer is armed or after `think_anew`.
    """
    number = room.state.turns.number if room.state.turns is not None else 0
    text = f"{number}/{seat.id}/{room.timers.state.order}".encode()
    return Random(blake2b(text, key=room.state.key, digest_size=16, person=b"thinking").digest())
