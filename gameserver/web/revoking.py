"""``POST /api/revoke``: an administrator, or a system whose users play here, cuts off somebody who is connected."""

from __future__ import annotations

from collections.abc import Sequence

from twisted.web.server import Request

from gameserver.errors import Refused, StoreUnavailable
from gameserver.interfaces import Order
from gameserver.web.answers import answer
from gameserver.web.calls import STEP_S, ApiCalls, RequestBody, app, shielded
from gameserver.web.shapes import Empty, RevokeWish


class RevokeApi(ApiCalls):
    """The call."""

    @app.call("post", "/api/revoke", takes=RevokeWish, gives=Empty, token="optional", problems=(404,))
    async def revoke(self, request: Request, sent: RequestBody[RevokeWish]) -> bytes:
        """End what a user's tokens prove, or change their rights, at once and on all connections."""
        wish = sent.read()
        standing = self._services.standing
        if standing is None:
            raise Refused(code="not_found")
        orders = await self._orders(request, wish)
        try:
            await self._in_time(shielded(standing.obey(orders)), STEP_S)
        except StoreUnavailable:
            raise Refused("The store does not answer.", code="busy") from None
        return answer(request, {})

    async def _orders(self, request: Request, wish: RevokeWish) -> Sequence[Order]:
        """:returns: what is to be done. :raises Refused: the caller has no right to it."""
        if wish.token is None:
            if "admin" not in (await self._caller(request)).rights:
                raise Refused("Only an administrator may.", code="forbidden")
            if wish.user is None:
                raise Refused("Say who.", code="bad_data", path="$.user")
            return [Order(wish.user, None if wish.rights is None else tuple(wish.rights))]
        self._check_budget(request, "token")
        try:
            now_s = self._services.clock.now()
            return await self._services.authenticators.orders_of(wish.token, now_s=now_s)
        except Refused as refused:
            if refused.code != "busy":
                self._charge(request, "token")
            raise
