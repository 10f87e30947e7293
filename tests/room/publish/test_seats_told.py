"""What it costs to tell of seats: counted, in seats that are encoded and bytes that are told."""

from __future__ import annotations

from typing import Any

from twisted.trial.unittest import SynchronousTestCase

from gameserver import Game, Player, message
from gameserver.protocol import messages, values
from gameserver.room.publish.infos import TOGETHER
from gameserver.testing import Table, Visitor
from tests.node.registries import FakeSession, Place


class Crowd(Game):
    """Many in one room, and in private groups of it."""

    max_players = 100
    needs_start = False
    messages_per_s = 1000
    own_group = False

    def on_join(self, player: Player) -> None:
        if self.own_group:
            self.group("all").add(player)

    @message
    def gather(self, player: Player, at: int = 0) -> None:
        for each in self.players[at:]:
            self.group("red").add(each)


class OneTeam(Crowd):
    """All of them in one private group."""

    own_group = True


class Wary(Crowd):
    """It puts Cleo out once the wolf is there."""

    def on_join(self, player: Player) -> None:
        if player.name == "Wolf":
            self.kick(self.players[2], ban=False)


class SeatsToldTests(SynchronousTestCase):
    """Each seat is encoded when it changes, and not again for everybody who is told of it."""

    def setUp(self) -> None:
        self.encoded = 0
        make = messages.SeatInfo

        def counted(**fields: Any) -> Any:
            self.encoded += 1
            return make(**fields)

        self.patch(messages, "SeatInfo", counted)

    def crowd(self, game: type[Game], seats: int) -> list[FakeSession]:
        """:returns: the sessions of so many who came one after the other."""
        place = self.place = Place(game)
        sessions = [FakeSession(f"u{n}") for n in range(seats)]
        runner = place.create(sessions[0])
        for session in sessions[1:]:
            place.join(runner, session)
        return sessions

    def cost(self, game: type[Game], seats: int) -> int:
        """:returns: how many seats are encoded while so many come."""
        self.encoded = 0
        self.crowd(game, seats)
        return self.encoded

    def test_joins(self) -> None:
        """Twice as many who come are twice as many seats encoded."""
        self.assertLessEqual(self.cost(Crowd, 60), 60 * 3)

    def test_joins_of_a_private_group(self) -> None:
        """So they are where all know each other by a private group."""
        self.assertLessEqual(self.cost(OneTeam, 60), 60 * 5)

    def test_joined_tells_all(self) -> None:
        """What is encoded beforehand is what was told before: each knows all seats, and the groups that it may know."""
        last = self.crowd(OneTeam, 4)[-1]
        seats = last.of("joined")[0]["seats"]
        self.assertEqual([(seat["id"], seat["groups"]) for seat in seats], [(str(n), ["all"]) for n in range(1, 5)])

    def test_gathered_at_once(self) -> None:
        """Who come into a private group together hear of each other by one message, which is the same for all."""
        sessions = self.crowd(Crowd, 40)
        self.encoded = 0
        before = [len(session.frames) for session in sessions]
        self.place.send(sessions[0], "gather")
        self.assertLessEqual(self.encoded, 40 * 3)
        told = [f for f in sessions[5].frames[before[5] :] if f["op"] == "seats"]
        self.assertEqual([(f["stream"], len(f["seats"])) for f in told], [("group:red", 40), ("seat", 1)])
        ends = [f["n"] for f in sessions[5].frames[before[5] :] if f["op"] == "doc"]
        self.assertEqual(ends, [told[0]["n"]], "the stream begins behind it")

    def test_some_more(self) -> None:
        """Who come together where others are hear of those besides, and these hear of the new ones alone."""
        for many, told_new in ((TOGETHER, TOGETHER + 5), (TOGETHER + 1, TOGETHER + 1 + 6)):
            sessions = self.crowd(Crowd, many + 5)
            self.place.send(sessions[0], "gather", at=many)
            before = [len(session.frames) for session in sessions]
            self.place.send(sessions[0], "gather")
            for session, n, told in zip(sessions, before, [told_new] * many + [many] * 5, strict=True):
                frames = [f for f in session.frames[n:] if f["op"] == "seats"]
                self.assertEqual(sum(len(frame["seats"]) for frame in frames), told)
                seats = [seat for frame in session.frames for seat in frame.get("seats", ())]
                self.assertEqual(len({seat["id"] for seat in seats if "red" in seat["groups"]}), many + 5)

    def test_one_more(self) -> None:
        """The others of a group hear of one more, and not of all again; it hears of all."""
        sessions = self.crowd(Crowd, 20)
        self.place.send(sessions[0], "gather", at=1)
        before = [len(session.frames) for session in sessions]
        self.place.send(sessions[0], "gather")
        for session, n, told in zip(sessions, before, [20] + [1] * 19, strict=True):
            frames = [f for f in session.frames[n:] if f["op"] == "seats"]
            seats = [seat for frame in frames for seat in frame["seats"]]
            self.assertEqual(len(seats), told)

    def test_one_drops(self) -> None:
        """Of a change of one seat its group is told that seat alone."""
        sessions = self.crowd(OneTeam, 20)
        before = [len(session.frames) for session in sessions]
        self.encoded = 0
        self.place.gone(sessions[3])
        self.assertLessEqual(self.encoded, 4)
        told = [f for f in sessions[5].frames[before[5] :] if f["op"] == "seats"]
        self.assertEqual([(f["stream"], len(f["seats"])) for f in told], [("room", 1), ("group:all", 1)])


class ArrivalsTests(SynchronousTestCase):
    """Those who come in one pass are told of to the others together."""

    def test_one_of_many_goes_at_once(self) -> None:
        """Several come in one pass; the last has one put out of whom nobody knows but those who came in between."""
        table = Table(Wary)
        table.join("Ann")
        came = [Visitor(table, name, "player") for name in ("Bob", "Cleo", "Dan", "Wolf")]
        for visitor in came:
            visitor._connect()
        reactor_pass = table._registry.get(table.code).reactor_pass
        reactor_pass.begin()
        for visitor in came:
            join = {"op": "join", "id": 1, "room": table.code, "name": visitor.name}
            visitor._session.receive(values.encode(join))
        reactor_pass.end()
        table.settle()
        for visitor in [*table.visitors, *came]:
            if visitor.name != "Cleo":
                self.assertEqual(sorted(seat["name"] for seat in visitor.seats.values()), ["Ann", "Bob", "Dan", "Wolf"])
