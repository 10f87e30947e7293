"""The arena: discs that follow commands, as fast as time passes and no faster; coins, hits, rounds."""

from __future__ import annotations

import json
from random import Random
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from games.arena import Arena
from games.arena.game import CREDIT, LOST, SPARE
from games.arena.motion import DASH_REST, HEIGHT, HZ, PUSH, RADIUS, WIDTH, Body, bump, step
from gameserver import Player, Refused, message
from gameserver.testing import Table, Visitor
from tests.games import inputs, play
from tests.games.arena_vectors import FILE, vectors

TICK_S = 1 / HZ
COMMANDS = st.one_of(
    st.tuples(
        st.just("steer"),
        st.fixed_dictionaries(
            {"n": st.integers(0, 60), "x": st.integers(-PUSH, PUSH), "y": st.integers(-PUSH, PUSH)},
            optional={"dash": st.booleans()},
        ),
    ),
    st.tuples(st.just("steer"), st.sampled_from([None, {}, {"n": -1, "x": 0, "y": 0}, {"n": 1, "x": 9, "y": 0}])),
)


class Laid(Arena):
    """The arena, with a message that lays out what a test needs."""

    @message
    def lay(
        self,
        player: Player,
        bodies: dict[str, list[int]] | None = None,
        scores: dict[str, int] | None = None,
        coins: dict[str, list[int]] | None = None,
    ) -> None:
        for seat, (x, y, vx, vy) in (bodies or {}).items():
            self.state["bodies"][seat] = [x, y, vx, vy, self.state["bodies"][seat][4]]
        self.state["scores"].update(scores or {})
        if coins is not None:
            self.state["coins"] = coins


def somewhere(chance: Random) -> Body:
    """A disc anywhere on the field, at any speed."""
    x, y = chance.randint(RADIUS, WIDTH - RADIUS), chance.randint(RADIUS, HEIGHT - RADIUS)
    return Body(x, y, chance.randint(-2000, 2000), chance.randint(-2000, 2000), 0)


class MotionTests(SynchronousTestCase):
    def test_the_page_is_held_to_the_same(self) -> None:
        """What this computes is what is written down, and the page's tests read that."""
        self.assertEqual(json.loads(FILE.read_text("utf-8")), json.loads(json.dumps(vectors())))

    def test_discs_stay_on_the_field(self) -> None:
        """However fast, and in whole numbers; where they push each other, they do not get faster than both were."""
        chance = Random(5)
        for _ in range(3000):
            a, b = somewhere(chance), somewhere(chance)
            self.check(step(a, 1, chance.randint(-PUSH, PUSH), chance.randint(-PUSH, PUSH), chance.random() < 0.5))
            x = min(max(a.x + chance.randint(-600, 600), RADIUS), WIDTH - RADIUS)
            y = min(max(a.y + chance.randint(-600, 600), RADIUS), HEIGHT - RADIUS)
            near = b._replace(x=x, y=y)
            after = bump(a, near)[:2]
            self.check(*after)
            # Whole numbers: each of the four speeds may be one too high.
            self.assertLessEqual(self.energy(*after), self.energy(a, near) + 4 * 2 * 2900)

    def energy(self, *bodies: Body) -> int:
        return sum(v * v for body in bodies for v in (body.vx, body.vy))

    def check(self, *bodies: Body) -> None:
        for body in bodies:
            self.assertTrue(all(type(value) is int for value in body), body)
            self.assertTrue(RADIUS <= body.x <= WIDTH - RADIUS and RADIUS <= body.y <= HEIGHT - RADIUS, body)

    def test_a_disc_comes_to_rest(self) -> None:
        """Nothing creeps for ever: from any speed it stands still within three seconds."""
        for speed in (7, -7, 333, -2000):
            body = Body(8000, 4500, speed, -speed, 0)
            for _ in range(3 * HZ):
                body = step(body, 0, 0, 0, False)
            self.assertEqual((body.vx, body.vy), (0, 0))


class ArenaCase(SynchronousTestCase):
    amnesia = False

    def setUp(self) -> None:
        self.table = Table(Laid, seed=7, amnesia=self.amnesia, options={"seconds": 60})
        self.ann, self.bob = self.table.join("Ann"), self.table.join("Bob")
        self.sent: dict[str, int] = {}

    def begin(self) -> None:
        """Start, and put Ann left and Bob right of the middle; no coin lies about."""
        self.table.start()
        self.table.advance(TICK_S / 4)  # so that each `tick` brings one, though sums of floats are not exact
        self.put(self.ann, 4000, 4500)
        self.put(self.bob, 12000, 4500)
        self.lay(coins={})

    def lay(self, **what: Any) -> None:
        self.ann.send("lay", what)

    def put(self, who: Visitor, x: int, y: int, vx: int = 0, vy: int = 0) -> None:
        self.lay(bodies={who.id: [x, y, vx, vy]})

    def steer(self, who: Visitor, x: int, y: int, *, dash: bool = False) -> None:
        n = self.sent[who.id] = self.sent.get(who.id, 0) + 1
        who.send("steer", n=n, x=x, y=y, dash=dash)

    def body(self, who: Visitor) -> Body:
        return Body(*self.table.state["bodies"][who.id])

    def tick(self, count: int = 1) -> None:
        for _ in range(count):
            self.table.advance(TICK_S)

    def follow(self, body: Body, *commands: tuple[int, int, bool]) -> Body:
        """Where commands lead, with nobody in the way."""
        for x, y, dash in commands:
            body = step(body, body.n + 1, x, y, dash)
        return body


class SteeringTests(ArenaCase):
    """What commands do, and when."""

    def test_one_command_is_one_step(self) -> None:
        """A disc goes where the arithmetic says, and tells which command it has followed."""
        self.begin()
        want = self.body(self.ann)
        for x, y in ((8, 0), (8, 0), (-3, 5), (0, 0)):
            self.steer(self.ann, x, y)
            self.tick()
            want = self.follow(want, (x, y, False))
            self.assertEqual(self.body(self.ann), want)
        self.assertEqual(want.n, 4)
        self.assertEqual(self.body(self.bob), Body(12000, 4500, 0, 0, 0))

    def test_nothing_happens_before_the_tick(self) -> None:
        """A command waits for its step."""
        self.begin()
        before = self.body(self.ann)
        self.steer(self.ann, 8, 0)
        self.assertEqual(self.body(self.ann), before)

    def test_late_commands_are_caught_up_with(self) -> None:
        """Three that come together after two empty ticks are all followed, exactly as they would have been."""
        self.begin()
        start = self.body(self.ann)
        self.tick(2)
        for _ in range(3):
            self.steer(self.ann, 8, 8)
        self.tick(3)
        self.assertEqual(self.body(self.ann), self.follow(start, *[(8, 8, False)] * 3))

    def test_sending_faster_is_not_moving_faster(self) -> None:
        """Whoever sends three commands a step gets no further than whoever sends one."""
        self.begin()
        self.put(self.ann, 2000, 2000)
        self.put(self.bob, 2000, 7000)
        for _ in range(2 * HZ):
            self.steer(self.bob, 8, 0)
            for _ in range(3):
                self.steer(self.ann, 8, 0)
            self.tick()
        most = (CREDIT + SPARE) * 170
        self.assertGreater(self.body(self.bob).x, 7000)
        self.assertLess(self.body(self.ann).x, self.body(self.bob).x + most)

    def test_lag_does_not_stay(self) -> None:
        """After a long stall the oldest commands are given up, so that at most two wait."""
        self.begin()
        self.tick(10)
        for _ in range(30):
            self.steer(self.ann, 8, 0)
        self.tick(8)
        for _ in range(HZ):
            self.steer(self.ann, 0, 8)
            self.tick()
            self.assertLessEqual(self.sent[self.ann.id] - self.body(self.ann).n, SPARE)

    def test_who_sends_nothing_rolls_on(self) -> None:
        """A disc without commands comes to rest, and does not hang where it was."""
        self.begin()
        self.put(self.ann, 4000, 4500, 150, 0)
        self.ann.drop()
        self.tick(HZ * 3)
        body = self.body(self.ann)
        self.assertEqual((body.vx, body.vy, body.n), (0, 0, 0))
        self.assertGreater(body.x, 4400)

    def test_old_numbers_are_passed_over(self) -> None:
        """A command that was followed, or that a newer one has overtaken, does nothing."""
        self.begin()
        self.ann.send("steer", n=5, x=0, y=0)
        self.ann.send("steer", n=5, x=8, y=0)
        self.ann.send("steer", n=4, x=8, y=0)
        self.tick(3)
        self.assertEqual(self.body(self.ann), Body(4000, 4500, 0, 0, 5))

    def test_dash_must_rest(self) -> None:
        """A second dash comes only after `DASH_REST` commands; until then the flag does nothing."""
        self.begin()
        self.put(self.ann, 2000, 4500)
        want = self.body(self.ann)
        dashes = []
        for n in range(1, DASH_REST + 3):
            self.steer(self.ann, -8 if n > 1 else 8, 0, dash=True)
            self.tick()
            want = self.follow(want, (-8 if n > 1 else 8, 0, n in (1, DASH_REST + 1)))
            self.assertEqual(self.body(self.ann), want, n)
            dashes.append(self.table.state["dashes"][self.ann.id])
        self.assertEqual(set(dashes), {1 + DASH_REST, 1 + 2 * DASH_REST})

    def test_data_is_checked(self) -> None:
        """What a page never sends is refused, and spectators steer nothing."""
        self.begin()
        for data in ({"n": 1, "x": 9, "y": 0}, {"n": -1, "x": 0, "y": 0}, {"n": 1, "x": 0.5, "y": 0}, {"n": 1}):
            self.assertEqual(self.assertRaises(Refused, self.ann.send, "steer", data).code, "bad_data")
        eve = self.table.join("Eve", "spectator")
        self.assertRaises(Refused, eve.send, "steer", n=1, x=0, y=0)
        self.assertNotIn(eve.id, self.table.state["bodies"])


class AmnesiaSteeringTests(SteeringTests):
    """The same from the row alone."""

    amnesia = True


class TellingTests(ArenaCase):
    """What travels."""

    def test_a_disc_that_rests_is_not_told(self) -> None:
        """A tick's patch has the step and each disc that moves, in one op each, and no other."""
        self.begin()
        self.tick(HZ)
        self.steer(self.ann, 8, 0)
        before = len(self.ann.seen())
        self.tick()
        frames = self.ann.seen()[before:].split()
        (patch,) = [each for each in map(json.loads, frames) if each["op"] == "patch"]
        self.assertEqual([path for _, path, _ in patch["ops"]], [["tick"], ["bodies", self.ann.id]])

    def test_queues_are_nobodys_business(self) -> None:
        """What somebody is about to do is told to nobody."""
        self.begin()
        before = len(self.bob.seen())
        self.steer(self.ann, 8, 8, dash=True)
        self.assertEqual(self.bob.seen()[before:], b"")


class CoinTests(ArenaCase):
    def coin(self, x: int, y: int) -> None:
        self.lay(coins={"mine": [x, y]})

    def test_a_coin_is_picked_up(self) -> None:
        """By the disc that touches it; of two that do, the nearer."""
        self.begin()
        self.put(self.bob, 4700, 4500)
        self.coin(4330, 4500)
        self.tick()
        self.assertEqual(self.table.state["scores"], {self.ann.id: 1, self.bob.id: 0})
        self.assertNotIn("mine", self.table.state["coins"])

    def test_new_coins_come(self) -> None:
        """Until there are as many as there should be."""
        self.begin()
        self.tick(10 * HZ)
        self.assertLessEqual(7, len(self.table.state["coins"]) + sum(self.table.state["scores"].values()))
        self.assertLessEqual(len(self.table.state["coins"]), 8)

    def test_a_hit_costs_coins(self) -> None:
        """Run into at speed, a disc loses three coins, or what it has; all are told, and the coins lie about."""
        self.begin()
        self.lay(scores={self.bob.id: 5})
        self.put(self.ann, 11500, 4500, 400, 0)
        for visitor in (self.ann, self.bob):
            visitor.inbox.clear()
        # The disc that has sent nothing for long rolls on by itself.
        self.tick(CREDIT + 1)
        self.assertEqual(self.table.state["scores"][self.bob.id], 5 - LOST)
        self.assertEqual(len(self.table.state["coins"]), LOST + (self.table.state["tick"] >= 8))
        (hit,) = self.ann.inbox
        self.assertEqual(hit.type, "hit")
        self.assertEqual((hit.data["by"], hit.data["who"], hit.data["lost"]), (self.ann.id, self.bob.id, LOST))
        self.assertGreater(self.body(self.bob).vx, 100)

    def test_a_nudge_costs_nothing(self) -> None:
        """Slower than that, they only push each other."""
        self.begin()
        self.lay(scores={self.bob.id: 5})
        self.put(self.ann, 11450, 4500, 150, 0)
        self.tick(CREDIT + 1)
        self.assertGreater(self.body(self.bob).x, 12000)
        self.assertEqual(self.table.state["scores"][self.bob.id], 5)


class RoundTests(ArenaCase):
    def test_most_coins_win(self) -> None:
        """After the time that the option names."""
        self.begin()
        self.put(self.bob, 14000, 8000)
        self.lay(scores={self.ann.id: 40, self.bob.id: 2})
        self.table.advance(59.9)
        self.assertEqual(self.table.status, "playing")
        self.table.advance(0.2)
        self.assertEqual(self.table.status, "over")
        self.assertEqual(self.table.result["winner"], self.ann.id)
        self.assertEqual(self.table.result["scores"], self.table.state["scores"])

    def test_equals_draw(self) -> None:
        """Nobody wins where two have the most."""
        self.begin()
        self.lay(scores={self.ann.id: 40, self.bob.id: 40})
        self.table.advance(60.1)
        self.assertEqual(self.table.result["winner"], None)

    def test_again(self) -> None:
        """A new round begins at nothing; numbers of commands go on."""
        self.begin()
        for _ in range(40):
            self.steer(self.ann, 8, 8, dash=True)
            self.tick()
        self.table.advance(60)
        self.table.start()
        self.assertEqual(set(self.table.state["scores"].values()), {0})
        self.assertEqual((self.table.state["tick"], self.body(self.ann).n), (0, 40))
        self.assertEqual(len(self.table.state["coins"]), 8)
        self.steer(self.ann, 1, 0)
        self.tick()
        self.assertEqual((self.table.state["tick"], self.body(self.ann).n), (1, 41))

    def test_come_and_go(self) -> None:
        """Newcomers get a disc at any time; who leaves takes it along."""
        self.begin()
        cleo = self.table.join("Cleo")
        self.steer(cleo, 8, 0)
        self.tick(2)
        self.assertEqual(self.body(cleo).n, 1)
        cleo.leave()
        self.tick()
        for key in ("bodies", "dashes", "scores"):
            self.assertEqual(set(self.table.state[key]), {self.ann.id, self.bob.id}, key)
        self.assertEqual(set(self.table.row["docs"]["secret"]["queues"]), {self.ann.id, self.bob.id})

    def test_restart(self) -> None:
        """The process dies: the round goes on from half a second ago at most."""
        self.begin()
        for _ in range(40):
            self.steer(self.ann, 8, 0)
            self.tick()
        before = self.table.state["tick"]
        self.table.restart()
        self.assertGreaterEqual(self.table.state["tick"], before - HZ / 2 - 1)
        self.tick(HZ)
        self.assertGreaterEqual(self.table.state["tick"], before + HZ / 2 - 2)


class RandomTests(SynchronousTestCase):
    def test_random_play_never_fails(self) -> None:
        """Whatever clients send, the game refuses or plays."""
        ended = 0
        for seed in range(8):
            table = Table(Arena, seed=seed, options={"seconds": 10})
            table.join("Ann")
            table.join("Bob")
            moves: list[tuple[str, Any]] = [("steer", {"n": n, "x": 8 - n % 17, "y": n % 9}) for n in range(1, 60, 7)]
            table.play_random(60, seed, moves=moves, restarts=seed % 2 == 0)
            ended += table.status == "over"
        self.assertGreater(ended, 0, "random players finish rounds")

    @settings(max_examples=15, deadline=None)
    @given(todo=inputs(COMMANDS, most=15))
    def test_amnesia_changes_nothing(self, todo: list[Any]) -> None:
        """Random inputs end in the same row where the game is made from its row before each step."""
        todo = [("join", 0, "Ann"), ("start", 0, None), *(one for one in todo if one[0] != "advance" or one[2] <= 3)]
        whole = play(Arena, todo, restart_after=frozenset())
        self.assertEqual(play(Arena, todo, restart_after=frozenset(), amnesia=True), whole)
