"""What a visitor does in a game of turns: the part of `gameserver.testing.visitor.Visitor` that is about moves."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from gameserver.protocol import values
from gameserver.room.seats import with_ids
from gameserver.room.turns.client_moves import HeardMove, heard_moves, heard_prompt, turn_number
from gameserver.room.turns.move import Move, allows
from gameserver.testing.failures import Failures, raising

if TYPE_CHECKING:
    from gameserver.protocol.mirror import Mirror


class TurnTaking:
    """Moves, prompts and taking back, as a client has them."""

    _mirror: Mirror | None
    left: str | None

    @property
    def failures(self) -> Failures:
        """The exceptions of the table's game that were not raised yet."""
        raise NotImplementedError

    def _do(self, op: str, **fields: Any) -> None:
        raise NotImplementedError

    def _request(self, op: str, **fields: Any) -> Any:
        raise NotImplementedError

    @property
    def moves(self) -> list[Move]:
        """What this player may do now, as the server told it: with ids for seats, and labels filled in."""
        mirror = self._mirror
        return [*heard_moves(mirror.moves, mirror.info)] if mirror is not None and self.left is None else []

    @property
    def prompt(self) -> str | None:
        """What this player is shown of what is waited for, filled in; None: nothing."""
        mirror = self._mirror
        if mirror is None or self.left is not None:
            return None
        return heard_prompt(mirror.moves, mirror.info, mirror.seat.id)

    @property
    def may_undo(self) -> bool:
        """Whether the server told this player that something may be taken back."""
        mirror = self._mirror
        return mirror is not None and mirror.moves is not None and mirror.moves.undo

    @raising
    def play(self, move: Move | str | int, /, **choices: Any) -> Any:
        """
        Make a move: ``ann.play(ann.moves[0])``, ``ann.play("attack", b=4, dice=2)``.

        It is sent with the number of the turn in which it was told, as clients do: a move of an earlier turn is
        ``not_your_turn``. The server decides whether it is legal.

        :param move: one of `moves`; or its place there; or its type, where ``choices`` tell which of them it is.
        :param choices: the fields that it leaves open; players and visitors stand for their seats.
        :returns: the reply; a Deferred of it where the game's code waits for something.
        :raises Refused: as `Visitor.send`.
        """
        fields = {name: _with_ids(value) for name, value in choices.items()}
        if isinstance(move, str):
            move = self._find(move, fields)
        elif isinstance(move, int):
            move = self.moves[move]
        data = {**with_ids(move.data or {}), **fields} if move.data is not None or fields else None
        turn = move.turn if isinstance(move, HeardMove) else self._turn_number()
        return self._request("send", type=move.type, data=values.to_wire(values.plain(data)), turn=turn)

    @raising
    def undo(self) -> None:
        """
        Take back this player's last move.

        :raises Refused: ``cannot_undo``, with the rule that forbids it.
        """
        self._do("undo")

    @raising
    def ready(self, on: bool = True) -> None:
        """
        Be ready for the game to start, or not.

        :raises Refused: a round is being played, or this is no player.
        """
        self._do("ready", on=on)

    def _find(self, type: str, fields: dict[str, Any]) -> Move:
        """:returns: the only move of a type that goes with some fields; or the type with these fields alone."""
        found = [move for move in self.moves if move.type == type and _goes_with(move, fields)]
        return found[0] if len(found) == 1 else Move(type)

    def _turn_number(self) -> int | None:
        return turn_number(self._mirror.info) if self._mirror is not None else None


def _goes_with(move: Move, fields: dict[str, Any]) -> bool:
    data, choices = move.data or {}, move.choices or {}
    return all(
        allows(choices[name], value) if name in choices else name in data and values.same(data[name], value)
        for name, value in fields.items()
    )


def _with_ids(value: Any) -> Any:
    if isinstance(value, list | tuple):
        return [_with_ids(item) for item in value]
    if isinstance(value, TurnTaking):
        return getattr(value, "id")  # noqa: B009 - a visitor's
    return with_ids(value)
