"""Rooms that leave memory where nobody is, and come back unnoticed: by whoever asks for them, and by what is due."""

from __future__ import annotations

import gc
from datetime import UTC, datetime
from typing import Any

from twisted.internet.defer import Deferred
from twisted.python.failure import Failure
from twisted.trial.unittest import SynchronousTestCase

from gameserver import Game, Player, cron, message, timer
from gameserver.errors import Refused, StoreUnavailable
from gameserver.game.spec import spec_of
from gameserver.interfaces import SleepingRooms, User
from gameserver.node.operators import Operators, SanctionWish
from gameserver.node.runner import RoomRunner
from gameserver.protocol import messages
from gameserver.room.inputs.arrivals import ResumeSeat
from tests.node.registries import START_S, FakeSession, Place
from tests.node.test_two_nodes import LEASE_S
from tests.store.shared import Shared, SharedStore

SLEEP_S = 60.0


class Sleepy(Game):
    """Notes what happened to it, and when."""

    name = "sleepy"
    needs_start = False
    hold_s = None
    idle_close_s = None

    def on_create(self, level: str = "easy") -> None:
        pass

    def on_load(self) -> None:
        self.secret["loads"] = self.secret.get("loads", 0) + 1

    def on_drop(self, player: Player) -> None:
        self._note("dropped")

    def on_resume(self, player: Player) -> None:
        self._note("resumed")

    def on_leave(self, player: Player) -> None:
        self._note("left")

    @message
    def add(self, player: Player) -> int:
        self.state["n"] = self.state.get("n", 0) + 1
        self.send("added", self.state["n"])
        return int(self.state["n"])

    @message
    def arm(self, player: Player, s: float) -> None:
        self.after(s, self.ring)

    @message
    def set_date(self, player: Player, s: float) -> None:
        self.at(datetime.fromtimestamp(self.now + s, UTC), self.date)

    @timer
    def ring(self) -> None:
        self._note("ring")

    @timer
    def date(self) -> None:
        self._note("date")

    def _note(self, what: str) -> None:
        self.state.setdefault("log", []).append([what, round(self.now - START_S, 3)])


class Counting(Sleepy):
    """Its timers go on while no node runs."""

    name = "counting"
    downtime = "count"


class Leaving(Sleepy):
    """Gives its seats up, and closes where nobody comes."""

    name = "leaving"
    hold_s = 300
    idle_close_s = 3000


class Fleeting(Sleepy):
    """Never stored."""

    name = "fleeting"
    durability = "none"


class Relaxed(Sleepy):
    """Stored a little later."""

    name = "relaxed"
    durability = "relaxed"


class Hourly(Sleepy):
    """Does something every hour."""

    name = "hourly"

    @cron("0 * * * *")
    def hourly(self) -> None:
        self._note("hour")


class SleepTestCase(SynchronousTestCase):
    """One server's rooms."""

    games: tuple[type[Game], ...] = (Sleepy,)

    def setUp(self) -> None:
        self.place = Place(*self.games, sleep_s=SLEEP_S)
        self.ann, self.bob = FakeSession("ann"), FakeSession("bob")

    def asleep(self, *says: tuple[str, Any], **options: Any) -> str:
        """Make a room, let Ann say something there and go, and wait until it sleeps. :returns: its code."""
        runner = self.place.create(self.ann, **options)
        for type, data in says:
            self.assertEqual(self.place.send(self.ann, type, **data)["op"], "ok")
        self.place.gone(self.ann)
        self.place.advance(SLEEP_S + 2)
        self.assertIsNone(self.place.registry.get(runner.room.code))
        return runner.room.code

    def reach(self, code: str) -> RoomRunner:
        """Ask for a room."""
        runner: RoomRunner = self.place.get(Deferred.fromCoroutine(self.place.registry.reach(code)))
        self.place.settle()
        return runner

    def log(self, code: str) -> list[list[Any]]:
        """What a room has noted."""
        log: list[list[Any]] = self.reach(code).room.docs["room"].plain().get("log", [])
        return log

    def is_awake(self, code: str) -> bool:
        """Whether it is in memory."""
        return self.place.registry.get(code) is not None

    def back(self, session: FakeSession, code: str) -> RoomRunner:
        """Come back to one's seat."""
        runner = self.reach(code)
        seat = runner.room.seats.of_user(session.user.id)
        assert seat is not None
        resumed = messages.Resume(room=code, resume=runner.room.secret_of(seat), id=99)
        self.place.get(runner.post(ResumeSeat(session.requester(), resumed.resume, {})))
        return runner


class AsleepTests(SleepTestCase):
    """When a room falls asleep, and what wakes it."""

    def test_falls_asleep_where_nobody_is(self) -> None:
        """A minute after the last connection ended the room is in the store alone, with all it had."""
        code = self.asleep(("add", {}))
        self.assertEqual(self.place.registry.sleeper.count, 1)
        woken = self.reach(code)
        self.assertEqual(woken.room.docs["room"].plain(), {"n": 1, "log": [["dropped", 0.0]]})
        self.assertEqual(woken.room.docs["secret"].plain(), {"loads": 1})
        self.assertEqual(self.place.registry.sleeper.count, 0)

    def test_stays_awake_where_somebody_is(self) -> None:
        """However long nothing happens."""
        runner = self.place.create(self.ann)
        self.place.advance(10 * SLEEP_S)
        self.assertTrue(self.is_awake(runner.room.code))

    def test_stays_awake_for_what_is_due_soon(self) -> None:
        """A room whose timer comes within the minute is not worth putting to sleep."""
        runner = self.place.create(self.ann)
        self.place.send(self.ann, "arm", s=SLEEP_S + 50)
        self.place.gone(self.ann)
        self.place.advance(SLEEP_S + 40)
        self.assertTrue(self.is_awake(runner.room.code))
        self.place.advance(SLEEP_S + 50)
        self.assertFalse(self.is_awake(runner.room.code))

    def test_who_asks_keeps_it_awake(self) -> None:
        """A room that is looked at stays for a minute after that."""
        code = self.asleep()
        for _ in range(4):
            self.reach(code)
            self.place.advance(SLEEP_S - 5)
            self.assertTrue(self.is_awake(code))
        self.place.advance(SLEEP_S)
        self.assertFalse(self.is_awake(code))

    def test_resumed_unnoticed(self) -> None:
        """Who comes back finds the seat, is told what was missed, and the game hears of no restart."""
        code = self.asleep(("add", {}))
        self.ann.frames.clear()
        runner = self.back(self.ann, code)
        (joined,) = self.ann.of("joined")
        self.assertEqual((joined["room"], joined["seat"]["id"]), (code, self.ann.seat))
        self.assertEqual(self.place.send(self.ann, "add")["data"], 2)
        self.place.advance(10 * SLEEP_S)
        self.assertEqual([what for what, _ in self.log(code)], ["dropped", "resumed"])
        self.assertIs(self.place.registry.get(code), runner)

    def test_same_epoch(self) -> None:
        """Nothing that was said is lost by sleep: streams go on as they were, also after many of them."""
        code = self.asleep(("add", {}))
        epoch = self.reach(code).room.publisher.streams.epoch
        for _ in range(20):
            self.place.advance(SLEEP_S + 2)
            self.assertFalse(self.is_awake(code))
            self.assertEqual(self.reach(code).room.publisher.streams.epoch, epoch)

    def test_timer_wakes_it_in_time(self) -> None:
        """A timer of an hour fires at its time, and the room sleeps on after it."""
        code = self.asleep(("arm", {"s": 3600}))
        self.place.advance(3600 - SLEEP_S - 10)
        self.assertFalse(self.is_awake(code))
        self.place.advance(20)
        self.assertFalse(self.is_awake(code))
        self.assertEqual(self.log(code)[1:], [["ring", 3600.0]])

    def test_date_wakes_it_in_time(self) -> None:
        """A date of the calendar does so as well."""
        code = self.asleep(("set_date", {"s": 5000}), ("arm", {"s": 7000}))
        self.place.advance(7100)
        self.assertEqual(self.log(code)[1:], [["date", 5000.0], ["ring", 7000.0]])

    def test_asked_while_it_falls_asleep(self) -> None:
        """Whoever asks in that moment waits, and has the room then."""
        runner = self.place.create(self.ann)
        self.place.send(self.ann, "add")
        self.place.gone(self.ann)
        self.place.advance(SLEEP_S - 2)
        self.place.store.hold()
        self.place.advance(4)
        code = runner.room.code
        self.assertFalse(self.is_awake(code))
        found: list[Any] = []
        Deferred.fromCoroutine(self.place.registry.reach(code)).addBoth(found.append)
        self.place.settle()
        self.assertEqual(found, [])
        self.place.store.release()
        self.place.settle()
        (woken,) = found
        self.assertIsNot(woken, runner)
        self.assertEqual(woken.room.docs["room"].plain()["n"], 1)

    def test_store_away(self) -> None:
        """A room falls asleep once the store has it; who asks meanwhile is told to come again."""
        runner = self.place.create(self.ann)
        self.place.gone(self.ann)
        code = runner.room.code
        self.place.advance(SLEEP_S - 2)
        self.place.store.fail = StoreUnavailable("away")
        self.place.advance(10)
        refused = Deferred.fromCoroutine(self.place.registry.reach("CCCC"))
        self.assertEqual(self.failureResultOf(refused, Refused).value.code, "busy")
        self.place.store.fail = None
        self.place.advance(5)
        self.assertEqual(self.log(code), [["dropped", 0.0]])

    def test_killed_while_it_falls_asleep(self) -> None:
        """The next process has the room, be it that it sleeps by then or not."""
        for written in (False, True):
            runner = self.place.create(self.ann)
            self.place.send(self.ann, "add")
            self.place.gone(self.ann)
            self.place.advance(SLEEP_S - 2)
            self.place.store.hold()
            self.place.advance(4)
            for call in list(self.place.time.getDelayedCalls()):
                call.cancel()
            self.place.store.kill(written=written)
            self.place.start()
            self.place.settle()
            self.assertEqual(self.is_awake(runner.room.code), not written)
            self.assertEqual(self.reach(runner.room.code).room.docs["room"].plain()["n"], 1)

    def test_never(self) -> None:
        """Without the setting no room leaves memory."""
        place = Place(Sleepy, sleep_s=None)
        runner = place.create(self.ann)
        place.gone(self.ann)
        place.advance(100_000)
        self.assertIs(place.registry.get(runner.room.code), runner)

    def test_memory_is_free(self) -> None:
        """Nothing of the registry holds on to a room that sleeps."""
        self.place.free_s = 0.0
        self.place.away(1)
        runner = self.place.create(self.ann)
        self.place.gone(self.ann)
        self.place.advance(SLEEP_S + 2)
        self.assertTrue(runner.forgotten)
        self.assertFalse(hasattr(runner.room, "docs"))
        gc.collect()
        self.assertEqual([each for each in gc.get_referrers(runner) if isinstance(each, dict | set | list)], [])


class OtherGamesTests(SleepTestCase):
    """Games that keep things otherwise."""

    def room_of(self, game: type[Game]) -> RoomRunner:
        """A room of one game, which everybody has left alone."""
        self.place = Place(game, sleep_s=SLEEP_S)
        runner = self.place.create(self.ann)
        self.place.send(self.ann, "add")
        self.place.gone(self.ann)
        return runner

    def test_never_stored_never_asleep(self) -> None:
        """A room that is not stored stays."""
        runner = self.room_of(Fleeting)
        self.place.advance(10 * SLEEP_S)
        self.assertIs(self.place.registry.get(runner.room.code), runner)

    def test_relaxed(self) -> None:
        """One that is stored later sleeps with all it had."""
        code = self.room_of(Relaxed).room.code
        self.place.advance(2 * SLEEP_S)
        self.assertFalse(self.is_awake(code))
        self.assertEqual(self.reach(code).room.docs["room"].plain()["n"], 1)

    def test_seats_given_up_and_room_closed_in_time(self) -> None:
        """A seat is held for as long as it should be, and the room closes where nobody comes, all of it asleep."""
        code = self.room_of(Leaving).room.code
        self.place.advance(2 * SLEEP_S)
        self.assertFalse(self.is_awake(code))
        self.place.advance(310 - 2 * SLEEP_S)
        self.assertEqual(self.log(code), [["dropped", 0.0], ["left", 300.0]])
        self.place.advance(2600)
        self.assertEqual(self.place.get(self.place.store.room_ids()), [self.reach(code).room.id])
        self.place.advance(100)
        self.assertEqual(self.place.get(self.place.store.room_ids()), [])
        refused = Deferred.fromCoroutine(self.place.registry.reach(code))
        self.assertEqual(self.failureResultOf(refused, Refused).value.code, "not_found")

    def test_called_by_the_calendar(self) -> None:
        """What is to be done every hour is done in rooms that sleep, once each."""
        code = self.room_of(Hourly).room.code
        self.place.advance(3 * 3600 + 1800)
        self.assertFalse(self.is_awake(code))
        self.assertEqual([at for what, at in self.log(code) if what == "hour"], [3600.0, 7200.0, 10800.0])

    def test_release_with_other_times(self) -> None:
        """Rooms that fell asleep before a release had a calendar are called by it."""

        class Plain(Sleepy):
            name = "hourly"

        code = self.room_of(Plain).room.code
        self.place.advance(7000)
        self.assertFalse(self.is_awake(code))
        self.place.specs["hourly"] = spec_of(Hourly)
        self.place.away(5)
        self.place.advance(7000)
        self.assertFalse(self.is_awake(code))
        self.assertEqual([at for what, at in self.log(code) if what == "hour"], [7200.0, 10800.0])

    def test_hour_that_no_server_saw_does_not_come(self) -> None:
        """As for rooms that are awake: what was due while none ran is left out."""
        code = self.room_of(Hourly).room.code
        self.place.advance(1800)
        self.place.away(2 * 3600)
        self.place.advance(3600)
        self.assertEqual([at for what, at in self.log(code) if what == "hour"], [10800.0])


class TimeTests(SleepTestCase):
    """Outages and steps of the clock, many of them, while a room sleeps."""

    ahead_s = 0.0

    def test_outages_are_no_time(self) -> None:
        """A game whose time stands still while no node runs has its timer that much later."""
        code = self.asleep(("arm", {"s": 1000}))
        for _ in range(5):
            self.place.advance(50)
            self.place.away(500)
        self.place.advance(1000)
        self.assertEqual(self.log(code)[1:], [["ring", 3500.0]])

    def test_timers_that_go_on(self) -> None:
        """Others count the time of outages, and what came due in one comes at the start."""
        self.place = Place(Counting, sleep_s=SLEEP_S)
        code = self.asleep(("arm", {"s": 1000}))
        for _ in range(2):
            self.place.advance(50)
            self.place.away(300)
        self.place.advance(300)
        self.assertEqual(self.log(code)[1:], [["ring", 1000.0]])

    def test_date_in_an_outage(self) -> None:
        """A date that passed meanwhile comes at the start."""
        code = self.asleep(("set_date", {"s": 500}))
        self.place.away(1000)
        self.place.advance(5)
        (_, (what, at)) = self.log(code)
        self.assertEqual(what, "date")
        self.assertTrue(1062 <= at <= 1065, at)

    def test_steps_of_the_clock(self) -> None:
        """What waits, waits as long as it should; a date comes when the clock shows it."""
        code = self.asleep(("arm", {"s": 1000}), ("set_date", {"s": 3000}))
        for step in (1500.0, -200.0, 300.0):
            self._step(step)
            self.place.advance(100)
        self.place.advance(1000)
        self.assertEqual(dict(self.log(code)[1:])["ring"], 1000.0 + 1600.0)
        self.place.advance(3000)
        self.assertEqual(dict(self.log(code)[1:])["date"], 3000.0)

    def _step(self, s: float) -> None:
        self.ahead_s += s
        self.place.clock._wall = lambda: START_S + self.place.time.seconds() + self.ahead_s
        self.place.registry.shift(self.place.clock.adjust())

    def test_long_sleep_over_restarts(self) -> None:
        """A start opens nothing that sleeps and is not due."""
        code = self.asleep(("arm", {"s": 100_000}))
        for _ in range(3):
            self.place.away(10)
            self.assertFalse(self.is_awake(code))
            self.place.advance(100)
            self.assertFalse(self.is_awake(code))
        self.assertEqual(self.place.registry.sleeper.count, 1)

    def test_seats_online_at_a_crash_are_opened(self) -> None:
        """A room in which somebody was is opened by the start, and drops who does not come back."""
        runner = self.place.create(self.ann)
        self.place.away(30)
        self.assertTrue(self.is_awake(runner.room.code))
        self.place.advance(15)
        self.assertEqual([what for what, _ in self.log(runner.room.code)], ["dropped"])


class CountedTests(SleepTestCase):
    """Sleeping rooms count as if they were awake."""

    def admit(self, user: FakeSession) -> Any:
        """Try to make one more room."""
        made: list[Any] = []
        wish = self.place.wish(user.user.name, "player")
        making = self.place.registry.create(user.user, "sleepy", {}, requester=user.requester(), seat=wish)
        Deferred.fromCoroutine(making).addBoth(made.append)
        self.place.settle()
        return made[0].value.code if isinstance(made[0], Failure) else made[0]

    def test_rooms_of_a_user(self) -> None:
        """Nobody has more rooms by letting them sleep."""
        self.place.registry.rooms_of.most = 3
        codes = [self.asleep() for _ in range(3)]
        self.assertEqual(self.admit(self.ann), "forbidden")
        rooms = self.place.get(Deferred.fromCoroutine(self.place.registry.sleeping_rooms_of("ann")))
        self.assertEqual(rooms, SleepingRooms(seated=sorted(codes), empty=[]))
        self.place.away(5)
        self.place.registry.rooms_of.most = 3
        self.assertEqual(self.admit(self.ann), "forbidden")
        self.assertIsInstance(self.admit(self.bob), RoomRunner)

    def test_users_of_one_sleeping_room_meet(self) -> None:
        """They may write to each other."""
        runner = self.place.create(self.ann)
        self.place.join(runner, self.bob)
        self.place.gone(self.ann)
        self.place.gone(self.bob)
        self.place.advance(SLEEP_S + 2)
        for other, meet in (("bob", True), ("cem", False)):
            asked = Deferred.fromCoroutine(self.place.registry.meet("ann", other))
            self.assertIs(self.place.get(asked), meet)

    def test_space(self) -> None:
        """What a game's rooms keep is counted, awake or asleep, over a restart as well."""
        code = self.asleep(("add", {}))
        space = self.place.registry._spaces["sleepy"]
        asleep_bytes = space.asleep_bytes
        self.assertGreater(asleep_bytes, 2000)
        self.assertEqual(space.used_bytes, 0)
        self.place.away(5)
        space = self.place.registry._spaces["sleepy"]
        self.assertEqual(space.asleep_bytes, asleep_bytes)
        self.reach(code)
        self.assertEqual((space.asleep_bytes, space.used_bytes > 2000), (0, True))

    def test_found_by_match(self) -> None:
        """Who looks for any room is seated in one that sleeps, and led back to the own one."""
        code = self.asleep(level="hard")
        other = self.asleep(level="easy")
        wish = self.place.wish("Bob", "player")
        matching = self.place.registry.match(self.bob.requester(), "sleepy", {"level": "hard"}, wish)
        self.place.get(Deferred.fromCoroutine(matching))
        self.assertEqual(self.bob.code, code)
        self.assertFalse(self.is_awake(other))
        wish = self.place.wish("Ann", "player")
        again = FakeSession("ann")
        matching = self.place.registry.match(again.requester(), "sleepy", {"level": "easy"}, wish)
        self.place.get(Deferred.fromCoroutine(matching))
        self.assertEqual(again.code, other)

    def test_stays_for_who_was_matched(self) -> None:
        """A room that is about to sleep does not, while the store is asked whether its newcomer may come."""
        self.asleep()
        runner = self.place.create(self.ann)
        self.place.gone(self.ann)
        self.place.advance(SLEEP_S - 1)
        self.place.store.hold()
        wish = self.place.wish("Bob", "player")
        joining = Deferred.fromCoroutine(self.place.registry.join(self.bob.requester(), runner, wish))
        self.place.advance(5)
        self.place.store.release()
        self.place.get(joining)
        self.assertEqual(self.bob.code, runner.room.code)

    def test_shown_in_the_lobby(self) -> None:
        """What sleeps is listed, newest first, unless it is private."""
        codes = [self.asleep(level=level) for level in ("a", "b")]
        private = self.place.registry.create(User("x", "X"), "sleepy", {}, private=True)
        self.place.get(Deferred.fromCoroutine(private))
        self.place.advance(SLEEP_S + 2)
        for _ in range(2):
            listing = self.place.registry.sleeping_listings(self.place.specs["sleepy"], 10)
            rows = self.place.get(Deferred.fromCoroutine(listing))
            shown = [row.decode() for _, row in rows]
            self.assertEqual(len(shown), 2)
            for row, code in zip(shown, reversed(codes), strict=True):
                self.assertIn(f'"room":"{code}"', row)
            self.place.away(3)

    def test_banned_user_loses_seats_in_rooms_that_sleep(self) -> None:
        """A ban of the whole server wakes them, and puts the user out."""
        code = self.asleep()
        admin = User("admin", "Admin", ("admin",))
        wish = SanctionWish(act="ban", user="ann")
        self.place.get(Deferred.fromCoroutine(Operators(self.place.registry).sanction(admin, wish)))
        self.place.settle()
        self.assertEqual(list(self.reach(code).room.seats), [])


class TwoNodesTestCase(SynchronousTestCase):
    """Nodes a and b."""

    games: tuple[type[Game], ...] = (Sleepy,)

    def setUp(self) -> None:
        self.seconds = 0.0
        self.shared = Shared(lambda: self.seconds)
        self.a, self.b = (Place(*self.games, store=SharedStore(self.shared, name), sleep_s=SLEEP_S) for name in "ab")
        self.ann = FakeSession("ann")

    def pass_time(self, s: float, *nodes: Place) -> None:
        """Let time pass: these nodes run, others stand still."""
        end_s = self.seconds + s
        while self.seconds < end_s:
            step = min(0.5, end_s - self.seconds)
            self.seconds += step
            for node in nodes:
                node.advance(step)


class TwoNodesTests(TwoNodesTestCase):
    """Rooms that sleep are nobody's: any node wakes them, and one alone."""

    def asleep(self, *says: tuple[str, Any]) -> str:
        """A room of node a that sleeps. :returns: its code."""
        runner = self.a.create(self.ann)
        for type, data in says:
            self.a.send(self.ann, type, **data)
        self.a.gone(self.ann)
        self.pass_time(SLEEP_S + 2, self.a, self.b)
        self.assertIsNone(self.a.registry.get(runner.room.code))
        self.assertEqual(self.shared.owners, {})
        return runner.room.code

    def test_woken_where_it_is_asked_for(self) -> None:
        """The node that is asked has it then, and the other says where it is, or to come again."""
        code = self.asleep(("add", {}))
        self.pass_time(60, self.a, self.b)
        self.assertEqual([node.registry.sleeper.count for node in (self.a, self.b)], [1, 1])
        woken = self.b.get(Deferred.fromCoroutine(self.b.registry.reach(code)))
        self.assertEqual(woken.room.docs["room"].plain()["n"], 1)
        asked = Deferred.fromCoroutine(self.a.registry.reach(code))
        self.a.settle()
        self.assertNotEqual(self.failureResultOf(asked, Refused).value.code, "not_found")

    def test_due_timer_fires_on_one_of_them(self) -> None:
        """Both look for what is due; the timer fires once."""
        code = self.asleep(("arm", {"s": 1000}))
        self.pass_time(1100, self.a, self.b)
        self.assertEqual(self.shared.owners, {})
        woken = self.b.get(Deferred.fromCoroutine(self.b.registry.reach(code)))
        self.assertEqual([what for what, _ in woken.room.docs["room"].plain()["log"]], ["dropped", "ring"])

    def test_node_that_put_it_to_sleep_is_gone(self) -> None:
        """Nothing is to be taken over: it is woken in time all the same, and no time is lost."""
        code = self.asleep(("arm", {"s": 1000}))
        self.a.kill()
        self.pass_time(1100, self.b)
        woken = self.b.get(Deferred.fromCoroutine(self.b.registry.reach(code)))
        log = dict(woken.room.docs["room"].plain()["log"])
        self.assertTrue(1000.0 <= log["ring"] <= 1001.0, log)

    def test_all_nodes_away(self) -> None:
        """The time in which none ran is an outage, counted once, whoever comes back first."""
        code = self.asleep(("arm", {"s": 1000}))
        for node in (self.a, self.b):
            node.kill()
        self.seconds += 5000
        for node in (self.a, self.b):
            node.time.rightNow += 5000
            node.start()
            node.settle()
        self.pass_time(1000, self.a, self.b)
        woken = self.b.get(Deferred.fromCoroutine(self.b.registry.reach(code)))
        log = dict(woken.room.docs["room"].plain()["log"])
        self.assertTrue(6000.0 <= log["ring"] <= 6002.0, log)

    def test_node_without_the_game_leaves_it_asleep(self) -> None:
        """A room that is due is opened by a node that can run it, be it that another looked first."""
        code = self.asleep(("arm", {"s": 1000}))
        for node in (self.a, self.b):
            node.kill()
        self.pass_time(20)
        other = Place(Leaving, store=SharedStore(self.shared, "c"), sleep_s=SLEEP_S)
        other.time.rightNow = self.seconds
        self.pass_time(1500, other)
        asked = Deferred.fromCoroutine(other.registry.reach(code))
        other.settle()
        self.assertEqual(self.failureResultOf(asked, Refused).value.code, "quarantined")
        (id,) = self.shared.sleep.rooms
        fence = self.shared.rooms[id].fence
        self.pass_time(30, other)
        self.assertEqual(self.shared.rooms[id].fence, fence)
        able = Place(Sleepy, store=SharedStore(self.shared, "d"), sleep_s=SLEEP_S)
        able.time.rightNow = self.seconds
        self.pass_time(10, able, other)
        woken = able.get(Deferred.fromCoroutine(able.registry.reach(code)))
        self.assertEqual([what for what, _ in woken.room.docs["room"].plain()["log"]], ["dropped", "ring"])

    def test_nobodys_room_that_is_awake_is_opened_by_a_start(self) -> None:
        """As rooms are after an export: no node had them, so nobody takes them over; but their timers go on."""
        runner = self.a.create(self.ann)
        self.a.send(self.ann, "arm", s=100)
        self.a.kill()
        self.shared.owners.clear()
        third = Place(Sleepy, store=SharedStore(self.shared, "c"), sleep_s=SLEEP_S)
        self.assertIsNotNone(third.registry.get(runner.room.code))
        third.advance(102)
        woken = third.get(Deferred.fromCoroutine(third.registry.reach(runner.room.code)))
        self.assertIn("ring", [what for what, _ in woken.room.docs["room"].plain()["log"]])


class TwoCalendarsTests(TwoNodesTestCase):
    """Rooms that do not sleep, and that are called every hour, whatever becomes of their node."""

    games = (Hourly,)

    def called(self, before_s: float) -> list[str]:
        """Have node a die so many seconds before the hour. :returns: what a room of it notes until node b has it."""
        runner = self.a.create(self.ann)
        left_s = 3600 - self.a.registry.clock.now() % 3600
        self.pass_time(left_s - before_s, self.a, self.b)
        self.a.kill()
        self.pass_time(LEASE_S + 5, self.b)
        taken = self.b.registry.get(runner.room.code)
        assert taken is not None
        return [what for what, _ in taken.room.docs["room"].plain().get("log", []) if what == "hour"]

    def test_node_dies_before(self) -> None:
        """The other node makes the call that came while nobody had the room."""
        self.assertEqual(self.called(2), ["hour"])

    def test_node_dies_after(self) -> None:
        """A call that was made is not made again."""
        self.assertEqual(self.called(-2), ["hour"])
