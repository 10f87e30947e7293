"""What is told of a room as a whole, and of its seats and groups."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from gameserver.protocol import messages, values
from gameserver.room.publish.audience import say
from gameserver.room.publish.streams import Said

if TYPE_CHECKING:
    from gameserver.room.room import Room
    from gameserver.room.seats import Player


def restore(room: Room) -> None:
    """The room was read from the store: its clients know it as it is, or will be told."""
    publisher = room.publisher
    publisher.info = values.encode(room_info(room), special=False)
    publisher.seats = {s.id: values.encode(seat_info(room, s, ()), special=False) for s in room.seats.values()}
    publisher.groups = {name: frozenset(group.members) for name, group in room.state.groups.items()}
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
    )


def tell_info(room: Room, log: list[Said]) -> None:
    room.journal.stale.info = False
    info = room_info(room)
    encoded = values.encode(info, special=False)
    if encoded != room.publisher.info:
        room.publisher.info = encoded
        say(room, log, "room", lambda stream, n: messages.RoomMessage(room.code, stream, n, info))


def seat_info(room: Room, seat: Player, known: Iterable[str], gone: bool = False) -> messages.SeatInfo:
    """:param known: groups besides public ones that the audience may know of."""
    groups = [n for n, g in room.state.groups.items() if seat.id in g.members and (g.public or n in known)]
    profile = messages.payload(seat.profile)
    host = seat.id == room.seats.host
    told = (seat.id, seat.number, seat.name, seat.role, seat.online, host, profile, groups, gone)
    return messages.SeatInfo(*told, seat.account)


def tell_seats(room: Room, log: list[Said]) -> None:
    stale, changed = room.journal.stale, []
    left = {departure.seat.id: departure.seat for departure in room.changes.departures}
    for seat in [room.seats.get(id) or left.get(id) for id in stale.seats]:
        if seat is None:
            continue  # it came and went with a step that was undone
        gone = seat.id in left
        info = seat_info(room, seat, (), gone)
        encoded = values.encode(info, special=False)
        known = room.publisher.seats.get(seat.id)
        if encoded != known and not (gone and known is None):
            changed.append(info)
        if gone:
            room.publisher.seats.pop(seat.id, None)
        else:
            room.publisher.seats[seat.id] = encoded
    stale.seats.clear()
    if changed:
        _say_seats(room, log, "room", changed)
    if changed or stale.groups:
        _tell_groups(room, log, {info.id for info in changed})


def _tell_groups(room: Room, log: list[Said], changed: set[str]) -> None:
    """
    Who is in a private group is told to its members alone; each who came or went learns of it as a seat.

    :param changed: seats of which the whole room was just told, without what only their groups may know.
    """
    concerned: dict[str, None] = {}
    told = room.publisher.groups
    for name, group in room.state.groups.items():
        members = frozenset(group.members)
        moved = (members ^ told.get(name, frozenset())) | (members & changed)
        told[name] = members
        seats = [seat for seat in room.seats.values() if seat.id in moved]
        concerned.update((seat.id, None) for seat in seats)
        if seats and not group.public:
            _say_seats(room, log, f"group:{name}", [seat_info(room, seat, (name,)) for seat in seats])
    room.journal.stale.groups = False
    for id in concerned:
        _tell_own_seat(room, log, room.seats[id])


def _tell_own_seat(room: Room, log: list[Said], seat: Player) -> None:
    """A seat learns of its own groups, and of who else is in them."""
    key = f"seat:{seat.id}"
    if key not in seat._kept.entered:
        return
    private = [group for group in room.state.groups.values() if seat.id in group.members and not group.public]
    fellows = dict.fromkeys((seat.id, *(member for group in private for member in group.members)))
    _say_seats(room, log, key, [seat_info(room, room.seats[fellow], seat.groups) for fellow in fellows])


def _say_seats(room: Room, log: list[Said], key: str, infos: list[messages.SeatInfo]) -> None:
    say(room, log, key, lambda stream, n: messages.SeatsMessage(room.code, stream, n, infos))
