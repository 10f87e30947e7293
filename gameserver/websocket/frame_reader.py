"""
The short way for what a client sends: messages that are one whole frame each, as nearly all are.

From the first unusual thing on, the bytes go to Autobahn: fragments, control frames, frames that came in part, and all
that is wrong.
"""

from __future__ import annotations

from collections.abc import Callable

from gameserver.websocket.frames import TEXT, is_text, unmask
from gameserver.websocket.pace import Pace


class Incoming:
    """
    Reads the frames of one connection.

    :param own: the first byte of a whole frame in the form that the session speaks.
    :param most: the most bytes of a message.
    :param take: called with each message.
    :param rest: called with bytes that are not for this reader, up to the end of what was read.
    :param wait: called with bytes that are for the next pass, up to the end of what was read.
    :param pace: the budgets of the connection.
    :param admits: asked for each frame when ``pace.frames`` has none to spare; if it says no, nothing more is decoded.
    :ivar between: the next byte begins a frame, and Autobahn need not see it.
    """

    __slots__ = ("_admits", "_frames", "_may_serve", "_most", "_own", "_rest", "_wait", "between", "take")

    def __init__(
        self,
        own: int,
        most: int,
        take: Callable[[bytes], None],
        rest: Callable[[bytes], None],
        wait: Callable[[bytes], None],
        pace: Pace,
        admits: Callable[[], bool],
        *,
        between: bool,
    ) -> None:
        self._own = own
        self._most = most
        self.take = take
        self._rest = rest
        self._wait = wait
        self._frames = pace.frames
        self._may_serve = pace.may_serve
        self._admits = admits
        self.between = between

    def feed(self, data: bytes) -> None:
        """Take what was read: most of the time that is one frame, of up to 125 bytes or a little more."""
        size = len(data)
        if size > 8 and self.between and data[0] == self._own:
            if size < 132 and data[1] == size + 0x7A:
                payload = unmask(data[2:6], data[6:])
            elif size > 133 and data[1] == 0xFE and data[2] << 8 | data[3] == size - 8 <= self._most:
                payload = unmask(data[4:8], data[8:])
            else:
                self._feed(data)
                return
            if payload.isascii() or self._own != TEXT:
                # As `_may_go_on` does, without a call for most frames.
                frames = self._frames
                if frames.spare:
                    frames.spare -= 1
                elif not self._may_go_on():
                    return
                take = self.take
                take(payload)
                return
        self._feed(data)

    def feed_unmasked(self, data: bytes, head: int) -> None:
        """Take exactly one frame that may be a whole message; its payload is unmasked already."""
        payload = data[head:]
        own = self._own
        readable = payload.isascii() or own != TEXT or is_text(payload)
        if readable and self.between and data[0] == own and len(payload) <= self._most:
            frames = self._frames
            if frames.spare:
                frames.spare -= 1
            elif not self._may_go_on():
                return
            take = self.take
            take(payload)
        else:
            self.feed(masked_again(data, head))

    def _feed(self, data: bytes) -> None:
        """Take several frames, or longer ones."""
        at, end, own = 0, len(data), self._own
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
            if not self._may_serve(length):
                self._wait(data[at:])
                return
            if not self._may_go_on():
                return
            payload = unmask(data[start - 4 : start], data[start:stop])
            if own == TEXT and not payload.isascii() and not is_text(payload):
                break
            at = stop
            self.take(payload)
        if at != end:
            self._rest(data[at:] if at else data)

    def _may_go_on(self) -> bool:
        """Count one frame. :returns: whether it may be decoded."""
        frames = self._frames
        if frames.spare:
            frames.spare -= 1
            return True
        return self._admits()


def masked_again(data: bytes, head: int) -> bytes:
    """:returns: an unmasked frame as it came: its payload is masked again with the mask at the end of its head."""
    return data[:head] + unmask(data[head - 4 : head], data[head:])
