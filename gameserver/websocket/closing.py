"""
How a WebSocket ends: what was asked is answered, what is owed is sent, the close frame comes last, and no connection
stays open.

Autobahn by itself answers a close frame at once, and cuts the connection while that answer may still wait to be sent,
which happens over TLS and UNIX sockets.
"""

from __future__ import annotations

from typing import Any, Final

from autobahn.twisted.websocket import WebSocketServerProtocol
from twisted.internet.defer import CancelledError
from twisted.internet.defer import TimeoutError as DeferredTimeout
from twisted.internet.interfaces import IDelayedCall
from twisted.python.failure import Failure

GOODBYE_S: Final = 2.0
"""How long a client may take to answer a close frame or to read its last messages, and a room to answer it."""


class Closing(WebSocketServerProtocol):
    """
    A connection that ends well.

    :ivar leaving: the client has closed and is being answered, or was closed for flooding; whatever it sends after
        that does not count.
    """

    leaving = False
    _cut_call: IDelayedCall | None = None
    session: Any
    outgoing: Any
    transport: Any

    def processData(self) -> bool:
        """Go on to the next frame, or part of one. :returns: whether another may follow it."""
        return self._may_begin() and bool(super().processData()) and not self.leaving

    def _may_begin(self) -> bool:
        """Whether Autobahn may look at what comes next."""
        return not self.leaving

    def onCloseFrame(self, code: Any, reasonRaw: Any) -> bool | None:
        """The client closes, with or without a code and a reason: first, what it asked before is answered."""
        if self.state != self.STATE_OPEN or self.session is None:
            return super().onCloseFrame(code, reasonRaw)
        self.leaving = True
        answered = self.session.finish().addTimeout(GOODBYE_S, self.factory.reactor)
        answered.addErrback(lambda failure: failure.trap(DeferredTimeout, CancelledError))
        answered.addCallback(lambda _: self._close_too(code, reasonRaw))
        return None

    def _close_too(self, code: Any, reason: Any) -> None:
        """Answer the close frame: all that was asked is answered, or took too long."""
        if self.state != self.STATE_CLOSED:
            super().onCloseFrame(code, reason)

    def sendCloseFrame(self, code: int | None = None, reasonUtf8: bytes | None = None, isReply: bool = False) -> None:
        """Send the close frame after what is owed."""
        if self.outgoing is not None:
            self.outgoing.write()
        super().sendCloseFrame(code, reasonUtf8, isReply)

    def _closeConnection(self, abort: bool = False) -> None:
        """End the connection once all that waits is sent; a client that does not read it is cut off a little later."""
        if abort and not self.wasClean:
            self.transport.abortConnection()
        else:
            self.transport.loseConnection()
            self._cut_call = self.factory.reactor.callLater(GOODBYE_S, self.transport.abortConnection)

    def connectionLost(self, reason: Failure) -> None:  # type: ignore[override]
        """It has ended."""
        if self._cut_call is not None and self._cut_call.active():
            self._cut_call.cancel()
        super().connectionLost(reason)
