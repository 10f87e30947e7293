"""``play_random`` plays: it finds out what a game takes, and says how to see again what it found."""

from __future__ import annotations

import re
from typing import Annotated, Any, ClassVar, Literal

from msgspec import Meta
from twisted.internet.defer import Deferred
from twisted.trial.unittest import SynchronousTestCase

from gameserver import Game, Player, Refused, message, timer
from gameserver.testing import Table
from gameserver.testing.code_words import compared, near
from gameserver.testing.script import PlayedStep, script
from tests.testing.cards import GAMES, Cards


class CardTests(SynchronousTestCase):
    """In a card game it plays cards, in whatever way they are written down."""

    def play(self, game: type[Cards], seed: int, **options: Any) -> dict[str, int]:
        """:returns: how often each message was accepted in 400 steps."""
        Cards.counts.clear()
        Table(game, seed=seed, **options).play_random(400, seed)
        return dict(Cards.counts)

    def test_cards_are_played(self) -> None:
        """A good part of all turns is a card that was played, and games of several players go on for long."""
        for game in GAMES:
            counts = self.play(game, 1)
            accepted = sum(counts.values())
            self.assertGreater(accepted, 70, (game, counts))
            self.assertGreater(counts["play"], 0.1 * accepted, (game, counts))

    def test_other_seeds(self) -> None:
        """That is no luck of one seed."""
        for seed in range(2, 6):
            counts = self.play(GAMES[seed % 2], seed)
            self.assertGreater(counts["play"], 7, (seed, counts))

    def test_same_again(self) -> None:
        """The same seed does the same, and learns nothing of other tables."""
        self.assertEqual(self.play(GAMES[0], 7), self.play(GAMES[0], 7))
        self.assertEqual(self.play(GAMES[0], 7), self.play(GAMES[0], 7, amnesia=True))


class Shop(Game):
    """Takes what only its schema, its code and its documents tell."""

    needs_start = False
    COLOURS = ("crimson", "azure")
    taken: ClassVar[set[str]] = set()

    def on_create(self) -> None:
        self.state["shelf"] = {"apple-7": {"price": 3}, "pear-9": {"price": 4}}

    def on_join(self, player: Player) -> None:
        self.send("dealt", {"token": f"t{player.number}x"})

    @message
    def bounds(self, player: Player, small: Annotated[int, Meta(ge=1000, le=1002)], word: Literal["yes", "no"]) -> None:
        self.note("bounds")

    @message
    def key(self, player: Player, item: str) -> None:
        self.note("key", item in self.state["shelf"])

    @message
    def colour(self, player: Player, colour: str) -> None:
        self.note("colour", colour in self.COLOURS)

    @message
    def give(self, player: Player, to: Player, least: Annotated[list[int], Meta(min_length=1)]) -> None:
        self.note("give", to != player)

    @message
    def whom(self, player: Player, who: str) -> None:
        self.note("whom", any(seat.id == who for seat in self.players))

    @message
    def event(self, player: Player, token: str) -> None:
        self.note("event", re.fullmatch(r"t\dx", token) is not None)

    @message
    def reply(self, player: Player, ticket: int = 0) -> int:
        if ticket:
            self.note("reply", ticket == 987_654)
        return 987_654

    def note(self, what: str, good: bool = True) -> None:
        """Something was asked that the game would have."""
        if not good:
            raise Refused("Not that.", code="not_that")
        Shop.taken.add(what)


class SourceTests(SynchronousTestCase):
    def test_where_values_are_from(self) -> None:
        """From the schema, from constants, from keys of documents, seats, events and replies."""
        Shop.taken.clear()
        Table(Shop, seed=1).play_random(400, 1)
        self.assertEqual(Shop.taken, {"bounds", "key", "colour", "give", "whom", "event", "reply"})

    def test_constants(self) -> None:
        """What a method's code names in its class and module; no texts for people, and nothing that changes."""
        self.assertEqual(compared(Shop, Shop.colour), ["colour", "crimson", "azure"])
        self.assertNotIn("Not that.", compared(Shop, Shop.note))
        self.assertNotIn("taken", compared(Shop, Shop.note))

    def test_near(self) -> None:
        """In the function style a field's name stands near its message's."""

        def payload_handler(payload: dict[str, Any]) -> Any:
            if payload["action"] == "play":
                return payload["data"]["card"]
            if payload["action"] == "shout":
                return payload["data"]["text"]
            return None

        self.assertGreater(near(payload_handler)["play"]["card"], near(payload_handler)["play"]["text"])
        self.assertNotIn("card", near(payload_handler)["shout"])


class Trap(Game):
    """Fails where many moves lead."""

    needs_start = False

    def on_create(self) -> None:
        self.state["steps"] = 0

    @message
    def step(self, player: Player, by: Annotated[int, Meta(ge=1, le=3)]) -> None:
        if player.number:
            raise Refused("Only the first.", code="only_first")
        self.state["steps"] += by
        if self.state["steps"] > 30:
            self.after(2, self.fall)

    @timer
    def fall(self) -> None:
        raise ZeroDivisionError("fell")


class Slow(Game):
    """Fails long after it was asked."""

    needs_start = False
    waiting: ClassVar[list[Deferred[None]]] = []

    @message
    async def wait(self, player: Player) -> None:
        self.waiting.append(Deferred())
        await self.waiting[-1]
        raise ZeroDivisionError("late")


class ErrorTests(SynchronousTestCase):
    """What is raised says how to see it again."""

    def failure(self, game: type[Game], **options: Any) -> AssertionError:
        """:returns: what the first seed raised that fails."""
        table = Table(game, seed=3)
        table.join("Ann")
        error: AssertionError = self.assertRaises(AssertionError, table.play_random, 400, 5, **options)
        return error

    def paste(self, error: AssertionError) -> None:
        """Do what the error's text shows, at a table like that one."""
        table = Table(Trap, seed=3)
        table.join("Ann")
        lines = [line.strip() for line in str(error).split("\n") if line.startswith("    ")]
        exec("\n".join(lines), {"table": table})

    def test_text(self) -> None:
        """Step, seed and exception, and the last ten moves as a test would write them."""
        error = self.failure(Trap)
        text = str(error)
        step = int(text.split("step ")[1].split(" ")[0])
        self.assertIn(f"at step {step} of play_random(400, seed=5): ZeroDivisionError('fell')", text)
        self.assertIn(f"    table.play_random({step - 10}, seed=5)\n", text)
        self.assertRegex(text, r"\n    (\w+, )*ann(, \w+)* = (table\.visitors\[\d\](, )?)+\n")
        self.assertRegex(text, r"\n    table\.advance\([\d.]+\)\n")
        self.assertRegex(text, r"\n    ann\.send\('step', \{'by': \d\}\)\n")
        self.assertIsInstance(error.__cause__, ZeroDivisionError)

    def test_pasted(self) -> None:
        """Those lines do it again."""
        error = self.failure(Trap)
        self.assertRaises(ZeroDivisionError, self.paste, error)

    def test_pasted_with_restarts(self) -> None:
        """Also with what was given to it."""
        error = self.failure(Trap, restarts=True, moves=[("step", {"by": 2})])
        self.assertIn("moves=[('step', {'by': 2})], restarts=True)", str(error))
        self.assertRaises(ZeroDivisionError, self.paste, error)

    def test_raises_whatever_the_table_says(self) -> None:
        """A table that only logs does not hide it."""
        table = Table(Trap, seed=3, raises=False)
        table.join("Ann")
        self.assertRaises(AssertionError, table.play_random, 400, 5)

    def test_message_that_failed_late(self) -> None:
        """A message whose code waits may fail long after it was sent."""
        self.patch(Slow, "waiting", waiting := [])
        table = Table(Slow, seed=1)
        table.join("Ann")

        def answer(s: float) -> None:
            with table.failures:
                for one in [one for one in waiting if not one.called]:
                    one.callback(None)
                table.settle()

        self.patch(table, "advance", answer)
        error = self.assertRaises(AssertionError, table.play_random, 100, 1)
        self.assertIn("ZeroDivisionError('late')", str(error))


class ScriptTests(SynchronousTestCase):
    def test_lines(self) -> None:
        """All that may be done, with names that Python takes; who was refused is shown, and nothing is done."""
        table = Table(Shop)
        people = [table.join(name) for name in ("Ann", "Ann", "Table", "Dr. Who?", "class", "!")]
        ann, other, tab, doctor, kind, odd = people
        steps = [
            PlayedStep(ann, "buy", {"n": 1}, sent=True),
            PlayedStep(other, "buy", None, sent=True),
            PlayedStep(tab, "buy", "x", sent=True, refused="refused"),
            PlayedStep(doctor, "chat", "hi"),
            PlayedStep(kind, "drop", None),
            PlayedStep(None, "advance", 0.1),
            PlayedStep(None, "restart", None),
            PlayedStep(None, "join", ("Eve", "screen"), refused="forbidden"),
            PlayedStep(odd, "join", ("!", "player")),
        ]
        self.assertEqual(
            [line.strip() for line in script("before({steps})", steps, people).split("\n")],
            [
                "ann, ann1, visitor_table, dr_who, visitor_class = "
                "table.visitors[0], table.visitors[1], table.visitors[2], table.visitors[3], table.visitors[4]",
                "ann.send('buy', {'n': 1})",
                "ann1.send('buy')",
                "# refused (refused): visitor_table.send('buy', 'x')",
                "dr_who.say('hi')",
                "visitor_class.drop()",
                "table.advance(0.1)",
                "table.restart()",
                "# refused (forbidden): table.join('Eve', 'screen')",
                "visitor = table.join('!')",
            ],
        )

    def test_earlier(self) -> None:
        """Of more than ten the earlier ones are done at once."""
        table = Table(Shop)
        ann = table.join("Ann")
        lines = script("table.play_random({steps}, seed=1)", [PlayedStep(ann, "drop", None)] * 12, [ann]).split("\n")
        self.assertEqual(lines[:2], ["    table.play_random(2, seed=1)", "    ann = table.visitors[0]"])
        self.assertEqual(len(lines), 12)
