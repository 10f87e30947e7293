"""
Moves and prompts as a client hears of them: the form of the wire, read back for clients in Python.

A `HeardMove` is a `Move` again, so that a bot that is a client chooses as one that is part of a game does.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from gameserver.protocol.messages import MovesInfo
from gameserver.protocol.shapes import MoveInfo, RoomInfo, SeatInfo
from gameserver.protocol.values import same
from gameserver.room.turns.label import filled, shown
from gameserver.room.turns.move import Choice, Move, Some


class HeardMove(Move, frozen=True, eq=False):
    """
    A move that the server told a client of; seats in it are ids.

    It equals any `Move` of the same type, with the same data and choices; what a button says does not count.

    :ivar seats: the fields that are ids of seats.
    :ivar turn: the number of the turn in which it was known; None: no turns were taken.
    """

    seats: tuple[str, ...] = ()
    turn: int | None = None

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Move) and _meaning(self) == _meaning(other) and same(self.data, other.data)

    def __hash__(self) -> int:
        return hash(self.type)


def _meaning(move: Move) -> tuple[Any, ...]:
    return move.type, move.data or None, move.choices or None


def heard_move(info: MoveInfo, turn: int | None) -> HeardMove:
    """
    :param turn: the number of the current turn.
    :returns: one move.
    """
    choices = {name: _choice(told) for name, told in info.choices.items()} if info.choices else None
    return HeardMove(info.type, info.data, info.label, info.group, choices, tuple(info.seats), turn)


def heard_moves(moves: MovesInfo | None, room: RoomInfo) -> list[HeardMove]:
    """:returns: all of them, in the order in which the game gave them."""
    return [heard_move(info, turn_number(room)) for info in moves.moves] if moves is not None else []


def turn_number(room: RoomInfo) -> int | None:
    """:returns: the number of the current turn; None: there is none."""
    return room.turn.number if room.turn is not None else None


def heard_prompt(moves: MovesInfo | None, room: RoomInfo, seat: str) -> str | None:
    """
    :param seat: the id of whoever reads it.
    :returns: what is shown to that seat now, filled in; None: nothing.
    """
    whisper, turn = (moves.prompt if moves is not None else None), room.turn
    prompt = whisper or (turn.prompt if turn is not None else None)
    if prompt is None:
        return None
    text = prompt.text if whisper or (turn is not None and seat in turn.active) else prompt.others
    return filled(text, prompt.args) if text is not None else None


def label_of(move: Move, choices: Mapping[str, Any], seats: Mapping[str, SeatInfo]) -> str:
    """
    :param choices: what was chosen for open fields; the places of others stay as they are.
    :param seats: by id, for the names of players.
    :returns: what a button for the move says; where the game gives no label, its type and data.
    """
    of_seats = move.seats if isinstance(move, HeardMove) else ()
    known = {**(move.data or {}), **choices}
    named = {name: _named(value, seats) if name in of_seats else value for name, value in known.items()}
    if move.label is not None:
        return filled(move.label, named)
    return " ".join([move.type.replace("_", " ").strip().capitalize(), *map(shown, named.values())])


def _named(value: Any, seats: Mapping[str, SeatInfo]) -> Any:
    if isinstance(value, list | tuple):
        return [_named(item, seats) for item in value]
    return seats[value].name if isinstance(value, str) and value in seats else value


def _choice(told: Any) -> Choice:
    if told is None:
        return ...
    if "range" in told:
        return range(*told["range"])
    if "some" in told:
        return Some(told["of"], *told["some"])
    found: list[Any] = told["of"]
    return found
