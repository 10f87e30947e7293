"""
The HTTP calls of moderators, under ``/api/moderation``: acts on rooms, sanctions, the log and announcements.

`gameserver.node.operators` checks that the caller has the right; so does each call that takes a body before it reads
that, since what is wrong with one is not for everybody.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from twisted.web.server import Request

from gameserver.errors import Refused
from gameserver.node.operators import (
    Announcement,
    Operators,
    QuarantineAct,
    RoomAct,
    SanctionWish,
    check_admin,
    check_right,
)
from gameserver.node.sanctions import Sanction
from gameserver.web.answers import answer
from gameserver.web.calls import STEP_S, ApiCalls, RequestBody, app, shielded
from gameserver.web.shapes import Empty, ModerationLog, Quarantine, QuarantinedRoom, QuarantineEnd, Sanctions

if TYPE_CHECKING:
    from gameserver.websocket.services import NodeServices


class ModerationApi(ApiCalls):
    """:param services: what the sessions of this node share, too."""

    def __init__(self, services: NodeServices) -> None:
        super().__init__(services)
        self._operators = Operators(services.registry)

    @app.call("post", "/api/moderation/rooms/{code}", takes=RoomAct, gives=Empty, token="required", problems=(404, 409))
    async def moderate(self, request: Request, sent: RequestBody[RoomAct], code: str) -> bytes:
        """Act on a room: mute, kick, ban and the like."""
        user = await self._caller(request)
        check_right(user)
        acting = self._operators.act(user, code, sent.read())
        await self._in_time(shielded(acting), STEP_S)
        return answer(request, {})

    @app.call("get", "/api/moderation/sanctions", gives=Sanctions, token="required")
    async def sanctions(self, request: Request) -> bytes:
        """List the mutes and bans of the whole server, and of single games."""
        user = await self._caller(request)
        return answer(request, {"sanctions": self._operators.sanctions(user)})

    @app.call(
        "post",
        "/api/moderation/sanctions",
        takes=SanctionWish,
        gives=Sanction,
        status=201,
        token="required",
        problems=(404,),
    )
    async def sanction(self, request: Request, sent: RequestBody[SanctionWish]) -> bytes:
        """Mute or ban a user, or ban addresses, everywhere or in one game."""
        user = await self._caller(request)
        check_right(user)
        wish, site = sent.read(), cast(Any, request).site
        if wish.act == "ban" and (proxy := site.proxies.within(wish.address)):
            text = f"That would ban {proxy}, a proxy of this server's, through which others come as well."
            raise Refused(text, code="bad_data", path="$.address")
        making = self._operators.sanction(user, wish)
        return answer(request, await self._in_time(shielded(making), STEP_S), status=201)

    @app.call("delete", "/api/moderation/sanctions/{id}", gives=Empty, token="required", problems=(404,))
    async def lift(self, request: Request, id: str) -> bytes:
        """End a sanction."""
        await self._operators.lift(await self._caller(request), id)
        return answer(request, {})

    @app.call(
        "get",
        "/api/moderation/log",
        gives=ModerationLog,
        token="required",
        problems=(400,),
        query=(("kind", False, "Only entries of this act."), ("before", False, "An entry: only older ones.")),
    )
    async def moderation_log(self, request: Request) -> bytes:
        """Tell the newest entries of the moderation log: what was done, and what was reported."""
        user = await self._caller(request)
        kind, before = (_argument(request, name) for name in (b"kind", b"before"))
        return answer(request, {"log": self._operators.log(user, kind=kind, before=before)})

    @app.call("post", "/api/moderation/announcements", takes=Announcement, gives=Empty, status=201, token="required")
    async def announce(self, request: Request, sent: RequestBody[Announcement]) -> bytes:
        """Tell something to everybody who listens."""
        user = await self._caller(request)
        check_right(user)
        await self._operators.announce(user, sent.read())
        return answer(request, {}, status=201)

    @app.call("get", "/api/moderation/quarantine", gives=Quarantine, token="required")
    async def quarantine(self, request: Request) -> bytes:
        """List the rooms of this node that nobody runs, each with the reason."""
        user = await self._caller(request)
        rooms = await self._in_time(shielded(self._operators.quarantined(user)), STEP_S)
        return answer(request, {"rooms": rooms})

    @app.call("get", "/api/moderation/quarantine/{code}", gives=QuarantinedRoom, token="required", problems=(400, 404))
    async def show_quarantined(self, request: Request, code: str) -> bytes:
        """Show what the store has of one of them, and its last inputs."""
        user = await self._caller(request)
        return answer(request, await self._in_time(shielded(self._operators.show(user, code)), STEP_S))

    @app.call(
        "get",
        "/api/moderation/quarantine/{code}/export",
        gives="application/json",
        token="required",
        problems=(400, 404),
    )
    async def export_quarantined(self, request: Request, code: str) -> bytes:
        """Give all of one of them, as ``gameserver import`` takes it in a line of its file."""
        user = await self._caller(request)
        return answer(request, await self._in_time(shielded(self._operators.export(user, code)), STEP_S))

    @app.call(
        "post",
        "/api/moderation/quarantine/{code}",
        takes=QuarantineAct,
        gives=QuarantineEnd,
        token="required",
        problems=(404,),
    )
    async def end_quarantine(self, request: Request, sent: RequestBody[QuarantineAct], code: str) -> bytes:
        """Run one of them again, or delete it for good."""
        user = await self._caller(request)
        check_admin(user)
        ending = self._operators.end_quarantine(user, code, sent.read())
        return answer(request, {"why": await self._in_time(shielded(ending), STEP_S)})


def _argument(request: Request, name: bytes) -> str | None:
    """:returns: an argument of the address, if there is one."""
    values_ = request.args.get(name)
    return values_[0].decode("utf-8", "replace") if values_ else None
