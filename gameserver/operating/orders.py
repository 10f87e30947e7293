"""What an operator can order at the machine, and how it is carried out, whether the server runs or not."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

import msgspec
from msgspec import Struct

if TYPE_CHECKING:
    from gameserver.node.rooms import RoomRegistry
    from gameserver.node.rooms_aside import RoomAside


class RoomOrder(Struct, forbid_unknown_fields=True):
    """
    What is to be done.

    :ivar do: as the commands ``gameserver rooms``, ``room`` and ``drain`` name it.
    :ivar code: code of the room that it is about.
    :ivar old: for ``rename``: the game's old name.
    :ivar new: for ``rename``: the game's new name.
    :ivar node: for ``drain``: name of the server that is to stop; empty: the one that is asked.
    """

    do: Literal["rooms", "show", "retry", "drop", "export", "rename", "free", "close", "drain"]
    code: str = ""
    old: str = ""
    new: str = ""
    node: str = ""


async def follow(registry: RoomRegistry, order: RoomOrder) -> Any:
    """
    Carry out an order; what is said of rooms is the same whether they are run, sleep or were not opened yet.

    :returns: what comes of it, in values that JSON can hold.
    :raises Refused: it cannot be done.
    :raises StoreUnavailable: the store does not answer.
    """
    match order.do:
        case "rooms":
            counts = await registry.look()
            aside = sorted(registry.aside, key=lambda room: (room.game, room.code))
            return {"counts": dict(sorted(counts.items())), "aside": msgspec.to_builtins(aside)}
        case "rename":
            await registry.look()
            return await registry.mending.rename_game(order.old, order.new)
        case "drain":
            return await registry.leased.ask_to_drain(order.node)
        case _:
            return await _follow_for(registry, order.do, await registry.find_aside(order.code))


async def _follow_for(registry: RoomRegistry, do: str, room: RoomAside) -> Any:
    """Carry out an order about one room that is kept aside."""
    mending = registry.mending
    match do:
        case "show":
            ends = msgspec.to_builtins(registry.unclean.shown(room.id))
            return {**await mending.show(room.code), "ends": ends}
        case "free":
            return await registry.free(room.code)
        case "close":
            return await registry.close(room.code)
        case "retry":
            return await mending.retry(room.code)
        case "drop":
            return await mending.drop(room.code)
        case _:
            return msgspec.to_builtins(await mending.export(room.code))
