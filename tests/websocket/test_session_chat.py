"""What people say to each other: who hears it, and from when on."""

from __future__ import annotations

from itertools import product

from gameserver import Game, Player, Refused, message
from gameserver.room.bounds import LINES_BYTES
from tests.websocket.kit import Message, Peer, WireTestCase


class Chatty(Game):
    """Rooms, groups and seats may be written to."""

    name = "chatty"
    needs_start = False
    chat_to = ("room", "group", "seat")
    messages_per_s = 1000

    @message
    def team(self, player: Player, enter: bool = True, name: str = "red") -> None:
        (self.group(name).add if enter else self.group(name).remove)(player)

    @message
    def announce(self, player: Player) -> None:
        self.chat.say("hear, hear")

    def on_chat(self, player: Player, chat: object) -> None:
        text = chat.text  # type: ignore[attr-defined]
        if text == "swear":
            chat.text = "*****"  # type: ignore[attr-defined]
        elif text == "move e4":
            self.state["moved"] = True
            chat.hide()  # type: ignore[attr-defined]
        elif text == "shout":
            self.state["trace"] = True
            raise Refused("Quiet, please.", code="too_loud")
        elif text == "psst":
            chat.to = self.players[0]  # type: ignore[attr-defined]


class Plain(Game):
    """The default channels."""

    name = "plain"


class ChatTests(WireTestCase):
    games = (Chatty, Plain)

    def setUp(self) -> None:
        super().setUp()
        self.ann = self.rig.guest("Ann").create("chatty")
        self.bob = self.rig.guest("Bob").join(self.ann.room)
        self.cid = self.rig.guest("Cid").join(self.ann.room)
        self.heard()

    def heard(self) -> list[list[Message]]:
        """:returns: the lines that Ann, Bob and Cid heard since the last look."""
        return [[m for m in p.take() if m["op"] == "chat"] for p in (self.ann, self.bob, self.cid)]

    def texts(self) -> list[list[str]]:
        return [[m["text"] for m in lines] for lines in self.heard()]

    def test_room(self) -> None:
        """Everybody hears it, with who and when."""
        self.ann.post("chat", id=2, text="hi", data={"mood": "good"})
        for lines in self.heard():
            (line,) = lines
            self.assertEqual(line["from"], {"seat": self.ann.seat, "name": "Ann"})
            self.assertEqual((line["to"], line["stream"], line["data"]), ("room", "room", {"mood": "good"}))
            self.assertEqual(line["at"], round(self.rig.clock.now() * 1000))

    def test_game_speaks(self) -> None:
        """A line of the game is from nobody."""
        self.ann.say("send", id=2, type="announce")
        self.assertEqual([m["from"] for m in self.heard()[1]], [None])

    def test_group(self) -> None:
        """Members hear it; who is none may not speak there."""
        for peer in (self.ann, self.bob):
            peer.say("send", id=2, type="team")
        self.ann.post("chat", id=3, text="red!", to="group:red")
        self.assertEqual(self.texts(), [["red!"], ["red!"], []])
        self.assert_error(self.cid.ask("chat", id=2, text="me too", to="group:red"), "forbidden", 2)
        self.assertEqual(self.texts(), [[], [], []])

    def test_seat(self) -> None:
        """Whoever it is for, and who said it."""
        self.ann.post("chat", id=2, text="psst!", to=f"seat:{self.bob.seat}")
        self.assertEqual(self.texts(), [["psst!"], ["psst!"], []])
        self.ann.post("chat", id=3, text="me", to=f"seat:{self.ann.seat}")
        self.assertEqual(self.texts(), [["me"], [], []])

    def test_no_such_channel(self) -> None:
        """An address that is none is bad_data at ``$.to``."""
        for id, to in enumerate(
            ("", "rooms", "seat:", "seat:99", "group:", "group:none", "role:screen", "room:", "x"), 2
        ):
            answer = self.ann.ask("chat", id=id, text="hi", to=to)
            self.assert_error(answer, "bad_data", id)
            self.assertEqual(answer["path"], "$.to")

    def test_channels_of_the_game(self) -> None:
        """By default there are room and groups, and no seats."""
        dan = self.rig.guest("Dan").create("plain")
        self.assert_error(dan.ask("chat", id=2, text="hi", to=f"seat:{dan.seat}"), "forbidden", 2)
        self.assertEqual(dan.ask("chat", id=3, text="hi")["op"], "ok")

    def test_length(self) -> None:
        """500 code points, whatever their bytes; one more, or none, is refused and heard by nobody."""
        for id, text in enumerate(("x" * 500, "\U0001f3b2" * 500), 2):
            self.assertEqual(self.ann.ask("chat", id=id, text=text)["op"], "ok")
        self.heard()
        self.assert_error(self.ann.ask("chat", id=4, text="x" * 501), "too_large", 4)
        self.assert_error(self.ann.ask("chat", id=5, text=""), "bad_data", 5)
        self.assertEqual(self.texts(), [[], [], []])

    def test_data(self) -> None:
        """1 KiB of JSON may stand beside a text; one byte more is refused, in an edit as well."""
        self.assertEqual(self.ann.ask("chat", id=2, text="x", data="d" * 1022)["op"], "ok")
        n = self.heard()[1][0]["n"]
        asks = ({"op": "chat"}, {"op": "edit", "stream": "room", "line": n})
        for id, (ask, data) in enumerate(product(asks, ("d" * 1023, {"$bytes": "AAAA" * 256}, [[]] * 400)), 3):
            answer = self.ann.ask(**ask, id=id, text="x", data=data)
            self.assert_error(answer, "too_large", id)
            self.assertEqual(answer["path"], "$.data")
        self.assertEqual(self.texts(), [[], [], []])

    def test_history_in_bytes(self) -> None:
        """All lines together have a bound; who fills one channel drives out no other's, and the store keeps no more."""
        self.ann.say("send", id=2, type="team")
        self.ann.say("chat", id=3, text="of the few", to="group:red")
        for _ in range(30):
            self.rig.advance(30)
            for _ in range(10):
                self.ann.say("chat", text="\U0001f3b2" * 500, data="d" * 1000, to=f"seat:{self.bob.seat}")
                self.ann.say("chat", text="\U0001f3b2" * 500, data="d" * 1000)
        lines = self.rig.runner(self.ann.room).room.talking.lines
        kept = [line.encode() for line in lines]
        self.assertEqual(lines.size_bytes, sum(map(len, kept)))
        self.assertLessEqual(lines.size_bytes, LINES_BYTES)
        self.assertGreater(lines.size_bytes, LINES_BYTES - 10_000)
        self.assertIn("of the few", [line.text for line in lines])
        numbers = {line.number for line in lines}
        self.rig.crash()
        self.assertEqual({line.number for line in self.rig.runner(self.ann.room).room.talking.lines}, numbers)

    def test_history_of_edits(self) -> None:
        """A line that becomes longer counts as it is then."""
        for _ in range(40):
            self.ann.say("chat", text="x")
        room = self.rig.runner(self.ann.room).room
        for line in list(room.talking.lines):
            self.rig.advance(2)
            self.ann.say("edit", stream="room", line=line.n, text="\U0001f3b2" * 500, data="d" * 1000)
        self.assertEqual(room.talking.lines.size_bytes, sum(len(line.encode()) for line in room.talking.lines))
        self.ann.say("unsay", stream="room", line=next(iter(room.talking.lines)).n)
        self.assertEqual(room.talking.lines.size_bytes, sum(len(line.encode()) for line in room.talking.lines))

    def test_history(self) -> None:
        """A newcomer is told what was said in the room, the last fifty; of groups and seats nothing."""
        self.ann.say("send", id=2, type="team")
        self.ann.say("chat", id=3, text="secret", to="group:red")
        self.ann.say("chat", id=4, text="psst", to=f"seat:{self.bob.seat}")
        for id in range(5, 60):
            self.ann.say("chat", id=id, text=f"line {id}")
        dan = self.rig.guest("Dan").join(self.ann.room)
        self.assertEqual([line["text"] for line in dan.joined["chat"]], [f"line {id}" for id in range(10, 60)])
        self.assertEqual(set(dan.joined["chat"][0]), {"stream", "n", "from", "to", "text", "data", "at"})
        self.assertNotIn(b"secret", b"".join(dan.frames))

    def test_history_after_a_crash(self) -> None:
        """The history is the room's, and outlives the process."""
        self.ann.say("chat", id=2, text="before", data={"a": 1})
        code, ann = self.ann.room, self.ann
        self.rig.crash()
        back = ann.again().join(code)
        self.assertEqual([(m["text"], m["data"]) for m in back.joined["chat"]], [("before", {"a": 1})])

    def test_group_from_entering_on(self) -> None:
        """Nothing from before a seat entered a group, by whatever way; also after leaving and entering again."""
        self.ann.say("send", id=2, type="team")
        self.ann.say("chat", id=3, text="early", to="group:red")
        self.bob.say("send", id=2, type="team")
        self.ann.say("chat", id=4, text="both", to="group:red")
        self.bob.say("send", id=3, type="team", data={"enter": False})
        self.ann.say("chat", id=5, text="alone", to="group:red")
        self.bob.say("send", id=4, type="team")
        tab: Peer = self.bob.again(client=None).join(self.bob.room)
        self.assertEqual([line["text"] for line in tab.joined["chat"]], [])
        for peer in (self.bob, tab):
            self.assertNotIn(b"early", b"".join(peer.frames))
            self.assertNotIn(b"alone", b"".join(peer.frames))

    def test_on_chat(self) -> None:
        """The game may change a line, send it elsewhere, hide it as a move, or refuse it without a trace."""
        self.bob.post("chat", id=2, text="swear")
        self.assertEqual(self.texts(), [["*****"]] * 3)
        self.assertEqual(self.bob.ask("chat", id=3, text="move e4")["op"], "ok")
        self.assert_error(self.bob.ask("chat", id=4, text="shout"), "too_loud", 4)
        self.assertEqual(self.texts(), [[], [], []])
        self.bob.post("chat", id=5, text="psst")
        self.assertEqual(self.texts(), [["psst"], ["psst"], []])
        dan = self.rig.guest("Dan").join(self.ann.room)
        self.assertEqual([line["text"] for line in dan.joined["chat"]], ["*****"])
        self.assertEqual(dan.joined["docs"]["room"], {"moved": True})

    def test_exactly_once(self) -> None:
        """A line that is sent again, on a new connection after a crash as well, is heard once."""
        first = self.ann.ask("chat", id=2, text="once")
        self.assertEqual(self.ann.ask("chat", id=2, text="once"), first)
        self.assertEqual(self.texts(), [[], ["once"], ["once"]])
        ann = self.ann
        self.rig.crash()
        back = ann.again()
        back.resume(ann.room, ann.secret)
        self.assertEqual(back.ask("chat", id=2, text="once"), first)
        dan = self.rig.guest("Dan").join(ann.room)
        self.assertEqual([line["text"] for line in dan.joined["chat"]], ["once"])

    def test_reading_is_answered_and_told_to_the_seat(self) -> None:
        """In the form that the connection speaks; whoever did not hear a channel has not read it."""
        self.ann.post("chat", id=2, text="one")
        self.heard()
        self.assertEqual(self.bob.ask("read", id=2, upto=999)["op"], "ok")
        self.assert_error(self.bob.ask("read", id=3, to="channel:none", upto=1), "bad_data", 3)
        again = self.rig.guest("Dan").join(self.ann.room)
        self.assertEqual(again.ask("read", id=2, upto=1)["op"], "ok")
