"""The clock that whoever makes a room chooses."""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from gameserver import Game, Player, Refused, message
from gameserver.errors import GameDefinitionError
from gameserver.game.spec import spec_of
from gameserver.room.turns import time_control
from gameserver.room.turns.time_control import TurnClock
from gameserver.testing import Table


class Timed(Game):
    """Its clock may be chosen."""

    clock_option = True
    turn_s = 30

    def on_create(self, rounds: int = 3) -> None:
        self.state["rounds"] = rounds

    def on_start(self) -> None:
        self.turns.begin()

    def on_timeout(self, who: Player) -> None:
        self.state["late"] = who.name

    @message(turn=True)
    def go(self, player: Player) -> None:
        self.turns.next()


class ClockOptionTests(SynchronousTestCase):
    def sit(self, **options: Any) -> Table:
        table = Table(Timed, options=options)
        ann, _ = table.join("Ann"), table.join("Bob")
        ann.start()
        return table

    def clocks(self, table: Table) -> Any:
        return {name: timer.due - table.now for (_, name), timer in table.room.timers.armed.items()}

    def test_what_may_be_chosen(self) -> None:
        for text, kept, clocks in (
            (None, "30s", {" turn": 30}),
            ("none", "none", {}),
            ("2m", "2m", {" turn": 120}),
            ("120s", "2m", {" turn": 120}),
            ("1d", "1d", {" turn": 86400}),
            ("10m+5s", "10m+5s", {" bank 1": 600}),
            ("1m 1h+0s", "1m 1h+0s", {" turn": 60, " bank 1": 3600}),
        ):
            table = self.sit(**({"clock": text} if text else {}), rounds=5)
            self.assertEqual(table.room.state.options, {"rounds": 5, "clock": kept})
            self.assertEqual(self.clocks(table), clocks)
            table.restart()
            self.assertEqual(self.clocks(table), clocks)

    def test_it_runs(self) -> None:
        table = self.sit(clock="10s")
        table.advance(11)
        self.assertEqual(table.state["late"], "Ann")

    def test_what_is_no_clock(self) -> None:
        for text in (
            "",
            "30",
            "0s",
            "-1s",
            "1w",
            "5m+",
            "+5s",
            "10m+5s+5s",
            "999999999d",
            "nonesuch",
            30,
            None,
            ["30s"],
        ):
            with self.assertRaises(Refused, msg=text) as caught:
                self.sit(clock=text)
            self.assertEqual((caught.exception.code, caught.exception.path), ("bad_data", "$.clock"))

    def test_a_row_of_before(self) -> None:
        """A room that was stored before the game had the option gets the game's own clock."""
        table = self.sit()
        del table.room.state.options["clock"]
        table.restart()
        self.assertEqual(table.room.state.options["clock"], "30s")

    def test_it_is_shown(self) -> None:
        schema = spec_of(Timed).options.json_schema()
        fields = schema["$defs"]["options"]["properties"]
        self.assertEqual((list(fields), fields["clock"]["default"]), (["rounds", "clock"], "30s"))

    def test_an_option_of_that_name(self) -> None:
        class Own(Timed):
            def on_create(self, clock: str = "x") -> None: ...  # type: ignore[override]

        with self.assertRaisesRegex(GameDefinitionError, "give yours another name"):
            spec_of(Own)

        class Before(Own):
            clock_option = False

        self.assertEqual(Table(Before, options={"clock": "any"}).room.state.options, {"clock": "any"})

    @given(
        st.none() | st.integers(1, 10**8),
        st.none() | st.integers(1, 10**8),
        st.integers(0, 10**6),
    )
    def test_written_and_read(self, turn_s: int | None, bank_s: int | None, increment_s: int) -> None:
        clock = TurnClock(turn_s, bank_s, increment_s if bank_s else 0)
        self.assertEqual(time_control.read(time_control.write(clock)), clock)
