"""What all HTTP calls have in common: who calls, what the body says, and whether this address may try."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from functools import wraps
from typing import TYPE_CHECKING, Any, Concatenate, Final, Generic, ParamSpec, TypeVar, overload

import msgspec
from klein import Klein
from msgspec import Struct
from twisted.internet.defer import Deferred
from twisted.internet.defer import TimeoutError as DeferredTimeout
from twisted.web.server import Request

from gameserver.errors import Refused
from gameserver.interfaces import User
from gameserver.protocol.json_codec import json_depth
from gameserver.web.answers import address_of, caller_of
from gameserver.web.openapi import Route

if TYPE_CHECKING:
    from gameserver.websocket.services import NodeServices

BODY_BYTES: Final = 64 * 1024
"""The largest body of a request, as large as a frame of the wire."""

STEP_S: Final = 15.0
"""How long a caller waits for a step of a room; the code of a game may take 10 s."""

_UNREADABLE: Final = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)

Body = TypeVar("Body", bound=Struct)
T = TypeVar("T")
P = ParamSpec("P")
Answer = Callable[P, Coroutine[Any, Any, bytes]]
"""What answers a call: a method, given the request, its body, and the variable parts of the path."""


class RequestBody(Generic[Body]):
    """
    The body of a request.

    A call reads it by itself, after it has checked what is cheaper to refuse.
    """

    __slots__ = ("_calls", "_kind", "_may_lack", "_request")

    def __init__(self, calls: ApiCalls, request: Request, kind: type[Body], *, may_lack: bool) -> None:
        self._calls = calls
        self._request = request
        self._kind = kind
        self._may_lack = may_lack

    def read(self) -> Body:
        """:returns: the body, decoded. :raises Refused: ``too_large``, ``bad_message`` or ``bad_data``."""
        return self._calls._body(self._request, self._kind, may_lack=self._may_lack)


class Calls(Klein):
    """
    The routes of all calls.

    :ivar described: a description of each.
    """

    def __init__(self) -> None:
        super().__init__()
        self.described: list[Route] = []

    @overload
    def call(
        self,
        method: str,
        path: str,
        *,
        takes: type[Body],
        gives: type[Struct],
        status: int = ...,
        token: str | None = ...,
        needs_body: bool = ...,
        problems: tuple[int, ...] = ...,
    ) -> Callable[[Answer[Concatenate[Any, Request, RequestBody[Body], P]]], Answer[Concatenate[Any, Request, P]]]: ...

    @overload
    def call(
        self,
        method: str,
        path: str,
        *,
        gives: type[Struct] | str,
        status: int = ...,
        token: str | None = ...,
        query: tuple[tuple[str, bool, str], ...] = ...,
        problems: tuple[int, ...] = ...,
    ) -> Callable[[Answer[P]], Answer[P]]: ...

    def call(self, method: str, path: str, *, takes: Any = None, needs_body: bool = True, **more: Any) -> Any:
        """
        Decorate the method that answers a call, and describe the call: by the first line of the method's docstring, and
        by what else `Route` takes.
        """

        def add(answer: Callable[..., Any]) -> Callable[..., Any]:
            about = (answer.__doc__ or "").strip().partition("\n")[0].replace("``", "`")
            described = Route(method=method, path=path, about=about, takes=takes, needs_body=needs_body, **more)
            self.described.append(described)
            if takes is not None:
                answer = _with_body(answer, takes, may_lack=not needs_body)
            rule = path.replace("{", "<").replace("}", ">")
            return self.route(rule, methods=[method.upper()])(answer)

        return add


def _with_body(answer: Callable[..., Any], takes: type[Struct], *, may_lack: bool) -> Callable[..., Any]:
    @wraps(answer)
    def answer_sent(calls: ApiCalls, request: Request, **parts: str) -> Any:
        return answer(calls, request, RequestBody(calls, request, takes, may_lack=may_lack), **parts)

    return answer_sent


app: Final = Calls()
"""All calls; each is a method of `gameserver.web.api.Api` or of a class that it inherits."""


class ApiCalls:
    """:param services: what the sessions of this node share, too."""

    def __init__(self, services: NodeServices) -> None:
        self._services = services

    async def _caller(self, request: Request) -> User:
        """
        :returns: the user that the ``Authorization`` header proves.
        :raises Refused: ``unauthenticated``; ``busy``: nobody could tell in time; ``forbidden``: the user or address is
            banned; ``rate_limited`` in place of ``unauthenticated``, where this address got that too often: a good
            token is not held back by others who share the address.
        """
        token = self._bearer(request)
        if token is None:
            raise Refused("Send a token: Authorization: Bearer TOKEN.", code="unauthenticated")
        try:
            user = await self._proven(request, token)
        except Refused as refused:
            if refused.code == "busy":
                raise  # nothing is known of it
            self._check_budget(request, "token")
            self._charge(request, "token")
            raise
        self._admit(request, user)
        return user

    async def _proven(self, request: Request, token: str) -> User:
        """
        :returns: the user that a token proves.
        :raises Refused: ``unauthenticated``: it proves nobody; ``busy``: nobody could tell in time.
        """
        services = self._services
        now_s, caller = services.clock.now(), caller_of(request)
        proof = services.authenticators.authenticate(token, now_s=now_s, caller=caller)
        return await self._in_time(proof, services.limits.hello_s)

    def _admit(self, request: Request, user: User | None = None) -> None:
        """
        Check that nobody here is banned, before anything is changed, and before a token or ticket is given.

        :param user: who calls; None: somebody new.
        :raises Refused: ``forbidden``: this user, or the address, is banned from the server.
        """
        self._services.registry.watch.admit(user, address_of(request))

    def _bearer(self, request: Request) -> str | None:
        scheme, _, token = (request.getHeader(b"authorization") or b"").strip().partition(b" ")
        return token.strip().decode("latin-1") or None if scheme.lower() == b"bearer" else None

    def _body(self, request: Request, kind: type[Body], *, may_lack: bool = False) -> Body:
        """
        :param may_lack: whether a request without a body is taken for one with an empty object.
        :returns: the request's body.
        :raises Refused: ``too_large``, ``bad_message`` or ``bad_data``.
        """
        assert request.content is not None
        body = request.content.read(BODY_BYTES + 1)
        if len(body) > BODY_BYTES:
            raise Refused(f"A body has at most {BODY_BYTES} bytes.", code="too_large")
        if may_lack and not body:
            body = b"{}"
        if not body.lstrip(b" \t\r\n").startswith(b"{"):
            raise Refused("The body must be a JSON object.", code="bad_message")
        depth = self._services.limits.depth
        if body.count(b"{") + body.count(b"[") > depth and json_depth(body) > depth:
            raise Refused(f"At most {depth} lists and objects inside one another.", code="bad_message")
        try:
            return msgspec.json.decode(body, type=kind)
        except msgspec.ValidationError as error:
            raise Refused(str(error), code="bad_data") from None
        except _UNREADABLE:
            raise Refused("The body is not JSON.", code="bad_message") from None

    # Who tries too often

    def _check_budget(self, request: Request, kind: str) -> None:
        """:raises Refused: ``rate_limited``: too much was refused to this address."""
        if not self._services.budgets.left(self._services.clock.monotonic(), kind, address_of(request)):
            raise Refused(code="rate_limited")

    def _charge(self, request: Request, kind: str, size: float = 1.0) -> None:
        """Charge the address for a wrong guess, or for something that counts in any case."""
        self._services.budgets.charge(self._services.clock.monotonic(), kind, address_of(request), size)

    # Who waits

    async def _in_time(self, work: Deferred[T], most_s: float) -> T:
        """:returns: what the work returns. :raises Refused: ``busy``: it took longer than ``most_s`` seconds."""
        try:
            return await work.addTimeout(most_s, self._services.clock.reactor)
        except DeferredTimeout:
            raise Refused(code="busy") from None


def shielded(work: Coroutine[Any, Any, T]) -> Deferred[T]:
    """:returns: fires with the result; cancelling it, as when a client goes away, does not break off the work."""
    shield: Deferred[T] = Deferred()
    Deferred.fromCoroutine(work).chainDeferred(shield)
    return shield
