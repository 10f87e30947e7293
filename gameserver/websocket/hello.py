"""The beginning of a session: who somebody is, and how long there is to say it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from msgspec.structs import replace
from twisted.internet.defer import CancelledError, Deferred
from twisted.internet.interfaces import IDelayedCall

from gameserver.errors import Refused, StoreUnavailable
from gameserver.interfaces import Caller, User
from gameserver.protocol import messages
from gameserver.protocol.messages import Close, Form
from gameserver.protocol.patches import COLUMNS
from gameserver.websocket.peer import Peer
from gameserver.websocket.services import NodeServices, Transport

if TYPE_CHECKING:
    from gameserver.settings.settings import Limits

CLIENT_KEY: Final = re.compile(r"[A-Za-z0-9_-]{8,64}")


class GreetedPeer(Peer):
    """A peer that says hello, in time or not at all."""

    __slots__ = ("_hello_call", "_proof")

    def __init__(self, services: NodeServices, transport: Transport, address: str, *, binary: bool) -> None:
        super().__init__(services, transport, address, binary=binary)
        # Under way while it is found out who this is.
        self._proof: Deferred[tuple[User, str]] | None = None
        self._hello_call: IDelayedCall | None = None
        self.expect_hello()

    async def hello(self, message: messages.Hello) -> None:
        services = self.services
        if self.user is not None:
            raise Refused("This connection has said hello already.", code="bad_message")
        if services.isolated():
            self.expect_hello()  # it is not the client's fault
            raise Refused("This server cannot reach its store; others can.", code="busy")
        if message.token is not None or message.ticket is not None:
            user, token = await self._proven(message)
        elif message.guest is not None:
            user, token = services.authenticators.guest(self._guest_name(message.guest.name))
        else:
            raise Refused(code="unauthenticated")
        if self.closed:
            return
        self.admit(user)
        if self._hello_call is not None and self._hello_call.active():
            self._hello_call.cancel()
        known = message.client is not None and CLIENT_KEY.fullmatch(message.client)
        self.key = message.client if known and message.client else services.entropy(16).hex()
        self.user = user = replace(user, name=services.registry.people.called(user, services.limits.name_chars))
        services.registry.people.enter(self)
        if self.form is Form.PACKED and message.ops is not None and message.ops >= COLUMNS:
            self.form = Form.COLUMNS
        services.strangers.know(self)
        about = told_user(user)
        limits = told_limits(services.limits, services.message_bytes(binary=self.form is not Form.JSON))
        welcome = messages.Welcome(about, token, self.key, self.now_ms(), limits)
        self.say(welcome)

    async def _proven(self, message: messages.Hello) -> tuple[User, str]:
        """
        Find out who this is, within the time for a hello.

        :returns: as `_prove` does.
        :raises Refused: as `_prove` does; ``busy`` also where `_no_hello` gave up. Being busy is not the client's
            fault: its time to say hello begins anew.
        """
        self._proof = Deferred.fromCoroutine(self._prove(message.token, message.ticket))
        try:
            return await self._proof
        except CancelledError:
            self.expect_hello()
            raise Refused("Nobody could tell in time who you are; try again.", code="busy") from None
        except Refused as refused:
            if refused.code == "busy":
                self.expect_hello()
            raise
        finally:
            self._proof = None

    async def _prove(self, token: str | None, ticket: str | None) -> tuple[User, str]:
        """
        :returns: who this is, and the token that proves it from now on.
        :raises Refused: ``unauthenticated``, or ``busy``: nobody can tell now.
        """
        services = self.services
        now_s = services.clock.now()
        try:
            if token is None:
                if services.tickets is None or ticket is None:
                    raise Refused(code="unauthenticated")
                token = await services.tickets.redeem(ticket, now_s=now_s)
            caller = Caller(self.address)
            return await services.authenticators.authenticate(token, now_s=now_s, caller=caller), token
        except StoreUnavailable:
            raise Refused("The store does not answer.", code="busy") from None

    def _guest_name(self, name: str) -> str:
        """:returns: the name as it is shown. :raises Refused: ``unauthenticated``, as for every refused ``hello``."""
        try:
            return self.services.registry.people.admit(name, self.services.limits.name_chars)
        except Refused as refused:
            raise Refused(refused.text, code="unauthenticated", path="$.guest.name") from None

    def expect_hello(self) -> None:
        """Give the client ``limits.hello_s`` seconds from now to say hello."""
        if self.closed:
            return
        if self._hello_call is not None and self._hello_call.active():
            self._hello_call.cancel()
        self._hello_call = self.services.clock.later(self.services.limits.hello_s, self._no_hello)

    def _no_hello(self) -> None:
        """The time is over: give up what is still being found out, else close a connection that said no hello."""
        if self._proof is not None:
            self._proof.cancel()
        elif self.user is None and not self.closed:
            self.close(Close.UNAUTHENTICATED, "no hello in time")

    def end_login(self) -> None:
        """Wait for no hello any more."""
        if self._hello_call is not None and self._hello_call.active():
            self._hello_call.cancel()
        if self._proof is not None:
            self._proof.cancel()


def told_user(user: User) -> messages.UserInfo:
    """:returns: what a client is told of its own user."""
    return messages.UserInfo(user.id, user.name, list(user.rights))


def told_limits(limits: Limits, message_bytes: int) -> dict[str, int | float]:
    """
    :param message_bytes: the largest message that this client is sent.
    :returns: the limits that a client should know, by their names on the wire.
    """
    names = ("frame_bytes", "depth", "ping_s", "queue_bytes", "chat_chars", "chat_data_bytes", "name_chars", "rooms")
    return {name: getattr(limits, name) for name in names} | {"message_bytes": message_bytes}
