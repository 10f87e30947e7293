"""What a process that searches is asked, and what it answers."""

from __future__ import annotations

from typing import Any, Final

from msgspec import Struct

MOST_S: Final = 9.0
"""So long a search takes at most: a bot that has not moved after ten seconds is not waited for."""
LENGTH_BYTES: Final = 4
"""The bytes, big-endian, of the length that stands before each job and each answer."""


class Origin(Struct, frozen=True):
    """
    Where another process finds a game.

    :ivar number: of its class in the server's process: a class loaded later from the same place has another.
    :ivar module: the name of its module.
    :ivar file: the file or folder that the loader loads for it; None: it can be imported by its name.
    :ivar name: of the class in the module.
    """

    number: int
    module: str
    file: str | None
    name: str


class Job(Struct, frozen=True):
    """
    A search.

    :ivar snapshot: the room, see `gameserver.bots.snapshot`.
    :ivar player: the id of the seat that is to move.
    :ivar seconds: how long it lasts, if ``playouts`` is None.
    :ivar playouts: how many times the game is played to the end.
    :ivar seed: of its random numbers.
    :ivar until: when it ends at the latest, by the machine's monotonic clock: time in which it waits for a process, or
        that for its game, is its time too. None: it may take `MOST_S`, from when it begins.
    """

    origin: Origin
    snapshot: bytes
    player: str
    seconds: float
    playouts: int | None
    seed: bytes
    until: float | None = None


class Found(Struct, frozen=True):
    """
    What came of a search.

    :ivar place: of the move in what ``moves`` gave; -1: there is none.
    :ivar data: all of its fields.
    :ivar playouts: so many were made.
    :ivar error: why there is none; None: nothing failed.
    """

    place: int = -1
    type: str = ""
    data: Any = None
    playouts: int = 0
    error: str | None = None
