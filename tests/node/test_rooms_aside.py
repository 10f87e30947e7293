"""Rooms of one release under the next: what cannot be run is kept aside, and comes back."""

from __future__ import annotations

import operator
import sys
from collections.abc import Callable
from typing import Any, ClassVar

import msgspec
from twisted.internet.defer import Deferred
from twisted.logger import capturedLogs, formatEvent, globalLogPublisher
from twisted.trial.unittest import SynchronousTestCase

from gameserver import Answer, Game, Player, message, question, timer
from gameserver.errors import CannotOpen, GameDefinitionError, Refused
from gameserver.game.spec import spec_of
from gameserver.interfaces import Located
from gameserver.node.rooms_aside import RoomAside, RoomsAside
from gameserver.room.inputs.arrivals import ResumeSeat
from gameserver.room.state import SCHEMA
from gameserver.room.timers import Timers
from gameserver.store import keys
from gameserver.store.memory.store import MemoryStore
from tests.node.registries import FakeSession, Place


class Counter(Game):
    """Counts."""

    name = "counter"
    needs_start = False

    @message
    def count(self, player: Player) -> int:
        """One more."""
        self.state["n"] = self.state.get("n", 0) + 1
        return int(self.state["n"])


class Later(Counter):
    """A release that has no way from the one before."""

    version = 2


class Mended(Counter):
    """A release that has one."""

    version = 3

    def migrate(self, row: object, from_version: int) -> None:
        """Nothing is to be done."""


class Other(Game):
    """Another game."""

    name = "other"


def release(place: Place, *games: type[Game]) -> None:
    """The next start serves these."""
    place.specs = {spec_of(game).name: spec_of(game) for game in games}
    place.away(1)


class Asides(SynchronousTestCase):
    """A room with one player, and releases of its game."""

    def make_store(self) -> MemoryStore:
        """Where rooms are kept."""
        return MemoryStore()

    def begin(self, game: type[Game] = Counter) -> None:
        """The first release."""
        self.place = Place(game, store=self.make_store())
        self.ann = FakeSession("ann")
        self.runner = self.place.create(self.ann)
        self.code = self.runner.room.code
        self.place.settle()
        self.secret = self.ann.of("joined")[0]["seat"]["resume"]

    def resume(self) -> FakeSession:
        """Ann comes back to her seat."""
        back = FakeSession("ann")
        self.place.get(self.place.registry.find(self.code).post(ResumeSeat(back.requester(), self.secret, None)))
        return back

    def assert_aside(self, reason: str) -> None:
        """Asked for, the room is being mended; and nothing of it changed in the store."""
        refused = self.assertRaises(Refused, self.place.registry.find, self.code)
        self.assertEqual("quarantined", refused.code)
        (room,) = self.place.registry.aside
        self.assertEqual(self.code, room.code)
        self.assertIn(reason, room.why)

    def assert_one_line(self, events: list[Any], reason: str) -> None:
        """The log names what is in the way, and has no traceback: no code raised it."""
        (event,) = [event for event in events if "is kept aside" in (event["log_format"] or "")]
        self.assertIn(reason, formatEvent(event))
        self.assertNotIn("log_failure", event)

    def parts(self) -> dict[str, bytes]:
        """What the store has of the room."""
        (stored,) = self.place.get(self.place.store.open_rooms(self.place.get(self.place.store.room_ids())))
        return dict(stored.parts)


class CodesTests(Asides):
    """What is answered for a room that is kept aside."""

    def test_room_without_a_way_is_quarantined_until_there_is_one(self) -> None:
        """Its code is no unknown one, and the seat is there again with the release that has a way."""
        self.begin()
        self.place.send(self.ann, "count")
        before = self.parts()
        with capturedLogs() as events:
            release(self.place, Later)
        self.assert_aside("no migrate")
        self.assert_one_line(events, "no migrate")
        self.assertEqual(before, self.parts())
        release(self.place, Mended)
        self.assertEqual(2, self.place.send(self.resume(), "count")["data"])
        self.assertEqual(0, len(self.place.registry.aside))

    def test_room_of_a_game_that_is_not_served_is_quarantined(self) -> None:
        """The game's file has a mistake: room and game are being mended, and what nobody knows is not found."""
        self.begin()
        release(self.place, Other)
        self.assert_aside("no game counter is served")
        self.assertEqual("quarantined", self.assertRaises(Refused, self.place.registry.spec, "counter").code)
        self.assertEqual("not_found", self.assertRaises(Refused, self.place.registry.spec, "chess").code)
        self.assertEqual("not_found", self.assertRaises(Refused, self.place.registry.find, "ZZZZ").code)
        release(self.place, Counter)
        self.assertEqual(1, self.place.send(self.resume(), "count")["data"])

    def test_room_that_a_newer_server_stored_is_left_as_it_is(self) -> None:
        """Its parts have another form by then: this server would lose what it does not know of them."""
        self.begin()
        store: Any = self.place.store
        row = store._rooms[self.runner.room.id].parts
        row[keys.ROOM] = msgspec.json.encode({**msgspec.json.decode(row[keys.ROOM]), "schema": SCHEMA + 1})
        before = dict(row)
        with capturedLogs() as events:
            release(self.place, Counter)
        self.assert_aside(f"a newer gameserver stored it: its parts are of schema {SCHEMA + 1}, this one knows")
        self.assert_one_line(events, f"its parts are of schema {SCHEMA + 1}")
        self.assertEqual(before, self.parts())

    def test_room_that_another_node_has_mended(self) -> None:
        """One that has a new game there is tried again, and so is another room that has its code by now."""
        aside = RoomsAside()
        for found, stays in (
            (Located(room="r1", code="K7QM", game="counter"), True),
            (Located(room="r1", code="K7QM", game="tally"), False),
            (Located(room="r2", code="K7QM", game="counter"), False),
        ):
            aside.put(RoomAside("r1", "K7QM", "counter", "no game counter is served"))
            self.successResultOf(Deferred.fromCoroutine(aside.look_again(found)))
            self.assertEqual(aside.holds("K7QM"), stays)

    def test_code_is_found_as_people_type_it(self) -> None:
        """In lower case, too."""
        self.begin()
        release(self.place, Other)
        refused = self.assertRaises(Refused, self.place.registry.find, f" {self.code.lower()}")
        self.assertEqual("quarantined", refused.code)

    def test_many_rooms_are_one_line_each_and_one_traceback_a_game(self) -> None:
        """Three hundred tracebacks say no more than one."""

        class Failing(Mended):
            """Its way fails."""

            def migrate(self, row: object, from_version: int) -> None:
                """Fail."""
                raise KeyError("gone")

        self.begin()
        for _ in range(4):
            self.place.create()
        self.place.settle()
        release(self.place, Failing)
        self.assertEqual(5, len(self.place.registry.aside))
        self.assertEqual(1, len(self.flushLoggedErrors(CannotOpen)))


class Timed(Game):
    """Has all that a room may hold by name."""

    name = "timed"
    needs_start = False

    def on_create(self, rounds: int = 3) -> None:
        """Options."""

    @message
    def arm(self, player: Player, what: str) -> None:
        """Have one of them held by the room."""
        if what == "timer":
            self.after(60, self.ring, show=True, by=1)
        elif what == "every":
            self.every(60, self.ring_on)
        elif what == "seat":
            player.after(60, self.nudge)
        elif what == "phase":
            self.enter("bidding", 60, then=self.close_bids)
        else:
            self.card.ask(60)

    @timer
    def ring(self, by: int) -> None:
        """Ring."""
        self.state["rung"] = self.state.get("rung", 0) + by

    @timer
    def ring_on(self) -> None:
        """Ring."""
        self.state["rung"] = self.state.get("rung", 0) + 1

    @timer
    def nudge(self, player: Player) -> None:
        """Ring."""
        self.state["rung"] = player.id

    def close_bids(self) -> None:
        """The phase ends."""
        self.enter("playing")
        self.state["rung"] = "closed"

    @question
    def card(self, player: Player, card: int) -> int:
        """Ask."""
        return card

    @card.done
    def reveal(self, answers: dict[Player, Answer[int]]) -> None:
        """Ring."""
        self.state["rung"] = [answer.value for answer in answers.values()]


class Bare(Game):
    """A release that has dropped all of it."""

    name = "timed"
    needs_start = False

    def on_create(self, rounds: int = 3) -> None:
        """Options."""


class Renamed(Bare):
    """A release that calls all of it otherwise, and says so."""

    version = 2

    def migrate(self, row: dict[str, Any], from_version: int) -> None:
        """Say so."""
        names = {"ring": "chime", "ring_on": "chime", "nudge": "remind", "close_bids": "shut"}
        for each in row["timers"]:
            each["name"] = names[each["name"]]
            each["data"] = {}
        if row["phase"] == "bidding":
            row["phase"] = "offers"
        if "card" in row["questions"]:
            row["questions"]["pick"] = row["questions"].pop("card")

    @timer
    def chime(self) -> None:
        """Ring."""
        self.state["rung"] = "chime"

    @timer
    def remind(self, player: Player) -> None:
        """Ring."""
        self.state["rung"] = f"remind {player.id}"

    def shut(self) -> None:
        """Ring."""
        self.state["rung"] = f"shut {self.phase}"

    @question
    def pick(self, player: Player, card: int) -> int:
        """Ask."""
        return card

    @pick.done
    def show(self, answers: dict[Player, Answer[int]]) -> None:
        """Ring."""
        self.state["rung"] = [answer.value for answer in answers.values()]


class Dropped(Bare):
    """A release that drops all of it, and says so."""

    version = 2

    def migrate(self, row: dict[str, Any], from_version: int) -> dict[str, Any]:
        """Say so."""
        return {**row, "timers": [], "questions": {}, "phase": None}


HELD = {
    "timer": ("'ring'", "chime"),
    "every": ("'ring_on'", "chime"),
    "seat": ("'nudge'", "remind 1"),
    "phase": ("'close_bids'", "shut offers"),
    "question": ("'card'", [7]),
}
"""What a room may hold, how it is named when the release does not know it, and what comes of it under another name."""


class NameTests(Asides):
    """A release that has not what a room holds by name."""

    def hold(self, what: str) -> None:
        """A room of the first release that holds that."""
        self.begin(Timed)
        self.place.send(self.ann, "arm", what=what)
        if what == "question":
            bob = self.place.join(self.runner, FakeSession("bob"))
            self.place.send(bob, "arm", what=what)
            self.place.send(self.ann, "card", card=7)

    def rung(self) -> Any:
        """What came of it, once its time has come."""
        self.place.advance(61)
        self.assertNotIn(self.code, [room.code for room in self.place.registry.aside])
        return self.place.registry.find(self.code).room.game.state.get("rung")

    def test_unknown_keeps_the_room_aside_whole_until_a_release_knows_it(self) -> None:
        """It is named; nothing is spent meanwhile; and with the name back it happens."""
        for what, (named, _) in HELD.items():
            self.hold(what)
            before = self.parts()
            release(self.place, Bare)
            self.flushLoggedErrors(CannotOpen)
            self.assert_aside(named)
            self.place.advance(600)
            self.assertEqual(before, self.parts(), what)
            release(self.place, Timed)
            self.resume()
            self.assertIsNotNone(self.rung(), what)

    def test_migrate_renames(self) -> None:
        """It goes on under the new name, at the same time."""
        for what, (_, rung) in HELD.items():
            self.hold(what)
            release(self.place, Renamed)
            self.resume()
            self.assertEqual(rung, self.rung(), what)

    def test_migrate_drops(self) -> None:
        """Nothing comes of it, and the room lives."""
        for what in HELD:
            self.hold(what)
            release(self.place, Dropped)
            self.assertIsNone(self.rung(), what)

    def test_timer_that_takes_other_data_keeps_the_room_aside(self) -> None:
        """It would fail when it is due, and be spent."""

        class Other(Timed):
            """Its timer takes something else."""

            name = "timed"

            @timer
            def ring(self, times: int) -> None:  # type: ignore[override]
                """Ring."""

        self.hold("timer")
        release(self.place, Other)
        self.flushLoggedErrors(CannotOpen)
        self.assert_aside("'ring' was armed with other data")


class OptionTests(Asides):
    """A release that has other options."""

    def test_new_option_is_filled_in_and_told(self) -> None:
        """Whoever resumes hears of it."""

        class More(Timed):
            """One more option."""

            name = "timed"

            def on_create(self, rounds: int = 3, fast: bool = True) -> None:
                """Options."""

        self.begin(Timed)
        release(self.place, More)
        self.assertEqual({"rounds": 3, "fast": True}, self.place.registry.find(self.code).room.state.options)
        self.assertEqual({"rounds": 3, "fast": True}, self.resume().of("joined")[0]["info"]["options"])

    def test_option_that_changed_or_is_gone_needs_migrate(self) -> None:
        """Else the room is kept aside."""

        class Texts(Timed):
            """The option is of another type."""

            name = "timed"

            def on_create(self, rounds: str = "three") -> None:  # type: ignore[override]
                """Options."""

        class Way(Texts):
            """And that is said."""

            version = 2

            def migrate(self, row: dict[str, Any], from_version: int) -> None:
                """Say so."""
                row["options"]["rounds"] = str(row["options"]["rounds"])

        class Gone(Timed):
            """There is none."""

            name = "timed"

            def on_create(self) -> None:  # type: ignore[override]
                """No options."""

        for game in (Texts, Gone):
            self.begin(Timed)
            release(self.place, game)
            self.flushLoggedErrors(CannotOpen)
            self.assert_aside("options")
        release(self.place, Way)
        self.assertEqual({"rounds": "3"}, self.place.registry.find(self.code).room.state.options)


class MigrateTests(Asides):
    """What ``migrate`` may not do."""

    def test_self_is_refused_with_the_right_way(self) -> None:
        """The room would be deleted, or what was done lost."""
        wrongs: list[Callable[[Any], object]] = [
            lambda game: game.close(),
            lambda game: game.over(),
            lambda game: game.kick(game.seat("1")),
            lambda game: game.state.update(n=1),
            lambda game: operator.setitem(game.state, "n", 1),
            lambda game: setattr(game, "state", {}),
            lambda game: game.seats(),
            lambda game: game.table("words"),
            lambda game: game.status,
            lambda game: game.after(1, "ring"),
        ]
        for wrong in wrongs:
            way = {"version": 2, "name": "counter", "migrate": lambda self, row, from_version, do=wrong: do(self)}
            self.begin()
            before = self.parts()
            release(self.place, type("Wrong", (Counter,), way))
            self.flushLoggedErrors(CannotOpen)
            self.assert_aside("row['state']['score'] = 0")
            self.assertEqual(before, self.parts())

    def test_exit_ends_nothing_but_that(self) -> None:
        """The server lives."""

        class Leaving(Mended):
            """It exits."""

            def migrate(self, row: object, from_version: int) -> None:
                """Exit."""
                sys.exit(1)

        self.begin()
        release(self.place, Leaving)
        self.flushLoggedErrors(CannotOpen)
        self.assert_aside("SystemExit")

    def test_what_cannot_be_called_is_found_at_load(self) -> None:
        """Before any room is read."""

        async def waits(self: Any, row: object, from_version: int) -> None:
            """Wait."""

        def few(self: Any, row: object) -> None:
            """Too few."""

        def yields(self: Any, row: object, from_version: int) -> Any:
            """Do nothing when it is called."""
            yield row

        def counts(self: Any, row: object, from_version: int) -> int:
            """Return what is no row."""
            return from_version

        for way, text in (
            (waits, "must not be async"),
            (few, "def migrate(self, row, from_version)"),
            (staticmethod(lambda row: None), "def migrate(row, from_version)"),
            (yields, "must not yield"),
            (counts, "returns int: it must return a row"),
            ("later", "is 'later', not a function"),
        ):
            error = self.assertRaises(GameDefinitionError, spec_of, type("Wrong", (Counter,), {"migrate": way}))
            self.assertIn(text, str(error))


class FailureTests(Asides):
    """What fails without anybody having asked for it."""

    def test_failure_of_ours_at_a_timer_stops_the_room_once_and_not_the_server(self) -> None:
        """Undone, the timer would be due again at once, for ever. The room is as it was stored, and comes back."""
        self.begin(Timed)
        self.place.send(self.ann, "arm", what="timer")
        calls: list[object] = []

        def fail(*args: object) -> None:
            calls.append(args)
            raise ZeroDivisionError("ours")

        patched = self.patch(Timers, "consume", fail)
        self.place.advance(300)
        self.assertEqual(1, len(calls))
        self.assertEqual(1, len(self.flushLoggedErrors(ZeroDivisionError)))
        self.assert_aside("it failed at Fire: ZeroDivisionError: ours")
        self.assertEqual(["moved"], [left["reason"] for left in self.ann.of("left")])
        patched.restore()
        release(self.place, Timed)
        self.resume()
        self.place.advance(61)
        self.assertEqual(1, self.place.registry.find(self.code).room.game.state["rung"])

    def test_on_load_that_fails_keeps_the_room_aside_as_it_was(self) -> None:
        """It would go on without what it derives; and what migrate made of it is not stored."""

        class Failing(Mended):
            """It fails."""

            def migrate(self, row: dict[str, Any], from_version: int) -> None:
                """Change something."""
                row["state"]["n"] = 100

            def on_load(self) -> None:
                """Fail."""
                raise KeyError("gone")

        self.begin()
        self.place.send(self.ann, "count")
        before = self.parts()
        release(self.place, Failing)
        self.assertEqual(1, len(self.flushLoggedErrors(KeyError)))
        self.assert_aside("on_load failed: KeyError: 'gone'")
        self.place.advance(100)
        self.assertEqual(before, self.parts())
        release(self.place, Counter)
        self.assertEqual(2, self.place.send(self.resume(), "count")["data"])


class ExitTests(Asides):
    """A game that ends the process, as scripts do."""

    def test_exit_ends_nothing_but_the_step(self) -> None:
        """At a message or a timer: it is undone, and the room lives."""

        class Leaving(Counter):
            """It exits."""

            name = "counter"

            @message
            def leave_all(self, player: Player) -> None:
                """Exit, and at a timer too."""
                self.state["n"] = 100
                sys.exit(1)

            @message
            def arm(self, player: Player) -> None:
                """At a timer."""
                self.after(1, self.out)

            @timer
            def out(self) -> None:
                """Exit."""
                self.state["n"] = 100
                sys.exit(1)

        self.begin(Leaving)
        self.assertEqual("game_error", self.place.send(self.ann, "leave_all")["code"])
        self.place.send(self.ann, "arm")
        self.place.advance(2)
        self.assertEqual(2, len(self.flushLoggedErrors(SystemExit)))
        self.assertEqual(1, self.place.send(self.ann, "count")["data"])


class KeptOverTests(Asides):
    """A release that lets in less than a room has: it stays, and is said."""

    def room(self) -> Any:
        """As it is open now."""
        self.assertEqual([], list(self.place.registry.aside))
        return self.place.registry.find(self.code).room

    def test_fewer_players_and_no_such_role(self) -> None:
        """Seats stay, and their owners come back to them."""

        class Judged(Counter):
            """It has a judge."""

            name = "counter"
            roles: ClassVar[dict[str, int]] = {"judge": 1}

        class Small(Counter):
            """A room for one, without a judge."""

            name = "counter"
            min_players = 1
            max_players = 1

        self.begin(Judged)
        for name, role in (("bob", "player"), ("cid", "judge")):
            self.place.join(self.runner, FakeSession(name), role=role)
        said: list[str] = []

        def hear(event: dict[str, Any]) -> None:
            said.append(formatEvent(event))

        globalLogPublisher.addObserver(hear)
        self.addCleanup(globalLogPublisher.removeObserver, hear)
        release(self.place, Small)
        self.assertEqual(3, len(self.room().seats))
        self.assertEqual(1, self.place.send(self.resume(), "count")["data"])
        found = [line for line in said if "all of it stays" in line]
        self.assertEqual(2, len(found), found)
        self.assertIn("2 players have seats, of 1", found[0])
        self.assertIn("the role 'judge'", found[1])

    def test_room_that_keeps_more_than_it_may_shrinks_step_by_step(self) -> None:
        """What does not grow is allowed, also while it is above the bound; and from there on the bound holds."""

        class Shelf(Counter):
            """Keeps words."""

            name = "counter"

            @message
            def put(self, player: Player, words: dict[str, str]) -> None:
                """Some more; an empty one is taken away."""
                for key, word in words.items():
                    if word:
                        self.state[key] = word
                    else:
                        del self.state[key]

        class Low(Shelf):
            """It keeps less."""

            name = "counter"
            max_row_bytes = 4096

        self.begin(Shelf)
        self.place.send(self.ann, "put", words={str(n): "x" * 1000 for n in range(8)})
        release(self.place, Low)
        back = self.resume()
        self.assertEqual("too_large", self.place.send(back, "put", words={"8": "y"})["code"])
        for n in range(6):
            self.assertEqual("ok", self.place.send(back, "put", words={str(n): "", "7": "y" * 1000})["op"], n)
        self.assertEqual("too_large", self.place.send(back, "put", words={"8": "y" * 3000})["code"])

    def test_migrate_that_makes_a_room_too_large_is_refused(self) -> None:
        """The room stays as it was stored."""

        class Fat(Mended):
            """It puts more there than a room keeps."""

            max_row_bytes = 4096

            def migrate(self, row: Any, from_version: int) -> None:
                """Too much."""
                row["state"]["words"] = "x" * 5000

        self.begin()
        before = self.parts()
        release(self.place, Fat)
        self.flushLoggedErrors(CannotOpen)
        self.assert_aside("a room keeps at most 4096 (max_row_bytes)")
        self.assertEqual(before, self.parts())

    def test_room_of_a_game_that_stores_nothing_any_more_does_not_come_back_stale(self) -> None:
        """It lives on as long as the process does; what was stored goes when it has loaded, and not before."""

        class Fleeting(Counter):
            """Stores nothing."""

            name = "counter"
            durability = "none"

        class Broken(Fleeting):
            """Nor does it load."""

            def on_load(self) -> None:
                """Fail."""
                raise KeyError("gone")

        self.begin()
        self.place.send(self.ann, "count")
        before = self.parts()
        release(self.place, Broken)
        self.flushLoggedErrors(KeyError)
        self.assert_aside("on_load failed")
        self.assertEqual(before, self.parts())
        release(self.place, Fleeting)
        self.place.settle()
        self.assertEqual(2, self.place.send(self.resume(), "count")["data"])
        self.assertEqual([], self.place.get(self.place.store.room_ids()))
        release(self.place, Counter)
        self.assertRaises(Refused, self.place.registry.find, self.code)
