"""A message of a turn in a game that has no schemas, which is one in the function style."""

from __future__ import annotations

from msgspec import Struct


class TurnType(Struct, frozen=True):
    """
    How the messages of one type belong to turns; as the parameters of ``@message``.

    :ivar turn: True: only who is waited for may send it; ``"any"``: all players, as one of their moves.
    :ivar stage: the names of the calls in which it is open.
    :ivar undo: it may be taken back.
    """

    turn: bool | str = True
    stage: tuple[str, ...] = ()
    undo: bool = False
