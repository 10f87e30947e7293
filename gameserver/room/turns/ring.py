"""The ring: who takes turns, in which order, and whose turn comes after whose."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, TypeAlias

from msgspec import structs

from gameserver.room import marks
from gameserver.room.groups import Group
from gameserver.room.seats import Player
from gameserver.room.turns.state import Level, TurnsState

if TYPE_CHECKING:
    from gameserver.room.core import RoomCore

    Who: TypeAlias = Player | Group
    """Who has a turn: a player, or a public group, all of whose players have it."""

GROUP = "group:"


def key_of(who: Who) -> str:
    """
    :returns: how the ring names a player or a group.
    :raises TypeError: it is neither, such as the None that `Game.seat` gives for one who is gone.
    """
    if isinstance(who, Group):
        return who.key
    if not isinstance(who, Player):
        raise TypeError(f"{who!r} is neither a player nor a group")
    return who.id


def who_is(room: RoomCore, key: str) -> Who | None:
    """:returns: the player or group that the ring names so; None where it is gone."""
    return room.groups.get(key[len(GROUP) :]) if key.startswith(GROUP) else room.seats.get(key)


def seats_of(room: RoomCore, key: str) -> list[str]:
    """:returns: the seats behind an entry which are here and not out."""
    state = room.state.turns
    out: Iterable[str] = state.out if state is not None else ()
    if not key.startswith(GROUP):
        return [key] if key in room.seats and key not in out else []
    group = room.state.groups.get(key[len(GROUP) :])
    if group is None or key in out:
        return []
    return [seat for seat in group.members if seat in room.seats and seat not in out]


def is_skipped(room: RoomCore, seat: str) -> bool:
    """Whether a seat is passed over: it is absent, and nobody moves for it."""
    if room.spec.absent == "leave":
        return False
    kept = room.seats[seat]._kept
    return bool(kept.absent) and not kept.stand_in and (room.spec.absent == "skip" or room.spec.stand_in is None)


def plays(room: RoomCore, key: str) -> bool:
    """Whether an entry may have a turn: it is not out, and somebody is behind it who is not passed over."""
    return any(not is_skipped(room, seat) for seat in seats_of(room, key))


def owner_of(state: TurnsState, room: RoomCore, seat: str) -> str:
    """:returns: the entry of the ring that a seat plays for: its own, or its group's; else its id."""
    if seat not in state.ring:
        for key in state.ring:
            if key.startswith(GROUP) and (group := room.state.groups.get(key[len(GROUP) :])) and seat in group.members:
                return key
    return seat


def step(room: RoomCore, state: TurnsState, steps: int) -> tuple[int | None, int]:
    """
    Go along the ring from the one whose turn it is, past those who do not play; if all are absent, to the next of them.

    :param steps: backwards where negative.
    :returns: the place, None where nobody plays; and how often the start of a round was reached.
    """
    count = len(state.ring)
    playing = [plays(room, key) for key in state.ring]
    if not any(playing):
        playing = [bool(seats_of(room, key)) for key in state.ring]
    at = state.at if state.at is not None else state.start - 1
    if not any(playing):
        return None, 0
    direction = 1 if steps >= 0 else -1
    rounds = 0
    for _ in range(abs(steps)):
        while True:
            at = (at + direction) % count
            rounds += at == state.start and direction > 0
            if playing[at]:
                break
    return at, rounds


def turn_to(room: RoomCore, state: TurnsState, at: int | None) -> None:
    """A new turn begins, at this place, or at None nobody's; calls and prompts of the last one end with it."""
    journal = room.journal
    journal.update(state, at=at, done=(), added=(), turn=Level(), calls=())
    if at is not None:
        journal.set(state, "number", state.number + 1)
    journal.assign(room.changes, "turned", at is not None)
    forget_gone(room, state)


def forget_gone(room: RoomCore, state: TurnsState) -> None:
    """Take those off the ring who have left; but whoever has the turn keeps the place, from which it passes on."""
    kept = [
        place for place, key in enumerate(state.ring) if place == state.at or key.startswith(GROUP) or key in room.seats
    ]
    if len(kept) == len(state.ring):
        return
    room.journal.update(
        state,
        ring=tuple(state.ring[place] for place in kept),
        start=sum(place < state.start for place in kept) % max(1, len(kept)),
        at=kept.index(state.at) if state.at is not None else None,
    )


def forget_seat(room: RoomCore, state: TurnsState, seat: str) -> None:
    """A seat has ended: it is in no ring and no call any more."""
    journal = room.journal
    for field in ("out", "done", "added"):
        if seat in getattr(state, field):
            journal.set(state, field, tuple(one for one in getattr(state, field) if one != seat))
    if any(seat in call.waits for call in state.calls):
        calls = (structs.replace(c, waits=tuple(one for one in c.waits if one != seat)) for c in state.calls)
        journal.set(state, "calls", tuple(calls))
    if seat in state.ring:
        forget_gone(room, state)
        journal.note(marks.turn, state)
