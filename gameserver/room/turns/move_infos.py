"""Moves in the form of the wire, labels filled in."""

from __future__ import annotations

from itertools import chain
from typing import TYPE_CHECKING, Any, Final

import msgspec

from gameserver.errors import NotJSON
from gameserver.protocol import messages, values
from gameserver.room.seats import Player, with_ids
from gameserver.room.turns.label import filled
from gameserver.room.turns.legal_moves import NOTHING, PLAIN, Legal, LegalMoves
from gameserver.room.turns.move import Choice, Move, Some

if TYPE_CHECKING:
    from gameserver.room.contract import Contract

_NO_SEATS: Final[list[str]] = []
_FLAT: Final = PLAIN - {float}
_TEXTS: Final = frozenset({str, type(None)})


def move_infos(spec: Contract, found: LegalMoves) -> list[messages.MoveInfo]:
    """
    :param spec: of the game, which says how many are told.
    :param found: as `check_told` has found them in order.
    :returns: what is told of a player's moves; to be encoded at once, since data are not copied.
    """
    most, of_schema = spec.max_moves, spec.messages
    moves = found.moves[:most]
    types = {move.type for move in moves}
    if not found.is_flat or any(of_schema[type].seat_fields for type in types if type in of_schema):
        return [_move_info(spec, each) for each in found[:most]]
    # Most moves are buttons with numbers and names: of those there is nothing to be looked at one by one.
    return [
        messages.MoveInfo(
            move.type,
            move.data or None,
            filled(move.label, move.data or NOTHING) if move.label is not None else None,
            move.group,
            None,
            _NO_SEATS,
        )
        for move in moves
    ]


def check_told(found: LegalMoves, last: LegalMoves | None = None) -> None:
    """
    See whether moves can be told; where they can, ``packed`` is the same for those that are told as the same.

    :param last: others that were looked at.
    :raises ValueError: what one says is not JSON; the text names it.
    """
    if found.packed is not None:
        return
    try:
        packed = _packer.encode(found.moves)
    except (TypeError, ValueError, OverflowError):
        packed = b""
    if packed and last is not None and packed == last.packed:
        found.packed, found.is_flat = packed, last.is_flat
        return
    found.is_flat = _is_flat(found.moves)
    if not packed or not found.is_flat:
        for each in found:
            _check_json(each)
    found.packed = packed


def _is_flat(moves: list[Move]) -> bool:
    """Whether moves leave nothing open, and all they say is texts and whole numbers, under keys as JSON has them."""
    if [move for move in moves if move.choices]:
        return False
    texts = {move.label.__class__ for move in moves}
    texts.update([move.group.__class__ for move in moves])
    if not texts <= _TEXTS:
        return False
    with_data = [move.data for move in moves if move.data]
    if not {value.__class__ for data in with_data for value in data.values()} <= _FLAT:
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


def _packed(value: Any) -> msgspec.msgpack.Ext:
    if isinstance(value, Player):
        return msgspec.msgpack.Ext(1, f"{value.id} {value.name}".encode())
    if isinstance(value, range):
        return msgspec.msgpack.Ext(2, repr(value).encode())
    if value is ...:
        return msgspec.msgpack.Ext(3, b"")
    raise TypeError(f"{type(value)} is not told")


_packer: Final = msgspec.msgpack.Encoder(enc_hook=_packed)


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
