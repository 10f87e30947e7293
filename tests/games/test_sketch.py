"""A game of sketch: turns, drawing, guesses, points, people who come and go."""

from __future__ import annotations

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from games.sketch import Sketch, words
from games.sketch.game import AWAY_S, CHOOSING_S, REVEAL_S, WAIT_S
from gameserver import Refused
from gameserver.testing import Table, Visitor
from tests.games import inputs, play

MOVES: list[tuple[str, Any]] = [
    *(("choose", {"index": index}) for index in (0, 2, 3)),
    ("stroke", {"colour": 1, "width": 1, "points": b"\0\1\2"}),
    ("line", {"number": 1, "colour": 1, "width": 1, "points": b"\0\1\2"}),
    ("line", {"number": 1, "colour": 99, "width": 1, "points": "no"}),
    ("undo", None),
    ("wipe", None),
    ("give_up", None),
    ("skip", None),
]


class SketchCase(SynchronousTestCase):
    def sit(self, *names: str, **options: Any) -> None:
        """A game that has begun, with these people."""
        self.table = Table(Sketch, seed=5, options=options)
        self.people = [self.table.join(name) for name in names or ("Ann", "Bob", "Cleo")]
        self.table.start()

    @property
    def state(self) -> dict[str, Any]:
        return self.table.state

    @property
    def drawer(self) -> Visitor:
        return next(one for one in self.table.visitors if one.id == self.state["drawer"])

    @property
    def others(self) -> list[Visitor]:
        return [one for one in self.people if one.left is None and one.id != self.state["drawer"]]

    def begin(self) -> str:
        """:returns: the word that is drawn from now on."""
        self.drawer.send("choose", index=0)
        word: str = self.drawer.state["word"]
        return word

    def refusal(self, *call: Any, **fields: Any) -> Refused:
        return self.assertRaises(Refused, *call, **fields)


def texts(visitor: Visitor) -> list[str]:
    return [line["text"] for line in visitor.chat]


class TurnTests(SketchCase):
    def test_everybody_draws_once_a_round(self) -> None:
        """The game is over after the last round, and may be played again."""
        self.sit(rounds=2)
        drawers = []
        while self.table.status == "playing":
            drawers.append(self.state["drawer"])
            self.drawer.send("choose", index=1)
            self.table.advance(80)
            self.assertEqual(self.table.phase, "reveal")
            self.assertEqual(self.state["gained"], {})
            self.table.advance(REVEAL_S)
        self.assertEqual(drawers, ["1", "2", "3"] * 2)
        self.assertEqual([entry[0] for entry in self.table.result["ranked"]], [1, 1, 1])
        self.table.start()
        self.assertEqual((self.state["round"], self.table.phase), (1, "choosing"))

    def test_word_is_drawn_for_who_takes_too_long(self) -> None:
        """One of the three."""
        self.sit()
        choices = self.drawer.state["choices"]
        self.table.advance(CHOOSING_S)
        self.assertIn(self.drawer.state["word"], choices)
        self.assertEqual(self.state["mask"].count("_"), sum(c.isalnum() for c in self.drawer.state["word"]))

    def test_words_are_of_the_difficulty_and_come_once(self) -> None:
        """Also those that were not taken, since somebody has seen them; once too few are left, it begins again."""
        self.patch(words, "WORDS", words.matching("hard")[:9] + words.matching("easy")[:5])
        self.sit("Ann", "Bob", rounds=2, difficulty="hard")
        shown: list[str] = []
        while self.table.status == "playing":
            shown += self.drawer.state["choices"]
            self.begin()
            self.people[0].send("skip")
            self.table.advance(REVEAL_S)
        self.assertEqual(len(shown), 12)
        self.assertEqual(set(shown[:9]), {word.text for word in words.WORDS[:9]})

    def test_words_are_in_the_language_of_the_room(self) -> None:
        """In a room in German, German words; another language after a round; one that there is not is refused."""
        self.sit("Ann", "Bob", language="de", rounds=1)
        german = {word.text for word in words.matching("any", "de")}
        self.assertLessEqual(set(self.drawer.state["choices"]), german)
        word = self.begin()
        self.others[0].say(f"Ist das vielleicht: {word.upper()}?")
        self.assertEqual(self.state["word"], word)
        while self.table.status == "playing":
            self.people[0].send("skip")
        self.people[0].options(language="fr")
        self.assertEqual(self.refusal(self.people[0].options, language="tlh").code, "bad_data")
        self.table.restart()
        self.table.start()
        self.assertLessEqual(set(self.drawer.state["choices"]), {word.text for word in words.matching("any", "fr")})
        refused = self.refusal(Table, Sketch, options={"language": "tlh"})
        self.assertEqual((refused.code, refused.path), ("bad_data", "$.options.language"))

    def test_hints_come_one_by_one(self) -> None:
        """First what kind of thing it is, then letters, at their places, and never more than half of them."""
        self.sit(hints=5, seconds=60)
        word = self.begin()
        self.assertEqual((self.state["family"], set(self.state["mask"]) - {" "}), (None, {"_"}))
        self.table.advance(10)
        self.assertEqual(self.state["family"], next(w.family for w in words.WORDS if w.text == word))
        self.table.advance(49)
        mask = self.state["mask"]
        self.assertTrue(all(shown in ("_", letter) for shown, letter in zip(mask, word, strict=True)))
        letters = sum(c.isalnum() for c in word)
        self.assertTrue(1 <= letters - mask.count("_") <= letters / 2, (word, mask))

    def test_only_the_drawer_draws_and_chooses(self) -> None:
        """And only in the right phase."""
        self.sit()
        other = self.others[0]
        self.assertEqual(self.refusal(other.send, "choose", index=0).code, "not_your_turn")
        self.assertRaises(Refused, self.drawer.send, "wipe")
        self.begin()
        for type, data in MOVES[3:7]:
            if data is None or data["colour"] == 1:
                self.assertEqual(self.refusal(other.send, type, data).code, "not_your_turn")
        self.assertRaises(Refused, self.drawer.send, "choose", index=0)

    def test_host_skips_and_nobody_gets_points(self) -> None:
        """For a drawing with letters in it, or a drawer who sleeps."""
        self.sit()
        word = self.begin()
        self.others[0].say(word)
        self.people[0].send("skip")
        self.assertEqual((self.table.phase, self.state["gained"]), ("reveal", {}))
        self.assertEqual(set(self.state["scores"].values()), {0})
        self.table.advance(REVEAL_S)
        self.people[0].send("skip")
        self.assertEqual(self.state["drawer"], self.people[2].id)
        self.assertEqual(self.refusal(self.people[1].send, "skip").code, "forbidden")


class DrawingTests(SketchCase):
    def test_live_line_reaches_the_others_and_is_kept_nowhere(self) -> None:
        """A stroke is kept, for whoever comes late, comes back, or was there when the server died."""
        self.sit()
        self.begin()
        line = {"number": 1, "colour": 2, "width": 0, "points": b"\x01\x02\x03"}
        self.drawer.send("line", line)
        for other in self.others:
            self.assertEqual(other.inbox, [("line", line)])
        self.assertEqual(self.drawer.inbox, [])
        self.assertEqual(self.state["strokes"], [])
        away = self.others[1]
        away.drop()
        self.drawer.send("stroke", colour=2, width=0, points=b"\x01\x02\x03\x04\x05\x06")
        kept = [[2, 0, False, b"\x01\x02\x03\x04\x05\x06"]]
        self.table.restart()
        away.resume()
        late = self.table.join("Dan")
        for one in (away, late, self.drawer):
            self.assertEqual(one.docs["room"]["strokes"], kept)
        self.drawer.send("stroke", colour=2, width=0, points=b"789", joined=True)
        self.drawer.send("undo")
        self.assertEqual(late.docs["room"]["strokes"], [])

    def test_next_turn_begins_on_an_empty_sheet(self) -> None:
        """The drawing stands until the word has been shown."""
        self.sit()
        self.begin()
        self.drawer.send("stroke", colour=2, width=0, points=b"789")
        self.table.advance(80)
        self.assertEqual(len(self.state["strokes"]), 1)
        self.table.advance(REVEAL_S)
        self.assertEqual(self.state["strokes"], [])


class GuessingTests(SketchCase):
    def test_right_guess_is_seen_by_nobody_else(self) -> None:
        """All hear that it was guessed; who guessed it knows the word, and gets points by the clock."""
        self.sit(seconds=80)
        word = self.begin()
        first, second = self.others
        self.table.advance(40)
        first.say(f"is it {word.upper()}?")
        self.assertEqual(self.state["guessed"], {first.id: 300})
        self.assertEqual(first.state["word"], word)
        self.assertEqual(texts(second), [f"{first.name} has guessed it."])
        self.assertNotIn(word.encode(), second.seen())
        self.table.advance(40)
        self.assertEqual(self.state["gained"], {first.id: 300, self.drawer.id: 150})
        self.assertEqual(self.state["word"], word)

    def test_turn_ends_when_all_know(self) -> None:
        """Who is away is not waited for."""
        self.sit("Ann", "Bob", "Cleo", "Dan")
        word = self.begin()
        first, second, third = self.others
        first.say(word)
        third.drop()
        self.assertEqual(self.table.phase, "drawing")
        second.say(word)
        self.assertEqual(self.table.phase, "reveal")

    def test_near_miss_is_told_to_the_guesser_alone(self) -> None:
        """Nobody else sees the line, nor that there was one."""
        self.sit()
        word = self.begin()
        first, second = self.others
        before = second.seen()
        first.say(f"{word}s")
        self.assertEqual(texts(first), [f"“{word}s” is near."])
        self.assertEqual(first.chat[0]["stream"], "seat")
        self.assertEqual(second.seen(), before)
        first.say("zzzzzz")
        self.assertEqual(texts(second), ["zzzzzz"])

    def test_those_who_know_do_not_give_it_away(self) -> None:
        """A line that holds the word reaches those who know it; others reach everybody."""
        self.sit()
        word = self.begin()
        first, second = self.others
        first.say(word)
        for teller in (self.drawer, first):
            for text in (f"the {word}, of course", f"{word}s", " ".join(word)):
                teller.say(text)
                self.assertEqual((self.drawer.chat[-1]["text"], first.chat[-1]["text"]), (text, text))
                self.assertEqual(second.chat[-1]["text"], f"{first.name} has guessed it.")
        self.drawer.say("well done", data={"word": word})
        self.assertEqual((second.chat[-1]["text"], second.chat[-1]["data"]), ("well done", None))
        first.say("we two know", to="group:know")
        self.assertRaises(Refused, second.say, "let me in", to="group:know")
        self.assertNotIn(b"we two know", second.seen())

    def test_no_way_around(self) -> None:
        """Not by changing a line, nor while choosing, nor by a list of words, nor from the benches."""
        self.sit()
        self.drawer.say("hm")
        line = self.drawer.chat[-1]["n"]
        choices = self.drawer.state["choices"]
        self.assertRaises(Refused, self.drawer.say, f"shall I take {choices[1]}?")
        word = self.begin()
        change = {"stream": "room", "line": line, "text": word}
        self.assertRaises(Refused, self.drawer.ask, "edit", **change)
        guesser = self.others[0]
        self.assertRaises(Refused, guesser.say, " ".join(w.text for w in words.WORDS[:40]))
        self.assertEqual(self.state["guessed"], {})
        eve = self.table.join("Eve", "spectator")
        eve.say(word)
        self.assertEqual(texts(eve)[-1], "You only look on: let the players find it.")
        self.assertNotIn("word", eve.docs["seat"])
        self.assertNotIn(word.encode(), guesser.seen())

    def test_channel_of_those_who_know_ends_with_the_turn(self) -> None:
        """The next word is for others."""
        self.sit()
        word = self.begin()
        first = self.others[0]
        first.say(word)
        self.assertIn("group:know", first.channels)
        self.table.advance(80 + REVEAL_S)
        self.assertNotIn("group:know", first.channels)
        self.assertIsNone(first.state["word"])


class PeopleTests(SketchCase):
    def test_turn_waits_for_a_drawer_who_is_away_and_then_goes_on(self) -> None:
        """What was guessed counts."""
        self.sit()
        word = self.begin()
        drawer = self.drawer
        self.others[0].say(word)
        drawer.drop()
        self.table.advance(AWAY_S - 1)
        drawer.resume()
        self.table.advance(2)
        self.assertEqual(self.table.phase, "drawing")
        drawer.drop()
        self.table.advance(AWAY_S)
        self.assertEqual(self.table.phase, "reveal")
        self.assertGreater(self.state["scores"][self.people[1].id], 0)
        self.table.advance(REVEAL_S)
        self.assertEqual(self.state["drawer"], self.people[1].id)

    def test_drawer_who_leaves_ends_the_turn(self) -> None:
        """Also while choosing; the others go on."""
        self.sit("Ann", "Bob", "Cleo", "Dan")
        self.drawer.leave()
        self.assertEqual((self.table.phase, self.state["drawer"]), ("choosing", "2"))
        self.begin()
        self.drawer.leave()
        self.assertEqual(self.table.phase, "reveal")
        self.people[2].leave()
        self.assertEqual(self.table.status, "over")

    def test_who_knows_the_word_does_not_guess_it_twice(self) -> None:
        """Leaving and coming back changes neither the score nor what one knows."""
        self.sit("Ann", "Bob", "Cleo", "Dan")
        word = self.begin()
        guesser = self.others[0]
        guesser.say(word)
        points = self.state["guessed"][guesser.id]
        guesser.leave()
        self.assertEqual(self.state["guessed"], {})
        guesser.come(None, None)
        self.assertEqual(self.state["guessed"], {guesser.id: points})
        self.assertEqual(guesser.state["word"], word)
        guesser.say(f"{word}!")
        self.assertEqual(self.state["guessed"], {guesser.id: points})

    def test_late_comer_guesses_and_draws(self) -> None:
        """At once, and after the others."""
        self.sit("Ann", "Bob", rounds=1)
        word = self.begin()
        late = self.table.join("Late")
        self.people.append(late)
        self.assertIn(f'"mask":"{self.state["mask"]}"'.encode(), late.seen())
        late.say(word)
        self.assertIn(late.id, self.state["guessed"])
        drawers = []
        while self.table.status == "playing":
            drawers.append(self.state["drawer"])
            self.table.advance(CHOOSING_S + 80 + REVEAL_S)
        self.assertIn(late.id, drawers)

    def test_game_waits_while_nobody_is_there_to_guess(self) -> None:
        """And goes on with who comes back."""
        self.sit("Ann", "Bob")
        self.people[1].drop()
        self.table.advance(CHOOSING_S + 80 + REVEAL_S + 3 * WAIT_S)
        self.assertEqual(self.table.phase, "waiting")
        self.people[1].resume()
        self.table.advance(WAIT_S)
        self.assertEqual((self.table.phase, self.state["drawer"]), ("choosing", self.people[1].id))


class RandomTests(SynchronousTestCase):
    def test_random_play_never_fails(self) -> None:
        """Whatever clients send, the game refuses or plays it, also from its row alone."""
        ended = 0
        for seed in range(12):
            table = Table(Sketch, seed=seed, amnesia=seed % 3 == 0, options={"rounds": 1, "seconds": 20})
            table.join("Ann")
            table.join("Bob")
            table.play_random(120, seed, moves=MOVES if seed % 2 else (), restarts=seed % 4 == 1)
            ended += table.status == "over"
        self.assertGreater(ended, 2, "random players finish games")

    @settings(max_examples=20, deadline=None)
    @given(todo=inputs(st.sampled_from(MOVES)), data=st.data())
    def test_restarts_change_nothing(self, todo: list[Any], data: st.DataObject) -> None:
        """Random inputs, with restarts between any two, end in the same row as without."""
        todo = [("start", 0, None), ("send", 0, ("choose", {"index": 0})), *todo]
        cuts = data.draw(st.frozensets(st.integers(0, len(todo) - 1)))
        whole = play(Sketch, todo, restart_after=frozenset())
        self.assertEqual(play(Sketch, todo, restart_after=cuts), whole)


class PaintTests(SketchCase):
    def test_paint_is_poured_out_at_one_point(self) -> None:
        """It is a stroke of its own, and is taken back as one; of several points it is refused."""
        self.sit()
        self.begin()
        self.drawer.send("stroke", colour=3, width=4, points=b"\0\1\2")
        self.assertEqual(self.state["strokes"], [[3, 4, False, b"\0\1\2"]])
        refusal = self.refusal(self.drawer.send, "stroke", colour=3, width=4, points=b"\0\1\2\0\1\3")
        self.assertEqual((refusal.code, refusal.path), ("bad_data", "$.points"))
        self.drawer.send("undo")
        self.assertEqual(self.state["strokes"], [])

    def test_paint_runs_out(self) -> None:
        """Only so often, since each has every page look at the whole sheet."""
        self.sit()
        self.begin()
        for _ in range(40):
            self.drawer.send("stroke", colour=3, width=4, points=b"\0\1\2")
        self.assertEqual(self.refusal(self.drawer.send, "stroke", colour=3, width=4, points=b"\0\1\2").code, "full")
        self.drawer.send("stroke", colour=3, width=3, points=b"\0\1\2")


class OwnWordTests(SketchCase):
    def gather(self) -> tuple[Visitor, Visitor]:
        self.table = Table(Sketch, seed=5)
        self.people = [self.table.join(name) for name in ("Ann", "Bob", "Cleo")]
        return self.people[0], self.people[1]

    def test_only_own_words_come(self) -> None:
        """Nobody but the drawer sees any of them; all read how many there are."""
        ann, bob = self.gather()
        self.assertEqual(ann.send("own_words", text="garden gnome, Tante Erna\nfondue;fondue", only=True), 3)
        self.assertEqual(self.state["own"], 3)
        self.table.start()
        self.assertEqual(sorted(self.drawer.state["choices"]), ["Tante Erna", "fondue", "garden gnome"])
        self.assertNotIn("gnome", str(bob.docs))

    def test_what_cannot_be_drawn_is_refused(self) -> None:
        """A word with other signs, one alone without others, a player who is no host, and a game under way."""
        ann, bob = self.gather()
        for text in ("x", "semi:colon", "a" * 25):
            refusal = self.refusal(ann.send, "own_words", text=text)
            self.assertEqual((refusal.code, refusal.path), ("bad_data", "$.text"))
        self.assertEqual(self.refusal(ann.send, "own_words", text="fondue", only=True).code, "bad_data")
        self.assertEqual(self.refusal(bob.send, "own_words", text="fondue").code, "forbidden")
        self.assertEqual(ann.send("own_words", text="", only=True), 0)
        self.table.start()
        self.refusal(ann.send, "own_words", text="fondue")
