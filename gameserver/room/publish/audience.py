"""How a message reaches its audience: encoded once for each form that is spoken there, and kept as JSON."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING

from msgspec import Struct

from gameserver.protocol import messages, msgpack
from gameserver.protocol.messages import Form
from gameserver.room.publish.streams import Said, wire_name

if TYPE_CHECKING:
    from gameserver.interfaces import ISession
    from gameserver.room.changes import Utterance
    from gameserver.room.room import Room
    from gameserver.room.seats import Player

Build = Callable[[str, int], messages.FromServer]
"""From a stream's name and number to the message."""


class Audience(Struct, frozen=True):
    """
    Those who hear the same, by what their frames are.

    :ivar binary: the two before it together: who is told the same is one tuple, always the same.
    """

    everybody: tuple[ISession, ...]
    json: tuple[ISession, ...]
    packed: tuple[ISession, ...]
    columns: tuple[ISession, ...]
    binary: tuple[ISession, ...]


def audience_of(sessions: Iterable[ISession]) -> Audience:
    """:returns: these sessions, by form."""
    everybody = tuple(sessions)
    if all(session.form is Form.JSON for session in everybody):
        return Audience(everybody, everybody, (), (), ())
    json, plain, columns = (tuple(s for s in everybody if s.form is form) for form in Form)
    return Audience(everybody, json, plain, columns, plain + columns)


def audience(room: Room, key: str) -> Audience:
    """:returns: the sessions that hear a stream; the same until that changes."""
    found = room.publisher.audiences.get(key)
    if found is None:
        heard, seats = room.publisher.heard, room.seats
        meant = seats_of(room, key) if key != "room" else [seats[id] for id in sorted(heard, key=int) if id in seats]
        hearing = (seat for seat in meant if key in seat._kept.entered)
        found = audience_of(session for seat in hearing for session in room.publisher.listeners(seat.id))
        room.publisher.audiences[key] = found
    return found


def seats_of(room: Room, key: str) -> Iterable[Player]:
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


def streams_of(room: Room, seat: Player) -> list[str]:
    """:returns: the streams that a seat hears."""
    streams = ["room", f"seat:{seat.id}"]
    role = f"role:{seat.role}"
    if seat.role != "player" or role in room.docs:
        streams.append(role)
    return streams + [f"group:{name}" for name, group in room.state.groups.items() if seat.id in group.members]


def say(room: Room, log: list[Said], key: str, build: Build, *, to: Audience | None = None) -> int:
    """
    Say one message on a stream.

    :param build: makes the message, with payload for JSON.
    :param to: who hears it, if not the stream's whole audience.
    :returns: its number.
    """
    if room.publisher.slow.copies:
        room.publisher.slow.make_good(room, key)
    n = room.publisher.streams.number(key)
    name = wire_name(key)
    frame = messages.encode(build(name, n))
    log.append(Said(key, n, frame))
    hand_out(room, audience(room, key) if to is None else to, frame)
    return n


def hand_out(
    room: Room, to: Audience, frame: bytes, pack: Callable[[], bytes] | None = None, slot: str | None = None
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


def hand_out_event(room: Room, to: Audience, said: Utterance, frame: bytes) -> None:
    """Hand out the event that was said last on its stream; for MessagePack, what the game said is at hand."""
    n = room.publisher.streams.counts[said.key]
    stream = wire_name(said.key)
    hand_out(room, to, frame, lambda: msgpack.pack(messages.EventMessage(room.code, stream, n, said.type, said.data)))


def skip(room: Room, said: Said) -> bytes:
    """:returns: what somebody is told of a message who is left out of it."""
    return messages.encode(messages.Skip(room.code, wire_name(said.key), said.n))
