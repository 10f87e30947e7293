"""How many rooms one address may have, and make: its own oldest that nobody uses make way, and nobody else's."""

from __future__ import annotations

import itertools

from gameserver import Game
from gameserver.rates import network_of
from gameserver.settings.settings import Limits
from tests.websocket.kit import Peer, Rig, WireTestCase

HOME, AWAY = "2001:db8:1:2::7", "203.0.113.1"
MOST = 100
"""As `RoomRegistry` has it."""


class Lobby(Game):
    """Waits for its host."""

    name = "lobby"


class Open(Game):
    """Goes on from the beginning."""

    name = "open"
    needs_start = False


class OpenersTests(WireTestCase):
    games = (Lobby, Open)

    def setUp(self) -> None:
        super().setUp()
        limits = Limits(requests_per_s=10_000, rooms_made_per_user=1200, rooms_made_per_address=1200)
        self.rig = Rig(*self.games, forms=self.forms, limits=limits)

    def codes(self) -> set[str]:
        self.rig.settle()
        return {runner.room.code for runner in self.rig.registry.runners}

    def abandon(self, peer: Peer, game: str, id: int, *, start: bool = False) -> str:
        """Open a room and leave it; :returns: its code."""
        code: str = peer.create(game, id=id).room
        if start:
            peer.ask("start", id=id + 1)
        peer.ask("leave", id=id + 2)
        return code

    def test_a_thousand_rooms(self) -> None:
        """Of a thousand rooms of one address the newest stay; those that others opened all do."""
        others = self.abandon(self.rig.connect(AWAY).hello("Eve"), "lobby", 1)
        opened = []
        for _ in range(50):
            peer = self.rig.connect(HOME).hello("Mal")
            opened += [self.abandon(peer, ("lobby", "open")[n % 2], 10 * n + 1) for n in range(20)]
        self.assertEqual(self.codes(), {others, *opened[-MOST:]})

    def test_many_guests_of_one_line(self) -> None:
        """Who they say they are counts for nothing, nor which address of their line they have."""
        opened = []
        for n in range(MOST + 20):
            peer = self.rig.connect(f"2001:db8:1:2::{n:x}").hello(f"Mal {n}")
            opened.append(peer.create("lobby").room)
        self.assertEqual(self.codes(), set(opened[-MOST:]))

    def test_what_is_used_stays(self) -> None:
        """A room that was started, or that somebody else entered, makes no way; then one has to wait."""
        kept = []
        for n in range(MOST - 1):
            if n % 20 == 0:
                peer, friend = self.rig.connect(HOME).hello("Ann"), self.rig.connect(HOME).hello("Bob")
            if n % 2:
                kept.append(self.abandon(peer, "lobby", 10 * n + 1, start=True))
            else:
                code: str = peer.create("lobby", id=10 * n + 1).room
                friend.join(code, id=2 * n + 1)
                friend.ask("leave", id=2 * n + 2)
                peer.ask("leave", id=10 * n + 2)
                kept.append(code)
        first, second = (self.abandon(peer, "open", id) for id in (5001, 5011))
        self.assertEqual(self.codes(), {*kept, second}, first)
        mine = peer.create("lobby", id=5021).room
        self.assertEqual(self.codes(), {*kept, mine})
        peer.ask("start", id=5022)
        self.assert_error(peer.ask("create", id=5023, game="lobby"), "rate_limited", 5023)
        self.rig.connect(AWAY).hello("Eve").create("lobby")

    def test_where_somebody_is_goes_last(self) -> None:
        """Whoever waits in a room for friends keeps it as long as an empty one can go."""
        waits = self.rig.connect(HOME).hello("Ann").create("lobby").room
        opened = []
        for _ in range(7):
            peer = self.rig.connect(HOME).hello("Mal")
            opened += [self.abandon(peer, "lobby", 10 * n + 1) for n in range(15)]
        self.assertEqual(self.codes(), {waits, *opened[-MOST + 1 :]})

    def test_forgotten_with_the_rooms(self) -> None:
        """Of rooms that are gone nothing is kept."""
        peer = self.rig.connect(HOME).hello("Ann")
        for n in range(3):
            self.abandon(peer, "open", 10 * n + 1)
        openers = self.rig.registry._openers
        self.assertEqual([len(rooms) for rooms in openers._rooms.values()], [3])
        self.rig.advance(3700)
        self.assertEqual(self.codes(), set())
        self.assertEqual((openers._rooms, openers._opened_by, openers._opening), ({}, {}, {}))

    def test_household(self) -> None:
        """A line of IPv6 has a /64, one of IPv4 an address, in whichever form."""
        self.assertEqual(network_of("2001:db8:1:2:3:4:5:6"), network_of("2001:db8:1:2::1%eth0"))
        self.assertNotEqual(network_of("2001:db8:1:2::1"), network_of("2001:db8:1:3::1"))
        self.assertEqual(network_of("::ffff:192.0.2.1"), "192.0.2.1")
        for name in ("192.0.2.1", "local", "", "a:b"):
            self.assertEqual(network_of(name), name)


class Numbered(Game):
    """Each room is another to those who look for one."""

    name = "numbered"

    def on_create(self, n: int = 0) -> None: ...


class MadeTests(WireTestCase):
    """However soon rooms are gone again: the code of each rests for a day, and is a row of the store."""

    def setUp(self) -> None:
        super().setUp()
        limits = Limits(requests_per_s=10_000, rooms_made_per_user=5, rooms_made_per_address=12)
        self.ids = itertools.count(1)
        self.rig = Rig(Numbered, forms=self.forms, limits=limits)

    def made(self, peer: Peer, tries: int, op: str = "create") -> int:
        """:returns: how many of so many rooms were made, each left at once; the others were ``rate_limited``."""
        made = 0
        for id in itertools.islice(self.ids, 0, 2 * tries, 2):
            answer = peer.ask(op, id=id, game="numbered", **{"match": {"n": id}} if op == "join" else {})
            if answer["op"] == "joined":
                made += 1
                peer.ask("leave", id=id + 1)
            else:
                self.assert_error(answer, "rate_limited", id)
        return made

    def come(self, name: str, address: str = HOME) -> Peer:
        return self.rig.connect(address).hello(name)

    def test_create_and_leave(self) -> None:
        """A user, and an address under whatever names, makes so many an hour; matches that make rooms count."""
        self.assertEqual(self.made(self.come("Ann"), 8), 5)
        self.assertEqual(self.made(self.come("Bob"), 8, "join"), 5)
        self.assertEqual(self.made(self.come("Cem"), 8), 2)
        self.assertEqual(self.made(self.come("Dan"), 1), 0)
        self.assertEqual(self.made(self.come("Eve", AWAY), 8), 5)

    def test_hour(self) -> None:
        """They come back in an hour, one after another."""
        peer = self.come("Ann")
        self.made(peer, 6)
        self.rig.advance(3600 / 5)
        self.assertEqual(self.made(peer, 3), 1)
