"""Blocking somebody: answered once it is stored, and good for what is said again as well."""

from __future__ import annotations

from gameserver import Game, Player, message
from gameserver.errors import StoreUnavailable
from tests.websocket.kit import Peer, WireTestCase


class Cafe(Game):
    """People talk."""

    name = "cafe"
    needs_start = False
    max_players = 4
    messages_per_s = 1000

    @message
    def wave(self, player: Player) -> str:
        return "waved"


class Kiosk(Cafe):
    name = "kiosk"
    durability = "relaxed"


class Stall(Cafe):
    name = "stall"
    durability = "none"


class BlockCase(WireTestCase):
    games = (Cafe, Kiosk, Stall)

    def open(self, game: str = "cafe") -> None:
        """Ann, Bob and Cid sit in a room of that game."""
        self.ann = self.rig.guest().create(game)
        self.bob = self.rig.guest("Bob").join(self.ann.room)
        self.cid = self.rig.guest("Cid").join(self.ann.room)
        for peer in (self.ann, self.bob, self.cid):
            peer.take()

    def post_block(self, way: str, id: int) -> None:
        """Ann blocks Bob, by one of the ways there are."""
        if way == "user":
            self.ann.post("block", id=id, user=self.bob.welcome["user"]["id"])
        elif way == "seat":
            self.ann.post("block", id=id, seat=self.bob.seat)
        else:
            self.ann.post("chat", id=id, text="/block Bob")

    def answers(self, peer: Peer) -> list[tuple[int, str]]:
        return [(m["id"], m.get("code", m["op"])) for m in peer.take() if m["op"] in ("ok", "error")]


class StoredTests(BlockCase):
    def test_answered_once_it_is_stored(self) -> None:
        """However it is said, whatever the game stores; and what is asked after it is answered after it."""
        for game in ("cafe", "kiosk", "stall"):
            for way in ("user", "seat", "command"):
                with self.subTest(game=game, way=way):
                    self.setUp()
                    self.open(game)
                    self.rig.store.hold()
                    self.post_block(way, 10)
                    self.ann.post("send", id=11, type="wave")
                    self.rig.advance(3)
                    self.assertEqual(self.answers(self.ann), [])
                    self.rig.store.release()
                    self.assertEqual(self.answers(self.ann), [(10, "ok"), (11, "ok")])
                    users = [peer.welcome["user"]["id"] for peer in (self.ann, self.bob)]
                    self.rig.crash()
                    self.assertEqual(self.rig.registry.watch.blocked, {users[0]: frozenset(users[1:])})

    def test_the_store_is_away(self) -> None:
        """Nobody is told that it is done; asked again later it is."""
        for game in ("cafe", "kiosk", "stall"):
            for way in ("user", "seat", "command"):
                with self.subTest(game=game, way=way):
                    self.setUp()
                    self.open(game)
                    self.rig.store.fail = StoreUnavailable("away")
                    self.post_block(way, 10)
                    self.rig.advance(1)
                    self.rig.store.fail = None
                    self.rig.advance(5)
                    self.assertEqual(self.answers(self.ann), [(10, "busy")])
                    self.post_block(way, 11)
                    self.assertEqual(self.answers(self.ann), [(11, "ok")])
                    self.rig.crash()
                    self.assertEqual(len(self.rig.registry.watch.blocked), 1)
        self.flushLoggedErrors(StoreUnavailable)

    def test_the_store_takes_too_long(self) -> None:
        """A room waits for the book of blocks no longer than for the store; that is not known then."""
        self.open("stall")
        self.rig.store.hold()
        self.post_block("seat", 10)
        self.bob.post("send", id=10, type="wave")
        self.rig.advance(6)
        self.assertEqual((self.answers(self.ann), self.answers(self.bob)), ([(10, "busy")], [(10, "ok")]))


class EditTests(BlockCase):
    def setUp(self) -> None:
        super().setUp()
        self.open()

    def say_and_block(self) -> int:
        """Bob says a line, then Ann blocks him. :returns: its number."""
        line = next(m["n"] for m in self.bob.say("chat", id=2, text="old words") if m["op"] == "chat")
        self.ann.ask("block", id=2, seat=self.bob.seat)
        self.ann.take(), self.cid.take()
        return int(line)

    def test_an_old_line_is_changed(self) -> None:
        """Whoever has blocked its author hears nothing of it, now or later; others do."""
        line = self.say_and_block()
        self.bob.ask("edit", id=3, stream="room", line=line, text="new words")
        self.assertEqual(self.ops(self.ann.take()), ["skip"])
        self.assertEqual([m["text"] for m in self.cid.take()], ["new words"])
        self.assertEqual(self.ann.again().join(self.ann.room).joined["chat"], [])
        self.assertEqual([x["text"] for x in self.cid.again().join(self.cid.room).joined["chat"]], ["new words"])
        self.assertNotIn(b"new words", b"".join(frame for peer in self.rig.peers[::3] for frame in peer.frames))
        self.ann.seen()

    def test_nor_from_the_log(self) -> None:
        """The line as it is now stands in the log: not for who blocked its author, not after a restart either."""
        ann, secret, seen = self.ann, self.ann.secret, self.ann.seen()
        line = self.say_and_block()
        self.bob.ask("edit", id=3, stream="room", line=line, text="new words")
        for restart in (False, True):
            if restart:
                self.rig.crash()
            back = ann.again()
            back.resume(ann.room, secret, seen)
            self.assertIs(back.joined["recovered"], True)
            self.assertNotIn(b"new words", b"".join(back.frames))
            back.seen()
        self.assertEqual(back.again().join(ann.room).joined["chat"], [])

    def test_it_is_taken_back(self) -> None:
        """That does no harm: it is gone for all who have it, also where it was changed meanwhile."""
        line = self.say_and_block()
        self.bob.ask("edit", id=3, stream="room", line=line, text="new words")
        self.ann.take()
        self.bob.ask("unsay", id=4, stream="room", line=line)
        (gone,) = self.ann.take()
        self.assertEqual((gone["op"], gone["line"], gone["text"]), ("edited", line, None))

    def test_what_was_shown_is_reported(self) -> None:
        """Whoever blocks the author of a line that was said before may still report it."""
        line = next(m["n"] for m in self.bob.say("chat", id=2, text="old words") if m["op"] == "chat")
        dan = self.rig.guest("Dan").join(self.ann.room)
        self.assertEqual([x["text"] for x in dan.joined["chat"]], ["old words"])
        dan.ask("block", id=1, seat=self.bob.seat)
        dan.take()
        dan.post("report", id=2, stream="room", line=line)
        self.rig.advance(1)
        self.assertEqual(self.answers(dan), [(2, "ok")])
        self.assertEqual(dan.again().join(self.ann.room).joined["chat"], [])

    def test_heard_again(self) -> None:
        """Once the block has ended, the next change is told."""
        line = self.say_and_block()
        self.bob.ask("edit", id=3, stream="room", line=line, text="new words")
        self.ann.ask("block", id=3, seat=self.bob.seat, on=False)
        self.ann.take()
        self.bob.ask("edit", id=4, stream="room", line=line, text="newer words")
        self.assertEqual([m["text"] for m in self.ann.take()], ["newer words"])
        self.assertEqual([x["text"] for x in self.ann.again().join(self.ann.room).joined["chat"]], ["newer words"])
