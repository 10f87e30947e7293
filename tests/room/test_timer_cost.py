"""What it costs that many timers and seats wait: counted, in bytes that are stored and times that are looked at."""

from __future__ import annotations

from typing import Any

from twisted.trial.unittest import SynchronousTestCase

from gameserver import Game, Player, message, timer
from gameserver.room import timers
from gameserver.room.seat_index import Seats
from gameserver.room.timers import Timers
from tests.node.registries import FakeSession, Place

SEATS = 60


class Alarms(Game):
    """One timer a player, each due at a time of its own."""

    max_players = 1000
    needs_start = False
    idle_close_s = None
    hold_s = 30.0
    messages_per_s = 1000

    @message
    def wind(self, player: Player) -> None:
        for seat in self.players:
            seat.after(10.0 + int(seat.id) * 0.01, self.ring, show=True, word="x" * 20)

    @message
    def put_off(self, player: Player) -> None:
        player.after(60.0, self.ring, word="y")

    @message
    def fail(self, player: Player) -> None:
        for seat in self.players:
            seat.after(1.0, self.ring, word="z" * 50)
        self.next_timer()
        raise ValueError

    def next_timer(self) -> None:
        self._gs_room.timers.next()

    @timer
    def ring(self, player: Player, word: str) -> None:
        self.state["rung"] = self.state.get("rung", 0) + 1


class TimerCostTests(SynchronousTestCase):
    """Each firing costs what one timer costs, however many are armed."""

    def setUp(self) -> None:
        self.looked = 0
        for owner, name in ((Timers, "_due_of"), (Seats, "_held_until"), (timers, "_data_bytes")):
            self.patch(owner, name, self.counted(getattr(owner, name)))
        self.place = Place(Alarms)
        self.sessions = [FakeSession(f"u{n}") for n in range(SEATS)]
        self.runner = self.place.create(self.sessions[0])
        for session in self.sessions[1:]:
            self.place.join(self.runner, session)
        self.stored: list[dict[str, bytes]] = []
        commit = self.place.store.commit

        def seen(commits: Any, **kw: Any) -> Any:
            self.stored += [dict(one.puts) for one in commits]
            return commit(commits, **kw)

        self.patch(self.place.store, "commit", seen)

    def counted(self, look: Any) -> Any:
        def looked(*args: Any) -> Any:
            self.looked += 1
            return look(*args)

        return looked

    def test_firings(self) -> None:
        """One writes the part of its own, and looks at few others."""
        self.place.send(self.sessions[0], "wind")
        self.place.advance(9.0)
        self.stored.clear()
        self.looked = 0
        self.place.advance(10.0)
        self.assertEqual(self.runner.room.game.state["rung"], SEATS)
        self.assertLess(self.looked, SEATS * 12)
        written = [sum(len(c) for part, c in puts.items() if part.startswith("timer")) for puts in self.stored]
        self.assertLess(max(written), 400)

    def test_put_off(self) -> None:
        """What is put off again and again leaves nothing behind."""
        self.place.send(self.sessions[0], "wind")
        for _ in range(10):
            for session in self.sessions:
                self.place.send(session, "put_off")
        self.assertLess(len(self.runner.room.timers._schedule._heap), SEATS * 5)
        self.assertEqual(self.runner.room.timers.data_bytes, SEATS * len('{"word":"y"}'))

    def test_undone(self) -> None:
        """A step that is undone after it looked for the next timer leaves them due as they were."""
        self.place.send(self.sessions[0], "wind")
        before = self.runner.room.timers.data_bytes
        self.place.send(self.sessions[0], "fail")
        self.flushLoggedErrors(ValueError)
        self.assertEqual(self.runner.room.timers.data_bytes, before)
        self.place.advance(9.9)
        self.assertNotIn("rung", self.runner.room.game.state)
        self.place.advance(1.0)
        self.assertEqual(self.runner.room.game.state["rung"], SEATS)

    def test_holds(self) -> None:
        """Of the seats whose owners are away few are looked at when one is given up."""
        for session in self.sessions[1:]:
            self.place.gone(session)
            self.place.advance(0.01)
        self.looked = 0
        self.place.advance(40.0)
        self.assertEqual(len(self.runner.room.seats), 1)
        self.assertLess(self.looked, SEATS * 12)

    def test_restart(self) -> None:
        """Timers come back out of their parts, with what clients know of them."""
        self.place.send(self.sessions[0], "wind")
        room = self.runner.room
        armed, told = dict(room.timers.armed), dict(room.timers.state.told)
        self.place.away(0.0)
        room = self.place.registry.find(self.sessions[0].code).room
        self.assertEqual((dict(room.timers.armed), dict(room.timers.state.told)), (armed, told))
