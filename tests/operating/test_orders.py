"""What commands say of the rooms of a store, whether a server runs, and whether the rooms sleep."""

from __future__ import annotations

import os
from typing import Any

import msgspec
from twisted.internet.defer import Deferred
from twisted.trial.unittest import SynchronousTestCase
from zope.interface import implementer_only

from gameserver.errors import CannotOpen, Refused
from gameserver.game.spec import spec_of
from gameserver.interfaces import IBooks, ISleepStore, IStore, IUserStore, User
from gameserver.node import mending
from gameserver.node.operators import Operators
from gameserver.node.rooms import RoomRegistry
from gameserver.node.unclean_ends import BOOK, UncleanEnd
from gameserver.operating.orders import RoomOrder, follow
from gameserver.store.memory.store import MemoryStore
from tests.node.registries import FakeSession, Place
from tests.node.test_sleeping import SLEEP_S, Sleepy

WHY = "the file was damaged: its parts are incomplete"


class Later(Sleepy):
    """A release that has no way from the one before."""

    version = 2


class Renamed(Sleepy):
    """The same game under another name."""

    name = "renamed"


@implementer_only(IStore, ISleepStore, IUserStore, IBooks)
class PlainStore(MemoryStore):
    """A store of others, which has what it must have and no more."""


class OrdersTestCase(SynchronousTestCase):
    """Three rooms that sleep, at a server that runs."""

    def setUp(self) -> None:
        self.begin(MemoryStore())

    def begin(self, store: MemoryStore) -> None:
        """Make them."""
        self.place = Place(Sleepy, store=store, sleep_s=SLEEP_S)
        self.codes = []
        for number in range(3):
            session = FakeSession(f"p{number}")
            self.codes.append(self.place.create(session).room.code)
            self.place.gone(session)
        self.place.advance(SLEEP_S + 5)
        self.assertEqual(list(self.place.registry.runners), [])

    def order(self, do: Any, **about: str) -> Any:
        """Give one to the server."""
        return self.place.get(Deferred.fromCoroutine(follow(self.place.registry, RoomOrder(do, **about))))

    def alone(self, do: Any, **about: str) -> Any:
        """Have it followed in the place of the server, which was stopped."""
        registry = RoomRegistry(self.place.specs, self.place.store, self.place.clock, os.urandom)
        registry.mending.only_look()
        return self.place.get(Deferred.fromCoroutine(follow(registry, RoomOrder(do, **about))))

    def damage(self, code: str) -> None:
        """Have the book say that a room lost something."""
        located = self.place.get(self.place.store.locate(code))
        end = UncleanEnd(room=located.room, code=code, game="sleepy", why=WHY)
        self.place.get(self.place.store.write_book(BOOK, {f"{located.room}/damaged": msgspec.json.encode(end)}))

    def next_release(self, *games: type[Sleepy]) -> None:
        """The next start serves these."""
        self.place.specs = {spec_of(game).name: spec_of(game) for game in games}
        self.place.away(1)

    def asleep(self) -> int:
        """How many rooms sleep."""
        return sum(total.count for total in self.place.get(self.place.store.sleeping_totals()).values())


class RoomsTests(OrdersTestCase):
    """``gameserver rooms``."""

    def test_rooms_that_sleep_are_counted(self) -> None:
        """Also after a start, and as many as beside a server that is stopped; none is woken by it."""
        self.place.create(FakeSession("ann"))
        for _ in range(2):
            self.assertEqual(self.order("rooms"), {"counts": {"sleepy": 4}, "aside": []})
            self.place.away(1)
        self.assertEqual(self.asleep(), 3)
        self.place.kill()
        self.place.get(self.place.store.start())
        self.assertEqual(self.alone("rooms"), {"counts": {"sleepy": 4}, "aside": []})
        self.assertEqual(self.asleep(), 3)

    def test_store_that_cannot_read_them(self) -> None:
        """A store of others tells how many sleep, and which are in quarantine is known from the book."""
        self.begin(PlainStore())
        self.damage(self.codes[0])
        self.place.away(1)
        said = self.order("rooms")
        self.assertEqual((said["counts"], [room["code"] for room in said["aside"]]), ({"sleepy": 3}, self.codes[:1]))
        self.assertEqual(self.order("rooms"), said)
        self.assertEqual(self.asleep(), 3)
        self.assertEqual(self.alone("rooms"), said)

    def test_rooms_that_no_release_can_run(self) -> None:
        """They are found where they sleep, are found by what is typed, and mended as others are."""
        self.next_release(Later)
        self.assertEqual(self.order("show", code=self.codes[0].lower())["code"], self.codes[0])
        said = self.order("rooms")
        self.assertEqual([room["code"] for room in said["aside"]], sorted(self.codes))
        self.assertEqual(said["counts"], {"sleepy": 3})
        self.assertEqual(self.asleep(), 3)
        self.assertEqual(self.alone("rooms"), said)
        self.assertIn("no migrate", self.order("retry", code=self.codes[0]))
        self.flushLoggedErrors(CannotOpen)
        self.place.registry.serve(spec_of(Sleepy))
        self.assertIsNone(self.order("retry", code=self.codes[0]))
        self.assertEqual([room["code"] for room in self.order("rooms")["aside"]], sorted(self.codes[1:]))

    def test_rename_finds_rooms_that_sleep(self) -> None:
        """All rooms of the game have the new name, not only those that somebody asked for."""
        self.next_release(Renamed)
        self.assertEqual(self.order("rename", old="sleepy", new="renamed"), 3)
        self.assertEqual(self.order("rooms"), {"counts": {"renamed": 3}, "aside": []})

    def test_others_are_served_in_between(self) -> None:
        """However many rooms there are, the reactor is let go after each few milliseconds."""
        self.patch(mending, "LOOK_S", -1.0)
        pauses: list[Deferred[None]] = []

        def pause(_: object) -> Deferred[None]:
            pauses.append(Deferred())
            return pauses[-1]

        self.patch(mending, "pause", pause)
        asked = Deferred.fromCoroutine(follow(self.place.registry, RoomOrder("rooms")))
        for number in range(3):
            self.assertNoResult(asked)
            pauses[number].callback(None)
        self.assertEqual(self.successResultOf(asked)["counts"], {"sleepy": 3})

    def test_room_that_is_opened_meanwhile(self) -> None:
        """It is counted once, and is not taken for one that nobody runs."""
        self.patch(mending, "LOOK_S", -1.0)
        asked = Deferred.fromCoroutine(follow(self.place.registry, RoomOrder("rooms")))
        self.place.get(Deferred.fromCoroutine(self.place.registry.reach(self.codes[2])))
        self.assertEqual(self.place.get(asked), {"counts": {"sleepy": 3}, "aside": []})


class QuarantineTests(OrdersTestCase):
    """A sleeping room of which the store lost something."""

    def setUp(self) -> None:
        super().setUp()
        self.damage(self.codes[1])
        self.place.away(1)
        self.code = self.codes[1]

    def test_known_before_anybody_asks_for_it(self) -> None:
        """It is named beside the server as it is in its place."""
        said = self.order("rooms")
        self.assertEqual([(room["code"], room["quarantined"]) for room in said["aside"]], [(self.code, True)])
        self.assertEqual(self.alone("rooms"), said)
        self.assertEqual(self.asleep(), 3)

    def test_handled_at_once(self) -> None:
        """Each act finds it without another before; what only looks leaves it asleep."""
        self.assertEqual(self.order("show", code=f" {self.code.lower()}")["why"], WHY)
        self.place.away(1)
        self.assertEqual(self.order("export", code=self.code)["code"], self.code)
        self.assertEqual(self.asleep(), 3)
        self.place.away(1)
        self.assertIsNone(self.order("free", code=self.code))
        self.assertEqual(self.order("rooms"), {"counts": {"sleepy": 3}, "aside": []})

    def test_closed(self) -> None:
        """It is deleted, and what was known of it."""
        self.order("close", code=self.code)
        self.assertEqual(self.order("rooms"), {"counts": {"sleepy": 2}, "aside": []})

    def test_over_http(self) -> None:
        """An administrator finds it there, too."""
        operators, admin = Operators(self.place.registry), User("admin", "Admin", rights=("admin",))
        (room,) = self.place.get(Deferred.fromCoroutine(operators.quarantined(admin)))
        self.assertEqual((room.code, room.why), (self.code, WHY))
        self.place.away(1)
        operators = Operators(self.place.registry)
        shown = self.place.get(Deferred.fromCoroutine(operators.show(admin, self.code)))
        self.assertEqual((shown["code"], shown["why"]), (self.code, WHY))

    def test_room_that_can_be_run(self) -> None:
        """It is nobody's to mend, asleep or not."""
        for code in (self.codes[0], "ZZZZ", "", "\udc80", "Z" * 5000):
            with self.assertRaises(Refused) as caught:
                self.order("show", code=code)
            self.assertEqual(caught.exception.code, "not_found")
        self.assertEqual([room["code"] for room in self.order("rooms")["aside"]], [self.code])

    def test_store_is_asked_for_no_code_that_cannot_be_one(self) -> None:
        """Such as what a stranger sends, which some stores cannot even encode."""
        asked: list[str] = []
        self.patch(self.place.store, "locate", asked.append)
        for code in ("", "\udc80", "Z" * 5000):
            self.assertRaises(Refused, self.order, "show", code=code)
        self.assertEqual(asked, [])
