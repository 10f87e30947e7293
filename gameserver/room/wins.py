"""Who has won how often in the rounds of an evening, which may be played in several rooms and games."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from gameserver.protocol.messages import EveningInfo
from gameserver.room.state import Wins

if TYPE_CHECKING:
    from gameserver.room.room import Room
    from gameserver.room.seats import Player

MOST: Final = 100
"""So many people are remembered: those who have won most."""
TOLD_FROM: Final = 2
"""Rounds, before there is anything to tell that the result of the last one does not."""


def count(room: Room, result: dict[str, Any]) -> None:
    """
    Count a round that is over.

    :param result: with the ids of seats for players.
    """
    won = winners(room, result)
    if not won:
        return
    evening = dict(room.state.evening)
    for seat in won:
        before = evening.get(seat.user_id)
        evening[seat.user_id] = Wins(seat.name, (before.wins if before is not None else 0) + 1)
    if len(evening) > MOST:
        evening = dict(sorted(evening.items(), key=lambda one: -one[1].wins)[:MOST])
    room.journal.update(room.state, evening=evening, evening_rounds=room.state.evening_rounds + 1)


def winners(room: Room, result: dict[str, Any]) -> list[Player]:
    """
    :returns: the people in the first place of ``ranking``; else those with the most ``scores``, unless all are 0; else
        ``winner``, the id of a seat or a player's number; none where the result says none of it.
    """
    ranking, scores = result.get("ranking"), result.get("scores")
    first: Any = [_id_of(room, result.get("winner"))]
    if isinstance(ranking, list):
        first = ranking[0] if ranking else []
    elif isinstance(scores, dict):
        points = {id: score for id, score in scores.items() if isinstance(score, int | float)}
        best = max(points.values(), default=0)
        first = [id for id, score in points.items() if score == best] if any(points.values()) else []
    found = (room.seats.get(id) for id in (first if isinstance(first, list) else [first]) if isinstance(id, str))
    return [seat for seat in found if seat is not None and seat.bot is None and seat.role == "player"]


def _id_of(room: Room, winner: Any) -> Any:
    """:returns: the id of the player with this number, where it is a number."""
    if not isinstance(winner, int) or isinstance(winner, bool):
        return winner
    return next((seat.id for seat in room.seats.values() if seat.role == "player" and seat.number == winner), None)


def told(room: Room) -> list[EveningInfo]:
    """:returns: what all are told of it, those who have won most first."""
    if room.state.evening_rounds < TOLD_FROM:
        return []
    best = sorted(room.state.evening.values(), key=lambda wins: -wins.wins)
    return [EveningInfo(wins.name, wins.wins) for wins in best]
