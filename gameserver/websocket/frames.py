"""
Frames of a WebSocket, as far as we read and write them ourselves: whole messages in one frame.

Source: RFC 6455 section 5.2
"""

from __future__ import annotations

from struct import Struct
from typing import Final

TEXT: Final = 0x81
BINARY: Final = 0x82
"""The first byte of a frame that is a whole message."""
PONG: Final = 0x8A
"""The first byte of an answer to a ping."""


_SHORT: Final = Struct(">BB").pack
_MEDIUM: Final = Struct(">BBH").pack
_LONG: Final = Struct(">BBQ").pack


def _head(first: int, length: int) -> bytes:
    if length < 126:
        return _SHORT(first, length)
    if length < 65536:
        return _MEDIUM(first, 126, length)
    return _LONG(first, 127, length)


READY: Final = 1024
HEADS: Final = {first: [_head(first, length) for length in range(READY)] for first in (TEXT, BINARY)}
"""The heads of most messages, by their first byte and length."""


def pong(payload: bytes) -> bytes:
    """:returns: the answer to a ping of at most 125 bytes."""
    return _SHORT(PONG, len(payload)) + payload


def head(first: int, length: int) -> bytes:
    """:returns: the head of a server's frame, which has no mask, of a text or a binary one."""
    return HEADS[first][length] if length < READY else _head(first, length)


_number: Final = int.from_bytes
_ONES: Final = [sum(1 << 32 * word for word in range(words)) for words in range(65)]
"""By a number of 32-bit words: the factor that repeats a mask so many times."""


def unmask(mask: bytes, payload: bytes) -> bytes:
    """
    :param mask: four bytes.
    :returns: the payload, each byte xor the mask's; done as one large number, which is faster than a loop in Python.
    """
    size = len(payload)
    words = (size + 3) >> 2
    if words < 65:
        key = _number(mask, "little") * _ONES[words]
    else:
        key = _number(mask * words, "little")
    return (_number(payload, "little") ^ key).to_bytes(words << 2, "little")[:size]


def is_text(payload: bytes) -> bool:
    """Whether these bytes are UTF-8, as the payload of a text message has to be."""
    if payload.isascii():
        return True
    try:
        payload.decode()
    except UnicodeDecodeError:
        return False
    return True


def frame_size(data: bytes, at: int) -> int | None:
    """:returns: the bytes of the frame that begins at ``at``, with its head; None where its head has not all come."""
    if len(data) - at < 2:
        return None
    length, head = data[at + 1] & 0x7F, 2
    if length > 125:
        head += 2 if length == 126 else 8
        if len(data) - at < head:
            return None
        length = int.from_bytes(data[at + 2 : at + head], "big")
    return head + (4 if data[at + 1] & 0x80 else 0) + length
