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


MEDIUM: Final = Struct(">BBH").pack
"""Makes a head of its first byte, 126, and a length that is not under 126 and under 65,536."""
_SHORT: Final = Struct(">BB").pack
_LONG: Final = Struct(">BBQ").pack


def head(first: int, length: int) -> bytes:
    """:returns: the head of a server's frame, which has no mask."""
    if length < 126:
        return _SHORT(first, length)
    if length < 65536:
        return MEDIUM(first, 126, length)
    return _LONG(first, 127, length)


def unmask(mask: bytes, payload: bytes) -> bytes:
    """
    :param mask: four bytes.
    :returns: the payload, each byte xor the mask's; as one number, which is faster than any loop here.
    """
    size = len(payload)
    key = mask * (size // 4 + 1)
    number = int.from_bytes(payload, "little") ^ int.from_bytes(key[:size], "little")
    return number.to_bytes(size, "little")


def is_text(payload: bytes) -> bool:
    """Whether these bytes may be a text message."""
    if payload.isascii():
        return True
    try:
        payload.decode()
    except UnicodeDecodeError:
        return False
    return True
