"""Requests as the project's own code expects them, made of what the server knows of a caller."""

from __future__ import annotations

from collections.abc import MutableMapping
from http.cookies import CookieError, SimpleCookie
from typing import Any, Final

from django.http import HttpRequest

from gameserver.interfaces import Caller

TRUSTED: Final = ("content-length", "content-type")
"""Headers that CGI, and hence Django, spells without ``HTTP_``."""


class CallersRequest(HttpRequest):  # type: ignore[misc]
    """A request that did not come through Django's own server."""

    def _get_scheme(self) -> str:
        # What `HttpRequest.scheme` leaves to its subclasses.
        return str(self.META["wsgi.url_scheme"])


def request_of(caller: Caller | None, door: str, session: MutableMapping[str, Any] | None = None) -> Any:
    """
    :param caller: who asks; None where nobody in particular does.
    :param door: how the user comes in: ``password``, ``session`` or ``token``; or ``again``: a user who is already
        connected is looked up. It becomes the request's ``gameserver_door``, which the project's own views set to
        ``ticket``.
    :param session: what the project's session holds; without one the request's session is empty.
    :returns: a request with address, path, headers and cookies, for backends, ``GAMESERVER_ADMITS`` and the like.
    """
    from django.contrib.auth.models import AnonymousUser  # a model, which only a project that is set up has

    caller = caller or Caller()
    request = CallersRequest()
    request.method = "POST"
    request.path = request.path_info = caller.path
    request.META = {
        "REMOTE_ADDR": caller.address,
        "REQUEST_METHOD": "POST",
        "PATH_INFO": caller.path,
        "SCRIPT_NAME": "",
        "SERVER_NAME": "localhost",
        "SERVER_PORT": "443" if caller.secure else "80",
        "wsgi.url_scheme": "https" if caller.secure else "http",
    }
    for name, value in caller.headers.items():
        request.META[_meta(name)] = value
    request.COOKIES = _cookies(caller.headers.get("cookie", ""))
    request.session = {} if session is None else session
    request.user = AnonymousUser()
    request.gameserver_door = door
    return request


def _meta(name: str) -> str:
    spelled = name.upper().replace("-", "_")
    return spelled if name in TRUSTED else f"HTTP_{spelled}"


def _cookies(header: str) -> dict[str, str]:
    try:
        return {name: each.value for name, each in SimpleCookie(header).items()}
    except CookieError:
        return {}
