"""How the HTTP calls answer: JSON, with the codes of the wire."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final

import msgspec
from twisted.web.server import Request

from gameserver.errors import CODES, Refused
from gameserver.interfaces import Caller

STATUS: Final = {
    "bad_data": 400,
    "bad_message": 400,
    "unauthenticated": 401,
    "forbidden": 403,
    "wrong_password": 403,
    "not_found": 404,
    "unknown_op": 405,
    "too_large": 413,
    "unknown_host": 421,
    "rate_limited": 429,
    "game_error": 500,
    "busy": 503,
    "draining": 503,
    "quarantined": 503,
}
"""Code to HTTP status; any other code, such as a game's own, is a `CONFLICT`."""
CONFLICT: Final = 409


def answer(request: Request, value: Any, *, status: int = 200) -> bytes:
    """Set the headers of an answer. :returns: its body, JSON."""
    body = msgspec.json.encode(value)
    request.setResponseCode(status)
    request.setHeader(b"content-type", b"application/json")
    request.setHeader(b"cache-control", b"no-store")
    request.setHeader(b"content-length", str(len(body)).encode())
    return body


def refusal(request: Request, refused: Refused) -> bytes:
    """Set the headers of an error. :returns: its body, JSON."""
    status = STATUS.get(refused.code, CONFLICT)
    if status == 401:
        request.setHeader(b"www-authenticate", b"Bearer")
    elif status == 429 and not request.responseHeaders.hasHeader(b"retry-after"):
        request.setHeader(b"retry-after", b"1")
    if refused.retry_ms is not None:
        request.setHeader(b"retry-after", b"%d" % max(1, round(refused.retry_ms / 1000)))
    text = refused.text if refused.path is None else f"{refused.text} - at `{refused.path}`"
    return answer(request, {"code": refused.code, "message": text}, status=status)


def wrong_method(request: Request, methods: Iterable[str]) -> bytes:
    """Set the headers of an error that names the methods that would do. :returns: its body."""
    request.setHeader(b"allow", allow(methods))
    return refusal(request, Refused(CODES["unknown_op"], code="unknown_op"))


def address_of(request: Request) -> str:
    """:returns: the client's address, by which budgets count."""
    return getattr(request.getClientAddress(), "host", "local")


def caller_of(request: Request) -> Caller:
    """:returns: where a request comes from, as authenticators are told."""
    headers = {
        name.decode("latin-1").lower(): values[0].decode("utf-8", "replace")
        for name, values in request.requestHeaders.getAllRawHeaders()
    }
    secure = request.isSecure() or getattr(request, "scheme", None) == "https"
    return Caller(address_of(request), request.path.decode("latin-1"), headers, secure)


def allow(methods: Iterable[str]) -> bytes:
    """:returns: the value of an ``Allow`` header."""
    return ", ".join(sorted({*methods})).encode()
