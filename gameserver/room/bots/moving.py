"""
Bots at work: what a bot is asked when its time has come, and what becomes of its answer.

The bot is asked on a copy of the game, and its move is its seat's message. A bot that waits for something meanwhile has
a timer as its time limit: if the process dies, it is asked again.
"""

from __future__ import annotations

from collections.abc import Coroutine
from inspect import isawaitable
from typing import TYPE_CHECKING, Any, ClassVar, Final

from msgspec import Raw, structs
from twisted.internet.defer import CancelledError, Deferred
from twisted.python.failure import Failure
from twisted.python.reflect import safe_repr

from gameserver.errors import Refused
from gameserver.protocol import values
from gameserver.room import permission
from gameserver.room.bots import thinking
from gameserver.room.bots.choice import BotChoice
from gameserver.room.bots.view import View
from gameserver.room.inputs.input import Input
from gameserver.room.seats import Player, with_ids
from gameserver.room.turns import legal
from gameserver.room.turns.move import Move

if TYPE_CHECKING:
    from gameserver.room.room import Room

ANY: Final = object()
"""In place of a move: any will do."""
SHOWN_CHARS: Final = 200
"""The log shows so many characters of what a bot returned that is no move."""
TRIES: Final = 10
"""Of the moves that the game says are legal, so many are tried by chance, in case it refuses them."""
AGAIN_S: Final = 5.0
"""After so long a bot tries again whose moves the game has all refused."""
LIMIT_S: Final = 10.0
"""A bot may wait so long for something."""


async def move(room: Room, seat: Player) -> None:
    """The time of a seat's bot has come."""
    level = thinking.level_of(seat)
    thought = room.moment.thinking.pop(seat.id, None)
    if thought is not None:
        thought.cancel()
    if level is None or seat.id not in thinking.to_move(room):
        return
    if thought is not None:
        _log(room, seat, level, f"took more than {LIMIT_S:g} seconds")
        await move_by_chance(room, seat)
        return
    chosen = _choose(room, seat, level)
    if not isawaitable(chosen):
        await _take(room, seat, level, chosen)
        return
    said: list[Any] = []
    waiting = _begun(chosen)
    waiting.addErrback(_failed, room, seat, level)
    waiting.addCallback(said.append)
    if said:
        await _take(room, seat, level, said[0])
        return
    stamp = _stamp(room, seat)
    room.timers.arm(thinking.NAME, room.time + LIMIT_S, seat=seat.id, kind=thinking.KIND)
    room.moment.thinking[seat.id] = waiting
    waiting.addCallback(lambda _: _tell_node(room, BotChoice(seat.id, stamp, waiting, said[0])))


async def move_now(room: Room, seat: Player, level: str) -> None:
    """Have a bot of a level move for a seat within this step; one that waits for something is not waited for."""
    thinking.stop(room, seat)
    thinking.think_anew(room)
    chosen = _choose(room, seat, level)
    if isawaitable(chosen):
        said: list[Any] = []
        waiting = _begun(chosen)
        waiting.addErrback(_failed, room, seat, level)
        waiting.addCallback(said.append)
        chosen = said[0] if said else ANY  # the room would stand still until it says more
        waiting.cancel()
    await _take(room, seat, level, chosen)


def _choose(room: Room, seat: Player, level: str) -> Any:
    """:returns: what a bot of this level chooses, or an awaitable of that; `ANY`: any move."""
    found = room.spec.bots.get(level)
    if found is None or found.choose is None:
        return ANY
    try:
        view = View(room, seat)
        moves = thinking.moves_of(room, seat) if room.spec.moves is not None else None
        return found.choose(view.game, view.player, None if moves is None else [view.move(each) for each in moves])
    except (Exception, SystemExit) as error:  # noqa: BLE001 - the game's own code
        room.game_calls.log_failure(f"bot {level}", error, seat)
        return None


class TakeBotMove(Input, frozen=True):
    """A bot that waited for something has chosen."""

    choice: BotChoice

    recurs: ClassVar[bool] = True

    async def apply(self, room: Room) -> None:
        """Take its move, or ask it again where something else is to be chosen from."""
        choice = self.choice
        seat = room.seats.get(choice.seat)
        level = thinking.level_of(seat) if seat is not None else None
        if seat is None or level is None or room.moment.thinking.get(choice.seat) is not choice.thought:
            return
        thinking.stop(room, seat)
        if seat.id not in thinking.to_move(room):
            return
        if _stamp(room, seat) != choice.stamp or room.state.paused_at is not None:
            thinking.arm(room)
            return
        await _take(room, seat, level, choice.chosen)


async def move_by_chance(room: Room, seat: Player) -> None:
    """Make one of the seat's moves by chance; where there is none, the seat is not waited for any more."""
    moves = [each for each in thinking.moves_of(room, seat) if thinking.can_pick_all(each) and _is_own(room, each)]
    chance, before = thinking.chance(room, seat), _stamp(room, seat)
    chance.shuffle(moves)
    for each in moves[:TRIES]:
        if await _try(room, seat, each.pick(chance)):
            return
    if room.spec.takes_turns or room.state.turns is not None:
        await room.game_calls.alone("turn", room.turns.done, seat, counts=True)
    waits = seat.id in room.seats and thinking.level_of(seat) is not None and seat.id in thinking.to_move(room)
    if waits and _stamp(room, seat) == before:  # it all came to nothing, and nobody else may have anything to do
        room.timers.arm(thinking.NAME, room.time + AGAIN_S, seat=seat.id, kind=thinking.KIND)


async def _take(room: Room, seat: Player, level: str, chosen: Any) -> None:
    if isinstance(chosen, Move):
        if not chosen.choices and await _try(room, seat, chosen):
            return
        _log(room, seat, level, f"chose {_shown(chosen)}, which is no legal move")
    elif chosen is not ANY and (chosen is not None or seat.id in thinking.waited(room)):
        _log(room, seat, level, f"returned {_shown(chosen)}, which is no move")
    await move_by_chance(room, seat)


async def _try(room: Room, seat: Player, chosen: Move) -> bool:
    """:returns: whether the move was made; if not, it left no trace."""
    try:
        await room.game_calls.game(f"bot's {chosen.type}", _send, room, seat, chosen)
    except Refused as refused:
        room.context.log.info(
            "room {room}: the move {type} of a bot is refused: {reason}",
            room=room.code,
            type=chosen.type,
            reason=refused.text or refused.code,
        )
        return False
    return True


async def _send(room: Room, seat: Player, chosen: Move) -> None:
    """Apply a move as if the seat had sent it."""
    message = room.spec.messages.get(chosen.type)
    data = values.encode(values.plain(with_ids(chosen.data or {})))
    if message is None:
        if not room.spec.function_style:
            raise Refused(code="unknown_type")
        fields = values.read(data)
        legal.admit_untyped(room, seat, chosen.type, fields)
        result = room.game._gs_receive(seat, chosen.type, fields)
    else:
        permission.admit_message(room, message, seat, chosen.type)
        result = message.call(room, seat, Raw(data))
    if isawaitable(result):
        result = await result
    if message is not None and message.question:
        room.asking.answer(message.method, seat, result)


def _is_own(room: Room, move: Move) -> bool:
    """Whether it is a move of a turn, or an answer; no bot sends by chance what may be sent at any time."""
    message = room.spec.messages.get(move.type) or room.spec.turn_types.get(move.type)
    return message is None or message.turn != "any"


def _stamp(room: Room, seat: Player) -> Any:
    state = room.state.turns
    number, called = (state.number, tuple(call.serial for call in state.calls)) if state is not None else (0, ())
    moves = [values.encode(with_ids(structs.asdict(each) | {"choices": repr(each.choices)})) for each in
             (thinking.moves_of(room, seat) if room.spec.moves is not None else [])]  # fmt: skip
    return number, called, tuple(moves)


def _begun(chosen: Any) -> Deferred[Any]:
    """:returns: fires with the result of a game's awaitable; cancelling it stops that."""

    async def wait() -> Any:
        return await chosen

    return Deferred.fromCoroutine(chosen if isinstance(chosen, Coroutine) else wait())


def _failed(failure: Failure, room: Room, seat: Player, level: str) -> None:
    if failure.check(CancelledError) is None and failure.value is not None:
        room.game_calls.log_failure(f"bot {level}", failure.value, seat)


def _tell_node(room: Room, choice: BotChoice) -> None:
    bot_chose = room.context.bot_chose
    if bot_chose is not None:
        bot_chose(room.code, choice)


def _shown(chosen: Any) -> str:
    """:returns: what a bot returned, for the log: it may be anything."""
    return str(safe_repr(chosen))[:SHOWN_CHARS]


def _log(room: Room, seat: Player, level: str, what: str) -> None:
    room.context.log.warn(
        "{game}: the bot {bot} at seat {seat} of room {room} {what}; another move is made by chance",
        game=room.spec.name,
        bot=level,
        seat=seat.id,
        room=room.code,
        what=what,
    )
