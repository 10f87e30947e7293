"""`search`: what a bot awaits."""

from __future__ import annotations

from math import ceil
from typing import TYPE_CHECKING, Any, Final

from gameserver.bots import tree
from gameserver.bots.job import Job
from gameserver.bots.origin import origin_of
from gameserver.bots.playing import Playing
from gameserver.bots.snapshot import pack, unpack
from gameserver.room.bots.view import View
from gameserver.room.turns import legal
from gameserver.room.turns.move import Move

if TYPE_CHECKING:
    from gameserver.game.game import Game
    from gameserver.room.room import Room
    from gameserver.room.seats import Player

PER_SECOND: Final = 50
"""Where there are no processes, as in tests, a second is so many playouts: the same seed, the same move."""


async def search(game: Game, player: Player, seconds: float, playouts: int | None = None) -> Move | None:
    """
    Look for a player's best move: play on from here to the end, again and again, by the game's own ``moves``, and see
    which move comes out best, by ``ranking`` or ``scores`` of the result.

    This runs in another process, of which there are few, and which yields to all else. It knows only what the player
    sees. Documents that others alone see have to be guessed: by a method ``imagine(player, random)`` of the game, which
    fills them in, before each playout, with what they may be, by ``random``, a `random.Random`.

    A playout leaves out what is ``turn="any"`` or leaves a field at ``...``, as the level ``random`` does, and ends
    where nobody is waited for. Of open fields with many ways to fill them in, 64 are looked at.

    :param game: the bot's ``self``.
    :param player: whose move it is.
    :param seconds: how long it searches, at most 9; ignored where ``playouts`` is given.
    :param playouts: how many it makes, however long they take, up to 9 seconds. The same number finds the same move
        where the room is the same, with the same seed.
    :returns: the move, all of its fields filled in; None: there is none.
    :raises TypeError: something is hidden from the player, and the game has no ``imagine``; or it is no such game.
    :raises RuntimeError: the game failed in a playout, the process took too long, or too many wait for one.

    >>> class Nim(Game):
    ...     @bot("hard")
    ...     async def hard(self, player, moves):
    ...         return await search(self, player, 1.0)
    """
    room, player = _seen_by(game._gs_room, player)
    if room.spec.moves is None or room.spec.function_style:
        raise TypeError("search plays by the moves of a game that is a class: this one has none")
    if room.context.lacks and getattr(game, "imagine", None) is None:
        raise TypeError(
            f"{type(game).__name__}: {player.name} does not see {room.context.lacks}; search needs a method"
            " imagine(self, player, random) that fills in what it may be"
        )
    given = list(legal.ask(room, player).moves)
    if len(given) < 2 and not any(move.choices for move in given):
        return given[0] if given else None
    seed, snapshot, searcher = room.state.key, pack(room), room.context.search
    if searcher is None:
        most = playouts if playouts is not None else ceil(seconds * PER_SECOND)
        act, _ = tree.best(Playing(unpack(room.spec, snapshot), player.id), seed, lambda count: count < most)
        return _as_given(given, act.place, act.type, act.data) if act is not None else None
    found = await searcher(Job(origin_of(type(game)), snapshot, player.id, seconds, playouts, seed))
    return _as_given(given, found.place, found.type, found.data) if found.place >= 0 else None


def _seen_by(room: Room, player: Player) -> tuple[Room, Player]:
    """:returns: a copy of the room as the player sees it, and the player there; the same where it is such a copy."""
    if room.context.lacks is not None:
        return room, player
    view = View(room, player)
    return view.room, view.player


def _as_given(given: list[Move], place: int, type: str, data: dict[str, Any]) -> Move:
    """:returns: the move as the game gave it, its open fields filled in."""
    if place < len(given) and given[place].type == type:
        move = given[place]
        return move.fill(**{name: data[name] for name in move.choices or {}})
    return Move(type, data)
