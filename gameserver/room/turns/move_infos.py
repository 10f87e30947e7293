"""Moves in the form of the wire, labels filled in."""

from __future__ import annotations

from collections.abc import Collection
from itertools import chain
from typing import TYPE_CHECKING, Any, Final

from msgspec import Raw
from msgspec.json import Encoder

from gameserver.errors import NotJSON
from gameserver.protocol import messages, values
from gameserver.room.seats import Player, with_ids
from gameserver.room.turns.label import filled
from gameserver.room.turns.legal_moves import NOTHING, Legal, LegalMoves
from gameserver.room.turns.move import Choice, Move, Some
from gameserver.room.turns.move_bytes import names_nobody

if TYPE_CHECKING:
    from gameserver.room.contract import Contract

_encoder: Final = Encoder()
_NO_SEATS: Final[list[str]] = []
_SHORT: Final = frozenset({str, int, bool, type(None)})
_TEXTS: Final = frozenset({str, type(None)})


def make_told(spec: Contract, found: LegalMoves) -> None:
    """
    Make what is told of those moves for which it is not known yet.

    :param spec: of the game, which says how many are told.
    :raises ValueError: what one says is not JSON; the text names it.
    """
    if found.are_made:
        return
    fresh = [place for place, told in enumerate(found.told) if told is None]
    moves = [found.moves[place] for place in fresh]
    are_flat = _are_flat(moves)
    if not are_flat:
        for place in fresh:
            _check_json(found[place])
    if len(found.moves) > spec.max_moves:
        fresh = [place for place in fresh if place < spec.max_moves]
        moves = moves[: len(fresh)]
    types = {move.type for move in moves} & spec.messages.keys()
    of_seats = {type for type in types if spec.messages[type].seat_fields}
    # Most moves are buttons with numbers and names: these need no look at each of them.
    all_flat = are_flat and not of_seats
    infos = [*map(_flat_info, moves)] if all_flat else [_move_info(spec, found[place]) for place in fresh]
    lines = _encoder.encode_lines(infos).split(b"\n")[:-1]
    made = dict(zip(fresh, map(Raw, lines), strict=True))
    for place, told in made.items():
        found.told[place] = told
    found.are_made = True
    if found.said is not None:
        lasting = fresh if all_flat else [place for place in fresh if _lasts(found.moves[place], of_seats)]
        said = [found.said[place] for place in lasting]
        size_bytes = sum(map(len, said)) + sum(map(len, lines))
        spec.known_moves.add(said, [made[place] for place in lasting], size_bytes)
        found.said = None


def _lasts(move: Move, of_seats: Collection[str]) -> bool:
    """Whether what is told of a move, and that it fits, depends on nothing but what it says."""
    return move.type not in of_seats and names_nobody(move)


def _are_flat(moves: list[Move]) -> bool:
    """Whether moves leave nothing open, and all they say is texts and numbers, under keys as JSON has them."""
    if [move for move in moves if move.choices]:
        return False
    texts = {move.label.__class__ for move in moves}
    texts.update([move.group.__class__ for move in moves])
    if not texts <= _TEXTS:
        return False
    with_data = [move.data for move in moves if move.data]
    all_said = [value for data in with_data for value in data.values()]
    numbers = [value for value in all_said if value.__class__ is int]
    if numbers and not -values.MAX_INT <= min(numbers) <= max(numbers) <= values.MAX_INT:
        return False
    if not {value.__class__ for value in all_said} <= _SHORT and not all(map(values.is_scalar, all_said)):
        return False
    return all(key.__class__ is str and key[:1] != "$" for key in set(chain(*with_data)))


def _check_json(each: Legal) -> None:
    move = each.move
    try:
        values.plain([move.label, move.group, with_ids(move.data or NOTHING)])
        for choice in each.choices.values() if move.choices else ():
            if choice is not ... and not isinstance(choice, range):
                values.plain(list(choice.of if isinstance(choice, Some) else choice))
    except NotJSON as error:
        raise ValueError(f"moves: {move.type}: {error}") from None
    if not isinstance(move.label, str | None) or not isinstance(move.group, str | None):
        raise ValueError(f"moves: {move.type}: label and group are texts, not {move.label!r} and {move.group!r}")


def _flat_info(move: Move) -> messages.MoveInfo:
    label = filled(move.label, move.data or NOTHING) if move.label is not None else None
    return messages.MoveInfo(move.type, move.data or None, label, move.group, None, _NO_SEATS)


def _move_info(spec: Contract, each: Legal) -> messages.MoveInfo:
    move = each.move
    data = {name: with_ids(value) for name, value in move.data.items()} if move.data else None
    label = filled(move.label, move.data or {}) if move.label is not None else None
    choices = {name: _choice_info(choice) for name, choice in each.choices.items()} if move.choices else None
    return messages.MoveInfo(move.type, messages.payload(data), label, move.group, choices, _seat_fields(spec, move))


def _choice_info(choice: Choice) -> dict[str, Any] | None:
    if choice is ...:
        return None
    if isinstance(choice, Some):
        return {"some": [choice.least, choice.most], "of": messages.payload(list(choice.of))}
    if isinstance(choice, range):
        return _range_info(choice)
    return {"of": messages.payload(list(choice))}


def _range_info(choice: range) -> dict[str, Any]:
    return {"range": [choice.start, choice.stop]} if choice.step == 1 else {"of": list(choice)}


def _seat_fields(spec: Contract, move: Move) -> list[str]:
    """:returns: the names of the fields that are seats."""
    message = spec.messages.get(move.type)
    of_schema = message.seat_fields if message is not None else ()
    given = [name for name, value in (move.data or {}).items() if isinstance(value, Player)]
    open_ones = move.choices or {}
    return [*dict.fromkeys((*(n for n in of_schema if n in given or n in open_ones or n in (move.data or {})), *given))]
