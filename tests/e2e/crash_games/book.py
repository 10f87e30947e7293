"""The ledger once more, as a function."""

from gameserver import Refused

title = "A book"
messages_per_s = 5000
idle_close_s = 60
roles = {"auditor": 4}

TEAMS = ("red", "blue")


def payload_handler(group_add, socket_self_send, socket_group_send, payload):
    action, user, data = payload["action"], payload["user"], payload["data"]
    state, shared, timers = payload["state"], payload["shared"], payload["timers"]

    def apply(what, kind):
        state["applied"].append([user["seat"], what, kind])

    def add(what):
        apply(what, "add")
        state["count"] += 1
        entry = [user["seat"], what, state["count"] * 7]
        (team,) = user["groups"]
        shared["entries"].append(entry)
        state["teams"][team].append(entry[:2])
        state["own"].setdefault(user["seat"], []).append(what)
        socket_group_send("room", {"type": "added", "data": entry})
        socket_group_send(team, {"type": "team", "data": entry[:2]})
        socket_self_send({"type": "yours", "data": what})
        return [len(shared["entries"]), state["count"], entry[2]]

    if action == "CREATE_ROOM":
        state.update(applied=[], chat=[], count=0, own={}, teams={team: [] for team in TEAMS})
        shared.update(entries=[], rung=[], armed={}, hooks=[])
    elif action == "JOIN_ROOM":
        if data is None and user["name"] != "Auditor":
            group_add(TEAMS[len(payload["room"]["users"]) % 2])
    elif action in ("DROP", "RESUME"):
        shared["hooks"].append(action.lower())
    elif action == "TIMER":
        del shared["armed"][data[0]]
        shared["rung"].append(data)
        socket_group_send("room", {"type": "rung", "data": data})
    elif action == "CHAT":
        apply(int(data["text"]), "chat")
        state["chat"].append([user["seat"], int(data["text"]), data["to"].removeprefix("group:")])
    elif action in ("add", "add_later"):
        return add(data["what"])
    elif action == "refuse":
        add(data["what"])
        raise Refused(f"not {data['what']}")
    elif action == "arm":
        if user["seat"] in shared["armed"]:
            raise Refused("armed already")
        apply(data["what"], "arm")
        shared["armed"][user["seat"]] = data["what"]
        timers.after(data["s"], f"ring{user['seat']}", [user["seat"], data["what"]], show=True)
        return "armed"
    elif action == "swap":
        apply(data["what"], "swap")
        (old,) = user["groups"]
        new = TEAMS[1 - TEAMS.index(old)]
        payload["groups"].remove(old)
        group_add(new)
        return new
    elif action == "audit":
        audited = {name: state[name] for name in ("applied", "own", "teams", "chat")}
        return {**audited, "entries": shared["entries"], "rung": shared["rung"], "hooks": shared["hooks"]}
    return None
