"""
Plays the server's part of a conversation with the real node, in either form, and tells what the seat heard.

What differs from run to run, such as tokens, is told under the names that the files have for it.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from gameserver.protocol import values
from gameserver.protocol.messages import Form
from tests.vectors.game import Heap, Vectors
from tests.websocket.kit import Message, Peer, Rig

Step = dict[str, Any]
LIMITS = {"frame_bytes": 65536}


class Play:
    """:ivar peer: the seat whose conversation it is."""

    def __init__(self, form: Form) -> None:
        self.rig = Rig(Vectors, Heap, forms=(form,))
        self.peer: Peer = self.rig.connect()
        self._others: dict[str, Peer] = {}
        self._names: dict[str, str] = {}
        self._ids: dict[str, int] = {}

    def do(self, step: Step) -> list[Message]:
        """:returns: what the seat hears of a step that is not itself something that it hears."""
        if "lost" in step:
            self.peer.drop()
            self.peer = self.rig.connect()
        elif "other" in step:
            self._other(step["other"], step["says"])
        elif "passes_s" in step:
            self.rig.advance(step["passes_s"])
        else:
            op, fields = _split(self._actual(step["says"]))
            self.peer.post(op, **fields)
        return [self._named(message) for message in self.peer.take()]

    def docs(self) -> dict[str, Any]:
        """:returns: the documents that the seat should have, as the room holds them."""
        room = self.rig.runner(self._of("K7QM")).room
        seat = room.seats["1"]
        streams = {"room": "room", "seat": "seat:1", **{f"group:{name}": f"group:{name}" for name in seat.groups}}
        return {stream: values.to_wire(room.doc(key).plain()) for stream, key in streams.items()}

    def _other(self, name: str, says: Message) -> None:
        if name not in self._others:
            self._others[name] = self.rig.guest(name)
            self._ids[name] = 0
        self._ids[name] += 1
        op, fields = _split(self._actual(says))
        self._others[name].say(op, id=self._ids[name], **fields)

    def _named(self, message: Message) -> Message:
        if message["op"] == "welcome":
            self._call(message["token"], "TOKEN", message["client"], "CLIENT", message["user"]["id"], "guest:1")
            message = {**message, "limits": LIMITS}
        if message["op"] == "joined":
            epoch, resume = message["seen"]["epoch"], message["seat"]["resume"]
            self._call(message["room"], "K7QM", resume, "SECRET", epoch, "EPOCH")
            message = {key: value for key, value in message.items() if key != "keys"}
        return dict(_replaced(message, self._names))

    def _call(self, *pairs: str) -> None:
        self._names.update(zip(pairs[::2], pairs[1::2], strict=True))

    def _actual(self, says: Message) -> Message:
        return dict(_replaced(says, {name: actual for actual, name in self._names.items()}))

    def _of(self, name: str) -> str:
        return next(actual for actual, known in self._names.items() if known == name)


def heard_after(steps: list[Step]) -> Iterator[tuple[Step, list[Step]]]:
    """:returns: each step that is not something heard, and what is heard of it."""
    for place, step in enumerate(steps):
        if "hears" not in step:
            rest = steps[place + 1 :]
            end = next((n for n, later in enumerate(rest) if "hears" not in later), len(rest))
            yield step, rest[:end]


def _split(message: Message) -> tuple[str, Message]:
    return message["op"], {key: value for key, value in message.items() if key != "op"}


def _replaced(tree: Any, names: dict[str, str]) -> Any:
    if isinstance(tree, str):
        return names.get(tree, tree)
    if isinstance(tree, dict):
        return {key: _replaced(value, names) for key, value in tree.items()}
    return [_replaced(item, names) for item in tree] if isinstance(tree, list) else tree
