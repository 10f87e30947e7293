"""
The short way of what a client sends: messages that are one whole frame each, which nearly all are.

Whatever is unusual goes to Autobahn from where it begins: fragments, control frames, frames that came in part, and all
that is wrong.
"""

from __future__ import annotations

from collections.abc import Callable

from gameserver.wire.frames import TEXT, is_text, unmask


class Incoming:
    """
    What one connection brings.

    :param own: the first byte of a whole frame in the form that the session speaks.
    :param most: bytes of a message.
    :param take: is given each message.
    :param rest: is given what is not for this way, up to the end of what was read.
    :ivar between: what comes next is the beginning of a frame, and nobody else must see it.
    """

    __slots__ = ("_most", "_own", "_rest", "between", "take")

    def __init__(
        self, own: int, most: int, take: Callable[[bytes], None], rest: Callable[[bytes], None], *, between: bool
    ) -> None:
        self._own = own
        self._most = most
        self.take = take
        self._rest = rest
        self.between = between

    def feed(self, data: bytes) -> None:
        """Something was read."""
        at, end, own, take = 0, len(data), self._own, self.take
        while self.between and end - at > 5 and data[at] == own:
            length, start = data[at + 1] - 0x80, at + 6
            if length > 125:
                if length == 127 or end - at < 8:
                    break
                length, start = data[at + 2] << 8 | data[at + 3], at + 8
                if length < 126:
                    break
            stop = start + length
            if stop > end or length < 0 or length > self._most:
                break
            payload = unmask(data[start - 4 : start], data[start:stop])
            if own == TEXT and not payload.isascii() and not is_text(payload):
                break
            take(payload)
            if stop == end:
                return
            at = stop
        if at != end:
            self._rest(data[at:] if at else data)
