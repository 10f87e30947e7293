"""What a game is given besides documents is a copy: changes to it are not kept, told, or left by a step undone."""

from __future__ import annotations

from types import ModuleType
from typing import Any

from twisted.trial.unittest import SynchronousTestCase

from gameserver import Answer, Game, Player, Refused, message, question, timer
from gameserver.testing import Table


class Scribbler(Game):
    """Writes into all that it is given."""

    needs_start = False

    def on_create(self, words: list[str] = []) -> None:  # noqa: B006 - each room gets its own
        words.append("scribbled")

    def on_options(self, old: dict[str, Any]) -> None:
        old["words"].append("scribbled")
        raise Refused("as they were")

    @message
    def scribble(self, player: Player) -> None:
        self.options["words"].append("scribbled")
        self.options["more"] = player.profile["more"] = "scribbled"

    @message
    def look(self, player: Player) -> list[Any]:
        return [self.options, player.profile]

    @message
    def begin(self, player: Player) -> None:
        self.every(1, self.ring, seen=[])
        self.choose.ask()

    @timer
    def ring(self, seen: list[int]) -> None:
        seen.append(1)
        self.state["seen"] = len(seen)

    @question
    def choose(self, player: Player, fail: bool) -> list[bool]:
        return [fail]

    @choose.done
    def chosen(self, answers: dict[Player, Answer[list[bool]]]) -> None:
        for answer in answers.values():
            answer.value.append(True)
        if any(answer.value[0] for answer in answers.values()):
            raise Refused("not so")
        self.state["values"] = [answer.value for answer in answers.values()]


class CopyTests(SynchronousTestCase):
    def setUp(self) -> None:
        self.table = Table(Scribbler, options={"words": ["oak"]})
        self.ann = self.table.join("Ann", profile={"face": "cat"})

    def test_options_and_profile(self) -> None:
        """They are as they were set, and as clients know them."""
        self.ann.send("scribble")
        self.assertEqual(self.ann.send("look"), [{"words": ["oak"]}, {"face": "cat"}])
        self.assertEqual(self.table.row["options"], self.ann.info["options"])

    def test_former_options(self) -> None:
        """Options that the game has kept are kept as they were."""
        self.table.room.state.status = "lobby"
        self.assertRaises(Refused, self.ann.options, words=["elm"])
        self.assertEqual(self.table.row["options"], {"words": ["oak"]})

    def test_data_of_a_timer(self) -> None:
        """A timer that repeats gives each call what it was armed with."""
        self.ann.send("begin")
        self.table.advance(3)
        self.assertEqual(self.table.state["seen"], 1)

    def test_answers(self) -> None:
        """An answer that is given again to a game that has undone it is as it was."""
        bob = self.table.join("Bob")
        self.ann.send("begin")
        self.ann.send("choose", fail=False)
        self.assertRaises(Refused, bob.send, "choose", fail=True)
        bob.send("choose", fail=False)
        self.assertEqual(self.table.state["values"], [[False, True], [False, True]])

    def test_options_of_a_function(self) -> None:
        """For a function too."""
        module = ModuleType("scribbling")

        def payload_handler(group_add: Any, socket_self_send: Any, socket_group_send: Any, payload: Any) -> None:
            (payload["data"] or payload["options"])["words"].append("scribbled")

        module.payload_handler = payload_handler  # type: ignore[attr-defined]
        table = Table(module, options={"words": ["oak"]})
        table.join("Ann")
        self.assertEqual(table.row["options"], {"words": ["oak"]})
