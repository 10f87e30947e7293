"""Games, rooms and connections with which `sizes` grows one thing at a time."""

from __future__ import annotations

import inspect
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

from gameserver import Game, Player, message, timer
from gameserver.game.function import game_from_module
from gameserver.testing import Table

sys.path.append(str(Path(__file__).resolve().parents[1]))  # the tests are no part of what is installed
from tests.node.registries import FakeSession, Place

SPARE: dict[str, Any] = {"free_s": 60.0} if "free_s" in inspect.signature(Place).parameters else {}


class Crowd(Game):
    """Does to much of what it has what a message names."""

    name = "crowd"
    needs_start = False
    late_join = True
    max_players = 5_000
    max_row_bytes = 1 << 26
    messages_per_s = 1_000_000
    hold_s = 300.0
    idle_close_s = None

    def on_create(self, map: str = "a") -> None:
        self.state["items"] = []
        self.state["by_name"] = {}

    @message
    def fill(self, player: Player, n: int) -> None:
        self.state["items"] = [{"x": i} for i in range(n)]
        self.state["by_name"] = {str(i): i for i in range(n)}

    @message
    def bullets(self, player: Player) -> None:
        items = self.state["items"]
        del items[0]
        for item in items:
            item["x"] += 1

    @message
    def mixed(self, player: Player) -> None:
        for i in range(len(self.state["items"]) // 2):
            self.state["items"][2 * i]["x"] = -1
            self.state["by_name"].pop(str(2 * i))
            self.state["by_name"][f"new{i}"] = i

    @message
    def clear(self, player: Player) -> None:
        self.state["by_name"].clear()

    @message
    def gather(self, player: Player) -> None:
        for each in self.players:
            self.group("all").add(each)

    @message
    def arm(self, player: Player) -> None:
        for number, each in enumerate(self.players):
            each.after(0.01 * number + 0.01, self.beat)

    @timer
    def beat(self, player: Player) -> None:
        self.send("beat", volatile=True)

    @message
    def end(self, player: Player) -> None:
        self.close()

    @message
    def leaf(self, player: Player, item: int = 0) -> None:
        self.state["items"][item]["x"] += 1

    @message
    async def write(self, player: Player, n: int) -> None:
        words = self.table("words")
        for i in range(n):
            words.put(f"key {i}", i)
            await words.count()


class Patched(Crowd):
    """Gathers what its patches tell."""

    name = "patched"
    patch_hz = 1


class Relaxed(Crowd):
    """Ticks, and is stored behind."""

    name = "relaxed"
    durability = "relaxed"
    tick_hz = 20

    def on_tick(self, dt_s: float) -> None:
        self.state["items"][0]["x"] += 1


class ByFields(Crowd):
    """Stores its top-level keys one by one."""

    name = "by_fields"
    storage = "fields"


def payload_handler(group_add: Any, socket_self_send: Any, socket_group_send: Any, payload: Any) -> Any:
    """All are in one of 16 groups; nobody is told anything."""
    if payload["action"] == "JOIN_ROOM":
        group_add(f"group{len(payload['room']['users']) % 16}")


FUNCTION = ModuleType("function_style")
FUNCTION.payload_handler = payload_handler  # type: ignore[attr-defined]
FUNCTION.max_players, FUNCTION.needs_start, FUNCTION.messages_per_s = 1000, False, 1_000_000  # type: ignore[attr-defined]
FunctionStyle = game_from_module(FUNCTION)


class Deaf(FakeSession):
    """
    A connection of which nobody reads what it is told.

    :ivar told_bytes: how much that was.
    """

    told_bytes = 0

    def deliver(self, frame: bytes) -> None:
        """Count it."""
        self.told_bytes += len(frame)

    def deliver_volatile(self, frame: bytes, slot: str) -> None:
        """Count it."""
        self.told_bytes += len(frame)


class Bench:
    """A node in memory, with a room in which so many sit."""

    def __init__(self, players: int = 1, rooms: int = 1, game: type[Game] = Crowd) -> None:
        self.place = Place(game, **SPARE)
        self.sessions = [Deaf("host")]
        self.host = self.sessions[0]
        self.room = self.place.create(self.host)
        for n in range(players - 1):
            self.sessions.append(self.place.join(self.room, Deaf(f"u{n}")))  # type: ignore[arg-type]
        for n in range(rooms - 1):
            self.place.create(Deaf(f"r{n}"), map="b")
        self.stored_bytes = 0
        commit = self.place.store.commit

        def seen(commits: Any, **kw: Any) -> Any:
            for one in commits:
                self.stored_bytes += sum(len(part) + len(content) for part, content in one.puts.items())
                self.stored_bytes += sum(map(len, one.drops))
            return commit(commits, **kw)

        self.place.store.commit = seen  # type: ignore[method-assign]

    def say(self, type: str, **data: Any) -> None:
        """The host sends a message."""
        self.place.send(self.host, type, **data)

    @property
    def told_bytes(self) -> int:
        """So much all were told."""
        return sum(session.told_bytes for session in self.sessions)


def table(visitors: int, items: int) -> Any:
    """:returns: a test's table with so many visitors and so large a document."""
    made = Table(Crowd)
    for n in range(visitors):
        made.join(f"V{n}")
    made.visitors[0].send("fill", n=items)
    return made
