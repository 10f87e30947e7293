"""Whatever happens to those who play: no seat is lost or doubled, and nobody waits for who is passed over."""

from __future__ import annotations

from collections import Counter
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from gameserver import Game, Move, Player, Refused, message
from gameserver.room.turns import ring, waiting
from gameserver.testing import Table


class Pass(Game):
    """A turn is no more than passing it on, or asking others."""

    min_players, max_players = 2, 3
    hold_s = 20
    turn_s = 30
    bot_s = (1, 2)

    def on_start(self) -> None:
        self.state["left"] = []
        self.turns.begin()

    def moves(self, player: Player) -> list[Move]:
        return [Move("go"), Move("answer")]

    @message(turn=True)
    def go(self, player: Player) -> None:
        self.turns.next()

    @message(turn=True, stage="asked")
    def answer(self, player: Player) -> None:
        self.turns.done(player)

    @message
    def call(self, player: Player, seats: list[int]) -> None:
        self.turns.only(*[p for p in self.players if p.number in seats], stage="asked")

    @message
    def put_out(self, player: Player, number: int) -> None:
        self.kick(next(p for p in self.players if p.number == number))

    def on_leave(self, player: Player) -> None:
        self.state.setdefault("left", []).append(player.id)

    @message
    def finish(self, player: Player) -> None:
        self.over()


class StandingPass(Pass):
    absent = "stand_in"


class SkippingPass(Pass):
    absent = "skip"


WHO = st.integers(0, 2)
DEEDS = st.one_of(
    st.tuples(st.sampled_from(["leave", "drop", "resume", "join", "go", "answer", "hand", "take"]), WHO),
    st.tuples(st.just("kick"), WHO, WHO),
    st.tuples(st.just("call"), WHO, st.lists(WHO, unique=True)),
    st.tuples(st.just("wait"), st.sampled_from([1, 10, 20, 30])),
    st.tuples(st.just("restart")),
)


class AbsentPropertyTests(SynchronousTestCase):
    def play(self, game: type[Game], deeds: list[tuple[Any, ...]]) -> None:
        self.table = table = Table(game)
        self.visitors = [table.join(name) for name in ("Ann", "Bob", "Cleo")]
        self.visitors[0].start()
        seats = list(table.room.seats)
        for deed in deeds:
            try:
                self.do(*deed)
            except Refused as refused:
                self.assertNotEqual(refused.code, "game_error", deed)
            self.check(seats, deed)
        here = [visitor for visitor in self.visitors if visitor.online]
        gone = [id for id, seat in table.room.seats.items() if seat._kept.has_left]
        if here:
            here[0].send("finish")
            self.assertEqual(table.state["left"], gone)
            self.assertEqual(list(table.room.seats), [id for id in seats if id not in gone])
            self.assertFalse([seat for seat in table.room.seats.values() if seat._kept.absent or seat.stand_in])

    def do(self, what: str, *how: Any) -> None:
        if what == "wait":
            self.table.advance(how[0])
            return
        if what == "restart":
            before = self.table.row
            self.table.restart()
            self.assertEqual(self.table.row, before)
            return
        visitor = self.visitors[how[0]]
        if what == "join" and not visitor.online:
            visitor.come(None, {})
        elif what == "resume" and not visitor.online:
            visitor.resume()
        elif not visitor.online:
            return
        elif what in ("leave", "drop"):
            getattr(visitor, what)()
        elif what == "kick":
            visitor.send("put_out", number=how[1])
        elif what == "call":
            visitor.send("call", seats=how[1])
        elif what in ("hand", "take"):
            visitor.ask("bot", seat=visitor.id, level="random" if what == "hand" else None)
        elif what in ("go", "answer"):
            visitor.send(what)

    def check(self, seats: list[str], deed: Any) -> None:
        room = self.table.room
        self.assertEqual(list(room.seats), seats, deed)
        self.assertEqual(max(Counter(seat.user_id for seat in room.seats.values()).values()), 1)
        state = room.state.turns
        assert state is not None
        self.assertEqual(state.ring, tuple(seats))
        active = waiting.waited_for(room, state)
        self.assertFalse([seat for seat in active if ring.is_skipped(room, seat)], deed)
        self.assertTrue(active or waiting.all_absent(room), deed)
        for seat in room.seats.values():
            self.assertEqual(bool(room.publisher.listeners(seat.id)), seat.online, deed)
            if seat._kept.absent and room.spec.absent == "stand_in":
                self.assertTrue(seat.stand_in, deed)
        for visitor in self.visitors:
            if visitor.online:
                self.assertEqual(visitor.info["turn"]["active"], active, deed)

    @settings(max_examples=60, deadline=None)
    @given(st.lists(DEEDS, max_size=25))
    def test_stand_in(self, deeds: list[tuple[Any, ...]]) -> None:
        self.play(StandingPass, deeds)

    @settings(max_examples=60, deadline=None)
    @given(st.lists(DEEDS, max_size=25))
    def test_skip(self, deeds: list[tuple[Any, ...]]) -> None:
        self.play(SkippingPass, deeds)
