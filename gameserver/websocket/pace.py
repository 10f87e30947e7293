"""
How fast a connection may go on: asked before each of its frames is decoded, whatever is in it.

There are two budgets. One is of frames: pings, pongs, empty continuations and messages alike. It is always larger than
what requests and the rooms of the connection allow, so that it stops nobody who keeps to those. The other is of
refusals: whoever goes on sending what is refused is not listened to for ever. Besides, only so many frames of one
connection are served before others have their turn.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from gameserver.rates import TokenBucket
from gameserver.websocket.limits import AT_ONCE

if TYPE_CHECKING:
    from gameserver.interfaces import IClock
    from gameserver.node.reactor_pass import ReactorPass
    from gameserver.settings.settings import Limits

FRAMES_A_PASS: Final = 32
"""How many frames of one connection are served in one pass of the reactor; the rest waits for the next pass."""
FRAME_BYTES: Final = 2048
"""A larger frame counts as several: so many bytes take about as long as one small frame."""
FOR_A_MESSAGE: Final = 2
"""Frames for each message that a room allows: the message, and its end where that came by itself."""
PIECE_BYTES: Final = 512
"""
A part of a frame that is smaller than this counts as a frame: no network cuts so small, but for the last part.

Source: RFC 9293 section 3.7.1, the least of the segment sizes
"""


class Pace:
    """
    The budgets of one connection.

    :param reactor_pass: counts the passes.
    :ivar frames: the budget of frames. For each frame its reader takes one of ``spare``; if none is, it asks `admits`.
    :ivar over: which budget is used up, ``frames`` or ``refused``; empty while none is.
    """

    __slots__ = ("_clock", "_left", "_limits", "_number", "_passes", "_refused", "frames", "over")

    def __init__(self, clock: IClock, limits: Limits, reactor_pass: ReactorPass) -> None:
        self._clock = clock
        self._limits = limits
        self._passes = reactor_pass
        self._number = self._left = 0
        self._refused: TokenBucket | None = None
        own = limits.frames_per_s + limits.requests_per_s
        self.frames = TokenBucket(own, AT_ONCE * own)
        self.over = ""

    def may_serve(self, size_bytes: int = 0) -> bool:
        """
        :param size_bytes: of the frame.
        :returns: whether one frame more may be served in this pass; if so, it is counted.
        """
        if self._number != self._passes.number:
            self.begin_pass()
        if self._left <= 0:
            return False
        self._left -= 1 + size_bytes // FRAME_BYTES
        return True

    def begin_pass(self) -> None:
        """Begin to count anew: others were served since."""
        self._number = self._passes.number
        self._left = FRAMES_A_PASS

    def admits(self, messages_per_s: float) -> bool:
        """
        :param messages_per_s: what its rooms allow together.
        :returns: whether one frame more may be decoded; if so, it is counted. After the first no, it is always no.
        """
        if self.over:
            return False
        frames, now_s = self.frames, self._clock.monotonic()
        per_s = self._limits.frames_per_s + self._limits.requests_per_s + FOR_A_MESSAGE * messages_per_s
        if per_s != frames.per_s:
            frames.level(now_s)
            more = AT_ONCE * per_s - frames.burst
            frames.per_s, frames.burst = per_s, AT_ONCE * per_s
            # The messages that a room allows at once may come as soon as there is a seat in it.
            frames.charge(now_s, -max(0.0, more))
        if not frames.take(now_s):
            self.over = "frames"
        return not self.over

    def refuse(self) -> None:
        """Count a refusal; after one too many, no frame is decoded any more."""
        now_s = self._clock.monotonic()
        if self._refused is None:  # most connections never need one
            per_s = self._limits.refused_per_s
            self._refused = TokenBucket(per_s, AT_ONCE * per_s)
        if not self._refused.take(now_s):
            self.over = "refused"
            self.frames.level(now_s)  # so that none is spare, and the next frame asks `admits`
