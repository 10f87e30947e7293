"""Somebody leaves in the middle of a game; the server is killed; the seat is played, and is given back."""

from __future__ import annotations

from tests.e2e.kit import ServerCase, within

GAME = """
from gameserver import Game, Move, Player, message


class Adds(Game):
    min_players = max_players = 2
    absent = "stand_in"
    bot_s = (0.2, 0.2)

    def on_start(self) -> None:
        self.state.update(said=[], left=[])
        self.turns.begin()

    def moves(self, player: Player) -> list[Move]:
        return [Move("add")]

    @message(turn=True)
    def add(self, player: Player) -> None:
        self.state["said"].append(player.name)
        self.turns.next()

    def on_leave(self, player: Player) -> None:
        self.state["left"].append(player.name)
"""


class AbsentTests(ServerCase):
    async def test_killed_while_a_bot_stands_in(self) -> None:
        server = self.server(games=self.games(adds=GAME))
        await server.start()
        ann, bob = await self.people(server, "Ann", "Bob")
        room = await ann.create("adds")
        await bob.join(room.code)
        await within(room.start(), "the game starts")
        seat = bob.room.seat.id
        await within(bob.room.leave(), "Bob leaves")
        await ann.sees(lambda r: r.seats[seat].stand_in and not r.seats[seat].online, "a bot plays Bob's seat")
        await within(room.send("add"), "Ann moves")
        await server.restart()
        await ann.sees(lambda r: r.state["said"] == ["Ann", "Bob"], "the bot has moved, once")
        self.assertEqual((room.state["left"], room.seats[seat].gone), ([], False))
        await bob.join(room.code)
        self.assertEqual(bob.room.seat.id, seat)
        await ann.sees(lambda r: not r.seats[seat].stand_in, "Bob has the seat back")
        await within(room.send("add"), "Ann moves")
        await within(bob.room.send("add"), "Bob moves")
        await within(bob.room.leave(), "Bob leaves")
        await within(room.as_host("end"), "the round is ended")
        await ann.sees(lambda r: r.state["left"] == ["Bob"] and seat not in r.seats, "Bob is gone for good")
