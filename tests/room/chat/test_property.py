"""
For random joins, drops, moves and lines, each client's view of each channel is the reference order of those lines that
it may know: no gap, no repeat, nothing else, also across restarts.

The reference is kept here, from what the test did alone: who was in which group when, and what was said where.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from gameserver import Game, Player, message
from gameserver.testing import Table, Visitor

GROUPS = ("red", "blue")
CHANNELS = ("room", "group:red", "group:blue", "channel:den", "channel:wall", "channel:all")
HISTORY = ("room", "channel:den", "channel:all")
"""Where whoever enters gets what was said before."""


class Talk(Game):
    """Groups, channels with and without history, and direct lines."""

    needs_start = False
    chat_to = ("room", "group", "seat")
    chat_history = 1000
    chat_repeats = 0
    messages_per_s = 1000
    max_players = 5

    def on_create(self) -> None:
        self.chat.open("den", group="red", history=True)
        self.chat.open("wall", group="red")
        self.chat.open("all")
        self.group("blue")

    @message
    def move(self, player: Player, group: str, on: bool) -> None:
        (self.group(group).add if on else self.group(group).remove)(player)

    @message
    def announce(self, player: Player, text: str, group: str) -> None:
        self.chat.say(text, self.group(group))


def audience(to: str) -> str:
    """The group that hears a channel, or nothing for everybody."""
    return {"group:red": "red", "group:blue": "blue", "channel:den": "red", "channel:wall": "red"}.get(to, "")


class Reference:
    """
    What each seat may know, in the order in which it was said.

    :ivar lines: by channel.
    :ivar members: by group, the seats in it.
    :ivar heard: by seat and channel, what it heard or was given of it; emptied when it leaves the audience.
    """

    def __init__(self) -> None:
        self.lines: dict[str, list[str]] = {to: [] for to in CHANNELS}
        self.members: dict[str, set[str]] = {group: set() for group in GROUPS}
        self.heard: dict[tuple[str, str], list[str]] = {}
        self.seats: set[str] = set()

    def enter(self, seat: str) -> None:
        self.seats.add(seat)
        for to in CHANNELS:
            if not audience(to):
                self.heard[seat, to] = list(self.lines[to])
        self.heard[seat, "seat"] = []

    def move(self, seat: str, group: str, on: bool) -> None:
        if on and seat not in self.members[group]:
            self.members[group].add(seat)
            for to in CHANNELS:
                if audience(to) == group:
                    self.heard[seat, to] = list(self.lines[to]) if to in HISTORY else []
        elif not on and seat in self.members[group]:
            self.members[group].discard(seat)
            for to in CHANNELS:
                if audience(to) == group:
                    del self.heard[seat, to]

    def say(self, to: str, text: str) -> None:
        self.lines[to].append(text)
        for seat in self.seats if not audience(to) else self.members[audience(to)]:
            self.heard[seat, to].append(text)


class View:
    """What a client makes of the bytes that it was sent, by the protocol's page alone: lines by channel."""

    def __init__(self, visitor: Visitor) -> None:
        self.visitor = visitor
        self.lines: dict[tuple[str, str], list[tuple[int, str]]] = {}
        self._done = 0

    def look(self) -> dict[str, list[str]]:
        import json

        for frame in self.visitor._frames[self._done :]:
            self._take(json.loads(frame))
        self._done = len(self.visitor._frames)
        view: dict[str, list[str]] = {}
        for (stream, to), lines in self.lines.items():
            numbers = [n for n, _ in lines]
            assert numbers == sorted(set(numbers)), (stream, to, lines)
            view["seat" if stream == "seat" else to] = [text for _, text in lines]
        return view

    def _take(self, m: dict[str, Any]) -> None:
        if m["op"] == "chat":
            self._add(m)
        elif m["op"] == "joined" and not m["recovered"]:
            self.lines.clear()
            for line in m["chat"]:
                self._add(line)
        elif m["op"] == "doc" and m["doc"] is None:
            self.lines = {key: lines for key, lines in self.lines.items() if key[0] != m["stream"]}
        elif m["op"] == "doc":
            for line in m["chat"]:
                self._add(line)

    def _add(self, line: dict[str, Any]) -> None:
        # A seat's own stream is one channel: whatever is told there, in its order.
        to = "" if line["stream"] == "seat" else line["to"]
        self.lines.setdefault((line["stream"], to), []).append((line["n"], line["text"]))


class World:
    """The table, its visitors and the reference, changed together."""

    def __init__(self) -> None:
        self.table = Table(Talk)
        self.reference = Reference()
        self.visitors: list[Visitor] = []
        self.views: dict[str, View] = {}
        self.count = 0

    def join(self, _: int, __: int) -> None:
        if len(self.visitors) < Talk.max_players:
            visitor = self.table.join(f"P{len(self.visitors)}")
            self.visitors.append(visitor)
            self.views[visitor.id] = View(visitor)
            self.reference.enter(visitor.id)

    def drop(self, who: int, _: int) -> None:
        self.visitors[who % len(self.visitors)].drop()

    def resume(self, who: int, _: int) -> None:
        visitor = self.visitors[who % len(self.visitors)]
        if not visitor.online:
            visitor.resume()

    def come_anew(self, who: int, _: int) -> None:
        """Come back without anything, as a new tab does."""
        self.visitors[who % len(self.visitors)].come(None, {})

    def move(self, who: int, what: int) -> None:
        visitor = self.online(who)
        if visitor is not None:
            group, on = GROUPS[what % 2], what % 3 != 0
            visitor.send("move", group=group, on=on)
            self.reference.move(visitor.id, group, on)

    def say(self, who: int, what: int) -> None:
        visitor, to = self.online(who), CHANNELS[what % len(CHANNELS)]
        if visitor is None or (audience(to) and visitor.id not in self.reference.members[audience(to)]):
            return
        text = self.text()
        visitor.say(text, to=to)
        self.reference.say(to, text)

    def whisper(self, who: int, what: int) -> None:
        visitor, other = self.online(who), self.visitors[what % len(self.visitors)]
        if visitor is not None:
            text = self.text()
            visitor.say(text, to=f"seat:{other.id}")
            for seat in {visitor.id, other.id}:
                self.reference.heard[seat, "seat"].append(text)

    def announce(self, who: int, what: int) -> None:
        visitor, group = self.online(who), GROUPS[what % 2]
        if visitor is not None:
            text = self.text()
            visitor.send("announce", text=text, group=group)
            self.reference.say(f"group:{group}", text)

    def restart(self, _: int, __: int) -> None:
        self.table.restart()

    def wait(self, _: int, __: int) -> None:
        self.table.advance(1)

    def online(self, who: int) -> Visitor | None:
        visitor = self.visitors[who % len(self.visitors)]
        return visitor if visitor.online else None

    def text(self) -> str:
        self.count += 1
        return f"line {self.count}"

    def check(self) -> None:
        for visitor in self.visitors:
            if not visitor.online:
                continue
            heard = self.reference.heard.items()
            expected = {to: lines for (seat, to), lines in heard if seat == visitor.id and lines}
            found = {to: lines for to, lines in self.views[visitor.id].look().items() if lines}
            assert found == expected, (visitor, found, expected)


STEPS: dict[str, Callable[[World, int, int], None]] = {
    name: getattr(World, name)
    for name in ("say", "move", "drop", "resume", "come_anew", "whisper", "announce", "restart", "wait", "join")
}
KINDS = st.sampled_from(["say", "say", "say", "move", "move", *STEPS])


class OrderTests(SynchronousTestCase):
    @settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
    @given(st.lists(st.tuples(KINDS, st.integers(0, 11), st.integers(0, 35)), min_size=30, max_size=90))
    def test_every_view_is_the_reference(self, steps: list[tuple[str, int, int]]) -> None:
        """After each step, for everybody who is connected; and for all, once all are back."""
        world = World()
        world.join(0, 0)
        world.join(0, 0)
        for name, who, what in steps:
            STEPS[name](world, who, what)
            world.check()
        world.restart(0, 0)
        for who in range(len(world.visitors)):
            world.resume(who, 0)
        world.check()

    def test_long_absence(self) -> None:
        """Who missed more than is logged gets all anew; the view is the same."""
        world = World()
        world.join(0, 0)
        world.join(0, 0)
        world.move(1, 4)
        world.drop(1, 0)
        for n in range(700):
            world.say(0, 0 if n % 2 else 5)
            world.table.advance(0.1)
        world.resume(1, 0)
        self.assertFalse(world.visitors[1].recovered)
        world.check()
