"""Channels that a game opens: who hears them, who may write, and what newcomers get of what was said."""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from gameserver import Chat, Game, Player, Refused, message
from gameserver.testing import Table, Visitor


class Camp(Game):
    """Opens, closes and silences as it is told."""

    roles = {"spectator": 5}
    needs_start = False
    chat_to = ("room",)
    silent_phases = ("night",)

    def on_create(self) -> None:
        self.chat.open("wolves", group="wolves")
        self.chat.open("den", group="wolves", title="The den", history=True)
        self.chat.open("stands", role="spectator", history=True)
        self.chat.open("trade")

    @message(by="any")
    def enter_group(self, player: Player, group: str = "wolves", on: bool = True) -> None:
        (self.group(group).add if on else self.group(group).remove)(player)

    @message
    def do(self, player: Player, what: str, name: str = "wolves", on: bool = True) -> None:
        if what == "close":
            self.chat.close(name)
        elif what == "open":
            self.chat.open(name, group=name)
        elif what == "readonly":
            self.chat.channel(name).readonly(on)
        elif what == "silence":
            (self.chat.silence if on else self.chat.unsilence)(player)
        elif what == "divert":
            self.chat.divert(player, name if on else None)
        elif what == "say":
            self.chat.say("the game", name, data={"rich": [1]})
        elif what == "night":
            self.enter("night" if on else "day")

    @message
    def try_open(self, player: Player, name: str, group: str | None = None) -> None:
        self.chat.open(name, group)

    @message
    def open_then_refuse(self, player: Player) -> None:
        self.chat.open("never")
        self.chat.close("trade")
        self.chat.silence(player)
        raise Refused("no")

    def on_chat(self, player: Player, chat: Chat) -> None:
        if chat.text == "to the den":
            chat.to = self.chat.channel("den")


def texts(visitor: Visitor, to: str | None = None) -> list[str]:
    return [line["text"] for line in visitor.chat if to in (None, line["to"])]


class CampCase(SynchronousTestCase):
    def setUp(self) -> None:
        self.table = Table(Camp)
        self.ann, self.bob, self.cleo = (self.table.join(name) for name in ("Ann", "Bob", "Cleo"))
        self.ann.send("enter_group")

    def refused(self, visitor: Visitor, text: str, to: str = "room") -> str:
        refused: Refused = self.assertRaises(Refused, visitor.say, text, to=to)
        return refused.code


class AudienceTests(CampCase):
    def test_group_channel_named_like_its_group(self) -> None:
        """It is the group's own, by either address, though ``chat_to`` has no groups."""
        self.ann.say("howl", to="group:wolves")
        self.ann.say("wail", to="channel:wolves")
        self.assertEqual([line["to"] for line in self.ann.chat], ["group:wolves", "group:wolves"])
        self.assertEqual(self.bob.chat, [])
        for to in ("group:wolves", "channel:wolves", "channel:den"):
            self.assertEqual(self.refused(self.bob, "me too", to), "forbidden")
        self.assertEqual(self.refused(self.ann, "x", "channel:none"), "bad_data")

    def test_channel_of_a_role(self) -> None:
        """Spectators alone hear and write it."""
        sue = self.table.join("Sue", "spectator")
        sue.say("boo", to="channel:stands")
        self.assertEqual(self.refused(self.ann, "hey", "channel:stands"), "forbidden")
        self.assertNotIn(b"boo", self.ann.seen())
        self.assertEqual(texts(self.table.join("Tom", "spectator")), ["boo"])

    def test_channel_of_everybody(self) -> None:
        """Another channel of the room, with an address of its own and a history of its own."""
        self.bob.say("wood?", to="channel:trade")
        self.assertEqual([line["to"] for line in self.ann.chat], ["channel:trade"])
        for n in range(60):
            self.ann.say(f"line {n}")
            self.table.advance(1)
        dan = self.table.join("Dan")
        self.assertEqual((texts(dan, "channel:trade"), len(texts(dan, "room"))), (["wood?"], 50))

    def test_game_speaks(self) -> None:
        """By the channel's name, with data; also where it is read only."""
        self.ann.send("do", what="readonly")
        self.ann.send("do", what="say")
        self.assertEqual((self.ann.chat[-1]["text"], self.ann.chat[-1]["data"]), ("the game", {"rich": [1]}))
        self.assertEqual(self.refused(self.ann, "mine", "group:wolves"), "forbidden")
        self.assertEqual(self.bob.chat, [])

    def test_game_sends_a_line_elsewhere(self) -> None:
        """``chat.to`` may be a channel."""
        self.ann.say("to the den")
        self.assertEqual([line["to"] for line in self.ann.chat], ["channel:den"])
        self.assertNotIn(b"to the den", self.bob.seen())

    def test_names(self) -> None:
        """What is no name, another audience for a name that is taken, and too many are errors of the game."""
        for name, group in (("", None), ("a b", None), ("room", None), ("trade", "wolves")):
            self.assertEqual(
                self.assertRaises(Refused, self.ann.send, "try_open", name=name, group=group).code, "game_error"
            )
        for n in range(60):
            self.ann.send("try_open", name=f"c{n}")
            self.table.advance(1)
        self.assertEqual(self.assertRaises(Refused, self.ann.send, "try_open", name="more").code, "game_error")

    def test_undone(self) -> None:
        """A step that fails leaves channels and silence as they were."""
        before = self.ann.channels
        self.assertRaises(Refused, self.ann.send, "open_then_refuse")
        self.bob.say("fine", to="channel:trade")
        self.ann.say("fine too")
        self.assertEqual(self.assertRaises(Refused, self.ann.say, "x", to="channel:never").code, "bad_data")
        self.assertEqual(self.ann.channels, before)


class HistoryTests(CampCase):
    def test_from_then_on_or_all(self) -> None:
        """Who enters gets the history where the game says so, and what is said from then on everywhere."""
        self.ann.say("old howl", to="group:wolves")
        self.ann.say("old den", to="channel:den")
        self.bob.send("enter_group")
        self.assertEqual(texts(self.bob), ["old den"])
        self.ann.say("new howl", to="group:wolves")
        self.bob.drop()
        self.bob.come(None, {})
        self.assertEqual(texts(self.bob), ["old den", "new howl"])

    def test_leaving_ends_both(self) -> None:
        """Neither new lines nor the history, by whatever way back, until the player is in again."""
        self.bob.send("enter_group")
        self.ann.say("first", to="channel:den")
        self.bob.send("enter_group", on=False)
        self.ann.say("behind", to="channel:den")
        self.bob.drop()
        self.bob.resume()
        self.table.restart()
        self.assertNotIn(b"behind", self.bob.seen())
        self.bob.drop()
        self.bob.come(None, {})
        self.assertEqual((texts(self.bob), set(self.bob.channels)), ([], {"room", "channel:trade"}))
        self.bob.send("enter_group")
        self.assertEqual(texts(self.bob), ["first", "behind"])

    def test_age(self) -> None:
        """A line past its age is told to nobody who comes, and gone from the row with the next line."""
        self.ann.say("ancient")
        self.table.advance(Camp.chat_history_s or 0)
        self.ann.say("young")
        self.assertEqual(texts(self.table.join("Dan")), ["ancient", "young"])
        self.table.advance(1)
        self.assertEqual(texts(self.table.join("Eve")), ["young"])
        self.ann.say("new")
        self.table.restart()
        self.assertEqual([line.text for line in self.table.room.talking.lines], ["young", "new"])


class WriteTests(CampCase):
    def test_closed_and_open_again(self) -> None:
        """Nobody writes to what is closed, what was said stays, and it is told; a restart changes nothing of it."""
        self.ann.say("before", to="group:wolves")
        self.ann.send("do", what="close")
        self.assertTrue(self.ann.channels["group:wolves"]["closed"])
        self.table.restart()
        self.assertEqual(self.refused(self.ann, "x", "group:wolves"), "forbidden")
        self.ann.send("do", what="open")
        self.ann.say("after", to="group:wolves")
        self.assertEqual(texts(self.ann), ["before", "after"])

    def test_state_is_its_audiences_alone(self) -> None:
        """Others are refused alike, whether it is open, read only, or closed."""
        answers = set()
        for what in ("open", "readonly", "close"):
            self.ann.send("do", what=what)
            for to in ("group:wolves", "channel:wolves"):
                refused = self.assertRaises(Refused, self.bob.say, "x", to=to)
                answers.add((refused.code, refused.text))
        self.assertEqual(len(answers), 1, answers)

    def test_room_read_only(self) -> None:
        """The room's own channel can be closed and opened like any other."""
        self.ann.send("do", what="readonly", name="room")
        self.assertEqual(self.refused(self.bob, "x"), "forbidden")
        self.assertTrue(self.bob.channels["room"]["readonly"])
        self.table.restart()
        self.assertEqual(self.refused(self.bob, "x"), "forbidden")
        self.ann.send("do", what="readonly", name="room", on=False)
        self.bob.say("at last")
        self.assertFalse(self.bob.channels["room"]["readonly"])

    def test_silent_phase(self) -> None:
        """By night only what the game has opened may be written to."""
        self.ann.send("do", what="night")
        self.assertEqual(self.refused(self.ann, "x"), "forbidden")
        self.ann.say("howl", to="group:wolves")
        self.bob.say("wood?", to="channel:trade")
        self.ann.send("do", what="night", on=False)
        self.ann.say("morning")
        self.assertEqual(texts(self.bob), ["wood?", "morning"])

    def test_silenced_player(self) -> None:
        """One player is silent in the room, over a restart, and not in what the game has opened; then speaks again."""
        self.ann.send("do", what="silence")
        self.table.restart()
        self.assertEqual(self.refused(self.ann, "x"), "forbidden")
        self.bob.say("hm")
        self.ann.say("howl", to="group:wolves")
        self.ann.send("do", what="silence", on=False)
        self.ann.say("there")
        self.assertEqual(texts(self.bob), ["hm", "there"])

    def test_dead_speak_to_the_dead(self) -> None:
        """What a diverted player says to the room goes to the channel alone, also after a restart."""
        self.ann.send("do", what="divert", name="den")
        self.ann.say("boo")
        self.table.restart()
        self.ann.say("boohoo")
        self.assertEqual([line["to"] for line in self.ann.chat], ["channel:den"] * 2)
        self.assertNotIn(b"boo", self.bob.seen())
        self.ann.send("do", what="divert", on=False)
        self.ann.say("alive")
        self.assertEqual(texts(self.bob), ["alive"])

    def test_told_to_its_audience_alone(self) -> None:
        """Who does not hear a channel does not know that it is there."""
        self.assertIn("channel:den", self.ann.channels)
        for word in (b"channel:den", b"The den", b"stands"):
            self.assertNotIn(word, self.bob.seen())
        self.bob.send("enter_group")
        self.assertEqual(self.bob.channels["channel:den"], self.ann.channels["channel:den"])
