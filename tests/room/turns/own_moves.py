"""
Nobody is told another's moves: each move says in its label whose it is, and then every byte that was sent is read.

What may be told to others is in no label; so a label that is found where it does not belong has leaked, whatever way it
took: with the moves of another, as a prompt, in a bot's message, or to somebody who comes back.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any, Final

from msgspec import structs

from gameserver import Game, Move, Player
from gameserver.game.spec import spec_of
from gameserver.testing import Table

_MARK: Final = re.compile(rb"<moves of ([0-9]+)>")


@contextmanager
def marked(game: type[Game]) -> Iterator[None]:
    """
    Have each move of a game say whose it is, for as long as this lasts.

    :param game: of either style; it has ``moves``.
    """
    spec = spec_of(game)
    ask = spec.moves
    assert ask is not None, f"{spec.name} has no moves"

    def moves(running: Any, player: Player) -> Iterable[Move]:
        for move in ask(running, player) or ():
            yield structs.replace(move, label=f"{move.label or move.type} <moves of {player.id}>")

    spec.moves = moves
    try:
        yield
    finally:
        spec.moves = ask


def check(table: Table) -> None:
    """
    Read every byte that each visitor of a table was sent.

    :param table: of a game that was `marked` all the time.
    :raises AssertionError: somebody was told a move that is another's; or nobody was told any, and nothing is shown.
    """
    told = {visitor: set(_MARK.findall(visitor.seen())) for visitor in table.visitors}
    for visitor, owners in told.items():
        others = owners - {visitor.id.encode()}
        if others:
            raise AssertionError(f"{visitor.name}, seat {visitor.id}, was told moves of {sorted(others)}")
    if not any(told.values()):
        raise AssertionError("nobody was told a move")
