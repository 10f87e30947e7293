"""
The servers that are measured, and what the load has to send to each: the same work, in each one's own protocol.

A target is one connection, as ``wsload.c`` reads it: path, subprotocol, what to send first, what to send again and
again, flags.
"""

from __future__ import annotations

import json
import sys
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
MARK = "@@" + "0" * 24
"""What the load overwrites with time and sender, to know its messages again."""
FIRST_ID = 1_000_000_000
"""The id of a question, which the load counts up from here: always ten digits."""

Target = tuple[str, str, str, str, str]
Targets = Callable[[int, "Shape"], Iterator[Target]]


@dataclass(frozen=True)
class Shape:
    """So many rooms of so many members, of whom so many send; a message's text has so many bytes."""

    rooms: int
    members: int
    senders: int
    size: int

    @property
    def body(self) -> str:
        """The text of a message."""
        return MARK + "x" * (self.size - len(MARK))

    def places(self) -> Iterator[tuple[int, int, bool]]:
        """:returns: room and number of each member, and whether it sends."""
        for room in range(self.rooms):
            for member in range(self.members):
                yield room, member, member < self.senders


@dataclass(frozen=True)
class Contender:
    """
    A server to measure.

    :param command: starts it; ``{port}``, ``{members}`` and ``{work}`` are filled in.
    :param targets: from port and shape to the load's connections.
    """

    name: str
    command: list[str]
    targets: Targets


def contenders(work: Path, store: str | None, older: Path | None = None, python: Path | None = None) -> list[Contender]:
    """
    :param work: a scratch folder with the peers and what was built.
    :param store: if given, our rooms commit each step to the store at this address.
    :param older: a tree of an older release, which is measured as well, with the Python of this one.
    :param python: another Python in whose environment the server is installed, which is measured as well.
    """
    peers = work / "peers"
    game = "relay" if store is None else "relay-stored"
    tell, ask = partial(our_targets, game=game), partial(our_targets, game=game, asks=True)
    return [
        Contender("c-relay", [str(work / "relay"), "{port}"], _plain),
        Contender("ws", ["node", str(peers / "ws.cjs"), "{port}"], _plain),
        Contender("socket.io", ["node", str(peers / "socketio.cjs"), "{port}"], _socketio),
        Contender("colyseus", ["node", str(peers / "colyseus.mjs"), "{port}", "{members}"], _colyseus),
        Contender("ours-tell", _our_command(store), tell),
        Contender("ours-ask", _our_command(store), ask),
        Contender("ours-python-tell", ["env", "GAMESERVER_NATIVE=no", *_our_command(store)], tell),
        Contender("ours-python-ask", ["env", "GAMESERVER_NATIVE=no", *_our_command(store)], ask),
        *([] if older is None else _older(older, _our_command(store), tell, ask)),
        *([] if python is None else _both("other", _our_command(store, python), tell, ask)),
    ]


def _older(tree: Path, command: list[str], tell: Targets, ask: Targets) -> list[Contender]:
    """:returns: an older release; partly in C if what was built of it is in its tree."""
    return _both("older", ["env", f"PYTHONPATH={tree.resolve()}", *command], tell, ask)


def _both(name: str, command: list[str], tell: Targets, ask: Targets) -> list[Contender]:
    return [Contender(f"{name}-tell", command, tell), Contender(f"{name}-ask", command, ask)]


def _our_command(store: str | None, python: Path = Path(sys.executable)) -> list[str]:
    twistd = python.absolute().parent / "twistd"
    # All rooms are made from one address, and in a short time.
    command = ["env", "GAMESERVER_LIMITS_ROOMS_PER_ADDRESS=100000", "GAMESERVER_LIMITS_ROOMS_MADE_PER_ADDRESS=100000"]
    command += [str(twistd), "-n", "--pidfile=", "gameserver", "--no-sample-games", "--games", str(HERE / "games")]
    command += ["--listen", "tcp:{port}:interface=127.0.0.1", "--data", "{work}/data-{port}"]
    return command + ([] if store is None else ["--store", store])


def _text(message: str) -> str:
    return "t:" + message.encode().hex()


def _plain(port: int, shape: Shape) -> Iterator[Target]:
    message = _text(json.dumps({"type": "chat", "data": shape.body}))
    for room, _, sends in shape.places():
        yield f"/r/{room}", "-", "-", message if sends else "-", "-"


def _socketio(port: int, shape: Shape) -> Iterator[Target]:
    message = _text(f'42["msg","{shape.body}"]')
    for room, _, sends in shape.places():
        first = _text("40") + "," + _text(f'42["join","r{room}"]')
        yield "/socket.io/?EIO=4&transport=websocket", "-", first, message if sends else "-", "f"


def _colyseus(port: int, shape: Shape) -> Iterator[Target]:
    """Its matchmaker decides who sits with whom, hence who sends is counted by room."""
    body = shape.body.encode()
    length = bytes((0xD9, len(body))) if len(body) < 256 else b"\xda" + len(body).to_bytes(2, "big")
    message = "b:" + (b"\x0d\xa1m" + length + body).hex()
    seated: dict[str, int] = {}
    for _ in shape.places():
        url = f"http://127.0.0.1:{port}/matchmake/joinOrCreate/relay"
        asked = urllib.request.Request(url, data=b"{}", headers={"content-type": "application/json"})
        with urllib.request.urlopen(asked) as answer:
            seat = json.load(answer)
        room = seat["roomId"]
        seated[room] = seated.get(room, 0) + 1
        path = f"/{seat['processId']}/{room}?sessionId={seat['sessionId']}"
        yield path, "-", "b:0a", message if seated[room] <= shape.senders else "-", "f"


def our_targets(port: int, shape: Shape, game: str = "relay", *, asks: bool = False) -> Iterator[Target]:
    """
    Members say hello and join the room of their table; then they send what our own clients do, byte for byte.

    :param asks: each message has an id, is answered and remembered; the load counts the id up.
    """
    codes: dict[int, str] = {}
    for room, member, sends in shape.places():
        join: dict[str, object] = {"op": "join", "id": 1, "game": game, "match": {"table": str(room)}}
        if shape.senders:
            if room not in codes:
                codes[room] = _make_room(port, game, str(room))
            join = {"op": "join", "id": 1, "room": codes[room]}
        hello = {"op": "hello", "guest": {"name": f"p{room}-{member}"}}
        first = ",".join(_text(json.dumps(said)) for said in (hello, join))
        message = "-"
        if sends:
            asked = {"id": FIRST_ID} if asks else {}
            said = {"op": "send", **asked, "room": codes[room], "type": "m", "data": {"text": shape.body}}
            message = _text(json.dumps(said, separators=(",", ":")))
        yield "/ws", "gameserver.v1.json", first, message, "-"


def _make_room(port: int, game: str, table: str) -> str:
    """:returns: the code of a new room, which a client has to name."""
    guest = _post(port, "/api/guest", {"name": f"maker{table}"})
    code: str = _post(port, "/api/rooms", {"game": game, "options": {"table": table}}, guest["token"])["room"]
    return code


def _post(port: int, path: str, body: object, token: str = "") -> dict[str, Any]:
    headers = {"content-type": "application/json", **({"authorization": f"Bearer {token}"} if token else {})}
    asked = urllib.request.Request(f"http://127.0.0.1:{port}{path}", data=json.dumps(body).encode(), headers=headers)
    with urllib.request.urlopen(asked) as answer:
        found: dict[str, Any] = json.load(answer)
    return found
