"""Trivia keeps its answers: nothing that anybody is sent before the reveal depends on which answer is right."""

from __future__ import annotations

import json
import random
from collections.abc import Sequence
from typing import Any

import msgspec
from twisted.trial.unittest import SynchronousTestCase

from games.trivia import Trivia, questions
from games.trivia.questions import Card
from gameserver import Refused
from gameserver.testing import Table, Visitor

WORDS = tuple(f"quokka{n}zyzzyva" for n in range(12))
"""Answers that occur nowhere by chance."""


def deck(right: int) -> list[Card]:
    """:returns: questions of all kinds; their texts are the same for each ``right``, their answers are not."""
    cards = []
    for n in range(12):
        about: Any = {"text": f"Question {n}?", "category": f"C{n % 3}", "difficulty": "easy"}
        choices = ("one", "two", "three", "four")
        if n % 4 == 0:
            cards.append(Card(**about, kind="choice", answer=choices[(n + right) % 4], choices=choices))
        elif n % 4 == 1:
            cards.append(Card(**about, kind="boolean", answer=bool((n + right) % 2)))
        elif n % 4 == 2:
            cards.append(Card(**about, kind="number", answer=7_310_577_001 + 1000 * n + right))
        else:
            others = (f"other{right}{WORDS[n]}",)
            cards.append(
                Card(**about, kind="text", answer=f"{right}{WORDS[n]}", accept=others, reject=(f"near{right}",))
            )
    return cards


def secrets_of(card: Card) -> list[bytes]:
    """:returns: what must not be in anything sent; of a choice or a bool no words tell."""
    if card.kind == "number":
        return [str(card.answer).encode(), card.shown.encode()]
    if card.kind == "text":
        return [json.dumps(word).encode()[1:-1] for word in (str(card.answer), *card.accept, *card.reject)]
    return []


class Game:
    """A random game, played by people who do not know the answers."""

    def __init__(self, seed: int, restarts: bool) -> None:
        self.dice = random.Random(seed)
        self.restarts = restarts
        self.table = Table(Trivia, seed=seed, options={"questions": 6, "teams": self.dice.choice((0, 2))})
        self.people = [self.table.join(name) for name in ("Ann", "Bob", "Cleo", "Dan")]
        self.people += [self.table.join("TV", "screen"), self.table.join("Eve", "spectator")]
        self.table.start()

    def step(self) -> None:
        """One random input."""
        who = self.dice.choice([v for v in self.table.visitors if v.left is None] or [self.table.join("New")])
        what = self.dice.choices(
            (self.answer, self.wait, self.flip, self.host, self.talk, self.come), weights=(50, 15, 10, 8, 8, 2)
        )[0]
        try:
            what(who)
        except Refused as refused:
            assert refused.code != "game_error", refused.__cause__
        if self.restarts and self.dice.random() < 0.1:
            self.table.restart()

    def answer(self, who: Visitor) -> None:
        value = self.dice.choice((0, 1, 2, 3, True, False, 500, 7.5, "guess", "who knows", None, []))
        if who.online:
            who.send("answer", value=value)

    def wait(self, who: Visitor) -> None:
        # Less than a reveal lasts, so that none is missed.
        self.table.advance(self.dice.choice((0.5, 2, 5, 6.5)))

    def flip(self, who: Visitor) -> None:
        if who.online:
            who.drop()
        else:
            who.resume()

    def host(self, who: Visitor) -> None:
        type = self.dice.choice(("pause", "unpause", "unpause", "skip", "skip", "correct", "team"))
        data = {"correct": {"player": "2", "points": 10}, "team": {"team": "red"}}.get(type)
        if who.online:
            who.send(type, data)

    def talk(self, who: Visitor) -> None:
        if who.online:
            who.say("what is it?")

    def come(self, who: Visitor) -> None:
        if len(self.table.visitors) < 9:
            self.table.join("Late", self.dice.choice(("player", "spectator")))

    def seen(self) -> list[bytes]:
        return [visitor.seen() for visitor in self.table.visitors]


class SecrecyTests(SynchronousTestCase):
    def play(self, cards: Sequence[Card], seed: int, restarts: bool = False) -> Game:
        self.patch(questions, "CARDS", list(cards))
        return Game(seed, restarts)

    def test_answer_is_in_no_byte_before_its_reveal(self) -> None:
        """Whole random games, each byte sent to each visitor searched after each input."""
        for seed in range(12):
            cards = deck(seed % 5)
            game = self.play(cards, seed, restarts=seed % 3 == 0)
            revealed: set[str] = set()
            ended = 0
            for _ in range(400):
                game.step()
                state = game.table.room.doc("room").plain()
                if state["reveal"]:
                    revealed.add(state["question"]["text"])
                seen = b"\n".join(game.seen())
                for card in cards:
                    for secret in secrets_of(card):
                        self.assertTrue(card.text in revealed or secret not in seen, (seed, secret))
                if game.table.status == "over":
                    ended += 1
                    break
            self.assertTrue(revealed)
            asked = [c for c in cards if c.text in revealed and c.kind == "text"]
            self.assertTrue(all(secrets_of(card)[0] in b"".join(game.seen()) for card in asked), "the search can find")

    def test_nothing_before_reveal_depends_on_answer(self) -> None:
        """
        Two games that differ in the answers alone send the same bytes until the first reveal; so not even an order, a
        length or a time tells which choice is right.
        """
        for seed in range(25):
            self.assertEqual(self.until_reveal(deck(0), seed), self.until_reveal(deck(1), seed))

    def until_reveal(self, cards: list[Card], seed: int) -> list[bytes]:
        game = self.play(cards, seed)
        seen = game.seen()
        for _ in range(60):
            game.step()
            if game.table.room.doc("room").plain()["reveal"]:
                break
            seen = game.seen()
        return seen

    def test_choices_are_in_any_order(self) -> None:
        """The place of the right choice is left to chance."""
        places = []
        self.patch(questions, "CARDS", [c for c in questions.CARDS if c.kind == "choice"])
        answers = {(card.text, card.picture, frozenset(card.choices)): card.answer for card in questions.CARDS}
        table = Table(Trivia, options={"questions": 50})
        ann = table.join("Ann")
        for _ in range(4):
            table.start()
            while table.status == "playing":
                if table.phase == "question":
                    shown = table.state["question"]
                    right = answers[shown["text"], shown["picture"], frozenset(shown["choices"])]
                    places.append(shown["choices"].index(right))
                ann.send("skip")
                table.advance(0.1)
        self.assertEqual(len(places), 200)
        self.assertTrue(all(30 <= places.count(place) <= 70 for place in range(4)), places)

    def test_replies_tell_nothing(self) -> None:
        """A right answer and a wrong one are taken with the same reply."""
        self.patch(questions, "CARDS", [Card("Q?", "A", "easy", "text", "Oslo", accept=("Kristiania",))])
        for value in ("Oslo", "Rome", "kristiania"):
            table = Table(Trivia, options={"questions": 1})
            ann, _bob = table.join("Ann"), table.join("Bob")
            table.start()
            table.advance(3)
            self.assertIsNone(ann.send("answer", value=value))
            self.assertIsNone(ann.state["right"])

    def test_secret_is_kept_in_row_only(self) -> None:
        """The deck is in the row, so that a restart changes nothing, and in no document of a client."""
        table = Table(Trivia)
        ann = table.join("Ann")
        table.start()
        secret = table.row["docs"]["secret"]["deck"]
        self.assertEqual(len(secret), 10)
        self.assertEqual(len(msgspec.convert(secret, list[Card])), 10)
        self.assertNotIn("deck", json.dumps(ann.docs))
