"""A game that starts when all are ready."""

from __future__ import annotations

from twisted.internet.defer import succeed
from twisted.trial.unittest import SynchronousTestCase

from gameserver import Game, Move, Player, Refused, message, timer
from gameserver.testing import Table, Visitor


class Waits(Game):
    """Starts when all are ready."""

    min_players, max_players = 2, 4
    ready_check = True
    roles = {"spectator": 2}
    fails = False

    def on_start(self) -> None:
        if self.fails:
            raise Refused("Not now.")
        self.state["rounds"] = self.state.get("rounds", 0) + 1
        self.turns.begin()

    def moves(self, player: Player) -> list[Move]:
        return [Move("finish")]

    @message(turn=True)
    def finish(self, player: Player) -> None:
        self.over(ranking=[[player]])

    @message
    def expel(self, player: Player, whom: Player) -> None:
        self.kick(whom)

    @message
    def invite(self, player: Player) -> None:
        self.after(5, self.fill)

    @timer
    def fill(self) -> None:
        self.bots.add()


class ReadyTests(SynchronousTestCase):
    def sit(self, game: type[Game] = Waits, *names: str) -> list[Visitor]:
        self.table = Table(game)
        return [self.table.join(name) for name in names or ("Ann", "Bob")]

    def ready(self, *visitors: Visitor, on: bool = True) -> None:
        for visitor in visitors:
            visitor.ask("ready", on=on)

    def marks(self, visitor: Visitor) -> list[bool]:
        return [seat["ready"] for seat in visitor.seats.values()]

    def test_all_are_ready(self) -> None:
        ann, bob = self.sit()
        self.ready(ann)
        self.assertEqual((self.table.status, self.marks(bob)), ("lobby", [True, False]))
        self.ready(ann, on=False)
        self.ready(bob)
        self.assertEqual((self.table.status, self.marks(ann)), ("lobby", [False, True]))
        self.table.restart()
        self.ready(ann)
        self.assertEqual((self.table.status, self.marks(bob)), ("playing", [False, False]))
        with self.assertRaises(Refused):
            self.ready(ann)

    def test_again_after_the_end(self) -> None:
        ann, bob = self.sit()
        self.ready(ann, bob)
        ann.send("finish")
        self.assertEqual((self.table.status, self.marks(ann)), ("over", [False, False]))
        self.ready(ann)
        self.assertEqual(self.table.status, "over")
        self.ready(bob)
        self.assertEqual((self.table.status, self.table.state["rounds"]), ("playing", 2))

    def test_enough_players(self) -> None:
        """One who is ready alone waits for somebody else; with a bot there are enough."""
        (ann,) = self.sit(Waits, "Ann")
        self.ready(ann)
        self.assertEqual(self.table.status, "lobby")
        ann.ask("bot")
        self.assertEqual(self.table.status, "playing")

    def test_bots_are_always_ready(self) -> None:
        (ann,) = self.sit(Waits, "Ann")
        ann.ask("bot")
        ann.ask("bot")
        self.assertEqual(self.marks(ann), [False, True, True])
        self.assertEqual(self.table.status, "lobby")
        self.ready(ann)
        self.assertEqual(self.table.status, "playing")

    def test_the_host_need_not_wait(self) -> None:
        ann, bob = self.sit()
        self.ready(bob)
        ann.start()
        self.assertEqual((self.table.status, self.marks(ann)), ("playing", [False, False]))

    def test_who_is_waited_for_leaves(self) -> None:
        for leave in (
            lambda ann, cleo: cleo.leave(),
            lambda ann, cleo: ann.ask("host", act="kick", seat=cleo.id),
            lambda ann, cleo: ann.say("/kick Cleo"),
            lambda ann, cleo: ann.say("/ban Cleo"),
            lambda ann, cleo: ann.send("expel", whom=cleo.id),
        ):
            ann, bob, cleo = self.sit(Waits, "Ann", "Bob", "Cleo")
            self.ready(ann, bob)
            self.assertEqual(self.table.status, "lobby")
            leave(ann, cleo)
            self.assertEqual(self.table.status, "playing")

    def test_the_game_hears_first_of_who_leaves(self) -> None:
        class Slow(Waits):
            async def on_leave(self, player: Player) -> None:
                await succeed(None)
                self.state["gone"] = [player.name, self.status]

        ann, bob, _cleo = self.sit(Slow, "Ann", "Bob", "Cleo")
        self.ready(ann, bob)
        ann.say("/kick Cleo")
        self.assertEqual((self.table.status, self.table.state["gone"]), ("playing", ["Cleo", "lobby"]))

    def test_the_game_seats_bots(self) -> None:
        """With them there are enough, or all seats are taken."""

        class Full(Waits):
            auto_start, ready_check, max_players = True, False, 2

        for game in (Waits, Full):
            (ann,) = self.sit(game, "Ann")
            if game is Waits:
                self.ready(ann)
            ann.send("invite")
            self.table.advance(4)
            self.assertEqual(self.table.status, "lobby")
            self.table.advance(1)
            self.assertEqual(self.table.status, "playing")

    def test_who_is_away_is_waited_for(self) -> None:
        ann, bob, cleo = self.sit(Waits, "Ann", "Bob", "Cleo")
        self.ready(ann, bob)
        cleo.drop()
        self.assertEqual(self.table.status, "lobby")
        self.table.advance(200)
        self.assertEqual(self.table.status, "playing")

    def test_watchers_are_not_asked(self) -> None:
        ann, bob = self.sit()
        watcher = self.table.join("Sue", role="spectator")
        with self.assertRaises(Refused):
            self.ready(watcher)
        self.ready(ann, bob)
        self.assertEqual(self.table.status, "playing")

    def test_a_start_that_is_refused(self) -> None:
        class Never(Waits):
            fails = True

        ann, bob = self.sit(Never)
        self.ready(ann, bob)
        self.assertEqual((self.table.status, self.marks(ann)), ("lobby", [True, True]))

    def test_without_the_setting(self) -> None:
        class Other(Waits):
            ready_check = False

        ann, bob = self.sit(Other)
        self.ready(ann, bob)
        self.assertEqual((self.table.status, self.marks(ann)), ("lobby", [True, True]))
