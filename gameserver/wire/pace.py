"""
How fast a connection may go on: asked before each of its frames is decoded, whatever is in them.

Two budgets. One of frames: pings, pongs, empty continuations and messages alike, always more than what requests and the
rooms of the connection allow, so that it stops nobody who keeps to those. And one of what was refused: whoever goes on
saying what is not even looked at is not listened to for ever. And a bound on how many frames of one connection are
served before others are.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from gameserver.rates import TokenBucket
from gameserver.wire.limits import AT_ONCE

if TYPE_CHECKING:
    from gameserver.interfaces import IClock
    from gameserver.room.passes import Pass
    from gameserver.settings import Limits

FRAMES_A_PASS: Final = 32
"""Frames of one connection in one pass of the reactor, where several come at once; the rest waits for the next."""
FRAME_BYTES: Final = 2048
"""A larger one counts as several then: so many bytes take about as long as a small one."""
FOR_A_MESSAGE: Final = 2
"""Frames for each message that a room allows: it, and the end of it that came by itself."""
PIECE_BYTES: Final = 512
"""
A part of a frame that is smaller counts as a frame: no network cuts that small, but for the last one.

Source: RFC 9293 section 3.7.1, the least of the segment sizes
"""


class Pace:
    """
    The budgets of one connection.

    :param passes: count the passes.
    :ivar frames: whoever has a frame takes one of its ``spare``, or else asks `admits`.
    """

    __slots__ = ("_clock", "_left", "_limits", "_number", "_passes", "_refused", "frames", "over")

    def __init__(self, clock: IClock, limits: Limits, passes: Pass) -> None:
        self._clock = clock
        self._limits = limits
        self._passes = passes
        self._number = self._left = 0
        self._refused: TokenBucket | None = None
        own = limits.frames_per_s + limits.requests_per_s
        self.frames = TokenBucket(own, AT_ONCE * own)
        self.over = ""

    def has_turn(self, size_bytes: int = 0) -> bool:
        """
        :param size_bytes: of the frame.
        :returns: whether one frame more may be served in this pass; if so, it is counted.
        """
        if self._number != self._passes.number:
            self.begin_turn()
        if self._left <= 0:
            return False
        self._left -= 1 + size_bytes // FRAME_BYTES
        return True

    def begin_turn(self) -> None:
        """Others were served since."""
        self._number = self._passes.number
        self._left = FRAMES_A_PASS

    def admits(self, messages_per_s: float) -> bool:
        """
        :param messages_per_s: what its rooms allow.
        :returns: whether one frame more may be decoded; if so, it is counted, and if not, none ever.
        """
        if self.over:
            return False
        frames, now_s = self.frames, self._clock.monotonic()
        per_s = self._limits.frames_per_s + self._limits.requests_per_s + FOR_A_MESSAGE * messages_per_s
        if per_s != frames.per_s:
            frames.level(now_s)
            more = AT_ONCE * per_s - frames.burst
            frames.per_s, frames.burst = per_s, AT_ONCE * per_s
            # What a room allows at once, it allows from the beginning.
            frames.charge(now_s, -max(0.0, more))
        if not frames.take(now_s):
            self.over = "frames"
        return not self.over

    def refuse(self) -> None:
        """Something was refused; one too many, and no frame is decoded any more."""
        now_s = self._clock.monotonic()
        if self._refused is None:  # most connections never need one
            per_s = self._limits.refused_per_s
            self._refused = TokenBucket(per_s, AT_ONCE * per_s)
        if not self._refused.take(now_s):
            self.over = "refused"
            self.frames.level(now_s)  # none is spare: whoever has a frame asks
