"""
Messages as MessagePack arrays: how the server writes them, and how a client reads and writes them.

Most messages are rare, and are made from their JSON form, in which all of them are kept and replayed (`repack`). The
few that are not rare are written as they are (`pack`). What comes of both is the same; so is what a client gets from
either form, once `MsgpackReader` has made a message of it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from struct import Struct
from typing import Any, Final

import msgspec
from msgspec.structs import astuple

from gameserver.errors import NotJSON
from gameserver.protocol import messages, values
from gameserver.protocol.messages import ARRAYS, FROM_CLIENT, Form, FromServer
from gameserver.protocol.patches import expand


def _nothing(value: Any) -> None:
    """What JSON leaves out is nil here."""
    if value is not msgspec.UNSET:
        raise TypeError(f"{type(value).__name__} is nothing that a message holds")


_encode = msgspec.msgpack.Encoder(enc_hook=_nothing).encode
_decoder = msgspec.msgpack.Decoder(list[Any])

NUMBERS: Final = {op: number for number, (op, _) in ARRAYS.items() if number not in FROM_CLIENT}
"""By ``op``, the numbers of what the server says."""
_CLIENT_NUMBERS: Final = {op: number for number, (op, _) in ARRAYS.items() if number in FROM_CLIENT}
_NUMBER_OF: Final = {kind: NUMBERS[str(kind.__struct_config__.tag)] for kind in FromServer.__subclasses__()}
_DOCUMENTS: Final = frozenset(NUMBERS[op] for op in ("joined", "patch", "doc"))
_LEFT_OUT: Final = {"chat": ("emote", "mentions", "edited"), "doc": ("channels",)}
"""What JSON leaves out where there is nothing to say."""
_LATER: Final = ("channels", "read")
"""Fields of ``joined`` that were added, and that an older server leaves out."""
_FLOAT32: Final = Struct(">f")
_VOLATILE: Final = NUMBERS["event"]


def pack(message: FromServer) -> bytes:
    """
    :param message: with plain values, as they were before `messages.payload`.
    :returns: its MessagePack form.
    """
    if type(message) is messages.VolatileEvent:
        return _encode((_VOLATILE, message.room, message.stream, None, message.type, message.data))
    return _encode((_NUMBER_OF[type(message)], *astuple(message)))


def repack(frame: bytes | msgspec.Raw, keys: Any = None) -> bytes:
    """
    :param frame: a message of the server as JSON.
    :param keys: the keys of streams that ``joined`` and ``doc`` bring as well.
    :returns: the same as MessagePack.
    """
    message: dict[str, Any] = values.decode(bytes(frame))
    if keys:
        message["keys"] = keys
    number = NUMBERS[message["op"]]
    fields = map(message.get, ARRAYS[number][1])
    return _encode([number, *(map(shorten, fields) if number in _DOCUMENTS else fields)])


def shorten(value: Any) -> Any:
    """:returns: a value of a document, with the shortest floats: in 4 bytes where that is exact, else in 8."""
    if type(value) is float:
        try:
            four = _FLOAT32.pack(value)
        except OverflowError:
            return value
        return msgspec.Raw(b"\xca" + four) if _FLOAT32.unpack(four)[0] == value else value
    if isinstance(value, dict):
        return {key: shorten(item) for key, item in value.items()}
    if isinstance(value, list):
        return [shorten(item) for item in value]
    return value


def encode_for(form: Form, message: FromServer) -> bytes:
    """:returns: a message without payload, in the form of whoever it is for."""
    return messages.encode(message) if form is Form.JSON else pack(message)


def in_form(form: Form, frame: bytes) -> bytes:
    """:returns: a message that was kept as JSON, in the form of whoever it is for."""
    return frame if form is Form.JSON else repack(frame)


def say(op: str, fields: Mapping[str, Any]) -> bytes:
    """
    Write a client's message.

    :param fields: by name, as in JSON, with plain values; trailing ones that are absent are left out.
    """
    number = _CLIENT_NUMBERS[op]
    array = [number, *(fields.get(name) for name in ARRAYS[number][1])]
    while array[-1] is None:
        array.pop()
    return _encode(array)


class MsgpackReader:
    """
    Makes messages of the frames that a server sends on one connection; they must come in their order.

    It knows the keys of each room's streams, so that patches come out as they are in JSON.
    """

    def __init__(self) -> None:
        self._keys: dict[tuple[str, str], list[str]] = {}

    def read(self, frame: bytes) -> dict[str, Any]:
        """
        :returns: the message with plain values, as ``values.decode`` gives it of its JSON form.
        :raises NotJSON: it is none, or one that this protocol does not have.
        """
        try:
            array = _decoder.decode(frame)
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
            raise NotJSON(f"not a message: {error}") from None
        if not array or type(array[0]) is not int:
            raise NotJSON("a message begins with its number")
        try:
            return self._named(array)
        except (LookupError, TypeError, ValueError) as error:
            raise NotJSON(f"not a message of this protocol: {error!r}") from None

    def _named(self, array: Sequence[Any]) -> dict[str, Any]:
        op, names = ARRAYS.get(array[0], (f"number {array[0]}", ()))
        message = {"op": op, **dict(zip(names, array[1:], strict=False))}
        if message.get("n", 0) is None:
            del message["n"]  # as JSON leaves it out of what is volatile
        for name in _LEFT_OUT.get(op, ()):
            if not message.get(name):
                message.pop(name, None)
        if op == "patch":
            message["ops"] = expand(message["ops"], self._keys.setdefault((message["room"], message["stream"]), []))
        elif op == "doc":
            self._keys[message["room"], message["stream"]] = message.pop("keys", None) or []
        elif op == "joined":
            self._learn(message["room"], message.pop("keys", None) or {})
            return {name: value for name, value in message.items() if value is not None or name not in _LATER}
        return message

    def _learn(self, room: str, keys: Mapping[str, list[str]]) -> None:
        """A room's keys are these, and no others."""
        self._keys = {known: keys for known, keys in self._keys.items() if known[0] != room}
        self._keys.update(((room, stream), told) for stream, told in keys.items())
