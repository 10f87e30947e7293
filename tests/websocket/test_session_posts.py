"""Lines outside rooms: lobbies, direct messages, announcements; and what the server as a whole forbids."""

from __future__ import annotations

import json
from typing import Any
from unittest.mock import patch

from twisted.internet.defer import Deferred

from gameserver import Game
from gameserver.errors import Refused, StoreUnavailable
from gameserver.interfaces import User, UserRow
from gameserver.node import lobby_chat
from gameserver.node.lobby_chat import FEED_BYTES, KEPT, SHADOWED
from gameserver.node.sanctions import Sanction
from tests.websocket.kit import Message, Peer, Rig, WireTestCase


class Dice(Game):
    """Any game."""

    name = "dice"
    needs_start = False


class PostCase(WireTestCase):
    games = (Dice,)

    def setUp(self) -> None:
        super().setUp()
        self.ann, self.bob = self.rig.guest("Ann"), self.rig.guest("Bob")

    def listen(self, peer: Peer, to: str, id: int, seen: int | None = None) -> dict[str, Any]:
        answer = peer.ask("listen", id=id, to=to, seen=seen)
        self.assertEqual(answer["op"], "ok", answer)
        data: dict[str, Any] = answer["data"]
        return data

    def posts(self, peer: Peer) -> list[Message]:
        return [m for m in peer.take() if m["op"] == "post"]

    def texts(self, peer: Peer) -> list[str]:
        return [m["text"] for m in self.posts(peer)]

    def user(self, peer: Peer) -> str:
        id: str = peer.welcome["user"]["id"]
        return id


class LobbyTests(PostCase):
    def test_listeners_hear(self) -> None:
        """Who listens hears each line once, its writer too; who does not, or no longer does, hears nothing."""
        self.listen(self.ann, "lobby:dice", 1)
        self.listen(self.bob, "lobby:dice", 1)
        self.bob.post("chat", id=2, to="lobby:dice", text="anybody?", data={"n": 1})
        (post,) = self.posts(self.ann)
        self.assertEqual(post["from"], {"user": self.user(self.bob), "name": "Bob"})
        self.assertEqual(
            (post["to"], post["line"], post["text"], post["data"]),
            ("lobby:dice", post["at"], "anybody?", {"n": 1}),
        )
        self.assertEqual(self.texts(self.bob), ["anybody?"])
        self.ann.ask("listen", id=2, to="lobby:dice", on=False)
        self.bob.post("chat", id=3, to="lobby:dice", text="hello?")
        self.assertEqual((self.texts(self.ann), self.texts(self.bob)), ([], ["hello?"]))

    def test_no_gap_and_no_repeat(self) -> None:
        """Listening again with the last line known gives what came since, over a crash as well."""
        self.listen(self.ann, "lobby:dice", 1)
        heard = []
        for n in range(5):
            self.bob.post("chat", id=n + 1, to="lobby:dice", text=f"line {n}")
        heard += self.posts(self.ann)
        self.ann.drop()
        self.rig.advance(20)
        self.bob.post("chat", id=9, to="lobby:dice", text="missed")
        self.rig.settle()
        ann = self.ann
        self.rig.crash()
        back = ann.again()
        answer = self.listen(back, "lobby:dice", 1, seen=heard[-1]["line"])
        self.assertEqual([line["text"] for line in answer["lines"]], ["missed"])
        back.post("chat", id=2, to="lobby:dice", text="after")
        self.assertEqual([m["line"] for m in self.posts(back)], [answer["line"] + 1])
        self.assertEqual(self.listen(back, "lobby:dice", 3, seen=answer["line"] + 1)["lines"], [])

    def test_bounded(self) -> None:
        """Fifty lines are kept, and none for more than a week."""
        for n in range(60):
            self.ann.say("chat", id=n + 1, to="lobby:dice", text=f"line {n}")
            self.rig.advance(2)
        lines = self.listen(self.bob, "lobby:dice", 1)["lines"]
        self.assertEqual((len(lines), lines[0]["text"]), (50, "line 10"))
        self.assertEqual(len(self.listen(self.bob, "lobby:dice", 2, seen=1)["lines"]), 50)
        self.rig.advance(604_800)
        self.assertEqual(self.listen(self.bob, "lobby:dice", 3)["lines"], [])

    def test_bounded_in_bytes(self) -> None:
        """Large lines are fewer: nobody is told much for a small request."""
        for n in range(60):
            self.ann.say("chat", id=n + 1, to="lobby:dice", text="\U0001f3b2" * 500, data="x" * 1000)
            self.rig.advance(2)
        lines = self.listen(self.bob, "lobby:dice", 1)["lines"]
        told = sum(len(json.dumps(line, ensure_ascii=False).encode()) for line in lines)
        self.assertTrue(FEED_BYTES - 10_000 < told < FEED_BYTES + 5_000, told)

    def test_data(self) -> None:
        """As beside a line in a room."""
        answer = self.ann.ask("chat", id=1, to="lobby:dice", text="x", data="d" * 1023)
        self.assert_error(answer, "too_large", 1)

    def test_refused(self) -> None:
        """No such place, nothing said, too much, too fast, and a store that is away."""
        for id, (to, text, code) in enumerate(
            [("lobby:none", "x", "bad_data"), ("lobby:dice", "", "bad_data"), ("lobby:dice", "x" * 501, "too_large")], 1
        ):
            self.assert_error(self.ann.ask("chat", id=id, to=to, text=text), code, id)
        self.assert_error(self.ann.ask("listen", id=9, to="elsewhere"), "bad_data", 9)
        codes = [self.ann.ask("chat", id=n, to="lobby:dice", text="x").get("code") for n in range(10, 25)]
        self.assertEqual(codes[-1], "slow_down")
        self.rig.advance(60)
        self.rig.store.fail = StoreUnavailable("away")
        self.assert_error(self.ann.ask("chat", id=40, to="lobby:dice", text="x"), "busy", 40)
        self.rig.store.fail = None
        self.assertEqual(self.ann.ask("chat", id=41, to="lobby:dice", text="x")["op"], "ok")


class DirectTests(PostCase):
    def test_who_shares_a_room(self) -> None:
        """Both hear it, nobody else; strangers and oneself are refused."""
        cid = self.rig.guest("Cid")
        for peer in (self.ann, self.bob, cid):
            self.listen(peer, "direct", 1)
        to = f"user:{self.user(self.bob)}"
        self.assert_error(self.ann.ask("chat", id=2, to=to, text="hi"), "forbidden", 2)
        self.ann.create("dice", id=3)
        self.bob.join(self.ann.room, id=3)
        self.posts(self.bob)
        self.assertEqual(self.ann.ask("chat", id=4, to=to, text="psst")["op"], "ok")
        self.assertEqual(self.texts(self.bob), ["psst"])
        self.assertNotIn(b"psst", b"".join(cid.frames))
        self.assert_error(self.ann.ask("chat", id=5, to=f"user:{self.user(self.ann)}", text="me"), "forbidden", 5)
        self.assertEqual([line["text"] for line in self.listen(self.ann, "direct", 6)["lines"]], ["psst"])

    def test_accounts_that_do_not_exist(self) -> None:
        """Of a line to an account that does not exist nothing is stored, nor of a block."""
        kept = UserRow(id="account:1", name_key="eve", version=1, value=b"1")
        self.successResultOf(self.rig.store.put_user(kept))
        posts, eve = self.rig.registry.lobby_chat, User("account:2", "Eve")
        said = Deferred.fromCoroutine(posts.say(eve, "user:account:3", "hello?", None))
        self.assertEqual(self.failureResultOf(said, Refused).value.code, "forbidden")
        self.assertEqual([book for book in self.rig.store._books if book.startswith("posts")], [])
        self.assert_error(self.ann.ask("block", id=1, user="account:3"), "bad_data", 1)
        self.assert_error(self.ann.ask("block", id=2, user="guest:" + "x" * 50_000), "too_large", 2)
        self.assertEqual(self.rig.store._books.get("blocks", {}), {})
        self.successResultOf(Deferred.fromCoroutine(posts.say(eve, "user:account:1", "hello", None)))
        self.assertEqual(self.ann.ask("block", id=3, user="account:1")["op"], "ok")

    def test_blocked(self) -> None:
        """Who is blocked is not heard; the block outlives the process."""
        self.ann.create("dice")
        self.bob.join(self.ann.room)
        self.listen(self.bob, "direct", 2)
        self.assertEqual(self.bob.ask("block", id=3, user=self.user(self.ann))["op"], "ok")
        self.ann.say("chat", id=4, to=f"user:{self.user(self.bob)}", text="hey")
        self.ann.say("chat", id=5, text="in the room")
        ann, bob = self.ann, self.bob
        self.rig.crash()
        again = bob.again()
        again.resume(ann.room, bob.secret)
        self.assertEqual(self.listen(again, "direct", 6)["lines"], [])
        for peer in (bob, again):
            self.assertNotIn(b"hey", b"".join(peer.frames))
            self.assertNotIn(b"in the room", b"".join(peer.frames))


class ShadowTests(PostCase):
    """Nobody finds out who writes in the shadow: not the writer, and not by a second account."""

    def setUp(self) -> None:
        super().setUp()
        self.rig.registry.watch.sanction(Sanction(id="", act="mute", user=self.user(self.bob), shadow=True))

    def say(self, peer: Peer, id: int, text: str) -> None:
        self.rig.advance(3)  # the pace of lines outside rooms
        self.assertEqual(peer.ask("chat", id=id, to="lobby:dice", text=text)["op"], "ok")

    def test_writer_sees_it(self) -> None:
        """The writer's line is there, now and when listening again, before and behind those of others."""
        self.listen(self.bob, "lobby:dice", 1)
        self.say(self.ann, 1, "one")
        self.say(self.bob, 2, "psst")
        self.say(self.ann, 2, "two")
        heard = [m["text"] for m in self.bob.everything() if m["op"] == "post"]
        self.assertEqual(heard, ["one", "psst", "two"])
        again = self.listen(self.bob, "lobby:dice", 3)
        self.assertEqual([post["text"] for post in again["lines"]], ["one", "psst", "two"])

    def test_others_miss_nothing(self) -> None:
        """No number tells others that a line was written, whatever they know or ask for; nor does one go for it."""
        for n in range(KEPT):
            self.say(self.ann, n + 1, str(n))
        before = self.listen(self.ann, "lobby:dice", 100)
        for n in range(2 * SHADOWED):
            self.say(self.bob, n + 1, "psst")
        for id, seen in enumerate((None, before["line"], before["line"] + 1, before["line"] + 10**7), start=101):
            after = self.listen(self.ann, "lobby:dice", id, seen)
            self.assertEqual(after["line"], max(before["line"], seen or 0))
            self.assertEqual(after["lines"], before["lines"] if seen is None else [])
        self.say(self.ann, 200, "on time")
        post = [m for m in self.ann.everything() if m["op"] == "post"][-1]
        self.assertEqual(post["line"], post["at"])
        shadows = [line for line in self.rig.registry.lobby_chat._feed("lobby:dice").lines if line.shadow]
        self.assertEqual(len(shadows), SHADOWED)

    def test_at_once(self) -> None:
        """Nor does a number that runs ahead of the time, where lines come faster than milliseconds."""
        self.listen(self.ann, "lobby:dice", 1)
        for peer, id in ((self.ann, 2), (self.bob, 2), (self.ann, 3)):
            self.assertEqual(peer.ask("chat", id=id, to="lobby:dice", text="quick")["op"], "ok")
        posts = [m for m in self.ann.everything() if m["op"] == "post"]
        self.assertEqual([post["line"] for post in posts], [post["at"] for post in posts])
        self.assertEqual(len(posts), 2)


class ServerTests(PostCase):
    def test_announcement(self) -> None:
        """All who listen hear the operator, in whatever room; who comes later finds it."""
        self.listen(self.ann, "server", 1)
        Deferred.fromCoroutine(self.rig.registry.lobby_chat.announce("Maintenance at noon"))
        (post,) = self.posts(self.ann)
        self.assertEqual((post["from"], post["to"], post["text"]), (None, "server", "Maintenance at noon"))
        self.assertEqual(self.listen(self.bob, "server", 1)["lines"][0]["text"], "Maintenance at noon")
        self.assert_error(self.ann.ask("chat", id=2, to="server", text="me too"), "not_found", 2)

    def test_sanctions(self) -> None:
        """A mute of the server holds in every room and lobby, a game's in that game; both end in their time."""
        self.ann.create("dice")
        self.bob.join(self.ann.room)
        until = self.rig.clock.now() + 60
        wish = Sanction(id="", act="mute", user=self.user(self.bob), until=until, reason="spam")
        self.rig.registry.watch.sanction(wish)
        self.assert_error(self.bob.ask("chat", id=2, text="x"), "muted", 2)
        self.assert_error(self.bob.ask("chat", id=3, to="lobby:dice", text="x"), "muted", 3)
        self.rig.advance(61)
        self.assertEqual(self.bob.ask("chat", id=4, text="x")["op"], "ok")

    def test_banned_address(self) -> None:
        """Whoever comes from there is told, and the connection closed for good; after a crash too; others come in."""
        made = self.rig.registry.watch.sanction(Sanction(id="", act="ban", address="198.51.100.0/24", reason="bots"))
        self.rig.settle()
        self.rig.crash()
        peer = self.rig.connect("198.51.100.77")
        self.assert_error(peer.say("hello", guest={"name": "Bot"})[0], "forbidden")
        self.rig.settle()
        self.assertEqual(peer.closed, 4003)
        self.rig.connect("198.51.101.1").hello("Eve")
        self.rig.registry.watch.lift(made.id)
        self.rig.connect("198.51.100.77").hello("Eve")

    def test_banned_from_a_game(self) -> None:
        """A user may be kept out of one game."""
        self.ann.create("dice")
        self.rig.registry.watch.sanction(Sanction(id="", act="ban", user=self.user(self.bob), game="dice"))
        self.assert_error(self.bob.ask("join", id=1, room=self.ann.room), "forbidden", 1)
        self.rig.registry.watch.sanction(Sanction(id="", act="ban", user=self.user(self.ann), game="chess"))
        self.assertEqual(self.ann.ask("chat", id=2, text="still here")["op"], "ok")

    def test_log(self) -> None:
        """What hosts do is in the log once it is stored, and after a crash."""
        self.ann.create("dice")
        self.bob.join(self.ann.room)
        self.ann.ask("chat", id=2, text="/mute Bob 1m rude")
        self.bob.ask("report", id=2, seat=self.ann.seat, reason="unfair")
        self.rig.settle()
        self.rig.crash()
        records = [record for _, record in self.rig.registry.watch.newest(most=10)]
        self.assertEqual([(r.act, r.reason, r.room) for r in records],
                         [("report", "unfair", self.ann.room), ("mute", "rude", self.ann.room)])  # fmt: skip
        self.assertEqual(next(self.rig.registry.watch.newest(most=1, kind="mute"))[1].s, 60)


class RigTests(WireTestCase):
    def test_nothing_listens_by_itself(self) -> None:
        """A server on which nobody listens keeps no feeds."""
        rig = Rig(Dice)
        rig.guest("Ann").create("dice")
        self.assertEqual(rig.registry.lobby_chat._feeds, {})


class _Walks(dict[str, Any]):
    """Counts how often somebody goes through all of it."""

    walks = 0

    def values(self) -> Any:
        self.walks += 1
        return super().values()

    def items(self) -> Any:
        self.walks += 1
        return super().items()


class ManyFeedsTests(PostCase):
    def test_who_goes_costs_its_own_feeds(self) -> None:
        """A connection that ends has nobody look through what all others hear."""
        chat = self.rig.registry.lobby_chat
        with patch.object(lobby_chat, "MOST_FEEDS", 2):
            chat._feeds = feeds = _Walks()
            others = [self.rig.guest(name) for name in ("Cleo", "Dan", "Eve")]
            for peer in (self.ann, *others):
                self.listen(peer, "direct", 1)
            self.listen(self.ann, "lobby:dice", 2)
            self.ann.drop()
            self.assertEqual(feeds.walks, 0)
            self.assertEqual(sorted(feeds), sorted(f"direct:{self.user(peer)}" for peer in others))

    def test_unheard_feeds_are_let_go(self) -> None:
        """Lines to those who do not listen leave nothing in memory where there are very many feeds."""
        self.ann.create("dice")
        self.bob.join(self.ann.room)
        with patch.object(lobby_chat, "MOST_FEEDS", 0):
            self.ann.post("chat", id=2, to=f"user:{self.user(self.bob)}", text="psst")
            self.assertEqual(self.rig.registry.lobby_chat._feeds, {})
            self.assertEqual([x["text"] for x in self.listen(self.bob, "direct", 2)["lines"]], ["psst"])
