"""What docs/protocol.rst tells whoever writes a client, compared with what goes over the wire."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from twisted.trial.unittest import SynchronousTestCase

import gameserver
from gameserver import Game, Player, message
from gameserver.errors import CODES
from gameserver.protocol.messages import ARRAYS, FROM_CLIENT, Close
from tests.websocket.kit import Message, WireTestCase

PAGE = (Path(gameserver.__file__).parent.parent / "docs" / "protocol.rst").read_text("utf-8")


def section(title: str) -> str:
    """:returns: a section of the page, without those after it."""
    _, _, rest = PAGE.partition(f"\n{title}\n{'-' * len(title)}\n")
    return re.split(r"\n\n\n(?=[^\n]+\n-{4,}\n)", rest)[0]


class PageTests(SynchronousTestCase):
    def test_arrays(self) -> None:
        """The table has every message, with its fields in their order."""
        told: dict[int, tuple[str, tuple[str, ...]]] = {}
        number = 0
        for line in section("MessagePack").splitlines():
            row = re.fullmatch(r"(\d+) +``(\w+)`` +(.+)", line)
            more = re.fullmatch(r" {22}(\w.*)", line)
            if row:
                number = int(row[1])
                told[number] = (row[2], tuple(re.findall(r"\w+", row[3])))
            elif more:
                told[number] = (told[number][0], told[number][1] + tuple(re.findall(r"\w+", more[1])))
        self.assertEqual(told, ARRAYS)

    def test_every_message_is_explained(self) -> None:
        """Each op has its entry, and each field is named somewhere."""
        from_server = set(ARRAYS) - FROM_CLIENT
        for title, numbers in (("What a client says", FROM_CLIENT), ("What the server says", from_server)):
            text = section(title)
            for number, (op, fields) in ARRAYS.items():
                if number in numbers:
                    self.assertIn(f"\n``{op}``\n", text)
                for field in fields:
                    self.assertTrue(f"``{field}``" in PAGE or f'"{field}"' in PAGE, (op, field))

    def test_codes(self) -> None:
        """All codes of errors, and the codes with which connections are closed."""
        self.assertEqual(set(re.findall(r"^``(\w+)``  ", section("Error codes"), re.M)), set(CODES))
        told = set(map(int, re.findall(r"^(\d{4})  ", section("Close codes"), re.M)))
        self.assertEqual(told, {value for name, value in vars(Close).items() if name.isupper()})


class Shelf(Game):
    """A document that is changed in every way that there is."""

    name = "shelf"
    needs_start = False
    messages_per_s = 1000

    def on_create(self) -> None:
        self.state["items"] = [1, 2, 3]
        self.state["$x"] = {"$y": 1}

    @message
    def push(self, player: Player) -> None:
        self.state["items"].append(4)

    @message
    def drop(self, player: Player) -> None:
        del self.state["items"][0]

    @message
    def set_(self, player: Player) -> None:
        self.state["items"][-1] = 9

    @message
    def clear(self, player: Player) -> None:
        self.state["items"].clear()

    @message
    def odd(self, player: Player) -> None:
        self.state["$x"]["$z"] = {"$$": None}

    @message
    def forget(self, player: Player) -> None:
        del self.state["$x"]["$y"]

    @message
    def anew(self, player: Player) -> None:
        self.state = {"items": [], "": None}

    @message
    def echo(self, player: Player, value: Any) -> Any:
        return value

    @message
    def size(self, player: Player, data: bytes) -> int:
        return len(data)


class WireTests(WireTestCase):
    games = (Shelf,)

    def ops_of(self, heard: list[Message]) -> Iterator[list[Any]]:
        """:returns: all ops of patches."""
        for patch in heard:
            if patch["op"] == "patch":
                yield from patch["ops"]

    def test_patches(self) -> None:
        """No path is empty, keys stand as they are; items are set where they are, come and go by splices."""
        ann = self.rig.guest().create("shelf")
        for type, expected in (
            ("push", [[2, ["items"], 3, 0, [4]]]),
            ("drop", [[2, ["items"], 0, 1, []]]),
            ("set_", [[0, ["items", 2], 9]]),
            ("clear", [[2, ["items"], 0, 3, []]]),
            ("odd", [[0, ["$x", "$z"], {"$$$": None}]]),
            ("forget", [[1, ["$x", "$y"]]]),
            ("anew", [[1, ["$x"]], [0, [""], None]]),
        ):
            self.assertEqual(list(self.ops_of(ann.say("send", type=type))), expected, type)
        self.assertEqual(self.rig.guest("Bob").join(ann.room).joined["docs"]["room"], {"items": [], "": None})

    def test_dollars_in_documents(self) -> None:
        """Doubled in values, as everywhere."""
        ann = self.rig.guest().create("shelf")
        self.assertEqual(ann.joined["docs"]["room"]["$$x"], {"$$y": 1})

    def test_joined_has_all_its_fields(self) -> None:
        """Also where there is nothing in them, and whichever of the three it answers."""
        ann = self.rig.guest().create("shelf")
        fields = {"op", *ARRAYS[22][1]} - {"keys"}
        joins = [ann.joined, ann.ask("join", id=5, room=ann.room)]
        joins.append(ann.ask("resume", id=6, room=ann.room, resume=ann.secret, seen=ann.seen()))
        self.assertEqual([joined["recovered"] for joined in joins], [None, None, True])
        for joined in joins:
            self.assertEqual(set(joined), fields)
            self.assertEqual(joined["read"], {})

    def test_ids(self) -> None:
        """From 1 to 2^53."""
        ann = self.rig.guest().create("shelf")
        for id in (1, 2, 2**53 - 1, 2**53):
            self.assertEqual(ann.ask("send", id=id, type="echo", data={"value": id})["data"], id)

    def test_resume_with_what_was_told(self) -> None:
        """SEEN goes back as it came."""
        ann = self.rig.guest().create("shelf")
        answer = ann.ask("resume", id=2, room=ann.room, resume=ann.secret, seen=ann.joined["seen"])
        self.assertEqual((answer["recovered"], answer["seen"]), (True, ann.joined["seen"]))


class BytesTests(WireTestCase):
    """Bytes, and nulls, in JSON."""

    games = (Shelf,)

    def test_base64(self) -> None:
        """One form is written, and no other is taken."""
        ann = self.rig.guest().create("shelf")
        ann.take()
        (answer,) = ann.say("send", id=2, type="echo", data={"value": {"$bytes": "+/8="}})
        self.assertEqual(answer["data"], {"$bytes": "+/8="})
        for text in ("-_8=", "+/8", "+/8=\n", "+/ 8=", "+/8==", "=", "\u00e9"):
            (answer,) = ann.say("send", type="size", data={"data": {"$bytes": text}})
            self.assertEqual(answer.get("code"), "bad_data", text)

    def test_nulls(self) -> None:
        """A field that is null is as good as missing."""
        ann = self.rig.guest()
        fields = {"options": None, "private": None, "password": None, "name": None, "role": None, "profile": None}
        self.assertEqual(ann.ask("create", id=1, game="shelf", **fields)["op"], "joined")
        said = ann.say("chat", id=2, text="hi", to=None, data=None, room=None)
        self.assertEqual([m["op"] for m in said], ["chat", "ok"])
