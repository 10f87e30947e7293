"""A WebSocket that is read no faster than its `Pace` allows: that is asked before Autobahn begins with a frame."""

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
"""
How many frames are passed over between our close frame and the client's. No client has more than that on their way.
"""


class Paced(Closing):
    """
    A connection that makes no other wait.

    :ivar incoming: reads what comes, once the handshake is done.
    :ivar held: bytes that came in this pass, and are kept for the next.
    :ivar passed: how many frames, and pieces of frames, were passed over since we closed.
    """

    incoming: Incoming | None
    held = b""
    passed = 0
    _pass_bytes = 0
    current_frame: Any = None  # as Autobahn has it once the handshake is done
    current_frame_masker: Any
    endpoint: Any

    def look(self) -> None:
        """
        Find out whether `Incoming` may read what comes next.

        While Autobahn waits for the answer to a ping, it has to see every frame.
        """

    def autobahn(self, data: bytes) -> None:
        """Have Autobahn read this, then see whether it is between two messages."""
        if self.state == self.STATE_CLOSED:
            return
        if self.held:
            self.held += data
        elif not self.leaving and (len(data) >= PIECE_BYTES or self.current_frame is None or self._may_decode()):
            super().dataReceived(data)
            self.look()

    def _may_begin(self) -> bool:
        """Whether Autobahn may look at what comes next: the rest of the frame that it is in, or else a new one."""
        if self.leaving:
            return False
        if self.state == self.STATE_CLOSING:
            return self._finds_goodbye()
        if self.current_frame is not None or not self.data or self.session is None:
            return True
        if not self.session.pace.may_serve():
            waits, self.data = self.data, b""
            self.wait(waits)
            return False
        return self._may_decode()

    def _finds_goodbye(self) -> bool:
        """
        Pass over what comes after our close frame: none of it counts, and nothing is unmasked or kept.

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
        """Keep this until others were served; meanwhile nothing else is read from the connection."""
        self.held = data
        if self.incoming is not None:
            self.incoming.between = False
        self.transport.pauseProducing()
        self.factory.reactor.callLater(0, self._go_on)

    def _go_on(self) -> None:
        """Read what was held: others were served."""
        held, self.held = self.held, b""
        if self.session is None or self.incoming is None or self.leaving:
            return
        self.session.pace.begin_pass()
        self.look()
        self.incoming.feed(held)
        if not self.held and not self.leaving:
            self.transport.resumeProducing()

    def stop_listening(self) -> None:
        """Read nothing more, until the connection is cut off: it sent too much."""
        self.leaving = True
        self.data = self.held = b""
        if self.incoming is not None:
            self.incoming.between = False
        self.transport.pauseProducing()

    def processControlFrame(self) -> bool:
        """Handle a ping, a pong or a close frame. A pong that answers no ping is ignored, without a line in the log."""
        if self.current_frame.opcode == _PONG and b"".join(self.control_frame_data) != self.autoPingPending:
            self.control_frame_data = []
            return True
        return bool(super().processControlFrame())

    def onPing(self, payload: bytes) -> None:
        """Owe the answer to a ping; it counts as all else that waits to be sent."""
        if self.outgoing is not None and self.state == self.STATE_OPEN:
            self.outgoing.pong(payload)

    def onMessageFrameData(self, payload: bytes) -> None:
        """Keep a part of a message, unless it is empty."""
        if payload:
            super().onMessageFrameData(payload)
