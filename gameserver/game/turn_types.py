"""``turn_types`` of a game in the function style: which of its messages belong to turns."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from gameserver.errors import GameDefinitionError
from gameserver.room.turns.turn_type import TurnType

_RIGHT: Final = (
    'turn_types names types: ("take", "draw"), or says more of each: '
    '{"take": {"undo": True}, "discard": {"stage": "discard"}, "resign": {"turn": "any"}}'
)


def read(where: str, given: Any) -> dict[str, TurnType]:
    """
    :param where: the game, for errors.
    :param given: types; or a dict of types and what is special about each, by the parameters of ``@message``.
    :returns: the types by name; empty where ``turn_types`` is something of the game's own, such as a number.
    :raises GameDefinitionError: something in it cannot be meant; or it is a single str.
    """
    if isinstance(given, Mapping):
        entries = dict(given)
    elif isinstance(given, tuple | list | set | frozenset):
        entries = {_name(where, type): True for type in given}
    elif isinstance(given, str):  # most likely a tuple without its comma
        raise GameDefinitionError(f"{where}: {_RIGHT}.")
    else:
        return {}
    return {_name(where, type): _entry(where, type, more) for type, more in entries.items()}


def _name(where: str, type: Any) -> str:
    if not isinstance(type, str):
        raise GameDefinitionError(f"{where}: a type is a str, not {type!r}; {_RIGHT}.")
    if type.isupper():
        raise GameDefinitionError(f"{where}: types in capitals, such as {type!r}, are the framework's.")
    return type


def _entry(where: str, type: str, more: Any) -> TurnType:
    wanted = dict(more) if isinstance(more, Mapping) else {"turn": more}
    turn, undo, stage = wanted.pop("turn", True), wanted.pop("undo", False), wanted.pop("stage", ())
    stages = (stage,) if isinstance(stage, str) else tuple(stage) if isinstance(stage, tuple | list) else None
    is_right = (turn is True or turn == "any") and isinstance(undo, bool) and stages is not None and not wanted
    if not is_right or not all(isinstance(one, str) for one in stages or ()):
        raise GameDefinitionError(f"{where}: {type!r} cannot be {more!r}; {_RIGHT}.")
    return TurnType(turn, stages or (), undo)
