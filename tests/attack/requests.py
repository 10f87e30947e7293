"""What HTTP can be asked: pipelines, floods, large texts, slow requests, foreign hosts, descriptors."""

from __future__ import annotations

import json
import time
from collections import Counter
from typing import Final
from urllib.parse import quote

from tests.attack.floods import MARKS
from tests.attack.line import VICTIM, Ended, Line, Socket
from tests.attack.stage import Outcome, Stage, attack


def get(path: str, host: str = "127.0.0.1") -> bytes:
    """:returns: a request."""
    return f"GET {path} HTTP/1.1\r\nHost: {host}\r\n\r\n".encode()


def post(path: str, body: object) -> bytes:
    """:returns: a request with a body of JSON."""
    sent = json.dumps(body, ensure_ascii=False).encode()
    return head_of(path, len(sent)) + sent


def head_of(path: str, size_bytes: int) -> bytes:
    """:returns: what comes before a body of JSON."""
    lines = (f"POST {path} HTTP/1.1", "Host: 127.0.0.1", "Content-Type: application/json")
    return "\r\n".join((*lines, f"Content-Length: {size_bytes}", "", "")).encode()


def how(line: Line) -> str:
    """:returns: how the connection stands, and the statuses that it was answered."""
    counts = Counter(line.statuses())
    return (line.ended or "open") + "".join(f" {n}x{status}" for status, n in sorted(counts.items()))


@attack("1")
def name_in_guest(stage: Stage) -> Outcome:
    """Guests over HTTP with a name of 56 KB of combining marks."""
    line = stage.line()
    line.flood(post("/api/guest", {"name": MARKS}), stage.s)
    line.pull()
    return Outcome(how(line))


@attack("1", AUTH="guests accounts")
def name_in_login(stage: Stage) -> Outcome:
    """Logins with such a name."""
    line = stage.line()
    line.flood(post("/api/login", {"name": MARKS, "password": "x" * 8}), stage.s)
    line.pull()
    return Outcome(how(line))


@attack("1", AUTH="guests accounts")
def name_in_register(stage: Stage) -> Outcome:
    """Registrations with such a name, and with such a password."""
    line = stage.line()
    body = {"name": MARKS[:28_000], "password": MARKS[:28_000]}
    line.flood(post("/api/register", body), stage.s)
    line.pull()
    return Outcome(how(line))


@attack("1")
def password_in_join(stage: Stage) -> Outcome:
    """Passwords of rooms, 56 KB of combining marks, and names of sanctions likewise."""
    line = stage.guest()
    room = line.ask("create", game="parrot", password="x")["room"]
    line.flood(
        line.frame(json.dumps({"op": "join", "id": 1, "room": room, "password": MARKS}).encode()[:64_000]), stage.s
    )
    wish = json.dumps({"op": "join", "id": 1, "room": MARKS, "password": MARKS[:9]}, ensure_ascii=False)
    line.flood(line.frame(wish.encode()), stage.s)
    return Outcome(line.finish())


@attack("1")
def chat_of_marks(stage: Stage) -> Outcome:
    """Lines of chat of combining marks, and with 60 KB of mentions."""
    line = stage.guest()
    line.ask("create", game="parrot")
    end_s = time.monotonic() + stage.s
    while time.monotonic() < end_s and not line.gone:
        for text in (MARKS, "@Ann" * 14_000, "/kick " * 9000, "\u202e" * 20_000):
            frame = json.dumps({"op": "chat", "text": text}, ensure_ascii=False).encode()
            line.push(line.frame(frame), 1.0, read=True)
    return Outcome(line.finish())


@attack("2")
def pipelined_rooms(stage: Stage) -> Outcome:
    """1,500 times all rooms in 58 KB, and nothing is read."""
    _rooms(stage, 20)
    line = stage.line(narrow=True)
    line.push(get("/api/rooms") * 1500, stage.s)
    time.sleep(stage.s)
    line.pull(0.2)
    return Outcome(how(line)[:60])


@attack("2")
def pipelined_script(stage: Stage) -> Outcome:
    """2,500 times a file of 60 KB in 120 KB, and nothing is read."""
    line = stage.line(narrow=True)
    line.push(get("/gameserver.js") * 2500, stage.s)
    time.sleep(stage.s)
    line.pull(0.2)
    return Outcome(how(line)[:60])


@attack("2")
def pipelined_cheap(stage: Stage) -> Outcome:
    """Requests that cost next to nothing, pipelined for ever, with answers read."""
    line = stage.line()
    line.flood(get("/healthz") * 500, stage.s)
    line.pull(0.2)
    return Outcome(how(line))


@attack("2")
def many_requests(stage: Stage) -> Outcome:
    """Twenty connections ask for all rooms again and again, and read."""
    _rooms(stage, 20)
    lines = [stage.line() for _ in range(20)]
    end_s, taken = time.monotonic() + stage.s, 0
    while time.monotonic() < end_s:
        for line in lines:
            if not line.gone:
                taken += line.push(get("/api/rooms"), 0.2, read=True)
                line.pull(0)
        if all(line.gone for line in lines):
            break
    return Outcome(how(lines[0])[:60])


@attack("2")
def large_bodies(stage: Stage) -> Outcome:
    """A hundred connections each send the larger part of a body, and stop."""
    lines = [stage.line() for _ in range(100)]
    head = head_of("/api/guest", 10_000_000)
    for line in lines:
        line.push(head + b"x" * 1_000_000, 0.5)
    time.sleep(1)
    lines[0].pull(0.2)
    return Outcome(how(lines[0]))


@attack("2")
def large_heads(stage: Stage) -> Outcome:
    """Heads of very many lines, and of very long ones."""
    line = stage.line()
    line.push(b"GET /healthz HTTP/1.1\r\n" + b"".join(b"x-%d: y\r\n" % i for i in range(200_000)), stage.s)
    line.pull(0.2)
    other = stage.line()
    other.push(b"GET /healthz HTTP/1.1\r\nx: " + b"y" * 20_000_000, stage.s)
    other.pull(0.2)
    return Outcome(f"{how(line)}; {how(other)}")


@attack("2")
def chunks_of_one_byte(stage: Stage) -> Outcome:
    """A body in chunks of one byte."""
    line = stage.line()
    line.push(b"POST /api/guest HTTP/1.1\r\nHost: 127.0.0.1\r\nTransfer-Encoding: chunked\r\n\r\n")
    line.flood(b"1\r\nx\r\n" * 1000, stage.s)
    line.pull(0.2)
    return Outcome(how(line))


@attack("12", AUTH="guests accounts", LIMITS_REQUEST_S="3")
def slow_second_request(stage: Stage) -> Outcome:
    """A second request whose first line comes with the first request, and whose rest never comes."""
    line = stage.line()
    line.push(post("/api/login", {"name": "nobody", "password": "x" * 8}) + b"GET /healthz HTTP/1.1\r\nHost: x")
    line.pull_until(lambda: False, 9)
    return Outcome(how(line), "" if line.gone else "still open after 9 s, of 3")


@attack("15")
def codes_for_phones(stage: Stage) -> Outcome:
    """QR codes of ever other texts."""
    line, end_s, i = stage.line(), time.monotonic() + stage.s, 0
    while time.monotonic() < end_s and not line.gone:
        batch = b"".join(get(f"/api/qr?text={quote('z' * 250)}{i + k}") for k in range(10))
        line.push(batch, 1.0, read=True)
        i += 10
    line.pull(0.2)
    return Outcome(how(line))


@attack("15", PUBLIC_URL="http://games.example")
def foreign_host(stage: Stage) -> Outcome:
    """A page whose own name leads to this machine opens a WebSocket and reads the metrics."""
    line = stage.line(VICTIM)
    line.push(
        b"GET /ws HTTP/1.1\r\nHost: evil.example\r\nOrigin: http://evil.example\r\nUpgrade: websocket\r\n"
        b"Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: a2tra2tra2tra2tra2traw==\r\n\r\n"
    )
    line.pull(0.3)
    other = stage.line(VICTIM)
    other.push(get("/metrics", "evil.example"))
    other.pull(0.3)
    got = [*line.statuses(), *other.statuses()]
    faults = [what for what, status in (("a WebSocket", 101), ("the metrics", 200)) if status in got]
    return Outcome(" ".join(map(str, got)), f"a foreign host had {' and '.join(faults)}" if faults else "")


MOST: Final = 256


@attack("15", descriptors=MOST)
def descriptors(stage: Stage) -> Outcome:
    """One address opens connections that begin a request, until there are no descriptors; another comes."""
    opened = 0
    for _ in range(MOST + 100):
        try:
            line = stage.line()
            line.push(b"GET /healthz HTTP/1.1\r\nHost: 127.0.0.1\r\nX:")
            opened += 1
        except OSError:
            break
    answer = stage.ask("GET", "/healthz", source=VICTIM)
    fault = "" if answer.status == 200 else "another address is not answered"
    warned = "LimitNOFILE" in stage.log or "nofile" in stage.log.lower() or "descriptors" in stage.log
    return Outcome(f"{opened} opened", fault or ("" if warned else "the start does not say that descriptors are few"))


@attack("15", descriptors=MOST)
def descriptors_by_players(stage: Stage) -> Outcome:
    """The same with WebSockets that have said hello."""
    opened = 0
    for i in range(MOST + 50):
        try:
            stage.guest(f"E{i}")
            opened += 1
        except (OSError, Ended):
            break
    try:
        stage.guest("Late", VICTIM)
    except (OSError, Ended) as error:
        return Outcome(f"{opened} opened", f"another address is not let in: {error}")
    return Outcome(f"{opened} opened")


def _rooms(stage: Stage, count: int) -> None:
    """Public rooms, with options as large as they are taken, of guests of another address."""
    for i in range(0, count, 5):
        line = stage.guest(f"Maker{i}", VICTIM)
        for _ in range(5):
            make_room(line)


def make_room(line: Socket) -> str:
    """:returns: the code of a new room whose options are as large as they are taken."""
    for size in (60_000, 900, 0):
        joined = line.ask("create", game="parrot", options={"x": "y" * size})
        if joined["op"] == "joined":
            return str(joined["room"])
    raise Ended(f"no room: {joined}")


@attack("17")
def lists_in_bodies(stage: Stage) -> Outcome:
    """Bodies of 57 KB of lists, which are refused."""
    line = stage.line()
    line.flood(post("/api/guest", {"name": [[]] * 15_000}), stage.s)
    line.pull()
    return Outcome(how(line)[:40])
