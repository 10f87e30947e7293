"""Emotes, mentions, who is typing, read markers, lines that are changed or taken back."""

from __future__ import annotations

import json
from typing import Any

from twisted.trial.unittest import SynchronousTestCase

from gameserver import Chat, Game, Player, Refused, message
from gameserver.testing import Table, Visitor


class Cafe(Game):
    """People talk."""

    needs_start = False
    chat_to = ("room", "group", "seat")

    def on_join(self, player: Player) -> None:
        if player.name in ("Ann", "Bob"):
            self.group("red").add(player)

    def on_chat(self, player: Player, chat: Chat) -> None:
        if chat.text == "never":
            raise Refused("no")
        if chat.text == "move":
            chat.hide()
        if chat.edits is not None:
            chat.data = {"was": chat.edits}

    @message
    def die(self, player: Player) -> None:
        self.chat.open("dead", group="dead")
        self.group("dead").add(player)
        self.chat.divert(player, "dead")


class CafeCase(SynchronousTestCase):
    def setUp(self) -> None:
        self.table = Table(Cafe)
        self.ann, self.bob, self.cleo = (self.table.join(name) for name in ("Ann", "Bob", "Cleo"))

    def told(self, visitor: Visitor, op: str) -> list[dict[str, Any]]:
        """What somebody was sent of one kind, since the beginning."""
        return [m for m in map(json.loads, visitor.seen().split(b"\n")) if m["op"] == op]


class WordsTests(CafeCase):
    def test_emote(self) -> None:
        """``/me waves`` is an emote without the command; ``/me`` alone is a line."""
        self.ann.say("/me waves")
        self.ann.say("/me ")
        first, second = self.bob.chat
        self.assertEqual((first["text"], first["emote"]), ("waves", True))
        self.assertEqual((second["text"], "emote" in second), ("/me ", False))
        self.table.restart()
        self.assertEqual(self.table.join("Dan").chat, [{**line, "stream": "room"} for line in map(bare, self.bob.chat)])

    def test_mentions(self) -> None:
        """Names behind an ``@``, in any case, of those who hear the line; of two that begin alike the longer."""
        annabel, spaced = self.table.join("Annabel"), self.table.join("Dr No")
        self.ann.say("@bob, @annabel! a@cleo @dr no @Nobody @Bobby")
        self.assertEqual(self.bob.chat[0]["mentions"], [self.bob.id, annabel.id, spaced.id])
        self.ann.say("@Bob @Cleo", to="group:red")
        self.assertEqual(self.bob.chat[1]["mentions"], [self.bob.id])
        self.ann.say("nobody")
        self.assertNotIn("mentions", self.bob.chat[2])


class TypingTests(CafeCase):
    def typing(self, to: str = "room", on: bool = True) -> None:
        self.ann._speak({"op": "typing", "to": to, "on": on})

    def test_audience(self) -> None:
        """The channel's audience hears it but for the writer, without a number, and nothing of it is kept."""
        before = self.table.row
        self.typing("group:red")
        (told,) = self.told(self.bob, "typing")
        self.assertEqual(told, {"op": "typing", "room": self.table.code, "stream": "group:red", "seat": self.ann.id}
                         | {"to": "group:red", "on": True})  # fmt: skip
        self.assertEqual((self.told(self.ann, "typing"), self.told(self.cleo, "typing")), ([], []))
        self.assertEqual(self.table.row, before)

    def test_seat(self) -> None:
        """To a seat, that seat alone."""
        self.typing(f"seat:{self.cleo.id}")
        self.assertEqual([len(self.told(v, "typing")) for v in (self.ann, self.bob, self.cleo)], [0, 0, 1])

    def test_rate(self) -> None:
        """Once in two seconds; that it has ceased, once after each."""
        for _ in range(10):
            self.typing()
        self.typing(on=False)
        self.typing(on=False)
        self.table.advance(2)
        self.typing()
        self.assertEqual([m["on"] for m in self.told(self.bob, "typing")], [True, False, True])

    def test_where_one_may_not_write(self) -> None:
        """Nobody is told, and nobody is answered."""
        self.ann.say("/mute Bob")
        before = len(self.bob._frames)
        self.bob._speak({"op": "typing"})
        self.cleo._speak({"op": "typing", "to": "group:red"})
        self.cleo._speak({"op": "typing", "to": "nowhere"})
        self.assertEqual((self.told(self.ann, "typing"), len(self.bob._frames)), ([], before))


class ReadTests(CafeCase):
    def test_kept(self) -> None:
        """It is told to the seat's other tabs alone, never goes back, and outlives a restart."""
        self.bob.say("one")
        self.bob.say("psst", to="group:red")
        n = self.ann.chat[0]["n"]
        self.ann.ask("read", to="room", upto=n)
        self.ann.ask("read", to="room", upto=n - 1)
        self.ann.ask("read", to="group:red", upto=10**9)
        self.assertEqual(self.ann.read, {"room": n, "group:red": self.ann.chat[1]["n"]})
        self.assertEqual(self.told(self.bob, "read"), [])
        self.bob.say("a step that is stored")
        self.table.restart()
        self.assertEqual(self.ann.read, {"room": n, "group:red": self.ann.chat[1]["n"]})

    def test_what_one_does_not_hear(self) -> None:
        """There is no marker for it."""
        self.assertEqual(self.assertRaises(Refused, self.cleo.ask, "read", to="group:red", upto=1).code, "forbidden")
        self.assertEqual(self.assertRaises(Refused, self.cleo.ask, "read", to="group:x", upto=1).code, "bad_data")


class EditTests(CafeCase):
    def line(self, visitor: Visitor) -> dict[str, Any]:
        return visitor.chat[-1]

    def test_changed(self) -> None:
        """All who heard it are told, on its stream; newcomers get it as it is now, and nobody what it was."""
        self.ann.say("helo @Bob")
        n = self.line(self.ann)["n"]
        self.cleo.drop()
        self.ann.ask("edit", stream="room", line=n, text="hello @Cleo")
        line = self.line(self.bob)
        self.assertEqual((line["text"], line["data"]), ("hello @Cleo", {"was": "helo @Bob"}))
        self.assertEqual(self.told(self.bob, "edited")[0]["mentions"], [self.cleo.id])
        self.cleo.resume()
        self.table.restart()
        dan = self.table.join("Dan")
        kept = [(x["text"], x["mentions"], "edited" in x) for x in dan.chat]
        self.assertEqual(kept, [("hello @Cleo", [self.cleo.id], True)])
        self.assertEqual(self.line(self.cleo)["text"], "hello @Cleo")

    def test_taken_back(self) -> None:
        """It is gone, from the history and from what is replayed."""
        self.cleo.drop()
        self.ann.say("oops")
        self.ann.ask("unsay", stream="room", line=self.line(self.ann)["n"])
        self.assertEqual((self.ann.chat, self.bob.chat), ([], []))
        self.cleo.resume()
        self.table.restart()
        self.assertEqual((self.cleo.recovered, self.cleo.chat, self.table.join("Dan").chat), (True, [], []))
        self.assertNotIn(b"oops", self.cleo.seen())

    def test_line_to_a_seat(self) -> None:
        """Both copies change."""
        self.ann.say("psst", to=f"seat:{self.bob.id}")
        self.bob.say("what?", to=f"seat:{self.ann.id}")
        self.ann.ask("edit", stream="seat", line=self.ann.chat[0]["n"], text="hush")
        for visitor in (self.ann, self.bob):
            self.assertEqual([line["text"] for line in visitor.chat], ["hush", "what?"])
        self.assertEqual(self.cleo.chat, [])

    def test_refused(self) -> None:
        """Others' lines, lines that one did not hear, old ones, and what the game will not have; a move hides it."""
        self.ann.say("mine")
        n = self.line(self.ann)["n"]
        asked = (
            (self.bob, {"line": n}, "forbidden"),
            (self.ann, {"line": n + 100}, "bad_data"),
            (self.cleo, {"line": 1, "stream": "group:red"}, "bad_data"),
            (self.ann, {"line": n, "text": "never"}, "refused"),
            (self.ann, {"line": n, "text": ""}, "bad_data"),
            (self.ann, {"line": n, "text": "x" * 501}, "too_large"),
        )
        for visitor, fields, code in asked:
            wish = {"stream": "room", "text": "yours", **fields}
            self.assertEqual(self.assertRaises(Refused, visitor.ask, "edit", **wish).code, code, fields)
        self.ann.ask("edit", stream="room", line=n, text="move")
        self.assertRaises(Refused, self.cleo.ask, "unsay", stream="room", line=n)
        self.table.advance(Cafe.chat_edit_s + 1)
        self.assertRaises(Refused, self.ann.ask, "edit", stream="room", line=n, text="late")
        self.assertEqual([line["text"] for line in self.bob.chat], ["mine"])
        self.bob.say("mine too")
        self.table.advance(Cafe.chat_edit_s + 1)
        self.assertRaises(Refused, self.bob.ask, "unsay", stream="room", line=self.line(self.bob)["n"])
        self.assertEqual(self.told(self.bob, "edited"), [])

    def test_dead_change_nothing_among_the_living(self) -> None:
        """Who by now speaks to the dead alone cannot speak through an old line either."""
        self.ann.say("I am well")
        self.ann.send("die")
        n = self.ann.chat[0]["n"]
        self.assertRaises(Refused, self.ann.ask, "edit", stream="room", line=n, text="Bob did it")
        self.assertNotIn(b"Bob did it", self.bob.seen())

    def test_dead_take_nothing_back_among_the_living(self) -> None:
        """A line that vanishes would be a sign as well."""
        self.bob.say("I am well")
        self.bob.send("die")
        before = self.cleo.seen()
        self.assertRaises(Refused, self.bob.ask, "unsay", stream="room", line=self.line(self.bob)["n"])
        self.assertEqual(self.cleo.seen(), before)

    def test_host_takes_back_others(self) -> None:
        """Whoever moderates may take any line back, at any time; the log has it."""
        self.bob.say("rude")
        self.table.advance(10_000)
        self.ann.ask("unsay", stream="room", line=self.line(self.ann)["n"])
        self.assertEqual(self.cleo.chat, [])


def bare(line: dict[str, Any]) -> dict[str, Any]:
    """A line without what only a message has."""
    return {key: value for key, value in line.items() if key not in ("op", "room")}
