"""What is told of a room as a whole, and of its seats and groups."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import TYPE_CHECKING, Any, Final

from msgspec import Raw, Struct

from gameserver.protocol import messages, values
from gameserver.room import wins
from gameserver.room.publish.audience import say
from gameserver.room.publish.sessions import Audience, audience_of
from gameserver.room.publish.streams import Said
from gameserver.room.turns.turn_info import turn_info

if TYPE_CHECKING:
    from gameserver.room.room import Room
    from gameserver.room.seats import Player

TOGETHER: Final = 16
"""
If more seats than this enter a private group in one step, they are told of each other by one message, the same for all,
on its stream, before the document that begins it.
"""

_UNKNOWN: Final[tuple[bool, frozenset[str]]] = (False, frozenset())
"""A group of which nothing was told."""


def restore(room: Room) -> None:
    """The room was read from the store: its clients know it as it is, or will be told."""
    publisher = room.publisher
    publisher.info = _encode(room_info(room))
    publisher.seats = {s.id: _encode(seat_info(room, s, ())) for s in room.seats.values()}
    publisher.groups = {name: (group.public, frozenset(group.members)) for name, group in room.state.groups.items()}
    publisher.channels = room.talking.channels.infos()
    room.journal.stale.info = False


def room_info(room: Room) -> messages.RoomInfo:
    state = room.state
    paused = state.paused_at is not None
    options, result = messages.payload(state.options), messages.payload(state.result)
    return messages.RoomInfo(
        status=state.status,
        phase=state.phase,
        locked=state.locked,
        paused=paused,
        options=options,
        result=result,
        answered=room.asking.answered(),
        asked=room.asking.asked(),
        teams=room.teams.told(),
        turn=turn_info(room),
        evening=wins.told(room),
        groups=[name for name, group in state.groups.items() if group.public],
    )


def changed_info(room: Room) -> messages.RoomInfo | None:
    """:returns: what all are to be told of the room; None where they know it already."""
    room.journal.stale.info = False
    info = room_info(room)
    encoded = _encode(info)
    if encoded == room.publisher.info:
        return None
    room.publisher.info = encoded
    return info


def tell_info(room: Room, log: list[Said], info: messages.RoomInfo) -> None:
    say(room, log, "room", lambda stream, n: messages.RoomMessage(room.code, stream, n, info))


def seat_info(room: Room, seat: Player, known: Iterable[str], gone: bool = False) -> messages.SeatInfo:
    """:param known: groups besides public ones that the audience may know of."""
    groups = [n for n, g in room.state.groups.items() if seat.id in g.members and (g.public or n in known)]
    profile = messages.payload(seat._kept.profile)
    host = seat.id == room.seats.host
    return messages.SeatInfo(
        id=seat.id,
        number=seat.number,
        name=seat.name,
        role=seat.role,
        online=seat.online,
        host=host,
        profile=profile,
        groups=groups,
        gone=gone,
        bot=seat.bot,
        stand_in=seat.stand_in,
        ready=seat.ready,
        account=seat.account,
    )


def told_info(room: Room) -> Any:
    """:returns: what `room_info` makes; encoded already, unless it may have changed in this step."""
    return Raw(room.publisher.info) if room.publisher.info and not room.journal.stale.info else room_info(room)


def told_seat(room: Room, seat: Player, known: Iterable[str]) -> Any:
    """
    What an audience is told of a seat: encoded once for all who may know the same, until it changes.

    :param known: groups that the audience may know of, each once, in the order of the room's.
    :returns: what `seat_info` makes; encoded already, unless it may have changed in this step.
    """
    public = room.publisher.seats.get(seat.id)
    if public is None or seat.id in room.journal.stale.seats:
        return seat_info(room, seat, known)
    groups = room.state.groups
    private = tuple([name for name in known if not groups[name].public and seat.id in groups[name].members])
    if not private:
        return Raw(public)
    kept = room.publisher.fellows.setdefault(seat.id, {})
    if private not in kept:
        kept[private] = _encode(seat_info(room, seat, private))
    return Raw(kept[private])


def told_seats(room: Room, known: Collection[str]) -> Any:
    """:returns: what an audience is told of all seats; see `told_seat`."""
    if not all(room.state.groups[name].public for name in known):
        return [told_seat(room, seat, known) for seat in room.seats.values()]
    public, stale = room.publisher.seats, room.journal.stale.seats
    seats = [
        public[id] if id in public and id not in stale else _encode(seat_info(room, seat, ()))
        for id, seat in room.seats.items()
    ]
    return Raw(b"[%b]" % b",".join(seats))


def _encode(info: Struct) -> bytes:
    return values.encode(info, special=False)


def tell_seats(room: Room, log: list[Said]) -> None:
    stale, publisher = room.journal.stale, room.publisher
    changed: dict[str, Raw] = {}
    left = {departure.seat.id: departure.seat for departure in room.changes.departures if not departure.stays}
    for seat in [room.seats.get(id) or left.get(id) for id in stale.seats]:
        if seat is None:
            continue  # it came and went with a step that was undone
        gone = seat.id in left
        encoded = _encode(seat_info(room, seat, (), gone))
        known = publisher.seats.get(seat.id)
        publisher.fellows.pop(seat.id, None)
        if encoded != known and not (gone and known is None):
            changed[seat.id] = Raw(encoded)
        if gone:
            publisher.seats.pop(seat.id, None)
        else:
            publisher.seats[seat.id] = encoded
    stale.seats.clear()
    if changed:
        _say_seats(room, log, "room", list(changed.values()))
    if changed or stale.groups:
        _tell_groups(room, log, changed.keys())


def _tell_groups(room: Room, log: list[Said], changed: Collection[str]) -> None:
    """
    Tell who is in the groups, of private ones their members alone; seats that came or went are told on their own
    streams.

    :param changed: seats of which the whole room was just told, without what only their groups may know.
    """
    concerned: dict[str, dict[str, None]] = {}
    told = room.publisher.groups
    for name, group in room.state.groups.items():
        was_public, before = told.get(name, _UNKNOWN)
        members = frozenset(group.members)
        moved = (members ^ before).union(id for id in changed if id in members)
        told[name] = group.public, members
        here = [room.seats[id] for id in sorted(moved, key=int) if id in room.seats]
        for seat in here:
            concerned.setdefault(seat.id, {seat.id: None})
        if here and not group.public:
            new = members - before
            infos = [told_seat(room, seat, (name,)) for seat in here]
            if len(new) > TOGETHER:
                _say_seats(room, log, f"group:{name}", infos, to=_all_of(room, group.members))
                fellows: Iterable[str] = [id for id in group.members if id not in new]
            else:
                _say_seats(room, log, f"group:{name}", infos)
                fellows = group.members
            for id in new:
                concerned[id].update(dict.fromkeys(fellows))
        elif not was_public and (left := [seat for seat in here if seat.id not in members]):
            # Only the members know that these were in it: what all are told of public groups does not take that back.
            _say_seats(room, log, f"group:{name}", [told_seat(room, seat, ()) for seat in left])
            for seat in left:
                concerned[seat.id].update((other.id, None) for other in left)
    room.journal.stale.groups = False
    for id, seats in concerned.items():
        _tell_own_seat(room, log, room.seats[id], seats)


def _tell_own_seat(room: Room, log: list[Said], seat: Player, seats: Iterable[str]) -> None:
    """
    A seat learns of its own groups, and of who was in those that it has entered.

    :param seats: the seat itself, and those who were there. Of others in its groups it is told on the groups' streams.
    """
    key = f"seat:{seat.id}"
    if key in seat._kept.entered:
        known = seat.groups
        _say_seats(room, log, key, [told_seat(room, room.seats[id], known) for id in seats])


def _all_of(room: Room, members: Iterable[str]) -> Audience:
    """:returns: who hears a group's stream, or will in a moment."""
    return audience_of(session for id in members for session in room.publisher.listeners(id))


def _say_seats(room: Room, log: list[Said], key: str, infos: Any, *, to: Audience | None = None) -> None:
    say(room, log, key, lambda stream, n: messages.SeatsMessage(room.code, stream, n, infos), to=to)
