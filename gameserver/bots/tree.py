"""
Tree search: finds the best move by playing many games to the end by chance.

Each playout goes down the tree by what the earlier ones found (UCT), adds one move to it, goes on by chance, and tells
all moves on its way how it ended. What chance brings is not in the tree: the same move leads to whatever comes. Where
something is hidden each playout has a guess of its own, and of a node only the moves count that this guess allows.

Source: L. Kocsis and C. Szepesvári, Bandit based Monte-Carlo Planning (2006); P. Cowling, E. Powley and D. Whitehouse,
Information Set Monte Carlo Tree Search (2012), of which this is the one with a single observer.
"""

from __future__ import annotations

from collections.abc import Callable
from math import log, sqrt
from random import Random
from typing import TYPE_CHECKING, Any, Final

from gameserver.bots.playing import Act, acts, by_chance
from gameserver.errors import Refused

if TYPE_CHECKING:
    from gameserver.bots.playing import Playing

EXPLORE: Final = 0.7
"""How much a move is worth that was seldom tried: as in the paper by Cowling, for results of 0 to 1."""
MOST_MOVES: Final = 2_000
"""After so many moves a playout is given up: nobody has won it."""
EVEN: Final = 0.5
"""What a playout is worth that comes to no end."""


class Tried:
    """
    A move in the tree.

    :ivar total: the sum of what its playouts were worth to whoever made it.
    :ivar possible: how often it could have been made.
    """

    __slots__ = ("children", "possible", "total", "visits")

    def __init__(self) -> None:
        self.children: dict[bytes, Tried] = {}
        self.visits = 0
        self.possible = 0
        self.total = 0.0


def best(playing: Playing, seed: bytes, goes_on: Callable[[int], bool]) -> tuple[Act | None, int]:
    """
    Find the best move of whoever is to move first.

    :param seed: the same, the same playouts.
    :param goes_on: says of a number of playouts whether there may be more.
    :returns: the move, None where there is none; and the number of playouts.
    :raises ValueError: the game's result says nothing of who won.
    """
    root, seen, count = Tried(), dict[bytes, Act](), 0
    while count == 0 or goes_on(count):
        chance = Random(seed + count.to_bytes(8))
        playing.begin(seed + count.to_bytes(8), chance)
        try:
            if not _playout(playing, root, seen, chance):
                break
        finally:
            playing.undo()
        count += 1
        if len(seen) == 1:
            break
    tried = [(node.visits, node.total, -at, key) for at, (key, node) in enumerate(root.children.items()) if key in seen]
    return (seen[max(tried)[3]] if tried else None), count


def _playout(playing: Playing, root: Tried, seen: dict[bytes, Act], chance: Random) -> bool:
    """:returns: whether there was a move at all."""
    path: list[tuple[str, Tried]] = []
    node, refused = root, set[bytes]()
    while (turn := playing.next()) is not None and len(path) < MOST_MOVES:
        seat, found = turn
        here = acts(found, chance)
        if node is root:
            seen.update((act.key, act) for act in here)
        here = [act for act in here if act.key not in refused]
        if not here:
            break
        act, is_new = _choose(node, here, chance)
        try:
            playing.make(seat, act)
        except Refused:
            refused.add(act.key)
            if not node.children[act.key].visits:
                del node.children[act.key]
            if node is root:
                del seen[act.key]
            continue
        refused.clear()
        node = node.children[act.key]
        path.append((seat, node))
        if is_new:
            break
    if not path:
        return False
    _go_on(playing, chance)
    worth = _worth(playing.room.state.result, [player.id for player in playing.room.players])
    for seat, node in path:
        node.visits += 1
        node.total += worth.get(seat, EVEN)
    return True


def _choose(node: Tried, here: list[Act], chance: Random) -> tuple[Act, bool]:
    """:returns: the move to try next, and whether it was never tried."""
    children = node.children
    new = [act for act in here if act.key not in children]
    for act in here:
        if act.key in children:
            children[act.key].possible += 1
    if new:
        act = new[int(chance.random() * len(new))]
        child = children[act.key] = Tried()
        child.possible = 1
        return act, True

    def promise(act: Act) -> float:
        child = children[act.key]
        return child.total / child.visits + EXPLORE * sqrt(log(child.possible) / child.visits)

    return max(here, key=promise), False


def _go_on(playing: Playing, chance: Random) -> None:
    """Play to the end by chance."""
    for _ in range(MOST_MOVES):
        turn = playing.next()
        if turn is None:
            return
        seat, found = turn
        while found:
            act = by_chance(found, chance)
            try:
                playing.make(seat, act)
                break
            except Refused:
                found = [each for each in found if each[0] != act.place]
        if not found:
            return


def _worth(result: Any, seats: list[str]) -> dict[str, float]:
    """
    :param result: of the game; None: it is not over.
    :returns: by seat how good the place is, from 1 for the first to 0 for the last; those who share one share that.
    :raises ValueError: it has neither ``ranking`` nor ``scores``.
    """
    if result is None:
        return {}
    ranking, scores = result.get("ranking"), result.get("scores")
    if ranking is None and scores is not None:
        ranking = [[seat for seat in scores if scores[seat] == n] for n in sorted(set(scores.values()), reverse=True)]
    if ranking is None:
        raise ValueError("search goes by how a game ends: self.over(ranking=[[first], [second]]), or scores={...}")
    if len(ranking) < 2:
        is_won = 1.0 if ranking else 0.0
        named = ranking[0] if ranking else seats
        return {seat: is_won if seat in named else 0.0 for seat in seats}
    count = sum(map(len, ranking))
    worth = dict.fromkeys(seats, 0.0)
    before = 0
    for place in ranking:
        for seat in place:
            worth[seat] = (count - before - (len(place) + 1) / 2) / (count - 1)
        before += len(place)
    return worth
