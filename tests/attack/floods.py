"""What one WebSocket can send: floods, and small requests with large answers."""

from __future__ import annotations

import json
import time
from typing import Final

from tests.attack.line import VICTIM, Ended, Socket
from tests.attack.stage import Outcome, Stage, attack
from tests.websocket.sockets import PING, PONG

MARKS: Final = "e" + "\u0301\u0323" * 14_000
"""56 KB that take long to normalise."""
MANY: Final = 350


def must_end(line: Socket, *codes: str) -> Outcome:
    """:returns: an outcome that is a fault where the line was not ended by one of these."""
    ended = line.finish()
    return Outcome(ended, "" if ended in codes else f"ended by {ended}, not {' or '.join(codes)}")


@attack("0")
def nothing(stage: Stage) -> Outcome:
    """No attack at all: what this machine does to the other client by itself."""
    time.sleep(stage.s)
    return Outcome("")


@attack("1")
def name_in_hello(stage: Stage) -> Outcome:
    """Guests with a name of 56 KB of combining marks."""
    frame, end_s, ended = "", time.monotonic() + stage.s, "open"
    while time.monotonic() < end_s:
        line = stage.socket()
        frame = json.dumps({"op": "hello", "guest": {"name": MARKS}}, ensure_ascii=False)
        line.push(line.frame(frame.encode()) * 3, 2.0)
        line.pull(0.2)
        ended = line.finish(0.1)
        line.close()
    return Outcome(ended)


@attack("1")
def name_in_create(stage: Stage) -> Outcome:
    """Seats with such a name."""
    line = stage.guest()
    wish = {"op": "create", "id": 1, "game": "parrot", "name": MARKS}
    line.flood(line.frame(json.dumps(wish, ensure_ascii=False).encode()), stage.s)
    return Outcome(line.finish())


@attack("3")
def listens(stage: Stage) -> Outcome:
    """350 times all lines of a lobby, which are as long as they may be; in 19 KB, and nothing is read."""
    _fill_lobby(stage)
    line = stage.guest(narrow=True)
    line.push(
        b"".join(
            line.frame(json.dumps({"op": "listen", "id": i + 1, "to": "lobby:parrot"}).encode()) for i in range(MANY)
        )
    )
    return _unread(stage, line)


@attack("3")
def resumes(stage: Stage) -> Outcome:
    """350 times back to a room whose chat has as much data as it may have."""
    line = stage.guest(narrow=True)
    joined = line.ask("create", game="parrot")
    for i in range(60):
        data = "x" * (60_000 if i < 3 else 12_000 if i < 20 else 1000)
        line.ask("chat", text=f"line {i}", data=data, s=3)
        time.sleep(0.06)
    wish = {"op": "resume", "room": joined["room"], "resume": joined["seat"]["resume"], "seen": None}
    frames = (line.frame(json.dumps({**wish, "id": 1000 + i}).encode()) for i in range(MANY))
    line.push(b"".join(frames))
    return _unread(stage, line)


@attack("3")
def creates_and_joins(stage: Stage) -> Outcome:
    """A room with options as large as they may be, joined again and again by the same user; nothing is read."""
    line = stage.guest(narrow=True)
    for size in (60_000, 900):
        joined = line.ask("create", game="parrot", options={"x": "y" * size})
        if joined["op"] == "joined":
            break
    wish = {"op": "join", "room": joined["room"]}
    line.push(b"".join(line.frame(json.dumps({**wish, "id": 1000 + i}).encode()) for i in range(MANY)))
    return _unread(stage, line)


@attack("4")
def blocks(stage: Stage) -> Outcome:
    """300 users with ids of 60 KB are blocked."""
    line = stage.guest()
    refused = 0
    end_s = time.monotonic() + 3 * stage.s
    for i in range(300):
        try:
            refused += line.ask("block", user=f"{i}" + "x" * 60_000, s=10)["op"] == "error"
        except Ended:
            break
        if time.monotonic() > end_s:
            break
    ended = line.finish()
    return Outcome(ended, "" if refused or ended != "open" else "ids of 60 KB are kept")


@attack("5")
def pings(stage: Stage) -> Outcome:
    """Pings of WebSockets, as fast as they are taken."""
    line = stage.guest()
    line.flood(line.frame(b"x", PING) * 500, stage.s)
    return must_end(line, "4008")


@attack("5")
def large_pings_unread(stage: Stage) -> Outcome:
    """Pings as large as they may be, whose pongs nobody reads."""
    line = stage.guest(narrow=True)
    line.flood(line.frame(b"x" * 125, PING) * 500, stage.s, read=False)
    return must_end(line, "4008", "4009", "cut")  # a code that is not read is lost


@attack("5")
def pongs(stage: Stage) -> Outcome:
    """Pongs that nobody asked for."""
    line = stage.guest()
    line.flood(line.frame(b"", PONG) * 500, stage.s)
    return must_end(line, "4008")


@attack("5")
def empty_continuations(stage: Stage) -> Outcome:
    """A message of very many empty frames."""
    line = stage.guest()
    line.push(line.frame(b"{", fin=False))
    line.flood(line.frame(b"", 0, fin=False) * 500, stage.s)
    return must_end(line, "4008")


@attack("5")
def one_byte_fragments(stage: Stage) -> Outcome:
    """Messages of many frames of one byte."""
    line = stage.guest()
    text = json.dumps({"op": "ping", "at": 1}).encode()
    first, *middle = (text[i : i + 1] for i in range(len(text)))
    message = line.frame(first, fin=False) + b"".join(line.frame(x, 0, fin=False) for x in middle) + line.frame(b"", 0)
    line.flood(message * 50, stage.s)
    return must_end(line, "4008")


@attack("5")
def pings_before_hello(stage: Stage) -> Outcome:
    """Pings of somebody who has not said hello."""
    line = stage.socket()
    line.flood(line.frame(b"x", PING) * 500, stage.s)
    return must_end(line, "4008", "4001")


@attack("5")
def sends(stage: Stage) -> Outcome:
    """Messages of a game, far beyond its rate."""
    line = stage.guest()
    line.ask("create", game="parrot")
    line.flood(line.frame(b'{"op":"send","id":9,"type":"echo","data":{"text":"x"}}') * 300, stage.s)
    return must_end(line, "4008")


@attack("5")
def sends_unread(stage: Stage) -> Outcome:
    """The same, and refusals are not read."""
    line = stage.guest(narrow=True)
    line.ask("create", game="parrot")
    line.flood(line.frame(b'{"op":"send","type":"echo","data":{"text":"x"}}') * 300, stage.s, read=False)
    return must_end(line, "4008", "4009", "cut")  # a code that is not read is lost


@attack("5")
def app_pings(stage: Stage) -> Outcome:
    """Pings of the protocol."""
    line = stage.guest()
    line.flood(line.frame(b'{"op":"ping","at":1}') * 300, stage.s)
    return must_end(line, "4008")


@attack("5")
def typings(stage: Stage) -> Outcome:
    """Somebody writes and stops, writes and stops."""
    line = stage.guest()
    line.ask("create", game="parrot")
    line.flood(line.frame(b'{"op":"typing"}') * 300, stage.s)
    return must_end(line, "4008")


@attack("5")
def unknown_ops(stage: Stage) -> Outcome:
    """Messages of no known kind."""
    line = stage.guest()
    line.flood(line.frame(b'{"op":"x"}') * 300, stage.s)
    return must_end(line, "4008", "4400")


@attack("5")
def large_unknown(stage: Stage) -> Outcome:
    """Messages as large as they may be, that are refused once they were decoded."""
    line = stage.guest()
    data = json.dumps({"op": "send", "type": "echo", "data": {"text": ["\u00e9" * 9] * 1500}}).encode()
    line.flood(line.frame(data[:64_000]) * 4, stage.s)
    return must_end(line, "4008", "4400")


@attack("5")
def ten_connections(stage: Stage) -> Outcome:
    """Ten connections that each send as much as one may; none of them can be ended for it."""
    lines = [stage.guest(f"Eve{i}") for i in range(10)]
    frame = lines[0].frame(b'{"op":"ping","at":1}')
    end_s = time.monotonic() + stage.s
    while time.monotonic() < end_s:
        for line in lines:
            line.push(frame * 10, 0.2, read=True)
        time.sleep(0.1)
    return Outcome(lines[0].finish())


def _fill_lobby(stage: Stage) -> None:
    """Lines in the lobby, as large as they are taken, of several users."""
    for writer in range(5):
        line = stage.guest(f"Writer{writer}", VICTIM)
        for i in range(10):
            sizes = (30_000, 900) if i == 0 else (30_000,)
            for size in sizes:
                if line.ask("chat", to="lobby:parrot", text=f"{writer} {i}", data="x" * size)["op"] == "ok":
                    break
                if i == 0:
                    continue
                line.ask("chat", to="lobby:parrot", text=f"{writer} {i}", data="x" * 900)
                break
        line.close()


def _unread(stage: Stage, line: Socket) -> Outcome:
    """Read nothing for a while; then see how it ended."""
    time.sleep(stage.s)
    return Outcome(line.finish())


LISTS: Final = "[" + ",".join(["[]"] * 19_000) + "]"
"""57 KB that cost most to look through: nothing but lists."""


@attack("17")
def lists_in_options(stage: Stage) -> Outcome:
    """Rooms are asked for with options, and with a match, of 57 KB of lists, as fast as they are taken."""
    line = stage.guest()
    wishes = (
        '{"op":"create","id":1,"game":"parrot","options":{"x":LISTS}}',
        '{"op":"join","id":2,"game":"parrot","match":{"x":LISTS}}',
        '{"op":"create","id":3,"game":"parrot","profile":{"x":LISTS}}',
    )
    line.flood(b"".join(line.frame(wish.replace("LISTS", LISTS).encode()) for wish in wishes), stage.s)
    return Outcome(line.finish())


@attack("17")
def lists_in_sends(stage: Stage) -> Outcome:
    """Messages of a game, and lines, with data of 57 KB of lists, at a pace that is allowed."""
    line = stage.guest()
    line.ask("create", game="parrot")
    send = line.frame(b'{"op":"send","type":"echo","data":{"text":%b}}' % LISTS.encode())
    chat = line.frame(b'{"op":"chat","text":"x","data":%b}' % LISTS.encode())
    end_s = time.monotonic() + stage.s
    while time.monotonic() < end_s and not line.gone:
        line.push(send * 2 + chat, 0.5, read=True)
        time.sleep(0.1)
    return Outcome(line.finish())
