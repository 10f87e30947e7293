"""Rock, paper, scissors in teams, the sample game in the function style."""

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from gameserver import Refused
from gameserver.testing import Table, Visitor
from tests.games import inputs, play, sample

RPS = sample("rps")

MOVES: list[tuple[str, Any]] = [("go", None), *(("throw", hand) for hand in ("rock", "paper", "scissors"))]
SENT = st.one_of(
    st.sampled_from(MOVES),
    st.tuples(st.sampled_from(["go", "throw", "TIMER", "cheat"]), st.sampled_from([None, "well", 1, {}, ["rock"]])),
)


class RpsTests(SynchronousTestCase):
    amnesia = False

    def setUp(self) -> None:
        """Ann and Cleo are red, Bob and Dan blue; Ann came first."""
        self.table = Table(RPS, seed=7, amnesia=self.amnesia)
        self.ann, self.bob, self.cleo, self.dan = (self.table.join(n) for n in ("Ann", "Bob", "Cleo", "Dan"))
        self.red, self.blue = [self.ann, self.cleo], [self.bob, self.dan]
        self.all = [*self.red, *self.blue]

    def after_input(self) -> None:
        """Another class restarts the server here."""

    def go(self) -> None:
        self.ann.send("go")
        self.after_input()

    def throw(self, visitor: Visitor, hand: str) -> None:
        visitor.send("throw", hand)
        self.after_input()

    def count(self) -> None:
        for _ in range(3):
            self.table.advance(1)
            self.after_input()

    def round(self, red: str | None, blue: str | None) -> dict[str, Any]:
        """:returns: what is told of a round in which one of each team throws."""
        self.go()
        if red:
            self.throw(self.ann, red)
        if blue:
            self.throw(self.bob, blue)
        self.count()
        last: dict[str, Any] = self.table.state["last"]
        return last

    def refused(self, code: str, visitor: Visitor, type: str, data: Any = None) -> None:
        before = self.table.row
        refused = self.assertRaises(Refused, visitor.send, type, data)
        self.assertEqual(refused.code, code)
        self.assertEqual(self.table.row, before, "a refusal leaves no trace")

    def test_newcomers_fill_the_smaller_team(self) -> None:
        """Teams stay even, and are groups of the room."""
        teams = {"red": [v.id for v in self.red], "blue": [v.id for v in self.blue]}
        self.assertEqual(self.table.state["teams"], teams)
        self.assertEqual({n: g["members"] for n, g in self.table.row["groups"].items()}, teams)

    def test_members_know_their_team_only(self) -> None:
        """A group tells who is in it to its members."""
        self.assertEqual(self.ann.seats[self.cleo.id]["groups"], ["red"])
        self.assertEqual(self.ann.seats[self.bob.id]["groups"], [])
        self.assertIn("group:red", self.ann.docs)
        self.assertNotIn("group:blue", self.ann.docs)

    def test_newcomer_is_told_to_team_only(self) -> None:
        """Its team hears of somebody new."""
        for visitor in self.all:
            visitor.inbox.clear()
        eve = self.table.join("Eve")
        self.assertEqual([tuple(e) for e in self.ann.inbox], [("teammate", "Eve")])
        self.assertEqual([tuple(e) for e in self.cleo.inbox], [("teammate", "Eve")])
        self.assertEqual(self.bob.inbox + self.dan.inbox, [])
        self.assertIn(eve.id, self.table.state["teams"]["red"])

    def test_host_says_go(self) -> None:
        """Three seconds are counted where everybody sees them."""
        self.go()
        self.assertEqual(self.table.state["count"], 3)
        self.assertIn("count", self.dan.timers)
        self.table.advance(1)
        self.assertEqual(self.table.state["count"], 2)
        self.after_input()
        self.table.advance(1)
        self.assertEqual(self.table.state["count"], 1)
        self.after_input()
        self.table.advance(1)
        self.assertIsNone(self.table.state["count"])
        self.assertEqual(self.dan.timers, {})

    def test_others_may_not_say_go(self) -> None:
        """Only the host starts a round."""
        for visitor in (self.bob, self.cleo, self.dan):
            self.refused("forbidden", visitor, "go")

    def test_go_twice_refused(self) -> None:
        """One count at a time."""
        self.go()
        self.refused("refused", self.ann, "go")

    def test_go_needs_both_teams(self) -> None:
        """Nobody plays against an empty team."""
        table = Table(RPS)
        self.assertRaises(Refused, table.join("Ann").send, "go")
        self.assertIsNone(table.state["count"])

    def test_throw_before_go_refused(self) -> None:
        """A hand is thrown while it is counted."""
        self.refused("refused", self.bob, "throw", "rock")

    def test_throw_after_count_refused(self) -> None:
        """An answer after its deadline does not count."""
        self.go()
        self.count()
        self.refused("refused", self.bob, "throw", "rock")
        self.assertEqual(self.table.state["score"], {"red": 0, "blue": 0})

    def test_bad_hands_refused(self) -> None:
        """Three hands there are."""
        self.go()
        for data in ("well", "", None, 1, ["rock"], {"hand": "rock"}, True):
            self.refused("bad_data", self.bob, "throw", data)

    def test_all_outcomes(self) -> None:
        """Rock, paper, scissors; equal hands score nothing; a hand beats none."""
        for red, blue, scored in [
            ("rock", "scissors", "red"),
            ("paper", "rock", "red"),
            ("scissors", "paper", "red"),
            ("scissors", "rock", "blue"),
            ("rock", "paper", "blue"),
            ("paper", "scissors", "blue"),
            ("rock", "rock", None),
            (None, None, None),
            ("rock", None, "red"),
            (None, "paper", "blue"),
        ]:
            self.setUp()
            last = self.round(red, blue)
            self.assertEqual(last, {"thrown": {"red": red, "blue": blue}, "scored": scored})
            score = {team: int(team == scored) for team in ("red", "blue")}
            self.assertEqual(self.table.state["score"], score)

    def test_reveal_is_told_to_everybody(self) -> None:
        """All get the same event, once."""
        self.round("rock", "paper")
        for visitor in self.all:
            told = [e.data for e in visitor.inbox if e.type == "reveal"]
            self.assertEqual(told, [self.table.state["last"]])

    def test_hand_is_secret_from_other_team(self) -> None:
        """Until the count is over not one byte to the other team tells what was thrown."""
        self.go()
        self.throw(self.ann, "scissors")
        self.assertIn(b"scissors", self.cleo.seen())
        self.assertIn(("planned", ["Ann", "scissors"]), [tuple(e) for e in self.cleo.inbox])
        for visitor in self.blue:
            self.assertNotIn(b"scissors", visitor.seen())
        self.assertEqual(self.dan.docs["room"]["thrown"], [self.ann.id])
        self.count()
        self.assertIn(b"scissors", self.bob.seen())

    def test_hand_may_be_changed(self) -> None:
        """The last one counts, and who has thrown is told once."""
        self.go()
        self.throw(self.ann, "rock")
        self.throw(self.ann, "paper")
        self.throw(self.bob, "rock")
        self.assertEqual(self.table.state["thrown"], [self.ann.id, self.bob.id])
        self.count()
        self.assertEqual(self.table.state["last"]["scored"], "red")

    def test_majority_of_team_throws(self) -> None:
        """Two of three decide."""
        eve = self.table.join("Eve")
        self.go()
        self.throw(self.ann, "rock")
        self.throw(self.cleo, "paper")
        self.throw(eve, "paper")
        self.throw(self.bob, "rock")
        self.count()
        self.assertEqual(self.table.state["last"], {"thrown": {"red": "paper", "blue": "rock"}, "scored": "red"})

    def test_throws_do_not_last(self) -> None:
        """The next round begins without hands."""
        self.round("rock", None)
        self.go()
        self.assertEqual(self.table.state["thrown"], [])
        self.count()
        self.assertEqual(self.table.state["last"]["thrown"], {"red": None, "blue": None})

    def test_three_points_win(self) -> None:
        """The first with three; go begins a new match."""
        for _ in range(3):
            self.assertIsNone(self.table.state["winner"])
            self.round("rock", "scissors")
        self.assertEqual(self.table.state["winner"], "red")
        self.go()
        self.assertEqual(self.table.state["score"], {"red": 0, "blue": 0})
        self.assertIsNone(self.table.state["winner"])

    def test_leaver_is_out_of_team(self) -> None:
        """A hand of somebody who has left does not count, and the host is passed on."""
        self.go()
        self.throw(self.ann, "rock")
        self.ann.leave()
        self.after_input()
        self.throw(self.bob, "scissors")
        self.assertEqual(self.table.state["teams"]["red"], [self.cleo.id])
        self.count()
        self.assertEqual(self.table.state["last"]["thrown"], {"red": None, "blue": "scissors"})
        self.bob.send("go")
        self.assertEqual(self.table.state["count"], 3)

    def test_dropped_hand_counts(self) -> None:
        """A lost connection loses no hand; whoever is back has all that was missed."""
        self.go()
        self.throw(self.ann, "rock")
        self.ann.drop()
        self.count()
        self.ann.resume()
        self.assertEqual(self.ann.state, {})
        self.assertEqual(self.ann.docs["room"], self.bob.docs["room"])
        self.assertEqual(self.table.state["last"]["thrown"]["red"], "rock")
        self.assertEqual([e.type for e in self.ann.inbox].count("reveal"), 1)

    def test_watchers_play_in_no_team(self) -> None:
        """A TV and a spectator see the score, throw nothing, and hear of no plan."""
        wim, tv = self.table.join("Wim", "spectator"), self.table.join("TV", "screen")
        self.assertEqual(sum(map(len, self.table.state["teams"].values())), 4)
        self.go()
        for watcher in (wim, tv):
            self.refused("forbidden", watcher, "throw", "rock")
            self.refused("forbidden", watcher, "go")
        self.throw(self.ann, "scissors")
        self.count()
        for watcher in (wim, tv):
            self.assertEqual([e.type for e in watcher.inbox], ["reveal"])
            self.assertEqual(watcher.docs["room"]["score"], {"red": 1, "blue": 0})
        wim.leave()
        self.assertEqual(sum(map(len, self.table.state["teams"].values())), 4)

    def test_ended_by_host(self) -> None:
        """A match that the host ends while it is counted is no obstacle to the next."""
        self.round("rock", "scissors")
        self.go()
        self.ann.ask("host", act="end")
        self.assertEqual(self.table.status, "over")
        self.table.start()
        self.assertEqual((self.table.state["count"], self.table.state["score"]), (None, {"red": 0, "blue": 0}))
        self.go()
        self.assertEqual(self.table.state["count"], 3)

    def test_frameworks_actions_refused(self) -> None:
        """A client cannot pass itself off as the framework."""
        self.go()
        for type in ("TIMER", "CREATE_ROOM", "JOIN_ROOM", "LEAVE_ROOM", "START", "DROP", "RESUME", "CHAT"):
            self.refused("forbidden", self.bob, type, {"text": "x"})

    def test_red_of_two_rooms_never_meet(self) -> None:
        """Groups are of one room."""
        other = Table(RPS, seed=8)
        zoe, _ = other.join("Zoe"), other.join("Yan")
        zoe.inbox.clear()
        self.go()
        self.throw(self.ann, "rock")
        self.assertEqual(zoe.inbox, [])


class RpsAmnesiaTests(RpsTests):
    """The same from its row before each step."""

    amnesia = True


class RpsRestartTests(RpsTests):
    """The same while the process dies between any two inputs."""

    def after_input(self) -> None:
        before = self.table.row
        self.table.restart()
        self.assertEqual(self.table.row, before)


class RpsRandomTests(SynchronousTestCase):
    def test_random_play_never_fails(self) -> None:
        """Whatever clients send, the game refuses or plays; it never fails."""
        revealed = 0
        for seed in range(60):
            table = Table(RPS, seed=seed)
            table.join("Ann")
            table.join("Bob")
            table.play_random(80, seed, moves=MOVES)
            if table.status != "closed":
                revealed += table.state["last"] is not None or table.state["winner"] is not None
        self.assertGreater(revealed, 5, "random players get to a reveal")

    def test_random_play_with_amnesia_and_restarts(self) -> None:
        """The same from its row alone."""
        for seed in range(15):
            table = Table(RPS, seed=seed, amnesia=True)
            table.join("Ann")
            table.play_random(40, seed, moves=MOVES, restarts=seed % 2 == 0)

    @settings(max_examples=60, deadline=None)
    @given(todo=inputs(SENT), data=st.data())
    def test_restarts_change_nothing(self, todo: list[Any], data: st.DataObject) -> None:
        """Random inputs, with restarts between any two, end in the same row as without."""
        cuts = data.draw(st.frozensets(st.integers(0, max(0, len(todo) - 1))))
        whole = play(RPS, todo, restart_after=frozenset())
        self.assertEqual(play(RPS, todo, restart_after=cuts), whole)
        self.assertEqual(play(RPS, todo, restart_after=frozenset(), amnesia=True), whole)
