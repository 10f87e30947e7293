"""Whoever is at the other end of a connection: who it is, which form of the protocol it speaks, how to send to it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from gameserver.errors import Refused
from gameserver.interfaces import User
from gameserver.protocol import messages, msgpack
from gameserver.protocol.messages import Close, Form, FromServer
from gameserver.room.effects import Requester
from gameserver.websocket.pace import Pace
from gameserver.websocket.services import NodeServices, Transport


class Peer:
    """
    The other end of a connection.

    :param services: the node's.
    :param transport: the connection.
    :param address: the client's, by which budgets count.
    :param binary: whether it speaks MessagePack.
    :ivar user: who it is, once it has said hello.
    :ivar key: by which the client is known again on its next connection.
    :ivar closed: the connection is gone.
    :ivar closing: it is being closed; nothing that comes is handled.
    """

    __slots__ = (
        "address",
        "closed",
        "closing",
        "deliver",
        "deliver_answered",
        "deliver_to_all",
        "deliver_volatile",
        "form",
        "key",
        "pace",
        "services",
        "transport",
        "user",
    )

    def __init__(self, services: NodeServices, transport: Transport, address: str, *, binary: bool) -> None:
        self.services = services
        self.transport = transport
        self.pace = Pace(services.clock, services.limits, services.registry.reactor_pass)
        self.closed = False
        self.closing = False
        self.address = address
        self.user: User | None = None
        self.key = ""
        self.form = Form.PACKED if binary else Form.JSON
        self.deliver: Callable[[bytes], None] = transport.send
        self.deliver_to_all = transport.send_to_all
        self.deliver_answered = transport.send_answered
        self.deliver_volatile: Callable[[bytes, str], None] = transport.send_volatile

    def say(self, message: FromServer) -> None:
        """Send a message that holds no data of a game."""
        self.deliver(msgpack.encode_for(self.form, message))

    def done(self, requester: Requester, data: Any) -> None:
        """Answer a request in which no room had a part, if it has an id."""
        if requester.id is not None:
            frame = messages.encode(messages.Ok(requester.id, data))
            self.deliver(frame if self.form is Form.JSON else msgpack.repack(frame))

    def close(self, code: int, reason: str = "") -> None:
        """Close the connection; nothing that comes after is handled."""
        if not self.closing:
            self.closing = True
            self.transport.close(code, reason)

    def refused(self) -> None:
        """Note that something came too fast to be looked at; see `ISession.refused`."""
        self.pace.refuse()

    def admit(self, user: User) -> None:
        """
        Check that neither the user nor the address is banned; else the connection is closed.

        :raises Refused: ``forbidden``: one of them is.
        """
        try:
            self.services.registry.watch.admit(user, self.address)
        except Refused:
            self.services.clock.later(0, self.close, Close.FORBIDDEN, "banned")
            raise

    def whoever(self) -> User:
        """:returns: the user. :raises Refused: ``unauthenticated``: it has not said hello."""
        if self.user is None:
            raise Refused(code="unauthenticated")
        return self.user

    def now_ms(self) -> int:
        return round(self.services.clock.now() * 1000)
