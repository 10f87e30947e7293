"""Asking everybody."""

from __future__ import annotations

from typing import Any

from twisted.trial.unittest import SynchronousTestCase

from gameserver import Answer, Game, Player, Refused, message, question, timer
from gameserver.testing import Table


class Quiz(Game):
    """Asks when told to."""

    needs_start = False
    roles = {"screen": 1}
    hold_s = 30

    @message(by="any")
    def ask(
        self, player: Player, s: float | None = None, of: list[Player] | None = None, which: str = "choose"
    ) -> None:
        if of is None:
            getattr(self, which).ask(s)
        else:
            getattr(self, which).ask(s, of=of)

    @message(by="any")
    def ask_ids(self, player: Player) -> None:
        self.choose.ask(of=[player.id])  # type: ignore[list-item]

    @message(by="any")
    def take(self, player: Player, whose: Player) -> None:
        self.choose.take_back(whose)

    @message(by="any")
    def close_it(self, player: Player) -> None:
        self.choose.close()

    @message(by="any")
    def out(self, player: Player, whom: Player) -> None:
        self.kick(whom)

    @message(by="any")
    def halt(self, player: Player) -> None:
        self.pause()

    @message(by="any")
    def go_on(self, player: Player) -> None:
        self.unpause()

    @message(by="any")
    def finish_(self, player: Player) -> None:
        self.over()

    @question
    def choose(self, player: Player, card: int) -> int:
        if card < 0:
            raise Refused("no such card")
        return card * 10

    @choose.done
    def reveal(self, answers: dict[Player, Answer[int]]) -> None:
        told = [[p.name, a.value, a.after_s] for p, a in answers.items()]
        self.state.setdefault("revealed", []).append(told)

    @message(by="any")
    def ask_later(self, player: Player) -> None:
        self.after(5, "ask_nobody")

    @timer
    def ask_nobody(self) -> None:
        self.choose.ask(of=[])

    @question
    def echo(self, player: Player) -> None: ...

    @echo.done
    def echoed(self, answers: dict[Player, Answer[None]]) -> None:
        self.echo.ask(of=[])

    @question(revise=True)
    def bid(self, player: Player, n: int) -> dict[str, Any]:
        self.state["looks"] = self.state.get("looks", 0) + 1
        return {"n": n, "by": player.name}

    @bid.done
    def sold(self, answers: dict[Player, Answer[dict[str, Any]]]) -> None:
        if any(a.value["n"] == 13 for a in answers.values()):
            raise ValueError("unlucky")
        self.state["bids"] = {p.name: a.value["n"] for p, a in answers.items()}


class QuestionTests(SynchronousTestCase):
    """A message that is open only while asked; answers stay secret until all are in."""

    def setUp(self) -> None:
        self.table = Table(Quiz, raises=False)
        self.ann, self.bob = self.table.join("Ann"), self.table.join("Bob")

    def revealed(self) -> Any:
        """What `reveal` got, call by call."""
        return self.table.state.get("revealed", [])

    def test_not_asked(self) -> None:
        """It is closed until asked."""
        self.assertEqual(self.assertRaises(Refused, self.ann.send, "choose", card=1).code, "refused")

    def test_asked_of_nobody(self) -> None:
        """``done`` is called with nothing, at once, also from a timer; asking nobody for ever is an error."""
        self.ann.send("ask", s=45, of=[])
        self.assertEqual(self.revealed(), [[]])
        self.assertEqual(self.ann.info["answered"], {})
        self.ann.send("ask_later")
        self.table.advance(5)
        self.assertEqual(self.revealed(), [[], []])
        self.assertEqual(self.assertRaises(Refused, self.ann.send, "ask", of=[], which="echo").code, "game_error")
        (failure,) = self.flushLoggedErrors(RuntimeError)
        self.assertIn("again and again", str(failure.value))
        self.ann.send("ask", s=45)

    def test_those_who_stay_count(self) -> None:
        """Who answered and left is no answer: it waits for one of those who are still here, if only to come back."""
        self.ann.send("ask")
        self.bob.send("choose", card=1)
        self.ann.drop()
        self.assertEqual(self.revealed(), [[["Bob", 10, 0.0]]])
        self.ann.resume()
        self.ann.send("ask")
        self.bob.send("choose", card=1)
        self.table.join("Cleo")
        self.bob.leave()
        self.ann.drop()
        self.assertEqual(len(self.revealed()), 1)

    def test_who_is_asked_are_players(self) -> None:
        """Ids are an error that says so, where they are given; nothing is asked."""
        self.assertRaises(Refused, self.ann.send, "ask_ids")
        (failure,) = self.flushLoggedErrors(TypeError)
        self.assertIn("choose.ask(of=...) takes players", failure.getErrorMessage())
        self.assertEqual(self.ann.info["asked"], {})

    def test_info_tells_who_is_asked(self) -> None:
        """`asked` and `answered` name those who are still here, for who came later, too."""
        self.ann.send("ask", of=[self.ann.id, self.bob.id])
        self.bob.send("choose", card=1)
        cleo = self.table.join("Cleo")
        self.assertEqual(cleo.info["asked"], {"choose": [self.ann.id, self.bob.id]})
        self.bob.leave()
        for each in (self.ann, cleo):
            self.assertEqual(each.info["asked"], {"choose": [self.ann.id]})
            self.assertEqual(each.info["answered"], {"choose": []})

    def test_all_answered(self) -> None:
        """When all have answered, ``done`` gets what the method returned, and when."""
        self.ann.send("ask", s=45)
        self.table.advance(2)
        self.bob.send("choose", card=1)
        self.table.advance(1)
        self.ann.send("choose", card=2)
        self.assertEqual(self.revealed(), [[["Bob", 10, 2.0], ["Ann", 20, 3.0]]])
        self.table.advance(100)
        self.assertEqual(len(self.revealed()), 1)
        self.assertRaises(Refused, self.ann.send, "choose", card=2)

    def test_answer_tells_nothing(self) -> None:
        """The reply to an answer does not carry what is kept, and who has answered is public, what is not."""
        self.ann.send("ask", s=45)
        self.bob.send("choose", card=987654)
        self.assertEqual(self.ann.info["answered"], {"choose": [self.bob.id]})
        self.assertNotIn(b"987654", self.ann.seen())
        self.assertEqual(self.table.join("Cleo").info["answered"], {"choose": [self.bob.id]})

    def test_deadline(self) -> None:
        """At the deadline those who have not answered are missing."""
        self.ann.send("ask", s=45)
        self.bob.send("choose", card=1)
        self.table.advance(44.9)
        self.assertEqual(self.revealed(), [])
        self.table.advance(0.1)
        self.assertEqual(self.revealed(), [[["Bob", 10, 0.0]]])

    def test_deadline_shown(self) -> None:
        """The deadline is shown to clients."""
        self.ann.send("ask", s=45)
        self.assertEqual(list(self.bob.timers), ["choose"])
        self.table.advance(45)
        self.assertEqual(self.bob.timers, {})

    def test_nobody_answered(self) -> None:
        """``done`` is called with nothing at the deadline."""
        self.ann.send("ask", s=45)
        self.table.advance(45)
        self.assertEqual(self.revealed(), [[]])

    def test_after_the_deadline(self) -> None:
        """An answer at the deadline's instant is too late, however late the server notices."""
        self.ann.send("ask", s=45)
        self.table._time.rightNow += 45  # The reactor is late: the answer comes before the timer's call.
        self.assertRaises(Refused, self.bob.send, "choose", card=1)
        self.assertEqual(self.revealed(), [[]])

    def test_no_deadline(self) -> None:
        """Without a time it waits for all."""
        self.ann.send("ask")
        self.table.advance(3600)
        self.ann.send("choose", card=1)
        self.bob.send("choose", card=1)
        self.assertEqual(len(self.revealed()), 1)

    def test_once(self) -> None:
        """An answer stands, unless the question may be revised."""
        self.ann.send("ask", s=45)
        self.ann.send("choose", card=1)
        self.assertRaises(Refused, self.ann.send, "choose", card=2)
        self.bob.send("choose", card=3)
        self.assertEqual(self.revealed()[0][0][1], 10)

    def test_revise(self) -> None:
        """Here an answer may be changed while the question is open."""
        self.ann.send("ask", s=45, which="bid")
        self.ann.send("bid", n=1)
        self.ann.send("bid", n=2)
        self.assertEqual(self.ann.info["answered"], {"bid": [self.ann.id]})
        self.bob.send("bid", n=5)
        self.assertEqual(self.table.state["bids"], {"Ann": 2, "Bob": 5})
        self.assertRaises(Refused, self.ann.send, "bid", n=3)

    def test_refused_answer(self) -> None:
        """The method checks; a refused answer is none, and the last one stands."""
        self.ann.send("ask", s=45)
        self.assertEqual(self.assertRaises(Refused, self.ann.send, "choose", card=-1).text, "no such card")
        self.assertEqual(self.assertRaises(Refused, self.ann.send, "choose", card="x").code, "bad_data")
        self.assertEqual(self.ann.info["answered"], {"choose": []})

    def test_take_back(self) -> None:
        """An answer that is taken back is none; another may be given."""
        self.ann.send("ask", s=45)
        self.ann.send("choose", card=1)
        self.bob.send("take", whose=self.ann.id)
        self.assertEqual(self.bob.info["answered"], {"choose": []})
        self.bob.send("choose", card=2)
        self.assertEqual(self.revealed(), [])
        self.ann.send("choose", card=3)
        self.assertEqual([a[:2] for a in self.revealed()[0]], [["Bob", 20], ["Ann", 30]])

    def test_close(self) -> None:
        """A closed question is asked no more; ``done`` is not called, its deadline is gone."""
        self.ann.send("ask", s=45)
        self.ann.send("choose", card=1)
        self.ann.send("close_it")
        self.assertEqual((self.ann.timers, self.ann.info["answered"]), ({}, {}))
        self.assertRaises(Refused, self.bob.send, "choose", card=1)
        self.table.advance(100)
        self.assertEqual(self.revealed(), [])

    def test_of(self) -> None:
        """Only those who were asked may answer, and are waited for."""
        self.ann.send("ask", s=45, of=[self.bob.id])
        self.assertRaises(Refused, self.ann.send, "choose", card=1)
        self.bob.send("choose", card=1)
        self.assertEqual(len(self.revealed()), 1)

    def test_of_role(self) -> None:
        """Seats of any role may be asked."""
        screen = self.table.join("TV", "screen")
        self.ann.send("ask", s=45, of=[screen.id])
        screen.send("choose", card=4)
        self.assertEqual(self.revealed(), [[["TV", 40, 0.0]]])

    def test_default_is_players(self) -> None:
        """By default all players are asked, no screen."""
        screen = self.table.join("TV", "screen")
        self.ann.send("ask", s=45)
        self.assertRaises(Refused, screen.send, "choose", card=1)
        self.ann.send("choose", card=1)
        self.bob.send("choose", card=1)
        self.assertEqual(len(self.revealed()), 1)

    def test_fixed_when_asked(self) -> None:
        """Who comes later is not asked."""
        self.ann.send("ask", s=45)
        cleo = self.table.join("Cleo")
        self.assertRaises(Refused, cleo.send, "choose", card=1)
        self.ann.send("choose", card=1)
        self.bob.send("choose", card=1)
        self.assertEqual(len(self.revealed()), 1)

    def test_drop_completes(self) -> None:
        """A drop checks again: who is away is not waited for."""
        self.ann.send("ask", s=45)
        self.ann.send("choose", card=1)
        self.bob.drop()
        self.assertEqual(self.revealed(), [[["Ann", 10, 0.0]]])

    def test_leave_completes(self) -> None:
        """So does a leave."""
        self.ann.send("ask", s=45)
        self.ann.send("choose", card=1)
        self.bob.leave()
        self.assertEqual(self.revealed(), [[["Ann", 10, 0.0]]])

    def test_kick_completes(self) -> None:
        """And a kick, in the same step."""
        self.ann.send("ask", s=45)
        self.ann.send("choose", card=1)
        self.ann.send("out", whom=self.bob.id)
        self.assertEqual(self.revealed(), [[["Ann", 10, 0.0]]])

    def test_answer_of_one_who_dropped(self) -> None:
        """Who answered and then dropped has answered."""
        self.ann.send("ask", s=45)
        self.ann.send("choose", card=1)
        self.ann.drop()
        self.bob.send("choose", card=2)
        self.assertEqual([a[0] for a in self.revealed()[0]], ["Ann", "Bob"])

    def test_answer_of_one_who_left(self) -> None:
        """Who left for good is no player any more: the answer is not there."""
        self.ann.send("ask", s=45)
        self.ann.send("choose", card=1)
        self.ann.leave()
        self.bob.send("choose", card=2)
        self.assertEqual([a[0] for a in self.revealed()[0]], ["Bob"])

    def test_resumed_may_answer(self) -> None:
        """Who dropped and comes back in time may still answer."""
        cleo = self.table.join("Cleo")
        self.ann.send("ask", s=45)
        self.ann.send("choose", card=1)
        cleo.drop()
        cleo.resume()
        cleo.send("choose", card=2)
        self.bob.send("choose", card=3)
        self.assertEqual(len(self.revealed()[0]), 3)

    def test_everybody_left(self) -> None:
        """When nobody who was asked is left, ``done`` is called with nothing."""
        self.ann.send("ask", of=[self.bob.id])
        self.bob.leave()
        self.assertEqual(self.revealed(), [[]])

    def test_asked_again(self) -> None:
        """Asking again while open forgets the answers and the deadline."""
        self.ann.send("ask", s=10)
        self.ann.send("choose", card=1)
        self.table.advance(5)
        self.ann.send("ask", s=10)
        self.table.advance(9)
        self.assertEqual(self.revealed(), [])
        self.bob.send("choose", card=2)
        self.table.advance(1)
        self.assertEqual(self.revealed(), [[["Bob", 20, 9.0]]])

    def test_failing_done(self) -> None:
        """If ``done`` fails, the last answer was not given; it may be given again."""
        self.ann.send("ask", s=45, which="bid")
        self.ann.send("bid", n=13)
        self.assertEqual(self.assertRaises(Refused, self.bob.send, "bid", n=5).code, "game_error")
        self.assertEqual(len(self.flushLoggedErrors(ValueError)), 1)
        self.assertEqual(self.bob.info["answered"], {"bid": [self.ann.id]})
        self.ann.send("bid", n=12)
        self.bob.send("bid", n=5)
        self.assertEqual(self.table.state, {"looks": 3, "bids": {"Ann": 12, "Bob": 5}})

    def test_pause(self) -> None:
        """While paused the deadline stands still, and the time of an answer as well."""
        self.ann.send("ask", s=45)
        self.table.advance(10)
        self.ann.send("halt")
        self.assertEqual(self.assertRaises(Refused, self.bob.send, "choose", card=1).code, "paused")
        self.table.advance(100)
        self.ann.send("go_on")
        self.table.advance(20)
        self.bob.send("choose", card=1)
        self.table.advance(14.9)
        self.assertEqual(self.revealed(), [])
        self.table.advance(0.1)
        self.assertEqual(self.revealed(), [[["Bob", 10, 30.0]]])

    def test_over_closes(self) -> None:
        """When the game is over nothing is asked."""
        self.ann.send("ask", s=45)
        self.ann.send("finish_")
        self.table.advance(100)
        self.assertEqual((self.revealed(), self.ann.info["answered"]), ([], {}))

    def test_restart(self) -> None:
        """Answers, who is asked and the deadline outlive the process."""
        self.ann.send("ask", s=45)
        self.table.advance(5)
        self.ann.send("choose", card=1)
        self.table.restart()
        self.assertRaises(Refused, self.ann.send, "choose", card=1)
        self.assertEqual(self.bob.info["answered"], {"choose": [self.ann.id]})
        self.table.advance(40)
        self.assertEqual(self.revealed(), [[["Ann", 10, 5.0]]])


class FailingHooks(Quiz):
    """Its hooks fail."""

    def on_drop(self, player: Player) -> None:
        raise ValueError("on_drop")

    def on_leave(self, player: Player) -> None:
        raise ValueError("on_leave")


class FailingHookTests(SynchronousTestCase):
    """What the framework does stands where a hook fails: a drop or a leave completes the question all the same."""

    def test_drop_and_leave(self) -> None:
        """The others need not wait."""
        for away in ("drop", "leave"):
            table = Table(FailingHooks, raises=False)
            ann, bob = table.join("Ann"), table.join("Bob")
            ann.send("ask")
            ann.send("choose", card=1)
            getattr(bob, away)()
            self.flushLoggedErrors(ValueError)
            self.assertEqual(table.state, {"revealed": [[["Ann", 10, 0.0]]]}, away)


class Chain(Game):
    """One question asks the next."""

    needs_start = False

    @message
    def go(self, player: Player) -> None:
        self.first.ask(10)

    @question
    def first(self, player: Player) -> int:
        return 1

    @first.done
    def first_done(self, answers: dict[Player, Answer[int]]) -> None:
        self.state["first"] = len(answers)
        self.second.ask(10)

    @question
    def second(self, player: Player, whom: Player | None = None) -> str | None:
        return whom.name if whom else None

    @second.done
    def second_done(self, answers: dict[Player, Answer[str]]) -> None:
        self.state["second"] = [a.value for a in answers.values()]
        self.after(1, self.first_again)

    @timer
    def first_again(self) -> None:
        self.first.ask(10)


class ChainTests(SynchronousTestCase):
    """Questions may follow each other."""

    def test_chain(self) -> None:
        """A ``done`` may ask the next, in the same step; a timer may ask as well."""
        table = Table(Chain, amnesia=True)
        ann = table.join("Ann")
        ann.send("go")
        ann.send("first")
        self.assertEqual(table.state, {"first": 1})
        ann.send("second", whom=ann.id)
        self.assertEqual(table.state["second"], ["Ann"])
        table.advance(1)
        self.assertEqual(ann.info["answered"], {"first": []})
        table.advance(10)
        self.assertEqual(ann.info["answered"], {"second": []})
        table.advance(10)
        self.assertEqual(table.state["second"], [])
