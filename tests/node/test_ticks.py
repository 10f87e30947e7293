"""Ticks: on time on average, skipped and counted if they are late; rooms of one rate share a timer and a pass."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from random import Random
from typing import Any

from twisted.internet.defer import Deferred
from twisted.trial.unittest import SynchronousTestCase

from gameserver import Game, Player, message, timer
from gameserver.interfaces import Commit
from gameserver.node.runner import RoomRunner
from gameserver.room.inputs.due import CalendarCall
from tests.node.registries import FakeSession, Place


class Counting(Game):
    """Counts its ticks, and says each."""

    tick_hz = 20
    needs_start = False
    gate: Deferred[None] | None = None

    def on_create(self) -> None:
        self.state.update(ticks=0)
        self.secret.update(s=0.0, most_s=0.0)

    def on_tick(self, dt_s: float) -> None:
        self.state["ticks"] += 1
        self.secret["s"] += dt_s
        self.secret["most_s"] = max(dt_s, self.secret["most_s"])

    @message
    async def wait(self, player: Player) -> None:
        Counting.gate = Deferred()
        await Counting.gate

    @message
    def again(self, player: Player) -> None:
        self.over()
        self.start()


class Slower(Counting):
    """The same at another rate."""

    tick_hz = 7


class Passing(Counting):
    """The same, and not stored."""

    durability = "none"


class Failing(Counting):
    """Fails in the middle of each tick."""

    def on_tick(self, dt_s: float) -> None:
        self.state["ticks"] += 1
        raise ZeroDivisionError("a bug")


class Ending(Counting):
    """Closes by a timer that is due just after a tick."""

    def on_create(self) -> None:
        super().on_create()
        self.after(1.02, self.finish)

    @timer
    def finish(self) -> None:
        self.close()


class TickCase(SynchronousTestCase):
    def place(self, *games: type[Game], rooms: int = 1) -> list[RoomRunner]:
        """Open rooms of the first game, each with somebody in it; the place is `at`."""
        self.at = Place(*games, beats=False)
        self.sessions = [FakeSession(f"user{number}") for number in range(rooms)]
        return [self.at.create(session) for session in self.sessions]

    def wake(self, late_s: float = 0.0) -> None:
        """Sleep until something is due, and this much longer."""
        due = min(call.getTime() for call in self.at.time.getDelayedCalls())
        self.at.time.rightNow = max(self.at.time.rightNow, due + late_s)
        self.at.settle()

    def stall(self, s: float) -> None:
        """The process does nothing for so long, then all that is due."""
        self.at.time.rightNow += s
        self.at.settle()


def ticks(runner: RoomRunner) -> int:
    """So many a room has had."""
    count: int = runner.room.doc("room").plain()["ticks"]
    return count


def secret(runner: RoomRunner) -> dict[str, Any]:
    """What the game noted for itself."""
    noted: dict[str, Any] = runner.room.doc("secret").plain()
    return noted


class GridTests(TickCase):
    """When ticks come."""

    def test_late_wakes_do_not_add_up(self) -> None:
        """Each wake is late, by up to 0.9 of a period; after 10,000 ticks just so many periods have passed."""
        (runner,) = self.place(Counting)
        began_s = self.at.time.seconds()
        chance = Random(1)
        while ticks(runner) < 10_000:
            self.wake(chance.uniform(0.001, 0.045))
        passed_s = self.at.time.seconds() - began_s
        self.assertLess(abs(passed_s - 500), 0.05)
        self.assertEqual((runner.ticks_skipped, self.at.registry.ticks.skipped), (0, 0))
        self.assertAlmostEqual(secret(runner)["s"], passed_s, places=3)

    def test_grid_does_not_drift(self) -> None:
        """After an hour at a rate that no binary fraction is, the ticks are where they were due."""
        (runner,) = self.place(Slower)
        began_s = self.at.time.seconds()
        for _ in range(7 * 3600):
            self.wake()
        self.assertEqual(ticks(runner), 7 * 3600)
        self.assertLess(abs(self.at.time.seconds() - began_s - 3600), 1e-6)

    def test_room_that_ends_before_its_tick(self) -> None:
        """A late tick finds a timer due that closes the room: the tick comes to nothing, the other rooms get theirs."""
        runners = self.place(Ending, rooms=3)
        self.at.advance(0.96)
        self.stall(0.08)
        self.assertEqual([runner.over for runner in runners], [True] * 3)
        self.assertEqual(self.flushLoggedErrors(), [])

    def test_stall_is_skipped_and_counted(self) -> None:
        """A process that stalls gives one tick with all the time that passed, and counts the others."""
        (runner,) = self.place(Counting)
        self.at.advance(1.001)
        self.assertEqual(ticks(runner), 20)
        self.stall(0.5)
        self.assertEqual(ticks(runner), 21)
        self.assertAlmostEqual(secret(runner)["most_s"], 0.501, places=5)
        self.assertEqual(
            (runner.ticks_skipped, self.at.registry.ticks.skipped, self.at.registry.ticks.taken), (9, 9, 21)
        )
        self.at.advance(0.5)
        self.assertEqual(ticks(runner), 31)
        self.assertEqual(runner.ticks_skipped, 9)

    def test_busy_room_skips(self) -> None:
        """A room whose step waits gets no tick meanwhile, and none of them later; the other room gets all."""
        waiting, other = self.place(Counting, rooms=2)
        self.at.send(self.sessions[0], "wait")
        self.at.advance(1.001)
        self.assertEqual((ticks(waiting), ticks(other)), (0, 20))
        self.assertEqual((waiting.ticks_skipped, other.ticks_skipped), (20, 0))
        assert Counting.gate is not None
        Counting.gate.callback(None)
        self.at.advance(1)
        self.assertEqual((ticks(waiting), ticks(other)), (20, 40))
        self.assertAlmostEqual(secret(waiting)["s"], 2, places=2)

    def test_started_again(self) -> None:
        """A round that begins between two ticks does not count backwards."""
        (runner,) = self.place(Counting)
        self.at.advance(5.02)
        self.at.send(self.sessions[0], "again")
        self.at.advance(1)
        self.assertEqual(ticks(runner), 120)
        self.assertAlmostEqual(secret(runner)["s"], 6, places=1)

    def test_persistent_lateness_is_said(self) -> None:
        """A rate that is skipped again and again is logged, once in ten seconds; a single stall is not."""
        said: list[dict[str, Any]] = []
        self.patch(_ticks_log(), "warn", lambda text, **fields: said.append(fields))
        self.place(Counting, rooms=3)
        self.at.advance(10)
        self.stall(0.2)
        self.at.advance(10)
        self.assertEqual(said, [])
        for _ in range(140):
            self.wake(0.11)
        self.assertEqual(len(said), 2)
        self.assertEqual((said[1]["hz"], said[1]["rooms"]), (20, 3))
        self.assertGreater(said[1]["skipped"], said[1]["due"] / 2)


class SharedTests(TickCase):
    """One timer and one pass for all rooms of a rate."""

    def count_commits(self) -> list[int]:
        """Let the store note, for each round trip, how many rooms it was for."""
        rounds: list[int] = []
        commit = self.at.store.commit

        def counted(commits: Sequence[Commit], *, now_ms: int) -> Any:
            rounds.append(len(commits))
            return commit(commits, now_ms=now_ms)

        self.patch(self.at.store, "commit", counted)
        return rounds

    def test_one_timer(self) -> None:
        """Ten rooms of one rate, whenever they were made, take one timer of the reactor's; another rate, another."""
        self.place(Passing, Slower)
        alone = self.timers()
        for number in range(9):
            self.at.advance(0.013)
            self.at.create(FakeSession(f"late{number}"))
        self.assertEqual(self.timers() - alone, 0)
        self.at.game = "slower"
        self.at.create(FakeSession("slow"))
        self.assertEqual(self.timers() - alone, 1)

    def timers(self) -> int:
        """So many of the reactor's timers are within a second."""
        return sum(call.getTime() < self.at.time.seconds() + 1 for call in self.at.time.getDelayedCalls())

    def test_one_round_of_commits(self) -> None:
        """What the tick changes in ten rooms is stored in one round trip."""
        runners = self.place(Counting, rooms=10)
        self.at.settle()
        rounds = self.count_commits()
        self.at.advance(1.001)
        self.assertEqual({ticks(runner) for runner in runners}, {20})
        self.assertEqual(rounds, [10] * 20)

    def test_newcomer_keeps_to_the_grid(self) -> None:
        """A room that comes between two ticks has its first at the next, as long as it has been there."""
        first, _ = self.place(Counting, rooms=2)
        self.at.advance(0.13)
        late = self.at.create(FakeSession("late"))
        self.at.advance(0.03)
        self.assertEqual((ticks(first), ticks(late)), (3, 1))
        self.assertAlmostEqual(secret(late)["s"], 0.02, places=6)

    def test_last_room_takes_the_timer_along(self) -> None:
        """Where nobody ticks there is no timer; the next room begins a grid of its own."""
        first, second = self.place(Passing, rooms=2)
        for session in self.sessions:
            self.at.gone(session)
        self.at.advance(0.06)
        self.assertEqual(self.timers(), 0)
        self.assertEqual((ticks(first), ticks(second)), (0, 0))
        self.at.advance(0.017)
        third = self.at.create(FakeSession("third"))
        self.at.advance(1.001)
        self.assertEqual(ticks(third), 20)

    def test_stopped_hall_has_no_timer(self) -> None:
        """A server that stops leaves no tick behind."""
        self.place(Counting, rooms=2)
        self.at.advance(0.12)
        self.at.get(Deferred.fromCoroutine(self.at.registry.stop()))
        self.assertEqual(self.timers(), 0)


class Quick(Counting):
    """Three ticks to a patch."""

    tick_hz = 60
    patch_hz = 20
    durability = "none"


class Even(Quick):
    """As many ticks as patches."""

    tick_hz = 20


class PatchTests(TickCase):
    """``patch_hz`` beside ``tick_hz``."""

    def told(self) -> list[list[Any]]:
        """The values that each patch brought, in order."""
        patches = self.sessions[0].of("patch")
        return [[value for _, path, value in patch["ops"] if path == ["ticks"]] for patch in patches]

    def test_patches_are_even(self) -> None:
        """However late each wake is, a patch has the three ticks since the last, and there are 20 a second."""
        self.place(Quick)
        chance = Random(2)
        end_s = self.at.time.seconds() + 10
        while self.at.time.seconds() < end_s:
            self.wake(chance.uniform(0.0, 0.007))
        told = self.told()
        self.assertAlmostEqual(len(told), 200, delta=1)
        self.assertEqual({patch[-1] - before[-1] for before, patch in pairwise(told)}, {3})

    def test_equal_rates(self) -> None:
        """Where both are the same, each tick is told at once, in a patch of its own."""
        (runner,) = self.place(Even)
        chance = Random(3)
        while ticks(runner) < 200:
            self.wake(chance.uniform(0.0, 0.02))
            self.assertEqual(self.told()[-1][-1:], [ticks(runner)] if ticks(runner) else [])

    def test_ticks_end_before_the_patch(self) -> None:
        """What the last ticks changed is told, though no tick follows that would bring it."""
        (runner,) = self.place(Quick)
        self.at.advance(1.02)
        self.assertEqual(ticks(runner) % 3, 1)
        runner.post(CalendarCall("pause"))
        self.at.advance(0.1)
        self.assertEqual(self.told()[-1][-1], ticks(runner))


class FailingTests(TickCase):
    def test_failed_tick_is_undone(self) -> None:
        """What a tick did before it failed is undone; the tenth failure in a row closes the room."""
        (runner,) = self.place(Failing)
        self.at.advance(0.451)
        self.assertEqual(ticks(runner), 0)
        self.assertFalse(runner.over)
        self.at.advance(0.1)
        self.assertTrue(runner.over)
        self.assertEqual(len(self.flushLoggedErrors(ZeroDivisionError)), 10)


def _ticks_log() -> Any:
    from gameserver.node import ticks as module

    return module._log
