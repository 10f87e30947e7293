"""Take one to three; who takes the last wins. One take may be given away, and taken back."""

from __future__ import annotations

from typing import Any

from gameserver import Move

min_players, max_players = 2, 4
needs_start = True
turn_s = 30
turn_types = {"take": {"undo": True}, "give": {}, "pick": {"stage": "pick"}, "resign": "any"}


def moves(payload: Any, user: Any) -> Any:
    heap = payload["shared"]["heap"]
    for n in (1, 2, 3):
        if n <= heap:
            yield Move("take", {"n": n}, "Take {n}")
    others = [one["id"] for one in payload["room"]["users"] if one["id"] != user]
    if heap > 1:
        yield Move("give", label="Give one to {who}", choices={"who": others, "n": range(1, 2)})
    yield Move("pick", {"colour": "red"})
    yield Move("resign")


def bot(payload: Any, user: Any, moves: list[Move]) -> Move:
    assert payload["action"] == "BOT"
    assert payload["user"]["id"] == user == user["id"]
    takes = [move for move in moves if move.type == "take"]
    return takes[-1] if takes else moves[0]


def payload_handler(group_add: Any, socket_self_send: Any, socket_group_send: Any, payload: Any) -> Any:
    action, data, turns, shared = payload["action"], payload["data"], payload["turns"], payload["shared"]
    if action == "CREATE_ROOM":
        payload["shared"] = {"heap": 7, "log": []}
    elif action == "START":
        turns.begin()
    elif action in ("TURN", "TIMEOUT"):
        user = payload["user"]
        shared["log"].append([action, user["name"] if user else None, data])
        turns.prompt("Take of {heap}", "Wait", heap=shared["heap"])
    elif action == "TIMER":
        shared["log"].append([action, payload["timer"]])
    elif action == "take":
        _take(payload, data["n"])
    elif action == "give":
        turns.to(data["who"])
        shared["heap"] -= data["n"]
    elif action == "call":
        turns.only(*[one for one in turns.order if one != payload["user"]["id"]], stage="pick", then="picked")
    elif action == "pick":
        turns.done()
    elif action == "resign":
        turns.out(payload["user"]["id"])
    elif action == "look":
        return _look(payload)
    elif action == "bot":
        return payload["bots"].add(name="Robo")
    return None


def _take(payload: Any, n: int) -> None:
    turns, shared = payload["turns"], payload["shared"]
    shared["heap"] -= n
    if shared["heap"] <= 0:
        payload["over"](ranking=[[one] for one in turns.order_from(payload["user"]["id"])])
    else:
        turns.next()


def _look(payload: Any) -> dict[str, Any]:
    turns, bots = payload["turns"], payload["bots"]
    return {
        **{name: getattr(turns, name) for name in ("order", "current", "active", "stage", "number", "round")},
        "legal": [move.type for move in turns.legal()],
        "bots": list(bots),
        "levels": bots.levels,
        "keys": "turns" in payload or "bots" in payload,
    }
