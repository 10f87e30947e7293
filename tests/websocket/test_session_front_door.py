"""How a session begins and ends: tickets, logins that end, and those who guess."""

from __future__ import annotations

import random
from typing import Any

from gameserver import Game, Player, message
from gameserver.auth.accounts import Accounts
from gameserver.auth.chain import Chain
from gameserver.errors import StoreUnavailable
from gameserver.interfaces import Grant
from gameserver.node.codes import ALPHABET
from gameserver.settings.settings import Limits
from gameserver.websocket.services import NodeServices
from gameserver.websocket.session import close_user
from tests.auth.kit import fast_hasher
from tests.websocket.kit import Peer, Rig, WireTestCase

MANY = [f"guest:{n:024x}" for n in range(3)]
"""Ids as guests have them."""


class Plain(Game):
    """Answers."""

    name = "plain"
    needs_start = False
    max_players = 1000
    messages_per_s = 1000

    @message
    def echo(self, player: Player, value: Any = None) -> Any:
        return value


class FrontDoorTestCase(WireTestCase):
    games = (Plain,)
    limits = Limits()

    def setUp(self) -> None:
        self.rig = Rig(Plain, limits=self.limits)

    def ticket(self, peer: Peer) -> str:
        """:returns: a ticket that this client's token bought."""
        assert self.rig.services.tickets is not None
        return self.rig.services.tickets.sell(peer.welcome["token"], now_s=self.rig.clock.now())


class TicketTests(FrontDoorTestCase):
    def test_ticket(self) -> None:
        """A ticket says hello once, as the user whose token bought it; later connections use that token."""
        ann = self.rig.guest("Ann")
        ticket = self.ticket(ann)
        (welcome,) = self.rig.connect().say("hello", ticket=ticket)
        self.assertEqual((welcome["op"], welcome["user"]), ("welcome", ann.welcome["user"]))
        self.assertEqual(welcome["token"], ann.welcome["token"])
        self.assert_error(self.rig.connect().say("hello", ticket=ticket)[0], "unauthenticated")

    def test_expired(self) -> None:
        """Half a minute is long enough."""
        ticket = self.ticket(self.rig.guest("Ann"))
        self.rig.advance(30)
        self.assert_error(self.rig.connect().say("hello", ticket=ticket)[0], "unauthenticated")

    def test_on_another_node(self) -> None:
        """A ticket is good after a restart, and used up after one as well."""
        ann = self.rig.guest("Ann")
        used, fresh = self.ticket(ann), self.ticket(ann)
        self.rig.connect().hello(token=None, ticket=used)
        self.rig.crash()
        self.assert_error(self.rig.connect().say("hello", ticket=used)[0], "unauthenticated")
        self.assertEqual(self.rig.connect().say("hello", ticket=fresh)[0]["op"], "welcome")

    def test_token_is_no_ticket(self) -> None:
        """Neither is good as the other."""
        ann = self.rig.guest("Ann")
        self.assert_error(self.rig.connect().say("hello", ticket=ann.welcome["token"])[0], "unauthenticated")
        self.assert_error(self.rig.connect().say("hello", token=self.ticket(ann))[0], "unauthenticated")

    def test_store_away(self) -> None:
        """While the store is away nobody is told no, and another try is welcome."""
        ticket = self.ticket(self.rig.guest("Ann"))
        self.rig.store.fail = StoreUnavailable("away")
        peer = self.rig.connect()
        self.assert_error(peer.say("hello", ticket=ticket)[0], "busy")
        self.rig.store.fail = None
        self.assertEqual(peer.say("hello", ticket=ticket)[0]["op"], "welcome")


class RevokedTests(FrontDoorTestCase):
    """Whoever logs out is out, on every open connection."""

    password = "correct horse"

    def setUp(self) -> None:
        super().setUp()
        rig = self.rig
        self.accounts = Accounts([b"s" * 32], rig.store, fast_hasher(), random.Random(2).randbytes, self.revoke)
        old = rig.services
        rig.services = NodeServices(
            rig.registry, Chain([self.accounts]), rig.clock, rig.limits, old.budgets, rig.entropy, old.tickets
        )
        self.grant: Grant = self.ok(self.accounts.register("Ann", self.password, now_s=rig.clock.now()))

    def revoke(self, user: str, login: str | None) -> None:
        close_user([peer.session for peer in self.rig.peers], user, login)

    def ok(self, done: Any) -> Any:
        return self.successResultOf(done)

    def connect(self, grant: Grant) -> Peer:
        peer = self.rig.connect()
        self.assertEqual(peer.say("hello", token=grant.token)[0]["op"], "welcome")
        return peer

    def test_logout(self) -> None:
        """The connections of this login are closed with 4003; those of another device are not."""
        other = self.ok(self.accounts.login("Ann", self.password, now_s=self.rig.clock.now()))
        tabs, phone = [self.connect(self.grant) for _ in range(2)], self.connect(other)
        self.ok(self.accounts.logout(self.grant.token, now_s=self.rig.clock.now()))
        self.assertEqual([peer.closed for peer in (*tabs, phone)], [4003, 4003, None])
        self.assert_error(self.rig.connect().say("hello", token=self.grant.token)[0], "unauthenticated")
        self.assertEqual(phone.say("ping", at=1)[0]["op"], "pong")

    def test_change_of_password(self) -> None:
        """All are out."""
        peers = [self.connect(self.grant) for _ in range(2)]
        self.ok(
            self.accounts.change_password(self.grant.user, self.password, "battery staple", now_s=self.rig.clock.now())
        )
        self.assertEqual([peer.closed for peer in peers], [4003, 4003])

    def test_reused_refresh_token(self) -> None:
        """A stolen refresh token costs its thief the connection, too."""
        peer = self.connect(self.grant)
        refresh = str(self.grant.refresh)
        self.ok(self.accounts.refresh(refresh, now_s=self.rig.clock.now()))
        self.failureResultOf(self.accounts.refresh(refresh, now_s=self.rig.clock.now()))
        self.assertEqual(peer.closed, 4003)

    def test_nothing_more_is_handled(self) -> None:
        """What a client had sent before it was closed, and what was not handled yet, is not done."""
        peer = self.connect(self.grant).create("plain")
        self.ok(self.accounts.logout(self.grant.token, now_s=self.rig.clock.now()))
        peer.post("chat", id=2, text="still here")
        self.assertNotIn("chat", self.ops(peer.take()))

    def test_logout_while_hello_waits(self) -> None:
        """A hello whose token was looked up before the logout was stored does not slip through."""
        store = self.rig.store
        store.hold()
        late = self.rig.connect()
        late.post("hello", token=self.grant.token)
        done = self.accounts.logout(self.grant.token, now_s=self.rig.clock.now())
        store.release()
        self.ok(done)
        late.take()
        self.assertEqual(late.closed, 4003)


class GuessTests(FrontDoorTestCase):
    def test_ten_thousand_codes(self) -> None:
        """Of ten thousand guesses at private codes, by a hundred guests of one address, a hundred are looked up."""
        ann = self.rig.guest("Ann").create("plain", private=True)
        looked_up = 0
        chance = random.Random(7)
        for _ in range(100):
            eve = self.rig.connect("198.51.100.7").hello("Eve")
            for id in range(100):
                code = "".join(chance.choices(ALPHABET, k=8))
                looked_up += eve.ask("join", id=id, room=code)["code"] == "not_found"
        self.assertEqual(looked_up, 100)
        self.assertEqual(sum(self.rig.services.budgets.throttled.values()), 9_900)
        self.rig.connect("203.0.113.9").hello("Bob").join(ann.room)

    def test_one_phone_does_not_lock_out_its_wifi(self) -> None:
        """One guest who guesses uses up that guest's budget; a tenth of the address's."""
        room = self.rig.guest("Ann").create("plain").room
        eve = self.rig.guest("Eve")
        for id in range(1000):
            eve.ask("join", id=id, room="QQQQQQQQ")
            if id % 50 == 0:
                self.rig.advance(1)
                self.rig.guest("Bob").join(room)

    def test_those_who_were_in_come_back(self) -> None:
        """Where a neighbour made guest after guest to guess, those who had a seat before still come back to it."""
        ann = self.rig.guest("Ann").create("plain", private=True)
        bob = self.rig.guest("Bob").join(ann.room)
        for _ in range(20):
            eve = self.rig.guest("Eve")
            for id in range(10):
                eve.ask("join", id=id, room="QQQQQQQQ")
        self.assert_error(self.rig.guest("New").ask("join", id=1, room=ann.room), "rate_limited", 1)
        bob.drop()
        back = bob.again()
        self.assertEqual(back.resume(bob.room, bob.secret)[0]["op"], "joined")
        self.rig.advance(60)
        self.rig.guest("New").join(ann.room)

    def test_who_was_in_one_room_guesses_at_others(self) -> None:
        """Sixty guests who joined an open room guess at another's password no oftener than their address may."""
        open_room = self.rig.guest("Ann").create("plain").room
        closed = self.rig.connect("203.0.113.9").hello("Bob").create("plain", password="open sesame").room
        codes = []
        for n in range(60):
            eve = self.rig.connect("198.51.100.7").hello(f"Eve {n}").join(open_room)
            codes += [eve.ask("join", id=id, room=closed, password=f"guess {n}")["code"] for id in range(10, 20)]
        self.assertEqual((codes.count("wrong_password"), codes.count("rate_limited")), (100, 500))

    def test_kinds_are_apart(self) -> None:
        """Guesses at passwords hold back no code, and those at codes no password; an open room takes everybody."""
        ann = self.rig.guest("Ann")
        locked = ann.create("plain", password="open sesame").room
        hidden = self.rig.guest("Bob").create("plain", private=True).room
        listed = self.rig.guest("Cat").create("plain").room
        for wish, held, free in (
            ({"room": locked, "password": "x"}, {"room": locked, "password": "open sesame"}, {"room": hidden}),
            ({"room": "QQQQQQQQ"}, {"room": hidden}, {"room": locked, "password": "open sesame"}),
        ):
            for _ in range(12):
                eve = self.rig.guest("Eve")
                for id in range(10):
                    eve.ask("join", id=id, **wish)
            self.assert_error(self.rig.guest("New").ask("join", id=1, **held), "rate_limited", 1)
            self.assertEqual(self.rig.guest("New").ask("join", id=1, **free)["op"], "joined")
            self.rig.guest("New").join(listed)
            self.rig.advance(60)

    def test_addresses_of_one_network(self) -> None:
        """Whoever takes another address of the same IPv6 network for each guess is one client; another's is not."""
        looked_up = 0
        for n in range(200):
            eve = self.rig.connect(f"2001:db8:0:7::{n:x}").hello("Eve")
            looked_up += eve.ask("join", id=1, room="QQQQQQQQ")["code"] == "not_found"
        self.assertEqual(looked_up, 100)
        other = self.rig.connect("2001:db8:0:8::1").hello("Bob")
        self.assert_error(other.ask("join", id=1, room="QQQQQQQQ"), "not_found", 1)

    def test_private_rooms_are_in_no_match(self) -> None:
        """Nobody is seated in a private room by chance."""
        ann = self.rig.guest("Ann").create("plain", private=True)
        bob = self.rig.guest("Bob")
        joined = bob.ask("join", id=1, game="plain", match={})
        self.assertNotEqual(joined["room"], ann.room)

    def test_other_users_seat(self) -> None:
        """A seat's secret is good for its user alone, and in its room alone."""
        ann, bob = self.rig.guest("Ann").create("plain"), self.rig.guest("Bob").create("plain")
        stranger = self.rig.guest("Eve")
        for peer, room, secret in ((stranger, ann.room, ann.secret), (stranger, bob.room, ann.secret),
                                   (bob.again(), ann.room, bob.secret), (bob.again(), ann.room, ann.secret),
                                   (ann.again(), bob.room, ann.secret)):  # fmt: skip
            self.assert_error(peer.ask("resume", id=1, room=room, resume=secret), "not_found", 1)


class PaceTests(FrontDoorTestCase):
    limits = Limits(chat_per_s=2, requests_per_s=50, blocks_per_user=3)

    def test_chat(self) -> None:
        """Eight lines at once and two a second; more is rate_limited, and closes nobody."""
        ann = self.rig.guest("Ann").create("plain")
        codes = [ann.ask("chat", id=id, text="hi").get("code") for id in range(2, 14)]
        self.assertEqual(codes, [None] * 8 + ["rate_limited"] * 4)
        self.rig.advance(1)
        codes = [ann.ask("chat", id=id, text="hi").get("code") for id in range(10, 14)]
        self.assertEqual(codes, [None] * 2 + ["rate_limited"] * 2)
        self.assertIsNone(ann.closed)
        self.assertEqual(self.rig.services.budgets.throttled["chat"], 6)

    def test_messages(self) -> None:
        """Four seconds' worth at once; one more ends the connection, and is counted."""
        ann = self.rig.guest("Ann")
        for n in range(199):
            ann.post("ping", at=n)
        self.assertIsNone(ann.closed)
        for n in range(2):
            ann.post("ping", at=n)
        self.assertEqual(ann.closed, 4008)
        self.assertEqual(self.rig.services.budgets.throttled["messages"], 1)

    def test_blocks(self) -> None:
        """Three a minute of each user, over all its connections, whoever is blocked and where; more is refused."""
        ann = self.rig.guest("Ann").create("plain")
        bob = self.rig.guest("Bob").join(ann.room)
        blocks = [{"user": MANY[0]}, {"seat": bob.seat}, {"user": MANY[1]}, {"user": MANY[2]}, {"seat": bob.seat}]
        codes = [ann.ask("block", id=id, **block).get("code") for id, block in enumerate(blocks, 2)]
        self.assertEqual(codes, [None] * 3 + ["rate_limited"] * 2)
        self.assert_error(ann.again().ask("block", id=9, user=MANY[2]), "rate_limited", 9)
        self.assertEqual(self.rig.services.budgets.throttled["block"], 3)
        self.rig.advance(20)
        self.assertEqual(ann.ask("block", id=10, user=MANY[2])["op"], "ok")
        self.assertEqual(bob.ask("block", id=2, user=MANY[2])["op"], "ok")
        self.assert_error(ann.ask("block", id=11, user="x" * 60_000), "too_large", 11)

    def test_rooms(self) -> None:
        """One room more than a user may have is counted."""
        ann = self.rig.guest("Ann")
        for id in range(1, 12):
            ann.ask("create", id=id, game="plain")
        self.assertEqual(self.rig.registry.too_many_rooms, 1)
