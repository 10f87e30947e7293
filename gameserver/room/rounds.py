"""The course of a game: rounds, their phases, and pauses."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from msgspec import UNSET

from gameserver.errors import Refused
from gameserver.protocol import values
from gameserver.room import absence, wins
from gameserver.room.admission import is_full
from gameserver.room.notify import note
from gameserver.room.seats import with_ids

if TYPE_CHECKING:
    from gameserver.room.room import Room


def begin(room: Room) -> Any:
    """
    Start, or play again, and call ``on_start``.

    :raises Refused: it is under way, or too few are here.
    """
    if room.state.status == "playing":
        raise Refused("The game is under way.")
    if room.spec.cls.needs_start and len(room.seats.of_role("player")) < room.game_class.min_players:
        raise Refused(f"It takes {room.game_class.min_players} to play.")
    rounds = room.state.rounds + 1
    room.journal.update(room.state, status="playing", result=None, played_before=0.0, playing_since=room.time)
    room.journal.update(room.state, rounds=rounds)
    for seat in room.seats.values():
        if seat._kept.ready:
            room.journal.set(seat._kept, "ready", UNSET)
    room.teams.begin()
    note(room, "game_started")
    return room.game.on_start()


async def begin_by_itself(room: Room) -> None:
    """
    Start a game with ``auto_start`` whose seats are all taken; or one with ``ready_check``, also to play again, if all
    people are ready and there are enough players.
    """
    if room.moment.closing is None and (_is_full_at_last(room) or _is_ready(room)):
        await room.game_calls.alone("on_start", begin, room)


def _is_full_at_last(room: Room) -> bool:
    starts = room.game_class.auto_start and room.state.status == "lobby"
    return starts and is_full(room) and any(seat.bot is None for seat in room.seats.values())


def _is_ready(room: Room) -> bool:
    if not room.spec.ready_check or room.state.status == "playing":
        return False
    players = room.players
    people = [seat for seat in players if seat.bot is None]
    return len(players) >= room.game_class.min_players and bool(people) and all(seat.ready for seat in people)


def end(room: Room, result: dict[str, Any]) -> None:
    """The game is over: timers and questions end, the result is public."""
    result = values.plain(with_ids(result))
    played_s = room.played_s
    if room.state.status == "playing":  # else it is another result of a round that was counted
        wins.count(room, result)
    room.journal.update(room.state, played_before=played_s, playing_since=None, phase_timer=None)
    room.journal.update(room.state, status="over", result=result)
    absence.end(room)
    room.asking.close_all()
    room.turns.forget()
    room.timers.cancel_all(everywhere=True, deadlines=True)
    unpause(room)
    note(room, "game_over", result=result)


def enter(room: Room, phase: str | None, s: float | None, then: Callable[..., Any] | str | None) -> None:
    """
    Begin a phase; the last one's timer is cancelled.

    :param s: after so many seconds it ends.
    :param then: what is called at that time.
    :raises ValueError: ``then`` without ``s``, or it is no method of the game.
    :raises TypeError: ``then`` takes arguments, or the phase is no str.
    """
    if then is not None and s is None:
        raise ValueError("enter: `then` needs `s`, the seconds after which it is called")
    calls = room.timers.method_called(then) if then is not None else None
    if phase is not None and not isinstance(phase, str):
        raise TypeError(f"a phase is a str or None, not {type(phase).__name__}")
    due = room.time + room.timers.seconds(s) if s is not None else None
    if room.state.phase_timer is not None:
        room.timers.cancel(room.state.phase_timer, kind="phase")
    name = (calls or "phase") if s is not None else None
    room.journal.update(room.state, phase=values.plain(phase), phase_timer=name)
    if due is not None and name is not None:
        room.timers.arm(name, due, show=True, kind="phase", calls=calls)


def set_locked(room: Room, locked: bool) -> None:
    """Whether newcomers are kept out."""
    room.journal.update(room.state, locked=locked)


def pause(room: Room) -> None:
    """Timers and ticks stand still from now on."""
    if room.state.paused_at is None:
        room.journal.update(room.state, paused_at=room.now)


def unpause(room: Room) -> None:
    """They go on from where they were."""
    if room.state.paused_at is not None:
        stood_s = room.now - room.state.paused_at
        room.journal.update(room.state, paused_at=None)
        room.shift(stood_s)
