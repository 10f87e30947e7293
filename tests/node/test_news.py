"""What one node is told of users and lines, and the other knows within a second; on two nodes that share a store."""

from __future__ import annotations

from typing import Any

from twisted.internet.defer import Deferred

from gameserver import Game
from gameserver.errors import StoreUnavailable
from gameserver.interfaces import User
from gameserver.node.news import NEWS_S
from gameserver.node.operators import Announcement, Operators, SanctionWish
from gameserver.room.chat.records import Record
from tests.node.registries import FakeSession, Place
from tests.node.test_two_nodes import LEASE_S, TwoNodesTestCase

MOD = User("account:mod", "Mod", rights=("moderator",))


class Keeping(Game):
    """Keeps the seats of those who leave."""

    needs_start = False
    absent = "skip"


class NewsTests(TwoNodesTestCase):
    def done(self, node: Place, work: Any) -> Any:
        """:returns: what comes of something that a node is asked."""
        return node.get(Deferred.fromCoroutine(work))

    def ban(self, user: str = "ann", **wish: Any) -> Any:
        """Node b is told to ban somebody."""

        async def knows(user_id: str) -> bool:
            return True

        self.b.registry.knows = knows  # type: ignore[method-assign]
        wanted = SanctionWish(act="ban", user=user, **wish)
        return self.done(self.b, Operators(self.b.registry).sanction(MOD, wanted))

    def reason(self, node: Place) -> str | None:
        """Why Ann may not come in at a node."""
        return node.registry.watch.ban_of("ann", "192.0.2.1", "", node.clock.now())

    def test_ban_and_lift(self) -> None:
        """Who is banned at one node is shown out at the other; lifted there, it is lifted here."""
        runner = self.room()
        made = self.ban(reason="spam")
        self.assertIsNone(self.reason(self.a))
        self.pass_time(NEWS_S + 0.1, self.a, self.b)
        self.assertEqual(self.reason(self.a), "spam")
        self.assertEqual(len(runner.room.seats), 0)
        self.assertEqual([frame["reason"] for frame in self.ann.of("left")], ["kicked"])
        self.done(self.b, Operators(self.b.registry).lift(MOD, made.id))
        self.pass_time(NEWS_S + 0.1, self.a, self.b)
        self.assertIsNone(self.reason(self.a))

    def test_ban_while_nobody_has_the_room(self) -> None:
        """Who is banned before a room is taken over from a node that died has no seat then; others have theirs."""
        runner = self.room()
        self.a.join(runner, self.bob)
        self.a.kill()
        self.ban()
        self.pass_time(LEASE_S + 2, self.b)
        taken = self.b.registry.get(runner.room.code)
        assert taken is not None
        self.assertEqual([seat.user_id for seat in taken.room.seats.values()], ["bob"])

    def test_shown_out_once(self) -> None:
        """A seat that stays, absent, until the game is over is not put out again each time the room is opened."""
        self.a = Place(Keeping)
        self.a.join(self.a.create(self.ann), self.bob)
        self.b = self.a  # the only node
        self.ban("bob")
        for _ in range(3):
            self.a.advance(1)
            self.a.away(5)
        log = Operators(self.a.registry).log(MOD, kind=None, before=None)
        self.assertEqual([(each["act"], each["whom"]["user"]) for each in log], [("kick", "bob"), ("ban", "bob")])

    def test_log(self) -> None:
        """The log of what was done is that of all nodes."""
        self.b.registry.watch.note(Record(at_ms=1, act="kick"))
        self.pass_time(NEWS_S + 0.1, self.a, self.b)
        self.assertEqual([record.act for _, record in self.a.registry.watch.newest(most=5)], ["kick"])

    def test_block(self) -> None:
        """Whom somebody does not want to hear is heard nowhere, and again everywhere."""
        self.b.registry.watch.block("ann", "bob", True)
        self.pass_time(NEWS_S + 0.1, self.a, self.b)
        self.assertIn("bob", self.a.registry.watch.blocked["ann"])
        self.b.registry.watch.block("ann", "bob", False)
        self.pass_time(NEWS_S + 0.1, self.a, self.b)
        self.assertNotIn("ann", self.a.registry.watch.blocked)

    def listen(self, node: Place, session: FakeSession, to: str) -> dict[str, Any]:
        """Hear a feed from now on."""
        found: dict[str, Any] = self.done(node, node.registry.lobby_chat.listen(session, session.user, to, None))
        return found

    def texts(self, session: FakeSession) -> list[str]:
        """What it was told of lines outside rooms."""
        return [frame["text"] for frame in session.of("post")]

    def test_lines(self) -> None:
        """A lobby's lines, announcements and lines to a user are told at the other node, once each and in order."""
        for to in ("lobby:counting", "server", "direct"):
            self.listen(self.a, self.ann, to)
            self.listen(self.b, self.bob, to)
        say = self.b.registry.lobby_chat.say
        for text in ("one", "two", "three"):
            self.done(self.b, say(self.bob.user, "lobby:counting", text, None))
        self.done(self.b, Operators(self.b.registry).announce(MOD, Announcement("soon")))

        async def meet(user: str, other: str) -> bool:
            return True

        self.b.registry.lobby_chat._meet = meet
        self.done(self.b, say(self.bob.user, "user:ann", "psst", None))
        self.pass_time(NEWS_S + 0.1, self.a, self.b)
        self.assertEqual(self.texts(self.ann), ["one", "two", "three", "soon", "psst"])
        self.assertEqual(self.texts(self.bob), ["one", "two", "three", "soon", "psst"])
        # Whoever writes here next reads what is there: nobody is told anything twice.
        self.done(self.b, say(self.bob.user, "lobby:counting", "four", None))
        self.done(self.a, self.a.registry.lobby_chat.say(self.ann.user, "lobby:counting", "five", None))
        self.assertEqual(self.texts(self.ann)[-2:], ["four", "five"])
        self.pass_time(3, self.a, self.b)
        self.assertEqual(sorted(self.texts(self.ann)), sorted(set(self.texts(self.ann))))
        self.assertEqual(self.texts(self.bob)[-1], "five")

    def test_after_an_outage(self) -> None:
        """What was written while this node had no store is heard once it is back, from where it was."""
        self.listen(self.a, self.ann, "lobby:counting")
        self.a.store.fail = StoreUnavailable("away")
        self.ban()
        self.done(self.b, self.b.registry.lobby_chat.say(self.bob.user, "lobby:counting", "hello", None))
        self.pass_time(3, self.a, self.b)
        self.assertIsNone(self.reason(self.a))
        self.a.store.fail = None
        self.pass_time(1, self.a, self.b)
        self.assertIsNotNone(self.reason(self.a))
        self.assertEqual(self.texts(self.ann), ["hello"])

    def test_away_for_too_long(self) -> None:
        """Where the list no longer has all of it everything is read again."""
        self.listen(self.a, self.ann, "lobby:counting")
        lifted = self.ban("bob")
        self.pass_time(1, self.a, self.b)
        self.a.store.fail = StoreUnavailable("away")
        self.ban()
        self.done(self.b, Operators(self.b.registry).lift(MOD, lifted.id))
        self.b.registry.watch.block("ann", "carl", True)
        self.b.registry.watch.note(Record(at_ms=1, act="kick"))
        self.done(self.b, self.b.registry.lobby_chat.say(self.bob.user, "lobby:counting", "hello", None))
        self.shared.forgotten_news = len(self.shared.news)
        self.a.store.fail = None
        self.pass_time(1, self.a, self.b)
        watch = self.a.registry.watch
        self.assertIsNotNone(self.reason(self.a))
        self.assertIsNone(watch.ban_of("bob", "", "", self.a.clock.now()))
        self.assertIn("carl", watch.blocked["ann"])
        self.assertIn("kick", [record.act for _, record in watch.newest(most=5)])
        self.assertEqual(self.texts(self.ann), ["hello"])
        self.done(self.b, self.b.registry.lobby_chat.say(self.bob.user, "lobby:counting", "again", None))
        self.pass_time(1, self.a, self.b)
        self.assertEqual(self.texts(self.ann), ["hello", "again"])
