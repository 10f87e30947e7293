"""From MessagePack arrays to the messages of a client: the binary form beside `JSONCodec`."""

from __future__ import annotations

import sys
from functools import reduce
from math import isfinite
from operator import or_
from typing import Any, Final, cast, get_args, get_type_hints

import msgspec
from msgspec import Raw, Struct
from msgspec.structs import fields

from gameserver.protocol import messages, values
from gameserver.protocol.json_codec import PROBLEMS, Unreadable, request_id, too_deep, too_large
from gameserver.protocol.messages import ARRAYS, FROM_CLIENT, PACKED_SUBPROTOCOL, ClientMessage, Object, Send

_NOT_CONTAINERS: Final = bytes({*range(256)} - {*range(0x80, 0xA0), *range(0xDC, 0xE0)})
"""All bytes with which no list and no object begins."""


class MsgpackCodec:
    """
    Binary frames, one array each.

    :param depth: containers inside one another, at most.
    :param request_bytes: of a message that is no ``send``, at most.
    """

    subprotocol = PACKED_SUBPROTOCOL
    binary = True

    def __init__(self, depth: int, request_bytes: int = sys.maxsize) -> None:
        self.depth = depth
        self.request_bytes = request_bytes

    def glance(self, frame: bytes) -> Send:
        """Decode a ``send`` quickly; see `gameserver.protocol.json_codec.Codec.glance`."""
        return _send(_send_decoder.decode(frame))

    def is_flat(self, frame: bytes) -> bool:
        """Whether a message nests no deeper than it may; see `gameserver.protocol.json_codec.Codec.is_flat`."""
        return len(frame.translate(None, _NOT_CONTAINERS)) <= self.depth or not is_deeper(frame, self.depth)

    def decode(self, frame: bytes) -> ClientMessage:
        """Decode a client's frame; see `gameserver.protocol.json_codec.Codec.decode`."""
        if len(frame) > self.request_bytes:
            self._check_size(frame)
        if not self.is_flat(frame):
            raise Unreadable("bad_message", too_deep(self.depth), _id_of(frame))
        try:
            array = _decoder.decode(frame)
        except PROBLEMS as error:
            raise _what_is_wrong(frame, error) from None
        if type(array) is _SEND:
            return _send(array)
        return _message_of(array)

    def _check_size(self, frame: bytes) -> None:
        """Read no more than number and id before it is known that the frame may be so large."""
        try:
            parts = _decode_parts(frame)
            number = msgspec.msgpack.decode(parts[0], type=int) if parts else 0
        except PROBLEMS:
            raise Unreadable("bad_message", "That is no MessagePack array.", _id_in_pieces(frame)) from None
        if number != SEND:
            raise too_large(self.request_bytes, _id_in(parts, number))


def _object(kind: type, value: Any) -> Object:
    """:returns: what stands where an object is meant. :raises ValueError: it is none."""
    if type(value) is not dict:
        raise ValueError("Expected `object`")
    return Object(value)


def _send(array: Any) -> Send:
    # A copy: a view would keep the whole read buffer, and may change under a message that waits.
    return Send(array.type, array.id, cast("Raw", values.Packed(array.data)), array.room, array.turn)


def is_deeper(frame: bytes, depth: int) -> bool:
    """Whether containers nest deeper than this; for what is not MessagePack the answer does not matter."""
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
    """:returns: the struct of a client's message as an array: all fields but the required ones may be nil."""
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


def _open_fields(kind: Any) -> tuple[str, ...]:
    """:returns: the fields that may hold what JSON cannot; the rest of the server takes them in their JSON form."""
    hints = get_type_hints(kind)
    return tuple(name for name, hint in hints.items() if {Any, Object, float} & {hint, *get_args(hint)})


_KINDS: Final[dict[str, Any]] = {str(kind.__struct_config__.tag): kind for kind in messages.FromClient.__subclasses__()}
_ARRAYS: Final[dict[int, Any]] = {number: _array_of(number) for number in FROM_CLIENT}
_MESSAGES: Final[dict[Any, Any]] = {kind: _KINDS[ARRAYS[number][0]] for number, kind in _ARRAYS.items()}
_OPEN: Final = {kind: _open_fields(kind) for kind in _KINDS.values()}
SEND: Final = 5
_SEND: Final = _ARRAYS[SEND]
_send_decoder: Final = msgspec.msgpack.Decoder(_SEND)
_decoder: Final = msgspec.msgpack.Decoder(reduce(or_, _ARRAYS.values()), dec_hook=_object)
_decode_any: Final = msgspec.msgpack.Decoder().decode
_decode_parts: Final = msgspec.msgpack.Decoder(list[Raw]).decode


def _message_of(array: Struct) -> ClientMessage:
    """Return the message that an array is, with its defaults where the array has nil."""
    kind = _MESSAGES[type(array)]
    given = {name: getattr(array, name) for name in array.__struct_fields__}
    given = {name: value for name, value in given.items() if value is not None}
    for name in _OPEN[kind]:
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
    """Look closely at a frame that did not decode: which request it is, and whether its number is known."""
    try:
        parts = _decode_parts(frame)
        number = _decode_any(parts[0]) if parts else None
    except PROBLEMS:
        return Unreadable("bad_message", "That is no MessagePack array.", _id_in_pieces(frame))
    id = _id_in(parts, number)
    if type(number) is int and number not in FROM_CLIENT:
        return Unreadable("unknown_op", f"There is no operation {number}.", id)
    if isinstance(error, msgspec.ValidationError):
        return Unreadable("bad_message", str(error), id)
    return Unreadable("bad_message", "That is not MessagePack.", id)


def _id_of(frame: bytes) -> int | None:
    """:returns: the number of a request that is refused for its form, where it can be read at all."""
    try:
        parts = _decode_parts(frame)
        return _id_in(parts, _decode_any(parts[0]) if parts else None)
    except PROBLEMS:
        return _id_in_pieces(frame)


def _id_in(parts: list[Raw], number: Any) -> int | None:
    """Find the id of a request, or of what a later version may know as one."""
    place = _id_place(number)
    try:
        return request_id(_decode_any(parts[place])) if 0 < place < len(parts) else None
    except PROBLEMS:
        return None


def _id_in_pieces(frame: bytes) -> int | None:
    """:returns: the same for what is not MessagePack: the number behind the one with which it begins."""
    start = _HEADS.get(frame[:1], 0)
    middle = start + _NUMBERS.get(frame[start : start + 1], 1)
    end = middle + _NUMBERS.get(frame[middle : middle + 1], 1)
    try:
        number, id = _decode_any(frame[start:middle]), _decode_any(frame[middle:end])
    except PROBLEMS:
        return None
    return request_id(id) if start and _id_place(number) == 1 else None


def _id_place(number: Any) -> int:
    """:returns: where in a message of this number its id stands; 0: nowhere."""
    return _ID_PLACES.get(number, 1) if isinstance(number, int) else 0


_HEADS: Final = {**{bytes([0x90 | length]): 1 for length in range(2, 16)}, b"\xdc": 3, b"\xdd": 5}
"""First bytes of arrays that have room for an id, and how long their heads are."""
_NUMBERS: Final = dict(zip((bytes([head]) for head in range(0xCA, 0xD4)), (5, 9, 2, 3, 5, 9, 2, 3, 5, 9), strict=True))
"""First bytes of numbers, and how many bytes there are; all others take one."""
_ID_PLACES: Final = {
    number: 1 + names.index("id") if "id" in names else 0
    for number, (_, names) in ARRAYS.items()
    if number in FROM_CLIENT
}
