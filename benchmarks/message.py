"""
What one message costs within the server's process, from the bytes that a client sent to the bytes that are written.

``python -m benchmarks.message`` prints microseconds per message, the least of many rounds of 100 passes: for a *tell*
and an *ask*, in the frames of our own clients, for one member alone and for a room of four who all speak in each pass;
and for messages that change a document, which is stored (in memory) before it is told. The sockets are fakes that take
everything, so the kernel's part is not included. ``--older TREE`` measures another tree too, in alternating rounds.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Any, Final

import txaio
from twisted.internet.task import Clock

from gameserver import Game, Player, message
from tests.websocket.kit import Rig
from tests.websocket.sockets import Node, masked

ROOT: Final = Path(__file__).resolve().parents[1]
PASSES: Final = 100
"""Of a round."""


class Relay(Game):
    """Messages that are told, and never stored."""

    durability = "none"
    needs_start = False
    max_players = 100
    messages_per_s = 1_000_000

    def on_create(self, table: str = "") -> None: ...

    @message
    def m(self, player: Player, text: str) -> None:
        """Tell all."""
        self.send("m", text)


class Count(Relay):
    """Messages that change a document, which is stored before anybody is told."""

    durability = "commit"

    @message
    def m(self, player: Player, text: str) -> None:
        """One more."""
        self.state["n"] = self.state.get("n", 0) + 1


SHAPES: Final = {
    f"{where}, {how}": (game, members, how == "ask")
    for where, game, members in (("alone", Relay, 1), ("of four", Relay, 4), ("stored", Count, 1))
    for how in ("tell", "ask")
}
"""The game, the members of the room, and whether they ask."""


def main() -> None:
    """Measure, and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--older", type=Path, help="another tree")
    parser.add_argument("--turns", type=int, default=5, help="how often each tree is measured")
    parser.add_argument("--rounds", type=int, default=40)
    parser.add_argument("--once", action="store_true", help="print the figures of this tree alone, as JSON")
    asked = parser.parse_args()
    if asked.once:
        print(json.dumps({name: least(*shape, asked.rounds) for name, shape in SHAPES.items()}))
        return
    trees = {"before": asked.older, "now": ROOT} if asked.older else {"now": ROOT}
    figures: dict[str, list[dict[str, float]]] = {column: [] for column in trees}
    for _ in range(asked.turns):
        for column, tree in trees.items():
            figures[column].append(_in_tree(tree, asked.rounds))
    print(f"{'':15s}" + "".join(f"{column:>9s}" for column in figures))
    for name in SHAPES:
        print(f"{name:15s}" + "".join(f"{min(one[name] for one in taken):9.2f}" for taken in figures.values()))


def _in_tree(tree: Path, rounds: int) -> dict[str, float]:
    """:returns: the figures of a tree, taken in a process of its own."""
    command = [sys.executable, __file__, "--once", "--rounds", str(rounds)]
    env = os.environ | {"PYTHONPATH": str(tree.resolve())}
    told = subprocess.run(command, env=env, check=True, stdout=subprocess.PIPE).stdout
    figures: dict[str, float] = json.loads(told)
    return figures


def least(game: type[Game], members: int, asks: bool, rounds: int) -> float:
    """:returns: microseconds that a message takes at least."""
    room = Connected(game, members)
    times = []
    for _ in range(rounds):
        passes = [room.frames(asks) for _ in range(PASSES)]
        began = time.process_time_ns()
        for frames in passes:
            room.turn(frames)
        times.append((time.process_time_ns() - began) / 1e3 / PASSES / members)
    return min(times)


class Sink:
    """The least that a transport can be: it takes everything."""

    producer = None
    send = staticmethod(len)
    write = staticmethod(len)


class Connected:
    """A node in memory, and the members of one room of it behind the real protocol."""

    def __init__(self, game: type[Game], members: int) -> None:
        txaio.use_twisted()
        txaio.config.loop = Clock()
        node = Node(Rig(game), native=False)
        self._id = 1
        self._protocols: list[Any] = []
        self._pass = node.rig.registry.reactor_pass
        for _ in range(members):
            caller = node.dial().hello()
            answers = caller.say("join", id=1, game=game.__name__.lower(), match={"table": "1"})
            self._code = next(answer["room"] for answer in answers if answer["op"] == "joined")
            protocol = caller.pipe.protocol
            protocol.transport = protocol.outgoing.socket = Sink()
            self._protocols.append(protocol)
        for _ in range(20):
            self.turn(self.frames(asks=True))

    def frames(self, asks: bool) -> list[bytes]:
        """:returns: what each member sends in one pass."""
        frames = []
        for n in range(len(self._protocols)):
            self._id += 1
            said = {"op": "send", **({"id": self._id} if asks else {}), "room": self._code, "type": "m"}
            frames.append(masked(json.dumps({**said, "data": {"text": f"{n:064d}"}}, separators=(",", ":")).encode()))
        return frames

    def turn(self, frames: list[bytes]) -> None:
        """One pass of the reactor."""
        self._pass.begin()
        for protocol, frame in zip(self._protocols, frames, strict=True):
            protocol.dataReceived(frame)
        self._pass.end()


if __name__ == "__main__":
    main()
