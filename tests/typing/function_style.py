"""A game as a function, with the few annotations that make it pass a strict checker."""

from collections.abc import Callable
from typing import Any

from gameserver import Refused

title = "Counter"
max_players = 4


async def payload_handler(
    group_add: Callable[..., None],
    socket_self_send: Callable[[Any], None],
    socket_group_send: Callable[[str, Any], None],
    payload: dict[str, Any],
) -> Any:
    if payload["action"] == "JOIN_ROOM":
        group_add("counters")
    elif payload["action"] == "count":
        shared = payload["shared"]
        shared["n"] = shared.get("n", 0) + 1
        socket_group_send("counters", {"type": "counted", "data": shared["n"]})
        return shared["n"]
    elif payload["action"].islower():
        raise Refused("Only count.")
    return None
