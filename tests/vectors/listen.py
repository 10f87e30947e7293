"""Plays a client's part of a conversation with the client for Python, and tells what it knows after each frame."""

from __future__ import annotations

import base64
import json
from typing import Any

import msgspec
from twisted.internet.task import Clock

from gameserver.client import Client, Room
from gameserver.protocol import values
from tests.test_client import URL, ScriptedServer
from tests.vectors.play import Step

CALLS = ("create", "join", "send", "tell", "say", "start", "leave")
"""What this client can do; others can edit lines, too."""


class Listener:
    """A client that hears frames of a file."""

    def __init__(self, *, binary: bool) -> None:
        self.binary = binary
        self.clock = Clock()
        self.server = ScriptedServer()
        self.client = Client(
            self.clock, URL, name="Ann", binary=binary, dial=self.server.dial, random=lambda: 1.0, on_error=self._error
        )
        self.room: Room | None = None
        self.events: list[Any] = []
        self.answers: list[Any] = []
        self.client.connect().addErrback(lambda _: None)

    def call(self, name: str, *arguments: Any) -> None:
        """Call a method of the client or of the room."""
        arguments = tuple(values.from_wire(argument) for argument in arguments)
        if name in ("create", "join"):
            getattr(self.client, name)(*arguments).addCallback(self._joined)
            return
        if name == "play":
            arguments, fields = (self.room.moves[arguments[0]],), dict(*arguments[1:])
        else:
            arguments, fields = ((), *arguments) if name == "bot" else (arguments, {})
        done = getattr(self.room, name)(*arguments, **fields)
        if done is not None:
            done.addCallbacks(self._answer, lambda failure: self._error(failure.value))

    def lose(self) -> None:
        """The connection breaks, and the next is dialled."""
        self.server.wires[-1].on_close(1006, "")
        self.clock.advance(10)

    def hear(self, step: Step) -> None:
        """The server says this."""
        frame = base64.b64decode(step["packed"]) if self.binary else json.dumps(step["hears"]).encode()
        self.server.wires[-1].on_frame(frame)

    def said(self) -> list[dict[str, Any]]:
        """:returns: what the client has said since it was asked last."""
        return self.server.wires[-1].take()

    def mirror(self) -> dict[str, Any]:
        """:returns: what the client knows, as the files have it."""
        known: dict[str, Any] = {"events": self.events, "answers": self.answers}
        room = self.room
        if room is None:
            return known
        plain = msgspec.to_builtins
        lines = [plain(line) for line in room.chat]
        return known | {
            "info": plain(room.info),
            "seats": {id: {"account": False, **plain(seat)} for id, seat in sorted(room.seats.items())},
            "docs": {stream: values.to_wire(doc) for stream, doc in sorted(room.docs.items())},
            "timers": sorted([t.stream, t.name, t.ends, t.paused_ms] for t in room.timers.values()),
            "chat": [
                [x["stream"], x["n"], x["from"]["name"] if x.get("from") else None, x["text"], x.get("edited")]
                for x in lines
            ],
            "channels": sorted(room.channels),
            "left": room.left.reason if room.left is not None else None,
        }

    def _joined(self, room: Room) -> None:
        self.room = room
        room.on("*", self._event)

    def _event(self, event: Any) -> None:
        self.events.append([event.type, values.to_wire(event.data), getattr(event, "n", None)])

    def _answer(self, data: Any) -> None:
        self.answers.append(values.to_wire(data))

    def _error(self, refused: Any) -> None:
        self.answers.append({"code": refused.code})
