"""
The HTTP calls of who keeps order, under ``/api/moderation``: acts on rooms, sanctions, the log and announcements.

Whoever calls needs the right, which `gameserver.node.operators` looks at.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from twisted.web.server import Request

from gameserver.node.operators import Announcement, Operators, QuarantineAct, RoomAct, SanctionWish
from gameserver.web.answers import answer
from gameserver.web.calls import STEP_S, ApiCalls, app, shielded

if TYPE_CHECKING:
    from gameserver.websocket.services import NodeServices


class ModerationApi(ApiCalls):
    """:param services: what the sessions of this node share, too."""

    def __init__(self, services: NodeServices) -> None:
        super().__init__(services)
        self._operators = Operators(services.registry)

    @app.route("/api/moderation/rooms/<code>", methods=["POST"])
    async def moderate(self, request: Request, code: str) -> bytes:
        """Act on a room: mute, kick, ban and the like."""
        user = await self._caller(request)
        acting = self._operators.act(user, code, self._body(request, RoomAct))
        await self._in_time(shielded(acting), STEP_S)
        return answer(request, {})

    @app.route("/api/moderation/sanctions", methods=["GET"])
    async def sanctions(self, request: Request) -> bytes:
        """List the mutes and bans of the whole server, and of single games."""
        user = await self._caller(request)
        return answer(request, {"sanctions": self._operators.sanctions(user)})

    @app.route("/api/moderation/sanctions", methods=["POST"])
    async def sanction(self, request: Request) -> bytes:
        """Mute or ban a user, or ban addresses, everywhere or in one game."""
        user = await self._caller(request)
        making = self._operators.sanction(user, self._body(request, SanctionWish))
        return answer(request, await self._in_time(shielded(making), STEP_S), status=201)

    @app.route("/api/moderation/sanctions/<id>", methods=["DELETE"])
    async def lift(self, request: Request, id: str) -> bytes:
        """End a sanction."""
        await self._operators.lift(await self._caller(request), id)
        return answer(request, {})

    @app.route("/api/moderation/log", methods=["GET"])
    async def moderation_log(self, request: Request) -> bytes:
        """Tell the newest entries of the moderation log: what was done, and what was reported."""
        user = await self._caller(request)
        kind, before = (_argument(request, name) for name in (b"kind", b"before"))
        return answer(request, {"log": self._operators.log(user, kind=kind, before=before)})

    @app.route("/api/moderation/announcements", methods=["POST"])
    async def announce(self, request: Request) -> bytes:
        """Tell something to everybody who listens."""
        user = await self._caller(request)
        await self._operators.announce(user, self._body(request, Announcement))
        return answer(request, {}, status=201)

    @app.route("/api/moderation/quarantine", methods=["GET"])
    async def quarantine(self, request: Request) -> bytes:
        """List the rooms of this node that nobody runs, each with the reason."""
        user = await self._caller(request)
        return answer(request, {"rooms": self._operators.quarantined(user)})

    @app.route("/api/moderation/quarantine/<code>", methods=["GET"])
    async def show_quarantined(self, request: Request, code: str) -> bytes:
        """Show what the store has of one of them, and its last inputs."""
        user = await self._caller(request)
        return answer(request, await self._in_time(shielded(self._operators.show(user, code)), STEP_S))

    @app.route("/api/moderation/quarantine/<code>/export", methods=["GET"])
    async def export_quarantined(self, request: Request, code: str) -> bytes:
        """Give all of one of them, as ``gameserver import`` takes it in a line of its file."""
        user = await self._caller(request)
        return answer(request, await self._in_time(shielded(self._operators.export(user, code)), STEP_S))

    @app.route("/api/moderation/quarantine/<code>", methods=["POST"])
    async def end_quarantine(self, request: Request, code: str) -> bytes:
        """Run one of them again, or delete it for good."""
        user = await self._caller(request)
        ending = self._operators.end_quarantine(user, code, self._body(request, QuarantineAct))
        return answer(request, {"why": await self._in_time(shielded(ending), STEP_S)})


def _argument(request: Request, name: bytes) -> str | None:
    """:returns: an argument of the address, if there is one."""
    values_ = request.args.get(name)
    return values_[0].decode("utf-8", "replace") if values_ else None
