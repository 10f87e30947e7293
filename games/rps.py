"""Rock, paper, scissors in two teams: the host says go, three seconds are counted, the majority of a team throws."""

from collections import Counter

from gameserver import Refused

title = "Rock, paper, scissors"
max_players = 20
roles = {"spectator": 20, "screen": 2}

TEAMS = ("red", "blue")
BEATS = {"rock": "scissors", "paper": "rock", "scissors": "paper"}
COUNT = 3
WINS = 3


def payload_handler(group_add, socket_self_send, socket_group_send, payload):
    action, user, data = payload["action"], payload["user"], payload["data"]
    state, shared = payload["state"], payload["shared"]
    if action == "CREATE_ROOM":
        shared["teams"] = {team: [] for team in TEAMS}
        begin_match(payload)
    elif action == "START":
        begin_match(payload)
    elif action == "JOIN_ROOM" and payload["role"] == "player":
        team = min(TEAMS, key=lambda name: len(shared["teams"][name]))
        shared["teams"][team].append(user["seat"])
        group_add(team)
        socket_group_send(team, {"type": "teammate", "data": user["name"]})
    elif action == "LEAVE_ROOM":
        state["throws"].pop(user["seat"], None)
        for members in shared["teams"].values():
            if user["seat"] in members:
                members.remove(user["seat"])
    elif action == "go":
        go(payload)
    elif action == "throw":
        throw(payload, data)
        socket_group_send(team_of(shared, user["seat"]), {"type": "planned", "data": [user["name"], data]})
    elif action == "TIMER":
        shared["count"] -= 1
        if shared["count"] > 0:
            payload["timers"].after(1, "count", show=True)
        else:
            socket_group_send("room", {"type": "reveal", "data": reveal(state, shared)})


def begin_match(payload):
    """Begin a match without points; also after the host ended one, perhaps during the count."""
    payload["state"]["throws"] = {}
    payload["shared"].update(score=dict.fromkeys(TEAMS, 0), count=None, thrown=[], last=None, winner=None)


def go(payload):
    """Start a round for the host, or a new match if the last one is won."""
    shared = payload["shared"]
    if payload["user"]["id"] != payload["room"]["host"]:
        raise Refused("Only the host says go.", code="forbidden")
    if shared["count"]:
        raise Refused("The count is on.")
    if not all(shared["teams"].values()):
        raise Refused("Both teams need somebody.")
    if shared["winner"]:
        shared.update(score=dict.fromkeys(TEAMS, 0), winner=None)
    payload["state"]["throws"] = {}
    shared.update(count=COUNT, thrown=[], last=None)
    payload["timers"].after(1, "count", show=True)


def throw(payload, data):
    """Keep a player's choice secret from the other team until the count is over; it may be changed."""
    shared, seat = payload["shared"], payload["user"]["seat"]
    if payload["role"] != "player":
        raise Refused("You are watching.", code="forbidden")
    if not shared["count"]:
        raise Refused("Wait for the count.")
    if not isinstance(data, str) or data not in BEATS:
        raise Refused("Throw rock, paper or scissors.", code="bad_data")
    payload["state"]["throws"][seat] = data
    if seat not in shared["thrown"]:
        shared["thrown"].append(seat)


def reveal(state, shared):
    """Show what most of each team threw (of equals, what its first seats threw), and give the point."""
    thrown = {team: majority(state["throws"].get(seat) for seat in shared["teams"][team]) for team in TEAMS}
    red, blue = thrown["red"], thrown["blue"]
    scored = None
    if red != blue:
        scored = "red" if blue is None or BEATS.get(red) == blue else "blue"
        shared["score"][scored] += 1
        if shared["score"][scored] == WINS:
            shared["winner"] = scored
    shared.update(count=None, last={"thrown": thrown, "scored": scored})
    return shared["last"]


def majority(throws):
    counted = Counter(throw for throw in throws if throw)
    return counted.most_common(1)[0][0] if counted else None


def team_of(shared, seat):
    return next(team for team in TEAMS if seat in shared["teams"][team])
