"""Describes an input that is not a message's frame, for the notes of steps (`gameserver.node.step_notes`)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import msgspec

from gameserver.room.inputs.due import Fire, Tick
from gameserver.room.inputs.input import SeatRequest
from gameserver.room.inputs.moderation import Moderate

if TYPE_CHECKING:
    from gameserver.room.inputs.input import Input
    from gameserver.room.room import Room

_TICK: Final = b"tick"
_encode: Final = msgspec.json.Encoder().encode


def described(input: Input, room: Room) -> bytes:
    """:returns: the input's kind, and in further lines what else is known of it; never a password."""
    if type(input) is Tick:
        return _TICK
    if type(input) is Fire:
        timer = room.timers.next()
        return b"timer" if timer is None else f"timer\n{timer.name}".encode()
    if isinstance(input, SeatRequest):
        return f"{input.what}\n".encode() + _message_of(input)
    if isinstance(input, Moderate):
        return b"moderation"
    return input.what.encode()


def _message_of(request: SeatRequest[Any]) -> bytes:
    try:
        return _encode(request.message)
    except (ValueError, TypeError, msgspec.MsgspecError):  # data in MessagePack is no JSON
        return bytes(getattr(request.message, "data", b"") or b"")
