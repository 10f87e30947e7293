"""The result that a game ends with: places and points."""

from __future__ import annotations

from typing import Any

from gameserver.room.seats import Player


def check(result: dict[str, Any]) -> None:
    """
    Check that ``ranking`` and ``scores`` have the shape that pages know. One without places or players may be anything
    of the game's own.

    :param result: of ``over``: ``ranking`` is a list of places, each a list of those who share it, best first;
        ``scores`` are numbers by player.
    :raises TypeError: they are not of that shape.
    :raises ValueError: somebody has two places, or does not play.
    """
    ranking, scores = result.get("ranking"), result.get("scores")
    if isinstance(ranking, list | tuple) and any(isinstance(place, list | tuple | Player) for place in ranking):
        _check_ranking(ranking)
    if isinstance(scores, dict) and any(isinstance(who, Player) for who in scores):
        _check_scores(scores)


def _check_ranking(ranking: list[Any] | tuple[Any, ...]) -> None:
    placed: set[str] = set()
    for place in ranking:
        if not isinstance(place, list | tuple):
            raise TypeError(f"over: each place of ranking is a list, as in [[ann], [bob, cleo]], not {place!r}")
        for who in place:
            if not isinstance(who, Player | str):
                raise TypeError(f"over: in ranking are players, not {who!r}")
            _check_plays("ranking", who)
            id = who.id if isinstance(who, Player) else who
            if id in placed:
                raise ValueError(f"over: {who!r} has two places in ranking")
            placed.add(id)


def _check_scores(scores: dict[Any, Any]) -> None:
    for who, score in scores.items():
        _check_plays("scores", who)
        if isinstance(score, bool) or not isinstance(score, int | float):
            raise TypeError(f"over: scores are numbers; that of {who!r} is {score!r}")


def _check_plays(where: str, who: Any) -> None:
    if isinstance(who, Player) and who.role != "player":
        raise ValueError(f"over: {who!r} is no player, but in {where}")
