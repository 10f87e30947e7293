"""Names and texts as games give them: members of enums, and what no row could hold."""

from __future__ import annotations

from enum import Enum
from types import ModuleType
from typing import Any, Final

from twisted.trial.unittest import SynchronousTestCase

from gameserver import Game, Player, Refused, message, timer
from gameserver.testing import Table

HALF: Final = chr(0xD800)
"""Half a surrogate pair, which no JSON can hold."""


class Name(str, Enum):  # noqa: UP042 - authors write this too
    """Their format is not their value, unlike that of a `StrEnum`."""

    RED = "red"
    SCREEN = "screen"
    PACK = "pack"
    RING = "ring"


class Named(Game):
    """Does what a message says with the name that it is told."""

    needs_start = False
    roles = {"screen": 1}

    @message
    def join_group(self, player: Player) -> None:
        self.group(Name.RED).add(player)
        self.group("red").state["seen"] = True
        self.group(Name.RED).send("hello")

    @message
    def tell_role(self, player: Player) -> None:
        self.role(Name.SCREEN).send("hello")

    @message
    def open_channel(self, player: Player) -> None:
        self.chat.open(Name.PACK, group=Name.RED)
        self.chat.say("hush", to=Name.PACK)
        self.chat.say("hush hush", to="pack")

    @message
    async def write(self, player: Player) -> Any:
        self.table(Name.PACK).put(Name.RED, 1)
        return [self.table(Name.PACK).name, await self.table("pack").get("red")]

    @message
    def odd(self, player: Player, what: str) -> None:
        title: Any = {"number": 5, "half": HALF}.get(what)
        if what == "size":
            self.teams(["red"], size=True)
        elif what == "colour":
            self.teams({"red": {"colour": 5}})  # type: ignore[dict-item]
        elif what == "timer":
            self.after(1, 5)  # type: ignore[arg-type]
        elif what == "stage":
            self.turns.begin()
            self.turns.only(player, stage="bid")
        else:
            self.chat.open("pack", title=title)

    @timer
    def ring(self) -> None: ...


class GivenNameTests(SynchronousTestCase):
    def setUp(self) -> None:
        self.table = Table(Named)
        self.ann = self.table.join("Ann")

    def test_group(self) -> None:
        """A member of an enum that is a str names the group of its value."""
        self.ann.send("join_group")
        self.assertEqual((self.ann.docs["group:red"], self.ann.inbox), ({"seen": True}, [("hello", None)]))

    def test_role(self) -> None:
        """And the role."""
        screen = self.table.join("TV", "screen")
        self.ann.send("tell_role")
        self.assertEqual(screen.inbox, [("hello", None)])

    def test_channel(self) -> None:
        """And the channel."""
        self.ann.send("join_group")
        self.ann.send("open_channel")
        self.assertEqual([line["to"] for line in self.ann.chat], ["channel:pack"] * 2)

    def test_table(self) -> None:
        """And the table: its name is an exact str, as stores write it into their keys."""
        name, value = self.ann.send("write")
        self.assertEqual((name, value), ("pack", 1))

    def test_what_no_row_holds(self) -> None:
        """What could not be stored, or not be read again, is the game's error at once."""
        for what in ("number", "half", "size", "colour", "timer", "stage"):
            refused = self.assertRaises(Refused, self.ann.send, "odd", what=what)
            self.assertIsInstance(refused.__cause__, TypeError | ValueError, what)
        self.table.restart()

    def test_timer_of_a_function(self) -> None:
        """A function names timers freely, by any str that JSON holds."""
        module = ModuleType("naming")
        names: dict[str, Any] = {"number": 5, "none": None, "half": HALF, "right": Name.RING}

        def payload_handler(group_add: Any, socket_self_send: Any, socket_group_send: Any, payload: Any) -> None:
            if payload["action"] in names:
                payload["timers"].after(1, names[payload["action"]])
            elif payload["action"] == "TIMER":
                payload["shared"]["rang"] = payload["timer"]

        module.payload_handler = payload_handler  # type: ignore[attr-defined]
        table = Table(module)
        ann = table.join("Ann")
        for wrong in ("number", "none", "half"):
            self.assertIsInstance(self.assertRaises(Refused, ann.send, wrong).__cause__, TypeError)
        ann.send("right")
        table.advance(1)
        self.assertEqual(table.state, {"rang": "ring"})
