"""
Seats of players who are away while a game is played, of games that keep them: ``absent`` is ``"stand_in"`` or
``"skip"``.

A seat is absent once its owner was away for ``hold_s``, let three clocks run out in a row, or left or was put out. It
is its owner's again once the owner comes back; the seat of one who has left and does not come back ends with the game.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Final, Literal

from msgspec import UNSET

from gameserver.room import hosts, seating
from gameserver.room.bots import thinking
from gameserver.room.changes import Departure

if TYPE_CHECKING:
    from gameserver.room.room import Room
    from gameserver.room.seats import Player

LATE_CLOCKS: Final = 3
"""So many clocks in a row may a player let run out."""


def keeps(room: Room, seat: Player) -> bool:
    """Whether this seat stays, absent, when its owner leaves."""
    playing = room.state.status == "playing"
    return playing and room.spec.absent != "leave" and seat.role == "player" and seat.bot is None


def stay(room: Room, seat: Player, reason: Literal["left", "kicked", "banned"], text: str | None) -> bool:
    """
    Keep the seat of an owner who leaves or is put out: it is absent from then on.

    :returns: whether it stays; if not, nothing was done.
    """
    if not keeps(room, seat):
        return False
    journal = room.journal
    journal.append(room.changes.departures, Departure(seat, reason, text, stays=True))
    seat._bucket.spare = 0  # its next message must meet the guard that knows that it has left
    journal.update(seat._kept, online=False, hold_until=None)
    _be_absent(room, seat, reason)
    hosts.pass_on(room)
    seating.note_emptiness(room)
    return True


def be_away(room: Room, seat: Player) -> bool:
    """
    A seat was held for as long as it may be: it is absent from now on, where the game keeps it.

    :returns: whether it stays.
    """
    if not keeps(room, seat):
        return False
    room.journal.set(seat._kept, "hold_until", None)
    if not seat._kept.has_left:
        _be_absent(room, seat, "away")
    return True


def be_handed(room: Room, seat: Player) -> None:
    """The host hands the seat of somebody who is away to a bot: it is absent, until its owner is back."""
    if not seat._kept.absent:
        room.journal.set(seat._kept, "absent", "away")


def be_late(room: Room, seats: Iterable[str]) -> None:
    """Count that these have let a clock run out; after `LATE_CLOCKS` in a row a seat is absent."""
    for id in seats:
        seat = room.seats.get(id)
        if seat is None or not keeps(room, seat) or seat._kept.absent or thinking.level_of(seat) is not None:
            continue
        late = (seat._kept.late or 0) + 1
        room.journal.set(seat._kept, "late", late)
        if late >= LATE_CLOCKS:
            _be_absent(room, seat, "late")


def moved(room: Room, seat: Player) -> None:
    """A player has sent a move: one who was absent only for being too slow is back."""
    if seat._kept.absent == "late":
        be_back(room, seat)
    elif seat._kept.late:
        room.journal.set(seat._kept, "late", UNSET)


def is_late(seat: Player) -> bool:
    """Whether a seat is absent because its player, who may be connected, let clocks run out."""
    return seat._kept.absent == "late"


def be_back(room: Room, seat: Player) -> None:
    """The seat is its owner's again, and whoever stood in moves no more."""
    kept = seat._kept
    if kept.late:
        room.journal.set(kept, "late", UNSET)
    if not kept.absent:
        return
    set_stand_in(room, seat, None)
    room.journal.set(kept, "absent", UNSET)
    hosts.pass_on(room)


def set_stand_in(room: Room, seat: Player, level: str | None) -> None:
    """From now on a bot of this level moves for a player; None: nobody does."""
    if level is None:
        thinking.stop(room, seat)
    if (seat._kept.stand_in or None) != level:
        room.journal.set(seat._kept, "stand_in", level or UNSET)


def end(room: Room) -> None:
    """The game is over: seats of those away are held anew, and those of players who left end after this method."""
    for seat in list(room.seats.values()):
        kept = seat._kept
        set_stand_in(room, seat, None)
        if kept.late:
            room.journal.set(kept, "late", UNSET)
        if not kept.absent or kept.has_left:
            continue
        room.journal.set(kept, "absent", UNSET)
        if not kept.online and kept.hold_s is not None:
            room.journal.set(kept, "hold_until", room.now + kept.hold_s)
    if any(seat._kept.has_left for seat in room.seats.values()):
        room.finish_later(_end_departed(room))


async def _end_departed(room: Room) -> None:
    """After a game: the seats of those who have left end, and ``on_leave`` hears of them."""
    for seat in [seat for seat in room.seats.values() if seat._kept.has_left]:
        if seat.id in room.seats:  # the hook of one may have ended another
            seating.end(room, seat, seat._kept.absent or "left", None)
            await room.game_calls.alone("on_leave", room.game.on_leave, seat)


def _be_absent(room: Room, seat: Player, why: Literal["away", "late", "left", "kicked", "banned"]) -> None:
    room.journal.set(seat._kept, "absent", why)
    if room.spec.absent == "stand_in" and not seat._kept.stand_in:
        set_stand_in(room, seat, room.spec.stand_in)
