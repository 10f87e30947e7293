"""
The description of the HTTP calls, in OpenAPI 3.1: served at ``/api/openapi.json``, and tested against the server.

Source: https://spec.openapis.org/oas/v3.1.0
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from msgspec import Struct
from msgspec.json import schema_components

from gameserver import __version__
from gameserver.node.operators import Announcement, QuarantineAct, RoomAct, SanctionWish
from gameserver.node.sanctions import Sanction
from gameserver.web import shapes

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


class Route(Struct, frozen=True, kw_only=True):
    """
    One call.

    :ivar token: ``None`` where none is asked for, ``optional`` or ``required``; ``cookie`` where that will do, too;
        ``any`` where the body may say it as well.
    :ivar problems: what else may be answered, by status.
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


POSTED: Final = (400, 403, 413)
"""What may be wrong with any request that has a body."""

CALLS: Final = (
    Route(method="post", path="/api/guest", about="Become a guest.", takes=shapes.GuestWish, gives=shapes.Guest,
         problems=(*POSTED, 401, 409)),
    Route(method="post", path="/api/register", about="Make an account, of the calling guest if there is one.",
         takes=shapes.Registration, gives=shapes.Granted, status=201, token="optional",
         problems=(*POSTED, 401, 404, 409, 429, 503)),
    Route(method="post", path="/api/login", about="Log in.", takes=shapes.Credentials, gives=shapes.Granted,
         problems=(*POSTED, 401, 404, 429, 503)),
    Route(method="post", path="/api/refresh", about="Buy the next tokens, once.", takes=shapes.RefreshWish,
         gives=shapes.Granted, problems=(*POSTED, 401, 404, 503)),
    Route(method="post", path="/api/logout", about="End this login, on all its connections.", takes=shapes.LogoutWish,
         gives=shapes.Empty, token="any", needs_body=False, problems=(*POSTED, 401, 404, 503)),
    Route(method="post", path="/api/password", about="Change the password, and end every other login.",
         takes=shapes.PasswordWish, gives=shapes.Granted, token="required", problems=(*POSTED, 401, 404, 429, 503)),
    Route(method="post", path="/api/name", about="Be called otherwise.", takes=shapes.NameWish, gives=shapes.Named,
         token="required", problems=(*POSTED, 401, 404, 409, 429, 503)),
    Route(method="get", path="/api/logins", about="Where this account is logged in.", gives=shapes.Logins,
         token="required", problems=(401, 403, 404, 429, 503)),
    Route(method="post", path="/api/logins", about="End a login, or all others.", takes=shapes.EndLogins,
         gives=shapes.Logins, token="required", problems=(*POSTED, 401, 404, 429, 503)),
    Route(method="post", path="/api/delete", about="Delete the account.", takes=shapes.DeleteWish,
         gives=shapes.Empty, token="required", problems=(*POSTED, 401, 404, 429, 503)),
    Route(method="post", path="/api/tickets", about="Buy a ticket for one hello.", gives=shapes.Ticket, status=201,
         token="cookie", problems=(401, 403, 404, 429, 503)),
    Route(method="post", path="/api/enter", about="Log in with a ticket, which is good once.", takes=shapes.Entry,
         gives=shapes.Granted, problems=(*POSTED, 401, 404, 429, 503)),
    Route(method="post", path="/api/revoke", about="Cut a user off, or change their rights, at once.",
         takes=shapes.RevokeWish, gives=shapes.Empty, token="optional", problems=(*POSTED, 401, 404, 429, 503)),
    Route(method="get", path="/api/auth", about="How one may come in.", gives=shapes.WaysIn),
    Route(method="get", path="/api/games", about="The games.", gives=shapes.Games, token="optional",
         problems=(400, 401, 403, 429, 503),
         query=(("refs", False, "`inline`: no schema has `$ref`, but where something holds itself."),)),
    Route(method="get", path="/api/rooms", about="Public rooms.", gives=shapes.Rooms, problems=(400, 404),
         query=(("game", False, "Only rooms of this game."),
                ("open", False, "`true`: only rooms in which somebody new finds a seat without a password."),
                ("skip", False, "So many come before those that are listed."))),
    Route(method="post", path="/api/rooms", about="Make a room.", takes=shapes.RoomWish, gives=shapes.Created,
         status=201, token="required", problems=(*POSTED, 401, 404, 409, 429, 503)),
    Route(method="get", path="/api/rooms/{code}", about="One room, also a private one; 307: it is elsewhere.",
         gives=shapes.Listing, token="optional", problems=(400, 401, 403, 404, 429, 503)),
    Route(method="post", path="/api/moderation/rooms/{code}", about="Act on a room.", takes=RoomAct,
         gives=shapes.Empty, token="required", problems=(*POSTED, 401, 404, 409, 429, 503)),
    Route(method="get", path="/api/moderation/sanctions", about="Mutes and bans of the whole server, and of games.",
         gives=shapes.Sanctions, token="required", problems=(401, 403, 429, 503)),
    Route(method="post", path="/api/moderation/sanctions", about="Mute or ban a user, or addresses.",
         takes=SanctionWish, gives=Sanction, status=201, token="required", problems=(*POSTED, 401, 404, 429, 503)),
    Route(method="delete", path="/api/moderation/sanctions/{id}", about="End a sanction.", gives=shapes.Empty,
         token="required", problems=(401, 403, 404, 429, 503)),
    Route(method="get", path="/api/moderation/log", about="What was done and reported, the newest first.",
         gives=shapes.ModerationLog, token="required", problems=(400, 401, 403, 429, 503),
         query=(("kind", False, "Only entries of this act."), ("before", False, "An entry: only older ones."))),
    Route(method="post", path="/api/moderation/announcements", about="Tell something to everybody who listens.",
         takes=Announcement, gives=shapes.Empty, status=201, token="required", problems=(*POSTED, 401, 429, 503)),
    Route(method="get", path="/api/moderation/quarantine", about="Rooms of this node that nobody runs, with reasons.",
         gives=shapes.Quarantine, token="required", problems=(401, 403, 429, 503)),
    Route(method="get", path="/api/moderation/quarantine/{code}", about="What the store has of one, its last inputs.",
         gives=shapes.QuarantinedRoom, token="required", problems=(400, 401, 403, 404, 429, 503)),
    Route(method="post", path="/api/moderation/quarantine/{code}", about="Run one again, or delete it for good.",
         takes=QuarantineAct, gives=shapes.QuarantineEnd, token="required", problems=(*POSTED, 401, 404, 429, 503)),
    Route(method="get", path="/api/moderation/quarantine/{code}/export", about="All of one, as an import takes it.",
         gives="application/json", token="required", problems=(400, 401, 403, 404, 429, 503)),
    Route(method="get", path="/api/server", about="What runs here.", gives=shapes.Server),
    Route(method="get", path="/api/qr", about="A text as QR code.", gives="image/svg+xml", problems=(400,),
         query=(("text", True, "At most 256 bytes."),)),
    Route(method="get", path="/api/openapi.json", about="This description.", gives="application/json"),
    Route(method="get", path="/healthz", about="The process runs.", gives=shapes.Status),
    Route(method="get", path="/readyz", about="New players may be sent here.", gives=shapes.Ready, problems=(503,)),
    Route(method="get", path="/metrics", about="Numbers for Prometheus.", gives="text/plain", token="optional",
         problems=(401, 403, 429, 503)),
)  # fmt: skip

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


def describe(public_url: str | None = None) -> dict[str, Any]:
    """
    :param public_url: where the calls are, if that is known.
    :returns: the description, as JSON would have it.
    """
    kinds = [kind for call in CALLS for kind in (call.takes, call.gives) if isinstance(kind, type)] + [shapes.Problem]
    found, components = schema_components(dict.fromkeys(kinds), ref_template="#/components/schemas/{name}")
    schemas = dict(zip(dict.fromkeys(kinds), found, strict=True))
    paths: dict[str, dict[str, Any]] = {}
    for call in CALLS:
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
    for status in sorted(set(call.problems)):
        content = {"application/json": {"schema": schemas[shapes.Problem]}}
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
