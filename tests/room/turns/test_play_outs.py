"""
Whole games by the moves that are told, twice: restarts anywhere make no difference, and nobody is told another's moves.
``benchmarks`` plays more.
"""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from benchmarks.play_outs import GIVEN, SAMPLES, game_of, same
from gameserver import Player, message
from gameserver.game.loader import load
from gameserver.game.spec import spec_of
from gameserver.testing import Table
from tests.room.turns import own_moves
from tests.room.turns.games import Nim


class Gossip(Nim):
    """Tells all what one may do."""

    @message(turn=True)
    def take(self, player: Player, n: int) -> None:
        self.send("may", self.turns.legal(player)[0].label)
        super().take(player, n)


class PlayOutTests(SynchronousTestCase):
    def test_restarts_change_nothing(self) -> None:
        """And nobody is told another's moves."""
        for name in (*GIVEN, *SAMPLES):
            self.assertGreater(same(name, 1, 60), 3, name)

    def test_bots(self) -> None:
        """What bots may do is told to nobody, nor what those may who are away."""
        game, _ = game_of("sample-hearts")
        table = Table(game, seed=2)
        with own_moves.marked(game):
            ann, _ = table.join("Ann"), table.join("Bob")
            table.bot()
            table.bot()
            table.play_out(2, 25)
            ann.drop()
            table.advance(300)
            table.play_out(3, 10)
        own_moves.check(table)

    def test_all_samples(self) -> None:
        """Each sample game that has moves is among them."""
        games = load(entry_points=False).games
        with_moves = {f"sample-{name}" for name, game in games.items() if spec_of(game).moves is not None}
        self.assertEqual(with_moves, set(SAMPLES))

    def test_is_caught(self) -> None:
        """Where a game tells all of one's moves, it is found in the bytes; where nobody is told any, that too."""
        table = Table(Gossip)
        with own_moves.marked(Gossip):
            table.play_out(1)
        with self.assertRaisesRegex(AssertionError, "was told moves of"):
            own_moves.check(table)
        with self.assertRaisesRegex(AssertionError, "nobody was told"):
            own_moves.check(Table(Nim))
