"""Many who come to one room at once: what they and the others are told, and that others are served meanwhile."""

from __future__ import annotations

from collections.abc import Callable
from types import ModuleType
from typing import Any, ClassVar

from twisted.internet.defer import Deferred

from gameserver import Game, Player, Refused, message
from gameserver.game.function import game_from_module
from gameserver.node.runner import ARRIVALS
from tests.websocket.kit import Message, Peer, WireTestCase

MANY = 40


class Crowd(Game):
    """Whoever is here may say something."""

    name = "crowd"
    max_players = 100

    @message
    def shout(self, player: Player) -> None:
        self.send("shouted", player.id)

    @message
    def count(self, player: Player) -> int:
        self.state["n"] = self.state.get("n", 0) + 1
        return int(self.state["n"])


class Asking(Crowd):
    """Some are let in after a while."""

    name = "asking"
    asked: ClassVar[list[Deferred[None]]] = []

    async def on_join(self, player: Player) -> None:
        if player.name.startswith("Slow"):
            self.asked.append(Deferred())
            await self.asked[-1]


def payload_handler(group_add: Any, socket_self_send: Any, socket_group_send: Any, payload: Any) -> Any:
    """Takes all."""


PLAIN = ModuleType("plain")
PLAIN.payload_handler, PLAIN.max_players, PLAIN.needs_start = payload_handler, 100, False  # type: ignore[attr-defined]


class Picky(Crowd):
    """Not all may come."""

    name = "picky"

    def on_join(self, player: Player) -> None:
        if player.name == "Mallory":
            raise Refused("Not you")


def known(peer: Peer) -> dict[str, str]:
    """:returns: the names of all seats that this client has heard of, and checks that it hears of them in time."""
    seats = {seat["id"]: seat["name"] for seat in peer.joined["seats"]}
    for heard in peer.everything():
        if heard["op"] == "seats":
            seats.update((seat["id"], seat["name"]) for seat in heard["seats"])
        elif heard["op"] == "event":
            assert heard["data"] in seats, f"{heard['data']} is not among {sorted(seats)}"
    return seats


class ArrivalsTests(WireTestCase):
    games = (Crowd, Picky, Asking, game_from_module(PLAIN))

    def setUp(self) -> None:
        super().setUp()
        Asking.asked.clear()
        self.host = self.rig.guest("Host").create("crowd")
        self.host.take()

    def come(self, peers: list[Peer], and_then: Callable[[], None] = lambda: None) -> None:
        """All join in one pass of the reactor."""
        reactor_pass = self.rig.registry.reactor_pass
        reactor_pass.begin()
        for peer in peers:
            peer.post("join", id=1, room=self.host.room)
        and_then()
        reactor_pass.end()

    def seated(self, peers: list[Peer]) -> list[Peer]:
        """:returns: those that have been told ``joined``."""
        for peer in peers:
            joined = [heard for heard in peer.everything() if heard["op"] == "joined"]
            if joined:
                (peer.joined,) = joined
                peer.room = joined[0]["room"]
        return [peer for peer in peers if peer.joined]

    def of(self, peer: Peer, op: str) -> list[Message]:
        return [heard for heard in peer.everything() if heard["op"] == op]

    def test_all_know_all(self) -> None:
        """Whoever was there hears of those who came together in a few messages; in the end all know the same."""
        crowd = [self.rig.guest(f"G{n}") for n in range(MANY)]
        self.come(crowd)
        self.rig.settle()
        self.assertEqual(len(self.seated(crowd)), MANY)
        told = self.of(self.host, "seats")
        self.assertEqual(sum(len(each["seats"]) for each in told), MANY)
        self.assertLessEqual(len(told), 2 + MANY // ARRIVALS)
        everybody = {str(n + 1): name for n, name in enumerate(["Host", *(f"G{n}" for n in range(MANY))])}
        for peer in (self.host, *crowd):
            self.assertEqual(known(peer), everybody)
        bytes_told = sum(len(frame) for peer in crowd for frame in peer.frames)
        one_seat = len(self.host.frame("x", seats=told[-1]["seats"])) // len(told[-1]["seats"])
        self.assertLess(bytes_told, 2 * MANY * MANY * one_seat)

    def test_steps_that_may_last(self) -> None:
        """Nor does it take more messages in games whose steps may last, and do not."""
        for game in ("asking", "plain"):
            self.host = self.rig.guest("Host").create(game)
            crowd = [self.rig.guest(f"G{n}") for n in range(MANY)]
            self.come(crowd)
            self.rig.settle()
            self.assertEqual(len(self.seated(crowd)), MANY)
            told = self.of(self.host, "seats")
            self.assertEqual(sum(len(each["seats"]) for each in told), MANY)
            self.assertLessEqual(len(told), 2 + MANY // ARRIVALS)

    def test_step_that_lasts(self) -> None:
        """One that does last has those wait who came just before, once; nobody is told what is not stored."""
        self.host = self.rig.guest("Host").create("asking")
        for round in range(2):
            crowd = [self.rig.guest(name) for name in ("Ann", "Bob", "Slow", "Cem")]
            self.rig.store.hold()
            self.come(crowd)
            self.rig.settle()
            self.assertEqual(self.seated(crowd), [])
            self.rig.store.release()
            self.rig.settle()
            self.assertEqual(self.seated(crowd), crowd[: 1 + round])
            Asking.asked.pop().callback(None)
            self.rig.settle()
            self.assertEqual(len(self.seated(crowd)), 4)
            for peer in (self.host, *crowd):
                self.assertEqual(len(known(peer)), 5 + 4 * round)

    def test_killed_while_a_step_lasts(self) -> None:
        """Of those who came before it nobody has heard more than is stored, and all know the same afterwards."""
        self.host = host = self.rig.guest("Host").create("asking")
        crowd = [self.rig.guest(name) for name in ("Ann", "Bob", "Slow", "Cem")]
        self.come(crowd)
        self.rig.settle()
        known_then, seen = known(host), host.seen()
        self.rig.crash(written=True)
        back = host.again()
        back.resume(host.room, host.secret, seen)
        there = {seat.id for seat in self.rig.runner(host.room).room.seats.values()}
        self.assertEqual(set(known_then) | set(known(back)), there)

    def test_others_are_served_meanwhile(self) -> None:
        """So many come in one pass, and no more; another room has its turn before the rest."""
        other = self.rig.guest("Other").create("crowd")
        crowd = [self.rig.guest(f"G{n}") for n in range(MANY)]
        self.come(crowd, and_then=lambda: other.post("send", id=5, room=other.room, type="count"))
        self.assertEqual([heard["op"] for heard in other.everything()][-1], "ok")
        self.assertLessEqual(len(self.seated(crowd)), ARRIVALS)
        self.rig.settle()
        self.assertEqual(len(self.seated(crowd)), MANY)

    def test_one_who_comes_alone_waits_for_nobody(self) -> None:
        """The first in a pass is seated in it, as is one in the next pass."""
        for name in ("Ann", "Bob"):
            peer = self.rig.guest(name)
            self.come([peer])
            self.assertEqual([heard["op"] for heard in peer.everything()][-1], "joined")

    def test_order_is_kept(self) -> None:
        """What somebody says who came is heard behind who that is, and messages that come behind a join wait for it."""
        crowd = [self.rig.guest(f"G{n}") for n in range(6)]
        reactor_pass = self.rig.registry.reactor_pass
        reactor_pass.begin()
        for number, peer in enumerate(crowd):
            peer.post("join", id=1, room=self.host.room)
            if number in (0, 3):
                peer.post("send", room=self.host.room, type="shout")
        reactor_pass.end()
        self.rig.settle()
        self.assertEqual(len(self.seated(crowd)), 6)
        self.assertEqual(len(self.of(self.host, "event")), 2)
        for peer in (self.host, *crowd):
            self.assertEqual(len(known(peer)), 7)

    def test_refused_among_others(self) -> None:
        """One who may not come leaves the others as they are, also as the last."""
        self.host = self.rig.guest("Host").create("picky")
        crowd = [self.rig.guest(name) for name in ("Ann", "Bob", "Mallory", "Cem", "Dan", "Mallory")]
        self.come(crowd)
        self.rig.settle()
        self.assertEqual(len(self.seated(crowd)), 4)
        self.assertEqual(sorted(known(self.host).values()), ["Ann", "Bob", "Cem", "Dan", "Host"])
        self.assertEqual(len(self.of(crowd[2], "error")), 1)

    def test_killed_meanwhile(self) -> None:
        """Whoever comes back knows all who are there, wherever the process died."""
        for stored in range(4):
            with self.subTest(stored=stored):
                host = self.host = self.rig.guest("Host").create("crowd")
                crowd = [self.rig.guest(f"G{n}") for n in range(MANY)]
                self.rig.store.hold()
                self.come(crowd)
                for _ in range(stored):
                    self.rig.settle()
                    self.rig.store.release(1)
                known_then, seen = known(host), host.seen()
                self.rig.crash(written=True)
                back = host.again()
                back.resume(host.room, host.secret, seen)
                there = {seat.id for seat in self.rig.runner(host.room).room.seats.values()}
                self.assertEqual(set(known_then) | set(known(back)), there)
