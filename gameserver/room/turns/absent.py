"""Who is away for so long that a game goes on without them."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from gameserver.room.room import Room


def is_passed_over(room: Room, seat: str) -> bool:
    """Whether nobody waits for a seat: it is absent, in a game that skips such, and not all people are."""
    if room.spec.absent != "skip" or not room.seats[seat]._kept.absent:
        return False
    return not all_absent(room)


def all_absent(room: Room) -> bool:
    """Whether no player is here who is one of the people: then the turn waits, and its clock stands still."""
    people = [seat._kept for seat in room.seats.of_role("player") if not seat._kept.bot]
    return all(kept.absent for kept in people)
