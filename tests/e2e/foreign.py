"""
A client that is not ours: made of ``websockets`` from PyPI by docs/protocol.rst, with nothing of this repository.

Two people play: hello, create, join by code, send, chat, a connection that breaks, resume with all that was missed, and
leave. Any surprise ends it with a traceback and exit status 1. Run by ``test_server.py``::

    python tests/e2e/foreign.py ws://127.0.0.1:8080/ws
"""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import Callable
from typing import Any

from websockets.asyncio.client import ClientConnection, connect

WAIT_S = 40


class Peer:
    """One user, by the book: counters, documents, answers."""

    def __init__(self, url: str, name: str, subprotocols: list[str] | None) -> None:
        self.url = url
        self.name = name
        self.subprotocols = subprotocols
        self.welcome: dict[str, Any] = {}
        self.joined: dict[str, Any] = {}
        self.docs: dict[str, Any] = {}
        self.counts: dict[str, Any] = {}
        self.inbox: list[dict[str, Any]] = []
        self.gone: set[str] = set()
        self.next_id = 0
        self.wire: ClientConnection

    async def connect(self) -> None:
        """Open a connection, and say hello: as a new guest, or as who we were."""
        self.wire = await connect(self.url, proxy=None, subprotocols=self.subprotocols)  # type: ignore[arg-type]
        if self.welcome:
            await self.say(op="hello", token=self.welcome["token"], client=self.welcome["client"])
        else:
            await self.say(op="hello", guest={"name": self.name})
        before, self.welcome = self.welcome, await self.hear()
        assert self.welcome["op"] == "welcome", self.welcome
        assert self.welcome["user"]["name"] == self.name, self.welcome
        if before:
            assert self.welcome["user"]["id"] == before["user"]["id"], (before, self.welcome)
            assert self.welcome["client"] == before["client"], (before, self.welcome)

    async def say(self, **message: Any) -> None:
        """Send a message."""
        await self.wire.send(json.dumps(message))

    async def hear(self) -> dict[str, Any]:
        """Take the next message, and do as it says."""
        frame = await asyncio.wait_for(self.wire.recv(), WAIT_S)
        assert isinstance(frame, str), frame
        message: dict[str, Any] = json.loads(frame)
        if message["op"] == "joined":
            self.join(message)
        elif "n" in message and message["op"] != "joined":
            stream, n = message["stream"], message["n"]
            if message["op"] == "doc":
                if message["doc"] is None:
                    del self.docs[stream], self.counts[stream]
                else:
                    self.docs[stream], self.counts[stream] = message["doc"], n
            elif stream in self.counts:
                assert n == self.counts[stream] + 1, (self.counts, message)
                self.counts[stream] = n
            if message["op"] == "patch":
                for op in message["ops"]:
                    patch(self.docs[stream], op)
            if message["op"] == "seats":
                self.gone.update(seat["id"] for seat in message["seats"] if seat["gone"])
        self.inbox.append(message)
        return message

    def join(self, message: dict[str, Any]) -> None:
        """A seat was given, or given back."""
        self.joined = message
        self.counts = {stream: n for stream, n in message["seen"].items() if stream != "epoch"}
        if message["recovered"]:
            assert message["docs"] == {}, message
        else:
            self.docs = dict(message["docs"])

    async def ask(self, op: str, **fields: Any) -> dict[str, Any]:
        """Send a request, and read up to its answer; the rest is in the inbox."""
        self.next_id += 1
        id = self.next_id
        await self.say(op=op, id=id, **fields)
        while True:
            message = await self.hear()
            if message.get("id") == id:
                return message

    async def until(self, op: str, **fields: Any) -> dict[str, Any]:
        """Take messages until one is like this; one in the inbox counts."""
        while True:
            while self.inbox:
                message = self.inbox.pop(0)
                if message["op"] == op and all(message.get(name) == value for name, value in fields.items()):
                    return message
            await self.hear()

    async def sees(self, true: Callable[[], object]) -> None:
        """Take messages until this is true."""
        while not true():
            await self.hear()

    @property
    def seen(self) -> dict[str, Any]:
        """What ``resume`` says."""
        return {"epoch": self.joined["seen"]["epoch"], **self.counts}


def patch(document: Any, op: list[Any]) -> None:
    """Apply one op, as docs/protocol.rst has it."""
    kind, path = op[0], op[1]
    if kind == 2:
        for step in path:
            document = document[step]
        document[op[2] : op[2] + op[3]] = op[4]
        return
    for step in path[:-1]:
        document = document[step]
    if kind == 0:
        document[path[-1]] = op[2]
    else:
        del document[path[-1]]


async def play(url: str) -> None:
    """Tic-tac-toe, with a connection that breaks."""
    ann, bob = Peer(url, "Ann", None), Peer(url, "Bob", ["gameserver.v1.json"])
    await ann.connect()
    await bob.connect()
    assert bob.wire.subprotocol == "gameserver.v1.json", bob.wire.subprotocol
    assert ann.wire.subprotocol is None

    made = await ann.ask("create", game="tictactoe", name="Ann")
    assert made["op"] == "joined" and made["recovered"] is None, made
    code = made["room"]
    came = await bob.ask("join", room=code)
    assert came["op"] == "joined" and came["room"] == code and came["seat"]["number"] == 1, came
    assert [seat["name"] for seat in came["seats"]] == ["Ann", "Bob"], came
    # `joined` holds the documents as they are after its step, in which the room was full, and the game began.
    await ann.sees(lambda: ann.docs["room"] == bob.docs["room"] != {})

    # Whose turn it is moves; the other is refused.
    first, second = (ann, bob) if ann.docs["room"]["turn"] == 0 else (bob, ann)
    refused = await second.ask("send", room=code, type="play", data={"cell": 4})
    assert (refused["op"], refused["code"]) == ("error", "not_your_turn"), refused
    wrong = await first.ask("send", room=code, type="play", data={"cell": 9})
    assert (wrong["op"], wrong["code"]) == ("error", "bad_data") and "cell" in wrong["path"], wrong
    moved = await first.ask("send", type="play", data={"cell": 4})
    assert moved["op"] == "ok", moved
    await second.sees(lambda: second.docs["room"] == first.docs["room"])

    said = await second.ask("chat", text="good luck", to="room")
    assert said["op"] == "ok", said
    line = await first.until("chat")
    assert line["text"] == "good luck" and line["from"]["name"] == second.name, line

    # The second player's connection breaks, without a close frame. Meanwhile there is chat.
    seen, secret, old_id = second.seen, second.joined["seat"]["resume"], second.next_id
    second.wire.transport.abort()
    await second.wire.wait_closed()
    here, there = first.joined["seat"]["id"], second.joined["seat"]["id"]
    while not any(seat["id"] == there and not seat["online"] for seat in (await first.until("seats"))["seats"]):
        pass
    for text in ("one", "two"):
        assert (await first.ask("chat", text=text))["op"] == "ok"

    await second.connect()
    second.inbox.clear()
    back = await second.ask("resume", room=code, resume=secret, seen=seen)
    assert back["op"] == "joined" and back["recovered"] is True, back
    assert back["seat"]["id"] == there and back["last_id"] == old_id, (back, old_id)
    missed = [(await second.until("chat"))["text"] for _ in range(2)]
    assert missed == ["one", "two"], missed

    # An id that was applied has the answer that it had, and is not applied again.
    await second.say(op="chat", id=old_id, room=code, text="good luck")
    again = await second.until("ok", id=old_id)
    assert again == said, (again, said)
    assert (await second.ask("send", room=code, type="play", data={"cell": 0}))["op"] == "ok"
    await first.sees(lambda: first.docs["room"] == second.docs["room"])
    assert first.docs["room"]["cells"][0] == second.joined["seat"]["number"], first.docs
    twice = [message for message in first.inbox if message["op"] == "chat" and message["text"] == "good luck"]
    assert twice == [], twice

    wrong = await second.ask("resume", room=code, resume="0" * 32, seen={})
    assert (wrong["op"], wrong["code"]) == ("error", "not_found"), wrong

    # Leaving ends the seat, and this game with it.
    left = await first.ask("leave", room=code)
    assert left["op"] == "ok", left
    while True:
        over = await second.until("room")
        if over["info"]["status"] == "over":
            break
    winner = second.joined["seat"]["number"]
    assert over["info"]["result"] == {"winner": winner, "forfeit": True}, over
    assert here in second.gone, second.gone
    refused = await first.ask("send", room=code, type="play", data={"cell": 1})
    assert (refused["op"], refused["code"]) == ("error", "not_found"), refused
    await ann.wire.close()
    await bob.wire.close()


async def team(url: str) -> None:
    """Rock, paper, scissors: a team's stream reaches its members alone."""
    ann, bob, cyd = (Peer(url, name, None) for name in ("Ann", "Bob", "Cyd"))
    for peer in (ann, bob, cyd):
        await peer.connect()
    code = (await ann.ask("create", game="rps"))["room"]
    for peer in (bob, cyd):
        assert (await peer.ask("join", room=code.lower()))["room"] == code
    assert "group:red" in cyd.counts and "group:blue" not in cyd.counts, cyd.counts
    assert "group:blue" in bob.counts and "group:red" not in bob.counts, bob.counts
    assert (await cyd.ask("chat", text="psst", to="group:red"))["op"] == "ok"
    assert (await ann.until("chat"))["to"] == "group:red"
    assert (await cyd.ask("chat", text="all", to="room"))["op"] == "ok"
    assert (await bob.until("chat"))["text"] == "all"
    refused = await bob.ask("chat", text="spy", to="group:red")
    assert refused["op"] == "error", refused
    refused = await bob.ask("send", type="JOIN_ROOM", data=None)
    assert refused["op"] == "error", refused
    for peer in (ann, bob, cyd):
        await peer.wire.close()


async def main(url: str) -> None:
    """Do all of it."""
    await play(url)
    await team(url)
    sys.stdout.write("all as it should be\n")


if __name__ == "__main__":
    asyncio.run(asyncio.wait_for(main(sys.argv[1]), 2 * WAIT_S))
