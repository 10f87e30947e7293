"""Chat as a game sees it, who gets a line, and what is kept of it."""

from __future__ import annotations

from typing import Any, ClassVar

from twisted.trial.unittest import SynchronousTestCase

from gameserver import Game, Player, Refused, message
from gameserver.testing import Table, Visitor


class Talk(Game):
    """Does with a line what the line says."""

    chat_to = ("room", "group", "seat")
    heard: ClassVar[list[Any]] = []

    def on_join(self, player: Player) -> None:
        if player.name in ("Ann", "Bob"):
            self.group("red").add(player)

    def on_chat(self, player: Player, chat: Any) -> None:
        Talk.heard.append((player.name, chat.text, chat.to, chat.data))
        word, _, rest = chat.text.partition(" ")
        if word == "shout":
            chat.text = rest.upper()
        elif word == "team":
            chat.to = self.group("red")
        elif word == "whisper":
            chat.to = self.players[2]
        elif word == "loud":
            chat.to = "room"
        elif word == "move":
            self.state["move"] = rest
            chat.hide()
        elif word == "bad":
            self.state["bad"] = True
            raise Refused("mind your words", code="rude")
        elif word == "fail":
            raise ValueError("fails")
        elif word == "data":
            chat.data = {"added": chat.data}
        elif word == "number":
            chat.text = 42
        elif word == "nowhere":
            chat.to = "group:red"

    @message
    def announce(self, player: Player, text: str, to: str = "room", whom: Player | None = None) -> None:
        self.chat.say(text, whom or (self.group(to) if to != "room" else "room"))

    @message
    def announce_then_refuse(self, player: Player) -> None:
        self.chat.say("never")
        raise Refused("no")

    @message
    def announce_number(self, player: Player) -> None:
        say: Any = self.chat.say
        say(42)

    @message
    def join_red(self, player: Player) -> None:
        self.group("red").add(player)


class Silent(Game):
    """No channels for players."""

    chat_to = ()

    def on_create(self) -> None:
        self.group("red")

    @message
    def announce(self, player: Player) -> None:
        self.chat.say("hear, hear")


class Default(Game):
    """Channels as they are by default."""

    def on_join(self, player: Player) -> None:
        self.group("red").add(player)


def lines(visitor: Visitor) -> list[tuple[str | None, str, str]]:
    """Who said what, where to."""
    return [(line["from"]["name"] if line["from"] else None, line["to"], line["text"]) for line in visitor.chat]


class ChatTests(SynchronousTestCase):
    """``on_chat`` sees a line before anybody else."""

    def setUp(self) -> None:
        Talk.heard.clear()
        self.table = Table(Talk, raises=False)
        self.ann, self.bob, self.cleo = (self.table.join(name) for name in ("Ann", "Bob", "Cleo"))

    def test_as_it_is(self) -> None:
        """A line that the game leaves alone reaches everybody, its sender too."""
        self.ann.say("hi", data={"smile": True})
        for visitor in (self.ann, self.bob, self.cleo):
            self.assertEqual(lines(visitor), [("Ann", "room", "hi")])
            self.assertEqual((visitor.chat[0]["data"], visitor.chat[0]["from"]["seat"]), ({"smile": True}, self.ann.id))
        self.assertEqual(Talk.heard, [("Ann", "hi", "room", {"smile": True})])

    def test_to(self) -> None:
        """The game gets the group or player that a line is for."""
        self.ann.say("a", to="group:red")
        self.ann.say("b", to=f"seat:{self.cleo.id}")
        table = self.table
        self.assertEqual([to for _, _, to, _ in Talk.heard], [table.room.groups["red"], self.cleo.player])
        self.assertEqual(lines(self.bob), [("Ann", "group:red", "a")])
        self.assertEqual(lines(self.cleo), [("Ann", f"seat:{self.cleo.id}", "b")])
        self.assertEqual(lines(self.ann), [("Ann", "group:red", "a"), ("Ann", f"seat:{self.cleo.id}", "b")])

    def test_text_assigned(self) -> None:
        """A text that is assigned is what all see, and only that."""
        self.ann.say("shout hello")
        self.assertEqual(lines(self.bob), [("Ann", "room", "HELLO")])
        self.assertNotIn(b"shout", self.bob.seen())

    def test_to_assigned(self) -> None:
        """A channel that is assigned is where it goes."""
        self.ann.say("team hush")
        self.assertEqual(lines(self.bob), [("Ann", "group:red", "team hush")])
        self.ann.say("whisper hush")
        self.assertEqual(lines(self.cleo), [("Ann", f"seat:{self.cleo.id}", "whisper hush")])
        self.ann.say("loud", to="group:red")
        self.assertEqual(lines(self.cleo)[1:], [("Ann", "room", "loud")])
        self.assertEqual(len(lines(self.bob)), 2)
        self.assertNotIn(b"team hush", self.cleo.seen())
        self.assertNotIn(b"whisper hush", self.bob.seen())

    def test_no_channel_assigned(self) -> None:
        """What is no channel is an error of the game; nobody hears anything."""
        self.assertEqual(self.assertRaises(Refused, self.ann.say, "nowhere").code, "game_error")
        self.assertEqual(len(self.flushLoggedErrors(TypeError)), 1)
        self.assertEqual(lines(self.bob), [])

    def test_hidden(self) -> None:
        """A hidden line was a move: the game has it, nobody sees it, not later either."""
        self.ann.say("move e2e4")
        self.assertEqual(self.bob.docs["room"], {"move": "e2e4"})
        self.assertEqual([lines(v) for v in (self.ann, self.bob, self.table.join("Dan"))], [[], [], []])

    def test_refused(self) -> None:
        """The sender is told; nothing happened, nobody hears."""
        refused = self.assertRaises(Refused, self.ann.say, "bad word")
        self.assertEqual((refused.code, refused.text), ("rude", "mind your words"))
        self.assertEqual((self.table.state, lines(self.ann), lines(self.bob)), ({}, [], []))
        self.assertEqual(self.assertRaises(Refused, self.ann.say, "fail").code, "game_error")
        self.flushLoggedErrors(ValueError)

    def test_data_assigned(self) -> None:
        """``data`` may be assigned."""
        self.ann.say("data", data=[1])
        self.assertEqual(self.bob.chat[0]["data"], {"added": [1]})

    def test_bytes(self) -> None:
        """``data`` may hold bytes, and outlives a restart."""
        self.ann.say("x", data={"b": b"\x00\xff", "$k": 1})
        self.table.restart()
        self.assertEqual(self.table.join("Dan").chat[0]["data"], {"b": b"\x00\xff", "$k": 1})

    def test_too_long(self) -> None:
        """500 code points, no more and not none."""
        self.ann.say("\U0001f600" * 500)
        self.assertEqual(self.assertRaises(Refused, self.ann.say, "x" * 501).code, "too_large")
        self.assertRaises(Refused, self.ann.say, "")
        self.assertEqual(len(lines(self.bob)), 1)

    def test_text_that_is_none(self) -> None:
        """A text that is no str fails there and then: the wire knows no other, nor does a restart."""
        for attempt in (lambda: self.ann.say("number"), lambda: self.ann.send("announce_number")):
            self.assertEqual(self.assertRaises(Refused, attempt).code, "game_error")
        self.flushLoggedErrors()
        self.table.restart()
        self.assertEqual(lines(self.bob), [])


class ChannelTests(SynchronousTestCase):
    """``chat_to``: where players may talk."""

    def test_default(self) -> None:
        """The room and groups; a seat is `forbidden`."""
        table = Table(Default)
        ann, bob = table.join("Ann"), table.join("Bob")
        ann.say("a")
        ann.say("b", to="group:red")
        self.assertEqual(self.assertRaises(Refused, ann.say, "c", to=f"seat:{bob.id}").code, "forbidden")
        self.assertEqual([line[2] for line in lines(bob)], ["a", "b"])

    def test_none(self) -> None:
        """None at all; the game may still speak."""
        table = Table(Silent)
        ann, bob = table.join("Ann"), table.join("Bob")
        for to in ("room", "group:red", f"seat:{bob.id}"):
            self.assertEqual(self.assertRaises(Refused, ann.say, "a", to=to).code, "forbidden", to)
        ann.send("announce")
        self.assertEqual(lines(bob), [(None, "room", "hear, hear")])

    def test_foreign_group(self) -> None:
        """Only members talk to a group."""
        table = Table(Talk)
        ann = table.join("Ann")
        cleo = table.join("Cleo")
        self.assertEqual(self.assertRaises(Refused, cleo.say, "a", to="group:red").code, "forbidden")
        self.assertEqual(lines(ann), [])

    def test_no_such_channel(self) -> None:
        """`bad_data`, and no group comes of it."""
        table = Table(Talk)
        ann = table.join("Ann")
        for to in ("group:blue", "seat:99", "role:player", "", "Room", "group:", "secret"):
            refused = self.assertRaises(Refused, ann.say, "a", to=to)
            self.assertEqual((refused.code, refused.path), ("bad_data", "$.to"), to)
        self.assertEqual(list(table.row["groups"]), ["red"])


class SayTests(SynchronousTestCase):
    """``self.chat.say``: the game itself speaks."""

    def setUp(self) -> None:
        self.table = Table(Talk)
        self.ann, self.bob, self.cleo = (self.table.join(name) for name in ("Ann", "Bob", "Cleo"))

    def test_room(self) -> None:
        """To everybody, from nobody; ``on_chat`` is not asked."""
        Talk.heard.clear()
        self.ann.send("announce", text="bad move")
        for visitor in (self.ann, self.bob, self.cleo):
            self.assertEqual(lines(visitor), [(None, "room", "bad move")])
        self.assertEqual(Talk.heard, [])

    def test_group_and_player(self) -> None:
        """To a group or a player, and nobody else."""
        self.cleo.send("announce", text="reds", to="red")
        self.cleo.send("announce", text="psst", whom=self.bob.id)
        self.assertEqual(lines(self.ann), [(None, "group:red", "reds")])
        self.assertEqual(lines(self.bob), [(None, "group:red", "reds"), (None, f"seat:{self.bob.id}", "psst")])
        self.assertEqual(lines(self.cleo), [])
        self.assertNotIn(b"psst", self.ann.seen())

    def test_undone(self) -> None:
        """Undone with its step."""
        self.assertRaises(Refused, self.ann.send, "announce_then_refuse")
        self.assertEqual((lines(self.bob), lines(self.table.join("Dan"))), ([], []))


class HistoryTests(SynchronousTestCase):
    """Each channel keeps its last lines."""

    def setUp(self) -> None:
        self.table = Table(Talk)
        self.ann, self.bob, self.cleo = (self.table.join(name) for name in ("Ann", "Bob", "Cleo"))

    def test_newcomer(self) -> None:
        """A newcomer gets the room's lines, in order, and nobody else's, also after a restart."""
        self.ann.say("one")
        self.ann.say("red", to="group:red")
        self.ann.say("psst", to=f"seat:{self.bob.id}")
        self.ann.send("announce", text="two")
        self.table.restart()
        dan = self.table.join("Dan")
        self.assertEqual(lines(dan), [("Ann", "room", "one"), (None, "room", "two")])
        self.assertNotIn(b"psst", dan.seen())

    def test_group_newcomer(self) -> None:
        """Who enters a group hears what is said from then on."""
        self.ann.say("before", to="group:red")
        self.cleo.send("join_red")
        self.ann.say("after", to="group:red")
        self.cleo.drop()
        self.cleo.come(None, {})
        self.assertEqual(lines(self.cleo), [("Ann", "group:red", "after")])

    def test_own_lines(self) -> None:
        """Coming back without anything, one gets the lines of all own channels."""
        self.ann.say("one")
        self.ann.say("red", to="group:red")
        self.ann.say("psst", to=f"seat:{self.bob.id}")
        expected = lines(self.bob)
        self.table.restart()
        self.bob.drop()
        self.bob.come(None, {})
        self.assertEqual((lines(self.bob), len(expected)), (expected, 3))

    def test_bounded(self) -> None:
        """Old lines of a channel are forgotten, over restarts too; other channels keep theirs."""
        self.ann.say("red", to="group:red")
        for n in range(120):
            self.ann.say(f"line {n}")
            self.table.advance(1)
        first = lines(self.table.join("Dan"))
        self.assertEqual((len(first), first[-1][2]), (50, "line 119"))
        self.table.restart()
        self.assertEqual(lines(self.table.join("Eve")), first)
        self.bob.drop()
        self.bob.come(None, {})
        self.assertEqual(lines(self.bob)[0], ("Ann", "group:red", "red"))

    def test_line_of_somebody_gone(self) -> None:
        """What somebody said stays when they leave."""
        self.bob.say("bye")
        self.bob.leave()
        self.table.restart()
        self.assertEqual(lines(self.table.join("Dan")), [("Bob", "room", "bye")])
