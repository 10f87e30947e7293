"""Trivia night at a `Table`: phases, answers, points, teams, and what the host may do."""

from __future__ import annotations

from typing import Any

import msgspec
from twisted.trial.unittest import SynchronousTestCase

from games.trivia import Trivia, questions
from games.trivia.questions import Card
from gameserver import Refused
from gameserver.game.importing import sample_folder
from gameserver.game.loader import load
from gameserver.testing import Table, Visitor

CAPITAL = Card("The capital of Norway?", "A", "easy", "choice", "Oslo", choices=("Oslo", "Bergen", "Rome", "Bern"))
FLAT = Card("Is the earth flat?", "B", "easy", "boolean", False)
PEAK = Card("How high is Mount Everest?", "C", "hard", "number", 8848, unit="m")
LAND = Card("Which country is a continent?", "D", "hard", "text", "Australia", accept=("Oz",), reject=("Austria",))


class TriviaCase(SynchronousTestCase):
    """A table of Ann, the host, Bob, Cleo and the screen; the questions are ``cards``, in their order."""

    amnesia = False
    cards: tuple[Card, ...] = (CAPITAL, FLAT, PEAK, LAND)
    options: dict[str, Any] = {}

    def setUp(self) -> None:
        self.patch(questions, "CARDS", list(self.cards))
        self.patch(questions, "_mixed", lambda random, count, pool: list(pool)[:count])
        options = {"questions": len(self.cards), **self.options}
        self.table = Table(Trivia, seed=7, options=options, amnesia=self.amnesia)
        self.ann, self.bob, self.cleo = (self.table.join(name) for name in ("Ann", "Bob", "Cleo"))
        self.screen = self.table.join("TV", "screen")
        self.players = [self.ann, self.bob, self.cleo]

    def after_input(self) -> None:
        """Another class restarts the server here."""

    def start(self, number: int = 1) -> None:
        """Start, and go to this question."""
        self.table.start()
        self.after_input()
        self.table.advance(3)
        for _ in range(number - 1):
            self.go_on("question", "reveal", "scores")
        self.assertEqual((self.table.phase, self.question["number"]), ("question", number))
        self.after_input()

    def go_on(self, *phases: str) -> None:
        for phase in phases:
            self.ann.send("skip", phase=phase)
            self.after_input()

    @property
    def question(self) -> dict[str, Any]:
        found: dict[str, Any] = self.table.state["question"]
        return found

    @property
    def reveal(self) -> dict[str, Any]:
        found: dict[str, Any] = self.table.state["reveal"]
        return found

    def value(self, right: bool = True) -> Any:
        """A right answer to the question that is open, or a wrong one."""
        card = self.cards[self.question["number"] - 1]
        if card.kind == "choice":
            place: int = self.question["choices"].index(card.answer)
            return place if right else (place + 1) % 4
        if card.kind == "boolean":
            return card.answer is right
        return card.answer if right else 12 if card.kind == "number" else "Atlantis"

    def answer(self, visitor: Visitor, right: bool = True) -> None:
        visitor.send("answer", value=self.value(right), number=self.question["number"])
        self.after_input()

    def entry(self, visitor: Visitor) -> dict[str, Any]:
        found: dict[str, Any] = next(e for e in self.table.state["scores"] if e["seat"] == visitor.id)
        return found

    def score(self, visitor: Visitor) -> int:
        score: int = self.entry(visitor)["score"]
        return score

    def refused(self, code: str, visitor: Visitor, type: str, **data: Any) -> None:
        before = self.table.row
        refused = self.assertRaises(Refused, visitor.send, type, data)
        self.assertEqual(refused.code, code)
        self.assertEqual(self.table.row, before, "a refusal leaves no trace")


class PhaseTests(TriviaCase):
    def test_whole_game(self) -> None:
        """3-2-1, question, reveal, scoreboard, and so on to the podium, each at its time."""
        self.assertEqual((self.table.status, self.table.phase), ("lobby", "lobby"))
        self.table.start()
        self.assertEqual(self.table.phase, "countdown")
        self.assertEqual(self.screen.timers, {"ask": round((self.table.now + 3) * 1000)})
        self.assertIsNone(self.table.state["question"])
        self.after_input()
        self.table.advance(3)
        for number in (1, 2, 3, 4):
            self.assertEqual((self.table.phase, self.question["number"], self.question["of"]), ("question", number, 4))
            self.assertEqual(self.screen.timers, {"answer": round((self.table.now + 20) * 1000)})
            self.assertIsNone(self.table.state["reveal"])
            self.after_input()
            self.answer(self.ann)
            self.answer(self.bob, right=False)
            self.table.advance(20)
            self.assertEqual(self.table.phase, "reveal")
            self.after_input()
            self.table.advance(7)
            if number < 4:
                self.assertEqual(self.table.phase, "scores")
                self.after_input()
                self.table.advance(5)
        self.assertEqual((self.table.phase, self.table.status), ("podium", "over"))
        podium = self.table.state["podium"]
        self.assertEqual([entry["name"] for entry in podium], ["Ann", "Bob", "Cleo"])
        self.assertEqual(self.table.result, {"podium": podium})
        self.assertEqual(self.score(self.ann), 4000 + 100 + 200 + 300)
        self.assertEqual(self.score(self.bob), 500, "the second nearest")

    def test_question_is_shown(self) -> None:
        """Everybody sees all of the question but its answer."""
        self.start()
        shown = dict(self.screen.docs["room"]["question"])
        self.assertEqual(sorted(shown.pop("choices")), sorted(CAPITAL.choices))
        asked = [v.id for v in self.players]
        about = {"number": 1, "of": 4, "kind": "choice", "text": CAPITAL.text, "category": "A", "difficulty": "easy"}
        self.assertEqual(shown, {**about, "unit": "", "picture": "", "seconds": 20, "asked": asked, "by": None})

    def test_early_end(self) -> None:
        """When all have answered, nobody waits."""
        self.start()
        self.answer(self.ann)
        self.answer(self.bob)
        self.assertEqual(self.screen.info["answered"], {"answer": [self.ann.id, self.bob.id]})
        self.assertEqual(self.table.phase, "question")
        self.answer(self.cleo)
        self.assertEqual(self.table.phase, "reveal")
        self.assertNotIn("answer", self.screen.timers)

    def test_two_answers(self) -> None:
        """The first counts."""
        self.start()
        self.answer(self.ann, right=False)
        self.refused("refused", self.ann, "answer", value=self.value())
        self.table.advance(20)
        self.assertFalse(self.reveal["answers"][self.ann.id]["right"])

    def test_answer_after_deadline(self) -> None:
        """Answers are locked at the deadline, and none counts for the question after."""
        self.start()
        self.table.advance(20)
        for _ in range(2):
            self.refused("refused", self.bob, "answer", value=0)
            self.table.advance(6)
        self.table.advance(0)
        self.assertEqual(self.question["number"], 2)
        self.refused("refused", self.bob, "answer", value=True, number=1)
        self.assertEqual(self.score(self.bob), 0)

    def test_answer_at_last_moment(self) -> None:
        """What comes before the deadline counts, for half."""
        self.start()
        self.table.advance(19.999)
        self.answer(self.ann)
        self.table.advance(0.001)
        self.assertEqual(self.table.phase, "reveal")
        self.assertEqual(self.score(self.ann), 500)

    def test_answers_of_another_kind_refused(self) -> None:
        """A choice is a number of one, true or false a bool, and so on."""
        bad: list[list[Any]] = [[-1, 4, 1.0, True, "Oslo"], [0, 1, "true"], ["8848", True], ["", "  ", 5, False]]
        for number, values in enumerate(bad, 1):
            self.setUp()
            self.start(number)
            for value in [*values, None, [], {}, "x" * 101, 2 * 10**15]:
                self.refused("bad_data", self.bob, "answer", value=value)

    def test_only_players_answer(self) -> None:
        """A screen is not asked, and nothing is before the start."""
        self.refused("refused", self.bob, "answer", value=0)
        self.start()
        self.refused("forbidden", self.screen, "answer", value=0)

    def test_own_document(self) -> None:
        """One's own answer at once, whether it was right at the reveal."""
        self.start()
        self.table.advance(5)
        self.answer(self.ann)
        mine = {"number": 1, "asked": True, "answer": self.value(), "after_s": 5, "right": None, "gained": None}
        self.assertEqual(self.ann.state, mine)
        self.table.advance(15)
        self.assertEqual(self.ann.state, {**mine, "right": True, "gained": 875})
        self.assertEqual((self.bob.state["right"], self.bob.state["gained"]), (False, 0))

    def test_play_again(self) -> None:
        """The same seats, from nothing."""
        self.start(4)
        self.answer(self.ann)
        self.go_on("question", "reveal")
        self.assertEqual(self.table.status, "over")
        self.assertGreater(self.score(self.ann), 0)
        seats = [e["seat"] for e in self.table.state["scores"]]
        self.start()
        self.assertEqual(sorted(e["seat"] for e in self.table.state["scores"]), sorted(seats))
        self.assertTrue(all(e["score"] == e["streak"] == e["gained"] == 0 for e in self.table.state["scores"]))
        self.assertIsNone(self.table.state["podium"])
        self.assertIsNone(self.table.state["reveal"])
        self.answer(self.ann)

    def test_quiet_while_question_is_open(self) -> None:
        """A line might hold the answer; before and after one may talk."""
        self.bob.say("hello")
        self.start()
        self.assertRaises(Refused, self.bob.say, "Oslo!")
        self.go_on("question")
        self.bob.say("I knew it")
        self.assertEqual([line["text"] for line in self.screen.chat], ["hello", "I knew it"])


class ComingAndGoingTests(TriviaCase):
    def test_late_join_waits(self) -> None:
        """Who comes in the middle of a question is asked the next."""
        self.start()
        dan = self.table.join("Dan")
        self.refused("forbidden", dan, "answer", value=0)
        self.assertEqual((dan.state["asked"], self.score(dan)), (False, 0))
        for visitor in self.players:
            self.answer(visitor)
        self.assertEqual(self.table.phase, "reveal", "nobody waits for Dan")
        self.assertNotIn(dan.id, self.reveal["answers"])
        self.go_on("reveal", "scores")
        self.assertTrue(dan.state["asked"])
        self.answer(dan)

    def test_late_spectator(self) -> None:
        """Spectators come any time, see all, and have no score."""
        self.start()
        eve = self.table.join("Eve", "spectator")
        self.assertEqual(eve.docs["room"], self.table.state)
        self.assertEqual(len(self.table.state["scores"]), 3)
        self.refused("forbidden", eve, "team", team="red")

    def test_dropped_player_is_not_waited_for(self) -> None:
        """All online have answered: that is enough; what was answered before a drop counts."""
        self.start()
        self.answer(self.bob)
        self.bob.drop()
        self.answer(self.ann)
        self.cleo.drop()
        self.after_input()
        self.assertEqual(self.table.phase, "reveal")
        self.assertTrue(self.reveal["answers"][self.bob.id]["right"])
        self.bob.resume()
        self.assertTrue(self.bob.state["right"])

    def test_back_in_time(self) -> None:
        """Who comes back before the deadline may answer."""
        self.start()
        self.bob.drop()
        self.table.advance(5)
        self.bob.resume()
        self.answer(self.bob)
        self.assertEqual(self.bob.state["after_s"], 5)

    def test_host_drops(self) -> None:
        """The game goes on by itself, and the host is still host when back."""
        self.start()
        self.ann.drop()
        self.table.advance(20 + 7 + 5)
        self.assertEqual((self.table.phase, self.question["number"]), ("question", 2))
        self.ann.resume()
        self.go_on("question")

    def test_host_leaves(self) -> None:
        """The next player is host."""
        self.start()
        self.ann.leave()
        self.bob.send("skip")
        self.assertEqual(self.table.phase, "reveal")
        self.assertEqual(len(self.table.state["scores"]), 2)

    def test_host_drops_while_paused(self) -> None:
        """The pause lasts until the host is back, or away for ten seconds: then whoever hosts meanwhile ends it."""
        self.start()
        self.ann.send("pause")
        self.ann.drop()
        self.table.advance(9)
        self.refused("paused", self.bob, "unpause")
        self.table.advance(2)
        self.bob.send("unpause")
        self.table.advance(20)
        self.assertEqual(self.table.phase, "reveal")

    def test_screen_drops(self) -> None:
        """Nothing waits for the screen; it comes back to the state of things."""
        self.start()
        self.screen.drop()
        for visitor in self.players:
            self.answer(visitor)
        self.table.advance(7)
        self.screen.resume()
        self.assertEqual(self.screen.docs["room"], self.table.state)
        self.assertEqual(self.screen.info["phase"], "scores")

    def test_nobody_online(self) -> None:
        """The next question waits until somebody is back."""
        self.start()
        for visitor in self.players:
            visitor.drop()
        self.table.advance(100)
        self.assertEqual((self.table.phase, self.table.room.doc("room").plain()["question"]["number"]), ("scores", 1))
        self.bob.resume()
        self.table.advance(5)
        self.assertEqual((self.table.phase, self.question["number"]), ("question", 2))

    def test_everybody_leaves(self) -> None:
        """With no player left the game is over; who comes then may start again."""
        self.start()
        for visitor in self.players:
            visitor.leave()
        self.assertEqual((self.table.status, self.table.state["podium"]), ("over", []))
        self.table.join("Dan")
        self.start()

    def test_leave_and_come_back(self) -> None:
        """Who left in the middle of a game has the score again, in a new seat."""
        self.start()
        self.answer(self.bob)
        self.go_on("question")
        self.assertEqual(self.score(self.bob), 1000)
        self.bob.leave()
        self.assertEqual(len(self.table.state["scores"]), 2)
        self.bob.come(None, {})
        self.assertEqual((self.score(self.bob), self.entry(self.bob)["streak"]), (1000, 1))

    def test_hundred_players(self) -> None:
        """A hundred phones answer within a second; each is counted once."""
        crowd = [*self.players, *(self.table.join(f"P{n}") for n in range(97))]
        self.assertRaises(Refused, self.table.join, "One too many")
        self.start()
        for number, visitor in enumerate(crowd):
            self.assertEqual(self.table.phase, "question")
            self.answer(visitor, right=number % 2 == 0)
            self.table.advance(0.01)
        self.assertEqual(self.table.phase, "reveal")
        self.assertEqual(set(self.reveal["answers"]), {v.id for v in crowd})
        self.assertEqual(sum(a["right"] for a in self.reveal["answers"].values()), 50)
        self.assertTrue(all(self.score(v) in (range(970, 1001) if n % 2 == 0 else (0,)) for n, v in enumerate(crowd)))


class HostTests(TriviaCase):
    def test_others_have_no_rights(self) -> None:
        """Only the host pauses, skips, kicks and corrects."""
        self.start()
        for visitor in (self.bob, self.screen):
            for type in ("pause", "unpause", "skip"):
                self.refused("forbidden", visitor, type)
            self.refused("forbidden", visitor, "kick", player=self.cleo.id)
            self.refused("forbidden", visitor, "correct", player=self.bob.id, points=1000)

    def test_nothing_to_do_in_lobby(self) -> None:
        """Before the start there is nothing to pause, skip or correct."""
        for type in ("pause", "unpause", "skip"):
            self.refused("refused", self.ann, type)
        self.refused("refused", self.ann, "correct", player=self.bob.id, points=1)

    def test_pause_over_deadline(self) -> None:
        """Time stands still; nobody answers, not even the host; afterwards there is as much time as before."""
        self.start()
        self.table.advance(15)
        self.ann.send("pause")
        self.after_input()
        self.assertTrue(self.screen.docs["room"]["paused"] and self.screen.info["paused"])
        self.table.advance(200)
        self.assertEqual(self.table.phase, "question")
        for visitor in (self.ann, self.bob):
            self.refused("paused", visitor, "answer", value=self.value())
        self.ann.send("unpause")
        self.after_input()
        self.assertFalse(self.screen.docs["room"]["paused"] or self.screen.info["paused"])
        self.table.advance(4)
        self.answer(self.bob)
        self.assertEqual(self.bob.state["after_s"], 19)
        self.table.advance(1)
        self.assertEqual((self.table.phase, self.score(self.bob)), ("reveal", 525))

    def test_pause_between_questions(self) -> None:
        """A pause holds the countdown, the reveal and the scores as well."""
        self.table.start()
        for phase, s in (("countdown", 3), ("question", 20), ("reveal", 7), ("scores", 5)):
            self.assertEqual(self.table.phase, phase)
            self.ann.send("pause")
            self.table.advance(60)
            self.assertEqual(self.table.phase, phase)
            self.ann.send("unpause")
            self.table.advance(s)

    def test_skip_counts_answers(self) -> None:
        """A question that is skipped ends with the answers so far."""
        self.start()
        self.table.advance(10)
        self.answer(self.bob)
        self.table.advance(5)
        self.go_on("question")
        self.assertEqual((self.table.phase, self.score(self.bob)), ("reveal", 750))
        self.assertEqual(self.reveal["answers"][self.bob.id]["after_s"], 10)
        self.refused("refused", self.ann, "skip", phase="question")

    def test_void(self) -> None:
        """A bad question counts for nothing, and ends no streak."""
        self.start()
        self.answer(self.bob)
        self.go_on("question", "reveal", "scores")
        self.answer(self.bob, right=False)
        self.ann.send("skip", phase="question", void=True)
        self.assertEqual((self.reveal["void"], self.reveal["answers"]), (True, {}))
        self.assertEqual((self.score(self.bob), self.entry(self.bob)["streak"]), (1000, 1))
        self.assertIsNone(self.bob.state["right"])

    def test_kick(self) -> None:
        """Who is kicked is gone, is not waited for, and may not come back."""
        self.start()
        self.answer(self.ann)
        self.answer(self.bob)
        self.ann.send("kick", player=self.cleo.id)
        self.after_input()
        self.assertEqual((self.cleo.left, self.table.phase), ("banned", "reveal"))
        self.assertEqual(len(self.table.state["scores"]), 2)
        self.assertRaises(Refused, self.cleo.come, None, {})
        self.refused("refused", self.ann, "kick", player=self.ann.id)
        self.ann.send("kick", player=self.screen.id, ban=False)
        self.assertEqual(self.screen.left, "kicked")

    def test_correct(self) -> None:
        """The host adds points or takes some, during the game and at the end."""
        self.start()
        self.ann.send("correct", player=self.cleo.id, points=300)
        self.after_input()
        self.assertEqual(self.table.state["scores"][0]["seat"], self.cleo.id)
        self.ann.send("correct", player=self.cleo.id, points=-100)
        self.assertEqual((self.score(self.cleo), self.entry(self.cleo)["rank"]), (200, 1))
        self.refused("bad_data", self.ann, "correct", player=self.screen.id, points=1)
        self.refused("bad_data", self.ann, "correct", player="99", points=1)
        self.go_on(*["question", "reveal", "scores"] * 3, "question", "reveal")
        self.ann.send("correct", player=self.bob.id, points=500)
        self.assertEqual([e["name"] for e in self.table.result["podium"]][:2], ["Bob", "Cleo"])
        self.assertEqual(self.table.result["podium"], self.table.state["podium"])
        self.start()


class KindTests(TriviaCase):
    def test_choice(self) -> None:
        """The index of the right choice is right."""
        self.start()
        self.answer(self.ann)
        self.answer(self.bob, right=False)
        self.go_on("question")
        self.assertEqual((self.reveal["answer"], self.reveal["value"]), ("Oslo", self.value()))
        self.assertEqual((self.score(self.ann), self.score(self.bob), self.score(self.cleo)), (1000, 0, 0))

    def test_boolean(self) -> None:
        """True or false."""
        self.start(2)
        self.ann.send("answer", value=True)
        self.bob.send("answer", value=False)
        self.go_on("question")
        self.assertEqual((self.reveal["answer"], self.reveal["value"]), ("False", False))
        self.assertEqual((self.score(self.ann), self.score(self.bob)), (0, 1000))

    def test_number(self) -> None:
        """The nearest wins, the second gets half, the third a quarter."""
        self.start(3)
        self.ann.send("answer", value=9000)
        self.bob.send("answer", value=8800.5)
        self.cleo.send("answer", value=-3)
        self.assertEqual(self.reveal["answer"], "8848 m")
        self.assertEqual([self.score(v) for v in self.players], [500, 1000, 250])
        self.assertEqual([v.state["right"] for v in self.players], [False, True, False])

    def test_text(self) -> None:
        """Case, a slip of the pen and other names are right; another country is not."""
        self.start(4)
        self.ann.send("answer", value=" AUSTRALAI ")
        self.bob.send("answer", value="oz")
        self.cleo.send("answer", value="Austria")
        self.assertEqual([self.score(v) for v in self.players], [1000, 1000, 0])
        self.assertEqual(self.reveal["answers"][self.ann.id]["value"], "AUSTRALAI")


class StreakTests(TriviaCase):
    cards = tuple(Card(f"Q{n}", "A", "easy", "boolean", True) for n in range(8))
    options = {"speed": False}

    def test_streaks(self) -> None:
        """Each right answer in a row gives more, up to 500; a wrong one or none ends it."""
        self.start()
        for number in range(8):
            self.answer(self.ann)
            if number != 2:
                self.answer(self.bob, right=number != 5)
            self.go_on("question")
            self.assertEqual(self.entry(self.ann)["gained"], 1000 + min(100 * number, 500))
            self.assertEqual(self.reveal["answers"][self.ann.id]["bonus"], min(100 * number, 500))
            if number < 7:
                self.go_on("reveal", "scores")
        self.assertEqual(self.entry(self.ann)["streak"], 8)
        self.assertEqual((self.score(self.bob), self.entry(self.bob)["streak"]), (6000 + 100 + 200 - 100 + 100 - 0, 2))

    def test_speed_off(self) -> None:
        """A late answer gives as much as a quick one."""
        self.start()
        self.table.advance(19)
        self.answer(self.ann)
        self.go_on("question")
        self.assertEqual(self.score(self.ann), 1000)


class TeamTests(TriviaCase):
    options = {"teams": 2}

    def team(self, name: str) -> dict[str, Any]:
        found: dict[str, Any] = next(t for t in self.table.state["teams"] if t["team"] == name)
        return found

    def test_newcomers_fill_teams(self) -> None:
        """Into the smallest; everybody knows who is in which."""
        self.assertEqual([self.entry(v)["team"] for v in self.players], ["red", "blue", "red"])
        self.assertEqual(self.screen.seats[self.bob.id]["groups"], ["blue"])

    def test_change_team(self) -> None:
        """In the lobby and at the end, into a team that there is."""
        self.cleo.send("team", team="blue")
        self.assertEqual((self.entry(self.cleo)["team"], self.screen.seats[self.cleo.id]["groups"]), ("blue", ["blue"]))
        self.refused("bad_data", self.cleo, "team", team="green")
        self.start()
        self.refused("refused", self.cleo, "team", team="red")

    def test_other_teams_between_rounds(self) -> None:
        """The host may have more of them, fewer or none: everybody is in one that there is, and may change."""
        for count, teams in ((4, ["red", "blue", "green"]), (3, ["red", "blue", "green"]), (2, ["red", "blue", "red"])):
            self.ann.options(teams=count, questions=4)
            self.assertEqual([self.entry(v)["team"] for v in self.players], teams)
            self.assertEqual([self.screen.seats[v.id]["groups"] for v in self.players], [[team] for team in teams])
        self.refused("bad_data", self.cleo, "team", team="green")
        self.ann.options(teams=0, questions=4)
        self.assertEqual(
            [(self.entry(v)["team"], self.screen.seats[v.id]["groups"]) for v in self.players], [(None, [])] * 3
        )
        self.ann.options(teams=3, questions=4)
        self.cleo.send("team", team="red")
        self.start()
        self.answer(self.bob)
        self.go_on("question")
        self.assertEqual([t["team"] for t in self.table.state["teams"]], ["blue", "red", "green"])
        dan = self.table.join("Dan")
        self.assertEqual(self.entry(dan)["team"], "green")

    def test_team_gains_average(self) -> None:
        """A large team has no advantage; a correction changes the team by the player's part."""
        self.start()
        self.answer(self.ann)
        self.answer(self.cleo, right=False)
        self.answer(self.bob)
        self.assertEqual((self.team("red")["score"], self.team("blue")["score"]), (500, 1000))
        self.assertEqual([t["team"] for t in self.table.state["teams"]], ["blue", "red"])
        self.ann.send("correct", player=self.cleo.id, points=2000)
        self.assertEqual(self.team("red"), {"team": "red", "score": 1500, "gained": 500, "rank": 1})

    def test_podium_of_teams(self) -> None:
        """Teams stand on it."""
        self.start(4)
        self.answer(self.bob)
        self.go_on("question", "reveal")
        expected = [
            {"rank": 1, "team": "blue", "seat": None, "name": None, "score": 1000},
            {"rank": 2, "team": "red", "seat": None, "name": None, "score": 0},
        ]
        self.assertEqual(self.table.result["podium"], expected)

    def test_team_is_kept(self) -> None:
        """Who comes back in a game is in the same team."""
        self.start()
        self.cleo.leave()
        self.table.join("Dan")
        self.cleo.come(None, {})
        self.assertEqual(self.entry(self.cleo)["team"], "red")


class OptionTests(SynchronousTestCase):
    def test_categories_and_difficulty(self) -> None:
        """Only such questions are asked."""
        table = Table(Trivia, options={"questions": 15, "categories": ["Flags", "Money"], "difficulty": "hard"})
        table.join("Ann")
        table.start()
        deck = table.row["docs"]["secret"]["deck"]
        self.assertEqual({(c["category"], c["difficulty"]) for c in deck}, {("Flags", "hard"), ("Money", "hard")})

    def test_bad_options_refused(self) -> None:
        """Out of bounds, a category that there is not, more questions than there are."""
        few = {"questions": 50, "categories": ["Money"], "difficulty": "easy"}
        bad: list[dict[str, Any]] = [{"questions": 0}, {"questions": 51}, {"seconds": 4}, {"teams": 1}, {"teams": 5}]
        for options in [*bad, {"difficulty": "x"}, {"categories": ["Golf"]}, {"speed": 1}, few]:
            refused = self.assertRaises(Refused, Table, Trivia, options=options)
            self.assertEqual(refused.code, "bad_data")

    def test_no_repeats(self) -> None:
        """Played again and again, no question comes twice until all have come; chance decides which."""
        seen: list[str] = []
        table = Table(Trivia, seed=3, options={"questions": 50})
        ann = table.join("Ann")
        for _ in range(len(questions.matching()) // 50):
            table.start()
            seen += [msgspec.convert(card, Card).id for card in table.row["docs"]["secret"]["deck"]]
            while table.status == "playing":
                ann.send("skip")
                table.advance(0.1)
        self.assertEqual(len(set(seen)), len(seen))
        table.start()

    def test_language(self) -> None:
        """A room in German asks German questions, and what is typed is compared with German answers."""
        table = Table(Trivia, seed=4, options={"questions": 30, "categories": ["Capitals"], "language": "de"})
        ann = table.join("Ann")
        table.start()
        deck = [msgspec.convert(card, Card) for card in table.row["docs"]["secret"]["deck"]]
        german = {card.id for card in questions.matching(["Capitals"], language="de")}
        self.assertEqual({card.id for card in deck} - german, set())
        number = next(n for n, card in enumerate(deck) if card.kind == "text")
        while table.state["question"] is None or table.state["question"]["number"] <= number:
            ann.send("skip")
        question = table.state["question"]
        self.assertRegex(question["text"], r"^Von welchem Land ist .+ die Hauptstadt\?$")
        ann.send("answer", value=f"{deck[number].answer}".upper())
        self.assertIs(ann.state["right"], True)

    def test_language_is_changed_between_rounds(self) -> None:
        """By the host, with the other options; one that there is not is refused, then and at first."""
        table = Table(Trivia, options={"language": "es"})
        ann = table.join("Ann")
        table.start()
        while table.status == "playing":
            ann.send("skip")
        ann.options(language="fr", questions=20)
        self.assertEqual(self.assertRaises(Refused, ann.options, language="tlh").code, "bad_data")
        self.assertEqual(self.assertRaises(Refused, ann.options, categories=["Golf"]).code, "bad_data")
        table.restart()
        table.start()
        deck = table.row["docs"]["secret"]["deck"]
        self.assertEqual([card["language"] for card in deck], ["fr"] * 20)
        refused = self.assertRaises(Refused, Table, Trivia, options={"language": "tlh"})
        self.assertEqual((refused.code, refused.path), ("bad_data", "$.options.language"))

    def test_loads_as_sample(self) -> None:
        """The server finds it among the samples."""
        folder = sample_folder()
        assert folder is not None
        catalog = load([str(folder / "trivia")], sample_games=False, entry_points=False)
        self.assertEqual((list(catalog.games), catalog.broken), (["trivia"], []))


class AmnesiacPhaseTests(PhaseTests):
    """The same, with the game made anew before every step."""

    amnesia = True


class AmnesiacHostTests(HostTests):
    amnesia = True


class RestartedPhaseTests(PhaseTests):
    """The same, with the server killed after each input."""

    def after_input(self) -> None:
        self.table.restart()


class RestartedHostTests(HostTests):
    def after_input(self) -> None:
        self.table.restart()


class RestartedKindTests(KindTests):
    def after_input(self) -> None:
        self.table.restart()


class RestartedTeamTests(TeamTests):
    def after_input(self) -> None:
        self.table.restart()
