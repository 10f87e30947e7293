"""What those who come, drop and leave cost a room in which many are: counted, in seats, timers and keys looked at."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from twisted.trial.unittest import SynchronousTestCase

from gameserver import Game, Player, message, timer
from gameserver.node import running_rooms
from gameserver.room import seat_index, seat_names
from gameserver.room.inputs import due
from gameserver.room.journal import SMALL, Journal
from gameserver.room.seat_index import Seats
from tests.node.registries import FakeSession, Place

SEATS = 150


class Crowd(Game):
    """Many players, each with a timer of their own."""

    max_players = 1000
    needs_start = False
    late_join = True
    idle_close_s = None
    hold_s = 30.0
    messages_per_s = 1000

    @message
    def wind(self, player: Player) -> None:
        for seat in self.players:
            seat.after(3000.0, self.ring)

    @timer
    def ring(self, player: Player) -> None:
        """Nothing."""


class Looked(dict[Any, Any]):
    """
    A dict that counts its keys that are looked at.

    :ivar looks: how many.
    """

    looks = 0

    def __iter__(self) -> Iterator[Any]:
        for key in super().__iter__():
            self.looks += 1
            yield key

    def items(self) -> Any:
        """Pairs."""
        return [(key, self[key]) for key in self]

    def values(self) -> Any:
        """Values."""
        return [self[key] for key in self]

    def get(self, key: Any, default: Any = None) -> Any:
        """One of them."""
        self.looks += 1
        return super().get(key, default)


class CrowdCostTests(SynchronousTestCase):
    """Whoever comes or goes costs what one costs, however many are there, but for what must be said to all."""

    def setUp(self) -> None:
        self.looks = 0
        self.place = Place(Crowd)
        self.sessions = [FakeSession(f"u{n}") for n in range(SEATS)]
        self.runner = self.place.create(self.sessions[0])

    def join(self) -> None:
        """All take their seats."""
        for session in self.sessions[1:]:
            self.place.join(self.runner, session)

    def count_seats(self, *ways: str) -> None:
        """Count the seats that are looked at, one after the other, from now on."""

        def counted(way: Callable[[Any], Any]) -> Callable[[Any], Any]:
            def look(seats: Any) -> Iterator[Any]:
                for each in way(seats):
                    self.looks += 1
                    yield each

            return look

        for way in ways:
            self.patch(Seats, way, counted(getattr(dict, way)))

    def count_calls(self, owner: Any, name: str) -> None:
        """Count how often that is called, from now on."""
        function = getattr(owner, name)

        def called(*args: Any, **kwargs: Any) -> Any:
            self.looks += 1
            return function(*args, **kwargs)

        self.patch(owner, name, called)

    def test_joins(self) -> None:
        """Nobody's seat is looked at for a newcomer, beside what the newcomer is told of all."""
        self.count_seats("values", "__iter__")
        self.join()
        self.assertEqual(len(self.runner.room.seats), SEATS)
        self.assertEqual(self.looks, 0)

    def test_names(self) -> None:
        """Nor is anybody's name."""
        self.count_calls(seat_names, "name_key")
        self.count_calls(seat_index, "name_key")
        self.join()
        self.assertLess(self.looks, 4 * SEATS)

    def test_users(self) -> None:
        """The node counts those of whom a seat came or went, and no others."""
        looked: list[str] = []
        of_user = seat_index.SeatIndex.of_user
        self.patch(
            running_rooms.RoomsOfUsers,
            "count",
            lambda rooms, runner, count=running_rooms.RoomsOfUsers.count: (
                looked.extend(runner.room.journal.stale.users),
                count(rooms, runner),
            ),
        )
        self.join()
        self.assertLess(len(looked), 2 * SEATS)
        self.assertEqual(self.runner.users, {session.user.id for session in self.sessions})
        self.assertEqual([len(of_user(self.runner.room.seats.index, user)) for user in self.runner.users], [1] * SEATS)

    def test_holds_end(self) -> None:
        """Of those whose seats end one after the other, each costs the same; so does the host, each time another."""
        self.join()
        for session in self.sessions:
            self.place.gone(session)
        self.place.advance(29.0)
        self.count_seats("values", "items", "__iter__")
        self.place.advance(2.0)
        self.assertEqual(len(self.runner.room.seats), 0)
        # Until the room keeps in mind in which order they sat.
        self.assertLess(self.looks, 2 * SEATS + SMALL**2 + 2 * SMALL)

    def test_counters_are_not_stored_for_each_who_leaves(self) -> None:
        """Of a stream that is gone nothing is written, and it stays gone when the room comes back."""
        self.join()
        written: list[str] = []
        commit = self.place.store.commit

        def seen(commits: Any, **kw: Any) -> Any:
            written.extend(part for one in commits for part in one.puts)
            return commit(commits, **kw)

        self.patch(self.place.store, "commit", seen)
        for session in self.sessions[1:]:
            self.place.gone(session)
        self.place.advance(31.0)
        self.assertEqual(len(self.runner.room.seats), 1)
        self.assertLess(written.count("counts"), 3)
        self.place.away(1.0)
        room = self.place.registry.find(self.sessions[0].code).room
        self.assertEqual({key for key in room.publisher.streams.counts if key.startswith("seat:")} - {"seat:1"}, set())

    def test_grace_ends(self) -> None:
        """After a restart all drop who have not come back, each in a step that looks at that seat alone."""
        self.join()
        self.place.away(1.0)
        room = self.place.registry.find(self.sessions[0].code).room
        self.count_seats("values", "items", "__iter__")
        self.count_calls(due, "_is_missing")
        self.place.advance(11.0)
        self.assertEqual([seat.online for seat in dict.values(room.seats)], [False] * SEATS)
        self.assertLess(self.looks, 6 * SEATS)

    def test_timers_of_a_seat(self) -> None:
        """Whoever leaves takes timers along, for which nobody else's are looked at."""
        self.join()
        self.place.send(self.sessions[0], "wind")
        timers = self.runner.room.timers
        timers.state.armed = looked = Looked(timers.state.armed)
        self.assertEqual(len(looked), SEATS)
        for session in self.sessions[1:]:
            self.place.gone(session)
        self.place.advance(31.0)
        self.assertEqual(list(looked), [("1", "ring")])
        self.assertLess(looked.looks, 12 * SEATS)

    def test_names_of_timers_are_forgotten(self) -> None:
        """What was armed and fired leaves nothing behind."""
        room = self.runner.room
        for n in range(1000):
            room.timers.arm(f"timer {n}", room.now, seat="1")
            room.timers.cancel(f"timer {n}", "1")
            room.journal.commit()
            room.timers.next()
        room.timers.arm("last", room.now)
        room.journal.commit()
        room.timers.next()
        self.assertLess(sum(map(len, room.timers._names.values())), 100)


class RemoveCostTests(SynchronousTestCase):
    """Keys that are deleted from an ordinary dict, in steps of their own or in one."""

    def setUp(self) -> None:
        self.journal = Journal()
        self.mapping = Looked((n, str(n)) for n in range(1000))

    def test_one_a_step(self) -> None:
        """Each costs the same, whatever is left; what few are left are copied."""
        for n in range(0, 1000, 2):
            self.journal.remove(self.mapping, n)
            self.journal.put(self.mapping, n + 1000, "new")
            self.journal.remove(self.mapping, n + 1)
            self.journal.commit()
        self.assertEqual(list(dict.__iter__(self.mapping)), list(range(1000, 2000, 2)))
        self.assertLess(self.mapping.looks, 4000)

    def test_all_in_one_step(self) -> None:
        """So it is in one step; and undone, all stand where they stood."""
        before = list(dict.items(self.mapping))
        for n in range(1000):
            self.journal.remove(self.mapping, n * 7 % 1000)
        self.assertLess(self.mapping.looks, 2000)
        self.journal.rollback()
        self.assertEqual(list(dict.items(self.mapping)), before)

    def test_undone_to_marks(self) -> None:
        """A part that is undone leaves the order of what stays."""
        self.journal.remove(self.mapping, 3)
        self.journal.put(self.mapping, 3, "again")
        mark, before = self.journal.mark(), list(dict.items(self.mapping))
        self.journal.remove(self.mapping, 3)
        self.journal.put(self.mapping, "x", "y")
        self.journal.remove(self.mapping, 7)
        self.journal.put(self.mapping, 7, "also")
        self.journal.rollback(mark)
        self.assertEqual(list(dict.items(self.mapping)), before)
        self.journal.rollback()
        self.assertEqual(list(dict.items(self.mapping)), [(n, str(n)) for n in range(1000)])
