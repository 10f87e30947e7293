"""``payload["chat"]`` in a game of the function style."""

from __future__ import annotations

from typing import Any

from twisted.trial.unittest import SynchronousTestCase

from gameserver import Refused
from gameserver.testing import Table, Visitor
from tests.game.test_function import module


def play(group_add: Any, socket_self_send: Any, socket_group_send: Any, payload: Any) -> Any:
    """Do what the message says with the chat."""
    chat, data = payload["chat"], payload["data"]
    if payload["action"] == "CREATE_ROOM":
        chat.open("wolves", "wolves", history=True)
    elif payload["action"] == "join":
        group_add("wolves", data)
    elif payload["action"] == "CHAT":
        return about_line(chat.line)
    elif payload["action"] == "do":
        getattr(chat, data["what"])(*data.get("args", []))
    elif payload["action"] == "look":
        return [sorted(payload), chat.line, dict(payload) == payload]
    elif payload["action"] == "keep":
        KEPT.append(chat)
    return None


def about_line(line: Any) -> Any:
    """Change a line in place, or through what is returned."""
    if line.text == "loud":
        line.data = {"loud": True}
        line.text = "LOUD"
    elif line.text == "quiet":
        return False
    elif line.text == "other":
        return "another"
    return None


KEPT: list[Any] = []


class FunctionChatTests(SynchronousTestCase):
    def setUp(self) -> None:
        self.table = Table(module(play))
        self.ann, self.bob = self.table.join("Ann"), self.table.join("Bob")

    def do(self, what: str, *args: Any) -> None:
        self.ann.send("do", what=what, args=list(args))

    def texts(self, visitor: Visitor) -> list[str]:
        return [line["text"] for line in visitor.chat]

    def test_line(self) -> None:
        """It may be changed in place, replaced, or hidden."""
        for text in ("loud", "quiet", "other", "plain"):
            self.ann.say(text)
        self.assertEqual(self.texts(self.bob), ["LOUD", "another", "plain"])
        self.assertEqual(self.bob.chat[0]["data"], {"loud": True})

    def test_not_among_the_keys(self) -> None:
        """A payload has the keys that it always had; for anything but a line there is none."""
        keys, line, same = self.ann.send("look")
        self.assertEqual((keys, line, same), (sorted(keys), None, True))
        self.assertNotIn("chat", keys)

    def test_channels(self) -> None:
        """Opened, spoken to, made read only, closed."""
        self.bob.send("join", self.bob.player.user_id)
        self.do("say", "howl", "wolves")
        self.do("say", "for Bob", f"seat:{self.bob.id}")
        self.do("readonly", "wolves")
        self.assertRaises(Refused, self.bob.say, "x", to="group:wolves")
        self.do("readonly", "wolves", False)
        self.bob.say("ok", to="group:wolves")
        self.do("close", "wolves")
        self.assertRaises(Refused, self.bob.say, "x", to="group:wolves")
        self.assertEqual((self.texts(self.bob), self.texts(self.ann)), (["howl", "for Bob", "ok"], []))

    def test_people(self) -> None:
        """Silenced, diverted, muted by their ids; slow mode and links."""
        bob = self.bob.player.user_id
        self.bob.send("join", bob)
        self.do("silence", bob)
        self.assertRaises(Refused, self.bob.say, "x")
        self.do("unsilence", bob)
        self.do("divert", bob, "wolves")
        self.bob.say("to the wolves")
        self.do("divert", bob, None)
        self.do("mute", bob, 60)
        self.assertEqual(self.assertRaises(Refused, self.bob.say, "x").code, "muted")
        self.do("unmute", bob)
        self.do("links", False)
        self.assertRaises(Refused, self.bob.say, "http://x")
        self.do("slow", 30)
        self.bob.say("one")
        self.assertEqual(self.assertRaises(Refused, self.bob.say, "two").code, "slow_down")
        self.assertEqual(self.texts(self.ann), ["one"])

    def test_kept_too_long(self) -> None:
        """Called after its step, it says so."""
        self.ann.send("keep")
        for call in ("say", "open", "close", "readonly", "channel"):
            self.assertRaises(RuntimeError, getattr(KEPT[-1], call), "wolves")

    def test_no_such_channel(self) -> None:
        """An error of the game, whose step is undone."""
        for to in ("group:none", "nowhere", "seat:99"):
            self.assertEqual(self.assertRaises(Refused, self.do, "say", "x", to).code, "game_error")
