"""
Sketch keeps its words: every byte that is sent to every client of whole random games is read, also after drops, returns
and restarts, and no word is in any that is not for it.
"""

from __future__ import annotations

import random
from typing import Any

from twisted.trial.unittest import SynchronousTestCase

from games.sketch import Sketch, words
from games.sketch.words import Word
from gameserver import Refused
from gameserver.testing import Table, Visitor

LETTERS = random.Random("sketch")
MARKED = tuple(Word("".join(LETTERS.choices("bcdfghjklmnpqrstvwxz", k=11)), f"family{n}", "easy") for n in range(90))
"""Words that occur nowhere by chance."""
FALSE_POINTS = b"\xabforged\xcd!"
"""What somebody sends as a drawing whose turn it is not."""


class Game:
    """
    A random game of people who guess right and wrong, give things away, come and go.

    :ivar may: by word, the visitors that it is for, so far.
    :ivar open: words that were shown to all.
    """

    def __init__(self, seed: int, restarts: bool) -> None:
        self.dice = random.Random(seed)
        self.restarts = restarts
        self.table = Table(Sketch, seed=seed, options={"rounds": 1, "seconds": 20, "hints": self.dice.randrange(4)})
        for name in ("Ann", "Bob", "Cleo", "Dan"):
            self.table.join(name)
        self.table.join("Eve", "spectator")
        self.may: dict[str, set[Visitor]] = {word.text: set() for word in MARKED}
        self.open: set[str] = set()
        self.counts = dict.fromkeys(("guessed", "told", "near", "kept"), 0)
        self.table.start()
        self.note()

    @property
    def secret(self) -> Any:
        return self.table.row["docs"]["secret"]

    @property
    def word(self) -> str | None:
        word: str | None = self.secret["word"]
        return word

    @property
    def words(self) -> list[str]:
        """What is secret now: the word, or those that it is chosen from."""
        secret = self.secret
        return (
            []
            if self.open & {secret["word"]}
            else [*filter(None, [secret["word"]]), *(w[0] for w in secret["choices"])]
        )

    @property
    def drawer(self) -> Visitor | None:
        seat = self.table.room.doc("room").plain()["drawer"]
        return next((v for v in self.table.visitors if v.left is None and v.id == seat), None)

    def knows(self, who: Visitor) -> bool:
        return self.word is not None and who in self.may[self.word]

    def note(self) -> None:
        """Whom a word is for now: the drawer's are the drawer's, and after the turn the one is everybody's."""
        shown = self.table.room.doc("room").plain()["word"]
        if shown:
            self.open.add(shown)
        drawer = self.drawer
        if drawer is not None:
            for word in self.words:
                self.may[word].add(drawer)

    def step(self) -> None:
        """One random input."""
        who = self.dice.choice([v for v in self.table.visitors if v.left is None])
        what = self.dice.choices(
            (
                self.guess,
                self.near,
                self.tell,
                self.chat,
                self.draw,
                self.forge,
                self.choose,
                self.wait,
                self.flip,
                self.go,
            ),
            weights=(8, 10, 20, 10, 15, 5, 20, 25, 15, 3),
        )[0]
        try:
            what(who)
        except Refused as refused:
            assert refused.code != "game_error", refused.__cause__
        if self.restarts and self.dice.random() < 0.1:
            self.table.restart()
        self.note()

    def guess(self, who: Visitor) -> None:
        """Somebody finds it; from then on it is for them, too."""
        word = self.word
        if not word or not who.online or self.knows(who) or who.role != "player" or self.table.phase != "drawing":
            return
        self.may[word].add(who)
        who.say(f"Is it {word}?")
        self.counts["guessed"] += 1

    def near(self, who: Visitor) -> None:
        """Somebody says it with a letter too many, and is told so: what it is, these bytes hold."""
        word = self.word
        if word and who.online and not self.knows(who) and self.table.phase == "drawing":
            self.counts["near"] += 1
            who.say(f"{word[:4]}{word[5:]}")

    def tell(self, who: Visitor) -> None:
        """Whoever knows a word gives it away, in all ways that there are."""
        known = [word for word in self.words if who in self.may[word]]
        if not known or not who.online:
            return
        word = self.dice.choice(known)
        self.counts["told"] += 1
        way = self.dice.randrange(5)
        if way == 0:
            who.say("look at this", data={"word": word})
        elif way == 1 and (mine := [line for line in who.chat if (line["from"] or {}).get("seat") == who.id]):
            who.ask("edit", stream=mine[-1]["stream"], line=mine[-1]["n"], text=word)
        elif way == 2:
            who.say(f"/me draws {word.upper()}")
        elif way == 3 and word == self.word:
            who.say(f"{word} it is", to="group:know")
            self.counts["kept"] += 1
        else:
            who.say(f"it is {word}, or {word}s")

    def chat(self, who: Visitor) -> None:
        if who.online:
            who.say(self.dice.choice(("hello", "a cat", "no idea", "/me yawns")))

    def draw(self, who: Visitor) -> None:
        drawer = self.drawer
        if drawer is not None and drawer.online:
            drawer.send(self.dice.choice(("undo", "wipe")))
            points = self.dice.randbytes(6)
            drawer.send("line", number=1, colour=1, width=1, points=points)
            drawer.send("stroke", colour=1, width=1, points=points)

    def forge(self, who: Visitor) -> None:
        if who is not self.drawer and who.online:
            type = self.dice.choice(("line", "stroke"))
            who.send(type, colour=1, width=1, points=FALSE_POINTS, **({"number": 1} if type == "line" else {}))

    def choose(self, who: Visitor) -> None:
        drawer = self.drawer
        if drawer is not None and drawer.online:
            drawer.send("choose", index=self.dice.randrange(3))

    def wait(self, who: Visitor) -> None:
        # Less than a word is shown, so that none is missed.
        self.table.advance(self.dice.choice((0.5, 2, 5)))

    def flip(self, who: Visitor) -> None:
        if who.online:
            who.drop()
        else:
            who.resume()

    def go(self, who: Visitor) -> None:
        if len(self.table.visitors) < 8:
            self.table.join("Late", self.dice.choice(("player", "spectator")))
        elif len([v for v in self.table.visitors if v.left is None and v.role == "player"]) > 3 and who.online:
            who.leave()

    def leaks(self, *, of_all: bool = False) -> list[tuple[str, str]]:
        """:returns: which words were sent to whom they are not for, of those that anybody may know, or of all."""
        found = []
        for visitor in self.table.visitors:
            seen = visitor.seen().lower()
            for word, may in self.may.items():
                if (may or of_all) and word not in self.open and visitor not in may and word.encode() in seen:
                    found.append((visitor.name, word))
        return found


class SecrecyTests(SynchronousTestCase):
    def setUp(self) -> None:
        self.patch(words, "WORDS", MARKED)

    def test_word_reaches_nobody_whom_it_is_not_for(self) -> None:
        """Whole random games, each byte sent to each visitor searched after each input."""
        totals: dict[str, int] = {}
        ended = 0
        for seed in range(24):
            game = Game(seed, restarts=seed % 3 == 0)
            for _ in range(400):
                game.step()
                self.assertEqual(game.leaks(), [], seed)
                if game.table.status == "over":
                    ended += 1
                    break
            self.assertEqual(game.leaks(of_all=True), [], seed)
            for visitor in game.table.visitors:
                self.assertNotIn(FALSE_POINTS, visitor.seen())
                self.assertNotIn(b"forged", visitor.seen())
            self.assertTrue(game.open, "words were shown")
            shown = game.table.visitors[0].seen()
            self.assertTrue(any(word.encode() in shown for word in game.open), "the search can find")
            for what, count in game.counts.items():
                totals[what] = totals.get(what, 0) + count
        self.assertGreater(ended, 3, "whole games")
        self.assertTrue(all(count > 10 for count in totals.values()), totals)

    def test_line_of_those_who_know_reaches_them_alone_after_a_restart(self) -> None:
        """Who joins them later, or comes back, reads what was said from then on; who does not know it reads nothing."""
        table = Table(Sketch, seed=2)
        ann, bob, cleo = (table.join(name) for name in ("Ann", "Bob", "Cleo"))
        table.start()
        ann.send("choose", index=0)
        word = ann.state["word"]
        bob.say(word)
        bob.drop()
        ann.say("between us: 4711", to="group:know")
        table.restart()
        bob.resume()
        cleo.drop()
        cleo.resume()
        self.assertIn(b"4711", bob.seen())
        self.assertNotIn(b"4711", cleo.seen())
        self.assertNotIn(word.encode(), cleo.seen())
        cleo.say(word)
        self.assertNotIn(b"4711", cleo.seen())

    def test_nothing_depends_on_the_word_before_it_is_guessed(self) -> None:
        """Two games whose words differ, but not in length, send those who guess the same bytes."""
        self.assertEqual(self.until_guessed("aqzokayvwaj"), self.until_guessed("zyxokbyvwqj"))

    def until_guessed(self, text: str) -> bytes:
        self.patch(words, "WORDS", (Word(text, "family", "easy"),))
        table = Table(Sketch, seed=2)
        ann, bob, cleo = (table.join(name) for name in ("Ann", "Bob", "Cleo"))
        table.start()
        ann.send("choose", index=0)
        ann.send("stroke", colour=1, width=1, points=b"123")
        ann.say(f"it is {text}")
        bob.say("a cat?")
        table.advance(35)
        cleo.say("a dog?")
        return bob.seen() + cleo.seen()
