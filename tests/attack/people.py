"""What people do to people: logs washed out, names that look alike, rooms without end, lines to nobody."""

from __future__ import annotations

import sqlite3
import time
from itertools import pairwise
from typing import Final

from gameserver.settings.limits import Limits
from tests.attack.line import ATTACKER, VICTIM, Ended
from tests.attack.requests import make_room
from tests.attack.stage import Outcome, Stage, attack

BOTH: Final = "guests accounts"


@attack("9", AUTH=BOTH, MODERATORS="Mod")
def log_washed_out(stage: Stage) -> Outcome:
    """Six guests report one another, thousands of times; a sanction must still be in the log."""
    mod = stage.account("Mod")
    wish = {"act": "mute", "user": stage.guest("Bad").user, "reason": "evidence"}
    if stage.ask("POST", "/api/moderation/sanctions", wish, token=mod, source=VICTIM).status != 201:
        raise Ended("the mute is refused")
    first = stage.guest("R0")
    room = first.ask("create", game="parrot")
    lines = [first]
    for i in range(1, 6):
        lines.append(stage.guest(f"R{i}"))
        lines[-1].ask("join", room=room["room"])
    taken, end_s = 0, time.monotonic() + 8 * stage.s
    for i in range(400):
        for line in lines:
            if not line.gone:
                line.say("report", id=100 + i, seat=room["seat"]["id"], reason="r" * 20)
        for line in lines:
            try:
                taken += line.answer(100 + i, 5)["op"] == "ok"
            except Ended:
                pass
        if time.monotonic() > end_s or all(line.gone for line in lines):
            break
    kept = _in_log(stage, mod, "evidence")
    return Outcome(f"{taken} taken", "" if kept else "the sanction is in the log no more")


def _in_log(stage: Stage, mod: str, reason: str) -> bool:
    """:returns: whether a moderator finds an entry of this reason."""
    for kind in ("mute", ""):
        before = ""
        for _ in range(30):
            path = f"/api/moderation/log?{f'kind={kind}&' if kind else ''}{f'before={before}' if before else ''}"
            log = stage.ask("GET", path, token=mod, source=VICTIM).json.get("log") or []
            if any(entry.get("reason") == reason for entry in log):
                return True
            if not log:
                break
            before = log[-1]["id"]
    return False


@attack("10", AUTH=BOTH, ADMINS="Root")
def impersonation(stage: Stage) -> Outcome:
    """Guests take the names of an account and of an administrator; an account is made that looks like the latter."""
    stage.account("Ann")
    got = []
    owner = stage.guest("Owner", VICTIM)
    room = owner.ask("create", game="parrot")["room"]
    for name in ("Root", "Ann", "Ro\u043et", "ann", "A\u200bnn"):
        try:
            line = stage.guest(name)
        except Ended:
            continue
        joined = line.ask("join", room=room)
        shown = next((s["name"] for s in joined.get("seats", ()) if s["id"] == joined["seat"]["id"]), None)
        if shown in ("Root", "Ann", "Ro\u043et", "ann", "A\u200bnn") and name in ("Root", "Ro\u043et"):
            got.append(f"guest {shown}")
    answer = stage.ask("POST", "/api/register", {"name": "Ro\u043et", "password": "correct horse"})
    if answer.status == 201:
        got.append("account Ro\u043et")
    return Outcome(str(answer.status), f"looks like the administrator: {', '.join(got)}" if got else "")


@attack("10", AUTH=BOTH)
def beside_the_account(stage: Stage) -> Outcome:
    """An account sits in a room; a guest of that name comes, or one who is there takes the name with the seat."""
    token = stage.account("Ann")
    ann = stage.socket(VICTIM)
    ann.hello(token=token)
    room = ann.ask("create", game="parrot")["room"]
    names = []
    for hello, seat in (("Ann", None), ("Eve", "Ann"), ("Eve", "\u0410nn")):
        try:
            wish = {} if seat is None else {"name": seat}
            joined = stage.guest(hello).ask("join", room=room, **wish)
        except Ended:
            continue
        if joined["op"] == "joined":
            names += [s["name"] for s in joined["seats"] if s["id"] == joined["seat"]["id"]]
    same = [name for name in names if name.replace("\u0410", "A") == "Ann"]
    return Outcome(
        " ".join(names)[:12] or "refused", f"guests are called {same} beside the account Ann" if same else ""
    )


@attack("11")
def rooms_by_address(stage: Stage) -> Outcome:
    """Guest after guest of one address makes ten rooms and goes."""
    mine = stage.guest("Owner", VICTIM).ask("create", game="parrot")["room"]
    made, refused, end_s = 0, 0, time.monotonic() + 3 * stage.s
    while time.monotonic() < end_s and made + refused < 1000:
        line = stage.guest(f"E{made}")
        for _ in range(10):
            joined = line.ask("create", game="parrot")
            made += joined["op"] == "joined"
            refused += joined["op"] != "joined"
        line.close()
    text = stage.ask("GET", "/metrics", source=VICTIM).body.decode()
    there = sum(float(x.split()[-1]) for x in text.splitlines() if x.startswith("gameserver_rooms"))
    faults = [f"{there:.0f} rooms of one address"] if there > 300 else []
    if stage.ask("GET", f"/api/rooms/{mine}", source=VICTIM).status != 200:
        faults.append("another's room is gone")
    return Outcome(f"{made} made", "; ".join(faults))


@attack("11")
def rooms_over_http(stage: Stage) -> Outcome:
    """The same over HTTP, guest after guest."""
    made, end_s = 0, time.monotonic() + 3 * stage.s
    while time.monotonic() < end_s and made < 600:
        answer = stage.ask("POST", "/api/guest", {"name": "Eve"})
        if answer.status != 200:
            break
        token = answer.json["token"]
        for _ in range(10):
            made += stage.ask("POST", "/api/rooms", {"game": "parrot"}, token=token).status == 201
    text = stage.ask("GET", "/metrics", source=VICTIM).body.decode()
    there = sum(float(x.split()[-1]) for x in text.splitlines() if x.startswith("gameserver_rooms"))
    return Outcome(f"{made} made", f"{there:.0f} rooms of one address" if there > 300 else "")


@attack("11")
def hidden_in_the_lobby(stage: Stage) -> Outcome:
    """Twenty rooms with options as large as they are taken, so that another's is not listed."""
    mine = stage.guest("Owner", VICTIM).ask("create", game="parrot")["room"]
    for i in range(2):
        line = stage.guest(f"E{i}")
        for _ in range(10):
            make_room(line)
    rooms = stage.ask("GET", "/api/rooms", source=VICTIM).json["rooms"]
    found = any(each["room"] == mine for each in rooms)
    return Outcome(f"{len(rooms)} listed", "" if found else "another's room is not listed")


@attack("12", AUTH=BOTH)
def lines_to_nobody(stage: Stage) -> Outcome:
    """Lines to accounts that there are not."""
    token = stage.account("Ann", source=ATTACKER)
    line = stage.socket()
    line.hello(token=token)
    before = _rows(stage, "books")
    answers = [line.ask("chat", to=f"user:account:{i:032x}", text="x")["op"] for i in range(8)]
    time.sleep(0.3)
    stored = _rows(stage, "books") - before
    return Outcome(f"{answers.count('ok')} ok", f"{stored} lines to nobody are stored" if stored >= 8 else "")


@attack("16", AUTH=BOTH, MODERATORS="Mod")
def noticed_shadow(stage: Stage) -> Outcome:
    """Who is muted in the shadow looks with a second account whether counters jump, in a room and in the lobby."""
    mod = stage.account("Mod")
    owner, bad, second = stage.guest("Owner", VICTIM), stage.guest("Bad"), stage.guest("Second")
    room = owner.ask("create", game="parrot")["room"]
    for line in (bad, second):
        line.ask("join", room=room)
    second.ask("listen", to="lobby:parrot")
    wish = {"act": "mute", "user": bad.user, "shadow": True}
    if stage.ask("POST", "/api/moderation/sanctions", wish, token=mod, source=VICTIM).status != 201:
        raise Ended("the mute is refused")
    for who, text in ((owner, "one"), (owner, "two"), (bad, "hidden"), (owner, "after")):
        for to in ("room", "lobby:parrot"):
            who.ask("chat", text=text, to=to)
    second.pull(0.5)
    heard = second.messages()
    faults = []
    for what, number in (("room", "n"), ("lobby:parrot", "line")):
        of = [m for m in heard if number in m and what in (m.get("stream"), m.get("to"))]
        if not of or of[-1].get("text") != "after":
            raise Ended(f"the line after it did not come: {of}")
        # The lobby's go by the time, in milliseconds: only a jump that time does not explain tells of a line between.
        if any(b[number] - a[number] > max(1, b["at"] - a["at"] if number == "line" else 1) for a, b in pairwise(of)):
            faults.append(what)
    return Outcome(f"{len(heard)} heard", f"a counter jumps: {', '.join(faults)}" if faults else "")


def _rows(stage: Stage, table: str) -> int:
    """:returns: how many rows the store has in a table."""
    with sqlite3.connect(f"file:{stage.server.data / 'gameserver.sqlite3'}?mode=ro", uri=True) as store:
        return int(store.execute(f"SELECT count(*) FROM {table}").fetchone()[0])


@attack("17")
def codes_at_rest(stage: Stage) -> Outcome:
    """A guest makes a room and leaves it, again and again: each leaves a code behind that rests for a day."""
    most = Limits().rooms_made_per_address + 10  # and what comes back meanwhile
    line, made, end_s = stage.guest(), 0, time.monotonic() + 3 * stage.s
    while time.monotonic() < end_s and made < 1000:
        try:
            room = line.ask("create", game="parrot").get("room")
            if room is not None:
                made += 1
                line.ask("leave", room=room)
        except Ended:
            line = stage.guest()
        time.sleep(0.002)
    time.sleep(0.3)
    kept = _rows(stage, "codes")
    return Outcome(f"{made} made", f"{kept} codes of one address rest" if kept > most else "")
