"""What a client asks that has nothing to do with a room: lines of chat outside rooms, and to block a user."""

from __future__ import annotations

from collections.abc import Coroutine
from typing import Any

from gameserver.errors import Refused, StoreUnavailable
from gameserver.protocol import messages
from gameserver.room.effects import Requester
from gameserver.websocket.seat_holder import SeatHolder


async def listen(peer: SeatHolder, requester: Requester, message: messages.Listen) -> None:
    lobby_chat = peer.services.registry.lobby_chat
    found: Any = None
    if message.on:
        found = await _unless_away(lobby_chat.listen(peer, requester.user, message.to, message.seen))
        if peer.closed:
            lobby_chat.forget(peer)
    else:
        lobby_chat.cease(peer, requester.user, message.to)
    peer.done(requester, found)


async def post(peer: SeatHolder, requester: Requester, message: messages.ChatMessage) -> None:
    await _unless_away(peer.services.registry.lobby_chat.say(requester.user, message.to, message.text, message.data))
    peer.done(requester, None)


async def block(peer: SeatHolder, requester: Requester, message: messages.Block) -> None:
    if message.user == requester.user.id or not message.user:
        raise Refused("Name another user.", code="bad_data", path="$.user")
    if message.on and not await _unless_away(peer.services.registry.knows(message.user)):
        raise Refused("There is no such user.", code="bad_data", path="$.user")
    await peer.services.registry.watch.block(requester.user.id, message.user, message.on)
    peer.done(requester, None)


async def _unless_away(work: Coroutine[Any, Any, Any]) -> Any:
    """:returns: what the work returns. :raises Refused: ``busy``: the store does not answer."""
    try:
        return await work
    except StoreUnavailable:
        raise Refused("The store does not answer.", code="busy") from None
