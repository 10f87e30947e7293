"""A room as bytes, for another process to play in."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec
from msgspec import UNSET, Struct
from twisted.logger import Logger

from gameserver.protocol import values
from gameserver.room import stored
from gameserver.room.chat.records import UserWatch
from gameserver.room.context import RoomContext
from gameserver.room.documents.document import Document
from gameserver.room.room import Room
from gameserver.room.state import KeptRoom, RoomState, SeatState, TimersState

if TYPE_CHECKING:
    from gameserver.room.contract import Contract


class Snapshot(Struct, frozen=True):
    """
    A room: the parts of its row that playing needs.

    :ivar docs: documents by name, as JSON.
    """

    id: str
    code: str
    now: float
    monotonic: float
    state: bytes
    seats: list[bytes]
    timers: bytes
    docs: dict[str, Any]


def pack(room: Room) -> bytes:
    """:returns: a room, with all documents that it has."""
    return msgspec.msgpack.encode(
        Snapshot(
            room.id,
            room.code,
            room.now,
            room.monotonic,
            stored.encode(room.state),
            [stored.encode(seat._kept) for seat in room.seats.values()],
            stored.encode(room.timers.state),
            {name: values.to_wire(document.plain()) for name, document in room.docs.items()},
        )
    )


def unpack(spec: Contract, snapshot: bytes) -> Room:
    """
    The reverse of `pack`: a room that nobody runs and nothing stores. No bot plays in it: whoever has it makes moves.

    :raises MsgspecError: it is no such thing.
    """
    read = msgspec.msgpack.decode(snapshot, type=Snapshot)
    seats = [stored.decode(seat, SeatState) for seat in read.seats]
    for seat in seats:
        seat.stand_in = UNSET
        seat.bot = UNSET
    kept = KeptRoom(stored.decode(read.state, RoomState), seats, stored.decode(read.timers, TimersState))
    context = RoomContext(Logger(namespace="gameserver.bots"), UserWatch())
    room = Room(spec, kept, id=read.id, code=read.code, epoch="", now=read.now, context=context)
    room.journal.parts.is_stored = False
    room.moment.monotonic = read.monotonic
    for name, content in read.docs.items():
        room.docs[name] = Document(room.journal, values.from_wire(content), name=name)
    room.game._gs_restored()
    room.journal.commit()
    return room
