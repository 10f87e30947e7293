"""A WebSocket that is read no faster than its `Pace` allows: Autobahn goes on to a frame when that was asked."""

from __future__ import annotations

from typing import Any, Final

from gameserver.websocket.closing import Closing
from gameserver.websocket.frame_reader import Incoming
from gameserver.websocket.frames import frame_size
from gameserver.websocket.pace import PIECE_BYTES

_CLOSE: Final = 8
_PONG: Final = 10
"""Opcodes."""
LAST_FRAMES: Final = 1000
"""Behind our close frame so many are passed over until the client's; what was on its way is not more."""


class Paced(Closing):
    """
    A connection on which others do not wait.

    :ivar incoming: reads what comes, once the handshake is done.
    :ivar held: came in this pass, and is for the next.
    :ivar passed: frames, and pieces of some, that were passed over since we closed.
    """

    incoming: Incoming | None
    held = b""
    passed = 0
    _pass_bytes = 0
    current_frame: Any = None  # as Autobahn has it once the handshake is done
    current_frame_masker: Any
    endpoint: Any

    def look(self) -> None:
        """Whether what comes next may go the short way; while Autobahn's timers of pings run they see every frame."""

    def autobahn(self, data: bytes) -> None:
        """Have Autobahn read this, and see whether it is between two messages then."""
        if self.state == self.STATE_CLOSED:
            return
        if self.held:
            self.held += data
        elif not self.leaving and (len(data) >= PIECE_BYTES or self.current_frame is None or self._may_decode()):
            super().dataReceived(data)
            self.look()

    def _may_begin(self) -> bool:
        """Whether Autobahn may look at what comes next: a frame if it is in none, else the rest of that."""
        if self.leaving:
            return False
        if self.state == self.STATE_CLOSING:
            return self._finds_goodbye()
        if self.current_frame is not None or not self.data or self.session is None:
            return True
        if not self.session.pace.has_turn():
            waits, self.data = self.data, b""
            self.wait(waits)
            return False
        return self._may_decode()

    def _finds_goodbye(self) -> bool:
        """
        Pass over what comes behind our close frame: nothing of it counts, and nothing is unmasked or kept.

        :returns: whether the client's own close frame is next, which ends the connection well.
        """
        if self.current_frame is not None:
            if self.current_frame.opcode == _CLOSE:
                return True
            self._pass_bytes = self.current_frame.length - self.current_frame_masker.pointer()
            self.current_frame = None
        self.passed += 1
        at = min(self._pass_bytes, len(self.data))
        self._pass_bytes -= at
        while at < len(self.data) and self.data[at] & 0x0F != _CLOSE and self.passed <= LAST_FRAMES:
            size = frame_size(self.data, at)
            if size is None:
                break
            self.passed += 1
            self._pass_bytes = max(0, at + size - len(self.data))
            at += size - self._pass_bytes
        self.data = self.data[at:]
        if self.passed > LAST_FRAMES:
            self.stop_listening()
        return self.data[:1] != b"" and self.data[0] & 0x0F == _CLOSE

    def _may_decode(self) -> bool:
        """Count one frame. :returns: whether it is decoded; if not, the connection was closed."""
        frames = self.session.pace.frames
        if frames.spare:
            frames.spare -= 1
            return True
        return bool(self.session.admits())

    def wait(self, data: bytes) -> None:
        """Others are served before this; meanwhile nothing else is read of the connection."""
        self.held = data
        if self.incoming is not None:
            self.incoming.between = False
        self.transport.pauseProducing()
        self.factory.reactor.callLater(0, self._go_on)

    def _go_on(self) -> None:
        """They were."""
        held, self.held = self.held, b""
        if self.session is None or self.incoming is None or self.leaving:
            return
        self.session.pace.begin_turn()
        self.look()
        self.incoming.feed(held)
        if not self.held and not self.leaving:
            self.transport.resumeProducing()

    def stop_listening(self) -> None:
        """It said too much: nothing more is read of it until it is cut off."""
        self.leaving = True
        self.data = self.held = b""
        if self.incoming is not None:
            self.incoming.between = False
        self.transport.pauseProducing()

    def processControlFrame(self) -> bool:
        """A ping, a pong or the end. A pong that nobody asked for says nothing, and is no line in the log."""
        if self.current_frame.opcode == _PONG and b"".join(self.control_frame_data) != self.autoPingPending:
            self.control_frame_data = []
            return True
        return bool(super().processControlFrame())

    def onPing(self, payload: bytes) -> None:
        """Answered with what else is owed, of which no more may wait than of all else."""
        if self.outgoing is not None and self.state == self.STATE_OPEN:
            self.outgoing.pong(payload)

    def onMessageFrameData(self, payload: bytes) -> None:
        """A part of a message came; of those that hold nothing there is nothing to keep."""
        if payload:
            super().onMessageFrameData(payload)
