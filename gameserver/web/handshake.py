"""
What stands before the WebSocket, and refuses bad handshakes that Autobahn, which sees them only in part, would accept.

Source: RFC 6455 sections 4.1 and 4.2.1
"""

from __future__ import annotations

from typing import Any

from twisted.web.resource import IResource, Resource

from gameserver.errors import Refused
from gameserver.web.answers import refusal

OLDER = "A WebSocket needs HTTP/1.1; so does every proxy on the way."
EARLY = "Nothing may be sent before the handshake is answered."


class Handshake(Resource):
    """:param websocket: what takes the connection over."""

    isLeaf = True

    def __init__(self, websocket: IResource) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self._websocket = websocket

    def render(self, request: Any) -> Any:
        """Shake hands; or say why not, and hang up, since what else was read would be lost without an answer."""
        fault = self._fault(request)
        if fault is None:
            return self._websocket.render(request)
        request.channel.persistent = False
        request.setHeader(b"connection", b"close")
        return refusal(request, Refused(fault, code="bad_message"))

    def _fault(self, request: Any) -> str | None:
        if request.clientproto != b"HTTP/1.1":
            return OLDER
        has_body = request.content.read(1) or request.requestHeaders.hasHeader(b"transfer-encoding")
        return EARLY if has_body or request.channel.clearLineBuffer() else None
