"""From MessagePack arrays to the messages of a client: the binary form beside `gameserver.wire.codecs.JSONCodec`."""

from __future__ import annotations

from functools import reduce
from math import isfinite
from operator import or_
from typing import Any, Final, cast, get_type_hints

import msgspec
from msgspec import Raw, Struct
from msgspec.structs import fields

from gameserver import values
from gameserver.wire import messages
from gameserver.wire.codecs import PROBLEMS, Unreadable, request_id, too_deep
from gameserver.wire.messages import ARRAYS, FROM_CLIENT, PACKED_SUBPROTOCOL, ClientMessage, Send

_NOT_CONTAINERS: Final = bytes({*range(256)} - {*range(0x80, 0xA0), *range(0xDC, 0xE0)})
"""All bytes with which no list and no object begins."""
_REQUESTS: Final = frozenset(number for number in FROM_CLIENT if ARRAYS[number][1][0] == "id")
_WRAPPED: Final = {"create": ("options", "profile"), "join": ("match", "profile"), "chat": ("data",), "edit": ("data",)}
"""Fields that the rest of the server takes as JSON has them."""


class PackedCodec:
    """
    Binary frames, one array each.

    :param depth: containers inside one another, at most.
    """

    subprotocol = PACKED_SUBPROTOCOL
    binary = True

    def __init__(self, depth: int) -> None:
        self.depth = depth

    def glance(self, frame: bytes) -> Send:
        """See `gameserver.wire.codecs.Codec.glance`."""
        return _send(_send_decoder.decode(frame))

    def is_flat(self, frame: bytes) -> bool:
        """See `gameserver.wire.codecs.Codec.is_flat`."""
        return len(frame.translate(None, _NOT_CONTAINERS)) <= self.depth or not is_deeper(frame, self.depth)

    def decode(self, frame: bytes) -> ClientMessage:
        """See `gameserver.wire.codecs.Codec.decode`."""
        if not self.is_flat(frame):
            raise Unreadable("bad_message", too_deep(self.depth), _id_of(frame))
        try:
            array = _decoder.decode(frame)
        except PROBLEMS as error:
            raise _what_is_wrong(frame, error) from None
        if type(array) is _SEND:
            return _send(array)
        return _message_of(array)


def _send(array: Any) -> Send:
    # A copy: a view would keep the whole read buffer, and may change under a message that waits.
    return Send(array.type, array.id, cast("Raw", values.Packed(array.data)), array.room)


def is_deeper(frame: bytes, depth: int) -> bool:
    """Whether more containers stand inside one another; of what is no MessagePack it does not matter."""
    try:
        level = [msgspec.msgpack.decode(frame)]
    except RecursionError:
        return True
    except PROBLEMS:
        return False
    for _ in range(depth + 1):
        inner = [item.values() if type(item) is dict else item for item in level if type(item) in (dict, list)]
        if not inner:
            return False
        level = [item for items in inner for item in items]
    return True


def _array_of(number: int) -> Any:
    """:returns: the struct of a client's message as an array: all may be nil but what identifies."""
    op, names = ARRAYS[number]
    kind = _KINDS[op]
    hints = get_type_hints(kind, include_extras=True)
    required = {field.name for field in fields(kind) if field.required}
    last = max((names.index(name) for name in required), default=-1)
    members: list[Any] = []
    for place, name in enumerate(names):
        hint = hints[name] if name in required or name == "data" else hints[name] | None
        default = Raw(b"\xc0") if hint is Raw else None
        members.append((name, hint) if place <= last else (name, hint, default))
    return msgspec.defstruct(f"{kind.__name__}Array", members, tag=number, tag_field="op", array_like=True)


_KINDS: Final[dict[str, Any]] = {str(kind.__struct_config__.tag): kind for kind in messages.FromClient.__subclasses__()}
_ARRAYS: Final[dict[int, Any]] = {number: _array_of(number) for number in FROM_CLIENT}
_MESSAGES: Final[dict[Any, Any]] = {kind: _KINDS[ARRAYS[number][0]] for number, kind in _ARRAYS.items()}
_SEND: Final = _ARRAYS[5]
_send_decoder: Final = msgspec.msgpack.Decoder(_SEND)
_decoder: Final = msgspec.msgpack.Decoder(reduce(or_, _ARRAYS.values()))


def _message_of(array: Struct) -> ClientMessage:
    """The same as the struct of `messages`, with its defaults where the array has nil."""
    kind = _MESSAGES[type(array)]
    given = {name: getattr(array, name) for name in array.__struct_fields__}
    given = {name: value for name, value in given.items() if value is not None}
    for name in _WRAPPED.get(str(kind.__struct_config__.tag), ()):
        if name in given:
            given[name] = _wrapped(given[name], given.get("id"))
    message: ClientMessage = kind(**given)
    return message


def _wrapped(value: Any, id: int | None) -> Any:
    """
    :returns: a value as JSON would have brought it.
    :raises Unreadable: JSON could not have.
    """
    if isinstance(value, dict):
        if not all(isinstance(key, str) for key in value):
            raise Unreadable("bad_message", "The keys of an object are texts.", id)
        return {f"${key}" if key[:1] == "$" else key: _wrapped(item, id) for key, item in value.items()}
    if isinstance(value, list):
        return [_wrapped(item, id) for item in value]
    if isinstance(value, bytes):
        return values.to_wire(value)
    if value is None or isinstance(value, (str, int)) or (isinstance(value, float) and isfinite(value)):
        return value
    raise Unreadable("bad_message", f"A message holds no {type(value).__name__} such as {str(value)[:32]}.", id)


def _what_is_wrong(frame: bytes, error: Exception) -> Unreadable:
    """The slow look at a frame that did not decode: which request it is, and whether its number is known."""
    try:
        parts = msgspec.msgpack.decode(frame, type=list[Raw])
        number = msgspec.msgpack.decode(parts[0]) if parts else None
    except PROBLEMS:
        return Unreadable("bad_message", "That is no MessagePack array.")
    id = _id_in(parts)
    if type(number) is int and number not in FROM_CLIENT:
        return Unreadable("unknown_op", f"There is no operation {number}.", id)
    if isinstance(error, msgspec.ValidationError):
        return Unreadable("bad_message", str(error), id if number in _REQUESTS else None)
    return Unreadable("bad_message", "That is not MessagePack.", id if number in _REQUESTS else None)


def _id_of(frame: bytes) -> int | None:
    """:returns: the number of a request that is refused for its form, where it can be read at all."""
    try:
        return _id_in(msgspec.msgpack.decode(frame, type=list[Raw]))
    except PROBLEMS:
        return None


def _id_in(parts: list[Raw]) -> int | None:
    """Of a request, or of what may be one of a later time."""
    try:
        return request_id(msgspec.msgpack.decode(parts[1])) if len(parts) > 1 else None
    except PROBLEMS:
        return None
