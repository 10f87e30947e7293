"""All that a move says, as the bytes by which it is found again."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from msgspec.msgpack import Encoder, Ext

from gameserver.room.seats import Player
from gameserver.room.turns.move import Move


def said_by(moves: Sequence[Move]) -> list[bytes] | None:
    """
    :returns: all that each move says: two say the same only if the same is told of them, and if both fit their message
        or neither does, as long as the same players are there. None: something in them cannot be encoded.
    """
    try:
        return [*map(_encode, moves)]
    except (TypeError, ValueError, OverflowError, RecursionError):
        return None


def whole(said: Sequence[bytes]) -> bytes:
    """:returns: what moves say together, made of what each says; `say` compares with it."""
    number = len(said)
    return _encode([None] * number)[:-number] + b"".join(said)


def say(moves: list[Move], whole: bytes) -> bool:
    """Whether moves say what `whole` has put together: found out in one go, in half the time of `said_by`."""
    try:
        return _encode(moves) == whole
    except (TypeError, ValueError, OverflowError, RecursionError):
        return False


def names_nobody(move: Move) -> bool:
    """Whether no player is in what a move says."""
    try:
        _encode_nobody(move)
    except TypeError:
        return False
    return True


def _plain(value: Any) -> Ext:
    if isinstance(value, range):
        return Ext(2, repr(value).encode())
    if value is ...:
        return Ext(3, b"")
    raise TypeError(f"{type(value)} is not told")


def _plain_or_player(value: Any) -> Ext:
    return Ext(1, f"{value.id} {value.name}".encode()) if isinstance(value, Player) else _plain(value)


_encode: Final = Encoder(enc_hook=_plain_or_player).encode
_encode_nobody: Final = Encoder(enc_hook=_plain).encode
