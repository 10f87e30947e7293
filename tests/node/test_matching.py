"""Matching: a seat where any room will do, while hooks last and others come."""

from __future__ import annotations

from typing import Any

from twisted.internet.defer import Deferred
from twisted.trial.unittest import SynchronousTestCase

from gameserver import Game, Player, Refused, message
from gameserver.room import rounds
from tests.node.registries import FakeSession, Place


class Waits(Game):
    """Hooks wait as long as a test says: ``slow`` is an option, or the beginning of a player's name."""

    name = "waits"
    max_players = 2
    clock_option = True
    gates: list[Deferred[None]]
    refuses: set[str]

    async def on_create(self, slow: bool = False, map: str = "a") -> None:
        if slow:
            await self.gate()

    async def on_join(self, player: Player) -> None:
        if player.name.startswith("Slow"):
            await self.gate()
        if player.name in type(self).refuses or self.code in type(self).refuses:
            raise Refused(code="room_full")

    async def gate(self) -> None:
        gate: Deferred[None] = Deferred()
        type(self).gates.append(gate)
        await gate


class Porter(Game):
    """Its players say who may come in."""

    name = "porter"
    max_players = 2
    needs_start = False
    late_join = True

    @message
    def bar(self, player: Player, locked: bool) -> None:
        """Lock it, or unlock it."""
        self.lock() if locked else self.unlock()

    @message
    def put_out(self, player: Player) -> None:
        """All others."""
        for other in [other for other in self.players if other != player]:
            self.kick(other)

    @message
    def end(self, player: Player, closes: bool) -> None:
        """Of the round, or of the room."""
        self.close("enough") if closes else self.over()

    @message
    def idle(self, player: Player) -> None:
        """Change something that has nothing to do with it."""
        self.state["n"] = self.state.get("n", 0) + 1


class MatchingTests(SynchronousTestCase):
    def setUp(self) -> None:
        Waits.gates, Waits.refuses = [], set()
        self.place = Place(Waits)
        self.results: dict[str, Any] = {}

    def match(self, name: str, /, **match: Any) -> FakeSession:
        """Look for a room; what comes of it is found in the results."""
        session = FakeSession(name)
        return self.again(session, **match)

    def again(self, session: FakeSession, **match: Any) -> FakeSession:
        requester = session.requester()
        wish = self.place.wish(session.user.name, "player")
        done = Deferred.fromCoroutine(self.place.registry.match(requester, "waits", match, wish))
        done.addCallbacks(lambda _: "ok", lambda failure: failure.value).addCallback(
            lambda result: self.results.__setitem__(session.user.id, result)
        )
        self.place.settle()
        return session

    def test_the_same_clock_said_otherwise(self) -> None:
        """Rooms keep clocks in the largest units; who looks for one may say it in others."""
        self.match("ann", clock="120s")
        self.match("bob", clock="2m")
        self.match("cleo", clock="soon")
        self.assertEqual(self.results.pop("cleo").code, "bad_data")
        self.assertEqual((self.results, self.rooms()), ({"ann": "ok", "bob": "ok"}, [["ann", "bob"]]))

    def go(self) -> None:
        """The oldest hook that waits goes on."""
        Waits.gates.pop(0).callback(None)
        self.place.settle()

    def rooms(self) -> list[list[str]]:
        """:returns: who sits in each room."""
        return [sorted(seat.user_id for seat in r.room.seats.values()) for r in self.place.registry.runners]

    def test_slow_creation_stops_no_others(self) -> None:
        """A room of another map is found or made, while one is being made."""
        self.match("ann", slow=True)
        self.match("bob", map="b", slow=False)
        self.match("cem", map="b")
        self.assertEqual((self.results, self.rooms()), ({"bob": "ok", "cem": "ok"}, [["bob", "cem"]]))
        self.go()
        self.assertEqual(self.rooms(), [["bob", "cem"], ["ann"]])

    def test_room_being_made_takes_whom_it_has_seats_for(self) -> None:
        """They wait for it instead of making another each; one too many makes one."""
        for name in ("ann", "bob", "cem"):
            self.match(name, slow=True)
        self.assertEqual(len(Waits.gates), 2)
        self.go()
        self.assertEqual(self.rooms(), [["ann", "bob"]])
        self.go()
        self.assertEqual(self.rooms(), [["ann", "bob"], ["cem"]])

    def test_options_of_a_room_being_made_are_whole(self) -> None:
        """What the game adds by default counts."""
        self.match("ann", slow=True)
        self.match("bob", map="a")
        self.assertEqual(self.results, {})
        self.go()
        self.assertEqual(self.rooms(), [["ann", "bob"]])

    def test_creation_that_fails(self) -> None:
        """Who waited for it makes another, and the others wait for that."""
        self.match("ann", slow=True)
        self.match("bob", slow=True)
        Waits.gates.pop(0).errback(Refused("no"))
        self.place.settle()
        self.assertEqual(str(self.results.pop("ann")), "no")
        self.go()
        self.assertEqual((self.results, self.rooms()), ({"bob": "ok"}, [["bob"]]))

    def test_slow_join_stops_no_others(self) -> None:
        """Rather than wait for a room whose hook lasts, another that has a seat is taken."""
        self.place.create(FakeSession("ann"))
        self.place.create(FakeSession("bob"), map="b")
        Waits.max_players = 3
        self.addCleanup(setattr, Waits, "max_players", 2)
        self.match("slow")
        self.match("cem")
        self.assertEqual((self.results, self.rooms()), ({"cem": "ok"}, [["ann", "slow"], ["bob", "cem"]]))
        self.go()
        self.assertEqual(self.results["slow"], "ok")

    def test_never_overfilled_while_hooks_last(self) -> None:
        """A seat that is promised is nobody else's; it counts once."""
        self.place.create(FakeSession("ann"))
        self.match("slow")
        self.match("bob")
        self.match("cem")
        self.assertEqual(self.rooms(), [["ann", "slow"], ["bob", "cem"]])
        self.go()
        self.assertEqual(set(self.results.values()), {"ok"})

    def test_promise_to_who_waits_for_a_hook_counts(self) -> None:
        """Who waits for a room's step does not sit yet, but the seat is gone."""
        Waits.max_players = 3
        self.addCleanup(setattr, Waits, "max_players", 2)
        self.place.create(FakeSession("ann"))
        for name in ("slow", "bob", "cem"):
            self.match(name)
        self.assertEqual((self.results, self.rooms()), ({"cem": "ok"}, [["ann", "slow"], ["cem"]]))
        self.go()
        self.assertEqual(self.rooms(), [["ann", "bob", "slow"], ["cem"]])

    def test_promised_seat_that_is_not_taken_is_free_again(self) -> None:
        """Of a user who was refused nothing is kept."""
        self.place.create(FakeSession("ann"))
        Waits.refuses = {"Bob"}
        self.match("bob")
        self.assertEqual(self.results.pop("bob").code, "room_full")
        self.match("cem")
        self.assertEqual(self.rooms(), [["ann", "cem"]])
        self.assertEqual(self.place.registry._matching._promised, {})

    def test_full_after_all_tries_another(self) -> None:
        """Where the room has no seat in the end, the next is tried, and at last one made."""
        first = self.place.create(FakeSession("ann"))
        second = self.place.create(FakeSession("bob"))
        Waits.refuses = {first.room.code}
        self.match("cem")
        Waits.refuses = {first.room.code, second.room.code}
        self.match("dan")
        self.assertEqual(self.results, {"cem": "ok", "dan": "ok"})
        self.assertEqual(self.rooms(), [["ann"], ["bob", "cem"], ["dan"]])

    def test_seat_taken_by_code_meanwhile(self) -> None:
        """Somebody with the code was first, while a hook lasted: another room is made."""
        Waits.max_players = 3
        self.addCleanup(setattr, Waits, "max_players", 2)
        runner = self.place.create(FakeSession("ann"))
        for name in ("slow", "bob"):
            wish = self.place.wish(name.capitalize(), "player")
            joined = self.place.registry.join(FakeSession(name).requester(), runner, wish)
            Deferred.fromCoroutine(joined)
        self.match("cem")
        self.go()
        self.assertEqual((self.results, self.rooms()), ({"cem": "ok"}, [["ann", "bob", "slow"], ["cem"]]))

    def test_size_is_asked_first(self) -> None:
        """What is too large for options is not read by the game's schema; nothing is kept of what was refused."""
        self.match("ann", junk="x" * 5000)
        self.match("bob", junk="x")
        self.assertEqual((self.results["ann"].code, self.results["bob"].code), ("too_large", "bad_data"))
        self.assertEqual((self.rooms(), self.place.registry._matching._making), ([], []))

    def test_same_user_twice_is_one_seat(self) -> None:
        """Two tabs at once: one room, one seat."""
        for _ in range(2):
            self.match("ann", slow=True)
        self.go()
        self.assertEqual((self.rooms(), Waits.gates), ([["ann"]], []))

    def test_over_is_no_match_for_who_sits_there(self) -> None:
        """Whoever looks for any room wants to play: a new one is made, or another found."""
        ann = FakeSession("ann")
        runner = self.place.create(ann)
        runner.room.state.status = "playing"
        rounds.end(runner.room, {})
        self.match("ann")
        self.assertEqual(self.rooms(), [["ann"], ["ann"]])

    def test_back_to_the_own_seat(self) -> None:
        """Whoever looks again is led back to the room with a seat of theirs, though an older one is open."""
        older = self.place.create(FakeSession("ann"))
        self.place.create(bob := FakeSession("bob"))
        self.place.gone(bob)
        self.match("bob")
        self.assertEqual((len(older.room.seats), self.rooms()), (1, [["ann"], ["bob"]]))

    def test_over_comes_last_for_others(self) -> None:
        """A room that waits for its host to start again is better than none, and worse than one that begins."""
        over = self.place.create(FakeSession("ann"))
        rounds.end(over.room, {})
        self.place.create(FakeSession("bob"))
        for name in ("cem", "dan"):
            self.match(name)
        self.assertEqual(self.rooms(), [["ann", "dan"], ["bob", "cem"]])


class OpenRoomsTests(SynchronousTestCase):
    """How many rooms are looked at for one who wants a seat."""

    def setUp(self) -> None:
        Waits.gates, Waits.refuses = [], set()
        self.place = Place(Waits)

    def looked_at(self, **match: Any) -> list[str]:
        """:returns: the maps of the rooms that a match would look at."""
        rooms = self.place.registry._open_rooms.of("waits", "player", match)
        return [runner.room.state.options["map"] for runner in rooms]

    def test_options(self) -> None:
        """However many there are, only those with the options that are looked for, by what is rarest."""
        for number in range(30):
            self.place.create(FakeSession(f"u{number}"), map="abc"[number % 3])
        self.place.create(FakeSession("rare"), map="rare", slow=False)
        self.assertEqual(len(self.looked_at()), 31)
        self.assertEqual(self.looked_at(map="rare"), ["rare"])
        self.assertEqual(self.looked_at(map="b", slow=False), ["b"] * 10)
        self.assertEqual(self.looked_at(map="nowhere"), [])
        self.assertEqual(self.looked_at(map="rare", slow=True), [])

    def test_full_and_over(self) -> None:
        """A full room is not looked at, and one that is over comes after the others."""
        rooms = [self.place.create(FakeSession(f"u{map}"), map=map) for map in "abc"]
        self.assertEqual(self.looked_at(), ["a", "b", "c"])
        self.place.join(rooms[2], FakeSession("dan"))
        rounds.end(rooms[0].room, {})
        self.place.registry.count_users(rooms[0])
        self.assertEqual(self.looked_at(), ["b", "a"])
        self.place.registry._forget(rooms[0])
        self.assertEqual(self.looked_at(), ["b"])


class AdmittingTests(SynchronousTestCase):
    """What a player's message does is known to whoever looks for a room, as soon as the pass is over."""

    def setUp(self) -> None:
        self.place = Place(Porter)
        self.ann, self.bob = FakeSession("ann"), FakeSession("bob")
        self.room = self.place.create(self.ann)

    def found(self) -> bool:
        """:returns: whether a newcomer would be sent here."""
        return self.room in list(self.place.registry._open_rooms.of("porter", "player", {}))

    def test_locked(self) -> None:
        """A room that is locked is no room to look at, until it is unlocked."""
        self.place.send(self.ann, "bar", locked=True)
        self.assertFalse(self.found())
        self.place.send(self.ann, "bar", locked=False)
        self.assertTrue(self.found())

    def test_kicked(self) -> None:
        """Who is put out leaves a seat, and counts as somebody of this room no more."""
        self.place.join(self.room, self.bob)
        self.assertEqual((self.found(), self.room.users), (False, {"ann", "bob"}))
        self.place.send(self.ann, "put_out")
        self.assertEqual((self.found(), self.room.users), (True, {"ann"}))

    def test_over_and_closed(self) -> None:
        """A round that ends puts the room behind others, one that closes is gone."""
        other = self.place.create(FakeSession("cem"))
        self.place.send(self.ann, "end", closes=False)
        self.assertEqual(list(self.place.registry._open_rooms.of("porter", "player", {})), [other, self.room])
        self.place.send(self.ann, "end", closes=True)
        self.assertFalse(self.found())

    def test_refused(self) -> None:
        """What is undone has changed nothing here either."""
        self.place.send(self.ann, "bar", locked=1)
        self.assertTrue(self.found())

    def test_nothing_of_it(self) -> None:
        """For any other message nobody looks at the room."""
        self.patch(self.place.registry, "count_users", lambda runner: self.fail("it was looked at"))
        self.assertEqual(self.place.send(self.ann, "idle")["op"], "ok")
        self.assertTrue(self.found())
