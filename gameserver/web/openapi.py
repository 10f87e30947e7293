"""
The description of the HTTP calls, in OpenAPI 3.1: served at ``/api/openapi.json``, and tested against the server.

Source: https://spec.openapis.org/oas/v3.1.0
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, Final

from msgspec import Struct
from msgspec.json import schema_components

from gameserver import __version__
from gameserver.web.shapes import Problem

PROBLEMS: Final = {
    400: "It cannot be read, or does not fit.",
    401: "No token, or one that proves nobody.",
    403: "You may not do that.",
    404: "There is none.",
    409: "It cannot be done as things are.",
    413: "The body is too large.",
    429: "Too many attempts; `Retry-After` says when.",
    503: "The server is busy, about to stop, or the room is being mended; try again.",
}
ALWAYS: Final = (429,)
"""The error of any request of an address that makes too many, by status."""
WITH_BODY: Final = (400, 403, 413)
"""The errors of any request that has a body, by status."""
WITH_TOKEN: Final = (401, 403, 503)
"""The errors of any call that checks who calls, by status."""


class Route(Struct, frozen=True, kw_only=True):
    """
    The description of one call; `gameserver.web.calls.Calls.call` makes it where the call is answered.

    :ivar path: with a name in braces for each variable part: ``/api/rooms/{code}``.
    :ivar about: what it does, in a sentence.
    :ivar takes: the type of the request's body; None: it has none.
    :ivar gives: the type of the answer, or its media type, where it is not JSON.
    :ivar query: the arguments of its address: name, whether it has to be there, and a sentence.
    :ivar token: ``None`` where none is asked for; ``optional``; ``required``; ``cookie``: a token or a cookie is
        required; ``any``: a token, a cookie, or what the body says.
    :ivar problems: the statuses of errors besides `ALWAYS`, `WITH_BODY` and `WITH_TOKEN`.
    """

    method: str
    path: str
    about: str
    takes: type[Struct] | None = None
    gives: type[Struct] | str
    status: int = 200
    token: str | None = None
    needs_body: bool = True
    query: tuple[tuple[str, bool, str], ...] = ()
    problems: tuple[int, ...] = ()

    @property
    def all_problems(self) -> set[int]:
        """The statuses of all its errors."""
        looks = self.token in ("optional", "required", "cookie")
        body, token = (WITH_BODY if self.takes is not None else ()), (WITH_TOKEN if looks else ())
        return {*ALWAYS, *self.problems, *body, *token}


IN_PATHS: Final = {
    "code": "The room's code, in any case, with or without dashes.",
    "id": "The sanction's id.",
}

SECURITY: Final[dict[str | None, list[dict[str, list[str]]]]] = {
    None: [],
    "optional": [{}, {"token": []}],
    "required": [{"token": []}],
    "cookie": [{"token": []}, {"cookie": []}],
    "any": [{}, {"token": []}, {"cookie": []}],
}


def describe(calls: Sequence[Route], public_url: str | None = None) -> dict[str, Any]:
    """
    :param calls: all calls.
    :param public_url: where people reach the server, if that is known.
    :returns: the OpenAPI document, as JSON values.
    """
    kinds = [kind for call in calls for kind in (call.takes, call.gives) if isinstance(kind, type)] + [Problem]
    found, components = schema_components(dict.fromkeys(kinds), ref_template="#/components/schemas/{name}")
    schemas = dict(zip(dict.fromkeys(kinds), found, strict=True))
    paths: dict[str, dict[str, Any]] = {}
    for call in calls:
        paths.setdefault(call.path, {})[call.method] = _operation(call, schemas)
    return {
        "openapi": "3.1.0",
        "info": {"title": "gameserver", "version": __version__, "description": "The calls beside the WebSocket."},
        **({"servers": [{"url": public_url}]} if public_url is not None else {}),
        "paths": paths,
        "components": {
            "schemas": components,
            "securitySchemes": {
                "token": {"type": "http", "scheme": "bearer"},
                "cookie": {"type": "apiKey", "in": "cookie", "name": "gameserver"},
            },
        },
    }


def _operation(call: Route, schemas: dict[type[Struct], dict[str, Any]]) -> dict[str, Any]:
    operation: dict[str, Any] = {
        "operationId": f"{call.method}{call.path.replace('/', '_').replace('.', '_').strip('{}')}",
        "summary": call.about,
        "security": SECURITY[call.token],
        "parameters": list(_parameters(call)),
        "responses": {str(call.status): _answer(call, schemas)},
    }
    for status in sorted(call.all_problems):
        content = {"application/json": {"schema": schemas[Problem]}}
        operation["responses"][str(status)] = {"description": PROBLEMS[status], "content": content}
    if call.takes is not None:
        body = {"application/json": {"schema": schemas[call.takes]}}
        operation["requestBody"] = {"required": call.needs_body, "content": body}
    return operation


def _answer(call: Route, schemas: dict[type[Struct], dict[str, Any]]) -> dict[str, Any]:
    if isinstance(call.gives, str):
        return {"description": call.about, "content": {call.gives: {"schema": {}}}}
    return {"description": call.about, "content": {"application/json": {"schema": schemas[call.gives]}}}


def _parameters(call: Route) -> Iterator[dict[str, Any]]:
    for name, about in IN_PATHS.items():
        if f"{{{name}}}" in call.path:
            yield _parameter(name, "path", True, about)
    for name, needed, about in call.query:
        yield _parameter(name, "query", needed, about)


def _parameter(name: str, place: str, needed: bool, about: str) -> dict[str, Any]:
    return {"name": name, "in": place, "required": needed, "description": about, "schema": {"type": "string"}}
