"""Bots that a game seats itself, and people who come to a room with bots."""

from __future__ import annotations

from typing import Any

from twisted.internet.defer import Deferred
from twisted.trial.unittest import SynchronousTestCase

from gameserver import Game, Move, Player, Refused, bot, message
from gameserver.room.publish import broadcast
from gameserver.testing import Table


class Club(Game):
    """Seats its own bots."""

    min_players, max_players, max_bots = 2, 4, 3

    def on_create(self, bots: int = 0) -> None:
        self.state["log"] = []
        for _ in range(bots):
            self.bots.add("clever")

    def on_join(self, player: Player) -> None:
        self.state["log"].append(f"join {player.name} {player.bot}")
        if player.name == "Grumpy":
            raise Refused("Not you.")

    def on_leave(self, player: Player) -> None:
        self.state["log"].append(f"leave {player.name}")

    def on_start(self) -> None:
        self.turns.begin()

    def moves(self, player: Player) -> list[Move]:
        return [Move("go")]

    @message(turn=True)
    def go(self, player: Player) -> None:
        self.turns.next()

    @message
    def call(self, player: Player, level: str | None = None, name: str | None = None) -> str:
        return self.bots.add(level, name).id

    @message
    def dismiss(self, player: Player, seat: str) -> None:
        self.bots.remove(self.bots._room.seats[seat])

    @bot("clever", title="Clever")
    async def clever(self, player: Player, moves: list[Move]) -> Any:
        await Deferred.fromCoroutine(_nothing())
        return moves[0]


async def _nothing() -> None:
    return None


class GameSeatsTests(SynchronousTestCase):
    def test_from_the_start(self) -> None:
        """Bots sit there before anybody comes; the first person is host, and gets no bot's name."""
        table = Table(Club, options={"bots": 3})
        ann = table.join("Ann")
        clever = table.join("Clever")
        self.assertEqual(table.room.seats.host, ann.id)
        names = [(seat["name"], seat["bot"]) for seat in ann.seats.values()]
        self.assertEqual(names[:2], [("Clever", "clever"), ("Clever 2", "clever")])
        self.assertEqual([level for _, level in names], ["clever", "clever", None, None])
        self.assertEqual(len({name for name, _ in names}), 4)
        self.assertIn("leave Clever 3", table.state["log"])
        table.restart()
        ann.start()
        table.advance(10)
        self.assertEqual(ann.info["turn"]["active"], [clever.id])
        clever.send("go")
        ann.send("go")
        table.advance(5)
        self.assertEqual((ann.info["turn"]["active"], ann.info["turn"]["round"]), ([clever.id], 2))

    def test_each_place(self) -> None:
        """So many people as there are seats come, one after the other; then the room is full."""
        table = Table(Club, options={"bots": 3})
        people = [table.join(f"P{n}") for n in range(4)]
        self.assertEqual([seat["bot"] for seat in people[0].seats.values()], [None] * 4)
        with self.assertRaises(Refused) as caught:
            table.join("Late")
        self.assertEqual(caught.exception.code, "room_full")

    def test_hook_fails_as_a_bot_makes_room(self) -> None:
        """The person has the place all the same, and the log says what failed."""

        class Clinging(Club):
            max_players = 2

            def on_leave(self, player: Player) -> None:
                raise KeyError("the bot's")

        table = Table(Clinging, options={"bots": 1})
        table.join("Ann")
        with self.assertRaises(KeyError):
            table.join("Bob")
        self.assertEqual([seat.name for seat in table.room.seats.values()], ["Ann", "Bob"])

    def test_hook_fails_as_the_host_sends_a_bot_away(self) -> None:
        """The seat is free all the same."""

        class Sticky(Club):
            def on_leave(self, player: Player) -> None:
                raise KeyError("the bot's")

        table = Table(Sticky, options={"bots": 1}, raises=False)
        ann = table.join("Ann")
        ann.ask("bot", seat=table.room.players[0].id)
        self.assertEqual([seat.name for seat in table.room.seats.values()], ["Ann"])
        self.assertEqual(len(self.flushLoggedErrors(KeyError)), 1)

    def test_one_who_is_refused(self) -> None:
        """Whoever does not get the seat has not driven a bot away."""
        table = Table(Club, options={"bots": 3})
        table.join("Ann")
        with self.assertRaises(Refused):
            table.join("Grumpy")
        self.assertEqual(len(table.game.bots), 3)

    def test_while_it_is_played(self) -> None:
        """A game may seat bots at any time, and take them away; it is told what it may not."""
        table = Table(Club)
        ann, bob = table.join("Ann"), table.join("Bob")
        ann.start()
        seat = ann.send("call", name="Robbie")
        self.assertEqual((ann.seats[seat]["bot"], ann.seats[seat]["name"]), ("clever", "Robbie"))
        bob.send("dismiss", seat=seat)
        self.assertEqual(list(ann.seats), [ann.id, bob.id])
        for name in ("", "\u200b", "x" * 500):
            with self.assertRaises(ValueError):
                table.game.bots.add(name=name)
        with self.assertRaises(ValueError):
            table.game.bots.remove(table.room.seats[ann.id])
        with self.assertRaises(ValueError):
            table.game.bots.add("nobody")
        broadcast.abort(table.game._gs_room)

    def test_another_level(self) -> None:
        """The seat of a bot is handed to one of another level, before a round, by the host."""
        table = Table(Club)
        ann, bob = table.join("Ann"), table.join("Bob")
        seat = ann.ask("bot", level="clever")
        ann.ask("bot", seat=seat, level="random")
        self.assertEqual((ann.seats[seat]["bot"], table.room.seats[seat].bot), ("random", "random"))
        for visitor, level, code in ((ann, "nobody", "bad_data"), (bob, "clever", "forbidden")):
            with self.assertRaises(Refused) as caught:
                visitor.ask("bot", seat=seat, level=level)
            self.assertEqual(caught.exception.code, code)

    def test_refused_by_on_join(self) -> None:
        table = Table(Club)
        ann = table.join("Ann")
        with self.assertRaises(Refused):
            ann.ask("bot", name="Grumpy")
        self.assertEqual(list(ann.seats), [ann.id])

    def test_exactly_once(self) -> None:
        """The same request, sent again, seats no second bot."""
        table = Table(Club)
        ann = table.join("Ann")
        ann.ask("bot", id=77, level="clever")
        ann.ask("bot", id=77, level="clever")
        self.assertEqual(len(ann.seats), 2)
