"""
From bytes to the messages of a client, and what is wrong where they are none.

A codec is a form of the protocol: its subprotocol's name, and ``decode``. How the server writes a message is in
`gameserver.protocol.messages` and `gameserver.protocol.msgpack`.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Callable
from itertools import accumulate
from typing import Any, Final, Protocol

import msgspec
from msgspec import Struct

from gameserver.errors import CODES, GameServerError
from gameserver.protocol import values
from gameserver.protocol.messages import SUBPROTOCOL, ClientMessage, FromClient, Object, Send
from gameserver.protocol.numerals import Wholes, fails_at_float

_TOKEN: Final = re.compile(rb'"(?:[^"\\]|\\.)*+(?:"|\\?\Z)|[][{}]', re.DOTALL)
"""Texts and brackets; a text that does not end goes to the end, so that no byte is looked at twice."""
_NUMBER: Final = re.compile(rb"\s*:\s*(-?[0-9][-+.0-9eE]{0,30})\s*(?:[,}]|\Z)")
"""What follows a key whose value is a number."""
PROBLEMS: Final = (msgspec.MsgspecError, UnicodeDecodeError, RecursionError)
"""What msgspec raises at bytes that it cannot read."""


class Unreadable(GameServerError):
    """
    A frame is not a message.

    :ivar code: ``bad_message``, ``unknown_op`` or ``too_large``.
    :ivar id: the request's number, where one could be made out.
    """

    def __init__(self, code: str, text: str = "", id: int | None = None) -> None:
        self.code = code
        self.text = text or CODES[code]
        self.id = id
        super().__init__(self.text)


class Codec(Protocol):
    """One form of the protocol, for one session."""

    subprotocol: str
    binary: bool

    @property
    def glance(self) -> Callable[[bytes], Send]:
        """Decodes a ``send`` as `decode` does, only faster; raises one of `PROBLEMS` where that must look closer."""

    def is_flat(self, frame: bytes) -> bool:
        """Whether a message nests no deeper than it may; `glance` does not look."""

    def decode(self, frame: bytes) -> ClientMessage:
        """
        :param frame: one message alone, in bytes that never change: what is left undecoded may be a view of them.
        :raises Unreadable: it is none.
        """


class JSONCodec:
    """
    Text frames, one object each.

    :param depth: containers inside one another, at most.
    :param request_bytes: of a message that is no ``send``, at most.
    """

    subprotocol = SUBPROTOCOL
    binary = False

    def __init__(self, depth: int, request_bytes: int = sys.maxsize) -> None:
        self.depth = depth
        self.request_bytes = request_bytes
        self.glance = _decode_send

    def is_flat(self, frame: bytes) -> bool:
        """Whether a message nests no deeper than it may; see `Codec.is_flat`."""
        return frame.count(b"{") + frame.count(b"[") <= self.depth or json_depth(frame) <= self.depth

    def decode(self, frame: bytes) -> ClientMessage:
        """Decode a client's frame; see `Codec.decode`."""
        if len(frame) > self.request_bytes:
            self._check_size(frame)
        if not self.is_flat(frame):
            raise Unreadable("bad_message", too_deep(self.depth), _id_of(frame))
        try:
            try:
                message: ClientMessage = _decode(frame)
            except msgspec.ValidationError as error:
                if not (fails_at_float(error) or _fails_at_null(error)):
                    raise
                message = _decode(_as_meant(frame))
        except PROBLEMS as error:
            raise _what_is_wrong(frame, error) from None
        return message

    def _check_size(self, frame: bytes) -> None:
        """Read no more than ``op`` and ``id`` before it is known that the frame may be so large."""
        try:
            head = _decode_head(frame)
        except PROBLEMS:
            raise Unreadable("bad_message", "That is not JSON.") from None
        if head.op != "send":
            raise too_large(self.request_bytes, _whole_id(head.id))


def _object(kind: type, value: Any) -> Object:
    """:returns: what stands where an object is meant. :raises ValueError: it is none."""
    if type(value) is not dict or values.is_bytes(value):
        raise ValueError("Expected `object`")
    return Object(value)


class _Head(Struct):
    """What a message is, and nothing that is in it."""

    op: str
    id: float | int | None = None


_decode_head: Final = msgspec.json.Decoder(_Head).decode
_decode: Final = msgspec.json.Decoder(ClientMessage, dec_hook=_object).decode
_decode_any: Final = msgspec.json.Decoder().decode
_decode_fields: Final = msgspec.json.Decoder(dict[str, msgspec.Raw]).decode
_decode_send: Final = msgspec.json.Decoder(Send).decode


def too_large(most: int, id: int | None) -> Unreadable:
    """:returns: the error for a larger message."""
    return Unreadable("too_large", f"A message that is no ``send`` has at most {most} bytes.", id)


def too_deep(depth: int) -> str:
    """:returns: the error's text for deeper nesting."""
    return f"At most {depth} lists and objects inside one another."


def json_depth(text: bytes) -> int:
    """:returns: how many containers stand inside one another, whether or not the text is JSON."""
    # Without what is escaped each quote begins or ends a text. All of it is done in C: a frame may hold thousands.
    bare = text.replace(b"\\\\", b"").replace(b'\\"', b"")
    steps = b"".join(bare.split(b'"')[::2]).translate(_STEPS, _NO_BRACKETS)
    return max(accumulate(memoryview(steps).cast("b"), initial=0))


_STEPS: Final = bytes.maketrans(b"[{]}", b"\x01\x01\xff\xff")
"""1 for each bracket that opens, and -1, as a signed byte, for each that closes."""
_NO_BRACKETS: Final = bytes(set(range(256)) - set(b"[]{}"))


def integers_of(kind: Any) -> dict[str, Wholes]:
    """:returns: by their names the fields of a message in which integers stand."""
    found = {field.encode_name: Wholes(field.type) for field in msgspec.structs.fields(kind)}
    return {name: wholes for name, wholes in found.items() if wholes.there}


_INTEGERS: Final = {str(kind.__struct_config__.tag): integers_of(kind) for kind in FromClient.__subclasses__()}


def _fails_at_null(error: Exception) -> bool:
    return "got `null`" in str(error)


def _as_meant(frame: bytes) -> bytes:
    """
    :returns: the same message, with integers for the whole floats that stand for one, and without fields that are null;
        the game's own data stays as it is.
    """
    fields = {name: value for name, value in _decode_fields(frame).items() if bytes(value) != b"null"}
    op = _decode_any(fields.get("op", b"null"))
    for name, integers in _INTEGERS.get(op, {}).items() if isinstance(op, str) else ():
        if name in fields:
            fields[name] = integers.taken(_decode_any(fields[name]))
    return msgspec.json.encode(fields)


def _what_is_wrong(frame: bytes, error: Exception) -> Unreadable:
    """Look closely at a frame that did not decode: which request it is, and whether its ``op`` is known."""
    try:
        value = _decode_any(frame)
    except PROBLEMS:
        # Such as half a surrogate pair: whoever waits for an answer should have one.
        return Unreadable("bad_message", "That is not JSON.", _id_in_pieces(frame))
    if not isinstance(value, dict):
        return Unreadable("bad_message", "A message is an object.")
    id = _whole_id(value.get("id"))
    op = value.get("op")
    if isinstance(op, str) and op not in _INTEGERS:
        return Unreadable("unknown_op", f"There is no operation {op[:32]!r}.", id)
    return Unreadable("bad_message", str(error), id)


def _id_of(frame: bytes) -> int | None:
    """:returns: the number of a request that is refused for its form, where it can be read at all."""
    try:
        value = _decode_any(frame)
    except PROBLEMS:
        return _id_in_pieces(frame)
    return _whole_id(value.get("id")) if isinstance(value, dict) else None


def _id_in_pieces(frame: bytes) -> int | None:
    """:returns: the same for what is not JSON: the number behind the key ``id`` of the outermost object."""
    depth = 0
    for token in _TOKEN.finditer(frame):
        found = token[0]
        if found in (b"{", b"["):
            depth += 1
        elif found in (b"}", b"]"):
            depth -= 1
        elif depth == 1 and found == b'"id"' and (number := _NUMBER.match(frame, token.end())):
            try:
                return _whole_id(_decode_any(number[1]))
            except PROBLEMS:
                return None
    return None


def _whole_id(value: Any) -> int | None:
    return request_id(int(value) if type(value) is float and value.is_integer() else value)


def request_id(value: Any) -> int | None:
    """:returns: a request's number, or None for anything that is none."""
    return value if type(value) is int and 0 <= value <= 2**53 else None
