"""Attacks on what lets people in: guesses, bans, neighbours of an address, files that others can read."""

from __future__ import annotations

import json
import os
import stat
import time
from collections import Counter
from typing import Any, Final

from tests.attack.line import ATTACKER, VICTIM, Ended
from tests.attack.stage import PASSWORD, Outcome, Stage, attack

BOTH: Final = "guests accounts"


@attack("6")
def guesses_by_vouched(stage: Stage) -> Outcome:
    """Sixty guests who each joined an open room guess the password of another room."""
    owner = stage.guest("Owner", VICTIM)
    locked = owner.ask("create", game="parrot", password="sesame")["room"]
    opened = owner.ask("create", game="parrot")["room"]
    began_s, tried = time.monotonic(), 0
    lines = [stage.guest(f"G{i}") for i in range(60)]
    for line in lines:
        line.ask("join", room=opened)
    for line in lines:
        for k in range(10):
            answer = line.ask("join", room=locked, password=f"no{k}")
            tried += answer.get("code") == "wrong_password"
    allowed = 100 + (time.monotonic() - began_s) * 100 / 60 + 5
    return Outcome(f"{tried} tried", "" if tried <= allowed else f"{tried} passwords were tried, of {allowed:.0f}")


@attack("8", AUTH=BOTH, MODERATORS="Mod")
def banned_user(stage: Stage) -> Outcome:
    """A user is banned who has connections, tokens and tickets; then each door is tried."""
    mod, bad = stage.account("Mod"), stage.account("Bad", source=ATTACKER)
    line = stage.socket()
    user = line.hello(token=bad)["user"]["id"]
    line.ask("listen", to="lobby:parrot")
    answer = stage.ask("POST", "/api/moderation/sanctions", {"act": "ban", "user": user}, token=mod, source=VICTIM)
    if answer.status != 201:
        raise Ended(f"ban: {answer.status}")
    ended = line.finish()
    open_doors = [] if ended == "4003" else [f"the connection ({ended})"]
    if ended == "open" and line.ask("chat", to="lobby:parrot", text="still here", s=3)["op"] == "ok":
        open_doors.append("the lobby")
    tries = {
        "login": ("/api/login", {"name": "Bad", "password": PASSWORD}, None),
        "tickets": ("/api/tickets", {}, bad),
        "rooms": ("/api/rooms", {"game": "parrot"}, bad),
    }
    for door, (path, body, token) in tries.items():
        if stage.ask("POST", path, body, token=token).status < 300:
            open_doors.append(door)
    return Outcome(ended, f"open to a banned user: {', '.join(open_doors)}" if open_doors else "")


@attack("8", AUTH=BOTH, MODERATORS="Mod Mole")
def banned_moderator(stage: Stage) -> Outcome:
    """A banned moderator ends her own ban with the token that she has, and bans others."""
    mod, mole = stage.account("Mod"), stage.account("Mole", source=ATTACKER)
    line = stage.socket()
    user = line.hello(token=mole)["user"]["id"]
    answer = stage.ask("POST", "/api/moderation/sanctions", {"act": "ban", "user": user}, token=mod, source=VICTIM)
    sanction = answer.json["id"]
    done = []
    wish = {"act": "ban", "address": "192.0.2.1"}
    if stage.ask("POST", "/api/moderation/sanctions", wish, token=mole).status == 201:
        done.append("banned somebody")
    if stage.ask("DELETE", f"/api/moderation/sanctions/{sanction}", token=mole).status == 200:
        done.append("ended her own ban")
    return Outcome(line.finish(), " and ".join(done))


@attack("8", AUTH=BOTH, MODERATORS="Mod")
def banned_address(stage: Stage) -> Outcome:
    """A banned address is still there, and makes guests and rooms over HTTP."""
    mod = stage.account("Mod")
    line = stage.guest()
    token = stage.ask("POST", "/api/guest", {"name": "Eve"}).json["token"]
    stage.ask("POST", "/api/moderation/sanctions", {"act": "ban", "address": ATTACKER}, token=mod, source=VICTIM)
    ended = line.finish()
    open_doors = [] if ended == "4003" else [f"the connection ({ended})"]
    if stage.ask("POST", "/api/guest", {"name": "Eve2"}).status < 300:
        open_doors.append("guest")
    if stage.ask("POST", "/api/rooms", {"game": "parrot"}, token=token).status < 300:
        open_doors.append("rooms")
    return Outcome(ended, f"open to a banned address: {', '.join(open_doors)}" if open_doors else "")


@attack("8", AUTH=BOTH, MODERATORS="Mod")
def ban_of_nobody(stage: Stage) -> Outcome:
    """A moderator mistypes a user's id."""
    mod = stage.account("Mod")
    wish = {"act": "ban", "user": "account:nobody"}
    answer = stage.ask("POST", "/api/moderation/sanctions", wish, token=mod, source=VICTIM)
    return Outcome(str(answer.status), "a ban of nobody is accepted" if answer.status < 300 else "")


@attack("13", AUTH=BOTH)
def neighbour_with_tokens(stage: Stage) -> Outcome:
    """An address shows 130 wrong tokens; then somebody else of that address logs in."""
    stage.account("Ann", source=VICTIM)
    for i in range(130):
        stage.ask("POST", "/api/rooms", {"game": "parrot"}, token=f"accounts.{i:040}.{i:043}")
    answer = stage.ask("POST", "/api/login", {"name": "Ann", "password": PASSWORD})
    return Outcome(str(answer.status), "" if answer.status == 200 else "the right password is refused")


@attack("13")
def neighbour_with_codes(stage: Stage) -> Outcome:
    """An address looks up 130 codes in vain; then somebody else of that address looks up one that there is."""
    room = stage.guest("Owner", VICTIM).ask("create", game="parrot")["room"]
    statuses = Counter(stage.ask("GET", f"/api/rooms/{'BCDFGHJKLMNP'[i % 12] * 4}").status for i in range(130))
    answer = stage.ask("GET", f"/api/rooms/{room}")
    fault = "" if answer.status == 200 else "a right code is refused"
    return Outcome(f"{answer.status} {dict(statuses)}"[:40], fault)


@attack("14")
def files_for_others(stage: Stage) -> Outcome:
    """Somebody else of the machine reads the store."""
    stage.guest().ask("create", game="parrot")
    shown = []
    for path in sorted(stage.server.data.iterdir()):
        mode = stat.S_IMODE(path.stat().st_mode)
        if mode & 0o077:
            shown.append(f"{path.name} {mode:o}")
    folder = stat.S_IMODE(os.stat(stage.server.data).st_mode)
    return Outcome(f"folder {folder:o}", f"others may read {', '.join(shown)}" if shown else "")


@attack("15", AUTH=BOTH, MODERATORS="Mod")
def thousand_bans(stage: Stage) -> Outcome:
    """A thousand addresses are banned; then guests come as fast as they can."""
    mod = stage.account("Mod")
    for i in range(1000):
        wish = {"act": "ban", "address": f"198.51.{i // 250}.{i % 250}"}
        stage.ask("POST", "/api/moderation/sanctions", wish, token=mod, source=VICTIM)
    end_s, took_ms = time.monotonic() + stage.s, []
    while time.monotonic() < end_s:
        line = stage.socket()
        began_s = time.monotonic()
        line.hello()
        took_ms.append((time.monotonic() - began_s) * 1000)
        line.close()
    median = sorted(took_ms)[len(took_ms) // 2]
    return Outcome(f"hello {median:.1f} ms", "" if median < 5 else f"a hello takes {median:.0f} ms")


VALUES: Final[tuple[Any, ...]] = (
    None, True, 0, -1, 1.5, 2**53, 2**60, "", "x", {}, {"a": 1}, [], [1], {"$bytes": ""},
    {"$bytes": "AAAA"}, {"$bytes": 1},    {"$$x": 1}, {"$ext": 1}, "\u0000", {"name": 1},
)  # fmt: skip
FIELDS: Final = {
    "hello": ("token", "ticket", "guest", "client", "ops"),
    "create": ("game", "options", "private", "password", "name", "role", "profile"),
    "join": ("room", "game", "match", "name", "role", "password", "profile"),
    "resume": ("room", "resume", "seen"),
    "send": ("type", "data", "room"),
    "chat": ("text", "to", "data", "room"),
    "report": ("stream", "line", "seat", "reason"),
    "block": ("user", "seat", "on"),
    "listen": ("to", "on", "seen"),
    "read": ("to", "upto"),
    "edit": ("stream", "line", "text", "data"),
    "team": ("team", "seat"),
    "typing": ("to", "on"),
    "ping": ("at",),
}
GOOD: Final[dict[str, dict[str, Any]]] = {
    "create": {"game": "parrot"}, "send": {"type": "echo", "data": {"text": "x"}}, "chat": {"text": "x"},
    "join": {"game": "parrot", "match": {}}, "resume": {"room": "BBBB", "resume": "x"}, "listen": {"to": "server"},
    "read": {"upto": 1}, "edit": {"stream": "room", "line": 1, "text": "x"}, "team": {"team": "x"},
}  # fmt: skip


@attack("7", LIMITS_ROOMS="1000")
def nonsense_json(stage: Stage) -> Outcome:
    """Each field of each message with a value of each kind; each must be answered, or end with a close code."""
    unanswered: list[str] = []
    for op, names in FIELDS.items():
        for name in names:
            for value in VALUES:
                wish = {"op": op, **GOOD.get(op, {}), name: value}
                if op not in ("hello", "ping", "typing"):
                    wish["id"] = 1
                if not _answered(stage, json.dumps(wish).encode(), op, packed=False):
                    unanswered.append(f"{op}.{name}={value!r}")
        if len(unanswered) > 20:
            break
    return Outcome(f"{len(unanswered)} silent", f"no answer to {unanswered[0]}" if unanswered else "")


@attack("7")
def nonsense_msgpack(stage: Stage) -> Outcome:
    """Arrays that are no messages: ops of every kind, extensions, maps as keys."""
    import msgspec  # only here: the rest needs nothing but Python

    ext = msgspec.msgpack.Ext(5, b"x")
    silent: list[str] = []
    for op in ({}, [], ext, None, True, 1.5, "hello", b"hello", -1, 2**63, {"a": []}):
        if not _answered(stage, msgspec.msgpack.encode([op, 1, 2]), "hello", packed=True):
            silent.append(f"op {op!r}")
    for value in (ext, b"", b"\xff", {1: 2}, {b"a": 1}, 2**64 - 1, float("nan"), [[]] * 9):
        for number, width in ((1, 5), (2, 8), (3, 8), (4, 4), (5, 4), (6, 5), (14, 6), (15, 5), (17, 4)):
            for at in range(width):
                fields: list[Any] = [1, *[None] * (width - 1)]
                fields[at] = value
                if not _answered(stage, msgspec.msgpack.encode([number, *fields]), "", packed=True):
                    silent.append(f"{number}.{at}={value!r}")
    return Outcome(f"{len(silent)} silent", f"no answer to {silent[0]}" if silent else "")


@attack("7")
def nonsense_flood(stage: Stage) -> Outcome:
    """Messages whose op is a map, again and again, before hello."""
    ended, end_s = "open", time.monotonic() + stage.s
    while time.monotonic() < end_s:
        line = stage.socket(packed=True)
        line.push(line.frame(b"\x93\x80\x01\x02") * 50, 1.0)
        ended = line.finish(0.3)
        line.close()
    size = len(stage.log)
    return Outcome(
        ended, f"{size // 1000} KB of log" if size > 200_000 else "" if ended != "cut" else "cut, without a close code"
    )


def _answered(stage: Stage, message: bytes, op: str, *, packed: bool) -> bool:
    """:returns: whether it was answered or ended by a code; what comes after is answered in any case."""
    line = stage.socket(packed=packed)
    try:
        if op != "hello" and not packed:
            line.hello()
            if op not in ("create", "join", "resume"):
                line.ask("create", game="parrot")
        before = len(line.frames())
        line.push(line.frame(message))
        if op in ("typing", "read"):
            line.pull(0.02)
            return line.ended != "cut"
        got: list[Any] = []

        def answered() -> bool:
            got.extend(line.frames())
            return bool(got)

        line.pull_until(answered, 1.0)
        return bool(got) and line.ended != "cut" and before >= 0
    finally:
        line.close()
