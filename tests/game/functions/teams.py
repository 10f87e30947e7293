"""Two teams that take turns; nobody says what they may do, and time is up at once."""

from __future__ import annotations

from typing import Any

min_players = 2
needs_start = True
turn_s = 5
turn_types = ("tap",)


def payload_handler(group_add: Any, socket_self_send: Any, socket_group_send: Any, payload: Any) -> None:
    action, turns, shared = payload["action"], payload["turns"], payload["shared"]
    if action == "CREATE_ROOM":
        payload["teams"](["red", "blue"])
        shared["log"] = []
    elif action == "START":
        turns.begin(["group:red", "group:blue"], first="group:blue")
    elif action in ("TURN", "TIMEOUT"):
        shared["log"].append([action, payload["user"], payload["data"], turns.current])
    elif action == "tap":
        turns.next()
