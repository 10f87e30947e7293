"""
All who are in a room go on in another, that the host asked for.

The new room is stored before the old one lets anybody go. Until then the old one keeps what the new one is to be, so
that whoever opens it after the process has died goes on from there.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Final

from msgspec import Struct
from msgspec.structs import replace

from gameserver.errors import Elsewhere
from gameserver.room import kept_places, rounds, seating
from gameserver.room.bots import thinking
from gameserver.room.changes import Departure
from gameserver.room.state import Ban, KeptPlace, Mute, Successor, Wins
from gameserver.store import keys

if TYPE_CHECKING:
    from gameserver.room.contract import Contract
    from gameserver.room.room import Room

LEADS_S: Final = 3600.0
"""So long the old code leads to the new room."""


class Heritage(Struct, frozen=True):
    """
    What a room takes over from the one before it.

    :ivar creator: the id of the user who made the first of them; None: nobody knows.
    :ivar password: as that one keeps it, and ``password_key`` with which it was hashed.
    """

    creator: str | None
    private: bool
    locked: bool
    password: str | None
    password_key: bytes
    places: list[KeptPlace]
    bans: Mapping[str, Ban]
    mutes: Mapping[str, Mute]
    evening: dict[str, Wins]
    evening_rounds: int


def heritage_of(room: Room, spec: Contract) -> Heritage:
    """:returns: what a room of that game takes over from this one."""
    state, talking = room.state, room.talking.state
    return Heritage(
        creator=state.creator,
        private=state.private,
        locked=state.locked,
        password=state.password,
        password_key=state.password_key or state.key,
        places=kept_places.places_for(room, spec),
        bans=dict(talking.bans),
        mutes=dict(talking.mutes),
        evening=state.evening,
        evening_rounds=state.evening_rounds,
    )


def inherit(room: Room, heritage: Heritage) -> None:
    """A room that is being made takes over what the one before it had."""
    journal, state, talking = room.journal, room.state, room.talking.state
    journal.update(state, private=heritage.private, locked=heritage.locked, creator=heritage.creator)
    journal.update(state, creator_came=True, evening=heritage.evening, evening_rounds=heritage.evening_rounds)
    if heritage.password is not None:
        journal.update(state, password=heritage.password, password_key=heritage.password_key)
    journal.update(state, places=tuple(heritage.places), places_until=room.now + kept_places.RESERVED_S)
    for user, ban in heritage.bans.items():
        journal.put_in(talking, "bans", user, ban)
    for user, mute in heritage.mutes.items():
        journal.put_in(talking, "mutes", user, mute)


def check_here(room: Room) -> None:
    """:raises Elsewhere: all have gone on in another room."""
    successor = room.state.next
    if successor is not None and successor.is_made:
        raise Elsewhere(successor.code)


def go(room: Room, successor: Successor) -> None:
    """All leave for the room that is there by now; of this one nothing is left but where its code leads."""
    journal = room.journal
    room.timers.cancel_all(everywhere=True, deadlines=True)
    thinking.stop_all(room)
    for seat in list(room.seats.values()):
        seating.give_up(room, seat)
        journal.append(room.changes.departures, Departure(seat, "next", None, next=successor.code))
    if room.state.status == "playing":
        rounds.end(room, {})  # behind the seats: for those who left before there is nothing more to wait for
    seating.note_emptiness(room)
    for document in list(room.docs.values()):
        document.replace({})
    lines = room.talking.lines
    for channel in list(lines.channels):
        journal.parts.drop(keys.line(line.number) for line in lines.forget(channel))
    room.publisher.streams.clear()
    journal.update(room.state, locked=True, places=(), places_until=None)
    journal.set(room.state, "next", replace(successor, options={}, until=room.now + LEADS_S))
