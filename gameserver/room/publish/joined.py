"""What a session is told when it comes to a seat, and when its seat is gone."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from gameserver.errors import Refused
from gameserver.protocol import messages, msgpack
from gameserver.room.changes import Departure, Newcomer
from gameserver.room.chat.history import lines_of
from gameserver.room.documents import fields
from gameserver.room.effects import Requester
from gameserver.room.hosts import hosts_beside
from gameserver.room.publish.audience import hand_out, skip
from gameserver.room.publish.infos import told_info, told_seats
from gameserver.room.publish.patches import known_keys, told_document
from gameserver.room.publish.sessions import Audience, audience_of
from gameserver.room.publish.streams import Said, wire_name
from gameserver.room.turns import publish_moves
from gameserver.store import keys

if TYPE_CHECKING:
    from gameserver.room.room import Room
    from gameserver.room.seats import Player


def tell_joined(room: Room, newcomer: Newcomer) -> None:
    requester = newcomer.requester
    seat = room.seats.get(newcomer.seat)
    if seat is None:
        room.replies.error(requester, Refused("The game did not keep you.", code="forbidden"))
        return
    room.publisher.attach(requester.session, seat.id, room.code)
    room.publisher.slow.lack_nothing((requester.session,))
    docs = {wire_name(key): told_document(room, key) for key in seat._kept.entered}
    seen = room.publisher.streams.seen(seat._kept.entered)
    chat = lines_of(room, seat, seat._kept.entered)
    joined = _joined(room, requester, seat, newcomer.recovered, docs=docs, chat=chat, seen=seen)
    if joined.moves is not None:
        publish_moves.told_with_joined(room, seat, joined.moves)
    _hand_joined(room, audience_of((requester.session,)), joined, seat)


def _hand_joined(room: Room, to: Audience, joined: messages.Joined, seat: Player) -> None:
    """Hand ``joined`` out; in MessagePack with the keys that patches write as numbers. What is replayed needs none."""
    frame = messages.encode(joined)
    tables = ((wire_name(key), known_keys(room, key)) for key in seat._kept.entered)
    hand_out(room, to, frame, lambda: msgpack.repack(frame, {name: keys for name, keys in tables if keys is not None}))


def _joined(
    room: Room, requester: Requester, seat: Player, recovered: bool | None, *, docs: Any, chat: Any, seen: Any
) -> messages.Joined:
    known = seat.groups
    return messages.Joined(
        id=requester.id,
        room=room.code,
        game=room.spec.name,
        seat=messages.OwnSeat(seat.id, seat.number, seat.role, room.secret_of(seat), hosts_beside(room, seat)),
        recovered=recovered,
        last_id=room.replies.answers.last_id(seat.id, requester.session.key),
        info=told_info(room),
        docs=docs,
        seats=told_seats(room, known),
        timers=[t for (owner, _), t in room.timers.state.told.items() if owner in (None, seat.id)],
        chat=chat,
        seen=seen,
        channels=room.talking.channels.heard_by(seat),
        read=seat._kept.read,
        moves=publish_moves.told(room, seat) if seat.role == "player" and room.spec.takes_turns else None,
    )


def tell_recovered(room: Room, requester: Requester, seat: Player, missed: list[Said]) -> None:
    """Tell a session that comes back all that it missed, and nothing else."""
    seen = room.publisher.streams.seen(seat._kept.entered)
    for said in reversed(missed):
        seen[wire_name(said.key)] = said.n - 1
    joined = _joined(room, requester, seat, True, docs={}, chat=[], seen=seen)
    if joined.moves is not None:
        publish_moves.told_beforehand(room, seat, joined.moves)
    room.publisher.attach(requester.session, seat.id, room.code)
    room.publisher.slow.lack_nothing((requester.session,))
    to = audience_of((requester.session,))
    _hand_joined(room, to, joined, seat)
    for said in missed:
        hand_out(room, to, skip(room, said) if seat.id in said.but else said.frame)


def tell_left(room: Room, departure: Departure) -> None:
    """Tell a seat's sessions last that it is gone; nothing of the seat is kept, unless it stays without them."""
    seat = departure.seat
    sessions = tuple(room.publisher.listeners(seat.id))
    if sessions:
        left = messages.Left(room.code, departure.reason, departure.text, departure.next)
        hand_out(room, audience_of(sessions), messages.encode(left))
    if departure.stays:
        room.publisher.detach_all(seat.id, room.code)
        return
    room.publisher.release(seat.id, room.code)
    seat._kept.entered.clear()
    key = f"seat:{seat.id}"
    document = room.docs.pop(key, None)
    parts = room.journal.parts
    if document is not None:
        if room.moment.ended:
            document.take_apart()
        parts.drop(fields.parts_of(document))
    room.share.sizes.pop(key, None)
    parts.drop((keys.seat(seat.id),))
    parts.drop(keys.line(line.number) for line in room.talking.lines.forget(key))
    parts.drop(room.replies.answers.forget(seat.id))
