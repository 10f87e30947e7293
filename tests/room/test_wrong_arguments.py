"""What a game gives where a player, a date or teams are wanted: the error says what is wanted."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from twisted.trial.unittest import SynchronousTestCase

from gameserver import Game, Player, Refused, message, timer
from gameserver.testing import Table


class Wrong(Game):
    """Takes each call in a step of its own."""

    needs_start = False

    @timer
    def late(self) -> None:
        self.state["late"] = True

    @message
    def call(self, player: Player, name: str, with_: Any) -> None:
        (CALLS | OTHERS)[name](self, with_)


CALLS: dict[str, Callable[[Any, Any], object]] = {
    "add": lambda game, wrong: game.group("red").add(wrong),
    "remove": lambda game, wrong: game.group("red").remove(wrong),
    "kick": lambda game, wrong: game.kick(wrong),
    "make_host": lambda game, wrong: game.make_host(wrong),
    "silence": lambda game, wrong: game.chat.silence(wrong),
    "unsilence": lambda game, wrong: game.chat.unsilence(wrong),
    "divert": lambda game, wrong: game.chat.divert(wrong, None),
    "mute": lambda game, wrong: game.chat.mute(wrong),
    "unmute": lambda game, wrong: game.chat.unmute(wrong),
}
OTHERS: dict[str, Callable[[Any, Any], object]] = {
    "at": lambda game, wrong: game.at(wrong, game.late),
    "teams": lambda game, wrong: game.teams(wrong),
}


class WrongArgumentsTests(SynchronousTestCase):
    """The error is the game's, at the line that made the call, and the room is as before."""

    def fails(self, name: str, wrong: Any) -> BaseException:
        table = Table(Wrong)
        ann = table.join("Ann")
        before = table.state
        refused = self.assertRaises(Refused, ann.send, "call", name=name, with_=wrong)
        self.assertEqual((refused.code, table.state), ("game_error", before))
        assert refused.__cause__ is not None
        return refused.__cause__

    def test_id_in_place_of_a_player(self) -> None:
        """An id, or the None of one who is gone, is no player, and the error names the call and what was given."""
        for name in CALLS:
            for wrong in ("1", None):
                error = self.fails(name, wrong)
                self.assertIsInstance(error, TypeError, name)
                self.assertEqual(
                    str(error), f"{name} takes a player, such as self.host or self.seat(id), not {wrong!r}"
                )

    def test_date(self) -> None:
        """A number or a text is no date with a time zone."""
        for wrong in (1_900_000_000, "2030-01-01T00:00Z"):
            error = self.fails("at", wrong)
            self.assertIsInstance(error, ValueError)
            self.assertEqual(str(error), f"at: the date needs a time zone: datetime(..., tzinfo=UTC), not {wrong!r}")

    def test_teams(self) -> None:
        """Teams have names; how many there are is not enough."""
        for wrong in (2, "red"):
            error = self.fails("teams", wrong)
            self.assertIsInstance(error, ValueError)
            self.assertEqual(str(error), f'name the teams: self.teams(["red", "blue"]), not {wrong!r}')
