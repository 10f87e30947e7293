"""What people write, at each door by which it reaches others: no control character does, and nothing is not said."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from gameserver import Game, Player, message
from gameserver.protocol.texts import LINES
from tests.protocol.test_texts import CONTROLS
from tests.websocket.kit import Peer, WireTestCase

DIRTY = "".join(f"x{control}" for control in CONTROLS if control not in "\t\n")
NOTHING = (" ", "\n\n", "\u3164", "\u2800\u200d", "\x00", "\x1b\x07", " \r\n\u034f\t")


class Talk(Game):
    """People talk, and the game repeats what it was sent."""

    name = "talk"
    needs_start = False
    chat_to = ("room", "seat")
    chat_repeats = 2

    @message
    def repeat(self, player: Player, text: str) -> None:
        self.chat.say(text)


def texts(tree: Any) -> Iterator[str]:
    """:returns: all texts and keys in a message."""
    if isinstance(tree, str):
        yield tree
    elif isinstance(tree, dict):
        for key, value in tree.items():
            yield from (key, *texts(value))
    elif isinstance(tree, list):
        for item in tree:
            yield from texts(item)


class TextsTests(WireTestCase):
    games = (Talk,)

    def setUp(self) -> None:
        super().setUp()
        self.ann = self.rig.guest("Ann").create("talk")
        self.bob = self.rig.guest("Bob").join(self.ann.room)
        self.ann.take(), self.bob.take()
        self.last_id = 10

    def say(self, text: str, **fields: Any) -> Any:
        self.last_id += 1
        return self.ann.ask("chat", id=self.last_id, text=text, **fields)

    def heard(self, peer: Peer, op: str) -> list[Any]:
        """:returns: what came of that kind, in all of which is no control character but line ends."""
        new = peer.take()
        for text in texts(new):
            self.assertFalse(set(CONTROLS) - set("\t\n") & set(text), ascii(text))
        return [m for m in new if m["op"] == op]

    def test_room(self) -> None:
        """A line, its change, a private line, and what the game repeats."""
        for to in ("room", f"seat:{self.bob.seat}"):
            self.say(DIRTY, to=to)
        line = self.heard(self.bob, "chat")
        self.assertEqual([m["text"].replace("\n", "") for m in line], ["x" * 63] * 2)
        change = {"stream": "room", "line": line[0]["n"], "text": "a\x00b\x9bc\rd"}
        self.ann.ask("edit", id=90, **change)
        self.assertEqual([m["text"] for m in self.heard(self.bob, "edited")], ["abc\nd"])
        self.ann.ask("send", id=91, type="repeat", data={"text": "a\x1b[2Jb"})
        self.assertEqual([m["text"] for m in self.heard(self.bob, "chat")], ["a[2Jb"])
        late = self.rig.guest("Cid").join(self.ann.room)
        self.assertEqual([m["text"] for m in late.joined["chat"]], ["abc\nd", "a[2Jb"])

    def test_lines(self) -> None:
        """Five hundred line ends do not push away what others say."""
        self.say("a" + "\n" * 498 + "b")
        self.say("\r".join("a" * 250))
        told = [m["text"] for m in self.heard(self.bob, "chat")]
        self.assertEqual(told[0], "a\n\nb")
        self.assertEqual(told[1].count("\n"), LINES - 1)

    def test_nothing(self) -> None:
        """What nobody could see is refused, as a line, as a change, outside rooms, and as what somebody does."""
        self.say("first")
        line = self.heard(self.bob, "chat")[0]["n"]
        for text in NOTHING:
            self.assert_error(self.say(text), "bad_data", self.last_id)
            self.assert_error(self.say(text, to="lobby:talk"), "bad_data", self.last_id)
            self.last_id += 1
            change = self.ann.ask("edit", id=self.last_id, stream="room", line=line, text=text)
            self.assert_error(change, "bad_data", self.last_id)
        self.assertEqual(self.bob.take(), [])

    def test_nothing_is_done(self) -> None:
        """A line that says that its sender does nothing that can be seen is an ordinary one."""
        self.say("/me \u3164")
        self.assertEqual(self.heard(self.bob, "chat")[0].get("emote"), None)

    def test_said_again(self) -> None:
        """A control character makes no other line of one that was just said."""
        for n in range(4):
            answer = self.say("buy" + "\x00" * n)
        self.assertEqual(answer["op"], "error")

    def test_outside_rooms(self) -> None:
        """A lobby, and direct lines."""
        user = self.bob.welcome["user"]["id"]
        for id, to in enumerate(("lobby:talk", "direct"), start=20):
            self.bob.ask("listen", id=id, to=to)
        self.say(DIRTY, to="lobby:talk")
        self.say(DIRTY, to=f"user:{user}")
        told = [m["text"].replace("\n", "") for m in self.heard(self.bob, "post")]
        self.assertEqual(told, ["x" * 63] * 2)

    def test_profile(self) -> None:
        """Its texts and its keys."""
        self.rig.guest("Cid").join(self.ann.room, profile={"k\x1by": ["\x07a", {"b": "\x00c"}], "n": 1})
        told = self.heard(self.bob, "seats")[0]["seats"][0]["profile"]
        self.assertEqual(told, {"ky": ["a", {"b": "c"}], "n": 1})

    def test_reasons(self) -> None:
        """Of a report, by message and by command, and of what a host does to somebody."""
        self.bob.ask("report", id=30, seat=self.ann.seat, reason="rude\x1b[31m\r\n" * 100)
        self.bob.ask("chat", id=31, text=f"/report {self.ann.seat} rude\x9b31m")
        records = [entry for _, entry in self.rig.registry.watch.newest(most=10, kind="report", before=None)]
        self.assertEqual(len(records), 2)
        for record in records:
            self.assertFalse((set(CONTROLS) - {"\n"}) & set(record.reason), ascii(record.reason))
            self.assertTrue(record.reason.startswith("rude"))
        self.say(f"/kick {self.bob.seat} go\x07 away")
        self.assertEqual([m["message"] for m in self.heard(self.bob, "left")], ["go away"])
