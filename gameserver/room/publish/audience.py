"""How a message reaches its audience: encoded once for each form that its sessions use, and kept as JSON."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING

from gameserver.protocol import messages, msgpack, values
from gameserver.room.publish.sessions import Audience, audience_of
from gameserver.room.publish.streams import Said, wire_name

if TYPE_CHECKING:
    from gameserver.interfaces import ISession
    from gameserver.room.changes import Utterance
    from gameserver.room.core import RoomCore
    from gameserver.room.seats import Player

Build = Callable[[str, int], messages.FromServer]
"""From a stream's name and number to the message."""


def audience(room: RoomCore, key: str) -> Audience:
    """:returns: the sessions that hear a stream; the same object until they change."""
    found = room.publisher.audiences.get(key)
    if found is None:
        heard, seats = room.publisher.heard, room.seats
        meant = seats_of(room, key) if key != "room" else [seats[id] for id in sorted(heard, key=int) if id in seats]
        hearing = (seat for seat in meant if key in seat._kept.entered)
        found = audience_of(session for seat in hearing for session in room.publisher.listeners(seat.id))
        room.publisher.audiences[key] = found
    return found


def seats_of(room: RoomCore, key: str) -> Iterable[Player]:
    """:returns: the seats for which a stream is meant, whether or not they have entered it."""
    kind, _, name = key.partition(":")
    if kind == "room":
        return room.seats.values()
    if kind == "group":
        group = room.groups.get(name)
        return group.players if group is not None else ()
    if kind == "role":
        return room.seats.of_role(name)
    return (room.seats[name],) if name in room.seats else (d.seat for d in room.changes.departures if d.seat.id == name)


def streams_of(room: RoomCore, seat: Player) -> list[str]:
    """:returns: the streams that a seat hears."""
    streams = ["room", f"seat:{seat.id}"]
    role = f"role:{seat.role}"
    if seat.role != "player" or role in room.docs:
        streams.append(role)
    return streams + [f"group:{name}" for name, group in room.state.groups.items() if seat.id in group.members]


def say(room: RoomCore, log: list[Said], key: str, build: Build, *, to: Audience | None = None) -> int:
    """
    Say one message on a stream.

    :param build: makes the message, with payload for JSON.
    :param to: who hears it, if not the stream's whole audience.
    :returns: its number.
    """
    if room.publisher.slow.copies:
        make_good(room, key)
    n = room.publisher.streams.number(key)
    name = wire_name(key)
    frame = messages.encode(build(name, n))
    log.append(Said(key, n, frame))
    hand_out(room, audience(room, key) if to is None else to, frame)
    return n


def hand_out(
    room: RoomCore, to: Audience, frame: bytes, pack: Callable[[], bytes] | None = None, slot: str | None = None
) -> None:
    """
    Put one message into the room's outbox.

    :param frame: the message as JSON.
    :param pack: makes the same as MessagePack, if it is wanted.
    """
    if to.json:
        room.publisher.outbox.append((to.json, frame, slot))
    if to.packed or to.columns:
        binary = msgpack.repack(frame) if pack is None else pack()
        room.publisher.outbox.append((to.binary, binary, slot))


def hand_out_event(room: RoomCore, to: Audience, said: Utterance, frame: bytes) -> None:
    """Hand out the event that was said last on its stream; for MessagePack, it is made from what the game said."""
    n = room.publisher.streams.counts[said.key]
    stream = wire_name(said.key)
    hand_out(room, to, frame, lambda: msgpack.pack(messages.EventMessage(room.code, stream, n, said.type, said.data)))


def skip(room: RoomCore, said: Said) -> bytes:
    """:returns: what somebody who is left out of a message is told of it."""
    return messages.encode(messages.Skip(room.code, wire_name(said.key), said.n))


def make_good(room: RoomCore, key: str, session: ISession | None = None) -> None:
    """Send the document to all who lack a patch of this stream, or to one session if it does: numbers must not jump."""
    slow = room.publisher.slow
    lacking = slow.lacking(key, session)
    if not lacking:
        return
    n = room.publisher.streams.counts.get(key, 0)
    frame = messages.encode(messages.Doc(room.code, wire_name(key), n, values.to_wire(slow.copies[key]), []))
    table = room.publisher.keys.get(key)
    known = table.keys if table is not None else None
    hand_out(room, audience_of(lacking), frame, lambda: msgpack.repack(frame, known))
    slow.made_good(key, lacking, len(frame))


def caught_up(room: RoomCore, session: ISession) -> None:
    """A session from which patches were withheld has read what waited for it."""
    slow = room.publisher.slow
    for key in list(slow.sessions.get(session, ())):
        make_good(room, key, session)
    slow.left((session,))
