"""What an operator can order at the machine, and how it is carried out, whether the server runs or not."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any, Literal

import msgspec
from msgspec import Struct

from gameserver.node.codes import as_typed

if TYPE_CHECKING:
    from gameserver.node.rooms import RoomRegistry


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


async def follow(registry: RoomRegistry, order: RoomOrder, counts: Counter[str] | None = None) -> Any:
    """
    Carry out an order.

    :param counts: how many rooms each game has, if none of them is run; None: count those that are run.
    :returns: what comes of it, in values that JSON can hold.
    :raises Refused: it cannot be done.
    """
    mending = registry.mending
    code = order.code if registry.aside.holds(order.code) else as_typed(order.code)
    match order.do:
        case "show":
            ends = msgspec.to_builtins(registry.unclean.shown(mending.find(code).id))
            return {**await mending.show(code), "ends": ends}
        case "free":
            return await registry.free(code)
        case "close":
            return await registry.close(code)
        case "retry":
            return await mending.retry(code)
        case "drop":
            return await mending.drop(code)
        case "export":
            return msgspec.to_builtins(await mending.export(code))
        case "rename":
            return await mending.rename_game(order.old, order.new)
        case "drain":
            return await registry.leased.ask_to_drain(order.node)
        case _:
            found = counts or Counter(runner.room.spec.name for runner in registry.runners)
            aside = sorted(registry.aside, key=lambda room: (room.game, room.code))
            return {"counts": dict(sorted(found.items())), "aside": msgspec.to_builtins(aside)}
